/* Keys that were seen, with four bytes about each, in bounded memory: a file of any length is
 * looked through for rows that repeat an earlier one.
 *
 * Keys are hashes. The newest stand in a table in memory; a table that is full becomes a segment of
 * a nameless file, as it is, so that looking into it takes one small read. A Bloom filter per
 * segment (blocked: one cache line a question) keeps almost every key that is new from any read; it
 * only ever says "certainly not", so answers are exact. Per key 12 bytes on disk and some 1.4 in
 * memory besides the table. Nothing is left behind by a process that is killed. Private to
 * src/core; one thread at a time. */
#ifndef ZH_CORE_INTAKE_SEEN_H
#define ZH_CORE_INTAKE_SEEN_H

#include "base/arena.h"
#include "base/err.h"

#define ZH_SEEN_SLOTS        ((size_t)1 << 20) /* of the table in memory: 12 MiB */
#define ZH_SEEN_SEGMENTS_MAX 4096u             /* some 3,000 million keys */

typedef struct zh_seen {
    uint64_t *keys; /* 0 = free */
    uint32_t *contents;
    size_t n, capacity;
    size_t slots_max;   /* capacity at which the table goes to the file; 0: never */
    const char *dir;    /* borrowed */
    int fd;             /* -1: no file yet */
    uint64_t **filters; /* one per segment */
    size_t segments;
    int failed; /* errno of the file; 0: none */
    uint64_t reads;
} zh_seen;

/* slots_max: a power of two ≥ 64, usually ZH_SEEN_SLOTS; 0: all in memory. The file is made in dir,
 * or where temporary files are when that is NULL or does not allow it. */
void zh_seen_init(zh_seen *seen, size_t slots_max, const char *dir);
void zh_seen_free(zh_seen *seen); /* also forgets: it is as after zh_seen_init */
/* Whether the key was added, and its content. After a failed read it may say no: see
 * zh_seen_check. */
bool zh_seen_find(zh_seen *seen, uint64_t key, uint32_t *content);
/* The key must not have been added before. */
void zh_seen_add(zh_seen *seen, uint64_t key, uint32_t content);
/* Adds what `from` has in memory. */
void zh_seen_add_all(zh_seen *seen, const zh_seen *from);
/* ZH_EIO (intake.seen) once the file could not be written or read: answers since may be wrong. */
zh_rc zh_seen_check(const zh_seen *seen, zh_err *err) ZH_MUST;

#endif
