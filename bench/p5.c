/* P5: the ledger's core without SQL. Appending, proofs and the check of a whole log, in memory,
 * against the hash floor: OpenSSL's SHA-256 over messages of the same number and lengths.
 * Processor time of one thread.
 *
 *   p5 [ENTRIES [BATCH]]   default 1,000,000 and 1,000; prints a line a measurement, one core */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/vec.h"
#include "proof/log_check.h"
#include "proof/tlog_proof.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 5, PROOFS = 200000 };

/* Tiles by level and index, the widest of each: a log in memory. */
struct memory {
    zh_arena *arena;
    zh_map files;
};

static zh_str key_of(const zh_tile *tile, char out[ZH_TILE_PATH_BYTES])
{
    zh_tile any = *tile;
    any.width = ZH_TILE_WIDTH;
    return (zh_str){out, zh_tile_path(&any, out)};
}

static zh_rc put(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    struct memory *memory = context;
    char path[ZH_TILE_PATH_BYTES];
    zh_str key = key_of(tile, path);
    zh_buf *file = zh_map_get(&memory->files, key);
    (void)err;
    if (!file) {
        file = ZH_NEW(memory->arena, zh_buf);
        zh_buf_init(file, ZH_BUNDLE_BYTES_MAX);
        zh_map_put(&memory->files, zh_str_dup(memory->arena, key), file);
    }
    zh_buf_clear(file);
    zh_buf_str(file, bytes);
    return ZH_OK;
}

static zh_rc get(void *context, const zh_tile *tile, zh_arena *arena, zh_str *bytes, zh_err *err)
{
    struct memory *memory = context;
    char path[ZH_TILE_PATH_BYTES];
    const zh_buf *file = zh_map_get(&memory->files, key_of(tile, path));
    (void)arena;
    if (!file) {
        return zh_err_set(err, ZH_ENOTFOUND, "bench.missing", "%s", path);
    }
    *bytes = zh_buf_view(file);
    return ZH_OK;
}

/* Time of this thread on its core: nothing here waits, and others may share the machine. */
static uint64_t cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void must(zh_rc rc, const zh_err *err)
{
    if (rc != ZH_OK) {
        (void)fprintf(stderr, "%s %s\n", err->message, err->where);
        exit(2);
    }
}

static void entry_of(uint64_t i, uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    zh_record_entry entry = {.alg = ZH_HASH_SHA256,
                             .kind = ZH_ENTRY_EVIDENCE,
                             .time_ms = 1790000000000 + i,
                             .subject = i,
                             .n = 26};
    memcpy(entry.root.b, &i, sizeof(i));
    zh_record_entry_write(&entry, out);
}

/* As many leaf and node messages as a tree of n entries has. */
static double floor_seconds(uint64_t n)
{
    uint8_t message[65] = {1};
    uint8_t digest[32];
    uint64_t since = cpu_us();
    for (uint64_t i = 0; i < n; i++) {
        SHA256_CTX context;
        SHA256_Init(&context);
        SHA256_Update(&context, message, 57);
        SHA256_Final(digest, &context);
        memcpy(message + 1, digest, sizeof(digest));
        SHA256_Init(&context);
        SHA256_Update(&context, message, 65);
        SHA256_Final(digest, &context);
        memcpy(message + 33, digest, sizeof(digest));
    }
    return (double)(cpu_us() - since) / 1e6;
}

/* The same through EVP, which is what `openssl speed -evp sha256` measures. */
static double evp_seconds(uint64_t n)
{
    uint8_t message[65] = {1};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint64_t since = cpu_us();
    (void)EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (uint64_t i = 0; i < n; i++) {
        EVP_DigestUpdate(context, message, 57);
        EVP_DigestFinal_ex(context, message + 1, NULL);
        EVP_DigestInit_ex(context, NULL, NULL);
        EVP_DigestUpdate(context, message, 65);
        EVP_DigestFinal_ex(context, message + 33, NULL);
        EVP_DigestInit_ex(context, NULL, NULL);
    }
    double seconds = (double)(cpu_us() - since) / 1e6;
    EVP_MD_CTX_free(context);
    return seconds;
}

/* Appends everything in batches: tiles, and a signed checkpoint after each batch. */
static double append(struct memory *memory, const zh_signer *log, uint64_t n, uint64_t batch,
                     zh_buf *note)
{
    zh_tile_front *front = zh_alloc(sizeof(*front));
    zh_tile_sink sink = {put, memory};
    zh_err err = {0};
    zh_tile_front_init(front, ZH_HASH_SHA256);
    uint64_t since = cpu_us();
    for (uint64_t i = 0; i < n; i++) {
        uint8_t entry[ZH_RECORD_ENTRY_BYTES];
        entry_of(i, entry);
        must(zh_tile_front_add(front, (zh_str){(const char *)entry, sizeof(entry)}, &sink, &err),
             &err);
        if ((i + 1) % batch == 0 || i + 1 == n) {
            zh_checkpoint checkpoint = {.origin = zh_str_of(log->verifier.name),
                                        .size = front->edge.size};
            must(zh_tile_front_flush(front, &sink, &err), &err);
            zh_tile_front_root(front, &checkpoint.root);
            zh_buf_clear(note);
            zh_checkpoint_sign(&checkpoint, log, 1, 0, note);
        }
    }
    double seconds = (double)(cpu_us() - since) / 1e6;
    zh_tile_front_free(front);
    zh_dealloc(front);
    return seconds;
}

/* Inclusion proofs at random places; each is checked afterwards in another measurement. */
static double prove(const zh_tile_store *store, uint64_t n, size_t kept, uint64_t proofs)
{
    zh_arena *arena = zh_arena_new(2 * ZH_ARENA_JOB_BYTES);
    zh_tile_nodes *nodes = zh_tile_nodes_new_large(arena, ZH_HASH_SHA256, store, n, kept);
    zh_tree_source source = zh_tile_nodes_source(nodes);
    zh_hash hash;
    zh_err err = {0};
    uint64_t random = 1;
    uint64_t since = 0;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    /* The first half warms what is kept. */
    for (uint64_t i = 0; i < 2 * proofs; i++) {
        zh_digest path[ZH_TREE_PATH_MAX];
        size_t path_n;
        if (i == proofs) {
            since = cpu_us();
        }
        random = random * 6364136223846793005u + 1442695040888963407u;
        must(zh_tree_prove_inclusion(&hash, &source, (random >> 20) % n, n, path, &path_n, &err),
             &err);
    }
    double seconds = (double)(cpu_us() - since) / 1e6;
    zh_hash_release(&hash);
    zh_arena_free(arena);
    return seconds;
}

static double check_paths(const zh_tile_store *store, uint64_t n, zh_str note,
                          const zh_policy *policy)
{
    zh_arena *arena = zh_arena_new(2 * ZH_ARENA_JOB_BYTES);
    zh_tree_source source =
        zh_tile_nodes_source(zh_tile_nodes_new(arena, ZH_HASH_SHA256, store, n));
    zh_digest path[ZH_TREE_PATH_MAX];
    size_t path_n;
    zh_hash hash;
    zh_err err = {0};
    zh_opened opened;
    uint8_t entry[ZH_RECORD_ENTRY_BYTES];
    zh_digest leaf;
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    entry_of(n / 3, entry);
    zh_tree_leaf(&hash, entry, sizeof(entry), &leaf);
    must(zh_policy_open(policy, note, &opened, &err), &err);
    must(zh_tree_prove_inclusion(&hash, &source, n / 3, n, path, &path_n, &err), &err);
    uint64_t since = cpu_us();
    for (uint64_t i = 0; i < PROOFS; i++) {
        must(zh_tree_check_inclusion(&hash, &leaf, n / 3, n, path, path_n, &opened.checkpoint.root,
                                     &err),
             &err);
    }
    double seconds = (double)(cpu_us() - since) / 1e6;
    zh_hash_release(&hash);
    zh_arena_free(arena);
    return seconds;
}

static double check_log(const zh_tile_store *store, zh_str note, const zh_policy *policy)
{
    zh_log_report report;
    zh_err err = {0};
    uint64_t since = cpu_us();
    must(zh_log_check(store, policy, note, ZH_STR_NONE, &report, &err), &err);
    return (double)(cpu_us() - since) / 1e6;
}

static void keep_best(double *best, double seconds)
{
    if (*best == 0 || seconds < *best) {
        *best = seconds;
    }
}

int main(int argc, char **argv)
{
    uint64_t n = 1000000;
    uint64_t batch = 1000;
    if ((argc > 1 && zh_str_u64(zh_str_of(argv[1]), &n) != ZH_OK) ||
        (argc > 2 && zh_str_u64(zh_str_of(argv[2]), &batch) != ZH_OK) || n < 2 || batch < 1 ||
        n > 10000000) {
        (void)fputs("usage: p5 [ENTRIES [BATCH]]\n", stderr);
        return 2;
    }
    zh_signer log;
    zh_policy policy;
    zh_buf note;
    zh_err err = {0};
    double best[6] = {0};
    struct memory memory = {.arena = zh_arena_new(2 * ZH_ARENA_JOB_BYTES)};
    zh_tile_store store = {get, &memory};
    zh_map_init(&memory.files, memory.arena);
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    must(zh_signer_generate(ZH_STR("bench.example/log"), ZH_KEY_ED25519, &log, &err), &err);
    zh_policy_of_log(&log.verifier, &policy);
    /* Interleaved, so that what else the machine does meets floor and program alike. */
    for (int run = 0; run < RUNS; run++) {
        keep_best(&best[0], floor_seconds(n));
        keep_best(&best[5], evp_seconds(n));
        keep_best(&best[1], append(&memory, &log, n, batch, &note));
        keep_best(&best[2], check_log(&store, zh_buf_view(&note), &policy));
        keep_best(&best[3], prove(&store, n, 5000, PROOFS));
        keep_best(&best[4], check_paths(&store, n, zh_buf_view(&note), &policy));
    }
    double cold = prove(&store, n, ZH_TILE_NODES_KEPT, PROOFS / 10);
    printf("hash floor     %10.0f entries/s  (leaf and node messages by SHA256_Update)\n",
           (double)n / best[0]);
    printf("hash floor     %10.0f entries/s  (the same by EVP, as `openssl speed -evp` does)\n",
           (double)n / best[5]);
    printf("append         %10.0f entries/s  batch %llu, tiles and a signed checkpoint each; "
           "%.2f x and %.2f x the floors\n",
           (double)n / best[1], (unsigned long long)batch, best[1] / best[0], best[1] / best[5]);
    printf("whole log      %10.0f entries/s  %.2f s for %llu; %.2f x and %.2f x\n",
           (double)n / best[2], best[2], (unsigned long long)n, best[2] / best[0],
           best[2] / best[5]);
    printf("proofs made    %10.0f /s         random, all tiles kept\n", PROOFS / best[3]);
    printf("proofs made    %10.0f /s         random, 64 of the tiles kept\n", PROOFS / 10 / cold);
    printf("proofs checked %10.0f /s\n", PROOFS / best[4]);
    return 0;
}
