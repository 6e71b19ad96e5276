/* What browsers send: percent-encoding, query strings, application/x-www-form-urlencoded, cookies,
 * and multipart/form-data taken apart as it arrives.
 *
 * Names and values are UTF-8 without NUL, decoded; text that is not is refused, never repaired. */
#ifndef ZH_NET_FORM_H
#define ZH_NET_FORM_H

#include "base/err.h"
#include "base/str.h"

#define ZH_FORM_PAIRS_MAX      ((size_t)512)
#define ZH_FORM_FILES_MAX      ((size_t)16)
#define ZH_FORM_VALUE_MAX      ((size_t)1 << 20) /* bytes of one field that is not a file */
#define ZH_FORM_PART_HEAD_MAX  ((size_t)4096)    /* bytes of the headers of one part */
#define ZH_FORM_BOUNDARY_MAX   ((size_t)70)      /* RFC 2046 section 5.1.1 */
#define ZH_FORM_FILE_NAME_MAX  ((size_t)255)
#define ZH_FORM_FILE_BYTES_MAX ((uint64_t)2 << 30)

typedef struct zh_pair {
    zh_str name, value;
} zh_pair;

typedef struct zh_pairs {
    const zh_pair *p; /* in the order they were sent */
    size_t n;
} zh_pairs;

/* The first value by that name; ZH_STR_NONE (p == NULL) when it was not sent. */
zh_str zh_pairs_get(zh_pairs pairs, const char *name);

/* WHATWG URL standard, application/x-www-form-urlencoded parser: '&' between, '+' is a space.
 * ZH_EINVAL (form.encoding): a broken %xx, NUL, or bytes that are not UTF-8; ZH_ELIMIT: more than
 * ZH_FORM_PAIRS_MAX. Results live in the arena. */
zh_rc zh_form_parse(zh_arena *arena, zh_str text, zh_pairs *out, zh_err *err) ZH_MUST;
/* Decodes %xx (and '+' when asked). The same errors. */
zh_rc zh_form_decode(zh_arena *arena, zh_str text, bool plus, zh_str *out, zh_err *err) ZH_MUST;
/* Appends text with everything but RFC 3986 unreserved characters percent-encoded: good for a path
 * segment, a name and a value. */
void zh_form_encode(zh_buf *out, zh_str text);
/* The value of a cookie in a Cookie header (RFC 6265 section 4.2.1); ZH_STR_NONE when absent. */
zh_str zh_cookie_get(zh_str header, const char *name);

/* ---- multipart/form-data (RFC 7578) --------------------------------------------------------- */

/* A file that was sent. It stands at `path` until the request ends; move it away to keep it. */
typedef struct zh_upload {
    zh_str field;     /* name of the form's field */
    zh_str file_name; /* as sent, without any directory; for showing only */
    zh_str type;
    zh_str path; /* NUL-terminated */
    uint64_t size;
} zh_upload;

typedef struct zh_multipart zh_multipart;

/* content_type: the whole header value. directory: where files are written, mode 0600; NULL: a file
 * is refused. ZH_EINVAL (form.boundary): no boundary, or one that is not allowed. The parser lives
 * in the arena; when that is reset or freed, its files are closed and removed. One thread. */
zh_rc zh_multipart_new(zh_arena *arena, zh_str content_type, const char *directory,
                       zh_multipart **out, zh_err *err) ZH_MUST;
/* The next bytes of the body, cut anywhere. After an error every further call gives it again.
 * ZH_EINVAL: not multipart; ZH_ELIMIT: a cap; ZH_EIO: the file cannot be written. */
zh_rc zh_multipart_push(zh_multipart *parser, zh_str bytes, zh_err *err) ZH_MUST;
/* The body has ended. ZH_EINVAL when it is not complete. */
zh_rc zh_multipart_end(zh_multipart *parser, zh_pairs *fields, const zh_upload **files,
                       size_t *nfiles, zh_err *err) ZH_MUST;

#endif
