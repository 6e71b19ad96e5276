/* What a witness keeps, in a directory: its key, the logs it knows, and for each log the newest
 * checkpoint with its own cosignature.
 *
 *   DIR/key            signer key, mode 0600
 *   DIR/logs           tlog-policy whose log lines are the logs it cosigns
 *   DIR/state/HEX      a signed note; HEX is the SHA-256 of the origin
 *   DIR/lock           flock of the process that serves
 * The kept note carries the witness's signature, so that an edited one is found out. */
#ifndef ZH_PROOF_WITNESS_STORE_H
#define ZH_PROOF_WITNESS_STORE_H

#include "proof/witness.h"

typedef struct zh_witness_store {
    const char *dir; /* NUL-terminated, of the caller */
    zh_signer key;
    zh_policy logs; /* borrows from the arena */
    int lock;       /* -1: none */
} zh_witness_store;

/* Makes the directory, a key of this name and an empty list of logs. ZH_ECONFLICT when there is a
 * key. */
zh_rc zh_witness_store_create(const char *dir, zh_str name, zh_signer *key, zh_err *err) ZH_MUST;
/* Takes the lock (ZH_EBUSY: another process serves) and reads key and logs into the arena. Close
 * with zh_witness_store_close, also after an error. */
zh_rc zh_witness_store_open(zh_arena *arena, const char *dir, zh_witness_store *out,
                            zh_err *err) ZH_MUST;
void zh_witness_store_close(zh_witness_store *store);
/* Answers a request: decides, signs with time_s, keeps the new state durably, and only then puts
 * the cosignature line into `line`. Calls are to be serialised. The status and texts are those of
 * zh_witness_decide; an error is an I/O error or ZH_ECORRUPT (witness.state), and nothing was
 * signed. */
zh_rc zh_witness_store_answer(zh_witness_store *store, zh_str body, uint64_t time_s,
                              zh_witness_answer *out, zh_buf *line, zh_err *err) ZH_MUST;

#endif
