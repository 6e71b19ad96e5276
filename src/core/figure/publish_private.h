/* Shared by publish.c and publish_open.c. */
#ifndef ZH_CORE_FIGURE_PUBLISH_PRIVATE_H
#define ZH_CORE_FIGURE_PUBLISH_PRIVATE_H

#include "core/figure/publish.h"

/* The two lists of a figure, and the sums of the first. */
typedef struct zh_figure_lists {
    zh_str detail, frame;
    zh_digest detail_root, frame_root;
    uint64_t details, frames;
    zh_str num, den; /* sums; empty when there is none */
} zh_figure_lists;

/* Counts as of query->as_of (a size). ZH_ELIMIT (figure.records). */
zh_rc zh_figure_count(zh_ctx *ctx, zh_conn *conn, const zh_figure_query *query, zh_hash_alg alg,
                      zh_figure_lists *out) ZH_MUST;
/* "sum", or how else the value comes from the records: distinct, growth, weighted, matched, design,
 * quantile, composite, expression. */
zh_str zh_figure_fold(const zh_indicator *indicator);
/* What the value means, to the last digit: the text whose SHA-256 is the formula's version. */
zh_str zh_figure_formula(zh_ctx *ctx, const zh_figure *figure);
/* The question as JSON, and back against the present model. ZH_ENOTFOUND: the indicator is gone. */
zh_str zh_figure_question(zh_arena *arena, const zh_figure_query *query);
zh_rc zh_figure_question_read(zh_ctx *ctx, zh_str text, zh_figure_query *out) ZH_MUST;

#endif
