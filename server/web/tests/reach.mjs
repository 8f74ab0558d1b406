// Holds what is within reach, by finger, by keyboard and by ear: node tests/reach.mjs ADDRESS
// Each step is told on a line of its own; the first that fails ends the walk.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, drop, launch, noSidewaysScroll, walk } from "./browser.mjs";

const [address] = process.argv.slice(2);
const chorale = readFileSync(join(import.meta.dirname, "../public/examples/chorale.musicxml"), "utf8");
const browser = await launch();
const { step, told } = walk();

/** Runs in the page: an ear beside the loudspeaker. */
function listen() {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      window.ear = new AnalyserNode(this.context);
      connect.call(this, window.ear);
    }
    return connect.call(this, to, ...more);
  };
  window.loudest = () => {
    const samples = new Float32Array(window.ear.fftSize);
    window.ear.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  };
}

async function open(width, height, content = chorale) {
  const page = await (await browser.newContext({ viewport: { width, height } })).newPage();
  await page.addInitScript(listen);
  await page.goto(address);
  await page.getByRole("button", { name: "Open a score" }).waitFor();
  await drop(page, "score.musicxml", content);
  await page.locator(".sheet g.measure").first().waitFor();
  return page;
}

const button = (page, name) => page.getByRole("button", { name });

/** A score of one part, in which so many bars are all alike. */
function longScore(bars) {
  const note = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>1</duration><type>quarter</type></note>";
  const measures = Array.from(
    { length: bars },
    (_, bar) =>
      `<measure number="${bar + 1}">${bar === 0 ? "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>" : ""}${note.repeat(4)}</measure>`,
  );
  return `<score-partwise version="4.0"><part-list><score-part id="P"><part-name>Flute</part-name></score-part></part-list><part id="P">${measures.join("")}</part></score-partwise>`;
}

try {
  await step("a bar takes a click where it has no ink", async () => {
    const page = await open(1280, 900);
    const between = await page.evaluate(() => {
      const staves = [...document.querySelectorAll("#bar-4 > .staff")].map((staff) =>
        staff.querySelector("path").getBoundingClientRect(),
      );
      const [above, below] = staves;
      for (let down = 0.3; down < 0.9; down += 0.1)
        for (let along = 0.1; along < 1; along += 0.1) {
          const [x, y] = [above.x + above.width * along, above.y + (below.y - above.y) * down];
          if (document.elementFromPoint(x, y)?.classList.contains("area")) return { x, y };
        }
      return null;
    });
    assert.ok(between, "no point in the bar is free of ink");
    await page.mouse.click(between.x, between.y);
    await page.waitForFunction(() => /^Bar 4 /.test(document.querySelector(".where").textContent)); // the pickup is bar 0
    await page.context().close();
  });
  await step("the score is there in words, bar by bar and part by part", async () => {
    const page = await open(1280, 900);
    const words = page.getByRole("region", { name: "The score in words" });
    await words.getByRole("heading", { name: "Bars 0 to 10" }).waitFor({ state: "attached" });
    const items = await words.getByRole("listitem").allInnerTexts();
    assert.equal(items.length, 12 * 4);
    assert.match(items[0], /^Bar 0, Soprano: key .*, time 4\/4, treble clef; .*quarter /);
    assert.match(items.at(-1), /^Bar 10, Bass: .*; final bar line$/);
    await accessible(page, "the score in words");
    await button(page, "Write").click();
    await button(page, "Write again").waitFor({ timeout: 120_000 });
    await words.getByText(/^New bar 18, Bass: /).waitFor({ state: "attached" });
    await page.context().close();
  });
  await step("a long score is told to its last bar, in groups with headings", async () => {
    const page = await open(1280, 900, longScore(600));
    await page.getByRole("heading", { name: "Bars 593 to 600" }).waitFor({ state: "attached" });
    assert.equal(await page.locator(".for-ears li").count(), 600);
    assert.equal(await page.locator(".for-ears h3").count(), 38);
    await page.context().close();
  });
  await step(
    "on a phone everything that is done to a score is in the window, and nothing covers anything else",
    async () => {
      const page = await open(390, 844);
      const inWindow = async (name) => {
        const hidden = await page.getByRole("button", { name, exact: true }).evaluate((element) => {
          const { left, right, top, bottom, x, y, width, height } = element.getBoundingClientRect();
          if (left < 0 || right > innerWidth || top < 0 || bottom > innerHeight) return "outside the window";
          const there = document.elementFromPoint(x + width / 2, y + height / 2);
          return element.contains(there) ? null : `under ${there?.outerHTML.slice(0, 80)}`;
        });
        assert.equal(hidden, null, `${name}: ${hidden}`);
      };
      const tools = [
        "Undo",
        "Redo",
        "Text",
        "Download MusicXML",
        "Download MIDI",
        "Print, or save as PDF",
        "Other score",
      ];
      for (const name of [...tools, "Choices", "Write", "Play", "Sound"]) await inWindow(name);
      await noSidewaysScroll(page);
      await button(page, "Choices").click();
      await page.getByLabel("New bars", { exact: true }).fill("2");
      for (const name of tools) await inWindow(name);
      await accessible(page, "the unfolded panel");
      await button(page, "Write").click();
      assert.equal(await button(page, "Choices").getAttribute("aria-expanded"), "false");
      await button(page, "Write again").waitFor({ timeout: 120_000 });
      for (const name of [...tools, "Write again", "Play", "Drop all", /^Keep version/]) await inWindow(name);
      await accessible(page, "a phone with new bars");
      await button(page, /^Keep/).click();
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
      const [last, dock] = await page.evaluate(() =>
        [".paper", ".panel"].map((one) => document.querySelector(one).getBoundingClientRect()),
      );
      assert.ok(last.bottom <= dock.top, "the end of the score is under the panel");
      await page.context().close();
    },
  );
  await step("Space plays and pauses, the tempo is that of the slider, and volume 0 is silence", async () => {
    const page = await open(1280, 900, longScore(60));
    const place = page.getByRole("slider", { name: "Place in the music" });
    const at = async () => Number(await place.inputValue());
    await page.keyboard.press("Space");
    await button(page, "Pause").waitFor({ timeout: 60_000 });
    await page.waitForFunction(() => Number(document.querySelector(".time").value) > 0.3);
    const ran = async () => {
      const [begin, from] = [Date.now(), await at()];
      await page.waitForTimeout(2500);
      return ((await at()) - from) / ((Date.now() - begin) / 1000);
    };
    const usual = await ran();
    assert.ok(usual > 0.8 && usual < 1.2, `${usual} times as fast`);
    await page.getByRole("slider", { name: "Tempo" }).fill("150");
    await page.waitForTimeout(300);
    const fast = await ran();
    assert.ok(fast > 1.3 && fast < 1.7, `${fast} times as fast`);
    await page.waitForFunction(() => window.loudest() > 0.001);
    await page.getByRole("slider", { name: "Volume" }).fill("0");
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.loudest()), 0);
    await place.focus();
    await page.keyboard.press("Space");
    await button(page, "Play").waitFor();
    const paused = await at();
    await page.waitForTimeout(400);
    assert.equal(await at(), paused);
    await page.context().close();
  });
  await step("a loop goes back to its beginning, and all ends without one", async () => {
    const page = await open(1280, 900, longScore(2));
    await page.getByRole("slider", { name: "Tempo" }).fill("160");
    await button(page, "Loop").click();
    await button(page, "Play").click();
    await button(page, "Pause").waitFor({ timeout: 60_000 });
    for (let round = 0; round < 2; round += 1) {
      await page.waitForFunction(() => Number(document.querySelector(".time").value) > 2.5);
      await page.waitForFunction(() => Number(document.querySelector(".time").value) < 1.5);
    }
    await button(page, "Loop").click();
    await button(page, "Play").waitFor({ timeout: 10_000 });
    await page.context().close();
  });
  await step("the score is drawn larger and smaller, and what was in sight stays there", async () => {
    const page = await open(1280, 900, longScore(600));
    const height = () => page.evaluate(() => document.querySelector("#bar-0").getBoundingClientRect().height);
    const usual = await height();
    await page.locator(".sheet-page").last().scrollIntoViewIfNeeded();
    await page.locator("#bar-599").waitFor();
    await page.locator("#bar-599").scrollIntoViewIfNeeded();
    const drawn = await page.locator(".sheet").getAttribute("data-drawn");
    await button(page, "Larger").click();
    await page.waitForFunction((old) => document.querySelector(".sheet").dataset.drawn !== old, drawn);
    await page.waitForFunction(() => {
      const inSight = [...document.querySelectorAll(".sheet g.measure")].filter((measure) => {
        const { top, bottom } = measure.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      });
      return inSight.length > 0 && inSight.every(({ id }) => Number(id.slice(4)) > 480);
    });
    assert.ok(Math.abs((await height()) / usual - 1.2) < 0.1);
    await button(page, "Smaller").click();
    await button(page, "Smaller").click();
    await page.getByText("85 %").waitFor();
    await page.context().close();
  });
  await step("while pages are prepared for print, the button says how far it is", async () => {
    const page = await open(1280, 900, longScore(600));
    await page.evaluate(() => {
      window.seen = [];
      const tools = document.querySelector(".tools");
      new MutationObserver(() => window.seen.push(tools.textContent)).observe(tools, {
        subtree: true,
        characterData: true,
        childList: true,
      });
      window.print = () => {
        window.printed = document.querySelectorAll(".print-page").length;
      };
    });
    await button(page, /^Print/).click();
    await page.waitForFunction(() => window.printed);
    await button(page, "Print, or save as PDF").waitFor();
    const { seen, printed } = await page.evaluate(() => ({ seen: window.seen.join("\n"), printed: window.printed }));
    assert.ok(printed > 1);
    assert.match(seen, /Preparing …/);
    const told = [...seen.matchAll(/Page (\d+) of (\d+) …/g)].map(([, number, count]) => [
      Number(number),
      Number(count),
    ]);
    assert.ok(told.length > 1, seen);
    assert.deepEqual(
      told,
      told.toSorted(([one], [other]) => one - other),
    );
    assert.deepEqual(new Set(told.map(([, count]) => count)), new Set([printed]));
    await page.context().close();
  });
  console.log(`${told.count} passed, 0 failed`);
} finally {
  await browser.close();
}
