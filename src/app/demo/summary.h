/* What the demo shows for a start: questions asked of the database, with the origin of each answer.
 *
 * The questions are data (packs/demo/data/summary.csv): nothing of an answer is written down. */
#ifndef ZH_APP_DEMO_SUMMARY_H
#define ZH_APP_DEMO_SUMMARY_H

#include "app/demo/origin.h"
#include "core/figure/indicator.h"

#define ZH_DEMO_ANSWERS_MAX ((size_t)500)

typedef struct zh_demo_answer {
    zh_str group, title;
    zh_str key;      /* of a break-down: the value, with its name when it is a code */
    zh_str key_code; /* the value itself */
    bool is_list;    /* obsolete codes with their successors: lines, and no figure */
    zh_str *lines;
    size_t nlines;
    zh_figure figure;
    zh_str region;            /* name; empty: everywhere */
    zh_str period;            /* the one asked about, else that of the data set */
    zh_str where, filter, by; /* as asked; may be empty */
    const zh_demo_origin *origin;
} zh_demo_answer;

/* The answers of a tour, in the order of the questions. conn should be inside zh_read_begin.
 * ZH_EINVAL: a question that cannot be asked of this model. Everything lives in ctx->arena. */
zh_rc zh_demo_summary(zh_ctx *ctx, zh_conn *conn, zh_str tour, zh_demo_answer **out,
                      size_t *n) ZH_MUST;

#endif
