import { useMemo } from "react";
import type { Version } from "../desk/version";
import type { Ensemble } from "../desk/server";
import { isPossible, MOST_BARS, type Task, TASKS } from "../desk/tasks";
import { askedOf, type Wishes } from "../desk/writing";
import { partNames, read } from "../score/musicxml";
import { Stepper } from "./Stepper";

interface Props {
  readonly score: Version;
  readonly wishes: Wishes;
  readonly onChange: (part: Partial<Wishes>) => void;
}

const ENSEMBLES: Readonly<Record<Ensemble, string>> = {
  piano: "Piano",
  organ: "Organ",
  choir: "Alto, tenor, bass",
  strings: "Second violin, viola, cello",
};

/** What is wanted, and of which bars. */
export function TaskChoice({ score, wishes, onChange }: Props) {
  const names = useMemo(() => partNames(read(score.xml)), [score.xml]);
  const { words, limits } = TASKS[wishes.task];
  const range = askedOf(score, wishes);
  const bounds = limits?.(score);
  return (
    <>
      <div className="field">
        <label htmlFor="task">What</label>
        <select id="task" value={wishes.task} aria-describedby="task-words" onChange={(event) => onChange({ task: event.target.value as Task, range: null })}>
          {(Object.keys(TASKS) as Task[]).map((task) => (
            <option key={task} value={task} disabled={!isPossible(task, score.bars)}>{TASKS[task].title}</option>
          ))}
        </select>
        <p className="aside" id="task-words">{words}</p>
      </div>
      {wishes.task === "harmonise" && names.length === 1 && (
        <div className="field">
          <label htmlFor="ensemble">Parts to add</label>
          <select id="ensemble" value={wishes.ensemble} onChange={(event) => onChange({ ensemble: event.target.value as Ensemble })}>
            {Object.entries(ENSEMBLES).map(([ensemble, title]) => <option key={ensemble} value={ensemble}>{title}</option>)}
          </select>
        </div>
      )}
      {wishes.task === "harmonise" && names.length > 1 && (
        <div className="field">
          <label htmlFor="given">Part that stays</label>
          <select id="given" value={wishes.given} onChange={(event) => onChange({ given: Number(event.target.value) })}>
            {names.map((name, index) => <option key={index} value={index + 1}>{name}</option>)}
          </select>
        </div>
      )}
      {bounds ? (
        <>
          <Stepper label="From bar" value={range.from + 1} least={bounds.from + 1} most={bounds.to}
            onValue={(bar) => onChange({ range: { from: bar - 1, to: Math.min(Math.max(range.to, bar), bar - 1 + MOST_BARS) } })} />
          <Stepper label="To bar" value={range.to} least={range.from + 1} most={Math.min(bounds.to, range.from + MOST_BARS)}
            onValue={(bar) => onChange({ range: { from: range.from, to: bar } })} />
        </>
      ) : (
        <Stepper label="New bars" value={wishes.bars} least={1} most={64} onValue={(bars) => onChange({ bars })} />
      )}
    </>
  );
}
