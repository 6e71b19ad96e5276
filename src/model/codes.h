/* Building code systems. Private to src/model; look-ups are in model.h. */
#ifndef ZH_MODEL_CODES_H
#define ZH_MODEL_CODES_H

#include "model/schema.h"

#define ZH_CODES_MAX       ((size_t)200000) /* of one system */
#define ZH_CODE_LEVELS_MAX 16
#define ZH_CODE_FROM_OPEN  INT32_MIN

/* A code as read, from a CSV row or a YAML mapping. */
typedef struct zh_code_row {
    zh_str code, name, en, parent, level;
    zh_date from, to;
    const zh_str *aliases, *successors;
    size_t naliases, nsuccessors;
    size_t line;         /* of the CSV */
    const zh_yaml *node; /* of the YAML, or NULL */
} zh_code_row;

/* Fills codes (id, label, level_names and codes_are_ordered are set already) from rows. `file`
 * names the CSV in messages. Everything lives in cx->arena; problems are reported. */
void zh_codes_build(zh_cx *cx, zh_codes *codes, const zh_code_row *rows, size_t n, zh_str file);
/* A CSV reader's input that is in memory: zh_csv_new(zh_text_read, &source, ','). */
typedef struct zh_text_source {
    zh_str rest;
} zh_text_source;
zh_rc zh_text_read(void *user, char *buffer, size_t size, size_t *got, zh_err *err) ZH_MUST;

/* Reads rows from the text of a CSV file. */
void zh_codes_read_csv(zh_cx *cx, zh_codes *codes, const zh_pack_file *file);
/* Reads rows from a mapping code -> label or {zh, en, parent, …}. */
void zh_codes_read_values(zh_cx *cx, zh_codes *codes, const zh_yaml *values);

/* The folded form under which names are found. Returns s itself when it is folded already, which
 * plain Chinese text is. */
zh_rc zh_codes_fold(zh_arena *arena, zh_str s, zh_str *out) ZH_MUST;
/* Position of a level given by name or number, 1 = top; 0 when there is no such level. */
uint16_t zh_codes_level(const zh_codes *codes, zh_str level);

/* A folded name, and a code that is found under it. */
typedef struct zh_code_name {
    const char *name;
    uint32_t n;
    uint32_t code; /* index in codes */
    uint32_t next; /* index + 1 of another that is alike; 0: none */
    char how;      /* c code, n name, a alias, p pinyin */
} zh_code_name;

/* Codes differ in a table of hashes as they do when letters A to Z are written small. */
uint64_t zh_codes_hash(zh_str code);
/* The newest validity of a code, written as it is; NULL when there is none. */
const zh_code *zh_codes_newest(const zh_codes *codes, zh_str code);
/* The slot of a name: what it holds is 0 or the index + 1 of the first name that is alike. */
size_t zh_codes_name_slot(const zh_codes *codes, zh_str folded);

#endif
