/* Writes packs/foundation/calendar/cn.txt: public holidays and 调休 working days of mainland China.
 *
 * Run in a folder where the three npm packages named below are installed:
 *   node gen_calendar.mjs FIRST_YEAR LAST_YEAR > cn.txt
 * The table is chinese-days'. Every day of the span must be classed the same by the two other
 * packages, which were compiled by other people; the script fails on any difference but those that
 * are explained in EXPLAINED. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const here = join(process.cwd(), 'node_modules');
const [first, last] = process.argv.slice(2).map(Number);
const version = (name) => JSON.parse(readFileSync(join(here, name, 'package.json'))).version;

const days = JSON.parse(readFileSync(join(here, 'chinese-days/dist/chinese-days.json')));
const workday = await import(pathToFileURL(join(here, 'chinese-workday/dist/chinese-workday.esm.js')));

function calendarOf(year) {
  const of = JSON.parse(readFileSync(join(here, `holiday-calendar/data/CN/${year}.json`)));
  return new Map(of.dates.map((d) => [d.date, d.type === 'public_holiday' ? 'off' : 'work']));
}

/* Days on which chinese-workday alone differs: it keeps the notice of 2019, before 国办发明电〔2020〕1号
 * extended the Spring Festival to 2 February; and it has a holiday that the notice for 2023
 * (元旦 2022-12-31 to 2023-01-02) does not give. */
const EXPLAINED = ['2020-01-31', '2020-02-01', '2023-01-03'];

const weekend = (text) => [0, 6].includes(new Date(text + 'T00:00:00Z').getUTCDay());
const lines = [];
for (let year = first; year <= last; year++) {
  const third = calendarOf(year);
  for (let t = Date.UTC(year, 0, 1); t < Date.UTC(year + 1, 0, 1); t += 864e5) {
    const text = new Date(t).toISOString().slice(0, 10);
    const kind = days.holidays[text] ? 'off' : days.workdays[text] ? 'work' : null;
    const off = kind ? kind === 'off' : weekend(text);
    const offThird = third.has(text) ? third.get(text) === 'off' : weekend(text);
    const offWorkday = EXPLAINED.includes(text) ? off : !workday.isWorkday(text);
    if (off !== offThird || off !== offWorkday) {
      throw new Error(`the packages differ on ${text}`);
    }
    if (kind) {
      const name = (days.holidays[text] ?? days.workdays[text]).split(',')[1];
      lines.push(`${text} ${kind} ${name}${kind === 'work' ? '调休' : ''}`);
    }
  }
}
console.log(`# 中国大陆法定节假日与调休工作日（国务院办公厅历年放假安排通知）
# 来源：npm 包 chinese-days ${version('chinese-days')}（MIT，© 2024 Yawei sun）。逐日核对：
# 与 holiday-calendar ${version('holiday-calendar')}（MIT）全部一致；与 chinese-workday
# ${version('chinese-workday')}（MIT）除 ${EXPLAINED.join('、')} 外一致：前两日依
# 国办发明电〔2020〕1号延长的春节假期，后一日依 2023 年通知不放假。
# 由 tool/gen_calendar.mjs 生成。cover 行之外的年份不作推断。
cover ${first}-01-01 ${last}-12-31
${lines.join('\n')}`);
