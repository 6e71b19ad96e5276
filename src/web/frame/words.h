/* A condition of the expression language in words: 生产地（省）是 湖北省 且 严重程度 ≥ 较重. */
#ifndef ZH_WEB_FRAME_WORDS_H
#define ZH_WEB_FRAME_WORDS_H

#include "web/frame/page.h"

/* In the reader's language, in the page's arena; what has no words stands as its expression. */
zh_str zh_words(zh_ui *ui, const zh_expr *node);
/* Whether a condition is field >= 2015-01-01 and field < 2016-01-01, the year 2015. */
bool zh_words_year(const zh_expr *node, const zh_field *field, zh_date *first, zh_date *last);
/* The field with its level, as a condition names it. */
zh_str zh_words_field(zh_ui *ui, const zh_field *field, uint16_t level);
/* The name of a level of a code system: 省, 市州 …; its number when it has none. */
zh_str zh_words_level(zh_ui *ui, const zh_codes *codes, uint16_t level);

#endif
