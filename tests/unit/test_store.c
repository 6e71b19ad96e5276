/* The store on SQLite, and on PostgreSQL when ZH_TEST_PG_URL names a server: the same tests, the
 * same answers. Expected values are written down or computed here in C, never taken from a
 * database. */
#include "base/log.h"
#include "base/time.h"
#include "scratch.h"
#include "store/driver.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* One opened database for each test: a new file, or a new schema. */
typedef struct fixture {
    zh_dialect dialect;
    const char *pg_url;
    char dir[SCRATCH_BYTES];
    char url[512];
    zh_store *store;
    zh_arena *arena;
    zh_err err;
    int serial;
} fixture;

static bool is_pg(const fixture *f)
{
    return f->dialect == ZH_POSTGRES;
}

#define OK(expression)        check(f, (expression), ZH_OK, #expression, __LINE__)
#define FAILS(rc, expression) check(f, (expression), (rc), #expression, __LINE__)

/* Compares a result code and forgets the error, so that the next one is seen. */
static void check(fixture *f, zh_rc got, zh_rc want, const char *what, int line)
{
    if (got != want) {
        fail_msg("line %d: %s gave %d, not %d (%s: %s %s)", line, what, got, want, f->err.rule,
                 f->err.message, f->err.where);
    }
    if (want != ZH_OK && want != ZH_ENOTFOUND) {
        assert_int_equal(f->err.rc, want); /* every failure explains itself */
        assert_true(f->err.message[0] != '\0');
    }
    zh_err_clear(&f->err);
}

static void open_store(fixture *f, unsigned busy_ms)
{
    zh_store_options options = {.readers_max = 3, .busy_timeout_ms = busy_ms, .relaxed_sync = true};
    OK(zh_store_open(f->url, &options, &f->store, &f->err));
}

static int setup(void **state)
{
    fixture *f = *state;
    f->arena = zh_arena_new((size_t)512 << 20);
    f->serial++;
    if (is_pg(f)) {
        snprintf(f->url, sizeof f->url, "%s%cschema=zh_test_%d_%d", f->pg_url,
                 strchr(f->pg_url, '?') ? '&' : '?', (int)getpid(), f->serial);
    } else {
        snprintf(f->url, sizeof f->url, "sqlite:%s/%d.db", f->dir, f->serial);
    }
    open_store(f, 300);
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    zh_store_fail_at(0);
    if (is_pg(f)) {
        char sql[128];
        zh_conn *conn;
        snprintf(sql, sizeof sql, "DROP SCHEMA zh_test_%d_%d CASCADE", (int)getpid(), f->serial);
        OK(zh_store_writer(f->store, &conn, &f->err));
        OK(zh_exec(conn, sql, &f->err));
        zh_store_release(conn);
    }
    zh_store_close(f->store);
    zh_arena_free(f->arena);
    return 0;
}

static zh_conn *writer(fixture *f)
{
    zh_conn *conn;
    OK(zh_store_writer(f->store, &conn, &f->err));
    return conn;
}

static zh_conn *reader(fixture *f)
{
    zh_conn *conn;
    OK(zh_store_reader(f->store, &conn, &f->err));
    return conn;
}

/* A table with columns of the three types: "name:i", "name:t", "name:b", the first is the key. */
static void make_table(fixture *f, zh_conn *conn, const char *name, const char *columns)
{
    zh_buf sql;
    zh_buf_init(&sql, 4096);
    zh_buf_z(&sql, "CREATE TABLE ");
    zh_sql_ident(&sql, zh_str_of(name));
    zh_str rest = zh_str_of(columns);
    zh_str piece;
    for (int i = 0; zh_str_split(&rest, ' ', &piece); i++) {
        zh_buf_z(&sql, i ? ", " : " (");
        zh_sql_ident(&sql, zh_str_sub(piece, 0, piece.n - 2));
        char kind = piece.p[piece.n - 1];
        zh_sql_type type = kind == 'i' ? ZH_SQL_I64 : kind == 't' ? ZH_SQL_TEXT : ZH_SQL_BLOB;
        zh_buf_fmt(&sql, " %s%s", zh_sql_type_name(f->dialect, type), i ? "" : " PRIMARY KEY");
    }
    zh_buf_z(&sql, ")");
    zh_buf_c(&sql, '\0');
    OK(zh_exec(conn, sql.p, &f->err));
    zh_buf_free(&sql);
}

static int64_t number(fixture *f, zh_conn *conn, const char *sql)
{
    int64_t out = -1;
    OK(zh_query_i64(conn, sql, NULL, 0, &out, &f->err));
    return out;
}

#define Z(literal) ZH_SQL_STR(ZH_STR(literal))

/* ---- values ---- */

static void test_round_trips(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i n:i t:t b:b");
    static const char *const texts[] = {"",
                                        "a",
                                        "全国质量",
                                        "𠮷野家 𪚥 𰻝",
                                        "👩‍🔬🇨🇳",
                                        "quote ' and \" and \\ and $1 ?",
                                        "\xf4\x8f\xbf\xbd"};
    static const int64_t numbers[] = {INT64_MIN, INT64_MAX, 0,           -1,
                                      1,         1u << 31,  -2147483649, 123456789012345678};
    size_t big = 10u << 20;
    char *bytes = zh_arena_alloc(f->arena, big);
    for (size_t i = 0; i < big; i++) {
        bytes[i] = (char)(i * 31 + (i >> 8));
    }
    int64_t id = 0;
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        for (size_t j = 0; j < ZH_COUNTOF(numbers); j++) {
            zh_sql_value row[] = {ZH_SQL_INT(++id), ZH_SQL_INT(numbers[j]),
                                  ZH_SQL_STR(zh_str_of(texts[i])),
                                  ZH_SQL_BYTES(((zh_str){bytes, i * 37}))};
            int64_t changed = 0;
            OK(zh_run(conn, "INSERT INTO v VALUES (?,?,?,?)", row, 4, &changed, &f->err));
            assert_int_equal(changed, 1);
        }
    }
    zh_sql_value row[] = {ZH_SQL_INT(1000), ZH_SQL_NONE, ZH_SQL_NONE, ZH_SQL_NONE};
    OK(zh_run(conn, "INSERT INTO v VALUES (?,?,?,?)", row, 4, NULL, &f->err));
    row[0] = ZH_SQL_INT(1001);
    row[3] = ZH_SQL_BYTES(((zh_str){bytes, big}));
    OK(zh_run(conn, "INSERT INTO v VALUES (?,?,?,?)", row, 4, NULL, &f->err));

    zh_stmt *q;
    OK(zh_query(conn, ZH_STR("SELECT id,n,t,b FROM v ORDER BY id"), NULL, 0, &q, &f->err));
    assert_int_equal(zh_columns(q), 4);
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        for (size_t j = 0; j < ZH_COUNTOF(numbers); j++) {
            OK(zh_step(q, &f->err));
            assert_true(zh_col_i64(q, 1) == numbers[j]);
            assert_int_equal(zh_col_type(q, 2), ZH_SQL_TEXT);
            assert_true(zh_str_is(zh_col_str(q, 2), texts[i]));
            assert_non_null(zh_col_str(q, 2).p); /* empty is not NULL */
            assert_int_equal(zh_col_type(q, 3), ZH_SQL_BLOB);
            assert_true(zh_str_eq(zh_col_str(q, 3), (zh_str){bytes, i * 37}));
        }
    }
    OK(zh_step(q, &f->err));
    for (size_t i = 1; i < 4; i++) {
        assert_true(zh_col_null(q, i));
    }
    assert_int_equal(zh_col_i64(q, 1), 0);
    assert_null(zh_col_str(q, 2).p);
    OK(zh_step(q, &f->err));
    assert_true(zh_str_eq(zh_col_str(q, 3), (zh_str){bytes, big}));
    FAILS(ZH_ENOTFOUND, zh_step(q, &f->err));
    FAILS(ZH_ENOTFOUND, zh_step(q, &f->err)); /* and stays so */
    zh_finish(q);
    zh_finish(NULL);
    zh_store_release(conn);
    zh_store_release(NULL);
}

static void test_expressions(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i n:i t:t");
    OK(zh_run(conn, "INSERT INTO v VALUES (1,9223372036854775806,'b'),(2,1,'a'),(3,NULL,NULL)",
              NULL, 0, NULL, &f->err));
    assert_true(number(f, conn, "SELECT sum(n) FROM v") == INT64_MAX);
    assert_int_equal(number(f, conn, "SELECT sum(n)-sum(n) FROM v"), 0);
    assert_int_equal(number(f, conn, "SELECT -sum(n)+9223372036854770000 FROM v"), -5807);
    assert_int_equal(number(f, conn, "SELECT sum(n)*0+12340000 FROM v"), 12340000);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 3);
    assert_int_equal(number(f, conn, "SELECT t='a' FROM v WHERE id=2"), 1);
    assert_int_equal(number(f, conn, "SELECT n<>1 FROM v WHERE id=2"), 0);
    int64_t out[3] = {7, 7, 7};
    OK(zh_query_i64(conn, "SELECT id,n,id+1 FROM v WHERE id=3", NULL, 0, out, &f->err));
    assert_true(out[0] == 3 && out[1] == 0 && out[2] == 4);
    FAILS(ZH_ENOTFOUND, zh_query_i64(conn, "SELECT id FROM v WHERE id=9", NULL, 0, out, &f->err));
    /* A sum beyond 64 bits and a fraction are errors, not roundings. */
    OK(zh_run(conn, "INSERT INTO v VALUES (4,2,'c')", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_query_i64(conn, "SELECT sum(n) FROM v", NULL, 0, out, &f->err));
    FAILS(ZH_EDB, zh_query_i64(conn, "SELECT 0.5", NULL, 0, out, &f->err));
    zh_store_release(conn);
}

static void test_parameters(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i n:i t:t");
    /* The same text with NULL first, then integers, then NULL: types are learned as they come. */
    const char *insert = "INSERT INTO v VALUES (?,?,?)";
    zh_sql_value row[] = {ZH_SQL_INT(1), ZH_SQL_NONE, ZH_SQL_NONE};
    OK(zh_run(conn, insert, row, 3, NULL, &f->err));
    row[0] = ZH_SQL_INT(2);
    row[1] = ZH_SQL_INT(-5);
    row[2] = Z("x");
    OK(zh_run(conn, insert, row, 3, NULL, &f->err));
    row[0] = ZH_SQL_INT(3);
    row[1] = ZH_SQL_NONE;
    OK(zh_run(conn, insert, row, 3, NULL, &f->err));
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v WHERE n IS NULL AND t IS NULL"), 1);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v WHERE n=-5"), 1);
    int64_t out;
    zh_sql_value arguments[] = {ZH_SQL_INT(2), Z("x"), ZH_SQL_INT(1)};
    OK(zh_query_i64(conn, "SELECT id FROM v WHERE id>=? AND t=? ORDER BY id LIMIT 1 OFFSET ?",
                    arguments, 3, &out, &f->err));
    assert_int_equal(out, 3);
    FAILS(ZH_EDB, zh_query_i64(conn, "SELECT id FROM v WHERE id=?", NULL, 0, &out, &f->err));
    FAILS(ZH_EDB, zh_query_i64(conn, "SELECT id FROM v", arguments, 1, &out, &f->err));
    int64_t changed = -1;
    OK(zh_run(conn, "UPDATE v SET n=? WHERE id>=2", arguments, 1, &changed, &f->err));
    assert_int_equal(changed, 2);
    OK(zh_run(conn, "DELETE FROM v WHERE id=?", arguments + 2, 1, &changed, &f->err));
    assert_int_equal(changed, 1);
    OK(zh_run(conn, "SELECT id FROM v", NULL, 0, &changed, &f->err));
    assert_int_equal(changed, 0);
    OK(zh_run(conn, "INSERT INTO v VALUES (2,0,'y') ON CONFLICT (id) DO NOTHING", NULL, 0, &changed,
              &f->err));
    assert_int_equal(changed, 0);
    zh_store_release(conn);
}

static void test_placeholders(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        size_t n;
    } good[] = {
        {"SELECT ?,?", "SELECT $1,$2", 2},
        {"SELECT '?' , \"a?\", ?", "SELECT '?' , \"a?\", $1", 1},
        {"SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1", 1},
        {"SELECT ''''||?", "SELECT ''''||$1", 1},
        {"SELECT ? -- why?\n, ?", "SELECT $1 -- why?\n, $2", 2},
        {"SELECT /* ? ' */ ?::int8[]", "SELECT /* ? ' */ $1::int8[]", 1},
        {"SELECT a$1 FROM t -- end ?", "SELECT a$1 FROM t -- end ?", 0},
        {"SELECT \"a\"\"?\", 4-?", "SELECT \"a\"\"?\", 4-$1", 1},
        {"", "", 0},
    };
    static const char *const bad[] = {"SELECT ?1",  "SELECT $1",   "SELECT 'a",
                                      "SELECT \"a", "SELECT /* a", "SELECT /* a '*' ?"};
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        zh_buf out;
        zh_err err = {0};
        size_t n = 99;
        zh_buf_init(&out, 1000);
        assert_int_equal(zh_sql_translate(zh_str_of(good[i].in), &out, &n, &err), ZH_OK);
        assert_true(zh_str_is(zh_buf_view(&out), good[i].out));
        assert_int_equal(n, good[i].n);
        zh_buf_free(&out);
    }
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_err err = {0};
        size_t n;
        assert_int_equal(zh_sql_translate(zh_str_of(bad[i]), NULL, &n, &err), ZH_EDB);
        assert_string_equal(err.rule, "store.sql.subset");
    }
}

/* ---- caps ---- */

static void test_caps(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i b:b t:t");
    const char *insert = "INSERT INTO v VALUES (?,?,?)";
    zh_str most = {zh_arena_alloc(f->arena, ZH_STORE_VALUE_BYTES_MAX + 1),
                   ZH_STORE_VALUE_BYTES_MAX};
    zh_sql_value row[] = {ZH_SQL_INT(1), ZH_SQL_BYTES(most), ZH_SQL_NONE};
    OK(zh_run(conn, insert, row, 3, NULL, &f->err));
    row[1].bytes.n++;
    FAILS(ZH_ELIMIT, zh_run(conn, insert, row, 3, NULL, &f->err));
    row[1] = ZH_SQL_NONE;
    row[2] = Z("ab\0c");
    FAILS(ZH_EINVAL, zh_run(conn, insert, row, 3, NULL, &f->err));
    FAILS(ZH_EINVAL, zh_run(conn, insert, row, 3, NULL, &f->err)); /* nothing was sent */
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 1);

    char *sql = zh_arena_alloc(f->arena, ZH_STORE_SQL_BYTES_MAX + 2);
    memset(sql, ' ', ZH_STORE_SQL_BYTES_MAX + 1);
    memcpy(sql, "SELECT 5", 8);
    zh_stmt *q;
    OK(zh_query(conn, (zh_str){sql, ZH_STORE_SQL_BYTES_MAX}, NULL, 0, &q, &f->err));
    zh_finish(q);
    FAILS(ZH_ELIMIT,
          zh_query(conn, (zh_str){sql, ZH_STORE_SQL_BYTES_MAX + 1}, NULL, 0, &q, &f->err));
    FAILS(ZH_EDB, zh_query(conn, ZH_STR("SELECT 1\0"), NULL, 0, &q, &f->err));

    enum { MANY = ZH_STORE_PARAMETERS_MAX };
    zh_sql_value *values = ZH_NEW_N(f->arena, zh_sql_value, MANY + 1);
    zh_buf in;
    zh_buf_init(&in, 1u << 20);
    zh_buf_z(&in, "SELECT id FROM v WHERE id IN (?");
    for (int i = 0; i <= MANY; i++) {
        values[i] = ZH_SQL_INT(i);
    }
    for (int i = 1; i < MANY; i++) {
        zh_buf_z(&in, ",?");
    }
    zh_buf_z(&in, ")");
    OK(zh_query(conn, zh_buf_view(&in), values, MANY, &q, &f->err));
    OK(zh_step(q, &f->err));
    assert_int_equal(zh_col_i64(q, 0), 1);
    zh_finish(q);
    in.n--;
    zh_buf_z(&in, ",?)");
    FAILS(ZH_ELIMIT, zh_query(conn, zh_buf_view(&in), values, MANY + 1, &q, &f->err));
    zh_buf_free(&in);
    zh_store_release(conn);
}

static void test_statement_cache(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    char sql[64];
    for (int round = 0; round < 2; round++) { /* more texts than the cache holds, twice */
        for (int i = 0; i < ZH_STORE_STATEMENTS_MAX * 2; i++) {
            snprintf(sql, sizeof sql, "SELECT %d", i);
            assert_int_equal(number(f, conn, sql), i);
        }
    }
    assert_int_equal(conn->cached, ZH_STORE_STATEMENTS_MAX);
    if (is_pg(f)) {
        assert_in_range(number(f, conn, "SELECT count(*) FROM pg_prepared_statements"), 1,
                        ZH_STORE_STATEMENTS_MAX);
    }
    /* The same text open many times: each has its own place; one more than the cap is refused. */
    zh_stmt *open[ZH_STORE_STATEMENTS_MAX];
    for (int i = 0; i < ZH_STORE_STATEMENTS_MAX; i++) {
        zh_sql_value v = ZH_SQL_INT(i);
        OK(zh_query(conn, ZH_STR("SELECT 1+?"), &v, 1, &open[i], &f->err));
    }
    zh_stmt *more;
    zh_sql_value v = ZH_SQL_INT(0);
    FAILS(ZH_ELIMIT, zh_query(conn, ZH_STR("SELECT 1+?"), &v, 1, &more, &f->err));
    for (int i = 0; i < ZH_STORE_STATEMENTS_MAX; i++) {
        OK(zh_step(open[i], &f->err));
        assert_int_equal(zh_col_i64(open[i], 0), i + 1);
        zh_finish(open[i]);
    }
    zh_store_release(conn);
}

/* ---- nesting ---- */

static void fill(fixture *f, zh_conn *conn, const char *table, int64_t n, zh_str text)
{
    static const char *const columns[] = {"id", "n", "t"};
    static const zh_sql_type types[] = {ZH_SQL_I64, ZH_SQL_I64, ZH_SQL_TEXT};
    zh_bulk *bulk;
    OK(zh_begin(conn, &f->err));
    OK(zh_bulk_begin(conn, ZH_BULK_INSERT, table, columns, types, 3, 1, &bulk, &f->err));
    for (int64_t i = 0; i < n; i++) {
        zh_sql_value row[] = {ZH_SQL_INT(i), ZH_SQL_INT(i % 10), ZH_SQL_STR(text)};
        OK(zh_bulk_row(bulk, row, &f->err));
    }
    OK(zh_bulk_end(bulk, &f->err));
    OK(zh_commit(conn, &f->err));
}

/* Rows of an outer query with a query and a write inside its loop; the outer's current row stays
 * readable. */
static void nested_pass(fixture *f, zh_conn *conn, int64_t rows, zh_str text)
{
    zh_stmt *outer;
    OK(zh_query(conn, ZH_STR("SELECT id,n,t FROM a ORDER BY id"), NULL, 0, &outer, &f->err));
    for (int64_t i = 0; i < rows; i++) {
        OK(zh_step(outer, &f->err));
        if (i % 997 == 0) {
            zh_sql_value key = ZH_SQL_INT(zh_col_i64(outer, 1));
            zh_stmt *inner;
            OK(zh_query(conn, ZH_STR("SELECT id,t FROM b WHERE n=? ORDER BY id"), &key, 1, &inner,
                        &f->err));
            for (int64_t j = key.i64; j < 50; j += 10) {
                OK(zh_step(inner, &f->err));
                assert_int_equal(zh_col_i64(inner, 0), j);
                zh_sql_value at = ZH_SQL_INT(j);
                int64_t back;
                OK(zh_query_i64(conn, "SELECT id FROM b WHERE id=?", &at, 1, &back, &f->err));
                assert_int_equal(back, j);
                OK(zh_run(conn, "UPDATE c SET n=n+1 WHERE id=?", &at, 1, NULL, &f->err));
                assert_int_equal(zh_col_i64(inner, 0), j);
            }
            zh_finish(inner); /* before its end was seen */
        }
        assert_int_equal(zh_col_i64(outer, 0), i);
        assert_int_equal(zh_col_i64(outer, 1), i % 10);
        assert_true(zh_str_eq(zh_col_str(outer, 2), text));
    }
    FAILS(ZH_ENOTFOUND, zh_step(outer, &f->err));
    zh_finish(outer);
}

static void test_nested(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "a", "id:i n:i t:t");
    make_table(f, conn, "b", "id:i n:i t:t");
    make_table(f, conn, "c", "id:i n:i t:t");
    char text[300];
    memset(text, 'x', sizeof text);
    zh_str t = {text, sizeof text};
    enum { ROWS = 40000 }; /* 12 MB: more than PostgreSQL's driver keeps in memory */
    fill(f, conn, "a", ROWS, t);
    fill(f, conn, "b", 50, ZH_STR("内层"));
    fill(f, conn, "c", 50, ZH_STR(""));
    nested_pass(f, conn, ROWS, t);
    OK(zh_begin(conn, &f->err));
    nested_pass(f, conn, ROWS, t);
    OK(zh_commit(conn, &f->err));
    assert_int_equal(number(f, conn, "SELECT sum(n) FROM c"), 45 * 5 + 2 * 41 * 5);

    /* Left early, in a transaction and outside; the connection stays usable. */
    for (int i = 0; i < 4; i++) {
        zh_stmt *q;
        if (i % 2) {
            OK(zh_begin(conn, &f->err));
        }
        OK(zh_query(conn, ZH_STR("SELECT t FROM a"), NULL, 0, &q, &f->err));
        if (i / 2) {
            OK(zh_step(q, &f->err));
        }
        zh_finish(q);
        assert_int_equal(number(f, conn, "SELECT count(*) FROM b"), 50);
        if (i % 2) {
            OK(zh_commit(conn, &f->err));
        }
    }
    /* Two outer loops side by side. */
    zh_stmt *x, *y;
    OK(zh_query(conn, ZH_STR("SELECT id FROM a ORDER BY id"), NULL, 0, &x, &f->err));
    OK(zh_query(conn, ZH_STR("SELECT id FROM a ORDER BY id DESC"), NULL, 0, &y, &f->err));
    for (int64_t i = 0; i < 3000; i++) {
        OK(zh_step(x, &f->err));
        OK(zh_step(y, &f->err));
        assert_int_equal(zh_col_i64(x, 0), i);
        assert_int_equal(zh_col_i64(y, 0), ROWS - 1 - i);
    }
    zh_finish(x);
    zh_finish(y);
    zh_store_release(conn);
}

/* ---- bulk ---- */

static void bulk_rows(fixture *f, zh_conn *conn, zh_bulk_mode mode, int64_t from, int64_t n,
                      zh_rc want)
{
    static const char *const columns[] = {"id", "k", "n", "m"};
    static const zh_sql_type types[] = {ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_I64, ZH_SQL_I64};
    zh_bulk *bulk;
    zh_rc rc = ZH_OK;
    OK(zh_bulk_begin(conn, mode, "cell", columns, types, 4, 2, &bulk, &f->err));
    for (int64_t i = from; i < from + n && rc == ZH_OK; i++) {
        char key[32];
        snprintf(key, sizeof key, "键\\\",{}%lld", (long long)(i % 7));
        zh_sql_value row[] = {ZH_SQL_INT(i), ZH_SQL_STR(zh_str_of(key)), ZH_SQL_INT(i),
                              i % 3 ? ZH_SQL_INT(-1) : ZH_SQL_NONE};
        rc = zh_bulk_row(bulk, row, &f->err);
    }
    zh_rc end = zh_bulk_end(bulk, &f->err);
    FAILS(want, rc != ZH_OK ? rc : end);
}

/* count, sum(n), count(m), sum(m) of the table */
static void expect_cells(fixture *f, zh_conn *conn, int64_t rows, int64_t n, int64_t m)
{
    int64_t out[3];
    OK(zh_query_i64(conn, "SELECT count(*), coalesce(sum(n),0), count(m) FROM cell", NULL, 0, out,
                    &f->err));
    assert_int_equal(out[0], rows);
    assert_int_equal(out[1], n);
    assert_int_equal(out[2], m);
}

static void test_bulk_modes(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    char sql[300];
    snprintf(sql, sizeof sql,
             "CREATE TABLE cell (id BIGINT, k %s, n BIGINT, m BIGINT, PRIMARY KEY (id, k))",
             zh_sql_type_name(f->dialect, ZH_SQL_TEXT));
    OK(zh_exec(conn, sql, &f->err));
    static const int64_t counts[] = {0, 1, 999, 1000, 1001, 5000};
    for (size_t i = 0; i < ZH_COUNTOF(counts); i++) {
        int64_t c = counts[i], sum = c * (c - 1) / 2, nulls = (c + 2) / 3;
        OK(zh_begin(conn, &f->err));
        bulk_rows(f, conn, ZH_BULK_INSERT, 0, c, ZH_OK);
        expect_cells(f, conn, c, sum, c - nulls);
        bulk_rows(f, conn, ZH_BULK_ADD, 0, c, ZH_OK);
        expect_cells(f, conn, c, 2 * sum, c - nulls);
        bulk_rows(f, conn, ZH_BULK_REPLACE, 0, c, ZH_OK);
        expect_cells(f, conn, c, sum, c - nulls);
        bulk_rows(f, conn, ZH_BULK_IGNORE, 0, c + 1, ZH_OK); /* one is new */
        expect_cells(f, conn, c + 1, sum + c, c + 1 - (c + 3) / 3);
        bulk_rows(f, conn, ZH_BULK_INSERT, c + 1, 1, ZH_OK);
        bulk_rows(f, conn, ZH_BULK_INSERT, c, 2, ZH_ECONFLICT);
        zh_rollback(conn);
        expect_cells(f, conn, 0, 0, 0);
    }
    /* Adding beyond 64 bits is refused. */
    OK(zh_begin(conn, &f->err));
    bulk_rows(f, conn, ZH_BULK_INSERT, 5, 1, ZH_OK);
    OK(zh_run(conn, "UPDATE cell SET n=9223372036854775803", NULL, 0, NULL, &f->err));
    bulk_rows(f, conn, ZH_BULK_ADD, 5, 1, ZH_EDB);
    zh_store_release(conn);
}

/* Several loads open at once, with queries in between, as an import does. */
static void test_bulk_interleaved(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    enum { LOADS = 4, ROWS = 2500 };
    static const char *const columns[] = {"id", "n", "b"};
    static const zh_sql_type types[] = {ZH_SQL_I64, ZH_SQL_I64, ZH_SQL_BLOB};
    static const zh_bulk_mode modes[LOADS] = {ZH_BULK_INSERT, ZH_BULK_ADD, ZH_BULK_INSERT,
                                              ZH_BULK_REPLACE};
    zh_bulk *loads[LOADS];
    char name[16];
    char *bytes = zh_arena_alloc(f->arena, 8000);
    for (int i = 0; i < LOADS; i++) {
        snprintf(name, sizeof name, "t%d", i);
        make_table(f, conn, name, "id:i n:i b:b");
    }
    OK(zh_begin(conn, &f->err));
    for (int i = 0; i < LOADS; i++) {
        snprintf(name, sizeof name, "t%d", i);
        size_t n = modes[i] == ZH_BULK_ADD ? 2 : 3;
        OK(zh_bulk_begin(conn, modes[i], name, columns, types, n, 1, &loads[i], &f->err));
    }
    zh_stmt *open;
    OK(zh_query(conn, ZH_STR("SELECT id FROM t0"), NULL, 0, &open, &f->err));
    for (int64_t r = 0; r < ROWS; r++) {
        for (int i = 0; i < LOADS; i++) { /* t2 reaches the byte bound before the row bound */
            zh_str b = {bytes, i == 2 ? 8000 : (size_t)r % 5};
            zh_sql_value row[] = {ZH_SQL_INT(r), ZH_SQL_INT(r), ZH_SQL_BYTES(b)};
            OK(zh_bulk_row(loads[i], row, &f->err));
        }
        if (r % 700 == 0) {
            assert_int_equal(number(f, conn, "SELECT 41+1"), 42);
        }
    }
    zh_finish(open);
    for (int i = 0; i < LOADS; i++) {
        OK(zh_bulk_end(loads[i], &f->err));
    }
    OK(zh_commit(conn, &f->err));
    for (int i = 0; i < LOADS; i++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT sum(n)+count(*) FROM t%d", i);
        assert_int_equal(number(f, conn, sql), (int64_t)ROWS * (ROWS - 1) / 2 + ROWS);
    }
    assert_int_equal(number(f, conn, "SELECT sum(length(b)) FROM t2"), 8000LL * ROWS);

    /* A row that breaks a rule of the store is refused and the load goes on. */
    static const zh_sql_type text_types[] = {ZH_SQL_I64, ZH_SQL_TEXT};
    static const char *const text_columns[] = {"id", "t"};
    make_table(f, conn, "tt", "id:i t:t");
    OK(zh_begin(conn, &f->err));
    OK(zh_bulk_begin(conn, ZH_BULK_INSERT, "tt", text_columns, text_types, 2, 1, &loads[0],
                     &f->err));
    zh_sql_value row[] = {ZH_SQL_INT(1), Z("a\0b")};
    FAILS(ZH_EINVAL, zh_bulk_row(loads[0], row, &f->err));
    row[1] = Z("");
    OK(zh_bulk_row(loads[0], row, &f->err));
    OK(zh_bulk_end(loads[0], &f->err));
    OK(zh_commit(conn, &f->err));
    assert_int_equal(number(f, conn, "SELECT count(*) FROM tt WHERE t=''"), 1);
    zh_store_release(conn);
}

/* ---- failures and transactions ---- */

static void test_conflicts(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i n:i");
    OK(zh_exec(conn, "CREATE UNIQUE INDEX v_n ON v (n); CREATE INDEX v_n2 ON v (n)", &f->err));
    OK(zh_run(conn, "INSERT INTO v VALUES (1,1)", NULL, 0, NULL, &f->err));
    FAILS(ZH_ECONFLICT, zh_run(conn, "INSERT INTO v VALUES (1,2)", NULL, 0, NULL, &f->err));
    FAILS(ZH_ECONFLICT, zh_run(conn, "INSERT INTO v VALUES (2,1)", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_run(conn, "INSERT INTO nosuch VALUES (2,1)", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_run(conn, "SELEKT", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_run(conn, "SELECT \"nosuch\" FROM v", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_run(conn, "SELECT 1; SELECT 2", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_exec(conn, "CREATE TABLE v (id BIGINT)", &f->err));
    /* In a transaction nothing but a rollback is possible after a failure, on both databases. */
    OK(zh_begin(conn, &f->err));
    OK(zh_run(conn, "INSERT INTO v VALUES (5,5)", NULL, 0, NULL, &f->err));
    FAILS(ZH_ECONFLICT, zh_run(conn, "INSERT INTO v VALUES (5,6)", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_run(conn, "INSERT INTO v VALUES (6,6)", NULL, 0, NULL, &f->err));
    FAILS(ZH_EDB, zh_commit(conn, &f->err));
    zh_rollback(conn);
    zh_rollback(conn); /* again is harmless */
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 1);
    /* A query does not outlive its transaction. */
    zh_stmt *q;
    OK(zh_begin(conn, &f->err));
    OK(zh_query(conn, ZH_STR("SELECT n FROM v"), NULL, 0, &q, &f->err));
    zh_rollback(conn);
    FAILS(ZH_EDB, zh_step(q, &f->err));
    zh_finish(q);
    /* A release rolls back. */
    OK(zh_begin(conn, &f->err));
    OK(zh_run(conn, "INSERT INTO v VALUES (7,7)", NULL, 0, NULL, &f->err));
    zh_store_release(conn);
    conn = reader(f);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 1);
    FAILS(ZH_EDB, zh_run(conn, "INSERT INTO v VALUES (8,8)", NULL, 0, NULL, &f->err));
    zh_store_release(conn);
}

/* Two transactions over one row: PostgreSQL refuses the second as not serializable; SQLite makes it
 * wait and refuses it after the time. Both say "again", and again succeeds. */
static void test_busy(void **state)
{
    fixture *f = *state;
    zh_conn *a = writer(f);
    make_table(f, a, "v", "id:i n:i");
    OK(zh_run(a, "INSERT INTO v VALUES (1,10)", NULL, 0, NULL, &f->err));
    OK(zh_begin(a, &f->err));
    int64_t before = number(f, a, "SELECT n FROM v WHERE id=1");
    assert_int_equal(before, 10);
    zh_store *other;
    zh_store_options options = {.busy_timeout_ms = 50, .relaxed_sync = true};
    OK(zh_store_open(f->url, &options, &other, &f->err)); /* as another process would */
    zh_conn *b;
    if (is_pg(f)) {
        OK(zh_store_writer(other, &b, &f->err));
        OK(zh_begin(b, &f->err));
        OK(zh_run(b, "UPDATE v SET n=n+1 WHERE id=1", NULL, 0, NULL, &f->err));
        OK(zh_commit(b, &f->err));
        FAILS(ZH_EBUSY, zh_run(a, "UPDATE v SET n=n+1 WHERE id=1", NULL, 0, NULL, &f->err));
        zh_rollback(a);
        OK(zh_begin(a, &f->err));
        OK(zh_run(a, "UPDATE v SET n=n+1 WHERE id=1", NULL, 0, NULL, &f->err));
        OK(zh_begin(b, &f->err)); /* a row that another holds: waits, then gives up */
        FAILS(ZH_EBUSY, zh_run(b, "UPDATE v SET n=n+1 WHERE id=1", NULL, 0, NULL, &f->err));
    } else {
        OK(zh_store_writer(other, &b, &f->err));
        FAILS(ZH_EBUSY, zh_begin(b, &f->err));
        OK(zh_run(a, "UPDATE v SET n=n+2 WHERE id=1", NULL, 0, NULL, &f->err));
        zh_conn *c;
        FAILS(ZH_EBUSY, zh_store_writer(f->store, &c, &f->err)); /* a has not released it */
    }
    OK(zh_commit(a, &f->err));
    assert_int_equal(number(f, a, "SELECT n FROM v WHERE id=1"), 12);
    zh_store_release(b);
    zh_store_close(other);
    zh_store_release(a);
}

static void test_pool_bound(void **state)
{
    fixture *f = *state;
    zh_conn *conns[3], *more;
    for (int i = 0; i < 3; i++) {
        conns[i] = reader(f);
    }
    FAILS(ZH_EBUSY, zh_store_reader(f->store, &more, &f->err));
    zh_store_release(conns[0]);
    conns[0] = reader(f);
    for (int i = 0; i < 3; i++) {
        zh_store_release(conns[i]);
    }
}

static void test_snapshot(void **state)
{
    fixture *f = *state;
    zh_conn *w = writer(f), *r = reader(f);
    make_table(f, w, "v", "id:i n:i");
    OK(zh_read_begin(r, &f->err)); /* the snapshot is now, not at the first query */
    OK(zh_run(w, "INSERT INTO v VALUES (1,1)", NULL, 0, NULL, &f->err));
    assert_int_equal(number(f, r, "SELECT count(*) FROM v"), 0);
    zh_read_end(r);
    assert_int_equal(number(f, r, "SELECT count(*) FROM v"), 1);
    OK(zh_read_begin(r, &f->err));
    for (int64_t i = 2; i < 30; i++) {
        zh_sql_value row[] = {ZH_SQL_INT(i), ZH_SQL_INT(i)};
        OK(zh_begin(w, &f->err));
        OK(zh_run(w, "INSERT INTO v VALUES (?,?)", row, 2, NULL, &f->err));
        OK(zh_run(w, "UPDATE v SET n=n+1", NULL, 0, NULL, &f->err));
        OK(zh_commit(w, &f->err));
        assert_int_equal(number(f, r, "SELECT sum(n)*1000+count(*) FROM v"), 1001);
    }
    zh_read_end(r);
    assert_int_equal(number(f, r, "SELECT count(*) FROM v"), 29);
    zh_store_release(r);
    zh_store_release(w);
}

/* A transaction of every kind of step. */
static zh_rc script(zh_conn *conn, zh_err *err)
{
    static const char *const columns[] = {"id", "n"};
    static const zh_sql_type types[] = {ZH_SQL_I64, ZH_SQL_I64};
    zh_bulk *bulk = NULL;
    zh_stmt *q = NULL;
    zh_rc rc = zh_begin(conn, err);
    rc = rc ? rc : zh_run(conn, "INSERT INTO v VALUES (100,1)", NULL, 0, NULL, err);
    rc = rc ? rc : zh_bulk_begin(conn, ZH_BULK_ADD, "v", columns, types, 2, 1, &bulk, err);
    for (int64_t i = 0; i < 2100 && rc == ZH_OK; i++) {
        zh_sql_value row[] = {ZH_SQL_INT(i), ZH_SQL_INT(1)};
        rc = zh_bulk_row(bulk, row, err);
    }
    zh_rc end = zh_bulk_end(bulk, err);
    rc = rc ? rc : end;
    rc = rc ? rc : zh_query(conn, ZH_STR("SELECT id FROM v WHERE n>1"), NULL, 0, &q, err);
    while (rc == ZH_OK) {
        rc = zh_step(q, err);
    }
    zh_finish(q);
    rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
    rc = rc ? rc : zh_run(conn, "DELETE FROM v WHERE id=0", NULL, 0, NULL, err);
    rc = rc ? rc : zh_exec(conn, "CREATE TABLE made (id BIGINT)", err);
    rc = rc ? rc : zh_commit(conn, err);
    return rc;
}

static void test_injection(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i n:i");
    OK(zh_run(conn, "INSERT INTO v VALUES (0,5),(1,6)", NULL, 0, NULL, &f->err));
    uint64_t steps = 0;
    for (uint64_t n = 1;; n++) {
        (void)zh_store_fail_at(n);
        zh_rc rc = script(conn, &f->err);
        (void)zh_store_fail_at(0);
        if (rc == ZH_OK) {
            steps = n - 1;
            break;
        }
        FAILS(ZH_EDB, rc);
        zh_rollback(conn);
        bool exists;
        OK(zh_table_exists(conn, "made", &exists, &f->err));
        assert_false(exists);
        assert_int_equal(number(f, conn, "SELECT sum(n)*10+count(*) FROM v"), 112);
    }
    /* insert, 3 flushes, 3 rows and the end of the query, delete, create, commit */
    assert_int_equal(steps, 11);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 2099);
    zh_store_release(conn);
}

/* ---- threads ---- */

typedef struct race {
    fixture *f;
    _Atomic bool stop;
    _Atomic int64_t batches;
    int64_t waits[20];
} race;

/* Writes batch after batch, releasing between them for no time at all. */
static void *bulk_thread(void *user)
{
    race *r = user;
    fixture own = *r->f, *f = &own;
    zh_err_clear(&own.err);
    for (int64_t i = 0; !atomic_load(&r->stop); i++) {
        zh_conn *conn = writer(f);
        OK(zh_begin(conn, &f->err));
        for (int64_t j = 0; j < 50; j++) {
            zh_sql_value row[] = {ZH_SQL_INT(i * 50 + j), ZH_SQL_INT(0)};
            OK(zh_run(conn, "INSERT INTO v VALUES (?,?)", row, 2, NULL, &f->err));
        }
        OK(zh_commit(conn, &f->err));
        atomic_fetch_add(&r->batches, 1);
        zh_store_release(conn);
    }
    return NULL;
}

static int by_value(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* First come, first served: while one thread writes batches, another gets its turn after at most
 * the batch in progress and the one that may have queued before it. (PostgreSQL has many writers.)
 */
static void test_fairness(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i n:i");
    zh_store_release(conn);
    race r = {.f = f};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, bulk_thread, &r), 0);
    while (atomic_load(&r.batches) == 0) {
        usleep(1000);
    }
    for (size_t i = 0; i < ZH_COUNTOF(r.waits); i++) {
        int64_t before = atomic_load(&r.batches);
        conn = writer(f);
        r.waits[i] = atomic_load(&r.batches) - before;
        zh_sql_value row[] = {ZH_SQL_INT(-1 - (int64_t)i), ZH_SQL_INT(1)};
        OK(zh_begin(conn, &f->err));
        OK(zh_run(conn, "INSERT INTO v VALUES (?,?)", row, 2, NULL, &f->err));
        OK(zh_commit(conn, &f->err));
        zh_store_release(conn);
    }
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    if (!is_pg(f)) { /* the median: a thread may lose its processor just before it asks */
        qsort(r.waits, ZH_COUNTOF(r.waits), sizeof r.waits[0], by_value);
        assert_in_range(r.waits[ZH_COUNTOF(r.waits) / 2], 0, 2);
    }
    conn = reader(f);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"),
                     r.batches * 50 + (int64_t)ZH_COUNTOF(r.waits));
    zh_store_release(conn);
}

/* ---- schema, plans, addresses ---- */

static void test_schema(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "first_table", "id:i n:i t:t b:b");
    OK(zh_exec(conn, "CREATE INDEX first_n ON first_table (n)", &f->err));
    bool exists;
    OK(zh_table_exists(conn, "first_table", &exists, &f->err));
    assert_true(exists);
    OK(zh_table_exists(conn, "first_n", &exists, &f->err));
    assert_false(exists);
    OK(zh_table_exists(conn, "other", &exists, &f->err));
    assert_false(exists);
    zh_str *names;
    size_t n;
    OK(zh_table_columns(conn, f->arena, "first_table", &names, &n, &f->err));
    assert_int_equal(n, 4);
    static const char *const want[] = {"id", "n", "t", "b"};
    for (size_t i = 0; i < n; i++) {
        assert_true(zh_str_is(names[i], want[i]));
    }
    FAILS(ZH_ENOTFOUND, zh_table_columns(conn, f->arena, "other", &names, &n, &f->err));
    zh_sql_value key = ZH_SQL_INT(5);
    zh_str plan;
    if (is_pg(f)) {
        OK(zh_exec(conn, "SET enable_seqscan=off; SET enable_bitmapscan=off", &f->err));
    }
    OK(zh_explain(conn, f->arena, ZH_STR("SELECT t FROM first_table WHERE n=?"), &key, 1, &plan,
                  &f->err));
    assert_true(zh_str_find(plan, ZH_STR("first_n")) >= 0);
    assert_true(zh_str_ends(plan, ZH_STR("\n")));
    /* SELECT * after the table has changed: either the new columns, or "again" and then they. */
    zh_stmt *q;
    OK(zh_query(conn, ZH_STR("SELECT * FROM first_table"), NULL, 0, &q, &f->err));
    zh_finish(q);
    zh_conn *other = reader(f);
    OK(zh_query(other, ZH_STR("SELECT * FROM first_table"), NULL, 0, &q, &f->err));
    zh_finish(q);
    OK(zh_exec(conn, "ALTER TABLE first_table ADD COLUMN extra BIGINT", &f->err));
    OK(zh_run(conn, "INSERT INTO first_table (id,extra) VALUES (1,2)", NULL, 0, NULL, &f->err));
    OK(zh_query(conn, ZH_STR("SELECT * FROM first_table"), NULL, 0, &q, &f->err));
    OK(zh_step(q, &f->err));
    assert_int_equal(zh_col_i64(q, 4), 2);
    zh_finish(q);
    if (is_pg(f)) {
        FAILS(ZH_EBUSY, zh_query(other, ZH_STR("SELECT * FROM first_table"), NULL, 0, &q, &f->err));
    }
    OK(zh_query(other, ZH_STR("SELECT * FROM first_table"), NULL, 0, &q, &f->err));
    OK(zh_step(q, &f->err));
    assert_int_equal(zh_columns(q), 5);
    zh_finish(q);
    zh_store_release(other);
    zh_store_release(conn);
}

static void test_identifiers(void **state)
{
    (void)state;
    static const char longest[] = "abcdefghijklmnopqrstuvwxyz_0123456789_abcdefghijklmnopqrstuvwxy";
    zh_buf out;
    zh_buf_init(&out, 1000);
    zh_sql_ident(&out, ZH_STR("a"));
    zh_sql_ident(&out, ZH_STR("_x9"));
    assert_true(zh_str_is(zh_buf_view(&out), "\"a\"\"_x9\""));
    assert_int_equal(strlen(longest), 63);
    zh_sql_ident(&out, zh_str_of(longest));
    zh_buf_free(&out);
    assert_string_equal(zh_sql_type_name(ZH_SQLITE, ZH_SQL_TEXT), "TEXT");
    assert_string_equal(zh_sql_type_name(ZH_POSTGRES, ZH_SQL_TEXT), "TEXT COLLATE \"C\"");
    assert_string_equal(zh_sql_type_name(ZH_POSTGRES, ZH_SQL_BLOB), "BYTEA");
    assert_string_equal(zh_sql_type_name(ZH_SQLITE, ZH_SQL_I64), "BIGINT");
}

static void test_bad_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        zh_rc rc;
    } bad[] = {
        {"", ZH_EINVAL},
        {"sqlite:", ZH_EINVAL},
        {"mysql://x", ZH_EINVAL},
        {"postgresql://localhost/x?schema=Bad-Name", ZH_EINVAL},
        {"postgresql://localhost/x?schema=", ZH_EINVAL},
        {"sqlite:/nonexistent/dir/x.db", ZH_EIO},
        {"sqlite:/", ZH_EIO},
        {"postgresql://nobody@127.0.0.1:1/none", ZH_EIO},
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_store *store = NULL;
        zh_err err = {0};
        zh_rc rc = zh_store_open(bad[i].url, NULL, &store, &err);
        if (rc != bad[i].rc) {
            fail_msg("%s gave %d: %s", bad[i].url, rc, err.message);
        }
        assert_null(store);
        assert_int_equal(err.rc, rc);
    }
}

/* ---- one database only ---- */

static void test_memory(void **state)
{
    fixture *f = *state;
    zh_store *store;
    zh_store_options options = {.busy_timeout_ms = 30};
    OK(zh_store_open("sqlite::memory:", &options, &store, &f->err));
    zh_conn *w, *r;
    OK(zh_store_writer(store, &w, &f->err));
    OK(zh_exec(w, "CREATE TABLE v (id BIGINT PRIMARY KEY)", &f->err));
    OK(zh_begin(w, &f->err));
    OK(zh_run(w, "INSERT INTO v VALUES (1)", NULL, 0, NULL, &f->err));
    OK(zh_commit(w, &f->err));
    FAILS(ZH_EBUSY, zh_store_reader(store, &r, &f->err)); /* one connection for everybody */
    zh_store_release(w);
    OK(zh_store_reader(store, &r, &f->err));
    OK(zh_read_begin(r, &f->err));
    assert_int_equal(number(f, r, "SELECT count(*) FROM v"), 1);
    zh_read_end(r);
    FAILS(ZH_EDB, zh_run(r, "DELETE FROM v", NULL, 0, NULL, &f->err));
    zh_store_release(r);
    OK(zh_store_writer(store, &w, &f->err));
    OK(zh_run(w, "DELETE FROM v", NULL, 0, NULL, &f->err));
    zh_store_release(w);
    zh_store_close(store);
}

static void test_disk_full(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    make_table(f, conn, "v", "id:i t:t");
    zh_stmt *q;
    OK(zh_query(conn, ZH_STR("PRAGMA max_page_count=40"), NULL, 0, &q, &f->err));
    FAILS(ZH_OK, zh_step(q, &f->err));
    zh_finish(q);
    zh_sql_value row[] = {ZH_SQL_INT(0), {0}};
    char text[4000];
    memset(text, 'x', sizeof text);
    row[1] = ZH_SQL_STR(((zh_str){text, sizeof text}));
    OK(zh_begin(conn, &f->err));
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && row[0].i64 < 1000) {
        row[0].i64++;
        rc = zh_run(conn, "INSERT INTO v VALUES (?,?)", row, 2, NULL, &f->err);
    }
    FAILS(ZH_EIO, rc);
    zh_rollback(conn);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 0);
    zh_store_release(conn);
}

/* The settings that the promises of the store rest on, asked back from the library. */
static void test_sqlite_settings(void **state)
{
    fixture *f = *state;
    zh_store *store;
    OK(zh_store_open(f->url, NULL, &store, &f->err));
    zh_conn *conn;
    OK(zh_store_writer(store, &conn, &f->err));
    assert_int_equal(number(f, conn, "PRAGMA synchronous"), 2);
    assert_int_equal(number(f, conn, "PRAGMA page_size"), 8192);
    assert_int_equal(number(f, conn, "PRAGMA foreign_keys"), 0);
    assert_int_equal(number(f, conn, "PRAGMA trusted_schema"), 0);
    zh_stmt *q;
    OK(zh_query(conn, ZH_STR("PRAGMA journal_mode"), NULL, 0, &q, &f->err));
    OK(zh_step(q, &f->err));
    assert_true(zh_str_is(zh_col_str(q, 0), "wal"));
    zh_finish(q);
    zh_store_release(conn);
    zh_store_close(store);
}

static void test_reconnect(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f), *killer;
    int64_t pid = number(f, conn, "SELECT pg_backend_pid()");
    zh_store_release(conn);
    killer = reader(f);
    zh_sql_value v = ZH_SQL_INT(pid);
    int64_t done;
    const char *kill = "SELECT pg_terminate_backend(CAST(? AS int4), 5000)";
    OK(zh_query_i64(killer, kill, &v, 1, &done, &f->err));
    conn = writer(f); /* the dead one is replaced unseen */
    assert_true(number(f, conn, "SELECT pg_backend_pid()") != pid);
    /* Killed while held: the call fails, the next holder gets a new one. */
    OK(zh_begin(conn, &f->err));
    v.i64 = number(f, conn, "SELECT pg_backend_pid()");
    OK(zh_query_i64(killer, kill, &v, 1, &done, &f->err));
    FAILS(ZH_EIO, zh_run(conn, "SELECT 1", NULL, 0, NULL, &f->err));
    zh_store_release(conn);
    conn = writer(f);
    assert_int_equal(number(f, conn, "SELECT 7"), 7);
    zh_store_release(conn);
    zh_store_release(killer);
}

/* The server says SQLSTATE 53100 while a row is written: the rule that answers 507, and nothing is
 * written; afterwards the connection goes on. */
static void test_server_disk_full(void **state)
{
    fixture *f = *state;
    zh_conn *conn = writer(f);
    OK(zh_exec(
        conn,
        "CREATE TABLE v (id BIGINT PRIMARY KEY);"
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.id > 1 THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; "
        "END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER full_disk BEFORE INSERT ON v FOR EACH ROW EXECUTE FUNCTION "
        "full_disk()",
        &f->err));
    OK(zh_begin(conn, &f->err));
    OK(zh_run(conn, "INSERT INTO v VALUES (1)", NULL, 0, NULL, &f->err));
    assert_int_equal(zh_run(conn, "INSERT INTO v VALUES (2)", NULL, 0, NULL, &f->err), ZH_EIO);
    assert_string_equal(f->err.rule, "store.full");
    assert_non_null(strstr(f->err.fix, "磁盘"));
    zh_err_clear(&f->err);
    zh_rollback(conn);
    assert_int_equal(zh_exec(conn, "INSERT INTO v VALUES (3)", &f->err), ZH_EIO);
    assert_string_equal(f->err.rule, "store.full");
    zh_err_clear(&f->err);
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 0);
    OK(zh_exec(conn, "INSERT INTO v VALUES (1)", &f->err));
    assert_int_equal(number(f, conn, "SELECT count(*) FROM v"), 1);
    zh_store_release(conn);
}

#define EACH(test) cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, &f)

static int on_both(fixture *shared, const char *name)
{
    static fixture f; /* the tables below need a constant address */
    f = *shared;
    const struct CMUnitTest tests[] = {
        EACH(test_round_trips), EACH(test_expressions),      EACH(test_parameters),
        EACH(test_caps),        EACH(test_statement_cache),  EACH(test_nested),
        EACH(test_bulk_modes),  EACH(test_bulk_interleaved), EACH(test_conflicts),
        EACH(test_busy),        EACH(test_pool_bound),       EACH(test_snapshot),
        EACH(test_injection),   EACH(test_fairness),         EACH(test_schema),
    };
    const struct CMUnitTest sqlite_only[] = {EACH(test_memory),
                                             EACH(test_disk_full),
                                             EACH(test_sqlite_settings),
                                             cmocka_unit_test(test_placeholders),
                                             cmocka_unit_test(test_identifiers),
                                             cmocka_unit_test(test_bad_addresses)};
    const struct CMUnitTest pg_only[] = {EACH(test_reconnect), EACH(test_server_disk_full)};
    int failures = _cmocka_run_group_tests(name, tests, ZH_COUNTOF(tests), NULL, NULL);
    if (is_pg(&f)) {
        return failures +
               cmocka_run_group_tests_name("store: postgresql only", pg_only, NULL, NULL);
    }
    return failures + cmocka_run_group_tests_name("store: sqlite only", sqlite_only, NULL, NULL);
}

int main(void)
{
    fixture f = {.dialect = ZH_SQLITE};
    scratch_folder(f.dir);
    int failures = on_both(&f, "store: sqlite");
    char command[128];
    for (int i = 1; i < 100; i++) {
        static const char *const suffixes[] = {"", "-wal", "-shm"};
        for (size_t j = 0; j < ZH_COUNTOF(suffixes); j++) {
            snprintf(command, sizeof command, "%s/%d.db%s", f.dir, i, suffixes[j]);
            (void)unlink(command);
        }
    }
    (void)rmdir(f.dir);
    fixture pg = {.dialect = ZH_POSTGRES, .pg_url = getenv("ZH_TEST_PG_URL")};
    if (pg.pg_url == NULL || pg.pg_url[0] == '\0') {
        print_message("store: ZH_TEST_PG_URL is not set: PostgreSQL was not tested\n");
    } else {
        failures += on_both(&pg, "store: postgresql");
    }
    return failures ? 1 : 0;
}
