/* tlog-proofs and requests to witnesses: what is read is written the same again; a witness decides
 * on anything without harm, and its state only grows. */
// covers: src/proof/tlog_proof.c src/proof/witness.c
#include "proof/tlog_proof.h"
#include "proof/witness.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOG     "ledger.example.cn/zhiheng/shared+ac4b6dd2+Abf5ZEHiCmF2fTn38Jz2CUv2e9J+gz3P6qAmTS/OBeX0"
#define WITNESS "witness.example.cn/jiancha+5a0555dc+BIplsY5oCjrouWiMfZ5ZLfx+jdQ5r4zmAxOb9wQWqxlM"
/* A checkpoint that LOG signed. */
#define NOTE                                                                                        \
    "ledger.example.cn/zhiheng/shared\n2\nosnh4/KwxbyiKufap/P0ZST0VOJXMUF+uBGMoR8FNgU=\n\n"         \
    "— ledger.example.cn/zhiheng/shared rEtt0qQg3mlTURKQr61H5k1lhlnqdE8DrTiLgRUhc06Js+TyMWzFJ9Y3" \
    "CCnpytBj0YYJYSbZSvjA9Ca/6I6X9RI/Cgo=\n"

static void check_proof(zh_str text, const zh_policy *policy)
{
    zh_tlog_proof proof;
    zh_opened opened;
    zh_err err = {0};
    if (zh_tlog_proof_parse(text, &proof, &err) != ZH_OK) {
        zh_assert(err.rc != ZH_OK && err.message[0] != '\0');
        return;
    }
    zh_buf again;
    zh_buf_init(&again, text.n + 64);
    zh_tlog_proof_write(&proof, &again);
    zh_assert(zh_str_eq(zh_buf_view(&again), text));
    zh_buf_free(&again);
    zh_digest leaf = {{0}};
    (void)!zh_tlog_proof_check(&proof, policy, &leaf, &opened, NULL);
    (void)!zh_tlog_proof_check_entry(&proof, policy, ZH_STR("zhiheng shared entry 1b"), &opened,
                                     NULL);
}

static zh_rc known(void *context, zh_str origin, zh_witness_state *out, zh_err *err)
{
    (void)origin;
    (void)err;
    *out = *(const zh_witness_state *)context;
    return ZH_OK;
}

static void check_request(zh_str text, const zh_policy *policy)
{
    zh_witness_request request;
    zh_witness_answer answer;
    zh_witness_state states[2] = {{.size = 0}, {.size = 2}};
    size_t n;
    zh_assert(zh_base64_read(ZH_STR("osnh4/KwxbyiKufap/P0ZST0VOJXMUF+uBGMoR8FNgU="),
                             states[1].root.b, ZH_DIGEST_BYTES, &n));
    if (zh_witness_request_parse(text, &request, NULL) == ZH_OK) {
        zh_buf again;
        zh_buf_init(&again, text.n + 64);
        zh_witness_request_write(request.old, request.path, request.path_n, request.note, &again);
        zh_assert(zh_str_eq(zh_buf_view(&again), text));
        zh_buf_free(&again);
    }
    for (size_t i = 0; i < 2; i++) {
        zh_err err = {0};
        zh_assert(zh_witness_decide(text, policy, known, &states[i], &answer, &err) == ZH_OK);
        if (answer.status == 200) {
            zh_assert(answer.next.size >= states[i].size);
        } else {
            zh_assert(err.message[0] != '\0');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str text = {(const char *)data, size};
    zh_verifier log;
    zh_verifier witness;
    zh_policy policy;
    zh_buf lines;
    zh_assert(zh_verifier_parse(ZH_STR(LOG), &log, NULL) == ZH_OK &&
              zh_verifier_parse(ZH_STR(WITNESS), &witness, NULL) == ZH_OK);
    zh_policy_of_log(&log, &policy);
    check_proof(text, &policy);
    check_request(text, &policy);
    zh_buf_init(&lines, 4096);
    if (zh_witness_accept(ZH_STR(NOTE), text, &witness, &lines, NULL) == ZH_OK) {
        zh_assert(lines.n > 0 && zh_str_find(text, zh_buf_view(&lines)) >= 0);
    }
    zh_buf_free(&lines);
    return 0;
}
