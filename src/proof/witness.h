/* C2SP tlog-witness, both sides' text: the add-checkpoint request, the answer, and what a witness
 * decides. Pure; keeping state and speaking HTTP are the callers'. */
#ifndef ZH_PROOF_WITNESS_H
#define ZH_PROOF_WITNESS_H

#include "proof/policy.h"

#define ZH_WITNESS_PROOF_MAX  63 /* lines of a consistency proof */
#define ZH_WITNESS_BODY_BYTES ((size_t)64 << 10)

/* What a witness remembers of one log. */
typedef struct zh_witness_state {
    uint64_t size; /* 0: nothing cosigned yet */
    zh_digest root;
} zh_witness_state;

/* Body of a request. path: from old to the size of the checkpoint; empty when old is 0. */
void zh_witness_request_write(uint64_t old, const zh_digest *path, size_t path_n, zh_str note,
                              zh_buf *out);

typedef struct zh_witness_request {
    uint64_t old;
    zh_digest path[ZH_WITNESS_PROOF_MAX];
    size_t path_n;
    zh_str note;
} zh_witness_request;

/* ZH_EINVAL (witness.request): answered with 400. Borrows from body. */
zh_rc zh_witness_request_parse(zh_str body, zh_witness_request *out, zh_err *err) ZH_MUST;

/* The HTTP status and, with 200, the state to be kept *before* answering.
 *   400 not a request, old > size; 403 no signature of a known key is right; 404 unknown origin;
 *   409 old is not the size last cosigned (the body is that size and a newline, type
 *       text/x.tlog.size), or the same size with another root; 422 the consistency proof is wrong
 * policy: its logs are those this witness knows. known: what is kept of a log by its origin; asked
 * after the signature has been verified. The caller serialises requests of one log from here until
 * the new state is kept. */
typedef struct zh_witness_answer {
    int status;
    zh_checkpoint checkpoint; /* with 200; borrows from the body */
    zh_str text;              /* the note's text, that is cosigned */
    uint64_t kept;            /* with 409: the size last cosigned */
    zh_witness_state next;    /* with 200 */
} zh_witness_answer;

typedef zh_rc (*zh_witness_known)(void *context, zh_str origin, zh_witness_state *out, zh_err *err);

/* Errors are those of `known` only (the caller answers 500); a refusal is a status, and err says
 * why. */
zh_rc zh_witness_decide(zh_str body, const zh_policy *policy, zh_witness_known known, void *context,
                        zh_witness_answer *out, zh_err *err) ZH_MUST;

/* The line of a 200 answer that is a right cosignature of this witness over the note's text,
 * appended to out. ZH_EINVAL (witness.answer): none is. */
zh_rc zh_witness_accept(zh_str note, zh_str answer, const zh_verifier *witness, zh_buf *out,
                        zh_err *err) ZH_MUST;

#endif
