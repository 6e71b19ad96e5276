/* Shared by the files of the flow layer: where on which page the next block goes, and text set into
 * lines. Private to app/report. */
#ifndef ZH_APP_REPORT_FLOW_H
#define ZH_APP_REPORT_FLOW_H

#include "app/report/doc.h"
#include "base/vec.h"

/* Points. The text block is 471 wide: 40 characters of prose. */
#define ZH_FLOW_LEFT   62.0
#define ZH_FLOW_WIDTH  (ZH_PDF_A4_WIDTH - 2 * ZH_FLOW_LEFT)
#define ZH_FLOW_TOP    82.0
#define ZH_FLOW_BOTTOM 772.0
#define ZH_FLOW_AFTER  16.0 /* space below a figure or table */

typedef struct zh_flow {
    zh_arena *arena;
    zh_ruler *ruler;
    const zh_doc *doc;
    zh_err *err;
    zh_rc rc; /* the first failure: nothing is set after it */
    ZH_VEC(zh_draw *) pages;
    zh_draw *page;
    double y;              /* where the next block begins */
    size_t *page_of;       /* of each block, from 1 */
    const size_t *earlier; /* page_of of the pass before; NULL in the first */
    ZH_VEC(zh_pdf_outline) outline;
} zh_flow;

/* A text broken into lines. */
typedef struct zh_set {
    zh_doc_text text;
    zh_font font;
    double indent, leading;
    zh_text_line *lines;
    size_t n;
} zh_set;

void zh_flow_page(zh_flow *flow);              /* begins a page */
void zh_flow_need(zh_flow *flow, double room); /* begins one unless so much is left */
/* Empty when the flow has failed. */
zh_set zh_flow_set(zh_flow *flow, zh_doc_text text, zh_font font, double width, double indent,
                   double leading);
zh_set zh_flow_plain(zh_flow *flow, zh_str text, zh_font font, double width, double leading);
double zh_flow_high(const zh_set *set);
/* Draws lines [from, to), the first with its top at y. */
void zh_flow_lines(zh_flow *flow, const zh_set *set, size_t from, size_t to, double x, double y);
double zh_flow_width(zh_flow *flow, zh_str text, zh_font font);

/* Head and foot that figures and tables share: the graduated rule, the finding, what is shown; how
 * to read it, the source. */
typedef struct zh_flow_frame {
    zh_set title, what, read, source;
} zh_flow_frame;
zh_flow_frame zh_flow_frame_of(zh_flow *flow, const zh_doc_block *block);
double zh_flow_head_high(const zh_flow_frame *frame);
double zh_flow_foot_high(const zh_flow_frame *frame);
void zh_flow_head(zh_flow *flow, const zh_flow_frame *frame);
void zh_flow_foot(zh_flow *flow, const zh_flow_frame *frame);

void zh_flow_table(zh_flow *flow, const zh_doc_block *block);
/* What of a table must stand together at its beginning. */
double zh_flow_table_lead(zh_flow *flow, const zh_doc_block *block);

#endif
