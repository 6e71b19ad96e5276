/* Measurement models written as formulas, with exact first and second derivatives.
 *
 *   + - * / ^ ( )   ^ binds tightest and to the right, then unary minus: -a^2 = -(a^2), 2^-3 = 1/8
 *   sqrt exp log sin cos tan   natural logarithm, radians
 *   numbers, the names given, and pi where no name is called pi
 *
 * Names are letters, digits, _ and ., or any characters outside ASCII, not beginning with a digit
 * or a dot. A formula is immutable after parsing; any number of threads may evaluate it, each with
 * its own arena. */
#ifndef ZH_ENGINE_FORMULA_H
#define ZH_ENGINE_FORMULA_H

#include "base/arena.h"
#include "base/err.h"

#define ZH_FORMULA_BYTES_MAX ((size_t)4096)
#define ZH_FORMULA_DEPTH_MAX 100 /* parentheses, signs and powers inside one another */
#define ZH_FORMULA_NAMES_MAX ((size_t)200)
#define ZH_FORMULA_BLOCK     256 /* argument sets evaluated at a time */

typedef struct zh_formula zh_formula;

/* Parses text; names[i] is argument i. Memory is the arena's. ZH_EINVAL with the position of what
 * is not understood: unknown name, misspelt function, missing parenthesis, a name given twice or
 * called like a function; ZH_ELIMIT: a cap. */
zh_rc zh_formula_parse(zh_arena *arena, zh_str text, const zh_str *names, size_t n,
                       const zh_formula **out, zh_err *err) ZH_MUST;

size_t zh_formula_names(const zh_formula *formula);
/* Operations of one evaluation. */
size_t zh_formula_size(const zh_formula *formula);

/* Values at x[0…n-1] sets of arguments, n <= ZH_FORMULA_BLOCK (asserted): argument i of set j is
 * x[i * ZH_FORMULA_BLOCK + j]. room has zh_formula_size * ZH_FORMULA_BLOCK numbers and is
 * overwritten; the values are out[0…n-1]. Outside the domain of a function a value is not finite.
 */
void zh_formula_values(const zh_formula *formula, const double *x, size_t n, double *room,
                       double *out);

/* Value, gradient and, unless NULL, Hessian (n by n, row by row) at x by automatic differentiation:
 * gradient in reverse, each Hessian row as the tangent of the reverse pass (A. Griewank, A.
 * Walther, Evaluating Derivatives, SIAM 2008, chapters 3 and 5). Not finite where a derivative does
 * not exist. ZH_ENOMEM. */
zh_rc zh_formula_derivatives(zh_arena *arena, const zh_formula *formula, const double *x,
                             double *value, double *gradient, double *hessian, zh_err *err) ZH_MUST;

#endif
