import { useEffect } from "react";

interface Shortcuts {
  readonly undo: () => void;
  readonly redo: () => void;
  readonly stop: (() => void) | null;
}

/** Ctrl or ⌘ with Z and Y, and Escape. In a field, undo belongs to the field. */
export function useShortcuts({ undo, redo, stop }: Shortcuts): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && stop) {
        stop();
        return;
      }
      if (
        !(event.ctrlKey || event.metaKey) ||
        event.target instanceof HTMLInputElement ||
        event.target instanceof HTMLTextAreaElement
      )
        return;
      const key = event.key.toLowerCase();
      const wanted = key === "y" || (key === "z" && event.shiftKey) ? redo : key === "z" ? undo : null;
      if (!wanted) return;
      event.preventDefault();
      wanted();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [undo, redo, stop]);
}
