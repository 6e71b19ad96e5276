/* A declared period is 未核实口径 until two persons have put its check on record; a check that
 * finds a difference, or one withdrawn, leaves it so. Both databases when ZH_TEST_PG_URL is set. */
#include "core/read/clock_check.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char MODEL[] =
    "registers:\n"
    "  - id: clock_check\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 时限口径核实\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [code], row: [code]}\n"
    "    fields:\n"
    "      - {id: code, label: 时限版本, type: string, required: true}\n"
    "      - {id: verdict, label: 结论, type: code, codes: {right: 一致, wrong: 不一致}, "
    "required: true}\n"
    "    states:\n"
    "      - {id: proposed, label: 待复核, initial: true}\n"
    "      - {id: in_force, label: 有效}\n"
    "      - {id: withdrawn, label: 撤销}\n"
    "    transitions:\n"
    "      - {id: confirm, label: 复核, from: proposed, to: in_force, two_person: true}\n"
    "      - {id: withdraw, label: 撤销, from: in_force, to: withdrawn}\n"
    "  - id: affair\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 事项\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: begun, label: 起算, type: date}\n"
    "    clocks:\n"
    "      - id: limit\n"
    "        label: 期限\n"
    "        start: begun\n"
    "        versions:\n"
    "          - {to: 2019-12-31, amount: 3, unit: day, unverified: true}\n"
    "          - {from: 2020-01-01, to: 2025-12-31, amount: 5, unit: day, unverified: true}\n"
    "          - {from: 2026-01-01, amount: 7, unit: day}\n"
    "      - id: two\n"
    "        label: 分两种\n"
    "        start: begun\n"
    "        versions:\n"
    "          - {from: 2026-01-01, when: \"no = 'A'\", amount: 7, unit: day, unverified: true}\n"
    "          - {from: 2026-01-01, amount: 9, unit: day, unverified: true}\n";

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s\n", rc, f->err.rule, f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
}

static bool unverified(fixture *f, size_t version)
{
    zh_conn *conn = NULL;
    bool out = false;
    const zh_register *reg = fx_reg(f, "affair");
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_clock_unverified(&f->ctx, conn, reg, &reg->clocks[0],
                              &reg->clocks[0].versions[version], &out));
    zh_store_release(conn);
    return out;
}

static void test_check(void **state)
{
    (void)state;
    fixture f;
    zh_applied right;
    zh_applied wrong;
    fx_open(&f, MODEL);
    const zh_register *reg = fx_reg(&f, "affair");
    assert_string_equal(
        zh_clock_check_code(f.arena, reg, &reg->clocks[0], &reg->clocks[0].versions[0]).p,
        "affair.limit@");
    assert_true(unverified(&f, 0));
    assert_true(unverified(&f, 1));
    assert_false(unverified(&f, 2)); /* declared as verified */
    ok(&f, fx_create(&f, "clock_check", &right, "code", "affair.limit@2020-01-01", "verdict",
                     "right", NULL));
    assert_true(unverified(&f, 1)); /* one person is not enough */
    ok(&f, fx_move(&f, "clock_check", &right, "confirm", 0, &right, NULL));
    assert_false(unverified(&f, 1));
    assert_true(unverified(&f, 0)); /* another version is another matter */
    ok(&f, fx_create(&f, "clock_check", &wrong, "code", "affair.limit@", "verdict", "wrong", NULL));
    ok(&f, fx_move(&f, "clock_check", &wrong, "confirm", 0, &wrong, NULL));
    assert_true(unverified(&f, 0));
    ok(&f, fx_move(&f, "clock_check", &right, "withdraw", 0, &right, NULL));
    assert_true(unverified(&f, 1));
    fx_close(&f);
}

/* Of two that begin on one day each has a name, and a check, of its own. */
static void test_same_day(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, MODEL);
    const zh_register *reg = fx_reg(&f, "affair");
    const zh_clock *two = &reg->clocks[1];
    assert_string_equal(zh_clock_check_code(f.arena, reg, two, &two->versions[0]).p,
                        "affair.two@2026-01-01");
    assert_string_equal(zh_clock_check_code(f.arena, reg, two, &two->versions[1]).p,
                        "affair.two@2026-01-01#2");
    fx_close(&f);
}

static void test_no_register(void **state)
{
    (void)state;
    fixture f;
    zh_conn *conn = NULL;
    zh_clock_check check;
    fx_open(&f, NULL);
    const zh_register *reg = fx_reg(&f, "sample");
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f,
       zh_clock_checked(&f.ctx, conn, reg, &reg->clocks[0], &reg->clocks[0].versions[0], &check));
    assert_null(check.record);
    zh_store_release(conn);
    fx_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_same_day),
        cmocka_unit_test(test_no_register),
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
