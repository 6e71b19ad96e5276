/* Shape of the generated table in pinyin_table.c; used by utf8.c alone. */
#ifndef ZH_BASE_PINYIN_TABLE_H
#define ZH_BASE_PINYIN_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define ZH_PINYIN_EXTENSION_A_FIRST 0x3400
#define ZH_PINYIN_EXTENSION_A_LAST  0x4DBF
#define ZH_PINYIN_UNIFIED_FIRST     0x4E00
#define ZH_PINYIN_UNIFIED_LAST      0x9FFF

/* Two characters that are read otherwise together than apart. */
typedef struct zh_pinyin_pair {
    uint32_t first, second;
    char initials[3];
} zh_pinyin_pair;

/* One initial a character, '.' for none, in rows of 64. */
#define ZH_PINYIN_ROW 64
extern const char zh_pinyin_extension_a[][ZH_PINYIN_ROW + 1];
extern const char zh_pinyin_unified[][ZH_PINYIN_ROW + 1];
extern const zh_pinyin_pair zh_pinyin_pairs[]; /* by first, then second */
extern const size_t zh_pinyin_pairs_n;

#endif
