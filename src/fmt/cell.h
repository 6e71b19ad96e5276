/* One cell of a table as it was read, whatever the format. */
#ifndef ZH_FMT_CELL_H
#define ZH_FMT_CELL_H

#include "base/str.h"

#define ZH_CELL_BYTES_MAX   ((size_t)1 << 20)
#define ZH_CELL_COLUMNS_MAX ((size_t)16384)

typedef enum zh_cell_flag {
    ZH_CELL_QUOTED = 1 << 0,  /* the source says it is text: in quotes, a text cell */
    ZH_CELL_NUMBER = 1 << 1,  /* the source says it is a number */
    ZH_CELL_DATE = 1 << 2,    /* the source says it is a date or time; the text is ISO 8601 */
    ZH_CELL_BOOL = 1 << 3,    /* TRUE/FALSE of a workbook, true/false of JSON */
    ZH_CELL_PERCENT = 1 << 4, /* a number shown as a percentage: 0.0223 for 2.23% */
    ZH_CELL_MERGED = 1 << 5,  /* belongs to a merged range and carries the range's value */
    ZH_CELL_LOSSY = 1 << 6,   /* a number of more than 15 integer digits: it has lost some */
    ZH_CELL_ERROR = 1 << 7,   /* #N/A and the like, or a formula that was never calculated */
    ZH_CELL_NULL = 1 << 8,    /* absent or null, as against an empty text */
} zh_cell_flag;

typedef struct zh_cell {
    zh_str text;    /* valid UTF-8 */
    unsigned flags; /* of zh_cell_flag */
} zh_cell;

/* The beginning of valid UTF-8, at most max bytes and cut at a character border: for messages. */
static inline zh_str zh_cell_clip(zh_str text, size_t max)
{
    if (text.n > max) {
        while (max > 0 && ((unsigned char)text.p[max] & 0xC0) == 0x80) {
            max--;
        }
        text.n = max;
    }
    return text;
}

#endif
