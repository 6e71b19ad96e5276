/* Years added to the calendar. */
#include "core/calendar_years.h"
#include "core/adopt.h"
#include "core/core_private.h"

#define SETTING "calendar.years"

enum { YEAR_DIGITS = 4, YEARS = 10000 };

/* ---- text ------------------------------------------------------------------------------------ */

static bool is_calendar(zh_str path)
{
    return zh_str_ends(path, ZH_STR("calendar/cn.txt")) || zh_str_is(path, "cn.txt");
}

/* The year that a line of days begins with; 0: another line. */
static int year_of(zh_str line)
{
    uint64_t year = 0;
    return line.n > YEAR_DIGITS && line.p[YEAR_DIGITS] == '-' &&
                   zh_str_u64(zh_str_sub(line, 0, YEAR_DIGITS), &year) == ZH_OK && year < YEARS
               ? (int)year
               : 0;
}

static void mark_years(zh_str text, bool stated[YEARS])
{
    zh_str line;
    while (text.n > 0 && zh_str_split(&text, '\n', &line)) {
        stated[year_of(zh_str_trim(line))] = true;
    }
    stated[0] = false;
}

/* The lines of the text but those of the stated years. */
static void put_others(zh_str text, const bool stated[YEARS], zh_buf *out)
{
    zh_str line;
    while (text.n > 0 && zh_str_split(&text, '\n', &line)) {
        line = zh_str_trim(line);
        if (line.n > 0 && !stated[year_of(line)]) {
            zh_buf_fmt(out, "%.*s\n", ZH_FMT(line));
        }
    }
}

zh_str zh_calendar_overlay(zh_arena *arena, zh_str table, zh_str years)
{
    bool *stated = ZH_NEW_N(arena, bool, YEARS);
    zh_buf out;
    for (size_t i = 0; i < YEARS; i++) {
        stated[i] = false;
    }
    if (years.n == 0) {
        return table;
    }
    mark_years(years, stated);
    zh_buf_init(&out, 4 * ZH_CALENDAR_YEARS_BYTES_MAX);
    put_others(table, stated, &out);
    zh_buf_str(&out, years);
    zh_str text = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

/* ---- stored ---------------------------------------------------------------------------------- */

static zh_rc read_years(zh_conn *conn, zh_arena *arena, zh_str *out, zh_err *err)
{
    *out = ZH_STR("");
    zh_rc rc = zh_setting_get(conn, arena, SETTING, out, err);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_calendar_overlay_files(zh_conn *conn, zh_arena *arena, zh_pack_file *files, size_t n,
                                zh_err *err)
{
    zh_str years;
    zh_rc rc = read_years(conn, arena, &years, err);
    for (size_t i = 0; i < n && rc == ZH_OK && years.n > 0; i++) {
        if (is_calendar(files[i].path)) {
            files[i].text = zh_calendar_overlay(arena, files[i].text, years);
        }
    }
    return rc;
}

typedef struct keeping {
    zh_str text;
} keeping;

static zh_rc keep(void *user, zh_conn *conn, zh_err *err)
{
    const keeping *k = user;
    return zh_setting_set(conn, SETTING, k->text, err);
}

/* The declarations in force with the lines put in. */
static zh_rc compile_with(zh_core *core, zh_arena *arena, zh_str lines, zh_model **out, zh_err *err)
{
    zh_model *model = zh_core_model(core);
    zh_pack_file *files = ZH_NEW_N(arena, zh_pack_file, model->nsources + 1);
    bool found = false;
    for (size_t i = 0; i < model->nsources; i++) {
        files[i] = model->sources[i];
        if (is_calendar(files[i].path)) {
            found = true;
            files[i].text = zh_calendar_overlay(arena, files[i].text, lines);
        }
    }
    zh_rc rc = found ? zh_model_compile(files, model->nsources, out, NULL, err)
                     : zh_err_set(err, ZH_ENOTFOUND, "calendar.none", "声明里没有工作日历");
    zh_model_release(model);
    return rc;
}

zh_rc zh_calendar_year_set(zh_core *core, zh_str lines, zh_err *err)
{
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_model *model = NULL;
    zh_conn *conn = NULL;
    zh_str years = ZH_STR("");
    zh_rc rc = compile_with(core, arena, lines, &model, err);
    if (rc == ZH_OK) {
        rc = zh_store_reader(zh_core_store(core), &conn, err);
    }
    if (rc == ZH_OK) {
        rc = read_years(conn, arena, &years, err);
        zh_store_release(conn);
    }
    if (rc == ZH_OK) {
        keeping k = {years.n == 0 ? lines : zh_calendar_overlay(arena, years, lines)};
        rc = k.text.n <= ZH_CALENDAR_YEARS_BYTES_MAX
                 ? zh_core_write(core, keep, &k, err)
                 : zh_err_set(err, ZH_ELIMIT, "calendar.size", "日历太大");
    }
    if (rc == ZH_OK) {
        rc = zh_core_adopt_same(core, model, err);
    }
    if (model != NULL) {
        zh_model_release(model);
    }
    zh_arena_free(arena);
    return rc;
}
