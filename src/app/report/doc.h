/* A document: blocks in order, written as pages of drawing lists (PDF) and as one HTML file.
 *
 * Both writers read the same blocks, so what stands on paper stands on screen. Texts and drawings
 * are borrowed from an arena that outlives the document. Links are "#name" of a place in the
 * document, or an http address. */
#ifndef ZH_APP_REPORT_DOC_H
#define ZH_APP_REPORT_DOC_H

#include "base/time.h"
#include "fmt/draw.h"
#include "fmt/pdf.h"

#define ZH_DOC_BLOCKS_MAX  ((size_t)2000)
#define ZH_DOC_ROWS_MAX    ((size_t)20000) /* of one table */
#define ZH_DOC_COLUMNS_MAX ((size_t)16)
#define ZH_DOC_ITEMS_MAX   ((size_t)500) /* of one list */
#define ZH_DOC_HTML_MAX    ((size_t)32 << 20)

/* Bytes [from, from + n) of the text lead to href. In order, not overlapping. */
typedef struct zh_doc_link {
    size_t from, n;
    zh_str href;
} zh_doc_link;

typedef struct zh_doc_text {
    zh_str text;
    const zh_doc_link *links;
    size_t nlinks;
} zh_doc_text;

typedef enum zh_doc_kind {
    ZH_DOC_CHAPTER, /* heading of the contents */
    ZH_DOC_SECTION, /* heading below it */
    ZH_DOC_PARAGRAPH,
    ZH_DOC_FINDING, /* a numbered sentence of the summary */
    ZH_DOC_NOTE,    /* set apart: what must not be concluded */
    ZH_DOC_LIST,
    ZH_DOC_FIGURE,
    ZH_DOC_TABLE,
    ZH_DOC_CONTENTS,
    ZH_DOC_PAGE, /* what follows begins a page */
} zh_doc_kind;

typedef struct zh_doc_column {
    zh_str label;
    bool number; /* right-aligned, never broken */
} zh_doc_column;

typedef struct zh_doc_cell {
    zh_str text, href;
    const zh_draw *draw; /* instead of text */
    bool nil;            /* the text is the word of a missing value */
} zh_doc_cell;

typedef struct zh_doc_table {
    const zh_doc_column *columns;
    size_t ncolumns;
    const zh_doc_cell *cells; /* nrows × ncolumns */
    const zh_str *names;      /* of the rows as places; NULL: none */
    size_t nrows;
} zh_doc_table;

typedef struct zh_doc_block {
    zh_doc_kind kind;
    zh_str number;    /* 1, 图 1, 表 2, 一 */
    zh_doc_text text; /* heading, sentence; the finding of a figure or table */
    zh_str what;      /* figure, table: what is shown, of when, in which unit */
    zh_str read;      /* how to read it and what not to conclude */
    zh_str source;    /* 来源 · n · 截至 */
    zh_str name;      /* as a place; unique in the document; may be empty */
    const zh_draw *draw;
    const zh_draw *narrow; /* the same for a phone; NULL: not drawn */
    double part;           /* of the text's width that a drawing takes on paper; 0: all of it */
    zh_doc_table table;
    const zh_doc_text *items; /* of a list */
    size_t nitems;
    /* For pages, which set the parts of `source` apart: the declared id, where the data are from,
     * how many, and whether a value of the title is missing. */
    zh_str id, origin, counted;
    const zh_str *asks; /* names of the questions a figure is drawn from */
    size_t nasks;
    bool lacking;
} zh_doc_block;

typedef struct zh_doc {
    bool english; /* the writers' own few words and the language told to readers */
    zh_str title, subtitle, author, subject;
    zh_str stamp;        /* 截至 …, on the cover and every page */
    const zh_str *cover; /* further lines of the cover */
    size_t ncover;
    zh_time created; /* the data's, so that the same data give the same bytes */
    const zh_doc_block *blocks;
    size_t n;
} zh_doc;

typedef struct zh_doc_pages {
    const zh_draw *const *pages;
    size_t n;
    const zh_pdf_outline *outline;
    size_t noutline;
} zh_doc_pages;

/* Lays the blocks out on A4 pages, text measured as it will be set: the cover, then the blocks.
 * A heading stays with what follows it, a figure on one page (a higher one is made smaller), no
 * single line of a paragraph is left behind, a table breaks between rows with its head repeated.
 * ZH_EINVAL: a row higher than a page, a table without columns, text that is not clean UTF-8;
 * ZH_ELIMIT: the caps. Thread-safe. */
zh_rc zh_doc_flow(zh_arena *arena, zh_ruler *ruler, const zh_doc *doc, zh_doc_pages *out,
                  zh_err *err) ZH_MUST;
/* zh_doc_flow and zh_pdf_write in one. */
zh_rc zh_doc_pdf(zh_arena *arena, const zh_doc *doc, zh_buf *out, size_t *pages,
                 zh_err *err) ZH_MUST;
/* A complete HTML document with `css` in its one style element: no script, nothing from elsewhere.
 * Caps as in zh_doc_flow. Thread-safe. */
zh_rc zh_doc_html(const zh_doc *doc, zh_str css, zh_buf *out, zh_err *err) ZH_MUST;
/* The caps of a document, which both writers check. */
zh_rc zh_doc_check(const zh_doc *doc, zh_err *err) ZH_MUST;

#endif
