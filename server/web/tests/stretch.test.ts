import { expect, test } from "vitest";
import { measuresOf, type NewBar, partsOf } from "../src/score/musicxml";
import { groundOf, PIECE, pieceCount, pieceOf } from "../src/score/stretch";
import { attributes, CLEF, key, NOTE, score } from "./scores";

const OLD = score([attributes(key(-2) + CLEF) + NOTE, NOTE, NOTE]);
const bars = (count: number): NewBar[] =>
  Array.from({ length: count }, (_, index) => ({ P1: `<measure number="n${index}">${NOTE}</measure>` }));

function drawn(first: number, count: number, piece: number): (string | null)[] {
  const tree = pieceOf(groundOf(OLD, first, 16), { first, bars: bars(count) }, piece);
  return measuresOf(partsOf(tree)[0] as Element).map((measure) => `${measure.id} ${measure.getAttribute("number")}`);
}

test("new bars after the last one are drawn a few at a time, under their places in the score", () => {
  expect(pieceCount({ first: 3, bars: bars(PIECE + 1) })).toBe(2);
  expect(drawn(3, PIECE + 1, 0)).toEqual(["bar-3 n0", "bar-4 n1", "bar-5 n2", "bar-6 n3"]);
  expect(drawn(3, PIECE + 1, 1)).toEqual(["bar-7 n4"]);
});

test("new bars that replace old ones stand alone until the score is drawn again", () => {
  expect(drawn(0, 2, 0)).toEqual(["bar-0 n0", "bar-1 n1"]);
  expect(drawn(1, 1, 0)).toEqual(["bar-1 n0"]);
});

test("each piece begins with the key and clef in force", () => {
  const tree = pieceOf(groundOf(OLD, 3, 16), { first: 3, bars: bars(PIECE + 1) }, 1);
  expect(tree.getElementsByTagName("fifths")[0]?.textContent).toBe("-2");
  expect(tree.getElementsByTagName("clef")).toHaveLength(1);
});
