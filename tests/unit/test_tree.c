/* Trees in memory against the recursive definition of RFC 6962 section 2.1, written out here. */
#include "proof/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SIZES 70

/* MTH(D[n]) of the RFC: split at the largest power of two below n. */
static void head_by_definition(zh_hash *hash, const zh_digest *leaves, size_t n, zh_digest *out)
{
    if (n == 1) {
        *out = leaves[0];
        return;
    }
    size_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    zh_digest left;
    zh_digest right;
    head_by_definition(hash, leaves, k, &left);
    head_by_definition(hash, leaves + k, n - k, &right);
    zh_tree_node(hash, &left, &right, out);
}

static void fill(zh_hash *hash, zh_digest *leaves, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t entry = (uint8_t)i;
        zh_tree_leaf(hash, &entry, 1, &leaves[i]);
    }
}

static void test_empty_and_leaf(void **state)
{
    (void)state;
    zh_hash hash;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    zh_digest head;
    char hex[65];
    /* RFC 6962: the head of the empty tree is SHA-256 of nothing; a leaf of no bytes is H(0x00),
     * both as in the Certificate Transparency test data. */
    zh_tree_head(&hash, NULL, 0, &head);
    zh_digest_hex(&head, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    zh_tree_leaf(&hash, "", 0, &head);
    zh_digest_hex(&head, hex);
    assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    zh_hash_release(&hash);
}

static void test_heads_and_paths(void **state)
{
    (void)state;
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        zh_hash hash;
        zh_hash_begin(&hash, (zh_hash_alg)alg);
        zh_digest leaves[SIZES];
        zh_digest work[SIZES];
        zh_digest path[ZH_TREE_PATH_MAX];
        fill(&hash, leaves, SIZES);
        for (size_t n = 1; n <= SIZES; n++) {
            zh_digest expected;
            zh_digest got;
            head_by_definition(&hash, leaves, n, &expected);
            memcpy(work, leaves, sizeof(work));
            zh_tree_head(&hash, work, n, &got);
            assert_true(zh_digest_eq(&expected, &got));
            for (size_t i = 0; i < n; i++) {
                memcpy(work, leaves, sizeof(work));
                size_t path_n = zh_tree_path(&hash, work, n, i, path);
                assert_int_equal(zh_tree_climb(&hash, &leaves[i], i, n, path, path_n, &got), ZH_OK);
                assert_true(zh_digest_eq(&expected, &got));
            }
        }
        zh_hash_release(&hash);
    }
}

static void test_wrong_paths(void **state)
{
    (void)state;
    zh_hash hash;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    zh_digest leaves[7];
    zh_digest work[7];
    zh_digest path[ZH_TREE_PATH_MAX + 1];
    zh_digest head;
    zh_digest got;
    fill(&hash, leaves, 7);
    head_by_definition(&hash, leaves, 7, &head);
    memcpy(work, leaves, sizeof(work));
    size_t n = zh_tree_path(&hash, work, 7, 2, path);
    assert_int_equal(n, 3);
    assert_int_equal(zh_tree_climb(&hash, &leaves[2], 7, 7, path, n, &got), ZH_EINVAL);
    assert_int_equal(zh_tree_climb(&hash, &leaves[2], 0, 0, path, n, &got), ZH_EINVAL);
    assert_int_equal(zh_tree_climb(&hash, &leaves[2], 2, 7, path, n - 1, &got), ZH_EINVAL);
    assert_int_equal(zh_tree_climb(&hash, &leaves[2], 2, 7, path, n + 1, &got), ZH_EINVAL);
    assert_int_equal(zh_tree_climb(&hash, &leaves[2], 3, 7, path, n, &got), ZH_OK);
    assert_false(zh_digest_eq(&head, &got));
    /* The last of seven has a path of two: its level-0 neighbour is missing. */
    memcpy(work, leaves, sizeof(work));
    assert_int_equal(zh_tree_path(&hash, work, 7, 6, path), 2);
    /* The largest index a path can have does not overflow. */
    assert_int_equal(zh_tree_climb(&hash, &leaves[2], UINT64_MAX - 1, UINT64_MAX, path, 3, &got),
                     ZH_EINVAL);
    zh_hash_release(&hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_and_leaf),
        cmocka_unit_test(test_heads_and_paths),
        cmocka_unit_test(test_wrong_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
