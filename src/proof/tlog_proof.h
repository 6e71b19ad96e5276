/* C2SP tlog-proof: one text file that proves an entry to be in the log, verifiable offline.
 *
 * Pure; any number of threads. */
#ifndef ZH_PROOF_TLOG_PROOF_H
#define ZH_PROOF_TLOG_PROOF_H

#include "proof/policy.h"

#define ZH_TLOG_PROOF_BYTES_MAX ((size_t)2 << 20)
#define ZH_TLOG_EXTRA_BYTES_MAX ((size_t)512 << 10)

typedef struct zh_tlog_proof {
    zh_str extra; /* base64 text of the extra line; p == NULL: no such line. Never trusted */
    uint64_t index;
    zh_digest path[ZH_TREE_PATH_MAX];
    size_t path_n;
    zh_str note; /* the checkpoint, verbatim */
} zh_tlog_proof;

void zh_tlog_proof_write(const zh_tlog_proof *proof, zh_buf *out);
/* ZH_EINVAL (tlog-proof.format), ZH_ELIMIT. Borrows from text. Nothing is verified. */
zh_rc zh_tlog_proof_parse(zh_str text, zh_tlog_proof *out, zh_err *err) ZH_MUST;
/* Opens the checkpoint by the policy and checks that the leaf hash is entry `index` of its tree.
 * Errors of zh_policy_open and zh_tree_check_inclusion. The leaf hash is of the
 * tree's own hash function (zh_key_tree_alg). */
zh_rc zh_tlog_proof_check(const zh_tlog_proof *proof, const zh_policy *policy,
                          const zh_digest *leaf, zh_opened *opened, zh_err *err) ZH_MUST;
/* The same for the bytes of the entry; hashes them as the signing key's tree does. */
zh_rc zh_tlog_proof_check_entry(const zh_tlog_proof *proof, const zh_policy *policy, zh_str entry,
                                zh_opened *opened, zh_err *err) ZH_MUST;

#endif
