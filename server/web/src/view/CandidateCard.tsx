import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Candidate, Version } from "../desk/desk";
import { engraver } from "../engraver/engraver";
import { pictureOf } from "../engraver/svg";
import { sentence } from "./Notice";

interface Props {
  readonly base: Version;
  readonly candidate: Candidate;
  readonly index: number;
  readonly isShown: boolean;
  readonly asked: number;
  readonly onShow: (index: number) => void;
}

const WIDTH = 460;

/** A candidate's new bars in small. They are drawn when all of them are there. */
export function CandidateCard({ base, candidate, index, isShown, asked, onShow }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const { bars, xml, failure } = candidate;
  const isWhole = xml !== null || bars.length === asked;
  useEffect(() => {
    if (bars.length === 0 || !isWhole) return;
    let left = false;
    const music = xml ? { xml, from: base.bars } : { xml: base.xml, newBars: bars, from: base.bars };
    const draw = async (): Promise<void> => {
      const { first } = await engraver.engrave("card", music, WIDTH, 26);
      if (!left) frame.current?.replaceChildren(scaled(pictureOf(first)));
    };
    draw().catch(() => undefined);
    return () => {
      left = true;
    };
  }, [base, xml, isWhole]);
  const pressed = (event: KeyboardEvent<HTMLButtonElement>): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next = step && event.currentTarget.parentElement?.children[index + step];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
    next.click();
  };
  return (
    <button type="button" role="radio" aria-checked={isShown} tabIndex={isShown ? 0 : -1} className="card" onClick={() => onShow(index)} onKeyDown={pressed}
      aria-label={`Version ${index + 1}, ${bars.length} bars`}>
      <span className="card-title">Version {index + 1}</span>
      <span className="aside">{bars.length < asked && !xml ? `bar ${bars.length} of ${asked}` : `${bars.length} bars`}</span>
      {failure && <span className="aside">{sentence(failure.message)}</span>}
      <span className="card-picture" ref={frame} />
    </button>
  );
}

function scaled(picture: SVGSVGElement): SVGSVGElement {
  const [width, height] = [parseFloat(picture.getAttribute("width") ?? "0"), parseFloat(picture.getAttribute("height") ?? "0")];
  for (const element of picture.querySelectorAll("g[id]")) element.removeAttribute("id"); // the sheet has the same bars
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
  return picture;
}
