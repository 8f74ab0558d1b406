import { useEffect, useState } from "react";
import { modelName } from "../desk/server";
import type { Version } from "../desk/version";
import { TASKS } from "../desk/tasks";
import type { Wishes } from "../desk/writing";
import { Stepper } from "./Stepper";
import { TaskChoice } from "./TaskChoice";

interface Props {
  readonly score: Version;
  readonly wishes: Wishes;
  readonly onWishes: (wishes: Wishes) => void;
  readonly writing: null | { readonly place: number | null };
  readonly seed: number | null;
  readonly hasCandidates: boolean;
  readonly onBegin: () => void;
  readonly onStop: () => void;
}

export function WritingPanel({ score, wishes, onWishes, writing, seed, hasCandidates, onBegin, onStop }: Props) {
  const change = (part: Partial<Wishes>): void => onWishes({ ...wishes, ...part });
  return (
    <form className="panel" aria-label={TASKS[wishes.task].title} onSubmit={(event) => { event.preventDefault(); if (!writing) onBegin(); }}>
      <h2>{TASKS[wishes.task].title}</h2>
      <TaskChoice score={score} wishes={wishes} onChange={change} />
      <Stepper label="Versions to compare" value={wishes.candidates} least={1} most={6} onValue={(candidates) => change({ candidates })} />
      {writing ? (
        <button key="stop" type="button" className="main-action stop" onClick={onStop}>Stop</button>
      ) : (
        <button key="write" type="submit" className="main-action">{hasCandidates ? "Write again" : "Write"}</button>
      )}
      {writing && <p className="aside">{writing.place ? `Waiting: ${writing.place} in the queue` : "The model is writing …"}</p>}
      <details>
        <summary>More choices</summary>
        <div className="field">
          <label htmlFor="temperature">Boldness (temperature)</label>
          <div className="slider">
            <input id="temperature" type="range" min="0" max="1.6" step="0.05" value={wishes.temperature} onChange={(event) => change({ temperature: event.target.valueAsNumber })} />
            <output htmlFor="temperature">{wishes.temperature.toFixed(2)}</output>
          </div>
        </div>
        {wishes.task === "continue" && (
          <div className="field">
            <label htmlFor="ending">Ending</label>
            <select id="ending" value={wishes.ending} onChange={(event) => change({ ending: event.target.value as Wishes["ending"] })}>
              <option value="auto">as the score had it</option>
              <option value="open">the music goes on</option>
              <option value="close">the music ends</option>
            </select>
          </div>
        )}
        <div className="field">
          <label htmlFor="seed">Seed</label>
          <input id="seed" type="number" min="0" max="2147483647" placeholder={seed === null ? "another each time" : `last: ${seed}`} value={wishes.seed ?? ""}
            onChange={(event) => change({ seed: event.target.value === "" ? null : Math.max(0, Math.floor(event.target.valueAsNumber)) })} />
        </div>
        <p className="aside">The same seed writes the same bars.</p>
        <ModelName />
      </details>
    </form>
  );
}

function ModelName() {
  const [name, setName] = useState("");
  useEffect(() => void modelName().then(setName, () => undefined), []);
  return name ? <p className="aside">Model: {name}</p> : null;
}
