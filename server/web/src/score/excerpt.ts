// The end of a score as a score of its own: what key, metre and clefs were in force is written into its first bar.
import { prepend } from "./display";
import { children, countBars, measuresOf, partsOf } from "./musicxml";

/** In the order in which MusicXML wants them. */
const LASTING = [
  "divisions",
  "key",
  "time",
  "staves",
  "part-symbol",
  "instruments",
  "clef",
  "staff-details",
  "transpose",
];

/** Cuts all bars before `first` (counted from 0) from the tree, in place. */
export function cutBefore(tree: XMLDocument, first: number): XMLDocument {
  if (first <= 0) return tree;
  const start = Math.min(first, countBars(tree) - 1);
  for (const part of partsOf(tree)) {
    const measures = measuresOf(part);
    const inForce = attributesInForce(measures.slice(0, start));
    for (const measure of measures.slice(0, start)) measure.remove();
    const opening = measures[start];
    if (opening) writeInForce(opening, inForce);
  }
  return tree;
}

/** Cuts all bars from `end` on (counted from 0) from the tree, in place. */
export function cutAfter(tree: XMLDocument, end: number): XMLDocument {
  for (const part of partsOf(tree)) for (const measure of measuresOf(part).slice(end)) measure.remove();
  return tree;
}

function attributesInForce(measures: readonly Element[]): Map<string, Element> {
  const inForce = new Map<string, Element>();
  for (const attributes of measures.flatMap((measure) => children(measure, "attributes"))) {
    for (const element of Array.from(attributes.children)) {
      if (LASTING.includes(element.localName)) inForce.set(slot(element), element);
    }
  }
  return inForce;
}

function slot(element: Element): string {
  return `${element.localName} ${element.getAttribute("number") ?? ""}`;
}

function writeInForce(opening: Element, inForce: ReadonlyMap<string, Element>): void {
  const first = opening.firstElementChild;
  const attributes = first?.localName === "attributes" ? first : prepend(opening, "attributes");
  const own = new Set(Array.from(attributes.children).map(slot));
  for (const [name, element] of inForce) if (!own.has(name)) attributes.append(element.cloneNode(true));
  const rank = (element: Element): number => LASTING.indexOf(element.localName);
  const sorted = Array.from(attributes.children).sort((a, b) => order(rank(a)) - order(rank(b)));
  attributes.replaceChildren(...sorted);
}

function order(rank: number): number {
  return rank < 0 ? LASTING.length : rank;
}
