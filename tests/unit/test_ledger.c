/* The signed log of a province: what is committed is sealed once and in order, whoever seals; what
 * does not fit is refused and stays refused; a full disk and a torn write lose nothing. Proofs are
 * checked with proof/, which knows nothing of the database and passes the shared vectors. */
#include "base/os.h"
#include "core/adoption/open.h"
#include "core/ledger/gm.h"
#include "core/ledger/ledger.h"
#include "core/ledger/prove.h"
#include "core/verify/verify.h"
#include "core_fixture.h"
#include "scratch.h"
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 300, SMALL_ROTATION = 4000 };

static void ok(fixture *f, zh_rc rc)
{
    if (rc != ZH_OK) {
        print_error("rc %d %s %s [%s]\n", rc, f->err.rule, f->err.message, f->err.where);
    }
    assert_int_equal(rc, ZH_OK);
}

static zh_applied create(fixture *f, unsigned no)
{
    char text[32];
    zh_applied at;
    snprintf(text, sizeof text, "L-%u", no);
    ok(f,
       fx_create(f, "sample", &at, "report_no", text, "place", "武汉市", "sampled_at", "2026-03-05",
                 "person", "张三丰", "amount", "12.50", "items", "铅,0.050 mg/kg,pass,李四", NULL));
    return at;
}

static int64_t seal(fixture *f)
{
    int64_t size = -1;
    zh_err_clear(&f->err);
    ok(f, zh_sequence(f->core, &size, &f->err));
    return size;
}

static void verify_clean(fixture *f)
{
    zh_buf lines;
    zh_verify_report report;
    zh_buf_init(&lines, 1 << 20);
    zh_err_clear(&f->err);
    ok(f, zh_verify(&f->ctx, &lines, &report, NULL, NULL));
    if (report.differences != 0) {
        print_error("%.*s\n", (int)lines.n, lines.p);
    }
    assert_int_equal(report.differences, 0);
    assert_int_equal(report.sealed, fx_count(f, "SELECT COALESCE(SUM(n), 0) FROM zh_outbox WHERE "
                                                "pos IS NOT NULL"));
    zh_buf_free(&lines);
}

static zh_treelog_view view_of(fixture *f)
{
    zh_treelog_view view;
    zh_err_clear(&f->err);
    ok(f, zh_ledger_view(f->core, f->arena, &view, &f->err));
    return view;
}

/* ---- proofs ---------------------------------------------------------------------------------- */

static zh_proved prove(fixture *f, const zh_applied *at, const char *name)
{
    zh_str names[] = {zh_str_of(name)};
    zh_proved p;
    zh_conn *conn = NULL;
    zh_err_clear(&f->err);
    ok(f, zh_store_reader(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_prove_version(&f->ctx, conn, fx_reg(f, "sample"), at->office, at->id, at->version,
                           (zh_prove_fields){.names = names, .n = 1}, &p));
    zh_store_release(conn);
    return p;
}

static void check_outside(fixture *f, const zh_proved *p)
{
    zh_treelog_view view = view_of(f);
    zh_tlog_proof proof;
    zh_opened opened;
    zh_disclosure_file copy = p->file;
    assert_non_null(p->file.proof.p);
    ok(f, zh_disclosure_file_check(&p->file, &f->err));
    ok(f, zh_tlog_proof_parse(p->file.proof, &proof, &f->err));
    assert_int_equal(proof.index, p->position);
    ok(f, zh_tlog_proof_check_entry(
              &proof, view.policy,
              (zh_str){(const char *)p->file.entry_bytes, sizeof p->file.entry_bytes}, &opened,
              &f->err));
    copy.entry_bytes[20] ^= 1;
    zh_err ignored = {0};
    assert_int_not_equal(
        zh_tlog_proof_check_entry(&proof, view.policy,
                                  (zh_str){(const char *)copy.entry_bytes, sizeof copy.entry_bytes},
                                  &opened, &ignored),
        ZH_OK);
}

static void test_seal_and_prove(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    assert_int_equal(seal(&f), 0);
    zh_applied a = create(&f, 1);
    zh_applied first = a;
    create(&f, 2);
    assert_int_equal(seal(&f), 2);
    assert_int_equal(zh_ledger_sealed(f.core), 2);
    ok(&f, fx_amend(&f, "sample", &a, &a, "note", "更正", NULL));
    assert_int_equal(seal(&f), 3);
    zh_proved p = prove(&f, &a, "place");
    assert_int_equal(p.position, 2);
    assert_int_equal(p.file.n, 1);
    assert_int_equal(p.file.entry.kind, ZH_ENTRY_CORRECTION);
    check_outside(&f, &p);
    p = prove(&f, &first, "items");
    assert_true(p.file.n >= 4);
    check_outside(&f, &p);
    zh_proved all = prove(&f, &first, "*");
    for (size_t i = 0; i < all.file.n; i++) {
        assert_false(zh_str_is(all.file.fields[i].field.name, "person"));
    }
    assert_true(prove(&f, &first, "**").file.n > all.file.n);
    verify_clean(&f);
    fx_close(&f);
}

/* Erased values are gone from the proof, the place in the log stays proved. */
static void test_erasure(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    zh_applied a = create(&f, 1);
    zh_applied first = a;
    seal(&f);
    zh_treelog_view before = view_of(&f);
    ok(&f, fx_erase(&f, "sample", &a, &a, NULL));
    seal(&f);
    zh_proved p = prove(&f, &first, "place");
    check_outside(&f, &p);
    assert_int_equal(p.position, 0);
    zh_proved gone;
    zh_conn *conn = NULL;
    zh_str person = ZH_STR("person");
    zh_err_clear(&f.err);
    ok(&f, zh_store_reader(zh_core_store(f.core), &conn, &f.err));
    assert_int_equal(zh_prove_version(&f.ctx, conn, fx_reg(&f, "sample"), first.office, first.id,
                                      first.version, (zh_prove_fields){.names = &person, .n = 1},
                                      &gone),
                     ZH_EDENIED);
    zh_store_release(conn);
    zh_err_clear(&f.err);
    assert_int_equal(prove(&f, &a, "place").file.entry.kind, ZH_ENTRY_ERASURE);
    /* the tree of before is a prefix of the tree of now */
    zh_treelog_view now = view_of(&f);
    zh_tile_nodes *nodes = zh_tile_nodes_new(f.arena, now.identity.alg, &now.store, 2);
    zh_tree_source source = zh_tile_nodes_source(nodes);
    zh_digest path[ZH_TREE_CONSISTENCY_MAX];
    size_t n = 0;
    zh_hash hash;
    zh_hash_begin(&hash, now.identity.alg);
    ok(&f, zh_tree_prove_consistency(&hash, &source, 1, 2, path, &n, &f.err));
    ok(&f, zh_tree_check_consistency(&hash, 1, &before.checkpoint.root, 2, &now.checkpoint.root,
                                     path, n, &f.err));
    zh_hash_release(&hash);
    verify_clean(&f);
    fx_close(&f);
}

/* ---- who seals ------------------------------------------------------------------------------- */

typedef struct sealer {
    const fixture *f;
    zh_core *core; /* as another process would have */
    int failed;
} sealer;

static void *seal_on(void *user)
{
    sealer *s = user;
    for (unsigned i = 0; i < MANY; i++) {
        zh_err err = {0};
        int64_t size = 0;
        bool more = false;
        zh_rc rc = zh_ledger_round(s->core, &size, &more, &err);
        if (rc != ZH_OK && rc != ZH_EBUSY) {
            print_error("seal: %s %s\n", err.rule, err.message);
            s->failed++;
        }
    }
    return NULL;
}

static void test_two_processes(void **state)
{
    (void)state;
    fixture f;
    fixture other = {.core = NULL};
    zh_treelog_step = NULL;
    zh_treelog_rotate_at = SMALL_ROTATION;
    fx_open(&f, NULL);
    zh_model *model = zh_core_model(f.core);
    zh_core_options options = {.data_dir = f.folder,
                               .db_url = f.url[0] ? f.url : NULL,
                               .model = model,
                               .office = 420000,
                               .relaxed_sync = true};
    ok(&f, zh_core_open(&options, &other.core, &f.err));
    sealer sealers[] = {{&f, f.core, 0}, {&f, other.core, 0}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, seal_on, &sealers[i]), 0);
    }
    for (unsigned i = 0; i < MANY; i++) {
        zh_arena_mark mark = zh_arena_here(f.arena);
        create(&f, i);
        zh_arena_rewind(f.arena, mark);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(sealers[i].failed, 0);
    }
    assert_int_equal(seal(&f), MANY);
    verify_clean(&f);
    zh_core_close(other.core);
    zh_model_release(model);
    zh_treelog_rotate_at = ZH_TREELOG_ROTATE_BYTES;
    fx_close(&f);
}

/* Positions that were given before there was a data directory become the log's first entries. */
static void test_log_after_positions(void **state)
{
    (void)state;
    fixture f;
    zh_core *bare = NULL;
    char url[600];
    fx_open(&f, NULL);
    zh_model *model = zh_core_model(f.core);
    for (unsigned i = 0; i < 5; i++) {
        create(&f, i);
    }
    snprintf(url, sizeof url, "sqlite:%s/zhiheng.db", f.folder);
    zh_core_options options = {
        .db_url = f.url[0] ? f.url : url, .model = model, .office = 420000, .relaxed_sync = true};
    int64_t size = 0;
    ok(&f, zh_core_open(&options, &bare, &f.err));
    ok(&f, zh_sequence(bare, &size, &f.err));
    assert_int_equal(size, 5);
    assert_int_equal(zh_ledger_sealed(f.core), 0);
    create(&f, 9);
    assert_int_equal(seal(&f), 6);
    assert_int_equal(zh_ledger_sealed(f.core), 6);
    verify_clean(&f);
    create(&f, 10);
    ok(&f, zh_sequence(bare, &size, &f.err)); /* the log is elsewhere: left to whoever has it */
    assert_int_equal(size, 6);
    assert_int_equal(seal(&f), 7);
    verify_clean(&f);
    zh_core_close(bare);
    zh_model_release(model);
    fx_close(&f);
}

/* ---- the second log -------------------------------------------------------------------------- */

/* Switched on after some entries, two of them erased already; then erased again in part, once more,
 * and for the first time. The vectors of proof/ say that its hashes are right; here, that both logs
 * tell of the same events and that both roots are made of what is stored. */
static void test_second_log(void **state)
{
    (void)state;
    fixture f;
    zh_treelog_view view;
    fx_open(&f, NULL);
    zh_applied a = create(&f, 1);
    zh_applied b = create(&f, 2);
    zh_applied c = create(&f, 3);
    ok(&f, fx_erase(&f, "sample", &a, &a, "person", NULL));
    seal(&f);
    ok(&f, zh_gm_on(f.core, &f.err));
    verify_clean(&f);
    ok(&f, fx_amend(&f, "sample", &b, &b, "note", "更正", NULL));
    ok(&f, fx_erase(&f, "sample", &a, &a, NULL));
    ok(&f, fx_erase(&f, "sample", &b, &b, "person", NULL));
    ok(&f, fx_erase(&f, "sample", &b, &b, NULL));
    ok(&f, fx_erase(&f, "sample", &c, &c, NULL));
    create(&f, 4);
    int64_t size = seal(&f);
    ok(&f, zh_ledger_gm_view(f.core, f.arena, &view, &f.err));
    assert_int_equal(view.checkpoint.size, size);
    assert_int_equal(view.identity.alg, ZH_HASH_SM3);
    assert_int_equal(zh_ledger_sealed(f.core), size);
    verify_clean(&f);
    zh_model *model = zh_core_model(f.core);
    fx_reopen(&f, model);
    create(&f, 5);
    assert_int_equal(seal(&f), size + 1);
    verify_clean(&f);
    zh_model_release(model);
    fx_close(&f);
}

/* ---- full disk ------------------------------------------------------------------------------- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* No file may grow beyond some bytes while sealing: WAL, tile, checkpoint or database fails, by the
 * limit; afterwards everything is sealed as if nothing had been. */
static void test_no_room(void **state)
{
    (void)state;
    fixture f;
    unsigned refused = 0;
    unsigned no = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    fx_open(&f, NULL);
    create(&f, no++);
    seal(&f);
    for (rlim_t bytes = 0; bytes < 40000; bytes = bytes * 3 / 2 + 40) {
        zh_err err = {0};
        int64_t size = 0;
        bool more = false;
        for (unsigned i = 0; i < 20; i++) {
            create(&f, no++);
        }
        limit_files(bytes);
        zh_rc rc = zh_ledger_round(f.core, &size, &more, &err);
        limit_files(RLIM_INFINITY);
        refused += rc != ZH_OK;
        assert_true(rc == ZH_OK || err.message[0] != '\0');
        assert_int_equal(seal(&f), no);
        assert_int_equal(zh_ledger_sealed(f.core), no);
    }
    assert_true(refused > 3);
    verify_clean(&f);
    fx_close(&f);
}

/* ---- a large log after a start --------------------------------------------------------------- */

static void execute(fixture *f, const char *sql)
{
    zh_conn *conn = NULL;
    zh_err_clear(&f->err);
    ok(f, zh_store_writer(zh_core_store(f->core), &conn, &f->err));
    ok(f, zh_run(conn, sql, NULL, 0, NULL, &f->err));
    zh_store_release(conn);
}

/* What stands before the recomputation of a log larger than the setting. */
static void start_large(fixture *f, int64_t sealed)
{
    uint64_t done = 9;
    uint64_t all = 0;
    zh_err_clear(&f->err);
    ok(f, zh_ledger_start(f->core, &f->err));
    assert_true(zh_ledger_checking(f->core, &done, &all));
    assert_int_equal(done, 0);
    assert_int_equal(all, sealed);
}

/* Accepted, but neither placed nor signed. */
static void nothing_sealed(fixture *f, unsigned no, int64_t sealed, int64_t waiting)
{
    create(f, no);
    assert_int_equal(seal(f), sealed);
    assert_int_equal(zh_ledger_sealed(f->core), sealed);
    assert_int_equal(fx_count(f, "SELECT COUNT(*) FROM zh_outbox WHERE pos IS NULL"), waiting);
    assert_int_equal(zh_ledger_wait(f->core, sealed + 1, 1000, &f->err), ZH_EBUSY);
    assert_string_equal(f->err.rule, "ledger.checking");
}

/* Until a large log has been recomputed beside serving nothing is sealed; then all that waits. */
static void test_large_log_sound(void **state)
{
    (void)state;
    fixture f;
    atomic_bool stop = true;
    fx_open(&f, NULL);
    for (unsigned i = 0; i < MANY; i++) {
        create(&f, i);
    }
    assert_int_equal(seal(&f), MANY);
    ok(&f, zh_ledger_start(f.core, &f.err)); /* not large: before the first answer */
    assert_false(zh_ledger_checking(f.core, NULL, NULL));
    ok(&f, zh_core_set(f.core, ZH_LEDGER_SET_START, ZH_STR("299"), &f.err));
    start_large(&f, MANY);
    nothing_sealed(&f, MANY, MANY, 1);
    assert_int_equal(zh_ledger_check(f.core, &stop, &f.err), ZH_EBUSY);
    assert_true(zh_ledger_checking(f.core, NULL, NULL));
    atomic_store(&stop, false);
    zh_err_clear(&f.err);
    ok(&f, zh_ledger_check(f.core, &stop, &f.err));
    assert_false(zh_ledger_checking(f.core, NULL, NULL));
    assert_int_equal(seal(&f), MANY + 1);
    assert_int_equal(zh_ledger_sealed(f.core), MANY + 1);
    verify_clean(&f);
    ok(&f, zh_core_set(f.core, ZH_LEDGER_SET_START, ZH_STR("301"), &f.err)); /* exactly as many */
    ok(&f, zh_ledger_start(f.core, &f.err));
    assert_false(zh_ledger_checking(f.core, NULL, NULL));
    fx_close(&f);
}

/* An entry changed, removed or moved in the middle, where opening does not look: it is found, and
 * nothing is ever sealed on top of it. */
static void test_large_log_changed(void **state)
{
    static const char *const changes[] = {
        ("UPDATE zh_outbox SET entries = (SELECT entries FROM zh_outbox WHERE pos = 8) "
         "WHERE pos = 7"),
        "DELETE FROM zh_outbox WHERE pos = 150",
        "UPDATE zh_outbox SET pos = CASE pos WHEN 70 THEN 71 ELSE 70 END WHERE pos IN (70, 71)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        fixture f;
        fx_open(&f, NULL);
        for (unsigned no = 0; no < MANY; no++) {
            create(&f, no);
        }
        assert_int_equal(seal(&f), MANY);
        ok(&f, zh_core_set(f.core, ZH_LEDGER_SET_START, ZH_STR("0"), &f.err));
        execute(&f, changes[i]);
        start_large(&f, MANY);
        nothing_sealed(&f, MANY, MANY, 1);
        zh_err_clear(&f.err);
        assert_int_equal(zh_ledger_check(f.core, NULL, &f.err), ZH_ECORRUPT);
        assert_string_equal(f.err.rule, "ledger.root");
        nothing_sealed(&f, MANY + 1, MANY, 2);
        fx_close(&f);
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void test_rotation(void **state)
{
    (void)state;
    fixture f;
    fx_open(&f, NULL);
    const char *dir = zh_str_c(f.arena, zh_str_of(zh_ledger_dir(f.core)));
    zh_model *model = zh_core_model(f.core);
    create(&f, 1);
    seal(&f);
    zh_treelog_view first = view_of(&f);
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    zh_verifier second;
    char id[16];
    size_t n = 0;
    ok(&f, zh_treelog_keys(dir, keys, &n, &f.err));
    assert_int_equal(n, 1);
    snprintf(id, sizeof id, "%08" PRIx32, keys[0].verifier.id);
    assert_int_equal(zh_treelog_key_retire(dir, zh_str_of(id), &f.err), ZH_EINVAL);
    zh_err_clear(&f.err);
    ok(&f, zh_treelog_key_add(dir, &second, &f.err));
    fx_reopen(&f, model);
    create(&f, 2);
    seal(&f);
    zh_treelog_view both = view_of(&f);
    zh_note note;
    ok(&f, zh_note_parse(both.note, &note, &f.err));
    assert_int_equal(note.n, 2);
    ok(&f, zh_note_check(&note, &second, NULL, &f.err));
    ok(&f, zh_note_check(&note, &keys[0].verifier, NULL, &f.err));
    ok(&f, zh_treelog_key_retire(dir, zh_str_of(id), &f.err));
    fx_reopen(&f, model);
    create(&f, 3);
    seal(&f);
    zh_treelog_view last = view_of(&f);
    ok(&f, zh_note_parse(last.note, &note, &f.err));
    assert_int_equal(note.n, 1);
    ok(&f, zh_note_check(&note, &second, NULL, &f.err));
    assert_true(last.checkpoint.size > first.checkpoint.size);
    verify_clean(&f);
    zh_model_release(model);
    fx_close(&f);
}

/* ---- the write-ahead file -------------------------------------------------------------------- */

typedef struct seen {
    size_t n;
    uint64_t entries;
} seen;

static zh_rc count_batch(void *user, const zh_wal_batch *batch, zh_err *err)
{
    seen *s = user;
    (void)err;
    s->n++;
    s->entries += batch->n;
    return ZH_OK;
}

/* RFC 3720 section B.4: CRC-32C of 32 zero bytes is 8a9136aa; the head of an empty file carries one
 * over its own 16 bytes, worked out here bit by bit. */
static uint32_t crc_by_bits(const uint8_t *p, size_t n)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) {
            c = (c & 1) != 0 ? c >> 1 ^ UINT32_C(0x82F63B78) : c >> 1;
        }
    }
    return ~c;
}

static void test_wal(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    static uint8_t entries[(ZH_WAL_BATCH_MAX + 1) * ZH_RECORD_ENTRY_BYTES];
    zh_err err = {0};
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    char folder[SCRATCH_BYTES];
    scratch_folder(folder);
    const char *path = zh_str_fmt(arena, "%s/wal", folder).p;
    zh_str bytes;
    zh_wal wal;
    seen s = {0, 0};
    uint64_t torn = 0;
    assert_int_equal(crc_by_bits(zeros, sizeof zeros), 0x8a9136aa);
    assert_int_equal(zh_wal_create(path, 7, &err), ZH_OK);
    assert_int_equal(zh_file_read(arena, path, 4096, &bytes, &err), ZH_OK);
    assert_int_equal(bytes.n, ZH_WAL_HEAD_BYTES);
    uint32_t crc = crc_by_bits((const uint8_t *)bytes.p, 16);
    assert_int_equal((uint8_t)bytes.p[16], crc >> 24);
    assert_int_equal((uint8_t)bytes.p[19], crc & 0xff);
    assert_int_equal(zh_wal_open(&wal, path, true, count_batch, &s, &torn, &err), ZH_OK);
    zh_wal_batch batches[] = {{1, 10, 7, 100, 3, entries},
                              {1, 11, 10, 101, ZH_WAL_BATCH_MAX, entries}};
    assert_int_equal(zh_wal_append(&wal, batches, 2, &err), ZH_OK);
    zh_wal_batch large = {1, 12, wal.end, 101, ZH_WAL_BATCH_MAX + 1, entries};
    assert_int_equal(zh_wal_append(&wal, &large, 1, &err), ZH_ELIMIT);
    assert_int_equal(wal.end, 10 + ZH_WAL_BATCH_MAX);
    zh_wal_close(&wal);
    zh_err_clear(&err);
    /* cut anywhere, the whole records before it stay */
    size_t first = ZH_WAL_HEAD_BYTES + ZH_WAL_FRAME_BYTES + 3 * ZH_RECORD_ENTRY_BYTES;
    for (size_t cut = first; cut > ZH_WAL_HEAD_BYTES; cut -= 7) {
        s = (seen){0, 0};
        assert_int_equal(truncate(path, (off_t)cut), 0);
        assert_int_equal(zh_wal_open(&wal, path, true, count_batch, &s, &torn, &err), ZH_OK);
        assert_int_equal(s.n, cut == first);
        assert_int_equal(torn, cut == first ? 0 : cut - ZH_WAL_HEAD_BYTES);
        zh_wal_close(&wal);
        if (cut <= ZH_WAL_HEAD_BYTES + 7) {
            break;
        }
    }
    /* another head */
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 12), 1);
    close(fd);
    assert_int_equal(zh_wal_open(&wal, path, true, count_batch, &s, &torn, &err), ZH_ECORRUPT);
    zh_wal_close(&wal);
    unlink(path);
    rmdir(folder);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wal),
        cmocka_unit_test(test_seal_and_prove),
        cmocka_unit_test(test_erasure),
        cmocka_unit_test(test_log_after_positions),
        cmocka_unit_test(test_two_processes),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_second_log),
        cmocka_unit_test(test_large_log_sound),
        cmocka_unit_test(test_large_log_changed),
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
