/* What leaves the installation for a person: one digest a day by mail, and notices to webhooks.
 *
 * A delivery is a row that is written in the transaction of its cause and sent later by whoever
 * takes its lease: at least once, with `once` as the key by which the receiver knows a repetition
 * (Message-ID, Idempotency-Key). A process that dies while sending leaves the lease to end.
 *
 * zh_channel: office 0, login, email (empty: none), mailed (0: no digest)
 * zh_hook: office 0, id, login, url, secret (sealed, secret.h), created_at, ended_at (0: in use)
 * zh_delivery: office 0, id, once (unique), channel (mail, webhook, contact), login, target, event
 *   (of a webhook or contact: zh_notice.id; where a contact goes is read from the record when it is
 *   sent, so that no address of a person stands here), hook, subject, body, state, tries, next_at
 * (while it is being sent: the end of the lease), error, created_at, sent_at Thread-safe. */
#ifndef ZH_CORE_NOTICE_DELIVERY_H
#define ZH_CORE_NOTICE_DELIVERY_H

#include "core/notice/notice.h"

#define ZH_DELIVERY_TRIES_MAX  12                      /* the waits add up to most of a day */
#define ZH_DELIVERY_LEASE_US   ((zh_time)30 * 1000000) /* a sending takes ten at most */
#define ZH_DELIVERY_WAIT_MAX_S (6 * 3600)
#define ZH_DELIVERY_KEPT_US    ((zh_time)90 * 86400 * 1000000) /* then what was sent goes */
#define ZH_HOOKS_MAX           5                               /* of one login */
#define ZH_HOOK_URL_BYTES_MAX  1000
#define ZH_EMAIL_BYTES_MAX     254 /* RFC 5321 4.5.3.1.3 */
#define ZH_HOOK_SECRET_BYTES   32

#define ZH_DELIVERY_MAIL    "mail"
#define ZH_DELIVERY_WEBHOOK "webhook"
#define ZH_DELIVERY_CONTACT "contact" /* to the party of the record, who has no account */

/* States: waiting, sent, dead (given up), void (its reader may not see it any more), nothing (a
 * digest that had nothing to say). */
typedef struct zh_delivery {
    int64_t id, event, hook, tries;
    zh_str once, channel, login, target, subject, body, state, error;
    zh_time next_at, created_at, sent_at;
} zh_delivery;

/* ---- channels of a person -------------------------------------------------------------------- */

typedef struct zh_channel {
    zh_str login, email;
    bool mailed; /* wants the daily digest */
} zh_channel;
/* ZH_OK with an empty channel when nothing was ever said. */
zh_rc zh_channel_get(zh_conn *conn, zh_arena *arena, zh_str login, zh_channel *out,
                     zh_err *err) ZH_MUST;
/* Everybody who wants a digest and has an address. */
zh_rc zh_channels_mailed(zh_conn *conn, zh_arena *arena, zh_channel **out, size_t *n,
                         zh_err *err) ZH_MUST;
/* ZH_EINVAL email.form: not an address. Empty takes it away. */
zh_rc zh_channel_set(zh_core *core, const zh_channel *channel, zh_err *err) ZH_MUST;
/* A mailbox as RFC 5321 takes it, ASCII, without display name, comment or quotation. */
zh_rc zh_email_check(zh_str email, zh_err *err) ZH_MUST;

typedef struct zh_hook {
    int64_t id;
    zh_str login, url, secret;
    zh_time created_at;
} zh_hook;
/* ZH_ELIMIT hook.many; the form of the URL is the caller's to check. secret: for the receiver, told
 * once. */
zh_rc zh_hook_add(zh_core *core, zh_str login, zh_str url,
                  char secret[2 * ZH_HOOK_SECRET_BYTES + 1], zh_err *err) ZH_MUST;
/* ZH_ENOTFOUND: none of that login. */
zh_rc zh_hook_end(zh_core *core, zh_str login, int64_t id, zh_err *err) ZH_MUST;
zh_rc zh_hooks_of(zh_conn *conn, zh_arena *arena, zh_str login, zh_hook **out, size_t *n,
                  zh_err *err) ZH_MUST;
/* The secrets of this list stand sealed; that of zh_hook_get is open. ZH_ENOTFOUND also when it was
 * ended; the errors of zh_secret_open. */
zh_rc zh_hook_get(zh_core *core, zh_conn *conn, zh_arena *arena, int64_t id, zh_hook *out,
                  zh_err *err) ZH_MUST;

/* ---- the queue ------------------------------------------------------------------------------- */

/* In the open transaction: a delivery to every hook of a login. */
zh_rc zh_delivery_for_hooks(zh_core *core, zh_conn *conn, zh_str login,
                            const zh_notice_event *event, zh_err *err) ZH_MUST;
/* In the open transaction: a delivery to the contact of the event's record. */
zh_rc zh_delivery_for_contact(zh_core *core, zh_conn *conn, const zh_notice_event *event,
                              zh_err *err) ZH_MUST;
/* One of which `once`, channel, login, target, subject, body and state are given; one of that
 * `once` stays as it is. */
zh_rc zh_delivery_add(zh_core *core, const zh_delivery *delivery, zh_err *err) ZH_MUST;
zh_rc zh_delivery_exists(zh_conn *conn, zh_str once, bool *out, zh_err *err) ZH_MUST;
/* When the newest of a login was written; 0: never. */
zh_rc zh_delivery_last(zh_conn *conn, zh_str channel, zh_str login, zh_time *out,
                       zh_err *err) ZH_MUST;
/* The next one that is due, under a lease of this caller. ZH_ENOTFOUND: none. */
zh_rc zh_delivery_take(zh_core *core, zh_arena *arena, zh_time now, zh_delivery *out,
                       zh_err *err) ZH_MUST;
/* How it ended: state sent or void; waiting: it is tried again after a while, doubled each time,
 * or dead after the last; dead at once. why: for people, may be empty. */
zh_rc zh_delivery_end(zh_core *core, const zh_delivery *delivery, const char *state, zh_str why,
                      zh_time now, zh_err *err) ZH_MUST;
/* Of one state (empty: all), newest first. login empty: of everybody. Without bodies. */
zh_rc zh_delivery_list(zh_conn *conn, zh_arena *arena, zh_str state, zh_str login, size_t limit,
                       zh_delivery **out, size_t *n, zh_err *err) ZH_MUST;
/* Tries a dead one again. ZH_ENOTFOUND. */
zh_rc zh_delivery_retry(zh_core *core, int64_t id, zh_err *err) ZH_MUST;

/* The event of a webhook's delivery. ZH_ENOTFOUND: it is forgotten. */
zh_rc zh_notice_event_get(zh_conn *conn, zh_arena *arena, int64_t id, zh_notice_event *out,
                          zh_err *err) ZH_MUST;

#endif
