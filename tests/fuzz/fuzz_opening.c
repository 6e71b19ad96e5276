/* Disclosure and figure files: read without harm; what is read is written and read the same; only a
 * file that the log signed is ever found right. */
// covers: src/proof/disclosure.c src/proof/opening.c
#include "proof/opening.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key of tests/proof/sample.c: the corpus holds files it wrote. */
#define LOG "ledger.test.example/zhiheng+9086b4c2+AZmhLrPzLKC61kudLYTYVIODyVL5STCujGJqYsNLT/XL"

static void check_disclosure(zh_arena *arena, zh_str text)
{
    zh_disclosure_file file;
    zh_disclosure_file again;
    zh_err err = {0};
    zh_buf out;
    zh_jw w;
    if (zh_disclosure_read(arena, text, &file, &err) != ZH_OK) {
        zh_assert(err.rc != ZH_OK && err.message[0] != '\0');
        return;
    }
    zh_rc rc = zh_disclosure_file_check(&file, NULL);
    zh_buf_init(&out, 16 * text.n + 4096);
    zh_jw_init(&w, &out, 0);
    zh_disclosure_write(&file, &w);
    zh_assert(zh_disclosure_read(arena, zh_buf_view(&out), &again, NULL) == ZH_OK);
    zh_assert(again.n == file.n && zh_disclosure_file_check(&again, NULL) == rc);
    zh_buf_free(&out);
}

static void check_opening(zh_arena *arena, zh_str text)
{
    zh_opening_file file;
    zh_opening_file again;
    zh_opening_result result;
    zh_verifier log;
    zh_policy policy;
    zh_err err = {0};
    zh_buf out;
    zh_jw w;
    if (zh_opening_read(arena, text, &file, &err) != ZH_OK) {
        zh_assert(err.rc != ZH_OK && err.message[0] != '\0');
        return;
    }
    zh_assert(zh_verifier_parse(ZH_STR(LOG), &log, NULL) == ZH_OK);
    zh_policy_of_log(&log, &policy);
    zh_rc rc = zh_opening_check(&file, &policy, &result, &err);
    zh_assert(rc == ZH_OK || err.message[0] != '\0');
    zh_buf_init(&out, 16 * text.n + 4096);
    zh_jw_init(&w, &out, 2);
    zh_opening_write(&file, &w);
    zh_assert(zh_opening_read(arena, zh_buf_view(&out), &again, NULL) == ZH_OK);
    zh_assert(zh_opening_check(&again, &policy, &result, NULL) == rc);
    zh_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str text = {(const char *)data, size};
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_opening_root root;
    zh_digest digest;
    uint64_t count;
    zh_buf lines;
    check_disclosure(arena, text);
    check_opening(arena, text);
    zh_buf_init(&lines, size + 4096);
    zh_opening_root_begin(&root, ZH_HASH_SM3);
    if (zh_opening_frame(&root, 1, size % 2 == 0, text, &lines, NULL) == ZH_OK) {
        zh_assert(size <= ZH_OPENING_REASON_MAX);
    }
    (void)!zh_opening_detail(&root, 2, zh_str_sub(text, 0, size / 2),
                             zh_str_sub(text, size / 2, size), &lines, NULL);
    zh_opening_root_end(&root, &digest, &count);
    zh_buf_free(&lines);
    zh_arena_free(arena);
    return 0;
}
