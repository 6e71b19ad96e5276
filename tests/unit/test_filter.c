/* Filters as SQL against the evaluator: for random rows and random conditions the database finds
 * exactly the rows for which the evaluator says true. Both databases when ZH_TEST_PG_URL is set. */
#include "core/read/filter.h"
#include "core/read/read_private.h"
#include "core/record/write_private.h"
#include "expr_world.h"
#include "model/compile.h"
#include "store/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 80, FILTERS = 600, SEED = 20260305 };

typedef struct database {
    world *w;
    zh_store *store;
    zh_conn *conn;
    zh_record *rows[ROWS];
    uint64_t random;
    bool history;
} database;

static unsigned below(database *d, unsigned n)
{
    d->random = d->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((d->random >> 33) % n);
}

#define ONE_OF(d, list) ((list)[below((d), (unsigned)ZH_COUNTOF(list))])

/* ---- random rows ---------------------------------------------------------------------------- */

static zh_value random_decimal(database *d, const zh_field *field)
{
    static const char *const texts[] = {"0",  "1",    "-1",  "2.5", "0.05", "-0.5",
                                        "10", "12.5", "100", "0.1", "880",  "<0.5",
                                        ">5", "<-1",  ">-2", "<10", ">0.05"};
    if (below(d, 6) == 0) {
        zh_value_mark mark = (zh_value_mark)(ZH_MARK_NOT_DETECTED + (int)below(d, 4));
        return (zh_value){.kind = ZH_DECIMAL, .mark = mark};
    }
    zh_value v = world_decimal(ONE_OF(d, texts));
    zh_rc rc = zh_decimal_rescale(v.decimal, field->digits, ZH_ROUND_HALF_EVEN, &v.decimal);
    assert_int_equal(rc, ZH_OK);
    v.text = zh_decimal_str(d->w->arena, v.decimal);
    return v;
}

static zh_value random_text(database *d, const zh_field *field)
{
    static const char *const texts[] = {"W-1", "W-2", "W-10", "好", "大好", "100%", "x_y", "wang"};
    if (field->codes) {
        return zh_value_text(field->codes->codes[below(d, (unsigned)field->codes->n)].code);
    }
    return world_text(ONE_OF(d, texts));
}

static zh_value random_value(database *d, const zh_field *field)
{
    zh_date date = zh_date_of(2026, 3, 1) + (zh_date)below(d, 10);
    if (below(d, 5) == 0 || field->type == ZH_TYPE_TABLE) {
        return ZH_VALUE_NULL;
    }
    switch (zh_field_kind(field)) {
    case ZH_DECIMAL: return random_decimal(d, field);
    case ZH_TEXT: return random_text(d, field);
    case ZH_DATE: return zh_value_date(date);
    case ZH_TIME: return zh_value_time(zh_date_start(date) + (zh_time)below(d, 3) * 43200000000);
    case ZH_BOOL: return zh_value_bool(below(d, 2));
    case ZH_REF: return (zh_value){.kind = ZH_REF, .office = 420000, .i = 7 + (int)below(d, 2)};
    case ZH_PERIOD: {
        zh_value open = ZH_VALUE_NULL;
        return world_period(zh_value_date(date), below(d, 2) ? zh_value_date(date + 4) : open);
    }
    case ZH_NULL:
    case ZH_DURATION:
    case ZH_LIST: break;
    }
    return ZH_VALUE_NULL;
}

static void random_rows(database *d, zh_record *r)
{
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_field *table = &r->reg->fields[i];
        zh_rows *rows = &r->tables[i];
        if (table->type != ZH_TYPE_TABLE) {
            r->values[i] = random_value(d, table);
            continue;
        }
        rows->table = table;
        rows->n = below(d, 4);
        rows->values = ZH_NEW_N(d->w->arena, zh_value, (rows->n + 1) * table->ncolumns);
        for (size_t k = 0; k < rows->n * table->ncolumns; k++) {
            rows->values[k] = random_value(d, &table->columns[k % table->ncolumns]);
        }
    }
}

/* ---- tables --------------------------------------------------------------------------------- */

static zh_sql_type column_type(const zh_field *field, size_t i)
{
    zh_kind kind = zh_field_kind(field);
    bool text = kind == ZH_TEXT || (kind == ZH_DECIMAL && i > 0);
    return text ? ZH_SQL_TEXT : ZH_SQL_I64;
}

static void define_columns(database *d, zh_buf *sql, const zh_field *fields, size_t n)
{
    zh_dialect dialect = zh_conn_dialect(d->conn);
    for (size_t i = 0; i < n; i++) {
        const char *suffixes[3];
        size_t columns = zh_field_columns(&fields[i], suffixes);
        for (size_t k = 0; k < columns; k++) {
            zh_buf_z(sql, ", ");
            zh_sql_ident(sql,
                         zh_str_fmt(d->w->arena, "%.*s%s", ZH_FMT(fields[i].column), suffixes[k]));
            zh_buf_fmt(sql, " %s", zh_sql_type_name(dialect, column_type(&fields[i], k)));
        }
    }
}

static void execute(database *d, zh_buf *sql)
{
    zh_err err = {0};
    zh_buf_c(sql, ')');
    zh_rc rc = zh_exec(d->conn, zh_str_c(d->w->arena, zh_buf_view(sql)), &err);
    if (rc != ZH_OK) {
        print_error("%s\n%.*s\n", err.message, ZH_FMT(zh_buf_view(sql)));
    }
    assert_int_equal(rc, ZH_OK);
    zh_buf_clear(sql);
}

static void create_tables(database *d, const zh_register *reg)
{
    const char *text = zh_sql_type_name(zh_conn_dialect(d->conn), ZH_SQL_TEXT);
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_buf_fmt(&sql,
               "CREATE TABLE %.*s%s (office BIGINT, id BIGINT, version BIGINT, state %s, "
               "handler_office BIGINT, created_at BIGINT, recorded_at BIGINT",
               ZH_FMT(reg->table), d->history ? "_h" : "", text);
    define_columns(d, &sql, reg->fields, reg->nfields);
    execute(d, &sql);
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *table = &reg->fields[i];
        if (table->type == ZH_TYPE_TABLE) {
            zh_buf_fmt(&sql,
                       "CREATE TABLE %.*s__%.*s%s (office BIGINT, parent BIGINT, ord BIGINT%s",
                       ZH_FMT(reg->table), ZH_FMT(table->column), d->history ? "_h" : "",
                       d->history ? ", version BIGINT" : "");
            define_columns(d, &sql, table->columns, table->ncolumns);
            execute(d, &sql);
        }
    }
    zh_buf_free(&sql);
}

static void insert(database *d, const char *head, const zh_sql_value *fixed, size_t nfixed,
                   const zh_field *fields, size_t nfields, const zh_value *values)
{
    ZH_VEC(zh_sql_value) row = {0};
    zh_err err = {0};
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    for (size_t i = 0; i < nfixed; i++) {
        zh_vec_push(d->w->arena, &row, fixed[i]);
    }
    for (size_t i = 0; i < nfields; i++) {
        zh_sql_value columns[3];
        size_t n = zh_stored_value(d->w->arena, &fields[i], &values[i], columns);
        for (size_t k = 0; k < n; k++) {
            zh_vec_push(d->w->arena, &row, columns[k]);
        }
    }
    zh_buf_fmt(&sql, "INSERT INTO %s VALUES (", head);
    for (size_t i = 0; i < row.n; i++) {
        zh_buf_z(&sql, i ? ", ?" : "?");
    }
    zh_buf_c(&sql, ')');
    zh_rc rc = zh_run(d->conn, zh_str_c(d->w->arena, zh_buf_view(&sql)), row.p, row.n, NULL, &err);
    if (rc != ZH_OK) {
        print_error("%s: %s\n", head, err.message);
    }
    assert_int_equal(rc, ZH_OK);
    zh_buf_free(&sql);
}

static void store_record(database *d, const zh_record *r)
{
    const char *suffix = d->history ? "_h" : "";
    zh_arena *arena = d->w->arena;
    const zh_sql_value fixed[] = {
        ZH_SQL_INT(r->office),         ZH_SQL_INT(r->id),
        ZH_SQL_INT(r->version),        ZH_SQL_STR(r->reg->states[r->state].id),
        ZH_SQL_INT(r->handler_office), ZH_SQL_INT(r->created_at),
        ZH_SQL_INT(r->recorded_at)};
    const char *name = zh_str_c(arena, zh_str_fmt(arena, "%.*s%s", ZH_FMT(r->reg->table), suffix));
    insert(d, name, fixed, ZH_COUNTOF(fixed), r->reg->fields, r->reg->nfields, r->values);
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_field *table = &r->reg->fields[i];
        for (size_t k = 0; table->type == ZH_TYPE_TABLE && k < r->tables[i].n; k++) {
            const zh_sql_value keys[] = {ZH_SQL_INT(r->office), ZH_SQL_INT(r->id),
                                         ZH_SQL_INT((int64_t)k), ZH_SQL_INT(r->version)};
            zh_str child = zh_str_fmt(arena, "%.*s__%.*s%s", ZH_FMT(r->reg->table),
                                      ZH_FMT(table->column), suffix);
            insert(d, zh_str_c(arena, child), keys, d->history ? 4 : 3, table->columns,
                   table->ncolumns, &r->tables[i].values[k * table->ncolumns]);
        }
    }
}

static void open_database(database *d, const char *url, bool history)
{
    zh_err err = {0};
    const zh_store_options options = {.relaxed_sync = true};
    *d = (database){.w = world_new(), .random = SEED, .history = history};
    zh_rc rc = zh_store_open(url, &options, &d->store, &err);
    rc = rc == ZH_OK ? zh_store_writer(d->store, &d->conn, &err) : rc;
    rc = rc == ZH_OK ? zh_begin(d->conn, &err) : rc;
    if (rc != ZH_OK) {
        print_error("%s: %s\n", url, err.message);
    }
    assert_int_equal(rc, ZH_OK);
    create_tables(d, &d->w->regs[REPORT]);
    zh_record *list = ZH_NEW_N(d->w->arena, zh_record, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        zh_record *r = d->rows[i] = &list[i];
        *r = *d->w->report;
        r->id = 1000 + (int64_t)i;
        r->version = 1 + (int32_t)below(d, 3);
        r->state = (int16_t)below(d, (unsigned)r->reg->nstates);
        r->created_at = zh_date_start(zh_date_of(2026, 3, 1)) + (zh_time)below(d, 5) * 86400000000;
        r->values = ZH_NEW_N(d->w->arena, zh_value, r->reg->nfields);
        r->tables = ZH_NEW_N(d->w->arena, zh_rows, r->reg->nfields);
        random_rows(d, r);
        store_record(d, r);
    }
}

static void close_database(database *d)
{
    zh_rollback(d->conn);
    zh_store_release(d->conn);
    zh_store_close(d->store);
    world_free(d->w);
}

/* ---- random conditions ---------------------------------------------------------------------- */

static void put_number(database *d, zh_buf *buf)
{
    static const char *const numbers[] = {
        "0",    "1",  "2.5", "0.05", "0.12345",           "12.5",      "5", "100", "0.0500",
        "-0.5", "-1", "-3",  "880",  "99999999999999999", "0.00000001"};
    zh_buf_z(buf, ONE_OF(d, numbers));
}

static void put_comparison(database *d, zh_buf *buf)
{
    static const char *const signs[] = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    zh_buf_z(buf, ONE_OF(d, signs));
}

static void put_decimal(database *d, zh_buf *buf, const char *prefix)
{
    static const char *const fields[] = {"amount", "pm", "lead", "total", "version"};
    static const char *const columns[] = {"items.pct", "items.weight"};
    bool left = below(d, 4) != 0;
    const char *name = prefix ? ONE_OF(d, columns) : ONE_OF(d, fields);
    if (left) {
        zh_buf_z(buf, name);
    } else {
        put_number(d, buf);
    }
    put_comparison(d, buf);
    if (left) {
        put_number(d, buf);
    } else {
        zh_buf_z(buf, name);
    }
}

static void put_moment(database *d, zh_buf *buf)
{
    static const char *const moments[] = {"sampled_at", "received",         "created_at",
                                          "2026-03-05", "2026-03-05T12:00", "2026-03-04T00:00",
                                          "sampled_at", "received"};
    zh_buf_z(buf, ONE_OF(d, moments));
    put_comparison(d, buf);
    zh_buf_z(buf, ONE_OF(d, moments));
}

static const char *const atoms[] = {
    "urgent",
    "urgent = true",
    "urgent = false",
    "no = 'W-1'",
    "no > 'W-1'",
    "no = note",
    "no != note",
    "note in ('W-1', '好')",
    "starts(no, 'W-1')",
    "starts(note, '大')",
    "starts(note, '')",
    "ends(no, '0')",
    "contains(no, '-1')",
    "contains(note, '好')",
    "contains(note, '%')",
    "contains(note, '_')",
    "place = '420106'",
    "place in ('420106', '110101')",
    "place within '420100'",
    "place within '420000'",
    "place within self.region",
    "place@2 = '420100'",
    "place@city != '420100'",
    "place@province = '110000'",
    "place@city in ('420100', '420500')",
    "grade >= 'C'",
    "grade < 'B'",
    "grade = 'A'",
    "verdict = 'fail'",
    "verdict in ('fail', 'na')",
    "state = 'served'",
    "state in (served, void)",
    "state > 'served'",
    "state <= 'consensus'",
    "state.terminal",
    "producer = self",
    "producer != self",
    "producer in (self)",
    "cert covers 2026-03-05",
    "cert covers 2026-03-08T10:00",
    "amount is null",
    "lead is null",
    "cert is null",
    "place is null",
    "producer is null",
    "items.item is null",
    "created_at is null",
    "id >= 1040",
    "office = 420000",
    "handler_office = 420106",
    "1 = 1",
    "self.region = '420106'",
    "self.holder is null",
    "count(items) = 0",
    "count(items) >= 2",
    "count(items, verdict = 'fail') > 0.5",
    "count(items, pct > 1) >= 1",
    "count(items.pct) < 2",
    "any(items)",
    "any(samplers = 'wang')",
    "all(samplers = 'wang')",
    "any(items.maker = self)",
    "all(items, verdict = 'fail': pct > 1)",
    "any(items, record.urgent and verdict = 'fail')",
    "urgent ?? false",
    "urgent ?? (no = 'W-1')",
};

static void put_plain(database *d, zh_buf *buf)
{
    const char *atom = ONE_OF(d, atoms);
    zh_buf_z(buf, strcmp(atom, "items.item is null") == 0 ? "any(items, item is null)" : atom);
}

static void put_condition(database *d, zh_buf *buf, unsigned depth);

static void put_rows(database *d, zh_buf *buf)
{
    zh_buf_z(buf, below(d, 2) ? "any(" : "all(");
    bool negated = below(d, 3) == 0;
    zh_buf_z(buf, negated ? "not " : "");
    put_decimal(d, buf, "items.");
    if (below(d, 2)) {
        zh_buf_z(buf, below(d, 2) ? " and items.verdict = 'fail'" : " or items.verdict != 'fail'");
    }
    zh_buf_c(buf, ')');
}

static void put_pair(database *d, zh_buf *buf, unsigned depth, const char *word)
{
    put_condition(d, buf, depth - 1);
    zh_buf_z(buf, word);
    put_condition(d, buf, depth - 1);
}

static void put_condition(database *d, zh_buf *buf, unsigned depth)
{
    unsigned choice = below(d, depth ? 12 : 7);
    zh_buf_c(buf, '(');
    if (choice < 2) {
        put_decimal(d, buf, NULL);
    } else if (choice < 3) {
        put_moment(d, buf);
    } else if (choice < 4) {
        put_rows(d, buf);
    } else if (choice < 7) {
        put_plain(d, buf);
    } else if (choice < 8) {
        zh_buf_z(buf, "not ");
        put_condition(d, buf, depth - 1);
    } else if (choice < 9) {
        put_pair(d, buf, depth, " or ");
    } else if (choice < 11) {
        put_pair(d, buf, depth, " and ");
    } else {
        put_condition(d, buf, depth - 1);
        zh_buf_z(buf, " ? ");
        put_pair(d, buf, depth, " : ");
    }
    zh_buf_c(buf, ')');
}

/* ---- both answers --------------------------------------------------------------------------- */

static zh_rc compile(database *d, zh_str text, zh_program *p, zh_err *err)
{
    const zh_scope scope = {
        .model = &d->w->model, .reg = &d->w->regs[REPORT], .self = &d->w->regs[ENTERPRISE]};
    return zh_expr_compile(d->w->arena, &scope, text, p, err);
}

static zh_env environment(database *d, const zh_record *record)
{
    zh_env env = world_env(d->w, record);
    env.self = &d->w->records[1];
    return env;
}

/* Bit i: row i matches by the database. */
static zh_rc by_database(database *d, const zh_program *p, bool *matches, zh_err *err)
{
    zh_env env = environment(d, NULL);
    zh_binds binds = {0};
    zh_stmt *stmt = NULL;
    zh_buf sql;
    zh_buf_init(&sql, 1 << 20);
    zh_buf_fmt(&sql, "SELECT a.id FROM r_report%s a WHERE ", d->history ? "_h" : "");
    zh_rc rc = zh_filter_sql_env(&env, p->root, &d->w->regs[REPORT], "a", zh_conn_dialect(d->conn),
                                 d->history, &sql, &binds, err);
    memset(matches, 0, ROWS);
    if (rc == ZH_OK) {
        rc = zh_query(d->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, err);
    }
    while (rc == ZH_OK && (rc = zh_step(stmt, err)) == ZH_OK) {
        matches[zh_col_i64(stmt, 0) - 1000] = true;
    }
    zh_finish(stmt);
    if (rc != ZH_ENOTFOUND && strcmp(err->rule, "query.unsupported") != 0) {
        print_error("%.*s\n%s %s\n", ZH_FMT(zh_buf_view(&sql)), err->rule, err->message);
    }
    zh_buf_free(&sql);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static size_t differences(database *d, zh_str text, const zh_program *p, const bool *matches)
{
    size_t wrong = 0;
    for (size_t i = 0; i < ROWS; i++) {
        zh_env env = environment(d, d->rows[i]);
        zh_err err = {0};
        bool is_true = false;
        zh_rc rc = zh_eval_true(p, &env, &is_true, &err);
        if (rc != ZH_OK || is_true != matches[i]) {
            print_error("%.*s: row %zu: evaluator %d (%s), database %d\n", ZH_FMT(text), i, is_true,
                        err.message, matches[i]);
            wrong++;
        }
    }
    return wrong;
}

static void run_property(const char *url, bool history)
{
    database d;
    size_t said = 0;
    size_t found = 0;
    size_t wrong = 0;
    open_database(&d, url, history);
    for (size_t i = 0; i < FILTERS && wrong < 5; i++) {
        zh_buf buf;
        zh_err err = {0};
        zh_program p;
        bool matches[ROWS];
        zh_buf_init(&buf, ZH_EXPR_BYTES_MAX);
        put_condition(&d, &buf, 3);
        zh_str text = zh_str_dup(d.w->arena, zh_buf_view(&buf));
        zh_buf_free(&buf);
        zh_rc rc = compile(&d, text, &p, &err);
        if (rc != ZH_OK) {
            print_error("%.*s: %s\n", ZH_FMT(text), err.message);
        }
        assert_int_equal(rc, ZH_OK);
        rc = by_database(&d, &p, matches, &err);
        if (rc != ZH_OK) {
            assert_string_equal(err.rule, "query.unsupported");
            print_error("%.*s: %s\n", ZH_FMT(text), err.message);
            continue;
        }
        said++;
        for (size_t k = 0; k < ROWS; k++) {
            found += matches[k];
        }
        wrong += differences(&d, text, &p, matches);
    }
    print_message("seed %d: %zu conditions, %zu matches\n", SEED, said, found);
    assert_int_equal(wrong, 0);
    assert_int_equal(said, FILTERS);
    assert_true(found > FILTERS * 5);
    close_database(&d);
}

static void test_sqlite(void **state)
{
    (void)state;
    run_property("sqlite::memory:", false);
    run_property("sqlite::memory:", true);
}

static void test_postgres(void **state)
{
    (void)state;
    const char *url = getenv("ZH_TEST_PG_URL");
    char full[512];
    if (url == NULL) {
        print_message("skipped: ZH_TEST_PG_URL is not set\n");
        skip();
    }
    snprintf(full, sizeof full, "%s?schema=filter_%ld", url, (long)getpid());
    run_property(full, false);
    run_property(full, true);
}

/* ---- what SQL cannot say -------------------------------------------------------------------- */

static void test_unsupported(void **state)
{
    (void)state;
    database d;
    open_database(&d, "sqlite::memory:", false);
    static const char *const texts[] = {"producer.industry = 'C14'",
                                        "amount + 1 > 2",
                                        "amount > total",
                                        "count(recheck) > 1",
                                        "len(no) > 3",
                                        "actor = 'li'",
                                        "year(received) = 2026",
                                        "sum(items: weight) > 1",
                                        "clock.objection.open",
                                        "mark(lead) = '<'",
                                        "any(items.maker.name = 'x')"};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        zh_program p;
        zh_err err = {0};
        bool matches[ROWS];
        assert_int_equal(compile(&d, zh_str_of(texts[i]), &p, &err), ZH_OK);
        assert_int_equal(by_database(&d, &p, matches, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "query.unsupported");
    }
    close_database(&d);
}

/* A level of codes in more runs than the cap is refused; at the cap it is said. */
static void test_runs_cap(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        world *w = world_new();
        size_t n = 2 * (ZH_FILTER_RUNS_MAX + extra) + 1;
        zh_code *list = ZH_NEW_N(w->arena, zh_code, n);
        zh_codes *codes = &w->region;
        for (size_t i = 0; i < n; i++) { /* every second code below the first */
            list[i].code = zh_str_fmt(w->arena, "c%05zu", i);
            list[i].parent = i && i % 2 == 0 ? &list[0] : NULL;
            list[i].level = list[i].parent ? 2 : 1;
            list[i].from = INT32_MIN;
            list[i].to = ZH_OPEN_END;
        }
        list[0].code = ZH_STR("c");
        codes->codes = list;
        codes->n = n;
        world_code_slots(w, codes);
        const zh_scope scope = {.model = &w->model, .reg = &w->regs[REPORT]};
        zh_program p;
        zh_err err = {0};
        zh_binds binds = {0};
        zh_buf sql;
        zh_buf_init(&sql, 1 << 20);
        zh_str text = ZH_STR("not place within 'c'");
        assert_int_equal(zh_expr_compile(w->arena, &scope, text, &p, &err), ZH_OK);
        zh_rc rc =
            zh_filter_sql(w->arena, p.root, scope.reg, "a", ZH_SQLITE, false, &sql, &binds, &err);
        assert_int_equal(rc, extra ? ZH_EINVAL : ZH_OK);
        assert_int_equal(binds.n, extra ? 0 : ZH_FILTER_RUNS_MAX);
        zh_buf_free(&sql);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_runs_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
