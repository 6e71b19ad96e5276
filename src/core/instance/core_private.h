/* What the files of the write path share: the opened core, model snapshots, and the physical plan
 * of each register. Private to src/core. */
#ifndef ZH_CORE_INSTANCE_CORE_PRIVATE_H
#define ZH_CORE_INSTANCE_CORE_PRIVATE_H

#include "core/instance/core.h"
#include "core/instance/schema.h"
#include "proof/record.h"
#include <pthread.h>
#include <stdatomic.h>

#define ZH_EPOCH_2020_MS    INT64_C(1577836800000) /* 2020-01-01T00:00:00Z */
#define ZH_ID_NODE_BITS     10
#define ZH_ID_COUNTER_BITS  12
#define ZH_NODES            (1u << ZH_ID_NODE_BITS)
#define ZH_SALT_POOL_BYTES  4096
#define ZH_KNOWN_REFS       65536u /* a power of two */
#define ZH_TRIES_MAX        20     /* of a transaction that lost a race */
#define ZH_AUTOMATIC_MAX    16     /* transitions that may follow one write by themselves */
#define ZH_NUMBER_BLOCK_MAX 1024

/* A model with the plans made from it; shared by contexts, freed with the last one. */
struct zh_snapshot {
    atomic_uint references;
    zh_model *model;
    zh_arena *arena;
    const zh_plan *plans;           /* model->nregisters */
    pthread_mutex_t surveying;      /* guards survey, and the arena after the snapshot is made */
    const struct zh_survey *survey; /* NULL until asked for */
};

/* Numbers reserved and not yet given out, of one counter. */
typedef struct zh_number_block {
    struct zh_number_block *next_block;
    zh_str name; /* counter */
    int64_t office;
    int64_t next, end; /* next >= end: used up */
    int64_t size;      /* of the last reservation, made at reserved_us */
    uint64_t reserved_us;
} zh_number_block;

struct zh_paper;

struct zh_core {
    zh_store *store;
    struct zh_commits *commits;
    struct zh_seals *seals;
    struct zh_ledger *ledger;
    zh_arena *arena; /* options and number blocks; guarded by lock */
    const char *data_dir;
    int64_t office;
    unsigned node;
    zh_hash_alg alg;
    atomic_bool gm;       /* a second log by SM3 is kept (core/ledger/gm.h) */
    pthread_mutex_t lock; /* snapshot, salts, numbers */
    pthread_mutex_t adopting;
    struct zh_snapshot *snapshot;
    pthread_mutex_t waking; /* guards written */
    pthread_cond_t awake;
    bool written;            /* to the outbox, and nobody has been woken for it yet */
    atomic_bool placing;     /* an outbox row stands in a transaction that is still open */
    _Atomic int64_t last_id; /* milliseconds << 12 | counter */
    uint8_t salts[ZH_SALT_POOL_BYTES];
    size_t salts_left;
    zh_number_block *numbers;
    zh_rc (*paper)(zh_ctx *ctx, const struct zh_paper *paper, const char **path);
    _Atomic uint64_t known_refs[ZH_KNOWN_REFS]; /* records that are known to exist; 0 empty */
};

struct zh_snapshot *zh_snapshot_retain(struct zh_snapshot *snapshot);
void zh_snapshot_release(struct zh_snapshot *snapshot);
/* The plan of a register of the context's model. */
const zh_plan *zh_plan_of(const zh_ctx *ctx, const zh_register *reg);
/* 32 fresh random bytes. Thread-safe. */
void zh_core_salt(zh_core *core, zh_digest *out);

/* Runs `work` in a transaction of the writer; ZH_EBUSY rolls back and runs it again, at most
 * ZH_TRIES_MAX times. */
typedef zh_rc (*zh_work)(void *user, zh_conn *conn, zh_err *err);
zh_rc zh_core_write(zh_core *core, zh_work work, void *user, zh_err *err) ZH_MUST;

#endif
