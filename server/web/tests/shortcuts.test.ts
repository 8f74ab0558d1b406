import { afterEach, expect, test } from "vitest";
import { shortcutOf } from "../src/view/useShortcuts";

/** What a key asks for while an element has the focus. */
function pressed(html: string, key: string, options: KeyboardEventInit = {}): ReturnType<typeof shortcutOf> {
  document.body.innerHTML = html;
  const element = document.body.firstElementChild ?? document.body;
  let found: ReturnType<typeof shortcutOf> = null;
  const listen = (event: KeyboardEvent): void => {
    found = shortcutOf(event);
  };
  document.addEventListener("keydown", listen, { once: true });
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...options }));
  return found;
}

afterEach(() => document.body.replaceChildren());

test("Space plays and pauses, also from the slider of the place", () => {
  expect(pressed("", " ")).toBe("play");
  expect(pressed('<input type="range">', " ")).toBe("play");
});

test("Space stays with what it presses or writes into, and holding it down plays once", () => {
  for (const html of ["<button></button>", "<textarea></textarea>", '<input type="number">', "<select></select>"])
    expect(pressed(html, " ")).toBeNull();
  expect(pressed("", " ", { repeat: true })).toBeNull();
  expect(pressed("", " ", { ctrlKey: true })).toBeNull();
});

test("undo and redo are the score's, but in a field the field's", () => {
  expect(pressed("<button></button>", "z", { ctrlKey: true })).toBe("undo");
  expect(pressed("", "Z", { metaKey: true, shiftKey: true })).toBe("redo");
  expect(pressed("", "y", { ctrlKey: true })).toBe("redo");
  expect(pressed("<textarea></textarea>", "z", { ctrlKey: true })).toBeNull();
  expect(pressed("", "z")).toBeNull();
});

test("Escape stops, wherever it is pressed", () => {
  expect(pressed('<input type="number">', "Escape")).toBe("stop");
});
