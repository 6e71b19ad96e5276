/* The desk shows what is due to those whose turn it is, and to nobody else. Expected ends are
 * worked out by hand: 15 days from 送达 with the roll-over of 民法典 第二百零三条 (see test_due.c).
 * Both databases when ZH_TEST_PG_URL is set. */
#include "core/people/desk.h"
#include "core/read/permission.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char PAPER[] =
    "registers:\n"
    "  - id: paper\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 报告\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    home: place\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region, required: true}\n"
    "      - {id: who, label: 姓名, type: string, pipl: personal, mask: 张*}\n"
    "    states:\n"
    "      - {id: draft, label: 起草, initial: true}\n"
    "      - {id: sent, label: 送审}\n"
    "      - {id: done, label: 完成, terminal: true}\n"
    "    transitions:\n"
    "      - {id: send, label: 送审, from: draft, to: sent, roles: [officer]}\n"
    "      - {id: back, label: 退回, kind: return, from: sent, to: draft, roles: [reviewer]}\n"
    "      - {id: finish, label: 完成, from: sent, to: done, roles: [reviewer]}\n"
    "    clocks:\n"
    "      - {id: write, label: 起草期限, start: draft, stop: [send],\n"
    "         versions: [{from: 2020-01-01, amount: 3, unit: day}]}\n"
    "    access:\n"
    "      - {role: officer, can: [read, create, transition], mask: [who]}\n"
    "      - {role: reviewer, can: [read, transition]}\n"
    "      - {role: viewer, can: [read]}\n";

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

static void open_world(world *w)
{
    fx_open(&w->f, PAPER);
    w->conn = NULL;
}

static void read_now(world *w)
{
    ok(&w->f, zh_store_reader(zh_core_store(w->f.core), &w->conn, &w->f.err));
}

static void close_world(world *w)
{
    zh_store_release(w->conn);
    fx_close(&w->f);
}

static zh_ctx in_post(world *w, const zh_post *post, const char *actor)
{
    zh_ctx ctx = w->f.ctx;
    ctx.post = post;
    ctx.role = post->role;
    ctx.actor = zh_str_of(actor);
    return ctx;
}

static zh_post post_of(const char *role, int64_t office)
{
    return (zh_post){.role = zh_str_of(role),
                     .scope = office == 0 ? ZH_SCOPE_ALL : ZH_SCOPE_SUBTREE,
                     .office = office,
                     .region = ZH_STR("420000")};
}

static void serve_sample(fixture *f, const char *no, const char *place, const char *served)
{
    zh_applied at;
    ok(f, fx_create(f, "sample", &at, "report_no", no, "place", place, "sampled_at",
                    "2026-03-01 08:00", NULL));
    zh_str when = zh_str_fmt(f->arena, "%s 09:00", served);
    ok(f, fx_move(f, "sample", &at, "serve", fx_time(when.p), &at, "served_on", served, NULL));
}

static void test_stretches(void **state)
{
    (void)state;
    static const struct {
        const char *now, *due;
        zh_desk_when when;
    } cases[] = {
        /* 2026-03-18 is a Wednesday; its week ends with Sunday the 22nd */
        {"2026-03-18 09:00", "2026-03-18 09:00", ZH_DESK_OVERDUE},
        {"2026-03-18 09:00", "2026-03-18 09:01", ZH_DESK_TODAY},
        {"2026-03-18 09:00", "2026-03-19", ZH_DESK_TODAY},
        {"2026-03-18 09:00", "2026-03-19 00:01", ZH_DESK_WEEK},
        {"2026-03-18 09:00", "2026-03-23", ZH_DESK_WEEK},
        {"2026-03-18 09:00", "2026-03-23 00:01", ZH_DESK_LATER},
        {"2026-03-22 09:00", "2026-03-23", ZH_DESK_TODAY}, /* on Sunday nothing is left of it */
        {"2026-03-22 09:00", "2026-03-24", ZH_DESK_LATER},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        assert_int_equal(zh_desk_when_of(fx_time(cases[i].now), fx_time(cases[i].due)),
                         cases[i].when);
    }
}

static void counts_are(world *w, zh_ctx *ctx, const char *now, const int64_t expected[4])
{
    zh_desk_counts counts;
    ok(&w->f, zh_desk_count(ctx, w->conn, fx_time(now), &counts));
    for (size_t i = 0; i < ZH_DESK_WHENS; i++) {
        zh_desk_list list;
        assert_int_equal(counts.n[i], expected[i]);
        ok(&w->f, zh_desk_due(ctx, w->conn, fx_time(now), (zh_desk_when)i, NULL, NULL,
                              ZH_DESK_ITEMS_MAX, &list));
        assert_int_equal(list.n, expected[i]); /* a count is the length of its list */
    }
    for (size_t i = 0; i < ZH_DESK_DAYS; i++) {
        zh_desk_list list;
        ok(&w->f, zh_desk_due_on(ctx, w->conn, counts.monday + (zh_date)i, NULL, NULL,
                                 ZH_DESK_ITEMS_MAX, &list));
        assert_int_equal(list.n, counts.days[i]);
    }
    assert_false(counts.at_least);
}

static void test_due(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    /* 15 days: to 17 March (Tuesday); to 22 March, a Sunday, hence the 23rd; to 31 March */
    serve_sample(&w.f, "R-1", "武汉市", "2026-03-02");
    serve_sample(&w.f, "R-2", "宜昌市", "2026-03-07");
    serve_sample(&w.f, "R-3", "武汉市", "2026-03-16");
    read_now(&w);
    const zh_post handler = post_of("handler", 0);
    const zh_post wuhan = post_of("handler", 420100);
    const zh_post viewer = post_of("viewer", 0);
    const zh_post stranger = post_of("stranger", 0);
    zh_ctx ctx = in_post(&w, &handler, "u1");
    counts_are(&w, &w.f.ctx, "2026-03-17 09:00", (const int64_t[]){0, 1, 0, 2});
    counts_are(&w, &ctx, "2026-03-17 09:00", (const int64_t[]){0, 1, 0, 2});
    counts_are(&w, &ctx, "2026-03-18 00:00", (const int64_t[]){1, 0, 0, 2});
    counts_are(&w, &ctx, "2026-03-23 09:00", (const int64_t[]){1, 1, 0, 1});
    zh_desk_counts counts;
    ok(&w.f, zh_desk_count(&ctx, w.conn, fx_time("2026-03-17 09:00"), &counts));
    assert_int_equal(counts.monday, zh_date_of(2026, 3, 16));
    assert_int_equal(counts.days[1], 1); /* Tuesday the 17th */
    assert_int_equal(counts.days[7], 1); /* Monday the 23rd; the 31st is beyond the fortnight */
    zh_desk_list list;
    ok(&w.f,
       zh_desk_due(&ctx, w.conn, fx_time("2026-03-17 09:00"), ZH_DESK_ANY, NULL, NULL, 2, &list));
    assert_int_equal(list.n, 2);
    assert_true(list.more);
    assert_string_equal(fx_text(&w.f, list.items[0].record, "report_no"), "R-1");
    assert_int_equal(list.items[0].state.due_at, fx_time("2026-03-18"));
    assert_string_equal(fx_text(&w.f, list.items[1].record, "report_no"), "R-2");
    assert_int_equal(list.items[1].state.due_at, fx_time("2026-03-24"));
    /* One's own region only; nothing for those who may not act or not read. What the office of the
     * writer handles is seen there, so the region is of another installation's office. */
    ctx = in_post(&w, &wuhan, "u1");
    counts_are(&w, &ctx, "2026-03-17 09:00", (const int64_t[]){0, 1, 0, 1});
    ctx = in_post(&w, &viewer, "u1");
    counts_are(&w, &ctx, "2026-03-17 09:00", (const int64_t[]){0, 0, 0, 0});
    ctx = in_post(&w, &stranger, "u1");
    counts_are(&w, &ctx, "2026-03-17 09:00", (const int64_t[]){0, 0, 0, 0});
    assert_int_equal(
        zh_desk_due(&ctx, w.conn, 0, ZH_DESK_ANY, NULL, NULL, ZH_DESK_ITEMS_MAX + 1, &list),
        ZH_ELIMIT);
    close_world(&w);
}

/* A record that was suspended, ended or is over is not due. */
static void test_not_due(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    zh_applied at;
    ok(&w.f, fx_create(&w.f, "sample", &at, "report_no", "R-1", "place", "武汉市", "sampled_at",
                       "2026-03-01 08:00", NULL));
    ok(&w.f, fx_move(&w.f, "sample", &at, "serve", fx_time("2026-03-02 09:00"), &at, "served_on",
                     "2026-03-02", NULL));
    ok(&w.f, fx_move(&w.f, "sample", &at, "object", fx_time("2026-03-04 09:00"), &at, NULL));
    read_now(&w);
    counts_are(&w, &w.f.ctx, "2026-03-17 09:00", (const int64_t[]){0, 0, 0, 0});
    close_world(&w);
}

static void test_hands(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    fixture *f = &w.f;
    zh_applied a;
    zh_applied b;
    zh_applied c;
    f->ctx.actor = ZH_STR("u1");
    ok(f, fx_create(f, "paper", &a, "no", "P-1", "place", "武汉市", "who", "张三丰", NULL));
    ok(f, fx_create(f, "paper", &b, "no", "P-2", "place", "武汉市", NULL));
    f->ctx.actor = ZH_STR("u2");
    ok(f, fx_create(f, "paper", &c, "no", "P-3", "place", "宜昌市", NULL));
    ok(f, fx_move(f, "paper", &a, "send", 0, &a, NULL));
    ok(f, fx_move(f, "paper", &a, "back", 0, &a, NULL));
    ok(f, fx_move(f, "paper", &b, "send", 0, &b, NULL));
    ok(f, fx_move(f, "paper", &c, "send", 0, &c, NULL));
    ok(f, fx_move(f, "paper", &c, "finish", 0, &c, NULL));
    f->ctx.actor = ZH_STR("operator");
    read_now(&w);
    const zh_post officer = post_of("officer", 0);
    const zh_post reviewer = post_of("reviewer", 0);
    zh_desk_list list;
    zh_ctx ctx = in_post(&w, &officer, "u1");
    ok(f, zh_desk_returned(&ctx, w.conn, 10, &list));
    assert_int_equal(list.n, 1);
    assert_string_equal(fx_text(f, list.items[0].record, "no"), "P-1");
    assert_string_equal(fx_text(f, list.items[0].record, "who"), "张**"); /* masked here too */
    assert_true(zh_str_is(list.items[0].transition, "back"));
    ok(f, zh_desk_begun(&ctx, w.conn, 10, &list));
    assert_int_equal(list.n, 2);
    ctx.actor = ZH_STR("u2"); /* what u2 began is over */
    ok(f, zh_desk_begun(&ctx, w.conn, 10, &list));
    assert_int_equal(list.n, 0);
    ctx = in_post(&w, &reviewer, "u1"); /* it is not the reviewer's turn in a draft */
    ok(f, zh_desk_returned(&ctx, w.conn, 10, &list));
    assert_int_equal(list.n, 0);
    ok(f, zh_desk_begun(&f->ctx, w.conn, 10, &list));
    assert_int_equal(list.n, 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_not_due),
        cmocka_unit_test(test_hands),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
