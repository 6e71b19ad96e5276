/* Tiles of a log: names, growth, the front that writes them, and reading nodes and entries back. */
#include "proof/tile.h"
#include <stdio.h>
#include <string.h>

#define SHIFT(level) (8u * (level))

/* ---- names ---- */

size_t zh_tile_path(const zh_tile *tile, char out[ZH_TILE_PATH_BYTES])
{
    zh_assert(tile->level <= ZH_TILE_LEVEL_MAX && tile->width >= 1 &&
              tile->width <= ZH_TILE_WIDTH && !(tile->entries && tile->level > 0));
    int n = tile->entries ? snprintf(out, ZH_TILE_PATH_BYTES, "tile/entries")
                          : snprintf(out, ZH_TILE_PATH_BYTES, "tile/%u", tile->level);
    unsigned group[7]; /* thousands, the lowest first: 2^64 has seven */
    size_t groups = 0;
    uint64_t rest = tile->index;
    do {
        group[groups++] = (unsigned)(rest % 1000);
        rest /= 1000;
    } while (rest > 0);
    while (groups > 0) {
        groups--;
        n += snprintf(out + n, ZH_TILE_PATH_BYTES - (size_t)n, groups > 0 ? "/x%03u" : "/%03u",
                      group[groups]);
    }
    if (tile->width < ZH_TILE_WIDTH) {
        n += snprintf(out + n, ZH_TILE_PATH_BYTES - (size_t)n, ".p/%u", tile->width);
    }
    return (size_t)n;
}

/* Digits at the start of *rest, at most `most`; false when there are none. */
static bool take_digits(zh_str *rest, size_t most, unsigned *out)
{
    size_t n = 0;
    *out = 0;
    while (n < rest->n && n < most && rest->p[n] >= '0' && rest->p[n] <= '9') {
        *out = *out * 10 + (unsigned)(rest->p[n] - '0');
        n++;
    }
    *rest = zh_str_sub(*rest, n, rest->n);
    return n > 0;
}

static bool take(zh_str *rest, const char *word)
{
    zh_str expected = zh_str_of(word);
    if (!zh_str_starts(*rest, expected)) {
        return false;
    }
    *rest = zh_str_sub(*rest, expected.n, rest->n);
    return true;
}

/* A path that names a tile, in any spelling. */
static bool read_path(zh_str rest, zh_tile *out)
{
    *out = (zh_tile){.width = ZH_TILE_WIDTH};
    if (!take(&rest, "tile/")) {
        return false;
    }
    out->entries = take(&rest, "entries");
    if (!out->entries && !take_digits(&rest, 2, &out->level)) {
        return false;
    }
    for (bool more = true; more;) {
        unsigned group;
        if (!take(&rest, "/")) {
            return false;
        }
        more = take(&rest, "x");
        if (!take_digits(&rest, 3, &group) || out->index > (UINT64_MAX - group) / 1000) {
            return false;
        }
        out->index = out->index * 1000 + group;
    }
    if (take(&rest, ".p/") && !take_digits(&rest, 3, &out->width)) {
        return false;
    }
    return rest.n == 0 && out->level <= ZH_TILE_LEVEL_MAX && out->width >= 1 &&
           out->width <= ZH_TILE_WIDTH;
}

zh_rc zh_tile_parse(zh_str path, zh_tile *out, zh_err *err)
{
    char again[ZH_TILE_PATH_BYTES];
    if (path.n < ZH_TILE_PATH_BYTES && read_path(path, out)) {
        zh_tile_path(out, again);
        if (zh_str_is(path, again)) {
            return ZH_OK;
        }
    }
    zh_err_set(err, ZH_EINVAL, "tile.path", "不是存证日志瓦片的路径");
    zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(path, 0, 80)));
    zh_err_fix(err, "形如 tile/0/x001/234 或 tile/entries/000.p/17(C2SP tlog-tiles)");
    return ZH_EINVAL;
}

unsigned zh_tile_width(uint64_t size, unsigned level, uint64_t index)
{
    uint64_t hashes = level < ZH_TILE_LEVELS ? size >> SHIFT(level) : 0;
    if (index < hashes / ZH_TILE_WIDTH) {
        return ZH_TILE_WIDTH;
    }
    return index == hashes / ZH_TILE_WIDTH ? (unsigned)(hashes % ZH_TILE_WIDTH) : 0;
}

/* ---- growth ---- */

void zh_tile_growth_begin(zh_tile_growth *growth, uint64_t from, uint64_t to)
{
    zh_assert(from <= to);
    *growth = (zh_tile_growth){.from = from, .to = to, .index = from / ZH_TILE_WIDTH};
}

bool zh_tile_growth_next(zh_tile_growth *growth, zh_tile *out)
{
    while (growth->level < ZH_TILE_LEVELS &&
           growth->from >> SHIFT(growth->level) != growth->to >> SHIFT(growth->level)) {
        unsigned width = zh_tile_width(growth->to, growth->level, growth->index);
        if (width == 0) {
            growth->level++;
            if (growth->level < ZH_TILE_LEVELS) {
                growth->index = (growth->from >> SHIFT(growth->level)) / ZH_TILE_WIDTH;
            }
            continue;
        }
        *out = (zh_tile){.level = growth->level, .index = growth->index, .width = width};
        if (growth->level == 0 && !growth->bundle_given) {
            out->entries = true;
            growth->bundle_given = true;
        } else {
            growth->bundle_given = false;
            growth->index++;
        }
        return true;
    }
    return false;
}

/* ---- the front ---- */

void zh_tile_front_init(zh_tile_front *front, zh_hash_alg alg)
{
    zh_hash_begin(&front->hash, alg);
    memset(&front->edge, 0, sizeof(front->edge));
    front->flushed = 0;
    zh_buf_init(&front->bundle, ZH_BUNDLE_BYTES_MAX);
}

void zh_tile_front_free(zh_tile_front *front)
{
    zh_hash_release(&front->hash);
    zh_buf_free(&front->bundle);
}

static zh_rc put_tile(zh_tile_front *front, const zh_tile_sink *sink, const zh_tile *tile,
                      zh_err *err)
{
    zh_str bytes = tile->entries ? zh_buf_view(&front->bundle)
                                 : (zh_str){(const char *)front->tile[tile->level],
                                            (size_t)tile->width * ZH_DIGEST_BYTES};
    return sink->put(sink->context, tile, bytes, err);
}

/* As zh_tree_edge_add, and every node of a tile's level is kept in its tile on the way up. */
static void rise(zh_tile_front *front, const zh_digest *leaf)
{
    zh_tree_edge *edge = &front->edge;
    zh_assert(edge->size < UINT64_MAX);
    zh_digest node = *leaf;
    unsigned level = 0;
    for (;; level++) {
        if (level % 8 == 0) {
            front->tile[level / 8][(edge->size >> level) % ZH_TILE_WIDTH] = node;
        }
        if ((edge->size >> level & 1) == 0) {
            break;
        }
        zh_tree_node(&front->hash, &edge->node[level], &node, &node);
    }
    edge->node[level] = node;
    edge->size++;
}

zh_rc zh_tile_front_add(zh_tile_front *front, zh_str entry, const zh_tile_sink *sink, zh_err *err)
{
    zh_rc rc = zh_bundle_add(&front->bundle, entry, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_digest leaf;
    zh_tree_leaf(&front->hash, entry.p, entry.n, &leaf);
    rise(front, &leaf);
    uint64_t size = front->edge.size;
    if (size % ZH_TILE_WIDTH != 0) {
        return ZH_OK;
    }
    zh_tile tile = {.entries = true, .index = size / ZH_TILE_WIDTH - 1, .width = ZH_TILE_WIDTH};
    rc = put_tile(front, sink, &tile, err);
    zh_buf_clear(&front->bundle);
    tile.entries = false;
    for (; rc == ZH_OK && tile.level < ZH_TILE_LEVELS; tile.level++) {
        uint64_t hashes = size >> SHIFT(tile.level);
        if (hashes % ZH_TILE_WIDTH != 0 || hashes << SHIFT(tile.level) != size) {
            break;
        }
        tile.index = hashes / ZH_TILE_WIDTH - 1;
        rc = put_tile(front, sink, &tile, err);
    }
    return rc;
}

zh_rc zh_tile_front_flush(zh_tile_front *front, const zh_tile_sink *sink, zh_err *err)
{
    zh_rc rc = ZH_OK;
    uint64_t size = front->edge.size;
    for (unsigned level = 0; level < ZH_TILE_LEVELS && rc == ZH_OK; level++) {
        uint64_t hashes = size >> SHIFT(level);
        zh_tile tile = {.level = level,
                        .index = hashes / ZH_TILE_WIDTH,
                        .width = (unsigned)(hashes % ZH_TILE_WIDTH)};
        if (hashes == front->flushed >> SHIFT(level)) {
            break; /* nothing changed here, nor above */
        }
        if (tile.width == 0) {
            continue;
        }
        if (level == 0) {
            tile.entries = true;
            rc = put_tile(front, sink, &tile, err);
            tile.entries = false;
        }
        if (rc == ZH_OK) {
            rc = put_tile(front, sink, &tile, err);
        }
    }
    if (rc == ZH_OK) {
        front->flushed = size;
    }
    return rc;
}

void zh_tile_front_root(zh_tile_front *front, zh_digest *root)
{
    zh_tree_edge_root(&front->hash, &front->edge, root);
}

/* ---- reading ---- */

static zh_rc tile_broken(const zh_tile *tile, zh_err *err)
{
    char path[ZH_TILE_PATH_BYTES];
    zh_tile_path(tile, path);
    zh_err_set(err, ZH_ECORRUPT, "tile.bytes", "存证日志的瓦片长度不对：被截断或改动过");
    zh_err_where(err, "%s", path);
    zh_err_fix(err, "从镜像或备份取回该文件，再运行校验");
    return ZH_ECORRUPT;
}

/* Cuts a bundle after `width` entries. A whole bundle is either that wide or full. */
static zh_rc cut_bundle(const zh_tile *tile, zh_str *bytes, zh_err *err)
{
    zh_str rest = *bytes;
    zh_str entry;
    size_t cut = 0;
    unsigned n = 0;
    zh_rc rc;
    while ((rc = zh_bundle_next(&rest, &entry, NULL)) == ZH_OK) {
        n++;
        if (n == tile->width) {
            cut = bytes->n - rest.n;
        }
    }
    if (rc == ZH_ECORRUPT || (n != tile->width && n != ZH_TILE_WIDTH)) {
        return tile_broken(tile, err);
    }
    bytes->n = cut;
    return ZH_OK;
}

zh_rc zh_tile_get(const zh_tile_store *store, const zh_tile *tile, zh_arena *arena, zh_str *bytes,
                  zh_err *err)
{
    zh_rc rc = store->get(store->context, tile, arena, bytes, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (tile->entries) {
        return cut_bundle(tile, bytes, err);
    }
    size_t expected = (size_t)tile->width * ZH_DIGEST_BYTES;
    if (bytes->n != expected && bytes->n != ZH_TILE_BYTES) {
        return tile_broken(tile, err);
    }
    bytes->n = expected;
    return ZH_OK;
}

/* Root of the 2^height hashes of a tile that begin at `from`. */
static void join(zh_hash *hash, const zh_digest *tile, size_t from, unsigned height, zh_digest *out)
{
    zh_digest work[ZH_TILE_WIDTH];
    memcpy(work, tile + from, sizeof(work[0]) << height);
    zh_tree_head(hash, work, (size_t)1 << height, out);
}

zh_rc zh_tile_front_load(zh_tile_front *front, const zh_tile_store *store, uint64_t size,
                         zh_err *err)
{
    zh_arena *arena = zh_arena_new(2 * ZH_BUNDLE_BYTES_MAX);
    zh_rc rc = ZH_OK;
    zh_str bytes;
    memset(&front->edge, 0, sizeof(front->edge));
    zh_buf_clear(&front->bundle);
    for (unsigned level = 0; level < ZH_TILE_LEVELS && rc == ZH_OK; level++) {
        uint64_t hashes = size >> SHIFT(level);
        zh_tile tile = {.level = level,
                        .index = hashes / ZH_TILE_WIDTH,
                        .width = (unsigned)(hashes % ZH_TILE_WIDTH)};
        if (tile.width == 0) {
            continue;
        }
        if (level == 0) {
            tile.entries = true;
            rc = zh_tile_get(store, &tile, arena, &bytes, err);
            tile.entries = false;
            if (rc != ZH_OK) {
                break;
            }
            zh_buf_str(&front->bundle, bytes);
        }
        rc = zh_tile_get(store, &tile, arena, &bytes, err);
        if (rc != ZH_OK) {
            break;
        }
        memcpy(front->tile[level], bytes.p, bytes.n);
        for (unsigned k = 0, from = 0; k < 8; k++) {
            unsigned height = 7 - k;
            if (tile.width >> height & 1) {
                join(&front->hash, front->tile[level], from, height,
                     &front->edge.node[SHIFT(level) + height]);
                from += 1u << height;
            }
        }
    }
    zh_arena_free(arena);
    if (rc == ZH_OK) {
        front->edge.size = size;
        front->flushed = size;
    }
    return rc;
}

/* A tile with the nodes above its hashes, as far as they are complete. */
struct kept {
    bool full; /* holds the tile */
    unsigned level;
    uint64_t index;
    zh_digest node[2 * ZH_TILE_WIDTH]; /* height h begins at HEIGHT_AT(h) */
};

#define UPPER_KEPT        64 /* tiles of higher levels */
#define HEIGHT_AT(height) (2 * ZH_TILE_WIDTH - (2 * ZH_TILE_WIDTH >> (height)))

struct zh_tile_nodes {
    zh_arena *arena;
    zh_hash hash;
    zh_tile_store store;
    uint64_t size;
    size_t slots;
    struct kept **kept; /* level 0; each tile has one slot it may be in, made when first used */
    struct kept *upper[UPPER_KEPT];
};

static void release_nodes(void *nodes)
{
    zh_hash_release(&((zh_tile_nodes *)nodes)->hash);
}

zh_tile_nodes *zh_tile_nodes_new_large(zh_arena *arena, zh_hash_alg alg, const zh_tile_store *store,
                                       uint64_t size, size_t tiles)
{
    zh_assert(tiles > 0 && tiles <= ZH_TILE_NODES_KEPT_MAX);
    zh_tile_nodes *nodes = ZH_NEW(arena, zh_tile_nodes);
    nodes->arena = arena;
    nodes->store = *store;
    nodes->size = size;
    nodes->slots = tiles;
    nodes->kept = ZH_NEW_N(arena, struct kept *, tiles);
    zh_hash_begin(&nodes->hash, alg);
    zh_arena_defer(arena, release_nodes, nodes);
    return nodes;
}

zh_tile_nodes *zh_tile_nodes_new(zh_arena *arena, zh_hash_alg alg, const zh_tile_store *store,
                                 uint64_t size)
{
    return zh_tile_nodes_new_large(arena, alg, store, size, ZH_TILE_NODES_KEPT);
}

static zh_rc keep_tile(zh_tile_nodes *nodes, const zh_tile *tile, struct kept **slot, zh_err *err)
{
    struct kept *kept = *slot ? *slot : zh_arena_try(nodes->arena, sizeof(*kept));
    if (!kept) {
        return zh_err_set(err, ZH_ENOMEM, "memory.budget", "内存不足：存证瓦片");
    }
    *slot = kept;
    zh_arena_mark mark = zh_arena_here(nodes->arena);
    zh_str bytes;
    kept->full = false;
    zh_rc rc = zh_tile_get(&nodes->store, tile, nodes->arena, &bytes, err);
    if (rc == ZH_OK) {
        memcpy(kept->node, bytes.p, bytes.n);
        for (unsigned height = 1; height < 8; height++) {
            const zh_digest *below = &kept->node[HEIGHT_AT(height - 1)];
            for (unsigned i = 0; i < tile->width >> height; i++) {
                zh_tree_node(&nodes->hash, &below[2 * i], &below[2 * i + 1],
                             &kept->node[HEIGHT_AT(height) + i]);
            }
        }
        kept->level = tile->level;
        kept->index = tile->index;
        kept->full = true;
    }
    zh_arena_rewind(nodes->arena, mark);
    return rc;
}

static zh_rc read_node(void *context, unsigned level, uint64_t index, zh_digest *out, zh_err *err)
{
    zh_tile_nodes *nodes = context;
    unsigned height = level % 8;
    uint64_t first = index << height;
    zh_tile tile = {.level = level / 8, .index = first / ZH_TILE_WIDTH};
    size_t from = (size_t)(first % ZH_TILE_WIDTH);
    tile.width = zh_tile_width(nodes->size, tile.level, tile.index);
    zh_assert(level < ZH_TREE_PATH_MAX && from + ((size_t)1 << height) <= tile.width);
    struct kept **slot = tile.level == 0
                             ? &nodes->kept[tile.index % nodes->slots]
                             : &nodes->upper[(tile.index + 17u * (tile.level - 1)) % UPPER_KEPT];
    struct kept *kept = *slot;
    if (!kept || !kept->full || kept->index != tile.index || kept->level != tile.level) {
        zh_rc rc = keep_tile(nodes, &tile, slot, err);
        if (rc != ZH_OK) {
            return rc;
        }
        kept = *slot;
    }
    *out = kept->node[HEIGHT_AT(height) + (from >> height)];
    return ZH_OK;
}

zh_tree_source zh_tile_nodes_source(zh_tile_nodes *nodes)
{
    return (zh_tree_source){read_node, nodes};
}

zh_rc zh_tile_entry(const zh_tile_store *store, uint64_t size, uint64_t index, zh_arena *arena,
                    zh_str *entry, zh_err *err)
{
    if (index >= size) {
        return zh_err_set(err, ZH_EINVAL, "tree.index.range",
                          "存证位置 %llu 不在大小为 %llu 的日志中(位置从 0 起)",
                          (unsigned long long)index, (unsigned long long)size);
    }
    zh_tile bundle = {.entries = true, .index = index / ZH_TILE_WIDTH};
    bundle.width = zh_tile_width(size, 0, bundle.index);
    zh_str rest;
    zh_rc rc = zh_tile_get(store, &bundle, arena, &rest, err);
    for (uint64_t skip = index % ZH_TILE_WIDTH + 1; skip > 0 && rc == ZH_OK; skip--) {
        rc = zh_bundle_next(&rest, entry, err);
    }
    return rc;
}

/* ---- bundles ---- */

zh_rc zh_bundle_next(zh_str *rest, zh_str *entry, zh_err *err)
{
    if (rest->n == 0) {
        return ZH_ENOTFOUND;
    }
    size_t n = 0;
    if (rest->n >= 2) {
        n = (size_t)(uint8_t)rest->p[0] << 8 | (uint8_t)rest->p[1];
    }
    if (rest->n < 2 || rest->n - 2 < n) {
        return zh_err_set(err, ZH_ECORRUPT, "bundle.bytes", "存证条目包在条目中间截断");
    }
    *entry = zh_str_sub(*rest, 2, n);
    *rest = zh_str_sub(*rest, 2 + n, rest->n);
    return ZH_OK;
}

zh_rc zh_bundle_add(zh_buf *bundle, zh_str entry, zh_err *err)
{
    if (entry.n > ZH_ENTRY_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "tile.entry.size", "存证条目有 %zu 字节，超过 %u 字节",
                          entry.n, ZH_ENTRY_BYTES_MAX);
    }
    zh_buf_u16be(bundle, (uint16_t)entry.n);
    zh_buf_str(bundle, entry);
    return bundle->failed ? zh_err_set(err, ZH_ENOMEM, "memory.budget", "内存不足：存证条目包")
                          : ZH_OK;
}
