// A browser for walks, and what their pages have in common.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Tells each step of a walk on a line of its own; the first that fails ends it. `count` is how many have passed. */
export function walk() {
  const told = { count: 0 };
  async function step(name, work) {
    await work();
    told.count += 1;
    console.log(`ok ${name}`);
  }
  return { step, told };
}

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** Drops a file on the page, as from a folder's window. */
export async function drop(page, name, content) {
  const transfer = await page.evaluateHandle(
    ([file, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], file));
      return data;
    },
    [name, content],
  );
  await page.dispatchEvent(".page", "drop", { dataTransfer: transfer });
}

/** What axe finds serious or worse. Evaluated in an isolated world, so that the page's own policy stays in force. */
export async function accessible(page, name) {
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send("Page.getFrameTree");
  const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await client.send("Runtime.evaluate", { expression: axe, contextId: executionContextId });
  const expression =
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => JSON.stringify(violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target, failureSummary }) => [target, failureSummary]) }))))";
  const { result, exceptionDetails } = await client.send("Runtime.evaluate", {
    expression,
    contextId: executionContextId,
    awaitPromise: true,
  });
  assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
  const serious = JSON.parse(result.value).filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious, [], name);
}

export async function noSidewaysScroll(page) {
  const [scroll, width] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(scroll <= width, `${scroll} px wide in a window of ${width}`);
}
