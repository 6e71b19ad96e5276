/* Published figures on more than one page. */
#ifndef ZH_WEB_FIGURE_FIGURES_H
#define ZH_WEB_FIGURE_FIGURES_H

#include "core/figure/publish.h"
#include "web/frame/part.h"

/* A button that publishes an indicator's answer and leads to its page. region, period: as in the
 * page's address; may be empty. */
void zh_figures_form(zh_ui *ui, zh_str indicator, zh_str region, zh_str period);
/* Figures as a table, each a link to its page. */
void zh_figures_table(zh_ui *ui, const zh_published *list, size_t n);
/* The page of a publication (a report, a board's snapshot) as a cell; empty for a single figure. */
void zh_publication_link(zh_grid *grid, zh_str publication);
/* Why the reader cannot publish an indicator's figure (NULL: every one's), and who can; empty: they
 * can. */
zh_str zh_publication_why(zh_ui *ui, const zh_indicator *indicator);
/* What waits for a second person, and the form that publishes the board. */
zh_rc zh_publication_ask(zh_ui *ui) ZH_MUST;

#endif
