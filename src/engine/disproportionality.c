/* Disproportionality by name, and its formulas. Products of counts are formed exactly, in 128 bits,
 * so that a ratio is the quotient of two correctly rounded numbers. */
#include "engine/disproportionality.h"
#include "base/decimal.h"
#include "engine/engine.h"
#include "num/normal.h"
#include <math.h>

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

zh_rc zh_disproportionality_of(const zh_two_by_two *table, double confidence,
                               zh_disproportionality *out, zh_err *err)
{
    const zh_two_by_two *t = table;
    *out = (zh_disproportionality){0};
    if (t->a > ZH_TWO_BY_TWO_N_MAX || t->b > ZH_TWO_BY_TWO_N_MAX || t->c > ZH_TWO_BY_TWO_N_MAX ||
        t->d > ZH_TWO_BY_TWO_N_MAX || t->a + t->b + t->c + t->d > ZH_TWO_BY_TWO_N_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "disproportionality.n", "四格之和不能超过 2^40");
    }
    uint64_t n = t->a + t->b + t->c + t->d;
    if (n == 0) {
        return zh_err_set(err, ZH_EINVAL, "disproportionality.empty", "四格都是 0，没有可比的");
    }
    if (!(confidence > 0.0 && confidence < 1.0)) {
        return zh_err_set(err, ZH_EINVAL, "disproportionality.confidence",
                          "置信水平要在 0 与 1 之间");
    }
    out->expected = product(t->a + t->b, t->a + t->c) / (double)n;
    out->relative = out->expected > 0.0 ? (double)t->a / out->expected : (double)NAN;
    ratios(t, zh_normal_quantile(0.5 + confidence / 2.0), out);
    chi_squares(t, (double)n, out);
    return ZH_OK;
}

/* ---- by name
 * ------------------------------------------------------------------------------------ */

static zh_rc get_count(const zh_json *input, const char *name, uint64_t *out, zh_err *err)
{
    int64_t value = 0;
    const zh_json *node = zh_json_get(input, name);
    if (node == NULL || zh_json_i64(node, &value) != ZH_OK || value < 0) {
        zh_err_set(err, ZH_EINVAL, "calc.input", "输入缺少 %s，或它不是不小于 0 的整数", name);
        zh_err_where(err, "%s", name);
        return ZH_EINVAL;
    }
    *out = (uint64_t)value;
    return ZH_OK;
}

static zh_rc get_confidence(const zh_json *input, double *out, zh_err *err)
{
    const zh_json *node = zh_json_get(input, "confidence");
    *out = 0.95;
    if (node != NULL && (zh_json_double(node, out) != ZH_OK || !isfinite(*out))) {
        zh_err_set(err, ZH_EINVAL, "calc.input", "confidence 不是数");
        zh_err_where(err, "confidence");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static void put_number(zh_jw *out, const char *name, bool known, double value)
{
    zh_jw_key(out, name);
    if (known) {
        zh_jw_double(out, value);
    } else {
        zh_jw_null(out);
    }
}

static void put_ratio(zh_jw *out, const zh_ratio *r, const char *const names[4])
{
    put_number(out, names[0], r->state == ZH_RATIO_FINITE, r->value);
    zh_jw_kz(out, names[1], zh_ratio_state_name(r->state));
    put_number(out, names[2], r->has_interval, r->interval.lower);
    put_number(out, names[3], r->has_interval, r->interval.upper);
}

static zh_rc prr(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    (void)arena;
    static const char *const prr_names[] = {"prr", "prr_state", "prr_lower", "prr_upper"};
    static const char *const ror_names[] = {"ror", "ror_state", "ror_lower", "ror_upper"};
    zh_two_by_two table = {0};
    zh_disproportionality r = {0};
    double confidence = 0.0;
    const struct {
        const char *name;
        uint64_t *value;
    } cells[] = {{"a", &table.a}, {"b", &table.b}, {"c", &table.c}, {"d", &table.d}};
    zh_rc rc = get_confidence(input, &confidence, err);
    for (size_t i = 0; i < ZH_COUNTOF(cells) && rc == ZH_OK; i++) {
        rc = get_count(input, cells[i].name, cells[i].value, err);
    }
    if (rc == ZH_OK) {
        rc = zh_disproportionality_of(&table, confidence, &r, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    put_number(out, "expected_count", true, r.expected);
    put_number(out, "rrr", r.expected > 0.0, r.relative);
    put_ratio(out, &r.prr, prr_names);
    put_ratio(out, &r.ror, ror_names);
    put_number(out, "chi2", r.has_chi2, r.chi2);
    put_number(out, "chi2_yates", r.has_chi2, r.chi2_yates);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(disproportionality_prr) = {
    .name = "disproportionality.prr",
    .zh = "四格表的占比失衡：期望数、PRR、ROR（95% 区间）、χ² 与 Yates 校正",
    .input = "{\"a\": 10, \"b\": 191, \"c\": 18, \"d\": 3813}",
    .method = "Evans 等 2001；Rothman 等 2004；Yates 1934",
    .run = prr,
};
