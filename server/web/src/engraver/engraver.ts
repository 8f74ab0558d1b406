// Draws scores. Knows the thread that verovio works in, and what has to be mended between MusicXML and the picture.
import { displayCopy, withNewBars } from "../score/display";
import { cutBefore } from "../score/excerpt";
import { patchKeys, unequalKeyChanges } from "../score/keys";
import { type NewBar, read, write } from "../score/musicxml";
import type { TimemapEntry } from "../sound/timemap";
import type { Answer, Drawing, Order, ToolkitName } from "./orders";

export interface Performance {
  /** A MIDI file in base64. */
  readonly midi: string;
  readonly timemap: readonly TimemapEntry[];
}

export interface Music {
  readonly xml: string;
  readonly newBars?: readonly NewBar[];
  /** Draw from this bar on (counted from 0). */
  readonly from?: number;
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
};

const EXAMPLE = "examples/minuet.musicxml";
const WARMING = 4;

export class Engraver {
  private worker: Worker | null = null;
  private number = 0;
  private needed = false;
  private prepared: { readonly xml: string; readonly from: number; readonly tree: XMLDocument } | null = null;
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
    const pageWidth = Math.round((width * 100) / scale);
    const margins = { pageMarginLeft: 10, pageMarginRight: 10, pageMarginTop: 60, pageMarginBottom: 40 };
    return this.draw(toolkit, music, { ...COMMON, ...margins, scale, pageWidth, pageHeight: 3200, header: "none" });
  }

  /** Draws pages of A4 with title and page numbers. */
  async paper(music: Music): Promise<string[]> {
    const options = { ...COMMON, adjustPageHeight: false, scale: 40, pageWidth: 2100, pageHeight: 2970, header: "auto" };
    const margins = { pageMarginLeft: 150, pageMarginRight: 150, pageMarginTop: 150, pageMarginBottom: 150 };
    const { pages, first } = await this.draw("paper", music, { ...options, ...margins });
    const sheets = [first];
    for (let page = 2; page <= pages; page += 1) sheets.push(await this.page("paper", page));
    return sheets;
  }

  page(toolkit: ToolkitName, page: number): Promise<string> {
    return this.ask<string>({ toolkit, kind: "page", page });
  }

  perform(): Promise<Performance> {
    return this.ask<Performance>({ toolkit: "sheet", kind: "perform" });
  }

  private async draw(toolkit: ToolkitName, music: Music, options: Record<string, unknown>): Promise<Drawing> {
    this.needed = true;
    const tree = withNewBars(this.prepare(music.xml, music.from ?? 0), music.newBars ?? []);
    const drawing = await this.ask<Drawing>({ toolkit, kind: "engrave", score: write(tree), options });
    const changes = unequalKeyChanges(tree);
    if (changes.length === 0) return drawing;
    const mei = read(await this.ask<string>({ toolkit, kind: "mei" }));
    patchKeys(mei, changes);
    return this.ask<Drawing>({ toolkit, kind: "engrave", score: write(mei), options });
  }

  /** While bars come in one by one, what stands before them is read once. */
  private prepare(xml: string, from: number): XMLDocument {
    if (this.prepared?.xml === xml && this.prepared.from === from) return this.prepared.tree;
    const tree = cutBefore(displayCopy(xml), from);
    this.prepared = { xml, from, tree };
    return tree;
  }

  private ask<Value>(order: Order): Promise<Value> {
    const worker = this.start();
    this.number += 1;
    const id = this.number;
    return new Promise<Value>((resolve, reject) => {
      this.waiting.set(id, ({ value, error }) => (error === undefined ? resolve(value as Value) : reject(new Error(error))));
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

export const engraver = new Engraver();
