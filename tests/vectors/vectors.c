/* Runs test vectors: every file below a directory whose folder and name are those of a known
 * format.
 *
 *   vectors DIR      prints a line per failure and per skipped file, then
 *                    "N passed, N failed, N skipped"; exit 1 when anything failed or nothing was
 * run
 *
 * A new format is one line in `formats` and one function. */
#include "vectors/vectors.h"
#include "base/os.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 << 20)
#define DEPTH_MAX      16

void result(struct run *run, bool ok, const char *what, size_t record, size_t field)
{
    if (ok) {
        run->tally->passed++;
        return;
    }
    run->tally->failed++;
    printf("FAILED %s: record %zu field %zu: %s%s%s\n", run->path, record, field, what,
           run->err.rc != ZH_OK ? ": " : "", run->err.message);
    zh_err_clear(&run->err);
}

const zh_json *document(struct run *run)
{
    zh_json *value;
    if (zh_json_parse(run->arena, run->text, &value, &run->err) != ZH_OK) {
        result(run, false, "is not JSON", 0, 0);
        return NULL;
    }
    return value;
}

/* ---- formats and the walk ---- */

static const struct {
    const char *folder, *file;
    void (*run)(struct run *run);
} formats[] = {
    {"ledger", "records.json", run_records},
    {"ledger", "tree_*.json", run_tree},
    {"ledger", "tiles_*.tsv", run_tiles},
    {"ledger", "merkle_inclusion.jsonl", run_merkle},
    {"ledger", "merkle_consistency.jsonl", run_merkle},
    {"ledger", "notes.json", run_notes},
    {"ledger", "sm2_notes.json", run_sm2_notes},
    {"stats", "*.json", run_stats},
};

static void run_file(struct tally *tally, const char *folder, const char *file, const char *path)
{
    size_t f = 0;
    while (f < ZH_COUNTOF(formats) &&
           (strcmp(formats[f].folder, folder) != 0 || fnmatch(formats[f].file, file, 0) != 0)) {
        f++;
    }
    if (f == ZH_COUNTOF(formats)) {
        tally->skipped++;
        printf("skipped %s (format not claimed yet)\n", path);
        return;
    }
    struct run run = {.tally = tally, .path = path, .arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    if (zh_file_read(run.arena, path, FILE_BYTES_MAX, &run.text, &run.err) != ZH_OK) {
        result(&run, false, "cannot be read", 0, 0);
    } else {
        formats[f].run(&run);
    }
    zh_arena_free(run.arena);
}

static void walk(struct tally *tally, const char *path, const char *folder, int depth)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str *names;
    size_t n = 0;
    zh_err err = {0};
    if (depth > DEPTH_MAX || zh_dir_list(arena, path, &names, &n, &err) != ZH_OK) {
        tally->failed++;
        printf("FAILED %s: cannot be listed: %s\n", path, err.message);
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = zh_str_c(arena, names[i]);
        const char *below = zh_str_c(arena, zh_str_fmt(arena, "%s/%s", path, name));
        if (zh_path_is_dir(below)) {
            walk(tally, below, name, depth + 1);
        } else {
            run_file(tally, folder, name, below);
        }
    }
    zh_arena_free(arena);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fputs("usage: vectors DIR\n", stderr);
        return 2;
    }
    /* The directory itself may be the folder of a format: ".../ledger" or ".../ledger/". */
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str root = zh_str_of(argv[1]);
    while (root.n > 1 && root.p[root.n - 1] == '/') {
        root.n--;
    }
    const char *path = zh_str_c(arena, root);
    const char *slash = strrchr(path, '/');
    struct tally tally = {0};
    walk(&tally, path, slash ? slash + 1 : path, 0);
    zh_arena_free(arena);
    if (tally.passed + tally.failed == 0) {
        puts("FAILED: no file of a known format");
        tally.failed = 1;
    }
    printf("%lu passed, %lu failed, %lu skipped\n", tally.passed, tally.failed, tally.skipped);
    return tally.failed == 0 ? 0 : 1;
}
