// Draws scores. Knows the thread that verovio works in, and what has to be mended between MusicXML and the picture.
import { beside } from "../files";
import { BAR_ID, displayCopy, withNewBars } from "../score/display";
import { cutAfter, cutBefore } from "../score/excerpt";
import { patchKeys, unequalKeyChanges } from "../score/keys";
import { read, write } from "../score/musicxml";
import { groundOf, pieceOf, type Stretch } from "../score/stretch";
import type { TimemapEntry } from "../sound/timemap";
import type { Answer, Drawing, Order, ToolkitName } from "./orders";

export interface Performance {
  /** A MIDI file in base64. */
  readonly midi: string;
  readonly timemap: readonly TimemapEntry[];
}

export interface Music {
  readonly xml: string;
  readonly stretch?: Stretch;
  /** Draw from this bar on, and up to but without that one (counted from 0). */
  readonly from?: number;
  readonly to?: number;
}

const COMMON = {
  font: "Leland",
  smuflTextFont: "none",
  svgRemoveXlink: true,
  svgFormatRaw: true,
  footer: "none",
  breaks: "auto",
  adjustPageHeight: true,
  mnumInterval: 0,
  svgAdditionalAttribute: ["staff@n"], // by which new staves are told from those that stay
};

/** verovio's own limit; a piece is one page, however high. */
const TALLEST = 60_000;
const EXAMPLE = beside("examples/minuet.musicxml");
const WARMING = 4;

export class Engraver {
  private worker: Worker | null = null;
  private number = 0;
  private needed = false;
  private onSheet: Music | null = null;
  private ground: {
    readonly xml: string;
    readonly first: number;
    readonly asked: number;
    readonly tree: XMLDocument;
  } | null = null;
  private readonly waiting = new Map<number, (answer: Answer) => void>();

  /** Engraves an example some times before the composer's score comes: fonts are then read, and the busy code is compiled. */
  async warm(): Promise<void> {
    const example = await (await fetch(EXAMPLE)).text();
    for (let times = 0; times < WARMING && !this.needed; times += 1) {
      await this.ask({ toolkit: "card", kind: "engrave", score: example, options: COMMON });
    }
  }

  /** Draws for a screen `width` pixels wide. */
  engrave(toolkit: ToolkitName, music: Music, width: number, scale: number): Promise<Drawing> {
    if (toolkit === "sheet") this.onSheet = music;
    return this.draw(toolkit, treeOf(music), { ...screen(width, scale), pageHeight: 3200 });
  }

  /** Reads what stands before new bars, of which at most `asked` will come: before the first of them is there, there is time for it. */
  expect(xml: string, first: number, asked: number): void {
    this.groundFor(xml, first, asked);
  }

  /** Draws one piece of new bars, of which at most `asked` will come: a picture for a screen `width` pixels wide. */
  async engravePiece(
    xml: string,
    stretch: Stretch,
    asked: number,
    piece: number,
    width: number,
    scale: number,
  ): Promise<string> {
    const tree = pieceOf(this.groundFor(xml, stretch.first, asked), stretch, piece);
    return (await this.draw("piece", tree, { ...screen(width, scale), pageHeight: TALLEST })).first;
  }

  /** Draws pages of A4 with title and page numbers, one after the other; each comes with how many there are. */
  async *paper(music: Music): AsyncGenerator<{ readonly page: string; readonly pages: number }> {
    const options = {
      ...COMMON,
      adjustPageHeight: false,
      scale: 40,
      pageWidth: 2100,
      pageHeight: 2970,
      header: "auto",
    };
    const margins = { pageMarginLeft: 150, pageMarginRight: 150, pageMarginTop: 150, pageMarginBottom: 150 };
    const { pages, first } = await this.draw("paper", treeOf(music), { ...options, ...margins });
    yield { page: first, pages };
    for (let number = 2; number <= pages; number += 1) yield { page: await this.page("paper", number), pages };
  }

  page(toolkit: ToolkitName, page: number): Promise<string> {
    return this.ask<string>({ toolkit, kind: "page", page });
  }

  /** The page on which a bar of the drawn score stands. */
  pageOf(toolkit: ToolkitName, bar: number): Promise<number> {
    return this.ask<number>({ toolkit, kind: "find", id: `${BAR_ID}${bar}` });
  }

  /** How music sounds; what isn't on the sheet yet is read on its own. */
  async perform(music: Music): Promise<Performance> {
    if (this.onSheet === music) return this.ask<Performance>({ toolkit: "sheet", kind: "perform" });
    await this.draw("sound", treeOf(music), COMMON);
    return this.ask<Performance>({ toolkit: "sound", kind: "perform" });
  }

  private async draw(toolkit: ToolkitName, tree: XMLDocument, options: Record<string, unknown>): Promise<Drawing> {
    this.needed = true;
    const drawing = await this.ask<Drawing>({ toolkit, kind: "engrave", score: write(tree), options });
    const changes = unequalKeyChanges(tree);
    if (changes.length === 0) return drawing;
    const mei = read(await this.ask<string>({ toolkit, kind: "mei" }));
    patchKeys(mei, changes);
    return this.ask<Drawing>({ toolkit, kind: "engrave", score: write(mei), options });
  }

  /** While bars come in one by one, what stands before them is read once. */
  private groundFor(xml: string, first: number, asked: number): XMLDocument {
    const known = this.ground;
    if (known?.xml === xml && known.first === first && known.asked === asked) return known.tree;
    const tree = groundOf(xml, first, asked);
    this.ground = { xml, first, asked, tree };
    return tree;
  }

  private ask<Value>(order: Order): Promise<Value> {
    const worker = this.start();
    this.number += 1;
    const id = this.number;
    return new Promise<Value>((resolve, reject) => {
      this.waiting.set(id, ({ value, error }) =>
        error === undefined ? resolve(value as Value) : reject(new Error(error)),
      );
      worker.postMessage({ id, order });
    });
  }

  private start(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "engraver" });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.hand(data);
    worker.onerror = () => this.giveUp();
    this.worker = worker;
    return worker;
  }

  private hand(answer: Answer): void {
    this.waiting.get(answer.id)?.(answer);
    this.waiting.delete(answer.id);
  }

  /** A thread that died is started anew with the next order. */
  private giveUp(): void {
    this.worker?.terminate();
    this.worker = null;
    for (const id of [...this.waiting.keys()]) this.hand({ id, error: "The engraver stopped." });
  }
}

function screen(width: number, scale: number): Record<string, unknown> {
  const margins = { pageMarginLeft: 10, pageMarginRight: 10, pageMarginTop: 60, pageMarginBottom: 40 };
  return { ...COMMON, ...margins, scale, pageWidth: Math.round((width * 100) / scale), header: "none" };
}

function treeOf({ xml, stretch, from = 0, to }: Music): XMLDocument {
  const copy = displayCopy(xml);
  const tree = stretch ? withNewBars(copy, stretch.bars, stretch.first) : copy;
  return cutBefore(to === undefined ? tree : cutAfter(tree, to), from);
}

export const engraver = new Engraver();
