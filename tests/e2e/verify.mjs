/* The page that verifies proofs, with the files of tests/proof/sample: it says yes, draws the path,
 * and says no after any change; and asks no server for anything. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { context } from "./browser.mjs";

export async function verifies(browser, base, tally, folder) {
  const { made, take } = await context(browser, base, {});
  const tab = await made.newPage();
  const at = (name) => path.join(folder, "proof", name);
  const text = (name) => readFileSync(at(name), "utf8");
  await tab.goto("/verify");
  const asked = [];
  tab.on("request", (request) => asked.push(request.url()));
  const files = tab.locator("input[type=file]");
  const verdict = tab.getByRole("status");
  await tab.locator("textarea").fill(text("log.key"));
  await files.setInputFiles([at("0.tlog-proof"), at("0.json")]);
  await verdict.filter({ hasText: "✓" }).waitFor();
  tally.check("verify: the path is drawn", (await tab.locator("table tbody tr").count()) > 3);
  tally.check("verify: fields are shown", (await tab.locator("main dl").innerText()).includes("合格"));
  await files.setInputFiles([at("sample.figure.json")]);
  await verdict.filter({ hasText: "✓" }).waitFor();
  tally.check("verify: a figure has its steps", (await tab.locator("ol li").count()) >= 5);
  for (const [what, name, contents] of [
    ["a changed value", "0.json", text("0.json").replace("0.000", "0.001")],
    ["a changed path", "0.json", text("0.json").replace(/"path": \[\s*"./, (m) => m.slice(0, -1) + (m.endsWith("0") ? "1" : "0"))],
    ["a figure without a line", "f.json", text("sample.figure.json").replace("0 1 1\\n", "")],
  ]) {
    const changed = { name, mimeType: "application/json", buffer: Buffer.from(contents) };
    const proof = { name: "0.tlog-proof", mimeType: "text/plain", buffer: readFileSync(at("0.tlog-proof")) };
    await files.setInputFiles(name === "f.json" ? [changed] : [proof, changed]);
    await verdict.filter({ hasText: "✗" }).waitFor();
    tally.check(`verify: ${what} is refused`, (await tab.locator("ol li.verify-bad").count()) === 1);
  }
  await files.setInputFiles([at("both.json")]);
  await verdict.filter({ hasText: "✓" }).waitFor();
  await tab.locator("textarea").fill(text("witness.key"));
  await verdict.filter({ hasText: "✗" }).waitFor();
  tally.none("verify: no server was asked", asked.filter((url) => !url.includes("/static/")));
  tally.none("verify: console", take());
  await made.close();
}
