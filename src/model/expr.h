/* The expression language: total, side-effect free, decimal, three-valued; one evaluator for form,
 * intake, API, indicator and judgement.
 *
 * Text is compiled once against a scope (the register's fields) into a typed tree; the tree is
 * immutable and may be evaluated by any number of threads, each with its own environment. No
 * present time: what an expression may know of time is in the record (recorded_at at intake). The
 * grammar is doc/expressions.md, a numbered text whose examples are tests. */
#ifndef ZH_MODEL_EXPR_H
#define ZH_MODEL_EXPR_H

#include "base/err.h"
#include "model/value.h"

#define ZH_EXPR_BYTES_MAX   ((size_t)8192)
#define ZH_EXPR_NODES_MAX   ((size_t)2048)
#define ZH_EXPR_DEPTH_MAX   64
#define ZH_EXPR_PATH_MAX    3                 /* reference steps */
#define ZH_EXPR_CHAIN_MAX   16                /* chain() depth */
#define ZH_EXPR_STEPS_MAX   ((size_t)1000000) /* nodes visited by one evaluation */
#define ZH_EXPR_TEXT_MAX    ((size_t)1 << 20) /* bytes of a text made by & */
#define ZH_EXPR_RECORDS_MAX ((size_t)100000)  /* records folded by one query */

struct zh_model;
struct zh_register;
struct zh_field;

typedef struct zh_expr zh_expr; /* a node */

typedef enum zh_expr_op {
    ZH_X_LITERAL, /* value */
    ZH_X_FIELD,   /* field of the current record, or of the current child row (table != NULL) */
    ZH_X_META,  /* meta: state, version, created_at, recorded_at, office, handler_office, id, actor
                 */
    ZH_X_SELF,  /* self: the outer record inside a query or chain, or scope->self; a[0] = FIELD,
                   PATH or META of it; n = 0: the record itself, a ref */
    ZH_X_PATH,  /* follow reference: field (ref), then a[0] evaluated on the target; a[1] = as-at
                   date (NULL: that of the path it stands in, else the record's event time,
                   else current) */
    ZH_X_LEVEL, /* code at a level of its system: a[0] code, level; a[1] as-at date
                   or NULL (the record's event time) */
    ZH_X_NOT,
    ZH_X_AND,
    ZH_X_OR, /* AND, OR: n operands */
    ZH_X_EQ,
    ZH_X_NE,
    ZH_X_LT,
    ZH_X_LE,
    ZH_X_GT,
    ZH_X_GE,
    ZH_X_IN, /* a[0] in a[1..n) */
    ZH_X_NEG,
    ZH_X_ADD,
    ZH_X_SUB,
    ZH_X_MUL,
    ZH_X_DIV,
    ZH_X_IF,       /* a[0] ? a[1] : a[2] */
    ZH_X_COALESCE, /* a[0] ?? a[1] */
    ZH_X_CALL,     /* built-in function fn; arguments a[] */
    ZH_X_FOLD,  /* any all count sum min max last first distinct avg over child rows: table, fold,
                   a[0] = body (bool or value) or NULL, a[1] = filter or NULL; grouped: over the
                   rows of the group; table NULL: over the list a[0] */
    ZH_X_GROUP, /* group TABLE by a[0]: a[1] -> list of values, one a group, in order of first
                   row; reg not NULL: over the rows of that table of all part_of children */
    ZH_X_QUERY, /* bounded query: fold over register where a[0] (may use self), within a duration:
                   fold, query register, a[1] = value or NULL, within; name = the target's
                   declared index that serves it */
    ZH_X_CHILDREN, /* fold over part_of children of this record: same members as QUERY */
    ZH_X_CHAIN,    /* fold over chain(field, depth): a[0] = body evaluated on each target or NULL;
                      level = depth; within = 1 when the depth was given (then the chain is cut
                      there, else a longer one is an error) */
    ZH_X_RANK,     /* rank(a[0] within a[1]) over the register: 1 + records with the same a[1] whose
                      a[0] is greater; name = the index that serves it */
    ZH_X_CLOCK,    /* clock.NAME.due|open|met|breached|expired: clock index, attribute */
    ZH_X_ENTERED,  /* entered(state): instant of first entry into a state, from the history */
    ZH_X_PREV,     /* prev(period).NAME, prev(year).NAME, this(period).NAME: name; within = periods
                      back (1, 0 for this); within_unit ZH_YEAR: the same period a year earlier,
                      else ZH_DAY: the previous period. prev(version).FIELD: field; the value in
                      the version before, unknown in the first */
    ZH_X_IS_NULL,  /* a[0] is unknown: the only operator besides `??` that sees it */
    ZH_X_WITHIN,   /* code a[0] is a[1] or stands below it, by the newest validity of the code */
    ZH_X_PARAMETER, /* parameter `index` of the scope */
} zh_expr_op;

typedef enum zh_fold {
    ZH_FOLD_ANY,
    ZH_FOLD_ALL,
    ZH_FOLD_COUNT,
    ZH_FOLD_SUM,
    ZH_FOLD_MIN,
    ZH_FOLD_MAX,
    ZH_FOLD_LAST,
    ZH_FOLD_FIRST,
    ZH_FOLD_DISTINCT,
    ZH_FOLD_AVG,
} zh_fold;

typedef enum zh_expr_fn {
    ZH_FN_ABS,
    ZH_FN_ROUND,
    ZH_FN_DIV,
    ZH_FN_POW,
    ZH_FN_LOG,
    ZH_FN_LN,
    ZH_FN_EXP,
    ZH_FN_SQRT,
    ZH_FN_DECAY,
    ZH_FN_MIN,
    ZH_FN_MAX,
    ZH_FN_CONVERT,
    ZH_FN_MARK,
    ZH_FN_LEN,
    ZH_FN_LOWER,
    ZH_FN_STARTS,
    ZH_FN_ENDS,
    ZH_FN_CONTAINS,
    ZH_FN_CONCAT,
    ZH_FN_DATE,
    ZH_FN_YEAR,
    ZH_FN_QUARTER,
    ZH_FN_MONTH,
    ZH_FN_DAY,
    ZH_FN_WEEKDAY,
    ZH_FN_HOURS,
    ZH_FN_DAYS,
    ZH_FN_MONTHS,
    ZH_FN_WORKING_DAYS,
    ZH_FN_AGE_AT,
    ZH_FN_START,
    ZH_FN_END,
    ZH_FN_COVERS,
    ZH_FN_OVERLAPS,
} zh_expr_fn;

typedef enum zh_clock_attr {
    ZH_CLOCK_DUE,
    ZH_CLOCK_OPEN,
    ZH_CLOCK_MET,
    ZH_CLOCK_BREACHED,
    ZH_CLOCK_EXPIRED,
} zh_clock_attr;

typedef enum zh_meta {
    ZH_META_STATE,
    ZH_META_VERSION,
    ZH_META_CREATED_AT,
    ZH_META_RECORDED_AT,
    ZH_META_OFFICE,
    ZH_META_HANDLER,
    ZH_META_ID,
    ZH_META_ACTOR,
} zh_meta;

struct zh_expr {
    zh_expr_op op;
    zh_kind kind;                     /* static type of the result; ZH_NULL when only null */
    zh_kind item;                     /* LIST: kind of its items */
    uint32_t at;                      /* byte offset in the source, for messages */
    zh_value value;                   /* LITERAL */
    const struct zh_field *field;     /* FIELD, PATH, CHAIN: the declared field */
    const struct zh_field *table;     /* FIELD of a child row, FOLD, GROUP: the table field */
    const struct zh_register *reg;    /* QUERY, CHILDREN, PATH target, CHAIN target, RANK, GROUP */
    const struct zh_codes *codes;     /* text whose values are codes of this system, else NULL */
    const struct zh_register *states; /* text whose values are states of this register, else NULL */
    const struct zh_register *target; /* refs: the register they point to */
    const struct zh_model *model;     /* CALL convert: where units are looked up */
    zh_str unit;  /* decimals: fixed unit, empty = none or only known at run time */
    bool grouped; /* FOLD inside `group … by` */
    zh_meta meta;
    zh_fold fold;
    zh_clock_attr attr;
    uint16_t clock; /* index into the register's clocks */
    uint16_t index; /* PARAMETER */
    zh_expr_fn fn;  /* CALL */
    uint16_t level; /* LEVEL: 1 = top; CHAIN: depth */
    zh_str name;    /* state of ENTERED, index of QUERY and RANK, name of PREV */
    int64_t within; /* QUERY: amount; 0 none */
    zh_unit_time within_unit;
    const zh_expr **a; /* an entry may be NULL where the operator says so */
    size_t n;
};

typedef struct zh_program { /* a compiled expression */
    const zh_expr *root;
    zh_str source;
    bool needs_store; /* reads other records, clocks or history: not pure over the record */
} zh_program;

/* Where names resolve. `reg` may be NULL (pure arithmetic); `table` non-NULL compiles for a row of
 * that child table (its columns first, then the record's fields); names may add parameters. `self`
 * is what `self` means outside a query: the reader's enterprise in a row scope, the judged record
 * in a judgement; NULL: `self` is an error there. */
typedef struct zh_scope {
    const struct zh_model *model;
    const struct zh_register *reg;
    const struct zh_field *table;
    const zh_str *parameters; /* further names: engine parameters, measures, office_region … */
    size_t nparameters;
    const zh_kind *parameter_kinds; /* NULL: all decimal */
    const struct zh_register *self;
} zh_scope;

/* ZH_EINVAL with line:column of the text in err.where, the rule id expr.* and, for unknown names,
 * the nearest known one. The program lives in the arena (usually the model's). */
zh_rc zh_expr_compile(zh_arena *arena, const zh_scope *scope, zh_str text, zh_program *out,
                      zh_err *err) ZH_MUST;

/* What evaluation needs from outside. All callbacks but `field` may be NULL when the program does
 * not need them (needs_store false). They return ZH_OK and fill *out (ZH_NULL for unknown). */
typedef struct zh_env zh_env;
struct zh_env {
    void *user;
    zh_arena *arena;                /* results and scratch */
    const struct zh_record *record; /* the current record */
    const struct zh_record
        *self;                  /* what `self` means: scope->self; inside a query set by zh_eval */
    const struct zh_rows *rows; /* the current child table … */
    size_t row;                 /* … and row in it, when a child row is evaluated */
    zh_time recorded_at;
    zh_time judged_at; /* what `within` counts back from for a register without event time; 0: from
                          the record's creation */
    zh_str actor;
    const zh_value *parameters;  /* as in the scope */
    const zh_calendar *calendar; /* working days; NULL: functions that need it give ZH_ENOTFOUND */
    size_t steps_left;           /* evaluation steps; 0 at the start means ZH_EXPR_STEPS_MAX */
    zh_time as_at;               /* set by zh_eval: the as-at instant of the path being followed */
    bool as_at_set;
    /* Loads a record by reference as at an instant (0 = current). NULL *out: unknown. */
    zh_rc (*follow)(zh_env *env, const struct zh_register *reg, int64_t office, int64_t id,
                    zh_time as_at, const struct zh_record **out, zh_err *err);
    /* Runs a bounded query (node is QUERY, CHILDREN or RANK) and folds it. env->record is the outer
     * record. May be NULL, or answer ZH_ENOTFOUND for a node it cannot fold: then `records` is
     * asked and the fold is done here. */
    zh_rc (*query)(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err);
    /* The records that a QUERY, CHILDREN, RANK or GROUP over children may range over, at least
     * those that its index finds, ascending by event time (created_at when there is none), office,
     * id. The where clause and `within` are applied again here. At most ZH_EXPR_RECORDS_MAX. */
    zh_rc (*records)(zh_env *env, const zh_expr *node, const struct zh_record *const **out,
                     size_t *n, zh_err *err);
    /* Told of every record that a bounded query takes, in order; may be NULL. */
    void (*matched)(void *user, const zh_expr *node, const struct zh_record *record);
    void *matched_user;
    zh_rc (*clock)(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err);
    zh_rc (*entered)(zh_env *env, zh_str state, zh_value *out, zh_err *err);
    zh_rc (*prev)(zh_env *env, const zh_expr *node, zh_value *out, zh_err *err);
};

/* Evaluates a program. ZH_EINVAL for a value error that the types cannot exclude (division by zero
 * gives ZH_NULL, not an error; overflow is an error), ZH_ELIMIT at the step cap. */
zh_rc zh_eval(const zh_program *program, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
zh_rc zh_eval_node(const zh_expr *node, zh_env *env, zh_value *out, zh_err *err) ZH_MUST;
/* True only for a known true: guards, filters, inclusion. Unknown and false give false. */
zh_rc zh_eval_true(const zh_program *program, zh_env *env, bool *out, zh_err *err) ZH_MUST;

/* The fold of a QUERY or CHILDREN fed record by record, for an env->query that streams rows. Each
 * record is checked again against where and within, and the outer record (env->record) is left out,
 * so what the caller feeds may be too much, in the order that `records` states. What the run keeps
 * is copied to env->arena; a record need not outlive its call. env and err must outlive the run. */
typedef struct zh_fold_run zh_fold_run;
zh_fold_run *zh_fold_start(const zh_expr *node, zh_env *env, zh_err *err);
zh_rc zh_fold_record(zh_fold_run *run, const struct zh_record *record) ZH_MUST;
zh_rc zh_fold_finish(zh_fold_run *run, zh_value *out) ZH_MUST;
/* Event time of a record: its register's event field (a date's start), created_at when the register
 * declares none; ZH_ENOTFOUND when the field is empty. */
zh_rc zh_record_event(const struct zh_record *record, zh_time *out) ZH_MUST;
/* First and last instant of the event of env->record (a date's whole day), which `within` counts
 * back from; false when unknown. */
bool zh_env_event(const zh_env *env, zh_time *first, zh_time *last);
/* The instant `amount` units after `t` (before, when negative), the time of day kept at +08:00.
 * Working days need the calendar. ZH_ENOTFOUND: outside the calendar; ZH_ELIMIT: outside years
 * 1..9999. */
zh_rc zh_time_shift(const zh_calendar *calendar, zh_time t, int64_t amount, zh_unit_time unit,
                    zh_time *out) ZH_MUST;
/* True when the value does not depend on the current record or row: literals, parameters, self. */
bool zh_expr_is_constant(const zh_expr *node);
/* The node as text that compiles to the same tree in the same scope; columns and fields qualified.
 */
zh_str zh_expr_print(zh_arena *arena, const zh_expr *node);

/* Visits every node, parents first. */
void zh_expr_walk(const zh_expr *node, void (*each)(void *user, const zh_expr *node), void *user);

#endif
