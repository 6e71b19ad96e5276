/* What an analyst, a leader and a newcomer do. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { context } from "./browser.mjs";

const messy = JSON.parse(readFileSync(new URL("messy.json", import.meta.url), "utf8"));

/* Uploads the workbook and waits for its check; returns the address of the job. */
export async function checked(browser, base, tally, folder) {
  const { made, take } = await context(browser, base, {});
  const tab = await made.newPage();
  await tab.goto("/import");
  await tab.locator("input[type=file]").setInputFiles(path.join(folder, messy.file));
  await tab.getByRole("button", { name: "预检" }).click();
  await tab.waitForURL(/\/import\/[^/]+$/);
  await tab.locator("[data-job]").waitFor({ state: "detached" });
  tally.none("check of the workbook: console", take());
  const job = new URL(tab.url()).pathname;
  await made.close();
  return job;
}

export async function journeys() {}
