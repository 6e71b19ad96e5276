/* RFC 6962 section 2.1 hash tree over leaves held in memory: leaf, head, inclusion path.
 *
 * SM3 trees use the same 0x00 and 0x01 prefixes. Pure; any number of threads. */
#ifndef ZH_PROOF_TREE_H
#define ZH_PROOF_TREE_H

#include "proof/hash.h"

#define ZH_TREE_PATH_MAX 64 /* levels of a tree with 64-bit size */

/* Leaf hash H(0x00 || entry). `hash` stands at the empty message before and after. */
void zh_tree_leaf(zh_hash *hash, const void *entry, size_t n, zh_digest *out);
/* Inner node H(0x01 || left || right). */
void zh_tree_node(zh_hash *hash, const zh_digest *left, const zh_digest *right, zh_digest *out);

/* Tree head over n leaf hashes; n == 0 gives H(""). The array is used as working space: afterwards
 * its contents are undefined. */
void zh_tree_head(zh_hash *hash, zh_digest *leaves, size_t n, zh_digest *out);

/* Inclusion path of leaf `index` (< n, asserted), from the leaf upwards. The array is used as
 * working space. Returns the number of hashes put into path. */
size_t zh_tree_path(zh_hash *hash, zh_digest *leaves, size_t n, size_t index,
                    zh_digest path[ZH_TREE_PATH_MAX]);

/* Head that the path leads to (RFC 9162 section 2.1.3.2). ZH_EINVAL: index >= n, or the path has a
 * length that no tree of n leaves gives. The caller compares the head. */
zh_rc zh_tree_climb(zh_hash *hash, const zh_digest *leaf, uint64_t index, uint64_t n,
                    const zh_digest *path, size_t path_n, zh_digest *out) ZH_MUST;

#endif
