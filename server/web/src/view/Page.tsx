import { useCallback, useEffect, useState } from "react";
import { type Capabilities, capabilities } from "../desk/capabilities";
import { type Trouble, troubleFrom } from "../desk/server";
import { resume, type Session } from "../desk/session";
import { App } from "./App";
import { Notice } from "./Notice";

/** The page once it knows what the server offers and what was on the desk before; a server that asks for a key is given one first. */
export function Page() {
  const [start, setStart] = useState<readonly [Capabilities, Session | null] | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const ask = useCallback(() => {
    setTrouble(null);
    Promise.all([capabilities(), resume()]).then(setStart, (error: unknown) => setTrouble(troubleFrom(error)));
  }, []);
  useEffect(ask, []);
  if (start) return <App offered={start[0]} before={start[1]} />;
  return (
    <>
      <header className="top">
        <h1 className="wordmark">ChordLlama</h1>
      </header>
      <main className="welcome">{trouble && <Notice trouble={trouble} onDismiss={ask} />}</main>
    </>
  );
}
