// Asking for new bars and hearing of them as they are written.
import { type NewBar, read, stavesOf } from "../score/musicxml";
import { type Capabilities, settingOf, taskOf } from "./capabilities";
import { events, post, type Trouble } from "./server";
import { SPANS } from "./tasks";
import type { Passage, Range, Version } from "./version";

export interface Wishes {
  readonly task: string;
  /** How many bars follow the last one; null: as many as the task adds by itself. */
  readonly bars: number | null;
  /** Which bars are written anew, where the task does that; null: those that the task means by itself. */
  readonly range: Range | null;
  /** The part that is given, counted from 1; null: the one that the task means by itself. */
  readonly given: number | null;
  /** What is added to a melody that stands alone, to harmonise it. */
  readonly ensemble: string | null;
  /** null: as many as the server says are compared. */
  readonly candidates: number | null;
  /** null: another one each time. */
  readonly seed: number | null;
  /** Other settings, by their names, that are not as the server has them. */
  readonly others: Readonly<Record<string, number | string>>;
}

/** Everything is as the server has it. */
export const FIRST_WISHES: Wishes = {
  task: "continue",
  bars: null,
  range: null,
  given: null,
  ensemble: null,
  candidates: null,
  seed: null,
  others: {},
};

/** What the critic finds in a new bar: the bar's printed number, words, and how bad it is (0 is a merit). */
export interface Remark {
  readonly bar: string;
  readonly words: string;
  readonly weight: number;
}

export type News =
  | { readonly kind: "queued"; readonly place: number }
  | { readonly kind: "started" }
  | { readonly kind: "bar"; readonly candidate: number; readonly bar: NewBar }
  | {
      readonly kind: "candidate";
      readonly candidate: number;
      readonly musicxml: string | null;
      readonly failure: Trouble | null;
      readonly rank: number;
      readonly report: readonly Remark[];
    }
  | { readonly kind: "trouble"; readonly trouble: Trouble }
  | { readonly kind: "done"; readonly warnings: readonly string[] };

/** The bars that are asked for of a score. */
export function askedOf(score: Version, wishes: Wishes, offered: Capabilities): Range {
  const task = taskOf(offered, wishes.task);
  const { limits, usual } = SPANS[task.span];
  if (!limits) {
    const setting = settingOf(task, "bars");
    const bars = wishes.bars ?? Number(setting?.default ?? setting?.minimum);
    return { from: score.bars, to: score.bars + bars };
  }
  const { range } = wishes;
  return range && range.to <= score.bars ? range : usual(score, offered.limits.most_bars); // an undone score may be shorter
}

/** The part that is given, counted from 1; null where a task writes all of them. */
export function givenOf({ task, given }: Wishes, offered: Capabilities): number | null {
  const setting = settingOf(taskOf(offered, task), "given");
  return setting ? (given ?? Number.parseInt(String(setting.default), 10)) : null;
}

/** What is added to a melody that stands alone. */
export function ensembleOf(
  { ensemble }: Wishes,
  { ensembles }: Capabilities,
): Capabilities["ensembles"][number] | undefined {
  return ensembles.find(({ id }) => id === ensemble) ?? ensembles[0];
}

/** The bars that are asked for of a score, with the staves that stay. */
export function passageAsked(score: Version, wishes: Wishes, offered: Capabilities): Passage {
  const given = givenOf(wishes, offered);
  return { ...askedOf(score, wishes, offered), given: given === null ? [] : stavesOf(read(score.xml), given - 1) };
}

/** Tells the news until all is written. Ends the job when `signal` is aborted. */
export async function* write(
  musicxml: string,
  wishes: Wishes,
  asked: Range,
  seed: number,
  offered: Capabilities,
  signal: AbortSignal,
): AsyncGenerator<News> {
  const task = taskOf(offered, wishes.task);
  const given = givenOf(wishes, offered);
  const has = (name: string): boolean => settingOf(task, name) !== undefined;
  const others = Object.fromEntries(Object.entries(wishes.others).filter(([name]) => has(name)));
  const request = {
    musicxml,
    seed,
    stream: true,
    bars: asked.to - asked.from,
    candidates: wishes.candidates ?? offered.compared.candidates,
    ...others,
    ...(has("first") ? { first: asked.from + 1 } : {}),
    ...(given === null ? {} : { given: String(given) }),
  };
  const { id } = (await (await post(task.path.slice(1), request, signal)).json()) as { id: string };
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
  bar: ({ candidate, musicxml }: { candidate: number; musicxml: NewBar }) => ({
    kind: "bar",
    candidate,
    bar: musicxml,
  }),
  candidate: ({
    candidate,
    musicxml,
    failure,
    rank,
    report,
  }: {
    candidate: number;
    musicxml?: string;
    failure?: Trouble;
    rank: number;
    report?: readonly Remark[];
  }) => ({
    kind: "candidate",
    candidate,
    musicxml: musicxml ?? null,
    failure: failure ?? null,
    rank,
    report: report ?? [],
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
