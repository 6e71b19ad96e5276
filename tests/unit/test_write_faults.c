/* One transaction: whatever fails, and whenever the program is killed, what was acknowledged is
 * there and everything agrees.
 *
 * "Agrees" is checked with SQL over the tables and by recomputing every version's entry. */
#include "base/log.h"
#include "core/adoption/open.h"
#include "core/ledger/evidence.h"
#include "core_fixture.h"
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { KILLS = 12, FAULTS_MAX = 4000, LATE_FAULTS = 5 };

#define SAMPLE(no)                                                                                 \
    "report_no", no, "place", "武汉市", "sampled_at", "2026-03-05 08:30", "amount", "120.50",      \
        "person", "张三丰", "cert", "2026-01-01/2030-12-31", "served_on", "2090-03-06", "items",   \
        "铅,0.050 mg/kg,pass,李四;镉,<0.010 mg/kg,fail,王五"

/* Every line must give 0. */
static const char *const AGREEMENT[] = {
    /* current rows and newest versions */
    "SELECT COUNT(*) FROM r_sample r WHERE NOT EXISTS (SELECT 1 FROM r_sample_h h WHERE h.office = "
    "r.office AND h.id = r.id AND h.version = r.version AND h.recorded_at = r.recorded_at)",
    "SELECT COUNT(*) FROM r_sample_h h WHERE NOT EXISTS (SELECT 1 FROM r_sample r WHERE h.office = "
    "r.office AND h.id = r.id AND h.version <= r.version)",
    /* versions dense from 1 */
    "SELECT COUNT(*) FROM r_sample_h h WHERE h.version > 1 AND NOT EXISTS (SELECT 1 FROM "
    "r_sample_h "
    "b WHERE b.office = h.office AND b.id = h.id AND b.version = h.version - 1 AND b.batch < "
    "h.batch)",
    /* entries */
    "SELECT (SELECT COALESCE(SUM(n), 0) FROM zh_outbox WHERE register = 'sample') - (SELECT "
    "COUNT(*) FROM r_sample_h)",
    "SELECT COUNT(*) FROM zh_outbox WHERE LENGTH(entries) <> n * 56",
    "SELECT COUNT(*) FROM r_sample_h h WHERE NOT EXISTS (SELECT 1 FROM zh_outbox o WHERE o.office "
    "= h.office AND o.batch = h.batch AND h.ord < o.n)",
    /* cells */
    "SELECT (SELECT COUNT(*) FROM r_sample) - (SELECT COALESCE(SUM(n_), 0) FROM "
    "q_sample__by_place)",
    "SELECT (SELECT COUNT(*) FROM r_sample WHERE verdict = 'fail') - (SELECT "
    "COALESCE(SUM(failed), 0) FROM q_sample__by_place)",
    "SELECT (SELECT COALESCE(SUM(amount), 0) FROM r_sample) - (SELECT COALESCE(SUM(money_0), 0) "
    "FROM q_sample__by_place)",
    /* child rows of the current version */
    "SELECT (SELECT COUNT(*) FROM r_sample__items) - (SELECT COUNT(*) FROM r_sample__items_h h "
    "JOIN r_sample r ON r.office = h.office AND r.id = h.parent AND r.version = h.version)",
    /* clocks and due events of records that exist */
    "SELECT (SELECT COUNT(*) FROM zh_clock) - (SELECT COUNT(*) FROM r_sample WHERE served_on IS "
    "NOT NULL)",
    "SELECT COUNT(*) FROM zh_due d WHERE NOT EXISTS (SELECT 1 FROM r_sample r WHERE r.office = "
    "d.office AND r.id = d.record)",
    /* grams: some for every record, none for others */
    "SELECT COUNT(*) FROM r_sample r WHERE NOT EXISTS (SELECT 1 FROM r_sample_g g WHERE g.office "
    "= r.office AND g.id = r.id)",
    "SELECT COUNT(*) FROM r_sample_g g WHERE NOT EXISTS (SELECT 1 FROM r_sample r WHERE g.office "
    "= r.office AND g.id = r.id)",
};

static void prove_all(fixture *f)
{
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    ZH_VEC(zh_applied) all = {0};
    zh_err_clear(&f->err);
    assert_int_equal(zh_store_reader(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    assert_int_equal(zh_query(conn, ZH_STR("SELECT office, id, version FROM r_sample_h"), NULL, 0,
                              &stmt, &f->err),
                     ZH_OK);
    while (zh_step(stmt, &f->err) == ZH_OK) {
        zh_applied one = {zh_col_i64(stmt, 0), zh_col_i64(stmt, 1), (int32_t)zh_col_i64(stmt, 2)};
        zh_vec_push(f->arena, &all, one);
    }
    zh_finish(stmt);
    for (size_t i = 0; i < all.n; i++) {
        zh_version_proof proof;
        zh_arena_mark mark = zh_arena_here(f->arena);
        zh_rc rc = zh_version_prove(&f->ctx, conn, fx_reg(f, "sample"), all.p[i].office,
                                    all.p[i].id, all.p[i].version, &proof);
        if (rc != ZH_OK) {
            print_error("prove: %s\n", f->err.message);
        }
        assert_int_equal(rc, ZH_OK);
        assert_memory_equal(proof.stored, proof.computed, sizeof proof.stored);
        zh_arena_rewind(f->arena, mark);
    }
    zh_store_release(conn);
}

static void check_agreement(fixture *f)
{
    for (size_t i = 0; i < ZH_COUNTOF(AGREEMENT); i++) {
        int64_t n = fx_count(f, AGREEMENT[i]);
        if (n != 0) {
            print_error("%lld: %s\n", (long long)n, AGREEMENT[i]);
        }
        assert_int_equal(n, 0);
    }
}

/* ---- injected faults ------------------------------------------------------------------------- */

typedef zh_rc (*write_fn)(fixture *f, zh_applied *at);

static zh_rc do_create(fixture *f, zh_applied *at)
{
    static unsigned next;
    char no[32];
    snprintf(no, sizeof no, "F-%u", next++);
    return fx_create(f, "sample", at, SAMPLE(no), NULL);
}

static zh_rc do_amend(fixture *f, zh_applied *at)
{
    static unsigned next;
    char note[32];
    snprintf(note, sizeof note, "第 %u 次", next++);
    at->version = 0;
    return fx_amend(f, "sample", at, at, "note", note, "person", note, "place", "宜昌市", "items",
                    "1:铅,0.060 mg/kg,pass,李四;砷,0.1 mg/kg,pass,赵六", NULL);
}

static zh_rc do_move(fixture *f, zh_applied *at)
{
    /* a record of its own: reported again each time */
    zh_rc rc = do_create(f, at);
    return rc == ZH_OK ? fx_move(f, "sample", at, "serve", 0, at, "served_on", "2026-03-01", NULL)
                       : rc;
}

static zh_rc do_erase(fixture *f, zh_applied *at)
{
    at->version = 0;
    return fx_erase(f, "sample", at, at, NULL);
}

static zh_rc do_due(fixture *f, zh_applied *at)
{
    (void)at;
    size_t done = 0;
    zh_err_clear(&f->err);
    return zh_due_run(f->core, zh_now(), &done, &f->err);
}

static zh_rc do_sequence(fixture *f, zh_applied *at)
{
    (void)at;
    int64_t size = 0;
    zh_err_clear(&f->err);
    return zh_sequence(f->core, &size, &f->err);
}

static void fail_each(fixture *f, zh_applied *at, const char *what, write_fn write,
                      uint64_t (*fail_at)(uint64_t))
{
    unsigned n = 1;
    unsigned written = 0; /* times it was written although the fault was met, after its commit */
    bool done = false;
    for (; !done && written < LATE_FAULTS && n < FAULTS_MAX; n++) {
        int64_t before = fx_count(f, "SELECT COUNT(*) FROM r_sample_h");
        zh_applied mine = *at;
        zh_arena_mark mark = zh_arena_here(f->arena);
        fail_at(n);
        zh_rc rc = write(f, &mine);
        uint64_t counted = fail_at(0);
        done = counted < n;
        if (done && rc != ZH_OK) {
            print_error("%s %u: %s %s\n", what, n, f->err.rule, f->err.message);
        }
        assert_true(!done || rc == ZH_OK);
        int64_t after = fx_count(f, "SELECT COUNT(*) FROM r_sample_h");
        assert_true(rc == ZH_OK || after == before || write == do_move || write == do_due);
        check_agreement(f);
        written += rc == ZH_OK && !done;
        zh_arena_rewind(f->arena, mark);
    }
    assert_true(n < FAULTS_MAX);
    assert_true(n > 3);
}

static void test_store_faults(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    assert_int_equal(do_create(&f, &a), ZH_OK);
    fail_each(&f, &a, "create", do_create, zh_store_fail_at);
    fail_each(&f, &a, "amend", do_amend, zh_store_fail_at);
    fail_each(&f, &a, "move", do_move, zh_store_fail_at);
    fail_each(&f, &a, "due", do_due, zh_store_fail_at);
    fail_each(&f, &a, "sequence", do_sequence, zh_store_fail_at);
    fail_each(&f, &a, "erase", do_erase, zh_store_fail_at);
    prove_all(&f);
    fx_close(&f);
}

static void test_alloc_faults(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    fx_open(&f, NULL);
    assert_int_equal(do_create(&f, &a), ZH_OK);
    fail_each(&f, &a, "create", do_create, zh_alloc_fail_at);
    fail_each(&f, &a, "amend", do_amend, zh_alloc_fail_at);
    fail_each(&f, &a, "erase", do_erase, zh_alloc_fail_at);
    prove_all(&f);
    fx_close(&f);
}

/* ---- kill -9 --------------------------------------------------------------------------------- */

/* Writes until it is killed; a line on the pipe is an acknowledgement. */
static void write_for_ever(const char *folder, const char *url, zh_model *model, int out,
                           unsigned seed)
{
    fixture f;
    memset(&f, 0, sizeof f);
    f.arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_core_options options = {.data_dir = folder,
                               .db_url = url[0] ? url : NULL,
                               .model = model,
                               .office = 420000,
                               .relaxed_sync = true};
    if (zh_core_open(&options, &f.core, &f.err) != ZH_OK) {
        _exit(3);
    }
    f.ctx = zh_ctx_local(f.core, f.arena, &f.err);
    for (unsigned i = 0;; i++) {
        char line[64];
        char no[32];
        zh_applied a;
        zh_arena_mark mark = zh_arena_here(f.arena);
        snprintf(no, sizeof no, "K-%u-%u", seed, i);
        zh_rc rc = fx_create(&f, "sample", &a, SAMPLE(no), NULL);
        if (rc == ZH_OK && i % 3 == 0) {
            rc = fx_amend(&f, "sample", &a, &a, "note", no, NULL);
        }
        if (rc == ZH_OK && i % 5 == 0) {
            int64_t size = 0;
            rc = zh_sequence(f.core, &size, &f.err);
        }
        if (rc != ZH_OK) {
            _exit(4);
        }
        int n = snprintf(line, sizeof line, "%lld %lld %d\n", (long long)a.office, (long long)a.id,
                         a.version);
        if (write(out, line, (size_t)n) != n) {
            _exit(5);
        }
        zh_arena_rewind(f.arena, mark);
    }
}

/* Lets a writer run for a while, kills it, and returns what it acknowledged. */
static size_t run_and_kill(fixture *f, zh_model *model, unsigned seed, char *acks, size_t room)
{
    int ends[2];
    size_t n = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_for_ever(f->folder, f->url, model, ends[1], seed);
    }
    close(ends[1]);
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 20000), 1); /* it has begun */
    usleep(1000 + seed * 7919 % 60000);
    kill(child, SIGKILL);
    ssize_t got;
    while ((got = read(ends[0], acks + n, room - n)) > 0) {
        n += (size_t)got;
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return n;
}

static void check_acknowledged(fixture *f, char *acks, size_t n)
{
    char *line = acks;
    for (size_t i = 0; i < n; i++) {
        if (acks[i] != '\n') {
            continue;
        }
        acks[i] = 0;
        char *rest = NULL;
        zh_applied a = {.office = strtoll(line, &rest, 10)};
        a.id = strtoll(rest, &rest, 10);
        long wanted = strtol(rest, NULL, 10);
        zh_arena_mark mark = zh_arena_here(f->arena);
        assert_true(fx_get(f, "sample", &a)->version >= wanted);
        zh_arena_rewind(f->arena, mark);
        line = acks + i + 1;
    }
}

static void test_kill(void **state)
{
    (void)state;
    static char acks[1 << 20];
    fixture f;
    zh_err err = {0};
    zh_model *model = NULL;
    assert_int_equal(fx_compile(NULL, &model, &err), ZH_OK);
    fx_open_model(&f, model);
    for (unsigned i = 0; i < KILLS; i++) {
        zh_ctx_end(&f.ctx); /* no connection may be shared with the child */
        zh_core_close(f.core);
        size_t n = run_and_kill(&f, model, i + 1, acks, sizeof acks);
        assert_true(n > 0);
        zh_core_options options = {.data_dir = f.folder,
                                   .db_url = f.url[0] ? f.url : NULL,
                                   .model = model,
                                   .office = 420000,
                                   .relaxed_sync = true};
        assert_int_equal(zh_core_open(&options, &f.core, &f.err), ZH_OK);
        f.ctx = zh_ctx_local(f.core, f.arena, &f.err);
        check_acknowledged(&f, acks, n);
        check_agreement(&f);
    }
    prove_all(&f);
    zh_model_release(model);
    fx_close(&f);
}

/* ---- batches --------------------------------------------------------------------------------- */

enum { BATCH = 700 };

static zh_prepared *prepared(fixture *f, const char *no, const char *place)
{
    const zh_register *reg = fx_reg(f, "sample");
    zh_change changes[] = {
        {.field = zh_register_field(reg, ZH_STR("report_no")),
         .value = zh_value_text(zh_str_fmt(f->arena, "%s", no))},
        {.field = zh_register_field(reg, ZH_STR("place")),
         .value = zh_value_text(zh_str_of(place))},
        {.field = zh_register_field(reg, ZH_STR("sampled_at")),
         .value = zh_value_time(fx_time("2026-01-01"))},
    };
    zh_op op = {.kind = ZH_OP_CREATE, .reg = reg, .changes = changes, .nchanges = 3};
    zh_prepared *p = NULL;
    f->findings = (zh_findings){0};
    zh_err_clear(&f->err);
    zh_rc rc = zh_record_prepare(&f->ctx, NULL, &op, &f->findings, &p);
    if (rc != ZH_OK) {
        print_error("%s\n", f->err.message);
    }
    assert_int_equal(rc, ZH_OK);
    return p;
}

static zh_rc apply_all(fixture *f, zh_prepared **batch, size_t n, size_t *culprit)
{
    zh_conn *conn = NULL;
    zh_err_clear(&f->err);
    assert_int_equal(zh_store_writer(zh_core_store(f->core), &conn, &f->err), ZH_OK);
    assert_int_equal(zh_begin(conn, &f->err), ZH_OK);
    zh_rc rc = zh_record_apply_batch(&f->ctx, conn, batch, n, culprit);
    if (rc == ZH_OK) {
        rc = zh_commit(conn, &f->err);
    } else {
        zh_rollback(conn);
    }
    zh_store_release(conn);
    return rc;
}

static void test_batch(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    static zh_prepared *batch[BATCH];
    for (int i = 0; i < BATCH; i++) {
        char no[16];
        snprintf(no, sizeof no, "B-%d", i);
        batch[i] = prepared(&f, no, i % 3 ? "420100" : "420500");
    }
    size_t culprit = 0;
    assert_int_equal(apply_all(&f, batch, BATCH, &culprit), ZH_OK);
    check_agreement(&f);
    prove_all(&f);
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM zh_outbox"), 2); /* one an office */
    assert_int_equal(fx_count(&f, "SELECT COUNT(DISTINCT no) FROM r_sample"), BATCH);
    /* one that is there already spoils the whole batch, and is named where the database can */
    for (int i = 0; i < 10; i++) {
        char no[16];
        snprintf(no, sizeof no, i == 6 ? "B-1" : "C-%d", i);
        batch[i] = prepared(&f, no, "420100");
    }
    assert_int_equal(apply_all(&f, batch, 10, &culprit), ZH_ECONFLICT);
    assert_true(culprit == 6 || culprit == SIZE_MAX);
    assert_string_equal(f.err.rule, "record.duplicate");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample_h"), BATCH);
    assert_int_equal(apply_all(&f, batch, ZH_APPLY_MAX + 1, &culprit), ZH_ELIMIT);
    check_agreement(&f);
    fx_close(&f);
}

/* A prepared change whose record moved in the meantime. */
static void test_stale_batch(void **state)
{
    (void)state;
    fixture f;
    zh_applied a;
    zh_applied b;
    fx_open(&f, NULL);
    assert_int_equal(do_create(&f, &a), ZH_OK);
    const zh_register *reg = fx_reg(&f, "sample");
    zh_change change = {.field = zh_register_field(reg, ZH_STR("note")),
                        .value = zh_value_text(ZH_STR("甲"))};
    zh_op op = {.kind = ZH_OP_AMEND,
                .reg = reg,
                .office = a.office,
                .id = a.id,
                .reason = ZH_STR("更正"),
                .changes = &change,
                .nchanges = 1};
    zh_prepared *p[2] = {NULL, NULL};
    assert_int_equal(zh_record_prepare(&f.ctx, NULL, &op, &f.findings, &p[1]), ZH_OK);
    p[0] = prepared(&f, "Z", "420500");
    assert_int_equal(fx_amend(&f, "sample", &a, &b, "note", "乙", NULL), ZH_OK);
    size_t culprit = 0;
    assert_int_equal(apply_all(&f, p, 2, &culprit), ZH_ECONFLICT);
    assert_int_equal(culprit, 1);
    assert_string_equal(f.err.rule, "record.stale");
    assert_int_equal(fx_count(&f, "SELECT COUNT(*) FROM r_sample"), 1);
    check_agreement(&f);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_faults), cmocka_unit_test(test_alloc_faults),
        cmocka_unit_test(test_kill),         cmocka_unit_test(test_batch),
        cmocka_unit_test(test_stale_batch),
    };
    zh_log_level(ZH_ERROR); /* faults that are only logged are meant here */
    const char *const *backends = NULL;
    size_t n = fx_backends(&backends);
    int failed = 0;
    for (size_t i = 0; i < n; i++) {
        fx_use(backends[i]);
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
