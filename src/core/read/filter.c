/* Expressions to SQL conditions.
 *
 * Three-valued logic is kept by asking two questions of every node: is it known true, is it known
 * false. Each has a two-valued SQL answer, and `not` exchanges them, so SQL's own treatment of NULL
 * never decides anything. Recursion follows the tree, whose depth the compiler caps. */
#include "core/read/filter.h"
#include "base/utf8.h"
#include <string.h>

typedef struct translator {
    zh_env *env;
    const zh_register *reg;
    const char *alias; /* of the record */
    const char *row;   /* of the child row in hand, or NULL */
    zh_dialect dialect;
    bool history;
    zh_buf *sql;
    zh_binds *binds;
    zh_err *err;
} translator;

static zh_rc emit(translator *t, const zh_expr *node, bool want);

/* ---- pieces --------------------------------------------------------------------------------- */

static zh_rc unsupported(translator *t, const zh_expr *node)
{
    zh_str text = zh_expr_print(t->env->arena, node);
    zh_rc rc =
        zh_err_set(t->err, ZH_EINVAL, "query.unsupported", "列表筛选不支持：%.*s", ZH_FMT(text));
    zh_err_fix(t->err,
               "可用字段与定值的比较、in、within、is null、starts，以及 any/all/count 子表");
    return rc;
}

static void put(translator *t, const char *text)
{
    zh_buf_z(t->sql, text);
}

static void never(translator *t)
{
    put(t, "1=0");
}

static void bind(translator *t, zh_sql_value value)
{
    put(t, "?");
    zh_vec_push(t->env->arena, t->binds, value);
}

static void column(translator *t, const char *alias, zh_str name, const char *suffix)
{
    zh_buf_fmt(t->sql, "%s.", alias);
    zh_sql_ident(t->sql, zh_str_fmt(t->env->arena, "%.*s%s", ZH_FMT(name), suffix));
}

static const char *alias_of(const translator *t, const zh_expr *node)
{
    return node->table ? t->row : t->alias;
}

static void field_column(translator *t, const zh_expr *node, const char *suffix)
{
    column(t, alias_of(t, node), node->field->column, suffix);
}

static bool is_field(const zh_expr *node, zh_kind kind)
{
    return node->op == ZH_X_FIELD && node->kind == kind;
}

static zh_rc constant(translator *t, const zh_expr *node, zh_value *out)
{
    return zh_eval_node(node, t->env, out, t->err);
}

/* ---- decimals ------------------------------------------------------------------------------- */

static const char *sign_of(zh_expr_op op)
{
    static const char *const signs[] = {
        [ZH_X_EQ] = " = ",  [ZH_X_NE] = " <> ", [ZH_X_LT] = " < ",
        [ZH_X_LE] = " <= ", [ZH_X_GT] = " > ",  [ZH_X_GE] = " >= ",
    };
    return signs[op];
}

/* Whole part and rest of value · 10^digits, rounded down. */
static bool scaled_floor(zh_decimal value, uint8_t digits, int64_t *out)
{
    const int64_t beyond = INT64_C(1000000000000000000); /* no stored value reaches it */
    zh_i128 v = value.scaled;
    zh_i128 divisor = 1;
    for (uint8_t i = value.digits; i < digits; i++) {
        v *= 10;
    }
    for (uint8_t i = digits; i < value.digits; i++) {
        divisor *= 10;
    }
    zh_i128 floor = v / divisor - (v % divisor < 0);
    bool exact = v % divisor == 0;
    *out = floor > beyond ? beyond : floor < -beyond ? -beyond : (int64_t)floor;
    return exact;
}

/* The sign and integer that say the same as `op value` of whole numbers scaled by `digits`. With
 * more digits the value lies between two whole numbers: nothing equals it. */
static void put_scaled(translator *t, zh_expr_op op, zh_decimal value, uint8_t digits)
{
    int64_t floor = 0;
    bool exact = scaled_floor(value, digits, &floor);
    if (!exact && (op == ZH_X_EQ || op == ZH_X_NE)) {
        put(t, op == ZH_X_EQ ? " IS NULL AND 1=0" : " IS NOT NULL");
        return;
    }
    if (!exact) {
        op = op == ZH_X_LT || op == ZH_X_LE ? ZH_X_LE : ZH_X_GT;
    }
    put(t, sign_of(op));
    bind(t, ZH_SQL_INT(floor));
}

enum { WHOLE_DIGITS = 19, FRACTION_DIGITS = 18 };

/* A bound without sign as text that sorts like the number: 19 whole digits, 18 fraction digits. */
static zh_str bound_key(zh_arena *arena, zh_decimal value)
{
    zh_i128 v = value.scaled < 0 ? -(zh_i128)value.scaled : value.scaled;
    for (uint8_t i = value.digits; i < FRACTION_DIGITS; i++) {
        v *= 10;
    }
    char text[48];
    size_t n = zh_i128_format(v, 0, text);
    return zh_str_fmt(arena, "%.*s%s", (int)(WHOLE_DIGITS + FRACTION_DIGITS - n),
                      "0000000000000000000000000000000000000", text);
}

/* The same of the stored bound text after `skip` characters ("<" or "<-"). */
static void stored_key(translator *t, const char *alias, zh_str name, int skip)
{
    zh_buf text;
    zh_buf_init(&text, 256);
    zh_buf_fmt(&text, "substr(%s.", alias);
    zh_sql_ident(&text, zh_str_fmt(t->env->arena, "%.*s__t", ZH_FMT(name)));
    zh_buf_fmt(&text, ", %d)", skip + 1);
    zh_str bound = zh_buf_view(&text);
    if (t->dialect == ZH_POSTGRES) {
        zh_buf_fmt(t->sql,
                   "(right('0000000000000000000' || split_part(%.*s, '.', 1), 19) || "
                   "substr(split_part(%.*s, '.', 2) || '000000000000000000', 1, 18))",
                   ZH_FMT(bound), ZH_FMT(bound));
    } else {
        zh_buf_fmt(t->sql,
                   "(substr('0000000000000000000' || substr(%.*s, 1, instr(%.*s || '.', '.') - 1), "
                   "-19) || substr(substr(%.*s, instr(%.*s || '.', '.') + 1) || "
                   "'000000000000000000', 1, 18))",
                   ZH_FMT(bound), ZH_FMT(bound), ZH_FMT(bound), ZH_FMT(bound));
    }
    zh_buf_free(&text);
}

/* True when the column holds "<x" with x <= value (side '<': the column is less for sure), or ">x"
 * with x >= value. CASE keeps other texts away from the arithmetic. */
static void decided_by_mark(translator *t, char side, const char *alias, zh_str name,
                            zh_decimal value)
{
    bool negative = value.scaled < 0;
    zh_sql_value key = ZH_SQL_STR(bound_key(t->env->arena, value));
    put(t, "CASE WHEN ");
    column(t, alias, name, "__t");
    zh_buf_fmt(t->sql, " LIKE '%c-%%' THEN ", side);
    if (negative) { /* both below zero: the larger magnitude is the smaller number */
        stored_key(t, alias, name, 2);
        put(t, side == '<' ? " >= " : " <= ");
        bind(t, key);
    } else {
        put(t, side == '<' ? "1=1" : "1=0");
    }
    put(t, " WHEN ");
    column(t, alias, name, "__t");
    zh_buf_fmt(t->sql, " LIKE '%c%%' THEN ", side);
    if (negative) {
        put(t, side == '<' ? "1=0" : "1=1");
    } else {
        stored_key(t, alias, name, 1);
        put(t, side == '<' ? " <= " : " >= ");
        bind(t, key);
    }
    put(t, " ELSE 1=0 END");
}

static zh_rc compare_decimal(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    const zh_field *field = node->field;
    if (!zh_value_known(v)) {
        if (v->mark == ZH_MARK_BELOW || v->mark == ZH_MARK_ABOVE) {
            return unsupported(t, node);
        }
        never(t);
        return ZH_OK;
    }
    if (v->unit.n && !zh_str_eq(v->unit, field->unit)) {
        return unsupported(t, node);
    }
    bool low = op == ZH_X_LT || op == ZH_X_LE || op == ZH_X_NE;
    bool high = op == ZH_X_GT || op == ZH_X_GE || op == ZH_X_NE;
    const char *alias = alias_of(t, node);
    put(t, "(");
    column(t, alias, field->column, "");
    put_scaled(t, op, v->decimal, field->digits);
    if (low) {
        put(t, " OR ");
        decided_by_mark(t, '<', alias, field->column, v->decimal);
    }
    if (high) {
        put(t, " OR ");
        decided_by_mark(t, '>', alias, field->column, v->decimal);
    }
    put(t, ")");
    return ZH_OK;
}

/* ---- codes ---------------------------------------------------------------------------------- */

/* 1 in the set, 0 not, -1 unknown, -2 depends on the date. */
typedef int (*code_test)(const zh_codes *codes, zh_str code, const void *user);

typedef struct code_run {
    size_t from, to; /* indices of the first entries of codes */
} code_run;

/* Runs of neighbouring codes for which test says `wanted`: since every stored code is of the
 * system, a run is one BETWEEN. */
static zh_rc code_runs(translator *t, const zh_expr *node, const zh_codes *codes, code_test test,
                       const void *user, int wanted, code_run *runs, size_t *n)
{
    bool open = false;
    *n = 0;
    for (size_t i = 0; i < codes->n; i++) {
        if (i && zh_str_eq(codes->codes[i].code, codes->codes[i - 1].code)) {
            continue;
        }
        int found = test(codes, codes->codes[i].code, user);
        if (found == -2) {
            return unsupported(t, node);
        }
        if (found == wanted && !open && *n == ZH_FILTER_RUNS_MAX) {
            return unsupported(t, node);
        }
        if (found == wanted && !open) {
            runs[(*n)++].from = i;
        }
        open = found == wanted;
        if (open) {
            runs[*n - 1].to = i;
        }
    }
    return ZH_OK;
}

static zh_rc emit_codes(translator *t, const zh_expr *whole, const zh_expr *field, code_test test,
                        const void *user, bool wanted)
{
    const zh_codes *codes = field->codes;
    code_run *runs = ZH_NEW_N(t->env->arena, code_run, ZH_FILTER_RUNS_MAX);
    size_t n = 0;
    zh_rc rc = code_runs(t, whole, codes, test, user, wanted, runs, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    put(t, "(");
    for (size_t i = 0; i < n; i++) {
        put(t, i ? " OR " : "");
        field_column(t, field, "");
        if (runs[i].from == runs[i].to) {
            put(t, " = ");
            bind(t, ZH_SQL_STR(codes->codes[runs[i].from].code));
        } else {
            put(t, " BETWEEN ");
            bind(t, ZH_SQL_STR(codes->codes[runs[i].from].code));
            put(t, " AND ");
            bind(t, ZH_SQL_STR(codes->codes[runs[i].to].code));
        }
    }
    put(t, n ? ")" : "1=0)");
    return ZH_OK;
}

static int test_within(const zh_codes *codes, zh_str code, const void *user)
{
    const zh_code *found = zh_code_find(codes, code, INT32_MIN);
    return found ? zh_code_within(found, user) : -1;
}

static zh_rc emit_within(translator *t, const zh_expr *node, bool want)
{
    zh_value ancestor;
    if (!is_field(node->a[0], ZH_TEXT) || !zh_expr_is_constant(node->a[1])) {
        return unsupported(t, node);
    }
    zh_rc rc = constant(t, node->a[1], &ancestor);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_codes *codes = node->a[0]->codes;
    const zh_code *found =
        ancestor.kind == ZH_TEXT ? zh_code_find(codes, ancestor.text, INT32_MIN) : NULL;
    if (found == NULL) {
        never(t);
        return ZH_OK;
    }
    return emit_codes(t, node, node->a[0], test_within, found, want);
}

typedef struct level_test {
    uint16_t level;
    zh_str code;
} level_test;

/* Where the validities of a code begin; codes->n when there is no such code. */
static size_t first_of(const zh_codes *codes, zh_str code)
{
    const zh_code *found = zh_code_find(codes, code, INT32_MIN);
    size_t i = found != NULL ? (size_t)(found - codes->codes) : codes->n;
    while (i > 0 && i < codes->n && zh_str_eq(codes->codes[i - 1].code, code)) {
        i--;
    }
    return i;
}

/* A code whose validities stand under different codes of that level has no answer without a date.
 */
static int test_level(const zh_codes *codes, zh_str code, const void *user)
{
    const level_test *test = user;
    size_t i = first_of(codes, code);
    int result = -2;
    for (bool first = true; i < codes->n && zh_str_eq(codes->codes[i].code, code); i++) {
        const zh_code *upper = zh_code_at_level(&codes->codes[i], test->level);
        int here = upper ? zh_str_eq(upper->code, test->code) : -1;
        if (!first && here != result) {
            return -2;
        }
        result = here;
        first = false;
    }
    return result;
}

/* Grades and states compare by position. */
typedef struct order_test {
    zh_expr_op op;
    int64_t position;
} order_test;

static bool accepts(zh_expr_op op, int64_t a, int64_t b)
{
    bool greater = op == ZH_X_GT || op == ZH_X_GE;
    bool equal = op == ZH_X_LE || op == ZH_X_GE;
    return a == b ? equal : (a > b) == greater;
}

static int test_order(const zh_codes *codes, zh_str code, const void *user)
{
    const order_test *test = user;
    const zh_code *found = zh_code_find(codes, code, INT32_MIN);
    return found ? accepts(test->op, found->position, test->position) : -1;
}

static zh_rc compare_grade(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    const zh_code *found = zh_code_find(node->codes, v->text, INT32_MIN);
    if (found == NULL) {
        never(t);
        return ZH_OK;
    }
    const order_test test = {.op = op, .position = found->position};
    return emit_codes(t, node, node, test_order, &test, true);
}

static zh_rc compare_state_order(translator *t, zh_expr_op op, const zh_value *v)
{
    int position = zh_register_state(t->reg, v->text);
    size_t n = 0;
    put(t, "(");
    for (size_t i = 0; position >= 0 && i < t->reg->nstates; i++) {
        if (accepts(op, (int64_t)i, position)) {
            zh_buf_fmt(t->sql, "%s%s.state = ", n++ ? " OR " : "", t->alias);
            bind(t, ZH_SQL_STR(t->reg->states[i].id));
        }
    }
    put(t, n ? ")" : "1=0)");
    return ZH_OK;
}

/* ---- comparison with a constant ------------------------------------------------------------- */

static zh_rc compare_level(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    const zh_expr *field = node->a[0];
    if (!is_field(field, ZH_TEXT) || node->a[1] || (op != ZH_X_EQ && op != ZH_X_NE)) {
        return unsupported(t, node);
    }
    const level_test test = {.level = node->level, .code = v->text};
    return emit_codes(t, node, field, test_level, &test, op == ZH_X_EQ);
}

#define DAY_MICROS  "86400000000"
#define ZONE_MICROS "28800000000"

/* A date or instant as microseconds when `micros`, else in its own unit. */
static void moment_column(translator *t, const char *alias, zh_str name, bool date, bool micros)
{
    if (date && micros) {
        put(t, "(");
        column(t, alias, name, "");
        put(t, " * " DAY_MICROS " - " ZONE_MICROS ")");
    } else {
        column(t, alias, name, "");
    }
}

static zh_rc compare_moment(translator *t, zh_expr_op op, const char *alias, zh_str name, bool date,
                            const zh_value *v)
{
    bool micros = !date || v->kind == ZH_TIME;
    int64_t bound = v->i;
    if (micros && v->kind == ZH_DATE) {
        bound = zh_date_start((zh_date)v->i);
    }
    moment_column(t, alias, name, date, micros);
    put(t, sign_of(op));
    bind(t, ZH_SQL_INT(bound));
    return ZH_OK;
}

static zh_rc compare_ref(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    if (v->kind != ZH_REF) {
        return unsupported(t, node);
    }
    if (v->i == 0) {
        never(t);
        return ZH_OK;
    }
    put(t, "(");
    field_column(t, node, "");
    put(t, sign_of(op));
    bind(t, ZH_SQL_INT(v->i));
    put(t, op == ZH_X_EQ ? " AND " : " OR ");
    field_column(t, node, "__o");
    put(t, sign_of(op));
    bind(t, ZH_SQL_INT(v->office));
    put(t, ")");
    return ZH_OK;
}

static zh_rc compare_text(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    if (node->codes && node->codes->codes_are_ordered && op != ZH_X_EQ && op != ZH_X_NE) {
        return compare_grade(t, op, node, v);
    }
    field_column(t, node, "");
    put(t, sign_of(op));
    bind(t, ZH_SQL_STR(v->text));
    return ZH_OK;
}

static zh_rc compare_field(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    if (node->kind == ZH_DECIMAL && v->kind == ZH_DECIMAL) {
        return compare_decimal(t, op, node, v);
    }
    if (node->kind == ZH_REF) {
        return compare_ref(t, op, node, v);
    }
    if (node->kind == ZH_DATE || node->kind == ZH_TIME) {
        return compare_moment(t, op, alias_of(t, node), node->field->column, node->kind == ZH_DATE,
                              v);
    }
    if (node->kind == ZH_TEXT && v->kind == ZH_TEXT) {
        return compare_text(t, op, node, v);
    }
    if (node->kind == ZH_BOOL) {
        field_column(t, node, "");
        put(t, sign_of(op));
        bind(t, ZH_SQL_INT(v->i));
        return ZH_OK;
    }
    return unsupported(t, node);
}

static zh_rc compare_meta(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    static const char *const columns[] = {
        [ZH_META_STATE] = "state",
        [ZH_META_VERSION] = "version",
        [ZH_META_CREATED_AT] = "created_at",
        [ZH_META_RECORDED_AT] = "recorded_at",
        [ZH_META_OFFICE] = "office",
        [ZH_META_HANDLER] = "handler_office",
        [ZH_META_ID] = "id",
        [ZH_META_ACTOR] = "actor",
    };
    zh_str name = zh_str_of(columns[node->meta]);
    if (node->kind == ZH_TIME) {
        return compare_moment(t, op, t->alias, name, false, v);
    }
    if (node->kind == ZH_DECIMAL) {
        put(t, "(");
        column(t, t->alias, name, "");
        put_scaled(t, op, v->decimal, 0);
        put(t, ")");
        return ZH_OK;
    }
    if (node->states && op != ZH_X_EQ && op != ZH_X_NE) {
        return compare_state_order(t, op, v);
    }
    column(t, t->alias, name, "");
    put(t, sign_of(op));
    bind(t, ZH_SQL_STR(v->text));
    return ZH_OK;
}

static void from_rows(translator *t, const zh_expr *fold, const char *row)
{
    zh_buf_fmt(t->sql, " FROM ");
    zh_sql_ident(t->sql, zh_str_fmt(t->env->arena, "%.*s__%.*s%s", ZH_FMT(t->reg->table),
                                    ZH_FMT(fold->table->column), t->history ? "_h" : ""));
    zh_buf_fmt(t->sql, " %s WHERE %s.office = %s.office AND %s.parent = %s.id", row, row, t->alias,
               row, t->alias);
    if (t->history) {
        zh_buf_fmt(t->sql, " AND %s.version = %s.version", row, t->alias);
    }
}

/* " AND filter is true"; the body decides what follows. */
static zh_rc row_filter(translator *t, const zh_expr *fold)
{
    if (fold->a[1] == NULL) {
        return ZH_OK;
    }
    put(t, " AND ");
    return emit(t, fold->a[1], true);
}

/* count(items, condition) against a constant. */
static zh_rc compare_count(translator *t, zh_expr_op op, const zh_expr *node, const zh_value *v)
{
    const zh_expr *body = node->a[0];
    if (node->fold != ZH_FOLD_COUNT || node->table == NULL || node->grouped || t->row ||
        v->kind != ZH_DECIMAL) {
        return unsupported(t, node);
    }
    translator inner = *t;
    inner.row = "r";
    put(t, "((SELECT COUNT(*)");
    from_rows(t, node, inner.row);
    zh_rc rc = row_filter(&inner, node);
    if (rc == ZH_OK && body) {
        put(t, " AND ");
        if (body->kind == ZH_BOOL) {
            rc = emit(&inner, body, true);
        } else if (body->op == ZH_X_FIELD && body->kind != ZH_PERIOD) {
            field_column(&inner, body, "");
            put(t, " IS NOT NULL");
        } else {
            rc = unsupported(t, body);
        }
    }
    put(t, ")");
    put_scaled(t, op, v->decimal, 0);
    put(t, ")");
    return rc;
}

/* ---- comparison ----------------------------------------------------------------------------- */

static zh_expr_op opposite(zh_expr_op op)
{
    static const zh_expr_op table[] = {
        [ZH_X_EQ] = ZH_X_NE, [ZH_X_NE] = ZH_X_EQ, [ZH_X_LT] = ZH_X_GE,
        [ZH_X_LE] = ZH_X_GT, [ZH_X_GT] = ZH_X_LE, [ZH_X_GE] = ZH_X_LT,
    };
    return table[op];
}

static zh_expr_op mirrored(zh_expr_op op)
{
    static const zh_expr_op table[] = {
        [ZH_X_EQ] = ZH_X_EQ, [ZH_X_NE] = ZH_X_NE, [ZH_X_LT] = ZH_X_GT,
        [ZH_X_LE] = ZH_X_GE, [ZH_X_GT] = ZH_X_LT, [ZH_X_GE] = ZH_X_LE,
    };
    return table[op];
}

static zh_rc compare_constant(translator *t, zh_expr_op op, const zh_expr *node,
                              const zh_expr *other)
{
    zh_value v;
    zh_rc rc = constant(t, other, &v);
    if (rc != ZH_OK) {
        return rc;
    }
    if (v.kind == ZH_NULL) {
        never(t);
        return ZH_OK;
    }
    if (node->op == ZH_X_FIELD) {
        return compare_field(t, op, node, &v);
    }
    if (node->op == ZH_X_META && node->meta != ZH_META_ACTOR) {
        return compare_meta(t, op, node, &v);
    }
    if (node->op == ZH_X_LEVEL) {
        return compare_level(t, op, node, &v);
    }
    return node->op == ZH_X_FOLD ? compare_count(t, op, node, &v) : unsupported(t, node);
}

static bool is_moment(const zh_expr *node)
{
    return is_field(node, ZH_DATE) || is_field(node, ZH_TIME) ||
           (node->op == ZH_X_META && node->kind == ZH_TIME);
}

static void moment_node(translator *t, const zh_expr *node, bool micros)
{
    if (node->op == ZH_X_META) {
        zh_buf_fmt(t->sql, "%s.%s", t->alias,
                   node->meta == ZH_META_CREATED_AT ? "created_at" : "recorded_at");
    } else {
        moment_column(t, alias_of(t, node), node->field->column, node->kind == ZH_DATE, micros);
    }
}

/* Two columns: moments, plain texts, flags. */
static zh_rc compare_columns(translator *t, zh_expr_op op, const zh_expr *node)
{
    const zh_expr *a = node->a[0];
    const zh_expr *b = node->a[1];
    bool equality = op == ZH_X_EQ || op == ZH_X_NE;
    if (is_moment(a) && is_moment(b)) {
        bool micros = a->kind != b->kind;
        moment_node(t, a, micros);
        put(t, sign_of(op));
        moment_node(t, b, micros);
        return ZH_OK;
    }
    bool text = is_field(a, ZH_TEXT) && is_field(b, ZH_TEXT) && (equality || a->codes == NULL);
    bool flag = is_field(a, ZH_BOOL) && is_field(b, ZH_BOOL);
    if (!text && !flag) {
        return unsupported(t, node);
    }
    field_column(t, a, "");
    put(t, sign_of(op));
    field_column(t, b, "");
    return ZH_OK;
}

static zh_rc emit_compare(translator *t, const zh_expr *node, bool want)
{
    zh_expr_op op = want ? node->op : opposite(node->op);
    if (zh_expr_is_constant(node->a[1])) {
        return compare_constant(t, op, node->a[0], node->a[1]);
    }
    if (zh_expr_is_constant(node->a[0])) {
        return compare_constant(t, mirrored(op), node->a[1], node->a[0]);
    }
    return compare_columns(t, op, node);
}

/* x in (a, b): known true when one equals, known false when all differ. */
static zh_rc emit_in(translator *t, const zh_expr *node, bool want)
{
    zh_rc rc = ZH_OK;
    put(t, "(");
    for (size_t i = 1; i < node->n && rc == ZH_OK; i++) {
        const zh_expr *pair[] = {node->a[0], node->a[i]};
        const zh_expr equal = {.op = ZH_X_EQ, .kind = ZH_BOOL, .a = pair, .n = 2};
        put(t, i == 1 ? "" : want ? " OR " : " AND ");
        rc = emit_compare(t, &equal, want);
    }
    put(t, ")");
    return rc;
}

/* ---- logic ---------------------------------------------------------------------------------- */

static zh_rc emit_not(translator *t, const zh_expr *node, bool want)
{
    return emit(t, node->a[0], !want);
}

static zh_rc emit_logic(translator *t, const zh_expr *node, bool want)
{
    bool all = (node->op == ZH_X_AND) == want;
    zh_rc rc = ZH_OK;
    put(t, "(");
    for (size_t i = 0; i < node->n && rc == ZH_OK; i++) {
        put(t, i == 0 ? "" : all ? " AND " : " OR ");
        rc = emit(t, node->a[i], want);
    }
    put(t, ")");
    return rc;
}

static zh_rc emit_flag(translator *t, const zh_expr *node, bool want)
{
    field_column(t, node, "");
    put(t, want ? " = 1" : " = 0");
    return ZH_OK;
}

static zh_rc emit_is_null(translator *t, const zh_expr *node, bool want)
{
    const zh_expr *a = node->a[0];
    if (a->op == ZH_X_META && a->meta != ZH_META_STATE && a->meta != ZH_META_ACTOR) {
        put(t, want ? "1=0" : "1=1");
        return ZH_OK;
    }
    if (a->op != ZH_X_FIELD) {
        return unsupported(t, node);
    }
    field_column(t, a, a->kind == ZH_PERIOD ? "__a" : "");
    put(t, want ? " IS NULL" : " IS NOT NULL");
    return ZH_OK;
}

/* c ? a : b */
static zh_rc emit_if(translator *t, const zh_expr *node, bool want)
{
    put(t, "((");
    zh_rc rc = emit(t, node->a[0], true);
    put(t, " AND ");
    if (rc == ZH_OK) {
        rc = emit(t, node->a[1], want);
    }
    put(t, ") OR (");
    if (rc == ZH_OK) {
        rc = emit(t, node->a[0], false);
    }
    put(t, " AND ");
    if (rc == ZH_OK) {
        rc = emit(t, node->a[2], want);
    }
    put(t, "))");
    return rc;
}

/* a ?? b: b counts where a is neither true nor false. */
static zh_rc emit_coalesce(translator *t, const zh_expr *node, bool want)
{
    put(t, "(");
    zh_rc rc = emit(t, node->a[0], want);
    put(t, " OR ((");
    if (rc == ZH_OK) {
        rc = emit(t, node->a[0], true);
    }
    put(t, ") IS NOT TRUE AND (");
    if (rc == ZH_OK) {
        rc = emit(t, node->a[0], false);
    }
    put(t, ") IS NOT TRUE AND ");
    if (rc == ZH_OK) {
        rc = emit(t, node->a[1], want);
    }
    put(t, "))");
    return rc;
}

/* ---- functions and folds -------------------------------------------------------------------- */

/* period covers a date */
static zh_rc emit_covers(translator *t, const zh_expr *node, bool want)
{
    zh_value v;
    if (!is_field(node->a[0], ZH_PERIOD) || !zh_expr_is_constant(node->a[1])) {
        return unsupported(t, node);
    }
    zh_rc rc = constant(t, node->a[1], &v);
    if (rc != ZH_OK) {
        return rc;
    }
    if (v.kind != ZH_DATE && v.kind != ZH_TIME) {
        if (v.kind != ZH_NULL) {
            return unsupported(t, node);
        }
        never(t);
        return ZH_OK;
    }
    zh_sql_value date = ZH_SQL_INT(v.kind == ZH_TIME ? zh_time_date(v.i) : v.i);
    put(t, "(");
    field_column(t, node->a[0], "__a");
    put(t, want ? " <= " : " > ");
    bind(t, date);
    put(t, want ? " AND (" : " OR ");
    field_column(t, node->a[0], "__b");
    put(t, want ? " >= " : " < ");
    bind(t, date);
    if (want) {
        put(t, " OR ");
        field_column(t, node->a[0], "__b");
        put(t, " IS NULL)");
    }
    put(t, ")");
    return ZH_OK;
}

/* starts, ends, contains of a text column and a constant */
static zh_rc emit_search(translator *t, const zh_expr *node, bool want)
{
    zh_value v;
    bool postgres = t->dialect == ZH_POSTGRES;
    if (!is_field(node->a[0], ZH_TEXT) || !zh_expr_is_constant(node->a[1])) {
        return unsupported(t, node);
    }
    zh_rc rc = constant(t, node->a[1], &v);
    if (rc != ZH_OK) {
        return rc;
    }
    if (v.kind != ZH_TEXT || (v.text.n == 0 && !want)) {
        never(t);
        return ZH_OK;
    }
    if (v.text.n == 0) { /* every text has the empty one */
        field_column(t, node->a[0], "");
        put(t, " IS NOT NULL");
        return ZH_OK;
    }
    const char *position = postgres ? "strpos(" : "instr(";
    if (node->fn == ZH_FN_CONTAINS) {
        put(t, position);
        field_column(t, node->a[0], "");
        put(t, ", ");
        bind(t, ZH_SQL_STR(v.text));
        put(t, want ? ") > 0" : ") = 0");
        return ZH_OK;
    }
    size_t characters = zh_utf8_count(v.text);
    bool starts = node->fn == ZH_FN_STARTS;
    put(t, starts ? "substr(" : postgres ? "right(" : "substr(");
    field_column(t, node->a[0], "");
    if (starts) {
        zh_buf_fmt(t->sql, ", 1, %zu)", characters);
    } else {
        zh_buf_fmt(t->sql, postgres ? ", %zu)" : ", -%zu)", characters);
    }
    put(t, want ? " = " : " <> ");
    bind(t, ZH_SQL_STR(v.text));
    return ZH_OK;
}

static zh_rc emit_call(translator *t, const zh_expr *node, bool want)
{
    if (node->fn == ZH_FN_STARTS || node->fn == ZH_FN_ENDS || node->fn == ZH_FN_CONTAINS) {
        return emit_search(t, node, want);
    }
    return node->fn == ZH_FN_COVERS ? emit_covers(t, node, want) : unsupported(t, node);
}

/* any: true when a row is true, false when every row is known false; all: the mirror image. */
static zh_rc emit_fold(translator *t, const zh_expr *node, bool want)
{
    bool any = node->fold == ZH_FOLD_ANY;
    bool exists = any == want; /* one row decides */
    if ((!any && node->fold != ZH_FOLD_ALL) || node->table == NULL || node->grouped || t->row) {
        return unsupported(t, node);
    }
    translator inner = *t;
    inner.row = "r";
    put(t, exists ? "EXISTS (SELECT 1" : "NOT EXISTS (SELECT 1");
    from_rows(t, node, inner.row);
    zh_rc rc = row_filter(&inner, node);
    if (rc == ZH_OK && node->a[0]) {
        put(t, exists ? " AND " : " AND (");
        rc = emit(&inner, node->a[0], want);
        put(t, exists ? "" : ") IS NOT TRUE");
    }
    put(t, ")");
    return rc;
}

/* ---- all ------------------------------------------------------------------------------------ */

typedef zh_rc (*emitter)(translator *t, const zh_expr *node, bool want);

static const emitter emitters[] = {
    [ZH_X_FIELD] = emit_flag,        [ZH_X_NOT] = emit_not,       [ZH_X_AND] = emit_logic,
    [ZH_X_OR] = emit_logic,          [ZH_X_EQ] = emit_compare,    [ZH_X_NE] = emit_compare,
    [ZH_X_LT] = emit_compare,        [ZH_X_LE] = emit_compare,    [ZH_X_GT] = emit_compare,
    [ZH_X_GE] = emit_compare,        [ZH_X_IN] = emit_in,         [ZH_X_IF] = emit_if,
    [ZH_X_COALESCE] = emit_coalesce, [ZH_X_CALL] = emit_call,     [ZH_X_FOLD] = emit_fold,
    [ZH_X_IS_NULL] = emit_is_null,   [ZH_X_WITHIN] = emit_within,
};

static zh_rc emit(translator *t, const zh_expr *node, bool want)
{
    if (zh_expr_is_constant(node)) {
        zh_value v;
        zh_rc rc = constant(t, node, &v);
        put(t, v.kind == ZH_BOOL && (v.i != 0) == want ? "1=1" : "1=0");
        return rc;
    }
    emitter found = node->op < ZH_COUNTOF(emitters) ? emitters[node->op] : NULL;
    bool flag = node->op != ZH_X_FIELD || node->kind == ZH_BOOL;
    return found && flag ? found(t, node, want) : unsupported(t, node);
}

zh_rc zh_filter_sql_env(zh_env *env, const zh_expr *root, const zh_register *reg, const char *alias,
                        zh_dialect dialect, bool history, zh_buf *sql, zh_binds *binds, zh_err *err)
{
    translator t = {.env = env,
                    .reg = reg,
                    .alias = alias,
                    .dialect = dialect,
                    .history = history,
                    .sql = sql,
                    .binds = binds,
                    .err = err};
    zh_rc rc = emit(&t, root, true);
    return rc == ZH_OK && sql->failed
               ? zh_err_set(err, ZH_ELIMIT, "query.limit.sql", "筛选条件过长")
               : rc;
}

zh_rc zh_filter_sql(zh_arena *arena, const zh_expr *root, const zh_register *reg, const char *alias,
                    zh_dialect dialect, bool history, zh_buf *sql, zh_binds *binds, zh_err *err)
{
    zh_env env = {.arena = arena};
    return zh_filter_sql_env(&env, root, reg, alias, dialect, history, sql, binds, err);
}

/* ---- which codes ---------------------------------------------------------------------------- */

/* The test that a part puts to a field, and what it compares with. */
typedef struct code_part {
    code_test test;
    const zh_code *found;
    level_test level;
} code_part;

static bool part_of(zh_env *env, const zh_expr *x, const zh_field *field, code_part *out)
{
    zh_err ignored = {0};
    zh_value v;
    const zh_expr *left = x->n == 2 ? x->a[0] : NULL;
    bool level = left != NULL && left->op == ZH_X_LEVEL && left->a[1] == NULL;
    const zh_expr *of = level ? left->a[0] : left;
    if ((x->op != ZH_X_EQ && x->op != ZH_X_WITHIN) || of == NULL || of->op != ZH_X_FIELD ||
        of->field != field || (level && x->op == ZH_X_WITHIN) || !zh_expr_is_constant(x->a[1]) ||
        zh_eval_node(x->a[1], env, &v, &ignored) != ZH_OK || v.kind != ZH_TEXT) {
        return false;
    }
    *out = (code_part){.test = level ? test_level : test_within,
                       .found = zh_code_find(field->codes, v.text, INT32_MIN)};
    if (level) {
        out->level = (level_test){.level = left->level, .code = v.text};
    } else if (x->op == ZH_X_EQ) {
        out->test = NULL;
    }
    return out->found != NULL;
}

static bool codes_of(const code_part *part, const zh_codes *codes, zh_str *out, size_t max,
                     size_t *n)
{
    const void *user = part->test == test_level ? (const void *)&part->level : part->found;
    *n = 0;
    if (part->test == NULL) {
        out[(*n)++] = part->found->code;
        return true;
    }
    for (size_t i = 0; i < codes->n; i++) {
        if (i > 0 && zh_str_eq(codes->codes[i].code, codes->codes[i - 1].code)) {
            continue;
        }
        int found = part->test(codes, codes->codes[i].code, user);
        if (found == -2 || (found == 1 && *n == max)) {
            return false;
        }
        if (found == 1) {
            out[(*n)++] = codes->codes[i].code;
        }
    }
    return true;
}

bool zh_filter_codes(zh_env *env, const zh_expr *root, const zh_field *field, zh_str *out,
                     size_t max, size_t *n)
{
    code_part part;
    bool any = false;
    if (root == NULL || field->type != ZH_TYPE_CODE || field->codes == NULL || max == 0) {
        return false;
    }
    if (root->op != ZH_X_AND) {
        return part_of(env, root, field, &part) && codes_of(&part, field->codes, out, max, n);
    }
    zh_str *list = ZH_NEW_N(env->arena, zh_str, max);
    for (size_t i = 0; i < root->n; i++) {
        size_t found = 0;
        if (zh_filter_codes(env, root->a[i], field, list, max, &found) && (!any || found < *n)) {
            memcpy(out, list, found * sizeof *list);
            *n = found;
            any = true;
        }
    }
    return any;
}

/* ---- which moments -------------------------------------------------------------------------- */

/* What a constant is as a stored value of the field. */
static bool moment_of(zh_env *env, const zh_expr *x, const zh_field *field, int64_t *out)
{
    zh_err ignored = {0};
    zh_value v;
    if (!zh_expr_is_constant(x) || zh_eval_node(x, env, &v, &ignored) != ZH_OK ||
        (v.kind != ZH_DATE && (v.kind != ZH_TIME || field->type == ZH_TYPE_DATE))) {
        return false;
    }
    bool start = field->type == ZH_TYPE_DATETIME && v.kind == ZH_DATE;
    *out = start ? zh_date_start((zh_date)v.i) : v.i;
    return true;
}

/* Whether a part compares the field: the comparison with the field on its left, and the bound. */
static bool compared(zh_env *env, const zh_expr *x, const zh_field *field, zh_expr_op *op,
                     int64_t *bound)
{
    if (x->n != 2 || x->op < ZH_X_EQ || x->op > ZH_X_GE || x->op == ZH_X_NE) {
        return false;
    }
    bool left = x->a[0]->op == ZH_X_FIELD && x->a[0]->field == field;
    bool right = x->a[1]->op == ZH_X_FIELD && x->a[1]->field == field;
    *op = left ? x->op : mirrored(x->op);
    return left != right && moment_of(env, x->a[left ? 1 : 0], field, bound);
}

bool zh_filter_span(zh_env *env, const zh_expr *root, const zh_field *field, int64_t *first,
                    int64_t *last)
{
    bool any = false;
    *first = INT64_MIN;
    *last = INT64_MAX;
    if (root == NULL || (field->type != ZH_TYPE_DATE && field->type != ZH_TYPE_DATETIME)) {
        return false;
    }
    if (root->op == ZH_X_AND) {
        for (size_t i = 0; i < root->n; i++) {
            int64_t from;
            int64_t to;
            any = zh_filter_span(env, root->a[i], field, &from, &to) || any;
            *first = from > *first ? from : *first;
            *last = to < *last ? to : *last;
        }
        return any;
    }
    zh_expr_op op;
    int64_t bound;
    if (!compared(env, root, field, &op, &bound)) {
        return false;
    }
    if (op == ZH_X_EQ || op == ZH_X_GE || op == ZH_X_GT) {
        *first = bound + (op == ZH_X_GT && bound < INT64_MAX);
    }
    if (op == ZH_X_EQ || op == ZH_X_LE || op == ZH_X_LT) {
        *last = bound - (op == ZH_X_LT && bound > INT64_MIN);
    }
    return true;
}
