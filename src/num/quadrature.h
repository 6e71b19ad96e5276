/* Gauss-Legendre quadrature. Pure; binary64; any number of threads. */
#ifndef ZH_NUM_QUADRATURE_H
#define ZH_NUM_QUADRATURE_H

#include "base/base.h"

/* Nodes x and weights w of n >= 1 points on (lower, upper): zeros of the Legendre polynomial by
 * Newton's method on its three-term recurrence (P. J. Davis, P. Rabinowitz, Methods of Numerical
 * Integration, 2nd ed., 2.7). x and w have n elements, nodes ascend. */
void zh_gauss_legendre(size_t n, double lower, double upper, double *x, double *w);

#endif
