import { useEffect, useRef } from "react";
import { engraver } from "../engraver/engraver";
import { pictureOf } from "../engraver/svg";
import { pieceCount, PIECE, type Stretch } from "../score/stretch";
import type { Passage } from "../desk/version";
import { latest, type Queue, scaleFor } from "./drawing";
import { mark } from "./SheetPage";
import { useWidth } from "./useWidth";

export interface Streamed {
  /** Which of the versions it is. */
  readonly version: number;
  readonly xml: string;
  readonly stretch: Stretch;
  readonly asked: Passage;
}

/** The new bars while they are written, a few to a picture: only the last one is drawn anew when a bar comes. */
export function NewBars({ zoom, ...streamed }: Streamed & { zoom: number }) {
  const { xml, stretch, asked } = streamed;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  useEffect(() => engraver.expect(xml, stretch.first, asked.to - asked.from), [xml, asked]);
  return (
    <div className="streamed" ref={frame}>
      {width > 0 &&
        Array.from({ length: pieceCount(stretch) }, (_, piece) => (
          <Piece key={piece} {...streamed} piece={piece} width={width} zoom={zoom} />
        ))}
    </div>
  );
}

function Piece({ xml, stretch, asked, piece, width, zoom }: Streamed & { piece: number; width: number; zoom: number }) {
  const frame = useRef<HTMLDivElement>(null);
  const queue = useRef<Queue>({ busy: false, next: null });
  const count = Math.min(stretch.bars.length, (piece + 1) * PIECE);
  useEffect(() => {
    const draw = async (): Promise<void> => {
      const svg = await engraver.engravePiece(xml, stretch, asked.to - asked.from, piece, width, scaleFor(width, zoom));
      if (!frame.current) return;
      const isNew = !frame.current.hasChildNodes() || piece === 0; // pages above it may still grow when they come into view
      frame.current.replaceChildren(pictureOf(svg));
      mark(frame.current, asked);
      if (isNew) void frame.current.scrollIntoView({ block: "nearest" });
    };
    void latest(queue.current, draw, () => undefined); // the whole score is drawn afterwards, and tells what can't be
  }, [xml, count, width, zoom]);
  return <div className="piece" ref={frame} />;
}
