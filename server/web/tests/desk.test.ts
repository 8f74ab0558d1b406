import { expect, test } from "vitest";
import { act, current, type Desk, EMPTY } from "../src/desk/desk";
import type { Version } from "../src/desk/version";
import { newsOf } from "../src/desk/writing";
import { NOTE, score } from "./scores";

const OPENED: Version = {
  name: "a.musicxml",
  xml: score([NOTE]),
  compact: "1: c",
  bars: 1,
  fresh: null,
  origin: "opened",
};
const BAR = { P1: `<measure number="2">${NOTE}</measure>` };

function opened(): Desk {
  return act(EMPTY, { do: "open", version: OPENED });
}

function written(): Desk {
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 2 } });
  const bar = act(begun, { do: "news", news: { kind: "bar", candidate: 1, bar: BAR } });
  return act(bar, { do: "news", news: { kind: "done", warnings: [] } });
}

test("bars go to their candidate, and what is done is no longer being written", () => {
  expect(written().candidates.map((candidate) => candidate.bars.length)).toEqual([0, 1]);
  expect(written().writing).toBeNull();
});

test("a kept candidate is a new version; undo and redo go back and forth", () => {
  const kept = act(written(), { do: "keep", xml: score([NOTE, NOTE]) });
  expect(current(kept)).toMatchObject({ bars: 2, fresh: { from: 1, to: 2 }, compact: null });
  const undone = act(kept, { do: "undo" });
  expect(current(undone)).toEqual(OPENED);
  expect(current(act(undone, { do: "redo" }))?.bars).toBe(2);
});

test("edits that follow each other are one step for undo", () => {
  const once = act(opened(), { do: "edit", xml: score([NOTE, NOTE]), compact: "2" });
  const twice = act(once, { do: "edit", xml: score([NOTE, NOTE, NOTE]), compact: "3" });
  expect(current(twice)?.bars).toBe(3);
  expect(current(act(twice, { do: "undo" }))).toEqual(OPENED);
});

test("after a stop the bars that are there stay, and later news is not heard", () => {
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 9 } });
  const stopped = act(act(begun, { do: "news", news: { kind: "bar", candidate: 0, bar: BAR } }), { do: "rest" });
  expect(stopped.candidates[0]?.bars).toHaveLength(1);
  expect(act(stopped, { do: "news", news: { kind: "bar", candidate: 0, bar: BAR } })).toBe(stopped);
});

test("a candidate keeps its place among all of them", () => {
  const news = newsOf("candidate", { candidate: 0, musicxml: score([NOTE, NOTE]), rank: 2 });
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 2 } });
  expect(act(begun, { do: "news", news: news ?? { kind: "started" } }).candidates[0]).toMatchObject({
    rank: 2,
    failure: null,
  });
});

test("trouble ends the writing and is told", () => {
  const news = newsOf("error", { error: { message: "the engine died", hint: "try again" } });
  const failed = act(act(opened(), { do: "begin", asked: { from: 1, to: 9 } }), {
    do: "news",
    news: news ?? { kind: "started" },
  });
  expect(failed).toMatchObject({ writing: null, trouble: { message: "the engine died" } });
});

test("events that the page doesn't know are passed over", () => {
  expect(newsOf("weather", {})).toBeNull();
});
