/* Percent-encoding, query strings and cookies. */
#include "net/form.h"
#include "base/utf8.h"
#include "base/vec.h"
#include <string.h>

zh_str zh_pairs_get(zh_pairs pairs, const char *name)
{
    for (size_t i = 0; i < pairs.n; i++) {
        if (zh_str_is(pairs.p[i].name, name)) {
            return pairs.p[i].value;
        }
    }
    return ZH_STR_NONE;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static zh_rc bad_encoding(zh_str text, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "form.encoding", "“%.*s”不是正确的百分号编码或 UTF-8",
               (int)(text.n > 80 ? 80 : text.n), text.p);
    zh_err_fix(err, "从页面上的链接或表单进来，不要手改编码");
    return ZH_EINVAL;
}

zh_rc zh_form_decode(zh_arena *arena, zh_str text, bool plus, zh_str *out, zh_err *err)
{
    char *bytes = zh_arena_try(arena, text.n + 1);
    size_t n = 0;
    if (bytes == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "form.memory", "表单超过内存预算");
    }
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return bad_encoding(text, err);
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0') {
            return bad_encoding(text, err);
        }
        bytes[n++] = c;
    }
    *out = (zh_str){bytes, n};
    return zh_utf8_valid(*out) ? ZH_OK : bad_encoding(text, err);
}

zh_rc zh_form_parse(zh_arena *arena, zh_str text, zh_pairs *out, zh_err *err)
{
    ZH_VEC(zh_pair) pairs = {0};
    zh_str rest = text;
    zh_str piece;
    *out = (zh_pairs){0};
    while (zh_str_split(&rest, '&', &piece)) {
        if (piece.n == 0) {
            continue;
        }
        if (pairs.n == ZH_FORM_PAIRS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "form.pairs", "表单的字段超过 %zu 个",
                              ZH_FORM_PAIRS_MAX);
        }
        ptrdiff_t equals = zh_str_chr(piece, '=');
        zh_str name = equals < 0 ? piece : zh_str_sub(piece, 0, (size_t)equals);
        zh_str value = equals < 0 ? ZH_STR("") : zh_str_sub(piece, (size_t)equals + 1, piece.n);
        zh_pair pair;
        zh_rc rc = zh_form_decode(arena, name, true, &pair.name, err);
        if (rc == ZH_OK) {
            rc = zh_form_decode(arena, value, true, &pair.value, err);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        zh_vec_push(arena, &pairs, pair);
    }
    *out = (zh_pairs){pairs.p, pairs.n};
    return ZH_OK;
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void zh_form_encode(zh_buf *out, zh_str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (unreserved(text.p[i])) {
            zh_buf_c(out, text.p[i]);
        } else {
            zh_buf_c(out, '%');
            zh_buf_c(out, digits[c >> 4]);
            zh_buf_c(out, digits[c & 15]);
        }
    }
}

zh_str zh_cookie_get(zh_str header, const char *name)
{
    zh_str rest = header;
    zh_str piece;
    while (header.p != NULL && zh_str_split(&rest, ';', &piece)) {
        piece = zh_str_trim(piece);
        ptrdiff_t equals = zh_str_chr(piece, '=');
        if (equals > 0 && zh_str_is(zh_str_sub(piece, 0, (size_t)equals), name)) {
            return zh_str_sub(piece, (size_t)equals + 1, piece.n);
        }
    }
    return ZH_STR_NONE;
}
