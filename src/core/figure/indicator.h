/* Indicators and targets: a value with everything needed to judge it. */
#ifndef ZH_CORE_FIGURE_INDICATOR_H
#define ZH_CORE_FIGURE_INDICATOR_H

#include "core/cube/cube.h"

typedef enum zh_figure_status {
    ZH_FIG_OK,
    ZH_FIG_NO_DATA, /* 数据未到: no record in scope; never zero */
    ZH_FIG_SMALL_N, /* 样本不足: below n_min, value shown with its interval */
    ZH_FIG_NO_DENOMINATOR,
    ZH_FIG_MIXED_BASIS, /* 混合样本 */
    ZH_FIG_HIDDEN, /* 已隐去: the reader gets counts only, and there are fewer than k, or none */
} zh_figure_status;

/* "no_denominator", as in JSON, in examples and on the command line. */
const char *zh_figure_status_id(zh_figure_status status);

typedef struct zh_figure_query {
    const zh_indicator *indicator;
    zh_str region;       /* GB/T 2260 code, empty = everything the reader sees */
    zh_date first, last; /* inclusive; both 0: of all time. Without effect on a register that has no
                            event time (a stock excepted) */
    const zh_program *where;
    const struct zh_cell_filter *filters; /* further dimensions */
    size_t nfilters;
    int64_t as_of; /* log size or ZH_AS_OF_NOW */
    bool recount;  /* from the records, also when a cube could answer; quantiles exact */
} zh_figure_query;

typedef struct zh_figure {
    const zh_indicator *indicator;
    zh_figure_status status;
    bool has_value;
    zh_decimal value; /* at indicator digits + 2 guard digits, fewer when 18 digits do not hold it;
                         all zero when even the whole part does not fit: `shown` and `num` say it */
    zh_str shown;    /* rounded once, from the exact value, to the indicator's digits (GB/T 8170) */
    zh_str num, den; /* exact decimal text; empty when the kind has none */
    int64_t n;       /* records, lots or units behind it */
    bool has_interval;
    double low, high; /* in the indicator's unit */
    double se;
    zh_str interval_shown, method; /* Wilson 95 %, Clopper–Pearson 95 %, Hájek, mean ± SE … */
    zh_label note;                 /* 该批抽检结果,不代表总体 … */
    zh_str sources, sources_en;    /* registers and provenance */
    zh_date first, last;           /* both 0: of all time */
    zh_time as_of;                 /* 截至: time of the newest batch included; 0 none */
    int64_t log_size;              /* entries that have a position */
    zh_str cube;                   /* id, or empty when recounted */
    zh_str model_digest, formula;
    zh_str region;
    int64_t k; /* counts are in full k's (core/cube/suppress.h); 0: exact */
} zh_figure;

/* The dimension, or field, by which the register's records lie in a region; empty: none. */
zh_str zh_figure_region_dim(const zh_register *reg);
/* One figure. What the kinds mean where the declaration leaves it open:
 * - growth: (value - base) / base against the period before (as long, in months when it begins and
 *   ends with months) or the same period a year earlier; a base that is not positive has none.
 * - ytd: the period begins on 1 January of the year of `last`.
 * - mean: se = s / sqrt(n) when the register has a sumsq measure of the same expression.
 * - weighted: sum of weight * num/den over the values of the key, divided by the sum of the
 * weights; weights as in force at `last`. Missing `refuse`: no value when a class with data has no
 * weight or a class with a weight no data; `drop`: classes without a weight are left out, one
 * without data still refuses; `renormalise`: both are left out.
 * - matched: num/den over the classes that have a denominator in this period and in the same period
 *   a year earlier; the note says their share of both denominators.
 * - design: ratio estimator (Hájek) of a proportion: on every record den is 0 or 1 and num at most
 *   den. Weights are used with six fraction digits.
 * - quantile: from the sketch within 1 %, exact when `recount` is set.
 * - composite: sum of weight * (x - low)/(high - low), cut to 0 … 1 and turned round when
 *   descending, over the sum of the weights; times 100 when the unit is % or score. A missing part
 *   leaves no value.
 * ZH_EINVAL: unknown region or dimension, a stock without a date; ZH_ELIMIT: a total beyond 128
 * bits. conn should be inside zh_read_begin. Everything returned lives in ctx->arena. */
zh_rc zh_figure_ask(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query,
                    zh_figure *out) ZH_MUST;
/* Broken down by one dimension ("place", "place@city", "product.class") or period ("year", "half",
 * "quarter", "month", "day"): one figure a value, sorted by it, at most ZH_FIGURES_MAX (ZH_ELIMIT).
 * A share has the denominator of all values together. */
#define ZH_FIGURES_MAX 20000
zh_rc zh_figure_by(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_str dim,
                   zh_str **values, zh_figure **out, size_t *n) ZH_MUST;

/* Broken down by a dimension and by periods of a grain at once, over the query's span: in one
 * question where the kind allows (sorted by value, then period), else a question a period (sorted
 * by period, then value). At most ZH_FIGURES_MAX. */
zh_rc zh_figure_table(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_str dim,
                      zh_grain grain, zh_str **values, zh_figure **out, size_t *n) ZH_MUST;

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
    ZH_TARGET_UNCERTAIN,      /* the interval straddles the target, or one figure makes no path */
} zh_target_status;

/* "no_indicator", as in a URL and as the command line says it. */
const char *zh_target_status_id(zh_target_status status);

typedef struct zh_target {
    const zh_outline_item *item;
    zh_target_status status;
    zh_str status_zh, status_en; /* in words, with the reason */
    zh_str form;                 /* numeric range cumulative per_year trend rank status */
    bool has_figure;
    zh_figure figure;
    bool has_gap;
    zh_decimal gap; /* signed, in the target's unit; negative = short of it */
    bool has_path;
    zh_decimal required; /* value required at the figure's date on the path to the target */
    zh_str required_note,
        required_note_en; /* how: linear from the first figure, cumulative share … */
    /* The straight line that `required` lies on, when it is one: from line_start at line_from to
     * the target at line_to; required is its value at line_at. */
    bool has_line;
    zh_date line_from, line_at, line_to;
    zh_decimal line_start;
    const zh_figure *years; /* figures with a value by calendar year, up to the date asked */
    size_t nyears;
    bool outside; /* the figure is of a quarter before the outline's period; years: by quarter */
} zh_target;

/* All targets of an outline (empty id = all), as of a log size and at a date (0 = the newest data).
 *
 * - The figure is that of the calendar year of the date, not after the deadline, in the outline's
 *   region; cumulative targets count from the first day of the outline's period.
 * - numeric and range (its lower end decides): >=, <= and = compare the exact value with the target
 *   (GB/T 8170: 全数值比较). Within 5 % of an approximate target is not missed. Before the deadline
 *   the value required is on the straight line from the first figure of the period to the target at
 *   the end of the deadline's year; a single figure makes no line.
 * - cumulative: required is the target times the share of the period that has elapsed.
 * - per_year: every complete year must reach the target. trend: every complete year against the one
 *   before; >= not lower, <= lower.
 * - level, rank and status need evidence and never get a percentage; a target without a number or
 *   without an indicator says so; a tie with a basis note, or another unit, gets no verdict.
 * - An interval that has the target inside decides nothing (trend: two that overlap).
 * - A target with a basis note that has no figure in its period shows the newest figure there is
 *   from before it (outside): side by side, and again without a verdict.
 * A year is complete when there are data of its December and the date asked is not before its end.
 */
zh_rc zh_targets(zh_ctx *ctx, zh_conn *conn, zh_str outline, zh_date at, int64_t as_of,
                 zh_target **out, size_t *n) ZH_MUST;
/* One target by id. ZH_ENOTFOUND: no outline has it. */
zh_rc zh_target_ask(zh_ctx *ctx, zh_conn *conn, zh_str id, zh_date at, int64_t as_of,
                    zh_target *out) ZH_MUST;

#endif
