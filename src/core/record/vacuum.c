/* Vacuuming after erasures. */
#include "core/record/vacuum.h"
#include "base/log.h"
#include "base/time.h"
#include <inttypes.h>
#include <stdio.h>

#define NOTE "erase.vacuum." /* and the register's id: when something was erased from it last */

typedef struct noted {
    zh_str name, value, reg;
} noted;
typedef ZH_VEC(noted) notes;

zh_rc zh_vacuum_note(zh_conn *conn, const zh_register *reg, zh_err *err)
{
    char name[sizeof NOTE + 256];
    char when[32];
    if (zh_conn_dialect(conn) != ZH_POSTGRES) {
        return ZH_OK;
    }
    (void)snprintf(name, sizeof name, "%s%.*s", NOTE, ZH_FMT(reg->id));
    (void)snprintf(when, sizeof when, "%" PRId64, zh_now());
    return zh_setting_set(conn, name, zh_str_of(when), err);
}

static zh_rc read_notes(zh_conn *conn, zh_arena *arena, notes *out, zh_err *err)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(
        conn,
        ZH_STR("SELECT name, value FROM zh_setting WHERE name LIKE '" NOTE "%' ORDER BY name"),
        NULL, 0, &stmt, err);
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        zh_str name = zh_str_dup(arena, zh_col_str(stmt, 0));
        noted n = {name, zh_str_dup(arena, zh_col_str(stmt, 1)),
                   zh_str_sub(name, sizeof NOTE - 1, name.n)};
        zh_vec_push(arena, out, n);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc vacuum_table(zh_conn *conn, zh_arena *arena, zh_str table, zh_err *err)
{
    zh_buf sql;
    zh_buf_init(&sql, 1024);
    zh_buf_z(&sql, "VACUUM ");
    zh_sql_ident(&sql, table);
    zh_str text = zh_str_dup(arena, zh_buf_view(&sql));
    zh_buf_free(&sql);
    return zh_exec(conn, text.p, err);
}

/* Current rows, versions, grams, and the same of the child tables. */
static zh_rc vacuum_register(zh_conn *conn, zh_arena *arena, const zh_register *reg, zh_err *err)
{
    static const char *const of_record[] = {"", "_h", "_g"};
    static const char *const of_child[] = {"", "_h"};
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(of_record) && rc == ZH_OK; i++) {
        rc = vacuum_table(conn, arena,
                          zh_str_fmt(arena, "%.*s%s", ZH_FMT(reg->table), of_record[i]), err);
    }
    for (size_t f = 0; f < reg->nfields; f++) {
        const zh_field *table = &reg->fields[f];
        for (size_t i = 0; i < ZH_COUNTOF(of_child) && rc == ZH_OK; i++) {
            rc = table->type == ZH_TYPE_TABLE
                     ? vacuum_table(conn, arena,
                                    zh_str_fmt(arena, "%.*s__%.*s%s", ZH_FMT(reg->table),
                                               ZH_FMT(table->column), of_child[i]),
                                    err)
                     : ZH_OK;
        }
    }
    return rc;
}

/* What was erased meanwhile has another time, and stays noted. */
static zh_rc forget(zh_conn *conn, const noted *n, zh_err *err)
{
    zh_sql_value values[] = {ZH_SQL_STR(n->name), ZH_SQL_STR(n->value)};
    return zh_run(conn, "DELETE FROM zh_setting WHERE name = ? AND value = ?", values, 2, NULL,
                  err);
}

zh_rc zh_vacuum_run(zh_core *core, zh_err *err)
{
    zh_conn *conn = NULL;
    notes list = {0};
    if (zh_store_dialect(zh_core_store(core)) != ZH_POSTGRES) {
        return ZH_OK;
    }
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_model *model = zh_core_model(core);
    zh_rc rc = zh_store_reader(zh_core_store(core), &conn, err);
    if (rc == ZH_OK) {
        rc = read_notes(conn, arena, &list, err);
        zh_store_release(conn);
        conn = NULL;
    }
    if (rc == ZH_OK && list.n > 0) {
        rc = zh_store_writer(zh_core_store(core), &conn, err);
    }
    for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
        zh_err why = {0};
        const zh_register *reg = zh_model_register(model, list.p[i].reg);
        zh_rc done = reg != NULL ? vacuum_register(conn, arena, reg, &why) : ZH_OK;
        if (done != ZH_OK) {
            zh_log_err(ZH_WARN, "erase.vacuum", &why);
            continue;
        }
        rc = forget(conn, &list.p[i], err);
    }
    zh_store_release(conn);
    zh_model_release(model);
    zh_arena_free(arena);
    return rc;
}
