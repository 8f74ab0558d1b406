// The plugin's scripts alone in Node, over the stand-in's score: `node --test`.

const test = require("node:test");
const assert = require("node:assert");
const path = require("node:path");
const plugin = require("./plugin.js");
const { Score, Elements } = require(path.join(__dirname, "../musescore_standin/score.js"));

function hostFor(told) {
    const score = new Score(told);
    return {
        score, division: 480, CHORD: Elements.CHORD, language: "en", version: [4, 4, 0],
        fraction: (numerator, denominator) => ({ numerator, denominator }), element: () => null
    };
}

// The same random numbers each time.
function dice(seed) {
    return (most) => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return seed % most;
    };
}

const TPC = [14, 21, 16, 11, 18, 13, 20, 15, 22, 17, 12, 19];

function note(roll) {
    const pitch = 48 + roll(30);
    return { pitch, tpc: TPC[pitch % 12] };
}

function chord(roll) {
    const notes = [note(roll)];
    if (roll(3) === 0) {
        const other = note(roll);
        if (other.pitch !== notes[0].pitch) {
            notes.push(other);
        }
    }
    return notes.sort((a, b) => a.pitch - b.pitch);
}

function event(duration, roll, hides) {
    const found = { duration };
    if (roll(5)) {
        found.notes = chord(roll);
    } else if (hides) {
        found.hidden = true;
    }
    return found;
}

// Events that fill so many sixteenths.
function events(sixteenths, roll, hides) {
    const found = [];
    while (sixteenths) {
        const length = [8, 6, 4, 3, 2, 1].filter((n) => n <= sixteenths)[roll(6) % [8, 6, 4, 3, 2, 1].filter((n) => n <= sixteenths).length];
        const tuplet = { 4: [3, 2], 2: [5, 4] }[length];
        if (tuplet && roll(4) === 0) {
            const inner = [1, 4 * 4 * tuplet[1] / length / 1];
            found.push({ duration: plugin.valuesFor([length, 16])[0], tuplet, events: Array.from({ length: tuplet[0] }, () => event(inner, roll)) });
        } else {
            found.push(event({ 8: [1, 2], 6: [3, 8], 4: [1, 4], 3: [3, 16], 2: [1, 8], 1: [1, 16] }[length], roll, hides));
        }
        sixteenths -= length;
    }
    return found;
}

function bars(count, time, staves, roll) {
    return Array.from({ length: count }, () => {
        const sixteenths = time[0] * 16 / time[1], voices = [];
        for (let staff = 0; staff < staves; ++staff) {
            voices.push({ staff, voice: 0, events: events(sixteenths, roll) });
            for (let voice = 1; voice < 4 && roll(3) === 0; ++voice) {
                voices.push({ staff, voice, events: events(sixteenths, roll, true) });
            }
        }
        return { length: plugin.valuesFor([time[0], time[1]]).reduce((sum, value) => [sum[0] * value[1] + value[0] * sum[1], sum[1] * value[1]], [0, 1]), voices };
    });
}

function bare(told) {
    return told.map((bar) => ({
        length: bar.length[0] / bar.length[1],
        voices: bar.voices.filter((voice) => voice.events[0].duration !== "bar")
    }));
}

for (let seed = 1; seed <= 60; ++seed) {
    test(`what is written stands there, and what is read is what stands there (${seed})`, () => {
        const roll = dice(seed), staves = 1 + roll(3), time = [[4, 4], [3, 4], [6, 8], [5, 4], [2, 2]][roll(5)];
        const old = bars(1 + roll(3), time, staves, roll), more = bars(1 + roll(4), time, staves, roll);
        old[0] = { ...old[0], time, keys: Array(staves).fill(0) };
        old[0].voices[0].events.splice(0, 1, { duration: old[0].voices[0].events[0].duration, ...(old[0].voices[0].events[0].events ? old[0].voices[0].events[0] : { notes: [{ pitch: 60, tpc: 14 }] }) });
        const host = hostFor({ parts: [{ name: "Part", staves }], bars: old });
        const before = host.score.tell(), plan = plugin.planFor(host, null, "en");
        if (plan.last === old.length - 1) {
            const told = plugin.documentFor(host, plan);
            assert.deepStrictEqual(told.bars.map((bar) => bar.voices), old.map((bar) => bar.voices));
        }
        assert.deepStrictEqual(plugin.insert(host, plan, { bars: more, left_out: {} }), { first: plan.last + 1, leftOut: {}, notes: [] });
        const after = host.score.tell();
        assert.deepStrictEqual(after.slice(0, plan.last + 1), before.slice(0, plan.last + 1));
        assert.deepStrictEqual(bare(after.slice(plan.last + 1)), bare(more));
        host.score.undo();
        assert.deepStrictEqual(host.score.tell(), before);
    });
}

test("a bar line is changed within a command only, and MuseScore draws those that nobody set", () => {
    const bar = { voices: [{ staff: 0, voice: 0, events: [{ duration: [1, 1], notes: [{ pitch: 60, tpc: 14 }] }] }] };
    const { score } = hostFor({ parts: [{ name: "Part", staves: 1 }], bars: [{ ...bar, time: [4, 4], keys: [0] }, { ...bar, final: true }] });
    const ends = () => score.tell().map((told) => !!told.final), line = () => score.measure(1).lastSegment.elementAt(0);
    assert.throws(() => { line().barlineType = 1; }, /outside of startCmd/);
    score.startCmd();
    score.appendMeasures(1);
    score.endCmd();
    assert.deepStrictEqual(ends(), [false, true, true]); // a final line that somebody set stays
    score.startCmd();
    line().barlineType = 1;
    score.appendMeasures(1);
    score.endCmd();
    assert.deepStrictEqual(ends(), [false, false, false, true]);
});

test("every text is there in both languages, with the same places", () => {
    for (const [key, words] of Object.entries({ ...plugin.TEXTS, ...plugin.ERRORS })) {
        assert.strictEqual(words.length, 2, key);
        const places = words.map((text) => (text.match(/\{\d\}/g) || []).sort().join());
        assert.ok(words[0] && words[1], key);
        assert.strictEqual(places[0], places[1], key);
    }
});

test("a length is told by note values", () => {
    assert.deepStrictEqual(plugin.valuesFor([5, 8]), [[1, 2], [1, 8]]);
    assert.deepStrictEqual(plugin.valuesFor([1, 3]), []);
    assert.ok(plugin.isValue([3, 8]) && plugin.isValue([7, 16]) && plugin.isValue([2, 1]));
    assert.ok(!plugin.isValue([5, 8]) && !plugin.isValue([1, 3]));
});

test("MusicXML is cut after a bar in every part", () => {
    const xml = '<part id="P1">\n<measure number="1"><note/></measure>\n<measure number="2"/>\n<measure number="2"></measure></part>';
    assert.strictEqual(plugin.firstMeasures(xml, 1).match(/<measure /g).length, 1);
});

test("a silent part rests in new bars of MusicXML, and only there", () => {
    const note = (duration) => `<note><unpitched/><duration>${duration}</duration></note>`;
    const bars = `<measure number="1">${note(4)}</measure><measure number="2">${note(2)}<direction><direction-type/></direction>${note(2)}` +
        `<backup><duration>4</duration></backup>${note(4)}<barline location="right"/></measure>`;
    const xml = `<part id="P1">${bars}</part><part id="P2">${bars}</part>`;
    const parts = plugin.withSilence(xml, [1], 1).split('<part id="P2">');
    assert.strictEqual(parts[0], `<part id="P1">${bars}</part>`);
    const rest = '<note><rest measure="yes"/><duration>4</duration><voice>1</voice></note>\n';
    assert.strictEqual(parts[1], `<measure number="1">${note(4)}</measure><measure number="2">${rest}<barline location="right"/></measure></part>`);
});

test("into a copy goes what the selection ends with, in place the new bars follow all music", () => {
    const bar = { voices: [{ staff: 0, voice: 0, events: [{ duration: [1, 1], notes: [{ pitch: 60, tpc: 14 }] }] }] };
    const told = { parts: [{ name: "Part", staves: 1 }], bars: [{ ...bar, time: [4, 4], keys: [0] }, bar, bar], selection: [0, 1] };
    const placed = plugin.planFor(hostFor(told), null, "en"), copied = plugin.planFor(hostFor(told), null, "en", true);
    assert.deepStrictEqual([placed.last, placed.note, copied.last, copied.note], [1, "musicFollows", 1, "copyEnds"]);
});

test("versions from 3.5 on are written in place", () => {
    assert.deepStrictEqual([[3, 2], [3, 4], [3, 5], [3, 7], [4, 0], [4, 7]].map(plugin.canWriteInPlace), [false, false, true, true, true, true]);
});

test("the window's drawing of a bar is the same from both kinds of answer", () => {
    const events = plugin.rollOfEvents({
        length: [1, 1], voices: [{ staff: 0, voice: 0, events: [{ duration: [1, 2], notes: [{ pitch: 60, tpc: 14 }, { pitch: 64, tpc: 18 }] }, { duration: [1, 2] }] }]
    });
    const note = (step, more) => `<note>${more}<pitch><step>${step}</step><octave>4</octave></pitch><duration>2</duration></note>`;
    const measures = plugin.rollOfMeasures({ P1: `<measure>${note("C", "")}${note("E", "<chord/>")}<note><rest/><duration>2</duration></note></measure>` });
    assert.deepStrictEqual(measures, events);
});
