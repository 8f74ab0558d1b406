import { expect, test } from "vitest";
import { act, beforeEdits, current, type Desk, EMPTY, passageOf } from "../src/desk/desk";
import type { Version } from "../src/desk/version";
import { type News, newsOf } from "../src/desk/writing";
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
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 2, given: [] } });
  return told(begun, barOf(0), barOf(1), ranked(0, 2), ranked(1, 1), DONE);
}

const DONE: News = { kind: "done", warnings: [] };
const barOf = (candidate: number): News => ({ kind: "bar", candidate, bar: BAR });
const ranked = (candidate: number, rank: number): News => ({
  kind: "candidate",
  candidate,
  musicxml: score([NOTE, NOTE]),
  failure: null,
  rank,
  report: [],
});

function told(desk: Desk, ...news: readonly News[]): Desk {
  return news.reduce((before, one) => act(before, { do: "news", news: one }), desk);
}

test("bars go to their candidate, and what is done is no longer being written", () => {
  expect(current(written())?.candidates.map((candidate) => candidate.bars.length)).toEqual([1, 1]);
  expect(written().writing).toBeNull();
});

test("a kept candidate is a new version; undo and redo go back and forth", () => {
  const kept = act(written(), { do: "keep", xml: score([NOTE, NOTE]) });
  expect(current(kept)?.version).toMatchObject({ bars: 2, fresh: { from: 1, to: 2 }, compact: null });
  const undone = act(kept, { do: "undo" });
  expect(current(undone)).toEqual(current(written()));
  expect(current(act(undone, { do: "redo" }))?.version.bars).toBe(2);
});

test("edits that follow each other are one step for undo", () => {
  const once = act(opened(), { do: "edit", xml: score([NOTE, NOTE]), compact: "2" });
  const twice = act(once, { do: "edit", xml: score([NOTE, NOTE, NOTE]), compact: "3" });
  expect(current(twice)?.version.bars).toBe(3);
  expect(current(act(twice, { do: "undo" }))?.version).toEqual(OPENED);
  const again = act(act(twice, { do: "begin", asked: { from: 3, to: 4, given: [] } }), { do: "discard" });
  expect([once, twice, again].map(beforeEdits)).toEqual([OPENED, OPENED, OPENED]);
});

test("after a stop the bars that are there stay, and later news is not heard", () => {
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 9, given: [] } });
  const stopped = act(act(begun, { do: "news", news: { kind: "bar", candidate: 0, bar: BAR } }), { do: "rest" });
  expect(current(stopped)?.candidates[0]?.bars).toHaveLength(1);
  expect(act(stopped, { do: "news", news: { kind: "bar", candidate: 0, bar: BAR } })).toBe(stopped);
});

test("a candidate keeps its place among all of them", () => {
  const news = newsOf("candidate", { candidate: 0, musicxml: score([NOTE, NOTE]), rank: 2 });
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 2, given: [] } });
  expect(current(act(begun, { do: "news", news: news ?? { kind: "started" } }))?.candidates[0]).toMatchObject({
    rank: 2,
    report: [],
    failure: null,
  });
});

test("trouble ends the writing and is told", () => {
  const news = newsOf("error", { error: { message: "the engine died", hint: "try again" } });
  const failed = act(act(opened(), { do: "begin", asked: { from: 1, to: 9, given: [] } }), {
    do: "news",
    news: news ?? { kind: "started" },
  });
  expect(failed).toMatchObject({ writing: null, trouble: { message: "the engine died" } });
});

test("events that the page doesn't know are passed over", () => {
  expect(newsOf("weather", {})).toBeNull();
});

test("the first choice is shown when all is written, unless somebody has chosen another one", () => {
  expect(current(written())?.shown).toBe(1);
  const begun = told(act(opened(), { do: "begin", asked: { from: 1, to: 2, given: [] } }), barOf(0), barOf(1));
  const chosen = told(act(begun, { do: "show", candidate: 0 }), ranked(0, 2), ranked(1, 1), DONE);
  expect(current(chosen)?.shown).toBe(0);
});

test("undo brings back candidates that were written over or dropped", () => {
  const shown = act(written(), { do: "show", candidate: 0 });
  const asked = { from: 1, to: 5, given: [] };
  const again = told(act(shown, { do: "begin", asked }), barOf(0), DONE);
  expect(current(again)?.candidates).toHaveLength(1);
  expect(current(act(again, { do: "undo" }))).toEqual(current(shown));
  const dropped = act(shown, { do: "discard" });
  expect(current(dropped)?.candidates).toEqual([]);
  expect(current(act(dropped, { do: "undo" }))).toEqual(current(shown));
});

test("where nothing was written, all is as before the model began, added parts too", () => {
  const before = written();
  const begun = act(before, { do: "begin", asked: { from: 1, to: 2, given: [1] } });
  const extended = act(begun, { do: "extend", version: { ...OPENED, xml: score([NOTE], [NOTE]) } });
  expect(act(extended, { do: "rest" }).steps).toEqual(before.steps);
  const failed = told(extended, { kind: "trouble", trouble: { message: "the engine died" } });
  expect(failed).toMatchObject({ steps: before.steps, at: before.at, trouble: { message: "the engine died" } });
});

test("only bars that were written are new, and a kept version remembers them", () => {
  const asked = { from: 1, to: 9, given: [2] };
  const stopped = act(told(act(opened(), { do: "begin", asked }), barOf(1)), { do: "rest" });
  const candidate = current(stopped)?.candidates[0];
  expect(candidate && passageOf(candidate, asked)).toEqual({ from: 1, to: 2, given: [2] });
  const kept = act(stopped, { do: "keep", xml: score([NOTE, NOTE]) });
  expect(current(kept)?.version.fresh).toEqual({ from: 1, to: 2, given: [2] });
});
