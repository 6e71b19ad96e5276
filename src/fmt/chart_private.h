/* What the chart files share: beginning and ending a list, marks, axes, the interval mark. */
#ifndef ZH_FMT_CHART_PRIVATE_H
#define ZH_FMT_CHART_PRIVATE_H

#include "fmt/chart.h"

#define ZH_CHART_TEXT  12.0 /* size of labels */
#define ZH_CHART_SMALL 11.0
#define ZH_CHART_POST  3.0 /* width of the post at a value */

/* Size 12, regular, sans: the label of a chart. */
zh_text_at zh_chart_label(zh_role role, zh_anchor anchor);
zh_text_at zh_chart_note(zh_role role, zh_anchor anchor);   /* size 11 */
zh_text_at zh_chart_strong(zh_role role, zh_anchor anchor); /* semibold */

zh_paint zh_chart_stroke(zh_role role, double width, zh_dash dash);
zh_paint zh_chart_fill(zh_role role);

/* The checks common to all charts: width, number of marks, at least one. */
zh_rc zh_chart_check(double width, size_t marks, zh_err *err) ZH_MUST;
/* Interval both or none and the right way round, numbers finite; `infinite` allows +Inf for value
 * and high. */
zh_rc zh_chart_check_reading(const zh_reading *reading, bool infinite, zh_err *err) ZH_MUST;
zh_rc zh_chart_check_readings(const zh_reading *readings, size_t n, bool infinite,
                              zh_err *err) ZH_MUST;
/* An optional number of a chart: absent or finite. */
zh_rc zh_chart_check_number(zh_opt number, zh_err *err) ZH_MUST;
/* Hands the list over when it is sound. */
zh_rc zh_chart_end(zh_draw *d, zh_draw **out, zh_err *err) ZH_MUST;

/* Opens the group of a reading: title, link. */
void zh_chart_open(zh_draw *d, const zh_reading *reading);
void zh_chart_open_as(zh_draw *d, zh_str title, zh_str href);

/* Thousands separators, a fixed number of decimals. Returns out. */
const char *zh_chart_number(double v, int decimals, char out[ZH_AXIS_LABEL_MAX]);
/* The greater. */
double zh_chart_max(double a, double b);
double zh_chart_clamp(double v, double low, double high);
/* Takes v into [*low, *high] when it is there and finite; *any tells whether something was. */
void zh_chart_extend(zh_opt v, double *low, double *high, bool *any);
double zh_chart_text_width(zh_str text);

/* Width of the widest label of readings, at most `most`. */
double zh_chart_widest(const zh_reading *readings, size_t n, bool notes, double most);

/* Horizontal lines and labels at the left of [left, right], from bottom up; the last label carries
 * the unit. base: a solid line at the bottom. */
void zh_chart_y_axis(zh_draw *d, const zh_axis *axis, double left, double right, double top,
                     double bottom, zh_str unit);
double zh_chart_y_width(const zh_axis *axis, zh_str unit);
/* Vertical lines between top and bottom with labels below; the last label carries the unit. */
void zh_chart_x_axis(zh_draw *d, const zh_axis *axis, double left, double right, double top,
                     double bottom, zh_str unit);

/* Arrow head at x, y pointing right (1) or left (-1). */
void zh_chart_arrow(zh_draw *d, double x, double y, int direction, zh_role role);
/* Filled rectangle with texture and the word on paper in its middle when it fits. */
void zh_chart_texture(zh_draw *d, double x, double y, double width, double height, zh_role texture,
                      zh_str word);
/* The drawing of a state that has no value, over [left, right] around y. */
void zh_chart_nothing(zh_draw *d, const zh_reading *reading, double left, double right, double y);
/* Interval and value of a reading on a horizontal axis at height y: bar and post, or dots and ring
 * for too few; nothing else. thick: height of the bar. */
void zh_chart_interval(zh_draw *d, const zh_axis *axis, const zh_reading *reading, double left,
                       double right, double y, double thick);
/* The name of a dashed line, ending at x, on paper so that it can be read over marks. */
void zh_chart_line_label(zh_draw *d, double x, double y, zh_str text);
/* Triangle with its line, the target's sign. */
void zh_chart_target(zh_draw *d, double x, double top, double bottom);

#endif
