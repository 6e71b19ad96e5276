/* RFC 6962 trees. In memory the head is computed level by level: neighbours are joined, and a last
 * node without neighbour rises unchanged, which is the split at the largest power of two that the
 * RFC defines. Over stored nodes a proof is the neighbours on the way up; only the one at the right
 * end can be incomplete, and is put together from complete ones. */
#include "proof/tree.h"
#include <string.h>

#define LEAF_SHORT 128

void zh_tree_leaf(zh_hash *hash, const void *entry, size_t n, zh_digest *out)
{
    uint8_t message[1 + LEAF_SHORT];
    message[0] = 0;
    if (n > 0 &&
        n <= LEAF_SHORT) { /* the entries of this house: one call of the library, not two */
        memcpy(message + 1, entry, n);
        zh_hash_add(hash, message, 1 + n);
    } else {
        zh_hash_add(hash, message, 1);
        zh_hash_add(hash, entry, n);
    }
    zh_hash_end(hash, out);
}

void zh_tree_node(zh_hash *hash, const zh_digest *left, const zh_digest *right, zh_digest *out)
{
    uint8_t message[1 + 2 * ZH_DIGEST_BYTES];
    message[0] = 1;
    memcpy(message + 1, left->b, ZH_DIGEST_BYTES);
    memcpy(message + 1 + ZH_DIGEST_BYTES, right->b, ZH_DIGEST_BYTES);
    zh_hash_add(hash, message, sizeof(message));
    zh_hash_end(hash, out);
}

/* Replaces one level by the next higher one; returns its size. */
static size_t rise(zh_hash *hash, zh_digest *level, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        zh_tree_node(hash, &level[i], &level[i + 1], &level[i / 2]);
    }
    if (n % 2 == 1) {
        level[n / 2] = level[n - 1];
    }
    return n / 2 + n % 2;
}

void zh_tree_head(zh_hash *hash, zh_digest *leaves, size_t n, zh_digest *out)
{
    if (n == 0) {
        zh_hash_end(hash, out);
        return;
    }
    while (n > 1) {
        n = rise(hash, leaves, n);
    }
    *out = leaves[0];
}

size_t zh_tree_path(zh_hash *hash, zh_digest *leaves, size_t n, size_t index,
                    zh_digest path[ZH_TREE_PATH_MAX])
{
    zh_assert(index < n);
    size_t path_n = 0;
    while (n > 1) {
        size_t neighbour = index ^ 1;
        if (neighbour < n) {
            path[path_n++] = leaves[neighbour];
        }
        n = rise(hash, leaves, n);
        index /= 2;
    }
    return path_n;
}

zh_rc zh_tree_climb(zh_hash *hash, const zh_digest *leaf, uint64_t index, uint64_t n,
                    const zh_digest *path, size_t path_n, zh_digest *out)
{
    if (index >= n) {
        return ZH_EINVAL;
    }
    uint64_t last = n - 1;
    size_t used = 0;
    *out = *leaf;
    for (; last > 0; index /= 2, last /= 2) {
        if (index % 2 == 0 && index == last) {
            continue; /* no neighbour: it rises unchanged */
        }
        if (used == path_n) {
            return ZH_EINVAL;
        }
        zh_digest below = *out;
        if (index % 2 == 1) {
            zh_tree_node(hash, &path[used++], &below, out);
        } else {
            zh_tree_node(hash, &below, &path[used++], out);
        }
    }
    return used == path_n ? ZH_OK : ZH_EINVAL;
}

/* ---- a tree that grows ---- */

void zh_tree_edge_add(zh_hash *hash, zh_tree_edge *edge, const zh_digest *leaf)
{
    zh_assert(edge->size < UINT64_MAX);
    zh_digest node = *leaf;
    unsigned level = 0;
    for (; edge->size >> level & 1; level++) {
        zh_tree_node(hash, &edge->node[level], &node, &node);
    }
    edge->node[level] = node;
    edge->size++;
}

void zh_tree_edge_root(zh_hash *hash, const zh_tree_edge *edge, zh_digest *root)
{
    if (edge->size == 0) {
        zh_hash_end(hash, root);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(edge->size);
    *root = edge->node[level];
    while (++level < ZH_TREE_PATH_MAX) {
        if (edge->size >> level & 1) {
            zh_tree_node(hash, &edge->node[level], root, root);
        }
    }
}

/* ---- stored nodes ---- */

zh_rc zh_tree_edge_load(const zh_tree_source *source, uint64_t size, zh_tree_edge *out, zh_err *err)
{
    memset(out, 0, sizeof(*out));
    out->size = size;
    zh_rc rc = ZH_OK;
    for (unsigned level = 0; level < ZH_TREE_PATH_MAX && rc == ZH_OK; level++) {
        if (size >> level & 1) {
            rc = source->read(source->context, level, (size >> level) - 1, &out->node[level], err);
        }
    }
    return rc;
}

zh_rc zh_tree_source_root(zh_hash *hash, const zh_tree_source *source, uint64_t size,
                          zh_digest *root, zh_err *err)
{
    zh_tree_edge edge;
    zh_rc rc = zh_tree_edge_load(source, size, &edge, err);
    if (rc == ZH_OK) {
        zh_tree_edge_root(hash, &edge, root);
    }
    return rc;
}

/* Root of the incomplete subtree of 2^level leaves at the right end of the tree of `size` leaves.
 * Its complete parts are those that the low bits of size name. */
static zh_rc ragged_root(zh_hash *hash, const zh_tree_source *source, unsigned level, uint64_t size,
                         zh_digest *root, zh_err *err)
{
    zh_rc rc = ZH_OK;
    bool begun = false;
    for (unsigned k = 0; k < level && rc == ZH_OK; k++) {
        if ((size >> k & 1) == 0) {
            continue;
        }
        zh_digest part;
        rc = source->read(source->context, k, (size >> k) - 1, &part, err);
        if (rc == ZH_OK && begun) {
            zh_tree_node(hash, &part, root, root);
        } else if (rc == ZH_OK) {
            *root = part;
            begun = true;
        }
    }
    return rc;
}

/* The neighbours of node `index` of `level` and of its ancestors, upwards: appended to path. */
static zh_rc neighbours(zh_hash *hash, const zh_tree_source *source, unsigned level, uint64_t index,
                        uint64_t size, zh_digest *path, size_t *path_n, zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (; level < ZH_TREE_PATH_MAX && (size - 1) >> level > 0 && rc == ZH_OK; level++) {
        uint64_t neighbour = index ^ 1;
        if (neighbour < size >> level) {
            rc = source->read(source->context, level, neighbour, &path[(*path_n)++], err);
        } else if (neighbour == (size - 1) >> level) {
            rc = ragged_root(hash, source, level, size, &path[(*path_n)++], err);
        }
        index /= 2;
    }
    return rc;
}

zh_rc zh_tree_prove_inclusion(zh_hash *hash, const zh_tree_source *source, uint64_t index,
                              uint64_t size, zh_digest path[ZH_TREE_PATH_MAX], size_t *path_n,
                              zh_err *err)
{
    *path_n = 0;
    if (index >= size) {
        return zh_err_set(err, ZH_EINVAL, "tree.index.range",
                          "存证位置 %llu 不在大小为 %llu 的日志中(位置从 0 起)",
                          (unsigned long long)index, (unsigned long long)size);
    }
    return neighbours(hash, source, 0, index, size, path, path_n, err);
}

zh_rc zh_tree_prove_consistency(zh_hash *hash, const zh_tree_source *source, uint64_t from,
                                uint64_t to, zh_digest path[ZH_TREE_CONSISTENCY_MAX],
                                size_t *path_n, zh_err *err)
{
    *path_n = 0;
    if (from > to) {
        return zh_err_set(err, ZH_EINVAL, "tree.size.range",
                          "一致性证明的旧大小 %llu 大于新大小 %llu", (unsigned long long)from,
                          (unsigned long long)to);
    }
    if (from == 0 || from == to) {
        return ZH_OK;
    }
    /* The last complete subtree of the old tree is where both trees still agree. When it is the
     * whole old tree, its root is known and not named. */
    unsigned level = (unsigned)__builtin_ctzll(from);
    uint64_t index = (from >> level) - 1;
    if (index > 0) {
        zh_rc rc = source->read(source->context, level, index, &path[(*path_n)++], err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return neighbours(hash, source, level, index, to, path, path_n, err);
}

/* ---- checking ---- */

zh_rc zh_tree_check_inclusion(zh_hash *hash, const zh_digest *leaf, uint64_t index, uint64_t size,
                              const zh_digest *path, size_t path_n, const zh_digest *root,
                              zh_err *err)
{
    zh_digest head;
    if (zh_tree_climb(hash, leaf, index, size, path, path_n, &head) != ZH_OK ||
        !zh_digest_eq(&head, root)) {
        return zh_err_set(err, ZH_EINVAL, "tree.inclusion.mismatch",
                          "包含证明不成立：条目、位置 %llu、路径与大小为 %llu 的树根对不上",
                          (unsigned long long)index, (unsigned long long)size);
    }
    return ZH_OK;
}

/* Both roots that the proof leads to, by RFC 9162 section 2.1.4.2; false: it has a wrong length. */
static bool climb_both(zh_hash *hash, uint64_t from, const zh_digest *root_from, uint64_t to,
                       const zh_digest *path, size_t path_n, zh_digest *old, zh_digest *new)
{
    unsigned shift = (unsigned)__builtin_ctzll(from);
    uint64_t index = (from - 1) >> shift;
    uint64_t last = (to - 1) >> shift;
    size_t used = 0;
    if (index == 0) {
        *old = *root_from;
    } else if (path_n == 0) {
        return false;
    } else {
        *old = path[used++];
    }
    *new = *old;
    for (; last > 0; index /= 2, last /= 2) {
        if (index % 2 == 0 && index == last) {
            continue; /* no neighbour: it rises unchanged */
        }
        if (used == path_n) {
            return false;
        }
        const zh_digest *neighbour = &path[used++];
        if (index % 2 == 1) {
            zh_tree_node(hash, neighbour, old, old);
            zh_tree_node(hash, neighbour, new, new);
        } else {
            zh_tree_node(hash, new, neighbour, new);
        }
    }
    return used == path_n;
}

zh_rc zh_tree_check_consistency(zh_hash *hash, uint64_t from, const zh_digest *root_from,
                                uint64_t to, const zh_digest *root_to, const zh_digest *path,
                                size_t path_n, zh_err *err)
{
    bool good = false;
    if (from == to) {
        good = path_n == 0 && zh_digest_eq(root_from, root_to);
    } else if (from > 0 && from < to) {
        zh_digest old;
        zh_digest new;
        good = climb_both(hash, from, root_from, to, path, path_n, &old, &new) &&
               zh_digest_eq(&old, root_from) && zh_digest_eq(&new, root_to);
    }
    if (!good) {
        return zh_err_set(err, ZH_EINVAL, "tree.consistency.mismatch",
                          "一致性证明不成立：大小为 %llu 的日志不是大小为 %llu 的日志的延续",
                          (unsigned long long)to, (unsigned long long)from);
    }
    return ZH_OK;
}
