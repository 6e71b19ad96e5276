/* Obligations: who owes is settled at the period's start, every party and period has one item, what
 * comes in settles it, what does not is missing. Expected due days are worked out by hand from the
 * calendar of the fixture's kind: 15 days after 31 March 2026 is 15 April, a Wednesday; 15 days
 * after 30 June is 15 July, a Wednesday. */
#include "base/os.h"
#include "core/adoption/calendar_years.h"
#include "core/judgement/obligation.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ITEMS "packs/foundation/obligation.yaml" /* the register that the program carries */

static const char REGION[] = "code,name,en,parent,from,to,aliases,successors\n"
                             "420000,湖北省,,,,,,\n"
                             "420100,武汉市,,420000,,,,\n";
static const char CALENDAR[] = "cover 2026-01-01 2027-12-31\n2026-04-06 off 清明节\n";

static const char FIRM[] =
    "calendar: cn.txt\n"
    "codes:\n"
    "  - {id: region, label: 行政区划, levels: [province, city], file: region.csv}\n"
    "registers:\n"
    "  - id: enterprise\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 企业主体\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [uscc], row: [uscc]}\n"
    "    fields:\n"
    "      - {id: uscc, label: 代码, type: string, required: true}\n"
    "      - {id: name, label: 名称, type: string}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "  - id: firm\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 企业\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 代码, type: string, required: true}\n"
    "      - {id: name, label: 名称, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "      - {id: big, label: 规上, type: bool}\n"
    "  - id: cost\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 质量成本\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    event_time: on_day\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: firm, label: 企业, type: ref, to: firm, required: true}\n"
    "      - {id: on_day, label: 日期, type: date, required: true}\n"
    "    obligations:\n"
    "      - {id: quarterly, label: 季报, who: {register: firm, where: \"big = true\"},\n"
    "         every: quarter, due: 15 day, party: firm, remind: [3 day, 2 working_day]}\n";

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static void open_with(fixture *f, const char *firm)
{
    zh_err err = {0};
    zh_model *model = NULL;
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_str text = ZH_STR_NONE;
    assert_int_equal(zh_file_read(arena, ITEMS, 1 << 18, &text, &err), ZH_OK);
    zh_pack_file files[] = {{ZH_STR("cn.txt"), zh_str_of(CALENDAR)},
                            {ZH_STR("region.csv"), zh_str_of(REGION)},
                            {ZH_STR("firm.yaml"), zh_str_of(firm)},
                            {ZH_STR("obligation.yaml"), text}};
    zh_rc rc = zh_model_compile(files, ZH_COUNTOF(files), &model, NULL, &err);
    if (rc != ZH_OK) {
        print_error("%s %s %s\n", err.rule, err.message, err.where);
    }
    assert_int_equal(rc, ZH_OK);
    fx_open_model(f, model);
    zh_model_release(model);
    zh_arena_free(arena);
}

static void open_world(fixture *f)
{
    open_with(f, FIRM);
}

static void run_at(fixture *f, const char *when, size_t made, size_t settled)
{
    zh_obligation_run done;
    int64_t size;
    ok(f, zh_sequence(f->core, &size, &f->err));
    ok(f, zh_obligations_run(f->core, fx_time(when), &done, &f->err));
    assert_int_equal(done.made, made);
    assert_int_equal(done.settled, settled);
}

/* A report of a party, recorded at an instant. */
static void report(fixture *f, const zh_applied *party, const char *no, const char *day,
                   const char *at)
{
    const zh_register *reg = fx_reg(f, "cost");
    zh_applied applied;
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("no")), .value = zh_value_text(zh_str_of(no))},
        {.field = zh_register_field(reg, ZH_STR("firm")),
         .value = {.kind = ZH_REF, .i = party->id, .office = party->office}},
        {.field = zh_register_field(reg, ZH_STR("on_day")),
         .value = zh_value_date(zh_time_date(fx_time(day)))}};
    zh_op op = {.kind = ZH_OP_CREATE,
                .reg = reg,
                .changes = changes,
                .nchanges = ZH_COUNTOF(changes),
                .at = fx_time(at)};
    ok(f, zh_record_apply(&f->ctx, &op, &f->findings, &applied));
}

static int64_t in_state(fixture *f, const char *state)
{
    return fx_count(
        f,
        zh_str_fmt(f->arena, "SELECT COUNT(*) FROM r_expected_item WHERE state = '%s'", state).p);
}

static void test_periods(void **state)
{
    (void)state;
    static const struct {
        zh_every every;
        const char *first, *last;
    } cases[] = {
        {ZH_EVERY_DAY, "2026-05-20", "2026-05-20"},
        {ZH_EVERY_WEEK, "2026-05-18", "2026-05-24"},
        {ZH_EVERY_MONTH, "2026-05-01", "2026-05-31"},
        {ZH_EVERY_QUARTER, "2026-04-01", "2026-06-30"},
        {ZH_EVERY_HALF, "2026-01-01", "2026-06-30"},
        {ZH_EVERY_YEAR, "2026-01-01", "2026-12-31"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_date first;
        zh_date last;
        char text[16];
        zh_every_of(cases[i].every, zh_date_of(2026, 5, 20), &first, &last);
        zh_date_format(first, text);
        assert_string_equal(text, cases[i].first);
        zh_date_format(last, text);
        assert_string_equal(text, cases[i].last);
    }
}

static void test_life(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    zh_applied c;
    size_t done;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &a, "code", "A", "name", "甲厂", "place", "武汉市", "big", "是",
                     NULL));
    ok(&f, fx_create(&f, "firm", &b, "code", "B", "name", "乙厂", "big", "是", NULL));
    ok(&f, fx_create(&f, "firm", &c, "code", "C", "name", "小店", "big", "否", NULL));
    run_at(&f, "2026-02-10 09:00", 2, 0); /* the small one owes nothing */
    run_at(&f, "2026-02-10 09:01", 0, 0); /* again: nothing more */
    assert_int_equal(in_state(&f, "expected"), 2);
    zh_conn *conn = NULL;
    zh_record *item = NULL;
    zh_str key = zh_str_fmt(f.arena, "cost.quarterly/2026-01-01/firm/%lld-%lld",
                            (long long)a.office, (long long)a.id);
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_record_by_key(&f.ctx, conn, fx_reg(&f, "expected_item"), &key, &item));
    zh_store_release(conn);
    assert_string_equal(fx_text(&f, item, "party"), "甲厂");
    assert_string_equal(fx_text(&f, item, "place"), "420100");
    assert_string_equal(fx_text(&f, item, "to"), "2026-03-31");
    assert_string_equal(fx_text(&f, item, "due_on"), "2026-04-15");
    /* 3 days before Wednesday the 15th, and 2 working days */
    assert_int_equal(item->values[zh_register_field(item->reg, ZH_STR("remind_1"))->index].i,
                     fx_time("2026-04-12"));
    assert_int_equal(item->values[zh_register_field(item->reg, ZH_STR("remind_2"))->index].i,
                     fx_time("2026-04-13"));
    report(&f, &a, "1", "2026-02-01", "2026-02-10 09:30");
    run_at(&f, "2026-02-10 10:00", 0, 1);
    assert_int_equal(in_state(&f, "expected"), 1);
    assert_int_equal(in_state(&f, "received"), 1);
    /* The due day passes: reminders first, then missing. */
    ok(&f, zh_due_run(f.core, fx_time("2026-04-15 23:59"), &done, &f.err));
    assert_int_equal(in_state(&f, "missing"), 0);
    assert_int_equal(done, 2);
    ok(&f, zh_due_run(f.core, fx_time("2026-04-16"), &done, &f.err));
    assert_int_equal(in_state(&f, "missing"), 1);
    /* The next quarter: one each again, for A as well. */
    run_at(&f, "2026-05-01 09:00", 2, 0);
    assert_int_equal(in_state(&f, "expected"), 2);
    /* A record of another period does not settle this one; a late one settles the missing. */
    report(&f, &b, "2", "2026-03-31", "2026-04-16 00:00");
    run_at(&f, "2026-05-01 10:00", 0, 1);
    assert_int_equal(in_state(&f, "missing"), 0);
    assert_int_equal(in_state(&f, "late"), 1);
    assert_int_equal(in_state(&f, "expected"), 2);
    assert_int_equal(fx_count(&f, "SELECT COUNT(DISTINCT code) FROM r_expected_item"), 4);
    fx_close(&f);
}

/* After a silence every period that began is made. */
static void test_silence(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    open_world(&f);
    ok(&f, fx_create(&f, "firm", &a, "code", "A", "name", "甲厂", "big", "是", NULL));
    run_at(&f, "2026-02-10 09:00", 1, 0);
    run_at(&f, "2026-11-22 09:00", 3, 0);
    assert_int_equal(in_state(&f, "expected"), 4);
    fx_close(&f);
}

static zh_obligation_wait waiting(fixture *f, const char *when, int64_t *parties)
{
    zh_obligation *list = NULL;
    size_t n = 0;
    zh_conn *conn = NULL;
    zh_obligation_wait wait;
    ok(f, zh_obligations(f->ctx.model, f->arena, &list, &n, &f->err));
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_obligation_waiting(&f->ctx, conn, &list[0], fx_time(when), &wait));
    ok(f, zh_obligation_parties(&f->ctx, conn, &list[0], wait.first, parties));
    zh_store_release(conn);
    return wait;
}

/* The calendar ends with 2027: what falls due after it waits, is counted, and is made once the year
 * is there, however late. */
static void test_calendar(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    int64_t parties = 0;
    char firm[sizeof FIRM + 16];
    const char *due = strstr(FIRM, "15 day");
    assert_non_null(due);
    (void)snprintf(firm, sizeof firm, "%.*s%s%s", (int)(due - FIRM), FIRM, "5 working_day",
                   due + strlen("15 day"));
    open_with(&f, firm);
    ok(&f, fx_create(&f, "firm", &a, "code", "A", "name", "甲厂", "big", "是", NULL));
    ok(&f, fx_create(&f, "firm", &a, "code", "C", "name", "小店", "big", "否", NULL));
    run_at(&f, "2027-09-01 09:00", 1, 0);
    assert_false(waiting(&f, "2027-09-01 09:01", &parties).waits);
    run_at(&f, "2027-11-22 09:00", 0, 0);
    run_at(&f, "2027-11-22 09:01", 0, 0);
    zh_obligation_wait wait = waiting(&f, "2028-02-10 09:00", &parties);
    assert_true(wait.waits);
    assert_int_equal(wait.year, 2028);
    assert_int_equal(wait.first, zh_date_of(2027, 10, 1));
    assert_int_equal(wait.last, zh_date_of(2027, 12, 31));
    assert_int_equal(parties, 1);
    run_at(&f, "2028-02-10 09:00", 0, 0);
    ok(&f, zh_calendar_year_set(f.core, ZH_STR("cover 2028-01-01 2028-12-31\n"), &f.err));
    run_at(&f, "2028-02-10 09:01", 2, 0); /* the last quarter and the running one */
    assert_int_equal(in_state(&f, "expected"), 3);
    assert_false(waiting(&f, "2028-02-10 09:02", &parties).waits);
    fx_close(&f);
}

/* A model that has no expected_item owes nothing. */
static void test_without(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    run_at(&f, "2026-02-10 09:00", 0, 0);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods), cmocka_unit_test(test_life),
        cmocka_unit_test(test_silence), cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_without),
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
