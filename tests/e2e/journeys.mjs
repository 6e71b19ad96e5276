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

const digits = (text) => Number(text.replace(/[^\d.]/g, ""));
const question = (tab) => new URL(tab.url()).searchParams;

/* A number under its label in the section 这个数. */
async function fact(tab, label) {
  return digits(await tab.locator("#value .facts > div", { has: tab.getByText(label, { exact: true }) }).locator("a.n").first().innerText());
}

/* Finds a number by the sentence, opens it, goes down to one record, takes the picture along. */
async function finds_a_number(tab, tally, folder) {
  await tab.goto("/");
  await tab.getByRole("combobox", { name: "地区" }).selectOption({ label: "湖北省" });
  await tab.locator("form.ask").getByRole("button").click();
  await tab.waitForURL(/region=420000/);
  await tab.getByRole("link", { name: "异地产销占比", exact: true }).click();
  await tab.waitForURL(/\/indicators\/food_failure_offsite_share/);
  tally.equal("the indicator is asked for the same region", question(tab).get("region"), "420000");
  const [failed, lots] = [await fact(tab, "分子"), await fact(tab, "分母")];
  const shown = (await tab.locator("main h1").innerText()).match(/([\d.]+)%/)?.[1];
  tally.equal("the value is its numerator over its denominator", shown, ((failed / lots) * 100).toFixed(1));

  const picture = tab.locator("figure .dl a", { hasText: "SVG" }).first();
  const waiting = tab.waitForEvent("download");
  await picture.click();
  const file = path.join(folder, "figure.svg");
  const download = await waiting;
  await download.saveAs(file);
  const svg = readFileSync(file, "utf8");
  tally.check("the picture is a drawing with a name", /^(<\?xml[^>]*>\s*)?<svg[^>]*xmlns=/.test(svg) && svg.length > 2000, svg.slice(0, 200));
  tally.check("the picture is called by its name", /\.svg$/.test(download.suggestedFilename()), download.suggestedFilename());

  await tab.locator("#value .facts > div", { hasText: "分子" }).locator("a.n").click();
  await tab.waitForURL(/\/registers\/food_failure\?where=/);
  tally.equal("the register counts what the indicator says", digits((await tab.locator(".count").first().innerText()).match(/^[\d,]+/)?.[0] ?? ""), failed);
  await tab.locator("main table a[href^='/registers/food_failure/']").first().click();
  await tab.waitForURL(/\/registers\/food_failure\/\d/);
  tally.check("a record has its footer of proof", /账本序号/.test(await tab.locator(".sealbar").innerText()));
  tally.check("a record has facts", (await tab.locator("main dl.kv dt").count()) > 5);
  const called = await tab.locator("main h1").innerText();
  tally.check("a record is called by a sentence", /不合格，.+生产，.+抽到$/.test(called.replace(/\s/g, "")), called);
  const kin = tab.locator("#related a[href*='where=']").first();
  const many = digits(await kin.innerText());
  await kin.click();
  await tab.waitForURL(/where=/);
  tally.equal("the number of its kin opens", digits((await tab.locator(".count").first().innerText()).match(/^[\d,]+/)?.[0] ?? ""), many);
  await tab.goBack();
  await tab.goBack();
  await tab.goBack();
  tally.equal("back keeps the question", [new URL(tab.url()).pathname, question(tab).get("region")],
    ["/indicators/food_failure_offsite_share", "420000"]);
}

/* The workbook moves the indicator by what its good rows say, worked out here. */
async function imports_a_workbook(tab, tally, job) {
  const asked = "/indicators/food_nonconforming_rate?region=420000&period=2016";
  const plain = (text) => Number(text.normalize("NFKC").replace(/[^\d]/g, ""));
  const sum = (column) => messy.good.reduce((all, row) => all + plain(row[column]), 0);
  await tab.goto(asked);
  const before = { failed: await fact(tab, "分子"), lots: await fact(tab, "分母") };
  const after = { failed: before.failed + sum(2), lots: before.lots + sum(1) };
  const rate = ((after.failed / after.lots) * 100).toFixed(2);

  await tab.goto(job);
  const said = await tab.locator("main").innerText();
  for (const [what, text] of [["rows read", "6 行读完"], ["a refusal with its place and rule", "not_more"],
    ["a class nobody knows", "云彩及其制品"], ["the effect before the commit", `${rate}`],
    ["lots before and after", `${before.lots.toLocaleString("en")} → ${after.lots.toLocaleString("en")}`]]) {
    tally.check(`the check shows ${what}`, said.includes(text), `no 「${text}」 in ${said}`);
  }
  tally.equal("a check writes nothing", await (async () => { await tab.goto(asked); return fact(tab, "分母"); })(), before.lots);
  await tab.goto(job);
  await tab.getByRole("button", { name: /只提交无误的 4 行/ }).click();
  await tab.locator("[data-job]").waitFor({ state: "detached" });
  await tab.goto(asked);
  tally.equal("the indicator moved", { failed: await fact(tab, "分子"), lots: await fact(tab, "分母") }, after);
  tally.check("its title says so", (await tab.locator("main h1").innerText()).includes(`${rate}%`), rate);
  await tab.locator("a", { hasText: "复算" }).first().click();
  await tab.waitForURL(/\/recount/);
  tally.equal("a recount agrees", await tab.locator("main h1").innerText(), "复算：差 0");
}

/* One page on a phone, then the targets and one of them. */
async function leads(tab, tally) {
  await tab.goto("/");
  tally.check("a number is in sight without scrolling", await tab.locator("main a.n").first().evaluate(
    (a) => a.getBoundingClientRect().bottom < window.innerHeight));
  const small = await tab.locator("nav.nav a, .tools a:visible, form.ask button").evaluateAll((list) =>
    list.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 40).map((e) => e.outerHTML.slice(0, 90)));
  tally.none("what is pressed is 40 px high", small);
  await tab.locator("nav.nav a", { hasText: "目标" }).click();
  await tab.waitForURL(/\/targets/);
  tally.check("the targets say how many", /\d+ 项目标/.test(await tab.locator("main h1").innerText()));
  const hrefs = await tab.locator("main a[href^='/targets/']").evaluateAll((list) => list.map((a) => a.getAttribute("href")));
  const one = hrefs.find((href) => /^\/targets\/[^/?#]+\/[^/?#]+$/.test(href));
  await tab.locator(`main a[href='${one}']`).first().click();
  await tab.waitForURL(`**${one}`);
  tally.check("a target says where it stands and by which clause", /判断[\s\S]*条款/.test(await tab.locator("main").innerText()));
  await tab.goBack();
  tally.check("back to the targets", /\/targets/.test(tab.url()));
}

/* What has the focus, and whether one can see that it has. */
function focused() {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  return {
    what: `${e.tagName.toLowerCase()} ${e.getAttribute("href") ?? e.getAttribute("name") ?? e.textContent.trim().slice(0, 20)}`,
    body: e === document.body,
    seen: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none",
    inside: box.right > 0 && box.left < window.innerWidth && box.bottom > 0 && box.top < window.innerHeight,
    at: [Math.round(box.top + window.scrollY), Math.round(box.left)],
  };
}

/* Without a mouse: skip link first, then in reading order, always visible; language and theme. */
async function arrives(tab, tally) {
  await tab.goto("/");
  await tab.keyboard.press("Tab");
  const first = await tab.evaluate(focused);
  tally.equal("the first stop is the skip link", first.what, "a #main");
  tally.check("the skip link shows itself", first.seen && first.inside, first);
  const stops = [];
  for (let i = 0; i < 24; i += 1) {
    await tab.keyboard.press("Tab");
    stops.push(await tab.evaluate(focused));
  }
  tally.none("the focus is seen at every stop", stops.filter((one) => !one.seen || !one.inside || one.body).map((one) => JSON.stringify(one)));
  const menu = stops.map((one) => one.what).filter((what) => /^a \/[a-z]*$/.test(what)).slice(0, 9);
  tally.equal("the menu comes in its order", menu.slice(1, 4), ["a /", "a /targets", "a /registers"]);
  tally.none("stops go down the page", stops.slice(1).filter((one, i) => one.at[0] < stops[i].at[0] - 40).map((one) => JSON.stringify(one)));
  await tab.goto("/");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  const numbers = await tab.locator("main h1 a").count();
  for (let i = 0; i <= numbers; i += 1) await tab.keyboard.press("Tab");
  tally.equal("after the skip link come the numbers of the title and the question", (await tab.evaluate(focused)).what, "select region");
  const region = tab.getByRole("combobox", { name: "地区" });
  for (let i = 0; i < 40 && (await region.inputValue()) !== "420000"; i += 1) await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  await tab.waitForURL(/region=420000/);
  tally.check("a question asked by keyboard", (await tab.locator("main h1").innerText()).includes("湖北省"));

  const english = tab.getByRole("link", { name: "English" });
  await english.focus();
  await tab.keyboard.press("Enter");
  await tab.locator("html[lang^=en]").waitFor();
  tally.equal("the switch keeps the question", question(tab).get("region"), "420000");
  tally.check("the page is English", /indicators/i.test(await tab.locator("main h1").innerText()), await tab.locator("main h1").innerText());
  await tab.goto("/targets");
  tally.check("the language is remembered", (await tab.locator("html").getAttribute("lang")).startsWith("en"));
  await tab.getByRole("button", { name: /Dark/ }).focus();
  await tab.keyboard.press("Enter");
  await tab.locator("html[data-theme=dark]").waitFor();
  await tab.reload();
  tally.equal("the theme is remembered", await tab.locator("html").getAttribute("data-theme"), "dark");
}

/* A column out of a spreadsheet becomes a chart, its table, a file, and an address that repeats it. */
async function pastes_a_column(tab, tally, folder) {
  await tab.goto("/tools");
  await tab.locator("main a[href='/tools/control-chart']").click();
  await tab.waitForURL(/\/tools\/control-chart/);
  await tab.locator("details.tools-paste summary").click();
  const values = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1, 95];
  await tab.locator("textarea[name=data]").fill(`流量（L/min）\n${values.join("\n")}\n`);
  await tab.locator("details.tools-paste button[type=submit]").click();
  await tab.waitForURL(/data=/);
  await tab.getByRole("combobox", { name: "判异", exact: true }).selectOption({ label: "只看越界" });
  await tab.locator("form.ask button").click();
  await tab.waitForURL(/rules=limits/);
  tally.check("the point that is off is found", /11 个点中 1 个越出控制限：11/.test(await tab.locator("main h1").innerText()),
    await tab.locator("main h1").innerText());
  tally.equal("a row for each value", await tab.locator("#data tbody tr").count(), values.length);
  tally.equal("and a mark", await tab.locator("figure svg.zh-fig:visible").first().locator("g.mark").count(), values.length);
  const waiting = tab.waitForEvent("download");
  await tab.locator("#method a", { hasText: "XLSX" }).click();
  const file = path.join(folder, "answer.xlsx");
  await (await waiting).saveAs(file);
  tally.check("the workbook is one", readFileSync(file).subarray(0, 2).toString() === "PK");
  const said = await tab.locator("main h1").innerText();
  await tab.goto(await tab.locator("#method .tools-url a").getAttribute("href"));
  tally.equal("the address repeats it", await tab.locator("main h1").innerText(), said);
}

/* Every page of the menu says the same without script. */
async function reads_without_script(browser, base, tally) {
  const { made, take } = await context(browser, base, { javaScriptEnabled: false });
  const { made: full } = await context(browser, base, {});
  const [bare, rich] = [await made.newPage(), await full.newPage()];
  await bare.goto("/");
  const menu = await bare.locator("nav.nav a").evaluateAll((list) => list.map((a) => a.getAttribute("href")));
  for (const href of [...menu, "/indicators/food_failure_offsite_share?region=420000", "/registers/food_failure"]) {
    await bare.goto(href);
    await rich.goto(href);
    const [a, b] = [await bare.locator("main").innerText(), await rich.locator("main").innerText()];
    tally.check(`without script: ${href}`, a === b && a.length > 100, `${a.slice(0, 300)} … ${b.slice(0, 300)}`);
  }
  await bare.goto("/");
  await bare.locator("select[name=region]").selectOption({ label: "安徽省" });
  await bare.locator("form.ask button").click();
  await bare.waitForURL(/region=340000/);
  tally.check("without script: the question is answered", (await bare.locator("main h1").innerText()).includes("安徽省"));
  await bare.locator(".tools a[href*='theme=dark']").click();
  tally.equal("without script: dark", await bare.locator("html").getAttribute("data-theme"), "dark");
  tally.none("without script: console", take());
  await made.close();
  await full.close();
}

export async function journeys(browser, base, tally, folder, job) {
  const walk = async (name, options, steps) => tally.journey(name, async () => {
    const { made, take } = await context(browser, base, options);
    try {
      await steps(await made.newPage());
      tally.none(`${name}: console`, take());
    } finally {
      await made.close();
    }
  });
  const desk = { viewport: { width: 1440, height: 900 } };
  await walk("newcomer", desk, (tab) => arrives(tab, tally));
  await walk("leader", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, (tab) => leads(tab, tally));
  await tally.journey("without script", () => reads_without_script(browser, base, tally));
  await walk("analyst: a number", desk, (tab) => finds_a_number(tab, tally, folder));
  await walk("quality manager: a column", desk, (tab) => pastes_a_column(tab, tally, folder));
  await walk("analyst: a workbook", desk, (tab) => imports_a_workbook(tab, tally, job));
}
