/* The run of one import, shared by intake_plan.c (finding the layout), intake_pass.c (reading,
 * preparing, writing) and intake.c (phases, job). */
#ifndef ZH_CORE_INTAKE_INTAKE_RUN_H
#define ZH_CORE_INTAKE_INTAKE_RUN_H

#include "core/intake/intake_private.h"
#include "core/intake/seen.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#define ZH_INTAKE_SLOTS 3

typedef struct zh_sheet_plan {
    size_t sheet;
    size_t header_rows; /* rows before the first data row */
    const zh_mapping *mapping;
} zh_sheet_plan;

typedef enum zh_batch_state {
    ZH_SLOT_FREE,
    ZH_SLOT_FILLED,
    ZH_SLOT_WORKING,
    ZH_SLOT_READY
} zh_batch_state;

typedef struct zh_batch {
    zh_batch_state state;
    zh_arena *arena;
    zh_raw_row *rows;
    zh_row_result *results;
    size_t n;
    int64_t end; /* ordinal after the last row */
    bool replay;
    zh_intake_errors errors; /* in order of rows; the reader's own come first */
    size_t reader_errors;
    int64_t doubts; /* totals that do not add up */
    zh_rc rc;
    zh_err err;
} zh_batch;

typedef struct zh_tally {
    int64_t rows, fresh, same, changed, doubtful, refused, skipped, written;
} zh_tally;

typedef struct zh_intake_run {
    zh_ctx *ctx;
    const zh_intake_options *o;
    zh_intake_result *out;
    zh_table_options table_options;
    zh_sheet_plan *plans;
    size_t nplans;
    zh_arena *plan_arena;
    zh_ref_cache *refs;
    bool writing, look_up;
    zh_time now;
    zh_str reason;
    zh_job job;
    int64_t resume_at;
    int64_t rows_expected; /* 0 unknown */
    zh_tally counts, resumed;
    zh_seen seen;     /* row keys of this file, with a hash of what the row said */
    bool self_refers; /* rows may refer to records of their own register */
    zh_ahead ahead;
    zh_arena *ahead_arena; /* of a 预检: nothing of the file is in the database */
    FILE *errors_file, *rows_file;
    const zh_mapping *rows_mapping; /* whose header stands last in rows_file */
    ZH_VEC(zh_intake_error) kept;
    zh_intake_rule_count rules[ZH_INTAKE_RULES_MAX];
    size_t nrules;
    uint64_t progress_at;
    struct stat file;
    /* shared between threads, under lock */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    zh_batch slots[ZH_INTAKE_SLOTS];
    uint64_t filled, taken, settled; /* batches so far */
    bool ended, stop;
    int64_t skipped;
    uint64_t bytes, bytes_total;
    zh_rc read_rc;
    zh_err read_err;
} zh_intake_run;

/* The last component of a path. */
const char *zh_base_name(const char *path);
/* Finds the sheets, header rows and layouts of the file: fills plans, table_options, out->layout.
 */
zh_rc zh_intake_plan(zh_intake_run *in) ZH_MUST;
/* Reads the whole file once: checks it, or writes it (in->writing). */
zh_rc zh_intake_pass(zh_intake_run *in) ZH_MUST;
/* Opens the error list: as asked, or beside the job. */
zh_rc zh_intake_errors_open(zh_intake_run *in, bool append) ZH_MUST;
/* intake_report.c: what is kept of a row with an error, and the file of such rows. The errors of a
 * batch come in the order of the file. */
void zh_intake_keep_cells(zh_intake_run *in, const zh_batch *batch, zh_intake_error *error);
zh_rc zh_intake_rows_open(zh_intake_run *in) ZH_MUST;
void zh_intake_rows_write(zh_intake_run *in, const zh_batch *batch,
                          const zh_intake_error *const *errors, size_t n);
/* The name of the file as people know it. */
const char *zh_intake_file_name(const zh_intake_run *in);
void zh_tally_json(const zh_tally *t, zh_str file_name, zh_buf *out);
void zh_tally_read(zh_arena *arena, zh_str text, zh_tally *out);

#endif
