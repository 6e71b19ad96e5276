/* Holidays of a year, from two sources. */
#include "app/holidays.h"
#include "base/json.h"
#include "base/time.h"
#include <string.h>

enum { DAYS = 366, NAMED_MAX = 10, SATURDAY = 6, DATE_BYTES = 16, LINES_BYTES = 64 << 10 };

typedef enum day_kind { USUAL, OFF, WORK } day_kind;

typedef struct year_of {
    int year;
    zh_date first;
    day_kind kinds[DAYS];
    zh_str names[DAYS];
    size_t off;
    const char *source;
} year_of;

static zh_rc not_such(zh_err *err, int year)
{
    zh_err_set(err, ZH_EINVAL, "calendar.data", "这个文件里没有 %d 年的放假安排", year);
    zh_err_fix(err,
               "要 npm 包 chinese-days 的 dist/chinese-days.json 和 holiday-calendar 的 "
               "data/CN/%d.json 各一份",
               year);
    return ZH_EINVAL;
}

static void note(year_of *y, zh_str date, zh_str name, bool working)
{
    zh_date day = 0;
    if (zh_date_parse(date, &day) == ZH_OK && day >= y->first &&
        day < zh_date_of(y->year + 1, 1, 1)) {
        size_t at = (size_t)(day - y->first);
        y->off += !working && y->kinds[at] != OFF;
        y->kinds[at] = working ? WORK : OFF;
        y->names[at] = name;
    }
}

/* {"2026-01-01": "New Year's Day,元旦,1", …} */
static void read_map(year_of *y, const zh_json *map, bool working)
{
    for (const zh_json *d = map != NULL ? map->first : NULL; d != NULL; d = d->next) {
        zh_str rest = zh_json_str(d, ZH_STR(""));
        zh_str english = ZH_STR("");
        zh_str name = ZH_STR("");
        (void)(zh_str_split(&rest, ',', &english) && zh_str_split(&rest, ',', &name));
        note(y, d->name, name, working);
    }
}

/* [{"date": "2026-01-01", "name_cn": "元旦", "type": "public_holiday"}, …] */
static void read_list(year_of *y, const zh_json *list)
{
    for (const zh_json *d = list->first; d != NULL; d = d->next) {
        zh_str name =
            zh_json_str(zh_json_get(d, "name_cn"), zh_json_str(zh_json_get(d, "name"), ZH_STR("")));
        zh_str type = zh_json_str(zh_json_get(d, "type"), ZH_STR(""));
        if (zh_str_is(type, "public_holiday") || zh_str_is(type, "transfer_workday")) {
            note(y, zh_json_str(zh_json_get(d, "date"), ZH_STR("")), name,
                 zh_str_is(type, "transfer_workday"));
        }
    }
}

static zh_rc read_file(zh_arena *arena, zh_str text, year_of *y, zh_err *err)
{
    zh_json *root = NULL;
    zh_err ignored = {0};
    if (text.n > ZH_HOLIDAYS_BYTES_MAX || zh_json_parse(arena, text, &root, &ignored) != ZH_OK) {
        return not_such(err, y->year);
    }
    const zh_json *dates = zh_json_get(root, "dates");
    if (dates != NULL) {
        y->source = "holiday-calendar";
        read_list(y, dates);
    } else {
        y->source = "chinese-days";
        read_map(y, zh_json_get(root, "holidays"), false);
        read_map(y, zh_json_get(root, "workdays"), true);
    }
    return y->off >= ZH_HOLIDAYS_OFF_MIN ? ZH_OK : not_such(err, y->year);
}

static bool works(const year_of *y, size_t at)
{
    bool weekday = zh_date_weekday(y->first + (zh_date)at) < SATURDAY;
    return y->kinds[at] == WORK || (y->kinds[at] == USUAL && weekday);
}

/* The days on which they differ, the first few named. */
static size_t compare(const year_of *a, const year_of *b, size_t days, zh_buf *names)
{
    size_t n = 0;
    for (size_t i = 0; i < days; i++) {
        char date[DATE_BYTES];
        if (works(a, i) != works(b, i) && n++ < NAMED_MAX) {
            zh_date_format(a->first + (zh_date)i, date);
            zh_buf_fmt(names, "%s%s", n > 1 ? "、" : "", date);
        }
    }
    return n;
}

static zh_str table(zh_arena *arena, const year_of *y, const year_of *other, size_t days)
{
    zh_buf out;
    char date[DATE_BYTES];
    zh_buf_init(&out, LINES_BYTES);
    zh_buf_fmt(&out,
               "# %d 年：npm 包 %s（MIT），与 %s（MIT）逐日核对一致\ncover %d-01-01 %d-12-31\n",
               y->year, y->source, other->source, y->year, y->year);
    for (size_t i = 0; i < days; i++) {
        if (y->kinds[i] != USUAL) {
            zh_date_format(y->first + (zh_date)i, date);
            zh_buf_fmt(&out, "%s %s %.*s%s\n", date, y->kinds[i] == OFF ? "off" : "work",
                       ZH_FMT(y->names[i]), y->kinds[i] == WORK ? "调休" : "");
        }
    }
    zh_str text = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

static zh_rc differ(size_t n, zh_str names, zh_err *err)
{
    zh_err_set(err, ZH_ECONFLICT, "calendar.differ", "两份数据有 %zu 日不一致：%.*s%s", n,
               ZH_FMT(names), n > NAMED_MAX ? " 等" : "");
    zh_err_fix(err, "对照国务院办公厅当年的放假通知，用新版本的数据包；不一致时不导入");
    return ZH_ECONFLICT;
}

zh_rc zh_holidays_compare(zh_arena *arena, int year, zh_str first, zh_str second, zh_str *lines,
                          zh_err *err)
{
    if (year < ZH_HOLIDAYS_YEAR_FIRST || year > ZH_HOLIDAYS_YEAR_LAST) {
        return zh_err_set(err, ZH_EINVAL, "calendar.year", "年份应在 %d 与 %d 之间",
                          ZH_HOLIDAYS_YEAR_FIRST, ZH_HOLIDAYS_YEAR_LAST);
    }
    zh_date from = zh_date_of(year, 1, 1);
    size_t days = (size_t)(zh_date_of(year + 1, 1, 1) - from);
    year_of *y = ZH_NEW_N(arena, year_of, 2);
    y[0] = y[1] = (year_of){.year = year, .first = from};
    zh_rc rc = read_file(arena, first, &y[0], err);
    if (rc == ZH_OK) {
        rc = read_file(arena, second, &y[1], err);
    }
    if (rc == ZH_OK && strcmp(y[0].source, y[1].source) == 0) {
        return zh_err_set(err, ZH_EINVAL, "calendar.same", "两份都是 %s 的数据，核对要两个来源",
                          y[0].source);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf names;
    zh_buf_init(&names, 4096);
    size_t n = compare(&y[0], &y[1], days, &names);
    size_t kept = strcmp(y[0].source, "chinese-days") == 0 ? 0 : 1;
    if (n > 0) {
        rc = differ(n, zh_buf_view(&names), err);
    } else {
        *lines = table(arena, &y[kept], &y[1 - kept], days);
    }
    zh_buf_free(&names);
    return rc;
}
