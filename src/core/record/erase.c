/* Erasure of personal data from a record and all its versions.
 *
 * The values go from the current row, every version and every child row; grams and file references
 * go with them. A version that held one of them loses its record salt and keeps, field by field,
 * either the field's salt (its value still stands) or only the commitment (see evidence.h), so that
 * its root and its place in the log can still be proved, and the erased value cannot be guessed by
 * trying. That it happened is a new version of kind 3. Computed values stay as they were;
 * dimensions and counted keys never come from personal fields (cube.dim.personal,
 * measure.personal). */
#include "core/read/read_private.h"
#include "core/record/vacuum.h"
#include "core/record/write_private.h"
#include <string.h>

typedef struct eraser {
    zh_write *w;
    zh_erasure *erasure;
    ZH_VEC(const zh_field *) fields;
    ZH_VEC(zh_sealing) sealings;
    ZH_VEC(zh_str) gone, kept; /* file digests */
} eraser;

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "record.memory", "内存不足");
}

static bool erases(void *user, const zh_field *field)
{
    const eraser *e = user;
    for (size_t i = 0; i < e->fields.n; i++) {
        if (e->fields.p[i] == field || (field->table != NULL && e->fields.p[i] == field->table)) {
            return true;
        }
    }
    return false;
}

static void choose_fields(eraser *e)
{
    const zh_write *w = e->w;
    zh_arena *arena = w->ctx->arena;
    for (size_t i = 0; i < w->op->nchanges; i++) {
        zh_vec_push(arena, &e->fields, w->op->changes[i].field);
    }
    for (size_t i = 0; i < w->reg->nfields && w->op->nchanges == 0; i++) {
        const zh_field *field = &w->reg->fields[i];
        if (field->pipl != ZH_PIPL_NONE) {
            zh_vec_push(arena, &e->fields, field);
            continue;
        }
        for (size_t c = 0; c < field->ncolumns; c++) {
            if (field->columns[c].pipl != ZH_PIPL_NONE) {
                zh_vec_push(arena, &e->fields, &field->columns[c]);
            }
        }
    }
}

/* Takes the values out of the new version. */
static void clear_values(eraser *e)
{
    const zh_write *w = e->w;
    zh_record *r = w->record;
    for (size_t i = 0; i < w->reg->nfields; i++) {
        const zh_field *field = &w->reg->fields[i];
        if (field->type != ZH_TYPE_TABLE) {
            if (erases(e, field)) {
                r->values[i] = ZH_VALUE_NULL;
            }
            continue;
        }
        zh_rows *rows = &r->tables[i];
        size_t cells = rows->n * field->ncolumns;
        zh_value *copy = ZH_NEW_N(w->ctx->arena, zh_value, cells + 1);
        for (size_t k = 0; k < cells; k++) {
            bool gone = erases(e, &field->columns[k % field->ncolumns]);
            copy[k] = gone ? ZH_VALUE_NULL : rows->values[k];
        }
        rows->values = copy;
    }
}

static bool holds(const zh_str *list, size_t n, zh_str s)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(list[i], s)) {
            return true;
        }
    }
    return false;
}

static void note_file(eraser *e, const zh_field *field, const zh_value *value)
{
    zh_arena *arena = e->w->ctx->arena;
    if (field->type != ZH_TYPE_FILE || value->kind != ZH_TEXT) {
        return;
    }
    if (erases(e, field)) {
        zh_vec_push(arena, &e->gone, value->text);
    } else {
        zh_vec_push(arena, &e->kept, value->text);
    }
}

static void note_files(eraser *e, const zh_record *r)
{
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_field *field = &r->reg->fields[i];
        note_file(e, field, &r->values[i]);
        size_t cells = field->type == ZH_TYPE_TABLE ? r->tables[i].n * field->ncolumns : 0;
        for (size_t k = 0; k < cells; k++) {
            note_file(e, &field->columns[k % field->ncolumns], &r->tables[i].values[k]);
        }
    }
}

static zh_rc seal_version(eraser *e, int32_t version)
{
    zh_ctx *ctx = e->w->ctx;
    zh_arena *arena = ctx->arena;
    zh_stored_version v;
    zh_shape shape;
    zh_record_field *fields = NULL;
    size_t n = 0;
    zh_rc rc =
        zh_version_load(ctx, e->w->conn, e->w->reg, e->w->old->office, e->w->old->id, version, &v);
    if (rc == ZH_OK) {
        rc = zh_shape_of(ctx, e->w->conn, e->w->reg, v.declaration, &shape);
    }
    if (rc == ZH_OK) {
        rc = zh_evidence_fields(arena, &shape, v.record, v.declaration, &fields, &n, ctx->err);
    }
    bool *erased = rc == ZH_OK ? ZH_TRY_N(arena, bool, n + 1) : NULL;
    if (erased == NULL) {
        return rc != ZH_OK ? rc : no_memory(ctx->err);
    }
    zh_evidence_choose(&shape, v.record, erases, e, erased);
    note_files(e, v.record);
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        erased[i] = erased[i] && fields[i].type != ZH_FIELD_NULL; /* a null has nothing to hide */
        any |= erased[i];
    }
    if (!any) {
        return ZH_OK;
    }
    zh_digest salt;
    bool salted = v.salt.n == sizeof salt.b;
    if (salted) {
        memcpy(salt.b, v.salt.p, sizeof salt.b);
    }
    zh_sealing sealing = {.version = version};
    rc = zh_sealed_make(arena, ctx->core->alg, salted ? &salt : NULL, v.sealed, fields, erased, n,
                        &sealing.blob, ctx->err);
    if (rc == ZH_OK && ctx->core->gm) {
        zh_str gm = ZH_STR_NONE;
        zh_str before = salted ? ZH_STR_NONE : zh_sealed_gm(arena, v.sealed, n);
        rc = zh_sealed_make(arena, ZH_HASH_SM3, salted ? &salt : NULL, before, fields, erased, n,
                            &gm, ctx->err);
        char *both = rc == ZH_OK ? zh_arena_try(arena, sealing.blob.n + gm.n) : NULL;
        if (both == NULL) {
            return rc != ZH_OK ? rc : no_memory(ctx->err);
        }
        memcpy(both, sealing.blob.p, sealing.blob.n);
        memcpy(both + sealing.blob.n, gm.p, gm.n);
        sealing.blob = (zh_str){both, sealing.blob.n + gm.n};
    }
    zh_vec_push(arena, &e->sealings, sealing);
    return rc;
}

static void list_files(eraser *e)
{
    zh_str *files = ZH_NEW_N(e->w->ctx->arena, zh_str, e->gone.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < e->gone.n; i++) {
        if (!holds(e->kept.p, e->kept.n, e->gone.p[i]) && !holds(files, n, e->gone.p[i])) {
            files[n++] = e->gone.p[i];
        }
    }
    e->erasure->files = files;
    e->erasure->nfiles = n;
}

zh_rc zh_erase_prepare(zh_write *w)
{
    eraser e = {.w = w, .erasure = ZH_NEW(w->ctx->arena, zh_erasure)};
    choose_fields(&e);
    if (e.fields.n == 0) {
        return zh_err_set(w->ctx->err, ZH_EINVAL, "record.erase", "“%.*s”没有个人信息字段",
                          ZH_FMT(zh_label_for(w->ctx->err, w->reg->label)));
    }
    clear_values(&e);
    zh_rc rc = ZH_OK;
    for (int32_t version = 1; version <= w->old->version && rc == ZH_OK; version++) {
        rc = seal_version(&e, version);
    }
    list_files(&e);
    e.erasure->fields = e.fields.p;
    e.erasure->nfields = e.fields.n;
    e.erasure->versions = e.sealings.p;
    e.erasure->n = e.sealings.n;
    w->p->erasure = e.erasure;
    return rc;
}

/* ---- in the transaction --------------------------------------------------------------------- */

/* "col = NULL, …" of the erased fields (columns of `table`, or the record's own when NULL). */
static size_t add_nulls(zh_buf *sql, const zh_prepared *p, const zh_field *fields, size_t nfields,
                        const zh_table_plan *t, size_t first)
{
    const zh_erasure *erasure = p->erasure;
    size_t n = 0;
    size_t column = first;
    for (size_t i = 0; i < nfields; i++) {
        const char *suffixes[3];
        size_t width = zh_field_columns(&fields[i], suffixes);
        bool erased = false;
        for (size_t k = 0; k < erasure->nfields && !erased; k++) {
            erased = erasure->fields[k] == &fields[i] ||
                     (fields[i].table != NULL && erasure->fields[k] == fields[i].table);
        }
        for (size_t c = 0; c < width; c++, column++) {
            if (erased) {
                zh_buf_z(sql, n++ > 0 ? ", " : "");
                zh_sql_ident(sql, zh_str_of(t->columns[column]));
                zh_buf_z(sql, " = NULL");
            }
        }
    }
    return n;
}

static zh_rc erase_versions(zh_conn *conn, const zh_prepared *p, zh_err *err)
{
    const zh_plan *plan = p->plan;
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "UPDATE ");
    zh_sql_ident(&sql, zh_str_of(plan->history.name));
    zh_buf_z(&sql, " SET ");
    size_t n =
        add_nulls(&sql, p, plan->reg->fields, plan->reg->nfields, &plan->history, ZH_COL_FIELDS);
    zh_buf_fmt(&sql, "%ssalt = NULL, sealed = ? WHERE office = ? AND id = ? AND version = ?",
               n > 0 ? ", " : "");
    zh_buf_c(&sql, '\0');
    zh_rc rc = sql.failed ? no_memory(err) : ZH_OK;
    for (size_t i = 0; i < p->erasure->n && rc == ZH_OK; i++) {
        zh_sql_value values[] = {ZH_SQL_BYTES(p->erasure->versions[i].blob),
                                 ZH_SQL_INT(p->old->office), ZH_SQL_INT(p->old->id),
                                 ZH_SQL_INT(p->erasure->versions[i].version)};
        rc = zh_run(conn, sql.p, values, 4, NULL, err);
    }
    zh_buf_free(&sql);
    return rc;
}

static zh_rc erase_children(zh_conn *conn, const zh_prepared *p, const zh_child_plan *child,
                            zh_err *err)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "UPDATE ");
    zh_sql_ident(&sql, zh_str_of(child->history.name));
    zh_buf_z(&sql, " SET ");
    size_t n = add_nulls(&sql, p, child->table->columns, child->table->ncolumns, &child->history,
                         ZH_CHILD_FIELDS);
    zh_buf_z(&sql, " WHERE office = ? AND parent = ?");
    zh_buf_c(&sql, '\0');
    zh_sql_value key[] = {ZH_SQL_INT(p->old->office), ZH_SQL_INT(p->old->id)};
    zh_rc rc = sql.failed ? no_memory(err) : ZH_OK;
    if (rc == ZH_OK && n > 0) {
        rc = zh_run(conn, sql.p, key, 2, NULL, err);
    }
    zh_buf_free(&sql);
    return rc;
}

static zh_rc erase_file(zh_conn *conn, const zh_prepared *p, zh_str digest, zh_err *err)
{
    zh_sql_value use[] = {ZH_SQL_INT(p->old->office), ZH_SQL_STR(digest),
                          ZH_SQL_STR(p->plan->reg->id), ZH_SQL_INT(p->old->id)};
    zh_rc rc = zh_run(conn,
                      "DELETE FROM zh_file_use WHERE office = ? AND digest = ? AND register = ? "
                      "AND record = ?",
                      use, 4, NULL, err);
    zh_sql_value file[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(digest), ZH_SQL_STR(digest)};
    return rc != ZH_OK ? rc
                       : zh_run(conn,
                                "UPDATE zh_file SET erased_at = ? WHERE digest = ? AND NOT EXISTS "
                                "(SELECT 1 FROM zh_file_use u WHERE u.digest = ?)",
                                file, 3, NULL, err);
}

zh_rc zh_erase_apply(zh_conn *conn, const zh_prepared *p, zh_err *err)
{
    zh_rc rc = erase_versions(conn, p, err);
    for (size_t i = 0; i < p->plan->nchildren && rc == ZH_OK; i++) {
        rc = erase_children(conn, p, &p->plan->children[i], err);
    }
    for (size_t i = 0; i < p->erasure->nfiles && rc == ZH_OK; i++) {
        rc = erase_file(conn, p, p->erasure->files[i], err);
    }
    return rc == ZH_OK ? zh_vacuum_note(conn, p->plan->reg, err) : rc;
}
