/* UTF-8 validity, conversion from other encodings, normal forms and folding. Text that needs no
 * change is recognised by ranges of characters and returned as it is; the rest goes through
 * utf8proc. */
#include "base/utf8.h"
#include "base/pinyin_table.h"
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <utf8proc.h>

#define NOT_A_SCALAR 0xFFFFFFFFu
#define HIGH_BITS    0x8080808080808080u

/* --- decoding --- */

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The scalar value at p, its length in *length; NOT_A_SCALAR when the bytes are not valid UTF-8. */
static inline uint32_t decode(const unsigned char *p, size_t left, size_t *length)
{
    unsigned char a = p[0];
    if (a < 0x80) {
        *length = 1;
        return a;
    }
    if (a >= 0xE0 && a < 0xF0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2])) {
            return NOT_A_SCALAR;
        }
        uint32_t c = (uint32_t)(a & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        *length = 3;
        return c < 0x800 || (c >= 0xD800 && c <= 0xDFFF) ? NOT_A_SCALAR : c;
    }
    if (a < 0xE0) {
        if (a < 0xC2 || left < 2 || !is_tail(p[1])) {
            return NOT_A_SCALAR;
        }
        *length = 2;
        return (uint32_t)(a & 0x1F) << 6 | (p[1] & 0x3F);
    }
    if (a > 0xF4 || left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) {
        return NOT_A_SCALAR;
    }
    uint32_t c = (uint32_t)(a & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
                 (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
    *length = 4;
    return c < 0x10000 || c > 0x10FFFF ? NOT_A_SCALAR : c;
}

static const unsigned char *bytes_of(zh_str s)
{
    return (const unsigned char *)s.p;
}

/* Bytes of ASCII at the front, counted by words. */
static inline size_t ascii_run(const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        if (word & HIGH_BITS) {
            break;
        }
    }
    while (i < n && p[i] < 0x80) {
        i++;
    }
    return i;
}

/* Length of the longest valid beginning. */
static size_t valid_prefix(const unsigned char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        size_t length = 0;
        if (p[i] < 0x80) {
            i += ascii_run(p + i, n - i);
        } else if (decode(p + i, n - i, &length) == NOT_A_SCALAR) {
            break;
        } else {
            i += length;
        }
    }
    return i;
}

/* Whether these bytes are a valid sequence cut short: some continuation makes them one. */
static bool is_cut(const unsigned char *p, size_t n)
{
    static const unsigned char fillers[2] = {0x80, 0xBF}; /* E0 and F0 need a high second byte */
    if (n == 0 || n > 3) {
        return n == 0;
    }
    for (size_t f = 0; f < 2; f++) {
        unsigned char whole[4] = {fillers[f], fillers[f], fillers[f], fillers[f]};
        size_t length = 0;
        memcpy(whole, p, n);
        if (decode(whole, 4, &length) != NOT_A_SCALAR && length > n) {
            return true;
        }
    }
    return false;
}

bool zh_utf8_valid(zh_str s)
{
    return valid_prefix(bytes_of(s), s.n) == s.n;
}

uint32_t zh_utf8_next(zh_str s, size_t *at)
{
    size_t length = 0;
    uint32_t c = decode(bytes_of(s) + *at, s.n - *at, &length);
    zh_assert(c != NOT_A_SCALAR);
    *at += length;
    return c;
}

size_t zh_utf8_count(zh_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += !is_tail((unsigned char)s.p[i]);
    }
    return n;
}

size_t zh_utf8_encode(uint32_t c, char out[4])
{
    zh_assert(c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF));
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool zh_utf8_clean(zh_str s)
{
    for (size_t at = 0; at < s.n;) {
        size_t length = 0;
        uint32_t c = decode(bytes_of(s) + at, s.n - at, &length);
        bool control = (c < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
        bool noncharacter = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
        bool bidi = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
        if (c == NOT_A_SCALAR || control || noncharacter || bidi) {
            return false;
        }
        at += length;
    }
    return true;
}

/* --- guessing the encoding --- */

const char *zh_encoding_name(zh_encoding encoding)
{
    switch (encoding) {
    case ZH_ENC_UTF8: return "UTF-8";
    case ZH_ENC_UTF8_BOM: return "UTF-8-BOM";
    case ZH_ENC_UTF16LE: return "UTF-16LE";
    case ZH_ENC_UTF16BE: return "UTF-16BE";
    case ZH_ENC_GB18030: return "GB18030";
    case ZH_ENC_UNKNOWN: break;
    }
    return "unknown";
}

/* Without a mark, text in UTF-16 shows itself by the zero half of its ASCII characters: tables have
 * at least one in sixteen (separators, digits, line ends). */
static zh_encoding guess_utf16(zh_str sample)
{
    size_t zeros[2] = {0, 0};
    for (size_t i = 0; i < sample.n; i++) {
        zeros[i & 1] += sample.p[i] == '\0';
    }
    if (zeros[0] * 4 < zeros[1] && zeros[1] >= sample.n / 32) {
        return ZH_ENC_UTF16LE;
    }
    return zeros[1] * 4 < zeros[0] && zeros[0] >= sample.n / 32 ? ZH_ENC_UTF16BE : ZH_ENC_UNKNOWN;
}

/* Structure of GB18030, and at least half of the double bytes in the rows of GB/T 2312 or among the
 * punctuation and letters that GBK put beside its symbols (rows A8, A9: the dash of English text):
 * Latin text in another code page seldom keeps either. */
static bool plausible_gb18030(zh_str sample)
{
    const unsigned char *p = bytes_of(sample);
    size_t pairs = 0;
    size_t common = 0;
    for (size_t i = 0; i < sample.n;) {
        unsigned char a = p[i];
        if (a < 0x80) {
            i++;
            continue;
        }
        if (a == 0x80 || a == 0xFF) {
            return false;
        }
        if (i + 1 == sample.n) {
            break;
        }
        unsigned char b = p[i + 1];
        if (b >= 0x30 && b <= 0x39) {
            if (i + 3 >= sample.n) {
                break;
            }
            if (p[i + 2] < 0x81 || p[i + 2] == 0xFF || p[i + 3] < 0x30 || p[i + 3] > 0x39) {
                return false;
            }
            i += 4;
            continue;
        }
        if (b < 0x40 || b == 0x7F || b == 0xFF) {
            return false;
        }
        pairs++;
        common += (a >= 0xA1 && a <= 0xF7 && b >= 0xA1) || a == 0xA8 || a == 0xA9;
        i += 2;
    }
    return common * 2 >= pairs;
}

zh_encoding zh_encoding_guess(zh_str sample)
{
    if (zh_str_starts(sample, ZH_STR("\xEF\xBB\xBF"))) {
        return ZH_ENC_UTF8_BOM;
    }
    if (zh_str_starts(sample, ZH_STR("\xFF\xFE"))) {
        return ZH_ENC_UTF16LE;
    }
    if (zh_str_starts(sample, ZH_STR("\xFE\xFF"))) {
        return ZH_ENC_UTF16BE;
    }
    if (zh_str_chr(sample, '\0') >= 0) {
        return guess_utf16(sample);
    }
    size_t valid = valid_prefix(bytes_of(sample), sample.n);
    if (valid == sample.n || (sample.n - valid <= 3 && valid > 0 &&
                              is_cut(bytes_of(sample) + valid, sample.n - valid))) {
        return ZH_ENC_UTF8;
    }
    return plausible_gb18030(sample) ? ZH_ENC_GB18030 : ZH_ENC_UNKNOWN;
}

/* --- conversion --- */

enum { DECODER_WORK = 64 << 10, DECODER_OUT = 16 << 10 };

struct zh_decoder {
    zh_encoding from;
    iconv_t gb18030;
    uint64_t offset; /* of work[0] in the input */
    size_t held;     /* bytes in work */
    bool started;    /* something was given out: a byte order mark can no longer come */
    char work[DECODER_WORK];
};

zh_rc zh_decoder_new(zh_encoding from, zh_decoder **out, zh_err *err)
{
    if (from == ZH_ENC_UNKNOWN) {
        return zh_err_set(err, ZH_EINVAL, "text.encoding.unknown",
                          "认不出文本的编码：不是 UTF-8、UTF-16，也不像 GB18030");
    }
    iconv_t gb = (iconv_t)-1;
    if (from == ZH_ENC_GB18030) {
        gb = iconv_open("UTF-8", "GB18030");
        if (gb == (iconv_t)-1) {
            return zh_err_set(err, ZH_EIO, "text.encoding.missing",
                              "系统的 iconv 不支持 GB18030，无法转换编码");
        }
    }
    *out = zh_alloc(sizeof **out);
    (*out)->from = from;
    (*out)->gb18030 = gb;
    return ZH_OK;
}

void zh_decoder_free(zh_decoder *decoder)
{
    if (decoder == NULL) {
        return;
    }
    if (decoder->from == ZH_ENC_GB18030) {
        iconv_close(decoder->gb18030);
    }
    zh_dealloc(decoder);
}

static zh_rc not_of_encoding(const zh_decoder *d, size_t at, zh_err *err)
{
    unsigned long long offset = d->offset + at;
    zh_err_set(err, ZH_EINVAL, "text.encoding", "第 %llu 字节处不是有效的 %s 文本", offset + 1,
               zh_encoding_name(d->from));
    zh_err_where(err, "%llu", offset);
    zh_err_fix(err, "请指明文件的实际编码，或另存为 UTF-8 后重新导入");
    return ZH_EINVAL;
}

/* Gives converted text out, without the byte order mark at the very beginning. */
static void give(zh_decoder *d, const char *p, size_t n, zh_buf *out)
{
    if (n == 0) {
        return;
    }
    bool mark = !d->started && zh_str_starts((zh_str){p, n}, ZH_STR("\xEF\xBB\xBF"));
    d->started = true;
    zh_buf_add(out, p + (mark ? 3 : 0), n - (mark ? 3 : 0));
}

/* Each step converts what is whole in work, sets *used, and leaves at most a cut character. */
static zh_rc step_utf8(zh_decoder *d, size_t *used, zh_buf *out, zh_err *err)
{
    const unsigned char *p = (const unsigned char *)d->work;
    *used = valid_prefix(p, d->held);
    give(d, d->work, *used, out);
    return is_cut(p + *used, d->held - *used) ? ZH_OK : not_of_encoding(d, *used, err);
}

static zh_rc step_utf16(zh_decoder *d, size_t *used, zh_buf *out, zh_err *err)
{
    const unsigned char *p = (const unsigned char *)d->work;
    const size_t low = d->from == ZH_ENC_UTF16LE ? 0 : 1;
    char text[DECODER_OUT];
    size_t n = 0;
    size_t i = 0;
    while (d->held - i >= 2) {
        uint32_t c = (uint32_t)(p[i + low] | p[i + 1 - low] << 8);
        size_t length = 2;
        if (c >= 0xD800 && c <= 0xDFFF) {
            if (c >= 0xDC00) {
                return not_of_encoding(d, i, err);
            }
            if (d->held - i < 4) {
                break;
            }
            uint32_t second = (uint32_t)(p[i + 2 + low] | p[i + 3 - low] << 8);
            if (second < 0xDC00 || second > 0xDFFF) {
                return not_of_encoding(d, i, err);
            }
            c = 0x10000 + ((c - 0xD800) << 10) + (second - 0xDC00);
            length = 4;
        }
        n += zh_utf8_encode(c, text + n);
        i += length;
        if (n > sizeof text - 4) {
            give(d, text, n, out);
            n = 0;
        }
    }
    give(d, text, n, out);
    *used = i;
    return ZH_OK;
}

static zh_rc step_gb18030(zh_decoder *d, size_t *used, zh_buf *out, zh_err *err)
{
    char text[DECODER_OUT];
    char *in = d->work;
    size_t left = d->held;
    while (left > 0) {
        char *to = text;
        size_t room = sizeof text;
        size_t done = iconv(d->gb18030, &in, &left, &to, &room);
        int failure = done == (size_t)-1 ? errno : 0;
        give(d, text, sizeof text - room, out);
        if (failure == EINVAL) {
            break; /* cut at the end */
        }
        if (failure != 0 && failure != E2BIG) {
            return not_of_encoding(d, d->held - left, err);
        }
    }
    *used = d->held - left;
    return ZH_OK;
}

zh_rc zh_decoder_feed(zh_decoder *d, zh_str in, bool last, zh_buf *out, zh_err *err)
{
    do {
        size_t room = sizeof d->work - d->held;
        size_t n = in.n < room ? in.n : room;
        size_t used = 0;
        zh_rc rc = ZH_OK;
        if (n > 0) {
            memcpy(d->work + d->held, in.p, n);
        }
        d->held += n;
        in = zh_str_sub(in, n, in.n);
        switch (d->from) {
        case ZH_ENC_UTF8:
        case ZH_ENC_UTF8_BOM: rc = step_utf8(d, &used, out, err); break;
        case ZH_ENC_UTF16LE:
        case ZH_ENC_UTF16BE: rc = step_utf16(d, &used, out, err); break;
        case ZH_ENC_GB18030: rc = step_gb18030(d, &used, out, err); break;
        case ZH_ENC_UNKNOWN: zh_assert(false);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        if (out->failed) {
            return zh_err_set(err, ZH_ELIMIT, "text.size", "转换后的文本超过 %zu 字节的上限",
                              out->max);
        }
        memmove(d->work, d->work + used, d->held - used);
        d->held -= used;
        d->offset += used;
    } while (in.n > 0);
    return last && d->held > 0 ? not_of_encoding(d, 0, err) : ZH_OK;
}

/* --- NFC --- */

/* Characters that are in NFC wherever they stand: NFC_Quick_Check=Yes and combining class 0. Only
 * the ranges that fill real text; the unit test holds them against the Unicode data. */
static inline bool is_settled(uint32_t c)
{
    if (c >= 0x3400) {
        return c <= 0x9FFF || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xFF01 && c <= 0xFFEF) ||
               (c >= 0x20000 && c <= 0x2A6DF);
    }
    if (c >= 0x3000) {
        return (c < 0x302A || c > 0x302F) && c != 0x3099 && c != 0x309A;
    }
    if (c >= 0x2000) {
        return (c >= 0x2010 && c <= 0x205E) || (c >= 0x2100 && c <= 0x2125) ||
               (c >= 0x2190 && c <= 0x2328) || (c >= 0x2460 && c <= 0x2ADB);
    }
    return c < 0x300 || (c >= 0x391 && c <= 0x482);
}

static bool is_nfc_by_ranges(zh_str s)
{
    const unsigned char *p = bytes_of(s);
    for (size_t i = 0; i < s.n;) {
        if (p[i] < 0x80) {
            i += ascii_run(p + i, s.n - i);
            continue;
        }
        size_t length = 0;
        uint32_t c = decode(p + i, s.n - i, &length);
        if (c == NOT_A_SCALAR || !is_settled(c)) {
            return false;
        }
        i += length;
    }
    return true;
}

/* utf8proc sorts runs of marks by exchanging neighbours: a long run would cost its square. */
static zh_rc check_marks(zh_str s)
{
    size_t run = 0;
    for (size_t at = 0; at < s.n;) {
        uint32_t c = zh_utf8_next(s, &at);
        const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)c);
        run = property->combining_class != 0 ? run + 1 : 0;
        if (run > ZH_UTF8_MARKS_MAX) {
            return ZH_ELIMIT;
        }
    }
    return ZH_OK;
}

static zh_rc transform(zh_arena *arena, zh_str s, utf8proc_option_t options, zh_str *out)
{
    if (!zh_utf8_valid(s)) {
        return ZH_EINVAL;
    }
    zh_rc rc = check_marks(s);
    if (rc != ZH_OK) {
        return rc;
    }
    utf8proc_ssize_t n = (utf8proc_ssize_t)s.n;
    utf8proc_ssize_t need = utf8proc_decompose(bytes_of(s), n, NULL, 0, options);
    if (need < 0) {
        return need == UTF8PROC_ERROR_INVALIDUTF8 ? ZH_EINVAL : ZH_ENOMEM;
    }
    utf8proc_int32_t *points = ZH_TRY_N(arena, utf8proc_int32_t, (size_t)need + 1);
    if (points == NULL) {
        return ZH_ENOMEM;
    }
    utf8proc_decompose(bytes_of(s), n, points, need, options);
    utf8proc_ssize_t length = utf8proc_reencode(points, need, options);
    zh_assert(length >= 0);
    *out = (zh_str){(const char *)points, (size_t)length};
    return ZH_OK;
}

zh_rc zh_utf8_nfc(zh_arena *arena, zh_str s, zh_str *out)
{
    if (is_nfc_by_ranges(s)) {
        *out = s;
        return ZH_OK;
    }
    zh_arena_mark mark = zh_arena_here(arena);
    zh_rc rc = transform(arena, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE, out);
    if (rc == ZH_OK && zh_str_eq(*out, s)) {
        zh_arena_rewind(arena, mark);
        *out = s;
    }
    return rc;
}

/* --- folding --- */

static bool is_white(uint32_t c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/* Folds the characters of which most text consists; NOT_A_SCALAR for all others. */
static inline uint32_t fold_simple(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) {
        c -= 0xFEE0;
    }
    if (c < 0x80) {
        return c >= 'A' && c <= 'Z' ? c + 32 : is_white(c) ? ' ' : c;
    }
    bool same = (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
                (c >= 0x3001 && c <= 0x3003) || (c >= 0x3008 && c <= 0x3011) ||
                (c >= 0x2013 && c <= 0x2014) || (c >= 0x2018 && c <= 0x201D) || c == 0xB0 ||
                c == 0xB7 || c == 0xD7;
    return same ? c : c == 0x3000 ? ' ' : NOT_A_SCALAR;
}

/* Whether fold_simple covers s; *changed tells whether it alters anything. */
static bool folds_simply(zh_str s, bool *changed)
{
    const unsigned char *p = bytes_of(s);
    bool after_space = true; /* a space at the front goes */
    *changed = false;
    for (size_t i = 0; i < s.n;) {
        size_t length = 0;
        uint32_t c = decode(p + i, s.n - i, &length);
        uint32_t folded = c == NOT_A_SCALAR ? NOT_A_SCALAR : fold_simple(c);
        if (folded == NOT_A_SCALAR) {
            return false;
        }
        *changed = *changed || folded != c || (folded == ' ' && after_space);
        after_space = folded == ' ';
        i += length;
    }
    *changed = *changed || (s.n > 0 && after_space);
    return true;
}

/* Copies s with white space collapsed and each character folded by fold_simple when `simple`; out
 * has s.n bytes. */
static size_t collapse(zh_str s, bool simple, char *out)
{
    size_t n = 0;
    bool space = false;
    for (size_t at = 0; at < s.n;) {
        uint32_t c = zh_utf8_next(s, &at);
        c = simple ? fold_simple(c) : c;
        if (is_white(c)) {
            space = n > 0;
            continue;
        }
        if (space) {
            out[n++] = ' ';
            space = false;
        }
        n += zh_utf8_encode(c, out + n);
    }
    return n;
}

zh_rc zh_utf8_fold(zh_arena *arena, zh_str s, zh_str *out)
{
    const utf8proc_option_t options =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    bool changed;
    char *p;
    bool simple = folds_simply(s, &changed);
    if (simple && !changed) {
        *out = s;
        return ZH_OK;
    }
    zh_str from = s;
    if (!simple) {
        zh_rc rc = transform(arena, s, options, &from);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    p = zh_arena_try(arena, from.n + 1);
    if (p == NULL) {
        return ZH_ENOMEM;
    }
    *out = (zh_str){p, collapse(from, simple, p)};
    return ZH_OK;
}

/* The ASCII form of full-width characters, the ideographic space and dashes; else c. */
static uint32_t halfwidth_of(uint32_t c)
{
    switch (c) {
    case 0x2010: /* ‐ */
    case 0x2013: /* – */
    case 0x2014: /* — */
    case 0x2212: /* − */ return '-';
    case 0x3000: return ' ';
    default: return c >= 0xFF01 && c <= 0xFF5E ? c - 0xFEE0 : c;
    }
}

zh_rc zh_utf8_halfwidth(zh_arena *arena, zh_str s, zh_str *out)
{
    const unsigned char *p = bytes_of(s);
    size_t i = 0;
    size_t length = 0;
    while (i < s.n) {
        if (p[i] < 0x80) {
            i += ascii_run(p + i, s.n - i);
            continue;
        }
        uint32_t c = decode(p + i, s.n - i, &length);
        if (c == NOT_A_SCALAR) {
            return ZH_EINVAL;
        }
        if (halfwidth_of(c) != c) {
            break;
        }
        i += length;
    }
    if (i == s.n) {
        *out = s;
        return ZH_OK;
    }
    char *text = zh_arena_try(arena, s.n + 1);
    if (text == NULL) {
        return ZH_ENOMEM;
    }
    memcpy(text, s.p, i);
    size_t n = i;
    while (i < s.n) {
        uint32_t c = decode(p + i, s.n - i, &length);
        if (c == NOT_A_SCALAR) {
            return ZH_EINVAL;
        }
        n += zh_utf8_encode(halfwidth_of(c), text + n);
        i += length;
    }
    *out = (zh_str){text, n};
    return ZH_OK;
}

/* --- grams --- */

static bool is_ascii_word(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Letters, numbers and the marks that belong to them. */
static bool is_word(uint32_t c)
{
    if (c < 0x80) {
        return is_ascii_word(c);
    }
    if (c >= 0x4E00 && c <= 0x9FFF) {
        return true;
    }
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

void zh_utf8_grams(zh_str s, void (*each)(void *user, zh_str gram), void *user)
{
    size_t before = SIZE_MAX; /* where the character before began, if it is of this run */
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        bool in_run = is_word(zh_utf8_next(s, &at));
        if (in_run && before != SIZE_MAX) {
            each(user, zh_str_sub(s, before, at - before));
        }
        before = in_run ? from : SIZE_MAX;
    }
}

/* --- pinyin --- */

/* '.' when the character has no known reading. */
static char initial_of(uint32_t c)
{
    if (c >= ZH_PINYIN_UNIFIED_FIRST && c <= ZH_PINYIN_UNIFIED_LAST) {
        c -= ZH_PINYIN_UNIFIED_FIRST;
        return zh_pinyin_unified[c / ZH_PINYIN_ROW][c % ZH_PINYIN_ROW];
    }
    if (c >= ZH_PINYIN_EXTENSION_A_FIRST && c <= ZH_PINYIN_EXTENSION_A_LAST) {
        c -= ZH_PINYIN_EXTENSION_A_FIRST;
        return zh_pinyin_extension_a[c / ZH_PINYIN_ROW][c % ZH_PINYIN_ROW];
    }
    return c == 0x3007 ? 'l' : '.'; /* 〇 */
}

static const char *pair_initials(uint32_t first, uint32_t second)
{
    for (size_t i = 0; i < zh_pinyin_pairs_n && zh_pinyin_pairs[i].first <= first; i++) {
        if (zh_pinyin_pairs[i].first == first && zh_pinyin_pairs[i].second == second) {
            return zh_pinyin_pairs[i].initials;
        }
    }
    return NULL;
}

enum { INITIALS_FEW = 256 }; /* bytes of a text whose initials are kept in no more than they need */

zh_str zh_pinyin_initials(zh_arena *arena, zh_str s)
{
    char few[INITIALS_FEW];
    char *p = s.n <= sizeof few ? few : zh_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t at = 0; at < s.n;) {
        uint32_t c = zh_utf8_next(s, &at);
        if (is_ascii_word(c)) {
            p[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            continue;
        }
        size_t after = at;
        const char *pair = at < s.n && c >= ZH_PINYIN_EXTENSION_A_FIRST
                               ? pair_initials(c, zh_utf8_next(s, &after))
                               : NULL;
        if (pair != NULL) {
            p[n++] = pair[0];
            p[n++] = pair[1];
            at = after;
            continue;
        }
        char initial = initial_of(c);
        if (initial != '.') {
            p[n++] = initial;
        }
    }
    return p == few ? zh_str_dup(arena, (zh_str){few, n}) : (zh_str){p, n};
}
