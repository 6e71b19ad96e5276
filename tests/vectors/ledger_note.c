/* Vectors of signed notes, tlog-proofs and the witness protocol. */
#include "base/os.h"
#include "proof/tlog_proof.h"
#include "proof/witness.h"
#include "vectors/vectors.h"
#include <string.h>

#define WITNESS_TIME 1700000000 /* any; the protocol does not compare times */

static zh_str text_of(const zh_json *object, const char *name)
{
    return zh_json_str(zh_json_get(object, name), ZH_STR_NONE);
}

static bool flag(const zh_json *object, const char *name)
{
    const zh_json *value = zh_json_get(object, name);
    return value && value->kind == ZH_JSON_BOOL && value->boolean;
}

/* Missing numbers are not compared. */
static bool number_is(const zh_json *object, const char *name, uint64_t expected)
{
    const zh_json *value = zh_json_get(object, name);
    uint64_t number;
    return !value || (zh_note_number(value->text, &number) && number == expected);
}

/* ---- keys ---- */

/* A verifier key from its text, which must be what its parts are written as. */
static bool read_key(struct run *run, zh_str text, zh_verifier *out)
{
    zh_buf again;
    zh_buf_init(&again, ZH_KEY_TEXT_BYTES_MAX);
    bool good = zh_verifier_parse(text, out, &run->err) == ZH_OK;
    if (good) {
        zh_verifier_write(out, &again);
        good = zh_str_eq(zh_buf_view(&again), text);
    }
    zh_buf_free(&again);
    result(run, good, "verifier key", 0, 0);
    return good;
}

static bool read_policy(struct run *run, const zh_json *in, zh_policy *policy)
{
    zh_verifier key;
    bool good = read_key(run, text_of(in, "log_vkey"), &key);
    zh_policy_of_log(&key, policy);
    const zh_json *witnesses = zh_json_get(in, "witness_vkeys");
    for (const zh_json *w = witnesses ? witnesses->first : NULL; w && good; w = w->next) {
        good = read_key(run, zh_json_str(w, ZH_STR_NONE), &key) &&
               zh_policy_add_witness(policy, zh_str_dup(run->arena, zh_str_of(key.name)), &key,
                                     ZH_STR_NONE, &run->err) == ZH_OK;
    }
    return good;
}

/* The signer whose public key is this one, from whichever seed it is. */
static bool find_signer(const zh_json *seeds, const zh_verifier *key, zh_signer *out)
{
    for (const zh_json *seed = seeds ? seeds->first : NULL; seed; seed = seed->next) {
        uint8_t secret[ZH_KEY_SECRET_BYTES];
        if (zh_unhex(zh_json_str(seed, ZH_STR_NONE), secret, sizeof(secret)) &&
            zh_signer_of(zh_str_of(key->name), key->type, secret, out, NULL) == ZH_OK &&
            zh_verifier_eq(&out->verifier, key)) {
            return true;
        }
    }
    return false;
}

/* ---- checkpoints ---- */

/* Signing the same text again gives the same line: Ed25519 is deterministic. */
static void check_signing(struct run *run, const zh_json *seeds, const zh_verifier *key,
                          zh_str note, size_t record)
{
    zh_note parsed;
    zh_signer signer;
    uint64_t time_s = 0;
    zh_buf line;
    if (zh_note_parse(note, &parsed, &run->err) != ZH_OK ||
        zh_note_check(&parsed, key, &time_s, &run->err) != ZH_OK) {
        return; /* this key did not sign */
    }
    zh_buf_init(&line, ZH_NOTE_BYTES_MAX);
    bool good = find_signer(seeds, key, &signer);
    if (good) {
        zh_note_sign(parsed.text, &signer, time_s, &line);
        good = zh_str_find(note, zh_buf_view(&line)) >= 0;
        zh_checkpoint checkpoint;
        zh_buf again;
        zh_buf_init(&again, ZH_NOTE_BYTES_MAX);
        good = good && zh_checkpoint_parse(parsed.text, &checkpoint, &run->err) == ZH_OK;
        if (good) {
            zh_checkpoint_sign(&checkpoint, &signer, 1, time_s, &again);
            good = zh_str_starts(zh_buf_view(&again), parsed.text) &&
                   zh_str_ends(zh_buf_view(&again), zh_buf_view(&line));
        }
        zh_buf_free(&again);
    }
    zh_buf_free(&line);
    result(run, good, "signs otherwise than the seed's key", record, 1);
}

static void check_checkpoint(struct run *run, const zh_policy *policy, const zh_json *seeds,
                             const zh_json *in, size_t record)
{
    zh_opened opened;
    zh_str note = text_of(in, "note");
    bool taken = zh_policy_open(policy, note, &opened, &run->err) == ZH_OK;
    zh_err_clear(&run->err);
    bool good =
        taken == flag(in, "ok") && (!taken || (number_is(in, "size", opened.checkpoint.size) &&
                                               number_is(in, "witnesses_ok", opened.nwitnesses)));
    result(run, good, "other verdict, size or number of witnesses", record, 0);
    if (taken && seeds) {
        check_signing(run, seeds, &policy->logs[0].key, note, record);
        for (size_t i = 0; i < policy->nwitnesses; i++) {
            check_signing(run, seeds, &policy->witnesses[i].key, note, record);
        }
    }
}

/* ---- proofs ---- */

static void check_proof(struct run *run, const zh_policy *policy, const zh_json *in, size_t record)
{
    zh_str encoded = text_of(in, "entry_b64");
    zh_str text = text_of(in, "proof");
    char *entry = zh_arena_try(run->arena, encoded.n + 1);
    size_t n;
    zh_tlog_proof proof;
    zh_opened opened;
    if (!entry || !zh_base64_read(encoded, entry, encoded.n, &n)) {
        result(run, false, "entry is not Base 64", record, 2);
        return;
    }
    bool parsed = zh_tlog_proof_parse(text, &proof, &run->err) == ZH_OK;
    bool taken = parsed && zh_tlog_proof_check_entry(&proof, policy, (zh_str){entry, n}, &opened,
                                                     &run->err) == ZH_OK;
    zh_err_clear(&run->err);
    result(run, taken == flag(in, "ok"), "other verdict on the proof", record, 2);
    if (taken) {
        zh_buf again;
        zh_buf_init(&again, ZH_TLOG_PROOF_BYTES_MAX);
        zh_tlog_proof_write(&proof, &again);
        result(run, zh_str_eq(zh_buf_view(&again), text), "proof is written otherwise", record, 3);
        zh_buf_free(&again);
    }
}

/* ---- add-checkpoint, played in order ---- */

struct witness {
    zh_str origin;
    zh_witness_state state;
};

static zh_rc known(void *context, zh_str origin, zh_witness_state *out, zh_err *err)
{
    const struct witness *witness = context;
    (void)err;
    *out = zh_str_eq(witness->origin, origin) ? witness->state : (zh_witness_state){.size = 0};
    return ZH_OK;
}

/* The cosignature made for a 200 is one the log takes. */
static bool answer_taken(struct run *run, const zh_policy *policy, const zh_json *seeds,
                         zh_str text, zh_str note)
{
    bool good = true;
    for (size_t i = 0; i < policy->nwitnesses && seeds && good; i++) {
        const zh_verifier *key = &policy->witnesses[i].key;
        zh_signer signer;
        zh_buf answer;
        zh_buf lines;
        zh_buf_init(&answer, ZH_WITNESS_BODY_BYTES);
        zh_buf_init(&lines, ZH_WITNESS_BODY_BYTES);
        good = find_signer(seeds, key, &signer);
        if (good) {
            zh_note_sign(text, &signer, WITNESS_TIME, &answer);
            good = zh_witness_accept(note, zh_buf_view(&answer), key, &lines, &run->err) == ZH_OK &&
                   zh_str_eq(zh_buf_view(&answer), zh_buf_view(&lines));
        }
        zh_buf_free(&answer);
        zh_buf_free(&lines);
    }
    return good;
}

static void check_request(struct run *run, const zh_policy *policy, const zh_json *seeds,
                          struct witness *witness, const zh_json *in, size_t record)
{
    zh_str body = text_of(in, "body");
    zh_witness_answer answer;
    zh_witness_request request;
    bool good = zh_witness_decide(body, policy, known, witness, &answer, &run->err) == ZH_OK &&
                number_is(in, "expect", (uint64_t)answer.status);
    result(run, good, "other status", record, 4);
    zh_err_clear(&run->err);
    if (!good || answer.status != 200) {
        return;
    }
    witness->origin = zh_str_dup(run->arena, answer.checkpoint.origin);
    witness->state = answer.next;
    zh_buf again;
    zh_buf_init(&again, ZH_WITNESS_BODY_BYTES);
    good = zh_witness_request_parse(body, &request, &run->err) == ZH_OK;
    if (good) {
        zh_witness_request_write(request.old, request.path, request.path_n, request.note, &again);
        good = zh_str_eq(zh_buf_view(&again), body) && number_is(in, "old", request.old) &&
               number_is(in, "new", answer.next.size) &&
               answer_taken(run, policy, seeds, answer.text, request.note);
    }
    zh_buf_free(&again);
    result(run, good, "request or cosignature is written otherwise", record, 5);
}

void run_notes(struct run *run)
{
    const zh_json *in = document(run);
    zh_policy policy;
    if (!in || !read_policy(run, in, &policy)) {
        result(run, false, "no keys", 0, 0);
        return;
    }
    const zh_json *seeds = zh_json_get(in, "seeds");
    const zh_json *list = zh_json_get(in, "checkpoints");
    size_t record = 0;
    for (const zh_json *c = list ? list->first : NULL; c; c = c->next) {
        check_checkpoint(run, &policy, seeds, c, record++);
    }
    record = 0;
    list = zh_json_get(in, "tlog_proofs");
    for (const zh_json *p = list ? list->first : NULL; p; p = p->next) {
        check_proof(run, &policy, p, record++);
    }
    record = 0;
    struct witness witness = {.origin = ZH_STR_NONE};
    list = zh_json_get(in, "add_checkpoint");
    for (const zh_json *r = list ? list->first : NULL; r; r = r->next) {
        check_request(run, &policy, seeds, &witness, r, record++);
    }
}

void run_sm2_notes(struct run *run)
{
    const zh_json *in = document(run);
    zh_verifier key;
    zh_policy policy;
    const zh_json *list = in ? zh_json_get(in, "notes") : NULL;
    if (!list || !read_key(run, text_of(in, "vkey"), &key)) {
        result(run, false, "no key, or no notes", 0, 0);
        return;
    }
    zh_policy_of_log(&key, &policy);
    size_t record = 0;
    for (const zh_json *note = list->first; note; note = note->next) {
        check_checkpoint(run, &policy, NULL, note, record++);
    }
}
