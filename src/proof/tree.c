/* RFC 6962 trees in memory. The head is computed level by level: neighbours are joined, and a last
 * node without neighbour rises unchanged, which is the split at the largest power of two that the
 * RFC defines. */
#include "proof/tree.h"
#include <string.h>

void zh_tree_leaf(zh_hash *hash, const void *entry, size_t n, zh_digest *out)
{
    zh_hash_add(hash, "\0", 1);
    zh_hash_add(hash, entry, n);
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
