/* Growing trees, consistency proofs and stored nodes, against the recursive definitions of RFC 6962
 * sections 2.1 to 2.1.2, written out here. */
#include "proof/tree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SIZES 70

struct leaves {
    zh_hash hash;
    zh_digest leaf[SIZES];
};

/* MTH(D[n]). */
static void definition(zh_hash *hash, const zh_digest *leaves, size_t n, zh_digest *out)
{
    if (n == 0) {
        zh_hash_end(hash, out);
        return;
    }
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
    definition(hash, leaves, k, &left);
    definition(hash, leaves + k, n - k, &right);
    zh_tree_node(hash, &left, &right, out);
}

/* SUBPROOF(m, D[n], b) of section 2.1.2. */
static size_t subproof(zh_hash *hash, size_t m, const zh_digest *leaves, size_t n, bool whole,
                       zh_digest *out)
{
    if (m == n) {
        if (!whole) {
            definition(hash, leaves, n, out);
        }
        return whole ? 0 : 1;
    }
    size_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    size_t used;
    if (m <= k) {
        used = subproof(hash, m, leaves, k, whole, out);
        definition(hash, leaves + k, n - k, &out[used]);
    } else {
        used = subproof(hash, m - k, leaves + k, n - k, false, out);
        definition(hash, leaves, k, &out[used]);
    }
    return used + 1;
}

static zh_rc read_leaf_tree(void *context, unsigned level, uint64_t index, zh_digest *out,
                            zh_err *err)
{
    struct leaves *tree = context;
    (void)err;
    assert_true((index + 1) << level <= SIZES);
    definition(&tree->hash, tree->leaf + (index << level), (size_t)1 << level, out);
    return ZH_OK;
}

static void fill(struct leaves *tree, zh_hash_alg alg)
{
    zh_hash_begin(&tree->hash, alg);
    for (size_t i = 0; i < SIZES; i++) {
        uint8_t entry = (uint8_t)(i * 7);
        zh_tree_leaf(&tree->hash, &entry, 1, &tree->leaf[i]);
    }
}

static void edge_gives_every_root(void **state)
{
    (void)state;
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        struct leaves tree;
        fill(&tree, (zh_hash_alg)alg);
        zh_tree_edge edge = {.size = 0};
        zh_tree_source source = {read_leaf_tree, &tree};
        for (size_t n = 0; n <= SIZES; n++) {
            zh_digest expected;
            zh_digest root;
            zh_tree_edge loaded;
            definition(&tree.hash, tree.leaf, n, &expected);
            zh_tree_edge_root(&tree.hash, &edge, &root);
            assert_true(zh_digest_eq(&root, &expected));
            assert_int_equal(zh_tree_edge_load(&source, n, &loaded, NULL), ZH_OK);
            zh_tree_edge_root(&tree.hash, &loaded, &root);
            assert_true(zh_digest_eq(&root, &expected));
            assert_int_equal(zh_tree_source_root(&tree.hash, &source, n, &root, NULL), ZH_OK);
            assert_true(zh_digest_eq(&root, &expected));
            if (n < SIZES) {
                zh_tree_edge_add(&tree.hash, &edge, &tree.leaf[n]);
                assert_int_equal(edge.size, n + 1);
            }
        }
        zh_hash_release(&tree.hash);
    }
}

static void inclusion_from_stored_nodes(void **state)
{
    (void)state;
    struct leaves tree;
    zh_err err = {0};
    fill(&tree, ZH_HASH_SHA256);
    zh_tree_source source = {read_leaf_tree, &tree};
    for (size_t n = 1; n <= SIZES; n++) {
        zh_digest root;
        definition(&tree.hash, tree.leaf, n, &root);
        for (size_t i = 0; i < n; i++) {
            zh_digest work[SIZES];
            zh_digest expected[ZH_TREE_PATH_MAX];
            zh_digest path[ZH_TREE_PATH_MAX];
            size_t path_n;
            memcpy(work, tree.leaf, sizeof(work));
            size_t expected_n = zh_tree_path(&tree.hash, work, n, i, expected);
            assert_int_equal(
                zh_tree_prove_inclusion(&tree.hash, &source, i, n, path, &path_n, NULL), ZH_OK);
            assert_int_equal(path_n, expected_n);
            assert_memory_equal(path, expected, path_n * sizeof(path[0]));
            assert_int_equal(
                zh_tree_check_inclusion(&tree.hash, &tree.leaf[i], i, n, path, path_n, &root, NULL),
                ZH_OK);
            if (path_n > 0) {
                path[path_n / 2].b[5] ^= 1;
                assert_int_equal(zh_tree_check_inclusion(&tree.hash, &tree.leaf[i], i, n, path,
                                                         path_n, &root, NULL),
                                 ZH_EINVAL);
            }
        }
    }
    zh_digest path[ZH_TREE_PATH_MAX];
    size_t n;
    assert_int_equal(zh_tree_prove_inclusion(&tree.hash, &source, 7, 7, path, &n, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "tree.index.range");
    zh_hash_release(&tree.hash);
}

static void consistency_by_definition(void **state)
{
    (void)state;
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        struct leaves tree;
        fill(&tree, (zh_hash_alg)alg);
        zh_tree_source source = {read_leaf_tree, &tree};
        for (size_t to = 1; to <= SIZES; to++) {
            zh_digest new;
            definition(&tree.hash, tree.leaf, to, &new);
            for (size_t from = 1; from <= to; from++) {
                zh_digest old;
                zh_digest expected[ZH_TREE_CONSISTENCY_MAX];
                zh_digest path[ZH_TREE_CONSISTENCY_MAX];
                size_t n;
                definition(&tree.hash, tree.leaf, from, &old);
                size_t expected_n = subproof(&tree.hash, from, tree.leaf, to, true, expected);
                assert_int_equal(
                    zh_tree_prove_consistency(&tree.hash, &source, from, to, path, &n, NULL),
                    ZH_OK);
                assert_int_equal(n, expected_n);
                assert_memory_equal(path, expected, n * sizeof(path[0]));
                assert_int_equal(
                    zh_tree_check_consistency(&tree.hash, from, &old, to, &new, path, n, NULL),
                    ZH_OK);
            }
        }
        zh_hash_release(&tree.hash);
    }
}

/* Any single change of a proof, a size or a root is refused. */
static void altered_consistency_is_refused(void **state)
{
    (void)state;
    struct leaves tree;
    fill(&tree, ZH_HASH_SHA256);
    zh_tree_source source = {read_leaf_tree, &tree};
    for (size_t from = 1; from < SIZES; from += 3) {
        size_t to = from + 1 + from % 5 < SIZES ? from + 1 + from % 5 : SIZES;
        zh_digest old;
        zh_digest new;
        zh_digest path[ZH_TREE_CONSISTENCY_MAX + 1];
        size_t n;
        zh_err err = {0};
        definition(&tree.hash, tree.leaf, from, &old);
        definition(&tree.hash, tree.leaf, to, &new);
        assert_int_equal(zh_tree_prove_consistency(&tree.hash, &source, from, to, path, &n, NULL),
                         ZH_OK);
        for (size_t i = 0; i < n; i++) {
            path[i].b[31] ^= 0x80;
            assert_int_equal(
                zh_tree_check_consistency(&tree.hash, from, &old, to, &new, path, n, &err),
                ZH_EINVAL);
            path[i].b[31] ^= 0x80;
        }
        assert_string_equal(err.rule, "tree.consistency.mismatch");
        memset(&path[n], 0, sizeof(path[n]));
        zh_rc more = zh_tree_check_consistency(&tree.hash, from, &old, to, &new, path, n + 1, NULL);
        zh_rc less = zh_tree_check_consistency(&tree.hash, from, &old, to, &new, path, n - 1, NULL);
        zh_rc swapped = zh_tree_check_consistency(&tree.hash, from, &new, to, &old, path, n, NULL);
        zh_rc back = zh_tree_check_consistency(&tree.hash, to, &new, from, &old, path, n, NULL);
        zh_rc none = zh_tree_check_consistency(&tree.hash, 0, &old, to, &new, path, n, NULL);
        assert_true(more == ZH_EINVAL && less == ZH_EINVAL && swapped == ZH_EINVAL &&
                    back == ZH_EINVAL && none == ZH_EINVAL);
    }
    zh_digest path[ZH_TREE_CONSISTENCY_MAX];
    size_t n = 1;
    assert_int_equal(zh_tree_prove_consistency(&tree.hash, &source, 9, 8, path, &n, NULL),
                     ZH_EINVAL);
    assert_int_equal(zh_tree_prove_consistency(&tree.hash, &source, 0, 8, path, &n, NULL), ZH_OK);
    assert_int_equal(n, 0);
    assert_int_equal(zh_tree_prove_consistency(&tree.hash, &source, 8, 8, path, &n, NULL), ZH_OK);
    assert_int_equal(n, 0);
    zh_hash_release(&tree.hash);
}

/* ---- sizes up to 2^64 - 1 ---- */

/* A tree whose leaves are all equal: one hash a level is the whole tree, whatever its size. */
static zh_rc read_equal(void *context, unsigned level, uint64_t index, zh_digest *out, zh_err *err)
{
    (void)index;
    (void)err;
    *out = ((const zh_digest *)context)[level];
    return ZH_OK;
}

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void check_large(zh_hash *hash, const zh_tree_source *source, const zh_digest *leaf,
                        uint64_t from, uint64_t to)
{
    zh_digest old;
    zh_digest new;
    zh_digest path[ZH_TREE_CONSISTENCY_MAX];
    size_t n;
    assert_int_equal(zh_tree_source_root(hash, source, from, &old, NULL), ZH_OK);
    assert_int_equal(zh_tree_source_root(hash, source, to, &new, NULL), ZH_OK);
    assert_int_equal(zh_tree_prove_consistency(hash, source, from, to, path, &n, NULL), ZH_OK);
    assert_true(n <= ZH_TREE_CONSISTENCY_MAX);
    assert_int_equal(zh_tree_check_consistency(hash, from, &old, to, &new, path, n, NULL), ZH_OK);
    assert_int_equal(zh_tree_prove_inclusion(hash, source, from - 1, to, path, &n, NULL), ZH_OK);
    assert_true(n <= ZH_TREE_PATH_MAX);
    assert_int_equal(zh_tree_check_inclusion(hash, leaf, from - 1, to, path, n, &new, NULL), ZH_OK);
}

static void sizes_of_64_bits(void **state)
{
    (void)state;
    zh_hash hash;
    zh_digest level[ZH_TREE_PATH_MAX];
    zh_tree_source source = {read_equal, level};
    uint64_t seed = (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    zh_tree_leaf(&hash, "x", 1, &level[0]);
    for (size_t k = 1; k < ZH_TREE_PATH_MAX; k++) {
        zh_tree_node(&hash, &level[k - 1], &level[k - 1], &level[k]);
    }
    uint64_t edges[] = {1,
                        2,
                        ((uint64_t)1 << 63) - 1,
                        (uint64_t)1 << 63,
                        ((uint64_t)1 << 63) + 1,
                        UINT64_MAX - 1,
                        UINT64_MAX};
    for (size_t i = 0; i < ZH_COUNTOF(edges); i++) {
        for (size_t j = i; j < ZH_COUNTOF(edges); j++) {
            check_large(&hash, &source, &level[0], edges[i], edges[j]);
        }
    }
    for (int i = 0; i < 300; i++) {
        uint64_t a = (next_random(&seed) >> next_random(&seed) % 64) | 1;
        uint64_t b = (next_random(&seed) >> next_random(&seed) % 64) | 1;
        check_large(&hash, &source, &level[0], a < b ? a : b, a < b ? b : a);
    }
    /* The edge counts up to 2^64 - 1 leaves. */
    zh_tree_edge edge;
    zh_digest root;
    zh_digest grown;
    assert_int_equal(zh_tree_edge_load(&source, UINT64_MAX - 1, &edge, NULL), ZH_OK);
    zh_tree_edge_add(&hash, &edge, &level[0]);
    zh_tree_edge_root(&hash, &edge, &grown);
    assert_int_equal(zh_tree_source_root(&hash, &source, UINT64_MAX, &root, NULL), ZH_OK);
    assert_true(zh_digest_eq(&root, &grown));
    zh_hash_release(&hash);
}

static zh_rc refuse(void *context, unsigned level, uint64_t index, zh_digest *out, zh_err *err)
{
    (void)context;
    (void)level;
    (void)index;
    (void)out;
    return zh_err_set(err, ZH_EIO, "test.read", "x");
}

static void errors_of_the_reader_are_passed_on(void **state)
{
    (void)state;
    zh_hash hash;
    zh_err err = {0};
    zh_digest path[ZH_TREE_CONSISTENCY_MAX];
    zh_tree_edge edge;
    size_t n;
    zh_tree_source source = {refuse, NULL};
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    assert_int_equal(zh_tree_prove_inclusion(&hash, &source, 1, 7, path, &n, &err), ZH_EIO);
    assert_string_equal(err.rule, "test.read");
    assert_int_equal(zh_tree_prove_consistency(&hash, &source, 3, 7, path, &n, NULL), ZH_EIO);
    assert_int_equal(zh_tree_prove_consistency(&hash, &source, 4, 7, path, &n, NULL), ZH_EIO);
    assert_int_equal(zh_tree_edge_load(&source, 7, &edge, NULL), ZH_EIO);
    zh_hash_release(&hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_gives_every_root),
        cmocka_unit_test(inclusion_from_stored_nodes),
        cmocka_unit_test(consistency_by_definition),
        cmocka_unit_test(altered_consistency_is_refused),
        cmocka_unit_test(sizes_of_64_bits),
        cmocka_unit_test(errors_of_the_reader_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
