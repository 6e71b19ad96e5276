/* The opened province: store, identifiers, settings, contexts, and the model snapshot that is
 * swapped while serving. Opening and closing: open.c. */
#include "core/instance/core.h"
#include "base/os.h"
#include "core/instance/core_private.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { SETTING_OFFICE = 0 };

zh_store *zh_core_store(zh_core *core)
{
    return core->store;
}

const char *zh_core_data_dir(const zh_core *core)
{
    return core->data_dir;
}

int64_t zh_core_office(const zh_core *core)
{
    return core->office;
}

/* ---- identifiers ---------------------------------------------------------------------------- */

int64_t zh_core_id(zh_core *core, int64_t after)
{
    int64_t floor = -1; /* milliseconds << 12 | counter that must be exceeded */
    if (after > 0) {
        int64_t ms = after >> (ZH_ID_NODE_BITS + ZH_ID_COUNTER_BITS);
        unsigned node = (unsigned)(after >> ZH_ID_COUNTER_BITS) & (ZH_NODES - 1);
        int64_t counter = after & ((1 << ZH_ID_COUNTER_BITS) - 1);
        /* of another node: only a later millisecond is surely greater */
        floor = node == core->node ? ms << ZH_ID_COUNTER_BITS | counter
                                   : ((ms + 1) << ZH_ID_COUNTER_BITS) - 1;
    }
    int64_t ms = zh_now() / 1000 - ZH_EPOCH_2020_MS;
    int64_t now = (ms > 0 ? ms : 0) << ZH_ID_COUNTER_BITS;
    int64_t last = atomic_load_explicit(&core->last_id, memory_order_relaxed);
    int64_t next;
    do {
        next = now > last ? now : last + 1;
        next = next > floor ? next : floor + 1;
    } while (!atomic_compare_exchange_weak_explicit(&core->last_id, &last, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    int64_t counter = next & ((1 << ZH_ID_COUNTER_BITS) - 1);
    return (next >> ZH_ID_COUNTER_BITS) << (ZH_ID_NODE_BITS + ZH_ID_COUNTER_BITS) |
           (int64_t)core->node << ZH_ID_COUNTER_BITS | counter;
}

void zh_core_salt(zh_core *core, zh_digest *out)
{
    pthread_mutex_lock(&core->lock);
    if (core->salts_left < sizeof out->b) {
        zh_random(core->salts, sizeof core->salts);
        core->salts_left = sizeof core->salts;
    }
    uint8_t *salt = core->salts + core->salts_left - sizeof out->b;
    memcpy(out->b, salt, sizeof out->b);
    memset(salt, 0, sizeof out->b);
    core->salts_left -= sizeof out->b;
    pthread_mutex_unlock(&core->lock);
}

/* ---- settings ------------------------------------------------------------------------------- */

zh_rc zh_setting_get(zh_conn *conn, zh_arena *arena, const char *name, zh_str *out, zh_err *err)
{
    zh_sql_value key[] = {ZH_SQL_INT(SETTING_OFFICE), ZH_SQL_STR(zh_str_of(name))};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, ZH_STR("SELECT value FROM zh_setting WHERE office = ? AND name = ?"),
                        key, 2, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *out = zh_str_dup(arena, zh_col_str(stmt, 0));
    }
    zh_finish(stmt);
    return rc;
}

zh_rc zh_setting_set(zh_conn *conn, const char *name, zh_str value, zh_err *err)
{
    zh_sql_value row[] = {ZH_SQL_INT(SETTING_OFFICE), ZH_SQL_STR(zh_str_of(name)),
                          ZH_SQL_STR(value)};
    return zh_run(conn,
                  "INSERT INTO zh_setting (office, name, value) VALUES (?, ?, ?) "
                  "ON CONFLICT (office, name) DO UPDATE SET value = excluded.value",
                  row, 3, NULL, err);
}

/* ---- transactions --------------------------------------------------------------------------- */

static void pause_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static void tell_written(zh_core *core)
{
    if (atomic_exchange_explicit(&core->placing, false, memory_order_relaxed)) {
        pthread_mutex_lock(&core->waking);
        core->written = true;
        pthread_cond_signal(&core->awake);
        pthread_mutex_unlock(&core->waking);
    }
}

void zh_core_await_write(zh_core *core, unsigned ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&core->waking);
    int waited = 0;
    while (!core->written && waited == 0) {
        waited = pthread_cond_timedwait(&core->awake, &core->waking, &until);
    }
    core->written = false;
    pthread_mutex_unlock(&core->waking);
}

zh_rc zh_core_write(zh_core *core, zh_work work, void *user, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_err tried = {0};
    zh_rc rc = ZH_EBUSY;
    for (unsigned try = 0; rc == ZH_EBUSY && try < ZH_TRIES_MAX; try++) {
        if (try > 0) {
            pause_ms(try);
        }
        zh_err_again(&tried);
        rc = zh_store_writer(core->store, &conn, &tried);
        if (rc != ZH_OK) {
            continue;
        }
        rc = zh_begin(conn, &tried);
        if (rc == ZH_OK) {
            rc = work(user, conn, &tried);
            if (rc == ZH_OK) {
                rc = zh_commit(conn, &tried);
            }
            if (rc == ZH_OK) {
                tell_written(core);
            }
            if (rc != ZH_OK) {
                zh_rollback(conn);
            }
        }
        zh_store_release(conn);
        conn = NULL;
    }
    if (rc != ZH_OK && err != NULL && err->rc == ZH_OK) {
        *err = tried;
    }
    return rc;
}

typedef struct named_setting {
    const char *name;
    zh_str value;
} named_setting;

static zh_rc write_setting(void *user, zh_conn *conn, zh_err *err)
{
    const named_setting *s = user;
    return zh_setting_set(conn, s->name, s->value, err);
}

zh_rc zh_core_set(zh_core *core, const char *name, zh_str value, zh_err *err)
{
    named_setting s = {name, value};
    return zh_core_write(core, write_setting, &s, err);
}

/* ---- snapshots and contexts ----------------------------------------------------------------- */

struct zh_snapshot *zh_snapshot_retain(struct zh_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void zh_snapshot_release(struct zh_snapshot *snapshot)
{
    if (snapshot != NULL &&
        atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1) {
        zh_model *model = snapshot->model;
        pthread_mutex_destroy(&snapshot->surveying);
        zh_arena_free(snapshot->arena); /* the snapshot itself lives in it */
        zh_model_release(model);
    }
}

static struct zh_snapshot *current(zh_core *core)
{
    pthread_mutex_lock(&core->lock);
    struct zh_snapshot *snapshot = zh_snapshot_retain(core->snapshot);
    pthread_mutex_unlock(&core->lock);
    return snapshot;
}

zh_model *zh_core_model(zh_core *core)
{
    struct zh_snapshot *snapshot = current(core);
    zh_model *model = zh_model_retain(snapshot->model);
    zh_snapshot_release(snapshot);
    return model;
}

const zh_plan *zh_plan_of(const zh_ctx *ctx, const zh_register *reg)
{
    zh_assert(reg >= ctx->model->registers && reg < ctx->model->registers + ctx->model->nregisters);
    return &ctx->snapshot->plans[reg - ctx->model->registers];
}

zh_ctx zh_ctx_local(zh_core *core, zh_arena *arena, zh_err *err)
{
    struct zh_snapshot *snapshot = current(core);
    return (zh_ctx){
        .core = core,
        .snapshot = snapshot,
        .model = snapshot->model,
        .arena = arena,
        .err = err,
        .actor = ZH_STR("operator"),
        .role = ZH_STR("operator"),
        .purpose = ZH_STR("本机操作"),
        .office = core->office,
    };
}

void zh_ctx_end(zh_ctx *ctx)
{
    zh_snapshot_release(ctx->snapshot);
    ctx->snapshot = NULL;
    ctx->model = NULL;
}
