/* YAML reader. Expected values: YAML 1.2 (yaml.org/spec/1.2) examples named at each test, and the
 * refusals and caps stated in fmt/yaml.h. */
#include "fmt/yaml.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static zh_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = zh_arena_new((size_t)256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static const zh_yaml *good(const char *text)
{
    zh_err err = {0};
    zh_yaml *root = NULL;
    zh_rc rc = zh_yaml_parse(arena, zh_str_of(text), "packs/a.yaml", &root, &err);
    if (rc != ZH_OK) {
        fail_msg("%s: %s (%s)", err.rule, err.message, err.where);
    }
    return root;
}

static void refused(zh_str text, zh_rc rc, const char *rule, const char *where)
{
    zh_err err = {0};
    zh_yaml *root = NULL;
    assert_int_equal(zh_yaml_parse(arena, text, "packs/a.yaml", &root, &err), rc);
    assert_string_equal(err.rule, rule);
    assert_string_equal(err.where, where);
    assert_true(err.message[0] != '\0');
    assert_null(root);
}

static void is_text(const zh_yaml *node, const char *text)
{
    assert_non_null(node);
    assert_int_equal(node->kind, ZH_YAML_SCALAR);
    assert_string_equal(node->text.p, text);
    assert_int_equal(node->text.n, strlen(text));
}

/* Spec example 2.1–2.4 shapes: nested block collections, with positions. */
static void test_tree(void **state)
{
    (void)state;
    const zh_yaml *root = good("name: 抽检\n"
                               "fields:\n"
                               "  - id: 样品\n"
                               "    digits: 010\n"
                               "  - {id: b, flag: no}\n");
    assert_int_equal(root->kind, ZH_YAML_MAPPING);
    assert_int_equal(root->n, 2);
    is_text(zh_yaml_get(root, "name"), "抽检");
    assert_int_equal(zh_yaml_get(root, "name")->line, 1);
    assert_int_equal(zh_yaml_get(root, "name")->column, 7);
    const zh_yaml *fields = zh_yaml_get(root, "fields");
    assert_int_equal(fields->kind, ZH_YAML_SEQUENCE);
    assert_int_equal(fields->key_line, 2);
    assert_int_equal(fields->key_column, 1);
    assert_int_equal(fields->n, 2);
    const zh_yaml *one = fields->first;
    is_text(zh_yaml_get(one, "digits"), "010");
    assert_int_equal(zh_yaml_get(one, "digits")->line, 4);
    assert_int_equal(zh_yaml_get(one, "digits")->column, 13);
    const zh_yaml *two = one->next;
    is_text(zh_yaml_get(two, "flag"), "no");
    assert_int_equal(zh_yaml_get(two, "flag")->key_column, 13);
    assert_null(two->next);
    assert_ptr_equal(two->parent, fields);
    assert_null(zh_yaml_get(two, "absent"));
    assert_null(zh_yaml_get(fields, "id"));
    assert_null(zh_yaml_get(NULL, "id"));
}

/* Columns count characters, not bytes. */
static void test_column_of_cjk(void **state)
{
    (void)state;
    const zh_yaml *node = zh_yaml_get(good("样品名称: 值\n"), "样品名称");
    assert_int_equal(node->column, 7);
    zh_err err = {0};
    (void)zh_err_set(&err, ZH_EINVAL, "x", "x");
    zh_yaml_where(node, &err);
    assert_string_equal(err.where, "packs/a.yaml:1:7");
    err.where[0] = '\0';
    zh_yaml_key_where(node, &err);
    assert_string_equal(err.where, "packs/a.yaml:1:1");
    err.where[0] = '\0';
    zh_yaml_key_where(good("a"), &err);
    assert_string_equal(err.where, "packs/a.yaml:1:1");
}

/* Spec chapter 7.3 and 8.1: the flow and block scalar styles; nothing becomes a number or a null.
 */
static void test_scalars(void **state)
{
    (void)state;
    const zh_yaml *root = good("a: 1e3\nb: 'it''s'\nc: \"\\u4e2d\\n\"\nd: |\n  x\n  y\n"
                               "e: >-\n  x\n  y\nf:\ng: ~\nh: ''\ni: 420106199001011234\n");
    is_text(zh_yaml_get(root, "a"), "1e3");
    is_text(zh_yaml_get(root, "b"), "it's");
    is_text(zh_yaml_get(root, "c"), "中\n");
    is_text(zh_yaml_get(root, "d"), "x\ny\n");
    is_text(zh_yaml_get(root, "e"), "x y");
    is_text(zh_yaml_get(root, "f"), "");
    is_text(zh_yaml_get(root, "g"), "~");
    is_text(zh_yaml_get(root, "h"), "");
    is_text(zh_yaml_get(root, "i"), "420106199001011234");
    assert_int_equal(zh_yaml_get(root, "a")->style, ZH_YAML_PLAIN);
    assert_int_equal(zh_yaml_get(root, "b")->style, ZH_YAML_QUOTED);
    assert_int_equal(zh_yaml_get(root, "d")->style, ZH_YAML_BLOCK);
    assert_int_equal(zh_yaml_get(root, "e")->style, ZH_YAML_BLOCK);
    assert_int_equal(zh_yaml_get(root, "f")->style, ZH_YAML_PLAIN);
    assert_int_equal(zh_yaml_get(root, "h")->style, ZH_YAML_QUOTED);
}

static void test_byte_order_mark_and_directive(void **state)
{
    (void)state;
    is_text(zh_yaml_get(good("\xEF\xBB\xBF"
                             "a: 1\n"),
                        "a"),
            "1");
    is_text(zh_yaml_get(good("%YAML 1.2\n---\na: 1\n...\n"), "a"), "1");
}

static void test_refusals(void **state)
{
    (void)state;
    refused(ZH_STR("a: &x 1\nb: 2\n"), ZH_EINVAL, "yaml.anchor", "packs/a.yaml:1:4");
    refused(ZH_STR("a: &x [1]\n"), ZH_EINVAL, "yaml.anchor", "packs/a.yaml:1:4");
    refused(ZH_STR("a: 1\nb: *x\n"), ZH_EINVAL, "yaml.alias", "packs/a.yaml:2:4");
    refused(ZH_STR("a: !!int 1\n"), ZH_EINVAL, "yaml.tag", "packs/a.yaml:1:4");
    refused(ZH_STR("a: !x {b: c}\n"), ZH_EINVAL, "yaml.tag", "packs/a.yaml:1:4");
    refused(ZH_STR("%TAG !e! tag:e,2000:\n---\na: 1\n"), ZH_EINVAL, "yaml.tag", "packs/a.yaml:1:1");
    refused(ZH_STR("a: 1\n---\nb: 1\n"), ZH_EINVAL, "yaml.documents", "packs/a.yaml:2:1");
    refused(ZH_STR("a: 1\nb: 2\na: 3\n"), ZH_EINVAL, "yaml.duplicate", "packs/a.yaml:3:1");
    refused(ZH_STR("x: {a: 1, 'a': 3}\n"), ZH_EINVAL, "yaml.duplicate", "packs/a.yaml:1:11");
    refused(ZH_STR("[a]: 1\n"), ZH_EINVAL, "yaml.key", "packs/a.yaml:1:1");
    refused(ZH_STR("? {a: b}\n: 1\n"), ZH_EINVAL, "yaml.key", "packs/a.yaml:1:3");
    refused(ZH_STR(""), ZH_EINVAL, "yaml.empty", "packs/a.yaml:1:1");
    refused(ZH_STR("# only a comment\n"), ZH_EINVAL, "yaml.empty", "packs/a.yaml:1:1");
    refused(ZH_STR("a: [1, 2\nb: 3\n"), ZH_EINVAL, "yaml.syntax", "packs/a.yaml:2:2");
    refused(ZH_STR("a:\n\t- 1\n"), ZH_EINVAL, "yaml.syntax", "packs/a.yaml:2:1");
    refused(ZH_STR("a: \xff\xfe\n"), ZH_EINVAL, "yaml.encoding", "packs/a.yaml:1:1");
    refused(ZH_STR("a: \x01\n"), ZH_EINVAL, "yaml.encoding", "packs/a.yaml:1:1");
}

/* The classic: nine levels of nine references would be 9^9 scalars. */
static void test_billion_laughs(void **state)
{
    (void)state;
    refused(ZH_STR("a: &a [lol, lol]\nb: &b [*a, *a]\nc: [*b, *b]\n"), ZH_EINVAL, "yaml.anchor",
            "packs/a.yaml:1:4");
}

static void test_depth_cap(void **state)
{
    (void)state;
    char text[2 * (ZH_YAML_DEPTH_MAX + 1) + 1];
    size_t n = ZH_YAML_DEPTH_MAX;
    memset(text, '[', n);
    memset(text + n, ']', n);
    text[2 * n] = '\0';
    const zh_yaml *node = good(text);
    size_t depth = 1;
    while (node->first != NULL) {
        node = node->first;
        depth++;
    }
    assert_int_equal(depth, n);
    n++;
    memset(text, '[', n);
    memset(text + n, ']', n);
    refused((zh_str){text, 2 * n}, ZH_ELIMIT, "yaml.depth", "packs/a.yaml:1:65");
    /* Never closed, and far deeper: refused at the same place, without reading on. */
    zh_str deep = {memset(zh_arena_alloc(arena, 1 << 20), '[', 1 << 20), 1 << 20};
    refused(deep, ZH_ELIMIT, "yaml.depth", "packs/a.yaml:1:65");
}

/* n items, one a line: n + 1 nodes with the sequence. */
static zh_str sequence_of(size_t n)
{
    char *text = zh_arena_alloc(arena, 4 * n + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + 4 * i, "- a\n", 4);
    }
    return (zh_str){text, 4 * n};
}

static void test_node_cap(void **state)
{
    (void)state;
    zh_yaml *root = NULL;
    assert_int_equal(zh_yaml_parse(arena, sequence_of(ZH_YAML_NODES_MAX - 1), "a", &root, NULL),
                     ZH_OK);
    assert_int_equal(root->n, ZH_YAML_NODES_MAX - 1);
    refused(sequence_of(ZH_YAML_NODES_MAX), ZH_ELIMIT, "yaml.nodes", "packs/a.yaml:500000:3");
}

static void test_size_cap(void **state)
{
    (void)state;
    char *text = zh_arena_alloc(arena, ZH_YAML_BYTES_MAX + 1);
    memset(text, ' ', ZH_YAML_BYTES_MAX + 1);
    memcpy(text, "a: 1\n#", 6);
    zh_yaml *root = NULL;
    assert_int_equal(zh_yaml_parse(arena, (zh_str){text, ZH_YAML_BYTES_MAX}, "a", &root, NULL),
                     ZH_OK);
    refused((zh_str){text, ZH_YAML_BYTES_MAX + 1}, ZH_ELIMIT, "yaml.size", "packs/a.yaml");
}

/* Every allocation that depends on input may fail: a clean ZH_ENOMEM each time. */
static void test_budget(void **state)
{
    (void)state;
    zh_str text = ZH_STR("a: [1, {b: c}]\nd: e\n");
    zh_yaml *root = NULL;
    (void)zh_alloc_fail_at(UINT64_MAX);
    assert_int_equal(zh_yaml_parse(arena, text, "f", &root, NULL), ZH_OK);
    uint64_t n = zh_alloc_fail_at(0);
    assert_true(n >= 5);
    for (uint64_t i = 1; i <= n; i++) {
        zh_err err = {0};
        (void)zh_alloc_fail_at(i);
        assert_int_equal(zh_yaml_parse(arena, text, "f", &root, &err), ZH_ENOMEM);
        assert_string_equal(err.rule, "yaml.memory");
    }
    (void)zh_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_column_of_cjk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scalars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_byte_order_mark_and_directive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_billion_laughs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_node_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_size_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_budget, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
