/* 质量工具箱: one descriptor per tool. A tool is asked (parameters and a sheet of data), calls the
 * engines and writes blocks (figures, tables, notes) that the page, the PDF, the workbook and the
 * command line show alike. Nothing here knows about a browser.
 *
 * A bench belongs to one question and one thread. */
#ifndef ZH_APP_TOOL_TOOL_H
#define ZH_APP_TOOL_TOOL_H

#include "app/report/doc.h"
#include "app/tool/sheet.h"
#include "base/vec.h"
#include "fmt/chart_xy.h"
#include "net/form.h"

#define ZH_TOOL_ASKS_MAX    ((size_t)24)
#define ZH_TOOL_MARKS_MAX   ((size_t)600)  /* points of one chart: the last ones are drawn */
#define ZH_TOOL_ROWS_MAX    ((size_t)5000) /* of one table */
#define ZH_TOOL_COLUMNS_MAX ((size_t)14)
#define ZH_TOOL_NAMED_MAX   ((size_t)8) /* things named in a table's cell */
#define ZH_TOOL_TITLE_MAX   ((size_t)3) /* and in a finding */
#define ZH_TOOL_WIDTH_MIN   320.0
#define ZH_TOOL_WIDTH_PAPER 880.0
#define ZH_TOOL_DIGITS      5 /* significant digits of shown results */

/* Chinese and English of one text. */
typedef struct zh_said {
    const char *zh, *en;
} zh_said;

typedef enum zh_tool_kind {
    ZH_TOOL_CHOICE,
    ZH_TOOL_NUMBER,
    ZH_TOOL_TEXT,
    ZH_TOOL_COLUMN, /* a column of the data by name or number; empty: found by itself */
} zh_tool_kind;

typedef struct zh_tool_choice {
    const char *value; /* NULL ends the list */
    zh_said label;
} zh_tool_choice;

typedef struct zh_tool_ask {
    const char *name; /* parameter of the URL */
    zh_said label;
    zh_tool_kind kind;
    const zh_tool_choice *choices;
    const char *initial; /* "" : none */
    const char *when;    /* asked only where an earlier choice is one of these: "chart=p|np" */
} zh_tool_ask;

typedef struct zh_tool_sample {
    const char *id;
    zh_said label;
    const char *path;  /* built into the program; NULL: no data, only parameters */
    const char *asked; /* parameters, as a query string */
    zh_said source;    /* where the data are from */
} zh_tool_sample;

typedef struct zh_bench zh_bench;

typedef struct zh_tool {
    const char *id; /* of the URL: control-chart */
    zh_said name;
    zh_said answers;     /* what it answers, one sentence */
    zh_said data;        /* what to paste; zh NULL: it takes no data */
    bool may_lack;       /* data are not needed for every question */
    zh_said method;      /* citation: standard and clause, paper */
    zh_said limits;      /* when not to use it */
    const char *sheet;   /* doc/engine/NAME.md */
    const char *engines; /* as in `zhiheng calc` */
    const zh_tool_ask *asks;
    size_t nasks;
    const zh_tool_sample *samples; /* the first is shown when nothing is asked */
    size_t nsamples;
    zh_rc (*run)(zh_bench *bench);
} zh_tool;

extern const zh_tool *const zh_tools[];
extern const size_t zh_tools_n;
const zh_tool *zh_tool_find(zh_str id); /* NULL: none */

typedef enum zh_row_mark { ZH_ROW_PLAIN, ZH_ROW_WATCH, ZH_ROW_ACT } zh_row_mark;

typedef struct zh_bench_block {
    zh_doc_block doc;
    const unsigned char *marks; /* zh_row_mark of each row of a table; NULL: none */
    bool data;                  /* the data table: stands beside the results */
    const zh_draw *narrow;      /* the figure for a phone; NULL: none was asked for */
} zh_bench_block;

typedef struct zh_tool_pick {
    const char *ask;
    const zh_sheet_column *column;
} zh_tool_pick;

struct zh_bench {
    zh_arena *arena;
    zh_err *err;
    const zh_tool *tool;
    bool english;
    double width;          /* of the drawings */
    double narrow;         /* of their second versions; 0: none */
    const zh_pairs *asked; /* parameters, in order; the first of a name counts */
    size_t nasked;
    const zh_sheet *sheet;        /* NULL: none was given */
    const zh_tool_sample *sample; /* NULL: the person's own data */
    /* written by zh_bench_run */
    zh_str finding, lede;
    ZH_VEC(zh_bench_block) blocks;
    ZH_VEC(zh_tool_pick) picks; /* columns that were used */
};

/* Asks the tool. Any refusal is the bench's err: ZH_EINVAL or ZH_ELIMIT with what to do. */
zh_rc zh_bench_run(zh_bench *bench) ZH_MUST;
/* The sample's data; sheet is left alone (NULL) when it has none. */
zh_rc zh_tool_sample_sheet(zh_arena *arena, const zh_tool_sample *sample, const zh_sheet **sheet,
                           zh_err *err) ZH_MUST;
const zh_tool_sample *zh_tool_sample_find(const zh_tool *tool, zh_str id); /* NULL: none */

/* ---- what a tool asks ---- */

/* The value asked for, else the initial one of the ask; never NULL. */
zh_str zh_bench_asked(const zh_bench *b, const char *name);
/* Whether the ask applies: its `when` holds. */
bool zh_bench_applies(const zh_bench *b, const zh_tool_ask *ask);
/* Index of the choice; refuses a value that is none of them. */
zh_rc zh_bench_choice(zh_bench *b, const char *name, size_t *out) ZH_MUST;
/* A number; NAN where nothing is asked. */
zh_rc zh_bench_number(zh_bench *b, const char *name, double *out) ZH_MUST;
/* A number from low to high (both allowed), which must be there. */
zh_rc zh_bench_between(zh_bench *b, const char *name, double low, double high, double *out) ZH_MUST;
zh_rc zh_bench_whole(zh_bench *b, const char *name, int64_t low, int64_t high,
                     int64_t *out) ZH_MUST;
/* The column asked for, else `otherwise`, which may be NULL; refuses an unknown name. */
zh_rc zh_bench_column(zh_bench *b, const char *name, const zh_sheet_column *otherwise,
                      const zh_sheet_column **out) ZH_MUST;
/* The same, which must hold only numbers (missing ones allowed where `gaps`). */
zh_rc zh_bench_numbers(zh_bench *b, const char *name, const zh_sheet_column *otherwise, bool gaps,
                       const zh_sheet_column **out) ZH_MUST;
/* The nth column (from 0) that is numeric, or that is not; NULL: none. */
const zh_sheet_column *zh_bench_nth(const zh_bench *b, size_t n, bool numeric);
/* Refuses the question: rule tool.NAME with what is wrong and what to do. */
zh_rc zh_bench_refuse(zh_bench *b, const char *rule, const char *fix, const char *format, ...)
    ZH_PRINTF(4, 5);
/* Groups of equal texts numbered from 0 in the order of first appearance. */
zh_rc zh_bench_groups(zh_bench *b, const zh_sheet_column *column, size_t **out, zh_str **names,
                      size_t *n) ZH_MUST;

/* ---- what a tool says ---- */

/* Both texts take the same arguments in the same order. */
zh_str zh_bench_say(const zh_bench *b, const char *zh, const char *en, ...) ZH_PRINTF(2, 4)
    ZH_PRINTF(3, 4);
zh_str zh_bench_of(const zh_bench *b, zh_said said);
/* A number with so many significant digits (above ZH_TOOL_DIGITS: at most so many), without
 * exponent where it can be read. */
zh_str zh_bench_digits(const zh_bench *b, double v, int significant);
/* A count with separators. */
zh_str zh_bench_n(const zh_bench *b, size_t n);
zh_str zh_bench_fixed(const zh_bench *b, double v, int decimals);
/* a、b、c 等 n 个: at most so many by name. */
zh_str zh_bench_list(const zh_bench *b, const zh_str *names, size_t n, size_t most);

/* A chart as a figure: its finding, what is drawn, how to read it. */
zh_rc zh_bench_xy(zh_bench *b, const zh_xy *in, zh_str title, zh_str what, zh_str read) ZH_MUST;
zh_rc zh_bench_control(zh_bench *b, const zh_control *in, zh_str title, zh_str what,
                       zh_str read) ZH_MUST;
zh_rc zh_bench_forest(zh_bench *b, const zh_forest *in, zh_str title, zh_str what,
                      zh_str read) ZH_MUST;
zh_rc zh_bench_paths(zh_bench *b, const zh_path_diagram *in, zh_str title, zh_str what,
                     zh_str read) ZH_MUST;
void zh_bench_note(zh_bench *b, zh_str text);

typedef struct zh_bench_table {
    zh_bench *b;
    zh_str title, what;
    bool data;
    zh_doc_column columns[ZH_TOOL_COLUMNS_MAX];
    size_t ncolumns;
    ZH_VEC(zh_doc_cell) cells;
    ZH_VEC(unsigned char) marks;
    size_t left_out; /* rows above ZH_TOOL_ROWS_MAX */
} zh_bench_table;

zh_bench_table zh_bench_table_of(zh_bench *b, zh_str title, zh_str what, bool data);
void zh_bench_head(zh_bench_table *t, zh_str label, bool number);
void zh_bench_line(zh_bench_table *t, zh_row_mark mark); /* begins a row */
void zh_bench_cell(zh_bench_table *t, zh_str text);
void zh_bench_value(zh_bench_table *t, double v, int significant); /* NAN: a dash */
void zh_bench_count(zh_bench_table *t, int64_t n);
void zh_bench_end(zh_bench_table *t);

/* ---- the answer as a document and as files ---- */

/* The blocks as a document, the first `rows` rows of each table. `link` reproduces it. */
zh_doc zh_bench_doc(const zh_bench *b, zh_str link, zh_str stamp, zh_time created, size_t rows);
/* Workbook: the tables, one sheet each, and a sheet that says what they are. */
zh_rc zh_bench_xlsx(const zh_bench *b, zh_str link, zh_buf *out, zh_err *err) ZH_MUST;
/* Figure `i` (from 0) with its furniture, to be taken out of its page. NULL: there is none. */
const zh_draw *zh_bench_plate(const zh_bench *b, size_t i);

#endif
