/* Boolean expressions as SQL conditions over the stored columns of one register.
 *
 * The condition is true for exactly the rows for which the evaluator says known true; unknown and
 * false rows do not match. Values become bound parameters only. What SQL cannot say exactly the
 * same way is refused, naming the part: the caller then evaluates in the program. */
#ifndef ZH_CORE_READ_FILTER_H
#define ZH_CORE_READ_FILTER_H

#include "core/read/read.h"
#include "model/expr.h"

/* Runs of neighbouring codes that a level or `within` may stand for. */
#define ZH_FILTER_RUNS_MAX ((size_t)500)

/* Appends the condition for rows of alias `alias` (the register's table, with history its version
 * table) to sql, and its parameters to binds. env gives arena, parameters and self for the parts
 * that do not depend on the row. On an error sql and binds hold a part and are of no use. ZH_EINVAL
 * with rule query.unsupported; errors of evaluating constants. */
zh_rc zh_filter_sql_env(zh_env *env, const zh_expr *root, const zh_register *reg, const char *alias,
                        zh_dialect dialect, bool history, zh_buf *sql, zh_binds *binds,
                        zh_err *err) ZH_MUST;
/* The same for programs without self and parameters. */
zh_rc zh_filter_sql(zh_arena *arena, const zh_expr *root, const zh_register *reg, const char *alias,
                    zh_dialect dialect, bool history, zh_buf *sql, zh_binds *binds,
                    zh_err *err) ZH_MUST;

/* The codes outside which a condition is never known true, when one of its and-parts says that a
 * code field is one of them: field = x, field within x, field@level = x; the fewest that a part
 * names. false: no part does, or all name more than max. */
bool zh_filter_codes(zh_env *env, const zh_expr *root, const zh_field *field, zh_str *out,
                     size_t max, size_t *n);

/* The first and last stored value of a date or datetime field outside which a condition is never
 * known true, by its and-parts that compare the field with constants; INT64_MIN, INT64_MAX: open.
 * false: no part compares it, both ends are open. */
bool zh_filter_span(zh_env *env, const zh_expr *root, const zh_field *field, int64_t *first,
                    int64_t *last);

#endif
