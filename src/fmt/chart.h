/* Charts as drawing lists: plain data in, marks out.
 *
 * Every function takes its data, the width to fill and an arena, and returns a list as high as it
 * needs to be. Furniture (finding as title, unit line, sources) belongs to the page or report that
 * places the list. Rules that hold in all of them:
 *  - A reading without a value is drawn as hatch with its word (未报), never as 0; one from too few
 *    as dots and an open circle, never as a bar.
 *  - Red appears only where the caller says `act`.
 *  - Bars begin at 0. No value is drawn outside its axis: what runs off is clipped there and ends
 *    in an arrow head.
 *  - Texts of values are the caller's (digits follow the method); axis labels are ours.
 *  - Every mark is a group of kind "mark" with a title, and a link when it has an address.
 * Errors of all: ZH_ELIMIT more than ZH_CHART_MARKS_MAX marks or a cap of the list; ZH_EINVAL no
 * data, a width below ZH_CHART_WIDTH_MIN, an interval the wrong way round, a number that is not
 * finite (an infinite value or upper end is allowed where it says so). Thread-safe. */
#ifndef ZH_FMT_CHART_H
#define ZH_FMT_CHART_H

#include "base/time.h"
#include "fmt/draw.h"

#define ZH_CHART_MARKS_MAX    5000
#define ZH_CHART_WIDTH_MIN    80.0
#define ZH_AXIS_TICKS_MAX     32
#define ZH_AXIS_LABEL_MAX     32
#define ZH_CHART_PANELS_MAX   120
#define ZH_CHART_SERIES_MAX   4 /* hues of one chart */
#define ZH_CHART_SEGMENTS_MAX 400

/* A number that may be absent. */
typedef struct zh_opt {
    double v;
    bool is;
} zh_opt;

#define ZH_SOME(x) ((zh_opt){.v = (x), .is = true})
#define ZH_ABSENT  ((zh_opt){.v = 0, .is = false})

typedef enum zh_reading_state {
    ZH_READING_OK,
    ZH_READING_FEW,     /* 样本不足: fewer than the minimum */
    ZH_READING_MISSING, /* 未报 */
    ZH_READING_NA,      /* 不适用 */
    ZH_READING_ND,      /* 未检出 */
} zh_reading_state;

/* One value with what belongs to it. Zero-initialised it is a missing value. */
typedef struct zh_reading {
    zh_str label; /* 武汉 */
    zh_str note;  /* n = 10, 8／61: second line or right column */
    zh_str text;  /* the value as its method writes it: 1.84% */
    zh_str href;  /* the records behind it */
    zh_str title; /* full sentence for hovering and screen readers; empty: made from the others */
    zh_str word;  /* for states but OK; empty: 样本不足, 未报, 不适用, 未检出 */
    zh_opt value;
    zh_opt low, high; /* interval, both or none */
    zh_opt target;
    zh_opt compare; /* last year, or whom it is compared with */
    zh_reading_state state;
    bool act; /* somebody must act: red */
} zh_reading;

/* The state as drawn: a reading without value is MISSING unless it says FEW, NA or ND. */
zh_reading_state zh_reading_shown(const zh_reading *reading);
/* The word of a state in Chinese; empty for OK. */
zh_str zh_reading_word(zh_reading_state state);
zh_str zh_reading_word_en(zh_reading_state state); /* the same in English */

/* ---- axes ---- */

typedef struct zh_axis {
    double low, high; /* ends, low < high; log: both positive */
    bool log;
    double ticks[ZH_AXIS_TICKS_MAX];
    size_t ticks_n;
    int decimals; /* of the tick labels of a linear axis */
} zh_axis;

/* A linear axis around [low, high] with about `wanted` (2 to 20) ticks at 1, 2 or 5 times a power
 * of ten (P. S. Heckbert, Nice numbers for graph labels, Graphics Gems, 1990). low == high is
 * widened. ZH_EINVAL: not finite, low > high, or a range beyond 1e15. */
zh_rc zh_axis_nice(double low, double high, unsigned wanted, zh_axis *out) ZH_MUST;
/* A logarithmic axis from the 1-2-5 step at or below low to the one at or above high; ticks at
 * 1-2-5 steps, or at powers of ten when there would be more than 12. ZH_EINVAL: not finite,
 * low <= 0, low > high, beyond 1e-12..1e12. */
zh_rc zh_axis_log(double low, double high, zh_axis *out) ZH_MUST;
/* The axis exactly from low to high (a scale shared down a column), ticks as zh_axis_nice would
 * place them inside. ZH_EINVAL as there. */
zh_rc zh_axis_fixed(double low, double high, unsigned wanted, zh_axis *out) ZH_MUST;
/* Where v falls between `from` and `to`; not clipped. Infinite v gives the ends' side. */
double zh_axis_at(const zh_axis *axis, double v, double from, double to);
/* Tick label with thousands separators: "0.05", "1,000". */
size_t zh_axis_label(const zh_axis *axis, double tick, char out[ZH_AXIS_LABEL_MAX]);

/* ---- one value ---- */

typedef struct zh_beam {
    zh_axis axis; /* the same down a column */
    zh_reading reading;
} zh_beam;

/* 衡杆: hairline and graduations, tinted interval, post at the value, triangle at the target, ring
 * at the comparison. 18 high. value may be infinite: it stands at the end with an arrow. */
zh_rc zh_chart_beam(zh_arena *arena, const zh_beam *in, double width, zh_draw **out,
                    zh_err *err) ZH_MUST;

typedef struct zh_spark {
    const zh_opt *values; /* in order of time; absent ones break the line */
    size_t n;
    zh_str title;
} zh_spark;

/* 轨迹: a line 24 high without axes, its last point marked. */
zh_rc zh_chart_spark(zh_arena *arena, const zh_spark *in, double width, zh_draw **out,
                     zh_err *err) ZH_MUST;

/* ---- rank of rates ---- */

typedef struct zh_interval_rows {
    zh_str title; /* accessible name */
    const zh_reading *rows;
    size_t n;         /* drawn in the given order: the caller sorts */
    zh_opt low, high; /* axis; absent: from 0 (or the least) as far as intervals, and values
                         from too few, reach; the latter's intervals may run off */
    zh_opt reference; /* dashed line: the total */
    zh_str reference_label;
    zh_str note_head; /* over the right column: 不合格／抽检 */
    zh_str unit;      /* on the last tick: % */
} zh_interval_rows;

/* Interval rows: label, interval with post, note; too few: ring and dotted line. */
zh_rc zh_chart_rows(zh_arena *arena, const zh_interval_rows *in, double width, zh_draw **out,
                    zh_err *err) ZH_MUST;

/* ---- published rates over time ---- */

typedef struct zh_segment {
    zh_date first, last; /* inclusive */
    zh_reading reading;
    bool show_label; /* label and text beside it; the caller names the few that matter */
    bool joined;     /* same task as the segment before: a step joins them */
} zh_segment;

typedef struct zh_segment_series {
    zh_str label;
    const zh_segment *segments;
    size_t n;
    zh_role role; /* c1 to c4; NONE: by position */
} zh_segment_series;

typedef struct zh_periods {
    zh_str title;
    const zh_segment_series *series;
    size_t n; /* 1 to ZH_CHART_SERIES_MAX */
    zh_str unit;
    zh_opt target;
    zh_str target_label;
    bool from_zero; /* axis from 0 (rates); else around the data */
} zh_periods;

/* Period segments: as long as the period, tint as high as the interval; a legend above when there
 * is more than one series. A missing period is a hatched column with its word. */
zh_rc zh_chart_periods(zh_arena *arena, const zh_periods *in, double width, zh_draw **out,
                       zh_err *err) ZH_MUST;

/* ---- two dates, many units ---- */

typedef struct zh_slope_line {
    zh_str label;
    zh_opt left, right;
    zh_str left_text, right_text;
    zh_str href, title;
    bool named; /* coloured and labelled; at most eight */
} zh_slope_line;

typedef struct zh_slope {
    zh_str title, left_head, right_head; /* 2014, 2015 */
    const zh_slope_line *lines;
    size_t n;
    zh_opt standard;
    zh_str standard_label;
} zh_slope;

/* A unit with one side only is a point there; with neither it is left out and must be named in the
 * figure's text. Labels that would overlap are moved apart. */
zh_rc zh_chart_slope(zh_arena *arena, const zh_slope *in, double width, zh_draw **out,
                     zh_err *err) ZH_MUST;

/* ---- same thing, many places ---- */

typedef struct zh_panel {
    zh_str label;
    const zh_opt *values;
    size_t n;
    zh_str last_text; /* beside the last value */
    zh_str href, title;
    zh_str word; /* when no value is present: 未报 */
} zh_panel;

typedef struct zh_panels {
    zh_str title;
    const zh_panel *panels;
    size_t n;
    size_t columns; /* 0: as many as fit */
    zh_opt standard;
    bool from_zero;
} zh_panels;

zh_rc zh_chart_panels(zh_arena *arena, const zh_panels *in, double width, zh_draw **out,
                      zh_err *err) ZH_MUST;

/* ---- ratios ---- */

typedef struct zh_forest {
    zh_str title;
    const zh_reading *rows; /* value and high may be infinite: they end in an arrow with ∞ */
    size_t n;
    zh_opt threshold; /* dashed; 1 is always a solid line */
    zh_opt low, high; /* axis, else from the data; both positive */
} zh_forest;

zh_rc zh_chart_forest(zh_arena *arena, const zh_forest *in, double width, zh_draw **out,
                      zh_err *err) ZH_MUST;

/* ---- counts ---- */

typedef struct zh_pareto {
    zh_str title;
    const zh_reading *rows; /* in the caller's order, greatest first; value is the count */
    size_t n;
    zh_opt rest; /* count of all that is not shown: drawn as a dotted row, never hidden */
    zh_str rest_label;
    zh_str cumulative_head; /* over the column of cumulative shares; empty: 累计 */
} zh_pareto;

/* Bars from 0, count as bold text (reading.text, else the integer), cumulative % as text. */
zh_rc zh_chart_pareto(zh_arena *arena, const zh_pareto *in, double width, zh_draw **out,
                      zh_err *err) ZH_MUST;

typedef struct zh_count_columns {
    zh_str title;
    const zh_reading *columns; /* label below (月份), text above when not empty */
    size_t n;
    zh_str unit;
    zh_opt reference; /* dashed line across */
    zh_str reference_label;
    size_t today;       /* 1-based column before which a dashed line stands; 0 none */
    zh_str today_label; /* empty: 今天 */
    size_t marked_from; /* 1-based range with a tint behind; 0 none */
    size_t marked_to;
} zh_count_columns;

zh_rc zh_chart_columns(zh_arena *arena, const zh_count_columns *in, double width, zh_draw **out,
                       zh_err *err) ZH_MUST;

/* ---- processes ---- */

typedef enum zh_control_flag {
    ZH_CONTROL_PLAIN,
    ZH_CONTROL_OUT, /* outside the limits: red square */
    ZH_CONTROL_RUN, /* part of a run or another rule: ring */
} zh_control_flag;

typedef struct zh_control_point {
    zh_reading reading;  /* label is that of the x axis */
    double n;            /* drawn as a small bar below */
    zh_opt lower, upper; /* limits at this point: they step when n varies */
    zh_control_flag flag;
} zh_control_point;

typedef struct zh_control {
    zh_str title;
    const zh_control_point *points;
    size_t n;
    double centre;
    zh_str centre_label, upper_label, lower_label; /* at the right: 基线 22.5% */
    zh_str unit;
    size_t baseline; /* the first so many points are the baseline period; 0 none */
    zh_str baseline_label, after_label;
} zh_control;

/* Limits and flags are the engine's; here they are only drawn. A point without value interrupts the
 * line. */
zh_rc zh_chart_control(zh_arena *arena, const zh_control *in, double width, zh_draw **out,
                       zh_err *err) ZH_MUST;

/* ---- counts by class ---- */

typedef struct zh_status_row {
    zh_str label, href, title;
    size_t count;
    zh_role role; /* d1 to d7, q1 to q7, MISSING ... */
} zh_status_row;

typedef struct zh_status {
    zh_str title;
    const zh_status_row *rows;
    size_t n;
    size_t divide_after; /* dashed line after this many rows; 0 none */
    zh_str divide_label; /* 以上达到Ⅲ类 */
} zh_status;

/* Status rows: one square per unit, so that few units look like few; rows wrap. More than
 * ZH_STATUS_SQUARES squares in a row are drawn as a bar of that length to scale. */
#define ZH_STATUS_SQUARES 200
zh_rc zh_chart_status(zh_arena *arena, const zh_status *in, double width, zh_draw **out,
                      zh_err *err) ZH_MUST;

#endif
