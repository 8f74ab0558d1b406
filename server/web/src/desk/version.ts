// One version of the score, and places in it.

/** Bars from a place up to but without another one, counted from 0. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** New bars, and the staves in them (counted from 1 at the top) that are given and stay. */
export interface Passage extends Range {
  readonly given: readonly number[];
}

export interface Version {
  readonly name: string;
  readonly xml: string;
  readonly compact: string | null;
  readonly bars: number;
  /** The bars that the model wrote last, or null. */
  readonly fresh: Passage | null;
  readonly origin: "opened" | "kept" | "edited";
}
