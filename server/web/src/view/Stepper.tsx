import { useId } from "react";

interface Props {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly onValue: (value: number) => void;
}

export function Stepper({ label, value, least, most, onValue }: Props) {
  const id = useId();
  const set = (wanted: number): void => onValue(Math.min(most, Math.max(least, Math.round(wanted) || least)));
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="stepper">
        <button type="button" aria-label={`Fewer: ${label}`} onClick={() => set(value - 1)} disabled={value <= least}>−</button>
        <input id={id} type="number" inputMode="numeric" min={least} max={most} value={value} onChange={(event) => set(event.target.valueAsNumber)} />
        <button type="button" aria-label={`More: ${label}`} onClick={() => set(value + 1)} disabled={value >= most}>+</button>
      </div>
    </div>
  );
}
