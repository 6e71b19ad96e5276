/* What the pages of one indicator share: the question, its figure, its break-down. */
#ifndef ZH_WEB_PAGE_INDICATOR_H
#define ZH_WEB_PAGE_INDICATOR_H

#include "web/question.h"

/* Rows of the break-down on the page; all of them are in the CSV. */
#define ZH_INDICATOR_ROWS_MAX ((size_t)200)

typedef struct zh_indicator_page {
    zh_ui *ui;
    const zh_indicator *indicator;
    zh_question q;
    zh_str by; /* dimension or grain; empty: not broken down */
    zh_figure figure;
    zh_str *values; /* of the break-down */
    zh_figure *figures;
    size_t n;
} zh_indicator_page;

/* Reads {id}, region, period, as_of, by; ZH_ENOTFOUND (indicator.unknown), ZH_EINVAL. */
zh_rc zh_indicator_read(zh_ui *ui, zh_indicator_page *out) ZH_MUST;
zh_figure_query zh_indicator_query(const zh_indicator_page *page);
/* The figure of the question. */
zh_rc zh_indicator_ask(zh_indicator_page *page) ZH_MUST;
/* The break-down by page->by, in the order in which it is shown: periods by time, others by value
 * with what has none at the end. */
zh_rc zh_indicator_break(zh_indicator_page *page) ZH_MUST;
/* Whether the break-down is by time. */
bool zh_indicator_by_time(const zh_indicator_page *page);
/* The choices of `by`, at most max. */
size_t zh_indicator_dims(const zh_indicator_page *page, zh_option *out, size_t max);
/* A value of the break-down as it is shown. */
zh_str zh_indicator_value(const zh_indicator_page *page, zh_str value);
/* Region and period in words. */
zh_str zh_indicator_scope(const zh_indicator_page *page);
/* The list of the records behind a value of the break-down, by measure conditions of a program
 * (NULL: all); empty when it cannot be said as a condition of records. */
zh_str zh_indicator_records(const zh_indicator_page *page, const zh_str *value,
                            const zh_measure *measure);
/* This page's question as a query string on another path below the indicator. */
zh_str zh_indicator_sub(const zh_indicator_page *page, const char *below);

#endif
