/* The batches that this process sealed last, for whoever waits for one of them. Private to
 * src/core. Thread-safe. */
#ifndef ZH_CORE_LEDGER_SEALS_H
#define ZH_CORE_LEDGER_SEALS_H

#include "core/ledger/wal.h"
#include <pthread.h>

#define ZH_SEALS_KEPT       4096u /* as many as one round seals at most (ZH_LEDGER_ROUND_BATCHES) */
#define ZH_SEALS_NOTE_BYTES 4096u /* a longer checkpoint is read from its file */

typedef struct zh_seal {
    int64_t office, batch, pos;
} zh_seal;

typedef struct zh_seals {
    pthread_mutex_t lock;
    struct zh_seal_waiter *waiters;
    size_t n; /* ever sealed; the newest ZH_SEALS_KEPT are kept */
    zh_seal last[ZH_SEALS_KEPT];
    char note[ZH_SEALS_NOTE_BYTES]; /* the newest checkpoint … */
    size_t note_n;
    int64_t size; /* … and its size; 0: none kept */
} zh_seals;

zh_seals *zh_seals_new(zh_arena *arena);
void zh_seals_end(zh_seals *seals);
/* Batches whose entries the checkpoint covers; wakes those who wait for one of them. */
void zh_seals_add(zh_seals *seals, const zh_wal_batch *list, size_t n, zh_str note, int64_t size);

#endif
