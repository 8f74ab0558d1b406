import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { type Trouble, troubleFrom } from "../desk/server";
import type { Range } from "../desk/version";
import { engraver, type Music, type Performance } from "../engraver/engraver";
import { player } from "../sound/player";
import { type Moment, momentAt, momentsOf, spanOf, startOfBar } from "../sound/timemap";
import { SoundChoices } from "./SoundChoices";
import { useShortcuts } from "./useShortcuts";

interface Props {
  readonly music: Music;
  /** Where it is heard from: the bar that was clicked, or the first new one. */
  readonly start: { readonly bar: number };
  /** The printed numbers of all bars. */
  readonly numbers: readonly string[];
  /** The new bars, which a loop repeats; without them it repeats all. */
  readonly fresh: Range | null;
  readonly onSounding: (ids: readonly string[]) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

interface Rehearsed {
  readonly music: Music;
  readonly performance: Performance;
  readonly moments: readonly Moment[];
  readonly length: number;
}

export function PlayerBar({ music, start, numbers, fresh, onSounding, onTrouble }: Props) {
  const [rehearsed, setRehearsed] = useState<Rehearsed | null>(null);
  const [playing, setPlaying] = useState<"no" | "soon" | "yes">("no");
  const [seconds, setSeconds] = useState<number | null>(null); // null: at the bar to start from
  const [loops, setLoops] = useState(false);
  const current = useRef(music);
  current.current = music;
  const ready = rehearsed?.music === music ? rehearsed : null;

  useEffect(() => {
    player.pause();
    setPlaying("no");
    setSeconds(null);
    onSounding([]);
  }, [music]);
  useEffect(() => {
    setSeconds(null);
    if (ready) player.seek(startOfBar(ready.moments, start.bar));
  }, [start]);
  useEffect(() => (playing === "yes" && ready ? follow(ready) : undefined), [playing, ready, loops, fresh]);
  const canToggle = playing !== "soon" && music.to !== 0; // with `to` 0 no bar is left to hear
  const toggle = canToggle ? () => (playing === "yes" ? pause() : void play()) : null;
  useShortcuts({ play: toggle });

  function follow(what: Rehearsed): () => void {
    let frame = 0;
    let last: Moment | null = null;
    let before = player.seconds;
    const loop = loops ? spanOf(what.moments, fresh) : null;
    const end = loop?.to ?? what.length;
    const look = (): void => {
      const now = player.seconds;
      const moment = momentAt(what.moments, now);
      if (moment !== last) onSounding(moment?.sounding ?? []);
      last = moment;
      setSeconds(now);
      const isOver = player.ended || (before < end && now >= end);
      before = now;
      if (isOver && !loop) {
        pause();
        setSeconds(null);
        return;
      }
      if (isOver && loop) player.restart(loop.from);
      frame = requestAnimationFrame(look);
    };
    frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }

  function pause(): void {
    player.pause();
    setPlaying("no");
    onSounding([]);
  }

  async function play(): Promise<void> {
    setPlaying("soon");
    try {
      const what = ready ?? (await rehearse());
      if (current.current !== music) return;
      const from = seconds ?? startOfBar(what.moments, start.bar);
      await player.play(what.performance.midi, from >= what.length ? 0 : from);
      if (current.current === music) setPlaying("yes");
      else player.pause();
    } catch (error) {
      setPlaying("no");
      unheard(error);
    }
  }

  function unheard(error: unknown): void {
    onTrouble({
      message: "The score can't be heard",
      cause: troubleFrom(error).message,
      hint: "Check that the server runs and that the browser may play sound, or download the MIDI file",
    });
  }

  async function rehearse(): Promise<Rehearsed> {
    const performance = await engraver.perform(music);
    const moments = momentsOf(performance.timemap);
    const what = { music, performance, moments, length: moments.at(-1)?.seconds ?? 0 };
    setRehearsed(what);
    return what;
  }

  async function seek(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const value = event.target.valueAsNumber; // a bar's place until it is known how long the music is
    const at = ready ? value : startOfBar((await rehearse()).moments, Math.round(value));
    setSeconds(at);
    player.seek(at);
  }

  const { from = 0, to = numbers.length } = music;
  const first = start.bar >= from && start.bar < Math.min(to, numbers.length) ? start.bar : from;
  const length = Math.max(ready?.length ?? numbers.length, 1);
  const at = ready ? (seconds ?? startOfBar(ready.moments, first)) : first;
  const bar = ready && seconds !== null ? (momentAt(ready.moments, seconds)?.bar ?? first) : first;
  const where = `Bar ${numbers[bar]} of ${numbers.at(-1)}`;
  return (
    <section className="player" aria-label="Listen">
      <button
        type="button"
        className="play"
        onClick={() => toggle?.()}
        disabled={toggle === null}
        aria-label={playing === "yes" ? "Pause" : "Play"}
        aria-keyshortcuts="Space"
        title={playing === "yes" ? "Pause (Space)" : "Play (Space)"}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          {playing === "yes" ? <path d="M7 5h3.500v14H7zM13.500 5H17v14h-3.500z" /> : <path d="M8 5l11 7-11 7z" />}
        </svg>
      </button>
      <input
        className="time"
        type="range"
        min="0"
        max={length}
        step="0.05"
        value={Math.min(at, length)}
        onFocus={() => void (ready ?? rehearse().catch(unheard))}
        onChange={(event) => void seek(event).catch(unheard)}
        aria-label="Place in the music"
        aria-valuetext={where}
      />
      <span className="where">{where}</span>
      <SoundChoices
        loops={loops}
        looped={fresh ? "The new bars again and again" : "The whole score again and again"}
        onLoops={setLoops}
        onTrouble={onTrouble}
      />
    </section>
  );
}
