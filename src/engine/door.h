/* The JSON door of the engines: reads the members of an input object, each checked for its kind,
 * and writes vectors and matrices.
 *
 * The first refusal is kept in `rc` and `err`, naming the member; every later read returns a
 * harmless value (0, NULL, an empty vector), so that an engine reads all its members and asks
 * `rc` once. Not thread-safe: one door belongs to one call. */
#ifndef ZH_ENGINE_DOOR_H
#define ZH_ENGINE_DOOR_H

#include "base/json.h"
#include "num/matrix.h"

#define ZH_DOOR_NUMBERS_MAX ((size_t)20000000) /* elements of one vector or matrix */

typedef struct zh_door {
    zh_arena *arena;
    const zh_json *input;
    zh_err *err;
    zh_rc rc;
} zh_door;

typedef struct zh_numbers {
    size_t n;
    double *v;
} zh_numbers;

typedef struct zh_counts {
    size_t n;
    int64_t *v;
} zh_counts;

typedef struct zh_words {
    size_t n;
    zh_str *v;
} zh_words;

zh_door zh_door_open(zh_arena *arena, const zh_json *input, zh_err *err);

/* Present and not null. */
bool zh_door_has(const zh_door *door, const char *name);

/* Refuses member `name`: rule calc.input. Returns the door's rc. */
zh_rc zh_door_refuse(zh_door *door, const char *name, const char *format, ...) ZH_PRINTF(3, 4);

/* A finite number. The _or forms return `otherwise` where the member is absent or null. */
double zh_door_number(zh_door *door, const char *name);
double zh_door_number_or(zh_door *door, const char *name, double otherwise);
/* A number inside (lower, upper), ends excluded. */
double zh_door_between(zh_door *door, const char *name, double lower, double upper);
double zh_door_between_or(zh_door *door, const char *name, double lower, double upper,
                          double otherwise);
/* An integer from lower to upper, both allowed. */
int64_t zh_door_integer(zh_door *door, const char *name, int64_t lower, int64_t upper);
int64_t zh_door_integer_or(zh_door *door, const char *name, int64_t lower, int64_t upper,
                           int64_t otherwise);
bool zh_door_flag(zh_door *door, const char *name, bool otherwise);
zh_str zh_door_word(zh_door *door, const char *name);
/* Index of the member's text in choices, which end with NULL; `otherwise` where it is absent. */
size_t zh_door_choice(zh_door *door, const char *name, const char *const *choices,
                      size_t otherwise);

/* Vectors: an array, or one bare value as a vector of one. Absent is refused; an empty array is
 * not: the engine says what it needs. Numbers are finite, in _gaps null is allowed and read as NAN,
 * in _limits "Inf" and "-Inf". */
zh_numbers zh_door_numbers(zh_door *door, const char *name);
zh_numbers zh_door_numbers_gaps(zh_door *door, const char *name);
zh_numbers zh_door_numbers_limits(zh_door *door, const char *name);
zh_counts zh_door_counts(zh_door *door, const char *name, int64_t lower, int64_t upper);
/* Texts; numbers and booleans are taken by their written form, null as an empty text. */
zh_words zh_door_words(zh_door *door, const char *name);
/* An array of rows of one length; a plain array of numbers is one column. */
zh_matrix zh_door_matrix(zh_door *door, const char *name);

/* Groups of equal texts numbered from 0 in the order of first appearance; *groups their number.
 * NULL when memory is exhausted (the door says so). */
size_t *zh_door_groups(zh_door *door, zh_words words, size_t *groups);

/* Memory for n numbers from the door's arena; refuses when the budget is exhausted (then NULL). */
double *zh_door_room(zh_door *door, size_t n);

/* ---- writing */
void zh_put_number(zh_jw *out, const char *name, double value);
void zh_put_count(zh_jw *out, const char *name, int64_t value);
void zh_put_flag(zh_jw *out, const char *name, bool value);
void zh_put_text(zh_jw *out, const char *name, const char *value);
void zh_put_numbers(zh_jw *out, const char *name, const double *v, size_t n);
void zh_put_counts(zh_jw *out, const char *name, const int64_t *v, size_t n);
/* 1-based positions of the elements that are true. */
void zh_put_positions(zh_jw *out, const char *name, const bool *v, size_t n);
void zh_put_flags(zh_jw *out, const char *name, const bool *v, size_t n);
void zh_put_matrix(zh_jw *out, const char *name, const zh_matrix *m);

#endif
