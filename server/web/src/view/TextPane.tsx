import { type UIEvent, useEffect, useRef, useState } from "react";
import type { Version } from "../desk/version";
import { edit, encode, type Trouble, troubleFrom } from "../desk/server";
import { sentence } from "./Notice";

interface Props {
  readonly version: Version;
  /** The file that edits go into. */
  readonly base: string;
  readonly busy: boolean;
  readonly onText: (compact: string) => void;
  readonly onScore: (xml: string, compact: string) => void;
}

const PAUSE = 400;

/** The compact text beside the score. What is typed is read after a pause, and drawn if it can be read. */
export function TextPane({ version, base, busy, onText, onScore }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const gutter = useRef<HTMLOListElement>(null);
  const text = draft ?? version.compact ?? "";

  useEffect(() => {
    setDraft(null);
    setTrouble(null);
    if (version.compact !== null) return;
    void encode(new Blob([version.xml]), "score.musicxml").then(
      ({ compact }) => onText(compact),
      (error: unknown) => setTrouble(troubleFrom(error)),
    );
  }, [version.xml]);
  useEffect(() => {
    if (draft === null || draft === version.compact) return;
    let left = false;
    const waiting = setTimeout(() => {
      edit(base, draft).then(
        (musicxml) => {
          if (!left) {
            setTrouble(null);
            onScore(musicxml, draft);
          }
        },
        (error: unknown) => {
          if (!left) setTrouble(troubleFrom(error));
        },
      );
    }, PAUSE);
    return () => {
      left = true;
      clearTimeout(waiting);
    };
  }, [draft]);

  const scrolled = (event: UIEvent<HTMLTextAreaElement>): void => {
    if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
  };
  return (
    <section className="text-pane" aria-label="Compact text">
      <h2>Text</h2>
      <div className="text-frame">
        <ol className="gutter" ref={gutter} aria-hidden="true">
          {text.split("\n").map((_, index) => (
            <li key={index} className={trouble?.line === index + 1 ? "wrong" : ""}>
              {index + 1}
            </li>
          ))}
        </ol>
        <textarea
          value={text}
          readOnly={busy}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          aria-label="The score as compact text"
          aria-invalid={trouble !== null}
          aria-describedby="text-trouble"
          onScroll={scrolled}
          onChange={(event) => setDraft(event.target.value)}
        />
      </div>
      <p id="text-trouble" className={trouble ? "text-trouble wrong" : "text-trouble aside"} role="status">
        {trouble
          ? [lineNamed(trouble), trouble.cause, trouble.hint]
              .filter(Boolean)
              .map((words) => sentence(String(words)))
              .join(" ")
          : busy
            ? "Keep or drop the new bars to edit."
            : "What you change here is drawn at once."}
      </p>
    </section>
  );
}

function lineNamed({ message, line }: Trouble): string {
  return line === undefined || message.includes(`line ${line}`) ? message : `Line ${line}: ${message}`;
}
