// The server's routes as functions. What it answers when something is wrong becomes a Trouble: words, place, what to do.
import { EventSourceParserStream } from "eventsource-parser/stream";

export interface Trouble {
  readonly message: string;
  readonly cause?: string;
  readonly hint?: string;
  readonly part?: string;
  readonly measure?: string;
  readonly line?: number;
  readonly code?: string | null;
}

export class TroubleError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message);
  }
}

export interface Encoded {
  readonly compact: string;
  readonly musicxml: string;
  readonly parts: number;
  readonly bars: number;
  readonly warnings: readonly string[];
}

const KEY = "chordllama-key";

export function keepKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

export async function encode(file: Blob, name: string): Promise<Encoded> {
  const form = new FormData();
  form.append("score", file, name);
  return (await send("v1/encode", { method: "POST", body: form })).json() as Promise<Encoded>;
}

/** A score with what its edited text says otherwise; all else stays as it is in the file, byte for byte. */
export async function edit(musicxml: string, compact: string): Promise<string> {
  return ((await (await post("v1/edit", { musicxml, compact })).json()) as { musicxml: string }).musicxml;
}

/** The score with an ensemble's empty parts below its own. */
export async function addParts(musicxml: string, ensemble: string): Promise<string> {
  return ((await (await post("v1/parts", { musicxml, ensemble })).json()) as { musicxml: string }).musicxml;
}

export async function midi(musicxml: string): Promise<Blob> {
  return (await post("v1/render", { musicxml, format: "midi" })).blob();
}

export async function getJson<T>(path: string): Promise<T> {
  return (await send(path)).json() as Promise<T>;
}

/** A file that lies beside the page. */
export async function getFile(path: string): Promise<Blob> {
  return (await send(path)).blob();
}

/** Whether the server wants a key that it hasn't got. */
export function wantsKey({ code }: Trouble): boolean {
  return code === "wrong_key" || code === "key_missing";
}

export function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return send(path, { method: "POST", headers, body: JSON.stringify(body), ...(signal ? { signal } : {}) });
}

/** Events of a stream, each with its name and its data. */
export async function* events(path: string, signal: AbortSignal): AsyncGenerator<{ name: string; data: unknown }> {
  const { body } = await send(path, { headers: { Accept: "text/event-stream" }, signal });
  if (!body) return;
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { event, data } = next.value;
    if (event && event !== "ping") yield { name: event, data: JSON.parse(data) };
  }
}

async function send(path: string, options: RequestInit = {}): Promise<Response> {
  const key = sessionStorage.getItem(KEY);
  const headers = new Headers(options.headers);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  const response = await fetch(path, { ...options, headers }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new TroubleError({
      message: "The server doesn't answer.",
      hint: "Start it again with chordllama serve, then try once more. What is on this page stays.",
    });
  });
  if (!response.ok) throw new TroubleError(await troubleOf(response));
  return response;
}

async function troubleOf(response: Response): Promise<Trouble> {
  try {
    return ((await response.json()) as { error: Trouble }).error;
  } catch {
    return {
      message: `The server answered ${response.status}.`,
      hint: "Try again; if it stays so, start the server anew.",
    };
  }
}

export function troubleFrom(error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  return { message: error instanceof Error ? error.message : String(error), hint: "Try again, or open another score." };
}
