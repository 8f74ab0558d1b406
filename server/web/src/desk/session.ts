// What lies on the desk, kept in this browser: a reload, the way back or a closed window loses nothing. Knows IndexedDB and its tab; knows no view.
//
// Each tab keeps a session of its own, which a lock says it is at. A new tab takes up the last session that none is at any more.
import { act, current, type Desk, EMPTY, type Step } from "./desk";
import type { Wishes } from "./writing";

export interface Session {
  readonly steps: readonly Step[];
  readonly at: number;
  readonly wishes: Wishes;
  readonly seed: number | null;
  readonly textShown: boolean;
  readonly zoom: number;
}

interface Entry {
  readonly id: string;
  /** Which form the session has. */
  readonly form: number;
  /** When it was kept, in milliseconds. */
  readonly time: number;
  readonly session: Session;
}

/** Another number wherever what a session holds changes: those of another form can't be taken up. */
const FORM = 2;
const MOST_KEPT = 8;
const [DATABASE, STORE, TAB] = ["chordllama", "sessions", "chordllama-session"];
/** A tab that is loaded again gets its lock as soon as its old page is gone. */
const PATIENCE = { own: 1000, other: 50 };

/** What is kept of a desk: all but what is being written, of which the finished bars stay. */
export function sessionOf(desk: Desk, settings: Omit<Session, "steps" | "at">): Session {
  const { steps, at } = act(desk, { do: "rest" });
  return { steps, at, ...settings };
}

export function deskOf({ steps, at }: Session): Desk {
  const version = current({ ...EMPTY, steps, at })?.version;
  return version ? { ...EMPTY, steps, at, said: `${version.name} is open again, ${version.bars} bars.` } : EMPTY;
}

let id = "";
let resumed: Promise<Session | null> | null = null;

/** What this tab was at before it was loaded again, or else what a closed one left; null where there is nothing. */
export function resume(): Promise<Session | null> {
  resumed ??= takeUp().catch(() => null);
  return resumed;
}

/** Keeps the session, or forgets it where nothing is open. Until that is done, or where it fails, leaving the page asks first. */
export async function keep(session: Session): Promise<void> {
  window.onbeforeunload = (event) => event.preventDefault();
  if (session.steps.length === 0) await inStore("readwrite", (store) => store.delete(id));
  else {
    const entry: Entry = { id, form: FORM, time: Date.now(), session };
    await inStore("readwrite", (store) => store.put(entry));
  }
  window.onbeforeunload = null;
}

async function takeUp(): Promise<Session | null> {
  const own = sessionStorage.getItem(TAB);
  const kept = ((await inStore("readonly", (store) => store.getAll())) as Entry[]).sort((a, b) => b.time - a.time);
  for (const old of kept.slice(MOST_KEPT)) await inStore("readwrite", (store) => store.delete(old.id));
  const usable = kept.slice(0, MOST_KEPT).filter(({ form }) => form === FORM);
  const others = usable.map((entry) => entry.id).filter((one) => one !== own);
  id = (own && (await claimed(own, PATIENCE.own))) || (!own && (await firstClaimed(others))) || (await claimedAnew());
  sessionStorage.setItem(TAB, id);
  const wanted = own ?? id; // a tab that was duplicated has a copy
  return usable.find((entry) => entry.id === wanted)?.session ?? null;
}

async function firstClaimed(ids: readonly string[]): Promise<string | null> {
  for (const one of ids) if (navigator.locks && (await claimed(one, PATIENCE.other))) return one;
  return null;
}

async function claimedAnew(): Promise<string> {
  const fresh = `${Date.now()}-${Math.random()}`;
  return (await claimed(fresh, PATIENCE.own)) ?? fresh;
}

/** The session's id, once this tab has its lock, which it holds as long as it lives; null where another tab has it. */
function claimed(session: string, patience: number): Promise<string | null> {
  if (!navigator.locks) return Promise.resolve(session); // the page came over plain HTTP from another computer
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      resolve(session);
      return new Promise(() => undefined);
    };
    navigator.locks
      .request(`${TAB} ${session}`, { signal: AbortSignal.timeout(patience) }, hold)
      .catch(() => resolve(null));
  });
}

async function inStore<Value>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const database = await opened();
  return new Promise<Value>((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  }).finally(() => database.close());
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
