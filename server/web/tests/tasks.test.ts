import { expect, test } from "vitest";
import type { Version } from "../src/desk/version";
import { type Capabilities, clamped, type Setting, type Task } from "../src/desk/capabilities";
import { isPossible } from "../src/desk/tasks";
import { askedOf, FIRST_WISHES, givenOf, passageAsked } from "../src/desk/writing";
import { silentRun } from "../src/score/silence";
import { NOTE, score } from "./scores";

const REST = "<note><rest/><duration>4</duration></note>";
const GAPS = score([NOTE, REST, NOTE, REST, REST, NOTE, REST, REST, REST], [NOTE, REST, NOTE, REST, REST, NOTE]);
const task = (id: string, span: Task["span"]): Task => ({
  id,
  path: `/v1/${id}`,
  title: id,
  description: id,
  span,
  settings: [
    { name: "bars", type: "integer", title: "Bars", description: "", ...(span === "after" ? { default: 8 } : {}) },
  ],
});
const OFFERED: Capabilities = {
  model: { id: "m" },
  compared: { candidates: 3 },
  limits: { most_bars: 256, most_candidates: 16 },
  tasks: [task("continue", "after"), task("infill", "gap"), task("vary", "range"), task("fifth", "range")],
  ensembles: [],
};
const version = (xml: string, bars: number): Version => ({
  name: "a",
  xml,
  bars,
  compact: null,
  fresh: null,
  origin: "opened",
});

test("the gap is the longest silence that has music on both sides", () => {
  expect(silentRun(GAPS)).toEqual({ from: 3, to: 5 });
  expect(silentRun(score([NOTE, NOTE]))).toBeNull();
  expect(silentRun(score([REST, NOTE]))).toBeNull();
});

test("new bars follow the last one, a gap is found, and other tasks mean all bars until some are chosen", () => {
  const asked = (task: string) => askedOf(version(GAPS, 9), { ...FIRST_WISHES, task }, OFFERED);
  expect(asked("continue")).toEqual({ from: 9, to: 17 });
  expect(asked("infill")).toEqual({ from: 3, to: 5 });
  expect(asked("vary")).toEqual({ from: 0, to: 9 });
  const chosen = { ...FIRST_WISHES, task: "fifth", range: { from: 1, to: 2 } };
  expect(askedOf(version(GAPS, 9), chosen, OFFERED)).toEqual({ from: 1, to: 2 });
});

test("what a score is too small for can't be chosen", () => {
  expect(isPossible(task("infill", "gap"), 2)).toBe(false);
  expect(isPossible(task("vary", "range"), 1)).toBe(true);
});

test("what a task is given stays, as the server means it until somebody chooses", () => {
  const given: Setting = { name: "given", type: "parts", title: "Parts that stay", description: "", default: "1" };
  const harmonise = { ...task("harmonise", "range"), settings: [given] };
  const offered: Capabilities = { ...OFFERED, tasks: [...OFFERED.tasks, harmonise] };
  const wishes = { ...FIRST_WISHES, task: "harmonise" };
  const two = version(GAPS, 9);
  expect(passageAsked(two, wishes, offered)).toEqual({ from: 0, to: 9, given: [1] });
  expect(passageAsked(two, { ...wishes, given: 2 }, offered).given).toEqual([2]);
  expect(givenOf({ ...wishes, task: "vary", given: 2 }, offered)).toBeNull();
});

test("a whole number is the nearest one that its setting may have", () => {
  const density: Setting = { name: "density", type: "integer", title: "", description: "", minimum: 1, maximum: 128 };
  expect([-3, 2.6, 500].map((value) => clamped(density, value))).toEqual([1, 3, 128]);
});
