/* Scorecards.
 *
 * Expected values:
 * - O-rings: S. R. Dalal, E. B. Fowlkes, B. Hoadley, Risk analysis of the space shuttle, JASA 84
 *   (1989) 945-957; the 23 launches, logistic regression of thermal distress on temperature as
 *   textbooks print it (15.0429, -0.2322; deviance 20.3152), further digits by glm of R 4.2.2;
 * - AUC: J. A. Hanley, B. J. McNeil, Radiology 143 (1982) 29-36, table I, area 0.893;
 * - otherwise by hand. */
#include "engine/engine.h"
#include "engine/scorecard.h"
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

static void near(double given, double wanted, double relative)
{
    if (!(fabs(given - wanted) <= relative * fabs(wanted) + 1e-14)) {
        fail_msg("%.17g, wanted %.17g", given, wanted);
    }
}

static double temperature[] = {66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78,
                               67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58};
static const double distress[] = {0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0,
                                  0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1};

static void test_o_rings(void **state)
{
    zh_arena *arena = *state;
    zh_matrix x = {23, 1, temperature};
    zh_logistic fit;
    zh_err err = {0};
    assert_int_equal(zh_logistic_fit(arena, &x, distress, 23, NULL, &fit, &err), ZH_OK);
    near(fit.coef[0], 15.042901647702481, 1e-10);
    near(fit.coef[1], -0.232162744218597, 1e-10);
    near(fit.se[0], 7.378636384911233, 1e-9);
    near(fit.se[1], 0.108236521649207, 1e-9);
    near(fit.z[1], -2.14495754927374, 1e-9);
    near(fit.p[1], 0.0319562412493268, 1e-9);
    near(fit.deviance, 20.3151926878668, 1e-12);
    near(fit.null_deviance, 28.2671527342935, 1e-12);
    near(fit.aic, 24.3151926878668, 1e-12);
    /* Other units and a far origin: the same fit. */
    double kelvin[23];
    for (size_t i = 0; i < 23; i++) {
        kelvin[i] = 1e6 + (temperature[i] - 32.0) / 1.8;
    }
    zh_logistic other;
    x.v = kelvin;
    assert_int_equal(zh_logistic_fit(arena, &x, distress, 23, NULL, &other, &err), ZH_OK);
    near(other.coef[1], 1.8 * fit.coef[1], 1e-8);
    near(other.deviance, fit.deviance, 1e-10);
    near(other.z[1], fit.z[1], 1e-8);
}

/* One binary characteristic: the coefficients are log odds, the variances sums of 1/count. */
static void test_two_by_two(void **state)
{
    zh_arena *arena = *state;
    const double cells[] = {40, 10, 15, 35}; /* x = 0: y = 0, 1; x = 1: y = 0, 1 */
    double x[100];
    double y[100];
    size_t n = 0;
    for (size_t c = 0; c < 4; c++) {
        for (double i = 0; i < cells[c]; i += 1.0) {
            x[n] = c < 2 ? 0.0 : 1.0;
            y[n++] = c % 2 == 0 ? 0.0 : 1.0;
        }
    }
    zh_matrix m = {n, 1, x};
    zh_logistic fit;
    zh_err err = {0};
    assert_int_equal(zh_logistic_fit(arena, &m, y, n, NULL, &fit, &err), ZH_OK);
    near(fit.coef[0], log(10.0 / 40.0), 1e-12);
    near(fit.coef[1], log(35.0 * 40.0 / (15.0 * 10.0)), 1e-12);
    near(fit.se[0], sqrt(1.0 / 40.0 + 1.0 / 10.0), 1e-12);
    near(fit.se[1], sqrt(1.0 / 40.0 + 1.0 / 10.0 + 1.0 / 15.0 + 1.0 / 35.0), 1e-12);
}

static void refused(zh_arena *arena, const zh_matrix *x, const double *y, const char *rule,
                    const char *name)
{
    static const zh_str names[] = {{"甲", 3}, {"乙", 3}, {"丙", 3}};
    zh_logistic fit;
    zh_err err = {0};
    assert_int_equal(zh_logistic_fit(arena, x, y, x->rows, names, &fit, &err), ZH_EINVAL);
    assert_string_equal(err.rule, rule);
    assert_non_null(strstr(err.message, name));
}

static void test_separation(void **state)
{
    zh_arena *arena = *state;
    zh_random random;
    double v[60];
    double y[20];
    zh_matrix x = {20, 2, v};
    zh_random_seed(&random, 5);
    for (size_t i = 0; i < 20; i++) {
        v[2 * i] = zh_random_normal(&random);
        v[2 * i + 1] = (double)i;
        y[i] = i < 11 ? 0.0 : 1.0;
    }
    refused(arena, &x, y, "scorecard.separation", "乙"); /* complete */
    v[2 * 11 + 1] = 10.0;
    refused(arena, &x, y, "scorecard.separation", "乙"); /* quasi-complete: a tie on the border */
    for (size_t i = 0; i < 20; i++) {
        y[i] = i % 2 == 0 ? 0.0 : 1.0;
        v[2 * i + 1] = i == 5 ? 1.0 : 0.0;
    }
    refused(arena, &x, y, "scorecard.separation", "乙"); /* a rare category with one outcome */
    /* A direction of two columns separates though neither does alone. */
    for (size_t i = 0; i < 20; i++) {
        v[2 * i] = (double)(i % 7);
        v[2 * i + 1] = (double)(i % 7) + (y[i] > 0.5 ? 0.5 : -0.5);
    }
    refused(arena, &x, y, "scorecard.separation", "");
    /* Strongly related but not separated: an estimate. */
    zh_logistic fit;
    zh_err err = {0};
    for (size_t i = 0; i < 20; i++) {
        y[i] = (i < 10) == (i != 4 && i != 16) ? 0.0 : 1.0;
        v[2 * i] = (double)((i * 7) % 5);
        v[2 * i + 1] = (double)i;
    }
    assert_int_equal(zh_logistic_fit(arena, &x, y, 20, NULL, &fit, &err), ZH_OK);
    assert_true(fit.coef[2] > 0.0);
}

static void test_refusals(void **state)
{
    zh_arena *arena = *state;
    double v[60];
    double y[20];
    zh_matrix x = {20, 3, v};
    for (size_t i = 0; i < 20; i++) {
        v[3 * i] = (double)((i * 7) % 5);
        v[3 * i + 1] = (double)((i * 3) % 8);
        v[3 * i + 2] = 2.0 * v[3 * i] - v[3 * i + 1] + 4.0;
        y[i] = (double)((i * 11) % 3 == 0);
    }
    refused(arena, &x, y, "scorecard.singular", "丙");
    for (size_t i = 0; i < 20; i++) {
        v[3 * i + 1] = 0.1;
    }
    refused(arena, &x, y, "scorecard.constant", "乙");
    memset(y, 0, sizeof(y));
    refused(arena, &x, y, "scorecard.one_class", "");
    y[3] = 2.0;
    refused(arena, &x, y, "scorecard.y", "");
    y[3] = 1.0;
    x.rows = 4;
    refused(arena, &x, y, "scorecard.rows", "");
}

static void test_woe(void **state)
{
    zh_arena *arena = *state;
    const double neg[] = {30, 60, 10};
    const double pos[] = {10, 0, 10};
    zh_woe w;
    zh_err err = {0};
    assert_int_equal(zh_woe_of_counts(arena, neg, pos, 3, 0.9, &w, &err), ZH_OK);
    near(w.woe[0], log(10.0 / 20.9 / 0.3), 1e-14);
    near(w.woe[1], log(0.9 / 20.9 / 0.6), 1e-14);
    near(w.total_iv, w.iv[0] + w.iv[1] + w.iv[2], 1e-14);
    near(w.pos[1], 0.0, 0.0);
    assert_int_equal(zh_woe_of_counts(arena, neg, pos, 3, 0.0, &w, &err), ZH_OK);
    assert_true(isinf(w.woe[1]) && w.woe[1] < 0.0 && isinf(w.total_iv));
    assert_int_equal(zh_woe_of_counts(arena, neg, pos, 0, 0.9, &w, &err), ZH_EINVAL);
    assert_int_equal(zh_woe_of_counts(arena, neg, pos + 1, 1, 0.9, &w, &err), ZH_EINVAL);
    const double cuts[] = {10, 20};
    assert_int_equal(zh_bin_of(cuts, 2, 9.9), 0);
    assert_int_equal(zh_bin_of(cuts, 2, 10.0), 1);
    assert_int_equal(zh_bin_of(cuts, 2, 20.0), 2);
    double values[] = {5, 1, 1, 1, 2, 3, 4, 6, 7, 8};
    double found[4];
    assert_int_equal(zh_equal_bins(values, 10, 5, found), 3);
    near(found[0], 3.0, 0.0);
    near(found[2], 7.0, 0.0);
}

static void test_auc(void **state)
{
    zh_arena *arena = *state;
    /* 109 CT images rated 1 to 5: 58 normal, 51 abnormal. */
    const int normal[] = {33, 6, 6, 11, 2};
    const int abnormal[] = {3, 2, 2, 11, 33};
    double score[109];
    double y[109];
    size_t n = 0;
    for (size_t rating = 0; rating < 5; rating++) {
        for (int i = 0; i < normal[rating] + abnormal[rating]; i++) {
            score[n] = (double)rating + 1.0;
            y[n++] = i < normal[rating] ? 0.0 : 1.0;
        }
    }
    zh_discrimination d;
    zh_err err = {0};
    assert_int_equal(n, 109);
    assert_int_equal(zh_discriminate(arena, score, y, n, &d, &err), ZH_OK);
    near(d.auc, 0.893, 0.0005);
    near(d.gini, 2.0 * d.auc - 1.0, 1e-15);
    near(d.ks, 45.0 / 58.0 - 7.0 / 51.0, 1e-14);
    assert_true(isnan(d.log_loss) && isnan(d.brier));
    const double p[] = {0.1, 0.9, 0.5, 1.0};
    const double outcome[] = {0, 1, 0, 1};
    assert_int_equal(zh_discriminate(arena, p, outcome, 4, &d, &err), ZH_OK);
    near(d.auc, 1.0, 0.0);
    near(d.ks, 1.0, 0.0);
    near(d.log_loss, -(2.0 * log(0.9) + log(0.5)) / 4.0, 1e-14);
    near(d.brier, (0.01 + 0.01 + 0.25) / 4.0, 1e-14);
    const double sure[] = {1.0, 0.0, 0.5, 1.0};
    assert_int_equal(zh_discriminate(arena, sure, outcome, 4, &d, &err), ZH_OK);
    assert_true(isinf(d.log_loss));
    assert_int_equal(zh_discriminate(arena, p, outcome, 1, &d, &err), ZH_EINVAL);
    assert_int_equal(zh_discriminate(arena, p, outcome, 0, &d, &err), ZH_EINVAL);
}

static void test_points(void **state)
{
    (void)state;
    const double coef[] = {1.0};
    const double woe[] = {0.0};
    double each[1];
    zh_points at;
    zh_points twice;
    zh_err err = {0};
    /* A log odds of ln(1/20) gets 600 points, twice the odds of bad 50 fewer. */
    assert_int_equal(zh_score_points(log(0.05), coef, woe, 1, 600, 0.05, 50, each, &at, &err),
                     ZH_OK);
    assert_int_equal(zh_score_points(log(0.10), coef, woe, 1, 600, 0.05, 50, each, &twice, &err),
                     ZH_OK);
    near(at.total, 600.0, 1e-13);
    near(twice.total, 550.0, 1e-13);
    assert_int_equal(zh_score_points(0.0, coef, woe, 1, 600, 0.0, 50, each, &at, &err), ZH_EINVAL);
}

static void test_psi(void **state)
{
    (void)state;
    const double a[] = {50, 50};
    const double b[] = {80, 20};
    const double c[] = {7, 0};
    double part[2];
    double psi;
    zh_err err = {0};
    assert_int_equal(zh_stability(a, b, 2, 0.0, part, &psi, &err), ZH_OK);
    near(psi, 0.3 * log(1.6) - 0.3 * log(0.4), 1e-14);
    assert_int_equal(zh_stability(a, a, 2, 0.0, part, &psi, &err), ZH_OK);
    near(psi, 0.0, 0.0);
    assert_int_equal(zh_stability(a, c, 2, 0.0, part, &psi, &err), ZH_OK);
    assert_true(isinf(psi) && psi > 0.0);
    assert_int_equal(zh_stability(a, c, 2, 1.0, part, &psi, &err), ZH_OK);
    near(psi, (0.875 - 0.5) * log(1.75) + (0.125 - 0.5) * log(0.25), 1e-14);
    assert_int_equal(zh_stability(a, b, 0, 0.0, part, &psi, &err), ZH_EINVAL);
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

/* Runs a calculation; what it wrote must begin with `begins` when that is given. */
static void run(zh_arena *arena, const char *name, const char *input, const char *begins,
                const char *where)
{
    const zh_engine *one = engine(name);
    zh_json *json = NULL;
    zh_err err = {0};
    zh_buf buf;
    zh_jw out;
    zh_buf_init(&buf, 1 << 20);
    zh_jw_init(&out, &buf, 0);
    assert_int_equal(
        zh_json_parse(arena, zh_str_of(input != NULL ? input : one->input), &json, &err), ZH_OK);
    assert_int_equal(one->run(arena, json, &out, &err), where == NULL ? ZH_OK : ZH_EINVAL);
    if (where != NULL) {
        assert_string_equal(err.where, where);
    } else if (begins != NULL) {
        assert_true(buf.n >= strlen(begins));
        assert_memory_equal(zh_buf_view(&buf).p, begins, strlen(begins));
    }
    zh_buf_free(&buf);
}

static void test_door(void **state)
{
    zh_arena *arena = *state;
    run(arena, "scorecard.woe_iv", NULL, NULL, NULL);
    run(arena, "scorecard.logistic_regression", NULL, NULL, NULL);
    run(arena, "scorecard.points", NULL, NULL, NULL);
    run(arena, "scorecard.discrimination", NULL, NULL, NULL);
    run(arena, "scorecard.psi", NULL, NULL, NULL);
    run(arena, "scorecard.woe_iv",
        "{\"x\":[1,null,5,7,2],\"y\":[0,1,1,0,1],\"breaks\":[\"Inf\",5,2.5,\"-Inf\"]}",
        "{\"bin\":[\"missing\",\"[-Inf,2.5)\",\"[5, Inf)\"],\"neg\":[0,1,1],\"pos\":[1,1,1]", NULL);
    run(arena, "scorecard.woe_iv",
        "{\"x\":[\"乙\",null,\"甲\",\"丙\"],\"y\":[0,1,1,0],\"breaks\":[\"甲\",\"乙%,%丙\"]}",
        "{\"bin\":[\"missing\",\"甲\",\"乙%,%丙\"],\"neg\":[0,0,2],\"pos\":[1,1,0]", NULL);
    run(arena, "scorecard.woe_iv", "{\"x\":[\"b\",\"a\",\"b\"],\"y\":[0,1,1]}",
        "{\"bin\":[\"a\",\"b\"],\"neg\":[0,1],\"pos\":[1,1]", NULL);
    run(arena, "scorecard.woe_iv", "{\"x\":[\"b\",\"a\"],\"y\":[0,1],\"breaks\":[\"a\"]}", NULL,
        "breaks");
    run(arena, "scorecard.woe_iv", "{\"x\":[1,2],\"y\":[0]}", NULL, "y");
    run(arena, "scorecard.woe_iv", "{\"x\":[1,2],\"y\":[0,3]}", NULL, "y");
    run(arena, "scorecard.logistic_regression",
        "{\"x\":[[1],[2],[4]],\"y\":[0,1,0],\"names\":[\"a\",\"b\"]}", NULL, "names");
    run(arena, "scorecard.points", "{\"intercept\":1,\"coef\":[1],\"woe\":[1,2]}", NULL, "woe");
    run(arena, "scorecard.psi", "{\"expected_counts\":[1],\"actual_counts\":[1,2]}", NULL,
        "actual_counts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_o_rings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_by_two, setup, teardown),
        cmocka_unit_test_setup_teardown(test_separation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_woe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_auc, setup, teardown),
        cmocka_unit_test_setup_teardown(test_points, setup, teardown),
        cmocka_unit_test_setup_teardown(test_psi, setup, teardown),
        cmocka_unit_test_setup_teardown(test_door, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
