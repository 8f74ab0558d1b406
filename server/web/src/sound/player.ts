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
  readonly gain: GainNode;
}

export class Player {
  private instrument: Promise<Instrument> | null = null;
  private ready: Instrument | null = null;
  private font: ArrayBuffer | null = null;
  private rate = 1;
  private loudness = 1;

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

  /** Goes on from another place; also where the music has come to its end. */
  restart(seconds: number): void {
    this.seek(seconds);
    if (this.ready?.sequencer.paused) this.ready.sequencer.play();
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

  /** Whether the last note is over. */
  get ended(): boolean {
    return this.ready?.sequencer.isFinished ?? false;
  }

  /** How fast it plays: 1 is as written. */
  set tempo(rate: number) {
    this.rate = rate;
    if (this.ready) this.ready.sequencer.playbackRate = rate;
  }

  /** How loud it plays, from 0 to 1, as ears have it. */
  set volume(loudness: number) {
    this.loudness = loudness;
    if (this.ready) this.ready.gain.gain.value = loudness ** 2;
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
    const gain = new GainNode(context, { gain: this.loudness ** 2 });
    synthesizer.connect(gain);
    gain.connect(context.destination);
    await synthesizer.soundBankManager.addSoundBank(font, "main");
    await synthesizer.isReady;
    const sequencer = new Sequencer(synthesizer, { skipToFirstNoteOn: false });
    sequencer.playbackRate = this.rate;
    this.ready = { context, synthesizer, sequencer, gain };
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
