/* Arena: chunks linked newest first; release callbacks linked newest first. */
#include "base/arena.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ZH_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ZH_POISONS 1
#endif
#endif
#ifdef ZH_POISONS
#include <sanitizer/asan_interface.h>
#define poison(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define unpoison(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define poison(p, n)   ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

enum { CHUNK_FIRST = 8 << 10, CHUNK_SECOND = 64 << 10, CHUNK_MAX = 1 << 20, ALIGN = 16 };

typedef struct chunk {
    struct chunk *older;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGN) unsigned char data[];
} chunk;

typedef struct deferred {
    struct deferred *older;
    void (*release)(void *);
    void *object;
} deferred;

struct zh_arena {
    chunk *head;
    deferred *releases;
    size_t total;
    size_t budget;
    size_t next_size;
};

static _Atomic uint64_t fail_countdown;
static _Atomic uint64_t fail_counted;

uint64_t zh_alloc_fail_at(uint64_t n)
{
    atomic_store(&fail_countdown, n);
    return atomic_exchange(&fail_counted, 0);
}

bool zh_alloc_fails(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0) {
        return false;
    }
    atomic_fetch_add(&fail_counted, 1);
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

void *zh_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    zh_assert(p != NULL);
    return p;
}

void *zh_realloc(void *pointer, size_t size)
{
    void *p = realloc(pointer, size ? size : 1);
    zh_assert(p != NULL);
    return p;
}

void zh_dealloc(void *pointer)
{
    free(pointer);
}

static chunk *chunk_new(size_t size, chunk *older)
{
    if (size > SIZE_MAX - sizeof(chunk)) {
        return NULL;
    }
    chunk *c = malloc(sizeof(chunk) + size);
    if (c == NULL) {
        return NULL;
    }
    c->older = older;
    c->size = size;
    c->used = 0;
    poison(c->data, size);
    return c;
}

static void chunk_free(chunk *c)
{
    unpoison(c->data, c->size);
    free(c);
}

zh_arena *zh_arena_new(size_t budget_bytes)
{
    zh_arena *a = zh_alloc(sizeof *a);
    a->budget = budget_bytes;
    a->next_size = CHUNK_FIRST;
    return a;
}

static void run_releases(zh_arena *a, const void *down_to)
{
    while (a->releases != NULL && a->releases != down_to) {
        deferred *d = a->releases;
        a->releases = d->older;
        d->release(d->object);
        free(d);
    }
}

void zh_arena_free(zh_arena *a)
{
    if (a == NULL) {
        return;
    }
    run_releases(a, NULL);
    while (a->head != NULL) {
        chunk *older = a->head->older;
        chunk_free(a->head);
        a->head = older;
    }
    free(a);
}

void zh_arena_reset(zh_arena *a)
{
    run_releases(a, NULL);
    while (a->head != NULL && a->head->older != NULL) {
        chunk *older = a->head->older;
        chunk_free(a->head);
        a->head = older;
    }
    if (a->head != NULL) {
        a->head->used = 0;
        poison(a->head->data, a->head->size);
    }
    a->total = 0;
    a->next_size = CHUNK_SECOND;
}

/* Zeroed memory from the newest chunk or a new one; NULL at the budget or without memory. */
static void *take(zh_arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN) {
        return NULL;
    }
    size_t need = (size + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    if (need == 0) {
        need = ALIGN;
    }
    if (need > a->budget || a->total > a->budget - need) {
        return NULL;
    }
    chunk *c = a->head;
    if (c == NULL || c->size - c->used < need) {
        size_t size_new = a->next_size > need ? a->next_size : need;
        c = chunk_new(size_new, a->head);
        if (c == NULL) {
            return NULL;
        }
        a->head = c;
        size_t doubled = a->next_size * 2;
        a->next_size = a->next_size == CHUNK_FIRST ? CHUNK_SECOND
                       : doubled > CHUNK_MAX       ? CHUNK_MAX
                                                   : doubled;
    }
    unsigned char *p = c->data + c->used;
    unpoison(p, size ? size : 1);
    memset(p, 0, size);
    c->used += need;
    a->total += need;
    return p;
}

void *zh_arena_try(zh_arena *a, size_t size)
{
    return zh_alloc_fails() ? NULL : take(a, size);
}

void *zh_arena_alloc(zh_arena *a, size_t size)
{
    void *p = take(a, size);
    zh_assert(p != NULL);
    return p;
}

void zh_arena_defer(zh_arena *a, void (*release)(void *), void *object)
{
    deferred *d = zh_alloc(sizeof *d);
    *d = (deferred){a->releases, release, object};
    a->releases = d;
}

zh_arena_mark zh_arena_here(const zh_arena *a)
{
    return (zh_arena_mark){a->head, a->releases, a->head ? a->head->used : 0, a->total};
}

void zh_arena_rewind(zh_arena *a, zh_arena_mark mark)
{
    run_releases(a, mark.release);
    while (a->head != mark.chunk) {
        chunk *older = a->head->older;
        if (older == NULL && mark.chunk == NULL) {
            break; /* the mark was taken before the first chunk: keep it, empty */
        }
        chunk_free(a->head);
        a->head = older;
    }
    if (a->head != NULL) {
        a->head->used = mark.chunk == NULL ? 0 : mark.used;
        poison(a->head->data + a->head->used, a->head->size - a->head->used);
    }
    a->total = mark.total;
}

size_t zh_arena_used(const zh_arena *a)
{
    return a->total;
}

size_t zh_arena_left(const zh_arena *a)
{
    return a->budget - a->total;
}
