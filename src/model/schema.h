/* Table-driven checks of declaration YAML, and the errors of one compilation. Private to src/model.
 *
 * Every mapping of a declaration is described by a zh_schema; zh_schema_check reports unknown keys,
 * wrong kinds and malformed scalars. The builders that run afterwards read with the zh_get_*
 * functions, which give a neutral value for what was malformed: it has been reported already. */
#ifndef ZH_MODEL_SCHEMA_H
#define ZH_MODEL_SCHEMA_H

#include "fmt/yaml.h"
#include "model/model.h"

#define ZH_MODEL_ERRORS_MAX 100
#define ZH_ID_BYTES_MAX     40

typedef enum zh_arg {
    ZH_ARG_ID,       /* [a-z][a-z0-9_]{0,39} */
    ZH_ARG_PATH,     /* an id, or two joined by a dot */
    ZH_ARG_NAME,     /* code systems, units: letters, digits, any sign but white space */
    ZH_ARG_TEXT,     /* any scalar that is not empty */
    ZH_ARG_LABEL,    /* text, or {zh, en}: whatever people read */
    ZH_ARG_BOOL,     /* true false yes no 是 否 */
    ZH_ARG_NUMBER,   /* 0 .. 4,000,000,000 */
    ZH_ARG_DECIMAL,  /* exact */
    ZH_ARG_DATE,     /* YYYY-MM-DD */
    ZH_ARG_DURATION, /* 6 month */
    ZH_ARG_CHOICE,   /* one of choices, separated by | */
    ZH_ARG_MAP,      /* a mapping described by sub */
    ZH_ARG_DICT,     /* a mapping id -> sub */
    ZH_ARG_TEXTS,    /* a mapping of text to text */
    ZH_ARG_ANY,      /* whatever: checked by the builder */
} zh_arg;

typedef struct zh_schema zh_schema;

typedef struct zh_key {
    const char *name;
    zh_arg arg;
    bool many; /* a sequence of arg; one scalar may stand alone */
    bool required;
    const char *choices;
    const zh_schema *sub;
} zh_key;

struct zh_schema {
    const char *what; /* Chinese, for messages: 登记册, 字段 … */
    const zh_key *keys;
    size_t n;
};

/* One compilation. */
typedef struct zh_cx {
    zh_arena *arena;
    zh_model *model;
    const zh_pack_file *files;
    size_t nfiles;
    zh_codes *systems; /* model->systems, being filled */
    size_t systems_max;
    zh_buf *report; /* NULL: only the first error is wanted */
    zh_err *err;
    zh_rc rc; /* of the first error */
    size_t errors;
} zh_cx;

/* Report an error at a value (or at its key) and go on. rc of the compilation becomes ZH_EINVAL. */
void zh_cx_error(zh_cx *cx, const zh_yaml *node, const char *rule, const char *fix,
                 const char *format, ...) ZH_PRINTF(5, 6);
void zh_cx_key_error(zh_cx *cx, const zh_yaml *node, const char *rule, const char *fix,
                     const char *format, ...) ZH_PRINTF(5, 6);
/* Passes on an error found elsewhere; where it has no place of its own, the node's is taken. */
void zh_cx_forward(zh_cx *cx, const zh_yaml *node, const zh_err *found);
/* An error at a line of a file that is not YAML. */
void zh_cx_line_error(zh_cx *cx, zh_str file, size_t line, const char *rule, const char *format,
                      ...) ZH_PRINTF(5, 6);

void zh_schema_check(zh_cx *cx, const zh_yaml *node, const zh_schema *schema);
bool zh_id_valid(zh_str s);
/* Names the nearest of `known` in fix text, or gives "" when nothing is near. Lives in the arena.
 */
const char *zh_schema_nearest(zh_arena *arena, zh_str wanted, const zh_str *known, size_t n);

zh_str zh_get_text(const zh_yaml *map, const char *key); /* none: n == 0 */
bool zh_get_bool(const zh_yaml *map, const char *key, bool otherwise);
uint32_t zh_get_number(const zh_yaml *map, const char *key, uint32_t otherwise);
zh_date zh_get_date(const zh_yaml *map, const char *key, zh_date otherwise);
zh_label zh_get_label(const zh_yaml *map, const char *key);
zh_label zh_label_of(const zh_yaml *node);
bool zh_get_duration(const zh_yaml *map, const char *key, int32_t *amount, zh_unit_time *unit);
/* Texts of a scalar or sequence; allocated in the arena. */
const zh_str *zh_get_texts(zh_arena *arena, const zh_yaml *map, const char *key, size_t *n);
/* The same of labels. */
const zh_label *zh_get_labels(zh_arena *arena, const zh_yaml *map, const char *key, size_t *n);
/* Position of the text among choices ("a|b|c"), or -1. */
int zh_choice(const char *choices, zh_str text);
bool zh_duration_parse(zh_str text, int32_t *amount, zh_unit_time *unit);

/* Items under a key that may be a sequence or one item: first and next as in
 *   for (const zh_yaml *i = zh_first(map, "rules"); i; i = zh_next(i)) */
const zh_yaml *zh_first(const zh_yaml *map, const char *key);
const zh_yaml *zh_next(const zh_yaml *item);

#endif
