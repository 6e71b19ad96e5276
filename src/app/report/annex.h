/* The annex of a report: its figures, published so that each opens down to its records. */
#ifndef ZH_APP_REPORT_ANNEX_H
#define ZH_APP_REPORT_ANNEX_H

#include "app/report/compose.h"

/* Publishes every figure of the composed document that was counted from records, and appends a
 * chapter that lists them, each with its number and a QR code of its page. *published = how many.
 * Writes: no snapshot may be open on this thread. */
zh_rc zh_report_annex(zh_ctx *ctx, zh_composed *made, zh_str publication,
                      size_t *published) ZH_MUST;

#endif
