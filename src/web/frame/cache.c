/* Kept pages: slots under one lock, the least recently asked goes first. */
#include "web/frame/cache.h"
#include <pthread.h>

typedef struct slot {
    zh_buf key, state, page;
    uint64_t used; /* 0: empty */
} slot;

struct zh_cache {
    pthread_mutex_t lock;
    uint64_t tick;
    slot slots[ZH_CACHE_PAGES_MAX];
};

zh_cache *zh_cache_new(void)
{
    zh_cache *cache = zh_alloc(sizeof *cache);
    *cache = (zh_cache){0};
    (void)pthread_mutex_init(&cache->lock, NULL);
    for (size_t i = 0; i < ZH_CACHE_PAGES_MAX; i++) {
        zh_buf_init(&cache->slots[i].key, ZH_CACHE_BYTES_MAX);
        zh_buf_init(&cache->slots[i].state, ZH_CACHE_BYTES_MAX);
        zh_buf_init(&cache->slots[i].page, ZH_CACHE_BYTES_MAX);
    }
    return cache;
}

void zh_cache_free(zh_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < ZH_CACHE_PAGES_MAX; i++) {
        zh_buf_free(&cache->slots[i].key);
        zh_buf_free(&cache->slots[i].state);
        zh_buf_free(&cache->slots[i].page);
    }
    (void)pthread_mutex_destroy(&cache->lock);
    zh_dealloc(cache);
}

static slot *find(zh_cache *cache, zh_str key)
{
    for (size_t i = 0; i < ZH_CACHE_PAGES_MAX; i++) {
        slot *s = &cache->slots[i];
        if (s->used > 0 && zh_str_eq(zh_buf_view(&s->key), key)) {
            return s;
        }
    }
    return NULL;
}

bool zh_cache_get(zh_cache *cache, zh_str key, zh_str state, zh_buf *out)
{
    (void)pthread_mutex_lock(&cache->lock);
    slot *s = find(cache, key);
    bool hit = s != NULL && zh_str_eq(zh_buf_view(&s->state), state);
    if (hit) {
        s->used = ++cache->tick;
        zh_buf_str(out, zh_buf_view(&s->page));
    }
    (void)pthread_mutex_unlock(&cache->lock);
    return hit;
}

static void set(zh_buf *buf, zh_str text)
{
    zh_buf_clear(buf);
    zh_buf_str(buf, text);
}

void zh_cache_put(zh_cache *cache, zh_str key, zh_str state, zh_str page)
{
    if (page.n > ZH_CACHE_BYTES_MAX || key.n > ZH_CACHE_BYTES_MAX) {
        return;
    }
    (void)pthread_mutex_lock(&cache->lock);
    slot *s = find(cache, key);
    for (size_t i = 0; s == NULL && i < ZH_CACHE_PAGES_MAX; i++) {
        s = cache->slots[i].used == 0 ? &cache->slots[i] : NULL;
    }
    if (s == NULL) {
        s = &cache->slots[0];
        for (size_t i = 1; i < ZH_CACHE_PAGES_MAX; i++) {
            s = cache->slots[i].used < s->used ? &cache->slots[i] : s;
        }
    }
    set(&s->key, key);
    set(&s->state, state);
    set(&s->page, page);
    s->used = s->key.failed || s->state.failed || s->page.failed ? 0 : ++cache->tick;
    (void)pthread_mutex_unlock(&cache->lock);
}
