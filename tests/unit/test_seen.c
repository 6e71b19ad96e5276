/* Keys that were seen, against an exact list: every key that was added is found with its content
 * and no other, however often the table went to the file. Expected values come from the way the
 * keys are made: key i is a bijection of i (a multiplication by an odd number), so what was added
 * is known without another table. */
#include "core/intake/seen.h"
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

enum { SLOTS = 1024, KEYS = 50000 };

static uint64_t key_of(uint64_t i)
{
    return i * UINT64_C(0xD6E8FEB86659FD93); /* odd: no two alike; 0 for 0 */
}

static uint32_t content_of(uint64_t i)
{
    return (uint32_t)(i * 2654435761u);
}

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Keys come in any order, some of them again and again, while the table goes to the file. */
static void test_against_list(void **state)
{
    (void)state;
    zh_seen seen;
    static bool added[2 * KEYS];
    uint64_t seed = (uint64_t)time(NULL);
    print_message("seed %" PRIu64 "\n", seed);
    for (int file = 0; file < 2; file++) {
        memset(added, 0, sizeof added);
        zh_seen_init(&seen, file ? SLOTS : 0, NULL);
        for (uint64_t i = 0; i < 4 * (uint64_t)KEYS; i++) {
            uint64_t k = next(&seed) % (2 * KEYS);
            uint32_t content = 0;
            bool found = zh_seen_find(&seen, key_of(k), &content);
            assert_int_equal(found, added[k]);
            if (found) {
                assert_int_equal(content, content_of(k));
            } else {
                zh_seen_add(&seen, key_of(k), content_of(k));
                added[k] = true;
            }
        }
        assert_int_equal(seen.segments > 100, file == 1);
        zh_err err = {0};
        assert_int_equal(zh_seen_check(&seen, &err), ZH_OK);
        zh_seen_free(&seen);
        uint32_t content;
        assert_false(zh_seen_find(&seen, key_of(1), &content)); /* forgotten */
        zh_seen_free(&seen);
    }
}

/* Keys that all begin at the last places of the table: what is looked for goes around its end, past
 * the slots of one read. */
static void test_around_the_end(void **state)
{
    (void)state;
    zh_seen seen;
    zh_seen_init(&seen, SLOTS, NULL);
    for (uint64_t i = 1; i < 5000; i++) {
        uint64_t key = i << 20 | (SLOTS - 1 - i % 3);
        uint32_t content;
        assert_false(zh_seen_find(&seen, key, &content));
        zh_seen_add(&seen, key, (uint32_t)i);
    }
    assert_true(seen.segments >= 6);
    for (uint64_t i = 1; i < 5000; i++) {
        uint32_t content = 0;
        assert_true(zh_seen_find(&seen, i << 20 | (SLOTS - 1 - i % 3), &content));
        assert_int_equal(content, i);
        assert_false(zh_seen_find(&seen, i << 20 | (SLOTS - 4), &content));
    }
    zh_seen_free(&seen);
}

/* The filters keep new keys from the file: less than one read in twenty, for any number of
 * segments' questions. */
static void test_few_reads(void **state)
{
    (void)state;
    zh_seen seen;
    uint32_t content;
    zh_seen_init(&seen, (size_t)1 << 16, NULL);
    for (uint64_t i = 1; i <= 200000; i++) {
        zh_seen_add(&seen, key_of(i), 0);
    }
    uint64_t segments = seen.segments;
    assert_in_range(segments, 4, 5);
    for (uint64_t i = 200001; i <= 400000; i++) {
        assert_false(zh_seen_find(&seen, key_of(i), &content));
    }
    print_message("%" PRIu64 " reads for %" PRIu64 " questions\n", seen.reads, 200000 * segments);
    assert_true(seen.reads * 20 < 200000 * segments);
    zh_seen_free(&seen);
}

/* The table of one batch is taken over whole. */
static void test_take_over(void **state)
{
    (void)state;
    zh_seen all;
    zh_seen_init(&all, 64, NULL);
    for (uint64_t batch = 0; batch < 50; batch++) {
        zh_seen fresh;
        zh_seen_init(&fresh, 0, NULL);
        for (uint64_t i = 0; i < 100; i++) {
            zh_seen_add(&fresh, key_of(batch * 100 + i), content_of(batch * 100 + i));
        }
        zh_seen_add_all(&all, &fresh);
        zh_seen_free(&fresh);
    }
    for (uint64_t i = 0; i < 5000; i++) {
        uint32_t content = 0;
        assert_true(zh_seen_find(&all, key_of(i), &content));
        assert_int_equal(content, content_of(i));
    }
    zh_seen_free(&all);
}

/* A disk that takes no more: said, and never forgotten. */
static void test_no_room(void **state)
{
    (void)state;
    zh_seen seen;
    struct rlimit before;
    zh_err err = {0};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 20000, .rlim_max = before.rlim_max};
    zh_seen_init(&seen, SLOTS, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (uint64_t i = 0; i < 3 * SLOTS; i++) {
        zh_seen_add(&seen, key_of(i), 1);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(zh_seen_check(&seen, &err), ZH_EIO);
    assert_string_equal(err.rule, "intake.seen");
    zh_seen_add(&seen, key_of(4 * SLOTS), 1);
    assert_int_equal(zh_seen_check(&seen, &err), ZH_EIO);
    zh_seen_free(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_list), cmocka_unit_test(test_around_the_end),
        cmocka_unit_test(test_few_reads),    cmocka_unit_test(test_take_over),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
