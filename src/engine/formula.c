/* Formulas: a recursive descent parser into a list of nodes in the order of evaluation. */
#include "engine/formula.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum op {
    CONSTANT,
    ARGUMENT,
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    POWER,
    MINUS,
    SQRT,
    EXP,
    LOG,
    SIN,
    COS,
    TAN
};

struct node {
    enum op op;
    bool constant; /* depends on no argument */
    size_t a, b;   /* operands, or the number of the argument in a */
    double value;
};

struct zh_formula {
    struct node *nodes;
    size_t n, names;
};

static const struct {
    const char *name;
    enum op op;
} functions[] = {{"sqrt", SQRT}, {"exp", EXP}, {"log", LOG},
                 {"sin", SIN},   {"cos", COS}, {"tan", TAN}};

/* ---- parsing ---- */

struct parser {
    zh_str text;
    size_t at;
    unsigned depth;
    const zh_str *names;
    zh_formula *formula;
    zh_err *err;
    zh_rc rc;
};

static void fail(struct parser *p, const char *what)
{
    if (p->rc == ZH_OK) {
        p->rc = zh_err_set(p->err, ZH_EINVAL, "formula.syntax", "公式第 %zu 个字节处：%s",
                           p->at + 1, zh_err_text(p->err, what));
        zh_err_fix(p->err, "可用 + - * / ^ ( )，sqrt exp log sin cos tan，数，以及给出的量名");
    }
}

static void skip_space(struct parser *p)
{
    while (p->at < p->text.n && strchr(" \t\r\n", p->text.p[p->at]) != NULL) {
        p->at++;
    }
}

static char peek(struct parser *p)
{
    skip_space(p);
    return p->at < p->text.n ? p->text.p[p->at] : '\0';
}

static bool take(struct parser *p, char c)
{
    bool is = peek(p) == c && p->at < p->text.n;
    p->at += is;
    return is;
}

static double apply(enum op op, double a, double b)
{
    switch (op) {
    case ADD: return a + b;
    case SUBTRACT: return a - b;
    case MULTIPLY: return a * b;
    case DIVIDE: return a / b;
    case POWER: return pow(a, b);
    case MINUS: return -a;
    case SQRT: return sqrt(a);
    case EXP: return exp(a);
    case LOG: return log(a);
    case SIN: return sin(a);
    case COS: return cos(a);
    case TAN: return tan(a);
    case CONSTANT:
    case ARGUMENT: break;
    }
    return a;
}

/* Every node comes from at least one byte of the text, so the list never overflows. */
static size_t add_node(struct parser *p, struct node node)
{
    p->formula->nodes[p->formula->n] = node;
    return p->formula->n++;
}

static size_t add_operation(struct parser *p, enum op op, size_t a, size_t b)
{
    const struct node *nodes = p->formula->nodes;
    struct node node = {op, nodes[a].constant && nodes[b].constant, a, b, 0.0};
    return add_node(p, node);
}

static bool name_byte(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
    return letter || (!first && ((c >= '0' && c <= '9') || c == '.'));
}

static bool digit_at(const struct parser *p, size_t at)
{
    return at < p->text.n && p->text.p[at] >= '0' && p->text.p[at] <= '9';
}

/* digits, fraction, exponent; the exponent only when digits follow, so that 2e is 2 and a name. */
static size_t parse_number(struct parser *p)
{
    size_t start = p->at;
    char text[64];
    while (digit_at(p, p->at)) {
        p->at++;
    }
    if (p->at < p->text.n && p->text.p[p->at] == '.') {
        p->at++;
        while (digit_at(p, p->at)) {
            p->at++;
        }
    }
    if (p->at < p->text.n && (p->text.p[p->at] == 'e' || p->text.p[p->at] == 'E')) {
        size_t sign = p->at + 1 < p->text.n && strchr("+-", p->text.p[p->at + 1]) != NULL;
        if (digit_at(p, p->at + 1 + sign)) {
            p->at += 1 + sign;
            while (digit_at(p, p->at)) {
                p->at++;
            }
        }
    }
    size_t n = p->at - start;
    if (n >= sizeof(text)) {
        fail(p, "数太长");
        n = 0;
    }
    memcpy(text, p->text.p + start, n);
    text[n] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value)) {
        fail(p, "数太大");
    }
    return add_node(p, (struct node){CONSTANT, true, 0, 0, value});
}

static size_t parse_sum(struct parser *p);

static size_t nothing(struct parser *p)
{
    return add_node(p, (struct node){CONSTANT, true, 0, 0, 0.0});
}

static size_t parse_name(struct parser *p)
{
    size_t start = p->at;
    while (p->at < p->text.n && name_byte(p->text.p[p->at], p->at == start)) {
        p->at++;
    }
    zh_str name = {p->text.p + start, p->at - start};
    for (size_t i = 0; i < p->formula->names; i++) {
        if (zh_str_eq(name, p->names[i])) {
            return add_node(p, (struct node){ARGUMENT, false, i, i, 0.0});
        }
    }
    for (size_t i = 0; i < ZH_COUNTOF(functions); i++) {
        if (zh_str_is(name, functions[i].name)) {
            if (!take(p, '(')) {
                fail(p, "函数后面要有括号");
                return nothing(p);
            }
            size_t a = parse_sum(p);
            if (!take(p, ')')) {
                fail(p, "缺少右括号");
            }
            return add_operation(p, functions[i].op, a, a);
        }
    }
    if (zh_str_is(name, "pi")) {
        return add_node(p, (struct node){CONSTANT, true, 0, 0, acos(-1.0)});
    }
    p->at = start;
    fail(p, "不认识的名字");
    return nothing(p);
}

static size_t parse_primary(struct parser *p)
{
    char c = peek(p);
    if (p->rc != ZH_OK) {
        return nothing(p);
    }
    if (take(p, '(')) {
        size_t a = parse_sum(p);
        if (!take(p, ')')) {
            fail(p, "缺少右括号");
        }
        return a;
    }
    if ((c >= '0' && c <= '9') || (c == '.' && digit_at(p, p->at + 1))) {
        return parse_number(p);
    }
    if (p->at < p->text.n && name_byte(c, true)) {
        return parse_name(p);
    }
    fail(p, p->at < p->text.n ? "这里要一个数、量名、函数或括号" : "公式在这里就完了，还缺一项");
    return nothing(p);
}

/* A sign, then a primary, then a power whose exponent may again have a sign. */
static size_t parse_factor(struct parser *p)
{
    if (++p->depth > ZH_FORMULA_DEPTH_MAX) {
        fail(p, "嵌套太深");
        p->depth--;
        return nothing(p);
    }
    size_t a;
    if (take(p, '-')) {
        a = parse_factor(p);
        a = add_operation(p, MINUS, a, a);
    } else if (take(p, '+')) {
        a = parse_factor(p);
    } else {
        a = parse_primary(p);
        if (take(p, '^')) {
            size_t b = parse_factor(p);
            a = add_operation(p, POWER, a, b);
        }
    }
    p->depth--;
    return a;
}

static size_t parse_product(struct parser *p)
{
    size_t a = parse_factor(p);
    while (p->rc == ZH_OK && (peek(p) == '*' || peek(p) == '/')) {
        enum op op = take(p, '*') ? MULTIPLY : DIVIDE;
        p->at += op == DIVIDE;
        size_t b = parse_factor(p);
        a = add_operation(p, op, a, b);
    }
    return a;
}

static size_t parse_sum(struct parser *p)
{
    size_t a = parse_product(p);
    while (p->rc == ZH_OK && (peek(p) == '+' || peek(p) == '-')) {
        enum op op = take(p, '+') ? ADD : SUBTRACT;
        p->at += op == SUBTRACT;
        size_t b = parse_product(p);
        a = add_operation(p, op, a, b);
    }
    return a;
}

static zh_rc check_names(const zh_str *names, size_t n, zh_err *err)
{
    if (n > ZH_FORMULA_NAMES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "formula.names", "有 %zu 个量，最多 %zu 个", n,
                          ZH_FORMULA_NAMES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        bool good = names[i].n > 0;
        for (size_t k = 0; k < names[i].n && good; k++) {
            good = name_byte(names[i].p[k], k == 0);
        }
        for (size_t k = 0; k < ZH_COUNTOF(functions); k++) {
            good = good && !zh_str_is(names[i], functions[k].name);
        }
        for (size_t k = 0; k < i; k++) {
            good = good && !zh_str_eq(names[i], names[k]);
        }
        if (!good) {
            return zh_err_set(err, ZH_EINVAL, "formula.names",
                              "第 %zu 个量名“%.*s”不能用：要以字母或汉字开头，不重复，不与函数同名",
                              i + 1, ZH_FMT(names[i]));
        }
    }
    return ZH_OK;
}

zh_rc zh_formula_parse(zh_arena *arena, zh_str text, const zh_str *names, size_t n,
                       const zh_formula **out, zh_err *err)
{
    zh_rc rc = check_names(names, n, err);
    if (rc == ZH_OK && text.n > ZH_FORMULA_BYTES_MAX) {
        rc = zh_err_set(err, ZH_ELIMIT, "formula.length", "公式有 %zu 字节，最多 %zu 字节", text.n,
                        ZH_FORMULA_BYTES_MAX);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_formula *formula = ZH_NEW(arena, zh_formula);
    /* A failing production adds one node without a byte, on each level that is left. */
    formula->nodes = ZH_NEW_N(arena, struct node, 2 * ZH_FORMULA_BYTES_MAX);
    formula->names = n;
    struct parser p = {.text = text, .names = names, .formula = formula, .err = err};
    (void)parse_sum(&p);
    if (p.rc == ZH_OK && (skip_space(&p), p.at < text.n)) {
        fail(&p, "多出来的内容");
    }
    *out = formula;
    return p.rc;
}

size_t zh_formula_names(const zh_formula *formula)
{
    return formula->names;
}

size_t zh_formula_size(const zh_formula *formula)
{
    return formula->n;
}

/* ---- values ---- */

static void apply_block(enum op op, const double *a, const double *b, size_t n, double *out)
{
    switch (op) {
    case ADD:
        for (size_t j = 0; j < n; j++) {
            out[j] = a[j] + b[j];
        }
        break;
    case SUBTRACT:
        for (size_t j = 0; j < n; j++) {
            out[j] = a[j] - b[j];
        }
        break;
    case MULTIPLY:
        for (size_t j = 0; j < n; j++) {
            out[j] = a[j] * b[j];
        }
        break;
    case DIVIDE:
        for (size_t j = 0; j < n; j++) {
            out[j] = a[j] / b[j];
        }
        break;
    case CONSTANT:
    case ARGUMENT:
    case POWER:
    case MINUS:
    case SQRT:
    case EXP:
    case LOG:
    case SIN:
    case COS:
    case TAN:
        for (size_t j = 0; j < n; j++) {
            out[j] = apply(op, a[j], b[j]);
        }
        break;
    }
}

void zh_formula_values(const zh_formula *formula, const double *x, size_t n, double *room,
                       double *out)
{
    zh_assert(n <= ZH_FORMULA_BLOCK);
    for (size_t i = 0; i < formula->n; i++) {
        const struct node *node = &formula->nodes[i];
        double *v = i + 1 < formula->n ? room + i * ZH_FORMULA_BLOCK : out;
        if (node->op == CONSTANT) {
            for (size_t j = 0; j < n; j++) {
                v[j] = node->value;
            }
        } else if (node->op == ARGUMENT) {
            memcpy(v, x + node->a * ZH_FORMULA_BLOCK, n * sizeof(*v));
        } else {
            apply_block(node->op, room + node->a * ZH_FORMULA_BLOCK,
                        room + node->b * ZH_FORMULA_BLOCK, n, v);
        }
    }
}

/* ---- derivatives ---- */

/* First and second partial derivatives of one operation. */
struct partials {
    double a, b, aa, ab, bb;
};

static double power(double a, double exponent)
{
    return exponent == 0.0 ? 1.0 : pow(a, exponent);
}

/* a^b: a constant exponent needs no logarithm of a, so negative a are allowed; factors that are 0
 * (exponents 0 and 1) are not multiplied with a power of 0 that does not exist. */
static struct partials power_partials(double a, double b, bool a_varies, bool b_varies)
{
    struct partials d = {0};
    if (a_varies) {
        d.a = b == 0.0 ? 0.0 : b * power(a, b - 1.0);
        d.aa = b == 0.0 || b == 1.0 ? 0.0 : b * (b - 1.0) * power(a, b - 2.0);
    }
    if (b_varies) {
        double l = log(a);
        double v = pow(a, b);
        d.b = v * l;
        d.bb = v * l * l;
        d.ab = a_varies ? power(a, b - 1.0) * (1.0 + b * l) : 0.0;
    }
    return d;
}

static struct partials partials_of(const struct node *node, double a, double b, double v,
                                   bool a_varies, bool b_varies)
{
    struct partials d = {0};
    switch (node->op) {
    case ADD: d.a = d.b = 1.0; break;
    case SUBTRACT:
        d.a = 1.0;
        d.b = -1.0;
        break;
    case MULTIPLY:
        d.a = b;
        d.b = a;
        d.ab = 1.0;
        break;
    case DIVIDE:
        d.a = 1.0 / b;
        d.b = -v / b;
        d.ab = -1.0 / (b * b);
        d.bb = 2.0 * v / (b * b);
        break;
    case POWER: d = power_partials(a, b, a_varies, b_varies); break;
    case MINUS: d.a = -1.0; break;
    case SQRT:
        d.a = 0.5 / v;
        d.aa = -0.25 / (v * a);
        break;
    case EXP: d.a = d.aa = v; break;
    case LOG:
        d.a = 1.0 / a;
        d.aa = -1.0 / (a * a);
        break;
    case SIN:
        d.a = cos(a);
        d.aa = -v;
        break;
    case COS:
        d.a = -sin(a);
        d.aa = -v;
        break;
    case TAN:
        d.a = 1.0 + v * v;
        d.aa = 2.0 * v * d.a;
        break;
    case CONSTANT:
    case ARGUMENT: break;
    }
    return d;
}

static bool unary(enum op op)
{
    return op >= MINUS;
}

/* Per node: value, local partials, tangent in the direction of one argument, and in the reverse
 * pass the adjoint and its tangent. */
struct cell {
    double v, dot, adjoint, adjoint_dot;
    struct partials d;
};

static void forward(const zh_formula *f, const double *x, struct cell *c)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct node *node = &f->nodes[i];
        if (node->op == CONSTANT || node->op == ARGUMENT) {
            c[i].v = node->op == CONSTANT ? node->value : x[node->a];
            continue;
        }
        double a = c[node->a].v;
        double b = c[node->b].v;
        c[i].v = apply(node->op, a, b);
        c[i].d = partials_of(node, a, b, c[i].v, !f->nodes[node->a].constant,
                             !f->nodes[node->b].constant);
    }
}

static void tangent(const zh_formula *f, size_t direction, struct cell *c)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct node *node = &f->nodes[i];
        c[i].dot = 0.0;
        if (node->op == ARGUMENT) {
            c[i].dot = node->a == direction ? 1.0 : 0.0;
        } else if (!node->constant) {
            c[i].dot = f->nodes[node->a].constant ? 0.0 : c[i].d.a * c[node->a].dot;
            if (!unary(node->op) && !f->nodes[node->b].constant) {
                c[i].dot += c[i].d.b * c[node->b].dot;
            }
        }
    }
}

/* Adds what node i hands back to its operands. Constants get nothing: their part may not exist. */
static void hand_back(const zh_formula *f, size_t i, struct cell *c)
{
    const struct node *node = &f->nodes[i];
    const struct partials *d = &c[i].d;
    bool two = !unary(node->op);
    struct cell *a = &c[node->a];
    struct cell *b = &c[node->b];
    double a_dot = f->nodes[node->a].constant ? 0.0 : a->dot;
    double b_dot = two && !f->nodes[node->b].constant ? b->dot : 0.0;
    if (!f->nodes[node->a].constant) {
        a->adjoint += c[i].adjoint * d->a;
        a->adjoint_dot += c[i].adjoint_dot * d->a;
        a->adjoint_dot += a_dot != 0.0 ? c[i].adjoint * d->aa * a_dot : 0.0;
        a->adjoint_dot += b_dot != 0.0 ? c[i].adjoint * d->ab * b_dot : 0.0;
    }
    if (two && !f->nodes[node->b].constant) {
        b->adjoint += c[i].adjoint * d->b;
        b->adjoint_dot += c[i].adjoint_dot * d->b;
        b->adjoint_dot += b_dot != 0.0 ? c[i].adjoint * d->bb * b_dot : 0.0;
        b->adjoint_dot += a_dot != 0.0 ? c[i].adjoint * d->ab * a_dot : 0.0;
    }
}

static void reverse(const zh_formula *f, struct cell *c, double *gradient, double *row)
{
    for (size_t i = 0; i < f->n; i++) {
        c[i].adjoint = c[i].adjoint_dot = 0.0;
    }
    for (size_t i = 0; i < f->names; i++) {
        gradient[i] = 0.0;
        if (row != NULL) {
            row[i] = 0.0;
        }
    }
    c[f->n - 1].adjoint = 1.0;
    for (size_t i = f->n; i-- > 0;) {
        const struct node *node = &f->nodes[i];
        if (node->op == ARGUMENT) {
            gradient[node->a] += c[i].adjoint;
            if (row != NULL) {
                row[node->a] += c[i].adjoint_dot;
            }
        } else if (!node->constant) {
            hand_back(f, i, c);
        }
    }
}

zh_rc zh_formula_derivatives(zh_arena *arena, const zh_formula *f, const double *x, double *value,
                             double *gradient, double *hessian, zh_err *err)
{
    struct cell *c = ZH_TRY_N(arena, struct cell, f->n);
    if (c == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    forward(f, x, c);
    *value = c[f->n - 1].v;
    reverse(f, c, gradient, NULL);
    for (size_t i = 0; i < f->names && hessian != NULL; i++) {
        tangent(f, i, c);
        reverse(f, c, gradient, hessian + i * f->names);
    }
    return ZH_OK;
}
