/* Shared between the intake files: layouts (intake_layout.c), one row (intake_rows.c), a pass and
 * its phases. */
#ifndef ZH_CORE_INTAKE_INTAKE_PRIVATE_H
#define ZH_CORE_INTAKE_INTAKE_PRIVATE_H

#include "core/intake/intake.h"
#include "core/read/ahead.h"
#include "core/record/record.h"
#include "fmt/table.h"
#include "model/recipe.h"

/* How the columns of one sheet become fields. Immutable while its rows are read. */
typedef struct zh_mapping {
    const zh_layout *layout;
    const zh_str *headers; /* as in the file */
    size_t nheaders;
    zh_map column_of; /* folded header -> &numbers[i], column i + 1 */
    size_t *numbers;
    zh_str sheet;
    zh_str file_parts[ZH_PICK_COLUMNS_MAX];
    bool xlsx;
} zh_mapping;

/* A row as read, copied into its batch. */
typedef struct zh_raw_row {
    const zh_mapping *mapping;
    const zh_cell *cells;
    size_t n, number;
    int64_t ordinal; /* data rows of the file before it */
    zh_rc rc;        /* the row alone is unreadable: message */
    zh_str rule, message;
} zh_raw_row;

typedef enum zh_outcome {
    ZH_ROW_FRESH,
    ZH_ROW_SAME,
    ZH_ROW_CHANGED,
    ZH_ROW_DOUBTFUL,
    ZH_ROW_REFUSED,
} zh_outcome;

typedef struct zh_row_result {
    zh_outcome outcome;
    zh_prepared *prepared; /* fresh and changed */
    bool waits;            /* for the rows before it: refers to a record of this very register */
    bool keyed;            /* has an intake row key */
    uint64_t key;          /* hash of the row key */
    uint32_t content;      /* hash of everything the row says */
    bool named;            /* gives a business key that is not the row key */
    uint64_t name;         /* hash of the business key */
} zh_row_result;

typedef ZH_VEC(zh_intake_error) zh_intake_errors;

/* References found by business key, shared by the workers. */
typedef struct zh_ref_cache zh_ref_cache;
zh_ref_cache *zh_ref_cache_new(void);
void zh_ref_cache_free(zh_ref_cache *cache);

/* What one worker needs to turn rows into prepared writes. */
typedef struct zh_rower {
    zh_ctx ctx;    /* arena: the batch's; err: this worker's */
    zh_conn *conn; /* for reading; NULL in a replay */
    const zh_intake_options *options;
    zh_ref_cache *refs;
    bool look_up;       /* records with this key may exist */
    bool in_order;      /* every earlier row is decided: ctx.ahead or the database has it */
    bool replay;        /* only the key is wanted */
    bool rehearsal;     /* nothing is written in this pass */
    zh_time now;        /* of the import: codes of undated rows are read as of today */
    zh_str reason;      /* of amendments */
    zh_change *changes; /* of one row after another … */
    size_t *columns;
    size_t room; /* … as many as the widest layout so far sets */
} zh_rower;

/* Looks for the layout whose header stands in `row`; *out is NULL when none fits. The register's
 * own goes before recipes; two recipes that fit are refused (intake.ambiguous) unless one was
 * named. */
zh_rc zh_mapping_find(zh_ctx *ctx, const zh_intake_options *options,
                      const zh_layout *const *layouts, size_t nlayouts, const zh_table_row *row,
                      const char *file_name, zh_str sheet, bool xlsx, zh_mapping **out) ZH_MUST;
/* Layouts to try: those of the recipe for this register, or one made from the register's own labels
 * and aliases followed by those of all recipes. Those without a header come last. */
zh_rc zh_layouts_of(zh_ctx *ctx, const zh_intake_options *options, const zh_layout *const **out,
                    size_t *n) ZH_MUST;
/* The id of the recipe that a layout belongs to; empty for the register's own. */
zh_str zh_layout_recipe(const zh_model *model, const zh_layout *layout);
/* The header columns that the mapping does not use. */
void zh_mapping_unmapped(zh_arena *arena, const zh_mapping *mapping, const zh_str **out, size_t *n);
/* The header columns with the fields that read them. */
void zh_mapping_columns(zh_arena *arena, const zh_mapping *mapping, const zh_intake_column **out,
                        size_t *n);
/* Whether a row is no record: blank, declared as skipped, or the totals row (*total). */
bool zh_row_skipped(zh_arena *arena, const zh_mapping *mapping, const zh_table_row *row,
                    bool *total);
/* The cell under a folded header; false when the sheet has no such column. */
bool zh_row_cell(const zh_mapping *mapping, const zh_cell *cells, size_t n, zh_str header,
                 zh_str *out, size_t *column);

/* One row: its outcome, its prepared write, its errors. Never fails for what the row says; other
 * errors (database, memory) come back. */
zh_rc zh_row_run(zh_rower *r, const zh_raw_row *row, zh_row_result *out,
                 zh_intake_errors *errors) ZH_MUST;

/* Adds an error at a column (SIZE_MAX: the row). */
void zh_intake_error_add(zh_arena *arena, zh_intake_errors *errors, const zh_raw_row *row,
                         size_t column, char severity, zh_str rule, zh_str message, zh_str fix);

#endif
