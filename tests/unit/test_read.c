/* Reading stored records: lists, counts, scans, and what expressions ask of other records.
 *
 * Expected values are worked out by hand from the records that each test writes. Random comparison
 * of both databases with an oracle is in tests/pg. */
#include "base/os.h"
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

static const char MODEL[] =
    "systems: [S22]\n"
    "codes:\n"
    "  - id: region\n"
    "    label: 行政区划\n"
    "    levels: [province, city]\n"
    "    values:\n"
    "      \"420000\": 湖北省\n"
    "      \"420100\": {zh: 武汉市, parent: \"420000\"}\n"
    "      \"420500\": {zh: 宜昌市, parent: \"420000\"}\n"
    "registers:\n"
    "  - id: firm\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 企业\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 代码, type: string, required: true}\n"
    "      - {id: name, label: 名称, type: string}\n"
    "  - id: lot\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 批次\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    event_time: sampled_at\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: sampled_at, label: 抽样时间, type: datetime}\n"
    "      - {id: bought, label: 购样日, type: date}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "      - {id: title, label: 名称, type: string}\n"
    "      - {id: firm, label: 企业, type: ref, to: firm}\n"
    "      - {id: amount, label: 金额, type: decimal, digits: 2}\n"
    "      - {id: served_on, label: 送达日, type: date}\n"
    "      - id: items\n"
    "        label: 项目\n"
    "        type: table\n"
    "        fields:\n"
    "          - {id: item, label: 项目, type: string, required: true}\n"
    "          - {id: value, label: 值, type: decimal, digits: 2}\n"
    "    states:\n"
    "      - {id: reported, label: 已出报告, initial: true}\n"
    "      - {id: served, label: 已送达}\n"
    "      - {id: closed, label: 办结}\n"
    "    transitions:\n"
    "      - {id: serve, label: 送达, from: reported, to: served, need: [served_on]}\n"
    "      - {id: close, label: 办结, from: served, to: closed}\n"
    "    clocks:\n"
    "      - {id: objection, label: 异议期, start: served_on, stop: [close],\n"
    "         versions: [{amount: 15, unit: day}]}\n"
    "    indexes:\n"
    "      - {id: firm, fields: [firm]}\n"
    "      - {id: place, fields: [place]}\n"
    "    views: {default: {columns: [no, place], sort: -sampled_at}}\n"
    "  - id: visit\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 走访\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    part_of: {register: lot, field: lot}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: lot, label: 批次, type: ref, to: lot, required: true}\n"
    "      - {id: hours, label: 时长, type: decimal, digits: 1}\n"
    "  - id: note\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 便条\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: line, label: 内容, type: string}\n"
    "      - {id: day, label: 日期, type: date}\n"
    "    indexes:\n"
    "      - {id: line, fields: [line]}\n"
    "    access: [{role: officer, can: [read]}]\n"
    "    views: {default: {columns: [no], sort: -day}}\n";

/* ---- helpers of the tests -------------------------------------------------------------------- */

typedef struct world {
    fixture f;
    zh_conn *conn;
} world;

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static void begin(world *w)
{
    zh_model *model = NULL;
    zh_err err = {0};
    zh_rc rc = fx_compile_text(MODEL, &model, &err);
    if (rc != ZH_OK) {
        print_error("%s %s %s\n", err.rule, err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    *w = (world){0};
    fx_open_model(&w->f, model);
    zh_model_release(model);
}

static void ask(world *w)
{
    zh_err_clear(&w->f.err);
    ok(&w->f, zh_store_reader(zh_core_store(w->f.core), &w->conn, &w->f.err));
}

static void done(world *w)
{
    zh_store_release(w->conn);
    w->conn = NULL;
}

static void end(world *w)
{
    fx_close(&w->f);
}

static zh_program compiled(world *w, const char *reg, const char *text)
{
    zh_program program = {0};
    zh_scope scope = {.model = w->f.ctx.model, .reg = fx_reg(&w->f, reg)};
    zh_err err = {0};
    zh_rc rc = zh_expr_compile(w->f.arena, &scope, zh_str_of(text), &program, &err);
    if (rc != ZH_OK) {
        print_error("%s: %s %s\n", text, err.rule, err.message);
    }
    assert_int_equal(rc, ZH_OK);
    return program;
}

static void refused(world *w, zh_rc rc, zh_rc wanted, const char *rule)
{
    assert_int_equal(rc, wanted);
    assert_string_equal(w->f.err.rule, rule);
    assert_true(w->f.err.message[0] != '\0');
    zh_err_clear(&w->f.err);
}

static zh_list_query query_of(world *w, const char *reg)
{
    return (zh_list_query){.reg = fx_reg(&w->f, reg), .limit = 100, .as_of = ZH_AS_OF_NOW};
}

/* The values of the first field of all pages, separated by spaces. */
static const char *listed(world *w, zh_list_query q)
{
    zh_buf out;
    zh_buf_init(&out, 1 << 20);
    for (;;) {
        zh_page page = {0};
        ok(&w->f, zh_list(&w->f.ctx, w->conn, &q, &page));
        for (size_t i = 0; i < page.n; i++) {
            zh_buf_fmt(&out, "%s%.*s", out.n ? " " : "", ZH_FMT(page.records[i]->values[0].text));
        }
        if (page.next.n == 0) {
            break;
        }
        q.after = page.next;
    }
    zh_str text = zh_str_dup(w->f.arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return text.p;
}

/* ---- cursors and limits ---------------------------------------------------------------------- */

static void five_lots(world *w, zh_applied *lots)
{
    fixture *f = &w->f;
    ok(f, fx_create(f, "lot", &lots[0], "no", "a", "sampled_at", "2026-03-01", "title", "大米",
                    "place", "420100", "amount", "5", "bought", "2026-02-01", NULL));
    ok(f, fx_create(f, "lot", &lots[1], "no", "b", "sampled_at", "2026-03-03", "title", "rice",
                    "place", "420500", "amount", "<0.05", NULL));
    ok(f, fx_create(f, "lot", &lots[2], "no", "c", "title", "大米粉", "place", "420100", "amount",
                    "-1", "bought", "2026-01-01", NULL));
    ok(f, fx_create(f, "lot", &lots[3], "no", "d", "sampled_at", "2026-03-02", "place", "420500",
                    "amount", "5.00", "bought", "2026-02-01", NULL));
    ok(f, fx_create(f, "lot", &lots[4], "no", "e", "sampled_at", "2026-03-04", "title", "price",
                    "amount", "ND", NULL));
}

static void cursor_refused(world *w, zh_list_query q, zh_str after)
{
    zh_page page;
    q.after = after;
    refused(w, zh_list(&w->f.ctx, w->conn, &q, &page), ZH_EINVAL, "query.cursor");
}

static void test_cursor_belongs_to_its_query(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    zh_page page;
    zh_program where = compiled(&w, "lot", "place = '420100'");
    zh_list_query q = query_of(&w, "lot");
    zh_list_query other;
    q.limit = 2;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 2);
    zh_str next = page.next;
    other = q;
    other.where = &where;
    cursor_refused(&w, other, next);
    other = q;
    other.search = ZH_STR("大米");
    cursor_refused(&w, other, next);
    other = q;
    other.sort = zh_register_field(q.reg, ZH_STR("no"));
    cursor_refused(&w, other, next);
    other.sort = q.reg->default_sort; /* the same field, the other direction */
    cursor_refused(&w, other, next);
    other = q;
    other.as_of = 5;
    cursor_refused(&w, other, next);
    other = q;
    other.reg = fx_reg(&w.f, "visit");
    cursor_refused(&w, other, next);
    other = q; /* another length of page is the same question */
    other.limit = 3;
    other.after = next;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &other, &page));
    assert_int_equal(page.n, 3);
    assert_int_equal(page.next.n, 0);
    done(&w);
    end(&w);
}

static void test_cursor_is_read_strictly(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    zh_page page;
    zh_list_query q = query_of(&w, "lot");
    q.limit = 2;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    zh_str next = zh_str_dup(w.f.arena, page.next);
    for (size_t n = 1; n < next.n; n++) {
        cursor_refused(&w, q, zh_str_sub(next, 0, n));
    }
    cursor_refused(&w, q, zh_str_fmt(w.f.arena, "%.*s00", ZH_FMT(next)));
    cursor_refused(&w, q, zh_str_fmt(w.f.arena, "%.*sx", ZH_FMT(zh_str_sub(next, 0, next.n - 1))));
    cursor_refused(&w, q, ZH_STR("第二页"));
    done(&w);
    end(&w);
}

static void test_limits(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    zh_page page;
    zh_list_query q = query_of(&w, "lot");
    q.limit = 0;
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_ELIMIT, "query.limit");
    q.limit = ZH_LIMIT_MAX + 1;
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_ELIMIT, "query.limit");
    q.limit = ZH_LIMIT_MAX;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 5);
    assert_int_equal(page.next.n, 0);
    q.limit = 1;
    assert_string_equal(listed(&w, q), "e b d a c");
    q.sort = zh_register_field(q.reg, ZH_STR("items"));
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_EINVAL, "query.sort");
    q.sort = &q.sort->columns[0];
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_EINVAL, "query.sort");
    done(&w);
    end(&w);
}

/* Without a value last in both directions, equal values by id in the direction of the list; marks
 * are no values to sort by. */
static void test_nulls_last(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        bool descending;
        const char *expected;
    } cases[] = {
        {"bought", false, "c a d b e"}, {"bought", true, "d a c e b"},
        {"amount", false, "c a d b e"}, {"amount", true, "d a c e b"},
        {"title", false, "e b a c d"},  {"title", true, "c a b e d"},
        {"place", false, "a c b d e"},  {"place", true, "d b c a e"},
        {"no", true, "e d c b a"},      {"firm", false, "a b c d e"},
        {"firm", true, "e d c b a"},
    };
    world w;
    zh_applied lots[5];
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_list_query q = query_of(&w, "lot");
        q.sort = zh_register_field(q.reg, zh_str_of(cases[i].field));
        q.descending = cases[i].descending;
        for (q.limit = 1; q.limit < 7; q.limit++) {
            assert_string_equal(listed(&w, q), cases[i].expected);
        }
    }
    done(&w);
    end(&w);
}

/* ---- search ---------------------------------------------------------------------------------- */

/* A word is found wherever it stands, whatever its length; all words must be there. */
static void test_search_words(void **state)
{
    (void)state;
    static const struct {
        const char *search, *expected;
    } cases[] = {
        {"大米", "a c"},   {"米", "a c"},       {"米粉", "c"},       {"大米粉", "c"},
        {"ric", "b e"},    {"RICE", "b e"},     {"r", "b e"},        {"ri ce", "b e"},
        {"pr ic", "e"},    {"大 粉", "c"},      {"大米 rice", ""},   {"—", ""},
        {"", "a b c d e"}, {"  ", "a b c d e"}, {"ｒｉｃｅ", "b e"}, {"米大", ""},
    };
    world w;
    zh_applied lots[5];
    int64_t size = 0;
    begin(&w);
    five_lots(&w, lots);
    ok(&w.f, zh_sequence(w.f.core, &size, &w.f.err));
    assert_int_equal(size, 5);
    ask(&w);
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_counts counts;
        zh_list_query q = query_of(&w, "lot");
        q.sort = zh_register_field(q.reg, ZH_STR("no"));
        q.search = zh_str_of(cases[i].search);
        assert_string_equal(listed(&w, q), cases[i].expected);
        ok(&w.f, zh_count(&w.f.ctx, w.conn, &q, NULL, 0, &counts));
        size_t n = (strlen(cases[i].expected) + 1) / 2;
        assert_int_equal(counts.total, n);
        q.as_of = size;
        assert_string_equal(listed(&w, q), cases[i].expected);
    }
    done(&w);
    end(&w);
}

static zh_rc ignore_record(void *user, zh_ctx *ctx, const zh_record *record)
{
    (void)ctx;
    (void)record;
    ++*(size_t *)user;
    return ZH_OK;
}

static void test_search_caps(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    zh_page page;
    zh_counts counts;
    size_t seen = 0;
    zh_list_query q = query_of(&w, "lot");
    q.search = ZH_STR("a b c d e f g h i j k l m n o p");
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    q.search = ZH_STR("a b c d e f g h i j k l m n o p q");
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_ELIMIT, "query.search.words");
    refused(&w, zh_count(&w.f.ctx, w.conn, &q, NULL, 0, &counts), ZH_ELIMIT, "query.search.words");
    refused(&w, zh_scan(&w.f.ctx, w.conn, &q, ignore_record, &seen), ZH_ELIMIT,
            "query.search.words");
    q.search = ZH_STR("\xFF");
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_EINVAL, "query.search");
    refused(&w, zh_scan(&w.f.ctx, w.conn, &q, ignore_record, &seen), ZH_EINVAL, "query.search");
    assert_int_equal(seen, 0);
    done(&w);
    end(&w);
}

/* Rows by SQL: the tests of caps need more than the door could write in their time. {n}: how many;
 * i counts them from 1. */
static void notes(world *w, const char *office, const char *line, unsigned n)
{
    zh_conn *conn = NULL;
    zh_str sql = zh_str_fmt(
        w->f.arena,
        "INSERT INTO r_note (office, id, version, state, handler_office, created_at, recorded_at, "
        "declaration, actor, no, line, day) WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + "
        "1 "
        "FROM s WHERE i < %u) SELECT %s, i, 1, 'recorded', 1, i, i, '1.0.0', 'x', CAST(i AS TEXT), "
        "%s, i %% 5000 FROM s",
        n, office, line);
    ok(&w->f, zh_store_writer(zh_core_store(w->f.core), &conn, &w->f.err));
    ok(&w->f, zh_exec(conn, sql.p, &w->f.err));
    ok(&w->f, zh_exec(conn, "ANALYZE", &w->f.err));
    zh_store_release(conn);
}

/* A search that finds nothing for long gives an empty page and a cursor to go on from. */
static void test_examine_cap(void **state)
{
    (void)state;
    world w;
    begin(&w);
    notes(&w, "1", "CASE WHEN i = 20600 OR i = 20800 THEN '鱼' ELSE '禽' END", 21000);
    ask(&w);
    zh_list_query q = query_of(&w, "note");
    zh_page page;
    q.sort = zh_register_field(q.reg, ZH_STR("day"));
    q.search = ZH_STR("鱼");
    q.limit = 10;
    w.f.ctx.arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 2); /* days 600 and 800: near the beginning */
    assert_true(page.next.n > 0);
    q.after = page.next;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 0);
    assert_int_equal(page.next.n, 0);
    q.after = ZH_STR("");
    q.descending = true; /* now near the end, yet before the cap */
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 2);
    zh_arena_free(w.f.ctx.arena);
    w.f.ctx.arena = zh_arena_new((size_t)4 << 20); /* half of it holds some thousand rows */
    size_t found = 0;
    size_t calls = 0;
    do {
        zh_str after = q.after;
        ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
        found += page.n;
        calls++;
        q.after = zh_str_dup(w.f.arena, page.next);
        assert_true(!zh_str_eq(after, q.after) || q.after.n == 0);
        zh_arena_reset(w.f.ctx.arena);
    } while (q.after.n > 0 && calls < 100);
    assert_int_equal(found, 2);
    zh_arena_free(w.f.ctx.arena);
    w.f.ctx.arena = w.f.arena;
    done(&w);
    end(&w);
}

/* ---- row scope ------------------------------------------------------------------------------- */

static void test_row_scope(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    zh_record *r = NULL;
    zh_version *versions = NULL;
    zh_counts counts;
    size_t n = 0;
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    zh_program rows = compiled(&w, "lot", "place = '420500'");
    zh_list_query q = query_of(&w, "lot");
    zh_ctx *ctx = &w.f.ctx;
    zh_str key[] = {ZH_STR("a"), ZH_STR("b")};
    ctx->rows = &rows;
    assert_string_equal(listed(&w, q), "b d");
    ok(&w.f, zh_count(ctx, w.conn, &q, NULL, 0, &counts));
    assert_int_equal(counts.total, 2);
    ok(&w.f, zh_scan(ctx, w.conn, &q, ignore_record, &n));
    assert_int_equal(n, 2);
    refused(&w, zh_record_get(ctx, w.conn, q.reg, 0, lots[0].id, ZH_AS_OF_NOW, &r), ZH_ENOTFOUND,
            "record.unknown");
    refused(&w, zh_record_history(ctx, w.conn, q.reg, 0, lots[0].id, &versions, &n), ZH_ENOTFOUND,
            "record.unknown");
    assert_int_equal(zh_record_by_key(ctx, w.conn, q.reg, &key[0], &r), ZH_ENOTFOUND);
    zh_err_clear(&w.f.err);
    ok(&w.f, zh_record_by_key(ctx, w.conn, q.reg, &key[1], &r));
    assert_int_equal(r->id, lots[1].id);
    ok(&w.f, zh_record_get(ctx, w.conn, q.reg, lots[3].office, lots[3].id, ZH_AS_OF_NOW, &r));
    ok(&w.f, zh_record_history(ctx, w.conn, q.reg, 0, lots[3].id, &versions, &n));
    assert_int_equal(n, 1);
    zh_program where = compiled(&w, "lot", "amount > 0"); /* both apply */
    q.where = &where;
    assert_string_equal(listed(&w, q), "d");
    q.where = NULL;
    q.search = ZH_STR("rice");
    assert_string_equal(listed(&w, q), "b");
    ctx->rows = NULL;
    done(&w);
    end(&w);
}

/* actor is who wrote the version, not who reads it. */
static void test_actor_of_the_record(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    zh_counts counts;
    begin(&w);
    five_lots(&w, lots);
    ask(&w);
    zh_program mine = compiled(&w, "lot", "actor = 'reader'");
    zh_program theirs = compiled(&w, "lot", "actor = 'operator'");
    zh_list_query q = query_of(&w, "lot");
    w.f.ctx.actor = ZH_STR("reader");
    q.where = &mine;
    ok(&w.f, zh_count(&w.f.ctx, w.conn, &q, NULL, 0, &counts));
    assert_int_equal(counts.total, 0);
    q.where = &theirs;
    ok(&w.f, zh_count(&w.f.ctx, w.conn, &q, NULL, 0, &counts));
    assert_int_equal(counts.total, 5);
    done(&w);
    end(&w);
}

/* ---- history and as-of ----------------------------------------------------------------------- */

static void test_positions(void **state)
{
    (void)state;
    world w;
    zh_applied a;
    zh_applied b;
    zh_version *versions = NULL;
    size_t n = 0;
    int64_t size = 0;
    begin(&w);
    ok(&w.f, fx_create(&w.f, "lot", &a, "no", "a", "title", "x", "items", "lead,1;zinc,2", NULL));
    ok(&w.f, zh_sequence(w.f.core, &size, &w.f.err));
    ok(&w.f, fx_create(&w.f, "lot", &b, "no", "b", NULL));
    ok(&w.f, fx_amend(&w.f, "lot", &a, &a, "title", "y", "items", "2:zinc,3", NULL));
    ask(&w);
    const zh_register *reg = fx_reg(&w.f, "lot");
    ok(&w.f, zh_record_history(&w.f.ctx, w.conn, reg, 0, a.id, &versions, &n));
    assert_int_equal(n, 2);
    assert_int_equal(versions[0].position, 0);
    assert_int_equal(versions[1].position, -1);
    assert_true(zh_str_is(versions[1].op, "amend"));
    assert_true(zh_str_is(versions[1].reason, "核对后更正"));
    assert_int_equal(versions[0].record->tables[8].n, 2);
    assert_int_equal(versions[1].record->tables[8].n, 1);
    assert_int_equal(versions[1].record->tables[8].ids[0], 2);
    done(&w);
    ok(&w.f, zh_sequence(w.f.core, &size, &w.f.err));
    assert_int_equal(size, 3);
    ask(&w);
    zh_list_query q = query_of(&w, "lot");
    q.sort = zh_register_field(reg, ZH_STR("no"));
    static const char *const expected[] = {"", "a", "a b", "a b"};
    for (q.as_of = 0; q.as_of <= size; q.as_of++) {
        zh_record *r = NULL;
        assert_string_equal(listed(&w, q), expected[q.as_of]);
        zh_rc rc = zh_record_get(&w.f.ctx, w.conn, reg, 0, a.id, q.as_of, &r);
        assert_int_equal(rc, q.as_of == 0 ? ZH_ENOTFOUND : ZH_OK);
        zh_err_clear(&w.f.err);
        if (rc == ZH_OK) {
            assert_string_equal(fx_text(&w.f, r, "title"), q.as_of < 3 ? "x" : "y");
            assert_int_equal(r->tables[8].n, q.as_of < 3 ? 2 : 1);
        }
    }
    done(&w);
    end(&w);
}

/* ---- expressions over stored data ------------------------------------------------------------ */

static const char *evaluated(world *w, const zh_record *r, int64_t as_of, const char *text)
{
    zh_program program = compiled(w, zh_str_c(w->f.arena, r->reg->id), text);
    zh_value v;
    ask(w);
    zh_env env = zh_read_env(&w->f.ctx, w->conn, as_of, r);
    ok(&w->f, zh_eval(&program, &env, &v, &w->f.err));
    done(w);
    return v.kind == ZH_NULL ? "null" : zh_str_c(w->f.arena, zh_value_display(w->f.arena, &v));
}

/* A change of the target that takes effect at an instant. */
static void rename_firm(world *w, zh_applied *firm, const char *name, const char *at)
{
    zh_change change = {.field = zh_register_field(fx_reg(&w->f, "firm"), ZH_STR("name")),
                        .value = zh_value_text(zh_str_of(name))};
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = fx_reg(&w->f, "firm"),
                .office = firm->office,
                .id = firm->id,
                .reason = ZH_STR("更名"),
                .changes = &change,
                .nchanges = 1,
                .at = fx_time(at)};
    zh_findings findings = {0};
    ok(&w->f, zh_record_apply(&w->f.ctx, &op, &findings, firm));
}

static zh_applied firm_at(world *w, const char *code, const char *name, const char *at)
{
    zh_applied firm;
    const zh_register *reg = fx_reg(&w->f, "firm");
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("code")), .value = zh_value_text(zh_str_of(code))},
        {.field = zh_register_field(reg, ZH_STR("name")), .value = zh_value_text(zh_str_of(name))},
    };
    zh_op op = {.kind = ZH_OP_CREATE,
                .reg = reg,
                .changes = changes,
                .nchanges = ZH_COUNTOF(changes),
                .at = fx_time(at)};
    zh_findings findings = {0};
    ok(&w->f, zh_record_apply(&w->f.ctx, &op, &findings, &firm));
    return firm;
}

/* The newest version recorded up to the event, the first one when the master came later; as of a
 * log size nothing that was not yet in the log. */
static void test_references_as_at(void **state)
{
    (void)state;
    world w;
    zh_applied lot;
    zh_applied before;
    int64_t size = 0;
    begin(&w);
    zh_applied firm = firm_at(&w, "F1", "旧名", "2026-01-01 09:00");
    ok(&w.f,
       fx_create(&w.f, "lot", &before, "no", "a", "firm", "F1", "sampled_at", "2025-06-01", NULL));
    ok(&w.f,
       fx_create(&w.f, "lot", &lot, "no", "b", "firm", "F1", "sampled_at", "2026-03-05", NULL));
    ok(&w.f, zh_sequence(w.f.core, &size, &w.f.err));
    rename_firm(&w, &firm, "中名", "2026-03-01 09:00");
    rename_firm(&w, &firm, "新名", "2026-04-01 09:00");
    const zh_record *a = fx_get(&w.f, "lot", &before);
    const zh_record *b = fx_get(&w.f, "lot", &lot);
    assert_string_equal(evaluated(&w, a, ZH_AS_OF_NOW, "firm.name"), "旧名");
    assert_string_equal(evaluated(&w, b, ZH_AS_OF_NOW, "firm.name"), "中名");
    assert_string_equal(evaluated(&w, b, ZH_AS_OF_NOW, "firm.name @ 2026-02-28"), "旧名");
    assert_string_equal(evaluated(&w, b, ZH_AS_OF_NOW, "firm.name @ 2026-04-01"), "新名");
    assert_string_equal(evaluated(&w, b, size, "firm.name"), "旧名");
    assert_string_equal(evaluated(&w, b, size, "firm.name @ 2026-04-01"), "旧名");
    assert_string_equal(evaluated(&w, b, 0, "firm.name"), "null");
    end(&w);
}

/* within d: after t - d, up to t, the record itself left out (doc/expressions.md 8.2). */
static void test_bounded_query(void **state)
{
    (void)state;
    static const char *const dates[] = {"2025-09-05 00:00", "2025-09-05 00:01", "2026-01-01 00:00",
                                        "2026-03-05 00:00", "2026-03-05 00:01"};
    world w;
    zh_applied lots[ZH_COUNTOF(dates)];
    zh_applied other;
    begin(&w);
    (void)firm_at(&w, "F1", "甲", "2025-01-01");
    (void)firm_at(&w, "F2", "乙", "2025-01-01");
    for (size_t i = 0; i < ZH_COUNTOF(dates); i++) {
        const char *no = zh_str_fmt(w.f.arena, "%zu", i).p;
        ok(&w.f, fx_create(&w.f, "lot", &lots[i], "no", no, "firm", "F1", "sampled_at", dates[i],
                           "amount", zh_str_fmt(w.f.arena, "%zu", i + 1).p, NULL));
    }
    ok(&w.f, fx_create(&w.f, "lot", &other, "no", "x", "firm", "F2", "sampled_at", dates[2], NULL));
    const zh_record *r = fx_get(&w.f, "lot", &lots[3]);
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"count(lot where firm = self.firm, within 6 month)", "2"},
        {"sum(lot where firm = self.firm, within 6 month: amount)", "5.00"},
        {"max(lot where firm = self.firm, within 6 month: amount)", "3"},
        {"last(lot where firm = self.firm, within 6 month: amount)", "3"},
        {"first(lot where firm = self.firm, within 6 month: amount)", "2"},
        {"any(lot where firm = self.firm and amount = 1, within 6 month)", "否"},
        {"any(lot where firm = self.firm and amount = 1, within 7 month)", "是"},
        {"count(lot where firm = self.firm)", "4"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        assert_string_equal(evaluated(&w, r, ZH_AS_OF_NOW, cases[i].text), cases[i].expected);
    }
    assert_string_equal(evaluated(&w, fx_get(&w.f, "lot", &other), ZH_AS_OF_NOW, cases[0].text),
                        "0");
    assert_string_equal(evaluated(&w, r, 0, cases[0].text), "0");
    end(&w);
}

/* 100,000 records may match, not one more. */
static void test_matches_cap(void **state)
{
    (void)state;
    world w;
    zh_applied lot;
    zh_value v;
    begin(&w);
    ok(&w.f, fx_create(&w.f, "lot", &lot, "no", "x", NULL));
    const zh_record *r = fx_get(&w.f, "lot", &lot);
    const char *text = "count(note where line = self.no)";
    notes(&w, "1", "'x'", 100000);
    assert_string_equal(evaluated(&w, r, ZH_AS_OF_NOW, text), "100000");
    notes(&w, "2", "'x'", 1);
    zh_program program = compiled(&w, "lot", text);
    ask(&w);
    zh_env env = zh_read_env(&w.f.ctx, w.conn, ZH_AS_OF_NOW, r);
    refused(&w, zh_eval(&program, &env, &v, &w.f.err), ZH_ELIMIT, "expr.matches");
    done(&w);
    end(&w);
}

static void test_children_and_rank(void **state)
{
    (void)state;
    world w;
    zh_applied lots[5];
    zh_applied visit;
    begin(&w);
    five_lots(&w, lots);
    const char *ref = zh_str_fmt(w.f.arena, "%s", "a").p;
    ok(&w.f, fx_create(&w.f, "visit", &visit, "no", "1", "lot", ref, "hours", "1.5", NULL));
    ok(&w.f, fx_create(&w.f, "visit", &visit, "no", "2", "lot", ref, "hours", "2", NULL));
    ok(&w.f, fx_create(&w.f, "visit", &visit, "no", "3", "lot", "b", NULL));
    const zh_record *a = fx_get(&w.f, "lot", &lots[0]);
    const zh_record *c = fx_get(&w.f, "lot", &lots[2]);
    assert_string_equal(evaluated(&w, a, ZH_AS_OF_NOW, "count(visit)"), "2");
    assert_string_equal(evaluated(&w, a, ZH_AS_OF_NOW, "sum(visit.hours)"), "3.5");
    assert_string_equal(evaluated(&w, a, ZH_AS_OF_NOW, "any(visit where hours > 1.5)"), "是");
    assert_string_equal(evaluated(&w, c, ZH_AS_OF_NOW, "count(visit)"), "0");
    /* place 420100: a has 5, c has -1; 420500: d has 5.00, b is below 0.05 */
    assert_string_equal(evaluated(&w, a, ZH_AS_OF_NOW, "rank(amount within place)"), "1");
    assert_string_equal(evaluated(&w, c, ZH_AS_OF_NOW, "rank(amount within place)"), "2");
    end(&w);
}

/* 15 days after 2026-03-02: the last is 17 March (民法典 第二百零一条). */
static void test_clocks_and_entered(void **state)
{
    (void)state;
    static const struct {
        const char *text, *before, *served, *closed;
    } cases[] = {
        {"clock.objection.due", "null", "2026-03-17", "2026-03-17"},
        {"clock.objection.open", "null", "是", "否"},
        {"clock.objection.met", "null", "否", "是"},
        {"clock.objection.breached", "null", "否", "否"},
        {"clock.objection.expired", "null", "否", "否"},
        {"entered(reported)", "2026-03-01 08:00", "2026-03-01 08:00", "2026-03-01 08:00"},
        {"entered(served)", "null", "2026-03-02 09:00", "2026-03-02 09:00"},
        {"entered(closed)", "null", "null", "2026-03-10 10:00"},
    };
    world w;
    zh_applied at;
    zh_version *versions = NULL;
    size_t n = 0;
    begin(&w);
    zh_change no = {.field = zh_register_field(fx_reg(&w.f, "lot"), ZH_STR("no")),
                    .value = zh_value_text(ZH_STR("a"))};
    zh_op op = {.kind = ZH_OP_CREATE,
                .reg = fx_reg(&w.f, "lot"),
                .changes = &no,
                .nchanges = 1,
                .at = fx_time("2026-03-01 08:00")};
    zh_findings findings = {0};
    ok(&w.f, zh_record_apply(&w.f.ctx, &op, &findings, &at));
    ok(&w.f, fx_move(&w.f, "lot", &at, "serve", fx_time("2026-03-02 09:00"), &at, "served_on",
                     "2026-03-02", NULL));
    ok(&w.f, fx_move(&w.f, "lot", &at, "close", fx_time("2026-03-10 10:00"), &at, NULL));
    ask(&w);
    ok(&w.f, zh_record_history(&w.f.ctx, w.conn, op.reg, 0, at.id, &versions, &n));
    done(&w);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) { /* each version sees what it left */
        assert_string_equal(evaluated(&w, versions[0].record, ZH_AS_OF_NOW, cases[i].text),
                            cases[i].before);
        assert_string_equal(evaluated(&w, versions[1].record, ZH_AS_OF_NOW, cases[i].text),
                            cases[i].served);
        assert_string_equal(evaluated(&w, versions[2].record, ZH_AS_OF_NOW, cases[i].text),
                            cases[i].closed);
    }
    end(&w);
}

/* ---- counts ---------------------------------------------------------------------------------- */

static void counted(world *w, const zh_list_query *q, zh_group group, const char *expected)
{
    zh_counts counts;
    zh_buf out;
    zh_buf_init(&out, 4096);
    ok(&w->f, zh_count(&w->f.ctx, w->conn, q, &group, 1, &counts));
    for (size_t i = 0; i < counts.n; i++) {
        const zh_count_row *row = &counts.rows[i];
        zh_buf_fmt(&out, "%s%.*s:%" PRId64, i ? " " : "",
                   ZH_FMT(row->keys[0].p ? row->keys[0] : ZH_STR("-")), row->n);
    }
    assert_string_equal(zh_str_c(w->f.arena, zh_buf_view(&out)), expected);
    zh_buf_free(&out);
}

/* A day begins at 00:00 +08:00, also before 1970 and at the ends of the calendar; answered by the
 * database and, when a filter needs the program, by a scan. */
static void test_count_by_period(void **state)
{
    (void)state;
    static const char *const times[] = {
        "2026-03-05T15:59:59.999999Z", "2026-03-05T16:00:00Z", "2026-03-31 23:59:59",
        "1969-12-31 23:59:59",         "1970-01-01 00:00",     "0001-01-01 00:00",
        "9999-12-31 23:59:59.999999"};
    world w;
    zh_applied lot;
    begin(&w);
    for (size_t i = 0; i < ZH_COUNTOF(times); i++) {
        zh_change changes[] = {
            {.field = zh_register_field(fx_reg(&w.f, "lot"), ZH_STR("no")),
             .value = zh_value_text(zh_str_fmt(w.f.arena, "%zu", i))},
            {.field = zh_register_field(fx_reg(&w.f, "lot"), ZH_STR("sampled_at")),
             .value = zh_value_time(fx_time(times[i]))},
        };
        zh_op op = {.kind = ZH_OP_CREATE, .reg = changes[0].field->owner, .changes = changes};
        op.nchanges = 2;
        zh_findings findings = {0};
        ok(&w.f, zh_record_apply(&w.f.ctx, &op, &findings, &lot));
    }
    ask(&w);
    zh_program beyond = compiled(&w, "lot", "len(no) = 1");
    zh_list_query q = query_of(&w, "lot");
    zh_group g = {.field = zh_register_field(q.reg, ZH_STR("sampled_at"))};
    for (int i = 0; i < 2; i++) {
        g.grain = ZH_GRAIN_DAY;
        counted(&w, &q, g,
                "0001-01-01:1 1969-12-31:1 1970-01-01:1 2026-03-05:1 2026-03-06:1 2026-03-31:1 "
                "9999-12-31:1");
        g.grain = ZH_GRAIN_MONTH;
        counted(&w, &q, g, "2026-03:3 0001-01:1 1969-12:1 1970-01:1 9999-12:1");
        g.grain = ZH_GRAIN_QUARTER;
        counted(&w, &q, g, "2026Q1:3 0001Q1:1 1969Q4:1 1970Q1:1 9999Q4:1");
        g.grain = ZH_GRAIN_HALF;
        counted(&w, &q, g, "2026H1:3 0001H1:1 1969H2:1 1970H1:1 9999H2:1");
        g.grain = ZH_GRAIN_YEAR;
        counted(&w, &q, g, "2026:3 0001:1 1969:1 1970:1 9999:1");
        q.where = &beyond;
    }
    done(&w);
    end(&w);
}

static void test_count_caps(void **state)
{
    (void)state;
    world w;
    zh_counts counts;
    begin(&w);
    notes(&w, "1", "CAST(i % 1001 AS TEXT)", 2002);
    ask(&w);
    zh_list_query q = query_of(&w, "note");
    zh_list_query lots = query_of(&w, "lot");
    zh_group groups[3] = {{.field = zh_register_field(q.reg, ZH_STR("line"))},
                          {.is_state = true},
                          {.field = zh_register_field(q.reg, ZH_STR("no"))}};
    ok(&w.f, zh_count(&w.f.ctx, w.conn, &q, groups, 1, &counts));
    assert_int_equal(counts.total, 2002);
    assert_int_equal(counts.distinct, 1001);
    assert_int_equal(counts.n, ZH_FACET_MAX);
    assert_int_equal(counts.other, 2);
    assert_false(counts.complete);
    zh_program where = compiled(&w, "note", "line != '7'");
    q.where = &where;
    ok(&w.f, zh_count(&w.f.ctx, w.conn, &q, groups, 2, &counts));
    assert_int_equal(counts.total, 2000);
    assert_int_equal(counts.n, ZH_FACET_MAX);
    assert_int_equal(counts.other, 0);
    assert_true(counts.complete);
    assert_true(zh_str_is(counts.rows[0].keys[0], "0"));
    assert_true(zh_str_is(counts.rows[0].labels[1], "已登记"));
    refused(&w, zh_count(&w.f.ctx, w.conn, &q, groups, 3, &counts), ZH_ELIMIT, "count.by");
    groups[0].field = zh_register_field(lots.reg, ZH_STR("items"));
    refused(&w, zh_count(&w.f.ctx, w.conn, &lots, groups, 1, &counts), ZH_EINVAL, "count.by");
    groups[0].field = &groups[0].field->columns[1];
    refused(&w, zh_count(&w.f.ctx, w.conn, &lots, groups, 1, &counts), ZH_EINVAL, "count.by");
    done(&w);
    end(&w);
}

static void test_offices_cap(void **state)
{
    (void)state;
    world w;
    begin(&w);
    notes(&w, "i", "NULL", 4096);
    ask(&w);
    zh_list_query q = query_of(&w, "note");
    zh_page page;
    q.limit = 3;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 3);
    assert_int_equal(page.records[0]->office, 4096); /* the newest day */
    done(&w);
    notes(&w, "5000", "NULL", 1);
    ask(&w);
    refused(&w, zh_list(&w.f.ctx, w.conn, &q, &page), ZH_ELIMIT, "query.offices");
    done(&w);
    end(&w);
}

/* ---- scans ----------------------------------------------------------------------------------- */

typedef struct rows_seen {
    size_t records, rows;
    int64_t last;
    bool ordered;
} rows_seen;

static zh_rc see_rows(void *user, zh_ctx *ctx, const zh_record *r)
{
    rows_seen *seen = user;
    const zh_rows *rows = &r->tables[8];
    (void)ctx;
    seen->ordered = seen->ordered && r->id > seen->last;
    seen->last = r->id;
    for (size_t i = 0; i < rows->n; i++) { /* each row names its record */
        zh_str item = rows->values[i * 2].text;
        seen->ordered = seen->ordered && zh_str_eq(item, r->values[0].text);
    }
    seen->records++;
    seen->rows += rows->n;
    return ZH_OK;
}

/* More records than are read at a time, some without child rows; amended ones show the rows of the
 * version that is asked for. */
static void test_scan_with_tables(void **state)
{
    (void)state;
    world w;
    zh_applied lot;
    int64_t size = 0;
    enum { LOTS = 150 };
    begin(&w);
    for (size_t i = 0; i < LOTS; i++) {
        const char *no = zh_str_fmt(w.f.arena, "n%zu", i).p;
        const char *rows = zh_str_fmt(w.f.arena, "%s,1;%s,2;%s,3", no, no, no).p;
        ok(&w.f, fx_create(&w.f, "lot", &lot, "no", no, "items", i % 3 ? rows : "", NULL));
    }
    ok(&w.f, zh_sequence(w.f.core, &size, &w.f.err));
    ok(&w.f, fx_amend(&w.f, "lot", &lot, &lot, "items", "n149,9", NULL));
    zh_program in_program = compiled(&w, "lot", "len(no) > 2 and count(items) > 0");
    static const struct {
        bool as_of, filtered;
        size_t records, rows;
    } cases[] = {{false, false, 150, 298},
                 {true, false, 150, 300},
                 {false, true, 94, 280},
                 {true, true, 94, 282}};
    ask(&w);
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        rows_seen seen = {.ordered = true};
        zh_list_query q = query_of(&w, "lot");
        q.with_tables = true;
        q.as_of = cases[i].as_of ? size : ZH_AS_OF_NOW;
        q.where = cases[i].filtered ? &in_program : NULL;
        ok(&w.f, zh_scan(&w.f.ctx, w.conn, &q, see_rows, &seen));
        assert_int_equal(seen.records, cases[i].records);
        assert_int_equal(seen.rows, cases[i].rows);
        assert_true(seen.ordered);
    }
    done(&w);
    end(&w);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* What does not fit into the reader's memory is an error that says so. */
static void test_budget(void **state)
{
    (void)state;
    world w;
    zh_applied lot;
    begin(&w);
    notes(&w, "1", "'内容'", 3000);
    zh_buf rows;
    zh_buf_init(&rows, 1 << 20);
    for (int i = 0; i < 4000; i++) {
        zh_buf_fmt(&rows, "%sr%d,1", i ? ";" : "", i);
    }
    const char *text = zh_str_c(w.f.arena, zh_buf_view(&rows));
    ok(&w.f, fx_create(&w.f, "lot", &lot, "no", "big", "items", text, NULL));
    zh_buf_free(&rows);
    ask(&w);
    zh_ctx small = w.f.ctx;
    small.arena = zh_arena_new((size_t)256 << 10);
    zh_list_query q = query_of(&w, "note");
    zh_page page;
    zh_record *r = NULL;
    size_t seen = 0;
    q.limit = 1000;
    refused(&w, zh_list(&small, w.conn, &q, &page), ZH_ELIMIT, "read.budget");
    zh_arena_reset(small.arena);
    q.limit = 100;
    ok(&w.f, zh_list(&small, w.conn, &q, &page));
    zh_arena_reset(small.arena);
    ok(&w.f, zh_scan(&small, w.conn, &q, ignore_record, &seen)); /* one after the other */
    assert_int_equal(seen, 3000);
    refused(&w, zh_record_get(&small, w.conn, fx_reg(&w.f, "lot"), 0, lot.id, ZH_AS_OF_NOW, &r),
            ZH_ELIMIT, "read.budget");
    zh_arena_reset(small.arena);
    q = query_of(&w, "lot");
    q.with_tables = true;
    refused(&w, zh_scan(&small, w.conn, &q, ignore_record, &seen), ZH_ELIMIT, "read.budget");
    zh_arena_free(small.arena);
    done(&w);
    end(&w);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static void plan_has(world *w, const zh_list_query *q, const char *index)
{
    zh_str plan = ZH_STR_NONE;
    ok(&w->f, zh_list_plan(&w->f.ctx, w->conn, q, &plan));
    const char *text = zh_str_c(w->f.arena, plan);
    bool sorts = strstr(text, "TEMP B-TREE") != NULL || strstr(text, "Sort") != NULL;
    bool scans = strstr(text, "SCAN") != NULL || strstr(text, "Seq Scan") != NULL;
    if (strstr(text, index) == NULL || sorts || scans) {
        print_error("plan without %s, or with a sort or a scan:\n%s\n", index, text);
    }
    assert_non_null(strstr(text, index));
    assert_false(sorts || scans);
}

/* The default list walks its index, on the first page and after a cursor, also with a filter and a
 * row scope that no index serves. */
static void test_default_list_plan(void **state)
{
    (void)state;
    world w;
    begin(&w);
    notes(&w, "1", "CAST(i AS TEXT)", 20000);
    ask(&w);
    zh_program where = compiled(&w, "note", "line != '7'");
    zh_list_query q = query_of(&w, "note");
    zh_page page;
    q.limit = 50;
    plan_has(&w, &q, "i_r_note_sort");
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    q.after = page.next;
    plan_has(&w, &q, "i_r_note_sort");
    q.after = ZH_STR("");
    q.where = &where;
    plan_has(&w, &q, "i_r_note_sort");
    w.f.ctx.rows = &where;
    q.where = NULL;
    plan_has(&w, &q, "i_r_note_sort");
    w.f.ctx.rows = NULL;
    done(&w);
    end(&w);
}

/* Who sees one office of a large register is not made to look at the others: of them only what the
 * own office handles is asked for, by an index of such rows; lists and bounded counts are whole. */
static void test_office_scope(void **state)
{
    (void)state;
    world w;
    zh_conn *conn = NULL;
    zh_page page;
    zh_counts counts;
    zh_str plan = ZH_STR_NONE;
    const zh_post post = {.role = ZH_STR("officer"), .scope = ZH_SCOPE_OFFICE, .office = 2};
    begin(&w);
    notes(&w, "1", "CAST(i AS TEXT)", 30000);
    notes(&w, "2", "CAST(i AS TEXT)", 40);
    ok(&w.f, zh_store_writer(zh_core_store(w.f.core), &conn, &w.f.err));
    ok(&w.f, zh_exec(conn, "UPDATE r_note SET handler_office = 2 WHERE office = 2", &w.f.err));
    ok(&w.f,
       zh_exec(conn,
               "UPDATE r_note SET handler_office = 2 WHERE office = 1 AND id IN (7, 25, 9999)",
               &w.f.err));
    ok(&w.f, zh_exec(conn, "ANALYZE", &w.f.err));
    zh_store_release(conn);
    ask(&w);
    w.f.ctx.post = &post;
    w.f.ctx.role = post.role;
    zh_list_query q = query_of(&w, "note");
    q.limit = 100;
    q.brief = true;
    ok(&w.f, zh_list(&w.f.ctx, w.conn, &q, &page));
    assert_int_equal(page.n, 43);
    assert_int_equal(page.next.n, 0);
    ok(&w.f, zh_list_plan(&w.f.ctx, w.conn, &q, &plan)); /* of the first lane: office 1 */
    const char *text = zh_str_c(w.f.arena, plan);
    if (strstr(text, "handed") == NULL || strstr(text, "i_r_note_sort") != NULL) {
        print_error("%s\n", text);
    }
    assert_non_null(strstr(text, "i_r_note_handed"));
    assert_null(strstr(text, "i_r_note_sort"));
    q.examine_max = 1000;
    ok(&w.f, zh_count(&w.f.ctx, w.conn, &q, NULL, 0, &counts));
    assert_int_equal(counts.total, 43);
    assert_false(counts.at_least);
    w.f.ctx.post = NULL;
    w.f.ctx.role = ZH_STR("operator");
    done(&w);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_belongs_to_its_query),
        cmocka_unit_test(test_cursor_is_read_strictly),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_nulls_last),
        cmocka_unit_test(test_search_words),
        cmocka_unit_test(test_search_caps),
        cmocka_unit_test(test_examine_cap),
        cmocka_unit_test(test_row_scope),
        cmocka_unit_test(test_actor_of_the_record),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_references_as_at),
        cmocka_unit_test(test_bounded_query),
        cmocka_unit_test(test_matches_cap),
        cmocka_unit_test(test_children_and_rank),
        cmocka_unit_test(test_clocks_and_entered),
        cmocka_unit_test(test_count_by_period),
        cmocka_unit_test(test_count_caps),
        cmocka_unit_test(test_offices_cap),
        cmocka_unit_test(test_scan_with_tables),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_default_list_plan),
        cmocka_unit_test(test_office_scope),
    };
    const char *const *backends = NULL;
    int failed = 0;
    size_t n = fx_backends(&backends);
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
