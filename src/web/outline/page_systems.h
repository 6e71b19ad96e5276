/* What the list of mechanisms and the page of one share. */
#ifndef ZH_WEB_OUTLINE_PAGE_SYSTEMS_H
#define ZH_WEB_OUTLINE_PAGE_SYSTEMS_H

#include "core/adoption/mechanism.h"
#include "web/frame/part.h"

/* Its state as a mark with a word. */
void zh_system_lamp(zh_ui *ui, const zh_standing *standing);
/* What it lacks to be running: 缺流程、指标; empty when it lacks nothing. */
zh_str zh_system_lacks(const zh_ui *ui, const zh_standing *standing);

/* The area of a mechanism in the reader's language. */
zh_str zh_system_area(const zh_ui *ui, zh_str area);

#endif
