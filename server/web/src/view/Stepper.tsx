import { useId, useState } from "react";
import { flushSync } from "react-dom";

interface Props {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly onValue: (value: number) => void;
}

export function Stepper({ label, value, least, most, onValue }: Props) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null); // while somebody types; it counts when the field is left
  const set = (wanted: number): void => onValue(Math.min(most, Math.max(least, Math.round(wanted) || least)));
  // At once, so that a field that depends on this one shows its new value before its own is selected.
  const leave = (): void =>
    flushSync(() => {
      if (typed !== null) set(Number(typed));
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
          type="number"
          inputMode="numeric"
          min={least}
          max={most}
          value={typed ?? value}
          onChange={(event) => setTyped(event.target.value)}
          onFocus={(event) => event.target.select()}
          onBlur={() => leave()}
          onKeyDown={(event) => event.key === "Enter" && leave()}
        />
        <button type="button" aria-label={`More: ${label}`} onClick={() => set(value + 1)} disabled={value >= most}>
          +
        </button>
      </div>
    </div>
  );
}
