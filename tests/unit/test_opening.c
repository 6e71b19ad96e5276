/* Lists of a figure's opening. The roots are computed here a second time from the lines, by the
 * tree in memory; what a whole file refuses is tried by tests/proof/tamper.py. */
#include "base/json.h"
#include "proof/opening.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void root_of_lines(zh_hash_alg alg, zh_str text, zh_digest *root, uint64_t *count)
{
    zh_digest leaves[64];
    zh_hash hash;
    zh_str line;
    *count = 0;
    zh_hash_begin(&hash, alg);
    while (zh_str_split(&text, '\n', &line) && text.p) {
        zh_tree_leaf(&hash, line.p, line.n, &leaves[(*count)++]);
    }
    zh_tree_head(&hash, leaves, *count, root);
    zh_hash_release(&hash);
}

static void lines_and_roots(void **state)
{
    (void)state;
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        zh_opening_root root;
        zh_buf out;
        zh_digest got;
        zh_digest expected;
        uint64_t count;
        uint64_t lines;
        zh_buf_init(&out, 4096);
        zh_opening_root_begin(&root, (zh_hash_alg)alg);
        assert_int_equal(zh_opening_detail(&root, 0, ZH_STR("1"), ZH_STR("1"), &out, NULL), ZH_OK);
        assert_int_equal(zh_opening_detail(&root, 7, ZH_STR("-0.50"), ZH_STR_NONE, &out, NULL),
                         ZH_OK);
        assert_int_equal(
            zh_opening_detail(&root, UINT64_MAX, ZH_STR("12"), ZH_STR("3.25"), &out, NULL), ZH_OK);
        zh_opening_root_end(&root, &got, &count);
        assert_true(
            zh_str_is(zh_buf_view(&out), "0 1 1\n7 -0.50 -\n18446744073709551615 12 3.25\n"));
        root_of_lines((zh_hash_alg)alg, zh_buf_view(&out), &expected, &lines);
        assert_true(count == 3 && lines == 3 && zh_digest_eq(&got, &expected));

        zh_buf_clear(&out);
        zh_opening_root_begin(&root, (zh_hash_alg)alg);
        assert_int_equal(zh_opening_frame(&root, 3, true, ZH_STR_NONE, &out, NULL), ZH_OK);
        assert_int_equal(zh_opening_frame(&root, 4, false, ZH_STR("复检中 二"), &out, NULL), ZH_OK);
        assert_int_equal(zh_opening_frame(&root, 5, true, ZH_STR("x"), &out, NULL), ZH_OK);
        zh_opening_root_end(&root, &got, &count);
        assert_true(zh_str_is(zh_buf_view(&out), "3 +\n4 - 复检中 二\n5 + x\n"));
        root_of_lines((zh_hash_alg)alg, zh_buf_view(&out), &expected, &lines);
        assert_true(zh_digest_eq(&got, &expected));
        zh_buf_free(&out);
    }
}

static void lines_that_are_refused(void **state)
{
    (void)state;
    zh_opening_root root;
    zh_buf out;
    zh_digest digest;
    uint64_t count;
    char reason[ZH_OPENING_REASON_MAX + 1];
    memset(reason, 'r', sizeof(reason));
    zh_buf_init(&out, 4096);
    zh_opening_root_begin(&root, ZH_HASH_SHA256);
    zh_str one = ZH_STR("1");
    assert_int_equal(zh_opening_detail(&root, 5, one, one, &out, NULL), ZH_OK);
    assert_int_equal(zh_opening_detail(&root, 5, one, one, &out, NULL), ZH_EINVAL);
    assert_int_equal(zh_opening_detail(&root, 4, one, one, &out, NULL), ZH_EINVAL);
    static const char *const bad[] = {"", "x", "1e3", "1 1", "1\n2", "-", "NaN"};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_str text = zh_str_of(bad[i]);
        assert_int_equal(zh_opening_detail(&root, 6, text, one, &out, NULL), ZH_EINVAL);
        if (text.n > 0) {
            assert_int_equal(zh_opening_detail(&root, 6, one, text, &out, NULL), ZH_EINVAL);
        }
    }
    assert_int_equal(zh_opening_frame(&root, 6, false, ZH_STR_NONE, &out, NULL), ZH_EINVAL);
    assert_int_equal(zh_opening_frame(&root, 6, false, ZH_STR("a\nb"), &out, NULL), ZH_EINVAL);
    assert_int_equal(zh_opening_frame(&root, 6, false, ZH_STR("\xff"), &out, NULL), ZH_EINVAL);
    zh_str longest = {reason, sizeof(reason)};
    assert_int_equal(zh_opening_frame(&root, 6, false, longest, &out, NULL), ZH_ELIMIT);
    longest.n--;
    assert_int_equal(zh_opening_frame(&root, 6, false, longest, &out, NULL), ZH_OK);
    /* The cap of lines, without making five million. */
    root.edge.size = ZH_OPENING_LINES_MAX - 1;
    assert_int_equal(zh_opening_detail(&root, 7, one, one, &out, NULL), ZH_OK);
    assert_int_equal(zh_opening_detail(&root, 8, one, one, &out, NULL), ZH_ELIMIT);
    zh_opening_root_end(&root, &digest, &count);
    zh_buf_free(&out);
}

#define TWO_OF_THREE ZH_STR("1 1 1\n5 0 1\n8 1 1\n")

/* ---- a whole figure, and figures that lie about their own numbers ---- */

struct figure {
    zh_str numerator, denominator, value, scale, fold, detail;
    uint64_t digits;
};

static zh_record_field u64_field(zh_arena *arena, const char *name, uint64_t n)
{
    char *bytes = ZH_NEW_N(arena, char, 8);
    for (int k = 0; k < 8; k++) {
        bytes[k] = (char)(uint8_t)(n >> (8 * (7 - k)));
    }
    return (zh_record_field){zh_str_of(name), {bytes, 8}, ZH_FIELD_U64};
}

static zh_record_field digest_field(zh_arena *arena, const char *name, const zh_digest *digest)
{
    zh_str bytes = {(const char *)digest->b, ZH_DIGEST_BYTES};
    return (zh_record_field){zh_str_of(name), zh_str_dup(arena, bytes), ZH_FIELD_BYTES};
}

static size_t fields_of(zh_arena *arena, const struct figure *f, zh_str frame,
                        zh_record_field fields[16])
{
    zh_record_field *field = fields;
    zh_digest root;
    uint64_t count;
    *field++ = (zh_record_field){ZH_STR("indicator"), ZH_STR("i"), 't'};
    *field++ = (zh_record_field){ZH_STR("formula"), ZH_STR("00"), 't'};
    *field++ = (zh_record_field){ZH_STR("value"), f->value, 't'};
    *field++ = (zh_record_field){ZH_STR("numerator"), f->numerator, 'd'};
    *field++ =
        (zh_record_field){ZH_STR("denominator"), f->denominator, f->denominator.n > 0 ? 'd' : 'n'};
    *field++ = u64_field(arena, "checkpoint_size", 9);
    root_of_lines(ZH_HASH_SHA256, f->detail, &root, &count);
    *field++ = u64_field(arena, "detail_count", count);
    *field++ = digest_field(arena, "detail_root", &root);
    root_of_lines(ZH_HASH_SHA256, frame, &root, &count);
    *field++ = u64_field(arena, "frame_count", count);
    *field++ = digest_field(arena, "frame_root", &root);
    if (f->scale.n > 0) {
        *field++ = (zh_record_field){ZH_STR("scale"), f->scale, 'd'};
        *field++ = u64_field(arena, "digits", f->digits);
    }
    if (f->fold.n > 0) {
        *field++ = (zh_record_field){ZH_STR("fold"), f->fold, 't'};
    }
    return (size_t)(field - fields);
}

/* Seals the figure as entry 9 of a log of ten, writes the file, reads it and checks it. */
static zh_rc check(const struct figure *f, zh_opening_result *result, zh_err *err)
{
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str frame = ZH_STR("1 +\n2 - x\n5 +\n8 +\n");
    zh_record_field fields[16];
    zh_digest work[16];
    zh_digest salt = {{1}};
    zh_digest leaves[10];
    zh_signer log;
    zh_policy policy;
    zh_hash hash;
    zh_tlog_proof proof = {.index = 9};
    zh_opening_file file = {.detail = f->detail, .frame = frame};
    zh_opening_file back;
    zh_buf note;
    zh_buf text;
    zh_jw w;
    size_t n = fields_of(arena, f, frame, fields);
    zh_record_entry entry = {.alg = ZH_HASH_SHA256, .kind = ZH_ENTRY_FIGURE, .n = (uint16_t)n};
    assert_int_equal(zh_record_sort(fields, n, NULL), ZH_OK);
    assert_int_equal(zh_record_root(entry.alg, &salt, fields, n, work, &entry.root, NULL), ZH_OK);
    zh_record_entry_write(&entry, file.figure.entry_bytes);
    file.figure.entry = entry;
    file.figure.fields = ZH_NEW_N(arena, zh_disclosure, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(zh_record_disclose(entry.alg, &salt, fields, n, i, work,
                                            &file.figure.fields[file.figure.n++], NULL),
                         ZH_OK);
    }
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    for (size_t i = 0; i < 10; i++) {
        zh_tree_leaf(&hash, file.figure.entry_bytes, i < 9 ? i : ZH_RECORD_ENTRY_BYTES, &leaves[i]);
    }
    zh_digest again[10];
    memcpy(again, leaves, sizeof(again));
    proof.path_n = zh_tree_path(&hash, again, 10, 9, proof.path);
    zh_checkpoint checkpoint = {.origin = ZH_STR("l"), .size = 10};
    zh_tree_head(&hash, leaves, 10, &checkpoint.root);
    zh_hash_release(&hash);
    assert_int_equal(zh_signer_generate(ZH_STR("l"), ZH_KEY_ED25519, &log, NULL), ZH_OK);
    zh_policy_of_log(&log.verifier, &policy);
    zh_buf_init(&note, 4096);
    zh_buf_init(&text, (size_t)1 << 20);
    zh_checkpoint_sign(&checkpoint, &log, 1, 0, &note);
    proof.note = zh_buf_view(&note);
    zh_tlog_proof_write(&proof, &text);
    file.figure.proof = zh_str_dup(arena, zh_buf_view(&text));
    zh_buf_clear(&text);
    zh_jw_init(&w, &text, 0);
    zh_opening_write(&file, &w);
    assert_int_equal(zh_opening_read(arena, zh_buf_view(&text), &back, NULL), ZH_OK);
    zh_rc rc = zh_opening_check(&back, &policy, result, err);
    zh_buf_free(&note);
    zh_buf_free(&text);
    zh_arena_free(arena);
    return rc;
}

static void numbers_that_agree(void **state)
{
    (void)state;
    const struct figure good[] = {
        /* 2/3 of 100, half-even to two decimals: 66.67 */
        {ZH_STR("2"), ZH_STR("3"), ZH_STR("66.67"), ZH_STR("100"), {0}, TWO_OF_THREE, 2},
        /* 0.1 + 0.20 + 0.3 = 0.6 exactly, written with other digits */
        {ZH_STR("0.600"),
         ZH_STR("1"),
         ZH_STR("0.6"),
         ZH_STR("1"),
         {0},
         ZH_STR("1 0.1 0.5\n5 0.20 0.25\n8 0.3 0.25\n"),
         1},
        /* a tie goes to the even digit: 1/8 = 0.125 -> 0.12; 3/8 = 0.375 -> 0.38 */
        {ZH_STR("1"),
         ZH_STR("8"),
         ZH_STR("0.12"),
         ZH_STR("1"),
         {0},
         ZH_STR("1 1 4\n5 0 2\n8 0 2\n"),
         2},
        {ZH_STR("3"),
         ZH_STR("8"),
         ZH_STR("0.38"),
         ZH_STR("1.0"),
         {0},
         ZH_STR("1 3 4\n5 0 2\n8 0 2\n"),
         2},
        /* no denominator */
        {ZH_STR("-6"),
         {0},
         ZH_STR("-60"),
         ZH_STR("10"),
         {0},
         ZH_STR("1 -1 -\n5 -2 -\n8 -3 -\n"),
         0},
    };
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        zh_opening_result result;
        zh_err err = {0};
        if (check(&good[i], &result, &err) != ZH_OK) {
            fail_msg("case %zu: %s", i, err.message);
        }
        assert_true(result.recounted && result.revalued && result.details == 3 &&
                    result.included == 3 && result.excluded == 1 && result.index == 9);
    }
    /* Another fold is not summed; without scale the value is not recomputed. */
    const struct figure other = {ZH_STR("99"),
                                 ZH_STR("1"),
                                 ZH_STR("x"),
                                 {0},
                                 ZH_STR("median"),
                                 ZH_STR("1 1 1\n5 1 1\n8 1 1\n"),
                                 0};
    zh_opening_result result;
    assert_int_equal(check(&other, &result, NULL), ZH_OK);
    assert_true(!result.recounted && !result.revalued);
}

struct lie {
    struct figure figure;
    const char *rule;
};

static void all_refused(const struct lie *lies, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zh_opening_result result;
        zh_err err = {0};
        if (check(&lies[i].figure, &result, &err) != ZH_EINVAL || strcmp(err.rule, lies[i].rule)) {
            fail_msg("case %zu: %s %s", i, err.rule, err.message);
        }
    }
}

/* Sealed and signed by the log itself, and still wrong: the reader recounts. */
static void numbers_that_lie(void **state)
{
    (void)state;
    const struct lie bad[] = {
        {{ZH_STR("3"), ZH_STR("3"), ZH_STR("100"), {0}, {0}, TWO_OF_THREE, 0}, "opening.sum"},
        {{ZH_STR("2"), ZH_STR("2"), ZH_STR("100"), {0}, {0}, TWO_OF_THREE, 0}, "opening.sum"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("66.66"), ZH_STR("100"), {0}, TWO_OF_THREE, 2},
         "opening.value"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("66.67"), ZH_STR("100"), {0}, TWO_OF_THREE, 1},
         "opening.value"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("no"), ZH_STR("100"), {0}, TWO_OF_THREE, 2},
         "opening.value"},
        {{ZH_STR("0"),
          ZH_STR("0"),
          ZH_STR("0"),
          ZH_STR("1"),
          {0},
          ZH_STR("1 0 0\n5 0 0\n8 0 0\n"),
          0},
         "opening.value"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("66.67"), ZH_STR("100"), {0}, TWO_OF_THREE, 99},
         "opening.value"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("1"), {0}, {0}, ZH_STR("1 1 1\n5 0 -\n8 1 2\n"), 0},
         "opening.sum"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("1"), {0}, {0}, ZH_STR("1 1 1\n8 1 2\n"), 0},
         "opening.line"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("1"), {0}, {0}, ZH_STR("1 1 1\n2 0 1\n8 1 1\n"), 0},
         "opening.line"},
        {{ZH_STR("2"),
          ZH_STR("3"),
          ZH_STR("1"),
          {0},
          {0},
          ZH_STR("1 1 1\n5 0 1\n8 1 1\n9 0 0\n"),
          0},
         "opening.line"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("1"), {0}, {0}, ZH_STR("1 1 1\n5 0 1 1\n8 1 1\n"), 0},
         "opening.line"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("1"), {0}, {0}, ZH_STR("1 1 1\n05 0 1\n8 1 1\n"), 0},
         "opening.line"},
        {{ZH_STR("2"), ZH_STR("3"), ZH_STR("1"), {0}, {0}, ZH_STR("1\n5 0 1\n8 1 1\n"), 0},
         "opening.line"},
    };
    all_refused(bad, ZH_COUNTOF(bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_roots),
        cmocka_unit_test(lines_that_are_refused),
        cmocka_unit_test(numbers_that_agree),
        cmocka_unit_test(numbers_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
