/* Scorecards: weight of evidence, logistic regression, points, discrimination, stability. */
#include "engine/scorecard.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 100
/* A step that moves no linear predictor by more than this has converged: the next one would move it
 * by about its square. */
#define STEP_DONE 1e-9
/* Without this much agreement a direction does not separate: rounding of a linear predictor. */
#define SEPARATES 1e-6
/* A column of which less than this share is its own depends on those before it. */
#define PIVOT_MIN 1e-7

static zh_rc no_memory(zh_err *err)
{
    return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
}

/* ---- weight of evidence ---- */

static zh_rc check_counts(const double *neg, const double *pos, size_t n, zh_err *err)
{
    double negatives = 0.0;
    double positives = 0.0;
    if (n == 0 || n > ZH_SCORECARD_BINS_MAX) {
        return zh_err_set(err, n == 0 ? ZH_EINVAL : ZH_ELIMIT, "scorecard.bins",
                          "分箱有 %zu 个，要 1 到 %zu 个", n, ZH_SCORECARD_BINS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (!(neg[i] >= 0.0 && pos[i] >= 0.0) || !(neg[i] + pos[i] > 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "scorecard.bin", "第 %zu 箱没有样本或计数为负",
                              i + 1);
        }
        negatives += neg[i];
        positives += pos[i];
    }
    if (!(negatives > 0.0 && positives > 0.0) || !isfinite(negatives + positives)) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.one_class",
                          "样本全是同一类（y 全为 0 或全为 1），没有可区分的");
    }
    return ZH_OK;
}

zh_rc zh_woe_of_counts(zh_arena *arena, const double *neg, const double *pos, size_t n, double zero,
                       zh_woe *out, zh_err *err)
{
    zh_rc rc = check_counts(neg, pos, n, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double *room = ZH_TRY_N(arena, double, 4 * n);
    if (room == NULL) {
        return no_memory(err);
    }
    *out = (zh_woe){n, room, room + n, room + 2 * n, room + 3 * n, 0.0};
    double negatives = 0.0;
    double positives = 0.0;
    for (size_t i = 0; i < n; i++) {
        out->neg[i] = neg[i];
        out->pos[i] = pos[i];
        negatives += neg[i] > 0.0 ? neg[i] : zero;
        positives += pos[i] > 0.0 ? pos[i] : zero;
    }
    for (size_t i = 0; i < n; i++) {
        double p = (pos[i] > 0.0 ? pos[i] : zero) / positives;
        double q = (neg[i] > 0.0 ? neg[i] : zero) / negatives;
        out->woe[i] = log(p / q);
        out->iv[i] = (p - q) * out->woe[i];
        out->total_iv += out->iv[i];
    }
    return ZH_OK;
}

size_t zh_bin_of(const double *cuts, size_t n, double x)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x < cuts[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

size_t zh_equal_bins(double *x, size_t n, size_t bins, double *cuts)
{
    size_t used = 0;
    zh_sort(x, n, sizeof(*x), by_number);
    for (size_t k = 1; k < bins && n > 0; k++) {
        double cut = x[(size_t)((double)n * (double)k / (double)bins)];
        if (cut > (used > 0 ? cuts[used - 1] : x[0])) {
            cuts[used++] = cut;
        }
    }
    return used;
}

/* ---- logistic regression ---- */

/* The design is centred and scaled by columns, so that its cross-product is well conditioned
 * whatever the units are; `shift` and `scale` lead back. */
struct regression {
    size_t n, terms;
    double *x; /* n × terms, the first column is 1 */
    double *shift, *scale;
    double *beta, *step; /* terms, of the standardised columns */
    double *score;       /* terms: gradient */
    double *eta;         /* n: linear predictor */
    zh_matrix information;
    double deviance;
};

/* -2 ln likelihood of one row: 2 ln(1 + exp(-eta)) or 2 ln(1 + exp(eta)), without overflow. */
static double row_deviance(double eta, double y)
{
    double against = y > 0.5 ? -eta : eta;
    return 2.0 * (against > 0.0 ? against + log1p(exp(-against)) : log1p(exp(against)));
}

/* Gradient, information and deviance at beta. */
static void evaluate(struct regression *in, const double *y)
{
    size_t k = in->terms;
    memset(in->score, 0, k * sizeof(double));
    memset(in->information.v, 0, k * k * sizeof(double));
    in->deviance = 0.0;
    for (size_t i = 0; i < in->n; i++) {
        const double *row = in->x + i * k;
        double eta = 0.0;
        for (size_t j = 0; j < k; j++) {
            eta += row[j] * in->beta[j];
        }
        in->eta[i] = eta;
        double small = exp(-fabs(eta)) / (1.0 + exp(-fabs(eta)));
        double p = eta > 0.0 ? 1.0 - small : small;
        double residual = y[i] > 0.5 ? (eta > 0.0 ? small : 1.0 - small) : -p;
        double weight = small * (1.0 - small);
        in->deviance += row_deviance(eta, y[i]);
        for (size_t j = 0; j < k; j++) {
            double weighted = weight * row[j];
            in->score[j] += residual * row[j];
            for (size_t l = 0; l <= j; l++) {
                in->information.v[j * k + l] += weighted * row[l];
            }
        }
    }
}

/* Cholesky of the information scaled to a unit diagonal, which leaves `step` solved; 0, or the
 * 1-based term that depends on those before it. */
static size_t newton(struct regression *in)
{
    size_t k = in->terms;
    double *root = in->step;
    zh_err err = {0};
    for (size_t j = 0; j < k; j++) {
        root[j] = sqrt(in->information.v[j * k + j]);
        if (!(root[j] > 0.0)) {
            return j + 1;
        }
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t l = 0; l <= j; l++) {
            in->information.v[j * k + l] /= root[j] * root[l];
        }
    }
    bool definite = zh_cholesky(&in->information, &err) == ZH_OK;
    for (size_t j = 0; j < k; j++) {
        const double *row = in->information.v + j * k;
        double length = 0.0;
        for (size_t l = 0; l <= j; l++) {
            length += row[l] * row[l];
        }
        /* Rows of the factor have length 1; that of the failed pivot kept its diagonal. */
        if (row[j] < PIVOT_MIN || (!definite && length > 1.5)) {
            return j + 1;
        }
        in->score[j] /= root[j];
    }
    if (!definite) {
        return k;
    }
    zh_cholesky_solve(&in->information, in->score);
    for (size_t j = 0; j < k; j++) {
        in->score[j] /= root[j];
    }
    return 0;
}

static bool standardise(zh_arena *arena, const zh_matrix *x, struct regression *in)
{
    size_t n = x->rows;
    size_t k = x->cols + 1;
    double *room = ZH_TRY_N(arena, double, n *k + n + 5 * k);
    *in = (struct regression){.n = n, .terms = k, .information = zh_matrix_new(arena, k, k)};
    if (room == NULL || in->information.v == NULL) {
        return false;
    }
    in->x = room;
    in->eta = in->x + n * k;
    in->shift = in->eta + n;
    in->scale = in->shift + k;
    in->beta = in->scale + k;
    in->step = in->beta + k;
    in->score = in->step + k;
    in->scale[0] = 1.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 1; j < k; j++) {
            in->shift[j] += zh_matrix_at(x, i, j - 1) / (double)n;
        }
    }
    for (size_t i = 0; i < n; i++) {
        in->x[i * k] = 1.0;
        for (size_t j = 1; j < k; j++) {
            double value = zh_matrix_at(x, i, j - 1) - in->shift[j];
            in->x[i * k + j] = value;
            in->scale[j] += value * value / (double)n;
        }
    }
    for (size_t j = 1; j < k; j++) {
        in->scale[j] = sqrt(in->scale[j]);
        for (size_t i = 0; i < n && in->scale[j] > 0.0; i++) {
            in->x[i * k + j] /= in->scale[j];
        }
    }
    return true;
}

static zh_rc refuse_column(const zh_str *names, size_t term, const char *rule, const char *what,
                           const char *fix, zh_err *err)
{
    char number[32];
    int size = snprintf(number, sizeof(number), zh_err_text(err, "第 %zu 个变量"), term);
    zh_str name =
        names != NULL && names[term - 1].n > 0 ? names[term - 1] : (zh_str){number, (size_t)size};
    zh_err_set(err, ZH_EINVAL, rule, "%.*s%s", ZH_FMT(name), zh_err_text(err, what));
    zh_err_fix(err, "%s", fix);
    return ZH_EINVAL;
}

/* Columns that are constant or depend on those before them, found before any iteration: the
 * information at beta = 0 is the cross-product of the design. */
static zh_rc check_design(struct regression *in, const double *y, const zh_str *names, zh_err *err)
{
    for (size_t j = 1; j < in->terms; j++) {
        if (!(in->scale[j] > 1e-13 * fabs(in->shift[j]))) {
            return refuse_column(names, j, "scorecard.constant", "每行都相同", "去掉它", err);
        }
    }
    evaluate(in, y);
    size_t dependent = newton(in);
    if (dependent > 1) {
        return refuse_column(names, dependent - 1, "scorecard.singular",
                             "可由其余变量线性表示，系数不唯一", "去掉其中之一", err);
    }
    return ZH_OK;
}

/* Whether the direction `d` of the standardised terms puts no row on the wrong side, and some row
 * on the right one: then the likelihood rises along it for ever. */
static bool separates(const struct regression *in, const double *y, const double *d)
{
    double right = 0.0;
    double wrong = 0.0;
    for (size_t i = 0; i < in->n; i++) {
        double along = 0.0;
        for (size_t j = 0; j < in->terms; j++) {
            along += in->x[i * in->terms + j] * d[j];
        }
        along = y[i] > 0.5 ? along : -along;
        right = fmax(right, along);
        wrong = fmax(wrong, -along);
    }
    return right > 0.0 && wrong <= SEPARATES * right;
}

static zh_rc refuse_fit(const struct regression *in, const double *y, const double *direction,
                        const zh_str *names, zh_err *err)
{
    size_t most = 0;
    for (size_t j = 1; j < in->terms; j++) {
        most = most == 0 || fabs(direction[j]) > fabs(direction[most]) ? j : most;
    }
    if (most == 0 || !separates(in, y, direction)) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.convergence", "迭代 %d 次仍未收敛",
                          ITERATIONS_MAX);
    }
    return refuse_column(names, most, "scorecard.separation",
                         "（及与之一起的变量）把两类样本完全或准完全分开，没有有限的极大似然估计",
                         "合并取值少的类别，去掉该变量，或增加样本", err);
}

/* Newton steps, halved where the deviance would rise. */
static zh_rc iterate(zh_arena *arena, struct regression *in, const double *y, const zh_str *names,
                     size_t *iterations, zh_err *err)
{
    size_t k = in->terms;
    double *direction = ZH_TRY_N(arena, double, k);
    if (direction == NULL) {
        return no_memory(err);
    }
    for (*iterations = 1; *iterations <= ITERATIONS_MAX; (*iterations)++) {
        double before = in->deviance;
        double longest = 0.0;
        memcpy(direction, in->score, k * sizeof(double));
        for (size_t i = 0; i < in->n; i++) {
            double along = 0.0;
            for (size_t j = 0; j < k; j++) {
                along += in->x[i * k + j] * direction[j];
            }
            longest = fmax(longest, fabs(along));
        }
        for (size_t j = 0; j < k; j++) {
            in->beta[j] += direction[j];
        }
        evaluate(in, y);
        double part = 1.0;
        for (; in->deviance > before * (1.0 + 1e-12) && part > 1e-6; part /= 2.0) {
            for (size_t j = 0; j < k; j++) {
                in->beta[j] -= direction[j] * part / 2.0;
            }
            evaluate(in, y);
        }
        if (longest < STEP_DONE) {
            return ZH_OK;
        }
        /* Under separation every step is about as long as the one before. */
        if (*iterations > 10 && longest > 0.5 && separates(in, y, direction)) {
            break;
        }
        if (newton(in) != 0) {
            break;
        }
    }
    return refuse_fit(in, y, direction, names, err);
}

/* Coefficients and standard errors of the columns as they were given. */
static zh_rc report(zh_arena *arena, struct regression *in, const double *y, zh_logistic *out,
                    zh_err *err)
{
    size_t k = in->terms;
    zh_matrix covariance = zh_matrix_new(arena, k, k);
    double *room = ZH_TRY_N(arena, double, 4 * k);
    if (covariance.v == NULL || room == NULL) {
        return no_memory(err);
    }
    evaluate(in, y);
    if (newton(in) != 0) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.convergence", "信息矩阵在估计处奇异");
    }
    zh_cholesky_inverse(&in->information, &covariance);
    for (size_t i = 0; i < k * k; i++) {
        covariance.v[i] /= in->step[i / k] * in->step[i % k];
    }
    *out = (zh_logistic){.terms = k,
                         .coef = room,
                         .se = room + k,
                         .z = room + 2 * k,
                         .p = room + 3 * k,
                         .deviance = in->deviance,
                         .aic = in->deviance + 2.0 * (double)k};
    out->coef[0] = in->beta[0];
    double variance = covariance.v[0];
    for (size_t j = 1; j < k; j++) {
        double share = in->shift[j] / in->scale[j];
        out->coef[j] = in->beta[j] / in->scale[j];
        out->se[j] = sqrt(zh_matrix_at(&covariance, j, j)) / in->scale[j];
        out->coef[0] -= in->beta[j] * share;
        variance -= 2.0 * share * zh_matrix_at(&covariance, 0, j);
        for (size_t l = 1; l < k; l++) {
            variance += share * in->shift[l] / in->scale[l] * zh_matrix_at(&covariance, j, l);
        }
    }
    out->se[0] = sqrt(variance);
    for (size_t j = 0; j < k; j++) {
        out->z[j] = out->coef[j] / out->se[j];
        out->p[j] = erfc(fabs(out->z[j]) / sqrt(2.0));
    }
    return ZH_OK;
}

static zh_rc check_response(const double *y, size_t n, double *ones, zh_err *err)
{
    *ones = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (y[i] != 0.0 && y[i] != 1.0) {
            return zh_err_set(err, ZH_EINVAL, "scorecard.y", "第 %zu 个 y 是 %g，要 0 或 1", i + 1,
                              y[i]);
        }
        *ones += y[i];
    }
    if (!(*ones > 0.0 && *ones < (double)n)) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.one_class",
                          "样本全是同一类（y 全为 0 或全为 1），没有可区分的");
    }
    return ZH_OK;
}

zh_rc zh_logistic_fit(zh_arena *arena, const zh_matrix *x, const double *y, size_t n,
                      const zh_str *names, zh_logistic *out, zh_err *err)
{
    double ones;
    double terms = (double)x->cols + 1.0;
    struct regression in;
    if (n != x->rows) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.size", "x 有 %zu 行，y 有 %zu 个", x->rows, n);
    }
    if (x->cols > ZH_SCORECARD_TERMS_MAX || (double)n * terms * terms > ZH_SCORECARD_WORK_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "scorecard.terms",
                          "变量最多 %zu 个，且行数 × 变量数² 不超过 %g", ZH_SCORECARD_TERMS_MAX,
                          ZH_SCORECARD_WORK_MAX);
    }
    zh_rc rc = check_response(y, n, &ones, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (n <= x->cols + 1) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.rows", "%zu 行不够估计 %zu 个系数", n,
                          x->cols + 1);
    }
    if (!standardise(arena, x, &in)) {
        return no_memory(err);
    }
    size_t iterations = 0;
    rc = check_design(&in, y, names, err);
    rc = rc == ZH_OK ? iterate(arena, &in, y, names, &iterations, err) : rc;
    rc = rc == ZH_OK ? report(arena, &in, y, out, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    double share = ones / (double)n;
    out->iterations = iterations;
    out->null_deviance = -2.0 * (ones * log(share) + ((double)n - ones) * log1p(-share));
    return ZH_OK;
}

/* ---- scores ---- */

zh_rc zh_score_points(double intercept, const double *coef, const double *woe, size_t n,
                      double points0, double odds0, double pdo, double *points, zh_points *out,
                      zh_err *err)
{
    if (!(odds0 > 0.0) || !(fabs(pdo) > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.points", "odds0 要大于 0，pdo 不能是 0");
    }
    out->b = pdo / log(2.0);
    out->a = points0 + out->b * log(odds0);
    out->base = out->a - out->b * intercept;
    out->total = out->base;
    for (size_t i = 0; i < n; i++) {
        points[i] = -out->b * coef[i] * woe[i];
        out->total += points[i];
    }
    return ZH_OK;
}

struct scored {
    double score, y;
};

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a;
    const struct scored *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

/* 0 ln 0 is 0. */
static double surprise(double p)
{
    return p > 0.0 ? -log(p) : (double)INFINITY;
}

zh_rc zh_discriminate(zh_arena *arena, const double *score, const double *y, size_t n,
                      zh_discrimination *out, zh_err *err)
{
    double ones;
    zh_rc rc = check_response(y, n, &ones, err);
    struct scored *cases = rc == ZH_OK ? ZH_TRY_N(arena, struct scored, n) : NULL;
    if (cases == NULL) {
        return rc != ZH_OK ? rc : no_memory(err);
    }
    bool probability = true;
    double zeros = (double)n - ones;
    *out = (zh_discrimination){0};
    for (size_t i = 0; i < n; i++) {
        cases[i] = (struct scored){score[i], y[i]};
        probability = probability && score[i] >= 0.0 && score[i] <= 1.0;
        out->brier += (score[i] - y[i]) * (score[i] - y[i]) / (double)n;
        out->log_loss += surprise(y[i] > 0.5 ? score[i] : 1.0 - score[i]) / (double)n;
    }
    zh_sort(cases, n, sizeof(*cases), by_score);
    double below = 0.0;  /* zeros with a smaller score */
    double passed = 0.0; /* ones with a smaller score */
    double wins = 0.0;
    for (size_t first = 0, end; first < n; first = end) {
        double here = 0.0;
        for (end = first; end < n && cases[end].score == cases[first].score; end++) {
            here += cases[end].y;
        }
        double others = (double)(end - first) - here;
        wins += here * (below + others / 2.0);
        below += others;
        passed += here;
        out->ks = fmax(out->ks, fabs(below / zeros - passed / ones));
    }
    out->auc = wins / ones / zeros;
    out->gini = 2.0 * out->auc - 1.0;
    if (!probability) {
        out->log_loss = out->brier = (double)NAN;
    }
    return ZH_OK;
}

static double sum_counts(const double *count, size_t n, double zero)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += count[i] > 0.0 ? count[i] : zero;
    }
    return sum;
}

zh_rc zh_stability(const double *expected, const double *actual, size_t n, double zero,
                   double *part, double *psi, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!(expected[i] >= 0.0 && actual[i] >= 0.0)) {
            return zh_err_set(err, ZH_EINVAL, "scorecard.count", "第 %zu 个计数是负数", i + 1);
        }
    }
    if (n == 0 || !(sum_counts(expected, n, 0.0) > 0.0) || !(sum_counts(actual, n, 0.0) > 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "scorecard.empty", "两组计数都要至少一箱且合计大于 0");
    }
    double e_total = sum_counts(expected, n, zero);
    double a_total = sum_counts(actual, n, zero);
    *psi = 0.0;
    for (size_t i = 0; i < n; i++) {
        double e = (expected[i] > 0.0 ? expected[i] : zero) / e_total;
        double a = (actual[i] > 0.0 ? actual[i] : zero) / a_total;
        part[i] = e == a ? 0.0 : (a - e) * log(a / e);
        *psi += part[i];
    }
    return ZH_OK;
}
