/* A JSON document walked through from a stream, without a tree: enough to go to an array, take its
 * elements one by one as text, and step over the rest. Values that are stepped over are checked
 * for their brackets and strings only; those that are taken are parsed by base/json. Inside of
 * fmt/jsonrows. */
#ifndef ZH_FMT_JSONSCAN_H
#define ZH_FMT_JSONSCAN_H

#include "base/json.h"
#include "fmt/stream.h"

typedef struct zh_jsonscan {
    zh_stream *stream;
    size_t line;  /* 1-based, of the next byte */
    zh_buf value; /* the value last taken */
    zh_buf name;  /* the field name last read, as text */
} zh_jsonscan;

/* The stream is borrowed. value_max: the most bytes a value that is taken may have. */
void zh_jsonscan_init(zh_jsonscan *scan, zh_stream *stream, size_t value_max);
void zh_jsonscan_free(zh_jsonscan *scan);

/* The next byte that is no white space, not consumed; -1 at the end. */
zh_rc zh_jsonscan_peek(zh_jsonscan *scan, int *out, zh_err *err) ZH_MUST;
/* Consumes that byte, which must be `wanted`. ZH_EINVAL. */
zh_rc zh_jsonscan_expect(zh_jsonscan *scan, char wanted, zh_err *err) ZH_MUST;
/* Consumes one value; with `keep`, its text is in scan->value. ZH_ELIMIT beyond value_max or
 * ZH_JSON_DEPTH_MAX. */
zh_rc zh_jsonscan_value(zh_jsonscan *scan, bool keep, zh_err *err) ZH_MUST;
/* Inside an array or object whose opening bracket (and, unless `first`, some values) are consumed:
 * goes to the next value, over the comma. *more = false consumes the closing bracket instead. */
zh_rc zh_jsonscan_step(zh_jsonscan *scan, char closing, bool first, bool *more,
                       zh_err *err) ZH_MUST;
/* Consumes a field name and its colon; the name is in scan->name. */
zh_rc zh_jsonscan_name(zh_jsonscan *scan, zh_err *err) ZH_MUST;
/* An error at the current line. */
zh_rc zh_jsonscan_refuse(const zh_jsonscan *scan, zh_rc rc, const char *rule, const char *what,
                         zh_err *err);

#endif
