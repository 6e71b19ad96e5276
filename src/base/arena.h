/* Chunked bump allocator: one per request, job or import batch, with a byte budget.
 *
 * Everything allocated lives until zh_arena_reset or zh_arena_free. Not thread-safe: an arena
 * belongs to one thread at a time. Under AddressSanitizer the free tail of a chunk is poisoned. */
#ifndef ZH_BASE_ARENA_H
#define ZH_BASE_ARENA_H

#include "base/base.h"

#define ZH_ARENA_REQUEST_BYTES ((size_t)64 << 20)
#define ZH_ARENA_JOB_BYTES     ((size_t)1 << 30)

typedef struct zh_arena zh_arena;

/* A mark to return to: everything allocated after it is released by zh_arena_rewind. */
typedef struct zh_arena_mark {
    void *chunk;
    void *release; /* the newest release callback at that time */
    size_t used;
    size_t total;
} zh_arena_mark;

/* Never NULL. budget_bytes caps the sum of all allocations. Release with zh_arena_free. */
zh_arena *zh_arena_new(size_t budget_bytes);

/* Runs release callbacks, newest first, and frees everything. NULL is allowed. */
void zh_arena_free(zh_arena *arena);

/* Runs release callbacks and forgets every allocation, keeping the first chunk. */
void zh_arena_reset(zh_arena *arena);

/* Zeroed memory aligned to 16 bytes. Never NULL: exceeding the budget or memory aborts, so the size
 * must not depend on input. */
void *zh_arena_alloc(zh_arena *arena, size_t size);

/* Zeroed memory whose size depends on input: NULL when the budget (or memory) is exhausted. */
void *zh_arena_try(zh_arena *arena, size_t size) ZH_MUST;

/* Calls release(object) when the arena is reset, rewound past this point, or freed. */
void zh_arena_defer(zh_arena *arena, void (*release)(void *), void *object);

zh_arena_mark zh_arena_here(const zh_arena *arena);
void zh_arena_rewind(zh_arena *arena, zh_arena_mark mark);

/* Bytes handed out so far. */
size_t zh_arena_used(const zh_arena *arena);
/* Bytes that the budget still allows. */
size_t zh_arena_left(const zh_arena *arena);

#define ZH_NEW(arena, type)      ((type *)zh_arena_alloc((arena), sizeof(type)))
#define ZH_NEW_N(arena, type, n) ((type *)zh_arena_alloc((arena), sizeof(type) * (n)))
#define ZH_TRY_N(arena, type, n)                                                                   \
    ((n) > SIZE_MAX / sizeof(type) ? (type *)0 : (type *)zh_arena_try((arena), sizeof(type) * (n)))

/* General memory for long-lived objects, used only inside base/ and by library adapters.
 * zh_alloc never returns NULL (exhaustion aborts). Fault injection: see zh_alloc_fail_at. */
void *zh_alloc(size_t size);
void *zh_realloc(void *pointer, size_t size);
void zh_dealloc(void *pointer);

/* Test hook: the n-th allocation from now on made through zh_arena_try (or a buffer growth) fails,
 * n counted from 1; 0 switches it off. Returns how many allocations were counted since the last
 * call; they are counted only while switched on (UINT64_MAX counts without failing). Process-wide;
 * tests only. */
uint64_t zh_alloc_fail_at(uint64_t n);
/* Whether the allocation about to be made is the one that a test asked to fail: asked by whatever
 * grows memory by input outside an arena (zh_buf). Thread-safe. */
bool zh_alloc_fails(void);

#endif
