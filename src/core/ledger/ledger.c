/* The database's side of the log: rounds of the sequencer, recovery, and what must never be
 * repaired by itself. See ledger.h. */
#include "core/ledger/ledger.h"
#include "base/log.h"
#include "base/os.h"
#include "base/time.h"
#include "core/instance/core_private.h"
#include "core/ledger/gm.h"
#include "core/ledger/seals.h"
#include "core/ledger/sequence.h"
#include "core/ledger/treelog_private.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUND_BYTES = 32 << 20,
    FILL_ROWS = 256,
    FILL_BYTES = 128 << 20,
    WAIT_MS = 5,
    CHECK_ROWS = 64 /* read in one snapshot: the WAL of the database can be reset in between */
};

struct zh_ledger {
    pthread_mutex_t lock;
    const char *dir;
    const char *gm_dir; /* of the second log (core/ledger/gm.h) */
    bool relaxed;
    _Atomic bool opened;
    zh_treelog log, gm; /* gm: open when the second log is kept */
    /* Entries that have yet to be recomputed after a start, and those that have been. While `all`
     * is not 0 nothing is sealed. */
    _Atomic uint64_t all, done;
};

/* What the database knows of its log. */
typedef struct binding {
    bool bound;
    zh_str id, origin;
    int64_t epoch;
    int64_t size, until;
    zh_str gm_id, gm_epoch; /* p == NULL: none */
} binding;

/* One of the two logs. */
typedef struct side {
    zh_treelog *log;
    bool gm;
} side;

static side first_of(zh_ledger *l)
{
    return (side){&l->log, false};
}

static side second_of(zh_ledger *l)
{
    return (side){&l->gm, true};
}

zh_ledger *zh_ledger_new(zh_arena *arena, const char *data_dir, bool relaxed)
{
    zh_ledger *ledger = ZH_NEW(arena, zh_ledger);
    pthread_mutex_init(&ledger->lock, NULL);
    ledger->dir = data_dir != NULL ? zh_treelog_path(arena, data_dir, "log") : NULL;
    ledger->gm_dir = data_dir != NULL ? zh_treelog_path(arena, data_dir, "log-gm") : NULL;
    ledger->relaxed = relaxed;
    return ledger;
}

static void forget(zh_ledger *l)
{
    zh_treelog_close(&l->log);
    zh_treelog_close(&l->gm);
    l->opened = false;
}

void zh_ledger_end(zh_ledger *ledger)
{
    if (ledger != NULL) {
        forget(ledger);
        pthread_mutex_destroy(&ledger->lock);
    }
}

const char *zh_ledger_dir(const zh_core *core)
{
    return core->ledger->dir;
}

const char *zh_ledger_gm_dir(const zh_core *core)
{
    return core->ledger->gm_dir;
}

bool zh_ledger_opened(const zh_core *core)
{
    return core->ledger->opened;
}

/* ---- what the database says ------------------------------------------------------------------ */

static zh_rc setting(zh_conn *conn, zh_arena *arena, const char *name, zh_str *out, zh_err *err)
{
    zh_rc rc = zh_setting_get(conn, arena, name, out, err);
    if (rc == ZH_ENOTFOUND) {
        *out = ZH_STR_NONE;
        rc = ZH_OK;
    }
    return rc;
}

static zh_rc read_binding(zh_core *core, zh_arena *arena, binding *out, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_str epoch = ZH_STR_NONE;
    *out = (binding){.epoch = 0};
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = zh_outbox_size(conn, &out->size, &out->until, err);
    }
    if (rc == ZH_OK) {
        rc = setting(conn, arena, ZH_LEDGER_SET_ID, &out->id, err);
    }
    if (rc == ZH_OK) {
        rc = setting(conn, arena, ZH_LEDGER_SET_EPOCH, &epoch, err);
    }
    if (rc == ZH_OK) {
        rc = setting(conn, arena, ZH_LEDGER_SET_ORIGIN, &out->origin, err);
    }
    if (rc == ZH_OK) {
        rc = setting(conn, arena, ZH_GM_SET_ID, &out->gm_id, err);
    }
    if (rc == ZH_OK) {
        rc = setting(conn, arena, ZH_GM_SET_EPOCH, &out->gm_epoch, err);
    }
    if (rc == ZH_OK && !core->gm) {
        rc = zh_gm_kept(core, conn, err); /* switched on by another process */
    }
    out->bound = out->id.p != NULL;
    if (rc == ZH_OK && out->bound && zh_str_i64(epoch, &out->epoch) != ZH_OK) {
        rc =
            zh_err_set(err, ZH_ECORRUPT, "ledger.setting", "设置“%s”不是整数", ZH_LEDGER_SET_EPOCH);
    }
    zh_store_release(conn);
    return rc;
}

static zh_rc write_binding(void *user, zh_conn *conn, zh_err *err)
{
    const side *to = user;
    const zh_treelog_identity *identity = &to->log->identity;
    zh_arena *arena = zh_arena_new(4096);
    zh_rc rc = zh_setting_set(conn, to->gm ? ZH_GM_SET_ID : ZH_LEDGER_SET_ID,
                              zh_str_of(identity->id), err);
    if (rc == ZH_OK) {
        rc = zh_setting_set(conn, to->gm ? ZH_GM_SET_EPOCH : ZH_LEDGER_SET_EPOCH,
                            zh_str_fmt(arena, "%" PRIu64, identity->epoch), err);
    }
    zh_arena_free(arena);
    return rc;
}

static zh_rc bind_log(zh_core *core, side to, zh_err *err)
{
    zh_rc rc = zh_core_write(core, write_binding, &to, err);
    zh_treelog_at(ZH_STEP_BOUND);
    return rc;
}

/* ---- incidents ------------------------------------------------------------------------------- */

static zh_rc incident(const zh_ledger *l, const char *rule, zh_err *err, zh_str message)
{
    zh_err_set(err, ZH_ECORRUPT, rule, "%.*s", ZH_FMT(message));
    zh_err_where(err, "%s", l->dir);
    zh_err_fix(err,
               "这说明数据库和日志目录不是同一时刻的，或有一边被人改过。先不要写入：保全两边，"
               "运行 zhiheng verify 看差在哪里，从同一时刻的备份恢复两边；确实找不回来时用 zhiheng "
               "ledger adopt 另起一个纪元（日志改名，外人看得见）");
    return ZH_ECORRUPT;
}

static zh_rc size_incident(const zh_ledger *l, const zh_treelog *log, const binding *b, zh_err *err)
{
    zh_arena *arena = zh_arena_new(4096);
    zh_rc rc = incident(l, "ledger.rollback", err,
                        zh_str_fmt(arena,
                                   (uint64_t)b->size > log->front.edge.size
                                       ? "数据库已定序 %" PRId64 " 条，日志只有 %" PRIu64
                                         " 条：日志目录是旧的，或者丢了一段"
                                       : "数据库只定序了 %" PRId64 " 条，日志已有 %" PRIu64
                                         " 条：数据库是旧的，日志里有它没有的条目",
                                   b->size, log->front.edge.size));
    zh_arena_free(arena);
    return rc;
}

/* ---- recovery -------------------------------------------------------------------------------- */

typedef struct tail { /* batches of the WAL that have no position in the database */
    zh_arena *arena;
    uint64_t from;
    ZH_VEC(zh_wal_batch) list;
} tail;

static zh_rc keep_tail(void *user, const zh_wal_batch *batch, zh_err *err)
{
    tail *t = user;
    (void)err;
    if (batch->pos + batch->n > t->from) {
        zh_wal_batch copy = *batch;
        zh_str bytes = {(const char *)batch->entries, (size_t)batch->n * ZH_RECORD_ENTRY_BYTES};
        copy.entries = (const uint8_t *)zh_str_dup(t->arena, bytes).p;
        zh_vec_push(t->arena, &t->list, copy);
    }
    return ZH_OK;
}

/* The row of the outbox that a batch of the WAL came from must be there, unplaced and equal. */
static zh_rc same_in_outbox(zh_conn *conn, const zh_wal_batch *batch, bool *same, zh_err *err)
{
    zh_sql_value key[] = {ZH_SQL_INT(batch->office), ZH_SQL_INT(batch->batch)};
    zh_str wanted = {(const char *)batch->entries, (size_t)batch->n * ZH_RECORD_ENTRY_BYTES};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT entries FROM zh_outbox WHERE office = ? AND batch = ? AND "
                               "pos IS NULL"),
                        key, 2, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
        *same = rc == ZH_OK && zh_str_eq(zh_col_str(stmt, 0), wanted);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc place_tail(void *user, zh_conn *conn, zh_err *err)
{
    const tail *t = user;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < t->list.n && rc == ZH_OK; i++) {
        const zh_wal_batch *b = &t->list.p[i];
        bool same = false;
        rc = same_in_outbox(conn, b, &same, err);
        if (rc == ZH_OK && !same) {
            rc = zh_err_set(err, ZH_ECORRUPT, "ledger.rollback",
                            "日志第 %" PRIu64 " 条起的批次 %" PRId64 "/%" PRId64
                            " 在数据库里没有，或内容不同",
                            b->pos, b->office, b->batch);
        }
    }
    return rc == ZH_OK ? zh_outbox_place(conn, t->list.p, t->list.n, err) : rc;
}

/* A crash came between WAL and database. */
static zh_rc finish_tail(zh_core *core, const binding *b, tail *t, zh_err *err)
{
    const zh_ledger *l = core->ledger;
    if (t->list.n == 0 || t->list.p[0].pos != (uint64_t)b->size) {
        return size_incident(l, &l->log, b, err);
    }
    zh_err found = {0};
    zh_rc rc = zh_core_write(core, place_tail, t, &found);
    if (rc == ZH_ECORRUPT) {
        return incident(l, found.rule, err, zh_str_of(found.message));
    }
    if (rc == ZH_OK) {
        zh_log(ZH_INFO, "ledger.recovered", "补上 %" PRIu64 " 条的位置",
               l->log.front.edge.size - (uint64_t)b->size);
    } else {
        *err = found;
    }
    return rc;
}

/* Entries that had positions before there was this log, or that a crash kept out of the second. */
static zh_rc fill(zh_core *core, side to, const binding *b, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_treelog *log = to.log;
    zh_arena *arena = zh_arena_new(FILL_BYTES);
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && log->front.edge.size < (uint64_t)b->size) {
        zh_arena_reset(arena);
        zh_wal_batch *list = ZH_NEW_N(arena, zh_wal_batch, FILL_ROWS);
        zh_conn *conn = NULL;
        size_t n = 0;
        rc = zh_store_reader(core->store, &conn, err);
        if (rc == ZH_OK) {
            rc = zh_outbox_placed(conn, arena, (int64_t)log->front.edge.size, to.gm, FILL_ROWS,
                                  list, &n, err);
        }
        zh_store_release(conn);
        uint64_t at = log->front.edge.size;
        for (size_t i = 0; i < n && rc == ZH_OK; i++) {
            rc = list[i].pos == at ? ZH_OK
                                   : incident(l, "ledger.outbox", err,
                                              ZH_STR("发件箱里的位置不连续，不能据此建立日志"));
            at += list[i].n;
        }
        if (rc == ZH_OK && n == 0) {
            rc = incident(l, "ledger.outbox", err, ZH_STR("发件箱里少了已定序的条目"));
        }
        if (rc == ZH_OK) {
            rc = zh_treelog_append(log, list, n, err);
        }
        if (rc == ZH_OK) {
            rc = zh_treelog_fold(log, list, n, err);
        }
        if (rc == ZH_OK && log->wal.bytes > zh_treelog_rotate_at) {
            rc = zh_treelog_publish(log, err);
        }
    }
    zh_arena_free(arena);
    return rc;
}

/* The last entry of both sides. */
static zh_rc compare_last(zh_core *core, side to, const binding *b, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_arena *arena = zh_arena_new(ROUND_BYTES);
    zh_tile_store store = zh_tile_directory(to.log->pub);
    zh_sql_value size = ZH_SQL_INT(b->size);
    zh_str entry;
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    bool same = false;
    zh_rc rc = zh_tile_entry(&store, (uint64_t)b->size, (uint64_t)b->size - 1, arena, &entry, err);
    if (rc == ZH_OK) {
        rc = zh_store_reader(core->store, &conn, err);
    }
    if (rc == ZH_OK) {
        rc = zh_query(conn,
                      to.gm ? ZH_STR("SELECT entries_gm FROM zh_outbox WHERE pos < ? ORDER BY pos "
                                     "DESC LIMIT 1")
                            : ZH_STR("SELECT entries FROM zh_outbox WHERE pos < ? ORDER BY pos "
                                     "DESC LIMIT 1"),
                      &size, 1, &stmt, err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
        same = rc == ZH_OK && zh_str_ends(zh_col_str(stmt, 0), entry);
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_finish(stmt);
    zh_store_release(conn);
    if (rc == ZH_OK && !same) {
        rc = incident(l, "ledger.rollback", err,
                      ZH_STR("日志的最后一条与数据库里同一位置的条目不同"));
    }
    zh_arena_free(arena);
    return rc;
}

static zh_rc ensure_log(zh_core *core, const binding *b, zh_err *err)
{
    const zh_ledger *l = core->ledger;
    zh_treelog_identity identity;
    char id[ZH_TREELOG_ID_CHARS + 1];
    uint8_t random[ZH_TREELOG_ID_CHARS / 2];
    zh_rc rc = zh_treelog_identify(l->dir, &identity, err);
    if (rc == ZH_ENOTFOUND && b->bound) {
        zh_err_set(err, ZH_ECORRUPT, "ledger.lost",
                   "数据库的存证日志（%.*s，第 %" PRId64 " 纪元）不在这里", ZH_FMT(b->id),
                   b->epoch);
        zh_err_where(err, "%s", l->dir);
        zh_err_fix(err, "日志在签名的那个服务的数据目录里：用它的 --data；目录丢了就从备份恢复，"
                        "确实找不回来时用 zhiheng ledger adopt 从数据库另起一个纪元");
        return ZH_ECORRUPT;
    }
    if (rc == ZH_ENOTFOUND) {
        zh_random(random, sizeof random);
        zh_hex(random, sizeof random, id);
        return zh_treelog_create(l->dir, core->alg, (zh_str){id, ZH_TREELOG_ID_CHARS},
                                 b->origin.p != NULL ? b->origin : ZH_STR(""), err);
    }
    if (rc == ZH_OK && b->bound &&
        (!zh_str_is(b->id, identity.id) || (uint64_t)b->epoch != identity.epoch)) {
        zh_arena *arena = zh_arena_new(4096);
        rc = incident(l, "ledger.foreign", err,
                      zh_str_fmt(arena,
                                 "数据库的日志是 %.*s 第 %" PRId64
                                 " 纪元，目录里的是 %s 第 %" PRIu64 " 纪元：两者不是一套",
                                 ZH_FMT(b->id), b->epoch, identity.id, identity.epoch));
        zh_arena_free(arena);
    }
    return rc;
}

/* Brings database and log to the same size; ends with both equal and signed. */
static zh_rc settle_sizes(zh_core *core, binding *b, tail *t, zh_err *err)
{
    zh_ledger *l = core->ledger;
    uint64_t size = (uint64_t)b->size;
    zh_rc rc = ZH_OK;
    if (l->log.front.edge.size > size) {
        rc = b->bound ? finish_tail(core, b, t, err) : size_incident(l, &l->log, b, err);
        b->size = (int64_t)l->log.front.edge.size;
    } else if (l->log.front.edge.size < size) {
        rc = b->bound ? size_incident(l, &l->log, b, err) : fill(core, first_of(l), b, err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_publish(&l->log, err);
    }
    if (rc == ZH_OK && b->size > 0) {
        rc = compare_last(core, first_of(l), b, err);
    }
    return rc == ZH_OK && !b->bound ? bind_log(core, first_of(l), err) : rc;
}

/* The second log follows the first: it may lack what a crash kept out of it, never have more. */
static zh_rc settle_gm(zh_core *core, const binding *b, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_rc rc = zh_gm_fill(core, err);
    if (rc == ZH_OK && l->gm.front.edge.size > (uint64_t)b->size) {
        rc = size_incident(l, &l->gm, b, err);
    }
    if (rc == ZH_OK && l->gm.front.edge.size < (uint64_t)b->size) {
        rc = fill(core, second_of(l), b, err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_publish(&l->gm, err);
    }
    if (rc == ZH_OK && b->size > 0) {
        rc = compare_last(core, second_of(l), b, err);
    }
    return rc == ZH_OK && b->gm_id.p == NULL ? bind_log(core, second_of(l), err) : rc;
}

static zh_rc ensure_gm(zh_core *core, const binding *b, zh_arena *arena, zh_err *err)
{
    const zh_ledger *l = core->ledger;
    zh_treelog_identity identity;
    char id[ZH_TREELOG_ID_CHARS + 1];
    uint8_t random[ZH_TREELOG_ID_CHARS / 2];
    zh_rc rc = zh_treelog_identify(l->gm_dir, &identity, err);
    if (rc == ZH_ENOTFOUND && b->gm_id.p == NULL) {
        zh_random(random, sizeof random);
        zh_hex(random, sizeof random, id);
        return zh_treelog_create(l->gm_dir, ZH_HASH_SM3, (zh_str){id, ZH_TREELOG_ID_CHARS},
                                 zh_str_fmt(arena, "%s/sm3", l->log.identity.origin), err);
    }
    zh_str epoch = zh_str_fmt(arena, "%" PRIu64, identity.epoch);
    if (rc == ZH_ENOTFOUND ||
        (rc == ZH_OK && b->gm_id.p != NULL &&
         (!zh_str_is(b->gm_id, identity.id) || !zh_str_eq(b->gm_epoch, epoch)))) {
        rc = incident(l, rc == ZH_OK ? "ledger.foreign" : "ledger.lost", err,
                      ZH_STR("数据库的国密日志不在 log-gm 里，或不是这一套"));
    }
    return rc;
}

static zh_rc open_gm(zh_core *core, const binding *b, zh_arena *arena, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_rc rc = zh_dir_make(l->gm_dir, err);
    if (rc == ZH_OK) {
        rc = ensure_gm(core, b, arena, err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_open(&l->gm, l->gm_dir, l->relaxed, NULL, NULL, err);
    }
    return rc == ZH_OK ? settle_gm(core, b, err) : rc;
}

static zh_rc open_log(zh_core *core, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_arena *arena = zh_arena_new(2 * ZH_WAL_BYTES_MAX);
    binding b;
    zh_rc rc = read_binding(core, arena, &b, err);
    if (rc == ZH_OK) {
        rc = ensure_log(core, &b, err);
    }
    tail t = {.arena = arena, .from = rc == ZH_OK ? (uint64_t)b.size : 0};
    if (rc == ZH_OK) {
        rc = zh_treelog_open(&l->log, l->dir, l->relaxed, keep_tail, &t, err);
    }
    if (rc == ZH_OK) {
        rc = settle_sizes(core, &b, &t, err);
    }
    if (rc == ZH_OK && core->gm) {
        rc = open_gm(core, &b, arena, err);
    }
    l->opened = rc == ZH_OK;
    if (rc != ZH_OK) {
        forget(l);
    }
    zh_arena_free(arena);
    return rc;
}

/* Opened, and as far as the other processes are. */
static zh_rc ready(zh_core *core, binding *b, zh_arena *arena, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_rc rc = l->opened ? zh_treelog_refresh(&l->log, err) : ZH_ECONFLICT;
    if (rc == ZH_OK) {
        rc = read_binding(core, arena, b, err);
    }
    if (rc == ZH_OK && core->gm) {
        rc = l->gm.arena != NULL ? zh_treelog_refresh(&l->gm, err) : ZH_ECONFLICT;
    }
    /* another process was killed between its steps, or began another epoch */
    bool other = rc == ZH_OK && ((uint64_t)b->size != l->log.front.edge.size ||
                                 l->log.published != l->log.front.edge.size ||
                                 (core->gm && l->gm.published != l->log.front.edge.size) ||
                                 !zh_str_is(b->id, l->log.identity.id) ||
                                 (uint64_t)b->epoch != l->log.identity.epoch);
    if (rc == ZH_ECONFLICT || other) {
        forget(l);
        rc = open_log(core, err);
        if (rc == ZH_OK) {
            rc = read_binding(core, arena, b, err);
        }
    }
    return rc;
}

/* ---- a round --------------------------------------------------------------------------------- */

typedef struct placing {
    const zh_wal_batch *list;
    size_t n;
} placing;

static zh_rc place(void *user, zh_conn *conn, zh_err *err)
{
    const placing *p = user;
    return zh_outbox_place(conn, p->list, p->n, err);
}

/* Those who wait for a receipt get the checkpoint that was just signed. */
static zh_rc tell_sealed(zh_core *core, const zh_wal_batch *list, size_t n, zh_err *err)
{
    const zh_ledger *l = core->ledger;
    zh_arena *arena = zh_arena_new(ZH_TREELOG_TEXT_BYTES_MAX * 2);
    zh_str note = ZH_STR_NONE;
    zh_rc rc = zh_treelog_text(arena, l->dir, "pub/checkpoint", &note, err);
    if (rc == ZH_OK) {
        zh_seals_add(core->seals, list, n, note, (int64_t)l->log.published);
    }
    zh_arena_free(arena);
    return rc;
}

/* gm: the same batches with the entries of the second log; NULL when it is not kept. */
static zh_rc seal(zh_core *core, const zh_wal_batch *list, const zh_wal_batch *gm, size_t n,
                  zh_err *err)
{
    zh_ledger *l = core->ledger;
    placing p = {list, n};
    zh_rc rc = zh_treelog_append(&l->log, list, n, err);
    if (rc == ZH_OK && gm != NULL) {
        rc = zh_treelog_append(&l->gm, gm, n, err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_fold(&l->log, list, n, err);
    }
    if (rc == ZH_OK && gm != NULL) {
        rc = zh_treelog_fold(&l->gm, gm, n, err);
    }
    if (rc == ZH_OK) {
        rc = zh_core_write(core, place, &p, err);
        zh_treelog_at(ZH_STEP_DATABASE);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_publish(&l->log, err);
    }
    if (rc == ZH_OK && gm != NULL) {
        rc = zh_treelog_publish(&l->gm, err);
    }
    return rc == ZH_OK ? tell_sealed(core, list, n, err) : rc;
}

typedef struct waiting {
    zh_wal_batch *list, *gm; /* gm NULL: no second log */
    size_t n;
} waiting;

/* What waits; rows that lack their entries of the second log get them first. */
static zh_rc read_waiting(zh_core *core, const binding *b, zh_arena *arena, waiting *out,
                          zh_err *err)
{
    zh_ledger *l = core->ledger;
    bool lacking = false;
    zh_rc rc = ZH_OK;
    out->list = ZH_NEW_N(arena, zh_wal_batch, ZH_LEDGER_ROUND_BATCHES);
    out->gm = core->gm ? ZH_NEW_N(arena, zh_wal_batch, ZH_LEDGER_ROUND_BATCHES) : NULL;
    for (unsigned try = 0; try < 2 && rc == ZH_OK; try++) {
        zh_conn *conn = NULL;
        zh_outbox_page page = {.max_rows = ZH_LEDGER_ROUND_BATCHES,
                               .max_entries = ZH_LEDGER_ROUND_ENTRIES,
                               .with_entries = true,
                               .size = l->log.front.edge.size,
                               .until = b->until,
                               .gm = out->gm,
                               .gm_missing = &lacking};
        lacking = false;
        rc = zh_store_reader(core->store, &conn, err);
        if (rc == ZH_OK) {
            rc = zh_outbox_waiting(conn, arena, &page, out->list, &out->n, err);
        }
        zh_store_release(conn);
        if (rc != ZH_OK || !lacking) {
            break;
        }
        rc = try == 0 ? zh_gm_fill(core, err)
                      : zh_err_set(err, ZH_ECORRUPT, "ledger.gm", "补不出国密条目");
    }
    zh_treelog_at(ZH_STEP_READ);
    return rc;
}

/* seals false: only opens both sides, which proves what is cheap to prove. */
static zh_rc round_locked(zh_core *core, bool seals, int64_t *size, bool *more, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_arena *arena = zh_arena_new(ROUND_BYTES);
    waiting w = {.n = 0};
    binding b;
    zh_rc rc = ready(core, &b, arena, err);
    if (rc == ZH_OK && seals) {
        rc = read_waiting(core, &b, arena, &w, err);
    }
    uint64_t before = l->log.front.edge.size;
    if (rc == ZH_OK && w.n > 0) {
        rc = seal(core, w.list, w.gm, w.n, err);
        if (rc != ZH_OK) {
            forget(l); /* whatever was half done is settled when it is opened again */
        }
    }
    if (rc == ZH_OK) {
        *size = (int64_t)l->log.front.edge.size;
        *more = w.n == ZH_LEDGER_ROUND_BATCHES ||
                l->log.front.edge.size - before >= ZH_LEDGER_ROUND_ENTRIES;
    }
    zh_arena_free(arena);
    return rc;
}

static zh_rc run_round(zh_core *core, bool seals, int64_t *size, bool *more, zh_err *err)
{
    zh_ledger *l = core->ledger;
    int lock = -1;
    zh_assert(l->dir != NULL);
    pthread_mutex_lock(&l->lock);
    zh_rc rc = zh_dir_make(l->dir, err);
    if (rc == ZH_OK) {
        rc = zh_treelog_lock(l->dir, &lock, err);
    }
    if (rc == ZH_OK) {
        rc = round_locked(core, seals, size, more, err);
    }
    zh_treelog_unlock(lock);
    pthread_mutex_unlock(&l->lock);
    return rc;
}

/* What a round finds while the log is still being recomputed. */
static zh_rc sealed_so_far(zh_core *core, int64_t *size, bool *more, zh_err *err)
{
    zh_conn *conn = NULL;
    *more = false;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = zh_log_size(conn, size, err);
    }
    zh_store_release(conn);
    return rc;
}

zh_rc zh_ledger_round(zh_core *core, int64_t *size, bool *more, zh_err *err)
{
    return zh_ledger_checking(core, NULL, NULL) ? sealed_so_far(core, size, more, err)
                                                : run_round(core, true, size, more, err);
}

/* ---- starting -------------------------------------------------------------------------------- */

typedef struct recomputing {
    zh_hash hash;
    zh_tree_edge edge;
    uint64_t size;              /* as far as it goes */
    int64_t pos, office, batch; /* the row read last */
    bool ended;                 /* there are no further rows */
} recomputing;

static zh_rc add_rows(zh_core *core, recomputing *r, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    zh_sql_value binds[] = {ZH_SQL_INT(r->pos), ZH_SQL_INT(r->office), ZH_SQL_INT(r->batch),
                            ZH_SQL_INT((int64_t)r->size), ZH_SQL_INT(CHECK_ROWS)};
    size_t rows = 0;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc =
            zh_query(conn,
                     ZH_STR("SELECT pos, office, batch, entries FROM zh_outbox WHERE (pos, office, "
                            "batch) > (?, ?, ?) AND pos < ? ORDER BY pos, office, batch LIMIT ?"),
                     binds, ZH_COUNTOF(binds), &stmt, err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_str entries = zh_col_str(stmt, 3);
        r->pos = zh_col_i64(stmt, 0);
        r->office = zh_col_i64(stmt, 1);
        r->batch = zh_col_i64(stmt, 2);
        rows++;
        for (; entries.n >= ZH_RECORD_ENTRY_BYTES && r->edge.size < r->size;
             entries = zh_str_sub(entries, ZH_RECORD_ENTRY_BYTES, entries.n)) {
            zh_digest leaf;
            zh_tree_leaf(&r->hash, entries.p, ZH_RECORD_ENTRY_BYTES, &leaf);
            zh_tree_edge_add(&r->hash, &r->edge, &leaf);
        }
    }
    zh_finish(stmt);
    r->ended = rows < CHECK_ROWS;
    if (conn != NULL && r->ended) {
        zh_conn_shrink(conn);
    }
    zh_store_release(conn);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The root of `checkpoint` from the entries of the outbox, page by page. */
static zh_rc recompute(zh_core *core, const zh_checkpoint *checkpoint, const atomic_bool *stop,
                       zh_err *err)
{
    zh_ledger *l = core->ledger;
    recomputing r = {.size = checkpoint->size, .pos = -1};
    zh_digest root;
    zh_rc rc = ZH_OK;
    zh_hash_begin(&r.hash, core->alg);
    while (rc == ZH_OK && !r.ended) {
        rc = stop != NULL && atomic_load(stop)
                 ? zh_err_set(err, ZH_EBUSY, "ledger.checking", "存证还没有核对完")
                 : add_rows(core, &r, err);
        atomic_store(&l->done, r.edge.size);
    }
    zh_tree_edge_root(&r.hash, &r.edge, &root);
    zh_hash_release(&r.hash);
    if (rc == ZH_OK &&
        (r.edge.size != checkpoint->size || !zh_digest_eq(&root, &checkpoint->root))) {
        zh_arena *arena = zh_arena_new(4096);
        rc = incident(l, "ledger.root", err,
                      zh_str_fmt(arena,
                                 "最后签名的检查点（%" PRIu64
                                 " 条）不能从数据库重算出来：发件箱里的条目被改过、删过或换过次序",
                                 checkpoint->size));
        zh_arena_free(arena);
    }
    return rc;
}

/* The newest checkpoint; size 0 when nothing has been signed. */
static zh_rc newest_signed(zh_core *core, zh_checkpoint *out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ROUND_BYTES);
    zh_treelog_view view;
    *out = (zh_checkpoint){.size = 0};
    zh_rc rc = zh_treelog_view_open(arena, core->ledger->dir, &view, err);
    if (rc == ZH_OK && view.note.p != NULL) {
        out->size = view.checkpoint.size;
        out->root = view.checkpoint.root;
    }
    zh_arena_free(arena);
    return rc;
}

/* How many entries are recomputed before the first answer. */
static zh_rc entries_at_start(zh_core *core, uint64_t *out, zh_err *err)
{
    zh_arena *arena = zh_arena_new(4096);
    zh_conn *conn = NULL;
    zh_str text = ZH_STR_NONE;
    int64_t n = ZH_LEDGER_START_ENTRIES;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = setting(conn, arena, ZH_LEDGER_SET_START, &text, err);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && text.p != NULL && (zh_str_i64(text, &n) != ZH_OK || n < 0)) {
        rc = zh_err_set(err, ZH_ECORRUPT, "ledger.setting", "设置“%s”不是非负整数",
                        ZH_LEDGER_SET_START);
    }
    *out = (uint64_t)n;
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_ledger_start(zh_core *core, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_checkpoint newest = {.size = 0};
    uint64_t at_start = 0;
    int64_t size = 0;
    bool more = false;
    zh_rc rc = run_round(core, false, &size, &more, err);
    if (rc == ZH_OK) {
        rc = newest_signed(core, &newest, err);
    }
    if (rc == ZH_OK) {
        rc = entries_at_start(core, &at_start, err);
    }
    if (rc == ZH_OK && newest.size > at_start) {
        atomic_store(&l->done, 0);
        atomic_store(&l->all, newest.size);
        return ZH_OK;
    }
    if (rc == ZH_OK && newest.size > 0) {
        rc = recompute(core, &newest, NULL, err);
    }
    return rc == ZH_OK ? run_round(core, true, &size, &more, err) : rc;
}

zh_rc zh_ledger_check(zh_core *core, const atomic_bool *stop, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_checkpoint newest;
    uint64_t begun = zh_monotonic_us();
    if (!zh_ledger_checking(core, NULL, NULL)) {
        return ZH_OK;
    }
    zh_rc rc = newest_signed(core, &newest, err);
    if (rc == ZH_OK) {
        rc = recompute(core, &newest, stop, err);
    }
    if (rc == ZH_OK) {
        atomic_store(&l->all, 0);
        zh_log(ZH_INFO, "ledger.checked",
               "按全部 %" PRIu64 " 条重算的根与检查点相同，%" PRIu64 " 毫秒", newest.size,
               (zh_monotonic_us() - begun) / 1000);
    }
    return rc;
}

bool zh_ledger_checking(const zh_core *core, uint64_t *done, uint64_t *all)
{
    uint64_t of = atomic_load(&core->ledger->all);
    uint64_t now = atomic_load(&core->ledger->done);
    if (done != NULL) {
        *done = now < of ? now : of;
    }
    if (all != NULL) {
        *all = of;
    }
    return of != 0;
}

zh_rc zh_ledger_adopt(zh_core *core, zh_err *err)
{
    zh_ledger *l = core->ledger;
    zh_arena *arena = zh_arena_new(ROUND_BYTES);
    zh_treelog_identity identity;
    binding b;
    int lock = -1;
    if (l->dir == NULL) {
        zh_arena_free(arena);
        return zh_err_set(err, ZH_EINVAL, "ledger.none", "没有数据目录，日志放在数据目录里");
    }
    pthread_mutex_lock(&l->lock);
    forget(l);
    zh_rc rc = zh_dir_make(l->dir, err);
    rc = rc == ZH_OK ? zh_treelog_lock(l->dir, &lock, err) : rc;
    if (rc == ZH_OK) {
        rc = zh_treelog_identify(l->dir, &identity, err);
    }
    if (rc == ZH_ENOTFOUND) { /* lost: another one in its place */
        rc = read_binding(core, arena, &b, err);
        b.bound = false;
        rc = rc == ZH_OK ? ensure_log(core, &b, err) : rc;
    } else if (rc == ZH_OK) {
        rc = zh_treelog_adopt(l->dir, err);
    }
    if (rc == ZH_OK && core->gm && zh_path_exists(l->gm_dir)) {
        rc = zh_treelog_adopt(l->gm_dir, err);
    }
    /* the database follows; its entries are what the new epoch begins with */
    if (rc == ZH_OK) {
        rc = read_binding(core, arena, &b, err);
        b.bound = false;
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_open(&l->log, l->dir, l->relaxed, NULL, NULL, err);
    }
    if (rc == ZH_OK) {
        tail none = {.arena = arena};
        rc = settle_sizes(core, &b, &none, err);
    }
    if (rc == ZH_OK && core->gm) {
        b.gm_id = ZH_STR_NONE;
        rc = open_gm(core, &b, arena, err);
    }
    forget(l);
    zh_treelog_unlock(lock);
    pthread_mutex_unlock(&l->lock);
    zh_arena_free(arena);
    return rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

zh_rc zh_ledger_gm_view(zh_core *core, zh_arena *arena, zh_treelog_view *out, zh_err *err)
{
    const zh_ledger *l = core->ledger;
    zh_rc rc = l->gm_dir != NULL ? zh_treelog_view_open(arena, l->gm_dir, out, err) : ZH_ENOTFOUND;
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(err, rc, "ledger.gm.none", "没有国密日志");
        zh_err_fix(err, "用 zhiheng ledger init --gm 建立");
    }
    return rc;
}

zh_rc zh_ledger_view(zh_core *core, zh_arena *arena, zh_treelog_view *out, zh_err *err)
{
    const zh_ledger *l = core->ledger;
    zh_rc rc = l->dir != NULL ? zh_treelog_view_open(arena, l->dir, out, err) : ZH_ENOTFOUND;
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(err, rc, "ledger.none", "这里还没有签名的存证日志");
        zh_err_fix(err, l->dir != NULL ? "启动服务，或运行 zhiheng ledger checkpoint，就会建立"
                                       : "日志在签名的那个服务的数据目录里：用 --data 指明");
    }
    return rc;
}

int64_t zh_ledger_sealed(const zh_core *core)
{
    char text[ZH_TREELOG_ORIGIN_MAX + 64];
    char path[512];
    int64_t size = 0;
    const char *dir = core->ledger->dir;
    int n = dir != NULL ? snprintf(path, sizeof path, "%s/pub/checkpoint", dir) : -1;
    int fd = n > 0 && n < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text) : 0;
    zh_str rest = {text, got > 0 ? (size_t)got : 0};
    zh_str origin;
    zh_str line;
    if (fd >= 0) {
        (void)close(fd);
    }
    bool good = rest.n > 0 && zh_str_split(&rest, '\n', &origin) && rest.p != NULL &&
                zh_str_split(&rest, '\n', &line) && zh_str_i64(line, &size) == ZH_OK;
    return good && size > 0 ? size : 0;
}

zh_rc zh_ledger_wait(zh_core *core, int64_t size, unsigned wait_ms, zh_err *err)
{
    const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};
    uint64_t begun = zh_monotonic_us();
    while (true) {
        zh_arena *arena = zh_arena_new(ROUND_BYTES);
        zh_treelog_view view;
        int64_t now = 0;
        bool more = false;
        zh_rc rc = zh_ledger_round(core, &now, &more, err);
        if (rc == ZH_OK) {
            rc = zh_ledger_view(core, arena, &view, err);
        }
        bool enough = rc == ZH_OK && view.checkpoint.size >= (uint64_t)size;
        zh_arena_free(arena);
        if (rc != ZH_OK || enough) {
            return rc;
        }
        if (zh_ledger_checking(core, NULL, NULL)) {
            zh_err_set(err, ZH_EBUSY, "ledger.checking", "存证核对中，核对完才签新的检查点");
            zh_err_fix(err, "启动后要按全部条目重算一遍；过一会儿再试，/health 里有进度");
            return ZH_EBUSY;
        }
        if (zh_monotonic_us() - begun > (uint64_t)wait_ms * 1000) {
            return zh_err_set(err, ZH_EBUSY, "ledger.unsealed", "还没有签到第 %" PRId64 " 条",
                              size);
        }
        nanosleep(&pause, NULL);
    }
}
