/* What expressions may ask of stored data: references, bounded queries, clocks, history.
 *
 * A bounded query becomes a bound SQL predicate on the target register: the parts that mention the
 * outer record (self) are evaluated first and put in as constants. Its matches are streamed and
 * folded in the program, so that sums are exact and both databases agree. At most MATCHES_MAX
 * records may match. A reference as at a date reads the newest version recorded up to that instant;
 * when the target was first recorded later (a master imported after the event) its first version
 * answers. */
#include "core/clock/clock.h"
#include "core/read/ahead.h"
#include "core/read/filter.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include <inttypes.h>
#include <string.h>

enum { MATCHES_MAX = 100000 };

typedef struct reader {
    zh_ctx *ctx;
    zh_conn *conn;
    int64_t as_of;
} reader;

/* The version of a record as at an instant, among those that the log size lets see. */
static zh_rc follow_version(zh_ctx *ctx, const reader *rd, const zh_register *reg, int64_t office,
                            int64_t id, zh_time as_at, zh_record **out)
{
    zh_buf sql;
    zh_buf_init(&sql, 256 << 10);
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "h");
    zh_buf_fmt(&sql, " FROM %.*s_h h WHERE h.office = ? AND h.id = ?", ZH_FMT(reg->table));
    zh_sql_value binds[] = {ZH_SQL_INT(office), ZH_SQL_INT(id), ZH_SQL_INT(rd->as_of),
                            ZH_SQL_INT(as_at), ZH_SQL_INT(as_at)};
    bool bounded = rd->as_of != ZH_AS_OF_NOW;
    if (bounded) {
        zh_buf_z(&sql, " AND EXISTS (SELECT 1 FROM zh_outbox b WHERE b.office = h.office AND "
                       "b.batch = h.batch AND b.pos + h.ord < ?)");
    } else {
        binds[2] = binds[3];
    }
    zh_buf_z(&sql, " ORDER BY CASE WHEN h.recorded_at <= ? THEN 0 ELSE 1 END, CASE WHEN "
                   "h.recorded_at <= ? THEN -h.version ELSE h.version END LIMIT 1");
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(rd->conn, zh_buf_view(&sql), binds, bounded ? 5 : 4, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_row_decode(ctx, reg, stmt, 0, out);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc;
}

static zh_rc follow(zh_env *env, const zh_register *reg, int64_t office, int64_t id, zh_time as_at,
                    const zh_record **out, zh_err *err)
{
    const reader *rd = env->user;
    const zh_record *earlier = zh_ahead_by_id(rd->ctx->ahead, reg, office, id);
    if (earlier != NULL && (as_at == 0 || earlier->version == 1 || earlier->recorded_at <= as_at)) {
        *out = earlier;
        return ZH_OK;
    }
    zh_record *found = NULL;
    zh_err own = zh_err_beside(rd->ctx->err);
    zh_ctx ctx = *rd->ctx;
    ctx.arena = env->arena;
    ctx.rows = NULL; /* a reference is part of the record that holds it */
    ctx.post = NULL;
    ctx.err = &own;
    zh_rc rc = as_at != 0 ? follow_version(&ctx, rd, reg, office, id, as_at, &found)
                          : zh_record_get(&ctx, rd->conn, reg, office, id, rd->as_of, &found);
    *out = rc == ZH_OK ? found : NULL;
    if (rc == ZH_ENOTFOUND) {
        return ZH_OK;
    }
    if (rc != ZH_OK && err != NULL && err->rc == ZH_OK) {
        *err = own;
    }
    return rc;
}

/* The instants a bounded query reaches back to, on the target's event time. created_at stands in
 * where the target declares none. */
static zh_rc within_add(zh_env *env, const zh_expr *node, zh_buf *sql, zh_binds *binds, zh_err *err)
{
    zh_time first = 0;
    zh_time to = 0;
    zh_time from = 0;
    if (node->within == 0) {
        return ZH_OK;
    }
    if (!zh_env_event(env, &first, &to)) {
        zh_buf_z(sql, " AND 1 = 0"); /* no instant to count back from: nothing is within */
        return ZH_OK;
    }
    if (zh_time_shift(env->calendar, first, -node->within, node->within_unit, &from) != ZH_OK) {
        return zh_err_set(err, ZH_ENOTFOUND, "expr.calendar", "工作日历不覆盖 within 所跨的日期");
    }
    const zh_field *field = node->reg->event_time;
    bool date = field != NULL && field->type == ZH_TYPE_DATE;
    zh_str column = field != NULL ? field->column : ZH_STR("created_at");
    /* wide by a day on both sides: zh_fold_record applies the exact border */
    zh_buf_fmt(sql, " AND a.%.*s >= ? AND a.%.*s <= ?", ZH_FMT(column), ZH_FMT(column));
    zh_vec_push(env->arena, binds,
                ZH_SQL_INT(date ? zh_time_date(from) - 1 : from - INT64_C(86400000000)));
    zh_vec_push(env->arena, binds,
                ZH_SQL_INT(date ? zh_time_date(to) + 1 : to + INT64_C(86400000000)));
    return ZH_OK;
}

/* Candidates of a QUERY, CHILDREN, RANK or GROUP over children: what SQL can say of the where
 * clause, with the outer record's values as constants, ascending by event time, office, id. */
static zh_rc candidates(reader *rd, zh_env *env, const zh_expr *node, zh_stmt **out, zh_err *err)
{
    const zh_register *reg = node->reg;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "a");
    zh_buf_z(&sql, " FROM ");
    zh_from(env->arena, &sql, &binds, reg, rd->as_of, "a");
    zh_buf_z(&sql, " WHERE 1 = 1");
    bool children = node->op == ZH_X_CHILDREN || node->op == ZH_X_GROUP;
    if (children) {
        zh_buf_fmt(&sql, " AND a.%.*s = ?", ZH_FMT(reg->part_of_field->column));
        zh_vec_push(env->arena, &binds, ZH_SQL_INT(env->record->id));
    }
    zh_rc rc = within_add(env, node, &sql, &binds, err);
    const zh_expr *where = node->op == ZH_X_QUERY || node->op == ZH_X_CHILDREN ? node->a[0] : NULL;
    if (rc == ZH_OK && where != NULL) {
        zh_env inner = *env;
        inner.self = env->record;
        zh_buf condition;
        zh_buf_init(&condition, 1 << 20);
        zh_binds more = {0};
        zh_err refused = {0};
        rc = zh_filter_sql_env(&inner, where, reg, "a", zh_conn_dialect(rd->conn),
                               rd->as_of != ZH_AS_OF_NOW, &condition, &more, &refused);
        if (rc == ZH_OK) {
            zh_buf_fmt(&sql, " AND (%.*s)", (int)condition.n, condition.p);
            for (size_t i = 0; i < more.n; i++) {
                zh_vec_push(env->arena, &binds, more.p[i]);
            }
        } else if (strcmp(refused.rule, "query.unsupported") == 0) {
            rc = ZH_OK; /* the fold applies the clause itself */
        } else {
            *err = refused;
        }
        zh_buf_free(&condition);
    }
    zh_str event = reg->event_time ? reg->event_time->column : ZH_STR("created_at");
    zh_buf_fmt(&sql, " ORDER BY a.%.*s IS NULL, a.%.*s, a.office, a.id LIMIT %d", ZH_FMT(event),
               ZH_FMT(event), MATCHES_MAX + 1);
    if (rc == ZH_OK) {
        rc = zh_query(rd->conn, zh_buf_view(&sql), binds.p, binds.n, out, err);
    }
    zh_buf_free(&sql);
    return rc;
}

/* The next candidate with its child rows; ZH_ENOTFOUND at the end. */
static zh_rc next_candidate(reader *rd, zh_ctx *ctx, const zh_expr *node, zh_stmt *stmt,
                            size_t *seen, zh_record **out)
{
    zh_rc rc = zh_step(stmt, ctx->err);
    if (rc == ZH_OK && ++*seen > MATCHES_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "expr.matches", "查询“%.*s”涉及的记录超过 %d 条",
                          ZH_FMT(node->reg->id), MATCHES_MAX);
    }
    if (rc == ZH_OK) {
        rc = zh_row_decode(ctx, node->reg, stmt, 0, out);
    }
    return rc == ZH_OK ? zh_rows_load(ctx, rd->conn, *out, rd->as_of != ZH_AS_OF_NOW) : rc;
}

static zh_rc query(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    reader *rd = env->user;
    if (node->op == ZH_X_RANK) {
        return ZH_ENOTFOUND; /* ranked by the evaluator over `records` */
    }
    zh_ctx ctx = *rd->ctx;
    ctx.arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    ctx.err = err;
    zh_fold_run *run = zh_fold_start(node, env, err);
    zh_stmt *stmt = NULL;
    size_t seen = 0;
    zh_rc rc = candidates(rd, env, node, &stmt, err);
    while (rc == ZH_OK) {
        zh_record *record = NULL;
        zh_arena_reset(ctx.arena);
        rc = next_candidate(rd, &ctx, node, stmt, &seen, &record);
        if (rc == ZH_OK) {
            rc = zh_fold_record(run, record);
        }
    }
    zh_finish(stmt);
    zh_arena_free(ctx.arena);
    return rc == ZH_ENOTFOUND ? zh_fold_finish(run, out) : rc;
}

static zh_rc records(zh_env *env, const zh_expr *node, const zh_record *const **out, size_t *n,
                     zh_err *err)
{
    reader *rd = env->user;
    zh_ctx ctx = *rd->ctx;
    ctx.arena = env->arena;
    ctx.err = err;
    ZH_VEC(const zh_record *) list = {0};
    zh_stmt *stmt = NULL;
    size_t seen = 0;
    zh_rc rc = candidates(rd, env, node, &stmt, err);
    while (rc == ZH_OK) {
        zh_record *record = NULL;
        rc = next_candidate(rd, &ctx, node, stmt, &seen, &record);
        if (rc == ZH_OK) {
            zh_vec_push(env->arena, &list, record);
        }
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The clock as the version in hand left it. */
static zh_rc clock_read(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    reader *rd = env->user;
    const zh_record *r = env->record;
    zh_sql_value binds[] = {ZH_SQL_INT(r->office), ZH_SQL_STR(r->reg->id), ZH_SQL_INT(r->id),
                            ZH_SQL_STR(r->reg->clocks[node->clock].id), ZH_SQL_INT(r->version)};
    zh_clock_state state = {0};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(
        rd->conn,
        ZH_STR("SELECT due_at, ended_at, breached, started_at FROM zh_clock_h WHERE office = ? "
               "AND register = ? AND record = ? AND clock = ? AND version <= ? "
               "ORDER BY version DESC LIMIT 1"),
        binds, 5, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        state = (zh_clock_state){.started = zh_col_i64(stmt, 3) != 0,
                                 .has_due = !zh_col_null(stmt, 0),
                                 .ended = !zh_col_null(stmt, 1),
                                 .breached = zh_col_i64(stmt, 2) != 0,
                                 .due_at = zh_col_i64(stmt, 0),
                                 .ended_at = zh_col_i64(stmt, 1)};
    }
    zh_finish(stmt);
    *out = zh_clock_value(&state, node->attr);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Up to the version in hand. */
static zh_rc entered(zh_env *env, zh_str state, zh_value *out, zh_err *err)
{
    reader *rd = env->user;
    const zh_record *r = env->record;
    *out = ZH_VALUE_NULL;
    if (r->id == 0) {
        return ZH_OK;
    }
    zh_str sql = zh_str_fmt(env->arena,
                            "SELECT recorded_at FROM %.*s_h WHERE office = ? AND id = ? AND "
                            "version <= ? AND state = ? ORDER BY version LIMIT 1",
                            ZH_FMT(r->reg->table));
    zh_sql_value binds[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id), ZH_SQL_INT(r->version),
                            ZH_SQL_STR(state)};
    int64_t at = 0;
    zh_rc rc = zh_query_i64(rd->conn, sql.p, binds, 4, &at, err);
    if (rc == ZH_OK) {
        *out = zh_value_time(at);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The field in the version before the one in hand. Of periods and years only indicators know. */
static zh_rc prev(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    reader *rd = env->user;
    const zh_record *r = env->record;
    *out = ZH_VALUE_NULL;
    if (node->field == NULL) {
        return zh_err_set(err, ZH_EINVAL, "expr.env", "求值时缺少前期指标");
    }
    if (r->id == 0 || r->version < 2) {
        return ZH_OK;
    }
    zh_record *found = NULL;
    zh_buf sql;
    zh_buf_init(&sql, 256 << 10);
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, r->reg, "h");
    zh_buf_fmt(&sql, " FROM %.*s_h h WHERE h.office = ? AND h.id = ? AND h.version = ?",
               ZH_FMT(r->reg->table));
    zh_sql_value binds[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id), ZH_SQL_INT(r->version - 1)};
    zh_ctx ctx = *rd->ctx;
    ctx.arena = env->arena;
    ctx.err = err;
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(rd->conn, zh_buf_view(&sql), binds, 3, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        rc = zh_row_decode(&ctx, r->reg, stmt, 0, &found);
    }
    if (rc == ZH_OK) {
        *out = found->values[node->field->index];
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_env zh_read_env(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_record *record)
{
    reader *rd = ZH_NEW(ctx->arena, reader);
    *rd = (reader){ctx, conn, as_of};
    return (zh_env){
        .user = rd,
        .arena = ctx->arena,
        .record = record,
        .recorded_at = record ? record->recorded_at : 0,
        .actor = record ? record->actor : ctx->actor,
        .calendar = ctx->model->calendar,
        .follow = follow,
        .query = query,
        .records = records,
        .clock = clock_read,
        .entered = entered,
        .prev = prev,
    };
}
