/* Jobs as rows with lease, heartbeat, progress, cancel and resume. */
#include "core/instance/job.h"
#include "base/os.h"
#include <inttypes.h>
#include <unistd.h>

#define JOB_COLUMNS                                                                                \
    "office, id, kind, args, state, result, progress, total, cursor, cancel, lease_until, "        \
    "created_at, updated_at, owner, actor"

/* "boot:pid:start": a process of this boot, even after its number is used again. */
static zh_str owner_of(zh_arena *arena, zh_str boot, long pid)
{
    zh_str stat = ZH_STR_NONE;
    zh_err ignored = {0};
    const char *path = zh_str_fmt(arena, "/proc/%ld/stat", pid).p;
    if (zh_file_read(arena, path, 4096, &stat, &ignored) != ZH_OK) {
        return ZH_STR_NONE;
    }
    ptrdiff_t name_end = -1; /* the name in brackets may hold anything */
    for (size_t i = 0; i < stat.n; i++) {
        name_end = stat.p[i] == ')' ? (ptrdiff_t)i : name_end;
    }
    zh_str rest = zh_str_sub(stat, (size_t)(name_end + 2), stat.n);
    zh_str piece = ZH_STR_NONE;
    for (int field = 3; field <= 22; field++) { /* starttime is field 22 (proc(5)) */
        if (!zh_str_split(&rest, ' ', &piece)) {
            return ZH_STR_NONE;
        }
    }
    return zh_str_fmt(arena, "%.*s:%ld:%.*s", ZH_FMT(boot), pid, ZH_FMT(piece));
}

static zh_str boot_id(zh_arena *arena)
{
    zh_str boot = ZH_STR_NONE;
    zh_err ignored = {0};
    if (zh_file_read(arena, "/proc/sys/kernel/random/boot_id", 256, &boot, &ignored) != ZH_OK) {
        return ZH_STR("unknown");
    }
    return zh_str_trim(boot);
}

/* Whether the process that holds a lease is known to be gone: then nobody need wait for its end. */
static bool owner_gone(zh_arena *arena, zh_str owner)
{
    zh_str rest = owner;
    zh_str boot;
    zh_str pid_text;
    int64_t pid = 0;
    zh_str here = boot_id(arena);
    if (!zh_str_split(&rest, ':', &boot) || !zh_str_split(&rest, ':', &pid_text) ||
        !zh_str_eq(boot, here) || zh_str_i64(pid_text, &pid) != ZH_OK) {
        return false; /* another machine: its lease decides */
    }
    return !zh_str_eq(owner_of(arena, here, (long)pid), owner);
}

static zh_str text_of(zh_arena *arena, const zh_stmt *stmt, size_t column)
{
    return zh_str_dup(arena, zh_col_str(stmt, column));
}

static void decode(zh_arena *arena, const zh_stmt *stmt, zh_job *out)
{
    *out = (zh_job){
        .office = zh_col_i64(stmt, 0),
        .id = zh_col_i64(stmt, 1),
        .kind = text_of(arena, stmt, 2),
        .args = text_of(arena, stmt, 3),
        .state = text_of(arena, stmt, 4),
        .result = text_of(arena, stmt, 5),
        .progress = zh_col_i64(stmt, 6),
        .total = zh_col_i64(stmt, 7),
        .cursor = zh_col_i64(stmt, 8),
        .cancel = zh_col_i64(stmt, 9) != 0,
        .lease_until = zh_col_i64(stmt, 10),
        .created_at = zh_col_i64(stmt, 11),
        .updated_at = zh_col_i64(stmt, 12),
        .owner = text_of(arena, stmt, 13),
        .actor = text_of(arena, stmt, 14),
    };
}

static zh_rc one(zh_ctx *ctx, zh_conn *conn, const char *sql, const zh_sql_value *binds, size_t n,
                 zh_job *out)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, zh_str_of(sql), binds, n, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        decode(ctx->arena, stmt, out);
    }
    zh_finish(stmt);
    return rc;
}

/* Runs body in a write transaction of its own. */
typedef zh_rc (*job_body)(zh_ctx *ctx, zh_conn *conn, zh_job *job, const void *with);

static zh_rc transaction(zh_ctx *ctx, job_body body, zh_job *job, const void *with)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_writer(zh_core_store(ctx->core), &conn, ctx->err);
    for (int tries = 0; rc == ZH_OK && tries < 20; tries++) {
        zh_err_again(ctx->err);
        rc = zh_begin(conn, ctx->err);
        if (rc == ZH_OK) {
            rc = body(ctx, conn, job, with);
        }
        if (rc == ZH_OK) {
            rc = zh_commit(conn, ctx->err);
            break;
        }
        zh_rollback(conn);
        if (rc != ZH_EBUSY || ctx->err->rule[0] == 'j') {
            break; /* a lease held elsewhere is an answer, not a race */
        }
        rc = ZH_OK;
    }
    zh_store_release(conn);
    return rc;
}

typedef struct opening {
    zh_str kind, args;
    bool any_state;
} opening;

static zh_rc open_body(zh_ctx *ctx, zh_conn *conn, zh_job *job, const void *with)
{
    const opening *o = with;
    zh_sql_value key[] = {ZH_SQL_INT(ctx->office), ZH_SQL_STR(o->kind), ZH_SQL_STR(o->args)};
    zh_rc rc =
        one(ctx, conn,
            o->any_state ? "SELECT " JOB_COLUMNS " FROM zh_job WHERE office = ? AND kind = ? AND "
                           "args = ? ORDER BY id DESC LIMIT 1"
                         : "SELECT " JOB_COLUMNS " FROM zh_job WHERE office = ? AND kind = ? AND "
                           "args = ? AND state IN ('queued', 'running') ORDER BY id DESC LIMIT 1",
            key, 3, job);
    if (rc != ZH_ENOTFOUND) {
        return rc;
    }
    zh_time now = zh_now();
    *job = (zh_job){.office = ctx->office,
                    .id = zh_core_id(ctx->core, 0),
                    .kind = o->kind,
                    .args = o->args,
                    .state = ZH_STR("queued"),
                    .result = ZH_STR(""),
                    .actor = ctx->actor,
                    .created_at = now,
                    .updated_at = now};
    zh_sql_value values[] = {
        ZH_SQL_INT(job->office), ZH_SQL_INT(job->id),    ZH_SQL_STR(job->kind),
        ZH_SQL_STR(job->args),   ZH_SQL_STR(job->state), ZH_SQL_STR(job->result),
        ZH_SQL_STR(ctx->actor),  ZH_SQL_INT(now),        ZH_SQL_INT(now),
    };
    return zh_run(
        conn,
        "INSERT INTO zh_job (office, id, kind, args, state, result, actor, progress, "
        "total, cursor, cancel, lease_until, created_at, updated_at, owner) VALUES (?, ?, "
        "?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?, ?, '')",
        values, ZH_COUNTOF(values), NULL, ctx->err);
}

zh_rc zh_job_open(zh_ctx *ctx, zh_str kind, zh_str args, bool any_state, zh_job *out)
{
    opening o = {kind, args, any_state};
    return transaction(ctx, open_body, out, &o);
}

bool zh_job_free(zh_ctx *ctx, const zh_job *job)
{
    return zh_str_is(job->state, "queued") ||
           (zh_str_is(job->state, "running") &&
            (job->lease_until <= zh_now() || owner_gone(ctx->arena, job->owner)));
}

static zh_rc take_body(zh_ctx *ctx, zh_conn *conn, zh_job *job, const void *with)
{
    (void)with;
    zh_time now = zh_now();
    zh_sql_value key[] = {ZH_SQL_INT(job->office), ZH_SQL_INT(job->id)};
    zh_rc rc = one(ctx, conn, "SELECT " JOB_COLUMNS " FROM zh_job WHERE office = ? AND id = ?", key,
                   2, job);
    if (rc != ZH_OK) {
        return rc;
    }
    if (job->cancel) {
        return zh_err_set(ctx->err, ZH_ECANCEL, "job.cancelled", "作业 %" PRId64 " 已被取消",
                          job->id);
    }
    if (zh_str_is(job->state, "running") && !zh_job_free(ctx, job)) {
        zh_err_set(ctx->err, ZH_EBUSY, "job.lease", "作业 %" PRId64 " 正由另一个进程执行", job->id);
        zh_err_fix(ctx->err, "等它结束；若那个进程已经不在，%d 秒后可以接着做",
                   (int)(ZH_JOB_LEASE_US / 1000000));
        return ZH_EBUSY;
    }
    job->state = ZH_STR("running");
    job->lease_until = now + ZH_JOB_LEASE_US;
    job->owner = owner_of(ctx->arena, boot_id(ctx->arena), (long)getpid());
    zh_sql_value values[] = {ZH_SQL_INT(job->lease_until), ZH_SQL_INT(now), ZH_SQL_STR(job->owner),
                             key[0], key[1]};
    return zh_run(conn,
                  "UPDATE zh_job SET state = 'running', lease_until = ?, updated_at = ?, owner = ? "
                  "WHERE office = ? AND id = ?",
                  values, 5, NULL, ctx->err);
}

zh_rc zh_job_take(zh_ctx *ctx, zh_job *job)
{
    return transaction(ctx, take_body, job, NULL);
}

zh_rc zh_job_advance(zh_ctx *ctx, zh_conn *conn, zh_job *job, int64_t cursor, int64_t progress,
                     int64_t total, zh_str partial)
{
    zh_time now = zh_now();
    zh_sql_value values[] = {
        ZH_SQL_INT(cursor),
        ZH_SQL_INT(progress),
        ZH_SQL_INT(total),
        ZH_SQL_INT(now + ZH_JOB_LEASE_US),
        ZH_SQL_INT(now),
        ZH_SQL_STR(partial.p ? partial : ZH_STR("")),
        ZH_SQL_INT(job->office),
        ZH_SQL_INT(job->id),
        ZH_SQL_INT(job->lease_until),
    };
    int64_t changed = 0;
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_job SET cursor = ?, progress = ?, total = ?, lease_until = ?, "
                      "updated_at = ?, result = ? WHERE office = ? AND id = ? AND lease_until = ? "
                      "AND cancel = 0",
                      values, ZH_COUNTOF(values), &changed, ctx->err);
    if (rc == ZH_OK && changed == 0) {
        zh_job now_job = {0};
        rc = one(ctx, conn, "SELECT " JOB_COLUMNS " FROM zh_job WHERE office = ? AND id = ?",
                 values + 6, 2, &now_job);
        if (rc == ZH_OK && now_job.cancel) {
            return zh_err_set(ctx->err, ZH_ECANCEL, "job.cancelled", "作业 %" PRId64 " 已被取消",
                              job->id);
        }
        return zh_err_set(ctx->err, ZH_EBUSY, "job.lease", "作业 %" PRId64 " 已由另一个进程接手",
                          job->id);
    }
    if (rc == ZH_OK) {
        job->lease_until = now + ZH_JOB_LEASE_US;
        job->cursor = cursor;
        job->progress = progress;
        job->total = total;
    }
    return rc;
}

typedef struct ending {
    zh_str state, result;
} ending;

static zh_rc finish_body(zh_ctx *ctx, zh_conn *conn, zh_job *job, const void *with)
{
    const ending *e = with;
    zh_sql_value values[] = {ZH_SQL_STR(e->state), ZH_SQL_STR(e->result), ZH_SQL_INT(zh_now()),
                             ZH_SQL_INT(job->office), ZH_SQL_INT(job->id)};
    return zh_run(conn,
                  "UPDATE zh_job SET state = ?, result = ?, lease_until = 0, updated_at = ? WHERE "
                  "office = ? AND id = ?",
                  values, 5, NULL, ctx->err);
}

zh_rc zh_job_finish(zh_ctx *ctx, zh_job *job, const char *state, zh_str result)
{
    ending e = {zh_str_of(state), result};
    zh_rc rc = transaction(ctx, finish_body, job, &e);
    if (rc == ZH_OK) {
        job->state = e.state;
        job->result = result;
    }
    return rc;
}

static zh_rc cancel_body(zh_ctx *ctx, zh_conn *conn, zh_job *job, const void *with)
{
    const int64_t *id = with;
    (void)job;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(*id)};
    int64_t changed = 0;
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_job SET cancel = 1, updated_at = ? WHERE id = ? AND state IN "
                      "('queued', 'running')",
                      values, 2, &changed, ctx->err);
    if (rc == ZH_OK && changed == 0) {
        return zh_err_set(ctx->err, ZH_ENOTFOUND, "job.unknown",
                          "没有编号为 %" PRId64 " 的未完作业", *id);
    }
    return rc;
}

zh_rc zh_job_cancel(zh_ctx *ctx, int64_t id)
{
    return transaction(ctx, cancel_body, NULL, &id);
}

zh_rc zh_job_get(zh_ctx *ctx, int64_t id, zh_job *out)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    zh_sql_value key = ZH_SQL_INT(id);
    if (rc == ZH_OK) {
        rc = one(ctx, conn, "SELECT " JOB_COLUMNS " FROM zh_job WHERE id = ?", &key, 1, out);
    }
    zh_store_release(conn);
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(ctx->err, rc, "job.unknown", "没有编号为 %" PRId64 " 的作业", id);
    }
    return rc;
}

static zh_rc list_of(zh_ctx *ctx, const char *sql, size_t limit, zh_job **out, size_t *n)
{
    ZH_VEC(zh_job) jobs = {0};
    zh_conn *conn = NULL;
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    zh_sql_value bound = ZH_SQL_INT((int64_t)limit);
    if (rc == ZH_OK) {
        rc = zh_query(conn, zh_str_of(sql), &bound, 1, &stmt, ctx->err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_job job;
        decode(ctx->arena, stmt, &job);
        zh_vec_push(ctx->arena, &jobs, job);
    }
    zh_finish(stmt);
    zh_store_release(conn);
    *out = jobs.p;
    *n = jobs.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_job_list(zh_ctx *ctx, size_t limit, zh_job **out, size_t *n)
{
    return list_of(ctx, "SELECT " JOB_COLUMNS " FROM zh_job ORDER BY id DESC LIMIT ?", limit, out,
                   n);
}

zh_rc zh_job_unfinished(zh_ctx *ctx, size_t limit, zh_job **out, size_t *n)
{
    return list_of(ctx,
                   "SELECT " JOB_COLUMNS " FROM zh_job WHERE state IN ('queued', 'running') "
                   "ORDER BY id LIMIT ?",
                   limit, out, n);
}
