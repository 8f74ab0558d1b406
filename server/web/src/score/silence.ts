// Which bars have no notes: where a composer left a gap.
import { measuresOf, partsOf, read } from "./musicxml";

/** The longest run of silent bars that has others before and after it, by places counted from 0; null without one. */
export function silentRun(xml: string): { readonly from: number; readonly to: number } | null {
  const parts = partsOf(read(xml)).map(measuresOf);
  const count = Math.max(0, ...parts.map((measures) => measures.length));
  let best: { from: number; to: number } | null = null;
  let from: number | null = null;
  for (let bar = 0; bar < count; bar += 1) {
    const isSilent = parts.every((measures) => !measures[bar]?.querySelector("pitch, unpitched"));
    if (isSilent) from ??= bar;
    else {
      if (from !== null && from > 0 && bar - from > (best ? best.to - best.from : 0)) best = { from, to: bar };
      from = null;
    }
  }
  return best;
}
