/* Refusals in English: every pair of texts takes the same arguments, every text of a refusal in
 * engine/, app/tool/ and web/ has one, and a message is formed in the language asked for. */
#include "app/english.h"
#include "base/err.h"
#include "base/os.h"
#include "engine/engine.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The conversions of a format, one after the other: "%zu%g". */
static void conversions(const char *format, char out[128])
{
    size_t n = 0;
    for (const char *p = format; *p != '\0'; p++) {
        if (*p != '%') {
            continue;
        }
        size_t length = strcspn(p + 1, "diouxXeEfgGcsp%") + 2;
        assert_true(n + length < 128);
        memcpy(out + n, p, length);
        n += length;
        p += length - 1;
    }
    out[n] = '\0';
}

static void pairs_take_the_same_arguments(void **state)
{
    (void)state;
    size_t n;
    const zh_english_pair *pairs = zh_english_pairs(&n);
    for (size_t i = 0; i < n; i++) {
        char zh[128];
        char en[128];
        conversions(pairs[i].zh, zh);
        conversions(pairs[i].en, en);
        if (strcmp(zh, en) != 0) {
            fail_msg("%s: %s, %s: %s", pairs[i].zh, zh, pairs[i].en, en);
        }
        for (const char *p = pairs[i].en; *p != '\0'; p++) {
            /* CJK and its punctuation start at U+3000, three bytes from 0xe3 on. */
            assert_true((unsigned char)*p < 0xe3);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(pairs[i].zh, pairs[j].zh) == 0) {
                fail_msg("twice: %s", pairs[i].zh);
            }
        }
    }
}

/* Appends the string literal at p, without its quotes and with \" as it reads; the end of it. */
static const char *literal(const char *p, char *out, size_t size)
{
    size_t n = strlen(out);
    for (p++; *p != '"'; p++) {
        assert_true(n + 2 < size);
        if (*p == '\\' && p[1] == '"') {
            p++;
        }
        out[n++] = *p;
    }
    out[n] = '\0';
    return p + 1;
}

static bool chinese(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9) {
            return true;
        }
    }
    return false;
}

/* Texts between the brackets of a call that starts at p: all must have an English one. */
static size_t check_call(const char *file, const char *p)
{
    size_t missing = 0;
    int depth = 1;
    while (depth > 0 && *p != '\0') {
        if (*p == '"') {
            char text[1024] = "";
            do {
                p = literal(p, text, sizeof text);
                p += strspn(p, " \n");
                if (strncmp(p, "PRId64", 6) == 0 || strncmp(p, "PRIu64", 6) == 0) {
                    assert_true(strlen(text) + 4 < sizeof text);
                    memcpy(text + strlen(text), p[3] == 'd' ? PRId64 : PRIu64, sizeof PRId64);
                    p += 6 + strspn(p + 6, " \n");
                }
            } while (*p == '"');
            if (chinese(text) && strcmp(zh_english(text), text) == 0) {
                print_message("%s: no English for %s\n", file, text);
                missing++;
            }
            continue;
        }
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        p++;
    }
    return missing;
}

static size_t check_file(zh_arena *arena, const char *path)
{
    static const char *const calls[] = {"zh_err_set(",  "zh_err_fix(",    "zh_door_refuse(",
                                        "zh_err_text(", "refuse_column(", "zh_bench_refuse("};
    zh_str text;
    size_t missing = 0;
    assert_int_equal(zh_file_read(arena, path, (size_t)1 << 20, &text, NULL), ZH_OK);
    for (size_t c = 0; c < ZH_COUNTOF(calls); c++) {
        for (const char *at = strstr(text.p, calls[c]); at != NULL; at = strstr(at + 1, calls[c])) {
            missing += check_call(path, at + strlen(calls[c]));
        }
    }
    return missing;
}

/* Its files, and those of its rooms. */
static size_t check_folder(zh_arena *arena, const char *folder)
{
    zh_str *names = NULL;
    size_t n = 0;
    size_t missing = 0;
    assert_int_equal(zh_dir_list(arena, folder, &names, &n, NULL), ZH_OK);
    for (size_t i = 0; i < n; i++) {
        const char *path = zh_str_fmt(arena, "%s/%.*s", folder, ZH_FMT(names[i])).p;
        if (zh_str_ends(names[i], ZH_STR(".c"))) {
            missing += check_file(arena, path);
        } else if (zh_path_is_dir(path)) {
            missing += check_folder(arena, path);
        }
    }
    return missing;
}

static void every_refusal_has_its_english(void **state)
{
    (void)state;
    static const char *const folders[] = {"src/engine", "src/num", "src/app/tool", "src/web"};
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    size_t missing = 0;
    for (size_t i = 0; i < ZH_COUNTOF(folders); i++) {
        if (!zh_path_is_dir(folders[i])) {
            print_message("%s is not here\n", folders[i]);
            skip();
        }
        missing += check_folder(arena, folders[i]);
    }
    assert_int_equal(missing, 0);
    zh_arena_free(arena);
}

/* In the reader's language, with parts that are texts themselves; without one, as before. */
static void a_refusal_in_english(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *message;
    } table[] = {
        {"distributions.qt", "{\"p\": 0.5, \"df\": -9}",
         "df: -9 is impossible: must be a number above 0, at most inf"},
        {"distributions.qt", "{\"df\": 9}", "p: missing; wanted: a list of values"},
        {"spc.arl_ewma", "{\"l\": 0.2, \"c\": -1, \"sided\": \"one\"}",
         "c is -1, must be above zr, the reflecting barrier"},
        {"distributions.qt", "{\"p\": }", "JSON, line 1, column 7: a value is expected here"},
    };
    zh_arena *arena = zh_arena_new((size_t)16 << 20);
    zh_buf out;
    zh_buf_init(&out, 4096);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        const zh_engine *engine = zh_engine_find(zh_str_of(table[i].name));
        zh_err english = {.phrase = zh_english};
        zh_err plain = {0};
        assert_non_null(engine);
        zh_str input = zh_str_of(table[i].input);
        assert_int_equal(zh_engine_run(engine, arena, input, 0, &out, &english), ZH_EINVAL);
        assert_string_equal(english.message, table[i].message);
        assert_true(strncmp(english.fix, "an input that works: {", 22) == 0);
        assert_int_equal(zh_engine_run(engine, arena, input, 0, &out, &plain), ZH_EINVAL);
        assert_true(chinese(plain.message));
        assert_string_equal(plain.rule, english.rule);
    }
    zh_buf_free(&out);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_take_the_same_arguments),
        cmocka_unit_test(every_refusal_has_its_english),
        cmocka_unit_test(a_refusal_in_english),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
