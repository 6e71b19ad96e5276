/* From what a test gives, written as a person would write it, to the changes of a write. */
#include "core/example_private.h"
#include <string.h>

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

/* The date given for a date or datetime field; `otherwise` when there is none. */
static zh_date given_date(zh_runner *r, const zh_givens *givens, const zh_field *field,
                          zh_date otherwise)
{
    zh_value v;
    for (size_t i = 0; i < givens->n; i++) {
        const zh_given *given = &givens->list[i];
        if (given->field != field || given->node->kind != ZH_YAML_SCALAR) {
            continue;
        }
        zh_err kept = r->err;
        zh_rc rc = zh_given_parse(r, field, given->node->text, otherwise, &v);
        r->err = kept; /* what is wrong with it is said when its own turn comes */
        if (rc == ZH_OK && v.kind == ZH_DATE) {
            return (zh_date)v.i;
        }
        return rc == ZH_OK && v.kind == ZH_TIME ? zh_time_date(v.i) : otherwise;
    }
    return otherwise;
}

/* The day on which a code of this field has to be valid. */
static zh_date code_date(zh_runner *r, const zh_givens *givens, const zh_field *field)
{
    const zh_register *reg = givens->reg;
    zh_date at = zh_time_date(r->now);
    if (field->type != ZH_TYPE_CODE) {
        return at;
    }
    if (reg->event_time != NULL) {
        at = given_date(r, givens, reg->event_time, at);
    }
    if (field->as_of_field.n > 0) {
        const zh_field *other = zh_register_field(reg, field->as_of_field);
        at = other != NULL ? given_date(r, givens, other, at) : at;
    }
    return at;
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
        zh_str own = zh_str_sub(table->columns[i].id, table->id.n + 1, table->columns[i].id.n);
        if (zh_str_eq(own, id)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static zh_rc parse_row(zh_runner *r, const zh_givens *givens, const zh_field *table,
                       const zh_yaml *row, zh_value *values)
{
    if (row->kind == ZH_YAML_SCALAR) { /* T[]: the one column */
        zh_date at = code_date(r, givens, &table->columns[0]);
        return table->ncolumns == 1
                   ? zh_given_parse(r, &table->columns[0], row->text, at, &values[0])
                   : not_a_value(r, table);
    }
    zh_rc rc = row->kind == ZH_YAML_MAPPING ? ZH_OK : not_a_value(r, table);
    for (const zh_yaml *i = row->first; i != NULL && rc == ZH_OK; i = i->next) {
        const zh_field *column = column_named(table, i->key);
        if (column == NULL || i->kind != ZH_YAML_SCALAR) {
            zh_err_where(&r->err, "%.*s", ZH_FMT(i->key));
            return not_a_value(r, table);
        }
        zh_date at = code_date(r, givens, column);
        rc = zh_given_parse(r, column, i->text, at, &values[column->index]);
    }
    return rc;
}

static zh_rc parse_rows(zh_runner *r, const zh_givens *givens, const zh_field *table,
                        const zh_yaml *node, const zh_rows **out)
{
    zh_rows *rows = ZH_NEW(r->arena, zh_rows);
    bool one = node->kind == ZH_YAML_SCALAR;
    if (one && node->text.n == 0) {
        rows->table = table;
        *out = rows;
        return ZH_OK;
    }
    size_t n = one ? 1 : node->n;
    if (node->kind == ZH_YAML_MAPPING || n > ZH_TABLE_ROWS_MAX) {
        return not_a_value(r, table);
    }
    *rows = (zh_rows){
        .table = table,
        .ids = ZH_NEW_N(r->arena, int64_t, n + 1),
        .values = ZH_NEW_N(r->arena, zh_value, n * table->ncolumns + 1),
        .n = n,
    };
    zh_rc rc = ZH_OK;
    const zh_yaml *row = one ? node : node->first;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = parse_row(r, givens, table, row, &rows->values[i * table->ncolumns]);
        row = row->next;
    }
    *out = rows;
    return rc;
}

zh_rc zh_givens_changes(zh_runner *r, const zh_givens *givens, bool clear, zh_change **out,
                        size_t *n)
{
    zh_change *changes = ZH_NEW_N(r->arena, zh_change, givens->n + 1);
    zh_rc rc = ZH_OK;
    *n = 0;
    for (size_t i = 0; i < givens->n && rc == ZH_OK; i++) {
        const zh_given *given = &givens->list[i];
        zh_change change = {.field = given->field};
        if (given->field->type == ZH_TYPE_TABLE) {
            rc = parse_rows(r, givens, given->field, given->node, &change.rows);
        } else if (given->node->kind != ZH_YAML_SCALAR) {
            rc = not_a_value(r, given->field);
        } else {
            zh_date at = code_date(r, givens, given->field);
            rc = zh_given_parse(r, given->field, given->node->text, at, &change.value);
        }
        if (rc != ZH_OK) {
            zh_err_where(&r->err, "%.*s", ZH_FMT(given->field->id));
        } else if (clear || change.rows != NULL || change.value.kind != ZH_NULL) {
            changes[(*n)++] = change;
        }
    }
    *out = changes;
    return rc;
}
