/* The expression language: compilation, walking, printing. */
#include "model/expr_private.h"

enum { SCRATCH_BYTES = 8 << 20, PRINT_BYTES_MAX = 1 << 20 };

zh_rc zh_expr_compile(zh_arena *arena, const zh_scope *scope, zh_str text, zh_program *out,
                      zh_err *err)
{
    zh_err local = {0};
    zh_expr_job job = {.arena = arena, .text = text, .err = err ? err : &local};
    *out = (zh_program){0};
    if (text.n > ZH_EXPR_BYTES_MAX) {
        return zh_expr_fail(&job, 0, "expr.limit.bytes", "表达式 %zu 字节，超过 %zu", text.n,
                            ZH_EXPR_BYTES_MAX);
    }
    job.text = zh_str_dup(arena, text); /* names and literals borrow from it */
    job.scratch = zh_arena_new(SCRATCH_BYTES);
    const zh_syn *syn = NULL;
    zh_rc rc = zh_expr_parse(&job, &syn);
    zh_checker checker = {.job = &job, .scope = scope};
    const zh_names names = {.reg = scope->reg,
                            .table = scope->table,
                            .columns_first = scope->table != NULL,
                            .self = scope->self};
    zh_expr *root = NULL;
    job.nodes = 0;
    if (rc == ZH_OK) {
        rc = zh_expr_check(&checker, &names, syn, &root);
    }
    zh_arena_free(job.scratch);
    if (rc == ZH_OK) {
        *out = (zh_program){.root = root, .source = job.text, .needs_store = checker.needs_store};
    }
    return rc;
}

void zh_expr_walk(const zh_expr *node, void (*each)(void *user, const zh_expr *node), void *user)
{
    each(user, node);
    for (size_t i = 0; i < node->n; i++) {
        if (node->a[i]) {
            zh_expr_walk(node->a[i], each, user);
        }
    }
}

bool zh_expr_is_constant(const zh_expr *node)
{
    switch (node->op) {
    case ZH_X_LITERAL:
    case ZH_X_PARAMETER:
    case ZH_X_SELF: return true;
    case ZH_X_FIELD:
    case ZH_X_META:
    case ZH_X_PATH:
    case ZH_X_FOLD:
    case ZH_X_GROUP:
    case ZH_X_QUERY:
    case ZH_X_CHILDREN:
    case ZH_X_CHAIN:
    case ZH_X_RANK:
    case ZH_X_CLOCK:
    case ZH_X_ENTERED:
    case ZH_X_PREV:
    case ZH_X_LEVEL: return false;
    case ZH_X_CALL:
        if (node->fn == ZH_FN_AGE_AT) {
            return false;
        }
        break;
    case ZH_X_NOT:
    case ZH_X_AND:
    case ZH_X_OR:
    case ZH_X_EQ:
    case ZH_X_NE:
    case ZH_X_LT:
    case ZH_X_LE:
    case ZH_X_GT:
    case ZH_X_GE:
    case ZH_X_IN:
    case ZH_X_NEG:
    case ZH_X_ADD:
    case ZH_X_SUB:
    case ZH_X_MUL:
    case ZH_X_DIV:
    case ZH_X_IF:
    case ZH_X_COALESCE:
    case ZH_X_IS_NULL:
    case ZH_X_WITHIN: break;
    }
    for (size_t i = 0; i < node->n; i++) {
        if (!zh_expr_is_constant(node->a[i])) {
            return false;
        }
    }
    return true;
}

/* ---- printing ------------------------------------------------------------------------------- */

/* Where the text stands: decides how names have to be qualified. */
typedef struct printer {
    zh_buf *buf;
    zh_arena *arena;
    bool in_row; /* inside a fold over a child table */
} printer;

static void print(const printer *p, const zh_expr *node);

static void print_text(zh_buf *buf, zh_str text)
{
    zh_buf_c(buf, '\'');
    for (size_t i = 0; i < text.n; i++) {
        zh_buf_z(buf, text.p[i] == '\'' ? "'" : "");
        zh_buf_c(buf, text.p[i]);
    }
    zh_buf_c(buf, '\'');
}

static void print_literal(const printer *p, const zh_value *v)
{
    char type;
    if (v->kind == ZH_NULL) {
        zh_buf_z(p->buf, "null");
    } else if (v->kind == ZH_TEXT) {
        print_text(p->buf, v->text);
    } else {
        zh_buf_str(p->buf, zh_value_canonical(p->arena, v, &type));
    }
}

static void print_field(const printer *p, const zh_expr *node)
{
    if (node->table) {
        zh_buf_fmt(p->buf, "%.*s.", ZH_FMT(node->table->id));
        zh_buf_str(p->buf, zh_expr_column_id(node->field));
        return;
    }
    zh_buf_z(p->buf, p->in_row ? "record." : "");
    zh_buf_str(p->buf, node->field->id);
}

static void print_meta(const printer *p, const zh_expr *node)
{
    static const char *const names[] = {"state",  "version",        "created_at", "recorded_at",
                                        "office", "handler_office", "id",         "actor"};
    zh_buf_z(p->buf, p->in_row ? "record." : "");
    zh_buf_z(p->buf, names[node->meta]);
}

/* producer.industry, without its as-at date */
static void print_path(const printer *p, const zh_expr *node)
{
    printer rest = {.buf = p->buf, .arena = p->arena};
    const zh_expr field = {.op = ZH_X_FIELD, .field = node->field, .table = node->table};
    print_field(p, &field);
    zh_buf_c(p->buf, '.');
    if (node->a[0]->op == ZH_X_PATH) {
        print_path(&rest, node->a[0]);
    } else {
        print(&rest, node->a[0]);
    }
}

static void print_as_at(const printer *p, const zh_expr *date)
{
    if (date) {
        zh_buf_z(p->buf, "@(");
        print(p, date);
        zh_buf_c(p->buf, ')');
    }
}

static void print_call(const printer *p, const zh_expr *node)
{
    const zh_expr_function *f = zh_expr_function_of(node->fn);
    if (f->infix) {
        zh_buf_c(p->buf, '(');
        print(p, node->a[0]);
        zh_buf_fmt(p->buf, " %s ", f->name);
        print(p, node->a[1]);
        zh_buf_c(p->buf, ')');
        return;
    }
    zh_buf_z(p->buf, f->name);
    zh_buf_c(p->buf, '(');
    for (size_t i = 0; i < node->n; i++) {
        zh_buf_z(p->buf, i ? ", " : "");
        print(p, node->a[i]);
    }
    zh_buf_c(p->buf, ')');
}

static void print_fold(const printer *p, const zh_expr *node)
{
    printer row = *p;
    bool test = node->fold == ZH_FOLD_ANY || node->fold == ZH_FOLD_ALL;
    row.in_row = true;
    zh_buf_fmt(p->buf, "%s(", zh_expr_fold_name(node->fold));
    if (node->table == NULL) {
        print(p, node->a[0]);
    } else if (node->grouped) {
        if (node->a[0]) {
            print(&row, node->a[0]);
        }
    } else {
        zh_buf_str(p->buf, node->table->id);
        if (node->a[1]) {
            zh_buf_z(p->buf, ", ");
            print(&row, node->a[1]);
        }
        if (node->a[0]) {
            zh_buf_z(p->buf, test && !node->a[1] ? ", " : ": ");
            print(&row, node->a[0]);
        }
    }
    zh_buf_c(p->buf, ')');
}

static void print_group(const printer *p, const zh_expr *node)
{
    printer row = *p;
    row.in_row = true;
    zh_buf_z(p->buf, "(group ");
    if (node->reg) {
        zh_buf_fmt(p->buf, "%.*s.", ZH_FMT(node->reg->id));
    }
    zh_buf_fmt(p->buf, "%.*s by ", ZH_FMT(node->table->id));
    print(&row, node->a[0]);
    zh_buf_z(p->buf, ": ");
    print(&row, node->a[1]);
    zh_buf_c(p->buf, ')');
}

static void print_query(const printer *p, const zh_expr *node)
{
    const printer remote = {.buf = p->buf, .arena = p->arena};
    zh_buf_fmt(p->buf, "%s(%.*s", zh_expr_fold_name(node->fold), ZH_FMT(node->reg->id));
    if (node->a[0]) {
        zh_buf_z(p->buf, " where ");
        print(&remote, node->a[0]);
    }
    if (node->within) {
        zh_buf_fmt(p->buf, ", within %lld %.*s", (long long)node->within,
                   ZH_FMT(zh_unit_time_name(node->within_unit)));
    }
    if (node->a[1]) {
        zh_buf_z(p->buf, ": ");
        print(&remote, node->a[1]);
    }
    zh_buf_c(p->buf, ')');
}

static void print_chain(const printer *p, const zh_expr *node)
{
    const printer remote = {.buf = p->buf, .arena = p->arena};
    zh_buf_fmt(p->buf, "%s(chain(%.*s", zh_expr_fold_name(node->fold), ZH_FMT(node->field->id));
    if (node->within) {
        zh_buf_fmt(p->buf, ", %u", (unsigned)node->level);
    }
    zh_buf_c(p->buf, ')');
    if (node->a[0]) {
        zh_buf_z(p->buf, ": ");
        print(&remote, node->a[0]);
    }
    zh_buf_c(p->buf, ')');
}

static void print_self(const printer *p, const zh_expr *node)
{
    const printer outer = {.buf = p->buf, .arena = p->arena};
    const zh_expr *inner = node->n ? node->a[0] : NULL;
    zh_buf_z(p->buf, inner ? "self." : "self");
    if (inner) {
        print(&outer, inner);
    }
}

static void print_clock(const printer *p, const zh_expr *node)
{
    static const char *const attributes[] = {"due", "open", "met", "breached", "expired"};
    zh_buf_fmt(p->buf, "clock.%.*s.%s", ZH_FMT(node->name), attributes[node->attr]);
}

static void print_entered(const printer *p, const zh_expr *node)
{
    zh_buf_fmt(p->buf, "entered('%.*s')", ZH_FMT(node->name));
}

static void print_parameter(const printer *p, const zh_expr *node)
{
    zh_buf_str(p->buf, node->name);
}

static void print_prev(const printer *p, const zh_expr *node)
{
    if (node->field != NULL) {
        zh_buf_fmt(p->buf, "prev(version).%.*s", ZH_FMT(node->name));
        return;
    }
    zh_buf_fmt(p->buf, "%s(%s).%.*s", node->within ? "prev" : "this",
               node->within_unit == ZH_YEAR ? "year" : "period", ZH_FMT(node->name));
}

static void print_rank(const printer *p, const zh_expr *node)
{
    zh_buf_z(p->buf, "rank(");
    print(p, node->a[0]);
    zh_buf_z(p->buf, " within ");
    print(p, node->a[1]);
    zh_buf_c(p->buf, ')');
}

static void print_level(const printer *p, const zh_expr *node)
{
    zh_buf_c(p->buf, '(');
    print(p, node->a[0]);
    zh_buf_fmt(p->buf, ")@%u", (unsigned)node->level);
    if (node->a[0]->op != ZH_X_PATH) { /* else it stands with the path */
        print_as_at(p, node->a[1]);
    }
}

static void print_constant(const printer *p, const zh_expr *node)
{
    print_literal(p, &node->value);
}

static void print_dated_path(const printer *p, const zh_expr *node)
{
    print_path(p, node);
    print_as_at(p, node->a[1]);
}

static void print_is_null(const printer *p, const zh_expr *node)
{
    zh_buf_c(p->buf, '(');
    print(p, node->a[0]);
    zh_buf_z(p->buf, " is null)");
}

static void print_in(const printer *p, const zh_expr *node)
{
    zh_buf_c(p->buf, '(');
    print(p, node->a[0]);
    zh_buf_z(p->buf, " in (");
    for (size_t i = 1; i < node->n; i++) {
        zh_buf_z(p->buf, i > 1 ? ", " : "");
        print(p, node->a[i]);
    }
    zh_buf_z(p->buf, "))");
}

static void print_if(const printer *p, const zh_expr *node)
{
    zh_buf_c(p->buf, '(');
    print(p, node->a[0]);
    zh_buf_z(p->buf, " ? ");
    print(p, node->a[1]);
    zh_buf_z(p->buf, " : ");
    print(p, node->a[2]);
    zh_buf_c(p->buf, ')');
}

/* Signs of the operators that stand before one or between several operands. */
static const char *const signs[] = {
    [ZH_X_NOT] = "not ", [ZH_X_NEG] = "-",   [ZH_X_AND] = " and ",     [ZH_X_OR] = " or ",
    [ZH_X_EQ] = " = ",   [ZH_X_NE] = " != ", [ZH_X_LT] = " < ",        [ZH_X_LE] = " <= ",
    [ZH_X_GT] = " > ",   [ZH_X_GE] = " >= ", [ZH_X_ADD] = " + ",       [ZH_X_SUB] = " - ",
    [ZH_X_MUL] = " * ",  [ZH_X_DIV] = " / ", [ZH_X_COALESCE] = " ?? ", [ZH_X_WITHIN] = " within ",
};

static void print_operator(const printer *p, const zh_expr *node)
{
    zh_buf_c(p->buf, '(');
    for (size_t i = 0; i < node->n; i++) {
        zh_buf_z(p->buf, i || node->n == 1 ? signs[node->op] : "");
        print(p, node->a[i]);
    }
    zh_buf_c(p->buf, ')');
}

static void (*const others[])(const printer *p, const zh_expr *node) = {
    [ZH_X_LITERAL] = print_constant,
    [ZH_X_FIELD] = print_field,
    [ZH_X_META] = print_meta,
    [ZH_X_SELF] = print_self,
    [ZH_X_PATH] = print_dated_path,
    [ZH_X_LEVEL] = print_level,
    [ZH_X_IN] = print_in,
    [ZH_X_IF] = print_if,
    [ZH_X_CALL] = print_call,
    [ZH_X_FOLD] = print_fold,
    [ZH_X_GROUP] = print_group,
    [ZH_X_QUERY] = print_query,
    [ZH_X_CHILDREN] = print_query,
    [ZH_X_CHAIN] = print_chain,
    [ZH_X_RANK] = print_rank,
    [ZH_X_CLOCK] = print_clock,
    [ZH_X_ENTERED] = print_entered,
    [ZH_X_PREV] = print_prev,
    [ZH_X_IS_NULL] = print_is_null,
    [ZH_X_PARAMETER] = print_parameter,
};

static void print(const printer *p, const zh_expr *node)
{
    bool plain = node->op < ZH_COUNTOF(signs) && signs[node->op] != NULL;
    (plain ? print_operator : others[node->op])(p, node);
}

zh_str zh_expr_print(zh_arena *arena, const zh_expr *node)
{
    zh_buf buf;
    zh_buf_init(&buf, PRINT_BYTES_MAX);
    const printer p = {.buf = &buf, .arena = arena};
    print(&p, node);
    zh_str out = zh_str_dup(arena, zh_buf_view(&buf));
    zh_buf_free(&buf);
    return out;
}
