import { expect, test } from "vitest";
import { displayCopy, withNewBars } from "../src/score/display";
import { cutBefore } from "../src/score/excerpt";
import { measuresOf, partsOf, write } from "../src/score/musicxml";
import { attributes, NOTE, score } from "./scores";

test("rests over several bars are not collapsed in the display copy", () => {
  const rest = attributes("<measure-style><multiple-rest>2</multiple-rest></measure-style>");
  expect(write(displayCopy(score([rest + NOTE, NOTE])))).not.toContain("multiple-rest");
});

test("the metre doesn't end in the midst of a piece, where verovio would crash", () => {
  const free = attributes("<time><senza-misura/></time>");
  const tree = displayCopy(score([free + NOTE, free + NOTE], [NOTE, free + NOTE]));
  expect(Array.from(tree.getElementsByTagName("senza-misura")).map((one) => one.closest("measure")?.id)).toEqual([
    "bar-0",
  ]);
});

test("a staff without a written clef gets one: treble above, bass below", () => {
  const tree = displayCopy(
    score([
      attributes("<divisions>1</divisions><staves>2</staves><transpose><chromatic>0</chromatic></transpose>") + NOTE,
    ]),
  );
  const written = Array.from(tree.getElementsByTagName("attributes")[0]?.children ?? []).map(
    (one) => `${one.localName} ${one.getAttribute("number") ?? ""}`,
  );
  expect(written).toEqual(["divisions ", "staves ", "clef 1", "clef 2", "transpose "]);
  expect(Array.from(tree.getElementsByTagName("sign")).map((sign) => sign.textContent)).toEqual(["G", "F"]);
});

test("a written clef stays alone, and a score without attributes gets a clef too", () => {
  const clef = "<clef><sign>C</sign><line>3</line></clef>";
  expect(displayCopy(score([attributes(clef) + NOTE])).getElementsByTagName("clef")).toHaveLength(1);
  expect(displayCopy(score([NOTE])).getElementsByTagName("sign")[0]?.textContent).toBe("G");
});

test("unpitched parts get the percussion clef", () => {
  const tree = displayCopy(score(["<note><unpitched/><duration>4</duration></note>"]));
  expect(tree.getElementsByTagName("sign")[0]?.textContent).toBe("percussion");
});

test("new bars follow the last one, whose final bar line goes, and repeats stay", () => {
  const final = "<barline location='right'><bar-style>light-heavy</bar-style></barline>";
  const repeat = "<barline location='right'><bar-style>light-heavy</bar-style><repeat direction='backward'/></barline>";
  const tree = withNewBars(
    displayCopy(score([NOTE + final], [NOTE + repeat])),
    [{ P1: `<measure number="2">${NOTE}</measure>`, P2: `<measure number="2">${NOTE}</measure>` }],
    1,
  );
  expect(partsOf(tree).map((part) => measuresOf(part).length)).toEqual([2, 2]);
  expect(tree.getElementsByTagName("barline")).toHaveLength(1);
  expect(measuresOf(partsOf(tree)[0] as Element)[1]?.getAttribute("id")).toBe("bar-1");
});

test("sounds that the sound font lacks are played by a relative", () => {
  const xml = score([NOTE]).replace(
    "</part-name>",
    '</part-name><midi-instrument id="I"><midi-program>42</midi-program></midi-instrument>',
  );
  expect(displayCopy(xml).getElementsByTagName("midi-program")[0]?.textContent).toBe("41");
});

test("bars keep their places in an excerpt, also the new ones", () => {
  const excerpt = cutBefore(displayCopy(score([NOTE, NOTE, NOTE])), 2);
  const longer = withNewBars(excerpt, [{ P1: `<measure number="4">${NOTE}</measure>` }], 3);
  expect(measuresOf(partsOf(longer)[0] as Element).map((measure) => measure.id)).toEqual(["bar-2", "bar-3"]);
});

test("new bars replace those that are there, and a part that they don't name keeps its own", () => {
  const tree = withNewBars(
    displayCopy(score([NOTE, NOTE, NOTE], [NOTE, NOTE, NOTE])),
    [{ P2: '<measure number="2"><note id="new"/></measure>' }],
    1,
  );
  expect(partsOf(tree).map((part) => measuresOf(part).length)).toEqual([3, 3]);
  expect(partsOf(tree).map((part) => measuresOf(part).map((measure) => measure.innerHTML.includes("new")))).toEqual([
    [false, false, false],
    [false, true, false],
  ]);
});
