/* What browsers send: the parts of a multipart body do not depend on how it is cut, and what
 * urlencoded parsing gives is encoded and parsed again to the same. The first byte chooses the size
 * of the pieces. */
// covers: src/net/form.c src/net/multipart.c
#include "net/form.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct parsed {
    zh_rc rc;
    zh_pairs fields;
    const zh_upload *files;
    size_t nfiles;
} parsed;

static parsed parse(zh_arena *arena, zh_str body, size_t step)
{
    parsed p = {.rc = ZH_OK};
    zh_multipart *m = NULL;
    zh_err err = {0};
    p.rc = zh_multipart_new(arena, ZH_STR("multipart/form-data; boundary=b"), "/tmp", &m, &err);
    zh_assert(p.rc == ZH_OK);
    for (size_t at = 0; p.rc == ZH_OK && at < body.n; at += step) {
        p.rc = zh_multipart_push(m, zh_str_sub(body, at, step), &err);
    }
    if (p.rc == ZH_OK) {
        p.rc = zh_multipart_end(m, &p.fields, &p.files, &p.nfiles, &err);
    }
    zh_assert(p.rc == ZH_OK || err.rc == p.rc);
    return p;
}

static void multipart(zh_arena *arena, zh_str body, size_t step)
{
    parsed whole = parse(arena, body, body.n + 1);
    parsed pieces = parse(arena, body, step);
    zh_assert(whole.rc == pieces.rc && whole.fields.n == pieces.fields.n &&
              whole.nfiles == pieces.nfiles);
    for (size_t i = 0; i < whole.fields.n; i++) {
        zh_assert(zh_str_eq(whole.fields.p[i].name, pieces.fields.p[i].name));
        zh_assert(zh_str_eq(whole.fields.p[i].value, pieces.fields.p[i].value));
        zh_assert(whole.fields.p[i].value.n <= ZH_FORM_VALUE_MAX);
    }
    for (size_t i = 0; i < whole.nfiles; i++) {
        zh_assert(whole.files[i].size == pieces.files[i].size);
        zh_assert(zh_str_eq(whole.files[i].file_name, pieces.files[i].file_name));
        zh_assert(zh_str_chr(whole.files[i].file_name, '/') < 0);
    }
}

static void urlencoded(zh_arena *arena, zh_str text)
{
    zh_pairs pairs;
    zh_pairs again;
    zh_err err = {0};
    zh_buf out;
    if (zh_form_parse(arena, text, &pairs, &err) != ZH_OK) {
        return;
    }
    zh_buf_init(&out, 8 * text.n + 64);
    for (size_t i = 0; i < pairs.n; i++) {
        zh_buf_z(&out, i > 0 ? "&" : "");
        zh_form_encode(&out, pairs.p[i].name);
        zh_buf_c(&out, '=');
        zh_form_encode(&out, pairs.p[i].value);
        zh_assert(zh_pairs_get(pairs, zh_str_c(arena, pairs.p[i].name)).p != NULL);
    }
    zh_assert(!out.failed && zh_form_parse(arena, zh_buf_view(&out), &again, &err) == ZH_OK);
    zh_assert(again.n == pairs.n);
    for (size_t i = 0; i < pairs.n; i++) {
        zh_assert(zh_str_eq(again.p[i].name, pairs.p[i].name));
        zh_assert(zh_str_eq(again.p[i].value, pairs.p[i].value));
    }
    zh_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 100000) {
        return 0;
    }
    zh_arena *arena = zh_arena_new((size_t)32 << 20);
    zh_str text = {(const char *)data + 1, size - 1};
    multipart(arena, text, data[0] == 0 ? 1 : data[0]);
    urlencoded(arena, text);
    (void)zh_cookie_get(text, "lang");
    zh_arena_free(arena);
    return 0;
}
