// verovio's pictures as elements of the page.

/** The picture's root, without the style sheet inside it, which a strict Content-Security-Policy forbids; ours says the same. */
export function pictureOf(svg: string): SVGSVGElement {
  const tree = new DOMParser().parseFromString(svg.replace(/<style[\s\S]*?<\/style>/g, ""), "image/svg+xml");
  const root = document.importNode(tree.documentElement, true) as unknown as SVGSVGElement;
  root.setAttribute("aria-hidden", "true");
  root.setAttribute("focusable", "false");
  return root;
}

/** What lies behind a drawn bar, as high as its staves, and takes clicks. */
export function areaOf(measure: SVGGElement): SVGElement | null {
  return measure.querySelector<SVGElement>(":scope > .area") ?? lay(measure, stavesOf(measure), "area");
}

/** Colours and tints the staves of a drawn bar that are new, by their numbers from the top; the whole bar, with its slurs and dynamics, where all are. */
export function colour(measure: SVGGElement, isNew: (staff: number) => boolean): void {
  for (const old of measure.querySelectorAll(":scope > .tint")) old.remove();
  const runs: SVGGElement[][] = [[]];
  for (const staff of stavesOf(measure)) {
    const coloured = isNew(Number(staff.dataset.n));
    staff.classList.toggle("new", coloured);
    if (coloured) runs.at(-1)?.push(staff);
    else runs.push([]);
  }
  measure.classList.toggle("new", runs.length === 1 && runs[0]?.length !== 0);
  for (const run of runs) lay(measure, run, "tint");
}

function stavesOf(measure: SVGGElement): SVGGElement[] {
  return Array.from(measure.querySelectorAll<SVGGElement>(":scope > .staff"));
}

/** Lays a rectangle behind staves that stand below each other, as high as they are together. */
function lay(measure: SVGGElement, staves: readonly SVGGElement[], name: string): SVGElement | null {
  const boxes = staves.map(staffBox);
  const first = boxes[0];
  if (!first || first.width === 0) return null;
  const top = Math.min(...boxes.map((box) => box.y));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const margin = 180;
  const sides = { x: first.x, y: top - margin, width: first.width, height: bottom - top + 2 * margin };
  for (const [side, value] of Object.entries(sides)) rectangle.setAttribute(side, String(value));
  rectangle.classList.add(name);
  measure.prepend(rectangle);
  return rectangle;
}

type Box = Pick<DOMRect, "x" | "y" | "width" | "height">;

/** Read from the staff's lines as they are written, since asking the browser for it would lay out the whole page. */
function staffBox(staff: SVGGElement): Box {
  const lines = Array.from(staff.querySelectorAll(":scope > path")).map((line) => numbersOf(line.getAttribute("d")));
  const [x, y, end] = lines[0] ?? [];
  const bottom = lines.at(-1)?.[1];
  if (x === undefined || y === undefined || end === undefined || bottom === undefined) return staff.getBBox();
  return { x, y, width: end - x, height: bottom - y };
}

function numbersOf(path: string | null): number[] {
  return (path?.match(/-?[\d.]+/g) ?? []).map(Number);
}
