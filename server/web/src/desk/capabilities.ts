// What the server offers: its tasks with their settings, defaults and limits. The page holds no copy of them.
import { getJson } from "./server";

export interface Setting {
  readonly name: string;
  readonly type: "integer" | "number" | "string" | "parts";
  readonly title: string;
  readonly description: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly default?: number | string;
}

export interface Task {
  readonly id: string;
  readonly path: string;
  readonly title: string;
  readonly description: string;
  /** Which bars it writes: after the last one, a gap with a bar before and after it, or any. */
  readonly span: "after" | "gap" | "range";
  readonly settings: readonly Setting[];
}

export interface Capabilities {
  readonly model: { readonly id: string };
  /** What is asked for where candidates are compared and nobody says how many. */
  readonly compared: { readonly candidates: number };
  readonly limits: { readonly most_bars: number; readonly most_candidates: number };
  readonly tasks: readonly Task[];
  readonly ensembles: readonly { readonly id: string; readonly title: string; readonly parts: readonly string[] }[];
}

export function capabilities(): Promise<Capabilities> {
  return getJson<Capabilities>("v1/capabilities");
}

export function taskOf(offered: Capabilities, id: string): Task {
  const task = offered.tasks.find((one) => one.id === id) ?? offered.tasks[0];
  if (!task) throw new Error("The server offers no task.");
  return task;
}

export function settingOf(task: Task, name: string): Setting | undefined {
  return task.settings.find((setting) => setting.name === name);
}

/** The nearest value that a setting may have. */
export function clamped({ type, minimum = -Infinity, maximum = Infinity }: Setting, value: number): number {
  return Math.min(maximum, Math.max(minimum, type === "integer" ? Math.round(value) : value));
}

/** Settings that have a place of their own on the page; the others are drawn by their types. */
const PLACED = ["bars", "first", "given", "candidates", "seed"];

export function otherSettings(task: Task): readonly Setting[] {
  return task.settings.filter(({ name }) => !PLACED.includes(name));
}
