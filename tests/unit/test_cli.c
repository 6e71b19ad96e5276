/* What people read: widths of Chinese text, aligned tables, counts, durations; and the names that
 * are probably meant. Widths are those of Unicode Standard Annex 11 (East Asian Width). */
#include "cli/print.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(zh_text_width(ZH_STR("")), 0);
    assert_int_equal(zh_text_width(ZH_STR("abc")), 3);
    assert_int_equal(zh_text_width(ZH_STR("武汉市")), 6);
    assert_int_equal(zh_text_width(ZH_STR("Ａ１：")), 6);    /* full-width forms */
    assert_int_equal(zh_text_width(ZH_STR("e\xcc\x81")), 1); /* combining acute */
    assert_int_equal(zh_text_width(ZH_STR("µg/m³")), 5);
    assert_int_equal(zh_text_width(ZH_STR("\xf0\xa0\x80\x80")), 2); /* U+20000 */
}

static void test_table(void **state)
{
    (void)state;
    static const char *const headers[] = {"名称", "n>"};
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_text_table table;
    zh_buf out;
    zh_buf_init(&out, 4096);
    zh_text_table_init(&table, arena, headers, 2);
    zh_text_table_add(&table, ZH_STR("武汉市"));
    zh_text_table_add(&table, ZH_STR("5"));
    zh_text_table_add(&table, ZH_STR("ab\ncd"));
    zh_text_table_add(&table, ZH_STR("1,234"));
    zh_text_table_print(&table, &out);
    zh_buf_c(&out, '\0');
    assert_string_equal(out.p, "名称        n\n"
                               "------  -----\n"
                               "武汉市      5\n"
                               "ab cd   1,234\n");
    zh_buf_free(&out);
    zh_arena_free(arena);
}

/* Many rows: the table grows and keeps what it had. */
static void test_long_table(void **state)
{
    (void)state;
    static const char *const headers[] = {"n>"};
    zh_arena *arena = zh_arena_new(16 << 20);
    zh_text_table table;
    zh_buf out;
    zh_buf_init(&out, 1 << 20);
    zh_text_table_init(&table, arena, headers, 1);
    for (int i = 0; i < 10000; i++) {
        zh_text_table_add(&table, zh_str_fmt(arena, "%d", i));
    }
    zh_text_table_print(&table, &out);
    assert_int_equal(out.n, 10002 * 5); /* every line four wide and its end */
    assert_memory_equal(out.p + out.n - 10, "9998\n9999\n", 10);
    zh_buf_free(&out);
    zh_arena_free(arena);
}

static void test_numbers(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(1 << 20);
    static const struct {
        int64_t n;
        const char *text;
    } counts[] = {{0, "0"},
                  {999, "999"},
                  {1000, "1,000"},
                  {-1234567, "-1,234,567"},
                  {INT64_MAX, "9,223,372,036,854,775,807"},
                  {INT64_MIN, "-9,223,372,036,854,775,808"}};
    for (size_t i = 0; i < ZH_COUNTOF(counts); i++) {
        assert_true(zh_str_is(zh_text_count(arena, counts[i].n), counts[i].text));
    }
    assert_true(zh_str_is(zh_text_duration(arena, 850999), "850 毫秒"));
    assert_true(zh_str_is(zh_text_duration(arena, 3290000), "3.2 秒"));
    assert_true(zh_str_is(zh_text_duration(arena, 312000000), "5 分 12 秒"));
    assert_true(zh_str_is(zh_text_time(arena, 0), ""));
    /* 2026-05-09T00:30:00Z is half past eight in the legal zone */
    assert_true(zh_str_is(zh_text_time(arena, INT64_C(1778286600000000)), "2026-05-09 08:30:00"));
    zh_arena_free(arena);
}

static void test_nearest(void **state)
{
    (void)state;
    const zh_str known[] = {ZH_STR("count"), ZH_STR("import"), ZH_STR("indicator"), ZH_STR("job")};
    static const struct {
        const char *wanted, *nearest;
    } cases[] = {{"cuont", "count"},
                 {"imp", "import"},
                 {"indcator", "indicator"},
                 {"jobs", "job"},
                 {"indicators", "indicator"},
                 {"xyz", ""},
                 {"docs", ""},
                 {"", ""},
                 {"c", ""}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_str near = zh_cli_nearest(zh_str_of(cases[i].wanted), known, ZH_COUNTOF(known));
        assert_true(zh_str_is(near, cases[i].nearest));
    }
}

/* Descriptors are complete: what is generated from them has nothing missing. */
static void test_descriptors(void **state)
{
    (void)state;
    for (size_t v = 0; v < zh_verbs_n; v++) {
        const zh_verb *verb = zh_verbs[v];
        assert_non_null(verb->name);
        assert_true(verb->zh != NULL && verb->en != NULL && verb->run != NULL);
        assert_ptr_equal(zh_verb_find(zh_str_of(verb->name)), verb);
        bool optional = false;
        for (size_t i = 0; i < verb->narguments; i++) {
            const zh_param *a = &verb->arguments[i];
            assert_true(a->zh != NULL && a->en != NULL && a->kind != ZH_PARAM_FLAG);
            assert_true(a->kind != ZH_PARAM_CHOICE || a->choices != NULL);
            assert_true(!optional || a->optional); /* none that is required after an optional one */
            optional = a->optional;
        }
        for (size_t i = 0; i < verb->noptions; i++) {
            const zh_param *o = &verb->options[i];
            assert_true(o->zh != NULL && o->en != NULL);
            assert_true((o->kind == ZH_PARAM_FLAG) == (o->value == NULL));
            assert_true(o->kind != ZH_PARAM_CHOICE || o->choices != NULL);
        }
    }
    assert_null(zh_verb_find(ZH_STR("nothing")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),      cmocka_unit_test(test_table),
        cmocka_unit_test(test_long_table), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_nearest),    cmocka_unit_test(test_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
