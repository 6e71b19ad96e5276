/* Who is told what, that it is told in the transaction of its cause, once, and never to one who may
 * not see it; the queue of what leaves; the digest of a day. Both databases when ZH_TEST_PG_URL is
 * set. */
#include "app/notify.h"
#include "core/people/holder.h"
#include "core/people/identity.h"
#include "core/record/pending.h"
#include "core_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_US ((zh_time)86400 * 1000000)

static const char MODEL[] =
    "registers:\n"
    "  - id: post\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 岗位\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 编号, type: string, required: true}\n"
    "      - {id: holder, label: 登录名, type: string, required: true}\n"
    "      - {id: role, label: 角色, type: string, required: true}\n"
    "      - {id: scope, label: 范围, type: string, required: true}\n"
    "      - {id: place, label: 区划, type: code, system: region}\n"
    "      - {id: organisation, label: 企业, type: ref, to: firm}\n"
    "      - {id: term, label: 任期, type: period, required: true}\n"
    "      - {id: offices, label: 自定义的机构, type: \"code[]\", system: region}\n"
    "    states:\n"
    "      - {id: active, label: 在任, initial: true}\n"
    "      - {id: ended, label: 终止, terminal: true}\n"
    "    transitions:\n"
    "      - {id: end, label: 终止, from: active, to: ended}\n"
    "  - id: affair\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 事项\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    home: place\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region, required: true}\n"
    "      - {id: firm, label: 企业, type: ref, to: firm}\n"
    "      - {id: helper, label: 协办, type: string}\n"
    "      - {id: phone, label: 电话, type: string, pipl: personal}\n"
    "      - {id: lookup, label: 查询码, type: string, max: 10}\n"
    "    states:\n"
    "      - {id: draft, label: 起草, initial: true}\n"
    "      - {id: sent, label: 送审}\n"
    "      - {id: done, label: 完成, terminal: true}\n"
    "    transitions:\n"
    "      - {id: send, label: 送审, from: draft, to: sent, roles: [officer], notify: [reviewer, "
    "guest]}\n"
    "      - {id: back, label: 退回, kind: return, from: sent, to: draft, roles: [reviewer]}\n"
    "      - {id: finish, label: 完成, from: sent, to: done, roles: [reviewer],\n"
    "         notify: [firm, helper, creator]}\n"
    "      - {id: seal, label: 用印, from: sent, to: done, roles: [officer, reviewer],\n"
    "         two_person: true}\n"
    "    clocks:\n"
    "      - {id: limit, label: 审查期限, start: sent, stop: [finish], warn: [1 day],\n"
    "         versions: [{from: 2020-01-01, amount: 3, unit: day}]}\n"
    "    notify: [helper]\n"
    "    contact: {audience: guest, phone: phone, code: lookup}\n"
    "    access:\n"
    "      - {role: officer, can: [read, create, transition]}\n"
    "      - {role: reviewer, can: [read, transition, erase_two]}\n"
    "      - {role: firm, rows: \"firm = self\", can: [read]}\n"
    "      - {role: guest, can: [export]}\n";

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

static void person(fixture *f, const char *login, const char *role, const char *scope,
                   const char *place, const char *firm)
{
    zh_applied at;
    ok(f, zh_account_create(f->core, zh_str_of(login), zh_str_of(login),
                            ZH_STR("一句只有测试知道的话"), &f->err));
    ok(f, fx_create(f, "post", &at, "code", login, "holder", login, "role", role, "scope", scope,
                    "term", "2020-01-01/..", NULL));
    zh_record *post = fx_get(f, "post", &at);
    at.version = post->version;
    if (place != NULL) {
        ok(f, fx_amend(f, "post", &at, &at, "place", place, NULL));
    }
    if (firm != NULL) {
        ok(f, fx_amend(f, "post", &at, &at, "organisation", firm, NULL));
    }
}

static void open_world(world *w)
{
    zh_applied firm;
    fixture *f = &w->f;
    fx_open(f, MODEL);
    w->conn = NULL;
    ok(f, fx_create(f, "firm", &firm, "code", "F1", "name", "甲厂", NULL));
    ok(f, fx_create(f, "firm", &firm, "code", "F2", "name", "乙厂", NULL));
    person(f, "off", "officer", "all", NULL, NULL);
    person(f, "wuhan", "reviewer", "subtree", "武汉市", NULL);
    person(f, "yichang", "reviewer", "subtree", "宜昌市", NULL);
    person(f, "jiafirm", "firm", "all", NULL, "F1");
    person(f, "yifirm", "firm", "all", NULL, "F2");
    person(f, "guest", "guest", "all", NULL, NULL);
}

static void close_world(world *w)
{
    zh_store_release(w->conn);
    fx_close(&w->f);
}

static void as(fixture *f, const char *login)
{
    f->ctx.actor = zh_str_of(login);
}

static zh_notice_run tell(fixture *f)
{
    zh_notice_run run;
    ok(f, zh_notices_run(f->core, zh_now(), &run, &f->err));
    return run;
}

static int64_t copies(fixture *f, const char *login)
{
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM zh_inbox WHERE login = '%s'", login);
    return fx_count(f, sql);
}

static void told(fixture *f, int64_t off, int64_t wuhan, int64_t yichang, int64_t jia, int64_t yi)
{
    (void)tell(f);
    assert_int_equal(copies(f, "off"), off);
    assert_int_equal(copies(f, "wuhan"), wuhan);
    assert_int_equal(copies(f, "yichang"), yichang);
    assert_int_equal(copies(f, "jiafirm"), jia);
    assert_int_equal(copies(f, "yifirm"), yi);
    assert_int_equal(copies(f, "guest"), 0); /* may not read */
}

static zh_applied affair(fixture *f, const char *no, const char *place)
{
    zh_applied at;
    as(f, "off");
    ok(f, fx_create(f, "affair", &at, "no", no, "place", place, "firm", "F1", NULL));
    return at;
}

static void test_audiences(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    open_world(&w);
    zh_applied at = affair(f, "A-1", "武汉市");
    told(f, 0, 0, 0, 0, 0); /* a new one is told to its helper, and it has none */
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    told(f, 0, 1, 0, 0, 0); /* reviewers who may see it */
    as(f, "wuhan");
    ok(f, fx_move(f, "affair", &at, "back", 0, &at, NULL));
    told(f, 1, 1, 0, 0, 0); /* a return tells whoever made it */
    as(f, "off");
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    as(f, "wuhan");
    ok(f, fx_move(f, "affair", &at, "finish", 0, &at, "helper", "yichang", NULL));
    told(f, 2, 2, 0, 1, 0); /* the helper may not see it; its firm may, the other not */
    told(f, 2, 2, 0, 1, 0); /* once */
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_notice WHERE done_at IS NULL"), 0);
    as(f, "wuhan"); /* not of one's own doing */
    ok(f, fx_create(f, "affair", &at, "no", "A-2", "place", "武汉市", "helper", "wuhan", NULL));
    told(f, 2, 2, 0, 1, 0);
    as(f, "off");
    ok(f, fx_create(f, "affair", &at, "no", "A-3", "place", "武汉市", "helper", "wuhan", NULL));
    told(f, 2, 3, 0, 1, 0);
    ok(f, zh_account_disable(f->core, ZH_STR("wuhan"), true, &f->err));
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    told(f, 2, 3, 0, 1, 0);
    close_world(&w);
}

/* Who was given chosen offices is told of what happens in them, and of nothing else. */
static void test_chosen_offices(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    char office[24];
    open_world(&w);
    zh_applied at = affair(f, "A-1", "武汉市");
    zh_applied post;
    snprintf(office, sizeof office, "%" PRId64, zh_core_office(f->core));
    const char *const offices[] = {office, "420500"};
    const char *const logins[] = {"inside", "outside"};
    for (size_t i = 0; i < ZH_COUNTOF(logins); i++) {
        person(f, logins[i], "reviewer", "custom", NULL, NULL);
        zh_str key = zh_str_of(logins[i]);
        zh_record *record = NULL;
        zh_value code = zh_value_text(key);
        zh_conn *conn = NULL;
        ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
        ok(f, zh_record_by_key(&f->ctx, conn, fx_reg(f, "post"), &code.text, &record));
        zh_store_release(conn);
        post = (zh_applied){record->office, record->id, record->version};
        ok(f, fx_amend(f, "post", &post, &post, "offices", offices[i], NULL));
    }
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    assert_int_equal(copies(f, "inside"), 1);
    assert_int_equal(copies(f, "outside"), 0);
    close_world(&w);
}

/* A party without an account is told by the contact of its record: one row, in which nothing of the
 * person stands; what is said is the record's number and its code. */
static void test_contact(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    zh_applied at;
    zh_contact contact;
    zh_notify_settings settings = {.from_name = ZH_STR("质衡"), .url = ZH_STR("https://z.example")};
    open_world(&w);
    at = affair(f, "A-1", "武汉市");
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_delivery"), 0); /* no way to reach them */
    as(f, "off");
    ok(f,
       fx_create(f, "affair", &at, "no", "A-2", "place", "武汉市", "phone", "13800000000", NULL));
    (void)tell(f);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_delivery"), 0); /* is not meant yet */
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    assert_int_equal(
        fx_count(f, "SELECT COUNT(*) FROM zh_delivery WHERE channel = 'contact' AND state = "
                    "'waiting' AND login = '' AND target = '' AND subject = '' AND body = ''"),
        1);
    (void)tell(f);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_delivery"), 1);
    const zh_record *record = fx_get(f, "affair", &at);
    assert_true(zh_contact_of(record->reg, &contact));
    const char *code = fx_text(f, record, "lookup");
    assert_int_equal(strlen(code), 10);
    assert_int_equal(strspn(code, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"), 10);
    zh_str said = zh_notify_contact_text(f->arena, &settings, record, &contact);
    assert_true(zh_str_find(said, ZH_STR("A-2")) > 0);
    assert_true(zh_str_find(said, zh_str_of(code)) > 0);
    assert_true(zh_str_find(said, ZH_STR("https://z.example")) > 0);
    assert_true(zh_str_find(said, ZH_STR("13800000000")) < 0);
    /* another record, another code */
    at = affair(f, "A-3", "武汉市");
    assert_string_not_equal(fx_text(f, fx_get(f, "affair", &at), "lookup"), code);
    close_world(&w);
}

static void test_same_transaction(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    open_world(&w);
    zh_applied at = affair(f, "A-1", "武汉市");
    zh_applied stale = at;
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    assert_int_equal(fx_move(f, "affair", &stale, "send", 0, &stale, NULL), ZH_ECONFLICT);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_notice WHERE cause = 'transition'"), 1);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_notice n JOIN r_affair_h h ON h.office = "
                                 "n.office AND h.id = n.record AND h.version = n.version"),
                     2);
    /* a history that is imported tells nobody */
    zh_change changes[] = {
        {.field = zh_register_field(fx_reg(f, "affair"), ZH_STR("no")),
         .value = zh_value_text(ZH_STR("A-9"))},
        {.field = zh_register_field(fx_reg(f, "affair"), ZH_STR("place")),
         .value = zh_value_text(ZH_STR("420100"))},
    };
    zh_op old = {.kind = ZH_OP_CREATE,
                 .reg = fx_reg(f, "affair"),
                 .changes = changes,
                 .nchanges = ZH_COUNTOF(changes),
                 .at = zh_now() - 40 * DAY_US};
    ok(f, zh_record_apply(&f->ctx, &old, &f->findings, &at));
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_notice WHERE cause = 'created'"), 1);
    close_world(&w);
}

static zh_notice_list groups(world *w, const char *login, bool all)
{
    zh_notice_list list;
    zh_holder *holders = NULL;
    size_t n = 0;
    if (w->conn == NULL) {
        ok(&w->f, zh_store_reader(zh_core_store(w->f.core), &w->conn, &w->f.err));
    }
    ok(&w->f, zh_holders(&w->f.ctx, w->conn, &holders, &n));
    for (size_t i = 0; i < n; i++) {
        if (zh_str_is(holders[i].login, login)) {
            zh_ctx ctx = zh_ctx_as(&w->f.ctx, &holders[i]);
            ok(&w->f, zh_notice_groups(&ctx, w->conn, all, 20, holders[i].code, &list));
            return list;
        }
    }
    fail_msg("%s holds no post", login);
    return (zh_notice_list){0};
}

static void test_inbox(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    open_world(&w);
    zh_applied one = affair(f, "A-1", "武汉市");
    zh_applied two = affair(f, "A-2", "武汉市");
    ok(f, fx_move(f, "affair", &one, "send", 0, &one, NULL));
    ok(f, fx_move(f, "affair", &two, "send", 0, &two, NULL));
    ok(f, fx_move(f, "affair", &one, "back", 0, &one, NULL));
    ok(f, fx_move(f, "affair", &one, "send", 0, &one, NULL));
    (void)tell(f);
    zh_notice_list list = groups(&w, "wuhan", false);
    assert_int_equal(list.n, 2); /* by record, not by event */
    assert_int_equal(list.groups[0].id, one.id);
    assert_int_equal(list.groups[0].n, 2);
    assert_int_equal(list.groups[0].unread, 2);
    assert_true(zh_str_is(list.groups[0].name, "send"));
    assert_string_equal(fx_text(f, list.groups[0].record, "no"), "A-1");
    int64_t unread = 0;
    ok(f, zh_notice_unread(w.conn, ZH_STR("wuhan"), ZH_STR("wuhan"), &unread, &f->err));
    assert_int_equal(unread, 2);

    as(f, "wuhan");
    ok(f, zh_notice_read(&f->ctx, fx_reg(f, "affair"), one.office, one.id));
    ok(f, zh_notice_mute(&f->ctx, fx_reg(f, "affair"), two.office, two.id, true));
    assert_int_equal(groups(&w, "wuhan", false).n, 1);
    assert_int_equal(groups(&w, "wuhan", true).n, 2);
    as(f, "off");
    ok(f, fx_move(f, "affair", &two, "back", 0, &two, NULL));
    ok(f, fx_move(f, "affair", &two, "send", 0, &two, NULL));
    assert_int_equal(tell(f).copies, 0); /* 别再提醒我 */
    as(f, "wuhan");
    ok(f, zh_notice_mute(&f->ctx, fx_reg(f, "affair"), two.office, two.id, false));

    zh_applied post = {420000, fx_count(f, "SELECT id FROM r_post WHERE holder = 'wuhan'"), 0};
    post.version = fx_get(f, "post", &post)->version;
    as(f, "operator");
    ok(f, fx_amend(f, "post", &post, &post, "place", "宜昌市", NULL));
    list = groups(&w, "wuhan", true); /* the right ended: so does what was told under it */
    assert_int_equal(list.n, 0);
    assert_int_equal(list.hidden, 2);
    as(f, "wuhan");
    zh_notice_post *others = NULL;
    size_t nothers = 0;
    ok(f, zh_notice_elsewhere(w.conn, f->ctx.arena, ZH_STR("wuhan"), ZH_STR("another"), &others,
                              &nothers, &f->err));
    assert_int_equal(nothers, 1); /* seen from another post of theirs */
    assert_true(zh_str_is(others[0].post, "wuhan") && others[0].unread == 1);
    ok(f, zh_notice_elsewhere(w.conn, f->ctx.arena, ZH_STR("wuhan"), ZH_STR("wuhan"), &others,
                              &nothers, &f->err));
    assert_int_equal(nothers, 0);
    ok(f, zh_notice_read_all(&f->ctx, ZH_STR("another"))); /* says nothing about this one */
    assert_int_equal(groups(&w, "wuhan", false).n + groups(&w, "wuhan", false).hidden, 1);
    ok(f, zh_notice_read_all(&f->ctx, ZH_STR("wuhan")));
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_inbox WHERE read_at IS NULL AND login = "
                                 "'wuhan'"),
                     0);
    close_world(&w);
}

static void test_clock(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    size_t done = 0;
    open_world(&w);
    zh_applied at = affair(f, "A-1", "武汉市");
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    int64_t before = copies(f, "wuhan");
    zh_time warn = fx_count(f, "SELECT due_at FROM zh_due WHERE kind = 'warn'");
    zh_time due = fx_count(f, "SELECT due_at FROM zh_due WHERE kind = 'clock'");
    assert_int_equal(warn, due - 2 * DAY_US); /* the morning of the day before the last */
    ok(f, zh_due_run(f->core, warn - 1, &done, &f->err));
    assert_int_equal(done, 0);
    ok(f, zh_due_run(f->core, warn, &done, &f->err));
    assert_int_equal(done, 1);
    assert_int_equal(fx_get(f, "affair", &at)->version, at.version); /* a warning writes nothing */
    (void)tell(f);
    assert_int_equal(copies(f, "wuhan"), before + 1); /* whose turn it is */
    assert_int_equal(copies(f, "yichang"), 0);
    ok(f, zh_due_run(f->core, due, &done, &f->err));
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_notice WHERE cause = 'breach'"), 1);
    (void)tell(f);
    assert_int_equal(copies(f, "wuhan"), before + 2);
    assert_int_equal(copies(f, "off"), 2); /* may seal it: both times it is their turn too */
    close_world(&w);
}

static void test_second(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    open_world(&w);
    zh_applied at = affair(f, "A-1", "武汉市");
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    int64_t before = copies(f, "wuhan");
    ok(f,
       zh_pending_add(&f->ctx, fx_get(f, "affair", &at),
                      zh_register_transition(fx_reg(f, "affair"), ZH_STR("seal")), ZH_STR("{}")));
    (void)tell(f);
    assert_int_equal(copies(f, "wuhan"), before + 1); /* who may take it, but who asked */
    assert_int_equal(copies(f, "off"), 0);
    assert_int_equal(copies(f, "jiafirm"), 0);
    close_world(&w);
}

/* A request to erase is told to whoever may confirm it, and to nobody else. */
static void test_erasure(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    open_world(&w);
    zh_applied at = affair(f, "A-1", "武汉市");
    (void)tell(f);
    int64_t before = copies(f, "wuhan");
    ok(f, zh_pending_ask(&f->ctx, ZH_STR("_erase/affair/1"), ZH_STR("erase"), ZH_STR("erase=*"),
                         fx_get(f, "affair", &at)));
    (void)tell(f);
    assert_int_equal(copies(f, "wuhan"), before + 1);
    assert_int_equal(copies(f, "jiafirm"), 0);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_inbox WHERE cause = 'erase'"), 1);
    close_world(&w);
}

/* ---- the queue ------------------------------------------------------------------------------- */

static zh_delivery letter(const char *once)
{
    return (zh_delivery){.once = zh_str_of(once),
                         .channel = ZH_STR(ZH_DELIVERY_MAIL),
                         .login = ZH_STR("off"),
                         .target = ZH_STR("off@example.org"),
                         .subject = ZH_STR("题"),
                         .body = ZH_STR("文"),
                         .state = ZH_STR("waiting")};
}

static void test_queue(void **state)
{
    (void)state;
    fixture f;
    zh_delivery d;
    zh_delivery *list = NULL;
    size_t n = 0;
    zh_conn *conn = NULL;
    fx_open(&f, NULL);
    zh_delivery first = letter("a-1");
    ok(&f, zh_delivery_add(f.core, &first, &f.err));
    ok(&f, zh_delivery_add(f.core, &first, &f.err)); /* the same again is the same */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_delivery"), 1);
    zh_time now = zh_now();
    ok(&f, zh_delivery_take(f.core, f.arena, now, &d, &f.err));
    assert_true(zh_str_is(d.body, "文"));
    /* somebody has it; if they die, it comes back when the lease is over */
    assert_int_equal(zh_delivery_take(f.core, f.arena, now, &d, &f.err), ZH_ENOTFOUND);
    now += ZH_DELIVERY_LEASE_US;
    ok(&f, zh_delivery_take(f.core, f.arena, now, &d, &f.err));
    assert_int_equal(d.tries, 2);
    for (int i = 2; i < ZH_DELIVERY_TRIES_MAX; i++) {
        ok(&f, zh_delivery_end(f.core, &d, "waiting", ZH_STR("忙"), now, &f.err));
        int64_t wait = INT64_C(60) << (d.tries - 1); /* doubled each time … */
        wait = wait > ZH_DELIVERY_WAIT_MAX_S ? ZH_DELIVERY_WAIT_MAX_S : wait; /* … to six hours */
        assert_int_equal(zh_delivery_take(f.core, f.arena, now + wait * 1000000 - 1, &d, &f.err),
                         ZH_ENOTFOUND);
        now += wait * 1000000;
        ok(&f, zh_delivery_take(f.core, f.arena, now, &d, &f.err));
    }
    ok(&f, zh_delivery_end(f.core, &d, "waiting", ZH_STR("忙"), now, &f.err));
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_delivery_list(conn, f.arena, ZH_STR("dead"), ZH_STR(""), 10, &list, &n, &f.err));
    assert_int_equal(n, 1);
    assert_true(zh_str_is(list[0].error, "忙"));
    zh_store_release(conn);
    ok(&f, zh_delivery_retry(f.core, list[0].id, &f.err));
    assert_int_equal(zh_delivery_retry(f.core, list[0].id, &f.err), ZH_ENOTFOUND);
    zh_err_clear(&f.err);
    ok(&f, zh_delivery_take(f.core, f.arena, zh_now(), &d, &f.err));
    ok(&f, zh_delivery_end(f.core, &d, "sent", ZH_STR(""), zh_now(), &f.err));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_delivery WHERE state = 'sent'"), 1);
    fx_close(&f);
}

static void test_email(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "first.last+tag@example.org", "x_y@a-b.example"};
    static const char *const bad[] = {"",       "a",     "@b",          "a@",         "a@b@c",
                                      "a b@c",  ".a@b",  "a.@b",        "a..b@c",     "a@-b",
                                      "a@b..c", "<a@b>", "a@b\r\nX: y", "张@例.中国", "a@b."};
    zh_err err = {0};
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        assert_int_equal(zh_email_check(zh_str_of(good[i]), &err), ZH_OK);
    }
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        if (zh_email_check(zh_str_of(bad[i]), &err) != ZH_EINVAL) {
            fail_msg("%s is taken", bad[i]);
        }
    }
}

static void test_hooks(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    char secret[2 * ZH_HOOK_SECRET_BYTES + 1];
    zh_hook *hooks = NULL;
    size_t n = 0;
    open_world(&w);
    for (int i = 0; i < ZH_HOOKS_MAX; i++) {
        ok(f, zh_hook_add(f->core, ZH_STR("wuhan"), ZH_STR("https://x.example/"), secret, &f->err));
    }
    assert_int_equal(strlen(secret), 2 * ZH_HOOK_SECRET_BYTES);
    assert_int_equal(
        zh_hook_add(f->core, ZH_STR("wuhan"), ZH_STR("https://x.example/"), secret, &f->err),
        ZH_ELIMIT);
    zh_err_clear(&f->err);
    ok(f, zh_store_reader(zh_core_store(f->core), &w.conn, &f->err));
    ok(f, zh_hooks_of(w.conn, f->arena, ZH_STR("wuhan"), &hooks, &n, &f->err));
    assert_int_equal(zh_hook_end(f->core, ZH_STR("off"), hooks[0].id, &f->err), ZH_ENOTFOUND);
    zh_err_clear(&f->err);
    for (size_t i = 1; i < n; i++) {
        ok(f, zh_hook_end(f->core, ZH_STR("wuhan"), hooks[i].id, &f->err));
    }
    zh_applied at = affair(f, "A-1", "武汉市");
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_delivery WHERE channel = 'webhook'"), 1);
    close_world(&w);
}

/* RFC 4231 test case 2 gives the key; the message is our frame of it, the digest was worked out
 * with Python's hmac module. */
static void test_signature(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str signature = zh_webhook_signature(arena, ZH_STR("Jefe"), 1700000000,
                                            ZH_STR("what do ya want for nothing?"));
    assert_string_equal(signature.p,
                        "v1=1cdd0650c8be1cb0974b1788d458b1e781206cfef59b85faafc582d2e182c57e");
    zh_arena_free(arena);
}

/* ---- the digest ------------------------------------------------------------------------------ */

static size_t digests(fixture *f, zh_time now)
{
    size_t made = 0;
    ok(f, zh_digests_run(f->core, now, &made, &f->err));
    return made;
}

static bool works(fixture *f, zh_time day)
{
    bool working = false;
    zh_date date = zh_time_date(day);
    return zh_calendar_is_working(f->ctx.model->calendar, date, &working) == ZH_OK
               ? working
               : zh_date_weekday(date) < 6;
}

static void set(fixture *f, const char *name, const char *value)
{
    ok(f, zh_notify_setting_set(f->core, zh_str_of(name), zh_str_of(value), &f->err));
}

static void test_digest(void **state)
{
    (void)state;
    world w;
    fixture *f = &w.f;
    open_world(&w);
    static const char *const mailed[] = {"off", "wuhan", "yichang"};
    for (size_t i = 0; i < ZH_COUNTOF(mailed); i++) {
        zh_channel c = {zh_str_of(mailed[i]), zh_str_fmt(f->arena, "%s@example.org", mailed[i]),
                        true};
        ok(f, zh_channel_set(f->core, &c, &f->err));
    }
    zh_applied at = affair(f, "A-1", "武汉市");
    ok(f, fx_move(f, "affair", &at, "send", 0, &at, NULL));
    (void)tell(f);
    zh_time day = zh_date_start(zh_time_date(zh_now())) + 4 * DAY_US; /* the limit has passed */
    while (!works(f, day)) {
        day += DAY_US;
    }
    zh_time eight = day + 8 * DAY_US / 24;
    assert_int_equal(digests(f, eight), 0); /* no mail server, no mail */
    set(f, "smtp.host", "127.0.0.1");
    set(f, "url", "https://zhiheng.example");
    assert_int_equal(digests(f, eight - 1), 0); /* not yet eight */
    assert_int_equal(digests(f, eight), 3);
    assert_int_equal(digests(f, eight + DAY_US / 4), 0); /* never a second one */
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_delivery WHERE state = 'nothing' AND "
                                 "login = 'yichang' AND body = ''"),
                     1); /* nothing when nothing */
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_delivery WHERE state = 'waiting'"), 2);
    zh_delivery d;
    bool seen = false;
    while (zh_delivery_take(f->core, f->arena, zh_now() + DAY_US, &d, &f->err) == ZH_OK) {
        if (zh_str_is(d.login, "wuhan")) {
            seen = true;
            assert_true(zh_str_is(d.subject, "今天到期 0 件，已超期 1 件，退回 0 件，新通知 1 件"));
            assert_true(zh_str_find(d.body, ZH_STR("审查期限　A-1　最迟 ")) > 0);
            assert_true(zh_str_find(d.body, ZH_STR("https://zhiheng.example/registers/affair/")) >
                        0);
        }
        ok(f, zh_delivery_end(f->core, &d, "sent", ZH_STR(""), zh_now(), &f->err));
    }
    assert_true(seen);
    zh_time holiday = fx_time("2026-05-01 09:00"); /* 劳动节, in the calendar of the fixture */
    assert_int_equal(digests(f, holiday), 0);
    assert_int_equal(digests(f, fx_time("2026-05-09 09:00")), 3); /* a Saturday that is worked */
    close_world(&w);
}

static void test_settings(void **state)
{
    (void)state;
    fixture f;
    zh_notify_settings s = {0};
    zh_conn *conn = NULL;
    bool declared = false;
    static const char *const bad[][2] = {
        {"x", "1"},
        {"smtp.port", "0"},
        {"smtp.port", "65536"},
        {"digest.hour", "24"},
        {"smtp.security", "none"},
        {"smtp.from", "a b@c"},
        {"url", "ftp://x"},
        {"url", "https://x/"},
        {"smtp.host", "a\nb"},
    };
    fx_open(&f, NULL);
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_int_equal(
            zh_notify_setting_set(f.core, zh_str_of(bad[i][0]), zh_str_of(bad[i][1]), &f.err),
            ZH_EINVAL);
        zh_err_clear(&f.err);
    }
    set(&f, "webhook.allow", "127.0.0.1:9 [::1]:80 hooks.lan:443");
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_notify_settings_read(conn, f.arena, &s, &f.err));
    zh_store_release(conn);
    assert_int_equal(s.hour, ZH_NOTIFY_DIGEST_HOUR);
    assert_int_equal(s.security, ZH_SMTP_STARTTLS);
    static const struct {
        const char *url;
        zh_rc rc;
        bool declared;
    } urls[] = {
        {"https://example.org/x", ZH_OK, false},   {"http://example.org/x", ZH_EDENIED, false},
        {"http://127.0.0.1:9/x", ZH_OK, true},     {"https://hooks.lan/x", ZH_OK, true},
        {"http://hooks.lan/x", ZH_EDENIED, false}, {"file:///etc/passwd", ZH_EINVAL, false}};
    for (size_t i = 0; i < ZH_COUNTOF(urls); i++) {
        zh_err err = {0};
        assert_int_equal(zh_notify_url_check(&s, f.arena, zh_str_of(urls[i].url), &declared, &err),
                         urls[i].rc);
        assert_int_equal(declared, urls[i].declared);
    }
    fx_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chosen_offices), cmocka_unit_test(test_audiences),
        cmocka_unit_test(test_contact),        cmocka_unit_test(test_same_transaction),
        cmocka_unit_test(test_inbox),          cmocka_unit_test(test_clock),
        cmocka_unit_test(test_second),         cmocka_unit_test(test_erasure),
        cmocka_unit_test(test_queue),          cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_digest),         cmocka_unit_test(test_settings),
    };
    static const struct CMUnitTest pure[] = {
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_signature),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = cmocka_run_group_tests(pure, NULL, NULL);
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        printf("on %s\n", backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
