import { useEffect, useRef } from "react";
import type { Passage } from "../desk/version";
import { engraver, type Music } from "../engraver/engraver";
import { areaOf, colour, pictureOf } from "../engraver/svg";
import { barOf } from "../sound/timemap";

/** What the engraver made of a score: how many pages there are, and the first one as SVG. */
export interface Engraved {
  readonly number: number;
  readonly pages: number;
  readonly first: string;
  readonly music: Music;
}

/** One page, drawn when it comes near the window. */
export function SheetPage({ page, engraved, fresh }: { page: number; engraved: Engraved; fresh: Passage | null }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let left = false;
    const show = (svg: string): void => {
      if (left) return;
      element.replaceChildren(pictureOf(svg));
      mark(element, fresh);
    };
    if (page === 1) show(engraved.first);
    const observer =
      page === 1
        ? null
        : new IntersectionObserver(
            ([entry]) => {
              if (!entry?.isIntersecting) return;
              observer?.disconnect();
              void engraver.page("sheet", page).then(show, () => undefined);
            },
            { rootMargin: "1200px" },
          );
    observer?.observe(element);
    return () => {
      left = true;
      observer?.disconnect();
    };
  }, [engraved, page]);
  useEffect(() => {
    if (frame.current) mark(frame.current, fresh);
  }, [fresh]);
  return <div className="sheet-page" ref={frame} />;
}

/** Gives each bar of a picture its area, and colours what is new in the fresh ones. */
export function mark(frame: HTMLElement, fresh: Passage | null): void {
  for (const measure of frame.querySelectorAll<SVGGElement>("g.measure")) {
    const bar = barOf(measure.id);
    const isNew = fresh !== null && bar !== null && bar >= fresh.from && bar < fresh.to;
    measure.classList.toggle("new-bar", isNew);
    areaOf(measure);
    colour(measure, (staff) => isNew && !fresh.given.includes(staff));
  }
}
