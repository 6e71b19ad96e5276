/* Calls a calculation by name. */
#include "engine_call.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OUTPUT_BYTES ((size_t)16 << 20)

static zh_rc run(const char *name, zh_arena *arena, const zh_json *in, zh_jw *out, zh_err *err)
{
    const zh_engine *engine = zh_engine_find(zh_str_of(name));
    if (engine == NULL) {
        fail_msg("no calculation %s", name);
        return ZH_ENOTFOUND;
    }
    return engine->run(arena, in, out, err);
}

const zh_json *engine_call(zh_arena *arena, const char *name, const char *input, zh_err *err)
{
    zh_json *in;
    zh_json *answer = NULL;
    zh_jw w;
    zh_buf out;
    zh_buf_init(&out, OUTPUT_BYTES);
    zh_jw_init(&w, &out, 0);
    assert_int_equal(zh_json_parse(arena, zh_str_of(input), &in, err), ZH_OK);
    if (run(name, arena, in, &w, err) == ZH_OK) {
        zh_str text = zh_str_of(zh_str_c(arena, zh_buf_view(&out)));
        assert_int_equal(zh_json_parse(arena, text, &answer, err), ZH_OK);
    } else {
        assert_true(err->message[0] != '\0');
    }
    zh_buf_free(&out);
    return answer;
}

double engine_number(const zh_json *answer, const char *path)
{
    const zh_json *at = answer;
    char step[64];
    const char *rest = path;
    while (at != NULL && *rest != '\0') {
        size_t n = strcspn(rest, ".");
        assert_true(n < sizeof(step));
        memcpy(step, rest, n);
        step[n] = '\0';
        rest += n + (rest[n] == '.');
        if (at->kind == ZH_JSON_ARRAY) {
            unsigned long index = strtoul(step, NULL, 10);
            at = at->first;
            for (unsigned long i = 0; i < index && at != NULL; i++) {
                at = at->next;
            }
        } else {
            at = zh_json_get(at, step);
        }
    }
    double value = 0.0;
    if (at == NULL) {
        fail_msg("no %s", path);
        return value;
    }
    if (at->kind == ZH_JSON_NULL) {
        return (double)NAN;
    } else if (at->kind == ZH_JSON_BOOL) {
        return at->boolean ? 1.0 : 0.0;
    }
    assert_int_equal(zh_json_double(at, &value), ZH_OK);
    return value;
}

void engine_close(double got, double expected, double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected))) {
        fail_msg("got %.17g, expected %.17g", got, expected);
    }
}

void engine_refused(const char *name, const char *input, const char *rule)
{
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_err err = {0};
    if (engine_call(arena, name, input, &err) != NULL) {
        fail_msg("%s accepted %s", name, input);
    }
    if (strcmp(err.rule, rule) != 0) {
        fail_msg("%s %s: rule %s, expected %s (%s)", name, input, err.rule, rule, err.message);
    }
    zh_arena_free(arena);
}
