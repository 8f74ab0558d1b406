// The server's new bars into a MuseScore score, through its Cursor as one undo step, or into MusicXML that it opens.
// ES5, for MuseScore 3 has an old engine. All stands inside one function, for in some versions of MuseScore 4 what stands at the top of a
// script is undefined when its functions run.

function make(texts, reading) {
    var Refusal = texts.Refusal;
    var plus = reading.plus;
    var isSame = reading.isSame;
    var isValue = reading.isValue;
    var barsOf = reading.barsOf;
    var isChord = reading.isChord;
    var hasNotes = reading.hasNotes;
    var finalBarLine = reading.finalBarLine;
    var count = reading.count;

    var NORMAL_BARLINE = 1;

    // Puts the bars of a continuation into the score as one undo step. Returns {first: the number of the first new bar, from 0,
    // leftOut: what could not be put in, counted by name, notes: keys of texts about what else isn't as it should be}.
    function insert(host, plan, continuation) {
        var score = host.score, leftOut = {}, notes = [], missing = continuation.bars.length - plan.fill;
        var first = plan.note ? plan.bars.length : plan.last + 1;
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
            var all = barsOf(host), bars = all.slice(first);
            if (missing > 0 && !moveFinalBarLine(all[plan.bars.length - 1])) {
                notes.push("finalStays");
            }
            checkRoom(bars, continuation.bars);
            linesOf(continuation.bars, leftOut).forEach(function (line) {
                writeLine(host, plan.staves[line.staff].index, line, bars, leftOut);
            });
        } catch (fault) {
            score.endCmd(true);
            throw fault.key ? fault : new Refusal("notWritten", [fault.message || String(fault)]);
        }
        score.endCmd();
        return { first: first, leftOut: leftOut, notes: notes };
    }

    // Takes the final bar line from what was the last bar; MuseScore draws one after the new last bar by itself. A line that MuseScore drew
    // by itself moves by itself. Returns whether none stays.
    function moveFinalBarLine(bar) {
        var line = finalBarLine(bar);
        if (!line || line.generated) {
            return true;
        }
        try {
            line.barlineType = NORMAL_BARLINE;
        } catch (fault) {
            return false;
        }
        return !finalBarLine(bar);
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

    // MusicXML

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

    function inTag(element, tag) {
        var found = element.match(new RegExp("<" + tag + ">([^<]*)<"));
        return found ? found[1] : "";
    }

    return {
        insert: insert, isAsBefore: isAsBefore, linesOf: linesOf, firstMeasures: firstMeasures, withSilence: withSilence, walkMeasure: walkMeasure, inTag: inTag
    };
}

if (typeof module !== "undefined") {
    module.exports = make;
}
