/* Work that a serving process does by itself: sealing committed batches, recomputing a large ledger
 * after a start, asking witnesses, due events, folding of roll-ups, notices and what is sent of
 * them, imports that were sent to it. Each has a thread of its own, so that a slow one does not
 * delay the others. */
#ifndef ZH_APP_BACKGROUND_H
#define ZH_APP_BACKGROUND_H

#include "core/instance/core.h"

/* A committed batch is sequenced at once, but two rounds are this far apart: what is committed in
 * between shares one. Writes of other processes are looked for this often. */
#define ZH_SEQUENCE_PACE_MS 5u
#define ZH_SEQUENCE_MS      50u
#define ZH_WITNESS_MS       1000u /* checkpoints that the witnesses have not seen */
#define ZH_DUE_MS           1000u
#define ZH_OBLIGATIONS_MS   60000u /* expected items and judgements */
#define ZH_NOTICES_MS       1000u  /* who is told what */
#define ZH_DIGESTS_MS       30000u
#define ZH_DELIVERIES_MS    2000u
#define ZH_FOLD_MS          3000u
#define ZH_TIDY_MS          60000u /* the end of the chain of readings; what erasures left */
#define ZH_FOLLOW_MS        1000u  /* declarations that another process has adopted */
#define ZH_CHECK_AGAIN_MS   1000u  /* the ledger's check, after an error that is no incident */

typedef struct zh_background zh_background;

/* Starts the threads; core must outlive them. ZH_EIO: no thread could be started. */
zh_rc zh_background_start(zh_core *core, zh_background **out, zh_err *err) ZH_MUST;
/* After a start that left the ledger to be recomputed (core/ledger/ledger.h) a thread does that.
 * When the signed checkpoint cannot be reproduced it sends this process SIGTERM, and this gives the
 * incident: ZH_ECORRUPT, else ZH_OK. */
zh_rc zh_background_incident(zh_background *background, zh_err *err) ZH_MUST;
/* Lets the step in hand finish, ends the threads and frees. NULL is allowed. */
void zh_background_stop(zh_background *background);

#endif
