/* From a declaration to a document: the questions are asked, the sentences said, the figures drawn
 * and the tables filled. What reports and the pages of studies have in common. */
#ifndef ZH_APP_REPORT_COMPOSE_H
#define ZH_APP_REPORT_COMPOSE_H

#include "app/report/doc.h"
#include "app/report/show.h"

typedef struct zh_compose_options {
    zh_str base;     /* address before the paths of served pages; may be empty */
    bool base_local; /* only this machine reaches it */
    int64_t as_of;   /* ZH_AS_OF_NOW or a log size */
    bool served;     /* marks lead to served pages instead of places of the document */
    bool english;
    double width, narrow; /* of drawings; 0: the paper's width, and none for phones */
} zh_compose_options;

typedef struct zh_composed {
    zh_doc doc;
    zh_asks asks;
    zh_show show;
    int64_t missing; /* sentences and figures that lacked a value */
    int64_t position;
} zh_composed;

/* Everything lives in ctx->arena and borrows from the declaration. conn should be inside
 * zh_read_begin. ZH_EINVAL with file and line: the declaration; ZH_ELIMIT: the caps of asks and
 * documents. */
zh_rc zh_report_compose(zh_ctx *ctx, zh_conn *conn, const zh_yaml *declared,
                        const zh_compose_options *options, zh_composed *out) ZH_MUST;

#endif
