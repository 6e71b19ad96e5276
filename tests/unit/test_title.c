/* Titles of records: what stands, what is left out, what the compiler refuses; kindred questions.
 * Expected values are written out by hand from doc/declarations.md, sections Titles and Kindred. */
#include "model/title.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS                                                                                     \
    "    fields:\n"                                                                                \
    "      - {id: no, label: 编号, type: string, max: 20, required: true}\n"                     \
    "      - {id: kind, label: 种类, type: code, codes: {a: 酒, b: 茶}}\n"                     \
    "      - {id: place, label: 地点, type: string}\n"                                           \
    "      - {id: seller, label: 卖家, type: string, pipl: personal, mask: '*'}\n"               \
    "      - {id: said, label: 经过, type: text}\n"                                              \
    "      - {id: seen_on, label: 日期, type: date}\n"                                           \
    "      - {id: weight, label: 重量, type: decimal, digits: 1}\n"                              \
    "      - id: items\n"                                                                          \
    "        label: 项目\n"                                                                      \
    "        type: table\n"                                                                        \
    "        fields:\n"                                                                            \
    "          - {id: item, label: 项, type: code, codes: {x: 铅, y: 汞}}\n"                    \
    "          - {id: level, label: 值, type: decimal, digits: 1}\n"

static zh_rc compile(const char *keys, zh_model **out, zh_err *err)
{
    static char text[8192];
    int n = snprintf(text, sizeof text,
                     "registers:\n"
                     "  - id: find\n"
                     "    version: 1.0.0\n"
                     "    effective: 2026-01-01\n"
                     "    label: 所见\n"
                     "    key: {business: [no]}\n"
                     "%s" FIELDS,
                     keys);
    assert_true(n > 0 && (size_t)n < sizeof text);
    const zh_pack_file file = {ZH_STR("find.yaml"), zh_str_of(text)};
    *err = (zh_err){0};
    return zh_model_compile(&file, 1, out, NULL, err);
}

/* Values by field id, "id=value|id=value". */
static zh_str value_of(void *user, const zh_field *field)
{
    zh_str rest = zh_str_of(user);
    zh_str pair;
    while (zh_str_split(&rest, '|', &pair)) {
        ptrdiff_t at = zh_str_chr(pair, '=');
        if (at >= 0 && zh_str_eq(zh_str_sub(pair, 0, (size_t)at), field->id)) {
            return zh_str_sub(pair, (size_t)at + 1, pair.n);
        }
    }
    return ZH_STR("");
}

static void expect(const char *title, const char *values, const char *wanted)
{
    static char keys[1024];
    static char given[256];
    zh_model *model = NULL;
    zh_err err;
    (void)snprintf(keys, sizeof keys, "    title: \"%s\"\n", title);
    (void)snprintf(given, sizeof given, "%s", values);
    if (compile(keys, &model, &err) != ZH_OK) {
        fail_msg("%s: %s", title, err.message);
    }
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_str out = zh_title_write(arena, &model->registers[0].title, value_of, given);
    if (!zh_str_is(out, wanted)) {
        fail_msg("%s with %s gives \"%.*s\", not \"%s\"", title, values, ZH_FMT(out), wanted);
    }
    zh_arena_free(arena);
    zh_model_release(model);
}

static void writes_what_is_there(void **state)
{
    const char *title = "{kind}{items}不合格[，{place}生产][，{seen_on} 抽到]";
    (void)state;
    expect(title, "kind=酒|items=铅、汞|place=咸宁|seen_on=2026-03-01",
           "酒铅、汞不合格，咸宁生产，2026-03-01 抽到");
    expect(title, "kind=酒|items=铅|seen_on=2026-03-01", "酒铅不合格，2026-03-01 抽到");
    expect(title, "kind=酒", "酒不合格");
    expect(title, "place=咸宁", "不合格，咸宁生产");
    expect(title, "", "");
    expect("[{kind}][，{place}][：{items.item}]", "place=咸宁|item=铅", "咸宁：铅");
    expect("[{kind}][; {place}]", "place=咸宁", "咸宁");
    expect("[{kind} of {place}]{no}", "kind=酒|no=A1", "A1");
    expect("{ no }", "no=A1", "A1");
}

static void refuse(const char *keys, const char *rule)
{
    zh_model *model = NULL;
    zh_err err;
    assert_int_equal(compile(keys, &model, &err), ZH_EINVAL);
    if (strcmp(err.rule, rule) != 0) {
        fail_msg("%s is refused by %s (%s), not by %s", keys, err.rule, err.message, rule);
    }
}

static void refuses_what_cannot_stand(void **state)
{
    (void)state;
    refuse("    title: \"{kind\"\n", "register.title");
    refuse("    title: \"[{kind}\"\n", "register.title");
    refuse("    title: \"{kind}]\"\n", "register.title");
    refuse("    title: \"[{kind}[{place}]]\"\n", "register.title");
    refuse("    title: \"一条记录\"\n", "register.title");
    refuse("    title: \"{seller}\"\n", "register.title");
    refuse("    title: \"{said}\"\n", "register.title");
    refuse("    title: {zh: \"{kind}\", en: \"{seller}\"}\n", "register.title");
    refuse("    theme: food\n", "codes.unknown");
    zh_model *model = NULL;
    zh_err err;
    assert_int_equal(compile("    title: \"{kynd}\"\n", &model, &err), ZH_EINVAL);
}

static void holds_the_cap(void **state)
{
    char keys[2048] = "    title: \"";
    zh_model *model = NULL;
    zh_err err;
    (void)state;
    for (size_t i = 0; i < ZH_TITLE_PIECES_MAX; i++) {
        (void)strncat(keys, "{no}", sizeof keys - strlen(keys) - 1);
    }
    size_t full = strlen(keys);
    (void)strncat(keys, "\"\n", sizeof keys - strlen(keys) - 1);
    assert_int_equal(compile(keys, &model, &err), ZH_OK);
    zh_model_release(model);
    keys[full] = '\0';
    (void)strncat(keys, "{no}\"\n", sizeof keys - strlen(keys) - 1);
    refuse(keys, "register.title");
}

static void compiles_kindred_questions(void **state)
{
    zh_model *model = NULL;
    zh_err err;
    (void)state;
    assert_int_equal(compile("    related:\n"
                             "      - {id: same, label: 同类, same: [kind, items.item, seen_on], "
                             "where: \"place = '咸宁'\"}\n",
                             &model, &err),
                     ZH_OK);
    const zh_register *reg = &model->registers[0];
    assert_int_equal(reg->nkindred, 1);
    assert_int_equal(reg->kindred[0].nsame, 3);
    assert_null(reg->kindred[0].same[0].table);
    assert_true(zh_str_is(reg->kindred[0].same[1].table->id, "items"));
    assert_true(zh_str_is(reg->kindred[0].where, "place = '咸宁'"));
    zh_model_release(model);
    refuse("    related: [{id: a, label: 甲, same: [weight]}]\n", "register.related");
    refuse("    related: [{id: a, label: 甲, same: [\"kind = 'a'\"]}]\n", "register.related");
    refuse("    related: [{id: a, label: 甲, same: [kind]}, {id: a, label: 乙, same: [no]}]\n",
           "model.duplicate");
    refuse("    related: [{id: a, label: 甲, same: [kind, no, kind, no, kind, no, kind]}]\n",
           "register.related");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_is_there),
        cmocka_unit_test(refuses_what_cannot_stand),
        cmocka_unit_test(holds_the_cap),
        cmocka_unit_test(compiles_kindred_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
