// Holds what becomes of versions: which is shown, heard and coloured, and what undo brings back: node tests/versions.mjs ADDRESS
// Each step is told on a line of its own; the first that fails ends the walk.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drop, launch, walk } from "./browser.mjs";

const [address] = process.argv.slice(2);
const chorale = readFileSync(join(import.meta.dirname, "../public/examples/chorale.musicxml"), "utf8");
const browser = await launch();
const { step, told } = walk();

/** A score of one part; `last` is what its last bar ends with. */
function melody(bars, last = "") {
  const metre =
    "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>";
  const note = (step) =>
    `<note><pitch><step>${step}</step><octave>5</octave></pitch><duration>1</duration><type>quarter</type></note>`;
  const measures = Array.from(
    { length: bars },
    (_, bar) =>
      `<measure number="${bar + 1}">${bar === 0 ? metre : ""}${[..."CDEC"].map(note).join("")}${bar === bars - 1 ? last : ""}</measure>`,
  );
  return `<score-partwise version="4.0"><part-list><score-part id="P"><part-name>Flute</part-name></score-part></part-list><part id="P">${measures.join("")}</part></score-partwise>`;
}

async function open(content = chorale, viewport = { width: 1280, height: 900 }) {
  const page = await (await browser.newContext({ viewport })).newPage();
  await page.goto(address);
  await button(page, "Open a score").waitFor();
  if (content) await dropped(page, content);
  return page;
}

async function dropped(page, content) {
  await drop(page, "score.musicxml", content);
  await page.locator(".sheet g.measure").first().waitFor();
}

const button = (page, name) => page.getByRole("button", { name });
const cards = (page) => page.getByRole("radio");
const shown = (page) => page.getByRole("radio", { checked: true });
const where = (page) => page.locator(".where").innerText();

async function write(page, seed = "1") {
  const field = page.getByLabel("Seed", { exact: true });
  if (!(await field.isVisible())) await page.locator("summary").click();
  await field.fill(seed);
  await button(page, /^Write/).click();
  await written(page);
}

async function written(page) {
  await button(page, "Write again").waitFor({ timeout: 120_000 });
  await page.waitForFunction(() => !document.querySelector(".piece") && document.querySelector(".sheet .tint"));
}

/** What the cards show: of each the first notes' places, and which is shown. */
const compared = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll(".card")].map((card) =>
      [
        card.getAttribute("aria-checked"),
        ...[...card.querySelectorAll("g.note use")].slice(0, 40).map((use) => use.getAttribute("transform")),
      ].join(" "),
    ),
  );

/** Waits until the cards show the same as before. */
async function comparedAgain(page, before) {
  for (let tries = 0; tries < 50 && String(await compared(page)) !== String(before); tries += 1)
    await page.waitForTimeout(100);
  assert.deepEqual(await compared(page), before);
}

/** Plays until something sounds, and says which bar that is in by its place. */
async function firstHeard(page) {
  await button(page, "Play").click();
  const heard = page.locator(".sheet .sounding").first();
  await heard.waitFor({ state: "attached", timeout: 60_000 });
  const bar = await heard.evaluate((note) => Number(note.closest("g.measure").id.split("-")[1]));
  const label = await where(page);
  await button(page, "Pause").click();
  return { bar, label };
}

/** Whether an element can be seen and clicked where it is. */
const isInSight = (element) =>
  element.evaluate((one) => {
    const { left, top, width, height } = one.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return there !== null && (one.contains(there) || there.contains(one));
  });

try {
  const page = await open();
  await step("the first choice is shown, and new bars with it", async () => {
    for (let seed = 1; seed < 9; seed += 1) {
      await write(page, String(seed));
      assert.match(await shown(page).innerText(), /first choice/);
      if (!/Version 1/.test(await shown(page).innerText())) return;
    }
    assert.fail("the first version is always the first choice");
  });
  await step("new bars are heard first after a switch of version, and the label counts printed bars", async () => {
    assert.equal(await where(page), "Bar 11 of 18");
    assert.deepEqual(await firstHeard(page), { bar: 12, label: "Bar 11 of 18" });
    await cards(page).first().click();
    assert.deepEqual(await firstHeard(page), { bar: 12, label: "Bar 11 of 18" });
  });
  await step("undo brings back versions that were written over or dropped", async () => {
    const before = await compared(page);
    assert.ok(
      before.every((card) => card.length > 200),
      "the cards are empty",
    );
    await write(page, "77");
    await button(page, "Undo").click();
    await comparedAgain(page, before);
    assert.match(await shown(page).innerText(), /Version 1/);
    await button(page, "Drop all").click();
    assert.equal(await cards(page).count(), 0);
    await button(page, "Undo").click();
    await comparedAgain(page, before);
  });
  await step("new bars are heard first after they are kept, and undo goes back to comparing", async () => {
    await button(page, /^Keep/).click();
    await cards(page).first().waitFor({ state: "detached" });
    assert.deepEqual(await firstHeard(page), { bar: 12, label: "Bar 11 of 18" });
    await button(page, "Undo").click();
    assert.equal(await cards(page).count(), 3);
    await page.context().close();
  });

  for (const [width, height] of [
    [1440, 900],
    [1280, 720],
    [390, 844],
  ]) {
    await step(`keeping and comparing are in sight at ${width} px`, async () => {
      const other = await open(chorale, { width, height });
      await button(other, /^Write/).click();
      await written(other);
      await other.waitForFunction(() => {
        const bar = document.querySelector(".sheet .tint").getBoundingClientRect();
        return bar.top >= 50 && bar.top < document.querySelector(".candidates").getBoundingClientRect().top - 20;
      });
      for (const element of [button(other, /^Keep/), other.getByRole("heading", { name: "Compare" }), shown(other)])
        assert.ok(await isInSight(element), String(element));
      await other.context().close();
    });
  }

  await step("new bars after a repeat are heard at once", async () => {
    const other = await open(melody(8, '<barline location="right"><repeat direction="backward"/></barline>'));
    await write(other);
    assert.deepEqual(await firstHeard(other), { bar: 8, label: "Bar 9 of 16" });
    await other.context().close();
  });
  await step("in an excerpt of a long score bars are counted from its beginning", async () => {
    const other = await open(melody(108));
    await write(other);
    await other.getByText(/^From bar 97;/).waitFor();
    assert.equal(await where(other), "Bar 109 of 116");
    assert.deepEqual(await firstHeard(other), { bar: 108, label: "Bar 109 of 116" });
    await other.context().close();
  });

  await step("only parts that are new are coloured: a given melody stays as it is", async () => {
    const other = await open();
    await other.getByLabel("What", { exact: true }).selectOption("harmonise");
    await write(other);
    const coloured = () =>
      other.evaluate(() =>
        [...document.querySelectorAll("#bar-4 > .staff")].map((staff) => staff.classList.contains("new")),
      );
    assert.deepEqual(await coloured(), [false, true, true, true]);
    await button(other, /^Keep/).click();
    await cards(other).first().waitFor({ state: "detached" });
    assert.deepEqual(await coloured(), [false, true, true, true]);
    await other.context().close();
  });
  await step("after a stop only bars that were written are coloured", async () => {
    const other = await open();
    await other.getByLabel("What", { exact: true }).selectOption("vary");
    await other.getByLabel("Versions to compare", { exact: true }).fill("1");
    await button(other, /^Write/).click();
    await cards(other).first().waitFor({ timeout: 120_000 });
    assert.ok(await button(other, "Play").isDisabled(), "all bars are being written, and none is there to be heard");
    await button(other, "Stop").click();
    await written(other);
    const bars = Number(/bar (\d+) of 12|12 bars/.exec(await shown(other).innerText())[1] ?? 12);
    assert.equal(await other.locator(".sheet .tint").count(), bars);
    assert.ok(bars < 12, "all was written before it could be stopped");
    await other.context().close();
  });

  await step("a file that can't be read leaves the model writing, and another score ends it", async () => {
    const other = await open();
    await other.getByLabel("New bars", { exact: true }).fill("200");
    await button(other, /^Write/).click();
    await cards(other).first().waitFor({ timeout: 120_000 });
    await drop(other, "letter.musicxml", "Dear composer,");
    await other.getByRole("alert").waitFor();
    const before = await shown(other).innerText();
    await other.waitForFunction((words) => document.querySelector(".card").innerText !== words, before);
    await button(other, "Stop").waitFor();
    await drop(other, "melody.musicxml", melody(4));
    await button(other, "Drop it").click();
    await button(other, "Write").waitFor();
    assert.equal(await other.getByText("The model is writing").count(), 0);
    assert.equal(await other.getByRole("alert").count(), 0);
    await other.context().close();
  });
  await step("without the server an example says what is wrong", async () => {
    const other = await open(null);
    await other.context().setOffline(true);
    await button(other, /Minuet/).click();
    await other.getByRole("alert").getByText("The server doesn't answer.").waitFor();
    await other.context().setOffline(false);
    await button(other, /Minuet/).click();
    await other.locator(".sheet g.measure").first().waitFor();
    assert.equal(await other.getByRole("alert").count(), 0);
    await other.context().close();
  });
  await step("ensembles go by their titles, and numbers stay within their limits", async () => {
    const other = await open(melody(4));
    await other.getByLabel("What", { exact: true }).selectOption("harmonise");
    const ensembles = other.getByLabel("Parts to add", { exact: true });
    assert.deepEqual(await ensembles.locator("option").allInnerTexts(), ["Piano", "Organ", "Choir", "Strings"]);
    await other.locator("summary").click();
    const density = other.getByLabel("Notes a bar", { exact: true });
    await density.fill("500");
    await density.blur();
    assert.equal(await density.inputValue(), "128");
    await other.context().close();
  });
  console.log(`${told.count} passed, 0 failed`);
} finally {
  await browser.close();
}
