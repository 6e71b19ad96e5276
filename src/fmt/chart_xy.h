/* Charts with two measured axes: curves, points, columns and bands against each other (operating
 * characteristics, probability plots, survival, histograms, counts with their bound), and path
 * diagrams. The rules of fmt/chart.h hold. */
#ifndef ZH_FMT_CHART_XY_H
#define ZH_FMT_CHART_XY_H

#include "fmt/chart.h"

#define ZH_XY_SERIES_MAX ((size_t)12)
#define ZH_XY_LINES_MAX  ((size_t)12)
#define ZH_XY_POINTS_MAX ((size_t)20000) /* of one chart */
#define ZH_XY_TICKS_MAX  ((size_t)400)
#define ZH_PATH_NODES    ((size_t)30)
#define ZH_PATH_EDGES    ((size_t)120)

typedef enum zh_xy_kind {
    ZH_XY_LINE,    /* points joined */
    ZH_XY_STEP,    /* each value holds until the next x */
    ZH_XY_POINTS,  /* dots; `act` ones are red squares */
    ZH_XY_COLUMNS, /* from 0 (or the axis's low end) to y, `width` of x wide; `act` ones red */
    ZH_XY_BAND,    /* between y and high, tinted; stepped when `step` */
} zh_xy_kind;

/* Values may be NAN: they interrupt a line and leave out a point. */
typedef struct zh_xy_series {
    zh_xy_kind kind;
    zh_str label; /* in the legend; empty: not there */
    const double *x, *y;
    const double *high; /* band only */
    size_t n;
    zh_role role;
    zh_dash dash;
    double width;         /* columns: in units of x */
    bool hollow, step;    /* hollow: rings instead of dots */
    const bool *act;      /* NULL: none */
    const zh_str *titles; /* of the points or columns, NULL: none */
    const zh_str *labels; /* beside the points, empty ones none; NULL: none */
} zh_xy_series;

typedef struct zh_xy_tick {
    double at;
    zh_str label;
} zh_xy_tick;

typedef struct zh_xy_axis {
    zh_opt low, high; /* absent: from the data, rounded outwards */
    bool log;
    const zh_xy_tick *ticks; /* own labels (dates, per cent of a distribution); NULL: numbers */
    size_t nticks;           /* labels that would touch are left out */
    zh_str name;             /* above the y axis, at the end of the x axis */
    zh_str unit;             /* on the last tick */
} zh_xy_axis;

/* A straight line across: a specification, a risk point, a limit. */
typedef struct zh_xy_line {
    bool vertical;
    double at;
    zh_str label;
    zh_role role;
    zh_dash dash;
} zh_xy_line;

typedef struct zh_xy {
    zh_str title; /* accessible name */
    zh_xy_axis x, y;
    const zh_xy_series *series;
    size_t nseries;
    const zh_xy_line *lines;
    size_t nlines;
    double height; /* of the plot; 0: from the width */
} zh_xy;

/* ZH_ELIMIT: more series, lines or points than the caps above. */
zh_rc zh_chart_xy(zh_arena *arena, const zh_xy *in, double width, zh_draw **out,
                  zh_err *err) ZH_MUST;

/* ---- path diagrams ---- */

typedef struct zh_path_node {
    zh_str label, value, note; /* 感知质量, 78.4, R² 0.62 */
} zh_path_node;

typedef struct zh_path_edge {
    size_t from, to;
    double coefficient; /* width of the arrow */
    zh_str text;        /* 0.46（0.31–0.60） */
    bool weak;          /* its interval contains 0: dashed */
} zh_path_edge;

typedef struct zh_path_diagram {
    zh_str title;
    const zh_path_node *nodes;
    size_t nnodes;
    const zh_path_edge *edges;
    size_t nedges;
} zh_path_diagram;

/* Causes stand left of their effects. ZH_EINVAL: an edge to itself or to nothing, a circle;
 * ZH_ELIMIT: ZH_PATH_NODES, ZH_PATH_EDGES. */
zh_rc zh_chart_paths(zh_arena *arena, const zh_path_diagram *in, double width, zh_draw **out,
                     zh_err *err) ZH_MUST;

#endif
