/* What changes in the database between two models: the plan that `model diff` prints and that
 * adoption carries out. Pure: reads two snapshots, touches no database. */
#ifndef ZH_MODEL_DIFF_H
#define ZH_MODEL_DIFF_H

#include "model/model.h"

typedef enum zh_change_kind {
    ZH_CHANGE_CREATE_TABLE, /* a register, or a child table */
    ZH_CHANGE_ADD_COLUMN,   /* empty in existing records */
    ZH_CHANGE_WIDEN, /* more digits or characters; stored numbers are multiplied by 10^scale */
    ZH_CHANGE_CREATE_INDEX,
    ZH_CHANGE_DROP_INDEX,
    ZH_CHANGE_BUILD_CUBE, /* counted from the records */
    ZH_CHANGE_DROP_CUBE,  /* can be counted again */
    ZH_CHANGE_NOTE,   /* no table changes, but people should know: a field became required … */
    ZH_CHANGE_NARROW, /* destructive: fewer digits or characters, codes instead of text, another
                         unit or reference */
    ZH_CHANGE_TYPE,   /* destructive: another storage type */
    ZH_CHANGE_DROP_COLUMN,
    ZH_CHANGE_DROP_TABLE,
} zh_change_kind;

typedef struct zh_model_change {
    zh_change_kind kind;
    const zh_register *reg;   /* of the new model; of the old one when it is dropped */
    const zh_field *field;    /* new one; the old one when it is dropped; NULL for others */
    const zh_field *previous; /* WIDEN, NARROW, TYPE: as it was */
    zh_str name;              /* table, column, index or cube as in SQL */
    zh_str table;             /* SQL table that it belongs to */
    int8_t scale;             /* WIDEN, NARROW of decimals: new digits - old digits */
    bool destructive;
    bool allowed; /* destructive, and named under `migrate:` of the new file or allowed by the
                     caller */
    zh_str text;  /* one line, Chinese */
} zh_model_change;

typedef struct zh_diff {
    const zh_model_change *changes; /* in the order in which they should be carried out */
    size_t n;
    size_t destructive, refused;
} zh_diff;

/* Compares two models; old may be NULL (an empty database). The diff lives in the arena and borrows
 * from both models. ZH_ECONFLICT (rule model.diff.destructive, the first refused change in err)
 * when destructive changes are neither declared under `migrate:` nor allowed; *out is filled all
 * the same. */
zh_rc zh_model_diff(zh_arena *arena, const zh_model *before, const zh_model *after,
                    bool allow_destructive, zh_diff *out, zh_err *err) ZH_MUST;
/* The plan for people: one line a change, refused ones marked, and a closing line with the counts.
 */
void zh_diff_print(const zh_diff *diff, zh_buf *out);

#endif
