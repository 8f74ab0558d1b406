import { expect, test } from "vitest";
import { momentAt, momentsOf, startOfBar } from "../src/sound/timemap";

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
