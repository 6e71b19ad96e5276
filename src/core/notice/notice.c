/* Finding the readers of notices. */
#include "core/notice/notice.h"
#include "core/instance/remember.h"
#include "core/notice/delivery.h"
#include "core/people/desk.h"
#include "core/people/holder.h"
#include "core/read/read.h"
#include "core/record/write_private.h"
#include "model/contact.h"
#include <inttypes.h>
#include <string.h>

enum { PAGE = 64 };

/* ---- audiences ------------------------------------------------------------------------------- */

typedef struct telling {
    zh_ctx *ctx; /* sees everything */
    zh_conn *conn;
    const zh_notice_event *event;
    const zh_record *record;
    zh_str creator;
    const zh_holder *holders;
    size_t nholders;
    const zh_str *muted;
    size_t nmuted;
    const zh_holder **told;
    size_t ntold;
    bool contact; /* the party of the record has no account and is told by its contact */
} telling;

/* The audiences that an event has: one for each cause. */
typedef struct audiences {
    zh_audience list[2];
    size_t n;
    const zh_transition *only_takers; /* those who may take it, or NULL */
    bool erasers;                     /* those who may confirm an erasure */
} audiences;

static const zh_clock *clock_of(const zh_register *reg, zh_str name)
{
    ptrdiff_t slash = zh_str_chr(name, '/');
    zh_str id = slash >= 0 ? zh_str_sub(name, 0, (size_t)slash) : name;
    for (size_t i = 0; i < reg->nclocks; i++) {
        if (zh_str_eq(reg->clocks[i].id, id)) {
            return &reg->clocks[i];
        }
    }
    return NULL;
}

static void add_transition(audiences *out, const zh_transition *t)
{
    static const zh_str creator[] = {{"creator", 7}};
    if (t != NULL && t->notify.n > 0) {
        out->list[out->n++] = t->notify;
    } else if (t != NULL && t->kind == ZH_TR_RETURN) {
        out->list[out->n++] = (zh_audience){creator, 1};
    }
}

static audiences audiences_of(const zh_register *reg, const zh_notice_event *e)
{
    static const zh_str turn[] = {{"turn", 4}};
    audiences out = {.n = 0};
    if (zh_str_is(e->cause, ZH_NOTICE_CREATED)) {
        out.list[out.n++] = reg->notify;
    } else if (zh_str_is(e->cause, ZH_NOTICE_TRANSITION)) {
        add_transition(&out, zh_register_transition(reg, e->name));
    } else if (zh_str_is(e->cause, ZH_NOTICE_SECOND) || zh_str_is(e->cause, ZH_NOTICE_VOTE)) {
        out.only_takers = zh_register_transition(reg, e->name);
    } else if (zh_str_is(e->cause, ZH_NOTICE_ERASE)) {
        out.erasers = true;
    } else {
        const zh_clock *clock = clock_of(reg, e->name);
        if (clock != NULL) {
            out.list[out.n++] = clock->notify.n > 0 ? clock->notify : (zh_audience){turn, 1};
        }
        if (clock != NULL && zh_str_is(e->cause, ZH_NOTICE_BREACH) && clock->on_breach.n > 0) {
            add_transition(&out, zh_register_transition(reg, clock->on_breach));
        }
    }
    return out;
}

/* Whether a field of the record names the holder: their login, or what their post speaks for. */
static bool names_holder(telling *t, const zh_field *field, const zh_holder *h)
{
    const zh_record *self = h->post.self;
    if (field->table != NULL || field->type == ZH_TYPE_TABLE) {
        return false;
    }
    const zh_value *value = &t->record->values[field->index];
    if (value->kind == ZH_REF) {
        return self != NULL && self->reg == field->target && self->id == value->i &&
               self->office == value->office;
    }
    if (value->kind != ZH_TEXT) {
        return false;
    }
    return zh_str_eq(value->text, h->login) ||
           (self != NULL &&
            zh_str_eq(value->text, zh_str_fmt(t->ctx->arena, "%.*s/%" PRId64 "-%" PRId64,
                                              ZH_FMT(self->reg->id), self->office, self->id)));
}

static bool word_means(telling *t, zh_ctx *as_holder, zh_str word, const zh_holder *h)
{
    const zh_register *reg = t->record->reg;
    if (zh_str_is(word, "creator")) {
        return zh_str_eq(h->login, t->creator);
    }
    if (zh_str_is(word, "turn")) {
        return t->record->state >= 0 && zh_desk_turn(as_holder, reg, t->record->state);
    }
    const zh_field *field = zh_register_field(reg, word);
    return zh_str_eq(word, h->post.role) || (field != NULL && names_holder(t, field, h));
}

static bool addressed(telling *t, zh_ctx *as_holder, const audiences *to, const zh_holder *h)
{
    const zh_register *reg = t->record->reg;
    bool found =
        (to->only_takers != NULL && zh_may_take(as_holder, reg, to->only_takers)) ||
        (to->erasers && (zh_rights(as_holder, reg) & (ZH_RIGHT_ERASE | ZH_RIGHT_ERASE_TWO)) != 0);
    for (size_t a = 0; a < to->n && !found; a++) {
        for (size_t w = 0; w < to->list[a].n && !found; w++) {
            found = word_means(t, as_holder, to->list[a].words[w], h);
        }
    }
    return found;
}

static bool may_see(telling *t, const zh_ctx *as_holder)
{
    zh_err refused = {0};
    zh_ctx own = *as_holder;
    own.err = &refused;
    zh_env env = zh_read_env(t->ctx, t->conn, ZH_AS_OF_NOW, t->record);
    return (zh_rights(&own, t->record->reg) & ZH_RIGHT_READ) != 0 &&
           zh_scope_holds(&own, &env, t->record) == ZH_OK;
}

static bool told_already(const telling *t, zh_str login)
{
    for (size_t i = 0; i < t->ntold; i++) {
        if (zh_str_eq(t->told[i]->login, login)) {
            return true;
        }
    }
    return zh_str_eq(login, t->event->actor) || zh_str_among(login, t->muted, t->nmuted);
}

static void find_readers(telling *t)
{
    audiences to = audiences_of(t->record->reg, t->event);
    t->told = ZH_NEW_N(t->ctx->arena, const zh_holder *, ZH_NOTICE_READERS_MAX);
    for (size_t i = 0; i < t->nholders && t->ntold < ZH_NOTICE_READERS_MAX; i++) {
        const zh_holder *h = &t->holders[i];
        zh_ctx as_holder = zh_ctx_as(t->ctx, h);
        if (!told_already(t, h->login) && addressed(t, &as_holder, &to, h) &&
            may_see(t, &as_holder)) {
            t->told[t->ntold++] = h;
        }
    }
}

static bool has_text(const telling *t, const zh_field *field)
{
    return field != NULL && t->record->values[field->index].kind == ZH_TEXT &&
           t->record->values[field->index].text.n > 0;
}

/* Whether the declared party is meant that nobody who was told is. */
static bool means_contact(const telling *t)
{
    zh_contact contact;
    audiences to = audiences_of(t->record->reg, t->event);
    bool meant = false;
    if (!zh_contact_of(t->record->reg, &contact) ||
        (!has_text(t, contact.email) && !has_text(t, contact.phone))) {
        return false;
    }
    for (size_t a = 0; a < to.n; a++) {
        meant = meant || zh_str_among(contact.audience, to.list[a].words, to.list[a].n);
    }
    for (size_t i = 0; i < t->ntold && meant; i++) {
        meant = !zh_str_eq(t->told[i]->post.role, contact.audience) ||
                !zh_str_eq(t->told[i]->login, t->creator);
    }
    return meant;
}

/* ---- one event ------------------------------------------------------------------------------- */

static zh_rc texts(zh_ctx *ctx, zh_conn *conn, zh_str sql, const zh_sql_value *values, size_t n,
                   const zh_str **out, size_t *count)
{
    ZH_VEC(zh_str) list = {0};
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn, sql, values, n, &stmt, ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        zh_vec_push(ctx->arena, &list, zh_str_dup(ctx->arena, zh_col_str(stmt, 0)));
    }
    zh_finish(stmt);
    *out = list.p;
    *count = list.n;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc read_creator(telling *t)
{
    const zh_str *actors = NULL;
    size_t n = 0;
    zh_sql_value key[] = {ZH_SQL_INT(t->record->office), ZH_SQL_INT(t->record->id)};
    zh_str sql = zh_str_fmt(t->ctx->arena,
                            "SELECT actor FROM %.*s_h WHERE office = ? AND id = ? AND version = 1",
                            ZH_FMT(t->record->reg->table));
    zh_rc rc = texts(t->ctx, t->conn, sql, key, 2, &actors, &n);
    t->creator = n > 0 ? actors[0] : ZH_STR("");
    return rc;
}

/* The record as it is now, and what is asked of it. ZH_ENOTFOUND: there is nothing to tell. */
static zh_rc read_record(telling *t, zh_time now)
{
    const zh_notice_event *e = t->event;
    const zh_register *reg = zh_model_register(t->ctx->model, e->reg);
    zh_record *record = NULL;
    zh_sql_value key[] = {ZH_SQL_STR(e->reg), ZH_SQL_INT(e->office), ZH_SQL_INT(e->record)};
    if (reg == NULL || now - e->at > ZH_NOTICE_FRESH_US) {
        return ZH_ENOTFOUND;
    }
    zh_rc rc = zh_record_get(t->ctx, t->conn, reg, e->office, e->record, ZH_AS_OF_NOW, &record);
    t->record = record;
    if (rc == ZH_OK) {
        rc = read_creator(t);
    }
    return rc == ZH_OK ? texts(t->ctx, t->conn,
                               ZH_STR("SELECT login FROM zh_mute WHERE office = 0 AND register = ? "
                                      "AND record_office = ? AND record = ?"),
                               key, 3, &t->muted, &t->nmuted)
                       : rc;
}

static zh_rc put_copy(zh_conn *conn, const zh_notice_event *e, const zh_holder *h, zh_err *err)
{
    zh_sql_value row[] = {ZH_SQL_STR(h->login), ZH_SQL_INT(e->id),     ZH_SQL_STR(h->code),
                          ZH_SQL_STR(e->reg),   ZH_SQL_INT(e->office), ZH_SQL_INT(e->record),
                          ZH_SQL_STR(e->cause), ZH_SQL_STR(e->name),   ZH_SQL_INT(e->at)};
    return zh_run(conn,
                  "INSERT INTO zh_inbox (office, login, event, post, register, record_office, "
                  "record, cause, name, at) VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
                  "(office, login, event) DO NOTHING",
                  row, ZH_COUNTOF(row), NULL, err);
}

static zh_rc write_copies(void *user, zh_conn *conn, zh_err *err)
{
    const telling *t = user;
    const zh_notice_event *e = t->event;
    int64_t changed = 0;
    zh_sql_value done[] = {ZH_SQL_INT(zh_now()), ZH_SQL_INT(e->office), ZH_SQL_INT(e->id)};
    zh_rc rc = zh_run(conn,
                      "UPDATE zh_notice SET done_at = ? WHERE office = ? AND id = ? AND done_at IS "
                      "NULL",
                      done, 3, &changed, err);
    for (size_t i = 0; i < t->ntold && changed > 0 && rc == ZH_OK; i++) {
        rc = put_copy(conn, e, t->told[i], err);
        if (rc == ZH_OK) {
            rc = zh_delivery_for_hooks(t->ctx->core, conn, t->told[i]->login, e, err);
        }
    }
    if (rc == ZH_OK && changed > 0 && t->contact) {
        rc = zh_delivery_for_contact(t->ctx->core, conn, e, err);
    }
    return rc;
}

static zh_rc tell(telling *t, zh_time now)
{
    zh_err found = {0};
    zh_err *err = t->ctx->err;
    t->ctx->err = &found;
    zh_rc rc = read_record(t, now);
    if (rc == ZH_OK) {
        find_readers(t);
        t->contact = means_contact(t);
    }
    t->ctx->err = err;
    if (rc == ZH_OK || rc == ZH_ENOTFOUND) {
        return zh_core_write(t->ctx->core, write_copies, t, err);
    }
    if (err->rc == ZH_OK) {
        *err = found;
    }
    return rc;
}

/* ---- a round --------------------------------------------------------------------------------- */

static zh_rc read_page(zh_ctx *ctx, zh_conn *conn, zh_notice_event *out, size_t *n)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(conn,
                        zh_str_fmt(ctx->arena,
                                   "SELECT office, id, record, version, at, register, cause, name, "
                                   "actor FROM zh_notice WHERE done_at IS NULL ORDER BY id LIMIT "
                                   "%d",
                                   PAGE),
                        NULL, 0, &stmt, ctx->err);
    *n = 0;
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        out[(*n)++] = (zh_notice_event){
            .office = zh_col_i64(stmt, 0),
            .id = zh_col_i64(stmt, 1),
            .record = zh_col_i64(stmt, 2),
            .version = zh_col_i64(stmt, 3),
            .at = zh_col_i64(stmt, 4),
            .reg = zh_str_dup(ctx->arena, zh_col_str(stmt, 5)),
            .cause = zh_str_dup(ctx->arena, zh_col_str(stmt, 6)),
            .name = zh_str_dup(ctx->arena, zh_col_str(stmt, 7)),
            .actor = zh_str_dup(ctx->arena, zh_col_str(stmt, 8)),
        };
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc tell_page(zh_ctx *ctx, zh_conn *conn, zh_time now, zh_notice_run *out, size_t *n)
{
    zh_notice_event *events = ZH_NEW_N(ctx->arena, zh_notice_event, PAGE);
    zh_holder *holders = NULL;
    size_t nholders = 0;
    zh_rc rc = read_page(ctx, conn, events, n);
    if (rc == ZH_OK && *n > 0) {
        rc = zh_holders(ctx, conn, &holders, &nholders);
    }
    for (size_t i = 0; i < *n && rc == ZH_OK; i++) {
        telling t = {.ctx = ctx,
                     .conn = conn,
                     .event = &events[i],
                     .holders = holders,
                     .nholders = nholders};
        rc = tell(&t, now);
        out->events++;
        out->copies += t.ntold;
    }
    return rc;
}

static zh_rc forget_old(void *user, zh_conn *conn, zh_err *err)
{
    const zh_time *now = user;
    zh_sql_value before[] = {ZH_SQL_INT(*now - ZH_NOTICE_KEPT_US)};
    zh_rc rc = zh_run(conn, "DELETE FROM zh_notice WHERE done_at < ?", before, 1, NULL, err);
    return rc == ZH_OK ? zh_run(conn, "DELETE FROM zh_inbox WHERE office = 0 AND read_at < ?",
                                before, 1, NULL, err)
                       : rc;
}

zh_rc zh_notices_run(zh_core *core, zh_time now, zh_notice_run *out, zh_err *err)
{
    zh_conn *conn = NULL;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_ctx ctx = zh_ctx_local(core, arena, err);
    *out = (zh_notice_run){0};
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    for (size_t n = 1; rc == ZH_OK && n > 0;) {
        zh_arena_mark mark = zh_arena_here(arena);
        rc = tell_page(&ctx, conn, now, out, &n);
        zh_arena_rewind(arena, mark);
    }
    int64_t day = zh_time_date(now);
    int64_t last = 0;
    if (rc == ZH_OK) {
        rc = zh_remembered(&ctx, conn, ZH_STR("notice.forgotten"), &last);
    }
    zh_store_release(conn);
    if (rc == ZH_OK && last != day) {
        rc = zh_core_write(core, forget_old, &now, err);
        rc = rc == ZH_OK ? zh_remember(&ctx, ZH_STR("notice.forgotten"), day) : rc;
    }
    zh_ctx_end(&ctx);
    zh_arena_free(arena);
    return rc;
}
