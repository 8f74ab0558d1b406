// What the plugin decides: reading a score, speaking with the server, writing new bars. Knows neither window nor QML, and runs in
// Node too. ES5, for MuseScore 3 has an old engine.
//
// What it needs of MuseScore comes in as `host` (see `session`): the score, elements' types, requests, timers.

var VERSION = "0.1.0";
var COMMAND = "chordllama serve";
var SERVER = "http://127.0.0.1:8765";

var API = 1;
var FORMAT = 1;
var MOST_BARS_SENT = 64;
var FINAL_BARLINE = 32;

// ------------------------------------------------------------------------------------------------------------------ texts

var TEXTS = {
    title: ["Continue the music", "Die Musik weiterschreiben"],
    bars: ["Bars", "Takte"],
    suggestions: ["Suggestions", "Vorschläge"],
    careful: ["careful", "vorsichtig"],
    adventurous: ["adventurous", "abenteuerlich"],
    staves: ["Staves", "Systeme"],
    staffNumber: ["Staff {0}", "System {0}"],
    all: ["all", "alle"],
    server: ["Server", "Server"],
    go: ["Continue", "Weiterschreiben"],
    stop: ["Stop", "Anhalten"],
    keep: ["Keep", "Behalten"],
    next: ["Next", "Nächster"],
    discard: ["Discard", "Verwerfen"],
    start: ["Start it", "Starten"],
    found: ["Ready: {0}", "Bereit: {0}"],
    loading: ["The model is being loaded.", "Das Modell wird geladen."],
    looking: ["Looking for the server …", "Der Server wird gesucht …"],
    absent: ["No ChordLlama is running at {0}. In a terminal, this starts it:", "Unter {0} läuft kein ChordLlama. In einem Terminal startet ihn:"],
    absentNote: ["This window looks again by itself.", "Dieses Fenster sieht von selbst wieder nach."],
    starting: ["Starting …", "Wird gestartet …"],
    queued: ["Waiting: place {0} in the queue", "Wartet: Platz {0} in der Schlange"],
    reading: ["The model reads the score …", "Das Modell liest die Partitur …"],
    writing: ["Bar {0} of {1}", "Takt {0} von {1}"],
    seconds: ["about {0} s left", "noch etwa {0} s"],
    suggestion: ["Suggestion {0} of {1} is in the score.", "Vorschlag {0} von {1} steht in der Partitur."],
    suggestionTab: ["Suggestion {0} of {1} is open in a new tab.", "Vorschlag {0} von {1} ist in einem neuen Reiter offen."],
    kept: ["{0} new bars are kept. One undo takes them back.", "{0} neue Takte bleiben. Einmal Rückgängig nimmt sie zurück."],
    keptTab: ["{0} new bars are in the new tab; the old one is as it was.", "{0} neue Takte stehen im neuen Reiter; der alte ist wie zuvor."],
    discarded: ["The score is as it was.", "Die Partitur ist wie zuvor."],
    stopped: ["Stopped. The score is as it was.", "Angehalten. Die Partitur ist wie zuvor."],
    noScore: ["There is no score: open one first.", "Es gibt keine Partitur: bitte zuerst eine öffnen."],
    emptyScore: ["The score has no notes yet: write a bar or two, the music goes on from there.", "Die Partitur hat noch keine Noten: bitte einen oder zwei Takte schreiben, von dort geht es weiter."],
    onlyDrums: ["There are only percussion staves, which can't be continued.", "Es gibt nur Schlagzeugsysteme, die nicht weitergeschrieben werden können."],
    noStaves: ["Choose at least one staff.", "Bitte mindestens ein System wählen."],
    drumsStay: ["Percussion stays as it is: {0}", "Schlagzeug bleibt, wie es ist: {0}"],
    manyStaves: ["These are more staves than the model reads: continue fewer of them.", "Das sind mehr Systeme, als das Modell liest: bitte weniger weiterschreiben."],
    busy: ["The server is busy. Next try in {0} s.", "Der Server ist beschäftigt. Nächster Versuch in {0} s."],
    mismatch: ["The plugin is version {0}, the server {1}. Run: chordllama plugin install", "Das Plugin hat Version {0}, der Server {1}. Bitte ausführen: chordllama plugin install"],
    otherApi: ["The server ({1}) doesn't speak this plugin's language ({0}). Run: chordllama plugin install, and open this window again.", "Der Server ({1}) spricht nicht die Sprache dieses Plugins ({0}). Bitte ausführen: chordllama plugin install, und dieses Fenster neu öffnen."],
    musicFollows: ["There is music after the selection: the new bars are put at the score's end.", "Nach der Auswahl folgt Musik: die neuen Takte kommen ans Ende der Partitur."],
    copyEnds: ["The new tab ends with the selection and its new bars.", "Der neue Reiter endet mit der Auswahl und ihren neuen Takten."],
    otherMetre: ["The score ends in another metre than the selection: the new bars can't follow there.", "Die Partitur endet in einer anderen Taktart als die Auswahl: dort können die neuen Takte nicht folgen."],
    unreadable: ["Bar {0} can't be read: its notes don't fit its length.", "Takt {0} ist nicht lesbar: seine Noten passen nicht zu seiner Länge."],
    changed: ["The score was changed meanwhile: nothing was put into it.", "Die Partitur wurde inzwischen geändert: es wurde nichts eingesetzt."],
    changedSince: ["The score was changed after the suggestion was put into it, which stays there: undo takes it back.", "Die Partitur wurde geändert, nachdem der Vorschlag eingesetzt war; er bleibt darin: Rückgängig nimmt ihn heraus."],
    notWritten: ["The bars could not be put into the score, which is as it was: {0}", "Die Takte konnten nicht eingesetzt werden, die Partitur ist wie zuvor: {0}"],
    notExported: ["MuseScore could not export the score as MusicXML.", "MuseScore konnte die Partitur nicht als MusicXML exportieren."],
    notOpened: ["MuseScore could not open the result.", "MuseScore konnte das Ergebnis nicht öffnen."],
    serverLost: ["The server does not answer any more. The score is as it was.", "Der Server antwortet nicht mehr. Die Partitur ist wie zuvor."],
    fewer: ["The model gave up after {0} bars: {1}", "Das Modell gab nach {0} Takten auf: {1}"],
    leftOut: ["Left out: {0}", "Weggelassen: {0}"],
    notSent: ["Not shown to the model: {0}", "Dem Modell nicht gezeigt: {0}"],
    wholeScore: ["This version of MuseScore gets the result in a new tab.", "In dieser MuseScore-Version erscheint das Ergebnis in einem neuen Reiter."],
    asFile: ["as a new tab", "als neuer Reiter"],
    "grace notes": ["grace notes", "Vorschlagsnoten"],
    ties: ["ties", "Haltebögen"],
    slurs: ["slurs", "Bögen"],
    hairpins: ["hairpins", "Gabeln"],
    dynamics: ["dynamics", "Dynamik"],
    articulations: ["articulations", "Artikulation"],
    "chord symbols": ["chord symbols", "Akkordsymbole"],
    clefs: ["clefs", "Schlüssel"],
    voices: ["voices", "Stimmen"]
};

function text(language, key, values) {
    var found = TEXTS[key];
    var words = found ? found[language === "de" ? 1 : 0] : key;
    return words.replace(/\{(\d)\}/g, function (_, place) { return values[Number(place)]; });
}

// An error whose words are in the table. It is no Error, whose message can't be set in Qt 5.
function Refusal(key, values) {
    this.key = key;
    this.values = values || [];
    this.message = text("en", key, this.values);
}

function countsInWords(language, counts) {
    var words = [];
    for (var name in counts) {
        if (counts[name] > 0) {
            words.push(counts[name] + " " + text(language, name, []));
        }
    }
    return words.join(", ");
}

// -------------------------------------------------------------------------------------------------------------- fractions

function common(a, b) {
    return b ? common(b, a % b) : a;
}

function fraction(numerator, denominator) {
    var divisor = common(numerator, denominator) || 1;
    return [numerator / divisor, denominator / divisor];
}

function plus(a, b) {
    return fraction(a[0] * b[1] + b[0] * a[1], a[1] * b[1]);
}

function minus(a, b) {
    return fraction(a[0] * b[1] - b[0] * a[1], a[1] * b[1]);
}

function times(a, b) {
    return fraction(a[0] * b[0], a[1] * b[1]);
}

function isLess(a, b) {
    return a[0] * b[1] < b[0] * a[1];
}

function isSame(a, b) {
    return a[0] * b[1] === b[0] * a[1];
}

// What one note can last: a note value with up to three dots.
function isValue(length) {
    var n = length[0], d = length[1];
    if ((d & (d - 1)) !== 0 || d > 1024) {
        return false;
    }
    return n === 1 || n === 3 || n === 7 || n === 15 || (d === 1 && (n === 2 || n === 4 || n === 6 || n === 12 || n === 14));
}

// Note values that together last so long, the longest first; none where there are none.
function valuesFor(length) {
    var found = [], value = [4, 1];
    while (length[0] > 0 && value[1] <= 1024) {
        if (isLess(length, value)) {
            value = times(value, [1, 2]);
        } else {
            found.push(value);
            length = minus(length, value);
        }
    }
    return length[0] === 0 ? found : [];
}

function ofFraction(wrapped) {
    return fraction(wrapped.numerator, wrapped.denominator);
}

// ---------------------------------------------------------------------------------------------------------- reading a score

// [{index, part, partName, name, drums}] for all staves.
function stavesOf(score, language) {
    var found = [];
    for (var p = 0; p < score.parts.length; ++p) {
        var part = score.parts[p], first = part.startTrack / 4, last = part.endTrack / 4;
        var name = String(part.longName || part.partName || text(language || "en", "staffNumber", [first + 1])).replace(/<[^>]*>/g, "");
        for (var index = first; index < last; ++index) {
            var number = last - first > 1 ? " " + (index - first + 1) : "";
            found.push({ index: index, part: p, partName: name, name: name + number, drums: !!part.hasDrumStaff });
        }
    }
    return found;
}

// [{measure, start, end, time, length}] for all bars; ticks, and fractions of a whole note.
function barsOf(host) {
    var found = [], whole = 4 * host.division;
    for (var measure = host.score.firstMeasure; measure; measure = measure.nextMeasure) {
        var start = measure.firstSegment.tick, length = ofFraction(measure.timesigActual);
        var end = start + Math.round(length[0] * whole / length[1]); // within a rest of several bars, the last segment isn't the end
        var time = [measure.timesigNominal.numerator, measure.timesigNominal.denominator];
        found.push({ measure: measure, start: start, end: end, time: time, length: length });
    }
    return found;
}

function isChord(element, host) {
    return !!element && element.type === host.CHORD;
}

function hasNotes(bar, staves, host) {
    for (var segment = bar.measure.firstSegment; segment && segment.tick < bar.end; segment = segment.nextInMeasure) {
        for (var s = 0; s < staves.length; ++s) {
            for (var voice = 0; voice < 4; ++voice) {
                if (isChord(segment.elementAt(4 * staves[s].index + voice), host)) {
                    return true;
                }
            }
        }
    }
    return false;
}

// The tick at which the selection ends; null without one.
function selectionEnd(host, lastTick) {
    var cursor = host.score.newCursor();
    cursor.rewind(1);
    if (!cursor.segment) {
        return null;
    }
    cursor.rewind(2);
    return cursor.segment && cursor.tick ? cursor.tick : lastTick;
}

// Where the music ends and where the new bars go: into the score itself, or into a copy of it that ends where the music ends.
// {bars, staves, silent: parts that get no notes, last: index of the last bar that is told, fill: empty bars after it that are written into, note: key of a text}
function planFor(host, chosen, language, intoCopy) {
    if (!host.score) {
        throw new Refusal("noScore");
    }
    var all = stavesOf(host.score, language), pitched = all.filter(function (staff) { return !staff.drums; });
    if (!pitched.length) {
        throw new Refusal("onlyDrums");
    }
    var staves = pitched.filter(function (staff) { return !chosen || chosen[staff.index] !== false; });
    if (!staves.length) {
        throw new Refusal("noStaves");
    }
    var bars = barsOf(host);
    var lastTick = bars.length ? bars[bars.length - 1].end : 0;
    var selected = selectionEnd(host, lastTick);
    var filled = bars.map(function (bar) { return hasNotes(bar, staves, host); });
    var last = bars.length - 1;
    while (last >= 0 && (selected === null ? !filled[last] : bars[last].start >= selected)) {
        --last;
    }
    if (last < 0 || filled.slice(0, last + 1).indexOf(true) < 0) {
        throw new Refusal("emptyScore");
    }
    var silent = all.map(function (staff) { return staff.part; }).filter(function (part) {
        return staves.every(function (staff) { return staff.part !== part; });
    });
    var plan = { bars: bars, staves: staves, silent: silent, last: last, fill: 0, note: "", name: host.score.scoreName };
    var follows = filled.slice(last + 1).indexOf(true) >= 0;
    if (intoCopy) {
        plan.note = follows ? "copyEnds" : "";
        return plan;
    }
    return withTarget(plan, follows);
}

function withTarget(plan, follows) {
    var after = plan.bars.slice(plan.last + 1), time = plan.bars[plan.last].time;
    if (follows) {
        plan.note = "musicFollows";
        if (!isSame(after[after.length - 1].time, time)) {
            throw new Refusal("otherMetre");
        }
    } else if (after.every(function (bar) { return isSame(bar.length, time) && isSame(bar.time, time); })) {
        plan.fill = after.length;
    } else {
        plan.last = plan.bars.length - 1; // the empty bars have another metre: they are music too
    }
    return plan;
}

// The JSON for the server (see editor.schema.json).
function documentFor(host, plan) {
    var first = Math.max(0, plan.last + 1 - MOST_BARS_SENT);
    var told = { format: FORMAT, parts: [], bars: [], left_out: {} };
    var shifts = plan.staves.map(function (staff) { return shiftOf(host, staff, plan.bars); });
    told.parts = partsOf(host, plan, shifts);
    var keys = keysOf(host, plan, shifts, first), before = {};
    for (var b = first; b <= plan.last; ++b) {
        var bar = readBar(host, plan, b, told.left_out);
        if (b === first || !isSame(plan.bars[b].time, before.time) || plan.bars[b].time[1] !== before.time[1]) {
            bar.time = plan.bars[b].time;
        }
        if (JSON.stringify(keys[b - first]) !== JSON.stringify(before.keys)) {
            bar.keys = keys[b - first];
        }
        before = { time: plan.bars[b].time, keys: keys[b - first] };
        told.bars.push(bar);
    }
    if (closes(host, plan)) {
        told.bars[told.bars.length - 1].final = true;
    }
    return told;
}

function partsOf(host, plan, shifts) {
    var found = [], before = -1;
    plan.staves.forEach(function (staff, n) {
        if (staff.part === before) {
            ++found[found.length - 1].staves;
            return;
        }
        before = staff.part;
        var part = host.score.parts[staff.part], told = { name: staff.partName.slice(0, 400), staves: 1 };
        if (part.midiProgram >= 0 && part.midiProgram < 128) {
            told.program = part.midiProgram + 1;
        }
        if (shifts[n].fifths || shifts[n].chromatic) {
            told.transposition = { chromatic: shifts[n].chromatic, diatonic: (7 * shifts[n].chromatic - shifts[n].fifths) / 12 };
        }
        found.push(told);
    });
    return found;
}

// How far a staff's written notes are from the sounding ones, as its first note that differs tells: in fifths and semitones.
// Octaves can't be told; the interval is taken from a major sixth down (alto saxophone) to a major second up (trumpet in D).
function shiftOf(host, staff, bars) {
    for (var b = 0; b < bars.length; ++b) {
        for (var segment = bars[b].measure.firstSegment; segment && segment.tick < bars[b].end; segment = segment.nextInMeasure) {
            var element = segment.elementAt(4 * staff.index);
            if (isChord(element, host)) {
                var note = element.notes[0], fifths = note.tpc1 - note.tpc2;
                var up = (((7 * fifths) % 12) + 12) % 12;
                return { fifths: fifths, chromatic: up > 2 ? up - 12 : up, isConcert: note.tpc === note.tpc1 };
            }
        }
    }
    return { fifths: 0, chromatic: 0, isConcert: true };
}

// The sounding key of each staff in each bar from `first` on.
function keysOf(host, plan, shifts, first) {
    var found = [];
    for (var b = first; b <= plan.last; ++b) {
        found.push([]);
    }
    plan.staves.forEach(function (staff, n) {
        var cursor = host.score.newCursor();
        cursor.track = 4 * staff.index;
        cursor.rewind(0);
        for (var b = 0; b <= plan.last && cursor.segment; ++b) {
            if (b >= first) {
                found[b - first][n] = inCircle(cursor.keySignature + (shifts[n].isConcert ? 0 : shifts[n].fifths));
            }
            cursor.nextMeasure();
        }
    });
    return found;
}

function inCircle(fifths) {
    return fifths > 7 ? fifths - 12 : fifths < -7 ? fifths + 12 : fifths;
}

function closes(host, plan) {
    if (plan.last + plan.fill !== plan.bars.length - 1) {
        return false;
    }
    var measure = plan.bars[plan.bars.length - 1].measure, line = measure.lastSegment.elementAt(0);
    return !!line && Number(line.barlineType) === FINAL_BARLINE;
}

function readBar(host, plan, index, leftOut) {
    var bar = plan.bars[index], told = { voices: [] };
    if (!isSame(bar.length, bar.time)) {
        told.length = bar.length;
    }
    var tracks = tracksOf(bar, plan.staves);
    plan.staves.forEach(function (staff, n) {
        for (var voice = 0; voice < 4; ++voice) {
            var elements = tracks[4 * staff.index + voice];
            if (elements && elements.length) {
                told.voices.push({ staff: n, voice: voice, events: readVoice(host, bar, index, elements, leftOut) });
            }
        }
    });
    return told;
}

// {track: [{tick, element}]} of what lasts: chords and rests.
function tracksOf(bar, staves) {
    var found = {};
    for (var segment = bar.measure.firstSegment; segment && segment.tick < bar.end; segment = segment.nextInMeasure) {
        for (var s = 0; s < staves.length; ++s) {
            for (var track = 4 * staves[s].index; track < 4 * staves[s].index + 4; ++track) {
                var element = segment.elementAt(track);
                if (element && element.duration && element.duration.numerator) {
                    (found[track] = found[track] || []).push({ tick: segment.tick, element: element });
                }
            }
        }
    }
    return found;
}

function readVoice(host, bar, index, elements, leftOut) {
    var only = elements[0].element;
    if (elements.length === 1 && !isChord(only, host) && isSame(ofFraction(only.duration), bar.length)) {
        return [only.visible === false ? { duration: "bar", hidden: true } : { duration: "bar" }];
    }
    var place = { at: bar.start, end: bar.end, whole: 4 * host.division, bar: index };
    return readRun(host, elements, 0, place, [1, 1], leftOut);
}

// The events of elements that are in the tuplets down to `depth`, and hidden rests where nothing is.
function readRun(host, elements, depth, place, ratio, leftOut) {
    var found = [], at = place.at;
    for (var n = 0; n < elements.length;) {
        found = found.concat(gap(elements[n].tick - at, place, ratio));
        var tuplet = tupletsOf(elements[n].element)[depth];
        if (tuplet) {
            var length = ofFraction(tuplet.duration);
            var end = elements[n].tick + ticksOf(times(length, ratio), place);
            var inner = elements.slice(n).filter(function (item) { return item.tick < end - 1; });
            found.push(readTuplet(host, tuplet, inner, depth, { at: elements[n].tick, end: end, whole: place.whole, bar: place.bar }, ratio, leftOut));
            n += inner.length;
            at = end;
        } else {
            var event = readElement(host, elements[n].element, leftOut);
            if (!isValue(event.duration)) {
                throw new Refusal("unreadable", [place.bar + 1]);
            }
            found.push(event);
            at = elements[n].tick + ticksOf(times(event.duration, ratio), place);
            ++n;
        }
        if (at > place.end + 1) {
            throw new Refusal("unreadable", [place.bar + 1]);
        }
    }
    return found.concat(gap(place.end - at, place, ratio));
}

function ticksOf(length, place) {
    return Math.round(length[0] * place.whole / length[1]);
}

function readTuplet(host, tuplet, elements, depth, place, ratio, leftOut) {
    var inner = times(ratio, fraction(tuplet.normalNotes, tuplet.actualNotes));
    return {
        duration: ofFraction(tuplet.duration),
        tuplet: [tuplet.actualNotes, tuplet.normalNotes],
        events: readRun(host, elements, depth + 1, place, inner, leftOut)
    };
}

// The tuplets around an element, the outermost first.
function tupletsOf(element) {
    var found = [];
    for (var tuplet = element.tuplet; tuplet; tuplet = tuplet.tuplet) {
        found.unshift(tuplet);
    }
    return found;
}

function gap(ticks, place, ratio) {
    if (ticks <= 1) { // ticks of tuplets are rounded
        return [];
    }
    var length = times(fraction(ticks, place.whole), [ratio[1], ratio[0]]), values = valuesFor(length);
    if (!values.length) {
        throw new Refusal("unreadable", [place.bar + 1]);
    }
    return values.map(function (value) { return { duration: value, hidden: true }; });
}

function readElement(host, element, leftOut) {
    var told = { duration: ofFraction(element.duration) };
    if (!isChord(element, host)) {
        if (element.visible === false) {
            told.hidden = true;
        }
        return told;
    }
    count(leftOut, "grace notes", element.graceNotes ? element.graceNotes.length : 0);
    told.notes = [];
    for (var n = 0; n < element.notes.length; ++n) {
        var note = element.notes[n], event = { pitch: note.pitch, tpc: note.tpc1 };
        if (note.tieForward) {
            event.tie = true;
        }
        told.notes.push(event);
    }
    return told;
}

function count(counts, name, more) {
    if (more) {
        counts[name] = (counts[name] || 0) + more;
    }
}

// -------------------------------------------------------------------------------------------------------- writing into it

// Puts the bars of a continuation into the score as one undo step; what could not be put in is counted in the answer.
function insert(host, plan, continuation) {
    var score = host.score, leftOut = {}, missing = continuation.bars.length - plan.fill;
    if (!score || score.scoreName !== plan.name || !isAsBefore(host, plan)) {
        throw new Refusal("changed");
    }
    for (var name in continuation.left_out) {
        count(leftOut, name, continuation.left_out[name]);
    }
    score.startCmd();
    try {
        if (missing > 0) {
            score.appendMeasures(missing);
        }
        var bars = barsOf(host).slice(plan.note ? plan.bars.length : plan.last + 1);
        checkRoom(bars, continuation.bars);
        linesOf(continuation.bars, leftOut).forEach(function (line) {
            writeLine(host, plan.staves[line.staff].index, line, bars, leftOut);
        });
    } catch (fault) {
        score.endCmd(true);
        throw fault.key ? fault : new Refusal("notWritten", [fault.message || String(fault)]);
    }
    score.endCmd();
    return leftOut;
}

// Whether nothing of a continuation is in the score.
function isAsBefore(host, plan) {
    var bars = host.score ? barsOf(host) : [];
    return bars.length === plan.bars.length && bars.slice(plan.last + 1, plan.last + 1 + plan.fill).every(function (bar) {
        return !hasNotes(bar, plan.staves, host);
    });
}

function checkRoom(bars, wanted) {
    wanted.forEach(function (bar, n) {
        if (!bars[n] || !isSame(bars[n].length, bar.length)) {
            throw new Error("bar " + (n + 1) + " has another length");
        }
        bar.voices.forEach(function (voice) {
            var sum = voice.events.reduce(function (sum, event) {
                return event.duration === "bar" ? plus(sum, bar.length) : plus(sum, event.duration);
            }, [0, 1]);
            if (!isSame(sum, bar.length)) {
                throw new Error("bar " + (n + 1) + ", staff " + (voice.staff + 1) + " isn't full");
            }
        });
    });
}

// What each voice has to write: [{staff, voice, bars: [events or null, bar by bar]}], ties made to longer notes where they can be.
function linesOf(bars, leftOut) {
    var lines = [], byPlace = {};
    bars.forEach(function (bar, b) {
        bar.voices.forEach(function (voice) {
            var place = voice.staff + "/" + voice.voice;
            if (!byPlace[place]) {
                byPlace[place] = { staff: voice.staff, voice: voice.voice, bars: bars.map(function () { return null; }) };
                lines.push(byPlace[place]);
            }
            byPlace[place].bars[b] = voice.events.map(function (event) { return event; });
        });
    });
    lines.sort(function (a, b) { return a.staff - b.staff || a.voice - b.voice; });
    lines.forEach(function (line) { joinTies(line, leftOut); });
    return lines;
}

// Ties have no call of their own: a note that is as long as both is written instead, which MuseScore parts at a bar line.
// A chord can't be parted so, and neither can what has no note value or lies in a tuplet: these ties are counted.
function joinTies(line, leftOut) {
    for (var b = line.bars.length - 1; b >= 0; --b) {
        var events = line.bars[b];
        for (var n = events ? events.length - 1 : -1; n >= 0; --n) {
            var event = events[n], tied = tiesOf(event);
            if (tied) {
                var within = n + 1 < events.length, rest = within ? events : line.bars[b + 1];
                var follower = rest && rest[within ? n + 1 : 0];
                if (canJoin(event, follower, tied, within)) {
                    rest.splice(within ? n + 1 : 0, 1);
                    events[n] = joined(event, follower, within);
                    if (!within) {
                        rest.carried = true;
                    }
                } else {
                    count(leftOut, "ties", tied);
                }
            }
            count(leftOut, "ties", tiesInside(event));
        }
    }
}

function tiesOf(event) {
    return event.notes ? event.notes.filter(function (note) { return note.tie; }).length : 0;
}

function tiesInside(event) {
    return event.events ? event.events.reduce(function (sum, inner) { return sum + tiesOf(inner) + tiesInside(inner); }, 0) : 0;
}

function canJoin(event, follower, tied, within) {
    if (!follower || !follower.notes || follower.notes.length !== event.notes.length || tied !== event.notes.length) {
        return false;
    }
    var same = event.notes.every(function (note, n) { return note.pitch === follower.notes[n].pitch; });
    return same && !(!within && (tied > 1 || follower.crosses)) && isValue(plus(event.duration, follower.duration));
}

function joined(event, follower, within) {
    var found = {};
    for (var name in event) {
        found[name] = event[name];
    }
    found.duration = plus(event.duration, follower.duration);
    if (!within || follower.crosses) {
        found.crosses = true;
    }
    return found;
}

function writeLine(host, staff, line, bars, leftOut) {
    var cursor = host.score.newCursor(), written = [];
    line.bars.forEach(function (events, b) {
        if (!events || !events.length || events[0].duration === "bar") {
            return;
        }
        if (!events.carried) {
            goTo(cursor, staff, line.voice, bars[b].start);
        }
        writeEvents(host, cursor, events, written);
    });
    written.forEach(function (event) { finish(host, 4 * staff + line.voice, event, leftOut); });
}

function goTo(cursor, staff, voice, tick) {
    cursor.track = 4 * staff; // the first voice is never empty
    cursor.rewindToTick(tick);
    cursor.track = 4 * staff + voice;
    if (!cursor.segment || cursor.tick !== tick) {
        throw new Error("there is no place at tick " + tick);
    }
}

function writeEvents(host, cursor, events, written) {
    events.forEach(function (event) {
        var tick = cursor.tick;
        if (event.events) {
            cursor.addTuplet(host.fraction(event.tuplet[0], event.tuplet[1]), host.fraction(event.duration[0], event.duration[1]));
            writeEvents(host, cursor, event.events, written);
            return;
        }
        cursor.setDuration(event.duration[0], event.duration[1]);
        if (event.notes) {
            event.notes.forEach(function (note, n) { cursor.addNote(note.pitch, n > 0); });
        } else {
            cursor.addRest();
        }
        written.push({ tick: tick, event: event });
    });
}

// Spelling and signs of what was written, once it is found to be there.
function finish(host, track, written, leftOut) {
    var cursor = host.score.newCursor(), event = written.event;
    cursor.track = track;
    cursor.rewindToTick(written.tick);
    var element = cursor.element;
    if (!element || cursor.tick !== written.tick || isChord(element, host) !== !!event.notes) {
        throw new Error("MuseScore wrote something else at tick " + written.tick);
    }
    if (!event.notes) {
        if (event.hidden) {
            element.visible = false;
        }
        return;
    }
    spell(element, event);
    for (var name in SIGNS) {
        if (event[name] && event[name].length) {
            addSigns(host, cursor, name, event[name], leftOut);
        }
    }
}

function spell(element, event) {
    var spelled = 0;
    for (var n = 0; n < element.notes.length; ++n) {
        var note = element.notes[n], shift = note.tpc1 - note.tpc2;
        event.notes.forEach(function (wanted) {
            if (wanted.pitch === note.pitch) {
                ++spelled;
                for (var part = note; part; part = part.tieForward ? part.tieForward.endNote : null) { // parted at a bar line
                    respell(part, wanted.tpc, inTable(wanted.tpc - shift));
                }
            }
        });
    }
    if (spelled !== event.notes.length) {
        throw new Error("a chord lacks notes");
    }
}

function respell(note, sounding, written) {
    if (note.tpc1 !== sounding) {
        note.tpc1 = sounding;
        note.tpc2 = written;
    }
}

function inTable(tpc) {
    return tpc > 33 ? tpc - 12 : tpc < -1 ? tpc + 12 : tpc;
}

var LETTERS = { p: "dynamicPiano", f: "dynamicForte", m: "dynamicMezzo", s: "dynamicSforzando", z: "dynamicZ", r: "dynamicRinforzando", n: "dynamicNiente" };
var SYMBOLS = {
    staccato: "articStaccatoAbove",
    tenuto: "articTenutoAbove",
    accent: "articAccentAbove",
    "strong-accent": "articMarcatoAbove",
    staccatissimo: "articStaccatissimoAbove",
    fermata: "fermataAbove",
    "trill-mark": "ornamentTrill",
    mordent: "ornamentMordent",
    turn: "ornamentTurn"
};
var SIGNS = {
    dynamics: function (host, value) {
        var known = value.split("").every(function (letter) { return LETTERS[letter]; });
        return known && host.element("DYNAMIC", "text", value.split("").map(function (letter) { return "<sym>" + LETTERS[letter] + "</sym>"; }).join(""));
    },
    articulations: function (host, value) {
        return SYMBOLS[value] && host.element(value === "fermata" ? "FERMATA" : "ARTICULATION", "symbol", SYMBOLS[value]);
    },
    chord_symbol: function (host, value) {
        return host.element("HARMONY", "text", value);
    }
};
var SIGN_NAMES = { dynamics: "dynamics", articulations: "articulations", chord_symbol: "chord symbols" };

// Adds signs with newElement; a version that doesn't allow one leaves it out.
function addSigns(host, cursor, name, values, leftOut) {
    (typeof values === "string" ? [values] : values).forEach(function (value) {
        var sign = null;
        try {
            sign = SIGNS[name](host, value);
        } catch (fault) {
            sign = null;
        }
        if (sign) {
            cursor.add(sign);
        } else {
            count(leftOut, SIGN_NAMES[name], 1);
        }
    });
}

// -------------------------------------------------------------------------------------------------------------- MusicXML

// MusicXML of MuseScore's with its first bars only.
function firstMeasures(xml, bars) {
    return xml.replace(/(<part id="[^"]*">)([\s\S]*?)(<\/part>)/g, function (_, start, inside, end) {
        var measures = inside.match(/\s*<measure\b[\s\S]*?<\/measure>/g) || [];
        return start + measures.slice(0, bars).join("") + "\n    " + end;
    });
}

// The same MusicXML with a rest in each bar of some parts (from 0) from number `first` (from 0) on.
function withSilence(xml, parts, first) {
    var part = -1;
    return xml.replace(/(<part id="[^"]*">)([\s\S]*?)(<\/part>)/g, function (whole, start, inside, end) {
        var bar = -1;
        return parts.indexOf(++part) < 0 ? whole : start + inside.replace(/<measure\b[\s\S]*?<\/measure>/g, function (measure) {
            return ++bar < first ? measure : withRest(measure);
        }) + end;
    });
}

function withRest(measure) {
    var rest = '<note><rest measure="yes"/><duration>' + walkMeasure(measure, function () { }) + "</duration><voice>1</voice></note>\n";
    var frame = measure.replace(/\s*<(note|backup|forward|direction|harmony)\b[\s\S]*?<\/\1>/g, "");
    return frame.replace(/(<barline location="right"[\s\S]*)?<\/measure>$/, function (end) { return rest + end; });
}

// Tells each note of a <measure> with its onset and duration, and returns how long the measure lasts, in its divisions.
function walkMeasure(measure, each) {
    var at = 0, onset = 0, longest = 0;
    (measure.match(/<(note|backup|forward)\b[\s\S]*?<\/\1>/g) || []).forEach(function (element) {
        var lasts = Number(inTag(element, "duration")) || 0;
        if (element.indexOf("<backup") === 0) {
            at -= lasts;
        } else if (element.indexOf("<forward") === 0) {
            at += lasts;
        } else {
            onset = element.indexOf("<chord/>") < 0 ? at : onset;
            at = onset + lasts;
            each(element, onset, lasts);
        }
        longest = Math.max(longest, at);
    });
    return longest;
}

// ---------------------------------------------------------------------------------------------------- what the window draws

// A bar as a small drawing: [{x, y, width}], x and width as shares of the bar, y a MIDI key.
function rollOfEvents(bar) {
    var found = [];
    bar.voices.forEach(function (voice) { rollOf(voice.events, [0, 1], [1, 1], bar.length, found); });
    return found;
}

function rollOf(events, at, ratio, length, found) {
    events.forEach(function (event) {
        if (event.events) {
            at = rollOf(event.events, at, times(ratio, fraction(event.tuplet[1], event.tuplet[0])), length, found);
            return;
        }
        var lasts = event.duration === "bar" ? length : times(event.duration, ratio);
        (event.notes || []).forEach(function (note) {
            found.push({ x: share(at, length), width: share(lasts, length), y: note.pitch });
        });
        at = plus(at, lasts);
    });
    return at;
}

function share(part, whole) {
    return part[0] * whole[1] / (part[1] * whole[0]);
}

var STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

// The same from each part's <measure>.
function rollOfMeasures(measures) {
    var found = [], longest = 1;
    for (var id in measures) {
        longest = Math.max(longest, walkMeasure(measures[id], function (element, onset, lasts) {
            if (inTag(element, "step")) {
                var key = 12 * (Number(inTag(element, "octave")) + 1) + STEPS[inTag(element, "step")] + Number(inTag(element, "alter") || 0);
                found.push({ x: onset, width: lasts, y: key });
            }
        }));
    }
    return found.map(function (note) { return { x: note.x / longest, width: note.width / longest, y: note.y }; });
}

function inTag(element, tag) {
    var found = element.match(new RegExp("<" + tag + ">([^<]*)<"));
    return found ? found[1] : "";
}

// --------------------------------------------------------------------------------------------------------------- a session

// New bars go into the score itself where the Cursor can write them, from 3.5 on.
function canWriteInPlace(version) {
    return version[0] > 3 || (version[0] === 3 && version[1] >= 5);
}

var DEFAULTS = { server: "", bars: 8, suggestions: 3, temperature: 0.9, asFile: false };

// What goes on between the first look for a server and the last suggestion. `host` offers
//   score, division, version, language, fraction(n, d), element(type, property, value), undo(), redo(), CHORD,
//   request(method, address, body, then(status, text, header)) -> {abort()}, later(milliseconds, then), now(),
//   exported() -> MusicXML, opened(xml, name, kept) -> score, lookAt(name), closed(name), start(command) -> whether it can, changed(view)
function session(host, saved) {
    var settings = {};
    for (var name in DEFAULTS) {
        settings[name] = saved && typeof saved[name] === typeof DEFAULTS[name] ? saved[name] : DEFAULTS[name];
    }
    settings.server = settings.server || SERVER;
    var state = { phase: "looking", model: "", chosen: {}, notes: [], rolls: [], current: 0, found: [] };
    var job = null, turn = 0, tabs = 0;

    function say(key, values) {
        return text(host.language, key, values || []);
    }

    function change(more) {
        for (var name in more) {
            state[name] = more[name];
        }
        host.changed(view());
    }

    function view() {
        var inPlace = placed();
        return {
            phase: state.phase, message: state.message || "", notes: state.notes, rolls: state.rolls, progress: state.progress || 0,
            left: state.left || "", command: state.phase === "absent" ? COMMAND : "", canStart: host.version[0] === 3,
            settings: settings, saved: saving(), staves: staves(), inPlace: inPlace, model: state.model, current: state.current,
            several: state.found.length > 1,
            canChooseFile: canWriteInPlace(host.version) && host.version[0] === 3
        };
    }

    // The settings as they are remembered: the usual address isn't, for another installation may have another one.
    function saving() {
        var kept = {};
        for (var name in settings) {
            kept[name] = settings[name];
        }
        kept.server = settings.server === SERVER ? "" : settings.server;
        return kept;
    }

    function staves() {
        return host.score ? stavesOf(host.score, host.language).map(function (staff) {
            return { index: staff.index, part: staff.part, name: staff.name, drums: staff.drums, on: !staff.drums && state.chosen[staff.index] !== false };
        }) : [];
    }

    function placed() {
        return canWriteInPlace(host.version) && !settings.asFile;
    }

    function address(path) {
        return settings.server.replace(/\/+$/, "") + path;
    }

    // Does something after a while, unless something else was begun meanwhile.
    function later(milliseconds, then) {
        var mine = turn;
        host.later(milliseconds, function () {
            if (mine === turn) {
                then();
            }
        });
    }

    function ask(method, path, body, then) {
        var mine = turn;
        return host.request(method, address(path), body, function (status, answer, header) {
            if (mine === turn) {
                then(status, parsed(answer), header);
            }
        });
    }

    // ------------------------------------------------------------------------------------------------- the server

    function look() {
        ++turn;
        ask("GET", "/health", null, function (status, health) {
            if (status !== 200 || !health) {
                change({ phase: "absent", message: say("absent", [settings.server]), notes: [say("absentNote")] });
                later(1500, look);
            } else if (health.api !== API) {
                change({ phase: "absent", message: say("otherApi", [VERSION, health.version]), notes: [] });
                later(3000, look);
            } else {
                var notes = health.version === VERSION ? [] : [say("mismatch", [VERSION, health.version])];
                change({ phase: "start", model: health.model, notes: notes.concat(standing()), message: greeting(health) });
                if (health.status !== "ok") {
                    later(700, look);
                }
            }
        });
    }

    function greeting(health) {
        return health.status === "ok" ? say("found", [health.model]) : say("loading");
    }

    // What is so from the beginning on.
    function standing() {
        var drums = staves().filter(function (staff) { return staff.drums; }).map(function (staff) { return staff.name; });
        var notes = drums.length ? [say("drumsStay", [drums.join(", ")])] : [];
        return placed() ? notes : notes.concat([say("wholeScore")]);
    }

    function startServer() {
        if (host.start(COMMAND)) {
            change({ message: say("starting") });
        }
    }

    // -------------------------------------------------------------------------------------------------- a job

    function go() {
        ++turn;
        var order, plan;
        try {
            plan = planFor(host, state.chosen, host.language, !placed());
            order = placed() ? { editor: documentFor(host, plan), format: "editor" } : { musicxml: exportedFor(plan), format: "json" };
        } catch (fault) {
            refuse(fault, standing());
            return;
        }
        order.bars = settings.bars;
        order.candidates = settings.suggestions;
        order.temperature = settings.temperature;
        order.seed = Math.floor(host.now() / 7) % 2147483647;
        order.stream = true;
        var notes = plan.note ? [say(plan.note)] : [];
        var unsaid = order.editor ? countsInWords(host.language, order.editor.left_out) : "";
        state.standing = standing().concat(notes, unsaid ? [say("notSent", [unsaid])] : []);
        job = { id: "", plan: plan, placed: placed(), after: 0, bars: 0, began: 0, all: settings.bars * settings.suggestions, tries: 0, score: host.score };
        change({ phase: "writing", message: say("reading"), notes: state.standing, rolls: [], found: [], progress: 0, left: "", current: 0 });
        send(order);
    }

    function exportedFor(plan) {
        var xml = host.exported();
        if (!xml) {
            throw new Refusal("notExported");
        }
        return firstMeasures(xml, plan.last + 1);
    }

    function send(order) {
        ask("POST", "/v1/continue", JSON.stringify(order), function (status, answer, header) {
            if (status === 202 && answer) {
                job.id = answer.id;
                take(answer);
            } else if (status === 503 || status === 429) {
                var seconds = Math.max(1, Number(header("Retry-After")) || 2);
                change({ message: say("busy", [seconds]) });
                later(1000 * seconds, function () { send(order); });
            } else if (status === 0) {
                look();
            } else {
                fail(answer && answer.error);
            }
        });
    }

    function poll() {
        ask("GET", "/v1/jobs/" + job.id + "?after=" + job.after, null, function (status, answer) {
            if (status === 200 && answer) {
                job.tries = 0;
                take(answer);
            } else if (++job.tries > 5) {
                end("serverLost");
            } else {
                later(500, poll);
            }
        });
    }

    var ON = {
        queued: function (data) { change({ message: say("queued", [data.place]) }); },
        started: function () { job.began = host.now(); change({ message: say("reading") }); },
        bar: function (data) {
            ++job.bars;
            var roll = data.editor ? rollOfEvents(data.editor.bars[0]) : rollOfMeasures(data.musicxml || {});
            var rolls = state.rolls.slice();
            rolls[data.candidate] = (rolls[data.candidate] || []).concat([roll]);
            var seconds = Math.ceil((host.now() - job.began) / job.bars * (job.all - job.bars) / 1000);
            for (var n = 0; n < rolls.length; ++n) {
                rolls[n] = rolls[n] || [];
            }
            change({ rolls: rolls, progress: job.bars / job.all, message: say("writing", [job.bars, job.all]), left: say("seconds", [seconds]) });
        },
        candidate: function (data) { state.found.push(data); }
    };

    function take(answer) {
        var ended = "", failure = null;
        answer.events.forEach(function (event) {
            job.after = event.id;
            (ON[event.event] || function () { })(event.data);
            ended = event.event === "done" || event.event === "error" ? event.event : ended;
            failure = event.event === "error" ? event.data.error : failure;
        });
        if (ended === "done") {
            suggest();
        } else if (ended) {
            fail(failure);
        } else {
            later(150, poll);
        }
    }

    function fail(error) {
        var known = error && KNOWN[error.code];
        var words = error ? [error.message, error.cause, error.hint].filter(function (word) { return word; }).join(". ") : "";
        change({ phase: "start", message: known ? say(known) : words || say("serverLost"), notes: standing(), rolls: [], left: "" });
    }

    function end(key) {
        ++turn;
        change({ phase: "start", message: say(key), notes: standing(), rolls: [], left: "" });
        later(1500, look);
    }

    function stop() {
        if (job && job.id) {
            host.request("POST", address("/v1/jobs/" + job.id + "/cancel"), null, function () { });
        }
        ++turn;
        change({ phase: "start", message: say("stopped"), notes: standing(), rolls: [], left: "" });
    }

    // ---------------------------------------------------------------------------------------------- suggestions

    function suggest() {
        state.found = state.found.filter(function (found) { return found.bars > 0; });
        state.found.sort(function (a, b) { return a.rank - b.rank; });
        if (!state.found.length) {
            fail(null);
            return;
        }
        state.rolls = state.found.map(function (found) { return state.rolls[found.candidate] || []; });
        show(0);
    }

    function show(number) {
        var found = state.found[number], notes = state.standing.slice();
        try {
            var leftOut = job.placed ? insert(host, job.plan, found.editor) : opened(found);
            var words = countsInWords(host.language, leftOut);
            notes = words ? notes.concat([say("leftOut", [words])]) : notes;
        } catch (fault) {
            refuse(fault, notes);
            return;
        }
        if (found.failure) {
            notes.push(say("fewer", [found.bars, found.failure.cause || found.failure.message]));
        }
        var key = job.placed ? "suggestion" : "suggestionTab";
        change({ phase: "choosing", current: number, message: say(key, [number + 1, state.found.length]), notes: notes, left: "", progress: 1 });
    }

    function silent(found) {
        return withSilence(found.musicxml, job.plan.silent, job.plan.last + 1);
    }

    function opened(found) {
        job.tabName = job.plan.name + "-chordllama-" + (++tabs);
        if (!host.opened(silent(found), job.tabName, false)) {
            throw new Refusal("notOpened");
        }
        host.lookAt(job.tabName);
        return {};
    }

    // Takes the suggestion out of the score again. Never undoes what the composer has done since.
    function takeBack() {
        if (!job.placed) {
            host.closed(job.tabName);
            host.lookAt(job.plan.name);
        } else if (!isAsBefore(host, job.plan)) {
            host.undo();
            if (!isAsBefore(host, job.plan)) {
                host.redo();
                throw new Refusal("changedSince");
            }
        }
    }

    function keep() {
        var found = state.found[state.current];
        if (!job.placed) {
            host.closed(job.tabName);
            if (!host.opened(silent(found), job.tabName, true)) {
                refuse(new Refusal("notOpened"), standing());
                return;
            }
        }
        change({ phase: "start", message: say(job.placed ? "kept" : "keptTab", [found.bars]), notes: standing(), found: [] });
    }

    function next() {
        if (took()) {
            show((state.current + 1) % state.found.length);
        }
    }

    function discard() {
        if (took()) {
            change({ phase: "start", message: say("discarded"), notes: standing(), found: [], rolls: [] });
        }
    }

    function took() {
        try {
            takeBack();
            return true;
        } catch (fault) {
            refuse(fault, standing());
            return false;
        }
    }

    function refuse(fault, notes) {
        change({ phase: "start", message: say(fault.key || "notWritten", fault.values || [fault.message]), notes: notes, found: [], left: "" });
    }

    function set(name, value) {
        settings[name] = value;
        change(name === "asFile" ? { notes: standing() } : {});
        if (name === "server") {
            look();
        }
    }

    // In place a staff goes on by itself, in a new tab all staves of its part.
    function chooseStaff(index, on) {
        var all = staves(), chosen = all.filter(function (staff) { return staff.index === index; })[0];
        all.forEach(function (staff) {
            if (staff.index === index || (!placed() && staff.part === chosen.part)) {
                state.chosen[staff.index] = on;
            }
        });
        change({});
    }

    return {
        look: look, startServer: startServer, go: go, stop: stop, keep: keep, next: next, discard: discard, set: set,
        chooseStaff: chooseStaff, view: view, settings: settings
    };
}

var KNOWN = { prompt_too_long: "manyStaves" };

function parsed(answer) {
    try {
        return answer ? JSON.parse(answer) : null;
    } catch (fault) {
        return null;
    }
}

// What a run without a window does (mscore3 -p): it writes bars after the score and opens the result. `host.request` answers at once.
function continueAtOnce(host, bars) {
    var plan = planFor(host, null, host.language, true), found = null, failure = "";
    var order = { musicxml: firstMeasures(host.exported(), plan.last + 1), bars: bars, format: "json" };
    host.request("POST", SERVER + "/v1/continue", JSON.stringify(order), function (status, answer) {
        var told = parsed(answer);
        found = status === 200 && told ? told.candidates[0].musicxml : null;
        failure = told && told.error ? told.error.message : "status " + status;
    });
    if (!found) {
        throw new Error(failure);
    }
    return host.opened(withSilence(found, plan.silent, plan.last + 1), host.score.scoreName + "-chordllama-1", false);
}

if (typeof module !== "undefined") {
    module.exports = {
        VERSION: VERSION, TEXTS: TEXTS, DEFAULTS: DEFAULTS, text: text, session: session, planFor: planFor, documentFor: documentFor,
        insert: insert, firstMeasures: firstMeasures, withSilence: withSilence, rollOfEvents: rollOfEvents, rollOfMeasures: rollOfMeasures,
        valuesFor: valuesFor, isValue: isValue, linesOf: linesOf, canWriteInPlace: canWriteInPlace, stavesOf: stavesOf
    };
}
