/* Refusals in English: every pair of texts takes the same arguments, every text of a refusal that a
 * reader of pages can meet has one (what only an operator or author of declarations meets is listed
 * here), and a message is formed in the language asked for. */
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

/* Appends what PRId64 and the like stand for; the end of it. */
static const char *conversion(const char *p, char *out, size_t size)
{
    static const struct {
        const char *name, *stands_for;
    } known[] = {{"PRId64", PRId64}, {"PRIu64", PRIu64}, {"PRId32", PRId32}, {"PRIu32", PRIu32}};
    for (size_t i = 0; i < ZH_COUNTOF(known); i++) {
        if (strncmp(p, known[i].name, 6) == 0) {
            assert_true(strlen(known[i].stands_for) < size);
            memcpy(out, known[i].stands_for, strlen(known[i].stands_for) + 1);
            return p + 6 + strspn(p + 6, " \n");
        }
    }
    fail_msg("unknown: %.6s", p);
    return p;
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
                if (strncmp(p, "PRI", 3) == 0) {
                    p = conversion(p, text + strlen(text), sizeof text - strlen(text));
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
    static const char *const calls[] = {"zh_err_set(",  "zh_err_fix(",        "zh_door_refuse(",
                                        "zh_err_text(", "refuse_column(",     "refuse_as(",
                                        "refuse(",      "refuse_transition(", "zh_write_find(",
                                        "bad(",         "zh_expr_fail(",      "bad_unit(",
                                        "fail(",        "zh_bench_refuse("};
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

/* Folders, with the files in them that are not for readers of pages: the operator's work on the
 * database, the log and its keys, the author's on declarations and files; and with the only ones
 * that are. */
static const struct {
    const char *folder, *without, *only;
} read_here[] = {
    {"src/engine", "", ""},
    {"src/num", "", ""},
    {"src/app/tool", "", ""},
    {"src/web", "", ""},
    {"src/core",
     " adopt.c ahead.c core.c open.c seen.c cube.c example.c example_expect.c example_given.c gm.c "
     "ledger.c "
     "migrate.c"
     " rollup.c schema.c seal.c secret.c sequence.c treelog.c treelog_dir.c verify.c verify_log.c"
     " verify_rows.c wal.c ",
     ""},
    {"src/app", "", " holidays.c import.c import_run.c notify.c oidc.c paper.c "},
    {"src/base", "", " calendar.c os.c "},
    {"src/model", "",
     " codes.c expr.c expr_call.c expr_eval.c expr_fn.c expr_fold.c expr_lex.c expr_names.c "
     "expr_parse.c"
     " expr_query.c expr_types.c field.c format.c number.c "},
    {"src/net", "", " form.c http.c multipart.c "},
    {"src/store", "", " store.c "},
};

static bool is_read(zh_arena *arena, size_t i, zh_str name)
{
    const char *word = zh_str_fmt(arena, " %.*s ", ZH_FMT(name)).p;
    bool listed = read_here[i].only[0] == '\0' || strstr(read_here[i].only, word) != NULL;
    return zh_str_ends(name, ZH_STR(".c")) && listed && strstr(read_here[i].without, word) == NULL;
}

/* What is read of the folder, and of the rooms in it. */
static size_t check_folder(zh_arena *arena, size_t which, const char *folder)
{
    zh_str *names = NULL;
    size_t n = 0;
    size_t missing = 0;
    assert_int_equal(zh_dir_list(arena, folder, &names, &n, NULL), ZH_OK);
    for (size_t i = 0; i < n; i++) {
        const char *path = zh_str_fmt(arena, "%s/%.*s", folder, ZH_FMT(names[i])).p;
        if (is_read(arena, which, names[i])) {
            missing += check_file(arena, path);
        } else if (zh_path_is_dir(path)) {
            missing += check_folder(arena, which, path);
        }
    }
    return missing;
}

static void every_refusal_has_its_english(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    size_t missing = 0;
    for (size_t i = 0; i < ZH_COUNTOF(read_here); i++) {
        if (!zh_path_is_dir(read_here[i].folder)) {
            print_message("%s is not here\n", read_here[i].folder);
            skip();
        }
        missing += check_folder(arena, i, read_here[i].folder);
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
