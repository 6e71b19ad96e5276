/* 企业质量承诺 lived by the sample roles of the demonstration: a firm promises, an inspector proposes
 * and a second person publishes, the firm reports, a breach is found by two, it is mended; what it
 * was judged is worked out again and objected to; a consumer and an outside verifier see what is
 * theirs. On a desk; an appeal, and in the long run the whole, on a phone. */
import { context, lost } from "./browser.mjs";

const LIST = "/registers/quality_promise";

/* One tab for each role, each with its own cookie. */
async function people(browser, base, tally, options) {
  const open = {};
  const wrong = [];
  const as = async (role) => {
    if (!open[role]) {
      const { made, take } = await context(browser, base, options);
      const tab = await made.newPage();
      await tab.goto("/demo");
      await tab.locator(`form:has(input[value="${role}"]) button`).click();
      await tab.waitForLoadState();
      tally.check(`${role}: marked as a sample`, (await tab.locator("header").innerText()).includes("示例"));
      open[role] = { tab, made, take };
    }
    return open[role].tab;
  };
  const close = async () => {
    for (const one of Object.values(open)) {
      wrong.push(...one.take());
      await one.made.close();
    }
    return wrong;
  };
  return { as, close };
}

const state = async (tab) => (await tab.locator("main .tags").first().innerText()).replace(/\s+/g, " ");

/* Takes a step from the record's page: what is typed is by field, a reason by its code. */
async function step(tab, record, id, typed = {}, reason = "") {
  await tab.goto(record);
  await tab.locator(`main a[href*="/transitions/${id}"]`).first().click();
  await tab.waitForLoadState();
  for (const [field, value] of Object.entries(typed)) await tab.locator(`[name="f.${field}"]`).fill(value);
  if (reason) await tab.locator('[name="reason_code"]').selectOption(reason);
  await tab.locator("main form button.pri").first().click();
  await tab.waitForLoadState();
}

async function confirm(tab, record) {
  await tab.goto(record);
  await tab.locator('main form[action$="/second"] button[value="take"]').first().click();
  await tab.waitForLoadState();
}

async function promises(tab, tally, name, no, today) {
  await tab.goto(LIST);
  await tab.locator(`main a[href="${LIST}/new"]`).first().click();
  await tab.locator('[name="f.no"]').fill(no);
  await tab.locator('[name="f.firm"]').fill("91350100M000100Y43");
  await tab.locator('[name="f.place"]').fill("420102");
  await tab.locator('[name="f.subject"]').fill("出厂电池批次合格率不低于百分之九十九");
  await tab.locator('[name="f.promised_on"]').fill(today);
  await tab.locator('[name="f.days"]').fill("60");
  tally.none(`${name}: the form`, (await tab.evaluate(lost)).filter((one) => !one.startsWith("cut: button.sr")));
  await tab.locator("main form button.pri").last().click();
  await tab.waitForLoadState();
  await tab.goto(`${LIST}/${no}`);
  tally.check(`${name}: a firm makes a promise`, (await state(tab)).includes("拟写"), tab.url());
  return `${LIST}/${no}`;
}

async function lived(browser, base, tally, name, options, no) {
  const roles = await people(browser, base, tally, options);
  const firm = await roles.as("enterprise");
  const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  const record = await promises(firm, tally, name, no, today);
  await step(firm, record, "submit");
  const handler = await roles.as("handler");
  await step(handler, record, "publish");
  await handler.goto(record);
  tally.check(`${name}: one person does not publish`, (await state(handler)).includes("审查"), await state(handler));
  const reviewer = await roles.as("reviewer");
  await confirm(reviewer, record);
  await reviewer.goto(record);
  tally.check(`${name}: two do`, (await state(reviewer)).includes("已公布"), await state(reviewer));
  await step(firm, record, "report", { evidence: "出厂检验二十批" });
  await step(handler, record, "breach", { finding: "抽检两批不合格" }, "not_met");
  await confirm(reviewer, record);
  await reviewer.goto(record);
  tally.check(`${name}: a breach is found by two`, (await state(reviewer)).includes("违诺"), await state(reviewer));
  tally.none(`${name}: the record`, await reviewer.evaluate(lost));
  await step(firm, record, "mend", { repair: "更换供应商并逐批检验" });
  await step(handler, record, "accept", { finding: "改正后三批均合格" });
  const analyst = await roles.as("analyst");
  await analyst.goto(record);
  tally.check(`${name}: the analyst sees how it ended`, (await state(analyst)).includes("已履行"), await state(analyst));
  const steps = await analyst.locator(`main a[href*="/transitions/"]`).count();
  tally.equal(`${name}: and has no step to take`, steps, 0);
  await elsewhere(roles, tally, name, record);
  await complains(roles, tally, name);
  return roles;
}

/* Those who have no part in it. */
async function elsewhere(roles, tally, name, record) {
  const consumer = await roles.as("consumer");
  const answer = await consumer.goto(record);
  tally.check(`${name}: a consumer does not see the record`, answer.status() === 404 || answer.status() === 403, answer.status());
  const lab = await roles.as("lab");
  tally.equal(`${name}: nor does a laboratory`, (await lab.goto(record)).status(), 404);
  const verifier = await roles.as("verifier");
  await verifier.goto("/registers/complaint");
  tally.check(`${name}: a verifier sees counts only`, (await verifier.locator("main").innerText()).includes("只看汇总数"));
  tally.none(`${name}: its page`, await verifier.evaluate(lost));
}

/* A consumer hands in a complaint, corrects what is refused, is given number and query code, and
 * sees with both where it stands. */
async function complains(roles, tally, name) {
  const tab = await roles.as("consumer");
  await tab.goto("/lookup");
  await tab.locator('main a[href="/registers/complaint/new"]').click();
  await tab.locator('[name="f.source"]').selectOption("portal");
  await tab.locator('[name="f.received_at"]').fill("2026-11-02 10:00");
  await tab.locator('[name="f.consumer.name"]').fill("示例消费者");
  await tab.locator('[name="f.consumer.phone"]').fill("13800000000");
  await tab.locator('[name="t.claim.0.value"]').selectOption("refund");
  await tab.locator('[name="f.place"]').fill("420102");
  await tab.locator("main form button.pri").last().click();
  await tab.waitForLoadState();
  const links = tab.locator(".note.act a");
  tally.equal(`${name}: what is wrong is linked`, await links.evaluateAll((list) => list.map((a) => a.getAttribute("href")).join()), "#f.facts");
  const said = await tab.locator(".field.err .msg").first().innerText();
  tally.equal(`${name}: and said once`, (await tab.locator("main").innerText()).split(said).length - 1, 1);
  await tab.locator('[name="f.facts"]').fill("示例：羽绒服绒子含量与标签不符");
  await tab.locator("main form button.pri").last().click();
  await tab.waitForLoadState();
  const [number, code] = await tab.locator(".given b").allInnerTexts();
  tally.check(`${name}: number and query code`, /^TS-420102-\d{4}-\d{6}$/.test(number) && /^[2-9A-HJ-NP-Z]{10}$/.test(code), [number, code]);
  await tab.goto(`/lookup?no=${number}`);
  await tab.locator('[name="code"]').fill(code.toLowerCase());
  await tab.locator("main form button.pri").click();
  await tab.waitForLoadState();
  const text = await tab.locator("main").innerText();
  tally.check(`${name}: where the complaint stands`, text.includes("已收到") && text.includes("受理期限"), text);
  tally.check(`${name}: and nothing that was written`, !/示例消费者|13800000000|羽绒服/.test(text));
  tally.none(`${name}: the page`, await tab.evaluate(lost));
}

/* A breach is appealed: the reviewer and the leader vote and sign, the majority of three revokes it. */
async function appealed(browser, base, tally, options, no) {
  const roles = await people(browser, base, tally, options);
  const firm = await roles.as("enterprise");
  const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  const record = await promises(firm, tally, "appeal", no, today);
  const handler = await roles.as("handler");
  const reviewer = await roles.as("reviewer");
  await step(firm, record, "submit");
  await step(handler, record, "publish");
  await confirm(reviewer, record);
  await step(firm, record, "report", { evidence: "出厂检验二十批" });
  await step(handler, record, "breach", { finding: "抽检两批不合格" }, "not_met");
  await confirm(reviewer, record);
  await step(firm, record, "appeal", { evidence: "复检二十批均合格" });
  await firm.goto(record);
  tally.check("appeal: the firm appeals", (await state(firm)).includes("申诉"), await state(firm));
  for (const role of ["reviewer", "leader"]) {
    const voter = await roles.as(role);
    await voter.goto(record);
    await voter.locator(`main a[href*="/transitions/uphold"]`).first().click();
    await voter.locator('[name="vote"]').selectOption("yes");
    tally.none(`appeal: the form of the ${role}`, (await voter.evaluate(lost)).filter((one) => !one.startsWith("cut: button.sr")));
    await voter.locator("main form button.pri").first().click();
    await voter.waitForLoadState();
  }
  await firm.goto(record);
  tally.check("appeal: two of three revoke the breach", (await state(firm)).includes("核对履行"), await state(firm));
  tally.check("appeal: both have signed", /签署/.test(await firm.locator("main").innerText()));
  await step(handler, record, "accept", { finding: "复检均合格" });
  await firm.goto(record);
  tally.check("appeal: and it is kept", (await state(firm)).includes("已履行"), await state(firm));
  return roles;
}

/* The background judges within a minute. */
async function judged(roles, tally) {
  const firm = await roles.as("enterprise");
  const analyst = await roles.as("analyst");
  let found = false;
  for (let i = 0; i < 45 && !found; i += 1) {
    await analyst.goto("/registers/enterprise/91350100M000100Y43");
    found = (await analyst.locator("#judgements").count()) > 0;
    if (!found) await analyst.waitForTimeout(2000);
  }
  tally.check("the firm was judged", found);
  const rows = await analyst.locator("#judgements").innerText();
  tally.check("with its rows and clauses", /质量承诺诚信等级/.test(rows) && /产品缺省/.test(rows), rows);
  await analyst.locator("#judgements a").first().click();
  await analyst.getByRole("link", { name: "按当时的账本重算" }).click();
  await analyst.locator("#again .note").waitFor();
  const again = await analyst.locator("#again").innerText();
  tally.check("worked out again it is the same", again.includes("一致") && !again.includes("不一致"), again);
  const finding = new URL(analyst.url()).pathname;
  await step(firm, finding, "object", { objection: "改正情况没有计入" }, "fact");
  await firm.goto(finding);
  tally.check("the firm objects", (await state(firm)).includes("异议"), await state(firm));
  await step(await roles.as("reviewer"), finding, "uphold", { decision: "规则已计入改正" });
  await firm.goto(finding);
  tally.check("somebody else decides", (await state(firm)).includes("有效"), await state(firm));
}

export async function lives(browser, base, tally) {
  const stamp = Date.now().toString(36);
  await tally.journey("six roles on a desk", async () => {
    const roles = await lived(browser, base, tally, "desk", { viewport: { width: 1440, height: 900 } }, `CN-D-${stamp}`);
    await judged(roles, tally);
    tally.none("desk: console", (await roles.close()).filter((one) => !/40[34]|422/.test(one)));
  });
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  await tally.journey("an appeal and its decision, on a phone", async () => {
    const roles = await appealed(browser, base, tally, phone, `CN-A-${stamp}`);
    tally.none("appeal: console", (await roles.close()).filter((one) => !/40[34]/.test(one)));
  });
  if (process.env.ZH_LONG !== "1") return;
  await tally.journey("six roles on a phone", async () => {
    const roles = await lived(browser, base, tally, "phone", phone, `CN-P-${stamp}`);
    tally.none("phone: console", (await roles.close()).filter((one) => !/40[34]|422/.test(one)));
  });
}
