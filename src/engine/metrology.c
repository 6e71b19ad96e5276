/* Robust statistics, proficiency scores, gauge R&R, net content. */
#include "engine/metrology.h"
#include "num/distribution.h"
#include "num/normal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static zh_rc sorted(zh_arena *arena, const double *x, size_t n, double **out, zh_err *err)
{
    if (n > ZH_METROLOGY_VALUES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "metrology.size", "有 %zu 个值，最多 %zu 个", n,
                          ZH_METROLOGY_VALUES_MAX);
    }
    *out = ZH_TRY_N(arena, double, n + 1);
    if (*out == NULL) {
        return no_memory(err);
    }
    memcpy(*out, x, n * sizeof(*x));
    zh_sort(*out, n, sizeof(*x), ascending);
    return ZH_OK;
}

static double median_sorted(const double *v, size_t n)
{
    return n % 2 == 1 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

/* Median of |v_i - center|; room holds n numbers. */
static double median_deviation(const double *v, size_t n, double center, double *room)
{
    for (size_t i = 0; i < n; i++) {
        room[i] = fabs(v[i] - center);
    }
    zh_sort(room, n, sizeof(*room), ascending);
    return median_sorted(room, n);
}

/* ---- algorithm A ---- */

double zh_algorithm_a_factor(void)
{
    const double k = 1.5;
    double tail = zh_normal_cdf(-k);
    double density = exp(-0.5 * k * k) / sqrt(2.0 * acos(-1.0));
    return 1.0 / sqrt(1.0 - 2.0 * tail - 2.0 * k * density + 2.0 * k * k * tail);
}

static void winsorised(const double *v, size_t n, double center, double reach, double *mean,
                       double *sd)
{
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += fmin(fmax(v[i] - center, -reach), reach);
    }
    double shift = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = fmin(fmax(v[i] - center, -reach), reach) - shift;
        squares += off * off;
    }
    *mean = center + shift;
    *sd = sqrt(squares / (double)(n - 1));
}

zh_rc zh_algorithm_a(zh_arena *arena, const double *x, size_t n, double factor, double *x_star,
                     double *s_star, zh_err *err)
{
    enum { STEPS_MAX = 1000 };
    double *v;
    double sd;
    zh_rc rc = sorted(arena, x, n, &v, err);
    double *room = ZH_TRY_N(arena, double, n + 1);
    if (rc != ZH_OK || room == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    if (n < 2) {
        return zh_err_set(err, ZH_EINVAL, "metrology.size", "至少要 2 个值");
    }
    double center = median_sorted(v, n);
    double scale = 1.483 * median_deviation(v, n, center, room);
    if (scale == 0.0) {
        double mean;
        winsorised(v, n, center, (double)INFINITY, &mean, &scale);
    }
    double spread = scale;
    for (int step = 0; step < STEPS_MAX; step++) {
        double next;
        winsorised(v, n, center, 1.5 * scale, &next, &sd);
        double change = fabs(next - center) + fabs(factor * sd - scale);
        center = next;
        scale = factor * sd;
        if (change <= 1e-14 * (scale + fabs(center)) || change <= 1e-13 * scale) {
            break;
        }
    }
    if (!(scale > 1e-9 * spread)) {
        zh_err_set(err, ZH_EINVAL, "metrology.scale", "一半以上的值相同，稳健标准差为 0");
        zh_err_fix(err, "用 Q/Hampel 法，或检查结果的修约");
        return ZH_EINVAL;
    }
    *x_star = center;
    *s_star = scale;
    return ZH_OK;
}

/* ---- scale estimates ---- */

/* Number of pairs i < j of sorted v with v_j - v_i <= d. */
static uint64_t pairs_within(const double *v, size_t n, double d)
{
    uint64_t count = 0;
    size_t i = 0;
    for (size_t j = 0; j < n; j++) {
        while (v[j] - v[i] > d) {
            i++;
        }
        count += j - i;
    }
    return count;
}

/* The k-th smallest difference of pairs, k from 1: the least d with at least k pairs within d,
 * bisected over the integer images of non-negative binary64. */
static double pair_difference(const double *v, size_t n, uint64_t k)
{
    uint64_t low = 0;
    uint64_t high;
    double largest = v[n - 1] - v[0];
    memcpy(&high, &largest, sizeof(high));
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        double d;
        memcpy(&d, &middle, sizeof(d));
        if (pairs_within(v, n, d) >= k) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    double out;
    memcpy(&out, &low, sizeof(out));
    return out;
}

static double qn_of(const double *v, size_t n)
{
    static const double small[] = {0.399356, 0.99365, 0.51321, 0.84401, 0.6122, 0.85877,
                                   0.66993,  0.87344, 0.72014, 0.88906, 0.75743};
    if (n < 2) {
        return 0.0;
    }
    uint64_t h = n / 2 + 1;
    double q = 2.21914 * pair_difference(v, n, h * (h - 1) / 2);
    double m = (double)n;
    if (n <= 12) {
        return q * small[n - 2];
    }
    double excess = n % 2 == 1 ? 1.60188 + (-2.1284 - 5.172 / m) / m
                               : 3.67561 + (1.9654 + (6.987 - 77.0 / m) / m) / m;
    return q / (1.0 + excess / m);
}

/* The k-th smallest |v_j - v_i| over j, i itself among them, k from 1: `left` of the k come from
 * below i, the rest from i upwards; the number is found by bisection. */
static double deviation_from(const double *v, size_t n, size_t i, size_t k)
{
    size_t up = n - i;                /* i, i + 1, … */
    size_t low = k > up ? k - up : 0; /* fewest from below */
    size_t high = k < i ? k : i;      /* most from below */
    while (low < high) {
        size_t left = low + (high - low) / 2;
        /* Taking one more from below is right while it is nearer than the last one from above. */
        if (v[i] - v[i - left - 1] < v[i + (k - left) - 1] - v[i]) {
            low = left + 1;
        } else {
            high = left;
        }
    }
    double below = low > 0 ? v[i] - v[i - low] : 0.0;
    double above = k > low ? v[i + (k - low) - 1] - v[i] : 0.0;
    return fmax(below, above);
}

/* Low median over i of the high median over j. */
static double sn_of(const double *v, size_t n, double *room)
{
    static const double small[] = {0.743, 1.851, 0.954, 1.351, 0.993, 1.198, 1.005, 1.131};
    if (n < 2) {
        return 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        room[i] = deviation_from(v, n, i, n / 2 + 1);
    }
    zh_sort(room, n, sizeof(*room), ascending);
    double s = 1.1926 * room[(n + 1) / 2 - 1];
    if (n <= 9) {
        return s * small[n - 2];
    }
    return n % 2 == 1 ? s * (double)n / ((double)n - 0.9) : s;
}

static double quantile7(const double *v, size_t n, double p)
{
    double h = (double)(n - 1) * p;
    size_t i = (size_t)floor(h);
    return i + 1 < n ? v[i] + (h - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}

zh_rc zh_robust_scale_of(zh_arena *arena, const double *x, size_t n, zh_robust_scale *out,
                         zh_err *err)
{
    double *v;
    zh_rc rc = sorted(arena, x, n, &v, err);
    double *room = ZH_TRY_N(arena, double, n + 1);
    if (rc != ZH_OK || room == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    if (n == 0) {
        return zh_err_set(err, ZH_EINVAL, "metrology.size", "没有值");
    }
    out->median = median_sorted(v, n);
    out->mad = 1.4826 * median_deviation(v, n, out->median, room);
    out->niqr = 0.7413 * (quantile7(v, n, 0.75) - quantile7(v, n, 0.25));
    out->qn = qn_of(v, n);
    out->sn = sn_of(v, n, room);
    return ZH_OK;
}

/* ---- Q method and Hampel's estimator ---- */

struct difference {
    double size, weight;
};

static int smaller_first(const void *a, const void *b)
{
    return ascending(&((const struct difference *)a)->size, &((const struct difference *)b)->size);
}

/* Distinct positive differences with their H1, and H1(0); returns how many. */
static size_t cumulate(struct difference *d, size_t n, double *at_zero)
{
    size_t kept = 0;
    double h = 0.0;
    *at_zero = 0.0;
    zh_sort(d, n, sizeof(*d), smaller_first);
    for (size_t i = 0; i < n; i++) {
        h += d[i].weight;
        if (i + 1 < n && d[i + 1].size == d[i].size) {
            continue;
        }
        if (d[i].size > 0.0) {
            d[kept++] = (struct difference){d[i].size, h};
        } else {
            *at_zero = h;
        }
    }
    return kept;
}

static double q_method(struct difference *d, size_t n)
{
    double at_zero;
    size_t points = cumulate(d, n, &at_zero);
    double wanted = 0.25 + 0.75 * at_zero;
    double before_x = 0.0;
    double before_g = 0.0;
    for (size_t i = 0; i < points; i++) {
        double g = 0.5 * (d[i].weight + (i > 0 ? d[i - 1].weight : 0.0));
        if (g >= wanted) {
            double x = before_x + (d[i].size - before_x) * (wanted - before_g) / (g - before_g);
            return x / (sqrt(2.0) * zh_normal_quantile(0.625 + 0.375 * at_zero));
        }
        before_x = d[i].size;
        before_g = g;
    }
    return 0.0;
}

static double hampel_psi(double q)
{
    double a = fabs(q);
    double psi = a <= 1.5 ? a : a <= 3.0 ? 1.5 : a <= 4.5 ? 4.5 - a : 0.0;
    return q < 0.0 ? -psi : psi;
}

static double hampel_sum(const double *mean, size_t labs, double center, double scale)
{
    double sum = 0.0;
    for (size_t i = 0; i < labs; i++) {
        sum += hampel_psi((mean[i] - center) / scale);
    }
    return sum;
}

/* The zero nearest the median of the sum of psi, which is linear between the 6 p nodes. Two zeros
 * at the same distance, or none: the median. */
static double hampel(const double *mean, size_t labs, double scale, double median, double *nodes)
{
    static const double bends[] = {-4.5, -3.0, -1.5, 1.5, 3.0, 4.5};
    size_t n = 0;
    for (size_t i = 0; i < labs; i++) {
        for (size_t k = 0; k < ZH_COUNTOF(bends); k++) {
            nodes[n++] = mean[i] + bends[k] * scale;
        }
    }
    zh_sort(nodes, n, sizeof(*nodes), ascending);
    double best = median;
    double distance = (double)INFINITY;
    double left = hampel_sum(mean, labs, nodes[0], scale);
    for (size_t m = 1; m < n; m++) {
        double right = hampel_sum(mean, labs, nodes[m], scale);
        double zero = left == 0.0    ? nodes[m - 1]
                      : right == 0.0 ? nodes[m]
                      : left * right < 0.0
                          ? nodes[m - 1] - left * (nodes[m] - nodes[m - 1]) / (right - left)
                          : (double)NAN;
        double off = fabs(zero - median);
        if (off < distance) {
            best = zero;
            distance = off;
        } else if (off == distance && zero != best) {
            best = median;
        }
        left = right;
    }
    return best;
}

static zh_rc lab_means(const double *x, const size_t *lab, size_t n, size_t labs, double *mean,
                       double *count, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        count[lab[i]] += 1.0;
    }
    for (size_t i = 0; i < n; i++) {
        mean[lab[i]] += x[i] / count[lab[i]];
    }
    if (labs < 2) {
        return zh_err_set(err, ZH_EINVAL, "metrology.labs", "至少要 2 个实验室");
    }
    return ZH_OK;
}

zh_rc zh_q_hampel(zh_arena *arena, const double *x, const size_t *lab, size_t n, size_t labs,
                  double *x_star, double *s_star, zh_err *err)
{
    if (n > ZH_METROLOGY_PAIRS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "metrology.size", "有 %zu 个结果，最多 %zu 个", n,
                          ZH_METROLOGY_PAIRS_MAX);
    }
    double *mean = ZH_TRY_N(arena, double, labs + 1);
    double *count = ZH_TRY_N(arena, double, labs + 1);
    double *nodes = ZH_TRY_N(arena, double, 6 * labs + 1);
    struct difference *d = ZH_TRY_N(arena, struct difference, n * n / 2 + 1);
    if (mean == NULL || count == NULL || nodes == NULL || d == NULL) {
        return no_memory(err);
    }
    zh_rc rc = lab_means(x, lab, n, labs, mean, count, err);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t pairs = 0;
    double each = 2.0 / ((double)labs * (double)(labs - 1));
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (lab[i] != lab[j]) {
                d[pairs++] =
                    (struct difference){fabs(x[i] - x[j]), each / (count[lab[i]] * count[lab[j]])};
            }
        }
    }
    *s_star = q_method(d, pairs);
    zh_sort(mean, labs, sizeof(*mean), ascending);
    *x_star = median_sorted(mean, labs);
    if (*s_star > 0.0) {
        *x_star = hampel(mean, labs, *s_star, *x_star, nodes);
    }
    return ZH_OK;
}

/* ---- scores ---- */

static double quotient(double above, double below)
{
    return below > 0.0 ? above / below : (double)NAN;
}

zh_proficiency_score zh_proficiency_score_of(double x, double u, double x_pt, double sigma_pt,
                                             double u_xpt, double k)
{
    double off = x - x_pt;
    return (zh_proficiency_score){
        .z = quotient(off, sigma_pt),
        .z_prime = quotient(off, sqrt(sigma_pt * sigma_pt + u_xpt * u_xpt)),
        .zeta = quotient(off, sqrt(u * u + u_xpt * u_xpt)),
        .En = quotient(off, sqrt(k * u * (k * u) + k * u_xpt * (k * u_xpt))),
        .D_percent = x_pt != 0.0 ? 100.0 * off / x_pt : (double)NAN,
    };
}

/* ---- gauge R&R ---- */

struct layout {
    const double *y;
    const size_t *part, *operator_of;
    size_t n, parts, operators;
    double *cell, *by_part, *by_operator; /* means */
    double mean;
};

static zh_rc check_balance(const struct layout *l, size_t *trials, zh_err *err)
{
    size_t cells = l->parts * l->operators;
    *trials = l->n / cells;
    for (size_t i = 0; i < l->n; i++) {
        l->cell[l->part[i] * l->operators + l->operator_of[i]] += 1.0;
    }
    for (size_t c = 0; c < cells; c++) {
        if (l->cell[c] != (double)*trials || l->n != *trials * cells) {
            zh_err_set(err, ZH_EINVAL, "metrology.balance",
                       "第 %zu 个零件、第 %zu 个操作者测了 %g 次，平衡试验应各测 %g 次",
                       c / l->operators + 1, c % l->operators + 1, l->cell[c],
                       (double)l->n / (double)cells);
            zh_err_fix(err, "补测，或去掉测量次数不齐的零件或操作者");
            return ZH_EINVAL;
        }
    }
    if (*trials < 2) {
        return zh_err_set(err, ZH_EINVAL, "metrology.trials",
                          "每个操作者对每个零件至少要测 2 次，否则分不出重复性与交互作用");
    }
    memset(l->cell, 0, cells * sizeof(*l->cell));
    return ZH_OK;
}

static void means_of(struct layout *l, size_t trials)
{
    double shift = l->y[0];
    for (size_t i = 0; i < l->n; i++) {
        l->cell[l->part[i] * l->operators + l->operator_of[i]] +=
            (l->y[i] - shift) / (double)trials;
    }
    for (size_t a = 0; a < l->parts; a++) {
        for (size_t b = 0; b < l->operators; b++) {
            double *cell = &l->cell[a * l->operators + b];
            l->by_part[a] += *cell / (double)l->operators;
            l->by_operator[b] += *cell / (double)l->parts;
            l->mean += *cell / (double)l->parts / (double)l->operators;
            *cell += shift;
        }
    }
    for (size_t a = 0; a < l->parts; a++) {
        l->by_part[a] += shift;
    }
    for (size_t b = 0; b < l->operators; b++) {
        l->by_operator[b] += shift;
    }
    l->mean += shift;
}

static double square(double x)
{
    return x * x;
}

static void sums_of_squares(const struct layout *l, zh_gauge_rr *out)
{
    double r = (double)out->trials;
    double a_n = (double)l->parts;
    double b_n = (double)l->operators;
    for (size_t a = 0; a < l->parts; a++) {
        out->ss[0] += b_n * r * square(l->by_part[a] - l->mean);
        for (size_t b = 0; b < l->operators; b++) {
            out->ss[2] += r * square(l->cell[a * l->operators + b] - l->by_part[a] -
                                     l->by_operator[b] + l->mean);
        }
    }
    for (size_t b = 0; b < l->operators; b++) {
        out->ss[1] += a_n * r * square(l->by_operator[b] - l->mean);
    }
    for (size_t i = 0; i < l->n; i++) {
        out->ss[3] += square(l->y[i] - l->cell[l->part[i] * l->operators + l->operator_of[i]]);
        out->ss[4] += square(l->y[i] - l->mean);
    }
    out->df[0] = a_n - 1.0;
    out->df[1] = b_n - 1.0;
    out->df[2] = out->df[0] * out->df[1];
    out->df[3] = a_n * b_n * (r - 1.0);
    out->df[4] = a_n * b_n * r - 1.0;
}

static void analyse_variance(zh_gauge_rr *out, double alpha)
{
    for (size_t i = 0; i < 5; i++) {
        out->ms[i] = i < 4 ? out->ss[i] / out->df[i] : (double)NAN;
        out->f[i] = out->p[i] = (double)NAN;
    }
    for (size_t i = 0; i < 3; i++) {
        size_t against = i < 2 ? 2 : 3;
        out->f[i] = quotient(out->ms[i], out->ms[against]);
        if (!isnan(out->f[i])) {
            out->p[i] = zh_dist_fisher_cdf(out->f[i], out->df[i], out->df[against], ZH_TAIL_UPPER);
        }
    }
    /* No repeatability at all: an interaction that is there is certain. */
    out->interaction_kept = isnan(out->p[2]) ? out->ms[2] > 0.0 : out->p[2] <= alpha;
}

static void components(zh_gauge_rr *out)
{
    double r = (double)out->trials;
    double a_n = (double)out->parts;
    double b_n = (double)out->operators;
    double repeat = out->ms[3];
    double error = out->ms[2]; /* mean square that parts and operators are compared with */
    double interaction = fmax((out->ms[2] - out->ms[3]) / r, 0.0);
    if (!out->interaction_kept) {
        repeat = error = (out->ss[2] + out->ss[3]) / (out->df[2] + out->df[3]);
        interaction = 0.0;
    }
    double *v = out->variance;
    v[1] = repeat;
    v[3] = fmax((out->ms[1] - error) / (a_n * r), 0.0);
    v[4] = interaction;
    v[2] = v[3] + v[4];
    v[0] = v[1] + v[2];
    v[5] = fmax((out->ms[0] - error) / (b_n * r), 0.0);
    v[6] = v[0] + v[5];
    double categories = v[0] > 0.0 ? floor(1.41 * sqrt(v[5]) / sqrt(v[0])) : 0.0;
    out->ndc = v[0] > 0.0 ? (int64_t)fmin(fmax(categories, 1.0), 1e15) : 0;
}

zh_rc zh_gauge_rr_of(zh_arena *arena, const double *y, const size_t *part, size_t parts,
                     const size_t *operator_of, size_t operators, size_t n, double alpha,
                     zh_gauge_rr *out, zh_err *err)
{
    *out = (zh_gauge_rr){.parts = parts, .operators = operators};
    if (parts < 2 || operators < 2) {
        return zh_err_set(err, ZH_EINVAL, "metrology.layout",
                          "有 %zu 个零件、%zu 个操作者，各至少要 2 个", parts, operators);
    }
    if (parts > ZH_METROLOGY_CELLS_MAX / operators) {
        return zh_err_set(err, ZH_ELIMIT, "metrology.size", "零件数乘操作者数超过 %zu",
                          ZH_METROLOGY_CELLS_MAX);
    }
    if (!(alpha > 0.0 && alpha < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "metrology.alpha", "显著性水平 %g 不在 0 与 1 之间",
                          alpha);
    }
    struct layout l = {.y = y,
                       .part = part,
                       .operator_of = operator_of,
                       .n = n,
                       .parts = parts,
                       .operators = operators,
                       .cell = ZH_TRY_N(arena, double, parts *operators),
                       .by_part = ZH_TRY_N(arena, double, parts),
                       .by_operator = ZH_TRY_N(arena, double, operators)};
    if (l.cell == NULL || l.by_part == NULL || l.by_operator == NULL) {
        return no_memory(err);
    }
    zh_rc rc = check_balance(&l, &out->trials, err);
    if (rc == ZH_OK) {
        means_of(&l, out->trials);
        sums_of_squares(&l, out);
        analyse_variance(out, alpha);
        components(out);
    }
    return rc;
}

/* ---- net content ---- */

/* To a whole number, halves to the even one (GB/T 8170); a half may be off by rounding error. */
static double half_even(double x)
{
    double low = floor(x + 1e-9);
    double rest = x - low;
    bool up = rest > 0.5 + 1e-9 || (rest > 0.5 - 1e-9 && fmod(low, 2.0) != 0.0);
    return up ? low + 1.0 : low;
}

zh_rc zh_net_content_tolerance(zh_content kind, double nominal, double *t, zh_err *err)
{
    static const struct {
        double up_to, percent, fixed;
    } steps[] = {{50, 9, 0},    {100, 0, 4.5},   {200, 4.5, 0},   {300, 0, 9},  {500, 3, 0},
                 {1000, 0, 15}, {10000, 1.5, 0}, {15000, 0, 150}, {50000, 1, 0}};
    if (!(nominal > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "net_content.nominal", "标注净含量 %g 不大于 0", nominal);
    }
    switch (kind) {
    case ZH_CONTENT_LENGTH: *t = nominal <= 5.0 ? 0.0 : nominal * 0.02; return ZH_OK;
    case ZH_CONTENT_AREA: *t = nominal * 0.03; return ZH_OK;
    case ZH_CONTENT_COUNT: *t = nominal <= 50.0 ? 0.0 : ceil(nominal / 100.0 - 1e-9); return ZH_OK;
    case ZH_CONTENT_MASS: break;
    }
    size_t i = 0;
    while (i < ZH_COUNTOF(steps) && nominal > steps[i].up_to) {
        i++;
    }
    if (i == ZH_COUNTOF(steps)) {
        return zh_err_set(err, ZH_EINVAL, "net_content.nominal",
                          "标注净含量 %g g（mL）超过 50 kg（L），允许短缺量表不适用", nominal);
    }
    double unit = nominal <= 1000.0 ? 10.0 : 1.0;
    *t = steps[i].percent > 0.0 ? half_even(nominal * steps[i].percent / 100.0 * unit) / unit
                                : steps[i].fixed;
    return ZH_OK;
}

static void plan_of(int64_t lot, zh_net_content *out)
{
    static const struct {
        int64_t up_to, n, accept;
        double lambda;
    } plans[] = {{50, 10, 0, 1.028},
                 {99, 13, 1, 0.848},
                 {500, 50, 3, 0.379},
                 {3200, 80, 5, 0.295},
                 {INT64_MAX, 125, 7, 0.234}};
    if (lot <= 10) {
        out->sample_size = lot;
        out->lambda = (double)NAN;
        out->accept = 0;
        return;
    }
    size_t i = 0;
    while (lot > plans[i].up_to) {
        i++;
    }
    out->sample_size = plans[i].n;
    out->lambda = plans[i].lambda;
    out->accept = plans[i].accept;
}

static void judge(double nominal, const double *x, size_t n, zh_net_content *out)
{
    double t = out->tolerance;
    double slack = 1e-9 * nominal;
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        double lack = nominal - x[i];
        sum += x[i];
        out->beyond_t2 += lack > 2.0 * t + slack;
        out->beyond_t1 += lack > t + slack && lack <= 2.0 * t + slack;
    }
    out->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        squares += square(x[i] - out->mean);
    }
    out->sd = n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN;
    out->limit = isnan(out->lambda) ? (double)NAN : nominal - out->lambda * out->sd;
    out->mean_accepted = isnan(out->limit) || out->mean >= out->limit - slack;
    out->items_accepted = out->beyond_t2 == 0 && out->beyond_t1 <= out->accept;
    out->accepted = out->mean_accepted && out->items_accepted;
}

zh_rc zh_net_content_of(zh_content kind, double nominal, int64_t lot_size, double tolerance,
                        const double *x, size_t n, zh_net_content *out, zh_err *err)
{
    *out = (zh_net_content){.tolerance = tolerance};
    zh_rc rc = ZH_OK;
    if (isnan(tolerance)) {
        rc = zh_net_content_tolerance(kind, nominal, &out->tolerance, err);
    } else if (!(tolerance >= 0.0) || !(nominal > 0.0)) {
        rc = zh_err_set(err, ZH_EINVAL, "net_content.nominal",
                        "标注净含量要大于 0，允许短缺量要不小于 0");
    }
    if (rc == ZH_OK && lot_size < 1) {
        rc = zh_err_set(err, ZH_EINVAL, "net_content.lot", "批量要不小于 1");
    }
    if (rc != ZH_OK) {
        return rc;
    }
    plan_of(lot_size, out);
    if ((uint64_t)out->sample_size != n) {
        zh_err_set(err, ZH_EINVAL, "net_content.sample", "批量 %lld 要抽 %lld 件，给了 %zu 件",
                   (long long)lot_size, (long long)out->sample_size, n);
        zh_err_clause(err, "JJF 1070-2005 表 4");
        return ZH_EINVAL;
    }
    judge(nominal, x, n, out);
    return ZH_OK;
}
