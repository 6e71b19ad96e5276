/* Design-based estimation from sums. Sources stand at each test. */
#include "engine/design.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void close_to(double got, double expected, double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("got %.17g, expected %.17g", got, expected);
    }
}

/* Ten units with weights 2 4 5 10 2.5 8 1.25 20 4 5 and y 1 0 1 1 0 0 1 1 0 1. Expected values unit
 * by unit in mpmath 1.3.0 (40 digits): z_i = w_i (y_i - p)/N, n/(n-1) sum (z_i - mean z)^2 and
 * sum (1 - pi_i) z_i^2; t = 2.262157162798205 (R: qt(0.975, 9)). */
static const zh_design_sums ten_units = {10, 61.75, 43.25, 657.8125, 555.5625};

static void test_proportion(void **state)
{
    (void)state;
    zh_design_estimate e;
    assert_int_equal(zh_design_proportion(&ten_units, ZH_DESIGN_REPLACEMENT, 0.95, &e, NULL),
                     ZH_OK);
    close_to(e.estimate, 0.70040485829959514, 1e-14);
    close_to(e.se, 0.17072563704774423, 1e-13);
    close_to(e.df, 9, 0);
    close_to(e.interval.lower, 0.270659123824332, 1e-12);
    close_to(e.interval.upper, 0.936418148222177, 1e-12);
    assert_int_equal(zh_design_proportion(&ten_units, ZH_DESIGN_POISSON, 0.95, &e, NULL), ZH_OK);
    close_to(e.se, 0.15111033827148956, 1e-13);
    assert_true(isinf(e.df));
    close_to(e.interval.lower, 0.363038511363452, 1e-12);
    close_to(e.interval.upper, 0.905565512009754, 1e-12);
}

/* Equal weights give the textbook variance p (1 - p)/(n - 1) of simple random sampling with
 * replacement (Särndal et al. 1992, section 2.9 with equal p_k). */
static void test_equal_weights(void **state)
{
    (void)state;
    zh_design_sums s = {100, 700, 7 * 93, 4900, 49 * 93};
    zh_design_estimate e;
    assert_int_equal(zh_design_proportion(&s, ZH_DESIGN_REPLACEMENT, 0.95, &e, NULL), ZH_OK);
    close_to(e.estimate, 0.93, 1e-14);
    close_to(e.se, sqrt(0.93 * 0.07 / 99), 1e-13);
    /* A census (every weight 1) has no sampling error under Poisson sampling. */
    zh_design_sums census = {100, 100, 93, 100, 93};
    assert_int_equal(zh_design_proportion(&census, ZH_DESIGN_POISSON, 0.95, &e, NULL), ZH_OK);
    assert_true(e.se == 0.0);
    close_to(e.interval.lower, 0.93, 1e-14);
}

/* survey 4.1-1 (R), shared statistical vectors, survey.json, function horvitz_thompson, case
 * uniform-15: pi and y as given there, total and standard error with replacement. */
static void test_total(void **state)
{
    (void)state;
    static const double pi[] = {0.304568527918782, 0.342639593908629, 0.49492385786802,
                                0.532994923857868, 0.609137055837564};
    static const double y[] = {22.6, 25.3, 36.1, 38.8, 44.2};
    double w = 0;
    double wy = 0;
    double squares = 0;
    for (size_t i = 0; i < 5; i++) {
        w += 1 / pi[i];
        wy += y[i] / pi[i];
        squares += y[i] / pi[i] * (y[i] / pi[i]);
    }
    zh_design_estimate e;
    assert_int_equal(zh_design_total(5, wy, squares, 0.95, &e, NULL), ZH_OK);
    close_to(e.estimate, 366.340221815222, 1e-9);
    close_to(e.se, 1.59259955412536, 1e-9);
    close_to(wy / w, 31.2038586306983, 1e-9);
    close_to(e.interval.upper - e.estimate, e.estimate - e.interval.lower, 1e-12);
}

/* survey 4.1-1 (R), survey.json, function stratified_proportion_ci, case qualified-3-strata: the
 * logit interval follows from the estimate, the standard error (read back from the symmetric
 * interval "mean", t with 75 - 3 = 72 degrees of freedom) and the degrees of freedom. */
static void test_logit_interval(void **state)
{
    (void)state;
    const double t72 = 1.9934635666618724; /* mpmath */
    double se = (1.00561555116791 - 0.892797147244792) / 2 / t72;
    zh_interval i = zh_design_logit_interval(0.949206349206349, se, 72, 0.95);
    close_to(i.lower, 0.852942809025076, 1e-6);
    close_to(i.upper, 0.983662805269312, 1e-6);
}

static void test_all_alike(void **state)
{
    (void)state;
    zh_design_estimate e;
    zh_interval exact;
    /* Kish's effective size: 61.75^2 / 657.8125 = 5.79, so 5. */
    zh_design_sums none = {10, 61.75, 0, 657.8125, 0};
    assert_int_equal(zh_design_proportion(&none, ZH_DESIGN_REPLACEMENT, 0.95, &e, NULL), ZH_OK);
    assert_int_equal(zh_interval_clopper_pearson(0, 5, 0.95, &exact, NULL), ZH_OK);
    assert_true(e.estimate == 0.0 && e.se == 0.0);
    assert_true(e.interval.lower == 0.0 && e.interval.upper == exact.upper);
    zh_design_sums all = {10, 61.75, 61.75, 657.8125, 657.8125};
    assert_int_equal(zh_design_proportion(&all, ZH_DESIGN_REPLACEMENT, 0.95, &e, NULL), ZH_OK);
    assert_true(e.estimate == 1.0 && e.interval.upper == 1.0);
    assert_true(e.interval.lower > 0.4 && e.interval.lower < 1.0);
    /* Equal weights: the effective size is the size, not one less by rounding. */
    zh_design_sums equal = {49, 49 * 0.1 * 11, 0, 49 * 1.21, 0};
    assert_int_equal(zh_design_proportion(&equal, ZH_DESIGN_REPLACEMENT, 0.95, &e, NULL), ZH_OK);
    assert_int_equal(zh_interval_clopper_pearson(0, 49, 0.95, &exact, NULL), ZH_OK);
    assert_true(e.interval.upper == exact.upper);
}

static void test_refused(void **state)
{
    (void)state;
    static const zh_design_sums impossible[] = {
        {0, 0, 0, 0, 0},
        {1, 2, 1, 4, 1}, /* no variance from one unit */
        {10, 9, 1, 20, 1},
        {10, 61.75, 70, 657, 600}, /* w < n, wy > w */
        {10, 61.75, -1, 657, 1},
        {10, 61.75, 40, 300, 200}, /* negative, below (sum w)^2/n */
        {10, 61.75, 40, 657, 700},
        {10, 61.75, 40, 657, 30}, /* wwy > ww, wwy < wy */
        {10, 61.75, 40, (double)INFINITY, 600},
    };
    zh_design_estimate e;
    for (size_t i = 0; i < ZH_COUNTOF(impossible); i++) {
        assert_int_equal(
            zh_design_proportion(&impossible[i], ZH_DESIGN_REPLACEMENT, 0.95, &e, NULL), ZH_EINVAL);
    }
    zh_err err = {0};
    assert_int_equal(zh_design_proportion(&ten_units, ZH_DESIGN_POISSON, 1.0, &e, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "design.confidence");
    assert_int_equal(zh_design_total(1, 5, 25, 0.95, &e, NULL), ZH_EINVAL);
    assert_int_equal(zh_design_total(2, 10, 25, 0.95, &e, NULL), ZH_EINVAL);
    assert_int_equal(zh_design_total(2, (double)NAN, 25, 0.95, &e, NULL), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proportion), cmocka_unit_test(test_equal_weights),
        cmocka_unit_test(test_total),      cmocka_unit_test(test_logit_interval),
        cmocka_unit_test(test_all_alike),  cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
