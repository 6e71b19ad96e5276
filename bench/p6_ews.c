/* P6, early warning: times of the engines on generated inputs, for the comparison with R.
 *
 *   p6_ews [SEED [DIR]]    runs every workload and prints "name seconds answer" per line; with DIR
 *                          the inputs are written there as CSV, so that another program can be
 *                          given the same numbers
 *
 * Each time is the best of three of the call alone. The answer is a sum over the results, by which
 * the other program's answers are compared. Workloads are those of the reference times: 1,000
 * series of 520 weeks; 1,000 locations by 52 weeks with 999 replicates; 20,000 pairs. */
#include "engine/ews.h"
#include "engine/mgps.h"
#include "engine/scan.h"
#include "num/random.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SERIES    1000
#define WEEKS     520
#define LOCATIONS 1000
#define PERIODS   52
#define NEAREST   15
#define PAIRS     20000
#define TRIES     3

struct world {
    zh_arena *arena;
    double *counts;                      /* SERIES rows of WEEKS */
    zh_matrix cases, population, coords; /* of the scan */
    double *n, *e;                       /* of the pairs */
    zh_err err;
    double answer;
};

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(zh_rc rc, const zh_err *err)
{
    if (rc != ZH_OK) {
        fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

/* ---- inputs ---- */

static double negative_binomial(zh_random *random, double mean, double size)
{
    return (double)zh_random_poisson(random, zh_random_gamma(random, size) * mean / size);
}

static void generate(struct world *w, uint64_t seed)
{
    zh_random random;
    zh_random_seed(&random, seed);
    w->counts = ZH_NEW_N(w->arena, double, SERIES *WEEKS);
    for (size_t s = 0; s < SERIES; s++) {
        double level = 0.5 + 4.5 * zh_random_uniform(&random);
        for (size_t t = 0; t < WEEKS; t++) {
            double season = 1.0 + 0.4 * sin(2.0 * 3.14159265358979 * (double)(t + 1) / 52.0);
            w->counts[s * WEEKS + t] = negative_binomial(&random, level * exp(season), 3.0);
        }
    }
    w->cases = zh_matrix_new(w->arena, PERIODS, LOCATIONS);
    w->population = zh_matrix_new(w->arena, PERIODS, LOCATIONS);
    w->coords = zh_matrix_new(w->arena, LOCATIONS, 2);
    for (size_t i = 0; i < PERIODS * LOCATIONS; i++) {
        w->cases.v[i] = (double)zh_random_poisson(&random, 2.0);
        w->population.v[i] = 1000.0;
    }
    for (size_t i = 0; i < 2 * LOCATIONS; i++) {
        w->coords.v[i] = zh_random_uniform(&random);
    }
    w->n = ZH_NEW_N(w->arena, double, PAIRS);
    w->e = ZH_NEW_N(w->arena, double, PAIRS);
    for (size_t i = 0; i < PAIRS; i++) {
        bool first = zh_random_uniform(&random) < 0.25;
        double lambda =
            first ? zh_random_gamma(&random, 0.3) / 0.2 : zh_random_gamma(&random, 5.0) / 5.0;
        w->e[i] = exp(1.5 * zh_random_normal(&random));
        w->n[i] = (double)zh_random_poisson(&random, lambda * w->e[i]);
    }
}

static void write_rows(const char *dir, const char *name, const double *v, size_t rows, size_t cols)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s.csv", dir, name);
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
    for (size_t i = 0; i < rows * cols; i++) {
        fprintf(f, "%.17g%c", v[i], (i + 1) % cols == 0 ? '\n' : ',');
    }
    (void)fclose(f);
}

static void write_inputs(const struct world *w, const char *dir)
{
    write_rows(dir, "series", w->counts, SERIES, WEEKS);
    write_rows(dir, "cases", w->cases.v, PERIODS, LOCATIONS);
    write_rows(dir, "coords", w->coords.v, LOCATIONS, 2);
    write_rows(dir, "pairs_n", w->n, PAIRS, 1);
    write_rows(dir, "pairs_e", w->e, PAIRS, 1);
}

/* ---- workloads ---- */

static void farrington(struct world *w, const zh_farrington *f, size_t series, size_t points)
{
    zh_farrington_point out[PERIODS];
    size_t range[PERIODS];
    for (size_t i = 0; i < points; i++) {
        range[i] = WEEKS - points + i;
    }
    for (size_t s = 0; s < series; s++) {
        must(zh_farrington_run(w->arena, w->counts + s * WEEKS, WEEKS, range, points, f, out,
                               &w->err),
             &w->err);
        for (size_t i = 0; i < points; i++) {
            w->answer += isfinite(out[i].upper) ? out[i].upper : 0.0;
        }
    }
}

static zh_farrington flexible(void)
{
    zh_farrington f = zh_farrington_defaults(true, 52);
    f.no_periods = 10;
    f.past_excluded = 26;
    f.p_trend = 1.0;
    f.alpha = 0.01;
    f.threshold = ZH_FARRINGTON_NB_PLUGIN;
    return f;
}

static void flexible_last(struct world *w)
{
    zh_farrington f = flexible();
    farrington(w, &f, SERIES, 1);
}

static void flexible_year(struct world *w)
{
    zh_farrington f = flexible();
    farrington(w, &f, SERIES / 10, PERIODS);
}

static void original_last(struct world *w)
{
    zh_farrington f = zh_farrington_defaults(false, 52);
    f.alpha = 0.01;
    farrington(w, &f, SERIES, 1);
}

static void ears(struct world *w, zh_ears_method method)
{
    zh_ears e = {method, 7, method == ZH_EARS_C3 ? 0.025 : 0.001, 0.0};
    size_t range[WEEKS];
    double upper[WEEKS];
    size_t n = 0;
    for (size_t t = zh_ears_first(&e); t < WEEKS; t++) {
        range[n++] = t;
    }
    for (size_t s = 0; s < SERIES; s++) {
        zh_ears_run(w->counts + s * WEEKS, range, n, &e, upper);
        for (size_t t = 0; t < n; t++) {
            w->answer += isfinite(upper[t]) ? upper[t] : 0.0;
        }
    }
}

static void ears_c1(struct world *w)
{
    ears(w, ZH_EARS_C1);
}

static void ears_c2(struct world *w)
{
    ears(w, ZH_EARS_C2);
}

static void ears_c3(struct world *w)
{
    ears(w, ZH_EARS_C3);
}

static void scan(struct world *w)
{
    zh_scan_circles circles;
    zh_scan result;
    zh_matrix baseline = zh_matrix_new(w->arena, PERIODS, LOCATIONS);
    must(zh_scan_baseline(&w->cases, &w->population, &baseline, &w->err), &w->err);
    must(zh_scan_nearest(w->arena, &w->coords, false, NEAREST, &circles, &w->err), &w->err);
    must(zh_scan_poisson(w->arena, &w->cases, &baseline, &circles, PERIODS, 999, 1, &result,
                         &w->err),
         &w->err);
    w->answer += result.score;
}

static void scores(struct world *w)
{
    zh_mgps prior = {0.3, 0.2, 5.0, 5.0, 0.25};
    zh_mgps_score *out = ZH_NEW_N(w->arena, zh_mgps_score, PAIRS);
    must(zh_mgps_scores(w->arena, &prior, w->n, w->e, PAIRS, out, &w->err), &w->err);
    for (size_t i = 0; i < PAIRS; i++) {
        w->answer += out[i].ebgm + out[i].eb05 + out[i].eb95;
    }
}

static void fit(struct world *w)
{
    zh_mgps_fit out;
    must(zh_mgps_estimate(w->arena, w->n, w->e, NULL, PAIRS, 0, &out, &w->err), &w->err);
    w->answer += out.neg_log_lik;
}

static const struct {
    const char *name;
    void (*run)(struct world *w);
} workloads[] = {
    {"farrington_flexible_1000x520_last", flexible_last},
    {"farrington_flexible_100x520_last52", flexible_year},
    {"farrington_1000x520_last", original_last},
    {"ears_c1_1000x520", ears_c1},
    {"ears_c2_1000x520", ears_c2},
    {"ears_c3_1000x520", ears_c3},
    {"scan_1000x52_mc999", scan},
    {"ebgm_20000", scores},
    {"mgps_fit_20000", fit},
};

int main(int argc, char **argv)
{
    struct world w = {.arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 3;
    generate(&w, seed);
    if (argc > 2) {
        write_inputs(&w, argv[2]);
    }
    printf("seed %" PRIu64 "\n", seed);
    for (size_t i = 0; i < ZH_COUNTOF(workloads); i++) {
        double best = 1e9;
        for (int t = 0; t < TRIES; t++) {
            zh_arena_mark here = zh_arena_here(w.arena);
            w.answer = 0.0;
            double start = now();
            workloads[i].run(&w);
            best = fmin(best, now() - start);
            zh_arena_rewind(w.arena, here);
        }
        printf("%-36s %.6f s  %.12g\n", workloads[i].name, best, w.answer);
    }
    zh_arena_free(w.arena);
    return 0;
}
