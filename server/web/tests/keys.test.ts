import createModule from "verovio/wasm";
import { VerovioToolkit } from "verovio/esm";
import { expect, test } from "vitest";
import { displayCopy } from "../src/score/display";
import { patchKeys, signature, unequalKeyChanges } from "../src/score/keys";
import { read, write } from "../src/score/musicxml";
import { attributes, key, NOTE, score } from "./scores";

const CLARINET_AND_VIOLIN = score(
  [attributes(`<divisions>1</divisions>${key(2)}`) + NOTE, attributes(key(-1)) + NOTE],
  [attributes(`<divisions>1</divisions>${key(0)}`) + NOTE, attributes(key(-3)) + NOTE],
);

test("changes at which the staves differ are found with the key of each staff", () => {
  expect(unequalKeyChanges(read(CLARINET_AND_VIOLIN))).toEqual([{ bar: 1, fifths: [-1, -3] }]);
  expect(unequalKeyChanges(read(score([attributes(key(0)) + NOTE, attributes(key(1)) + NOTE])))).toEqual([]);
});

test("verovio draws each staff's own key after a change, which it doesn't by itself", { timeout: 30_000 }, async () => {
  const toolkit = new VerovioToolkit(await createModule());
  const flats = (): number[] => {
    const picture = read(toolkit.renderToSVG(1));
    const measure = Array.from(picture.querySelectorAll("g.measure"))[1] as Element;
    return Array.from(measure.querySelectorAll("g.staff")).map((staff) => staff.querySelectorAll("g.keyAccid").length);
  };
  const tree = displayCopy(CLARINET_AND_VIOLIN);
  toolkit.setOptions({ breaks: "none" });
  toolkit.loadData(write(tree));
  const before = flats();
  const mei = read(toolkit.getMEI({}));
  patchKeys(mei, unequalKeyChanges(tree));
  toolkit.loadData(write(mei));
  expect(before[0]).toBe(before[1]);
  expect(flats()[1]).toBeGreaterThan(flats()[0] as number);
});

test("signatures are written in MEI's words", () => {
  expect([0, 3, -2].map(signature)).toEqual(["0", "3s", "2f"]);
});
