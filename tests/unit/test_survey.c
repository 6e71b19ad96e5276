/* Survey estimates: published examples, identities, refusals. Sources stand at each test. */
#include "engine/pass_rate.h"
#include "engine/survey.h"
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

/* R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: methods 1 (wald), 3 (wilson),
 * 4 (with continuity correction), 5 (exact), four decimals. */
static void test_newcombe(void **state)
{
    (void)state;
    static const struct {
        uint64_t x, n;
        double wilson[2], corrected[2], exact[2];
    } table[] = {
        {81, 263, {0.2553, 0.3662}, {0.2535, 0.3682}, {0.2527, 0.3676}},
        {15, 148, {0.0624, 0.1605}, {0.0598, 0.1644}, {0.0578, 0.1617}},
        {0, 20, {0.0, 0.1611}, {0.0, 0.2005}, {0.0, 0.1684}},
        {1, 29, {0.0061, 0.1718}, {0.0018, 0.1963}, {0.0009, 0.1776}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_proportion_intervals p;
        assert_int_equal(zh_interval_proportion(table[i].x, table[i].n, 0.95, &p, NULL), ZH_OK);
        assert_true(fabs(p.wilson.lower - table[i].wilson[0]) < 6e-5);
        assert_true(fabs(p.wilson.upper - table[i].wilson[1]) < 6e-5);
        assert_true(fabs(p.wilson_cc.lower - table[i].corrected[0]) < 6e-5);
        assert_true(fabs(p.wilson_cc.upper - table[i].corrected[1]) < 6e-5);
        assert_true(fabs(p.clopper_pearson.lower - table[i].exact[0]) < 6e-5);
        assert_true(fabs(p.clopper_pearson.upper - table[i].exact[1]) < 6e-5);
    }
}

/* Exchanging successes and failures mirrors every interval at 1/2. */
static void test_mirrored(void **state)
{
    (void)state;
    zh_random random;
    zh_random_seed(&random, SEED);
    for (int i = 0; i < 200; i++) {
        uint64_t n = 1 + zh_random_below(&random, 500);
        uint64_t x = zh_random_below(&random, n + 1);
        zh_proportion_intervals a;
        zh_proportion_intervals b;
        assert_int_equal(zh_interval_proportion(x, n, 0.9, &a, NULL), ZH_OK);
        assert_int_equal(zh_interval_proportion(n - x, n, 0.9, &b, NULL), ZH_OK);
        const zh_interval *p = &a.wilson;
        const zh_interval *q = &b.wilson;
        for (size_t k = 0; k < sizeof(a) / sizeof(*p); k++) {
            assert_true(isnan(p[k].lower) || fabs(p[k].lower - (1.0 - q[k].upper)) < 1e-11);
            assert_true(isnan(p[k].upper) || fabs(p[k].upper - (1.0 - q[k].lower)) < 1e-11);
        }
    }
}

/* S. L. Lohr, Sampling: Design and Analysis, example 3.2 (agstrat): acres of farms in 3,078
 * counties from 300 in four regions; printed total 909,736,035 and standard error 50,417,248. The
 * estimate depends only on means and variances of the strata, which are printed; here each stratum
 * has two values about its mean. */
static void test_lohr_stratified(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double size, mean, variance;
    } regions[] = {{21, 220, 97629.8, 7647472708.0},
                   {103, 1054, 300504.2, 29618183543.0},
                   {135, 1382, 211315.0, 53587487856.0},
                   {41, 422, 662295.5, 396185950266.0}};
    enum { N = 300 };
    double y[N];
    double population[N];
    double weight[N];
    size_t stratum[N];
    size_t k = 0;
    for (size_t h = 0; h < 4; h++) {
        double off = sqrt(regions[h].variance * (double)(regions[h].n - 1) / 2.0);
        for (size_t i = 0; i < regions[h].n; i++, k++) {
            y[k] = regions[h].mean + (i == 0 ? off : i == 1 ? -off : 0.0);
            population[k] = regions[h].size;
            stratum[k] = h;
        }
    }
    zh_survey_design d = {.n = N,
                          .weight = weight,
                          .stratum = stratum,
                          .strata = 4,
                          .psus = N,
                          .psu_population = population};
    zh_survey_estimate e;
    assert_int_equal(zh_survey_stratum_weights(arena, &d, weight, NULL), ZH_OK);
    assert_int_equal(zh_survey_mean(arena, &d, y, 0.95, &e, NULL), ZH_OK);
    engine_close(e.total, 909736035.0, 1e-6);
    engine_close(e.total_se, 50417248.0, 1e-6);
    engine_close(e.estimate, 909736035.0 / 3078, 1e-6);
    assert_true(e.df == 296.0);
}

/* Lohr, example 5.2: grade point averages of 5 of 100 suites of 4 students; printed mean 2.826,
 * standard error 0.164. */
static void test_lohr_clusters(void **state)
{
    (void)state;
    const zh_json *a =
        call("survey.cluster_mean",
             "{\"cluster\":[1,1,1,1,2,2,2,2,3,3,3,3,4,4,4,4,5,5,5,5],\"weight\":20,"
             "\"n_clusters_population\":100,\"y\":[3.08,2.60,3.44,3.04,2.36,3.04,3.28,2.68,2.00,"
             "2.56,2.52,1.88,3.00,2.88,3.44,3.64,2.68,1.92,3.28,3.20]}");
    engine_close(engine_number(a, "estimate"), 2.826, 1e-9);
    assert_true(fabs(engine_number(a, "se.0.0") - 0.164) < 5e-4);
    engine_close(engine_number(a, "total"), 1130.4, 1e-9);
}

/* A second stage that takes every element is one stage; clusters of one element are a simple random
 * sample; the ratio to 1 is the mean. */
static void test_identities(void **state)
{
    (void)state;
    const zh_json *one =
        call("survey.cluster_mean", "{\"cluster\":[1,1,2,2,3,3],\"weight\":[10,10,10,10,10,10],"
                                    "\"n_clusters_population\":30,\"y\":[4,5,6,5,4,4]}");
    const zh_json *two =
        call("survey.two_stage_mean", "{\"cluster\":[1,1,2,2,3,3],\"n_clusters_population\":30,"
                                      "\"cluster_size_population\":2,\"y\":[4,5,6,5,4,4]}");
    engine_close(engine_number(two, "se.0.0"), engine_number(one, "se.0.0"), 1e-13);
    engine_close(engine_number(two, "total_se"), engine_number(one, "total_se"), 1e-13);
    const char *simple =
        "{\"stratum\":[1,1,1,1],\"population\":20,\"y\":[3,5,4,8],\"x\":[1,1,1,1]}";
    const zh_json *mean = call("survey.stratified_mean", simple);
    /* variance 4.6667, (1 - 4/20)/4 of it */
    engine_close(engine_number(mean, "se.0.0"), sqrt(14.0 / 3 * 0.8 / 4), 1e-13);
    engine_close(engine_number(mean, "deff"), 1.0, 1e-13);
    const zh_json *ratio = call("survey.stratified_ratio", simple);
    engine_close(engine_number(ratio, "se"), engine_number(mean, "se.0.0"), 1e-13);
    /* A census has no sampling error. */
    const zh_json *census = call("survey.stratified_mean",
                                 "{\"stratum\":[1,1,2],\"population\":[2,2,1],\"y\":[3,5,4]}");
    assert_true(engine_number(census, "se.0.0") == 0.0);
    assert_true(engine_number(census, "lower") == 4.0);
}

/* Simple random sampling: pi_kl = n(n-1)/(N(N-1)); Horvitz-Thompson and Sen-Yates-Grundy both give
 * N^2 (1 - n/N) s^2/n up to rounding for a fixed size (Särndal et al. 1992, 3.3). */
static void test_joint(void **state)
{
    (void)state;
    enum { N = 20, M = 5 };
    double joint[M * M];
    double y[M] = {3, 5, 4, 8, 1};
    for (size_t i = 0; i < (size_t)M * M; i++) {
        joint[i] = i % (M + 1) == 0 ? (double)M / N : (double)M * (M - 1) / (N * (N - 1.0));
    }
    zh_matrix m = {M, M, joint};
    zh_survey_joint v;
    assert_int_equal(zh_survey_joint_variance(&m, y, M, &v, NULL), ZH_OK);
    engine_close(v.syg, N * N * 0.75 * 6.7 / M, 1e-12);
    engine_close(v.total, 21.0 * N / M, 1e-13);
}

static double hyper(int64_t x, int64_t marked, int64_t population, int64_t n)
{
    double a = 0.0;
    const int64_t top[] = {marked, population - marked, n, population - n, 0};
    const int64_t bottom[] = {x, marked - x, n - x, population - marked - n + x, population};
    for (size_t i = 0; i < 5; i++) {
        if (bottom[i] < 0) {
            return 0.0;
        }
        a += lgamma((double)top[i] + 1.0) - lgamma((double)bottom[i] + 1.0);
    }
    return exp(a);
}

/* Against the definition, summed term by term over all D of small populations. */
static void test_hypergeometric(void **state)
{
    (void)state;
    zh_random random;
    zh_random_seed(&random, SEED);
    for (int i = 0; i < 100; i++) {
        int64_t population = 2 + (int64_t)zh_random_below(&random, 60);
        int64_t n = 1 + (int64_t)zh_random_below(&random, (uint64_t)population);
        int64_t x = (int64_t)zh_random_below(&random, (uint64_t)n + 1);
        int64_t first = -1;
        int64_t last = -1;
        for (int64_t d = x; d <= population - n + x; d++) {
            double below = 0.0;
            double above = 0.0;
            for (int64_t k = 0; k <= n; k++) {
                double p = hyper(k, d, population, n);
                below += k <= x ? p : 0.0;
                above += k >= x ? p : 0.0;
            }
            first = first < 0 && above > 0.025 ? d : first;
            last = below > 0.025 ? d : last;
        }
        int64_t lower;
        int64_t upper;
        assert_int_equal(zh_survey_hypergeometric(x, n, population, 0.95, &lower, &upper, NULL),
                         ZH_OK);
        assert_int_equal(lower, first);
        assert_int_equal(upper, last);
    }
}

/* Inclusion probabilities sum to n and are proportional below 1; averaged over an even grid of
 * starts, systematic sampling takes each unit with its probability, always n of them. */
static void test_unequal(void **state)
{
    (void)state;
    enum { UNITS = 25, STARTS = 4000 };
    zh_random random;
    zh_random_seed(&random, SEED);
    double size[UNITS];
    double pi[UNITS];
    double taken[UNITS] = {0};
    bool selected[UNITS];
    for (size_t k = 0; k < UNITS; k++) {
        size[k] = exp(2.0 * zh_random_normal(&random));
    }
    size[3] = 0.0;
    assert_int_equal(zh_survey_inclusion(arena, size, UNITS, 8, pi, NULL), ZH_OK);
    double sum = 0.0;
    double ratio = 0.0;
    for (size_t k = 0; k < UNITS; k++) {
        sum += pi[k];
        if (pi[k] > 0.0 && pi[k] < 1.0) {
            ratio = ratio > 0.0 ? ratio : pi[k] / size[k];
            engine_close(pi[k] / size[k], ratio, 1e-12);
        }
    }
    engine_close(sum, 8.0, 1e-13);
    assert_true(pi[3] == 0.0);
    for (size_t s = 0; s < STARTS; s++) {
        size_t count = 0;
        zh_survey_systematic(pi, UNITS, ((double)s + 0.5) / STARTS, selected);
        for (size_t k = 0; k < UNITS; k++) {
            count += selected[k];
            taken[k] += selected[k] ? 1.0 / STARTS : 0.0;
        }
        assert_int_equal(count, 8);
    }
    for (size_t k = 0; k < UNITS; k++) {
        assert_true(fabs(taken[k] - pi[k]) < 1.1 / STARTS);
    }
}

static double variance_of_mean(const double *size, const double *sd, const double *n, size_t strata)
{
    double population = 0.0;
    double sum = 0.0;
    for (size_t h = 0; h < strata; h++) {
        population += size[h];
        sum += size[h] * size[h] * sd[h] * sd[h] * (1.0 / n[h] - 1.0 / size[h]);
    }
    return sum / population / population;
}

/* Neyman's allocation attains var_neyman and no shift between strata lowers it; the whole numbers
 * sum to n and keep their bounds. */
static void test_allocation(void **state)
{
    (void)state;
    zh_random random;
    zh_random_seed(&random, SEED);
    for (int i = 0; i < 100; i++) {
        double size[6];
        double sd[6];
        double neyman[6];
        double proportional[6];
        int64_t rounded[6];
        double least;
        for (size_t h = 0; h < 6; h++) {
            size[h] = 10.0 + (double)zh_random_below(&random, 300);
            sd[h] = zh_random_below(&random, 8) == 0 ? 0.0 : zh_random_exponential(&random);
        }
        sd[0] = 1.0;
        int64_t n = 12 + (int64_t)zh_random_below(&random, 49);
        assert_int_equal(
            zh_survey_allocate(arena, size, sd, 6, n, neyman, proportional, rounded, &least, NULL),
            ZH_OK);
        int64_t sum = 0;
        for (size_t h = 0; h < 6; h++) {
            sum += rounded[h];
            assert_true(rounded[h] >= 2 && (double)rounded[h] <= size[h]);
            neyman[h] = fmax(neyman[h], 1e-300);
        }
        assert_int_equal(sum, n);
        engine_close(variance_of_mean(size, sd, neyman, 6), least, 1e-9);
        neyman[0] *= 1.02;
        neyman[1] += neyman[0] - neyman[0] * 1.02;
        assert_true(neyman[1] <= 0.0 ||
                    variance_of_mean(size, sd, neyman, 6) >= least * (1 - 1e-12));
    }
}

/* Two regions, two industries, one cell without samples. By hand: industry 26 over the regions with
 * samples is 36/40 = 0.9, so 湖南 is (450*0.96 + 350*0.9)/800; all is
 * (500*0.95 + 300*0.9 + 450*0.96 + 350*0.9)/1600; the weight of cell 湖北 26 grows to 650. */
static void test_pass_rate(void **state)
{
    (void)state;
    const zh_json *a =
        call("survey.output_weighted_pass_rate",
             "{\"region\":[\"湖北\",\"湖北\",\"湖南\",\"湖南\"],\"industry\":[\"13\","
             "\"26\",\"13\",\"26\"],\"output\":[500,300,450,350],\"samples\":[60,40,"
             "50,0],\"passed\":[57,36,48,0]}");
    engine_close(engine_number(a, "estimate"), 1492.0 / 1600, 1e-14);
    double v = 500.0 * 500 * 0.95 * 0.05 / 59 + 650.0 * 650 * 0.9 * 0.1 / 39 +
               450.0 * 450 * 0.96 * 0.04 / 49;
    engine_close(engine_number(a, "se"), sqrt(v) / 1600, 1e-13);
    engine_close(engine_number(a, "by_region.1.estimate"), (450 * 0.96 + 350 * 0.9) / 800, 1e-14);
    engine_close(engine_number(a, "by_region.1.filled_output_share"), 350.0 / 800, 1e-14);
    engine_close(engine_number(a, "by_industry.0.estimate"), (500 * 0.95 + 450 * 0.96) / 950,
                 1e-14);
    assert_true(engine_number(a, "df") == 147.0);
    /* Everything passed: no variance, the interval is Clopper-Pearson's. One cell of 20 of 20. */
    const zh_json *all = call("survey.output_weighted_pass_rate",
                              "{\"region\":[1],\"industry\":[13],\"output\":[7],\"samples\":[20],"
                              "\"passed\":[20]}");
    engine_close(engine_number(all, "lower"), 1.0 - 0.168433470983085, 1e-12);
    assert_true(engine_number(all, "upper") == 1.0);
}

static void test_refusals(void **state)
{
    (void)state;
    engine_refused("survey.proportion_ci", "{\"x\":3,\"n\":2}", "interval.count");
    engine_refused("survey.proportion_ci", "{\"x\":0,\"n\":0}", "interval.empty");
    engine_refused("survey.proportion_ci", "{\"x\":-1,\"n\":5}", "calc.input");
    engine_refused("survey.proportion_ci", "{\"x\":1,\"n\":5,\"confidence\":1}", "calc.input");
    engine_refused("survey.hypergeometric_ci", "{\"x\":1,\"n\":5,\"population\":4}",
                   "survey.sample");
    engine_refused("survey.hypergeometric_ci", "{\"x\":1,\"n\":5,\"population\":1000000001}",
                   "survey.population");
    engine_refused("survey.stratified_mean",
                   "{\"stratum\":[1,1,2],\"population\":[9,9,8],\"y\":[1,2,3]}", "survey.lonely");
    engine_refused("survey.stratified_mean", "{\"stratum\":[1,1],\"population\":[9,8],\"y\":[1,2]}",
                   "survey.population");
    engine_refused("survey.stratified_mean", "{\"stratum\":[1,1],\"population\":[1,1],\"y\":[1,2]}",
                   "survey.population");
    engine_refused("survey.stratified_mean", "{\"stratum\":[],\"population\":[],\"y\":[]}",
                   "calc.input");
    engine_refused("survey.stratified_mean", "{\"stratum\":[1],\"population\":[4,4],\"y\":[1,2]}",
                   "calc.input");
    engine_refused("survey.stratified_proportion_ci",
                   "{\"stratum\":[1,1],\"population\":9,\"y\":[1,2]}", "survey.proportion");
    engine_refused("survey.cluster_mean",
                   "{\"cluster\":[1,1,2],\"stratum\":[1,2,2],\"weight\":1,\"y\":[1,2,3]}",
                   "survey.nested");
    engine_refused("survey.cluster_mean", "{\"cluster\":[1,2],\"weight\":[1,0],\"y\":[1,2]}",
                   "survey.weight");
    engine_refused("survey.two_stage_mean",
                   "{\"cluster\":[1,2,2],\"n_clusters_population\":5,\"cluster_size_population\":"
                   "[4,4,4],\"y\":[1,2,3]}",
                   "survey.lonely");
    engine_refused("survey.stratified_ratio",
                   "{\"stratum\":[1,1],\"population\":9,\"y\":[1,2],\"x\":[1,-1]}", "survey.ratio");
    engine_refused("survey.inclusion_probabilities", "{\"size\":[1,2,0],\"n\":3}", "survey.size");
    engine_refused("survey.inclusion_probabilities", "{\"size\":[1,-2],\"n\":1}", "survey.size");
    engine_refused("survey.pps_systematic", "{\"pi\":[0.5,1.5],\"u\":0}", "calc.input");
    engine_refused("survey.horvitz_thompson", "{\"pi\":[0.5,0],\"y\":[1,2]}", "survey.probability");
    engine_refused("survey.ht_variance_joint", "{\"y\":[1,2],\"pi_joint\":[[0.5,0.6],[0.6,0.5]]}",
                   "survey.joint");
    engine_refused("survey.neyman_allocation", "{\"Nh\":[10,20],\"Sh\":[0,0],\"n\":5}",
                   "survey.strata");
    engine_refused("survey.neyman_allocation", "{\"Nh\":[10,20],\"Sh\":[1,1],\"n\":3}",
                   "survey.strata");
    engine_refused(
        "survey.output_weighted_pass_rate",
        "{\"region\":[1],\"industry\":[13],\"output\":[7],\"samples\":[1],\"passed\":[1]}",
        "pass_rate.lonely");
    engine_refused(
        "survey.output_weighted_pass_rate",
        "{\"region\":[1],\"industry\":[13],\"output\":[7],\"samples\":[0],\"passed\":[0]}",
        "pass_rate.industry");
    engine_refused("survey.output_weighted_pass_rate",
                   "{\"region\":[1,1],\"industry\":[13,13],\"output\":[7,7],\"samples\":[5,5],"
                   "\"passed\":[5,4]}",
                   "pass_rate.twice");
    engine_refused(
        "survey.output_weighted_pass_rate",
        "{\"region\":[1],\"industry\":[43],\"output\":[7],\"samples\":[5],\"passed\":[5]}",
        "calc.input");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newcombe),        cmocka_unit_test(test_mirrored),
        cmocka_unit_test(test_lohr_stratified), cmocka_unit_test(test_lohr_clusters),
        cmocka_unit_test(test_identities),      cmocka_unit_test(test_joint),
        cmocka_unit_test(test_hypergeometric),  cmocka_unit_test(test_unequal),
        cmocka_unit_test(test_allocation),      cmocka_unit_test(test_pass_rate),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
