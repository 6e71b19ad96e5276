/* Vectors of the hash tree: roots and proofs, tiles, and the cases of transparency-dev/merkle. */
#include "base/os.h"
#include "proof/note.h"
#include "proof/tile.h"
#include "vectors/vectors.h"
#include <stdio.h>
#include <string.h>

#define LEAVES_MAX   1000000
#define LINE_MAX     8192
#define DIGEST_TEXTS 128 /* of one proof */

/* ---- a tree in memory, every level ---- */

struct tree {
    zh_hash hash;
    uint64_t size;
    zh_digest *level[64];
};

/* "zhiheng <set> entry <i>" and i % 97 bytes of one letter; entry 0 is empty. */
static zh_str entry_of(zh_str set, uint64_t i, char out[LINE_MAX])
{
    if (i == 0) {
        return ZH_STR_NONE;
    }
    int n = snprintf(out, LINE_MAX - 128, "zhiheng %.*s entry %llu", ZH_FMT(set),
                     (unsigned long long)i);
    memset(out + n, (int)(0x61 + i % 26), i % 97);
    return (zh_str){out, (size_t)n + i % 97};
}

static bool grow(zh_arena *arena, struct tree *tree, zh_str set, uint64_t size)
{
    char text[LINE_MAX];
    if (size > LEAVES_MAX || set.n > 1000) {
        return false;
    }
    tree->size = size;
    for (unsigned k = 0; size >> k > 0; k++) {
        tree->level[k] = ZH_TRY_N(arena, zh_digest, size >> k);
        if (!tree->level[k]) {
            return false;
        }
    }
    for (uint64_t i = 0; i < size; i++) {
        zh_str entry = entry_of(set, i, text);
        zh_tree_leaf(&tree->hash, entry.p, entry.n, &tree->level[0][i]);
    }
    for (unsigned k = 1; size >> k > 0; k++) {
        for (uint64_t i = 0; i < size >> k; i++) {
            zh_tree_node(&tree->hash, &tree->level[k - 1][2 * i], &tree->level[k - 1][2 * i + 1],
                         &tree->level[k][i]);
        }
    }
    return true;
}

static zh_rc read_node(void *context, unsigned level, uint64_t index, zh_digest *out, zh_err *err)
{
    const struct tree *tree = context;
    (void)err;
    zh_assert(index < tree->size >> level);
    *out = tree->level[level][index];
    return ZH_OK;
}

static bool number(const zh_json *object, const char *name, uint64_t *out)
{
    const zh_json *value = zh_json_get(object, name);
    return value && value->kind == ZH_JSON_NUMBER && zh_note_number(value->text, out);
}

static bool hex_digest(const zh_json *value, zh_digest *out)
{
    return zh_digest_parse(zh_json_str(value, ZH_STR_NONE), out) == ZH_OK;
}

/* ---- tree_*.json ---- */

static bool read_hex_path(const zh_json *list, zh_digest *path, size_t max, size_t *n)
{
    *n = 0;
    if (!list || list->kind != ZH_JSON_ARRAY || list->n > max) {
        return false;
    }
    for (const zh_json *step = list->first; step; step = step->next) {
        if (!hex_digest(step, &path[(*n)++])) {
            return false;
        }
    }
    return true;
}

static const char *same_path(const zh_digest *a, size_t a_n, const zh_digest *b, size_t b_n)
{
    return a_n == b_n && memcmp(a, b, a_n * sizeof(*a)) == 0 ? NULL : "proof differs";
}

static const char *check_inclusion(struct run *run, struct tree *tree, const zh_json *in)
{
    uint64_t size;
    uint64_t index;
    zh_digest leaf;
    zh_digest root;
    zh_digest expected[DIGEST_TEXTS];
    zh_digest made[ZH_TREE_PATH_MAX];
    size_t expected_n;
    size_t n;
    zh_tree_source source = {read_node, tree};
    if (!number(in, "size", &size) || !number(in, "index", &index) || size > tree->size ||
        !hex_digest(zh_json_get(in, "leaf_hash"), &leaf) ||
        !hex_digest(zh_json_get(in, "root"), &root) ||
        !read_hex_path(zh_json_get(in, "proof"), expected, DIGEST_TEXTS, &expected_n)) {
        return "not an inclusion proof of the format";
    }
    if (index >= size || !zh_digest_eq(&leaf, &tree->level[0][index])) {
        return "leaf differs";
    }
    if (zh_tree_check_inclusion(&tree->hash, &leaf, index, size, expected, expected_n, &root,
                                &run->err) != ZH_OK) {
        return "is refused";
    }
    if (zh_tree_prove_inclusion(&tree->hash, &source, index, size, made, &n, &run->err) != ZH_OK) {
        return "cannot be made";
    }
    return same_path(expected, expected_n, made, n);
}

static const char *check_consistency(struct run *run, struct tree *tree, const zh_json *in)
{
    uint64_t from;
    uint64_t to;
    zh_digest root_from;
    zh_digest root_to;
    zh_digest expected[DIGEST_TEXTS];
    zh_digest made[ZH_TREE_CONSISTENCY_MAX];
    size_t expected_n;
    size_t n;
    zh_tree_source source = {read_node, tree};
    if (!number(in, "size1", &from) || !number(in, "size2", &to) || to > tree->size ||
        !hex_digest(zh_json_get(in, "root1"), &root_from) ||
        !hex_digest(zh_json_get(in, "root2"), &root_to) ||
        !read_hex_path(zh_json_get(in, "proof"), expected, DIGEST_TEXTS, &expected_n)) {
        return "not a consistency proof of the format";
    }
    if (zh_tree_check_consistency(&tree->hash, from, &root_from, to, &root_to, expected, expected_n,
                                  &run->err) != ZH_OK) {
        return "is refused";
    }
    if (zh_tree_prove_consistency(&tree->hash, &source, from, to, made, &n, &run->err) != ZH_OK) {
        return "cannot be made";
    }
    return same_path(expected, expected_n, made, n);
}

/* Roots three ways: from stored nodes, by the growing edge, and what the file says. */
static void check_roots(struct run *run, struct tree *tree, const zh_json *roots)
{
    zh_tree_edge edge = {.size = 0};
    size_t record = 0;
    for (const zh_json *in = roots->first; in; in = in->next, record++) {
        uint64_t size;
        zh_digest expected;
        zh_digest stored;
        zh_digest grown;
        zh_tree_source source = {read_node, tree};
        bool good = zh_note_number(in->name, &size) && size <= tree->size &&
                    hex_digest(in, &expected) &&
                    zh_tree_source_root(&tree->hash, &source, size, &stored, &run->err) == ZH_OK;
        if (good && size < edge.size) { /* not in ascending order: begin again */
            edge.size = 0;
        }
        while (good && edge.size < size) {
            zh_tree_edge_add(&tree->hash, &edge, &tree->level[0][edge.size]);
        }
        if (good) {
            zh_tree_edge_root(&tree->hash, &edge, &grown);
            good = zh_digest_eq(&expected, &stored) && zh_digest_eq(&expected, &grown);
        }
        result(run, good, "root differs", record, 0);
    }
}

static uint64_t largest(const zh_json *roots)
{
    uint64_t best = 0;
    for (const zh_json *in = roots->first; in; in = in->next) {
        uint64_t size;
        if (zh_note_number(in->name, &size) && size > best) {
            best = size;
        }
    }
    return best;
}

static void run_list(struct run *run, struct tree *tree, const zh_json *list, size_t field,
                     const char *(*check)(struct run *, struct tree *, const zh_json *))
{
    size_t record = 0;
    for (const zh_json *in = list ? list->first : NULL; in; in = in->next) {
        const char *wrong = check(run, tree, in);
        result(run, wrong == NULL, wrong, record++, field);
    }
}

void run_tree(struct run *run)
{
    const zh_json *in = document(run);
    const zh_json *roots = in ? zh_json_get(in, "roots") : NULL;
    zh_hash_alg alg;
    struct tree tree = {.size = 0};
    if (!roots || roots->kind != ZH_JSON_OBJECT || roots->n == 0 ||
        zh_hash_alg_parse(zh_json_str(zh_json_get(in, "alg"), ZH_STR_NONE), &alg) != ZH_OK) {
        result(run, false, "no roots, or no hash function", 0, 0);
        return;
    }
    zh_hash_begin(&tree.hash, alg);
    if (!grow(run->arena, &tree, zh_json_str(zh_json_get(in, "set"), ZH_STR_NONE),
              largest(roots))) {
        result(run, false, "tree is too large", 0, 0);
    } else {
        check_roots(run, &tree, roots);
        run_list(run, &tree, zh_json_get(in, "inclusion"), 1, check_inclusion);
        run_list(run, &tree, zh_json_get(in, "consistency"), 2, check_consistency);
    }
    zh_hash_release(&tree.hash);
}

/* ---- tiles_ALG_SIZE.tsv ---- */

struct tiles {
    struct run *run;
    size_t made, wrong;
};

/* Looks the tile up among the lines "path<TAB>bytes<TAB>sha256". */
static zh_rc match_tile(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    struct tiles *tiles = context;
    char path[ZH_TILE_PATH_BYTES];
    char hex[2 * ZH_DIGEST_BYTES + 1];
    char line[256];
    zh_digest digest;
    zh_tile parsed;
    zh_tile_path(tile, path);
    zh_hash_of(ZH_HASH_SHA256, bytes, &digest);
    zh_digest_hex(&digest, hex);
    int n = snprintf(line, sizeof(line), "\n%s\t%zu\t%s", path, bytes.n, hex);
    bool good = zh_str_find(tiles->run->text, (zh_str){line, (size_t)n}) >= 0 &&
                zh_tile_parse(zh_str_of(path), &parsed, err) == ZH_OK &&
                parsed.index == tile->index && parsed.width == tile->width;
    result(tiles->run, good, path, tiles->made++, 0);
    tiles->wrong += good ? 0 : 1;
    return ZH_OK;
}

/* The word in the entries: that of the tree's own file beside this one. */
static zh_str set_of(struct run *run, const char *alg)
{
    const char *slash = strrchr(run->path, '/');
    zh_str folder = {run->path, slash ? (size_t)(slash - run->path) + 1 : 0};
    const char *path =
        zh_str_c(run->arena, zh_str_fmt(run->arena, "%.*stree_%s.json", ZH_FMT(folder), alg));
    zh_str text;
    zh_json *tree;
    if (zh_file_read(run->arena, path, (size_t)64 << 20, &text, NULL) != ZH_OK ||
        zh_json_parse(run->arena, text, &tree, NULL) != ZH_OK) {
        return ZH_STR("shared");
    }
    return zh_json_str(zh_json_get(tree, "set"), ZH_STR("shared"));
}

void run_tiles(struct run *run)
{
    const char *name = strrchr(run->path, '/');
    zh_str rest = zh_str_of(name ? name + 1 : run->path);
    zh_str piece;
    zh_str size_text;
    zh_hash_alg alg;
    uint64_t size;
    size_t lines = 0;
    rest = zh_str_sub(rest, 0, rest.n - 4); /* .tsv, by the pattern */
    if (!zh_str_split(&rest, '_', &piece) || !zh_str_split(&rest, '_', &piece) ||
        zh_hash_alg_parse(piece, &alg) != ZH_OK || !zh_str_split(&rest, '_', &size_text) ||
        !zh_note_number(size_text, &size) || size > LEAVES_MAX) {
        result(run, false, "name is not tiles_ALG_SIZE.tsv", 0, 0);
        return;
    }
    zh_str set = set_of(run, zh_hash_alg_name(alg));
    struct tiles tiles = {.run = run};
    zh_tile_sink sink = {match_tile, &tiles};
    zh_tile_front *front = ZH_NEW(run->arena, zh_tile_front);
    zh_tile_front_init(front, alg);
    for (uint64_t i = 0; i < size; i++) {
        char text[LINE_MAX];
        if (zh_tile_front_add(front, entry_of(set, i, text), &sink, &run->err) != ZH_OK) {
            result(run, false, "entry is not taken", (size_t)i, 0);
        }
    }
    if (zh_tile_front_flush(front, &sink, &run->err) != ZH_OK) {
        result(run, false, "partial tiles are not written", 0, 0);
    }
    zh_tile_front_free(front);
    zh_str text = run->text;
    while (zh_str_split(&text, '\n', &piece)) {
        lines += zh_str_starts(piece, ZH_STR("tile/")) ? 1 : 0;
    }
    zh_tile_growth growth;
    zh_tile tile;
    size_t named = 0;
    for (zh_tile_growth_begin(&growth, 0, size); zh_tile_growth_next(&growth, &tile);) {
        named++;
    }
    result(run, lines == tiles.made && lines == named, "other tiles than the file lists", lines, 1);
}

/* ---- merkle_*.jsonl ---- */

/* A root or leaf hash may have another length than 32 in these cases, which ask of it only whether
 * it equals another: then its own hash stands for it. */
static bool any_bytes(struct run *run, const zh_json *value, zh_digest *out)
{
    zh_str text = zh_json_str(value, ZH_STR_NONE);
    size_t n;
    char *bytes = zh_arena_try(run->arena, text.n + 1);
    if (!bytes || !zh_base64_read(text, bytes, text.n, &n)) {
        return false;
    }
    if (n == ZH_DIGEST_BYTES) {
        memcpy(out->b, bytes, n);
    } else {
        zh_hash_of(ZH_HASH_SHA256, (zh_str){bytes, n}, out);
    }
    return true;
}

/* false: a hash of the proof is not one; a reader of proofs refuses it before any check. */
static bool read_path(const zh_json *list, zh_digest path[DIGEST_TEXTS], size_t *n)
{
    *n = 0;
    for (const zh_json *step = list ? list->first : NULL; step; step = step->next) {
        size_t bytes;
        if (*n == DIGEST_TEXTS ||
            !zh_base64_read(zh_json_str(step, ZH_STR_NONE), path[(*n)++].b, ZH_DIGEST_BYTES,
                            &bytes) ||
            bytes != ZH_DIGEST_BYTES) {
            return false;
        }
    }
    return true;
}

/* Whether the proof is taken; *known: the line is of this format. */
static bool verdict(struct run *run, zh_hash *hash, const zh_json *in, bool consistency,
                    bool *known)
{
    uint64_t first;
    uint64_t second;
    zh_digest one;
    zh_digest two;
    zh_digest path[DIGEST_TEXTS];
    size_t n;
    *known = number(in, consistency ? "size1" : "leafIdx", &first) &&
             number(in, consistency ? "size2" : "treeSize", &second) &&
             any_bytes(run, zh_json_get(in, consistency ? "root1" : "leafHash"), &one) &&
             any_bytes(run, zh_json_get(in, consistency ? "root2" : "root"), &two);
    if (!*known || !read_path(zh_json_get(in, "proof"), path, &n)) {
        return false;
    }
    zh_rc rc = consistency
                   ? zh_tree_check_consistency(hash, first, &one, second, &two, path, n, NULL)
                   : zh_tree_check_inclusion(hash, &one, first, second, path, n, &two, NULL);
    return rc == ZH_OK;
}

void run_merkle(struct run *run)
{
    zh_str rest = run->text;
    zh_hash hash;
    size_t record = 0;
    bool consistency = strstr(run->path, "consistency") != NULL;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    while (rest.n > 0) {
        zh_json *in;
        bool known;
        if (zh_json_parse_prefix(run->arena, &rest, &in, &run->err) != ZH_OK) {
            result(run, false, "is not JSON", record, 0);
            break;
        }
        const zh_json *refuse = zh_json_get(in, "wantErr");
        bool taken = verdict(run, &hash, in, consistency, &known);
        result(run, known && refuse && refuse->kind == ZH_JSON_BOOL && taken != refuse->boolean,
               known ? "other verdict" : "not a case of the format", record++, 0);
    }
    zh_hash_release(&hash);
}
