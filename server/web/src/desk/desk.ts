// What lies on the desk: the score in all its versions, each with its candidates, and what is being done. Pure: state and actions.
import { countBars, type NewBar, read } from "../score/musicxml";
import type { Trouble } from "./server";
import type { Passage, Version } from "./version";
import type { News, Remark } from "./writing";

export interface Candidate {
  readonly bars: readonly NewBar[];
  /** The whole score with these bars, once they are all there. */
  readonly xml: string | null;
  readonly failure: Trouble | null;
  /** 1 is the one in which the critic finds least; null until all are written. */
  readonly rank: number | null;
  readonly report: readonly Remark[];
}

/** What undo goes back to: a version of the score, and the candidates for it. */
export interface Step {
  readonly version: Version;
  readonly candidates: readonly Candidate[];
  readonly shown: number;
  /** Which bars the candidates are, or shall be once they are written. */
  readonly asked: Passage;
}

export interface Writing {
  /** The place in the queue; null once the model writes. */
  readonly place: number | null;
  /** Whether somebody has chosen what is shown: the first choice then doesn't take its place. */
  readonly chosen: boolean;
}

export interface Desk {
  readonly steps: readonly Step[];
  readonly at: number;
  readonly writing: null | Writing;
  readonly trouble: Trouble | null;
  readonly said: string;
}

export const EMPTY: Desk = {
  steps: [],
  at: -1,
  writing: null,
  trouble: null,
  said: "",
};

export type Action =
  | { readonly do: "open"; readonly version: Version }
  | { readonly do: "close" }
  | { readonly do: "edit"; readonly xml: string; readonly compact: string }
  | { readonly do: "text"; readonly compact: string; readonly of: Version }
  | { readonly do: "begin"; readonly asked: Passage }
  | { readonly do: "extend"; readonly version: Version }
  | { readonly do: "news"; readonly news: News }
  | { readonly do: "rest" }
  | { readonly do: "show"; readonly candidate: number }
  | { readonly do: "keep"; readonly xml: string }
  | { readonly do: "discard" }
  | { readonly do: "undo" }
  | { readonly do: "redo" }
  | { readonly do: "fail"; readonly trouble: Trouble }
  | { readonly do: "dismiss" };

const NOWHERE: Passage = { from: 0, to: 0, given: [] };

export function current(desk: Desk): Step | null {
  return desk.steps[desk.at] ?? null;
}

/** The version that edits go into: what an edit takes back is then as it was, byte for byte. */
export function beforeEdits({ steps, at }: Desk): Version | null {
  return steps.slice(0, at + 1).findLast(({ version }) => version.origin !== "edited")?.version ?? null;
}

export function shownCandidate(step: Step | null): Candidate | null {
  return step?.candidates[step.shown] ?? null;
}

/** The bars that a candidate has: as many as were asked for, or fewer where the model was stopped. */
export function passageOf({ bars }: Candidate, asked: Passage): Passage {
  const to = asked.from + bars.length;
  return to === asked.to ? asked : { ...asked, to };
}

export function act(desk: Desk, action: Action): Desk {
  switch (action.do) {
    case "open":
      return {
        ...EMPTY,
        steps: [stepOf(action.version)],
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
        steps: desk.steps.map((step) =>
          step.version === action.of ? { ...step, version: { ...step.version, compact: action.compact } } : step,
        ),
      };
    case "begin":
      return begun(desk, action.asked);
    case "extend":
      return desk.writing ? change(desk, { version: action.version }) : desk;
    case "news":
      return told(desk, action.news);
    case "rest":
      return { ...rested(desk), said: "The model has stopped." };
    case "show":
      return {
        ...change(desk, { shown: action.candidate }),
        writing: desk.writing && { ...desk.writing, chosen: true },
        said: `Version ${action.candidate + 1} is shown.`,
      };
    case "keep":
      return kept(desk, action.xml);
    case "discard":
      return discarded(desk);
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

function stepOf(version: Version, asked = NOWHERE): Step {
  return { version, candidates: [], shown: 0, asked };
}

function put(desk: Desk, step: Step, said: string): Desk {
  const steps = [...desk.steps.slice(0, desk.at + 1), step];
  return { ...desk, steps, at: steps.length - 1, said };
}

function change(desk: Desk, part: Partial<Step>): Desk {
  return { ...desk, steps: desk.steps.map((step, index) => (index === desk.at ? { ...step, ...part } : step)) };
}

function begun(desk: Desk, asked: Passage): Desk {
  const now = current(desk);
  if (!now) return desk;
  const step = stepOf(now.version, asked);
  return { ...put(desk, step, "The model begins."), writing: { place: null, chosen: false }, trouble: null };
}

/** Only what was written stays; where that is nothing, all is as before the model began. */
function rested(desk: Desk): Desk {
  const now = current(desk);
  if (!now || !desk.writing) return desk;
  const isWritten = ({ bars }: Candidate): boolean => bars.length > 0;
  const candidates = now.candidates.filter(isWritten);
  if (candidates.length === 0) return { ...desk, steps: desk.steps.slice(0, desk.at), at: desk.at - 1, writing: null };
  const before = now.candidates.slice(0, now.shown).filter(isWritten).length;
  return { ...change(desk, { candidates, shown: Math.min(before, candidates.length - 1) }), writing: null };
}

function discarded(desk: Desk): Desk {
  const now = current(desk);
  return now ? put(desk, stepOf(now.version), "The new bars are gone.") : desk;
}

/** Edits that follow each other are one step for undo. */
function edited(desk: Desk, xml: string, compact: string): Desk {
  const now = current(desk)?.version;
  if (!now) return desk;
  const version: Version = { ...now, xml, compact, bars: countBars(read(xml)), fresh: null, origin: "edited" };
  const base = now.origin === "edited" ? { ...desk, at: desk.at - 1 } : desk;
  return put(base, stepOf(version), `The score has ${version.bars} bars.`);
}

function kept(desk: Desk, xml: string): Desk {
  const now = current(desk);
  const candidate = shownCandidate(now);
  if (!now || !candidate) return desk;
  const bars = countBars(read(xml));
  const fresh = passageOf(candidate, now.asked);
  const version: Version = { ...now.version, xml, compact: null, bars, fresh, origin: "kept" };
  return put(desk, stepOf(version), `Kept. The score has ${bars} bars now.`);
}

function moved(desk: Desk, step: -1 | 1, said: string): Desk {
  const at = desk.at + step;
  if (desk.writing || !desk.steps[at]) return desk;
  return { ...desk, at, trouble: null, said };
}

function told(desk: Desk, news: News): Desk {
  const now = current(desk);
  if (!now || !desk.writing) return desk;
  switch (news.kind) {
    case "queued":
      return { ...desk, writing: { ...desk.writing, place: news.place }, said: `Waiting, ${news.place} in the queue.` };
    case "started":
      return { ...desk, writing: { ...desk.writing, place: null } };
    case "bar": {
      const bars = [...(now.candidates[news.candidate]?.bars ?? []), news.bar];
      const said = `Version ${news.candidate + 1}: bar ${bars.length} of ${now.asked.to - now.asked.from}.`;
      return { ...changeCandidate(desk, now, news.candidate, { bars }), said };
    }
    case "candidate": {
      const { musicxml: xml, failure, rank, report } = news;
      return changeCandidate(desk, now, news.candidate, { xml, failure, rank, report });
    }
    case "trouble":
      return { ...rested(desk), trouble: news.trouble };
    case "done": {
      const first = desk.writing.chosen ? -1 : now.candidates.findIndex(({ rank }) => rank === 1);
      return { ...change(desk, first < 0 ? {} : { shown: first }), writing: null, said: "All is written." };
    }
  }
}

const BLANK: Candidate = { bars: [], xml: null, failure: null, rank: null, report: [] };

function changeCandidate(desk: Desk, { candidates }: Step, index: number, part: Partial<Candidate>): Desk {
  const count = Math.max(candidates.length, index + 1);
  const all = Array.from({ length: count }, (_, place) => candidates[place] ?? BLANK);
  return change(desk, { candidates: all.with(index, { ...(all[index] ?? BLANK), ...part }) });
}
