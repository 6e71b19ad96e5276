/* C2SP signed notes, checkpoints (tlog-checkpoint) and cosignature/v1 (tlog-cosignature).
 *
 * A note is text ending in a newline, an empty line, and signature lines "— NAME base64". Pure
 * functions that borrow from the note; any number of threads. */
#ifndef ZH_PROOF_NOTE_H
#define ZH_PROOF_NOTE_H

#include "proof/key.h"
#include "proof/tree.h"

#define ZH_NOTE_BYTES_MAX       ((size_t)1 << 20)
#define ZH_NOTE_SIGNATURES_MAX  64 /* the text asks for at least 16 */
#define ZH_CHECKPOINT_LINES_MAX 64 /* extension lines */

typedef struct zh_note_signature {
    zh_str name;
    uint32_t id;
    zh_str base64; /* id and signature */
    zh_str line;   /* the whole line with its newline */
} zh_note_signature;

typedef struct zh_note {
    zh_str text; /* with its last newline: what is signed */
    zh_note_signature signatures[ZH_NOTE_SIGNATURES_MAX];
    size_t n;
} zh_note;

/* ZH_EINVAL (note.format): not a note; ZH_ELIMIT: too long or too many signatures. Says nothing
 * about whether a signature is right. */
zh_rc zh_note_parse(zh_str bytes, zh_note *out, zh_err *err) ZH_MUST;
/* Cuts the first note off notes that stand one after another (a file of all checkpoints). false
 * when *rest is empty. A piece may be no note: zh_note_parse says. */
bool zh_note_split(zh_str *rest, zh_str *note);

/* Appends the signature line over text. A signer of type COSIGNATURE signs the cosignature header,
 * time_s (seconds since 1970) and the text; others ignore time_s. */
void zh_note_sign(zh_str text, const zh_signer *signer, uint64_t time_s, zh_buf *out);
/* Looks for the key's signature. ZH_OK: it is there and right; *time_s is that of a cosignature, 0
 * for others; may be NULL. ZH_ENOTFOUND (nothing recorded in err): not there. ZH_EINVAL
 * (note.signature): wrong. */
zh_rc zh_note_check(const zh_note *note, const zh_verifier *verifier, uint64_t *time_s,
                    zh_err *err) ZH_MUST;

typedef struct zh_checkpoint {
    zh_str origin;
    uint64_t size;
    zh_digest root;
    zh_str extensions; /* further lines, each with its newline; may be empty */
} zh_checkpoint;

/* Text of the note, to be followed by an empty line and signatures. */
void zh_checkpoint_write(const zh_checkpoint *checkpoint, zh_buf *out);
/* ZH_EINVAL (checkpoint.format): fewer than three lines, an empty line, a size with leading zeros
 * or beyond 64 bits, a root that is not 32 bytes. Borrows from text. Nothing is verified: use
 * zh_policy_open for a checkpoint that came from outside. */
zh_rc zh_checkpoint_parse(zh_str text, zh_checkpoint *out, zh_err *err) ZH_MUST;
/* Text, empty line and the signatures of the n signers: the whole note. Several signers are for the
 * overlap of a key rotation. */
void zh_checkpoint_sign(const zh_checkpoint *checkpoint, const zh_signer *signers, size_t n,
                        uint64_t time_s, zh_buf *out);

/* A number as these formats write it: ASCII digits without leading zeros, at most 2^64 - 1. */
bool zh_note_number(zh_str text, uint64_t *out) ZH_MUST;
/* Standard Base 64 (RFC 4648 section 4) with padding, as all these formats use it. */
void zh_base64_write(zh_str bytes, zh_buf *out);
/* At most `max` bytes into out. Strict: padding, no white space, unused bits zero. false otherwise.
 */
bool zh_base64_read(zh_str text, void *out, size_t max, size_t *n) ZH_MUST;

#endif
