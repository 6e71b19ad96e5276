/* Tile paths, bundles and tiles: a path has one spelling; a log written from any entries is read
 * back entry by entry, and with any file of it damaged is either read the same or refused. */
// covers: src/proof/tile.c
#include "base/vec.h"
#include "proof/tile.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct files {
    zh_arena *arena;
    zh_map map;
    size_t damage; /* 0: none; else every file loses its last bytes */
};

static zh_rc put(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    struct files *files = context;
    char path[ZH_TILE_PATH_BYTES];
    (void)err;
    zh_tile_path(tile, path);
    zh_str *copy = ZH_NEW(files->arena, zh_str);
    *copy = zh_str_dup(files->arena, bytes);
    zh_map_put(&files->map, zh_str_dup(files->arena, zh_str_of(path)), copy);
    return ZH_OK;
}

static zh_rc get(void *context, const zh_tile *tile, zh_arena *arena, zh_str *bytes, zh_err *err)
{
    struct files *files = context;
    char path[ZH_TILE_PATH_BYTES];
    (void)arena;
    zh_tile_path(tile, path);
    const zh_str *file = zh_map_get(&files->map, zh_str_of(path));
    if (!file) {
        return zh_err_set(err, ZH_ENOTFOUND, "fuzz.missing", "-");
    }
    *bytes = zh_str_sub(*file, 0, files->damage < file->n ? file->n - files->damage : 0);
    return ZH_OK;
}

static void check_path(zh_str text)
{
    zh_tile tile;
    char path[ZH_TILE_PATH_BYTES];
    zh_err err = {0};
    if (zh_tile_parse(text, &tile, &err) == ZH_OK) {
        zh_tile_path(&tile, path);
        zh_assert(zh_str_is(text, path));
    } else {
        zh_assert(err.message[0] != '\0');
    }
}

static void check_bundle(zh_str text)
{
    zh_buf again;
    zh_str rest = text;
    zh_str entry;
    zh_buf_init(&again, text.n + 1);
    while (zh_bundle_next(&rest, &entry, NULL) == ZH_OK) {
        zh_assert(zh_bundle_add(&again, entry, NULL) == ZH_OK);
    }
    zh_assert(zh_str_starts(text, zh_buf_view(&again)));
    zh_buf_free(&again);
}

/* The bytes cut into entries by their own values, as often as it takes to fill tiles. */
static void check_log(zh_str text, struct files *files)
{
    zh_tile_sink sink = {put, files};
    zh_tile_store store = {get, files};
    zh_tile_front *front = zh_alloc(sizeof(*front));
    zh_tile_front *loaded = zh_alloc(sizeof(*loaded));
    uint64_t want = text.n > 1 ? ((uint64_t)(uint8_t)text.p[0] << 2 | (uint8_t)text.p[1] >> 6) : 3;
    zh_tile_front_init(front, ZH_HASH_SHA256);
    for (uint64_t i = 0; i < want; i++) {
        size_t at = text.n > 0 ? (size_t)(i * 7 % text.n) : 0;
        zh_str entry = zh_str_sub(text, at, i % 19);
        zh_assert(zh_tile_front_add(front, entry, &sink, NULL) == ZH_OK);
        if (text.n > 0 && (uint8_t)text.p[at] == i % 256) {
            zh_assert(zh_tile_front_flush(front, &sink, NULL) == ZH_OK);
        }
    }
    zh_assert(zh_tile_front_flush(front, &sink, NULL) == ZH_OK);
    zh_digest root;
    zh_digest got;
    zh_tile_front_root(front, &root);
    zh_tree_source source =
        zh_tile_nodes_source(zh_tile_nodes_new(files->arena, ZH_HASH_SHA256, &store, want));
    zh_assert(zh_tree_source_root(&front->hash, &source, want, &got, NULL) == ZH_OK &&
              zh_digest_eq(&root, &got));
    zh_tile_front_init(loaded, ZH_HASH_SHA256);
    zh_assert(zh_tile_front_load(loaded, &store, want, NULL) == ZH_OK);
    zh_tile_front_root(loaded, &got);
    zh_assert(zh_digest_eq(&root, &got));
    for (uint64_t i = 0; i < want; i += want / 3 + 1) {
        zh_str entry;
        zh_assert(zh_tile_entry(&store, want, i, files->arena, &entry, NULL) == ZH_OK);
        zh_assert(entry.n <= 18);
    }
    zh_tile tile;
    zh_tile_growth growth;
    for (zh_tile_growth_begin(&growth, want / 2, want); zh_tile_growth_next(&growth, &tile);) {
        zh_str bytes;
        zh_assert(zh_tile_get(&store, &tile, files->arena, &bytes, NULL) == ZH_OK);
        files->damage = 1 + want % 40;
        zh_rc rc = zh_tile_get(&store, &tile, files->arena, &bytes, NULL);
        zh_assert(rc == ZH_ECORRUPT || tile.entries); /* a bundle may lose whole empty entries */
        files->damage = 0;
    }
    zh_tile_front_free(front);
    zh_tile_front_free(loaded);
    zh_dealloc(front);
    zh_dealloc(loaded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str text = {(const char *)data, size};
    struct files files = {.arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    zh_map_init(&files.map, files.arena);
    check_path(text);
    check_bundle(text);
    check_log(text, &files);
    zh_arena_free(files.arena);
    return 0;
}
