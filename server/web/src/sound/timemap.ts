// verovio's timemap as moments: what sounds when, and in which bar.
import type { Range } from "../desk/version";
import { BAR_ID } from "../score/display";

export interface TimemapEntry {
  readonly tstamp: number;
  readonly on?: readonly string[];
  readonly off?: readonly string[];
  readonly measureOn?: string;
}

/** From `seconds` on these notes sound, in the bar at this place. */
export interface Moment {
  readonly seconds: number;
  readonly sounding: readonly string[];
  readonly bar: number;
}

export function momentsOf(timemap: readonly TimemapEntry[]): Moment[] {
  const sounding = new Set<string>();
  let bar = 0;
  return timemap.map(({ tstamp, on = [], off = [], measureOn }) => {
    for (const id of off) sounding.delete(written(id));
    for (const id of on) sounding.add(written(id));
    if (measureOn) bar = barOf(measureOn) ?? bar;
    return { seconds: tstamp / 1000, sounding: [...sounding], bar };
  });
}

/** A repeat plays the same notes under other ids. */
function written(id: string): string {
  return id.replace(/-rend\d+$/, "");
}

export function barOf(id: string): number | null {
  const match = new RegExp(`^${BAR_ID}(\\d+)`).exec(id);
  return match ? Number(match[1]) : null;
}

/** The moment that holds at a time, by halving; null before the first. */
export function momentAt(moments: readonly Moment[], seconds: number): Moment | null {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] as Moment).seconds <= seconds) low = middle + 1;
    else high = middle;
  }
  return moments[low - 1] ?? null;
}

/** When a bar is first heard, or the next one where repeats leave it out; 0 for bars after the last one. */
export function startOfBar(moments: readonly Moment[], bar: number): number {
  const heard = moments.find((moment) => moment.bar === bar) ?? moments.find((moment) => moment.bar > bar);
  return heard?.seconds ?? 0;
}

/** From when to when bars are heard for the first time, in seconds; without bars, all of the music. */
export function spanOf(moments: readonly Moment[], bars: Range | null): { readonly from: number; readonly to: number } {
  const end = moments.at(-1)?.seconds ?? 0;
  const isIn = ({ bar }: Moment): boolean => bars !== null && bar >= bars.from && bar < bars.to;
  const first = moments.findIndex(isIn);
  if (first < 0) return { from: 0, to: end };
  const after = moments.slice(first).find((moment) => !isIn(moment));
  return { from: moments[first]?.seconds ?? 0, to: after?.seconds ?? end };
}
