/* Cells: aggregates kept as records are written, equal to a recount at any time.
 *
 * A cell belongs to a home office and a combination of dimension values ('' = no value). Besides
 * the declared measures it counts its records (n_). Counts are integers; exact sums are kept as
 * limbs of 32 bits in BIGINT columns (sum: <m>_0, <m>_1; sum of squares: <m>_0 … <m>_3; and <m>_n,
 * the number of values), so that "insert or add" is exact and commutative and the total is put
 * together in 128 bits in the program. Distinct, any_of and quantile measures are counters per cell
 * and key in <cube>_k (measure, key, n_); a stock is +1 at the start and -1 after the end of a
 * period, by time cell. Roll-ups (u_…: the same columns, and l0 … l3, the level each dimension was
 * rolled up to) are folded from the outbox's deltas in log order and stamped with the log size
 * reached; a read adds the newer deltas; they can be dropped and rebuilt. */
#ifndef ZH_CORE_CUBE_CUBE_H
#define ZH_CORE_CUBE_CUBE_H

#include "core/read/permission.h"

#define ZH_CELLS_MAX ((size_t)2000000) /* cells of one answer */
#define ZH_SQUARED_MAX                                                                             \
    INT64_C(1000000000000000) /* scaled value that a sumsq takes: 10^8 of them                     \
                                 stay within 128 bits */

/* CREATE TABLE statements of a cube: cells, counters, roll-ups and their counters. */
void zh_cube_create_sql(zh_buf *sql, zh_dialect dialect, const zh_cube *cube);

typedef struct zh_deltas zh_deltas; /* changes of cells, aggregated by cell; one thread */

zh_deltas *zh_deltas_new(zh_arena *arena);
/* Resolves the derived dimensions of a record that is about to be written, as at its event date
 * (fills record->derived, allocated in env->arena). */
zh_rc zh_cube_resolve(zh_ctx *ctx, zh_env *env, zh_record *record) ZH_MUST;
/* Adds the contribution of a record, times sign (+1 written, -1 superseded). Pure over the record.
 */
zh_rc zh_cube_contribute(zh_ctx *ctx, const zh_record *record, int sign, zh_deltas *deltas) ZH_MUST;
/* Adds one set of deltas to another (prepared writes are merged into a batch's). The texts of
 * `from` are borrowed: it must outlive `into`. */
void zh_deltas_merge(zh_deltas *into, const zh_deltas *from);
/* The same with the texts copied: `from` may go. False, and nothing added, when the arena of `into`
 * has not room for as much again. */
bool zh_deltas_absorb(zh_deltas *into, const zh_deltas *from) ZH_MUST;
/* Writes them into the cell tables of the office, in key order. */
zh_rc zh_deltas_apply(zh_ctx *ctx, zh_conn *conn, int64_t office, const zh_deltas *deltas) ZH_MUST;
/* Those of one register as bytes for the outbox, and back. */
void zh_deltas_encode(const zh_deltas *deltas, const zh_register *reg, zh_buf *out);
zh_rc zh_deltas_decode(zh_arena *arena, const zh_register *reg, zh_str bytes, zh_deltas *into,
                       zh_err *err) ZH_MUST;

typedef struct zh_key_count {
    zh_str key;
    int64_t n;
} zh_key_count;

/* One answer: the values of the groupings asked for, with its measures. */
typedef struct zh_cube_cell {
    zh_str *groups;      /* in the order asked for, the time grouping last; empty: no value */
    int64_t n;           /* records */
    zh_i128 *values;     /* by measure asked for: counts, sums, stocks */
    int64_t *counts;     /* by measure: number of values behind a sum */
    zh_key_count **keys; /* by measure: distinct, any_of, quantile; sorted by key, n > 0 */
    size_t *nkeys;
} zh_cube_cell;

typedef struct zh_cell_group {
    zh_str dim;
    uint16_t level; /* codes: 0 as kept */
} zh_cell_group;

typedef struct zh_cell_query {
    const zh_register *reg;
    const zh_measure *const *measures;
    size_t nmeasures;
    const zh_cell_filter *filters;
    size_t nfilters;
    const zh_cell_group *groups;
    size_t ngroups;
    bool has_span; /* event date within first … last, inclusive; a stock is taken at last */
    zh_date first, last;
    zh_grain by;             /* time grouping, or ZH_GRAIN_NONE */
    const zh_program *where; /* further record filter: forces a recount from records */
    bool where_declared;     /* all of it is an indicator's own, nothing the reader's */
    int64_t as_of;           /* other than now: recounted from the versions in force */
    bool recount;            /* ask the records even if a cube could answer */
} zh_cell_query;

typedef struct zh_cell_answer {
    zh_cube_cell *cells; /* sorted by groups, bytewise */
    size_t n;
    const zh_cube *cube; /* that answered; NULL = recounted from records */
    int64_t k;           /* counts are in full k's and small cells left out; 0: exact */
    uint64_t took_us;
} zh_cell_answer;

/* Answers from the smallest cube that holds everything asked for, else recounts. ZH_EINVAL: unknown
 * dimension (rule cube.dim). conn should be inside zh_read_begin for one consistent answer. */
zh_rc zh_cells(zh_ctx *ctx, zh_conn *conn, const zh_cell_query *query, zh_cell_answer *out) ZH_MUST;

/* Whether a cube answers the question for this reader; else the records would be recounted. */
bool zh_cells_held(zh_ctx *ctx, const zh_cell_query *query) ZH_MUST;

/* Folds new deltas into the roll-ups up to the sequenced end; or drops and rebuilds them. */
zh_rc zh_rollup_fold(zh_core *core, zh_err *err) ZH_MUST;
zh_rc zh_rollup_rebuild(zh_core *core, zh_err *err) ZH_MUST;

#endif
