/* Tables. The real files of the shared data (ZH_SHARED) are counted by tests/fixture/fmt/count.py,
 * which uses nothing of this program; its output is the table below. The other expected values
 * follow from the text that each test writes: RFC 4180, RFC 8259, and fmt/table.h. */
#include "fmt/jsonrows.h"
#include "fmt/table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "zip_writer.h"

static const struct {
    const char *file, *rows;
    size_t n, filled, bytes;
} real_files[] = {
    {"cn-admin-divisions/HK-MO-TW.json", "", 2, 50, 4734},
    {"cn-admin-divisions/areas.csv", "", 2979, 11916, 67531},
    {"cn-admin-divisions/cities.csv", "", 343, 1029, 5867},
    {"cn-admin-divisions/provinces.csv", "", 32, 64, 406},
    {"cn-admin-divisions/streets_34_42_43.csv.gz", "", 5169, 25845, 168663},
    {"cn-air-beijing-hourly/PRSA_Data_Aotizhongxin_20130301-20170228.csv.gz", "", 35065, 631170,
     2029551},
    {"cn-air-beijing-hourly/PRSA_Data_Dingling_20130301-20170228.csv.gz", "", 35065, 631170,
     1869609},
    {"cn-air-beijing-hourly/PRSA_Data_Gucheng_20130301-20170228.csv.gz", "", 35065, 631170,
     1848416},
    {"cn-air-beijing-hourly/PRSA_Data_Wanshouxigong_20130301-20170228.csv.gz", "", 35065, 631170,
     2064707},
    {"cn-air-city-gb18030/aqi.csv", "", 114, 684, 4653},
    {"cn-air-national-snapshot/airnow_20180220T07.json", "features[].properties", 1108, 29916,
     252098},
    {"cn-air-national-snapshot/airnow_20180220T07.json", "features", 1108, 33240, 284154},
    {"cn-food-failures-foodmate/jjy.csv", "", 12, 157, 3424},
    {"cn-food-noncompliance/food_noncompliance.csv", "", 4033, 56462, 675738},
    {"cn-geo-hubei-hunan-anhui/34_cities.geojson", "features[].properties", 17, 52, 418},
    {"cn-geo-hubei-hunan-anhui/34_cities.geojson", "features", 17, 120, 92344},
    {"cn-geo-hubei-hunan-anhui/34_counties.geojson", "features[].properties", 106, 424, 4775},
    {"cn-geo-hubei-hunan-anhui/34_counties.geojson", "features", 106, 954, 356142},
    {"cn-geo-hubei-hunan-anhui/42_cities.geojson", "features[].properties", 18, 55, 526},
    {"cn-geo-hubei-hunan-anhui/42_cities.geojson", "features", 18, 127, 113369},
    {"cn-geo-hubei-hunan-anhui/42_counties.geojson", "features[].properties", 104, 416, 5109},
    {"cn-geo-hubei-hunan-anhui/42_counties.geojson", "features", 104, 936, 427960},
    {"cn-geo-hubei-hunan-anhui/43_cities.geojson", "features[].properties", 15, 46, 440},
    {"cn-geo-hubei-hunan-anhui/43_cities.geojson", "features", 15, 106, 133115},
    {"cn-geo-hubei-hunan-anhui/43_counties.geojson", "features[].properties", 123, 492, 6072},
    {"cn-geo-hubei-hunan-anhui/43_counties.geojson", "features", 123, 1107, 550046},
    {"cn-industry-codes/gbt4754_2017.csv", "", 1972, 5896, 59772},
    {"cn-industry-codes/行业小类代码与对应行业名称.xlsx", "", 3455, 536, 6687},
    {"cn-pm25-city-daily/pm25_daily_2014_2015.csv.gz", "", 133591, 801546, 5700704},
    {"cn-samr-food-summary/hubei_2016-01_gb18030.csv", "", 27, 134, 713},
    {"cn-samr-food-summary/published_totals.csv", "", 9, 63, 1025},
    {"cn-samr-food-summary/samr_2019H2_national.csv", "", 37, 221, 1283},
    {"cn-surface-water-cnemc/cnemc_realtime_20260821.json", "tbody", 348, 5568, 150671},
    {"cn-uscc/uscc_real.txt", "", 1016, 1016, 18288},
    {"eu-rasff/RASFF_window_results.xlsx", "", 903, 12037, 302459},
    {"eu-rasff/rasff_2024.csv.gz", "", 5390, 78913, 1501755},
    {"us-chicago-inspections/inspections_2011_2013.csv.gz", "", 17824, 392092, 1760425},
    {"us-fda-caers-2012/caers_2012.csv.gz", "", 20157, 80628, 1204443},
    {"us-neiss-fireworks/neiss_fireworks_2016_2018.csv", "", 832, 7489, 162356},
    {"us-nyc-311/nyc311_202404.csv", "", 1001, 17895, 317101},
    {"us-nyc-sandy-311-daily/sandy-311-calls-by-day.csv", "", 1784, 44600, 56550},
    {"us-recalls/cpsc_recalls.csv", "", 201, 1860, 134820},
    {"us-recalls/fda_food_recalls_2024_2025.json", "", 267, 3135, 135614},
    {"us-recalls/fda_recalls.csv", "", 203, 1827, 58193},
    {"us-recalls/nhtsa_recalls.csv", "", 176, 1760, 61130},
    {"us-recalls/usda_food_recalls_2014_2020.json.gz", "", 1532, 16587, 616070},
};

static void count_real(const char *root, size_t i)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/data/%s", root, real_files[i].file);
    const zh_table_options options = {.json_rows = zh_str_of(real_files[i].rows)};
    zh_err err = {0};
    zh_table *t = NULL;
    zh_rc rc = zh_table_open(path, &options, &t, &err);
    size_t n = 0, filled = 0, bytes = 0;
    zh_table_row row;
    while (rc == ZH_OK && (rc = zh_table_next(t, &row, &err)) == ZH_OK) {
        assert_null(row.error);
        n++;
        for (size_t c = 0; c < row.n; c++) {
            filled += row.cells[c].text.n > 0;
            bytes += row.cells[c].text.n;
            assert_true(zh_utf8_valid(row.cells[c].text));
        }
    }
    if (rc != ZH_ENOTFOUND) {
        fail_msg("%s: %s: %s (%s)", path, err.rule, err.message, err.where);
    }
    uint64_t done, total;
    zh_table_progress(t, &done, &total);
    assert_int_equal(done, total);
    zh_table_close(t);
    if (n != real_files[i].n || filled != real_files[i].filled || bytes != real_files[i].bytes) {
        fail_msg("%s: %zu rows, %zu cells, %zu bytes", path, n, filled, bytes);
    }
}

static void test_real_files(void **state)
{
    (void)state;
    const char *root = getenv("ZH_SHARED");
    root = root != NULL ? root : "../shared";
    if (access(root, R_OK) != 0) {
        printf("skipped: no shared data at %s (set ZH_SHARED)\n", root);
        return;
    }
    for (size_t i = 0; i < ZH_COUNTOF(real_files); i++) {
        count_real(root, i);
    }
}

/* ---- small tables written here ---- */

static zh_table *opened(zh_str bytes, const zh_table_options *options)
{
    char path[64];
    zh_err err = {0};
    zh_table *t = NULL;
    zh_rc rc = zh_table_open(temp_file(path, bytes), options, &t, &err);
    if (rc != ZH_OK) {
        fail_msg("%s: %s (%s)", err.rule, err.message, err.fix);
    }
    unlink(path);
    return t;
}

/* Rows as text: number, * for a made-up header, ! with the rule of the row's error, cells|flags. */
static zh_rc dump(zh_table *t, zh_buf *out, zh_err *err)
{
    zh_table_row row;
    zh_rc rc;
    while ((rc = zh_table_next(t, &row, err)) == ZH_OK) {
        zh_buf_fmt(out, "%zu%s%s%s:", row.number, row.header ? "*" : "", row.blank ? "b" : "",
                   row.hidden ? "h" : "");
        for (size_t c = 0; c < row.n; c++) {
            zh_buf_fmt(out, "[%.*s|%x]", ZH_FMT(row.cells[c].text), row.cells[c].flags);
        }
        if (row.error != NULL) {
            zh_buf_fmt(out, "!%s %s", row.error->rule, row.error->where);
        }
        zh_buf_c(out, '\n');
    }
    zh_buf_c(out, '\0');
    return rc;
}

static void gives_with(zh_str bytes, const zh_table_options *options, const char *want)
{
    zh_err err = {0};
    zh_buf out;
    zh_buf_init(&out, (size_t)16 << 20);
    zh_table *t = opened(bytes, options);
    zh_rc rc = dump(t, &out, &err);
    if (rc != ZH_ENOTFOUND) {
        fail_msg("%s: %s (%s)", err.rule, err.message, err.where);
    }
    assert_string_equal(out.p, want);
    zh_buf_free(&out);
    zh_table_close(t);
}

static void gives(const char *text, const char *want)
{
    gives_with(zh_str_of(text), NULL, want);
}

static void rows_give(const char *json_rows, const char *text, const char *want)
{
    const zh_table_options options = {.json_rows = zh_str_of(json_rows)};
    gives_with(zh_str_of(text), &options, want);
}

static void refused_with(zh_str bytes, const zh_table_options *options, zh_rc want,
                         const char *rule, const char *where)
{
    char path[64];
    zh_err err = {0};
    zh_table *t = NULL;
    zh_buf out;
    zh_buf_init(&out, (size_t)64 << 20);
    zh_rc rc = zh_table_open(temp_file(path, bytes), options, &t, &err);
    unlink(path);
    rc = rc == ZH_OK ? dump(t, &out, &err) : rc;
    assert_string_equal(err.rule, rule);
    assert_int_equal(rc, want);
    if (where != NULL) {
        assert_string_equal(err.where, where);
    }
    assert_true(err.message[0] != '\0');
    zh_buf_free(&out);
    zh_table_close(t);
}

static void refused(const char *text, const char *rows, zh_rc want, const char *rule,
                    const char *where)
{
    const zh_table_options options = {.json_rows = zh_str_of(rows)};
    refused_with(zh_str_of(text), &options, want, rule, where);
}

static void test_csv(void **state)
{
    (void)state;
    gives("a,b\r\n\"1\n2\",\"x\"\"y\"\r\n\r\n,\n", "1:[a|0][b|0]\n2:[1\n2|1][x\"y|1]\n"
                                                   "4b:[|0]\n5b:[|0][|0]\n");
    gives("a\tb\n1\t2\n", "1:[a|0][b|0]\n2:[1|0][2|0]\n");
    gives("a;b\n1,5;2\n", "1:[a|0][b|0]\n2:[1,5|0][2|0]\n");
    gives("", "");
    gives("[编号],b\n", "1:[[编号]|0][b|0]\n");
    zh_table *t = opened(ZH_STR("a\tb\n1\t2\n"), NULL);
    const zh_table_info *info = zh_table_about(t);
    assert_int_equal(info->kind, ZH_TABLE_TSV);
    assert_int_equal(info->container, ZH_CONTAINER_PLAIN);
    assert_int_equal(info->separator, '\t');
    assert_int_equal(info->sheets_n, 1);
    zh_table_close(t);
    /* a separator that is given wins, also over what looks like JSON */
    const zh_table_options bar = {.separator = '|'};
    gives_with(ZH_STR("[1,2|{\n"), &bar, "1:[[1,2|0][{|0]\n");
    const zh_table_options quote = {.separator = '"'};
    refused_with(ZH_STR("a"), &quote, ZH_EINVAL, "table.separator", NULL);
    zh_table_close(NULL);
}

/* "编号,值" and "武,2" in each encoding; the bytes are from the encodings' own tables. */
static void test_encodings(void **state)
{
    (void)state;
    static const struct {
        zh_str bytes;
        zh_encoding encoding;
    } cases[] = {
        {{"\xe7\xbc\x96\xe5\x8f\xb7,\xe5\x80\xbc\n\xe6\xad\xa6,2\n", 17}, ZH_ENC_UTF8},
        {{"\xef\xbb\xbf\xe7\xbc\x96\xe5\x8f\xb7,\xe5\x80\xbc\n\xe6\xad\xa6,2\n", 20},
         ZH_ENC_UTF8_BOM},
        {{"\xb1\xe0\xba\xc5,\xd6\xb5\n\xce\xe4,2\n", 13}, ZH_ENC_GB18030},
        {{"\xff\xfe\x16\x7f\xf7\x53,\0\x3c\x50\n\0\x66\x6b,\0"
          "2\0\n\0",
          20},
         ZH_ENC_UTF16LE},
        {{"\xfe\xff\x7f\x16\x53\xf7\0,\x50\x3c\0\n\x6b\x66\0,\0"
          "2\0\n",
          20},
         ZH_ENC_UTF16BE},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_table *t = opened(cases[i].bytes, NULL);
        assert_int_equal(zh_table_about(t)->encoding, cases[i].encoding);
        zh_table_close(t);
        gives_with(cases[i].bytes, NULL, "1:[编号|0][值|0]\n2:[武|0][2|0]\n");
        const zh_table_options given = {.encoding_given = true, .encoding = cases[i].encoding};
        gives_with(cases[i].bytes, &given, "1:[编号|0][值|0]\n2:[武|0][2|0]\n");
    }
}

/* 70,000 lines of ASCII look like UTF-8; the GBK that follows is named by its line. */
static void test_late_encoding_error(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    for (int i = 0; i < 70000; i++) {
        zh_buf_z(&text, "1,2\n");
    }
    zh_buf_z(&text, "\xce\xe4,3\n");
    refused_with(zh_buf_view(&text), NULL, ZH_EINVAL, "text.encoding", "第70001行");
    const zh_table_options gb = {.encoding_given = true, .encoding = ZH_ENC_GB18030};
    zh_table *t = opened(zh_buf_view(&text), &gb);
    zh_table_row row;
    for (int i = 0; i < 70001; i++) {
        assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
    }
    assert_true(zh_str_is(row.cells[0].text, "武"));
    zh_table_close(t);
    zh_buf_free(&text);
    refused_with((zh_str){"\xff\xff\xff\xff,1\n", 7}, NULL, ZH_EINVAL, "text.encoding.unknown",
                 NULL);
}

static void test_csv_caps(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, (size_t)16 << 20);
    zh_buf_z(&text, "a,b\n");
    for (int i = 0; i < 1000000; i++) {
        zh_buf_c(&text, ',');
    }
    refused_with(zh_buf_view(&text), NULL, ZH_ELIMIT, "csv.columns", "第2行");
    for (size_t more = 0; more < 2; more++) {
        zh_buf_clear(&text);
        zh_buf_z(&text, "a,b\n1,");
        for (size_t i = 0; i < ZH_CSV_CELL_BYTES_MAX + more; i++) {
            zh_buf_c(&text, 'x');
        }
        if (more == 1) {
            refused_with(zh_buf_view(&text), NULL, ZH_ELIMIT, "csv.cell", "第2行");
            continue;
        }
        zh_table *t = opened(zh_buf_view(&text), NULL);
        zh_table_row row;
        assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
        assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
        assert_int_equal(row.cells[1].text.n, ZH_CSV_CELL_BYTES_MAX);
        zh_table_close(t);
    }
    zh_buf_free(&text);
    const zh_table_options small = {.max_bytes = 5};
    gives_with(ZH_STR("1\n2\n3"), &small, "1:[1|0]\n2:[2|0]\n3:[3|0]\n");
    refused_with(ZH_STR("1\n2\n3\n"), &small, ZH_ELIMIT, "container.size", NULL);
}

static void test_zipped(void **state)
{
    (void)state;
    const zip_member member = {.name = "a.csv", .data = {"a,b\n1,2\n", 8}, .deflate = true};
    zh_buf zip;
    zh_buf_init(&zip, 1 << 20);
    zip_write(&zip, &member, 1);
    gives_with(zh_buf_view(&zip), NULL, "1:[a|0][b|0]\n2:[1|0][2|0]\n");
    zh_table *t = opened(zh_buf_view(&zip), NULL);
    assert_int_equal(zh_table_about(t)->container, ZH_CONTAINER_ZIP);
    assert_true(zh_str_is(zh_table_about(t)->member, "a.csv"));
    zh_table_close(t);
    const zip_member json = {.name = "a.json", .data = {"[{\"a\":1}]", 9}};
    zh_buf_clear(&zip);
    zip_write(&zip, &json, 1);
    gives_with(zh_buf_view(&zip), NULL, "0*:[a|1]\n1:[1|2]\n");
    zh_buf_free(&zip);
}

static void test_json_array(void **state)
{
    (void)state;
    gives(" [ {\"a\": 1.50, \"b\": {\"c\": null, \"d\": true}}, {\"e\": [1, \"x\", null, false],"
          " \"a\": \"\\u4e2d\"}, {\"f\": [[1,{\"g\":\"h\"}]], \"b\": {}, \"e\": []} ] ",
          "0*:[a|1][b.c|1][b.d|1][e|1][f|1][b|1]\n"
          "1:[1.50|2][|100][true|8][|100][|100][|100]\n"
          "2:[中|1][|100][|100][1; x; ; false|1][|100][|100]\n"
          "3:[|100][|100][|100][|100][[[1,{\"g\":\"h\"}]]|1][|100]\n");
    gives("[]", "");
    gives("[[1,\"a\"],[2]]", "1:[1|2][a|1]\n2:[2|2]\n");
    gives("[\"a\", 2]", "1:[a|1]\n2:[2|2]\n");
}

static void test_ndjson(void **state)
{
    (void)state;
    gives("{\"a\":1}\n{\"b\":2}\n", "0*:[a|1][b|1]\n1:[1|2][|100]\n2:[|100][2|2]\n");
    gives("{\"a\":1} {\"a\":2}", "0*:[a|1]\n1:[1|2]\n2:[2|2]\n");
    gives("{\"a\":1}\n\n", "0*:[a|1]\n1:[1|2]\n");
    gives("{}", "1b:\n");
    zh_table *t = opened(ZH_STR("{\"a\":1}\n{\"a\":2}\n"), NULL);
    assert_int_equal(zh_table_about(t)->kind, ZH_TABLE_NDJSON);
    zh_table_close(t);
    t = opened(ZH_STR("{\"a\":1}\n"), NULL);
    assert_int_equal(zh_table_about(t)->kind, ZH_TABLE_JSON);
    zh_table_close(t);
    refused("{\"a\":1}\n{\"a\":\n", "", ZH_EINVAL, "json.syntax", "第3行");
    refused("{\"a\":1}\n{\"a\":tru}\n", "", ZH_EINVAL, "json.syntax", "第2行");
}

static void test_json_paths(void **state)
{
    (void)state;
    static const char doc[] =
        "{\"n\": {\"skip\": [1, {\"x\": \"]}\\\"\"}]}, \"thead\": [\"甲\", \"乙\"],"
        " \"data\": {\"list\": [{\"p\": {\"a\": 1}, \"q\": [{\"z\": 1}, {\"z\": 2}]},"
        " {\"p\": {\"a\": 2}, \"q\": []}, {\"p\": 3, \"q\": 4}], \"end\": 0},"
        " \"tbody\": [[1, \"x\"], [2]]}";
    rows_give("data.list[].p", doc, "0*:[a|1]\n1:[1|2]\n2:[2|2]\n3b:!json.shape 第3条（第1行）\n");
    rows_give("data.list[].q[]", doc, "0*:[z|1]\n1:[1|2]\n1:[2|2]\n3b:!json.path 第3条（第1行）\n");
    rows_give("[].a", "[{\"a\": {\"b\": 1}}]", "0*:[b|1]\n1:[1|2]\n");
    rows_give("[]", "[{\"a\": 1}]", "0*:[a|1]\n1:[1|2]\n");
    rows_give("[][]", "[[{\"a\": 1}, {\"a\": 2}], [{\"a\": 3}]]",
              "0*:[a|1]\n1:[1|2]\n1:[2|2]\n2:[3|2]\n");
    rows_give("tbody", doc, "1:[1|2][x|1]\n2:[2|2]\n");
    rows_give("tbody[]", doc, "1:[1|2][x|1]\n2:[2|2]\n");
    refused(doc, "data.none", ZH_EINVAL, "json.path", NULL);
    refused(doc, "data.list[].none.", ZH_EINVAL, "json.path", NULL);
    refused(doc, "data", ZH_EINVAL, "json.syntax", "第1行");
    refused(doc, "n.skip.x", ZH_EINVAL, "json.syntax", "第1行");
    static const char *const bad[] = {"data.list.[].p",
                                      "a..b",
                                      ".a",
                                      "a[0]",
                                      "a[",
                                      "a]b[]c",
                                      "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p",
                                      "a.[]"};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        refused(doc, bad[i], ZH_EINVAL, "json.path", NULL);
    }
}

static void test_json_header_path(void **state)
{
    (void)state;
    static const char doc[] =
        "{\"tbody\": [[1, \"x\"], [2]], \"h\": {\"thead\": [\"甲\", \"乙\"]}}";
    zh_table_options options = {.json_rows = {"tbody", 5}, .json_header = {"h.thead", 7}};
    gives_with(zh_str_of(doc), &options, "0*:[甲|1][乙|1]\n1:[1|2][x|1]\n2:[2|2]\n");
    options.json_header = ZH_STR("h");
    refused_with(zh_str_of(doc), &options, ZH_EINVAL, "json.header", "第1行");
    options.json_header = ZH_STR("none");
    refused_with(zh_str_of(doc), &options, ZH_EINVAL, "json.path", NULL);
    options.json_header = ZH_STR("h[]");
    refused_with(zh_str_of(doc), &options, ZH_EINVAL, "json.path", NULL);
}

/* The refusal names the arrays that there are. */
static void test_json_without_path(void **state)
{
    (void)state;
    char path[64];
    zh_err err = {0};
    zh_table *t = NULL;
    temp_file(path,
              ZH_STR("{\"total\": 2, \"rows\": [{\"a\": 1}], \"x\": {\"no\": []}, \"数据\": []}"));
    assert_int_equal(zh_table_open(path, NULL, &t, &err), ZH_EINVAL);
    unlink(path);
    assert_string_equal(err.rule, "json.path");
    assert_non_null(strstr(err.fix, "rows、数据"));
    assert_null(strstr(err.fix, "no"));
}

static void test_broken_json(void **state)
{
    (void)state;
    refused("[{\"a\":1}", "", ZH_EINVAL, "json.syntax", "第1行");
    refused("[{\"a\":1},]", "", ZH_EINVAL, "json.syntax", "第1行");
    refused("[{\"a\":1} {\"a\":1}]", "", ZH_EINVAL, "json.syntax", "第1行");
    refused("[{\"a\":1}]\n[", "", ZH_EINVAL, "json.syntax", "第2行");
    refused("[\n{\"a\":01}]", "", ZH_EINVAL, "json.syntax", "第2行");
    refused("[\n{\"a\":1,\"a\":2}]", "", ZH_EINVAL, "json.duplicate", "第2行");
    refused("{\"r\":[{\"a\":1}],\"r\":[]}", "r", ZH_EINVAL, "json.duplicate", "第1行");
    refused("{\"r\":[{\"a\":1}]", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"r\":[{\"a\":1}],\"s\":{\"t\":[1,2}}", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"r\":[{\"a\":1}],s:1}", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"q\":,\"r\":[]}", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"q\" 1,\"r\":[]}", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"\\x\":1,\"r\":[]}", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"q\":\"", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("{\"q\":1", "r", ZH_EINVAL, "json.syntax", "第1行");
    refused("[1]", "r", ZH_EINVAL, "json.syntax", "第1行");
    char deep[400];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    refused(deep, "", ZH_ELIMIT, "json.depth", "第1行");
}

/* A field that first appears in row 1001 is not lost: its row says so, the others come through. */
static void test_json_late_field(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    for (size_t i = 1; i <= ZH_JSONROWS_SAMPLE; i++) {
        zh_buf_fmt(&text, "{\"a\":%zu%s}\n", i, i == ZH_JSONROWS_SAMPLE ? ",\"b\":0" : "");
    }
    zh_buf_z(&text, "{\"a\":1,\"new\":5,\"none\":{}}\n{\"a\":2,\"b\":3,\"gone\":[]}\n[7]\n"
                    "{\"a\":{\"x\":1}}\n{\"a\":8}\n");
    zh_table *t = opened(zh_buf_view(&text), NULL);
    zh_table_row row;
    for (size_t i = 0; i <= ZH_JSONROWS_SAMPLE; i++) {
        assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
        assert_null(row.error);
        assert_int_equal(row.n, 2);
    }
    zh_buf out;
    zh_buf_init(&out, 1 << 16);
    assert_int_equal(dump(t, &out, NULL), ZH_ENOTFOUND);
    assert_string_equal(out.p, "1001:[1|2][|100]!json.field 第1001条（第1001行）\n"
                               "1002:[2|2][3|2]\n"
                               "1003b:!json.shape 第1003条（第1003行）\n"
                               "1004b:[|100][|100]!json.field 第1004条（第1004行）\n"
                               "1005:[8|2][|100]\n");
    zh_buf_free(&out);
    zh_buf_free(&text);
    zh_table_close(t);
    /* two ways to the same column name */
    gives("[{\"a.b\":1,\"a\":{\"b\":2}}]", "0*:[a.b|1]\n1:[1|2]!json.field 第1条（第1行）\n");
}

static void test_json_caps(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, (size_t)64 << 20);
    for (size_t more = 0; more < 2; more++) { /* one cell */
        zh_buf_clear(&text);
        zh_buf_z(&text, "[[\"");
        for (size_t i = 0; i < ZH_CELL_BYTES_MAX + more; i++) {
            zh_buf_c(&text, 'x');
        }
        zh_buf_z(&text, "\"]]");
        if (more == 1) {
            refused_with(zh_buf_view(&text), NULL, ZH_ELIMIT, "json.cell", "第1行");
        } else {
            zh_table *t = opened(zh_buf_view(&text), NULL);
            zh_table_row row;
            assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
            assert_int_equal(row.cells[0].text.n, ZH_CELL_BYTES_MAX);
            zh_table_close(t);
        }
    }
    for (size_t more = 0; more < 2; more++) { /* columns, by position and by name */
        for (int named = 0; named < 2; named++) {
            zh_buf_clear(&text);
            zh_buf_z(&text, named ? "[{" : "[[");
            for (size_t i = 0; i < ZH_CELL_COLUMNS_MAX + more; i++) {
                zh_buf_z(&text, i > 0 ? "," : "");
                zh_buf_fmt(&text, named ? "\"%zu\":1" : "%zu", i);
            }
            zh_buf_z(&text, named ? "}]" : "]]");
            if (more == 1) {
                refused_with(zh_buf_view(&text), NULL, ZH_ELIMIT, "json.columns", "第1行");
                continue;
            }
            zh_table *t = opened(zh_buf_view(&text), NULL);
            zh_table_row row;
            assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
            assert_int_equal(row.n, ZH_CELL_COLUMNS_MAX);
            zh_table_close(t);
        }
    }
    zh_buf_clear(&text); /* one record */
    zh_buf_z(&text, "[[\"");
    while (text.n <= ZH_JSONROWS_RECORD_MAX) {
        zh_buf_z(&text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"");
    }
    zh_buf_z(&text, "\"]]");
    refused_with(zh_buf_view(&text), NULL, ZH_ELIMIT, "json.record", "第1行");
    zh_buf_free(&text);
    char name[ZH_JSONROWS_NAME_MAX + 40];
    for (size_t more = 0; more < 2; more++) { /* a name made of two */
        const size_t inner = ZH_JSONROWS_NAME_MAX - 2 + more;
        char long_name[ZH_JSONROWS_NAME_MAX];
        memset(long_name, 'n', sizeof long_name);
        snprintf(name, sizeof name, "[{\"a\":{\"%.*s\":1}}]", (int)inner, long_name);
        if (more == 1) {
            refused(name, "", ZH_ELIMIT, "json.record", "第1行");
        } else {
            zh_table *t = opened(zh_str_of(name), NULL);
            zh_table_close(t);
        }
    }
}

static const char content_types[] = "<Types/>";
static const char rels[] =
    "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"a.xml\"/>"
    "<Relationship Id=\"r2\" Type=\"x/worksheet\" Target=\"b.xml\"/></Relationships>";
static const char book[] = "<workbook><sheets><sheet name=\"封面\" state=\"hidden\" id=\"r1\"/>"
                           "<sheet name=\"数据\" id=\"r2\"/></sheets></workbook>";
static const char cover[] = "<worksheet><sheetData><row r=\"1\"><c t=\"str\"><v>cover</v></c></row>"
                            "</sheetData></worksheet>";
static const char data[] =
    "<worksheet><sheetData><row r=\"1\"><c/></row><row r=\"12\" hidden=\"1\"><c r=\"C12\"><v>5</v>"
    "</c></row></sheetData></worksheet>";

static void workbook(zh_buf *out)
{
    const zip_member members[] = {{.name = "[Content_Types].xml", .data = zh_str_of(content_types)},
                                  {.name = "xl/workbook.xml", .data = zh_str_of(book)},
                                  {.name = "xl/_rels/workbook.xml.rels", .data = zh_str_of(rels)},
                                  {.name = "xl/a.xml", .data = zh_str_of(cover)},
                                  {.name = "xl/b.xml", .data = zh_str_of(data)}};
    zh_buf_init(out, 1 << 20);
    zip_write(out, members, ZH_COUNTOF(members));
}

static void test_xlsx(void **state)
{
    (void)state;
    static const char want_data[] = "1b:\n12h:[|100][|100][5|2]\n";
    zh_buf bytes;
    workbook(&bytes);
    const zh_str zip = zh_buf_view(&bytes);
    gives_with(zip, NULL, want_data); /* the first visible sheet */
    const zh_table_options by_name = {.sheet = {"封面", 6}};
    gives_with(zip, &by_name, "1:[cover|1]\n");
    const zh_table_options by_number = {.sheet_number = 2};
    gives_with(zip, &by_number, want_data);
    const zh_table_options no_name = {.sheet = {"无", 3}};
    refused_with(zip, &no_name, ZH_ENOTFOUND, "table.sheet", NULL);
    const zh_table_options no_number = {.sheet_number = 3};
    refused_with(zip, &no_number, ZH_ENOTFOUND, "table.sheet", NULL);
    zh_table *t = opened(zip, NULL);
    const zh_table_info *info = zh_table_about(t);
    assert_int_equal(info->kind, ZH_TABLE_XLSX);
    assert_int_equal(info->sheets_n, 2);
    assert_true(info->sheets[0].hidden);
    assert_false(info->sheets[1].hidden);
    assert_int_equal(info->sheet, 1);
    assert_int_equal(zh_table_begin(t, 0, NULL), ZH_OK);
    zh_table_row row;
    assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
    assert_true(zh_str_is(row.cells[0].text, "cover"));
    zh_table_close(t);
    zh_buf_free(&bytes);
}

static void test_where(void **state)
{
    (void)state;
    char out[256];
    zh_buf bytes;
    workbook(&bytes);
    zh_table *t = opened(zh_buf_view(&bytes), NULL);
    zh_table_row row;
    assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
    assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
    assert_string_equal(zh_table_where(t, &row, 2, out, sizeof out), "数据!C12");
    assert_string_equal(zh_table_where(t, &row, SIZE_MAX, out, sizeof out), "数据!12");
    assert_string_equal(zh_table_where(t, &row, 2, out, 6), "数"); /* cut at a character */
    zh_table_close(t);
    zh_buf_free(&bytes);
    t = opened(ZH_STR("a,b\n\"x\ny\",2\n3,4\n"), NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
    }
    assert_string_equal(zh_table_where(t, &row, 1, out, sizeof out), "第4行第2列");
    assert_string_equal(zh_table_where(t, &row, SIZE_MAX, out, sizeof out), "第4行");
    zh_table_close(t);
    t = opened(ZH_STR("[{\"a\":{\"b\":1}},{\"a\":{\"b\":2}}]"), NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(zh_table_next(t, &row, NULL), ZH_OK);
    }
    assert_string_equal(zh_table_where(t, &row, 0, out, sizeof out), "第2条 a.b");
    assert_string_equal(zh_table_where(t, &row, SIZE_MAX, out, sizeof out), "第2条");
    assert_string_equal(zh_table_where(t, &row, 7, out, sizeof out), "第2条第8列");
    zh_table_close(t);
}

/* Begins again: the file must still be there, and gives the same. */
static void test_begin_again(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n1,2\n", "[{\"a\":1}]"};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        char path[64];
        zh_table *t = NULL;
        zh_buf first, second;
        zh_buf_init(&first, 1 << 16);
        zh_buf_init(&second, 1 << 16);
        assert_int_equal(zh_table_open(temp_file(path, zh_str_of(texts[i])), NULL, &t, NULL),
                         ZH_OK);
        assert_int_equal(dump(t, &first, NULL), ZH_ENOTFOUND);
        assert_int_equal(zh_table_begin(t, 0, NULL), ZH_OK);
        assert_int_equal(dump(t, &second, NULL), ZH_ENOTFOUND);
        assert_string_equal(first.p, second.p);
        unlink(path);
        assert_int_equal(zh_table_begin(t, 0, NULL), ZH_ENOTFOUND);
        zh_table_close(t);
        zh_buf_free(&first);
        zh_buf_free(&second);
    }
    zh_table *t = NULL;
    assert_int_equal(zh_table_open("no/such/file", NULL, &t, NULL), ZH_ENOTFOUND);
    assert_string_equal(zh_table_kind_name(ZH_TABLE_TSV), "tsv");
}

/* Reads everything with the fail-th allocation failing; the rows as text, in memory that does not
 * count. */
static zh_rc read_failing(const char *path, uint64_t fail, char *out, size_t size, zh_err *err)
{
    zh_table *t = NULL;
    size_t n = 0;
    (void)zh_alloc_fail_at(fail);
    zh_rc rc = zh_table_open(path, NULL, &t, err);
    zh_table_row row;
    while (rc == ZH_OK && (rc = zh_table_next(t, &row, err)) == ZH_OK) {
        for (size_t c = 0; c < row.n; c++) {
            n += (size_t)snprintf(out + n, size - n, "[%.*s|%x]", ZH_FMT(row.cells[c].text),
                                  row.cells[c].flags);
        }
    }
    zh_table_close(t);
    return rc;
}

/* Every allocation that depends on input may fail: an error then, or the same rows, never others.
 */
static void test_allocation_failures(void **state)
{
    (void)state;
    zh_buf book_bytes;
    workbook(&book_bytes);
    const zh_str sources[] = {
        ZH_STR("a,b\n\"1\n2\",3\n"),
        ZH_STR("[{\"a\":{\"b\":1,\"c\":[1,{\"d\":2}]}},{\"a\":{\"b\":\"\\u4e2d\"}}]"),
        zh_buf_view(&book_bytes),
    };
    for (size_t i = 0; i < ZH_COUNTOF(sources); i++) {
        char path[64], want[1000] = "", got[1000];
        zh_err err = {0};
        temp_file(path, sources[i]);
        assert_int_equal(read_failing(path, UINT64_MAX, want, sizeof want, &err), ZH_ENOTFOUND);
        const uint64_t n = zh_alloc_fail_at(0);
        assert_true(n > 3);
        for (uint64_t fail = 1; fail <= n; fail++) {
            zh_err_clear(&err);
            memset(got, 0, sizeof got);
            zh_rc rc = read_failing(path, fail, got, sizeof got, &err);
            (void)zh_alloc_fail_at(0);
            if (rc == ZH_ENOTFOUND) {
                assert_string_equal(got, want);
            } else {
                assert_int_equal(err.rc, rc);
                assert_memory_equal(got, want, strlen(got));
            }
        }
        unlink(path);
    }
    zh_buf_free(&book_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_files),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_late_encoding_error),
        cmocka_unit_test(test_csv_caps),
        cmocka_unit_test(test_zipped),
        cmocka_unit_test(test_json_array),
        cmocka_unit_test(test_ndjson),
        cmocka_unit_test(test_json_paths),
        cmocka_unit_test(test_json_header_path),
        cmocka_unit_test(test_json_without_path),
        cmocka_unit_test(test_broken_json),
        cmocka_unit_test(test_json_late_field),
        cmocka_unit_test(test_json_caps),
        cmocka_unit_test(test_xlsx),
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_begin_again),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
