/* A page: the frame around it, its reader's context and language, and how it is answered.
 *
 *   static zh_rc show(zh_ui *ui)
 *   {
 *       … ask the core with ui->ctx and ui->conn …
 *       zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_BOARD, .title = finding});
 *       zh_html *h = &ui->html;
 *       … write the content of <main> …
 *       return ZH_OK;
 *   }
 *   static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
 *   {
 *       return zh_ui_answer(request, response, err, show);
 *   }
 *   ZH_ROUTE(page_thing) = {.method = "GET", .path = "/things/{id}", .en = "…", .handle = handle};
 */
#ifndef ZH_WEB_FRAME_PAGE_H
#define ZH_WEB_FRAME_PAGE_H

#include "core/read/read.h"
#include "web/frame/html.h"
#include "web/frame/route.h"
#include "web/frame/url.h"
#include "web/text/text.h"

struct zh_reading_note;

typedef struct zh_ui {
    zh_html html; /* writes the response's body */
    const zh_http_request *request;
    zh_http_response *response;
    zh_web *web;
    zh_arena *arena; /* of the request */
    zh_err *err;
    zh_lang lang;
    zh_ctx ctx; /* the session's, or the local operator's; arena and err are those above */
    const struct zh_user_session *session; /* NULL: the local operator */
    zh_conn *conn;                         /* reader inside one snapshot; NULL on an error page */
    int64_t log_size;                      /* entries that have a position */
    zh_time log_time;                      /* when the newest of them was written; 0: none */
    int64_t sealed;                        /* entries that the newest signed checkpoint covers */
    int checked;                           /* per cent, of a ledger that is recomputed; -1: none */
    int64_t waiting;                       /* newest batch without a position; 0: none */
    int64_t unread; /* records of which the session's post was told something unread */
    const struct zh_post_unread *elsewhere; /* what the reader's other active posts were told */
    size_t nelsewhere;
    int64_t unread_elsewhere; /* of all of them */
} zh_ui;

/* Another post of the reader with something unread. */
typedef struct zh_post_unread {
    zh_str code, place;
    zh_label role;
    int64_t unread;
} zh_post_unread;

/* Opens the reader's snapshot, calls show, closes what it left open, ends the page. An error of
 * show discards what was written; the frame answers with it as a page. */
zh_rc zh_ui_answer(const zh_http_request *request, zh_http_response *response, zh_err *err,
                   zh_rc (*show)(zh_ui *ui)) ZH_MUST;
/* The same for a page that depends on nothing but its URL, the reader's switches, the declarations
 * and the records: written once, kept until something is written to the ledger. */
zh_rc zh_ui_answer_kept(const zh_http_request *request, zh_http_response *response, zh_err *err,
                        zh_rc (*show)(zh_ui *ui)) ZH_MUST;
/* The same without a frame, for downloads and fragments: show fills ui->response itself. */
zh_rc zh_ui_answer_bare(const zh_http_request *request, zh_http_response *response, zh_err *err,
                        zh_rc (*show)(zh_ui *ui)) ZH_MUST;
/* Begins in a snapshot that several requests share: conn is the caller's, set ui->conn to NULL when
 * it is given back. Nothing is read of the log: ui->log_size and what follows stay 0. */
zh_rc zh_ui_begin_in(zh_ui *ui, const zh_http_request *request, zh_http_response *response,
                     zh_err *err, zh_conn *conn) ZH_MUST;
/* Gives the reader's connection back before something that waits (a write, a checkpoint): there are
 * few of them. zh_ui_read_again opens another snapshot. */
void zh_ui_let_go(zh_ui *ui);
zh_rc zh_ui_read_again(zh_ui *ui) ZH_MUST;
/* Writes a reading down before it is shown, when there is anything to write: what was read stays,
 * the rest of the page is of a snapshot after it. */
zh_rc zh_ui_log_reading(zh_ui *ui, const struct zh_reading_note *note) ZH_MUST;
/* For a handler that first acts (POST) and then may redirect: begin, do, end. end is safe after a
 * failed begin. */
zh_rc zh_ui_begin(zh_ui *ui, const zh_http_request *request, zh_http_response *response,
                  zh_err *err) ZH_MUST;
void zh_ui_end(zh_ui *ui);

/* Bytes [from, from + n) of a title lead to url. In order, not overlapping. */
typedef struct zh_title_link {
    size_t from, n;
    zh_str url;
} zh_title_link;

typedef struct zh_ui_head_of {
    zh_text_id nav;             /* ZH_T_NAV_… of the menu this page belongs to; ZH_TEXT_N: none */
    zh_str title;               /* the finding, as a sentence without a full stop */
    const zh_title_link *links; /* of its numbers, which open like any other */
    size_t nlinks;
    zh_str lede; /* one line below it; may be empty */
    /* Way back: label and URL of the page above; may be empty. */
    zh_str above, above_url;
    zh_str css; /* one more style sheet of ui/ (file name); may be empty */
    zh_str script;
    bool citizen;  /* a page for everybody: one column, larger */
    int refresh_s; /* reload after so many seconds (a running job); 0: never */
} zh_ui_head_of;

/* Everything up to the page's own content: document head, masthead, menus, title, stamp. Call it
 * once, when the title is known. */
void zh_ui_head(zh_ui *ui, const zh_ui_head_of *head);

/* A string of the table in the reader's language. */
zh_str zh_ui_text(const zh_ui *ui, zh_text_id id);
/* The same with {1} … filled in. */
zh_str zh_ui_fill(const zh_ui *ui, zh_text_id id, const zh_str *arguments, size_t n);
#define ZH_SAY(ui, id, ...)                                                                        \
    zh_ui_fill((ui), (id), (const zh_str[]){__VA_ARGS__},                                          \
               sizeof((const zh_str[]){__VA_ARGS__}) / sizeof(zh_str))
/* A list of words, empty at first, with one more: 甲、乙、丙. */
zh_str zh_ui_list(const zh_ui *ui, zh_str list, zh_str item);
/* A label of the declarations in the reader's language; Chinese where there is no English. */
zh_str zh_ui_label(const zh_ui *ui, zh_label label);
/* What a role is called; its id where nothing calls it anything. */
zh_str zh_ui_role(const zh_ui *ui, zh_str role);
/* Integer with separators from 1,000. */
zh_str zh_ui_count(const zh_ui *ui, int64_t n);
/* Decimal text with separators in its whole part; anything else unchanged. */
zh_str zh_ui_decimal(const zh_ui *ui, zh_str decimal);
/* A unit as it is shown: μg/m³ for ug/m3; "count" and the like are not shown. */
zh_str zh_ui_unit(const zh_ui *ui, zh_str unit);
/* 2026-11-22 09:14 at +08:00. */
zh_str zh_ui_time(const zh_ui *ui, zh_time t);
/* A period as people say it: 2020 年二季度, 2016 年 1 月; both 0: of all time. */
zh_str zh_ui_period(const zh_ui *ui, zh_date first, zh_date last);
/* The name of a region code; the code when it is unknown. */
zh_str zh_ui_region(const zh_ui *ui, zh_str code);
/* An error as a page of its own. */
void zh_page_error(const zh_http_request *request, zh_http_response *response, int status,
                   const zh_err *err);
/* Whether the client prefers a page to JSON. */
bool zh_web_wants_html(const zh_http_request *request);
/* Who calls the API wants English: by the page's rules, or because English is all it accepts. */
bool zh_web_english(const zh_http_request *request);

#endif
