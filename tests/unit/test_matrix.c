/* Linear algebra: certified NIST values, matrices with known inverses and eigenvalues, identities
 * on random matrices (seed printed). */
#include "num/matrix.h"
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEED UINT64_C(7)

static void close_to(double got, double expected, double relative, const char *what)
{
    if (!(fabs(got - expected) <= relative * fmax(fabs(expected), 1e-300))) {
        fail_msg("%s: got %.17g, expected %.17g", what, got, expected);
    }
}

static zh_matrix random_matrix(zh_arena *arena, zh_random *random, size_t rows, size_t cols)
{
    zh_matrix m = zh_matrix_new(arena, rows, cols);
    for (size_t i = 0; i < rows * cols; i++) {
        m.v[i] = zh_random_normal(random);
    }
    return m;
}

static void is_identity(const zh_matrix *m, double within, const char *what)
{
    for (size_t i = 0; i < m->rows; i++) {
        for (size_t j = 0; j < m->cols; j++) {
            if (!(fabs(zh_matrix_at(m, i, j) - (i == j)) <= within)) {
                fail_msg("%s: (%zu, %zu) is %g", what, i, j, zh_matrix_at(m, i, j));
            }
        }
    }
}

/* The inverse of the Hilbert matrix of order 5 is known in whole numbers (first row 25, -300, 1050,
 * -1400, 630): M.-D. Choi, Tricks or treats with the Hilbert matrix, Amer. Math. Monthly 90 (1983).
 */
static void test_hilbert(void **state)
{
    (void)state;
    static const double first[] = {25, -300, 1050, -1400, 630};
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_matrix h = zh_matrix_new(arena, 5, 5);
    zh_matrix inverse = zh_matrix_new(arena, 5, 5);
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            h.v[i * 5 + j] = 1.0 / (double)(i + j + 1);
        }
    }
    assert_true(zh_matrix_inverse(arena, &h, &inverse, NULL) == ZH_OK);
    for (size_t j = 0; j < 5; j++) {
        close_to(inverse.v[j], first[j], 1e-10, "Hilbert by elimination");
    }
    assert_true(zh_cholesky(&h, NULL) == ZH_OK);
    zh_cholesky_inverse(&h, &inverse);
    double e1[5] = {1.0};
    zh_cholesky_solve(&h, e1);
    for (size_t j = 0; j < 5; j++) {
        close_to(inverse.v[j], first[j], 1e-10, "Hilbert by Cholesky");
        close_to(e1[j], first[j], 1e-10, "Hilbert solved");
    }
    zh_arena_free(arena);
}

static void test_identities(void **state)
{
    (void)state;
    print_message("seed %llu\n", (unsigned long long)SEED);
    zh_random random;
    zh_random_seed(&random, SEED);
    for (size_t n = 1; n <= 20; n++) {
        zh_arena *arena = zh_arena_new(1 << 22);
        zh_matrix a = random_matrix(arena, &random, n, n);
        zh_matrix inverse = zh_matrix_new(arena, n, n);
        zh_matrix product = zh_matrix_new(arena, n, n);
        assert_true(zh_matrix_inverse(arena, &a, &inverse, NULL) == ZH_OK);
        zh_matrix_multiply(&a, &inverse, &product);
        is_identity(&product, 1e-9, "a a^-1");

        zh_matrix spd = zh_matrix_new(arena, n, n);
        zh_matrix factor = zh_matrix_new(arena, n, n);
        zh_matrix tall = random_matrix(arena, &random, 3 * n, n);
        zh_matrix_crossproduct(&tall, NULL, &spd);
        memcpy(factor.v, spd.v, n * n * sizeof(double));
        assert_true(zh_cholesky(&factor, NULL) == ZH_OK);
        zh_cholesky_inverse(&factor, &inverse);
        zh_matrix_multiply(&spd, &inverse, &product);
        is_identity(&product, 1e-10, "s s^-1");

        double values[20];
        zh_matrix vectors = zh_matrix_new(arena, n, n);
        assert_true(zh_symmetric_eigen(arena, &spd, values, &vectors, NULL) == ZH_OK);
        zh_matrix_crossproduct(&vectors, NULL, &product);
        is_identity(&product, 1e-13, "v'v");
        zh_matrix_multiply(&spd, &vectors, &product);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++) {
                double expected = values[j] * zh_matrix_at(&vectors, i, j);
                assert_true(fabs(zh_matrix_at(&product, i, j) - expected) < 1e-12 * values[0]);
            }
            assert_true(i == 0 || values[i] <= values[i - 1]);
        }
        zh_arena_free(arena);
    }
}

/* Second differences: eigenvalues 2 - 2 cos(k pi / (n + 1)). */
static void test_eigen_known(void **state)
{
    (void)state;
    enum { N = 30 };
    zh_arena *arena = zh_arena_new(1 << 22);
    zh_matrix a = zh_matrix_new(arena, N, N);
    double values[N];
    for (size_t i = 0; i < N; i++) {
        a.v[i * N + i] = 2e200;
        if (i > 0) {
            a.v[i * N + i - 1] = -1e200;
        }
    }
    assert_true(zh_symmetric_eigen(arena, &a, values, NULL, NULL) == ZH_OK);
    for (size_t k = 0; k < N; k++) {
        double expected = 2.0 - 2.0 * cos((double)(N - k) * acos(-1.0) / (N + 1));
        close_to(values[k], 1e200 * expected, 1e-12, "second differences");
    }
    /* [[2, 1], [1, 2]]: 3 with (1, 1)/sqrt 2, 1 with (1, -1)/sqrt 2; the first component positive.
     */
    double v[4] = {2, 99, 1, 2};
    double w[4];
    zh_matrix small = {2, 2, v};
    zh_matrix vectors = {2, 2, w};
    assert_true(zh_symmetric_eigen(arena, &small, values, &vectors, NULL) == ZH_OK);
    close_to(values[0], 3.0, 1e-15, "3");
    close_to(values[1], 1.0, 1e-15, "1");
    close_to(w[0], sqrt(0.5), 1e-15, "v1");
    close_to(w[2], sqrt(0.5), 1e-15, "v1");
    close_to(w[1], sqrt(0.5), 1e-15, "v2");
    close_to(w[3], -sqrt(0.5), 1e-15, "v2");
    zh_arena_free(arena);
}

/* NIST StRD Longley, certified coefficients, standard errors and residual standard deviation. */
static void test_longley(void **state)
{
    (void)state;
    static double x[16 * 7] = {
        1, 83.0,  234289, 2356, 1590, 107608, 1947, 1, 88.5,  259426, 2325, 1456, 108632, 1948,
        1, 88.2,  258054, 3682, 1616, 109773, 1949, 1, 89.5,  284599, 3351, 1650, 110929, 1950,
        1, 96.2,  328975, 2099, 3099, 112075, 1951, 1, 98.1,  346999, 1932, 3594, 113270, 1952,
        1, 99.0,  365385, 1870, 3547, 115094, 1953, 1, 100.0, 363112, 3578, 3350, 116219, 1954,
        1, 101.2, 397469, 2904, 3048, 117388, 1955, 1, 104.6, 419180, 2822, 2857, 118734, 1956,
        1, 108.4, 442769, 2936, 2798, 120445, 1957, 1, 110.8, 444546, 4681, 2637, 121950, 1958,
        1, 112.6, 482704, 3813, 2552, 123366, 1959, 1, 114.2, 502601, 3931, 2514, 125368, 1960,
        1, 115.7, 518173, 4806, 2572, 127852, 1961, 1, 116.9, 554894, 4007, 2827, 130081, 1962};
    static const double y[16] = {60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                                 66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551};
    static const double coef[7] = {-3482258.63459582, 15.0618722713733,  -0.358191792925910E-01,
                                   -2.02022980381683, -1.03322686717359, -0.511041056535807E-01,
                                   1829.15146461355};
    static const double se[7] = {890420.383607373,  84.9149257747669,  0.334910077722432E-01,
                                 0.488399681651699, 0.214274163161675, 0.226073200069370,
                                 455.478499142212};
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_matrix m = {16, 7, x};
    zh_least_squares_fit fit;
    assert_true(zh_least_squares(arena, &m, y, NULL, &fit, NULL) == ZH_OK);
    assert_true(fit.df == 9 && fit.singular == 0);
    double sd = sqrt(fit.rss / 9.0);
    close_to(sd, 304.854073561965, 1e-10, "Longley sd");
    for (size_t j = 0; j < 7; j++) {
        close_to(fit.coef[j], coef[j], 1e-8, "Longley coefficient");
        close_to(sd * sqrt(zh_matrix_at(&fit.xtx_inverse, j, j)), se[j], 1e-8, "Longley se");
    }
    zh_arena_free(arena);
}

/* Residuals are orthogonal to the columns; whole-number weights are the same as repeated rows; a
 * column times 1e150 divides its coefficient; more rows than a block holds. */
static void test_least_squares_identities(void **state)
{
    (void)state;
    enum { N = 300, P = 4 };
    zh_arena *arena = zh_arena_new(1 << 22);
    zh_random random;
    zh_random_seed(&random, SEED);
    zh_matrix x = random_matrix(arena, &random, N, P);
    zh_matrix y = random_matrix(arena, &random, N, 1);
    double weights[N];
    size_t repeated = 0;
    for (size_t i = 0; i < N; i++) {
        weights[i] = (double)(i % 4);
        repeated += i % 4;
    }
    zh_least_squares_fit fit;
    assert_true(zh_least_squares(arena, &x, y.v, weights, &fit, NULL) == ZH_OK);
    assert_true(fit.rows_used == N / 4 * 3);
    zh_matrix long_x = zh_matrix_new(arena, repeated, P);
    double *long_y = ZH_NEW_N(arena, double, repeated);
    size_t at = 0;
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < i % 4; k++, at++) {
            memcpy(zh_matrix_row(&long_x, at), zh_matrix_row(&x, i), P * sizeof(double));
            long_x.v[at * P + 1] *= 1e150;
            long_y[at] = y.v[i];
        }
    }
    zh_least_squares_fit again;
    assert_true(zh_least_squares(arena, &long_x, long_y, NULL, &again, NULL) == ZH_OK);
    for (size_t j = 0; j < P; j++) {
        double scale = j == 1 ? 1e150 : 1.0;
        close_to(again.coef[j] * scale, fit.coef[j], 1e-11, "repeated rows");
        close_to(zh_matrix_at(&again.xtx_inverse, j, j) * scale * scale,
                 zh_matrix_at(&fit.xtx_inverse, j, j), 1e-11, "inverse");
        double sum = 0.0;
        for (size_t i = 0; i < N; i++) {
            sum += weights[i] * fit.residual[i] * zh_matrix_at(&x, i, j);
        }
        assert_true(fabs(sum) < 1e-11);
    }
    close_to(again.rss, fit.rss, 1e-12, "rss");
    zh_arena_free(arena);
}

static void test_refusals(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(1 << 26);
    zh_err err;
    /* The third column is the sum of the first two. */
    double x[] = {1, 2, 3, 1, 5, 6, 1, 7, 8, 1, 1, 2, 1, 0, 1};
    double y[] = {1, 2, 3, 4, 5};
    zh_matrix m = {5, 3, x};
    zh_least_squares_fit fit;
    zh_err_clear(&err);
    assert_true(zh_least_squares(arena, &m, y, NULL, &fit, &err) == ZH_EINVAL);
    assert_true(fit.singular == 3);
    assert_string_equal(err.rule, "regression.singular");
    assert_non_null(strstr(err.message, "第 3 列"));
    m = (zh_matrix){2, 3, x};
    zh_err_clear(&err);
    assert_true(zh_least_squares(arena, &m, y, NULL, &fit, &err) == ZH_EINVAL);
    assert_string_equal(err.rule, "regression.rows");
    m = (zh_matrix){5, 1, y};
    double weights[] = {1, 1, -1, 1, 1};
    zh_err_clear(&err);
    assert_true(zh_least_squares(arena, &m, y, weights, &fit, &err) == ZH_EINVAL);
    assert_string_equal(err.rule, "regression.value");
    /* Constant zero column. */
    double zero[5] = {0};
    m = (zh_matrix){5, 1, zero};
    assert_true(zh_least_squares(arena, &m, y, NULL, &fit, NULL) == ZH_EINVAL && fit.singular == 1);

    double indefinite[] = {1, 2, 2, 1};
    m = (zh_matrix){2, 2, indefinite};
    zh_err_clear(&err);
    assert_true(zh_cholesky(&m, &err) == ZH_EINVAL);
    assert_string_equal(err.rule, "matrix.positive_definite");
    double dependent[] = {1, 2, 2, 4};
    double room[4];
    m = (zh_matrix){2, 2, dependent};
    zh_matrix out = {2, 2, room};
    zh_err_clear(&err);
    assert_true(zh_matrix_inverse(arena, &m, &out, &err) == ZH_EINVAL);
    assert_string_equal(err.rule, "matrix.singular");

    /* Caps: at the cap and one more. */
    zh_matrix large = zh_matrix_new(arena, ZH_EIGEN_ORDER_MAX, ZH_EIGEN_ORDER_MAX);
    static double values[ZH_EIGEN_ORDER_MAX];
    assert_true(zh_symmetric_eigen(arena, &large, values, NULL, NULL) == ZH_OK);
    large = zh_matrix_new(arena, ZH_EIGEN_ORDER_MAX + 1, ZH_EIGEN_ORDER_MAX + 1);
    assert_true(zh_symmetric_eigen(arena, &large, values, NULL, NULL) == ZH_ELIMIT);
    large = zh_matrix_new(arena, ZH_SQUARE_ORDER_MAX, ZH_SQUARE_ORDER_MAX);
    for (size_t i = 0; i < large.rows; i++) {
        large.v[i * large.cols + i] = 4.0;
    }
    assert_true(zh_cholesky(&large, NULL) == ZH_OK);
    large = zh_matrix_new(arena, ZH_SQUARE_ORDER_MAX + 1, ZH_SQUARE_ORDER_MAX + 1);
    assert_true(zh_cholesky(&large, NULL) == ZH_ELIMIT);
    large = (zh_matrix){1, ZH_SQUARE_ORDER_MAX + 1, large.v};
    assert_true(zh_least_squares(arena, &large, y, NULL, &fit, NULL) == ZH_ELIMIT);

    zh_arena *tiny = zh_arena_new(100);
    assert_null(zh_matrix_new(tiny, 100, 100).v);
    assert_null(zh_matrix_new(tiny, SIZE_MAX, 2).v);
    zh_arena_free(tiny);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hilbert),     cmocka_unit_test(test_identities),
        cmocka_unit_test(test_eigen_known), cmocka_unit_test(test_longley),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_least_squares_identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
