// The copy of a score that is drawn and heard. What verovio trips over is mended in it, never in the composer's score.
import { nearestProgram } from "./instruments";
import { child, children, measuresOf, type NewBar, partsOf, putBars, read } from "./musicxml";

export const BAR_ID = "bar-";

/** The tree to draw, each bar with an id by its place (`bar-0` is the first). */
export function displayCopy(xml: string): XMLDocument {
  const tree = read(xml);
  dropMultipleRests(tree);
  dropEndsOfMetre(tree);
  writeMissingClefs(tree);
  nameBars(tree);
  chooseSounds(tree);
  return tree;
}

/** Another tree, with new bars from the place `first` on (counted from 0, as the bars' ids are). */
export function withNewBars(tree: XMLDocument, newBars: readonly NewBar[], first: number): XMLDocument {
  if (newBars.length === 0) return tree;
  const longer = tree.cloneNode(true) as XMLDocument;
  const offset = firstBarOf(longer);
  putBars(longer, newBars, first - offset);
  nameBars(longer, offset);
  return longer;
}

/** verovio collapses bars of rest even where it is told not to, and new bars would vanish in them. */
export function dropMultipleRests(tree: XMLDocument): void {
  for (const rest of Array.from(tree.getElementsByTagName("multiple-rest"))) rest.parentElement?.remove();
}

/** Where there are several parts, verovio crashes when the metre ends in the midst of a piece. */
export function dropEndsOfMetre(tree: XMLDocument): void {
  for (const part of partsOf(tree)) {
    for (const measure of measuresOf(part).slice(1)) {
      for (const free of Array.from(measure.getElementsByTagName("senza-misura"))) free.parentElement?.remove();
    }
  }
}

/** verovio draws no clef that isn't written: treble above, bass below, as programs do. */
export function writeMissingClefs(tree: XMLDocument): void {
  for (const part of partsOf(tree)) {
    const first = measuresOf(part)[0];
    if (!first) continue;
    const attributes = child(first, "attributes") ?? prepend(first, "attributes");
    const staves = Number(child(attributes, "staves")?.textContent ?? "1");
    const written = new Set(children(attributes, "clef").map((clef) => clef.getAttribute("number") ?? "1"));
    for (let staff = 1; staff <= staves; staff += 1) {
      if (!written.has(String(staff))) insertClef(attributes, staff, staves, isPercussion(part));
    }
  }
}

function isPercussion(part: Element): boolean {
  return part.getElementsByTagName("unpitched").length > 0 && part.getElementsByTagName("pitch").length === 0;
}

const AFTER_CLEF = ["staff-details", "transpose", "for-part", "directive", "measure-style"];

function insertClef(attributes: Element, staff: number, staves: number, percussion: boolean): void {
  const clef = make(attributes, "clef");
  if (staves > 1) clef.setAttribute("number", String(staff));
  const [sign, line] = percussion ? ["percussion", ""] : staff === 1 ? ["G", "2"] : ["F", "4"];
  clef.append(make(attributes, "sign", sign));
  if (line) clef.append(make(attributes, "line", line));
  const next = Array.from(attributes.children).find((element) => AFTER_CLEF.includes(element.localName));
  attributes.insertBefore(clef, next ?? null);
}

/** The place of a tree's first bar, which in an excerpt isn't 0. */
function firstBarOf(tree: XMLDocument): number {
  return Number(/\d+$/.exec(tree.querySelector(`measure[id^="${BAR_ID}"]`)?.id ?? "0"));
}

function nameBars(tree: XMLDocument, first = 0): void {
  for (const [place, part] of partsOf(tree).entries()) {
    for (const [index, measure] of measuresOf(part).entries()) {
      if (place === 0) measure.setAttribute("id", `${BAR_ID}${first + index}`);
      else measure.removeAttribute("id");
    }
  }
}

function chooseSounds(tree: XMLDocument): void {
  for (const program of Array.from(tree.getElementsByTagName("midi-program"))) {
    const number = Number(program.textContent);
    if (Number.isInteger(number)) program.textContent = String(nearestProgram(number - 1) + 1);
  }
}

export function prepend(parent: Element, name: string): Element {
  const element = make(parent, name);
  parent.prepend(element);
  return element;
}

export function make(near: Element, name: string, text = ""): Element {
  const element = near.ownerDocument.createElementNS(near.namespaceURI, name);
  if (text) element.textContent = text;
  return element;
}
