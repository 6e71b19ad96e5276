/* The sequencer: positions in the log for committed batches, and log sizes.
 *
 * A version's batch number is greater than that of the version it supersedes, which was committed
 * before it: taking what is committed in order of batch numbers keeps every record's versions in
 * order. The log's size is one counter row; whoever moves it wins, the other tries again. */
#include "core/core_private.h"
#include "core/record.h"

enum { PAGE = 4096, GLOBAL_OFFICE = 0 };

typedef struct waiting {
    int64_t office, batch, n, at;
} waiting;

typedef struct sequencing {
    int64_t size;
    size_t taken;
} sequencing;

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

static zh_rc read_waiting(zh_conn *conn, waiting *list, size_t *n, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_sql_value limit = ZH_SQL_INT(PAGE);
    *n = 0;
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT office, batch, n, at FROM zh_outbox WHERE pos IS NULL "
                               "ORDER BY batch, office LIMIT ?"),
                        &limit, 1, &stmt, err);
    while (rc == ZH_OK && *n < PAGE && (rc = zh_step(stmt, err)) == ZH_OK) {
        list[(*n)++] = (waiting){zh_col_i64(stmt, 0), zh_col_i64(stmt, 1), zh_col_i64(stmt, 2),
                                 zh_col_i64(stmt, 3)};
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc give_positions(zh_conn *conn, const waiting *list, size_t n, int64_t *size,
                            int64_t *until, zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        *until = list[i].at > *until ? list[i].at : *until;
        zh_sql_value row[] = {ZH_SQL_INT(*size), ZH_SQL_INT(*until), ZH_SQL_INT(list[i].office),
                              ZH_SQL_INT(list[i].batch)};
        rc = zh_run(conn, "UPDATE zh_outbox SET pos = ?, until = ? WHERE office = ? AND batch = ?",
                    row, 4, NULL, err);
        *size += list[i].n;
    }
    return rc;
}

static zh_rc sequence_page(void *user, zh_conn *conn, zh_err *err)
{
    sequencing *s = user;
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    waiting *list = ZH_NEW_N(arena, waiting, PAGE);
    int64_t until = 0;
    s->taken = 0;
    zh_rc rc = counter(conn, "log", &s->size, err);
    if (rc == ZH_OK) {
        rc = counter(conn, "log_until", &until, err);
    }
    if (rc == ZH_OK) {
        rc = read_waiting(conn, list, &s->taken, err);
    }
    if (rc == ZH_OK && s->taken > 0) {
        rc = give_positions(conn, list, s->taken, &s->size, &until, err);
        if (rc == ZH_OK) {
            rc = set_counter(conn, "log", s->size, err);
        }
        if (rc == ZH_OK) {
            rc = set_counter(conn, "log_until", until, err);
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
    zh_rc rc = idle(core, &nothing, &s.size, err);
    for (bool more = !nothing; more && rc == ZH_OK; more = s.taken == PAGE) {
        rc = zh_core_write(core, sequence_page, &s, err);
    }
    *size = s.size;
    return rc;
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
