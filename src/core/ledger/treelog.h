/* A log as a directory: RFC 6962 tree in C2SP tiles, signed checkpoints, keys, write-ahead file.
 *
 *   DIR/log            identity: id, epoch, origin, hash, and the inode of this very file
 *   DIR/lock           flock of whoever appends
 *   DIR/wal            entries since the tiles were last synced (core/ledger/wal.h)
 *   DIR/keys/ID.key    signing key, mode 0600; DIR/keys/ID.pub its verifier key, kept for ever
 *   DIR/policy         witnesses (C2SP tlog-policy without its log lines); may be missing
 *   DIR/before/        what was public in earlier epochs
 *   DIR/pub/           what anybody may mirror: checkpoint, checkpoint.witnessed, checkpoints (all
 *                      that were ever signed, one after another), keys (a tlog-policy), tile/…
 *
 * Appending: batches go to the WAL with one fdatasync, then into tiles, then a checkpoint of the
 * new size is signed. Tiles need no sync of their own: until the file system has been synced the
 * WAL holds what they hold. What was signed is never more than what the WAL and the tiles hold;
 * opening proves that and refuses otherwise.
 *
 * The directory was copied when the inode in the identity is not that of the file: a copy signs
 * nothing under the same origin (it would fork the log) until zh_treelog_adopt makes it another
 * origin. No SQL. A zh_treelog belongs to one thread at a time. */
#ifndef ZH_CORE_LEDGER_TREELOG_H
#define ZH_CORE_LEDGER_TREELOG_H

#include "core/ledger/wal.h"
#include "proof/tile.h"
#include "proof/tlog_proof.h"

#define ZH_TREELOG_SIGNERS_MAX  4u   /* keys that sign at once: a rotation's overlap */
#define ZH_TREELOG_KEYS_MAX     32u  /* that ever signed */
#define ZH_TREELOG_ORIGIN_MAX   200u /* bytes */
#define ZH_TREELOG_ROTATE_BYTES ((uint64_t)4 << 20) /* of the WAL; then the tiles are synced */
#define ZH_TREELOG_LOCK_MS      10000u
#define ZH_TREELOG_ID_CHARS     32u

/* Identity and keys, as they stand in the directory. */
typedef struct zh_treelog_identity {
    char id[ZH_TREELOG_ID_CHARS + 1];
    uint64_t epoch; /* 1 and one more for each zh_treelog_adopt */
    char origin[ZH_TREELOG_ORIGIN_MAX + 1];
    zh_hash_alg alg;
    bool copied; /* the inode is another one */
} zh_treelog_identity;

/* A reader's view; borrows from the arena. */
typedef struct zh_treelog_view {
    zh_treelog_identity identity;
    const char *pub;   /* NUL-terminated */
    zh_policy *policy; /* all keys of the log, and the witnesses */
    zh_str note;       /* newest checkpoint; p == NULL: none has been signed */
    zh_checkpoint checkpoint;
    zh_str witnessed; /* newest note that the witnesses' quorum has signed; p == NULL: none */
    zh_checkpoint witnessed_checkpoint;
    zh_tile_store store;
} zh_treelog_view;

typedef struct zh_treelog {
    zh_arena *arena;
    const char *dir, *pub, *wal_path;
    zh_treelog_identity identity;
    zh_signer signers[ZH_TREELOG_SIGNERS_MAX];
    size_t nsigners;
    zh_wal wal;
    zh_tile_front front; /* what has been folded; front.edge.size == wal.end */
    uint64_t published;  /* size of the newest checkpoint */
    bool relaxed;
} zh_treelog;

/* Whether there is a log; and its identity. ZH_ENOTFOUND, ZH_ECORRUPT. */
zh_rc zh_treelog_identify(const char *dir, zh_treelog_identity *out, zh_err *err) ZH_MUST;
/* ZH_ECORRUPT ledger.copied, with what to do, when the directory is a copy; ZH_OK also without a
 * log. For whoever is about to write: what a copy accepts gets no position. */
zh_rc zh_treelog_original(const char *dir, zh_err *err) ZH_MUST;
/* A new log of no entries with a key of its own. origin: empty for "zhiheng.local/<id>".
 * ZH_ECONFLICT (ledger.identity): there are checkpoints but no identity. */
zh_rc zh_treelog_create(const char *dir, zh_hash_alg alg, zh_str id, zh_str origin,
                        zh_err *err) ZH_MUST;
/* Begins the log anew, empty, under a raised epoch, another origin and another key, where it stands
 * now (it was moved, restored or copied, or a part is lost for good): no checkpoint of before can
 * be contradicted. What was public goes to DIR/before/eN. */
zh_rc zh_treelog_adopt(const char *dir, zh_err *err) ZH_MUST;

/* Takes the lock (waits at most ZH_TREELOG_LOCK_MS: ZH_EBUSY); gives the descriptor to unlock. */
zh_rc zh_treelog_lock(const char *dir, int *lock, zh_err *err) ZH_MUST;
void zh_treelog_unlock(int lock);

/* Opens for appending, under the lock: replays the WAL into the tiles and proves the last signed
 * checkpoint. `each` (may be NULL) sees the WAL's batches. Errors that are incidents, ZH_ECORRUPT:
 * ledger.copied, ledger.rollback (the checkpoint is larger than what is left, or an older one has
 * taken its place), ledger.root (another root); ledger.signature, ledger.key. Close with
 * zh_treelog_close, also after an error. */
zh_rc zh_treelog_open(zh_treelog *log, const char *dir, bool relaxed, zh_wal_each each, void *user,
                      zh_err *err) ZH_MUST;
void zh_treelog_close(zh_treelog *log);
/* Under the lock: takes over what other processes have appended since. ZH_ECONFLICT (nothing
 * recorded): close and open again. */
zh_rc zh_treelog_refresh(zh_treelog *log, zh_err *err) ZH_MUST;
/* Under the lock: batches that follow each other from front.edge.size, durable when it returns. */
zh_rc zh_treelog_append(zh_treelog *log, const zh_wal_batch *batches, size_t n,
                        zh_err *err) ZH_MUST;
/* Folds what was appended into full tiles. After an error: close and open again. */
zh_rc zh_treelog_fold(zh_treelog *log, const zh_wal_batch *batches, size_t n, zh_err *err) ZH_MUST;
/* Partial tiles, then a signed checkpoint of front.edge.size, if there is none yet. */
zh_rc zh_treelog_publish(zh_treelog *log, zh_err *err) ZH_MUST;

/* For readers; needs no lock. ZH_ENOTFOUND: no log. */
zh_rc zh_treelog_view_open(zh_arena *arena, const char *dir, zh_treelog_view *out,
                           zh_err *err) ZH_MUST;
/* tlog-proof of an entry; of the witnessed checkpoint when it covers it and there are witnesses.
 * ZH_ENOTFOUND (ledger.unsealed): beyond the newest checkpoint. extra: as zh_tlog_proof. */
zh_rc zh_treelog_prove(zh_arena *arena, const zh_treelog_view *view, uint64_t index, zh_buf *out,
                       zh_err *err) ZH_MUST;

typedef void (*zh_treelog_say)(void *user, uint64_t first, uint64_t n, const char *format, ...)
    ZH_PRINTF(4, 5);
typedef zh_rc (*zh_treelog_entries)(void *user, uint64_t first, const uint8_t *entries, size_t n,
                                    zh_err *err);
/* Walks the whole log from its bundles: recomputes every tile and every checkpoint ever signed.
 * `say` gets each difference with the entries concerned, `each` the entries bundle by bundle (NULL
 * entries: a bundle that cannot be read). */
zh_rc zh_treelog_check(const zh_treelog_view *view, zh_treelog_entries each, zh_treelog_say say,
                       void *user, zh_err *err) ZH_MUST;

/* Cosignature lines for the checkpoint `note` are kept as checkpoint.witnessed. */
zh_rc zh_treelog_cosigned(const char *dir, zh_str note, zh_str lines, zh_err *err) ZH_MUST;
/* Makes a further key that signs beside the present ones; ends the signing of another. `id` is the
 * key's, as hex. ZH_ELIMIT, ZH_ENOTFOUND, ZH_EINVAL (the last one). */
zh_rc zh_treelog_key_add(const char *dir, zh_verifier *out, zh_err *err) ZH_MUST;
zh_rc zh_treelog_key_retire(const char *dir, zh_str id, zh_err *err) ZH_MUST;
typedef struct zh_treelog_key {
    zh_verifier verifier;
    bool signs;
} zh_treelog_key;
zh_rc zh_treelog_keys(const char *dir, zh_treelog_key *out, size_t *n, zh_err *err) ZH_MUST;

/* Test hooks, process-wide. Called with the number of each step of appending, publishing, rotating
 * and creating (1 … ZH_TREELOG_STEPS); NULL = off. Bytes at which the WAL is rotated. */
#define ZH_TREELOG_STEPS 14
extern void (*zh_treelog_step)(int step);
extern uint64_t zh_treelog_rotate_at;

#endif
