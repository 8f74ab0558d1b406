import { midi, type Trouble, troubleFrom } from "../desk/server";
import { engraver } from "../engraver/engraver";
import { pictureOf } from "../engraver/svg";

interface Props {
  readonly whole: () => string;
  readonly name: string;
  readonly onTrouble: (trouble: Trouble) => void;
}

export function Downloads({ whole, name, onTrouble }: Props) {
  const stem = name.replace(/\.[^.]+$/, "");
  const attempt = (work: () => Promise<void>) => () =>
    void work().catch((error: unknown) => onTrouble(troubleFrom(error)));
  const saveMusicXml = attempt(async () =>
    save(new Blob([whole()], { type: "application/vnd.recordare.musicxml+xml" }), `${stem}.musicxml`),
  );
  const saveMidi = attempt(async () => save(await midi(whole()), `${stem}.mid`));
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
        onClick={attempt(() => print(whole()))}
        aria-label="Print, or save as PDF"
      >
        Print
      </button>
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

/** Lays the score out on A4 and opens the browser's own dialogue, which also saves as PDF. */
async function print(xml: string): Promise<void> {
  const sheets = await engraver.paper({ xml });
  document.querySelector(".print")?.remove();
  const frame = document.createElement("div");
  frame.className = "print";
  frame.setAttribute("aria-hidden", "true");
  for (const sheet of sheets) frame.append(fitted(pictureOf(sheet)));
  document.body.append(frame);
  await Promise.allSettled(Array.from(document.fonts, (font) => font.load())); // what only print shows asks for its fonts too late
  window.print();
}

function fitted(picture: SVGSVGElement): HTMLElement {
  const [width, height] = ["width", "height"].map((side) => parseFloat(picture.getAttribute(side) ?? "0"));
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const page = document.createElement("div");
  page.className = "print-page";
  page.append(picture);
  return page;
}
