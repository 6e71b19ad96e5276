/* Intake: a foreign file into a register, in two phases, through the one door.
 *
 * 预检 reads everything and writes nothing: every row is new, same, changed, doubtful or refused,
 * and every error says sheet, row, column, rule and what to do. 提交 writes all rows or none, or
 * only the clean ones, in batches that are whole transactions together with the job's cursor: a
 * killed import goes on where it stopped, and nothing is written twice. Rows are recognised by the
 * register's intake row key; a register without one refuses a file whose digest it has already
 * taken in. */
#ifndef ZH_CORE_INTAKE_INTAKE_H
#define ZH_CORE_INTAKE_INTAKE_H

#include "core/cube/cube.h"
#include "core/instance/core.h"
#include "core/instance/job.h"

#define ZH_INTAKE_BATCH       ((size_t)1500)
#define ZH_INTAKE_ERRORS_KEPT ((size_t)1000) /* in the result; the error file holds all */
#define ZH_INTAKE_HEADER_ROWS ((size_t)30)   /* the header is looked for in these */
#define ZH_INTAKE_RULES_MAX   ((size_t)256)
#define ZH_INTAKE_CELLS_KEPT  ((size_t)40)    /* of a row with an error */
#define ZH_INTAKE_CELL_BYTES  ((size_t)160)   /* of each of them, cut at a character */
#define ZH_INTAKE_WIDTH_MAX   ((size_t)16384) /* columns of a row in which the header is sought */
#define ZH_INTAKE_COLUMNS_MAX ((size_t)512)   /* of the header, in the result */

typedef enum zh_commit_mode { ZH_COMMIT_NONE, ZH_COMMIT_ALL, ZH_COMMIT_CLEAN } zh_commit_mode;

typedef struct zh_intake_options {
    const zh_register *reg;
    const char *path;
    zh_str recipe;         /* id; empty: by the register's own headers, else the recipe that fits */
    zh_commit_mode commit; /* NONE: 预检 only */
    zh_str justification;  /* accepts doubtful rows with this reason */
    zh_str for_whom;       /* part of what defines the job; empty: whoever sees everything */
    const zh_str *set_names,
        *set_values; /* constants given on the command line, before the recipe */
    size_t nset;
    const char
        *errors_path; /* CSV of every error; NULL: <data>/jobs/<job>.errors.csv when committing */
    /* CSV of the rows that were refused or are doubtful, as they stand in the file, with what is
     * wrong and what to do behind them: to be corrected and sent again. NULL: none. */
    const char *rows_path;
    zh_str file_name;  /* as people know the file; empty: the last part of path */
    zh_deltas *deltas; /* 预检 adds what its clean rows would change in the cells; may be NULL */
    int64_t rows_expected; /* of the file, for the job's progress; 0 unknown */
    unsigned threads;      /* 0: one a core */
    bool keep_job;         /* progress only interrupts: the job stays open, to go on another time */
    /* Called now and then from the calling thread; false cancels. May be NULL. */
    bool (*progress)(void *user, const char *phase, int64_t rows, uint64_t bytes, uint64_t total);
    void *user;
} zh_intake_options;

typedef struct zh_intake_error {
    zh_str sheet, column, header; /* column letters or number; header as in the file */
    size_t row;                   /* as the spreadsheet or editor counts it */
    int64_t ordinal;              /* data rows of the file before it */
    char severity;                /* 'r' refused, 'd' doubtful, 'h' hint */
    zh_str rule, message, fix, where;
    size_t at;           /* index of the cell; SIZE_MAX: the row */
    const zh_str *cells; /* the row as read, at most ZH_INTAKE_CELLS_KEPT; of kept errors */
    size_t ncells;
} zh_intake_error;

/* A column of the file and the field of the register that takes it. */
typedef struct zh_intake_column {
    zh_str header;
    const zh_field *field; /* first that reads it; NULL: none, or only a skip or total rule */
    size_t nfields;
    bool used;
} zh_intake_column;

typedef struct zh_intake_rule_count {
    zh_str rule;
    int64_t n;
} zh_intake_rule_count;

typedef struct zh_intake_result {
    int64_t rows; /* data rows read, totals and skipped rows not counted */
    int64_t fresh, same, changed, doubtful, refused;
    int64_t skipped; /* rows that are no records: totals, notes, blank */
    int64_t written; /* records created or amended by this run and, when resumed, before it */
    bool committed, resumed, already;                /* already: this file was taken in before */
    int64_t job;                                     /* 0 for 预检 */
    zh_str recipe, layout, format, encoding, digest; /* how it was read; digest sha256:<hex> */
    const zh_str *unmapped;                          /* columns nobody takes */
    size_t nunmapped;
    const zh_intake_column *columns; /* of the first sheet read, at most ZH_INTAKE_COLUMNS_MAX */
    size_t ncolumns;
    const zh_str *headers; /* by which the recipe's layout was recognised; none: by fields */
    size_t nheaders;
    const zh_str *sheets; /* read */
    size_t nsheets;
    bool deltas_partial; /* options->deltas ran full: it does not hold all changes */
    const zh_intake_error *errors;
    size_t nerrors;
    int64_t errors_total;
    const zh_intake_rule_count *by_rule;
    size_t nby_rule;
    zh_str errors_file;
    uint64_t took_us;
} zh_intake_result;

/* ZH_OK: the file was read to its end (whatever its rows were) and, when committing, written as
 * asked; with ZH_COMMIT_ALL and refused or doubtful rows nothing is written and committed is false.
 * ZH_EINVAL: no layout fits (err names the headers found and wanted), or the file itself is
 * refused; ZH_ECANCEL; ZH_EBUSY: another process is importing this file. Texts live in ctx->arena.
 */
zh_rc zh_intake(zh_ctx *ctx, const zh_intake_options *options, zh_intake_result *out) ZH_MUST;

/* Which register a file is for: the recipe whose headers it has, else the register that knows most
 * of its columns, and more than half. ZH_EINVAL (intake.register): none, or several equally well;
 * err says which. file_name as in the options. */
zh_rc zh_intake_find(zh_ctx *ctx, const char *path, zh_str file_name,
                     const zh_register **out) ZH_MUST;
/* What defines the job below: equal texts are the same commit of the same file. */
zh_str zh_intake_job_args(zh_arena *arena, const zh_intake_options *options,
                          const zh_intake_result *result);
/* The job of committing this file as 预检 found it (result: its recipe, layout and digest), the one
 * that zh_intake with these options will take: unfinished, or new. */
zh_rc zh_intake_job(zh_ctx *ctx, const zh_intake_options *options, const zh_intake_result *result,
                    zh_job *out) ZH_MUST;

#endif
