/* 文书 on A4 as GB/T 9704-2012 sets official documents: the issuing office and its number above a
 * rule, title, recipient, body of 22 lines of 28 characters, office and date below it where the
 * seal goes, pages numbered; and a QR code of the record. */
#ifndef ZH_APP_PAPER_H
#define ZH_APP_PAPER_H

#include "core/record/record.h"

#define ZH_PAPER_PAGES_MAX ((size_t)200)
#define ZH_PAPER_BYTES_MAX ((size_t)16 << 20)
#define ZH_PAPER_SETTING   "server.base" /* address that QR codes begin with */

/* zh_paper_maker: writes the PDF below the data directory. The same paper gives the same bytes. Any
 * thread. ZH_EIO: fonts are missing; ZH_ELIMIT: the caps. */
zh_rc zh_paper_make(zh_ctx *ctx, const zh_paper *paper, const char **path) ZH_MUST;
/* The same into a buffer. base: address before the record's path. */
zh_rc zh_paper_pdf(zh_arena *arena, const zh_paper *paper, zh_str base, zh_buf *out,
                   zh_err *err) ZH_MUST;
/* Several on one print, each beginning on a page of its own, counted anew. n > 0. */
zh_rc zh_papers_pdf(zh_arena *arena, const zh_paper *papers, size_t n, zh_str base, zh_buf *out,
                    zh_err *err) ZH_MUST;
/* The address that QR codes begin with, as it is set. */
zh_rc zh_paper_base(zh_ctx *ctx, zh_str *out) ZH_MUST;

#endif
