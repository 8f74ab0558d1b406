// Key changes in mid-piece. verovio takes them from the first staff for all parts, which is wrong for transposing instruments;
// so what each staff's key is, is written into the MEI that verovio made of the score.
import { child, children, measuresOf, partsOf, staffCount } from "./musicxml";

/** For a bar (counted from 0), the fifths of each staff from the top. */
export type KeyChange = { readonly bar: number; readonly fifths: readonly number[] };

const MEI = "http://www.music-encoding.org/ns/mei";

/** The changes after the first bar at which staves differ; empty where verovio needs no help. */
export function unequalKeyChanges(tree: XMLDocument): KeyChange[] {
  const parts = partsOf(tree).map((part) => ({ staves: staffCount(part), keys: keysByBar(part) }));
  const bars = new Set(parts.flatMap(({ keys }) => [...keys.keys()].filter((bar) => bar > 0)));
  return [...bars]
    .sort((a, b) => a - b)
    .map((bar) => ({ bar, fifths: parts.flatMap(({ staves, keys }) => Array<number>(staves).fill(keyAt(keys, bar))) }))
    .filter(({ fifths }) => new Set(fifths).size > 1);
}

function keysByBar(part: Element): Map<number, number> {
  const keys = new Map<number, number>();
  for (const [bar, measure] of measuresOf(part).entries()) {
    for (const attributes of children(measure, "attributes")) {
      const key = child(attributes, "key");
      const fifths = key && child(key, "fifths")?.textContent;
      if (fifths) keys.set(bar, Number(fifths));
    }
  }
  return keys;
}

function keyAt(keys: ReadonlyMap<number, number>, bar: number): number {
  let found = 0;
  for (const [changed, fifths] of keys) if (changed <= bar) found = fifths;
  return found;
}

/** Writes the changes into MEI: the `scoreDef` before each bar gets a `staffDef` for each staff. */
export function patchKeys(mei: XMLDocument, changes: readonly KeyChange[]): void {
  const measures = Array.from(mei.getElementsByTagNameNS(MEI, "measure"));
  for (const { bar, fifths } of changes) {
    const measure = measures[bar];
    if (measure) writeKeys(definitionBefore(measure), fifths);
  }
}

function definitionBefore(measure: Element): Element {
  const before = measure.previousElementSibling;
  if (before?.localName === "scoreDef") return before;
  const definition = measure.ownerDocument.createElementNS(MEI, "scoreDef");
  measure.before(definition);
  return definition;
}

function writeKeys(definition: Element, fifths: readonly number[]): void {
  definition.removeAttribute("keysig");
  for (const key of children(definition, "keySig")) key.remove();
  const create = (name: string): Element => definition.ownerDocument.createElementNS(MEI, name);
  const group = create("staffGrp");
  for (const [index, value] of fifths.entries()) {
    const staff = create("staffDef");
    staff.setAttribute("n", String(index + 1));
    const key = create("keySig");
    key.setAttribute("sig", signature(value));
    staff.append(key);
    group.append(staff);
  }
  definition.append(group);
}

/** MEI's words for a key signature: `3s`, `2f`, `0`. */
export function signature(fifths: number): string {
  if (fifths === 0) return "0";
  return fifths > 0 ? `${fifths}s` : `${-fifths}f`;
}
