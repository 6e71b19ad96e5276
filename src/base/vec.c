/* Vector growth and the byte-string map (linear probing, power-of-two capacity, load <= 0.7). */
#include "base/vec.h"
#include <string.h>

void *zh_vec_grow_(zh_arena *arena, void *p, size_t n, size_t *capacity, size_t item_size)
{
    size_t more = *capacity ? *capacity * 2 : 8;
    zh_assert(more < SIZE_MAX / item_size);
    void *grown = zh_arena_alloc(arena, more * item_size);
    if (n) {
        memcpy(grown, p, n * item_size);
    }
    *capacity = more;
    return grown;
}

typedef struct zh_map_slot {
    const char *key;
    void *value; /* NULL: free */
    uint32_t n;  /* bytes of the key */
    uint32_t hash;
} zh_map_slot;

void zh_map_init(zh_map *map, zh_arena *arena)
{
    *map = (zh_map){.arena = arena};
}

void zh_map_free(zh_map *map)
{
    if (map->arena == NULL) {
        zh_dealloc(map->slots);
    }
    *map = (zh_map){.arena = map->arena};
}

static zh_str key_of(const zh_map_slot *slot)
{
    return (zh_str){slot->key, slot->n};
}

static zh_map_slot *probe(zh_map_slot *slots, size_t capacity, uint32_t hash, zh_str key)
{
    size_t i = (size_t)hash & (capacity - 1);
    while (slots[i].value != NULL &&
           !(slots[i].hash == hash && zh_str_eq(key_of(&slots[i]), key))) {
        i = (i + 1) & (capacity - 1);
    }
    return &slots[i];
}

void *zh_map_get(const zh_map *map, zh_str key)
{
    if (map->n == 0) {
        return NULL;
    }
    return probe(map->slots, map->capacity, (uint32_t)zh_str_hash(key), key)->value;
}

static void resize(zh_map *map, size_t capacity)
{
    size_t bytes = capacity * sizeof(zh_map_slot);
    zh_map_slot *slots = map->arena ? zh_arena_alloc(map->arena, bytes) : zh_alloc(bytes);
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].value != NULL) {
            *probe(slots, capacity, map->slots[i].hash, key_of(&map->slots[i])) = map->slots[i];
        }
    }
    if (map->arena == NULL) {
        zh_dealloc(map->slots);
    }
    map->slots = slots;
    map->capacity = capacity;
}

void zh_map_reserve(zh_map *map, size_t n)
{
    size_t capacity = map->capacity ? map->capacity : 16;
    zh_assert(n < SIZE_MAX / sizeof(zh_map_slot) / 20);
    while ((n + 1) * 10 > capacity * 7) {
        capacity *= 2;
    }
    if (capacity > map->capacity) {
        resize(map, capacity);
    }
}

void *zh_map_put(zh_map *map, zh_str key, void *value)
{
    zh_assert(value != NULL);
    if ((map->n + 1) * 10 > map->capacity * 7) {
        resize(map, map->capacity ? map->capacity * 2 : 16);
    }
    uint32_t hash = (uint32_t)zh_str_hash(key);
    zh_assert(key.n <= UINT32_MAX);
    zh_map_slot *slot = probe(map->slots, map->capacity, hash, key);
    void *before = slot->value;
    if (before == NULL) {
        map->n++;
        slot->key = key.p;
        slot->n = (uint32_t)key.n;
    }
    slot->hash = hash;
    slot->value = value;
    return before;
}

bool zh_map_next(const zh_map *map, size_t *cursor, zh_str *key, void **value)
{
    for (; *cursor < map->capacity; ++*cursor) {
        const zh_map_slot *slot = &map->slots[*cursor];
        if (slot->value != NULL) {
            *key = key_of(slot);
            *value = slot->value;
            ++*cursor;
            return true;
        }
    }
    return false;
}
