/* Identity, keys, numbers, indexes and views of a register. */
#include "model/compile.h"
#include <string.h>

/* ---- identity ----------------------------------------------------------------------------------
 */

static bool version_valid(zh_str s)
{
    size_t dots = 0, digits = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' && digits > 0) {
            dots++;
            digits = 0;
        } else if (s.p[i] >= '0' && s.p[i] <= '9') {
            digits++;
        } else {
            return false;
        }
    }
    return dots == 2 && digits > 0 && s.n <= 20;
}

/* What may be written instead. */
static const char *known_themes(zh_cx *cx, const zh_codes *themes)
{
    zh_str text = ZH_STR("不写，或写编码体系 theme 的一个：");
    for (uint32_t at = 0; at < themes->n; at++) { /* in the order declared */
        for (size_t i = 0; i < themes->n; i++) {
            const zh_code *code = &themes->codes[i];
            if (code->position == at) {
                text = zh_str_fmt(cx->arena, "%.*s%s%.*s", ZH_FMT(text), at > 0 ? " " : "",
                                  ZH_FMT(code->code));
            }
        }
    }
    return zh_str_fmt(cx->arena, "%.*s", ZH_FMT(text)).p;
}

static const zh_code *theme_of(zh_cx *cx, const zh_yaml *node)
{
    const zh_codes *themes = node == NULL || node->kind != ZH_YAML_SCALAR
                                 ? NULL
                                 : zh_cx_codes(cx, node, ZH_STR("theme"));
    const zh_code *found = themes == NULL ? NULL : zh_code_find(themes, node->text, INT32_MIN);
    if (themes != NULL && found == NULL) {
        zh_cx_error(cx, node, "register.theme", known_themes(cx, themes), "没有主题「%.*s」",
                    ZH_FMT(node->text));
    }
    return found;
}

void zh_parse_register(zh_cx *cx, zh_reg_build *b)
{
    zh_register *reg = b->reg;
    const zh_yaml *node = b->node;
    reg->id = zh_get_text(node, "id");
    reg->version = zh_get_text(node, "version");
    if (reg->version.n > 0 && !version_valid(reg->version)) {
        zh_cx_error(cx, zh_yaml_get(node, "version"), "register.version", NULL,
                    "版本应写成 1.2.0，不是「%.*s」", ZH_FMT(reg->version));
    }
    reg->label = zh_get_label(node, "label");
    reg->theme = theme_of(cx, zh_yaml_get(node, "theme"));
    reg->owner = zh_get_label(node, "owner");
    reg->purpose = zh_get_label(node, "purpose");
    reg->bias = zh_get_label(node, "bias");
    reg->basis = zh_get_labels(cx->arena, node, "basis", &reg->nbasis);
    reg->systems = zh_cx_systems(cx, b->root, &reg->nsystems);
    reg->file = zh_str_of(node->file);
    reg->table = zh_str_fmt(cx->arena, "r_%.*s", ZH_FMT(reg->id));
    reg->expected_records = zh_get_number(node, "expected_records", 0);
    reg->declared = node;
    zh_parse_fields(cx, b);
    zh_parse_workflow(cx, b);
}

/* ---- keys --------------------------------------------------------------------------------------
 */

static void link_part_of(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *part = zh_yaml_get(b->node, "part_of");
    const zh_yaml *parent = part == NULL ? NULL : zh_yaml_get(part, "register");
    const zh_yaml *field = part == NULL ? NULL : zh_yaml_get(part, "field");
    if (parent == NULL || field == NULL) {
        return;
    }
    b->reg->part_of = zh_cx_register(cx, parent, parent->text);
    b->reg->part_of_field = zh_cx_field(cx, b->reg, field, field->text);
    const zh_field *f = b->reg->part_of_field;
    if (f != NULL && b->reg->part_of != NULL && f->target != b->reg->part_of) {
        zh_cx_error(cx, field, "register.part_of", NULL, "「%.*s」应是引用「%.*s」的字段",
                    ZH_FMT(f->id), ZH_FMT(b->reg->part_of->id));
    }
    const zh_yaml *of = zh_yaml_get(part, "of"), *exclude = zh_yaml_get(part, "exclude");
    const zh_register *list = of == NULL ? NULL : zh_cx_register(cx, of, of->text);
    if (list != NULL && exclude != NULL) {
        (void)zh_cx_field(cx, list, exclude, exclude->text);
    }
}

static bool in_calendar(zh_str name)
{
    return zh_choice("office|year|month|day", name) >= 0;
}

/* One placeholder {…} of a number pattern: a run of zeros, a calendar part, office or a code field.
 */
static void check_placeholder(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_str name,
                              size_t *counters)
{
    bool zeros = name.n > 0;
    for (size_t i = 0; i < name.n; i++) {
        zeros = zeros && name.p[i] == '0';
    }
    if (zeros) {
        *counters += 1;
        if (name.n > 12) {
            zh_cx_error(cx, node, "register.number", NULL, "流水号至多 12 位");
        }
        return;
    }
    if (in_calendar(name)) {
        return;
    }
    const zh_field *f = zh_cx_field(cx, reg, node, name);
    if (f != NULL && f->type != ZH_TYPE_CODE) {
        zh_cx_error(cx, node, "register.number", NULL, "编号里的「%.*s」应是编码字段",
                    ZH_FMT(name));
    }
}

static void link_number(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *number = zh_yaml_get(b->node, "number");
    const zh_yaml *field = number == NULL ? NULL : zh_yaml_get(number, "field");
    const zh_yaml *pattern = number == NULL ? NULL : zh_yaml_get(number, "pattern");
    if (field == NULL || pattern == NULL) {
        return;
    }
    b->reg->number_field = zh_cx_field(cx, b->reg, field, field->text);
    b->reg->number_pattern = pattern->text;
    if (b->reg->number_field != NULL && b->reg->number_field->type != ZH_TYPE_STRING) {
        zh_cx_error(cx, field, "register.number", NULL, "编号字段应是 string");
    }
    size_t counters = 0;
    zh_str rest = pattern->text;
    for (;;) {
        ptrdiff_t open = zh_str_chr(rest, '{');
        if (open < 0) {
            break;
        }
        rest = zh_str_sub(rest, (size_t)open + 1, rest.n);
        ptrdiff_t close = zh_str_chr(rest, '}');
        if (close < 0) {
            zh_cx_error(cx, pattern, "register.number", NULL, "编号里的 { 没有配对的 }");
            return;
        }
        check_placeholder(cx, b->reg, pattern, zh_str_sub(rest, 0, (size_t)close), &counters);
        rest = zh_str_sub(rest, (size_t)close + 1, rest.n);
    }
    if (counters != 1) {
        zh_cx_error(cx, pattern, "register.number", "如 TS-{place}-{year}-{000000}",
                    "编号应恰有一段流水号 {000000}");
    }
}

/* A field named under a key that must have one of the types (bits of 1 << zh_type). */
static const zh_field *named_field(zh_cx *cx, const zh_reg_build *b, const char *key,
                                   unsigned types, const char *wanted)
{
    const zh_yaml *node = zh_yaml_get(b->node, key);
    if (node == NULL || node->kind != ZH_YAML_SCALAR) {
        return NULL;
    }
    const zh_field *f = zh_cx_field(cx, b->reg, node, node->text);
    if (f != NULL && (f->table != NULL || (types & (1u << f->type)) == 0)) {
        zh_cx_error(cx, node, "register.field.type", NULL, "「%s」应是%s", key, wanted);
        return NULL;
    }
    return f;
}

static void link_basis(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *node = zh_yaml_get(b->node, "basis_kind");
    if (node == NULL || node->kind != ZH_YAML_SCALAR) {
        return;
    }
    int fixed = zh_choice("random|targeted|mixed", node->text);
    if (fixed >= 0) {
        b->reg->basis_fixed = (zh_basis)(fixed + 1);
        return;
    }
    const zh_field *f = named_field(cx, b, "basis_kind", 1u << ZH_TYPE_CODE, "编码字段");
    if (f == NULL || f->codes == NULL) {
        return;
    }
    for (size_t i = 0; i < f->codes->n; i++) {
        if (zh_choice("random|targeted|mixed", f->codes->codes[i].code) < 0) {
            zh_cx_error(cx, node, "register.basis", NULL,
                        "抽样性质字段的编码只能是 random、targeted、mixed，不能有「%.*s」",
                        ZH_FMT(f->codes->codes[i].code));
        }
    }
    b->reg->basis_field = f;
}

static bool indexable(const zh_field *f)
{
    return f->table == NULL && f->type != ZH_TYPE_TABLE && f->type != ZH_TYPE_TEXT &&
           f->type != ZH_TYPE_FILE && f->type != ZH_TYPE_GEO && f->type != ZH_TYPE_RANGE;
}

static const zh_field *const *key_fields(zh_cx *cx, const zh_reg_build *b, const zh_yaml *map,
                                         const char *key, size_t *n)
{
    const zh_field *const *fields = zh_cx_fields(cx, b->reg, map, key, n);
    for (size_t i = 0; i < *n; i++) {
        if (!indexable(fields[i])) {
            zh_cx_error(cx, zh_yaml_get(map, key), "index.field", NULL,
                        "「%.*s」不能作键或索引：须是本册的短字段", ZH_FMT(fields[i]->id));
        }
    }
    return fields;
}

static bool same_fields(const zh_field *const *a, size_t na, const zh_field *const *b, size_t nb)
{
    bool same = na == nb;
    for (size_t i = 0; same && i < na; i++) {
        same = a[i] == b[i];
    }
    return same;
}

/* ---- indexes -----------------------------------------------------------------------------------
 */

static void add_index(zh_cx *cx, zh_index *indexes, size_t *n, const zh_yaml *node, zh_index index)
{
    for (size_t i = 0; i < *n; i++) {
        if (zh_str_eq(indexes[i].id, index.id)) {
            zh_cx_error(cx, node, "index.duplicate", NULL, "索引「%.*s」重复", ZH_FMT(index.id));
            return;
        }
    }
    indexes[(*n)++] = index;
}

static void link_indexes(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *list = zh_yaml_get(b->node, "indexes");
    const zh_yaml *key = zh_yaml_get(b->node, "key");
    zh_register *reg = b->reg;
    zh_index *indexes = ZH_NEW_N(cx->arena, zh_index, (list == NULL ? 0 : list->n) + 4);
    size_t n = 0;
    if (reg->nbusiness_key > 0) {
        zh_index index = {ZH_STR("key"), reg->business_key, reg->nbusiness_key, true};
        add_index(cx, indexes, &n, key, index);
    }
    if (reg->nrow_key > 0 &&
        !same_fields(reg->row_key, reg->nrow_key, reg->business_key, reg->nbusiness_key)) {
        zh_index index = {ZH_STR("row"), reg->row_key, reg->nrow_key, true};
        add_index(cx, indexes, &n, key, index);
    }
    if (reg->part_of_field != NULL) {
        const zh_field **one = ZH_NEW(cx->arena, const zh_field *);
        *one = reg->part_of_field;
        zh_index index = {ZH_STR("part_of"), one, 1, false};
        add_index(cx, indexes, &n, b->node, index);
    }
    for (const zh_yaml *i = zh_first(b->node, "indexes"); i != NULL; i = zh_next(i)) {
        zh_index index = {.id = zh_get_text(i, "id"), .unique = zh_get_bool(i, "unique", false)};
        index.fields = key_fields(cx, b, i, "fields", &index.nfields);
        if (index.nfields > 0) {
            add_index(cx, indexes, &n, i, index);
        }
    }
    reg->indexes = indexes;
    reg->nindexes = n;
}

/* ---- views -------------------------------------------------------------------------------------
 */

static bool list_column(const zh_register *reg, zh_str name)
{
    if (zh_choice("state|version|created_at|recorded_at|office|handler_office|id|clock.next",
                  name) >= 0) {
        return true;
    }
    for (size_t i = 0; i < reg->nclocks; i++) {
        if (zh_str_starts(name, ZH_STR("clock.")) &&
            zh_str_eq(zh_str_sub(name, 6, name.n), reg->clocks[i].id)) {
            return true;
        }
    }
    return false;
}

static void check_sort(zh_cx *cx, zh_reg_build *b, const zh_yaml *view, bool is_default)
{
    const zh_yaml *sort = zh_yaml_get(view, "sort");
    if (sort == NULL || sort->kind != ZH_YAML_SCALAR) {
        return;
    }
    zh_str rest = sort->text, piece;
    for (bool first = true; zh_str_split(&rest, ',', &piece); first = false) {
        piece = zh_str_trim(piece);
        bool descending = zh_str_starts(piece, ZH_STR("-"));
        zh_str name = zh_str_sub(piece, descending ? 1 : 0, piece.n);
        if (list_column(b->reg, name)) {
            continue;
        }
        const zh_field *f = zh_cx_field(cx, b->reg, sort, name);
        if (f != NULL && !indexable(f)) {
            zh_cx_error(cx, sort, "view.sort", NULL, "不能按「%.*s」排序", ZH_FMT(name));
        } else if (first && is_default) {
            b->reg->default_sort = f;
            b->reg->default_sort_descending = descending;
        }
    }
}

static void link_view(zh_cx *cx, zh_reg_build *b, const zh_yaml *view)
{
    size_t count = 0;
    bool is_default = zh_str_is(view->key, "default");
    for (const zh_yaml *c = zh_first(view, "columns"); c != NULL; c = zh_next(c)) {
        count++;
    }
    const zh_field **columns = ZH_NEW_N(cx->arena, const zh_field *, count + 1);
    size_t n = 0;
    for (const zh_yaml *c = zh_first(view, "columns"); c != NULL; c = zh_next(c)) {
        if (list_column(b->reg, c->text)) {
            continue;
        }
        columns[n] = zh_cx_field(cx, b->reg, c, c->text);
        n += columns[n] != NULL;
    }
    if (is_default) {
        b->reg->default_columns = columns;
        b->reg->ndefault_columns = n;
    }
    check_sort(cx, b, view, is_default);
    const zh_yaml *map = zh_yaml_get(view, "map");
    const zh_field *geo = map == NULL ? NULL : zh_cx_field(cx, b->reg, map, map->text);
    if (geo != NULL && geo->type != ZH_TYPE_GEO && geo->type != ZH_TYPE_CODE) {
        zh_cx_error(cx, map, "view.map", NULL, "地图用的字段应是 geo，或地区编码");
    }
    for (const zh_yaml *i = zh_first(view, "index"); i != NULL; i = zh_next(i)) {
        if (!list_column(b->reg, i->text)) {
            (void)zh_cx_field(cx, b->reg, i, i->text);
        }
    }
}

void zh_link_keys(zh_cx *cx, zh_reg_build *b)
{
    zh_register *reg = b->reg;
    link_part_of(cx, b);
    const zh_yaml *key = zh_yaml_get(b->node, "key");
    if (key != NULL) {
        reg->business_key = key_fields(cx, b, key, "business", &reg->nbusiness_key);
        reg->row_key = key_fields(cx, b, key, "row", &reg->nrow_key);
        reg->public_key = zh_get_bool(key, "public", false);
    }
    if (reg->nrow_key == 0) {
        reg->row_key = reg->business_key;
        reg->nrow_key = reg->nbusiness_key;
    }
    link_number(cx, b);
    reg->home_field = named_field(cx, b, "home", 1u << ZH_TYPE_CODE, "编码字段(地区)");
    if (reg->home_field != NULL && reg->home_field->computed) {
        zh_cx_error(cx, zh_yaml_get(b->node, "home"), "register.home",
                    "用填写的字段；要随所引用的记录而定，就把它也作为字段填写",
                    "home 在计算之前就要知道，不能是计算字段「%.*s」", ZH_FMT(reg->home_field->id));
    }
    reg->event_time = named_field(cx, b, "event_time", 1u << ZH_TYPE_DATE | 1u << ZH_TYPE_DATETIME,
                                  "date 或 datetime 字段");
    link_basis(cx, b);
    link_indexes(cx, b);
    const zh_yaml *views = zh_yaml_get(b->node, "views");
    for (const zh_yaml *v = views == NULL ? NULL : views->first; v != NULL; v = v->next) {
        link_view(cx, b, v);
    }
    const zh_yaml *migrate = zh_yaml_get(b->node, "migrate");
    if (migrate != NULL) {
        size_t n;
        (void)zh_cx_fields(cx, reg, migrate, "narrow", &n);
    }
}

/* ---- expressions -------------------------------------------------------------------------------
 */

void zh_compile_register(zh_cx *cx, zh_reg_build *b)
{
    zh_scope scope = {.model = cx->model, .reg = b->reg};
    zh_program duplicate;
    const zh_yaml *key = zh_yaml_get(b->node, "key");
    zh_compile_fields(cx, b);
    if (key != NULL) {
        (void)zh_cx_expr(cx, &scope, key, "duplicate", ZH_BOOL, &duplicate);
    }
    b->reg->has_weight = zh_cx_expr(cx, &scope, b->node, "weight", ZH_DECIMAL, &b->reg->weight);
    b->reg->has_count_when =
        zh_cx_expr(cx, &scope, b->node, "count_when", ZH_BOOL, &b->reg->count_when);
    zh_cx_pure(cx, b->node, "count_when", &b->reg->count_when);
    const zh_yaml *views = zh_yaml_get(b->node, "views");
    for (const zh_yaml *v = views == NULL ? NULL : views->first; v != NULL; v = v->next) {
        zh_program where; /* compiled again by whoever asks the view: here it is only checked */
        (void)zh_cx_expr(cx, &scope, v, "where", ZH_BOOL, &where);
    }
    zh_compile_title(cx, b);
    zh_compile_kindred(cx, b);
    zh_compile_workflow(cx, b);
}
