import { expect, test } from "vitest";
import { areaOf, colour } from "../src/engraver/svg";

/** A measure as verovio draws it: staves of five lines, each a path. */
function measure(...tops: readonly number[]): SVGGElement {
  const line = (y: number): string => `<path d="M300 ${y} L1900 ${y}" stroke-width="13" />`;
  const staff = (top: number): string =>
    `<g class="staff">${[0, 180, 360, 540, 720].map((down) => line(top + down)).join("")}</g>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><g class="measure">${tops.map(staff).join("")}</g></svg>`;
  return new DOMParser().parseFromString(svg, "image/svg+xml").querySelector("g.measure") as SVGGElement;
}

test("a bar's area reaches from its highest staff to its lowest, with a space above and below, behind the ink", () => {
  const bar = measure(1000, 2500);
  const area = areaOf(bar);
  expect(["x", "y", "width", "height"].map((side) => Number(area?.getAttribute(side)))).toEqual([300, 820, 1600, 2580]);
  expect(bar.firstElementChild).toBe(area);
});

test("a bar has one area, however often it is asked for", () => {
  const bar = measure(0);
  expect(areaOf(bar)).toBe(areaOf(bar));
  expect(bar.querySelectorAll(".area")).toHaveLength(1);
});

test("a bar without staves has none", () => {
  expect(areaOf(measure())).toBeNull();
});

test("only new staves are coloured, with a tint for those that stand together, and the whole bar where all are new", () => {
  const bar = measure(0, 1000, 2000, 3000);
  const staves = Array.from(bar.querySelectorAll<SVGGElement>(".staff"));
  for (const [index, staff] of staves.entries()) staff.dataset.n = String(index + 1);
  const isNew = () => [bar, ...staves].map((one) => one.classList.contains("new"));
  const tints = () => Array.from(bar.querySelectorAll(".tint"), (tint) => Number(tint.getAttribute("height")));
  colour(bar, (staff) => staff !== 2);
  expect(isNew()).toEqual([false, true, false, true, true]);
  expect(tints().sort()).toEqual([1080, 2080]);
  colour(bar, () => true);
  expect(isNew()).toEqual([true, true, true, true, true]);
  expect(tints()).toEqual([4080]);
  colour(bar, () => false);
  expect(isNew()).toEqual([false, false, false, false, false]);
  expect(tints()).toEqual([]);
});
