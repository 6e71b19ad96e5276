/* Keys, notes, checkpoints, policies and tlog-proofs. Expected values: RFC 8032 section 7.1 test 1;
 * the example of the documentation of golang.org/x/mod/sumdb/note; the remaining formats are run
 * from the shared vectors and by the Go oracle. */
#include "base/os.h"
#include "proof/tlog_proof.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GO_VERIFIER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_SIGNER   "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define GO_TEXT                                                                                    \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define GO_LINE                                                                                      \
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZ" \
    "b6KE6RyyBwJnAM=\n"

/* ---- keys ---- */

static void ed25519_of_the_rfc(void **state)
{
    (void)state;
    uint8_t secret[ZH_KEY_SECRET_BYTES];
    uint8_t public[32];
    uint8_t expected[ZH_SIGNATURE_BYTES];
    uint8_t signature[ZH_SIGNATURE_BYTES];
    zh_signer signer;
    assert_true(zh_unhex(ZH_STR("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
                         secret, sizeof(secret)));
    assert_true(zh_unhex(ZH_STR("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
                         public, sizeof(public)));
    assert_true(zh_unhex(ZH_STR("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555f"
                                "b8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
                         expected, sizeof(expected)));
    assert_int_equal(zh_signer_of(ZH_STR("x"), ZH_KEY_ED25519, secret, &signer, NULL), ZH_OK);
    assert_memory_equal(signer.verifier.point, public, sizeof(public));
    zh_signer_sign(&signer, ZH_STR_NONE, signature);
    assert_memory_equal(signature, expected, sizeof(expected));
    assert_true(zh_verifier_check(&signer.verifier, ZH_STR_NONE, signature));
    assert_false(zh_verifier_check(&signer.verifier, ZH_STR("x"), signature));
    signature[0] ^= 1;
    assert_false(zh_verifier_check(&signer.verifier, ZH_STR_NONE, signature));
}

static void notes_of_the_go_documentation(void **state)
{
    (void)state;
    zh_verifier key;
    zh_signer signer;
    zh_note note;
    zh_buf text;
    uint64_t time_s = 9;
    assert_int_equal(zh_verifier_parse(ZH_STR(GO_VERIFIER), &key, NULL), ZH_OK);
    assert_int_equal(zh_signer_parse(ZH_STR(GO_SIGNER), &signer, NULL), ZH_OK);
    assert_true(zh_verifier_eq(&key, &signer.verifier) && key.id == 0xc74f20a3);
    zh_buf_init(&text, 4096);
    zh_note_sign(ZH_STR(GO_TEXT), &signer, 0, &text);
    assert_true(zh_str_is(zh_buf_view(&text), GO_LINE));
    zh_buf_clear(&text);
    zh_verifier_write(&key, &text);
    assert_true(zh_str_is(zh_buf_view(&text), GO_VERIFIER));
    zh_buf_clear(&text);
    zh_signer_write(&signer, &text);
    assert_true(zh_str_is(zh_buf_view(&text), GO_SIGNER));
    zh_buf_free(&text);
    assert_int_equal(zh_note_parse(ZH_STR(GO_TEXT "\n" GO_LINE), &note, NULL), ZH_OK);
    assert_int_equal(zh_note_check(&note, &key, &time_s, NULL), ZH_OK);
    assert_int_equal(time_s, 0);
    zh_signer_wipe(&signer);
}

/* Both directions of the 国密 key: what is signed verifies, under this id and text only. */
static void sm2_signs(void **state)
{
    (void)state;
    zh_signer signer;
    zh_signer again;
    zh_signer other;
    zh_buf text;
    uint8_t signature[ZH_SIGNATURE_BYTES];
    uint8_t zero[ZH_KEY_SECRET_BYTES] = {0};
    uint8_t large[ZH_KEY_SECRET_BYTES];
    zh_err err = {0};
    assert_int_equal(zh_signer_generate(ZH_STR("sm.example"), ZH_KEY_SM2, &signer, NULL), ZH_OK);
    assert_int_equal(zh_signer_generate(ZH_STR("sm.example"), ZH_KEY_SM2, &other, NULL), ZH_OK);
    for (int i = 0; i < 20; i++) {
        zh_signer_sign(&signer, ZH_STR("text"), signature);
        assert_true(zh_verifier_check(&signer.verifier, ZH_STR("text"), signature));
        assert_false(zh_verifier_check(&other.verifier, ZH_STR("text"), signature));
        assert_false(zh_verifier_check(&signer.verifier, ZH_STR("texT"), signature));
    }
    memset(signature, 0xff, sizeof(signature));
    assert_false(zh_verifier_check(&signer.verifier, ZH_STR("text"), signature));
    memset(signature, 0, sizeof(signature));
    assert_false(zh_verifier_check(&signer.verifier, ZH_STR("text"), signature));
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX);
    zh_signer_write(&signer, &text);
    assert_int_equal(zh_signer_parse(zh_buf_view(&text), &again, NULL), ZH_OK);
    assert_true(zh_verifier_eq(&again.verifier, &signer.verifier));
    assert_int_equal(zh_key_tree_alg(ZH_KEY_SM2), ZH_HASH_SM3);
    zh_buf_free(&text);
    memset(large, 0xff, sizeof(large));
    assert_int_equal(zh_signer_of(ZH_STR("x"), ZH_KEY_SM2, zero, &again, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "key.secret");
    assert_int_equal(zh_signer_of(ZH_STR("x"), ZH_KEY_SM2, large, &again, NULL), ZH_EINVAL);
}

static void bad_keys_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanN+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpPeterNeumannc2QcUPDhMQegwxbzhKqiBfsVkmqq/",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
    };
    zh_verifier key;
    zh_signer signer;
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_err err = {0};
        assert_int_equal(zh_verifier_parse(zh_str_of(bad[i]), &key, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "key.verifier");
    }
    zh_err err = {0};
    assert_int_equal(zh_signer_parse(ZH_STR(GO_VERIFIER), &signer, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "key.signer");
    assert_null(strstr(err.where, "ARpc2Q")); /* a secret is not repeated */
    static const char *const names[] = {"",     "a b", "a+b", "a\xc2\xa0z", "a\xe3\x80\x80z",
                                        "a\tb", "\xff"};
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        assert_false(zh_key_name_valid(zh_str_of(names[i])));
    }
    char name[ZH_KEY_NAME_BYTES_MAX + 1];
    memset(name, 'n', sizeof(name));
    assert_true(zh_key_name_valid((zh_str){name, ZH_KEY_NAME_BYTES_MAX}));
    assert_false(zh_key_name_valid((zh_str){name, ZH_KEY_NAME_BYTES_MAX + 1}));
    assert_true(zh_key_name_valid(ZH_STR("省局.example/质衡")));
    /* The longest name still has a text of both encodings. */
    zh_buf text;
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX);
    zh_str longest = {name, ZH_KEY_NAME_BYTES_MAX};
    assert_int_equal(zh_signer_generate(longest, ZH_KEY_SM2, &signer, NULL), ZH_OK);
    zh_verifier_write(&signer.verifier, &text);
    assert_int_equal(zh_verifier_parse(zh_buf_view(&text), &key, NULL), ZH_OK);
    zh_buf_clear(&text);
    zh_signer_write(&signer, &text);
    assert_int_equal(zh_signer_parse(zh_buf_view(&text), &signer, NULL), ZH_OK);
    zh_buf_free(&text);
}

static void key_files(void **state)
{
    (void)state;
    char directory[SCRATCH_BYTES];
    char path[96];
    zh_signer signer;
    zh_signer back;
    zh_err err = {0};
    scratch_folder(directory);
    (void)snprintf(path, sizeof(path), "%s/a.key", directory);
    assert_int_equal(zh_signer_load(path, &back, &err), ZH_ENOTFOUND);
    zh_err_clear(&err);
    assert_int_equal(zh_signer_generate(ZH_STR("k"), ZH_KEY_ED25519, &signer, NULL), ZH_OK);
    assert_int_equal(zh_signer_save(path, &signer, NULL), ZH_OK);
    assert_int_equal(zh_signer_load(path, &back, NULL), ZH_OK);
    assert_memory_equal(&back, &signer, sizeof(back));
    assert_int_equal(zh_signer_save(path, &signer, &err), ZH_ECONFLICT);
    assert_string_equal(err.rule, "key.file.exists");
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610};
    for (size_t i = 0; i < ZH_COUNTOF(modes); i++) {
        zh_err_clear(&err);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(zh_signer_load(path, &back, &err), ZH_EDENIED);
        assert_string_equal(err.rule, "key.file.mode");
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(zh_signer_load(path, &back, NULL), ZH_OK);
    assert_int_equal(remove(path), 0);
    char target[112];
    (void)snprintf(target, sizeof(target), "%s/target", directory);
    assert_int_equal(symlink(target, path), 0); /* neither read nor written through */
    assert_int_equal(zh_signer_load(path, &back, NULL), ZH_EIO);
    assert_int_equal(zh_signer_save(path, &signer, NULL), ZH_ECONFLICT);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(zh_signer_load(path, &back, NULL) != ZH_OK);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

/* ---- Base 64 and numbers ---- */

static void base64_is_strict(void **state)
{
    (void)state;
    /* RFC 4648 section 10. */
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < ZH_COUNTOF(pairs); i++) {
        zh_buf out;
        char bytes[8];
        size_t n;
        zh_buf_init(&out, 64);
        zh_base64_write(zh_str_of(pairs[i][0]), &out);
        assert_true(zh_str_is(zh_buf_view(&out), pairs[i][1]));
        assert_true(zh_base64_read(zh_str_of(pairs[i][1]), bytes, sizeof(bytes), &n));
        assert_true(zh_str_is((zh_str){bytes, n}, pairs[i][0]));
        assert_true(n == 0 || !zh_base64_read(zh_str_of(pairs[i][1]), bytes, n - 1, &n));
        zh_buf_free(&out);
    }
    static const char *const bad[] = {
        "Z",        "Zg",   "Zg=",  "Zh==", "Zm9=", "Zg==\n",  " Zg==",
        "Zg==Zg==", "====", "Z===", "Zm-v", "=Zg=", "Zm8=Zm8="};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        char bytes[16];
        size_t n;
        assert_false(zh_base64_read(zh_str_of(bad[i]), bytes, sizeof(bytes), &n));
    }
    uint64_t number;
    assert_true(zh_note_number(ZH_STR("18446744073709551615"), &number) && number == UINT64_MAX);
    assert_true(zh_note_number(ZH_STR("0"), &number) && number == 0);
    static const char *const numbers[] = {"",
                                          "00",
                                          "01",
                                          "+1",
                                          "-1",
                                          " 1",
                                          "1 ",
                                          "1x",
                                          "18446744073709551616",
                                          "99999999999999999999",
                                          "0x1"};
    for (size_t i = 0; i < ZH_COUNTOF(numbers); i++) {
        assert_false(zh_note_number(zh_str_of(numbers[i]), &number));
    }
}

/* ---- notes and checkpoints ---- */

static void malformed_notes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        GO_TEXT,
        GO_TEXT "\n",
        GO_TEXT GO_LINE,
        "\n" GO_LINE,
        GO_TEXT "\n\n"
                "x\n",
        GO_TEXT "\n" GO_LINE "x\n",
        GO_TEXT "\n— PeterNeumann x08go/ZJkuBS\n\n",
        GO_TEXT "\n— PeterNeumann\n",
        GO_TEXT "\n—  x08go/ZJkuBS\n",
        GO_TEXT "\n— a+b x08go/ZJkuBS\n",
        GO_TEXT "\n— PeterNeumann x08goA==\n",
        GO_TEXT "\n— PeterNeumann x08go/ZJkuB\n",
        GO_TEXT "\n- PeterNeumann x08go/ZJkuBS\n",
        "a\tb\n\n" GO_LINE,
        "a\r\n\n" GO_LINE,
        "a\xff\n\n" GO_LINE,
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_note note;
        zh_err err = {0};
        if (zh_note_parse(zh_str_of(bad[i]), &note, &err) != ZH_EINVAL) {
            fail_msg("case %zu was taken", i);
        }
        assert_string_equal(err.rule, "note.format");
    }
    /* A text with empty lines in it: the signatures are after the last one. */
    zh_note note;
    assert_int_equal(zh_note_parse(ZH_STR("a\n\nb\n\n" GO_LINE), &note, NULL), ZH_OK);
    assert_true(zh_str_is(note.text, "a\n\nb\n"));
    /* Cap of signatures: 64 are read, 65 are too many. */
    zh_buf many;
    zh_buf_init(&many, ZH_NOTE_BYTES_MAX + 1);
    zh_buf_z(&many, "a\n\n");
    for (int i = 0; i < ZH_NOTE_SIGNATURES_MAX; i++) {
        zh_buf_z(&many, GO_LINE);
    }
    assert_int_equal(zh_note_parse(zh_buf_view(&many), &note, NULL), ZH_OK);
    assert_int_equal(note.n, ZH_NOTE_SIGNATURES_MAX);
    zh_buf_z(&many, GO_LINE);
    assert_int_equal(zh_note_parse(zh_buf_view(&many), &note, NULL), ZH_ELIMIT);
    while (many.n <= ZH_NOTE_BYTES_MAX) {
        zh_buf_c(&many, 'x');
    }
    assert_int_equal(zh_note_parse(zh_buf_view(&many), &note, NULL), ZH_ELIMIT);
    zh_buf_free(&many);
}

static void checkpoints(void **state)
{
    (void)state;
#define ROOT "osnh4/KwxbyiKufap/P0ZST0VOJXMUF+uBGMoR8FNgU="
    static const char *const bad[] = {"",
                                      "o\n2\n",
                                      "o\n2\n" ROOT,
                                      "o\n02\n" ROOT "\n",
                                      "\n2\n" ROOT "\n",
                                      "o\n\n" ROOT "\n",
                                      "o\n2\n" ROOT "\n\n",
                                      "o\n2\n" ROOT "\nx",
                                      "o\n-2\n" ROOT "\n",
                                      "o\n18446744073709551616\n" ROOT "\n",
                                      "o\n2\nosnh4/KwxbyiKufap/P0ZST0VOJXMUF+uBGMoR8FNg==\n",
                                      "o\n2\nosnh4\n",
                                      "o\n2\n" ROOT "\nx\n\ny\n"};
    zh_checkpoint checkpoint;
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_err err = {0};
        if (zh_checkpoint_parse(zh_str_of(bad[i]), &checkpoint, &err) != ZH_EINVAL) {
            fail_msg("case %zu was taken", i);
        }
        assert_string_equal(err.rule, "checkpoint.format");
    }
    zh_str good = ZH_STR("o x\n18446744073709551615\n" ROOT "\next 1\next 2\n");
    zh_buf again;
    zh_buf_init(&again, 4096);
    assert_int_equal(zh_checkpoint_parse(good, &checkpoint, NULL), ZH_OK);
    assert_true(checkpoint.size == UINT64_MAX &&
                zh_str_is(checkpoint.extensions, "ext 1\next 2\n"));
    zh_checkpoint_write(&checkpoint, &again);
    assert_true(zh_str_eq(zh_buf_view(&again), good));
    zh_buf_clear(&again);
    zh_buf_z(&again, "o\n1\n" ROOT "\n");
    for (int i = 0; i < ZH_CHECKPOINT_LINES_MAX; i++) {
        zh_buf_z(&again, "x\n");
    }
    assert_int_equal(zh_checkpoint_parse(zh_buf_view(&again), &checkpoint, NULL), ZH_OK);
    zh_buf_z(&again, "x\n");
    assert_int_equal(zh_checkpoint_parse(zh_buf_view(&again), &checkpoint, NULL), ZH_EINVAL);
    zh_buf_free(&again);
}

/* ---- policies ---- */

struct keys {
    zh_signer log, next, sm, witness[3];
    zh_arena *arena;
};

static void make(const char *name, zh_key_type type, uint8_t seed, zh_signer *out)
{
    uint8_t secret[ZH_KEY_SECRET_BYTES];
    memset(secret, seed, sizeof(secret));
    assert_int_equal(zh_signer_of(zh_str_of(name), type, secret, out, NULL), ZH_OK);
}

static int set_up(void **state)
{
    struct keys *keys = zh_alloc(sizeof(*keys));
    keys->arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    make("log.example", ZH_KEY_ED25519, 1, &keys->log);
    make("log.example", ZH_KEY_ED25519, 2, &keys->next);
    make("log.example", ZH_KEY_SM2, 3, &keys->sm);
    make("w0.example", ZH_KEY_COSIGNATURE, 4, &keys->witness[0]);
    make("w1.example", ZH_KEY_COSIGNATURE, 5, &keys->witness[1]);
    make("w2.example", ZH_KEY_COSIGNATURE, 6, &keys->witness[2]);
    *state = keys;
    return 0;
}

static int tear_down(void **state)
{
    struct keys *keys = *state;
    zh_arena_free(keys->arena);
    zh_dealloc(keys);
    return 0;
}

/* Text with {L} {N} {S} {0} {1} {2} replaced by the keys. */
static zh_str with_keys(struct keys *keys, const char *text)
{
    zh_buf out;
    zh_buf_init(&out, ZH_POLICY_BYTES_MAX * 2);
    for (; *text; text++) {
        if (*text != '{') {
            zh_buf_c(&out, *text);
            continue;
        }
        const zh_signer *signer = text[1] == 'L'   ? &keys->log
                                  : text[1] == 'N' ? &keys->next
                                  : text[1] == 'S' ? &keys->sm
                                                   : &keys->witness[text[1] - '0'];
        zh_verifier_write(&signer->verifier, &out);
        text += 2;
    }
    zh_str copy = zh_str_dup(keys->arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return copy;
}

static zh_str signed_note(struct keys *keys, const zh_signer *log, unsigned witnesses)
{
    zh_buf note;
    zh_buf text;
    zh_checkpoint checkpoint = {.origin = ZH_STR("log.example"), .size = 5};
    memset(checkpoint.root.b, 7, sizeof(checkpoint.root.b));
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    zh_buf_init(&text, ZH_NOTE_BYTES_MAX);
    zh_checkpoint_write(&checkpoint, &text);
    zh_checkpoint_sign(&checkpoint, log, 1, 0, &note);
    for (unsigned i = 0; i < 3; i++) {
        if (witnesses >> i & 1) {
            zh_note_sign(zh_buf_view(&text), &keys->witness[i], 1000 + i, &note);
        }
    }
    zh_str copy = zh_str_dup(keys->arena, zh_buf_view(&note));
    zh_buf_free(&note);
    zh_buf_free(&text);
    return copy;
}

static void policy_of_the_text(void **state)
{
    struct keys *keys = *state;
    zh_policy policy;
    zh_opened opened;
    zh_err err = {0};
    zh_str text = with_keys(keys, "# comment\n\n \tlog {L} https://log.example/\nlog {N}\n"
                                  "witness X {0} http://w0/\nwitness Y {1}\nwitness Z {2}\n"
                                  "group XY any X Y\ngroup all-of all XY Z\nquorum all-of\n");
    assert_int_equal(zh_policy_parse(text, &policy, &err), ZH_OK);
    assert_true(policy.nlogs == 2 && policy.nwitnesses == 3 && policy.ngroups == 2);
    assert_true(zh_str_is(policy.logs[0].url, "https://log.example/"));
    assert_true(zh_str_is(policy.witnesses[0].url, "http://w0/"));
    static const bool enough[8] = {false, false, false, false, false, true, true, true};
    for (unsigned set = 0; set < 8; set++) {
        assert_int_equal(zh_policy_satisfied(&policy, set), enough[set]);
        zh_rc rc = zh_policy_open(&policy, signed_note(keys, &keys->log, set), &opened, NULL);
        assert_int_equal(rc, enough[set] ? ZH_OK : ZH_EDENIED);
    }
    /* Z saw it at 1002; X at 1000: by 1002 the quorum had. */
    assert_int_equal(zh_policy_open(&policy, signed_note(keys, &keys->next, 7), &opened, &err),
                     ZH_OK);
    assert_true(opened.time_s == 1002 && opened.nwitnesses == 3 && opened.witnesses == 7);
    assert_true(zh_verifier_eq(opened.log, &keys->next.verifier));
    assert_int_equal(zh_policy_open(&policy, signed_note(keys, &keys->sm, 7), &opened, &err),
                     ZH_EDENIED);
    assert_string_equal(err.rule, "policy.log");
}

static void wrong_signatures_refuse_the_note(void **state)
{
    struct keys *keys = *state;
    zh_policy policy;
    zh_opened opened;
    zh_policy_of_log(&keys->log.verifier, &policy);
    zh_str note = signed_note(keys, &keys->log, 1);
    /* An unknown key's line is passed over, also when nonsense; a known one's must be right. */
    zh_str more = zh_str_fmt(keys->arena, "%.*s— nobody.example AAAAAAAA\n", ZH_FMT(note));
    assert_int_equal(zh_policy_open(&policy, more, &opened, NULL), ZH_OK);
    assert_int_equal(opened.nwitnesses, 0);
    assert_int_equal(
        zh_policy_add_witness(&policy, ZH_STR("w"), &keys->witness[0].verifier, ZH_STR_NONE, NULL),
        ZH_OK);
    assert_int_equal(zh_policy_open(&policy, note, &opened, NULL), ZH_OK);
    assert_int_equal(opened.nwitnesses, 1);
    char *changed = ZH_NEW_N(keys->arena, char, note.n);
    for (size_t from = note.n - 40; from < note.n - 2; from += 7) {
        zh_err err = {0};
        memcpy(changed, note.p, note.n);
        changed[from] = changed[from] == 'A' ? 'B' : 'A';
        assert_int_equal(zh_policy_open(&policy, (zh_str){changed, note.n}, &opened, &err),
                         ZH_EINVAL);
        assert_string_equal(err.rule, "note.signature");
    }
}

static void bad_policies(void **state)
{
    struct keys *keys = *state;
    static const char *const bad[] = {
        "",
        "log {L}\n",
        "quorum none\nquorum none\n",
        "quorum x\n",
        "quorum none x\n",
        "log {0}\nquorum none\n",
        "log {L}\nlog {L}\nquorum none\n",
        "log {L} u x\nquorum none\n",
        "log x\nquorum none\n",
        "witness none {0}\nquorum none\n",
        "witness a {L}\nquorum none\n",
        "witness a {0}\nwitness a {1}\nquorum none\n",
        "witness a {0}\nwitness b {0}\nquorum none\n",
        "witness a {0}\ngroup a any a\nquorum a\n",
        "witness a {0}\ngroup g 2 a\nquorum g\n",
        "witness a {0}\ngroup g 0 a\nquorum g\n",
        "witness a {0}\ngroup g 01 a\nquorum g\n",
        "witness a {0}\ngroup g any\nquorum g\n",
        "witness a {0}\ngroup g any a a\nquorum g\n",
        "witness a {0}\ngroup g any a\ngroup h any a\nquorum g\n",
        "group g any b\nwitness b {0}\nquorum g\n",
        "frob x\nquorum none\n",
        "log {L}\x01\nquorum none\n",
        "quorum none\r\n",
    };
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_policy policy;
        zh_err err = {0};
        if (zh_policy_parse(with_keys(keys, bad[i]), &policy, &err) != ZH_EINVAL) {
            fail_msg("case %zu was taken", i);
        }
        assert_true(err.message[0] != '\0');
    }
}

static void policy_caps(void **state)
{
    struct keys *keys = *state;
    zh_policy policy;
    zh_signer signer;
    zh_buf text;
    zh_buf_init(&text, ZH_POLICY_BYTES_MAX * 2);
    for (uint8_t i = 0; i < 32; i++) {
        zh_buf_z(&text, "log ");
        make("log.example", ZH_KEY_ED25519, (uint8_t)(100 + i), &signer);
        zh_verifier_write(&signer.verifier, &text);
        zh_buf_fmt(&text, "\nwitness w%u ", i);
        make("w.example", ZH_KEY_COSIGNATURE, (uint8_t)(150 + i), &signer);
        zh_verifier_write(&signer.verifier, &text);
        zh_buf_fmt(&text, "\ngroup g%u 1 w%u\n", i, i);
    }
    size_t full = text.n;
    zh_buf_z(&text, "quorum g31\n");
    assert_int_equal(zh_policy_parse(zh_buf_view(&text), &policy, NULL), ZH_OK);
    assert_true(zh_policy_satisfied(&policy, (uint32_t)1 << 31));
    assert_false(zh_policy_satisfied(&policy, ~((uint32_t)1 << 31)));
    zh_err err = {0};
    make("more.example", ZH_KEY_ED25519, 99, &signer);
    assert_int_equal(zh_policy_add_log(&policy, &signer.verifier, &err), ZH_ELIMIT);
    make("more.example", ZH_KEY_COSIGNATURE, 99, &signer);
    assert_int_equal(
        zh_policy_add_witness(&policy, ZH_STR("m"), &signer.verifier, ZH_STR_NONE, NULL),
        ZH_ELIMIT);
    text.n = full;
    zh_buf_z(&text, "group g32 1 g0\nquorum g31\n");
    assert_int_equal(zh_policy_parse(zh_buf_view(&text), &policy, NULL), ZH_ELIMIT);
    while (text.n <= ZH_POLICY_BYTES_MAX) {
        zh_buf_c(&text, ' ');
    }
    assert_int_equal(zh_policy_parse(zh_buf_view(&text), &policy, NULL), ZH_ELIMIT);
    zh_buf_free(&text);
    zh_policy_of_log(&keys->log.verifier, &policy);
    assert_int_equal(zh_policy_require(&policy, 1, NULL), ZH_EINVAL);
    assert_int_equal(zh_policy_require(&policy, 0, NULL), ZH_OK);
}

/* ---- tlog-proofs ---- */

static void proof_texts(void **state)
{
    (void)state;
#define HEAD "c2sp.org/tlog-proof@v1\n"
    static const char *const bad[] = {
        "",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        HEAD,
        HEAD "index\n\nx",
        HEAD "index 01\n\nx",
        HEAD "index 0\n" ROOT "\n",
        HEAD "index 0",
        HEAD "index 0\nosnh4\n\nx",
        HEAD "extra !\nindex 0\n\nx",
        HEAD "index 0\nextra Zg==\n\nx",
        "\n" HEAD "index 0\n\nx",
    };
    zh_tlog_proof proof;
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_err err = {0};
        if (zh_tlog_proof_parse(zh_str_of(bad[i]), &proof, &err) != ZH_EINVAL) {
            fail_msg("case %zu was taken", i);
        }
        assert_string_equal(err.rule, "tlog-proof.format");
    }
    zh_str good = ZH_STR(HEAD "extra Zm9v\nindex 3\n" ROOT "\n" ROOT "\n\nx\n");
    zh_buf again;
    zh_buf_init(&again, ZH_TLOG_PROOF_BYTES_MAX);
    assert_int_equal(zh_tlog_proof_parse(good, &proof, NULL), ZH_OK);
    assert_true(proof.index == 3 && proof.path_n == 2 && zh_str_is(proof.extra, "Zm9v"));
    zh_tlog_proof_write(&proof, &again);
    assert_true(zh_str_eq(zh_buf_view(&again), good));
    zh_buf_clear(&again);
    zh_buf_z(&again, HEAD "index 3\n");
    for (int i = 0; i < ZH_TREE_PATH_MAX; i++) {
        zh_buf_z(&again, ROOT "\n");
    }
    size_t full = again.n;
    zh_buf_z(&again, "\nx\n");
    assert_int_equal(zh_tlog_proof_parse(zh_buf_view(&again), &proof, NULL), ZH_OK);
    again.n = full;
    zh_buf_z(&again, ROOT "\n\nx\n");
    assert_int_equal(zh_tlog_proof_parse(zh_buf_view(&again), &proof, NULL), ZH_EINVAL);
    zh_buf_free(&again);
}

static void notes_one_after_another(void **state)
{
    (void)state;
    zh_str rest = ZH_STR("a\n\n— x y\n— z w\nb\n\nc\n\n— x y\nrest");
    zh_str note;
    assert_true(zh_note_split(&rest, &note) && zh_str_is(note, "a\n\n— x y\n— z w\n"));
    assert_true(zh_note_split(&rest, &note) && zh_str_is(note, "b\n\nc\n\n— x y\n"));
    assert_true(zh_note_split(&rest, &note) && zh_str_is(note, "rest"));
    assert_false(zh_note_split(&rest, &note));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ed25519_of_the_rfc),
        cmocka_unit_test(notes_of_the_go_documentation),
        cmocka_unit_test(sm2_signs),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(key_files),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(malformed_notes),
        cmocka_unit_test(checkpoints),
        TEST(policy_of_the_text),
        TEST(wrong_signatures_refuse_the_note),
        TEST(bad_policies),
        TEST(policy_caps),
        cmocka_unit_test(proof_texts),
        cmocka_unit_test(notes_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
