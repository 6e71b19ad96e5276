/* The sequencer: positions in the log for committed batches, and log sizes.
 *
 * A version's batch number is greater than that of the version it supersedes, which was committed
 * before it: taking what is committed in order of batch numbers keeps every record's versions in
 * order. The log's size is one counter row; whoever moves it wins, the other tries again. */
#include "core/ledger/sequence.h"
#include "core/instance/core_private.h"
#include "core/ledger/ledger.h"
#include <string.h>

enum { PAGE = 4096, GLOBAL_OFFICE = 0 };

static zh_rc counter(zh_conn *conn, const char *name, int64_t *out, zh_err *err)
{
    zh_sql_value key[] = {ZH_SQL_INT(GLOBAL_OFFICE), ZH_SQL_STR(zh_str_of(name))};
    *out = 0;
    zh_rc rc = zh_query_i64(conn, "SELECT next FROM zh_counter WHERE office = ? AND name = ?", key,
                            2, out, err);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc set_counter(zh_conn *conn, const char *name, int64_t value, zh_err *err)
{
    zh_sql_value row[] = {ZH_SQL_INT(GLOBAL_OFFICE), ZH_SQL_STR(zh_str_of(name)),
                          ZH_SQL_INT(value)};
    return zh_run(conn,
                  "INSERT INTO zh_counter (office, name, next) VALUES (?, ?, ?) ON CONFLICT "
                  "(office, name) DO UPDATE SET next = excluded.next",
                  row, 3, NULL, err);
}

/* ---- the outbox ------------------------------------------------------------------------------ */

zh_rc zh_outbox_size(zh_conn *conn, int64_t *size, int64_t *until, zh_err *err)
{
    zh_rc rc = counter(conn, "log", size, err);
    return rc == ZH_OK ? counter(conn, "log_until", until, err) : rc;
}

static zh_rc malformed(int64_t office, int64_t batch, zh_err *err)
{
    return zh_err_set(err, ZH_ECORRUPT, "ledger.outbox",
                      "发件箱的批次 %lld/%lld：条数与凭证的长度不符", (long long)office,
                      (long long)batch);
}

static zh_rc take_row(const zh_stmt *s, zh_arena *arena, bool with_entries, zh_wal_batch *out,
                      zh_err *err)
{
    zh_str bytes = ZH_STR_NONE;
    int64_t n = zh_col_i64(s, 2);
    *out = (zh_wal_batch){.office = zh_col_i64(s, 0), .batch = zh_col_i64(s, 1)};
    if (n < 0 || n > ZH_WAL_BATCH_MAX) {
        return malformed(out->office, out->batch, err);
    }
    out->n = (uint32_t)n;
    out->until = zh_col_i64(s, 3);
    if (with_entries) {
        zh_str stored = zh_col_str(s, 5);
        if (stored.n != (size_t)n * ZH_RECORD_ENTRY_BYTES) {
            return malformed(out->office, out->batch, err);
        }
        if (!zh_str_try_dup(arena, stored, &bytes)) {
            return zh_err_set(err, ZH_ENOMEM, "ledger.memory", "一轮定序的条目放不进内存");
        }
        out->entries = (const uint8_t *)bytes.p;
    }
    return ZH_OK;
}

static zh_rc take_gm(const zh_stmt *s, zh_arena *arena, const zh_outbox_page *page, size_t at,
                     const zh_wal_batch *batch, zh_err *err)
{
    zh_str bytes;
    if (page->gm == NULL) {
        return ZH_OK;
    }
    zh_str stored = zh_col_str(s, 6);
    page->gm[at] = *batch;
    if (stored.n != (size_t)batch->n * ZH_RECORD_ENTRY_BYTES) {
        *page->gm_missing = true;
        return ZH_OK;
    }
    if (!zh_str_try_dup(arena, stored, &bytes)) {
        return zh_err_set(err, ZH_ENOMEM, "ledger.memory", "一轮定序的条目放不进内存");
    }
    page->gm[at].entries = (const uint8_t *)bytes.p;
    return ZH_OK;
}

zh_rc zh_outbox_waiting(zh_conn *conn, zh_arena *arena, const zh_outbox_page *page,
                        zh_wal_batch *list, size_t *n, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value limit = ZH_SQL_INT((int64_t)page->max_rows);
    uint64_t size = page->size;
    int64_t until = page->until;
    *n = 0;
    zh_rc rc = zh_query(conn,
                        page->with_entries
                            ? ZH_STR("SELECT office, batch, n, at, 0, entries, entries_gm FROM "
                                     "zh_outbox WHERE pos IS NULL ORDER BY batch, office LIMIT ?")
                            : ZH_STR("SELECT office, batch, n, at FROM zh_outbox WHERE pos IS NULL "
                                     "ORDER BY batch, office LIMIT ?"),
                        &limit, 1, &stmt, err);
    while (rc == ZH_OK && *n < page->max_rows && size - page->size < page->max_entries &&
           (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_wal_batch *b = &list[*n];
        rc = take_row(stmt, arena, page->with_entries, b, err);
        if (rc == ZH_OK) {
            until = b->until > until ? b->until : until;
            b->until = until;
            b->pos = size;
            size += b->n;
            rc = take_gm(stmt, arena, page, *n, b, err);
            (*n)++;
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_outbox_placed(zh_conn *conn, zh_arena *arena, int64_t from, bool gm, size_t max_rows,
                       zh_wal_batch *list, size_t *n, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value binds[] = {ZH_SQL_INT(from), ZH_SQL_INT((int64_t)max_rows)};
    *n = 0;
    zh_rc rc = zh_query(conn,
                        gm ? ZH_STR("SELECT office, batch, n, until, pos, entries_gm FROM "
                                    "zh_outbox WHERE pos >= ? ORDER BY pos, office, batch LIMIT ?")
                           : ZH_STR("SELECT office, batch, n, until, pos, entries FROM zh_outbox "
                                    "WHERE pos >= ? ORDER BY pos, office, batch LIMIT ?"),
                        binds, 2, &stmt, err);
    while (rc == ZH_OK && *n < max_rows && (rc = zh_step(stmt, err)) == ZH_OK) {
        rc = take_row(stmt, arena, true, &list[*n], err);
        list[*n].pos = (uint64_t)zh_col_i64(stmt, 4);
        *n += rc == ZH_OK;
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_outbox_place(zh_conn *conn, const zh_wal_batch *list, size_t n, zh_err *err)
{
    int64_t size = 0;
    int64_t until = 0;
    zh_rc rc = zh_outbox_size(conn, &size, &until, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        int64_t changed = 0;
        zh_sql_value row[] = {ZH_SQL_INT((int64_t)list[i].pos), ZH_SQL_INT(list[i].until),
                              ZH_SQL_INT(list[i].office), ZH_SQL_INT(list[i].batch)};
        if (list[i].pos == (uint64_t)size) {
            rc = zh_run(conn,
                        "UPDATE zh_outbox SET pos = ?, until = ? WHERE office = ? AND batch = ? "
                        "AND pos IS NULL",
                        row, 4, &changed, err);
        }
        if (rc == ZH_OK && changed != 1) {
            rc = zh_err_set(err, ZH_ECONFLICT, "ledger.moved", "批次 %lld/%lld 已被另一处定序",
                            (long long)list[i].office, (long long)list[i].batch);
        }
        size += list[i].n;
        until = list[i].until;
    }
    if (rc == ZH_OK && n > 0) {
        rc = set_counter(conn, "log", size, err);
    }
    return rc == ZH_OK && n > 0 ? set_counter(conn, "log_until", until, err) : rc;
}

/* ---- sequencing ------------------------------------------------------------------------------ */

typedef struct sequencing {
    int64_t size;
    size_t taken;
} sequencing;

/* Without a log: positions only. Nothing once the database has a log, which is kept elsewhere. */
static zh_rc sequence_page(void *user, zh_conn *conn, zh_err *err)
{
    sequencing *s = user;
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    zh_wal_batch *list = ZH_NEW_N(arena, zh_wal_batch, PAGE);
    zh_outbox_page page = {.max_rows = PAGE, .max_entries = SIZE_MAX};
    zh_str log;
    s->taken = 0;
    zh_rc rc = zh_outbox_size(conn, &s->size, &page.until, err);
    page.size = (uint64_t)s->size;
    bool elsewhere = false;
    if (rc == ZH_OK) {
        rc = zh_setting_get(conn, arena, ZH_LEDGER_SET_ID, &log, err);
        elsewhere = rc == ZH_OK;
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    }
    if (rc == ZH_OK && !elsewhere) {
        rc = zh_outbox_waiting(conn, arena, &page, list, &s->taken, err);
        if (rc == ZH_OK) {
            rc = zh_outbox_place(conn, list, s->taken, err);
        }
        for (size_t i = 0; i < s->taken; i++) {
            s->size += list[i].n;
        }
    }
    zh_arena_free(arena);
    return rc;
}

/* Whether anything waits: asked without the writer, so that an idle sequencer disturbs nobody. */
static zh_rc idle(zh_core *core, bool *out, int64_t *size, zh_err *err)
{
    zh_conn *conn = NULL;
    int64_t one = 0;
    zh_rc rc = zh_store_reader(core->store, &conn, err);
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, "SELECT 1 FROM zh_outbox WHERE pos IS NULL LIMIT 1", NULL, 0, &one,
                          err);
        *out = rc == ZH_ENOTFOUND;
        rc = rc == ZH_ENOTFOUND ? counter(conn, "log", size, err) : rc;
    }
    zh_store_release(conn);
    return rc;
}

zh_rc zh_sequence(zh_core *core, int64_t *size, zh_err *err)
{
    sequencing s = {0, 0};
    bool nothing = false;
    bool logged = zh_ledger_dir(core) != NULL;
    zh_rc rc = idle(core, &nothing, &s.size, err);
    /* the first time also without anything to do: a power cut may have taken tiles that the WAL has
     */
    bool opens =
        rc == ZH_OK && logged && nothing && !zh_ledger_opened(core) && zh_ledger_sealed(core) > 0;
    for (bool more = !nothing || opens; more && rc == ZH_OK;) {
        if (logged) {
            rc = zh_ledger_round(core, &s.size, &more, err);
        } else {
            rc = zh_core_write(core, sequence_page, &s, err);
            more = s.taken == PAGE;
        }
    }
    *size = s.size;
    return opens && rc == ZH_EBUSY ? ZH_OK : rc; /* whoever is at it has opened it */
}

zh_rc zh_log_size(zh_conn *conn, int64_t *size, zh_err *err)
{
    return counter(conn, "log", size, err);
}

zh_rc zh_log_size_at(zh_conn *conn, zh_time at, int64_t *size, zh_err *err)
{
    zh_sql_value bind = ZH_SQL_INT(at);
    *size = 0;
    zh_rc rc = zh_query_i64(conn,
                            "SELECT pos + n FROM zh_outbox WHERE until <= ? ORDER BY until DESC, "
                            "pos DESC LIMIT 1",
                            &bind, 1, size, err);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_log_time(zh_conn *conn, int64_t size, zh_time *out, zh_err *err)
{
    zh_sql_value bind = ZH_SQL_INT(size);
    *out = 0;
    zh_rc rc =
        zh_query_i64(conn, "SELECT until FROM zh_outbox WHERE pos < ? ORDER BY pos DESC LIMIT 1",
                     &bind, 1, out, err);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_log_waiting(zh_conn *conn, int64_t *batch, zh_err *err)
{
    return zh_query_i64(conn, "SELECT COALESCE(MAX(batch), 0) FROM zh_outbox WHERE pos IS NULL",
                        NULL, 0, batch, err);
}
