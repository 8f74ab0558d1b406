// Works on a score, edits its text, leaves in every way and comes back: node tests/session.mjs ADDRESS FOLDER
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drop, launch } from "./browser.mjs";

const [address, folder] = process.argv.slice(2);
const chorale = readFileSync(join(import.meta.dirname, "../public/examples/chorale.musicxml"), "utf8");
const credit = '<credit page="1"><credit-words default-x="600">Printed on top</credit-words></credit>';
const source = chorale
  .replace("<part-list>", `${credit}<part-list>`)
  .replace(/<measure number="5">/g, '<measure number="5"><print new-system="yes"/><sound tempo="72"/>');

const button = (page, name) => page.getByRole("button", { name });
const bars = async (page) => Number(/(\d+) bars/.exec(await page.locator(".paper").getAttribute("aria-label"))[1]);
const drawn = (page) => page.locator(".sheet g.measure").first().waitFor();
const measures = (xml) => xml.split(/(?=<measure )|(?<=<\/measure>)/);

async function filesAsked() {
  const lines = (await (await fetch(`${address}metrics`)).text()).split("\n");
  const counted = lines.filter((line) => /^chordllama_requests_total\{endpoint="page\.page"/.test(line));
  return counted.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

async function download(page) {
  const [saved] = await Promise.all([page.waitForEvent("download"), button(page, "Download MusicXML").click()]);
  const path = join(folder, "session.musicxml");
  await saved.saveAs(path);
  return readFileSync(path, "utf8");
}

/** Types a text, waits until the server has put it into the file, and downloads that. */
async function typed(page, text, words) {
  await Promise.all([page.waitForResponse((response) => response.url().endsWith("/v1/edit")), text.fill(words)]);
  await page.waitForTimeout(300); // until the page has it, too
  return download(page);
}

async function write(page) {
  await page.getByLabel("New bars", { exact: true }).fill("2");
  await page.getByLabel("Versions to compare", { exact: true }).fill("2");
  await button(page, "Write").click();
  await button(page, "Write again").waitFor({ timeout: 120_000 });
}

const browser = await launch();
try {
  const context = await browser.newContext({ acceptDownloads: true });
  const page = await context.newPage();
  await page.goto(address);
  await drop(page, "score.musicxml", source);
  await drawn(page);

  // a note in the text: its measure changes in the file, and nothing else
  await button(page, "Text").click();
  const text = page.getByRole("textbox", { name: "The score as compact text" });
  await page.waitForFunction(() => document.querySelector("textarea").value.includes("12: "));
  const before = await text.inputValue();
  const edited = before.replace("\n4: b44", "\n4: a44");
  assert.notEqual(edited, before);
  const after = measures(await typed(page, text, edited));
  const changed = measures(source).filter((piece, place) => piece !== after[place]);
  assert.deepEqual([changed.length, after.length], [1, measures(source).length]);
  assert.equal(await typed(page, text, before), source); // what is taken back leaves no trace
  await typed(page, text, edited);

  // loaded again: the score, its versions, the candidates and the settings are there, and no file of the page is asked for again
  await write(page);
  await button(page, /^Keep/).click();
  await page.locator(".card").first().waitFor({ state: "detached" });
  await write(page);
  await page.waitForLoadState("networkidle");
  const asked = await filesAsked();
  await page.reload();
  await drawn(page);
  assert.equal(await bars(page), 14);
  assert.equal(await page.locator(".card").count(), 2);
  assert.equal(await page.getByLabel("New bars", { exact: true }).inputValue(), "2");
  assert.equal(await text.inputValue().then((words) => words.includes("\n4: a44")), true);
  await page.waitForLoadState("networkidle");
  assert.equal(await filesAsked(), asked);
  await button(page, "Undo").click();
  await button(page, "Undo").click();
  await button(page, "Undo").click();
  assert.equal(await bars(page), 12);
  await button(page, "Redo").click();

  // the way back and forth
  await page.goto("about:blank");
  await page.goBack();
  await drawn(page);
  assert.equal(await page.locator(".card").count(), 2);

  // another tab has a session of its own; when the first one is closed, a third takes up what it left
  const second = await context.newPage();
  await second.goto(address);
  await button(second, "Open a score").waitFor();
  await page.close();
  const third = await context.newPage();
  await third.goto(address);
  await drawn(third);
  assert.equal(await third.locator(".card").count(), 2);

  // what was written before the page was loaded again stays
  await button(third, "Drop all").click();
  await third.getByLabel("New bars", { exact: true }).fill("64");
  await button(third, "Write").click();
  await third.locator(".card").first().waitFor({ timeout: 120_000 });
  await third.waitForFunction(() => document.querySelectorAll(".sheet .tint").length > 2);
  third.on("dialog", (dialog) => dialog.accept());
  await third.reload();
  await drawn(third);
  await third.locator(".sheet .tint").nth(1).waitFor();
  assert.ok((await third.locator(".card").count()) > 0);

  // a question comes before it is dropped, by hand or for another score
  await button(third, "Other score").click();
  await third.getByRole("dialog", { name: /^Drop Ach bleib/ }).waitFor();
  await third.keyboard.press("Escape");
  await third.getByRole("dialog").waitFor({ state: "detached" });
  await drop(third, "other.musicxml", chorale);
  await button(third, "Go back").click();
  assert.ok((await third.locator(".card").count()) > 0);
  await drop(third, "letter.musicxml", "Dear composer,");
  await third.getByRole("alert").waitFor(); // what can't be read drops nothing
  assert.ok((await third.locator(".card").count()) > 0);
  await button(third, "Other score").click();
  await button(third, "Drop it").click();
  await button(third, "Open a score").waitFor();
  await third.reload();
  await button(third, "Open a score").waitFor();
  await third.getByText("Wiegenlied").click();
  await drawn(third);
  await button(third, "Other score").click(); // nothing was done with it: no question
  await button(third, "Open a score").waitFor();

  // a score whose measures hold parts keeps what the text doesn't know
  const timewise = readFileSync(join(import.meta.dirname, "../../../tests/data/timewise.musicxml"), "utf8");
  await drop(third, "timewise.musicxml", timewise.replace("<part-list>", `${credit}<part-list>`));
  await drawn(third);
  const turned = await download(third);
  assert.ok(turned.includes("<score-partwise") && turned.includes(credit));
  console.log("nothing is lost without a question");
} finally {
  await browser.close();
}
