/* Shared between cube.c (writing), cells.c (answering) and rollup.c (folding). */
#ifndef ZH_CORE_CUBE_CUBE_PRIVATE_H
#define ZH_CORE_CUBE_CUBE_PRIVATE_H

#include "core/cube/cube.h"
#include "core/read/read.h"

typedef struct zh_delta {
    const zh_register *reg;
    const zh_cube *cube;
    zh_str dims[ZH_CUBE_DIMS_MAX];
    int64_t n;
    zh_i128 *values; /* by cube measure */
    int64_t *counts;
} zh_delta;

typedef struct zh_delta_key {
    const zh_register *reg;
    const zh_cube *cube;
    zh_str dims[ZH_CUBE_DIMS_MAX];
    uint16_t measure; /* index in the cube */
    zh_str key;
    int64_t n;
} zh_delta_key;

struct zh_deltas {
    zh_arena *arena;
    zh_map by_cell, by_key;
    ZH_VEC(zh_delta *) cells;
    ZH_VEC(zh_delta_key *) keys;
};

/* The delta of a cell or counter, made when it is new. dims borrowed. */
zh_delta *zh_delta_cell(zh_deltas *d, const zh_register *reg, const zh_cube *cube,
                        const zh_str *dims);
zh_delta_key *zh_delta_counter(zh_deltas *d, const zh_register *reg, const zh_cube *cube,
                               const zh_str *dims, uint16_t measure, zh_str key);

/* A cube of one register's dims and measures that no table backs, for recounts. */
zh_rc zh_cube_contribute_one(zh_ctx *ctx, const zh_record *record, const zh_cube *cube, int sign,
                             zh_deltas *deltas) ZH_MUST;
/* The value of a dimension on a record; at: its event date, INT32_MIN when it has none. */
zh_str zh_cube_dim_value(zh_ctx *ctx, const zh_record *record, const zh_dim *dim, zh_date at);
zh_date zh_cube_event_date(const zh_record *record);
/* Whether the record is in the cubes at all (count_when). */
zh_rc zh_cube_counts(zh_ctx *ctx, const zh_record *record, bool *out) ZH_MUST;

/* Rule of the error for deltas that the declaration cannot read. */
#define ZH_DELTAS_RULE "outbox.deltas"

bool zh_measure_keyed(const zh_measure *m);   /* lives in <cube>_k */
size_t zh_measure_limbs(const zh_measure *m); /* 0 for counts and keyed measures, 2, 4 */
void zh_i128_limbs(zh_i128 v, size_t n, int64_t *limbs);
zh_i128 zh_i128_from_limbs(const int64_t *limbs, size_t n);
/* Value columns of a cube row: names and types after office and dims (and levels). */
size_t zh_cube_value_columns(zh_arena *arena, const zh_cube *cube, const char **names, size_t max);
size_t zh_cube_values(const zh_cube *cube, const zh_delta *d, zh_sql_value *out);
/* "SELECT office, dims, values FROM" the cells of a cube, or "…, measure, key, n_" its counters. */
void zh_cube_select(zh_arena *arena, zh_buf *sql, const zh_cube *cube, bool keyed);
/* The same of its roll-ups: office (0), value and level of each dimension, then values, or measure,
 * key, n_. */
void zh_cube_select_rolled(zh_arena *arena, zh_buf *sql, const zh_cube *cube, bool keyed);
void zh_cube_read_values(const zh_cube *cube, const zh_stmt *stmt, size_t column, zh_delta *out);

#define ZH_ANSWER_GROUPS_MAX   8
#define ZH_ANSWER_FILTERS_MAX  16
#define ZH_ANSWER_MEASURES_MAX 64

/* A question being answered: which columns of the cube it uses, and the cells gathered so far. */
typedef struct zh_answering {
    zh_ctx *ctx;
    zh_conn *conn;
    const zh_cell_query *q; /* with the filters of the row scope behind those asked for */
    size_t nasked;
    const zh_cube *cube; /* that answers, or the ad-hoc one of a recount */
    bool recounting;     /* filters are put to the records, not to cells */
    bool decided;        /* the database has applied filters and span to what is being read */
    bool grouped;        /* … and has its values at the levels of the groups */
    bool one_each;       /* … and no two rows of it are of the same group */
    int filter_at[ZH_ANSWER_FILTERS_MAX]; /* cube dim of each filter, when not recounting */
    zh_dim filter_dims[ZH_ANSWER_FILTERS_MAX];
    int group_at[ZH_ANSWER_GROUPS_MAX];
    int time_at;                            /* cube dim of time, -1 */
    int measure_at[ZH_ANSWER_MEASURES_MAX]; /* cube measure of each measure asked for */
    zh_str first, last;                     /* span as texts of the grain being read */
    const zh_code *ancestors[ZH_ANSWER_FILTERS_MAX];
    zh_map by_groups;
    ZH_VEC(zh_cube_cell *) cells;
} zh_answering;

/* Adds what passes the filters of one cell, or one counter, to the group it belongs to. */
zh_rc zh_answer_take(zh_answering *a, const zh_delta *d) ZH_MUST;
zh_rc zh_answer_take_key(zh_answering *a, const zh_str *dims, size_t measure, zh_str key,
                         int64_t n) ZH_MUST;
/* Adds deltas of a->cube; those of other cubes are left out. */
zh_rc zh_answer_take_deltas(zh_answering *a, const zh_deltas *deltas) ZH_MUST;
/* Answers from the roll-up of a->cube and the deltas that are newer than it; *used says whether. */
zh_rc zh_rollup_answer(zh_answering *a, bool *used) ZH_MUST;

/* Calls each for everything that a cell is rolled up to: one value and level a dimension. */
typedef void (*zh_rolled_each)(void *user, const zh_str *values, const int64_t *levels);
void zh_rollup_each(zh_arena *arena, const zh_cube *cube, const zh_str *dims, zh_rolled_each each,
                    void *user);
/* The log size that the roll-ups of a register have reached; 0 never folded, -1 half folded. */
zh_rc zh_rollup_stamp(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t *out) ZH_MUST;
/* Whether deltas were written under the register's present cubes (or are empty). */
bool zh_deltas_current(const zh_register *reg, zh_str bytes);

/* Streams the records in force that are counted and pass a query's filters, span and where; its
 * measures and groups are ignored. As zh_scan. */
zh_rc zh_cells_scan(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *query, zh_each_record each,
                    void *user) ZH_MUST;

/* A record in the scope of a question, and what it contributes to its answer. */
typedef struct zh_candidate {
    const zh_record *record;
    bool in_cubes;            /* not left out by the register's count_when */
    bool passes;              /* the question's further filters and where */
    const zh_cube_cell *cell; /* what it alone answers; NULL: nothing. Lives until `each` returns */
} zh_candidate;
typedef zh_rc (*zh_each_candidate)(void *user, zh_ctx *ctx, const zh_candidate *candidate);

/* Streams every record in force that passes the span, filters and where of `scope`, with what it
 * contributes to `full`, which asks the same register more narrowly. As zh_scan. */
zh_rc zh_cells_frame(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *scope,
                     const zh_cell_query *full, zh_each_candidate each, void *user) ZH_MUST;

#endif
