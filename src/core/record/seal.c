/* From a checked record to what is stored: entry of the ledger, SQL values, grams, files. */
#include "base/utf8.h"
#include "core/read/read_private.h"
#include "core/record/step.h"
#include "core/record/write_private.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- SQL values ----------------------------------------------------------------------------- */

size_t zh_stored_value(zh_arena *arena, const zh_field *field, const zh_value *value,
                       zh_sql_value out[3])
{
    size_t n = zh_value_columns(field, value, out);
    if (value->kind == ZH_DECIMAL &&
        (value->mark == ZH_MARK_BELOW || value->mark == ZH_MARK_ABOVE)) {
        out[1] = ZH_SQL_STR(
            zh_str_fmt(arena, "%.*s%.*s", ZH_FMT(zh_mark_code(value->mark)), ZH_FMT(value->text)));
    }
    return n;
}

static zh_sql_value text_or_null(zh_str s)
{
    return s.n > 0 ? ZH_SQL_STR(s) : ZH_SQL_NONE;
}

static void fill_fixed(const zh_record *r, zh_sql_value *row)
{
    row[ZH_COL_OFFICE] = ZH_SQL_INT(r->office);
    row[ZH_COL_ID] = ZH_SQL_INT(r->id);
    row[ZH_COL_VERSION] = ZH_SQL_INT(r->version);
    row[ZH_COL_STATE] = ZH_SQL_STR(r->reg->states[r->state].id);
    row[ZH_COL_HANDLER] = ZH_SQL_INT(r->handler_office);
    row[ZH_COL_CREATED] = ZH_SQL_INT(r->created_at);
    row[ZH_COL_RECORDED] = ZH_SQL_INT(r->recorded_at);
    row[ZH_COL_DECLARATION] = ZH_SQL_STR(r->reg->version);
    row[ZH_COL_ACTOR] = ZH_SQL_STR(r->actor);
}

static void fill_history(const zh_write *w, const zh_digest *salt, zh_sql_value *extra)
{
    static const char *const ops[] = {"create", "amend", "transition", "erase", "withdraw", "undo"};
    const zh_op *op = w->op;
    zh_str transition = op->transition != NULL ? op->transition->id : ZH_STR_NONE;
    extra[ZH_HIST_OP] = ZH_SQL_STR(zh_str_of(ops[op->kind]));
    extra[ZH_HIST_TRANSITION] = text_or_null(transition);
    extra[ZH_HIST_REASON] = text_or_null(op->reason);
    extra[ZH_HIST_REASON_CODE] = op->vote == ZH_VOTE_FOR       ? ZH_SQL_STR(ZH_STR(ZH_VOTE_YES))
                                 : op->vote == ZH_VOTE_AGAINST ? ZH_SQL_STR(ZH_STR(ZH_VOTE_NO))
                                                               : text_or_null(op->reason_code);
    extra[ZH_HIST_JUSTIFICATION] = text_or_null(op->justification);
    extra[ZH_HIST_SECOND_ACTOR] = text_or_null(op->second_actor);
    extra[ZH_HIST_SALT] = ZH_SQL_BYTES(((zh_str){(const char *)salt->b, sizeof salt->b}));
    extra[ZH_HIST_SEALED] = ZH_SQL_NONE;
}

static zh_rc fill_row(zh_write *w, const zh_digest *salt)
{
    const zh_plan *plan = w->plan;
    const zh_record *r = w->record;
    zh_sql_value *row = ZH_TRY_N(w->ctx->arena, zh_sql_value, plan->history.n);
    if (row == NULL) {
        return ZH_ENOMEM;
    }
    fill_fixed(r, row);
    for (size_t i = 0; i < w->reg->nfields; i++) {
        zh_sql_value columns[3];
        size_t n = zh_stored_value(w->ctx->arena, &w->reg->fields[i], &r->values[i], columns);
        memcpy(&row[plan->first_column[i]], columns, n * sizeof *columns);
    }
    size_t derived = plan->first_column[w->reg->nfields];
    for (size_t i = 0; i < w->reg->nderived; i++) {
        row[derived + i] = text_or_null(r->derived[i]);
    }
    fill_history(w, salt, &row[plan->current.n]);
    w->p->row = row;
    return ZH_OK;
}

static bool same_rows(const zh_rows *a, const zh_rows *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++) {
        same = a->ids[i] == b->ids[i];
    }
    size_t cells = a->n * (a->table != NULL ? a->table->ncolumns : 0);
    for (size_t i = 0; i < cells && same; i++) {
        same = zh_value_same(&a->values[i], &b->values[i]);
    }
    return same;
}

static zh_rc fill_child(zh_write *w, const zh_child_plan *child, zh_child_rows *out)
{
    const zh_rows *rows = &w->record->tables[child->table->index];
    size_t width = child->history.n;
    out->n = rows->n;
    out->changed = w->old == NULL || !same_rows(rows, &w->old->tables[child->table->index]);
    if (rows->n == 0) {
        return ZH_OK;
    }
    out->values = ZH_TRY_N(w->ctx->arena, zh_sql_value, rows->n * width);
    if (out->values == NULL) {
        return ZH_ENOMEM;
    }
    for (size_t i = 0; i < rows->n; i++) {
        zh_sql_value *row = out->values + i * width;
        row[ZH_CHILD_OFFICE] = ZH_SQL_INT(w->record->office);
        row[ZH_CHILD_PARENT] = ZH_SQL_INT(w->record->id);
        row[ZH_CHILD_ORD] = ZH_SQL_INT((int64_t)i);
        row[ZH_CHILD_ROW] = ZH_SQL_INT(rows->ids[i]);
        size_t at = ZH_CHILD_FIELDS;
        for (size_t c = 0; c < child->table->ncolumns; c++) {
            zh_sql_value columns[3];
            size_t n = zh_stored_value(w->ctx->arena, &child->table->columns[c],
                                       &rows->values[i * child->table->ncolumns + c], columns);
            memcpy(&row[at], columns, n * sizeof *columns);
            at += n;
        }
        row[at] = ZH_SQL_INT(w->record->version);
    }
    return ZH_OK;
}

/* ---- grams ---------------------------------------------------------------------------------- */

static zh_rc fill_grams(zh_write *w)
{
    zh_grams now;
    zh_grams before;
    zh_rc rc = zh_record_grams(w->ctx->arena, w->record, &now);
    w->p->grams_in = now.p;
    w->p->ngrams_in = now.n;
    if (rc != ZH_OK || w->old == NULL) {
        return rc;
    }
    rc = zh_record_grams(w->ctx->arena, w->old, &before);
    size_t in = 0;
    size_t out = 0;
    size_t i = 0;
    size_t k = 0;
    while (i < now.n || k < before.n) {
        int order = i == now.n ? 1 : k == before.n ? -1 : zh_str_cmp(now.p[i], before.p[k]);
        if (order < 0) {
            now.p[in++] = now.p[i++];
        } else if (order > 0) {
            before.p[out++] = before.p[k++];
        } else {
            i++;
            k++;
        }
    }
    w->p->ngrams_in = in;
    w->p->grams_out = before.p;
    w->p->ngrams_out = out;
    return rc;
}

/* ---- files ---------------------------------------------------------------------------------- */

static void fill_files(zh_write *w)
{
    ZH_VEC(zh_str) files = {0};
    const zh_record *r = w->record;
    for (size_t i = 0; i < w->reg->nfields; i++) {
        const zh_field *field = &w->reg->fields[i];
        if (field->type == ZH_TYPE_FILE && r->values[i].kind == ZH_TEXT) {
            zh_vec_push(w->ctx->arena, &files, r->values[i].text);
        }
        const zh_rows *rows = &r->tables[i];
        for (size_t k = 0; field->type == ZH_TYPE_TABLE && k < rows->n * field->ncolumns; k++) {
            if (field->columns[k % field->ncolumns].type == ZH_TYPE_FILE &&
                rows->values[k].kind == ZH_TEXT) {
                zh_vec_push(w->ctx->arena, &files, rows->values[k].text);
            }
        }
    }
    w->p->files = files.p;
    w->p->nfiles = files.n;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* The canonical fields are many and are needed only for their digest. */
static zh_rc fill_entry(zh_write *w, const zh_digest *salt, zh_entry_kind kind)
{
    zh_arena *arena = w->ctx->arena;
    zh_arena_mark mark = zh_arena_here(arena);
    zh_record_field *fields = NULL;
    size_t n = 0;
    zh_rc rc = zh_evidence_fields(arena, &w->plan->shape, w->record, w->reg->version, &fields, &n,
                                  w->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_evidence_entry(arena, w->ctx->core->alg, salt, fields, n, w->record, kind,
                               w->p->entry, w->ctx->err);
    }
    w->p->has_gm = w->ctx->core->gm;
    if (rc == ZH_OK && w->p->has_gm) {
        rc = zh_evidence_entry(arena, ZH_HASH_SM3, salt, fields, n, w->record, kind, w->p->entry_gm,
                               w->ctx->err);
    }
    zh_arena_rewind(arena, mark);
    return rc;
}

/* What the actor signs: a statement over the root of this very version without the statement. It
 * stands in a field of the version, so the entry and whoever holds the record can check it. */
static zh_rc sign_record(zh_write *w, const zh_digest *salt, zh_entry_kind kind)
{
    enum { HEX = 2 * ZH_DIGEST_BYTES + 1 };
    const zh_transition *t = w->op->kind == ZH_OP_TRANSITION ? w->op->transition : NULL;
    const zh_record *r = w->record;
    zh_digest root;
    char hex[HEX];
    char at[40];
    if (t == NULL || t->signature == NULL) {
        return ZH_OK;
    }
    zh_value *statement = &w->record->values[t->signature->index];
    *statement = ZH_VALUE_NULL; /* of an earlier version, if any */
    if (w->op->proved.n == 0) {
        return ZH_OK;
    }
    zh_rc rc = fill_entry(w, salt, kind);
    if (rc != ZH_OK) {
        return rc;
    }
    memcpy(root.b, w->p->entry + ZH_RECORD_ENTRY_BYTES - ZH_DIGEST_BYTES, ZH_DIGEST_BYTES);
    zh_digest_hex(&root, hex);
    *statement = zh_value_text(zh_str_fmt(
        w->ctx->arena,
        "%.*s 以“%.*s”的身份签署“%.*s”：%.*s %" PRId64 "-%" PRId64
        " 第 %d 版，%.*s，内容 %s:%s，以%.*s核实本人",
        ZH_FMT(r->actor), ZH_FMT(w->writer->role), ZH_FMT(t->label.zh), ZH_FMT(w->reg->label.zh),
        r->office, r->id, (int)r->version, (int)zh_time_format(r->recorded_at, at), at,
        w->ctx->core->alg == ZH_HASH_SM3 ? "sm3" : "sha256", hex, ZH_FMT(w->op->proved)));
    return ZH_OK;
}

zh_rc zh_seal_record(zh_write *w, zh_entry_kind kind)
{
    zh_arena *arena = w->ctx->arena;
    zh_digest *salt = ZH_NEW(arena, zh_digest);
    zh_core_salt(w->ctx->core, salt);
    zh_rc rc = sign_record(w, salt, kind);
    if (rc == ZH_OK) {
        rc = fill_entry(w, salt, kind);
    }
    if (rc == ZH_OK) {
        rc = fill_row(w, salt);
    }
    w->p->children = ZH_NEW_N(arena, zh_child_rows, w->plan->nchildren + 1);
    for (size_t i = 0; i < w->plan->nchildren && rc == ZH_OK; i++) {
        rc = fill_child(w, &w->plan->children[i], &w->p->children[i]);
    }
    if (rc == ZH_OK && w->plan->searchable) {
        rc = fill_grams(w);
    }
    if (rc == ZH_ENOMEM) {
        return zh_err_set(w->ctx->err, rc, "record.memory", "记录太大，超出本次处理的内存限额");
    }
    if (rc == ZH_OK && w->plan->has_files) {
        fill_files(w);
    }
    return rc;
}
