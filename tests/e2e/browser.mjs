/* Chromium for the tests: contexts that write down what the console and the content security policy
 * say, and the question every page is asked: does it scroll sideways, is anything cut off. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

/* By NODE_PATH, which import does not know. */
const { chromium } = createRequire(import.meta.url)("playwright-core");

export async function launch() {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  /* Its sandbox refuses to start for root, who runs the tests in a container; there is no graphics card
   * to imitate, and nothing but the pages is wanted of it. */
  const args = ["--disable-gpu", "--disable-software-rasterizer", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update"];
  return chromium.launch({ executablePath, args: process.getuid() === 0 ? ["--no-sandbox", ...args] : args });
}

/* A context whose pages collect complaints in `wrong`. Options are those of newContext. */
export async function context(browser, base, options) {
  const made = await browser.newContext({ baseURL: base, locale: "zh-CN", reducedMotion: "reduce", ...options });
  made.setDefaultTimeout(15000);
  const wrong = [];
  if (options.javaScriptEnabled !== false) {
    await made.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
  }
  made.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(`${message.type()}: ${message.text()}`);
  });
  made.on("weberror", (error) => wrong.push(`exception: ${error.error()}`));
  made.on("request", (request) => {
    if (!request.url().startsWith(base)) wrong.push(`outside: ${request.url()}`);
  });
  return { made, wrong, take: () => wrong.splice(0) };
}

/* What a reader cannot reach: sideways scrolling of the page, text cut by its box, and links or
 * controls of the page that lie outside the window without a box of their own that scrolls. */
export function lost() {
  const said = [];
  const root = document.documentElement;
  const wide = window.innerWidth;
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className?.baseVal ?? e.className} "${(e.textContent || "").trim().slice(0, 30)}"`;
  if (document.scrollingElement.scrollWidth > wide) {
    said.push(`the page is ${document.scrollingElement.scrollWidth} px wide in a window of ${wide}`);
  }
  for (const e of [root, document.body]) {
    if (getComputedStyle(e).overflowX === "hidden") said.push(`${e.tagName} hides what is too wide`);
  }
  const scrolls = (e) => {
    for (let up = e.parentElement; up; up = up.parentElement) {
      const x = getComputedStyle(up).overflowX;
      if (x === "auto" || x === "scroll") return true;
    }
    return false;
  };
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest("svg") && e.tagName !== "svg") continue;
    const box = e.getBoundingClientRect();
    if (box.width <= 2 || box.height <= 2 || !e.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(e);
    const cuts = style.overflowX === "hidden" || style.overflowX === "clip";
    if (cuts && e.scrollWidth > e.clientWidth + 1 && e.textContent.trim() && style.textOverflow !== "ellipsis") {
      said.push(`cut: ${name(e)}`);
    }
    if ((box.right > wide + 1 || box.left < -1) && !e.matches(".skip") && !scrolls(e)) {
      said.push(`outside: ${name(e)} ${Math.round(box.left)}–${Math.round(box.right)}`);
    }
  }
  return said;
}

/* The links and controls a reader can see, by where they lead or what they are called. */
export function controls() {
  const seen = new Set();
  for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    const box = e.getBoundingClientRect();
    if (e.type === "hidden" || e.matches(".skip, .hide-s") || box.width === 0 || !e.checkVisibility({ visibilityProperty: true })) continue;
    seen.add(`${e.tagName.toLowerCase()} ${e.getAttribute("href") || e.name || e.textContent.trim()}`);
  }
  return [...seen];
}

/* Letters of drawings that come out smaller than 9 px on the screen. */
export function small_print() {
  const said = [];
  for (const svg of document.querySelectorAll("main svg")) {
    const box = svg.getBoundingClientRect();
    const text = svg.querySelector("text");
    if (!text || box.width === 0 || !svg.checkVisibility()) continue;
    const scale = svg.viewBox.baseVal.width ? box.width / svg.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(text).fontSize) * scale;
    if (size < 9) said.push(`${size.toFixed(1)} px: ${svg.closest("figure, section")?.id ?? ""} 「${text.textContent}」`);
  }
  return said;
}
