/* The questions of a report and their answers.
 *
 * A report declares its questions by name (`ask:`); everything it says, draws and tabulates is
 * taken from the answers, so nothing can stand in a report that was not asked of the database. A
 * question is a mapping with one of
 *
 *   figure: INDICATOR      region(s), period, where, filter (DIM=VALUE), by, order (high, low, key)
 *   change: [FROM, TO]     two answers with `by`, joined by key
 *   detector: DETECTOR     row, order (n, ratio, key), least (n)
 *   count: REGISTER        of FIELD, where
 *   records: REGISTER      fields, where
 *   target: OUTLINE ITEM
 *   control: NAME          control limits on an answer by period (app/report/series.h)
 *   watch: NAME            early warning on an answer by day, with a shock
 *   published: DETECTOR    published results beside computed ones
 *   shrunk: DETECTOR       the same of empirical Bayes scores, under a published prior
 *   prior: DETECTOR        the prior of these scores, estimated and published
 *   similar: REGISTER      records that resemble each other
 *
 * and, for words: label, standard with standard_label. */
#ifndef ZH_APP_REPORT_ASK_H
#define ZH_APP_REPORT_ASK_H

#include "app/demo/origin.h"
#include "app/signal/detect.h"
#include "core/figure/indicator.h"
#include "fmt/yaml.h"

#define ZH_REPORT_ASKS_MAX    ((size_t)200)
#define ZH_REPORT_REGIONS_MAX ((size_t)64)
#define ZH_REPORT_RECORDS_MAX ((size_t)1000)
#define ZH_REPORT_FIELDS_MAX  ((size_t)12)

typedef enum zh_ask_kind {
    ZH_ASK_FIGURE,
    ZH_ASK_BY,
    ZH_ASK_CHANGE,
    ZH_ASK_PAIRS,
    ZH_ASK_COUNT,
    ZH_ASK_RECORDS,
    ZH_ASK_SERIES,
    ZH_ASK_TARGET,
} zh_ask_kind;

typedef struct zh_ask_row {
    zh_str key, label;
    zh_figure figure;
    bool has_before;
    zh_figure before; /* change: the first of the two */
} zh_ask_row;

/* What belongs to a row of a series. */
typedef struct zh_ask_limit {
    double lower, upper, n;
    bool has_lower, has_upper, out;
} zh_ask_limit;

typedef struct zh_ask {
    zh_str name;
    zh_ask_kind kind;
    const zh_yaml *declared;
    zh_str
        title; /* what was asked, in words: the indicator's label, the detector's, the register's */
    zh_str region, period; /* in words */
    zh_str region_code, period_text, by, where;
    const zh_indicator *indicator;
    const zh_figure_query *query; /* figure: as it was asked */
    const zh_register *reg;
    const zh_demo_origin *origin; /* NULL: not of the demo's sets */
    zh_ask_row *rows;             /* figure: one */
    size_t nrows;
    const zh_detector *detector;
    zh_detected *pairs;
    size_t npairs;
    int64_t units; /* that the detector compared */
    int64_t total; /* shrunk, prior: pairs of all products and events */
    int64_t high;  /* shrunk: pairs whose EB05 is 2 or more */
    zh_counts counts;
    zh_str *heads; /* records: labels of the fields; cells row by row */
    zh_str *cells;
    size_t ncolumns;
    zh_target target;
    zh_ask_limit *limits; /* series: one a row */
    double centre;
    size_t baseline; /* points that the limits were estimated from; 0 all */
    size_t nout;     /* rows beyond; pairs that differ from what was published; pairs alike */
    bool has_shock, has_alarm;
    zh_date shock, alarm; /* the first alarm on or after the shock */
    bool has_standard;
    double standard;
    zh_str standard_label;
    bool used; /* something of the report came from it */
} zh_ask;

typedef struct zh_asks {
    zh_ask *list;
    size_t n;
    bool english; /* labels, periods and words in English where there are any */
} zh_asks;

/* Asks all questions of `ask:` in order. as_of: ZH_AS_OF_NOW or a log size. conn should be inside
 * zh_read_begin. Everything lives in ctx->arena. ZH_EINVAL with file and line: a question that
 * cannot be asked of this model; ZH_ELIMIT: the caps. */
zh_rc zh_report_ask(zh_ctx *ctx, zh_conn *conn, const zh_yaml *declared, int64_t as_of,
                    bool english, zh_asks *out) ZH_MUST;
/* Whether the model declares every indicator, detector, register and target that is asked for. */
bool zh_report_fits(const zh_model *model, const zh_yaml *declared);
/* By name; NULL when there is none. Marks it used. */
zh_ask *zh_asks_get(const zh_asks *asks, zh_str name);
/* Text under a key of a mapping; empty when there is none. */
zh_str zh_yaml_text(const zh_yaml *mapping, const char *key);
/* KEY_en in English where it is declared, else KEY; NULL when there is neither. */
const zh_yaml *zh_asks_key(const zh_asks *asks, const zh_yaml *mapping, const char *key);
/* The same as text; empty when there is none. */
zh_str zh_asks_text(const zh_asks *asks, const zh_yaml *mapping, const char *key);
/* In the language of the answers. */
zh_str zh_asks_label(const zh_asks *asks, zh_label label);
zh_str zh_asks_period(zh_arena *arena, const zh_asks *asks, zh_date first, zh_date last);
zh_str zh_asks_words(const zh_asks *asks, const char *zh, const char *en);
/* A value with its unit as people read it; the status in words when there is none. */
zh_str zh_report_value(zh_arena *arena, const zh_asks *asks, const zh_model *model,
                       const zh_figure *figure);
/* The name of a region; the code when it is unknown. */
zh_str zh_report_region(const zh_asks *asks, const zh_model *model, zh_str code);

#endif
