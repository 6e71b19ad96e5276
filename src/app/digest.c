/* The digest of a day: one text a person, over all their posts. */
#include "app/notify.h"
#include "app/words.h"
#include "core/people/desk.h"
#include "core/people/holder.h"
#include "core/people/identity.h"
#include "model/title.h"
#include "proof/hash.h"
#include <inttypes.h>
#include <string.h>

enum { SECONDS = 1000000, SATURDAY = 6, ID_DIGITS = 16, DAY_BYTES = 16 };

typedef struct digest {
    zh_ctx *ctx; /* sees everything */
    zh_conn *conn;
    zh_time now, since; /* news: after that */
    zh_notify_settings settings;
    const zh_holder *holders;
    size_t nholders;
    zh_buf text;
    int64_t today, overdue, returned, news;
} digest;

/* ---- one person ------------------------------------------------------------------------------ */

static void line(digest *g, zh_arena *arena, zh_str what, const zh_record *r, zh_str more)
{
    zh_buf_fmt(&g->text, "  · %.*s　%.*s　%.*s\n    %.*s/registers/%.*s/%" PRId64 "-%" PRId64 "\n",
               ZH_FMT(what), ZH_FMT(zh_title_plain(arena, r)), ZH_FMT(more),
               ZH_FMT(g->settings.url), ZH_FMT(r->reg->id), r->office, r->id);
}

static void heading(digest *g, const char *title, int64_t n)
{
    zh_buf_fmt(&g->text, "\n%s %" PRId64 " 件\n", title, n);
}

static void rest(digest *g, int64_t left)
{
    if (left > 0) {
        zh_buf_fmt(&g->text, "  · 另有 %" PRId64 " 件，见工作台\n", left);
    }
}

static zh_rc due(digest *g, zh_ctx *as, zh_desk_when when, const char *title, int64_t n)
{
    zh_desk_list list = {0};
    if (n == 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_desk_due(as, g->conn, g->now, when, NULL, NULL, ZH_NOTIFY_ITEMS_MAX, &list);
    heading(g, title, n);
    for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
        const zh_desk_item *item = &list.items[i];
        zh_str last = zh_str_fmt(as->arena, "最迟 %.*s",
                                 ZH_FMT(zh_words_time(as->arena, item->state.due_at - 1)));
        line(g, as->arena, item->clock->label.zh, item->record, last);
    }
    rest(g, n - (int64_t)list.n);
    return rc;
}

static zh_rc came_back(digest *g, zh_ctx *as)
{
    zh_desk_list list = {0};
    zh_rc rc = zh_desk_returned(as, g->conn, ZH_NOTIFY_ITEMS_MAX, &list);
    g->returned += (int64_t)list.n;
    if (rc == ZH_OK && list.n > 0) {
        heading(g, list.more ? "退回给我，多于" : "退回给我", (int64_t)list.n);
        for (size_t i = 0; i < list.n; i++) {
            const zh_desk_item *item = &list.items[i];
            const zh_transition *t = zh_register_transition(item->reg, item->transition);
            line(g, as->arena, t != NULL ? t->label.zh : item->transition, item->record,
                 item->reg->label.zh);
        }
    }
    return rc;
}

static zh_rc news(digest *g, zh_ctx *as, zh_str post)
{
    zh_notice_list list = {0};
    int64_t n = 0;
    zh_rc rc = zh_notice_groups(as, g->conn, false, ZH_NOTICE_GROUPS_MAX, post, &list);
    for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
        n += list.groups[i].at > g->since;
    }
    g->news += n;
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    heading(g, "新的通知", n);
    for (size_t i = 0, shown = 0; i < list.n && shown < ZH_NOTIFY_ITEMS_MAX; i++) {
        const zh_notice_group *group = &list.groups[i];
        if (group->at > g->since) {
            line(g, as->arena, zh_notify_words(as->arena, group->reg, group->cause, group->name),
                 group->record, group->reg->label.zh);
            shown++;
        }
    }
    rest(g, n - ZH_NOTIFY_ITEMS_MAX);
    return ZH_OK;
}

static zh_rc one_post(digest *g, const zh_holder *h)
{
    zh_desk_counts counts = {0};
    zh_ctx as = zh_ctx_as(g->ctx, h);
    zh_rc rc = zh_desk_count(&as, g->conn, g->now, &counts);
    if (rc == ZH_OK) {
        g->today += counts.n[ZH_DESK_TODAY];
        g->overdue += counts.n[ZH_DESK_OVERDUE];
        rc = due(g, &as, ZH_DESK_TODAY, "今天到期", counts.n[ZH_DESK_TODAY]);
    }
    if (rc == ZH_OK) {
        rc = due(g, &as, ZH_DESK_OVERDUE, "已超期", counts.n[ZH_DESK_OVERDUE]);
    }
    if (rc == ZH_OK) {
        rc = came_back(g, &as);
    }
    return rc == ZH_OK ? news(g, &as, h->code) : rc;
}

static zh_rc all_posts(digest *g, zh_str login)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < g->nholders && rc == ZH_OK; i++) {
        if (zh_str_eq(g->holders[i].login, login)) {
            rc = one_post(g, &g->holders[i]);
        }
    }
    return rc;
}

/* When the person's digest before was written; the first looks back a week. */
static zh_rc last_digest(digest *g, zh_str login)
{
    zh_time at = 0;
    zh_rc rc = zh_delivery_last(g->conn, ZH_STR(ZH_DELIVERY_MAIL), login, &at, g->ctx->err);
    int64_t week = g->now - (int64_t)ZH_NOTIFY_FIRST_NEWS_S * SECONDS;
    g->since = at > week ? at : week;
    return rc;
}

/* digest-2026-11-23-…: a login may hold what a Message-ID cannot. */
static zh_str once_of(zh_arena *arena, zh_date day, zh_str login)
{
    char hex[2 * ZH_DIGEST_BYTES + 1];
    char date[DAY_BYTES];
    zh_digest hash;
    zh_hash_of(ZH_HASH_SHA256, login, &hash);
    zh_digest_hex(&hash, hex);
    zh_date_format(day, date);
    return zh_str_fmt(arena, "digest-%s-%.*s", date, ID_DIGITS, hex);
}

static zh_rc write_digest(digest *g, const zh_channel *to, zh_str once)
{
    zh_arena *arena = g->ctx->arena;
    bool anything = g->today + g->overdue + g->returned + g->news > 0;
    zh_buf_fmt(&g->text, "\n工作台：%.*s/desk\n通知设置：%.*s/notices/settings\n",
               ZH_FMT(g->settings.url), ZH_FMT(g->settings.url));
    zh_delivery d = {.once = once,
                     .channel = ZH_STR(ZH_DELIVERY_MAIL),
                     .login = to->login,
                     .target = to->email,
                     .subject = zh_str_fmt(arena,
                                           "今天到期 %" PRId64 " 件，已超期 %" PRId64
                                           " 件，退回 %" PRId64 " 件，新通知 %" PRId64 " 件",
                                           g->today, g->overdue, g->returned, g->news),
                     .body = anything ? zh_buf_view(&g->text) : ZH_STR(""),
                     .state = anything ? ZH_STR("waiting") : ZH_STR("nothing")};
    return zh_delivery_add(g->ctx->core, &d, g->ctx->err);
}

static zh_rc digest_of(digest *g, const zh_channel *to, zh_str once)
{
    g->today = g->overdue = g->returned = g->news = 0;
    zh_buf_init(&g->text, ZH_MAIL_TEXT_BYTES_MAX);
    zh_rc rc = last_digest(g, to->login);
    if (rc == ZH_OK) {
        rc = all_posts(g, to->login);
    }
    if (rc == ZH_OK) {
        rc = write_digest(g, to, once);
    }
    zh_buf_free(&g->text);
    return rc;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool is_time(const digest *g)
{
    bool working = false;
    zh_date today = zh_time_date(g->now);
    if (g->ctx->model->calendar == NULL ||
        zh_calendar_is_working(g->ctx->model->calendar, today, &working) != ZH_OK) {
        working = zh_date_weekday(today) < SATURDAY;
    }
    return working && zh_time_civil(g->now).hour >= g->settings.hour;
}

/* One digest after the other, the first that is missing asks who holds posts. */
static zh_rc everybody(digest *g, const zh_channel *channels, size_t n, size_t *made)
{
    zh_holder *holders = NULL;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_str once = once_of(g->ctx->arena, zh_time_date(g->now), channels[i].login);
        bool there = false;
        rc = zh_delivery_exists(g->conn, once, &there, g->ctx->err);
        if (rc != ZH_OK || there) {
            continue;
        }
        if (holders == NULL) {
            rc = zh_holders(g->ctx, g->conn, &holders, &g->nholders);
            g->holders = holders;
        }
        zh_arena_mark mark = zh_arena_here(g->ctx->arena);
        rc = rc == ZH_OK ? digest_of(g, &channels[i], once) : rc;
        *made += rc == ZH_OK;
        zh_arena_rewind(g->ctx->arena, mark);
    }
    return rc;
}

zh_rc zh_digests_run(zh_core *core, zh_time now, size_t *made, zh_err *err)
{
    zh_channel *channels = NULL;
    size_t n = 0;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    digest g = {.ctx = &ctx, .now = now};
    *made = 0;
    zh_rc rc = zh_store_reader(zh_core_store(core), &g.conn, err);
    if (rc == ZH_OK) {
        rc = zh_notify_settings_read(g.conn, arena, &g.settings, err);
    }
    if (rc == ZH_OK && g.settings.host.n > 0 && is_time(&g)) {
        rc = zh_channels_mailed(g.conn, arena, &channels, &n, err);
        rc = rc == ZH_OK ? everybody(&g, channels, n, made) : rc;
    }
    zh_store_release(g.conn);
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
