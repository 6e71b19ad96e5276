/* Showing declared documents; see study.h. */
#include "web/figure/study.h"
#include "base/embedded.h"
#include "web/frame/keep.h"
#include <string.h>

enum { PHONE_WIDTH = 330, PAGE_WIDTH = 1140, FILES = 4, SHORT_BYTES = 20 };

/* ---- declarations
 * ------------------------------------------------------------------------------------- */

zh_rc zh_study_list(zh_ui *ui, const char *folder, zh_study **out, size_t *n)
{
    const zh_embedded *files = NULL;
    zh_str prefix = zh_str_fmt(ui->arena, "packs/demo/data/%s/", folder);
    size_t count = zh_embedded_range(prefix.p, &files);
    *n = 0;
    *out = ZH_NEW_N(ui->arena, zh_study, count + 1);
    for (size_t i = 0; i < count && *n < ZH_STUDIES_MAX; i++) {
        zh_yaml *root = NULL;
        zh_rc rc =
            zh_yaml_parse(ui->arena, zh_embedded_text(&files[i]), files[i].path, &root, ui->err);
        if (rc != ZH_OK) {
            return rc;
        }
        zh_str id = zh_yaml_text(root, "id");
        if (id.n == 0) {
            zh_err_set(ui->err, ZH_EINVAL, "study.id", "专题没有 id");
            zh_yaml_where(root, ui->err);
            return ZH_EINVAL;
        }
        if (zh_report_fits(ui->ctx.model, root)) {
            (*out)[(*n)++] = (zh_study){.id = id, .declared = root};
        }
    }
    return ZH_OK;
}

zh_rc zh_study_compose(zh_ui *ui, zh_study *study, int64_t as_of)
{
    const zh_compose_options options = {.base = ZH_STR(""),
                                        .as_of = as_of,
                                        .served = true,
                                        .english = ui->lang == ZH_LANG_EN,
                                        .width = PAGE_WIDTH,
                                        .narrow = PHONE_WIDTH};
    return zh_report_compose(&ui->ctx, ui->conn, study->declared, &options, &study->made);
}

const zh_yaml *zh_study_item(const zh_study *study, zh_str id)
{
    const zh_yaml *body = zh_yaml_get(study->declared, "body");
    for (const zh_yaml *item = body != NULL ? body->first : NULL; item != NULL; item = item->next) {
        if (id.n > 0 && zh_str_eq(zh_yaml_text(item, "id"), id)) {
            return item;
        }
    }
    return NULL;
}

/* ---- blocks
 * ------------------------------------------------------------------------------------------- */

/* Places of the document that stand for a question become the page that answers it. */
static zh_str served(const zh_study *study, zh_str href)
{
    if (!zh_str_starts(href, ZH_STR("#n-"))) {
        return href;
    }
    const zh_ask *ask = zh_asks_get(&study->made.asks, zh_str_sub(href, 3, href.n));
    return ask != NULL ? zh_show_page(&study->made.show, ask, NULL) : ZH_STR("");
}

zh_rc zh_study_say(zh_ui *ui, const zh_study *study, const zh_yaml *mapping, const char *key,
                   zh_study_title *out)
{
    zh_said said = {0};
    const zh_yaml *node = mapping != NULL ? zh_asks_key(&study->made.asks, mapping, key) : NULL;
    zh_rc rc = node != NULL ? zh_report_say(&ui->ctx, &study->made.asks, node, &said) : ZH_OK;
    if (rc != ZH_OK || node == NULL || said.missing.n > 0) {
        return rc;
    }
    const char *between = out->text.n == 0 ? "" : ui->lang == ZH_LANG_EN ? "; " : "；";
    size_t shift = out->text.n + strlen(between);
    const zh_doc_text *t = &said.text;
    zh_title_link *links = ZH_NEW_N(ui->arena, zh_title_link, out->nlinks + t->nlinks + 1);
    for (size_t i = 0; i < out->nlinks; i++) {
        links[i] = out->links[i];
    }
    for (size_t i = 0; i < t->nlinks; i++) {
        links[out->nlinks++] = (zh_title_link){.from = t->links[i].from + shift,
                                               .n = t->links[i].n,
                                               .url = served(study, t->links[i].href)};
    }
    out->links = links;
    out->text = zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(out->text), between, ZH_FMT(t->text));
    return ZH_OK;
}

static void rich(zh_ui *ui, const zh_study *study, const zh_doc_text *t)
{
    zh_html *h = &ui->html;
    size_t at = 0;
    for (size_t i = 0; i < t->nlinks; i++) {
        const zh_doc_link *link = &t->links[i];
        zh_html_text(h, zh_str_sub(t->text, at, link->from - at));
        zh_html_a(h, "n", served(study, link->href), zh_str_sub(t->text, link->from, link->n));
        at = link->from + link->n;
    }
    zh_html_text(h, zh_str_sub(t->text, at, t->text.n));
}

static zh_str files_of(zh_ui *ui, const zh_study *study, const zh_doc_block *block)
{
    return zh_str_fmt(ui->arena, "/studies/%.*s/%.*s", ZH_FMT(study->id), ZH_FMT(block->id));
}

static zh_str asked(const zh_ui *ui)
{
    zh_str as_of = zh_http_param(ui->request, "as_of");
    return as_of.n > 0 ? zh_str_fmt(ui->arena, "as_of=%.*s", ZH_FMT(as_of)) : ZH_STR("");
}

static zh_str counted(const zh_ui *ui, const zh_doc_block *block)
{
    return block->counted.n > 0 ? zh_str_fmt(ui->arena, "n = %.*s", ZH_FMT(block->counted))
                                : ZH_STR("");
}

void zh_study_figure(zh_ui *ui, const zh_study *study, const zh_doc_block *block, const char *css)
{
    zh_download files[FILES];
    size_t n = block->id.n > 0
                   ? zh_keep_downloads(ui, files_of(ui, study, block), asked(ui), true, true, files)
                   : 0;
    const char *id = block->id.n > 0 ? zh_str_c(ui->arena, block->id) : NULL;
    zh_part_figure_open(
        ui, &(zh_fig_head){.title = block->text.text, .what = block->what, .id = id, .css = css});
    zh_part_drawing_both(ui, block->draw, block->narrow, zh_str_of(id != NULL ? id : "f"));
    zh_part_figure_close(ui, &(zh_fig_foot){.read = block->read,
                                            .source = block->origin,
                                            .n = counted(ui, block),
                                            .downloads = files,
                                            .ndownloads = n});
}

/* A column of dates, codes and figures, which are not broken into lines. */
static bool is_short(const zh_doc_table *t, size_t column)
{
    for (size_t i = column; i < t->nrows * t->ncolumns; i += t->ncolumns) {
        if (t->cells[i].text.n > SHORT_BYTES || t->cells[i].draw != NULL) {
            return false;
        }
    }
    return true;
}

static void table(zh_ui *ui, const zh_study *study, const zh_doc_block *block)
{
    zh_grid g;
    const zh_doc_table *t = &block->table;
    zh_column columns[ZH_DOC_COLUMNS_MAX];
    zh_download files[FILES];
    zh_html *h = &ui->html;
    size_t rows = zh_show_number(zh_study_item(study, block->id), "rows", t->nrows);
    rows = rows < t->nrows ? rows : t->nrows;
    for (size_t k = 0; k < t->ncolumns; k++) {
        columns[k] = (zh_column){.label = t->columns[k].label,
                                 .number = t->columns[k].number,
                                 .css = is_short(t, k) ? (k > 0 ? "lab nw" : NULL) : "full"};
    }
    zh_part_section_open(ui, block->id.n > 0 ? zh_str_c(ui->arena, block->id) : NULL,
                         block->text.text, true);
    if (block->what.n > 0) {
        zh_html_leaf(h, "p", "sm mu", block->what);
    }
    zh_grid_open(&g, ui, columns, t->ncolumns, true, ZH_STR(""));
    for (size_t i = 0; i < rows * t->ncolumns; i++) {
        const zh_doc_cell *cell = &t->cells[i];
        if (i % t->ncolumns == 0) {
            zh_grid_row(&g, NULL);
        }
        zh_grid_cell(&g);
        if (cell->draw != NULL) {
            zh_part_drawing(ui, cell->draw, zh_str_fmt(ui->arena, "t%zu", h->out->n));
        } else if (cell->nil) {
            zh_part_nil(ui, ZH_NIL_NONE, cell->text);
        } else if (cell->href.n > 0) {
            zh_html_a(h, "n", served(study, cell->href), cell->text);
        } else {
            zh_html_text(h, cell->text);
        }
    }
    zh_grid_close(&g);
    if (rows < t->nrows) {
        zh_html_leaf(h, "p", "sm mu",
                     ZH_SAY(ui, ZH_T_IND_MORE_ROWS, zh_ui_count(ui, (int64_t)rows),
                            zh_ui_count(ui, (int64_t)t->nrows)));
    }
    size_t n = block->id.n > 0 ? zh_keep_downloads(ui, files_of(ui, study, block), asked(ui), false,
                                                   true, files)
                               : 0;
    zh_part_furniture(ui, &(zh_fig_foot){.read = block->read,
                                         .source = block->origin,
                                         .n = counted(ui, block),
                                         .downloads = files,
                                         .ndownloads = n});
    zh_part_section_close(ui);
}

static void list(zh_ui *ui, const zh_study *study, const zh_doc_block *block)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "ul", "prose dots");
    for (size_t i = 0; i < block->nitems; i++) {
        zh_html_open(h, "li", NULL);
        rich(ui, study, &block->items[i]);
        zh_html_close(h);
    }
    zh_html_close(h);
}

void zh_study_block(zh_ui *ui, const zh_study *study, const zh_doc_block *block)
{
    zh_html *h = &ui->html;
    switch (block->kind) {
    case ZH_DOC_CHAPTER:
    case ZH_DOC_SECTION:
        zh_html_leaf(h, block->kind == ZH_DOC_CHAPTER ? "h2" : "h3", NULL, block->text.text);
        break;
    case ZH_DOC_FINDING:
    case ZH_DOC_PARAGRAPH:
        zh_html_open(h, "p", "prose");
        rich(ui, study, &block->text);
        zh_html_close(h);
        break;
    case ZH_DOC_NOTE:
        zh_part_note_open(ui, ZH_NOTE_PLAIN);
        zh_html_open(h, "p", NULL);
        rich(ui, study, &block->text);
        zh_html_close(h);
        zh_part_note_close(ui);
        break;
    case ZH_DOC_LIST: list(ui, study, block); break;
    case ZH_DOC_FIGURE: zh_study_figure(ui, study, block, NULL); break;
    case ZH_DOC_TABLE: table(ui, study, block); break;
    case ZH_DOC_CONTENTS:
    case ZH_DOC_PAGE: break;
    }
}
