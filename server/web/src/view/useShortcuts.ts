import { useEffect, useRef } from "react";

type Shortcut = "undo" | "redo" | "stop" | "play";

/** Elements that Space belongs to while they have the focus, and fields that undo belongs to. */
const TAKES_SPACE =
  "button, a, select, summary, textarea, input:not([type=range]), [contenteditable=true], [role=radio]";
const TAKES_UNDO = "input, textarea, [contenteditable=true]";

/** What a pressed key asks for: Ctrl or ⌘ with Z and Y, Escape, and Space; null if it is for the element that has the focus. */
export function shortcutOf(event: KeyboardEvent): Shortcut | null {
  const { key, target } = event;
  const isFor = (elements: string): boolean => target instanceof Element && target.closest(elements) !== null;
  const withControl = event.ctrlKey || event.metaKey;
  if (key === "Escape") return "stop";
  if (key === " ") return withControl || event.altKey || event.repeat || isFor(TAKES_SPACE) ? null : "play";
  if (!withControl || isFor(TAKES_UNDO)) return null;
  const letter = key.toLowerCase();
  if (letter === "y" || (letter === "z" && event.shiftKey)) return "redo";
  return letter === "z" ? "undo" : null;
}

/** Does what the window's keys ask for, as far as it is given here. */
export function useShortcuts(actions: Partial<Record<Shortcut, (() => void) | null>>): void {
  const known = useRef(actions);
  known.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const shortcut = shortcutOf(event);
      const action = shortcut && known.current[shortcut];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}
