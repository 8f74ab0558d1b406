import { type MouseEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Passage } from "../desk/version";
import { type Trouble, troubleFrom } from "../desk/server";
import { engraver, type Music } from "../engraver/engraver";
import { BAR_ID } from "../score/display";
import { barOf } from "../sound/timemap";
import { latest, scaleFor } from "./drawing";
import { NewBars, type Streamed } from "./NewBars";
import { type Engraved, SheetPage } from "./SheetPage";
import { useWidth } from "./useWidth";

interface Props {
  readonly music: Music;
  readonly fresh: Passage | null;
  /** What is being written, drawn below until it is part of the music. */
  readonly streamed: Streamed | null;
  readonly zoom: number;
  readonly sounding: readonly string[];
  readonly onBar: (bar: number) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

/** The drawn score. The old picture stays until the new one is there; of many changes at once only the last is drawn. */
export function Sheet({ music, fresh, streamed, zoom, sounding, onBar, onTrouble }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [engraved, setEngraved] = useState<Engraved | null>(null);
  const queue = useRef({ busy: false, next: null as null | (() => Promise<void>), number: 0 });

  const zoomed = useRef(zoom);
  const seen = useRef<number | null>(null); // the bar that stays in view when the size changes

  useEffect(() => {
    if (width === 0 || music.to === 0) return;
    const draw = async (): Promise<void> => {
      const { pages, first } = await engraver.engrave("sheet", music, width, scaleFor(width, zoom));
      if (zoom !== zoomed.current) seen.current = barInSight(frame.current);
      zoomed.current = zoom;
      queue.current.number += 1;
      setEngraved({ number: queue.current.number, pages, first, music });
    };
    void latest(queue.current, draw, (error) =>
      onTrouble({
        ...troubleFrom(error),
        message: "This score can't be drawn",
        hint: "It can still be continued and downloaded; or open it in a notation program and export it again",
      }),
    );
  }, [music, width, zoom]);

  useLayoutEffect(() => markSounding(frame.current, sounding), [sounding, engraved]);

  useEffect(() => {
    if (seen.current !== null) void toBar(frame.current, seen.current).catch(() => undefined);
    seen.current = null;
  }, [engraved]);

  const shown = useRef<Passage | null>(null);
  useEffect(() => {
    if (!engraved || fresh === shown.current) return;
    shown.current = fresh;
    if (fresh !== null) void toBar(frame.current, fresh.from).catch(() => undefined);
  }, [engraved]);

  const clicked = (event: MouseEvent): void => {
    const measure = event.target instanceof Element ? event.target.closest("g.measure") : null;
    const bar = measure ? barOf(measure.id) : null;
    if (bar !== null) onBar(bar);
  };
  const written = useRef<Streamed | null>(null);
  written.current = streamed ?? (engraved?.music === music ? null : written.current);
  const isDrawn = (music.to ?? 1) > 0;
  return (
    <div className="sheet" ref={frame} onClick={clicked} data-drawn={engraved?.number ?? 0}>
      {!engraved && <p className="aside drawing">Drawing the score …</p>}
      {engraved &&
        isDrawn &&
        Array.from({ length: engraved.pages }, (_, index) => (
          <SheetPage key={index} page={index + 1} engraved={engraved} fresh={fresh} />
        ))}
      {written.current && <NewBars key={`new ${written.current.version}`} {...written.current} zoom={zoom} />}
    </div>
  );
}

/** The first bar below what stays at the top of the window. */
function barInSight(frame: HTMLElement | null): number | null {
  const { from } = uncovered();
  const isBelow = (element: Element): boolean => element.getBoundingClientRect().bottom > from;
  const page = Array.from(frame?.children ?? []).find(isBelow);
  const measure = Array.from(page?.querySelectorAll("g.measure") ?? []).find(isBelow);
  return measure ? barOf(measure.id) : null;
}

/** Brings a bar into view: first its page, which is drawn only then and pushes what is below, then the bar itself. */
async function toBar(frame: HTMLElement | null, bar: number): Promise<void> {
  const page = frame?.children[(await engraver.pageOf("sheet", bar)) - 1];
  const measure = `#${BAR_ID}${bar}`;
  if (page && !page.querySelector(measure)) {
    page.scrollIntoView({ block: "center" });
    await nextFrame();
    await nextFrame(); // the page near the window has asked for its picture
    await engraver.pageOf("sheet", bar); // which is there before this answer
    await nextFrame();
  }
  bringIntoView(page?.querySelector(measure) ?? null);
}

function nextFrame(): Promise<number> {
  return new Promise(requestAnimationFrame);
}

function markSounding(frame: HTMLElement | null, ids: readonly string[]): void {
  if (!frame) return;
  for (const note of frame.querySelectorAll(".sounding")) note.classList.remove("sounding");
  const notes = ids.map((id) => frame.querySelector(`#${CSS.escape(id)}`)).filter((note) => note !== null);
  for (const note of notes) note.classList.add("sounding");
  bringIntoView(notes[0]?.closest("g.measure") ?? null);
}

/** Scrolls to a bar that isn't wholly in sight. */
function bringIntoView(measure: Element | null): void {
  if (!measure) return;
  const { top, bottom } = measure.getBoundingClientRect();
  const { from, to } = uncovered();
  if (top >= from && bottom <= to) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const centred = (top + bottom) / 2 - (from + to) / 2;
  window.scrollBy({ top: centred, behavior: calm ? "auto" : "smooth" });
}

/** Which part of the window nothing stays in front of, in pixels from its top. */
function uncovered(): { readonly from: number; readonly to: number } {
  const { scrollPaddingTop, scrollPaddingBottom } = getComputedStyle(document.documentElement);
  return { from: parseFloat(scrollPaddingTop), to: window.innerHeight - parseFloat(scrollPaddingBottom) };
}
