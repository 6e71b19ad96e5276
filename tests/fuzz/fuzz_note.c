/* Signed notes, checkpoints, keys and policies: what is read is written the same again, and nothing
 * of it is trusted without a right signature. */
// covers: src/proof/note.c src/proof/policy.c
#include "proof/policy.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The keys of the shared vectors: the corpus holds notes they signed. */
#define LOG     "ledger.example.cn/zhiheng/shared+ac4b6dd2+Abf5ZEHiCmF2fTn38Jz2CUv2e9J+gz3P6qAmTS/OBeX0"
#define WITNESS "witness.example.cn/jiancha+5a0555dc+BIplsY5oCjrouWiMfZ5ZLfx+jdQ5r4zmAxOb9wQWqxlM"

static void check_checkpoint(zh_str text)
{
    zh_checkpoint checkpoint;
    zh_buf again;
    if (zh_checkpoint_parse(text, &checkpoint, NULL) != ZH_OK) {
        return;
    }
    zh_buf_init(&again, 2 * text.n + 64);
    zh_checkpoint_write(&checkpoint, &again);
    zh_assert(zh_str_eq(zh_buf_view(&again), text));
    zh_buf_free(&again);
}

static void check_note(zh_str text)
{
    zh_note note;
    zh_err err = {0};
    if (zh_note_parse(text, &note, &err) != ZH_OK) {
        zh_assert(err.rc != ZH_OK && err.message[0] != '\0');
        return;
    }
    zh_assert(note.n > 0 && note.text.n > 0 && note.text.p[note.text.n - 1] == '\n');
    check_checkpoint(note.text);
    zh_buf again;
    zh_buf_init(&again, text.n + 2);
    zh_buf_str(&again, note.text);
    zh_buf_c(&again, '\n');
    for (size_t i = 0; i < note.n; i++) {
        zh_buf_str(&again, note.signatures[i].line);
    }
    zh_assert(zh_str_eq(zh_buf_view(&again), text));
    zh_buf_free(&again);
}

static void check_open(zh_str text)
{
    zh_verifier log;
    zh_verifier witness;
    zh_policy policy;
    zh_opened opened;
    zh_assert(zh_verifier_parse(ZH_STR(LOG), &log, NULL) == ZH_OK &&
              zh_verifier_parse(ZH_STR(WITNESS), &witness, NULL) == ZH_OK);
    zh_policy_of_log(&log, &policy);
    zh_assert(zh_policy_add_witness(&policy, ZH_STR("w"), &witness, ZH_STR_NONE, NULL) == ZH_OK &&
              zh_policy_require(&policy, 1, NULL) == ZH_OK);
    if (zh_policy_open(&policy, text, &opened, NULL) == ZH_OK) {
        zh_assert(opened.log != NULL && opened.nwitnesses == 1 && opened.time_s > 0);
    }
}

static void check_signing(zh_str text)
{
    zh_signer signer;
    zh_buf note;
    zh_note parsed;
    uint8_t secret[ZH_KEY_SECRET_BYTES] = {9};
    zh_checkpoint checkpoint;
    if (zh_checkpoint_parse(text, &checkpoint, NULL) != ZH_OK) {
        return;
    }
    zh_assert(zh_signer_of(ZH_STR("w"), ZH_KEY_COSIGNATURE, secret, &signer, NULL) == ZH_OK);
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    zh_checkpoint_sign(&checkpoint, &signer, 1, 5, &note);
    zh_rc rc = zh_note_parse(zh_buf_view(&note), &parsed, NULL);
    zh_assert(rc != ZH_OK || zh_note_check(&parsed, &signer.verifier, NULL, NULL) == ZH_OK);
    zh_buf_free(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str text = {(const char *)data, size};
    zh_str rest = text;
    zh_str piece;
    size_t total = 0;
    zh_verifier key;
    zh_policy policy;
    check_note(text);
    check_open(text);
    check_checkpoint(text);
    check_signing(text);
    while (zh_note_split(&rest, &piece)) {
        zh_assert(piece.n > 0);
        total += piece.n;
    }
    zh_assert(total == size);
    if (zh_policy_parse(text, &policy, NULL) == ZH_OK) {
        zh_assert(zh_policy_satisfied(&policy, UINT32_MAX) || policy.quorum != 0);
    }
    if (zh_verifier_parse(text, &key, NULL) == ZH_OK) {
        zh_buf again;
        zh_buf_init(&again, ZH_KEY_TEXT_BYTES_MAX);
        zh_verifier_write(&key, &again);
        zh_assert(!again.failed);
        zh_buf_free(&again);
    }
    return 0;
}
