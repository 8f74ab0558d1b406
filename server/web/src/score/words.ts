// A score in words, for those who hear the page: what stands in each bar of each part. Signs are told as they are written.
import { child, children, measuresOf, partNames, partsOf, stavesOf, textOf } from "./musicxml";

/** What a part has in a bar, as `treble clef; quarter C5, half rest`. */
export interface Spoken {
  readonly part: string;
  /** The part's first staff, counted from 1 at the top of the score. */
  readonly staff: number;
  readonly words: string;
}

/** Tells of any bar (counted from 0) what its parts have in it, from the top. */
export function narrator(tree: XMLDocument): (bar: number) => readonly Spoken[] {
  const names = partNames(tree);
  const instruments = new Map(
    Array.from(tree.getElementsByTagName("score-instrument")).map((one) => [one.id, textOf(one, "instrument-name")]),
  );
  const parts = partsOf(tree).map((part, index) => {
    const measures = measuresOf(part);
    const staves = stavesOf(tree, index);
    return {
      name: names[index] ?? `Part ${index + 1}`,
      measures,
      divisions: divisionsOf(measures),
      staff: staves[0] ?? 1,
      staves: staves.length,
    };
  });
  return (bar) =>
    parts.flatMap(({ name, measures, divisions, staff, staves }) => {
      const measure = measures[bar];
      if (!measure) return [];
      const context = { staves, divisions: divisions[bar] ?? 1, instruments };
      return [{ part: name, staff, words: barInWords(measure, context) }];
    });
}

interface Context {
  readonly staves: number;
  /** Of a quarter. */
  readonly divisions: number;
  /** Names by id. */
  readonly instruments: ReadonlyMap<string, string>;
}

function divisionsOf(measures: readonly Element[]): readonly number[] {
  let known = 1;
  return measures.map((measure) => {
    for (const attributes of children(measure, "attributes")) known = Number(textOf(attributes, "divisions")) || known;
    return known;
  });
}

function barInWords(measure: Element, context: Context): string {
  const opening: string[] = [];
  const closing: string[] = [];
  const rows = new Map<string, string[]>(); // by staff and voice
  const waiting = new Map<string, string[]>(); // signs that belong to a staff's next note
  const elements = Array.from(measure.children);
  for (const [index, element] of elements.entries()) {
    switch (element.localName) {
      case "attributes":
        opening.push(...attributesInWords(element, context.staves));
        break;
      case "barline":
        (element.getAttribute("location") === "left" ? opening : closing).push(...barlineInWords(element));
        break;
      case "direction":
      case "harmony":
        listIn(waiting, staffOf(element)).push(...signsInWords(element));
        break;
      case "note": {
        if (child(element, "chord") || element.getAttribute("print-object") === "no") break;
        const staff = staffOf(element);
        const row = listIn(rows, `${staff} ${textOf(element, "voice") || "1"}`);
        row.push(...listIn(waiting, staff).splice(0), noteInWords([element, ...chordAfter(elements, index)], context));
      }
    }
  }
  for (const [staff, signs] of waiting) {
    const last = [...rows.keys()].findLast((key) => key.startsWith(`${staff} `)) ?? `${staff} 1`;
    if (signs.length > 0) listIn(rows, last).push(...signs);
  }
  return (
    [opening.join(", "), ...rowsInWords(rows, context.staves), closing.join(", ")].filter(Boolean).join("; ") || "empty"
  );
}

function staffOf(element: Element): string {
  return textOf(element, "staff") || "1";
}

function listIn<Key>(lists: Map<Key, string[]>, key: Key): string[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function chordAfter(elements: readonly Element[], index: number): Element[] {
  const after = elements.slice(index + 1);
  const end = after.findIndex((element) => element.localName !== "note" || !child(element, "chord"));
  return end < 0 ? after : after.slice(0, end);
}

/** The rows from the top staff down, each with the name of its staff and the number of its voice where there are several. */
function rowsInWords(rows: ReadonlyMap<string, readonly string[]>, staves: number): string[] {
  const staffIn = (key: string): number => Number(key.split(" ")[0]);
  const keys = [...rows.keys()].sort((one, other) => staffIn(one) - staffIn(other));
  return keys.map((key) => {
    const voices = keys.filter((one) => staffIn(one) === staffIn(key));
    const staff = staves > 1 ? staffName(staffIn(key), staves) : "";
    const voice = voices.length > 1 ? `voice ${voices.indexOf(key) + 1}` : "";
    const name = [staff, voice].filter(Boolean).join(", ");
    return `${name}${name && ": "}${rows.get(key)?.join(", ")}`;
  });
}

function staffName(staff: number, staves: number): string {
  if (staves === 2) return staff === 1 ? "upper staff" : "lower staff";
  return `staff ${staff}`;
}

/** A note, a rest, or the notes of a chord, with what is written at it. */
function noteInWords(notes: readonly Element[], context: Context): string {
  const [first] = notes;
  if (!first) return "";
  const rest = child(first, "rest");
  const length = rest?.getAttribute("measure") === "yes" ? "whole-bar" : lengthInWords(first, context.divisions);
  const pitches = notes.map((note) => pitchInWords(note, context.instruments));
  const what = rest ? "rest" : notes.length > 1 ? `chord ${pitches.join(" ")}` : (pitches[0] ?? "");
  const isTied = notes.some((note) => children(note, "tie").some((tie) => tie.getAttribute("type") === "start"));
  const signs = children(first, "notations").flatMap(notationsInWords);
  const words = [child(first, "grace") ? "grace" : "", child(first, "cue") ? "cue" : "", length, what];
  return [...words, isTied ? "tied" : "", ...signs, lyricInWords(first)].filter(Boolean).join(" ");
}

const DOTS = ["", "dotted ", "double-dotted ", "triple-dotted "];
const TUPLETS: Readonly<Record<string, string>> = {
  "2": "duplet",
  "3": "triplet",
  "4": "quadruplet",
  "5": "quintuplet",
  "6": "sextuplet",
  "7": "septuplet",
};

function lengthInWords(note: Element, divisions: number): string {
  const type = textOf(note, "type");
  if (!type) {
    if (child(note, "grace")) return "";
    const quarters = Number(textOf(note, "duration")) / divisions;
    return `${Number(quarters.toFixed(2))}-quarter`;
  }
  const change = child(note, "time-modification");
  const count = change ? textOf(change, "actual-notes") : "";
  const tuplet = count ? `${TUPLETS[count] ?? `${count}-tuplet`} ` : "";
  return `${tuplet}${DOTS[children(note, "dot").length] ?? ""}${type}`;
}

const ALTERATIONS: Readonly<Record<string, string>> = {
  "-2": " double flat ",
  "-1": " flat ",
  "-0.5": " half flat ",
  "0.5": " half sharp ",
  "1": " sharp ",
  "2": " double sharp ",
};

function pitchInWords(note: Element, instruments: ReadonlyMap<string, string>): string {
  const pitch = child(note, "pitch");
  if (!pitch) return instruments.get(child(note, "instrument")?.id ?? "") || "unpitched";
  return `${textOf(pitch, "step")}${ALTERATIONS[Number(textOf(pitch, "alter"))] ?? ""}${textOf(pitch, "octave")}`;
}

/** Names of MusicXML's elements that aren't words for what they mean; the others are, with hyphens. */
const NAMES: Readonly<Record<string, string>> = {
  arpeggiate: "arpeggio",
  "trill-mark": "trill",
  "strong-accent": "marcato",
  "detached-legato": "portato",
  "inverted-mordent": "upper mordent",
  mordent: "lower mordent",
  p: "piano",
  pp: "pianissimo",
  ppp: "pianississimo",
  f: "forte",
  ff: "fortissimo",
  fff: "fortississimo",
  mp: "mezzo piano",
  mf: "mezzo forte",
  fp: "forte piano",
  sf: "sforzato",
  sfz: "sforzato",
  fz: "forzato",
};

function nameOf(element: Element): string {
  return NAMES[element.localName] ?? element.localName.replaceAll("-", " ");
}

function notationsInWords(notations: Element): string[] {
  return Array.from(notations.children).flatMap((element) => {
    switch (element.localName) {
      case "articulations":
      case "ornaments":
      case "dynamics":
        return Array.from(element.children)
          .filter(({ localName }) => localName !== "wavy-line" && localName !== "accidental-mark")
          .map(nameOf);
      case "slur":
        return { start: ["slur begins"], stop: ["slur ends"] }[element.getAttribute("type") ?? ""] ?? [];
      case "fermata":
      case "arpeggiate":
        return [nameOf(element)];
      default:
        return [];
    }
  });
}

function lyricInWords(note: Element): string {
  const lyric = child(note, "lyric");
  const text = lyric ? textOf(lyric, "text") : "";
  const goes = lyric && ["begin", "middle"].includes(textOf(lyric, "syllabic")) ? "-" : "";
  return text && `“${text}${goes}”`;
}

/** A direction's signs, or a chord symbol. */
function signsInWords(element: Element): string[] {
  if (element.localName === "harmony") return [`chord symbol ${harmonyInWords(element)}`];
  return children(element, "direction-type")
    .flatMap((type) => Array.from(type.children))
    .flatMap((sign) => {
      const type = sign.getAttribute("type") ?? "";
      switch (sign.localName) {
        case "dynamics":
          return Array.from(sign.children, (one) => one.textContent?.trim() || nameOf(one));
        case "wedge":
          return type === "crescendo" || type === "diminuendo" ? [type] : [];
        case "pedal":
          return { start: ["pedal down"], stop: ["pedal up"] }[type] ?? [];
        case "words":
          return sign.textContent?.trim() ? [sign.textContent.trim()] : [];
        case "rehearsal":
          return [`rehearsal mark ${sign.textContent?.trim()}`];
        case "metronome":
          return [tempoInWords(sign)];
        case "segno":
        case "coda":
          return [sign.localName];
        default:
          return [];
      }
    });
}

function harmonyInWords(harmony: Element): string {
  const tone = (name: string): string => {
    const element = child(harmony, name);
    if (!element) return "";
    return `${textOf(element, `${name}-step`)}${ALTERATIONS[Number(textOf(element, `${name}-alter`))] ?? ""}`.trim();
  };
  const kind = textOf(harmony, "kind")
    .replace(/^dominant$/, "dominant-seventh")
    .replaceAll("-", " ");
  return [tone("root"), kind, tone("bass") && `over ${tone("bass")}`].filter(Boolean).join(" ");
}

function tempoInWords(metronome: Element): string {
  const unit = `${child(metronome, "beat-unit-dot") ? "dotted " : ""}${textOf(metronome, "beat-unit")}`;
  return `tempo ${unit} = ${textOf(metronome, "per-minute") || textOf(metronome, "beat-unit")}`;
}

function barlineInWords(barline: Element): string[] {
  const direction = child(barline, "repeat")?.getAttribute("direction");
  const ending = child(barline, "ending");
  return [
    ending?.getAttribute("type") === "start" ? `ending ${ending.getAttribute("number")}` : "",
    direction === "forward" ? "repeat begins" : direction === "backward" ? "repeat ends" : "",
    !direction && textOf(barline, "bar-style") === "light-heavy" ? "final bar line" : "",
  ].filter(Boolean);
}

const CLEFS: Readonly<Record<string, string>> = {
  G2: "treble",
  F4: "bass",
  C3: "alto",
  C4: "tenor",
  C1: "soprano",
  percussion: "percussion",
  TAB: "tablature",
};

function attributesInWords(attributes: Element, staves: number): string[] {
  const [key] = children(attributes, "key");
  const [time] = children(attributes, "time");
  const clefs = children(attributes, "clef").map((clef) => {
    const [sign, line] = [textOf(clef, "sign"), textOf(clef, "line")];
    const staff = staves > 1 ? ` on the ${staffName(Number(clef.getAttribute("number") ?? "1"), staves)}` : "";
    const octaves = Number(textOf(clef, "clef-octave-change"));
    const shift = octaves ? ` an octave ${octaves < 0 ? "lower" : "higher"}` : "";
    return `${CLEFS[sign + line] ?? CLEFS[sign] ?? sign} clef${shift}${staff}`;
  });
  return [key ? keyInWords(key) : "", time ? timeInWords(time) : "", ...clefs].filter(Boolean);
}

function keyInWords(key: Element): string {
  const fifths = Number(textOf(key, "fifths"));
  if (fifths === 0) return "key without sharps or flats";
  const count = Math.abs(fifths);
  return `key with ${count} ${fifths > 0 ? "sharp" : "flat"}${count > 1 ? "s" : ""}`;
}

function timeInWords(time: Element): string {
  if (child(time, "senza-misura")) return "free time";
  const types = children(time, "beat-type").map((type) => type.textContent?.trim());
  return `time ${children(time, "beats")
    .map((beats, index) => `${beats.textContent?.trim()}/${types[index]}`)
    .join(" + ")}`;
}
