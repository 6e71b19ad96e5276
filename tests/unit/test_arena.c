/* Arena: alignment, budget at its cap and one beyond, marks, release callbacks, injected failures.
 */
#include "base/arena.h"
#include "base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    for (size_t size = 0; size < 70000; size = size * 3 / 2 + 1) {
        unsigned char *p = zh_arena_alloc(arena, size);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xAB, size);
    }
    zh_arena_reset(arena);
    assert_int_equal(zh_arena_used(arena), 0);
    unsigned char *again = zh_arena_alloc(arena, 100);
    assert_int_equal(again[0] | again[99], 0);
    zh_arena_free(arena);
    zh_arena_free(NULL);
}

static void keeps_its_budget(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(4096);
    assert_non_null(zh_arena_try(arena, 4096));
    assert_null(zh_arena_try(arena, 1));
    zh_arena_reset(arena);
    assert_null(zh_arena_try(arena, 4097));
    assert_null(zh_arena_try(arena, SIZE_MAX));
    assert_null(zh_arena_try(arena, SIZE_MAX - 15));
    assert_null(ZH_TRY_N(arena, uint64_t, SIZE_MAX / 4));
    assert_non_null(ZH_TRY_N(arena, uint64_t, 512));
    assert_int_equal(zh_arena_used(arena), 4096);
    zh_arena_free(arena);
}

typedef struct log {
    char text[32];
    size_t n;
} log;

typedef struct entry {
    log *log;
    char letter;
} entry;

static void note(void *object)
{
    entry *e = object;
    e->log->text[e->log->n++] = e->letter;
}

static void releases_newest_first(void **state)
{
    (void)state;
    log seen = {0};
    entry a = {&seen, 'a'}, b = {&seen, 'b'}, c = {&seen, 'c'}, d = {&seen, 'd'};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_arena_defer(arena, note, &a);
    zh_arena_mark mark = zh_arena_here(arena);
    zh_arena_defer(arena, note, &b); /* registered after the mark, nothing allocated since */
    zh_arena_alloc(arena, 10);
    zh_arena_defer(arena, note, &c);
    zh_arena_rewind(arena, mark);
    assert_string_equal(seen.text, "cb");
    zh_arena_rewind(arena, mark); /* a second time does nothing */
    assert_string_equal(seen.text, "cb");
    zh_arena_defer(arena, note, &d);
    zh_arena_reset(arena);
    assert_string_equal(seen.text, "cbda");
    zh_arena_defer(arena, note, &c);
    zh_arena_free(arena);
    assert_string_equal(seen.text, "cbdac");
}

static void rewinds_over_chunks(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_arena_mark empty = zh_arena_here(arena);
    char *first = zh_arena_alloc(arena, 1000);
    memset(first, 1, 1000);
    zh_arena_mark mark = zh_arena_here(arena);
    for (int i = 0; i < 50; i++) {
        memset(zh_arena_alloc(arena, 5000), 2, 5000);
    }
    zh_arena_rewind(arena, mark);
    assert_int_equal(zh_arena_used(arena), 1008);
    assert_int_equal(first[999], 1);
    char *next = zh_arena_alloc(arena, 16);
    assert_ptr_equal(next, first + 1008);
    assert_int_equal(next[0], 0);
    zh_arena_rewind(arena, empty);
    assert_int_equal(zh_arena_used(arena), 0);
    assert_ptr_equal(zh_arena_alloc(arena, 1000), first);
    zh_arena_free(arena);
}

static void fails_on_request(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_buf buf;
    zh_buf_init(&buf, 1 << 20);
    zh_alloc_fail_at(2);
    assert_non_null(zh_arena_try(arena, 8));
    assert_non_null(zh_arena_alloc(arena, 8)); /* is never made to fail */
    assert_null(zh_arena_try(arena, 8));
    assert_non_null(zh_arena_try(arena, 8));
    assert_int_equal(zh_alloc_fail_at(1), 2);
    zh_buf_c(&buf, 'x');
    assert_true(buf.failed);
    zh_buf_c(&buf, 'y'); /* ignored after a failure */
    assert_int_equal(buf.n, 0);
    assert_int_equal(zh_alloc_fail_at(UINT64_MAX), 1);
    zh_buf_clear(&buf);
    zh_buf_c(&buf, 'x');
    assert_non_null(zh_arena_try(arena, 8));
    assert_int_equal(zh_alloc_fail_at(0), 2);
    assert_false(buf.failed);
    zh_buf_free(&buf);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory),
        cmocka_unit_test(keeps_its_budget),
        cmocka_unit_test(releases_newest_first),
        cmocka_unit_test(rewinds_over_chunks),
        cmocka_unit_test(fails_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
