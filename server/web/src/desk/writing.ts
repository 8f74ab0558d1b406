// Asking for new bars and hearing of them as they are written.
import type { NewBar } from "../score/musicxml";
import type { Range, Version } from "./version";
import { type Ensemble, events, post, type Trouble } from "./server";
import { type Task, TASKS } from "./tasks";

export interface Wishes {
  readonly task: Task;
  /** How many bars follow the last one. */
  readonly bars: number;
  /** Which bars are written anew, where the task does that; null: those that the task means by itself. */
  readonly range: Range | null;
  /** The part that is given, counted from 1. */
  readonly given: number;
  /** What is added to a melody that stands alone, to harmonise it. */
  readonly ensemble: Ensemble;
  readonly candidates: number;
  readonly temperature: number;
  /** null: another one each time. */
  readonly seed: number | null;
  readonly minP: number;
  readonly ending: "auto" | "open" | "close";
}

export const DEFAULT_WISHES: Wishes = { task: "continue", bars: 8, range: null, given: 1, ensemble: "piano", candidates: 3, temperature: 0.9, seed: null, minP: 0.05, ending: "auto" };

export type News =
  | { readonly kind: "queued"; readonly place: number }
  | { readonly kind: "started" }
  | { readonly kind: "bar"; readonly candidate: number; readonly bar: NewBar }
  | { readonly kind: "candidate"; readonly candidate: number; readonly musicxml: string | null; readonly failure: Trouble | null; readonly rank: number }
  | { readonly kind: "trouble"; readonly trouble: Trouble }
  | { readonly kind: "done"; readonly warnings: readonly string[] };

/** The bars that are asked for of a score. */
export function askedOf(score: Version, { task, bars, range }: Wishes): Range {
  const { limits, usual } = TASKS[task];
  if (!limits) return { from: score.bars, to: score.bars + bars };
  return range && range.to <= score.bars ? range : usual(score); // an undone score may be shorter
}

/** Tells the news until all is written. Ends the job when `signal` is aborted. */
export async function* write(musicxml: string, wishes: Wishes, asked: Range, seed: number, signal: AbortSignal): AsyncGenerator<News> {
  const { task, candidates, temperature, minP, ending, given } = wishes;
  const where = task === "continue" ? { ending } : { first: asked.from + 1 };
  const request = {
    musicxml, seed, stream: true, bars: asked.to - asked.from, candidates, temperature, min_p: minP, ...where,
    ...(task === "harmonise" ? { given: String(given) } : {}),
  };
  const { id } = (await (await post(`v1/${task}`, request, signal)).json()) as { id: string };
  const stop = (): void => void post(`v1/jobs/${id}/cancel`, {}).catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  for await (const { name, data } of events(`v1/jobs/${id}/events`, signal)) {
    const news = newsOf(name, data);
    if (news) yield news;
    if (news?.kind === "done" || news?.kind === "trouble") break;
  }
  signal.removeEventListener("abort", stop);
}

const TELL: Readonly<Record<string, (data: never) => News>> = {
  queued: ({ place }: { place: number }) => ({ kind: "queued", place }),
  started: () => ({ kind: "started" }),
  bar: ({ candidate, musicxml }: { candidate: number; musicxml: NewBar }) => ({ kind: "bar", candidate, bar: musicxml }),
  candidate: ({ candidate, musicxml, failure, rank }: { candidate: number; musicxml?: string; failure?: Trouble; rank: number }) => ({
    kind: "candidate", candidate, musicxml: musicxml ?? null, failure: failure ?? null, rank,
  }),
  done: ({ warnings }: { warnings: readonly string[] }) => ({ kind: "done", warnings }),
  error: ({ error }: { error: Trouble }) => ({ kind: "trouble", trouble: error }),
};

export function newsOf(name: string, data: unknown): News | null {
  return TELL[name]?.(data as never) ?? null;
}

export function anySeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}
