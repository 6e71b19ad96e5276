/* Reports: a declaration of what to ask and what to say becomes HTML and PDF.
 *
 * The declaration is a YAML document: id, title, subtitle, author, subject, cover (lines), `ask`
 * (app/report/ask.h) and `body`, a list of
 *
 *   chapter: TITLE | section: TITLE   chapters are numbered (unless plain: true)
 *   contents: | page:
 *   finding: | say: | note: SENTENCE  otherwise: what is said when a value is missing
 *   list: [SENTENCE, …]
 *   figure: KIND | table: KIND        title (a sentence), what, read, n, of … (app/report/show.h)
 *
 * A sentence with a missing value becomes `otherwise`, or names what has not arrived. */
#ifndef ZH_APP_REPORT_REPORT_H
#define ZH_APP_REPORT_REPORT_H

#include "app/report/doc.h"
#include "core/instance/core.h"

#define ZH_REPORT_FILE_MAX ((size_t)64 << 20)      /* of one file of a report */
#define ZH_REPORTS_MAX     ((size_t)200)           /* listed */
#define ZH_REPORT_BASE     "http://127.0.0.1:8086" /* without a declared public address */

typedef struct zh_report_options {
    const char *document; /* declaration; NULL: the one built in */
    const char *out;      /* directory, made when it is missing */
    const char *base; /* address of the served pages that the document leads to; NULL: the declared
                         public one (ZH_SET_PUBLIC), else ZH_REPORT_BASE */
    int64_t as_of;    /* ZH_AS_OF_NOW or a log size */
    bool english;     /* the texts under KEY_en; the files are ID.en.html, ID.en.pdf, ID.en.json */
    bool publish; /* every figure said in it is published, and stands in an annex with its number
                     and a QR code of its page */
} zh_report_options;

typedef struct zh_report {
    zh_str id, title, subtitle;
    bool english;
    zh_str html, pdf;                 /* file names in the directory */
    int64_t pages, position, missing; /* missing: sentences and figures that lacked a value */
    int64_t html_bytes, pdf_bytes;
    int64_t published; /* figures that have a number */
    zh_str base;       /* address that links and codes lead to */
    bool base_local;   /* which only this machine can reach: the annex says so */
    zh_str stamp;
} zh_report;

/* Builds a report and writes ID.html, ID.pdf and ID.json (what zh_report_list reads). The same
 * records, declaration and program give the same bytes. Takes a reader itself. ZH_EINVAL with file
 * and line: the declaration; errors of the writers. *out is in ctx->arena. */
zh_rc zh_report_build(zh_ctx *ctx, const zh_report_options *options, zh_report *out) ZH_MUST;
/* The reports in a directory, by id. A directory that is missing has none; a file that is not a
 * report's is passed over. */
zh_rc zh_report_list(zh_arena *arena, const char *dir, zh_report **out, size_t *n,
                     zh_err *err) ZH_MUST;

#endif
