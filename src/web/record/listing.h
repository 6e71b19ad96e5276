/* The question a list of records answers, as it stands in the URL:
 *
 *   view=ID  where=EXPR  search=WORDS  columns=A,B (or repeated)  sort=[-]FIELD  as_of=SIZE|DATE
 *   after=CURSOR  limit=N
 *
 * What cannot be asked is kept with its reason (problem), so that the page shows it in place. */
#ifndef ZH_WEB_RECORD_LISTING_H
#define ZH_WEB_RECORD_LISTING_H

#include "web/frame/show.h"

#define ZH_LISTING_PIECES_MAX  32
#define ZH_LISTING_VIEWS_MAX   24
#define ZH_LISTING_COLUMNS_MAX 48
#define ZH_LISTING_LIMIT       50 /* records of a page unless asked for */
#define ZH_LISTING_LIMIT_MAX   200
/* Records looked at for a number beside a view or a filter; beyond it the number is ≥. */
#define ZH_LISTING_EXAMINE_MAX ((size_t)50000)

/* A declared list of the register, or one of ours. */
typedef struct zh_view {
    zh_str id; /* empty: everything */
    zh_label label;
    zh_str where;               /* empty: all */
    const struct zh_yaml *node; /* columns and sort; NULL: as the default view */
} zh_view;

/* One condition of those that are joined by `and`. */
typedef struct zh_piece {
    zh_str text;
    zh_program program;
} zh_piece;

/* A column: a field, or something every record has. */
typedef enum zh_asked_kind {
    ZH_ASKED_FIELD,
    ZH_ASKED_STATE,
    ZH_ASKED_VERSION,
    ZH_ASKED_CREATED,
    ZH_ASKED_RECORDED,
    ZH_ASKED_ACTOR,
    ZH_ASKED_OFFICE,
    ZH_ASKED_ID,
} zh_asked_kind;
typedef struct zh_asked {
    zh_asked_kind kind;
    const zh_field *field;
    zh_str id;
} zh_asked;

typedef struct zh_listing {
    zh_ui *ui;
    const zh_register *reg;
    zh_view views[ZH_LISTING_VIEWS_MAX];
    size_t nviews;
    const zh_view *view;
    zh_piece view_pieces[ZH_LISTING_PIECES_MAX]; /* conditions of the view */
    size_t nview_pieces;
    zh_str where;                           /* of the URL */
    zh_piece pieces[ZH_LISTING_PIECES_MAX]; /* of it */
    size_t npieces;
    zh_program program; /* view and where together; root NULL: all */
    zh_str search, after;
    const zh_field *sort; /* NULL: the default */
    bool descending;
    zh_asked columns[ZH_LISTING_COLUMNS_MAX];
    size_t ncolumns;
    bool with_tables;
    size_t limit;
    int64_t as_of;
    bool large;   /* more records than are looked at for a number beside a filter */
    bool refused; /* problem says why, problem_in which parameter */
    zh_err problem;
    const char *problem_in;
} zh_listing;

/* Reads the request. ZH_ENOTFOUND: no such register (with the nearest known); what else is wrong is
 * in *out. Works with ui->conn. */
zh_rc zh_listing_read(zh_ui *ui, zh_listing *out) ZH_MUST;
zh_list_query zh_listing_list(const zh_listing *q);
/* Turns to another view of the same register. */
void zh_listing_turn(zh_listing *q, const zh_view *view);
/* Compiles a condition over the register. ZH_EINVAL with the reason in err. */
zh_rc zh_listing_compile(zh_ui *ui, const zh_register *reg, zh_str text, zh_program *out,
                         zh_err *err) ZH_MUST;
/* The conditions without `without` (NULL: all) and with `with` added (empty: nothing), as text. */
zh_str zh_listing_where(const zh_listing *q, const zh_piece *without, zh_str with);
/* This page asked with another condition, from its first page. */
zh_str zh_listing_url(const zh_listing *q, zh_str where);
/* The view's condition and another one together. */
zh_str zh_listing_both(zh_ui *ui, zh_str a, zh_str b);
/* The columns one may choose from, in the order of the declaration. */
size_t zh_listing_choices(const zh_register *reg, zh_asked *out, size_t max);
zh_str zh_listing_header(const zh_listing *q, const zh_asked *column);
/* Writes down that these records of the list were read, where the register asks for it; how: "list"
 * "export" "api". What cannot be written down must not be shown. */
zh_rc zh_listing_note(const zh_listing *q, zh_record *const *records, size_t n,
                      const char *how) ZH_MUST;
/* Keeps the first problem. */
void zh_listing_refuse(zh_listing *q, const char *parameter, const zh_err *err);

#endif
