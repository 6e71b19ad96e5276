/* Counts without rows, attacked by differences: a reader of counts asks every question it may, of
 * every region, kind and period, before and after every record that comes in; no answer and no
 * difference of two answers lies between 1 and k - 1. The expected released table is worked out
 * here from what was written, cell by cell. Both databases when ZH_TEST_PG_URL is set. */
#include "core/cube/suppress.h"
#include "core/figure/indicator.h"
#include "core/read/permission.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { K = 5, RECORDS = 130, PLACES = 2, KINDS = 3, QUARTERS = 2, ANSWERS_MAX = 400 };

static const char CASE[] =
    "registers:\n"
    "  - id: hurt\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 伤害\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    home: place\n"
    "    event_time: happened_on\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region, required: true}\n"
    "      - {id: happened_on, label: 日期, type: date, required: true}\n"
    "      - {id: kind, label: 类别, type: code, codes: {a: 甲, b: 乙, c: 丙}, required: true}\n"
    "      - {id: who, label: 姓名, type: string, pipl: personal}\n"
    "      - {id: cost, label: 费用, type: decimal, digits: 2}\n"
    "      - {id: grave, label: 严重, type: bool}\n"
    "    access:\n"
    "      - {role: officer, can: [read, create]}\n"
    "      - {role: counter, can: [aggregate]}\n"
    "    publication: {aggregate: {k: 5, dims: [place, kind, quarter]}}\n"
    "    measures:\n"
    "      n: {kind: count}\n"
    "      grave: {kind: count, where: \"grave = true\"}\n"
    "      cost: {kind: sum, of: cost}\n"
    "    cubes:\n"
    "      - {id: by_place, dims: [place, kind], measures: [n, grave], dense: true}\n"
    "indicators:\n"
    "  - {id: hurts, label: 伤害数, definition: 数, kind: count, register: hurt, num: n}\n"
    "  - {id: grave_share, label: 严重比, definition: 比, kind: ratio, register: hurt, num: "
    "grave,\n"
    "     den: n, unit: \"%\"}\n";

static const char *const places[PLACES] = {"420100", "420500"};
static const char *const kinds[KINDS] = {"a", "b", "c"};
static const char *const days[QUARTERS] = {"2026-02-03", "2026-05-04"};

struct world {
    fixture f;
    zh_post post;
    zh_ctx counter;
    int n[PLACES][KINDS][QUARTERS], grave[PLACES][KINDS][QUARTERS];
    size_t written;
};

static uint64_t seed;

static unsigned any(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void begin(struct world *w)
{
    *w = (struct world){.written = 0};
    fx_open(&w->f, CASE);
    w->post = (zh_post){.role = ZH_STR("counter"), .scope = ZH_SCOPE_ALL};
    w->counter = w->f.ctx;
    w->counter.actor = ZH_STR("counter");
    w->counter.role = ZH_STR("counter");
    w->counter.post = &w->post;
}

/* Few records in most cells, many in some. */
static void add(struct world *w)
{
    char no[16];
    zh_applied at;
    unsigned p = any(2) ? 0 : any(PLACES);
    unsigned k = any(2) ? 0 : any(KINDS);
    unsigned q = any(QUARTERS);
    bool grave = any(3) == 0;
    (void)snprintf(no, sizeof no, "N%04zu", w->written++);
    assert_int_equal(fx_create(&w->f, "hurt", &at, "no", no, "place", places[p], "happened_on",
                               days[q], "kind", kinds[k], "who", "张三丰", "cost", "12.50", "grave",
                               grave ? "是" : "否", NULL),
                     ZH_OK);
    w->n[p][k][q]++;
    w->grave[p][k][q] += grave;
}

static int64_t whole(int n)
{
    return n - n % K;
}

/* ---- every question -------------------------------------------------------------------------- */

typedef struct question {
    int place, kind, quarter; /* -1: all */
} question;

static zh_rc put(struct world *w, zh_conn *conn, question q, int64_t *n, int64_t *grave)
{
    const zh_register *reg = fx_reg(&w->f, "hurt");
    const zh_measure *measures[] = {&reg->measures[0], &reg->measures[1]};
    zh_cell_filter filters[2];
    zh_cell_query query = {.reg = reg,
                           .measures = measures,
                           .nmeasures = 2,
                           .filters = filters,
                           .as_of = ZH_AS_OF_NOW};
    if (q.place >= 0) {
        filters[query.nfilters++] =
            (zh_cell_filter){ZH_STR("place"), zh_str_of(places[q.place]), true};
    }
    if (q.kind >= 0) {
        filters[query.nfilters++] =
            (zh_cell_filter){ZH_STR("kind"), zh_str_of(kinds[q.kind]), false};
    }
    if (q.quarter >= 0) {
        query.has_span = true;
        query.first = zh_date_of(2026, 1 + 3 * q.quarter, 1);
        query.last = zh_date_add_months(query.first, 3) - 1;
    }
    zh_cell_answer answer;
    zh_rc rc = zh_cells(&w->counter, conn, &query, &answer);
    assert_true(rc != ZH_OK || answer.n <= 1);
    *n = rc == ZH_OK && answer.n == 1 ? answer.cells[0].n : 0;
    *grave = rc == ZH_OK && answer.n == 1 ? (int64_t)answer.cells[0].values[1] : 0;
    return rc;
}

static void expected(const struct world *w, question q, int64_t *n, int64_t *grave)
{
    *n = *grave = 0;
    for (int p = 0; p < PLACES; p++) {
        for (int k = 0; k < KINDS; k++) {
            for (int t = 0; t < QUARTERS; t++) {
                bool in = (q.place < 0 || q.place == p) && (q.kind < 0 || q.kind == k) &&
                          (q.quarter < 0 || q.quarter == t);
                *n += in ? whole(w->n[p][k][t]) : 0;
                *grave += in && w->n[p][k][t] >= K ? whole(w->grave[p][k][t]) : 0;
            }
        }
    }
}

/* All answers, in one order. */
static size_t ask_all(struct world *w, int64_t out[ANSWERS_MAX])
{
    zh_conn *conn = NULL;
    size_t n = 0;
    zh_arena_mark mark = zh_arena_here(w->f.arena);
    assert_int_equal(zh_store_reader(zh_core_store(w->f.core), &conn, &w->f.err), ZH_OK);
    for (int p = -1; p < PLACES; p++) {
        for (int k = -1; k < KINDS; k++) {
            for (int t = -1; t < QUARTERS; t++) {
                int64_t want[2];
                question q = {p, k, t};
                assert_int_equal(put(w, conn, q, &out[n], &out[n + 1]), ZH_OK);
                expected(w, q, &want[0], &want[1]);
                assert_int_equal(out[n], want[0]);
                assert_int_equal(out[n + 1], want[1]);
                n += 2;
            }
        }
    }
    zh_store_release(conn);
    zh_arena_rewind(w->f.arena, mark);
    return n;
}

static void no_small_difference(const int64_t *a, const int64_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            int64_t d = a[i] > b[j] ? a[i] - b[j] : b[j] - a[i];
            assert_true(d == 0 || d >= K);
        }
    }
}

static void test_differences(void **state)
{
    (void)state;
    static struct world w;
    static int64_t before[ANSWERS_MAX];
    static int64_t after[ANSWERS_MAX];
    begin(&w);
    for (int i = 0; i < RECORDS / 2; i++) {
        add(&w);
    }
    size_t n = ask_all(&w, before);
    no_small_difference(before, before, n);
    for (int i = 0; i < RECORDS / 2; i++) { /* two moments with one record between them */
        add(&w);
        if (i % 5 == 0 || i > RECORDS / 2 - 5) {
            assert_int_equal(ask_all(&w, after), n);
            no_small_difference(before, after, n);
            memcpy(before, after, sizeof before);
        }
    }
    fx_close(&w.f);
}

/* ---- what is not answered -------------------------------------------------------------------- */

static void refused(struct world *w, zh_conn *conn, const zh_cell_query *query, const char *rule)
{
    zh_cell_answer answer;
    assert_int_equal(zh_cells(&w->counter, conn, query, &answer), ZH_EDENIED);
    assert_string_equal(w->f.err.rule, rule);
    zh_err_clear(&w->f.err);
}

static void test_refusals(void **state)
{
    (void)state;
    static struct world w;
    zh_conn *conn = NULL;
    int64_t size = 0;
    begin(&w);
    for (int i = 0; i < RECORDS; i++) {
        add(&w);
    }
    const zh_register *reg = fx_reg(&w.f, "hurt");
    const zh_measure *count[] = {&reg->measures[0]};
    const zh_measure *sum[] = {&reg->measures[2]};
    assert_int_equal(zh_sequence(w.f.core, &size, &w.f.err), ZH_OK);
    assert_int_equal(zh_store_reader(zh_core_store(w.f.core), &conn, &w.f.err), ZH_OK);
    zh_cell_query plain = {.reg = reg, .measures = count, .nmeasures = 1, .as_of = ZH_AS_OF_NOW};
    zh_cell_query q = plain;
    q.as_of = size - 1; /* two positions with one entry between them */
    refused(&w, conn, &q, "aggregate.as_of");
    q = plain;
    zh_program where;
    zh_scope scope = {.model = w.f.ctx.model, .reg = reg};
    assert_int_equal(zh_expr_compile(w.f.arena, &scope, ZH_STR("no != 'N0007'"), &where, &w.f.err),
                     ZH_OK);
    q.where = &where;
    refused(&w, conn, &q, "aggregate.where");
    q = plain;
    q.measures = sum;
    refused(&w, conn, &q, "aggregate.measure");
    q = plain;
    zh_cell_filter who = {ZH_STR("who"), ZH_STR("张三丰"), false};
    q.filters = &who;
    q.nfilters = 1;
    refused(&w, conn, &q, "aggregate.dim");
    q = plain;
    zh_cell_group by = {ZH_STR("who"), 0};
    q.groups = &by;
    q.ngroups = 1;
    refused(&w, conn, &q, "aggregate.dim");
    q = plain;
    q.has_span = true;
    q.first = zh_date_of(2026, 1, 1);
    q.last = zh_date_of(2026, 2, 28);
    refused(&w, conn, &q, "aggregate.period");
    q = plain;
    q.by = ZH_GRAIN_MONTH;
    refused(&w, conn, &q, "aggregate.period");
    /* no way to the rows, and no count of them by lists */
    zh_list_query list = {.reg = reg, .limit = 100, .as_of = ZH_AS_OF_NOW};
    zh_page page;
    zh_counts counts;
    assert_int_equal(zh_list(&w.counter, conn, &list, &page), ZH_OK);
    assert_int_equal(page.n, 0);
    assert_int_equal(zh_count(&w.counter, conn, &list, NULL, 0, &counts), ZH_OK);
    assert_int_equal(counts.total, 0);
    zh_store_release(conn);
    fx_close(&w.f);
}

/* ---- figures --------------------------------------------------------------------------------- */

static zh_figure figure(struct world *w, zh_ctx *ctx, zh_conn *conn, const char *id,
                        const char *region, const char *kind)
{
    zh_figure out;
    zh_cell_filter filter = {ZH_STR("kind"), zh_str_of(kind), false};
    zh_figure_query q = {.indicator = zh_model_indicator(w->f.ctx.model, zh_str_of(id)),
                         .region = zh_str_of(region),
                         .filters = &filter,
                         .nfilters = kind[0] != '\0',
                         .as_of = ZH_AS_OF_NOW};
    assert_int_equal(zh_figure_ask(ctx, conn, &q, &out), ZH_OK);
    return out;
}

static void test_figures(void **state)
{
    (void)state;
    static struct world w;
    zh_conn *conn = NULL;
    zh_applied at;
    begin(&w);
    for (int i = 0; i < 7; i++) {
        char no[16];
        (void)snprintf(no, sizeof no, "A%d", i);
        assert_int_equal(fx_create(&w.f, "hurt", &at, "no", no, "place", "420100", "happened_on",
                                   "2026-02-03", "kind", "a", "grave", i < 6 ? "是" : "否", NULL),
                         ZH_OK);
    }
    for (int i = 0; i < 4; i++) {
        char no[16];
        (void)snprintf(no, sizeof no, "B%d", i);
        assert_int_equal(fx_create(&w.f, "hurt", &at, "no", no, "place", "420500", "happened_on",
                                   "2026-02-03", "kind", "a", NULL),
                         ZH_OK);
    }
    assert_int_equal(zh_store_reader(zh_core_store(w.f.core), &conn, &w.f.err), ZH_OK);
    zh_figure f = figure(&w, &w.f.ctx, conn, "hurts", "", "");
    assert_true(f.status == ZH_FIG_OK && zh_str_is(f.num, "11") && f.k == 0); /* who sees rows */
    f = figure(&w, &w.counter, conn, "hurts", "", "");
    assert_true(f.status == ZH_FIG_OK && zh_str_is(f.num, "5") && f.k == K); /* 7 as 5, 4 as none */
    f = figure(&w, &w.counter, conn, "hurts", "420100", "");
    assert_true(zh_str_is(f.num, "5"));
    f = figure(&w, &w.counter, conn, "hurts", "420500", ""); /* four … */
    assert_true(f.status == ZH_FIG_HIDDEN && !f.has_value && f.n == 0 && f.num.n == 0);
    f = figure(&w, &w.counter, conn, "hurts", "", "c"); /* … and none look alike */
    assert_true(f.status == ZH_FIG_HIDDEN && !f.has_value && f.n == 0 && f.num.n == 0);
    f = figure(&w, &w.counter, conn, "grave_share", "420100", "");
    assert_true(zh_str_is(f.num, "5") && zh_str_is(f.den, "5"));
    zh_figure_query by = {.indicator = zh_model_indicator(w.f.ctx.model, ZH_STR("hurts")),
                          .as_of = ZH_AS_OF_NOW};
    zh_str *values;
    zh_figure *list;
    size_t n;
    assert_int_equal(zh_figure_by(&w.counter, conn, &by, ZH_STR("place"), &values, &list, &n),
                     ZH_OK);
    assert_int_equal(n, 1);
    assert_true(zh_str_is(values[0], "420100") && zh_str_is(list[0].num, "5"));
    zh_store_release(conn);
    fx_close(&w.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_figures),
    };
    const char *given = getenv("ZH_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : 20261122;
    print_message("seed %llu\n", (unsigned long long)seed);
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
