/* What the vector formats share: one file being run, and the tally. */
#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include "base/json.h"

struct tally {
    unsigned long passed, failed, skipped;
};

/* One file being run. */
struct run {
    struct tally *tally;
    const char *path;
    zh_arena *arena;
    zh_str text; /* the whole file */
    zh_err err;
};

/* Counts one check; a failed one is printed with what is wrong and, if there is one, the error. */
void result(struct run *run, bool ok, const char *what, size_t record, size_t field);

/* The whole text as one JSON value; counts a failure and returns NULL when it is not one. */
const zh_json *document(struct run *run);

void run_records(struct run *run);
void run_tree(struct run *run);
void run_tiles(struct run *run);
void run_merkle(struct run *run);
void run_notes(struct run *run);
void run_sm2_notes(struct run *run);
void run_stats(struct run *run);

#endif
