/* Spreadsheet numbers: what a number format says about a cell, the text of binary numbers, and
 * serial dates (ISO/IEC 29500-1, 18.8.30 numFmt, 18.17.4 dates and times).
 *
 * A numeric cell holds a binary64, written with up to 17 digits; spreadsheets show and keep 15.
 * So 0.059999999999999998 is 0.06, and an integer of more than 15 digits has lost some: a code that
 * was typed into a numeric cell. All arithmetic here is on decimal digits. */
#ifndef ZH_FMT_NUMFMT_H
#define ZH_FMT_NUMFMT_H

#include "base/base.h"
#include "base/str.h"

#define ZH_NUMFMT_DIGITS    15 /* significant digits that a spreadsheet keeps */
#define ZH_NUMFMT_TEXT_MAX  80
#define ZH_NUMFMT_ZEROS_MAX 18

typedef enum zh_numfmt_kind {
    ZH_NUMFMT_PLAIN,
    ZH_NUMFMT_DATE,    /* has a year, month or day */
    ZH_NUMFMT_TIME,    /* only a time of day */
    ZH_NUMFMT_ELAPSED, /* [h]:mm, hours may exceed 24 */
    ZH_NUMFMT_PERCENT, /* 0.0223 is shown as 2.23% */
    ZH_NUMFMT_ZEROS,   /* 000000: 42 is shown as 000042 */
} zh_numfmt_kind;

typedef struct zh_numfmt {
    zh_numfmt_kind kind;
    uint8_t zeros; /* width of ZH_NUMFMT_ZEROS */
} zh_numfmt;

/* The format of a built-in id (18.8.30 and its East Asian lists); plain when unknown. */
zh_numfmt zh_numfmt_builtin(unsigned id);
/* The format of a custom code such as yyyy"年"m"月"d"日";@ (its first section decides). */
zh_numfmt zh_numfmt_parse(zh_str code);

/* The text of a numeric cell: raw itself when it has at most 15 significant digits and no exponent;
 * otherwise rounded half up to 15 and written without exponent, in out. *lossy: more than 15
 * digits before the point, which are left as they stand. ZH_EINVAL: not a number. */
zh_rc zh_numfmt_number(zh_str raw, zh_numfmt format, char out[ZH_NUMFMT_TEXT_MAX], zh_str *text,
                       bool *lossy) ZH_MUST;

/* The ISO 8601 text of a serial date, date and time, or time, to the millisecond. false: the value
 * is no date of that system (negative, beyond 9999, the 29 February 1900 that never was). */
bool zh_numfmt_date(zh_str raw, zh_numfmt format, bool date1904, char out[ZH_NUMFMT_TEXT_MAX],
                    size_t *n) ZH_MUST;

#endif
