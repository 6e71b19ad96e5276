/* Calculations by name: the first line of the input is the name, the rest its JSON. Whatever comes,
 * the answer is a JSON value or a refusal with a message. */
// covers: src/engine/engine.c src/engine/door.c src/engine/distributions.c src/engine/numeric.c
#include "engine/engine.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small: what a calculation may use is part of what is tested, and time goes with it. */
#define ARENA_BYTES  ((size_t)64 << 20)
#define OUTPUT_BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str text = {(const char *)data, size};
    const char *end = size > 0 ? memchr(text.p, '\n', size) : NULL;
    if (end == NULL) {
        return 0;
    }
    zh_str name = {text.p, (size_t)(end - text.p)};
    const zh_engine *engine = zh_engine_find(name);
    if (engine == NULL) {
        /* A short word of any bytes still selects one, so that mutations reach all of them. */
        engine = zh_engines[name.n > 0 ? (uint8_t)name.p[0] % zh_engines_n : 0];
    }
    zh_arena *arena = zh_arena_new(ARENA_BYTES);
    zh_buf out;
    zh_err err;
    zh_json *answer = NULL;
    zh_buf_init(&out, OUTPUT_BYTES);
    zh_err_clear(&err);
    zh_str input = {end + 1, size - name.n - 1};
    zh_rc rc = zh_engine_run(engine, arena, input, 0, &out, &err);
    if (rc == ZH_OK) {
        zh_arena_reset(arena);
        zh_rc read = zh_json_parse(arena, zh_buf_view(&out), &answer, &err);
        zh_assert(read == ZH_OK || read == ZH_ENOMEM || read == ZH_ELIMIT);
    } else {
        zh_assert(err.rc == rc && err.message[0] != '\0');
        zh_assert(rc == ZH_EINVAL || rc == ZH_ELIMIT || rc == ZH_ENOMEM);
    }
    zh_buf_free(&out);
    zh_arena_free(arena);
    return 0;
}
