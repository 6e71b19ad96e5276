/* The drawings of targets, from plain data to drawing lists and, for rows, SVG text. Knows nothing
 * of the model or the database. */
#ifndef ZH_WEB_OUTLINE_TARGET_DRAW_H
#define ZH_WEB_OUTLINE_TARGET_DRAW_H

#include "base/str.h"
#include "base/time.h"
#include "fmt/draw.h"

#define ZH_TARGET_PERIODS_MAX 200
#define ZH_TARGET_YEARS_MAX   60 /* of the horizontal axis */

/* The value of one period. */
typedef struct zh_target_period {
    zh_date first, last;
    double value, low, high;
    bool has_interval, few;
    zh_str text, href, title;
} zh_target_period;

typedef struct zh_target_picture {
    zh_str title;
    const zh_target_period *periods; /* in order of time */
    size_t n;
    int from, to; /* years of the plan; widened to the periods */
    bool running; /* the values add up; total is the sum that is judged */
    double total;
    zh_str total_text;
    bool has_goal, has_goal_max;
    double goal, goal_max;
    zh_str goal_text;
    bool has_line; /* the straight line that should be followed, to the goal at line_to */
    zh_date line_from, line_at, line_to;
    double line_start, required;
    zh_str required_text;
    zh_str missing; /* word for a year without a value */
} zh_target_picture;

typedef struct zh_target_bar {
    zh_str label, text, href;
    double value;
} zh_target_bar;

/* Values of the periods, the goal, and the path. ZH_EINVAL: no period; ZH_ELIMIT: more than
 * ZH_TARGET_PERIODS_MAX periods or ZH_TARGET_YEARS_MAX years. Those of rows append SVG to out; all
 * are thread-safe. */
zh_rc zh_target_path(zh_arena *arena, const zh_target_picture *in, double width, zh_draw **out,
                     zh_err *err) ZH_MUST;
/* The running total against the line, small, for a row. ZH_EINVAL: no line or no goal above 0. */
zh_rc zh_target_running_svg(zh_arena *arena, const zh_target_picture *in, zh_str id, zh_buf *out,
                            zh_err *err) ZH_MUST;
/* The values of the periods as a line without axes, for a row. */
zh_rc zh_target_spark_svg(zh_arena *arena, const zh_target_picture *in, zh_str id, zh_buf *out,
                          zh_err *err) ZH_MUST;
/* Columns; today: 1-based one before which a dashed line stands, 0 none. */
zh_rc zh_target_columns(zh_arena *arena, zh_str title, const zh_target_bar *bars, size_t n,
                        size_t today, zh_str today_label, double width, zh_draw **out,
                        zh_err *err) ZH_MUST;

#endif
