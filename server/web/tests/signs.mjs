// Drops a score with signs that are set as text, and looks at each as it is drawn, on screen and for print: node tests/signs.mjs ADDRESS
import assert from "node:assert/strict";
import { drop, launch } from "./browser.mjs";

const harmony = (alter, kind) =>
  `<harmony><root><root-step>B</root-step><root-alter>${alter}</root-alter></root><kind>${kind}</kind></harmony>`;
const figures =
  "<figured-bass><figure><prefix>flat</prefix><figure-number>6</figure-number></figure><figure><prefix>natural</prefix></figure></figured-bass>";
const tempo =
  "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>60</per-minute></metronome></direction-type></direction>";
const note = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration><type>whole</type></note>";
const first = `<attributes><divisions>1</divisions></attributes>${tempo}${harmony(-1, "major-seventh")}${figures}${note}`;
const second = `${harmony(1, "half-diminished")}${note}`;
const score = `<score-partwise><part-list><score-part id="P"><part-name>Flute</part-name></score-part></part-list><part id="P"><measure number="1">${first}</measure><measure number="2">${second}</measure></part></score-partwise>`;

/** The signs in a picture that stand in SMuFL's private area, each with its font's family, and whether it is drawn as a glyph of that font. */
function signsIn(selector) {
  const drawn = (sign, font) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 200, height: 200 });
    const context = canvas.getContext("2d");
    context.font = font;
    context.fillText(sign, 60, 120);
    return canvas.toDataURL();
  };
  const texts = [...document.querySelectorAll(`${selector} tspan[font-family]`)];
  return texts.flatMap((text) =>
    [...text.textContent]
      .filter((sign) => sign >= "\uE000" && sign <= "\uF8FF")
      .map((sign) => {
        const { fontFamily } = getComputedStyle(text);
        const isThere = [...document.fonts].some(
          (font) =>
            font.family === fontFamily && font.status === "loaded" && document.fonts.check(`40px ${fontFamily}`, sign),
        );
        const empty = drawn(sign, '80px "no such font"');
        return {
          sign: sign.codePointAt(0).toString(16),
          isDrawn: isThere && drawn(sign, `80px ${fontFamily}`) !== empty,
        };
      }),
  );
}

const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(process.argv[2]);
  await drop(page, "signs.musicxml", score);
  await page.locator(".sheet g.measure").first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  const onScreen = await page.evaluate(signsIn, ".sheet");
  await page.evaluate(() => {
    window.print = () => {
      window.statuses = [...document.fonts].map((font) => font.status);
    };
  });
  await page.getByRole("button", { name: /Print/ }).click();
  await page.waitForFunction(() => window.statuses);
  assert.deepEqual(new Set(await page.evaluate(() => window.statuses)), new Set(["loaded"]));
  await page.emulateMedia({ media: "print" });
  const inPrint = await page.evaluate(signsIn, ".print");
  for (const signs of [onScreen, inPrint]) {
    assert.equal(signs.length, 6, JSON.stringify(signs)); // the beat's note, ♭ of B♭, ♯ of B♯ and ♭ of its fifth, ♭ and ♮ of the figures
    assert.deepEqual(
      signs.filter(({ isDrawn }) => !isDrawn),
      [],
    );
  }
  console.log("every sign is drawn");
} finally {
  await browser.close();
}
