// How long a streamed bar takes from the server's event to the picture: node tests/stream.mjs ADDRESS [--bars N] [--candidates N] SCORE ...
// Prints one JSON object for each score, times in milliseconds; measured in the browser itself.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "./browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { bars: { type: "string", default: "8" }, candidates: { type: "string", default: "3" } },
});
const [address, ...scores] = positionals;
const browser = await launch();

/** Runs in the page: notes when each bar of the first version arrives, and when so many tinted bars are seen. */
function watch() {
  window.arrived = [];
  window.drawn = [];
  const fetched = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await fetched(...asked);
    if (!String(asked[0]).endsWith("/events")) return answer;
    const [ours, theirs] = answer.body.tee();
    void note(ours);
    return new Response(theirs, answer);
  };
  async function note(stream) {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      text += next.value;
      const seen = text.split('event: bar\ndata: {"candidate": 0,').length - 1;
      while (window.arrived.length < seen) window.arrived.push(performance.now());
    }
  }
  const look = () => {
    const tinted = document.querySelectorAll(".sheet .tint").length;
    while (window.drawn.length < tinted) window.drawn.push(performance.now());
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function measured(file) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  await page.addInitScript(watch);
  await page.goto(address);
  await page.waitForTimeout(2500);
  const transfer = await page.evaluateHandle(
    ([name, content]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name));
      return data;
    },
    [basename(file), readFileSync(file).toString("base64")],
  );
  await page.dispatchEvent(".page", "drop", { dataTransfer: transfer });
  await page.locator(".sheet g.measure").first().waitFor({ timeout: 60_000 });
  await page.getByLabel("New bars", { exact: true }).fill(values.bars);
  await page.getByLabel("Versions to compare", { exact: true }).fill(values.candidates);
  await page.getByRole("button", { name: "Write" }).click();
  await page.getByRole("button", { name: "Write again" }).waitFor({ timeout: 180_000 });
  await page.waitForFunction((bars) => window.drawn.length >= bars, Number(values.bars), { timeout: 60_000 });
  const found = await page.evaluate(() => window.arrived.map((time, index) => Math.round(window.drawn[index] - time)));
  await context.close();
  return found;
}

const all = [];
for (const file of scores) {
  const found = await measured(file).catch((error) => ({ error: String(error).split("\n")[0] }));
  console.log(JSON.stringify({ score: basename(file), ms: found }));
  if (Array.isArray(found)) all.push(...found);
}
all.sort((a, b) => a - b);
const at = (share) => all[Math.min(all.length - 1, Math.floor(share * all.length))];
console.log(
  JSON.stringify({
    bars: all.length,
    median: at(0.5),
    p90: at(0.9),
    most: at(1),
    within_300: all.filter((ms) => ms <= 300).length,
  }),
);
await browser.close();
