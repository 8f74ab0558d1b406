// New bars on their own, while they are written: cut into pieces of a few bars, so that one that comes needs no drawing of the others.
import { displayCopy, withNewBars } from "./display";
import { cutAfter, cutBefore } from "./excerpt";
import type { NewBar } from "./musicxml";

/** New bars, the first of them at the place `first` in the score (counted from 0). */
export interface Stretch {
  readonly first: number;
  readonly bars: readonly NewBar[];
}

export const PIECE = 4;

export function pieceCount(stretch: Stretch): number {
  return Math.ceil(stretch.bars.length / PIECE);
}

/** The old bars that a stretch of at most `bars` bars needs to be drawn: what is in force before it, and what it replaces. */
export function groundOf(xml: string, first: number, bars: number): XMLDocument {
  return cutBefore(cutAfter(displayCopy(xml), first + bars), first - 1);
}

/** One piece as a score of its own. `ground` stays as it is. */
export function pieceOf(ground: XMLDocument, { first, bars }: Stretch, piece: number): XMLDocument {
  const start = piece * PIECE;
  const tree = withNewBars(ground, bars.slice(0, start + PIECE), first);
  const before = first > 0 ? 1 : 0;
  return cutBefore(cutAfter(tree, before + Math.min(bars.length, start + PIECE)), before + start);
}
