// Takes the music fonts for words out of verovio: node scripts/fonts.mjs src/style
// Leland has the notes of metronome marks; Leipzig has what Leland lacks, such as the accidentals of chord symbols and figured bass.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VerovioToolkit } from "verovio/esm";
import createModule from "verovio/wasm";

const note = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration><type>whole</type></note>";
const mark =
  "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>60</per-minute></metronome></direction-type></direction>";
const chord = "<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root><kind>major</kind></harmony>";
const score = `<score-partwise><part-list><score-part id="P"><part-name/></score-part></part-list><part id="P"><measure number="1"><attributes><divisions>1</divisions></attributes>${mark}${chord}${note}</measure></part></score-partwise>`;

const toolkit = new VerovioToolkit(await createModule());
toolkit.setOptions({ font: "Leland", smuflTextFont: "embedded" });
toolkit.loadData(score);
const picture = toolkit.renderToSVG(1);
mkdirSync(process.argv[2], { recursive: true });
const found = [...picture.matchAll(/font-family: ?'?"?([A-Za-z]+)[^}]*?data:[^;]*;[^,]*base64,([^)"']+)/g)];
if (found.length !== 2) throw new Error(`verovio embedded ${found.length} fonts, not two`);
for (const [, family, data] of found)
  writeFileSync(join(process.argv[2], `${family}.woff2`), Buffer.from(data, "base64"));
