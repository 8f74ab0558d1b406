import { useEffect, useRef } from "react";
import type { Candidate } from "../desk/desk";
import type { Passage, Version } from "../desk/version";
import { CandidateCard } from "./CandidateCard";

interface Props {
  readonly base: Version;
  readonly candidates: readonly Candidate[];
  readonly shown: number;
  readonly asked: Passage;
  readonly writing: boolean;
  readonly onShow: (index: number) => void;
  readonly onKeep: () => void;
  readonly onDiscard: () => void;
}

export function Candidates({ base, candidates, shown, asked, writing, onShow, onKeep, onDiscard }: Props) {
  const cards = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const card = cards.current?.children[shown];
    if (card instanceof HTMLElement) cards.current?.scrollTo({ left: card.offsetLeft - card.offsetWidth / 2 });
  }, [shown]);
  return (
    <section className="candidates" aria-label="Versions">
      <div className="candidates-head">
        <h2>{candidates.length === 1 ? "The new bars" : "Compare"}</h2>
        <button type="button" className="quiet" disabled={writing} onClick={onDiscard}>
          Drop all
        </button>
        <button type="button" className="main-action" disabled={writing} onClick={onKeep}>
          Keep {candidates.length > 1 ? `version ${shown + 1}` : "them"}
        </button>
      </div>
      <div className="cards" ref={cards} role="radiogroup" aria-label="Which version is shown in the score">
        {candidates.map((candidate, index) => (
          <CandidateCard
            key={index}
            base={base}
            candidate={candidate}
            index={index}
            isFirstChoice={candidates.length > 1 && candidate.rank === 1}
            isShown={index === shown}
            asked={asked}
            writing={writing}
            onShow={onShow}
          />
        ))}
      </div>
    </section>
  );
}
