import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { type Trouble, troubleFrom } from "../desk/server";
import { engraver, type Music, type Performance } from "../engraver/engraver";
import { player } from "../sound/player";
import { type Moment, momentAt, momentsOf, startOfBar } from "../sound/timemap";

interface Props {
  readonly music: Music;
  readonly startBar: number;
  readonly bars: number;
  readonly onSounding: (ids: readonly string[]) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

interface Rehearsed {
  readonly music: Music;
  readonly performance: Performance;
  readonly moments: readonly Moment[];
  readonly length: number;
}

export function PlayerBar({ music, startBar, bars, onSounding, onTrouble }: Props) {
  const [rehearsed, setRehearsed] = useState<Rehearsed | null>(null);
  const [playing, setPlaying] = useState<"no" | "soon" | "yes">("no");
  const [seconds, setSeconds] = useState(0);
  const place = useRef<{ bar: number } | null>(null);
  const ready = rehearsed?.music === music ? rehearsed : null;

  useEffect(() => {
    player.pause();
    setPlaying("no");
    onSounding([]);
  }, [music]);
  useEffect(() => {
    place.current = { bar: startBar };
    if (!ready) return;
    const at = startOfBar(ready.moments, startBar);
    setSeconds(at);
    player.seek(at);
  }, [startBar]);
  useEffect(() => (playing === "yes" && ready ? follow(ready) : undefined), [playing, ready]);

  function follow(what: Rehearsed): () => void {
    let frame = 0;
    let last: Moment | null = null;
    const look = (): void => {
      const now = player.seconds;
      const moment = momentAt(what.moments, now);
      if (moment !== last) onSounding(moment?.sounding ?? []);
      last = moment;
      setSeconds(now);
      if (now >= what.length) {
        pause(0);
        return;
      }
      frame = requestAnimationFrame(look);
    };
    frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }

  function pause(at: number | null = null): void {
    player.pause();
    setPlaying("no");
    onSounding([]);
    if (at !== null) setSeconds(at);
  }

  async function play(): Promise<void> {
    setPlaying("soon");
    try {
      const what = ready ?? (await rehearse());
      const from = ready && !place.current ? seconds : startOfBar(what.moments, place.current?.bar ?? 0);
      place.current = null;
      await player.play(what.performance.midi, from >= what.length ? 0 : from);
      setPlaying("yes");
    } catch (error) {
      setPlaying("no");
      onTrouble({
        ...troubleFrom(error),
        message: "The score can't be heard",
        hint: "Check that the browser may play sound, or download the MIDI file",
      });
    }
  }

  async function rehearse(): Promise<Rehearsed> {
    const performance = await engraver.perform();
    const moments = momentsOf(performance.timemap);
    const what = { music, performance, moments, length: moments.at(-1)?.seconds ?? 0 };
    setRehearsed(what);
    return what;
  }

  async function seek(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const at = event.target.valueAsNumber;
    place.current = null;
    if (!ready) await rehearse();
    setSeconds(at);
    player.seek(at);
  }

  async function font(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const file = event.target.files?.[0];
    if (file)
      await player.use(await file.arrayBuffer()).catch((error: unknown) =>
        onTrouble({
          ...troubleFrom(error),
          message: "This sound font can't be used",
          hint: "Choose an .sf2, .sf3 or .dls file",
        }),
      );
  }

  const length = Math.max(ready?.length ?? bars, 1);
  const value = Math.min(ready ? seconds : startBar, length);
  const bar = ready ? (momentAt(ready.moments, seconds)?.bar ?? 0) : startBar;
  return (
    <section className="player" aria-label="Listen">
      <button
        type="button"
        className="play"
        onClick={() => (playing === "yes" ? pause() : void play())}
        disabled={playing === "soon"}
        aria-label={playing === "yes" ? "Pause" : "Play"}
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
        value={value}
        onFocus={() => void (ready ?? rehearse().catch(() => undefined))}
        onChange={(event) => void seek(event)}
        aria-label="Place in the music"
        aria-valuetext={`Bar ${bar + 1} of ${bars}`}
      />
      <span className="where">
        Bar {Math.min(bar + 1 + (music.from ?? 0), bars)} of {bars}
      </span>
      <label className="font quiet" title="Another sound font">
        Sound …<input type="file" accept=".sf2,.sf3,.dls" className="for-ears" onChange={(event) => void font(event)} />
      </label>
    </section>
  );
}
