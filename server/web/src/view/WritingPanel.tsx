import { useState } from "react";
import { flushSync } from "react-dom";
import { type Capabilities, clamped, otherSettings, type Setting, settingOf, taskOf } from "../desk/capabilities";
import type { Version } from "../desk/version";
import type { Wishes } from "../desk/writing";
import { Stepper } from "./Stepper";
import { TaskChoice } from "./TaskChoice";

interface Props {
  readonly offered: Capabilities;
  readonly score: Version;
  readonly wishes: Wishes;
  readonly onWishes: (wishes: Wishes) => void;
  readonly writing: null | { readonly place: number | null };
  readonly seed: number | null;
  readonly hasCandidates: boolean;
  readonly onBegin: () => void;
  readonly onStop: () => void;
}

/** What is to be written, and how. In a narrow window it is a bar at the bottom, whose fields unfold. */
export function WritingPanel({
  offered,
  score,
  wishes,
  onWishes,
  writing,
  seed,
  hasCandidates,
  onBegin,
  onStop,
}: Props) {
  const [unfolded, setUnfolded] = useState(false);
  const task = taskOf(offered, wishes.task);
  const [candidates, seedSetting] = ["candidates", "seed"].map((name) => settingOf(task, name));
  const change = (part: Partial<Wishes>): void => onWishes({ ...wishes, ...part });
  return (
    <form
      className={unfolded ? "panel unfolded" : "panel"}
      aria-label={task.title}
      onSubmit={(event) => {
        event.preventDefault();
        if (writing) return;
        setUnfolded(false);
        onBegin();
      }}
    >
      <h2>{task.title}</h2>
      <button type="button" className="quiet unfold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
        Choices
      </button>
      <TaskChoice offered={offered} score={score} wishes={wishes} onChange={change} />
      <Stepper
        label="Versions to compare"
        value={wishes.candidates ?? offered.compared.candidates}
        least={candidates?.minimum ?? 1}
        most={candidates?.maximum ?? offered.limits.most_candidates}
        onValue={(candidates) => change({ candidates })}
      />
      {writing ? (
        <button key="stop" type="button" className="main-action stop" onClick={onStop}>
          Stop
        </button>
      ) : (
        <button key="write" type="submit" className="main-action">
          {hasCandidates ? "Write again" : "Write"}
        </button>
      )}
      {writing && (
        <p className="aside">{writing.place ? `Waiting: ${writing.place} in the queue` : "The model is writing …"}</p>
      )}
      <details>
        <summary>More choices</summary>
        {otherSettings(task).map((setting) => (
          <Choice
            key={setting.name}
            setting={setting}
            value={wishes.others[setting.name]}
            onValue={(value) => change({ others: changed(wishes.others, setting.name, value) })}
          />
        ))}
        {seedSetting && (
          <div className="field">
            <label htmlFor="seed">{seedSetting.title}</label>
            <WholeNumber
              id="seed"
              setting={seedSetting}
              placeholder={seed === null ? "another each time" : `last: ${seed}`}
              value={wishes.seed ?? undefined}
              onValue={(value) => change({ seed: value ?? null })}
            />
          </div>
        )}
        <p className="aside">The same seed writes the same bars.</p>
        <p className="aside">Model: {offered.model.id}</p>
      </details>
    </form>
  );
}

type Value = number | string;

/** Other values, one of them changed; without a value it is as the server has it. */
function changed(others: Wishes["others"], name: string, value: Value | undefined): Wishes["others"] {
  const rest = Object.fromEntries(Object.entries(others).filter(([key]) => key !== name));
  return value === undefined ? rest : { ...rest, [name]: value };
}

interface ChoiceProps {
  readonly setting: Setting;
  readonly value: Value | undefined;
  readonly onValue: (value: Value | undefined) => void;
}

/** A setting, drawn by its type. */
function Choice({ setting, value, onValue }: ChoiceProps) {
  const { name, title, description } = setting;
  const id = `setting-${name}`;
  return (
    <div className="field">
      <label htmlFor={id}>{title}</label>
      {setting.enum ? (
        <select
          id={id}
          title={description}
          value={value ?? setting.default ?? ""}
          onChange={(event) => onValue(event.target.value || undefined)}
        >
          {setting.default === undefined && <option value="">—</option>}
          {setting.enum.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      ) : setting.type === "integer" ? (
        <WholeNumber
          id={id}
          setting={setting}
          placeholder={String(setting.default ?? "—")}
          value={value === undefined ? undefined : Number(value)}
          onValue={onValue}
        />
      ) : setting.type === "number" ? (
        <Slider id={id} setting={setting} value={Number(value ?? setting.default)} onValue={onValue} />
      ) : (
        <input
          id={id}
          title={description}
          type="text"
          placeholder={String(setting.default ?? "—")}
          value={value ?? ""}
          onChange={(event) => onValue(event.target.value || undefined)}
        />
      )}
    </div>
  );
}

interface WholeNumberProps {
  readonly id: string;
  readonly setting: Setting;
  readonly placeholder: string;
  readonly value: number | undefined;
  readonly onValue: (value: number | undefined) => void;
}

/** What is typed counts when the field is left, as the nearest value that is possible; an empty field has none. */
function WholeNumber({ id, setting, placeholder, value, onValue }: WholeNumberProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const leave = (): void => {
    if (typed !== null) onValue(typed === "" ? undefined : clamped(setting, Number(typed)));
    setTyped(null);
  };
  return (
    <input
      id={id}
      title={setting.description}
      type="number"
      min={setting.minimum}
      max={setting.maximum}
      placeholder={placeholder}
      value={typed ?? value ?? ""}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={leave}
      onKeyDown={(event) => event.key === "Enter" && flushSync(leave)}
    />
  );
}

const STEP = 0.05;

function Slider({ id, setting, value, onValue }: ChoiceProps & { readonly id: string; readonly value: number }) {
  return (
    <div className="slider">
      <input
        id={id}
        title={setting.description}
        type="range"
        min={setting.minimum ?? (setting.exclusiveMinimum ?? 0) + STEP}
        max={setting.maximum}
        step={STEP}
        value={value}
        onChange={(event) => onValue(event.target.valueAsNumber)}
      />
      <output htmlFor={id}>{value.toFixed(2)}</output>
    </div>
  );
}
