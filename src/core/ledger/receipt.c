/* Receipts: waiting until an entry stands in a signed checkpoint. */
#include "core/ledger/receipt.h"
#include "base/os.h"
#include "base/time.h"
#include "core/instance/core_private.h"
#include "core/ledger/ledger.h"
#include "core/ledger/seals.h"
#include "core/ledger/treelog_private.h"
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

enum {
    AGE_BITS = ZH_ID_NODE_BITS + ZH_ID_COUNTER_BITS,
    LOOK_MS = 50
}; /* between looks at the database while this process seals nothing */

/* ---- what this process sealed last ----------------------------------------------------------- */

typedef struct zh_seal_waiter {
    int64_t office, batch, pos;
    bool told;
    sem_t turn;
    struct zh_seal_waiter *next;
} waiter;

zh_seals *zh_seals_new(zh_arena *arena)
{
    zh_seals *seals = ZH_NEW(arena, zh_seals);
    pthread_mutex_init(&seals->lock, NULL);
    return seals;
}

void zh_seals_end(zh_seals *seals)
{
    pthread_mutex_destroy(&seals->lock);
}

void zh_seals_add(zh_seals *seals, const zh_wal_batch *list, size_t n, zh_str note, int64_t size)
{
    pthread_mutex_lock(&seals->lock);
    for (size_t i = 0; i < n; i++) {
        seals->last[seals->n++ % ZH_SEALS_KEPT] =
            (zh_seal){list[i].office, list[i].batch, (int64_t)list[i].pos};
    }
    seals->size = note.n <= sizeof seals->note ? size : 0;
    seals->note_n = seals->size > 0 ? note.n : 0;
    memcpy(seals->note, note.p, seals->note_n);
    for (waiter **at = &seals->waiters; *at != NULL;) {
        waiter *w = *at;
        for (size_t i = 0; i < n && !w->told; i++) {
            w->told = list[i].batch == w->batch && list[i].office == w->office;
            w->pos = (int64_t)list[i].pos;
        }
        if (w->told) {
            *at = w->next;
            (void)sem_post(&w->turn); /* it looks at what it was told under the lock */
        } else {
            at = &w->next;
        }
    }
    pthread_mutex_unlock(&seals->lock);
}

/* Newest first. */
static bool among(const zh_seals *seals, int64_t office, int64_t batch, int64_t *pos)
{
    size_t kept = seals->n < ZH_SEALS_KEPT ? seals->n : ZH_SEALS_KEPT;
    for (size_t i = 1; i <= kept; i++) {
        const zh_seal *s = &seals->last[(seals->n - i) % ZH_SEALS_KEPT];
        if (s->batch == batch && s->office == office) {
            *pos = s->pos;
            return true;
        }
        if (s->batch < batch >> AGE_BITS << AGE_BITS) {
            break; /* sealed before the batch was made */
        }
    }
    return false;
}

static void forget(zh_seals *seals, waiter *me)
{
    for (waiter **at = &seals->waiters; *at != NULL; at = &(*at)->next) {
        if (*at == me) {
            *at = me->next;
            return;
        }
    }
}

static struct timespec after_ms(uint64_t ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    t.tv_sec += (time_t)(ms / 1000) + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* Waits for the batch, at most ms. */
static bool await_batch(zh_seals *seals, int64_t office, int64_t batch, uint64_t ms, int64_t *pos)
{
    waiter me = {.office = office, .batch = batch};
    struct timespec until = after_ms(ms);
    pthread_mutex_lock(&seals->lock);
    bool found = among(seals, office, batch, pos);
    if (!found) {
        (void)sem_init(&me.turn, 0, 0);
        me.next = seals->waiters;
        // cppcheck-suppress autoVariables
        seals->waiters = &me; /* out of the list again before this returns */
    }
    pthread_mutex_unlock(&seals->lock);
    if (found) {
        return true;
    }
    while (sem_clockwait(&me.turn, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR) {
    }
    pthread_mutex_lock(&seals->lock);
    found = me.told;
    if (found) {
        *pos = me.pos;
    } else {
        forget(seals, &me);
    }
    pthread_mutex_unlock(&seals->lock);
    (void)sem_destroy(&me.turn);
    return found;
}

/* ---- one entry ------------------------------------------------------------------------------- */

typedef struct place {
    int64_t batch, ord, pos; /* pos: of the batch; -1 none yet */
} place;

static zh_rc find_place(zh_ctx *ctx, const zh_register *reg, const zh_applied *at, place *out)
{
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_INT(at->office), ZH_SQL_INT(at->id), ZH_SQL_INT(at->version)};
    zh_str sql = zh_str_fmt(ctx->arena,
                            "SELECT h.batch, h.ord, COALESCE(o.pos, -1) FROM \"%s\" h JOIN "
                            "zh_outbox o ON o.office = h.office AND o.batch = h.batch WHERE "
                            "h.office = ? AND h.id = ? AND h.version = ?",
                            zh_plan_of(ctx, reg)->history.name);
    zh_rc rc = zh_store_reader(ctx->core->store, &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_query(conn, sql, key, ZH_COUNTOF(key), &stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        *out = (place){zh_col_i64(stmt, 0), zh_col_i64(stmt, 1), zh_col_i64(stmt, 2)};
    }
    zh_finish(stmt);
    zh_store_release(conn);
    return rc == ZH_ENOTFOUND
               ? zh_err_set(ctx->err, rc, "receipt.none", "没有这条记录的这个版本，或没有它的凭证")
               : rc;
}

/* The checkpoint this process signed last, when it covers the position. */
static bool take_note(zh_ctx *ctx, int64_t position, zh_receipt *out)
{
    zh_seals *seals = ctx->core->seals;
    pthread_mutex_lock(&seals->lock);
    out->sealed = seals->size > position;
    if (out->sealed) {
        out->size = seals->size;
        out->note = zh_str_dup(ctx->arena, (zh_str){seals->note, seals->note_n});
    }
    pthread_mutex_unlock(&seals->lock);
    return out->sealed;
}

/* The newest checkpoint, when it covers the position. */
static zh_rc read_note(zh_ctx *ctx, int64_t position, zh_receipt *out)
{
    if (take_note(ctx, position, out)) {
        return ZH_OK;
    }
    zh_note note;
    zh_checkpoint checkpoint;
    zh_str text = ZH_STR_NONE;
    zh_rc rc =
        zh_treelog_text(ctx->arena, zh_ledger_dir(ctx->core), "pub/checkpoint", &text, ctx->err);
    if (rc != ZH_OK) {
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    rc = zh_note_parse(text, &note, ctx->err);
    rc = rc == ZH_OK ? zh_checkpoint_parse(note.text, &checkpoint, ctx->err) : rc;
    if (rc == ZH_OK && checkpoint.size > (uint64_t)position) {
        out->sealed = true;
        out->size = (int64_t)checkpoint.size;
        out->note = text;
    }
    return rc;
}

zh_rc zh_receipt_wait(zh_ctx *ctx, const zh_register *reg, const zh_applied *at, zh_place given,
                      unsigned wait_ms, zh_receipt *out)
{
    zh_seals *seals = ctx->core->seals;
    uint64_t most = wait_ms < ZH_RECEIPT_WAIT_MS_MAX ? wait_ms : ZH_RECEIPT_WAIT_MS_MAX;
    uint64_t begun = zh_monotonic_us();
    place p = {given.batch, given.ord, -1};
    bool here = zh_ledger_dir(ctx->core) != NULL;
    bool told = false; /* that it is sealed: then there is nothing more to wait for */
    *out = (zh_receipt){.position = -1};
    zh_rc rc = given.batch != 0 ? ZH_OK : find_place(ctx, reg, at, &p);
    while (rc == ZH_OK) {
        uint64_t passed = (zh_monotonic_us() - begun) / 1000;
        uint64_t left = passed < most ? most - passed : 0;
        out->position = p.pos >= 0 ? p.pos + p.ord : -1;
        if (p.pos >= 0 && here) {
            rc = read_note(ctx, out->position, out);
        }
        if (rc != ZH_OK || out->sealed || left == 0 || !here || told) {
            break;
        }
        left = left < LOOK_MS ? left : LOOK_MS;
        told = await_batch(seals, at->office, p.batch, left, &p.pos);
        if (!told) {
            rc = find_place(ctx, reg, at, &p);
        }
    }
    return rc;
}
