import { useMemo } from "react";
import type { Version } from "../desk/version";
import { type Capabilities, settingOf, taskOf } from "../desk/capabilities";
import { isPossible, SPANS } from "../desk/tasks";
import { askedOf, type Wishes } from "../desk/writing";
import { partNames, read } from "../score/musicxml";
import { Stepper } from "./Stepper";

interface Props {
  readonly offered: Capabilities;
  readonly score: Version;
  readonly wishes: Wishes;
  readonly onChange: (part: Partial<Wishes>) => void;
}

/** What is wanted, and of which bars. */
export function TaskChoice({ offered, score, wishes, onChange }: Props) {
  const names = useMemo(() => partNames(read(score.xml)), [score.xml]);
  const task = taskOf(offered, wishes.task);
  const most = offered.limits.most_bars;
  const range = askedOf(score, wishes, offered);
  const bounds = SPANS[task.span].limits?.(score);
  const hasGiven = settingOf(task, "given") !== undefined;
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
      {hasGiven && names.length === 1 && (
        <div className="field">
          <label htmlFor="ensemble">Parts to add</label>
          <select
            id="ensemble"
            value={wishes.ensemble ?? offered.ensembles[0]?.id}
            onChange={(event) => onChange({ ensemble: event.target.value })}
          >
            {offered.ensembles.map(({ id, parts }) => (
              <option key={id} value={id}>
                {parts.join(", ")}
              </option>
            ))}
          </select>
        </div>
      )}
      {hasGiven && names.length > 1 && (
        <div className="field">
          <label htmlFor="given">Part that stays</label>
          <select id="given" value={wishes.given} onChange={(event) => onChange({ given: Number(event.target.value) })}>
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
            value={range.from + 1}
            least={bounds.from + 1}
            most={bounds.to}
            onValue={(bar) =>
              onChange({ range: { from: bar - 1, to: Math.min(Math.max(range.to, bar), bar - 1 + most) } })
            }
          />
          <Stepper
            label="To bar"
            value={range.to}
            least={range.from + 1}
            most={Math.min(bounds.to, range.from + most)}
            onValue={(bar) => onChange({ range: { from: range.from, to: bar } })}
          />
        </>
      ) : (
        <Stepper
          label="New bars"
          value={range.to - range.from}
          least={1}
          most={most}
          onValue={(bars) => onChange({ bars })}
        />
      )}
    </>
  );
}
