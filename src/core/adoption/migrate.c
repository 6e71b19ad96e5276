/* Migration: the changes that zh_model_diff found, as statements, and recounts that follow from
 * them.
 *
 * Additive changes need no statement here: zh_schema_apply makes what is missing. A register whose
 * cubes changed is counted anew from its current records, with its derived dimensions resolved as
 * at their event dates. Versions keep the columns of fields that are gone, so that nothing that was
 * once in the log is lost. */
#include "core/adoption/migrate.h"
#include "core/cube/cube.h"
#include "core/read/read_private.h"
#include "model/diff.h"
#include <inttypes.h>
#include <string.h>

enum { PAGE = 500, PAGE_ARENA_BYTES = 1 << 30, DDL_BYTES = 16 << 20 };

typedef struct migration {
    zh_core *core;
    zh_conn *conn;
    zh_arena *arena;
    struct zh_snapshot *next;
    const zh_model *before;
    bool *recount; /* by register of the new model */
    zh_err *err;
} migration;

/* One statement: `format` is put together from identifiers that are checked first. */
static zh_rc run(migration *m, const char *before, zh_str table, const char *middle, zh_str column,
                 const char *after)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, before);
    zh_sql_ident(&sql, table);
    zh_buf_z(&sql, middle);
    if (column.n > 0) {
        zh_sql_ident(&sql, column);
    }
    zh_buf_z(&sql, after);
    zh_buf_c(&sql, '\0');
    zh_rc rc = sql.failed ? zh_err_set(m->err, ZH_ENOMEM, "model.memory", "内存不足")
                          : zh_exec(m->conn, sql.p, m->err);
    zh_buf_free(&sql);
    return rc;
}

static zh_str with(migration *m, zh_str name, const char *suffix)
{
    return zh_str_fmt(m->arena, "%.*s%s", ZH_FMT(name), suffix);
}

static int64_t power_of_ten(int n)
{
    int64_t p = 1;
    while (n-- > 0) {
        p *= 10;
    }
    return p;
}

/* ---- columns ------------------------------------------------------------------------------- */

static zh_rc scale_column(migration *m, zh_str table, const zh_model_change *change)
{
    int64_t factor = power_of_ten(change->scale > 0 ? change->scale : -change->scale);
    zh_str column = change->name;
    if (change->scale < 0) {
        zh_buf sql;
        int64_t left = 0;
        zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
        zh_buf_z(&sql, "SELECT COUNT(*) FROM ");
        zh_sql_ident(&sql, table);
        zh_buf_z(&sql, " WHERE ");
        zh_sql_ident(&sql, column);
        zh_buf_fmt(&sql, " %% %" PRId64 " <> 0", factor);
        zh_buf_c(&sql, '\0');
        zh_rc rc = zh_query_i64(m->conn, sql.p, NULL, 0, &left, m->err);
        zh_buf_free(&sql);
        if (rc == ZH_OK && left > 0) {
            rc = zh_err_set(m->err, ZH_EINVAL, "model.narrow",
                            "“%.*s”有 %" PRId64 " 个值的小数位数多于新的规定", ZH_FMT(change->text),
                            left);
            zh_err_fix(m->err, "请先更正这些记录，或保留原来的位数");
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    zh_str set = zh_str_fmt(m->arena, "\"%.*s\" %c %" PRId64, ZH_FMT(column),
                            change->scale > 0 ? '*' : '/', factor);
    return run(m, "UPDATE ", table, " SET ", column,
               zh_str_fmt(m->arena, " = %.*s", ZH_FMT(set)).p);
}

static zh_rc rescale(migration *m, const zh_model_change *change)
{
    if (change->scale == 0) {
        return ZH_OK;
    }
    zh_rc rc = scale_column(m, change->table, change);
    return rc == ZH_OK ? scale_column(m, with(m, change->table, "_h"), change) : rc;
}

static zh_rc drop_columns(migration *m, const zh_model_change *change, const zh_field *field)
{
    const char *suffixes[3];
    size_t n = zh_field_columns(field, suffixes);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = run(m, "ALTER TABLE ", change->table, " DROP COLUMN ",
                 with(m, field->column, suffixes[i]), "");
    }
    return rc;
}

/* The versions keep what they had under another name: x<digest of the old model>_<column>. */
static zh_rc set_aside(migration *m, const zh_model_change *change, const zh_field *field)
{
    const char *suffixes[3];
    size_t n = zh_field_columns(field, suffixes);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_str column = with(m, field->column, suffixes[i]);
        zh_str aside = zh_str_fmt(m->arena, "x%.*s_%.*s",
                                  ZH_FMT(zh_str_sub(m->before->digest, 0, 8)), ZH_FMT(column));
        rc = run(m, "ALTER TABLE ", with(m, change->table, "_h"), " RENAME COLUMN ", column,
                 zh_str_fmt(m->arena, " TO \"%.*s\"", ZH_FMT(zh_str_sub(aside, 0, 63))).p);
    }
    return rc;
}

/* Child tables of the old register, its rows and grams go; the versions stay. */
static zh_rc drop_table(migration *m, const zh_model_change *change)
{
    zh_rc rc = run(m, "DROP TABLE IF EXISTS ", change->table, "", ZH_STR_NONE, "");
    const zh_register *old = change->reg;
    bool whole = change->field == NULL;
    for (size_t i = 0; whole && i < old->nfields && rc == ZH_OK; i++) {
        if (old->fields[i].type == ZH_TYPE_TABLE) {
            zh_str child = zh_str_fmt(m->arena, "%.*s__%.*s", ZH_FMT(old->table),
                                      ZH_FMT(old->fields[i].column));
            rc = run(m, "DROP TABLE IF EXISTS ", child, "", ZH_STR_NONE, "");
        }
    }
    return whole && rc == ZH_OK
               ? run(m, "DROP TABLE IF EXISTS ", with(m, old->table, "_g"), "", ZH_STR_NONE, "")
               : rc;
}

static zh_rc carry_out(migration *m, const zh_model_change *change)
{
    zh_rc rc = ZH_OK;
    switch (change->kind) {
    case ZH_CHANGE_WIDEN:
    case ZH_CHANGE_NARROW: return rescale(m, change);
    case ZH_CHANGE_TYPE:
        rc = drop_columns(m, change, change->previous);
        return rc == ZH_OK ? set_aside(m, change, change->previous) : rc;
    case ZH_CHANGE_DROP_COLUMN: return drop_columns(m, change, change->field);
    case ZH_CHANGE_DROP_TABLE: return drop_table(m, change);
    case ZH_CHANGE_BUILD_CUBE:
    case ZH_CHANGE_DROP_CUBE:
        m->recount[change->reg - m->next->model->registers] = true;
        return ZH_OK;
    case ZH_CHANGE_CREATE_TABLE:
    case ZH_CHANGE_ADD_COLUMN:
    case ZH_CHANGE_CREATE_INDEX:
    case ZH_CHANGE_DROP_INDEX:
    case ZH_CHANGE_NOTE: break;
    }
    return ZH_OK;
}

/* ---- indexes and cubes --------------------------------------------------------------------- */

/* Drops the indexes that the new model has not, or has differently; creating is schema.c's. */
static zh_rc drop_indexes(migration *m, const zh_register *old)
{
    const zh_register *now = zh_model_register(m->next->model, old->id);
    zh_index_plans before;
    zh_index_plans after = {0};
    zh_index_plan_make(m->arena, old, &before);
    if (now != NULL) {
        zh_index_plan_make(m->arena, now, &after);
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < before.n && rc == ZH_OK; i++) {
        bool stays = false;
        for (size_t k = 0; k < after.n && !stays; k++) {
            stays = strcmp(before.p[i].sql, after.p[k].sql) == 0;
        }
        if (!stays) {
            rc = run(m, "DROP INDEX IF EXISTS ", zh_str_of(before.p[i].name), "", ZH_STR_NONE, "");
        }
    }
    return rc;
}

static zh_rc drop_cubes(migration *m, const zh_register *reg)
{
    static const char *const suffixes[] = {"", "_k"};
    static const char prefixes[] = {'q', 'u'};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; reg != NULL && i < reg->ncubes; i++) {
        zh_str tail = zh_str_sub(reg->cubes[i].table, 1, reg->cubes[i].table.n);
        for (size_t k = 0; k < 4 && rc == ZH_OK; k++) {
            zh_str table =
                zh_str_fmt(m->arena, "%c%.*s%s", prefixes[k / 2], ZH_FMT(tail), suffixes[k % 2]);
            rc = run(m, "DROP TABLE IF EXISTS ", table, "", ZH_STR_NONE, "");
        }
    }
    return rc;
}

/* ---- recount ------------------------------------------------------------------------------- */

typedef struct counting {
    migration *m;
    const zh_plan *plan;
    zh_ctx ctx;
    bool cells, grams;
    zh_bulk *gram_rows;
} counting;

static zh_rc read_page(counting *c, const zh_record *after, zh_record **page, size_t *n)
{
    const zh_register *reg = c->plan->reg;
    zh_conn *conn = c->m->conn;
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "a");
    zh_buf_fmt(&sql,
               " FROM %.*s a WHERE a.office >= ? AND (a.office > ? OR a.id > ?) ORDER BY a.office, "
               "a.id LIMIT %d",
               ZH_FMT(reg->table), PAGE);
    zh_sql_value from[] = {ZH_SQL_INT(after ? after->office : 0),
                           ZH_SQL_INT(after ? after->office : 0),
                           ZH_SQL_INT(after ? after->id : 0)};
    zh_stmt *stmt = NULL;
    *n = 0;
    zh_rc rc = zh_query(conn, zh_buf_view(&sql), from, 3, &stmt, c->ctx.err);
    while (rc == ZH_OK && *n < PAGE && (rc = zh_step(stmt, c->ctx.err)) == ZH_OK) {
        rc = zh_row_decode(&c->ctx, reg, stmt, 0, &page[*n]);
        *n += rc == ZH_OK;
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    for (size_t i = 0; i < *n && rc == ZH_OK; i++) {
        rc = zh_rows_load(&c->ctx, conn, page[i], false);
    }
    return rc;
}

static zh_rc store_derived(counting *c, const zh_record *r, zh_str table, bool history)
{
    const zh_register *reg = c->plan->reg;
    zh_buf sql;
    zh_sql_value *values = ZH_NEW_N(c->ctx.arena, zh_sql_value, reg->nderived + 3);
    size_t n = 0;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "UPDATE ");
    zh_sql_ident(&sql, table);
    for (size_t i = 0; i < reg->nderived; i++) {
        zh_buf_z(&sql, i > 0 ? ", " : " SET ");
        zh_sql_ident(&sql, reg->derived[i]->column);
        zh_buf_z(&sql, " = ?");
        values[n++] = r->derived[i].n > 0 ? ZH_SQL_STR(r->derived[i]) : ZH_SQL_NONE;
    }
    zh_buf_fmt(&sql, " WHERE office = ? AND id = ?%s", history ? " AND version = ?" : "");
    zh_buf_c(&sql, '\0');
    values[n++] = ZH_SQL_INT(r->office);
    values[n++] = ZH_SQL_INT(r->id);
    values[n] = ZH_SQL_INT(r->version);
    zh_rc rc = zh_run(c->m->conn, sql.p, values, n + history, NULL, c->ctx.err);
    zh_buf_free(&sql);
    return rc;
}

static zh_rc count_record(counting *c, zh_record *r, zh_deltas *deltas)
{
    zh_rc rc = ZH_OK;
    if (c->plan->reg->nderived > 0) {
        zh_env env = zh_read_env(&c->ctx, c->m->conn, ZH_AS_OF_NOW, r);
        rc = zh_cube_resolve(&c->ctx, &env, r);
        if (rc == ZH_OK) {
            rc = store_derived(c, r, zh_str_of(c->plan->current.name), false);
        }
        if (rc == ZH_OK) {
            rc = store_derived(c, r, zh_str_of(c->plan->history.name), true);
        }
    }
    return rc == ZH_OK ? zh_cube_contribute(&c->ctx, r, 1, deltas) : rc;
}

static zh_rc gram_record(counting *c, const zh_record *r)
{
    const zh_table_plan *t = &c->plan->grams;
    zh_grams grams;
    zh_rc rc = zh_record_grams(c->ctx.arena, r, &grams);
    if (rc == ZH_OK && c->gram_rows == NULL) {
        rc = zh_bulk_begin(c->m->conn, ZH_BULK_INSERT, t->name, t->columns, t->types, t->n, 3,
                           &c->gram_rows, c->ctx.err);
    }
    for (size_t i = 0; i < grams.n && rc == ZH_OK; i++) {
        zh_sql_value row[] = {ZH_SQL_INT(r->office), ZH_SQL_STR(grams.p[i]), ZH_SQL_INT(r->id)};
        rc = zh_bulk_row(c->gram_rows, row, c->ctx.err);
    }
    return rc;
}

/* Records of one page, office by office: cells belong to offices. */
static zh_rc count_page(counting *c, zh_record **page, size_t n)
{
    zh_rc rc = ZH_OK;
    for (size_t from = 0; from < n && rc == ZH_OK;) {
        zh_deltas *deltas = zh_deltas_new(c->ctx.arena);
        size_t to = from;
        for (; to < n && page[to]->office == page[from]->office && rc == ZH_OK; to++) {
            rc = c->cells ? count_record(c, page[to], deltas) : ZH_OK;
            if (rc == ZH_OK && c->grams) {
                rc = gram_record(c, page[to]);
            }
        }
        if (rc == ZH_OK && c->cells) {
            rc = zh_deltas_apply(&c->ctx, c->m->conn, page[from]->office, deltas);
        }
        from = to;
    }
    if (c->gram_rows != NULL) {
        zh_rc ended = zh_bulk_end(c->gram_rows, c->ctx.err);
        c->gram_rows = NULL;
        rc = rc == ZH_OK ? ended : rc;
    }
    return rc;
}

static zh_rc recount(migration *m, const zh_plan *plan, bool cells, bool grams)
{
    zh_arena *arenas[2] = {zh_arena_new(PAGE_ARENA_BYTES), zh_arena_new(PAGE_ARENA_BYTES)};
    counting c = {.m = m, .plan = plan, .cells = cells, .grams = grams};
    c.ctx = (zh_ctx){.core = m->core,
                     .snapshot = m->next,
                     .model = m->next->model,
                     .err = m->err,
                     .actor = ZH_STR("system"),
                     .role = ZH_STR("system"),
                     .office = m->core->office};
    zh_record *last = NULL;
    size_t n = PAGE;
    zh_rc rc = ZH_OK;
    for (size_t turn = 0; n == PAGE && rc == ZH_OK; turn++) {
        /* the last record of the page before lives in the other arena */
        c.ctx.arena = arenas[turn % 2];
        zh_arena_reset(c.ctx.arena);
        zh_record **page = ZH_NEW_N(c.ctx.arena, zh_record *, PAGE);
        rc = read_page(&c, last, page, &n);
        if (rc == ZH_OK) {
            rc = count_page(&c, page, n);
        }
        last = n > 0 ? page[n - 1] : last;
    }
    zh_arena_free(arenas[0]);
    zh_arena_free(arenas[1]);
    return rc;
}

/* Whether another set of fields is cut into grams. */
static bool searches_differ(const zh_register *old, const zh_register *now)
{
    for (size_t i = 0; i < now->nfields; i++) {
        const zh_field *field = &now->fields[i];
        const zh_field *was = zh_register_field(old, field->id);
        if (field->searchable != (was != NULL && was->searchable)) {
            return true;
        }
        for (size_t c = 0; c < field->ncolumns; c++) {
            zh_str id = field->columns[c].id;
            bool before = false;
            for (size_t k = 0; was != NULL && k < was->ncolumns; k++) {
                before |= zh_str_eq(was->columns[k].id, id) && was->columns[k].searchable;
            }
            if (field->columns[c].searchable != before) {
                return true;
            }
        }
    }
    return false;
}

static zh_rc recount_changed(migration *m, bool *recounted)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < m->next->model->nregisters && rc == ZH_OK; i++) {
        const zh_plan *plan = &m->next->plans[i];
        const zh_register *old = zh_model_register(m->before, plan->reg->id);
        bool grams = old != NULL && searches_differ(old, plan->reg);
        if (grams) {
            rc = run(m, "DELETE FROM ", zh_str_of(plan->grams.name), "", ZH_STR_NONE, "");
        }
        if (rc == ZH_OK && old != NULL && (grams || m->recount[i])) {
            rc = recount(m, plan, m->recount[i], grams);
            *recounted |= m->recount[i];
        }
    }
    return rc;
}

/* ---- all ----------------------------------------------------------------------------------- */

static zh_rc change_tables(migration *m, bool destructive)
{
    zh_diff diff;
    zh_rc rc = zh_model_diff(m->arena, m->before, m->next->model, destructive, &diff, m->err);
    for (size_t i = 0; i < m->before->nregisters && rc == ZH_OK; i++) {
        rc = drop_indexes(m, &m->before->registers[i]);
    }
    for (size_t i = 0; i < diff.n && rc == ZH_OK; i++) {
        rc = carry_out(m, &diff.changes[i]);
    }
    for (size_t i = 0; i < m->next->model->nregisters && rc == ZH_OK; i++) {
        const zh_register *reg = &m->next->model->registers[i];
        if (m->recount[i]) {
            rc = drop_cubes(m, zh_model_register(m->before, reg->id));
        }
    }
    return rc;
}

static zh_rc create_cubes(zh_conn *conn, const zh_model *model, zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        const zh_register *reg = &model->registers[i];
        zh_buf sql;
        zh_buf_init(&sql, DDL_BYTES);
        for (size_t c = 0; c < reg->ncubes; c++) {
            zh_cube_create_sql(&sql, zh_conn_dialect(conn), &reg->cubes[c]);
        }
        zh_buf_c(&sql, '\0');
        rc = sql.failed ? zh_err_set(err, ZH_ELIMIT, "model.ddl", "登记册“%.*s”的建表语句过长",
                                     ZH_FMT(reg->label.zh))
             : reg->ncubes > 0 ? zh_exec(conn, sql.p, err)
                               : ZH_OK;
        zh_buf_free(&sql);
    }
    return rc;
}

zh_rc zh_migrate(zh_core *core, zh_conn *conn, struct zh_snapshot *next, const zh_model *before,
                 bool destructive, bool *recounted, zh_err *err)
{
    zh_arena *arena = zh_arena_new((size_t)256 << 20);
    migration m = {core, conn, arena, next, before, NULL, err};
    m.recount = ZH_NEW_N(arena, bool, next->model->nregisters + 1);
    *recounted = false;
    zh_rc rc = before != NULL ? change_tables(&m, destructive) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_schema_apply(conn, arena, next->model, next->plans, err);
    }
    if (rc == ZH_OK) {
        rc = create_cubes(conn, next->model, err);
    }
    if (rc == ZH_OK && before != NULL) {
        rc = recount_changed(&m, recounted);
    }
    zh_arena_free(arena);
    return rc;
}
