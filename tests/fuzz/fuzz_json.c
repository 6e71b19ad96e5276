/* JSON reader and writer: what is accepted is written, read again and is the same tree; what one
 * value reads is what the prefix reader reads. */
// covers: src/base/json.c
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Depth is bounded by ZH_JSON_DEPTH_MAX. */
static void write_tree(zh_jw *w, const zh_json *v)
{
    switch (v->kind) {
    case ZH_JSON_NULL: zh_jw_null(w); break;
    case ZH_JSON_BOOL: zh_jw_bool(w, v->boolean); break;
    case ZH_JSON_NUMBER: zh_jw_raw_number(w, v->text); break;
    case ZH_JSON_STRING: zh_jw_str(w, v->text); break;
    case ZH_JSON_ARRAY:
        zh_jw_array(w);
        for (const zh_json *e = v->first; e != NULL; e = e->next) {
            write_tree(w, e);
        }
        zh_jw_array_end(w);
        break;
    case ZH_JSON_OBJECT:
        zh_jw_object(w);
        for (const zh_json *m = v->first; m != NULL; m = m->next) {
            zh_jw_key_str(w, m->name);
            write_tree(w, m);
        }
        zh_jw_object_end(w);
        break;
    }
}

static void check_same(const zh_json *a, const zh_json *b)
{
    zh_assert(a->kind == b->kind && a->boolean == b->boolean && a->n == b->n);
    zh_assert(zh_str_eq(a->text, b->text) && zh_str_eq(a->name, b->name));
    const zh_json *y = b->first;
    size_t n = 0;
    for (const zh_json *x = a->first; x != NULL; x = x->next) {
        zh_assert(y != NULL);
        check_same(x, y);
        if (a->kind == ZH_JSON_OBJECT && n < 8) { /* by name; only a few, it is linear */
            char name[64];
            if (x->name.n < sizeof name && zh_str_chr(x->name, '\0') < 0) {
                memcpy(name, x->name.n ? x->name.p : "", x->name.n);
                name[x->name.n] = '\0';
                zh_assert(zh_json_get(a, name) == x);
            }
        }
        if (a->kind == ZH_JSON_ARRAY && n < 8) {
            zh_assert(zh_json_at(a, n) == x);
        }
        y = y->next;
        n++;
    }
    zh_assert(y == NULL && n == a->n);
}

/* Numbers convert or are refused; an integer keeps its text but for signs and zeros in front. */
static void check_numbers(const zh_json *v)
{
    int64_t i;
    double d;
    if (zh_json_i64(v, &i) == ZH_OK) {
        zh_assert(v->kind == ZH_JSON_NUMBER && zh_str_chr(v->text, '.') < 0);
        zh_assert(zh_json_double(v, &d) == ZH_OK);
    } else if (zh_json_double(v, &d) == ZH_OK) {
        zh_assert(v->kind == ZH_JSON_NUMBER || v->kind == ZH_JSON_STRING);
    }
    for (const zh_json *e = v->first; e != NULL; e = e->next) {
        check_numbers(e);
    }
}

static void check_round_trip(zh_arena *arena, const zh_json *tree, unsigned indent, size_t max)
{
    zh_buf text;
    zh_jw w;
    zh_json *again;
    zh_buf_init(&text, max);
    zh_jw_init(&w, &text, indent);
    write_tree(&w, tree);
    zh_assert(!text.failed);
    zh_assert(zh_json_parse(arena, zh_buf_view(&text), &again, NULL) == ZH_OK);
    check_same(tree, again);
    zh_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str text = {(const char *)data, size};
    zh_str rest = text;
    zh_json *tree;
    zh_json *first;
    zh_err err;
    zh_err_clear(&err);
    zh_rc rc = zh_json_parse(arena, text, &tree, &err);
    zh_rc prefix = zh_json_parse_prefix(arena, &rest, &first, NULL);
    zh_assert((rc == ZH_OK) == (prefix == ZH_OK && rest.n == 0));
    if (rc != ZH_OK) {
        zh_assert(err.rc == rc && err.where[0] != '\0' && err.message[0] != '\0');
    } else {
        check_same(tree, first);
        check_numbers(tree);
        check_round_trip(arena, tree, 0, 8 * size + 64);
        if (size < 2000) {
            check_round_trip(arena, tree, 2, 4 << 20);
        }
    }
    zh_arena_free(arena);
    return 0;
}
