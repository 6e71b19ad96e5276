/* RFC 6962 section 2.1 hash tree: leaf, head, inclusion and consistency, over leaves held in
 * memory, over a right edge that grows, and over stored nodes reached through a reader.
 *
 * SM3 trees use the same 0x00 and 0x01 prefixes. Sizes and indices are 64 bits. No globals, no I/O
 * of its own; any number of threads, each with its own hash and edge. */
#ifndef ZH_PROOF_TREE_H
#define ZH_PROOF_TREE_H

#include "base/err.h"
#include "proof/hash.h"

#define ZH_TREE_PATH_MAX        64 /* levels of a tree with 64-bit size */
#define ZH_TREE_CONSISTENCY_MAX 65 /* one more: the node that both trees share may be named */

/* Leaf hash H(0x00 || entry). `hash` stands at the empty message before and after. */
void zh_tree_leaf(zh_hash *hash, const void *entry, size_t n, zh_digest *out);
/* Inner node H(0x01 || left || right). */
void zh_tree_node(zh_hash *hash, const zh_digest *left, const zh_digest *right, zh_digest *out);

/* ---- leaves held in memory ------------------------------------------------------------------ */

/* Tree head over n leaf hashes; n == 0 gives H(""). The array is used as working space: afterwards
 * its contents are undefined. */
void zh_tree_head(zh_hash *hash, zh_digest *leaves, size_t n, zh_digest *out);

/* Inclusion path of leaf `index` (< n, asserted), from the leaf upwards. The array is used as
 * working space. Returns the number of hashes put into path. */
size_t zh_tree_path(zh_hash *hash, zh_digest *leaves, size_t n, size_t index,
                    zh_digest path[ZH_TREE_PATH_MAX]);

/* ---- a tree that grows ---------------------------------------------------------------------- */

/* The right edge: the roots of the complete subtrees a tree of this size consists of. A zeroed
 * struct is the empty tree; it may be copied by value. */
typedef struct zh_tree_edge {
    uint64_t size;
    zh_digest node[ZH_TREE_PATH_MAX]; /* node[k], of 2^k leaves, counts when bit k of size is set */
} zh_tree_edge;

/* Appends a leaf hash; about one node hash each on average. size < 2^64 - 1 (asserted). */
void zh_tree_edge_add(zh_hash *hash, zh_tree_edge *edge, const zh_digest *leaf);
/* Root of the tree as it is now; H("") when empty. At most 63 node hashes. */
void zh_tree_edge_root(zh_hash *hash, const zh_tree_edge *edge, zh_digest *root);

/* ---- stored nodes --------------------------------------------------------------------------- */

/* Gives the root of the complete subtree of 2^level leaves that begins at leaf index * 2^level.
 * Asked only for subtrees that are complete in the tree concerned. An error of `read` is passed on
 * unchanged. */
typedef struct zh_tree_source {
    zh_rc (*read)(void *context, unsigned level, uint64_t index, zh_digest *out, zh_err *err);
    void *context;
} zh_tree_source;

/* The right edge of the tree of `size` leaves: at most 64 reads, no hashing. */
zh_rc zh_tree_edge_load(const zh_tree_source *source, uint64_t size, zh_tree_edge *out,
                        zh_err *err) ZH_MUST;
/* Root of the tree of `size` leaves. */
zh_rc zh_tree_source_root(zh_hash *hash, const zh_tree_source *source, uint64_t size,
                          zh_digest *root, zh_err *err) ZH_MUST;
/* PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf upwards. ZH_EINVAL
 * (tree.index.range): index >= size. */
zh_rc zh_tree_prove_inclusion(zh_hash *hash, const zh_tree_source *source, uint64_t index,
                              uint64_t size, zh_digest path[ZH_TREE_PATH_MAX], size_t *path_n,
                              zh_err *err) ZH_MUST;
/* PROOF(from, D[to]) of RFC 6962 section 2.1.2. Empty when from == to or from == 0 (every tree
 * continues the empty one). ZH_EINVAL (tree.size.range): from > to. */
zh_rc zh_tree_prove_consistency(zh_hash *hash, const zh_tree_source *source, uint64_t from,
                                uint64_t to, zh_digest path[ZH_TREE_CONSISTENCY_MAX],
                                size_t *path_n, zh_err *err) ZH_MUST;

/* ---- checking what somebody else proved ----------------------------------------------------- */

/* Head that the path leads to (RFC 9162 section 2.1.3.2). ZH_EINVAL: index >= n, or the path has a
 * length that no tree of n leaves gives. The caller compares the head. */
zh_rc zh_tree_climb(zh_hash *hash, const zh_digest *leaf, uint64_t index, uint64_t n,
                    const zh_digest *path, size_t path_n, zh_digest *out) ZH_MUST;
/* ZH_OK when the leaf is entry `index` of the tree with this root; ZH_EINVAL
 * (tree.inclusion.mismatch) when not. */
zh_rc zh_tree_check_inclusion(zh_hash *hash, const zh_digest *leaf, uint64_t index, uint64_t size,
                              const zh_digest *path, size_t path_n, const zh_digest *root,
                              zh_err *err) ZH_MUST;
/* RFC 9162 section 2.1.4.2: ZH_OK when the tree (to, root_to) continues the tree (from, root_from);
 * ZH_EINVAL (tree.consistency.mismatch) when not. from == 0 with to > 0 is refused: it proves
 * nothing about root_from; who knows nothing yet needs no proof. */
zh_rc zh_tree_check_consistency(zh_hash *hash, uint64_t from, const zh_digest *root_from,
                                uint64_t to, const zh_digest *root_to, const zh_digest *path,
                                size_t path_n, zh_err *err) ZH_MUST;

#endif
