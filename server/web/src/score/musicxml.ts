// MusicXML as a tree, and back. Knows measures and attributes; knows neither verovio nor the page.

/** The new bars of a candidate: for each part's id its `<measure>`. */
export type NewBar = Readonly<Record<string, string>>;

export function read(xml: string): XMLDocument {
  const tree = new DOMParser().parseFromString(xml, "application/xml");
  const error = tree.querySelector("parsererror");
  if (error) throw new Error(`The score is no XML: ${error.textContent}`);
  return tree;
}

export function write(tree: XMLDocument): string {
  const text = new XMLSerializer().serializeToString(tree);
  return text.startsWith("<?xml") ? text : `<?xml version="1.0" encoding="UTF-8"?>\n${text}`;
}

/** A score whose measures hold parts (score-timewise), as one whose parts hold measures; nothing of what these say is lost. */
export function partwise(tree: XMLDocument): XMLDocument {
  const old = tree.documentElement;
  const turned = document.implementation.createDocument(null, "score-partwise");
  const root = turned.documentElement;
  copyAttributes(old, root);
  for (const one of old.children) if (one.localName !== "measure") root.append(turned.importNode(one, true));
  const parts = new Map<string, Element>();
  for (const measure of children(old, "measure"))
    for (const content of children(measure, "part")) {
      const id = content.getAttribute("id") ?? "";
      const part = parts.get(id) ?? turned.createElement("part");
      copyAttributes(content, part);
      parts.set(id, part);
      const own = turned.createElement("measure");
      copyAttributes(measure, own);
      own.append(...Array.from(content.childNodes, (node) => turned.importNode(node, true)));
      part.append(own);
    }
  root.append(...parts.values());
  return turned;
}

function copyAttributes(from: Element, to: Element): void {
  for (const { name, value } of from.attributes) to.setAttribute(name, value);
}

export function partsOf(tree: XMLDocument): Element[] {
  return children(tree.documentElement, "part");
}

/** What each part is called, by its name or its number. */
export function partNames(tree: XMLDocument): string[] {
  const list = child(tree.documentElement, "part-list");
  return (list ? children(list, "score-part") : []).map(
    (part, index) => textOf(part, "part-name") || `Part ${index + 1}`,
  );
}

export function measuresOf(part: Element): Element[] {
  return children(part, "measure");
}

export function countBars(tree: XMLDocument): number {
  return Math.max(0, ...partsOf(tree).map((part) => measuresOf(part).length));
}

/** The number that each bar has on the page; where none is told, that of its place. */
export function barNumbers(tree: XMLDocument): string[] {
  const parts = partsOf(tree).map(measuresOf);
  const longest = parts.find((measures) => measures.length === countBars(tree)) ?? [];
  return longest.map((measure, place) => measure.getAttribute("number") || String(place + 1));
}

/** The place of the bar with a number, among those from `least` to `most`; without one, that of the first bar with a higher number, or the last. */
export function placeOfNumber(numbers: readonly string[], wanted: string, least: number, most: number): number {
  const places = Array.from({ length: Math.max(0, most - least + 1) }, (_, index) => least + index);
  const first = (fits: (number: string) => boolean): number | undefined =>
    places.find((place) => fits(numbers[place] ?? ""));
  return (
    first((number) => number === wanted.trim()) ??
    first((number) => Number.parseInt(number, 10) >= Number.parseInt(wanted, 10)) ??
    most
  );
}

/** The staves of one part (counted from 0), by their numbers from the top of the score (counted from 1). */
export function stavesOf(tree: XMLDocument, part: number): number[] {
  const counts = partsOf(tree).map(staffCount);
  const above = counts.slice(0, part).reduce((sum, count) => sum + count, 0);
  return Array.from({ length: counts[part] ?? 0 }, (_, staff) => above + staff + 1);
}

export function staffCount(part: Element): number {
  return Number(part.getElementsByTagName("staves")[0]?.textContent ?? "1") || 1;
}

export function children(parent: Element, name: string): Element[] {
  return Array.from(parent.children).filter((child) => child.localName === name);
}

export function child(parent: Element, name: string): Element | undefined {
  return children(parent, name)[0];
}

export function textOf(parent: Element, name: string): string {
  return child(parent, name)?.textContent?.trim() ?? "";
}

/**
 * Puts new bars where they belong: the first of them at the place `first` (counted from 0). A measure that is there is replaced; a part that a
 * bar doesn't name keeps its own. After the last bar, whose plain final bar line goes, they are appended.
 */
export function putBars(tree: XMLDocument, bars: readonly NewBar[], first: number): void {
  for (const part of partsOf(tree)) {
    const old = measuresOf(part);
    const last = old.at(-1);
    if (last && first + bars.length > old.length) openEnd(last);
    for (const [index, bar] of bars.entries()) {
      const xml = bar[part.getAttribute("id") ?? ""];
      if (xml === undefined) continue;
      const measure = tree.importNode(read(xml).documentElement, true);
      const there = old[first + index];
      if (there) there.replaceWith(measure);
      else part.append(measure);
    }
  }
}

function openEnd(measure: Element): void {
  for (const barline of children(measure, "barline")) {
    const isFinal = textOf(barline, "bar-style") === "light-heavy" && !child(barline, "repeat");
    if (isFinal && barline.getAttribute("location") !== "left") barline.remove();
  }
}
