/* Exact decimals: GB/T 8170-2008 examples, Python's decimal module
 * (tests/fixture/base/decimal.tsv), caps, and the binary64 of Python's float(). */
#include "base/decimal.h"
#include "base/os.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static zh_decimal d(const char *text)
{
    zh_decimal v;
    assert_int_equal(zh_decimal_parse(zh_str_of(text), false, &v), ZH_OK);
    return v;
}

static void check_text(zh_decimal v, const char *want)
{
    char text[24];
    size_t n = zh_decimal_format(v, text);
    assert_string_equal(text, want);
    assert_int_equal(n, strlen(want));
}

static void parses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool exponent;
        zh_rc rc;
        int64_t scaled;
        int digits;
    } table[] = {
        {"0", false, ZH_OK, 0, 0},
        {"-0.0", false, ZH_OK, 0, 1},
        {"+12", false, ZH_OK, 12, 0},
        {"0.050", false, ZH_OK, 50, 3},
        {"-.5", false, ZH_OK, -5, 1},
        {"5.", false, ZH_OK, 5, 0},
        {"000000000000000000000001", false, ZH_OK, 1, 0},
        {"999999999999999999", false, ZH_OK, INT64_C(999999999999999999), 0},
        {"0.999999999999999999", false, ZH_OK, INT64_C(999999999999999999), 18},
        {"-99999999.9999999999", false, ZH_OK, -INT64_C(999999999999999999), 10},
        {"1000000000000000000", false, ZH_ELIMIT, 0, 0},
        {"1.000000000000000000", false, ZH_ELIMIT, 0, 0}, /* 19 significant digits */
        {"0.0000000000000000001", false, ZH_ELIMIT, 0, 0},
        {"0.0000000000000000000", false, ZH_ELIMIT, 0, 0}, /* 19 fraction digits */
        {"1234567890123456789x", false, ZH_EINVAL, 0, 0},
        {"", false, ZH_EINVAL, 0, 0},
        {".", false, ZH_EINVAL, 0, 0},
        {"-", false, ZH_EINVAL, 0, 0},
        {"--1", false, ZH_EINVAL, 0, 0},
        {" 1", false, ZH_EINVAL, 0, 0},
        {"1 ", false, ZH_EINVAL, 0, 0},
        {"1,000", false, ZH_EINVAL, 0, 0},
        {"1.2.3", false, ZH_EINVAL, 0, 0},
        {"0x10", false, ZH_EINVAL, 0, 0},
        {"nan", true, ZH_EINVAL, 0, 0},
        {"1e3", false, ZH_EINVAL, 0, 0},
        {"1e3", true, ZH_OK, 1000, 0},
        {"1.5E+3", true, ZH_OK, 1500, 0},
        {"1.250e1", true, ZH_OK, 1250, 2},
        {"1e-3", true, ZH_OK, 1, 3},
        {"0e99999999999999999999", true, ZH_OK, 0, 0},
        {"1e17", true, ZH_OK, INT64_C(100000000000000000), 0},
        {"1e18", true, ZH_ELIMIT, 0, 0},
        {"1e99999999999999999999", true, ZH_ELIMIT, 0, 0},
        {"1e-18", true, ZH_OK, 1, 18},
        {"1e-19", true, ZH_ELIMIT, 0, 0},
        {"1e", true, ZH_EINVAL, 0, 0},
        {"1e+", true, ZH_EINVAL, 0, 0},
        {"e3", true, ZH_EINVAL, 0, 0},
        {"1e3.", true, ZH_EINVAL, 0, 0},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_decimal v = {0};
        zh_rc rc = zh_decimal_parse(zh_str_of(table[i].text), table[i].exponent, &v);
        if (rc != table[i].rc || v.scaled != table[i].scaled || v.digits != table[i].digits) {
            fail_msg("%s: rc %d, %lld, %d", table[i].text, rc, (long long)v.scaled, v.digits);
        }
    }
}

/* GB/T 8170-2008, 3.2 and 3.3: the examples printed there. To tens and hundreds the number is
 * divided first (13×10² = 1268 / 100 to the unit). */
static void rounds_as_gbt_8170(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int divisor; /* 1, or the unit that is rounded to */
        uint8_t digits;
        const char *want;
    } table[] = {
        {"12.1498", 1, 0, "12"},   {"12.1498", 1, 1, "12.1"}, {"1268", 100, 0, "13"},
        {"1268", 10, 0, "127"},    {"10.502", 1, 0, "11"},    {"1.050", 1, 1, "1.0"},
        {"0.35", 1, 1, "0.4"},     {"2500", 1000, 0, "2"},    {"3500", 1000, 0, "4"},
        {"0.0325", 1, 3, "0.032"}, {"32500", 1000, 0, "32"},  {"-355", 10, 0, "-36"},
        {"-325", 10, 0, "-32"},    {"-365", 10, 0, "-36"},    {"-0.0365", 1, 3, "-0.036"},
        {"15.4546", 1, 0, "15"}, /* at once, not 15.455 → 15.46 → 15.5 → 16 */
        {"10.5", 1, 0, "10"},      {"11.5", 1, 0, "12"},      {"31.5", 1, 0, "32"},
        {"32.5", 1, 0, "32"},      {"60.25", 1, 1, "60.2"},   {"60.38", 1, 1, "60.4"},
        {"-60.75", 1, 1, "-60.8"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_decimal out;
        zh_decimal divisor = {table[i].divisor, 0};
        assert_int_equal(
            zh_decimal_div(d(table[i].from), divisor, table[i].digits, ZH_ROUND_HALF_EVEN, &out),
            ZH_OK);
        check_text(out, table[i].want);
        if (table[i].divisor == 1) {
            assert_int_equal(
                zh_decimal_rescale(d(table[i].from), table[i].digits, ZH_ROUND_HALF_EVEN, &out),
                ZH_OK);
            check_text(out, table[i].want);
        }
    }
}

static zh_rounding rounding_of(zh_str name)
{
    static const struct {
        const char *name;
        zh_rounding rounding;
    } table[] = {{"refuse", ZH_ROUND_REFUSE},
                 {"half_even", ZH_ROUND_HALF_EVEN},
                 {"half_up", ZH_ROUND_HALF_UP},
                 {"up", ZH_ROUND_UP},
                 {"down", ZH_ROUND_DOWN}};
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        if (zh_str_is(name, table[i].name)) {
            return table[i].rounding;
        }
    }
    fail_msg("unknown rounding");
    return ZH_ROUND_REFUSE;
}

static void check_result(zh_str line, zh_rc rc, zh_decimal got, zh_str want)
{
    char text[24] = "";
    bool good;
    if (zh_str_is(want, "limit")) {
        good = rc == ZH_ELIMIT;
    } else if (zh_str_is(want, "refuse")) {
        good = rc == ZH_EINVAL;
    } else if (zh_str_is(want, "refuse or limit")) {
        good = rc == ZH_EINVAL || rc == ZH_ELIMIT;
    } else {
        good = rc == ZH_OK;
        if (good) {
            zh_decimal_format(got, text);
            good = zh_str_is(want, text);
        }
    }
    if (!good) {
        fail_msg("%.*s: rc %d, got %s", ZH_FMT(line), rc, text);
    }
}

static void check_line(zh_str line, const zh_str *word, size_t n)
{
    zh_decimal a = {0}, b = {0}, out = {0};
    zh_i128 num, den;
    int64_t digits = 0;
    if (n == 6) {
        assert_int_equal(zh_str_i64(word[3], &digits), ZH_OK);
    }
    if (zh_str_is(word[0], "ratio")) {
        assert_int_equal(zh_i128_parse(word[1], &num), ZH_OK);
        assert_int_equal(zh_i128_parse(word[2], &den), ZH_OK);
        zh_rc rc = zh_i128_ratio(num, den, (uint8_t)digits, rounding_of(word[4]), &out);
        check_result(line, rc, out, word[5]);
        return;
    }
    assert_int_equal(zh_decimal_parse(word[1], false, &a), ZH_OK);
    if (zh_str_is(word[0], "rescale")) {
        assert_int_equal(zh_str_i64(word[2], &digits), ZH_OK);
        zh_rc rc = zh_decimal_rescale(a, (uint8_t)digits, rounding_of(word[3]), &out);
        check_result(line, rc, out, word[4]);
        return;
    }
    if (zh_str_is(word[0], "double")) {
        char hex[64] = "";
        memcpy(hex, word[2].p, word[2].n);
        assert_true(zh_decimal_double(a) == strtod(hex, NULL));
        return;
    }
    assert_int_equal(zh_decimal_parse(word[2], false, &b), ZH_OK);
    if (zh_str_is(word[0], "cmp")) {
        int64_t want;
        assert_int_equal(zh_str_i64(word[3], &want), ZH_OK);
        assert_int_equal(zh_decimal_cmp(a, b), want);
        assert_int_equal(zh_decimal_cmp(b, a), -want);
    } else if (zh_str_is(word[0], "add")) {
        zh_rc rc = zh_decimal_add(a, b, &out);
        check_result(line, rc, out, word[3]);
    } else if (zh_str_is(word[0], "sub")) {
        zh_rc rc = zh_decimal_sub(a, b, &out);
        check_result(line, rc, out, word[3]);
    } else if (zh_str_is(word[0], "mul")) {
        zh_rc rc = zh_decimal_mul(a, b, (uint8_t)digits, rounding_of(word[4]), &out);
        check_result(line, rc, out, word[5]);
    } else if (zh_str_is(word[0], "div")) {
        zh_rc rc = zh_decimal_div(a, b, (uint8_t)digits, rounding_of(word[4]), &out);
        check_result(line, rc, out, word[5]);
    } else {
        fail_msg("unknown operation %.*s", ZH_FMT(word[0]));
    }
}

static void agrees_with_python(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str text, line;
    size_t lines = 0;
    assert_int_equal(zh_file_read(arena, "tests/fixture/base/decimal.tsv", 1 << 20, &text, NULL),
                     ZH_OK);
    while (zh_str_split(&text, '\n', &line)) {
        zh_str word[6], rest = line;
        size_t n = 0;
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        while (n < 6 && zh_str_split(&rest, '\t', &word[n])) {
            n++;
        }
        check_line(line, word, n);
        lines++;
    }
    assert_true(lines > 2900);
    zh_arena_free(arena);
}

static void formats(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(1 << 16);
    check_text((zh_decimal){50, 3}, "0.050");
    check_text((zh_decimal){-5, 1}, "-0.5");
    check_text((zh_decimal){0, 2}, "0.00");
    check_text((zh_decimal){INT64_MIN, 18}, "-9.223372036854775808");
    check_text((zh_decimal){INT64_MIN, 0}, "-9223372036854775808");
    check_text((zh_decimal){-1, 18}, "-0.000000000000000001");
    assert_true(zh_str_is(zh_decimal_str(arena, (zh_decimal){12345, 2}), "123.45"));
    zh_arena_free(arena);
}

static void sums_in_128_bits(void **state)
{
    (void)state;
    const char *least = "-170141183460469231731687303715884105728";
    const char *most = "170141183460469231731687303715884105727";
    zh_i128 v, sum;
    char text[48];
    assert_int_equal(zh_i128_parse(zh_str_of(least), &v), ZH_OK);
    zh_i128_format(v, 0, text);
    assert_string_equal(text, least);
    assert_int_equal(zh_i128_format(v, 39, text), 42);
    assert_string_equal(text, "-0.170141183460469231731687303715884105728");
    assert_int_equal(zh_i128_format(v, 40, text), 43);
    assert_string_equal(text, "-0.0170141183460469231731687303715884105728");
    assert_false(zh_i128_add(v, -1, &sum));
    assert_int_equal(zh_i128_parse(zh_str_of(most), &v), ZH_OK);
    assert_false(zh_i128_add(v, 1, &sum));
    assert_true(zh_i128_add(v, -1, &sum));
    zh_i128_format(sum, 4, text);
    assert_string_equal(text, "17014118346046923173168730371588410.5726");
    assert_int_equal(zh_i128_parse(ZH_STR("170141183460469231731687303715884105728"), &v),
                     ZH_ELIMIT);
    assert_int_equal(zh_i128_parse(ZH_STR("-170141183460469231731687303715884105729"), &v),
                     ZH_ELIMIT);
    assert_int_equal(zh_i128_parse(ZH_STR(""), &v), ZH_EINVAL);
    assert_int_equal(zh_i128_parse(ZH_STR("+"), &v), ZH_EINVAL);
    assert_int_equal(zh_i128_parse(ZH_STR("1.0"), &v), ZH_EINVAL);
    assert_int_equal(zh_i128_parse(ZH_STR("+7"), &v), ZH_OK);
    assert_true(v == 7);
}

static void caps(void **state)
{
    (void)state;
    zh_decimal out;
    assert_int_equal(zh_decimal_rescale(d("1"), 17, ZH_ROUND_REFUSE, &out), ZH_OK);
    assert_int_equal(zh_decimal_rescale(d("1"), 18, ZH_ROUND_REFUSE, &out), ZH_ELIMIT);
    assert_int_equal(zh_decimal_rescale(d("0.1"), 18, ZH_ROUND_REFUSE, &out), ZH_OK);
    assert_int_equal(zh_decimal_rescale(d("0.1"), 19, ZH_ROUND_REFUSE, &out), ZH_ELIMIT);
    assert_int_equal(zh_decimal_rescale(d("0.15"), 1, ZH_ROUND_REFUSE, &out), ZH_EINVAL);
    assert_int_equal(zh_decimal_add(d("999999999999999999"), d("1"), &out), ZH_ELIMIT);
    assert_int_equal(zh_decimal_sub(d("-999999999999999999"), d("1"), &out), ZH_ELIMIT);
    assert_int_equal(zh_decimal_mul(d("1"), d("1"), 19, ZH_ROUND_DOWN, &out), ZH_ELIMIT);
    assert_int_equal(zh_decimal_div(d("1"), d("0.00"), 2, ZH_ROUND_DOWN, &out), ZH_EINVAL);
    assert_int_equal(zh_i128_ratio(1, 0, 2, ZH_ROUND_DOWN, &out), ZH_EINVAL);
    assert_int_equal(zh_i128_ratio(1, 3, 19, ZH_ROUND_DOWN, &out), ZH_ELIMIT);
    assert_int_equal(zh_i128_ratio(1, 3, 18, ZH_ROUND_DOWN, &out), ZH_OK);
    check_text(out, "0.333333333333333333");
}

/* As the C library writes it, on and beside the ties, where it is asked, and where not. */
static void fixed_as_printf(void **state)
{
    (void)state;
    static const double beside[] = {0.0,  -0.0, 0.5,    1.5,   2.5,   0.125, 0.375,   2.675,
                                    1e-9, 0.05, 1e8,    1e9,   1e15,  1e300, -0.001,  -12.5,
                                    99.5, 9.95, 99.995, 100.0, 0.995, 0.005, 1.0 / 3, 2.0 / 3};
    uint64_t seed = 1;
    zh_random(&seed, sizeof seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < ZH_COUNTOF(beside) + 200000; i++) {
        char wanted[ZH_FIXED_MAX];
        char got[ZH_FIXED_MAX];
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double v = i < ZH_COUNTOF(beside) ? beside[i] : (double)(seed >> 11) / 9007199254740992.0;
        v = i % 3 == 1 ? v * 100 : i % 3 == 2 ? nextafter(v, 2 * v) : v;
        for (unsigned digits = 0; digits <= 8; digits++) {
            (void)snprintf(wanted, sizeof wanted, "%.*f", (int)digits, v);
            size_t n = zh_double_fixed(v, digits, got);
            assert_int_equal(n, strlen(wanted));
            assert_memory_equal(got, wanted, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(rounds_as_gbt_8170),
        cmocka_unit_test(agrees_with_python),
        cmocka_unit_test(formats),
        cmocka_unit_test(sums_in_128_bits),
        cmocka_unit_test(caps),
        cmocka_unit_test(fixed_as_printf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
