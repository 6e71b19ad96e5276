/* Search over text: the words that are asked for, and the grams by which records are found. */
#include "base/utf8.h"
#include "core/read/read_private.h"

zh_rc zh_search_words(zh_ctx *ctx, zh_str search, zh_str *words, size_t *n)
{
    zh_str rest;
    zh_str word;
    *n = 0;
    if (zh_utf8_fold(ctx->arena, search, &rest) != ZH_OK) {
        return zh_err_set(ctx->err, ZH_EINVAL, "query.search", "检索词不是有效的文本");
    }
    while (zh_str_split(&rest, ' ', &word)) {
        if (word.n > 0 && *n == ZH_SEARCH_WORDS_MAX) {
            return zh_err_set(ctx->err, ZH_ELIMIT, "query.search.words", "检索词最多 %d 个",
                              ZH_SEARCH_WORDS_MAX);
        }
        if (word.n > 0) {
            words[(*n)++] = word;
        }
    }
    return ZH_OK;
}

static bool in_values(zh_arena *arena, const zh_field *fields, size_t n, const zh_value *values,
                      zh_str word)
{
    for (size_t i = 0; i < n; i++) {
        zh_str folded;
        if (fields[i].searchable && values[i].kind == ZH_TEXT &&
            zh_utf8_fold(arena, values[i].text, &folded) == ZH_OK &&
            zh_str_find(folded, word) >= 0) {
            return true;
        }
    }
    return false;
}

bool zh_record_has_words(zh_arena *arena, const zh_record *r, const zh_str *words, size_t nwords)
{
    for (size_t w = 0; w < nwords; w++) {
        bool found = in_values(arena, r->reg->fields, r->reg->nfields, r->values, words[w]);
        for (size_t i = 0; i < r->reg->nfields && !found; i++) {
            const zh_rows *rows = &r->tables[i];
            for (size_t k = 0; rows->table != NULL && k < rows->n && !found; k++) {
                found = in_values(arena, rows->table->columns, rows->table->ncolumns,
                                  rows->values + k * rows->table->ncolumns, words[w]);
            }
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* ---- grams ---------------------------------------------------------------------------------- */

typedef struct gram_list {
    zh_arena *arena;
    zh_grams *grams;
} gram_list;

static void add_gram(void *user, zh_str gram)
{
    gram_list *list = user;
    zh_vec_push(list->arena, list->grams, gram);
}

static zh_rc grams_of(gram_list *list, const zh_field *fields, size_t n, const zh_value *values)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_str folded;
        if (fields[i].searchable && values[i].kind == ZH_TEXT) {
            rc = zh_utf8_fold(list->arena, values[i].text, &folded);
            if (rc == ZH_OK) {
                zh_utf8_grams(folded, add_gram, list);
            }
        }
    }
    return rc;
}

static int gram_order(const void *a, const void *b)
{
    return zh_str_cmp(*(const zh_str *)a, *(const zh_str *)b);
}

zh_rc zh_record_grams(zh_arena *arena, const zh_record *r, zh_grams *out)
{
    *out = (zh_grams){0};
    gram_list list = {arena, out};
    zh_rc rc = grams_of(&list, r->reg->fields, r->reg->nfields, r->values);
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_field *table = &r->reg->fields[i];
        const zh_rows *rows = &r->tables[i];
        for (size_t k = 0; table->type == ZH_TYPE_TABLE && k < rows->n && rc == ZH_OK; k++) {
            rc = grams_of(&list, table->columns, table->ncolumns,
                          rows->values + k * table->ncolumns);
        }
    }
    if (out->n > 1) {
        zh_sort(out->p, out->n, sizeof *out->p, gram_order);
    }
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        if (n == 0 || !zh_str_eq(out->p[n - 1], out->p[i])) {
            out->p[n++] = out->p[i];
        }
    }
    out->n = n;
    return rc;
}
