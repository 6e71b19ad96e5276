/* Intake recipes: how a foreign table layout maps to a register. Declared data, compiled with the
 * model. The grammar for authors is doc/recipes.md. */
#ifndef ZH_MODEL_RECIPE_H
#define ZH_MODEL_RECIPE_H

#include "model/model.h"
#include "model/schema.h"

#define ZH_PICK_COLUMNS_MAX ((size_t)16)
#define ZH_PICK_DEPTH_MAX   4

/* Where a text begins. */
typedef enum zh_take {
    ZH_TAKE_COLUMN,   /* the first of the named columns that the file has */
    ZH_TAKE_COLUMNS,  /* all of them, joined; null when every one is empty */
    ZH_TAKE_FILE,     /* a part of the file's name */
    ZH_TAKE_VALUE,    /* a constant */
    ZH_TAKE_SHEET,    /* name of the sheet */
    ZH_TAKE_ROW,      /* number of the row in the file */
    ZH_TAKE_PIECE,    /* the piece of a split cell that makes this child row */
    ZH_TAKE_TEMPLATE, /* text with {column} and {file.NAME} in it; empty when all of them are */
    ZH_TAKE_TRY,      /* the first alternative that is not empty */
} zh_take;

/* What is done to it, one after another. */
typedef enum zh_pick_step_kind {
    ZH_STEP_STRIP, /* HTML tags away, entities resolved */
    ZH_STEP_MATCH, /* regular expression: group 1 (or the match); empty when it does not match */
    ZH_STEP_NULL,  /* these texts mean "nothing" */
    ZH_STEP_MAP,   /* look-up table; what is not in it: kept, nothing, or refused */
    ZH_STEP_CUT,   /* piece of a separated text: first, last or n-th */
    ZH_STEP_DATES, /* loose date in the given order, made ISO */
    ZH_STEP_SCALE, /* exact decimal factor */
    ZH_STEP_UNIT,  /* unit appended to a bare number */
    ZH_STEP_PREFIX,
    ZH_STEP_SUFFIX,
    ZH_STEP_UPPER,
    ZH_STEP_LOWER,
    ZH_STEP_REPLACE,     /* literal texts by others, everywhere */
    ZH_STEP_CHECK,       /* an identifier's check: ok, doubtful or bad */
    ZH_STEP_DAY_OF_YEAR, /* fraction k/of of the year in another column -> date of day k */
    ZH_STEP_DEFAULT,     /* when there is nothing */
} zh_pick_step_kind;

typedef enum zh_otherwise { ZH_ELSE_KEEP, ZH_ELSE_NULL, ZH_ELSE_REFUSE } zh_otherwise;

typedef struct zh_pick_step {
    zh_pick_step_kind kind;
    zh_str text;         /* pattern, separator, order, unit, prefix, column of the year … */
    const zh_str *texts; /* null: the texts */
    size_t ntexts;
    int32_t number; /* cut: n-th from 1, -1 last; day_of_year: days */
    zh_decimal factor;
    zh_map map;                /* folded key -> zh_str* */
    const zh_str *froms, *tos; /* replace, in the order written */
    size_t nfroms;
    zh_otherwise otherwise;
    void *regex; /* regex_t, owned by the model's arena */
} zh_pick_step;

typedef struct zh_pick zh_pick;
struct zh_pick {
    zh_take take;
    const zh_str *names;
    size_t nnames;
    zh_str join;
    const zh_pick *tries;
    size_t ntries;
    const zh_pick_step *steps;
    size_t nsteps;
};

/* One field of the register, or one column of a child row. */
typedef struct zh_set {
    const zh_field *field;
    zh_pick pick;
} zh_set;

/* Child rows: the pieces of one cell, or one row for each entry of `rows`. */
typedef struct zh_row_set {
    const zh_set *sets;
    size_t nsets;
    const zh_field *unless_null; /* the row is left out when this column is empty */
} zh_row_set;

typedef struct zh_table_set {
    const zh_field *table;
    zh_pick split;        /* has separator: cut the text into pieces … */
    zh_str separator;     /* … at any of these characters */
    bool keep_in_numbers; /* but not between two digits: 2,4-D */
    bool unique;          /* equal pieces once */
    const zh_field *into; /* column that takes the piece */
    const zh_row_set *rows;
    size_t nrows;
} zh_table_set;

/* Rows that are no records. */
typedef struct zh_skip {
    zh_str column;
    const zh_str *in; /* folded */
    size_t nin;
    bool empty;
} zh_skip;

typedef struct zh_layout {
    zh_str id;
    const zh_register *reg;
    const zh_str *headers; /* all must occur in the header row */
    size_t nheaders;
    const zh_str *columns; /* names of the columns of a file without header */
    size_t ncolumns;
    zh_str json_rows, json_header, sheet;
    char separator; /* '\0': guess */
    zh_str file_pattern;
    void *file_regex;
    const zh_str *file_names; /* names of its groups */
    size_t nfile_names;
    const zh_set *sets;
    size_t nsets;
    const zh_table_set *tables;
    size_t ntables;
    const zh_skip *skips;
    size_t nskips;
    zh_str total_column, total_is; /* a totals row: checked against the sums of these columns */
    const zh_str *total_sums;
    size_t ntotal_sums;
} zh_layout;

typedef struct zh_recipe {
    zh_str id;
    zh_label label;
    zh_label source, licence;
    const zh_layout *layouts;
    size_t nlayouts;
} zh_recipe;

/* Builds model->recipes from model->recipe_nodes; reports through cx. Called once by the compiler,
 * after registers, codes and side files are known. */
void zh_recipes_build(zh_cx *cx);
const zh_recipe *zh_model_recipe(const zh_model *model, zh_str id);

/* What a pick reads from. column(): *out is the cell under a header (folded name); false when the
 * file has no such column. */
typedef struct zh_pick_source {
    void *user;
    bool (*column)(void *user, zh_str name, zh_str *out);
    zh_str (*file_part)(void *user, zh_str name);
    zh_str sheet;
    size_t row;
    zh_str piece; /* of a split cell */
} zh_pick_source;

/* Runs a pick. out->p == NULL: nothing. ZH_EINVAL: refused, rule intake.map, intake.date,
 * intake.scale …; ZH_ENOTFOUND: none of its columns is in the file (err names them). */
zh_rc zh_pick_run(const zh_pick *pick, const zh_pick_source *source, zh_arena *arena, zh_str *out,
                  zh_err *err) ZH_MUST;
/* The form in which headers are compared: tags away, folded, spaces away. */
zh_rc zh_header_fold(zh_arena *arena, zh_str header, zh_str *out) ZH_MUST;
/* Matches a file's base name; groups[i] for layout->file_names[i]. False when it does not match. */
bool zh_layout_file_match(const zh_layout *layout, zh_arena *arena, const char *name,
                          zh_str *groups);

#endif
