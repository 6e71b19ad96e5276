/* Channels of persons, and the queue of what leaves for them. */
#include "core/notice/delivery.h"
#include "base/os.h"
#include "core/instance/core_private.h"
#include "core/instance/secret.h"
#include <inttypes.h>
#include <string.h>

enum { SECONDS = 1000000, WAIT_S = 60, ERROR_BYTES_MAX = 400 };

/* ---- channels -------------------------------------------------------------------------------- */

static bool is_atom(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* RFC 5321 4.1.2: Dot-string "@" Domain, letters, digits and hyphens in the labels. */
zh_rc zh_email_check(zh_str email, zh_err *err)
{
    ptrdiff_t at = zh_str_chr(email, '@');
    bool fits = at > 0 && at <= 64 && email.n <= ZH_EMAIL_BYTES_MAX && (size_t)at + 1 < email.n;
    char before = '.';
    for (size_t i = 0; i < email.n && fits; i++) {
        char c = email.p[i];
        if (i == (size_t)at) {
            fits = before != '.';
            c = '.'; /* the domain begins anew */
        } else if (c == '.') {
            fits = before != '.' && i + 1 < email.n;
        } else {
            bool label = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || (c == '-' && before != '.');
            fits = i < (size_t)at ? is_atom(c) : label;
        }
        before = c;
    }
    if (!fits) {
        zh_err_set(err, ZH_EINVAL, "email.form", "这不是可用的邮箱地址");
        zh_err_fix(err, "形如 name@example.org，只用英文字母、数字和常用符号");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static zh_rc read_channels(zh_conn *conn, zh_arena *arena, zh_str sql, const zh_sql_value *key,
                           size_t nkeys, zh_channel **out, size_t *n, zh_err *err)
{
    ZH_VEC(zh_channel) list = {0};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, sql, key, nkeys, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_channel one = {.login = zh_str_dup(arena, zh_col_str(stmt, 0)),
                          .email = zh_str_dup(arena, zh_col_str(stmt, 1)),
                          .mailed = zh_col_i64(stmt, 2) != 0};
        zh_vec_push(arena, &list, one);
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_channel_get(zh_conn *conn, zh_arena *arena, zh_str login, zh_channel *out, zh_err *err)
{
    zh_channel *list = NULL;
    size_t n = 0;
    zh_sql_value key = ZH_SQL_STR(login);
    zh_rc rc = read_channels(
        conn, arena,
        ZH_STR("SELECT login, email, mailed FROM zh_channel WHERE office = 0 AND login = ?"), &key,
        1, &list, &n, err);
    *out = n > 0 ? list[0] : (zh_channel){.login = login, .email = ZH_STR("")};
    return rc;
}

zh_rc zh_channels_mailed(zh_conn *conn, zh_arena *arena, zh_channel **out, size_t *n, zh_err *err)
{
    return read_channels(conn, arena,
                         ZH_STR("SELECT login, email, mailed FROM zh_channel WHERE office = 0 AND "
                                "mailed = 1 AND email <> '' ORDER BY login"),
                         NULL, 0, out, n, err);
}

static zh_rc write_channel(void *user, zh_conn *conn, zh_err *err)
{
    const zh_channel *c = user;
    zh_sql_value row[] = {ZH_SQL_STR(c->login), ZH_SQL_STR(c->email), ZH_SQL_INT(c->mailed)};
    return zh_run(conn,
                  "INSERT INTO zh_channel (office, login, email, mailed) VALUES (0, ?, ?, ?) ON "
                  "CONFLICT (office, login) DO UPDATE SET email = excluded.email, mailed = "
                  "excluded.mailed",
                  row, ZH_COUNTOF(row), NULL, err);
}

zh_rc zh_channel_set(zh_core *core, const zh_channel *channel, zh_err *err)
{
    zh_channel c = *channel;
    zh_rc rc = c.email.n > 0 ? zh_email_check(c.email, err) : ZH_OK;
    return rc == ZH_OK ? zh_core_write(core, write_channel, &c, err) : rc;
}

/* ---- webhooks -------------------------------------------------------------------------------- */

static zh_rc read_hooks(zh_conn *conn, zh_arena *arena, zh_str sql, zh_sql_value key, zh_hook **out,
                        size_t *n, zh_err *err)
{
    ZH_VEC(zh_hook) list = {0};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, sql, &key, 1, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_hook one = {.id = zh_col_i64(stmt, 0),
                       .login = zh_str_dup(arena, zh_col_str(stmt, 1)),
                       .url = zh_str_dup(arena, zh_col_str(stmt, 2)),
                       .secret = zh_str_dup(arena, zh_col_str(stmt, 3)),
                       .created_at = zh_col_i64(stmt, 4)};
        zh_vec_push(arena, &list, one);
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_hooks_of(zh_conn *conn, zh_arena *arena, zh_str login, zh_hook **out, size_t *n,
                  zh_err *err)
{
    return read_hooks(conn, arena,
                      ZH_STR("SELECT id, login, url, secret, created_at FROM zh_hook WHERE office "
                             "= 0 AND login = ? AND ended_at = 0 ORDER BY id"),
                      ZH_SQL_STR(login), out, n, err);
}

zh_rc zh_hook_get(zh_core *core, zh_conn *conn, zh_arena *arena, int64_t id, zh_hook *out,
                  zh_err *err)
{
    zh_hook *list = NULL;
    size_t n = 0;
    zh_rc rc = read_hooks(conn, arena,
                          ZH_STR("SELECT id, login, url, secret, created_at FROM zh_hook WHERE "
                                 "office = 0 AND id = ? AND ended_at = 0"),
                          ZH_SQL_INT(id), &list, &n, err);
    if (rc == ZH_OK && n == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "hook.unknown", "没有这个 webhook");
    }
    *out = n > 0 ? list[0] : (zh_hook){0};
    zh_str whose = zh_str_fmt(arena, "%" PRId64, id);
    return rc == ZH_OK
               ? zh_secret_open(core, arena, ZH_SECRET_HOOK, whose, out->secret, &out->secret, err)
               : rc;
}

typedef struct hooking {
    zh_core *core;
    zh_str login, url;
    zh_str secret; /* sealed */
    int64_t id;
} hooking;

static zh_rc add_hook(void *user, zh_conn *conn, zh_err *err)
{
    const hooking *h = user;
    int64_t n = 0;
    zh_sql_value key = ZH_SQL_STR(h->login);
    zh_rc rc = zh_query_i64(
        conn, "SELECT COUNT(*) FROM zh_hook WHERE office = 0 AND login = ? AND ended_at = 0", &key,
        1, &n, err);
    if (rc == ZH_OK && n >= ZH_HOOKS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "hook.many", "一个账户最多 %d 个 webhook", ZH_HOOKS_MAX);
    }
    zh_sql_value row[] = {ZH_SQL_INT(h->id), ZH_SQL_STR(h->login), ZH_SQL_STR(h->url),
                          ZH_SQL_STR(h->secret), ZH_SQL_INT(zh_now())};
    return rc == ZH_OK ? zh_run(conn,
                                "INSERT INTO zh_hook (office, id, login, url, secret, created_at, "
                                "ended_at) VALUES (0, ?, ?, ?, ?, ?, 0)",
                                row, ZH_COUNTOF(row), NULL, err)
                       : rc;
}

zh_rc zh_hook_add(zh_core *core, zh_str login, zh_str url,
                  char secret[2 * ZH_HOOK_SECRET_BYTES + 1], zh_err *err)
{
    uint8_t bytes[ZH_HOOK_SECRET_BYTES];
    if (url.n > ZH_HOOK_URL_BYTES_MAX) {
        return zh_err_set(err, ZH_EINVAL, "hook.url", "网址超过 %d 字节", ZH_HOOK_URL_BYTES_MAX);
    }
    zh_random(bytes, sizeof bytes);
    zh_hex(bytes, sizeof bytes, secret);
    hooking h = {core, login, url, ZH_STR(""), zh_core_id(core, 0)};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str whose = zh_str_fmt(arena, "%" PRId64, h.id);
    zh_rc rc =
        zh_secret_seal(core, arena, ZH_SECRET_HOOK, whose, zh_str_of(secret), &h.secret, err);
    if (rc == ZH_OK) {
        rc = zh_core_write(core, add_hook, &h, err);
    }
    zh_arena_free(arena);
    return rc;
}

static zh_rc end_hook(void *user, zh_conn *conn, zh_err *err)
{
    const hooking *h = user;
    int64_t changed = 0;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_STR(h->login), ZH_SQL_INT(h->id)};
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_hook SET ended_at = ?, secret = '' WHERE office = 0 AND login = ? "
                      "AND id = ? AND ended_at = 0",
                      values, 3, &changed, err);
    return rc == ZH_OK && changed == 0
               ? zh_err_set(err, ZH_ENOTFOUND, "hook.unknown", "没有这个 webhook")
               : rc;
}

zh_rc zh_hook_end(zh_core *core, zh_str login, int64_t id, zh_err *err)
{
    hooking h = {.core = core, .login = login, .id = id};
    return zh_core_write(core, end_hook, &h, err);
}

/* ---- the queue ------------------------------------------------------------------------------- */

static zh_rc add(zh_core *core, zh_conn *conn, const zh_delivery *d, zh_err *err)
{
    zh_time now = zh_now();
    zh_sql_value row[] = {
        ZH_SQL_INT(zh_core_id(core, 0)), ZH_SQL_INT(d->event), ZH_SQL_INT(d->hook),
        ZH_SQL_INT(d->next_at),          ZH_SQL_INT(now),      ZH_SQL_STR(d->once),
        ZH_SQL_STR(d->channel),          ZH_SQL_STR(d->login), ZH_SQL_STR(d->target),
        ZH_SQL_STR(d->subject),          ZH_SQL_STR(d->body),  ZH_SQL_STR(d->state),
    };
    return zh_run(conn,
                  "INSERT INTO zh_delivery (office, id, event, hook, tries, next_at, created_at, "
                  "once, channel, login, target, subject, body, state, error) VALUES (0, ?, ?, ?, "
                  "0, ?, ?, ?, ?, ?, ?, ?, ?, ?, '') ON CONFLICT (office, once) DO NOTHING",
                  row, ZH_COUNTOF(row), NULL, err);
}

zh_rc zh_delivery_for_hooks(zh_core *core, zh_conn *conn, zh_str login, const zh_notice_event *e,
                            zh_err *err)
{
    zh_hook *hooks = NULL;
    size_t n = 0;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_rc rc = zh_hooks_of(conn, arena, login, &hooks, &n, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_delivery d = {.event = e->id,
                         .hook = hooks[i].id,
                         .once =
                             zh_str_fmt(arena, "notice-%" PRId64 "-%" PRId64, e->id, hooks[i].id),
                         .channel = ZH_STR(ZH_DELIVERY_WEBHOOK),
                         .login = login,
                         .target = hooks[i].url,
                         .subject = ZH_STR(""),
                         .body = ZH_STR(""),
                         .state = ZH_STR("waiting")};
        rc = add(core, conn, &d, err);
    }
    zh_arena_free(arena);
    return rc;
}

zh_rc zh_delivery_for_contact(zh_core *core, zh_conn *conn, const zh_notice_event *e, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_delivery d = {.event = e->id,
                     .once = zh_str_fmt(arena, "contact-%" PRId64, e->id),
                     .channel = ZH_STR(ZH_DELIVERY_CONTACT),
                     .login = ZH_STR(""),
                     .target = ZH_STR(""),
                     .subject = ZH_STR(""),
                     .body = ZH_STR(""),
                     .state = ZH_STR("waiting")};
    zh_rc rc = add(core, conn, &d, err);
    zh_arena_free(arena);
    return rc;
}

typedef struct adding {
    zh_core *core;
    const zh_delivery *delivery;
} adding;

static zh_rc add_one(void *user, zh_conn *conn, zh_err *err)
{
    const adding *a = user;
    return add(a->core, conn, a->delivery, err);
}

zh_rc zh_delivery_add(zh_core *core, const zh_delivery *delivery, zh_err *err)
{
    adding a = {core, delivery};
    return zh_core_write(core, add_one, &a, err);
}

zh_rc zh_delivery_exists(zh_conn *conn, zh_str once, bool *out, zh_err *err)
{
    int64_t one = 0;
    zh_sql_value key = ZH_SQL_STR(once);
    zh_rc rc = zh_query_i64(conn, "SELECT 1 FROM zh_delivery WHERE office = 0 AND once = ?", &key,
                            1, &one, err);
    *out = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_delivery_last(zh_conn *conn, zh_str channel, zh_str login, zh_time *out, zh_err *err)
{
    zh_sql_value key[] = {ZH_SQL_STR(channel), ZH_SQL_STR(login)};
    return zh_query_i64(conn,
                        "SELECT COALESCE(MAX(created_at), 0) FROM zh_delivery WHERE office = 0 AND "
                        "channel = ? AND login = ?",
                        key, 2, out, err);
}

#define COLUMNS                                                                                    \
    "id, event, hook, tries, next_at, created_at, sent_at, once, channel, login, target, state, "  \
    "error, subject"

static zh_delivery decode(zh_arena *arena, const zh_stmt *stmt)
{
    return (zh_delivery){
        .id = zh_col_i64(stmt, 0),
        .event = zh_col_i64(stmt, 1),
        .hook = zh_col_i64(stmt, 2),
        .tries = zh_col_i64(stmt, 3),
        .next_at = zh_col_i64(stmt, 4),
        .created_at = zh_col_i64(stmt, 5),
        .sent_at = zh_col_i64(stmt, 6),
        .once = zh_str_dup(arena, zh_col_str(stmt, 7)),
        .channel = zh_str_dup(arena, zh_col_str(stmt, 8)),
        .login = zh_str_dup(arena, zh_col_str(stmt, 9)),
        .target = zh_str_dup(arena, zh_col_str(stmt, 10)),
        .state = zh_str_dup(arena, zh_col_str(stmt, 11)),
        .error = zh_str_dup(arena, zh_col_str(stmt, 12)),
        .subject = zh_str_dup(arena, zh_col_str(stmt, 13)),
    };
}

typedef struct taking {
    zh_arena *arena;
    zh_time now;
    zh_delivery *out;
    bool found;
} taking;

static zh_rc take(void *user, zh_conn *conn, zh_err *err)
{
    taking *t = user;
    zh_stmt *stmt = NULL;
    zh_sql_value now = ZH_SQL_INT(t->now);
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT " COLUMNS ", body FROM zh_delivery WHERE state = 'waiting' "
                               "AND next_at <= ? ORDER BY next_at, id LIMIT 1"),
                        &now, 1, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    t->found = rc == ZH_OK;
    if (t->found) {
        *t->out = decode(t->arena, stmt);
        t->out->body = zh_str_dup(t->arena, zh_col_str(stmt, 14));
        t->out->tries++;
    }
    zh_finish(stmt);
    if (!t->found) {
        return rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    zh_sql_value lease[] = {ZH_SQL_INT(t->now + ZH_DELIVERY_LEASE_US), ZH_SQL_INT(t->out->id)};
    return zh_run(conn,
                  "UPDATE zh_delivery SET next_at = ?, tries = tries + 1 WHERE office = 0 AND id = "
                  "?",
                  lease, 2, NULL, err);
}

zh_rc zh_delivery_take(zh_core *core, zh_arena *arena, zh_time now, zh_delivery *out, zh_err *err)
{
    taking t = {.arena = arena, .now = now, .out = out};
    zh_rc rc = zh_core_write(core, take, &t, err);
    return rc == ZH_OK && !t.found ? ZH_ENOTFOUND : rc;
}

typedef struct ending {
    const zh_delivery *delivery;
    const char *state;
    zh_str why;
    zh_time now;
} ending;

static zh_rc end(void *user, zh_conn *conn, zh_err *err)
{
    const ending *e = user;
    int64_t tries = e->delivery->tries;
    bool again = strcmp(e->state, "waiting") == 0 && tries < ZH_DELIVERY_TRIES_MAX;
    const char *state = strcmp(e->state, "waiting") == 0 && !again ? "dead" : e->state;
    int64_t wait = tries > 9 ? ZH_DELIVERY_WAIT_MAX_S : WAIT_S * (INT64_C(1) << (tries - 1));
    wait = wait > ZH_DELIVERY_WAIT_MAX_S ? ZH_DELIVERY_WAIT_MAX_S : wait;
    zh_sql_value row[] = {
        ZH_SQL_STR(zh_str_of(state)),
        ZH_SQL_STR(zh_str_sub(e->why, 0, ERROR_BYTES_MAX)),
        ZH_SQL_INT(e->now + wait * SECONDS),
        strcmp(state, "sent") == 0 ? ZH_SQL_INT(e->now) : ZH_SQL_NONE,
        ZH_SQL_INT(e->delivery->id),
    };
    zh_sql_value old = ZH_SQL_INT(e->now - ZH_DELIVERY_KEPT_US);
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_delivery SET state = ?, error = ?, next_at = ?, sent_at = ? WHERE "
                      "office = 0 AND id = ? AND state = 'waiting'",
                      row, ZH_COUNTOF(row), NULL, err);
    return rc == ZH_OK ? zh_run(conn, "DELETE FROM zh_delivery WHERE office = 0 AND sent_at < ?",
                                &old, 1, NULL, err)
                       : rc;
}

zh_rc zh_delivery_end(zh_core *core, const zh_delivery *delivery, const char *state, zh_str why,
                      zh_time now, zh_err *err)
{
    ending e = {delivery, state, why, now};
    return zh_core_write(core, end, &e, err);
}

zh_rc zh_delivery_list(zh_conn *conn, zh_arena *arena, zh_str state, zh_str login, size_t limit,
                       zh_delivery **out, size_t *n, zh_err *err)
{
    ZH_VEC(zh_delivery) list = {0};
    zh_stmt *stmt = NULL;
    zh_sql_value values[] = {ZH_SQL_STR(state), ZH_SQL_STR(state), ZH_SQL_STR(login),
                             ZH_SQL_STR(login), ZH_SQL_INT((int64_t)limit)};
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT " COLUMNS " FROM zh_delivery WHERE office = 0 AND (? = '' "
                               "OR state = ?) AND (? = '' OR login = ?) ORDER BY id DESC LIMIT ?"),
                        values, ZH_COUNTOF(values), &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_delivery one = decode(arena, stmt);
        zh_vec_push(arena, &list, one);
    }
    zh_finish(stmt);
    *out = list.p;
    *n = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc retry(void *user, zh_conn *conn, zh_err *err)
{
    const int64_t *id = user;
    int64_t changed = 0;
    zh_sql_value values[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(*id)};
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_delivery SET state = 'waiting', tries = 0, next_at = ? WHERE "
                      "office = 0 AND id = ? AND state = 'dead'",
                      values, 2, &changed, err);
    return rc == ZH_OK && changed == 0
               ? zh_err_set(err, ZH_ENOTFOUND, "delivery.unknown", "没有这件未送达的通知")
               : rc;
}

zh_rc zh_delivery_retry(zh_core *core, int64_t id, zh_err *err)
{
    return zh_core_write(core, retry, &id, err);
}

zh_rc zh_notice_event_get(zh_conn *conn, zh_arena *arena, int64_t id, zh_notice_event *out,
                          zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key = ZH_SQL_INT(id);
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT office, record, version, at, register, cause, name, actor "
                               "FROM zh_notice WHERE id = ?"),
                        &key, 1, &stmt, err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, err);
    }
    if (rc == ZH_OK) {
        *out = (zh_notice_event){.office = zh_col_i64(stmt, 0),
                                 .id = id,
                                 .record = zh_col_i64(stmt, 1),
                                 .version = zh_col_i64(stmt, 2),
                                 .at = zh_col_i64(stmt, 3),
                                 .reg = zh_str_dup(arena, zh_col_str(stmt, 4)),
                                 .cause = zh_str_dup(arena, zh_col_str(stmt, 5)),
                                 .name = zh_str_dup(arena, zh_col_str(stmt, 6)),
                                 .actor = zh_str_dup(arena, zh_col_str(stmt, 7))};
    }
    zh_finish(stmt);
    return rc;
}
