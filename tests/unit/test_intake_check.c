/* What 预检 tells beyond counts: effects on indicators that come true when the same file is
 * committed, columns, rows to be corrected, and the register a file is for. */
#include "base/os.h"
#include "core/figure/effect.h"
#include "core/intake/intake.h"
#include "core_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char MODEL[] =
    "codes:\n"
    "  - id: town\n"
    "    label: 乡镇\n"
    "    values: {\"01\": {zh: 东镇}, \"02\": {zh: 西镇}, \"03\": {zh: 南镇}}\n"
    "registers:\n"
    "  - id: shop\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 门店检查\n"
    "    key: {business: [no], row: [no]}\n"
    "    event_time: day\n"
    "    basis_kind: targeted\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: town, label: 乡镇, type: code, system: town, required: true}\n"
    "      - {id: day, label: 日期, type: date, required: true}\n"
    "      - {id: bad, label: 不合格, type: bool, required: true}\n"
    "      - {id: fine, label: 罚款, type: decimal, digits: 2}\n"
    "    rules:\n"
    "      - {id: positive, test: \"fine >= 0\", level: reject, message: 罚款不能为负}\n"
    "      - {id: usual, test: \"fine <= 1000\", level: justify, message: 罚款异常}\n"
    "    measures:\n"
    "      checks: {kind: count}\n"
    "      failed: {kind: count, where: \"bad\"}\n"
    "      fines: {kind: sum, of: fine}\n"
    "      towns: {kind: distinct, of: town}\n"
    "    cubes:\n"
    "      - {id: by_town, dims: [town, month], measures: [checks, failed, fines, towns]}\n"
    "  - id: firm\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 企业\n"
    "    key: {business: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 企业编码, type: string, required: true}\n"
    "      - {id: name, label: 企业名称, type: string}\n"
    "  - id: person\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: 人员\n"
    "    key: {business: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 企业编码, type: string, required: true}\n"
    "      - {id: name, label: 企业名称, type: string}\n"
    "indicators:\n"
    "  - {id: rate, label: 不合格率, definition: 不合格比检查, kind: rate, register: shop, num: "
    "failed, "
    "den: checks, unit: \"%\", digits: 2, interval: wilson95, basis: targeted}\n"
    "  - {id: fined, label: 罚款额, definition: 罚款之和, kind: sum, register: shop, num: fines, "
    "unit: "
    "元, digits: 2, basis: targeted}\n"
    "  - {id: reach, label: 乡镇数, definition: 有检查的乡镇, kind: distinct, register: shop, num: "
    "towns, unit: 个, digits: 0, basis: targeted}\n"
    "recipes:\n"
    "  - id: old_form\n"
    "    label: 旧表\n"
    "    source: 自编\n"
    "    licence: none\n"
    "    layouts:\n"
    "      - {id: a, register: shop, headers: [店号, 查处], set: {no: 店号, fine: 查处, town: "
    "{value: "
    "\"01\"}, day: {value: \"2026-01-01\"}, bad: {value: 是}}}\n";

#define HEADER "编号,乡镇,日期,不合格,罚款\n"

static void open_fixture(fixture *f)
{
    zh_model *model = NULL;
    zh_err err = {0};
    if (fx_compile_text(MODEL, &model, &err) != ZH_OK) {
        print_error("%s %s\n", err.message, err.where);
        fail();
    }
    fx_open_model(f, model);
    zh_model_release(model);
}

static const char *put(fixture *f, const char *name, const char *text)
{
    zh_str path = zh_str_fmt(f->arena, "%s/%s", f->folder, name);
    FILE *file = fopen(path.p, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    return path.p;
}

static zh_intake_result take(fixture *f, const char *path, zh_commit_mode mode, zh_deltas *deltas,
                             const char *rows)
{
    zh_intake_result result;
    zh_intake_options o = {.reg = fx_reg(f, "shop"),
                           .path = path,
                           .commit = mode,
                           .deltas = deltas,
                           .rows_path = rows,
                           .threads = 2};
    zh_err_clear(&f->err);
    if (zh_intake(&f->ctx, &o, &result) != ZH_OK) {
        print_error("%s %s\n", f->err.rule, f->err.message);
        fail();
    }
    return result;
}

static zh_figure ask(fixture *f, const char *id)
{
    zh_conn *conn = NULL;
    zh_figure figure;
    zh_figure_query q = {.indicator = zh_model_indicator(f->ctx.model, zh_str_of(id)),
                         .as_of = ZH_AS_OF_NOW};
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    assert_int_equal(zh_figure_ask(&f->ctx, conn, &q, &figure), ZH_OK);
    zh_store_release(conn);
    return figure;
}

static void same(const zh_figure *a, const zh_figure *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->has_value, b->has_value);
    if (!zh_str_eq(a->shown, b->shown) || !zh_str_eq(a->num, b->num) ||
        !zh_str_eq(a->den, b->den)) {
        print_error("%.*s: %.*s %.*s/%.*s, not %.*s %.*s/%.*s\n", ZH_FMT(a->indicator->id),
                    ZH_FMT(a->shown), ZH_FMT(a->num), ZH_FMT(a->den), ZH_FMT(b->shown),
                    ZH_FMT(b->num), ZH_FMT(b->den));
        fail();
    }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Rows of which some are new, some amend earlier ones, some are refused or doubtful. */
static const char *some_rows(fixture *f, uint32_t *seed, int turn)
{
    static const char *const towns[] = {"东镇", "西镇", "南镇", "无镇"};
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_z(&text, HEADER);
    for (int i = 0; i < 400; i++) {
        unsigned kind = next(seed) % 40;
        const char *town = towns[kind == 0 ? 3 : next(seed) % (turn == 0 ? 2 : 3)];
        zh_buf_fmt(&text, "N%u,%s,2026-%02u-%02u,%s,%s%u.%02u\n", next(seed) % 900, town,
                   next(seed) % 12 + 1, next(seed) % 28 + 1, next(seed) % 3 ? "否" : "是",
                   kind == 1 ? "-" : "", kind == 2 ? 2000u : next(seed) % 1000, next(seed) % 100);
    }
    zh_str out = zh_str_dup(f->arena, zh_buf_view(&text));
    zh_buf_free(&text);
    return out.p;
}

/* The effect of a check is the figure after the commit, whatever was stored, amended or folded. */
static void effects_come_true(void **state)
{
    (void)state;
    uint32_t seed = (uint32_t)zh_now();
    print_message("seed %u\n", seed);
    fixture f;
    open_fixture(&f);
    for (int turn = 0; turn < 6; turn++) {
        zh_arena *cells = zh_arena_new((size_t)64 << 20);
        zh_deltas *deltas = zh_deltas_new(cells);
        const char *path = put(&f, "rows.csv", some_rows(&f, &seed, turn));
        zh_conn *conn = NULL;
        zh_effect *effects = NULL;
        size_t n = 0;
        int64_t versions = fx_count(&f, "SELECT COUNT(*) FROM r_shop_h");
        zh_intake_result checked = take(&f, path, ZH_COMMIT_NONE, deltas, NULL);
        assert_false(checked.deltas_partial);
        assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_shop_h"), versions);
        assert_int_equal(zh_store_reader(zh_core_store(f.core), &conn, &f.err), ZH_OK);
        assert_int_equal(zh_effects(&f.ctx, conn, fx_reg(&f, "shop"), deltas, &effects, &n), ZH_OK);
        zh_store_release(conn);
        assert_int_equal(n, 3);
        for (size_t i = 0; i < n; i++) {
            assert_true(effects[i].known);
            zh_figure now = ask(&f, zh_str_c(f.arena, effects[i].indicator->id));
            same(&effects[i].before, &now);
        }
        zh_intake_result written = take(&f, path, ZH_COMMIT_CLEAN, NULL, NULL);
        assert_int_equal(written.fresh, checked.fresh);
        assert_int_equal(written.changed, checked.changed);
        for (size_t i = 0; i < n; i++) {
            zh_figure then = ask(&f, zh_str_c(f.arena, effects[i].indicator->id));
            same(&effects[i].after, &then);
        }
        if (turn % 2 == 1) { /* the next one reads roll-ups */
            int64_t size = 0;
            assert_int_equal(zh_sequence(f.core, &size, &f.err), ZH_OK);
            assert_int_equal(zh_rollup_fold(f.core, &f.err), ZH_OK);
        }
        zh_arena_free(cells);
    }
    fx_close(&f);
}

/* An arena that is too small is told, not overrun. */
static void cells_that_do_not_fit(void **state)
{
    (void)state;
    uint32_t seed = 7;
    fixture f;
    open_fixture(&f);
    zh_arena *cells = zh_arena_new((size_t)16 << 10);
    zh_deltas *deltas = zh_deltas_new(cells);
    const char *path = put(&f, "rows.csv", some_rows(&f, &seed, 0));
    zh_intake_result r = take(&f, path, ZH_COMMIT_NONE, deltas, NULL);
    assert_true(r.deltas_partial);
    assert_true(r.fresh > 0);
    zh_arena_free(cells);
    fx_close(&f);
}

/* Rows with several errors stand once, with all of them; clean rows and hints do not. */
static void rows_to_correct(void **state)
{
    (void)state;
    fixture f;
    zh_str text = ZH_STR_NONE;
    open_fixture(&f);
    const char *rows = zh_str_fmt(f.arena, "%s/rows-out.csv", f.folder).p;
    const char *path = put(&f, "bad.csv",
                           HEADER "A,东镇,2026-01-01,是,1\n"
                                  "B,无镇,2026-13-01,也许,-1\n"
                                  "=C,东镇,2026-01-01,是,2000\n");
    zh_intake_result r = take(&f, path, ZH_COMMIT_NONE, NULL, rows);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.doubtful, 1);
    assert_int_equal(zh_file_read(f.arena, rows, 1 << 20, &text, &f.err), ZH_OK);
    zh_str rest = text;
    zh_str line;
    assert_true(zh_str_split(&rest, '\n', &line));
    assert_true(
        zh_str_is(zh_str_trim(line), "\xef\xbb\xbf编号,乡镇,日期,不合格,罚款,错误,怎么办,原行号"));
    assert_true(zh_str_split(&rest, '\n', &line));
    assert_true(zh_str_starts(line, ZH_STR("B,无镇,2026-13-01,也许,")));
    assert_true(zh_str_find(line, ZH_STR("乡镇：")) > 0 &&
                zh_str_find(line, ZH_STR("日期：")) > 0 &&
                zh_str_find(line, ZH_STR("不合格：")) > 0);
    assert_true(zh_str_split(&rest, '\n', &line));
    assert_true(zh_str_find(line, ZH_STR("'=C")) >= 0); /* disarmed */
    assert_true(zh_str_split(&rest, '\n', &line));
    assert_int_equal(line.n, 0);
    for (size_t i = 0; i < r.nerrors; i++) { /* the cells of a kept error are those of its row */
        assert_int_equal(r.errors[i].ncells, 5);
        assert_true(zh_str_is(r.errors[i].cells[0], r.errors[i].row == 3 ? "B" : "=C"));
        assert_true(r.errors[i].at == SIZE_MAX || r.errors[i].at < 5);
    }
    fx_close(&f);
}

static void columns_are_told(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    zh_intake_result r =
        take(&f, put(&f, "own.csv", "编号,乡镇,日期,不合格,备忘\nA,东镇,2026-01-01,是,x\n"),
             ZH_COMMIT_NONE, NULL, NULL);
    assert_int_equal(r.ncolumns, 5);
    assert_true(zh_str_is(r.columns[1].field->id, "town"));
    assert_true(r.columns[3].used);
    assert_false(r.columns[4].used);
    assert_null(r.columns[4].field);
    assert_int_equal(r.nheaders, 0);
    r = take(&f, put(&f, "old.csv", "店号,查处\nZ1,5\n"), ZH_COMMIT_NONE, NULL, NULL);
    assert_true(zh_str_is(r.recipe, "old_form"));
    assert_int_equal(r.nheaders, 2);
    assert_true(zh_str_is(r.columns[1].field->id, "fine"));
    fx_close(&f);
}

static const char *found(fixture *f, const char *text)
{
    const zh_register *reg = NULL;
    zh_err_clear(&f->err);
    zh_rc rc = zh_intake_find(&f->ctx, put(f, "find.csv", text), ZH_STR("甲.csv"), &reg);
    return rc == ZH_OK ? zh_str_c(f->arena, reg->id) : f->err.rule;
}

static void register_of_a_file(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    assert_string_equal(found(&f, "标题\n\n" HEADER "A,东镇,2026-01-01,是,1\n"), "shop");
    assert_string_equal(found(&f, "店号,查处\nZ1,5\n"), "shop");
    /* two registers know these columns equally well */
    assert_string_equal(found(&f, "企业编码,企业名称\nE1,甲\n"), "intake.register");
    assert_string_equal(found(&f, "甲,乙\n1,2\n"), "intake.register");
    /* half of the columns is not enough */
    assert_string_equal(found(&f, "编号,乡镇,日期,不合格,一,二,三,四\nA,东镇,2026-01-01,是\n"),
                        "intake.register");
    fx_close(&f);
}

static zh_rc width(fixture *f, size_t columns, zh_err *err)
{
    const zh_register *reg = NULL;
    zh_buf text;
    zh_buf_init(&text, 8 << 20);
    zh_buf_z(&text, "[{\"编号\": \"A\"");
    for (size_t i = 1; i < columns; i++) {
        zh_buf_fmt(&text, ",\"c%zu\":1", i);
    }
    zh_buf_z(&text, "}]");
    zh_buf_c(&text, '\0');
    zh_rc rc = zh_intake_find(&f->ctx, put(f, "wide.json", text.p), ZH_STR(""), &reg);
    *err = f->err;
    zh_err_clear(&f->err);
    zh_buf_free(&text);
    return rc;
}

static void very_wide(void **state)
{
    (void)state;
    fixture f;
    zh_err err;
    open_fixture(&f);
    assert_int_equal(width(&f, ZH_INTAKE_WIDTH_MAX, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "intake.register");
    assert_int_equal(width(&f, ZH_INTAKE_WIDTH_MAX + 1, &err), ZH_ELIMIT);
    fx_close(&f);
}

static bool stop_writing(void *user, const char *phase, int64_t rows, uint64_t bytes,
                         uint64_t total)
{
    (void)user;
    (void)bytes;
    (void)total;
    return strcmp(phase, "提交") != 0 || rows == 0;
}

/* Interrupted, not cancelled: the job stays open and the same call goes on with it. */
static void interrupted(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    zh_buf text;
    zh_buf_init(&text, 4 << 20);
    zh_buf_z(&text, HEADER);
    for (int i = 0; i < 9000; i++) {
        zh_buf_fmt(&text, "N%d,东镇,2026-01-01,是,1\n", i);
    }
    zh_buf_c(&text, '\0');
    zh_intake_result r;
    zh_intake_options o = {.reg = fx_reg(&f, "shop"),
                           .path = put(&f, "many.csv", text.p),
                           .commit = ZH_COMMIT_CLEAN,
                           .keep_job = true,
                           .progress = stop_writing,
                           .threads = 1};
    zh_buf_free(&text);
    assert_int_equal(zh_intake(&f.ctx, &o, &r), ZH_ECANCEL);
    int64_t written = fx_count(&f, "SELECT COUNT(*) FROM r_shop");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_job WHERE state = 'running'"), 1);
    assert_true(written > 0 && written < 9000);
    /* the lease is this process's own: it is over when the server comes back */
    assert_int_equal(fx_count(&f, "SELECT cursor FROM zh_job"), written);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_come_true),  cmocka_unit_test(cells_that_do_not_fit),
        cmocka_unit_test(rows_to_correct),    cmocka_unit_test(columns_are_told),
        cmocka_unit_test(register_of_a_file), cmocka_unit_test(very_wide),
        cmocka_unit_test(interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
