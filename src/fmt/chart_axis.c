/* Axes of charts: nice numbers, logarithmic steps, and drawing them. */
#include "fmt/chart.h"

#include "fmt/chart_private.h"
#include <math.h>

#define RANGE_MAX    1e15
#define LOG_LOW_MIN  1e-12
#define LOG_HIGH_MAX 1e12
#define LOG_TICKS    12
#define SLACK        1e-9 /* of a step: a multiple of the step that binary64 misses by a hair */

/* Heckbert 1990, function nicenum: 1, 2 or 5 times a power of ten, near x (round) or at least x. */
static double nice_number(double x, bool round_it)
{
    double power = pow(10.0, floor(log10(x)));
    double fraction = x / power;
    double nice;
    if (round_it) {
        nice = fraction < 1.5 ? 1 : fraction < 3 ? 2 : fraction < 7 ? 5 : 10;
    } else {
        nice = fraction <= 1 ? 1 : fraction <= 2 ? 2 : fraction <= 5 ? 5 : 10;
    }
    return nice * power;
}

static int decimals_of(double step)
{
    double digits = -floor(log10(step) + SLACK);
    return digits > 0 ? (int)digits : 0;
}

static bool range_fits(double low, double high)
{
    return isfinite(low) && isfinite(high) && low <= high && fabs(low) <= RANGE_MAX &&
           fabs(high) <= RANGE_MAX && (high - low <= 0 || high - low >= 1 / RANGE_MAX);
}

static void widen(double *low, double *high)
{
    if (*high - *low <= 0) {
        double half = fabs(*low) > 0 ? fabs(*low) / 2 : 0.5;
        *low -= half;
        *high += half;
    }
}

static void ticks_between(zh_axis *axis, double step)
{
    double first = ceil(axis->low / step - SLACK);
    double last = floor(axis->high / step + SLACK);
    axis->ticks_n = 0;
    for (double k = first; k <= last && axis->ticks_n < ZH_AXIS_TICKS_MAX; k += 1) {
        axis->ticks[axis->ticks_n++] = k * step;
    }
    axis->decimals = decimals_of(step);
}

zh_rc zh_axis_nice(double low, double high, unsigned wanted, zh_axis *out)
{
    if (!range_fits(low, high) || wanted < 2 || wanted > 20) {
        return ZH_EINVAL;
    }
    widen(&low, &high);
    double step = nice_number(nice_number(high - low, false) / (wanted - 1), true);
    *out = (zh_axis){.low = floor(low / step + SLACK) * step,
                     .high = ceil(high / step - SLACK) * step};
    ticks_between(out, step);
    return ZH_OK;
}

zh_rc zh_axis_fixed(double low, double high, unsigned wanted, zh_axis *out)
{
    if (!range_fits(low, high) || wanted < 2 || wanted > 20) {
        return ZH_EINVAL;
    }
    widen(&low, &high);
    double step = nice_number(nice_number(high - low, false) / (wanted - 1), true);
    *out = (zh_axis){.low = low, .high = high};
    ticks_between(out, step);
    return ZH_OK;
}

/* Step i of 1, 2, 5, 10, 20, 50, ...; step 0 is 1. */
static double log_step(int i)
{
    static const double mantissa[] = {1, 2, 5};
    int decade = i >= 0 ? i / 3 : -((2 - i) / 3);
    return mantissa[i - decade * 3] * pow(10.0, decade);
}

zh_rc zh_axis_log(double low, double high, zh_axis *out)
{
    if (!isfinite(low) || !isfinite(high) || low > high || low < LOG_LOW_MIN ||
        high > LOG_HIGH_MAX) {
        return ZH_EINVAL;
    }
    int from = (int)floor(log10(low)) * 3 - 1;
    while (log_step(from + 1) <= low * (1 + SLACK)) {
        from++;
    }
    int to = from + 1;
    while (log_step(to) < high * (1 - SLACK)) {
        to++;
    }
    *out = (zh_axis){.low = log_step(from), .high = log_step(to), .log = true};
    bool every = to - from < LOG_TICKS;
    for (int i = from; i <= to && out->ticks_n < ZH_AXIS_TICKS_MAX; i++) {
        if (every || i % 3 == 0) {
            out->ticks[out->ticks_n++] = log_step(i);
        }
    }
    return ZH_OK;
}

double zh_axis_at(const zh_axis *axis, double v, double from, double to)
{
    if (isinf(v)) { /* beyond the end, so that the caller's clipping sees it */
        return v > 0 ? to + (to - from) : from - (to - from);
    }
    if (!axis->log) {
        return from + (v - axis->low) / (axis->high - axis->low) * (to - from);
    }
    if (v <= 0) {
        return from - (to - from);
    }
    return from + log(v / axis->low) / log(axis->high / axis->low) * (to - from);
}

size_t zh_axis_label(const zh_axis *axis, double tick, char out[ZH_AXIS_LABEL_MAX])
{
    int decimals = axis->decimals;
    if (axis->log) {
        decimals = tick < 1 ? decimals_of(tick) : 0;
    }
    return zh_str_of(zh_chart_number(tick, decimals, out)).n;
}

/* ---- drawing ---- */

static zh_str tick_text(zh_arena *arena, const zh_axis *axis, size_t i, zh_str unit)
{
    char label[ZH_AXIS_LABEL_MAX];
    size_t n = zh_axis_label(axis, axis->ticks[i], label);
    bool last = i + 1 == axis->ticks_n;
    return zh_str_fmt(arena, "%.*s%.*s", (int)n, label, ZH_FMT(last ? unit : ZH_STR_NONE));
}

double zh_chart_y_width(const zh_axis *axis, zh_str unit)
{
    double widest = 0;
    char label[ZH_AXIS_LABEL_MAX];
    for (size_t i = 0; i < axis->ticks_n; i++) {
        zh_str text = {label, zh_axis_label(axis, axis->ticks[i], label)};
        double w = zh_chart_text_width(text);
        if (i + 1 == axis->ticks_n) {
            w += zh_chart_text_width(unit);
        }
        widest = zh_chart_max(widest, w);
    }
    return widest + 8;
}

void zh_chart_y_axis(zh_draw *d, const zh_axis *axis, double left, double right, double top,
                     double bottom, zh_str unit)
{
    zh_mark group = {.kind = "axis"};
    zh_draw_open(d, &group);
    for (size_t i = 0; i < axis->ticks_n; i++) {
        double y = zh_axis_at(axis, axis->ticks[i], bottom, top);
        bool base = y >= bottom - 0.01;
        zh_draw_line(d, left, y, right, y,
                     zh_chart_stroke(base ? ZH_ROLE_INK : ZH_ROLE_RULE, 1, ZH_DASH_SOLID));
        zh_draw_text(d, left - 8, y + 4, tick_text(d->arena, axis, i, unit),
                     zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_END));
    }
    zh_draw_close(d);
}

void zh_chart_x_axis(zh_draw *d, const zh_axis *axis, double left, double right, double top,
                     double bottom, zh_str unit)
{
    zh_mark group = {.kind = "axis"};
    zh_draw_open(d, &group);
    double taken = -ZH_DRAW_EXTENT_MAX; /* right end of the label before */
    for (size_t i = 0; i < axis->ticks_n; i++) {
        double x = zh_axis_at(axis, axis->ticks[i], left, right);
        bool zero = !axis->log && fabs(axis->ticks[i]) <= 0;
        zh_draw_line(d, x, top, x, bottom,
                     zh_chart_stroke(zero ? ZH_ROLE_INK : ZH_ROLE_RULE, 1, ZH_DASH_SOLID));
        zh_str text = tick_text(d->arena, axis, i, unit);
        double half = zh_chart_text_width(text) / 2;
        if (x - half > taken + 4) {
            zh_draw_text(d, x, bottom + 16, text, zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
            taken = x + half;
        }
    }
    zh_draw_close(d);
}
