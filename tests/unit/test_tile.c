/* Tiles: the examples of C2SP tlog-tiles, and the front and readers against trees in memory. */
#include "base/os.h"
#include "base/vec.h"
#include "proof/tile.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- names ---- */

static void paths_of_the_text(void **state)
{
    (void)state;
    /* "index 1234067 will be encoded as x001/x234/067" */
    static const struct {
        zh_tile tile;
        const char *path;
    } cases[] = {
        {{.level = 0, .index = 1234067, .width = 256}, "tile/0/x001/x234/067"},
        {{.level = 0, .index = 0, .width = 256}, "tile/0/000"},
        {{.level = 63, .index = 999, .width = 1}, "tile/63/999.p/1"},
        {{.level = 2, .index = 1000, .width = 255}, "tile/2/x001/000.p/255"},
        {{.entries = true, .index = 273, .width = 112}, "tile/entries/273.p/112"},
        {{.level = 63, .index = UINT64_MAX, .width = 100},
         "tile/63/x018/x446/x744/x073/x709/x551/615.p/100"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char path[ZH_TILE_PATH_BYTES];
        zh_tile back;
        assert_int_equal(zh_tile_path(&cases[i].tile, path), strlen(cases[i].path));
        assert_string_equal(path, cases[i].path);
        assert_int_equal(zh_tile_parse(zh_str_of(path), &back, NULL), ZH_OK);
        assert_true(back.entries == cases[i].tile.entries && back.level == cases[i].tile.level &&
                    back.index == cases[i].tile.index && back.width == cases[i].tile.width);
    }
}

static void other_spellings_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/00/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1x",
        "tile/0/000/",
        "/tile/0/000",
        "tile/entries/../000",
        "tile/-1/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x001/x018/x446/x744/x073/x709/x551/615",
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_tile tile;
        zh_err err = {0};
        assert_int_equal(zh_tile_parse(zh_str_of(bad[i]), &tile, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "tile.path");
    }
}

/* "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of
 * width 112, one full level 1 tile, one partial level 1 tile of width 17, and one partial level 2
 * tile of width 1"; "a tree of size 256 … a full level 0 tile and a partial level 1 tile of width
 * 1". */
static void tiles_of_the_text(void **state)
{
    (void)state;
    size_t full[3] = {0};
    unsigned partial[3] = {0};
    size_t bundles = 0;
    zh_tile_growth growth;
    zh_tile tile;
    for (zh_tile_growth_begin(&growth, 0, 70000); zh_tile_growth_next(&growth, &tile);) {
        assert_int_equal(tile.width, zh_tile_width(70000, tile.level, tile.index));
        if (tile.entries) {
            bundles++;
        } else if (tile.width == ZH_TILE_WIDTH) {
            full[tile.level]++;
        } else {
            partial[tile.level] = tile.width;
        }
    }
    assert_true(full[0] == 273 && full[1] == 1 && full[2] == 0 && bundles == 274);
    assert_true(partial[0] == 112 && partial[1] == 17 && partial[2] == 1);
    zh_tile_growth_begin(&growth, 0, 256);
    assert_true(zh_tile_growth_next(&growth, &tile) && tile.entries);
    assert_true(zh_tile_growth_next(&growth, &tile) && tile.width == 256 && tile.level == 0);
    assert_true(zh_tile_growth_next(&growth, &tile) && tile.width == 1 && tile.level == 1);
    assert_false(zh_tile_growth_next(&growth, &tile));
    zh_tile_growth_begin(&growth, 256, 256);
    assert_false(zh_tile_growth_next(&growth, &tile));
    assert_int_equal(zh_tile_width(UINT64_MAX, 7, 0), 255);
    assert_int_equal(zh_tile_width(UINT64_MAX, 8, 0), 0);
}

/* ---- a log in memory ---- */

struct memory {
    zh_arena *arena;
    zh_map files; /* path: zh_str* */
    size_t puts;
};

static zh_rc put(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    struct memory *memory = context;
    char path[ZH_TILE_PATH_BYTES];
    (void)err;
    zh_tile_path(tile, path);
    zh_str *file = ZH_NEW(memory->arena, zh_str);
    *file = zh_str_dup(memory->arena, bytes);
    zh_map_put(&memory->files, zh_str_dup(memory->arena, zh_str_of(path)), file);
    memory->puts++;
    return ZH_OK;
}

static zh_rc get(void *context, const zh_tile *tile, zh_arena *arena, zh_str *bytes, zh_err *err)
{
    struct memory *memory = context;
    char path[ZH_TILE_PATH_BYTES];
    (void)arena;
    zh_tile_path(tile, path);
    const zh_str *file = zh_map_get(&memory->files, zh_str_of(path));
    if (!file) {
        return zh_err_set(err, ZH_ENOTFOUND, "test.missing", "%s", path);
    }
    *bytes = *file;
    return ZH_OK;
}

static void memory_begin(struct memory *memory)
{
    *memory = (struct memory){.arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    zh_map_init(&memory->files, memory->arena);
}

static zh_str entry_of(uint64_t i, char out[64])
{
    int n = snprintf(out, 64, "entry %llu %.*s", (unsigned long long)i, (int)(i % 30),
                     "..............................");
    return (zh_str){out, i == 5 ? 0 : (size_t)n}; /* an entry may be empty */
}

static void add(zh_tile_front *front, uint64_t to, const zh_tile_sink *sink)
{
    char text[64];
    while (front->edge.size < to) {
        assert_int_equal(zh_tile_front_add(front, entry_of(front->edge.size, text), sink, NULL),
                         ZH_OK);
    }
}

/* Flushed at any sizes, exactly the tiles that the growth names are put. */
static void front_puts_what_growth_names(void **state)
{
    (void)state;
    static const uint64_t stops[] = {1, 1, 3, 255, 256, 257, 300, 511, 512, 1024, 65535, 65537};
    struct memory memory;
    zh_tile_front *front = zh_alloc(sizeof(*front));
    memory_begin(&memory);
    zh_tile_sink sink = {put, &memory};
    zh_tile_store store = {get, &memory};
    zh_tile_front_init(front, ZH_HASH_SHA256);
    for (size_t i = 0; i < ZH_COUNTOF(stops); i++) {
        zh_tile_growth growth;
        zh_tile tile;
        size_t named = 0;
        zh_tile_growth_begin(&growth, front->edge.size, stops[i]);
        memory.puts = 0;
        add(front, stops[i], &sink);
        assert_int_equal(zh_tile_front_flush(front, &sink, NULL), ZH_OK);
        for (; zh_tile_growth_next(&growth, &tile); named++) {
            zh_str bytes;
            assert_int_equal(zh_tile_get(&store, &tile, memory.arena, &bytes, NULL), ZH_OK);
        }
        assert_int_equal(memory.puts, named);
    }
    zh_tile_front_free(front);
    zh_dealloc(front);
    zh_arena_free(memory.arena);
}

static void leaves_of(zh_hash *hash, uint64_t n, zh_digest *out)
{
    char text[64];
    for (uint64_t i = 0; i < n; i++) {
        zh_str entry = entry_of(i, text);
        zh_tree_leaf(hash, entry.p, entry.n, &out[i]);
    }
}

/* Roots, proofs and entries read from tiles are those of the tree in memory; a front that is loaded
 * goes on as the one that wrote. */
static void reading_back(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 7, 256, 300, 70001};
    for (size_t s = 0; s < ZH_COUNTOF(sizes); s++) {
        for (int alg = ZH_HASH_SHA256; alg <= (sizes[s] < 1000 ? ZH_HASH_SM3 : ZH_HASH_SHA256);
             alg++) {
            uint64_t size = sizes[s];
            struct memory memory;
            zh_tile_front *front = zh_alloc(sizeof(*front));
            zh_tile_front *loaded = zh_alloc(sizeof(*loaded));
            memory_begin(&memory);
            zh_tile_sink sink = {put, &memory};
            zh_tile_store store = {get, &memory};
            zh_tile_front_init(front, (zh_hash_alg)alg);
            add(front, size, &sink);
            assert_int_equal(zh_tile_front_flush(front, &sink, NULL), ZH_OK);

            zh_digest *leaves = ZH_NEW_N(memory.arena, zh_digest, size);
            zh_digest *work = ZH_NEW_N(memory.arena, zh_digest, size);
            zh_digest root;
            zh_digest got;
            leaves_of(&front->hash, size, leaves);
            memcpy(work, leaves, size * sizeof(*work));
            zh_tree_head(&front->hash, work, size, &root);
            zh_tile_front_root(front, &got);
            assert_true(zh_digest_eq(&root, &got));

            zh_tile_nodes *nodes = zh_tile_nodes_new(memory.arena, (zh_hash_alg)alg, &store, size);
            zh_tree_source source = zh_tile_nodes_source(nodes);
            assert_int_equal(zh_tree_source_root(&front->hash, &source, size, &got, NULL), ZH_OK);
            assert_true(zh_digest_eq(&root, &got));
            for (uint64_t i = 0; i < size; i += size / 50 + 1) {
                zh_digest path[ZH_TREE_PATH_MAX];
                size_t n;
                zh_str entry;
                char text[64];
                assert_int_equal(
                    zh_tree_prove_inclusion(&front->hash, &source, i, size, path, &n, NULL), ZH_OK);
                assert_int_equal(zh_tree_check_inclusion(&front->hash, &leaves[i], i, size, path, n,
                                                         &root, NULL),
                                 ZH_OK);
                assert_int_equal(zh_tile_entry(&store, size, i, memory.arena, &entry, NULL), ZH_OK);
                assert_true(zh_str_eq(entry, entry_of(i, text)));
            }
            zh_str none;
            assert_int_equal(zh_tile_entry(&store, size, size, memory.arena, &none, NULL),
                             ZH_EINVAL);

            zh_tile_front_init(loaded, (zh_hash_alg)alg);
            assert_int_equal(zh_tile_front_load(loaded, &store, size, NULL), ZH_OK);
            assert_int_equal(loaded->edge.size, size);
            add(front, size + 300, &sink);
            add(loaded, size + 300, &sink);
            zh_tile_front_root(front, &root);
            zh_tile_front_root(loaded, &got);
            assert_true(zh_digest_eq(&root, &got));
            assert_true(zh_str_eq(zh_buf_view(&front->bundle), zh_buf_view(&loaded->bundle)));
            zh_tile_front_free(front);
            zh_tile_front_free(loaded);
            zh_dealloc(front);
            zh_dealloc(loaded);
            zh_arena_free(memory.arena);
        }
    }
}

static void change(struct memory *memory, const char *path, zh_str bytes)
{
    zh_str *file = ZH_NEW(memory->arena, zh_str);
    *file = bytes;
    zh_map_put(&memory->files, zh_str_of(path), file);
}

static void torn_tiles_are_found(void **state)
{
    (void)state;
    struct memory memory;
    zh_tile_front *front = zh_alloc(sizeof(*front));
    memory_begin(&memory);
    zh_tile_sink sink = {put, &memory};
    zh_tile_store store = {get, &memory};
    zh_tile_front_init(front, ZH_HASH_SHA256);
    add(front, 300, &sink);
    assert_int_equal(zh_tile_front_flush(front, &sink, NULL), ZH_OK);
    static const zh_tile tiles[] = {{.index = 1, .width = 44},
                                    {.index = 0, .width = 256},
                                    {.entries = true, .index = 1, .width = 44},
                                    {.entries = true, .index = 0, .width = 256}};
    for (size_t i = 0; i < ZH_COUNTOF(tiles); i++) {
        char path[ZH_TILE_PATH_BYTES];
        zh_str whole;
        zh_str bytes;
        zh_err err = {0};
        zh_tile_path(&tiles[i], path);
        assert_int_equal(get(&memory, &tiles[i], NULL, &whole, NULL), ZH_OK);
        change(&memory, path, zh_str_sub(whole, 0, whole.n - 1));
        assert_int_equal(zh_tile_get(&store, &tiles[i], memory.arena, &bytes, &err), ZH_ECORRUPT);
        assert_string_equal(err.rule, "tile.bytes");
        assert_string_equal(err.where, path);
        change(&memory, path, ZH_STR_NONE);
        assert_int_equal(zh_tile_get(&store, &tiles[i], memory.arena, &bytes, NULL), ZH_ECORRUPT);
        change(&memory, path, whole);
        assert_int_equal(zh_tile_get(&store, &tiles[i], memory.arena, &bytes, NULL), ZH_OK);
    }
    /* Front and nodes pass the error on. */
    change(&memory, "tile/0/001.p/44", ZH_STR("x"));
    assert_int_equal(zh_tile_front_load(front, &store, 300, NULL), ZH_ECORRUPT);
    zh_tree_source source =
        zh_tile_nodes_source(zh_tile_nodes_new(memory.arena, ZH_HASH_SHA256, &store, 300));
    zh_digest digest;
    assert_int_equal(source.read(source.context, 0, 299, &digest, NULL), ZH_ECORRUPT);
    zh_tile_front_free(front);
    zh_dealloc(front);
    zh_arena_free(memory.arena);
}

static void entries_have_a_cap(void **state)
{
    (void)state;
    struct memory memory;
    zh_tile_front *front = zh_alloc(sizeof(*front));
    char *large = zh_alloc(ZH_ENTRY_BYTES_MAX + 1);
    zh_err err = {0};
    memory_begin(&memory);
    zh_tile_sink sink = {put, &memory};
    memset(large, 'x', ZH_ENTRY_BYTES_MAX + 1);
    zh_tile_front_init(front, ZH_HASH_SHA256);
    zh_str entry = {large, ZH_ENTRY_BYTES_MAX + 1};
    assert_int_equal(zh_tile_front_add(front, entry, &sink, &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "tile.entry.size");
    assert_int_equal(front->edge.size, 0);
    entry.n--;
    for (int i = 0; i < 256; i++) { /* the largest bundle there can be */
        assert_int_equal(zh_tile_front_add(front, entry, &sink, NULL), ZH_OK);
    }
    zh_tile_store store = {get, &memory};
    zh_str back;
    assert_int_equal(zh_tile_entry(&store, 256, 255, memory.arena, &back, NULL), ZH_OK);
    assert_true(zh_str_eq(back, entry));
    zh_tile_front_free(front);
    zh_dealloc(front);
    zh_dealloc(large);
    zh_arena_free(memory.arena);
}

static void bundles_cut_short(void **state)
{
    (void)state;
    static const char bytes[] = "\0\3abc\0\0\0\5wxyz";
    zh_str rest = {bytes, 5};
    zh_str entry;
    zh_err err = {0};
    assert_int_equal(zh_bundle_next(&rest, &entry, &err), ZH_OK);
    assert_true(zh_str_is(entry, "abc") && rest.n == 0);
    assert_int_equal(zh_bundle_next(&rest, &entry, &err), ZH_ENOTFOUND);
    assert_int_equal(err.rc, ZH_OK);
    rest = (zh_str){bytes + 5, 8};
    assert_int_equal(zh_bundle_next(&rest, &entry, &err), ZH_OK);
    assert_int_equal(entry.n, 0);
    assert_int_equal(zh_bundle_next(&rest, &entry, &err), ZH_ECORRUPT);
    assert_string_equal(err.rule, "bundle.bytes");
    rest = (zh_str){bytes, 1};
    assert_int_equal(zh_bundle_next(&rest, &entry, NULL), ZH_ECORRUPT);
}

/* ---- files ---- */

static void directory(void **state)
{
    (void)state;
    char root[SCRATCH_BYTES];
    scratch_folder(root);
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_tile_front *front = zh_alloc(sizeof(*front));
    zh_tile_sink sink = zh_tile_directory_sink(root);
    zh_tile_store store = zh_tile_directory(root);
    zh_err err = {0};
    zh_str bytes;
    zh_tile_front_init(front, ZH_HASH_SHA256);
    add(front, 200, &sink);
    assert_int_equal(zh_tile_front_flush(front, &sink, &err), ZH_OK);
    add(front, 257, &sink);
    assert_int_equal(zh_tile_front_flush(front, &sink, &err), ZH_OK);

    /* A partial tile that was deleted is read out of the full one; without either it is missing. */
    zh_tile partial = {.index = 0, .width = 200};
    assert_int_equal(remove(zh_str_fmt(arena, "%s/tile/0/000.p/200", root).p), 0);
    assert_int_equal(zh_tile_get(&store, &partial, arena, &bytes, &err), ZH_OK);
    assert_int_equal(bytes.n, 200 * 32);
    partial.index = 9;
    assert_int_equal(zh_tile_get(&store, &partial, arena, &bytes, &err), ZH_ENOTFOUND);
    assert_non_null(strstr(err.where, "tile/0/009.p/200"));
    zh_err_clear(&err);

    /* A full tile is written again if equal, and never changed. */
    zh_tile full = {.index = 0, .width = 256};
    zh_str there;
    assert_int_equal(zh_tile_get(&store, &full, arena, &there, &err), ZH_OK);
    assert_int_equal(sink.put(sink.context, &full, there, &err), ZH_OK);
    char *other = ZH_NEW_N(arena, char, there.n);
    memcpy(other, there.p, there.n);
    other[100] ^= 1;
    assert_int_equal(sink.put(sink.context, &full, (zh_str){other, there.n}, &err), ZH_ECORRUPT);
    assert_string_equal(err.rule, "tile.changed");

    zh_tile_front_free(front);
    zh_dealloc(front);
    const char *remove_all = zh_str_fmt(arena, "%s", root).p;
    static const char *const files[] = {"tile/0/000",
                                        "tile/0/001.p/1",
                                        "tile/0/001.p",
                                        "tile/0/000.p",
                                        "tile/1/000.p/1",
                                        "tile/1/000.p",
                                        "tile/entries/000",
                                        "tile/entries/001.p/1",
                                        "tile/entries/001.p",
                                        "tile/entries/000.p/200",
                                        "tile/entries/000.p",
                                        "tile/entries",
                                        "tile/0",
                                        "tile/1",
                                        "tile"};
    for (size_t i = 0; i < ZH_COUNTOF(files); i++) {
        assert_int_equal(remove(zh_str_fmt(arena, "%s/%s", remove_all, files[i]).p), 0);
    }
    assert_int_equal(rmdir(root), 0);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_the_text),  cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(tiles_of_the_text),  cmocka_unit_test(front_puts_what_growth_names),
        cmocka_unit_test(reading_back),       cmocka_unit_test(torn_tiles_are_found),
        cmocka_unit_test(entries_have_a_cap), cmocka_unit_test(bundles_cut_short),
        cmocka_unit_test(directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
