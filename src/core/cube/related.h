/* What stands around records: many of them by id at once, the records that refer to one, and how
 * large each register is. */
#ifndef ZH_CORE_CUBE_RELATED_H
#define ZH_CORE_CUBE_RELATED_H

#include "core/read/read.h"

#define ZH_RELATED_IDS_MAX   ((size_t)1000) /* of one zh_records_get */
#define ZH_RELATED_SHOWN     ((size_t)20)   /* records of one relation */
#define ZH_RELATED_COUNT_MAX ((size_t)1000) /* beyond it a relation's count is a lower bound */
/* Rows of a table without an index on the reference that are looked through. */
#define ZH_RELATED_SCAN_MAX ((size_t)200000)

typedef struct zh_record_id {
    int64_t office, id;
} zh_record_id;

/* Records by id, without child rows: out[i] belongs to ids[i], NULL when the reader has no such
 * record. One statement an office. as_of as in zh_list_query. ZH_ELIMIT above the cap. */
zh_rc zh_records_get(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_record_id *ids,
                     size_t n, int64_t as_of, zh_record **out) ZH_MUST;

/* The records of one register that refer to a record by one field (or column of a child table). */
typedef struct zh_relation {
    const zh_field *field;
    int64_t n;
    bool at_least;       /* n is a lower bound */
    bool unknown;        /* too many rows to look through, and no index */
    zh_record **records; /* the first ones, newest first */
    size_t nrecords;
} zh_relation;
/* Relations with n > 0 or unknown, as of a log size or ZH_AS_OF_NOW. The past has no index on
 * references: a register with more than ZH_RELATED_SCAN_MAX versions is then unknown. */
zh_rc zh_relations(zh_ctx *ctx, zh_conn *conn, const zh_record *record, int64_t as_of,
                   zh_relation **out, size_t *n) ZH_MUST;

/* What a kindred question compares: the values of this record. */
typedef struct zh_kindred_value {
    const zh_value *values; /* more than one: any of them, of the rows of a table */
    size_t n;
    const zh_codes *codes; /* NULL: not codes */
} zh_kindred_value;
/* A kindred question of this record as a condition on its register, which its list can be asked. */
typedef struct zh_kindred_asked {
    zh_str where; /* empty: a value is unknown or masked, so that there is no question */
    zh_kindred_value same[ZH_KINDRED_SAME_MAX];
    size_t nsame;
} zh_kindred_asked;
/* The record must hold the child rows that the question compares (at most
 * ZH_RELATED_VALUES_MAX different values of them; more: no question). */
#define ZH_RELATED_VALUES_MAX ((size_t)20)
zh_rc zh_kindred_ask(zh_ctx *ctx, zh_conn *conn, const zh_record *record, int64_t as_of,
                     const zh_kindred *kindred, zh_kindred_asked *out) ZH_MUST;

/* Size of a register. */
typedef struct zh_register_size {
    int64_t records; /* that the reader may see */
    bool at_least;   /* counted among the first records of the register, `cap` of them */
    zh_time last;    /* newest write; 0 none */
} zh_register_size;
/* Whether a register has more records than n, whoever may see them. */
zh_rc zh_register_exceeds(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, size_t n,
                          bool *out) ZH_MUST;
/* One for each register of the model, in its order. */
zh_rc zh_register_sizes(zh_ctx *ctx, zh_conn *conn, size_t cap, zh_register_size **out) ZH_MUST;

#endif
