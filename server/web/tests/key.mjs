// Opens the page of a server that asks for a key, gives a wrong one, then the right one: node tests/key.mjs ADDRESS KEY
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [address, key] = process.argv.slice(2);
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
try {
  const page = await browser.newPage();
  await page.goto(address);
  for (const given of ["wrong", key]) {
    await page.getByLabel("Key").fill(given);
    await page.getByRole("button", { name: "Use it" }).click();
  }
  await page.getByRole("button", { name: "Open a score" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Open a score" }).waitFor();
  await page.getByText("Wiegenlied").click();
  await page.getByRole("button", { name: "Write", exact: true }).waitFor({ timeout: 30_000 });
  assert.equal(await page.getByRole("alert").count(), 0);
  console.log("the page asks for the key and keeps it");
} finally {
  await browser.close();
}
