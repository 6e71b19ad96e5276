/* Single writes that share a transaction: each has the outcome it would have had alone. Expected
 * counts follow from what every thread is made to write. */
#include "core/ledger/ledger.h"
#include "core/ledger/receipt.h"
#include "core/record/commits.h"
#include "core_fixture.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 8, EACH = 25, TOGETHER = 12 };

typedef struct writer {
    const fixture *f;
    unsigned name;
    unsigned good, duplicate, refused, other;
} writer;

/* Of five: three of its own, one whose number every thread gives, one that a rule refuses. */
static void *write_many(void *user)
{
    writer *me = user;
    fixture mine;
    fx_begin_thread(me->f, &mine);
    for (unsigned i = 0; i < EACH; i++) {
        char no[32];
        zh_applied at;
        bool shared = i % 5 == 3;
        (void)snprintf(no, sizeof no, shared ? "common-%u" : "%u-%u", shared ? i : me->name, i);
        zh_rc rc = fx_create(&mine, "sample", &at, "report_no", no, "place", "420100", "sampled_at",
                             i % 5 == 4 ? "2100-01-01 00:00" : "2026-01-05 09:00", NULL);
        me->good += rc == ZH_OK;
        me->duplicate += rc == ZH_ECONFLICT && strcmp(mine.err.rule, "record.duplicate") == 0;
        me->refused += rc == ZH_EINVAL;
        me->other += rc != ZH_OK && rc != ZH_ECONFLICT && rc != ZH_EINVAL;
    }
    fx_end_thread(&mine);
    return NULL;
}

static void test_own_outcomes(void **state)
{
    (void)state;
    fixture f;
    pthread_t threads[THREADS];
    writer writers[THREADS];
    unsigned good = 0;
    unsigned duplicate = 0;
    fx_open(&f, NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (writer){.f = &f, .name = i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(writers[i].refused, EACH / 5);
        assert_int_equal(writers[i].other, 0);
        good += writers[i].good;
        duplicate += writers[i].duplicate;
    }
    assert_int_equal(good, THREADS * EACH * 3 / 5 + EACH / 5);
    assert_int_equal(duplicate, (THREADS - 1) * EACH / 5);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample"), good);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h"), good);
    assert_int_equal(fx_count(&f, "SELECT CAST(SUM(n) AS BIGINT) FROM zh_outbox"), good);
    fx_close(&f);
}

/* ---- what is no record ----------------------------------------------------------------------- */

static zh_rc note(void *user, zh_conn *conn, zh_err *err)
{
    const bool *refused = user;
    zh_rc rc = zh_run(conn,
                      "INSERT INTO zh_counter (office, name, next) VALUES (0, 'noted', 1) ON "
                      "CONFLICT (office, name) DO UPDATE SET next = zh_counter.next + 1",
                      NULL, 0, NULL, err);
    return rc == ZH_OK && *refused ? zh_err_set(err, ZH_EINVAL, "test.refused", "不行") : rc;
}

/* In turn a record and a note; of five notes one is refused after it has written. */
static void *note_many(void *user)
{
    writer *me = user;
    fixture mine;
    fx_begin_thread(me->f, &mine);
    for (unsigned i = 0; i < EACH; i++) {
        char no[32];
        zh_applied at;
        bool refused = i % 5 == 4;
        (void)snprintf(no, sizeof no, "%u-%u", me->name, i);
        zh_err_clear(&mine.err);
        zh_rc rc = zh_commits_work(&mine.ctx, note, &refused, &mine.err);
        me->good += rc == ZH_OK;
        me->refused += rc == ZH_EINVAL && strcmp(mine.err.rule, "test.refused") == 0;
        rc = fx_create(&mine, "sample", &at, "report_no", no, "place", "420100", "sampled_at",
                       "2026-01-05 09:00", NULL);
        me->other += rc != ZH_OK;
    }
    fx_end_thread(&mine);
    return NULL;
}

static void test_notes(void **state)
{
    (void)state;
    fixture f;
    pthread_t threads[THREADS];
    writer writers[THREADS];
    fx_open(&f, NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (writer){.f = &f, .name = i};
        assert_int_equal(pthread_create(&threads[i], NULL, note_many, &writers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(writers[i].good, EACH * 4 / 5);
        assert_int_equal(writers[i].refused, EACH / 5);
        assert_int_equal(writers[i].other, 0);
    }
    assert_int_equal(fx_count(&f, "SELECT next FROM zh_counter WHERE name = 'noted'"),
                     THREADS * EACH * 4 / 5); /* nothing of what was refused has stayed */
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample"), THREADS * EACH);
    fx_close(&f);
}

/* Prepares one creation in a context of its own. */
static void prepare(fixture *f, zh_submission *s, const char *no)
{
    const zh_register *reg = fx_reg(f, "sample");
    zh_ctx *ctx = ZH_NEW(f->arena, zh_ctx);
    zh_findings *findings = ZH_NEW(f->arena, zh_findings);
    zh_change *changes = ZH_NEW_N(f->arena, zh_change, 3);
    const char *const pairs[][2] = {
        {"report_no", no}, {"place", "420100"}, {"sampled_at", "2026-01-05 09:00"}};
    *s = (zh_submission){.ctx = ctx};
    *ctx = f->ctx;
    ctx->err = &s->err;
    for (size_t i = 0; i < 3; i++) {
        char how = 0;
        changes[i].field = zh_register_field(reg, zh_str_of(pairs[i][0]));
        assert_int_equal(zh_field_parse(ctx->model, changes[i].field, f->arena,
                                        zh_str_dup(f->arena, zh_str_of(pairs[i][1])), INT32_MIN,
                                        &changes[i].value, &how, &s->err),
                         ZH_OK);
    }
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = 3};
    s->rc = zh_record_prepare(ctx, NULL, &op, findings, &s->prepared);
    assert_int_equal(s->rc, ZH_OK);
}

/* One transaction: those that clash leave it one by one, then one at a time. */
static void test_together(void **state)
{
    (void)state;
    fixture f;
    zh_submission list[TOGETHER];
    unsigned good = 0;
    int64_t batch = 0;
    fx_open(&f, NULL);
    for (unsigned i = 0; i < TOGETHER; i++) {
        char no[16];
        (void)snprintf(no, sizeof no, "T-%u", i < 6 ? i : 0); /* seven have the same number */
        prepare(&f, &list[i], no);
    }
    list[5].rc = ZH_EDENIED; /* was refused before */
    zh_record_submit(f.core, list, TOGETHER);
    for (unsigned i = 0; i < TOGETHER; i++) {
        zh_rc wanted = i < 5 ? ZH_OK : i == 5 ? ZH_EDENIED : ZH_ECONFLICT;
        assert_int_equal(list[i].rc, wanted);
        if (list[i].rc == ZH_OK) {
            assert_int_equal(list[i].applied.version, 1);
            assert_true(list[i].place.batch > 0);
            batch = batch == 0 ? list[i].place.batch : batch;
            good += list[i].place.batch == batch;
        } else if (i > 5) {
            assert_string_equal(list[i].err.rule, "record.duplicate");
        }
    }
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample"), 5);
    assert_int_equal(good, fx_count(&f, "SELECT n FROM zh_outbox ORDER BY batch LIMIT 1"));
    zh_record_submit(f.core, list, 0);
    fx_close(&f);
}

/* ---- receipts -------------------------------------------------------------------------------- */

static void *seal(void *user)
{
    int64_t size = 0;
    zh_err err = {0};
    struct timespec pause = {.tv_nsec = 20000000};
    (void)nanosleep(&pause, NULL);
    return zh_sequence(user, &size, &err) == ZH_OK ? NULL : user;
}

static void test_receipt(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_receipt r;
    pthread_t thread;
    void *failed = NULL;
    fx_open(&f, NULL);
    const zh_register *reg = fx_reg(&f, "sample");
    assert_int_equal(fx_create(&f, "sample", &a, "report_no", "R-1", "place", "420100",
                               "sampled_at", "2026-01-05 09:00", NULL),
                     ZH_OK);
    assert_int_equal(zh_receipt_wait(&f.ctx, reg, &a, (zh_place){0, 0}, 0, &r), ZH_OK);
    assert_false(r.sealed);
    assert_int_equal(r.position, -1);
    assert_int_equal(pthread_create(&thread, NULL, seal, f.core), 0);
    assert_int_equal(zh_receipt_wait(&f.ctx, reg, &a, (zh_place){0, 0}, 10000, &r), ZH_OK);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    if (zh_ledger_dir(f.core) != NULL) {
        assert_true(r.sealed);
        assert_int_equal(r.position, 0);
        assert_int_equal(r.size, 1);
        assert_true(zh_str_find(r.note, ZH_STR("\n1\n")) > 0);
    } else { /* the log is elsewhere: a position, no checkpoint to show */
        assert_false(r.sealed);
    }
    a.version = 2;
    assert_int_equal(zh_receipt_wait(&f.ctx, reg, &a, (zh_place){0, 0}, 0, &r), ZH_ENOTFOUND);
    assert_string_equal(f.err.rule, "receipt.none");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_outcomes),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_receipt),
    };
    const char *const *backends;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
