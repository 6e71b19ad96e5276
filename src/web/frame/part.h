/* Components of the pages: one function each, so that a number, a verdict or a missing value looks
 * the same everywhere. They write at the writer's current place; those in pairs (…_open, …_close)
 * take content between. Strings are borrowed until the call returns. */
#ifndef ZH_WEB_FRAME_PART_H
#define ZH_WEB_FRAME_PART_H

#include "core/figure/indicator.h"
#include "fmt/chart.h"
#include "web/frame/page.h"

/* ---- words and marks ------------------------------------------------------------------------ */

typedef enum zh_icon {
    ZH_ICON_ROWS,
    ZH_ICON_SIZE,
    ZH_ICON_MOON,
    ZH_ICON_DOWN,
    ZH_ICON_UP,
    ZH_ICON_LINK,
    ZH_ICON_SEARCH,
    ZH_ICON_TABLE,
    ZH_ICON_MAP,
    ZH_ICON_PRINT,
    ZH_ICON_BELL,
} zh_icon;
void zh_part_icon(zh_ui *ui, zh_icon icon); /* decorative: a word stands beside it */

/* A heading whose lines do not break between a number and what it counts or measures. */
void zh_part_title(zh_ui *ui, const char *element, zh_str text, const zh_title_link *links,
                   size_t nlinks);
/* A number that opens: value (as shown, separators added), its unit small after it, linked when url
 * is not empty. */
void zh_part_number(zh_ui *ui, zh_str value, zh_str unit, zh_str url);
/* 1.70–2.00, small and grey. Empty writes nothing. */
void zh_part_interval(zh_ui *ui, zh_str interval);
/* 截至 账本 #n · time · seal, of this page's snapshot. */
void zh_part_stamp(zh_ui *ui);
typedef enum zh_seal { ZH_SEAL_WAIT, ZH_SEAL_DONE, ZH_SEAL_OK, ZH_SEAL_BAD } zh_seal;
void zh_part_seal(zh_ui *ui, zh_seal state);
/* Whether a signed checkpoint covers an entry (negative: not sequenced); of a log size: all of it.
 */
zh_seal zh_part_sealed(const zh_ui *ui, int64_t position);
zh_seal zh_part_sealed_all(const zh_ui *ui, int64_t size);

typedef enum zh_tag_look {
    ZH_TAG_PLAIN,
    ZH_TAG_INK,
    ZH_TAG_QING,
    ZH_TAG_WATCH,
    ZH_TAG_ACT
} zh_tag_look;
void zh_part_tag(zh_ui *ui, zh_tag_look look, zh_str text);
void zh_part_mock(zh_ui *ui); /* 示意 */
/* A judgement: shape first. Empty text: the lamp's own word. ACT only where somebody must act. */
typedef enum zh_lamp { ZH_LAMP_ACT, ZH_LAMP_WATCH, ZH_LAMP_OK, ZH_LAMP_DONE, ZH_LAMP_NIL } zh_lamp;
void zh_part_lamp(zh_ui *ui, zh_lamp lamp, zh_str text);
/* The four kinds of nothing: 未检出, 样本不足, 不适用, 未报. Empty text: its own word. */
typedef enum zh_nil { ZH_NIL_ND, ZH_NIL_FEW, ZH_NIL_SKIP, ZH_NIL_NONE, ZH_NIL_HIDDEN } zh_nil;
void zh_part_nil(zh_ui *ui, zh_nil kind, zh_str text);

/* ---- messages ------------------------------------------------------------------------------- */

typedef enum zh_note_look { ZH_NOTE_PLAIN, ZH_NOTE_QING, ZH_NOTE_WATCH, ZH_NOTE_ACT } zh_note_look;
void zh_part_note(zh_ui *ui, zh_note_look look, zh_str text);
void zh_part_note_open(zh_ui *ui, zh_note_look look);
void zh_part_note_close(zh_ui *ui);
/* Why the reader has none of these rights on a register (a set of zh_right), and which roles have;
 * empty: the reader has one. */
zh_str zh_part_who_can(const zh_ui *ui, const zh_register *reg, unsigned rights);
/* An action that the reader may not take: in grey, and why beside it. */
void zh_part_greyed(zh_ui *ui, zh_str label, zh_str why);
/* Why there is nothing: no data have come, not permitted, or the filter left none. url/link: what
 * to do next; may be empty. */
typedef enum zh_empty { ZH_EMPTY_DATA, ZH_EMPTY_DENIED, ZH_EMPTY_FILTER } zh_empty;
void zh_part_empty(zh_ui *ui, zh_empty kind, zh_str title, zh_str text, zh_str url, zh_str link);
void zh_part_progress(zh_ui *ui, int64_t done, int64_t total, zh_str text);

/* ---- navigation and questions --------------------------------------------------------------- */

typedef struct zh_tab {
    zh_str label, url;
    int64_t count; /* negative: none */
    bool current;
} zh_tab;
void zh_part_tabs(zh_ui *ui, const zh_tab *tabs, size_t n, zh_str label);

typedef struct zh_facet_item {
    zh_str label, url;
    int64_t count;
    bool on;
} zh_facet_item;
/* rest: groups not listed (0 none). */
void zh_part_facet(zh_ui *ui, zh_str title, const zh_facet_item *items, size_t n, int64_t rest);

/* The question: a GET form that reads as a sentence.
 *   ask_open(action) words select words select ask_close */
typedef struct zh_option {
    zh_str value, label;
} zh_option;
void zh_part_ask_open(zh_ui *ui, zh_str action);
void zh_part_ask_words(zh_ui *ui, zh_str words);
void zh_part_ask_select(zh_ui *ui, const char *name, zh_str label, const zh_option *options,
                        size_t n, zh_str selected);
void zh_part_ask_input(zh_ui *ui, const char *name, zh_str label, zh_str value, const char *type);
void zh_part_ask_hidden(zh_ui *ui, const char *name, zh_str value); /* empty value: nothing */
void zh_part_ask_close(zh_ui *ui);
/* The same, and beside the question what to take of it: the files that answer it, and its address.
 */
struct zh_download;
void zh_part_ask_end(zh_ui *ui, const struct zh_download *files, size_t n);
/* The address of the page's question as a field to copy from; the script copies it by itself. */
void zh_part_link(zh_ui *ui);

/* shown: on this page; total negative: unknown. after: cursor of the next page, empty at the end.
 * The way back is the first page (keyset paging). */
void zh_part_pager(zh_ui *ui, size_t shown, int64_t total, zh_str after);

/* ---- sections ------------------------------------------------------------------------------- */

/* A sheet with the graduated rule. id: fragment, NULL none; title may be empty. flush: a table
 * fills it to its edges. */
void zh_part_section_open(zh_ui *ui, const char *id, zh_str title, bool flush);
void zh_part_section_close(zh_ui *ui);

/* ---- tables --------------------------------------------------------------------------------- */

#define ZH_GRID_COLUMNS_MAX 64

typedef struct zh_column {
    zh_str label;
    bool number;     /* right-aligned */
    const char *css; /* more classes of its cells, such as "full" or "beamc" or "hide-s"; NULL */
    zh_str sort_url; /* heading links there; empty: not sortable */
    int sorted;      /* 1 ascending, -1 descending, 0 not */
} zh_column;

typedef struct zh_grid {
    zh_ui *ui;
    const zh_column *columns;
    size_t ncolumns;
    size_t at;    /* column of the next cell */
    size_t depth; /* of the writer inside the table body */
    bool in_row;
} zh_grid;

/* cards: on phones each row becomes a labelled card. caption may be empty. */
void zh_grid_open(zh_grid *grid, zh_ui *ui, const zh_column *columns, size_t n, bool cards,
                  zh_str caption);
/* Ends the row before. css: NULL, "sum", "cur" … */
void zh_grid_row(zh_grid *grid, const char *css);
/* Ends the row before; one heading over all columns. */
void zh_grid_group(zh_grid *grid, zh_str title);
/* Opens the next cell; what is written then stands in it until the next grid call. */
void zh_grid_cell(zh_grid *grid);
void zh_grid_text(zh_grid *grid, zh_str text); /* cell with text */
void zh_grid_link(zh_grid *grid, zh_str url, zh_str text);
/* The same with a text that is not the program's own, see zh_html_value. */
void zh_grid_value(zh_grid *grid, zh_str text);
void zh_grid_value_link(zh_grid *grid, zh_str url, zh_str text);
void zh_grid_value_group(zh_grid *grid, zh_str title);
void zh_grid_close(zh_grid *grid);

/* ---- figures -------------------------------------------------------------------------------- */

typedef struct zh_fig_head {
    zh_str title; /* the finding */
    zh_str what;  /* what is drawn: quantity, unit, period */
    const char *id;
    const char *css; /* of its column; NULL: none */
} zh_fig_head;
typedef struct zh_download {
    zh_str label, url; /* CSV, XLSX, SVG, PNG */
} zh_download;
typedef struct zh_fig_foot {
    zh_str read;      /* how to read it and what not to conclude */
    zh_str source;    /* without the word 来源 */
    zh_str n;         /* "n = 5,226 批次" */
    zh_str table_url; /* fragment of the data table; may be empty */
    const zh_download *downloads;
    size_t ndownloads;
} zh_fig_foot;
/* A figure is a sheet: head, then the drawing (zh_html_svg), then its furniture. */
void zh_part_figure_open(zh_ui *ui, const zh_fig_head *head);
void zh_part_figure_close(zh_ui *ui, const zh_fig_foot *foot);
/* The furniture alone, below a table. */
void zh_part_furniture(zh_ui *ui, const zh_fig_foot *foot);

/* A round end of a scale from 0 that holds v: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 of a power of
 * ten; at most 100 where v is a percentage. */
double zh_beam_end(double v, bool percent);
/* 衡杆: value, interval, target and comparison on a scale from min to max, drawn by fmt/chart.h. An
 * empty title is composed of the numbers. */
void zh_part_beam(zh_ui *ui, double min, double max, const zh_reading *reading);
/* 轨迹: values in order of time, drawn by fmt/chart.h; title says them in words. */
void zh_part_spark(zh_ui *ui, const zh_opt *values, size_t n, zh_str title);
/* A list of drawing as SVG at the writer's place. id: prefix of the ids inside, unique in the page.
 * A list that cannot be written is said to be missing. */
void zh_part_drawing(zh_ui *ui, const zh_draw *list, zh_str id);
/* The same drawn for a window and for a phone, of which the page shows one. */
void zh_part_drawing_both(zh_ui *ui, const zh_draw *wide, const zh_draw *narrow, zh_str id);
/* A figure as value with unit, interval and status, everywhere the same; url on the value. */
void zh_part_figure_value(zh_ui *ui, const zh_figure *figure, zh_str url);

/* ---- records -------------------------------------------------------------------------------- */

void zh_part_kv_open(zh_ui *ui);
void zh_part_kv(zh_ui *ui, zh_str name, zh_str value); /* a fact in words */
void zh_part_kv_item(zh_ui *ui, zh_str name); /* opens the value's cell; end with zh_html_close */
void zh_part_kv_close(zh_ui *ui);

typedef enum zh_step_state { ZH_STEP_TODO, ZH_STEP_NOW, ZH_STEP_DONE } zh_step_state;
typedef struct zh_stage {
    zh_str label, note;
    zh_step_state state;
} zh_stage;
void zh_part_steps(zh_ui *ui, const zh_stage *steps, size_t n);

void zh_part_timeline_open(zh_ui *ui);
/* Opens an item; write into it, end it with zh_html_close. */
void zh_part_timeline_item(zh_ui *ui, zh_step_state state, zh_str time);
void zh_part_timeline_close(zh_ui *ui);

/* The proof footer of a record or report. position negative: not sequenced yet; digest may be
 * empty. */
void zh_part_sealbar(zh_ui *ui, int64_t position, zh_str digest);

#endif
