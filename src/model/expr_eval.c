/* Evaluator of the expression language: operators, fields, paths. Three-valued throughout: an
 * unknown operand makes an unknown result unless the others decide it (false and unknown is false).
 *
 * Recursion follows the tree, whose depth is capped; work is capped by env->steps_left. */
#include "model/expr_private.h"

enum { ARGUMENTS_INLINE = 6 };

typedef zh_rc (*evaluator)(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err);

static zh_value truth(int t)
{
    return t < 0 ? ZH_VALUE_NULL : zh_value_bool(t != 0);
}

/* 1 true, 0 false, -1 unknown. */
static zh_rc eval_truth(const zh_expr *node, zh_env *env, int *out, zh_err *err)
{
    zh_value v;
    zh_rc rc = zh_expr_eval(node, env, &v, err);
    *out = v.kind == ZH_BOOL ? v.i != 0 : -1;
    return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

static zh_rc eval_literal(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    (void)env;
    (void)err;
    *out = node->value;
    return ZH_OK;
}

static zh_rc missing(zh_err *err, const char *what)
{
    return zh_err_set(err, ZH_EINVAL, "expr.env", "求值时缺少%s", what);
}

/* The value of a field of the record, or of a column of the row in hand. */
static zh_rc field_value(const zh_field *field, const zh_field *table, const zh_env *env,
                         zh_value *out, zh_err *err)
{
    if (table) {
        if (env->rows == NULL || env->row >= env->rows->n) {
            return missing(err, "子表的当前行");
        }
        *out = env->rows->values[env->row * table->ncolumns + field->index];
        return ZH_OK;
    }
    if (env->record == NULL || env->record->values == NULL) {
        return missing(err, "当前记录");
    }
    *out = env->record->values[field->index];
    return ZH_OK;
}

static zh_rc eval_field(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    return field_value(node->field, node->table, env, out, err);
}

static zh_rc eval_parameter(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    if (env->parameters == NULL) {
        return missing(err, "参数");
    }
    *out = env->parameters[node->index];
    return ZH_OK;
}

static zh_rc eval_meta(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    const zh_record *r = env->record;
    if (r == NULL) {
        return missing(err, "当前记录");
    }
    switch (node->meta) {
    case ZH_META_STATE: {
        bool known = r->state >= 0 && r->reg && (size_t)r->state < r->reg->nstates;
        *out = known ? zh_value_text(r->reg->states[r->state].id) : ZH_VALUE_NULL;
        return ZH_OK;
    }
    case ZH_META_VERSION: *out = zh_value_int(r->version); return ZH_OK;
    case ZH_META_CREATED_AT: *out = zh_value_time(r->created_at); return ZH_OK;
    case ZH_META_RECORDED_AT:
        *out = zh_value_time(env->recorded_at ? env->recorded_at : r->recorded_at);
        return ZH_OK;
    case ZH_META_OFFICE: *out = zh_value_int(r->office); return ZH_OK;
    case ZH_META_HANDLER: *out = zh_value_int(r->handler_office); return ZH_OK;
    case ZH_META_ID: *out = zh_value_int(r->id); return ZH_OK;
    case ZH_META_ACTOR: *out = zh_value_text(env->actor.n ? env->actor : r->actor); return ZH_OK;
    }
    return ZH_OK;
}

void zh_env_enter(zh_env *inner, const zh_env *outer, const zh_record *record)
{
    *inner = *outer;
    inner->record = record;
    inner->rows = NULL;
    inner->row = 0;
    inner->recorded_at = 0;
    inner->actor = ZH_STR_NONE;
    inner->as_at_set = false;
}

static zh_rc eval_self(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    const zh_record *self = env->self;
    if (self == NULL) {
        return missing(err, "外层记录 self");
    }
    if (node->n == 0) {
        *out = (zh_value){.kind = ZH_REF, .office = self->office, .i = self->id};
        return ZH_OK;
    }
    zh_env inner;
    zh_env_enter(&inner, env, self);
    inner.self = NULL;
    zh_rc rc = zh_expr_eval(node->a[0], &inner, out, err);
    env->steps_left = inner.steps_left;
    return rc;
}

/* ---- paths ---------------------------------------------------------------------------------- */

#define MICROS_OF_DAY INT64_C(86400000000)

/* A day as a point in time is its last instant: what became true during it is seen. */
static zh_time as_at_of(const zh_value *v)
{
    return v->kind == ZH_TIME ? v->i : zh_date_start((zh_date)v->i) + MICROS_OF_DAY - 1;
}

zh_rc zh_record_event(const zh_record *record, zh_time *out)
{
    const zh_field *field = record->reg->event_time;
    *out = record->created_at;
    if (field == NULL) {
        return ZH_OK;
    }
    const zh_value *v = &record->values[field->index];
    if (v->kind != ZH_DATE && v->kind != ZH_TIME) {
        return ZH_ENOTFOUND;
    }
    *out = v->kind == ZH_TIME ? v->i : zh_date_start((zh_date)v->i);
    return ZH_OK;
}

bool zh_env_event(const zh_env *env, zh_time *first, zh_time *last)
{
    const zh_record *r = env->record;
    zh_time event = 0;
    if (r == NULL || zh_record_event(r, &event) != ZH_OK) {
        return false;
    }
    const zh_field *field = r->reg->event_time;
    bool whole_day = field && r->values[field->index].kind == ZH_DATE;
    *first = event;
    *last = whole_day ? event + MICROS_OF_DAY - 1 : event;
    if (field == NULL && env->judged_at != 0) {
        *first = *last = env->judged_at;
    } else if (field == NULL && event == 0) { /* not yet written */
        *first = *last = env->recorded_at;
    }
    return true;
}

/* The as-at instant of a path; 0 = current. *known false: its date is unknown. */
static zh_rc path_date(const zh_expr *date, zh_env *env, zh_time *out, bool *known, zh_err *err)
{
    zh_value v;
    zh_time first = 0;
    *known = true;
    if (env->as_at_set) {
        *out = env->as_at;
        return ZH_OK;
    }
    if (date == NULL) {
        bool declared = env->record && env->record->reg->event_time;
        *out = 0;
        if (declared && !zh_env_event(env, &first, out)) {
            *out = 0;
        }
        return ZH_OK;
    }
    zh_rc rc = zh_expr_eval(date, env, &v, err);
    *known = v.kind == ZH_DATE || v.kind == ZH_TIME;
    *out = *known ? as_at_of(&v) : 0;
    return rc;
}

static zh_rc eval_path(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value ref;
    zh_time as_at = 0;
    bool known = false;
    const zh_record *target = NULL;
    zh_rc rc = field_value(node->field, node->table, env, &ref, err);
    *out = ZH_VALUE_NULL;
    if (rc == ZH_OK) {
        rc = path_date(node->a[1], env, &as_at, &known, err);
    }
    if (rc != ZH_OK || ref.kind != ZH_REF || ref.i == 0 || !known) {
        return rc;
    }
    if (env->follow == NULL) {
        return missing(err, "读取引用记录的途径");
    }
    rc = env->follow(env, node->reg, ref.office, ref.i, as_at, &target, err);
    if (rc != ZH_OK || target == NULL) {
        return rc;
    }
    zh_env inner;
    zh_env_enter(&inner, env, target);
    inner.as_at = as_at;
    inner.as_at_set = true;
    rc = zh_expr_eval(node->a[0], &inner, out, err);
    env->steps_left = inner.steps_left;
    return rc;
}

/* ---- codes ---------------------------------------------------------------------------------- */

/* The date on which a code is read: @ date, its `at:` field, the event time, else any. */
static zh_rc code_date(const zh_expr *node, zh_env *env, zh_date *out, zh_err *err)
{
    zh_value v = ZH_VALUE_NULL;
    zh_rc rc = ZH_OK;
    zh_time first, last;
    *out = INT32_MIN;
    if (node->a[1]) {
        rc = zh_expr_eval(node->a[1], env, &v, err);
    } else if (node->a[0]->op == ZH_X_FIELD && node->a[0]->field->as_of_field.n && env->record) {
        const zh_field *at = zh_expr_field(env->record->reg, node->a[0]->field->as_of_field);
        v = at ? env->record->values[at->index] : v;
    }
    if (v.kind == ZH_DATE) {
        *out = (zh_date)v.i;
    } else if (v.kind == ZH_TIME) {
        *out = zh_time_date(v.i);
    } else if (env->record && env->record->reg->event_time && zh_env_event(env, &first, &last)) {
        *out = zh_time_date(first);
    }
    return rc;
}

static zh_rc eval_level(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value code;
    zh_date at = INT32_MIN;
    zh_rc rc = zh_expr_eval(node->a[0], env, &code, err);
    *out = ZH_VALUE_NULL;
    if (rc == ZH_OK) {
        rc = code_date(node, env, &at, err);
    }
    if (rc != ZH_OK || code.kind != ZH_TEXT) {
        return rc;
    }
    const zh_code *found = zh_code_find(node->codes, code.text, at);
    if (found == NULL) {
        found = zh_code_find(node->codes, code.text, INT32_MIN);
    }
    const zh_code *upper = found ? zh_code_at_level(found, node->level) : NULL;
    *out = upper ? zh_value_text(upper->code) : ZH_VALUE_NULL;
    return ZH_OK;
}

static zh_rc eval_within(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value a, b;
    const zh_codes *codes = node->a[0]->codes;
    zh_rc rc = zh_expr_eval(node->a[0], env, &a, err);
    if (rc == ZH_OK) {
        rc = zh_expr_eval(node->a[1], env, &b, err);
    }
    *out = ZH_VALUE_NULL;
    if (rc != ZH_OK || a.kind != ZH_TEXT || b.kind != ZH_TEXT) {
        return rc;
    }
    const zh_code *code = zh_code_find(codes, a.text, INT32_MIN);
    const zh_code *ancestor = zh_code_find(codes, b.text, INT32_MIN);
    if (code && ancestor) {
        *out = zh_value_bool(zh_code_within(code, ancestor));
    }
    return ZH_OK;
}

static bool position(const zh_expr *type, zh_str text, int64_t *out)
{
    if (type->states) {
        for (size_t i = 0; i < type->states->nstates; i++) {
            if (zh_str_eq(type->states->states[i].id, text)) {
                *out = (int64_t)i;
                return true;
            }
        }
        return false;
    }
    const zh_code *code = zh_code_find(type->codes, text, INT32_MIN);
    *out = code ? (int64_t)code->position : 0;
    return code != NULL;
}

zh_rc zh_expr_order(const zh_expr *type, const zh_value *a, const zh_value *b, int *order)
{
    bool graded = type->states || (type->codes && type->codes->codes_are_ordered);
    if (!graded || a->kind != ZH_TEXT || b->kind != ZH_TEXT) {
        return zh_value_cmp(a, b, order);
    }
    int64_t x, y;
    if (!position(type, a->text, &x) || !position(type, b->text, &y)) {
        return ZH_ENOTFOUND;
    }
    *order = (x > y) - (x < y);
    return ZH_OK;
}

/* ---- comparison ----------------------------------------------------------------------------- */

static zh_rc fail_compare(const zh_value *a, const zh_value *b, zh_err *err)
{
    if (a->kind == ZH_DECIMAL && b->kind == ZH_DECIMAL) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "expr.unit", "单位 %.*s 与 %.*s 不同，不能比较",
                              ZH_FMT(a->unit), ZH_FMT(b->unit));
        zh_err_fix(err, "用 convert(值, '%.*s') 换算", ZH_FMT(b->unit));
        return rc;
    }
    return zh_err_set(err, ZH_EINVAL, "expr.type", "%s不能与%s比较",
                      zh_expr_kind_label(err, a->kind), zh_expr_kind_label(err, b->kind));
}

static bool holds(zh_expr_op op, int order)
{
    enum { LESS = 1, EQUAL = 2, GREATER = 4 };
    static const unsigned char accepts[] = {
        [ZH_X_EQ] = EQUAL,        [ZH_X_NE] = LESS | GREATER, [ZH_X_LT] = LESS,
        [ZH_X_LE] = LESS | EQUAL, [ZH_X_GT] = GREATER,        [ZH_X_GE] = GREATER | EQUAL,
    };
    return accepts[op] & (order < 0 ? LESS : order > 0 ? GREATER : EQUAL);
}

/* type: the operand that carries the code system. */
static zh_rc compare(zh_expr_op op, const zh_expr *type, const zh_value *a, const zh_value *b,
                     int *out, zh_err *err)
{
    int order = 0;
    bool equality = op == ZH_X_EQ || op == ZH_X_NE;
    zh_rc rc = equality ? zh_value_cmp(a, b, &order) : zh_expr_order(type, a, b, &order);
    *out = -1;
    if (rc == ZH_ENOTFOUND) {
        return ZH_OK;
    }
    if (rc != ZH_OK) {
        return fail_compare(a, b, err);
    }
    *out = holds(op, order);
    return ZH_OK;
}

static const zh_expr *typed(const zh_expr *a, const zh_expr *b)
{
    return a->codes || a->states ? a : b;
}

/* A list against a scalar: each item, as a list. */
static zh_rc compare_list(const zh_expr *node, zh_env *env, const zh_value *list, const zh_value *b,
                          zh_value *out, zh_err *err)
{
    zh_value *items = list->n ? ZH_TRY_N(env->arena, zh_value, list->n) : NULL;
    if (list->n && items == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "expr.limit.memory", "求值所需内存超过上限");
    }
    for (size_t i = 0; i < list->n; i++) {
        int t = -1;
        zh_rc rc = compare(node->op, typed(node->a[0], node->a[1]), &list->items[i], b, &t, err);
        if (rc != ZH_OK) {
            return rc;
        }
        items[i] = truth(t);
    }
    *out = (zh_value){.kind = ZH_LIST, .items = items, .n = list->n};
    return ZH_OK;
}

static zh_rc eval_compare(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value a, b;
    int t = -1;
    zh_rc rc = zh_expr_eval(node->a[0], env, &a, err);
    if (rc == ZH_OK) {
        rc = zh_expr_eval(node->a[1], env, &b, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (a.kind == ZH_LIST) {
        return compare_list(node, env, &a, &b, out, err);
    }
    rc = compare(node->op, typed(node->a[0], node->a[1]), &a, &b, &t, err);
    *out = truth(t);
    return rc;
}

static zh_rc eval_in(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value value, item;
    int result = 0;
    zh_rc rc = zh_expr_eval(node->a[0], env, &value, err);
    for (size_t i = 1; rc == ZH_OK && i < node->n && result != 1; i++) {
        int t = -1;
        rc = zh_expr_eval(node->a[i], env, &item, err);
        if (rc == ZH_OK) {
            rc = compare(ZH_X_EQ, node->a[0], &value, &item, &t, err);
        }
        result = t == 0 ? result : t;
    }
    *out = truth(result);
    return rc;
}

/* ---- logic and choice ----------------------------------------------------------------------- */

static zh_rc eval_not(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    int t = -1;
    zh_rc rc = eval_truth(node->a[0], env, &t, err);
    *out = truth(t < 0 ? -1 : !t);
    return rc;
}

/* and: false decides; or: true decides. */
static zh_rc eval_logic(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    int deciding = node->op == ZH_X_OR;
    int result = !deciding;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; rc == ZH_OK && i < node->n && result != deciding; i++) {
        int t = -1;
        rc = eval_truth(node->a[i], env, &t, err);
        if (t == deciding || t < 0) {
            result = t;
        }
    }
    *out = truth(result);
    return rc;
}

static zh_rc eval_is_null(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value v;
    zh_rc rc = zh_expr_eval(node->a[0], env, &v, err);
    *out = zh_value_bool(!zh_value_known(&v));
    return rc;
}

static zh_rc eval_if(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    int t = -1;
    zh_rc rc = eval_truth(node->a[0], env, &t, err);
    *out = ZH_VALUE_NULL;
    return rc == ZH_OK && t >= 0 ? zh_expr_eval(node->a[t ? 1 : 2], env, out, err) : rc;
}

static zh_rc eval_coalesce(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_rc rc = zh_expr_eval(node->a[0], env, out, err);
    return rc == ZH_OK && !zh_value_known(out) ? zh_expr_eval(node->a[1], env, out, err) : rc;
}

/* ---- arithmetic ----------------------------------------------------------------------------- */

static zh_rc fail_overflow(zh_err *err)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "expr.overflow", "计算结果超过 18 位");
    zh_err_fix(err, "减少小数位数，或先 round() 再计算");
    return rc;
}

static zh_rc eval_neg(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value v;
    zh_rc rc = zh_expr_eval(node->a[0], env, &v, err);
    *out = ZH_VALUE_NULL;
    if (rc == ZH_OK && zh_value_known(&v)) {
        *out = zh_value_decimal((zh_decimal){-v.decimal.scaled, v.decimal.digits});
        out->unit = v.unit;
    }
    return rc;
}

/* The unit of a result: sums keep the common one, a factor without unit keeps the other's, a ratio
 * of like units has none. */
static zh_str result_unit(zh_expr_op op, zh_str a, zh_str b)
{
    if (op == ZH_X_ADD || op == ZH_X_SUB || op == ZH_X_MUL) {
        bool one = a.n == 0 || b.n == 0 || op != ZH_X_MUL;
        return one ? (a.n ? a : b) : ZH_STR_NONE;
    }
    return b.n ? ZH_STR_NONE : a;
}

static zh_rc calculate(zh_expr_op op, zh_decimal a, zh_decimal b, zh_decimal *out, bool *known)
{
    *known = true;
    if (op == ZH_X_ADD || op == ZH_X_SUB) {
        return op == ZH_X_ADD ? zh_decimal_add(a, b, out) : zh_decimal_sub(a, b, out);
    }
    return op == ZH_X_MUL ? zh_num_mul(a, b, out) : zh_num_div(a, b, out, known);
}

/* number * duration */
static zh_rc scale_duration(const zh_value *a, const zh_value *b, zh_value *out, zh_err *err)
{
    const zh_value *duration = a->kind == ZH_DURATION ? a : b;
    const zh_value *factor = a->kind == ZH_DURATION ? b : a;
    zh_decimal whole;
    int64_t amount = 0;
    if (zh_decimal_rescale(factor->decimal, 0, ZH_ROUND_REFUSE, &whole) != ZH_OK ||
        __builtin_mul_overflow(whole.scaled, duration->i, &amount)) {
        return zh_err_set(err, ZH_EINVAL, "expr.duration", "时长的倍数须是整数");
    }
    *out = (zh_value){.kind = ZH_DURATION, .i = amount, .duration = duration->duration};
    return ZH_OK;
}

static zh_rc eval_arithmetic(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value a, b;
    zh_decimal d = {0};
    bool known = false;
    zh_rc rc = zh_expr_eval(node->a[0], env, &a, err);
    if (rc == ZH_OK) {
        rc = zh_expr_eval(node->a[1], env, &b, err);
    }
    *out = ZH_VALUE_NULL;
    if (rc != ZH_OK || !zh_value_known(&a) || !zh_value_known(&b)) {
        return rc;
    }
    if (node->kind == ZH_DURATION) {
        return scale_duration(&a, &b, out, err);
    }
    if (b.kind == ZH_DURATION) {
        return zh_expr_shift(env, &a, &b, node->op == ZH_X_ADD ? 1 : -1, node->kind, out, err);
    }
    bool sum = node->op == ZH_X_ADD || node->op == ZH_X_SUB;
    if (sum && a.unit.n && b.unit.n && !zh_str_eq(a.unit, b.unit)) {
        return zh_err_set(err, ZH_EINVAL, "expr.unit", "单位 %.*s 与 %.*s 不同，不能相加减",
                          ZH_FMT(a.unit), ZH_FMT(b.unit));
    }
    if (calculate(node->op, a.decimal, b.decimal, &d, &known) != ZH_OK) {
        return fail_overflow(err);
    }
    if (known) {
        *out = zh_value_decimal(d);
        out->unit = result_unit(node->op, a.unit, b.unit);
    }
    return ZH_OK;
}

static zh_rc eval_call(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    zh_value few[ARGUMENTS_INLINE];
    zh_value *args = node->n <= ARGUMENTS_INLINE ? few : ZH_TRY_N(env->arena, zh_value, node->n);
    if (args == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "expr.limit.memory", "求值所需内存超过上限");
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; rc == ZH_OK && i < node->n; i++) {
        rc = zh_expr_eval(node->a[i], env, &args[i], err);
    }
    return rc == ZH_OK ? zh_expr_apply(node, env, args, out, err) : rc;
}

/* ---- what the environment answers ----------------------------------------------------------- */

static zh_rc eval_clock(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    return env->clock ? env->clock(env, node, out, err) : missing(err, "时限");
}

static zh_rc eval_entered(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    return env->entered ? env->entered(env, node->name, out, err) : missing(err, "记录的历史");
}

static zh_rc eval_prev(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    return env->prev ? env->prev(env, node, out, err) : missing(err, "前一版或前期指标");
}

/* ---- all ------------------------------------------------------------------------------------ */

static const evaluator evaluators[] = {
    [ZH_X_LITERAL] = eval_literal,   [ZH_X_FIELD] = eval_field,
    [ZH_X_META] = eval_meta,         [ZH_X_SELF] = eval_self,
    [ZH_X_PATH] = eval_path,         [ZH_X_LEVEL] = eval_level,
    [ZH_X_NOT] = eval_not,           [ZH_X_AND] = eval_logic,
    [ZH_X_OR] = eval_logic,          [ZH_X_EQ] = eval_compare,
    [ZH_X_NE] = eval_compare,        [ZH_X_LT] = eval_compare,
    [ZH_X_LE] = eval_compare,        [ZH_X_GT] = eval_compare,
    [ZH_X_GE] = eval_compare,        [ZH_X_IN] = eval_in,
    [ZH_X_NEG] = eval_neg,           [ZH_X_ADD] = eval_arithmetic,
    [ZH_X_SUB] = eval_arithmetic,    [ZH_X_MUL] = eval_arithmetic,
    [ZH_X_DIV] = eval_arithmetic,    [ZH_X_IF] = eval_if,
    [ZH_X_COALESCE] = eval_coalesce, [ZH_X_CALL] = eval_call,
    [ZH_X_FOLD] = zh_eval_fold,      [ZH_X_GROUP] = zh_eval_group,
    [ZH_X_QUERY] = zh_eval_query,    [ZH_X_CHILDREN] = zh_eval_query,
    [ZH_X_CHAIN] = zh_eval_chain,    [ZH_X_RANK] = zh_eval_rank,
    [ZH_X_CLOCK] = eval_clock,       [ZH_X_ENTERED] = eval_entered,
    [ZH_X_PREV] = eval_prev,         [ZH_X_IS_NULL] = eval_is_null,
    [ZH_X_WITHIN] = eval_within,     [ZH_X_PARAMETER] = eval_parameter,
};

zh_rc zh_expr_eval(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    *out = ZH_VALUE_NULL;
    if (env->steps_left == 0) {
        zh_rc rc = zh_err_set(err, ZH_ELIMIT, "expr.limit.steps", "求值步数超过上限");
        zh_err_fix(err, "减少子表行数或查询范围");
        return rc;
    }
    env->steps_left--;
    return evaluators[node->op](node, env, out, err);
}

zh_rc zh_eval_node(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err)
{
    bool fresh = env->steps_left == 0;
    if (fresh) {
        env->steps_left = ZH_EXPR_STEPS_MAX;
    }
    zh_rc rc = zh_expr_eval(node, env, out, err);
    if (fresh) { /* each evaluation has its own budget when the caller set none */
        env->steps_left = 0;
    }
    return rc;
}

zh_rc zh_eval(const zh_program *program, zh_env *env, zh_value *out, zh_err *err)
{
    return zh_eval_node(program->root, env, out, err);
}

zh_rc zh_eval_true(const zh_program *program, zh_env *env, bool *out, zh_err *err)
{
    zh_value v;
    zh_rc rc = zh_eval(program, env, &v, err);
    *out = rc == ZH_OK && v.kind == ZH_BOOL && v.i != 0;
    return rc;
}
