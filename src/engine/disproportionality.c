/* Formulas of disproportionality. Products of counts are formed exactly, in 128 bits,
 * so that a ratio is the quotient of two correctly rounded numbers. */
#include "engine/disproportionality.h"
#include "base/decimal.h"
#include "num/distribution.h"
#include "num/normal.h"
#include "num/special.h"
#include <math.h>
#include <stdlib.h>

const char *zh_ratio_state_name(zh_ratio_state state)
{
    switch (state) {
    case ZH_RATIO_FINITE: return "finite";
    case ZH_RATIO_INFINITE: return "infinite";
    case ZH_RATIO_UNDEFINED: break;
    }
    return "undefined";
}

static double product(uint64_t x, uint64_t y)
{
    return (double)((zh_i128)x * (zh_i128)y);
}

static zh_ratio ratio(double numerator, double denominator)
{
    if (denominator > 0.0) {
        return (zh_ratio){.state = ZH_RATIO_FINITE, .value = numerator / denominator};
    }
    return numerator > 0.0 ? (zh_ratio){.state = ZH_RATIO_INFINITE, .value = (double)INFINITY}
                           : (zh_ratio){.state = ZH_RATIO_UNDEFINED, .value = (double)NAN};
}

static void add_interval(zh_ratio *r, double variance, double z)
{
    double half = z * sqrt(variance);
    r->has_interval = true;
    r->interval = (zh_interval){r->value * exp(-half), r->value * exp(half)};
}

static double inverse(uint64_t n)
{
    return 1.0 / (double)n;
}

static void ratios(const zh_two_by_two *t, double z, zh_disproportionality *out)
{
    uint64_t row = t->a + t->b;
    uint64_t others = t->c + t->d;
    out->prr = row == 0 || others == 0
                   ? (zh_ratio){.state = ZH_RATIO_UNDEFINED, .value = (double)NAN}
                   : ratio(product(t->a, others), product(t->c, row));
    if (t->a > 0 && t->c > 0) {
        add_interval(&out->prr, inverse(t->a) - inverse(row) + inverse(t->c) - inverse(others), z);
    }
    out->ror = ratio(product(t->a, t->d), product(t->b, t->c));
    if (t->a > 0 && t->b > 0 && t->c > 0 && t->d > 0) {
        add_interval(&out->ror, inverse(t->a) + inverse(t->b) + inverse(t->c) + inverse(t->d), z);
    }
}

static void chi_squares(const zh_two_by_two *t, double n, zh_disproportionality *out)
{
    double margins[] = {(double)(t->a + t->b), (double)(t->a + t->c), (double)(t->c + t->d),
                        (double)(t->b + t->d)};
    out->has_chi2 = margins[0] > 0 && margins[1] > 0 && margins[2] > 0 && margins[3] > 0;
    if (!out->has_chi2) {
        return;
    }
    zh_i128 difference = (zh_i128)t->a * (zh_i128)t->d - (zh_i128)t->b * (zh_i128)t->c;
    double distance = (double)(difference < 0 ? -difference : difference);
    double corrected = fmax(0.0, distance - n / 2.0);
    double first = margins[0] * margins[1];
    double second = margins[2] * margins[3];
    out->chi2 = n * (distance / first) * (distance / second);
    out->chi2_yates = n * (corrected / first) * (corrected / second);
}

static zh_rc check(const zh_two_by_two *t, double confidence, zh_err *err)
{
    if (t->a > ZH_TWO_BY_TWO_N_MAX || t->b > ZH_TWO_BY_TWO_N_MAX || t->c > ZH_TWO_BY_TWO_N_MAX ||
        t->d > ZH_TWO_BY_TWO_N_MAX || t->a + t->b + t->c + t->d > ZH_TWO_BY_TWO_N_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "disproportionality.n", "四格之和不能超过 2^40");
    }
    if (t->a + t->b + t->c + t->d == 0) {
        return zh_err_set(err, ZH_EINVAL, "disproportionality.empty", "四格都是 0，没有可比的");
    }
    if (!(confidence > 0.0 && confidence < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "disproportionality.confidence",
                          "置信水平要在 0 与 1 之间");
    }
    return ZH_OK;
}

zh_rc zh_disproportionality_of(const zh_two_by_two *table, double confidence,
                               zh_disproportionality *out, zh_err *err)
{
    const zh_two_by_two *t = table;
    *out = (zh_disproportionality){0};
    zh_rc rc = check(t, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    uint64_t n = t->a + t->b + t->c + t->d;
    out->expected = product(t->a + t->b, t->a + t->c) / (double)n;
    out->relative = out->expected > 0.0 ? (double)t->a / out->expected : (double)NAN;
    ratios(t, -zh_normal_quantile(0.5 - confidence / 2.0), out);
    chi_squares(t, (double)n, out);
    return ZH_OK;
}

/* ---- information components ---- */

zh_rc zh_information_of(const zh_two_by_two *table, double confidence, zh_information *out,
                        zh_err *err)
{
    const double ln2 = 0.693147180559945309417;
    zh_rc rc = check(table, confidence, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double a = (double)table->a;
    double row = (double)(table->a + table->b);
    double column = (double)(table->a + table->c);
    double n = (double)(table->a + table->b + table->c + table->d);
    /* beta posteriors of the two margins and of the cell, whose prior has their product as mean */
    double p = 1.0 + row;
    double q = 1.0 + column;
    double r = 1.0 + a;
    double rest = n - a - 1.0 + (2.0 + n) * (2.0 + n) / (q * p);
    double expected = product(table->a + table->b, table->a + table->c) / n;
    double tail = 0.5 - confidence / 2.0;
    out->bcpnn = (zh_digamma(r) - zh_digamma(r + rest) - zh_digamma(p) - zh_digamma(q) +
                  2.0 * zh_digamma(2.0 + n)) /
                 ln2;
    out->bcpnn_variance = (zh_trigamma(r) - zh_trigamma(r + rest) + zh_trigamma(p) +
                           zh_trigamma(q) - 2.0 * zh_trigamma(2.0 + n)) /
                          (ln2 * ln2);
    out->bcpnn_lower = out->bcpnn + zh_normal_quantile(tail) * sqrt(out->bcpnn_variance);
    double shape = a + 0.5;
    double rate = expected + 0.5;
    out->shrinkage = log2(shape / rate);
    out->lower = log2(zh_dist_gamma_quantile(tail, shape, rate, ZH_TAIL_LOWER));
    out->upper = log2(zh_dist_gamma_quantile(tail, shape, rate, ZH_TAIL_UPPER));
    return ZH_OK;
}

/* ---- a database of pairs ---- */

static int by_place(const void *a, const void *b)
{
    const zh_counted_pair *x = a;
    const zh_counted_pair *y = b;
    if (x->row != y->row) {
        return x->row < y->row ? -1 : 1;
    }
    return (x->column > y->column) - (x->column < y->column);
}

static size_t add_up(zh_counted_pair *pairs, size_t n)
{
    size_t kept = 0;
    zh_sort(pairs, n, sizeof(*pairs), by_place);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && by_place(&pairs[kept - 1], &pairs[i]) == 0) {
            pairs[kept - 1].n += pairs[i].n;
        } else {
            pairs[kept++] = pairs[i];
        }
    }
    return kept;
}

zh_rc zh_pair_tables(zh_arena *arena, zh_counted_pair *pairs, size_t *pairs_n, size_t rows,
                     size_t columns, zh_two_by_two **out, zh_err *err)
{
    uint64_t total = 0;
    uint64_t *of_row = ZH_TRY_N(arena, uint64_t, rows + 1);
    uint64_t *of_column = ZH_TRY_N(arena, uint64_t, columns + 1);
    *out = ZH_TRY_N(arena, zh_two_by_two, *pairs_n + 1);
    if (of_row == NULL || of_column == NULL || *out == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "calc.memory", "输入太大，内存不够算完");
    }
    for (size_t i = 0; i < *pairs_n; i++) {
        zh_assert(pairs[i].row < rows && pairs[i].column < columns);
        total += pairs[i].n <= ZH_TWO_BY_TWO_N_MAX ? pairs[i].n : ZH_TWO_BY_TWO_N_MAX + 1;
        if (total > ZH_TWO_BY_TWO_N_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "disproportionality.n", "计数之和不能超过 2^40");
        }
        of_row[pairs[i].row] += pairs[i].n;
        of_column[pairs[i].column] += pairs[i].n;
    }
    if (total == 0) {
        return zh_err_set(err, ZH_EINVAL, "disproportionality.empty", "计数全是 0，没有可比的");
    }
    *pairs_n = add_up(pairs, *pairs_n);
    for (size_t i = 0; i < *pairs_n; i++) {
        uint64_t row = of_row[pairs[i].row];
        uint64_t column = of_column[pairs[i].column];
        uint64_t n = pairs[i].n;
        (*out)[i] = (zh_two_by_two){n, row - n, column - n, total - row - column + n};
    }
    return ZH_OK;
}
