import { useEffect, useRef } from "react";

interface Props {
  readonly title: string;
  readonly words: string;
  readonly yes: string;
  readonly no: string;
  readonly onAnswer: (yes: boolean) => void;
}

/** A question that has to be answered first; leaving it by Escape says no. */
export function Question({ title, words, yes, no, onAnswer }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="question"
      aria-labelledby="question-title"
      aria-describedby="question-words"
      onClose={() => onAnswer(dialog.current?.returnValue === "yes")}
    >
      <h2 id="question-title">{title}</h2>
      <p id="question-words">{words}</p>
      <form method="dialog" className="answers">
        <button type="submit" value="no" className="main-action">
          {no}
        </button>
        <button type="submit" value="yes" className="quiet">
          {yes}
        </button>
      </form>
    </dialog>
  );
}
