/* Composite indices: normalisation, weights, TOPSIS, rankings and their agreement. */
#include "engine/indices.h"
#include "num/distribution.h"
#include "num/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AHP_ITERATIONS    100000
#define RECIPROCAL_SLACK  0.05
#define KENDALL_EXACT_MAX 50   /* below this many pairs without ties p is exact */
#define GEOMETRIC_FLOOR   0.01 /* a normalised 0 has no logarithm */
#define MAD_TO_SD         1.4826

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

/* ---- ranks and order ---- */

struct placed {
    double v;
    size_t at;
};

static int by_value(const void *a, const void *b)
{
    const struct placed *x = a;
    const struct placed *y = b;
    int order = (x->v > y->v) - (x->v < y->v);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* Ranks of sorted places: ties share the mean of their ranks. */
static void rank_places(const struct placed *places, size_t n, bool descending, double *rank)
{
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && places[end].v == places[first].v;) {
            end++;
        }
        double mean = ((double)first + 1.0 + (double)end) / 2.0;
        for (size_t i = first; i < end; i++) {
            rank[places[i].at] = descending ? (double)n + 1.0 - mean : mean;
        }
    }
}

static void sort_places(const double *v, size_t n, struct placed *places)
{
    for (size_t i = 0; i < n; i++) {
        places[i] = (struct placed){v[i], i};
    }
    zh_sort(places, n, sizeof(*places), by_value);
}

zh_rc zh_rank(zh_arena *arena, const double *v, size_t n, bool descending, double *rank,
              zh_err *err)
{
    zh_arena_mark mark = zh_arena_here(arena);
    struct placed *places = ZH_TRY_N(arena, struct placed, n + 1);
    if (places == NULL) {
        return no_memory(err);
    }
    sort_places(v, n, places);
    rank_places(places, n, descending, rank);
    zh_arena_rewind(arena, mark);
    return ZH_OK;
}

/* ---- normalisation ---- */

static double median_of(struct placed *places, size_t n)
{
    return n % 2 == 1 ? places[n / 2].v : (places[n / 2 - 1].v + places[n / 2].v) / 2.0;
}

static double mean_of(const double *x, size_t n)
{
    double sum = 0.0;
    double rest = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        rest += x[i] - mean;
    }
    return mean + rest / (double)n;
}

zh_rc zh_normalise(zh_arena *arena, const double *x, size_t n, double reference, zh_normalised *out,
                   zh_err *err)
{
    if (n == 0 || reference == 0.0) {
        return zh_err_set(err, ZH_EINVAL, "indices.normalise",
                          n == 0 ? "没有数据" : "参照值不能为 0");
    }
    double *room = ZH_TRY_N(arena, double, 5 * n);
    struct placed *places = ZH_TRY_N(arena, struct placed, n);
    if (room == NULL || places == NULL) {
        return no_memory(err);
    }
    *out = (zh_normalised){room, room + n, room + 2 * n, isnan(reference) ? NULL : room + 3 * n,
                           room + 4 * n};
    double mean = mean_of(x, n);
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    double sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0.0;
    sort_places(x, n, places);
    rank_places(places, n, false, out->rank);
    double least = places[0].v;
    double range = places[n - 1].v - least;
    double median = median_of(places, n);
    for (size_t i = 0; i < n; i++) {
        out->minmax[i] = range > 0.0 ? (x[i] - least) / range : (double)NAN;
        out->zscore[i] = range > 0.0 ? (x[i] - mean) / sd : (double)NAN;
        if (out->percent != NULL) {
            out->percent[i] = 100.0 * x[i] / reference;
        }
        out->robust_z[i] = fabs(x[i] - median);
    }
    sort_places(out->robust_z, n, places);
    double mad = MAD_TO_SD * median_of(places, n);
    for (size_t i = 0; i < n; i++) {
        out->robust_z[i] = mad > 0.0 ? (x[i] - median) / mad : (double)NAN;
    }
    return ZH_OK;
}

/* ---- indicators with directions ---- */

static zh_rc check_indicators(const zh_matrix *x, const double *direction, zh_err *err)
{
    if (x->rows < 2 || x->cols == 0) {
        return zh_err_set(err, ZH_EINVAL, "indices.units",
                          "%zu 个单位、%zu 个指标：至少要 2 个单位、1 个指标", x->rows, x->cols);
    }
    for (size_t j = 0; j < x->cols; j++) {
        if (direction[j] != 1.0 && direction[j] != -1.0) {
            return zh_err_set(err, ZH_EINVAL, "indices.direction",
                              "第 %zu 个方向要 1（越大越好）或 -1（越小越好）", j + 1);
        }
    }
    for (size_t i = 0; i < x->rows * x->cols; i++) {
        if (!isfinite(x->v[i])) {
            return zh_err_set(err, ZH_EINVAL, "indices.value", "第 %zu 行第 %zu 列不是有限的数",
                              i / x->cols + 1, i % x->cols + 1);
        }
    }
    return ZH_OK;
}

static zh_rc check_weights(const double *weight, size_t n, zh_err *err)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++) {
        if (!(weight[j] >= 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "indices.weight", "第 %zu 个权重是负数", j + 1);
        }
        sum += weight[j];
    }
    return sum > 0.0 && isfinite(sum)
               ? ZH_OK
               : zh_err_set(err, ZH_EINVAL, "indices.weight", "权重之和要大于 0");
}

/* Min-max by direction; a constant indicator becomes 0. Returns how many are not constant. */
static size_t minmax(const zh_matrix *x, const double *direction, zh_matrix *z)
{
    size_t varying = 0;
    for (size_t j = 0; j < x->cols; j++) {
        double least = (double)INFINITY;
        double most = -(double)INFINITY;
        for (size_t i = 0; i < x->rows; i++) {
            least = fmin(least, zh_matrix_at(x, i, j));
            most = fmax(most, zh_matrix_at(x, i, j));
        }
        double from = direction[j] > 0.0 ? least : most;
        double range = direction[j] * (most - least);
        varying += most > least ? 1 : 0;
        for (size_t i = 0; i < x->rows; i++) {
            z->v[i * x->cols + j] = most > least ? (zh_matrix_at(x, i, j) - from) / range : 0.0;
        }
    }
    return varying;
}

static double column_entropy(const zh_matrix *z, size_t j)
{
    double sum = 0.0;
    double entropy = 0.0;
    for (size_t i = 0; i < z->rows; i++) {
        sum += zh_matrix_at(z, i, j);
    }
    for (size_t i = 0; i < z->rows && sum > 0.0; i++) {
        double p = zh_matrix_at(z, i, j) / sum;
        entropy -= p > 0.0 ? p * log(p) : 0.0;
    }
    return sum > 0.0 ? entropy / log((double)z->rows) : 1.0;
}

zh_rc zh_entropy_weights(zh_arena *arena, const zh_matrix *x, const double *direction,
                         zh_entropy *out, zh_err *err)
{
    zh_rc rc = check_indicators(x, direction, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double *room = ZH_TRY_N(arena, double, 2 * x->cols + x->rows);
    *out = (zh_entropy){.normalised = zh_matrix_new(arena, x->rows, x->cols)};
    if (room == NULL || out->normalised.v == NULL) {
        return no_memory(err);
    }
    out->entropy = room;
    out->weight = room + x->cols;
    out->score = room + 2 * x->cols;
    if (minmax(x, direction, &out->normalised) == 0) {
        return zh_err_set(err, ZH_EINVAL, "indices.constant", "每个指标在各单位都相同，无从赋权");
    }
    double total = 0.0;
    for (size_t j = 0; j < x->cols; j++) {
        out->entropy[j] = column_entropy(&out->normalised, j);
        total += 1.0 - out->entropy[j];
    }
    for (size_t j = 0; j < x->cols; j++) {
        /* Two units leave one of them with everything: entropy 0 for all that vary, total > 0. */
        out->weight[j] = (1.0 - out->entropy[j]) / total;
        for (size_t i = 0; i < x->rows; i++) {
            out->score[i] += out->weight[j] * zh_matrix_at(&out->normalised, i, j);
        }
    }
    return ZH_OK;
}

/* ---- TOPSIS ---- */

/* Weighted share of column j in its Euclidean length; false when it is 0 throughout. */
static bool vector_normalise(const zh_matrix *x, size_t j, double weight, zh_matrix *v)
{
    double length = 0.0;
    for (size_t i = 0; i < x->rows; i++) {
        length = hypot(length, zh_matrix_at(x, i, j));
    }
    for (size_t i = 0; i < x->rows && length > 0.0; i++) {
        v->v[i * x->cols + j] = weight * zh_matrix_at(x, i, j) / length;
    }
    return length > 0.0;
}

/* Adds the squared distances of column j to the best and the worst value. */
static void add_distances(const zh_matrix *v, size_t j, double direction, double *to_best,
                          double *to_worst)
{
    double best = -(double)INFINITY;
    double worst = (double)INFINITY;
    for (size_t i = 0; i < v->rows; i++) {
        best = fmax(best, direction * zh_matrix_at(v, i, j));
        worst = fmin(worst, direction * zh_matrix_at(v, i, j));
    }
    for (size_t i = 0; i < v->rows; i++) {
        double own = direction * zh_matrix_at(v, i, j);
        to_best[i] += (own - best) * (own - best);
        to_worst[i] += (own - worst) * (own - worst);
    }
}

zh_rc zh_topsis(zh_arena *arena, const zh_matrix *x, const double *weight, const double *direction,
                double *score, double *rank, zh_err *err)
{
    zh_rc rc = check_indicators(x, direction, err);
    rc = rc == ZH_OK ? check_weights(weight, x->cols, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_matrix v = zh_matrix_new(arena, x->rows, x->cols);
    double *distance = ZH_TRY_N(arena, double, 2 * x->rows);
    double total = 0.0;
    if (v.v == NULL || distance == NULL) {
        return no_memory(err);
    }
    for (size_t j = 0; j < x->cols; j++) {
        total += weight[j];
    }
    for (size_t j = 0; j < x->cols; j++) {
        if (!vector_normalise(x, j, weight[j] / total, &v)) {
            return zh_err_set(err, ZH_EINVAL, "indices.zero", "第 %zu 个指标全为 0", j + 1);
        }
        add_distances(&v, j, direction[j], distance, distance + x->rows);
    }
    for (size_t i = 0; i < x->rows; i++) {
        double best = sqrt(distance[i]);
        double worst = sqrt(distance[x->rows + i]);
        if (!(best + worst > 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "indices.constant", "各单位在有权重的指标上都相同");
        }
        score[i] = worst / (best + worst);
    }
    return zh_rank(arena, score, x->rows, true, rank, err);
}

/* ---- AHP ---- */

static zh_rc check_judgements(const zh_matrix *m, zh_err *err)
{
    size_t n = m->rows;
    if (n == 0 || n != m->cols) {
        return zh_err_set(err, ZH_EINVAL, "ahp.square", "判断矩阵要是方阵，给的是 %zu × %zu",
                          m->rows, m->cols);
    }
    if (n > ZH_INDICES_AHP_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "ahp.size", "判断矩阵最多 %zu 阶", ZH_INDICES_AHP_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double a = zh_matrix_at(m, i, j);
            double b = zh_matrix_at(m, j, i);
            if (!(a > 0.0) || !isfinite(a) || (i == j && a != 1.0)) {
                return zh_err_set(err, ZH_EINVAL, "ahp.value",
                                  "第 %zu 行第 %zu 列是 %g：要大于 0，对角线要是 1", i + 1, j + 1,
                                  a);
            }
            if (fabs(a * b - 1.0) > RECIPROCAL_SLACK) {
                return zh_err_set(err, ZH_EINVAL, "ahp.reciprocal",
                                  "第 %zu 行第 %zu 列的 %g 与第 %zu 行第 %zu 列的 %g 不互为倒数",
                                  i + 1, j + 1, a, j + 1, i + 1, b);
            }
        }
    }
    return ZH_OK;
}

/* Principal eigenvector by power iteration, which converges for a positive matrix (Perron).
 * Returns the eigenvalue. */
static double principal(const zh_matrix *m, double *w)
{
    size_t n = m->rows;
    double next[ZH_INDICES_AHP_MAX];
    double lambda = (double)n;
    for (size_t i = 0; i < n; i++) {
        w[i] = 1.0 / (double)n;
    }
    for (size_t pass = 0; pass < AHP_ITERATIONS; pass++) {
        double change = 0.0;
        lambda = 0.0;
        for (size_t i = 0; i < n; i++) {
            next[i] = 0.0;
            for (size_t j = 0; j < n; j++) {
                next[i] += zh_matrix_at(m, i, j) * w[j];
            }
            lambda += next[i];
        }
        for (size_t i = 0; i < n; i++) {
            change = fmax(change, fabs(next[i] / lambda - w[i]) / w[i]);
            w[i] = next[i] / lambda;
        }
        if (change < 1e-15) {
            break;
        }
    }
    return lambda;
}

zh_rc zh_ahp_weights(zh_arena *arena, const zh_matrix *matrix, zh_ahp *out, zh_err *err)
{
    /* T. L. Saaty, The Analytic Hierarchy Process, 1980, p. 21. */
    static const double random_index[] = {0,    0,    0.58, 0.90, 1.12, 1.24, 1.32, 1.41,
                                          1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59};
    zh_rc rc = check_judgements(matrix, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = matrix->rows;
    double *room = ZH_TRY_N(arena, double, 2 * n);
    if (room == NULL) {
        return no_memory(err);
    }
    *out = (zh_ahp){.weight = room, .geometric = room + n};
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++) {
            sum += log(zh_matrix_at(matrix, i, j));
        }
        out->geometric[i] = exp(sum / (double)n);
        total += out->geometric[i];
    }
    for (size_t i = 0; i < n; i++) {
        out->geometric[i] /= total;
    }
    out->lambda_max = principal(matrix, out->weight);
    out->ci = n > 1 ? (out->lambda_max - (double)n) / (double)(n - 1) : 0.0;
    out->ri = n <= ZH_COUNTOF(random_index) ? random_index[n - 1] : (double)NAN;
    out->cr = n <= 2 ? 0.0 : out->ci / out->ri;
    return ZH_OK;
}

/* ---- correlation of two rankings ---- */

static double correlation(const double *x, const double *y, size_t n)
{
    double mx = mean_of(x, n);
    double my = mean_of(y, n);
    double xx = 0.0;
    double yy = 0.0;
    double xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xx > 0.0 && yy > 0.0 ? fmax(-1.0, fmin(1.0, xy / sqrt(xx) / sqrt(yy))) : (double)NAN;
}

struct pair {
    double x, y;
};

static int by_pair(const void *a, const void *b)
{
    const struct pair *p = a;
    const struct pair *q = b;
    int order = (p->x > q->x) - (p->x < q->x);
    return order != 0 ? order : (p->y > q->y) - (p->y < q->y);
}

/* Sums over groups of t ties: of pairs, and what the variance of Kendall's S needs. */
struct ties {
    double pairs;  /* Σ t(t-1)/2 */
    double triple; /* Σ t(t-1)(t-2) */
    double spread; /* Σ t(t-1)(2t+5) */
};

static void add_ties(struct ties *ties, double t)
{
    ties->pairs += t * (t - 1.0) / 2.0;
    ties->triple += t * (t - 1.0) * (t - 2.0);
    ties->spread += t * (t - 1.0) * (2.0 * t + 5.0);
}

/* Sorts y by merging and counts the exchanges that neighbours would need. */
static double sort_counting(double *y, double *spare, size_t n)
{
    double exchanges = 0.0;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t first = 0; first + width < n; first += 2 * width) {
            size_t middle = first + width;
            size_t end = middle + width < n ? middle + width : n;
            size_t a = first;
            size_t b = middle;
            for (size_t k = first; k < end; k++) {
                if (a < middle && (b == end || y[a] <= y[b])) {
                    spare[k] = y[a++];
                } else {
                    exchanges += (double)(middle - a);
                    spare[k] = y[b++];
                }
            }
            memcpy(y + first, spare + first, (end - first) * sizeof(*y));
        }
    }
    return exchanges;
}

/* P(at most k inversions) of a random permutation of n < KENDALL_EXACT_MAX. */
static double inversions_cdf(size_t k, size_t n)
{
    double p[KENDALL_EXACT_MAX * KENDALL_EXACT_MAX / 2] = {1.0};
    double next[KENDALL_EXACT_MAX * KENDALL_EXACT_MAX / 2] = {0};
    size_t most = 0;
    for (size_t i = 2; i <= n; i++) {
        most += i - 1;
        for (size_t v = 0; v <= most; v++) {
            double sum = 0.0;
            for (size_t d = 0; d < i && d <= v; d++) {
                sum += p[v - d];
            }
            next[v] = sum / (double)i;
        }
        memcpy(p, next, sizeof(p));
    }
    double total = 0.0;
    for (size_t v = 0; v <= k && v <= most; v++) {
        total += p[v];
    }
    return fmin(1.0, total);
}

static double exact_p(double exchanges, size_t n)
{
    size_t most = n * (n - 1) / 2;
    size_t k = (size_t)exchanges;
    size_t smaller = k < most - k ? k : most - k;
    return fmin(1.0, 2.0 * inversions_cdf(smaller, n));
}

/* Two-sided, S over its tie-corrected standard deviation. */
static double normal_p(double s, double n, const struct ties *x, const struct ties *y)
{
    double variance = (n * (n - 1.0) * (2.0 * n + 5.0) - x->spread - y->spread) / 18.0 +
                      2.0 * x->pairs * y->pairs / (n * (n - 1.0));
    if (n > 2.0) {
        variance += x->triple * y->triple / (9.0 * n * (n - 1.0) * (n - 2.0));
    }
    return erfc(fabs(s) / sqrt(2.0 * variance));
}

static void kendall(struct pair *pairs, double *y, double *spare, size_t n,
                    zh_rank_correlation *out)
{
    struct ties x_ties = {0};
    struct ties y_ties = {0};
    struct ties both = {0};
    zh_sort(pairs, n, sizeof(*pairs), by_pair);
    for (size_t i = 0, same = 0, equal = 0; i < n; i++) {
        same = i > 0 && pairs[i].x == pairs[i - 1].x ? same + 1 : 1;
        equal = same > 1 && pairs[i].y == pairs[i - 1].y ? equal + 1 : 1;
        bool x_ends = i + 1 == n || pairs[i + 1].x != pairs[i].x;
        if (x_ends) {
            add_ties(&x_ties, (double)same);
        }
        if (x_ends || pairs[i + 1].y != pairs[i].y) {
            add_ties(&both, (double)equal);
        }
        y[i] = pairs[i].y;
    }
    double exchanges = sort_counting(y, spare, n);
    for (size_t i = 0, same = 0; i < n; i++) {
        same = i > 0 && y[i] == y[i - 1] ? same + 1 : 1;
        if (i + 1 == n || y[i + 1] != y[i]) {
            add_ties(&y_ties, (double)same);
        }
    }
    double all = (double)n * ((double)n - 1.0) / 2.0;
    double s = all - x_ties.pairs - y_ties.pairs + both.pairs - 2.0 * exchanges;
    if (x_ties.pairs == all || y_ties.pairs == all) {
        out->tau_b = out->p_value = out->p_normal = (double)NAN;
        return;
    }
    out->tau_b = s / sqrt((all - x_ties.pairs) * (all - y_ties.pairs));
    out->p_normal = normal_p(s, (double)n, &x_ties, &y_ties);
    out->exact = n < KENDALL_EXACT_MAX && x_ties.pairs == 0.0 && y_ties.pairs == 0.0;
    out->p_value = out->exact ? exact_p(exchanges, n) : out->p_normal;
}

zh_rc zh_rank_correlate(zh_arena *arena, const double *x, const double *y, size_t n,
                        zh_rank_correlation *out, zh_err *err)
{
    *out = (zh_rank_correlation){0};
    if (n < 2) {
        return zh_err_set(err, ZH_EINVAL, "indices.pairs", "只有 %zu 对数，至少要 2 对", n);
    }
    struct pair *pairs = ZH_TRY_N(arena, struct pair, n);
    double *room = ZH_TRY_N(arena, double, 2 * n);
    if (pairs == NULL || room == NULL) {
        return no_memory(err);
    }
    zh_rc rc = zh_rank(arena, x, n, false, room, err);
    rc = rc == ZH_OK ? zh_rank(arena, y, n, false, room + n, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    out->pearson = correlation(x, y, n);
    out->spearman = correlation(room, room + n, n);
    for (size_t i = 0; i < n; i++) {
        pairs[i] = (struct pair){x[i], y[i]};
    }
    kendall(pairs, room, room + n, n, out);
    return ZH_OK;
}

/* ---- concordance ---- */

/* Ranks rater j's column, adds the ranks to each subject's sum; returns Σ(t³ - t) of its ties. */
static double add_ranks(const zh_matrix *ratings, size_t j, struct placed *places, double *rank,
                        double *sum)
{
    double ties = 0.0;
    size_t n = ratings->rows;
    for (size_t i = 0; i < n; i++) {
        places[i] = (struct placed){zh_matrix_at(ratings, i, j), i};
    }
    zh_sort(places, n, sizeof(*places), by_value);
    rank_places(places, n, false, rank);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && places[end].v == places[first].v;) {
            end++;
        }
        double t = (double)(end - first);
        ties += t * t * t - t;
    }
    for (size_t i = 0; i < n; i++) {
        sum[i] += rank[i];
    }
    return ties;
}

zh_rc zh_kendall_w(zh_arena *arena, const zh_matrix *ratings, zh_concordance *out, zh_err *err)
{
    double n = (double)ratings->rows;
    double m = (double)ratings->cols;
    if (ratings->rows < 2 || ratings->cols < 2) {
        return zh_err_set(err, ZH_EINVAL, "indices.raters", "%zu 个对象、%zu 位评价者：各至少 2",
                          ratings->rows, ratings->cols);
    }
    double *sum = ZH_TRY_N(arena, double, 2 * ratings->rows);
    struct placed *places = ZH_TRY_N(arena, struct placed, ratings->rows);
    if (sum == NULL || places == NULL) {
        return no_memory(err);
    }
    double ties = 0.0;
    double squares = 0.0;
    for (size_t j = 0; j < ratings->cols; j++) {
        ties += add_ranks(ratings, j, places, sum + ratings->rows, sum);
    }
    for (size_t i = 0; i < ratings->rows; i++) {
        double deviation = sum[i] - m * (n + 1.0) / 2.0;
        squares += deviation * deviation;
    }
    double most = m * m * (n * n * n - n) - m * ties;
    if (!(most > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "indices.constant", "每位评价者都给了全部相同的评分");
    }
    out->w = 12.0 * squares / most;
    out->chi_squared = m * (n - 1.0) * out->w;
    out->p_value = zh_dist_chi_squared_cdf(out->chi_squared, n - 1.0, ZH_TAIL_UPPER);
    return ZH_OK;
}

/* ---- rank uncertainty ---- */

struct simulation {
    const zh_matrix *z; /* normalised, or its logarithm */
    struct placed *places;
    double *rank, *score, *drawn;
    uint32_t *twice; /* units × draws: twice the rank, a whole number */
    size_t draws;
};

static void score_units(const struct simulation *in, const double *weight)
{
    for (size_t i = 0; i < in->z->rows; i++) {
        const double *row = zh_matrix_row(in->z, i);
        double sum = 0.0;
        for (size_t j = 0; j < in->z->cols; j++) {
            sum += weight[j] * row[j];
        }
        in->score[i] = sum;
    }
    sort_places(in->score, in->z->rows, in->places);
    rank_places(in->places, in->z->rows, true, in->rank);
}

/* Gamma variates over their sum are a Dirichlet vector. */
static void draw_weights(zh_random *random, const double *share, double concentration, size_t n,
                         double *out)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j++) {
        out[j] = share[j] > 0.0 ? zh_random_gamma(random, concentration * share[j]) : 0.0;
        sum += out[j];
    }
    for (size_t j = 0; j < n; j++) {
        out[j] = sum > 0.0 ? out[j] / sum : share[j];
    }
}

static int by_count(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The smallest value reached by a share of at least p. */
static double step_quantile(const uint32_t *sorted, size_t n, double p)
{
    double at = ceil(p * (double)n - 1e-9);
    return (double)sorted[at < 1.0 ? 0 : (size_t)at - 1] / 2.0;
}

static void spread_of(const struct simulation *in, double confidence, zh_rank_spread *out)
{
    for (size_t i = 0; i < in->z->rows; i++) {
        uint32_t *twice = in->twice + i * in->draws;
        double sum = 0.0;
        size_t first = 0;
        zh_sort(twice, in->draws, sizeof(*twice), by_count);
        for (size_t k = 0; k < in->draws; k++) {
            sum += (double)twice[k] / 2.0;
        }
        while (first < in->draws && twice[first] == 2) {
            first++;
        }
        out->mean[i] = sum / (double)in->draws;
        out->median[i] = step_quantile(twice, in->draws, 0.5);
        out->lower[i] = step_quantile(twice, in->draws, (1.0 - confidence) / 2.0);
        out->upper[i] = step_quantile(twice, in->draws, (1.0 + confidence) / 2.0);
        out->first[i] = (double)first / (double)in->draws;
    }
}

static zh_rc check_simulation(const zh_matrix *x, const double *weight, const double *direction,
                              double concentration, size_t draws, double confidence, zh_err *err)
{
    double work = (double)draws * (double)x->rows * ((double)x->cols + log2((double)x->rows + 1.0));
    zh_rc rc = check_indicators(x, direction, err);
    rc = rc == ZH_OK ? check_weights(weight, x->cols, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    if (!(concentration > 0.0) || !isfinite(concentration) ||
        !(confidence > 0.0 && confidence < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "indices.concentration",
                          "集中度要大于 0，置信水平要在 0 与 1 之间");
    }
    if (draws == 0 || draws > ZH_INDICES_DRAWS_MAX || work > ZH_INDICES_WORK_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "indices.draws",
                          "抽样次数要 1 到 %zu，且抽样次数 × 单位数 × 指标数不过大",
                          ZH_INDICES_DRAWS_MAX);
    }
    return ZH_OK;
}

static bool make_room(zh_arena *arena, size_t units, size_t indicators, struct simulation *in,
                      zh_rank_spread *out)
{
    double *room = ZH_TRY_N(arena, double, 9 * units + 2 * indicators);
    in->places = ZH_TRY_N(arena, struct placed, units);
    in->twice = in->draws <= SIZE_MAX / units ? ZH_TRY_N(arena, uint32_t, units * in->draws) : NULL;
    if (room == NULL || in->places == NULL || in->twice == NULL) {
        return false;
    }
    double **const columns[] = {&out->score, &out->rank,  &out->mean, &out->median, &out->lower,
                                &out->upper, &out->first, &in->score, &in->rank};
    for (size_t i = 0; i < ZH_COUNTOF(columns); i++, room += units) {
        *columns[i] = room;
    }
    in->drawn = room;
    return true;
}

zh_rc zh_rank_uncertainty(zh_arena *arena, const zh_matrix *x, const double *weight,
                          const double *direction, zh_aggregation aggregation, double concentration,
                          size_t draws, uint64_t seed, double confidence, zh_rank_spread *out,
                          zh_err *err)
{
    zh_rc rc = check_simulation(x, weight, direction, concentration, draws, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_matrix z = zh_matrix_new(arena, x->rows, x->cols);
    struct simulation in = {.z = &z, .draws = draws};
    if (z.v == NULL || !make_room(arena, x->rows, x->cols, &in, out)) {
        return no_memory(err);
    }
    if (minmax(x, direction, &z) == 0) {
        return zh_err_set(err, ZH_EINVAL, "indices.constant", "每个指标在各单位都相同");
    }
    double *share = in.drawn + x->cols;
    double total = 0.0;
    for (size_t i = 0; aggregation == ZH_AGGREGATE_GEOMETRIC && i < x->rows * x->cols; i++) {
        z.v[i] = log(GEOMETRIC_FLOOR + (1.0 - GEOMETRIC_FLOOR) * z.v[i]);
    }
    for (size_t j = 0; j < x->cols; j++) {
        total += weight[j];
    }
    for (size_t j = 0; j < x->cols; j++) {
        share[j] = weight[j] / total;
    }
    score_units(&in, share);
    for (size_t i = 0; i < x->rows; i++) {
        out->score[i] = aggregation == ZH_AGGREGATE_GEOMETRIC ? exp(in.score[i]) : in.score[i];
        out->rank[i] = in.rank[i];
    }
    zh_random random;
    zh_random_seed(&random, seed);
    for (size_t k = 0; k < draws; k++) {
        draw_weights(&random, share, concentration, x->cols, in.drawn);
        score_units(&in, in.drawn);
        for (size_t i = 0; i < x->rows; i++) {
            in.twice[i * draws + k] = (uint32_t)(2.0 * in.rank[i]);
        }
    }
    spread_of(&in, confidence, out);
    return ZH_OK;
}
