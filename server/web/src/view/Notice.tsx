import { useState } from "react";
import { keepKey, type Trouble, wantsKey } from "../desk/server";

/** What went wrong, where, why, and what to do. */
export function Notice({ trouble, onDismiss }: { trouble: Trouble; onDismiss: () => void }) {
  return (
    <div className="notice" role="alert">
      <div>
        <p className="notice-message">{sentence(trouble.message)}</p>
        <p>
          {[placeOf(trouble), trouble.cause, trouble.hint]
            .filter(Boolean)
            .map((words) => sentence(String(words)))
            .join(" ")}
        </p>
        {wantsKey(trouble) && <KeyField onKept={onDismiss} />}
      </div>
      <button type="button" className="quiet" onClick={onDismiss}>
        Close
      </button>
    </div>
  );
}

export function KeyField({ onKept }: { onKept: () => void }) {
  const [key, setKey] = useState("");
  return (
    <form
      className="key"
      onSubmit={(event) => {
        event.preventDefault();
        keepKey(key);
        onKept();
      }}
    >
      <label>
        Key <input type="password" autoComplete="off" value={key} onChange={(event) => setKey(event.target.value)} />
      </label>
      <button type="submit">Use it</button>
    </form>
  );
}

export function placeOf({ part, measure, line }: Trouble): string {
  const place = [part && `part ${part}`, measure && `bar ${measure}`, line && `line ${line}`]
    .filter(Boolean)
    .join(", ");
  return place && `In ${place}`;
}

/** Words as a sentence; a file's name that they begin with stays as it is. */
export function sentence(words: string): string {
  const text = words.trim();
  const capital = /^[^:]+\.\w+: /.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
