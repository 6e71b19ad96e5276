/* Type checker of the expression language: folds over other records — bounded queries, part_of
 * children, chains, ranks — and earlier periods.
 *
 * A query must be served by an index that the target declares, so that no rule can make a write
 * slow as the register grows: the where clause has to fix the leading fields of one by equality. */
#include "model/compile.h"
#include "model/expr_private.h"

typedef ZH_VEC(const zh_field *) field_list;

static zh_rc fail_nested(zh_checker *c, uint32_t at)
{
    return zh_expr_fail(c->job, at, "expr.nested", "查询里不能再查其他登记册、下级记录或 chain");
}

/* ---- index ---------------------------------------------------------------------------------- */

static const zh_field *plain_field(const zh_expr *node)
{
    return node->op == ZH_X_FIELD && node->table == NULL ? node->field : NULL;
}

/* The field that a condition fixes to constants: x = c, c = x, x in (c, …), a bare boolean. */
static const zh_field *fixed_field(const zh_expr *node)
{
    if (node->op == ZH_X_EQ) {
        for (size_t i = 0; i < 2; i++) {
            const zh_field *field = plain_field(node->a[i]);
            if (field && zh_expr_is_constant(node->a[1 - i])) {
                return field;
            }
        }
    }
    if (node->op == ZH_X_IN && plain_field(node->a[0])) {
        for (size_t i = 1; i < node->n; i++) {
            if (!zh_expr_is_constant(node->a[i])) {
                return NULL;
            }
        }
        return node->a[0]->field;
    }
    return node->kind == ZH_BOOL ? plain_field(node) : NULL;
}

static void fixed_fields(zh_checker *c, const zh_expr *where, field_list *out)
{
    const zh_expr *const *parts = &where;
    size_t n = 1;
    if (where->op == ZH_X_AND) {
        parts = (const zh_expr *const *)where->a;
        n = where->n;
    }
    for (size_t i = 0; i < n; i++) {
        const zh_field *field = fixed_field(parts[i]);
        if (field) {
            zh_vec_push(c->job->scratch, out, field);
        }
    }
}

static bool has_field(const field_list *list, const zh_field *field)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->p[i] == field) {
            return true;
        }
    }
    return false;
}

/* How many leading fields of the index are fixed. */
static size_t leading(const field_list *fixed, const zh_field *const *fields, size_t n)
{
    size_t i = 0;
    while (i < n && has_field(fixed, fields[i])) {
        i++;
    }
    return i;
}

static void consider(const field_list *fixed, zh_str name, const zh_field *const *fields, size_t n,
                     size_t *best, zh_str *out)
{
    size_t k = leading(fixed, fields, n);
    if (k > *best) {
        *best = k;
        *out = name;
    }
}

static zh_str best_index(const zh_register *reg, const field_list *fixed)
{
    zh_str name = ZH_STR_NONE;
    size_t best = 0;
    for (size_t i = 0; i < reg->nindexes; i++) {
        consider(fixed, reg->indexes[i].id, reg->indexes[i].fields, reg->indexes[i].nfields, &best,
                 &name);
    }
    consider(fixed, ZH_STR("business_key"), reg->business_key, reg->nbusiness_key, &best, &name);
    consider(fixed, ZH_STR("row_key"), reg->row_key, reg->nrow_key, &best, &name);
    if (reg->part_of_field) {
        consider(fixed, ZH_STR("part_of"), &reg->part_of_field, 1, &best, &name);
    }
    return name;
}

static zh_rc fail_index(zh_checker *c, const zh_expr *node, const field_list *fixed)
{
    const zh_register *reg = node->reg;
    zh_rc rc = zh_expr_fail(c->job, node->at, "expr.index", "登记册 %.*s 没有能服务此查询的索引",
                            ZH_FMT(reg->id));
    if (fixed->n == 0) {
        zh_err_fix(c->job->err,
                   "where 至少要有一个条件写成 字段 = 定值(如 producer = self.producer)");
        return rc;
    }
    zh_buf buf;
    zh_buf_init(&buf, sizeof c->job->err->fix);
    for (size_t i = 0; i < fixed->n; i++) {
        zh_buf_z(&buf, i ? ", " : "");
        zh_buf_str(&buf, fixed->p[i]->id);
    }
    if (node->within && reg->event_time && !has_field(fixed, reg->event_time)) {
        zh_buf_z(&buf, ", ");
        zh_buf_str(&buf, reg->event_time->id);
    }
    zh_err_fix(c->job->err, "在登记册 %.*s 声明 indexes: [{id: %.*s, fields: [%.*s]}]",
               ZH_FMT(reg->id), ZH_FMT(fixed->p[0]->id), ZH_FMT(zh_buf_view(&buf)));
    zh_buf_free(&buf);
    return rc;
}

/* ---- query and children --------------------------------------------------------------------- */

static zh_rc query_where(zh_checker *c, const zh_names *inner, const zh_syn *syn, zh_expr *node)
{
    const zh_syn *where_syn = syn->where;
    const zh_syn *body_syn = syn->body;
    zh_expr *where = NULL;
    zh_expr *body = NULL;
    zh_rc rc = ZH_OK;
    if (where_syn == NULL && syn->n == 2) { /* count(recheck, verdict = 'fail') */
        where_syn = syn->a[1];
    } else if (syn->n > 1) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments",
                            "写成 %s(登记册 where 条件, within 6 month: 值)",
                            zh_expr_fold_name(node->fold));
    }
    if (node->fold == ZH_FOLD_ALL && body_syn == NULL) { /* all(recheck, passed) */
        body_syn = where_syn == syn->where ? NULL : where_syn;
        where_syn = body_syn ? NULL : where_syn;
    }
    if (where_syn) {
        rc = zh_expr_check(c, inner, where_syn, &where);
    }
    if (rc == ZH_OK && where) {
        rc = zh_expr_need(c, where, ZH_BOOL);
    }
    if (rc == ZH_OK && body_syn) {
        rc = zh_expr_check(c, inner, body_syn, &body);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_expr_put(node, 0, where);
    zh_expr_put(node, 1, body);
    return zh_expr_fold_type(c, node, body);
}

zh_rc zh_expr_check_query(zh_checker *c, const zh_names *names, const zh_syn *syn,
                          const zh_register *target, zh_expr *fold, zh_expr **out)
{
    if (names->remote) {
        return fail_nested(c, syn->at);
    }
    const zh_names inner = {.reg = target, .self = names->reg, .remote = true};
    bool child = names->reg && target->part_of == names->reg;
    fold->op = child ? ZH_X_CHILDREN : ZH_X_QUERY;
    fold->reg = target;
    fold->within = syn->within;
    fold->within_unit = syn->within_unit;
    c->needs_store = true;
    *out = fold;
    if (!child && syn->where == NULL) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.query",
                                "%.*s 不是本登记册的下级，查询要写 where", ZH_FMT(target->id));
        zh_err_fix(c->job->err, "写成 %s(%.*s where 条件)", zh_expr_fold_name(fold->fold),
                   ZH_FMT(target->id));
        return rc;
    }
    if (fold->within && target->event_time == NULL) {
        return zh_expr_fail(c->job, syn->at, "expr.query",
                            "登记册 %.*s 没有事件时间，不能用 within", ZH_FMT(target->id));
    }
    zh_rc rc = query_where(c, &inner, syn, fold);
    if (rc != ZH_OK) {
        return rc;
    }
    field_list fixed = {0};
    if (child) {
        fold->name = ZH_STR("part_of");
        return ZH_OK;
    }
    fixed_fields(c, fold->a[0], &fixed);
    fold->name = best_index(target, &fixed);
    return fold->name.n ? ZH_OK : fail_index(c, fold, &fixed);
}

/* ---- chain ---------------------------------------------------------------------------------- */

static zh_rc chain_depth(zh_checker *c, const zh_syn *chain, zh_expr *fold)
{
    fold->level = ZH_EXPR_CHAIN_MAX;
    if (chain->n == 1) {
        return ZH_OK;
    }
    const zh_value *depth = &chain->a[1]->value;
    if (chain->n != 2 || chain->a[1]->kind != ZH_SYN_LITERAL || depth->kind != ZH_DECIMAL ||
        depth->decimal.digits != 0 || depth->decimal.scaled < 1 ||
        depth->decimal.scaled > ZH_EXPR_CHAIN_MAX) {
        return zh_expr_fail(c->job, chain->at, "expr.limit.chain", "chain 的深度是 1 到 %d 的整数",
                            ZH_EXPR_CHAIN_MAX);
    }
    fold->level = (uint16_t)depth->decimal.scaled;
    fold->within = 1;
    return ZH_OK;
}

zh_rc zh_expr_check_chain(zh_checker *c, const zh_names *names, const zh_syn *chain,
                          const zh_syn *body_syn, zh_expr *fold, zh_expr **out)
{
    const zh_syn *arg = chain->n ? chain->a[0] : NULL;
    if (names->remote) {
        return fail_nested(c, chain->at);
    }
    const zh_field *field = arg && arg->kind == ZH_SYN_NAME && arg->nparts == 1
                                ? zh_expr_field(names->reg, arg->parts[0])
                                : NULL;
    if (field == NULL || field->type != ZH_TYPE_REF || field->target == NULL) {
        return zh_expr_fail(c->job, chain->at, "expr.chain",
                            "chain 的第一项应是本登记册的引用字段");
    }
    zh_rc rc = chain_depth(c, chain, fold);
    const zh_field *next = zh_expr_field(field->target, field->id);
    if (rc == ZH_OK && next && next->type == ZH_TYPE_REF && next->target != field->target) {
        rc = zh_expr_fail(c->job, chain->at, "expr.chain", "%.*s 从 %.*s 起应引用同一登记册",
                          ZH_FMT(field->id), ZH_FMT(field->target->id));
    }
    const zh_names inner = {.reg = field->target, .self = names->reg, .remote = true};
    zh_expr *body = NULL;
    if (rc == ZH_OK && body_syn) {
        rc = zh_expr_check(c, &inner, body_syn, &body);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    fold->field = field;
    fold->reg = field->target;
    zh_expr_put(fold, 0, body);
    c->needs_store = true;
    *out = fold;
    return zh_expr_fold_type(c, fold, body);
}

/* ---- rank ----------------------------------------------------------------------------------- */

zh_rc zh_expr_check_rank(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *value = NULL;
    zh_expr *part = NULL;
    if (syn->n != 2 || names->reg == NULL) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments", "写成 rank(total within edition)");
    }
    if (names->remote || names->table) {
        return fail_nested(c, syn->at);
    }
    zh_rc rc = zh_expr_check(c, names, syn->a[0], &value);
    if (rc == ZH_OK) {
        rc = zh_expr_check(c, names, syn->a[1], &part);
    }
    if (rc == ZH_OK && value->kind != ZH_DATE && value->kind != ZH_TIME) {
        rc = zh_expr_need(c, value, ZH_DECIMAL);
    }
    if (rc == ZH_OK && plain_field(part) == NULL) {
        rc = zh_expr_fail(c->job, part->at, "expr.arguments",
                          "rank 的 within 之后应是本登记册的字段");
    }
    zh_expr *node = rc == ZH_OK ? zh_expr_node(c, ZH_X_RANK, ZH_DECIMAL, syn->at, 2) : NULL;
    if (node == NULL) {
        return ZH_EINVAL;
    }
    field_list fixed = {0};
    zh_vec_push(c->job->scratch, &fixed, plain_field(part));
    zh_expr_put(node, 0, value);
    zh_expr_put(node, 1, part);
    node->reg = names->reg;
    node->name = best_index(names->reg, &fixed);
    c->needs_store = true;
    *out = node;
    return node->name.n ? ZH_OK : fail_index(c, node, &fixed);
}

/* ---- earlier periods ------------------------------------------------------------------------ */

static bool is_period_word(const zh_syn *syn, zh_unit_time *unit)
{
    const zh_syn *arg = syn->n == 1 ? syn->a[0] : NULL;
    if (arg == NULL || arg->kind != ZH_SYN_NAME || arg->nparts != 1 || syn->nparts != 2) {
        return false;
    }
    *unit = zh_str_is(arg->parts[0], "year") ? ZH_YEAR : ZH_DAY;
    return *unit == ZH_YEAR || zh_str_is(arg->parts[0], "period");
}

static zh_rc prev_node(zh_checker *c, const zh_syn *syn, zh_str name, int64_t back, zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, ZH_X_PREV, ZH_DECIMAL, syn->at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    (void)is_period_word(syn, &node->within_unit);
    node->name = name;
    node->within = back;
    c->needs_store = true;
    *out = node;
    return ZH_OK;
}

/* prev(version).FIELD: as the version before this one had it. */
static zh_rc version_node(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    const zh_field *field = zh_expr_field(names->reg, syn->parts[1]);
    if (field == NULL || field->type == ZH_TYPE_TABLE) {
        return zh_expr_fail(c->job, syn->at, "expr.name", "%.*s 不是本册的字段，或是子表",
                            ZH_FMT(syn->parts[1]));
    }
    zh_expr *node = zh_expr_node(c, ZH_X_PREV, zh_field_kind(field), syn->at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->field = field;
    node->codes = field->codes;
    node->target = field->target;
    node->unit = field->unit;
    node->name = field->id;
    node->within = 1;
    c->needs_store = true;
    *out = node;
    return ZH_OK;
}

static bool is_version_word(const zh_syn *syn)
{
    const zh_syn *arg = syn->n == 1 ? syn->a[0] : NULL;
    return arg != NULL && arg->kind == ZH_SYN_NAME && arg->nparts == 1 && syn->nparts == 2 &&
           zh_str_is(arg->parts[0], "version") && zh_str_is(syn->parts[0], "prev");
}

zh_rc zh_expr_check_prev(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_unit_time unit;
    if (names->reg != NULL && is_version_word(syn)) {
        return version_node(c, names, syn, out);
    }
    if (!is_period_word(syn, &unit)) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments",
                            "写成 prev(period).指标、prev(year).指标(本期写 this(period).指标)或 "
                            "prev(version).字段");
    }
    zh_str name = syn->parts[1];
    const zh_field *field = zh_expr_field(names->reg, name);
    bool known = (field && zh_field_kind(field) == ZH_DECIMAL) ||
                 (c->scope->model && zh_model_indicator(c->scope->model, name));
    zh_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < c->scope->nparameters; i++) {
        known = known || zh_str_eq(c->scope->parameters[i], name);
        zh_nearest_try(&nearest, c->scope->parameters[i]);
    }
    if (!known) {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.name",
                                "没有名为 %.*s 的指标、度量或数值字段", ZH_FMT(name));
        zh_nearest_say(&nearest, c->job->err);
        return rc;
    }
    return prev_node(c, syn, name, zh_str_is(syn->parts[0], "prev"), out);
}

/* change(prev(period).rate) = (rate - prev(period).rate) / prev(period).rate */
zh_rc zh_expr_check_change(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    const zh_syn *prev = syn->n == 1 ? syn->a[0] : NULL;
    if (prev == NULL || is_version_word(prev) || prev->kind != ZH_SYN_CALL ||
        !zh_str_is(prev->parts[0], "prev")) {
        return zh_expr_fail(c->job, syn->at, "expr.arguments", "写成 change(prev(period).指标)");
    }
    zh_expr *before = NULL;
    zh_expr *current = NULL;
    zh_rc rc = zh_expr_check_prev(c, names, prev, &before);
    if (rc == ZH_OK) {
        rc = prev_node(c, prev, prev->parts[1], 0, &current);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_expr *difference = zh_expr_node(c, ZH_X_SUB, ZH_DECIMAL, syn->at, 2);
    zh_expr *ratio = zh_expr_node(c, ZH_X_DIV, ZH_DECIMAL, syn->at, 2);
    if (difference == NULL || ratio == NULL) {
        return ZH_EINVAL;
    }
    zh_expr_put(difference, 0, current);
    zh_expr_put(difference, 1, before);
    zh_expr_put(ratio, 0, difference);
    zh_expr_put(ratio, 1, before);
    *out = ratio;
    return ZH_OK;
}
