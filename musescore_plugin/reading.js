// A MuseScore score as the document that the server reads (editor.schema.json): staves, bars, voices, fractions.
// ES5, for MuseScore 3 has an old engine. All stands inside one function, for in some versions of MuseScore 4 what stands at the top of a
// script is undefined when its functions run.

function make(texts) {
    var text = texts.text;
    var Refusal = texts.Refusal;

    var FORMAT = 1;
    var MOST_BARS_SENT = 64;
    var FINAL_BARLINE = 32;

    // fractions

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

    // the score

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
        if (closes(plan)) {
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

    function closes(plan) {
        return plan.last + plan.fill === plan.bars.length - 1 && !!finalBarLine(plan.bars[plan.bars.length - 1]);
    }

    // The final bar line at a bar's end; null where it ends otherwise.
    function finalBarLine(bar) {
        var line = bar.measure.lastSegment.elementAt(0);
        return line && Number(line.barlineType) === FINAL_BARLINE ? line : null;
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

    // The last note or rest of a bar in a staff's first voice, which is never empty.
    function lastIn(bar, staff, host) {
        var all = tracksOf(bar, [staff])[4 * staff.index], last = all[all.length - 1].element;
        return isChord(last, host) ? last.notes[0] : last;
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

    return {
        fraction: fraction, plus: plus, times: times, isSame: isSame, isValue: isValue, valuesFor: valuesFor, stavesOf: stavesOf, barsOf: barsOf, isChord: isChord, hasNotes: hasNotes, finalBarLine: finalBarLine, lastIn: lastIn, planFor: planFor, documentFor: documentFor, count: count
    };
}

if (typeof module !== "undefined") {
    module.exports = make;
}
