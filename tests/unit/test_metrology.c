/* Robust statistics, scores, gauge R&R, net content: published examples, definitions, refusals.
 * Sources stand at each test. */
#include "engine/metrology.h"
#include "engine_call.h"
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 20260722 };

static zh_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = zh_arena_new((size_t)256 << 20);
    printf("seed %d\n", SEED);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* P. J. Rousseeuw, C. Croux 1993, definitions: Qn the h(h-1)/2-th difference, h = n/2 + 1; Sn the
 * low median of the high medians. Every n from 2 to 40, with ties. */
static void test_scale_by_definition(void **state)
{
    (void)state;
    enum { N = 40 };
    static const double qn_small[] = {0.399356, 0.99365, 0.51321, 0.84401, 0.6122, 0.85877,
                                      0.66993,  0.87344, 0.72014, 0.88906, 0.75743};
    static const double sn_small[] = {0.743, 1.851, 0.954, 1.351, 0.993, 1.198, 1.005, 1.131};
    zh_random random;
    zh_random_seed(&random, SEED);
    for (size_t n = 2; n <= N; n++) {
        double x[N];
        double pairs[N * N] = {0};
        double outer[N];
        double inner[N];
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = floor(10.0 * zh_random_normal(&random));
        }
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++) {
                inner[j] = fabs(x[i] - x[j]);
                if (j < i) {
                    pairs[count++] = inner[j];
                }
            }
            qsort(inner, n, sizeof(*inner), ascending);
            outer[i] = inner[n / 2];
        }
        qsort(pairs, count, sizeof(*pairs), ascending);
        qsort(outer, n, sizeof(*outer), ascending);
        size_t h = n / 2 + 1;
        double m = (double)n;
        double qn = 2.21914 * pairs[h * (h - 1) / 2 - 1];
        double excess = n % 2 == 1 ? 1.60188 - 2.1284 / m - 5.172 / m / m
                                   : 3.67561 + 1.9654 / m + 6.987 / m / m - 77.0 / m / m / m;
        qn = n <= 12 ? qn * qn_small[n - 2] : qn / (1.0 + excess / m);
        double sn = 1.1926 * outer[(n + 1) / 2 - 1];
        sn *= n <= 9 ? sn_small[n - 2] : n % 2 == 1 ? m / (m - 0.9) : 1.0;
        zh_robust_scale s;
        assert_int_equal(zh_robust_scale_of(arena, x, n, &s, NULL), ZH_OK);
        assert_true(fabs(s.qn - qn) <= 1e-12 * qn && fabs(s.sn - sn) <= 1e-12 * sn);
    }
}

/* Location and scale equivariance of all robust estimates; a value far away moves them little. */
static void test_equivariance(void **state)
{
    (void)state;
    enum { N = 31 };
    zh_random random;
    zh_random_seed(&random, SEED + 1);
    double x[N];
    double y[N];
    size_t lab[N];
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < N; i++) {
            x[i] = zh_random_normal(&random);
            y[i] = 1000.0 - 3.0 * x[i];
            lab[i] = i;
        }
        double c = zh_algorithm_a_factor();
        double a[2];
        double b[2];
        assert_int_equal(zh_algorithm_a(arena, x, N, c, &a[0], &a[1], NULL), ZH_OK);
        assert_int_equal(zh_algorithm_a(arena, y, N, c, &b[0], &b[1], NULL), ZH_OK);
        engine_close(b[0], 1000.0 - 3.0 * a[0], 1e-11);
        engine_close(b[1], 3.0 * a[1], 1e-9);
        double q[2];
        double r[2];
        assert_int_equal(zh_q_hampel(arena, x, lab, N, N, &q[0], &q[1], NULL), ZH_OK);
        assert_int_equal(zh_q_hampel(arena, y, lab, N, N, &r[0], &r[1], NULL), ZH_OK);
        engine_close(r[0], 1000.0 - 3.0 * q[0], 1e-11);
        engine_close(r[1], 3.0 * q[1], 1e-9);
        assert_true(fabs(q[0]) < 1.0 && q[1] > 0.4 && q[1] < 2.0);
        x[0] = 1e6;
        assert_int_equal(zh_q_hampel(arena, x, lab, N, N, &r[0], &r[1], NULL), ZH_OK);
        assert_true(fabs(r[0] - q[0]) < 0.3 && r[1] < 2.0 * q[1]);
        assert_int_equal(zh_algorithm_a(arena, x, N, c, &b[0], &b[1], NULL), ZH_OK);
        assert_true(fabs(b[0] - a[0]) < 0.3 && b[1] < 2.0 * a[1]);
    }
    /* P. J. Huber's constant at k = 1.5: E psi^2 = 0.7784655, 1/sqrt of it 1.1333930. */
    engine_close(zh_algorithm_a_factor(), 1.133393, 1e-6);
}

/* At the fixed point of algorithm A one more step changes nothing. */
static void test_algorithm_a_fixed(void **state)
{
    (void)state;
    const double x[] = {4.9, 5.3, 5.0, 6.1, 4.4, 5.1, 5.2, 9.9, 5.0, 4.8};
    const size_t n = ZH_COUNTOF(x);
    double center;
    double scale;
    assert_int_equal(zh_algorithm_a(arena, x, n, 1.134, &center, &scale, NULL), ZH_OK);
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += fmin(fmax(x[i], center - 1.5 * scale), center + 1.5 * scale);
    }
    engine_close(sum / (double)n, center, 1e-12);
    for (size_t i = 0; i < n; i++) {
        double off = fmin(fmax(x[i], center - 1.5 * scale), center + 1.5 * scale) - center;
        squares += off * off;
    }
    engine_close(1.134 * sqrt(squares / (double)(n - 1)), scale, 1e-11);
}

/* Q method by its definition (ISO 13528, C.5.2.2) for three single results 0, 1, 3: differences
 * 1, 2, 3, H1 = 1/3, 2/3, 1, G1 = 1/6, 1/2, 5/6; G1 = 0.25 at 1.25; s* = 1.25/(sqrt 2 z(0.625)),
 * z(0.625) = 0.318639. Sum of psi at x in [.., ..] within 1.5 s*: the mean. */
static void test_q_hampel(void **state)
{
    (void)state;
    const double x[] = {0, 1, 3};
    const size_t lab[] = {0, 1, 2};
    double center;
    double scale;
    assert_int_equal(zh_q_hampel(arena, x, lab, 3, 3, &center, &scale, NULL), ZH_OK);
    engine_close(scale, 1.25 / (sqrt(2.0) * 0.3186393639643752), 1e-12);
    engine_close(center, 4.0 / 3, 1e-12);
    /* Replicates that agree change nothing. */
    const double twice[] = {0, 0, 1, 1, 3, 3};
    const size_t labs[] = {0, 0, 1, 1, 2, 2};
    double again;
    assert_int_equal(zh_q_hampel(arena, twice, labs, 6, 3, &again, &scale, NULL), ZH_OK);
    engine_close(scale, 1.25 / (sqrt(2.0) * 0.3186393639643752), 1e-12);
    engine_close(again, center, 1e-12);
    const double same[] = {7, 7, 7};
    assert_int_equal(zh_q_hampel(arena, same, lab, 3, 3, &center, &scale, NULL), ZH_OK);
    assert_true(center == 7.0 && scale == 0.0);
}

/* AIAG, Measurement Systems Analysis, 4th ed., chapter III B: 10 parts, 3 appraisers, 3 trials.
 * Printed analysis of variance: sums of squares 88.3619, 3.1673, 0.3590, 2.7589, 94.6471; F of
 * appraiser 79.41 and of part 245.61 against the pooled error; standard deviations 0.199933 (EV),
 * 0.226838 (AV), 0.302373 (GRR), 1.042327 (PV); ndc 4. */
static const double aiag[3][3][10] = {
    {{0.29, -0.56, 1.34, 0.47, -0.80, 0.02, 0.59, -0.31, 2.26, -1.36},
     {0.41, -0.68, 1.17, 0.50, -0.92, -0.11, 0.75, -0.20, 1.99, -1.25},
     {0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31}},
    {{0.08, -0.47, 1.19, 0.01, -0.56, -0.20, 0.47, -0.63, 1.80, -1.68},
     {0.25, -1.22, 0.94, 1.03, -1.20, 0.22, 0.55, 0.08, 2.12, -1.62},
     {0.07, -0.68, 1.34, 0.20, -1.28, 0.06, 0.83, -0.34, 2.19, -1.50}},
    {{0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49},
     {-0.11, -1.13, 1.09, 0.20, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77},
     {-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16}},
};

static void test_aiag(void **state)
{
    (void)state;
    enum { N = 90 };
    double y[N];
    size_t part[N];
    size_t appraiser[N];
    size_t n = 0;
    for (size_t a = 0; a < 3; a++) {
        for (size_t t = 0; t < 3; t++) {
            for (size_t p = 0; p < 10; p++) {
                y[n] = aiag[a][t][p];
                part[n] = p;
                appraiser[n++] = a;
            }
        }
    }
    static const double ss[] = {88.3619, 3.1673, 0.3590, 2.7589, 94.6471};
    zh_gauge_rr g;
    assert_int_equal(zh_gauge_rr_of(arena, y, part, 10, appraiser, 3, n, 0.05, &g, NULL), ZH_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_true(fabs(g.ss[i] - ss[i]) < 6e-5);
    }
    assert_false(g.interaction_kept);
    assert_true(fabs(sqrt(g.variance[1]) - 0.199933) < 1e-6);
    assert_true(fabs(sqrt(g.variance[3]) - 0.226838) < 1e-6);
    assert_true(fabs(sqrt(g.variance[0]) - 0.302373) < 2e-6);
    assert_true(fabs(sqrt(g.variance[5]) - 1.042327) < 1e-6);
    assert_int_equal(g.ndc, 4);
    /* A large offset does not cost digits; another unit scales the components. */
    for (size_t i = 0; i < n; i++) {
        y[i] = 1e6 + 1000.0 * y[i];
    }
    zh_gauge_rr h;
    assert_int_equal(zh_gauge_rr_of(arena, y, part, 10, appraiser, 3, n, 0.05, &h, NULL), ZH_OK);
    for (size_t i = 0; i < ZH_GAUGE_ROWS; i++) {
        assert_true(fabs(h.variance[i] - 1e6 * g.variance[i]) <= 1e-9 * fabs(h.variance[i]));
    }
    y[n - 1] = y[n - 2];
    zh_err err = {0};
    assert_int_equal(zh_gauge_rr_of(arena, y, part, 10, appraiser, 3, n - 1, 0.05, &h, &err),
                     ZH_EINVAL);
    assert_string_equal(err.rule, "metrology.balance");
}

/* 定量包装商品计量监督管理办法, table 3. */
static void test_tolerance(void **state)
{
    (void)state;
    static const struct {
        zh_content kind;
        double nominal, t;
    } table[] = {
        {ZH_CONTENT_MASS, 50, 4.5},    {ZH_CONTENT_MASS, 100, 4.5},   {ZH_CONTENT_MASS, 150, 6.8},
        {ZH_CONTENT_MASS, 200, 9},     {ZH_CONTENT_MASS, 250, 9},     {ZH_CONTENT_MASS, 400, 12},
        {ZH_CONTENT_MASS, 500, 15},    {ZH_CONTENT_MASS, 1000, 15},   {ZH_CONTENT_MASS, 5000, 75},
        {ZH_CONTENT_MASS, 12000, 150}, {ZH_CONTENT_MASS, 25000, 250}, {ZH_CONTENT_MASS, 50000, 500},
        {ZH_CONTENT_LENGTH, 5, 0},     {ZH_CONTENT_LENGTH, 20, 0.4},  {ZH_CONTENT_AREA, 2, 0.06},
        {ZH_CONTENT_COUNT, 50, 0},     {ZH_CONTENT_COUNT, 120, 2},    {ZH_CONTENT_COUNT, 200, 2},
    };
    double t;
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        assert_int_equal(zh_net_content_tolerance(table[i].kind, table[i].nominal, &t, NULL),
                         ZH_OK);
        assert_true(fabs(t - table[i].t) < 1e-12);
    }
    assert_int_equal(zh_net_content_tolerance(ZH_CONTENT_MASS, 50001, &t, NULL), ZH_EINVAL);
    assert_int_equal(zh_net_content_tolerance(ZH_CONTENT_MASS, 0, &t, NULL), ZH_EINVAL);
}

/* The correction factors printed in JJF 1070-2005, table 4, are t 0.995/sqrt n; the borders of the
 * lot sizes; each criterion alone rejects. */
static void test_net_content(void **state)
{
    (void)state;
    static const struct {
        int64_t lot;
        size_t n;
        int64_t accept;
        double lambda;
    } plans[] = {{11, 10, 0, 1.028},  {50, 10, 0, 1.028},   {51, 13, 1, 0.848},
                 {99, 13, 1, 0.848},  {100, 50, 3, 0.379},  {500, 50, 3, 0.379},
                 {501, 80, 5, 0.295}, {3200, 80, 5, 0.295}, {3201, 125, 7, 0.234}};
    double x[125];
    zh_net_content v;
    for (size_t i = 0; i < ZH_COUNTOF(plans); i++) {
        size_t n = plans[i].n;
        for (size_t k = 0; k < n; k++) {
            x[k] = 500.0 + (k % 2 == 0 ? 1.0 : -1.0);
        }
        assert_int_equal(
            zh_net_content_of(ZH_CONTENT_MASS, 500, plans[i].lot, (double)NAN, x, n, &v, NULL),
            ZH_OK);
        assert_true(v.accepted && v.lambda == plans[i].lambda && v.accept == plans[i].accept);
        /* One more than the acceptance number beyond T = 15 g, the mean made up for elsewhere. */
        for (int64_t k = 0; k <= plans[i].accept; k++) {
            x[k] = 480.0;
            x[n - 1] += 25.0;
        }
        assert_int_equal(
            zh_net_content_of(ZH_CONTENT_MASS, 500, plans[i].lot, (double)NAN, x, n, &v, NULL),
            ZH_OK);
        assert_true(v.beyond_t1 == plans[i].accept + 1 && v.mean_accepted && !v.accepted);
        assert_int_equal(
            zh_net_content_of(ZH_CONTENT_MASS, 500, plans[i].lot, (double)NAN, x, n - 1, &v, NULL),
            ZH_EINVAL);
    }
    for (size_t k = 0; k < 10; k++) {
        x[k] = k % 2 == 0 ? 496.0 : 498.0;
    }
    assert_int_equal(zh_net_content_of(ZH_CONTENT_MASS, 500, 50, (double)NAN, x, 10, &v, NULL),
                     ZH_OK);
    engine_close(v.limit, 500 - 1.028 * sqrt(10.0 / 9), 1e-12);
    assert_true(!v.mean_accepted && v.items_accepted && !v.accepted);
    /* A lot of 10 has no mean criterion; one item beyond 2 T is never accepted. */
    assert_int_equal(zh_net_content_of(ZH_CONTENT_MASS, 500, 10, (double)NAN, x, 10, &v, NULL),
                     ZH_OK);
    assert_true(v.accepted && isnan(v.lambda));
    x[0] = 469.9;
    assert_int_equal(zh_net_content_of(ZH_CONTENT_MASS, 500, 10, (double)NAN, x, 10, &v, NULL),
                     ZH_OK);
    assert_true(v.beyond_t2 == 1 && !v.accepted);
    /* Exactly T is allowed. */
    x[0] = 485.0;
    assert_int_equal(zh_net_content_of(ZH_CONTENT_MASS, 500, 10, (double)NAN, x, 10, &v, NULL),
                     ZH_OK);
    assert_true(v.beyond_t1 == 0 && v.accepted);
}

static void test_refusals(void **state)
{
    (void)state;
    engine_refused("metrology.iso13528_algorithm_a", "{\"x\":[5]}", "metrology.size");
    engine_refused("metrology.iso13528_algorithm_a", "{\"x\":[5,5,5]}", "metrology.scale");
    engine_refused("metrology.robust_scale", "{\"x\":[]}", "metrology.size");
    engine_refused("metrology.q_hampel", "{\"x\":[1,2],\"lab\":[\"A\",\"A\"]}", "metrology.labs");
    engine_refused("metrology.proficiency_scores",
                   "{\"x\":[1],\"u\":[-1],\"x_pt\":1,\"sigma_pt\":1,\"u_xpt\":0}", "calc.input");
    engine_refused("metrology.proficiency_scores",
                   "{\"x\":[1],\"x_pt\":1,\"sigma_pt\":-1,\"u_xpt\":0}", "calc.input");
    engine_refused("metrology.gauge_rr_anova", "{\"part\":[1,1],\"operator\":[1,2],\"y\":[1,2]}",
                   "metrology.layout");
    engine_refused("metrology.gauge_rr_anova",
                   "{\"part\":[1,1,2,2],\"operator\":[1,2,1,2],\"y\":[1,2,3,4]}",
                   "metrology.trials");
    engine_refused("metrology.gauge_rr_anova",
                   "{\"part\":[1,1,2,2,2],\"operator\":[1,2,1,2,2],\"y\":[1,2,3,4,5]}",
                   "metrology.balance");
    engine_refused(
        "metrology.gauge_rr_anova",
        "{\"part\":[1,1,2,2],\"operator\":[1,2,1,2],\"y\":[1,2,3,4],\"lsl\":3,\"usl\":2}",
        "calc.input");
    engine_refused("metrology.net_content", "{\"nominal\":500,\"lot_size\":40,\"x\":[500]}",
                   "net_content.sample");
    engine_refused("metrology.net_content",
                   "{\"kind\":\"energy\",\"nominal\":500,\"lot_size\":1,\"x\":[500]}",
                   "calc.input");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_by_definition),
        cmocka_unit_test(test_equivariance),
        cmocka_unit_test(test_algorithm_a_fixed),
        cmocka_unit_test(test_q_hampel),
        cmocka_unit_test(test_aiag),
        cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_net_content),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
