/* Indicators and targets: a value with everything needed to judge it. */
#ifndef ZH_CORE_INDICATOR_H
#define ZH_CORE_INDICATOR_H

#include "core/cube.h"

typedef enum zh_figure_status {
    ZH_FIG_OK,
    ZH_FIG_NO_DATA, /* 数据未到: no record in scope; never zero */
    ZH_FIG_SMALL_N, /* 样本不足: below n_min, value shown with its interval */
    ZH_FIG_NO_DENOMINATOR,
    ZH_FIG_MIXED_BASIS, /* 混合样本 */
} zh_figure_status;

typedef struct zh_figure_query {
    const zh_indicator *indicator;
    zh_str region;       /* GB/T 2260 code, empty = everything the reader sees */
    zh_date first, last; /* inclusive */
    const zh_program *where;
    const struct zh_cell_filter *filters; /* further dimensions */
    size_t nfilters;
    int64_t as_of;
    bool recount;
} zh_figure_query;

typedef struct zh_figure {
    const zh_indicator *indicator;
    zh_figure_status status;
    bool has_value;
    zh_decimal value; /* at indicator digits + 2 guard digits; `shown` is rounded (GB/T 8170) */
    zh_str shown;
    zh_str num, den; /* exact decimal text; empty when the kind has none */
    int64_t n;       /* records, lots or units behind it */
    bool has_interval;
    double low, high; /* in the indicator's unit */
    double se;
    zh_str interval_shown, method; /* Wilson 95 %, Clopper–Pearson 95 %, Hájek, mean ± SE … */
    zh_str note;                   /* 该批抽检结果,不代表总体 … */
    zh_str sources;                /* registers and provenance */
    zh_date first, last;
    zh_time as_of; /* 截至 */
    int64_t log_size;
    zh_str cube; /* id, or empty when recounted */
    zh_str model_digest, formula;
    zh_str region;
} zh_figure;

zh_rc zh_figure_ask(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query,
                    zh_figure *out) ZH_MUST;
/* Broken down by one dimension: one figure a value, sorted by it. */
zh_rc zh_figure_by(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_str dim,
                   zh_str **values, zh_figure **out, size_t *n) ZH_MUST;

typedef enum zh_target_status {
    ZH_TARGET_MET,
    ZH_TARGET_ON_TRACK,
    ZH_TARGET_BEHIND,
    ZH_TARGET_MISSED,       /* numeric, comparable */
    ZH_TARGET_NO_INDICATOR, /* not tied to an indicator yet */
    ZH_TARGET_NO_DATA,
    ZH_TARGET_NO_VALUE,       /* the outline gives no number: needs evidence */
    ZH_TARGET_OTHER_BASIS,    /* 口径不同、不作达标判断 */
    ZH_TARGET_NEEDS_EVIDENCE, /* status, level or rank: a list of evidence, never a percentage */
    ZH_TARGET_UNCERTAIN,      /* the interval straddles the target */
} zh_target_status;

typedef struct zh_target {
    const zh_outline_item *item;
    zh_target_status status;
    zh_str status_zh, form; /* form: numeric range cumulative per_year trend rank status */
    bool has_figure;
    zh_figure figure;
    bool has_gap;
    zh_decimal gap; /* signed, in the target's unit; negative = short of it */
    bool has_path;
    zh_decimal required;  /* value required at the figure's date on the path to the target */
    zh_str required_note; /* how: linear from the first figure, cumulative share … */
} zh_target;

/* All targets of an outline (empty id = all), as of a log size and at a date (0 = the newest data).
 */
zh_rc zh_targets(zh_ctx *ctx, zh_conn *conn, zh_str outline, zh_date at, int64_t as_of,
                 zh_target **out, size_t *n) ZH_MUST;

/* Recounts everything: cells and roll-ups against records, current rows against newest versions,
 * version entries against their contents, child rows, grams, positions dense and ordered. Every
 * difference is appended as a line naming the record or cell; *differences counts them. progress
 * may be NULL. */
typedef struct zh_verify_report {
    int64_t registers, records, versions, cells, entries, differences;
} zh_verify_report;
zh_rc zh_verify(zh_ctx *ctx, zh_buf *lines, zh_verify_report *report,
                void (*progress)(void *user, const char *what, int64_t done, int64_t total),
                void *user) ZH_MUST;

#endif
