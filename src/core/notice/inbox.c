/* What a reader was told, as they may see it now. */
#include "core/instance/core_private.h"
#include "core/notice/notice.h"
#include "core/read/permission.h"
#include "core/read/read.h"

/* ---- groups ---------------------------------------------------------------------------------- */

typedef ZH_VEC(zh_notice_group) groups;

static zh_rc read_groups(zh_ctx *ctx, zh_conn *conn, zh_str post, bool all, size_t limit,
                         groups *out)
{
    /* the newest copy of a record says what happened last */
    zh_str sql = zh_str_fmt(
        ctx->arena,
        "SELECT g.register, g.record_office, g.record, g.n, g.unread, i.at, i.cause, i.name FROM "
        "(SELECT register, record_office, record, COUNT(*) AS n, COUNT(*) - COUNT(read_at) AS "
        "unread, MAX(event) AS newest FROM zh_inbox WHERE office = 0 AND login = ? AND post = ? "
        "GROUP BY register, record_office, record) g JOIN zh_inbox i ON i.office = 0 AND i.login = "
        "? AND i.event = g.newest WHERE g.unread > 0%s ORDER BY i.at DESC, i.event DESC LIMIT %zu",
        all ? " OR g.n > 0" : "", limit + 1);
    zh_sql_value key[] = {ZH_SQL_STR(ctx->actor), ZH_SQL_STR(post), ZH_SQL_STR(ctx->actor)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, sql, key, ZH_COUNTOF(key), &stmt, ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_notice_group group = {
            .reg = zh_model_register(ctx->model, zh_col_str(stmt, 0)),
            .office = zh_col_i64(stmt, 1),
            .id = zh_col_i64(stmt, 2),
            .n = zh_col_i64(stmt, 3),
            .unread = zh_col_i64(stmt, 4),
            .at = zh_col_i64(stmt, 5),
            .cause = zh_str_dup(ctx->arena, zh_col_str(stmt, 6)),
            .name = zh_str_dup(ctx->arena, zh_col_str(stmt, 7)),
        };
        zh_vec_push(ctx->arena, out, group);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The record of a group as the reader may see it; *seen false: not at all. */
static zh_rc look(zh_ctx *ctx, zh_conn *conn, zh_notice_group *group, bool *seen)
{
    zh_record *record = NULL;
    zh_err found = {0};
    zh_ctx own = *ctx;
    *seen = false;
    if (group->reg == NULL || (zh_rights(ctx, group->reg) & ZH_RIGHT_READ) == 0) {
        return ZH_OK;
    }
    own.err = &found;
    zh_rc rc =
        zh_record_get(&own, conn, group->reg, group->office, group->id, ZH_AS_OF_NOW, &record);
    group->record = record;
    *seen = rc == ZH_OK;
    if (rc == ZH_OK || rc == ZH_ENOTFOUND || rc == ZH_EDENIED) {
        return ZH_OK;
    }
    return zh_err_set(ctx->err, rc, found.rule, "%s", found.message);
}

zh_rc zh_notice_groups(zh_ctx *ctx, zh_conn *conn, bool all, size_t limit, zh_str post,
                       zh_notice_list *out)
{
    groups found = {0};
    *out = (zh_notice_list){0};
    if (limit < 1 || limit > ZH_NOTICE_GROUPS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "notice.limit", "一次最多列 %zu 件",
                          ZH_NOTICE_GROUPS_MAX);
    }
    zh_rc rc = read_groups(ctx, conn, post, all, limit, &found);
    out->groups = ZH_NEW_N(ctx->arena, zh_notice_group, limit + 1);
    out->more = found.n > limit;
    for (size_t i = 0; i < found.n && i < limit && rc == ZH_OK; i++) {
        bool seen = false;
        rc = look(ctx, conn, &found.p[i], &seen);
        if (rc == ZH_OK && seen) {
            out->groups[out->n++] = found.p[i];
        } else {
            out->hidden++;
        }
    }
    return rc;
}

zh_rc zh_notice_unread(zh_conn *conn, zh_str login, zh_str post, int64_t *out, zh_err *err)
{
    zh_sql_value key[] = {ZH_SQL_STR(login), ZH_SQL_STR(post)};
    return zh_query_i64(conn,
                        "SELECT COUNT(*) FROM (SELECT DISTINCT register, record_office, record "
                        "FROM zh_inbox WHERE login = ? AND post = ? AND read_at IS NULL) g",
                        key, 2, out, err);
}

zh_rc zh_notice_elsewhere(zh_conn *conn, zh_arena *arena, zh_str login, zh_str post,
                          zh_notice_post **out, size_t *n, zh_err *err)
{
    ZH_VEC(zh_notice_post) list = {0};
    zh_sql_value key[] = {ZH_SQL_STR(login), ZH_SQL_STR(post)};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT g.post, COUNT(*) FROM (SELECT DISTINCT post, register, "
                               "record_office, record FROM zh_inbox WHERE login = ? AND post <> ? "
                               "AND read_at IS NULL) g GROUP BY g.post ORDER BY g.post"),
                        key, ZH_COUNTOF(key), &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_notice_post one = {zh_str_dup(arena, zh_col_str(stmt, 0)), zh_col_i64(stmt, 1)};
        zh_vec_push(arena, &list, one);
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- what the reader does about it ----------------------------------------------------------- */

typedef struct marking {
    zh_ctx *ctx;
    const zh_register *reg;
    int64_t office, id;
    zh_str post;
    bool mute;
} marking;

static zh_rc mark_read(void *user, zh_conn *conn, zh_err *err)
{
    const marking *m = user;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(m->ctx->actor),
                             ZH_SQL_STR(m->reg->id), ZH_SQL_INT(m->office), ZH_SQL_INT(m->id)};
    return zh_run(conn,
                  "UPDATE zh_inbox SET read_at = ? WHERE office = 0 AND login = ? AND register = ? "
                  "AND record_office = ? AND record = ? AND read_at IS NULL",
                  values, ZH_COUNTOF(values), NULL, err);
}

static zh_rc mark_post_read(void *user, zh_conn *conn, zh_err *err)
{
    const marking *m = user;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(m->ctx->actor), ZH_SQL_STR(m->post)};
    return zh_run(conn,
                  "UPDATE zh_inbox SET read_at = ? WHERE office = 0 AND login = ? AND post = ? AND "
                  "read_at IS NULL",
                  values, ZH_COUNTOF(values), NULL, err);
}

zh_rc zh_notice_read(zh_ctx *ctx, const zh_register *reg, int64_t office, int64_t id)
{
    marking m = {.ctx = ctx, .reg = reg, .office = office, .id = id};
    return zh_core_write(ctx->core, mark_read, &m, ctx->err);
}

zh_rc zh_notice_read_all(zh_ctx *ctx, zh_str post)
{
    marking m = {.ctx = ctx, .post = post};
    return zh_core_write(ctx->core, mark_post_read, &m, ctx->err);
}

static zh_rc set_mute(void *user, zh_conn *conn, zh_err *err)
{
    const marking *m = user;
    zh_sql_value key[] = {ZH_SQL_STR(m->ctx->actor), ZH_SQL_STR(m->reg->id), ZH_SQL_INT(m->office),
                          ZH_SQL_INT(m->id)};
    return zh_run(conn,
                  m->mute ? "INSERT INTO zh_mute (office, login, register, record_office, record) "
                            "VALUES (0, ?, ?, ?, ?) ON CONFLICT (office, login, register, "
                            "record_office, record) DO NOTHING"
                          : "DELETE FROM zh_mute WHERE office = 0 AND login = ? AND register = ? "
                            "AND record_office = ? AND record = ?",
                  key, ZH_COUNTOF(key), NULL, err);
}

zh_rc zh_notice_mute(zh_ctx *ctx, const zh_register *reg, int64_t office, int64_t id, bool mute)
{
    marking m = {.ctx = ctx, .reg = reg, .office = office, .id = id, .mute = mute};
    return zh_core_write(ctx->core, set_mute, &m, ctx->err);
}

zh_rc zh_notice_muted(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                      int64_t id, bool *out)
{
    int64_t one = 0;
    zh_sql_value key[] = {ZH_SQL_STR(ctx->actor), ZH_SQL_STR(reg->id), ZH_SQL_INT(office),
                          ZH_SQL_INT(id)};
    zh_rc rc = zh_query_i64(conn,
                            "SELECT 1 FROM zh_mute WHERE office = 0 AND login = ? AND register = ? "
                            "AND record_office = ? AND record = ?",
                            key, ZH_COUNTOF(key), &one, ctx->err);
    *out = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}
