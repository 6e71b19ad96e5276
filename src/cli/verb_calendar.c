/* calendar: what the working-day calendar covers, and taking on another year. */
#include "app/holidays.h"
#include "base/os.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/adoption/calendar_years.h"

enum { YEARS_BACK = 30, YEARS_AHEAD = 10 };

static zh_rc show(zh_session *s, zh_buf *out)
{
    static const char *const headers[] = {"年份", "工作日>", "周末上班>", "平日放假>"};
    const zh_calendar *calendar = s->ctx.model->calendar;
    int now = zh_time_civil(zh_now()).year;
    zh_text_table table;
    zh_text_table_init(&table, s->cli->arena, headers, ZH_COUNTOF(headers));
    for (int year = now - YEARS_BACK; calendar != NULL && year <= now + YEARS_AHEAD; year++) {
        int64_t counts[3] = {0};
        bool covered = true;
        for (zh_date d = zh_date_of(year, 1, 1); covered && d < zh_date_of(year + 1, 1, 1); d++) {
            bool working = false;
            bool weekday = zh_date_weekday(d) < 6;
            covered = zh_calendar_is_working(calendar, d, &working) == ZH_OK;
            counts[0] += working;
            counts[1] += working && !weekday;
            counts[2] += !working && weekday;
        }
        for (size_t i = 0; covered && i <= ZH_COUNTOF(counts); i++) {
            zh_text_table_add(&table, i == 0 ? zh_str_fmt(s->cli->arena, "%d", year)
                                             : zh_text_count(s->cli->arena, counts[i - 1]));
        }
    }
    zh_text_table_print(&table, out);
    return ZH_OK;
}

static zh_rc add_year(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    zh_str texts[2];
    zh_str lines;
    int64_t year = 0;
    if (zh_str_i64(zh_cli_argument(cli, 1), &year) != ZH_OK || cli->narguments < 4) {
        return zh_cli_usage(cli, "cli.missing", "import 后面写年份和两个数据文件");
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < 2 && rc == ZH_OK; i++) {
        rc = zh_file_read(cli->arena, zh_str_c(cli->arena, zh_cli_argument(cli, i + 2)),
                          ZH_HOLIDAYS_BYTES_MAX, &texts[i], &cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_holidays_compare(cli->arena, (int)(year % 10000), texts[0], texts[1], &lines,
                                 &cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_calendar_year_set(s->core, lines, &cli->err);
    }
    if (rc == ZH_OK) {
        zh_buf_str(out, lines);
    }
    return rc;
}

static zh_rc work(zh_session *s, zh_buf *out)
{
    return zh_str_is(zh_cli_argument(s->cli, 0), "import") ? add_year(s, out) : show(s, out);
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, work);
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "show|import",
     .optional = true,
     .zh = "看覆盖到哪一年，或导入一年的放假安排",
     .en = "show the years covered, or import one"},
    {.name = "YEAR", .kind = ZH_PARAM_TEXT, .optional = true, .zh = "年份", .en = "year"},
    {.name = "FIRST",
     .kind = ZH_PARAM_FILE,
     .optional = true,
     .zh = "npm 包 chinese-days 的 dist/chinese-days.json",
     .en = "data of the npm package chinese-days"},
    {.name = "SECOND",
     .kind = ZH_PARAM_FILE,
     .optional = true,
     .zh = "npm 包 holiday-calendar 的 data/CN/年份.json",
     .en = "data of the npm package holiday-calendar"},
};

ZH_VERB(calendar) = {
    .name = "calendar",
    .zh = "工作日历：覆盖的年份，每年导入放假安排",
    .en = "working-day calendar: years covered, yearly import",
    .text = "两份数据由不同的人整理，逐日核对一致才导入；不一致就列出日期，什么也不改。导入后，服务"
            "进程随即"
            "采用。已经算出的时限在记录下一次变化时重算。",
    .example = "zhiheng calendar\n"
               "npm pack chinese-days holiday-calendar   # 在能上网的机器上取数据\n"
               "zhiheng calendar import 2027 chinese-days.json 2027.json",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
