// verovio's pictures as elements of the page.

/** The picture's root, without the style sheet inside it, which a strict Content-Security-Policy forbids; ours says the same. */
export function pictureOf(svg: string): SVGSVGElement {
  const tree = new DOMParser().parseFromString(svg.replace(/<style[\s\S]*?<\/style>/g, ""), "image/svg+xml");
  const root = document.importNode(tree.documentElement, true) as unknown as SVGSVGElement;
  root.setAttribute("aria-hidden", "true");
  root.setAttribute("focusable", "false");
  return root;
}

/** Lays a tint behind a drawn bar, as high as its staves. */
export function tint(measure: SVGGElement): void {
  const boxes = Array.from(measure.querySelectorAll<SVGGElement>(":scope > .staff")).map(staffBox);
  const first = boxes[0];
  if (!first || first.width === 0) return;
  const top = Math.min(...boxes.map((box) => box.y));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const margin = 180;
  const area = { x: first.x, y: top - margin, width: first.width, height: bottom - top + 2 * margin };
  for (const [name, value] of Object.entries(area)) rectangle.setAttribute(name, String(value));
  rectangle.classList.add("tint");
  measure.prepend(rectangle);
}

function staffBox(staff: SVGGElement): DOMRect {
  const lines = Array.from(staff.querySelectorAll<SVGPathElement>(":scope > path")).map((line) => line.getBBox());
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) return staff.getBBox();
  return new DOMRect(first.x, first.y, first.width, last.y - first.y);
}
