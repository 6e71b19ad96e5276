/* Distributions, intervals and the quantile sketch.
 *
 * Unless a case says otherwise, values are from mpmath 1.3.0 at 40 to 60 digits: the beta function
 * for whole a, b as a binomial sum, otherwise mpmath.betainc; quantiles by bisection of those; the
 * normal distribution from mpmath.erfinv and ncdf. */
#include "num/beta.h"
#include "num/interval.h"
#include "num/normal.h"
#include "num/sketch.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void close_to(double got, double expected, double relative, const char *what)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("%s: got %.17g, expected %.17g", what, got, expected);
    }
}

static void test_beta_cdf(void **state)
{
    (void)state;
    static const struct {
        double x, a, b, lower, upper;
    } cases[] = {
        {0.5, 0.5, 0.5, 0.5, 0.5},
        {0.01, 0.5, 0.5, 0.063768560858519849, 0.93623143914148015},
        {1e-06, 0.5, 3, 0.001874998750000375, 0.99812500124999963},
        {0.3, 2.5, 7.25, 0.66048227358190722, 0.33951772641809278},
        {0.9, 2.5, 7.25, 0.99999908772886369, 9.122711363103811e-7},
        {0.999, 2, 0.5, 0.95258164648577513, 0.047418353514224869},
        {0.2, 1, 1, 0.20000000000000001, 0.79999999999999999},
        {0.00390625, 1, 5226, 0.99999999869104647, 1.3089535283930199e-9},
        {0.0082, 44, 5183, 0.45061141121359828, 0.54938858878640172},
        {0.018, 557, 29598, 0.2745463752498535, 0.7254536247501465},
        {0.0223, 81936, 3591644, 0.47908043817337833, 0.52091956182662167},
        {0.5, 500000, 500000, 0.5, 0.5},
        {0.501, 500000, 500000, 0.97724994903836852, 0.022750050961631483},
        {0.0001, 1, 1000000, 1.0, 3.7015207857525986e-44},
        {0.75, 0.001, 2, 0.99996228739389379, 3.7712606106214995e-5},
        {0.25, 15.5, 16.5, 0.0023462323795868408, 0.99765376762041316},
        {0.4, 1000.5, 1500.25, 0.49782829981991512, 0.50217170018008488},
        {0.98, 300, 5, 0.27175419884835124, 0.72824580115164876},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char what[64];
        (void)snprintf(what, sizeof(what), "I_%g(%g, %g)", cases[i].x, cases[i].a, cases[i].b);
        close_to(zh_beta_cdf(cases[i].x, cases[i].a, cases[i].b), cases[i].lower, 1e-12, what);
        close_to(zh_beta_cdf_upper(cases[i].x, cases[i].a, cases[i].b), cases[i].upper, 1e-12,
                 what);
    }
    assert_true(zh_beta_cdf(0.0, 2.0, 3.0) == 0.0 && zh_beta_cdf(1.0, 2.0, 3.0) == 1.0);
    assert_true(zh_beta_cdf_upper(0.0, 2.0, 3.0) == 1.0);
    assert_true(zh_beta_cdf_upper(1.0, 2.0, 3.0) == 0.0);
    /* R 4.2.2: pbinom(2, 80, 0.02), pf(2.5, 3, 20, lower.tail = FALSE). */
    close_to(zh_beta_cdf_upper(0.02, 3, 78), 0.784418886975356, 1e-12, "pbinom");
    close_to(zh_beta_cdf(20 / (20 + 3 * 2.5), 10, 1.5), 0.0888437519376893, 1e-12, "pf");
}

static void test_beta_quantile(void **state)
{
    (void)state;
    static const struct {
        double p, a, b;
        bool upper;
        double x;
    } cases[] = {
        {0.025, 43, 5184, false, 0.0059609262969071846},
        {0.025, 44, 5183, true, 0.011067345783362248},
        {0.025, 8, 54, false, 0.058360505839740517},
        {0.025, 9, 53, true, 0.24215868868336216},
        {0.025, 1, 1e7, false, 2.5317807952240307e-9},
        {0.025, 1, 1e7, true, 3.6888787737224386e-7},
        {1e-10, 3, 4, false, 0.00017101953023986429},
        {1e-10, 3, 4, true, 0.99839210873137786},
        {0.005, 557, 29599, true, 0.020527669370574522},
        {0.3, 0.5, 4.5, false, 0.017284734036112743},
        {0.025, 0.5, 0.5, true, 0.99845866686656399},
        {0.025, 81935, 3591645, false, 0.022153096320546556},
        /* R 4.2.2: qbeta(0.975, 3, 48) */
        {0.975, 3, 48, false, 0.137137625603967},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char what[64];
        (void)snprintf(what, sizeof(what), "quantile %g (%g, %g)", cases[i].p, cases[i].a,
                       cases[i].b);
        double got = cases[i].upper ? zh_beta_quantile_upper(cases[i].p, cases[i].a, cases[i].b)
                                    : zh_beta_quantile(cases[i].p, cases[i].a, cases[i].b);
        close_to(got, cases[i].x, 1e-12, what);
    }
    assert_true(zh_beta_quantile(0.0, 2.0, 3.0) == 0.0 && zh_beta_quantile(1.0, 2.0, 3.0) == 1.0);
    assert_true(zh_beta_quantile_upper(0.0, 2.0, 3.0) == 1.0);
    assert_true(zh_beta_quantile_upper(1.0, 2.0, 3.0) == 0.0);
}

/* The quantile function undoes the distribution function, over a grid that includes extremes. */
static void test_beta_round_trip(void **state)
{
    (void)state;
    static const double shapes[] = {0.01, 0.5, 1.0, 3.0, 40.5, 1e3, 1e5, 1e7};
    static const double tails[] = {1e-12, 1e-4, 0.025, 0.2, 0.5};
    for (size_t i = 0; i < ZH_COUNTOF(shapes); i++) {
        for (size_t j = 0; j < ZH_COUNTOF(shapes); j++) {
            for (size_t k = 0; k < ZH_COUNTOF(tails); k++) {
                double x = zh_beta_quantile(tails[k], shapes[i], shapes[j]);
                if (x > 1e-280 && x < 0.999) {
                    /* A change of x in its last place moves the tail by at most about b + a. */
                    double slack = 1e-11 + 4e-16 * (shapes[i] + shapes[j]);
                    close_to(zh_beta_cdf(x, shapes[i], shapes[j]), tails[k], slack, "round trip");
                }
            }
        }
    }
}

static void test_normal(void **state)
{
    (void)state;
    static const struct {
        double p, z;
    } quantiles[] = {
        {1e-300, -37.047096299361199}, {1e-20, -9.2623400897984076}, {1e-06, -4.753424308822899},
        {0.001, -3.0902323061678135},  {0.025, -1.9599639845400542}, {0.05, -1.6448536269514727},
        {0.1, -1.2815515655446004},    {0.4, -0.25334710313579974},  {0.5, 0.0},
        {0.575, 0.18911842627279238},  {0.8, 0.84162123357291436},   {0.95, 1.6448536269514723},
        {0.975, 1.9599639845400539},   {0.995, 2.5758293035489005},  {0.999999, 4.7534243088170878},
    };
    for (size_t i = 0; i < ZH_COUNTOF(quantiles); i++) {
        close_to(zh_normal_quantile(quantiles[i].p), quantiles[i].z, 2e-15, "normal quantile");
    }
    static const struct {
        double z, p;
    } values[] = {
        {-37, 5.7255712225245756e-300}, {-10, 7.6198530241605261e-24}, {-3, 0.0013498980316300945},
        {-1, 0.15865525393145705},      {-0.1, 0.46017216272297102},   {0, 0.5},
        {0.5, 0.6914624612740131},      {2, 0.97724986805182079},      {6, 0.99999999901341235},
    };
    for (size_t i = 0; i < ZH_COUNTOF(values); i++) {
        close_to(zh_normal_cdf(values[i].z), values[i].p, 1e-13, "normal cdf");
    }
}

static void test_student(void **state)
{
    (void)state;
    static const struct {
        double p, df, t;
    } cases[] = {
        {0.975, 9, 2.262157162798205},
        {0.975, 1, 12.706204736174693},
        {0.995, 2.5, 7.1637281389487829},
        {0.9, 4, 1.5332062740589441},
        {0.025, 72, -1.9934635666618724},
        {0.51, 30, 0.025278783971765814},
        {1e-10, 3, -2225.7692846830932},
        /* R 4.2.2: qt(0.975, 9) */
        {0.975, 9, 2.2621571627982},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        close_to(zh_student_quantile(cases[i].p, cases[i].df), cases[i].t, 1e-12, "t quantile");
    }
    assert_true(zh_student_quantile(0.5, 3.0) == 0.0);
    /* Many degrees of freedom: the expansion Abramowitz & Stegun 26.7.5 to its second term. */
    double z = zh_normal_quantile(0.975);
    double near_normal =
        z + (z * z * z + z) / 4e6 + (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * 1e12);
    close_to(zh_student_quantile(0.975, 1e6), near_normal, 1e-12, "t quantile");
}

/* binom 1.1-1.1 (R): binom.confint(x, n, conf, methods = c("wilson", "exact")), as given in the
 * shared statistical vectors, survey.json, function proportion_ci; tolerance as stated there. */
static void test_intervals(void **state)
{
    (void)state;
    static const struct {
        uint64_t x, n;
        double confidence;
        zh_interval wilson, exact;
    } cases[] = {
        {0, 20, 0.95, {0.0, 0.161125158052819}, {0.0, 0.168433470983085}},
        {18,
         20,
         0.95,
         {0.698966354771513, 0.972133518786232},
         {0.683017285980918, 0.987651472829705}},
        {93,
         100,
         0.9,
         {0.875739886933207, 0.961605373193263},
         {0.87254198441703, 0.966688084382368}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_interval w;
        zh_interval e;
        assert_int_equal(zh_interval_wilson(cases[i].x, cases[i].n, cases[i].confidence, &w, NULL),
                         ZH_OK);
        assert_int_equal(
            zh_interval_clopper_pearson(cases[i].x, cases[i].n, cases[i].confidence, &e, NULL),
            ZH_OK);
        close_to(w.lower, cases[i].wilson.lower, 1e-9, "wilson lower");
        close_to(w.upper, cases[i].wilson.upper, 1e-9, "wilson upper");
        close_to(e.lower, cases[i].exact.lower, 1e-9, "exact lower");
        close_to(e.upper, cases[i].exact.upper, 1e-9, "exact upper");
    }
}

/* Published sampling results, to the digits that were printed with them: national 2019 second half
 * 2.22-2.25 %, Hubei 2016-01 0.61-1.11 %, tea 6.8-23.8 %, Hubei 2020Q2 1.70-2.00 % (Wilson, 95 %).
 */
static void test_interval_of_real_counts(void **state)
{
    (void)state;
    static const struct {
        uint64_t x, n;
        double unit, lower, upper;
    } cases[] = {
        {81935, 3673579, 1e4, 222, 225},
        {43, 5226, 1e4, 61, 111},
        {8, 61, 1e3, 68, 238},
        {556, 30154, 1e4, 170, 200},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_interval w;
        assert_int_equal(zh_interval_wilson(cases[i].x, cases[i].n, 0.95, &w, NULL), ZH_OK);
        assert_true(round(w.lower * cases[i].unit) == cases[i].lower);
        assert_true(round(w.upper * cases[i].unit) == cases[i].upper);
    }
}

static void test_interval_edges(void **state)
{
    (void)state;
    zh_interval i;
    zh_err err = {0};
    assert_int_equal(zh_interval_wilson(0, 0, 0.95, &i, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "interval.empty");
    assert_int_equal(zh_interval_clopper_pearson(0, 0, 0.95, &i, NULL), ZH_EINVAL);
    assert_int_equal(zh_interval_wilson(2, 1, 0.95, &i, NULL), ZH_EINVAL);
    assert_int_equal(zh_interval_wilson(1, 2, 0.0, &i, NULL), ZH_EINVAL);
    assert_int_equal(zh_interval_wilson(1, 2, 1.0, &i, NULL), ZH_EINVAL);
    assert_int_equal(zh_interval_wilson(1, 2, (double)NAN, &i, NULL), ZH_EINVAL);
    assert_int_equal(zh_interval_wilson(1, ZH_INTERVAL_N_MAX, 0.95, &i, NULL), ZH_OK);
    assert_int_equal(zh_interval_wilson(1, ZH_INTERVAL_N_MAX + 1, 0.95, &i, NULL), ZH_ELIMIT);
    /* x = n: the lower end of Clopper-Pearson is (alpha/2)^(1/n) in closed form. */
    assert_int_equal(zh_interval_clopper_pearson(61, 61, 0.95, &i, NULL), ZH_OK);
    close_to(i.lower, pow(0.025, 1.0 / 61), 1e-13, "closed form");
    assert_true(i.upper == 1.0);
    assert_int_equal(zh_interval_clopper_pearson(0, 61, 0.95, &i, NULL), ZH_OK);
    close_to(i.upper, -expm1(log(0.025) / 61), 1e-13, "closed form");
    assert_true(i.lower == 0.0);
    assert_int_equal(zh_interval_wilson(61, 61, 0.95, &i, NULL), ZH_OK);
    assert_true(i.upper == 1.0 && i.lower > 0.9);
}

static double value_of(int32_t key)
{
    double v;
    assert_int_equal(zh_sketch_value(key, &v), ZH_OK);
    return v;
}

static void test_sketch_keys(void **state)
{
    (void)state;
    assert_int_equal(zh_sketch_key((zh_decimal){0, 3}), 0);
    assert_int_equal(zh_sketch_key((zh_decimal){1, 0}), ZH_SKETCH_ORIGIN); /* gamma^0 */
    /* gamma = 101/99 = 1.020202...: 1.02 lies in bucket 1, 1.03 in bucket 2, 0.99 in bucket 0. */
    assert_int_equal(zh_sketch_key((zh_decimal){102, 2}), ZH_SKETCH_ORIGIN + 1);
    assert_int_equal(zh_sketch_key((zh_decimal){103, 2}), ZH_SKETCH_ORIGIN + 2);
    assert_int_equal(zh_sketch_key((zh_decimal){99, 2}), ZH_SKETCH_ORIGIN);
    assert_int_equal(zh_sketch_key((zh_decimal){-103, 2}), -(ZH_SKETCH_ORIGIN + 2));
    assert_int_equal(zh_sketch_key((zh_decimal){50, 3}), zh_sketch_key((zh_decimal){5, 2}));
    /* Extremes of a decimal. */
    int32_t largest = zh_sketch_key((zh_decimal){INT64_MAX, 0});
    int32_t smallest = zh_sketch_key((zh_decimal){1, 18});
    assert_true(largest <= ZH_SKETCH_KEY_MAX);
    assert_int_equal(zh_sketch_key((zh_decimal){INT64_MIN, 0}), -largest);
    close_to(value_of(largest), 9223372036854775807.0, ZH_SKETCH_ALPHA, "largest");
    close_to(value_of(smallest), 1e-18, ZH_SKETCH_ALPHA, "smallest");
    double v;
    assert_int_equal(zh_sketch_value(ZH_SKETCH_KEY_MAX, &v), ZH_OK);
    assert_int_equal(zh_sketch_value(ZH_SKETCH_KEY_MAX + 1, &v), ZH_EINVAL);
    assert_int_equal(zh_sketch_value(1, &v), ZH_EINVAL);
    assert_int_equal(zh_sketch_value(INT32_MIN, &v), ZH_EINVAL);
}

static uint64_t step(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    return *seed >> 11;
}

/* The guarantee of the paper and the order of the keys, for random decimals. */
static void test_sketch_accuracy(void **state)
{
    (void)state;
    uint64_t seed = 20190801;
    for (int i = 0; i < 20000; i++) {
        zh_decimal a = {(int64_t)(step(&seed) >> (step(&seed) % 52)), (uint8_t)(step(&seed) % 19)};
        zh_decimal b = {a.scaled + (int64_t)(step(&seed) % 1000), a.digits};
        if (a.scaled == 0) {
            continue;
        }
        int32_t key = zh_sketch_key(a);
        double exact = (double)a.scaled / pow(10, a.digits);
        if (fabs(value_of(key) - exact) > ZH_SKETCH_ALPHA * exact * (1 + 1e-12)) {
            fail_msg("seed 20190801, step %d: %.17g reported as %.17g", i, exact, value_of(key));
        }
        assert_true(zh_sketch_key(b) >= key);
        a.scaled = -a.scaled;
        assert_int_equal(zh_sketch_key(a), -key);
    }
}

static void test_sketch_quantiles(void **state)
{
    (void)state;
    /* -5, 0, 0, 10, 100: ranks 0 to 4. */
    const zh_sketch_bucket buckets[] = {
        {zh_sketch_key((zh_decimal){-5, 0}), 1},
        {0, 2},
        {zh_sketch_key((zh_decimal){10, 0}), 1},
        {zh_sketch_key((zh_decimal){100, 0}), 1},
    };
    double v;
    static const struct {
        double q, value;
    } cases[] = {{0, -5}, {0.2499, -5}, {0.25, 0}, {0.5, 0}, {0.75, 10}, {0.99, 10}, {1, 100}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        assert_int_equal(zh_sketch_quantile(buckets, 4, cases[i].q, &v, NULL), ZH_OK);
        close_to(v, cases[i].value, ZH_SKETCH_ALPHA, "quantile");
    }
    zh_err err = {0};
    assert_int_equal(zh_sketch_quantile(buckets, 0, 0.5, &v, &err), ZH_ENOTFOUND);
    assert_string_equal(err.rule, "sketch.empty");
    assert_int_equal(zh_sketch_quantile(buckets, 4, 1.1, &v, NULL), ZH_EINVAL);
    assert_int_equal(zh_sketch_quantile(buckets, 4, (double)NAN, &v, NULL), ZH_EINVAL);
    const zh_sketch_bucket unsorted[] = {{5000, 1}, {4000, 1}};
    assert_int_equal(zh_sketch_quantile(unsorted, 2, 0.5, &v, NULL), ZH_EINVAL);
    const zh_sketch_bucket overflowing[] = {{4000, (uint64_t)1 << 53}, {5000, 1}};
    assert_int_equal(zh_sketch_quantile(overflowing, 2, 0.5, &v, NULL), ZH_EINVAL);
    const zh_sketch_bucket unknown[] = {{7, 1}};
    assert_int_equal(zh_sketch_quantile(unknown, 1, 0.5, &v, NULL), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beta_cdf),
        cmocka_unit_test(test_beta_quantile),
        cmocka_unit_test(test_beta_round_trip),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_interval_of_real_counts),
        cmocka_unit_test(test_interval_edges),
        cmocka_unit_test(test_sketch_keys),
        cmocka_unit_test(test_sketch_accuracy),
        cmocka_unit_test(test_sketch_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
