/* Shared between the files of the expression language: the untyped syntax tree that the parser
 * makes and the checker turns into zh_expr, the table of functions, and exact arithmetic with its
 * digit rules. */
#ifndef ZH_MODEL_EXPR_PRIVATE_H
#define ZH_MODEL_EXPR_PRIVATE_H

#include "base/vec.h"
#include "model/expr.h"
#include "model/model.h"

#define ZH_EXPR_NAME_PARTS_MAX 6
#define ZH_EXPR_DIGITS_DEFAULT 6 /* of `/`, avg, decay */

/* ---- syntax --------------------------------------------------------------------------------- */

typedef enum zh_syn_kind {
    ZH_SYN_LITERAL, /* value */
    ZH_SYN_NAME,    /* parts */
    ZH_SYN_CALL,    /* parts[0] = function, a = arguments, where, within, body; prev: parts[1] */
    ZH_SYN_OP,      /* op, a: unary, binary, n-ary, IF, IN, COALESCE, IS_NULL, WITHIN */
    ZH_SYN_WORD,    /* covers, overlaps, &: fn, a[0], a[1] */
    ZH_SYN_AT,      /* a[0] @ a[1] */
    ZH_SYN_GROUP,   /* group parts by a[0]: body */
} zh_syn_kind;

typedef struct zh_syn zh_syn;
struct zh_syn {
    zh_syn_kind kind;
    zh_expr_op op;
    zh_expr_fn fn;
    uint32_t at;
    uint16_t depth;
    zh_value value;
    zh_str parts[ZH_EXPR_NAME_PARTS_MAX];
    size_t nparts;
    const zh_syn **a;
    size_t n;
    const zh_syn *where, *body;
    int64_t within; /* 0 none */
    zh_unit_time within_unit;
};

/* What every stage needs: where nodes live and where errors go. */
typedef struct zh_expr_job {
    zh_arena *arena;   /* of the program: nodes and escaped text */
    zh_arena *scratch; /* of the compilation: syntax, names */
    zh_str text;
    zh_err *err;
    size_t nodes;
} zh_expr_job;

/* Sets the error with the line and column of byte `at`; returns ZH_EINVAL. */
zh_rc zh_expr_fail(zh_expr_job *job, uint32_t at, const char *rule, const char *format, ...)
    ZH_PRINTF(4, 5);
/* Adds 「是否想写 x」 when a candidate is near enough; candidates are tried one by one. */
typedef struct zh_nearest {
    zh_str wanted, best;
    size_t distance;
} zh_nearest;
void zh_nearest_try(zh_nearest *nearest, zh_str candidate);
void zh_nearest_say(const zh_nearest *nearest, zh_err *err);

zh_rc zh_expr_parse(zh_expr_job *job, const zh_syn **out) ZH_MUST;

typedef enum zh_token_kind {
    ZH_TOKEN_END,
    ZH_TOKEN_NUMBER, /* text as written */
    ZH_TOKEN_TEXT,   /* text without quotes */
    ZH_TOKEN_DATE,   /* value */
    ZH_TOKEN_NAME,   /* text */
    ZH_TOKEN_SIGN,   /* text: one of ( ) , . : ? ?? @ & + - * / % = != < <= > >= */
} zh_token_kind;

typedef struct zh_token {
    zh_token_kind kind;
    uint32_t at;
    zh_str text;
    zh_value value;
} zh_token;

/* Reads the token at *at and advances; ZH_EINVAL for text that is not of the language. */
zh_rc zh_expr_token(zh_expr_job *job, size_t *at, zh_token *out) ZH_MUST;

/* ---- types ---------------------------------------------------------------------------------- */

/* Where the names of a subexpression resolve. */
typedef struct zh_names {
    const zh_register *reg;
    const zh_field *table; /* row context */
    bool columns_first;    /* plain names are columns before they are fields */
    bool in_group;         /* inside `group by`: folds run over the group, columns only in folds */
    bool remote;           /* inside a query, chain or children: no further one */
    bool qualified;        /* fields of reg are written reg.field; plain names are of self */
    const zh_register *self;
} zh_names;

typedef struct zh_checker {
    zh_expr_job *job;
    const zh_scope *scope;
    bool needs_store;
} zh_checker;

zh_rc zh_expr_check(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr **out) ZH_MUST;
/* The same, with plain names and texts read as codes, states or dates when `like` is of that type.
 */
zh_rc zh_expr_check_like(zh_checker *c, const zh_names *names, const zh_syn *syn,
                         const zh_expr *like, zh_expr **out) ZH_MUST;
/* expr_names.c */
zh_rc zh_expr_check_name(zh_checker *c, const zh_names *names, const zh_syn *syn,
                         zh_expr **out) ZH_MUST;
bool zh_expr_is_present_time(zh_str name);
zh_rc zh_expr_fail_present(zh_expr_job *job, uint32_t at, zh_str name);
/* expr_call.c: calls, folds, groups, queries. */
zh_rc zh_expr_check_call(zh_checker *c, const zh_names *names, const zh_syn *syn,
                         zh_expr **out) ZH_MUST;
zh_rc zh_expr_check_function(zh_checker *c, const zh_names *names, const zh_syn *syn, zh_expr_fn fn,
                             zh_expr **out) ZH_MUST;
zh_rc zh_expr_check_group(zh_checker *c, const zh_names *names, const zh_syn *syn,
                          zh_expr **out) ZH_MUST;
/* ZH_OK when text is a state of the register. */
zh_rc zh_expr_check_state(zh_checker *c, const zh_register *reg, zh_str text, uint32_t at) ZH_MUST;
/* expr_query.c: folds over other records. */
zh_rc zh_expr_check_query(zh_checker *c, const zh_names *names, const zh_syn *syn,
                          const zh_register *target, zh_expr *fold, zh_expr **out) ZH_MUST;
zh_rc zh_expr_check_chain(zh_checker *c, const zh_names *names, const zh_syn *chain,
                          const zh_syn *body, zh_expr *fold, zh_expr **out) ZH_MUST;
zh_rc zh_expr_check_rank(zh_checker *c, const zh_names *names, const zh_syn *syn,
                         zh_expr **out) ZH_MUST;
zh_rc zh_expr_check_prev(zh_checker *c, const zh_names *names, const zh_syn *syn,
                         zh_expr **out) ZH_MUST;
zh_rc zh_expr_check_change(zh_checker *c, const zh_names *names, const zh_syn *syn,
                           zh_expr **out) ZH_MUST;

/* Makes a node with room for n operands; NULL (error set) above ZH_EXPR_NODES_MAX. */
zh_expr *zh_expr_node(zh_checker *c, zh_expr_op op, zh_kind kind, uint32_t at, size_t n);
void zh_expr_put(zh_expr *node, size_t i, const zh_expr *operand);
/* Copies what describes a value (kind, codes, states, target, unit, item). */
void zh_expr_type_from(zh_expr *node, const zh_expr *from);
zh_rc zh_expr_need(zh_checker *c, const zh_expr *node, zh_kind kind) ZH_MUST;
/* What a fold yields, from its body (NULL: rows are counted). ZH_EINVAL when it cannot. */
zh_rc zh_expr_fold_type(zh_checker *c, zh_expr *fold, const zh_expr *body) ZH_MUST;

/* Names. */
const zh_field *zh_expr_field(const zh_register *reg, zh_str id);
zh_str zh_expr_column_id(const zh_field *column); /* without the table's name */
const zh_field *zh_expr_column(const zh_field *table, zh_str id);
/* A table of several rows by its id, or NULL. */
const zh_field *zh_expr_table(const zh_register *reg, zh_str id);
/* The column `value` of a table that has just that one (ref[] and code[] fields), else NULL. */
const zh_field *zh_expr_only_column(const zh_field *table);
const zh_register *zh_expr_register(const zh_checker *c, zh_str id);
bool zh_expr_name_known(const zh_checker *c, const zh_names *names, zh_str name);
bool zh_expr_is_aggregate(zh_str name, zh_fold *fold);
const char *zh_expr_fold_name(zh_fold fold);
const char *zh_expr_kind_label(const zh_err *err, zh_kind kind);

/* ---- functions ------------------------------------------------------------------------------ */

/* args: one letter an argument; after '/' optional. d decimal, q quantity, t text, D date or
 * instant, m date, instant or text, p period, v period or range, l duration or decimal, x any
 * scalar; written out: n digits 0..18, r rounding, u unit. result: d, t, b boolean, T date, '=' as
 * the first. */
typedef struct zh_expr_function {
    const char *name;
    const char *args;
    char result;
    bool infix; /* written as an operator in print: covers overlaps & */
} zh_expr_function;

const zh_expr_function *zh_expr_function_of(zh_expr_fn fn);
/* ZH_ENOTFOUND: no function of that name (operators are not found). */
zh_rc zh_expr_function_find(zh_str name, zh_expr_fn *out) ZH_MUST;
void zh_expr_function_names(zh_nearest *nearest);
bool zh_expr_rounding(zh_str name, zh_rounding *out);

/* A function on evaluated arguments. */
zh_rc zh_expr_apply(const zh_expr *node, zh_env *env, const zh_value *args, zh_value *out,
                    zh_err *err) ZH_MUST;
/* `covers` of a range text: "a..b; c; d*", components by '|'. 1 yes, 0 no, -1 unknown. */
int zh_range_covers(zh_str range, zh_str item);

/* date or instant ± duration (sign 1 or -1) as a value of `kind`. */
zh_rc zh_expr_shift(zh_env *env, const zh_value *from, const zh_value *duration, int sign,
                    zh_kind kind, zh_value *out, zh_err *err) ZH_MUST;
/* zh_value_cmp, with grades and states by their position. `type`: a node of the values' type. */
zh_rc zh_expr_order(const zh_expr *type, const zh_value *a, const zh_value *b, int *order) ZH_MUST;

zh_rc zh_expr_eval(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
/* An environment for another record; self is kept. */
void zh_env_enter(zh_env *inner, const zh_env *outer, const zh_record *record);
/* expr_fold.c */
zh_rc zh_eval_fold(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
zh_rc zh_eval_group(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
zh_rc zh_eval_query(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
zh_rc zh_eval_rank(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
zh_rc zh_eval_chain(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;

/* ---- arithmetic (expr_math.c) --------------------------------------------------------------- */

/* Each names its result's digits in doc/expressions.md; ZH_ELIMIT: the result does not fit.
 * *known false: outside the function's domain (division by zero, logarithm of a negative). */
zh_rc zh_num_mul(zh_decimal a, zh_decimal b, zh_decimal *out) ZH_MUST;
zh_rc zh_num_div(zh_decimal a, zh_decimal b, zh_decimal *out, bool *known) ZH_MUST;
zh_rc zh_num_sqrt(zh_decimal x, uint8_t digits, zh_decimal *out, bool *known) ZH_MUST;
zh_rc zh_num_exp(zh_decimal x, uint8_t digits, zh_decimal *out) ZH_MUST;
zh_rc zh_num_ln(zh_decimal x, uint8_t digits, zh_decimal *out, bool *known) ZH_MUST;
zh_rc zh_num_log10(zh_decimal x, uint8_t digits, zh_decimal *out, bool *known) ZH_MUST;
zh_rc zh_num_pow(zh_decimal x, zh_decimal y, uint8_t digits, zh_decimal *out, bool *known) ZH_MUST;
/* 2^(-num/den), den > 0. */
zh_rc zh_num_half(zh_i128 num, zh_i128 den, uint8_t digits, zh_decimal *out) ZH_MUST;

#endif
