/* Strings, buffers, vectors, maps and error records. Edit distances are those of the literature
 * (kitten/sitting = 3); varints those of the Protocol Buffers encoding guide. */
#include "base/err.h"
#include "base/utf8.h"
#include "base/vec.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 20240601u

static void compares_and_cuts(void **state)
{
    (void)state;
    zh_str s = ZH_STR("水质监测");
    assert_true(zh_str_eq(ZH_STR_NONE, ZH_STR("")));
    assert_true(zh_str_is(s, "水质监测"));
    assert_false(zh_str_is(s, "水质"));
    assert_true(zh_str_cmp(ZH_STR("a"), ZH_STR("ab")) < 0);
    assert_true(zh_str_cmp(ZH_STR("b"), ZH_STR("ab")) > 0);
    assert_int_equal(zh_str_cmp(s, s), 0);
    assert_true(zh_str_starts(s, ZH_STR("水质")) && zh_str_ends(s, ZH_STR("监测")));
    assert_false(zh_str_starts(ZH_STR("水"), s) || zh_str_ends(ZH_STR("水"), s));
    assert_true(zh_str_is(zh_str_sub(s, 6, 100), "监测"));
    assert_int_equal(zh_str_sub(s, 12, 1).n, 0);
    assert_int_equal(zh_str_sub(s, 100, 1).n, 0);
    assert_true(zh_str_is(zh_str_trim(ZH_STR("\t a b\r\n ")), "a b"));
    assert_int_equal(zh_str_trim(ZH_STR(" \n")).n, 0);
    assert_int_equal(zh_str_find(s, ZH_STR("监")), 6);
    assert_int_equal(zh_str_find(s, ZH_STR("")), 0);
    assert_int_equal(zh_str_find(ZH_STR_NONE, ZH_STR("x")), -1);
    assert_int_equal(zh_str_chr(ZH_STR("a=b"), '='), 1);
    assert_int_equal(zh_str_chr(ZH_STR_NONE, '='), -1);
    assert_int_equal(zh_str_of(NULL).n, 0);
    assert_true(zh_str_hash(s) == zh_str_hash(ZH_STR("水质监测")));
    assert_true(zh_str_hash(ZH_STR("a")) != zh_str_hash(ZH_STR("b")));
}

static void splits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *pieces[4];
        size_t n;
    } table[] = {{"a,,b", {"a", "", "b"}, 3}, {"", {""}, 1}, {",", {"", ""}, 2}, {"x", {"x"}, 1}};
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_str rest = zh_str_of(table[i].text), piece;
        for (size_t k = 0; k < table[i].n; k++) {
            assert_true(zh_str_split(&rest, ',', &piece));
            assert_true(zh_str_is(piece, table[i].pieces[k]));
        }
        assert_false(zh_str_split(&rest, ',', &piece));
    }
}

static void copies(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(4096);
    zh_str out;
    assert_string_equal(zh_str_c(arena, ZH_STR("武汉")), "武汉");
    assert_string_equal(zh_str_dup(arena, ZH_STR_NONE).p, "");
    assert_string_equal(zh_str_fmt(arena, "%d-%s", 7, "x").p, "7-x");
    assert_true(zh_str_is(zh_str_lower_ascii(arena, ZH_STR("AbZ中[@")), "abz中[@"));
    assert_true(zh_str_try_dup(arena, ZH_STR("abc"), &out));
    assert_string_equal(out.p, "abc");
    assert_false(zh_str_try_dup(arena, (zh_str){"", 8000}, &out));
    zh_arena_free(arena);
}

static void reads_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } table[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+5", true, 5},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+-1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
        {"１", false, 0},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        int64_t v = 0;
        zh_rc rc = zh_str_i64(zh_str_of(table[i].text), &v);
        assert_int_equal(rc, table[i].good ? ZH_OK : ZH_EINVAL);
        assert_true(v == table[i].value);
    }
    uint64_t u;
    assert_int_equal(zh_str_u64(ZH_STR("18446744073709551615"), &u), ZH_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(zh_str_u64(ZH_STR("18446744073709551616"), &u), ZH_EINVAL);
    assert_int_equal(zh_str_u64(ZH_STR("-1"), &u), ZH_EINVAL);
}

static void reads_doubles(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " 1", "1 ",  "nan",  "inf",    "0x10",    "1e999",
                                      "1,5", "1e", "--1", "1..2", "-1e999", "infinity"};
    double v;
    assert_int_equal(zh_str_double(ZH_STR("0.1"), &v), ZH_OK);
    assert_true(v == 0.1);
    assert_int_equal(zh_str_double(ZH_STR("-1.5e-3"), &v), ZH_OK);
    assert_true(v == -0.0015);
    assert_int_equal(zh_str_double(ZH_STR("5e-324"), &v), ZH_OK); /* below the normal range */
    assert_true(v > 0);
    assert_int_equal(zh_str_double(ZH_STR("1e-999"), &v), ZH_OK);
    assert_true(v >= 0 && v <= 0);
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        assert_int_equal(zh_str_double(zh_str_of(bad[i]), &v), ZH_EINVAL);
    }
    char text[402];
    memset(text, '1', sizeof text);
    text[1] = '.';
    assert_int_equal(zh_str_double((zh_str){text, 400}, &v), ZH_OK);
    assert_int_equal(zh_str_double((zh_str){text, 401}, &v), ZH_EINVAL);
    text[1] = '\0';
    assert_int_equal(zh_str_double((zh_str){text, 3}, &v), ZH_EINVAL);
}

static void measures_distance(void **state)
{
    (void)state;
    char longer[65];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(zh_str_distance(ZH_STR("kitten"), ZH_STR("sitting"), 9), 3);
    assert_int_equal(zh_str_distance(ZH_STR("flaw"), ZH_STR("lawn"), 9), 2);
    assert_int_equal(zh_str_distance(ZH_STR(""), ZH_STR("abc"), 9), 3);
    assert_int_equal(zh_str_distance(ZH_STR("kitten"), ZH_STR("sitting"), 2), 3);
    assert_int_equal(zh_str_distance((zh_str){longer, 64}, (zh_str){longer, 64}, 2), 0);
    assert_int_equal(zh_str_distance((zh_str){longer, 65}, (zh_str){longer, 65}, 2), 3);
}

static void buffers_keep_their_cap(void **state)
{
    (void)state;
    zh_buf buf;
    zh_buf_init(&buf, 10);
    zh_buf_z(&buf, "12345");
    zh_buf_fmt(&buf, "%s", "67890"); /* exactly full */
    assert_false(buf.failed);
    assert_true(zh_str_is(zh_buf_view(&buf), "1234567890"));
    zh_buf_c(&buf, 'x');
    assert_true(buf.failed);
    assert_int_equal(buf.n, 10);
    zh_buf_clear(&buf);
    zh_buf_fmt(&buf, "%s", "12345678901"); /* one too many */
    assert_true(buf.failed);
    assert_int_equal(buf.n, 0);
    zh_buf_z(&buf, "a");
    assert_int_equal(buf.n, 0);
    zh_buf_free(&buf);
    zh_buf_init(&buf, 100000);
    for (int i = 0; i < 100000; i++) {
        zh_buf_c(&buf, (char)i);
    }
    assert_false(buf.failed);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(buf.p[i], (char)i);
    }
    zh_buf_add(&buf, NULL, 0);
    assert_false(buf.failed);
    zh_buf_c(&buf, 0);
    assert_true(buf.failed);
    zh_buf_free(&buf);
    zh_buf_init(&buf, 0);
    zh_buf_fmt(&buf, "%s", "");
    assert_false(buf.failed);
    zh_buf_c(&buf, 'x');
    assert_true(buf.failed);
    zh_buf_free(&buf);
}

static void writes_binary(void **state)
{
    (void)state;
    zh_buf buf;
    zh_buf_init(&buf, 1 << 16);
    zh_buf_u16be(&buf, 0x0102);
    zh_buf_u32be(&buf, 0x03040506);
    zh_buf_u64be(&buf, 0x0708090A0B0C0D0Eu);
    zh_buf_varint(&buf, 300); /* AC 02 in the encoding guide */
    zh_buf_zigzag(&buf, -2);  /* 3 */
    static const unsigned char want[] = {1,  2,  3,  4,  5,  6,    7,    8,   9,
                                         10, 11, 12, 13, 14, 0xAC, 0x02, 0x03};
    assert_int_equal(buf.n, sizeof want);
    assert_memory_equal(buf.p, want, sizeof want);

    static const int64_t values[] = {0, 1, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN};
    zh_buf_clear(&buf);
    for (size_t i = 0; i < ZH_COUNTOF(values); i++) {
        zh_buf_zigzag(&buf, values[i]);
        zh_buf_varint(&buf, (uint64_t)values[i]);
    }
    zh_str in = zh_buf_view(&buf);
    for (size_t i = 0; i < ZH_COUNTOF(values); i++) {
        int64_t v;
        uint64_t u;
        assert_true(zh_read_zigzag(&in, &v) && v == values[i]);
        assert_true(zh_read_varint(&in, &u) && u == (uint64_t)values[i]);
    }
    assert_int_equal(in.n, 0);
    uint64_t u;
    zh_str cut = ZH_STR("\xFF\xFF");
    zh_str large = ZH_STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02");
    assert_false(zh_read_varint(&in, &u) || zh_read_varint(&cut, &u) || zh_read_varint(&large, &u));
    zh_buf_free(&buf);
}

static void vectors_grow(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    ZH_VEC(size_t) v = {0};
    for (size_t i = 0; i < 1000; i++) {
        zh_vec_push(arena, &v, i * i);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_true(v.p[i] == i * i);
    }
    zh_arena_free(arena);
}

/* Against a plain array as the model. */
static void maps_follow_the_model(void **state)
{
    (void)state;
    enum { KEYS = 500 };
    static char names[KEYS][16];
    static int values[2];
    unsigned seed = SEED;
    print_message("seed %u\n", seed);
    for (int heap = 0; heap < 2; heap++) {
        void *model[KEYS] = {0};
        size_t n = 0;
        zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
        zh_map map;
        zh_map_init(&map, heap ? NULL : arena);
        assert_null(zh_map_get(&map, ZH_STR("x")));
        for (int i = 0; i < 5000; i++) {
            seed = seed * 1664525u + 1013904223u;
            size_t k = (seed >> 8) % KEYS;
            void *value = &values[seed >> 31];
            snprintf(names[k], sizeof names[k], "键%zu", k);
            assert_ptr_equal(zh_map_get(&map, zh_str_of(names[k])), model[k]);
            assert_ptr_equal(zh_map_put(&map, zh_str_of(names[k]), value), model[k]);
            n += model[k] == NULL;
            model[k] = value;
        }
        assert_int_equal(map.n, n);
        size_t cursor = 0, seen = 0;
        zh_str key;
        void *value;
        while (zh_map_next(&map, &cursor, &key, &value)) {
            assert_ptr_equal(model[strtoul(key.p + strlen("键"), NULL, 10)], value);
            seen++;
        }
        assert_int_equal(seen, n);
        zh_map_free(&map);
        zh_arena_free(arena);
    }
}

static void errors_keep_the_first(void **state)
{
    (void)state;
    zh_err err;
    zh_err_clear(&err);
    zh_err_where(&err, "nowhere"); /* nothing recorded yet */
    assert_string_equal(err.where, "");
    assert_int_equal(zh_err_set(NULL, ZH_EIO, "a.b", "%d", 1), ZH_EIO);
    assert_int_equal(zh_err_set(&err, ZH_EINVAL, "a.b", "第 %d 行", 3), ZH_EINVAL);
    assert_int_equal(zh_err_set(&err, ZH_EIO, "c.d", "later"), ZH_EIO);
    zh_err_where(&err, "%d:%d", 3, 4);
    zh_err_where(&err, "later");
    zh_err_fix(&err, "改");
    zh_err_clause(&err, "GB/T 8170 3.2");
    assert_int_equal(err.rc, ZH_EINVAL);
    assert_string_equal(err.rule, "a.b");
    assert_string_equal(err.message, "第 3 行");
    assert_string_equal(err.where, "3:4");
    assert_string_equal(err.fix, "改");
    assert_string_equal(err.clause, "GB/T 8170 3.2");
}

static void errors_are_cut_between_characters(void **state)
{
    (void)state;
    zh_err err;
    char text[1024];
    static const char *const units[] = {"a", "é", "中", "𠮷"};
    for (size_t u = 0; u < ZH_COUNTOF(units); u++) {
        for (size_t shift = 0; shift < 4; shift++) {
            size_t n = shift;
            memset(text, 'x', shift);
            while (n + 5 < sizeof text) {
                memcpy(text + n, units[u], strlen(units[u]));
                n += strlen(units[u]);
            }
            text[n] = '\0';
            zh_err_clear(&err);
            zh_err_set(&err, ZH_EINVAL, "a.b", "%s", text);
            zh_err_where(&err, "%s", text);
            size_t kept = strlen(err.message);
            assert_true(zh_utf8_valid(zh_str_of(err.message)));
            assert_true(zh_utf8_valid(zh_str_of(err.where)));
            assert_true(kept + strlen(units[u]) > sizeof err.message - 1);
            assert_memory_equal(err.message, text, kept);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_and_cuts),
        cmocka_unit_test(splits),
        cmocka_unit_test(copies),
        cmocka_unit_test(reads_integers),
        cmocka_unit_test(reads_doubles),
        cmocka_unit_test(measures_distance),
        cmocka_unit_test(buffers_keep_their_cap),
        cmocka_unit_test(writes_binary),
        cmocka_unit_test(vectors_grow),
        cmocka_unit_test(maps_follow_the_model),
        cmocka_unit_test(errors_keep_the_first),
        cmocka_unit_test(errors_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
