/* Time passes only by records: ends of periods, clocks, due events.
 *
 * Expected dates are worked out by hand from 民法典 第二百零一条 (the day of the event is not
 * counted), 第二百零二条 (a month ends with the same day, else its last), 第二百零三条 (a last day
 * that is a day off moves to the next working day) and the holidays in the fixture's calendar. */
#include "core/clock/clock.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE "report_no", "R-1", "place", "武汉市", "sampled_at", "2026-03-05 08:30"

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static zh_rc end_of(const zh_calendar *calendar, zh_time trigger, int64_t amount, zh_unit_time unit,
                    zh_time *out)
{
    zh_clock_period period = {.calendar = calendar, .trigger = trigger};
    zh_clock_ending ending = {0};
    zh_clock_leg_add(&period, amount, unit);
    zh_rc rc = zh_clock_period_end(&period, &ending);
    *out = ending.due;
    return rc;
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *trigger;
        int64_t amount;
        zh_unit_time unit;
        const char *after; /* the first instant after the period */
    } cases[] = {
        {"2026-03-02 10:15", 15, ZH_DAY, "2026-03-18"},    /* 17 March, a Tuesday */
        {"2026-03-20 23:59:59", 15, ZH_DAY, "2026-04-08"}, /* 4 April is 清明: to the 7th */
        {"2026-04-24", 7, ZH_DAY, "2026-05-07"},           /* 1 May: to the 6th */
        {"2026-04-28", 4, ZH_WORKING_DAY, "2026-05-08"},   /* 29, 30, 6, 7 */
        {"2026-05-07", 2, ZH_WORKING_DAY, "2026-05-10"},   /* 8, and 9, a working Saturday */
        {"2026-01-31", 1, ZH_MONTH, "2026-03-03"},         /* 28 February is a Saturday */
        {"2024-02-29", 1, ZH_YEAR, "2025-03-01"},          /* beyond the calendar: as it is */
        {"2026-03-02 10:15", 48, ZH_HOUR, "2026-03-04 10:15"},
        {"2026-03-02 10:15", 0, ZH_DAY, "2026-03-03"},
    };
    fixture f;
    fx_open(&f, NULL);
    const zh_calendar *calendar = f.ctx.model->calendar;
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_time end = 0;
        assert_int_equal(
            end_of(calendar, fx_time(cases[i].trigger), cases[i].amount, cases[i].unit, &end),
            ZH_OK);
        if (end != fx_time(cases[i].after)) {
            char text[40];
            zh_time_format(end, text);
            print_error("%s + %d: %s\n", cases[i].trigger, (int)cases[i].amount, text);
        }
        assert_int_equal(end, fx_time(cases[i].after));
    }
    zh_time end = 0;
    /* nothing is guessed beyond the calendar, and nothing at all without one */
    assert_int_equal(end_of(calendar, fx_time("2026-12-30"), 5, ZH_WORKING_DAY, &end),
                     ZH_ENOTFOUND);
    assert_int_equal(end_of(NULL, fx_time("2026-03-02"), 5, ZH_WORKING_DAY, &end), ZH_ENOTFOUND);
    assert_int_equal(end_of(NULL, fx_time("2026-03-02"), 36525, ZH_DAY, &end), ZH_OK);
    assert_int_equal(end_of(NULL, fx_time("2026-03-02"), 36526, ZH_DAY, &end), ZH_ELIMIT);
    assert_int_equal(end_of(NULL, fx_time("2026-03-02"), 101, ZH_YEAR, &end), ZH_ELIMIT);
    fx_close(&f);
}

static zh_applied served(fixture *f)
{
    zh_applied a;
    ok(f, fx_create(f, "sample", &a, SAMPLE, NULL));
    ok(f, fx_move(f, "sample", &a, "serve", 0, &a, "served_on", "2026-03-02", NULL));
    return a;
}

static const char *state_of(fixture *f, const zh_applied *a)
{
    zh_record *r = fx_get(f, "sample", a);
    return zh_str_c(f->arena, r->reg->states[r->state].id);
}

/* The period ends on 17 March; until then nothing happens, afterwards a version says so. */
static void test_breach(void **state)
{
    (void)state;
    fixture f;
    size_t done = 0;
    fx_open(&f, NULL);
    zh_applied a = served(&f);
    assert_int_equal(fx_count(&f, "SELECT due_at FROM zh_due"), fx_time("2026-03-18"));
    ok(&f, zh_due_run(f.core, fx_time("2026-03-18") - 1, &done, &f.err));
    assert_int_equal(done, 0);
    assert_string_equal(state_of(&f, &a), "served");
    ok(&f, zh_due_run(f.core, fx_time("2026-03-18"), &done, &f.err));
    assert_int_equal(done, 1);
    assert_string_equal(state_of(&f, &a), "confirmed"); /* the transition that then was open */
    zh_record *r = fx_get(&f, "sample", &a);
    assert_string_equal(fx_text(&f, r, "late"), "是");
    assert_int_equal(fx_count(&f, "SELECT breached FROM zh_clock"), 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_due"), 0);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h WHERE actor = 'clock'"), 1);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h WHERE actor = 'system'"), 1);
    /* again: nothing is left to be done */
    ok(&f, zh_due_run(f.core, zh_now(), &done, &f.err));
    assert_int_equal(done, 0);
    fx_close(&f);
}

/* Whoever changes a record finds what time did to it done before. */
static void test_catch_up(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    zh_applied a = served(&f);
    a.version = 0;
    zh_rc rc = fx_move(&f, "sample", &a, "object", 0, &a, NULL); /* long past 17 March */
    assert_int_equal(rc, ZH_EINVAL);
    assert_string_equal(f.err.rule, "transition.from");
    assert_string_equal(state_of(&f, &a), "confirmed");
    fx_close(&f);
}

/* A version of clock stands at its own instant, which never precedes the version before. */
static void test_own_instant(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    size_t done = 0;
    fx_open(&f, NULL);
    zh_op op = {.kind = ZH_OP_CREATE, .reg = fx_reg(&f, "sample"), .at = fx_time("2026-03-06")};
    zh_change changes[] = {
        {.field = zh_register_field(op.reg, ZH_STR("report_no")),
         .value = zh_value_text(ZH_STR("H"))},
        {.field = zh_register_field(op.reg, ZH_STR("place")),
         .value = zh_value_text(ZH_STR("420100"))},
        {.field = zh_register_field(op.reg, ZH_STR("sampled_at")),
         .value = zh_value_time(fx_time("2026-03-05"))},
    };
    op.changes = changes;
    op.nchanges = 3;
    ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a));
    ok(&f, fx_move(&f, "sample", &a, "serve", fx_time("2026-03-07"), &a, "served_on", "2026-03-07",
                   NULL));
    ok(&f, zh_due_run(f.core, zh_now(), &done, &f.err));
    /* 22 March is a Sunday: the 23rd, so from the 24th on */
    assert_int_equal(fx_count(&f, "SELECT recorded_at FROM r_sample_h WHERE actor = 'clock'"),
                     fx_time("2026-03-24"));
    fx_close(&f);
}

/* Suspended from the 5th to the 12th of March: seven days are added to the 17th; the 24th. */
static void test_suspension(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    size_t done = 0;
    fx_open(&f, NULL);
    zh_op op = {.kind = ZH_OP_CREATE, .reg = fx_reg(&f, "sample"), .at = fx_time("2026-03-01")};
    zh_change changes[] = {
        {.field = zh_register_field(op.reg, ZH_STR("report_no")),
         .value = zh_value_text(ZH_STR("S"))},
        {.field = zh_register_field(op.reg, ZH_STR("place")),
         .value = zh_value_text(ZH_STR("420100"))},
        {.field = zh_register_field(op.reg, ZH_STR("sampled_at")),
         .value = zh_value_time(fx_time("2026-02-25"))},
    };
    op.changes = changes;
    op.nchanges = 3;
    ok(&f, zh_record_apply(&f.ctx, &op, &f.findings, &a));
    ok(&f, fx_move(&f, "sample", &a, "serve", fx_time("2026-03-02 09:00"), &a, "served_on",
                   "2026-03-02", NULL));
    ok(&f, fx_move(&f, "sample", &a, "object", fx_time("2026-03-05 10:00"), &a, NULL));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_due"), 0); /* it stands still */
    ok(&f, zh_due_run(f.core, fx_time("2026-03-20"), &done, &f.err));
    assert_int_equal(done, 0);
    ok(&f, fx_move(&f, "sample", &a, "reject", fx_time("2026-03-12 15:00"), &a, NULL));
    assert_int_equal(fx_count(&f, "SELECT due_at FROM zh_due"), fx_time("2026-03-25"));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_clock_h"), 3);
    fx_close(&f);
}

/* A certificate ends: the record lapses the day after; one that is extended in time does not. */
static void test_field_due(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    size_t done = 0;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, "cert", "2026-03-01/2026-06-30", NULL));
    ok(&f, fx_create(&f, "sample", &b, "report_no", "R-2", "place", "武汉市", "sampled_at",
                     "2026-03-05", "cert", "2026-03-01/2090-06-30", NULL));
    assert_int_equal(fx_count(&f, "SELECT MIN(due_at) FROM zh_due"), fx_time("2026-07-01"));
    ok(&f, zh_due_run(f.core, fx_time("2026-07-01"), &done, &f.err));
    assert_int_equal(done, 1);
    assert_string_equal(state_of(&f, &a), "lapsed");
    assert_string_equal(state_of(&f, &b), "reported");
    /* it is not written twice for the same date, whatever happens to the record later */
    a.version = 0;
    ok(&f, fx_amend(&f, "sample", &a, &a, "note", "存档", NULL));
    ok(&f, zh_due_run(f.core, zh_now(), &done, &f.err));
    assert_int_equal(done, 0);
    fx_close(&f);
}

/* An event whose cause is gone is not there any more. */
static void test_stale(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    size_t done = 0;
    fx_open(&f, NULL);
    ok(&f, fx_create(&f, "sample", &a, SAMPLE, "cert", "2026-03-01/2089-06-30", NULL));
    ok(&f, fx_amend(&f, "sample", &a, &a, "cert", "", NULL));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_due"), 0);
    ok(&f, zh_due_run(f.core, fx_time("2095-01-01"), &done, &f.err));
    assert_int_equal(done, 0);
    fx_close(&f);
}

static const char RECURRING[] =
    "registers:\n"
    "  - id: recall\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 召回\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: began, label: 开始, type: date}\n"
    "      - {id: urgent, label: 紧急, type: bool}\n"
    "      - {id: missed, label: 缺报次数, type: decimal, digits: 0, default: \"0\"}\n"
    "    states:\n"
    "      - {id: running, label: 实施中, initial: true}\n"
    "      - {id: finished, label: 结束, terminal: true}\n"
    "    transitions:\n"
    "      - {id: miss, label: 缺报, from: running, set: {missed: \"missed + 1\"}}\n"
    "      - {id: finish, label: 结束, from: running, to: finished}\n"
    "    clocks:\n"
    "      - {id: report, label: 阶段报告, start: began, stop: [finish], every: 3 month,\n"
    "         on_breach: miss, versions: [{from: 2020-01-01, to: 2025-12-31, amount: 1, unit: "
    "month},\n"
    "         {from: 2026-01-01, when: urgent, amount: 5, unit: working_day},\n"
    "         {from: 2026-01-01, amount: 3, unit: month}]}\n";

/* Versions by triggering date and condition; a recurring duty goes on until it is stopped. */
static void test_recurring(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    zh_applied c;
    size_t done = 0;
    fx_open(&f, RECURRING);
    ok(&f, fx_create(&f, "recall", &a, "no", "1", "began", "2025-11-10", NULL));
    ok(&f, fx_create(&f, "recall", &b, "no", "2", "began", "2026-04-24", "urgent", "是", NULL));
    ok(&f, fx_create(&f, "recall", &c, "no", "3", "began", "2026-01-12", NULL));
    assert_int_equal(fx_count(&f, "SELECT due_at FROM zh_due d JOIN r_recall r ON r.id = d.record "
                                  "WHERE r.no = '1'"),
                     fx_time("2025-12-11"));
    assert_int_equal(fx_count(&f, "SELECT due_at FROM zh_due d JOIN r_recall r ON r.id = d.record "
                                  "WHERE r.no = '2'"),
                     fx_time("2026-05-07")); /* 27, 28, 29, 30 April, 6 May */
    assert_int_equal(fx_count(&f, "SELECT due_at FROM zh_due d JOIN r_recall r ON r.id = d.record "
                                  "WHERE r.no = '3'"),
                     fx_time("2026-04-14")); /* 12 April is a Sunday */
    ok(&f, zh_due_run(f.core, fx_time("2026-06-30"), &done, &f.err));
    /* 1: 10 Dec, 10 Mar, 10 Jun; 2: 6 May; 3: 13 April */
    assert_int_equal(fx_count(&f, "SELECT missed FROM r_recall WHERE no = '1'"), 3);
    assert_int_equal(fx_count(&f, "SELECT missed FROM r_recall WHERE no = '2'"), 1);
    assert_int_equal(fx_count(&f, "SELECT missed FROM r_recall WHERE no = '3'"), 1);
    assert_int_equal(done, 5);
    a.version = 0;
    ok(&f, fx_move(&f, "recall", &a, "finish", fx_time("2026-07-01"), &a, NULL));
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_due d JOIN r_recall r ON r.id = "
                                  "d.record WHERE r.no = '1'"),
                     0);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),       cmocka_unit_test(test_breach),
        cmocka_unit_test(test_catch_up),   cmocka_unit_test(test_own_instant),
        cmocka_unit_test(test_suspension), cmocka_unit_test(test_field_due),
        cmocka_unit_test(test_stale),      cmocka_unit_test(test_recurring),
    };
    const char *const *backends = NULL;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
