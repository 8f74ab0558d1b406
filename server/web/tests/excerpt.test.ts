import { expect, test } from "vitest";
import { cutBefore } from "../src/score/excerpt";
import { countBars, read } from "../src/score/musicxml";
import { attributes, CLEF, key, NOTE, score } from "./scores";

test("an excerpt opens with the key, metre and clef in force, in MusicXML's order", () => {
  const time = "<time><beats>3</beats><beat-type>4</beat-type></time>";
  const tree = cutBefore(
    read(
      score([
        attributes(`<divisions>1</divisions>${key(0)}${time}${CLEF}`) + NOTE,
        attributes(key(-2)) + NOTE,
        NOTE,
        attributes(time) + NOTE,
      ]),
    ),
    2,
  );
  expect(countBars(tree)).toBe(2);
  const opening = Array.from(tree.getElementsByTagName("attributes")[0]?.children ?? []);
  expect(opening.map((element) => element.localName)).toEqual(["divisions", "key", "time", "clef"]);
  expect(tree.getElementsByTagName("fifths")[0]?.textContent).toBe("-2");
});

test("what the opening bar says itself is not overwritten", () => {
  const tree = cutBefore(read(score([attributes(key(1)) + NOTE, attributes(key(4)) + NOTE])), 1);
  expect(Array.from(tree.getElementsByTagName("fifths")).map((one) => one.textContent)).toEqual(["4"]);
});

test("at least the last bar is left", () => {
  expect(countBars(cutBefore(read(score([NOTE, NOTE])), 9))).toBe(1);
});
