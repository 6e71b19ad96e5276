/* Scan statistics.
 *
 * Expected values: every zone and duration enumerated and scored by the formula in small random
 * worlds (printed seed); the p-value of a world of two places against the exact binomial
 * probability. The Monte Carlo test starts a thread (pthread_create), so that this program is one
 * of those that the tsan step runs. */
#include "engine/scan.h"
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

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

static double score(double c, double e, double all)
{
    return c > e ? c * log(c / e) + (c < all ? (all - c) * log((all - c) / (all - e)) : 0.0) : 0.0;
}

struct world {
    zh_matrix counts, population, coords, baseline;
    double all;
};

static struct world random_world(size_t places, size_t periods)
{
    struct world w = {zh_matrix_new(arena, periods, places), zh_matrix_new(arena, periods, places),
                      zh_matrix_new(arena, places, 2), zh_matrix_new(arena, periods, places), 0.0};
    zh_err err = {0};
    for (size_t i = 0; i < places * periods; i++) {
        w.counts.v[i] = (double)zh_random_poisson(&draws, 3.0);
        w.population.v[i] = 50.0 + (double)zh_random_below(&draws, 100);
        w.all += w.counts.v[i];
    }
    w.counts.v[0] += 1.0;
    w.all += 1.0;
    for (size_t i = 0; i < 2 * places; i++) {
        w.coords.v[i] = (double)zh_random_below(&draws, 6); /* ties and coincident places */
    }
    assert_int_equal(zh_scan_baseline(&w.counts, &w.population, &w.baseline, &err), ZH_OK);
    return w;
}

static int descending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x < *y) - (*x > *y);
}

/* Zones as bit sets, each once, with the scores of all their durations. */
static void enumerate(const struct world *w, const zh_scan_circles *c, size_t longest,
                      const zh_scan *given)
{
    static uint64_t seen[4096];
    static double scores[65536];
    size_t zones = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        uint64_t set = 0;
        for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
            bool known = false;
            set |= UINT64_C(1) << c->index[j];
            for (size_t k = 0; k < zones; k++) {
                known = known || seen[k] == set;
            }
            if (known) {
                continue;
            }
            seen[zones++] = set;
            for (size_t d = 1; d <= longest; d++) {
                double cases = 0.0;
                double expected = 0.0;
                for (size_t t = w->counts.rows - d; t < w->counts.rows; t++) {
                    for (size_t p = 0; p < w->counts.cols; p++) {
                        bool in = (set >> p & 1) != 0;
                        cases += in ? zh_matrix_at(&w->counts, t, p) : 0.0;
                        expected += in ? zh_matrix_at(&w->baseline, t, p) : 0.0;
                    }
                }
                scores[n++] = score(cases, expected, w->all);
            }
        }
    }
    qsort(scores, n, sizeof(*scores), descending);
    assert_int_equal(given->zones, zones);
    assert_int_equal(given->top_n, n < ZH_SCAN_TOP ? n : ZH_SCAN_TOP);
    for (size_t i = 0; i < given->top_n; i++) {
        near(given->top[i], scores[i], 1e-12);
    }
    near(given->score, scores[0], 1e-12);
    near(given->score, score((double)given->observed, given->expected, w->all), 1e-12);
}

static void test_enumerated(void **state)
{
    (void)state;
    for (int turn = 0; turn < 40; turn++) {
        size_t places = 3 + (size_t)zh_random_below(&draws, 15);
        size_t periods = 1 + (size_t)zh_random_below(&draws, 12);
        size_t longest = 1 + (size_t)zh_random_below(&draws, periods);
        size_t k = 1 + (size_t)zh_random_below(&draws, places);
        struct world w = random_world(places, periods);
        zh_scan_circles circles;
        zh_scan result;
        zh_err err = {0};
        assert_int_equal(zh_scan_nearest(arena, &w.coords, false, k, &circles, &err), ZH_OK);
        assert_int_equal(
            zh_scan_poisson(arena, &w.counts, &w.baseline, &circles, longest, 20, 1, &result, &err),
            ZH_OK);
        enumerate(&w, &circles, longest, &result);
        assert_true(result.p_value >= 1.0 / 21.0 && result.p_value <= 1.0);
    }
}

/* The same world with its periods collapsed: a purely spatial scan is one with one duration. */
static void test_population_circles(void **state)
{
    (void)state;
    struct world w = random_world(20, 1);
    zh_scan_circles circles;
    zh_scan result;
    zh_err err = {0};
    double all = 0.0;
    for (size_t i = 0; i < 20; i++) {
        all += w.population.v[i];
    }
    assert_int_equal(
        zh_scan_by_population(arena, &w.coords, false, w.population.v, 0.3, &circles, &err), ZH_OK);
    for (size_t i = 0; i < 20; i++) {
        double sum = 0.0;
        assert_int_equal(circles.index[circles.start[i]], i);
        for (size_t j = circles.start[i]; j < circles.start[i + 1]; j++) {
            sum += w.population.v[circles.index[j]];
        }
        assert_true(sum <= 0.3 * all);
    }
    assert_int_equal(
        zh_scan_poisson(arena, &w.counts, &w.baseline, &circles, 1, 0, 1, &result, &err), ZH_OK);
    enumerate(&w, &circles, 1, &result);
    assert_true(isnan(result.p_value));
}

/* Two places of equal population, zones {1} and {2}: the score grows with |c - C/2|, so that the
 * p-value is a binomial probability. */
static void check_exact(size_t periods, uint64_t seed)
{
    const int all = 40;
    const int first = 26;
    const size_t replicates = 20000;
    zh_matrix counts = zh_matrix_new(arena, periods, 2);
    zh_matrix baseline = zh_matrix_new(arena, periods, 2);
    zh_matrix coords = zh_matrix_new(arena, 2, 1);
    zh_scan_circles circles;
    zh_scan result;
    zh_err err = {0};
    coords.v[1] = 1.0;
    for (size_t i = 0; i < 2 * periods; i++) {
        baseline.v[i] = 1.0;
    }
    /* all cases in the last period, its baseline the only one that counts */
    counts.v[2 * periods - 2] = first;
    counts.v[2 * periods - 1] = all - first;
    for (size_t i = 0; i < 2 * (periods - 1); i++) {
        baseline.v[i] = 0.0;
    }
    double exact = 0.0;
    for (int c = 0; c <= all; c++) {
        if (abs(c - all / 2) >= first - all / 2) {
            exact +=
                exp(lgamma(all + 1.0) - lgamma(c + 1.0) - lgamma(all - c + 1.0) - all * log(2.0));
        }
    }
    assert_int_equal(zh_scan_nearest(arena, &coords, false, 1, &circles, &err), ZH_OK);
    assert_int_equal(zh_scan_poisson(arena, &counts, &baseline, &circles, periods, replicates, seed,
                                     &result, &err),
                     ZH_OK);
    double sd = sqrt(exact * (1.0 - exact) / (double)replicates);
    if (!(fabs(result.p_value - exact) < 5.0 * sd)) {
        fail_msg("p-value %g, exact %g, seed %llu", result.p_value, exact,
                 (unsigned long long)seed);
    }
}

static void test_p_value(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        check_exact(1, zh_random_u64(&draws));
        check_exact(3, zh_random_u64(&draws));
        check_exact(9, zh_random_u64(&draws));
    }
}

/* Cases per place and period far above those that are drawn one by one. */
static void test_many_cases(void **state)
{
    (void)state;
    zh_matrix counts = zh_matrix_new(arena, 2, 2);
    zh_matrix baseline = zh_matrix_new(arena, 2, 2);
    zh_matrix coords = zh_matrix_new(arena, 2, 1);
    zh_scan_circles circles;
    zh_scan one;
    zh_scan two;
    zh_err err = {0};
    coords.v[1] = 1.0;
    for (size_t i = 0; i < 4; i++) {
        counts.v[i] = 20000.0;
        baseline.v[i] = 1.0;
    }
    counts.v[3] = 20150.0;
    assert_int_equal(zh_scan_nearest(arena, &coords, false, 2, &circles, &err), ZH_OK);
    assert_int_equal(zh_scan_poisson(arena, &counts, &baseline, &circles, 2, 999, 5, &one, &err),
                     ZH_OK);
    assert_int_equal(zh_scan_poisson(arena, &counts, &baseline, &circles, 2, 999, 5, &two, &err),
                     ZH_OK);
    assert_true(one.reached == two.reached);
    assert_true(one.p_value > 0.2 && one.p_value < 0.999);
}

static void test_lonlat(void **state)
{
    (void)state;
    double places[] = {179.9, 0.0, 170.0, 0.0, -179.9, 0.0};
    zh_matrix coords = {3, 2, places};
    zh_scan_circles circles;
    zh_err err = {0};
    assert_int_equal(zh_scan_nearest(arena, &coords, true, 2, &circles, &err), ZH_OK);
    assert_int_equal(circles.index[1], 2);
    assert_int_equal(zh_scan_nearest(arena, &coords, false, 2, &circles, &err), ZH_OK);
    assert_int_equal(circles.index[1], 1);
}

static zh_rc scanned(zh_matrix counts, zh_matrix baseline, size_t longest, size_t replicates)
{
    double place[] = {0.0, 1.0};
    zh_matrix coords = {2, 1, place};
    zh_scan_circles circles;
    zh_scan result;
    zh_err err = {0};
    assert_int_equal(zh_scan_nearest(arena, &coords, false, 2, &circles, &err), ZH_OK);
    zh_rc rc =
        zh_scan_poisson(arena, &counts, &baseline, &circles, longest, replicates, 1, &result, &err);
    assert_true(rc == ZH_OK || err.message[0] != '\0');
    return rc;
}

static void test_refusals(void **state)
{
    (void)state;
    double c[] = {1.0, 2.0, 0.0, 1.0};
    double b[] = {1.0, 1.0, 0.0, 1.0};
    zh_matrix counts = {2, 2, c};
    zh_matrix baseline = {2, 2, b};
    assert_int_equal(scanned(counts, baseline, 2, ZH_SCAN_REPLICATES_MAX), ZH_OK);
    assert_int_equal(scanned(counts, baseline, 2, ZH_SCAN_REPLICATES_MAX + 1), ZH_ELIMIT);
    assert_int_equal(scanned(counts, baseline, 3, 9), ZH_EINVAL);
    assert_int_equal(scanned(counts, baseline, 0, 9), ZH_EINVAL);
    c[2] = 1.0; /* a case where none is expected */
    assert_int_equal(scanned(counts, baseline, 2, 9), ZH_EINVAL);
    c[2] = -1.0;
    assert_int_equal(scanned(counts, baseline, 2, 9), ZH_EINVAL);
    c[2] = 0.5;
    assert_int_equal(scanned(counts, baseline, 2, 9), ZH_EINVAL);
    c[2] = 0.0;
    c[0] = (double)ZH_SCAN_CASES_MAX - 3.0;
    assert_int_equal(scanned(counts, baseline, 2, 0), ZH_OK);
    c[0] += 1.0;
    assert_int_equal(scanned(counts, baseline, 2, 0), ZH_ELIMIT);
    c[0] = c[1] = c[3] = 0.0;
    assert_int_equal(scanned(counts, baseline, 2, 9), ZH_EINVAL);

    zh_scan_circles circles;
    zh_err err = {0};
    zh_matrix coords = {1, 1, c};
    assert_int_equal(zh_scan_nearest(arena, &coords, false, 2, &circles, &err), ZH_EINVAL);
    assert_int_equal(zh_scan_nearest(arena, &coords, true, 1, &circles, &err), ZH_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enumerated), cmocka_unit_test(test_population_circles),
        cmocka_unit_test(test_p_value),    cmocka_unit_test(test_many_cases),
        cmocka_unit_test(test_lonlat),     cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
