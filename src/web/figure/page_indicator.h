/* What the pages of one indicator share: the question, its figure, its break-down. */
#ifndef ZH_WEB_FIGURE_PAGE_INDICATOR_H
#define ZH_WEB_FIGURE_PAGE_INDICATOR_H

#include "web/frame/question.h"

/* Rows of the break-down on the page, and with rows=all; all of them are in the CSV. */
#define ZH_INDICATOR_ROWS_MAX ((size_t)50)
#define ZH_INDICATOR_ROWS_ALL ((size_t)5000)

/* Choices of a break-down. */
#define ZH_INDICATOR_DIMS_MAX ((size_t)32)

typedef struct zh_indicator_page {
    zh_ui *ui;
    const zh_indicator *indicator;
    zh_question q;
    zh_str by; /* dimension or grain; empty: not broken down */
    zh_figure figure;
    zh_str *values; /* of the break-down */
    zh_figure *figures;
    size_t n;
    zh_str *years; /* all of them, whatever period is asked; none without an event time */
    zh_figure *year_figures;
    size_t nyears;
} zh_indicator_page;

/* Reads {id}, region, period, as_of, by; ZH_ENOTFOUND (indicator.unknown), ZH_EINVAL. */
zh_rc zh_indicator_read(zh_ui *ui, zh_indicator_page *out) ZH_MUST;
zh_figure_query zh_indicator_query(const zh_indicator_page *page);
/* The figure of the question. */
zh_rc zh_indicator_ask(zh_indicator_page *page) ZH_MUST;
/* The break-down by page->by, in the order in which it is shown: periods by time, others by value
 * with what has none at the end. */
zh_rc zh_indicator_break(zh_indicator_page *page) ZH_MUST;
/* Fills years. */
zh_rc zh_indicator_years(zh_indicator_page *page) ZH_MUST;
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
/* How a value was made, formula or method, in the reader's language: the core tells it in Chinese,
 * from a few fixed words and declared ids. */
zh_str zh_indicator_made(const zh_ui *ui, zh_str text);
/* This page's question as a query string on another path below the indicator. */
zh_str zh_indicator_sub(const zh_indicator_page *page, const char *below);

/* Where a value of the break-down leads: its own page when it is a period or a region, else its
 * records. */
zh_str zh_indicator_row_url(const zh_indicator_page *page, zh_str value);
/* The break-down in words: by year. */
zh_str zh_indicator_by_words(const zh_indicator_page *page);
/* A figure's value with its unit: 1,234.5 km. */
zh_str zh_indicator_shown(const zh_indicator_page *page, const zh_figure *f);
/* The least n that is ranked: the declared n_min; two where a single unit says nothing of a spread.
 */
int64_t zh_indicator_least(const zh_indicator *indicator);

/* ---- drawings ---- */

typedef struct zh_indicator_figure {
    zh_draw *list;   /* NULL: nothing to draw */
    zh_draw *narrow; /* the same for a phone, when linked */
    zh_str title;    /* the finding; also without a drawing */
    zh_str what;     /* quantity, scope, unit */
    zh_str read;     /* how to read it */
    size_t drawn;    /* rows of the drawing when it may leave some out, else 0 */
} zh_indicator_figure;

/* The break-down: over time columns of counts, else period segments; by a dimension Pareto bars of
 * counts, else interval rows. Marks lead to their pages when linked. */
void zh_indicator_draw(const zh_indicator_page *page, bool linked, zh_indicator_figure *out);
/* Whose proportion lies outside what chance lets expect of its size, as a funnel; nothing over time
 * or where a figure has no interval of a proportion. */
void zh_indicator_draw_funnel(const zh_indicator_page *page, bool linked, zh_indicator_figure *out);
/* A mean by regions in the year asked (or the newest) and the year before, as a slope; nothing
 * where there are no such two years or too many places. Needs the break-down and years; asks for
 * the two. */
zh_rc zh_indicator_draw_years(const zh_indicator_page *page, bool linked,
                              zh_indicator_figure *out) ZH_MUST;

#endif
