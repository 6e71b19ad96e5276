/* A party without an account asks about its matter: what it learns, what it does not, and that a
 * wrong code, a number that does not exist and too many tries tell nothing. Expected values follow
 * from the model below. Both databases when ZH_TEST_PG_URL is set. */
#include "core/people/identity.h"
#include "core/people/lookup.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char MODEL[] =
    "registers:\n"
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
    "      - {id: phone, label: 电话, type: string, pipl: personal}\n"
    "      - {id: lookup, label: 查询码, type: string, max: 10, pipl: personal}\n"
    "      - {id: solved, label: 已解决, type: code, codes: {\"yes\": 是, \"no\": 否}}\n"
    "    states:\n"
    "      - {id: draft, label: 起草, initial: true, public: 已收到}\n"
    "      - {id: sent, label: 送审}\n"
    "      - {id: rating, label: 待评价, public: 请您评价}\n"
    "      - {id: done, label: 完成, terminal: true, public: 已办结}\n"
    "    transitions:\n"
    "      - {id: send, label: 送审, from: draft, to: sent, roles: [officer]}\n"
    "      - {id: finish, label: 完成, from: sent, to: done, roles: [officer]}\n"
    "      - {id: ask, label: 请评价, from: sent, to: rating, roles: [officer]}\n"
    "      - {id: rate, label: 评价, from: rating, to: done, roles: [guest], need: [solved]}\n"
    "      - {id: again, label: 重新办理, from: done, to: sent, roles: [guest], limit: 1,\n"
    "         guard: \"solved = 'no'\"}\n"
    "      - {id: hurry, label: 催办, from: sent, roles: [guest]}\n"
    "    clocks:\n"
    "      - {id: limit, label: 审查期限, start: sent, stop: [finish], public: true,\n"
    "         versions: [{from: 2020-01-01, amount: 3, unit: day}]}\n"
    "      - {id: inner, label: 内部期限, start: sent, stop: [finish],\n"
    "         versions: [{from: 2020-01-01, amount: 2, unit: day}]}\n"
    "    contact: {audience: guest, phone: phone, code: lookup, steps: [rate, again]}\n"
    "    access:\n"
    "      - {role: officer, can: [read, create, transition]}\n"
    "      - {role: guest, can: [create, rate, again, hurry]}\n"
    "      - {role: local, rows: \"place within office_region\", can: [create]}\n"
    "  - id: plain\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 没有查询码\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n";

typedef struct world {
    fixture f;
    zh_conn *conn;
    zh_applied at;
    zh_str code;
} world;

static const zh_post nobody = {.role = {"", 0}, .scope = ZH_SCOPE_OWN};

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

/* What was written until now is read from now on. */
static void read_now(world *w)
{
    zh_store_release(w->conn);
    w->conn = NULL;
    ok(&w->f, zh_store_reader(zh_core_store(w->f.core), &w->conn, &w->f.err));
}

static void open_world(world *w)
{
    fixture *f = &w->f;
    fx_open(f, MODEL);
    w->conn = NULL;
    ok(f, fx_create(f, "affair", &w->at, "no", "A-1", "place", "武汉市", "phone", "13800000000",
                    NULL));
    w->code = zh_str_of(fx_text(f, fx_get(f, "affair", &w->at), "lookup"));
    assert_int_equal(w->code.n, 10);
    read_now(w);
}

static void close_world(world *w)
{
    zh_store_release(w->conn);
    fx_close(&w->f);
}

static zh_rc find(world *w, const char *number, zh_str code, zh_lookup *out)
{
    zh_ctx ctx = w->f.ctx;
    zh_err_clear(&w->f.err);
    ctx.post = &nobody; /* who asks may read nothing */
    return zh_lookup_find(&ctx, w->conn, zh_str_of(number), code, out);
}

static void finds_its_own(void **state)
{
    (void)state;
    world w;
    zh_lookup found;
    open_world(&w);
    fixture *f = &w.f;
    ok(f, find(&w, "A-1", w.code, &found));
    assert_true(zh_str_is(found.number, "A-1"));
    assert_true(zh_str_is(found.reg->id, "affair"));
    assert_int_equal(found.handler_office, f->ctx.office);
    assert_int_equal(found.nsteps, 1);
    assert_true(zh_str_is(found.steps[0].state->public_name.zh, "已收到"));
    assert_int_equal(found.nclocks, 0);
    assert_false(found.ended);
    ok(f, fx_move(f, "affair", &w.at, "send", 0, &w.at, NULL));
    read_now(&w);
    ok(f, find(&w, " A-1 ", w.code, &found));
    assert_int_equal(found.nsteps, 1); /* 送审 has no public name */
    assert_int_equal(found.nclocks, 1);
    assert_true(zh_str_is(found.clocks[0].clock->id, "limit")); /* the other is not public */
    ok(f, fx_move(f, "affair", &w.at, "finish", 0, &w.at, NULL));
    read_now(&w);
    zh_str spaced = zh_str_fmt(f->arena, "%.*s-%.*s ", 5, w.code.p, 5, w.code.p + 5);
    ok(f, find(&w, "A-1", zh_str_lower_ascii(f->arena, spaced), &found));
    assert_int_equal(found.nsteps, 2);
    assert_true(zh_str_is(found.steps[1].state->public_name.zh, "已办结"));
    assert_true(found.ended);
    assert_true(found.clocks[0].state.ended);
    close_world(&w);
}

static void refused(world *w, const char *number, zh_str code)
{
    zh_lookup found;
    assert_int_equal(find(w, number, code, &found), ZH_EDENIED);
    assert_string_equal(w->f.err.rule, "lookup.none");
    assert_null(found.reg);
}

static void tells_nothing(void **state)
{
    (void)state;
    world w;
    zh_lookup found;
    char wrong_said[sizeof w.f.err.message];
    char longest[ZH_LOOKUP_NUMBER_MAX + 2];
    open_world(&w);
    refused(&w, "A-1", ZH_STR("2222222222"));
    memcpy(wrong_said, w.f.err.message, sizeof wrong_said);
    refused(&w, "A-404", ZH_STR("2222222222"));
    assert_string_equal(w.f.err.message, wrong_said);
    refused(&w, "A-1", ZH_STR(""));
    refused(&w, "", w.code);
    memset(longest, 'A', sizeof longest);
    longest[ZH_LOOKUP_NUMBER_MAX] = '\0';
    refused(&w, longest, w.code);
    longest[ZH_LOOKUP_NUMBER_MAX] = 'A';
    longest[ZH_LOOKUP_NUMBER_MAX + 1] = '\0';
    refused(&w, longest, w.code);
    ok(&w.f, find(&w, "A-1", w.code, &found));
    close_world(&w);
}

static void waits(void **state)
{
    (void)state;
    world w;
    zh_lookup found;
    static const char *const numbers[] = {"A-1", "A-404"};
    open_world(&w);
    for (size_t k = 0; k < ZH_COUNTOF(numbers); k++) {
        for (int i = 0; i < ZH_LOGIN_FAILED_MAX; i++) {
            refused(&w, numbers[k], ZH_STR("2222222222"));
        }
        assert_int_equal(find(&w, numbers[k], w.code, &found), ZH_EBUSY);
        assert_string_equal(w.f.err.rule, "lookup.wait");
    }
    zh_applied other;
    ok(&w.f, fx_create(&w.f, "affair", &other, "no", "A-2", "place", "武汉市", NULL));
    read_now(&w);
    ok(&w.f, find(&w, "A-2", zh_str_of(fx_text(&w.f, fx_get(&w.f, "affair", &other), "lookup")),
                  &found)); /* another number does not wait */
    close_world(&w);
}

static zh_rc act(world *w, const zh_lookup *found, const char *step, const char *field,
                 const char *value)
{
    zh_ctx ctx = w->f.ctx;
    const zh_register *reg = found->reg;
    zh_findings findings = {0};
    zh_applied done;
    zh_change change = {.field = zh_register_field(reg, zh_str_of(field)),
                        .value = zh_value_text(zh_str_of(value))};
    zh_op op = {.changes = &change, .nchanges = field[0] != '\0' ? 1 : 0};
    zh_err_clear(&w->f.err);
    ctx.post = &nobody;
    return zh_lookup_act(&ctx, found, zh_register_transition(reg, zh_str_of(step)), &op, &findings,
                         &done);
}

/* The party takes what the declaration opens to number and code, and nothing else. */
static void acts(void **state)
{
    (void)state;
    world w;
    zh_lookup found;
    zh_lookup then;
    open_world(&w);
    fixture *f = &w.f;
    ok(f, fx_move(f, "affair", &w.at, "send", 0, &w.at, NULL));
    read_now(&w);
    ok(f, find(&w, "A-1", w.code, &found));
    assert_int_equal(found.nmay, 0); /* its role may hurry, but not by code */
    assert_int_equal(act(&w, &found, "hurry", "", ""), ZH_EDENIED);
    assert_string_equal(f->err.rule, "lookup.step");
    ok(f, fx_move(f, "affair", &w.at, "ask", 0, &w.at, NULL));
    read_now(&w);
    ok(f, find(&w, "A-1", w.code, &then));
    assert_int_equal(then.nmay, 1);
    assert_true(zh_str_is(then.may[0]->id, "rate"));
    assert_int_equal(act(&w, &then, "finish", "", ""), ZH_EDENIED);
    assert_int_equal(act(&w, &then, "rate", "phone", "1"), ZH_EDENIED); /* it does not ask for it */
    assert_int_equal(act(&w, &then, "rate", "", ""), ZH_EINVAL);
    assert_string_equal(f->err.rule, "transition.need");
    ok(f, act(&w, &then, "rate", "solved", "no"));
    assert_int_equal(act(&w, &then, "rate", "solved", "yes"), ZH_ECONFLICT); /* once */
    zh_record *record = fx_get(f, "affair", &w.at);
    assert_true(zh_str_is(record->actor, ZH_LOOKUP_ACTOR));
    read_now(&w);
    ok(f, find(&w, "A-1", w.code, &found));
    assert_true(found.ended);
    assert_int_equal(found.nmay, 1); /* it is not solved */
    ok(f, act(&w, &found, "again", "", ""));
    close_world(&w);
}

/* Who may not read the register hands in a matter, and is given its number and code. */
static void is_handed_in(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    fixture *f = &w.f;
    const zh_register *reg = fx_reg(f, "affair");
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("no")), .value = zh_value_text(ZH_STR("A-7"))},
        {.field = zh_register_field(reg, ZH_STR("place")),
         .value = zh_value_text(ZH_STR("420100"))}};
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = 2};
    zh_findings findings = {0};
    zh_applied made;
    zh_str number;
    zh_str code;
    const zh_post guest = {.role = {"guest", 5}, .scope = ZH_SCOPE_OWN};
    const zh_post far = {
        .role = {"local", 5}, .scope = ZH_SCOPE_ALL, .region = {"420500", 6}, .office = 420500};
    zh_ctx ctx = f->ctx;
    ctx.actor = ZH_STR("guest");
    ctx.post = &far;
    ctx.role = far.role;
    assert_int_equal(zh_record_apply(&ctx, &op, &findings, &made), ZH_EDENIED);
    assert_string_equal(f->err.rule, "permission.scope"); /* its entry's rows hold elsewhere */
    ctx.post = &guest;
    ctx.role = guest.role;
    ok(f, zh_record_apply(&ctx, &op, &findings, &made));
    read_now(&w);
    ok(f, zh_lookup_given(&ctx, w.conn, reg, made.office, made.id, &number, &code));
    assert_true(zh_str_is(number, "A-7"));
    assert_int_equal(code.n, 10);
    zh_record *record;
    assert_int_equal(zh_record_get(&ctx, w.conn, reg, made.office, made.id, ZH_AS_OF_NOW, &record),
                     ZH_ENOTFOUND);
    assert_int_equal(zh_lookup_given(&ctx, w.conn, fx_reg(f, "plain"), 1, 1, &number, &code),
                     ZH_ENOTFOUND);
    close_world(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_its_own), cmocka_unit_test(tells_nothing), cmocka_unit_test(waits),
        cmocka_unit_test(acts),          cmocka_unit_test(is_handed_in),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        printf("on %s\n", backends[i]);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
