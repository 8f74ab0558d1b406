// A score as a MuseScore plugin sees it, exact to the tick, for tests. It throws where MuseScore would silently go wrong: changes outside
// startCmd, values that no note has, writing past the end, notes on a drumset. Knows the plugin API of MuseScore 3.5 to 4.x, not MuseScore.

var WHOLE = 201600; // units: 1920 ticks times 3, 5 and 7, so that tuplets are whole numbers
var TICK = 105;
var Elements = {
    CHORD: 93, REST: 25, BAR_LINE: 10, NOTE: 20, ARTICULATION: 40, DYNAMIC: 43, HARMONY: 47, FERMATA: 38
};
var NORMAL = 1, FINAL = 32, BARLINES = [NORMAL, 2, 4, 8, 16, FINAL, 64, 128];

function Fault(words) {
    this.message = words;
}
Fault.prototype = new Error();

function need(truth, words) {
    if (!truth) {
        throw new Fault(words);
    }
}

function units(fraction) {
    var found = fraction[0] * WHOLE / fraction[1];
    need(Number.isInteger(found), "a length of " + fraction + " isn't exact");
    return found;
}

function wrapped(length) {
    var a = length, b = WHOLE;
    while (b) {
        [a, b] = [b, a % b];
    }
    return { numerator: length / a, denominator: WHOLE / a };
}

function isValue(length) {
    return [1, 3, 7, 15].some(function (n) {
        for (var whole = 4 * WHOLE; whole > WHOLE / 2048; whole /= 2) {
            if (n * whole / (n + 1) * 2 === length || n === 1 && whole === length) {
                return true;
            }
        }
        return false;
    });
}

// `told`: {parts: [{name, staves, program, transposition, drums}], bars: [...] as in editor.schema.json, selection: [first bar, last bar],
// keepsBarLines: what is written to bar lines doesn't last, as in old versions}
function Score(told) {
    this.scoreName = told.name || "test";
    this.told = told;
    this.open = false;
    this.undone = [];
    this.redone = [];
    this.selected = null;
    this.barsSeen = [];
    this.staves = [];
    this.parts = [];
    var self = this;
    told.parts.forEach(function (part) { self.addPart(part); });
    this.state = { bars: [], tracks: {}, tuplets: [], annotations: [] };
    this.load(told.bars);
}

Score.prototype = {
    addPart: function (told) {
        var first = this.staves.length, shift = told.transposition || { chromatic: 0, diatonic: 0 };
        for (var n = 0; n < told.staves; ++n) {
            this.staves.push({ drums: !!told.drums, fifths: 7 * shift.chromatic - 12 * shift.diatonic });
        }
        this.parts.push({
            startTrack: 4 * first, endTrack: 4 * this.staves.length, partName: told.name, longName: told.name,
            midiProgram: (told.program || 1) - 1, hasDrumStaff: !!told.drums
        });
    },

    load: function (bars) {
        var at = 0, time = [4, 4], keys = this.staves.map(function () { return 0; }), self = this;
        bars.forEach(function (told) {
            time = told.time || time;
            keys = told.keys || keys;
            var bar = { at: at, length: units(told.length || time), time: time, keys: keys, line: told.final ? { type: FINAL, generated: false } : null };
            self.state.bars.push(bar);
            self.staves.forEach(function (_, staff) { self.track(4 * staff).push(self.rest(at, bar.length, true)); });
            told.voices.forEach(function (voice) { self.loadVoice(voice, bar); });
            at += bar.length;
        });
        var last = this.state.bars[this.state.bars.length - 1];
        last.line = last.line || { type: NORMAL, generated: false };
        this.drawBarLines();
    },

    loadVoice: function (voice, bar) {
        var track = this.track(4 * voice.staff + voice.voice);
        for (var n = track.length - 1; n >= 0 && track[n].at >= bar.at; --n) {
            track.pop();
        }
        this.loadEvents(voice.events, track, bar.at, 1, null, bar, this.staves[voice.staff].fifths);
    },

    loadEvents: function (events, track, at, ratio, tuplet, bar, fifths) {
        var self = this;
        events.forEach(function (event) {
            if (event.events) {
                var made = { actual: event.tuplet[0], normal: event.tuplet[1], at: at, duration: units(event.duration), outer: tuplet };
                self.state.tuplets.push(made);
                at = self.loadEvents(event.events, track, at, ratio * event.tuplet[1] / event.tuplet[0], self.state.tuplets.length - 1, bar, fifths);
                return;
            }
            var nominal = event.duration === "bar" ? bar.length : units(event.duration);
            var item = self.rest(at, Math.round(nominal * ratio), event.duration === "bar");
            item.nominal = nominal;
            item.tuplet = tuplet;
            item.visible = !event.hidden;
            item.grace = event.grace || 0;
            item.notes = (event.notes || []).map(function (note) { return { pitch: note.pitch, tpc1: note.tpc, tpc2: note.tpc - fifths, tie: !!note.tie }; });
            track.push(item);
            at += item.length;
        });
        return at;
    },

    rest: function (at, length, whole) {
        return { at: at, length: length, nominal: length, notes: [], tuplet: null, visible: true, whole: !!whole, signs: [], grace: 0 };
    },

    track: function (number) {
        return this.state.tracks[number] = this.state.tracks[number] || [];
    },

    // ------------------------------------------------------------------------------------------------- what plugins see

    get firstMeasure() { return this.measure(0); },
    get nmeasures() { return this.state.bars.length; },
    get nstaves() { return this.staves.length; },
    get end() { var last = this.state.bars[this.state.bars.length - 1]; return last ? last.at + last.length : 0; },

    measure: function (index) {
        var bar = this.state.bars[index], self = this;
        if (!bar) {
            return null;
        }
        return {
            get firstSegment() { return self.segmentsOf(bar)[0]; },
            get lastSegment() { var all = self.segmentsOf(bar); return all[all.length - 1]; },
            get nextMeasure() { return self.measure(index + 1); },
            timesigNominal: { numerator: bar.time[0], denominator: bar.time[1] },
            timesigActual: wrapped(bar.length)
        };
    },

    segmentsOf: function (bar) {
        var places = {}, self = this;
        Object.keys(this.state.tracks).forEach(function (track) {
            self.state.tracks[track].forEach(function (item) {
                if (item.at >= bar.at && item.at < bar.at + bar.length) {
                    places[item.at] = true;
                }
            });
        });
        var ats = Object.keys(places).map(Number).sort(function (a, b) { return a - b; });
        var segments = ats.map(function (at, n) {
            return {
                tick: Math.round(at / TICK),
                get nextInMeasure() { return segments[n + 1]; },
                elementAt: function (track) { return self.element(track, self.itemAt(track, at)); }
            };
        });
        if (bar.line) {
            segments.push({
                tick: Math.round((bar.at + bar.length) / TICK), nextInMeasure: null,
                elementAt: function () { return self.barLine(bar.line); }
            });
        }
        return segments;
    },

    barLine: function (line) {
        var self = this;
        return {
            type: Elements.BAR_LINE,
            get generated() { return line.generated; },
            get barlineType() { return line.type; },
            set barlineType(type) {
                self.changes("barlineType");
                need(BARLINES.indexOf(type) >= 0, "there is no bar line " + type);
                if (self.told.keepsBarLines) {
                    return;
                }
                line.generated = !line.generated && type === NORMAL;
                line.type = type;
            }
        };
    },

    // Bars without a line get one, the last bar a final one. As in MuseScore, this is done at a command's end, and lines that somebody set stay.
    drawBarLines: function () {
        this.state.bars.forEach(function (bar, n, bars) {
            if (!bar.line || bar.line.generated) {
                bar.line = { type: n === bars.length - 1 ? FINAL : NORMAL, generated: true };
            }
        });
    },

    itemAt: function (track, at) {
        return (this.state.tracks[track] || []).find(function (item) { return item.at === at; }) || null;
    },

    element: function (track, item) {
        var self = this;
        if (!item) {
            return null;
        }
        return {
            type: item.notes.length ? Elements.CHORD : Elements.REST,
            place: { track: track, at: item.at },
            get duration() { return wrapped(item.nominal); },
            get tuplet() { return self.tuplet(item.tuplet); },
            get notes() { return item.notes.map(function (note) { return self.note(track, item, note); }); },
            get graceNotes() { return new Array(item.grace); },
            get visible() { return item.visible; },
            set visible(seen) { self.changes("visible"); item.visible = seen; }
        };
    },

    tuplet: function (index) {
        var found = this.state.tuplets[index], self = this;
        return index === null || !found ? null : {
            actualNotes: found.actual, normalNotes: found.normal, duration: wrapped(found.duration),
            get tuplet() { return self.tuplet(found.outer); }
        };
    },

    note: function (track, item, note) {
        var self = this;
        function spelled(name) {
            return {
                get: function () { return note[name]; },
                set: function (tpc) {
                    self.changes(name);
                    need(tpc >= -1 && tpc <= 33, "there is no spelling " + tpc);
                    note[name] = tpc;
                }
            };
        }
        return Object.defineProperties({ pitch: note.pitch, place: { track: track, at: item.at } }, {
            tpc: { get: function () { return note.tpc2; } }, tpc1: spelled("tpc1"), tpc2: spelled("tpc2"),
            tieForward: {
                get: function () {
                    var next = note.tie && self.itemAt(track, item.at + item.length);
                    var end = next && next.notes.find(function (other) { return other.pitch === note.pitch; });
                    return end ? { endNote: self.note(track, next, end) } : null;
                }
            }
        });
    },

    newCursor: function () { return new Cursor(this); },

    get selection() {
        var self = this;
        return {
            select: function (element, add) {
                need(!add && element.place, "only one note or rest is selected");
                self.selected = element.place;
                return true;
            }
        };
    },

    // The command that selects what follows, and moves the view there.
    goToNextChord: function () {
        need(!this.open, "a command within a command");
        need(this.selected, "nothing is selected");
        var at = this.selected.at, next = this.track(this.selected.track).find(function (item) { return item.at > at; });
        need(next, "nothing follows");
        this.selected = { track: this.selected.track, at: next.at };
        this.barsSeen.push(this.state.bars.indexOf(this.barAt(next.at)) + 1);
    },

    // ---------------------------------------------------------------------------------------------------------- changes

    changes: function (what) { need(this.open, what + " outside of startCmd"); },

    startCmd: function () {
        need(!this.open, "startCmd twice");
        this.open = true;
        this.before = JSON.stringify(this.state);
    },

    endCmd: function (rollback) {
        need(this.open, "endCmd without startCmd");
        this.open = false;
        if (rollback) {
            this.state = JSON.parse(this.before);
        } else {
            this.drawBarLines();
            this.undone.push(this.before);
            this.redone = [];
        }
    },

    undo: function () {
        need(!this.open, "undo within a command");
        need(this.undone.length, "nothing to undo");
        this.redone.push(JSON.stringify(this.state));
        this.state = JSON.parse(this.undone.pop());
    },

    redo: function () {
        need(!this.open, "redo within a command");
        need(this.redone.length, "nothing to redo");
        this.undone.push(JSON.stringify(this.state));
        this.state = JSON.parse(this.redone.pop());
    },

    // What a composer does meanwhile: the first bar's first note goes up an octave.
    edit: function () {
        this.startCmd();
        this.track(0)[0].notes[0].pitch += 12;
        this.endCmd();
    },

    appendMeasures: function (count) {
        this.changes("appendMeasures");
        need(count > 0, "appendMeasures of " + count);
        for (; count; --count) {
            var last = this.state.bars[this.state.bars.length - 1], at = this.end, self = this;
            var bar = { at: at, length: units(last.time), time: last.time, keys: last.keys, line: null };
            this.state.bars.push(bar);
            this.staves.forEach(function (_, staff) { self.track(4 * staff).push(self.rest(at, bar.length, true)); });
        }
    },

    barAt: function (at) {
        return this.state.bars.find(function (bar) { return at >= bar.at && at < bar.at + bar.length; });
    },

    // A voice that isn't there yet in a bar rests in it.
    expand: function (track, at) {
        var bar = this.barAt(at), items = this.track(track);
        need(bar, "writing past the last bar");
        if (!items.some(function (item) { return item.at >= bar.at && item.at < bar.at + bar.length; })) {
            items.push(this.rest(bar.at, bar.length, true));
            this.sort(track);
        }
    },

    sort: function (track) {
        this.track(track).sort(function (a, b) { return a.at - b.at; });
    },

    // Makes room from `at` on, in one bar; what was there and is longer leaves rests.
    clear: function (track, at, length, tuplet) {
        this.expand(track, at);
        var end = at + length, kept = [], self = this;
        this.track(track).forEach(function (item) {
            var after = item.at + item.length;
            if (after <= at || item.at >= end) {
                kept.push(item);
                return;
            }
            need(item.tuplet === tuplet || tuplet === null && self.isWithin(item.tuplet, at, end), "this tears a tuplet");
            var ratio = item.nominal / item.length;
            [[item.at, at], [end, after]].forEach(function (span) {
                if (span[1] > span[0]) {
                    var rest = self.rest(span[0], span[1] - span[0], false);
                    rest.nominal = rest.length * ratio;
                    rest.tuplet = item.tuplet === tuplet ? tuplet : null;
                    kept.push(rest);
                }
            });
        });
        this.state.tracks[track] = kept;
    },

    isWithin: function (index, at, end) {
        var found = this.state.tuplets[index];
        return !!found && found.at >= at && found.at + found.duration <= end;
    },

    put: function (track, at, length, nominal, tuplet, notes) {
        this.clear(track, at, length, tuplet);
        var item = this.rest(at, length, false);
        item.nominal = nominal;
        item.tuplet = tuplet;
        item.notes = notes;
        this.track(track).push(item);
        this.sort(track);
        return item;
    },

    // ---------------------------------------------------------------------------------------------- for the tests' eyes

    // The score as in editor.schema.json, told by this model and not by the plugin.
    tell: function () {
        var self = this;
        return this.state.bars.map(function (bar) {
            var told = { length: [wrapped(bar.length).numerator, wrapped(bar.length).denominator], voices: [] };
            if (bar.line.type === FINAL) {
                told.final = true;
            }
            Object.keys(self.state.tracks).map(Number).sort(function (a, b) { return a - b; }).forEach(function (track) {
                var items = self.track(track).filter(function (item) { return item.at >= bar.at && item.at < bar.at + bar.length; });
                if (items.length) {
                    told.voices.push({ staff: Math.floor(track / 4), voice: track % 4, events: self.tellItems(items) });
                }
            });
            return told;
        });
    },

    tellItems: function (items) {
        var found = [], inside = {}, self = this;
        items.forEach(function (item) {
            var told = self.tellItem(item);
            if (item.tuplet === null) {
                found.push(told);
                return;
            }
            if (!inside[item.tuplet]) {
                var tuplet = self.state.tuplets[item.tuplet], length = wrapped(tuplet.duration);
                inside[item.tuplet] = { tuplet: [tuplet.actual, tuplet.normal], duration: [length.numerator, length.denominator], events: [] };
                found.push(inside[item.tuplet]);
            }
            inside[item.tuplet].events.push(told);
        });
        return found;
    },

    tellItem: function (item) {
        var length = wrapped(item.nominal), told = { duration: item.whole ? "bar" : [length.numerator, length.denominator] };
        if (!item.visible) {
            told.hidden = true;
        }
        if (item.notes.length) {
            told.notes = item.notes.map(function (note) { return note.tie ? { pitch: note.pitch, tpc: note.tpc1, tie: true } : { pitch: note.pitch, tpc: note.tpc1 }; });
        }
        if (item.signs.length) {
            told.signs = item.signs;
        }
        return told;
    }
};

function Cursor(score) {
    this.score = score;
    this.track = 0;
    this.at = null;
    this.length = WHOLE / 4;
    this.last = null;
}

Cursor.prototype = {
    get staffIdx() { return Math.floor(this.track / 4); },
    set staffIdx(staff) { this.track = 4 * staff + this.voice; },
    get voice() { return this.track % 4; },
    set voice(voice) { this.track = 4 * this.staffIdx + voice; },
    get tick() { return this.at === null ? 0 : Math.round(this.at / TICK); },
    get element() { return this.at === null ? null : this.score.element(this.track, this.score.itemAt(this.track, this.at)); },
    get keySignature() { return this.score.barAt(this.at).keys[this.staffIdx] - this.score.staves[this.staffIdx].fifths; },
    get segment() { return this.at === null ? null : { tick: this.tick }; },

    // To the first place from `at` on where the track has something.
    seek: function (at) {
        var found = this.score.track(this.track).find(function (item) { return item.at >= at; });
        this.at = found ? found.at : null;
    },

    rewind: function (mode) {
        var told = this.score.told.selection, bars = this.score.state.bars;
        if (mode === 0) {
            this.seek(0);
        } else if (told && mode === 1) {
            this.seek(bars[told[0]].at);
        } else if (told && mode === 2) {
            this.at = bars[told[1] + 1] ? bars[told[1] + 1].at : null;
        }
    },

    rewindToTick: function (tick) {
        need(tick >= 0 && tick * TICK < this.score.end + TICK, "rewindToTick past the end");
        var places = [];
        for (var track in this.score.state.tracks) {
            this.score.state.tracks[track].forEach(function (item) { places.push(item.at); });
        }
        this.seek(Math.max.apply(null, places.filter(function (at) { return Math.round(at / TICK) <= tick; })));
    },

    nextMeasure: function () {
        var bar = this.score.barAt(this.at), next = this.score.state.bars[this.score.state.bars.indexOf(bar) + 1];
        if (next) {
            this.seek(next.at);
        } else {
            this.at = null;
        }
        return !!next;
    },

    setDuration: function (numerator, denominator) {
        var length = units([numerator, denominator]);
        need(isValue(length), numerator + "/" + denominator + " is no note value");
        this.length = length;
    },

    addNote: function (pitch, addToChord) {
        this.score.changes("addNote");
        need(Number.isInteger(pitch) && pitch >= 0 && pitch <= 127, "there is no pitch " + pitch);
        need(!this.score.staves[this.staffIdx].drums, "addNote on a drumset");
        if (addToChord) {
            need(this.last && this.last.notes.length && !this.last.parted, "addNote to no chord");
            need(this.last.notes.every(function (note) { return note.pitch !== pitch; }), "a pitch twice in a chord");
            this.last.notes.push(this.note(pitch));
            this.last.notes.sort(function (a, b) { return a.pitch - b.pitch; });
            return;
        }
        this.write([this.note(pitch)]);
    },

    note: function (pitch) { // spelled as MuseScore would by itself: as in C major
        var tpc = [14, 21, 16, 11, 18, 13, 20, 15, 22, 17, 12, 19][pitch % 12];
        return { pitch: pitch, tpc1: tpc, tpc2: tpc - this.score.staves[this.staffIdx].fifths, tie: false };
    },

    addRest: function () {
        this.score.changes("addRest");
        this.write([]);
    },

    write: function (notes) {
        need(this.at !== null, "writing past the last bar");
        var here = this.score.itemAt(this.track, this.at), tuplet = here ? here.tuplet : null, left = this.length, at = this.at;
        if (tuplet !== null) {
            var found = this.score.state.tuplets[tuplet], length = left * found.normal / found.actual;
            need(at + length <= found.at + found.duration, "a note beyond its tuplet");
            this.last = this.score.put(this.track, at, length, left, tuplet, notes);
            at += length;
            left = 0;
        }
        for (var parted = false; left; parted = true) {
            var bar = this.score.barAt(at);
            need(bar, "writing past the last bar");
            var piece = Math.min(left, bar.at + bar.length - at);
            left -= piece;
            var tied = notes.map(function (note) { return { pitch: note.pitch, tpc1: note.tpc1, tpc2: note.tpc2, tie: left > 0 }; });
            this.last = this.score.put(this.track, at, piece, piece, null, tied);
            this.last.parted = parted || left > 0;
            at += piece;
        }
        this.seek(at);
        var next = this.score.barAt(at);
        if (next && this.at !== at) { // the next input position of a voice that isn't there
            this.at = at;
        }
    },

    addTuplet: function (ratio, duration) {
        this.score.changes("addTuplet");
        var actual = ratio.numerator, normal = ratio.denominator, length = units([duration.numerator, duration.denominator]);
        var bar = this.score.barAt(this.at), here = this.score.itemAt(this.track, this.at);
        need(isValue(length / normal), "no note value for a tuplet of " + actual + ":" + normal);
        need(this.at + length <= bar.at + bar.length, "a tuplet over the bar line");
        need(!here || here.tuplet === null, "a tuplet in a tuplet");
        this.score.clear(this.track, this.at, length, null);
        this.score.state.tuplets.push({ actual: actual, normal: normal, at: this.at, duration: length, outer: null });
        for (var n = 0; n < actual; ++n) {
            var item = this.score.rest(this.at + n * length / actual, length / actual, false);
            item.nominal = length / normal;
            item.tuplet = this.score.state.tuplets.length - 1;
            this.score.track(this.track).push(item);
        }
        this.score.sort(this.track);
    },

    add: function (element) {
        this.score.changes("add");
        var item = this.at === null ? null : this.score.itemAt(this.track, this.at);
        need(item && item.notes.length, "a sign at no chord");
        need(element.symbol || element.text, "a sign that says nothing");
        item.signs.push(String(element.symbol || element.text));
    }
};

if (typeof module !== "undefined") {
    module.exports = { Score: Score, Elements: Elements };
}
