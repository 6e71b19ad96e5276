/* Answers to writes that carry their receipt. "Prefer: wait" or "Prefer: wait=SECONDS" (RFC 7240,
 * 4.3) asks to be answered only when the entry stands in a signed checkpoint. */
#ifndef ZH_WEB_FRAME_RECEIPT_H
#define ZH_WEB_FRAME_RECEIPT_H

#include "base/json.h"
#include "core/record/record.h"
#include "web/frame/page.h"

#define ZH_WAIT_SECONDS_DEFAULT 10u

/* Whether the request asks for it. */
bool zh_receipt_wanted(const zh_http_request *request);
/* Members position, sealed and checkpoint of the object the writer has open: the entry of a version
 * just written, waited for when the request asks for it; then Preference-Applied is set. Without
 * the preference none. Holds no connection while it waits (see zh_ui_let_go). */
zh_rc zh_receipt_put(zh_ui *ui, const zh_register *reg, const zh_applied *at, zh_place place,
                     zh_jw *w) ZH_MUST;

#endif
