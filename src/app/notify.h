/* What persons are sent: the digest of a day by mail, and their notices to webhooks.
 *
 * The digest of a person stands in one row for each day, written at the set hour of a working day
 * and never again: what is due today, overdue, returned to them and new, over all their posts. A
 * day with nothing leaves a row that says so. Webhooks get what their owner would see, evaluated
 * when it is sent. Thread-safe; several processes may run it at once. */
#ifndef ZH_APP_NOTIFY_H
#define ZH_APP_NOTIFY_H

#include "core/notice/delivery.h"
#include "model/contact.h"
#include "net/smtp.h"

#define ZH_NOTIFY_TIMEOUT_MS   10000u
#define ZH_NOTIFY_RUN_MAX      200               /* deliveries of one round … */
#define ZH_NOTIFY_ROUND_US     UINT64_C(2000000) /* … and when none is begun any more */
#define ZH_NOTIFY_ITEMS_MAX    20 /* listed in one section of a digest; the rest is counted */
#define ZH_NOTIFY_SETTING_MAX  1000
#define ZH_NOTIFY_DIGEST_HOUR  8
#define ZH_NOTIFY_FIRST_NEWS_S (7 * 86400) /* how far back a first digest looks */

/* Settings of the installation, by name without "notify.": see zh_notify_setting_names. */
typedef struct zh_notify_settings {
    zh_str url;  /* of this installation, as readers reach it, without '/' at its end */
    zh_str host; /* of the mail server; empty: no mail is sent */
    zh_str port, from, from_name, user, password_file;
    zh_smtp_security security;
    int hour;                            /* of the digest, 0 … 23 */
    zh_str letters, letters_secret_file; /* gateway of parties without an account; empty: none */
    zh_str webhooks; /* host:port … that webhooks may reach although they are not public */
} zh_notify_settings;

zh_rc zh_notify_settings_read(zh_conn *conn, zh_arena *arena, zh_notify_settings *out,
                              zh_err *err) ZH_MUST;
typedef struct zh_notify_setting {
    const char *name, *otherwise, *zh;
} zh_notify_setting;
/* All of them. */
const zh_notify_setting *zh_notify_setting_list(size_t *n);
/* ZH_EINVAL notify.setting: no such name, or a value that it cannot have. */
zh_rc zh_notify_setting_set(zh_core *core, zh_str name, zh_str value, zh_err *err) ZH_MUST;

/* Whether a webhook may go there: https to anywhere public, or http(s) to what is declared.
 * *declared: it is. ZH_EINVAL, ZH_EDENIED. The address is looked at again when it is sent. */
zh_rc zh_notify_url_check(const zh_notify_settings *settings, zh_arena *arena, zh_str url,
                          bool *declared, zh_err *err) ZH_MUST;

/* Digests that are due at an instant; *made: rows written. */
zh_rc zh_digests_run(zh_core *core, zh_time now, size_t *made, zh_err *err) ZH_MUST;
/* Sends what is due; *sent: taken over by their receivers. */
zh_rc zh_deliveries_run(zh_core *core, size_t *sent, zh_err *err) ZH_MUST;

/* The value of the signature header for a body sent at an instant (seconds): v1= and HMAC-SHA256 of
 * "SECONDS.BODY" under the hook's secret as text. */
zh_str zh_webhook_signature(zh_arena *arena, zh_str secret, int64_t seconds, zh_str body);

/* What a notice says, in Chinese: 退回修改, 审查期限将到, … */
zh_str zh_notify_words(zh_arena *arena, const zh_register *reg, zh_str cause, zh_str name);
/* What a party without an account is told of their record: its number, the public name of its state
 * and the lookup code; nothing about a person. */
zh_str zh_notify_contact_text(zh_arena *arena, const zh_notify_settings *settings,
                              const zh_record *record, const zh_contact *contact);

#endif
