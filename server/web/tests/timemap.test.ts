import { VerovioToolkit } from "verovio/esm";
import createModule from "verovio/wasm";
import { expect, test } from "vitest";
import { displayCopy } from "../src/score/display";
import { write } from "../src/score/musicxml";
import { momentAt, momentsOf, spanOf, startOfBar, type TimemapEntry } from "../src/sound/timemap";
import { attributes, NOTE, score } from "./scores";

const MOMENTS = momentsOf([
  { tstamp: 0, on: ["a", "b"], measureOn: "bar-0" },
  { tstamp: 500, off: ["a"], on: ["c"] },
  { tstamp: 1000, off: ["b", "c"], on: ["a-rend2"], measureOn: "bar-0-rend2" },
  { tstamp: 1500, off: ["a-rend2"], measureOn: "bar-1" },
]);

test("a note sounds from its on to its off", () => {
  expect(momentAt(MOMENTS, 0.2)?.sounding).toEqual(["a", "b"]);
  expect(momentAt(MOMENTS, 0.5)?.sounding).toEqual(["b", "c"]);
  expect(momentAt(MOMENTS, -1)).toBeNull();
});

test("a repeat colours the notes that are written", () => {
  expect(momentAt(MOMENTS, 1.1)).toMatchObject({ sounding: ["a"], bar: 0 });
});

test("a bar is found by its place", () => {
  expect(startOfBar(MOMENTS, 1)).toBe(1.5);
  expect(startOfBar(MOMENTS, 7)).toBe(0);
});

test("new bars after a repeat are heard at once, and a bar within it the first time", { timeout: 30_000 }, async () => {
  const metre = attributes("<divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time>");
  const repeat = "<barline location='right'><repeat direction='backward'/></barline>";
  const toolkit = new VerovioToolkit(await createModule());
  toolkit.loadData(write(displayCopy(score([metre + NOTE, NOTE + repeat, NOTE]))));
  toolkit.renderToMIDI();
  const moments = momentsOf(toolkit.renderToTimemap({ includeMeasures: true }) as TimemapEntry[]);
  expect([0, 1, 2].map((bar) => startOfBar(moments, bar))).toEqual([0, 2, 8]);
  expect(momentAt(moments, startOfBar(moments, 2))?.bar).toBe(2);
});

test("a bar that repeats leave out begins with the next one that is heard", () => {
  const jumped = momentsOf([0, 4, 1, 2, 6].map((bar, at) => ({ tstamp: at * 1000, measureOn: `bar-${bar}` })));
  expect(startOfBar(jumped, 2)).toBe(3);
  expect(startOfBar(jumped, 5)).toBe(4);
});

test("bars that are looped last from their first moment to the next one that is elsewhere", () => {
  const moments = [0, 1, 2, 0, 1, 2, 3].map((bar, second) => ({ seconds: second, sounding: [], bar }));
  expect(spanOf(moments, { from: 1, to: 3 })).toEqual({ from: 1, to: 3 });
  expect(spanOf(moments, { from: 3, to: 4 })).toEqual({ from: 6, to: 6 });
  expect(spanOf(moments, null)).toEqual({ from: 0, to: 6 });
  expect(spanOf(moments, { from: 9, to: 12 })).toEqual({ from: 0, to: 6 });
});
