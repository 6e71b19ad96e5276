/* Delimited text: against Python's csv module (tests/fixture/base/csv.ndjson) read in pieces of
 * every size, line numbers, caps at their value and one above, failing input. */
#include "base/csv.h"
#include "base/json.h"
#include "base/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Text given out in pieces; fails after `fail_after` bytes when that is not 0. */
typedef struct source {
    zh_str rest;
    size_t step;
    size_t given;
    size_t fail_after;
} source;

static zh_rc pull(void *user, char *buffer, size_t size, size_t *got, zh_err *err)
{
    source *s = user;
    size_t n = s->step < size ? s->step : size;
    n = n < s->rest.n ? n : s->rest.n;
    if (s->fail_after != 0 && s->given + n > s->fail_after) {
        return zh_err_set(err, ZH_EIO, "test.pull", "no more");
    }
    if (n > 0) {
        memcpy(buffer, s->rest.p, n);
    }
    s->rest = zh_str_sub(s->rest, n, s->rest.n);
    s->given += n;
    *got = n;
    return ZH_OK;
}

/* Compares what the reader gives with the rows of the fixture. */
static bool same_rows(zh_str in, size_t step, const zh_json *rows)
{
    source s = {in, step, 0, 0};
    zh_csv *csv = zh_csv_new(pull, &s, ',');
    const zh_str *cells;
    size_t n, line;
    bool good = true;
    const zh_json *row = rows->kind == ZH_JSON_ARRAY ? rows->first : NULL;
    zh_rc rc;
    while ((rc = zh_csv_next(csv, &cells, &n, &line, NULL)) == ZH_OK) {
        if (rows->kind == ZH_JSON_NULL) {
            continue; /* rows before the cell that is never closed */
        }
        good = good && row != NULL && row->n == n;
        for (size_t i = 0; good && i < n; i++) {
            good = zh_str_eq(cells[i], zh_json_at(row, i)->text);
        }
        if (!good) {
            break;
        }
        row = row->next;
    }
    good = good && row == NULL && rc == (rows->kind == ZH_JSON_NULL ? ZH_EINVAL : ZH_ENOTFOUND);
    good = good && (rc != ZH_ENOTFOUND || zh_csv_offset(csv) == in.n);
    zh_csv_free(csv);
    return good;
}

static void agrees_with_python(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str text;
    size_t lines = 0;
    assert_int_equal(zh_file_read(arena, "tests/fixture/base/csv.ndjson", 1 << 20, &text, NULL),
                     ZH_OK);
    while (text.n > 0) {
        zh_json *value;
        assert_int_equal(zh_json_parse_prefix(arena, &text, &value, NULL), ZH_OK);
        zh_str in = zh_json_get(value, "in")->text;
        for (size_t step = 1; step <= in.n + 1; step += step < 4 ? 1 : in.n) {
            if (!same_rows(in, step, zh_json_get(value, "rows"))) {
                fail_msg("by %zu: %.*s", step, ZH_FMT(in));
            }
        }
        lines++;
    }
    assert_true(lines >= 1500);
    zh_arena_free(arena);
}

static void counts_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t lines[5];
        size_t n;
    } table[] = {
        {"a\nb\n\nc", {1, 2, 3, 4}, 4},
        {"a\r\nb\r\n\r\nc\r\n", {1, 2, 3, 4}, 4},
        {"a\rb\r\rc\r", {1, 2, 3, 4}, 4},
        {"\"x\ny\",1\nb", {1, 3}, 2},
        {"\"x\r\ny\rz\",1\r\nb", {1, 4}, 2},
        {"", {0}, 0},
        {"\n", {1}, 1},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        for (size_t step = 1; step < 8; step++) {
            source s = {zh_str_of(table[i].text), step, 0, 0};
            zh_csv *csv = zh_csv_new(pull, &s, ',');
            const zh_str *cells;
            size_t n, line, rows = 0;
            while (zh_csv_next(csv, &cells, &n, &line, NULL) == ZH_OK) {
                assert_true(rows < table[i].n);
                assert_int_equal(line, table[i].lines[rows]);
                rows++;
            }
            assert_int_equal(rows, table[i].n);
            zh_csv_free(csv);
        }
    }
}

/* The code of the first error, with its rule; ZH_ENOTFOUND when there is none. */
static zh_rc first_error(zh_str text, zh_err *err)
{
    source s = {text, SIZE_MAX, 0, 0};
    zh_csv *csv = zh_csv_new(pull, &s, ',');
    const zh_str *cells;
    size_t n, line;
    zh_rc rc;
    zh_err_clear(err);
    do {
        rc = zh_csv_next(csv, &cells, &n, &line, err);
    } while (rc == ZH_OK);
    assert_int_equal(zh_csv_next(csv, &cells, &n, &line, NULL), rc); /* and again */
    zh_csv_free(csv);
    return rc;
}

static void fill(zh_buf *out, const char *unit, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        zh_buf_z(out, unit);
    }
}

static void keeps_its_caps(void **state)
{
    (void)state;
    zh_buf text;
    zh_err err;
    zh_buf_init(&text, 64 << 20);
    for (size_t over = 0; over <= 1; over++) {
        zh_rc want = over ? ZH_ELIMIT : ZH_ENOTFOUND;
        zh_buf_clear(&text);
        zh_buf_z(&text, "head\n");
        fill(&text, "x", ZH_CSV_CELL_BYTES_MAX + over);
        assert_int_equal(first_error(zh_buf_view(&text), &err), want);
        assert_string_equal(err.rule, over ? "csv.cell" : "");
        assert_string_equal(err.where, over ? "2" : "");

        zh_buf_clear(&text); /* quoted, every byte a doubled quote */
        zh_buf_z(&text, "\"");
        fill(&text, "\"\"", ZH_CSV_CELL_BYTES_MAX + over);
        zh_buf_z(&text, "\"\n");
        assert_int_equal(first_error(zh_buf_view(&text), &err), want);
        assert_string_equal(err.rule, over ? "csv.cell" : "");

        zh_buf_clear(&text);
        fill(&text, ",", ZH_CSV_COLUMNS_MAX - 1 + over);
        assert_int_equal(first_error(zh_buf_view(&text), &err), want);
        assert_string_equal(err.rule, over ? "csv.columns" : "");
    }
    zh_buf_clear(&text); /* a cell that would not end */
    zh_buf_z(&text, "\"");
    fill(&text, "0123456789", 2000000);
    assert_int_equal(first_error(zh_buf_view(&text), &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "csv.cell");
    zh_buf_clear(&text); /* many large cells in one row */
    for (int i = 0; i < 40; i++) {
        fill(&text, "0123456789", 50000);
        zh_buf_z(&text, ",");
    }
    assert_int_equal(first_error(zh_buf_view(&text), &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "csv.row");
    assert_int_equal(first_error(ZH_STR("a,\"b\n"), &err), ZH_EINVAL);
    assert_string_equal(err.rule, "csv.quote");
    zh_buf_free(&text);
}

/* A row that spans refills and growth of the buffer keeps its cells. */
static void long_rows_stay_whole(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, 64 << 20);
    for (size_t row = 0; row < 5; row++) {
        for (size_t i = 0; i < 3000; i++) {
            zh_buf_fmt(&text,
                       i % 5 ? "cell %zu %zu of a row that is longer than the buffer,"
                             : "\"cell \"\"%zu\"\" %zu\n of a row that is longer\",",
                       row, i);
            fill(&text, "z", i % 7 ? 0 : 300);
            zh_buf_z(&text, i % 7 ? "" : ",");
        }
        zh_buf_z(&text, "end\n");
    }
    for (size_t step = 1000; step < 2000000; step = step * 7 + 1) {
        source s = {zh_buf_view(&text), step, 0, 0};
        zh_csv *csv = zh_csv_new(pull, &s, ',');
        const zh_str *cells;
        size_t n, line;
        for (size_t row = 0; row < 5; row++) {
            char want[80];
            size_t at = 0;
            assert_int_equal(zh_csv_next(csv, &cells, &n, &line, NULL), ZH_OK);
            assert_int_equal(n, 3000 + 429 + 1);
            for (size_t i = 0; i < 3000; i++) {
                zh_buf cell;
                zh_buf_init(&cell, sizeof want);
                zh_buf_fmt(&cell,
                           i % 5 ? "cell %zu %zu of a row that is longer than the buffer"
                                 : "cell \"%zu\" %zu\n of a row that is longer",
                           row, i);
                assert_true(zh_str_eq(cells[at], zh_buf_view(&cell)));
                zh_buf_free(&cell);
                at += i % 7 ? 1 : 2;
            }
            assert_true(zh_str_is(cells[n - 1], "end"));
        }
        assert_int_equal(zh_csv_next(csv, &cells, &n, &line, NULL), ZH_ENOTFOUND);
        zh_csv_free(csv);
    }
    zh_buf_free(&text);
}

static void passes_errors_of_the_source_on(void **state)
{
    (void)state;
    source s = {ZH_STR("a,b\nc,d\n"), 2, 0, 5};
    zh_csv *csv = zh_csv_new(pull, &s, ',');
    const zh_str *cells;
    size_t n, line;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_csv_next(csv, &cells, &n, &line, &err), ZH_OK);
    assert_int_equal(zh_csv_next(csv, &cells, &n, &line, &err), ZH_EIO);
    assert_string_equal(err.rule, "test.pull");
    assert_int_equal(zh_csv_next(csv, &cells, &n, &line, &err), ZH_EIO);
    zh_csv_free(csv);
    zh_csv_free(NULL);
}

static void tells_quoted_cells(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *want; /* q quoted, p plain; cells of all rows */
    } table[] = {
        {"\"a\",b,\"\",,\"c\"\"\"\nd,\"e\"\n\"f\"", "qpqpqpqq"},
        {"a\"b\",\"c\"d\r\n\"\"\r\nx", "pqqp"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        for (size_t step = 1; step < 30; step += 7) {
            source s = {zh_str_of(table[i].text), step, 0, 0};
            zh_csv *csv = zh_csv_new(pull, &s, ',');
            const zh_str *cells;
            size_t n, line, at = 0;
            while (zh_csv_next(csv, &cells, &n, &line, NULL) == ZH_OK) {
                for (size_t k = 0; k < n; k++) {
                    assert_int_equal(zh_csv_quoted(csv, k), table[i].want[at++] == 'q');
                }
            }
            assert_int_equal(at, strlen(table[i].want));
            zh_csv_free(csv);
        }
    }
}

static void guesses_the_separator(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        char want;
    } table[] = {
        {"a,b,c\n1,2,3\n", ','},
        {"a\tb\n1,5\t2\n2,5\t3\n", '\t'},
        {"名称;数值\n甲;1,5\n乙;2,5\n", ';'},
        {"a|b|c\n1|x,y|2\n3|z|4", '|'},
        {"标题行\n编号,名称,值\n1,a,2\n2,b,3\n", ','},
        {"\"a;b\",\"c;d\"\n\"1;2\",\"3;4\"\n", ','},
        {"one column\nonly\n", ','},
        {"a;b;c\n1;2;3\n4;5", ';'}, /* cut in its last row */
        {"", ','},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        assert_int_equal(zh_csv_guess_separator(zh_str_of(table[i].sample)), table[i].want);
    }
}

static void writes_cells(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        char separator;
        bool guard;
        const char *want;
    } table[] = {
        {"abc", ',', false, "abc"},
        {"", ',', false, ""},
        {"a,b", ',', false, "\"a,b\""},
        {"a,b", ';', false, "a,b"},
        {"a;b", ';', false, "\"a;b\""},
        {"say \"x\"", ',', false, "\"say \"\"x\"\"\""},
        {"a\nb", ',', false, "\"a\nb\""},
        {"a\rb", ',', false, "\"a\rb\""},
        {"=1+1", ',', false, "=1+1"},
        {"=1+1", ',', true, "\"'=1+1\""},
        {"+1", ',', true, "\"'+1\""},
        {"-1", ',', true, "\"'-1\""},
        {"@x", ',', true, "\"'@x\""},
        {"1=2", ',', true, "1=2"},
        {"=\"x\"", ',', true, "\"'=\"\"x\"\"\""},
    };
    zh_buf out;
    zh_buf_init(&out, 4096);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_buf_clear(&out);
        zh_csv_write_cell(&out, zh_str_of(table[i].cell), table[i].separator, table[i].guard);
        assert_true(zh_str_is(zh_buf_view(&out), table[i].want));
    }
    zh_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_python),
        cmocka_unit_test(counts_lines),
        cmocka_unit_test(keeps_its_caps),
        cmocka_unit_test(long_rows_stay_whole),
        cmocka_unit_test(passes_errors_of_the_source_on),
        cmocka_unit_test(tells_quoted_cells),
        cmocka_unit_test(guesses_the_separator),
        cmocka_unit_test(writes_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
