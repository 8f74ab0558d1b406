// Which bars of a score a task may mean, by its span. Knows bars by their places; knows no server.
import { silentRun } from "../score/silence";
import type { Task } from "./capabilities";
import type { Range, Version } from "./version";

interface Span {
  /** The bars that are written where nobody chose others. */
  readonly usual: (score: Version, most: number) => Range;
  /** The first and the last bar that may be chosen; null where new bars follow the last one. */
  readonly limits: ((score: Version) => Range) | null;
  /** The fewest bars that a score has to have. */
  readonly fewest: number;
}

export const SPANS: Readonly<Record<Task["span"], Span>> = {
  after: { usual: ({ bars }) => ({ from: bars, to: bars }), limits: null, fewest: 1 },
  gap: {
    usual: ({ xml, bars }) => silentRun(xml) ?? { from: Math.min(1, bars - 1), to: Math.min(2, bars) },
    limits: ({ bars }) => ({ from: 1, to: bars - 1 }),
    fewest: 3,
  },
  range: {
    usual: ({ bars }, most) => ({ from: 0, to: Math.min(bars, most) }),
    limits: ({ bars }) => ({ from: 0, to: bars }),
    fewest: 1,
  },
};

/** Whether a score has what a task needs. */
export function isPossible(task: Task, bars: number): boolean {
  return bars >= SPANS[task.span].fewest;
}
