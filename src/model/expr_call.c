/* Type checker of the expression language: function calls, aggregates over child tables, groups.
 *
 * An aggregate takes its rows from one of: a child table named first (`count(items, verdict =
 * 'fail')`, `sum(items: pct * weight)`), the one child table whose columns its argument mentions
 * (`any(items.verdict = 'fail')`), the group in hand, a list, part_of children, another register
 * (`where`), or a chain. */
#include "model/expr_private.h"

static const char *const fold_names[] = {
    [ZH_FOLD_ANY] = "any",   [ZH_FOLD_ALL] = "all",     [ZH_FOLD_COUNT] = "count",
    [ZH_FOLD_SUM] = "sum",   [ZH_FOLD_MIN] = "min",     [ZH_FOLD_MAX] = "max",
    [ZH_FOLD_LAST] = "last", [ZH_FOLD_FIRST] = "first", [ZH_FOLD_DISTINCT] = "distinct",
    [ZH_FOLD_AVG] = "avg",
};

bool zh_expr_is_aggregate(zh_str name, zh_fold *fold)
{
    for (size_t i = 0; i < ZH_COUNTOF(fold_names); i++) {
        if (zh_str_is(name, fold_names[i])) {
            *fold = (zh_fold)i;
            return true;
        }
    }
    return false;
}

const char *zh_expr_fold_name(zh_fold fold)
{
    return fold_names[fold];
}

/* ---- functions ------------------------------------------------------------------------------ */

static bool fits(char letter, zh_kind kind)
{
    bool moment = kind == ZH_DATE || kind == ZH_TIME;
    switch (letter) {
    case 'd':
    case 'q': return kind == ZH_DECIMAL;
    case 't': return kind == ZH_TEXT;
    case 'D': return moment;
    case 'p': return kind == ZH_PERIOD;
    case 'v': return kind == ZH_PERIOD || kind == ZH_TEXT;
    case 'm': return moment || kind == ZH_TEXT;
    case 'l': return kind == ZH_DURATION || kind == ZH_DECIMAL;
    default: return kind != ZH_LIST && kind != ZH_DURATION;
    }
}

static const char *letter_label(const zh_err *err, char letter)
{
    switch (letter) {
    case 'd': return zh_err_text(err, "数");
    case 'q': return zh_err_text(err, "量值");
    case 't': return zh_err_text(err, "文本");
    case 'D': return zh_err_text(err, "日期或时刻");
    case 'p': return zh_err_text(err, "期间");
    case 'v': return zh_err_text(err, "期间或范围");
    case 'm': return zh_err_text(err, "日期、时刻或文本");
    case 'l': return zh_err_text(err, "时长或数");
    case 'n': return zh_err_text(err, "0 到 18 的整数(小数位数)");
    case 'r': return zh_err_text(err, "修约方式 'half_even'、'half_up'、'up' 或 'down'");
    case 'u': return zh_err_text(err, "单位");
    default: return zh_err_text(err, "单个值");
    }
}

/* Arguments that must be written out: digits, rounding, unit. */
static zh_rc check_literal(zh_checker *c, const zh_expr *arg, char letter)
{
    bool ok = arg->op == ZH_X_LITERAL;
    zh_rounding rounding;
    if (letter == 'n') {
        ok = ok && arg->kind == ZH_DECIMAL && arg->value.decimal.digits == 0 &&
             arg->value.decimal.scaled <= ZH_DECIMAL_DIGITS_MAX;
    } else {
        ok = ok && arg->kind == ZH_TEXT;
        ok = ok && (letter != 'r' || zh_expr_rounding(arg->value.text, &rounding));
    }
    return ok ? ZH_OK
              : zh_expr_fail(c->job, arg->at, "expr.arguments", "这里应是%s",
                             letter_label(c->job->err, letter));
}

static const struct zh_unit *unit_find(const zh_model *model, zh_str code)
{
    for (size_t i = 0; model && i < model->nunits; i++) {
        if (zh_str_eq(model->units[i].code, code)) {
            return &model->units[i];
        }
    }
    return NULL;
}

static zh_rc check_convert(zh_checker *c, zh_expr *node)
{
    const zh_model *model = c->scope->model;
    zh_str to = node->a[1]->value.text;
    const struct zh_unit *target = unit_find(model, to);
    const struct zh_unit *source = unit_find(model, node->a[0]->unit);
    if (target == NULL) {
        zh_nearest nearest = {.wanted = to};
        zh_rc rc = zh_expr_fail(c->job, node->a[1]->at, "expr.unit", "没有单位 %.*s", ZH_FMT(to));
        for (size_t i = 0; model && i < model->nunits; i++) {
            zh_nearest_try(&nearest, model->units[i].code);
        }
        zh_nearest_say(&nearest, c->job->err);
        return rc;
    }
    if (source && !zh_str_eq(source->dimension, target->dimension)) {
        return zh_expr_fail(c->job, node->at, "expr.unit", "单位 %.*s 不能换算成 %.*s:量纲不同",
                            ZH_FMT(source->code), ZH_FMT(target->code));
    }
    node->unit = target->code;
    node->model = model;
    return ZH_OK;
}

/* covers(period, date or period), covers(range, text or number). */
static zh_rc check_covers(zh_checker *c, const zh_expr *node)
{
    const zh_expr *a = node->a[0];
    const zh_expr *b = node->a[1];
    bool moment = b->kind == ZH_DATE || b->kind == ZH_TIME || b->kind == ZH_PERIOD;
    bool item = b->kind == ZH_TEXT || b->kind == ZH_DECIMAL;
    if (a->kind == ZH_NULL || b->kind == ZH_NULL || (a->kind == ZH_PERIOD && moment) ||
        (a->kind == ZH_TEXT && item)) {
        return ZH_OK;
    }
    zh_rc rc = zh_expr_fail(c->job, node->at, "expr.type", "%s不能 covers %s",
                            zh_expr_kind_label(c->job->err, a->kind),
                            zh_expr_kind_label(c->job->err, b->kind));
    zh_err_fix(c->job->err, "期间 covers 日期或期间；范围 covers 批号、序列号或数");
    return rc;
}

/* min(a, b, …), max(a, b, …): one kind, which can be put in order. */
static zh_rc check_extreme(zh_checker *c, const zh_expr *node)
{
    for (size_t i = 1; i < node->n; i++) {
        if (node->a[i]->kind != node->a[0]->kind || node->a[0]->kind == ZH_REF ||
            node->a[0]->kind == ZH_BOOL || node->a[0]->kind == ZH_PERIOD) {
            return zh_expr_fail(c->job, node->a[i]->at, "expr.type", "%s与%s不能比大小",
                                zh_expr_kind_label(c->job->err, node->a[0]->kind),
                                zh_expr_kind_label(c->job->err, node->a[i]->kind));
        }
    }
    return ZH_OK;
}

static zh_rc check_special(zh_checker *c, zh_expr *node)
{
    if (node->fn == ZH_FN_CONVERT) {
        return check_convert(c, node);
    }
    if (node->fn == ZH_FN_COVERS) {
        return check_covers(c, node);
    }
    return node->fn == ZH_FN_MIN || node->fn == ZH_FN_MAX ? check_extreme(c, node) : ZH_OK;
}

static zh_kind result_kind(char letter)
{
    switch (letter) {
    case 'd': return ZH_DECIMAL;
    case 't': return ZH_TEXT;
    case 'b': return ZH_BOOL;
    default: return ZH_DATE;
    }
}

static zh_rc wrong_count(zh_checker *c, const zh_syn *syn, size_t least, size_t most)
{
    return zh_expr_fail(c->job, syn->at, "expr.arguments", "%.*s 要 %zu%s%s个参数，写了 %zu 个",
                        ZH_FMT(syn->parts[0]), least,
                        most > least ? zh_err_text(c->job->err, " 个以上") : " ",
                        most > least ? zh_err_text(c->job->err, "的") : "", syn->n);
}

static zh_rc check_argument(zh_checker *c, const zh_names *names, const zh_syn *syn, size_t i,
                            char letter, zh_expr *node)
{
    zh_expr *arg = NULL;
    zh_rc rc = i && (node->fn == ZH_FN_MIN || node->fn == ZH_FN_MAX)
                   ? zh_expr_check_like(c, names, syn->a[i], node->a[0], &arg)
                   : zh_expr_check(c, names, syn->a[i], &arg);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_expr_put(node, i, arg);
    if (letter == 'n' || letter == 'r' || letter == 'u') {
        return check_literal(c, arg, letter);
    }
    if (arg->kind != ZH_NULL && !fits(letter, arg->kind)) {
        return zh_expr_fail(c->job, arg->at, "expr.type", "%.*s 的第 %zu 个参数应是%s，却是%s",
                            ZH_FMT(syn->parts[0]), i + 1, letter_label(c->job->err, letter),
                            zh_expr_kind_label(c->job->err, arg->kind));
    }
    return ZH_OK;
}

zh_rc zh_expr_check_function(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr_fn fn,
                             zh_expr **out)
{
    const zh_expr_function *f = zh_expr_function_of(fn);
    char letters[8] = {0};
    size_t least = 0;
    size_t most = 0;
    bool many = fn == ZH_FN_MIN || fn == ZH_FN_MAX;
    for (const char *s = f->args; *s; s++) {
        if (*s == '/') {
            least = most;
        } else {
            letters[most++] = *s;
        }
    }
    least = least || f->args[0] == '/' ? least : most;
    if (syn->where || syn->body || syn->within) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments", "%s 不能带 where、within 或冒号",
                            f->name);
    }
    if (syn->n < least || (!many && syn->n > most)) {
        return wrong_count(c, syn, least, most);
    }
    zh_expr *node = zh_expr_node(c, ZH_X_CALL, result_kind(f->result), syn->at, syn->n);
    zh_rc rc = node ? ZH_OK : ZH_EINVAL;
    for (size_t i = 0; i < syn->n && rc == ZH_OK; i++) {
        node->fn = fn;
        rc = check_argument(c, names, syn, i, letters[i < most ? i : most - 1], node);
    }
    if (rc == ZH_OK && f->result == '=') {
        zh_expr_type_from(node, node->a[0]);
    }
    *out = node;
    return rc == ZH_OK ? check_special(c, node) : rc;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

zh_rc zh_expr_fold_type(zh_checker *c, zh_expr *fold, const zh_expr *body)
{
    const char *name = zh_expr_fold_name(fold->fold);
    if (body && body->kind == ZH_LIST) {
        return zh_expr_fail(c->job, body->at, "expr.type", "%s 里每行应是单个值，却是列表", name);
    }
    if (body == NULL && fold->fold != ZH_FOLD_COUNT && fold->fold != ZH_FOLD_ANY) {
        return zh_expr_fail(c->job, fold->at, "expr.arguments", "%s 要有每行的值，如 %s(items: 列)",
                            name, name);
    }
    fold->kind = ZH_DECIMAL;
    switch (fold->fold) {
    case ZH_FOLD_ANY:
    case ZH_FOLD_ALL:
        fold->kind = ZH_BOOL;
        if (body && zh_expr_need(c, body, ZH_BOOL) != ZH_OK) {
            zh_err_fix(c->job->err, "每行应是一个判断，如 %s(items.pct > 20)", name);
            return ZH_EINVAL;
        }
        return ZH_OK;
    case ZH_FOLD_COUNT:
    case ZH_FOLD_DISTINCT: return ZH_OK;
    case ZH_FOLD_SUM:
    case ZH_FOLD_AVG: fold->unit = body->unit; return zh_expr_need(c, body, ZH_DECIMAL);
    case ZH_FOLD_MIN:
    case ZH_FOLD_MAX:
        if (body->kind == ZH_BOOL || body->kind == ZH_REF || body->kind == ZH_PERIOD ||
            body->kind == ZH_DURATION || (body->codes && !body->codes->codes_are_ordered)) {
            return zh_expr_fail(c->job, body->at, "expr.type", "%s 的值要能比大小", name);
        }
        break;
    case ZH_FOLD_FIRST:
    case ZH_FOLD_LAST: break;
    }
    zh_expr_type_from(fold, body);
    return ZH_OK;
}

static zh_expr *fold_node(zh_checker *c, zh_expr_op op, zh_fold fold, uint32_t at, size_t n)
{
    zh_expr *node = zh_expr_node(c, op, ZH_NULL, at, n);
    if (node) {
        node->fold = fold;
    }
    return node;
}

/* The pieces that follow a source named first: (items), (items, filter), (items: body),
 * (items, filter: body). any and all take a lone condition as what they test. */
static zh_rc fold_pieces(zh_checker *c, const zh_names *inner, const zh_syn *syn, zh_expr *node,
                         size_t body_at)
{
    zh_expr *filter = NULL;
    zh_expr *body = NULL;
    zh_rc rc = ZH_OK;
    bool test = node->fold == ZH_FOLD_ANY || node->fold == ZH_FOLD_ALL;
    const zh_syn *filter_syn = syn->n > 1 ? syn->a[1] : NULL;
    const zh_syn *body_syn = syn->body;
    if (test && filter_syn && body_syn == NULL) {
        body_syn = filter_syn;
        filter_syn = NULL;
    }
    if (syn->n > 2 || syn->within) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments", "写成 %s(子表, 条件: 值)",
                            zh_expr_fold_name(node->fold));
    }
    if (filter_syn) {
        rc = zh_expr_check(c, inner, filter_syn, &filter);
    }
    if (rc == ZH_OK && filter) {
        rc = zh_expr_need(c, filter, ZH_BOOL);
    }
    if (rc == ZH_OK && body_syn) {
        rc = zh_expr_check(c, inner, body_syn, &body);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_expr_put(node, body_at, body);
    zh_expr_put(node, 1 - body_at, filter);
    return zh_expr_fold_type(c, node, body);
}

static zh_rc fold_table(zh_checker *c, const zh_names *names, const zh_syn *syn,
                        const zh_field *table, zh_fold fold, zh_expr **out)
{
    zh_expr *node = fold_node(c, ZH_X_FOLD, fold, syn->at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    zh_names inner = *names;
    inner.table = table;
    inner.columns_first = true;
    inner.in_group = false;
    node->table = table;
    *out = node;
    return fold_pieces(c, &inner, syn, node, 0);
}

/* ---- which table an argument mentions ------------------------------------------------------- */

typedef struct mention {
    const zh_field *table;
    const zh_register *child;
    bool several;
} mention;

static void mention_add(mention *m, const zh_field *table, const zh_register *child)
{
    m->several = m->several || (m->table && (m->table != table)) ||
                 (m->child && m->child != child) || (m->table && child) || (m->child && table);
    m->table = table ? table : m->table;
    m->child = child ? child : m->child;
}

static bool is_child(const zh_names *names, const zh_register *reg)
{
    return reg && names->reg && reg->part_of == names->reg && !names->remote;
}

static void mention_name(zh_checker *c, const zh_names *names, const zh_syn *syn, mention *m)
{
    const zh_field *table = zh_expr_table(names->reg, syn->parts[0]);
    if (table && (syn->nparts > 1 || zh_expr_only_column(table))) {
        mention_add(m, table, NULL);
        return;
    }
    if (syn->nparts > 1 && !zh_expr_field(names->reg, syn->parts[0])) {
        const zh_register *child = zh_expr_register(c, syn->parts[0]);
        if (is_child(names, child)) {
            mention_add(m, NULL, child);
        }
    }
}

/* Does not look into aggregates, which choose their own rows. */
static void find_mention(zh_checker *c, const zh_names *names, const zh_syn *syn, mention *m)
{
    zh_fold fold;
    if (syn->kind == ZH_SYN_NAME) {
        mention_name(c, names, syn, m);
    }
    if (syn->kind == ZH_SYN_GROUP ||
        (syn->kind == ZH_SYN_CALL && zh_expr_is_aggregate(syn->parts[0], &fold) &&
         !((fold == ZH_FOLD_MIN || fold == ZH_FOLD_MAX) && syn->n > 1))) {
        return;
    }
    for (size_t i = 0; i < syn->n; i++) {
        find_mention(c, names, syn->a[i], m);
    }
}

/* any(items.verdict = 'fail'): columns are written with their table, plain names are the record's.
 */
static zh_rc fold_implicit(zh_checker *c, const zh_names *names, const zh_syn *syn,
                           const mention *m, zh_fold fold, zh_expr **out)
{
    zh_names inner = *names;
    zh_expr *body = NULL;
    zh_expr_op op = m->child ? ZH_X_CHILDREN : ZH_X_FOLD;
    zh_expr *node = fold_node(c, op, fold, syn->at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    if (m->child) {
        inner = (zh_names){.reg = m->child, .self = names->reg, .remote = true, .qualified = true};
        node->reg = m->child;
        node->name = ZH_STR("part_of");
        c->needs_store = true;
    } else {
        inner.table = m->table;
        inner.columns_first = false;
        inner.in_group = false;
        node->table = m->table;
    }
    zh_rc rc = zh_expr_check(c, &inner, syn->a[0], &body);
    if (rc == ZH_OK) {
        zh_expr_put(node, m->child ? 1 : 0, body);
        rc = zh_expr_fold_type(c, node, body);
    }
    *out = node;
    return rc;
}

static zh_rc fold_group(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_fold fold,
                        zh_expr **out)
{
    zh_names inner = *names;
    zh_expr *body = NULL;
    zh_expr *node = fold_node(c, ZH_X_FOLD, fold, syn->at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    if (syn->n > 1 || syn->body) {
        return zh_expr_fail(c->job, syn->at, "expr.group", "分组内写成 %s(每行的值)",
                            zh_expr_fold_name(fold));
    }
    inner.in_group = false;
    inner.columns_first = true;
    node->grouped = true;
    node->table = names->table;
    zh_rc rc = syn->n ? zh_expr_check(c, &inner, syn->a[0], &body) : ZH_OK;
    if (rc == ZH_OK) {
        zh_expr_put(node, 0, body);
        rc = zh_expr_fold_type(c, node, body);
    }
    *out = node;
    return rc;
}

static zh_rc fold_list(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_fold fold,
                       zh_expr **out)
{
    zh_expr *list = NULL;
    zh_rc rc = zh_expr_check(c, names, syn->a[0], &list);
    if (rc != ZH_OK) {
        return rc;
    }
    if (list->kind != ZH_LIST) {
        rc = zh_expr_fail(c->job, syn->at, "expr.aggregate", "%s 里没有出现子表、下级登记册或列表",
                          zh_expr_fold_name(fold));
        zh_err_fix(c->job->err, "写成 %s(子表.列 …)、%s(子表: 值)或 %s(登记册 where 条件)",
                   zh_expr_fold_name(fold), zh_expr_fold_name(fold), zh_expr_fold_name(fold));
        return rc;
    }
    zh_expr *node = fold_node(c, ZH_X_FOLD, fold, syn->at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    zh_expr item = *list; /* only its type is looked at */
    item.kind = list->item;
    zh_expr_put(node, 0, list);
    *out = node;
    return zh_expr_fold_type(c, node, &item);
}

/* A source named first, `where`, or a chain; *done false when the call has none. */
static zh_rc fold_named(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_fold fold,
                        zh_expr **out, bool *done)
{
    const zh_syn *first = syn->n ? syn->a[0] : NULL;
    *done = true;
    if (first && first->kind == ZH_SYN_CALL && zh_str_is(first->parts[0], "chain")) {
        zh_expr *node = fold_node(c, ZH_X_CHAIN, fold, syn->at, 1);
        return node ? zh_expr_check_chain(c, names, first, syn->body, node, out) : ZH_EINVAL;
    }
    bool plain = first && first->kind == ZH_SYN_NAME && first->nparts == 1;
    const zh_field *table = plain ? zh_expr_table(names->reg, first->parts[0]) : NULL;
    bool whole =
        table && (syn->n > 1 || syn->body || fold == ZH_FOLD_COUNT || !zh_expr_only_column(table));
    if (whole && !syn->where) {
        return fold_table(c, names, syn, table, fold, out);
    }
    const zh_register *reg = plain && !zh_expr_field(names->reg, first->parts[0])
                                 ? zh_expr_register(c, first->parts[0])
                                 : NULL;
    if (reg) {
        zh_expr *node = fold_node(c, ZH_X_QUERY, fold, syn->at, 2);
        return node ? zh_expr_check_query(c, names, syn, reg, node, out) : ZH_EINVAL;
    }
    if (syn->where) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.query", "where 之前应是登记册的 id");
        if (table) {
            zh_err_fix(c->job->err, "子表的条件写在逗号之后：%s(%.*s, 条件)",
                       zh_expr_fold_name(fold), ZH_FMT(table->id));
        }
        return rc;
    }
    *done = false;
    return ZH_OK;
}

static zh_rc check_aggregate(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_fold fold,
                             zh_expr **out)
{
    bool done = false;
    bool extreme = fold == ZH_FOLD_MIN || fold == ZH_FOLD_MAX;
    zh_rc rc = fold_named(c, names, syn, fold, out, &done);
    if (rc != ZH_OK || done) {
        return rc;
    }
    if (extreme && syn->n > 1 && !syn->body) {
        zh_expr_fn fn = fold == ZH_FOLD_MIN ? ZH_FN_MIN : ZH_FN_MAX;
        return zh_expr_check_function(c, names, syn, fn, out);
    }
    if (names->in_group) {
        return fold_group(c, names, syn, fold, out);
    }
    if (syn->n != 1 || syn->body || syn->within) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments",
                            "%s 的第一项应是子表、登记册或 chain(…)", zh_expr_fold_name(fold));
    }
    mention m = {0};
    find_mention(c, names, syn->a[0], &m);
    if (m.several) {
        return zh_expr_fail(c->job, syn->at, "expr.aggregate",
                            "一次只能遍历一张子表或一个下级登记册");
    }
    return m.table || m.child ? fold_implicit(c, names, syn, &m, fold, out)
                              : fold_list(c, names, syn, fold, out);
}

/* ---- groups --------------------------------------------------------------------------------- */

static zh_rc group_source(zh_checker *c, const zh_names *names, const zh_syn *syn,
                          const zh_field **table, const zh_register **child)
{
    *child = syn->nparts == 2 ? zh_expr_register(c, syn->parts[0]) : NULL;
    *child = is_child(names, *child) ? *child : NULL;
    const zh_register *reg = *child ? *child : names->reg;
    zh_str id = syn->parts[syn->nparts - 1];
    *table = syn->nparts == 1 || *child ? zh_expr_table(reg, id) : NULL;
    if (*table) {
        return ZH_OK;
    }
    return zh_expr_fail(c->job, syn->at, "expr.group",
                        "group 之后应是子表或 下级登记册.子表，却是 %.*s", ZH_FMT(id));
}

zh_rc zh_expr_check_group(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    const zh_field *table = NULL;
    const zh_register *child = NULL;
    zh_expr *key = NULL;
    zh_expr *body = NULL;
    zh_rc rc = group_source(c, names, syn, &table, &child);
    zh_expr *node = rc == ZH_OK ? zh_expr_node(c, ZH_X_GROUP, ZH_LIST, syn->at, 2) : NULL;
    if (node == NULL) {
        return ZH_EINVAL;
    }
    zh_names inner = *names;
    inner.table = table;
    inner.columns_first = true;
    inner.in_group = false;
    if (child) { /* rows of many records: no field of a record has one value */
        inner.reg = NULL;
        inner.remote = true;
        inner.self = names->reg;
        c->needs_store = true;
    }
    rc = zh_expr_check(c, &inner, syn->a[0], &key);
    inner.in_group = true;
    if (rc == ZH_OK) {
        rc = zh_expr_check(c, &inner, syn->body, &body);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (key->kind == ZH_LIST || body->kind == ZH_LIST) {
        return zh_expr_fail(c->job, syn->at, "expr.group", "分组的依据和值都应是单个值");
    }
    zh_expr_type_from(node, body);
    node->item = body->kind;
    node->kind = ZH_LIST;
    node->table = table;
    node->reg = child;
    zh_expr_put(node, 0, key);
    zh_expr_put(node, 1, body);
    *out = node;
    return ZH_OK;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static zh_rc check_entered(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    const zh_syn *arg = syn->n == 1 ? syn->a[0] : NULL;
    bool name = arg && arg->kind == ZH_SYN_NAME && arg->nparts == 1;
    bool text = arg && arg->kind == ZH_SYN_LITERAL && arg->value.kind == ZH_TEXT;
    if ((!name && !text) || names->reg == NULL || names->remote) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments",
                            "写成 entered('状态')，只用于本记录");
    }
    zh_str state = name ? arg->parts[0] : arg->value.text;
    zh_rc rc = zh_expr_check_state(c, names->reg, state, arg->at);
    zh_expr *node = rc == ZH_OK ? zh_expr_node(c, ZH_X_ENTERED, ZH_TIME, syn->at, 0) : NULL;
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->name = state;
    node->reg = names->reg;
    c->needs_store = true;
    *out = node;
    return ZH_OK;
}

typedef zh_rc (*special)(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out);

static const struct special_call {
    const char *name;
    special check;
} specials[] = {
    {"entered", check_entered},   {"rank", zh_expr_check_rank},     {"prev", zh_expr_check_prev},
    {"this", zh_expr_check_prev}, {"change", zh_expr_check_change},
};

static zh_rc unknown_function(zh_checker *c, const zh_syn *syn)
{
    zh_str name = syn->parts[0];
    zh_nearest nearest = {.wanted = name};
    zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.function", "没有函数 %.*s", ZH_FMT(name));
    zh_expr_function_names(&nearest);
    for (size_t i = 0; i < ZH_COUNTOF(fold_names); i++) {
        zh_nearest_try(&nearest, zh_str_of(fold_names[i]));
    }
    for (size_t i = 0; i < ZH_COUNTOF(specials); i++) {
        zh_nearest_try(&nearest, zh_str_of(specials[i].name));
    }
    zh_nearest_say(&nearest, c->job->err);
    return rc;
}

zh_rc zh_expr_check_call(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_str name = syn->parts[0];
    zh_fold fold;
    zh_expr_fn fn;
    if (zh_expr_is_aggregate(name, &fold)) {
        return check_aggregate(c, names, syn, fold, out);
    }
    if (zh_expr_function_find(name, &fn) == ZH_OK) {
        return zh_expr_check_function(c, names, syn, fn, out);
    }
    for (size_t i = 0; i < ZH_COUNTOF(specials); i++) {
        if (zh_str_is(name, specials[i].name)) {
            return specials[i].check(c, names, syn, out);
        }
    }
    if (zh_expr_is_present_time(name)) {
        return zh_expr_fail_present(c->job, syn->at, name);
    }
    if (zh_str_is(name, "chain")) {
        return zh_expr_fail(c->job, syn->at, "expr.chain",
                            "chain 放进 any/all/count 等，如 all(chain(calibrated_by): 条件)");
    }
    return unknown_function(c, syn);
}
