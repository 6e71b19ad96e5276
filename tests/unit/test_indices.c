/* Composite indices and rank agreement.
 *
 * Expected values:
 * - AHP: T. L. Saaty, How to make a decision: the analytic hierarchy process, European Journal of
 *   Operational Research 48 (1990) 9-26, the school example (weights to two decimals), its
 *   eigenvalue by eigen() of R 4.2.2;
 * - Kendall's tau: M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods (1973), p. 185,
 *   tuna lightness and quality (tau 0.444, two-sided p 0.1194 in R's documentation of cor.test);
 * - Kendall's W: S. Siegel, Nonparametric Statistics (1956), p. 230 (s = 25.5, W = 0.16);
 * - otherwise by hand, or by identities with a printed seed. */
#include "engine/engine.h"
#include "engine/indices.h"
#include "num/random.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static int setup(void **state)
{
    *state = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    return 0;
}

static int teardown(void **state)
{
    zh_arena_free(*state);
    return 0;
}

static void near(double given, double wanted, double error)
{
    if (!(fabs(given - wanted) <= error)) {
        fail_msg("%.17g, wanted %.17g", given, wanted);
    }
}

static void test_ahp(void **state)
{
    zh_arena *arena = *state;
    double school[] = {1, 4,       3, 1,       3,       4,       1.0 / 4, 1,       7,
                       3, 1.0 / 5, 1, 1.0 / 3, 1.0 / 7, 1,       1.0 / 5, 1.0 / 5, 1.0 / 6,
                       1, 1.0 / 3, 5, 1,       1,       1.0 / 3, 1.0 / 3, 5,       5,
                       1, 1,       3, 1.0 / 4, 1,       6,       3,       1.0 / 3, 1};
    const double wanted[] = {0.32, 0.14, 0.03, 0.13, 0.24, 0.14};
    zh_matrix m = {6, 6, school};
    zh_ahp ahp;
    zh_err err = {0};
    assert_int_equal(zh_ahp_weights(arena, &m, &ahp, &err), ZH_OK);
    for (size_t i = 0; i < 6; i++) {
        near(ahp.weight[i], wanted[i], 0.0051);
    }
    near(ahp.lambda_max, 7.41987010192127, 1e-12);
    near(ahp.ci, (ahp.lambda_max - 6.0) / 5.0, 1e-15);
    near(ahp.ri, 1.24, 0.0);
    near(ahp.cr, ahp.ci / 1.24, 1e-15);
    /* Ratios of true weights are consistent, and both methods find the weights. */
    double w[] = {0.5, 0.3, 0.15, 0.05};
    double ratios[16];
    for (size_t i = 0; i < 16; i++) {
        ratios[i] = i / 4 == i % 4 ? 1.0 : w[i / 4] / w[i % 4];
    }
    m = (zh_matrix){4, 4, ratios};
    assert_int_equal(zh_ahp_weights(arena, &m, &ahp, &err), ZH_OK);
    for (size_t i = 0; i < 4; i++) {
        near(ahp.weight[i], w[i], 1e-14);
        near(ahp.geometric[i], w[i], 1e-14);
    }
    near(ahp.cr, 0.0, 1e-14);
    ratios[1] = 3.0;
    assert_int_equal(zh_ahp_weights(arena, &m, &ahp, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "ahp.reciprocal");
    m.cols = 3;
    zh_err_clear(&err);
    assert_int_equal(zh_ahp_weights(arena, &m, &ahp, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "ahp.square");
    size_t n = ZH_INDICES_AHP_MAX + 1;
    m = zh_matrix_new(arena, n, n);
    for (size_t i = 0; i < n * n; i++) {
        m.v[i] = 1.0;
    }
    assert_int_equal(zh_ahp_weights(arena, &m, &ahp, &err), ZH_ELIMIT);
    m.rows = m.cols = n - 1;
    assert_int_equal(zh_ahp_weights(arena, &m, &ahp, &err), ZH_OK);
    assert_true(isnan(ahp.cr));
}

static void test_tau(void **state)
{
    zh_arena *arena = *state;
    const double x[] = {44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1};
    const double y[] = {2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8};
    zh_rank_correlation r;
    zh_err err = {0};
    assert_int_equal(zh_rank_correlate(arena, x, y, 9, &r, &err), ZH_OK);
    near(r.tau_b, 16.0 / 36.0, 1e-14);
    near(r.p_value, 0.1194, 0.00005);
    assert_true(r.exact);
    /* Three in order: 1 of 6 permutations on each side. */
    const double order[] = {1, 2, 3};
    assert_int_equal(zh_rank_correlate(arena, order, order, 3, &r, &err), ZH_OK);
    near(r.tau_b, 1.0, 0.0);
    near(r.p_value, 2.0 / 6.0, 1e-15);
    near(r.spearman, 1.0, 1e-15);
    const double flat[] = {4, 4, 4};
    assert_int_equal(zh_rank_correlate(arena, order, flat, 3, &r, &err), ZH_OK);
    assert_true(isnan(r.tau_b) && isnan(r.spearman) && isnan(r.pearson) && isnan(r.p_value));
    assert_int_equal(zh_rank_correlate(arena, order, flat, 1, &r, &err), ZH_EINVAL);
}

/* Against the definition, pair by pair, with ties. */
static void test_tau_pairs(void **state)
{
    zh_arena *arena = *state;
    zh_random random;
    uint64_t seed = (uint64_t)time(NULL);
    print_message("seed %" PRIu64 "\n", seed);
    zh_random_seed(&random, seed);
    for (size_t round = 0; round < 50; round++) {
        double x[60];
        double y[60];
        size_t n = 2 + zh_random_below(&random, 58);
        double s = 0.0;
        double not_x = 0.0;
        double not_y = 0.0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (double)zh_random_below(&random, 8);
            y[i] = x[i] + (double)zh_random_below(&random, 8);
        }
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < i; j++) {
                double dx = (double)((x[i] > x[j]) - (x[i] < x[j]));
                double dy = (double)((y[i] > y[j]) - (y[i] < y[j]));
                s += dx * dy;
                not_x += fabs(dx);
                not_y += fabs(dy);
            }
        }
        zh_rank_correlation r;
        zh_err err = {0};
        assert_int_equal(zh_rank_correlate(arena, x, y, n, &r, &err), ZH_OK);
        if (not_x > 0.0 && not_y > 0.0) {
            near(r.tau_b, s / sqrt(not_x * not_y), 1e-12);
        }
    }
}

static void test_concordance(void **state)
{
    zh_arena *arena = *state;
    double executives[] = {1, 1, 6, 6, 5, 3, 3, 6, 2, 2, 4, 5, 5, 2, 4, 4, 3, 1};
    double all_alike[] = {3, 3, 3, 3};
    double opposed[] = {1, 3, 2, 2, 3, 1};
    zh_matrix m = {6, 3, executives};
    zh_concordance c;
    zh_err err = {0};
    assert_int_equal(zh_kendall_w(arena, &m, &c, &err), ZH_OK);
    near(c.w, 12.0 * 25.5 / (9.0 * 210.0), 1e-14);
    near(c.chi_squared, 3.0 * 5.0 * c.w, 1e-14);
    assert_true(c.p_value > 0.7 && c.p_value < 0.9);
    m = (zh_matrix){3, 2, opposed};
    assert_int_equal(zh_kendall_w(arena, &m, &c, &err), ZH_OK);
    near(c.w, 0.0, 0.0);
    near(c.p_value, 1.0, 1e-15);
    m = (zh_matrix){2, 2, all_alike};
    assert_int_equal(zh_kendall_w(arena, &m, &c, &err), ZH_EINVAL);
    m.cols = 1;
    assert_int_equal(zh_kendall_w(arena, &m, &c, &err), ZH_EINVAL);
}

static void test_normalise(void **state)
{
    zh_arena *arena = *state;
    const double x[] = {3, 1, 3, 9};
    const double same[] = {5, 5};
    zh_normalised n;
    zh_err err = {0};
    assert_int_equal(zh_normalise(arena, x, 4, (double)NAN, &n, &err), ZH_OK);
    near(n.minmax[0], 0.25, 0.0);
    near(n.rank[0], 2.5, 0.0);
    near(n.rank[3], 4.0, 0.0);
    near(n.zscore[3], 5.0 / sqrt((1.0 + 9.0 + 1.0 + 25.0) / 3.0), 1e-14);
    near(n.robust_z[3], 6.0 / 1.4826, 1e-14); /* deviations 0 2 0 6: MAD 1 */
    assert_null(n.percent);
    assert_int_equal(zh_normalise(arena, same, 2, 4.0, &n, &err), ZH_OK);
    assert_true(isnan(n.minmax[0]) && isnan(n.zscore[0]) && isnan(n.robust_z[0]));
    near(n.percent[1], 125.0, 0.0);
    assert_int_equal(zh_normalise(arena, x, 0, 1.0, &n, &err), ZH_EINVAL);
    assert_int_equal(zh_normalise(arena, x, 4, 0.0, &n, &err), ZH_EINVAL);
}

static void test_entropy(void **state)
{
    zh_arena *arena = *state;
    /* First: everything with one unit, entropy 0. Second: halves of three, ln 2/ln 3 by hand.
     * Third: constant, entropy 1. Fourth: as the first, less is better. */
    double x[] = {0, 4, 7, 9, 0, 4, 7, 9, 5, 0, 7, 2};
    const double direction[] = {1, 1, 1, -1};
    zh_matrix m = {3, 4, x};
    zh_entropy e;
    zh_err err = {0};
    double second = log(2.0) / log(3.0);
    assert_int_equal(zh_entropy_weights(arena, &m, direction, &e, &err), ZH_OK);
    near(e.entropy[0], 0.0, 0.0);
    near(e.entropy[1], second, 1e-14);
    near(e.entropy[2], 1.0, 0.0);
    near(e.entropy[3], 0.0, 0.0);
    near(e.weight[1], (1.0 - second) / (3.0 - second), 1e-14);
    near(e.weight[2], 0.0, 0.0);
    near(e.score[2], e.weight[0] + e.weight[3], 1e-14);
    const double wrong[] = {1, 1, 0, 1};
    assert_int_equal(zh_entropy_weights(arena, &m, wrong, &e, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "indices.direction");
    zh_err_clear(&err);
    m = (zh_matrix){2, 1, x + 2};
    x[3] = x[2];
    assert_int_equal(zh_entropy_weights(arena, &m, direction, &e, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "indices.constant");
}

static void test_topsis(void **state)
{
    zh_arena *arena = *state;
    double x[] = {9, 1, 1, 8, 2, 2, 1, 9, 9, 5, 5, 5};
    double scaled[12];
    const double weight[] = {2, 1, 1};
    const double direction[] = {1, -1, -1};
    double score[8];
    double other[8];
    zh_matrix m = {4, 3, x};
    zh_err err = {0};
    assert_int_equal(zh_topsis(arena, &m, weight, direction, score, score + 4, &err), ZH_OK);
    /* The first unit is the ideal, the third the worst. */
    near(score[0], 1.0, 0.0);
    near(score[2], 0.0, 0.0);
    near(score[4], 1.0, 0.0);
    near(score[6], 4.0, 0.0);
    /* The units of an indicator do not matter. */
    for (size_t i = 0; i < 12; i++) {
        scaled[i] = x[i] * (i % 3 == 0 ? 1000.0 : 0.01);
    }
    m.v = scaled;
    assert_int_equal(zh_topsis(arena, &m, weight, direction, other, other + 4, &err), ZH_OK);
    for (size_t i = 0; i < 8; i++) {
        near(other[i], score[i], 1e-14);
    }
    const double none[] = {0, 0, 0};
    assert_int_equal(zh_topsis(arena, &m, none, direction, other, other + 4, &err), ZH_EINVAL);
    memset(scaled, 0, sizeof(scaled));
    assert_int_equal(zh_topsis(arena, &m, weight, direction, other, other + 4, &err), ZH_EINVAL);
}

static void test_rank_uncertainty(void **state)
{
    zh_arena *arena = *state;
    /* The first is best in all, the last worst in all; the two in the middle each lead one. */
    double x[] = {9, 9, 7, 2, 2, 7, 1, 1};
    const double weight[] = {1, 1};
    const double direction[] = {1, 1};
    zh_matrix m = {4, 2, x};
    zh_rank_spread a;
    zh_rank_spread b;
    zh_err err = {0};
    for (size_t how = 0; how < 2; how++) {
        zh_aggregation aggregation = how == 0 ? ZH_AGGREGATE_LINEAR : ZH_AGGREGATE_GEOMETRIC;
        assert_int_equal(zh_rank_uncertainty(arena, &m, weight, direction, aggregation, 4.0, 4000,
                                             3, 0.9, &a, &err),
                         ZH_OK);
        near(a.rank[1], 2.5, 0.0);
        near(a.first[0], 1.0, 0.0);
        near(a.lower[3], 4.0, 0.0);
        near(a.mean[1], 2.5, 0.05); /* by symmetry; five standard errors are 0.04 */
        near(a.mean[1] + a.mean[2], 5.0, 1e-9);
        near(a.lower[1], 2.0, 0.0);
        near(a.upper[1], 3.0, 0.0);
        assert_int_equal(zh_rank_uncertainty(arena, &m, weight, direction, aggregation, 4.0, 4000,
                                             3, 0.9, &b, &err),
                         ZH_OK);
        assert_memory_equal(a.mean, b.mean, 4 * sizeof(double));
    }
    assert_int_equal(zh_rank_uncertainty(arena, &m, weight, direction, ZH_AGGREGATE_LINEAR, 0.0, 10,
                                         1, 0.9, &a, &err),
                     ZH_EINVAL);
    assert_int_equal(zh_rank_uncertainty(arena, &m, weight, direction, ZH_AGGREGATE_LINEAR, 1.0,
                                         ZH_INDICES_DRAWS_MAX + 1, 1, 0.9, &a, &err),
                     ZH_ELIMIT);
}

static const zh_engine *engine(const char *name)
{
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (strcmp(zh_engines[i]->name, name) == 0) {
            return zh_engines[i];
        }
    }
    fail_msg("%s is not there", name);
    return NULL;
}

static void test_door(void **state)
{
    zh_arena *arena = *state;
    const struct {
        const char *name, *input, *where;
    } cases[] = {
        {"indices.entropy_weights", NULL, ""},
        {"indices.topsis", NULL, ""},
        {"indices.ahp", NULL, ""},
        {"indices.normalise", NULL, ""},
        {"indices.rank_correlation", NULL, ""},
        {"indices.kendall_w", NULL, ""},
        {"indices.rank_uncertainty", NULL, ""},
        {"indices.topsis", "{\"x\":[[1,2],[3]]}", "x"},
        {"indices.topsis", "{\"x\":[[1,2],[3,4]],\"weights\":[1]}", "weights"},
        {"indices.rank_correlation", "{\"x\":[1,2],\"y\":[1]}", "y"},
        {"indices.ahp", "{\"matrix\":[[1,\"a\"],[1,1]]}", "matrix"},
        {"indices.rank_uncertainty", "{\"x\":[[1],[2]],\"draws\":0}", "draws"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        const zh_engine *one = engine(cases[i].name);
        const char *input = cases[i].input != NULL ? cases[i].input : one->input;
        zh_json *json = NULL;
        zh_err err = {0};
        zh_buf buf;
        zh_jw out;
        zh_buf_init(&buf, 1 << 20);
        zh_jw_init(&out, &buf, 0);
        assert_int_equal(zh_json_parse(arena, zh_str_of(input), &json, &err), ZH_OK);
        assert_int_equal(one->run(arena, json, &out, &err),
                         cases[i].input == NULL ? ZH_OK : ZH_EINVAL);
        assert_string_equal(err.where, cases[i].where);
        zh_buf_free(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ahp, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tau, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tau_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_concordance, setup, teardown),
        cmocka_unit_test_setup_teardown(test_normalise, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entropy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_topsis, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rank_uncertainty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_door, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
