/* A typed value as it stands in a record or an expression, with the marks that keep "unknown" apart
 * from zero.
 *
 * Values borrow their text from an arena. A decimal is an exact scaled integer plus the text as
 * written. A mark other than ZH_MARK_EXACT means that there is no number: not detected, not
 * measured, not applicable, not reported are four different things and none is 0; below/above keep
 * a bound. */
#ifndef ZH_MODEL_VALUE_H
#define ZH_MODEL_VALUE_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/time.h"

typedef enum zh_kind {
    ZH_NULL,     /* absent, or unknown in three-valued logic */
    ZH_BOOL,     /* i */
    ZH_DECIMAL,  /* decimal, mark, text as written; also plain integers; unit for quantities */
    ZH_TEXT,     /* text: string, text, code, file digest, geo, range */
    ZH_DATE,     /* i = zh_date */
    ZH_TIME,     /* i = zh_time */
    ZH_REF,      /* i = id, office; text = business key when known */
    ZH_PERIOD,   /* i = first date, to = last date (ZH_OPEN_END when open) */
    ZH_DURATION, /* i = amount, unit = zh_unit_time: literals such as `6 month` */
    ZH_LIST,     /* items: results of `group … by` and of queries inside an expression */
} zh_kind;

#define ZH_OPEN_END INT32_MAX

typedef enum zh_value_mark {
    ZH_MARK_EXACT,
    ZH_MARK_BELOW,          /* <x: decimal holds x */
    ZH_MARK_ABOVE,          /* >x */
    ZH_MARK_NOT_DETECTED,   /* 未检出 ND */
    ZH_MARK_NOT_MEASURED,   /* 未测 NM */
    ZH_MARK_NOT_APPLICABLE, /* 不适用 NA */
    ZH_MARK_NOT_REPORTED,   /* 未报 NR */
} zh_value_mark;

typedef enum zh_unit_time {
    ZH_HOUR,
    ZH_DAY,
    ZH_WORKING_DAY,
    ZH_MONTH,
    ZH_YEAR,
} zh_unit_time;

typedef struct zh_value zh_value;
struct zh_value {
    zh_kind kind;
    zh_value_mark mark;    /* decimals only */
    zh_unit_time duration; /* durations only */
    int64_t i;
    int64_t office; /* refs */
    int32_t to;     /* periods */
    zh_decimal decimal;
    zh_str text;           /* text, or decimal as written, or business key of a ref */
    zh_str unit;           /* quantities: canonical unit code; empty for plain decimals */
    const zh_value *items; /* lists */
    size_t n;
};

#define ZH_VALUE_NULL ((zh_value){.kind = ZH_NULL})

/* True when there is a value to count with: not absent, and not a decimal under a mark. */
bool zh_value_known(const zh_value *v);
zh_str zh_mark_code(zh_value_mark mark);     /* ND NM NA NR < > ; empty for exact */
zh_str zh_unit_time_name(zh_unit_time unit); /* hour day working_day month year */

zh_value zh_value_text(zh_str s);
zh_value zh_value_bool(bool b);
zh_value zh_value_int(int64_t i); /* decimal with 0 digits; text is left empty */
zh_value zh_value_decimal(zh_decimal d);
zh_value zh_value_date(zh_date d);
zh_value zh_value_time(zh_time t);

/* Three-valued comparison. ZH_OK: *order <0, 0, >0. ZH_ENOTFOUND: unknown (a null, a mark whose
 * bound does not decide). ZH_EINVAL: kinds that cannot be compared (the compiler refuses them
 * earlier). A date compared with an instant is its start at +08:00; text compares by bytes;
 * decimals exactly; quantities must have the same unit (a plain number takes the other's); a ref
 * compares with another by office and id, with a text by its business key when that is known.
 * "<0.05" against 0.1 is decided (less); against 0.01 unknown. */
zh_rc zh_value_cmp(const zh_value *a, const zh_value *b, int *order) ZH_MUST;
/* Same kind, same value, same mark and the same text as written: "did anything change?" */
bool zh_value_same(const zh_value *a, const zh_value *b);
/* Canonical ledger text (and type letter: 't' text, 'd' decimal as written, 'u' unsigned, 'n'
 * null): dates 2026-05-09, instants RFC 3339 +08:00, booleans true/false, refs "office:id", periods
 * "first/last" or "first/..", decimals as written, marks ND NM NA NR or "<0.05", a unit after one
 * space; a list is [a, b]. The text lives in the arena or is borrowed from the value. */
zh_str zh_value_canonical(zh_arena *arena, const zh_value *v, char *type);
/* Text for people: the same, but instants without offset (YYYY-MM-DD HH:MM), 未检出 未测 不适用
 * 未报, 是 否, and a ref by its business key when that is known. */
zh_str zh_value_display(zh_arena *arena, const zh_value *v);

#endif
