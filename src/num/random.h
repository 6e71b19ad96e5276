/* Random numbers that are the same on every machine for the same seed: xoshiro256++ and variates of
 * the common distributions.
 *
 * D. Blackman, S. Vigna, Scrambled linear pseudorandom number generators, ACM TOMS 47 (2021) no.
 * 36; seeded by splitmix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014). Not for secrets: draws
 * that must be unpredictable use the draw mechanism of the ledger. Logarithm and exponential are
 * computed here from additions, multiplications and divisions, so that a C library cannot change a
 * result.
 *
 * A generator belongs to one thread at a time; parallel work gives every task its own, seeded by
 * zh_random_seed_task. Arguments out of range are programmer errors (asserted). */
#ifndef ZH_NUM_RANDOM_H
#define ZH_NUM_RANDOM_H

#include "base/base.h"

typedef struct zh_random {
    uint64_t s[4];
    double spare; /* the second normal variate of a pair */
    bool has_spare;
} zh_random;

void zh_random_seed(zh_random *random, uint64_t seed);
/* The generator of task number `task` (a replicate, a zone) under one seed: results do not depend
 * on the order in which tasks run nor on the number of threads. */
void zh_random_seed_task(zh_random *random, uint64_t seed, uint64_t task);

/* 64 random bits. */
uint64_t zh_random_u64(zh_random *random);
/* The next n of them: the same as n calls, several times as fast. */
void zh_random_fill(zh_random *random, uint64_t *out, size_t n);
/* Uniform on [0, 1): a multiple of 2^-53. */
double zh_random_uniform(zh_random *random);
/* Uniform on 0 … n - 1 without bias, n > 0: D. Lemire, Fast random integer generation in an
 * interval, ACM TOMACS 29 (2019) no. 3. */
uint64_t zh_random_below(zh_random *random, uint64_t n);

/* Standard normal: the polar method, G. Marsaglia, T. A. Bray, SIAM Review 6 (1964) 260-264. */
double zh_random_normal(zh_random *random);
/* Exponential with mean 1, by inversion. */
double zh_random_exponential(zh_random *random);
/* Gamma with the given shape > 0 and scale 1: G. Marsaglia, W. W. Tsang, A simple method for
 * generating gamma variables, ACM TOMS 26 (2000) 363-372; shapes below 1 by their section 6. */
double zh_random_gamma(zh_random *random, double shape);
/* Poisson, 0 <= mean <= 1e15: inversion below 10, otherwise the transformed rejection PTRS of
 * W. Hörmann, Insurance: Mathematics and Economics 12 (1993) 39-45. */
int64_t zh_random_poisson(zh_random *random, double mean);
/* Binomial, n >= 0, 0 <= p <= 1: inversion while n min(p, 1 - p) < 10, otherwise BTRS of
 * W. Hörmann, Journal of Statistical Computation and Simulation 46 (1993) 101-110. */
int64_t zh_random_binomial(zh_random *random, int64_t n, double p);
/* n balls into k boxes with probabilities proportional to weight[0…k-1] (>= 0, finite, not all 0
 * when n > 0): a chain of conditional binomials. out has k elements. */
void zh_random_multinomial(zh_random *random, int64_t n, const double *weight, size_t k,
                           int64_t *out);
/* Shuffles the indices 0 … n - 1 already in `order` (Fisher and Yates). */
void zh_random_shuffle(zh_random *random, size_t *order, size_t n);

#endif
