/* Answers as JSON text: whatever two databases could say differently is in it. */
#include "base/os.h"
#include "base/utf8.h"
#include "core/clock/clock.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

void say_text(zh_jw *j, zh_str text)
{
    if (text.p == NULL) {
        zh_jw_null(j);
    } else if (zh_utf8_valid(text)) {
        zh_jw_str(j, text);
    } else { /* a message may quote what was refused */
        char hex[2 * 600 + 1];
        zh_str head = zh_str_sub(text, 0, 600);
        zh_hex(head.p, head.n, hex);
        zh_jw_array(j);
        zh_jw_i64(j, (int64_t)text.n);
        zh_jw_z(j, hex);
        zh_jw_array_end(j);
    }
}

static void key_text(zh_jw *j, const char *key, zh_str text)
{
    zh_jw_key(j, key);
    say_text(j, text);
}

void say_value(zh_jw *j, zh_arena *arena, const zh_value *value)
{
    char type = 0;
    if (value->kind == ZH_NULL) {
        zh_jw_null(j);
        return;
    }
    zh_jw_array(j);
    zh_jw_i64(j, value->kind);
    say_text(j, zh_value_canonical(arena, value, &type));
    if (value->kind == ZH_DECIMAL) {
        zh_jw_i64(j, value->mark);
        zh_jw_i64(j, value->decimal.scaled);
        zh_jw_i64(j, value->decimal.digits);
        say_text(j, value->text);
    } else if (value->kind != ZH_TEXT) {
        zh_jw_i64(j, value->i);
        zh_jw_i64(j, value->kind == ZH_REF ? value->office : value->to);
    }
    zh_jw_array_end(j);
}

static void say_rows(zh_jw *j, zh_arena *arena, const zh_rows *rows)
{
    zh_jw_key_str(j, rows->table->id);
    zh_jw_array(j);
    for (size_t i = 0; i < rows->n; i++) {
        zh_jw_array(j);
        zh_jw_i64(j, rows->ids[i]);
        for (size_t c = 0; c < rows->table->ncolumns; c++) {
            say_value(j, arena, &rows->values[i * rows->table->ncolumns + c]);
        }
        zh_jw_array_end(j);
    }
    zh_jw_array_end(j);
}

void say_record(zh_jw *j, zh_arena *arena, const zh_record *r, bool tables)
{
    zh_jw_object(j);
    zh_jw_ki(j, "office", r->office);
    zh_jw_ki(j, "id", r->id);
    zh_jw_ki(j, "version", r->version);
    zh_jw_kv(j, "state", r->state < 0 ? ZH_STR("?") : r->reg->states[r->state].id);
    zh_jw_ki(j, "handler", r->handler_office);
    zh_jw_ki(j, "created", r->created_at);
    zh_jw_ki(j, "recorded", r->recorded_at);
    key_text(j, "actor", r->actor);
    for (size_t i = 0; i < r->reg->nfields; i++) {
        if (r->reg->fields[i].type != ZH_TYPE_TABLE && r->values[i].kind != ZH_NULL) {
            zh_jw_key_str(j, r->reg->fields[i].id);
            say_value(j, arena, &r->values[i]);
        } else if (tables && r->reg->fields[i].type == ZH_TYPE_TABLE) {
            say_rows(j, arena, &r->tables[i]);
        }
    }
    zh_jw_key(j, "derived");
    zh_jw_array(j);
    for (size_t i = 0; i < r->reg->nderived; i++) {
        say_text(j, r->derived[i]);
    }
    zh_jw_array_end(j);
    zh_jw_object_end(j);
}

void say_error(zh_jw *j, zh_rc rc, const zh_err *err)
{
    zh_jw_ki(j, "rc", rc);
    if (rc != ZH_OK) {
        key_text(j, "rule", zh_str_of(err->rule));
        key_text(j, "message", zh_str_of(err->message));
        key_text(j, "fix", zh_str_of(err->fix));
        key_text(j, "where", zh_str_of(err->where));
        key_text(j, "clause", zh_str_of(err->clause));
    }
}

void say_findings(zh_jw *j, const zh_findings *findings)
{
    zh_jw_key(j, "findings");
    zh_jw_array(j);
    for (size_t i = 0; i < findings->list.n; i++) {
        const zh_finding *f = &findings->list.p[i];
        zh_jw_object(j);
        zh_jw_ki(j, "severity", f->severity);
        key_text(j, "rule", f->rule);
        key_text(j, "message", f->message);
        key_text(j, "clause", f->clause);
        key_text(j, "field", f->field);
        key_text(j, "fix", f->fix);
        zh_jw_object_end(j);
    }
    zh_jw_array_end(j);
    zh_jw_key(j, "rejected");
    zh_jw_bool(j, findings->rejected);
    zh_jw_key(j, "doubtful");
    zh_jw_bool(j, findings->doubtful);
}

static void say_i128(zh_jw *j, zh_i128 v)
{
    char text[48];
    zh_jw_str(j, (zh_str){text, zh_i128_format(v, 0, text)});
}

void say_cells(zh_jw *j, const zh_cell_query *q, const zh_cell_answer *answer)
{
    size_t groups = q->ngroups + (q->by != ZH_GRAIN_NONE);
    zh_jw_key(j, "cells");
    zh_jw_array(j);
    for (size_t i = 0; i < answer->n; i++) {
        const zh_cube_cell *cell = &answer->cells[i];
        zh_jw_array(j);
        for (size_t g = 0; g < groups; g++) {
            zh_jw_str(j, cell->groups[g]);
        }
        zh_jw_i64(j, cell->n);
        for (size_t m = 0; m < q->nmeasures; m++) {
            zh_jw_array(j);
            say_i128(j, cell->values[m]);
            zh_jw_i64(j, cell->counts[m]);
            for (size_t k = 0; k < cell->nkeys[m]; k++) {
                say_text(j, cell->keys[m][k].key);
                zh_jw_i64(j, cell->keys[m][k].n);
            }
            zh_jw_array_end(j);
        }
        zh_jw_array_end(j);
    }
    zh_jw_array_end(j);
}

void say_counts(zh_jw *j, const zh_counts *counts, size_t ngroups)
{
    zh_jw_ki(j, "total", counts->total);
    zh_jw_ki(j, "other", counts->other);
    zh_jw_ki(j, "distinct", counts->distinct);
    zh_jw_key(j, "complete");
    zh_jw_bool(j, counts->complete);
    zh_jw_key(j, "rows");
    zh_jw_array(j);
    for (size_t i = 0; i < counts->n; i++) {
        zh_jw_array(j);
        zh_jw_i64(j, counts->rows[i].n);
        for (size_t g = 0; g < ngroups; g++) {
            say_text(j, counts->rows[i].keys[g]);
            say_text(j, counts->rows[i].labels[g]);
        }
        zh_jw_array_end(j);
    }
    zh_jw_array_end(j);
}

/* ---- what is stored ------------------------------------------------------------------------- */

static void say_row(zh_jw *j, const zh_stmt *stmt)
{
    zh_jw_array(j);
    for (size_t i = 0; i < zh_columns(stmt); i++) {
        if (zh_col_type(stmt, i) == ZH_SQL_I64) {
            zh_jw_i64(j, zh_col_i64(stmt, i));
        } else {
            say_text(j, zh_col_str(stmt, i));
        }
    }
    zh_jw_array_end(j);
}

/* Rows of a query, in its order. */
static zh_rc say_query(zh_jw *j, side *s, const char *sql, const zh_sql_value *binds, size_t n)
{
    zh_stmt *stmt = NULL;
    zh_rc rc = zh_query(s->conn, zh_str_of(sql), binds, n, &stmt, &s->err);
    zh_jw_array(j);
    while (rc == ZH_OK && (rc = zh_step(stmt, &s->err)) == ZH_OK) {
        say_row(j, stmt);
    }
    zh_jw_array_end(j);
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static void say_history(zh_jw *j, side *s, const zh_register *reg, int64_t office, int64_t id)
{
    zh_version *versions = NULL;
    size_t n = 0;
    zh_rc rc = zh_record_history(&s->ctx, s->conn, reg, office, id, &versions, &n);
    say_error(j, rc, &s->err);
    zh_jw_key(j, "history");
    zh_jw_array(j);
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        zh_jw_array(j);
        say_text(j, versions[i].op);
        say_text(j, versions[i].reason);
        say_text(j, versions[i].reason_code);
        zh_jw_i64(j, versions[i].position);
        say_record(j, s->arena, versions[i].record, true);
        zh_jw_array_end(j);
    }
    zh_jw_array_end(j);
}

void say_life(zh_jw *j, side *s, const zh_register *reg, int64_t office, int64_t id)
{
    static const char clocks[] =
        "SELECT clock, started_at, due_at, ended_at, suspended_at, breached FROM zh_clock WHERE "
        "office = ? AND register = ? AND record = ? ORDER BY clock";
    static const char dues[] = "SELECT kind, name, due_at, fired_at, error FROM zh_due WHERE "
                               "office = ? AND register = ? AND record = ? ORDER BY kind, name";
    zh_sql_value key[] = {ZH_SQL_INT(office), ZH_SQL_STR(reg->id), ZH_SQL_INT(id)};
    zh_record *r = NULL;
    zh_jw_object(j);
    zh_rc rc = zh_record_get(&s->ctx, s->conn, reg, office, id, ZH_AS_OF_NOW, &r);
    zh_jw_key(j, "record");
    if (rc == ZH_OK) {
        say_record(j, s->arena, r, true);
    } else {
        zh_jw_null(j);
    }
    say_history(j, s, reg, office, id);
    zh_jw_key(j, "clocks");
    rc = say_query(j, s, clocks, key, 3);
    zh_assert(rc == ZH_OK);
    zh_jw_key(j, "dues");
    rc = say_query(j, s, dues, key, 3);
    zh_assert(rc == ZH_OK);
    zh_jw_object_end(j);
}

/* ---- whole tables --------------------------------------------------------------------------- */

/* Random, hashed over what is random, or read from a clock. */
static bool left_out(zh_str table, zh_str column)
{
    static const struct {
        const char *table, *column;
    } list[] = {
        {NULL, "salt"},           {NULL, "sealed"},           {"zh_outbox", "entries"},
        {"zh_outbox", "at"},      {"zh_outbox", "until"},     {"zh_file", "at"},
        {"zh_file", "erased_at"}, {"zh_model", "adopted_at"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(list); i++) {
        if ((list[i].table == NULL || zh_str_is(table, list[i].table)) &&
            zh_str_is(column, list[i].column)) {
            return true;
        }
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return zh_str_cmp(*(const zh_str *)a, *(const zh_str *)b);
}

static int by_name(const void *a, const void *b)
{
    return zh_str_cmp(*(const zh_str *)a, *(const zh_str *)b);
}

void say_table(side *s, zh_str table)
{
    zh_str *columns = NULL;
    size_t n = 0;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_rc rc =
        zh_table_columns(s->conn, s->arena, zh_str_c(s->arena, table), &columns, &n, &s->err);
    qsort(columns, n, sizeof *columns, by_name);
    zh_buf_z(&sql, "SELECT 1");
    for (size_t i = 0; i < n; i++) {
        if (!left_out(table, columns[i])) {
            zh_buf_z(&sql, ", ");
            zh_sql_ident(&sql, columns[i]);
        }
    }
    zh_buf_z(&sql, " FROM ");
    zh_sql_ident(&sql, table);
    if (zh_str_is(table, "zh_counter")) {
        zh_buf_z(&sql, " WHERE name <> 'log_until'"); /* an instant of committing */
    } else if (zh_str_is(table, "zh_setting")) {
        /* Each log has its own name, drawn by lot; only PostgreSQL vacuums after an erasure. */
        zh_buf_z(&sql, " WHERE name <> 'ledger.id' AND name NOT LIKE 'erase.vacuum.%'");
    }
    ZH_VEC(zh_str) rows = {0};
    zh_stmt *stmt = NULL;
    if (rc == ZH_OK) {
        rc = zh_query(s->conn, zh_buf_view(&sql), NULL, 0, &stmt, &s->err);
    }
    zh_buf row;
    zh_buf_init(&row, (size_t)16 << 20);
    while (rc == ZH_OK && (rc = zh_step(stmt, &s->err)) == ZH_OK) {
        zh_jw j;
        zh_buf_clear(&row);
        zh_jw_init(&j, &row, 0);
        say_row(&j, stmt);
        zh_vec_push(s->arena, &rows, zh_str_dup(s->arena, zh_buf_view(&row)));
    }
    zh_finish(stmt);
    if (rows.n > 0) {
        qsort(rows.p, rows.n, sizeof *rows.p, by_text);
    }
    zh_buf_fmt(&s->said, "%.*s\n", ZH_FMT(zh_buf_view(&sql)));
    for (size_t i = 0; i < rows.n; i++) {
        zh_buf_str(&s->said, rows.p[i]);
        zh_buf_c(&s->said, '\n');
    }
    if (rc != ZH_ENOTFOUND) {
        zh_buf_fmt(&s->said, "%d %s %s", rc, s->err.rule, s->err.message);
    }
    zh_buf_free(&row);
    zh_buf_free(&sql);
}
