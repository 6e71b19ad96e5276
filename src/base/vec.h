/* Typed growable arrays in an arena, and a hash map from byte strings to pointers.
 *
 *   ZH_VEC(zh_str) names = {0};
 *   zh_vec_push(arena, &names, ZH_STR("x"));
 *   for (size_t i = 0; i < names.n; i++) use(names.p[i]);
 *
 * Growth copies inside the arena (amortised doubling); use it where sizes are bounded by a cap. */
#ifndef ZH_BASE_VEC_H
#define ZH_BASE_VEC_H

#include "base/str.h"

#define ZH_VEC(type)                                                                               \
    struct {                                                                                       \
        type *p;                                                                                   \
        size_t n, capacity;                                                                        \
    }

void *zh_vec_grow_(zh_arena *arena, void *p, size_t n, size_t *capacity, size_t item_size);

#define zh_vec_push(arena, vec, ...)                                                               \
    do {                                                                                           \
        if ((vec)->n == (vec)->capacity) {                                                         \
            (vec)->p =                                                                             \
                zh_vec_grow_((arena), (vec)->p, (vec)->n, &(vec)->capacity, sizeof(*(vec)->p));    \
        }                                                                                          \
        (vec)->p[(vec)->n++] = (__VA_ARGS__);                                                      \
    } while (0)

/* Open-addressing map zh_str -> void *. Keys are borrowed: they must outlive the map. Lives in the
 * given arena, or on the heap when arena is NULL (then zh_map_free). Not thread-safe while being
 * written; any number of readers afterwards. */
typedef struct zh_map {
    zh_arena *arena;
    struct zh_map_slot *slots;
    size_t n, capacity;
} zh_map;

void zh_map_init(zh_map *map, zh_arena *arena);
void zh_map_free(zh_map *map);
/* Makes room for n keys at once: growing step by step leaves the smaller tables in the arena. */
void zh_map_reserve(zh_map *map, size_t n);
/* Returns the value or NULL. */
void *zh_map_get(const zh_map *map, zh_str key);
/* Sets or replaces; value must not be NULL. Returns the earlier value or NULL. */
void *zh_map_put(zh_map *map, zh_str key, void *value);
/* Iterates in unspecified order: start with *cursor = 0; false at the end. */
bool zh_map_next(const zh_map *map, size_t *cursor, zh_str *key, void **value);

#endif
