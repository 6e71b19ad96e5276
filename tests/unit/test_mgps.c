/* Empirical Bayes screening and the minimiser it is fitted by.
 *
 * Expected values: scores published by openEBGM for CAERS 2012; identities with the distribution
 * functions of num/distribution.h, closed forms of a prior of one component, the likelihood written
 * out here, and the minima of test functions of the literature (H. H. Rosenbrock, The Computer
 * Journal 3 (1960) 175-184). Pairs are drawn from a printed seed. */
#include "engine/disproportionality.h"
#include "engine/mgps.h"
#include "num/distribution.h"
#include "num/optimize.h"
#include "num/random.h"
#include "num/special.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define PAIRS 3000

static zh_arena *arena;
static zh_random draws;
static double n[PAIRS];
static double e[PAIRS];

static int set_up(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    zh_random_seed(&draws, seed);
    arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    for (size_t i = 0; i < PAIRS; i++) {
        double lambda = zh_random_uniform(&draws) < 0.3 ? zh_random_gamma(&draws, 0.4) / 0.2
                                                        : zh_random_gamma(&draws, 6.0) / 6.0;
        e[i] = exp(1.5 * zh_random_normal(&draws));
        n[i] = (double)zh_random_poisson(&draws, lambda * e[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static void near(double given, double wanted, double relative)
{
    if (!(fabs(given - wanted) <= relative * fabs(wanted) + 1e-300)) {
        fail_msg("%.17g, wanted %.17g", given, wanted);
    }
}

/* ---- scores ---- */

static double mixture(const zh_mgps *m, double share, double count, double expected, double lambda,
                      unsigned tail)
{
    return share * zh_dist_gamma_cdf(lambda, m->alpha1 + count, m->beta1 + expected, tail) +
           (1.0 - share) * zh_dist_gamma_cdf(lambda, m->alpha2 + count, m->beta2 + expected, tail);
}

static void check_scores(const zh_mgps *m)
{
    static zh_mgps_score out[PAIRS];
    zh_err err = {0};
    assert_int_equal(zh_mgps_scores(arena, m, n, e, PAIRS, out, &err), ZH_OK);
    for (size_t i = 0; i < PAIRS; i++) {
        double f1 = zh_dist_negative_binomial_density_mu(n[i], m->alpha1,
                                                         m->alpha1 * e[i] / m->beta1, true);
        double f2 = zh_dist_negative_binomial_density_mu(n[i], m->alpha2,
                                                         m->alpha2 * e[i] / m->beta2, true);
        near(out[i].qn, 1.0 / (1.0 + (1.0 - m->p) / m->p * exp(f2 - f1)), 1e-9);
        if (out[i].eb05 > 0.0) {
            near(mixture(m, out[i].qn, n[i], e[i], out[i].eb05, ZH_TAIL_LOWER), 0.05, 1e-11);
        } else { /* below every number */
            assert_true(mixture(m, out[i].qn, n[i], e[i], 1e-300, ZH_TAIL_LOWER) > 0.05);
        }
        near(mixture(m, out[i].qn, n[i], e[i], out[i].eb95, ZH_TAIL_UPPER), 0.05, 1e-11);
        assert_true(out[i].eb05 < out[i].eb95 && out[i].ebgm < out[i].eb95);
    }
}

static void test_scores(void **state)
{
    (void)state;
    const zh_mgps priors[] = {{0.4, 0.2, 6.0, 6.0, 0.3},
                              {0.05, 0.01, 1.0, 1.0, 0.01},
                              {20.0, 2.0, 500.0, 500.0, 0.5},
                              {3.0, 1e-3, 2.0, 50.0, 0.999},
                              {1e-3, 1e-3, 1.0, 1e3, 0.5}};
    for (size_t i = 0; i < ZH_COUNTOF(priors); i++) {
        check_scores(&priors[i]);
    }
    e[0] = 1e-5; /* counts and expected numbers far apart */
    n[0] = 10000.0;
    e[1] = 1e6;
    n[1] = 0.0;
    e[2] = 3e5;
    n[2] = 301000.0;
    check_scores(&priors[0]);
}

static void test_one_component(void **state)
{
    (void)state;
    const zh_mgps m = {2.0, 3.0, 2.0, 3.0, 0.4};
    zh_mgps_score out[4];
    zh_err err = {0};
    const double counts[] = {0.0, 1.0, 7.0, 400.0};
    const double expected[] = {0.5, 2.0, 1.0, 300.0};
    assert_int_equal(zh_mgps_scores(arena, &m, counts, expected, 4, out, &err), ZH_OK);
    for (size_t i = 0; i < 4; i++) {
        double shape = 2.0 + counts[i];
        double rate = 3.0 + expected[i];
        near(out[i].qn, 0.4, 1e-12);
        near(out[i].ebgm, exp(zh_digamma(shape)) / rate, 1e-13);
        near(out[i].eb05, zh_dist_gamma_quantile(0.05, shape, rate, ZH_TAIL_LOWER), 1e-10);
        near(out[i].eb95, zh_dist_gamma_quantile(0.05, shape, rate, ZH_TAIL_UPPER), 1e-10);
    }
}

/* CAERS 2012 as openEBGM prints it in its vignette "Empirical Bayes Metrics with openEBGM" of
 * 2018-03-09: Qn to seven decimals, EBGM and quantiles to two (bisected, not rounded). */
static void test_published(void **state)
{
    (void)state;
    const zh_mgps m = {3.25379064, 0.39988801, 2.02613219, 1.90808279, 0.06534557};
    const double counts[] = {1, 1, 1, 1, 1, 16, 19, 6, 8, 11};
    const double expected[] = {0.0360548272, 0.0038736591, 0.0002979738, 0.0765792610, 0.0527413588,
                               0.40643623,   0.89690107,   0.07866508,   0.30482718,   0.56317044};
    const double qn[] = {0.2819736, 0.3409652, 0.3482316, 0.2226354, 0.2556668};
    const double eb05[] = {0.49, 0.52, 0.52, 0.47, 0.48, 15.68, 11.65, 10.16, 9.00, 8.98};
    const double ebgm[] = {2.23, 2.58, 2.63, 1.92, 2.09, 23.26, 16.78, 18.28, 15.25, 14.28};
    const double eb95[] = {13.85, 15.78, 16.02, 11.77, 12.95, 33.48, 23.55, 30.83, 24.52, 21.78};
    zh_mgps_score out[10];
    zh_err err = {0};
    assert_int_equal(zh_mgps_scores(arena, &m, counts, expected, 10, out, &err), ZH_OK);
    for (size_t i = 0; i < 10; i++) {
        assert_true(i >= 5 || fabs(out[i].qn - qn[i]) < 6e-8);
        assert_true(fabs(out[i].ebgm - ebgm[i]) < 0.0051);
        assert_true(fabs(out[i].eb05 - eb05[i]) < 0.0101);
        assert_true(fabs(out[i].eb95 - eb95[i]) < 0.0101);
    }
}

/* ---- fit ---- */

static double mass(double count, double alpha, double beta, double expected)
{
    return exp(lgamma(alpha + count) - lgamma(alpha) - lgamma(count + 1.0) +
               alpha * log(beta / (beta + expected)) + count * log(expected / (beta + expected)));
}

static double likelihood(const zh_mgps *m, size_t pairs, const double *weight, unsigned n_star)
{
    double sum = 0.0;
    for (size_t i = 0; i < pairs; i++) {
        double rest1 = 1.0;
        double rest2 = 1.0;
        for (unsigned k = 0; k < n_star; k++) {
            rest1 -= mass((double)k, m->alpha1, m->beta1, e[i]);
            rest2 -= mass((double)k, m->alpha2, m->beta2, e[i]);
        }
        sum -= weight[i] * log(m->p * mass(n[i], m->alpha1, m->beta1, e[i]) / rest1 +
                               (1.0 - m->p) * mass(n[i], m->alpha2, m->beta2, e[i]) / rest2);
    }
    return sum;
}

static void check_fit(size_t pairs, unsigned n_star)
{
    static double weight[PAIRS];
    zh_mgps_fit fit;
    zh_err err = {0};
    for (size_t i = 0; i < pairs; i++) {
        weight[i] = 1.0 + (double)(i % 3);
    }
    assert_int_equal(zh_mgps_estimate(arena, n, e, weight, pairs, n_star, &fit, &err), ZH_OK);
    assert_true(fit.converged);
    near(fit.neg_log_lik, likelihood(&fit.prior, pairs, weight, n_star), 1e-9);
    const zh_mgps truth = {0.4, 0.2, 6.0, 6.0, 0.3};
    assert_true(fit.neg_log_lik <= likelihood(&truth, pairs, weight, n_star));
    /* No step to either side is lower; but where the second component tends to the logarithmic
     * series (alpha2 to 0), the likelihood goes on falling by less than can be told. */
    for (int k = 0; k < 10; k++) {
        zh_mgps m = fit.prior;
        double *parameter[] = {&m.alpha1, &m.beta1, &m.alpha2, &m.beta2, &m.p};
        *parameter[k / 2] *= k % 2 == 0 ? 1.01 : 0.99;
        assert_true(likelihood(&m, pairs, weight, n_star) > fit.neg_log_lik * (1.0 - 1e-9));
    }
}

static void test_fit(void **state)
{
    (void)state;
    check_fit(PAIRS, 0);
    for (unsigned n_star = 1; n_star <= 2; n_star++) {
        size_t kept = 0;
        for (size_t i = 0; i < PAIRS; i++) {
            if (n[i] >= n_star) {
                n[kept] = n[i];
                e[kept++] = e[i];
            }
        }
        check_fit(kept < 700 ? kept : 700, n_star);
    }
}

static zh_rc scored(double count, double expected, zh_mgps prior)
{
    zh_mgps_score out;
    zh_err err = {0};
    zh_rc rc = zh_mgps_scores(arena, &prior, &count, &expected, 1, &out, &err);
    assert_true(rc == ZH_OK || err.message[0] != '\0');
    return rc;
}

static void test_refusals(void **state)
{
    (void)state;
    const zh_mgps m = {0.2, 0.1, 2.0, 4.0, 0.3};
    zh_mgps_fit fit;
    zh_err err = {0};
    assert_int_equal(scored(1.0, 1.0, m), ZH_OK);
    assert_int_equal(scored(ZH_MGPS_COUNT_MAX, 1e9, m), ZH_OK);
    assert_int_equal(scored(ZH_MGPS_COUNT_MAX + 1.0, 1.0, m), ZH_EINVAL);
    assert_int_equal(scored(-1.0, 1.0, m), ZH_EINVAL);
    assert_int_equal(scored(1.5, 1.0, m), ZH_EINVAL);
    assert_int_equal(scored(1.0, 0.0, m), ZH_EINVAL);
    assert_int_equal(scored(1.0, (double)NAN, m), ZH_EINVAL);
    assert_int_equal(scored(1.0, 1.0, (zh_mgps){0.2, 0.1, 2.0, 4.0, 1.0}), ZH_EINVAL);
    assert_int_equal(scored(1.0, 1.0, (zh_mgps){0.2, 0.0, 2.0, 4.0, 0.5}), ZH_EINVAL);
    assert_int_equal(zh_mgps_estimate(arena, n, e, NULL, 4, 0, &fit, &err), ZH_EINVAL);
    zh_err_clear(&err);
    n[0] = 0.0;
    assert_int_equal(zh_mgps_estimate(arena, n, e, NULL, 100, 1, &fit, &err), ZH_EINVAL);
    zh_err_clear(&err);
    assert_int_equal(zh_mgps_estimate(arena, n, e, NULL, 100, ZH_MGPS_STAR_MAX + 1, &fit, &err),
                     ZH_ELIMIT);
}

/* ---- the minimiser ---- */

static double rosenbrock(const double *x, double *g, void *context)
{
    (void)context;
    double a = 1.0 - x[0];
    double b = x[1] - x[0] * x[0];
    g[0] = -2.0 * a - 400.0 * x[0] * b;
    g[1] = 200.0 * b;
    return a * a + 100.0 * b * b;
}

/* sum (i + 1) (x_i - i)^2, outside of the domain beyond 100 */
static double bowl(const double *x, double *g, void *context)
{
    const size_t *size = context;
    double sum = 0.0;
    for (size_t i = 0; i < *size; i++) {
        double d = x[i] - (double)i;
        if (fabs(x[i]) > 100.0) {
            return (double)INFINITY;
        }
        g[i] = 2.0 * (double)(i + 1) * d;
        sum += (double)(i + 1) * d * d;
    }
    return sum;
}

static void test_minimize(void **state)
{
    (void)state;
    double x[ZH_MINIMIZE_N_MAX] = {-1.2, 1.0};
    zh_minimum m = zh_minimize(rosenbrock, NULL, 2, x, 1e-15, 1000);
    assert_true(m.converged && m.value < 1e-14);
    near(x[0], 1.0, 1e-6);
    near(x[1], 1.0, 1e-6);
    size_t size = ZH_MINIMIZE_N_MAX;
    for (size_t i = 0; i < size; i++) {
        x[i] = 99.0;
    }
    m = zh_minimize(bowl, &size, size, x, 1e-15, 1000);
    assert_true(m.converged);
    for (size_t i = 1; i < size; i++) {
        near(x[i], (double)i, 1e-6);
    }
    x[0] = -1.2;
    x[1] = 1.0;
    m = zh_minimize(rosenbrock, NULL, 2, x, 1e-15, 5);
    assert_false(m.converged);
}

/* ---- information components and databases ---- */

static void test_information(void **state)
{
    (void)state;
    zh_err err = {0};
    for (int turn = 0; turn < 50; turn++) {
        zh_two_by_two t = {zh_random_below(&draws, 50), 1 + zh_random_below(&draws, 500),
                           1 + zh_random_below(&draws, 500), 1 + zh_random_below(&draws, 9000)};
        zh_two_by_two turned = {t.a, t.c, t.b, t.d};
        zh_information x;
        zh_information y;
        assert_int_equal(zh_information_of(&t, 0.95, &x, &err), ZH_OK);
        assert_int_equal(zh_information_of(&turned, 0.95, &y, &err), ZH_OK);
        near(y.bcpnn, x.bcpnn, 1e-9);
        near(y.bcpnn_variance, x.bcpnn_variance, 1e-9);
        near(y.lower, x.lower, 1e-12);
        double total = (double)(t.a + t.b + t.c + t.d);
        double rate = (double)(t.a + t.b) * (double)(t.a + t.c) / total + 0.5;
        near(zh_dist_gamma_cdf(exp2(x.lower), (double)t.a + 0.5, rate, ZH_TAIL_LOWER), 0.025, 1e-9);
        near(zh_dist_gamma_cdf(exp2(x.upper), (double)t.a + 0.5, rate, ZH_TAIL_UPPER), 0.025, 1e-9);
    }
    zh_two_by_two none = {0, 0, 0, 0};
    zh_information x;
    assert_int_equal(zh_information_of(&none, 0.95, &x, &err), ZH_EINVAL);
}

static void test_pair_tables(void **state)
{
    (void)state;
    zh_counted_pair pairs[] = {{1, 0, 4}, {0, 1, 2}, {0, 0, 1}, {0, 1, 3}};
    size_t count = 4;
    zh_two_by_two *t;
    zh_err err = {0};
    assert_int_equal(zh_pair_tables(arena, pairs, &count, 2, 2, &t, &err), ZH_OK);
    assert_int_equal(count, 3);
    assert_true(t[1].a == 5 && t[1].b == 1 && t[1].c == 0 && t[1].d == 4); /* row 0, column 1 */
    assert_true(t[2].a == 4 && t[2].b == 0 && t[2].c == 1 && t[2].d == 5);
    pairs[0].n = ZH_TWO_BY_TWO_N_MAX + 1;
    assert_int_equal(zh_pair_tables(arena, pairs, &count, 2, 2, &t, &err), ZH_ELIMIT);
    zh_err_clear(&err);
    pairs[0].n = 0;
    count = 1;
    assert_int_equal(zh_pair_tables(arena, pairs, &count, 2, 2, &t, &err), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),           cmocka_unit_test(test_scores),
        cmocka_unit_test(test_one_component), cmocka_unit_test(test_published),
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_minimize),
        cmocka_unit_test(test_information),   cmocka_unit_test(test_pair_tables),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
