/* Notices: who is told what happened to a record, or what will.
 *
 * A write puts one row into zh_notice in its own transaction: which record, and why it is told
 * about, never to whom. zh_notices_run finds the readers afterwards, by the declared audience, and
 * only those who may see the record; their copies (zh_inbox) name the record and hold none of its
 * data, so whoever reads one later sees what they may see then.
 *
 * zh_notice: office, id, record, version, at, done_at, register, cause, name, actor
 * zh_inbox: office 0, login, event (zh_notice.id), post (code, in which it was addressed),
 *   register, record_office, record, cause, name, at, read_at
 * zh_mute: office 0, login, register, record_office, record
 *
 * Nobody is told of what they did themselves, nor of what happened more than ZH_NOTICE_FRESH_US
 * before it was written (a history that is imported). Thread-safe. */
#ifndef ZH_CORE_NOTICE_NOTICE_H
#define ZH_CORE_NOTICE_NOTICE_H

#include "core/instance/core.h"
#include "core/record/notice_event.h"

#define ZH_NOTICE_KEPT_US     ((zh_time)400 * 86400 * 1000000) /* then copies that were read go */
#define ZH_NOTICE_READERS_MAX ((size_t)1000)                   /* told of one event */
#define ZH_NOTICE_GROUPS_MAX  ((size_t)200)                    /* of one page */

typedef struct zh_notice_run {
    size_t events, copies;
} zh_notice_run;

/* Finds the readers of what has been written since; each event in a transaction of its own, so that
 * a process that dies leaves the rest for the next. Several processes may do it at once. */
zh_rc zh_notices_run(zh_core *core, zh_time now, zh_notice_run *out, zh_err *err) ZH_MUST;

/* ---- the reader's side ----------------------------------------------------------------------- */

/* All that one reader was told of one record. */
typedef struct zh_notice_group {
    const zh_register *reg;
    int64_t office, id;
    int64_t n, unread;
    zh_time at; /* of the newest */
    zh_str cause, name;
    const zh_record *record; /* as the reader may see it now */
} zh_notice_group;

typedef struct zh_notice_list {
    zh_notice_group *groups; /* the newest first */
    size_t n;
    size_t hidden; /* more groups, of records that the post may not see (any more) */
    bool more;
} zh_notice_list;

/* Groups of ctx->actor in the post (its code) in which ctx acts, that have something unread, or
 * all. limit at most ZH_NOTICE_GROUPS_MAX. */
zh_rc zh_notice_groups(zh_ctx *ctx, zh_conn *conn, bool all, size_t limit, zh_str post,
                       zh_notice_list *out) ZH_MUST;
/* Records with something unread of a login in a post: what the masthead shows. */
zh_rc zh_notice_unread(zh_conn *conn, zh_str login, zh_str post, int64_t *out, zh_err *err) ZH_MUST;
/* What the login was told in other posts than this one and has not read: a post's code, and how
 * many records. Also of posts that have ended. In the order of their codes. */
typedef struct zh_notice_post {
    zh_str post;
    int64_t unread;
} zh_notice_post;
zh_rc zh_notice_elsewhere(zh_conn *conn, zh_arena *arena, zh_str login, zh_str post,
                          zh_notice_post **out, size_t *n, zh_err *err) ZH_MUST;
/* Marks what the reader was told of a record as read. */
zh_rc zh_notice_read(zh_ctx *ctx, const zh_register *reg, int64_t office, int64_t id) ZH_MUST;
/* The same of every record, told in a post (its code): what another post was told stays new. */
zh_rc zh_notice_read_all(zh_ctx *ctx, zh_str post) ZH_MUST;
/* Tells the reader nothing more of a record, or again. */
zh_rc zh_notice_mute(zh_ctx *ctx, const zh_register *reg, int64_t office, int64_t id,
                     bool mute) ZH_MUST;
zh_rc zh_notice_muted(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                      int64_t id, bool *out) ZH_MUST;

#endif
