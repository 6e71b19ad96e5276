/* One face over the early-warning methods; see warning.h. */
#include "engine/warning.h"

#include <math.h>

#define MIN_SIGMA 0.5 /* of an EARS baseline: one that does not vary would alarm at any count */

static const char *const names[ZH_WARNING_N] = {"c1", "c2", "c3", "farrington",
                                                "farrington_flexible"};

const char *zh_warning_name(zh_warning_method method)
{
    zh_assert(method < ZH_WARNING_N);
    return names[method];
}

bool zh_warning_find(zh_str name, zh_warning_method *out)
{
    for (unsigned i = 0; i < ZH_WARNING_N; i++) {
        if (zh_str_is(name, names[i])) {
            *out = (zh_warning_method)i;
            return true;
        }
    }
    return false;
}

zh_warning zh_warning_defaults(zh_warning_method method, size_t frequency)
{
    double alpha = method == ZH_WARNING_C3 ? 0.025 : method < ZH_WARNING_C3 ? 0.001 : 0.05;
    return (zh_warning){
        .method = method, .baseline = 7, .frequency = frequency, .years = 5, .alpha = alpha};
}

static zh_rc check(const double *counts, size_t n, const zh_warning *w, size_t first, zh_err *err)
{
    if (n > ZH_EWS_POINTS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "ews.points", "序列至多 %zu 个点", ZH_EWS_POINTS_MAX);
    }
    if (!(w->alpha > 0 && w->alpha < 0.5)) {
        return zh_err_set(err, ZH_EINVAL, "ews.alpha", "α 要在 0 与 0.5 之间");
    }
    if (n <= first) {
        return zh_err_set(err, ZH_EINVAL, "ews.short", "序列只有 %zu 个点，这个方法至少要 %zu 个",
                          n, first + 1);
    }
    for (size_t i = 0; i < n; i++) {
        if (!(counts[i] >= 0 && counts[i] <= ZH_EWS_COUNT_MAX && floor(counts[i]) >= counts[i])) {
            return zh_err_set(err, ZH_EINVAL, "ews.count", "第 %zu 个点不是从 0 起的整数件数",
                              i + 1);
        }
    }
    return ZH_OK;
}

static zh_rc ears(zh_arena *arena, const double *counts, size_t n, const zh_warning *w,
                  zh_warning_point *out, zh_err *err)
{
    zh_ears settings = {.method = (zh_ears_method)w->method,
                        .baseline = w->baseline,
                        .alpha = w->alpha,
                        .min_sigma = MIN_SIGMA};
    if (w->baseline < 3 || w->baseline > ZH_EWS_BASELINE_MAX) {
        return zh_err_set(err, ZH_EINVAL, "ews.baseline", "EARS 的基线从 3 到 %d 个点",
                          ZH_EWS_BASELINE_MAX);
    }
    size_t first = zh_ears_first(&settings);
    zh_rc rc = check(counts, n, w, first, err);
    size_t *range = rc == ZH_OK ? ZH_TRY_N(arena, size_t, n) : NULL;
    double *upper = rc == ZH_OK ? ZH_TRY_N(arena, double, n) : NULL;
    if (rc != ZH_OK || range == NULL || upper == NULL) {
        return rc != ZH_OK ? rc : zh_err_set(err, ZH_ENOMEM, "ews.memory", "序列太长");
    }
    for (size_t i = first; i < n; i++) {
        range[i - first] = i;
    }
    zh_ears_run(counts, range, n - first, &settings, upper);
    size_t lag = w->method == ZH_WARNING_C1 ? 0 : 2;
    for (size_t i = first; i < n; i++) {
        double sum = 0;
        for (size_t k = i - lag - w->baseline; k < i - lag; k++) {
            sum += counts[k];
        }
        double bound = upper[i - first];
        out[i] = (zh_warning_point){sum / (double)w->baseline, bound,
                                    isnan(bound)        ? ZH_ALARM_UNKNOWN
                                    : counts[i] > bound ? ZH_ALARM_YES
                                                        : ZH_ALARM_NO};
    }
    return ZH_OK;
}

static zh_rc farrington(zh_arena *arena, const double *counts, size_t n, const zh_warning *w,
                        zh_warning_point *out, zh_err *err)
{
    if (w->frequency < 4 || w->frequency > ZH_EWS_FREQUENCY_MAX || w->years < 1 || w->years > 50) {
        return zh_err_set(err, ZH_EINVAL, "ews.frequency",
                          "Farrington 法要一年的点数（4 至 %d）与往年数（1 至 50）",
                          ZH_EWS_FREQUENCY_MAX);
    }
    zh_farrington settings = zh_farrington_defaults(w->method == ZH_WARNING_FLEXIBLE, w->frequency);
    settings.b = w->years;
    settings.alpha = w->alpha;
    settings.w = 2 * settings.w + 1 > w->frequency ? (w->frequency - 1) / 2 : settings.w;
    size_t first = zh_farrington_first(&settings);
    zh_rc rc = check(counts, n, w, first, err);
    size_t *range = rc == ZH_OK ? ZH_TRY_N(arena, size_t, n) : NULL;
    zh_farrington_point *points = rc == ZH_OK ? ZH_TRY_N(arena, zh_farrington_point, n) : NULL;
    if (rc != ZH_OK || range == NULL || points == NULL) {
        return rc != ZH_OK ? rc : zh_err_set(err, ZH_ENOMEM, "ews.memory", "序列太长");
    }
    for (size_t i = first; i < n; i++) {
        range[i - first] = i;
    }
    rc = zh_farrington_run(arena, counts, n, range, n - first, &settings, points, err);
    for (size_t i = first; i < n && rc == ZH_OK; i++) {
        const zh_farrington_point *p = &points[i - first];
        bool withheld = !(p->upper > 0);
        out[i] = (zh_warning_point){p->expected, withheld ? (double)NAN : p->upper, p->alarm};
    }
    return rc;
}

zh_rc zh_warning_run(zh_arena *arena, const double *counts, size_t n, const zh_warning *warning,
                     zh_warning_point *out, zh_err *err)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (zh_warning_point){(double)NAN, (double)NAN, ZH_ALARM_UNKNOWN};
    }
    return warning->method <= ZH_WARNING_C3 ? ears(arena, counts, n, warning, out, err)
                                            : farrington(arena, counts, n, warning, out, err);
}
