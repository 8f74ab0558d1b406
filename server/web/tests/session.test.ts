import { expect, test } from "vitest";
import { act, current, type Desk, EMPTY } from "../src/desk/desk";
import { deskOf, sessionOf } from "../src/desk/session";
import type { Version } from "../src/desk/version";
import { FIRST_WISHES, type News } from "../src/desk/writing";
import { NOTE, score } from "./scores";

const OPENED: Version = { name: "a.xml", xml: score([NOTE]), compact: "", bars: 1, fresh: null, origin: "opened" };
const SETTINGS = { wishes: FIRST_WISHES, seed: 7, textShown: true, zoom: 1.5 };

function opened(): Desk {
  return act(EMPTY, { do: "open", version: OPENED });
}

function writing(...news: readonly News[]): Desk {
  const begun = act(opened(), { do: "begin", asked: { from: 1, to: 9, given: [] } });
  return news.reduce((desk, one) => act(desk, { do: "news", news: one }), begun);
}

test("what is kept of a desk is the same desk again, after a copy as the browser stores it", () => {
  const edited = act(opened(), { do: "edit", xml: score([NOTE, NOTE]), compact: "2" });
  const session = structuredClone(sessionOf(edited, SETTINGS));
  expect(session).toMatchObject(SETTINGS);
  expect(deskOf(session)).toEqual({ ...edited, said: "a.xml is open again, 2 bars." });
});

test("of what is being written the finished bars are kept", () => {
  const bar: News = { kind: "bar", candidate: 1, bar: { P1: `<measure number="2">${NOTE}</measure>` } };
  const again = deskOf(sessionOf(writing(bar), SETTINGS));
  expect(again.writing).toBeNull();
  expect(current(again)?.candidates.map(({ bars }) => bars.length)).toEqual([1]);
  expect(current(deskOf(sessionOf(writing(), SETTINGS)))).toEqual(current(opened()));
});

test("an empty desk stays empty", () => {
  expect(deskOf(sessionOf(EMPTY, SETTINGS))).toEqual(EMPTY);
});
