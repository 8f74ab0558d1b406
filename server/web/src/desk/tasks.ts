// What can be asked of the model: one table. Knows bars by their places; knows no server.
import { silentRun } from "../score/silence";
import type { Range, Version } from "./version";

export type Task = "continue" | "infill" | "harmonise" | "vary";

interface TaskRules {
  readonly title: string;
  readonly words: string;
  /** The bars that are written where nobody chose others. */
  readonly usual: (score: Version) => Range;
  /** The first and the last bar that may be chosen; null where new bars follow the last one. */
  readonly limits: ((score: Version) => Range) | null;
}

export const MOST_BARS = 256;

export const TASKS: Readonly<Record<Task, TaskRules>> = {
  continue: {
    title: "Continue",
    words: "New bars after the last one.",
    usual: ({ bars }) => ({ from: bars, to: bars }),
    limits: null,
  },
  infill: {
    title: "Fill a gap",
    words: "Bars in the middle are written anew, from what is around them.",
    usual: ({ xml, bars }) => silentRun(xml) ?? { from: Math.min(1, bars - 1), to: Math.min(2, bars) },
    limits: ({ bars }) => ({ from: 1, to: bars - 1 }),
  },
  harmonise: {
    title: "Harmonise",
    words: "One part stays, all others are written anew.",
    usual: ({ bars }) => ({ from: 0, to: Math.min(bars, MOST_BARS) }),
    limits: ({ bars }) => ({ from: 0, to: bars }),
  },
  vary: {
    title: "Vary",
    words: "The rhythm stays, the notes are others.",
    usual: ({ bars }) => ({ from: 0, to: Math.min(bars, MOST_BARS) }),
    limits: ({ bars }) => ({ from: 0, to: bars }),
  },
};

/** Whether a score has what a task needs. */
export function isPossible(task: Task, bars: number): boolean {
  return task !== "infill" || bars > 2;
}
