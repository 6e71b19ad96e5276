/* Chinese and English of what the program carries: every key of type label in the packs, every
 * string of the pages, the outlines, the recipes, and the two notices of the packs. */
#include "base/embedded.h"
#include "base/utf8.h"
#include "fmt/yaml.h"
#include "model/grammar.h"
#include "model/pack.h"
#include "model/recipe.h"
#include "web/text/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define ROOM ((size_t)512 << 20)

static bool has_han(zh_str text)
{
    bool han = false;
    for (size_t at = 0; at < text.n && !han;) {
        uint32_t c = zh_utf8_next(text, &at);
        han = c >= 0x3400 && c <= 0x9FFF;
    }
    return han;
}

/* A label in Chinese needs English; one like PM2.5 stands for both. */
static size_t lacks(const char *where, zh_str what, zh_label label)
{
    bool good = !has_han(label.zh) || (label.en.n > 0 && !has_han(label.en));
    if (!good) {
        print_error("%s: %.*s has no English: %.*s\n", where, ZH_FMT(what), ZH_FMT(label.zh));
    }
    return !good;
}

/* ---- every label of the grammar ---------------------------------------------------------------
 */

static size_t walk(const zh_yaml *node, const zh_schema *schema, size_t *labels);

static size_t one(const zh_yaml *node, const zh_key *key, size_t *labels)
{
    if (key->arg == ZH_ARG_LABEL) {
        char where[512];
        (void)snprintf(where, sizeof where, "%s:%zu", node->file, node->line);
        ++*labels;
        return lacks(where, zh_str_of(key->name), zh_label_of(node));
    }
    return key->arg == ZH_ARG_MAP && key->sub != NULL ? walk(node, key->sub, labels) : 0;
}

static size_t walk(const zh_yaml *node, const zh_schema *schema, size_t *labels)
{
    size_t bad = 0;
    for (size_t k = 0; k < schema->n; k++) {
        const zh_key *key = &schema->keys[k];
        const zh_yaml *value = zh_yaml_get(node, key->name);
        if (value == NULL) {
            continue;
        }
        bool several = value->kind == ZH_YAML_SEQUENCE ||
                       (key->arg == ZH_ARG_DICT && value->kind == ZH_YAML_MAPPING);
        for (const zh_yaml *i = several ? value->first : value; i != NULL;
             i = several ? i->next : NULL) {
            bad += key->arg == ZH_ARG_DICT ? walk(i, key->sub, labels) : one(i, key, labels);
        }
    }
    return bad;
}

static void labels_have_both(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ROOM);
    zh_pack_file *files = NULL;
    zh_err err = {0};
    size_t n = 0;
    size_t labels = 0;
    size_t bad = 0;
    assert_int_equal(zh_pack_load_dir(arena, "packs", &files, &n, &err), ZH_OK);
    for (size_t i = 0; i < n; i++) {
        zh_yaml *root = NULL;
        if (zh_str_ends(files[i].path, ZH_STR(".yaml"))) {
            assert_int_equal(zh_yaml_parse(arena, files[i].text, files[i].path.p, &root, &err),
                             ZH_OK);
            bad += walk(root, zh_grammar_file(), &labels);
        }
    }
    assert_int_equal(bad, 0);
    assert_in_range(labels, 1000, SIZE_MAX);
    zh_arena_free(arena);
}

/* ---- what is compiled -------------------------------------------------------------------------
 */

static size_t outlines_lack(const zh_model *model)
{
    size_t bad = 0;
    for (size_t i = 0; i < model->noutlines; i++) {
        const zh_outline *o = &model->outlines[i];
        bad += lacks("title", o->id, o->title) + lacks("issuer", o->id, o->issuer);
    }
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        bad += lacks("name", item->id, item->name) + lacks("summary", item->id, item->summary) +
               lacks("scope", item->id, item->scope) +
               lacks("reference", item->id, item->reference) +
               lacks("responsible", item->id, item->responsible) +
               lacks("basis_note", item->id, item->basis_note);
    }
    return bad;
}

static size_t codes_lack(const zh_model *model)
{
    size_t bad = 0;
    for (size_t i = 0; i < model->nsystems; i++) {
        const zh_codes *codes = &model->systems[i];
        /* Divisions and industries are names of the State's own lists, which have no English. */
        bool listed = zh_str_is(codes->id, "region") || zh_str_is(codes->id, "industry");
        for (size_t k = 0; k < codes->n && !listed; k++) {
            bad += lacks("code", codes->id, codes->codes[k].label);
        }
    }
    return bad;
}

static void model_has_both(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ROOM);
    zh_pack_file *files = NULL;
    zh_model *model = NULL;
    zh_err err = {0};
    size_t n = 0;
    assert_int_equal(zh_pack_load_dir(arena, "packs", &files, &n, &err), ZH_OK);
    assert_int_equal(zh_model_compile(files, n, &model, NULL, &err), ZH_OK);
    size_t bad = outlines_lack(model) + codes_lack(model);
    for (size_t i = 0; i < model->nrecipes; i++) {
        const zh_recipe *r = &model->recipes[i];
        bad += lacks("label", r->id, r->label) + lacks("source", r->id, r->source) +
               lacks("licence", r->id, r->licence);
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *ind = &model->indicators[i];
        bad += lacks("note", ind->id, ind->note) + lacks("bias", ind->id, ind->bias);
    }
    assert_int_equal(bad, 0);
    zh_model_release(model);
    zh_arena_free(arena);
}

/* ---- pages ------------------------------------------------------------------------------------
 */

static void strings_are_english(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZH_TEXT_N; i++) {
        zh_str text = zh_text_of(ZH_LANG_EN, (zh_text_id)i);
        bool named = i == ZH_T_LANG_OTHER;
        if (has_han(text) && !named) {
            fail_msg("in English: %.*s", ZH_FMT(text));
        }
    }
}

/* What stands in backquotes in a row of a table: names of files, sets, registers. */
static size_t rows_of(const char *path, zh_arena *arena, zh_str out[128])
{
    const zh_embedded *file = zh_embedded_find(path);
    assert_non_null(file);
    zh_str rest = zh_embedded_text(file);
    zh_str line;
    size_t n = 0;
    while (zh_str_split(&rest, '\n', &line)) {
        if (!zh_str_starts(line, ZH_STR("| `"))) {
            continue;
        }
        zh_str piece;
        zh_str names = ZH_STR("");
        for (size_t k = 0; zh_str_split(&line, '`', &piece); k++) {
            names =
                k % 2 == 1 ? zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(names), ZH_FMT(piece)) : names;
        }
        assert_true(n < 128);
        out[n++] = names;
    }
    return n;
}

static void notices_have_the_same_rows(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    zh_str en[128];
    zh_str zh[128];
    size_t n = rows_of("packs/NOTICE.md", arena, en);
    assert_int_equal(rows_of("packs/NOTICE.zh.md", arena, zh), n);
    assert_in_range(n, 40, 128);
    for (size_t i = 0; i < n; i++) {
        if (!zh_str_eq(en[i], zh[i])) {
            fail_msg("row %zu: %.*s, in Chinese: %.*s", i + 1, ZH_FMT(en[i]), ZH_FMT(zh[i]));
        }
    }
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_have_both),
        cmocka_unit_test(model_has_both),
        cmocka_unit_test(strings_are_english),
        cmocka_unit_test(notices_have_the_same_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
