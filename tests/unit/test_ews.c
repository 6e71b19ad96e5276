/* Early warning on counts.
 *
 * Expected values: hand computation from the definitions (EARS, CUSUM), closed forms of special
 * cases of the regression (one level, no trend: means and Pearson's dispersion), sums of mass
 * functions written out here, and searches over every change point and a fine grid of shifts for
 * the likelihood ratios. Series are drawn from a printed seed. */
#include "engine/ews.h"
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* What is left when the deviance changes by less than 1e-8, the weights being those of the step
 * before the last. */
#define STOP 1e-3

static zh_arena *arena;
static zh_random draws;

static int set_up(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    zh_random_seed(&draws, seed);
    arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
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
    if (!(fabs(given - wanted) <= relative * fmax(1.0, fabs(wanted)))) {
        fail_msg("%.17g, wanted %.17g", given, wanted);
    }
}

static double *series(size_t n, double mean)
{
    double *x = ZH_NEW_N(arena, double, n);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)zh_random_poisson(&draws, mean * zh_random_gamma(&draws, 2.0) / 2.0);
    }
    return x;
}

/* ---- EARS ---- */

static void test_ears(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 10, 12};
    const size_t at[] = {11};
    const double z = 3.0902323061678132; /* upper 0.001 point of the normal distribution */
    double upper;
    zh_ears c1 = {ZH_EARS_C1, 7, 0.001, 0.0};
    zh_ears c2 = {ZH_EARS_C2, 7, 0.001, 0.0};
    zh_ears c3 = {ZH_EARS_C3, 7, 0.001, 0.0};
    assert_int_equal(zh_ears_first(&c1), 7);
    assert_int_equal(zh_ears_first(&c2), 9);
    assert_int_equal(zh_ears_first(&c3), 11);
    const size_t nine[] = {9};
    zh_ears_run(x, nine, 1, &c2, &upper);
    near(upper, 4.0 + z * sqrt(28.0 / 6.0), 1e-14); /* 1 … 7 */
    zh_ears_run(x, nine, 1, &c1, &upper);
    near(upper, 6.0 + z * sqrt(28.0 / 6.0), 1e-14); /* 3 … 9 */
    /* before: (30 - 4)/sd - 1 and (10 - 5)/sd - 1, sd of seven consecutive numbers */
    double sd = sqrt(28.0 / 6.0);
    double before = 26.0 / sd - 1.0 + 5.0 / sd - 1.0;
    zh_ears_run(x, at, 1, &c3, &upper);
    near(upper, fmax(0.0, 12.0 + sd * (z - before)), 1e-14);
}

static void test_ears_constant(void **state)
{
    (void)state;
    const double x[] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4};
    const size_t at[] = {12};
    double upper;
    zh_ears c1 = {ZH_EARS_C1, 7, 0.001, 0.0};
    zh_ears c3 = {ZH_EARS_C3, 7, 0.025, 0.0};
    zh_ears_run(x, at, 1, &c1, &upper);
    near(upper, 3.0, 0.0);
    zh_ears_run(x, at, 1, &c3, &upper);
    assert_true(isnan(upper));
    c3.min_sigma = 0.5;
    zh_ears_run(x, at, 1, &c3, &upper);
    near(upper, 4.0 + 0.5 * 1.9599639845400545, 1e-14);
}

/* ---- Bayes ---- */

static double negative_binomial_below(double x, double size, double prob)
{
    double sum = 0.0;
    for (double k = 0.0; k <= x; k += 1.0) {
        sum += exp(lgamma(size + k) - lgamma(size) - lgamma(k + 1.0) + size * log(prob) +
                   k * log1p(-prob));
    }
    return sum;
}

static void is_quantile(double q, double p, double size, double prob)
{
    assert_true(negative_binomial_below(q, size, prob) >= p * (1.0 - 1e-12));
    assert_true(q == 0.0 || negative_binomial_below(q - 1.0, size, prob) < p);
}

static void test_bayes(void **state)
{
    (void)state;
    double *x = series(120, 4.0);
    zh_ews_bayes b = {52, 2, 4, true, 0.05};
    assert_int_equal(zh_ews_bayes_first(&b), 108);
    for (size_t at = 108; at < 120; at++) {
        double sum = 0.0;
        for (size_t i = 1; i <= 4; i++) {
            sum += x[at - i];
        }
        for (size_t year = 1; year <= 2; year++) {
            for (size_t i = 0; i < 9; i++) {
                sum += x[at - 52 * year - 4 + i];
            }
        }
        is_quantile(zh_ews_bayes_upper(x, at, &b), 0.95, sum + 0.5, 22.0 / 23.0);
    }
}

/* ---- Farrington ---- */

static zh_farrington_point judged(const double *x, size_t n, size_t at, const zh_farrington *f)
{
    zh_err err = {0};
    zh_farrington_point out;
    assert_int_equal(zh_farrington_run(arena, x, n, &at, 1, f, &out, &err), ZH_OK);
    return out;
}

/* Without trend and weights the estimate is the mean of the windows, phi Pearson's, and the
 * threshold 3.7 of the paper with var(mean) = phi mean/n. */
static void test_farrington_plain(void **state)
{
    (void)state;
    for (int turn = 0; turn < 20; turn++) {
        double *x = series(320, 8.0);
        zh_farrington f = zh_farrington_defaults(false, 52);
        f.trend = f.reweight = false;
        f.alpha = 0.02;
        double sum = 0.0;
        double squares = 0.0;
        for (size_t year = 1; year <= 5; year++) {
            for (size_t i = 0; i < 7; i++) {
                sum += x[310 - 52 * year - 3 + i];
                squares += pow(x[310 - 52 * year - 3 + i], 2.0);
            }
        }
        double mean = sum / 35.0;
        double phi = fmax(1.0, (squares - 35.0 * mean * mean) / mean / 34.0);
        double z = 2.3263478740408408; /* upper 0.01 point */
        double tau = phi + phi / 35.0;
        double upper = pow(pow(mean, 2.0 / 3.0) + z * sqrt(4.0 / 9.0 * cbrt(mean) * tau), 1.5);
        zh_farrington_point p = judged(x, 320, 310, &f);
        double recent = x[310] + x[309] + x[308] + x[307];
        near(p.expected, mean, STOP);
        near(p.phi, phi, STOP);
        near(p.upper, recent < 5.0 ? 0.0 : upper, STOP);
        assert_int_equal(p.alarm, recent >= 5.0 && x[310] > upper);
    }
}

/* The level of the present window in the flexible method is the mean of that window's points. */
static void test_farrington_levels(void **state)
{
    (void)state;
    double *x = series(330, 6.0);
    zh_farrington f = zh_farrington_defaults(true, 52);
    f.trend = f.reweight = false;
    f.no_periods = 10;
    f.past_excluded = 2;
    f.limit_cases = 0.0;
    f.threshold = ZH_FARRINGTON_NB_PLUGIN;
    double sum = x[317]; /* the present window reaches back to 317; 318 … 320 are left out */
    for (size_t year = 1; year <= 5; year++) {
        for (size_t i = 0; i < 7; i++) {
            sum += x[320 - 52 * year - 3 + i];
        }
    }
    zh_farrington_point p = judged(x, 330, 320, &f);
    near(p.expected, sum / 36.0, STOP);
    if (p.phi > 1.0) {
        double size = p.expected / (p.phi - 1.0);
        is_quantile(p.upper, 0.95, size, 1.0 / p.phi);
        near(p.p_value,
             x[320] > 0.0 ? 1.0 - negative_binomial_below(x[320] - 1.0, size, 1.0 / p.phi) : 1.0,
             1e-9);
    }
}

/* Counts on an exact falling exponential: the trend is kept and the forecast is the next one. */
static void test_farrington_trend(void **state)
{
    (void)state;
    double x[17];
    for (int i = 0; i < 17; i++) {
        x[i] = ldexp(1.0, 30 - i);
    }
    for (int flexible = 0; flexible < 2; flexible++) {
        zh_farrington f = zh_farrington_defaults(flexible != 0, 4);
        f.b = 4;
        f.w = 1;
        zh_farrington_point p = judged(x, 17, 16, &f);
        assert_true(p.trend);
        near(p.expected, x[16], 1e-6);
        f.b = 2; /* fewer than three years: never a trend */
        assert_false(judged(x, 17, 16, &f).trend);
    }
    for (int i = 0; i < 17; i++) {
        x[i] = ldexp(1.0, i); /* rising: the forecast passes every count of the baseline */
    }
    zh_farrington f = zh_farrington_defaults(false, 4);
    f.b = 4;
    f.w = 1;
    assert_false(judged(x, 17, 16, &f).trend);
}

/* A constant population changes nothing; reweighting takes an outbreak of the past out. */
static void test_farrington_options(void **state)
{
    (void)state;
    double *x = series(330, 6.0);
    double population[330];
    for (size_t i = 0; i < 330; i++) {
        population[i] = 250.0;
    }
    zh_farrington f = zh_farrington_defaults(true, 52);
    f.no_periods = 10;
    f.past_excluded = 26;
    f.limit_cases = 0.0;
    zh_farrington_point plain = judged(x, 330, 325, &f);
    f.population = population;
    zh_farrington_point offset = judged(x, 330, 325, &f);
    near(offset.upper, plain.upper, 1e-6);
    near(offset.phi, plain.phi, 1e-6);
    f.population = NULL;
    x[325 - 52] = 400.0;
    zh_farrington_point heavy = judged(x, 330, 325, &f);
    f.reweight = false;
    assert_true(heavy.expected < judged(x, 330, 325, &f).expected);
}

static void test_farrington_zeros(void **state)
{
    (void)state;
    double x[330] = {0};
    x[325] = 6.0;
    for (int m = 0; m < 3; m++) {
        zh_farrington f = zh_farrington_defaults(true, 52);
        f.threshold = (zh_farrington_threshold)m;
        f.no_periods = 10;
        zh_farrington_point p = judged(x, 330, 325, &f);
        assert_true(p.alarm == ZH_ALARM_UNKNOWN || p.alarm == ZH_ALARM_YES);
        f.no_periods = 1;
        (void)judged(x, 330, 325, &f);
    }
}

/* The original method takes the reference points that exist, the flexible asks for all windows. */
static void test_farrington_short(void **state)
{
    (void)state;
    const double x[] = {4, 6, 5, 3, 5, 7, 4, 6, 9};
    zh_farrington f = zh_farrington_defaults(false, 4);
    f.b = 2;
    f.w = 1;
    f.trend = f.reweight = false;
    assert_int_equal(zh_farrington_first(&f), 6);
    near(judged(x, 9, 6, &f).expected, (6.0 + 5.0 + 3.0) / 3.0, STOP); /* 1 … 3 */
    near(judged(x, 9, 8, &f).expected, (4.0 + 6.0 + 3.0 + 5.0 + 7.0) / 5.0, STOP);
    f.flexible = true;
    assert_int_equal(zh_farrington_first(&f), 9);
}

static zh_rc refused(zh_farrington f, size_t n, size_t at)
{
    static const double x[400] = {0};
    zh_err err = {0};
    zh_farrington_point out;
    zh_rc rc = zh_farrington_run(arena, x, n, &at, 1, &f, &out, &err);
    assert_true(rc == ZH_OK || err.message[0] != '\0');
    return rc;
}

static void test_farrington_refusals(void **state)
{
    (void)state;
    zh_farrington f = zh_farrington_defaults(true, 52);
    assert_int_equal(refused(f, 400, 260), ZH_OK);
    assert_int_equal(refused(f, 400, 259), ZH_EINVAL);
    assert_int_equal(refused(f, 400, 400), ZH_EINVAL);
    f.w = 26;
    assert_int_equal(refused(f, 400, 300), ZH_EINVAL);
    f = zh_farrington_defaults(true, 52);
    f.no_periods = 46;
    assert_int_equal(refused(f, 400, 300), ZH_OK);
    f.no_periods = 47;
    assert_int_equal(refused(f, 400, 300), ZH_EINVAL);
    f = zh_farrington_defaults(true, ZH_EWS_FREQUENCY_MAX + 1);
    assert_int_equal(refused(f, 400, 300), ZH_EINVAL);
    f = zh_farrington_defaults(false, 52);
    f.alpha = 1.0;
    assert_int_equal(refused(f, 400, 300), ZH_EINVAL);
    f = zh_farrington_defaults(false, 52);
    f.limit_points = 0;
    assert_int_equal(refused(f, 400, 300), ZH_EINVAL);
}

/* ---- CUSUM ---- */

static void test_transforms(void **state)
{
    (void)state;
    near(zh_count_standardise(ZH_COUNT_STANDARD, 9.0, 4.0, 0.0), 2.5, 1e-15);
    near(zh_count_standardise(ZH_COUNT_ROSSI, 9.0, 4.0, 0.0), (9.0 - 12.0 + 12.0) / 4.0, 1e-15);
    near(zh_count_standardise(ZH_COUNT_ANSCOMBE, 27.0, 64.0, 0.0), 1.5 * (9.0 - 16.0) / 2.0, 1e-14);
    near(zh_count_standardise(ZH_COUNT_ANSCOMBE_2ND, 27.0, 64.0, 0.0),
         (9.0 - (16.0 - 1.0 / 36.0)) / (2.0 / 3.0 * 2.0), 1e-14);
    near(zh_count_standardise(ZH_COUNT_PEARSON_NB, 9.0, 4.0, 0.5), 5.0 / sqrt(12.0), 1e-15);
    near(zh_count_standardise(ZH_COUNT_NONE, 9.0, 0.0, 0.5), 9.0, 0.0);
}

/* 3/2 y^(2/3) 2F1(1/3, 2/3; 5/3; -alpha y) by the series of 2F1 where it converges fast. */
static double anscombe_nb(double y, double alpha)
{
    double term = 1.0;
    double sum = 1.0;
    for (int k = 0; k < 200; k++) {
        term *= (1.0 / 3.0 + k) * (2.0 / 3.0 + k) / (5.0 / 3.0 + k) / (1.0 + k) * -(alpha * y);
        sum += term;
    }
    return 1.5 * pow(y, 2.0 / 3.0) * sum;
}

static void test_anscombe_nb(void **state)
{
    (void)state;
    for (double y = 0.0; y <= 8.0; y += 1.0) {
        double m = 3.0;
        double wanted =
            (anscombe_nb(y, 0.1) - anscombe_nb(m, 0.1)) / pow(m + 0.1 * m * m, 1.0 / 6.0);
        near(zh_count_standardise(ZH_COUNT_ANSCOMBE_NB, y, m, 0.1), wanted, 1e-12);
    }
    near(zh_count_standardise(ZH_COUNT_ANSCOMBE_NB, 20.0, 9.0, 1e-12),
         zh_count_standardise(ZH_COUNT_ANSCOMBE, 20.0, 9.0, 0.0), 1e-9);
}

static void test_cusum(void **state)
{
    (void)state;
    const double x[] = {4, 9, 4, 16};
    const double m[] = {4, 4, 4, 4};
    double c[4];
    bool alarm[4];
    zh_count_cusum(ZH_COUNT_STANDARD, x, m, 4, 0.0, 0.5, 5.0, c, alarm);
    near(c[0], 0.0, 0.0);
    near(c[1], 2.0, 1e-15);
    near(c[2], 1.5, 1e-15);
    near(c[3], 7.0, 1e-15);
    assert_true(!alarm[2] && alarm[3]);
    for (int t = 0; t <= (int)ZH_COUNT_NONE; t++) {
        zh_count_transform transform = (zh_count_transform)t;
        double upper = zh_count_cusum_upper(transform, 1.5, 4.0, 0.1, 0.5, 5.0);
        near(zh_count_standardise(transform, upper, 4.0, 0.1), 5.0 + 0.5 - 1.5, 1e-9);
    }
}

/* Means that follow the model exactly are found again. */
static void test_season(void **state)
{
    (void)state;
    double x[104];
    double mean[3];
    const size_t range[] = {104, 110, 130};
    const double turn = 2.0 * 3.14159265358979324 / 52.0;
    zh_err err = {0};
    for (int i = 0; i < 104; i++) {
        x[i] = exp(2.0 + 0.5 * cos(turn * (i + 1)) - 0.3 * sin(turn * (i + 1)));
    }
    assert_int_equal(zh_count_season(arena, x, 104, 52, 1, false, range, 3, mean, &err), ZH_OK);
    for (int i = 0; i < 3; i++) {
        double t = turn * (double)(range[i] + 1);
        near(mean[i], exp(2.0 + 0.5 * cos(t) - 0.3 * sin(t)), 1e-7);
    }
    assert_int_equal(zh_count_season(arena, x, 2, 52, 1, false, range, 3, mean, &err), ZH_EINVAL);
}

/* ---- generalised likelihood ratio ---- */

static double ratio(const double *x, const double *mu, size_t k, size_t n, double alpha,
                    double shift, bool epidemic)
{
    double sum = 0.0;
    for (size_t i = k; i <= n; i++) {
        double m = epidemic ? mu[i] + exp(shift) * (i > 0 ? x[i - 1] : 0.0) : mu[i] * exp(shift);
        sum += alpha > 0.0
                   ? x[i] * log(m / mu[i]) +
                         (x[i] + 1.0 / alpha) * log((1.0 + alpha * mu[i]) / (1.0 + alpha * m))
                   : x[i] * log(m / mu[i]) - (m - mu[i]);
    }
    return sum;
}

/* The largest ratio over change points and a grid of shifts, refined about its best. */
static double searched(const double *x, const double *mu, size_t n, size_t low, size_t up,
                       double alpha, double from, double to, bool epidemic)
{
    double best = 0.0;
    for (size_t k = low; k <= up; k++) {
        double a = from;
        double b = to;
        for (int round = 0; round < 12; round++) {
            double at = a;
            double largest = -(double)INFINITY;
            double step = (b - a) / 40.0;
            for (int i = 0; i <= 40; i++) {
                double r = ratio(x, mu, k, n, alpha, a + step * i, epidemic);
                if (r > largest) {
                    largest = r;
                    at = a + step * i;
                }
            }
            best = fmax(best, largest);
            a = fmax(from, at - step);
            b = fmin(to, at + step);
        }
    }
    return best;
}

static void check_glr(zh_count_glr g, double from, double to)
{
    double *x = series(14, 5.0);
    double mu[14];
    double value[14];
    bool alarm[14];
    zh_err err = {0};
    for (int i = 0; i < 14; i++) {
        mu[i] = 3.0 + 2.0 * zh_random_uniform(&draws);
    }
    assert_int_equal(zh_count_glr_run(x, mu, 14, &g, value, alarm, &err), ZH_OK);
    bool poisson = g.alpha == 0.0 && !g.epidemic;
    for (size_t n = 0; n < 14; n++) {
        size_t low = g.window > 0 && n > (size_t)g.window ? n - (size_t)g.window : 0;
        size_t back = poisson && g.window > 0 ? g.at_least : g.at_least - 1;
        bool enough = n >= back;
        size_t up = poisson && g.window < 0 ? n : n - (enough ? back : 0);
        double wanted = enough ? searched(x, mu, n, low, up, g.alpha, from, to, g.epidemic) : 0.0;
        near(value[n], wanted, 1e-6);
        assert_false(alarm[n]);
    }
}

static void test_glr(void **state)
{
    (void)state;
    for (int turn = 0; turn < 8; turn++) {
        for (int m = 0; m < 8; m++) {
            zh_count_glr g = {.threshold = 1e9,
                              .alpha = m % 2 == 0 ? 0.0 : 0.3,
                              .window = m / 2 % 2 == 0 ? -1 : 5,
                              .at_least = m / 4 == 0 ? 1 : 2};
            check_glr(g, 0.0, 8.0);
            g.decrease = true;
            check_glr(g, -30.0, 0.0);
            g.decrease = false;
            g.epidemic = true;
            check_glr(g, -30.0, 6.0);
        }
    }
}

static void test_glr_restarts(void **state)
{
    (void)state;
    const double x[] = {4, 20, 4, 4, 20};
    const double mu[] = {4, 4, 4, 4, 4};
    double value[5];
    bool alarm[5];
    zh_err err = {0};
    zh_count_glr g = {.threshold = 5.0, .window = -1, .at_least = 1};
    assert_int_equal(zh_count_glr_run(x, mu, 5, &g, value, alarm, &err), ZH_OK);
    near(value[1], 20.0 * log(5.0) - 16.0, 1e-14);
    assert_true(alarm[1] && alarm[4]);
    near(value[2], 0.0, 0.0);
    near(value[4], value[1], 1e-14);
    g.known = true;
    g.theta = log(2.0);
    assert_int_equal(zh_count_glr_run(x, mu, 5, &g, value, alarm, &err), ZH_OK);
    near(value[0], fmax(0.0, 4.0 * log(2.0) - 4.0), 1e-15);
    near(value[1], 20.0 * log(2.0) - 4.0, 1e-14);
    near(value[2], 0.0, 0.0);
}

static void test_glr_refusals(void **state)
{
    (void)state;
    static double x[20000];
    static double mu[20000];
    static double value[20000];
    static bool alarm[20000];
    zh_err err = {0};
    zh_count_glr g = {.threshold = 5.0, .window = -1, .at_least = 1, .alpha = 0.1};
    for (int i = 0; i < 20000; i++) {
        mu[i] = 1.0;
    }
    assert_int_equal(zh_count_glr_run(x, mu, 20000, &g, value, alarm, &err), ZH_ELIMIT);
    zh_err_clear(&err);
    mu[1] = 0.0;
    assert_int_equal(zh_count_glr_run(x, mu, 2, &g, value, alarm, &err), ZH_EINVAL);
    zh_err_clear(&err);
    g.at_least = 0;
    assert_int_equal(zh_count_glr_run(x, mu, 1, &g, value, alarm, &err), ZH_EINVAL);
    zh_err_clear(&err);
    g = (zh_count_glr){.threshold = 5.0, .window = 3, .at_least = 4};
    assert_int_equal(zh_count_glr_run(x, mu, 1, &g, value, alarm, &err), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ears),
        cmocka_unit_test(test_ears_constant),
        cmocka_unit_test(test_bayes),
        cmocka_unit_test(test_farrington_plain),
        cmocka_unit_test(test_farrington_levels),
        cmocka_unit_test(test_farrington_trend),
        cmocka_unit_test(test_farrington_options),
        cmocka_unit_test(test_farrington_zeros),
        cmocka_unit_test(test_farrington_refusals),
        cmocka_unit_test(test_farrington_short),
        cmocka_unit_test(test_transforms),
        cmocka_unit_test(test_anscombe_nb),
        cmocka_unit_test(test_cusum),
        cmocka_unit_test(test_season),
        cmocka_unit_test(test_glr),
        cmocka_unit_test(test_glr_restarts),
        cmocka_unit_test(test_glr_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
