import { useState } from "react";
import { midi, type Trouble, troubleFrom } from "../desk/server";
import { engraver } from "../engraver/engraver";
import { pictureOf } from "../engraver/svg";

interface Props {
  readonly whole: () => string;
  readonly name: string;
  readonly onTrouble: (trouble: Trouble) => void;
}

export function Downloads({ whole, name, onTrouble }: Props) {
  const [preparing, setPreparing] = useState<string | null>(null);
  const stem = name.replace(/\.[^.]+$/, "");
  const attempt = (work: () => Promise<void>) => () =>
    void work().catch((error: unknown) => onTrouble(troubleFrom(error)));
  const saveMusicXml = attempt(async () =>
    save(new Blob([whole()], { type: "application/vnd.recordare.musicxml+xml" }), `${stem}.musicxml`),
  );
  const saveMidi = attempt(async () => save(await midi(whole()), `${stem}.mid`));
  const printPages = attempt(async () => {
    if (preparing !== null) return;
    setPreparing("Preparing …");
    try {
      await print(whole, (page, pages) => setPreparing(`Page ${page} of ${pages} …`));
    } finally {
      setPreparing(null);
    }
  });
  return (
    <>
      <button type="button" className="quiet" onClick={saveMusicXml} aria-label="Download MusicXML">
        MusicXML
      </button>
      <button type="button" className="quiet" onClick={saveMidi} aria-label="Download MIDI">
        MIDI
      </button>
      <button
        type="button"
        className="quiet"
        onClick={printPages}
        aria-disabled={preparing !== null}
        aria-label={preparing === null ? "Print, or save as PDF" : `Print: ${preparing}`}
      >
        {preparing ?? "Print"}
      </button>
      <span className="for-ears" role="status">
        {preparing && "The pages are being prepared."}
      </span>
    </>
  );
}

function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Lays the score out on A4 and opens the browser's own dialogue, which also saves as PDF. Tells which page is ready. */
async function print(whole: () => string, onPage: (page: number, pages: number) => void): Promise<void> {
  await painted();
  const frame = document.createElement("div");
  frame.className = "print";
  frame.setAttribute("aria-hidden", "true");
  for await (const { page, pages } of engraver.paper({ xml: whole() })) {
    frame.append(fitted(pictureOf(page)));
    onPage(frame.childElementCount, pages);
  }
  document.querySelector(".print")?.remove();
  document.body.append(frame);
  await Promise.allSettled(Array.from(document.fonts, (font) => font.load())); // what only print shows asks for its fonts too late
  window.print();
}

/** Waits until the browser has shown what changed, before it is busy. */
function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

function fitted(picture: SVGSVGElement): HTMLElement {
  const [width, height] = ["width", "height"].map((side) => parseFloat(picture.getAttribute(side) ?? "0"));
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const page = document.createElement("div");
  page.className = "print-page";
  page.append(picture);
  return page;
}
