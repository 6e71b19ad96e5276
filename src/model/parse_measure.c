/* Measures and cubes of a register, and the estimate of a cube's cells. */
#include "model/compile.h"
#include "model/grammar.h"
#include <math.h>

enum { YEARS_KEPT = 5 }; /* of periods, for the estimate */

/* ---- measures ----------------------------------------------------------------------------------
 */

static const zh_yaml *need_key(zh_cx *cx, const zh_yaml *node, const char *key, const char *kind)
{
    const zh_yaml *value = zh_yaml_get(node, key);
    if (value == NULL) {
        zh_cx_error(cx, node, "measure.key", NULL, "量度种类 %s 需要「%s」", kind, key);
    }
    return value;
}

static void refuse_key(zh_cx *cx, const zh_yaml *node, const char *key, zh_str kind)
{
    const zh_yaml *value = zh_yaml_get(node, key);
    if (value != NULL) {
        zh_cx_key_error(cx, value, "measure.key", NULL, "量度种类 %.*s 不用「%s」", ZH_FMT(kind),
                        key);
    }
}

/* Digits of a decimal expression that is one field; 6 otherwise. */
static uint8_t digits_of(const zh_program *program)
{
    const zh_expr *x = program->root;
    while (x != NULL && x->op == ZH_X_PATH && x->n > 0) {
        x = x->a[0];
    }
    return x != NULL && x->op == ZH_X_FIELD && x->field != NULL ? x->field->digits : 6;
}

static void read_value(zh_cx *cx, const zh_scope *scope, const zh_yaml *node, zh_measure *m)
{
    static const char *const names[] = {"count",  "sum",      "sumsq", "distinct",
                                        "any_of", "quantile", "stock"};
    zh_str kind = zh_str_of(names[m->kind]);
    const char *key = m->kind == ZH_M_ANY_OF ? "key" : "of";
    refuse_key(cx, node, m->kind == ZH_M_ANY_OF ? "of" : "key", kind);
    if (m->kind == ZH_M_COUNT) {
        refuse_key(cx, node, "of", kind);
        return;
    }
    if (need_key(cx, node, key, names[m->kind]) == NULL) {
        return;
    }
    zh_kind want = ZH_NULL;
    if (m->kind == ZH_M_SUM || m->kind == ZH_M_SUMSQ || m->kind == ZH_M_QUANTILE) {
        want = ZH_DECIMAL;
    } else if (m->kind == ZH_M_STOCK) {
        want = ZH_PERIOD;
    }
    m->has_value = zh_cx_expr(cx, scope, node, key, want, &m->value);
    if (m->has_value && want == ZH_NULL && m->value.root->kind == ZH_LIST) {
        zh_cx_error(cx, zh_yaml_get(node, key), "measure.key.kind", NULL, "键应是一个值，不是列表");
    }
}

/* What cells count must follow from the record alone, else a recount could differ from them: other
 * records change without it. A computed field takes what it needs when the version is written. */
void zh_cx_pure(zh_cx *cx, const zh_yaml *node, const char *key, const zh_program *program)
{
    const zh_yaml *value = zh_yaml_get(node, key);
    if (value != NULL && program->needs_store) {
        zh_cx_error(cx, value, "measure.pure",
                    "先声明一个计算字段（computed）取得这个值，再在这里用它；它在写入版本时算定，别"
                    "的记录后来变了不会跟着变",
                    "「%s」引用了其他记录、时限或历史，单元格只能由记录本身决定", key);
    }
}

/* ---- personal data ----------------------------------------------------------------------------
 */

enum { COMPUTED_DEPTH_MAX = 16 }; /* computed fields that are followed into one another */

typedef struct personal_search {
    const zh_field *found;
    unsigned depth;
} personal_search;

static void look_at_node(void *user, const zh_expr *node);

static const zh_field *personal_in(const zh_field *field, unsigned depth)
{
    personal_search search = {.depth = depth + 1};
    bool whole = field->table != NULL && field->table->pipl != ZH_PIPL_NONE;
    if (field->pipl != ZH_PIPL_NONE || whole) {
        return field;
    }
    if (field->computed && field->expr.root != NULL && depth < COMPUTED_DEPTH_MAX) {
        zh_expr_walk(field->expr.root, look_at_node, &search); /* bounded by depth */
    }
    return search.found;
}

const zh_field *zh_field_personal_source(const zh_field *field)
{
    return personal_in(field, 0);
}

static void look_at_node(void *user, const zh_expr *node)
{
    personal_search *search = user;
    if (node->field != NULL && search->found == NULL) {
        search->found = personal_in(node->field, search->depth);
    }
}

static const zh_field *personal_in_program(const zh_program *program)
{
    personal_search search = {0};
    if (program->root != NULL) {
        zh_expr_walk(program->root, look_at_node, &search);
    }
    return search.found;
}

/* What cells are counted by stands in the cells and in the changes of cells that every batch leaves
 * behind. An erasure takes a value from the record and its versions but cannot take it from there.
 */
static void refuse_personal(zh_cx *cx, const zh_yaml *node, const char *rule,
                            const zh_field *personal)
{
    if (personal != NULL) {
        zh_cx_error(cx, node, rule, "换用不含个人信息的编号或编码字段",
                    "统计单元格会留下「%.*s」的值，而它是个人信息，删除时取不回来",
                    ZH_FMT(personal->id));
    }
}

static void read_measure(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_measure *m)
{
    static const char kinds[] = "count|sum|sumsq|distinct|any_of|quantile|stock";
    int kind = zh_choice(kinds, zh_get_text(node, "kind"));
    m->id = node->key;
    m->kind = kind < 0 ? ZH_M_COUNT : (zh_measure_kind)kind;
    const zh_yaml *rows = zh_yaml_get(node, "rows");
    m->table = rows == NULL ? NULL : zh_cx_field(cx, b->reg, rows, rows->text);
    if (m->table != NULL && m->table->type != ZH_TYPE_TABLE) {
        zh_cx_error(cx, rows, "measure.rows", NULL, "「%.*s」不是明细表", ZH_FMT(rows->text));
        m->table = NULL;
        return;
    }
    if (kind < 0) {
        return; /* reported by the schema */
    }
    zh_scope scope = {.model = cx->model, .reg = b->reg, .table = m->table};
    m->has_filter = zh_cx_expr(cx, &scope, node, "where", ZH_BOOL, &m->filter);
    read_value(cx, &scope, node, m);
    zh_cx_pure(cx, node, "where", &m->filter);
    zh_cx_pure(cx, node, m->kind == ZH_M_ANY_OF ? "key" : "of", &m->value);
    if (m->kind == ZH_M_ANY_OF || m->kind == ZH_M_DISTINCT) {
        const char *key = m->kind == ZH_M_ANY_OF ? "key" : "of";
        refuse_personal(cx, zh_yaml_get(node, key), "measure.personal",
                        personal_in_program(&m->value));
    }
    uint32_t digits = zh_get_number(node, "digits", m->has_value ? digits_of(&m->value) : 0);
    if (digits > ZH_DECIMAL_DIGITS_MAX) {
        zh_cx_error(cx, zh_yaml_get(node, "digits"), "field.digits", NULL, "小数位数至多 %d",
                    ZH_DECIMAL_DIGITS_MAX);
        digits = 0;
    }
    m->digits = (uint8_t)digits;
}

/* ---- dimensions --------------------------------------------------------------------------------
 */

typedef struct dim_source { /* how a dimension is written */
    const zh_yaml *node;
    zh_str text;        /* field, field@level or a period */
    const zh_yaml *map; /* or a mapping */
    uint32_t values;    /* expected number of values; 0 not said */
} dim_source;

static zh_grain grain_of(const zh_register *reg, zh_str text)
{
    int grain = zh_choice("day|month|quarter|half|year", text);
    if (grain < 0 || (reg->event_time == NULL && zh_register_field(reg, text) != NULL)) {
        return ZH_GRAIN_NONE;
    }
    return (zh_grain)(grain + 1);
}

static void time_dim(zh_cx *cx, const zh_register *reg, const dim_source *s, zh_grain grain,
                     zh_dim *d)
{
    d->id = s->text;
    d->grain = grain;
    d->column = zh_str_fmt(cx->arena, "p_%.*s", ZH_FMT(s->text));
    if (reg->event_time == NULL) {
        zh_cx_error(cx, s->node, "cube.dim.time", "给登记册写 event_time: 日期字段",
                    "按期间统计需要 event_time");
    } else if (zh_register_field(reg, s->text) != NULL &&
               zh_register_field(reg, s->text) != reg->event_time) {
        zh_cx_error(cx, s->node, "cube.dim.ambiguous", "字段改名，或写 {id: …, expr: …}",
                    "「%.*s」既是期间又是字段", ZH_FMT(s->text));
    }
}

static void set_level(zh_cx *cx, const zh_yaml *node, zh_str level, zh_dim *d)
{
    if (d->codes == NULL) {
        zh_cx_error(cx, node, "cube.dim.level", NULL, "「%.*s」不是编码，没有层级", ZH_FMT(d->id));
        return;
    }
    d->level = zh_codes_level(d->codes, level);
    if (d->level == 0) {
        zh_cx_error(cx, node, "cube.dim.level", NULL, "编码体系「%.*s」没有层级「%.*s」",
                    ZH_FMT(d->codes->id), ZH_FMT(level));
    }
}

static bool countable(const zh_field *f)
{
    return f->table == NULL && (f->type == ZH_TYPE_CODE || f->type == ZH_TYPE_BOOL ||
                                f->type == ZH_TYPE_STRING || f->type == ZH_TYPE_REF);
}

static void field_dim(zh_cx *cx, const zh_register *reg, const dim_source *s, zh_dim *d)
{
    ptrdiff_t at = zh_str_chr(s->text, '@');
    zh_str name = at < 0 ? s->text : zh_str_sub(s->text, 0, (size_t)at);
    const zh_field *f = zh_cx_field(cx, reg, s->node, name);
    if (f == NULL) {
        return;
    }
    d->field = f;
    d->id = d->id.n > 0 ? d->id : f->id;
    d->codes = f->codes;
    d->column = f->column;
    if (!countable(f)) {
        zh_cx_error(cx, s->node, "cube.dim.type", NULL,
                    "「%.*s」不能作维度：应是编码、是否、短文字或引用", ZH_FMT(f->id));
    }
    refuse_personal(cx, s->node, "cube.dim.personal", zh_field_personal_source(f));
    if (at >= 0) {
        set_level(cx, s->node, zh_str_sub(s->text, (size_t)at + 1, s->text.n), d);
    }
    d->derived = d->level > 0 && d->level != f->level;
    if (d->derived) {
        d->column = zh_str_fmt(cx->arena, "d_%.*s_%u", ZH_FMT(f->column), d->level);
    }
}

/* The code system of an expression's result: that of the field it ends in. */
static const zh_codes *codes_of(const zh_expr *x)
{
    while (x != NULL && (x->op == ZH_X_PATH || x->op == ZH_X_LEVEL) && x->n > 0) {
        x = x->a[0];
    }
    return x != NULL && x->op == ZH_X_FIELD && x->field != NULL ? x->field->codes : NULL;
}

static void expr_dim(zh_cx *cx, const zh_register *reg, const dim_source *s, zh_dim *d)
{
    zh_scope scope = {.model = cx->model, .reg = reg};
    d->derived = true;
    if (d->id.n == 0) {
        zh_cx_error(cx, s->node, "cube.dim.id", NULL, "用表达式的维度需要「id」");
        return;
    }
    if (!zh_cx_expr(cx, &scope, s->map, "expr", ZH_NULL, &d->expr)) {
        return;
    }
    refuse_personal(cx, zh_yaml_get(s->map, "expr"), "cube.dim.personal",
                    personal_in_program(&d->expr));
    zh_kind kind = d->expr.root->kind;
    if (kind != ZH_TEXT && kind != ZH_BOOL && kind != ZH_NULL) {
        zh_cx_error(cx, zh_yaml_get(s->map, "expr"), "cube.dim.type", NULL,
                    "维度的表达式应得出编码、文字或是否");
    }
    const zh_yaml *system = zh_yaml_get(s->map, "system");
    d->codes = system != NULL ? zh_cx_codes(cx, system, system->text) : codes_of(d->expr.root);
    const zh_yaml *level = zh_yaml_get(s->map, "level");
    if (level != NULL) {
        set_level(cx, level, level->text, d);
    }
    d->column = d->level == 0 ? zh_str_fmt(cx->arena, "d_%.*s", ZH_FMT(d->id))
                              : zh_str_fmt(cx->arena, "d_%.*s_%u", ZH_FMT(d->id), d->level);
}

static void read_dim(zh_cx *cx, const zh_register *reg, dim_source *s, zh_dim *d)
{
    if (s->node->kind == ZH_YAML_SCALAR) {
        s->text = s->node->text;
    } else if (s->node->kind == ZH_YAML_MAPPING) {
        s->map = s->node;
        s->text = zh_get_text(s->node, "field");
        s->values = zh_get_number(s->node, "values", 0);
        d->id = zh_get_text(s->node, "id");
        if ((s->text.n > 0) == (zh_yaml_get(s->node, "expr") != NULL)) {
            zh_cx_error(cx, s->node, "cube.dim", NULL, "维度应恰有「field」与「expr」中的一个");
            return;
        }
    }
    if (s->text.n == 0) {
        expr_dim(cx, reg, s, d);
        return;
    }
    zh_grain grain = grain_of(reg, s->text);
    if (grain != ZH_GRAIN_NONE) {
        time_dim(cx, reg, s, grain, d);
    } else {
        field_dim(cx, reg, s, d);
    }
}

/* ---- estimate ----------------------------------------------------------------------------------
 */

static double codes_at_level(const zh_codes *codes, uint16_t level, uint16_t field_level)
{
    size_t n = 0;
    uint16_t wanted = level > 0 ? level : field_level;
    for (size_t i = 0; i < codes->n; i++) {
        bool current = codes->codes[i].to == ZH_OPEN_END;
        n += current && (wanted == 0 || codes->codes[i].level == wanted);
    }
    return n == 0 ? 1 : (double)n;
}

/* Expected number of values of a dimension; 0 when nothing bounds it. */
static double cardinality(const zh_dim *d, uint32_t said)
{
    static const double per_year[] = {0, 366, 12, 4, 2, 1};
    if (said > 0) {
        return said;
    }
    if (d->grain != ZH_GRAIN_NONE) {
        return per_year[d->grain] * YEARS_KEPT;
    }
    if (d->codes != NULL) {
        return codes_at_level(d->codes, d->level, d->field != NULL ? d->field->level : 0);
    }
    bool boolean = (d->field != NULL && d->field->type == ZH_TYPE_BOOL) ||
                   (d->expr.root != NULL && d->expr.root->kind == ZH_BOOL);
    return boolean ? 2 : 0;
}

/* Cells that n records fill when they fall evenly on `cells` cells. */
static double filled(double records, double cells)
{
    return cells * -expm1(-records / cells);
}

static void check_size(zh_cx *cx, const zh_register *reg, const zh_yaml *node, const zh_cube *cube,
                       double cells)
{
    if (reg->expected_records == 0 || cube->dense) {
        return;
    }
    double expected = filled(reg->expected_records, cells);
    if (expected > reg->expected_records / 10.0) {
        zh_cx_error(cx, node, "cube.size", "减少维度或改用更高的层级；确有需要时写 dense: yes",
                    "立方「%.*s」估计有 %.0f 个格，超过预计记录数 %u 的 10%%", ZH_FMT(cube->id),
                    expected, reg->expected_records);
    }
}

/* ---- cubes -------------------------------------------------------------------------------------
 */

static void read_dims(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_cube *cube)
{
    zh_dim *dims = ZH_NEW_N(cx->arena, zh_dim, ZH_CUBE_DIMS_MAX);
    double cells = 1;
    bool bounded = true;
    cube->dims = dims;
    for (const zh_yaml *n = zh_first(node, "dims"); n != NULL; n = zh_next(n)) {
        if (cube->ndims == ZH_CUBE_DIMS_MAX) {
            zh_cx_error(cx, n, "cube.dims.limit", "拆成两个立方", "一个立方至多 %d 个维度",
                        ZH_CUBE_DIMS_MAX);
            return;
        }
        dim_source s = {.node = n};
        zh_dim *d = &dims[cube->ndims];
        size_t errors = cx->errors;
        if (n->kind == ZH_YAML_MAPPING) {
            zh_schema_check(cx, n, zh_grammar_dim());
        }
        if (cx->errors == errors) {
            read_dim(cx, b->reg, &s, d);
        }
        for (size_t i = 0; i < cube->ndims; i++) {
            if (zh_str_eq(dims[i].column, d->column) && cx->errors == errors) {
                zh_cx_error(cx, n, "cube.dim.duplicate", NULL, "维度「%.*s」重复", ZH_FMT(d->id));
            }
        }
        double values = cardinality(d, s.values);
        if (values <= 0 && !cube->dense && cx->errors == errors) {
            zh_cx_error(cx, n, "cube.dim.unbounded", "写成 {field: …, values: 预计取值个数}",
                        "「%.*s」的取值个数没有上限", ZH_FMT(d->id));
            bounded = false;
        }
        cells *= values > 0 ? values : 1;
        cube->ndims++;
    }
    if (bounded) {
        check_size(cx, b->reg, node, cube, cells);
    }
}

static const zh_measure *find_measure(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->nmeasures; i++) {
        if (zh_str_eq(reg->measures[i].id, id)) {
            return &reg->measures[i];
        }
    }
    return NULL;
}

static void read_cube_measures(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_cube *cube)
{
    size_t n = 0;
    for (const zh_yaml *m = zh_first(node, "measures"); m != NULL; m = zh_next(m)) {
        n++;
    }
    const zh_measure **list = ZH_NEW_N(cx->arena, const zh_measure *, n + 1);
    for (const zh_yaml *m = zh_first(node, "measures"); m != NULL; m = zh_next(m)) {
        const zh_measure *found = find_measure(b->reg, m->text);
        if (found == NULL) {
            zh_str known[64];
            size_t k = 0;
            for (; k < b->reg->nmeasures && k < ZH_COUNTOF(known); k++) {
                known[k] = b->reg->measures[k].id;
            }
            zh_cx_error(cx, m, "cube.measure", zh_schema_nearest(cx->arena, m->text, known, k),
                        "没有量度「%.*s」", ZH_FMT(m->text));
        } else {
            list[cube->nmeasures++] = found;
        }
    }
    cube->measures = list;
}

/* Derived dimensions of all cubes, each once, in the order of first use. */
static void collect_derived(zh_cx *cx, zh_reg_build *b)
{
    const zh_dim **list = ZH_NEW_N(cx->arena, const zh_dim *, b->reg->ncubes *ZH_CUBE_DIMS_MAX + 1);
    size_t n = 0;
    for (size_t c = 0; c < b->reg->ncubes; c++) {
        const zh_cube *cube = &b->reg->cubes[c];
        for (size_t d = 0; d < cube->ndims; d++) {
            const zh_dim *dim = &cube->dims[d];
            const zh_dim *same = NULL;
            for (size_t i = 0; i < n; i++) {
                same = zh_str_eq(list[i]->column, dim->column) ? list[i] : same;
            }
            if (!dim->derived) {
                continue;
            }
            if (same == NULL) {
                list[n++] = dim;
            } else if (!zh_str_eq(same->expr.source, dim->expr.source) ||
                       same->field != dim->field) {
                zh_cx_error(cx, b->node, "cube.dim.conflict", NULL,
                            "维度「%.*s」在两个立方里的定义不同", ZH_FMT(dim->id));
            }
        }
    }
    b->reg->derived = list;
    b->reg->nderived = n;
}

void zh_parse_measures(zh_cx *cx, zh_reg_build *b)
{
    const zh_yaml *measures = zh_yaml_get(b->node, "measures");
    zh_register *reg = b->reg;
    size_t n = measures == NULL ? 0 : measures->n;
    b->measures = ZH_NEW_N(cx->arena, zh_measure, n + 1);
    reg->measures = b->measures;
    for (const zh_yaml *m = n == 0 ? NULL : measures->first; m != NULL; m = m->next) {
        read_measure(cx, b, m, &b->measures[reg->nmeasures++]);
    }
    n = 0;
    for (const zh_yaml *c = zh_first(b->node, "cubes"); c != NULL; c = zh_next(c)) {
        n++;
    }
    b->cubes = ZH_NEW_N(cx->arena, zh_cube, n + 1);
    reg->cubes = b->cubes;
    for (const zh_yaml *c = zh_first(b->node, "cubes"); c != NULL; c = zh_next(c)) {
        zh_cube *cube = &b->cubes[reg->ncubes++];
        cube->id = zh_get_text(c, "id");
        cube->table = zh_str_fmt(cx->arena, "q_%.*s__%.*s", ZH_FMT(reg->id), ZH_FMT(cube->id));
        cube->dense = zh_get_bool(c, "dense", false);
        read_cube_measures(cx, b, c, cube);
        read_dims(cx, b, c, cube);
    }
    collect_derived(cx, b);
}
