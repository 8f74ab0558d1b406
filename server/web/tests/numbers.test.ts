import { expect, test } from "vitest";
import { barNumbers, placeOfNumber, read, stavesOf } from "../src/score/musicxml";
import { attributes, NOTE, score } from "./scores";

const PICKUP = score([NOTE, NOTE, NOTE, NOTE])
  .replace('number="1"', 'number="0" implicit="yes"')
  .replace('number="2"', 'number="1"')
  .replace('number="3"', 'number="X1"')
  .replace('number="4"', 'number="2"');

test("bars are called as they are on the page", () => {
  expect(barNumbers(read(PICKUP))).toEqual(["0", "1", "X1", "2"]);
  expect(barNumbers(read(PICKUP.replaceAll(/ number="[^"]*"/g, "")))).toEqual(["1", "2", "3", "4"]);
});

test("a number that is typed means the bar that has it", () => {
  const numbers = barNumbers(read(PICKUP));
  const places = ["0", " 1", "x1", "X1", "2", "7"].map((number) => placeOfNumber(numbers, number, 0, 3));
  expect(places).toEqual([0, 1, 3, 2, 3, 3]);
  expect(placeOfNumber(["1", "2", "1", "2"], "1", 2, 3)).toBe(2);
  expect(placeOfNumber(["1", "2", "5", "6"], "3", 0, 3)).toBe(2);
});

test("a part's staves are counted from the top of the score", () => {
  const tree = read(score([NOTE], [attributes("<staves>2</staves>") + NOTE], [NOTE]));
  expect([0, 1, 2].map((part) => stavesOf(tree, part))).toEqual([[1], [2, 3], [4]]);
});
