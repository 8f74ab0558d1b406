import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import type { Capabilities } from "../desk/capabilities";
import { act, beforeEdits, type Candidate, current, EMPTY, passageOf, shownCandidate } from "../desk/desk";
import type { Passage, Range, Version } from "../desk/version";
import { addParts, encode, troubleFrom } from "../desk/server";
import { deskOf, keep, type Session, sessionOf } from "../desk/session";
import { anySeed, ensembleOf, FIRST_WISHES, givenOf, passageAsked, type Wishes, write } from "../desk/writing";
import type { Music } from "../engraver/engraver";
import { engraver } from "../engraver/engraver";
import { headingOf } from "../score/heading";
import * as musicxml from "../score/musicxml";
import type { Stretch } from "../score/stretch";
import { Candidates } from "./Candidates";
import { Downloads } from "./Downloads";
import { DropArea } from "./DropArea";
import { latest, type Queue } from "./drawing";
import { Notice } from "./Notice";
import type { Streamed } from "./NewBars";
import { PlayerBar } from "./PlayerBar";
import { Question } from "./Question";
import { ScoreInWords } from "./ScoreInWords";
import { Sheet } from "./Sheet";
import { TextPane } from "./TextPane";
import { Welcome } from "./Welcome";
import { WritingPanel } from "./WritingPanel";
import { Zoom } from "./Zoom";
import { useShortcuts } from "./useShortcuts";

/** Of scores with more `<measure>`s only what is around new bars is drawn while these are compared. */
const DRAWN_WHOLE = 100;
const CONTEXT = 12;

interface Props {
  readonly offered: Capabilities;
  /** What was on the desk before the page was loaded again. */
  readonly before: Session | null;
}

export function App({ offered, before }: Props) {
  const [desk, dispatch] = useReducer(act, before, (session) => (session ? deskOf(session) : EMPTY));
  const [wishes, setWishes] = useState<Wishes>(before?.wishes ?? FIRST_WISHES);
  const [seed, setSeed] = useState<number | null>(before?.seed ?? null);
  const [opening, setOpening] = useState("");
  const [zoom, setZoom] = useState(before?.zoom ?? 1);
  const [textShown, setTextShown] = useState(before?.textShown ?? false);
  const [dropping, setDropping] = useState<(() => void) | null>(null);
  const keeping = useRef<Queue>({ busy: false, next: null });
  const [sounding, setSounding] = useState<readonly string[]>([]);
  const [start, setStart] = useState({ bar: 0 });
  const stopper = useRef<AbortController | null>(null);
  const opened = useRef(0); // files so far: of several that are dropped soon after each other the last one counts
  const step = current(desk);
  const score = step?.version ?? null;
  const candidates = step?.candidates ?? [];
  const candidate = shownCandidate(step);

  useEffect(() => {
    const waiting = setTimeout(() => void engraver.warm().catch(() => undefined), 300);
    return () => clearTimeout(waiting);
  }, []);

  useEffect(() => {
    const now = (): Promise<void> => keep(sessionOf(desk, { wishes, seed, textShown, zoom }));
    void latest(keeping.current, now, () => undefined);
  }, [desk, wishes, seed, textShown, zoom]);

  const worked = useRef(false);
  worked.current = desk.steps.length > 1;
  /** Asks before more than an opened file is dropped. */
  const drop = useCallback((then: () => void) => (worked.current ? setDropping(() => then) : then()), []);

  const open = useCallback(async (file: Blob, name: string) => {
    opened.current += 1;
    const turn = opened.current;
    setOpening(name);
    try {
      const { musicxml: xml, compact, bars } = await encode(file, name);
      const readable = xml.includes("<score-timewise") ? musicxml.write(musicxml.partwise(musicxml.read(xml))) : xml;
      if (turn !== opened.current) return;
      // Not before: a file that can't be read leaves everything as it is.
      drop(() => {
        stopper.current?.abort();
        dispatch({ do: "open", version: { name, xml: readable, compact, bars, fresh: null, origin: "opened" } });
        setStart({ bar: 0 });
        setWishes((known) => ({ ...known, task: "continue", range: null, given: null }));
      });
    } catch (error) {
      if (turn === opened.current) dispatch({ do: "fail", trouble: troubleFrom(error) });
    } finally {
      if (turn === opened.current) setOpening("");
    }
  }, []);

  const stop = useCallback(() => {
    stopper.current?.abort();
    dispatch({ do: "rest" });
  }, []);

  const begin = useCallback(async () => {
    if (!score) return;
    const chosenSeed = wishes.seed ?? anySeed();
    const controller = new AbortController();
    stopper.current = controller;
    setSeed(chosenSeed);
    const asked = passageAsked(score, wishes, offered);
    dispatch({ do: "begin", asked });
    try {
      const base = await prepared(score, wishes, offered);
      if (controller.signal.aborted) return;
      if (base !== score) dispatch({ do: "extend", version: base });
      for await (const news of write(base.xml, wishes, asked, chosenSeed, offered, controller.signal)) {
        if (controller.signal.aborted) return;
        dispatch({ do: "news", news });
      }
    } catch (error) {
      if (!controller.signal.aborted) {
        dispatch({ do: "rest" });
        dispatch({ do: "fail", trouble: troubleFrom(error) });
      }
    }
  }, [score, wishes, offered]);

  const whole = useCallback(
    () =>
      wholeScore(score?.xml ?? "", candidate?.xml ?? null, {
        first: step?.asked.from ?? 0,
        bars: candidate?.bars ?? [],
      }),
    [score, candidate],
  );

  const isWriting = desk.writing !== null;
  const compared = isWriting ? null : candidate;
  const until = isWriting && step && step.asked.from < step.version.bars ? step.asked.from : null;
  const music = useMemo<Music | null>(() => {
    if (!score || !step) return null;
    if (compared) return musicOf(score, compared, step.asked);
    return until === null ? { xml: score.xml } : { xml: score.xml, to: until };
  }, [score, compared, until]);
  const streamed = useMemo<Streamed | null>(() => {
    if (!isWriting || !step) return null;
    return {
      version: step.shown,
      xml: step.version.xml,
      stretch: { first: step.asked.from, bars: candidate?.bars ?? [] },
      asked: step.asked,
    };
  }, [isWriting, candidate]);

  const heading = useMemo(() => (score ? headingOf(score.xml) : null), [score]);
  const numbers = useMemo(() => (music ? numbersOf(music) : []), [music]);
  const fresh = useMemo<Passage | null>(() => {
    if (!step) return null;
    return compared ? passageOf(compared, step.asked) : isWriting ? null : step.version.fresh;
  }, [step, compared, isWriting]);
  useEffect(() => {
    if (fresh) setStart({ bar: fresh.from });
  }, [fresh]);
  const undo = useCallback(() => dispatch({ do: "undo" }), []);
  const redo = useCallback(() => dispatch({ do: "redo" }), []);
  useShortcuts({ undo, redo, stop: desk.writing ? stop : null });

  return (
    <DropArea onFile={open}>
      <header className="top">
        <h1 className="wordmark">ChordLlama</h1>
        {score && (
          <div className="tools" role="toolbar" aria-label="Score">
            <button type="button" className="quiet" onClick={undo} disabled={desk.at <= 0 || !!desk.writing}>
              Undo
            </button>
            <button
              type="button"
              className="quiet"
              onClick={redo}
              disabled={!desk.steps[desk.at + 1] || !!desk.writing}
            >
              Redo
            </button>
            <button type="button" className="quiet" aria-pressed={textShown} onClick={() => setTextShown(!textShown)}>
              Text
            </button>
            <Zoom zoom={zoom} onZoom={setZoom} />
            <Downloads whole={whole} name={score.name} onTrouble={(trouble) => dispatch({ do: "fail", trouble })} />
            <button
              type="button"
              className="quiet"
              disabled={!!desk.writing}
              onClick={() => drop(() => dispatch({ do: "close" }))}
            >
              Other score
            </button>
          </div>
        )}
      </header>
      {desk.trouble && <Notice trouble={desk.trouble} onDismiss={() => dispatch({ do: "dismiss" })} />}
      {score && music && heading ? (
        <main className={textShown ? "desk with-text" : "desk"}>
          <div className="music">
            <section className="paper" aria-label={`Score: ${heading.title || score.name}, ${score.bars} bars`}>
              <div className="heading">
                <h2>{heading.title || score.name.replace(/\.[a-z]+$/, "")}</h2>
                {heading.creators.length > 0 && <p>{heading.creators.join(", ")}</p>}
                {(music.from ?? 0) > 0 && (
                  <p className="aside">
                    From bar {numbers[music.from ?? 0]}; the whole score comes back when you keep or drop the new bars.
                  </p>
                )}
              </div>
              <Sheet
                music={music}
                fresh={fresh}
                streamed={streamed}
                zoom={zoom}
                sounding={sounding}
                onBar={(bar) => setStart({ bar })}
                onTrouble={(trouble) => dispatch({ do: "fail", trouble })}
              />
              <ScoreInWords music={music} fresh={fresh} numbers={numbers} />
            </section>
            {step && candidates.length > 0 && (
              <Candidates
                base={score}
                candidates={candidates}
                shown={step.shown}
                asked={step.asked}
                writing={!!desk.writing}
                onShow={(index) => dispatch({ do: "show", candidate: index })}
                onKeep={() => dispatch({ do: "keep", xml: whole() })}
                onDiscard={() => dispatch({ do: "discard" })}
              />
            )}
          </div>
          <aside className="side">
            <WritingPanel
              score={score}
              offered={offered}
              wishes={wishes}
              onWishes={setWishes}
              writing={desk.writing}
              seed={seed}
              hasCandidates={candidates.length > 0}
              onBegin={begin}
              onStop={stop}
            />
          </aside>
          {textShown && (
            <TextPane
              version={score}
              base={beforeEdits(desk)?.xml ?? score.xml}
              busy={!!desk.writing || candidates.length > 0}
              onText={(compact) => dispatch({ do: "text", compact, of: score })}
              onScore={(xml, compact) => dispatch({ do: "edit", xml, compact })}
            />
          )}
        </main>
      ) : (
        <Welcome opening={opening} onFile={open} onTrouble={(trouble) => dispatch({ do: "fail", trouble })} />
      )}
      {music && (
        <PlayerBar
          music={music}
          start={start}
          numbers={numbers}
          fresh={fresh}
          onSounding={setSounding}
          onTrouble={(trouble) => dispatch({ do: "fail", trouble })}
        />
      )}
      {dropping && (
        <Question
          title={`Drop ${heading?.title || score?.name}?`}
          words="Its new bars, versions and edits go with it. Download first what you want to keep."
          yes="Drop it"
          no="Go back"
          onAnswer={(yes) => {
            setDropping(null);
            if (yes) dropping();
          }}
        />
      )}
      <div className="for-ears" role="status" aria-live="polite">
        {opening ? `Opening ${opening}` : desk.said}
      </div>
    </DropArea>
  );
}

/** The score with what a task needs to be there: a melody that stands alone gets other parts before it is harmonised. */
async function prepared(score: Version, wishes: Wishes, offered: Capabilities): Promise<Version> {
  const added = ensembleOf(wishes, offered);
  const isComplete = givenOf(wishes, offered) === null || musicxml.partsOf(musicxml.read(score.xml)).length > 1;
  if (!added || isComplete) return score;
  return { ...score, xml: await addParts(score.xml, added.id), compact: null, fresh: null, origin: "kept" };
}

/** What is drawn of a score with a candidate's bars: of a long one only those and what stands around them. */
function musicOf(score: Version, { xml, bars }: Candidate, { from, to }: Range): Music {
  const isLong = score.xml.split("<measure").length - 1 > DRAWN_WHOLE;
  const shown = isLong ? { from: Math.max(0, from - CONTEXT), to: to + CONTEXT } : {};
  return xml ? { xml, ...shown } : { xml: score.xml, stretch: { first: from, bars }, ...shown };
}

/** The printed numbers of the bars of what is drawn, also of those outside its excerpt. */
function numbersOf({ xml, stretch }: Music): readonly string[] {
  const tree = musicxml.read(xml);
  if (stretch) musicxml.putBars(tree, stretch.bars, stretch.first);
  return musicxml.barNumbers(tree);
}

/** The score as it is shown: with the candidate's bars, also where the model was stopped halfway. */
function wholeScore(base: string, finished: string | null, { first, bars }: Stretch): string {
  if (finished) return finished;
  if (bars.length === 0) return base;
  const tree = musicxml.read(base);
  musicxml.putBars(tree, bars, first);
  return musicxml.write(tree);
}
