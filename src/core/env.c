/* What expressions may ask of stored data: references, bounded queries, clocks, history.
 *
 * A bounded query becomes a bound SQL predicate on the target register: the parts that mention the
 * outer record (self) are evaluated first and put in as constants. Its matches are streamed and
 * folded in the program, so that sums are exact and both databases agree. At most MATCHES_MAX
 * records may match. A reference as at a date reads the newest version recorded up to that instant;
 * when the target was first recorded later (a master imported after the event) its first version
 * answers. */
#include "core/filter.h"
#include "core/read.h"
#include "core/read_private.h"
#include <inttypes.h>
#include <string.h>

enum { MATCHES_MAX = 100000 };

typedef struct reader {
    zh_ctx *ctx;
    zh_conn *conn;
    int64_t as_of;
} reader;

static zh_rc follow_version(reader *rd, zh_env *env, const zh_register *reg, int64_t id,
                            zh_time as_at, zh_record **out)
{
    zh_ctx ctx = *rd->ctx;
    ctx.arena = env->arena;
    ctx.rows = NULL;
    zh_buf sql;
    zh_buf_init(&sql, 256 << 10);
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "h");
    zh_buf_fmt(&sql,
               " FROM %.*s_h h WHERE h.id = ? ORDER BY CASE WHEN h.recorded_at <= ? THEN 0 ELSE 1 "
               "END, CASE WHEN h.recorded_at <= ? THEN -h.version ELSE h.version END LIMIT 1",
               ZH_FMT(reg->table));
    zh_sql_value binds[] = {ZH_SQL_INT(id), ZH_SQL_INT(as_at), ZH_SQL_INT(as_at)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(rd->conn, zh_buf_view(&sql), binds, 3, &stmt, ctx.err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx.err);
    }
    if (rc == ZH_OK) {
        rc = zh_row_decode(&ctx, reg, stmt, 0, out);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc;
}

static zh_rc follow(zh_env *env, const zh_register *reg, int64_t office, int64_t id, zh_time as_at,
                    const zh_record **out, zh_err *err)
{
    reader *rd = env->user;
    zh_record *found = NULL;
    zh_rc rc;
    if (as_at != 0) {
        rc = follow_version(rd, env, reg, id, as_at, &found);
    } else {
        zh_ctx ctx = *rd->ctx;
        ctx.arena = env->arena;
        ctx.rows = NULL; /* a reference is part of the record that holds it */
        zh_err ignored = {0};
        ctx.err = &ignored;
        rc = zh_record_get(&ctx, rd->conn, reg, office, id, rd->as_of, &found);
        if (rc != ZH_OK && rc != ZH_ENOTFOUND && err->rc == ZH_OK) {
            *err = ignored;
        }
    }
    *out = rc == ZH_OK ? found : NULL;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* A copy of the tree in which every self.… is the constant it has on the outer record. Depth is
 * bounded by the compiler. */
static zh_rc bind_self(zh_env *env, const zh_expr *node, const zh_expr **out, zh_err *err)
{
    if (node == NULL) {
        *out = NULL;
        return ZH_OK;
    }
    zh_expr *copy = ZH_NEW(env->arena, zh_expr);
    *copy = *node;
    *out = copy;
    if (node->op == ZH_X_SELF) {
        copy->op = ZH_X_LITERAL;
        copy->a = NULL;
        copy->n = 0;
        zh_env outer = *env;
        return zh_eval_node(node->a[0], &outer, &copy->value, err);
    }
    const zh_expr **a = ZH_NEW_N(env->arena, const zh_expr *, node->n + 1);
    for (size_t i = 0; i < node->n; i++) {
        zh_rc rc = bind_self(env, node->a[i], &a[i], err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    copy->a = a;
    return ZH_OK;
}

/* The instant a record speaks of: its event time, else when it was recorded. */
static zh_time event_of(const zh_env *env)
{
    const zh_record *r = env->record;
    const zh_field *field = r->reg->event_time;
    if (field != NULL && r->values[field->index].kind == ZH_DATE) {
        return zh_date_start((zh_date)r->values[field->index].i);
    }
    if (field != NULL && r->values[field->index].kind == ZH_TIME) {
        return r->values[field->index].i;
    }
    return env->recorded_at;
}

static zh_rc before(const zh_env *env, const zh_expr *node, zh_time event, zh_time *out)
{
    zh_date date = zh_time_date(event);
    zh_time of_day = event - zh_date_start(date);
    switch (node->within_unit) {
    case ZH_HOUR: *out = event - node->within * 3600 * 1000000; return ZH_OK;
    case ZH_DAY: *out = event - node->within * 86400 * 1000000; return ZH_OK;
    case ZH_MONTH:
        *out = zh_date_start(zh_date_add_months(date, (int)-node->within)) + of_day;
        return ZH_OK;
    case ZH_YEAR:
        *out = zh_date_start(zh_date_add_months(date, (int)(-12 * node->within))) + of_day;
        return ZH_OK;
    case ZH_WORKING_DAY: break;
    }
    for (int64_t left = node->within; left > 0;) {
        bool working = false;
        date--;
        zh_rc rc =
            env->calendar ? zh_calendar_is_working(env->calendar, date, &working) : ZH_ENOTFOUND;
        if (rc != ZH_OK) {
            return rc;
        }
        left -= working;
    }
    *out = zh_date_start(date) + of_day;
    return ZH_OK;
}

/* " AND event in (t - within, t]" on the target's event time, or on when it was recorded. */
static zh_rc within_add(zh_env *env, const zh_expr *node, zh_buf *sql, zh_binds *binds, zh_err *err)
{
    if (node->within == 0) {
        return ZH_OK;
    }
    zh_time to = event_of(env);
    zh_time from = to;
    if (before(env, node, to, &from) != ZH_OK) {
        return zh_err_set(err, ZH_ENOTFOUND, "expr.calendar", "工作日历不覆盖 within 所跨的日期");
    }
    const zh_field *field = node->reg->event_time;
    if (field != NULL && field->type == ZH_TYPE_DATE) {
        zh_buf_fmt(sql, " AND a.%.*s > ? AND a.%.*s <= ?", ZH_FMT(field->column),
                   ZH_FMT(field->column));
        zh_vec_push(env->arena, binds, ZH_SQL_INT(zh_time_date(from)));
        zh_vec_push(env->arena, binds, ZH_SQL_INT(zh_time_date(to)));
        return ZH_OK;
    }
    zh_str column = field != NULL ? field->column : ZH_STR("recorded_at");
    zh_buf_fmt(sql, " AND a.%.*s > ? AND a.%.*s <= ?", ZH_FMT(column), ZH_FMT(column));
    zh_vec_push(env->arena, binds, ZH_SQL_INT(from));
    zh_vec_push(env->arena, binds, ZH_SQL_INT(to));
    return ZH_OK;
}

static zh_rc matches_sql(reader *rd, zh_env *env, const zh_expr *node, const zh_expr *where,
                         zh_buf *sql, zh_binds *binds, zh_err *err)
{
    const zh_register *reg = node->reg;
    zh_buf_z(sql, "SELECT ");
    zh_row_columns(sql, reg, "a");
    zh_buf_z(sql, " FROM ");
    zh_from(env->arena, sql, binds, reg, rd->as_of, "a");
    zh_buf_z(sql, " WHERE a.id <> ?");
    zh_vec_push(env->arena, binds, ZH_SQL_INT(env->record->id));
    if (node->op == ZH_X_CHILDREN) {
        zh_buf_fmt(sql, " AND a.%.*s = ?", ZH_FMT(reg->part_of_field->column));
        zh_vec_push(env->arena, binds, ZH_SQL_INT(env->record->id));
    }
    zh_rc rc = within_add(env, node, sql, binds, err);
    if (rc == ZH_OK && where != NULL) {
        zh_buf_z(sql, " AND (");
        rc = zh_filter_sql(env->arena, where, reg, "a", zh_conn_dialect(rd->conn),
                           rd->as_of != ZH_AS_OF_NOW, sql, binds, err);
        zh_buf_c(sql, ')');
    }
    const zh_field *event = reg->event_time;
    if (event != NULL) {
        zh_buf_fmt(sql, " ORDER BY a.%.*s IS NULL, a.%.*s, a.id LIMIT %d", ZH_FMT(event->column),
                   ZH_FMT(event->column), MATCHES_MAX + 1);
    } else {
        zh_buf_fmt(sql, " ORDER BY a.recorded_at, a.id LIMIT %d", MATCHES_MAX + 1);
    }
    return rc;
}

typedef struct folder {
    const zh_expr *node;
    int64_t seen, kept;
    bool any, all_known, all_true, unknown;
    zh_value best;
    ZH_VEC(zh_value) values;
} folder;

static zh_rc fold_add(folder *f, zh_env *env, const zh_value *v, zh_err *err)
{
    f->kept++;
    if (v->kind == ZH_NULL) {
        f->unknown = true;
        if (f->node->fold != ZH_FOLD_FIRST && f->node->fold != ZH_FOLD_LAST) {
            return ZH_OK;
        }
    }
    switch (f->node->fold) {
    case ZH_FOLD_ANY: f->any = f->any || (v->kind == ZH_BOOL && v->i); return ZH_OK;
    case ZH_FOLD_ALL: f->all_true = f->all_true && v->i; return ZH_OK;
    case ZH_FOLD_COUNT: return ZH_OK;
    case ZH_FOLD_FIRST:
        if (f->kept == 1) {
            f->best = *v;
        }
        return ZH_OK;
    case ZH_FOLD_LAST: f->best = *v; return ZH_OK;
    case ZH_FOLD_SUM:
        if (f->best.kind == ZH_NULL) {
            f->best = zh_value_int(0);
        }
        f->best.text = ZH_STR_NONE;
        if (v->mark != ZH_MARK_EXACT) {
            f->unknown = true;
            return ZH_OK;
        }
        return zh_decimal_add(f->best.decimal, v->decimal, &f->best.decimal);
    case ZH_FOLD_MIN:
    case ZH_FOLD_MAX: {
        int order = 0;
        zh_rc rc = f->best.kind == ZH_NULL ? ZH_OK : zh_value_cmp(v, &f->best, &order);
        if (rc == ZH_OK &&
            (f->best.kind == ZH_NULL || (f->node->fold == ZH_FOLD_MIN ? order < 0 : order > 0))) {
            f->best = *v;
        }
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    case ZH_FOLD_DISTINCT:
        for (size_t i = 0; i < f->values.n; i++) {
            int order = 1;
            if (zh_value_cmp(&f->values.p[i], v, &order) == ZH_OK && order == 0) {
                return ZH_OK;
            }
        }
        if (f->values.n == 10000) {
            return zh_err_set(err, ZH_ELIMIT, "expr.distinct", "distinct 的不同取值超过 10000 个");
        }
        zh_vec_push(env->arena, &f->values, *v);
        return ZH_OK;
    }
    return ZH_OK;
}

static zh_value fold_result(const folder *f)
{
    switch (f->node->fold) {
    case ZH_FOLD_ANY:
        /* any(register where …) without a value: a match is enough */
        if (f->node->n < 2 || f->node->a[1] == NULL) {
            return zh_value_bool(f->kept > 0);
        }
        return f->any ? zh_value_bool(true) : f->unknown ? ZH_VALUE_NULL : zh_value_bool(false);
    case ZH_FOLD_ALL:
        return !f->all_true ? zh_value_bool(false)
               : f->unknown ? ZH_VALUE_NULL
                            : zh_value_bool(true);
    case ZH_FOLD_COUNT: return zh_value_int(f->kept);
    case ZH_FOLD_DISTINCT: return zh_value_int((int64_t)f->values.n);
    case ZH_FOLD_SUM:
        return f->unknown ? ZH_VALUE_NULL : f->best.kind == ZH_NULL ? zh_value_int(0) : f->best;
    case ZH_FOLD_MIN:
    case ZH_FOLD_MAX:
    case ZH_FOLD_FIRST:
    case ZH_FOLD_LAST: return f->best;
    }
    return ZH_VALUE_NULL;
}

/* Evaluates the value of a match and adds it; texts that the fold keeps stay in env->arena. */
static zh_rc fold_record(reader *rd, zh_env *env, folder *f, zh_record *match, zh_err *err)
{
    const zh_expr *value = f->node->n > 1 ? f->node->a[1] : NULL;
    if (++f->seen > MATCHES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "expr.matches", "查询“%.*s”匹配的记录超过 %d 条",
                          ZH_FMT(f->node->reg->id), MATCHES_MAX);
    }
    zh_value v = zh_value_bool(true);
    if (value != NULL) {
        zh_env inner = *env;
        inner.record = match;
        inner.self = env->record;
        inner.rows = NULL;
        zh_rc rc = zh_eval_node(value, &inner, &v, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    (void)rd;
    return fold_add(f, env, &v, err);
}

static zh_rc query_fold(reader *rd, zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    const zh_expr *where = NULL;
    zh_rc rc = node->n > 0 ? bind_self(env, node->a[0], &where, err) : ZH_OK;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_binds binds = {0};
    zh_stmt *stmt = NULL;
    folder f = {.node = node, .all_true = true};
    zh_ctx ctx = *rd->ctx;
    ctx.arena = env->arena;
    ctx.err = err;
    rc = matches_sql(rd, env, node, where, &sql, &binds, err);
    if (rc == ZH_OK) {
        rc = zh_query(rd->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_record *match = NULL;
        rc = zh_row_decode(&ctx, node->reg, stmt, 0, &match);
        if (rc == ZH_OK) {
            rc = zh_rows_load(&ctx, rd->conn, match, rd->as_of != ZH_AS_OF_NOW);
        }
        if (rc == ZH_OK) {
            rc = fold_record(rd, env, &f, match, err);
        }
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    *out = fold_result(&f);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* rank(x within g): 1 + the number of records of the same g whose x is greater (standard
 * competition ranking). */
static zh_rc rank(reader *rd, zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    zh_value mine;
    zh_value group = ZH_VALUE_NULL;
    zh_rc rc = zh_eval_node(node->a[0], env, &mine, err);
    if (rc == ZH_OK && node->n > 1 && node->a[1] != NULL) {
        rc = zh_eval_node(node->a[1], env, &group, err);
    }
    *out = ZH_VALUE_NULL;
    if (rc != ZH_OK || mine.kind == ZH_NULL) {
        return rc;
    }
    zh_expr value = {.op = ZH_X_GT, .kind = ZH_BOOL, .n = 2};
    zh_expr constant = {.op = ZH_X_LITERAL, .kind = mine.kind, .value = mine};
    const zh_expr *compared[2] = {node->a[0], &constant};
    value.a = compared;
    zh_expr same = {.op = ZH_X_EQ, .kind = ZH_BOOL, .n = 2};
    zh_expr group_constant = {.op = ZH_X_LITERAL, .kind = group.kind, .value = group};
    const zh_expr *grouped[2] = {node->n > 1 ? node->a[1] : NULL, &group_constant};
    same.a = grouped;
    zh_expr both = {.op = ZH_X_AND, .kind = ZH_BOOL, .n = 2};
    const zh_expr *parts[2] = {&same, &value};
    both.a = parts;
    zh_expr count = {.op = ZH_X_QUERY, .fold = ZH_FOLD_COUNT, .reg = node->reg, .n = 1};
    const zh_expr *where[1] = {grouped[0] ? &both : &value};
    count.a = where;
    zh_value above;
    rc = query_fold(rd, env, &count, &above, err);
    if (rc == ZH_OK) {
        *out = zh_value_int(above.decimal.scaled + 1);
    }
    return rc;
}

static zh_rc query(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    reader *rd = env->user;
    return node->op == ZH_X_RANK ? rank(rd, env, node, out, err)
                                 : query_fold(rd, env, node, out, err);
}

/* The newest run of a clock on this record. zh_clock: due_at NULL when it has no end date; ended_at
 * when a stop event came; breached 1 once the due event was written. */
static zh_rc clock_read(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err)
{
    reader *rd = env->user;
    const zh_record *r = env->record;
    const zh_clock *clock = &r->reg->clocks[node->clock];
    zh_sql_value binds[] = {ZH_SQL_INT(r->office), ZH_SQL_STR(r->reg->id), ZH_SQL_INT(r->id),
                            ZH_SQL_STR(clock->id)};
    zh_stmt *stmt = NULL;
    *out = ZH_VALUE_NULL;
    zh_rc rc = zh_query(rd->conn,
                        ZH_STR("SELECT due_at, ended_at, breached FROM zh_clock WHERE office = ? "
                               "AND register = ? AND record = ? AND clock = ?"),
                        binds, 4, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        bool has_due = !zh_col_null(stmt, 0);
        bool ended = !zh_col_null(stmt, 1);
        bool breached = zh_col_i64(stmt, 2) != 0;
        zh_time due = zh_col_i64(stmt, 0);
        zh_time end = zh_col_i64(stmt, 1);
        switch (node->attr) {
        case ZH_CLOCK_DUE:
            if (has_due) {
                *out = zh_value_date(zh_time_date(due - 1));
            }
            break;
        case ZH_CLOCK_OPEN: *out = zh_value_bool(!ended && !breached); break;
        case ZH_CLOCK_MET: *out = zh_value_bool(ended && (!has_due || end < due)); break;
        case ZH_CLOCK_BREACHED:
            *out = zh_value_bool(breached || (ended && has_due && end >= due));
            break;
        case ZH_CLOCK_EXPIRED: *out = zh_value_bool(breached); break;
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

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
                            "state = ? ORDER BY version LIMIT 1",
                            ZH_FMT(r->reg->table));
    zh_sql_value binds[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id), ZH_SQL_STR(state)};
    int64_t at = 0;
    zh_rc rc = zh_query_i64(rd->conn, sql.p, binds, 3, &at, err);
    if (rc == ZH_OK) {
        *out = zh_value_time(at);
    }
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
        .actor = ctx->actor,
        .calendar = ctx->model->calendar,
        .follow = follow,
        .query = query,
        .clock = clock_read,
        .entered = entered,
    };
}
