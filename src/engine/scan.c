/* Scan statistics: circles, scores and the Monte Carlo test. */
#include "engine/scan.h"
#include "engine/scan_draw.h"
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SELECT_MAX 64    /* neighbours found by insertion; more by sorting */
#define LANES      8     /* periods that are scanned at once */
#define SLACK      1e-12 /* share of the score within which a replicate ties with it */
#define THREADS    2

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "地点与时期太多，内存不够算完");
}

/* ---- circles ---- */

struct near {
    double distance; /* or its square, or that of the chord: the order is the same */
    uint32_t index;
};

static bool nearer(const struct near *a, const struct near *b)
{
    return a->distance < b->distance || (a->distance <= b->distance && a->index < b->index);
}

static int by_distance(const void *a, const void *b)
{
    const struct near *x = a;
    const struct near *y = b;
    return nearer(x, y) ? -1 : nearer(y, x);
}

/* Points whose Euclidean distance has the order wanted: the rows, or places on the unit sphere. */
static zh_rc points(zh_arena *arena, const zh_matrix *coords, bool lonlat, zh_matrix *out,
                    zh_err *err)
{
    const double degree = 3.14159265358979323846 / 180.0;
    if (coords->rows == 0 || coords->cols == 0) {
        return zh_err_set(err, ZH_EINVAL, "scan.coords", "没有地点的坐标");
    }
    if (coords->rows > ZH_SCAN_LOCATIONS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "scan.locations", "地点有 %zu 个，最多 %zu 个",
                          coords->rows, ZH_SCAN_LOCATIONS_MAX);
    }
    if (!lonlat) {
        *out = *coords;
        return ZH_OK;
    }
    if (coords->cols != 2) {
        return zh_err_set(err, ZH_EINVAL, "scan.coords", "经纬度要两列：经度、纬度");
    }
    *out = zh_matrix_new(arena, coords->rows, 3);
    if (out->v == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < coords->rows; i++) {
        double lon = zh_matrix_at(coords, i, 0) * degree;
        double lat = zh_matrix_at(coords, i, 1) * degree;
        double *row = zh_matrix_row(out, i);
        row[0] = cos(lat) * cos(lon);
        row[1] = cos(lat) * sin(lon);
        row[2] = sin(lat);
    }
    return ZH_OK;
}

/* The k nearest of location i, in order, at the beginning of list (of n elements). */
static void nearest(const zh_matrix *at, size_t i, size_t k, struct near *list)
{
    const double *center = zh_matrix_row(at, i);
    size_t kept = 0;
    for (size_t j = 0; j < at->rows; j++) {
        const double *row = zh_matrix_row(at, j);
        struct near candidate = {0.0, (uint32_t)j};
        for (size_t c = 0; c < at->cols; c++) {
            candidate.distance += (row[c] - center[c]) * (row[c] - center[c]);
        }
        if (j == i) {
            candidate.distance = -1.0; /* the center comes first, also among coincident places */
        }
        if (k > SELECT_MAX) {
            list[kept++] = candidate;
            continue;
        }
        if (kept == k && !nearer(&candidate, &list[k - 1])) {
            continue;
        }
        size_t place = kept < k ? kept++ : k - 1;
        for (; place > 0 && nearer(&candidate, &list[place - 1]); place--) {
            list[place] = list[place - 1];
        }
        list[place] = candidate;
    }
    if (k > SELECT_MAX) {
        zh_sort(list, kept, sizeof(*list), by_distance);
    }
}

/* How many of the nearest belong to the circles around a location. */
static size_t members(const struct near *list, size_t k, const double *population, double most)
{
    double sum = 0.0;
    for (size_t j = 0; population != NULL && j < k; j++) {
        sum += population[list[j].index];
        if (sum > most) {
            return j;
        }
    }
    return k;
}

static zh_rc circles_of(zh_arena *arena, const zh_matrix *coords, bool lonlat, size_t k,
                        const double *population, double most, zh_scan_circles *out, zh_err *err)
{
    zh_matrix at = *coords;
    zh_rc rc = points(arena, coords, lonlat, &at, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = at.rows;
    struct near *list = ZH_TRY_N(arena, struct near, n);
    *out = (zh_scan_circles){
        .n = n, .start = ZH_TRY_N(arena, size_t, n + 1), .index = ZH_TRY_N(arena, uint32_t, n * k)};
    if (list == NULL || out->start == NULL || out->index == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        nearest(&at, i, k, list);
        size_t count = members(list, k, population, most);
        for (size_t j = 0; j < count; j++) {
            out->index[out->start[i] + j] = list[j].index;
        }
        out->start[i + 1] = out->start[i] + count;
    }
    return ZH_OK;
}

zh_rc zh_scan_nearest(zh_arena *arena, const zh_matrix *coords, bool lonlat, size_t k,
                      zh_scan_circles *out, zh_err *err)
{
    if (k < 1 || k > coords->rows) {
        return zh_err_set(err, ZH_EINVAL, "scan.nearest", "最近地点数 %zu 要在 1 与地点数 %zu 之间",
                          k, coords->rows);
    }
    return circles_of(arena, coords, lonlat, k, NULL, 0.0, out, err);
}

zh_rc zh_scan_by_population(zh_arena *arena, const zh_matrix *coords, bool lonlat,
                            const double *population, double fraction, zh_scan_circles *out,
                            zh_err *err)
{
    double sum = 0.0;
    for (size_t i = 0; i < coords->rows; i++) {
        if (!(population[i] >= 0.0 && isfinite(population[i]))) {
            return zh_err_set(err, ZH_EINVAL, "scan.population", "第 %zu 个地点的人口小于 0",
                              i + 1);
        }
        sum += population[i];
    }
    if (!(sum > 0.0) || !(fraction > 0.0 && fraction <= 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "scan.population",
                          "人口之和要大于 0，最大人口比例要在 0 与 1 之间");
    }
    return circles_of(arena, coords, lonlat, coords->rows, population, sum * fraction, out, err);
}

/* ---- expected counts ---- */

static zh_rc by_margins(const zh_matrix *counts, zh_matrix *out)
{
    double total = 0.0;
    for (size_t i = 0; i < counts->rows * counts->cols; i++) {
        total += counts->v[i];
    }
    for (size_t t = 0; t < counts->rows; t++) {
        double row = 0.0;
        for (size_t i = 0; i < counts->cols; i++) {
            row += zh_matrix_at(counts, t, i);
        }
        for (size_t i = 0; i < counts->cols; i++) {
            out->v[t * counts->cols + i] = total > 0.0 ? row / total : 0.0;
        }
    }
    for (size_t i = 0; i < counts->cols; i++) {
        double column = 0.0;
        for (size_t t = 0; t < counts->rows; t++) {
            column += zh_matrix_at(counts, t, i);
        }
        for (size_t t = 0; t < counts->rows; t++) {
            out->v[t * counts->cols + i] *= column;
        }
    }
    return ZH_OK;
}

zh_rc zh_scan_baseline(const zh_matrix *counts, const zh_matrix *population, zh_matrix *out,
                       zh_err *err)
{
    if (population == NULL) {
        return by_margins(counts, out);
    }
    double total = 0.0;
    for (size_t i = 0; i < counts->rows * counts->cols; i++) {
        total += counts->v[i];
    }
    for (size_t t = 0; t < counts->rows; t++) {
        double sum = 0.0;
        for (size_t i = 0; i < counts->cols; i++) {
            double p = zh_matrix_at(population, t, i);
            if (!(p >= 0.0 && isfinite(p))) {
                return zh_err_set(err, ZH_EINVAL, "scan.population",
                                  "第 %zu 个时期第 %zu 个地点的人口小于 0", t + 1, i + 1);
            }
            sum += p;
        }
        if (!(sum > 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "scan.population", "第 %zu 个时期的人口之和不大于 0",
                              t + 1);
        }
        for (size_t i = 0; i < counts->cols; i++) {
            out->v[t * counts->cols + i] =
                zh_matrix_at(population, t, i) * (total / (sum * (double)counts->rows));
        }
    }
    return ZH_OK;
}

/* ---- scores ---- */

static double score_of(double c, double e, double total)
{
    if (!(c > e)) {
        return 0.0;
    }
    double rest = total - c;
    return c * log(c / e) + (rest > 0.0 ? rest * log(rest / (total - e)) : 0.0);
}

/* Data of a scan, by location: sums of the last 1, 2, … periods, padded to whole lanes. */
struct world {
    const zh_scan_circles *circles;
    size_t n, periods, longest, stride;
    int64_t total;
    double *expected;  /* n * stride, cumulative */
    int32_t *observed; /* n * stride, cumulative */
    bool *repeated;    /* by position in circles->index: this set of locations came before */
    int32_t *below;    /* by position and lane: the largest count that misses the score */
    int16_t *narrow;   /* the same in 16 bits; NULL where they do not hold the sums */
    double *weight;    /* n: baseline of a location */
    double *by_period; /* n * periods: baseline */
};

struct set {
    uint64_t low, high;
    size_t order; /* position of its last member */
    size_t size;
};

static int by_set(const void *a, const void *b)
{
    const struct set *x = a;
    const struct set *y = b;
    if (x->low != y->low) {
        return x->low < y->low ? -1 : 1;
    }
    if (x->high != y->high) {
        return x->high < y->high ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Finds zones that are the same set of locations, by sums of 128 mixed bits of the members. */
static zh_rc mark_repeated(zh_arena *arena, struct world *w, size_t *zones, zh_err *err)
{
    const zh_scan_circles *c = w->circles;
    size_t n = c->start[c->n];
    zh_arena_mark here = zh_arena_here(arena);
    struct set *sets = ZH_TRY_N(arena, struct set, n);
    if (sets == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < c->n; i++) {
        uint64_t low = 0;
        uint64_t high = 0;
        for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
            low += mixed((uint64_t)c->index[j] + UINT64_C(0x9e3779b97f4a7c15));
            high += mixed((uint64_t)c->index[j] * 2 + UINT64_C(0xd1342543de82ef95));
            sets[j] = (struct set){low, high, j, j - c->start[i] + 1};
        }
    }
    zh_sort(sets, n, sizeof(*sets), by_set);
    *zones = n;
    for (size_t i = 1; i < n; i++) {
        bool same = sets[i].low == sets[i - 1].low && sets[i].high == sets[i - 1].high &&
                    sets[i].size == sets[i - 1].size;
        w->repeated[sets[i].order] = same;
        *zones -= same ? 1 : 0;
    }
    zh_arena_rewind(arena, here);
    return ZH_OK;
}

/* Keeps the largest scores; the list has room, or its last is smaller. */
static void note_score(zh_scan *out, double score)
{
    size_t at = out->top_n < ZH_SCAN_TOP ? out->top_n++ : ZH_SCAN_TOP - 1;
    for (; at > 0 && out->top[at - 1] < score; at--) {
        out->top[at] = out->top[at - 1];
    }
    out->top[at] = score;
}

/* Scores of all zones and durations around location i. */
static void score_center(const struct world *w, size_t i, double *count, double *expected,
                         zh_scan *out)
{
    const zh_scan_circles *c = w->circles;
    memset(count, 0, w->longest * sizeof(*count));
    memset(expected, 0, w->longest * sizeof(*expected));
    for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
        const int32_t *o = w->observed + c->index[j] * w->stride;
        const double *e = w->expected + c->index[j] * w->stride;
        for (size_t d = 0; d < w->longest; d++) {
            count[d] += (double)o[d];
            expected[d] += e[d];
        }
        for (size_t d = 0; d < w->longest && !w->repeated[j]; d++) {
            double score = score_of(count[d], expected[d], (double)w->total);
            if (out->top_n < ZH_SCAN_TOP || score > out->top[ZH_SCAN_TOP - 1]) {
                note_score(out, score);
            }
            if (score > out->score) {
                out->score = score;
                out->center = i;
                out->locations = j - c->start[i] + 1;
                out->duration = d + 1;
                out->observed = (int64_t)count[d];
                out->expected = expected[d];
            }
        }
    }
}

/* ---- the Monte Carlo test ---- */

/* The largest expected number with which c cases reach the score: Newton's method from the left,
 * where the score, convex and falling, is above. */
static double reach(double c, double total, double score, double from)
{
    double e = from;
    for (int step = 0; step < 200; step++) {
        double slope = total * (c - e) / (e * (total - e));
        double next = e + (score_of(c, e, total) - score) / slope;
        if (!(next - e > 4.0 * DBL_EPSILON * e)) {
            break;
        }
        e = next;
    }
    return e;
}

/* reaches[c]: the largest expected number with which c cases reach the score, c = 1 … size - 1,
 * until it passes the expected number of any zone or the cases end. */
static zh_rc critical(zh_arena *arena, double score, double largest, int64_t total,
                      double **reaches, size_t *size, zh_err *err)
{
    *reaches = ZH_TRY_N(arena, double, (size_t)total + 2);
    if (*reaches == NULL) {
        return no_memory(err);
    }
    double all = (double)total;
    double e = exp(-score - 1.0);
    size_t c = 1;
    for (; c <= (size_t)total; c++) {
        if (c == 1 || e <= 0.0) {
            e = (double)c * exp(-score / (double)c - 1.0);
        }
        e = c == (size_t)total ? all * exp(-score / all) : reach((double)c, all, score, e);
        (*reaches)[c] = e;
        if (e >= largest) {
            c++;
            break;
        }
    }
    *size = c;
    return ZH_OK;
}

/* Where the tables of the test keep lane d of element i of n: eight durations of all elements, then
 * the next eight, so that what a block reads stays in the nearest cache. */
static size_t lane_at(const struct world *w, size_t n, size_t i, size_t d)
{
    return w->longest > 1 ? (d / LANES * n + i) * LANES + d % LANES : i;
}

/* Fills w->below: for each zone and duration the largest count that does not reach the score. */
static zh_rc set_critical(zh_arena *arena, struct world *w, double score, zh_err *err)
{
    const zh_scan_circles *c = w->circles;
    size_t lanes = w->longest > 1 ? w->stride : 1;
    double *expected = ZH_TRY_N(arena, double, lanes);
    w->below = ZH_TRY_N(arena, int32_t, c->start[c->n] * lanes);
    double largest = 0.0;
    for (size_t i = 0; i < c->n; i++) {
        double sum = 0.0;
        for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
            sum += w->expected[c->index[j] * w->stride + w->longest - 1];
        }
        largest = fmax(largest, sum);
    }
    double *reaches;
    size_t size;
    if (expected == NULL || w->below == NULL) {
        return no_memory(err);
    }
    zh_rc rc = critical(arena, score, largest, w->total, &reaches, &size, err);
    for (size_t i = 0; rc == ZH_OK && i < c->n; i++) {
        memset(expected, 0, lanes * sizeof(*expected));
        for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
            const double *e = w->expected + c->index[j] * w->stride;
            size_t count = 1; /* expected numbers grow with the duration, and so the counts */
            for (size_t d = 0; d < lanes; d++) {
                expected[d] += d < w->longest ? e[d] : 0.0;
                while (count < size && reaches[count] < expected[d]) {
                    count++;
                }
                bool never = d >= w->longest || count == size;
                w->below[lane_at(w, c->start[c->n], j, d)] = never ? INT32_MAX : (int32_t)count - 1;
            }
        }
    }
    return rc;
}

/* What one thread draws and counts in. */
struct draws {
    const struct world *world;
    const zh_scan_cells *cells;
    size_t first, step, replicates; /* its replicates: first, first + step, … */
    uint64_t seed;
    size_t reached;
    zh_scan_room room;
    int32_t *row;    /* sums over the last 1, 2, … periods, by lane_at */
    int16_t *narrow; /* instead of it where w->narrow is */
    pthread_t thread;
    bool started;
};

/* Counts of location i summed up from the last period back, a block of durations at a time. */
static void sum_wide(struct draws *p, size_t i, const int32_t *cells)
{
    const struct world *w = p->world;
    int32_t sum = 0;
    for (size_t d = 0; d < w->longest; d++) {
        sum += cells[d];
        p->row[lane_at(w, w->n, i, d)] = sum;
    }
}

static void sum_narrow(struct draws *p, size_t i, const int32_t *cells)
{
    const struct world *w = p->world;
    int32_t sum = 0;
    for (size_t from = 0; from < w->longest; from += LANES) {
        int16_t *row = p->narrow + lane_at(w, w->n, i, from);
        size_t lanes = w->longest - from < LANES ? w->longest - from : LANES;
        for (size_t d = 0; d < lanes; d++) {
            sum += cells[from + d];
            row[d] = (int16_t)(sum < INT16_MAX ? sum : INT16_MAX);
        }
    }
}

static void sum_periods(struct draws *p)
{
    const struct world *w = p->world;
    for (size_t i = 0; i < w->n; i++) {
        const int32_t *cells = p->room.cells + i * w->periods;
        if (w->narrow != NULL) {
            sum_narrow(p, i, cells);
        } else {
            sum_wide(p, i, cells);
        }
    }
}

/* Half of LANES: what one register of the baseline instruction set holds. */
typedef int32_t lanes_t __attribute__((vector_size(16), may_alias));

/* Whether a zone of location i reaches the score in a block of durations. row and below are those
 * of the block. */
static bool block_reaches(const zh_scan_circles *c, const int32_t *row, const int32_t *below,
                          size_t i)
{
    lanes_t low = {0};
    lanes_t high = {0};
    lanes_t low_hit = {0};
    lanes_t high_hit = {0};
    for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
        const lanes_t *add = (const void *)(row + (size_t)c->index[j] * LANES);
        const lanes_t *limit = (const void *)(below + j * LANES);
        low += add[0];
        high += add[1];
        low_hit |= low > limit[0];
        high_hit |= high > limit[1];
    }
    low_hit |= high_hit;
    return (low_hit[0] | low_hit[1] | low_hit[2] | low_hit[3]) != 0;
}

/* The same where 16 bits hold every sum, eight lanes to a register. */
typedef int16_t narrow_t __attribute__((vector_size(16), may_alias));

static bool narrow_reaches(const zh_scan_circles *c, const int16_t *row, const int16_t *below,
                           size_t i)
{
    narrow_t sum = {0};
    narrow_t hit = {0};
    for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
        sum += *(const narrow_t *)(const void *)(row + (size_t)c->index[j] * LANES);
        hit |= sum > *(const narrow_t *)(const void *)(below + j * LANES);
    }
    lanes_t any = (lanes_t)hit;
    return (any[0] | any[1] | any[2] | any[3]) != 0;
}

static bool zone_reaches(const zh_scan_circles *c, const int32_t *row, const int32_t *below,
                         size_t i)
{
    int64_t count = 0;
    for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
        count += row[c->index[j]];
        if (count > below[j]) {
            return true;
        }
    }
    return false;
}

static bool reaches_score(const struct draws *p)
{
    const struct world *w = p->world;
    const zh_scan_circles *c = w->circles;
    bool hit = false;
    for (size_t d = 0; d < w->longest && !hit; d += LANES) {
        size_t zones = lane_at(w, c->start[c->n], 0, d);
        size_t places = lane_at(w, w->n, 0, d);
        for (size_t i = 0; i < c->n && !hit; i++) {
            hit = w->narrow != NULL ? narrow_reaches(c, p->narrow + places, w->narrow + zones, i)
                  : w->longest > 1  ? block_reaches(c, p->row + places, w->below + zones, i)
                                    : zone_reaches(c, p->row + places, w->below + zones, i);
        }
    }
    return hit;
}

static void *draw(void *argument)
{
    struct draws *p = argument;
    for (size_t r = p->first; r < p->replicates; r += p->step) {
        zh_random random;
        zh_random_seed_task(&random, p->seed, r);
        zh_scan_draw(p->cells, &p->room, &random);
        sum_periods(p);
        p->reached += reaches_score(p) ? 1 : 0;
    }
    return NULL;
}

/* Whether 16 bits hold every sum that matters: a location above its own critical count decides the
 * replicate, and as long as none is, no zone has more than the critical counts of its locations
 * together. Then w->narrow holds the critical counts. */
static zh_rc set_narrow(zh_arena *arena, struct world *w, zh_err *err)
{
    const zh_scan_circles *c = w->circles;
    size_t zones = c->start[c->n];
    for (size_t i = 0; i < c->n; i++) {
        int64_t sum = 0;
        for (size_t j = c->start[i]; j < c->start[i + 1]; j++) {
            size_t alone = c->start[c->index[j]];
            if (alone == c->start[c->index[j] + 1]) {
                return ZH_OK; /* a location that is no zone of its own */
            }
            sum += w->below[lane_at(w, zones, alone, w->longest - 1)];
        }
        if (sum >= INT16_MAX) {
            return ZH_OK;
        }
    }
    w->narrow = ZH_TRY_N(arena, int16_t, zones * w->stride);
    if (w->narrow == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < zones * w->stride; i++) {
        w->narrow[i] = (int16_t)(w->below[i] < INT16_MAX ? w->below[i] : INT16_MAX);
    }
    return ZH_OK;
}

/* Every replicate has its own random numbers, so that it does not matter which thread draws it. */
static zh_rc test(zh_arena *arena, struct world *w, uint64_t seed, zh_scan *out, zh_err *err)
{
    struct draws draws[THREADS];
    zh_scan_cells cells;
    if (!(out->score > 0.0)) {
        out->reached = out->replicates; /* every replicate has a score of at least 0 */
        return ZH_OK;
    }
    zh_rc rc = set_critical(arena, w, out->score * (1.0 - SLACK), err);
    if (rc == ZH_OK && w->longest > 1) {
        rc = set_narrow(arena, w, err);
    }
    if (rc == ZH_OK && zh_scan_cells_new(arena, w->n, w->periods, w->total, w->weight, w->by_period,
                                         &cells) != ZH_OK) {
        rc = no_memory(err);
    }
    for (size_t t = 0; rc == ZH_OK && t < THREADS; t++) {
        draws[t] = (struct draws){.world = w,
                                  .cells = &cells,
                                  .first = t,
                                  .step = THREADS,
                                  .replicates = out->replicates,
                                  .seed = seed,
                                  .row = ZH_TRY_N(arena, int32_t, w->n * w->stride),
                                  .narrow = ZH_TRY_N(arena, int16_t, w->n * w->stride)};
        if (zh_scan_room_new(arena, &cells, &draws[t].room) != ZH_OK || draws[t].row == NULL ||
            draws[t].narrow == NULL) {
            rc = no_memory(err);
        }
    }
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t t = 1; t < THREADS; t++) {
        draws[t].started = pthread_create(&draws[t].thread, NULL, draw, &draws[t]) == 0;
    }
    (void)draw(&draws[0]);
    out->reached = draws[0].reached;
    for (size_t t = 1; t < THREADS; t++) {
        if (draws[t].started) {
            (void)pthread_join(draws[t].thread, NULL);
        } else {
            (void)draw(&draws[t]);
        }
        out->reached += draws[t].reached;
    }
    return ZH_OK;
}

/* ---- the whole ---- */

static zh_rc limits(const zh_matrix *counts, const struct world *w, size_t replicates, zh_err *err)
{
    const zh_scan_circles *c = w->circles;
    size_t cells = c->start[c->n];
    if (counts->rows > ZH_SCAN_PERIODS_MAX || w->n > ZH_SCAN_LOCATIONS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "scan.size", "最多 %zu 个地点、%zu 个时期",
                          ZH_SCAN_LOCATIONS_MAX, ZH_SCAN_PERIODS_MAX);
    }
    if (cells > ZH_SCAN_CELLS_MAX / w->stride || w->n > ZH_SCAN_CELLS_MAX / w->stride) {
        zh_err_set(err, ZH_ELIMIT, "scan.size", "区域 %zu 个 × 时期 %zu 个，最多 %zu", cells,
                   w->longest, ZH_SCAN_CELLS_MAX);
        zh_err_fix(err, "减少最近地点数或最长持续时间");
        return ZH_ELIMIT;
    }
    if (w->total > ZH_SCAN_CASES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "scan.cases", "病例共 %lld 例，最多 %lld 例",
                          (long long)w->total, (long long)ZH_SCAN_CASES_MAX);
    }
    double work = (double)replicates * ((double)cells * (double)w->stride + (double)w->total);
    if (replicates > ZH_SCAN_REPLICATES_MAX || work > ZH_SCAN_WORK_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "scan.replicates",
                          "模拟 %zu 次太多：最多 %zu 次，且次数 × 区域 × 时期不超过 5e10",
                          replicates, ZH_SCAN_REPLICATES_MAX);
    }
    return ZH_OK;
}

static zh_rc sum_cases(const zh_matrix *counts, int64_t *total, zh_err *err)
{
    double sum = 0.0;
    for (size_t i = 0; i < counts->rows * counts->cols; i++) {
        double x = counts->v[i];
        if (!(x >= 0.0 && x <= (double)ZH_SCAN_CASES_MAX && floor(x) == x)) {
            return zh_err_set(err, ZH_EINVAL, "scan.counts",
                              "第 %zu 个时期第 %zu 个地点的病例数不是 0 到 %lld 的整数",
                              i / counts->cols + 1, i % counts->cols + 1,
                              (long long)ZH_SCAN_CASES_MAX);
        }
        sum += x;
    }
    if (sum == 0.0) {
        return zh_err_set(err, ZH_EINVAL, "scan.counts", "没有病例");
    }
    *total = (int64_t)sum;
    return ZH_OK;
}

/* Sums over the last 1, 2, … periods; location i's periods are numbered from the last. */
static zh_rc accumulate(struct world *w, const zh_matrix *counts, const zh_matrix *baseline,
                        zh_err *err)
{
    double sum = 0.0;
    for (size_t i = 0; i < w->n * w->periods; i++) {
        double b = baseline->v[i];
        if (!(b >= 0.0 && isfinite(b)) || (b == 0.0 && counts->v[i] > 0.0)) {
            return zh_err_set(
                err, ZH_EINVAL, "scan.baseline", "第 %zu 个时期第 %zu 个地点的期望数%s",
                i / w->n + 1, i % w->n + 1,
                zh_err_text(err, b == 0.0 ? "是 0 却有病例" : "小于 0 或不是有限的数"));
        }
        sum += b;
    }
    double scale = (double)w->total / sum;
    for (size_t i = 0; i < w->n; i++) {
        double expected = 0.0;
        int32_t observed = 0;
        for (size_t d = 0; d < w->periods; d++) {
            size_t at = (w->periods - 1 - d) * w->n + i;
            w->by_period[i * w->periods + d] = baseline->v[at];
            w->weight[i] += baseline->v[at];
            expected += baseline->v[at] * scale;
            observed += (int32_t)counts->v[at];
            if (d < w->longest) {
                w->expected[i * w->stride + d] = expected;
                w->observed[i * w->stride + d] = observed;
            }
        }
    }
    return ZH_OK;
}

static zh_rc scan(zh_arena *arena, struct world *w, const zh_matrix *counts,
                  const zh_matrix *baseline, uint64_t seed, zh_scan *out, zh_err *err)
{
    size_t cells = w->n * w->stride;
    w->expected = ZH_TRY_N(arena, double, cells);
    w->observed = ZH_TRY_N(arena, int32_t, cells);
    w->weight = ZH_TRY_N(arena, double, w->n);
    w->by_period = ZH_TRY_N(arena, double, w->n * w->periods);
    w->repeated = ZH_TRY_N(arena, bool, w->circles->start[w->n]);
    double *count = ZH_TRY_N(arena, double, w->longest);
    double *expected = ZH_TRY_N(arena, double, w->longest);
    if (w->expected == NULL || w->observed == NULL || w->weight == NULL || w->by_period == NULL ||
        w->repeated == NULL || count == NULL || expected == NULL) {
        return no_memory(err);
    }
    size_t zones = 0;
    zh_rc rc = accumulate(w, counts, baseline, err);
    if (rc == ZH_OK) {
        rc = mark_repeated(arena, w, &zones, err);
    }
    for (size_t i = 0; rc == ZH_OK && i < w->n; i++) {
        score_center(w, i, count, expected, out);
    }
    out->zones = zones;
    out->total = w->total;
    if (rc == ZH_OK && out->replicates > 0) {
        rc = test(arena, w, seed, out, err);
        out->p_value = (1.0 + (double)out->reached) / (1.0 + (double)out->replicates);
    }
    return rc;
}

zh_rc zh_scan_poisson(zh_arena *arena, const zh_matrix *counts, const zh_matrix *baseline,
                      const zh_scan_circles *circles, size_t longest, size_t replicates,
                      uint64_t seed, zh_scan *out, zh_err *err)
{
    struct world w = {.circles = circles,
                      .n = counts->cols,
                      .periods = counts->rows,
                      .longest = longest,
                      .stride = longest > 1 ? (longest + LANES - 1) / LANES * LANES : 1};
    *out = (zh_scan){.p_value = (double)NAN, .replicates = replicates};
    if (longest < 1 || longest > counts->rows) {
        return zh_err_set(err, ZH_EINVAL, "scan.duration", "最长持续时间要在 1 与时期数 %zu 之间",
                          counts->rows);
    }
    if (baseline->rows != counts->rows || baseline->cols != counts->cols ||
        circles->n != counts->cols || circles->start[circles->n] == 0) {
        return zh_err_set(err, ZH_EINVAL, "scan.size",
                          "病例、期望数与坐标的地点数或时期数不同，或没有一个区域");
    }
    zh_rc rc = sum_cases(counts, &w.total, err);
    if (rc == ZH_OK) {
        rc = limits(counts, &w, replicates, err);
    }
    zh_arena_mark here = zh_arena_here(arena);
    if (rc == ZH_OK) {
        rc = scan(arena, &w, counts, baseline, seed, out, err);
    }
    zh_arena_rewind(arena, here);
    return rc;
}
