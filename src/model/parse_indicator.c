/* Indicators: what each kind needs, and that their basis agrees with how the lots were chosen.
 *
 * A rate over lots that were drawn with unequal probabilities, or that were targeted, must not be
 * shown as if it described the market: the compiler refuses the combinations that would. */
#include "model/compile.h"
#include <string.h>

#define NOTE_NOT_THE_WHOLE    "该批抽检结果，不代表总体"
#define NOTE_NOT_THE_WHOLE_EN "Results of this sampling only, not representative of the whole"

enum { GROWTH_DEPTH_MAX = 8, TREE_STEPS_MAX = 10000 };

typedef struct build {
    zh_indicator *ind;
    const zh_yaml *node;
} build;

/* ---- what each kind needs ----------------------------------------------------------------------
 */

typedef struct needs {
    bool num, den;
    const char *other; /* a further required key */
    unsigned measures; /* bits of zh_measure_kind that num and den may use */
    bool single;       /* num is exactly one measure */
    bool figure;       /* a statement about lots: the basis matters */
} needs;

#define M(kind)  (1u << (kind))
#define COUNTING (M(ZH_M_COUNT) | M(ZH_M_SUM) | M(ZH_M_DISTINCT) | M(ZH_M_ANY_OF))

static const needs kind_needs[] = {
    [ZH_I_COUNT] = {true, false, NULL, M(ZH_M_COUNT) | M(ZH_M_ANY_OF), false, false},
    [ZH_I_SUM] = {true, false, NULL, M(ZH_M_SUM) | M(ZH_M_COUNT), false, false},
    [ZH_I_RATIO] = {true, true, NULL, COUNTING, false, false},
    [ZH_I_RATE] = {true, true, NULL, COUNTING, false, true},
    [ZH_I_MEAN] = {true, true, NULL, COUNTING, false, true},
    [ZH_I_SHARE] = {true, true, NULL, COUNTING, false, true},
    [ZH_I_GROWTH] = {false, false, "of", 0, false, false},
    [ZH_I_WEIGHTED] = {true, true, "weights", COUNTING, false, true},
    [ZH_I_MATCHED] = {true, true, "match", COUNTING, false, true},
    [ZH_I_DESIGN] = {true, true, NULL, COUNTING, false, true},
    [ZH_I_QUANTILE] = {true, false, "q", M(ZH_M_QUANTILE), true, false},
    [ZH_I_DISTINCT] = {true, false, NULL, M(ZH_M_DISTINCT), true, false},
    [ZH_I_STOCK] = {true, false, NULL, M(ZH_M_STOCK), true, false},
    [ZH_I_COMPOSITE] = {false, false, "components", 0, false, false},
};

static void need(zh_cx *cx, const build *b, const char *key)
{
    if (zh_yaml_get(b->node, key) == NULL) {
        zh_cx_error(cx, b->node, "indicator.key.missing", NULL, "%.*s 类指标需要「%s」",
                    ZH_FMT(zh_get_text(b->node, "kind")), key);
    }
}

static void check_keys(zh_cx *cx, const build *b)
{
    static const struct {
        const char *key;
        unsigned kinds; /* bits */
    } special[] = {
        {"of", 1u << ZH_I_GROWTH},
        {"against", 1u << ZH_I_GROWTH},
        {"weights", 1u << ZH_I_WEIGHTED},
        {"match", 1u << ZH_I_MATCHED},
        {"weight", 1u << ZH_I_DESIGN},
        {"q", 1u << ZH_I_QUANTILE},
        {"components", 1u << ZH_I_COMPOSITE},
    };
    const needs *n = &kind_needs[b->ind->kind];
    bool has_register = b->ind->kind != ZH_I_GROWTH && b->ind->kind != ZH_I_COMPOSITE;
    if (has_register) {
        need(cx, b, "register");
    }
    if (n->num) {
        need(cx, b, "num");
    }
    if (n->den) {
        need(cx, b, "den");
    }
    if (n->other != NULL) {
        need(cx, b, n->other);
    }
    for (size_t i = 0; i < ZH_COUNTOF(special); i++) {
        const zh_yaml *value = zh_yaml_get(b->node, special[i].key);
        if (value != NULL && (special[i].kinds & (1u << b->ind->kind)) == 0) {
            zh_cx_key_error(cx, value, "indicator.key", NULL, "「%s」不用于 %.*s 类指标",
                            special[i].key, ZH_FMT(zh_get_text(b->node, "kind")));
        }
    }
}

/* ---- numerators and denominators ----------------------------------------------------------------
 */

typedef struct measure_check {
    zh_cx *cx;
    const zh_register *reg;
    const zh_yaml *node;
    unsigned allowed;
} measure_check;

static void check_measure(void *user, const zh_expr *x)
{
    const measure_check *c = user;
    if (x->op == ZH_X_PARAMETER && x->index < c->reg->nmeasures &&
        (c->allowed & M(c->reg->measures[x->index].kind)) == 0) {
        zh_cx_error(c->cx, c->node, "indicator.measure", NULL,
                    "量度「%.*s」的种类不能用在这类指标里", ZH_FMT(c->reg->measures[x->index].id));
    }
    if (x->op == ZH_X_QUERY) { /* cells of one register are what an indicator is added up from */
        zh_cx_error(
            c->cx, c->node, "indicator.query",
            "在那本登记册上另声明一个指标，与这个并列；或在本登记册记下要除的数，声明成量度",
            "指标的分子、分母只能由本登记册的量度算出，不能另数登记册");
    }
}

static bool compile_part(zh_cx *cx, const build *b, const char *key, zh_program *out)
{
    const zh_register *reg = b->ind->reg;
    const needs *n = &kind_needs[b->ind->kind];
    zh_str *names = ZH_NEW_N(cx->arena, zh_str, reg->nmeasures + 1);
    for (size_t i = 0; i < reg->nmeasures; i++) {
        names[i] = reg->measures[i].id;
    }
    zh_scope scope = {.model = cx->model, .parameters = names, .nparameters = reg->nmeasures};
    if (!zh_cx_expr(cx, &scope, b->node, key, ZH_DECIMAL, out)) {
        return false;
    }
    const zh_yaml *node = zh_yaml_get(b->node, key);
    measure_check check = {cx, reg, node, n->measures};
    zh_expr_walk(out->root, check_measure, &check);
    if (n->single && out->root->op != ZH_X_PARAMETER) {
        zh_cx_error(cx, node, "indicator.measure", NULL, "这类指标的「%s」应是一个量度", key);
    }
    return true;
}

/* ---- basis -------------------------------------------------------------------------------------
 */

static const char *basis_name(zh_basis basis)
{
    static const char *const names[] = {"", "random", "targeted", "mixed"};
    return names[basis];
}

/* Does the filter hold `basis_field = 'random'` as one of its and-parts? */
static bool selects(const zh_expr *x, const zh_field *field, const char *code, int depth)
{
    if (x == NULL || depth > ZH_EXPR_DEPTH_MAX) {
        return false;
    }
    if (x->op == ZH_X_AND) {
        for (size_t i = 0; i < x->n; i++) {
            if (selects(x->a[i], field, code, depth + 1)) {
                return true;
            }
        }
        return false;
    }
    if (x->op != ZH_X_EQ || x->n != 2) {
        return false;
    }
    const zh_expr *left = x->a[0], *right = x->a[1];
    if (left->op == ZH_X_LITERAL) {
        const zh_expr *swap = left;
        left = right;
        right = swap;
    }
    return left->op == ZH_X_FIELD && left->field == field && right->op == ZH_X_LITERAL &&
           zh_str_is(right->value.text, code);
}

static void check_basis_field(zh_cx *cx, const build *b)
{
    zh_indicator *ind = b->ind;
    if (ind->basis == ZH_BASIS_NONE) {
        zh_cx_error(cx, b->node, "indicator.basis.missing", "写 basis: random、targeted 或 mixed",
                    "登记册里既有随机也有定向抽样，指标须说明按哪一种统计");
        return;
    }
    const char *code = basis_name(ind->basis);
    bool broken = !ind->has_filter && zh_yaml_get(b->node, "where") != NULL; /* reported */
    if (ind->basis != ZH_BASIS_MIXED && !broken &&
        !(ind->has_filter && selects(ind->filter.root, ind->reg->basis_field, code, 0))) {
        zh_cx_error(cx, b->node, "indicator.basis.filter",
                    zh_str_fmt(cx->arena, "在 where 中加 and %.*s = '%s'",
                               ZH_FMT(ind->reg->basis_field->id), code)
                        .p,
                    "指标的抽样性质是 %s，但筛选条件没有只取这种样本", code);
    }
}

static void check_basis(zh_cx *cx, const build *b)
{
    zh_indicator *ind = b->ind;
    const zh_register *reg = ind->reg;
    const zh_yaml *declared = zh_yaml_get(b->node, "basis");
    if (reg->basis_fixed == ZH_BASIS_NONE && reg->basis_field == NULL) {
        if (declared != NULL) {
            zh_cx_error(cx, declared, "indicator.basis.none", "在登记册里声明 basis_kind",
                        "登记册「%.*s」没有声明抽样性质", ZH_FMT(reg->id));
        }
        return;
    }
    if (reg->basis_field != NULL) {
        if (kind_needs[ind->kind].figure || declared != NULL) {
            check_basis_field(cx, b);
        }
        return;
    }
    if (declared != NULL && ind->basis != reg->basis_fixed) {
        zh_cx_error(cx, declared, "indicator.basis.differs", NULL,
                    "登记册「%.*s」的抽样性质是 %s，指标不能是 %s", ZH_FMT(reg->id),
                    basis_name(reg->basis_fixed), basis_name(ind->basis));
    }
    ind->basis = reg->basis_fixed;
}

/* Wilson and Clopper–Pearson presuppose that every lot had the same probability. */
static void check_interval(zh_cx *cx, const build *b)
{
    zh_indicator *ind = b->ind;
    const zh_yaml *interval = zh_yaml_get(b->node, "interval");
    bool wanted = ind->interval.n > 0 && !zh_str_is(ind->interval, "none");
    bool unequal =
        ind->reg->has_weight && (ind->basis == ZH_BASIS_RANDOM || ind->basis == ZH_BASIS_NONE);
    if (wanted && ind->kind != ZH_I_RATE) {
        zh_cx_error(cx, interval, "indicator.interval",
                    "分子是分母一部分的率写 kind: rate；其他种类去掉 interval",
                    "区间 %.*s 只用于 rate 类指标", ZH_FMT(ind->interval));
    } else if (wanted && unequal) {
        zh_cx_error(cx, interval, "indicator.interval.weight", "改用 kind: design",
                    "登记册声明了抽取权数，各批入样概率不等，不能用 %.*s 区间",
                    ZH_FMT(ind->interval));
    } else if (ind->kind == ZH_I_RATE && unequal) {
        zh_cx_error(cx, b->node, "indicator.rate.weight", "改用 kind: design",
                    "登记册声明了抽取权数，随机抽样的比率须按抽样设计估计");
    }
    if (ind->kind != ZH_I_DESIGN) {
        return;
    }
    if (!ind->has_weight) {
        zh_cx_error(cx, b->node, "indicator.design.weight",
                    "写 weight: 表达式，或在登记册声明 weight", "design 类指标需要入样概率的倒数");
    }
    if (ind->basis == ZH_BASIS_TARGETED || ind->basis == ZH_BASIS_MIXED) {
        zh_cx_error(cx, b->node, "indicator.design.basis", NULL,
                    "定向或混合样本没有抽样设计，不能推断总体");
    }
}

static void add_note(zh_cx *cx, zh_indicator *ind)
{
    bool needed = ind->basis == ZH_BASIS_TARGETED || ind->basis == ZH_BASIS_MIXED;
    if (!needed || zh_str_find(ind->note.zh, ZH_STR(NOTE_NOT_THE_WHOLE)) >= 0) {
        return;
    }
    zh_label *note = &ind->note;
    note->en = note->en.n > 0
                   ? zh_str_fmt(cx->arena, "%.*s; " NOTE_NOT_THE_WHOLE_EN, ZH_FMT(note->en))
               : note->zh.n == 0 ? ZH_STR(NOTE_NOT_THE_WHOLE_EN)
                                 : ZH_STR_NONE;
    note->zh = note->zh.n == 0
                   ? ZH_STR(NOTE_NOT_THE_WHOLE)
                   : zh_str_fmt(cx->arena, "%.*s;" NOTE_NOT_THE_WHOLE, ZH_FMT(note->zh));
}

/* ---- weights, matching, components --------------------------------------------------------------
 */

static bool has_dim(const zh_register *reg, zh_str id)
{
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            if (zh_str_eq(reg->cubes[c].dims[d].id, id)) {
                return true;
            }
        }
    }
    return false;
}

static void check_dim(zh_cx *cx, const zh_register *reg, const zh_yaml *node)
{
    if (node != NULL && !has_dim(reg, node->text)) {
        zh_cx_error(cx, node, "indicator.dim", NULL, "登记册「%.*s」的立方里没有维度「%.*s」",
                    ZH_FMT(reg->id), ZH_FMT(node->text));
    }
}

static void read_weights(zh_cx *cx, const build *b)
{
    zh_indicator *ind = b->ind;
    const zh_yaml *weights = zh_yaml_get(b->node, "weights");
    const zh_yaml *match = zh_yaml_get(b->node, "match");
    check_dim(cx, ind->reg, match);
    ind->match_dim = zh_get_text(b->node, "match");
    const zh_yaml *name = weights == NULL ? NULL : zh_yaml_get(weights, "register");
    const zh_yaml *field = weights == NULL ? NULL : zh_yaml_get(weights, "field");
    const zh_yaml *key = weights == NULL ? NULL : zh_yaml_get(weights, "key");
    if (name == NULL || field == NULL || key == NULL) {
        return;
    }
    const zh_register *reg = zh_cx_register(cx, name, name->text);
    check_dim(cx, ind->reg, key);
    if (reg == NULL) {
        return;
    }
    const zh_field *f = zh_cx_field(cx, reg, field, field->text);
    if (f != NULL && f->type != ZH_TYPE_DECIMAL && f->type != ZH_TYPE_QUANTITY) {
        zh_cx_error(cx, field, "indicator.weights", NULL, "权数字段「%.*s」不是数值",
                    ZH_FMT(f->id));
    }
    ptrdiff_t dot = zh_str_chr(key->text, '.');
    zh_str last = zh_str_sub(key->text, (size_t)(dot + 1), key->text.n);
    if (zh_register_field(reg, key->text) == NULL && zh_register_field(reg, last) == NULL) {
        zh_cx_error(cx, key, "indicator.weights", NULL, "权数登记册「%.*s」没有字段「%.*s」",
                    ZH_FMT(reg->id), ZH_FMT(last));
    }
    ind->weight_register = reg->id;
    ind->weight_field = field->text;
    ind->weight_key = key->text;
    ind->missing_rule = zh_get_text(weights, "missing");
}

static zh_decimal get_decimal(const zh_yaml *map, const char *key, zh_decimal otherwise)
{
    zh_decimal d;
    return zh_decimal_parse(zh_get_text(map, key), false, &d) == ZH_OK ? d : otherwise;
}

static void read_components(zh_cx *cx, const build *b)
{
    const zh_yaml *list = zh_yaml_get(b->node, "components");
    zh_indicator *ind = b->ind;
    struct zh_component *c =
        ZH_NEW_N(cx->arena, struct zh_component, list == NULL ? 1 : list->n + 1);
    for (const zh_yaml *n = zh_first(b->node, "components"); n != NULL; n = zh_next(n)) {
        struct zh_component *one = &c[ind->ncomponents++];
        one->indicator = zh_get_text(n, "indicator");
        one->weight = get_decimal(n, "weight", (zh_decimal){0, 0});
        one->low = get_decimal(n, "low", (zh_decimal){0, 0});
        one->high = get_decimal(n, "high", (zh_decimal){1, 0});
        one->descending = zh_get_bool(n, "descending", false);
        if (zh_decimal_cmp(one->low, one->high) >= 0) {
            zh_cx_error(cx, n, "indicator.component", NULL, "分指标的下限应小于上限");
        }
        if (one->weight.scaled <= 0) {
            zh_cx_error(cx, n, "indicator.component", NULL, "分指标的权重应大于 0");
        }
    }
    ind->components = c;
}

/* ---- tests -------------------------------------------------------------------------------------
 */

static void check_tests(zh_cx *cx, const build *b)
{
    static const char questions[] = "region|period|dim|where|as_of|by";
    static const char results[] = "value|num|den|n|low|high|status|note|interval|se";
    for (const zh_yaml *t = zh_first(b->node, "tests"); t != NULL; t = zh_next(t)) {
        const zh_yaml *expect = zh_yaml_get(t, "expect"), *question = zh_yaml_get(t, "question");
        for (const zh_yaml *e = expect == NULL ? NULL : expect->first; e != NULL; e = e->next) {
            if (zh_choice(results, e->key) < 0) {
                zh_cx_key_error(cx, e, "indicator.test",
                                "可用:value num den n low high status note "
                                "interval se",
                                "指标算例没有「%.*s」这个结果", ZH_FMT(e->key));
            }
        }
        for (const zh_yaml *q = question == NULL ? NULL : question->first; q != NULL; q = q->next) {
            if (zh_choice(questions, q->key) < 0 &&
                !(b->ind->reg != NULL && has_dim(b->ind->reg, q->key))) {
                zh_cx_key_error(cx, q, "indicator.test", "可用:region period 和立方的维度",
                                "指标算例没有「%.*s」这个提问", ZH_FMT(q->key));
            }
        }
        const zh_yaml *given = zh_yaml_get(t, "given");
        for (const zh_yaml *r = zh_first(t, "given"); r != NULL; r = zh_next(r)) {
            if (r->kind != ZH_YAML_MAPPING) {
                zh_cx_error(cx, given, "indicator.test", NULL, "「given」应是记录的列表");
                break;
            }
            for (const zh_yaml *f = r->first; f != NULL && b->ind->reg != NULL; f = f->next) {
                zh_cx_given_key(cx, b->ind->reg, f);
            }
        }
    }
}

/* ---- putting it together ------------------------------------------------------------------------
 */

static void read_identity(zh_cx *cx, const build *b, const zh_yaml *root)
{
    static const char kinds[] = "count|sum|ratio|rate|mean|share|growth|weighted|matched|design|"
                                "quantile|distinct|stock|composite";
    zh_indicator *ind = b->ind;
    const zh_yaml *n = b->node;
    int kind = zh_choice(kinds, zh_get_text(n, "kind"));
    int basis = zh_choice("random|targeted|mixed", zh_get_text(n, "basis"));
    ind->id = zh_get_text(n, "id");
    ind->label = zh_get_label(n, "label");
    ind->definition = zh_get_label(n, "definition");
    ind->kind = kind < 0 ? ZH_I_COUNT : (zh_indicator_kind)kind;
    ind->unit = zh_get_text(n, "unit");
    ind->digits = (uint8_t)(zh_get_number(n, "digits", 2) % (ZH_DECIMAL_DIGITS_MAX + 1));
    ind->percent = zh_str_is(ind->unit, "%") && kind_needs[ind->kind].den;
    ind->basis = basis < 0 ? ZH_BASIS_NONE : (zh_basis)(basis + 1);
    ind->interval = zh_get_text(n, "interval");
    ind->n_min = zh_get_number(n, "n_min", 0);
    ind->ytd = zh_get_bool(n, "ytd", false);
    ind->lower_is_better = zh_str_is(zh_get_text(n, "better"), "lower");
    ind->note = zh_get_label(n, "note");
    ind->bias = zh_get_label(n, "bias");
    ind->systems = zh_cx_systems(cx, root, &ind->nsystems);
    ind->num_source = zh_get_text(n, "num");
    ind->den_source = zh_get_text(n, "den");
    ind->growth_of = zh_get_text(n, "of");
    ind->growth_against = zh_get_text(n, "against");
    if (ind->kind == ZH_I_GROWTH && ind->growth_against.n == 0) {
        ind->growth_against = ZH_STR("year");
    }
    ind->declared = n;
    zh_str q = zh_get_text(n, "q");
    if (q.n > 0 &&
        (zh_str_double(q, &ind->quantile) != ZH_OK || ind->quantile <= 0 || ind->quantile >= 1)) {
        zh_cx_error(cx, zh_yaml_get(n, "q"), "indicator.q", NULL, "分位数应大于 0、小于 1");
    }
}

static void read_register_part(zh_cx *cx, const build *b)
{
    zh_indicator *ind = b->ind;
    zh_scope scope = {.model = cx->model, .reg = ind->reg};
    ind->has_num = compile_part(cx, b, "num", &ind->num);
    ind->has_den = compile_part(cx, b, "den", &ind->den);
    ind->has_filter = zh_cx_expr(cx, &scope, b->node, "where", ZH_BOOL, &ind->filter);
    if (ind->bias.zh.n == 0) {
        ind->bias = ind->reg->bias;
    }
    if (ind->kind == ZH_I_DESIGN) {
        ind->has_weight = zh_cx_expr(cx, &scope, b->node, "weight", ZH_DECIMAL, &ind->weight);
        if (!ind->has_weight && ind->reg->has_weight) {
            ind->weight = ind->reg->weight;
            ind->has_weight = true;
        }
        ind->weight_expr = ind->has_weight ? ind->weight.source : ZH_STR_NONE;
    }
    check_basis(cx, b);
    check_interval(cx, b);
    add_note(cx, ind);
    read_weights(cx, b);
}

static void read_indicator(zh_cx *cx, const build *b, const zh_yaml *root)
{
    size_t errors = cx->errors;
    read_identity(cx, b, root);
    check_keys(cx, b);
    const zh_yaml *reg = zh_yaml_get(b->node, "register");
    if (reg != NULL) {
        b->ind->reg = zh_cx_register(cx, reg, reg->text);
    }
    if (cx->errors == errors && b->ind->reg != NULL) {
        read_register_part(cx, b);
    }
    read_components(cx, b);
    check_tests(cx, b);
}

static void check_references(zh_cx *cx, const build *b)
{
    const zh_yaml *of = zh_yaml_get(b->node, "of");
    if (of != NULL && zh_model_indicator(cx->model, of->text) == NULL) {
        zh_cx_error(cx, of, "indicator.unknown", NULL, "没有指标「%.*s」", ZH_FMT(of->text));
    }
    for (const zh_yaml *c = zh_first(b->node, "components"); c != NULL; c = zh_next(c)) {
        const zh_yaml *id = zh_yaml_get(c, "indicator");
        if (id != NULL && zh_model_indicator(cx->model, id->text) == NULL) {
            zh_cx_error(cx, id, "indicator.unknown", NULL, "没有指标「%.*s」", ZH_FMT(id->text));
        }
    }
}

/* Growth of growth and trees of composites end within a few steps, or they are circular. */
static bool too_deep(const zh_model *model, const zh_indicator *ind, int depth, size_t *steps)
{
    if (depth > GROWTH_DEPTH_MAX || ++*steps > TREE_STEPS_MAX) {
        return true;
    }
    const zh_indicator *of = zh_model_indicator(model, ind->growth_of);
    if (of != NULL && too_deep(model, of, depth + 1, steps)) {
        return true;
    }
    for (size_t i = 0; i < ind->ncomponents; i++) {
        const zh_indicator *part = zh_model_indicator(model, ind->components[i].indicator);
        if (part != NULL && too_deep(model, part, depth + 1, steps)) {
            return true;
        }
    }
    return false;
}

void zh_parse_indicators(zh_cx *cx, const zh_yaml *const *roots, size_t n)
{
    size_t count = 0;
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *i = zh_first(roots[r], "indicators"); i != NULL; i = zh_next(i)) {
            count++;
        }
    }
    zh_indicator *all = ZH_NEW_N(cx->arena, zh_indicator, count + 1);
    build *builds = ZH_NEW_N(cx->arena, build, count + 1);
    zh_map_init(&cx->model->indicator_by_id, cx->arena);
    cx->model->indicators = all;
    for (size_t r = 0; r < n; r++) {
        for (const zh_yaml *i = zh_first(roots[r], "indicators"); i != NULL; i = zh_next(i)) {
            build *b = &builds[cx->model->nindicators];
            *b = (build){&all[cx->model->nindicators++], i};
            read_indicator(cx, b, roots[r]);
            if (b->ind->id.n > 0 &&
                zh_map_put(&cx->model->indicator_by_id, b->ind->id, b->ind) != NULL) {
                zh_cx_error(cx, zh_yaml_get(i, "id"), "indicator.duplicate", NULL,
                            "指标「%.*s」重复", ZH_FMT(b->ind->id));
            }
        }
    }
    size_t errors = cx->errors;
    for (size_t i = 0; i < count; i++) {
        check_references(cx, &builds[i]);
    }
    for (size_t i = 0; i < count && cx->errors == errors; i++) {
        size_t steps = 0;
        if (too_deep(cx->model, builds[i].ind, 0, &steps)) {
            zh_cx_error(cx, builds[i].node, "indicator.cycle", NULL,
                        "指标「%.*s」的引用成环或超过 %d 层", ZH_FMT(builds[i].ind->id),
                        GROWTH_DEPTH_MAX);
        }
    }
}
