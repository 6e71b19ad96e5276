/* node main.mjs URL FOLDER: the journeys of three readers, 企业质量承诺 lived by its roles, and a look at every page of the server at
 * URL, which has the data of the demo. FOLDER holds the workbook to import and what is downloaded.
 * ZH_E2E names parts to run alone: "pages", "journeys". ZH_SHOTS=1 keeps pictures in doc/shots. */
import { launch } from "./browser.mjs";
import { checked, journeys } from "./journeys.mjs";
import { listed, look_at_all } from "./pages.mjs";
import { lives } from "./roles.mjs";
import { Tally } from "./tally.mjs";
import { verifies } from "./verify.mjs";

const [base, folder] = process.argv.slice(2);
const only = process.env.ZH_E2E ?? "pages journeys";
const tally = new Tally();
const browser = await launch();
try {
  /* The check of the workbook writes nothing, so its page is looked at with the others before the
   * journey commits it. */
  let job;
  await tally.journey("check of the workbook", async () => { job = await checked(browser, base, tally, folder); });
  if (only.includes("pages")) {
    await look_at_all(browser, base, tally, await listed(browser, base, tally, job), folder);
  }
  if (only.includes("journeys")) {
    await journeys(browser, base, tally, folder, job);
    await tally.journey("verifies a proof", () => verifies(browser, base, tally, folder));
    await lives(browser, base, tally);
  }
} finally {
  await browser.close();
}
process.exitCode = tally.close() ? 0 : 1;
