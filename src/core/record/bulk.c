/* Steps for many records, and taking them back. */
#include "core/record/bulk.h"
#include "core/instance/core_private.h"

enum { SAID_BYTES_MAX = 400 };

bool zh_bulk_fits(const zh_transition *t)
{
    return t->kind != ZH_TR_AUTO && t->kind != ZH_TR_REASSIGN && !t->two_person && !t->to_any &&
           t->nsign == 0 && t->vote.k == 0 && t->nmakes == 0 && t->paper == NULL;
}

typedef struct keeping {
    zh_ctx *ctx;
    const zh_bulk *bulk;
} keeping;

static zh_rc keep(void *user, zh_conn *conn, zh_err *err)
{
    const keeping *k = user;
    const zh_bulk *b = k->bulk;
    zh_sql_value row[] = {ZH_SQL_INT(b->office),     ZH_SQL_INT(b->id),    ZH_SQL_STR(b->reg),
                          ZH_SQL_STR(b->transition), ZH_SQL_STR(b->actor), ZH_SQL_INT(b->at)};
    zh_rc rc = zh_run(conn,
                      "INSERT INTO zh_bulk (office, id, register, transition, actor, at) VALUES "
                      "(?, ?, ?, ?, ?, ?)",
                      row, ZH_COUNTOF(row), NULL, err);
    for (size_t i = 0; i < b->n && rc == ZH_OK; i++) {
        const zh_bulk_item *item = &b->items[i];
        zh_sql_value values[] = {ZH_SQL_INT(b->office),    ZH_SQL_INT(b->id),
                                 ZH_SQL_INT((int64_t)i),   ZH_SQL_INT(item->office),
                                 ZH_SQL_INT(item->record), ZH_SQL_INT(item->version),
                                 ZH_SQL_INT(item->undone), ZH_SQL_STR(item->said)};
        rc = zh_run(conn,
                    "INSERT INTO zh_bulk_item (office, bulk, ord, record_office, record, version, "
                    "undone, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    values, ZH_COUNTOF(values), NULL, err);
    }
    return rc;
}

/* What a person is told of a refusal. */
static zh_str said_of(zh_arena *arena, const zh_findings *findings, const zh_err *err)
{
    zh_str said = findings->list.n > 0 ? findings->list.p[0].message : zh_str_of(err->message);
    return zh_str_dup(arena, zh_str_sub(said, 0, SAID_BYTES_MAX));
}

static zh_rc write_item(zh_ctx *ctx, zh_op op, zh_bulk_item *item, bool *done)
{
    zh_err err = zh_err_beside(ctx->err);
    zh_findings findings = {0};
    zh_applied applied = {0};
    zh_ctx own = *ctx;
    own.err = &err;
    op.office = item->office;
    op.id = item->record;
    op.version_expected = item->version;
    zh_rc rc = zh_record_apply(&own, &op, &findings, &applied);
    *done = rc == ZH_OK;
    if (rc == ZH_OK) {
        item->version = applied.version;
        return ZH_OK;
    }
    item->said = said_of(ctx->arena, &findings, &err);
    bool refused = rc == ZH_EINVAL || rc == ZH_ECONFLICT || rc == ZH_ENOTFOUND || rc == ZH_EDENIED;
    if (!refused) {
        *ctx->err = err;
    }
    return refused ? ZH_OK : rc;
}

zh_rc zh_bulk_take(zh_ctx *ctx, const zh_op *op, zh_bulk_item *items, size_t n, int64_t *id)
{
    if (!zh_bulk_fits(op->transition)) {
        return zh_err_set(ctx->err, ZH_EINVAL, "bulk.step", "“%.*s”不能成批办，请逐条办理",
                          ZH_FMT(zh_label_for(ctx->err, op->transition->label)));
    }
    if (n > ZH_BULK_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "bulk.items", "一次至多办 %zu 条", ZH_BULK_MAX);
    }
    zh_bulk bulk = {.office = ctx->office,
                    .id = zh_core_id(ctx->core, 0),
                    .reg = op->reg->id,
                    .transition = op->transition->id,
                    .actor = ctx->actor,
                    .at = zh_now(),
                    .items = items,
                    .n = n};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        bool done = false;
        rc = write_item(ctx, *op, &items[i], &done);
        items[i].version = done ? items[i].version : 0;
    }
    keeping k = {ctx, &bulk};
    zh_rc kept = zh_core_write(ctx->core, keep, &k, ctx->err);
    *id = bulk.id;
    return rc == ZH_OK ? kept : rc;
}

zh_rc zh_bulk_get(zh_ctx *ctx, zh_conn *conn, int64_t id, zh_bulk *out)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_INT(id), ZH_SQL_STR(ctx->actor)};
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT office, register, transition, at, undone_at FROM zh_bulk "
                               "WHERE id = ? AND actor = ?"),
                        key, 2, &stmt, ctx->err);
    if (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        *out = (zh_bulk){.office = zh_col_i64(stmt, 0),
                         .id = id,
                         .reg = zh_str_dup(ctx->arena, zh_col_str(stmt, 1)),
                         .transition = zh_str_dup(ctx->arena, zh_col_str(stmt, 2)),
                         .actor = ctx->actor,
                         .at = zh_col_i64(stmt, 3),
                         .undone_at = zh_col_i64(stmt, 4)};
    }
    zh_finish(stmt);
    if (rc != ZH_OK) {
        return rc == ZH_ENOTFOUND ? zh_err_set(ctx->err, rc, "bulk.unknown", "没有您办的这一批")
                                  : rc;
    }
    zh_sql_value own[] = {ZH_SQL_INT(out->office), ZH_SQL_INT(id)};
    stmt = NULL;
    out->items = ZH_NEW_N(ctx->arena, zh_bulk_item, ZH_BULK_MAX);
    rc = zh_query(conn,
                  ZH_STR("SELECT record_office, record, version, undone, said FROM zh_bulk_item "
                         "WHERE office = ? AND bulk = ? ORDER BY ord"),
                  own, 2, &stmt, ctx->err);
    while (rc == ZH_OK && out->n < ZH_BULK_MAX && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        out->items[out->n++] = (zh_bulk_item){.office = zh_col_i64(stmt, 0),
                                              .record = zh_col_i64(stmt, 1),
                                              .version = (int32_t)zh_col_i64(stmt, 2),
                                              .undone = zh_col_i64(stmt, 3) != 0,
                                              .said = zh_str_dup(ctx->arena, zh_col_str(stmt, 4))};
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* Who marks it first takes it back. */
static zh_rc mark(void *user, zh_conn *conn, zh_err *err)
{
    const keeping *k = user;
    int64_t changed = 0;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(k->bulk->office),
                             ZH_SQL_INT(k->bulk->id)};
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_bulk SET undone_at = ? WHERE office = ? AND id = ? AND undone_at "
                      "IS NULL",
                      values, 3, &changed, err);
    return rc == ZH_OK && changed == 0
               ? zh_err_set(err, ZH_ECONFLICT, "bulk.undone", "这一批已经撤销过")
               : rc;
}

static zh_rc note(void *user, zh_conn *conn, zh_err *err)
{
    const keeping *k = user;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < k->bulk->n && rc == ZH_OK; i++) {
        const zh_bulk_item *item = &k->bulk->items[i];
        zh_sql_value values[] = {ZH_SQL_INT(item->undone), ZH_SQL_STR(item->said),
                                 ZH_SQL_INT(k->bulk->office), ZH_SQL_INT(k->bulk->id),
                                 ZH_SQL_INT((int64_t)i)};
        rc = zh_run(conn,
                    "UPDATE zh_bulk_item SET undone = ?, said = ? WHERE office = ? AND bulk = ? "
                    "AND ord = ?",
                    values, 5, NULL, err);
    }
    return rc;
}

zh_rc zh_bulk_undo(zh_ctx *ctx, zh_bulk *bulk)
{
    const zh_register *reg = zh_model_register(ctx->model, bulk->reg);
    const zh_transition *t = reg != NULL ? zh_register_transition(reg, bulk->transition) : NULL;
    if (t == NULL || zh_now() - bulk->at > ZH_BULK_UNDO_US) {
        zh_err_set(ctx->err, ZH_EINVAL, "bulk.late", "已过可以整批撤销的 %d 分钟",
                   (int)(ZH_BULK_UNDO_US / 60000000));
        zh_err_fix(ctx->err, "请逐条办理");
        return ZH_EINVAL;
    }
    keeping k = {ctx, bulk};
    zh_rc rc = zh_core_write(ctx->core, mark, &k, ctx->err);
    zh_op op = {.kind = ZH_OP_UNDO, .reg = reg, .transition = t, .reason = ZH_STR("整批撤销")};
    for (size_t i = 0; i < bulk->n && rc == ZH_OK; i++) {
        if (bulk->items[i].version != 0) {
            rc = write_item(ctx, op, &bulk->items[i], &bulk->items[i].undone);
        }
    }
    return rc == ZH_OK ? zh_core_write(ctx->core, note, &k, ctx->err) : rc;
}
