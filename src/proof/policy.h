/* C2SP tlog-policy: which logs a verifier trusts, and which witnesses must have cosigned.
 *
 *   log VKEY [URL]
 *   witness NAME VKEY [URL]
 *   group NAME all|any|K NAME...
 *   quorum NAME|none
 * The value borrows from the text it was read from; read-only afterwards, any number of threads. */
#ifndef ZH_PROOF_POLICY_H
#define ZH_PROOF_POLICY_H

#include "proof/note.h"

#define ZH_POLICY_BYTES_MAX     ((size_t)256 << 10)
#define ZH_POLICY_LOGS_MAX      32
#define ZH_POLICY_WITNESSES_MAX 32
#define ZH_POLICY_GROUPS_MAX    32

typedef struct zh_policy_log {
    zh_verifier key;
    zh_str url; /* may be empty */
} zh_policy_log;

typedef struct zh_policy_witness {
    zh_str name; /* within the policy */
    zh_verifier key;
    zh_str url; /* submission prefix; may be empty */
} zh_policy_witness;

typedef struct zh_policy_group {
    zh_str name;
    unsigned k;
    uint64_t members; /* bit i: witness i; bit 32 + j: group j, which stands before this one */
} zh_policy_group;

typedef struct zh_policy {
    zh_policy_log logs[ZH_POLICY_LOGS_MAX];
    size_t nlogs;
    zh_policy_witness witnesses[ZH_POLICY_WITNESSES_MAX];
    size_t nwitnesses;
    zh_policy_group groups[ZH_POLICY_GROUPS_MAX];
    size_t ngroups;
    uint64_t quorum; /* one bit as in `members`; 0: none */
} zh_policy;

/* ZH_EINVAL (policy.line) with the line; ZH_ELIMIT above a cap. */
zh_rc zh_policy_parse(zh_str text, zh_policy *out, zh_err *err) ZH_MUST;
/* A policy of one log key and no witness. */
void zh_policy_of_log(const zh_verifier *log, zh_policy *out);
/* Adds another key of the log (rotation), or a witness; k of all witnesses is set by
 * zh_policy_require. ZH_ELIMIT above a cap, ZH_EINVAL (policy.duplicate) for a key that is there.
 */
zh_rc zh_policy_add_log(zh_policy *policy, const zh_verifier *log, zh_err *err) ZH_MUST;
zh_rc zh_policy_add_witness(zh_policy *policy, zh_str name, const zh_verifier *key, zh_str url,
                            zh_err *err) ZH_MUST;
zh_rc zh_policy_require(zh_policy *policy, unsigned k, zh_err *err) ZH_MUST;
/* Whether this set of witnesses (bit i: witness i) satisfies the quorum. */
bool zh_policy_satisfied(const zh_policy *policy, uint32_t witnesses);

/* A checkpoint that has been verified. */
typedef struct zh_opened {
    zh_checkpoint checkpoint; /* borrows from the note */
    const zh_verifier *log;   /* the key that signed, in the policy */
    uint32_t witnesses;       /* bit i: witness i cosigned */
    unsigned nwitnesses;
    uint64_t time_s; /* earliest time by which the quorum's witnesses had all seen it; 0: none */
} zh_opened;

/* The one door for a checkpoint that came from outside: parses the note, wants a right signature of
 * a log of the policy whose name is the origin, and the quorum. A wrong signature by any key of the
 * policy refuses the whole note (signed-note, "Signatures"). ZH_EINVAL (note.format,
 * checkpoint.format, note.signature), ZH_EDENIED (policy.log: no trusted log signed;
 * policy.quorum: too few witnesses). */
zh_rc zh_policy_open(const zh_policy *policy, zh_str note, zh_opened *out, zh_err *err) ZH_MUST;

#endif
