/* JSON (RFC 8259): a reader that keeps every number's text, and a writer.
 *
 * Caps: ZH_JSON_DEPTH_MAX nesting, the arena's budget for size. Duplicate names in an object are an
 * error, as are invalid UTF-8 and lone surrogates. */
#ifndef ZH_BASE_JSON_H
#define ZH_BASE_JSON_H

#include "base/decimal.h"
#include "base/err.h"
#include "base/str.h"

#define ZH_JSON_DEPTH_MAX 128

typedef enum zh_json_kind {
    ZH_JSON_NULL,
    ZH_JSON_BOOL,
    ZH_JSON_NUMBER, /* text kept as written */
    ZH_JSON_STRING,
    ZH_JSON_ARRAY,
    ZH_JSON_OBJECT,
} zh_json_kind;

typedef struct zh_json zh_json;
struct zh_json {
    zh_json_kind kind;
    bool boolean;
    zh_str text;         /* string value, or number as written */
    zh_str name;         /* member name inside an object */
    zh_json *first;      /* first element or member */
    zh_json *next;       /* next sibling, in document order */
    size_t n;            /* elements or members */
    size_t line, column; /* 1-based, of the value's first character */
};

/* The whole text is one value. The tree lives in the arena and borrows from `text` where no escape
 * had to be resolved: text must outlive it. ZH_EINVAL with line and column, ZH_ELIMIT nesting,
 * ZH_ENOMEM the arena's budget. */
zh_rc zh_json_parse(zh_arena *arena, zh_str text, zh_json **out, zh_err *err) ZH_MUST;
/* Same, for the value at the beginning of *text, which is advanced past it and the white space that
 * follows: NDJSON and very large arrays read element by element. */
zh_rc zh_json_parse_prefix(zh_arena *arena, zh_str *text, zh_json **out, zh_err *err) ZH_MUST;
const zh_json *zh_json_get(const zh_json *object, const char *name); /* NULL when absent */
const zh_json *zh_json_at(const zh_json *array, size_t index);       /* NULL when absent */
zh_str zh_json_str(const zh_json *value, zh_str otherwise); /* string text, else otherwise */
/* ZH_EINVAL: not a number written as an integer of that range. */
zh_rc zh_json_i64(const zh_json *value, int64_t *out) ZH_MUST;
/* A number, or the strings "Inf" and "-Inf" as zh_jw_double writes them. ZH_EINVAL. */
zh_rc zh_json_double(const zh_json *value, double *out) ZH_MUST;

/* Writer: appends to a buffer; commas and nesting are kept by it. Strings are escaped, invalid
 * UTF-8 is an assertion, as is a second value at the top. indent 0 writes one line. */
typedef struct zh_jw {
    zh_buf *out;
    unsigned depth;
    unsigned indent;
    bool after_value; /* a comma is due before the next value */
    bool after_key;
} zh_jw;

void zh_jw_init(zh_jw *w, zh_buf *out, unsigned indent);
void zh_jw_object(zh_jw *w);
void zh_jw_object_end(zh_jw *w);
void zh_jw_array(zh_jw *w);
void zh_jw_array_end(zh_jw *w);
void zh_jw_key(zh_jw *w, const char *name);
void zh_jw_key_str(zh_jw *w, zh_str name);
void zh_jw_str(zh_jw *w, zh_str value);
void zh_jw_z(zh_jw *w, const char *value); /* NULL writes null */
void zh_jw_i64(zh_jw *w, int64_t value);
void zh_jw_u64(zh_jw *w, uint64_t value);
/* Shortest text that reads back; "Inf", "-Inf" and null if not finite. */
void zh_jw_double(zh_jw *w, double value);
/* A number's text as it stands; as a string when it is not a JSON number (.5, +1, 007). */
void zh_jw_raw_number(zh_jw *w, zh_str text);
void zh_jw_bool(zh_jw *w, bool value);
void zh_jw_null(zh_jw *w);
/* Key and string value in one call, the common case. */
void zh_jw_kv(zh_jw *w, const char *name, zh_str value);
void zh_jw_kz(zh_jw *w, const char *name, const char *value);
void zh_jw_ki(zh_jw *w, const char *name, int64_t value);

#endif
