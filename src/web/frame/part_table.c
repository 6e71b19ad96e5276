/* Sections and tables. */
#include "web/frame/part.h"
#include <inttypes.h>

void zh_part_section_open(zh_ui *ui, const char *id, zh_str title, bool flush)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "section", flush ? "sec flush" : "sec");
    if (id != NULL) {
        zh_html_attr_z(h, "id", id);
    }
    if (title.n > 0) {
        zh_html_leaf(h, "h2", NULL, title);
    }
}

void zh_part_section_close(zh_ui *ui)
{
    zh_html_close(&ui->html);
}

static void heading(zh_ui *ui, const zh_column *column)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "th", column->number ? "r" : NULL);
    zh_html_attr_z(h, "scope", "col");
    if (column->sorted != 0) {
        zh_html_attr_z(h, "aria-sort", column->sorted > 0 ? "ascending" : "descending");
    }
    if (column->sort_url.n > 0) {
        zh_html_open(h, "a", "sort");
        zh_html_link(h, "href", column->sort_url);
        zh_html_attr(h, "title", ZH_SAY(ui, ZH_T_SORT_BY, column->label));
        zh_html_text(h, column->label);
        zh_html_close(h);
    } else {
        zh_html_text(h, column->label);
    }
    zh_html_close(h);
}

void zh_grid_open(zh_grid *grid, zh_ui *ui, const zh_column *columns, size_t n, bool cards,
                  zh_str caption)
{
    zh_html *h = &ui->html;
    zh_assert(n > 0 && n <= ZH_GRID_COLUMNS_MAX);
    zh_html_open(h, "div", "tw");
    if (!cards) {
        zh_html_attr_z(h, "tabindex", "0"); /* may scroll sideways: reachable by keyboard */
        zh_html_attr_z(h, "role", "group");
        zh_html_attr(h, "aria-label", caption.n > 0 ? caption : columns[0].label);
    }
    zh_html_open(h, "table", cards ? "cards" : NULL);
    if (caption.n > 0) {
        zh_html_leaf(h, "caption", NULL, caption);
    }
    zh_html_open(h, "thead", NULL);
    zh_html_open(h, "tr", NULL);
    for (size_t i = 0; i < n; i++) {
        heading(ui, &columns[i]);
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_html_open(h, "tbody", NULL);
    *grid = (zh_grid){.ui = ui, .columns = columns, .ncolumns = n, .depth = h->depth};
}

static void end_row(zh_grid *grid)
{
    zh_html_close_to(&grid->ui->html, grid->depth);
    grid->in_row = false;
    grid->at = 0;
}

void zh_grid_row(zh_grid *grid, const char *css)
{
    end_row(grid);
    zh_html_open(&grid->ui->html, "tr", css);
    grid->in_row = true;
}

static zh_html *group(zh_grid *grid)
{
    zh_html *h = &grid->ui->html;
    end_row(grid);
    zh_html_open(h, "tr", "grp");
    zh_html_open(h, "th", NULL);
    zh_html_attr_f(h, "colspan", "%zu", grid->ncolumns);
    zh_html_attr_z(h, "scope", "rowgroup");
    return h;
}

void zh_grid_group(zh_grid *grid, zh_str title)
{
    zh_html_text(group(grid), title);
    end_row(grid);
}

void zh_grid_value_group(zh_grid *grid, zh_str title)
{
    zh_html_value(group(grid), title);
    end_row(grid);
}

void zh_grid_cell(zh_grid *grid)
{
    zh_html *h = &grid->ui->html;
    zh_assert(grid->in_row && grid->at < grid->ncolumns);
    const zh_column *column = &grid->columns[grid->at++];
    zh_html_close_to(h, grid->depth + 1);
    zh_html_open(h, "td", NULL);
    if (column->number || column->css != NULL) {
        zh_html_attr_f(h, "class", "%s%s%s", column->number ? "r" : "",
                       column->number && column->css != NULL ? " " : "",
                       column->css != NULL ? column->css : "");
    }
    zh_html_attr(h, "data-l", column->label);
}

void zh_grid_text(zh_grid *grid, zh_str text)
{
    zh_grid_cell(grid);
    zh_html_text(&grid->ui->html, text);
}

void zh_grid_link(zh_grid *grid, zh_str url, zh_str text)
{
    zh_grid_cell(grid);
    if (url.n > 0) {
        zh_html_a(&grid->ui->html, NULL, url, text);
    } else {
        zh_html_text(&grid->ui->html, text);
    }
}

void zh_grid_value(zh_grid *grid, zh_str text)
{
    zh_grid_cell(grid);
    zh_html_value(&grid->ui->html, text);
}

void zh_grid_value_link(zh_grid *grid, zh_str url, zh_str text)
{
    zh_grid_cell(grid);
    if (url.n > 0) {
        zh_html_a_value(&grid->ui->html, NULL, url, text);
    } else {
        zh_html_value(&grid->ui->html, text);
    }
}

void zh_grid_close(zh_grid *grid)
{
    end_row(grid);
    zh_html_close_to(&grid->ui->html, grid->depth - 3); /* tbody, table, div */
}
