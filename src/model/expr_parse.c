/* Parser of the expression language: recursive descent over the levels of doc/expressions.md, to an
 * untyped tree. Nesting is limited to ZH_EXPR_DEPTH_MAX before any recursion goes deeper, the tree
 * has the same limit, so every later walk over it may recurse. */
#include "model/expr_private.h"
#include <stdarg.h>
#include <stdio.h>

enum { ERROR_TEXT_MAX = 640 };

typedef struct parser {
    zh_expr_job *job;
    size_t at; /* after the current token */
    zh_token token;
    unsigned depth;
} parser;

typedef ZH_VEC(const zh_syn *) syn_list;

zh_rc zh_expr_fail(zh_expr_job *job, uint32_t at, const char *rule, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, zh_err_text(job->err, format), arguments);
    va_end(arguments);
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < at && i < job->text.n; i++) {
        if (job->text.p[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)job->text.p[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    zh_err_set(job->err, ZH_EINVAL, rule, "%s", text);
    zh_err_where(job->err, "%zu:%zu", line, column);
    return ZH_EINVAL;
}

void zh_nearest_try(zh_nearest *nearest, zh_str candidate)
{
    size_t limit = nearest->wanted.n / 3 + 1;
    size_t d = zh_str_distance(nearest->wanted, candidate, limit);
    if (d <= limit && d < nearest->wanted.n && (nearest->best.p == NULL || d < nearest->distance)) {
        nearest->best = candidate;
        nearest->distance = d;
    }
}

void zh_nearest_say(const zh_nearest *nearest, zh_err *err)
{
    if (nearest->best.p) {
        zh_err_fix(err, "是否想写 %.*s?", ZH_FMT(nearest->best));
    }
}

/* ---- tokens --------------------------------------------------------------------------------- */

static zh_rc advance(parser *p)
{
    return zh_expr_token(p->job, &p->at, &p->token);
}

static bool at_sign(const parser *p, const char *sign)
{
    return p->token.kind == ZH_TOKEN_SIGN && zh_str_is(p->token.text, sign);
}

static bool at_word(const parser *p, const char *word)
{
    return p->token.kind == ZH_TOKEN_NAME && zh_str_is(p->token.text, word);
}

/* The token after the current one; a token that cannot be read counts as the end. */
static zh_token peek(const parser *p)
{
    zh_err ignored = {0};
    zh_expr_job job = *p->job;
    job.err = &ignored;
    size_t at = p->at;
    zh_token token;
    if (zh_expr_token(&job, &at, &token) != ZH_OK) {
        token = (zh_token){0};
    }
    return token;
}

static zh_rc unexpected(parser *p, const char *name)
{
    const char *wanted = zh_err_text(p->job->err, name);
    if (p->token.kind == ZH_TOKEN_END) {
        return zh_expr_fail(p->job, p->token.at, "expr.syntax", "表达式没有写完，这里应有%s",
                            wanted);
    }
    return zh_expr_fail(p->job, p->token.at, "expr.syntax", "这里应有%s，却是 %.*s", wanted,
                        ZH_FMT(p->token.text));
}

static zh_rc expect(parser *p, const char *sign)
{
    if (!at_sign(p, sign)) {
        return unexpected(p, sign);
    }
    return advance(p);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* NULL (error set) above the cap. */
static zh_syn *node_new(parser *p, zh_syn_kind kind, uint32_t at)
{
    if (++p->job->nodes > ZH_EXPR_NODES_MAX) {
        (void)zh_expr_fail(p->job, at, "expr.limit.nodes", "表达式超过 %zu 个成分",
                           ZH_EXPR_NODES_MAX);
        return NULL;
    }
    zh_syn *node = ZH_NEW(p->job->scratch, zh_syn);
    node->kind = kind;
    node->at = at;
    node->depth = 1;
    return node;
}

static zh_rc too_deep(parser *p, uint32_t at)
{
    return zh_expr_fail(p->job, at, "expr.limit.depth", "表达式嵌套超过 %d 层", ZH_EXPR_DEPTH_MAX);
}

static zh_rc adopt(parser *p, zh_syn *parent, const zh_syn *child)
{
    if (child && child->depth >= parent->depth) {
        parent->depth = (uint16_t)(child->depth + 1);
    }
    return parent->depth > ZH_EXPR_DEPTH_MAX ? too_deep(p, parent->at) : ZH_OK;
}

static zh_rc set_operands(parser *p, zh_syn *node, const zh_syn *const *a, size_t n)
{
    node->a = ZH_NEW_N(p->job->scratch, const zh_syn *, n ? n : 1);
    node->n = n;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        node->a[i] = a[i];
        rc = adopt(p, node, a[i]);
    }
    return rc;
}

static zh_rc op_new(parser *p, zh_expr_op op, uint32_t at, const zh_syn *const *a, size_t n,
                    const zh_syn **out)
{
    zh_syn *node = node_new(p, ZH_SYN_OP, at);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->op = op;
    zh_rc rc = set_operands(p, node, a, n);
    *out = node; /* last: an operand may stand in *out */
    return rc;
}

static zh_rc not_new(parser *p, uint32_t at, const zh_syn **io)
{
    return op_new(p, ZH_X_NOT, at, io, 1, io);
}

/* ---- levels --------------------------------------------------------------------------------- */

static zh_rc parse_expr(parser *p, const zh_syn **out);
static zh_rc parse_coalesce(parser *p, const zh_syn **out);
static zh_rc parse_unary(parser *p, const zh_syn **out);

typedef zh_rc (*level)(parser *p, const zh_syn **out);

/* Every way into a deeper level passes here. */
static zh_rc nested(parser *p, level into, const zh_syn **out)
{
    if (p->depth >= ZH_EXPR_DEPTH_MAX) {
        return too_deep(p, p->token.at);
    }
    p->depth++;
    zh_rc rc = into(p, out);
    p->depth--;
    return rc;
}

static bool unit_of(zh_str name, zh_unit_time *out)
{
    for (int u = ZH_HOUR; u <= ZH_YEAR; u++) {
        if (zh_str_eq(name, zh_unit_time_name((zh_unit_time)u))) {
            *out = (zh_unit_time)u;
            return true;
        }
    }
    return false;
}

static zh_rc parse_number(parser *p, const zh_syn **out)
{
    zh_token number = p->token;
    zh_syn *node = node_new(p, ZH_SYN_LITERAL, number.at);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->value = (zh_value){.kind = ZH_DECIMAL, .text = number.text};
    if (zh_decimal_parse(number.text, false, &node->value.decimal) != ZH_OK) {
        return zh_expr_fail(p->job, number.at, "expr.literal.number", "数 %.*s 超过 18 位",
                            ZH_FMT(number.text));
    }
    *out = node;
    zh_rc rc = advance(p);
    zh_unit_time unit;
    if (rc == ZH_OK && at_sign(p, "%")) {
        node->value.text = ZH_STR_NONE;
        node->value.decimal.digits = (uint8_t)(node->value.decimal.digits + 2);
        if (node->value.decimal.digits > ZH_DECIMAL_DIGITS_MAX) {
            return zh_expr_fail(p->job, number.at, "expr.literal.number", "百分数的小数超过 16 位");
        }
        return advance(p);
    }
    if (rc == ZH_OK && p->token.kind == ZH_TOKEN_NAME && unit_of(p->token.text, &unit)) {
        if (node->value.decimal.digits != 0) {
            return zh_expr_fail(p->job, number.at, "expr.literal.duration", "时长须为整数");
        }
        node->value =
            (zh_value){.kind = ZH_DURATION, .i = node->value.decimal.scaled, .duration = unit};
        return advance(p);
    }
    return rc;
}

/* The tail `within 6 month` of a query. */
static zh_rc parse_within(parser *p, zh_syn *call)
{
    zh_rc rc = advance(p);
    const zh_syn *amount = NULL;
    if (rc == ZH_OK) {
        rc = p->token.kind == ZH_TOKEN_NUMBER ? parse_number(p, &amount) : unexpected(p, "时长");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    enum { AMOUNT_MAX = 100000 };
    if (amount->value.kind != ZH_DURATION || amount->value.i < 1 || amount->value.i > AMOUNT_MAX) {
        return zh_expr_fail(p->job, amount->at, "expr.literal.duration",
                            "within 后面应是时长，如 within 6 month");
    }
    call->within = amount->value.i;
    call->within_unit = amount->value.duration;
    return ZH_OK;
}

static zh_rc parse_rank(parser *p, syn_list *args)
{
    const zh_syn *value = NULL;
    const zh_syn *part = NULL;
    zh_rc rc = nested(p, parse_coalesce, &value);
    if (rc == ZH_OK) {
        rc = at_word(p, "within") ? advance(p)
                                  : unexpected(p, " within(如 rank(total within edition))");
    }
    if (rc == ZH_OK) {
        rc = nested(p, parse_coalesce, &part);
    }
    if (rc == ZH_OK) {
        zh_vec_push(p->job->scratch, args, value);
        zh_vec_push(p->job->scratch, args, part);
    }
    return rc;
}

/* One argument, and `where` behind the first. */
static zh_rc parse_argument(parser *p, zh_syn *call, syn_list *args)
{
    zh_rc rc = ZH_OK;
    bool word = args->n == 0 && at_word(p, "half_life") && peek(p).kind == ZH_TOKEN_NUMBER;
    if (word && zh_str_is(call->parts[0], "decay")) { /* decay(half_life 12 month, …) */
        rc = advance(p);
    }
    const zh_syn *arg = NULL;
    if (rc == ZH_OK) {
        rc = nested(p, parse_expr, &arg);
    }
    if (rc == ZH_OK) {
        zh_vec_push(p->job->scratch, args, arg);
    }
    if (rc == ZH_OK && args->n == 1 && at_word(p, "where")) {
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = nested(p, parse_expr, &call->where);
        }
    }
    return rc;
}

static zh_rc parse_arguments(parser *p, zh_syn *call, syn_list *args)
{
    for (;;) {
        zh_rc rc;
        if (args->n && at_word(p, "within") && peek(p).kind == ZH_TOKEN_NUMBER) {
            rc = parse_within(p, call);
        } else {
            rc = parse_argument(p, call, args);
        }
        if (rc == ZH_OK && at_sign(p, ":")) {
            rc = advance(p);
            return rc == ZH_OK ? nested(p, parse_expr, &call->body) : rc;
        }
        if (rc != ZH_OK || !at_sign(p, ",")) {
            return rc;
        }
        rc = advance(p);
        if (rc != ZH_OK) {
            return rc;
        }
    }
}

static zh_rc parse_call(parser *p, zh_token name, const zh_syn **out)
{
    zh_syn *call = node_new(p, ZH_SYN_CALL, name.at);
    syn_list args = {0};
    if (call == NULL) {
        return ZH_EINVAL;
    }
    *out = call;
    call->parts[0] = name.text;
    call->nparts = 1;
    zh_rc rc = advance(p); /* ( */
    if (rc == ZH_OK && !at_sign(p, ")")) {
        rc = zh_str_is(name.text, "rank") ? parse_rank(p, &args) : parse_arguments(p, call, &args);
    }
    if (rc == ZH_OK) {
        rc = expect(p, ")");
    }
    if (rc == ZH_OK) {
        rc = set_operands(p, call, args.p, args.n);
    }
    if (rc == ZH_OK) {
        rc = adopt(p, call, call->where);
    }
    if (rc == ZH_OK) {
        rc = adopt(p, call, call->body);
    }
    bool earlier = zh_str_is(name.text, "prev") || zh_str_is(name.text, "this");
    if (rc == ZH_OK && earlier && at_sign(p, ".")) {
        rc = advance(p);
        if (rc == ZH_OK && p->token.kind != ZH_TOKEN_NAME) {
            return unexpected(p, "指标名");
        }
        call->parts[call->nparts++] = p->token.text;
        return rc == ZH_OK ? advance(p) : rc;
    }
    return rc;
}

/* a.b.c into parts; the current token is the first name. */
static zh_rc parse_path(parser *p, zh_syn *node)
{
    for (;;) {
        if (node->nparts == ZH_EXPR_NAME_PARTS_MAX) {
            return zh_expr_fail(p->job, node->at, "expr.limit.path", "名称超过 %d 段",
                                ZH_EXPR_NAME_PARTS_MAX);
        }
        node->parts[node->nparts++] = p->token.text;
        zh_rc rc = advance(p);
        if (rc != ZH_OK || !at_sign(p, ".")) {
            return rc;
        }
        rc = advance(p);
        if (rc != ZH_OK) {
            return rc;
        }
        if (p->token.kind != ZH_TOKEN_NAME) {
            return unexpected(p, "名称");
        }
    }
}

/* group items by item: max(pct) - min(pct) */
static zh_rc parse_group(parser *p, const zh_syn **out)
{
    zh_syn *group = node_new(p, ZH_SYN_GROUP, p->token.at);
    if (group == NULL) {
        return ZH_EINVAL;
    }
    zh_rc rc = advance(p);
    if (rc == ZH_OK) {
        rc = parse_path(p, group);
    }
    if (rc == ZH_OK) {
        rc = at_word(p, "by") ? advance(p) : unexpected(p, " by(如 group items by item: max(pct))");
    }
    const zh_syn *key = NULL;
    if (rc == ZH_OK) {
        rc = nested(p, parse_expr, &key);
    }
    if (rc == ZH_OK) {
        rc = expect(p, ":");
    }
    if (rc == ZH_OK) {
        rc = nested(p, parse_expr, &group->body);
    }
    if (rc == ZH_OK) {
        rc = set_operands(p, group, &key, 1);
    }
    *out = group;
    return rc == ZH_OK ? adopt(p, group, group->body) : rc;
}

static bool reserved(zh_str name)
{
    static const char *const words[] = {"and", "or", "not", "in", "is"};
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        if (zh_str_is(name, words[i])) {
            return true;
        }
    }
    return false;
}

static zh_rc parse_literal(parser *p, zh_value value, const zh_syn **out)
{
    zh_syn *node = node_new(p, ZH_SYN_LITERAL, p->token.at);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->value = value;
    *out = node;
    return advance(p);
}

static zh_rc parse_word(parser *p, const zh_syn **out)
{
    zh_token name = p->token;
    zh_token next = peek(p);
    if (reserved(name.text)) {
        return unexpected(p, "值");
    }
    if (next.kind == ZH_TOKEN_SIGN && zh_str_is(next.text, "(")) {
        zh_rc rc = advance(p);
        return rc == ZH_OK ? parse_call(p, name, out) : rc;
    }
    if (zh_str_is(name.text, "group") && next.kind == ZH_TOKEN_NAME && !reserved(next.text)) {
        return parse_group(p, out);
    }
    bool truth = zh_str_is(name.text, "true");
    if (truth || zh_str_is(name.text, "false") || zh_str_is(name.text, "null")) {
        bool null = zh_str_is(name.text, "null");
        return parse_literal(p, null ? ZH_VALUE_NULL : zh_value_bool(truth), out);
    }
    zh_syn *node = node_new(p, ZH_SYN_NAME, name.at);
    *out = node;
    return node ? parse_path(p, node) : ZH_EINVAL;
}

static zh_rc parse_primary(parser *p, const zh_syn **out)
{
    switch (p->token.kind) {
    case ZH_TOKEN_NUMBER: return parse_number(p, out);
    case ZH_TOKEN_TEXT: return parse_literal(p, zh_value_text(p->token.text), out);
    case ZH_TOKEN_DATE: return parse_literal(p, p->token.value, out);
    case ZH_TOKEN_NAME: return parse_word(p, out);
    case ZH_TOKEN_SIGN:
    case ZH_TOKEN_END: break;
    }
    if (!at_sign(p, "(")) {
        return unexpected(p, "值");
    }
    zh_rc rc = advance(p);
    if (rc == ZH_OK) {
        rc = nested(p, parse_expr, out);
    }
    return rc == ZH_OK ? expect(p, ")") : rc;
}

/* place@county, place@2, producer.industry @ sampled_at */
static zh_rc parse_postfix(parser *p, const zh_syn **out)
{
    zh_rc rc = parse_primary(p, out);
    while (rc == ZH_OK && at_sign(p, "@")) {
        const zh_syn *a[2] = {*out, NULL};
        zh_syn *node = node_new(p, ZH_SYN_AT, p->token.at);
        if (node == NULL) {
            return ZH_EINVAL;
        }
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = parse_primary(p, &a[1]);
        }
        if (rc == ZH_OK) {
            rc = set_operands(p, node, a, 2);
            *out = node;
        }
    }
    return rc;
}

static zh_rc parse_unary(parser *p, const zh_syn **out)
{
    if (!at_sign(p, "-")) {
        return parse_postfix(p, out);
    }
    uint32_t at = p->token.at;
    zh_rc rc = advance(p);
    if (rc == ZH_OK) {
        rc = nested(p, parse_unary, out);
    }
    return rc == ZH_OK ? op_new(p, ZH_X_NEG, at, out, 1, out) : rc;
}

typedef struct binary {
    const char *sign;
    zh_expr_op op;
} binary;

/* A left-associative level: `next` operands joined by the signs of the table. */
static zh_rc parse_left(parser *p, const binary *table, size_t n, level next, const zh_syn **out)
{
    zh_rc rc = next(p, out);
    for (size_t i = 0; rc == ZH_OK && i < n;) {
        if (!at_sign(p, table[i].sign)) {
            i++;
            continue;
        }
        const zh_syn *a[2] = {*out, NULL};
        uint32_t at = p->token.at;
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = next(p, &a[1]);
        }
        if (rc == ZH_OK) {
            rc = op_new(p, table[i].op, at, a, 2, out);
        }
        i = 0;
    }
    return rc;
}

static zh_rc parse_multiply(parser *p, const zh_syn **out)
{
    static const binary table[] = {{"*", ZH_X_MUL}, {"/", ZH_X_DIV}};
    return parse_left(p, table, ZH_COUNTOF(table), parse_unary, out);
}

static zh_rc parse_add(parser *p, const zh_syn **out)
{
    static const binary table[] = {{"+", ZH_X_ADD}, {"-", ZH_X_SUB}};
    return parse_left(p, table, ZH_COUNTOF(table), parse_multiply, out);
}

static zh_rc word_new(parser *p, zh_expr_fn fn, uint32_t at, const zh_syn *const a[2],
                      const zh_syn **out)
{
    zh_syn *node = node_new(p, ZH_SYN_WORD, at);
    if (node == NULL) {
        return ZH_EINVAL;
    }
    node->fn = fn;
    *out = node;
    return set_operands(p, node, a, 2);
}

static zh_rc parse_concat(parser *p, const zh_syn **out)
{
    zh_rc rc = parse_add(p, out);
    while (rc == ZH_OK && at_sign(p, "&")) {
        const zh_syn *a[2] = {*out, NULL};
        uint32_t at = p->token.at;
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = parse_add(p, &a[1]);
        }
        if (rc == ZH_OK) {
            rc = word_new(p, ZH_FN_CONCAT, at, a, out);
        }
    }
    return rc;
}

static zh_rc parse_coalesce(parser *p, const zh_syn **out)
{
    zh_rc rc = parse_concat(p, out);
    if (rc != ZH_OK || !at_sign(p, "??")) {
        return rc;
    }
    const zh_syn *a[2] = {*out, NULL};
    uint32_t at = p->token.at;
    rc = advance(p);
    if (rc == ZH_OK) {
        rc = nested(p, parse_coalesce, &a[1]);
    }
    return rc == ZH_OK ? op_new(p, ZH_X_COALESCE, at, a, 2, out) : rc;
}

/* in ('a', 'b'); the current token is `in`. */
static zh_rc parse_in(parser *p, const zh_syn *value, const zh_syn **out)
{
    syn_list list = {0};
    uint32_t at = p->token.at;
    zh_vec_push(p->job->scratch, &list, value);
    zh_rc rc = advance(p);
    if (rc == ZH_OK) {
        rc = expect(p, "(");
    }
    while (rc == ZH_OK) {
        const zh_syn *item = NULL;
        rc = nested(p, parse_expr, &item);
        zh_vec_push(p->job->scratch, &list, item);
        if (rc != ZH_OK || !at_sign(p, ",")) {
            break;
        }
        rc = advance(p);
    }
    if (rc == ZH_OK) {
        rc = expect(p, ")");
    }
    return rc == ZH_OK ? op_new(p, ZH_X_IN, at, list.p, list.n, out) : rc;
}

/* is null, is not null; the current token is `is`. */
static zh_rc parse_is(parser *p, const zh_syn **out)
{
    uint32_t at = p->token.at;
    zh_rc rc = advance(p);
    bool negated = rc == ZH_OK && at_word(p, "not");
    if (negated) {
        rc = advance(p);
    }
    if (rc == ZH_OK && !at_word(p, "null")) {
        return unexpected(p, " null");
    }
    if (rc == ZH_OK) {
        rc = advance(p);
    }
    if (rc == ZH_OK) {
        rc = op_new(p, ZH_X_IS_NULL, at, out, 1, out);
    }
    return rc == ZH_OK && negated ? not_new(p, at, out) : rc;
}

/* An operator between two operands of the next level, if one stands here. */
static bool comparison_at(const parser *p, binary *out)
{
    static const binary table[] = {{"=", ZH_X_EQ},  {"!=", ZH_X_NE}, {"<", ZH_X_LT},
                                   {"<=", ZH_X_LE}, {">", ZH_X_GT},  {">=", ZH_X_GE}};
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        if (at_sign(p, table[i].sign)) {
            *out = table[i];
            return true;
        }
    }
    *out = (binary){"within", ZH_X_WITHIN};
    return at_word(p, "within");
}

static zh_rc parse_covers(parser *p, zh_expr_fn fn, const zh_syn **out)
{
    const zh_syn *a[2] = {*out, NULL};
    uint32_t at = p->token.at;
    zh_rc rc = advance(p);
    if (rc == ZH_OK) {
        rc = parse_coalesce(p, &a[1]);
    }
    return rc == ZH_OK ? word_new(p, fn, at, a, out) : rc;
}

static zh_rc parse_comparison(parser *p, const zh_syn **out)
{
    zh_rc rc = parse_coalesce(p, out);
    binary found, second;
    if (rc != ZH_OK) {
        return rc;
    }
    uint32_t at = p->token.at;
    if (comparison_at(p, &found)) {
        const zh_syn *a[2] = {*out, NULL};
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = parse_coalesce(p, &a[1]);
        }
        if (rc == ZH_OK && comparison_at(p, &second)) {
            rc = zh_expr_fail(p->job, p->token.at, "expr.syntax", "比较不能连写");
            zh_err_fix(p->job->err, "写成 a < b and b < c");
            return rc;
        }
        return rc == ZH_OK ? op_new(p, found.op, at, a, 2, out) : rc;
    }
    if (at_word(p, "is")) {
        return parse_is(p, out);
    }
    if (at_word(p, "in")) {
        return parse_in(p, *out, out);
    }
    if (at_word(p, "not") && peek(p).kind == ZH_TOKEN_NAME && zh_str_is(peek(p).text, "in")) {
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = parse_in(p, *out, out);
        }
        return rc == ZH_OK ? not_new(p, at, out) : rc;
    }
    if (at_word(p, "covers") || at_word(p, "overlaps")) {
        return parse_covers(p, at_word(p, "covers") ? ZH_FN_COVERS : ZH_FN_OVERLAPS, out);
    }
    return ZH_OK;
}

static zh_rc parse_not(parser *p, const zh_syn **out)
{
    if (!at_word(p, "not")) {
        return parse_comparison(p, out);
    }
    uint32_t at = p->token.at;
    zh_rc rc = advance(p);
    if (rc == ZH_OK) {
        rc = nested(p, parse_not, out);
    }
    return rc == ZH_OK ? not_new(p, at, out) : rc;
}

/* a and b and c is one node with three operands, so a long list of conditions is not deep. */
static zh_rc parse_many(parser *p, const char *word, zh_expr_op op, level next, const zh_syn **out)
{
    uint32_t at = p->token.at;
    zh_rc rc = next(p, out);
    if (rc != ZH_OK || !at_word(p, word)) {
        return rc;
    }
    syn_list list = {0};
    zh_vec_push(p->job->scratch, &list, *out);
    while (rc == ZH_OK && at_word(p, word)) {
        const zh_syn *item = NULL;
        rc = advance(p);
        if (rc == ZH_OK) {
            rc = next(p, &item);
        }
        zh_vec_push(p->job->scratch, &list, item);
    }
    return rc == ZH_OK ? op_new(p, op, at, list.p, list.n, out) : rc;
}

static zh_rc parse_and(parser *p, const zh_syn **out)
{
    return parse_many(p, "and", ZH_X_AND, parse_not, out);
}

static zh_rc parse_or(parser *p, const zh_syn **out)
{
    return parse_many(p, "or", ZH_X_OR, parse_and, out);
}

static zh_rc parse_expr(parser *p, const zh_syn **out)
{
    zh_rc rc = parse_or(p, out);
    if (rc != ZH_OK || !at_sign(p, "?")) {
        return rc;
    }
    const zh_syn *a[3] = {*out, NULL, NULL};
    uint32_t at = p->token.at;
    rc = advance(p);
    if (rc == ZH_OK) {
        rc = nested(p, parse_expr, &a[1]);
    }
    if (rc == ZH_OK) {
        rc = expect(p, ":");
    }
    if (rc == ZH_OK) {
        rc = nested(p, parse_expr, &a[2]);
    }
    return rc == ZH_OK ? op_new(p, ZH_X_IF, at, a, 3, out) : rc;
}

zh_rc zh_expr_parse(zh_expr_job *job, const zh_syn **out)
{
    parser p = {.job = job};
    zh_rc rc = advance(&p);
    if (rc == ZH_OK) {
        rc = parse_expr(&p, out);
    }
    if (rc == ZH_OK && p.token.kind != ZH_TOKEN_END) {
        rc = zh_expr_fail(job, p.token.at, "expr.syntax", "表达式到此应当结束，后面多出 %.*s",
                          ZH_FMT(p.token.text));
    }
    return rc;
}
