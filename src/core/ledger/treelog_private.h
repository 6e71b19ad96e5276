/* Shared by the files of treelog.h. */
#ifndef ZH_CORE_LEDGER_TREELOG_PRIVATE_H
#define ZH_CORE_LEDGER_TREELOG_PRIVATE_H

#include "core/ledger/treelog.h"

#define ZH_TREELOG_TEXT_BYTES_MAX ((size_t)1 << 20)

/* Steps that zh_treelog_step is told of, in the order of an append. */
enum {
    ZH_STEP_READ = 1,   /* waiting batches were read */
    ZH_STEP_WAL,        /* durable in the WAL */
    ZH_STEP_FOLDED,     /* full tiles written */
    ZH_STEP_DATABASE,   /* positions committed */
    ZH_STEP_PARTIAL,    /* partial tiles written */
    ZH_STEP_CHECKPOINT, /* checkpoint renamed into place */
    ZH_STEP_HISTORY,    /* and appended to those of before */
    ZH_STEP_SYNCED,     /* tiles synced */
    ZH_STEP_ROTATED,    /* new WAL in place */
    ZH_STEP_SWEPT,      /* partial tiles of full ones removed */
    ZH_STEP_KEY,        /* creating: key written */
    ZH_STEP_WAL_MADE,   /* creating: empty WAL */
    ZH_STEP_IDENTITY,   /* creating: identity in place */
    ZH_STEP_BOUND,      /* creating: the database knows the log */
};
_Static_assert(ZH_STEP_BOUND == ZH_TREELOG_STEPS, "the last step");
void zh_treelog_at(int step);

/* Paths live in the arena, NUL-terminated. */
const char *zh_treelog_path(zh_arena *arena, const char *dir, const char *name);
/* Text of a file of the log; ZH_ENOTFOUND records nothing. */
zh_rc zh_treelog_text(zh_arena *arena, const char *dir, const char *name, zh_str *out,
                      zh_err *err) ZH_MUST;
/* Temporary name, rename; synced only when asked. */
zh_rc zh_treelog_write(const char *path, zh_str bytes, bool sync, zh_err *err) ZH_MUST;
/* Loads the signing keys (all of them named like the origin). */
zh_rc zh_treelog_signers(const char *dir, const zh_treelog_identity *identity, zh_signer *out,
                         size_t *n, zh_err *err) ZH_MUST;
/* Writes pub/keys from the verifier keys. */
zh_rc zh_treelog_publish_keys(const char *dir, zh_err *err) ZH_MUST;
/* All keys of the log and the witnesses of DIR/policy. */
zh_rc zh_treelog_policy(zh_arena *arena, const char *dir, zh_policy **out, zh_err *err) ZH_MUST;
/* The newest whole note of pub/checkpoints, and the bytes up to its end (what is behind was torn).
 * note->p == NULL: none. */
zh_rc zh_treelog_last_note(zh_arena *arena, const char *dir, zh_str *note, uint64_t *bytes,
                           zh_err *err) ZH_MUST;

#endif
