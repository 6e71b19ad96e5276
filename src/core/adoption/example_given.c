/* From what a test gives, written as a person would write it, to the changes of a write. */
#include "core/adoption/example_private.h"
#include "core/instance/schema.h"

static void put(zh_givens *givens, const zh_field *field, const zh_yaml *node)
{
    for (size_t i = 0; i < givens->n; i++) {
        if (givens->list[i].field == field) {
            givens->list[i].node = node;
            return;
        }
    }
    zh_assert(givens->n < ZH_EXAMPLE_FIELDS_MAX);
    givens->list[givens->n++] = (zh_given){field, node};
}

/* A one-row table may be a mapping or be written with dots. */
static bool add_one(zh_runner *r, zh_givens *givens, zh_str id, const zh_yaml *node)
{
    const zh_field *field = zh_register_field(givens->reg, id);
    if (field != NULL) {
        put(givens, field, node);
        return true;
    }
    bool ok = node->kind == ZH_YAML_MAPPING;
    for (const zh_yaml *i = ok ? node->first : NULL; i != NULL; i = i->next) {
        zh_str dotted = zh_str_fmt(r->arena, "%.*s.%.*s", ZH_FMT(id), ZH_FMT(i->key));
        const zh_field *column = zh_register_field(givens->reg, dotted);
        if (column == NULL) {
            zh_runner_fail(r, i, "登记册 %.*s 没有字段 %.*s", ZH_FMT(givens->reg->id),
                           ZH_FMT(dotted));
            return false;
        }
        put(givens, column, i);
    }
    if (!ok) {
        zh_runner_fail(r, node, "登记册 %.*s 没有字段 %.*s", ZH_FMT(givens->reg->id), ZH_FMT(id));
    }
    return ok;
}

bool zh_givens_add(zh_runner *r, zh_givens *givens, const zh_yaml *map)
{
    bool ok = true;
    for (const zh_yaml *i = map != NULL ? map->first : NULL; i != NULL && ok; i = i->next) {
        ok = add_one(r, givens, i->key, i);
    }
    return ok;
}

/* ---- values
 * ----------------------------------------------------------------------------------------- */

static bool named_ref(const zh_runner *r, const zh_field *field, zh_str text, zh_value *out)
{
    for (size_t i = 0; field->type == ZH_TYPE_REF && i < r->nnamed; i++) {
        const zh_named *named = &r->named[i];
        if (named->reg == field->target && zh_str_eq(named->name, text)) {
            *out = (zh_value){.kind = ZH_REF, .i = named->id, .office = named->office};
            return true;
        }
    }
    return false;
}

zh_rc zh_given_parse(zh_runner *r, const zh_field *field, zh_str text, zh_date at, zh_value *out)
{
    char how;
    if (named_ref(r, field, text, out)) {
        return ZH_OK;
    }
    return zh_field_parse(r->ctx.model, field, r->arena, text, at, out, &how, &r->err);
}

/* One write being put together: what is given, and the values that are known already. Codes come
 * last, because the day on which they must be valid may stand in, or be computed from, the rest. */
typedef struct parsing {
    zh_runner *r;
    const zh_givens *givens;
    zh_record record;
} parsing;

static zh_date date_of(const zh_value *v, zh_date otherwise)
{
    return v->kind == ZH_DATE ? (zh_date)v->i : v->kind == ZH_TIME ? zh_time_date(v->i) : otherwise;
}

static zh_date field_date(parsing *p, const zh_field *field, zh_date otherwise)
{
    zh_value v = p->record.values[field->index];
    if (v.kind == ZH_NULL && field->computed && !field->expr.needs_store) {
        zh_env env = {.arena = p->r->arena,
                      .record = &p->record,
                      .recorded_at = p->r->now,
                      .calendar = p->r->ctx.model->calendar};
        zh_err ignored = {0};
        if (zh_eval(&field->expr, &env, &v, &ignored) != ZH_OK) {
            return otherwise;
        }
    }
    return date_of(&v, otherwise);
}

/* The day on which a code of this field has to be valid. */
static zh_date code_date(parsing *p, const zh_field *field)
{
    const zh_register *reg = p->givens->reg;
    zh_date at = zh_time_date(p->r->now);
    if (reg->event_time != NULL) {
        at = field_date(p, reg->event_time, at);
    }
    const zh_field *other =
        field->as_of_field.n > 0 ? zh_register_field(reg, field->as_of_field) : NULL;
    return other != NULL && other->table == NULL ? field_date(p, other, at) : at;
}

static zh_rc parse_text(parsing *p, const zh_field *field, zh_str text, zh_value *out)
{
    return zh_given_parse(p->r, field, text, code_date(p, field), out);
}

/* ---- child rows
 * ------------------------------------------------------------------------------------- */

static zh_rc not_a_value(zh_runner *r, const zh_field *field)
{
    return zh_err_set(&r->err, ZH_EINVAL, "test.given", "%.*s 的写法不对", ZH_FMT(field->id));
}

static const zh_field *column_named(const zh_field *table, zh_str id)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        if (zh_str_eq(zh_child_name(&table->columns[i]), id)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static zh_rc parse_row(parsing *p, const zh_field *table, const zh_yaml *row, zh_value *values)
{
    if (row->kind == ZH_YAML_SCALAR) { /* T[]: the one column */
        return table->ncolumns == 1 ? parse_text(p, &table->columns[0], row->text, &values[0])
                                    : not_a_value(p->r, table);
    }
    zh_rc rc = row->kind == ZH_YAML_MAPPING ? ZH_OK : not_a_value(p->r, table);
    for (const zh_yaml *i = row->first; i != NULL && rc == ZH_OK; i = i->next) {
        const zh_field *column = column_named(table, i->key);
        if (column == NULL || i->kind != ZH_YAML_SCALAR) {
            return not_a_value(p->r, column != NULL ? column : table);
        }
        rc = parse_text(p, column, i->text, &values[column->index]);
    }
    return rc;
}

static zh_rc parse_rows(parsing *p, const zh_field *table, const zh_yaml *node, const zh_rows **out)
{
    bool one = node->kind == ZH_YAML_SCALAR;
    size_t n = one ? node->text.n > 0 : node->n;
    if (node->kind == ZH_YAML_MAPPING || n > ZH_TABLE_ROWS_MAX) {
        return not_a_value(p->r, table);
    }
    zh_rows *rows = ZH_NEW(p->r->arena, zh_rows);
    *rows = (zh_rows){
        .table = table,
        .ids = ZH_NEW_N(p->r->arena, int64_t, n + 1),
        .values = ZH_NEW_N(p->r->arena, zh_value, n * table->ncolumns + 1),
        .n = n,
    };
    zh_rc rc = ZH_OK;
    const zh_yaml *row = one ? node : node->first;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = parse_row(p, table, row, &rows->values[i * table->ncolumns]);
        row = row->next;
    }
    *out = rows;
    return rc;
}

static zh_rc parse_change(parsing *p, const zh_given *given, zh_change *out)
{
    zh_rc rc;
    out->field = given->field;
    if (given->field->type == ZH_TYPE_TABLE) {
        rc = parse_rows(p, given->field, given->node, &out->rows);
    } else if (given->node->kind != ZH_YAML_SCALAR) {
        rc = not_a_value(p->r, given->field);
    } else {
        rc = parse_text(p, given->field, given->node->text, &out->value);
        p->record.values[given->field->index] = rc == ZH_OK ? out->value : ZH_VALUE_NULL;
    }
    if (rc != ZH_OK) {
        zh_err_where(&p->r->err, "%.*s", ZH_FMT(given->field->id));
    }
    return rc;
}

zh_rc zh_givens_changes(zh_runner *r, const zh_givens *givens, bool clear, zh_change **out,
                        size_t *n)
{
    zh_change *changes = ZH_NEW_N(r->arena, zh_change, givens->n + 1);
    parsing p = {
        .r = r,
        .givens = givens,
        .record = {.reg = givens->reg,
                   .values = ZH_NEW_N(r->arena, zh_value, givens->reg->nfields + 1),
                   .tables = ZH_NEW_N(r->arena, zh_rows, givens->reg->nfields + 1)},
    };
    zh_rc rc = ZH_OK;
    *n = 0;
    for (size_t i = 0; i < 2 * givens->n && rc == ZH_OK; i++) {
        const zh_given *given = &givens->list[i % givens->n];
        zh_type type = given->field->type;
        bool late = type == ZH_TYPE_CODE || type == ZH_TYPE_TABLE;
        zh_change change = {.value = ZH_VALUE_NULL};
        if (late != (i >= givens->n)) {
            continue;
        }
        rc = parse_change(&p, given, &change);
        if (rc == ZH_OK && (clear || change.rows != NULL || change.value.kind != ZH_NULL)) {
            changes[(*n)++] = change;
        }
    }
    *out = changes;
    return rc;
}
