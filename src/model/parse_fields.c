/* Fields of a register: types, flattening of one-row tables, lists as child tables, references to
 * code systems, units and registers. */
#include "model/compile.h"
#include <string.h>

static const char type_names[] =
    "string|text|code|date|datetime|decimal|quantity|bool|file|geo|ref|period|range|table";

/* Keys that only some types have. */
static const struct {
    const char *key, *types; /* names joined by | */
} key_types[] = {
    {"system", "code"},
    {"codes", "code"},
    {"level", "code"},
    {"leaf", "code"},
    {"at", "code"},
    {"ordered", "code"},
    {"to", "ref"},
    {"lookup", "ref"},
    {"confirm_state", "ref"},
    {"unit", "quantity"},
    {"digits", "decimal|quantity"},
    {"round", "decimal|quantity"},
    {"of", "range"},
    {"fields", "table"},
    {"rows_min", "table"},
    {"rows_max", "table"},
    {"rows_from", "table"},
    {"accept", "file"},
    {"signed", "file"},
    {"digest", "file"},
    {"strip_exif", "file"},
    {"on_true", "bool"},
    {"max", "string|text|range"},
    {"format", "string|ref"},
};

/* Names that expressions, lists and tables use for themselves. */
static const char reserved[] =
    "id|state|version|created_at|recorded_at|office|handler_office|actor|self|clock|and|or|not|in|"
    "true|false|null|where|within|by|group|entered";

static const char formats[] = "uscc|org_code|gtin|gln|sscc|region6|gbt4754|standard_no|ccc_no|"
                              "permit_no|xk_no|id18|cn_phone|email|url";

/* ---- first pass: names and types ---------------------------------------------------------------
 */

typedef struct field_type {
    zh_type type;
    bool list;
} field_type;

static bool parse_type(zh_cx *cx, const zh_yaml *node, field_type *out)
{
    const zh_yaml *type = zh_yaml_get(node, "type");
    if (type == NULL || type->kind != ZH_YAML_SCALAR) {
        return false;
    }
    zh_str name = type->text;
    out->list = zh_str_ends(name, ZH_STR("[]"));
    if (out->list) {
        name = zh_str_sub(name, 0, name.n - 2);
    }
    int i = zh_choice(type_names, name);
    if (i < 0) {
        const char *fix = zh_str_fmt(cx->arena, "可用的类型：%s，以及加 [] 的列表", type_names).p;
        zh_cx_error(cx, type, "field.type.unknown", fix, "没有「%.*s」这种字段类型",
                    ZH_FMT(type->text));
        return false;
    }
    out->type = (zh_type)i;
    if (out->list && (out->type == ZH_TYPE_TABLE || out->type == ZH_TYPE_TEXT)) {
        zh_cx_error(cx, type, "field.type.list", NULL, "「%.*s」不能成为列表", ZH_FMT(name));
        return false;
    }
    return true;
}

static void check_keys_of_type(zh_cx *cx, const zh_yaml *node, field_type type)
{
    zh_str rest = zh_str_of(type_names), name = ZH_STR_NONE;
    for (int i = 0; i <= (int)type.type && zh_str_split(&rest, '|', &name); i++) {
    }
    for (size_t k = 0; k < ZH_COUNTOF(key_types); k++) {
        const zh_yaml *value = zh_yaml_get(node, key_types[k].key);
        if (value != NULL && zh_choice(key_types[k].types, name) < 0) {
            zh_cx_key_error(cx, value, "field.key.type", NULL, "「%s」只用于 %s 字段，不用于 %.*s",
                            key_types[k].key, key_types[k].types, ZH_FMT(name));
        }
    }
    const zh_yaml *min = zh_yaml_get(node, "min");
    if (min != NULL && !type.list) {
        zh_cx_key_error(cx, min, "field.key.type", NULL, "「min」只用于列表字段(类型加 [])");
    }
}

static void check_format(zh_cx *cx, const zh_yaml *node)
{
    const zh_yaml *format = zh_yaml_get(node, "format");
    if (format != NULL && format->kind == ZH_YAML_SCALAR && zh_choice(formats, format->text) < 0) {
        const char *fix = zh_str_fmt(cx->arena, "可用的格式：%s", formats).p;
        zh_cx_error(cx, format, "field.format.unknown", fix, "没有「%.*s」这种格式",
                    ZH_FMT(format->text));
    }
}

/* Names that a column may not have as they are: reserved words of SQLite or PostgreSQL, their
 * system columns, and the columns that core/ adds to every table. */
static const char taken_columns[] =
    "add|all|alter|analyse|analyze|any|array|as|asc|asymmetric|authorization|autoincrement|begin|"
    "between|binary|both|case|cast|check|collate|collation|column|commit|concurrently|constraint|"
    "create|cross|current_catalog|current_date|current_role|current_schema|current_time|"
    "current_timestamp|current_user|default|deferrable|delete|desc|distinct|do|drop|else|end|"
    "escape|"
    "except|exists|fetch|for|foreign|freeze|from|full|grant|having|if|ilike|index|indexed|"
    "initially|"
    "inner|insert|intersect|into|is|isnull|join|lateral|leading|left|like|limit|localtime|"
    "localtimestamp|natural|nothing|notnull|offset|on|only|order|outer|overlaps|placing|primary|"
    "references|returning|right|rollback|select|session_user|set|similar|some|symmetric|table|"
    "tablesample|then|to|trailing|transaction|union|unique|update|user|using|values|variadic|"
    "verbose|when|window|with|oid|tableoid|xmin|cmin|xmax|cmax|ctid|rowid|declaration|op|"
    "transition|batch|ord|reason|reason_code|justification|second_actor|salt|sealed|pos|parent|row_"
    "id";

/* Ids never end with an underscore, so a name with one appended is free. */
static zh_str column_of(zh_arena *arena, zh_str id)
{
    ptrdiff_t dot = zh_str_chr(id, '.');
    if (dot >= 0) {
        return zh_str_fmt(arena, "%.*s__%.*s", (int)dot, id.p,
                          ZH_FMT(zh_str_sub(id, (size_t)dot + 1, id.n)));
    }
    if (zh_choice(taken_columns, id) >= 0 || zh_str_starts(id, ZH_STR("d_")) ||
        zh_str_starts(id, ZH_STR("p_"))) {
        return zh_str_fmt(arena, "%.*s_", ZH_FMT(id));
    }
    return id;
}

/* What a field and a column of it have in common. */
static void read_common(zh_cx *cx, const zh_yaml *node, zh_field *f)
{
    f->label = zh_get_label(node, "label");
    f->help = zh_get_label(node, "help");
    f->required = zh_get_bool(node, "required", false);
    f->computed = zh_yaml_get(node, "computed") != NULL;
    int source = zh_choice("form|interface|derived|reference|填报|接口|推算|引用",
                           zh_get_text(node, "source"));
    f->source = source < 0 ? (f->computed ? ZH_SRC_DERIVED : ZH_SRC_FORM) : (zh_source)(source % 4);
    int pipl = zh_choice("none|personal|sensitive|minor", zh_get_text(node, "pipl"));
    f->pipl = pipl < 0 ? ZH_PIPL_NONE : (zh_pipl)pipl;
    f->mask = zh_get_text(node, "mask");
    f->sealed = zh_choice("plain|sealed", zh_get_text(node, "store")) == 1;
    f->searchable = zh_get_bool(node, "search", f->type == ZH_TYPE_STRING && !f->sealed);
    f->truth = zh_get_text(node, "truth");
    f->aliases = zh_get_texts(cx->arena, node, "aliases", &f->naliases);
    f->sdmx = zh_get_text(node, "sdmx");
    f->since = zh_get_date(node, "since", ZH_CODE_FROM_OPEN);
    f->until = zh_get_date(node, "until", ZH_OPEN_END);
}

/* What depends on the type of the value. */
static void read_typed(zh_cx *cx, const zh_yaml *node, zh_field *f)
{
    uint32_t digits = zh_get_number(node, "digits", 6);
    if (digits > ZH_DECIMAL_DIGITS_MAX) {
        zh_cx_error(cx, zh_yaml_get(node, "digits"), "field.digits", NULL, "小数位数至多 %d",
                    ZH_DECIMAL_DIGITS_MAX);
        digits = 6;
    }
    f->digits = (uint8_t)digits;
    int rounding = zh_choice("refuse|half_even|half_up|up|down", zh_get_text(node, "round"));
    f->rounding = rounding < 0 ? ZH_ROUND_REFUSE : (zh_rounding)rounding;
    f->unit = zh_get_text(node, "unit");
    f->length_max = zh_get_number(node, "max", 0);
    f->format = zh_get_text(node, "format");
    f->leaf = zh_get_bool(node, "leaf", false);
    f->as_of_field = zh_get_text(node, "at");
    f->target_id = zh_get_text(node, "to");
}

static void check_name(zh_cx *cx, const zh_reg_build *b, const zh_yaml *node, zh_str id)
{
    const zh_yaml *at = zh_yaml_get(node, "id");
    if (at == NULL) {
        return;
    }
    if (zh_choice(reserved, at->text) >= 0) {
        zh_cx_error(cx, at, "field.id.reserved", "换一个名字", "「%.*s」是系统保留的名字",
                    ZH_FMT(at->text));
    }
    for (size_t i = 0; i < b->fields.n; i++) {
        const zh_field *other = b->fields.p[i].field;
        if (other->table == NULL && zh_str_eq(other->id, id)) {
            zh_cx_error(cx, at, "field.id.duplicate", NULL, "字段「%.*s」重复", ZH_FMT(id));
            return;
        }
    }
}

static void remember(zh_cx *cx, zh_reg_build *b, zh_field *f, const zh_yaml *node)
{
    zh_field_build build = {f, node};
    zh_vec_push(cx->arena, &b->fields, build);
}

/* Inline codes become the system <register>.<field>. */
static void read_inline_codes(zh_cx *cx, const zh_reg_build *b, const zh_yaml *node, zh_str path)
{
    const zh_yaml *values = zh_yaml_get(node, "codes");
    if (values == NULL) {
        return;
    }
    if (zh_yaml_get(node, "system") != NULL) {
        zh_cx_key_error(cx, values, "field.codes", NULL, "「system」与「codes」只能有一个");
        return;
    }
    zh_str id = zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(b->reg->id), ZH_FMT(path));
    zh_codes *codes = zh_cx_add_codes(cx, values, id, zh_get_label(node, "label"));
    if (codes != NULL) {
        codes->codes_are_ordered = zh_get_bool(node, "ordered", false);
        zh_codes_read_values(cx, codes, values);
    }
}

static void check_code_source(zh_cx *cx, const zh_yaml *node)
{
    if (zh_yaml_get(node, "codes") == NULL && zh_yaml_get(node, "system") == NULL) {
        zh_cx_error(cx, node, "field.codes", "写 system: 编码体系，或 codes: {编码: 名称}",
                    "编码字段「%.*s」没有说明用哪个编码体系", ZH_FMT(zh_get_text(node, "id")));
    }
}

static void set_owner(const zh_reg_build *b, zh_field *f, size_t index)
{
    f->owner = b->reg;
    f->index = (uint16_t)index;
}

static size_t count_children(const zh_yaml *node)
{
    size_t n = 0;
    for (const zh_yaml *c = zh_first(node, "fields"); c != NULL; c = zh_next(c)) {
        n++;
    }
    return n;
}

/* A value field of the record or of a child row. */
static void read_value_field(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_str path,
                             zh_field *f)
{
    read_common(cx, node, f);
    read_typed(cx, node, f);
    if (f->type == ZH_TYPE_CODE) {
        check_code_source(cx, node);
        read_inline_codes(cx, b, node, path);
    } else if (f->type == ZH_TYPE_REF && f->target_id.n == 0) {
        zh_cx_error(cx, node, "field.ref", "写 to: 登记册",
                    "引用字段「%.*s」没有说明引用哪个登记册", ZH_FMT(zh_get_text(node, "id")));
    }
    check_format(cx, node);
}

/* ref[] and the like: a child table with the one column `value`. */
static void build_list(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_type type, zh_field *f)
{
    zh_field *column = ZH_NEW(cx->arena, zh_field);
    column->id = column->column = ZH_STR("value");
    column->type = type;
    column->table = f;
    set_owner(b, column, 0);
    read_value_field(cx, b, node, f->id, column);
    column->required = true;
    column->aliases = NULL;
    column->naliases = 0;
    f->type = ZH_TYPE_TABLE;
    f->many_inline = true;
    read_common(cx, node, f);
    f->columns = column;
    f->ncolumns = 1;
    f->rows_min = zh_get_number(node, "min", f->required ? 1 : 0);
    f->rows_max = ZH_TABLE_ROWS_MAX;
    remember(cx, b, f, node);
    remember(cx, b, column, node);
}

static void build_columns(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_field *table)
{
    size_t n = count_children(node);
    zh_field *columns = ZH_NEW_N(cx->arena, zh_field, n + 1);
    size_t count = 0;
    for (const zh_yaml *c = zh_first(node, "fields"); c != NULL; c = zh_next(c)) {
        field_type type;
        zh_str id = zh_get_text(c, "id");
        if (!parse_type(cx, c, &type) || id.n == 0) {
            continue;
        }
        if (type.list || type.type == ZH_TYPE_TABLE) {
            zh_cx_error(cx, c, "field.table.nested", "把它写成另一个登记册，用 part_of 从属于本册",
                        "明细表「%.*s」里不能再有明细表或列表", ZH_FMT(table->id));
            continue;
        }
        check_keys_of_type(cx, c, type);
        check_name(cx, b, c, ZH_STR_NONE);
        for (size_t i = 0; i < count; i++) {
            if (zh_str_eq(columns[i].id, id)) {
                zh_cx_error(cx, c, "field.id.duplicate", NULL, "列「%.*s」重复", ZH_FMT(id));
            }
        }
        zh_field *f = &columns[count];
        f->id = id;
        f->column = column_of(cx->arena, id);
        f->type = type.type;
        f->table = table;
        set_owner(b, f, count++);
        read_value_field(cx, b, c,
                         zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(table->id), ZH_FMT(id)), f);
        remember(cx, b, f, c);
    }
    table->columns = columns;
    table->ncolumns = count;
}

static void build_table(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_field *f)
{
    read_common(cx, node, f);
    f->rows_min = zh_get_number(node, "rows_min", f->required ? 1 : 0);
    f->rows_max = zh_get_number(node, "rows_max", ZH_TABLE_ROWS_MAX);
    if (f->rows_max > ZH_TABLE_ROWS_MAX || f->rows_min > f->rows_max || f->rows_max == 0) {
        zh_cx_error(cx, node, "field.rows", NULL,
                    "明细表的行数范围不对：至多 %d 行，rows_min 不大于 rows_max",
                    ZH_TABLE_ROWS_MAX);
    }
    if (count_children(node) == 0) {
        zh_cx_error(cx, node, "field.table.empty", NULL, "明细表「%.*s」没有列", ZH_FMT(f->id));
    }
    remember(cx, b, f, node);
    build_columns(cx, b, node, f);
}

typedef struct builder {
    zh_cx *cx;
    zh_reg_build *b;
    zh_field *fields;
    size_t n;
} builder;

/* One declared field that takes one place among the register's fields. */
static void build_one(builder *fb, const zh_yaml *node, field_type type, zh_str id, zh_pipl pipl)
{
    check_keys_of_type(fb->cx, node, type);
    check_name(fb->cx, fb->b, node, id);
    zh_field *f = &fb->fields[fb->n];
    f->id = id;
    f->column = column_of(fb->cx->arena, id);
    f->type = type.type;
    set_owner(fb->b, f, fb->n++);
    if (type.list) {
        build_list(fb->cx, fb->b, node, type.type, f);
    } else if (type.type == ZH_TYPE_TABLE) {
        build_table(fb->cx, fb->b, node, f);
    } else {
        read_value_field(fb->cx, fb->b, node, id, f);
        remember(fb->cx, fb->b, f, node);
    }
    f->pipl = f->pipl > pipl ? f->pipl : pipl;
}

/* A one-row table is flattened: its columns become fields of the record. */
static void flatten(builder *fb, const zh_yaml *node, zh_str id)
{
    int pipl = zh_choice("none|personal|sensitive|minor", zh_get_text(node, "pipl"));
    if (count_children(node) == 0) {
        zh_cx_error(fb->cx, node, "field.table.empty", NULL, "明细表「%.*s」没有列", ZH_FMT(id));
    }
    if (zh_choice(reserved, id) >= 0) {
        zh_cx_error(fb->cx, zh_yaml_get(node, "id"), "field.id.reserved", "换一个名字",
                    "「%.*s」是系统保留的名字", ZH_FMT(id));
    }
    for (const zh_yaml *c = zh_first(node, "fields"); c != NULL; c = zh_next(c)) {
        field_type type;
        zh_str child = zh_get_text(c, "id");
        if (!parse_type(fb->cx, c, &type) || child.n == 0) {
            continue;
        }
        if (type.type == ZH_TYPE_TABLE) {
            zh_cx_error(fb->cx, c, "field.table.nested", "把它移到上一层",
                        "单行表「%.*s」里不能有明细表", ZH_FMT(id));
            continue;
        }
        zh_str path = zh_str_fmt(fb->cx->arena, "%.*s.%.*s", ZH_FMT(id), ZH_FMT(child));
        build_one(fb, c, type, path, pipl < 0 ? ZH_PIPL_NONE : (zh_pipl)pipl);
    }
}

void zh_parse_fields(zh_cx *cx, zh_reg_build *b)
{
    size_t bound = 0;
    for (const zh_yaml *c = zh_first(b->node, "fields"); c != NULL; c = zh_next(c)) {
        bound += 1 + count_children(c);
    }
    builder fb = {cx, b, NULL, 0};
    if (bound > (size_t)ZH_FIELDS_MAX * 2) {
        zh_cx_error(cx, zh_yaml_get(b->node, "fields"), "register.fields.limit", NULL,
                    "一个登记册至多 %d 个字段(含明细列)", ZH_FIELDS_MAX);
        return;
    }
    fb.fields = ZH_NEW_N(cx->arena, zh_field, bound + 1);
    for (const zh_yaml *c = zh_first(b->node, "fields"); c != NULL; c = zh_next(c)) {
        field_type type;
        zh_str id = zh_get_text(c, "id");
        if (!parse_type(cx, c, &type) || id.n == 0) {
            continue;
        }
        if (type.type == ZH_TYPE_TABLE && zh_get_number(c, "rows_max", 0) == 1) {
            check_keys_of_type(cx, c, type);
            flatten(&fb, c, id);
        } else {
            build_one(&fb, c, type, id, ZH_PIPL_NONE);
        }
    }
    b->reg->fields = fb.fields;
    b->reg->nfields = fb.n;
    if (b->fields.n > ZH_FIELDS_MAX) {
        zh_cx_error(cx, zh_yaml_get(b->node, "fields"), "register.fields.limit",
                    "拆成两个登记册，用 part_of 相连", "登记册有 %zu 个字段(含明细列)，至多 %d 个",
                    b->fields.n, ZH_FIELDS_MAX);
    }
}

/* ---- second pass: references -------------------------------------------------------------------
 */

static void link_codes(zh_cx *cx, const zh_field_build *fb, const zh_register *reg)
{
    zh_field *f = fb->field;
    const zh_yaml *system = zh_yaml_get(fb->node, "system");
    if (system != NULL) {
        f->codes = zh_cx_codes(cx, system, system->text);
    } else {
        zh_str path = f->table != NULL && !f->table->many_inline
                          ? zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(f->table->id), ZH_FMT(f->id))
                          : (f->table != NULL ? f->table->id : f->id);
        f->codes = zh_model_codes(
            cx->model, zh_str_fmt(cx->arena, "%.*s.%.*s", ZH_FMT(reg->id), ZH_FMT(path)));
    }
    const zh_yaml *level = zh_yaml_get(fb->node, "level");
    if (level == NULL || f->codes == NULL) {
        return;
    }
    f->level = zh_codes_level(f->codes, level->text);
    if (f->level == 0) {
        zh_cx_error(cx, level, "field.level", NULL, "编码体系「%.*s」没有层级「%.*s」",
                    ZH_FMT(f->codes->id), ZH_FMT(level->text));
    }
}

static void link_as_of(zh_cx *cx, const zh_field_build *fb, const zh_register *reg)
{
    const zh_yaml *at = zh_yaml_get(fb->node, "at");
    if (at == NULL) {
        return;
    }
    const zh_field *date = NULL;
    const zh_field *table = fb->field->table;
    for (size_t i = 0; table != NULL && i < table->ncolumns; i++) {
        date = zh_str_eq(table->columns[i].id, at->text) ? &table->columns[i] : date;
    }
    date = date != NULL ? date : zh_cx_field(cx, reg, at, at->text);
    if (date != NULL && date->type != ZH_TYPE_DATE && date->type != ZH_TYPE_DATETIME) {
        zh_cx_error(cx, at, "field.at", NULL, "「%.*s」不是日期字段", ZH_FMT(at->text));
    }
}

static void link_unit(zh_cx *cx, const zh_field_build *fb)
{
    const zh_yaml *unit = zh_yaml_get(fb->node, "unit");
    if (unit == NULL) {
        return;
    }
    const struct zh_unit *found = zh_map_get(&cx->model->unit_by_name, unit->text);
    if (found == NULL) {
        zh_str known[512];
        size_t n = cx->model->nunits < ZH_COUNTOF(known) ? cx->model->nunits : ZH_COUNTOF(known);
        for (size_t i = 0; i < n; i++) {
            known[i] = cx->model->units[i].code;
        }
        zh_cx_error(cx, unit, "field.unit", zh_schema_nearest(cx->arena, unit->text, known, n),
                    "单位表里没有「%.*s」", ZH_FMT(unit->text));
        return;
    }
    fb->field->unit = found->code;
}

/* "enterprise.uscc" must name a field that exists. */
static void link_truth(zh_cx *cx, const zh_field_build *fb)
{
    const zh_yaml *truth = zh_yaml_get(fb->node, "truth");
    if (truth == NULL) {
        return;
    }
    ptrdiff_t dot = zh_str_chr(truth->text, '.');
    if (dot < 0) {
        zh_cx_error(cx, truth, "field.truth", NULL, "「truth」应写成「登记册.字段」");
        return;
    }
    const zh_register *reg = zh_cx_register(cx, truth, zh_str_sub(truth->text, 0, (size_t)dot));
    if (reg != NULL) {
        (void)zh_cx_field(cx, reg, truth, zh_str_sub(truth->text, (size_t)dot + 1, truth->text.n));
    }
}

static void link_rows_from(zh_cx *cx, const zh_yaml *node)
{
    const zh_yaml *from = zh_yaml_get(node, "rows_from");
    if (from != NULL && zh_model_codes(cx->model, from->text) == NULL &&
        zh_model_register(cx->model, from->text) == NULL) {
        zh_cx_error(cx, from, "field.rows_from", NULL, "没有叫「%.*s」的编码体系或登记册",
                    ZH_FMT(from->text));
    }
}

void zh_link_fields(zh_cx *cx, zh_reg_build *b)
{
    for (size_t i = 0; i < b->fields.n; i++) {
        const zh_field_build *fb = &b->fields.p[i];
        zh_field *f = fb->field;
        if (f->type == ZH_TYPE_TABLE) {
            link_rows_from(cx, fb->node);
            continue;
        }
        if (f->type == ZH_TYPE_CODE) {
            link_codes(cx, fb, b->reg);
            link_as_of(cx, fb, b->reg);
        } else if (f->type == ZH_TYPE_REF) {
            f->target = zh_cx_register(cx, zh_yaml_get(fb->node, "to"), f->target_id);
        } else if (f->type == ZH_TYPE_QUANTITY) {
            link_unit(cx, fb);
        }
        link_truth(cx, fb);
    }
}

/* ---- third pass: expressions -------------------------------------------------------------------
 */

/* Rows cannot be given by one expression. */
static void refuse_values(zh_cx *cx, const zh_yaml *node)
{
    static const char *const keys[] = {"default", "computed", "ask_when"};
    for (size_t k = 0; k < ZH_COUNTOF(keys); k++) {
        const zh_yaml *value = zh_yaml_get(node, keys[k]);
        if (value != NULL) {
            zh_cx_key_error(cx, value, "field.key.type", NULL, "「%s」不用于明细表与列表", keys[k]);
        }
    }
}

void zh_compile_fields(zh_cx *cx, zh_reg_build *b)
{
    for (size_t i = 0; i < b->fields.n; i++) {
        const zh_field_build *fb = &b->fields.p[i];
        zh_field *f = fb->field;
        if (f->table != NULL && f->table->many_inline) {
            continue; /* its node is the list's */
        }
        zh_scope scope = {.model = cx->model, .reg = b->reg, .table = f->table};
        zh_kind kind = zh_field_kind(f);
        f->has_required_when =
            zh_cx_expr(cx, &scope, fb->node, "required_when", ZH_BOOL, &f->required_when);
        if (f->type == ZH_TYPE_TABLE) {
            refuse_values(cx, fb->node);
            continue;
        }
        f->has_default = zh_cx_expr(cx, &scope, fb->node, "default", kind, &f->default_expr);
        (void)zh_cx_expr(cx, &scope, fb->node, "computed", kind, &f->expr);
        zh_program ask;
        (void)zh_cx_expr(cx, &scope, fb->node, "ask_when", ZH_BOOL, &ask);
    }
    /* What is computed from personal data is personal data, and is erased with it. */
    for (size_t i = 0; i < b->fields.n; i++) {
        zh_field *f = b->fields.p[i].field;
        const zh_field *source = f->computed ? zh_field_personal_source(f) : NULL;
        const zh_field *whole = source != NULL ? source->table : NULL;
        zh_pipl pipl = source == NULL ? ZH_PIPL_NONE : source->pipl;
        pipl = whole != NULL && whole->pipl > pipl ? whole->pipl : pipl;
        f->pipl = pipl > f->pipl ? pipl : f->pipl;
    }
}
