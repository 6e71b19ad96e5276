/* Differences between two models, and the documentation made from one. The expected plans follow
 * from the two declarations of each test. */
#include "model/diff.h"
#include "model/docs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char head[] = "codes:\n"
                           "  - {id: x, label: X, values: {a: A, b: B}}\n"
                           "  - {id: y, label: Y, values: {a: A}}\n"
                           "units:\n"
                           "  - {code: kg, dimension: mass, label: 千克, factor: \"1\"}\n"
                           "  - {code: g, dimension: mass, label: 克, factor: \"0.001\"}\n"
                           "registers:\n"
                           "  - id: r\n"
                           "    version: 1.0.0\n"
                           "    effective: 2026-01-01\n"
                           "    label: 册\n";

static zh_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = zh_arena_new((size_t)1 << 28);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static zh_model *compile(const char *body)
{
    zh_model *model;
    zh_err err;
    zh_err_clear(&err);
    zh_pack_file file = {ZH_STR("x.yaml"), zh_str_fmt(arena, "%s%s", head, body)};
    if (zh_model_compile(&file, 1, &model, NULL, &err) != ZH_OK) {
        fail_msg("%s %s\n%s", err.where, err.message, body);
    }
    return model;
}

typedef struct wanted {
    zh_change_kind kind;
    const char *table, *name;
    bool allowed;
} wanted;

static void expect(const char *before, const char *after, const wanted *list, size_t n)
{
    zh_model *a = before == NULL ? NULL : compile(before), *b = compile(after);
    zh_diff diff;
    zh_err err;
    zh_err_clear(&err);
    size_t refused = 0, destructive = 0;
    zh_rc rc = zh_model_diff(arena, a, b, false, &diff, &err);
    for (size_t i = 0; i < diff.n && i < n; i++) {
        const zh_model_change *c = &diff.changes[i];
        if (c->kind != list[i].kind || !zh_str_is(c->table, list[i].table) ||
            !zh_str_is(c->name, list[i].name) ||
            (c->destructive && c->allowed != list[i].allowed)) {
            fail_msg("change %zu: kind %d %.*s %.*s: %.*s", i, c->kind, ZH_FMT(c->table),
                     ZH_FMT(c->name), ZH_FMT(c->text));
        }
        destructive += c->destructive;
        refused += c->destructive && !c->allowed;
    }
    if (diff.n != n) {
        fail_msg("%zu changes, the next: %.*s", diff.n,
                 ZH_FMT(diff.n > n ? diff.changes[n].text : ZH_STR_NONE));
    }
    assert_int_equal(diff.refused, refused);
    assert_int_equal(diff.destructive, destructive);
    assert_int_equal(rc, refused > 0 ? ZH_ECONFLICT : ZH_OK);
    assert_int_equal(zh_model_diff(arena, a, b, true, &diff, NULL), ZH_OK);
    zh_model_release(a);
    zh_model_release(b);
}

#define EXPECT(before, after, ...)                                                                 \
    expect(before, after, (const wanted[]){__VA_ARGS__},                                           \
           sizeof((const wanted[]){__VA_ARGS__}) / sizeof(wanted))

#define F(text) "    fields:\n      - {id: a, label: A, type: string}\n" text

static void nothing_changes(void **state)
{
    (void)state;
    expect(F(""), F(""), NULL, 0);
    /* labels, help and rules change no table */
    expect(F(""),
           "    fields:\n      - {id: a, label: B, type: string, help: x}\n"
           "    rules: [{id: x, test: \"a != ''\", level: hint, message: m}]\n",
           NULL, 0);
}

static void empty_database(void **state)
{
    (void)state;
    EXPECT(NULL, "    key: {business: [a]}\n" F("      - {id: l, label: L, type: \"string[]\"}\n"),
           {ZH_CHANGE_CREATE_TABLE, "r_r", "r_r", false},
           {ZH_CHANGE_CREATE_TABLE, "r_r__l", "r_r__l", false},
           {ZH_CHANGE_CREATE_INDEX, "r_r", "key", false});
}

static void additions(void **state)
{
    (void)state;
    EXPECT(F(""),
           F("      - {id: n, label: N, type: decimal}\n"
             "      - {id: t, label: T, type: table, fields: [{id: c, label: C, type: string}]}\n"
             "    indexes: [{id: i, fields: [a]}]\n"),
           {ZH_CHANGE_ADD_COLUMN, "r_r", "n", false},
           {ZH_CHANGE_CREATE_TABLE, "r_r__t", "r_r__t", false},
           {ZH_CHANGE_CREATE_INDEX, "r_r", "i", false});
    EXPECT(
        F("      - {id: t, label: T, type: table, fields: [{id: c, label: C, type: string}]}\n"),
        F("      - {id: t, label: T, type: table, fields: [{id: c, label: C, type: string}, {id: "
          "d, label: D, type: date}]}\n"),
        {ZH_CHANGE_ADD_COLUMN, "r_r__t", "d", false});
}

static void wider_and_narrower(void **state)
{
    (void)state;
    EXPECT(F("      - {id: n, label: N, type: decimal, digits: 2}\n"),
           F("      - {id: n, label: N, type: decimal, digits: 4}\n"),
           {ZH_CHANGE_WIDEN, "r_r", "n", false});
    EXPECT(F("      - {id: n, label: N, type: decimal, digits: 4}\n"),
           F("      - {id: n, label: N, type: decimal, digits: 2}\n"),
           {ZH_CHANGE_NARROW, "r_r", "n", false});
    EXPECT("    fields: [{id: a, label: A, type: string, max: 10}]\n", F(""),
           {ZH_CHANGE_WIDEN, "r_r", "a", false});
    EXPECT(F(""), "    fields: [{id: a, label: A, type: text}]\n",
           {ZH_CHANGE_WIDEN, "r_r", "a", false});
    EXPECT(F(""),
           "    migrate: {narrow: [a]}\n    fields: [{id: a, label: A, type: string, max: 9}]\n",
           {ZH_CHANGE_NARROW, "r_r", "a", true});
    EXPECT(F(""), "    fields: [{id: a, label: A, type: code, system: x}]\n",
           {ZH_CHANGE_NARROW, "r_r", "a", false});
    EXPECT("    fields: [{id: a, label: A, type: code, system: x}]\n",
           "    fields: [{id: a, label: A, type: code, system: y}]\n",
           {ZH_CHANGE_NARROW, "r_r", "a", false});
    EXPECT(F("      - {id: q, label: Q, type: quantity, unit: kg}\n"),
           F("      - {id: q, label: Q, type: quantity, unit: g}\n"),
           {ZH_CHANGE_NARROW, "r_r", "q", false});
    EXPECT(F(""), "    fields: [{id: a, label: A, type: string, required: true}]\n",
           {ZH_CHANGE_NOTE, "r_r", "a", false});
}

static void other_storage(void **state)
{
    (void)state;
    EXPECT(F(""), "    fields: [{id: a, label: A, type: date}]\n",
           {ZH_CHANGE_TYPE, "r_r", "a", false});
    EXPECT(F("      - {id: q, label: Q, type: quantity, unit: kg}\n"),
           F("      - {id: q, label: Q, type: quantity}\n"), {ZH_CHANGE_TYPE, "r_r", "q", false});
}

static void drops_need_a_word(void **state)
{
    (void)state;
    EXPECT(F("      - {id: b, label: B, type: string}\n"), F(""),
           {ZH_CHANGE_DROP_COLUMN, "r_r", "b", false});
    EXPECT(F("      - {id: b, label: B, type: string}\n"), "    migrate: {drop: [b]}\n" F(""),
           {ZH_CHANGE_DROP_COLUMN, "r_r", "b", true});
    EXPECT(F("      - {id: t, label: T, type: table, fields: [{id: c, label: C, type: string}]}\n"),
           F(""), {ZH_CHANGE_DROP_TABLE, "r_r__t", "r_r__t", false});
    EXPECT(
        F("  - {id: s, version: 1.0.0, effective: 2026-01-01, label: S, fields: [{id: a, label: A, "
          "type: string}]}\n"),
        F(""), {ZH_CHANGE_DROP_TABLE, "r_s", "r_s", false});
}

#define CUBE(dims, where)                                                                          \
    "    event_time: d\n" F(                                                                       \
        "      - {id: d, label: D, type: date}\n") "    measures: {n: {kind: count, where: "       \
                                                   "\"" where "\"}}\n"                             \
                                                   "    cubes: [{id: c, dims: [" dims              \
                                                   "], measures: [n]}]\n"

static void cubes_are_counted_again(void **state)
{
    (void)state;
    expect(CUBE("month", "a = 'x'"), CUBE("month", "a = 'x'"), NULL, 0);
    EXPECT(CUBE("month", "a = 'x'"), CUBE("year", "a = 'x'"),
           {ZH_CHANGE_DROP_CUBE, "r_r", "q_r__c", false},
           {ZH_CHANGE_BUILD_CUBE, "r_r", "q_r__c", false});
    EXPECT(CUBE("month", "a = 'x'"), CUBE("month", "a = 'y'"),
           {ZH_CHANGE_DROP_CUBE, "r_r", "q_r__c", false},
           {ZH_CHANGE_BUILD_CUBE, "r_r", "q_r__c", false});
}

static void the_plan_in_words(void **state)
{
    (void)state;
    zh_model *a = compile(F("      - {id: b, label: 备注, type: string}\n"));
    zh_model *b = compile(F("      - {id: n, label: 数, type: decimal}\n"));
    zh_diff diff;
    zh_err err;
    zh_buf text;
    zh_err_clear(&err);
    zh_buf_init(&text, 10000);
    assert_int_equal(zh_model_diff(arena, a, b, false, &diff, &err), ZH_ECONFLICT);
    assert_string_equal(err.rule, "model.diff.destructive");
    assert_string_equal(err.where, "x.yaml");
    zh_diff_print(&diff, &text);
    assert_true(zh_str_eq(zh_buf_view(&text),
                          ZH_STR("  r:增加字段「n」(数,decimal)\n"
                                 "✗ r:删除字段「b」(备注)及其全部数据\n"
                                 "共 2 处变更，其中丢失数据的 1 处，未获许可的 1 处\n")));
    zh_buf_free(&text);
    zh_model_release(a);
    zh_model_release(b);
}

static void documentation(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "# 声明说明",
        "## 册",
        "- 用途:试 &lt;b>",
        "| `a` | A\\|B | 短文字 | 必填 |  |",
        "| `k` | K | 编码 `x` |",
        "- `x` X:`a`A、`b`B",
        "| `go` | go | 已登记 → 不变 | 办理:handler |",
        "| `one` | 提示 | `a != ''` | 空 |",
        "| 期限 | `d` |  | 2026-01-01 至 今 | 7 个工作日 | 某条(未核实口径) |",
        "| `c` | month | n |",
        "#### 总数 `total`",
        "- 定义:条数",
    };
    zh_model *m = compile(
        "    purpose: 试 <b>\n    event_time: d\n    fields:\n"
        "      - {id: a, label: \"A|B\", type: string, required: true}\n"
        "      - {id: k, label: K, type: code, system: x}\n      - {id: d, label: D, type: date}\n"
        "    rules: [{id: one, test: \"a != ''\", level: hint, message: 空}]\n"
        "    transitions: [{id: go, from: recorded, roles: [handler]}]\n"
        "    clocks: [{id: c, label: 期限, start: d, versions: [{from: 2026-01-01, amount: 7, "
        "unit: "
        "working_day, clause: 某条, unverified: true}]}]\n"
        "    measures: {n: {kind: count}}\n    cubes: [{id: c, dims: [month], measures: [n]}]\n"
        "indicators: [{id: total, label: 总数, definition: 条数, kind: count, register: r, num: "
        "n}]\n");
    zh_buf text;
    zh_buf_init(&text, (size_t)1 << 20);
    zh_docs_model(m, &text);
    for (size_t i = 0; i < ZH_COUNTOF(parts); i++) {
        if (zh_str_find(zh_buf_view(&text), zh_str_of(parts[i])) < 0) {
            fail_msg("missing: %s\n%.*s", parts[i], ZH_FMT(zh_buf_view(&text)));
        }
    }
    zh_buf_free(&text);
    zh_model_release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_database, setup, teardown),
        cmocka_unit_test_setup_teardown(additions, setup, teardown),
        cmocka_unit_test_setup_teardown(wider_and_narrower, setup, teardown),
        cmocka_unit_test_setup_teardown(other_storage, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_need_a_word, setup, teardown),
        cmocka_unit_test_setup_teardown(cubes_are_counted_again, setup, teardown),
        cmocka_unit_test_setup_teardown(the_plan_in_words, setup, teardown),
        cmocka_unit_test_setup_teardown(documentation, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
