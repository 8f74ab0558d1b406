import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Candidate } from "../desk/desk";
import type { Passage, Version } from "../desk/version";
import { engraver } from "../engraver/engraver";
import { pictureOf } from "../engraver/svg";
import { sentence } from "./Notice";
import { mark } from "./SheetPage";

interface Props {
  readonly base: Version;
  readonly candidate: Candidate;
  readonly index: number;
  readonly isFirstChoice: boolean;
  readonly isShown: boolean;
  readonly asked: Passage;
  readonly writing: boolean;
  readonly onShow: (index: number) => void;
}

const WIDTH = 460;
/** How many of the critic's remarks are shown. */
const REMARKS = 4;

/** A candidate's new bars in small. They are drawn when all is written, so that the bars that come needn't wait for it. */
export function CandidateCard({ base, candidate, index, isFirstChoice, isShown, asked, writing, onShow }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const { bars, xml, failure, report } = candidate;
  const count = asked.to - asked.from;
  useEffect(() => {
    if (bars.length === 0 || writing) return;
    let left = false;
    const { from, to } = asked;
    const music = xml ? { xml, from, to } : { xml: base.xml, stretch: { first: from, bars }, from, to };
    const draw = async (): Promise<void> => {
      const { first } = await engraver.engrave("card", music, WIDTH, 26);
      if (left || !frame.current) return;
      const picture = pictureOf(first);
      frame.current.replaceChildren(picture);
      mark(frame.current, asked);
      scale(picture);
    };
    draw().catch(() => undefined);
    return () => {
      left = true;
    };
  }, [base, xml, writing ? null : bars]);
  const pressed = (event: KeyboardEvent<HTMLButtonElement>): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next = step && event.currentTarget.parentElement?.children[index + step];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
    next.click();
  };
  return (
    <button
      type="button"
      role="radio"
      aria-checked={isShown}
      tabIndex={isShown ? 0 : -1}
      className="card"
      onClick={() => onShow(index)}
      onKeyDown={pressed}
      aria-label={`Version ${index + 1}, ${bars.length} bars${isFirstChoice ? ", the first choice" : ""}`}
    >
      <span className="card-title">Version {index + 1}</span>
      <span className="aside">
        {bars.length < count && !xml ? `bar ${bars.length} of ${count}` : `${bars.length} bars`}
      </span>
      {isFirstChoice && (
        <span className="first-choice" title="Of all versions, the one in which the critic finds least">
          first choice
        </span>
      )}
      {failure && <span className="aside card-failure">{sentence(failure.message)}</span>}
      <span className="card-picture" ref={frame} />
      {report.slice(0, REMARKS).map(({ bar, words, weight }) => (
        <span className={weight > 0 ? "aside card-remark" : "aside card-remark card-merit"} key={`${bar} ${words}`}>
          bar {bar}: {words}
        </span>
      ))}
    </button>
  );
}

function scale(picture: SVGSVGElement): void {
  const [width, height] = [
    parseFloat(picture.getAttribute("width") ?? "0"),
    parseFloat(picture.getAttribute("height") ?? "0"),
  ];
  for (const element of picture.querySelectorAll(".page-margin [id]")) element.removeAttribute("id"); // the sheet has the same bars
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
}
