/* Years added to the calendar. */
#include "core/adoption/calendar_years.h"
#include "core/adoption/adopt.h"
#include "core/instance/core_private.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/record/pending.h"

#define SETTING "calendar.years"
#define TAKEN   "calendar.taken" /* codes of the records that were taken on, with spaces */

enum { YEAR_DIGITS = 4, YEARS = 10000, ASKED_MAX = 1000 };

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

/* ---- asked for by one, put in force by another ----------------------------------------------- */

static zh_rc no_register(zh_err *err)
{
    return zh_err_set(err, ZH_ENOTFOUND, "calendar.register",
                      "声明里没有登记册“放假安排”（calendar_year）");
}

/* Every record of the register, in the order of their codes. */
static zh_rc read_asked(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_page *out)
{
    zh_list_query list = {.reg = reg,
                          .sort = zh_register_field(reg, ZH_STR("code")),
                          .limit = ASKED_MAX,
                          .as_of = ZH_AS_OF_NOW};
    return zh_list(ctx, conn, &list, out);
}

static zh_str text_of(const zh_record *record, const char *id)
{
    const zh_field *field = zh_register_field(record->reg, zh_str_of(id));
    return field != NULL && record->values[field->index].kind == ZH_TEXT
               ? record->values[field->index].text
               : ZH_STR("");
}

static zh_rc next_code(zh_ctx *ctx, const zh_register *reg, int year, zh_str *out)
{
    zh_conn *conn = NULL;
    zh_page page = {0};
    int before = 0;
    zh_str start = zh_str_fmt(ctx->arena, "%d-", year);
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = read_asked(ctx, conn, reg, &page);
    }
    for (size_t i = 0; i < page.n && rc == ZH_OK; i++) {
        before += zh_str_starts(text_of(page.records[i], "code"), start);
    }
    zh_store_release(conn);
    *out = zh_str_fmt(ctx->arena, "%.*s%02d", ZH_FMT(start), before + 1);
    return rc;
}

/* The record is made by the program, in the person's name: nobody writes days by hand. */
static zh_rc make_record(zh_ctx *ctx, const zh_register *reg, int year, zh_str lines,
                         zh_applied *out)
{
    zh_ctx own = zh_ctx_local(ctx->core, ctx->arena, ctx->err);
    zh_findings findings = {0};
    zh_str code;
    own.actor = ctx->actor;
    own.role = ZH_STR("system");
    zh_rc rc = next_code(&own, reg, year, &code);
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("code")), .value = zh_value_text(code)},
        {.field = zh_register_field(reg, ZH_STR("days")), .value = zh_value_text(lines)},
    };
    zh_op create = {
        .kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = ZH_COUNTOF(changes)};
    rc = rc == ZH_OK ? zh_record_apply(&own, &create, &findings, out) : rc;
    zh_ctx_end(&own);
    return rc;
}

static zh_rc ask_second(zh_ctx *ctx, const zh_register *reg, const zh_applied *at)
{
    zh_conn *conn = NULL;
    zh_record *record = NULL;
    const zh_transition *apply = zh_register_transition(reg, ZH_STR("apply"));
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_record_get(ctx, conn, reg, at->office, at->id, ZH_AS_OF_NOW, &record);
    }
    zh_store_release(conn);
    return rc == ZH_OK ? zh_pending_add(ctx, record, apply, ZH_STR("")) : rc;
}

zh_rc zh_calendar_year_ask(zh_ctx *ctx, int year, zh_str lines, zh_applied *out)
{
    const zh_register *reg = zh_model_register(ctx->model, ZH_STR("calendar_year"));
    const zh_transition *apply = reg != NULL ? zh_register_transition(reg, ZH_STR("apply")) : NULL;
    zh_model *model = NULL;
    if (apply == NULL) {
        return no_register(ctx->err);
    }
    if (!zh_may_take(ctx, reg, apply)) {
        return zh_err_set(ctx->err, ZH_EDENIED, "calendar.who",
                          "工作日历由系统管理员或安全管理员导入，另一人复核");
    }
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_rc rc = compile_with(ctx->core, arena, lines, &model, ctx->err);
    if (model != NULL) {
        zh_model_release(model);
    }
    zh_arena_free(arena);
    if (rc == ZH_OK) {
        rc = make_record(ctx, reg, year, lines, out);
    }
    return rc == ZH_OK ? ask_second(ctx, reg, out) : rc;
}

static bool is_taken(zh_str taken, zh_str code)
{
    zh_str one;
    while (taken.n > 0 && zh_str_split(&taken, ' ', &one)) {
        if (zh_str_eq(one, code)) {
            return true;
        }
    }
    return false;
}

static zh_rc take_new(zh_ctx *ctx, const zh_page *page, zh_str taken)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < page->n && rc == ZH_OK; i++) {
        const zh_record *r = page->records[i];
        zh_str code = text_of(r, "code");
        bool in_force = r->state >= 0 && zh_str_is(r->reg->states[r->state].id, "in_force");
        if (!in_force || is_taken(taken, code)) {
            continue;
        }
        rc = zh_calendar_year_set(
            ctx->core, zh_str_fmt(ctx->arena, "%.*s\n", ZH_FMT(text_of(r, "days"))), ctx->err);
        taken = zh_str_fmt(ctx->arena, "%.*s%s%.*s", ZH_FMT(taken), taken.n > 0 ? " " : "",
                           ZH_FMT(code));
        rc = rc == ZH_OK ? zh_core_set(ctx->core, TAKEN, taken, ctx->err) : rc;
    }
    return rc;
}

zh_rc zh_calendar_follow(zh_core *core, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_page page = {0};
    zh_str taken = ZH_STR("");
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    const zh_register *reg = zh_model_register(ctx.model, ZH_STR("calendar_year"));
    zh_rc rc = reg != NULL ? zh_store_reader(zh_core_store(core), &conn, err) : ZH_OK;
    if (rc == ZH_OK && reg != NULL) {
        rc = zh_setting_get(conn, arena, TAKEN, &taken, err);
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    if (rc == ZH_OK && reg != NULL) {
        rc = read_asked(&ctx, conn, reg, &page);
    }
    zh_store_release(conn);
    if (rc == ZH_OK) {
        rc = take_new(&ctx, &page, taken);
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
