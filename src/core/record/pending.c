/* Requests that wait for a second person. */
#include "core/record/pending.h"
#include "core/instance/core_private.h"
#include "core/record/notice_event.h"

typedef struct adding {
    zh_ctx *ctx;
    const zh_record *record;
    const zh_transition *transition;
    zh_str form;
} adding;

static zh_rc count_open(zh_conn *conn, const zh_record *record, zh_str transition, int64_t *out,
                        zh_err *err)
{
    zh_sql_value key[] = {ZH_SQL_INT(record->office), ZH_SQL_STR(record->reg->id),
                          ZH_SQL_INT(record->id), ZH_SQL_INT(record->version),
                          ZH_SQL_STR(transition)};
    return zh_query_i64(conn,
                        "SELECT COUNT(*) FROM zh_pending WHERE office = ? AND register = ? AND "
                        "record = ? AND version = ? AND decided_at IS NULL AND transition = ?",
                        key, 5, out, err);
}

static zh_rc tell_second(zh_ctx *ctx, zh_conn *conn, const zh_record *r, const char *cause,
                         zh_str name, zh_err *err)
{
    zh_notice_event told = {.office = r->office,
                            .id = zh_core_id(ctx->core, 0),
                            .record = r->id,
                            .version = r->version,
                            .at = zh_now(),
                            .reg = r->reg->id,
                            .cause = zh_str_of(cause),
                            .name = name,
                            .actor = ctx->actor};
    return zh_notice_add(conn, &told, err);
}

static zh_rc add(void *user, zh_conn *conn, zh_err *err)
{
    const adding *a = user;
    const zh_record *r = a->record;
    int64_t open = 0;
    zh_rc rc = count_open(conn, r, a->transition->id, &open, err);
    if (rc == ZH_OK && open > 0) {
        zh_err_set(err, ZH_ECONFLICT, "pending.twice", "“%.*s”已经有人提请，等待复核",
                   ZH_FMT(zh_label_for(err, a->transition->label)));
        zh_err_fix(err, "请复核人在记录页上确认或退回");
        return ZH_ECONFLICT;
    }
    zh_sql_value row[] = {
        ZH_SQL_INT(r->office),     ZH_SQL_INT(zh_core_id(a->ctx->core, 0)),
        ZH_SQL_STR(r->reg->id),    ZH_SQL_INT(r->id),
        ZH_SQL_INT(r->version),    ZH_SQL_STR(a->transition->id),
        ZH_SQL_STR(a->ctx->actor), ZH_SQL_STR(a->form),
        ZH_SQL_INT(zh_now()),
    };
    if (rc == ZH_OK) {
        rc = tell_second(a->ctx, conn, r, ZH_NOTICE_SECOND, a->transition->id, err);
    }
    return rc == ZH_OK ? zh_run(conn,
                                "INSERT INTO zh_pending (office, id, register, record, version, "
                                "transition, actor, form, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                row, ZH_COUNTOF(row), NULL, err)
                       : rc;
}

zh_rc zh_pending_add(zh_ctx *ctx, const zh_record *record, const zh_transition *transition,
                     zh_str form)
{
    if (form.n > ZH_PENDING_FORM_BYTES_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "pending.form", "所填内容超过 %zu 字节",
                          ZH_PENDING_FORM_BYTES_MAX);
    }
    adding a = {ctx, record, transition, form};
    return zh_core_write(ctx->core, add, &a, ctx->err);
}

zh_rc zh_pending_list(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_pending **out,
                      size_t *n)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_INT(record->office), ZH_SQL_STR(record->reg->id),
                          ZH_SQL_INT(record->id), ZH_SQL_INT(record->version)};
    zh_pending *list = ZH_NEW_N(ctx->arena, zh_pending, ZH_PENDING_MAX);
    *n = 0;
    *out = list;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT id, transition, actor, form, at FROM zh_pending WHERE "
                               "office = ? AND register = ? AND record = ? AND version = ? AND "
                               "decided_at IS NULL ORDER BY id"),
                        key, 4, &stmt, ctx->err);
    while (rc == ZH_OK && *n < ZH_PENDING_MAX && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        list[(*n)++] = (zh_pending){.office = record->office,
                                    .id = zh_col_i64(stmt, 0),
                                    .record = record->id,
                                    .version = record->version,
                                    .transition = zh_str_dup(ctx->arena, zh_col_str(stmt, 1)),
                                    .actor = zh_str_dup(ctx->arena, zh_col_str(stmt, 2)),
                                    .form = zh_str_dup(ctx->arena, zh_col_str(stmt, 3)),
                                    .at = zh_col_i64(stmt, 4)};
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- of no record ---------------------------------------------------------------------------- */

typedef struct asking {
    zh_ctx *ctx;
    zh_str subject, what, form;
    const zh_record *about;
} asking;

static zh_rc ask(void *user, zh_conn *conn, zh_err *err)
{
    const asking *a = user;
    int64_t open = 0;
    zh_sql_value key[] = {ZH_SQL_STR(a->subject), ZH_SQL_STR(a->what), ZH_SQL_STR(a->form)};
    zh_rc rc = zh_query_i64(conn,
                            "SELECT COUNT(*) FROM zh_pending WHERE register = ? AND transition = "
                            "? AND form = ? AND decided_at IS NULL",
                            key, 3, &open, err);
    if (rc == ZH_OK && open > 0) {
        return zh_err_set(err, ZH_ECONFLICT, "pending.twice", "这一项已经有人提请，等待复核");
    }
    if (rc == ZH_OK && a->about != NULL) {
        rc = tell_second(a->ctx, conn, a->about, ZH_NOTICE_ERASE, ZH_STR(""), err);
    }
    int64_t id = zh_core_id(a->ctx->core, 0);
    zh_sql_value row[] = {
        ZH_SQL_INT(zh_core_office(a->ctx->core)),
        ZH_SQL_INT(id),
        ZH_SQL_STR(a->subject),
        ZH_SQL_INT(id),
        ZH_SQL_INT(1),
        ZH_SQL_STR(a->what),
        ZH_SQL_STR(a->ctx->actor),
        ZH_SQL_STR(a->form),
        ZH_SQL_INT(zh_now()),
    };
    return rc == ZH_OK ? zh_run(conn,
                                "INSERT INTO zh_pending (office, id, register, record, version, "
                                "transition, actor, form, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                row, ZH_COUNTOF(row), NULL, err)
                       : rc;
}

zh_rc zh_pending_ask(zh_ctx *ctx, zh_str subject, zh_str what, zh_str form, const zh_record *about)
{
    asking a = {ctx, subject, what, form, about};
    return form.n > ZH_PENDING_FORM_BYTES_MAX
               ? zh_err_set(ctx->err, ZH_ELIMIT, "pending.form", "所填内容超过 %zu 字节",
                            ZH_PENDING_FORM_BYTES_MAX)
               : zh_core_write(ctx->core, ask, &a, ctx->err);
}

zh_rc zh_pending_asked(zh_ctx *ctx, zh_conn *conn, zh_str subject, zh_pending **out, size_t *n)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key = ZH_SQL_STR(subject);
    zh_pending *list = ZH_NEW_N(ctx->arena, zh_pending, ZH_PENDING_MAX);
    *n = 0;
    *out = list;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT office, id, transition, actor, form, at FROM zh_pending "
                               "WHERE register = ? AND decided_at IS NULL ORDER BY id"),
                        &key, 1, &stmt, ctx->err);
    while (rc == ZH_OK && *n < ZH_PENDING_MAX && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        list[(*n)++] = (zh_pending){.office = zh_col_i64(stmt, 0),
                                    .id = zh_col_i64(stmt, 1),
                                    .record = zh_col_i64(stmt, 1),
                                    .version = 1,
                                    .transition = zh_str_dup(ctx->arena, zh_col_str(stmt, 2)),
                                    .actor = zh_str_dup(ctx->arena, zh_col_str(stmt, 3)),
                                    .form = zh_str_dup(ctx->arena, zh_col_str(stmt, 4)),
                                    .at = zh_col_i64(stmt, 5)};
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- deciding -------------------------------------------------------------------------------- */

typedef struct deciding {
    zh_ctx *ctx;
    const zh_pending *pending;
    bool taken;
} deciding;

static zh_rc decide(void *user, zh_conn *conn, zh_err *err)
{
    const deciding *d = user;
    int64_t changed = 0;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(d->ctx->actor), ZH_SQL_INT(d->taken),
                             ZH_SQL_INT(d->pending->office), ZH_SQL_INT(d->pending->id)};
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_pending SET decided_at = ?, decided_by = ?, taken = ? WHERE "
                      "office = ? AND id = ? AND decided_at IS NULL",
                      values, 5, &changed, err);
    return rc == ZH_OK && changed == 0
               ? zh_err_set(err, ZH_ECONFLICT, "pending.decided", "这项提请已有人处理过了")
               : rc;
}

zh_rc zh_pending_decide(zh_ctx *ctx, const zh_pending *pending, bool taken)
{
    if (taken && zh_str_eq(pending->actor, ctx->actor)) {
        return zh_err_set(ctx->err, ZH_EDENIED, "pending.self", "不能复核自己提请的事项");
    }
    deciding d = {ctx, pending, taken};
    return zh_core_write(ctx->core, decide, &d, ctx->err);
}
