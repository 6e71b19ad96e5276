/* Generated queries: comparisons, ranges, sets, NULLs, order and limits over hostile values, on
 * SQLite and, when ZH_TEST_PG_URL names a server, on PostgreSQL. The expected rows are computed
 * here in C: bytes for text, 64 bits for integers, three-valued logic, NULLs last. */
#include "base/log.h"
#include "store/store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void ok(zh_rc rc, const zh_err *err, int line)
{
    if (rc != ZH_OK) {
        fail_msg("line %d: %d (%s: %s %s)", line, rc, err->rule, err->message, err->where);
    }
}
#define OK(expression) ok((expression), err, __LINE__)

enum { ROWS = 60, QUERIES = 2000 };

typedef struct record {
    bool has_a, has_t;
    int64_t a;
    const char *t;
} record;

typedef struct term {
    bool on_text;
    int op; /* = <> < <= > >= between in null notnull */
    size_t nargs;
    zh_sql_value args[3];
} term;

static uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static const char *const words[] = {
    "",   "a",      "A",  "Z",  "_",       "b ",     " b",         "ab",
    "aB", "é",      "e",  "z",  "武汉",    "武昌",   "汉口",       "𠮷",
    "﨑", "\u00a0", "10", "9",  "100%",    "50_",    "it's",       "👩‍🔬",
    "\\", "\"",     "?",  "$1", "\u0301e", "\uffee", "\U00010000", "null"};
static const int64_t integers[] = {0, 1,         -1,        2,         10,
                                   9, INT64_MAX, INT64_MIN, 1LL << 53, (1LL << 53) + 1};

static int compare(const term *t, const record *r, size_t k)
{
    if (t->on_text) {
        return zh_str_cmp(zh_str_of(r->t), t->args[k].bytes);
    }
    return (r->a > t->args[k].i64) - (r->a < t->args[k].i64);
}

/* Three-valued: 1 true, 0 false, -1 unknown. */
static int holds(const term *t, const record *r)
{
    bool has = t->on_text ? r->has_t : r->has_a;
    if (t->op >= 8) {
        return has == (t->op == 9);
    }
    if (!has) {
        return -1;
    }
    int c = compare(t, r, 0);
    switch (t->op) {
    case 0: return c == 0;
    case 1: return c != 0;
    case 2: return c < 0;
    case 3: return c <= 0;
    case 4: return c > 0;
    case 5: return c >= 0;
    case 6: return c >= 0 && compare(t, r, 1) <= 0;
    default: return c == 0 || compare(t, r, 1) == 0 || compare(t, r, 2) == 0;
    }
}

static void make_term(uint64_t *seed, term *t, zh_buf *sql)
{
    static const char *const ops[] = {
        " = ?",        " <> ?",    " < ?",        " <= ?", " > ?", " >= ?", " BETWEEN ? AND ?",
        " IN (?,?,?)", " IS NULL", " IS NOT NULL"};
    t->on_text = next_random(seed) % 2;
    t->op = (int)(next_random(seed) % ZH_COUNTOF(ops));
    t->nargs = t->op < 6 ? 1 : t->op == 6 ? 2 : t->op == 7 ? 3 : 0;
    for (size_t i = 0; i < t->nargs; i++) {
        uint64_t pick = next_random(seed);
        t->args[i] = t->on_text ? ZH_SQL_STR(zh_str_of(words[pick % ZH_COUNTOF(words)]))
                                : ZH_SQL_INT(integers[pick % ZH_COUNTOF(integers)]);
    }
    zh_buf_z(sql, t->on_text ? "t" : "a");
    zh_buf_z(sql, ops[t->op]);
}

typedef struct ordering {
    const record *rows;
    bool on_text, down;
} ordering;

/* ORDER BY c IS NULL, c [DESC], id: NULLs last, as the store asks callers to write it. */
static int order_rows(const void *x, const void *y, void *user)
{
    const ordering *o = user;
    int i = *(const int *)x, j = *(const int *)y;
    const record *p = &o->rows[i], *q = &o->rows[j];
    bool has_p = o->on_text ? p->has_t : p->has_a, has_q = o->on_text ? q->has_t : q->has_a;
    int c = has_q - has_p;
    if (c == 0 && has_p) {
        c = o->on_text ? zh_str_cmp(zh_str_of(p->t), zh_str_of(q->t))
                       : (p->a > q->a) - (p->a < q->a);
        c = o->down ? -c : c;
    }
    return c ? c : i - j;
}

static void one_query(zh_conn *conn, zh_err *err, const record *rows, uint64_t *seed)
{
    term terms[2];
    zh_buf sql;
    zh_buf_init(&sql, 1000);
    zh_buf_z(&sql, "SELECT id, a, t FROM v WHERE ");
    make_term(seed, &terms[0], &sql);
    bool both = next_random(seed) % 2;
    zh_buf_z(&sql, both ? " AND " : " OR ");
    make_term(seed, &terms[1], &sql);
    ordering o = {rows, next_random(seed) % 2, next_random(seed) % 2};
    const char *column = o.on_text ? "t" : "a";
    zh_buf_fmt(&sql, " ORDER BY %s IS NULL, %s%s, id LIMIT ?", column, column,
               o.down ? " DESC" : "");
    zh_sql_value values[7];
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < terms[i].nargs; j++) {
            values[n++] = terms[i].args[j];
        }
    }
    int64_t limit = (int64_t)(next_random(seed) % (ROWS + 5));
    values[n++] = ZH_SQL_INT(limit);

    int want[ROWS];
    int count = 0;
    for (int i = 0; i < ROWS; i++) {
        int x = holds(&terms[0], &rows[i]), y = holds(&terms[1], &rows[i]);
        if (both ? x == 1 && y == 1 : x == 1 || y == 1) {
            want[count++] = i;
        }
    }
    qsort_r(want, (size_t)count, sizeof want[0], order_rows, &o);
    zh_stmt *q;
    OK(zh_query(conn, zh_buf_view(&sql), values, n, &q, err));
    for (int i = 0; i < count && i < limit; i++) {
        const record *r = &rows[want[i]];
        OK(zh_step(q, err));
        assert_int_equal(zh_col_i64(q, 0), want[i]);
        assert_true(zh_col_null(q, 1) != r->has_a && zh_col_null(q, 2) != r->has_t);
        assert_true(!r->has_a || zh_col_i64(q, 1) == r->a);
        assert_true(!r->has_t || zh_str_is(zh_col_str(q, 2), r->t));
    }
    assert_int_equal(zh_step(q, err), ZH_ENOTFOUND);
    zh_finish(q);
    zh_buf_free(&sql);
}

/* All queries against the database at url, where table v does not exist yet. */
static void run_queries(const char *url, uint64_t seed)
{
    zh_err record_of_error = {0}, *err = &record_of_error;
    zh_store_options options = {.relaxed_sync = true};
    zh_store *store;
    zh_conn *conn;
    print_message("seed %llu\n", (unsigned long long)seed);
    seed |= 1;
    OK(zh_store_open(url, &options, &store, err));
    OK(zh_store_writer(store, &conn, err));
    char sql[200];
    snprintf(sql, sizeof sql,
             "CREATE TABLE v (id BIGINT PRIMARY KEY, a BIGINT, t %s);"
             "CREATE INDEX v_a ON v (a); CREATE INDEX v_t ON v (t)",
             zh_sql_type_name(zh_conn_dialect(conn), ZH_SQL_TEXT));
    OK(zh_begin(conn, err));
    OK(zh_exec(conn, sql, err));
    record rows[ROWS];
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (record){.has_a = next_random(&seed) % 5 != 0,
                           .has_t = next_random(&seed) % 5 != 0,
                           .a = integers[next_random(&seed) % ZH_COUNTOF(integers)],
                           .t = words[next_random(&seed) % ZH_COUNTOF(words)]};
        zh_sql_value row[] = {ZH_SQL_INT(i), rows[i].has_a ? ZH_SQL_INT(rows[i].a) : ZH_SQL_NONE,
                              rows[i].has_t ? ZH_SQL_STR(zh_str_of(rows[i].t)) : ZH_SQL_NONE};
        OK(zh_run(conn, "INSERT INTO v VALUES (?,?,?)", row, 3, NULL, err));
    }
    for (int i = 0; i < QUERIES; i++) {
        one_query(conn, err, rows, &seed);
    }
    zh_rollback(conn); /* takes the table away again */
    zh_store_release(conn);
    zh_store_close(store);
}

static uint64_t first_seed(void)
{
    const char *given = getenv("ZH_TEST_SEED");
    return given ? strtoull(given, NULL, 10) : 20260509;
}

static void test_sqlite(void **state)
{
    (void)state;
    run_queries("sqlite::memory:", first_seed());
}

static void test_postgres(void **state)
{
    (void)state;
    const char *url = getenv("ZH_TEST_PG_URL");
    if (url == NULL || url[0] == '\0') {
        print_message("store: ZH_TEST_PG_URL is not set: PostgreSQL was not tested\n");
        skip();
    }
    run_queries(url, first_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sqlite),
                                       cmocka_unit_test(test_postgres)};
    return cmocka_run_group_tests_name("store: generated queries", tests, NULL, NULL);
}
