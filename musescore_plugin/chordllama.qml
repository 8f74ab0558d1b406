// What is seen: the window, and what MuseScore offers, handed to the scripts beside this file, which decide.
// Only QtQuick and MuseScore are imported, so that every version from 3.2 on loads it; what else may be missing is made at run time.

import QtQuick 2.9
import MuseScore 3.0
import "texts.js" as Texts
import "reading.js" as Reading
import "inserting.js" as Inserting
import "session.js" as Session

MuseScore {
    menuPath: "Plugins.ChordLlama"
    version: "0.1.0"
    description: "Continues the score with a small language model on this computer."
    pluginType: "dialog"
    requiresScore: false
    //4.4 title: "ChordLlama"
    //4.4 categoryCode: "composing-arranging-tools"
    //4.4 thumbnailName: "chordllama.png"

    id: root
    width: 460
    height: 640

    readonly property var texts: Texts.make()
    property var talk: null
    property var shown: null
    property var store: null
    property var waiting: []
    property var starter: null

    Component.onCompleted: {
        if (mscoreMajorVersion === 4 && mscoreMinorVersion <= 3) {
            root.title = "ChordLlama";
            root.categoryCode = "composing-arranging-tools";
            root.thumbnailName = "chordllama.png";
        }
    }

    onRun: {
        if (Qt.application.arguments.indexOf("-p") >= 0) {
            runAtOnce();
        } else {
            begin();
        }
    }

    // --------------------------------------------------------------------------------------------------------- MuseScore

    // An object of a type that not every version has; null where it is missing.
    function made(source) {
        try {
            return Qt.createQmlObject(source, root, "made");
        } catch (missing) {
            return null;
        }
    }

    function request(method, address, body, then, atOnce) {
        var sent = new XMLHttpRequest();
        sent.onreadystatechange = function () {
            if (sent.readyState === XMLHttpRequest.DONE) {
                then(sent.status, sent.responseText, function (name) { return sent.getResponseHeader(name); });
            }
        };
        sent.open(method, address, !atOnce);
        if (body) {
            sent.setRequestHeader("Content-Type", "application/json");
        }
        sent.send(body || null);
        return sent;
    }

    function signAt(type, property, value) {
        var sign = newElement(Element[type]);
        if (!sign) {
            return null;
        }
        sign[property] = property === "symbol" && typeof SymId !== "undefined" ? SymId[value] : value;
        return sign;
    }

    function exported() {
        var file = made("import FileIO 3.0; FileIO { }");
        var path = file.tempPath() + "/chordllama-score";
        if (!writeScore(curScore, path, "musicxml")) {
            return "";
        }
        file.source = path + ".musicxml";
        var xml = file.read();
        file.remove();
        return xml;
    }

    // Opens MusicXML in a new tab. A suggestion (not `kept`) can be closed without a question; one that is kept is a new score, which
    // MuseScore asks a name for when it is saved.
    function opened(xml, name, kept) {
        var file = made("import FileIO 3.0; FileIO { }");
        file.source = file.tempPath() + "/" + name + ".musicxml";
        var score = file.write(xml) ? readScore(file.source, !kept) : null;
        file.remove();
        return score;
    }

    function close(name) {
        for (var n = scores.length - 1; n >= 0; --n) {
            if (scores[n].scoreName === name) {
                closeScore(scores[n]);
            }
        }
    }

    function lookAt(name) {
        for (var n = scores.length; n > 0 && curScore.scoreName !== name; --n) {
            cmd("next-score");
        }
    }

    // Selects what follows a note or rest, which brings it into view. In 3.2 a plugin can't select: there the score's end comes into view.
    function lookBehind(element) {
        var selection = curScore.selection;
        if (selection && selection.select && selection.select(element, false)) {
            cmd("next-chord");
        } else {
            cmd("last-element");
        }
    }

    function start(command) {
        starter = made("import MuseScore 3.0; QProcess { }");
        if (!starter) {
            return false;
        }
        starter.start(Qt.platform.os === "windows" ? 'cmd /c start "ChordLlama" /min ' + command : 'sh -c "nohup ' + command + ' >/dev/null 2>&1 &"');
        return true;
    }

    function host() {
        return {
            get score() { return root.curScore; },
            get CHORD() { return Element.CHORD; },
            division: root.division,
            version: [mscoreMajorVersion, mscoreMinorVersion, mscoreUpdateVersion],
            language: Qt.locale().name.substr(0, 2),
            fraction: function (numerator, denominator) { return root.fraction(numerator, denominator); },
            element: signAt,
            undo: function () { cmd("undo"); },
            redo: function () { cmd("redo"); },
            request: request,
            later: function (milliseconds, then) { waiting.push({ at: Date.now() + milliseconds, then: then }); clock.running = true; },
            now: function () { return Date.now(); },
            exported: exported,
            opened: opened,
            lookAt: lookAt,
            lookBehind: lookBehind,
            closed: close,
            start: start,
            changed: function (view) { root.shown = view; remember(view.saved); }
        };
    }

    Timer {
        id: clock
        interval: 50
        repeat: true
        onTriggered: {
            var now = Date.now(), due = waiting.filter(function (item) { return item.at <= now; });
            waiting = waiting.filter(function (item) { return item.at > now; });
            running = waiting.length > 0;
            due.forEach(function (item) { item.then(); });
        }
    }

    // ------------------------------------------------------------------------------------------------------------- begin

    function remembered() {
        store = made('import QtCore; Settings { category: "ChordLlama"; property string saved: "" }')
            || made('import Qt.labs.settings 1.0; Settings { category: "ChordLlama"; property string saved: "" }')
            || made('import MuseScore 3.0; Settings { category: "ChordLlama"; property string saved: "" }');
        try {
            return store && store.saved ? JSON.parse(store.saved) : {};
        } catch (broken) {
            return {};
        }
    }

    function remember(saved) {
        if (store) {
            store.saved = JSON.stringify(saved);
        }
    }

    // The scripts, each handed those that it builds on.
    function script() {
        var reading = Reading.make(texts);
        return Session.make(texts, reading, Inserting.make(texts, reading));
    }

    function begin() {
        var given = host();
        talk = script().session(given, remembered());
        root.shown = talk.view();
        talk.look();
    }

    // A run without a window: the answer comes at once, and what MuseScore made of it is saved beside.
    function runAtOnce() {
        var given = host();
        given.request = function (method, address, body, then) { return request(method, address, body, then, true); };
        try {
            var score = script().continueAtOnce(given);
            var path = made("import FileIO 3.0; FileIO { }").tempPath() + "/chordllama-saved";
            console.log(score && writeScore(score, path, "mscx") ? "ChordLlama saved " + path + ".mscx" : "ChordLlama failed");
        } catch (fault) {
            console.log("ChordLlama failed: " + fault.message);
        }
    }

    function word(key) {
        return texts.text(Qt.locale().name.substr(0, 2), key, []);
    }

    function pitchRange(rolls) {
        var low = 127, high = 0;
        rolls.forEach(function (roll) { roll.forEach(function (bar) { bar.forEach(function (note) {
            low = Math.min(low, note.y);
            high = Math.max(high, note.y);
        }); }); });
        return low <= high ? [low - 2, high + 2] : [48, 84];
    }

    // ------------------------------------------------------------------------------------------------------------ colours

    readonly property color paper: "#fbfaf7"
    readonly property color ink: "#23262b"
    readonly property color faint: "#6b7078"
    readonly property color line: "#d9d5cc"
    readonly property color accent: "#8a3b24"
    readonly property bool ready: shown !== null
    readonly property string phase: ready ? shown.phase : "looking"
    readonly property bool idle: phase === "start" || phase === "absent"

    Rectangle {
        anchors.fill: parent
        color: root.paper

        Column {
            id: page
            anchors { fill: parent; margins: 20 }
            spacing: 12

            Row {
                spacing: 10
                Item { // a bar of new notes
                    width: 26; height: 30
                    Rectangle { x: 0; y: 4; width: 2; height: 22; color: root.ink }
                    Rectangle { x: 5; y: 18; width: 7; height: 5; radius: 2.5; color: root.accent }
                    Rectangle { x: 12; y: 12; width: 7; height: 5; radius: 2.5; color: root.accent }
                    Rectangle { x: 19; y: 6; width: 7; height: 5; radius: 2.5; color: root.accent }
                }
                Text { text: root.word("title"); color: root.ink; font.pixelSize: 20; font.bold: true; height: 30; verticalAlignment: Text.AlignVCenter }
            }

            Rectangle { width: parent.width; height: 1; color: root.line }

            Repeater {
                model: [{ name: "bars", values: [4, 8, 16] }, { name: "suggestions", values: [1, 2, 3, 4] }]
                Row {
                    id: picker
                    property var choice: modelData
                    spacing: 10
                    Text { width: 104; height: 28; verticalAlignment: Text.AlignVCenter; horizontalAlignment: Text.AlignRight; text: root.word(picker.choice.name); color: root.faint; font.pixelSize: 13 }
                    Repeater {
                        model: picker.choice.values
                        Rectangle {
                            objectName: picker.choice.name + modelData
                            property bool on: root.ready && root.shown.settings[picker.choice.name] === modelData
                            width: 44; height: 28; radius: 4
                            color: on ? root.accent : "#ffffff"; border { color: on ? root.accent : root.line; width: 1 }
                            Text { anchors.centerIn: parent; text: modelData; color: parent.on ? "#ffffff" : root.ink; font.pixelSize: 13 }
                            MouseArea { anchors.fill: parent; onClicked: if (root.idle) { root.talk.set(picker.choice.name, modelData); } }
                        }
                    }
                }
            }

            Row {
                spacing: 10
                Text { width: 104; height: 28; verticalAlignment: Text.AlignVCenter; horizontalAlignment: Text.AlignRight; text: root.word("careful"); color: root.faint; font.pixelSize: 13 }
                Item {
                    id: slider
                    objectName: "temperature"
                    width: 190; height: 28
                    property real share: root.ready ? (root.shown.settings.temperature - 0.5) / 0.8 : 0.5
                    Rectangle { y: 12; width: parent.width; height: 4; radius: 2; color: root.line }
                    Rectangle { y: 12; width: parent.width * slider.share; height: 4; radius: 2; color: root.accent }
                    Rectangle { x: slider.share * (parent.width - 18); y: 5; width: 18; height: 18; radius: 9; color: "#ffffff"; border { color: root.accent; width: 2 } }
                    MouseArea {
                        anchors.fill: parent
                        enabled: root.idle
                        function take(x) {
                            var share = Math.max(0, Math.min(1, x / width));
                            root.talk.set("temperature", Math.round((0.5 + 0.8 * share) * 20) / 20);
                        }
                        onPressed: take(mouseX)
                        onMouseXChanged: if (pressed) { take(mouseX); }
                    }
                }
                Text { height: 28; verticalAlignment: Text.AlignVCenter; text: root.word("adventurous"); color: root.faint; font.pixelSize: 13 }
            }

            Row {
                spacing: 10
                visible: root.ready && root.shown.staves.length > 0
                Text { width: 104; height: 28; verticalAlignment: Text.AlignVCenter; horizontalAlignment: Text.AlignRight; text: root.word("staves"); color: root.faint; font.pixelSize: 13 }
                Flickable {
                    width: page.width - 114; height: Math.min(60, staffFlow.height); contentHeight: staffFlow.height; clip: true
                    Flow {
                        id: staffFlow
                        width: parent.width
                        spacing: 6
                        Repeater {
                            model: root.ready ? root.shown.staves : []
                            Rectangle {
                                objectName: "staff" + modelData.index
                                property bool on: modelData.on
                                width: staffName.width + 20; height: 26; radius: 13
                                color: on ? "#f3e3dc" : "#ffffff"; border { color: on ? root.accent : root.line; width: 1 }
                                Text { id: staffName; anchors.centerIn: parent; text: modelData.name; color: modelData.on ? root.ink : root.faint; font { pixelSize: 12; strikeout: modelData.drums } }
                                MouseArea { anchors.fill: parent; onClicked: if (root.idle && !modelData.drums) { root.talk.chooseStaff(modelData.index, !modelData.on); } }
                            }
                        }
                    }
                }
            }

            Row {
                spacing: 10
                Text { width: 104; height: 26; verticalAlignment: Text.AlignVCenter; horizontalAlignment: Text.AlignRight; text: root.word("server"); color: root.faint; font.pixelSize: 13 }
                Rectangle {
                    width: 230; height: 26; radius: 4; color: "#ffffff"; border { color: address.activeFocus ? root.accent : root.line; width: 1 }
                    TextInput {
                        id: address
                        objectName: "address"
                        anchors { fill: parent; leftMargin: 8; rightMargin: 8 }
                        verticalAlignment: TextInput.AlignVCenter
                        font.pixelSize: 12; color: root.ink; clip: true; selectByMouse: true
                        text: root.ready ? root.shown.settings.server : ""
                        onEditingFinished: if (root.idle && text !== root.shown.settings.server) { root.talk.set("server", text); }
                    }
                }
            }

            Rectangle { // where MuseScore can do both
                objectName: "asFile"
                property bool on: root.ready && root.shown.settings.asFile
                visible: root.ready && root.shown.canChooseFile
                x: 114; width: asFileWord.width + 20; height: 26; radius: 13
                color: on ? "#f3e3dc" : "#ffffff"; border { color: on ? root.accent : root.line; width: 1 }
                Text { id: asFileWord; anchors.centerIn: parent; text: root.word("asFile"); color: root.ink; font.pixelSize: 12 }
                MouseArea { anchors.fill: parent; onClicked: if (root.idle) { root.talk.set("asFile", !parent.on); } }
            }

            Rectangle { width: parent.width; height: 1; color: root.line }

            Text { // what goes on
                objectName: "message"
                width: parent.width; wrapMode: Text.WordWrap; color: root.ink; font.pixelSize: 14
                text: root.ready ? root.shown.message + (root.shown.left ? "  ·  " + root.shown.left : "") : root.word("looking")
            }

            Rectangle { // the command that starts the server
                visible: root.phase === "absent" && root.shown.command !== ""
                width: parent.width; height: 34; radius: 4; color: "#efece4"
                TextInput {
                    objectName: "command"
                    anchors { fill: parent; leftMargin: 10; rightMargin: 100 }
                    verticalAlignment: TextInput.AlignVCenter
                    readOnly: true; selectByMouse: true; clip: true
                    font.family: "monospace"; font.pixelSize: 13; color: root.ink
                    text: root.ready ? root.shown.command : ""
                }
                Rectangle {
                    objectName: "start"
                    anchors { right: parent.right; rightMargin: 4; verticalCenter: parent.verticalCenter }
                    visible: root.ready && root.shown.canStart
                    width: 90; height: 26; radius: 4; color: root.accent
                    Text { anchors.centerIn: parent; text: root.word("start"); color: "#ffffff"; font.pixelSize: 13 }
                    MouseArea { anchors.fill: parent; onClicked: root.talk.startServer() }
                }
            }

            Column { // the bars as they come
                width: parent.width
                spacing: 5
                visible: root.ready && root.shown.rolls.length > 0
                Repeater {
                    model: root.ready ? root.shown.rolls : []
                    Rectangle {
                        id: strip
                        property var bars: modelData
                        property var range: root.pitchRange(root.shown.rolls)
                        width: page.width
                        height: Math.max(16, Math.min(46, 110 / Math.max(1, root.shown.rolls.length)))
                        color: "#ffffff"; radius: 3
                        border { color: root.phase === "choosing" && index === root.shown.current ? root.accent : root.line; width: root.phase === "choosing" && index === root.shown.current ? 2 : 1 }
                        Repeater {
                            model: strip.bars
                            Item {
                                property var notes: modelData
                                width: strip.width / Math.max(root.shown.settings.bars, strip.bars.length); height: strip.height
                                x: index * width
                                Rectangle { visible: index > 0; width: 1; height: parent.height; color: root.line }
                                Repeater {
                                    model: parent.notes
                                    Rectangle {
                                        x: 2 + modelData.x * (parent.width - 4)
                                        width: Math.max(2, modelData.width * (parent.width - 4) - 1)
                                        y: 3 + (strip.height - 8) * (strip.range[1] - modelData.y) / (strip.range[1] - strip.range[0])
                                        height: 3; radius: 1; color: root.accent
                                    }
                                }
                            }
                        }
                    }
                }
            }

            Text {
                objectName: "notes"
                width: parent.width; wrapMode: Text.WordWrap; color: root.faint; font.pixelSize: 12
                text: root.ready ? root.shown.notes.join("\n") : ""
                visible: text !== ""
            }
        }

        Row {
            anchors { right: parent.right; bottom: parent.bottom; margins: 20 }
            spacing: 10
            Repeater {
                model: [
                    { name: "discard", phase: "choosing" },
                    { name: "next", phase: "choosing" },
                    { name: "keep", phase: "choosing", strong: true },
                    { name: "stop", phase: "writing" },
                    { name: "go", phase: "start", strong: true }
                ]
                Rectangle {
                    objectName: modelData.name
                    property bool strong: modelData.strong === true
                    visible: root.phase === modelData.phase && (modelData.name !== "next" || root.shown.several)
                    width: Math.max(96, buttonWord.width + 32); height: 36; radius: 5
                    color: press.pressed ? root.line : strong ? root.accent : "#ffffff"; border { color: strong ? root.accent : root.faint; width: 1 }
                    Text { id: buttonWord; anchors.centerIn: parent; text: root.word(modelData.name); color: parent.strong ? "#ffffff" : root.ink; font { pixelSize: 14; bold: parent.strong } }
                    MouseArea { id: press; anchors.fill: parent; onClicked: { address.focus = false; root.talk[modelData.name](); } }
                }
            }
        }
    }
}
