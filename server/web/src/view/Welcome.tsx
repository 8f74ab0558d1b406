import { type ChangeEvent, useRef } from "react";
import { getFile, type Trouble, troubleFrom } from "../desk/server";
import { beside } from "../files";

const EXAMPLES = [
  { file: "chorale.musicxml", title: "Ach bleib bei uns, Herr Jesu Christ", kind: "Chorale", by: "J. S. Bach" },
  { file: "lullaby.mxl", title: "Wiegenlied", kind: "Song with piano", by: "J. Brahms" },
  { file: "minuet.musicxml", title: "Minuet in G", kind: "Piano", by: "C. Petzold" },
] as const;

interface Props {
  readonly opening: string;
  readonly onFile: (file: Blob, name: string) => void;
  readonly onTrouble: (trouble: Trouble) => void;
}

export function Welcome({ opening, onFile, onTrouble }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const chosen = (event: ChangeEvent<HTMLInputElement>): void => {
    const file = event.target.files?.[0];
    if (file) onFile(file, file.name);
    event.target.value = "";
  };
  const example = (file: string): void =>
    void getFile(beside(`examples/${file}`)).then(
      (content) => onFile(content, file),
      (error: unknown) => onTrouble(troubleFrom(error)),
    );
  return (
    <main className="welcome" aria-busy={opening !== ""}>
      <h2>Where shall the music go on?</h2>
      <p>
        Drop a score, and a small model on this computer writes the next bars. Your own bars stay as they are, and
        nothing leaves the computer.
      </p>
      <div className="drop">
        <button type="button" className="main-action" onClick={() => input.current?.click()} disabled={opening !== ""}>
          {opening ? `Opening ${opening} …` : "Open a score"}
        </button>
        <p className="aside">or drop it here: MusicXML (.musicxml, .xml, .mxl), as every notation program exports it</p>
        <input
          ref={input}
          type="file"
          className="for-ears"
          tabIndex={-1}
          aria-label="Score file"
          accept=".musicxml,.xml,.mxl,.mid,.midi,.abc,.krn,.mei"
          onChange={chosen}
        />
      </div>
      <h3>Or begin with one of these</h3>
      <ul className="examples">
        {EXAMPLES.map(({ file, title, kind, by }) => (
          <li key={file}>
            <button type="button" className="example" disabled={opening !== ""} onClick={() => example(file)}>
              <span className="example-title">{title}</span>
              <span className="aside">
                {kind} · {by}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}
