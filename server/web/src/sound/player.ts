// Plays MIDI with a sound font. The synthesizer is loaded when something is first heard.
import type { Sequencer, WorkletSynthesizer } from "spessasynth_lib";
import { getFile } from "../desk/server";
import { beside } from "../files";

const SOUNDS = beside("sounds.sf3");
const PROCESSOR = beside("synthesizer/processor.js");

interface Instrument {
  readonly context: AudioContext;
  readonly synthesizer: WorkletSynthesizer;
  readonly sequencer: Sequencer;
}

export class Player {
  private instrument: Promise<Instrument> | null = null;
  private ready: Instrument | null = null;
  private font: ArrayBuffer | null = null;

  /** Loads a MIDI file, given in base64, and plays it from `seconds` on; done once the clock tells that time. */
  async play(midi: string, seconds: number): Promise<void> {
    this.instrument ??= this.build().catch((error: unknown) => {
      this.instrument = null; // the next try begins anew
      throw error;
    });
    const { context, sequencer } = await this.instrument;
    await context.resume();
    const there = reached(sequencer, seconds);
    sequencer.loadNewSongList([{ binary: Uint8Array.from(atob(midi), (letter) => letter.charCodeAt(0)).buffer }]);
    sequencer.loopCount = 0;
    sequencer.currentTime = seconds;
    sequencer.play();
    await there;
  }

  pause(): void {
    this.ready?.sequencer.pause();
  }

  seek(seconds: number): void {
    if (this.ready) this.ready.sequencer.currentTime = seconds;
  }

  get seconds(): number {
    return this.ready?.sequencer.currentHighResolutionTime ?? 0;
  }

  /** Another sound font (.sf2, .sf3, .dls) in place of the one that comes along. */
  async use(font: ArrayBuffer): Promise<void> {
    this.font = font;
    if (!this.ready) return;
    const { synthesizer } = this.ready;
    await synthesizer.soundBankManager.addSoundBank(font.slice(0), "own");
    synthesizer.soundBankManager.priorityOrder = [
      "own",
      ...synthesizer.soundBankManager.priorityOrder.filter((id) => id !== "own"),
    ];
  }

  private async build(): Promise<Instrument> {
    const { Sequencer, WorkletSynthesizer } = await import("spessasynth_lib");
    const font = this.font?.slice(0) ?? (await (await getFile(SOUNDS)).arrayBuffer());
    const context = new AudioContext({ latencyHint: "interactive" });
    await context.audioWorklet.addModule(PROCESSOR);
    const synthesizer = new WorkletSynthesizer(context);
    synthesizer.connect(context.destination);
    await synthesizer.soundBankManager.addSoundBank(font, "main");
    await synthesizer.isReady;
    this.ready = { context, synthesizer, sequencer: new Sequencer(synthesizer, { skipToFirstNoteOn: false }) };
    return this.ready;
  }
}

/** The sequencer works in a thread of its own: until it says that it is at a place, its clock tells another one, for which we wait no longer than a second. */
function reached({ eventHandler }: Sequencer, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(waiting);
      eventHandler.removeEvent("timeChange", "reached");
      resolve();
    };
    eventHandler.addEvent("timeChange", "reached", (time) => Math.abs(time - seconds) < 0.01 && done());
    const waiting = setTimeout(done, 1000);
  });
}

export const player = new Player();
