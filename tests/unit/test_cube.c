/* Cells against an independent count in plain C, against a recount, through roll-ups folded at
 * random points, and as of random positions. */
#include "core/cube/cube_private.h"
#include "lot_fixture.h"
#include "num/sketch.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool long_run(void)
{
    const char *text = getenv("ZH_LONG");
    return text != NULL && strcmp(text, "1") == 0;
}

/* ---- limbs ----------------------------------------------------------------------------------- */

static void test_limbs_hold_every_sum(void **state)
{
    (void)state;
    __extension__ typedef unsigned __int128 u128;
    const zh_i128 big = (zh_i128)(((u128)1 << 94) - 1);
    const zh_i128 values[] = {
        0, 1, -1, INT64_MAX, INT64_MIN, (zh_i128)1 << 32, -((zh_i128)1 << 32), big, -big};
    for (size_t i = 0; i < ZH_COUNTOF(values); i++) {
        for (size_t k = 0; k < ZH_COUNTOF(values); k++) {
            int64_t a[4];
            int64_t b[4];
            zh_i128_limbs(values[i], 4, a);
            zh_i128_limbs(values[k], 4, b);
            for (size_t limb = 0; limb < 4; limb++) {
                a[limb] += b[limb]; /* what SQL does */
            }
            assert_true(zh_i128_from_limbs(a, 4) == values[i] + values[k]);
        }
    }
    for (size_t i = 0; i < 5; i++) { /* two limbs hold 2^31 values of 64 bits */
        int64_t limbs[2];
        zh_i128_limbs(values[i], 2, limbs);
        assert_true(zh_i128_from_limbs(limbs, 2) == values[i]);
        for (int k = 0; k < 2; k++) {
            limbs[k] *= 1 << 30;
        }
        assert_true(zh_i128_from_limbs(limbs, 2) == values[i] * (1 << 30));
    }
}

/* ---- answers as text ------------------------------------------------------------------------- */

static void put_answer(zh_buf *out, const zh_cell_query *q, const zh_cell_answer *a)
{
    size_t groups = q->ngroups + (q->by != ZH_GRAIN_NONE);
    for (size_t i = 0; i < a->n; i++) {
        const zh_cube_cell *c = &a->cells[i];
        for (size_t g = 0; g < groups; g++) {
            zh_buf_fmt(out, "[%.*s]", ZH_FMT(c->groups[g]));
        }
        zh_buf_fmt(out, " n %" PRId64, c->n);
        for (size_t m = 0; m < q->nmeasures; m++) {
            char text[48];
            size_t n = zh_i128_format(c->values[m], 0, text);
            zh_buf_fmt(out, " %.*s %.*s/%" PRId64, ZH_FMT(q->measures[m]->id), (int)n, text,
                       c->counts[m]);
            for (size_t k = 0; k < c->nkeys[m]; k++) {
                zh_buf_fmt(out, " %.*s=%" PRId64, ZH_FMT(c->keys[m][k].key), c->keys[m][k].n);
            }
        }
        zh_buf_c(out, '\n');
    }
}

typedef struct ask {
    const char *measures[8]; /* NULL at the end */
    const char *groups[3];
    uint16_t levels[3];
    const char *filters[3], *values[3];
    bool subtree[3];
    const char *period;
    zh_grain by;
    const char *cube; /* that answers; NULL: recounted */
} ask;

/* Every path of choosing a cube: levels, subtrees, spans that a grain holds or not, keyed measures,
 * stocks, a filter and a group on one dimension, no time at all. */
static const ask asks[] = {
    {.measures = {"batches", "failed", "total"}, .cube = "by_class"},
    {.measures = {"batches", "total", "size_sq", "row_value"},
     .groups = {"place"},
     .levels = {2},
     .cube = "by_place"},
    {.measures = {"batches", "total"}, .groups = {"place"}, .levels = {1}, .cube = "by_class"},
    {.measures = {"batches", "total", "rows", "row_fail"},
     .filters = {"place"},
     .values = {"420000"},
     .subtree = {true},
     .cube = "by_place"},
    {.measures = {"batches"}, .filters = {"place"}, .values = {"420000"}, .cube = NULL},
    {.measures = {"batches", "makers"},
     .filters = {"kind"},
     .values = {"random"},
     .groups = {"place"},
     .levels = {2},
     .period = "2025",
     .cube = "by_place"},
    {.measures = {"total", "size_sum"},
     .filters = {"kind", "class"},
     .values = {"targeted", "F"},
     .subtree = {false, true},
     .by = ZH_GRAIN_MONTH,
     .period = "2025-02/2025-11",
     .cube = "by_place"},
    {.measures = {"batches", "total"}, .by = ZH_GRAIN_YEAR, .cube = "by_flag"},
    {.measures = {"batches", "passed"}, .by = ZH_GRAIN_YEAR, .period = "2025", .cube = "by_class"},
    {.measures = {"batches", "failed"},
     .by = ZH_GRAIN_HALF,
     .groups = {"class"},
     .levels = {1},
     .cube = "by_class"},
    {.measures = {"makers", "bad_makers", "sizes"}, .groups = {"class"}, .cube = "by_class"},
    {.measures = {"makers", "bad_makers"},
     .groups = {"class"},
     .levels = {1},
     .filters = {"place"},
     .values = {"430000"},
     .subtree = {true},
     .cube = "by_class"},
    {.measures = {"batches"},
     .groups = {"place"},
     .levels = {2},
     .filters = {"place"},
     .values = {"420000"},
     .subtree = {true},
     .cube = "by_place"},
    {.measures = {"batches"},
     .groups = {"class"},
     .filters = {"class"},
     .values = {"F"},
     .subtree = {true},
     .period = "2025Q2",
     .cube = "by_class"},
    {.measures = {"batches", "total"},
     .filters = {"flag"},
     .values = {"true"},
     .period = "2025-03-07/2025-08-19",
     .by = ZH_GRAIN_MONTH,
     .cube = "by_flag"},
    {.measures = {"batches", "failed"}, .filters = {"flag"}, .values = {"true"}, .cube = NULL},
    {.measures = {"batches", "rows"}, .period = "2025-03-07/2025-08-19", .cube = NULL},
    {.measures = {"in_force"}, .period = "2025-06", .cube = "by_month"},
    {.measures = {"in_force", "batches"},
     .groups = {"place"},
     .levels = {1},
     .period = "2025-01/2025-12",
     .cube = "by_month"},
    {.measures = {"in_force"}, .period = "2025-06-17", .cube = NULL},
    {.measures = {"batches"}, .groups = {"maker", "kind"}, .cube = NULL},
    {.measures = {"batches"},
     .filters = {"place", "place"},
     .values = {"420000", "420100"},
     .subtree = {true, true},
     .cube = "by_place"},
    {.measures = {"sizes"}, .by = ZH_GRAIN_MONTH, .cube = "by_month"},
};

typedef struct question {
    zh_cell_query q;
    const zh_measure *measures[8];
    zh_cell_group groups[3];
    zh_cell_filter filters[3];
} question;

static void build(lots *l, const ask *a, question *out)
{
    const zh_register *reg = fx_reg(&l->f, "lot");
    memset(out, 0, sizeof *out);
    out->q.reg = reg;
    out->q.as_of = ZH_AS_OF_NOW;
    out->q.by = a->by;
    for (size_t i = 0; a->measures[i] != NULL; i++) {
        for (size_t m = 0; m < reg->nmeasures; m++) {
            if (zh_str_is(reg->measures[m].id, a->measures[i])) {
                out->measures[out->q.nmeasures++] = &reg->measures[m];
            }
        }
    }
    for (size_t i = 0; i < 3 && a->groups[i] != NULL; i++) {
        out->groups[out->q.ngroups++] = (zh_cell_group){zh_str_of(a->groups[i]), a->levels[i]};
    }
    for (size_t i = 0; i < 3 && a->filters[i] != NULL; i++) {
        out->filters[out->q.nfilters++] =
            (zh_cell_filter){zh_str_of(a->filters[i]), zh_str_of(a->values[i]), a->subtree[i]};
    }
    out->q.measures = out->measures;
    out->q.groups = out->groups;
    out->q.filters = out->filters;
    if (a->period != NULL) {
        out->q.has_span = true;
        assert_int_equal(zh_period_parse(zh_str_of(a->period), &out->q.first, &out->q.last), ZH_OK);
    }
}

static zh_str answer(lots *l, zh_conn *conn, question *x, const zh_cube **cube)
{
    zh_cell_answer a;
    zh_buf text;
    zh_buf_init(&text, 64 << 20);
    lots_ok(l, zh_cells(&l->f.ctx, conn, &x->q, &a));
    put_answer(&text, &x->q, &a);
    zh_str out = zh_str_dup(l->f.arena, zh_buf_view(&text));
    zh_buf_free(&text);
    if (cube != NULL) {
        *cube = a.cube;
    }
    return out;
}

static void same(const char *what, size_t index, zh_str got, zh_str wanted)
{
    if (!zh_str_eq(got, wanted)) {
        size_t at = 0; /* cmocka cuts long messages: show the first line that differs */
        while (at < got.n && at < wanted.n && got.p[at] == wanted.p[at]) {
            at++;
        }
        while (at > 0 && wanted.p[at - 1] != '\n') {
            at--;
        }
        print_error("%zu: %s\ngot: %.300s\nwanted: %.300s\n", index, what,
                    at < got.n ? got.p + at : "", at < wanted.n ? wanted.p + at : "");
    }
    assert_true(zh_str_eq(got, wanted));
}

/* Every question from cells (or roll-ups) and from records. */
static void compare_all(lots *l, bool expect_cubes)
{
    zh_arena_mark mark = zh_arena_here(l->f.arena);
    zh_conn *conn = lots_read(l);
    for (size_t i = 0; i < ZH_COUNTOF(asks); i++) {
        question x;
        const zh_cube *cube = NULL;
        build(l, &asks[i], &x);
        zh_str cells = answer(l, conn, &x, &cube);
        if (expect_cubes && asks[i].cube != NULL) {
            if (cube == NULL) {
                print_error("question %zu was recounted\n", i);
            }
            assert_non_null(cube);
        } else if (asks[i].cube == NULL) {
            assert_null(cube);
        }
        x.q.recount = true;
        same("cells against recount", i, cells, answer(l, conn, &x, NULL));
    }
    lots_done(conn);
    zh_arena_rewind(l->f.arena, mark);
}

/* ---- an independent count -------------------------------------------------------------------- */

static zh_i128 value_of(const zh_cube_cell *c, const question *x, const char *id)
{
    for (size_t i = 0; i < x->q.nmeasures; i++) {
        if (zh_str_is(x->measures[i]->id, id)) {
            return c->values[i];
        }
    }
    fail();
    return 0;
}

static bool within(const char *code, const char *ancestor)
{
    return strcmp(code, ancestor) == 0 ||
           (strcmp(ancestor + 2, "0000") == 0 && strncmp(code, ancestor, 2) == 0);
}

static void test_cells_equal_a_plain_count(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(NULL, NULL, 0);
        for (int i = 0; i < 300; i++) {
            lots_step(l);
        }
        static const ask a = {
            .measures = {"batches", "failed", "total", "rows", "row_fail", "row_value"},
            .filters = {"place"},
            .values = {"420000"},
            .subtree = {true},
            .period = "2025"};
        question x;
        build(l, &a, &x);
        zh_conn *conn = lots_read(l);
        zh_cell_answer got;
        lots_ok(l, zh_cells(&l->f.ctx, conn, &x.q, &got));
        assert_non_null(got.cube);
        zh_i128 batches = 0;
        zh_i128 failed = 0;
        zh_i128 total = 0;
        zh_i128 rows = 0;
        zh_i128 row_fail = 0;
        zh_i128 row_value = 0;
        for (size_t i = 0; i < l->n; i++) {
            const lot *r = &l->all[i];
            if (r->is_void || !within(r->place, "420000") || r->on < zh_date_of(2025, 1, 1) ||
                r->on > zh_date_of(2025, 12, 31)) {
                continue;
            }
            batches++;
            failed += r->fails;
            total += r->has_amount ? r->amount : 0;
            rows += r->items;
            row_fail += r->items_failed;
            row_value += r->items_value;
        }
        assert_int_equal(got.n, batches > 0);
        if (got.n) {
            assert_true(value_of(got.cells, &x, "batches") == batches);
            assert_true(value_of(got.cells, &x, "failed") == failed);
            assert_true(value_of(got.cells, &x, "total") == total);
            assert_true(value_of(got.cells, &x, "rows") == rows);
            assert_true(value_of(got.cells, &x, "row_fail") == row_fail);
            assert_true(value_of(got.cells, &x, "row_value") == row_value);
        }
        lots_done(conn);
        lots_close(l);
    }
}

/* 1 certificate in force from a day to another, inclusive; open ends never end. */
static void test_stock_with_open_ends(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(NULL, NULL, 0);
    for (int i = 0; i < 200; i++) {
        lots_step(l);
    }
    for (int day = 0; day < 12; day++) {
        zh_date at = zh_date_of(2025, 1, 31) + day * 37;
        bool whole = day % 2 == 0; /* a month's end comes from cells, another day from records */
        if (whole) {
            int y = 0;
            int m = 0;
            int d = 0;
            zh_date_civil(at, &y, &m, &d);
            at = zh_date_of(y, m, zh_days_in_month(y, m));
        }
        int64_t wanted = 0;
        for (size_t i = 0; i < l->n; i++) {
            const lot *r = &l->all[i];
            wanted += r->has_valid && !r->is_void && r->valid_from <= at && at <= r->valid_to;
        }
        static const ask a = {.measures = {"in_force"}, .period = "2025"};
        question x;
        build(l, &a, &x);
        x.q.last = at;
        x.q.first = at;
        if (whole) {
            int y = 0;
            int m = 0;
            int d = 0;
            zh_date_civil(at, &y, &m, &d);
            x.q.first = zh_date_of(y, m, 1);
        }
        zh_conn *conn = lots_read(l);
        zh_cell_answer got;
        lots_ok(l, zh_cells(&l->f.ctx, conn, &x.q, &got));
        assert_int_equal(got.cube != NULL, whole);
        assert_int_equal(got.n > 0 ? (int64_t)got.cells[0].values[0] : 0, wanted);
        lots_done(conn);
    }
    lots_close(l);
}

/* Twelve values of 18 digits: twice what 64 bits hold, of either sign. */
static void test_sums_leave_64_bits(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        for (int sign = 0; sign < 2; sign++) {
            lots *l = lots_open(NULL, NULL, 1);
            const char *amount = sign ? "-999999999999.999999" : "999999999999.999999";
            zh_i128 one = sign ? -INT64_C(999999999999999999) : INT64_C(999999999999999999);
            for (int i = 0; i < 20; i++) {
                lots_create(l, NULL, "place", "420100", "on_day", "2025-05-05", "amount", amount,
                            NULL);
            }
            static const ask a = {.measures = {"total"}, .groups = {"place"}, .levels = {2}};
            question x;
            build(l, &a, &x);
            zh_conn *conn = lots_read(l);
            zh_cell_answer got;
            lots_ok(l, zh_cells(&l->f.ctx, conn, &x.q, &got));
            assert_non_null(got.cube);
            assert_int_equal(got.n, 1);
            assert_true(got.cells[0].values[0] == one * 20);
            assert_int_equal(got.cells[0].counts[0], 20);
            lots_done(conn);
            lots_close(l);
        }
    }
}

/* A key counts while any record has it, and no longer. */
static void test_keys_are_retracted(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(NULL, NULL, 1);
    lot one;
    lot two;
    lots_create(l, &one, "place", "420100", "class", "F1", "maker", "甲厂", "items", "铅,1,fail",
                NULL);
    lots_create(l, &two, "place", "430100", "class", "F1", "maker", "甲厂", "items", "铅,1,pass",
                NULL);
    static const ask a = {.measures = {"makers", "bad_makers"}, .groups = {"class"}};
    question x;
    build(l, &a, &x);
    zh_conn *conn = lots_read(l);
    same("both", 0, answer(l, conn, &x, NULL),
         ZH_STR("[F1] n 2 makers 0/0 甲厂=2 bad_makers 0/0 甲厂=1\n"));
    lots_done(conn);
    lots_ok(l, fx_amend(&l->f, "lot", &one.at, &one.at, "items", "铅,1,pass", NULL));
    lots_ok(l, fx_amend(&l->f, "lot", &two.at, &two.at, "maker", "乙厂", NULL));
    conn = lots_read(l);
    same("amended", 0, answer(l, conn, &x, NULL),
         ZH_STR("[F1] n 2 makers 0/0 乙厂=1 甲厂=1 bad_makers 0/0\n"));
    lots_done(conn);
    lots_ok(l, fx_move(&l->f, "lot", &one.at, "cancel", 0, &one.at, NULL));
    conn = lots_read(l);
    same("void", 0, answer(l, conn, &x, NULL),
         ZH_STR("[F1] n 1 makers 0/0 乙厂=1 bad_makers 0/0\n"));
    lots_done(conn);
    lots_close(l);
}

/* ---- roll-ups -------------------------------------------------------------------------------- */

static void test_rollups_folded_at_random_points(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(NULL, NULL, 0);
        int steps = long_run() ? 3000 : 160;
        for (int i = 0; i < steps; i++) {
            lots_step(l);
            uint64_t how = lots_random(l, 24);
            if (how < 6) {
                (void)lots_sequence(l);
            }
            if (how < 3) {
                lots_ok(l, zh_rollup_fold(l->f.core, &l->f.err));
            }
            if (how == 20) { /* also with batches that have no position yet */
                lots_ok(l, zh_rollup_rebuild(l->f.core, &l->f.err));
            }
            if (i % 40 == 39) {
                compare_all(l, true);
            }
        }
        (void)lots_sequence(l);
        lots_ok(l, zh_rollup_fold(l->f.core, &l->f.err));
        compare_all(l, true);
        lots_ok(l, zh_rollup_rebuild(l->f.core, &l->f.err));
        compare_all(l, true);
        lots_close(l);
    }
}

/* A reader with a row scope is answered from records only. */
static void test_scope_is_never_answered_from_cells(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(NULL, NULL, 0);
    for (int i = 0; i < 60; i++) {
        lots_step(l);
    }
    zh_program scope;
    const zh_register *reg = fx_reg(&l->f, "lot");
    zh_scope in = {.model = l->f.ctx.model, .reg = reg};
    lots_ok(l,
            zh_expr_compile(l->f.arena, &in, ZH_STR("place within '430000'"), &scope, &l->f.err));
    static const ask whole = {.measures = {"batches", "total"}};
    static const ask part = {.measures = {"batches", "total"},
                             .filters = {"place"},
                             .values = {"430000"},
                             .subtree = {true}};
    question x;
    question y;
    build(l, &whole, &x);
    build(l, &part, &y);
    zh_conn *conn = lots_read(l);
    zh_str wanted = answer(l, conn, &y, NULL);
    const zh_cube *cube = NULL;
    l->f.ctx.rows = &scope;
    same("scope", 0, answer(l, conn, &x, &cube), wanted);
    assert_null(cube);
    l->f.ctx.rows = NULL;
    lots_done(conn);
    lots_close(l);
}

static void test_unknown_dimension_is_named(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(NULL, NULL, 1);
    static const ask a = {.measures = {"batches"}, .groups = {"colour"}};
    question x;
    build(l, &a, &x);
    zh_conn *conn = lots_read(l);
    zh_cell_answer got;
    assert_int_equal(zh_cells(&l->f.ctx, conn, &x.q, &got), ZH_EINVAL);
    assert_string_equal(l->f.err.rule, "cube.dim");
    zh_err_clear(&l->f.err);
    x.q.ngroups = 0;
    zh_cell_filter many[ZH_ANSWER_FILTERS_MAX + 1];
    for (size_t i = 0; i < ZH_COUNTOF(many); i++) {
        many[i] = (zh_cell_filter){ZH_STR("kind"), ZH_STR("random"), false};
    }
    x.q.filters = many;
    x.q.nfilters = ZH_ANSWER_FILTERS_MAX;
    lots_ok(l, zh_cells(&l->f.ctx, conn, &x.q, &got));
    x.q.nfilters++;
    assert_int_equal(zh_cells(&l->f.ctx, conn, &x.q, &got), ZH_ELIMIT);
    lots_done(conn);
    lots_close(l);
}

/* ---- as of a position ------------------------------------------------------------------------ */

static const char INDICATORS[] =
    "systems: [S22]\n"
    "indicators:\n"
    "  - {id: lots, label: 批次数, definition: 批次, kind: count, register: lot, num: batches,\n"
    "     digits: 0}\n"
    "  - {id: fail_rate, label: 不合格率, definition: 率, kind: rate, register: lot, num: failed,\n"
    "     den: batches, where: \"kind = 'targeted'\", basis: targeted, unit: \"%\",\n"
    "     interval: wilson95}\n"
    "  - {id: middle, label: 中位, definition: 中位数, kind: quantile, register: lot, num: sizes,\n"
    "     q: \"0.5\"}\n"
    "outlines: [outline.json]\n"
    "ties:\n"
    "  - {target: t-lots, indicator: lots}\n";

static const char OUTLINE[] =
    "{\"id\": \"plan\", \"period\": {\"from\": 2024, \"to\": 2026}, \"region\": {\"code\": "
    "\"420000\"},"
    " \"targets\": [{\"id\": \"t-lots\", \"name\": \"批次\", \"comparator\": \"cumulative>=\","
    " \"value\": 60, \"unit\": \"count\", \"deadline\": 2026}]}";

static void put_figure(zh_buf *out, const zh_figure *f)
{
    zh_buf_fmt(out, "%d %.*s %.*s/%.*s n %" PRId64 " %.*s size %" PRId64 " at %" PRId64 "\n",
               (int)f->status, ZH_FMT(f->shown), ZH_FMT(f->num), ZH_FMT(f->den), f->n,
               ZH_FMT(f->interval_shown), f->log_size, f->as_of);
}

static void put_lists(lots *l, zh_conn *conn, int64_t as_of, zh_buf *out)
{
    const zh_register *reg = fx_reg(&l->f, "lot");
    zh_list_query list = {.reg = reg, .limit = 40, .as_of = as_of, .with_tables = true};
    zh_page page;
    lots_ok(l, zh_list(&l->f.ctx, conn, &list, &page));
    for (size_t i = 0; i < page.n; i++) {
        const zh_record *r = page.records[i];
        zh_buf_fmt(out, "%" PRId64 "v%d", r->id, (int)r->version);
        for (size_t k = 0; k < reg->nfields; k++) {
            if (reg->fields[k].pipl != ZH_PIPL_NONE) {
                continue; /* what was erased is gone from every version */
            }
            char type = 0;
            zh_str text = zh_value_canonical(l->f.arena, &r->values[k], &type);
            zh_buf_fmt(out, "|%.*s", ZH_FMT(text));
            zh_buf_fmt(out, "#%zu", r->tables[k].n);
        }
        zh_buf_c(out, '\n');
    }
    zh_counts counts;
    zh_group groups[] = {
        {.field = zh_register_field(reg, ZH_STR("place")), .level = 1},
        {.field = zh_register_field(reg, ZH_STR("on_day")), .grain = ZH_GRAIN_QUARTER}};
    lots_ok(l, zh_count(&l->f.ctx, conn, &list, NULL, 0, &counts));
    zh_buf_fmt(out, "count %" PRId64 "\n", counts.total);
    lots_ok(l, zh_count(&l->f.ctx, conn, &list, groups, 2, &counts));
    for (size_t i = 0; i < counts.n; i++) {
        zh_buf_fmt(out, "%.*s %.*s %" PRId64 "\n", ZH_FMT(counts.rows[i].keys[0]),
                   ZH_FMT(counts.rows[i].keys[1]), counts.rows[i].n);
    }
}

/* Everything that can be asked, as one text. */
static zh_str all_answers(lots *l, int64_t as_of)
{
    zh_buf out;
    zh_buf_init(&out, 64 << 20);
    zh_conn *conn = lots_read(l);
    put_lists(l, conn, as_of, &out);
    for (size_t i = 0; i < ZH_COUNTOF(asks); i++) {
        question x;
        build(l, &asks[i], &x);
        x.q.as_of = as_of;
        zh_buf_fmt(&out, "question %zu\n%.*s", i, ZH_FMT(answer(l, conn, &x, NULL)));
    }
    static const char *const ids[] = {"lots", "fail_rate", "middle"};
    for (size_t i = 0; i < ZH_COUNTOF(ids); i++) {
        zh_figure_query q = {.indicator = zh_model_indicator(l->f.ctx.model, zh_str_of(ids[i])),
                             .region = ZH_STR("420000"),
                             .first = zh_date_of(2025, 1, 1),
                             .last = zh_date_of(2025, 12, 31),
                             .as_of = as_of};
        zh_figure f;
        lots_ok(l, zh_figure_ask(&l->f.ctx, conn, &q, &f));
        put_figure(&out, &f);
    }
    zh_target *targets;
    size_t n;
    lots_ok(l, zh_targets(&l->f.ctx, conn, ZH_STR("plan"), 0, as_of, &targets, &n));
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(&out, "target %d %.*s ", (int)targets[i].status, ZH_FMT(targets[i].status_zh));
        if (targets[i].has_figure) {
            put_figure(&out, &targets[i].figure);
        }
        if (targets[i].has_path) {
            zh_buf_fmt(&out, "needs %.*s\n",
                       ZH_FMT(zh_decimal_str(l->f.arena, targets[i].required)));
        }
    }
    lots_done(conn);
    assert_false(out.failed);
    zh_str text = zh_str_dup(l->f.arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text;
}

static void test_as_of_equals_what_was_told_live(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    size_t positions = long_run() ? 200 : 8;
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(INDICATORS, OUTLINE, 0);
        int64_t *sizes = calloc(positions, sizeof *sizes);
        char **told = calloc(positions, sizeof *told);
        for (size_t i = 0; i < positions; i++) {
            for (uint64_t k = lots_random(l, 24); k > 0; k--) {
                lots_step(l);
            }
            sizes[i] = lots_sequence(l);
            if (lots_random(l, 3) == 0) {
                lots_ok(l, zh_rollup_fold(l->f.core, &l->f.err));
            }
            zh_arena_mark mark = zh_arena_here(l->f.arena);
            zh_str text = all_answers(l, ZH_AS_OF_NOW);
            told[i] = strndup(text.p, text.n);
            zh_arena_rewind(l->f.arena, mark);
        }
        for (size_t i = 0; i < positions; i++) {
            zh_arena_mark mark = zh_arena_here(l->f.arena);
            same("as of", i, all_answers(l, sizes[i]), zh_str_of(told[i]));
            zh_arena_rewind(l->f.arena, mark);
            free(told[i]);
        }
        printf("as of %zu positions (%s)\n", positions, backends[b]);
        free(told);
        free(sizes);
        lots_close(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limbs_hold_every_sum),
        cmocka_unit_test(test_cells_equal_a_plain_count),
        cmocka_unit_test(test_stock_with_open_ends),
        cmocka_unit_test(test_sums_leave_64_bits),
        cmocka_unit_test(test_keys_are_retracted),
        cmocka_unit_test(test_rollups_folded_at_random_points),
        cmocka_unit_test(test_scope_is_never_answered_from_cells),
        cmocka_unit_test(test_unknown_dimension_is_named),
        cmocka_unit_test(test_as_of_equals_what_was_told_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
