/* Stored rows to records: column lists, decoding, child rows, one record, its history.
 *
 * The column order is fixed by zh_row_columns and known to zh_row_decode only. Limits: child rows
 * of one record ZH_TABLE_ROWS_MAX. */
#include "core/read/read.h"
#include "core/read/filter.h"
#include "core/read/permission.h"
#include "core/read/read_private.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_field_columns(zh_buf *sql, const zh_field *field, const char *alias)
{
    const char *suffixes[3];
    size_t n = zh_field_columns(field, suffixes);
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(sql, ", %s.%.*s%s", alias, ZH_FMT(field->column), suffixes[i]);
    }
}

void zh_row_columns(zh_buf *sql, const zh_register *reg, const char *alias)
{
    zh_buf_fmt(sql,
               "%s.office, %s.id, %s.version, %s.state, %s.handler_office, %s.created_at, "
               "%s.recorded_at, %s.actor",
               alias, alias, alias, alias, alias, alias, alias, alias);
    for (size_t i = 0; i < reg->nfields; i++) {
        add_field_columns(sql, &reg->fields[i], alias);
    }
    for (size_t i = 0; i < reg->nderived; i++) {
        zh_buf_fmt(sql, ", %s.%.*s", alias, ZH_FMT(reg->derived[i]->column));
    }
}

enum { ROW_FIXED_COLUMNS = 8 };

static zh_str copied(zh_arena *arena, const zh_stmt *stmt, size_t column)
{
    return zh_col_null(stmt, column) ? ZH_STR_NONE : zh_str_dup(arena, zh_col_str(stmt, column));
}

/* A number stored as scaled value plus text as written; marks are in the text alone. */
static zh_rc decode_number(zh_arena *arena, const zh_field *field, const zh_stmt *stmt,
                           size_t column, zh_value *out)
{
    zh_str text = copied(arena, stmt, column + 1);
    if (text.p == NULL) {
        *out = ZH_VALUE_NULL;
        return ZH_OK;
    }
    *out = (zh_value){.kind = ZH_DECIMAL, .text = text, .unit = field->unit};
    if (field->type == ZH_TYPE_QUANTITY && field->unit.n == 0) {
        out->unit = copied(arena, stmt, column + 2);
    }
    if (!zh_col_null(stmt, column)) {
        out->decimal = (zh_decimal){zh_col_i64(stmt, column), field->digits};
        return ZH_OK;
    }
    static const struct {
        const char *text;
        zh_value_mark mark;
    } marks[] = {
        {"ND", ZH_MARK_NOT_DETECTED},
        {"NM", ZH_MARK_NOT_MEASURED},
        {"NA", ZH_MARK_NOT_APPLICABLE},
        {"NR", ZH_MARK_NOT_REPORTED},
    };
    for (size_t i = 0; i < ZH_COUNTOF(marks); i++) {
        if (zh_str_is(text, marks[i].text)) {
            out->mark = marks[i].mark;
            return ZH_OK;
        }
    }
    if (text.n > 1 && (text.p[0] == '<' || text.p[0] == '>')) {
        out->mark = text.p[0] == '<' ? ZH_MARK_BELOW : ZH_MARK_ABOVE;
        out->text = zh_str_sub(text, 1, text.n); /* the bound as written; the mark says which */
        return zh_decimal_parse(zh_str_sub(text, 1, text.n), false, &out->decimal);
    }
    return ZH_ECORRUPT;
}

static zh_rc decode_value(zh_arena *arena, const zh_field *field, const zh_stmt *stmt,
                          size_t column, zh_value *out)
{
    *out = ZH_VALUE_NULL;
    switch (field->type) {
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY: return decode_number(arena, field, stmt, column, out);
    case ZH_TYPE_TABLE: return ZH_OK;
    case ZH_TYPE_PERIOD:
        if (!zh_col_null(stmt, column)) {
            out->kind = ZH_PERIOD;
            out->i = zh_col_i64(stmt, column);
            out->to =
                zh_col_null(stmt, column + 1) ? ZH_OPEN_END : (int32_t)zh_col_i64(stmt, column + 1);
        }
        return ZH_OK;
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE:
        if (!zh_col_null(stmt, column)) {
            *out = zh_value_text(copied(arena, stmt, column));
        }
        return ZH_OK;
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_BOOL:
    case ZH_TYPE_REF: break;
    }
    if (zh_col_null(stmt, column)) {
        return ZH_OK;
    }
    out->i = zh_col_i64(stmt, column);
    if (field->type == ZH_TYPE_REF) {
        out->kind = ZH_REF;
        out->office = zh_col_i64(stmt, column + 1);
    } else {
        out->kind = field->type == ZH_TYPE_DATE       ? ZH_DATE
                    : field->type == ZH_TYPE_DATETIME ? ZH_TIME
                                                      : ZH_BOOL;
    }
    return ZH_OK;
}

static zh_rc over_budget(zh_err *err)
{
    zh_err_set(err, ZH_ELIMIT, "read.budget", "结果太大，超出一次请求的内存限额");
    zh_err_fix(err, "请缩小范围或减小每页条数");
    return ZH_ELIMIT;
}

/* Whether the reader's byte budget holds one more row of these columns, and lists of what has been
 * read so far. */
static zh_rc room(zh_ctx *ctx, const zh_stmt *stmt, size_t first, size_t columns)
{
    size_t need = 4096 + columns * (sizeof(zh_value) + 32) * 2 + zh_arena_used(ctx->arena) / 8;
    for (size_t i = first; i < first + columns && i < zh_columns(stmt); i++) {
        zh_sql_type type = zh_col_type(stmt, i);
        if (type == ZH_SQL_TEXT || type == ZH_SQL_BLOB) {
            need += zh_col_str(stmt, i).n + 32;
        }
    }
    return need > zh_arena_left(ctx->arena) ? over_budget(ctx->err) : ZH_OK;
}

zh_rc zh_row_decode(zh_ctx *ctx, const zh_register *reg, const zh_stmt *stmt, size_t first,
                    zh_record **out)
{
    zh_arena *arena = ctx->arena;
    if (room(ctx, stmt, first, zh_columns(stmt) - first) != ZH_OK) {
        return ZH_ELIMIT;
    }
    zh_record *r = ZH_NEW(arena, zh_record);
    r->reg = reg;
    r->office = zh_col_i64(stmt, first);
    r->id = zh_col_i64(stmt, first + 1);
    r->version = (int32_t)zh_col_i64(stmt, first + 2);
    r->state = (int16_t)zh_register_state(reg, zh_col_str(stmt, first + 3));
    r->handler_office = zh_col_i64(stmt, first + 4);
    r->created_at = zh_col_i64(stmt, first + 5);
    r->recorded_at = zh_col_i64(stmt, first + 6);
    r->actor = copied(arena, stmt, first + 7);
    r->values = ZH_NEW_N(arena, zh_value, reg->nfields);
    r->tables = ZH_NEW_N(arena, zh_rows, reg->nfields);
    size_t column = first + ROW_FIXED_COLUMNS;
    const char *suffixes[3];
    for (size_t i = 0; i < reg->nfields; i++) {
        zh_rc rc = decode_value(arena, &reg->fields[i], stmt, column, &r->values[i]);
        if (rc != ZH_OK) {
            zh_err_set(ctx->err, ZH_ECORRUPT, "record.column", "字段“%.*s”存的内容读不懂",
                       ZH_FMT(zh_label_for(ctx->err, reg->fields[i].label)));
            zh_err_where(ctx->err, "%.*s/%" PRId64, ZH_FMT(reg->id), r->id);
            return ZH_ECORRUPT;
        }
        column += zh_field_columns(&reg->fields[i], suffixes);
        if (reg->fields[i].type == ZH_TYPE_TABLE) {
            r->tables[i].table = &reg->fields[i];
        }
    }
    zh_str *derived = ZH_NEW_N(arena, zh_str, reg->nderived ? reg->nderived : 1);
    for (size_t i = 0; i < reg->nderived; i++) {
        derived[i] = copied(arena, stmt, column++);
    }
    r->derived = derived;
    *out = r;
    return ZH_OK;
}

void zh_child_columns(zh_buf *sql, const zh_field *table, const char *alias)
{
    zh_buf_fmt(sql, "%s.row_id", alias);
    for (size_t i = 0; i < table->ncolumns; i++) {
        add_field_columns(sql, &table->columns[i], alias);
    }
}

zh_rc zh_child_decode(zh_ctx *ctx, const zh_field *table, const zh_stmt *stmt, size_t first,
                      int64_t *row_id, zh_value *values)
{
    if (room(ctx, stmt, first, zh_columns(stmt) - first) != ZH_OK) {
        return ZH_ELIMIT;
    }
    *row_id = zh_col_i64(stmt, first);
    size_t column = first + 1;
    const char *suffixes[3];
    for (size_t i = 0; i < table->ncolumns; i++) {
        if (decode_value(ctx->arena, &table->columns[i], stmt, column, &values[i]) != ZH_OK) {
            return zh_err_set(ctx->err, ZH_ECORRUPT, "record.column", "子表列“%.*s”存的内容读不懂",
                              ZH_FMT(zh_label_for(ctx->err, table->columns[i].label)));
        }
        column += zh_field_columns(&table->columns[i], suffixes);
    }
    return ZH_OK;
}

void zh_rows_push(zh_arena *arena, zh_rows *rows, size_t *capacity, int64_t id,
                  const zh_value *values)
{
    size_t width = rows->table->ncolumns;
    if (rows->n == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 4;
        int64_t *ids = ZH_NEW_N(arena, int64_t, more);
        zh_value *all = ZH_NEW_N(arena, zh_value, more * width);
        if (rows->n) {
            memcpy(ids, rows->ids, rows->n * sizeof *ids);
            memcpy(all, rows->values, rows->n * width * sizeof *all);
        }
        rows->ids = ids;
        rows->values = all;
        *capacity = more;
    }
    rows->ids[rows->n] = id;
    memcpy(rows->values + rows->n * width, values, width * sizeof *values);
    rows->n++;
}

zh_rc zh_rows_read(zh_ctx *ctx, zh_rows *rows, size_t *capacity, const zh_stmt *stmt, size_t first,
                   zh_value *values)
{
    int64_t row_id = 0;
    zh_rc rc = zh_child_decode(ctx, rows->table, stmt, first, &row_id, values);
    size_t grown = (*capacity ? *capacity : 2) * 2;
    size_t width = sizeof(int64_t) + rows->table->ncolumns * sizeof(zh_value);
    if (rc == ZH_OK && rows->n == *capacity && grown * width + 64 > zh_arena_left(ctx->arena)) {
        return over_budget(ctx->err);
    }
    if (rc == ZH_OK) {
        zh_rows_push(ctx->arena, rows, capacity, row_id, values);
    }
    return rc;
}

/* The statement that reads a table's rows of n records, parent by parent. Parents of one office. */
static void table_sql(zh_buf *sql, const zh_register *reg, const zh_field *table, size_t n,
                      bool history)
{
    zh_buf_z(sql, "SELECT c.parent, ");
    zh_child_columns(sql, table, "c");
    zh_buf_fmt(sql, " FROM %.*s__%.*s%s c WHERE c.office = ? AND ", ZH_FMT(reg->table),
               ZH_FMT(table->column), history ? "_h" : "");
    zh_buf_z(sql, history ? "(c.parent, c.version) IN (VALUES " : "c.parent IN (");
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(sql, i > 0 ? "," : "");
        zh_buf_z(sql, history ? "(?,?)" : "?");
    }
    zh_buf_z(sql, ") ORDER BY c.parent, c.ord");
}

/* Rows of one table for records of one office that are in the order of their ids. */
static zh_rc take_rows(zh_ctx *ctx, zh_stmt *stmt, zh_record *const *sorted, size_t n,
                       const zh_field *table)
{
    zh_value *values = ZH_NEW_N(ctx->arena, zh_value, table->ncolumns + 1);
    size_t capacity = 0;
    size_t at = 0;
    zh_rc rc = ZH_OK;
    while ((rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        int64_t parent = zh_col_i64(stmt, 0);
        while (at < n && sorted[at]->id < parent) {
            at++;
            capacity = 0;
        }
        if (at == n) {
            break;
        }
        rc = sorted[at]->id == parent
                 ? zh_rows_read(ctx, &sorted[at]->tables[table->index], &capacity, stmt, 1, values)
                 : ZH_OK;
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc load_table(zh_ctx *ctx, zh_conn *conn, zh_record *const *sorted, size_t n,
                        const zh_field *table, bool history)
{
    zh_buf sql;
    size_t places = 1; /* a power of two, so that few different statements are prepared */
    while (places < n) {
        places *= 2;
    }
    zh_sql_value *binds = ZH_NEW_N(ctx->arena, zh_sql_value, 2 * places + 1);
    size_t nbinds = 0;
    zh_stmt *stmt = NULL;
    zh_buf_init(&sql, 64 << 10);
    table_sql(&sql, sorted[0]->reg, table, places, history);
    binds[nbinds++] = ZH_SQL_INT(sorted[0]->office);
    for (size_t i = 0; i < places; i++) {
        zh_record *record = sorted[i < n ? i : n - 1];
        record->tables[table->index] = (zh_rows){.table = table};
        binds[nbinds++] = ZH_SQL_INT(record->id);
        if (history) {
            binds[nbinds++] = ZH_SQL_INT(record->version);
        }
    }
    zh_rc rc = zh_query(conn, zh_buf_view(&sql), binds, nbinds, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = take_rows(ctx, stmt, sorted, n, table);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    return rc;
}

static int by_office_and_id(const void *a, const void *b)
{
    const zh_record *x = *(zh_record *const *)a;
    const zh_record *y = *(zh_record *const *)b;
    return x->office != y->office ? (x->office > y->office) - (x->office < y->office)
                                  : (x->id > y->id) - (x->id < y->id);
}

zh_rc zh_rows_load_all(zh_ctx *ctx, zh_conn *conn, zh_record *const *records, size_t n,
                       bool history)
{
    zh_rc rc = ZH_OK;
    zh_record **sorted = ZH_NEW_N(ctx->arena, zh_record *, n + 1);
    memcpy(sorted, records, n * sizeof *sorted);
    zh_sort(sorted, n, sizeof *sorted, by_office_and_id);
    for (size_t from = 0, to = 0; from < n && rc == ZH_OK; from = to) {
        const zh_register *reg = sorted[from]->reg;
        while (to < n && to - from < ZH_ROWS_BATCH && sorted[to]->office == sorted[from]->office) {
            to++;
        }
        for (size_t i = 0; i < reg->nfields && rc == ZH_OK; i++) {
            if (reg->fields[i].type == ZH_TYPE_TABLE) {
                rc = load_table(ctx, conn, sorted + from, to - from, &reg->fields[i], history);
            }
        }
    }
    return rc;
}

zh_rc zh_rows_load(zh_ctx *ctx, zh_conn *conn, zh_record *record, bool history)
{
    return zh_rows_load_all(ctx, conn, &record, 1, history);
}

void zh_from(zh_arena *arena, zh_buf *sql, zh_binds *binds, const zh_register *reg, int64_t as_of,
             const char *alias)
{
    if (as_of == ZH_AS_OF_NOW) {
        zh_buf_fmt(sql, "%.*s %s", ZH_FMT(reg->table), alias);
        return;
    }
    zh_buf_fmt(
        sql,
        "(SELECT h.* FROM %.*s_h h JOIN zh_outbox b ON b.office = h.office AND "
        "b.batch = h.batch WHERE h.op <> 'withdraw' AND b.pos IS NOT NULL AND b.pos + h.ord < "
        "? AND NOT EXISTS "
        "(SELECT 1 FROM %.*s_h k JOIN zh_outbox c ON c.office = k.office AND "
        "c.batch = k.batch WHERE k.office = h.office AND k.id = h.id AND "
        "k.version = h.version + 1 AND c.pos IS NOT NULL AND c.pos + k.ord < ?)) %s",
        ZH_FMT(reg->table), ZH_FMT(reg->table), alias);
    zh_vec_push(arena, binds, ZH_SQL_INT(as_of));
    zh_vec_push(arena, binds, ZH_SQL_INT(as_of));
}

zh_rc zh_where_add(zh_ctx *ctx, zh_dialect dialect, zh_buf *sql, zh_binds *binds,
                   const zh_register *reg, const zh_program *program, const char *alias,
                   bool history)
{
    if (program == NULL || program->root == NULL) {
        return ZH_OK;
    }
    zh_buf_z(sql, " AND (");
    zh_rc rc = zh_filter_sql(ctx->arena, program->root, reg, alias, dialect, history, sql, binds,
                             ctx->err);
    zh_buf_c(sql, ')');
    return rc;
}

static zh_rc get_where(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const char *condition,
                       const zh_sql_value *values, size_t nvalues, int64_t as_of, zh_record **out)
{
    zh_buf sql;
    zh_buf_init(&sql, 256 << 10);
    zh_binds binds = {0};
    zh_buf_z(&sql, "SELECT ");
    zh_row_columns(&sql, reg, "a");
    zh_buf_z(&sql, " FROM ");
    zh_from(ctx->arena, &sql, &binds, reg, as_of, "a");
    zh_buf_fmt(&sql, " WHERE %s", condition);
    for (size_t i = 0; i < nvalues; i++) {
        zh_vec_push(ctx->arena, &binds, values[i]);
    }
    bool history = as_of != ZH_AS_OF_NOW;
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_scope_add(ctx, zh_conn_dialect(conn), &sql, &binds, reg, "a", history);
    if (rc == ZH_OK) {
        rc = zh_query(conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_row_decode(ctx, reg, stmt, 0, out);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    rc = rc == ZH_OK ? zh_rows_load(ctx, conn, *out, history) : rc;
    if (rc == ZH_OK) {
        zh_mask_record(ctx, *out);
    }
    return rc;
}

zh_rc zh_record_get(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office, int64_t id,
                    int64_t as_of, zh_record **out)
{
    zh_sql_value values[] = {ZH_SQL_INT(id), ZH_SQL_INT(office)};
    zh_rc rc = get_where(ctx, conn, reg, office ? "a.id = ? AND a.office = ?" : "a.id = ?", values,
                         office ? 2 : 1, as_of, out);
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(ctx->err, rc, "record.unknown", "“%.*s”里没有编号为 %" PRId64 " 的记录",
                   ZH_FMT(zh_label_for(ctx->err, reg->label)), id);
    }
    return rc;
}

zh_rc zh_record_by_key(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_str *key,
                       zh_record **out)
{
    zh_assert(reg->nbusiness_key > 0);
    zh_buf condition;
    zh_buf_init(&condition, 16 << 10);
    zh_sql_value *values = ZH_NEW_N(ctx->arena, zh_sql_value, reg->nbusiness_key * 3);
    size_t n = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < reg->nbusiness_key && rc == ZH_OK; i++) {
        const zh_field *field = reg->business_key[i];
        zh_value value;
        char how = 0;
        rc = zh_mask_allows_field(ctx, field);
        rc = rc != ZH_OK ? rc
                         : zh_field_parse(ctx->model, field, ctx->arena, key[i], INT32_MIN, &value,
                                          &how, ctx->err);
        zh_sql_value columns[3];
        if (rc == ZH_OK) {
            size_t width = zh_value_columns(field, &value, columns);
            zh_buf_fmt(&condition, "%sa.%.*s%s = ?", i ? " AND " : "", ZH_FMT(field->column),
                       field->type == ZH_TYPE_PERIOD ? "__a" : "");
            zh_assert(width > 0);
            values[n++] = columns[0];
        }
    }
    zh_buf_c(&condition, '\0');
    if (rc == ZH_OK) {
        rc = get_where(ctx, conn, reg, condition.p, values, n, ZH_AS_OF_NOW, out);
    }
    zh_buf_free(&condition);
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(ctx->err, rc, "record.unknown", "“%.*s”里没有键为“%.*s”的记录",
                   ZH_FMT(zh_label_for(ctx->err, reg->label)), ZH_FMT(key[0]));
        zh_err_fix(ctx->err, "用 --search 或 --where 查找");
    }
    return rc;
}

zh_rc zh_record_withdrawn(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                          int64_t id, int64_t *position)
{
    zh_str sql = zh_str_fmt(ctx->arena,
                            "SELECT COALESCE(b.pos + h.ord, (SELECT MAX(z.pos + z.n) FROM "
                            "zh_outbox z)) FROM %.*s_h h JOIN zh_outbox b ON b.office = h.office "
                            "AND b.batch = h.batch WHERE h.id = ? AND h.op = 'withdraw'%s",
                            ZH_FMT(reg->table), office ? " AND h.office = ?" : "");
    zh_sql_value key[] = {ZH_SQL_INT(id), ZH_SQL_INT(office)};
    return zh_query_i64(conn, sql.p, key, office ? 2 : 1, position, ctx->err);
}

/* The reader must see the record, or have seen it until it was withdrawn. */
static zh_rc seen(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office, int64_t id,
                  zh_record **out)
{
    zh_err missing = zh_err_beside(ctx->err);
    zh_ctx quiet = *ctx;
    int64_t position = 0;
    quiet.err = &missing;
    zh_rc rc = zh_record_get(&quiet, conn, reg, office, id, ZH_AS_OF_NOW, out);
    if (rc == ZH_ENOTFOUND && zh_record_withdrawn(ctx, conn, reg, office, id, &position) == ZH_OK) {
        zh_err_again(&missing);
        rc = zh_record_get(&quiet, conn, reg, office, id, position, out);
    }
    if (rc != ZH_OK) {
        *ctx->err = missing;
    }
    return rc;
}

zh_rc zh_record_history(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                        int64_t id, zh_version **out, size_t *n)
{
    zh_record *current = NULL;
    zh_rc rc = seen(ctx, conn, reg, office, id, &current);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf sql;
    zh_buf_init(&sql, 256 << 10);
    zh_buf_z(&sql, "SELECT h.op, h.reason, h.reason_code, b.pos, h.ord, h.transition, "
                   "h.declaration, h.justification, h.second_actor, ");
    zh_row_columns(&sql, reg, "h");
    zh_buf_fmt(&sql,
               " FROM %.*s_h h JOIN zh_outbox b ON b.office = h.office AND b.batch = h.batch"
               " WHERE h.office = ? AND h.id = ? ORDER BY h.version",
               ZH_FMT(reg->table));
    zh_sql_value binds[] = {ZH_SQL_INT(current->office), ZH_SQL_INT(id)};
    ZH_VEC(zh_version) versions = {0};
    zh_stmt *stmt = NULL;
    rc = zh_query(conn, zh_buf_view(&sql), binds, 2, &stmt, ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_version v = {.op = copied(ctx->arena, stmt, 0),
                        .reason = copied(ctx->arena, stmt, 1),
                        .reason_code = copied(ctx->arena, stmt, 2),
                        .position =
                            zh_col_null(stmt, 3) ? -1 : zh_col_i64(stmt, 3) + zh_col_i64(stmt, 4),
                        .transition = copied(ctx->arena, stmt, 5),
                        .declaration = copied(ctx->arena, stmt, 6),
                        .justification = copied(ctx->arena, stmt, 7),
                        .second_actor = copied(ctx->arena, stmt, 8)};
        zh_record *record = NULL;
        rc = zh_row_decode(ctx, reg, stmt, 9, &record);
        if (rc == ZH_OK) {
            rc = zh_rows_load(ctx, conn, record, true);
            zh_mask_record(ctx, record);
            v.record = record;
            zh_vec_push(ctx->arena, &versions, v);
        }
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    *out = versions.p;
    *n = versions.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}
