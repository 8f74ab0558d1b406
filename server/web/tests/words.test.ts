import { expect, test } from "vitest";
import { read } from "../src/score/musicxml";
import { narrator } from "../src/score/words";
import { attributes, key, score } from "./scores";

const of = (...parts: readonly (readonly string[])[]) => narrator(read(score(...parts)));
const words = (content: string): string => of([content])(0)[0]?.words ?? "";
const note = (inner: string, type = "quarter"): string =>
  `<note>${inner}<duration>1</duration><voice>1</voice><type>${type}</type></note>`;
const pitch = (step: string, octave: number, alter = 0): string =>
  `<pitch><step>${step}</step><alter>${alter}</alter><octave>${octave}</octave></pitch>`;

test("a bar is told part by part: lengths, pitches and rests", () => {
  const tell = of([note(pitch("C", 5)) + note("<rest/>", "half")], [note(pitch("B", 3, -1), "whole")]);
  expect(tell(0)).toEqual([
    { part: "Part 1", staff: 1, words: "quarter C5, half rest" },
    { part: "Part 2", staff: 2, words: "whole B flat 3" },
  ]);
  expect(tell(1)).toEqual([]);
});

test("a chord is one thing, and a tie, a dot and a tuplet are told", () => {
  const chord = note(pitch("C", 4)) + note(`<chord/>${pitch("E", 4)}`) + note(`<chord/>${pitch("G", 4, 1)}`);
  expect(words(chord)).toBe("quarter chord C4 E4 G sharp 4");
  expect(
    words(
      `<note>${pitch("D", 5)}<duration>3</duration><tie type="start"/><voice>1</voice><type>half</type><dot/></note>`,
    ),
  ).toBe("dotted half D5 tied");
  const triplet = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>";
  expect(words(`<note>${pitch("D", 5)}<duration>1</duration><type>eighth</type>${triplet}</note>`)).toBe(
    "triplet eighth D5",
  );
});

test("a bar of rest, and a note without a written type, are told by what they last", () => {
  expect(words('<note><rest measure="yes"/><duration>4</duration></note>')).toBe("whole-bar rest");
  expect(words(`${attributes("<divisions>2</divisions>")}<note>${pitch("C", 5)}<duration>5</duration></note>`)).toBe(
    "2.5-quarter C5",
  );
});

test("what lasts is told before the notes, bar lines after them, and directions at the next note", () => {
  const frame = attributes(
    `${key(-3)}<time><beats>3</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef>`,
  );
  const loud = "<direction><direction-type><dynamics><mf/></dynamics></direction-type></direction>";
  const end = '<barline location="right"><bar-style>light-heavy</bar-style></barline>';
  expect(words(frame + note(pitch("C", 5)) + loud + note(pitch("D", 5)) + end)).toBe(
    "key with 3 flats, time 3/4, treble clef; quarter C5, mezzo forte, quarter D5; final bar line",
  );
});

test("signs after the last note are told at the end of their staff", () => {
  const hairpin = '<direction><direction-type><wedge type="crescendo"/></direction-type></direction>';
  expect(words(note(pitch("C", 5)) + hairpin)).toBe("quarter C5, crescendo");
  expect(words(hairpin)).toBe("crescendo");
});

test("staves and voices are told apart where there are several", () => {
  const at = (staff: number, voice: number, step: string): string =>
    `<note>${pitch(step, 4)}<duration>4</duration><voice>${voice}</voice><type>whole</type><staff>${staff}</staff></note>`;
  const back = "<backup><duration>4</duration></backup>";
  const piano = attributes("<staves>2</staves>") + at(2, 5, "C") + back + at(1, 1, "G") + back + at(1, 2, "E");
  expect(words(piano)).toBe("upper staff, voice 1: whole G4; upper staff, voice 2: whole E4; lower staff: whole C4");
});

test("articulations, slurs and lyrics follow their note; hidden notes aren't told", () => {
  const signs = '<notations><slur type="start"/><articulations><staccato/><accent/></articulations></notations>';
  const lyric = "<lyric><syllabic>begin</syllabic><text>Gu</text></lyric>";
  expect(words(`<note>${pitch("C", 5)}<duration>1</duration><type>quarter</type>${signs}${lyric}</note>`)).toBe(
    "quarter C5 slur begins staccato accent “Gu-”",
  );
  expect(words('<note print-object="no"><rest/><duration>1</duration><type>quarter</type></note>')).toBe("empty");
});

test("chord symbols go by their names", () => {
  const symbol = (kind: string): string =>
    `<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root><kind>${kind}</kind><bass><bass-step>D</bass-step></bass></harmony>`;
  expect(words(symbol("dominant") + note(pitch("C", 5)))).toBe(
    "chord symbol B flat dominant seventh over D, quarter C5",
  );
  expect(words(symbol("major-seventh"))).toBe("chord symbol B flat major seventh over D");
});
