/* The compiled model: what the packs declare, as an immutable snapshot.
 *
 * Built by zh_model_compile from YAML files, shared by any number of threads, swapped by pointer
 * with a reference count. All text is UTF-8 NFC and lives in the model's arena. */
#ifndef ZH_MODEL_MODEL_H
#define ZH_MODEL_MODEL_H

#include "base/calendar.h"
#include "base/err.h"
#include "base/vec.h"
#include "model/expr.h"
#include "model/value.h"

typedef struct zh_model zh_model;
typedef struct zh_register zh_register;
typedef struct zh_field zh_field;
typedef struct zh_codes zh_codes;

#define ZH_FIELDS_MAX     512 /* of a register, child columns included */
#define ZH_CUBE_DIMS_MAX  4
#define ZH_TABLE_ROWS_MAX 10000

typedef struct zh_label {
    zh_str zh, en;
} zh_label;

/* A label within a message: in the language of the reader that the error is for. err may be NULL.
 */
static inline zh_str zh_label_for(const zh_err *err, zh_label label)
{
    return err != NULL && err->phrase != NULL && label.en.n > 0 ? label.en : label.zh;
}

/* ---- codes ---------------------------------------------------------------------------------- */

typedef struct zh_code { /* there are many: the members stand so that nothing is lost between */
    zh_str code;
    zh_label label;
    const struct zh_code *parent;            /* NULL at the top */
    const zh_str *aliases;                   /* old names, synonyms */
    const struct zh_code *const *successors; /* after a split, merge or renaming */
    zh_str initials;                         /* pinyin */
    zh_date from, to; /* inclusive validity; INT32_MIN / ZH_OPEN_END when open */
    uint32_t naliases, nsuccessors;
    uint32_t position; /* in the list as declared, from 0: order of grades and of forms */
    uint16_t level;    /* 1 = top */
    bool leaf;         /* no code names it as its parent */
} zh_code;

struct zh_codes {
    zh_str id;
    zh_label label;
    const zh_code *codes; /* sorted by code, then from */
    size_t n;
    const struct zh_code_name *names; /* folded labels, aliases, initials (model/codes.h) */
    size_t nnames;
    /* Tables by hash of an index + 1, 0 free; the sizes are powers of two. */
    const uint32_t *code_slots; /* into codes: the newest validity of a code */
    const uint32_t *name_slots; /* into names: the first that are alike */
    size_t ncode_slots, nname_slots;
    const zh_str *level_names; /* province, city, county … ; index 0 = level 1 */
    uint16_t levels;
    bool codes_are_ordered; /* a grade: < and > compare positions in the list */
};

/* The code valid at `at` (any validity when at == INT32_MIN). NULL when none. */
const zh_code *zh_code_find(const zh_codes *codes, zh_str code, zh_date at);
/* By code, name, old name, synonym or pinyin initials, in this order. ZH_ENOTFOUND, or ZH_ECONFLICT
 * when several match equally: *out is then the first and err names the candidates. The name of an
 * abolished code with exactly one successor means the successor. *how: 'c' code, 'n' name, 'a'
 * alias or old name, 'p' pinyin. */
zh_rc zh_code_match(const zh_codes *codes, zh_arena *scratch, zh_str text, zh_date at,
                    const zh_code **out, char *how, zh_err *err) ZH_MUST;
/* The ancestor (or self) at a level; NULL when the code stands above that level. */
const zh_code *zh_code_at_level(const zh_code *code, uint16_t level);
bool zh_code_within(const zh_code *code, const zh_code *ancestor);

/* ---- fields --------------------------------------------------------------------------------- */

typedef enum zh_type {
    ZH_TYPE_STRING,
    ZH_TYPE_TEXT,
    ZH_TYPE_CODE,
    ZH_TYPE_DATE,
    ZH_TYPE_DATETIME,
    ZH_TYPE_DECIMAL,
    ZH_TYPE_QUANTITY,
    ZH_TYPE_BOOL,
    ZH_TYPE_FILE,
    ZH_TYPE_GEO,
    ZH_TYPE_REF,
    ZH_TYPE_PERIOD,
    ZH_TYPE_RANGE,
    ZH_TYPE_TABLE,
} zh_type;

typedef enum zh_source {
    ZH_SRC_FORM,
    ZH_SRC_INTERFACE,
    ZH_SRC_DERIVED,
    ZH_SRC_REFERENCE
} zh_source;
typedef enum zh_pipl { ZH_PIPL_NONE, ZH_PIPL_PERSONAL, ZH_PIPL_SENSITIVE, ZH_PIPL_MINOR } zh_pipl;

struct zh_field {
    zh_str id;     /* declared id; a one-row table's columns are product.class */
    zh_str column; /* SQL column: product__class */
    zh_label label, help;
    zh_type type; /* of the value; a computed field has the type of its result */
    const zh_register *owner;
    const zh_field *table; /* the table this is a column of, else NULL */
    uint16_t index;        /* position in owner->fields, or in table->columns */
    uint8_t digits;        /* decimals */
    zh_rounding rounding;
    zh_str unit;               /* quantity: fixed unit, empty = unit stored beside the value */
    uint32_t length_max;       /* characters; 0 = 200 for string, 20,000 for text */
    zh_str format;             /* uscc, gtin, gln, sscc, cn_phone, org_code, standard_no … */
    const zh_codes *codes;     /* code */
    uint16_t level;            /* code: level it must stand at, 0 any */
    bool leaf;                 /* code: must be a leaf */
    zh_str as_of_field;        /* code: valid on this field's date (`at:`) */
    zh_str target_id;          /* ref: register id */
    const zh_register *target; /* ref */
    bool required, computed, many_inline;
    zh_program required_when, expr, default_expr;
    bool has_required_when, has_default;
    zh_source source;
    zh_pipl pipl;
    zh_str mask;
    bool sealed;
    bool searchable;       /* its text is cut into grams */
    zh_str truth;          /* single source of truth: register.field */
    const zh_str *aliases; /* intake headers */
    size_t naliases;
    const zh_field *columns; /* table: child columns */
    size_t ncolumns;
    uint32_t rows_min, rows_max;
    zh_str sdmx;
    zh_date since, until;
};

/* ---- registers ------------------------------------------------------------------------------ */

typedef enum zh_severity { ZH_REJECT, ZH_JUSTIFY, ZH_HINT } zh_severity; /* 拒绝 存疑须说明 提示 */

typedef struct zh_rule {
    zh_str id;
    zh_program test; /* must not be known false; unknown passes */
    zh_severity severity;
    zh_label message, clause;
    const zh_field *table; /* evaluated for each row of this table, else NULL */
} zh_rule;

typedef struct zh_state {
    zh_str id;
    zh_label label;
    zh_label public_name;
    bool initial, terminal, frozen;
    const zh_str *frozen_allow; /* what may still be appended */
    size_t nfrozen_allow;
} zh_state;

typedef enum zh_transition_kind {
    ZH_TR_HANDLE,
    ZH_TR_COUNTERSIGN,
    ZH_TR_RETURN,
    ZH_TR_WITHDRAW,
    ZH_TR_REASSIGN,
    ZH_TR_AUTO,
} zh_transition_kind;

/* Who is told: roles of the register, fields (a reference: those who speak for what it names; a
 * text: the login or the reference it holds), `creator`, and `turn`: everyone whose turn it now is.
 * Whoever may not see the record is not told. */
typedef struct zh_audience {
    const zh_str *words;
    size_t n;
} zh_audience;

/* So much before an end. */
typedef struct zh_reminder {
    int32_t amount;
    zh_unit_time unit;
} zh_reminder;
#define ZH_CLOCK_WARNS_MAX 4

struct zh_assignment {
    const zh_field *field;
    zh_program value;
};

/* A record that a step makes in another register, in the same transaction. */
#define ZH_CREATIONS_MAX 8 /* of one step */
typedef struct zh_creation {
    const struct zh_register *reg;
    const zh_field *link; /* of the new record: leads back to this one */
    const struct zh_assignment *set;
    size_t nset;
} zh_creation;

/* 文书: text with values in it, set on A4, kept as a file by its digest. */
typedef struct zh_document_piece {
    zh_str text;
    zh_program value;
    bool is_value;
} zh_document_piece;
typedef struct zh_document_text {
    const zh_document_piece *pieces;
    size_t n;
} zh_document_text;
typedef struct zh_document_block { /* a paragraph, or child rows as a table */
    zh_document_text text;
    const zh_field *table;
    const zh_field *const *columns;
    size_t ncolumns;
} zh_document_block;
typedef struct zh_document {
    zh_str id;
    zh_label label;
    zh_document_text office, title, to; /* of whom; its title; to whom */
    const zh_document_block *body;
    size_t nbody;
    zh_str number_pattern;        /* empty: not numbered */
    const zh_field *number_field; /* receives the number */
    const zh_field *file;         /* receives the digest of the PDF */
} zh_document;

typedef struct zh_transition {
    zh_str id;
    zh_label label;
    zh_transition_kind kind;
    bool from_any;
    const uint16_t *from; /* state indices */
    size_t nfrom;
    int16_t to;  /* state index; -1: stays */
    bool to_any; /* return: to a state that the record has passed, chosen by who returns it */
    const zh_str *roles;
    size_t nroles;
    zh_program guard, when; /* when: becomes automatic (kind auto) once true */
    bool has_guard, has_when;
    const zh_field *const *need; /* fields that must be filled, given with the transition */
    size_t nneed;
    const zh_field *const *optional; /* fields that may come with the transition */
    size_t noptional;
    const zh_codes *reasons; /* coded reason required, or NULL */
    const struct zh_assignment *set;
    size_t nset;
    bool two_person;
    uint32_t limit;           /* times a record may take it; 0 any */
    zh_str document;          /* a paper's name */
    const zh_document *paper; /* the same where the register declares it, else NULL */
    const zh_creation *makes;
    size_t nmakes;
    struct zh_vote_rule {
        uint32_t k, of;    /* k yes votes of so many persons; 0: no vote */
        int16_t otherwise; /* state when it can no longer pass; -1: stays */
        int16_t until;     /* clock at whose end it is closed; -1: none */
        uint32_t quorum;   /* then the majority of at least so many votes decides; 0: it fails */
    } vote;
    zh_program handler; /* reassign: the office that handles it from now on */
    bool has_handler;
    const zh_str *sign; /* roles that sign when they take it */
    size_t nsign;
    const zh_field *signature; /* text field that receives what was signed; not NULL with sign */
    zh_audience notify;
} zh_transition;

typedef struct zh_clock_version {
    zh_date from, to; /* in force on the triggering date */
    zh_program when;
    bool has_when;
    int32_t amount; /* or amount_field */
    const zh_field *amount_field;
    zh_unit_time unit;
    int8_t fixed_month, fixed_day; /* date: --06-30; 0 none */
    zh_label clause;
    bool unverified; /* 未核实口径 */
} zh_clock_version;

typedef struct zh_clock {
    zh_str id;
    zh_label label;
    zh_str start; /* event: field id, transition id or state id */
    const zh_str *stop;
    size_t nstop;
    const zh_str *suspend; /* states during which it stands still */
    size_t nsuspend;
    int32_t every; /* recurring, with every_unit; 0 none */
    zh_unit_time every_unit;
    const zh_clock_version *versions; /* first match */
    size_t nversions;
    zh_str extend_by;      /* transition that extends it, or empty */
    int32_t extend_amount; /* by so much each time */
    zh_unit_time extend_unit;
    uint32_t extend_limit; /* at most so often */
    zh_str on_breach;      /* transition to take, or empty */
    bool is_public;
    zh_reminder warn[ZH_CLOCK_WARNS_MAX]; /* notices before the end, to `notify` */
    size_t nwarn;
    zh_audience notify; /* of warnings and of the breach; none declared: `turn` */
} zh_clock;

/* A due event written by actor `clock` when a date field passes (certificate expired). */
typedef struct zh_due_rule {
    zh_str id;
    const zh_field *field; /* date, datetime or period (its end + 1 day) */
    zh_str transition;
} zh_due_rule;

typedef enum zh_scope_kind { ZH_ROWS_ALL, ZH_ROWS_WHERE } zh_scope_kind;

typedef struct zh_access {
    zh_str role;
    zh_program rows; /* row scope; has_rows false = all rows */
    bool has_rows;
    const zh_str *can; /* read create amend transition export, or transition ids */
    size_t ncan;
    const zh_field *const *mask; /* shown by their mask, or not at all when they have none */
    size_t nmask;
    const zh_field *const *drop; /* never shown */
    size_t ndrop;
    zh_label purpose;
    const zh_register *self; /* register of the reader's own record, which `self` means in rows */
} zh_access;

/* ---- cubes and indicators ------------------------------------------------------------------- */

typedef enum zh_grain {
    ZH_GRAIN_NONE,
    ZH_GRAIN_DAY,
    ZH_GRAIN_MONTH,
    ZH_GRAIN_QUARTER,
    ZH_GRAIN_HALF,
    ZH_GRAIN_YEAR
} zh_grain;

typedef struct zh_dim {
    zh_str id;      /* name used in questions: place, month, class … */
    zh_str column;  /* SQL column in the cube */
    zh_grain grain; /* time dimension when not NONE; values 2026-03-05 2026-03 2026Q1 2026H1 2026 */
    const zh_field *field; /* plain dimension: field of the record (or of its one-row table) */
    uint16_t level;        /* code level, 0 = as recorded */
    zh_program expr;       /* derived dimension (industry of the producer on the event date) */
    bool derived; /* expr, or a level through a hierarchy: value kept in a column of the record */
    const zh_codes *codes; /* of the values, NULL for free text and time */
} zh_dim;

typedef enum zh_measure_kind {
    ZH_M_COUNT,
    ZH_M_SUM,
    ZH_M_SUMSQ,
    ZH_M_DISTINCT,
    ZH_M_ANY_OF,
    ZH_M_QUANTILE,
    ZH_M_STOCK
} zh_measure_kind;

typedef struct zh_measure {
    zh_str id;
    zh_measure_kind kind;
    zh_program filter; /* count/any_of: which records (or rows) count; has_filter false = all */
    bool has_filter;
    const zh_field *table; /* counted over child rows */
    zh_program value;      /* sum, sumsq, quantile: decimal; distinct, any_of: key; stock: period */
    bool has_value;
    uint8_t digits; /* of the summed value */
} zh_measure;

typedef struct zh_cube {
    zh_str id;
    zh_str table; /* SQL table */
    const zh_dim *dims;
    size_t ndims; /* <= ZH_CUBE_DIMS_MAX */
    const zh_measure *const *measures;
    size_t nmeasures;
    bool dense;
} zh_cube;

typedef enum zh_indicator_kind {
    ZH_I_COUNT,
    ZH_I_SUM,
    ZH_I_RATIO,
    ZH_I_RATE,
    ZH_I_MEAN,
    ZH_I_SHARE,
    ZH_I_GROWTH,
    ZH_I_WEIGHTED,
    ZH_I_MATCHED,
    ZH_I_DESIGN,
    ZH_I_QUANTILE,
    ZH_I_DISTINCT,
    ZH_I_STOCK,
    ZH_I_COMPOSITE,
} zh_indicator_kind;

typedef enum zh_basis {
    ZH_BASIS_NONE,
    ZH_BASIS_RANDOM,
    ZH_BASIS_TARGETED,
    ZH_BASIS_MIXED
} zh_basis;

typedef struct zh_indicator {
    zh_str id;
    zh_label label;
    zh_label definition; /* in words */
    zh_indicator_kind kind;
    const zh_register *reg;        /* NULL for composites */
    zh_str num_source, den_source; /* as declared, for the page */
    zh_program num, den; /* over measure ids (parameters, in the order of reg->measures) */
    bool has_num, has_den;
    zh_program filter; /* over records; has_filter */
    bool has_filter;
    zh_str unit;    /* % ratio index count score … */
    uint8_t digits; /* shown */
    bool percent;   /* value = 100 · num/den */
    zh_basis basis;
    zh_str interval; /* wilson95, clopper95, none */
    uint32_t n_min;
    double quantile;
    bool ytd;              /* year to date */
    zh_str growth_of;      /* growth: other indicator; against previous period or year */
    zh_str growth_against; /* previous | year */
    zh_str weight_register, weight_field, weight_key, missing_rule; /* weighted */
    zh_str match_dim;                                               /* matched */
    zh_str weight_expr; /* design: inverse inclusion probability, as declared */
    zh_program weight;  /* the same, compiled: the indicator's own or the register's */
    bool has_weight;
    const struct zh_component {
        zh_str indicator;
        zh_decimal weight;
        zh_decimal low, high; /* normalisation bounds */
        bool descending;
    } * components;
    size_t ncomponents;
    bool lower_is_better;
    zh_label note, bias;   /* bias: the register's where it has none of its own */
    const zh_str *systems; /* S22 … from the file's header */
    size_t nsystems;
    const struct zh_yaml *declared; /* as read; holds the worked examples: tests */
} zh_indicator;

/* ---- detectors ------------------------------------------------------------------------------ */

/* What records are told apart by: one value a record, or one a row of a child table. */
typedef struct zh_detector_dim {
    zh_str id;
    zh_label label;
    const zh_field *table; /* evaluated for each of its rows; NULL: once a record */
    zh_program value;      /* a text */
    const zh_codes *codes; /* of the values, or NULL */
    /* A profile's mapping to another code system: register whose records say `from` -> `to`. */
    const zh_register *map;
    const zh_field *map_from, *map_to;
} zh_detector_dim;

typedef struct zh_criterion {
    zh_str name; /* of a result of the engine */
    zh_decimal min;
} zh_criterion;

typedef enum zh_series_grain {
    ZH_SERIES_NONE, /* the detector looks for pairs of values */
    ZH_SERIES_DAY,
    ZH_SERIES_WEEK, /* from Monday */
    ZH_SERIES_MONTH,
} zh_series_grain;

/* A detector over time: one series of equal periods by the register's event time for every value of
 * the detector's row (all records together without one). */
typedef struct zh_detector_series {
    zh_series_grain grain;
    zh_program amount; /* number that a record counts for; has_amount false: 1 */
    bool has_amount;
    zh_program event; /* which of the records are counted; has_event false: all */
    bool has_event;
    const zh_criterion *parameters; /* of the engine; `min` is the value */
    size_t nparameters;
} zh_detector_series;

/* Looks through the records of one register for pairs of values, or periods of a series, that stand
 * out, and writes each as a record of a judgement register. */
typedef struct zh_detector {
    zh_str id, version;
    zh_label label, purpose, note;
    const zh_register *reg;
    zh_program where; /* which records take part; has_where */
    bool has_where;
    zh_program count_by; /* records with the same text count as one; has_count_by */
    bool has_count_by;
    zh_label unit;               /* of the count, for people: 批 */
    zh_detector_dim row, column; /* of a series: no column, and row only where row.id is set */
    zh_detector_series series;
    zh_str engine; /* name@version */
    const zh_criterion *criteria;
    size_t ncriteria;
    zh_program report; /* over the texts row and column; has_report false = every pair */
    bool has_report;
    const zh_detector_dim *profile; /* by what the evidence of a signal is summed up */
    size_t nprofile;
    const zh_register *signals; /* judgement register */
    const zh_register *tasks;   /* NULL: none is opened */
    zh_str task_kind;
    zh_program task_place; /* over row and column; has_task_place */
    bool has_task_place;
    const zh_str *systems;
    size_t nsystems;
} zh_detector;

/* A query index: what bounded queries, default lists and key look-ups may use. */
typedef struct zh_index {
    zh_str id;
    const zh_field *const *fields;
    size_t nfields;
    bool unique; /* office is always the first column */
} zh_index;

/* What a record is called in one language: text and values; the pieces of a group (0: none) stand
 * together or not at all. */
#define ZH_TITLE_PIECES_MAX ((size_t)40)
typedef struct zh_title_piece {
    zh_str text;           /* field NULL */
    const zh_field *field; /* of a table or one of its columns the rows are listed */
    uint16_t group;
} zh_title_piece;
typedef struct zh_title {
    const zh_title_piece *pieces;
    size_t n; /* 0: not declared */
} zh_title;

/* A kindred question: the records that have the same values as this one. */
#define ZH_KINDRED_MAX      ((size_t)12) /* of a register */
#define ZH_KINDRED_SAME_MAX ((size_t)6)
typedef struct zh_kindred {
    zh_str id;
    zh_label label;
    struct zh_same {
        zh_program value; /* a field, or a code at a level; of a column: evaluated for each row */
        const zh_field *table; /* any row of it: the column's child table, else NULL */
    } same[ZH_KINDRED_SAME_MAX];
    size_t nsame;
    zh_str where; /* further condition, empty: none */
} zh_kindred;

struct zh_register {
    zh_str id;      /* [a-z][a-z0-9_]{0,39} */
    zh_str version; /* declaration version, 1.2.0 */
    zh_label label, purpose, owner, bias;
    const zh_code *theme;  /* of the code system `theme`; NULL: none */
    const zh_label *basis; /* legal basis */
    size_t nbasis;
    const zh_str *systems;
    size_t nsystems;
    zh_str file;            /* pack file it came from */
    uint16_t index;         /* in model->registers */
    zh_str table;           /* SQL table r_<id>; history r_<id>_h */
    const zh_field *fields; /* one-row tables are flattened; TABLE fields follow in their places */
    size_t nfields;
    const zh_field *const *business_key;
    size_t nbusiness_key;
    bool public_key; /* that a record of this key exists may be known to whoever may write */
    const zh_field *const *row_key; /* intake idempotency */
    size_t nrow_key;
    zh_str number_pattern; /* TS-{place}-{year}-{000000}; empty none */
    const zh_field *number_field;
    const zh_field *event_time; /* date or datetime field */
    const zh_field *home_field; /* code field whose value gives the home office; NULL = writer's */
    const zh_register *part_of;
    const zh_field *part_of_field;
    const zh_rule *rules;
    size_t nrules;
    const zh_state *states; /* at least one; a register without workflow has the state "recorded" */
    size_t nstates;
    const zh_transition *transitions;
    size_t ntransitions;
    const zh_clock *clocks;
    size_t nclocks;
    const zh_due_rule *dues;
    size_t ndues;
    const zh_document *documents;
    size_t ndocuments;
    const zh_field *replaces_field;   /* reference to the record that one replaces, or NULL */
    const zh_transition *replaced_by; /* which that record then takes */
    const zh_access *access;
    size_t naccess;
    zh_audience notify;    /* told of a new record */
    zh_program count_when; /* inclusion filter of all cubes */
    bool has_count_when;
    const zh_field *basis_field; /* code field random/targeted/mixed, or NULL */
    zh_basis basis_fixed;        /* when the whole register has one basis */
    zh_program weight;           /* inverse inclusion probability; has_weight */
    bool has_weight;
    uint32_t expected_records; /* 0 = not said */
    const zh_measure *measures;
    size_t nmeasures;
    const zh_cube *cubes;
    size_t ncubes;
    const zh_dim *const *derived; /* distinct derived dims over all cubes, in column order */
    size_t nderived;
    const zh_index *indexes;
    size_t nindexes;
    const zh_field *const *default_columns;
    size_t ndefault_columns;
    const zh_field *default_sort; /* NULL: id */
    bool default_sort_descending;
    zh_title title, title_en; /* title_en: as declared, else the same as title */
    const zh_kindred *kindred;
    size_t nkindred;
    const struct zh_test *tests;
    size_t ntests;
    bool read_log;                  /* readings of its personal fields are written down */
    bool ask_purpose;               /* personal fields are masked until the reader says what for */
    const struct zh_yaml *declared; /* whole declaration as read: publication, retention, privacy,
                                       exchange, views, obligations, judgements, tests */
};

/* A declared test of a register; the trees are checked for names and run by `model check`. */
typedef struct zh_test {
    zh_str id;
    int32_t given_from; /* index of an earlier test whose record it starts from, or -1 */
    zh_str recorded_at, role;
    const struct zh_yaml *given, *change, *before, *steps, *expect, *expect_error; /* or NULL */
} zh_test;

/* ---- outlines ------------------------------------------------------------------------------- */

typedef struct zh_outline_item {
    zh_str id, outline, kind; /* kind: target, fact, task */
    zh_label name, scope, reference, responsible;
    zh_str dimension, clause, quote, unit, comparator, obligation;
    bool has_value, has_value_max, approximate;
    zh_decimal value, value_max;
    int32_t from;        /* year in which the outline's period begins; 0 none */
    int32_t deadline;    /* year; 0 none */
    zh_str region;       /* GB/T 2260 */
    zh_str indicator;    /* tied indicator id, or empty */
    zh_label basis_note; /* 口径不同 … */
    zh_label summary;    /* task: our own summary of the clause */
} zh_outline_item;

/* A policy document, as its file says. */
typedef struct zh_outline {
    zh_str id, number, issued; /* issued: date as text */
    zh_label title, issuer;
    int32_t from, to; /* years of its period; 0 not said */
    zh_str region;    /* GB/T 2260 */
    zh_str tag;       /* what the clause lists of the mechanisms call it (HB11), or empty */
} zh_outline;

struct zh_model {
    zh_arena *arena;
    zh_str digest;                      /* SHA-256 of the sources, hex */
    const struct zh_pack_file *sources; /* what it was compiled from, for a later diff; text in the
                                           arena, or NULL with nsources 0 */
    size_t nsources;
    const zh_register *registers;
    size_t nregisters;
    const zh_codes *systems; /* code systems */
    size_t nsystems;
    const zh_indicator *indicators;
    size_t nindicators;
    const zh_detector *detectors;
    size_t ndetectors;
    const zh_outline_item *outline_items;
    size_t noutline_items;
    const zh_outline *outlines;
    size_t noutlines;
    const struct zh_mechanism {
        zh_str id;
        zh_label label;
        zh_str area;
        zh_label does;  /* what it does; zh empty where only English is given */
        zh_str users;   /* codes: PQO, REG; zh_mechanism_users has the words */
        zh_str clauses; /* HB11 §27, §28; HN17 §四(三) */
        zh_str depth;
    } * mechanisms; /* the 156 */
    size_t nmechanisms;
    const struct zh_recipe *recipes;
    size_t nrecipes;
    const struct zh_unit {
        zh_str code, dimension;
        zh_label label;
        zh_decimal factor; /* to the dimension's base unit */
        const zh_str *aliases;
        size_t naliases;
    } * units;
    size_t nunits;
    const zh_calendar *calendar;
    zh_map unit_by_name;                       /* code or alias -> zh_unit */
    const struct zh_yaml *const *recipe_nodes; /* recipes as declared, in file order */
    size_t nrecipe_nodes;
    zh_map register_by_id, codes_by_id, indicator_by_id, recipe_by_id;
};

/* A source file of the model. */
typedef struct zh_pack_file {
    zh_str path; /* foundation/region.yaml: relative, used in messages */
    zh_str text;
} zh_pack_file;

/* Compiles all files into one snapshot. Errors carry file:line:column; the first is in err, all (up
 * to 100) are appended as lines to `report` when it is not NULL. The model owns a new arena. */
zh_rc zh_model_compile(const zh_pack_file *files, size_t n, zh_model **out, zh_buf *report,
                       zh_err *err) ZH_MUST;
/* Reference counting: compile gives one reference. */
zh_model *zh_model_retain(zh_model *model);
void zh_model_release(zh_model *model);

const zh_register *zh_model_register(const zh_model *model, zh_str id);
const zh_codes *zh_model_codes(const zh_model *model, zh_str id);
const zh_indicator *zh_model_indicator(const zh_model *model, zh_str id);
const zh_detector *zh_model_detector(const zh_model *model, zh_str id);
const zh_outline *zh_model_outline(const zh_model *model, zh_str id);
const zh_outline *zh_model_outline_by_tag(const zh_model *model, zh_str tag);
/* By id; dotted for one-row tables (product.class) and child columns (items.value). */
const zh_field *zh_register_field(const zh_register *reg, zh_str id);
/* Whether a step writes there what was signed: nobody else writes in such a field. */
bool zh_field_is_signature(const zh_field *field);
int zh_register_state(const zh_register *reg, zh_str id); /* index or -1 */
const zh_transition *zh_register_transition(const zh_register *reg, zh_str id);

/* ---- values of fields ----------------------------------------------------------------------- */

/* Child rows of a table field: values row by row, ids stable over versions (0 = new). */
typedef struct zh_rows {
    const zh_field *table;
    int64_t *ids;
    zh_value *values; /* n × table->ncolumns */
    size_t n;
} zh_rows;

/* A record in memory. */
typedef struct zh_record {
    const zh_register *reg;
    int64_t office, id;
    int32_t version; /* 0 = not yet written */
    int16_t state;   /* index */
    int64_t handler_office;
    zh_time created_at, recorded_at; /* of the first and of this version */
    zh_str actor;
    zh_value *values;      /* reg->nfields; TABLE fields are ZH_NULL here */
    zh_rows *tables;       /* reg->nfields; only TABLE fields are filled */
    const zh_str *derived; /* reg->nderived resolved dimension values; NULL p = none */
} zh_record;

/* The value of a field named by its declared id; null where the register has no such field. */
const zh_value *zh_record_value(const zh_record *record, const char *field);

/* Parses the text of a field by its type, code system, unit, digits and format. Codes resolve to
 * the code itself by code, name, alias or pinyin (`how` as in zh_code_match, 0 when not a code);
 * refs leave kind ZH_REF with id 0 and text = key for the caller to resolve. `at`: date for code
 * validity. Empty text gives ZH_NULL. Marks: 未检出 ND — -- /  etc. (list in field.c). Errors:
 * field.* rules. */
zh_rc zh_field_parse(const zh_model *model, const zh_field *field, zh_arena *arena, zh_str text,
                     zh_date at, zh_value *out, char *how, zh_err *err) ZH_MUST;
/* Checks a value against the field (type, length, digits, code validity, format). */
zh_rc zh_field_check(const zh_model *model, const zh_field *field, const zh_value *value,
                     zh_date at, zh_err *err) ZH_MUST;
/* Check characters of the identifiers in ../rules/01: uscc, org_code, gtin, gln, sscc, standard_no,
 * cn_phone, ccc_no, region6 … `normal` (arena) is the canonical form. ZH_EINVAL with the rule. */
zh_rc zh_format_check(zh_arena *arena, zh_str format, zh_str text, zh_str *normal,
                      zh_err *err) ZH_MUST;

#endif
