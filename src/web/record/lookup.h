/* What a party that hands in a record without being able to read it is given. */
#ifndef ZH_WEB_RECORD_LOOKUP_H
#define ZH_WEB_RECORD_LOOKUP_H

#include "core/record/record.h"
#include "web/frame/page.h"

/* Whether the reader of the page gets number and query code instead of the record just made. */
bool zh_lookup_is_given(const zh_ui *ui, const zh_register *reg);
/* The page with them. Reads in a snapshot of its own when the request's was let go. */
zh_rc zh_lookup_made(zh_ui *ui, const zh_register *reg, const zh_applied *made) ZH_MUST;

#endif
