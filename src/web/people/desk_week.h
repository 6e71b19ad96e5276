/* The fortnight on the workbench: how much is due on each day. */
#ifndef ZH_WEB_PEOPLE_DESK_WEEK_H
#define ZH_WEB_PEOPLE_DESK_WEEK_H

#include "core/people/desk.h"
#include "web/frame/page.h"

/* chosen: the day that is asked for; NULL: none. Every count leads to its list. */
void zh_desk_week(zh_ui *ui, const zh_desk_counts *counts, zh_time now, const zh_date *chosen);

#endif
