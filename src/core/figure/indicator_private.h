/* Shared between indicator.c (questions, plain kinds, provenance) and indicator_kinds.c. */
#ifndef ZH_CORE_FIGURE_INDICATOR_PRIVATE_H
#define ZH_CORE_FIGURE_INDICATOR_PRIVATE_H

#include "core/cube/cube_private.h"
#include "core/cube/exact.h"
#include "core/figure/indicator.h"

#define ZH_ASK_DEPTH_MAX 10 /* growth of growth, composites of composites */

/* One question about one indicator of a register, made ready for zh_cells. */
typedef struct zh_asking {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_figure_query *q;
    const zh_indicator *ind;
    zh_cell_query cells;
    zh_cell_filter filters[ZH_ANSWER_FILTERS_MAX];
    const zh_measure *measures[ZH_ANSWER_MEASURES_MAX];
    int *slot; /* by measure of the register: its place in measures, -1 not asked for */
    const zh_measure *squares; /* sum of squares beside a mean's sum, or NULL */
    zh_program where;
    zh_date first, last; /* both 0: all time */
    bool wilson;         /* the interval of a rate: Wilson's, or Clopper and Pearson's */
    uint64_t level;      /* its confidence in %; 0 none */
    zh_str method;
} zh_asking;

/* Exact value behind a figure, in the indicator's unit; meaningful when has_value. */
typedef struct zh_answer_value {
    zh_figure *figure;
    zh_quotient exact;
} zh_answer_value;

zh_rc zh_asking_open(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query,
                     zh_asking *out) ZH_MUST;
/* num or den over the measures of a cell; *known false: it has no value. */
zh_rc zh_asking_eval(const zh_asking *a, const zh_program *program, const zh_cube_cell *cell,
                     bool *known, zh_exact *out) ZH_MUST;
/* As zh_figure_ask, with the exact value. */
zh_rc zh_figure_exact(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, unsigned depth,
                      zh_answer_value *out) ZH_MUST;
/* Sets value and shown from the exact value. */
zh_rc zh_figure_set(zh_ctx *ctx, zh_answer_value *out, zh_quotient exact) ZH_MUST;
/* Appends to the note, unless it says so already. A text without English stands in Chinese in
 * both. */
void zh_figure_note(zh_ctx *ctx, zh_figure *f, zh_label text);
void zh_figure_low_high(zh_ctx *ctx, zh_figure *f, double low, double high);
/* Marks small samples and mixed bases of a figure that has a value. */
void zh_figure_judge(zh_figure *f);
/* Records which cube answered: empty as soon as one part was recounted. */
void zh_figure_cube(zh_figure *f, const zh_cell_answer *answer, bool first);

/* indicator_kinds.c; the figure's identity is filled in already. */
zh_rc zh_figure_growth(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, unsigned depth,
                       zh_answer_value *out) ZH_MUST;
zh_rc zh_figure_composite(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, unsigned depth,
                          zh_answer_value *out) ZH_MUST;
zh_rc zh_figure_weighted(zh_asking *a, zh_answer_value *out) ZH_MUST;
zh_rc zh_figure_matched(zh_asking *a, zh_answer_value *out) ZH_MUST;
zh_rc zh_figure_design(zh_asking *a, zh_answer_value *out) ZH_MUST;
zh_rc zh_figure_quantile(zh_asking *a, zh_answer_value *out) ZH_MUST;

#endif
