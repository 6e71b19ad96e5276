/* Verification: clean after random histories, and every kind of tampering found and named. */
#include "core/verify/balance.h"
#include "core/verify/verify.h"
#include "lot_fixture.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- balances -------------------------------------------------------------------------------- */

typedef struct found {
    size_t n;
    char key[64];
    zh_i128 counted, stored;
} found;

static void take(void *user, const zh_named *named)
{
    found *f = user;
    f->n++;
    snprintf(f->key, sizeof f->key, "%.*s", ZH_FMT(named->key));
    f->counted = named->sums[ZH_COUNTED][0];
    f->stored = named->sums[ZH_STORED][0];
}

/* Sides agree whatever the order and however the numbers are split; a difference of any size is
 * named, also one of 2^64 and one of the modulus of the sums. */
static void test_balance_names_what_differs(void **state)
{
    (void)state;
    static const zh_str names[] = {{"n", 1}};
    const zh_i128 differences[] = {0, 1, -1, (zh_i128)1 << 64, -((zh_i128)1 << 100)};
    for (size_t d = 0; d < ZH_COUNTOF(differences); d++) {
        zh_arena *arena = zh_arena_new((size_t)64 << 20);
        zh_balance b;
        zh_balance_open(&b, arena, 10);
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < 5000; i++) {
                zh_str key = zh_str_fmt(arena, "key %d", i);
                zh_i128 whole = (zh_i128)i * 1000 - 77;
                zh_i128 part = i / 3;
                zh_i128 rest = whole - part;
                zh_balance_put(&b, ZH_COUNTED, key, &part, names, 1, ZH_STR_NONE);
                zh_balance_put(&b, ZH_COUNTED, key, &rest, names, 1, ZH_STR_NONE);
            }
            for (int i = 4999; i >= 0; i--) {
                zh_str key = zh_str_fmt(arena, "key %d", i);
                zh_i128 whole = (zh_i128)i * 1000 - 77 + (i == 4321 ? differences[d] : 0);
                zh_balance_put(&b, ZH_STORED, key, &whole, names, 1, ZH_STR_NONE);
            }
            assert_int_equal(zh_balance_even(&b), d == 0);
        }
        found f = {0};
        zh_balance_differences(&b, take, &f);
        assert_int_equal(f.n, d > 0);
        if (d > 0) {
            assert_string_equal(f.key, "key 4321");
            assert_true(f.stored - f.counted == differences[d]);
        }
        zh_arena_free(arena);
    }
}

/* ---- verification ---------------------------------------------------------------------------- */

static int64_t verify(lots *l, char *lines, size_t n, zh_verify_report *report)
{
    zh_buf out;
    zh_buf_init(&out, 4 << 20);
    lots_ok(l, zh_verify(&l->f.ctx, &out, report, NULL, NULL));
    snprintf(lines, n, "%.*s", (int)out.n, out.p != NULL ? out.p : "");
    zh_buf_free(&out);
    return report->differences;
}

static void clean(lots *l)
{
    char lines[2000];
    zh_verify_report report;
    if (verify(l, lines, sizeof lines, &report) != 0) {
        print_error("%s\n", lines);
    }
    assert_int_equal(report.differences, 0);
}

static void test_clean_after_random_histories(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(NULL, NULL, 0);
        clean(l); /* empty */
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 60; i++) {
                lots_step(l);
            }
            clean(l); /* batches without a position, roll-ups behind or never made */
            (void)lots_sequence(l);
            if (round % 2 == 0) {
                lots_ok(l, zh_rollup_fold(l->f.core, &l->f.err));
            }
            clean(l);
        }
        char lines[100];
        zh_verify_report report;
        (void)verify(l, lines, sizeof lines, &report);
        assert_int_equal(report.records, l->n);
        assert_int_equal(report.registers, 2);
        assert_int_equal(report.versions, report.entries);
        assert_int_equal(report.versions, fx_count(&l->f, "SELECT COUNT(*) FROM r_lot_h"));
        assert_true(report.cells > 0);
        lots_close(l);
    }
}

typedef struct tamper {
    const char *sql;   /* #: id of the record */
    const char *table; /* touched */
    const char *says;  /* must stand in the lines */
    const char *and;   /* as well; may be NULL */
} tamper;

static const tamper tampers[] = {
    {"UPDATE r_lot SET amount = amount + 1 WHERE id = #", "r_lot", "“amount”与最新版本不符",
     "total 重算"},
    {"UPDATE r_lot SET maker = '假厂' WHERE id = #", "r_lot", "“maker”与最新版本不符", "假厂"},
    {"UPDATE r_lot SET state = 'void' WHERE id = #", "r_lot", "状态与最新版本不符", NULL},
    {"UPDATE r_lot SET version = 9 WHERE id = #", "r_lot", "版本号与最新版本不符", NULL},
    {"UPDATE r_lot SET handler_office = 1 WHERE id = #", "r_lot", "承办机构", NULL},
    {"UPDATE r_lot SET actor = 'nobody' WHERE id = #", "r_lot", "写入人", NULL},
    {"UPDATE r_lot SET d_place_1 = '430000' WHERE id = #", "r_lot", "维度“place”", "430000"},
    {"DELETE FROM r_lot WHERE id = #", "r_lot", "有版本而没有现行行", "单元"},
    {"UPDATE r_lot SET size = 500, size__t = 'abc' WHERE id = #", "r_lot", "size", NULL},
    {"UPDATE r_lot_h SET state = 'void' WHERE id = # AND version = 2", "r_lot_h",
     "第 2 版：状态不是这次操作的结果", NULL},
    {"UPDATE r_lot_h SET state = 'gone' WHERE id = # AND version = 2", "r_lot_h", "状态未声明",
     NULL},
    {"UPDATE r_lot_h SET maker = '假厂' WHERE id = # AND version = 1", "r_lot_h",
     "第 1 版：内容与凭证", NULL},
    {"UPDATE r_lot_h SET recorded_at = recorded_at + 5000 WHERE id = # AND version = 2", "r_lot_h",
     "第 2 版：内容与凭证", NULL},
    {"UPDATE r_lot_h SET amount__t = '1.10' WHERE id = # AND version = 2", "r_lot_h",
     "第 2 版：“amount”的数值与原文不符", "第 2 版：内容与凭证"},
    {"UPDATE r_lot_h SET amount = amount + 1 WHERE id = #", "r_lot_h", "数值与原文不符", NULL},
    {"UPDATE r_lot_h SET salt = NULL WHERE id = # AND version = 1", "r_lot_h",
     "盐与删除后的承诺应恰有其一", NULL},
    {"UPDATE r_lot_h SET op = 'erase' WHERE id = # AND version = 2", "r_lot_h",
     "第 2 版：内容与凭证", NULL},
    {"DELETE FROM r_lot_h WHERE id = # AND version = 1", "r_lot_h", "缺第 1 版", "没有对应的版本"},
    {"DELETE FROM r_lot_h WHERE id = # AND version = 3", "r_lot_h", "版本号与最新版本不符",
     "没有对应的版本"},
    {"DELETE FROM r_lot_h WHERE id = #", "r_lot_h", "有现行行而没有版本", NULL},
    {"UPDATE r_lot_h SET batch = 5 WHERE id = # AND version = 2", "r_lot_h", "所属批次不在发件箱",
     "发件箱里没有它的凭证"},
    {"UPDATE r_lot_h SET ord = 7 WHERE id = # AND version = 2", "r_lot_h", "在批次里的序号超出范围",
     NULL},
    {"UPDATE r_lot__items SET value = 999, value__t = '9.99' WHERE parent = # AND ord = 0",
     "r_lot__items", "“items”与最新版本不符", "row_value"},
    {"WITH RECURSIVE s(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM s WHERE n < 9999) INSERT INTO "
     "r_lot__items (office, parent, ord, row_id) SELECT i.office, i.parent, s.n, s.n + 9 FROM s, "
     "r_lot__items i WHERE i.parent = # AND i.ord = 0", /* ZH_TABLE_ROWS_MAX rows */
     "r_lot__items", "“items”与最新版本不符", NULL},
    {"WITH RECURSIVE s(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM s WHERE n < 10000) INSERT INTO "
     "r_lot__items (office, parent, ord, row_id) SELECT i.office, i.parent, s.n, s.n + 9 FROM s, "
     "r_lot__items i WHERE i.parent = # AND i.ord = 0", /* … and one more */
     "r_lot__items", "“items”超过 10000 行", NULL},
    {"DELETE FROM r_lot__items WHERE parent = # AND ord = 1", "r_lot__items",
     "“items”与最新版本不符", "rows 重算"},
    {"UPDATE r_lot__items SET parent = 77 WHERE parent = # AND ord = 1", "r_lot__items",
     "没有所属的记录", NULL},
    {"UPDATE r_lot__items_h SET verdict = 'fail' WHERE parent = # AND version = 1",
     "r_lot__items_h", "第 1 版：内容与凭证", NULL},
    {"DELETE FROM r_lot__items_h WHERE parent = # AND version = 1 AND ord = 1", "r_lot__items_h",
     "第 1 版：内容与凭证", NULL},
    {"UPDATE r_lot__items_h SET version = 99 WHERE parent = # AND version = 1 AND ord = 1",
     "r_lot__items_h", "没有所属的版本", NULL},
    {"DELETE FROM r_lot_g WHERE id = # AND gram = '甲厂'", "r_lot_g", "检索词", "甲厂"},
    {"INSERT INTO r_lot_g (office, gram, id) VALUES (1, '无中', #)", "r_lot_g", "检索词", "无中"},
    {"UPDATE q_lot__by_place SET n_ = n_ + 1 WHERE p_month = '2031-03' AND # > 0",
     "q_lot__by_place", "2031-03", "n_ 重算 1、存 2"},
    {"UPDATE q_lot__by_place SET total_1 = total_1 + 4294967296 WHERE p_month = '2031-03' AND "
     "# > 0",
     "q_lot__by_place", "2031-03", "total 重算"},
    {"DELETE FROM q_lot__by_place WHERE p_month = '2031-03' AND # > 0", "q_lot__by_place",
     "2031-03", "n_ 重算 1、存 0"},
    {"UPDATE q_lot__by_place SET kind = 'x' WHERE p_month = '2031-03' AND # > 0", "q_lot__by_place",
     "n_ 重算 0、存 1", NULL},
    {"UPDATE q_lot__by_class_k SET n_ = n_ + 1 WHERE key = '丁厂' AND # > 0", "q_lot__by_class_k",
     "丁厂", NULL},
    {"UPDATE u_lot__by_place SET n_ = n_ - 1 WHERE p_month = '2031' AND # > 0", "u_lot__by_place",
     "汇总", "2031"},
    {"DELETE FROM u_lot__by_class_k WHERE key = '丁厂' AND # > 0", "u_lot__by_class_k", "汇总",
     "丁厂"},
    {"UPDATE zh_outbox SET pos = pos + 1 WHERE pos = 1 AND # > 0", "zh_outbox", "日志位置 2", NULL},
    {"UPDATE zh_outbox SET until = 5 WHERE pos = 2 AND # > 0", "zh_outbox", "截至时间", NULL},
    {"UPDATE zh_outbox SET n = 2 WHERE pos = 3 AND # > 0", "zh_outbox", "条数与凭证的长度不符",
     NULL},
    {"UPDATE zh_outbox SET register = 'lot_weight' WHERE pos = 3 AND # > 0", "zh_outbox",
     "所属批次是别的登记册的", NULL},
    {"DELETE FROM zh_outbox WHERE pos = 4 AND # > 0", "zh_outbox", "所属批次不在发件箱",
     "日志位置 5，应为 4"},
    {"UPDATE zh_counter SET next = 3 WHERE name = 'log' AND # > 0", "zh_counter", "日志长度记为 3",
     NULL},
};

static void run_sql(lots *l, const char *sql)
{
    zh_conn *conn = NULL;
    lots_ok(l, zh_store_writer(zh_core_store(l->f.core), &conn, &l->f.err));
    lots_ok(l, zh_exec(conn, sql, &l->f.err));
    zh_store_release(conn);
}

static void keep(lots *l, const char *table)
{
    char sql[200];
    snprintf(sql, sizeof sql, "CREATE TABLE kept AS SELECT * FROM %s", table);
    run_sql(l, sql);
}

static void restore(lots *l, const char *table)
{
    char sql[300];
    snprintf(sql, sizeof sql, "DELETE FROM %s; INSERT INTO %s SELECT * FROM kept; DROP TABLE kept",
             table, table);
    run_sql(l, sql);
}

static void tamper_with(lots *l, const tamper *t, long long id, char *sql, size_t n)
{
    const char *hash = strchr(t->sql, '#');
    assert_non_null(hash);
    snprintf(sql, n, "%.*s%lld%s", (int)(hash - t->sql), t->sql, id, hash + 1);
    run_sql(l, sql);
}

static void expect(lots *l, const char *what, const char *says, const char *and)
{
    char lines[20000];
    zh_verify_report report;
    int64_t n = verify(l, lines, sizeof lines, &report);
    bool good = n > 0 && strstr(lines, says) != NULL && (and == NULL || strstr(lines, and) != NULL);
    if (!good) {
        print_error("%s\nwants: %s / %s\nsays:\n%.1500s\n", what, says, and? and : "", lines);
    }
    assert_true(good);
}

/* A record with three versions and rows, alone in a month of its own. */
static long long known_record(lots *l)
{
    lot r;
    lots_create(l, &r, "place", "420100", "class", "F1", "kind", "random", "maker", "丁厂",
                "on_day", "2031-03-05", "amount", "12.5", "size", "3.00", "items",
                "铅,1.00,pass;镉,2.00,pass", NULL);
    lots_ok(l, fx_amend(&l->f, "lot", &r.at, &r.at, "amount", "13.5", NULL));
    lots_ok(l, fx_amend(&l->f, "lot", &r.at, &r.at, "amount", "14.5", "maker", "甲厂", NULL));
    lot other;
    lots_create(l, &other, "place", "430100", "class", "F1", "maker", "丁厂", NULL);
    return r.at.id;
}

static void test_every_tampering_is_found(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(NULL, NULL, 0);
        for (int i = 0; i < 20; i++) {
            lots_step(l);
        }
        long long id = known_record(l);
        (void)lots_sequence(l);
        lots_ok(l, zh_rollup_fold(l->f.core, &l->f.err));
        clean(l);
        for (size_t i = 0; i < ZH_COUNTOF(tampers); i++) {
            const tamper *t = &tampers[i];
            char sql[500];
            keep(l, t->table);
            tamper_with(l, t, id, sql, sizeof sql);
            expect(l, sql, t->says, t->and);
            restore(l, t->table);
        }
        clean(l);
        lots_close(l);
    }
}

/* One bit of an entry, of a salt, of the deltas. */
static void flip(lots *l, const char *table, const char *column, const char *where)
{
    zh_conn *conn = NULL;
    char sql[300];
    lots_ok(l, zh_store_writer(zh_core_store(l->f.core), &conn, &l->f.err));
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE %s", column, table, where);
    zh_stmt *stmt = NULL;
    lots_ok(l, zh_query(conn, zh_str_of(sql), NULL, 0, &stmt, &l->f.err));
    lots_ok(l, zh_step(stmt, &l->f.err));
    zh_str bytes = zh_str_dup(l->f.arena, zh_col_str(stmt, 0));
    zh_finish(stmt);
    char *copy = zh_arena_alloc(l->f.arena, bytes.n);
    memcpy(copy, bytes.p, bytes.n);
    copy[bytes.n - 1] ^= 1;
    snprintf(sql, sizeof sql, "UPDATE %s SET %s = ? WHERE %s", table, column, where);
    zh_sql_value value = ZH_SQL_BYTES(((zh_str){copy, bytes.n}));
    int64_t changed = 0;
    lots_ok(l, zh_run(conn, sql, &value, 1, &changed, &l->f.err));
    assert_int_equal(changed, 1);
    zh_store_release(conn);
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(NULL, NULL, 1);
        long long id = known_record(l);
        (void)lots_sequence(l);
        lots_ok(l, zh_rollup_fold(l->f.core, &l->f.err));
        char where[100];
        char says[100];
        snprintf(where, sizeof where, "id = %lld AND version = 2", id);
        snprintf(says, sizeof says, "%lld 第 2 版：内容与凭证", id);
        flip(l, "zh_outbox", "entries", "pos = 1");
        expect(l, "entry", says, NULL);
        flip(l, "zh_outbox", "entries", "pos = 1");
        flip(l, "r_lot_h", "salt", where);
        expect(l, "salt", says, NULL);
        flip(l, "r_lot_h", "salt", where);
        flip(l, "zh_outbox", "deltas", "pos = 1");
        expect(l, "deltas", "单元变动", NULL);
        flip(l, "zh_outbox", "deltas", "pos = 1");
        clean(l);
        lots_close(l);
    }
}

/* Versions from which personal data were erased still prove themselves, and only those. */
static void test_erased_versions_prove_themselves(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(NULL, NULL, 1);
    lot r;
    lots_create(l, &r, "place", "420100", "person", "张三", "maker", "甲厂", NULL);
    lots_ok(l, fx_amend(&l->f, "lot", &r.at, &r.at, "person", "李四", NULL));
    lots_ok(l, fx_erase(&l->f, "lot", &r.at, &r.at, NULL));
    assert_int_equal(fx_count(&l->f, "SELECT COUNT(*) FROM r_lot_h WHERE salt IS NULL"), 2);
    clean(l);
    run_sql(l, "UPDATE r_lot_h SET maker = '乙厂' WHERE version = 1");
    expect(l, "erased", "第 1 版：内容与凭证", NULL);
    run_sql(l, "UPDATE r_lot_h SET maker = '甲厂' WHERE version = 1");
    flip(l, "r_lot_h", "sealed", "version = 2");
    expect(l, "sealed", "第 2 版：内容与凭证", NULL);
    flip(l, "r_lot_h", "sealed", "version = 2");
    clean(l);
    lots_close(l);
}

static void test_clocks_equal_their_history(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = calloc(1, sizeof *l);
        assert_non_null(l);
        fx_open(&l->f, NULL);
        zh_applied at;
        lots_ok(l, fx_create(&l->f, "sample", &at, "report_no", "R-1", "place", "武汉市",
                             "sampled_at", "2026-03-05 08:30", "items", "铅,0.050 mg/kg,pass,李四",
                             "served_on", "2026-03-06", NULL));
        (void)lots_sequence(l);
        assert_int_equal(fx_count(&l->f, "SELECT COUNT(*) FROM zh_clock"), 1);
        clean(l);
        run_sql(l, "UPDATE zh_clock SET due_at = due_at + 1");
        expect(l, "clock", "时限“objection”：与最新的变动不符", NULL);
        run_sql(l, "DELETE FROM zh_clock");
        expect(l, "clock", "时限“objection”：有变动而没有现状", NULL);
        lots_close(l);
    }
}

/* ---- failures -------------------------------------------------------------------------------- */

typedef zh_rc (*work)(lots *l);

static zh_rc verify_again(lots *l)
{
    zh_buf out;
    zh_verify_report report;
    zh_buf_init(&out, 1 << 20);
    zh_rc rc = zh_verify(&l->f.ctx, &out, &report, NULL, NULL);
    zh_buf_free(&out);
    return rc;
}

static zh_rc fold_again(lots *l)
{
    return zh_rollup_fold(l->f.core, &l->f.err);
}

static zh_rc rebuild_again(lots *l)
{
    return zh_rollup_rebuild(l->f.core, &l->f.err);
}

/* Every SQL step of verifying, folding and rebuilding fails once: an error comes back, nothing is
 * left open, and nothing is left half done. */
static void test_failing_steps(void **state)
{
    (void)state;
    static const work works[] = {verify_again, fold_again, rebuild_again};
    fx_use("sqlite");
    lots *l = lots_open(NULL, NULL, 0);
    for (int i = 0; i < 12; i++) {
        lots_step(l);
    }
    (void)lots_sequence(l);
    for (size_t w = 0; w < ZH_COUNTOF(works); w++) {
        uint64_t failed = 0;
        for (uint64_t n = 1;; n++) {
            zh_err_clear(&l->f.err);
            (void)zh_store_fail_at(n);
            zh_rc rc = works[w](l);
            (void)zh_store_fail_at(0);
            if (rc == ZH_OK) {
                break;
            }
            assert_int_equal(rc, ZH_EDB);
            assert_true(l->f.err.message[0] != 0);
            failed++;
        }
        assert_true(failed > 10);
        zh_err_clear(&l->f.err);
        clean(l);
    }
    lots_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_balance_names_what_differs),
        cmocka_unit_test(test_clean_after_random_histories),
        cmocka_unit_test(test_every_tampering_is_found),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_erased_versions_prove_themselves),
        cmocka_unit_test(test_clocks_equal_their_history),
        cmocka_unit_test(test_failing_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
