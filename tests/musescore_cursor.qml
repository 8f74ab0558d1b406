// What of the plugin's scripts the Cursor of MuseScore 3.2.3 can carry, run in it by a test: the whole way that reads a score, and, of the way
// that writes into one, all but chords, rests and tuplets. A test lays it beside them, and its order into the temporary folder.

import QtQuick 2.9
import MuseScore 3.0
import FileIO 3.0
import "texts.js" as Texts
import "reading.js" as Reading
import "inserting.js" as Inserting

MuseScore {
    menuPath: "Plugins.Cursor"
    version: "1.0"
    description: "A test"
    pluginType: "dialog"
    requiresScore: false

    id: root

    FileIO { id: file }

    // 3.2.3 has no rewindToTick, and an addNote that knows no chords.
    function cursorOf(real) {
        return {
            get track() { return real.track; },
            set track(track) { real.track = track; },
            get tick() { return real.tick; },
            get segment() { return real.segment; },
            get element() { return real.element; },
            get keySignature() { return real.keySignature; },
            rewind: function (mode) { real.rewind(mode); },
            nextMeasure: function () { return real.nextMeasure(); },
            rewindToTick: function (tick) {
                real.rewind(0);
                while (real.segment && real.tick < tick) {
                    real.next();
                }
            },
            setDuration: function (numerator, denominator) { real.setDuration(numerator, denominator); },
            addNote: function (pitch, toChord) {
                if (toChord) {
                    throw new Error("no chords in 3.2.3");
                }
                real.addNote(pitch);
            }
        };
    }

    function scoreOf(real) {
        return {
            get parts() { return real.parts; },
            get firstMeasure() { return real.firstMeasure; },
            get scoreName() { return real.scoreName; },
            newCursor: function () { return cursorOf(real.newCursor()); },
            appendMeasures: function (count) { real.appendMeasures(count); },
            startCmd: function () { real.startCmd(); },
            endCmd: function (rollback) { real.endCmd(rollback === true); }
        };
    }

    function saved(name) {
        writeScore(curScore, file.tempPath() + "/" + name, "mscx");
    }

    function carryOut(order) {
        var host = {
            score: scoreOf(curScore), CHORD: Element.CHORD, division: root.division, language: "en",
            fraction: function (numerator, denominator) { return root.fraction(numerator, denominator); },
            element: function () { return null; }
        };
        var texts = Texts.make(), reading = Reading.make(texts), inserting = Inserting.make(texts, reading);
        var plan = reading.planFor(host, null, "en");
        console.log("told " + JSON.stringify(reading.documentFor(host, plan)));
        order.forEach(function (continuation, number) {
            try {
                console.log("put " + JSON.stringify(inserting.insert(host, plan, continuation)));
                saved("inserted-" + number);
                cmd("undo");
            } catch (fault) {
                console.log("refused " + JSON.stringify([fault.key, fault.values, fault.message]));
            }
            saved("after-" + number);
        });
    }

    onRun: {
        file.source = file.tempPath() + "/order.json";
        carryOut(JSON.parse(file.read()));
    }
}
