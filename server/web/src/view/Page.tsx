import { useCallback, useEffect, useState } from "react";
import { type Capabilities, capabilities } from "../desk/capabilities";
import { type Trouble, troubleFrom } from "../desk/server";
import { App } from "./App";
import { Notice } from "./Notice";

/** The page once it knows what the server offers; a server that asks for a key is given one first. */
export function Page() {
  const [offered, setOffered] = useState<Capabilities | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const ask = useCallback(() => {
    setTrouble(null);
    capabilities().then(setOffered, (error: unknown) => setTrouble(troubleFrom(error)));
  }, []);
  useEffect(ask, []);
  if (offered) return <App offered={offered} />;
  return (
    <>
      <header className="top">
        <h1 className="wordmark">ChordLlama</h1>
      </header>
      <main className="welcome">{trouble && <Notice trouble={trouble} onDismiss={ask} />}</main>
    </>
  );
}
