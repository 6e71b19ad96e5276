/* Figures and tables of a report, made from its answers as the declaration says. */
#ifndef ZH_APP_REPORT_SHOW_H
#define ZH_APP_REPORT_SHOW_H

#include "app/report/say.h"
#include "base/vec.h"
#include "fmt/chart.h"

#define ZH_REPORT_ORIGINS_MAX ((size_t)64)
#define ZH_REPORT_CHART_WIDTH 640.0

typedef struct zh_show {
    zh_ctx *ctx;
    const zh_asks *asks;
    zh_str stamp;                                         /* 截至 … */
    const zh_demo_origin *origins[ZH_REPORT_ORIGINS_MAX]; /* in order of first use */
    size_t norigins;
    zh_str base;          /* address of the served pages */
    bool base_local;      /* only this machine reaches it */
    bool served;          /* marks lead to the served pages, not to places of the document */
    double width, narrow; /* of drawings; narrow 0: none for phones */
} zh_show;

/* The served page of a question, or of one of its rows: a period or a region. */
zh_str zh_show_page(const zh_show *show, const zh_ask *ask, const zh_ask_row *row);
/* Where a mark leads. */
zh_str zh_show_href(const zh_show *show, const zh_ask *ask, const zh_ask_row *row);

/* Number under which an origin is listed, from 1; 0 for NULL. */
size_t zh_show_origin(zh_show *show, const zh_demo_origin *origin);
/* [1] 标题，发布者；n …；截至 …: the line below a figure made from these answers. */
zh_str zh_show_sources(zh_show *show, const zh_yaml *item, zh_ask *const *asks, size_t n,
                       zh_doc_block *block);
/* The answer that an item of the declaration names; ZH_EINVAL when there is none of these kinds. */
zh_rc zh_show_ask(zh_show *show, const zh_yaml *name, zh_ask **out) ZH_MUST;
/* A row of an answer as a mark of a chart. */
zh_reading zh_show_reading(zh_show *show, const zh_ask *ask, const zh_ask_row *row);
/* The value rounded to fewer digits than the indicator's. */
zh_str zh_show_digits(zh_show *show, const zh_figure *figure, zh_str digits);
zh_rc zh_show_refuse(zh_show *show, const zh_yaml *node, const char *rule, const char *what,
                     zh_str name);
/* A whole number under a key, or `otherwise`. */
size_t zh_show_number(const zh_yaml *item, const char *key, size_t otherwise);

/* `figure:` KIND (periods rows slope tiles areas status forest pareto columns control) and `table:`
 * KIND (values matrix pairs change records asks sources). ZH_EINVAL with file and line. */
zh_rc zh_show_figure(zh_show *show, const zh_yaml *item, zh_doc_block *block) ZH_MUST;
zh_rc zh_show_table(zh_show *show, const zh_yaml *item, zh_doc_block *block) ZH_MUST;

#endif
