// What the page asks of the engraver's thread, and what it answers.

/** Each keeps a score of its own: the sheet, a piece of new bars, the candidates' cards, the paper, what is heard before it is drawn. */
export type ToolkitName = "sheet" | "piece" | "card" | "paper" | "sound";

export type Order = { readonly toolkit: ToolkitName } & (
  | { readonly kind: "engrave"; readonly score: string; readonly options: Record<string, unknown> }
  | { readonly kind: "page"; readonly page: number }
  | { readonly kind: "find"; readonly id: string }
  | { readonly kind: "mei" }
  | { readonly kind: "perform" }
);

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export interface Drawing {
  readonly pages: number;
  /** The first page, so that it needs no second way to the thread. */
  readonly first: string;
}

/** The part of verovio's toolkit that is used. */
export interface Toolkit {
  setOptions(options: Record<string, unknown>): void;
  loadData(score: string): boolean;
  getPageCount(): number;
  renderToSVG(page: number): string;
  getPageWithElement(id: string): number;
  renderToMIDI(): string;
  renderToTimemap(options: Record<string, unknown>): unknown;
  getMEI(options: Record<string, unknown>): string;
}
