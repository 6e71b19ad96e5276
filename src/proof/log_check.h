/* Check of a whole published log from its files alone: every entry, every tile, every checkpoint
 * that was ever signed, recomputed from zero. */
#ifndef ZH_PROOF_LOG_CHECK_H
#define ZH_PROOF_LOG_CHECK_H

#include "proof/policy.h"
#include "proof/record.h"
#include "proof/tile.h"

typedef struct zh_log_report {
    zh_opened newest;     /* the newest checkpoint */
    uint64_t tiles;       /* hash tiles and bundles compared */
    uint64_t checkpoints; /* of the history, each signed by the log and each on the way */
    uint64_t kinds[ZH_ENTRY_DRAW_RESULT + 1]; /* zhl1 entries by kind; [0]: other entries */
} zh_log_report;

/* newest: the note of the checkpoint to prove. history: earlier notes one after another, in the
 * order they were signed; may be empty. ZH_OK: the entries of the bundles give every tile and every
 * root that was signed, so each checkpoint continues the one before. Otherwise what is wrong and
 * where: errors of zh_policy_open (the history needs the log's signature only) and zh_tile_get;
 * ZH_ECORRUPT (log.tile, log.root, log.history). One thread; memory: one bundle. */
zh_rc zh_log_check(const zh_tile_store *store, const zh_policy *policy, zh_str newest,
                   zh_str history, zh_log_report *out, zh_err *err) ZH_MUST;

/* The SM3 log beside the SHA-256 log, both checked before: at every position an entry of the same
 * kind, time, subject and number of fields, with alg 2 beside alg 1. ZH_ECORRUPT (log.twin) names
 * the position. */
zh_rc zh_log_check_twin(const zh_tile_store *sha256, const zh_tile_store *sm3, uint64_t size,
                        zh_err *err) ZH_MUST;

#endif
