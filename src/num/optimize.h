/* Minimum of a smooth function of a few variables whose gradient is known.
 *
 * Pure; any number of threads. */
#ifndef ZH_NUM_OPTIMIZE_H
#define ZH_NUM_OPTIMIZE_H

#include "base/base.h"

#define ZH_MINIMIZE_N_MAX 32

/* Value at x and, in gradient, its derivatives. Not finite: x is outside of the domain. */
typedef double (*zh_objective)(const double *x, double *gradient, void *context);

typedef struct zh_minimum {
    double value;
    double slope; /* largest component of the gradient at the minimum, in magnitude */
    size_t evaluations;
    bool converged; /* the last steps changed the value by less than the tolerance */
} zh_minimum;

/* Broyden, Fletcher, Goldfarb and Shanno's method, J. Nocedal, S. J. Wright, Numerical
 * Optimization, 2nd ed. (2006), algorithm 6.1, with a line search by doubling and halving for the
 * weak Wolfe conditions (3.6). x: the start, where the objective is
 * finite, and then the minimum found, which is local. Ends when two steps in a row change the value
 * by less than tolerance * (1 + |value|), or after evaluations_max. 1 <= n <= ZH_MINIMIZE_N_MAX
 * (asserted). */
zh_minimum zh_minimize(zh_objective objective, void *context, size_t n, double *x, double tolerance,
                       size_t evaluations_max);

#endif
