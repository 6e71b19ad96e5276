/* Type checker of the expression language: operators. Every node gets a static kind; codes and
 * states written as constants are checked against their system; what cannot be compared is refused
 * here, so that evaluation meets only unknowns. Recursion follows the syntax tree, whose depth is
 * capped. */
#include "model/expr_private.h"

const char *zh_expr_kind_label(const zh_err *err, zh_kind kind)
{
    switch (kind) {
    case ZH_NULL: return zh_err_text(err, "空值");
    case ZH_BOOL: return zh_err_text(err, "真假值");
    case ZH_DECIMAL: return zh_err_text(err, "数");
    case ZH_TEXT: return zh_err_text(err, "文本");
    case ZH_DATE: return zh_err_text(err, "日期");
    case ZH_TIME: return zh_err_text(err, "时刻");
    case ZH_REF: return zh_err_text(err, "引用");
    case ZH_PERIOD: return zh_err_text(err, "期间");
    case ZH_DURATION: return zh_err_text(err, "时长");
    case ZH_LIST: break;
    }
    return zh_err_text(err, "列表");
}

zh_rc zh_expr_need(zh_checker *c, const zh_expr *node, zh_kind kind)
{
    if (node->kind == kind || node->kind == ZH_NULL) {
        return ZH_OK;
    }
    return zh_expr_fail(c->job, node->at, "expr.type", "这里应是%s，却是%s",
                        zh_expr_kind_label(c->job->err, kind),
                        zh_expr_kind_label(c->job->err, node->kind));
}

static bool is_text_literal(const zh_syn *syn)
{
    return syn->kind == ZH_SYN_LITERAL && syn->value.kind == ZH_TEXT;
}

/* A constant whose type depends on what it stands beside. */
static bool is_loose(const zh_checker *c, const zh_names *names, const zh_syn *syn)
{
    return is_text_literal(syn) || (syn->kind == ZH_SYN_NAME && syn->nparts == 1 &&
                                    !zh_expr_name_known(c, names, syn->parts[0]));
}

static zh_rc literal(zh_checker *c, const zh_value *value, uint32_t at, zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, ZH_X_LITERAL, value->kind, at, 0);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->value = *value;
    *out = node;
    return ZH_OK;
}

/* ---- constants of codes and states ---------------------------------------------------------- */

static zh_rc unknown_code(zh_checker *c, const zh_codes *codes, zh_str text, uint32_t at)
{
    zh_nearest nearest = {.wanted = text};
    zh_rc rc = zh_expr_fail(c->job, at, "expr.code", "编码体系 %.*s 没有编码 %.*s",
                            ZH_FMT(codes->id), ZH_FMT(text));
    for (size_t i = 0; i < codes->n; i++) {
        if (zh_str_eq(codes->codes[i].label.zh, text)) {
            zh_err_fix(c->job->err, "%.*s 的编码是 %.*s", ZH_FMT(text),
                       ZH_FMT(codes->codes[i].code));
        }
        zh_nearest_try(&nearest, codes->codes[i].code);
    }
    zh_nearest_say(&nearest, c->job->err);
    return rc;
}

static zh_rc check_code(zh_checker *c, const zh_codes *codes, zh_str text, uint32_t at)
{
    const zh_code *found = zh_code_find(codes, text, INT32_MIN);
    return found ? ZH_OK : unknown_code(c, codes, text, at);
}

zh_rc zh_expr_check_state(zh_checker *c, const zh_register *reg, zh_str text, uint32_t at)
{
    zh_nearest nearest = {.wanted = text};
    for (size_t i = 0; i < reg->nstates; i++) {
        if (zh_str_eq(reg->states[i].id, text)) {
            return ZH_OK;
        }
        zh_nearest_try(&nearest, reg->states[i].id);
    }
    zh_rc rc = zh_expr_fail(c->job, at, "expr.state", "登记册 %.*s 没有状态 %.*s", ZH_FMT(reg->id),
                            ZH_FMT(text));
    for (size_t i = 0; i < reg->nstates; i++) {
        if (zh_str_eq(reg->states[i].label.zh, text)) {
            zh_err_fix(c->job->err, "%.*s 的状态 id 是 %.*s", ZH_FMT(text),
                       ZH_FMT(reg->states[i].id));
        }
    }
    zh_nearest_say(&nearest, c->job->err);
    return rc;
}

static zh_rc constant_like(zh_checker *c, zh_str text, uint32_t at, const zh_expr *like,
                           zh_expr **out)
{
    zh_value value = zh_value_text(text);
    zh_rc rc = like->codes ? check_code(c, like->codes, text, at)
                           : zh_expr_check_state(c, like->states, text, at);
    if (rc == ZH_OK) {
        rc = literal(c, &value, at, out);
    }
    if (rc == ZH_OK) {
        (*out)->codes = like->codes;
        (*out)->states = like->states;
    }
    return rc;
}

static zh_rc moment_like(zh_checker *c, const zh_syn *syn, zh_kind kind, zh_expr **out)
{
    zh_date date = 0;
    zh_time time = 0;
    zh_value value = zh_value_date(0);
    if (zh_date_parse(syn->value.text, &date) == ZH_OK) {
        value = zh_value_date(date);
    } else if (kind == ZH_TIME && zh_time_parse(syn->value.text, &time) == ZH_OK) {
        value = zh_value_time(time);
    } else {
        zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.literal.date", "%.*s 不是日期",
                                ZH_FMT(syn->value.text));
        zh_err_fix(c->job->err, "写成 2026-01-01 或 2026-01-01T08:00");
        return rc;
    }
    return literal(c, &value, syn->at, out);
}

zh_rc zh_expr_check_like(zh_checker *c, const zh_names *names, const zh_syn *syn,
                         const zh_expr *like, zh_expr **out)
{
    if ((like->codes || like->states) && is_loose(c, names, syn)) {
        zh_str text = syn->kind == ZH_SYN_NAME ? syn->parts[0] : syn->value.text;
        if (!zh_expr_is_present_time(text) || syn->kind == ZH_SYN_LITERAL) {
            return constant_like(c, text, syn->at, like, out);
        }
    }
    if (is_text_literal(syn) && (like->kind == ZH_DATE || like->kind == ZH_TIME)) {
        return moment_like(c, syn, like->kind, out);
    }
    return zh_expr_check(c, names, syn, out);
}

/* Both operands, the one with a type of its own first. */
static zh_rc check_pair(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr *a[2])
{
    size_t first = is_loose(c, names, syn->a[0]) && !is_loose(c, names, syn->a[1]) ? 1 : 0;
    zh_rc rc = zh_expr_check(c, names, syn->a[first], &a[first]);
    return rc == ZH_OK ? zh_expr_check_like(c, names, syn->a[1 - first], a[first], &a[1 - first])
                       : rc;
}

/* ---- comparison ----------------------------------------------------------------------------- */

static zh_rc fail_pair(zh_checker *c, const zh_expr *at, zh_kind a, zh_kind b)
{
    zh_rc rc = zh_expr_fail(c->job, at->at, "expr.type", "%s不能与%s比较",
                            zh_expr_kind_label(c->job->err, a), zh_expr_kind_label(c->job->err, b));
    if (a == ZH_NULL || b == ZH_NULL) {
        zh_err_fix(c->job->err, "判断空值写成 is null 或 is not null");
    }
    return rc;
}

static bool same_system(const zh_expr *a, const zh_expr *b)
{
    bool coded = (a->codes || a->states) && (b->codes || b->states);
    return !coded || (a->codes == b->codes && a->states == b->states);
}

static zh_rc check_units(zh_checker *c, const zh_expr *a, const zh_expr *b)
{
    if (a->unit.n && b->unit.n && !zh_str_eq(a->unit, b->unit)) {
        zh_rc rc = zh_expr_fail(c->job, b->at, "expr.unit", "单位 %.*s 与 %.*s 不同",
                                ZH_FMT(a->unit), ZH_FMT(b->unit));
        zh_err_fix(c->job->err, "用 convert(值, '%.*s') 换算", ZH_FMT(a->unit));
        return rc;
    }
    return ZH_OK;
}

static bool comparable(zh_kind a, zh_kind b, bool order)
{
    bool moments = (a == ZH_DATE || a == ZH_TIME) && (b == ZH_DATE || b == ZH_TIME);
    bool key = (a == ZH_REF && b == ZH_TEXT) || (a == ZH_TEXT && b == ZH_REF);
    if (order) {
        return moments || (a == b && (a == ZH_DECIMAL || a == ZH_TEXT));
    }
    return moments || key || (a == b && a != ZH_NULL && a != ZH_LIST && a != ZH_DURATION);
}

static zh_rc check_comparable(zh_checker *c, const zh_expr *a, const zh_expr *b, zh_expr_op op)
{
    bool order = op != ZH_X_EQ && op != ZH_X_NE;
    zh_kind kind = a->kind == ZH_LIST ? a->item : a->kind;
    bool null_literal = (a->op == ZH_X_LITERAL && a->kind == ZH_NULL) ||
                        (b->op == ZH_X_LITERAL && b->kind == ZH_NULL);
    bool unknown = kind == ZH_NULL || b->kind == ZH_NULL;
    if (null_literal || (!unknown && !comparable(kind, b->kind, order))) {
        return fail_pair(c, b, kind, b->kind);
    }
    if (!same_system(a, b)) {
        return zh_expr_fail(c->job, b->at, "expr.code", "两边的编码体系不同，不能比较");
    }
    const zh_codes *codes = a->codes ? a->codes : b->codes;
    if (order && codes && !codes->codes_are_ordered) {
        zh_rc rc = zh_expr_fail(c->job, b->at, "expr.code", "编码体系 %.*s 没有次序，不能比大小",
                                ZH_FMT(codes->id));
        zh_err_fix(c->job->err, "用 = 、in，或在编码体系声明 ordered: true");
        return rc;
    }
    if (kind == ZH_REF && b->kind == ZH_REF && a->target && b->target && a->target != b->target) {
        return zh_expr_fail(c->job, b->at, "expr.type", "引用 %.*s 与引用 %.*s 不能比较",
                            ZH_FMT(a->target->id), ZH_FMT(b->target->id));
    }
    return check_units(c, a, b);
}

static zh_rc check_compare(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *a[2] = {NULL, NULL};
    zh_rc rc = check_pair(c, names, syn, a);
    if (rc == ZH_OK) {
        rc = check_comparable(c, a[0], a[1], syn->op);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool list = a[0]->kind == ZH_LIST;
    zh_expr *node = zh_expr_node(c, syn->op, list ? ZH_LIST : ZH_BOOL, syn->at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->item = list ? ZH_BOOL : ZH_NULL;
    zh_expr_put(node, 0, a[0]);
    zh_expr_put(node, 1, a[1]);
    *out = node;
    return ZH_OK;
}

static zh_rc check_in(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *value = NULL;
    zh_rc rc = zh_expr_check(c, names, syn->a[0], &value);
    zh_expr *node = rc == ZH_OK ? zh_expr_node(c, ZH_X_IN, ZH_BOOL, syn->at, syn->n) : NULL;
    if (node == NULL) {
        return ZH_EINVAL;
    }
    if (value->kind == ZH_LIST) {
        return fail_pair(c, value, ZH_LIST, ZH_TEXT);
    }
    zh_expr_put(node, 0, value);
    for (size_t i = 1; i < syn->n && rc == ZH_OK; i++) {
        zh_expr *item = NULL;
        rc = zh_expr_check_like(c, names, syn->a[i], value, &item);
        if (rc == ZH_OK) {
            rc = check_comparable(c, value, item, ZH_X_EQ);
        }
        zh_expr_put(node, i, item);
    }
    *out = node;
    return rc;
}

static zh_rc check_within(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *code = NULL;
    zh_expr *ancestor = NULL;
    zh_rc rc = zh_expr_check(c, names, syn->a[0], &code);
    if (rc == ZH_OK && code->codes == NULL) {
        rc = zh_expr_fail(c->job, syn->at, "expr.type", "within 左边应是编码字段");
    }
    if (rc == ZH_OK) {
        rc = zh_expr_check_like(c, names, syn->a[1], code, &ancestor);
    }
    if (rc == ZH_OK) {
        rc = zh_expr_need(c, ancestor, ZH_TEXT);
    }
    if (rc == ZH_OK && !same_system(code, ancestor)) {
        rc = zh_expr_fail(c->job, ancestor->at, "expr.code", "两边的编码体系不同");
    }
    zh_expr *node = rc == ZH_OK ? zh_expr_node(c, ZH_X_WITHIN, ZH_BOOL, syn->at, 2) : NULL;
    if (node == NULL) {
        return ZH_EINVAL;
    }
    zh_expr_put(node, 0, code);
    zh_expr_put(node, 1, ancestor);
    *out = node;
    return ZH_OK;
}

/* ---- logic and choice ----------------------------------------------------------------------- */

static zh_rc check_logic(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, syn->op, ZH_BOOL, syn->at, syn->n);
    zh_rc rc = node ? ZH_OK : ZH_EINVAL;
    for (size_t i = 0; i < syn->n && rc == ZH_OK; i++) {
        zh_expr *operand = NULL;
        rc = zh_expr_check(c, names, syn->a[i], &operand);
        if (rc == ZH_OK && syn->op != ZH_X_IS_NULL) {
            rc = zh_expr_need(c, operand, ZH_BOOL);
        } else if (rc == ZH_OK && operand->kind == ZH_LIST) {
            rc = zh_expr_fail(c->job, operand->at, "expr.type", "列表不能判断空值");
        }
        if (rc == ZH_OK) {
            zh_expr_put(node, i, operand);
        }
    }
    *out = node;
    return rc;
}

/* The common type of two branches into node. */
static zh_rc unify(zh_checker *c, zh_expr *node, const zh_expr *a, const zh_expr *b)
{
    if (a->kind != b->kind && a->kind != ZH_NULL && b->kind != ZH_NULL) {
        return zh_expr_fail(c->job, b->at, "expr.type", "两个分支的类型不同：%s与%s",
                            zh_expr_kind_label(c->job->err, a->kind),
                            zh_expr_kind_label(c->job->err, b->kind));
    }
    if (a->kind == ZH_LIST || b->kind == ZH_LIST) {
        return zh_expr_fail(c->job, b->at, "expr.type", "分支不能是列表");
    }
    zh_expr_type_from(node, a->kind == ZH_NULL ? b : a);
    if (a->kind == b->kind) {
        node->codes = a->codes == b->codes ? a->codes : NULL;
        node->states = a->states == b->states ? a->states : NULL;
        node->target = a->target == b->target ? a->target : NULL;
        node->unit = zh_str_eq(a->unit, b->unit) ? a->unit : ZH_STR_NONE;
    }
    return ZH_OK;
}

/* IF (condition first) and COALESCE. */
static zh_rc check_choice(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, syn->op, ZH_NULL, syn->at, syn->n);
    zh_rc rc = node ? ZH_OK : ZH_EINVAL;
    size_t from = 0;
    if (rc == ZH_OK && syn->op == ZH_X_IF) {
        zh_expr *condition = NULL;
        rc = zh_expr_check(c, names, syn->a[0], &condition);
        if (rc == ZH_OK) {
            rc = zh_expr_need(c, condition, ZH_BOOL);
        }
        if (rc == ZH_OK) {
            zh_expr_put(node, 0, condition);
        }
        from = 1;
    }
    zh_expr *a[2] = {NULL, NULL};
    const zh_syn pair = {.a = syn->a + from};
    if (rc == ZH_OK) {
        rc = check_pair(c, names, &pair, a);
    }
    if (rc == ZH_OK) {
        zh_expr_put(node, from, a[0]);
        zh_expr_put(node, from + 1, a[1]);
        rc = unify(c, node, a[0], a[1]);
    }
    *out = node;
    return rc;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

/* Whether a duration may be in hours: then a date becomes an instant. */
static bool has_hours(const zh_expr *node)
{
    if (node->op == ZH_X_LITERAL) {
        return node->value.duration == ZH_HOUR;
    }
    for (size_t i = 0; i < node->n; i++) {
        if (node->a[i]->kind == ZH_DURATION && has_hours(node->a[i])) {
            return true;
        }
    }
    return false;
}

/* date + duration, number * duration, or two numbers. */
static zh_rc arithmetic_kind(zh_checker *c, zh_expr *node)
{
    const zh_expr *a = node->a[0];
    const zh_expr *b = node->a[1];
    bool sum = node->op == ZH_X_ADD || node->op == ZH_X_SUB;
    if (sum && b->kind == ZH_DURATION && (a->kind == ZH_DATE || a->kind == ZH_TIME)) {
        node->kind = a->kind == ZH_TIME || has_hours(b) ? ZH_TIME : ZH_DATE;
        return ZH_OK;
    }
    if (node->op == ZH_X_MUL && ((a->kind == ZH_DURATION && b->kind == ZH_DECIMAL) ||
                                 (a->kind == ZH_DECIMAL && b->kind == ZH_DURATION))) {
        node->kind = ZH_DURATION;
        return ZH_OK;
    }
    bool moments =
        (a->kind == ZH_DATE || a->kind == ZH_TIME) && (b->kind == ZH_DATE || b->kind == ZH_TIME);
    if (sum && moments) {
        zh_rc rc = zh_expr_fail(c->job, node->at, "expr.type", "日期不能直接相加减");
        zh_err_fix(c->job->err, "相隔天数写成 days(早, 晚)，另有 hours、months、working_days");
        return rc;
    }
    zh_rc rc = zh_expr_need(c, a, ZH_DECIMAL);
    if (rc == ZH_OK) {
        rc = zh_expr_need(c, b, ZH_DECIMAL);
    }
    if (rc == ZH_OK && sum) {
        rc = check_units(c, a, b);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (sum || a->unit.n == 0 || b->unit.n == 0) {
        bool left = a->unit.n || (node->op == ZH_X_DIV);
        node->unit = left ? a->unit : b->unit;
    }
    return ZH_OK;
}

static zh_rc check_arithmetic(zh_checker *c, const zh_names *names, const zh_syn *syn,
                              zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, syn->op, ZH_DECIMAL, syn->at, syn->n);
    zh_rc rc = node ? ZH_OK : ZH_EINVAL;
    for (size_t i = 0; i < syn->n && rc == ZH_OK; i++) {
        zh_expr *operand = NULL;
        rc = zh_expr_check(c, names, syn->a[i], &operand);
        if (rc == ZH_OK) {
            zh_expr_put(node, i, operand);
        }
    }
    *out = node;
    if (rc == ZH_OK && syn->op == ZH_X_NEG) {
        node->unit = node->a[0]->unit;
        return zh_expr_need(c, node->a[0], ZH_DECIMAL);
    }
    return rc == ZH_OK ? arithmetic_kind(c, node) : rc;
}

/* covers, overlaps, & */
static zh_rc check_word(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_str name = zh_str_of(zh_expr_function_of(syn->fn)->name);
    zh_syn call = {.kind = ZH_SYN_CALL, .at = syn->at, .a = syn->a, .n = syn->n};
    call.parts[0] = name;
    call.nparts = 1;
    return zh_expr_check_function(c, names, &call, syn->fn, out);
}

/* ---- @ -------------------------------------------------------------------------------------- */

/* Index of a level by its number or name; 0 when it is none. */
static uint16_t level_of(const zh_expr *node, const zh_syn *syn, bool *number)
{
    *number = syn->kind == ZH_SYN_LITERAL && syn->value.kind == ZH_DECIMAL;
    if (node->codes == NULL) {
        return 0;
    }
    if (*number) {
        int64_t n = syn->value.decimal.digits == 0 ? syn->value.decimal.scaled : 0;
        return n >= 1 && n <= node->codes->levels ? (uint16_t)n : 0;
    }
    for (uint16_t i = 0; syn->kind == ZH_SYN_NAME && syn->nparts == 1 && i < node->codes->levels;
         i++) {
        if (node->codes->level_names && zh_str_eq(node->codes->level_names[i], syn->parts[0])) {
            return (uint16_t)(i + 1);
        }
    }
    return 0;
}

static zh_rc fail_level(zh_checker *c, const zh_expr *node, const zh_syn *syn)
{
    if (node->codes == NULL) {
        return zh_expr_fail(c->job, syn->at, "expr.level", "@ 加数字须接在编码字段之后");
    }
    zh_rc rc = zh_expr_fail(c->job, syn->at, "expr.level", "编码体系 %.*s 没有这一级",
                            ZH_FMT(node->codes->id));
    zh_err_fix(c->job->err, "级别是 1 到 %u", (unsigned)node->codes->levels);
    return rc;
}

static zh_rc with_level(zh_checker *c, const zh_expr *code, uint16_t level, uint32_t at,
                        zh_expr **out)
{
    zh_expr *node = zh_expr_node(c, ZH_X_LEVEL, ZH_TEXT, at, 2);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->codes = code->codes;
    node->level = level;
    zh_expr_put(node, 0, code);
    *out = node;
    return ZH_OK;
}

/* The path (or code level) as at a date, in place of node. */
static zh_rc with_date(zh_checker *c, const zh_expr *node, const zh_expr *date, uint32_t at,
                       zh_expr **out)
{
    bool period = node->op == ZH_X_CALL && (node->fn == ZH_FN_START || node->fn == ZH_FN_END);
    bool derived = (period || node->op == ZH_X_IN) && node->a[0]->op == ZH_X_PATH;
    bool direct = (node->op == ZH_X_PATH || node->op == ZH_X_LEVEL) && node->a[1] == NULL;
    if (!direct && !derived) {
        zh_rc rc = zh_expr_fail(c->job, at, "expr.as_at", "这里的 @ 日期没有对象");
        zh_err_fix(c->job->err, "@ 日期接在引用路径之后，如 producer.industry @ sampled_at；"
                                "每条路径只写一次");
        return rc;
    }
    zh_expr *copy = zh_expr_node(c, node->op, node->kind, node->at, node->n);
    if (copy == NULL) {
        return ZH_EINVAL;
    }
    const zh_expr **operands = copy->a;
    *copy = *node;
    copy->a = operands;
    for (size_t i = 0; i < node->n; i++) {
        zh_expr_put(copy, i, node->a[i]);
    }
    if (direct) {
        zh_expr_put(copy, 1, date);
    }
    *out = copy;
    bool into = node->a[0]->op == ZH_X_PATH && node->a[0]->a[1] == NULL;
    if (node->op == ZH_X_PATH || (direct && !into)) { /* the steps of a path share one date */
        return ZH_OK;
    }
    zh_expr *inner = NULL;
    zh_rc rc = with_date(c, node->a[0], date, at, &inner);
    if (rc == ZH_OK) {
        zh_expr_put(copy, 0, inner);
    }
    return rc;
}

static zh_rc check_at(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    zh_expr *node = NULL;
    zh_expr *date = NULL;
    bool number = false;
    zh_rc rc = zh_expr_check(c, names, syn->a[0], &node);
    if (rc != ZH_OK) {
        return rc;
    }
    uint16_t level = level_of(node, syn->a[1], &number);
    if (level) {
        return with_level(c, node, level, syn->at, out);
    }
    if (number) {
        return fail_level(c, node, syn->a[1]);
    }
    if (node->codes && is_loose(c, names, syn->a[1]) && syn->a[1]->kind == ZH_SYN_NAME &&
        !zh_expr_is_present_time(syn->a[1]->parts[0])) {
        zh_nearest nearest = {.wanted = syn->a[1]->parts[0]};
        rc =
            zh_expr_fail(c->job, syn->a[1]->at, "expr.level", "%.*s 既不是 %.*s 的级别，也不是日期",
                         ZH_FMT(nearest.wanted), ZH_FMT(node->codes->id));
        for (uint16_t i = 0; node->codes->level_names && i < node->codes->levels; i++) {
            zh_nearest_try(&nearest, node->codes->level_names[i]);
        }
        zh_nearest_say(&nearest, c->job->err);
        return rc;
    }
    rc = zh_expr_check(c, names, syn->a[1], &date);
    if (rc == ZH_OK && date->kind != ZH_DATE && date->kind != ZH_TIME) {
        rc = zh_expr_need(c, date, ZH_DATE);
    }
    return rc == ZH_OK ? with_date(c, node, date, syn->at, out) : rc;
}

/* ---- all ------------------------------------------------------------------------------------ */

static zh_rc check_op(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    switch (syn->op) {
    case ZH_X_NOT:
    case ZH_X_AND:
    case ZH_X_OR:
    case ZH_X_IS_NULL: return check_logic(c, names, syn, out);
    case ZH_X_EQ:
    case ZH_X_NE:
    case ZH_X_LT:
    case ZH_X_LE:
    case ZH_X_GT:
    case ZH_X_GE: return check_compare(c, names, syn, out);
    case ZH_X_IN: return check_in(c, names, syn, out);
    case ZH_X_WITHIN: return check_within(c, names, syn, out);
    case ZH_X_IF:
    case ZH_X_COALESCE: return check_choice(c, names, syn, out);
    case ZH_X_NEG:
    case ZH_X_ADD:
    case ZH_X_SUB:
    case ZH_X_MUL:
    case ZH_X_DIV: return check_arithmetic(c, names, syn, out);
    case ZH_X_LITERAL:
    case ZH_X_FIELD:
    case ZH_X_META:
    case ZH_X_SELF:
    case ZH_X_PATH:
    case ZH_X_LEVEL:
    case ZH_X_CALL:
    case ZH_X_FOLD:
    case ZH_X_GROUP:
    case ZH_X_QUERY:
    case ZH_X_CHILDREN:
    case ZH_X_CHAIN:
    case ZH_X_RANK:
    case ZH_X_CLOCK:
    case ZH_X_ENTERED:
    case ZH_X_PREV:
    case ZH_X_PARAMETER: break;
    }
    zh_panic(__FILE__, __LINE__, "the parser makes no other operator");
}

zh_rc zh_expr_check(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out)
{
    switch (syn->kind) {
    case ZH_SYN_LITERAL: return literal(c, &syn->value, syn->at, out);
    case ZH_SYN_NAME: return zh_expr_check_name(c, names, syn, out);
    case ZH_SYN_CALL: return zh_expr_check_call(c, names, syn, out);
    case ZH_SYN_OP: return check_op(c, names, syn, out);
    case ZH_SYN_WORD: return check_word(c, names, syn, out);
    case ZH_SYN_AT: return check_at(c, names, syn, out);
    case ZH_SYN_GROUP: break;
    }
    return zh_expr_check_group(c, names, syn, out);
}
