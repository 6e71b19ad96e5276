/* Canonical fields and entries of record versions, and the blob that an erasure leaves.
 *
 * zh_evidence_fields runs once for every version written: it formats names of child rows itself and
 * allocates in blocks. Limits: ZH_RECORD_FIELDS_MAX canonical fields. */
#include "core/ledger/evidence.h"
#include "core/instance/core_private.h"
#include "core/read/read_private.h"
#include <inttypes.h>
#include <string.h>

enum { ROW_DIGITS_MAX = 8, SEALED_FORMAT = 1, SEALED_HEAD = 4, SEALED_ITEM = 33 };

/* ---- canonical fields ----------------------------------------------------------------------- */

typedef struct collector {
    zh_arena *arena;
    const zh_record *record;
    zh_str declaration;
    zh_record_field *out;
    size_t n;
} collector;

static void put_value(collector *c, zh_str name, const zh_value *value)
{
    zh_record_field *field = &c->out[c->n++];
    field->name = name;
    field->value = zh_value_canonical(c->arena, value, &field->type);
    /* a unit or a mark makes it text: 'd' is digits alone */
    if (field->type == 'd' && (value->mark != ZH_MARK_EXACT || value->unit.n > 0)) {
        field->type = ZH_FIELD_TEXT;
    }
}

static bool put_meta(collector *c, const zh_slot *slot)
{
    zh_record_field *field = &c->out[c->n++];
    *field = (zh_record_field){slot->name, ZH_STR_NONE, ZH_FIELD_TEXT};
    switch ((zh_slot_meta)slot->index) {
    case ZH_SLOT_ACTOR: field->value = c->record->actor; return true;
    case ZH_SLOT_DECLARATION: field->value = c->declaration; return true;
    case ZH_SLOT_REGISTER: field->value = c->record->reg->id; return true;
    case ZH_SLOT_VERSION: break;
    }
    uint8_t *bytes = zh_arena_try(c->arena, 8);
    if (bytes == NULL) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)c->record->version >> (8 * (7 - i)));
    }
    field->type = ZH_FIELD_U64;
    field->value = (zh_str){(const char *)bytes, 8};
    return true;
}

/* "items[12].value" */
static zh_str row_name(char **at, zh_str prefix, size_t row, zh_str column)
{
    char *start = *at;
    char digits[ROW_DIGITS_MAX];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + row % 10);
        row /= 10;
    } while (row > 0);
    memcpy(*at, prefix.p, prefix.n);
    *at += prefix.n;
    while (n > 0) {
        *(*at)++ = digits[--n];
    }
    *(*at)++ = ']';
    *(*at)++ = '.';
    memcpy(*at, column.p, column.n);
    *at += column.n;
    return (zh_str){start, (size_t)(*at - start)};
}

/* Rows in byte order of "[0]", "[10]", "[1]": a digit sorts before the bracket, so the longer
 * number first. Depth is bounded by the digits of ZH_TABLE_ROWS_MAX. */
static void rows_in_order(size_t row, size_t n, size_t *order, size_t *count)
{
    if (row > 0) {
        for (size_t digit = 0; digit < 10 && row * 10 + digit < n; digit++) {
            rows_in_order(row * 10 + digit, n, order, count);
        }
    }
    order[(*count)++] = row;
}

static bool put_rows(collector *c, const zh_slot *slot)
{
    const zh_rows *rows = &c->record->tables[slot->index];
    const zh_field *table = &c->record->reg->fields[slot->index];
    if (rows->n == 0) {
        return true;
    }
    size_t name_bytes = slot->name.n + ROW_DIGITS_MAX + 2;
    size_t bytes = rows->n * slot->ncolumns * name_bytes;
    for (size_t i = 0; i < slot->ncolumns; i++) {
        bytes += rows->n * zh_child_name(&table->columns[slot->columns[i]]).n;
    }
    char *names = zh_arena_try(c->arena, bytes + 1);
    size_t *order = ZH_TRY_N(c->arena, size_t, rows->n);
    if (names == NULL || order == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t first = 0; first < 10 && first < rows->n; first++) {
        rows_in_order(first, rows->n, order, &count);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < slot->ncolumns; k++) {
            const zh_field *column = &table->columns[slot->columns[k]];
            zh_str name = row_name(&names, slot->name, order[i], zh_child_name(column));
            put_value(c, name, &rows->values[order[i] * table->ncolumns + column->index]);
        }
    }
    return true;
}

zh_rc zh_evidence_fields(zh_arena *arena, const zh_shape *shape, const zh_record *record,
                         zh_str declaration, zh_record_field **out, size_t *n, zh_err *err)
{
    size_t total = shape->n;
    for (size_t i = 0; i < shape->n; i++) {
        const zh_slot *slot = &shape->slots[i];
        if (slot->kind == ZH_SLOT_TABLE) {
            total += record->tables[slot->index].n * slot->ncolumns;
        }
    }
    if (total > ZH_RECORD_FIELDS_MAX) {
        zh_err_set(err, ZH_ELIMIT, "record.fields.count", "一条记录连同子表的字段值超过 %u 个",
                   ZH_RECORD_FIELDS_MAX);
        zh_err_fix(err, "请减少子表的行数，或分成几条记录");
        return ZH_ELIMIT;
    }
    collector c = {arena, record, declaration, ZH_TRY_N(arena, zh_record_field, total), 0};
    bool room = c.out != NULL;
    for (size_t i = 0; i < shape->n && room; i++) {
        const zh_slot *slot = &shape->slots[i];
        if (slot->kind == ZH_SLOT_FIELD) {
            put_value(&c, slot->name, &record->values[slot->index]);
        } else {
            room = slot->kind == ZH_SLOT_META ? put_meta(&c, slot) : put_rows(&c, slot);
        }
    }
    *out = c.out;
    *n = c.n;
    return room ? ZH_OK
                : zh_err_set(err, ZH_ENOMEM, "record.memory", "记录太大，超出本次处理的内存限额");
}

void zh_evidence_choose(const zh_shape *shape, const zh_record *record,
                        bool (*chosen)(void *user, const zh_field *field), void *user, bool *out)
{
    size_t n = 0;
    for (size_t i = 0; i < shape->n; i++) {
        const zh_slot *slot = &shape->slots[i];
        const zh_field *field = &record->reg->fields[slot->index];
        if (slot->kind != ZH_SLOT_TABLE) {
            out[n++] = slot->kind == ZH_SLOT_FIELD && chosen(user, field);
            continue;
        }
        for (size_t row = 0; row < record->tables[slot->index].n; row++) {
            for (size_t k = 0; k < slot->ncolumns; k++) { /* rows are all alike */
                out[n++] = chosen(user, &field->columns[slot->columns[k]]);
            }
        }
    }
}

static zh_rc entry_of(zh_hash_alg alg, zh_entry_kind kind, const zh_record *record, size_t n,
                      const zh_digest *root, uint8_t out[ZH_RECORD_ENTRY_BYTES], zh_err *err)
{
    if (record->recorded_at < 0) {
        return zh_err_set(err, ZH_EINVAL, "record.time", "记录时间早于 1970 年");
    }
    zh_record_entry entry = {
        .alg = alg,
        .kind = kind,
        .time_ms = (uint64_t)(record->recorded_at / 1000),
        .subject = (uint64_t)record->id,
        .n = (uint16_t)n,
        .root = *root,
    };
    zh_record_entry_write(&entry, out);
    return ZH_OK;
}

zh_rc zh_evidence_entry(zh_arena *arena, zh_hash_alg alg, const zh_digest *salt,
                        const zh_record_field *fields, size_t n, const zh_record *record,
                        zh_entry_kind kind, uint8_t out[ZH_RECORD_ENTRY_BYTES], zh_err *err)
{
    zh_digest *work = ZH_TRY_N(arena, zh_digest, n + 1);
    if (work == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "record.memory", "记录太大，超出本次处理的内存限额");
    }
    zh_digest root;
    zh_rc rc = zh_record_root(alg, salt, fields, n, work, &root, err);
    return rc == ZH_OK ? entry_of(alg, kind, record, n, &root, out, err) : rc;
}

/* ---- shapes --------------------------------------------------------------------------------- */

void zh_shape_write(const zh_shape *shape, const zh_register *reg, zh_buf *out)
{
    for (size_t i = 0; i < shape->n; i++) {
        const zh_slot *slot = &shape->slots[i];
        zh_buf_str(out, slot->name);
        if (slot->kind == ZH_SLOT_TABLE) {
            zh_buf_z(out, "]:");
            for (size_t k = 0; k < slot->ncolumns; k++) {
                zh_buf_z(out, k > 0 ? "," : "");
                zh_buf_str(out, zh_child_name(&reg->fields[slot->index].columns[slot->columns[k]]));
            }
        }
        zh_buf_c(out, '\n');
    }
}

static zh_rc no_longer(zh_err *err, const zh_register *reg, zh_str name)
{
    zh_err_set(err, ZH_ENOTFOUND, "evidence.shape",
               "“%.*s”的字段“%.*s”已不在声明里，旧版本的凭证无法重算",
               ZH_FMT(zh_label_for(err, reg->label)), ZH_FMT(name));
    return ZH_ENOTFOUND;
}

static bool read_meta(zh_str line, zh_slot *slot)
{
    static const char *const names[] = {"_actor", "_declaration", "_register", "_version"};
    for (uint16_t i = 0; i < ZH_COUNTOF(names); i++) {
        if (zh_str_is(line, names[i])) {
            *slot = (zh_slot){line, ZH_SLOT_META, i, NULL, 0};
            return true;
        }
    }
    return false;
}

static zh_rc read_table(zh_arena *arena, const zh_register *reg, zh_str line, size_t colon,
                        zh_slot *slot, zh_err *err)
{
    zh_str id = zh_str_sub(line, 0, colon - 2); /* without [] */
    const zh_field *table = zh_register_field(reg, id);
    if (table == NULL || table->type != ZH_TYPE_TABLE) {
        return no_longer(err, reg, id);
    }
    uint16_t *columns = ZH_NEW_N(arena, uint16_t, table->ncolumns + 1);
    size_t n = 0;
    zh_str rest = zh_str_sub(line, colon + 1, line.n);
    zh_str name;
    while (zh_str_split(&rest, ',', &name)) {
        size_t k = 0;
        while (k < table->ncolumns && !zh_str_eq(zh_child_name(&table->columns[k]), name)) {
            k++;
        }
        if (k == table->ncolumns || n == table->ncolumns) {
            return no_longer(err, reg, line);
        }
        columns[n++] = (uint16_t)k;
    }
    *slot = (zh_slot){zh_str_sub(line, 0, colon - 1), ZH_SLOT_TABLE, table->index, columns, n};
    return ZH_OK;
}

zh_rc zh_shape_read(zh_arena *arena, const zh_register *reg, zh_str text, zh_shape *out,
                    zh_err *err)
{
    zh_slot *slots = ZH_NEW_N(arena, zh_slot, reg->nfields + 8);
    size_t n = 0;
    zh_str line;
    while (text.n > 0 && zh_str_split(&text, '\n', &line) && line.n > 0) {
        if (n == reg->nfields + 4) {
            return no_longer(err, reg, line);
        }
        ptrdiff_t colon = zh_str_chr(line, ':');
        if (colon > 2) {
            zh_rc rc = read_table(arena, reg, line, (size_t)colon, &slots[n++], err);
            if (rc != ZH_OK) {
                return rc;
            }
        } else if (!read_meta(line, &slots[n])) {
            const zh_field *field = zh_register_field(reg, line);
            if (field == NULL || field->table != NULL || field->type == ZH_TYPE_TABLE) {
                return no_longer(err, reg, line);
            }
            slots[n++] = (zh_slot){line, ZH_SLOT_FIELD, field->index, NULL, 0};
        } else {
            n++;
        }
    }
    *out = (zh_shape){slots, n};
    return ZH_OK;
}

zh_rc zh_shape_of(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_str declaration,
                  zh_shape *out)
{
    if (zh_str_eq(declaration, reg->version)) {
        *out = zh_plan_of(ctx, reg)->shape;
        return ZH_OK;
    }
    zh_sql_value key[] = {ZH_SQL_STR(reg->id), ZH_SQL_STR(declaration)};
    zh_stmt *stmt = NULL;
    zh_str text = ZH_STR_NONE;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT fields FROM zh_shape WHERE office = 0 AND register = ? AND "
                               "declaration = ?"),
                        key, 2, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        text = zh_str_dup(ctx->arena, zh_col_str(stmt, 0));
    }
    zh_finish(stmt);
    if (rc == ZH_ENOTFOUND) {
        return zh_err_set(ctx->err, ZH_ECORRUPT, "evidence.shape",
                          "没有“%.*s”第 %.*s 版声明的字段表",
                          ZH_FMT(zh_label_for(ctx->err, reg->label)), ZH_FMT(declaration));
    }
    return rc == ZH_OK ? zh_shape_read(ctx->arena, reg, text, out, ctx->err) : rc;
}

/* ---- sealed --------------------------------------------------------------------------------- */

static zh_rc malformed(zh_err *err)
{
    return zh_err_set(err, ZH_ECORRUPT, "evidence.sealed", "删除个人信息后留存的承诺值损坏");
}

static zh_rc sealed_check(zh_str sealed, size_t n, zh_hash_alg *alg, zh_err *err)
{
    const uint8_t *p = (const uint8_t *)sealed.p;
    size_t part = SEALED_HEAD + n * SEALED_ITEM;
    if ((sealed.n != part && sealed.n != 2 * part) || p[0] != SEALED_FORMAT ||
        (size_t)(p[2] << 8 | p[3]) != n || (p[1] != ZH_HASH_SHA256 && p[1] != ZH_HASH_SM3)) {
        return malformed(err);
    }
    *alg = (zh_hash_alg)p[1];
    for (size_t i = 0; i < n; i++) {
        uint8_t tag = p[SEALED_HEAD + i * SEALED_ITEM];
        if (tag != 's' && tag != 'c') {
            return malformed(err);
        }
    }
    return ZH_OK;
}

zh_str zh_sealed_gm(zh_arena *arena, zh_str sealed, size_t n)
{
    size_t part = SEALED_HEAD + n * SEALED_ITEM;
    if (sealed.n == 2 * part) {
        return zh_str_sub(sealed, part, part);
    }
    char *copy = ZH_NEW_N(arena, char, sealed.n + 1);
    memcpy(copy, sealed.p != NULL ? sealed.p : "", sealed.n);
    if (sealed.n > 1) {
        copy[1] = ZH_HASH_SM3;
    }
    return (zh_str){copy, sealed.n};
}

static const uint8_t *sealed_item(zh_str sealed, size_t i, zh_digest *digest)
{
    const uint8_t *item = (const uint8_t *)sealed.p + SEALED_HEAD + i * SEALED_ITEM;
    memcpy(digest->b, item + 1, sizeof digest->b);
    return item;
}

zh_rc zh_sealed_root(zh_arena *arena, zh_str sealed, const zh_record_field *fields, size_t n,
                     zh_digest *root, zh_err *err)
{
    zh_hash_alg alg = ZH_HASH_SHA256;
    zh_rc rc = sealed_check(sealed, n, &alg, err);
    zh_digest *leaves = rc == ZH_OK ? ZH_TRY_N(arena, zh_digest, n + 1) : NULL;
    if (leaves == NULL) {
        return rc != ZH_OK ? rc : ZH_ENOMEM;
    }
    zh_hash hash;
    zh_hash_begin(&hash, alg);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_digest commit;
        if (*sealed_item(sealed, i, &commit) == 's') {
            zh_digest salt = commit;
            rc = zh_record_commit(alg, &salt, &fields[i], &commit, err);
        }
        zh_tree_leaf(&hash, commit.b, sizeof commit.b, &leaves[i]);
    }
    if (rc == ZH_OK) {
        zh_tree_head(&hash, leaves, n, root);
    }
    zh_hash_release(&hash);
    return rc;
}

zh_rc zh_sealed_read(zh_str sealed, size_t n, zh_digest *digests, bool *erased, zh_err *err)
{
    zh_hash_alg alg = ZH_HASH_SHA256;
    zh_rc rc = sealed_check(sealed, n, &alg, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        erased[i] = *sealed_item(sealed, i, &digests[i]) == 'c';
    }
    return rc;
}

zh_rc zh_sealed_make(zh_arena *arena, zh_hash_alg alg, const zh_digest *salt, zh_str sealed,
                     const zh_record_field *fields, const bool *erased, size_t n, zh_str *out,
                     zh_err *err)
{
    zh_rc rc = salt == NULL ? sealed_check(sealed, n, &alg, err) : ZH_OK;
    uint8_t *blob = rc == ZH_OK ? zh_arena_try(arena, SEALED_HEAD + n * SEALED_ITEM) : NULL;
    if (blob == NULL) {
        return rc != ZH_OK ? rc : ZH_ENOMEM;
    }
    blob[0] = SEALED_FORMAT;
    blob[1] = (uint8_t)alg;
    blob[2] = (uint8_t)(n >> 8);
    blob[3] = (uint8_t)n;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        uint8_t *item = blob + SEALED_HEAD + i * SEALED_ITEM;
        zh_digest digest;
        item[0] = 's';
        if (salt != NULL) {
            zh_record_salt(alg, salt, (uint32_t)i, &digest);
        } else {
            item[0] = *sealed_item(sealed, i, &digest);
        }
        if (erased[i] && item[0] == 's') {
            zh_digest field_salt = digest;
            item[0] = 'c';
            rc = zh_record_commit(alg, &field_salt, &fields[i], &digest, err);
        }
        memcpy(item + 1, digest.b, sizeof digest.b);
    }
    *out = (zh_str){(const char *)blob, SEALED_HEAD + n * SEALED_ITEM};
    return rc;
}

/* ---- stored versions ------------------------------------------------------------------------ */

static zh_str copied(zh_arena *arena, const zh_stmt *stmt, size_t column)
{
    return zh_col_null(stmt, column) ? ZH_STR_NONE : zh_str_dup(arena, zh_col_str(stmt, column));
}

zh_rc zh_version_load(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                      int64_t id, int32_t version, zh_stored_version *out)
{
    enum { BEFORE = 6 };
    zh_sql_value key[] = {ZH_SQL_INT(office), ZH_SQL_INT(id), ZH_SQL_INT(version)};
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "SELECT h.op, h.declaration, h.salt, h.sealed, h.batch, h.ord, ");
    zh_row_columns(&sql, reg, "h");
    zh_buf_fmt(&sql, " FROM %.*s_h h WHERE h.office = ? AND h.id = ? AND h.version = ?",
               ZH_FMT(reg->table));
    zh_stmt *stmt = NULL;
    zh_rc rc = sql.failed ? zh_err_set(ctx->err, ZH_ENOMEM, "record.memory", "内存不足")
                          : zh_query(conn, zh_buf_view(&sql), key, 3, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        *out = (zh_stored_version){
            .op = copied(ctx->arena, stmt, 0),
            .declaration = copied(ctx->arena, stmt, 1),
            .salt = copied(ctx->arena, stmt, 2),
            .sealed = copied(ctx->arena, stmt, 3),
            .batch = zh_col_i64(stmt, 4),
            .ord = zh_col_i64(stmt, 5),
        };
        rc = zh_row_decode(ctx, reg, stmt, BEFORE, &out->record);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc == ZH_OK ? zh_rows_load(ctx, conn, out->record, true) : rc;
}

/* The entry as it stands in the outbox. */
static zh_rc outbox_entry(zh_ctx *ctx, zh_conn *conn, const zh_stored_version *v,
                          zh_version_proof *out)
{
    zh_sql_value key[] = {ZH_SQL_INT(v->record->office), ZH_SQL_INT(v->batch)};
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(conn, ZH_STR("SELECT entries, pos FROM zh_outbox WHERE office = ? AND batch = ?"),
                 key, 2, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        zh_str entries = zh_col_str(stmt, 0);
        if (v->ord < 0 || (size_t)v->ord >= entries.n / ZH_RECORD_ENTRY_BYTES) {
            rc = ZH_ENOTFOUND;
        } else {
            memcpy(out->stored, entries.p + (size_t)v->ord * ZH_RECORD_ENTRY_BYTES,
                   ZH_RECORD_ENTRY_BYTES);
            out->position = zh_col_null(stmt, 1) ? -1 : zh_col_i64(stmt, 1) + v->ord;
        }
    }
    zh_finish(stmt);
    if (rc == ZH_ENOTFOUND) {
        rc = zh_err_set(ctx->err, ZH_ECORRUPT, "evidence.outbox",
                        "版本 %" PRId32 " 的批次里没有它的凭证", v->record->version);
    }
    return rc;
}

static zh_rc computed_entry(zh_ctx *ctx, zh_conn *conn, const zh_stored_version *v,
                            zh_version_proof *out)
{
    zh_shape shape;
    zh_record_field *fields = NULL;
    size_t n = 0;
    zh_rc rc = zh_shape_of(ctx, conn, v->record->reg, v->declaration, &shape);
    if (rc == ZH_OK) {
        rc = zh_evidence_fields(ctx->arena, &shape, v->record, v->declaration, &fields, &n,
                                ctx->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_record_entry entry;
    rc = zh_record_entry_read((zh_str){(const char *)out->stored, sizeof out->stored}, &entry,
                              ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_entry_kind kind = zh_str_is(v->op, "create")  ? ZH_ENTRY_EVIDENCE
                         : zh_str_is(v->op, "erase") ? ZH_ENTRY_ERASURE
                                                     : ZH_ENTRY_CORRECTION;
    out->erased = v->salt.p == NULL;
    if (out->erased) {
        zh_digest root;
        rc = zh_sealed_root(ctx->arena, v->sealed, fields, n, &root, ctx->err);
        return rc == ZH_OK ? entry_of(entry.alg, kind, v->record, n, &root, out->computed, ctx->err)
                           : rc;
    }
    if (v->salt.n != ZH_DIGEST_BYTES) {
        return zh_err_set(ctx->err, ZH_ECORRUPT, "evidence.salt", "版本的盐不是 32 字节");
    }
    zh_digest salt;
    memcpy(salt.b, v->salt.p, sizeof salt.b);
    return zh_evidence_entry(ctx->arena, entry.alg, &salt, fields, n, v->record, kind,
                             out->computed, ctx->err);
}

zh_rc zh_version_prove(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                       int64_t id, int32_t version, zh_version_proof *out)
{
    zh_stored_version v;
    zh_rc rc = zh_version_load(ctx, conn, reg, office, id, version, &v);
    if (rc == ZH_ENOTFOUND) {
        return zh_err_set(ctx->err, rc, "record.unknown", "“%.*s”里没有 %" PRId64 " 的第 %d 版",
                          ZH_FMT(zh_label_for(ctx->err, reg->label)), id, version);
    }
    if (rc == ZH_OK) {
        rc = outbox_entry(ctx, conn, &v, out);
    }
    return rc == ZH_OK ? computed_entry(ctx, conn, &v, out) : rc;
}
