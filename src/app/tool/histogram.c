/* Classes of a histogram; see histogram.h. */
#include "app/tool/histogram.h"

#include "fmt/chart.h"
#include <math.h>

zh_rc zh_histogram_of(zh_arena *arena, const double *v, size_t n, zh_histogram *out, zh_err *err)
{
    double low = v[0];
    double high = v[0];
    zh_axis axis;
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, v[i]);
        high = fmax(high, v[i]);
    }
    unsigned wanted = (unsigned)fmin(20, ceil(1 + log2((double)n)) + (n > 200 ? 6 : 0));
    if (zh_axis_nice(low, high, wanted < 3 ? 3 : wanted, &axis) != ZH_OK || axis.ticks_n < 2) {
        return zh_err_set(err, ZH_EINVAL, "tool.range", "数值的范围分不成组");
    }
    *out = (zh_histogram){.low = axis.low, .width = axis.ticks[1] - axis.ticks[0]};
    out->width /= n > 5000 ? 4 : n > 500 ? 2 : 1;
    int decimals = axis.decimals + (n > 5000 ? 2 : n > 500 ? 1 : 0);
    out->n = (size_t)llround((axis.high - axis.low) / out->width) + 1;
    out->n = out->n > ZH_HISTOGRAM_CLASSES_MAX ? ZH_HISTOGRAM_CLASSES_MAX : out->n;
    out->high = out->low + out->width * (double)out->n;
    out->middle = ZH_NEW_N(arena, double, out->n);
    out->count = ZH_NEW_N(arena, double, out->n);
    out->titles = ZH_NEW_N(arena, zh_str, out->n);
    for (size_t i = 0; i < n; i++) {
        double at = floor((v[i] - out->low) / out->width);
        size_t k = at < 0 ? 0 : (size_t)at;
        out->count[k < out->n ? k : out->n - 1] += 1;
    }
    while (out->n > 1 && !(out->count[out->n - 1] > 0)) {
        out->n--;
        out->high -= out->width;
    }
    for (size_t i = 0; i < out->n; i++) {
        double from = out->low + out->width * (double)i;
        out->middle[i] = from + out->width / 2;
        out->titles[i] = zh_str_fmt(arena, "%.*f–%.*f：%.0f", decimals, from, decimals,
                                    from + out->width, out->count[i]);
    }
    return ZH_OK;
}

double zh_histogram_normal(const zh_histogram *h, double total, double x, double mean, double sd)
{
    static const double root_two_pi = 2.50662827463100050242;
    double z = (x - mean) / sd;
    return sd > 0 ? total * h->width * exp(-z * z / 2) / (sd * root_two_pi) : 0;
}
