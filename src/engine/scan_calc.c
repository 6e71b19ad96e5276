/* Scan statistics by name. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/scan.h"
#include <math.h>
#include <stdlib.h>

#define REPLICATES 999

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* 1-based locations of the zone, nearest first or in their own order. */
static void put_locations(zh_jw *out, zh_door *door, const char *name,
                          const zh_scan_circles *circles, const zh_scan *r, bool sorted)
{
    int64_t *list = ZH_TRY_N(door->arena, int64_t, r->locations + 1);
    size_t n = list != NULL ? r->locations : 0;
    for (size_t i = 0; i < n; i++) {
        list[i] = (int64_t)circles->index[circles->start[r->center] + i] + 1;
    }
    if (sorted && n > 1) {
        zh_sort(list, n, sizeof(*list), by_number);
    }
    zh_put_counts(out, name, list, n);
}

static uint64_t read_seed(zh_door *door)
{
    return (uint64_t)zh_door_integer_or(door, "seed", 0, INT64_MAX, 1);
}

static size_t read_replicates(zh_door *door)
{
    return (size_t)zh_door_integer_or(door, "mc", 0, (int64_t)ZH_SCAN_REPLICATES_MAX, REPLICATES);
}

/* Baseline of a space-time scan: member baseline itself, or from member population (a row per
 * period, or one number per location), or from the margins of the counts. */
static void read_baseline(zh_door *door, const zh_matrix *counts, zh_matrix *out)
{
    bool given = zh_door_has(door, "baseline");
    zh_matrix m = {0};
    if (given || zh_door_has(door, "population")) {
        m = zh_door_matrix(door, given ? "baseline" : "population");
    }
    *out = zh_matrix_new(door->arena, counts->rows, counts->cols);
    if (out->v == NULL) {
        (void)zh_door_room(door, SIZE_MAX / sizeof(double));
    }
    if (door->rc != ZH_OK) {
        return;
    }
    bool constant = m.v != NULL && m.cols == 1 && m.rows == counts->cols && m.rows != 1;
    if (m.v != NULL && !constant && (m.rows != counts->rows || m.cols != counts->cols)) {
        (void)zh_door_refuse(door, given ? "baseline" : "population",
                             "是 %zu × %zu，counts 是 %zu × %zu", m.rows, m.cols, counts->rows,
                             counts->cols);
        return;
    }
    zh_matrix wide = m;
    if (constant) {
        wide = zh_matrix_new(door->arena, counts->rows, counts->cols);
        for (size_t i = 0; wide.v != NULL && i < counts->rows * counts->cols; i++) {
            wide.v[i] = m.v[i % counts->cols];
        }
    }
    if (given) {
        *out = wide;
    } else {
        door->rc = zh_scan_baseline(counts, m.v != NULL ? &wide : NULL, out, door->err);
    }
}

static void put_space_time(zh_door *door, zh_jw *out, const zh_scan_circles *circles,
                           const zh_scan *r)
{
    double c = (double)r->observed;
    double all = (double)r->total;
    bool found = r->locations > 0;
    zh_jw_object(out);
    put_locations(out, door, "zone_locations", circles, r, true);
    zh_put_count(out, "duration", (int64_t)r->duration);
    zh_put_number(out, "score", r->score);
    zh_put_number(out, "relrisk_in", found ? c / r->expected : (double)NAN);
    zh_put_number(out, "relrisk_out", found ? (all - c) / (all - r->expected) : (double)NAN);
    zh_put_count(out, "observed", r->observed);
    zh_put_number(out, "expected", r->expected);
    zh_put_count(out, "n_zones", (int64_t)r->zones);
    zh_put_numbers(out, "top10_scores", r->top, r->top_n);
    zh_put_number(out, "p_value", r->p_value);
    zh_jw_object_end(out);
}

static zh_rc space_time(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix counts = zh_door_matrix(&door, "counts");
    zh_matrix coords = zh_door_matrix(&door, "coords");
    size_t most = counts.cols > 0 ? counts.cols : 1;
    size_t k = (size_t)zh_door_integer_or(&door, "k_nearest", 1, (int64_t)most,
                                          (int64_t)(most < 10 ? most : 10));
    size_t periods = counts.rows > 0 ? counts.rows : 1;
    size_t longest =
        (size_t)zh_door_integer_or(&door, "max_duration", 1, (int64_t)periods, (int64_t)periods);
    size_t replicates = read_replicates(&door);
    uint64_t seed = read_seed(&door);
    bool lonlat = zh_door_flag(&door, "lonlat", false);
    zh_matrix baseline = {0};
    if (door.rc == ZH_OK && (counts.cols == 0 || coords.rows != counts.cols)) {
        (void)zh_door_refuse(&door, "coords", "有 %zu 行，counts 有 %zu 个地点（列）", coords.rows,
                             counts.cols);
    }
    if (door.rc == ZH_OK) {
        read_baseline(&door, &counts, &baseline);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_scan_circles circles = {0};
    zh_scan result = {0};
    zh_rc rc = zh_scan_nearest(arena, &coords, lonlat, k, &circles, err);
    if (rc == ZH_OK) {
        rc = zh_scan_poisson(arena, &counts, &baseline, &circles, longest, replicates, seed,
                             &result, err);
    }
    if (rc == ZH_OK) {
        put_space_time(&door, out, &circles, &result);
    }
    return rc;
}

ZH_ENGINE(scan_space_time_poisson_prospective) = {
    .name = "scan.space_time_poisson_prospective",
    .zh = "前瞻时空扫描（圆柱，泊松）：哪一片地方、从何时起病例偏多，蒙特卡罗 p 值",
    .input = "{\"counts\": [[2, 1, 2, 1], [1, 2, 1, 2], [2, 1, 7, 6]], \"population\": "
             "[1000, 1000, 1000, 1000], \"coords\": [[0, 0], [1, 0], [5, 5], [5, 6]], "
             "\"k_nearest\": 2, \"mc\": 99, \"seed\": 1}",
    .method = "Kulldorff 2001",
    .run = space_time,
};

static void put_spatial(zh_door *door, zh_jw *out, const zh_scan_circles *circles,
                        const double *population, const zh_scan *r)
{
    double c = (double)r->observed;
    double all = (double)r->total;
    double people = 0.0;
    for (size_t i = 0; i < r->locations; i++) {
        people += population[circles->index[circles->start[r->center] + i]];
    }
    double outside = (all - c) / (all - r->expected);
    zh_jw_object(out);
    put_locations(out, door, "cluster", circles, r, false);
    zh_put_count(out, "cases", r->observed);
    zh_put_number(out, "expected", r->expected);
    zh_put_number(out, "population", people);
    zh_put_number(out, "llr", r->score);
    zh_put_number(out, "relative_risk", r->locations > 0 ? c / r->expected / outside : (double)NAN);
    zh_put_number(out, "p_value", r->p_value);
    zh_put_count(out, "n_zones", (int64_t)r->zones);
    zh_put_numbers(out, "top10_scores", r->top, r->top_n);
    zh_jw_object_end(out);
}

/* Counts and expected numbers as one period: members cases, and expected or population. */
static void read_spatial(zh_door *door, const zh_matrix *coords, zh_matrix *cases,
                         zh_matrix *baseline, double **population)
{
    zh_numbers observed = zh_door_numbers(door, "cases");
    zh_numbers people = zh_door_numbers(door, "population");
    zh_numbers expected = people;
    if (zh_door_has(door, "expected")) {
        expected = zh_door_numbers(door, "expected");
    }
    if (door->rc == ZH_OK && (observed.n == 0 || observed.n != coords->rows ||
                              people.n != coords->rows || expected.n != coords->rows)) {
        (void)zh_door_refuse(door, "cases",
                             "cases %zu 个、population %zu 个、coords %zu 行，要一样多且不为 0",
                             observed.n, people.n, coords->rows);
    }
    *cases = (zh_matrix){1, observed.n, observed.v};
    *baseline = (zh_matrix){1, expected.n, expected.v};
    *population = people.v;
}

static zh_rc spatial(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix coords = zh_door_matrix(&door, "coords");
    zh_matrix cases = {0};
    zh_matrix baseline = {0};
    double *population = NULL;
    read_spatial(&door, &coords, &cases, &baseline, &population);
    double fraction = zh_door_number_or(&door, "max_population_fraction", 0.5);
    size_t replicates = read_replicates(&door);
    uint64_t seed = read_seed(&door);
    bool lonlat = zh_door_flag(&door, "lonlat", false);
    if (door.rc == ZH_OK && !(fraction > 0.0 && fraction <= 1.0)) {
        (void)zh_door_refuse(&door, "max_population_fraction", "要大于 0，不超过 1");
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_scan_circles circles = {0};
    zh_scan result = {0};
    zh_rc rc = zh_scan_by_population(arena, &coords, lonlat, population, fraction, &circles, err);
    if (rc == ZH_OK) {
        rc = zh_scan_poisson(arena, &cases, &baseline, &circles, 1, replicates, seed, &result, err);
    }
    if (rc == ZH_OK) {
        put_spatial(&door, out, &circles, population, &result);
    }
    return rc;
}

ZH_ENGINE(scan_spatial_poisson_circular) = {
    .name = "scan.spatial_poisson_circular",
    .zh = "圆形空间扫描（泊松）：哪一片地方病例偏多，蒙特卡罗 p 值",
    .input = "{\"coords\": [[0, 0], [1, 0], [0, 1], [5, 5], [5, 6]], \"cases\": [2, 1, 3, 9, 8], "
             "\"population\": [100, 100, 100, 100, 100], \"max_population_fraction\": 0.5, "
             "\"mc\": 99, \"seed\": 1}",
    .method = "Kulldorff 1997",
    .run = spatial,
};
