/* Reliability: published examples, identities, refusals. Sources stand at each test. */
#include "engine/reliability.h"
#include "engine_call.h"
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

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

static const zh_json *call(const char *name, const char *input)
{
    zh_err err = {0};
    const zh_json *answer = engine_call(arena, name, input, &err);
    if (answer == NULL) {
        fail_msg("%s refused: %s %s", name, err.where, err.message);
    }
    return answer;
}

/* J. Lieblein, M. Zelen 1956: millions of revolutions of 23 ball bearings. J. F. Lawless,
 * Statistical Models and Methods for Lifetime Data: shape 2.10, scale 81.88. */
static void test_ball_bearings(void **state)
{
    (void)state;
    const zh_json *a = call(
        "reliability.weibull_mle",
        "{\"time\":[17.88,28.92,33.00,41.52,42.12,45.60,48.48,51.84,51.96,54.12,55.56,67.80,68.64,"
        "68.64,68.88,84.12,93.12,98.64,105.12,105.84,127.92,128.04,173.40],\"quantiles\":[0.632]}");
    assert_true(fabs(engine_number(a, "shape") - 2.10) < 0.005);
    assert_true(fabs(engine_number(a, "scale") - 81.88) < 0.005);
    /* 63.2 % of the units fail by the scale. */
    engine_close(engine_number(a, "quantile.0"), engine_number(a, "scale"), 1e-3);
}

/* Another unit of time scales times and leaves the shape; a power of time divides the shape. With
 * censoring, over extreme units. */
static void test_weibull_equivariance(void **state)
{
    (void)state;
    enum { N = 40 };
    zh_random random;
    zh_random_seed(&random, SEED);
    for (int round = 0; round < 50; round++) {
        double t[N];
        double scaled[N];
        double powered[N];
        int64_t event[N];
        for (size_t i = 0; i < N; i++) {
            t[i] = pow(zh_random_exponential(&random), 0.7) + 1e-9;
            event[i] = zh_random_below(&random, 3) != 0;
            scaled[i] = t[i] * 1e250;
            powered[i] = sqrt(t[i]);
        }
        zh_weibull_fit a;
        zh_weibull_fit b;
        zh_weibull_fit c;
        assert_int_equal(zh_weibull_mle(arena, t, event, N, 0.9, &a, NULL), ZH_OK);
        assert_int_equal(zh_weibull_mle(arena, scaled, event, N, 0.9, &b, NULL), ZH_OK);
        assert_int_equal(zh_weibull_mle(arena, powered, event, N, 0.9, &c, NULL), ZH_OK);
        engine_close(b.shape, a.shape, 1e-12);
        engine_close(b.scale / 1e250, a.scale, 1e-11);
        engine_close(b.shape_ci.lower, a.shape_ci.lower, 1e-11);
        engine_close(c.shape, 2.0 * a.shape, 1e-10);
        engine_close(c.scale, sqrt(a.scale), 1e-10);
        /* The likelihood is lower on either side. */
        double r = (double)a.events;
        for (int side = -1; side <= 1; side += 2) {
            double shape = a.shape * (1.0 + 0.01 * side);
            double sum = 0.0;
            double value = 0.0;
            for (size_t i = 0; i < N; i++) {
                sum += pow(t[i], shape);
            }
            for (size_t i = 0; i < N; i++) {
                value += event[i] != 0 ? log(shape * r / sum) + (shape - 1.0) * log(t[i]) : 0.0;
            }
            assert_true(value - r < a.loglik);
        }
    }
}

/* Exact median ranks of five failures: table of L. G. Johnson, as printed in Abernethy's handbook:
 * 12.94, 31.38, 50.00, 68.62, 87.06 %. */
static void test_median_ranks(void **state)
{
    (void)state;
    static const double table[] = {0.1294, 0.3138, 0.5000, 0.6862, 0.8706};
    const zh_json *a = call("reliability.weibull_mrr", "{\"failures\":[3,1,2,4,5]}");
    char path[32];
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof(path), "median_rank.%zu", i);
        assert_true(fabs(engine_number(a, path) - table[i]) < 5.1e-5);
    }
}

/* Failures lying exactly on a Weibull line give its parameters and r2 = 1, by either regression. */
static void test_rank_regression(void **state)
{
    (void)state;
    double t[8];
    zh_weibull_ranks r;
    for (int kind = ZH_RANK_BENARD; kind <= ZH_RANK_BLOM; kind++) {
        for (size_t i = 0; i < 8; i++) {
            t[i] = (double)(i + 1);
        }
        assert_int_equal(zh_weibull_rank_regression(arena, t, 8, NULL, 0, (zh_rank_position)kind,
                                                    ZH_REGRESS_X_ON_Y, &r, NULL),
                         ZH_OK);
        for (size_t i = 0; i < 8; i++) {
            t[i] = 250.0 * pow(-log1p(-r.position[i]), 1.0 / 1.7);
        }
        for (int way = ZH_REGRESS_X_ON_Y; way <= ZH_REGRESS_Y_ON_X; way++) {
            assert_int_equal(zh_weibull_rank_regression(arena, t, 8, NULL, 0,
                                                        (zh_rank_position)kind,
                                                        (zh_rank_regression)way, &r, NULL),
                             ZH_OK);
            engine_close(r.beta, 1.7, 1e-12);
            engine_close(r.eta, 250.0, 1e-12);
            engine_close(r.r2, 1.0, 1e-12);
        }
    }
}

/* E. J. Freireich et al. 1963, weeks of remission under 6-MP; survival and Greenwood standard
 * errors as printed in D. Collett, Modelling Survival Data, and many textbooks; median 23 weeks. */
static void test_freireich(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        double survival, se;
    } printed[] = {{0, 0.857, 0.0764}, {1, 0.807, 0.0869},  {3, 0.753, 0.0963}, {5, 0.690, 0.1068},
                   {6, 0.627, 0.1141}, {10, 0.538, 0.1282}, {11, 0.448, 0.1346}};
    const zh_json *a = call("reliability.kaplan_meier",
                            "{\"time\":[6,6,6,6,7,9,10,10,11,13,16,17,19,20,22,23,25,32,32,34,35],"
                            "\"event\":[1,1,1,0,1,0,1,0,0,1,1,0,0,0,1,1,0,0,0,0,0]}");
    char path[32];
    for (size_t i = 0; i < ZH_COUNTOF(printed); i++) {
        (void)snprintf(path, sizeof(path), "surv.%zu", printed[i].at);
        double s = engine_number(a, path);
        (void)snprintf(path, sizeof(path), "se_cumhaz_log.%zu", printed[i].at);
        assert_true(fabs(s - printed[i].survival) < 6e-4);
        assert_true(fabs(s * engine_number(a, path) - printed[i].se) < 6e-5);
    }
    assert_true(engine_number(a, "median.0") == 23.0);
}

/* Without censoring the curve is one minus the empirical distribution function and the restricted
 * mean is the mean; flat stretch at one half; end of the curve at 0. */
static void test_kaplan_meier_edges(void **state)
{
    (void)state;
    const zh_json *a = call("reliability.kaplan_meier", "{\"time\":[2,4,7,9]}");
    engine_close(engine_number(a, "rmean"), 5.5, 1e-14);
    assert_true(engine_number(a, "median.0") == 5.5);
    assert_true(engine_number(a, "surv.3") == 0.0);
    assert_true(isinf(engine_number(a, "se_cumhaz_log.3")));
    assert_true(isnan(engine_number(a, "lower_log.3")));
    assert_true(isnan(engine_number(a, "upper_plain.3")));
    const zh_json *none = call("reliability.kaplan_meier", "{\"time\":[2,4],\"event\":[0,0]}");
    assert_true(isnan(engine_number(none, "median.0")));
    assert_true(engine_number(none, "surv.1") == 1.0);
    assert_true(isnan(engine_number(none, "lower_loglog.0")));
}

/* NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.5.2: failure times of a growth test of 1,500
 * hours; growth slope 0.5165 (from the modified estimate of beta) and MTBF at the end 310 hours. */
static void test_nist_growth(void **state)
{
    (void)state;
    const zh_json *a =
        call("reliability.crow_amsaa",
             "{\"times\":[5,40,43,175,389,712,747,795,1299,1478],\"end_time\":1500}");
    assert_true(fabs(1.0 - engine_number(a, "beta_unbiased") - 0.5165) < 5e-5);
    assert_true(fabs(engine_number(a, "mtbf_instantaneous_unbiased") - 310.0) < 0.5);
}

/* Failures on an exact power law: the Duane line finds it. */
static void test_duane(void **state)
{
    (void)state;
    double t[12];
    zh_duane d;
    for (size_t i = 0; i < 12; i++) {
        t[i] = pow(2.5 * (double)(i + 1), 1.0 / 0.6);
    }
    assert_int_equal(zh_duane_fit(arena, t, 12, &d, NULL), ZH_OK);
    engine_close(d.alpha, 0.4, 1e-12);
    engine_close(d.b, 2.5, 1e-12);
    engine_close(d.mtbf_instantaneous_end, 2.5 * pow(t[11], 0.4) / 0.6, 1e-12);
}

/* Sample sizes of the success run and of tests with failures allowed, 90 % reliability and 90 %
 * confidence: 22, 38, 52, 65, 78 (binomial tables, e.g. MIL-HDBK-338B); 95/95: 59; 99/95: 299. */
static void test_success_run(void **state)
{
    (void)state;
    static const int64_t table[] = {22, 38, 52, 65, 78};
    int64_t n;
    double r;
    for (int64_t f = 0; f < 5; f++) {
        assert_int_equal(zh_success_run(0.9, 0.9, f, &n, NULL), ZH_OK);
        assert_int_equal(n, table[f]);
        assert_int_equal(zh_demonstrated_reliability(n, f, 0.9, &r, NULL), ZH_OK);
        assert_true(r >= 0.9);
        assert_int_equal(zh_demonstrated_reliability(n - 1, f, 0.9, &r, NULL), ZH_OK);
        assert_true(r < 0.9);
    }
    assert_int_equal(zh_success_run(0.95, 0.95, 0, &n, NULL), ZH_OK);
    assert_int_equal(n, 59);
    assert_int_equal(zh_success_run(0.99, 0.95, 0, &n, NULL), ZH_OK);
    assert_int_equal(n, 299);
    /* Tested for the mission time itself Weibayes needs as many, longer tests need fewer. */
    assert_int_equal(zh_weibayes_units(0.95, 100, 2, 100, 0.95, 0, &n, NULL), ZH_OK);
    assert_int_equal(n, 59);
    assert_int_equal(zh_weibayes_units(0.95, 100, 2, 200, 0.95, 0, &n, NULL), ZH_OK);
    assert_int_equal(n, 15); /* 58.4/4 = 14.6 */
    assert_int_equal(zh_success_run(1.0 - 1e-10, 0.99, 0, &n, NULL), ZH_ELIMIT);
}

/* Shape 1 is the exponential distribution; without failures the lower limit is T/ln(1/(1 - C)). */
static void test_weibayes(void **state)
{
    (void)state;
    const double time[] = {500, 700, 900, 400};
    const int64_t event[] = {1, 0, 1, 0};
    const int64_t none[] = {0, 0, 0, 0};
    zh_weibayes w;
    zh_mtbf m;
    double total;
    assert_int_equal(zh_weibayes_fit(time, event, 4, 1.0, 0.9, &w, NULL), ZH_OK);
    assert_int_equal(zh_exponential_mtbf(2, 2500, false, 0.9, &m, NULL), ZH_OK);
    engine_close(w.scale, m.mtbf, 1e-13);
    engine_close(w.scale_lower, m.lower_one_sided, 1e-12);
    assert_int_equal(zh_exponential_test_time(m.lower_one_sided, 0.9, 2, &total, NULL), ZH_OK);
    engine_close(total, 2500, 1e-12);
    assert_int_equal(zh_weibayes_fit(time, none, 4, 1.0, 0.9, &w, NULL), ZH_OK);
    assert_true(isinf(w.scale));
    engine_close(w.scale_lower, 2500 / log(10.0), 1e-11);
    assert_int_equal(zh_exponential_mtbf(0, 2500, false, 0.9, &m, NULL), ZH_OK);
    assert_true(isinf(m.mtbf) && isinf(m.interval.upper));
}

static void test_refusals(void **state)
{
    (void)state;
    engine_refused("reliability.weibull_mle", "{\"time\":[1,2],\"event\":[0,0]}",
                   "reliability.censored");
    engine_refused("reliability.weibull_mle", "{\"time\":[],\"event\":[]}", "reliability.censored");
    engine_refused("reliability.weibull_mle", "{\"time\":[1,0],\"event\":[1,1]}",
                   "reliability.time");
    engine_refused("reliability.weibull_mle", "{\"time\":[3,3,2],\"event\":[1,1,0]}",
                   "reliability.degenerate");
    engine_refused("reliability.weibull_mle", "{\"time\":[3,2],\"event\":[1,2]}", "calc.input");
    engine_refused("reliability.weibull_mle", "{\"time\":[3,2],\"event\":[1]}", "calc.input");
    engine_refused("reliability.weibull_mle", "{\"time\":[3,2],\"quantiles\":[0]}", "calc.input");
    engine_refused("reliability.weibull_mrr", "{\"failures\":[3,3]}", "reliability.failures");
    engine_refused("reliability.weibull_mrr", "{\"failures\":[3]}", "reliability.failures");
    engine_refused("reliability.weibull_mrr", "{\"failures\":[3,4],\"position\":\"Cox\"}",
                   "calc.input");
    engine_refused("reliability.kaplan_meier", "{\"time\":[]}", "reliability.empty");
    engine_refused("reliability.kaplan_meier", "{\"time\":[-1]}", "reliability.time");
    engine_refused("reliability.exponential_mtbf_ci",
                   "{\"failures\":0,\"total_time\":5,\"truncation\":\"failure\"}",
                   "reliability.failures");
    engine_refused("reliability.exponential_mtbf_ci", "{\"failures\":1,\"total_time\":0}",
                   "reliability.time");
    engine_refused("reliability.crow_amsaa", "{\"times\":[1,3,2],\"end_time\":5}",
                   "reliability.order");
    engine_refused("reliability.crow_amsaa", "{\"times\":[1,3],\"end_time\":2}", "reliability.end");
    engine_refused("reliability.crow_amsaa", "{\"times\":[3,3],\"end_time\":3}",
                   "reliability.degenerate");
    engine_refused("reliability.crow_amsaa", "{\"times\":[1,3],\"truncation\":\"failure\"}",
                   "reliability.failures");
    engine_refused("reliability.duane", "{\"times\":[4,4]}", "reliability.failures");
    engine_refused("reliability.success_run", "{\"confidence\":0.9}", "calc.input");
    engine_refused("reliability.success_run", "{\"n\":5,\"failures\":6}", "reliability.sample");
    engine_refused("reliability.weibayes", "{\"time\":[4,4],\"shape\":0}", "reliability.shape");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ball_bearings), cmocka_unit_test(test_weibull_equivariance),
        cmocka_unit_test(test_median_ranks),  cmocka_unit_test(test_rank_regression),
        cmocka_unit_test(test_freireich),     cmocka_unit_test(test_kaplan_meier_edges),
        cmocka_unit_test(test_nist_growth),   cmocka_unit_test(test_duane),
        cmocka_unit_test(test_success_run),   cmocka_unit_test(test_weibayes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
