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
    uint64_t hash;
    zh_str key;
    void *value; /* NULL: free */
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

static zh_map_slot *probe(zh_map_slot *slots, size_t capacity, uint64_t hash, zh_str key)
{
    size_t i = (size_t)hash & (capacity - 1);
    while (slots[i].value != NULL && !(slots[i].hash == hash && zh_str_eq(slots[i].key, key))) {
        i = (i + 1) & (capacity - 1);
    }
    return &slots[i];
}

void *zh_map_get(const zh_map *map, zh_str key)
{
    if (map->n == 0) {
        return NULL;
    }
    return probe(map->slots, map->capacity, zh_str_hash(key), key)->value;
}

static void grow(zh_map *map)
{
    size_t capacity = map->capacity ? map->capacity * 2 : 16;
    size_t bytes = capacity * sizeof(zh_map_slot);
    zh_map_slot *slots = map->arena ? zh_arena_alloc(map->arena, bytes) : zh_alloc(bytes);
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].value != NULL) {
            *probe(slots, capacity, map->slots[i].hash, map->slots[i].key) = map->slots[i];
        }
    }
    if (map->arena == NULL) {
        zh_dealloc(map->slots);
    }
    map->slots = slots;
    map->capacity = capacity;
}

void *zh_map_put(zh_map *map, zh_str key, void *value)
{
    zh_assert(value != NULL);
    if ((map->n + 1) * 10 > map->capacity * 7) {
        grow(map);
    }
    uint64_t hash = zh_str_hash(key);
    zh_map_slot *slot = probe(map->slots, map->capacity, hash, key);
    void *before = slot->value;
    if (before == NULL) {
        map->n++;
        slot->key = key;
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
            *key = slot->key;
            *value = slot->value;
            ++*cursor;
            return true;
        }
    }
    return false;
}
