/* Pages of drawing lists as one PDF or one list as a PNG (cairo), and text measured and broken into
 * lines as it will be set there (pango). The unit of paper is the point, 1/72 inch.
 *
 * Fonts are Noto Serif CJK SC and Noto Sans CJK SC, embedded as subsets; when the machine lacks
 * them the result is ZH_EIO with the package to install. The same input gives the same bytes (on
 * the same library versions). All functions may be used from any thread, a ruler by one thread at
 * a time. */
#ifndef ZH_FMT_PDF_H
#define ZH_FMT_PDF_H

#include "base/time.h"
#include "fmt/draw.h"

#define ZH_PDF_PAGES_MAX   2000
#define ZH_PDF_OUTLINE_MAX 5000
#define ZH_PDF_NAMES_MAX   100000
#define ZH_PDF_BYTES_MAX   ((size_t)256 << 20)
#define ZH_PDF_A4_WIDTH    595.276
#define ZH_PDF_A4_HEIGHT   841.890
#define ZH_TEXT_LINES_MAX  20000 /* lines of one paragraph */
#define ZH_TEXT_BYTES_MAX  ((size_t)1 << 20)

typedef struct zh_ruler zh_ruler;

/* A text ruler; released with the arena. ZH_EIO: a font is not installed. */
zh_rc zh_ruler_open(zh_arena *arena, zh_ruler **out, zh_err *err) ZH_MUST;

typedef struct zh_text_size {
    double width;           /* advance width */
    double ascent, descent; /* of the font at that size, from the baseline, both positive */
} zh_text_size;

/* One line of text. ZH_EINVAL: not clean UTF-8; ZH_ELIMIT: longer than ZH_TEXT_BYTES_MAX. */
zh_rc zh_text_measure(zh_ruler *ruler, zh_str text, zh_font font, zh_text_size *out,
                      zh_err *err) ZH_MUST;

typedef struct zh_text_line {
    size_t from, n; /* bytes of the paragraph, without the white space at a break */
    double width;   /* advance width of these bytes */
} zh_text_line;

/* Breaks a paragraph at the given width by the rules of Unicode line breaking (UAX 14) in Chinese:
 * no line begins with 。，、）」 or ends with （「, words and numbers stay whole when they fit. The
 * first line is shorter by `indent` (2 em for prose). A newline ends a line. Lines are in the
 * arena. ZH_EINVAL: not clean UTF-8, width not positive; ZH_ELIMIT: too long, too many lines. */
zh_rc zh_text_break(zh_ruler *ruler, zh_arena *arena, zh_str text, zh_font font, double width,
                    double indent, zh_text_line **lines, size_t *n, zh_err *err) ZH_MUST;

typedef struct zh_pdf_outline {
    zh_str title;
    size_t page;  /* from 1 */
    double y;     /* where on the page, from its top */
    size_t level; /* 0 a chapter, 1 below the last 0 before it, ... at most 5 */
} zh_pdf_outline;

typedef struct zh_pdf_in {
    zh_str title, author, subject, keywords;
    zh_time created; /* written as creation date: the caller's, so that output is reproducible */
    const zh_draw *const *pages; /* each is as large as its list says; A4 constants above */
    size_t pages_n;
    const zh_pdf_outline *outline;
    size_t outline_n;
} zh_pdf_in;

typedef struct zh_pdf_result {
    size_t pages;
    size_t unknown_glyphs; /* characters that no installed font has; they print as boxes */
} zh_pdf_result;

/* Writes the document to out (cap: out's own, at most ZH_PDF_BYTES_MAX). A group's href "#name"
 * leads to the group or page mark of that name anywhere in the document, any other to that address.
 * ZH_EINVAL: no page, a list that zh_draw_check refuses, a "#name" that does not exist or exists
 * twice, an outline that skips a level or leaves the document; ZH_ELIMIT: caps; ZH_EIO: fonts or
 * cairo. result may be NULL. */
zh_rc zh_pdf_write(const zh_pdf_in *in, zh_buf *out, zh_pdf_result *result, zh_err *err) ZH_MUST;

#define ZH_PNG_SIDE_MAX 8192.0 /* pixels */

/* Writes one list as a picture, `scale` pixels to its unit, in the colours of paper. ZH_EINVAL: a
 * list that zh_draw_check refuses; ZH_ELIMIT: a side above ZH_PNG_SIDE_MAX or out's cap; ZH_EIO:
 * fonts or cairo. */
zh_rc zh_png_write(const zh_draw *list, double scale, zh_buf *out, zh_err *err) ZH_MUST;

#endif
