/* Lists of large registers: one that answers soon gives, page after page, the rows that SQL gives
 * in one go, along whichever index it walks; the plans of its statements are pinned. */
#include "core/read/filter.h"
#include "core/read/permission.h"
#include "core/read/read_private.h"
#include "core_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 24000 };

static const char MODEL[] =
    "codes:\n"
    "  - id: region\n"
    "    label: 行政区划\n"
    "    levels: [province, city]\n"
    "    values:\n"
    "      \"420000\": 湖北省\n"
    "      \"420100\": {zh: 武汉市, parent: \"420000\"}\n"
    "      \"420500\": {zh: 宜昌市, parent: \"420000\"}\n"
    "      \"430000\": 湖南省\n"
    "      \"430100\": {zh: 长沙市, parent: \"430000\"}\n"
    "registers:\n"
    "  - id: test\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 检验\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    event_time: day\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: day, label: 日期, type: date}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "      - {id: verdict, label: 结论, type: code, codes: {pass: 合格, fail: 不合格}}\n"
    "      - {id: line, label: 内容, type: string}\n"
    "    access:\n"
    "      - {role: officer, rows: \"place within office_region\", can: [read]}\n"
    "    indexes:\n"
    "      - {id: place, fields: [place, day]}\n"
    "    views: {default: {columns: [no], sort: -day}}\n";

typedef struct world {
    fixture f;
    zh_conn *conn;
    const zh_register *reg;
} world;

static void ok(world *w, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s\n", rc, w->f.err.rule, w->f.err.message);
    }
    assert_int_equal(rc, ZH_OK);
}

/* Rows of two offices; every seventh has no day, every 31st no place; 'rare' stands in nine. */
static void fill(world *w)
{
    zh_conn *conn = NULL;
    zh_str sql = zh_str_fmt(
        w->f.arena,
        "INSERT INTO r_test (office, id, version, state, handler_office, created_at, recorded_at, "
        "declaration, actor, no, day, place, verdict, line) WITH RECURSIVE s(i) AS (SELECT 1 UNION "
        "ALL SELECT i + 1 FROM s WHERE i < %d) SELECT 1 + i %% 2, i, 1, 'recorded', 1 + i %% 2, i, "
        "i, '1.0.0', 'x', CAST(i AS TEXT), CASE WHEN i %% 7 = 0 THEN NULL ELSE i * 31 %% 900 END, "
        "CASE WHEN i %% 31 = 0 THEN NULL WHEN i %% 5 = 0 THEN '420100' WHEN i %% 5 = 1 THEN "
        "'420500' WHEN i %% 5 = 2 THEN '420000' ELSE '430100' END, CASE WHEN i %% 11 = 0 THEN "
        "'fail' ELSE 'pass' END, CASE WHEN i %% 2500 = 3 THEN 'rare' ELSE 'usual' END FROM s",
        ROWS);
    ok(w, zh_store_writer(zh_core_store(w->f.core), &conn, &w->f.err));
    ok(w, zh_exec(conn, sql.p, &w->f.err));
    ok(w, zh_exec(conn, "ANALYZE", &w->f.err));
    zh_store_release(conn);
}

static int setup(void **state)
{
    world *w = zh_alloc(sizeof *w);
    zh_model *model = NULL;
    zh_err err = {0};
    *w = (world){0};
    zh_rc rc = fx_compile_text(MODEL, &model, &err);
    if (rc != ZH_OK) {
        print_error("%s %s %s\n", err.rule, err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    fx_open_model(&w->f, model);
    zh_model_release(model);
    w->reg = fx_reg(&w->f, "test");
    fill(w);
    ok(w, zh_store_reader(zh_core_store(w->f.core), &w->conn, &w->f.err));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    zh_store_release(w->conn);
    fx_close(&w->f);
    zh_dealloc(w);
    return 0;
}

static zh_program compiled(world *w, const char *text)
{
    zh_program program = {0};
    zh_scope scope = {.model = w->f.ctx.model, .reg = w->reg};
    ok(w, zh_expr_compile(w->f.arena, &scope, zh_str_of(text), &program, &w->f.err));
    return program;
}

static const zh_post wuhan = {
    .role = {"officer", 7}, .scope = ZH_SCOPE_ALL, .region = {"420100", 6}};
static const zh_post hubei = {
    .role = {"officer", 7}, .scope = ZH_SCOPE_ALL, .region = {"420000", 6}};

/* A question, and the same in SQL. */
static const struct question {
    const char *where, *sql;
    const zh_post *post;
    const char *sort; /* NULL: the default */
    const char *order;
    size_t limit;
} questions[] = {
    {NULL, "1 = 1", NULL, NULL, "day IS NULL, day DESC, id DESC", 1000},
    {"line = 'rare'", "line = 'rare'", NULL, NULL, "day IS NULL, day DESC, id DESC", 4},
    {"line = 'rare'", "line = 'rare'", NULL, "day", "day IS NULL, day, id", 3},
    {"line = 'rare'", "line = 'rare'", NULL, "no", "no IS NULL, no, id", 5},
    {"place = '420100'", "place = '420100'", NULL, NULL, "day IS NULL, day DESC, id DESC", 700},
    {"place within '420000' and line = 'rare'",
     "place IN ('420000', '420100', '420500') AND line = 'rare'", NULL, NULL,
     "day IS NULL, day DESC, id DESC", 2},
    {"place@province = '420000' and verdict = 'fail'",
     "place IN ('420000', '420100', '420500') AND verdict = 'fail'", NULL, "day",
     "day IS NULL, day, id", 100},
    {"line = 'nothing'", "line = 'nothing'", NULL, NULL, "day IS NULL, day DESC, id DESC", 10},
    {NULL, "place = '420100'", &wuhan, NULL, "day IS NULL, day DESC, id DESC", 800},
    {"verdict = 'fail'", "place IN ('420000', '420100', '420500') AND verdict = 'fail'", &hubei,
     NULL, "day IS NULL, day DESC, id DESC", 50},
    {"place = '430100'", "1 = 0", &hubei, NULL, "day IS NULL, day DESC, id DESC", 50},
    {"day >= 1970-04-11 and day < 1970-05-11 and verdict = 'fail'",
     "day BETWEEN 100 AND 129 AND verdict = 'fail'", NULL, NULL, "day DESC, id DESC", 20},
    {"1970-04-11 < day and verdict = 'fail' and day <= 1970-05-11 and day >= 1970-02-01",
     "day BETWEEN 101 AND 130 AND verdict = 'fail'", NULL, "day", "day, id", 20},
    {"day = 1970-04-11", "day = 100", NULL, NULL, "day DESC, id DESC", 9},
    {"day > 1970-05-11 and day < 1970-04-11", "1 = 0", NULL, NULL, "day DESC, id DESC", 9},
    {"day < 1970-01-11 and place = '420500'", "day < 10 AND place = '420500'", NULL, NULL,
     "day DESC, id DESC", 9},
    {"day < 1970-01-11 and line = 'usual'", "day < 10 AND place = '420100' AND line = 'usual'",
     &wuhan, NULL, "day DESC, id DESC", 9},
    {"day < 1970-01-11 or line = 'rare'", "day < 10 OR line = 'rare'", NULL, NULL,
     "day IS NULL, day DESC, id DESC", 300},
};

static zh_list_query query_of(world *w, const struct question *of, zh_program *where)
{
    if (of->where != NULL) {
        *where = compiled(w, of->where);
    }
    return (zh_list_query){.reg = w->reg,
                           .where = of->where != NULL ? where : NULL,
                           .sort = of->sort != NULL ? zh_register_field(w->reg, zh_str_of(of->sort))
                                                    : NULL,
                           .limit = of->limit,
                           .as_of = ZH_AS_OF_NOW,
                           .brief = true};
}

static void begin(world *w, const struct question *of)
{
    w->f.ctx.post = of->post;
    w->f.ctx.role = of->post != NULL ? of->post->role : ZH_STR("operator");
}

static void pages_hold_what_sql_finds(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < ZH_COUNTOF(questions); i++) {
        const struct question *of = &questions[i];
        zh_program where;
        zh_list_query q = query_of(w, of, &where);
        zh_stmt *stmt = NULL;
        zh_rc rc = ZH_OK;
        size_t calls = 0;
        zh_str sql = zh_str_fmt(w->f.arena, "SELECT id FROM r_test WHERE %s ORDER BY %s", of->sql,
                                of->order);
        begin(w, of);
        ok(w, zh_query(w->conn, sql, NULL, 0, &stmt, &w->f.err));
        do {
            zh_page page = {0};
            ok(w, zh_list(&w->f.ctx, w->conn, &q, &page));
            assert_true(page.n <= of->limit);
            for (size_t k = 0; k < page.n; k++) {
                ok(w, zh_step(stmt, &w->f.err));
                assert_int_equal(page.records[k]->id, zh_col_i64(stmt, 0));
            }
            q.after = zh_str_dup(w->f.arena, page.next);
        } while (q.after.n > 0 && ++calls < ROWS);
        rc = zh_step(stmt, &w->f.err);
        assert_int_equal(rc, ZH_ENOTFOUND);
        zh_finish(stmt);
        zh_err_clear(&w->f.err);
    }
    begin(w, &questions[0]);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void plan_walks(world *w, const zh_list_query *q, const char *index)
{
    zh_str plan = ZH_STR_NONE;
    ok(w, zh_list_plan(&w->f.ctx, w->conn, q, &plan));
    const char *text = zh_str_c(w->f.arena, plan);
    bool postgres = zh_conn_dialect(w->conn) == ZH_POSTGRES;
    bool sorts = strstr(text, "TEMP B-TREE FOR ORDER BY") != NULL || /* all, not equals only */
                 (strstr(text, "Sort") != NULL && strstr(text, "Incremental Sort") == NULL);
    bool scans = strstr(text, "SCAN") != NULL || strstr(text, "Seq Scan") != NULL;
    if (strstr(text, index) == NULL || sorts || scans) {
        print_error("plan without %s, or with a sort or a scan:\n%s\n", index, text);
    }
    if (!postgres) { /* which weighs what it has counted of these few rows */
        assert_non_null(strstr(text, index));
        assert_false(sorts || scans);
    }
}

static void plans_walk_an_index(void **state)
{
    static const char *const wanted[ZH_COUNTOF(questions)] = {
        "i_r_test_sort",    "i_r_test_sort",    "i_r_test_sort",    "i_r_test_x_key",
        "i_r_test_x_place", "i_r_test_x_place", "i_r_test_x_place", "i_r_test_sort",
        "i_r_test_x_place", "i_r_test_x_place", "i_r_test_x_place", "i_r_test_sort",
        "i_r_test_sort",    "i_r_test_sort",    "i_r_test_sort",    "i_r_test_x_place",
        "i_r_test_x_place", "i_r_test_sort"};
    world *w = *state;
    for (size_t i = 0; i < ZH_COUNTOF(questions); i++) {
        zh_program where;
        zh_page page = {0};
        zh_list_query q = query_of(w, &questions[i], &where);
        begin(w, &questions[i]);
        q.limit = 2;
        plan_walks(w, &q, wanted[i]);
        ok(w, zh_list(&w->f.ctx, w->conn, &q, &page));
        q.after = page.next;
        if (q.after.n > 0) {
            plan_walks(w, &q, wanted[i]);
        }
    }
    begin(w, &questions[0]);
}

/* ---- spans ----------------------------------------------------------------------------------- */

/* What is asked of one end of the order is not looked for from the other: the window that is looked
 * at ends with the span, and so does the walk. */
static void a_span_is_gone_to(void **state)
{
    static const struct question ends[] = {
        {"day < 1970-09-01 and verdict = 'fail'", NULL, NULL, NULL, NULL, 50},
        {"day > 1971-10-01 and verdict = 'fail'", NULL, NULL, "day", NULL, 50},
    };
    world *w = *state;
    for (size_t i = 0; i < ZH_COUNTOF(ends) && zh_conn_dialect(w->conn) == ZH_SQLITE; i++) {
        zh_program where;
        zh_str plan = ZH_STR_NONE;
        zh_list_query q = query_of(w, &ends[i], &where);
        ok(w, zh_list_plan(&w->f.ctx, w->conn, &q, &plan));
        const char *walk = strstr(zh_str_c(w->f.arena, plan), "(office=? AND day>? AND day<?)");
        assert_non_null(walk);
        assert_non_null(strstr(walk + 1, "(office=? AND day>? AND day<?)")); /* the window's */
    }
}

static void span_of_a_condition(void **state)
{
    static const struct {
        const char *where;
        bool said;
        int64_t first, last;
    } cases[] = {
        {"day >= 1970-01-03", true, 2, INT64_MAX},
        {"day > 1970-01-03", true, 3, INT64_MAX},
        {"day <= 1970-01-03", true, INT64_MIN, 2},
        {"1970-01-03 > day", true, INT64_MIN, 1},
        {"day = 1970-01-03", true, 2, 2},
        {"line = 'x' and (day > 1970-01-03 and day < 1970-01-09) and day <= 1970-01-07", true, 3,
         6},
        {"day >= 1970-01-09 and day < 1970-01-03", true, 8, 1},
        {"day != 1970-01-03", false, INT64_MIN, INT64_MAX},
        {"day > 1970-01-03 or line = 'x'", false, INT64_MIN, INT64_MAX},
        {"not (day > 1970-01-03)", false, INT64_MIN, INT64_MAX},
        {"day = day", false, INT64_MIN, INT64_MAX},
        {"line = 'x'", false, INT64_MIN, INT64_MAX},
    };
    world *w = *state;
    const zh_field *day = zh_register_field(w->reg, ZH_STR("day"));
    zh_env env = {.arena = w->f.arena};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        int64_t first;
        int64_t last;
        zh_program where = compiled(w, cases[i].where);
        assert_int_equal(zh_filter_span(&env, where.root, day, &first, &last), cases[i].said);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(last, cases[i].last);
    }
}

/* ---- codes ----------------------------------------------------------------------------------- */

static void codes_of_a_condition(void **state)
{
    static const struct {
        const char *where, *codes; /* NULL: nothing says which */
        size_t max;
    } cases[] = {
        {"place = '420100'", "420100 ", 1},
        {"place within '420000'", "420000 420100 420500 ", 3},
        {"place within '420000'", NULL, 2},
        {"place@province = '420000'", "420000 420100 420500 ", 3},
        {"place within '420000' and line = 'x' and place = '430100'", "430100 ", 9},
        {"line = 'x' and (verdict = 'fail' and place@city = '420500')", "420500 ", 9},
        {"place = '420100' or line = 'x'", NULL, 9},
        {"not (place = '420100')", NULL, 9},
        {"place != '420100'", NULL, 9},
        {"line = 'x'", NULL, 9},
    };
    world *w = *state;
    const zh_field *place = zh_register_field(w->reg, ZH_STR("place"));
    zh_env env = {.arena = w->f.arena};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_str list[9];
        size_t n = 0;
        zh_buf text;
        zh_program where = compiled(w, cases[i].where);
        zh_buf_init(&text, 256);
        bool said = zh_filter_codes(&env, where.root, place, list, cases[i].max, &n);
        for (size_t k = 0; k < n && said; k++) {
            zh_buf_fmt(&text, "%.*s ", ZH_FMT(list[k]));
        }
        assert_int_equal(said, cases[i].codes != NULL);
        assert_true(!said || zh_str_is(zh_buf_view(&text), cases[i].codes));
        zh_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_hold_what_sql_finds), cmocka_unit_test(plans_walk_an_index),
        cmocka_unit_test(a_span_is_gone_to),         cmocka_unit_test(span_of_a_condition),
        cmocka_unit_test(codes_of_a_condition),
    };
    const char *const *backends = NULL;
    int failed = 0;
    size_t n = fx_backends(&backends);
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, setup, teardown);
    }
    return failed;
}
