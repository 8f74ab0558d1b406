import { useId, useState } from "react";
import { flushSync } from "react-dom";
import { placeOfNumber } from "../score/musicxml";

interface Props {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** The printed numbers of all bars, where the values are bars' places. */
  readonly numbers?: readonly string[];
  readonly onValue: (value: number) => void;
}

export function Stepper({ label, value, least, most, numbers, onValue }: Props) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null); // while somebody types; it counts when the field is left
  const set = (wanted: number): void => onValue(Math.min(most, Math.max(least, Math.round(wanted) || least)));
  // At once, so that a field that depends on this one shows its new value before its own is selected.
  const leave = (): void =>
    flushSync(() => {
      if (typed) set(numbers ? placeOfNumber(numbers, typed, least, most) : Number(typed));
      setTyped(null);
    });
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="stepper">
        <button type="button" aria-label={`Fewer: ${label}`} onClick={() => set(value - 1)} disabled={value <= least}>
          −
        </button>
        <input
          id={id}
          {...(numbers ? spinbutton(numbers, value, least, most) : { type: "number", min: least, max: most })}
          inputMode="numeric"
          value={typed ?? numbers?.[value] ?? value}
          onChange={(event) => setTyped(event.target.value)}
          onFocus={(event) => event.target.select()}
          onBlur={() => leave()}
          onKeyDown={(event) => {
            const step = numbers && { ArrowUp: 1, ArrowDown: -1 }[event.key];
            if (event.key === "Enter") leave();
            if (!step) return;
            event.preventDefault();
            setTyped(null);
            set(value + step);
          }}
        />
        <button type="button" aria-label={`More: ${label}`} onClick={() => set(value + 1)} disabled={value >= most}>
          +
        </button>
      </div>
    </div>
  );
}

/** What a field for numbers is by itself, for bars' numbers, which may be words such as X1. */
function spinbutton(numbers: readonly string[], value: number, least: number, most: number) {
  return {
    type: "text",
    role: "spinbutton",
    "aria-valuenow": value,
    "aria-valuemin": least,
    "aria-valuemax": most,
    "aria-valuetext": `bar ${numbers[value]}`,
  };
}
