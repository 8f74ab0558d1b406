import { useMemo } from "react";
import type { Version } from "../desk/version";
import { type Capabilities, settingOf, taskOf } from "../desk/capabilities";
import { isPossible, SPANS } from "../desk/tasks";
import { askedOf, ensembleOf, givenOf, type Wishes } from "../desk/writing";
import { barNumbers, partNames, read } from "../score/musicxml";
import { Stepper } from "./Stepper";

interface Props {
  readonly offered: Capabilities;
  readonly score: Version;
  readonly wishes: Wishes;
  readonly onChange: (part: Partial<Wishes>) => void;
}

/** What is wanted, and of which bars. */
export function TaskChoice({ offered, score, wishes, onChange }: Props) {
  const [names, numbers] = useMemo(() => {
    const tree = read(score.xml);
    return [partNames(tree), barNumbers(tree)];
  }, [score.xml]);
  const task = taskOf(offered, wishes.task);
  const most = offered.limits.most_bars;
  const range = askedOf(score, wishes, offered);
  const bounds = SPANS[task.span].limits?.(score);
  const given = givenOf(wishes, offered);
  const ensemble = ensembleOf(wishes, offered);
  return (
    <>
      <div className="field">
        <label htmlFor="task">What</label>
        <select
          id="task"
          value={wishes.task}
          aria-describedby="task-words"
          onChange={(event) => onChange({ task: event.target.value, range: null })}
        >
          {offered.tasks.map((one) => (
            <option key={one.id} value={one.id} disabled={!isPossible(one, score.bars)}>
              {one.title}
            </option>
          ))}
        </select>
        <p className="aside" id="task-words">
          {task.description}.
        </p>
      </div>
      {given !== null && names.length === 1 && (
        <div className="field">
          <label htmlFor="ensemble">Parts to add</label>
          <select id="ensemble" value={ensemble?.id} onChange={(event) => onChange({ ensemble: event.target.value })}>
            {offered.ensembles.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
          <p className="aside">{ensemble?.parts.join(", ")}</p>
        </div>
      )}
      {given !== null && names.length > 1 && (
        <div className="field">
          <label htmlFor="given">Part that stays</label>
          <select id="given" value={given} onChange={(event) => onChange({ given: Number(event.target.value) })}>
            {names.map((name, index) => (
              <option key={index} value={index + 1}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )}
      {bounds ? (
        <>
          <Stepper
            label="From bar"
            value={range.from}
            least={bounds.from}
            most={bounds.to - 1}
            numbers={numbers}
            onValue={(from) => onChange({ range: { from, to: Math.min(Math.max(range.to, from + 1), from + most) } })}
          />
          <Stepper
            label="To bar"
            value={range.to - 1}
            least={range.from}
            most={Math.min(bounds.to, range.from + most) - 1}
            numbers={numbers}
            onValue={(last) => onChange({ range: { from: range.from, to: last + 1 } })}
          />
        </>
      ) : (
        <Stepper
          label="New bars"
          value={range.to - range.from}
          least={settingOf(task, "bars")?.minimum ?? 1}
          most={most}
          onValue={(bars) => onChange({ bars })}
        />
      )}
    </>
  );
}
