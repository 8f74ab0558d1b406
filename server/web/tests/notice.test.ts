import { expect, test } from "vitest";
import { sentence } from "../src/view/Notice";

test("words become a sentence", () => {
  expect(sentence("the file is too large")).toBe("The file is too large.");
});

test("a file keeps its name", () => {
  expect(sentence("photo of us.png: this is a picture and no MusicXML")).toBe(
    "photo of us.png: this is a picture and no MusicXML.",
  );
});
