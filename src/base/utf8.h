/* Text from outside: encodings, validity, normalisation, folding, two-character grams, pinyin. */
#ifndef ZH_BASE_UTF8_H
#define ZH_BASE_UTF8_H

#include "base/err.h"
#include "base/str.h"

#define ZH_UTF8_MARKS_MAX                                                                          \
    128 /* combining marks after one character; more is an attack on sorting */

typedef enum zh_encoding {
    ZH_ENC_UTF8,
    ZH_ENC_UTF8_BOM,
    ZH_ENC_UTF16LE,
    ZH_ENC_UTF16BE,
    ZH_ENC_GB18030,
    ZH_ENC_UNKNOWN,
} zh_encoding;

const char *zh_encoding_name(zh_encoding encoding);
/* Valid UTF-8: shortest forms, no surrogates, <= U+10FFFF. NUL is valid UTF-8 but refused by
 * zh_utf8_clean. */
bool zh_utf8_valid(zh_str s);
/* Decodes one scalar value at *at and advances; s must be valid. */
uint32_t zh_utf8_next(zh_str s, size_t *at);
size_t zh_utf8_count(zh_str s); /* scalar values; s must be valid */
size_t zh_utf8_encode(uint32_t scalar, char out[4]);
/* No C0 controls but tab and newline, no DEL, no U+FFFE/FFFF noncharacters, no bidi overrides. */
bool zh_utf8_clean(zh_str s);

/* Guesses from the first bytes: BOM, NUL pattern of UTF-16, UTF-8 validity (a sequence cut at the
 * end of the sample is fine), else a plausible GB18030 reading, else unknown. */
zh_encoding zh_encoding_guess(zh_str sample);

/* Streaming conversion to UTF-8 (iconv for GB18030; BOM removed). ZH_EINVAL with err at the first
 * byte sequence that is not of the encoding, `where` = byte offset. */
typedef struct zh_decoder zh_decoder;
zh_rc zh_decoder_new(zh_encoding from, zh_decoder **out, zh_err *err) ZH_MUST;
void zh_decoder_free(zh_decoder *decoder);
/* Appends the text of `in`; call with last = true once at the end to flush or report a cut tail. */
zh_rc zh_decoder_feed(zh_decoder *decoder, zh_str in, bool last, zh_buf *out, zh_err *err) ZH_MUST;

/* Unicode NFC (ledger text). Returns s itself when it already is (ASCII and most CJK: no copy).
 * This and the two below: ZH_EINVAL not UTF-8, ZH_ELIMIT too many marks, ZH_ENOMEM. */
zh_rc zh_utf8_nfc(zh_arena *arena, zh_str s, zh_str *out) ZH_MUST;
/* Search and matching form: NFKC, case-folded, full-width to half-width, default ignorable
 * characters dropped, white space runs to one space, trimmed. Folding again changes nothing. */
zh_rc zh_utf8_fold(zh_arena *arena, zh_str s, zh_str *out) ZH_MUST;
/* Only full-width ASCII (U+FF01..FF5E), ideographic space and the dashes — – － ‐ − to ASCII:
 * for numbers, codes and dates in cells. Returns s itself when nothing changes. */
zh_rc zh_utf8_halfwidth(zh_arena *arena, zh_str s, zh_str *out) ZH_MUST;

/* Calls each(gram, user) for every overlapping pair of characters inside runs of letters and digits
 * of `folded`, the output of zh_utf8_fold. Duplicates are not removed. */
void zh_utf8_grams(zh_str folded, void (*each)(void *user, zh_str gram), void *user);
/* Initials of the usual readings: 武汉市 -> "whs", 重庆 -> "cq"; ASCII letters (made lower-case)
 * and digits are kept; other characters are dropped. Characters have one reading, except in the
 * pairs that the table lists; its provenance is in its file. */
zh_str zh_pinyin_initials(zh_arena *arena, zh_str s);

#endif
