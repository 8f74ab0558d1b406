import { expect, test } from "vitest";
import type { Version } from "../src/desk/version";
import { isPossible } from "../src/desk/tasks";
import { askedOf, DEFAULT_WISHES } from "../src/desk/writing";
import { silentRun } from "../src/score/silence";
import { NOTE, score } from "./scores";

const REST = "<note><rest/><duration>4</duration></note>";
const GAPS = score([NOTE, REST, NOTE, REST, REST, NOTE, REST, REST, REST], [NOTE, REST, NOTE, REST, REST, NOTE]);
const version = (xml: string, bars: number): Version => ({ name: "a", xml, bars, compact: null, fresh: null, origin: "opened" });

test("the gap is the longest silence that has music on both sides", () => {
  expect(silentRun(GAPS)).toEqual({ from: 3, to: 5 });
  expect(silentRun(score([NOTE, NOTE]))).toBeNull();
  expect(silentRun(score([REST, NOTE]))).toBeNull();
});

test("new bars follow the last one, a gap is found, and other tasks mean all bars until some are chosen", () => {
  const asked = (task: "continue" | "infill" | "harmonise" | "vary") => askedOf(version(GAPS, 9), { ...DEFAULT_WISHES, task });
  expect(asked("continue")).toEqual({ from: 9, to: 17 });
  expect(asked("infill")).toEqual({ from: 3, to: 5 });
  expect(asked("vary")).toEqual({ from: 0, to: 9 });
  expect(askedOf(version(GAPS, 9), { ...DEFAULT_WISHES, task: "harmonise", range: { from: 1, to: 2 } })).toEqual({ from: 1, to: 2 });
});

test("what a score is too small for can't be chosen", () => {
  expect(isPossible("infill", 2)).toBe(false);
  expect(isPossible("vary", 1)).toBe(true);
});
