/* Random numbers: published output of the generators, and goodness of fit of the variates.
 *
 * Seeds are fixed, so a failure is a change of the code and not bad luck; chi-square bounds are at
 * 1e-6 by the Wilson-Hilferty approximation. Probabilities come from the C library's lgamma. */
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEED UINT64_C(20240607)

/* xoshiro256++ from state 1, 2, 3, 4: first outputs of the authors' C program as published in the
 * tests of rand_xoshiro (Rust). */
static void test_published_output(void **state)
{
    (void)state;
    static const uint64_t expected[] = {UINT64_C(41943041),
                                        UINT64_C(58720359),
                                        UINT64_C(3588806011781223),
                                        UINT64_C(3591011842654386),
                                        UINT64_C(9228616714210784205),
                                        UINT64_C(9973669472204895162),
                                        UINT64_C(14011001112246962877),
                                        UINT64_C(12406186145184390807),
                                        UINT64_C(15849039046786891736),
                                        UINT64_C(10450023813501588000)};
    zh_random r = {.s = {1, 2, 3, 4}};
    for (size_t i = 0; i < ZH_COUNTOF(expected); i++) {
        assert_true(zh_random_u64(&r) == expected[i]);
    }
    /* splitmix64 from 1234567: published on Rosetta Code. */
    zh_random_seed(&r, 1234567);
    assert_true(r.s[0] == UINT64_C(6457827717110365317));
    assert_true(r.s[1] == UINT64_C(3203168211198807973));
    assert_true(r.s[2] == UINT64_C(9817491932198370423));
    assert_true(r.s[3] == UINT64_C(4593380528125082431));
}

static void test_tasks_differ(void **state)
{
    (void)state;
    zh_random a;
    zh_random b;
    zh_random_seed_task(&a, 1, 2);
    zh_random_seed_task(&b, 1, 2);
    assert_true(zh_random_u64(&a) == zh_random_u64(&b));
    zh_random_seed_task(&a, 2, 1);
    assert_true(zh_random_u64(&a) != zh_random_u64(&b));
}

/* chi-square below its 1 - 1e-6 quantile by Wilson and Hilferty. */
static void fits(double chi2, double df, const char *what)
{
    double cube = 1.0 - 2.0 / (9.0 * df) + 4.753424 * sqrt(2.0 / (9.0 * df));
    if (!(chi2 < df * cube * cube * cube)) {
        fail_msg("%s: chi2 %.1f at %.0f degrees of freedom", what, chi2, df);
    }
}

static void test_below(void **state)
{
    (void)state;
    zh_random r;
    zh_random_seed(&r, SEED);
    size_t count[7] = {0};
    for (int i = 0; i < 70000; i++) {
        count[zh_random_below(&r, 7)]++;
    }
    double chi2 = 0.0;
    for (size_t i = 0; i < 7; i++) {
        chi2 += pow((double)count[i] - 1e4, 2.0) / 1e4;
    }
    fits(chi2, 6.0, "below 7");
    assert_true(zh_random_below(&r, 1) == 0);
    for (int i = 0; i < 100; i++) {
        assert_true(zh_random_below(&r, UINT64_C(3) << 62) < UINT64_C(3) << 62);
        double u = zh_random_uniform(&r);
        assert_true(u >= 0.0 && u < 1.0);
    }
}

enum { DRAWS = 40000, CELLS = 40 };

/* Probability integral transform: F(x) of a continuous variate is uniform. */
static void uniform_cells(const double *u, const char *what)
{
    double count[CELLS] = {0};
    double chi2 = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        assert_true(u[i] >= 0.0 && u[i] <= 1.0);
        count[(int)fmin(u[i] * CELLS, CELLS - 1)] += 1.0;
    }
    for (int i = 0; i < CELLS; i++) {
        chi2 += pow(count[i] - (double)DRAWS / CELLS, 2.0) / ((double)DRAWS / CELLS);
    }
    fits(chi2, CELLS - 1, what);
}

static void test_continuous(void **state)
{
    (void)state;
    static double u[DRAWS];
    zh_random r;
    zh_random_seed(&r, SEED);
    for (int i = 0; i < DRAWS; i++) {
        u[i] = 0.5 * erfc(-zh_random_normal(&r) / sqrt(2.0));
    }
    uniform_cells(u, "normal");
    for (int i = 0; i < DRAWS; i++) {
        u[i] = -expm1(-zh_random_exponential(&r));
    }
    uniform_cells(u, "exponential");
    /* Shape 1/2: half of a squared normal. Shape 2: 1 - (1 + x) exp(-x). */
    for (int i = 0; i < DRAWS; i++) {
        u[i] = erf(sqrt(zh_random_gamma(&r, 0.5)));
    }
    uniform_cells(u, "gamma 1/2");
    for (int i = 0; i < DRAWS; i++) {
        double x = zh_random_gamma(&r, 2.0);
        u[i] = 1.0 - (1.0 + x) * exp(-x);
    }
    uniform_cells(u, "gamma 2");
    assert_true(zh_random_gamma(&r, 1e-4) >= 0.0);
}

typedef double mass_function(double k, const double *parameter);

static double poisson_mass(double k, const double *mean)
{
    return exp(k * log(*mean) - *mean - lgamma(k + 1.0));
}

static double binomial_mass(double k, const double *np)
{
    return exp(lgamma(np[0] + 1.0) - lgamma(k + 1.0) - lgamma(np[0] - k + 1.0) + k * log(np[1]) +
               (np[0] - k) * log1p(-np[1]));
}

/* Cells of at least 20 expected draws; what is left beyond is one more cell. */
static void count_cells(const int64_t *x, mass_function *mass, const double *parameter,
                        const char *what)
{
    double chi2 = 0.0;
    double covered = 0.0;
    double cells = -1.0;
    double seen = 0.0;
    for (int64_t k = 0; k < 2000; k++) {
        double expected = DRAWS * mass((double)k, parameter);
        if (!(expected >= 20.0)) {
            continue;
        }
        double got = 0.0;
        for (int i = 0; i < DRAWS; i++) {
            got += x[i] == k;
        }
        chi2 += (got - expected) * (got - expected) / expected;
        covered += expected;
        seen += got;
        cells += 1.0;
    }
    if (DRAWS - covered > 5.0) {
        chi2 += pow(DRAWS - seen - (DRAWS - covered), 2.0) / (DRAWS - covered);
        cells += 1.0;
    }
    fits(chi2, cells, what);
}

static void test_counts(void **state)
{
    (void)state;
    static int64_t x[DRAWS];
    static const double means[] = {0.3, 9.9, 10.0, 30.0, 400.0};
    static const double binomials[][2] = {{7, 0.4}, {50, 0.1}, {50, 0.3}, {400, 0.75}, {1000, 0.5}};
    zh_random r;
    zh_random_seed(&r, SEED);
    for (size_t c = 0; c < ZH_COUNTOF(means); c++) {
        for (int i = 0; i < DRAWS; i++) {
            x[i] = zh_random_poisson(&r, means[c]);
        }
        count_cells(x, poisson_mass, &means[c], "poisson");
    }
    for (size_t c = 0; c < ZH_COUNTOF(binomials); c++) {
        for (int i = 0; i < DRAWS; i++) {
            x[i] = zh_random_binomial(&r, (int64_t)binomials[c][0], binomials[c][1]);
            assert_true(x[i] >= 0 && x[i] <= (int64_t)binomials[c][0]);
        }
        count_cells(x, binomial_mass, binomials[c], "binomial");
    }
    assert_true(zh_random_poisson(&r, 0.0) == 0);
    assert_true(zh_random_binomial(&r, 5, 0.0) == 0 && zh_random_binomial(&r, 5, 1.0) == 5);
}

/* Counts too large for cells: mean and variance of standardised draws. */
static void test_large_counts(void **state)
{
    (void)state;
    zh_random r;
    zh_random_seed(&r, SEED);
    double poisson[2] = {0};
    double binomial[2] = {0};
    int64_t n = (int64_t)1 << 40;
    for (int i = 0; i < DRAWS; i++) {
        double a = ((double)zh_random_poisson(&r, 1e14) - 1e14) / 1e7;
        double b =
            ((double)zh_random_binomial(&r, n, 0.25) - 0.25 * (double)n) / sqrt(0.1875 * (double)n);
        poisson[0] += a;
        poisson[1] += a * a;
        binomial[0] += b;
        binomial[1] += b * b;
    }
    assert_true(fabs(poisson[0]) < 5.0 * sqrt(DRAWS));
    assert_true(fabs(poisson[1] - DRAWS) < 5.0 * sqrt(2.0 * DRAWS));
    assert_true(fabs(binomial[0]) < 5.0 * sqrt(DRAWS));
    assert_true(fabs(binomial[1] - DRAWS) < 5.0 * sqrt(2.0 * DRAWS));
}

static void test_multinomial(void **state)
{
    (void)state;
    static const double weight[] = {0.0, 3.0, 1.0, 0.0, 6.0, 0.0};
    zh_random r;
    zh_random_seed(&r, SEED);
    double total[6] = {0};
    for (int i = 0; i < 2000; i++) {
        int64_t out[6];
        int64_t sum = 0;
        zh_random_multinomial(&r, 50, weight, 6, out);
        for (size_t j = 0; j < 6; j++) {
            assert_true(out[j] >= 0);
            sum += out[j];
            total[j] += (double)out[j];
        }
        assert_true(sum == 50);
    }
    double chi2 = 0.0;
    for (size_t j = 0; j < 6; j++) {
        double expected = 1e5 * weight[j] / 10.0;
        chi2 += expected > 0.0 ? pow(total[j] - expected, 2.0) / expected : total[j];
    }
    fits(chi2, 2.0, "multinomial");
    /* Weights whose running difference rounds: nothing is lost or negative. */
    static const double tenth[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    int64_t out[10];
    int64_t sum = 0;
    zh_random_multinomial(&r, 1000000, tenth, 10, out);
    for (size_t j = 0; j < 10; j++) {
        sum += out[j];
    }
    assert_true(sum == 1000000);
}

static void test_shuffle(void **state)
{
    (void)state;
    zh_random r;
    zh_random_seed(&r, SEED);
    double count[6] = {0};
    for (int i = 0; i < 6000; i++) {
        size_t order[3] = {0, 1, 2};
        zh_random_shuffle(&r, order, 3);
        assert_true(order[0] + order[1] + order[2] == 3 && order[0] != order[1]);
        count[order[0] * 2 + (order[1] > order[2])] += 1.0;
    }
    double chi2 = 0.0;
    for (size_t i = 0; i < 6; i++) {
        chi2 += (count[i] - 1000.0) * (count[i] - 1000.0) / 1000.0;
    }
    fits(chi2, 5.0, "shuffle");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_output),
        cmocka_unit_test(test_tasks_differ),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_continuous),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_large_counts),
        cmocka_unit_test(test_multinomial),
        cmocka_unit_test(test_shuffle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
