/* Steps of two persons: what one has asked for and another has yet to confirm.
 *
 * zh_pending: office, id, register, record, version (on which it was asked for), transition, actor,
 *   form (what was given, as it was sent), at, decided_at, decided_by, taken (0 sent back, 1 taken)
 * A request holds for the version on which it was made: when the record has moved on, it is over.
 * Thread-safe. */
#ifndef ZH_CORE_RECORD_PENDING_H
#define ZH_CORE_RECORD_PENDING_H

#include "core/instance/core.h"

#define ZH_PENDING_FORM_BYTES_MAX ((size_t)64 << 10)
/* Stands for the second person while a step is only asked for. */
#define ZH_PENDING_SOMEBODY "?"
#define ZH_PENDING_MAX      20 /* open requests on one version of a record */

typedef struct zh_pending {
    int64_t office, id, record;
    int32_t version;
    zh_str transition, actor, form;
    zh_time at;
} zh_pending;

/* Keeps a request of ctx->actor on a record. ZH_ECONFLICT pending.twice: the same step has been
 * asked for on this version; ZH_ELIMIT: the form or the number of requests. */
zh_rc zh_pending_add(zh_ctx *ctx, const zh_record *record, const zh_transition *transition,
                     zh_str form) ZH_MUST;
/* The open requests on the record as it stands, oldest first. */
zh_rc zh_pending_list(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_pending **out,
                      size_t *n) ZH_MUST;
/* The same of what is not a step of a record: `subject` instead of a register, and what is asked
 * for as a whole in the form. One open request for the same form. With `about`, the request is to
 * erase values of that record, and whoever may confirm it is told. */
zh_rc zh_pending_ask(zh_ctx *ctx, zh_str subject, zh_str what, zh_str form,
                     const zh_record *about) ZH_MUST;
zh_rc zh_pending_asked(zh_ctx *ctx, zh_conn *conn, zh_str subject, zh_pending **out,
                       size_t *n) ZH_MUST;
/* Notes how it was decided, by ctx->actor. ZH_ECONFLICT: it has been decided already;
 * ZH_EDENIED pending.self: one's own request is not confirmed by oneself. */
zh_rc zh_pending_decide(zh_ctx *ctx, const zh_pending *pending, bool taken) ZH_MUST;

#endif
