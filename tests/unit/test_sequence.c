/* Positions in the log: dense, one each, in the order of every record's versions, only after
 * commit; as_of sees what has one. */
#include "core_fixture.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static zh_applied create(fixture *f, const char *no, const char *place)
{
    zh_applied a;
    ok(f, fx_create(f, "sample", &a, "report_no", no, "place", place, "sampled_at", "2026-03-05",
                    NULL));
    return a;
}

static int64_t sequence(fixture *f)
{
    int64_t size = -1;
    zh_err_clear(&f->err);
    ok(f, zh_sequence(f->core, &size, &f->err));
    return size;
}

static const char *const ORDERED[] = {
    /* every position once, from 0 to the size */
    "SELECT COUNT(*) FROM zh_outbox a JOIN zh_outbox b ON a.pos < b.pos AND a.pos + a.n > b.pos",
    "SELECT (SELECT COALESCE(SUM(n), 0) FROM zh_outbox WHERE pos IS NOT NULL) - (SELECT "
    "COALESCE(MAX(pos + n), 0) FROM zh_outbox)",
    /* versions of a record in order */
    "SELECT COUNT(*) FROM r_sample_h a JOIN r_sample_h b ON b.office = a.office AND b.id = a.id "
    "AND "
    "b.version = a.version + 1 JOIN zh_outbox x ON x.office = a.office AND x.batch = a.batch JOIN "
    "zh_outbox y ON y.office = b.office AND y.batch = b.batch WHERE y.pos IS NOT NULL AND (x.pos "
    "IS "
    "NULL OR y.pos + b.ord <= x.pos + a.ord)",
    /* `until` never falls */
    "SELECT COUNT(*) FROM zh_outbox a JOIN zh_outbox b ON b.pos > a.pos AND (b.until < a.until OR "
    "a.at > a.until)",
};

static void check_order(fixture *f)
{
    for (size_t i = 0; i < ZH_COUNTOF(ORDERED); i++) {
        int64_t n = fx_count(f, ORDERED[i]);
        if (n != 0) {
            print_error("%lld: %s\n", (long long)n, ORDERED[i]);
        }
        assert_int_equal(n, 0);
    }
}

static void test_positions(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    assert_int_equal(sequence(&f), 0);
    zh_applied a = create(&f, "1", "武汉市");
    create(&f, "2", "宜昌市");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_outbox WHERE pos IS NULL"), 2);
    assert_int_equal(sequence(&f), 2);
    ok(&f, fx_amend(&f, "sample", &a, &a, "note", "x", NULL));
    ok(&f, fx_amend(&f, "sample", &a, &a, "note", "y", NULL));
    create(&f, "3", "武汉市");
    assert_int_equal(sequence(&f), 5);
    assert_int_equal(sequence(&f), 5);
    check_order(&f);
    zh_conn *conn = NULL;
    int64_t size = 0;
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    ok(&f, zh_log_size(conn, &size, &f.err));
    assert_int_equal(size, 5);
    zh_store_release(conn);
    fx_close(&f);
}

/* What stood at a size is what as_of shows, whatever happened later. */
static void test_as_of(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    zh_applied a = create(&f, "1", "武汉市");
    int64_t sizes[4];
    zh_time instants[4];
    static const char *const notes[] = {"", "一", "二", "三"};
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            ok(&f, fx_amend(&f, "sample", &a, &a, "note", notes[i], NULL));
        }
        sizes[i] = sequence(&f);
        instants[i] = zh_now();
    }
    ok(&f, fx_erase(&f, "sample", &a, &a, NULL));
    zh_conn *conn = NULL;
    const zh_register *reg = fx_reg(&f, "sample");
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    for (int i = 0; i < 4; i++) {
        zh_record *r = NULL;
        int64_t size = 0;
        ok(&f, zh_record_get(&f.ctx, conn, reg, a.office, a.id, sizes[i], &r));
        assert_int_equal(r->version, i + 1);
        assert_string_equal(fx_text(&f, r, "note"), notes[i]);
        ok(&f, zh_log_size_at(conn, instants[i], &size, &f.err));
        assert_int_equal(size, sizes[i]);
    }
    zh_record *r = NULL;
    assert_int_equal(zh_record_get(&f.ctx, conn, reg, a.office, a.id, 0, &r), ZH_ENOTFOUND);
    int64_t size = -1;
    ok(&f, zh_log_size_at(conn, instants[0] - 3600000000, &size, &f.err));
    assert_int_equal(size, 0);
    zh_store_release(conn);
    /* what is not sequenced yet is not in the log: the erasure */
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    zh_err_clear(&f.err);
    ok(&f, zh_record_get(&f.ctx, conn, reg, a.office, a.id, sizes[3], &r));
    assert_int_equal(r->version, 4);
    zh_store_release(conn);
    fx_close(&f);
}

/* A batch from a node whose clock is ahead: its successor gets a greater number all the same. */
static void test_lamport(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    zh_applied a = create(&f, "1", "武汉市");
    zh_conn *conn = NULL;
    zh_err_clear(&f.err);
    ok(&f, zh_store_writer(zh_core_store(f.core), &conn, &f.err));
    /* as if another node had written it, ten years ahead */
    int64_t ahead = fx_count(&f, "SELECT batch FROM zh_outbox") + ((int64_t)315360000000 << 22);
    zh_sql_value v = ZH_SQL_INT(ahead);
    ok(&f, zh_begin(conn, &f.err));
    ok(&f, zh_run(conn, "UPDATE zh_outbox SET batch = ?", &v, 1, NULL, &f.err));
    ok(&f, zh_run(conn, "UPDATE r_sample_h SET batch = ?", &v, 1, NULL, &f.err));
    ok(&f, zh_commit(conn, &f.err));
    zh_store_release(conn);
    ok(&f, fx_amend(&f, "sample", &a, &a, "note", "x", NULL));
    assert_true(fx_count(&f, "SELECT MAX(batch) FROM zh_outbox") > ahead);
    assert_int_equal(sequence(&f), 2);
    check_order(&f);
    fx_close(&f);
}

enum { WRITERS = 3, EACH = 25 };

typedef struct worker {
    const fixture *f;
    unsigned name;
    bool sequences;
    int failed;
} worker;

static void *work(void *user)
{
    worker *me = user;
    fixture mine;
    fx_begin_thread(me->f, &mine);
    for (int i = 0; i < EACH; i++) {
        if (me->sequences) {
            int64_t size = 0;
            zh_err_clear(&mine.err);
            me->failed += zh_sequence(mine.core, &size, &mine.err) != ZH_OK;
            continue;
        }
        char no[32];
        zh_applied a;
        snprintf(no, sizeof no, "%u-%d", me->name, i);
        zh_rc rc = fx_create(&mine, "sample", &a, "report_no", no, "place",
                             i % 2 ? "武汉市" : "宜昌市", "sampled_at", "2026-03-05", NULL);
        if (rc == ZH_OK) {
            rc = fx_amend(&mine, "sample", &a, &a, "note", no, NULL);
        }
        if (rc != ZH_OK) {
            print_error("%s %s\n", mine.err.rule, mine.err.message);
        }
        me->failed += rc != ZH_OK;
    }
    fx_end_thread(&mine);
    return NULL;
}

/* Writers and two sequencers at once; one of the sequencers wins each time. */
static void test_concurrent(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    worker workers[WRITERS + 2];
    pthread_t threads[WRITERS + 2];
    for (unsigned i = 0; i < WRITERS + 2; i++) {
        workers[i] = (worker){.f = &f, .name = i, .sequences = i >= WRITERS};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS + 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].failed, 0);
    }
    assert_int_equal(sequence(&f), WRITERS * EACH * 2);
    check_order(&f);
    assert_int_equal(fx_count(&f, "SELECT COUNT(DISTINCT no) FROM r_sample"), WRITERS * EACH);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_as_of),
        cmocka_unit_test(test_lamport),
        cmocka_unit_test(test_concurrent),
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
