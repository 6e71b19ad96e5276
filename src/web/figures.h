/* Publishing a figure from another page. */
#ifndef ZH_WEB_FIGURES_H
#define ZH_WEB_FIGURES_H

#include "web/page.h"

/* A button that publishes an indicator's answer and leads to its page. region, period: as in the
 * page's address; may be empty. */
void zh_figures_form(zh_ui *ui, zh_str indicator, zh_str region, zh_str period);

#endif
