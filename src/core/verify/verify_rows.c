/* Walking over a register's versions and current rows side by side, in chunks of keys, so that
 * neither database has to hold a result. Versions of one record alternate between two arenas: only
 * the newest is compared with the current row. */
#include "base/utf8.h"
#include "core/ledger/evidence.h"
#include "core/ledger/gm.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include "core/verify/verify_private.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 500, VERSION_COLUMNS = 7, CURRENT_COLUMNS = 1, OFFICES_MAX = 100000 };

typedef struct cursor {
    zh_stmt *stmt;
    bool row; /* stands on a row not yet taken */
} cursor;

typedef struct chunk {
    zh_verifying *v;
    const zh_register *reg;
    int64_t office;
    cursor versions, current;
    const zh_field **tables;
    cursor *children, *children_h; /* by table */
    size_t ntables;
    zh_arena *arenas[3]; /* two for versions, one for the current row */
} chunk;

typedef struct version {
    zh_record *record;
    zh_str op, declaration, salt, sealed, transition;
    int64_t batch, ord;
} version;

/* ---- cursors --------------------------------------------------------------------------------- */

static zh_rc advance(cursor *c, zh_err *err)
{
    zh_rc rc = zh_step(c->stmt, err);
    c->row = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc open_cursor(chunk *k, cursor *c, const zh_buf *sql, const zh_sql_value *range)
{
    zh_rc rc = zh_query(k->v->conn, zh_buf_view(sql), range, 3, &c->stmt, k->v->ctx.err);
    return rc == ZH_OK ? advance(c, k->v->ctx.err) : rc;
}

static zh_rc open_records(chunk *k, const zh_sql_value *range)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "SELECT a.op, a.declaration, a.salt, a.sealed, a.transition, a.batch, a.ord, ");
    zh_row_columns(&sql, k->reg, "a");
    zh_buf_fmt(&sql,
               " FROM %.*s_h a WHERE a.office = ? AND a.id > ? AND a.id <= ? ORDER BY a.id, "
               "a.version",
               ZH_FMT(k->reg->table));
    zh_rc rc = open_cursor(k, &k->versions, &sql, range);
    if (rc == ZH_OK) {
        zh_buf_clear(&sql);
        zh_buf_z(&sql, "SELECT a.declaration, ");
        zh_row_columns(&sql, k->reg, "a");
        zh_buf_fmt(&sql, " FROM %.*s a WHERE a.office = ? AND a.id > ? AND a.id <= ? ORDER BY a.id",
                   ZH_FMT(k->reg->table));
        rc = open_cursor(k, &k->current, &sql, range);
    }
    zh_buf_free(&sql);
    return rc;
}

static zh_rc open_children(chunk *k, const zh_sql_value *range)
{
    zh_rc rc = ZH_OK;
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    for (size_t i = 0; i < 2 * k->ntables && rc == ZH_OK; i++) {
        bool history = i % 2 == 1;
        const zh_field *table = k->tables[i / 2];
        zh_buf_clear(&sql);
        zh_buf_fmt(&sql, "SELECT c.parent, %s, ", history ? "c.version" : "0");
        zh_child_columns(&sql, table, "c");
        zh_buf_fmt(&sql,
                   " FROM %.*s__%.*s%s c WHERE c.office = ? AND c.parent > ? AND c.parent <= ? "
                   "ORDER BY c.parent, %sc.ord",
                   ZH_FMT(k->reg->table), ZH_FMT(table->column), history ? "_h" : "",
                   history ? "c.version, " : "");
        rc = open_cursor(k, history ? &k->children_h[i / 2] : &k->children[i / 2], &sql, range);
    }
    zh_buf_free(&sql);
    return rc;
}

static void close_chunk(chunk *k)
{
    zh_finish(k->versions.stmt);
    zh_finish(k->current.stmt);
    k->versions = k->current = (cursor){NULL, false};
    for (size_t i = 0; i < k->ntables; i++) {
        zh_finish(k->children[i].stmt);
        zh_finish(k->children_h[i].stmt);
        k->children[i] = k->children_h[i] = (cursor){NULL, false};
    }
}

static void orphan(const chunk *k, const zh_field *table, const cursor *c, bool history)
{
    if (k->v->checking) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 子表“%.*s”%s有一行没有所属的%s",
                      ZH_FMT(k->reg->id), k->office, zh_col_i64(c->stmt, 0), ZH_FMT(table->id),
                      history ? "（历史）" : "", history ? "版本" : "记录");
    }
}

/* No write stores so many rows: somebody put them there. What is beyond is not held in memory. */
static void too_many(const chunk *k, const zh_field *table, const zh_record *r, bool history)
{
    if (k->v->checking) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 子表“%.*s”%s超过 %d 行，多出的行没有核对",
                      ZH_FMT(k->reg->id), k->office, r->id, ZH_FMT(table->id),
                      history ? "（历史）" : "", ZH_TABLE_ROWS_MAX);
    }
}

/* This record's rows (of a version) from a cursor that walks in the same order. */
static zh_rc take_children(chunk *k, size_t i, bool history, zh_record *r)
{
    cursor *c = history ? &k->children_h[i] : &k->children[i];
    const zh_field *table = k->tables[i];
    zh_ctx *ctx = &k->v->ctx;
    zh_rows *rows = &r->tables[table->index];
    zh_value *values = ZH_NEW_N(ctx->arena, zh_value, table->ncolumns + 1);
    size_t capacity = 0;
    size_t seen = 0;
    *rows = (zh_rows){.table = table};
    while (c->row) {
        int64_t parent = zh_col_i64(c->stmt, 0);
        int64_t of = history ? zh_col_i64(c->stmt, 1) : 0;
        int64_t wanted = history ? r->version : 0;
        if (parent > r->id || (parent == r->id && of > wanted)) {
            return ZH_OK;
        }
        zh_rc rc = ZH_OK;
        if (parent < r->id || of < wanted) {
            orphan(k, table, c, history);
        } else if (seen++ < ZH_TABLE_ROWS_MAX) {
            rc = zh_rows_read(ctx, rows, &capacity, c->stmt, 2, values);
        } else if (seen == ZH_TABLE_ROWS_MAX + 1) {
            too_many(k, table, r, history);
        }
        if (rc == ZH_OK) {
            rc = advance(c, ctx->err);
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

static zh_rc take_all_children(chunk *k, bool history, zh_record *r)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < k->ntables && rc == ZH_OK; i++) {
        rc = take_children(k, i, history, r);
    }
    return rc;
}

/* ---- versions -------------------------------------------------------------------------------- */

/* What is unreadable is a difference, not the end of the verification. */
static zh_rc unreadable(chunk *k, zh_rc rc, int64_t id, int64_t number)
{
    zh_err *err = k->v->ctx.err;
    if (rc != ZH_ECORRUPT && rc != ZH_ENOTFOUND && rc != ZH_EINVAL) {
        return rc;
    }
    if (k->v->checking) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 第 %" PRId64 " 版：%s",
                      ZH_FMT(k->reg->id), k->office, id, number, err->message);
    }
    zh_err_again(err);
    return ZH_OK;
}

static zh_rc shape_for(chunk *k, zh_str declaration, const zh_shape **out)
{
    zh_verifying *v = k->v;
    zh_str key = zh_str_fmt(v->ctx.arena, "%.*s@%.*s", ZH_FMT(k->reg->id), ZH_FMT(declaration));
    zh_shape *shape = zh_map_get(&v->shapes, key);
    zh_rc rc = ZH_OK;
    if (shape == NULL) {
        zh_ctx lasting = v->ctx;
        lasting.arena = v->arena;
        shape = ZH_NEW(v->arena, zh_shape);
        rc = zh_shape_of(&lasting, v->conn, k->reg, declaration, shape);
        if (rc == ZH_OK) {
            zh_map_put(&v->shapes, zh_str_dup(v->arena, key), shape);
        }
    }
    *out = shape;
    return rc;
}

static zh_entry_kind kind_of(zh_str op)
{
    return zh_str_is(op, "create")  ? ZH_ENTRY_EVIDENCE
           : zh_str_is(op, "erase") ? ZH_ENTRY_ERASURE
                                    : ZH_ENTRY_CORRECTION;
}

/* The entry of a version whose fields were erased: from salts and commitments. */
static zh_rc sealed_entry(chunk *k, const version *ver, const zh_record_field *fields, size_t n,
                          uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    zh_ctx *ctx = &k->v->ctx;
    zh_record_entry entry = {
        .kind = kind_of(ver->op),
        .time_ms = (uint64_t)(ver->record->recorded_at / 1000),
        .subject = (uint64_t)ver->record->id,
        .n = (uint16_t)n,
    };
    zh_rc rc = zh_sealed_root(ctx->arena, ver->sealed, fields, n, &entry.root, ctx->err);
    if (rc == ZH_OK) {
        entry.alg = (zh_hash_alg)(uint8_t)ver->sealed.p[1];
        zh_record_entry_write(&entry, out);
    }
    return rc;
}

static zh_rc fields_of(chunk *k, const version *ver, zh_record_field **fields, size_t *n)
{
    zh_ctx *ctx = &k->v->ctx;
    const zh_shape *shape = NULL;
    zh_rc rc = shape_for(k, ver->declaration, &shape);
    return rc == ZH_OK ? zh_evidence_fields(ctx->arena, shape, ver->record, ver->declaration,
                                            fields, n, ctx->err)
                       : rc;
}

static zh_rc entry_again(chunk *k, const version *ver, const zh_record_field *fields, size_t n,
                         uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    zh_ctx *ctx = &k->v->ctx;
    if (ver->salt.p == NULL) {
        return sealed_entry(k, ver, fields, n, out);
    }
    if (ver->salt.n != ZH_DIGEST_BYTES) {
        return zh_err_set(ctx->err, ZH_ECORRUPT, "evidence.salt", "盐不是 32 字节");
    }
    zh_digest salt;
    memcpy(salt.b, ver->salt.p, sizeof salt.b);
    return zh_evidence_entry(ctx->arena, ctx->core->alg, &salt, fields, n, ver->record,
                             kind_of(ver->op), out, ctx->err);
}

static bool wanted(chunk *k, const version *ver, bool gm)
{
    zh_verifying *v = k->v;
    zh_verify_entry_key(v, gm, ver->record->office, ver->batch, ver->ord);
    return zh_balance_wants(v->entries, zh_buf_view(&v->key));
}

static zh_rc put_entry(chunk *k, const version *ver)
{
    zh_verifying *v = k->v;
    zh_ctx *ctx = &v->ctx;
    uint8_t entry[ZH_RECORD_ENTRY_BYTES];
    const zh_record *r = ver->record;
    zh_record_field *fields = NULL;
    size_t n = 0;
    bool one = wanted(k, ver, false);
    bool two = ctx->core->gm && wanted(k, ver, true);
    if (!one && !two) {
        return ZH_OK;
    }
    zh_str label = v->entries->naming
                       ? zh_str_fmt(ctx->arena, "%.*s/%" PRId64 "/%" PRId64 " 第 %d 版",
                                    ZH_FMT(k->reg->id), r->office, r->id, (int)r->version)
                       : ZH_STR_NONE;
    zh_rc rc = fields_of(k, ver, &fields, &n);
    if (rc == ZH_OK && one) {
        rc = entry_again(k, ver, fields, n, entry);
        if (rc == ZH_OK) {
            zh_verify_entry(v, ZH_COUNTED, r->office, ver->batch, ver->ord, entry, label);
        }
    }
    if (rc == ZH_OK && two) {
        rc = zh_gm_entry_of(ctx->arena, ver->salt, ver->sealed, fields, n, r, ver->op, entry,
                            ctx->err);
        if (rc == ZH_OK) {
            zh_verify_entry(v, ZH_COUNTED, r->office, ver->batch, ver->ord, entry, label);
        }
    }
    return unreadable(k, rc, r->id, r->version);
}

static bool number_agrees(const zh_value *v)
{
    zh_decimal text;
    zh_str s = v->text;
    ptrdiff_t space = zh_str_chr(s, ' ');
    s = space < 0 ? s : zh_str_sub(s, 0, (size_t)space);
    return v->kind != ZH_DECIMAL || v->mark != ZH_MARK_EXACT || s.n == 0 ||
           (zh_decimal_parse(s, true, &text) == ZH_OK && zh_decimal_cmp(text, v->decimal) == 0);
}

static void check_numbers(chunk *k, const zh_record *r)
{
    for (size_t i = 0; i < k->reg->nfields; i++) {
        bool good = number_agrees(&r->values[i]);
        const zh_rows *rows = &r->tables[i];
        for (size_t c = 0; rows->table != NULL && c < rows->n * rows->table->ncolumns; c++) {
            good = good && number_agrees(&rows->values[c]);
        }
        if (!good) {
            zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 第 %d 版：“%.*s”的数值与原文不符",
                          ZH_FMT(k->reg->id), r->office, r->id, (int)r->version,
                          ZH_FMT(k->reg->fields[i].id));
        }
    }
}

/* Numbering, batch and position of a version; *after: position of the version before it. */
static void check_place(chunk *k, const version *ver, int32_t expected, int64_t *after)
{
    const zh_record *r = ver->record;
    const zh_batch *batch = zh_verify_batch(k->v, r->office, ver->batch);
    const char *wrong = NULL;
    if (r->version != expected) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 缺第 %d 版（有第 %d 版）",
                      ZH_FMT(k->reg->id), r->office, r->id, (int)expected, (int)r->version);
    }
    if (r->state < 0) {
        wrong = "状态未声明";
    } else if (batch == NULL) {
        wrong = "所属批次不在发件箱";
    } else if (ver->ord < 0 || ver->ord >= batch->n) {
        wrong = "在批次里的序号超出范围";
    } else if (batch->reg != k->reg->index) {
        wrong = "所属批次是别的登记册的";
    } else if ((ver->salt.p == NULL) != (ver->sealed.p != NULL)) {
        wrong = "盐与删除后的承诺应恰有其一";
    } else {
        int64_t position = batch->pos < 0 ? INT64_MAX : batch->pos + ver->ord;
        if (expected > 1 && position <= *after && position != INT64_MAX) {
            wrong = "日志位置不在前一版之后";
        }
        *after = position;
    }
    if (wrong != NULL) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 第 %d 版：%s", ZH_FMT(k->reg->id),
                      r->office, r->id, (int)r->version, wrong);
    }
}

/* Whether the version stands in the state that its operation leads to; before: the state of the
 * version before it, -1 for none. Older declarations may have had other transitions. */
static bool state_follows(const chunk *k, const version *ver, int before)
{
    const zh_register *reg = k->reg;
    const zh_transition *t = zh_register_transition(reg, ver->transition);
    int state = ver->record->state;
    if (state < 0 || !zh_str_eq(ver->declaration, reg->version)) {
        return true;
    }
    if (zh_str_is(ver->op, "create")) {
        return reg->states[state].initial;
    }
    if (zh_str_is(ver->op, "transition")) {
        bool stays = before < 0 || state == before;
        bool voted = t != NULL && t->vote.k > 0 && (stays || state == t->vote.otherwise);
        return t != NULL && (voted || t->to_any || (t->to >= 0 ? state == t->to : stays));
    }
    if (zh_str_is(ver->op, "undo")) {
        return true; /* the state that the version before the step had */
    }
    return before < 0 || state == before;
}

/* The version of a withdrawal is empty, so that no other version can be passed off as one. */
static bool says_nothing(const zh_record *r)
{
    for (size_t i = 0; i < r->reg->nfields; i++) {
        if (r->values[i].kind != ZH_NULL || r->tables[i].n > 0) {
            return false;
        }
    }
    return true;
}

static void check_withdrawal(const chunk *k, const version *ver, bool after)
{
    const char *wrong = after ? "在撤回之后"
                        : zh_str_is(ver->op, "withdraw") && !says_nothing(ver->record)
                            ? "撤回的版本仍有内容"
                            : NULL;
    if (wrong != NULL) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 第 %d 版：%s", ZH_FMT(k->reg->id),
                      ver->record->office, ver->record->id, (int)ver->record->version, wrong);
    }
}

static zh_rc read_version(chunk *k, version *out)
{
    zh_ctx *ctx = &k->v->ctx;
    const zh_stmt *s = k->versions.stmt;
    *out = (version){.batch = zh_col_i64(s, 5), .ord = zh_col_i64(s, 6)};
    zh_str *texts[] = {&out->op, &out->declaration, &out->salt, &out->sealed, &out->transition};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        *texts[i] = zh_col_null(s, i) ? ZH_STR_NONE : zh_str_dup(ctx->arena, zh_col_str(s, i));
    }
    zh_rc rc = zh_row_decode(ctx, k->reg, s, VERSION_COLUMNS, &out->record);
    return rc == ZH_OK ? take_all_children(k, true, out->record) : rc;
}

/* All versions of one record; the newest stays in *newest (record NULL: none is readable). */
static zh_rc walk_versions(chunk *k, int64_t id, version *newest)
{
    zh_verifying *v = k->v;
    zh_rc rc = ZH_OK;
    int32_t expected = 1;
    int64_t after = -1;
    int state = -1;
    bool withdrawn = false;
    newest->record = NULL;
    for (size_t turn = 0; rc == ZH_OK && k->versions.row; turn++) {
        int64_t number = zh_col_i64(k->versions.stmt, VERSION_COLUMNS + 2);
        version ver;
        if (zh_col_i64(k->versions.stmt, VERSION_COLUMNS + 1) != id) {
            return ZH_OK;
        }
        v->ctx.arena = k->arenas[turn % 2];
        zh_arena_reset(v->ctx.arena);
        rc = read_version(k, &ver);
        if (rc == ZH_OK && v->checking) {
            v->report->versions++;
            check_place(k, &ver, expected, &after);
            check_numbers(k, ver.record);
            check_withdrawal(k, &ver, withdrawn);
            withdrawn = zh_str_is(ver.op, "withdraw");
            if (!state_follows(k, &ver, state)) {
                zh_verify_say(v, "%.*s/%" PRId64 "/%" PRId64 " 第 %d 版：状态不是这次操作的结果",
                              ZH_FMT(k->reg->id), k->office, id, (int)ver.record->version);
            }
            state = ver.record->state;
        }
        if (rc == ZH_OK && v->entries != NULL) {
            rc = put_entry(k, &ver);
        }
        newest->record = NULL;
        if (rc == ZH_OK) {
            *newest = ver;
        }
        expected = (int32_t)number + 1;
        rc = unreadable(k, rc, id, number);
        if (rc == ZH_OK) {
            rc = advance(&k->versions, v->ctx.err);
        }
    }
    return rc;
}

/* ---- current rows ---------------------------------------------------------------------------- */

static bool same_rows(const zh_rows *a, const zh_rows *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++) {
        same = a->ids[i] == b->ids[i];
    }
    size_t cells = a->table != NULL ? a->n * a->table->ncolumns : 0;
    for (size_t i = 0; i < cells && same; i++) {
        same = zh_value_same(&a->values[i], &b->values[i]);
    }
    return same;
}

static void check_same(chunk *k, const zh_record *now, zh_str declaration, const version *newest)
{
    const zh_record *v = newest->record;
    const zh_register *reg = k->reg;
    const char *what = now->version != v->version                 ? "版本号"
                       : now->state != v->state                   ? "状态"
                       : now->handler_office != v->handler_office ? "承办机构"
                       : now->created_at != v->created_at || now->recorded_at != v->recorded_at
                           ? "记录时间"
                       : !zh_str_eq(now->actor, v->actor)             ? "写入人"
                       : !zh_str_eq(declaration, newest->declaration) ? "声明版本"
                                                                      : NULL;
    if (what != NULL) {
        zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 现行行的%s与最新版本不符",
                      ZH_FMT(reg->id), now->office, now->id, what);
    }
    for (size_t i = 0; i < reg->nfields; i++) {
        if (!zh_value_same(&now->values[i], &v->values[i]) ||
            !same_rows(&now->tables[i], &v->tables[i])) {
            zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 现行行的“%.*s”与最新版本不符",
                          ZH_FMT(reg->id), now->office, now->id, ZH_FMT(reg->fields[i].id));
        }
    }
    for (size_t i = 0; i < reg->nderived; i++) {
        bool both = now->derived[i].p != NULL && v->derived[i].p != NULL;
        if ((now->derived[i].p == NULL) != (v->derived[i].p == NULL) ||
            (both && !zh_str_eq(now->derived[i], v->derived[i]))) {
            zh_verify_say(k->v, "%.*s/%" PRId64 "/%" PRId64 " 现行行的维度“%.*s”与最新版本不符",
                          ZH_FMT(reg->id), now->office, now->id, ZH_FMT(reg->derived[i]->id));
        }
    }
}

typedef struct gram_list {
    zh_arena *arena;
    ZH_VEC(zh_str) list;
} gram_list;

static void add_gram(void *user, zh_str gram)
{
    gram_list *grams = user;
    zh_vec_push(grams->arena, &grams->list, gram);
}

static void add_grams(gram_list *grams, const zh_field *fields, size_t n, const zh_value *values)
{
    for (size_t i = 0; i < n; i++) {
        zh_str folded;
        if (fields[i].searchable && values[i].kind == ZH_TEXT &&
            zh_utf8_fold(grams->arena, values[i].text, &folded) == ZH_OK) {
            zh_utf8_grams(folded, add_gram, grams);
        }
    }
}

static int gram_order(const void *a, const void *b)
{
    return zh_str_cmp(*(const zh_str *)a, *(const zh_str *)b);
}

static void put_gram(zh_verifying *v, const zh_register *reg, zh_side side, int64_t office,
                     zh_str gram, int64_t id)
{
    static const zh_str names[] = {{"行", sizeof "行" - 1}};
    zh_i128 one = 1;
    zh_verify_key(v, reg->table, office);
    zh_verify_part(v, gram);
    zh_verify_number(v, id);
    zh_balance_put(v->grams, side, zh_buf_view(&v->key), &one, names, 1, ZH_STR_NONE);
}

static void put_grams(chunk *k, const zh_record *r)
{
    gram_list grams = {.arena = k->v->ctx.arena};
    add_grams(&grams, k->reg->fields, k->reg->nfields, r->values);
    for (size_t i = 0; i < k->ntables; i++) {
        const zh_rows *rows = &r->tables[k->tables[i]->index];
        for (size_t row = 0; row < rows->n; row++) {
            add_grams(&grams, rows->table->columns, rows->table->ncolumns,
                      rows->values + row * rows->table->ncolumns);
        }
    }
    if (grams.list.n > 1) {
        zh_sort(grams.list.p, grams.list.n, sizeof *grams.list.p, gram_order);
    }
    for (size_t i = 0; i < grams.list.n; i++) {
        if (i == 0 || !zh_str_eq(grams.list.p[i], grams.list.p[i - 1])) {
            put_gram(k->v, k->reg, ZH_COUNTED, r->office, grams.list.p[i], r->id);
        }
    }
}

static zh_rc put_cells(chunk *k, const zh_record *r)
{
    zh_verifying *v = k->v;
    zh_deltas *deltas = zh_deltas_new(v->ctx.arena);
    zh_rc rc = zh_cube_contribute(&v->ctx, r, 1, deltas);
    for (size_t i = 0; i < deltas->cells.n && rc == ZH_OK; i++) {
        zh_verify_cell(v, v->cells, ZH_COUNTED, r->office, deltas->cells.p[i]);
    }
    for (size_t i = 0; i < deltas->keys.n && rc == ZH_OK; i++) {
        const zh_delta_key *c = deltas->keys.p[i];
        zh_verify_counter(v, v->cells, ZH_COUNTED, r->office, c->cube, c->dims,
                          c->cube->measures[c->measure]->id, c->key, c->n);
    }
    return rc;
}

static zh_rc walk_current(chunk *k, int64_t id, const version *newest)
{
    zh_verifying *v = k->v;
    zh_record *now = NULL;
    bool withdrawn = newest->record != NULL && zh_str_is(newest->op, "withdraw");
    if (!k->current.row || zh_col_i64(k->current.stmt, CURRENT_COLUMNS + 1) != id) {
        if (v->checking && !withdrawn) {
            zh_verify_say(v, "%.*s/%" PRId64 "/%" PRId64 " 有版本而没有现行行", ZH_FMT(k->reg->id),
                          k->office, id);
        }
        return ZH_OK;
    }
    v->ctx.arena = k->arenas[2];
    zh_arena_reset(v->ctx.arena);
    zh_rc rc = zh_row_decode(&v->ctx, k->reg, k->current.stmt, CURRENT_COLUMNS, &now);
    zh_str declaration =
        rc == ZH_OK ? zh_str_dup(v->ctx.arena, zh_col_str(k->current.stmt, 0)) : ZH_STR_NONE;
    if (rc == ZH_OK) {
        rc = take_all_children(k, false, now);
    }
    if (rc == ZH_OK && v->checking) {
        v->report->records++;
        if (newest->record == NULL) {
            zh_verify_say(v, "%.*s/%" PRId64 "/%" PRId64 " 有现行行而没有版本", ZH_FMT(k->reg->id),
                          k->office, id);
        } else if (withdrawn) {
            zh_verify_say(v, "%.*s/%" PRId64 "/%" PRId64 " 已撤回而仍有现行行", ZH_FMT(k->reg->id),
                          k->office, id);
        } else {
            check_same(k, now, declaration, newest);
        }
    }
    if (rc == ZH_OK && v->cells != NULL && now->state >= 0) {
        rc = put_cells(k, now);
    }
    if (rc == ZH_OK && v->grams != NULL) {
        put_grams(k, now);
    }
    rc = unreadable(k, rc, id, 0);
    return rc == ZH_OK ? advance(&k->current, v->ctx.err) : rc;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static zh_rc walk_chunk(chunk *k, int64_t low, int64_t high)
{
    zh_sql_value range[] = {ZH_SQL_INT(k->office), ZH_SQL_INT(low), ZH_SQL_INT(high)};
    zh_rc rc = open_records(k, range);
    if (rc == ZH_OK) {
        rc = open_children(k, range);
    }
    while (rc == ZH_OK && (k->versions.row || k->current.row)) {
        int64_t of_version =
            k->versions.row ? zh_col_i64(k->versions.stmt, VERSION_COLUMNS + 1) : INT64_MAX;
        int64_t of_row =
            k->current.row ? zh_col_i64(k->current.stmt, CURRENT_COLUMNS + 1) : INT64_MAX;
        int64_t id = of_version < of_row ? of_version : of_row;
        version newest;
        rc = walk_versions(k, id, &newest);
        if (rc == ZH_OK) {
            rc = walk_current(k, id, &newest);
        }
    }
    for (size_t i = 0; i < 2 * k->ntables && rc == ZH_OK; i++) {
        cursor *c = i % 2 ? &k->children_h[i / 2] : &k->children[i / 2];
        while (rc == ZH_OK && c->row) {
            orphan(k, k->tables[i / 2], c, i % 2 == 1);
            rc = advance(c, k->v->ctx.err);
        }
    }
    close_chunk(k);
    return rc;
}

static zh_rc walk_office(chunk *k)
{
    zh_verifying *v = k->v;
    const char *sql = zh_str_fmt(v->arena,
                                 "SELECT id FROM %.*s_h WHERE office = ? AND id > ? ORDER BY id, "
                                 "version LIMIT 1 OFFSET %d",
                                 ZH_FMT(k->reg->table), CHUNK)
                          .p;
    int64_t low = INT64_MIN;
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && low != INT64_MAX) {
        zh_sql_value range[] = {ZH_SQL_INT(k->office), ZH_SQL_INT(low)};
        int64_t high = 0;
        rc = zh_query_i64(v->conn, sql, range, 2, &high, v->ctx.err);
        if (rc == ZH_ENOTFOUND) {
            high = INT64_MAX;
            rc = ZH_OK;
        }
        if (rc == ZH_OK) {
            rc = walk_chunk(k, low, high);
            low = high;
        }
        if (rc == ZH_OK && v->progress != NULL && v->checking) {
            v->progress(v->user, zh_str_c(v->ctx.arena, k->reg->label.zh), v->report->records,
                        v->total);
        }
    }
    return rc;
}

/* The next office after the last that has rows or versions. */
static zh_rc next_office(chunk *k, int64_t *office)
{
    zh_verifying *v = k->v;
    zh_sql_value after[] = {ZH_SQL_INT(*office), ZH_SQL_INT(*office)};
    const char *sql = zh_str_fmt(v->arena,
                                 "SELECT MIN(office) FROM (SELECT MIN(office) AS office FROM %.*s "
                                 "WHERE office > ? UNION ALL SELECT MIN(office) FROM %.*s_h WHERE "
                                 "office > ?) x WHERE office IS NOT NULL",
                                 ZH_FMT(k->reg->table), ZH_FMT(k->reg->table))
                          .p;
    int64_t next = 0;
    zh_rc rc = zh_query_i64(v->conn, sql, after, 2, &next, v->ctx.err);
    bool more = rc == ZH_OK && next > *office;
    *office = next;
    return rc == ZH_OK && !more ? ZH_ENOTFOUND : rc;
}

static zh_rc stored_grams(zh_verifying *v, const zh_register *reg)
{
    zh_str sql = zh_str_fmt(v->arena, "SELECT office, gram, id FROM %.*s_g", ZH_FMT(reg->table));
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(v->conn, sql, NULL, 0, &stmt, v->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, v->ctx.err)) == ZH_OK) {
        put_gram(v, reg, ZH_STORED, zh_col_i64(stmt, 0), zh_col_str(stmt, 1), zh_col_i64(stmt, 2));
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_verify_rows(zh_verifying *v, const zh_register *reg)
{
    chunk k = {.v = v, .reg = reg, .office = INT64_MIN};
    k.tables = ZH_NEW_N(v->arena, const zh_field *, reg->nfields + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        if (reg->fields[i].type == ZH_TYPE_TABLE) {
            k.tables[k.ntables++] = &reg->fields[i];
        }
    }
    k.children = ZH_NEW_N(v->arena, cursor, k.ntables + 1);
    k.children_h = ZH_NEW_N(v->arena, cursor, k.ntables + 1);
    zh_arena *before = v->ctx.arena;
    for (size_t i = 0; i < ZH_COUNTOF(k.arenas); i++) {
        k.arenas[i] = zh_arena_new(ZH_ARENA_REQUEST_BYTES * 4);
    }
    v->ctx.arena = k.arenas[2];
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && (rc = next_office(&k, &k.office)) == ZH_OK) {
        rc = walk_office(&k);
    }
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    if (rc == ZH_OK && v->grams != NULL) {
        rc = stored_grams(v, reg);
    }
    for (size_t i = 0; i < ZH_COUNTOF(k.arenas); i++) {
        zh_arena_free(k.arenas[i]);
    }
    v->ctx.arena = before;
    return rc;
}
