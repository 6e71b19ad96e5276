/* Validation of a record about to be written: values, required fields, references, rules.
 *
 * Every reason is collected, not only the first, so that a person corrects a form once. Values that
 * the write does not touch were checked when they were written and are not checked again; rules and
 * required fields are, because they may speak of the state. */
#include "base/utf8.h"
#include "core/read/ahead.h"
#include "core/read/permission.h"
#include "core/read/read_private.h"
#include "core/record/write_private.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FINDINGS_MAX = 200 };

/* ---- findings ------------------------------------------------------------------------------- */

void zh_write_find(zh_write *w, zh_severity severity, zh_str rule, zh_str field, zh_str clause,
                   zh_str fix, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    zh_str message = zh_str_vfmt(w->ctx->arena, zh_err_text(w->ctx->err, format), args);
    va_end(args);
    if (fix.n > 0) {
        fix = zh_str_of(zh_err_text(w->ctx->err, zh_str_c(w->ctx->arena, fix)));
    }
    w->findings->rejected |= severity == ZH_REJECT;
    if (w->findings->list.n < FINDINGS_MAX) {
        zh_finding finding = {severity, rule, message, clause, field, fix};
        zh_vec_push(w->ctx->arena, &w->findings->list, finding);
    }
    if (severity == ZH_REJECT) {
        char id[64];
        (void)snprintf(id, sizeof id, "%.*s", ZH_FMT(rule));
        if (w->ctx->err != NULL && w->ctx->err->rc == ZH_OK) {
            zh_err_set(w->ctx->err, ZH_EINVAL, id, "%.*s", ZH_FMT(message));
            zh_err_where(w->ctx->err, "%.*s", ZH_FMT(field));
            zh_err_clause(w->ctx->err, "%.*s", ZH_FMT(clause));
            zh_err_fix(w->ctx->err, "%.*s", ZH_FMT(fix));
        }
    }
}

zh_str zh_write_where(zh_write *w, const zh_field *field, size_t row)
{
    if (field->table == NULL) {
        return field->id;
    }
    return zh_str_fmt(w->ctx->arena, "%.*s[%zu].%.*s", ZH_FMT(field->table->id), row,
                      ZH_FMT(zh_child_name(field)));
}

/* A finding from an error that a check recorded. */
static void find_error(zh_write *w, const zh_field *field, size_t row, zh_severity severity,
                       const zh_err *e)
{
    zh_arena *arena = w->ctx->arena;
    w->findings->doubtful |= severity == ZH_JUSTIFY && w->op->justification.n == 0;
    zh_write_find(w, severity, zh_str_dup(arena, zh_str_of(e->rule)), zh_write_where(w, field, row),
                  zh_str_dup(arena, zh_str_of(e->clause)), zh_str_dup(arena, zh_str_of(e->fix)),
                  "%s", e->message);
}

/* What concerns the machine and not the data goes up as it is. */
static bool is_refusal(zh_rc rc)
{
    return rc == ZH_EINVAL || rc == ZH_ELIMIT || rc == ZH_ECONFLICT || rc == ZH_ENOTFOUND;
}

/* ---- values --------------------------------------------------------------------------------- */

zh_rc zh_write_eval(zh_write *w, const zh_program *program, const zh_rows *rows, size_t row,
                    zh_value *out)
{
    zh_env env = w->env;
    zh_value value; /* *out may be the very field that the program reads */
    env.rows = rows;
    env.row = row;
    zh_rc rc = zh_eval(program, &env, &value, w->ctx->err);
    if (rc == ZH_OK) {
        *out = value;
    }
    return rc;
}

/* The record with this one-part business key; only its place is read. */
static zh_rc find_key(zh_write *w, const zh_register *target, const zh_value *key, zh_value *value)
{
    zh_sql_value columns[3];
    const char *suffixes[3];
    zh_stmt *stmt = NULL;
    (void)zh_value_columns(target->business_key[0], key, columns);
    (void)zh_field_columns(target->business_key[0], suffixes);
    zh_str sql =
        zh_str_fmt(w->ctx->arena, "SELECT office, id FROM %.*s WHERE %.*s%s = ?",
                   ZH_FMT(target->table), ZH_FMT(target->business_key[0]->column), suffixes[0]);
    zh_rc rc = zh_query(w->conn, sql, columns, 1, &stmt, w->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, w->ctx->err);
    }
    if (rc == ZH_OK) {
        value->office = zh_col_i64(stmt, 0);
        value->i = zh_col_i64(stmt, 1);
    }
    zh_finish(stmt);
    return rc;
}

static zh_rc resolve_key(zh_write *w, const zh_field *field, zh_value *value)
{
    zh_value key = ZH_VALUE_NULL;
    char how = 0;
    zh_err ignored = {0};
    if (field->target == NULL || field->target->nbusiness_key != 1) {
        return ZH_ENOTFOUND;
    }
    zh_rc rc = zh_field_parse(w->ctx->model, field->target->business_key[0], w->ctx->arena,
                              value->text, INT32_MIN, &key, &how, &ignored);
    if (rc == ZH_OK && key.kind == ZH_REF) { /* a key that is a reference itself */
        zh_ctx ctx = *w->ctx;
        zh_record *found = NULL;
        ctx.rows = NULL;
        ctx.post = NULL;
        ctx.err = &ignored;
        rc = zh_record_by_key(&ctx, w->conn, field->target, &value->text, &found);
        value->i = rc == ZH_OK ? found->id : 0;
        value->office = rc == ZH_OK ? found->office : 0;
    } else if (rc == ZH_OK && key.kind != ZH_NULL) {
        return find_key(w, field->target, &key, value);
    }
    if (rc != ZH_OK && !is_refusal(rc) && w->ctx->err != NULL && w->ctx->err->rc == ZH_OK) {
        *w->ctx->err = ignored;
    }
    return rc == ZH_OK && key.kind == ZH_NULL ? ZH_ENOTFOUND : is_refusal(rc) ? ZH_ENOTFOUND : rc;
}

static bool plain_number(zh_str s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool sign = i == 0 && (s.p[i] == '-' || s.p[i] == '+');
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!digit && !sign && s.p[i] != '.') {
            return false;
        }
        digits += digit;
    }
    return digits > 0;
}

/* Declared digits by the field's declared rule. The text stays as written unless rounding changed
 * the value. A value that does not fit is left for the check to refuse. */
static void normalise_number(zh_write *w, const zh_field *field, zh_value *value)
{
    if (field->type == ZH_TYPE_QUANTITY && value->unit.n == 0) {
        value->unit = field->unit;
    }
    bool bound = value->mark == ZH_MARK_BELOW || value->mark == ZH_MARK_ABOVE;
    if (value->mark != ZH_MARK_EXACT && !bound) {
        value->text = ZH_STR_NONE;
        return;
    }
    zh_decimal scaled;
    if (zh_decimal_rescale(value->decimal, field->digits, field->rounding, &scaled) != ZH_OK) {
        return;
    }
    if (!plain_number(value->text)) {
        value->text = zh_decimal_str(w->ctx->arena, value->decimal);
    }
    if (zh_decimal_cmp(scaled, value->decimal) != 0) {
        value->text = zh_decimal_str(w->ctx->arena, scaled);
    }
    value->decimal = scaled;
}

zh_rc zh_write_normalise(zh_write *w, const zh_field *field, zh_value *value)
{
    if (value->kind == ZH_TEXT) {
        if (value->text.n == 0) {
            *value = ZH_VALUE_NULL;
            return ZH_OK;
        }
        if (!zh_utf8_valid(value->text)) {
            return ZH_OK; /* refused by the check */
        }
        zh_rc rc = zh_utf8_nfc(w->ctx->arena, value->text, &value->text);
        if (rc != ZH_OK) {
            return zh_err_set(w->ctx->err, rc, "record.memory", "文字太长，超出本次处理的内存限额");
        }
    } else if (value->kind == ZH_DECIMAL) {
        normalise_number(w, field, value);
    } else if (value->kind == ZH_REF && value->i == 0) {
        return value->text.n > 0 ? resolve_key(w, field, value) : ZH_ENOTFOUND;
    }
    return ZH_OK;
}

static zh_date date_of(const zh_value *value, zh_date otherwise)
{
    return value->kind == ZH_DATE   ? (zh_date)value->i
           : value->kind == ZH_TIME ? zh_time_date(value->i)
                                    : otherwise;
}

/* The date on which a code must be valid. */
static zh_date valid_on(const zh_write *w, const zh_field *field)
{
    const zh_record *r = w->record;
    zh_date date = zh_time_date(r->recorded_at);
    if (w->reg->event_time != NULL) {
        date = date_of(&r->values[w->reg->event_time->index], date);
    }
    if (field->as_of_field.n > 0) {
        const zh_field *other = zh_register_field(w->reg, field->as_of_field);
        if (other != NULL && other->table == NULL) {
            date = date_of(&r->values[other->index], date);
        }
    }
    return date;
}

/* ---- references ----------------------------------------------------------------------------- */

static uint64_t ref_mark(const zh_register *target, int64_t office, int64_t id)
{
    uint64_t h = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ h >> 32) + (uint64_t)office * UINT64_C(0xC2B2AE3D27D4EB4F) + zh_str_hash(target->id);
    h = (h ^ h >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return (h ^ h >> 32) | 1;
}

static _Atomic uint64_t *known_place(zh_core *core, uint64_t mark)
{
    return &core->known_refs[(mark >> 8) % ZH_KNOWN_REFS];
}

void zh_ref_known(zh_core *core, const zh_register *target, int64_t office, int64_t id)
{
    uint64_t mark = ref_mark(target, office, id);
    atomic_store_explicit(known_place(core, mark), mark, memory_order_relaxed);
}

void zh_ref_forget(zh_core *core, const zh_register *target, int64_t office, int64_t id)
{
    uint64_t mark = ref_mark(target, office, id);
    (void)atomic_compare_exchange_strong(known_place(core, mark), &(uint64_t){mark}, 0);
}

void zh_write_find_ref(zh_write *w, const zh_field *field, size_t row, const zh_value *value)
{
    zh_write_find(w, ZH_REJECT, ZH_STR("field.ref.unknown"), zh_write_where(w, field, row),
                  ZH_STR_NONE, ZH_STR("先登记被引用的记录"),
                  "%.*s:“%.*s”里没有机构 %" PRId64 " 的记录 %" PRId64,
                  ZH_FMT(zh_label_for(w->ctx->err, field->label)),
                  ZH_FMT(zh_label_for(w->ctx->err, field->target->label)), value->office, value->i);
}

zh_rc zh_write_refer(zh_write *w, const zh_field *field, bool by_key, const zh_value *value)
{
    const zh_register *target = field->target;
    if (w->writer->post == NULL || target == NULL || target->public_key ||
        zh_ahead_by_id(w->ctx->ahead, target, value->office, value->i) != NULL) {
        return ZH_OK;
    }
    for (size_t i = 0; by_key && i < target->nbusiness_key; i++) {
        if (zh_field_masked(w->writer, target->business_key[i])) {
            return ZH_ENOTFOUND; /* or every guess of a masked key would be answered */
        }
    }
    zh_err found = {0};
    zh_ctx ctx = *w->writer;
    zh_record *record = NULL;
    ctx.rows = NULL;
    ctx.err = &found;
    zh_rc rc = zh_record_get(&ctx, w->conn, target, value->office, value->i, ZH_AS_OF_NOW, &record);
    if (rc != ZH_OK && rc != ZH_ENOTFOUND && w->ctx->err != NULL && w->ctx->err->rc == ZH_OK) {
        *w->ctx->err = found;
    }
    return rc;
}

static zh_rc check_ref(zh_write *w, const zh_field *field, const zh_value *value, size_t row)
{
    if (field->target == NULL ||
        zh_ahead_by_id(w->ctx->ahead, field->target, value->office, value->i) != NULL) {
        return ZH_OK;
    }
    uint64_t mark = ref_mark(field->target, value->office, value->i);
    if (atomic_load_explicit(known_place(w->ctx->core, mark), memory_order_relaxed) == mark) {
        return ZH_OK;
    }
    zh_sql_value key[] = {ZH_SQL_INT(value->office), ZH_SQL_INT(value->i)};
    int64_t one = 0;
    zh_rc rc = zh_query_i64(w->conn, zh_plan_of(w->ctx, field->target)->exists_sql, key, 2, &one,
                            w->ctx->err);
    if (rc == ZH_ENOTFOUND) {
        zh_write_find_ref(w, field, row, value);
        return ZH_OK;
    }
    if (rc == ZH_OK && !w->inside) {
        zh_ref_known(w->ctx->core, field->target, value->office, value->i);
    }
    return rc;
}

static zh_rc check_value(zh_write *w, const zh_field *field, const zh_value *value, size_t row)
{
    zh_err found = zh_err_beside(w->ctx->err);
    zh_rc rc = zh_field_check(w->ctx->model, field, value, valid_on(w, field), &found);
    if (rc != ZH_OK && is_refusal(rc)) {
        /* a conflict is a value that may be right: a pilot code, to be confirmed */
        find_error(w, field, row, rc == ZH_ECONFLICT ? ZH_JUSTIFY : ZH_REJECT, &found);
        return ZH_OK;
    }
    bool told = value->i == 0 && w->findings->rejected; /* a key that names nothing */
    if (rc == ZH_OK && value->kind == ZH_REF && !told) {
        return check_ref(w, field, value, row);
    }
    return rc;
}

/* A personal value that was erased is not asked for again, or the record could never be written
 * any more. old: the value before, NULL for a new record or row. */
static zh_rc was_erased(zh_write *w, const zh_field *field, const zh_value *old, bool *out)
{
    bool personal =
        field->pipl != ZH_PIPL_NONE || (field->table != NULL && field->table->pipl != ZH_PIPL_NONE);
    *out = false;
    if (!personal || old == NULL || old->kind != ZH_NULL) {
        return ZH_OK;
    }
    zh_sql_value key[] = {ZH_SQL_INT(w->old->office), ZH_SQL_INT(w->old->id)};
    int64_t one = 0;
    zh_rc rc = zh_query_i64(w->conn, w->plan->erased_sql, key, 2, &one, w->ctx->err);
    *out = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc check_required(zh_write *w, const zh_field *field, const zh_value *old,
                            const zh_rows *rows, size_t row)
{
    bool required = field->required;
    bool erased = false;
    if (field == w->reg->number_field) {
        return ZH_OK; /* given in a moment */
    }
    if (!required && field->has_required_when) {
        zh_value v;
        zh_rc rc = zh_write_eval(w, &field->required_when, rows, row, &v);
        if (rc != ZH_OK) {
            return rc;
        }
        required = v.kind == ZH_BOOL && v.i != 0;
    }
    zh_rc rc = required ? was_erased(w, field, old, &erased) : ZH_OK;
    if (rc == ZH_OK && required && !erased) {
        zh_write_find(w, ZH_REJECT, ZH_STR("field.required"), zh_write_where(w, field, row),
                      ZH_STR_NONE, ZH_STR("请填写"), "“%.*s”必须填写",
                      ZH_FMT(zh_label_for(w->ctx->err, field->label)));
    }
    return rc;
}

static zh_rc check_one(zh_write *w, const zh_field *field, const zh_value *value,
                       const zh_value *old, const zh_rows *rows, size_t row)
{
    if (value->kind == ZH_NULL) {
        return w->by_time ? ZH_OK : check_required(w, field, old, rows, row);
    }
    bool untouched = old != NULL && zh_value_same(old, value);
    return untouched ? ZH_OK : check_value(w, field, value, row);
}

static zh_rc check_table(zh_write *w, const zh_field *table)
{
    const zh_rows *rows = &w->record->tables[table->index];
    const zh_rows *old = w->old != NULL ? &w->old->tables[table->index] : NULL;
    size_t most = table->rows_max > 0 ? table->rows_max : ZH_TABLE_ROWS_MAX;
    if (rows->n > most || (rows->n < table->rows_min && !w->by_time) ||
        (rows->n == 0 && table->required && !w->by_time)) {
        zh_write_find(w, ZH_REJECT, ZH_STR("field.rows"), table->id, ZH_STR_NONE, ZH_STR_NONE,
                      "“%.*s”有 %zu 行，须有 %u 到 %zu 行",
                      ZH_FMT(zh_label_for(w->ctx->err, table->label)), rows->n,
                      table->rows_min > 0 ? table->rows_min : table->required, most);
        return ZH_OK;
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < rows->n && rc == ZH_OK; i++) {
        const zh_value *before = NULL;
        if (old != NULL && i < old->n && old->ids[i] == rows->ids[i]) {
            before = &old->values[i * table->ncolumns];
        }
        for (size_t c = 0; c < table->ncolumns && rc == ZH_OK; c++) {
            rc = check_one(w, &table->columns[c], &rows->values[i * table->ncolumns + c],
                           before != NULL ? &before[c] : NULL, rows, i);
        }
    }
    return rc;
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* Known false; unknown passes. */
static zh_rc violated(zh_write *w, const zh_rule *rule, const zh_record *record, size_t row,
                      bool *out)
{
    zh_env env = w->env;
    env.record = record;
    env.rows = rule->table != NULL ? &record->tables[rule->table->index] : NULL;
    env.row = row;
    zh_value v;
    zh_rc rc = zh_eval(&rule->test, &env, &v, w->ctx->err);
    *out = rc == ZH_OK && v.kind == ZH_BOOL && v.i == 0;
    return rc;
}

/* A doubt that the version before already raised was answered then. */
static zh_rc doubted_before(zh_write *w, const zh_rule *rule, size_t row, bool *out)
{
    *out = false;
    if (w->old == NULL || rule->severity != ZH_JUSTIFY ||
        (rule->table != NULL && row >= w->old->tables[rule->table->index].n)) {
        return ZH_OK;
    }
    return violated(w, rule, w->old, row, out);
}

static zh_rc check_rule(zh_write *w, const zh_rule *rule, size_t row)
{
    bool speaks = false;
    bool answered = false;
    zh_rc rc = violated(w, rule, w->record, row, &speaks);
    if (rc == ZH_OK && speaks) {
        rc = doubted_before(w, rule, row, &answered);
    }
    if (rc != ZH_OK || !speaks || answered) {
        return rc;
    }
    zh_str where = ZH_STR_NONE;
    if (rule->table != NULL) {
        where = zh_str_fmt(w->ctx->arena, "%.*s[%zu]", ZH_FMT(rule->table->id), row);
    }
    zh_write_find(w, rule->severity, rule->id, where, zh_label_for(w->ctx->err, rule->clause),
                  ZH_STR_NONE, "%.*s", ZH_FMT(zh_label_for(w->ctx->err, rule->message)));
    w->findings->doubtful |= rule->severity == ZH_JUSTIFY && w->op->justification.n == 0;
    return ZH_OK;
}

static zh_rc check_rules(zh_write *w)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < w->reg->nrules && rc == ZH_OK; i++) {
        const zh_rule *rule = &w->reg->rules[i];
        size_t rows = rule->table != NULL ? w->record->tables[rule->table->index].n : 1;
        for (size_t row = 0; row < rows && rc == ZH_OK; row++) {
            rc = check_rule(w, rule, row);
        }
    }
    return rc;
}

zh_rc zh_check_record(zh_write *w)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < w->reg->nfields && rc == ZH_OK; i++) {
        const zh_field *field = &w->reg->fields[i];
        rc = field->type == ZH_TYPE_TABLE
                 ? check_table(w, field)
                 : check_one(w, field, &w->record->values[i],
                             w->old != NULL ? &w->old->values[i] : NULL, NULL, 0);
    }
    if (rc == ZH_OK && !w->by_time && !w->findings->rejected) {
        rc = check_rules(w);
    }
    return rc;
}
