/* Gauss-Legendre quadrature. Pure; binary64; any number of threads. */
#ifndef ZH_NUM_QUADRATURE_H
#define ZH_NUM_QUADRATURE_H

#include "base/base.h"

#define ZH_GAUSS_NODES_MAX ((size_t)512)

/* Nodes x and weights w of 1 <= n <= ZH_GAUSS_NODES_MAX points (asserted) on (lower, upper): zeros
 * of the Legendre polynomial by its three-term recurrence (P. J. Davis, P. Rabinowitz, Methods of
 * Numerical Integration, 2nd ed., 2.7). x and w have n elements, nodes ascend. Nodes to 1e-15 of
 * the interval's length, weights to 1e-13 relative. */
void zh_gauss_legendre(size_t n, double lower, double upper, double *x, double *w);

#endif
