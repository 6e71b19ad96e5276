/* The problems of a check or a commit, in place. */
#include "web/import/import_view.h"
#include <inttypes.h>
#include <string.h>

enum {
    ROWS_SHOWN = 50,
    COLUMNS_SHOWN = 7, /* of the file, in the table of rows */
};

typedef zh_import_view view;

static zh_str count(const view *v, int64_t n)
{
    return zh_ui_count(v->ui, n);
}

static void level(const view *v, char severity)
{
    zh_part_lamp(v->ui,
                 severity == 'r'   ? ZH_LAMP_ACT
                 : severity == 'd' ? ZH_LAMP_WATCH
                                   : ZH_LAMP_NIL,
                 zh_ui_text(v->ui, severity == 'r'   ? ZH_T_IMPORT_LEVEL_R
                                   : severity == 'd' ? ZH_T_IMPORT_LEVEL_D
                                                     : ZH_T_IMPORT_LEVEL_H));
}

static char severity_of(const zh_json *e)
{
    zh_str s = zh_import_text(e, "severity");
    return s.n > 0 ? s.p[0] : 'h';
}

static void problem_cell(const view *v, const zh_json *e)
{
    zh_html *h = &v->ui->html;
    zh_html_value(h, zh_import_text(e, "message"));
    zh_html_open(h, "small", "why mono");
    zh_html_text(h, zh_import_text(e, "rule"));
    zh_html_close(h);
}

/* What the rule says to do, else what can always be done. */
static zh_str fix_of(const view *v, const zh_json *e)
{
    zh_str fix = zh_import_text(e, "fix");
    char severity = severity_of(e);
    return fix.n > 0         ? fix
           : severity == 'r' ? zh_ui_text(v->ui, ZH_T_IMPORT_FIX_REFUSED)
           : severity == 'd' ? zh_ui_text(v->ui, ZH_T_IMPORT_FIX_DOUBTFUL)
                             : zh_ui_text(v->ui, ZH_T_IMPORT_FIX_HINT);
}

static const zh_json *cell_of(const zh_json *e, int64_t at)
{
    const zh_json *cells = zh_json_get(e, "cells");
    return cells != NULL && at >= 0 ? zh_json_at(cells, (size_t)at) : NULL;
}

static zh_str rule_url(const view *v, zh_str rule)
{
    zh_str url = zh_url_add(v->ui->arena, zh_import_url(v->ui->arena, v->job.id, ""), "view",
                            ZH_STR("rows"));
    url = zh_url_add(v->ui->arena, url, "rule", rule);
    return zh_str_fmt(v->ui->arena, "%.*s#problems", ZH_FMT(url));
}

static void kind_row(const view *v, zh_grid *grid, const zh_json *kind)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_str rule = zh_import_text(kind, "rule");
    const zh_json *errors = zh_json_get(v->report, "errors");
    const zh_json *e = errors != NULL ? errors->first : NULL;
    while (e != NULL && !zh_str_eq(zh_import_text(e, "rule"), rule)) {
        e = e->next;
    }
    zh_grid_row(grid, NULL);
    zh_grid_cell(grid);
    if (e != NULL) {
        level(v, severity_of(e));
    }
    zh_grid_cell(grid);
    zh_html_a(h, "n", rule_url(v, rule), count(v, zh_import_number(kind, "n")));
    if (e == NULL) { /* beyond what is kept */
        zh_grid_text(grid, ZH_STR(""));
        zh_grid_text(grid, ZH_STR(""));
        zh_grid_cell(grid);
        zh_html_leaf(h, "span", "mono", rule);
        zh_grid_text(grid, ZH_STR(""));
        return;
    }
    zh_str header = zh_import_text(e, "header");
    zh_grid_value(grid, header.n > 0 ? header : zh_ui_text(ui, ZH_T_IMPORT_WHOLE_ROW));
    zh_grid_cell(grid);
    zh_html_leaf_value(h, "span", "mono",
                       zh_json_str(cell_of(e, zh_import_number(e, "at")), ZH_STR("")));
    zh_grid_cell(grid);
    problem_cell(v, e);
    zh_grid_text(grid, fix_of(v, e));
}

static void by_kind(const view *v, const zh_json *kinds)
{
    zh_ui *ui = v->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_LEVEL), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_COUNT), .number = true},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_COLUMN), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_VALUE), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_PROBLEM), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_FIX), .css = "full"},
    };
    zh_grid grid;
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (const zh_json *kind = kinds->first; kind != NULL; kind = kind->next) {
        kind_row(v, &grid, kind);
    }
    zh_grid_close(&grid);
}

/* The errors of one page of rows: those of a rule when one is asked for. */
typedef struct rows_page {
    const zh_json *errors[ZH_INTAKE_ERRORS_KEPT];
    size_t n;     /* errors, row by row */
    int64_t left; /* rows that follow */
    int64_t next; /* how many rows were before them */
    int64_t columns[COLUMNS_SHOWN];
    size_t ncolumns;
} rows_page;

static bool same_row(const zh_json *a, const zh_json *b)
{
    return a != NULL && b != NULL &&
           zh_import_number(a, "ordinal") == zh_import_number(b, "ordinal") &&
           zh_import_number(a, "row") == zh_import_number(b, "row") &&
           zh_str_eq(zh_import_text(a, "sheet"), zh_import_text(b, "sheet"));
}

static void add_column(rows_page *p, int64_t at)
{
    size_t i = 0;
    while (i < p->ncolumns && p->columns[i] < at) {
        i++;
    }
    if (at < 0 || p->ncolumns == COLUMNS_SHOWN || (i < p->ncolumns && p->columns[i] == at)) {
        return;
    }
    memmove(&p->columns[i + 1], &p->columns[i], (p->ncolumns - i) * sizeof p->columns[0]);
    p->columns[i] = at;
    p->ncolumns++;
}

static void gather_rows(const view *v, rows_page *p)
{
    zh_str rule = zh_http_param(v->ui->request, "rule");
    int64_t from = 0;
    int64_t row = -1;
    const zh_json *last = NULL;
    const zh_json *errors = zh_json_get(v->report, "errors");
    if (zh_str_i64(zh_http_param(v->ui->request, "from"), &from) != ZH_OK || from < 0) {
        from = 0;
    }
    for (const zh_json *e = errors != NULL ? errors->first : NULL; e != NULL; e = e->next) {
        if (rule.n > 0 && !zh_str_eq(zh_import_text(e, "rule"), rule)) {
            continue;
        }
        row += !same_row(e, last);
        last = e;
        if (row >= from && row < from + ROWS_SHOWN && p->n < ZH_INTAKE_ERRORS_KEPT) {
            p->errors[p->n++] = e;
            add_column(p, zh_import_number(e, "at"));
        }
    }
    p->next = from + ROWS_SHOWN;
    p->left = row + 1 > p->next ? row + 1 - p->next : 0;
    for (int64_t i = 0; p->ncolumns < COLUMNS_SHOWN && i < COLUMNS_SHOWN; i++) {
        const zh_json *columns = zh_json_get(v->report, "columns");
        if (columns != NULL && (size_t)i < columns->n) {
            add_column(p, i);
        }
    }
}

static zh_str header_of(const view *v, int64_t at)
{
    const zh_json *columns = zh_json_get(v->report, "columns");
    const zh_json *column = columns != NULL ? zh_json_at(columns, (size_t)at) : NULL;
    zh_str header = column != NULL ? zh_import_text(column, "header") : ZH_STR("");
    return header.n > 0 ? header : zh_str_fmt(v->ui->arena, "#%" PRId64, at + 1);
}

/* One row as it stands, its wrong cells marked, and what is wrong with it. */
static void bad_row(const view *v, zh_grid *grid, const rows_page *p, size_t first, size_t n)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_json *e = p->errors[first];
    zh_str sheet = zh_import_text(e, "sheet");
    zh_grid_row(grid, NULL);
    zh_grid_cell(grid);
    if (sheet.n > 0) {
        zh_html_text(h, sheet);
        zh_html_z(h, " ");
    }
    zh_html_f(h, "%" PRId64, zh_import_number(e, "row"));
    for (size_t c = 0; c < p->ncolumns; c++) {
        char worst = 0;
        for (size_t i = 0; i < n; i++) {
            char s = severity_of(p->errors[first + i]);
            bool here = zh_import_number(p->errors[first + i], "at") == p->columns[c];
            worst = here && (worst == 0 || s == 'r' || (s == 'd' && worst == 'h')) ? s : worst;
        }
        zh_str text = zh_json_str(cell_of(e, p->columns[c]), ZH_STR(""));
        zh_grid_cell(grid);
        if (worst != 0) {
            zh_html_open(h, "mark", worst == 'r' ? "bad" : worst == 'd' ? "doubt" : "hint");
            zh_html_text(h, text.n > 0 ? text : zh_ui_text(ui, ZH_T_IMPORT_EMPTY_CELL));
            zh_html_close(h);
        } else {
            zh_html_text(h, text);
        }
    }
    zh_grid_cell(grid);
    for (size_t i = 0; i < n; i++) {
        const zh_json *each = p->errors[first + i];
        zh_html_open(h, "div", "import-problem");
        level(v, severity_of(each));
        zh_html_z(h, " ");
        if (zh_import_text(each, "header").n > 0) {
            zh_html_leaf_value(h, "b", NULL, zh_import_text(each, "header"));
            zh_html_z(h, " ");
        }
        problem_cell(v, each);
        zh_html_leaf(h, "small", "fix", fix_of(v, each));
        zh_html_close(h);
    }
}

static void by_row(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    rows_page *p = ZH_NEW(ui->arena, rows_page);
    zh_column columns[COLUMNS_SHOWN + 2] = {
        {.label = zh_ui_text(ui, ZH_T_IMPORT_COL_ROW), .css = "nw mu"}};
    gather_rows(v, p);
    for (size_t i = 0; i < p->ncolumns; i++) {
        columns[i + 1] = (zh_column){.label = header_of(v, p->columns[i]), .css = "lab raw"};
    }
    columns[p->ncolumns + 1] =
        (zh_column){.label = zh_ui_text(ui, ZH_T_IMPORT_COL_PROBLEM), .css = "full"};
    zh_grid grid;
    zh_grid_open(&grid, ui, columns, p->ncolumns + 2, true, ZH_STR(""));
    for (size_t i = 0; i < p->n;) {
        size_t end = i + 1;
        while (end < p->n && same_row(p->errors[i], p->errors[end])) {
            end++;
        }
        bad_row(v, &grid, p, i, end - i);
        i = end;
    }
    zh_grid_close(&grid);
    if (p->left > 0) {
        zh_html_open(h, "p", "import-more");
        zh_html_a(h, "btn",
                  zh_url_with(ui->request, "from", zh_str_fmt(ui->arena, "%" PRId64, p->next)),
                  ZH_SAY(ui, ZH_T_IMPORT_NEXT, count(v, p->left)));
        zh_html_close(h);
    }
}

static void view_switch(const view *v, bool rows)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_str here = zh_import_url(ui->arena, v->job.id, "");
    zh_html_open(h, "div", "seg");
    for (int i = 0; i < 2; i++) {
        zh_html_open(h, "a", "btn");
        zh_html_link(
            h, "href",
            zh_str_fmt(ui->arena, "%.*s%s#problems", ZH_FMT(here), i == 1 ? "?view=rows" : ""));
        if (rows == (i == 1)) {
            zh_html_attr_z(h, "aria-current", "true");
        }
        zh_html_text(h, zh_ui_text(ui, i == 1 ? ZH_T_IMPORT_BY_ROW : ZH_T_IMPORT_BY_KIND));
        zh_html_close(h);
    }
    zh_html_close(h);
}

static void downloads(const view *v, int64_t total, size_t kinds)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "pager");
    zh_html_open(h, "span", NULL);
    zh_html_text(h, ZH_SAY(ui, ZH_T_IMPORT_TOTAL, count(v, total), count(v, (int64_t)kinds)));
    if (total > (int64_t)ZH_INTAKE_ERRORS_KEPT) {
        zh_html_z(h, "；");
        zh_html_text(h, ZH_SAY(ui, ZH_T_IMPORT_KEPT, count(v, (int64_t)ZH_INTAKE_ERRORS_KEPT)));
    }
    zh_html_close(h);
    zh_html_open(h, "span", "bar");
    zh_html_a(h, "btn quiet", zh_import_url(ui->arena, v->job.id, "/errors.csv"),
              zh_ui_text(ui, ZH_T_IMPORT_DOWN_ERRORS));
    if (v->doubtful + v->refused > 0) {
        zh_html_open(h, "a", "btn");
        zh_html_link(h, "href", zh_import_url(ui->arena, v->job.id, "/rows.csv"));
        zh_part_icon(ui, ZH_ICON_DOWN);
        zh_html_text(h, zh_ui_text(ui, ZH_T_IMPORT_DOWN_ROWS));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

void zh_import_problems(const view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    bool rows = zh_str_is(zh_http_param(ui->request, "view"), "rows");
    const zh_json *kinds = zh_json_get(v->report, "by_rule");
    int64_t total = zh_import_number(v->report, "errors_total");
    zh_part_section_open(ui, "problems", ZH_STR(""), total > 0);
    zh_html_open(h, "div", "bar sp");
    zh_html_leaf(h, "h2", NULL,
                 zh_ui_text(ui, total == 0 ? ZH_T_IMPORT_SEE_NONE
                                : rows     ? ZH_T_IMPORT_SEE_ROWS
                                           : ZH_T_IMPORT_SEE));
    if (total > 0) {
        view_switch(v, rows);
    }
    zh_html_close(h);
    if (total > 0 && rows) {
        by_row(v);
    } else if (total > 0 && kinds != NULL) {
        by_kind(v, kinds);
    }
    if (total > 0) {
        downloads(v, total, kinds != NULL ? kinds->n : 0);
    }
    zh_part_section_close(ui);
}
