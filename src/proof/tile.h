/* C2SP tlog-tiles: names of tiles, the tiles that a growing log writes, entry bundles, and reading
 * proofs out of tiles.
 *
 * A tile of level l holds up to 256 hashes, each the root of 256^l leaves; a hash enters a tile of
 * the level above only when the tile below it is full. An entry bundle holds the same leaves as the
 * tile of level 0, each entry after its length in two bytes. SM3 logs use the same layout.
 * Paths are relative to the log: "tile/0/x001/234.p/17", "tile/entries/000". */
#ifndef ZH_PROOF_TILE_H
#define ZH_PROOF_TILE_H

#include "proof/tree.h"

#define ZH_TILE_WIDTH       256u
#define ZH_TILE_BYTES       ((size_t)ZH_TILE_WIDTH * ZH_DIGEST_BYTES)
#define ZH_TILE_LEVELS      8  /* levels that a tree of 64-bit size can fill */
#define ZH_TILE_LEVEL_MAX   63 /* that a path may name */
#define ZH_TILE_PATH_BYTES  64 /* longest path and its NUL */
#define ZH_ENTRY_BYTES_MAX  65535u
#define ZH_BUNDLE_BYTES_MAX ((size_t)ZH_TILE_WIDTH * (2 + ZH_ENTRY_BYTES_MAX))

typedef struct zh_tile {
    bool entries;   /* an entry bundle; level is 0 */
    unsigned level; /* 0 .. ZH_TILE_LEVEL_MAX */
    uint64_t index; /* in its level */
    unsigned width; /* 1 .. ZH_TILE_WIDTH; less than that: partial */
} zh_tile;

/* Path and NUL; returns its length. */
size_t zh_tile_path(const zh_tile *tile, char out[ZH_TILE_PATH_BYTES]);
/* The only spelling zh_tile_path writes is accepted; ZH_EINVAL (tile.path) otherwise. */
zh_rc zh_tile_parse(zh_str path, zh_tile *out, zh_err *err) ZH_MUST;
/* How many hashes tile `index` of `level` has in a tree of `size` leaves: 0 (no such tile) ..
 * ZH_TILE_WIDTH. */
unsigned zh_tile_width(uint64_t size, unsigned level, uint64_t index);

/* ---- which tiles a growth writes ------------------------------------------------------------ */

/* Every tile and bundle of the tree of `to` leaves that the tree of `from` leaves does not have,
 * level by level, each full before partial; the bundle before its tile of level 0. Begin with
 * zh_tile_growth_begin (from <= to, asserted). With from = 0: the whole log. */
typedef struct zh_tile_growth {
    uint64_t from, to;
    unsigned level;
    uint64_t index;
    bool bundle_given;
} zh_tile_growth;

void zh_tile_growth_begin(zh_tile_growth *growth, uint64_t from, uint64_t to);
bool zh_tile_growth_next(zh_tile_growth *growth, zh_tile *out);

/* ---- writing: the front of a growing log ---------------------------------------------------- */

/* Receives one tile or bundle. Called once with every full one; with the partial ones at
 * zh_tile_front_flush. `bytes` lives during the call. An error of it is passed on. */
typedef struct zh_tile_sink {
    zh_rc (*put)(void *context, const zh_tile *tile, zh_str bytes, zh_err *err);
    void *context;
} zh_tile_sink;

/* The right-most tile of every level and the right-most bundle: all that appending needs. 64 KiB
 * and the bundle; make it with zh_tile_front_init, release with zh_tile_front_free. */
typedef struct zh_tile_front {
    zh_hash hash;
    zh_tree_edge edge; /* edge.size: entries so far */
    uint64_t flushed;  /* size at the last flush */
    zh_digest tile[ZH_TILE_LEVELS][ZH_TILE_WIDTH];
    zh_buf bundle;
} zh_tile_front;

void zh_tile_front_init(zh_tile_front *front, zh_hash_alg alg);
void zh_tile_front_free(zh_tile_front *front);
/* Appends an entry. A tile or bundle that becomes full is put at once. ZH_ELIMIT (tile.entry.size):
 * more than ZH_ENTRY_BYTES_MAX. After an error of the sink the front has the entry, but the sink
 * lacks tiles: throw the front away and load it again. */
zh_rc zh_tile_front_add(zh_tile_front *front, zh_str entry, const zh_tile_sink *sink,
                        zh_err *err) ZH_MUST;
/* Puts the partial tiles and the partial bundle of the present size, those that changed since the
 * last flush only: to be done before a checkpoint of this size is published. */
zh_rc zh_tile_front_flush(zh_tile_front *front, const zh_tile_sink *sink, zh_err *err) ZH_MUST;
void zh_tile_front_root(zh_tile_front *front, zh_digest *root);

/* ---- reading -------------------------------------------------------------------------------- */

/* Gives the bytes of a tile or bundle into the arena. For a partial one the full one may be given
 * when only that is left (tlog-tiles, "Partial Tiles"): zh_tile_get cuts it. ZH_ENOTFOUND: there is
 * neither. */
typedef struct zh_tile_store {
    zh_rc (*get)(void *context, const zh_tile *tile, zh_arena *arena, zh_str *bytes, zh_err *err);
    void *context;
} zh_tile_store;

/* One tile, of exactly its width. ZH_ECORRUPT (tile.bytes): the stored one is too short, or not a
 * whole number of hashes or entries; else the store's errors. */
zh_rc zh_tile_get(const zh_tile_store *store, const zh_tile *tile, zh_arena *arena, zh_str *bytes,
                  zh_err *err) ZH_MUST;
/* Front of a log of `size` entries: reads its right-most tiles and bundle. Nothing is compared with
 * a signed root: the caller does that with zh_tile_front_root. `front` has been initialised. */
zh_rc zh_tile_front_load(zh_tile_front *front, const zh_tile_store *store, uint64_t size,
                         zh_err *err) ZH_MUST;

/* Nodes of a tree of `size` leaves, from tiles; what zh_tree_prove_* and zh_tree_source_root ask.
 * Keeps the tiles last used, with the nodes between their hashes: a proof out of kept tiles is
 * copying, one out of a new tile costs its 255 hashes. Does not prove that the tiles agree with
 * each other: whoever needs that compares the root. */
typedef struct zh_tile_nodes zh_tile_nodes;

#define ZH_TILE_NODES_KEPT     64u    /* tiles of level 0, 16 KiB each; enough for one walk */
#define ZH_TILE_NODES_KEPT_MAX 65536u /* 1 GiB */

/* Lives in the arena. `store` is copied. One thread. */
zh_tile_nodes *zh_tile_nodes_new(zh_arena *arena, zh_hash_alg alg, const zh_tile_store *store,
                                 uint64_t size);
/* The same, keeping up to `tiles` tiles of level 0 (1 .. ZH_TILE_NODES_KEPT_MAX, asserted) for many
 * proofs all over a log: 4,096 hold all of a million entries, in 64 MiB of the arena. */
zh_tile_nodes *zh_tile_nodes_new_large(zh_arena *arena, zh_hash_alg alg, const zh_tile_store *store,
                                       uint64_t size, size_t tiles);
zh_tree_source zh_tile_nodes_source(zh_tile_nodes *nodes);
/* Entry `index` (< size) from its bundle, into the arena. ZH_EINVAL (tree.index.range). */
zh_rc zh_tile_entry(const zh_tile_store *store, uint64_t size, uint64_t index, zh_arena *arena,
                    zh_str *entry, zh_err *err) ZH_MUST;

/* ---- entry bundles -------------------------------------------------------------------------- */

/* Cuts the first entry off *rest. ZH_ENOTFOUND at the end (nothing is recorded in err), ZH_ECORRUPT
 * (bundle.bytes) when cut short. Borrows from rest. */
zh_rc zh_bundle_next(zh_str *rest, zh_str *entry, zh_err *err) ZH_MUST;
/* Appends an entry with its length. ZH_ELIMIT (tile.entry.size). */
zh_rc zh_bundle_add(zh_buf *bundle, zh_str entry, zh_err *err) ZH_MUST;

/* ---- a log as a directory of files ---------------------------------------------------------- */

/* A store over DIR/tile/…; context is the directory's path, NUL-terminated. */
zh_tile_store zh_tile_directory(const char *path);
/* A sink that writes DIR/tile/… by temporary file, fsync and rename, making directories as needed.
 * Rewriting an equal file is harmless; a full tile that exists with other bytes is refused with
 * ZH_ECORRUPT (tile.changed). context as above. */
zh_tile_sink zh_tile_directory_sink(const char *path);

#endif
