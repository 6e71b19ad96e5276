/* Records by id, relations and sizes. Row scopes apply as in lists. */
#include "core/cube/related.h"
#include "core/cube/cube.h"
#include "core/cube/suppress.h"
#include "core/read/permission.h"
#include "core/read/read_private.h"

enum { SQL_MAX = 256 << 10 };

/* ---- by id ----------------------------------------------------------------------------------- */

static zh_rc read_office(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                         const zh_record_id *ids, size_t n, int64_t as_of, zh_record **out)
{
    zh_buf sql;
    zh_buf_init(&sql, SQL_MAX);
    zh_binds binds = {0};
    bool first = true;
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "a");
    zh_buf_z(&sql, " FROM ");
    zh_from(ctx->arena, &sql, &binds, reg, as_of, "a");
    zh_buf_z(&sql, " WHERE a.office = ? AND a.id IN (");
    zh_vec_push(ctx->arena, &binds, ZH_SQL_INT(office));
    for (size_t i = 0; i < n; i++) {
        if (ids[i].office == office) {
            zh_buf_z(&sql, first ? "?" : ",?");
            zh_vec_push(ctx->arena, &binds, ZH_SQL_INT(ids[i].id));
            first = false;
        }
    }
    zh_buf_c(&sql, ')');
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_scope_add(ctx, zh_conn_dialect(conn), &sql, &binds, reg, "a", as_of != ZH_AS_OF_NOW);
    if (rc == ZH_OK) {
        rc = zh_query(conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, ctx->err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_record *record = NULL;
        rc = zh_row_decode(ctx, reg, stmt, 0, &record);
        if (rc == ZH_OK) {
            zh_mask_record(ctx, record);
        }
        for (size_t i = 0; i < n && rc == ZH_OK; i++) {
            if (ids[i].office == office && ids[i].id == record->id) {
                out[i] = record;
            }
        }
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_records_get(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_record_id *ids,
                     size_t n, int64_t as_of, zh_record **out)
{
    if (n > ZH_RELATED_IDS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "read.ids", "一次最多取 %zu 条记录",
                          ZH_RELATED_IDS_MAX);
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n; i++) {
        out[i] = NULL;
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        bool done = false;
        for (size_t k = 0; k < i && !done; k++) {
            done = ids[k].office == ids[i].office;
        }
        if (!done) {
            rc = read_office(ctx, conn, reg, ids[i].office, ids, n, as_of, out);
        }
    }
    return rc;
}

/* ---- who refers to it ------------------------------------------------------------------------ */

typedef struct relating {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_record *record;
    int64_t as_of;
    const zh_register *reg; /* that refers */
    ZH_VEC(zh_relation) found;
} relating;

static bool is_indexed(const zh_register *reg, const zh_field *field)
{
    for (size_t i = 0; i < reg->nindexes; i++) {
        if (reg->indexes[i].nfields > 0 && reg->indexes[i].fields[0] == field) {
            return true;
        }
    }
    return reg->default_sort == field;
}

/* The table the column stands in; of the past, the one with every version. */
static zh_str table_of(relating *r, const zh_field *field)
{
    const char *history = r->as_of == ZH_AS_OF_NOW ? "" : "_h";
    return field->table == NULL
               ? zh_str_fmt(r->ctx->arena, "%.*s%s", ZH_FMT(r->reg->table), history)
               : zh_str_fmt(r->ctx->arena, "%.*s__%.*s%s", ZH_FMT(r->reg->table),
                            ZH_FMT(field->table->column), history);
}

static zh_rc is_too_large(relating *r, zh_str table, bool *out)
{
    zh_str sql = zh_str_fmt(r->ctx->arena, "SELECT COUNT(*) FROM (SELECT 1 FROM %.*s LIMIT %zu) a",
                            ZH_FMT(table), ZH_RELATED_SCAN_MAX + 1);
    int64_t n = 0;
    zh_rc rc = zh_query_i64(r->conn, sql.p, NULL, 0, &n, r->ctx->err);
    *out = n > (int64_t)ZH_RELATED_SCAN_MAX;
    return rc;
}

/* Only records that the reader may see are counted. */
static zh_rc add_reader(relating *r, const zh_field *field, zh_buf *sql, zh_binds *binds)
{
    zh_dialect dialect = zh_conn_dialect(r->conn);
    if (field->table == NULL) {
        return zh_scope_add(r->ctx, dialect, sql, binds, r->reg, "a", false);
    }
    zh_buf_fmt(sql,
               " AND EXISTS (SELECT 1 FROM %.*s m WHERE m.office = a.office AND m.id = a.parent",
               ZH_FMT(r->reg->table));
    zh_rc rc = zh_scope_add(r->ctx, dialect, sql, binds, r->reg, "m", false);
    zh_buf_c(sql, ')');
    return rc;
}

/* Condition on the referring column of alias `of`, in these offices. */
static void points_at(relating *r, const zh_field *field, const char *of, const int64_t *offices,
                      size_t noffices, zh_buf *sql, zh_binds *binds)
{
    zh_arena *arena = r->ctx->arena;
    zh_buf_z(sql, " WHERE a.office IN (");
    for (size_t i = 0; i < noffices; i++) {
        zh_buf_z(sql, i == 0 ? "?" : ",?");
        zh_vec_push(arena, binds, ZH_SQL_INT(offices[i]));
    }
    zh_buf_fmt(sql, ") AND %s.%.*s = ? AND %s.%.*s__o = ?", of, ZH_FMT(field->column), of,
               ZH_FMT(field->column));
    zh_vec_push(arena, binds, ZH_SQL_INT(r->record->id));
    zh_vec_push(arena, binds, ZH_SQL_INT(r->record->office));
}

/* As of a log size: the versions then in force, and their own child rows. */
static zh_rc select_past(relating *r, const zh_field *field, const int64_t *offices,
                         size_t noffices, zh_buf *sql, zh_binds *binds)
{
    zh_buf_z(sql, "SELECT DISTINCT a.office, a.id FROM ");
    zh_from(r->ctx->arena, sql, binds, r->reg, r->as_of, "a");
    if (field->table != NULL) {
        zh_buf_fmt(sql,
                   " JOIN %.*s c ON c.office = a.office AND c.parent = a.id AND c.version = "
                   "a.version",
                   ZH_FMT(table_of(r, field)));
    }
    points_at(r, field, field->table != NULL ? "c" : "a", offices, noffices, sql, binds);
    zh_rc rc = zh_scope_add(r->ctx, zh_conn_dialect(r->conn), sql, binds, r->reg, "a", true);
    zh_buf_fmt(sql, " ORDER BY a.id DESC LIMIT %zu", ZH_RELATED_COUNT_MAX + 1);
    return rc;
}

static zh_rc select_ids(relating *r, const zh_field *field, const int64_t *offices, size_t noffices,
                        zh_buf *sql, zh_binds *binds)
{
    if (r->as_of != ZH_AS_OF_NOW) {
        return select_past(r, field, offices, noffices, sql, binds);
    }
    const char *id = field->table == NULL ? "id" : "parent";
    zh_buf_fmt(sql, "SELECT DISTINCT a.office, a.%s FROM %.*s a", id, ZH_FMT(table_of(r, field)));
    points_at(r, field, "a", offices, noffices, sql, binds);
    zh_rc rc = add_reader(r, field, sql, binds);
    zh_buf_fmt(sql, " ORDER BY a.%s DESC LIMIT %zu", id, ZH_RELATED_COUNT_MAX + 1);
    return rc;
}

static zh_rc read_ids(relating *r, const zh_field *field, const int64_t *offices, size_t noffices,
                      zh_record_id *ids, size_t *n)
{
    zh_buf sql;
    zh_buf_init(&sql, SQL_MAX);
    zh_binds binds = {0};
    zh_stmt *stmt = NULL;
    zh_rc rc = select_ids(r, field, offices, noffices, &sql, &binds);
    if (rc != ZH_OK) {
        zh_buf_free(&sql);
        return rc;
    }
    rc = zh_query(r->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, r->ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, r->ctx->err)) == ZH_OK) {
        ids[(*n)++] = (zh_record_id){zh_col_i64(stmt, 0), zh_col_i64(stmt, 1)};
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc relate(relating *r, const zh_field *field)
{
    zh_arena *arena = r->ctx->arena;
    if (zh_field_masked(r->ctx, field)) {
        return ZH_OK; /* that it points here is what the reader may not see */
    }
    zh_relation relation = {.field = field};
    int64_t *offices = NULL;
    size_t noffices = 0;
    size_t n = 0;
    zh_rc rc = ZH_OK;
    if (r->as_of != ZH_AS_OF_NOW || field->table != NULL || !is_indexed(r->reg, field)) {
        rc = is_too_large(r, table_of(r, field), &relation.unknown);
    }
    if (rc == ZH_OK && !relation.unknown) {
        rc = zh_register_offices(r->ctx, r->conn, r->reg, &offices, &noffices);
    }
    zh_record_id *ids = ZH_NEW_N(arena, zh_record_id, ZH_RELATED_COUNT_MAX + 1);
    if (rc == ZH_OK && noffices > 0) {
        rc = read_ids(r, field, offices, noffices, ids, &n);
    }
    relation.at_least = n > ZH_RELATED_COUNT_MAX;
    relation.n = (int64_t)(relation.at_least ? ZH_RELATED_COUNT_MAX : n);
    n = n < ZH_RELATED_SHOWN ? n : ZH_RELATED_SHOWN;
    relation.records = ZH_NEW_N(arena, zh_record *, n + 1);
    if (rc == ZH_OK && n > 0) {
        rc = zh_records_get(r->ctx, r->conn, r->reg, ids, n, r->as_of, relation.records);
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (relation.records[i] != NULL) {
            relation.records[relation.nrecords++] = relation.records[i];
        }
    }
    if (rc == ZH_OK && (relation.n > 0 || relation.unknown)) {
        zh_vec_push(arena, &r->found, relation);
    }
    return rc;
}

static bool points_here(const relating *r, const zh_field *field)
{
    return field->type == ZH_TYPE_REF && field->target == r->record->reg;
}

zh_rc zh_relations(zh_ctx *ctx, zh_conn *conn, const zh_record *record, int64_t as_of,
                   zh_relation **out, size_t *n)
{
    relating r = {.ctx = ctx, .conn = conn, .record = record, .as_of = as_of};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ctx->model->nregisters && rc == ZH_OK; i++) {
        r.reg = &ctx->model->registers[i];
        for (size_t f = 0; f < r.reg->nfields && rc == ZH_OK; f++) {
            const zh_field *field = &r.reg->fields[f];
            if (points_here(&r, field)) {
                rc = relate(&r, field);
            }
            for (size_t c = 0; c < field->ncolumns && field->type == ZH_TYPE_TABLE && rc == ZH_OK;
                 c++) {
                if (points_here(&r, &field->columns[c])) {
                    rc = relate(&r, &field->columns[c]);
                }
            }
        }
    }
    *out = r.found.p;
    *n = r.found.n;
    return rc;
}

/* ---- records of its kind --------------------------------------------------------------------- */

typedef ZH_VEC(zh_value) kindred_values;

/* Adds what the program gives; *known false: nothing, or what the expression language has no
 * literal for. */
static zh_rc kindred_value(zh_env *env, const zh_program *program, kindred_values *out, bool *known,
                           zh_err *err)
{
    zh_value value;
    zh_rc rc = zh_eval(program, env, &value, err);
    bool seen = false;
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < out->n && !seen; i++) {
        seen = value.kind == out->p[i].kind && value.i == out->p[i].i &&
               zh_str_eq(value.text, out->p[i].text);
    }
    *known = value.kind == ZH_TEXT || value.kind == ZH_BOOL || value.kind == ZH_DATE;
    if (*known && !seen) {
        zh_vec_push(env->arena, out, value);
    }
    return ZH_OK;
}

static zh_rc kindred_values_of(zh_env *env, const struct zh_same *same, kindred_values *out,
                               zh_err *err)
{
    bool known = true;
    zh_rc rc = ZH_OK;
    if (same->table == NULL) {
        return kindred_value(env, &same->value, out, &known, err);
    }
    env->rows = &env->record->tables[same->table->index];
    for (size_t i = 0; i < env->rows->n && rc == ZH_OK; i++) {
        env->row = i;
        rc = kindred_value(env, &same->value, out, &known, err);
    }
    env->rows = NULL;
    env->row = 0;
    return rc;
}

/* The value as the expression language writes it. */
static zh_str literal(zh_arena *arena, const zh_value *value)
{
    if (value->kind != ZH_TEXT) {
        return zh_value_display(arena, value);
    }
    char *p = zh_arena_alloc(arena, 2 * value->text.n + 2);
    size_t n = 0;
    p[n++] = '\'';
    for (size_t i = 0; i < value->text.n; i++) {
        if (value->text.p[i] == '\'') {
            p[n++] = '\'';
        }
        p[n++] = value->text.p[i];
    }
    p[n++] = '\'';
    return (zh_str){p, n};
}

static zh_str same_condition(zh_arena *arena, const struct zh_same *same, const zh_value *value)
{
    bool plain = same->table == NULL; /* as declared, which a filter of the list knows again */
    zh_str left = plain ? same->value.source : zh_expr_print(arena, same->value.root);
    zh_str is = zh_str_fmt(arena, "%.*s = %.*s", ZH_FMT(left), ZH_FMT(literal(arena, value)));
    return plain ? is : zh_str_fmt(arena, "any(%.*s)", ZH_FMT(is));
}

static zh_str either_condition(zh_arena *arena, const struct zh_same *same,
                               const kindred_values *values)
{
    zh_str out = same_condition(arena, same, &values->p[0]);
    for (size_t i = 1; i < values->n; i++) {
        out = zh_str_fmt(arena, "%.*s or %.*s", ZH_FMT(out),
                         ZH_FMT(same_condition(arena, same, &values->p[i])));
    }
    return values->n > 1 ? zh_str_fmt(arena, "(%.*s)", ZH_FMT(out)) : out;
}

static bool is_masked(const zh_ctx *ctx, const struct zh_same *same)
{
    const zh_expr *node = same->value.root;
    while (node->op == ZH_X_LEVEL) {
        node = node->a[0];
    }
    return (node->field != NULL && zh_field_masked(ctx, node->field)) ||
           (same->table != NULL && zh_field_masked(ctx, same->table));
}

zh_rc zh_kindred_ask(zh_ctx *ctx, zh_conn *conn, const zh_record *record, int64_t as_of,
                     const zh_kindred *kindred, zh_kindred_asked *out)
{
    zh_env env = zh_read_env(ctx, conn, as_of, record);
    zh_str where = kindred->where;
    *out = (zh_kindred_asked){.where = ZH_STR("")};
    if (where.n > 0) {
        where = zh_str_fmt(ctx->arena, "(%.*s)", ZH_FMT(where));
    }
    for (size_t i = 0; i < kindred->nsame; i++) {
        const struct zh_same *same = &kindred->same[i];
        kindred_values values = {0};
        zh_rc rc = ZH_OK;
        if (!is_masked(ctx, same)) {
            rc = kindred_values_of(&env, same, &values, ctx->err);
        }
        if (rc != ZH_OK || values.n == 0 || values.n > ZH_RELATED_VALUES_MAX) {
            return rc;
        }
        zh_str one = either_condition(ctx->arena, same, &values);
        where = where.n == 0 ? one
                             : zh_str_fmt(ctx->arena, "%.*s and %.*s", ZH_FMT(where), ZH_FMT(one));
        out->same[out->nsame++] = (zh_kindred_value){values.p, values.n, same->value.root->codes};
    }
    out->where = where;
    return ZH_OK;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* How many of the register's first `cap` records the reader may see. */
static zh_rc count_rows(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, size_t cap, bool scoped,
                        int64_t *out)
{
    zh_buf sql;
    zh_buf_init(&sql, SQL_MAX);
    zh_binds binds = {0};
    zh_rc rc = ZH_OK;
    zh_buf_fmt(&sql, "SELECT COUNT(*) FROM (SELECT %s FROM %.*s LIMIT %zu) a WHERE 1 = 1",
               scoped ? "*" : "1", ZH_FMT(reg->table), cap);
    if (scoped) {
        rc = zh_scope_add(ctx, zh_conn_dialect(conn), &sql, &binds, reg, "a", false);
    }
    zh_buf_c(&sql, '\0');
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, sql.p, binds.p, binds.n, out, ctx->err);
    }
    zh_buf_free(&sql);
    return rc;
}

zh_rc zh_register_exceeds(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, size_t n, bool *out)
{
    int64_t found = 0;
    zh_rc rc = count_rows(ctx, conn, reg, n + 1, false, &found);
    *out = found > (int64_t)n;
    return rc;
}

/* From cells when they hold what the reader sees, else from the first records. */
static zh_rc count_seen(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, size_t cap,
                        zh_register_size *out)
{
    zh_cell_query all = {.reg = reg, .as_of = ZH_AS_OF_NOW};
    zh_cell_answer answer;
    if (!reg->has_count_when && !zh_aggregate_only(ctx, reg) && zh_cells_held(ctx, &all)) {
        zh_rc rc = zh_cells(ctx, conn, &all, &answer);
        out->records = rc == ZH_OK && answer.n > 0 ? answer.cells[0].n : 0;
        return rc;
    }
    bool scoped = !zh_scope_is_all(ctx, reg);
    zh_rc rc = count_rows(ctx, conn, reg, cap + 1, scoped, &out->records);
    if (rc == ZH_OK && scoped) {
        rc = zh_register_exceeds(ctx, conn, reg, cap, &out->at_least);
    } else if (rc == ZH_OK && out->records > (int64_t)cap) {
        out->records = (int64_t)cap;
        out->at_least = true;
    }
    return rc;
}

/* When something was written tells something: only to readers who see all of it. */
static zh_rc size_of(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, size_t cap,
                     zh_register_size *out)
{
    zh_sql_value key = ZH_SQL_STR(reg->id);
    *out = (zh_register_size){0};
    zh_rc rc = zh_query_i64(conn, "SELECT COALESCE(MAX(at), 0) FROM zh_outbox WHERE register = ?",
                            &key, 1, &out->last, ctx->err);
    if (rc == ZH_OK && out->last > 0) {
        rc = count_seen(ctx, conn, reg, cap, out);
    }
    out->last = zh_scope_is_all(ctx, reg) ? out->last : 0;
    return rc;
}

zh_rc zh_register_sizes(zh_ctx *ctx, zh_conn *conn, size_t cap, zh_register_size **out)
{
    const zh_model *model = ctx->model;
    zh_register_size *sizes = ZH_NEW_N(ctx->arena, zh_register_size, model->nregisters + 1);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
        rc = size_of(ctx, conn, &model->registers[i], cap, &sizes[i]);
    }
    *out = sizes;
    return rc;
}
