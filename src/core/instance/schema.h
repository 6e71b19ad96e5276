/* The physical tables of the model: what is created, and the plan by which rows are written.
 *
 * A plan is made once from a register and never changes; any number of threads may use it. */
#ifndef ZH_CORE_INSTANCE_SCHEMA_H
#define ZH_CORE_INSTANCE_SCHEMA_H

#include "model/model.h"
#include "store/store.h"

/* Columns of r_<reg> and r_<reg>_h before the declared fields. */
enum {
    ZH_COL_OFFICE,
    ZH_COL_ID,
    ZH_COL_VERSION,
    ZH_COL_STATE,
    ZH_COL_HANDLER,
    ZH_COL_CREATED,
    ZH_COL_RECORDED,
    ZH_COL_DECLARATION,
    ZH_COL_ACTOR,
    ZH_COL_FIELDS, /* the first field column */
};

/* Columns of r_<reg>_h after those of r_<reg>. */
enum {
    ZH_HIST_OP,
    ZH_HIST_TRANSITION,
    ZH_HIST_BATCH,
    ZH_HIST_ORD,
    ZH_HIST_REASON,
    ZH_HIST_REASON_CODE,
    ZH_HIST_JUSTIFICATION,
    ZH_HIST_SECOND_ACTOR,
    ZH_HIST_SALT,
    ZH_HIST_SEALED,
    ZH_HIST_COLUMNS,
};

/* Columns of child rows before the declared ones; history has `version` after them. */
enum { ZH_CHILD_OFFICE, ZH_CHILD_PARENT, ZH_CHILD_ORD, ZH_CHILD_ROW, ZH_CHILD_FIELDS };

typedef struct zh_table_plan {
    const char *name;
    const char *const *columns;
    const zh_sql_type *types;
    size_t n;
} zh_table_plan;

typedef struct zh_child_plan {
    const zh_field *table;
    zh_table_plan current, history; /* history's columns begin with current's */
    const char *delete_sql;         /* office, parent */
    const char *last_row_sql;       /* office, parent: the greatest row id ever used */
} zh_child_plan;

/* One canonical field of a version, in ledger order. A table stands where its rows stand. */
typedef enum zh_slot_kind { ZH_SLOT_META, ZH_SLOT_FIELD, ZH_SLOT_TABLE } zh_slot_kind;
typedef enum zh_slot_meta {
    ZH_SLOT_ACTOR,
    ZH_SLOT_DECLARATION,
    ZH_SLOT_REGISTER,
    ZH_SLOT_VERSION,
} zh_slot_meta;

typedef struct zh_slot {
    zh_str name;
    zh_slot_kind kind;
    uint16_t index;          /* META: zh_slot_meta; FIELD, TABLE: in reg->fields */
    const uint16_t *columns; /* TABLE: indices of its columns in order of their ids */
    size_t ncolumns;
} zh_slot;

typedef struct zh_shape {
    const zh_slot *slots;
    size_t n;
} zh_shape;

typedef struct zh_plan {
    const zh_register *reg;
    zh_table_plan current, history; /* history's columns begin with current's */
    zh_table_plan grams;
    zh_child_plan *children;
    size_t nchildren;
    const uint16_t *child_of;     /* by field index: position in children */
    const uint16_t *first_column; /* by field index: its first SQL column in current */
    const char *update_sql;       /* all columns but key and created_at; office, id, version */
    const char *gram_delete_sql;  /* office, gram, id */
    const char *remove_sql;       /* office, id, version: the current row of a withdrawn record */
    const char *batch_sql;        /* office, id, version: batch of that version */
    const char *erased_sql;       /* office, id: a row when something was erased from the record */
    const char *exists_sql;       /* office, id */
    bool searchable;              /* some field or child column is */
    bool has_files;
    zh_shape shape;
} zh_plan;

/* Plans of all registers; lives in the arena. ZH_EINVAL: a table name or column that the databases
 * cannot hold, or that stands twice. */
zh_rc zh_plan_make(zh_arena *arena, const zh_model *model, const zh_plan **out,
                   zh_err *err) ZH_MUST;

/* Suffixes of the SQL columns of a field, in storage order (0 to 3 of them). */
size_t zh_field_columns(const zh_field *field, const char *suffixes[3]);
/* The values of those columns; returns how many. Text is borrowed from the value, except the
 * canonical text of a decimal mark, which is static or the value's own text. */
size_t zh_value_columns(const zh_field *field, const zh_value *value, zh_sql_value out[3]);
/* The id of a child column without the id of its table. */
zh_str zh_child_name(const zh_field *column);
/* SQL types of a field's columns, as many as zh_field_columns gives. */
void zh_field_types(const zh_field *field, zh_sql_type types[3]);

/* The indexes of a register's table: names and statements. */
typedef struct zh_index_plan {
    const char *name, *sql;
} zh_index_plan;
typedef ZH_VEC(zh_index_plan) zh_index_plans;
void zh_index_plan_make(zh_arena *arena, const zh_register *reg, zh_index_plans *out);
/* Whether a role that reads the register also makes records of it: a post of such a role may see
 * its own alone (本人), and finds them by an index. */
bool zh_has_own_index(const zh_register *reg);

/* Tables of the program itself. */
zh_rc zh_schema_system(zh_conn *conn, zh_err *err) ZH_MUST;
/* Creates what is missing of the registers' tables, columns and indexes. Never drops or changes a
 * column. */
zh_rc zh_schema_apply(zh_conn *conn, zh_arena *arena, const zh_model *model, const zh_plan *plans,
                      zh_err *err) ZH_MUST;

#endif
