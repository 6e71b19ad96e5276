/* GET /studies: 专题, those whose data are here and those that wait for theirs.
 * GET /studies/{id}: one, its finding as the title.
 * GET /studies/{id}/{file}: a figure of it (or of the board) as SVG, PNG, CSV or XLSX. */
#include "web/figure/study.h"
#include "web/frame/keep.h"
#include <inttypes.h>

enum { FIGURE_COLUMNS = 10, FIGURE_ROWS_MAX = 20000, NOTES = 5 };

static zh_rc as_of(zh_ui *ui, int64_t *out)
{
    zh_str text = zh_http_param(ui->request, "as_of");
    *out = ZH_AS_OF_NOW;
    if (text.n > 0 && (zh_str_i64(text, out) != ZH_OK || *out < 0)) {
        return zh_err_set(ui->err, ZH_EINVAL, "question.as_of", "账本位置要是不小于 0 的整数");
    }
    return ZH_OK;
}

static zh_rc find(zh_ui *ui, const char *folder, zh_str id, zh_study **out)
{
    zh_study *all = NULL;
    size_t n = 0;
    *out = NULL;
    zh_rc rc = zh_study_list(ui, folder, &all, &n);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        *out = zh_str_eq(all[i].id, id) ? &all[i] : *out;
    }
    return rc;
}

/* ---- one
 * ------------------------------------------------------------------------------------------ */

static zh_rc show_one(zh_ui *ui)
{
    zh_study *study = NULL;
    int64_t position = ZH_AS_OF_NOW;
    zh_str id = zh_http_arg(ui->request, "id");
    zh_study_title finding = {0};
    zh_rc rc = find(ui, "study", id, &study);
    if (rc == ZH_OK && study == NULL) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "study.unknown", "没有专题“%.*s”", ZH_FMT(id));
    }
    if (rc == ZH_OK) {
        rc = as_of(ui, &position);
    }
    if (rc == ZH_OK) {
        rc = zh_study_compose(ui, study, position);
    }
    if (rc == ZH_OK) {
        rc = zh_study_say(ui, study, study->declared, "headline", &finding);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_doc *doc = &study->made.doc;
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_STUDY,
                                    .title = finding.text.n > 0 ? finding.text : doc->title,
                                    .links = finding.links,
                                    .nlinks = finding.nlinks,
                                    .lede = doc->subject,
                                    .above = zh_ui_text(ui, ZH_T_STUDY_ABOVE),
                                    .above_url = ZH_STR("/studies")});
    zh_html_open(&ui->html, "div", "stack");
    if (finding.text.n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_STUDY_NONE),
                      ZH_SAY(ui, ZH_T_STUDY_NONE_TEXT,
                             zh_asks_text(&study->made.asks, study->declared, "needs")),
                      ZH_STR("/import"), zh_ui_text(ui, ZH_T_BOARD_IMPORT));
        return ZH_OK;
    }
    for (size_t i = 0; i < doc->n; i++) {
        zh_study_block(ui, study, &doc->blocks[i]);
    }
    return ZH_OK;
}

/* ---- all
 * ------------------------------------------------------------------------------------------ */

static zh_rc show_all(zh_ui *ui)
{
    zh_study *studies = NULL;
    size_t n = 0;
    zh_rc rc = zh_study_list(ui, "study", &studies, &n);
    zh_study_title *findings = ZH_NEW_N(ui->arena, zh_study_title, n + 1);
    int64_t found = 0;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = zh_study_compose(ui, &studies[i], ZH_AS_OF_NOW);
        if (rc == ZH_OK) {
            rc = zh_study_say(ui, &studies[i], studies[i].declared, "headline", &findings[i]);
        }
        found += rc == ZH_OK && findings[i].text.n > 0;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_column columns[] = {{.label = zh_ui_text(ui, ZH_T_STUDY_COL), .css = "full"},
                                 {.label = zh_ui_text(ui, ZH_T_STUDY_COL_FINDING), .css = "full"}};
    zh_grid g;
    zh_ui_head(ui,
               &(zh_ui_head_of){.nav = ZH_T_NAV_STUDY,
                                .title = ZH_SAY(ui, ZH_T_STUDY_TITLE, zh_ui_count(ui, (int64_t)n),
                                                zh_ui_count(ui, found)),
                                .lede = zh_ui_text(ui, ZH_T_STUDY_LEDE)});
    zh_part_section_open(ui, "studies", zh_ui_text(ui, ZH_T_STUDY_ABOVE), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        const zh_composed *made = &studies[i].made;
        zh_str url = zh_url_path(ui->arena, "/studies", studies[i].id, ZH_STR_NONE);
        zh_grid_row(&g, NULL);
        zh_grid_cell(&g);
        zh_html_a(&ui->html, "t", url, made->doc.title);
        zh_html_leaf(&ui->html, "span", "why", made->doc.subject);
        zh_grid_cell(&g);
        if (findings[i].text.n > 0) {
            zh_html_text(&ui->html, findings[i].text);
        } else {
            zh_part_nil(ui, ZH_NIL_NONE,
                        ZH_SAY(ui, ZH_T_STUDY_NONE_TEXT,
                               zh_asks_text(&made->asks, studies[i].declared, "needs")));
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- files
 * ---------------------------------------------------------------------------------------- */

static zh_str plain(zh_ui *ui, double v)
{
    return zh_str_fmt(ui->arena, "%.10g", v);
}

/* The answers a figure is drawn from, row by row. */
static size_t figure_rows(zh_ui *ui, const zh_study *study, const zh_doc_block *block,
                          zh_str *cells)
{
    size_t n = 0;
    for (size_t a = 0; a < block->nasks; a++) {
        const zh_ask *ask = zh_asks_get(&study->made.asks, block->asks[a]);
        for (size_t i = 0; i < ask->nrows && ask->rows != NULL && n < FIGURE_ROWS_MAX; i++) {
            const zh_figure *f = &ask->rows[i].figure;
            const zh_str row[FIGURE_COLUMNS] = {ask->name,
                                                ask->title,
                                                ask->rows[i].key,
                                                ask->rows[i].label,
                                                f->has_value ? f->shown : ZH_STR(""),
                                                f->has_interval ? plain(ui, f->low) : ZH_STR(""),
                                                f->has_interval ? plain(ui, f->high) : ZH_STR(""),
                                                f->num,
                                                f->den,
                                                zh_str_fmt(ui->arena, "%" PRId64, f->n)};
            for (size_t k = 0; k < FIGURE_COLUMNS; k++) {
                cells[n * FIGURE_COLUMNS + k] = row[k];
            }
            n++;
        }
        for (size_t i = 0; i < ask->npairs && n < FIGURE_ROWS_MAX; i++) {
            const zh_detected *p = &ask->pairs[i];
            const zh_ratio *prr = &p->stats.prr;
            const zh_str row[FIGURE_COLUMNS] = {
                ask->name,
                p->row_label,
                p->column,
                p->column_label,
                prr->state == ZH_RATIO_FINITE ? plain(ui, prr->value) : ZH_STR(""),
                prr->has_interval ? plain(ui, prr->interval.lower) : ZH_STR(""),
                prr->has_interval ? plain(ui, prr->interval.upper) : ZH_STR(""),
                zh_str_fmt(ui->arena, "%" PRIu64, p->table.a),
                zh_str_fmt(ui->arena, "%" PRIu64, p->table.a + p->table.b),
                zh_str_fmt(ui->arena, "%" PRId64, ask->units)};
            for (size_t k = 0; k < FIGURE_COLUMNS; k++) {
                cells[n * FIGURE_COLUMNS + k] = row[k];
            }
            n++;
        }
    }
    return n;
}

static zh_rc keep_rows(zh_ui *ui, const zh_study *study, const zh_doc_block *block,
                       zh_keep_table *t)
{
    static const char *const names[FIGURE_COLUMNS] = {"question", "about", "key", "label", "value",
                                                      "low",      "high",  "num", "den",   "n"};
    zh_keep_column *columns = ZH_NEW_N(ui->arena, zh_keep_column, ZH_DOC_COLUMNS_MAX);
    if (block->kind == ZH_DOC_TABLE) {
        const zh_doc_table *from = &block->table;
        zh_str *cells = ZH_TRY_N(ui->arena, zh_str, from->nrows * from->ncolumns + 1);
        t->ncolumns = from->ncolumns;
        t->nrows = from->nrows;
        t->cells = cells;
        for (size_t k = 0; k < from->ncolumns; k++) {
            columns[k] =
                (zh_keep_column){.name = from->columns[k].label, .number = from->columns[k].number};
        }
        for (size_t i = 0; cells != NULL && i < t->nrows * t->ncolumns; i++) {
            cells[i] = from->cells[i].text;
        }
    } else {
        size_t rows = 0;
        for (size_t a = 0; a < block->nasks; a++) {
            const zh_ask *ask = zh_asks_get(&study->made.asks, block->asks[a]);
            rows += (ask->rows != NULL ? ask->nrows : 0) + ask->npairs;
        }
        zh_str *cells = ZH_TRY_N(ui->arena, zh_str, rows * FIGURE_COLUMNS + 1);
        for (size_t k = 0; k < FIGURE_COLUMNS; k++) {
            columns[k] =
                (zh_keep_column){.name = zh_str_of(names[k]), .number = k >= 4, .width = 0};
        }
        t->ncolumns = FIGURE_COLUMNS;
        t->cells = cells;
        t->nrows = cells != NULL ? figure_rows(ui, study, block, cells) : 0;
    }
    t->columns = columns;
    return t->cells != NULL ? ZH_OK
                            : zh_err_set(ui->err, ZH_ELIMIT, "study.file", "表太大，不能成文件");
}

static zh_rc keep(zh_ui *ui, const zh_study *study, const zh_doc_block *block, zh_keep_form form)
{
    zh_str name = zh_str_fmt(ui->arena, "%.*s-%.*s", ZH_FMT(study->id), ZH_FMT(block->id));
    if (form == ZH_KEEP_SVG || form == ZH_KEEP_PNG) {
        return zh_keep_figure_as(
            ui, name,
            &(zh_keep_figure){.title = block->text.text,
                              .what = block->what,
                              .read = block->read,
                              .source = block->origin,
                              .n = zh_str_fmt(ui->arena, "n = %.*s", ZH_FMT(block->counted)),
                              .list = block->draw},
            form);
    }
    const zh_keep_note notes[NOTES] = {
        {zh_ui_text(ui, ZH_T_STUDY_COL_FINDING), block->text.text},
        {zh_ui_text(ui, ZH_T_STUDY_WHAT), block->what},
        {zh_ui_text(ui, ZH_T_STUDY_READ), block->read},
        {zh_ui_text(ui, ZH_T_IND_SOURCE), block->source},
        {zh_ui_text(ui, ZH_T_STAMP),
         ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, study->made.position))}};
    zh_keep_table t = {.notes = notes, .nnotes = NOTES};
    zh_rc rc = keep_rows(ui, study, block, &t);
    return rc == ZH_OK ? zh_keep_table_as(ui, name, &t, form) : rc;
}

static zh_rc show_file(zh_ui *ui)
{
    zh_study *study = NULL;
    int64_t position = ZH_AS_OF_NOW;
    zh_keep_form form = ZH_KEEP_CSV;
    zh_str stem = ZH_STR("");
    zh_str id = zh_http_arg(ui->request, "id");
    zh_rc rc = zh_keep_form_of(ui, zh_http_arg(ui->request, "file"), &form, &stem);
    if (rc == ZH_OK) {
        rc = find(ui, "study", id, &study);
    }
    if (rc == ZH_OK && study == NULL) {
        rc = find(ui, "board", id, &study);
    }
    if (rc == ZH_OK && (study == NULL || zh_study_item(study, stem) == NULL)) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "study.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = as_of(ui, &position);
    }
    if (rc == ZH_OK) {
        rc = zh_study_compose(ui, study, position);
    }
    for (size_t i = 0; rc == ZH_OK && i < study->made.doc.n; i++) {
        const zh_doc_block *block = &study->made.doc.blocks[i];
        if (zh_str_eq(block->id, stem)) {
            return keep(ui, study, block, form);
        }
    }
    return rc == ZH_OK ? zh_err_set(ui->err, ZH_ENOTFOUND, "study.data", "数据未到，没有这个文件")
                       : rc;
}

/* ---- routes
 * --------------------------------------------------------------------------------------- */

static zh_rc all(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show_all);
}

static zh_rc one(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show_one);
}

static zh_rc file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, show_file);
}

ZH_ROUTE(page_studies) = {
    .method = "GET", .path = "/studies", .en = "studies", .slow = true, .handle = all};

ZH_ROUTE(page_study) = {
    .method = "GET", .path = "/studies/{id}", .en = "a study", .slow = true, .handle = one};

ZH_ROUTE(page_study_file) = {
    .method = "GET",
    .path = "/studies/{id}/{file}",
    .en = "a figure or table of a study or of the board, to keep",
    .slow = true,
    .handle = file,
};
