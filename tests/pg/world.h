/* Two provinces of one model, SQLite and PostgreSQL, that are told and asked the same things.
 *
 * Everything random comes from one seed. Ids are kept equal by drawing them from the same future
 * millisecond on both sides before every write, instants by giving them; what remains to differ are
 * salts and the hashes over them, which are not compared. */
#ifndef ZH_TEST_PG_WORLD_H
#define ZH_TEST_PG_WORLD_H

#include "base/json.h"
#include "core/cube/cube.h"
#include "core/read/read.h"
#include "core/record/record.h"

enum { SQLITE, POSTGRES, SIDES };
enum { REGISTERS_MAX = 8, FILES = 3, FAILURES_SHOWN = 20 };

typedef struct side {
    const char *name;
    zh_core *core;
    zh_arena *arena; /* of the context, reset by side_fresh */
    zh_err err;
    zh_ctx ctx;
    zh_conn *conn; /* while asking */
    zh_buf said;   /* the answer as text */
} side;

typedef struct known {
    int64_t office, id;
} known;

typedef struct world {
    uint64_t random;
    zh_model *model;
    zh_arena *arena; /* the whole run */
    zh_arena *step;  /* one history, one question */
    side sides[SIDES];
    int64_t id_ms;
    zh_time now; /* of what is written */
    ZH_VEC(known) records[REGISTERS_MAX];
    zh_str files[FILES];
    size_t reports; /* report numbers given so far */
    size_t passed, failed;
    char folder[256], url[512];
} world;

/* ---- world.c: the two sides */
void world_open(world *w, uint64_t seed, const char *declarations);
void world_close(world *w);
void world_same_ids(world *w);
/* Forgets the last answer, error and memory of a side. */
void side_fresh(side *s);
void side_ask(side *s);  /* takes a reader, in one snapshot */
void side_done(side *s); /* gives it back */
/* Whether both sides said the same; if not, a failure is counted and shown. */
bool world_agrees(world *w, const char *format, ...) ZH_PRINTF(2, 3);
void world_fails(world *w, const char *format, ...) ZH_PRINTF(2, 3);
const zh_register *world_register(const world *w, const char *id);

/* ---- random.c: random numbers, texts and values */
size_t below(world *w, size_t n); /* 0 … n-1 */
bool chance(world *w, unsigned percent);
const char *pick(world *w, const char *const *texts, size_t n);
zh_date random_date(world *w);
zh_str random_text(world *w, size_t characters);
zh_str random_number(world *w, uint8_t digits);
const zh_code *random_code(world *w, const zh_codes *codes);
/* A value for a field, sometimes one that must be refused. */
zh_value random_value(world *w, const zh_field *field);
zh_rows *random_rows(world *w, const zh_field *table, const zh_rows *old);

/* ---- render.c: answers as JSON text */
void say_value(zh_jw *j, zh_arena *arena, const zh_value *value);
void say_text(zh_jw *j, zh_str text); /* also what is no UTF-8, null without p */
void say_record(zh_jw *j, zh_arena *arena, const zh_record *record, bool tables);
void say_error(zh_jw *j, zh_rc rc, const zh_err *err);
void say_findings(zh_jw *j, const zh_findings *findings);
void say_cells(zh_jw *j, const zh_cell_query *query, const zh_cell_answer *answer);
void say_counts(zh_jw *j, const zh_counts *counts, size_t ngroups);
/* Everything stored about a record: it, its history, clocks and due events. */
void say_life(zh_jw *j, side *s, const zh_register *reg, int64_t office, int64_t id);
/* One table, rows sorted as text, without salts and what is hashed over them, and without the time
 * of day at which a transaction was committed. */
void say_table(side *s, zh_str table);

/* ---- histories.c */
void histories_run(world *w, size_t n);
/* All tables of both databases, byte for byte. */
void histories_compare_tables(world *w);

/* ---- expression.c: a random filter over a register, as text */
typedef struct sample_pool { /* records whose values are asked for */
    const zh_record *const *records;
    size_t n;
} sample_pool;
zh_str random_filter(world *w, const zh_register *reg, const sample_pool *pool);

/* ---- questions.c */
void questions_run(world *w, size_t n);

#endif
