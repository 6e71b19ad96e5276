/* Ratios with their intervals as a drawing for a page. */
#ifndef ZH_WEB_FOREST_H
#define ZH_WEB_FOREST_H

#include "base/err.h"
#include "base/str.h"

typedef struct zh_forest_row {
    zh_str label, note, text, url;
    double value; /* above 0, may be infinite */
    bool has_interval;
    double low, high;
} zh_forest_row;

/* SVG on a logarithmic scale, `width` units wide, dashed line at threshold (0: none), ids beginning
 * with `id`. n >= 1; errors as zh_chart_forest. The text lives in the arena. */
zh_rc zh_forest_svg(zh_arena *arena, zh_str title, const zh_forest_row *rows, size_t n,
                    double threshold, double width, const char *id, zh_str *out,
                    zh_err *err) ZH_MUST;

#endif
