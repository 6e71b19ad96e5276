/* JSON: acceptance by the grammar of RFC 8259, values, positions of errors, caps, writer. Hostile
 * and random documents go through fuzz_json as well. */
#include "base/double.h"
#include "base/json.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    zh_arena_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const zh_json *parse(zh_arena *arena, const char *text)
{
    zh_json *value;
    zh_err err;
    zh_err_clear(&err);
    if (zh_json_parse(arena, zh_str_of(text), &value, &err) != ZH_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    return value;
}

/* RFC 8259: sections 2 (white space), 3 (literals), 4 to 7. */
static const char *const good[] = {"null",
                                   "true",
                                   "false",
                                   "0",
                                   "-0",
                                   "-1",
                                   "1.5",
                                   "-0.0",
                                   "1e5",
                                   "1E+5",
                                   "1.25e-7",
                                   "123456789012345678901234567890.5",
                                   "\"\"",
                                   "\"a\"",
                                   "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                   "\"\\u0041\\uD83D\\uDE00\\u0000\"",
                                   "\"\x7f\"",
                                   "\"\xF4\x8F\xBF\xBF\"",
                                   "[]",
                                   "[[]]",
                                   "{}",
                                   " \t\r\n[ 1 , 2 ] \n",
                                   "{\"a\":1,\"b\":[true,{\"c\":null}]}",
                                   "{\"\":0}",
                                   "[\"\xC2\x80\"]",
                                   "[1,[2,[3,[4]]]]",
                                   "\"\\u2028\"",
                                   "[\"\xEF\xBF\xBF\"]"};

static void accepts_the_grammar(void **state)
{
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        parse(*state, good[i]);
    }
}

static const char *const bad[] = {"",
                                  " ",
                                  "nul",
                                  "nulll",
                                  "True",
                                  "NaN",
                                  "Infinity",
                                  "-Infinity",
                                  "+1",
                                  "-",
                                  "01",
                                  "-01",
                                  ".5",
                                  "5.",
                                  "1.e1",
                                  "1e",
                                  "1e+",
                                  "0x10",
                                  "1 2",
                                  "--1",
                                  "1,",
                                  "\"",
                                  "\"a",
                                  "'a'",
                                  "\"\\x41\"",
                                  "\"\\u12\"",
                                  "\"\\u12G4\"",
                                  "\"\\uD800\"",
                                  "\"\\uDC00\"",
                                  "\"\\uD800\\u0041\"",
                                  "\"\\uD800x\"",
                                  "\"\\",
                                  "\"\\\"",
                                  "\"\\u",
                                  "\"\x01\"",
                                  "\"\n\"",
                                  "\"\t\"",
                                  "\"\xFF\"",
                                  "\"\xC0\xAF\"",
                                  "\"\xED\xA0\x80\"",
                                  "\"\xF5\x80\x80\x80\"",
                                  "\"\xE6\xAD\"",
                                  "\"\xE6",
                                  "\"\xF4\x90\x80\x80\"",
                                  "[",
                                  "]",
                                  "[1",
                                  "[1,",
                                  "[1,]",
                                  "[,1]",
                                  "[1 2]",
                                  "[1}",
                                  "{",
                                  "}",
                                  "{a:1}",
                                  "{\"a\"}",
                                  "{\"a\":}",
                                  "{\"a\":1",
                                  "{\"a\":1,}",
                                  "{,}",
                                  "{\"a\" 1}",
                                  "{\"a\":1]",
                                  "{1:2}",
                                  "[1]]",
                                  "/*c*/1",
                                  "\xEF\xBB\xBF"
                                  "1",
                                  "\f1",
                                  "{\"a\":1,\"a\":2}",
                                  "{\"a\":1,\"\\u0061\":2}",
                                  "{\"\":1,\"\":1}",
                                  "\xC2\xA0"
                                  "1"};

static void refuses_the_rest(void **state)
{
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_json *value;
        zh_err err;
        zh_err_clear(&err);
        zh_rc rc = zh_json_parse(*state, zh_str_of(bad[i]), &value, &err);
        if (rc != ZH_EINVAL || err.rc != ZH_EINVAL || err.where[0] == '\0') {
            fail_msg("%s: rc %d", bad[i], rc);
        }
    }
    zh_json *value;
    assert_int_equal(zh_json_parse(*state, ZH_STR("1\0"), &value, NULL), ZH_EINVAL);
    assert_int_equal(zh_json_parse(*state, ZH_STR_NONE, &value, NULL), ZH_EINVAL);
}

static void keeps_values(void **state)
{
    static const char text[] = "{\"n\":0.050,\"名\":\"a\\n\\u6b66\\ud842\\udfb7\",\"s\":\"武汉\",\n"
                               "  \"list\":[1,\"x\",null,false],\"o\":{\"k\":-12}}";
    const zh_json *root = parse(*state, text);
    int64_t n;
    double d;
    assert_int_equal(root->kind, ZH_JSON_OBJECT);
    assert_int_equal(root->n, 5);
    assert_true(zh_str_is(zh_json_get(root, "n")->text, "0.050"));
    assert_true(zh_str_is(zh_json_str(zh_json_get(root, "名"), ZH_STR_NONE), "a\n武𠮷"));
    zh_str s = zh_json_str(zh_json_get(root, "s"), ZH_STR_NONE);
    assert_true(s.p > text && s.p < text + sizeof text); /* borrowed */
    assert_null(zh_json_get(root, "absent"));
    assert_null(zh_json_get(NULL, "n"));
    assert_null(zh_json_get(zh_json_get(root, "n"), "n"));
    const zh_json *list = zh_json_get(root, "list");
    assert_int_equal(list->n, 4);
    assert_int_equal(list->line, 2);
    assert_int_equal(list->column, 10);
    assert_int_equal(zh_json_at(list, 3)->kind, ZH_JSON_BOOL);
    assert_false(zh_json_at(list, 3)->boolean);
    assert_null(zh_json_at(list, 4));
    assert_null(zh_json_at(root, 0));
    assert_int_equal(zh_json_i64(zh_json_get(zh_json_get(root, "o"), "k"), &n), ZH_OK);
    assert_int_equal(n, -12);
    assert_int_equal(zh_json_i64(zh_json_get(root, "n"), &n), ZH_EINVAL);
    assert_int_equal(zh_json_i64(NULL, &n), ZH_EINVAL);
    assert_int_equal(zh_json_i64(zh_json_at(list, 1), &n), ZH_EINVAL);
    assert_int_equal(zh_json_double(zh_json_get(root, "n"), &d), ZH_OK);
    assert_true(d == 0.05);
    assert_int_equal(zh_json_double(zh_json_at(list, 1), &d), ZH_EINVAL);
    assert_int_equal(zh_json_double(parse(*state, "1e400"), &d), ZH_EINVAL);
    assert_int_equal(zh_json_double(parse(*state, "\"-Inf\""), &d), ZH_OK);
    assert_true(isinf(d) && d < 0);
    assert_true(zh_str_is(zh_json_str(list, ZH_STR("otherwise")), "otherwise"));
}

static void names_the_place(void **state)
{
    static const struct {
        const char *text;
        const char *where;
    } table[] = {
        {"{\"a\":1,\n \"b\":x}", "2:6"},
        {"[\"武汉\", \"湖北\", x]", "1:14"}, /* columns are characters */
        {"[1,\r\n2,\r\n]", "3:1"},
        {"[\"ab\\q\"]", "1:5"},
        {"{\"武\":1,\"武\":2}", "1:12"},
        {"[1] x", "1:5"},
        {"\"ab", "1:1"},
        {"[1", "1:3"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_json *value;
        zh_err err;
        zh_err_clear(&err);
        assert_int_equal(zh_json_parse(*state, zh_str_of(table[i].text), &value, &err), ZH_EINVAL);
        assert_string_equal(err.where, table[i].where);
    }
}

static void reads_one_after_the_other(void **state)
{
    zh_str text = ZH_STR(" {\"a\":1}\n{\"a\":2} \n\n[3],4 \"x\"");
    zh_json *value;
    static const char *const rest[] = {"{\"a\":2} \n\n[3],4 \"x\"", "[3],4 \"x\"", ",4 \"x\""};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(zh_json_parse_prefix(*state, &text, &value, NULL), ZH_OK);
        assert_true(zh_str_is(text, rest[i]));
    }
    assert_int_equal(zh_json_parse_prefix(*state, &text, &value, NULL), ZH_EINVAL);
    assert_true(zh_str_is(text, rest[2])); /* not advanced by an error */
}

static void keeps_its_caps(void **state)
{
    char text[2 * ZH_JSON_DEPTH_MAX + 8];
    zh_json *value;
    for (size_t depth = ZH_JSON_DEPTH_MAX; depth <= ZH_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(zh_json_parse(*state, (zh_str){text, 2 * depth}, &value, NULL),
                         depth == ZH_JSON_DEPTH_MAX ? ZH_OK : ZH_ELIMIT);
    }
    zh_arena *small = zh_arena_new(1000);
    zh_str many = ZH_STR("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]");
    assert_int_equal(zh_json_parse(small, many, &value, NULL), ZH_ENOMEM);
    zh_arena_free(small);
    zh_buf deep;
    zh_buf_init(&deep, 1 << 20);
    for (int i = 0; i < 1000000; i++) {
        zh_buf_c(&deep, '[');
    }
    assert_int_equal(zh_json_parse(*state, zh_buf_view(&deep), &value, NULL), ZH_ELIMIT);
    zh_buf_free(&deep);
}

/* Every allocation fails once; each time the error is clean. */
static void survives_exhaustion(void **state)
{
    zh_str text = ZH_STR("{\"a\":[1,\"\\n\",{\"b\":\"\\u6b66\"}],\"\\t\":null}");
    zh_rc rc = ZH_ENOMEM;
    uint64_t n = 0;
    while (rc == ZH_ENOMEM) {
        zh_json *value;
        zh_alloc_fail_at(++n);
        rc = zh_json_parse(*state, text, &value, NULL);
    }
    zh_alloc_fail_at(0);
    assert_int_equal(rc, ZH_OK);
    assert_true(n > 8);
}

/* Objects around the size where the way of looking for equal names changes. */
static void finds_equal_names(void **state)
{
    for (size_t n = 2; n <= 200; n++) {
        zh_buf text;
        zh_json *value;
        zh_err err;
        size_t twin = n * 7 % (n - 1);
        zh_buf_init(&text, 1 << 16);
        zh_buf_c(&text, '{');
        for (size_t i = 0; i < n - 1; i++) {
            zh_buf_fmt(&text, "\"key%zu\":%zu,\n", i, i);
        }
        size_t end = text.n;
        zh_buf_fmt(&text, "\"other\":0}");
        zh_arena_mark mark = zh_arena_here(*state);
        assert_int_equal(zh_json_parse(*state, zh_buf_view(&text), &value, NULL), ZH_OK);
        assert_int_equal(value->n, n);
        text.n = end;
        zh_buf_fmt(&text, "\"key%zu\":0}", twin);
        zh_err_clear(&err);
        assert_int_equal(zh_json_parse(*state, zh_buf_view(&text), &value, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "json.duplicate");
        assert_int_equal(strtoul(err.where, NULL, 10), n); /* the later one is named */
        zh_arena_rewind(*state, mark);
        zh_buf_free(&text);
    }
}

static void write_sample(zh_jw *w)
{
    zh_jw_object(w);
    zh_jw_kv(w, "s", ZH_STR("武\"\\\b\f\n\r\t\x01/\x7f"));
    zh_jw_kz(w, "z", NULL);
    zh_jw_ki(w, "i", INT64_MIN);
    zh_jw_key(w, "list");
    zh_jw_array(w);
    zh_jw_u64(w, UINT64_MAX);
    zh_jw_bool(w, true);
    zh_jw_null(w);
    zh_jw_object(w);
    zh_jw_object_end(w);
    zh_jw_array(w);
    zh_jw_array_end(w);
    zh_jw_array_end(w);
    zh_jw_key_str(w, ZH_STR("键"));
    zh_jw_raw_number(w, ZH_STR("0.050"));
    zh_jw_object_end(w);
}

static void writes(void **state)
{
    (void)state;
    zh_buf out;
    zh_jw w;
    zh_buf_init(&out, 4096);
    zh_jw_init(&w, &out, 0);
    write_sample(&w);
    assert_true(zh_str_is(
        zh_buf_view(&out),
        "{\"s\":\"武\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\x7f\",\"z\":null,\"i\":-9223372036854775808,"
        "\"list\":[18446744073709551615,true,null,{},[]],\"键\":0.050}"));
    zh_buf_clear(&out);
    zh_jw_init(&w, &out, 2);
    write_sample(&w);
    assert_true(zh_str_is(zh_buf_view(&out),
                          "{\n  \"s\": \"武\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\x7f\",\n  \"z\": null,\n"
                          "  \"i\": -9223372036854775808,\n  \"list\": [\n"
                          "    18446744073709551615,\n    true,\n    null,\n    {},\n    []\n  ],\n"
                          "  \"键\": 0.050\n}"));
    static const char *const no_numbers[] = {"", ".5", "+1", "007", "1.", "nan", "1 "};
    for (size_t i = 0; i < ZH_COUNTOF(no_numbers); i++) {
        char want[16];
        snprintf(want, sizeof want, "\"%s\"", no_numbers[i]);
        zh_buf_clear(&out);
        zh_jw_init(&w, &out, 0);
        zh_jw_raw_number(&w, zh_str_of(no_numbers[i]));
        assert_true(zh_str_is(zh_buf_view(&out), want));
    }
    zh_buf_free(&out);
}

/* Shortest texts as Python's repr() chooses them; then random bits, there and back. */
static void writes_doubles(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *want;
    } table[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1.0 / 3.0, "0.3333333333333333"},
        {100, "100"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {0.30000000000000004, "0.30000000000000004"},
        {HUGE_VAL, "\"Inf\""},
        {-HUGE_VAL, "\"-Inf\""},
        {(double)NAN, "null"},
    };
    zh_buf out;
    zh_jw w;
    uint64_t seed = 754;
    zh_buf_init(&out, 4096);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_buf_clear(&out);
        zh_jw_init(&w, &out, 0);
        zh_jw_double(&w, table[i].value);
        assert_true(zh_str_is(zh_buf_view(&out), table[i].want));
    }
    for (int i = 0; i < 20000; i++) {
        double value, back;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &seed, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        zh_buf_clear(&out);
        zh_jw_init(&w, &out, 0);
        zh_jw_double(&w, value);
        assert_int_equal(zh_str_double(zh_buf_view(&out), &back), ZH_OK);
        assert_memory_equal(&value, &back, sizeof value);
    }
    zh_buf_free(&out);
}

/* The digits are those of the C library, fewest of 15 to 17 that read back: quotients, powers and
 * their neighbours, decimals of every length, over all magnitudes that arithmetic decides. */
static void writes_doubles_as_the_library(void **state)
{
    (void)state;
    uint64_t seed = 2026;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 300000; i++) {
        char text[ZH_DOUBLE_TEXT_MAX];
        char want[ZH_DOUBLE_TEXT_MAX];
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double a = (double)((seed >> 20) % 1000000007);
        double value = i % 4 == 0   ? a / 1e6
                       : i % 4 == 1 ? a / (double)(1 + (seed >> 8) % 997)
                       : i % 4 == 2 ? ldexp(a, (int)(seed >> 5) % 150)
                                    : nextafter(pow(10.0, (double)(seed >> 9 & 63) - 30.0),
                                                (double)(seed >> 3 & 1) * 1e300);
        if ((seed >> 40 & 1) != 0) {
            value = -value;
        }
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(want, sizeof want, "%.*g", digits, value);
            if (strtod(want, NULL) == value) {
                break;
            }
        }
        assert_int_equal(zh_double_text(value, text), strlen(want));
        assert_string_equal(text, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepts_the_grammar),
        TEST(refuses_the_rest),
        TEST(keeps_values),
        TEST(names_the_place),
        TEST(keeps_its_caps),
        TEST(reads_one_after_the_other),
        TEST(survives_exhaustion),
        TEST(finds_equal_names),
        TEST(writes),
        TEST(writes_doubles),
        TEST(writes_doubles_as_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
