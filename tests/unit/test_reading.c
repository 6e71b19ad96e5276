/* The chain of readings of personal data: its end goes into the ledger, once, and a tail that is
 * cut off with its counter is then named. Both databases when ZH_TEST_PG_URL is set. */
#include "core/people/reading.h"
#include "core/read/permission.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char MODEL[] = "registers:\n"
                            "  - id: case_file\n"
                            "    version: 1.0.0\n"
                            "    effective: 2020-01-01\n"
                            "    label: 案卷\n"
                            "    owner: 处\n"
                            "    purpose: 测试\n"
                            "    key: {business: [no], row: [no]}\n"
                            "    fields:\n"
                            "      - {id: no, label: 编号, type: string, required: true}\n"
                            "      - {id: who, label: 姓名, type: string, pipl: personal}\n"
                            "    privacy: {purpose: 办案, basis: 测试, read_log: true}\n"
                            "    access: [{role: officer, can: [read]}]\n"
                            "  - id: reading_anchor\n"
                            "    version: 1.0.0\n"
                            "    effective: 2020-01-01\n"
                            "    label: 链尾\n"
                            "    owner: 处\n"
                            "    purpose: 测试\n"
                            "    key: {business: [seq], row: [seq]}\n"
                            "    fields:\n"
                            "      - {id: seq, label: 序号, type: string, required: true}\n"
                            "      - {id: chain, label: 链值, type: string, required: true}\n";

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s\n", rc, f->err.rule, f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
}

static void look_at(fixture *f, const zh_applied *at)
{
    static const zh_post post = {.role = {"officer", 7}, .scope = ZH_SCOPE_ALL};
    zh_record *record = fx_get(f, "case_file", at);
    zh_ctx ctx = f->ctx;
    ctx.post = &post;
    ctx.role = post.role;
    ctx.actor = ZH_STR("li");
    zh_reading_note note = {.reg = record->reg, .records = &record, .n = 1, .how = "record"};
    assert_true(zh_reading_tells(&ctx, &note));
    ok(f, zh_reading_add(&ctx, &note));
}

static void run_sql(fixture *f, const char *sql)
{
    zh_conn *conn = NULL;
    ok(f, zh_store_writer(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_exec(conn, sql, &f->err));
    zh_store_release(conn);
}

static int64_t first_fault(fixture *f, int64_t readings)
{
    int64_t n = 0;
    int64_t broken = 0;
    ok(f, zh_readings_check(f->core, &n, &broken, &f->err));
    assert_int_equal(n, readings);
    return broken;
}

static void test_tail(void **state)
{
    (void)state;
    fixture f;
    zh_applied at;
    fx_open(&f, MODEL);
    ok(&f, zh_readings_anchor(f.core, &f.err)); /* nothing was read */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_reading_anchor"), 0);
    ok(&f, fx_create(&f, "case_file", &at, "no", "A-1", "who", "张三丰", NULL));
    for (int i = 0; i < 5; i++) {
        look_at(&f, &at);
    }
    ok(&f, zh_readings_anchor(f.core, &f.err));
    ok(&f, zh_readings_anchor(f.core, &f.err)); /* the end is there already */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_reading_anchor"), 1);
    assert_int_equal(first_fault(&f, 5), 0);
    look_at(&f, &at);
    assert_int_equal(first_fault(&f, 6), 0);
    run_sql(&f, "DELETE FROM zh_reading WHERE seq > 4; DELETE FROM zh_reading_of WHERE seq > 4; "
                "UPDATE zh_counter SET next = 4 WHERE name = 'reading'");
    assert_int_equal(first_fault(&f, 4), 5); /* anchored; the sixth was not, and is not missed */
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tail)};
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
