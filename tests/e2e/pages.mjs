/* Every page as it is seen: wide and on a phone, light and dark, at 200 %, printed. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { context, controls, lost, small_print } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/* Both widths in both themes in the long run and when pictures are made; each width and each theme
 * once in the short one. */
const WHOLE = process.env.ZH_LONG === "1" || process.env.ZH_SHOTS === "1";
const LOOKS = [
  { width: 1440, height: 900, theme: "light" },
  { width: 1440, height: 900, theme: "dark", whole: true },
  { width: 390, height: 844, theme: "light", whole: true },
  { width: 390, height: 844, theme: "dark" },
  { width: 1440, height: 900, theme: "light", paper: true },
].filter((look) => WHOLE || !look.whole);

/* Whose pictures are kept: one of a kind. */
const KEPT = new Set(["board", "indicator", "indicator-series", "targets", "target", "registers", "register-hubei", "record", "import",
  "import-check", "signals", "signal", "map", "report", "systems", "system", "sources"]);

/* The first address on the page at `from` that fits. */
async function linked(tab, from, fits) {
  await tab.goto(from);
  const all = await tab.locator("main a[href]").evaluateAll((list) => list.map((a) => a.getAttribute("href")));
  return all.find((href) => fits.test(href));
}

/* Pages to look at: those of the menu, and behind each the one a reader opens next. `job` is a check
 * of a workbook. */
export async function listed(browser, base, tally, job) {
  const { made } = await context(browser, base, {});
  const tab = await made.newPage();
  await tab.goto("/");
  const menu = await tab.locator("nav.nav a").evaluateAll((list) => list.map((a) => a.getAttribute("href")));
  const pages = menu.map((href) => [href === "/" ? "board" : href.slice(1).replace(/\W.*/, ""), href]);
  tally.check("the menu has its pages", pages.length >= 8, menu);
  const rate = "/indicators/food_nonconforming_rate?region=420000&period=2016";
  const signal = await linked(tab, "/signals?region=420000", /^\/signals\/\d/);
  const behind = [
    ["board-hubei", "/indicators?region=420000"],
    ["indicator", "/indicators/food_failure_offsite_share?by=maker_place%40province"],
    ["indicator-series", "/indicators/air_pm25_mean?period=2015"],
    ["recount", await linked(tab, rate, /\/recount/)],
    ["revisions", await linked(tab, rate, /\/revisions/)],
    ["target", await linked(tab, "/targets", /^\/targets\/[^/?#]+\/[^/?#]+$/)],
    ["register", "/registers/food_failure"],
    ["register-hubei", "/registers/food_failure?where=maker_place%20within%20%27420000%27"],
    ["record", await linked(tab, signal, /^\/registers\/food_failure\/\d/)],
    ["import-check", job],
    ["signal", signal],
    ["system", await linked(tab, "/systems", /^\/systems\/./)],
    ["tool-chart", "/tools/control-chart"],
    ["tool-model", "/tools/satisfaction"],
    ["verify", "/verify"],
    ["lookup", "/lookup"],
    ["demo", "/demo"],
    ["unknown", "/nothing-here"],
    ["board-english", "/?lang=en"],
  ];
  await made.close();
  for (const [name, href] of behind) {
    if (tally.check(`${name}: there is a way to it`, href)) pages.push([name, href]);
  }
  return pages;
}

/* Serious and critical findings. A dark page differs from the light one in its colours only; rows
 * beyond the tenth look like those before and are read in the long run. */
async function findings(tab, theme) {
  await tab.evaluate(axe);
  const found = await tab.evaluate(([dark, whole]) => {
    const rows = ["tbody > tr:nth-child(n+11)", "ul > li:nth-child(n+11)", "option"];
    return axe.run(whole ? document : { exclude: rows.filter((row) => document.querySelector(row)) }, {
      resultTypes: ["violations"],
      ...(dark ? { runOnly: ["color-contrast", "link-in-text-block"] } : {}),
    });
  }, [theme === "dark", process.env.ZH_LONG === "1"]);
  return found.violations
    .filter((one) => one.impact === "serious" || one.impact === "critical")
    .map((one) => `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 160)} ${one.nodes[0].failureSummary?.slice(0, 260)}`);
}

const bare = (text) => text.replace(/\s+/g, "").normalize("NFKC");

/* On paper: the title is there, the menu and the controls are not, and a page is A4. */
async function printed(tab, tally, name, folder) {
  const title = await tab.locator("main h1").first().innerText();
  const file = path.join(folder, `${name}.pdf`);
  writeFileSync(file, await tab.pdf({ preferCSSPageSize: true, pageRanges: "1" }));
  const text = bare(execFileSync("pdftotext", ["-l", "1", file, "-"], { encoding: "utf8" }));
  tally.check(`${name} printed: title`, text.includes(bare(title)), `no 「${title}」 in ${text.slice(0, 300)}`);
  const info = execFileSync("pdfinfo", [file], { encoding: "utf8" });
  tally.check(`${name} printed: A4`, /Page size:.*A4/.test(info), info);
  await tab.emulateMedia({ media: "print" });
  tally.none(`${name} printed: no controls`, await tab.evaluate(() =>
    [...document.querySelectorAll(".nav, .tools, form.ask button")].filter((e) => e.checkVisibility()).map((e) => e.outerHTML.slice(0, 80))));
  await tab.emulateMedia({ media: null });
}

async function look(tab, take, tally, name, one, shots) {
  const as = `${name} ${one.width} ${one.theme}`;
  const said = take().filter((line) => name !== "unknown" || !/status of 404/.test(line));
  tally.none(`${as}: console`, said);
  const paper = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).map(Number));
  tally.check(`${as}: theme`, (paper[0] + paper[1] + paper[2] < 384) === (one.theme === "dark"), paper);
  tally.none(`${as}: nothing lost`, await tab.evaluate(lost));
  tally.none(`${as}: drawings can be read`, await tab.evaluate(small_print));
  tally.none(`${as}: axe`, await findings(tab, one.theme));
  if (shots && KEPT.has(name)) {
    const file = path.join(shots, `${name}-${one.width < 500 ? "phone" : "desktop"}-${one.theme}.jpg`);
    await tab.screenshot({ path: file, type: "jpeg", quality: 45, fullPage: true, clip: await clip(tab, one) });
  }
}

/* Printed, and at 200 % (of the pages not in doc/shots in the long run): a window of half the size in which everything can still be reached. */
async function paper(tab, tally, name, folder) {
  const before = await tab.evaluate(controls);
  await printed(tab, tally, name, folder);
  await tab.setViewportSize({ width: 720, height: 450 });
  tally.none(`${name} 200 %: nothing lost`, await tab.evaluate(lost));
  const after = new Set(await tab.evaluate(controls));
  // where there is no room for the search field, a link leads to its page
  const linked = [...after].some((control) => control.includes("/go"));
  tally.none(`${name} 200 %: every control`,
    before.filter((control) => !after.has(control) && !(linked && control === "input q")));
  await tab.setViewportSize({ width: 1440, height: 900 });
}

async function go_through(browser, base, tally, pages, one, folder, shots) {
  const { made, take } = await context(browser, base, {
    viewport: { width: one.width, height: one.height },
    colorScheme: one.theme,
    hasTouch: one.width < 500,
  });
  const tab = await made.newPage();
  for (const [name, href] of pages) {
    if (one.paper && !KEPT.has(name) && process.env.ZH_LONG !== "1") continue;
    const answer = await tab.goto(href, { waitUntil: "load" });
    tally.equal(`${name} ${one.width} ${one.theme}: status`, answer.status(), name === "unknown" ? 404 : 200);
    if (one.paper) await paper(tab, tally, name, folder);
    else await look(tab, take, tally, name, one, shots);
  }
  await made.close();
}

/* The upper part of long pages: what is below looks like it. */
async function clip(tab, one) {
  const high = await tab.evaluate(() => document.documentElement.scrollHeight);
  return { x: 0, y: 0, width: one.width, height: Math.min(high, one.width > 500 ? 1500 : 1800) };
}

/* Two looks at a time, on two processors. */
export async function look_at_all(browser, base, tally, pages, folder) {
  const shots = process.env.ZH_SHOTS ? path.resolve(process.env.ZH_SHOTS === "1" ? "doc/shots" : process.env.ZH_SHOTS) : null;
  if (shots) mkdirSync(shots, { recursive: true });
  const left = [...LOOKS];
  const worker = async () => {
    for (let one = left.shift(); one; one = left.shift()) {
      await tally.journey(`pages ${one.paper ? "on paper, at 200 %" : `${one.width} ${one.theme}`}`, () => go_through(browser, base, tally, pages, one, folder, shots));
    }
  };
  await Promise.all([worker(), worker()]);
}
