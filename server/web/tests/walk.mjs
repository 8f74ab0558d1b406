// Walks the whole path of the page in a browser, as a composer would: node tests/walk.mjs ADDRESS FOLDER [--picture FILE]
// Each step is told on a line of its own; the first that fails ends the walk. Screenshots and downloads go to FOLDER.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accessible, drop, launch, noSidewaysScroll } from "./browser.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { picture: { type: "string" } } });
const [address, folder] = positionals;
const chorale = join(import.meta.dirname, "../public/examples/chorale.musicxml");
const DRAWN_WITHIN = Number(process.env.DRAWN_WITHIN_MS ?? 1500);

const browser = await launch();
const complaints = [];
const told = [];

async function open(width, colorScheme) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme,
    acceptDownloads: true,
    bypassCSP: false,
  });
  const page = await context.newPage();
  page.on(
    "console",
    (message) => message.type() === "error" && !/status of 4/.test(message.text()) && complaints.push(message.text()),
  );
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !url.startsWith("blob:") && !url.startsWith("data:"))
      complaints.push(`left the machine: ${url}`);
  });
  await page.goto(address);
  return page;
}

async function step(name, work) {
  const figure = await work();
  told.push(name);
  console.log(`ok ${name}${figure === undefined ? "" : `: ${figure}`}`);
}

const shot = (page, name, options = {}) => page.screenshot({ path: join(folder, `${name}.png`), ...options });
const button = (page, name) => page.getByRole("button", { name });
const written = (page) => button(page, "Write again").waitFor({ timeout: 120_000 });

/** Waits until the first new bar can be seen, from its top on and clear of what stays above. */
const newBarsInView = (page) =>
  page.waitForFunction(
    () => {
      const top = document.querySelector(".sheet .tint")?.getBoundingClientRect().top ?? -1;
      return top >= 50 && top < window.innerHeight - 150;
    },
    undefined,
    { timeout: 5000 },
  );

async function download(page, name) {
  const [saved] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  const path = join(folder, saved.suggestedFilename());
  await saved.saveAs(path);
  return readFileSync(path);
}

async function score(page) {
  const label = await page.locator(".paper").getAttribute("aria-label");
  return Number(/(\d+) bars/.exec(label)[1]);
}

const page = await open(1280, "light");

await step("the welcome page has no serious finding", () => accessible(page, "welcome"));
await step("little is loaded before the engraver", async () => {
  await page.evaluate(() => document.fonts.ready);
  await shot(page, "1-welcome");
});
await step("what can't be read is told in words", async () => {
  await drop(page, "letter.musicxml", "Dear composer,");
  const words = await page.getByRole("alert").innerText();
  assert.ok(words.length > 20, words);
  await accessible(page, "an error");
  await shot(page, "2-error");
  await button(page, "Close").click();
});
await step("a dropped score is drawn at once", async () => {
  await page.waitForTimeout(1500); // a person takes that long to find the file; the engraver gets ready meanwhile
  const begin = Date.now();
  await drop(page, "chorale.musicxml", readFileSync(chorale, "utf8"));
  await page.locator(".sheet g.measure").first().waitFor();
  const took = Date.now() - begin;
  assert.ok(took <= DRAWN_WITHIN, `${took} ms`);
  assert.equal(await page.locator(".sheet g.measure").count(), 12);
  await shot(page, "3-score");
  return `${took} ms`;
});
await step("new bars appear tinted while the model writes", async () => {
  await page.evaluate(() => {
    window.arrivals = [];
    new MutationObserver(() => window.arrivals.push(document.querySelectorAll(".sheet .tint").length)).observe(
      document.querySelector(".sheet"),
      { childList: true, subtree: true },
    );
  });
  await button(page, "Write").click();
  await page.locator(".sheet .tint").first().waitFor({ state: "attached", timeout: 120_000 });
  await shot(page, "4-writing");
  await written(page);
  assert.ok((await page.locator(".card").count()) === 3);
  await page.locator(".card-picture svg").nth(2).waitFor();
  await page.waitForFunction(() => window.arrivals.includes(8));
  const counts = await page.evaluate(() => [...new Set(window.arrivals)]);
  await page.waitForFunction(() => document.querySelectorAll(".sheet .tint").length === 8);
  await shot(page, "5-candidates", { fullPage: true });
  return `${counts.join(", ")} bars`;
});
await step("candidates are compared by keyboard", async () => {
  await accessible(page, "candidates");
  await page.getByRole("radio", { name: /Version 1/ }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByRole("radio", { name: /Version 2/ }).getAttribute("aria-checked"), "true");
});
await step("it is heard, and what sounds is coloured", async () => {
  await button(page, "Play").click();
  await button(page, "Pause").waitFor({ timeout: 60_000 });
  await page.locator(".sheet .sounding").first().waitFor({ state: "attached", timeout: 20_000 });
  const before = await page.getByRole("slider", { name: "Place in the music" }).inputValue();
  await page.waitForTimeout(1200);
  assert.notEqual(await page.getByRole("slider", { name: "Place in the music" }).inputValue(), before);
  await page.evaluate(() => window.scrollBy(0, 1)); // the picture of the whole page before this one has moved what stays in the window
  await shot(page, "6-heard");
  if (values.picture) await page.screenshot({ path: values.picture });
  await button(page, "Pause").click();
  assert.equal(await page.locator(".sheet .sounding").count(), 0);
});
await step("the place in the music is moved by keyboard", async () => {
  const slider = page.getByRole("slider", { name: "Place in the music" });
  await slider.focus();
  await page.keyboard.press("Home");
  assert.match(await slider.getAttribute("aria-valuetext"), /^Bar 0 of 18$/); // a pickup is bar 0, and bar 5 has two halves
});
await step("one is kept, undone, and done again", async () => {
  await button(page, /^Keep/).click();
  await page.locator(".card").first().waitFor({ state: "detached" });
  assert.equal(await score(page), 20);
  await page.locator("h1").click();
  await page.keyboard.press("Control+z");
  assert.equal(await score(page), 12);
  await page.keyboard.press("Control+Shift+z");
  assert.equal(await score(page), 20);
});
await step("it goes on from there, and can be stopped", async () => {
  await page.getByLabel("New bars", { exact: true }).fill("64");
  await button(page, "Write").click();
  await page.locator(".card").first().waitFor({ timeout: 120_000 });
  const begin = Date.now();
  await button(page, "Stop").click();
  await button(page, /^Write/).waitFor();
  const took = Date.now() - begin;
  assert.ok(took < 3000, `${took} ms`);
  await button(page, "Drop all").click();
  await page.getByLabel("New bars", { exact: true }).fill("8");
});
for (const [task, words] of [
  ["infill", "Fill a gap"],
  ["harmonise", "Harmonise"],
  ["vary", "Vary"],
]) {
  await step(`${words}: bars are written in place, and nothing around them moves`, async () => {
    await page.getByLabel("What", { exact: true }).selectOption(task);
    await page.getByLabel("From bar", { exact: true }).fill("5");
    await page.getByLabel("To bar", { exact: true }).fill("6");
    await page.getByLabel("Versions to compare", { exact: true }).fill("1");
    await button(page, "Write").click();
    await written(page);
    await page.waitForFunction(
      () => document.querySelector(".piece") === null && document.querySelectorAll(".sheet .tint").length === 3,
    );
    const tinted = await page.evaluate(() =>
      [...document.querySelectorAll(".sheet .tint")].map((tint) => tint.closest("g.measure").id.split("-")[1]),
    );
    assert.deepEqual(tinted, ["5", "6", "7"]); // bars 5, 5a and 6
    assert.match(await page.locator(".where").innerText(), /^Bar 5 of 18$/);
    await accessible(page, words);
    await shot(page, `6-${task}`);
    await button(page, /^Keep/).click();
    await page.locator(".card").first().waitFor({ state: "detached" });
    assert.equal(await score(page), 20);
    await page.locator("h1").click();
    await page.keyboard.press("Control+z");
    await button(page, "Drop all").click();
  });
}
await step("MusicXML, MIDI and pages for print are there", async () => {
  const xml = (await download(page, "Download MusicXML")).toString();
  assert.equal(xml.split("<measure").length - 1, 80);
  assert.equal((await download(page, "Download MIDI")).subarray(0, 4).toString(), "MThd");
  await page.evaluate(() => {
    window.print = () => {
      window.printed = true;
    };
  });
  await button(page, /Print/).click();
  await page.waitForFunction(() => window.printed === true);
  const pdf = await page.pdf({ path: join(folder, "print.pdf"), preferCSSPageSize: true });
  assert.ok(pdf.length > 10_000);
});
await step("the text is edited beside the score, with errors by line", async () => {
  await button(page, "Text").click();
  const text = page.getByRole("textbox", { name: "The score as compact text" });
  await page.waitForFunction(() => document.querySelector("textarea").value.includes("20: "));
  const good = await text.inputValue();
  const line = good.split("\n").findIndex((one) => one.startsWith("2: ")) + 1;
  await text.fill(good.replace("\n2: ", "\n2: nonsense "));
  await page.getByText(new RegExp(`^Line ${line}\\b`)).waitFor();
  assert.equal(await text.getAttribute("aria-invalid"), "true");
  await accessible(page, "text with an error");
  await shot(page, "7-text-error");
  await text.fill(good.replace(/^title: .*$/m, "title: Another title"));
  await page.getByRole("heading", { name: "Another title" }).waitFor();
  assert.equal(await text.getAttribute("aria-invalid"), "false");
  await shot(page, "8-text");
});

for (const [width, scheme] of [
  [390, "light"],
  [390, "dark"],
  [1280, "dark"],
]) {
  await step(`it works at ${width} px in ${scheme}`, async () => {
    const other = await open(width, scheme);
    await button(other, /Wiegenlied/).click();
    await other.locator(".sheet g.measure").first().waitFor();
    await noSidewaysScroll(other);
    await button(other, "Write").click();
    await written(other);
    await other.locator(".card-picture svg").nth(2).waitFor();
    await newBarsInView(other);
    await noSidewaysScroll(other);
    if (width < 820) await button(other, "Choices").click();
    await other.locator("summary").click();
    await accessible(other, `${width} ${scheme}`);
    await shot(other, `9-${width}-${scheme}`, { fullPage: true });
    await other.context().close();
  });
}
await step("a way without a mouse leads from the welcome page to new bars", async () => {
  const other = await open(1280, "light");
  const press = async (name) => {
    for (let presses = 0; presses < 40; presses += 1) {
      await other.keyboard.press("Tab");
      const here = await other.evaluate(() => document.activeElement?.closest("button")?.textContent ?? "");
      if (name.test(here)) return other.keyboard.press("Enter");
    }
    throw new Error(`${name} isn't reached by Tab`);
  };
  await button(other, /Minuet/).waitFor();
  await press(/Minuet/);
  await other.locator(".sheet g.measure").first().waitFor();
  await press(/^Write$/);
  await written(other);
  await other.context().close();
});
await step("nothing left the machine, and the browser complained of nothing", () => assert.deepEqual(complaints, []));

await browser.close();
console.log(`${told.length} passed, 0 failed`);
