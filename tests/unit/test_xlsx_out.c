/* Workbooks that are written, read back by fmt/xlsx (itself tested against foreign files), and
 * their parts as ISO/IEC 29500-1 wants them. */
#include "base/os.h"
#include "fmt/xlsx.h"
#include "fmt/xlsx_out.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void write_to(zh_xlsx_out *out, char *path)
{
    zh_buf bytes;
    zh_err err = {0};
    zh_buf_init(&bytes, 1 << 24);
    assert_int_equal(zh_xlsx_out_finish(out, &bytes, &err), ZH_OK);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
    assert_int_equal(close(fd), 0);
    zh_buf_free(&bytes);
}

static zh_xlsx_out *example(void)
{
    zh_xlsx_out *out = zh_xlsx_out_new(1 << 20);
    zh_xlsx_out_sheet(out, ZH_STR("填写[1]"), false, 1);
    zh_xlsx_out_column(out, 12, ZH_XLSX_TEXT);
    zh_xlsx_out_row(out);
    zh_xlsx_out_text(out, ZH_STR("编号"), ZH_XLSX_REQUIRED);
    zh_xlsx_out_text(out, ZH_STR("<数> & \"量\""), ZH_XLSX_HEAD);
    zh_xlsx_out_row(out);
    zh_xlsx_out_text(out, ZH_STR("007"), ZH_XLSX_TEXT);
    zh_xlsx_out_number(out, ZH_STR("-12.50"));
    zh_xlsx_out_row(out);
    zh_xlsx_out_text(out,
                     ZH_STR("a\x01"
                            "b"),
                     ZH_XLSX_TEXT);
    zh_xlsx_out_number(out, ZH_STR("1234567890123456"));
    zh_xlsx_out_list(out, 0, 2, 9, ZH_STR("代码!$A$2:$A$3"), ZH_STR("没有 <这个> 值"));
    zh_xlsx_out_sheet(out, ZH_STR("代码"), true, 0);
    zh_xlsx_out_row(out);
    zh_xlsx_out_text(out, ZH_STR("可选值"), ZH_XLSX_HEAD);
    return out;
}

static void test_read_back(void **state)
{
    (void)state;
    char path[] = "/tmp/zh-xlsx-out-XXXXXX";
    zh_err err = {0};
    zh_xlsx *book = NULL;
    zh_xlsx_row row;
    size_t n = 0;
    zh_xlsx_out *out = example();
    write_to(out, path);
    zh_xlsx_out_free(out);
    assert_int_equal(zh_xlsx_open(path, &book, &err), ZH_OK);
    const zh_xlsx_sheet *sheets = zh_xlsx_sheets(book, &n);
    assert_int_equal(n, 2);
    assert_true(zh_str_is(sheets[0].name, "填写-1-"));
    assert_int_equal(sheets[0].state, ZH_XLSX_VISIBLE);
    assert_int_equal(sheets[1].state, ZH_XLSX_HIDDEN);
    assert_int_equal(zh_xlsx_begin(book, 0, &err), ZH_OK);
    assert_int_equal(zh_xlsx_next(book, &row, &err), ZH_OK);
    assert_int_equal(row.n, 2);
    assert_true(zh_str_is(row.cells[1].text, "<数> & \"量\""));
    assert_int_equal(zh_xlsx_next(book, &row, &err), ZH_OK);
    assert_true(zh_str_is(row.cells[0].text, "007"));
    assert_true(zh_str_is(row.cells[1].text, "-12.5") || zh_str_is(row.cells[1].text, "-12.50"));
    assert_true(row.cells[1].flags & ZH_CELL_NUMBER);
    assert_int_equal(zh_xlsx_next(book, &row, &err), ZH_OK);
    assert_true(zh_str_is(row.cells[0].text, "ab"));
    assert_true(zh_str_is(row.cells[1].text, "1234567890123456")); /* as text: all digits stay */
    assert_false(row.cells[1].flags & ZH_CELL_LOSSY);
    assert_int_equal(zh_xlsx_next(book, &row, &err), ZH_ENOTFOUND);
    zh_xlsx_close(book);
    assert_int_equal(unlink(path), 0);
}

static void test_same_bytes(void **state)
{
    (void)state;
    zh_buf bytes[2];
    zh_err err = {0};
    for (int i = 0; i < 2; i++) {
        zh_xlsx_out *out = example();
        zh_buf_init(&bytes[i], 1 << 20);
        assert_int_equal(zh_xlsx_out_finish(out, &bytes[i], &err), ZH_OK);
        zh_xlsx_out_free(out);
    }
    assert_true(zh_str_eq(zh_buf_view(&bytes[0]), zh_buf_view(&bytes[1])));
    zh_buf_free(&bytes[0]);
    zh_buf_free(&bytes[1]);
}

static zh_rc sheets_of(size_t n)
{
    zh_buf bytes;
    zh_err err = {0};
    zh_xlsx_out *out = zh_xlsx_out_new(1 << 16);
    for (size_t i = 0; i < n; i++) {
        zh_xlsx_out_sheet(out, ZH_STR("s"), false, 0);
    }
    zh_buf_init(&bytes, 1 << 20);
    zh_rc rc = zh_xlsx_out_finish(out, &bytes, &err);
    zh_buf_free(&bytes);
    zh_xlsx_out_free(out);
    return rc;
}

static zh_rc rows_within(size_t max)
{
    zh_buf bytes;
    zh_err err = {0};
    zh_xlsx_out *out = zh_xlsx_out_new(max);
    zh_xlsx_out_sheet(out, ZH_STR("s"), false, 0);
    for (int i = 0; i < 100; i++) {
        zh_xlsx_out_row(out);
        zh_xlsx_out_text(out, ZH_STR("0123456789"), ZH_XLSX_PLAIN);
    }
    zh_buf_init(&bytes, 1 << 20);
    zh_rc rc = zh_xlsx_out_finish(out, &bytes, &err);
    zh_buf_free(&bytes);
    zh_xlsx_out_free(out);
    return rc;
}

static void test_caps(void **state)
{
    (void)state;
    zh_buf small;
    zh_err err = {0};
    assert_int_equal(sheets_of(ZH_XLSX_OUT_SHEETS_MAX), ZH_OK);
    assert_int_equal(sheets_of(ZH_XLSX_OUT_SHEETS_MAX + 1), ZH_ELIMIT);
    assert_int_equal(rows_within(1 << 16), ZH_OK);
    assert_int_equal(rows_within(1 << 12), ZH_ELIMIT);
    zh_xlsx_out *out = example();
    zh_buf_init(&small, 100);
    assert_int_equal(zh_xlsx_out_finish(out, &small, &err), ZH_ELIMIT);
    zh_buf_free(&small);
    zh_xlsx_out_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
