/* Error details: fixed-size text, cut at a character border, first error wins. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void zh_err_clear(zh_err *err)
{
    *err = (zh_err){0};
}

void zh_err_again(zh_err *err)
{
    *err = zh_err_beside(err);
}

zh_err zh_err_beside(const zh_err *err)
{
    return (zh_err){.phrase = err != NULL ? err->phrase : NULL};
}

const char *zh_err_text(const zh_err *err, const char *text)
{
    return err != NULL && err->phrase != NULL ? err->phrase(text) : text;
}

/* vsnprintf that never leaves half a UTF-8 sequence at the end. */
ZH_PRINTF(3, 0)
static void put(char *out, size_t size, const char *format, va_list arguments)
{
    int n = vsnprintf(out, size, format, arguments);
    if (n < 0 || (size_t)n < size) {
        return;
    }
    size_t end = size - 1;
    size_t start = end;
    while (start > 0 && ((unsigned char)out[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start > 0 && (unsigned char)out[start - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)out[start - 1];
        size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (end - (start - 1) < want) {
            out[start - 1] = '\0';
        }
    }
}

zh_rc zh_err_set(zh_err *err, zh_rc rc, const char *rule, const char *format, ...)
{
    zh_assert(rc != ZH_OK);
    if (err == NULL || err->rc != ZH_OK) {
        return rc;
    }
    err->rc = rc;
    snprintf(err->rule, sizeof err->rule, "%s", rule);
    va_list arguments;
    va_start(arguments, format);
    put(err->message, sizeof err->message, zh_err_text(err, format), arguments);
    va_end(arguments);
    return rc;
}

#define DEFINE_ADD(name, member)                                                                   \
    void name(zh_err *err, const char *format, ...)                                                \
    {                                                                                              \
        if (err == NULL || err->rc == ZH_OK || err->member[0] != '\0') {                           \
            return;                                                                                \
        }                                                                                          \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        put(err->member, sizeof err->member, zh_err_text(err, format), arguments);                 \
        va_end(arguments);                                                                         \
    }

DEFINE_ADD(zh_err_where, where)
DEFINE_ADD(zh_err_fix, fix)
DEFINE_ADD(zh_err_clause, clause)
