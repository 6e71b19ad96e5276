/* Notices as they stand on pages: what they say, and under which matter they are grouped. */
#ifndef ZH_WEB_PEOPLE_NOTICE_PART_H
#define ZH_WEB_PEOPLE_NOTICE_PART_H

#include "core/notice/notice.h"
#include "model/obligation.h"
#include "web/frame/show.h"

/* What happened, in the reader's language: 退回修改, 审查期限将届满, … */
zh_str zh_notice_text(zh_ui *ui, const zh_notice_group *group);
/* What the reader's other posts were told, each with a button that acts in it; nothing when there
 * is nothing. */
void zh_notice_elsewhere_note(zh_ui *ui);
/* Loads the titles of the records they tell of. */
zh_rc zh_notice_titles(zh_show *show, const zh_notice_group *groups, size_t n) ZH_MUST;
/* Orders groups by matter: the reporting obligation of an expected item, else the register; matters
 * in the order of their newest notice. matters has one label for each group. */
zh_rc zh_notice_by_matter(zh_ui *ui, zh_notice_group *groups, size_t n, zh_str **matters) ZH_MUST;

#endif
