/* Control charts, run rules, run lengths, capability. Sources stand at each test; "NIST" is the
 * NIST/SEMATECH e-Handbook of Statistical Methods. */
#include "engine/engine.h"
#include "engine/spc.h"
#include "num/quadrature.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

static void close_to(double got, double expected, double slack)
{
    if (!(fabs(got - expected) <= slack)) {
        fail_msg("got %.17g, expected %.17g", got, expected);
    }
}

/* A fixed sequence of numbers between 0 and 1 (a linear congruence of Knuth, MMIX). */
static double uniform(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

/* ---- constants ---- */

/* d2 of n = 2..5 in closed form (Tippett 1925); d3 of n = 2 and 3 from E W^2 = 2 and 2 + 3
 * sqrt(3)/pi; the rest from H. L. Harter, Annals of Mathematical Statistics 31 (1960) 1122-1147, to
 * 5 digits. */
static void test_constants(void **state)
{
    (void)state;
    double root = sqrt(PI);
    double atn = atan(sqrt(2.0));
    close_to(zh_spc_d2(2), 2 / root, 1e-14);
    close_to(zh_spc_d2(3), 3 / root, 1e-14);
    close_to(zh_spc_d2(4), 12 * atn / (PI * root), 1e-14);
    close_to(zh_spc_d2(5), 30 * atn / (PI * root) - 5 / root, 1e-14);
    close_to(zh_spc_d3_exact(2), sqrt(2 - 4 / PI), 1e-11);
    close_to(zh_spc_d3_exact(3), sqrt(2 + 3 * sqrt(3.0) / PI - 9 / PI), 1e-11);
    static const double d3[] = {0.85250, 0.88837, 0.87981, 0.86408, 0.84804,
                                0.83321, 0.81983, 0.80783, 0.79705};
    for (size_t n = 2; n <= 10; n++) {
        close_to(zh_spc_d3_exact(n), d3[n - 2], 6e-6);
        close_to(zh_spc_d3(n), zh_spc_d3_exact(n), 2e-5);
    }
    close_to(zh_spc_d3(50), zh_spc_d3_exact(50), 3e-5);
    close_to(zh_spc_c4(2), sqrt(2 / PI), 1e-15);
    close_to(zh_spc_c4(3), root / 2, 1e-15);
    /* Where the series takes over, c4(n) c4(n+1) = sqrt((n-1)/n) by the recurrence of Gamma. */
    for (size_t n = 100; n < 140; n++) {
        close_to(zh_spc_c4(n) * zh_spc_c4(n + 1), sqrt(((double)n - 1) / (double)n), 1e-13);
    }
}

/* GB/T 17989.2 (ISO 7870-2:2013), table 2. */
static void test_table_of_factors(void **state)
{
    (void)state;
    static const double factors[9][7] = {
        /* A2 A3 B3 B4 D3 D4 c4 */
        {1.880, 2.659, 0, 3.267, 0, 3.267, 0.7979},
        {1.023, 1.954, 0, 2.568, 0, 2.575, 0.8862},
        {0.729, 1.628, 0, 2.266, 0, 2.282, 0.9213},
        {0.577, 1.427, 0, 2.089, 0, 2.114, 0.9400},
        {0.483, 1.287, 0.030, 1.970, 0, 2.004, 0.9515},
        {0.419, 1.182, 0.118, 1.882, 0.076, 1.924, 0.9594},
        {0.373, 1.099, 0.185, 1.815, 0.136, 1.864, 0.9650},
        {0.337, 1.032, 0.239, 1.761, 0.184, 1.816, 0.9693},
        {0.308, 0.975, 0.284, 1.716, 0.223, 1.777, 0.9727},
    };
    for (size_t n = 2; n <= 10; n++) {
        const double *f = factors[n - 2];
        zh_spc_constants c;
        assert_int_equal(zh_spc_constants_of(n, &c, NULL), ZH_OK);
        close_to(c.a2, f[0], 6e-4);
        close_to(c.a3, f[1], 6e-4);
        close_to(c.b3, f[2], 6e-4);
        close_to(c.b4, f[3], 6e-4);
        close_to(c.d3_lower, f[4], 6e-4);
        close_to(c.d4_upper, f[5], 6e-4);
        close_to(c.c4, f[6], 6e-5);
        close_to(c.e2, 2.660, 2e-3);
    }
    zh_spc_constants c;
    assert_int_equal(zh_spc_constants_of(ZH_SPC_RANGE_SIZE_MAX, &c, NULL), ZH_OK);
    assert_int_equal(zh_spc_constants_of(ZH_SPC_RANGE_SIZE_MAX + 1, &c, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_constants_of(1, &c, NULL), ZH_EINVAL);
}

/* Gauss-Legendre with n nodes is exact for polynomials up to degree 2n - 1. */
static void test_quadrature(void **state)
{
    (void)state;
    double x[ZH_GAUSS_NODES_MAX];
    double w[ZH_GAUSS_NODES_MAX];
    static const size_t sizes[] = {1, 2, 3, 7, 40, 61, 200, ZH_GAUSS_NODES_MAX};
    for (size_t s = 0; s < ZH_COUNTOF(sizes); s++) {
        size_t n = sizes[s];
        size_t degree = 2 * n - 1 < 59 ? 2 * n - 1 : 59;
        double sum = 0;
        double weights = 0;
        zh_gauss_legendre(n, 0.0, 1.0, x, w);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || x[i] > x[i - 1]);
            sum += w[i] * pow(x[i], (double)degree);
            weights += w[i];
        }
        close_to(weights, 1.0, 1e-13);
        close_to(sum, 1.0 / ((double)degree + 1.0), 1e-14);
    }
    zh_gauss_legendre(2, -1.0, 1.0, x, w);
    close_to(x[1], 1 / sqrt(3.0), 1e-15);
}

/* ---- charts ---- */

struct rows {
    size_t start[400];
    zh_subgroups data;
};

/* n subgroups of `size` from v. */
static const zh_subgroups *rows_of(struct rows *rows, const double *v, size_t n, size_t size)
{
    for (size_t i = 0; i <= n; i++) {
        rows->start[i] = i * size;
    }
    rows->data = (zh_subgroups){n, rows->start, v};
    return &rows->data;
}

static const double flow[] = {49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1};

/* NIST 6.3.2.2: mean 50.81, mean moving range 1.8778; the limits there take d2 as 1.128. */
static void test_individuals(void **state)
{
    zh_arena *arena = *state;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    struct rows rows;
    zh_chart chart;
    zh_moving_range mr;
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 10, 1), &o, &chart, NULL), ZH_OK);
    close_to(chart.center, 50.81, 1e-12);
    close_to(chart.ucl[0], 55.8041, 3e-3);
    close_to(chart.lcl[9], 45.8159, 3e-3);
    assert_int_equal(zh_spc_moving_range(arena, flow, 10, 3, &mr, NULL), ZH_OK);
    close_to(mr.center, 1.8778, 5e-5);
    close_to(mr.ucl, 3.267 * mr.center, 1e-3);
    assert_true(mr.lcl == 0.0 && mr.n == 9);
    o.sigma = ZH_SIGMA_SD;
    assert_int_equal(zh_spc_chart(arena, &rows.data, &o, &chart, NULL), ZH_OK);
    close_to(chart.std_dev * zh_spc_c4(10), 2.0338523927649104,
             1e-12); /* Python, statistics.stdev */
}

/* NIST 6.3.3.1, wafer defects: c-bar 16, limits 4 and 28. NIST 6.3.3.2: p-bar .2313, .0524 and
 * .4102. */
static void test_counts(void **state)
{
    zh_arena *arena = *state;
    static const double defects[] = {16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14,
                                     16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13};
    static const double failed[] = {12, 15, 8, 10, 4,  7,  16, 9,  14, 10, 5,  6, 17, 12, 22,
                                    8,  10, 5, 13, 11, 20, 18, 24, 15, 9,  12, 7, 13, 9,  6};
    double sizes[30];
    for (size_t i = 0; i < 30; i++) {
        sizes[i] = 50;
    }
    zh_chart chart;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_C);
    assert_int_equal(zh_spc_count_chart(arena, defects, NULL, 25, &o, &chart, NULL), ZH_OK);
    close_to(chart.center, 16, 1e-12);
    close_to(chart.lcl[0], 4, 1e-12);
    close_to(chart.ucl[0], 28, 1e-12);
    for (size_t i = 0; i < 25; i++) {
        /* 28 lies on the limit, 31 beyond it. */
        assert_int_equal(chart.beyond[i], i == 23);
    }
    o.type = ZH_CHART_P;
    assert_int_equal(zh_spc_count_chart(arena, failed, sizes, 30, &o, &chart, NULL), ZH_OK);
    close_to(chart.center, 0.2313, 5e-5);
    close_to(chart.lcl[0], 0.0524, 5e-5);
    close_to(chart.ucl[0], 0.4102, 5e-5);
    assert_true(chart.beyond[14] && chart.beyond[22] && !chart.beyond[20]);
    /* np is p times the size, point by point. */
    zh_chart np;
    o.type = ZH_CHART_NP;
    sizes[3] = 80;
    assert_int_equal(zh_spc_count_chart(arena, failed, sizes, 30, &o, &np, NULL), ZH_OK);
    o.type = ZH_CHART_P;
    assert_int_equal(zh_spc_count_chart(arena, failed, sizes, 30, &o, &chart, NULL), ZH_OK);
    assert_non_null(np.centers);
    for (size_t i = 0; i < 30; i++) {
        close_to(np.ucl[i], chart.ucl[i] * sizes[i], 1e-12);
        close_to(np.centers[i], chart.center * sizes[i], 1e-12);
        assert_int_equal(np.beyond[i], chart.beyond[i]);
    }
}

/* Limits by probability are quantiles: of c-bar = 16 at 0.9973 (Poisson, R: qpois(0.00135, 16) = 5,
 * qpois(0.99865, 16) = 29); for X-bar the same as 3 sigma at 2 Phi(3) - 1. */
static void test_probability_limits(void **state)
{
    zh_arena *arena = *state;
    static const double c[] = {16, 15, 17, 16};
    zh_chart chart;
    zh_chart normal;
    struct rows rows;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_C);
    o.confidence = 0.9973;
    assert_int_equal(zh_spc_count_chart(arena, c, NULL, 4, &o, &chart, NULL), ZH_OK);
    assert_true(chart.lcl[0] == 5 && chart.ucl[0] == 29);
    o = zh_chart_options_of(ZH_CHART_XBAR);
    const zh_subgroups *data = rows_of(&rows, flow, 5, 2);
    assert_int_equal(zh_spc_chart(arena, data, &o, &normal, NULL), ZH_OK);
    o.confidence = 0.99730020393673979;
    assert_int_equal(zh_spc_chart(arena, data, &o, &chart, NULL), ZH_OK);
    close_to(chart.ucl[0], normal.ucl[0], 1e-9);
    /* The range of two: P(R <= r) = 2 Phi(r/(sigma sqrt 2)) - 1. */
    o.type = ZH_CHART_R;
    assert_int_equal(zh_spc_chart(arena, data, &o, &chart, NULL), ZH_OK);
    close_to(erf(chart.ucl[0] / chart.std_dev / 2.0), 1 - 0.00134989803163, 1e-9);
    /* The deviation of two is |difference|/sqrt 2. */
    o.type = ZH_CHART_S;
    assert_int_equal(zh_spc_chart(arena, data, &o, &chart, NULL), ZH_OK);
    close_to(erf(chart.ucl[0] / chart.std_dev / sqrt(2.0)), 1 - 0.00134989803163, 1e-9);
}

/* The chart of a x + b is a times the chart of x, plus b, for every method; the offset 1e9 costs no
 * more than its rounding. */
static void test_equivariance(void **state)
{
    zh_arena *arena = *state;
    uint64_t seed = 20261122;
    printf("seed %llu\n", (unsigned long long)seed);
    double x[200];
    double y[200];
    for (size_t i = 0; i < 200; i++) {
        x[i] = floor(uniform(&seed) * 1000.0) / 8.0;
        y[i] = x[i] * 4.0 + 1e9;
    }
    static const struct {
        zh_chart_type type;
        zh_sigma_method sigma;
        size_t size;
        double shift;
    } cases[] = {
        {ZH_CHART_XBAR, ZH_SIGMA_UWAVE_R, 4, 1e9}, {ZH_CHART_XBAR, ZH_SIGMA_UWAVE_SD, 4, 1e9},
        {ZH_CHART_XBAR, ZH_SIGMA_MVLUE_R, 5, 1e9}, {ZH_CHART_XBAR, ZH_SIGMA_MVLUE_SD, 5, 1e9},
        {ZH_CHART_XBAR, ZH_SIGMA_RMSDF, 8, 1e9},   {ZH_CHART_R, ZH_SIGMA_DEFAULT, 5, 0},
        {ZH_CHART_S, ZH_SIGMA_DEFAULT, 5, 0},      {ZH_CHART_S, ZH_SIGMA_RMSDF, 40, 0},
        {ZH_CHART_XBAR_ONE, ZH_SIGMA_MR, 1, 1e9},  {ZH_CHART_XBAR_ONE, ZH_SIGMA_SD, 1, 1e9}};
    for (size_t k = 0; k < ZH_COUNTOF(cases); k++) {
        zh_chart a;
        zh_chart b;
        struct rows rows;
        zh_chart_options o = zh_chart_options_of(cases[k].type);
        o.sigma = cases[k].sigma;
        size_t n = 200 / cases[k].size;
        assert_int_equal(zh_spc_chart(arena, rows_of(&rows, x, n, cases[k].size), &o, &a, NULL),
                         ZH_OK);
        assert_int_equal(zh_spc_chart(arena, rows_of(&rows, y, n, cases[k].size), &o, &b, NULL),
                         ZH_OK);
        close_to(b.std_dev, 4.0 * a.std_dev, 1e-9 * a.std_dev);
        for (size_t i = 0; i < n; i++) {
            close_to(b.ucl[i], 4.0 * a.ucl[i] + cases[k].shift, 1e-6);
            close_to(b.lcl[i], fmax(4.0 * a.lcl[i] + cases[k].shift, cases[k].shift > 0 ? -1e9 : 0),
                     1e-6);
            assert_int_equal(a.beyond[i], b.beyond[i]);
        }
    }
}

/* Phase II: what the baseline estimates, given as known, makes the same chart. */
static void test_baseline(void **state)
{
    zh_arena *arena = *state;
    struct rows rows;
    zh_chart a;
    zh_chart b;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    const zh_subgroups *data = rows_of(&rows, flow, 10, 1);
    o.baseline = 6;
    assert_int_equal(zh_spc_chart(arena, data, &o, &a, NULL), ZH_OK);
    close_to(a.center, (49.6 + 47.6 + 49.9 + 51.3 + 47.8 + 51.2) / 6, 1e-12);
    o.baseline = 0;
    o.center = a.center;
    o.std_dev = a.std_dev;
    assert_int_equal(zh_spc_chart(arena, data, &o, &b, NULL), ZH_OK);
    assert_memory_equal(a.ucl, b.ucl, 10 * sizeof(double));
    o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    o.baseline = 11;
    assert_int_equal(zh_spc_chart(arena, data, &o, &b, NULL), ZH_EINVAL);
}

/* A subgroup of one unit is plotted and does not estimate sigma. */
static void test_uneven(void **state)
{
    zh_arena *arena = *state;
    static const double v[] = {1, 3, 5, 2, 6, 4};
    static const size_t start[] = {0, 2, 3, 6};
    zh_subgroups data = {3, start, v};
    zh_chart chart;
    zh_err err = {0};
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR);
    assert_int_equal(zh_spc_chart(arena, &data, &o, &chart, &err), ZH_OK);
    close_to(chart.std_dev, (2 / zh_spc_d2(2) + 4 / zh_spc_d2(3)) / 2, 1e-14);
    close_to(chart.center, 21.0 / 6, 1e-14);
    close_to(chart.ucl[1] - chart.center, 3 * chart.std_dev, 1e-13);
    close_to(chart.ucl[2] - chart.center, 3 * chart.std_dev / sqrt(3.0), 1e-13);
    o.type = ZH_CHART_R;
    assert_int_equal(zh_spc_chart(arena, &data, &o, &chart, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "spc.size");
    assert_non_null(strstr(err.message, "第 2 个"));
}

static void test_refused_charts(void **state)
{
    zh_arena *arena = *state;
    struct rows rows;
    zh_chart chart;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR);
    static const double counts[] = {3, -1};
    static const double sizes[] = {2, 5};
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 0, 1), &o, &chart, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 10, 1), &o, &chart, NULL), ZH_EINVAL);
    o.sigma = ZH_SIGMA_MR;
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 5, 2), &o, &chart, NULL), ZH_EINVAL);
    o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 5, 2), &o, &chart, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 1, 1), &o, &chart, NULL), ZH_EINVAL);
    o.nsigmas = 0;
    assert_int_equal(zh_spc_chart(arena, rows_of(&rows, flow, 10, 1), &o, &chart, NULL), ZH_EINVAL);
    o = zh_chart_options_of(ZH_CHART_P);
    assert_int_equal(zh_spc_count_chart(arena, counts, sizes, 1, &o, &chart, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_count_chart(arena, counts, NULL, 1, &o, &chart, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_count_chart(arena, counts, sizes, 0, &o, &chart, NULL), ZH_EINVAL);
    o.type = ZH_CHART_C;
    assert_int_equal(zh_spc_count_chart(arena, counts, NULL, 2, &o, &chart, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_count_chart(arena, sizes, sizes, 2, &o, &chart, NULL), ZH_EINVAL);
    double *many = zh_arena_try(arena, (ZH_SPC_EXACT_MAX + 1) * sizeof(double));
    assert_non_null(many);
    o.confidence = 0.99;
    assert_int_equal(zh_spc_count_chart(arena, many, NULL, ZH_SPC_EXACT_MAX + 1, &o, &chart, NULL),
                     ZH_ELIMIT);
    assert_int_equal(zh_spc_count_chart(arena, many, NULL, 1000, &o, &chart, NULL), ZH_OK);
    o.type = ZH_CHART_G;
    assert_int_equal(zh_spc_count_chart(arena, many, NULL, 1000, &o, &chart, NULL), ZH_EINVAL);
}

/* Every allocation refused in turn: an error each time, nothing else. */
static void test_memory(void **state)
{
    zh_arena *arena = *state;
    struct rows rows;
    zh_chart chart;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR);
    const zh_subgroups *data = rows_of(&rows, flow, 5, 2);
    zh_rc rc = ZH_ENOMEM;
    for (uint64_t n = 1; rc != ZH_OK && n < 100; n++) {
        (void)zh_alloc_fail_at(n);
        rc = zh_spc_chart(arena, data, &o, &chart, NULL);
        assert_true(rc == ZH_OK || rc == ZH_ENOMEM);
    }
    (void)zh_alloc_fail_at(0);
    assert_int_equal(rc, ZH_OK);
}

/* ---- charts with memory ---- */

/* NIST 6.3.2.4: EWMA from 50 with lambda 0.3 and s 2.0539, limits 52.5884 and 47.4115. */
static void test_ewma(void **state)
{
    zh_arena *arena = *state;
    static const double x[] = {52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5,
                               49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1};
    static const double ewma[] = {50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75,
                                  49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05,
                                  49.38, 49.92, 50.73, 51.23, 51.94, 51.99};
    struct rows rows;
    zh_ewma_chart chart;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    o.center = 50;
    o.std_dev = 2.0539;
    const zh_subgroups *data = rows_of(&rows, x, 20, 1);
    assert_int_equal(zh_spc_ewma(arena, data, &o, 0.3, &chart, NULL), ZH_OK);
    for (size_t i = 0; i < 20; i++) {
        close_to(chart.ewma[i], ewma[i], 6e-3);
        assert_false(chart.beyond[i]);
    }
    close_to(chart.ucl[19], 52.5884, 1e-4);
    close_to(chart.lcl[19], 47.4115, 2e-4);
    close_to(chart.ucl[0], 50 + 3 * 2.0539 * 0.3, 1e-12);
    /* With lambda 1 it is the Shewhart chart. */
    zh_chart shewhart;
    assert_int_equal(zh_spc_chart(arena, data, &o, &shewhart, NULL), ZH_OK);
    assert_int_equal(zh_spc_ewma(arena, data, &o, 1.0, &chart, NULL), ZH_OK);
    for (size_t i = 0; i < 20; i++) {
        close_to(chart.ewma[i], x[i], 1e-12);
        close_to(chart.ucl[i], shewhart.ucl[i], 1e-12);
    }
    assert_int_equal(zh_spc_ewma(arena, data, &o, 0.0, &chart, NULL), ZH_EINVAL);
    o.std_dev = 0.0;
    assert_int_equal(zh_spc_ewma(arena, data, &o, 0.3, &chart, NULL), ZH_EINVAL);
}

/* C_i = S_i - min(0, S_1, …, S_i) with S the sums of z - k (E. S. Page, Biometrika 41 (1954)
 * 100-115). */
static void test_cusum(void **state)
{
    zh_arena *arena = *state;
    struct rows rows;
    zh_cusum_chart chart;
    zh_cusum_chart mirror;
    double negated[10];
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    assert_int_equal(zh_spc_cusum(arena, rows_of(&rows, flow, 10, 1), &o, 2, 1, 0, &chart, NULL),
                     ZH_OK);
    double sum = 0;
    double least = 0;
    for (size_t i = 0; i < 10; i++) {
        sum += (flow[i] - chart.center) / chart.std_dev - 0.5;
        least = fmin(least, sum);
        close_to(chart.pos[i], sum - least, 1e-12);
        assert_int_equal(chart.above[i], sum - least > 2);
        negated[i] = -flow[i];
    }
    assert_int_equal(
        zh_spc_cusum(arena, rows_of(&rows, negated, 10, 1), &o, 2, 1, 0, &mirror, NULL), ZH_OK);
    for (size_t i = 0; i < 10; i++) {
        close_to(mirror.neg[i], -chart.pos[i], 1e-12);
        assert_int_equal(mirror.below[i], chart.above[i]);
    }
    assert_int_equal(zh_spc_cusum(arena, rows_of(&rows, flow, 10, 1), &o, 0, 1, 0, &chart, NULL),
                     ZH_EINVAL);
}

/* Of individuals, T2 sums to p (m - 1) and does not change under x -> A x + b. */
static void test_t2(void **state)
{
    zh_arena *arena = *state;
    uint64_t seed = 7;
    double v[60];
    double u[60];
    for (size_t i = 0; i < 20; i++) {
        double common = uniform(&seed);
        for (size_t j = 0; j < 3; j++) {
            v[i * 3 + j] = uniform(&seed) + common;
        }
        u[i * 3] = v[i * 3] + 2 * v[i * 3 + 1];
        u[i * 3 + 1] = v[i * 3 + 1] - v[i * 3 + 2] + 100;
        u[i * 3 + 2] = 5 * v[i * 3 + 2];
    }
    zh_matrix a = {20, 3, v};
    zh_matrix b = {20, 3, u};
    zh_t2_chart x;
    zh_t2_chart y;
    assert_int_equal(zh_spc_t2_individual(arena, &a, 0.99, &x, NULL), ZH_OK);
    assert_int_equal(zh_spc_t2_individual(arena, &b, 0.99, &y, NULL), ZH_OK);
    double sum = 0;
    for (size_t i = 0; i < 20; i++) {
        sum += x.t2[i];
        close_to(x.t2[i], y.t2[i], 1e-8);
    }
    close_to(sum, 3 * 19, 1e-9);
    /* One characteristic: T2 of the subgroup means is n (mean - centre)^2/variance within. */
    zh_matrix one = {10, 2, v};
    zh_t2_chart t;
    assert_int_equal(zh_spc_t2_subgroup(arena, &one, 1, 0.99, &t, NULL), ZH_OK);
    double within = 0;
    for (size_t i = 0; i < 10; i++) {
        within += (v[2 * i] - v[2 * i + 1]) * (v[2 * i] - v[2 * i + 1]) / 2 / 10;
    }
    double mean = (v[0] + v[1]) / 2 - t.center[0];
    close_to(t.t2[0], 2 * mean * mean / within, 1e-10);
    for (size_t i = 0; i < 20; i++) {
        u[i * 3 + 2] = u[i * 3] - u[i * 3 + 1];
    }
    zh_err err = {0};
    assert_int_equal(zh_spc_t2_individual(arena, &b, 0.99, &x, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "spc.covariance");
    a.rows = 4;
    assert_int_equal(zh_spc_t2_individual(arena, &a, 0.99, &x, NULL), ZH_EINVAL);
}

/* ---- run rules ---- */

struct pattern {
    zh_run_rule rule;
    size_t n;
    double x[20];
    size_t hits; /* bits of the points expected, the first is bit 0 */
};

static void expect_pattern(const struct pattern *p)
{
    static const double center = 0;
    static const double sigma = 1;
    bool hits[20];
    zh_run_input in = {p->n, p->x, &center, 1, &sigma, 1};
    assert_int_equal(zh_spc_run_rule(&in, p->rule, hits, NULL), ZH_OK);
    for (size_t i = 0; i < p->n; i++) {
        if (hits[i] != ((p->hits >> i) & 1)) {
            fail_msg("%s: point %zu is %d", zh_run_rule_name(p->rule), i + 1, hits[i]);
        }
    }
}

#define POINT(i) ((size_t)1 << ((i)-1))

/* The definitions of Western Electric (1956) and Nelson (1984), point by point; a bound itself is
 * not beyond it, an interrupted or a levelled pattern starts again. */
static void test_rules(void **state)
{
    (void)state;
    static const struct pattern patterns[] = {
        {ZH_RULE_WE1, 5, {0, 3, 3.01, -3.01, 0}, POINT(3) | POINT(4)},
        {ZH_RULE_WE2, 6, {2.5, 0, 2.1, 0, -2.1, 2.1}, POINT(3)},
        {ZH_RULE_WE2, 4, {2.5, 2.5, 0, 2.5}, POINT(4)},
        {ZH_RULE_WE2, 4, {2.5, -2.5, 0, 2.0}, 0},
        {ZH_RULE_WE3, 7, {1.5, 1.5, 0, 1.5, 1.5, -1.5, 1.5}, POINT(5)},
        {ZH_RULE_WE4, 10, {-1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, POINT(9) | POINT(10)},
        {ZH_RULE_WE4, 10, {1, 1, 1, 1, 0, 1, 1, 1, 1, 1}, 0},
        {ZH_RULE_NELSON2, 10, {1, 1, 1, 1, 1, 1, 1, 1, 1, -1}, POINT(9)},
        {ZH_RULE_NELSON3, 8, {0, 1, 2, 3, 4, 5, 5, 6}, POINT(6)},
        {ZH_RULE_NELSON3, 7, {6, 5, 4, 3, 2, 1, 0}, POINT(6) | POINT(7)},
        {ZH_RULE_NELSON4,
         16,
         {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0},
         POINT(14) | POINT(15)},
        {ZH_RULE_NELSON7,
         17,
         {0, 1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.1},
         POINT(15) | POINT(16)},
        {ZH_RULE_NELSON8, 9, {1.1, -1.1, 2, 2, 2, 2, 2, 2, 2}, POINT(8) | POINT(9)},
        {ZH_RULE_NELSON8, 9, {2, 2, 2, 2, 2, 2, 2, 2, 2}, 0},
        {ZH_RULE_GB2, 8, {1, 1, 1, 1, 1, 1, 1, 1}, POINT(7) | POINT(8)},
        {ZH_RULE_GB3, 8, {1, 2, 3, 4, 5, 6, 7, 8}, POINT(7) | POINT(8)},
        {ZH_RULE_WE4, 9, {1, 1, 1, 1, (double)NAN, 1, 1, 1, 1}, 0},
        {ZH_RULE_WE3, 5, {1.5, 1.5, (double)NAN, 1.5, 1.5}, 0},
    };
    for (size_t i = 0; i < ZH_COUNTOF(patterns); i++) {
        expect_pattern(&patterns[i]);
    }
}

/* Per-point centre and sigma: rules see the standardised points. Mirrored points give the same
 * hits. */
static void test_rules_standardise(void **state)
{
    (void)state;
    uint64_t seed = 99;
    double x[200];
    double z[200];
    double mirror[200];
    double center[200];
    double sigma[200];
    bool a[200];
    bool b[200];
    bool c[200];
    double zero = 0;
    double unit = 1;
    for (size_t i = 0; i < 200; i++) {
        z[i] = floor(uniform(&seed) * 64.0) / 8.0 - 4.0;
        center[i] = floor(uniform(&seed) * 16.0);
        sigma[i] = uniform(&seed) < 0.5 ? 1.0 : 4.0;
        x[i] = center[i] + sigma[i] * z[i];
        mirror[i] = -z[i];
    }
    for (unsigned rule = 0; rule < ZH_RULE_N; rule++) {
        /* Steps up and down are those of the points themselves. */
        bool steps = rule == ZH_RULE_NELSON3 || rule == ZH_RULE_NELSON4 || rule == ZH_RULE_GB3;
        zh_run_input plain = {200, z, &zero, 1, &unit, 1};
        zh_run_input scaled = {200, x, center, 200, sigma, 200};
        zh_run_input turned = {200, mirror, &zero, 1, &unit, 1};
        assert_int_equal(zh_spc_run_rule(&plain, (zh_run_rule)rule, a, NULL), ZH_OK);
        assert_int_equal(zh_spc_run_rule(&scaled, (zh_run_rule)rule, b, NULL), ZH_OK);
        assert_int_equal(zh_spc_run_rule(&turned, (zh_run_rule)rule, c, NULL), ZH_OK);
        assert_memory_equal(a, c, sizeof(a));
        if (!steps) {
            assert_memory_equal(a, b, sizeof(a));
        }
    }
    zh_run_input wrong = {200, z, &zero, 1, sigma, 3};
    assert_int_equal(zh_spc_run_rule(&wrong, ZH_RULE_WE1, a, NULL), ZH_EINVAL);
    wrong = (zh_run_input){200, z, &zero, 1, &zero, 1};
    assert_int_equal(zh_spc_run_rule(&wrong, ZH_RULE_WE1, a, NULL), ZH_EINVAL);
}

/* ---- run lengths ---- */

static double cusum(double k, double h, double mu, double hs, zh_arl_sides sides)
{
    double arl = 0;
    assert_int_equal(zh_spc_arl_cusum(k, h, mu, hs, sides, 60, &arl, NULL), ZH_OK);
    return arl;
}

/* Vance 1986, table 1 (one-sided, k = 0, h = 10); Lucas & Crosier 1982, table 1 (two-sided, with
 * head start 2, where the paper has three digits); Crosier 1986, table 3; Waldmann 1986. */
static void test_arl_cusum(void **state)
{
    (void)state;
    static const double vance[][2] = {{-0.25, 2071.51}, {-0.125, 400.28}, {0, 124.66},
                                      {0.125, 59.30},   {0.25, 36.71},    {0.5, 20.37},
                                      {0.75, 14.06},    {1, 10.75}};
    for (size_t i = 0; i < ZH_COUNTOF(vance); i++) {
        close_to(cusum(0, 10, vance[i][0], 0, ZH_ARL_ONE), vance[i][1], 0.006 + 5e-5 * vance[i][1]);
    }
    static const double fir[][3] = {{0, 168, 149},      {0.25, 74.2, 62.7}, {0.5, 26.6, 20.1},
                                    {0.75, 13.3, 8.97}, {1, 8.38, 5.29},    {1.5, 4.75, 2.86},
                                    {2, 3.34, 2.01},    {3, 2.19, 1.32},    {4, 1.71, 1.07}};
    for (size_t i = 0; i < ZH_COUNTOF(fir); i++) {
        close_to(cusum(0.5, 4, fir[i][0], 0, ZH_ARL_TWO), fir[i][1], 0.004 * fir[i][1]);
        close_to(cusum(0.5, 4, fir[i][0], 2, ZH_ARL_TWO), fir[i][2], 0.006 * fir[i][2]);
    }
    static const double crosier[][2] = {{0, 168},  {0.25, 70.7}, {0.5, 25.1}, {0.75, 12.5},
                                        {1, 7.92}, {1.5, 4.49},  {2, 3.17},   {2.5, 2.49},
                                        {3, 2.09}, {4, 1.60},    {5, 1.22}};
    for (size_t i = 0; i < ZH_COUNTOF(crosier); i++) {
        close_to(cusum(0.5, 3.73, crosier[i][0], 0, ZH_ARL_CROSIER), crosier[i][1],
                 0.004 * crosier[i][1]);
    }
    close_to(cusum(0.6, 3, -0.2, 0, ZH_ARL_TWO), 65.4, 0.1);
    /* Far from the target one side cannot be calculated any more, and does not matter. */
    close_to(cusum(0.25, 8, 2.5, 0, ZH_ARL_TWO), cusum(0.25, 8, 2.5, 0, ZH_ARL_ONE), 1e-9);
}

static double ewma(double lambda, double c, double mu, double hs, double zr, zh_arl_sides sides,
                   zh_ewma_limits limits)
{
    double arl = 0;
    zh_ewma_scheme s = {lambda, zr, hs, sides, limits, 60};
    assert_int_equal(zh_spc_arl_ewma(&s, c, mu, &arl, NULL), ZH_OK);
    return arl;
}

/* Lucas & Saccucci 1990, tables 3 and 5; SAS/QC; Waldmann 1986; one-sided with varying limits: 1e9
 * Monte Carlo runs in the documentation of spc (R), lambda 0.1, limits for ARL 500. */
static void test_arl_ewma(void **state)
{
    (void)state;
    static const double fixed[][3] = {{0, 500, 500},     {0.5, 88.8, 29.3}, {1, 17.5, 12.6},
                                      {1.5, 6.53, 8.07}, {2, 3.63, 5.99},   {3, 1.93, 4.03}};
    for (size_t i = 0; i < ZH_COUNTOF(fixed); i++) {
        double mu = fixed[i][0];
        close_to(ewma(0.5, 3.071, mu, 0, 0, ZH_ARL_TWO, ZH_EWMA_FIX), fixed[i][1],
                 0.004 * fixed[i][1]);
        close_to(ewma(0.03, 2.437, mu, 0, 0, ZH_ARL_TWO, ZH_EWMA_FIX), fixed[i][2],
                 0.004 * fixed[i][2]);
    }
    close_to(ewma(0.25, 3, 1, 0, 0, ZH_ARL_TWO, ZH_EWMA_FIX), 11.154267016, 1e-8);
    close_to(ewma(0.03, 2.437, 0.5, 1.2185, 0, ZH_ARL_TWO, ZH_EWMA_FIR), 18.4, 0.05);
    close_to(ewma(0.03, 2.437, 1, 1.2185, 0, ZH_ARL_TWO, ZH_EWMA_FIR), 7.36, 0.03);
    close_to(ewma(0.5, 2 * sqrt(3.0), 0, 0, -4 * sqrt(3.0), ZH_ARL_ONE, ZH_EWMA_FIX), 3907.5, 2);
    static const double runs[][3] = {{0, 500, 500},       {0.5, 21.637, 22.313},
                                     {1, 6.7596, 7.2920}, {1.5, 3.5398, 3.9064},
                                     {2, 2.3038, 2.5131}, {3, 1.3675, 1.4029}};
    double vacl;
    double stat;
    zh_ewma_scheme s = {0.1, -6, 0, ZH_ARL_ONE, ZH_EWMA_VACL, 50};
    assert_int_equal(zh_spc_crit_ewma(&s, 500, 0, &vacl, NULL), ZH_OK);
    s.limits = ZH_EWMA_STAT;
    assert_int_equal(zh_spc_crit_ewma(&s, 500, 0, &stat, NULL), ZH_OK);
    for (size_t i = 0; i < ZH_COUNTOF(runs); i++) {
        double mu = runs[i][0];
        close_to(ewma(0.1, vacl, mu, 0, -6, ZH_ARL_ONE, ZH_EWMA_VACL), runs[i][1],
                 1e-4 * runs[i][1]);
        close_to(ewma(0.1, stat, mu, 0, -6, ZH_ARL_ONE, ZH_EWMA_STAT), runs[i][2],
                 1e-4 * runs[i][2]);
    }
    /* A chart seen in a mirror. */
    static const zh_ewma_limits mirrored[] = {ZH_EWMA_FIX, ZH_EWMA_VACL, ZH_EWMA_STEINER};
    for (size_t i = 0; i < ZH_COUNTOF(mirrored); i++) {
        double arl = ewma(0.2, 2.8, 0.7, 1.2, 0, ZH_ARL_TWO, mirrored[i]);
        close_to(ewma(0.2, 2.8, -0.7, -1.2, 0, ZH_ARL_TWO, mirrored[i]), arl, 1e-9);
        assert_true(arl < ewma(0.2, 2.8, 0.7, 0, 0, ZH_ARL_TWO, mirrored[i]));
    }
    /* lambda 1: the Shewhart chart, 1/(2 Phi(-3)). */
    close_to(ewma(1, 3, 0, 0, 0, ZH_ARL_TWO, ZH_EWMA_FIX), 370.398347345, 1e-6);
    close_to(ewma(1, 3, 0, 0, 0, ZH_ARL_TWO, ZH_EWMA_VACL), 370.398347345, 1e-6);
}

static void test_crit(void **state)
{
    (void)state;
    static const double wanted[] = {1.7, 50, 370.4, 1e5};
    for (size_t i = 0; i < ZH_COUNTOF(wanted); i++) {
        double h;
        double arl;
        assert_int_equal(zh_spc_crit_cusum(0.5, wanted[i], 0.3, 0, ZH_ARL_TWO, 60, &h, NULL),
                         ZH_OK);
        assert_int_equal(zh_spc_arl_cusum(0.5, h, 0.3, 0, ZH_ARL_TWO, 60, &arl, NULL), ZH_OK);
        close_to(arl, wanted[i], 1e-8 * wanted[i]);
        zh_ewma_scheme s = {0.2, 0, 0.5, ZH_ARL_TWO, ZH_EWMA_FIX, 20};
        for (unsigned limits = 0; limits <= ZH_EWMA_STAT; limits++) {
            s.limits = (zh_ewma_limits)limits;
            assert_int_equal(zh_spc_crit_ewma(&s, wanted[i], 0, &h, NULL), ZH_OK);
            assert_int_equal(zh_spc_arl_ewma(&s, h, 0, &arl, NULL), ZH_OK);
            close_to(arl, wanted[i], 1e-8 * wanted[i]);
        }
    }
    double h;
    /* A one-sided CUSUM signals at most at every point: 1/Phi(-0.5) = 3.24 at least. */
    assert_int_equal(zh_spc_crit_cusum(0.5, 3, 0, 0, ZH_ARL_ONE, 60, &h, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_crit_cusum(0.5, 1, 0, 0, ZH_ARL_ONE, 60, &h, NULL), ZH_EINVAL);
}

static void test_refused_arl(void **state)
{
    (void)state;
    double x;
    zh_ewma_scheme s = {0.2, 0, 0, ZH_ARL_TWO, ZH_EWMA_FIX, 60};
    assert_int_equal(zh_spc_arl_cusum(0.5, 0, 0, 0, ZH_ARL_ONE, 60, &x, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_arl_cusum(0.5, 5, 0, 6, ZH_ARL_ONE, 60, &x, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_arl_cusum(-0.5, 5, 0, 0, ZH_ARL_TWO, 60, &x, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_arl_cusum(0.5, 5, (double)NAN, 0, ZH_ARL_ONE, 60, &x, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_arl_cusum(0.5, 5, 0, 0, ZH_ARL_ONE, ZH_SPC_NODES_MAX + 1, &x, NULL),
                     ZH_EINVAL);
    assert_int_equal(zh_spc_arl_cusum(0.5, 5, 0, 0, ZH_ARL_ONE, ZH_SPC_NODES_MAX, &x, NULL), ZH_OK);
    assert_int_equal(zh_spc_arl_cusum(0.5, 50, 0, 0, ZH_ARL_ONE, 60, &x, NULL), ZH_EINVAL);
    assert_int_equal(zh_spc_arl_ewma(&s, 0, 0, &x, NULL), ZH_EINVAL);
    s.lambda = 1.5;
    assert_int_equal(zh_spc_arl_ewma(&s, 3, 0, &x, NULL), ZH_EINVAL);
    s = (zh_ewma_scheme){0.2, 0, 0, ZH_ARL_ONE, ZH_EWMA_FIR, 60};
    assert_int_equal(zh_spc_arl_ewma(&s, 3, 0, &x, NULL), ZH_EINVAL);
    s = (zh_ewma_scheme){1e-6, 0, 0, ZH_ARL_TWO, ZH_EWMA_VACL, 60};
    assert_int_equal(zh_spc_arl_ewma(&s, 3, 0, &x, NULL), ZH_ELIMIT);
}

/* ---- capability ---- */

/* 20 values with the mean and the standard deviation asked for. */
static void make_sample(double *x, double mean, double sd)
{
    double squares = 0;
    for (size_t i = 0; i < 20; i++) {
        x[i] = (double)i - 9.5;
        squares += x[i] * x[i];
    }
    for (size_t i = 0; i < 20; i++) {
        x[i] = mean + x[i] * sd / sqrt(squares / 19);
    }
}

/* Montgomery, Introduction to Statistical Quality Control, examples 8.4 and 8.5: n = 20, s = 1.75,
 * limits 38 and 62: Cp 2.29, interval 1.57 to 3.01; n = 20, Cpk = 1.33: interval 0.88 to 1.78. */
static void test_capability(void **state)
{
    zh_arena *arena = *state;
    double x[20];
    struct rows rows;
    zh_capability c;
    zh_chart_options o = zh_chart_options_of(ZH_CHART_XBAR_ONE);
    zh_specification spec = {38, 62, (double)NAN, 0.95, 3};
    make_sample(x, 50, 1.75);
    const zh_subgroups *data = rows_of(&rows, x, 20, 1);
    assert_int_equal(zh_spc_capability(arena, data, &o, &spec, &c, NULL), ZH_OK);
    close_to(c.overall.cp.value, 2.29, 0.005);
    close_to(c.overall.cp.lower, 1.57, 0.006); /* the book rounds Cp first */
    close_to(c.overall.cp.upper, 3.01, 0.006);
    /* On target: Cpm is Cp, Cpk too. */
    close_to(c.overall.cpm.value, c.overall.cp.value, 1e-12);
    close_to(c.overall.cpk.value, c.overall.cp.value, 1e-12);
    make_sample(x, 50, 1);
    spec = (zh_specification){50 - 3 * 1.33, (double)NAN, (double)NAN, 0.95, 3};
    assert_int_equal(zh_spc_capability(arena, data, &o, &spec, &c, NULL), ZH_OK);
    close_to(c.overall.cpk.value, 1.33, 1e-12);
    close_to(c.overall.cpk.lower, 0.88, 0.005);
    close_to(c.overall.cpk.upper, 1.78, 0.005);
    assert_true(isnan(c.overall.cp.value) && isnan(c.overall.cpu.value));
    /* 1e6 Phi(-3.99) */
    close_to(c.overall.ppm_below, 33.036577, 1e-4);
    spec.usl = 40;
    assert_int_equal(zh_spc_capability(arena, data, &o, &spec, &c, NULL), ZH_EINVAL);
    spec.lsl = spec.usl = (double)NAN;
    assert_int_equal(zh_spc_capability(arena, data, &o, &spec, &c, NULL), ZH_EINVAL);
    make_sample(x, 50, 0);
    spec.lsl = 40;
    assert_int_equal(zh_spc_capability(arena, data, &o, &spec, &c, NULL), ZH_EINVAL);
}

/* ---- the JSON door ---- */

static zh_rc calculate(const char *name, const char *input, zh_err *err)
{
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_json *json;
    zh_buf out;
    zh_jw writer;
    zh_rc rc = ZH_ENOTFOUND;
    zh_buf_init(&out, (size_t)1 << 20);
    zh_jw_init(&writer, &out, 0);
    assert_int_equal(zh_json_parse(arena, zh_str_of(input), &json, err), ZH_OK);
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (strcmp(zh_engines[i]->name, name) == 0) {
            rc = zh_engines[i]->run(arena, json, &writer, err);
        }
    }
    zh_buf_free(&out);
    zh_arena_free(arena);
    return rc;
}

/* Every engine calculates its own example; what cannot be is refused by name. */
static void test_door(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *where;
    } refused[] = {
        {"spc.control_chart", "{\"type\":\"xbar\",\"data\":3}", "data"},
        {"spc.control_chart", "{\"type\":\"z\",\"data\":[[1,2]]}", "type"},
        {"spc.control_chart", "{\"type\":\"xbar\",\"data\":[[1,\"x\"]]}", "data"},
        {"spc.control_chart", "{\"type\":\"p\",\"data\":[1,2],\"sizes\":[5,5,5]}", "sizes"},
        {"spc.control_chart", "{\"type\":\"xbar\",\"data\":[[1,2]],\"nsigmas\":0}", "nsigmas"},
        {"spc.chart_constants", "{\"n\":1}", "n"},
        {"spc.chart_constants", "{}", "n"},
        {"spc.run_rules", "{\"statistics\":[1],\"center\":0}", "sigma"},
        {"spc.arl_cusum", "{\"k\":0.5,\"h\":5,\"r\":3}", "r"},
        {"spc.arl_ewma", "{\"l\":0.2,\"c\":3,\"limits\":\"fink\"}", "limits"},
        {"spc.hotelling_t2_subgroup", "{\"data\":[]}", "data"},
        {"spc.hotelling_t2_individual", "{\"data\":[[1,2],[3]]}", "data"},
        {"spc.capability", "{\"data\":[1,2,3],\"lsl\":0,\"usl\":4,\"confidence\":1}", "confidence"},
    };
    size_t engines = 0;
    for (size_t i = 0; i < zh_engines_n; i++) {
        zh_err err = {0};
        if (strncmp(zh_engines[i]->name, "spc.", 4) == 0) {
            engines++;
            assert_int_equal(calculate(zh_engines[i]->name, zh_engines[i]->input, &err), ZH_OK);
        }
    }
    assert_true(engines >= 13);
    for (size_t i = 0; i < ZH_COUNTOF(refused); i++) {
        zh_err err = {0};
        if (calculate(refused[i].name, refused[i].input, &err) != ZH_EINVAL ||
            strcmp(err.where, refused[i].where) != 0) {
            fail_msg("%s %s: %s %s", refused[i].name, refused[i].input, err.where, err.message);
        }
    }
}

static int set_up(void **state)
{
    *state = zh_arena_new((size_t)64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_table_of_factors),
        cmocka_unit_test(test_quadrature),
        cmocka_unit_test_setup_teardown(test_individuals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_probability_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_equivariance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_baseline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_uneven, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_charts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ewma, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cusum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_t2, set_up, tear_down),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rules_standardise),
        cmocka_unit_test(test_arl_cusum),
        cmocka_unit_test(test_arl_ewma),
        cmocka_unit_test(test_crit),
        cmocka_unit_test(test_refused_arl),
        cmocka_unit_test_setup_teardown(test_capability, set_up, tear_down),
        cmocka_unit_test(test_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
