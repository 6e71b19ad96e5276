/* One row of a foreign file: which fields its cells are, what becomes of it. */
#include "base/utf8.h"
#include "core/instance/core_private.h"
#include "core/intake/intake_private.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include "core/record/write_private.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

/* ---- errors ---------------------------------------------------------------------------------- */

static zh_str column_letters(zh_arena *arena, size_t column)
{
    char text[8];
    size_t n = 0;
    for (size_t c = column + 1; c > 0 && n < sizeof text; c = (c - 1) / 26) {
        text[n++] = (char)('A' + (c - 1) % 26);
    }
    for (size_t i = 0; i < n / 2; i++) {
        char t = text[i];
        text[i] = text[n - 1 - i];
        text[n - 1 - i] = t;
    }
    return zh_str_dup(arena, (zh_str){text, n});
}

void zh_intake_error_add(zh_arena *arena, zh_intake_errors *errors, const zh_raw_row *row,
                         size_t column, char severity, zh_str rule, zh_str message, zh_str fix)
{
    const zh_mapping *m = row->mapping;
    zh_intake_error e = {.sheet = m->sheet,
                         .row = row->number,
                         .ordinal = row->ordinal,
                         .severity = severity,
                         .at = column};
    e.rule = zh_str_dup(arena, rule);
    e.message = zh_str_dup(arena, message);
    e.fix = zh_str_dup(arena, fix);
    if (column < m->nheaders) {
        e.column = m->xlsx ? column_letters(arena, column) : zh_str_fmt(arena, "%zu", column + 1);
        e.header = m->headers[column];
    }
    e.where = m->xlsx && column < m->nheaders
                  ? zh_str_fmt(arena, "%.*s!%.*s%zu", ZH_FMT(m->sheet), ZH_FMT(e.column), e.row)
              : m->xlsx              ? zh_str_fmt(arena, "%.*s!%zu", ZH_FMT(m->sheet), e.row)
              : column < m->nheaders ? zh_str_fmt(arena, "第%zu行第%zu列", e.row, column + 1)
                                     : zh_str_fmt(arena, "第%zu行", e.row);
    zh_vec_push(arena, errors, e);
}

/* ---- references ------------------------------------------------------------------------------ */

typedef struct ref_hit {
    int64_t office, id;
} ref_hit;

struct zh_ref_cache {
    pthread_mutex_t lock;
    zh_arena *arena;
    zh_map hits; /* register id, 0x1f, key -> ref_hit */
};

enum { REFS_KEPT_BYTES = 96 << 20 };

zh_ref_cache *zh_ref_cache_new(void)
{
    zh_ref_cache *c = zh_alloc(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    c->arena = zh_arena_new(REFS_KEPT_BYTES + ((size_t)64 << 20));
    zh_map_init(&c->hits, c->arena);
    return c;
}

void zh_ref_cache_free(zh_ref_cache *c)
{
    pthread_mutex_destroy(&c->lock);
    zh_arena_free(c->arena);
    zh_dealloc(c);
}

/* One row of the register that has these values, for whoever imports: a record out of their sight
 * is answered like one that is not there. */
static zh_rc find_place(zh_rower *r, const zh_register *reg, zh_buf *sql, zh_binds *binds,
                        zh_value *out)
{
    zh_ctx *ctx = &r->ctx;
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_scope_add(ctx, zh_conn_dialect(r->conn), sql, binds, reg, "a", false);
    if (rc == ZH_OK) {
        rc = zh_query(r->conn, zh_buf_view(sql), binds->p, binds->n, &stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        out->office = zh_col_i64(stmt, 0);
        out->i = zh_col_i64(stmt, 1);
    }
    zh_finish(stmt);
    return rc;
}

/* The record of a register that has this business key; only its place is read. */
static zh_rc look_up_key(zh_rower *r, const zh_register *target, zh_value *v)
{
    zh_ctx *ctx = &r->ctx;
    zh_value key = ZH_VALUE_NULL;
    char how = 0;
    zh_err ignored = {0};
    if (target->nbusiness_key != 1 ||
        zh_field_parse(ctx->model, target->business_key[0], ctx->arena, v->text, INT32_MIN, &key,
                       &how, &ignored) != ZH_OK) {
        return ZH_ENOTFOUND; /* not even the form of a key */
    }
    const zh_record *earlier =
        target == r->options->reg ? zh_ahead_by_key(ctx->ahead, ctx->arena, &key) : NULL;
    if (earlier != NULL) {
        v->office = earlier->office;
        v->i = earlier->id;
        return ZH_OK;
    }
    zh_sql_value columns[3];
    const char *suffixes[3];
    zh_binds binds = {0};
    zh_buf sql;
    (void)zh_value_columns(target->business_key[0], &key, columns);
    (void)zh_field_columns(target->business_key[0], suffixes);
    zh_buf_init(&sql, 64 << 10);
    zh_buf_fmt(&sql, "SELECT a.office, a.id FROM %.*s a WHERE a.%.*s%s = ?", ZH_FMT(target->table),
               ZH_FMT(target->business_key[0]->column), suffixes[0]);
    zh_vec_push(ctx->arena, &binds, columns[0]);
    zh_rower seeing = *r;
    seeing.ctx.post = target->public_key ? NULL : ctx->post;
    zh_rc rc = find_place(&seeing, target, &sql, &binds, v);
    zh_buf_free(&sql);
    return rc;
}

static zh_rc resolve(zh_rower *r, const zh_field *field, zh_value *v)
{
    if (field->target == r->options->reg) {
        return look_up_key(r, field->target, v); /* the cache would keep what is not yet stored */
    }
    char bytes[512];
    zh_str target = field->target->id;
    size_t n = target.n + 1 + v->text.n;
    if (n > sizeof bytes) {
        return ZH_ENOTFOUND;
    }
    memcpy(bytes, target.p, target.n);
    bytes[target.n] = 31;
    if (v->text.n) {
        memcpy(bytes + target.n + 1, v->text.p, v->text.n);
    }
    zh_str key = {bytes, n};
    pthread_mutex_lock(&r->refs->lock);
    const ref_hit *hit = zh_map_get(&r->refs->hits, key);
    pthread_mutex_unlock(&r->refs->lock);
    if (hit != NULL) {
        v->office = hit->office;
        v->i = hit->id;
        zh_ref_known(r->ctx.core, field->target, v->office, v->i);
        return ZH_OK;
    }
    zh_rc rc = look_up_key(r, field->target, v);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ref_known(r->ctx.core, field->target, v->office, v->i);
    pthread_mutex_lock(&r->refs->lock);
    if (zh_arena_used(r->refs->arena) < REFS_KEPT_BYTES) {
        ref_hit *kept = ZH_NEW(r->refs->arena, ref_hit);
        *kept = (ref_hit){v->office, v->i};
        zh_map_put(&r->refs->hits, zh_str_dup(r->refs->arena, key), kept);
    }
    pthread_mutex_unlock(&r->refs->lock);
    return ZH_OK;
}

/* ---- cells to values ------------------------------------------------------------------------- */

typedef struct rowing {
    zh_rower *r;
    const zh_raw_row *row;
    zh_intake_errors *errors;
    size_t column;  /* last read, SIZE_MAX when the text came from elsewhere */
    unsigned flags; /* of the last cell */
    bool refused, doubtful;
    bool waits;            /* see zh_row_result */
    bool absent;           /* the file has none of the columns last asked for */
    zh_str piece;          /* of a split cell */
    const zh_field *dated; /* the date field read last for a code … */
    zh_date dated_on;      /* … and what it says, INT32_MIN nothing */
    zh_change *changes;
    size_t *columns; /* of each change, for later errors */
    size_t nchanges;
} rowing;

static bool source_column(void *user, zh_str name, zh_str *out)
{
    rowing *w = user;
    size_t column = SIZE_MAX;
    bool found = zh_row_cell(w->row->mapping, w->row->cells, w->row->n, name, out, &column);
    if (found) {
        w->column = column;
        w->flags = column < w->row->n ? w->row->cells[column].flags : 0;
    }
    return found;
}

static zh_str source_file(void *user, zh_str name)
{
    const rowing *w = user;
    const zh_layout *layout = w->row->mapping->layout;
    for (size_t i = 0; i < layout->nfile_names; i++) {
        if (zh_str_eq(layout->file_names[i], name)) {
            return w->row->mapping->file_parts[i];
        }
    }
    return ZH_STR_NONE;
}

static void refuse(rowing *w, const zh_err *err)
{
    w->refused = true;
    zh_intake_error_add(w->r->ctx.arena, w->errors, w->row, w->column, 'r', zh_str_of(err->rule),
                        zh_str_of(err->message), zh_str_of(err->fix));
}

static void refuse_text(rowing *w, const char *rule, zh_str message, const char *fix)
{
    w->refused = true;
    zh_intake_error_add(w->r->ctx.arena, w->errors, w->row, w->column, 'r', zh_str_of(rule),
                        message, zh_str_of(fix));
}

static void doubt(rowing *w, const char *rule, zh_str message, const char *fix)
{
    w->doubtful = true;
    zh_intake_error_add(w->r->ctx.arena, w->errors, w->row, w->column, 'd', zh_str_of(rule),
                        message, zh_str_of(fix));
}

/* A cell shown as a percentage holds the fraction: 0.0223 is 2.23 %. */
static zh_str percent_text(zh_arena *arena, zh_str text)
{
    zh_decimal d;
    zh_decimal out;
    if (zh_decimal_parse(text, true, &d) != ZH_OK) {
        return text;
    }
    uint8_t digits = d.digits > 2 ? (uint8_t)(d.digits - 2) : 0;
    return zh_decimal_mul(d, (zh_decimal){100, 0}, digits, ZH_ROUND_REFUSE, &out) == ZH_OK
               ? zh_decimal_str(arena, out)
               : text;
}

/* What a cell's own kind says about the text that a field is about to be given. */
static bool cell_usable(rowing *w, const zh_field *field, zh_str *text)
{
    bool number = field->type == ZH_TYPE_DECIMAL || field->type == ZH_TYPE_QUANTITY;
    if (w->column == SIZE_MAX) {
        return true;
    }
    if (w->flags & ZH_CELL_ERROR) {
        refuse_text(w, "intake.formula",
                    zh_str_fmt(w->r->ctx.arena, "单元格是公式错误 %.*s", ZH_FMT(*text)),
                    "在表里改正公式，或把它粘贴为值");
        return false;
    }
    if (w->flags & ZH_CELL_LOSSY) {
        refuse_text(w, "intake.lossy", ZH_STR("这个数字超过 15 位，在电子表格里已经丢失末尾的数字"),
                    "把这一列设为文本格式后重新填写原值");
        return false;
    }
    if (number && (w->flags & ZH_CELL_PERCENT)) {
        *text = percent_text(w->r->ctx.arena, *text);
    }
    return true;
}

static zh_date date_of(const zh_value *v)
{
    return v->kind == ZH_DATE ? (zh_date)v->i : v->kind == ZH_TIME ? zh_time_date(v->i) : INT32_MIN;
}

/* A date field of this row: as given, or computed from what is given so far. */
static zh_date row_date(rowing *w, const zh_field *field)
{
    zh_ctx *ctx = &w->r->ctx;
    const zh_register *reg = w->r->options->reg;
    zh_value value = ZH_VALUE_NULL;
    zh_err ignored = {0};
    if (!field->computed || field->expr.needs_store) {
        for (size_t i = 0; i < w->nchanges; i++) {
            value = w->changes[i].field == field ? w->changes[i].value : value;
        }
        return date_of(&value);
    }
    zh_record *record = ZH_NEW(ctx->arena, zh_record);
    *record = (zh_record){.reg = reg, .office = ctx->office, .recorded_at = w->r->now};
    record->values = ZH_NEW_N(ctx->arena, zh_value, reg->nfields + 1);
    record->tables = ZH_NEW_N(ctx->arena, zh_rows, reg->nfields + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        record->tables[i].table = &reg->fields[i];
    }
    for (size_t i = 0; i < w->nchanges; i++) {
        record->values[w->changes[i].field->index] = w->changes[i].value;
    }
    zh_env env = zh_read_env(ctx, w->r->conn, ZH_AS_OF_NOW, record);
    return zh_eval(&field->expr, &env, &value, &ignored) == ZH_OK ? date_of(&value) : INT32_MIN;
}

/* The date on which a code is read, the one on which the write will check it: its declared field's,
 * else the event's, else today. */
static zh_date date_for(rowing *w, const zh_field *field)
{
    const zh_register *reg = w->r->options->reg;
    const zh_field *at = zh_register_field(reg, field->as_of_field);
    at = at != NULL && at->table == NULL ? at : reg->event_time;
    if (at != NULL && at != w->dated) {
        w->dated_on = row_date(w, at);
        if (w->dated_on == INT32_MIN && reg->event_time != NULL && at != reg->event_time) {
            w->dated_on = row_date(w, reg->event_time);
        }
        w->dated = at;
    }
    return at == NULL || w->dated_on == INT32_MIN ? zh_time_date(w->r->now) : w->dated_on;
}

/* The text of one field as a value; null when it is refused. */
static zh_rc value_of(rowing *w, const zh_field *field, zh_str text, zh_value *out)
{
    zh_ctx *ctx = &w->r->ctx;
    zh_err err = {0};
    char how = 0;
    *out = ZH_VALUE_NULL;
    if (text.n == 0 || !cell_usable(w, field, &text)) {
        return ZH_OK;
    }
    zh_date at = field->type == ZH_TYPE_CODE ? date_for(w, field) : INT32_MIN;
    zh_rc rc = zh_field_parse(ctx->model, field, ctx->arena, text, at, out, &how, &err);
    if (rc == ZH_EDB || rc == ZH_EIO || rc == ZH_ENOMEM) {
        *ctx->err = err;
        return rc;
    }
    /* a code of the pilot years is in doubt; the door says so and asks for the justification */
    bool pilot = rc == ZH_ECONFLICT && field->type == ZH_TYPE_STRING && out->kind == ZH_TEXT;
    if (rc != ZH_OK && !pilot) {
        *out = ZH_VALUE_NULL;
        refuse(w, &err);
        return ZH_OK;
    }
    if (how == 'p') {
        doubt(w, "intake.initials",
              zh_str_fmt(ctx->arena, "“%.*s”只按拼音首字母对上了 %.*s", ZH_FMT(text),
                         ZH_FMT(out->text)),
              "写出全名或编码");
    }
    if (out->kind == ZH_REF && out->i == 0 && w->r->conn != NULL) {
        if (field->target == w->r->options->reg && !w->r->in_order) {
            w->waits = true;
            return ZH_OK;
        }
        rc = resolve(w->r, field, out);
        if (rc == ZH_ENOTFOUND) {
            refuse_text(w, "intake.reference",
                        zh_str_fmt(ctx->arena, "“%.*s”登记册里没有“%.*s”",
                                   ZH_FMT(field->target->label.zh), ZH_FMT(out->text)),
                        "先导入它，或更正这个值");
            rc = ZH_OK;
        }
        return rc;
    }
    return ZH_OK;
}

static zh_rc picked(rowing *w, const zh_pick *pick, zh_str *text)
{
    zh_ctx *ctx = &w->r->ctx;
    zh_err err = {0};
    zh_pick_source source = {
        w, source_column, source_file, w->row->mapping->sheet, w->row->number, w->piece};
    w->column = SIZE_MAX;
    w->flags = 0;
    zh_rc rc = zh_pick_run(pick, &source, ctx->arena, text, &err);
    w->absent = rc == ZH_ENOTFOUND; /* fits() has seen to the required ones */
    if (w->absent) {
        *text = ZH_STR_NONE;
        return ZH_OK;
    }
    if (rc != ZH_OK) {
        *text = ZH_STR_NONE;
        refuse(w, &err);
        return ZH_OK;
    }
    *text = zh_str_trim(*text);
    if (text->n && (!zh_utf8_clean(*text) || zh_utf8_nfc(ctx->arena, *text, text) != ZH_OK)) {
        refuse_text(w, "intake.text", ZH_STR("含有控制字符或无效的文字"), "删去不可见字符");
        *text = ZH_STR_NONE;
    }
    return ZH_OK;
}

static void add_change(rowing *w, const zh_field *field, const zh_value *value, const zh_rows *rows)
{
    w->columns[w->nchanges] = w->column;
    w->changes[w->nchanges++] = (zh_change){field, *value, rows};
}

/* Constants of the command line win over the recipe. */
static bool given(const rowing *w, const zh_field *field, zh_str *text)
{
    const zh_intake_options *o = w->r->options;
    for (size_t i = 0; i < o->nset; i++) {
        if (zh_str_eq(o->set_names[i], field->id)) {
            *text = o->set_values[i];
            return true;
        }
    }
    return false;
}

/* Fields in two rounds: dates and periods first, because codes are read as at a date. */
static zh_rc run_sets(rowing *w)
{
    const zh_layout *layout = w->row->mapping->layout;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < layout->nsets; i++) {
            const zh_field *field = layout->sets[i].field;
            bool dated = field->type == ZH_TYPE_DATE || field->type == ZH_TYPE_DATETIME ||
                         field->type == ZH_TYPE_PERIOD;
            zh_str text = ZH_STR_NONE;
            zh_value value;
            if (dated != (round == 0)) {
                continue;
            }
            w->column = SIZE_MAX;
            w->absent = false;
            zh_rc rc = given(w, field, &text) ? ZH_OK : picked(w, &layout->sets[i].pick, &text);
            if (rc == ZH_OK && w->absent) {
                continue; /* a file that says nothing of a field leaves it alone */
            }
            if (rc == ZH_OK) {
                rc = value_of(w, field, text, &value);
            }
            if (rc != ZH_OK) {
                return rc;
            }
            add_change(w, field, &value, NULL);
        }
    }
    return ZH_OK;
}

/* One child row; *told when the file has a column for it. */
static zh_rc run_row_set(rowing *w, const zh_row_set *set, zh_value *values, bool *keep, bool *told)
{
    *keep = true;
    for (size_t i = 0; i < set->nsets; i++) {
        zh_str text = ZH_STR_NONE;
        const zh_field *field = set->sets[i].field;
        zh_rc rc = picked(w, &set->sets[i].pick, &text);
        *told = *told || (!w->absent && set->sets[i].pick.take != ZH_TAKE_VALUE);
        if (rc == ZH_OK) {
            rc = value_of(w, field, text, &values[field->index]);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        *keep = *keep && !(set->unless_null == field && values[field->index].kind == ZH_NULL);
    }
    return ZH_OK;
}

static bool is_separator(zh_str separators, zh_str text, size_t at, size_t *length)
{
    for (size_t i = 0; i < separators.n;) {
        size_t next = i;
        (void)zh_utf8_next(separators, &next);
        zh_str one = zh_str_sub(separators, i, next - i);
        if (zh_str_starts(zh_str_sub(text, at, text.n), one)) {
            *length = one.n;
            return true;
        }
        i = next;
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Cuts the next piece off *rest. */
static zh_str next_piece(const zh_table_set *t, zh_str *rest)
{
    for (size_t i = 0; i < rest->n; i++) {
        size_t length = 0;
        if (is_separator(t->separator, *rest, i, &length) &&
            !(t->keep_in_numbers && i > 0 && i + length < rest->n && is_digit(rest->p[i - 1]) &&
              is_digit(rest->p[i + length]))) {
            zh_str piece = zh_str_sub(*rest, 0, i);
            *rest = (zh_str){rest->p + i + length, rest->n - i - length};
            return zh_str_trim(piece);
        }
    }
    zh_str piece = *rest;
    *rest = ZH_STR_NONE;
    return zh_str_trim(piece);
}

static bool has_value(const zh_rows *rows, const zh_field *into, const zh_value *v)
{
    for (size_t i = 0; i < rows->n; i++) {
        const zh_value *o = &rows->values[i * rows->table->ncolumns + into->index];
        if (o->kind == v->kind && o->i == v->i && zh_str_eq(o->text, v->text)) {
            return true;
        }
    }
    return false;
}

static bool row_sets(const zh_row_set *set, const zh_field *field)
{
    for (size_t i = 0; i < set->nsets; i++) {
        if (set->sets[i].field == field) {
            return true;
        }
    }
    return false;
}

static zh_rc split_rows(rowing *w, const zh_table_set *t, zh_rows *rows, size_t *capacity,
                        bool *told)
{
    zh_str rest = ZH_STR_NONE;
    zh_rc rc = picked(w, &t->split, &rest);
    *told = !w->absent;
    size_t column = w->column;
    unsigned flags = w->flags;
    while (rc == ZH_OK && rest.n > 0) {
        zh_value *values = ZH_NEW_N(w->r->ctx.arena, zh_value, t->table->ncolumns + 1);
        zh_value *into = &values[t->into->index];
        bool keep = true;
        w->piece = next_piece(t, &rest);
        if (w->piece.n == 0) {
            continue;
        }
        rc = run_row_set(w, &t->rows[0], values, &keep, told);
        if (rc == ZH_OK && !row_sets(&t->rows[0], t->into)) {
            w->column = column;
            w->flags = flags;
            rc = value_of(w, t->into, w->piece, into);
        }
        if (rc == ZH_OK && keep && into->kind != ZH_NULL &&
            !(t->unique && has_value(rows, t->into, into))) {
            zh_rows_push(w->r->ctx.arena, rows, capacity, 0, values);
        }
        if (rows->n > ZH_TABLE_ROWS_MAX) {
            refuse_text(w, "intake.rows", ZH_STR("一个单元格里的条目太多"), "分成几行");
            return ZH_OK;
        }
    }
    return rc;
}

static zh_rc run_tables(rowing *w)
{
    const zh_layout *layout = w->row->mapping->layout;
    for (size_t i = 0; i < layout->ntables; i++) {
        const zh_table_set *t = &layout->tables[i];
        zh_rows *rows = ZH_NEW(w->r->ctx.arena, zh_rows);
        rows->table = t->table;
        size_t capacity = 0;
        bool told = false;
        zh_rc rc = ZH_OK;
        if (t->into != NULL) {
            rc = split_rows(w, t, rows, &capacity, &told);
        }
        for (size_t k = 0; k < t->nrows && t->into == NULL && rc == ZH_OK; k++) {
            zh_value *values = ZH_NEW_N(w->r->ctx.arena, zh_value, t->table->ncolumns + 1);
            bool keep = true;
            rc = run_row_set(w, &t->rows[k], values, &keep, &told);
            if (rc == ZH_OK && keep) {
                zh_rows_push(w->r->ctx.arena, rows, &capacity, 0, values);
            }
        }
        if (rc != ZH_OK) {
            return rc;
        }
        if (told) {
            add_change(w, t->table, &ZH_VALUE_NULL, rows);
        }
    }
    return ZH_OK;
}

/* ---- keys and existing records --------------------------------------------------------------- */

static uint64_t mix(uint64_t h, zh_str s)
{
    return (h ^ zh_str_hash(s)) * 0x9e3779b97f4a7c15u + s.n;
}

static const zh_value *value_given(const rowing *w, const zh_field *field)
{
    for (size_t i = 0; i < w->nchanges; i++) {
        if (w->changes[i].field == field) {
            return &w->changes[i].value;
        }
    }
    return NULL;
}

/* Hash of the values of a key; false when the row leaves one of them empty. */
static bool hash_key(const rowing *w, const zh_field *const *fields, size_t n, uint64_t *out)
{
    bool whole = n > 0;
    char type = 0;
    for (size_t i = 0; i < n; i++) {
        const zh_value *v = value_given(w, fields[i]);
        whole = whole && v != NULL && v->kind != ZH_NULL;
        *out = mix(*out, v ? zh_value_canonical(w->r->ctx.arena, v, &type) : ZH_STR(""));
    }
    return whole;
}

static bool same_keys(const zh_register *reg)
{
    bool same = reg->nrow_key == reg->nbusiness_key;
    for (size_t i = 0; i < reg->nrow_key && same; i++) {
        same = reg->row_key[i] == reg->business_key[i];
    }
    return same;
}

static void hash_row(const rowing *w, const zh_register *reg, zh_row_result *out)
{
    zh_arena *arena = w->r->ctx.arena;
    char type = 0;
    out->keyed = hash_key(w, reg->row_key, reg->nrow_key, &out->key);
    out->named = !same_keys(reg) && hash_key(w, reg->business_key, reg->nbusiness_key, &out->name);
    uint64_t content = 0;
    for (size_t i = 0; i < w->nchanges; i++) {
        const zh_change *c = &w->changes[i];
        content = mix(content, zh_value_canonical(arena, &c->value, &type));
        for (size_t k = 0; c->rows != NULL && k < c->rows->n * c->rows->table->ncolumns; k++) {
            content = mix(content, zh_value_canonical(arena, &c->rows->values[k], &type));
        }
    }
    out->content = (uint32_t)(content ^ content >> 32);
}

/* The record of this office with the row's values in the fields of a key. */
static zh_rc find_existing(rowing *w, const zh_register *reg, const zh_field *const *key,
                           size_t nkey, zh_record **out)
{
    zh_ctx *ctx = &w->r->ctx;
    zh_buf sql;
    zh_buf_init(&sql, 64 << 10);
    zh_binds binds = {0};
    /* the home office may be another than the writer's: the key alone finds the record */
    zh_buf_fmt(&sql, "SELECT a.office, a.id FROM %.*s a WHERE 1 = 1", ZH_FMT(reg->table));
    for (size_t i = 0; i < nkey; i++) {
        const zh_field *field = key[i];
        const char *suffixes[3];
        zh_sql_value columns[3];
        size_t n = zh_field_columns(field, suffixes);
        (void)zh_value_columns(field, value_given(w, field), columns);
        if (field->type == ZH_TYPE_DECIMAL || field->type == ZH_TYPE_QUANTITY) {
            n = 1;
        }
        for (size_t k = 0; k < n; k++) {
            bool null = columns[k].type == ZH_SQL_NULL;
            zh_buf_fmt(&sql, " AND a.%.*s%s%s", ZH_FMT(field->column), suffixes[k],
                       null ? " IS NULL" : " = ?");
            if (!null) {
                zh_vec_push(ctx->arena, &binds, columns[k]);
            }
        }
    }
    zh_value place = ZH_VALUE_NULL;
    zh_rc rc = find_place(w->r, reg, &sql, &binds, &place);
    zh_buf_free(&sql);
    return rc == ZH_OK
               ? zh_record_get(ctx, w->r->conn, reg, place.office, place.i, ZH_AS_OF_NOW, out)
               : rc;
}

/* The record this row speaks of, NULL when it is new. A business key that belongs to another record
 * refuses the row. */
static zh_rc find_old(rowing *w, const zh_register *reg, const zh_row_result *row, zh_record **out)
{
    zh_record *other = NULL;
    zh_rc rc = ZH_ENOTFOUND;
    if (w->r->look_up && row->keyed) {
        rc = find_existing(w, reg, reg->row_key, reg->nrow_key, out);
    }
    if ((rc == ZH_OK || rc == ZH_ENOTFOUND) && w->r->look_up && row->named) {
        rc = find_existing(w, reg, reg->business_key, reg->nbusiness_key, &other);
    }
    if (other != NULL && (*out == NULL || (*out)->id != other->id)) {
        w->column = SIZE_MAX;
        refuse_text(w, "intake.taken", ZH_STR("业务键已属于另一条记录，而行键不同"),
                    "核对业务键，或在原记录上更正");
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static bool same_rows(const zh_rows *a, const zh_rows *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n * b->table->ncolumns; i++) {
        if (!zh_value_same(&a->values[i], &b->values[i])) {
            return false;
        }
    }
    return true;
}

/* Leaves only what differs from the record; a row that says nothing of a field leaves it alone. */
static void keep_differences(rowing *w, const zh_record *old)
{
    size_t n = 0;
    for (size_t i = 0; i < w->nchanges; i++) {
        const zh_change *c = &w->changes[i];
        bool same = c->rows != NULL ? same_rows(&old->tables[c->field->index], c->rows)
                                    : zh_value_same(&old->values[c->field->index], &c->value);
        if (!same) {
            w->columns[n] = w->columns[i];
            w->changes[n++] = *c;
        }
    }
    w->nchanges = n;
}

/* ---- preparing ------------------------------------------------------------------------------- */

static size_t column_of_field(const rowing *w, zh_str field)
{
    ptrdiff_t bracket = zh_str_chr(field, '[');
    zh_str id = bracket >= 0 ? zh_str_sub(field, 0, (size_t)bracket) : field;
    for (size_t i = 0; i < w->nchanges; i++) {
        if (zh_str_eq(w->changes[i].field->id, id)) {
            return w->columns[i];
        }
    }
    return SIZE_MAX;
}

typedef struct rule_place {
    const rowing *w;
    size_t column;
} rule_place;

static void place_node(void *user, const zh_expr *node)
{
    rule_place *place = user;
    if (place->column == SIZE_MAX && node->op == ZH_X_FIELD && node->field != NULL) {
        place->column = column_of_field(place->w, node->field->id);
    }
}

/* Where a finding stands: the column of its field, or of the first field its rule speaks of. */
static size_t column_of(const rowing *w, const zh_finding *f)
{
    const zh_register *reg = w->r->options->reg;
    rule_place place = {w, column_of_field(w, f->field)};
    for (size_t i = 0; i < reg->nrules && place.column == SIZE_MAX; i++) {
        if (zh_str_eq(reg->rules[i].id, f->rule)) {
            zh_expr_walk(reg->rules[i].test.root, place_node, &place);
        }
    }
    return place.column;
}

static void add_findings(rowing *w, const zh_findings *findings)
{
    for (size_t i = 0; i < findings->list.n; i++) {
        const zh_finding *f = &findings->list.p[i];
        char severity = f->severity == ZH_REJECT ? 'r' : f->severity == ZH_JUSTIFY ? 'd' : 'h';
        zh_str message = f->message;
        if (f->clause.n) {
            message =
                zh_str_fmt(w->r->ctx.arena, "%.*s（%.*s）", ZH_FMT(f->message), ZH_FMT(f->clause));
        }
        zh_intake_error_add(w->r->ctx.arena, w->errors, w->row, column_of(w, f), severity, f->rule,
                            message, f->fix);
        w->refused = w->refused || severity == 'r';
    }
    w->doubtful = w->doubtful || findings->doubtful;
}

/* The justification goes only with a row that needs it. */
static zh_rc prepare_write(rowing *w, zh_op *op, zh_findings *findings, zh_prepared **out)
{
    zh_ctx *ctx = &w->r->ctx;
    zh_rc rc = zh_record_prepare(ctx, w->r->conn, op, findings, out);
    if (rc == ZH_EINVAL && findings->doubtful && !findings->rejected &&
        w->r->options->justification.n > 0) {
        *findings = (zh_findings){0};
        zh_err_again(ctx->err);
        op->justification = w->r->options->justification;
        rc = zh_record_prepare(ctx, w->r->conn, op, findings, out);
    }
    return rc;
}

/* What the post may not write: this row alone. Outside its data scope the column is that of the
 * home office, and the answer is the same whatever is recorded there. */
static void refuse_denied(rowing *w)
{
    zh_ctx *ctx = &w->r->ctx;
    const zh_register *reg = w->r->options->reg;
    bool outside = strcmp(ctx->err->rule, "permission.scope") == 0;
    w->column =
        outside && reg->home_field != NULL ? column_of_field(w, reg->home_field->id) : SIZE_MAX;
    if (outside) {
        refuse_text(w, "permission.scope", ZH_STR("这一行不在你的岗位的数据范围内"),
                    "删去这一行，或请管这个地区的同事导入它");
    } else {
        refuse(w, ctx->err);
    }
    zh_err_clear(ctx->err);
}

/* A form may record what is at home elsewhere, because its writer handles it from then on. A file
 * of such rows is somebody else's. */
static zh_rc home_within(zh_ctx *ctx, const zh_record *record)
{
    bool whose = ctx->post == NULL || ctx->post->scope == ZH_SCOPE_OWN ||
                 record->reg->home_field == NULL || zh_scope_has_office(ctx, record->office);
    return whose ? ZH_OK
                 : zh_err_set(ctx->err, ZH_EDENIED, "permission.scope", "所属机构不在数据范围内");
}

static zh_rc prepare(rowing *w, const zh_record *old, zh_row_result *out)
{
    zh_ctx *ctx = &w->r->ctx;
    zh_findings findings = {0};
    zh_op op = {
        .kind = old ? ZH_OP_AMEND : ZH_OP_CREATE,
        .reg = w->r->options->reg,
        .office = old ? old->office : 0,
        .id = old ? old->id : 0,
        .version_expected = old ? old->version : 0,
        .changes = w->changes,
        .nchanges = w->nchanges,
        .reason = old ? w->r->reason : ZH_STR_NONE,
        .rehearsal = w->r->rehearsal,
    };
    zh_rc rc = prepare_write(w, &op, &findings, &out->prepared);
    if (rc == ZH_OK && old == NULL) {
        rc = home_within(ctx, zh_prepared_record(out->prepared));
        out->prepared = rc == ZH_OK ? out->prepared : NULL;
    }
    if (rc == ZH_EDENIED) {
        refuse_denied(w);
        return ZH_OK;
    }
    if (rc == ZH_EINVAL) {
        add_findings(w, &findings);
        if (findings.list.n == 0) {
            w->column = SIZE_MAX;
            refuse(w, ctx->err);
        }
        w->refused = w->refused || !findings.doubtful;
        zh_err_again(ctx->err);
        return ZH_OK;
    }
    if (rc == ZH_OK) {
        add_findings(w, &findings); /* hints */
        out->outcome = old ? ZH_ROW_CHANGED : ZH_ROW_FRESH;
    }
    return rc;
}

zh_rc zh_row_run(zh_rower *r, const zh_raw_row *row, zh_row_result *out, zh_intake_errors *errors)
{
    const zh_register *reg = r->options->reg;
    rowing w = {.r = r, .row = row, .errors = errors, .column = SIZE_MAX};
    *out = (zh_row_result){.outcome = ZH_ROW_REFUSED};
    if (row->rc != ZH_OK) {
        refuse_text(&w, row->rule.p, row->message, "");
        return ZH_OK;
    }
    const zh_layout *layout = row->mapping->layout;
    size_t n = layout->nsets + layout->ntables + 1;
    size_t before = errors->n;
    if (n > r->room) {
        r->changes = ZH_NEW_N(r->ctx.arena, zh_change, n);
        r->columns = ZH_NEW_N(r->ctx.arena, size_t, n);
        r->room = n;
    }
    w.changes = r->changes;
    w.columns = r->columns;
    zh_rc rc = run_sets(&w);
    if (rc == ZH_OK) {
        rc = run_tables(&w);
    }
    if (rc == ZH_OK && w.waits) {
        errors->n = before;
        out->waits = true;
        return ZH_OK;
    }
    if (rc != ZH_OK || w.refused) {
        return rc;
    }
    hash_row(&w, reg, out);
    if (r->replay) {
        out->outcome = ZH_ROW_SAME;
        return ZH_OK;
    }
    zh_record *old = NULL;
    rc = find_old(&w, reg, out, &old);
    if (rc != ZH_OK || w.refused) {
        return rc;
    }
    if (old != NULL) {
        keep_differences(&w, old);
        if (w.nchanges == 0) {
            out->outcome = ZH_ROW_SAME;
            return ZH_OK;
        }
    }
    rc = prepare(&w, old, out);
    if (w.refused) {
        out->outcome = ZH_ROW_REFUSED;
    } else if (w.doubtful && (r->options->justification.n == 0 || out->prepared == NULL)) {
        out->outcome = ZH_ROW_DOUBTFUL;
    }
    return rc;
}
