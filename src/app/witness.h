/* Asking witnesses to cosign a checkpoint: the log's side of C2SP tlog-witness. */
#ifndef ZH_APP_WITNESS_H
#define ZH_APP_WITNESS_H

#include "proof/witness.h"

#define ZH_WITNESS_TIMEOUT_MS 5000u /* of one request; a sensible default */

/* What the log knows of its witnesses; zeroed at first, kept by the caller between calls (it saves
 * a round trip, nothing depends on it). By the witness's number in the policy. */
typedef struct zh_witness_sizes {
    uint64_t size[ZH_POLICY_WITNESSES_MAX]; /* last cosigned by it */
} zh_witness_sizes;

/* Asks every witness of the policy that has a URL, one after another, to cosign the note: POST
 * URL/add-checkpoint with the consistency proof from the size it saw last, once again after a 409
 * that says another size. source: nodes of the tree of the note's size. Appends the cosignature
 * lines that are right to `lines` and their witnesses to *cosigned (bit i: witness i). ZH_OK: the
 * policy's quorum is satisfied; ZH_EDENIED (policy.quorum): it is not, and err tells what each
 * silent one said; the lines that came are there all the same. Blocks, at most
 * 2 * timeout_ms a witness: not for the sequencer's own thread. */
zh_rc zh_witness_gather(zh_arena *arena, const zh_policy *policy, zh_str note,
                        const zh_tree_source *source, unsigned timeout_ms, zh_witness_sizes *sizes,
                        zh_buf *lines, uint32_t *cosigned, zh_err *err) ZH_MUST;

#endif
