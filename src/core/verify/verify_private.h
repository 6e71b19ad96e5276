/* Shared between verify.c (outbox, cells, roll-ups, the whole) and verify_rows.c (records). */
#ifndef ZH_CORE_VERIFY_VERIFY_PRIVATE_H
#define ZH_CORE_VERIFY_VERIFY_PRIVATE_H

#include "core/cube/cube_private.h"
#include "core/instance/core_private.h"
#include "core/verify/balance.h"
#include "core/verify/verify.h"

typedef struct zh_batch {       /* of the outbox, by office and batch */
    int64_t office, batch, pos; /* pos -1: none yet */
    int32_t n;
    uint32_t reg; /* index of the register, UINT32_MAX unknown */
} zh_batch;

typedef struct zh_verifying {
    zh_ctx ctx; /* its arena is rewound record by record */
    zh_conn *conn;
    zh_arena *arena; /* lasts as long as the verification */
    zh_buf *lines;
    zh_verify_report *report;
    zh_verify_progress progress;
    void *user;
    int64_t total; /* records, for progress */
    zh_batch *batches;
    size_t nbatches;
    zh_map shapes;      /* register and declaration -> zh_shape */
    zh_map names;       /* cube -> names of its numbers */
    zh_balance *deltas; /* by register: changes in the outbox against cells */
    bool *restated;     /* by register: not compared; the outbox has changes of other cubes */
    const char *what;   /* is being told */
    zh_buf key;         /* scratch */
    /* What a walk over the records does; the balances are NULL when they are even already. */
    bool checking;
    zh_balance *cells, *grams, *entries;
} zh_verifying;

/* One difference. */
void zh_verify_say(zh_verifying *v, const char *format, ...) ZH_PRINTF(2, 3);
/* Keys of balances: parts joined by 0x1f, in v->key until the next one. */
void zh_verify_key(zh_verifying *v, zh_str table, int64_t office);
void zh_verify_part(zh_verifying *v, zh_str part);
void zh_verify_number(zh_verifying *v, int64_t part);
const zh_batch *zh_verify_batch(const zh_verifying *v, int64_t office, int64_t batch);
/* Puts a cell or a counter into a balance. */
void zh_verify_cell(zh_verifying *v, zh_balance *b, zh_side side, int64_t office,
                    const zh_delta *cell);
void zh_verify_counter(zh_verifying *v, zh_balance *b, zh_side side, int64_t office,
                       const zh_cube *cube, const zh_str *dims, zh_str measure, zh_str key,
                       int64_t n);
/* Key of an entry of the first or the second log. */
void zh_verify_entry_key(zh_verifying *v, bool gm, int64_t office, int64_t batch, int64_t ord);
/* Puts the 56 bytes of an entry. */
void zh_verify_entry(zh_verifying *v, zh_side side, int64_t office, int64_t batch, int64_t ord,
                     const uint8_t *entry, zh_str label);

/* verify_figures.c: the entries of published figures, made again; with `lists` their lists, too. */
zh_rc zh_verify_figures(zh_verifying *v, bool lists) ZH_MUST;
/* verify_log.c: the signed log, when there is one here, against the outbox and against itself; the
 * first or the second. */
zh_rc zh_verify_log(zh_verifying *v, bool gm) ZH_MUST;

/* verify_rows.c: walks over all versions and current rows of a register. */
zh_rc zh_verify_rows(zh_verifying *v, const zh_register *reg) ZH_MUST;

#endif
