import { expect, test } from "vitest";
import { partwise, read, write } from "../src/score/musicxml";
import { NOTE } from "./scores";

const HEAD =
  '<work><work-title>T</work-title></work><credit page="1"><credit-words>T</credit-words></credit><part-list><score-part id="P1"><part-name>A</part-name></score-part><score-part id="P2"><part-name>B</part-name></score-part></part-list>';
const PRINT = '<print new-system="yes"/>';

test("a score whose measures hold parts becomes one whose parts hold measures, with all that it says", () => {
  const timewise = `<score-timewise version="4.0">${HEAD}<measure number="0" implicit="yes"><part id="P1">${NOTE}</part><part id="P2">${NOTE}</part></measure><measure number="1" width="120"><part id="P1">${PRINT}${NOTE}</part></measure></score-timewise>`;
  const first = `<measure number="0" implicit="yes">${NOTE}</measure>`;
  const second = `<measure number="1" width="120">${PRINT}${NOTE}</measure>`;
  expect(write(partwise(read(timewise))).replace(/^<\?xml.*?\?>\s*/, "")).toBe(
    `<score-partwise version="4.0">${HEAD}<part id="P1">${first}${second}</part><part id="P2">${first}</part></score-partwise>`,
  );
});
