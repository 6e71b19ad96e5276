/* Samples of finite populations: exact intervals, unequal probabilities, allocation. */
#include "engine/survey.h"
#include "num/distribution.h"
#include <math.h>
#include <stdlib.h>

static zh_rc refuse(zh_err *err, const char *rule, const char *text)
{
    return zh_err_set(err, ZH_EINVAL, rule, "%s", text);
}

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

/* ---- finite population ---- */

zh_rc zh_survey_hypergeometric(int64_t x, int64_t n, int64_t population, double confidence,
                               int64_t *lower, int64_t *upper, zh_err *err)
{
    if (population > ZH_SURVEY_POPULATION_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "survey.population", "总体超过 %lld 个单元",
                          (long long)ZH_SURVEY_POPULATION_MAX);
    }
    if (n < 1 || x < 0 || x > n || n > population) {
        return zh_err_set(err, ZH_EINVAL, "survey.sample",
                          "要 0 ≤ x ≤ n ≤ population 且 n ≥ 1，得到 x = %lld，n = %lld，"
                          "population = %lld",
                          (long long)x, (long long)n, (long long)population);
    }
    double tail = (1.0 - confidence) / 2.0;
    if (!(confidence > 0.0 && 0.5 + confidence / 2.0 < 1.0)) {
        return refuse(err, "survey.confidence", "置信水平要在 0 与 1 之间");
    }
    int64_t low = x;
    int64_t high = population - (n - x);
    for (int64_t top = high; low < top;) { /* smallest D with P(X >= x | D) > tail */
        int64_t middle = low + (top - low) / 2;
        double p = x == 0 ? 1.0
                          : zh_dist_hypergeometric_cdf((double)(x - 1), (double)middle,
                                                       (double)(population - middle), (double)n,
                                                       ZH_TAIL_UPPER);
        if (p > tail) {
            top = middle;
        } else {
            low = middle + 1;
        }
    }
    *lower = low;
    for (int64_t bottom = low; bottom < high;) { /* largest D with P(X <= x | D) > tail */
        int64_t middle = bottom + (high - bottom + 1) / 2;
        double p = zh_dist_hypergeometric_cdf(
            (double)x, (double)middle, (double)(population - middle), (double)n, ZH_TAIL_LOWER);
        if (p > tail) {
            bottom = middle;
        } else {
            high = middle - 1;
        }
    }
    *upper = high;
    return ZH_OK;
}

/* ---- unequal probabilities ---- */

struct sized {
    double size;
    size_t at;
};

static int larger_first(const void *a, const void *b)
{
    const struct sized *x = a;
    const struct sized *y = b;
    return x->size != y->size ? (x->size < y->size) - (x->size > y->size)
                              : (x->at > y->at) - (x->at < y->at);
}

zh_rc zh_survey_inclusion(zh_arena *arena, const double *size, size_t units, double n, double *pi,
                          zh_err *err)
{
    struct sized *order = ZH_TRY_N(arena, struct sized, units + 1);
    double *below = ZH_TRY_N(arena, double, units + 1);
    size_t positive = 0;
    if (order == NULL || below == NULL) {
        return no_memory(err);
    }
    for (size_t k = 0; k < units; k++) {
        if (!(size[k] >= 0.0) || isinf(size[k])) {
            return zh_err_set(err, ZH_EINVAL, "survey.size", "第 %zu 个单元的规模是负数", k + 1);
        }
        order[k] = (struct sized){size[k], k};
        positive += size[k] > 0.0;
        pi[k] = 0.0;
    }
    if (!(n > 0.0) || n > (double)positive) {
        return zh_err_set(err, ZH_EINVAL, "survey.size",
                          "样本量 %g 要大于 0，且不超过规模大于 0 的单元数 %zu", n, positive);
    }
    zh_sort(order, units, sizeof(*order), larger_first);
    for (size_t i = units; i-- > 0;) {
        below[i] = below[i + 1] + order[i].size;
    }
    size_t certain = 0;
    while (certain < positive &&
           (n - (double)certain) * (order[certain].size / below[certain]) >= 1.0) {
        pi[order[certain++].at] = 1.0;
    }
    for (size_t i = certain; i < positive; i++) {
        pi[order[i].at] = (n - (double)certain) * (order[i].size / below[certain]);
    }
    return ZH_OK;
}

void zh_survey_systematic(const double *pi, size_t n, double u, bool *selected)
{
    const double edge = 1e-6;
    double before = -u - floor(-u);
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        selected[k] = pi[k] >= 1.0 - edge;
        if (pi[k] > edge && pi[k] < 1.0 - edge) {
            sum += pi[k];
            double after = sum - u - floor(sum - u);
            selected[k] = before > after;
            before = after;
        }
    }
}

static double brewer(const double *pi, const double *z, size_t n)
{
    double mean = 0.0;
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        mean += z[k] / (double)n;
    }
    for (size_t k = 0; k < n; k++) {
        sum += (pi != NULL ? 1.0 - pi[k] : 1.0) * (z[k] - mean) * (z[k] - mean);
    }
    return sum * (double)n / (double)(n - 1);
}

zh_rc zh_survey_horvitz_thompson(zh_arena *arena, const double *pi, const double *y, size_t n,
                                 zh_survey_ht *out, zh_err *err)
{
    double *z = ZH_TRY_N(arena, double, n + 1);
    *out = (zh_survey_ht){0};
    if (z == NULL) {
        return no_memory(err);
    }
    if (n < 2) {
        return refuse(err, "survey.size", "样本少于 2 个单元，不能估计方差");
    }
    for (size_t k = 0; k < n; k++) {
        if (!(pi[k] > 0.0 && pi[k] <= 1.0)) {
            return zh_err_set(err, ZH_EINVAL, "survey.probability",
                              "第 %zu 个入样概率 %g 不在 0 与 1 之间", k + 1, pi[k]);
        }
        z[k] = y[k] / pi[k];
        out->total += z[k];
        out->population += 1.0 / pi[k];
    }
    out->mean = out->total / out->population;
    out->se_brewer = sqrt(brewer(pi, z, n));
    out->se_with_replacement = sqrt(brewer(NULL, z, n));
    for (size_t k = 0; k < n; k++) {
        z[k] = (y[k] - out->mean) / pi[k] / out->population;
    }
    out->mean_se_brewer = sqrt(brewer(pi, z, n));
    return ZH_OK;
}

static zh_rc check_joint(const zh_matrix *joint, size_t n, zh_err *err)
{
    if (joint->rows != n || joint->cols != n || n == 0) {
        return zh_err_set(err, ZH_EINVAL, "survey.joint",
                          "联合入样概率要 %zu × %zu，得到 %zu × %zu", n, n, joint->rows,
                          joint->cols);
    }
    if (n > ZH_SURVEY_JOINT_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "survey.joint", "样本 %zu 个单元，最多 %zu 个", n,
                          ZH_SURVEY_JOINT_MAX);
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t l = 0; l < n; l++) {
            double p = zh_matrix_at(joint, k, l);
            double most = fmin(zh_matrix_at(joint, k, k), zh_matrix_at(joint, l, l));
            if (!(p > 0.0 && p <= fmin(1.0, most) * (1.0 + 1e-9)) ||
                fabs(p - zh_matrix_at(joint, l, k)) > 1e-9 * p) {
                return zh_err_set(err, ZH_EINVAL, "survey.joint",
                                  "第 %zu 行第 %zu 列的联合入样概率 %g 不可能：要对称，"
                                  "大于 0，且不大于两个单元各自的入样概率",
                                  k + 1, l + 1, p);
            }
        }
    }
    return ZH_OK;
}

zh_rc zh_survey_joint_variance(const zh_matrix *joint, const double *y, size_t n,
                               zh_survey_joint *out, zh_err *err)
{
    zh_rc rc = check_joint(joint, n, err);
    *out = (zh_survey_joint){0};
    for (size_t k = 0; k < n && rc == ZH_OK; k++) {
        double pk = zh_matrix_at(joint, k, k);
        double zk = y[k] / pk;
        out->total += zk;
        for (size_t l = 0; l < n; l++) {
            double pl = zh_matrix_at(joint, l, l);
            double both = zh_matrix_at(joint, k, l);
            double zl = y[l] / pl;
            double delta = (both - pk * pl) / both;
            out->ht += delta * zk * zl;
            out->syg -= k != l ? 0.5 * delta * (zk - zl) * (zk - zl) : 0.0;
        }
    }
    return rc;
}

/* ---- allocation ---- */

static zh_rc check_strata(const double *size, const double *sd, size_t strata, int64_t n,
                          zh_err *err)
{
    double population = 0.0;
    double least = 0.0;
    double spread = 0.0;
    for (size_t h = 0; h < strata; h++) {
        if (!(size[h] >= 1.0) || !(sd[h] >= 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "survey.strata",
                              "第 %zu 层：单元数要不小于 1，标准差要不小于 0", h + 1);
        }
        population += floor(size[h]);
        least += fmin(2.0, floor(size[h]));
        spread += size[h] * sd[h];
    }
    if (strata == 0 || !(spread > 0.0)) {
        return refuse(err, "survey.strata", "没有层，或各层标准差都是 0，不能按 Neyman 分配");
    }
    if ((double)n < least || (double)n > population) {
        return zh_err_set(err, ZH_EINVAL, "survey.strata",
                          "样本量 %lld 要不小于 %g（每层至少 2 个）且不大于总体 %g", (long long)n,
                          least, population);
    }
    return ZH_OK;
}

/* The multiplier m for which the allocations m N_h S_h, held between min(2, N_h) and N_h, sum to n;
 * then whole numbers by largest remainders. A stratum without spread counts with a millionth of
 * the mean, so that it takes elements only when the others are exhausted. */
static void round_allocation(const double *size, const double *neyman, size_t strata, int64_t n,
                             struct sized *order, int64_t *rounded)
{
    double low = 0.0;
    double high = 1.0;
    double floor_share = 1e-6 * (double)n / (double)strata;
    for (size_t h = 0; h < strata; h++) {
        high = fmax(high, size[h] / fmax(neyman[h], floor_share));
    }
    for (int i = 0; i < 200; i++) {
        double m = 0.5 * (low + high);
        double sum = 0.0;
        for (size_t h = 0; h < strata; h++) {
            double top = floor(size[h]);
            sum += fmin(fmax(m * fmax(neyman[h], floor_share), fmin(2.0, top)), top);
        }
        low = sum <= (double)n ? m : low;
        high = sum <= (double)n ? high : m;
    }
    int64_t left = n;
    for (size_t h = 0; h < strata; h++) {
        double top = floor(size[h]);
        double share = fmin(fmax(low * fmax(neyman[h], floor_share), fmin(2.0, top)), top);
        rounded[h] = (int64_t)floor(share + 1e-9);
        left -= rounded[h];
        order[h] = (struct sized){share - (double)rounded[h], h};
    }
    zh_sort(order, strata, sizeof(*order), larger_first);
    for (size_t i = 0; i < 2 * strata && left > 0; i++) {
        size_t h = order[i % strata].at;
        if ((double)rounded[h] + 1.0 <= size[h]) {
            rounded[h]++;
            left--;
        }
    }
}

zh_rc zh_survey_allocate(zh_arena *arena, const double *size, const double *sd, size_t strata,
                         int64_t n, double *neyman, double *proportional, int64_t *rounded,
                         double *var_neyman, zh_err *err)
{
    zh_rc rc = check_strata(size, sd, strata, n, err);
    struct sized *order = ZH_TRY_N(arena, struct sized, strata + 1);
    if (rc != ZH_OK || order == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    double population = 0.0;
    double first = 0.0;
    double second = 0.0;
    for (size_t h = 0; h < strata; h++) {
        population += size[h];
        first += size[h] * sd[h];
        second += size[h] * sd[h] * sd[h];
    }
    double count = (double)n;
    for (size_t h = 0; h < strata; h++) {
        neyman[h] = count * (size[h] * sd[h] / first);
        proportional[h] = count * (size[h] / population);
    }
    *var_neyman =
        first / population * (first / population) / count - second / population / population;
    round_allocation(size, neyman, strata, n, order, rounded);
    return ZH_OK;
}
