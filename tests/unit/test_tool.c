/* The tool bench: what people paste, and what the tools say about it. Expected values are those of
 * the sources named at each test. */
#include "app/tool/tool.h"
#include "base/embedded.h"
#include "fmt/container.h"
#include "fmt/svg.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static zh_arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static zh_sheet sheet_of(const char *text)
{
    zh_sheet s;
    zh_err err = {0};
    zh_rc rc = zh_sheet_parse(arena, zh_str_of(text), &s, &err);
    if (rc != ZH_OK) {
        fail_msg("%s", err.message);
    }
    return s;
}

/* ---- pasted text ---- */

static void test_separators(void **state)
{
    (void)state;
    static const char *const same[] = {
        "a\tb\n1\t2\n3\t4\n", "a,b\r\n1,2\r\n3,4\r\n",      "a;b\n1;2\n3;4",
        "a，b\n1，2\n3，4",   "a、b\n1、2\n3、4\n",         "a b\n1   2\n3　4\n",
        "a|b\n1|2\n3|4\n",    "\n\na\tb\n1\t2\n\n3\t4\n\n", "a\tb\t\n１\t２\t\n３\t４\t\n",
    };
    for (size_t i = 0; i < ZH_COUNTOF(same); i++) {
        zh_sheet s = sheet_of(same[i]);
        assert_true(s.headed);
        assert_int_equal(s.ncolumns, 2);
        assert_int_equal(s.nrows, 2);
        assert_true(zh_str_is(s.columns[0].name, "a") && zh_str_is(s.columns[1].name, "b"));
        assert_true(s.columns[0].number[1] == 3 && s.columns[1].number[0] == 2);
        assert_true(zh_sheet_is_numeric(&s.columns[0]));
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
        double value;
        const char *unit;
    } cells[] = {
        {"12", true, 12, ""},
        {"-0.5", true, -0.5, ""},
        {"１２．５", true, 12.5, ""},
        {"−3", true, -3, ""},
        {"1,234,567.8", true, 1234567.8, ""},
        {"1,23", false, 0, ""},
        {"10.1 mm", true, 10.1, "mm"},
        {"5%", true, 5, "%"},
        {"1.2e-6", true, 1.2e-6, ""},
        {"3 小时", true, 3, "小时"},
        {"120+", true, 120, "+"},
        {"3号机", false, 0, ""},
        {"2011-09", false, 0, ""},
        {"10/22/12", false, 0, ""},
        {"", false, 0, ""},
        {"-", false, 0, ""},
        {"<0.05", false, 0, ""},
        {"nan", false, 0, ""},
        {"0x10", false, 0, ""},
        {"+7", true, 7, ""},
        {"1e999", false, 0, ""},
        {".5", true, 0.5, ""},
        {"25℃", true, 25, "℃"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cells); i++) {
        double v = 0;
        zh_str unit = ZH_STR("");
        bool is = zh_sheet_number(arena, zh_str_of(cells[i].text), &v, &unit);
        if (is != cells[i].is ||
            (is && (fabs(v - cells[i].value) > 0 || !zh_str_is(unit, cells[i].unit)))) {
            fail_msg("%s: %d %g %.*s", cells[i].text, is, v, ZH_FMT(unit));
        }
    }
}

static void test_headings(void **state)
{
    (void)state;
    zh_sheet s = sheet_of("序号\t直径（mm）\t电压/V\n1\t10.1\t220\n2\t-\t221\n3\t10.3\t缺测\n");
    assert_int_equal(s.ncolumns, 3);
    assert_true(zh_str_is(s.columns[1].name, "直径") && zh_str_is(s.columns[1].unit, "mm"));
    assert_true(zh_str_is(s.columns[2].name, "电压") && zh_str_is(s.columns[2].unit, "V"));
    assert_true(isnan(s.columns[1].number[1]) && s.columns[1].words == 0);
    assert_int_equal(s.columns[2].numbers, 2);
    s = sheet_of("49.6\n47.6\n49.9");
    assert_false(s.headed);
    assert_int_equal(s.nrows, 3);
    s = sheet_of("1 2 3 4"); /* one row of numbers is a column */
    assert_int_equal(s.ncolumns, 1);
    assert_int_equal(s.nrows, 4);
    s = sheet_of("1,234\n2,345\n"); /* thousands, not two columns */
    assert_int_equal(s.ncolumns, 1);
    assert_true(s.columns[0].number[1] == 2345);
    s = sheet_of("2011-09,501,125\n2011-10,587,138\n");
    assert_false(s.headed);
    s = sheet_of("name,\"x, y\"\n\"a \"\"b\"\"\",1\n");
    assert_true(zh_str_is(s.columns[0].text[0], "a \"b\"") && zh_str_is(s.columns[1].name, "x, y"));
}

static void test_round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a,b\n1,2\n3,4\n",
        "49.6\n47.6\n",
        "名 称,值（mm）\n甲 乙,1\n\"x, \"\"y\"\"\",2\n",
        "words only\nmore of them\nlast one\n",
        "a\tb\tc\n1\t\t3\n\t2\t\n",
    };
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        zh_sheet one = sheet_of(texts[i]);
        zh_buf out;
        zh_buf_init(&out, 4096);
        zh_sheet_write(&one, &out);
        zh_sheet two = sheet_of(zh_str_c(arena, zh_buf_view(&out)));
        assert_int_equal(one.ncolumns, two.ncolumns);
        assert_int_equal(one.nrows, two.nrows);
        for (size_t c = 0; c < one.ncolumns; c++) {
            assert_true(zh_str_eq(one.columns[c].unit, two.columns[c].unit));
            for (size_t r = 0; r < one.nrows; r++) {
                assert_true(zh_str_eq(one.columns[c].text[r], two.columns[c].text[r]));
            }
        }
        zh_buf_free(&out);
    }
}

static void refused(zh_str text, zh_rc wanted)
{
    zh_sheet s;
    zh_err err = {0};
    assert_int_equal(zh_sheet_parse(arena, text, &s, &err), wanted);
    assert_true(err.message[0] != '\0');
}

static void test_sheet_refusals(void **state)
{
    (void)state;
    refused(ZH_STR(""), ZH_EINVAL);
    refused(ZH_STR(" \n \n"), ZH_EINVAL);
    refused(ZH_STR("a\n\xff\xfe\n"), ZH_EINVAL);
    refused(ZH_STR("a\n1\x01\n"), ZH_EINVAL);
    size_t n = ZH_SHEET_BYTES_MAX + 1;
    char *big = ZH_NEW_N(arena, char, n);
    memset(big, '1', n);
    refused((zh_str){big, n}, ZH_ELIMIT);
    for (size_t i = 0; i < ZH_SHEET_ROWS_MAX + 2; i++) {
        memcpy(big + 2 * i, "1\n", 2);
    }
    refused((zh_str){big, 2 * (ZH_SHEET_ROWS_MAX + 2)}, ZH_ELIMIT);
    assert_int_equal(sheet_of(zh_str_c(arena, (zh_str){big, 2000})).nrows, 1000);
}

/* ---- tools ---- */

/* Asks a tool with parameters as in a URL and pasted data; NULL: the sample of that id. */
static zh_rc ask(const char *tool, const char *asked, const char *data, const char *sample,
                 zh_bench *b, zh_err *err)
{
    zh_pairs *pairs = ZH_NEW_N(arena, zh_pairs, 2);
    *b = (zh_bench){.arena = arena,
                    .err = err,
                    .tool = zh_tool_find(zh_str_of(tool)),
                    .asked = pairs,
                    .nasked = 2,
                    .width = 880,
                    .narrow = 330};
    assert_non_null(b->tool);
    assert_int_equal(zh_form_parse(arena, zh_str_of(asked), &pairs[0], err), ZH_OK);
    if (data != NULL) {
        zh_sheet *s = ZH_NEW(arena, zh_sheet);
        *s = sheet_of(data);
        b->sheet = s;
    } else if (sample != NULL) {
        b->sample = zh_tool_sample_find(b->tool, zh_str_of(sample));
        assert_non_null(b->sample);
        assert_int_equal(zh_form_parse(arena, zh_str_of(b->sample->asked), &pairs[1], err), ZH_OK);
        assert_int_equal(zh_tool_sample_sheet(arena, b->sample, &b->sheet, err), ZH_OK);
    }
    return zh_bench_run(b);
}

/* A number out of the tables: the row whose first cell is `row`, in column `column`. */
static double cell(const zh_bench *b, const char *row, size_t column)
{
    for (size_t i = 0; i < b->blocks.n; i++) {
        const zh_doc_table *t = &b->blocks.p[i].doc.table;
        for (size_t r = 0; r < t->nrows && b->blocks.p[i].doc.kind == ZH_DOC_TABLE; r++) {
            double v;
            if (zh_str_is(t->cells[r * t->ncolumns].text, row) && column < t->ncolumns &&
                zh_str_double(t->cells[r * t->ncolumns + column].text, &v) == ZH_OK) {
                return v;
            }
        }
    }
    fail_msg("no number in row %s", row);
    return 0;
}

/* Every tool answers every of its samples in both languages; all its drawings can be written, as
 * can the document and the workbook. */
static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < zh_tools_n; i++) {
        for (size_t k = 0; k < zh_tools[i]->nsamples; k++) {
            zh_arena_mark mark = zh_arena_here(arena);
            zh_bench b;
            zh_err err = {0};
            zh_buf out;
            if (ask(zh_tools[i]->id, "", NULL, zh_tools[i]->samples[k].id, &b, &err) != ZH_OK) {
                fail_msg("%s %s: %s", zh_tools[i]->id, zh_tools[i]->samples[k].id, err.message);
            }
            assert_true(b.finding.n > 0);
            zh_buf_init(&out, 8 << 20);
            size_t figures = 0;
            for (const zh_draw *plate; (plate = zh_bench_plate(&b, figures)) != NULL; figures++) {
                assert_int_equal(
                    zh_svg_write(plate, &(zh_svg_options){.standalone = true}, &out, &err), ZH_OK);
            }
            assert_true(figures > 0);
            assert_int_equal(zh_bench_xlsx(&b, ZH_STR("/tools"), &out, &err), ZH_OK);
            zh_doc doc = zh_bench_doc(&b, ZH_STR("/tools"), ZH_STR(""), 0, 100);
            assert_int_equal(zh_doc_check(&doc, &err), ZH_OK);
            zh_buf_free(&out);
            zh_arena_rewind(arena, mark);
        }
    }
}

/* Chicago: the acceptance value of the prototype, 7 months below the lower limit. */
static void test_control_chart(void **state)
{
    (void)state;
    zh_bench b;
    zh_err err = {0};
    assert_int_equal(ask("control-chart", "", NULL, "chicago", &b, &err), ZH_OK);
    assert_true(cell(&b, "nelson1　1 点超出 3σ", 1) == 7);
    /* NIST 6.3.2.2: centre 50.81, limits 45.82 and 55.80. */
    assert_int_equal(ask("control-chart", "", NULL, "flow", &b, &err), ZH_OK);
    assert_true(fabs(cell(&b, "1", 2) - 45.818) < 6e-4 && fabs(cell(&b, "1", 3) - 55.802) < 6e-4);
    /* Ten times the values, ten times the limits. */
    assert_int_equal(ask("control-chart", "chart=individuals",
                         "496\n476\n499\n513\n478\n512\n526\n524\n536\n521", NULL, &b, &err),
                     ZH_OK);
    assert_true(fabs(cell(&b, "1", 2) - 458.18) < 6e-3);
}

/* Lawless: shape 2.10, scale 81.88; AIAG manual: 27.86 % and 4 categories; GUM H.1: 92 nm at 99 %;
 * ISO 2859-1: N = 1,000, level II, AQL 1.0 gives code J, 80, 2, 3. */
static void test_published(void **state)
{
    (void)state;
    zh_bench b;
    zh_err err = {0};
    assert_int_equal(ask("weibull", "", NULL, "bearings", &b, &err), ZH_OK);
    assert_true(fabs(cell(&b, "形状 β", 1) - 2.10) < 0.005);
    assert_int_equal(ask("gauge-rr", "", NULL, "aiag", &b, &err), ZH_OK);
    assert_true(fabs(cell(&b, "量具 R&R", 1) - 0.302373) < 6e-6);
    assert_true(zh_str_find(b.finding, ZH_STR("4 个档")) >= 0);
    assert_int_equal(ask("uncertainty", "", NULL, "end-gauge", &b, &err), ZH_OK);
    assert_true(fabs(cell(&b, "扩展不确定度 U", 1) - 92) < 1);
    assert_int_equal(ask("sampling-plan", "", NULL, "gb2828", &b, &err), ZH_OK);
    assert_true(cell(&b, "正常", 2) == 80 && cell(&b, "正常", 3) == 2 && cell(&b, "加严", 3) == 1);
    /* openEBGM's vignette: REUMOFAN PLUS x WEIGHT INCREASED, N = 16, EB05 15.69. */
    assert_int_equal(ask("disproportionality", "", NULL, "caers", &b, &err), ZH_OK);
    assert_true(cell(&b, "REUMOFAN PLUS", 2) == 16 &&
                fabs(cell(&b, "REUMOFAN PLUS", 7) - 15.69) < 0.02);
}

static void test_tool_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *tool, *asked, *data;
    } bad[] = {
        {"control-chart", "chart=nothing", "1\n2\n3"},
        {"control-chart", "chart=p", "a,b\nx,y\n"},
        {"control-chart", "value=none", "a,b\n1,2\n3,4\n"},
        {"control-chart", "baseline=-3", "1\n2\n3\n"},
        {"control-chart", "baseline=x", "1\n2\n3\n"},
        {"control-chart", "", "1\n"},
        {"control-chart", "chart=p&count=d&of=n", "n,d\n10,20\n10,30\n"},
        {"capability", "", "1\n2\n3\n"},
        {"capability", "lsl=5&usl=1", "1\n2\n3\n"},
        {"capability", "usl=9", "5\n5\n5\n"},
        {"sampling-plan", "lot=1", NULL},
        {"sampling-plan", "aql=0.7", NULL},
        {"sampling-plan", "way=own&n=5&ac=9", NULL},
        {"weibull", "", "5+\n6+\n"},
        {"weibull", "", "-5\n6\n"},
        {"uncertainty", "", "x,1,0.1\n"},
        {"uncertainty", "model=x*q", "x,1,0.1,正态\n"},
        {"uncertainty", "model=x", "x,1,0.1,奇怪\n"},
        {"gauge-rr", "", "1\n2\n"},
        {"gauge-rr", "", "p,o,y\n1,A,1\n1,A,2\n2,A,3\n"},
        {"proficiency", "", "L,x\na,5\nb,5\nc,5\n"},
        {"proficiency", "way=given", "L,x\na,5\nb,6\n"},
        {"satisfaction", "", "a1,a2\n1,2\n2,3\n3,4\n"},
        {"satisfaction", "paths=a%3Ez", "a1,b1\n1,2\n2,3\n3,5\n4,4\n"},
        {"early-warning", "", "1\n2\n3\n"},
        {"early-warning", "", "1\n2\n3\n-4\n5\n6\n7\n8\n9\n"},
        {"early-warning", "", "1\n2\n3\n4.5\n5\n6\n7\n8\n9\n"},
        {"disproportionality", "way=table&a=0&b=0&c=0&d=0", NULL},
        {"disproportionality", "way=table&a=1.5", NULL},
        {"disproportionality", "", "a\nb\n"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_bench b;
        zh_err err = {0};
        zh_rc rc = ask(bad[i].tool, bad[i].asked, bad[i].data, NULL, &b, &err);
        if (rc == ZH_OK || err.message[0] == '\0') {
            fail_msg("%s?%s was answered: %.*s", bad[i].tool, bad[i].asked, ZH_FMT(b.finding));
        }
    }
}

/* The monthly file is the sum of the 17,823 inspections that the demo carries. */
static void test_chicago_file(void **state)
{
    (void)state;
    const zh_embedded *file =
        zh_embedded_find("packs/demo/data/us-chicago-inspections/inspections_2011_2013.csv.gz");
    zh_sheet all;
    zh_sheet months;
    zh_err err = {0};
    assert_non_null(file);
    assert_int_equal(zh_sheet_bytes(arena, file->bytes, file->n, &all, &err), ZH_OK);
    file = zh_embedded_find("packs/tools/data/chicago_monthly.csv");
    assert_non_null(file);
    assert_int_equal(zh_sheet_bytes(arena, file->bytes, file->n, &months, &err), ZH_OK);
    assert_int_equal(all.nrows, 17823);
    const zh_sheet_column *date = NULL;
    const zh_sheet_column *result = NULL;
    for (size_t c = 0; c < all.ncolumns; c++) {
        date = zh_str_is(all.columns[c].name, "Inspection_Date") ? &all.columns[c] : date;
        result = zh_str_is(all.columns[c].name, "Results") ? &all.columns[c] : result;
    }
    assert_true(date != NULL && result != NULL);
    for (size_t m = 0; m < months.nrows; m++) {
        size_t n = 0;
        size_t failed = 0;
        for (size_t i = 0; i < all.nrows; i++) {
            bool in = zh_str_starts(date->text[i], months.columns[0].text[m]);
            n += in;
            failed += in && zh_str_is(result->text[i], "Fail");
        }
        assert_true((double)n == months.columns[1].number[m] &&
                    (double)failed == months.columns[2].number[m]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_separators, begin, end),
        cmocka_unit_test_setup_teardown(test_numbers, begin, end),
        cmocka_unit_test_setup_teardown(test_headings, begin, end),
        cmocka_unit_test_setup_teardown(test_round_trip, begin, end),
        cmocka_unit_test_setup_teardown(test_sheet_refusals, begin, end),
        cmocka_unit_test_setup_teardown(test_samples, begin, end),
        cmocka_unit_test_setup_teardown(test_control_chart, begin, end),
        cmocka_unit_test_setup_teardown(test_published, begin, end),
        cmocka_unit_test_setup_teardown(test_tool_refusals, begin, end),
        cmocka_unit_test_setup_teardown(test_chicago_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
