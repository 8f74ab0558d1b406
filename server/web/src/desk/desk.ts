// What lies on the desk: the score in all its versions, the candidates, and what is being done. Pure: state and actions.
import { countBars, type NewBar, read } from "../score/musicxml";
import type { Trouble } from "./server";
import type { Range, Version } from "./version";
import type { News } from "./writing";

export interface Candidate {
  readonly bars: readonly NewBar[];
  /** The whole score with these bars, once they are all there. */
  readonly xml: string | null;
  readonly failure: Trouble | null;
  /** 1 is the one that the model finds most probable; null until all are written. */
  readonly rank: number | null;
}

export interface Desk {
  readonly versions: readonly Version[];
  readonly at: number;
  readonly candidates: readonly Candidate[];
  readonly shown: number;
  /** Which bars the candidates are, or shall be once they are written. */
  readonly asked: Range;
  readonly writing: null | { readonly place: number | null };
  readonly trouble: Trouble | null;
  readonly said: string;
}

export const EMPTY: Desk = {
  versions: [],
  at: -1,
  candidates: [],
  shown: 0,
  asked: { from: 0, to: 0 },
  writing: null,
  trouble: null,
  said: "",
};

export type Action =
  | { readonly do: "open"; readonly version: Version }
  | { readonly do: "close" }
  | { readonly do: "edit"; readonly xml: string; readonly compact: string }
  | { readonly do: "text"; readonly compact: string; readonly of: Version }
  | { readonly do: "extend"; readonly version: Version }
  | { readonly do: "begin"; readonly asked: Range }
  | { readonly do: "news"; readonly news: News }
  | { readonly do: "rest" }
  | { readonly do: "show"; readonly candidate: number }
  | { readonly do: "keep"; readonly xml: string }
  | { readonly do: "discard" }
  | { readonly do: "undo" }
  | { readonly do: "redo" }
  | { readonly do: "fail"; readonly trouble: Trouble }
  | { readonly do: "dismiss" };

export function current(desk: Desk): Version | null {
  return desk.versions[desk.at] ?? null;
}

export function shownCandidate(desk: Desk): Candidate | null {
  return desk.candidates[desk.shown] ?? null;
}

export function act(desk: Desk, action: Action): Desk {
  switch (action.do) {
    case "open":
      return {
        ...EMPTY,
        versions: [action.version],
        at: 0,
        said: `${action.version.name} is open, ${action.version.bars} bars.`,
      };
    case "close":
      return EMPTY;
    case "edit":
      return edited(desk, action.xml, action.compact);
    case "text":
      return {
        ...desk,
        versions: desk.versions.map((one) => (one === action.of ? { ...one, compact: action.compact } : one)),
      };
    case "extend":
      return put(desk, action.version, "Empty parts are added.");
    case "begin":
      return {
        ...desk,
        candidates: [],
        shown: 0,
        asked: action.asked,
        writing: { place: null },
        trouble: null,
        said: "The model begins.",
      };
    case "news":
      return told(desk, action.news);
    case "rest":
      return {
        ...desk,
        writing: null,
        candidates: desk.candidates.filter((candidate) => candidate.bars.length > 0),
        said: "The model has stopped.",
      };
    case "show":
      return { ...desk, shown: action.candidate, said: `Version ${action.candidate + 1} is shown.` };
    case "keep":
      return kept(desk, action.xml);
    case "discard":
      return { ...desk, candidates: [], shown: 0, said: "The new bars are gone." };
    case "undo":
      return moved(desk, -1, "Undone.");
    case "redo":
      return moved(desk, 1, "Done again.");
    case "fail":
      return { ...desk, trouble: action.trouble };
    case "dismiss":
      return { ...desk, trouble: null };
  }
}

function put(desk: Desk, version: Version, said: string): Desk {
  const versions = [...desk.versions.slice(0, desk.at + 1), version];
  return { ...desk, versions, at: versions.length - 1, candidates: [], shown: 0, said };
}

/** Edits that follow each other are one step for undo. */
function edited(desk: Desk, xml: string, compact: string): Desk {
  const now = current(desk);
  if (!now) return desk;
  const version: Version = { ...now, xml, compact, bars: countBars(read(xml)), fresh: null, origin: "edited" };
  const base = now.origin === "edited" ? { ...desk, at: desk.at - 1 } : desk;
  return put(base, version, `The score has ${version.bars} bars.`);
}

function kept(desk: Desk, xml: string): Desk {
  const now = current(desk);
  if (!now) return desk;
  const bars = countBars(read(xml));
  const version: Version = { ...now, xml, compact: null, bars, fresh: desk.asked, origin: "kept" };
  return put(desk, version, `Kept. The score has ${bars} bars now.`);
}

function moved(desk: Desk, step: -1 | 1, said: string): Desk {
  const at = desk.at + step;
  if (desk.writing || !desk.versions[at]) return desk;
  return { ...desk, at, candidates: [], shown: 0, trouble: null, said };
}

function told(desk: Desk, news: News): Desk {
  if (!desk.writing) return desk;
  switch (news.kind) {
    case "queued":
      return { ...desk, writing: { ...desk.writing, place: news.place }, said: `Waiting, ${news.place} in the queue.` };
    case "started":
      return { ...desk, writing: { ...desk.writing, place: null } };
    case "bar": {
      const changed = change(desk, news.candidate, (candidate) => ({
        ...candidate,
        bars: [...candidate.bars, news.bar],
      }));
      const count = changed.candidates[news.candidate]?.bars.length ?? 0;
      return { ...changed, said: `Version ${news.candidate + 1}: bar ${count} of ${desk.asked.to - desk.asked.from}.` };
    }
    case "candidate":
      return change(desk, news.candidate, (candidate) => ({
        ...candidate,
        xml: news.musicxml,
        failure: news.failure,
        rank: news.rank,
      }));
    case "trouble":
      return { ...desk, writing: null, trouble: news.trouble };
    case "done":
      return { ...desk, writing: null, said: "All is written." };
  }
}

const BLANK: Candidate = { bars: [], xml: null, failure: null, rank: null };

function change(desk: Desk, index: number, how: (candidate: Candidate) => Candidate): Desk {
  const candidates = [...desk.candidates];
  while (candidates.length <= index) candidates.push(BLANK);
  candidates[index] = how(candidates[index] ?? BLANK);
  return { ...desk, candidates };
}
