/* Verifying the signed log against the outbox, entry by entry, and against itself: tiles, roots,
 * every checkpoint ever signed. A difference names the record that stands at the position. */
#include "base/time.h"
#include "core/ledger/gm.h"
#include "core/ledger/ledger.h"
#include "core/ledger/sequence.h"
#include "core/read/read.h"
#include "core/record/record.h"
#include "core/verify/verify_private.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

enum { LOG_BYTES = 64 << 20, SETTLE_MS = 2000, PAUSE_MS = 20, NAMED_MAX = 50 };

typedef struct placed { /* a row of the outbox */
    int64_t office, batch, pos, n;
    zh_str reg, entries; /* valid until the next step */
    bool some;
} placed;

typedef struct log_walk {
    zh_verifying *v;
    zh_arena *arena;
    zh_stmt *stmt; /* the outbox in order of positions */
    placed row;
    uint64_t size; /* entries of the database's snapshot */
    size_t named;
    bool gm;           /* the second log */
    const char *title; /* how it is called */
} log_walk;

/* ---- naming ---------------------------------------------------------------------------------- */

/* Row of the outbox that covers a position. */
static zh_rc find_placed(log_walk *w, uint64_t pos, placed *out)
{
    zh_verifying *v = w->v;
    zh_sql_value bind = ZH_SQL_INT((int64_t)pos);
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(v->conn,
                        ZH_STR("SELECT office, batch, register, n, pos, entries FROM zh_outbox "
                               "WHERE pos <= ? ORDER BY pos DESC LIMIT 1"),
                        &bind, 1, &stmt, v->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, v->ctx.err);
    }
    if (rc == ZH_OK) {
        *out = (placed){.office = zh_col_i64(stmt, 0),
                        .batch = zh_col_i64(stmt, 1),
                        .reg = zh_str_dup(w->arena, zh_col_str(stmt, 2)),
                        .n = zh_col_i64(stmt, 3),
                        .pos = zh_col_i64(stmt, 4),
                        .entries = zh_str_dup(w->arena, zh_col_str(stmt, 5)),
                        .some = true};
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc find_version(log_walk *w, const placed *row, int64_t ord, int64_t *id,
                          int64_t *version)
{
    zh_verifying *v = w->v;
    const zh_register *reg = zh_model_register(v->ctx.model, row->reg);
    zh_sql_value key[] = {ZH_SQL_INT(row->office), ZH_SQL_INT(row->batch), ZH_SQL_INT(ord)};
    int64_t found[2] = {0, 0};
    zh_stmt *stmt = NULL;
    if (reg == NULL) {
        return ZH_ENOTFOUND;
    }
    zh_str sql = zh_str_fmt(w->arena,
                            "SELECT id, version FROM %.*s_h WHERE office = ? AND batch = ? AND ord "
                            "= ?",
                            ZH_FMT(reg->table));
    zh_rc rc = zh_query(v->conn, sql, key, 3, &stmt, v->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, v->ctx.err);
    }
    if (rc == ZH_OK) {
        found[0] = zh_col_i64(stmt, 0);
        found[1] = zh_col_i64(stmt, 1);
    }
    zh_finish(stmt);
    *id = found[0];
    *version = found[1];
    return rc;
}

/* "register/office/id 第 n 版", or what is left of it. */
static zh_str name_of(log_walk *w, uint64_t pos)
{
    placed row = {.some = false};
    int64_t id = 0;
    int64_t version = 0;
    zh_err before = *w->v->ctx.err;
    if (pos >= w->size || w->named++ >= NAMED_MAX || find_placed(w, pos, &row) != ZH_OK ||
        !row.some || (int64_t)pos >= row.pos + row.n) {
        *w->v->ctx.err = before;
        return ZH_STR("");
    }
    int64_t ord = (int64_t)pos - row.pos;
    zh_rc rc = find_version(w, &row, ord, &id, &version);
    *w->v->ctx.err = before;
    if (rc == ZH_OK) {
        return zh_str_fmt(w->arena, "：%.*s/%" PRId64 "/%" PRId64 " 第 %" PRId64 " 版",
                          ZH_FMT(row.reg), row.office, id, version);
    }
    zh_record_entry entry;
    zh_err ignored = {0};
    zh_str bytes =
        zh_str_sub(row.entries, (size_t)ord * ZH_RECORD_ENTRY_BYTES, ZH_RECORD_ENTRY_BYTES);
    if (zh_record_entry_read(bytes, &entry, &ignored) == ZH_OK) {
        return zh_str_fmt(w->arena, "：%.*s/%" PRId64 "/%" PRIu64, ZH_FMT(row.reg), row.office,
                          entry.subject);
    }
    return zh_str_fmt(w->arena, "：%.*s，批次 %" PRId64 "/%" PRId64, ZH_FMT(row.reg), row.office,
                      row.batch);
}

static void say(void *user, uint64_t first, uint64_t n, const char *format, ...) ZH_PRINTF(4, 5);
static void say(void *user, uint64_t first, uint64_t n, const char *format, ...)
{
    log_walk *w = user;
    va_list arguments;
    zh_arena_mark mark = zh_arena_here(w->arena);
    va_start(arguments, format);
    zh_str what = zh_str_vfmt(w->arena, format, arguments);
    va_end(arguments);
    if (n == 0) {
        zh_verify_say(w->v, "%s：%.*s", w->title, ZH_FMT(what));
    } else if (n == 1) {
        zh_verify_say(w->v, "%s：%.*s（第 %" PRIu64 " 条%.*s）", w->title, ZH_FMT(what), first,
                      ZH_FMT(name_of(w, first)));
    } else {
        zh_verify_say(w->v, "%s：%.*s（第 %" PRIu64 "–%" PRIu64 " 条，起自%.*s）", w->title,
                      ZH_FMT(what), first, first + n - 1, ZH_FMT(name_of(w, first)));
    }
    zh_arena_rewind(w->arena, mark);
}

/* ---- entries --------------------------------------------------------------------------------- */

static zh_rc next_row(log_walk *w)
{
    zh_rc rc = zh_step(w->stmt, w->v->ctx.err);
    w->row = (placed){.some = rc == ZH_OK};
    if (rc == ZH_OK) {
        w->row.pos = zh_col_i64(w->stmt, 0);
        w->row.n = zh_col_i64(w->stmt, 1);
        w->row.entries = zh_col_str(w->stmt, 2);
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The outbox's entry at a position; NULL: it has none. */
static zh_rc outbox_entry(log_walk *w, uint64_t pos, const char **out)
{
    zh_rc rc = ZH_OK;
    *out = NULL;
    while (rc == ZH_OK && w->row.some && (int64_t)pos >= w->row.pos + w->row.n) {
        rc = next_row(w);
    }
    if (rc == ZH_OK && w->row.some && (int64_t)pos >= w->row.pos) {
        size_t at = (size_t)((int64_t)pos - w->row.pos) * ZH_RECORD_ENTRY_BYTES;
        *out = at + ZH_RECORD_ENTRY_BYTES <= w->row.entries.n ? w->row.entries.p + at : NULL;
    }
    return rc;
}

static zh_rc compare_entries(void *user, uint64_t first, const uint8_t *entries, size_t n,
                             zh_err *err)
{
    log_walk *w = user;
    zh_rc rc = ZH_OK;
    (void)err; /* the same one as of the context */
    for (size_t i = 0; i < n && rc == ZH_OK && first + i < w->size; i++) {
        const char *stored = NULL;
        rc = outbox_entry(w, first + i, &stored);
        if (rc == ZH_OK && stored == NULL) {
            say(w, first + i, 1, "发件箱里没有日志的这一条");
        } else if (rc == ZH_OK && entries != NULL &&
                   memcmp(stored, entries + i * ZH_RECORD_ENTRY_BYTES, ZH_RECORD_ENTRY_BYTES) !=
                       0) {
            say(w, first + i, 1, "日志的条目与发件箱的不同");
        }
    }
    return rc;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static zh_rc size_now(zh_verifying *v, int64_t *size)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(v->ctx.core), &conn, v->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_log_size(conn, size, v->ctx.err);
    }
    zh_store_release(conn);
    return rc;
}

/* A server may be between two steps: both sizes get a moment to come together. What a crash left
 * behind is finished by one round. */
static zh_rc settled_view(log_walk *w, zh_treelog_view *view, int64_t *now)
{
    zh_verifying *v = w->v;
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    uint64_t begun = zh_monotonic_us();
    while (true) {
        zh_rc rc = size_now(v, now);
        if (rc == ZH_OK) {
            rc = w->gm ? zh_ledger_gm_view(v->ctx.core, w->arena, view, v->ctx.err)
                       : zh_ledger_view(v->ctx.core, w->arena, view, v->ctx.err);
        }
        uint64_t size = rc == ZH_OK && view->note.p != NULL ? view->checkpoint.size : 0;
        if (rc != ZH_OK || (size >= w->size && size <= (uint64_t)*now) ||
            zh_monotonic_us() - begun > (uint64_t)SETTLE_MS * 1000) {
            return rc;
        }
        nanosleep(&pause, NULL);
    }
}

static zh_rc finish_round(zh_verifying *v)
{
    zh_err found = {0};
    int64_t size = 0;
    bool more = false;
    zh_rc rc = zh_ledger_round(v->ctx.core, &size, &more, &found);
    if (rc == ZH_ECORRUPT) {
        zh_verify_say(v, "存证日志：%s", found.message);
        return ZH_OK;
    }
    return rc == ZH_OK || rc == ZH_EBUSY || rc == ZH_EIO ? ZH_OK : (*v->ctx.err = found, found.rc);
}

static zh_rc check_sizes(log_walk *w, zh_treelog_view *view)
{
    zh_verifying *v = w->v;
    int64_t now = 0;
    zh_rc rc = settled_view(w, view, &now);
    if (rc == ZH_OK && view->note.p != NULL && view->checkpoint.size > (uint64_t)now) {
        zh_verify_say(v, "%s：数据库只定序了 %" PRId64 " 条，日志签到 %" PRIu64 " 条：数据库是旧的",
                      w->title, now, view->checkpoint.size);
    }
    if (rc == ZH_OK && (view->note.p == NULL ? 0 : view->checkpoint.size) < w->size) {
        rc = finish_round(v);
        if (rc == ZH_OK) {
            rc = settled_view(w, view, &now);
        }
    }
    uint64_t size = rc == ZH_OK && view->note.p != NULL ? view->checkpoint.size : 0;
    if (rc == ZH_OK && size < w->size) {
        say(w, size, w->size - size, "数据库已定序 %" PRIu64 " 条，日志只签到 %" PRIu64 " 条",
            w->size, size);
    }
    return rc;
}

static zh_rc check_binding(const log_walk *w, const zh_treelog_view *view, bool *bound)
{
    zh_verifying *v = w->v;
    zh_str id = ZH_STR_NONE;
    zh_str epoch = ZH_STR_NONE;
    zh_rc rc =
        zh_setting_get(v->conn, v->arena, w->gm ? ZH_GM_SET_ID : ZH_LEDGER_SET_ID, &id, v->ctx.err);
    *bound = rc == ZH_OK;
    if (rc == ZH_OK && view != NULL) {
        rc = zh_setting_get(v->conn, v->arena, w->gm ? ZH_GM_SET_EPOCH : ZH_LEDGER_SET_EPOCH,
                            &epoch, v->ctx.err);
        zh_str has = zh_str_fmt(v->arena, "%" PRIu64, view->identity.epoch);
        if (!zh_str_is(id, view->identity.id) || !zh_str_eq(epoch, has)) {
            zh_verify_say(v, "%s：数据库的日志是 %.*s 第 %.*s 纪元，目录里的是 %s 第 %.*s 纪元",
                          w->title, ZH_FMT(id), ZH_FMT(epoch), view->identity.id, ZH_FMT(has));
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- all ------------------------------------------------------------------------------------- */

static zh_rc walk_log(log_walk *w, const zh_treelog_view *view)
{
    zh_verifying *v = w->v;
    zh_rc rc = zh_query(v->conn,
                        w->gm ? ZH_STR("SELECT pos, n, entries_gm FROM zh_outbox WHERE pos IS NOT "
                                       "NULL ORDER BY pos, office, batch")
                              : ZH_STR("SELECT pos, n, entries FROM zh_outbox WHERE pos IS NOT "
                                       "NULL ORDER BY pos, office, batch"),
                        NULL, 0, &w->stmt, v->ctx.err);
    if (rc == ZH_OK) {
        rc = next_row(w);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_check(view, compare_entries, say, w, v->ctx.err);
    }
    zh_finish(w->stmt);
    return rc;
}

static zh_rc verify_present(log_walk *w)
{
    zh_verifying *v = w->v;
    zh_treelog_view view = {.note = ZH_STR_NONE};
    bool bound = false;
    zh_rc rc = check_sizes(w, &view);
    if (rc == ZH_OK) {
        rc = check_binding(w, &view, &bound);
    }
    if (rc == ZH_OK) {
        rc = walk_log(w, &view);
        if (!w->gm) {
            v->report->sealed = view.note.p != NULL ? (int64_t)view.checkpoint.size : 0;
        }
    }
    if (rc == ZH_EINVAL || rc == ZH_ECORRUPT) { /* keys or notes that cannot be read */
        zh_verify_say(v, "%s：%s", w->title, v->ctx.err->message);
        zh_err_again(v->ctx.err);
        rc = ZH_OK;
    }
    return rc;
}

zh_rc zh_verify_log(zh_verifying *v, bool gm)
{
    log_walk w = {
        .v = v, .arena = zh_arena_new(LOG_BYTES), .gm = gm, .title = gm ? "国密日志" : "存证日志"};
    zh_treelog_identity identity;
    bool bound = false;
    int64_t size = 0;
    const char *dir = gm ? zh_ledger_gm_dir(v->ctx.core) : zh_ledger_dir(v->ctx.core);
    zh_err found = {0};
    zh_rc rc = dir != NULL ? zh_treelog_identify(dir, &identity, &found) : ZH_ENOTFOUND;
    bool missing = rc == ZH_ENOTFOUND;
    if (rc == ZH_ECORRUPT) {
        zh_verify_say(v, "%s：%s", w.title, found.message);
    }
    rc = zh_log_size(v->conn, &size, v->ctx.err);
    w.size = (uint64_t)size;
    if (rc == ZH_OK && missing) {
        rc = check_binding(&w, NULL, &bound);
        if (rc == ZH_OK && bound && dir != NULL) {
            zh_verify_say(v, "%s：数据库有签名的日志，%s 里却没有", w.title, dir);
        }
    }
    if (rc == ZH_OK && !missing && found.rc == ZH_OK) {
        rc = verify_present(&w);
    }
    zh_arena_free(w.arena);
    return rc;
}
