/* GET /targets/{outline}/{id}: one target: what the clause says, where it stands and why, its path,
 * its evidence, and what else the same clause calls for.
 * GET /targets/{outline}/{id}/{file}: its path as a picture or a table (path.svg, .png, .csv,
 * .xlsx). */
#include "core/adoption/mechanism.h"
#include "web/frame/keep.h"
#include "web/frame/question.h"
#include "web/outline/target_view.h"
#include <inttypes.h>
#include <string.h>

enum { EVIDENCE_SHOWN = 100, CHART_WIDTH = 760, FILES = 4 };

typedef struct view {
    zh_ui *ui;
    zh_target target;
    const zh_outline_item *item;
    const zh_outline *outline;
    int64_t as_of;
} view;

/* ---- what the clause says -------------------------------------------------------------------- */

static zh_str plan_period(view *v)
{
    zh_ui *ui = v->ui;
    zh_str from = zh_str_fmt(ui->arena, "%" PRId32, v->item->from);
    if (v->outline == NULL || v->outline->to == 0) {
        return ZH_SAY(ui, ZH_T_TARGET_PERIOD_OPEN, from);
    }
    return ZH_SAY(ui, ZH_T_TARGET_YEARS, from, zh_str_fmt(ui->arena, "%" PRId32, v->outline->to));
}

static void fact(view *v, zh_text_id name, zh_str value)
{
    if (value.n > 0) {
        zh_part_kv(v->ui, zh_ui_text(v->ui, name), value);
    }
}

static void said(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_outline_item *item = v->item;
    zh_part_section_open(ui, "clause", zh_ui_text(ui, ZH_T_TARGET_FACTS_HEAD), false);
    zh_html_open(h, "blockquote", "quote");
    zh_html_attr_z(h, "lang", "zh");
    zh_html_text(h, item->quote);
    zh_html_close(h);
    zh_part_kv_open(ui);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TARGETS_COL_CLAUSE));
    zh_html_value(h, v->outline != NULL ? zh_ui_label(ui, v->outline->title) : item->outline);
    zh_html_z(h, " ");
    zh_html_a_value(h, NULL, zh_clause_url(ui->arena, item->outline, item->clause),
                    ZH_SAY(ui, ZH_T_TARGETS_CLAUSE_GROUP, item->clause));
    zh_html_close(h);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TARGETS_COL_WANTED));
    zh_html_leaf_value(h, "b", NULL, zh_target_wanted(ui, item));
    zh_html_leaf(h, "span", "u", zh_target_unit(ui, item));
    zh_html_close(h);
    if (item->has_value) {
        fact(v, ZH_T_TARGET_REFERENCE, zh_ui_label(ui, item->reference));
    }
    fact(v, ZH_T_TARGETS_L_YEAR,
         item->deadline != 0 ? zh_str_fmt(ui->arena, "%" PRId32, item->deadline)
                             : zh_ui_text(ui, ZH_T_TARGET_DEADLINE_NONE));
    fact(v, ZH_T_TARGET_PERIOD, item->from != 0 ? plan_period(v) : ZH_STR(""));
    fact(v, ZH_T_TARGETS_L_KIND,
         zh_ui_text(ui, zh_target_kind_name(zh_target_kind_of(&v->target))));
    fact(v, ZH_T_TARGETS_L_AREA, zh_target_area(ui, item->dimension));
    fact(v, ZH_T_TARGET_SCOPE, zh_ui_label(ui, item->scope));
    fact(v, ZH_T_TARGET_OBLIGATION,
         zh_str_is(item->obligation, "binding")    ? zh_ui_text(ui, ZH_T_TARGET_O_BINDING)
         : zh_str_is(item->obligation, "expected") ? zh_ui_text(ui, ZH_T_TARGET_O_EXPECTED)
                                                   : item->obligation);
    fact(v, ZH_T_TARGET_RESPONSIBLE, zh_ui_label(ui, item->responsible));
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

/* ---- where it stands ------------------------------------------------------------------------- */

static const zh_indicator *tied(const view *v)
{
    zh_str id = v->item->indicator;
    return id.n > 0 ? zh_model_indicator(v->ui->ctx.model, id) : NULL;
}

static void indicator_link(view *v)
{
    zh_ui *ui = v->ui;
    const zh_indicator *indicator = tied(v);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TARGET_INDICATOR));
    if (indicator != NULL) {
        zh_html_a_value(
            &ui->html, NULL,
            zh_url_indicator(ui->arena, indicator->id, v->item->region, ZH_STR(""), ZH_STR("")),
            zh_ui_label(ui, indicator->label));
        zh_html_leaf_value(&ui->html, "span", "why", zh_ui_label(ui, indicator->definition));
    } else {
        zh_html_text(&ui->html, zh_ui_text(ui, ZH_T_TARGET_NO_TIE));
    }
    zh_html_close(&ui->html);
}

static void number_fact(view *v, zh_text_id name, zh_decimal value, zh_str note)
{
    zh_ui *ui = v->ui;
    zh_part_kv_item(ui, zh_ui_text(ui, name));
    zh_part_number(ui, zh_target_number(ui, &v->target, value), zh_target_unit(ui, v->item),
                   ZH_STR(""));
    if (note.n > 0) {
        zh_html_leaf(&ui->html, "span", "why", note);
    }
    zh_html_close(&ui->html);
}

static void size_of_sample(view *v)
{
    zh_ui *ui = v->ui;
    const zh_figure *f = &v->target.figure;
    zh_html_leaf_value(&ui->html, "p", "s",
                       zh_str_fmt(ui->arena, "%.*s · %.*s",
                                  ZH_FMT(ZH_SAY(ui, ZH_T_TARGET_N, zh_ui_count(ui, f->n))),
                                  ZH_FMT(zh_ui_region(ui, f->region))));
}

/* Two bases: what the document means and what the data are, never on one scale. */
static void two_bases(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_target *t = &v->target;
    zh_part_section_open(ui, "bases", zh_ui_text(ui, ZH_T_TARGET_BASIS_TITLE), false);
    zh_html_open(h, "div", "facts");
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "p", "l", zh_ui_text(ui, ZH_T_TARGET_BASIS_TARGET));
    zh_html_open(h, "p", "big");
    zh_html_text(h, zh_target_wanted(ui, v->item));
    zh_html_leaf(h, "small", NULL, zh_target_unit(ui, v->item));
    zh_html_close(h);
    zh_html_leaf_value(h, "p", "s", zh_ui_label(ui, v->item->name));
    zh_html_close(h);
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "p", "l", zh_ui_text(ui, ZH_T_TARGET_BASIS_HERE));
    zh_html_open(h, "p", "big");
    zh_html_a(h, "n",
              zh_url_indicator(ui->arena, t->figure.indicator->id, t->figure.region,
                               zh_period_format(ui->arena, t->figure.first, t->figure.last),
                               ZH_STR("")),
              zh_ui_decimal(ui, t->figure.shown));
    zh_html_leaf(h, "small", NULL, t->figure.indicator->unit);
    zh_html_close(h);
    zh_html_open(h, "p", "s");
    zh_part_interval(ui, t->figure.interval_shown);
    zh_html_z(h, " ");
    zh_html_value(h, zh_ui_label(ui, t->figure.indicator->label));
    zh_html_close(h);
    zh_html_leaf(h, "p", "s", zh_ui_period(ui, t->figure.first, t->figure.last));
    size_of_sample(v);
    zh_html_close(h);
    zh_html_close(h);
    zh_part_note_open(ui, ZH_NOTE_PLAIN);
    zh_html_leaf(h, "b", NULL, zh_ui_text(ui, ZH_T_TARGET_BASIS_WHY));
    zh_html_leaf(h, "p", NULL, zh_ui_label(ui, (zh_label){t->status_zh, t->status_en}));
    zh_part_note_close(ui);
    zh_part_section_close(ui);
}

static void stands(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_target *t = &v->target;
    zh_part_section_open(ui, "now", zh_ui_text(ui, ZH_T_TARGET_NOW_HEAD), false);
    zh_part_kv_open(ui);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TARGETS_L_STATUS));
    zh_target_lamp(ui, t);
    zh_html_leaf(h, "span", "why", zh_ui_label(ui, (zh_label){t->status_zh, t->status_en}));
    zh_html_close(h);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_TARGETS_COL_VALUE));
    zh_target_value(ui, t);
    zh_html_close(h);
    if (t->has_path) {
        number_fact(v, ZH_T_TARGETS_REQUIRED, t->required,
                    zh_ui_label(ui, (zh_label){t->required_note, t->required_note_en}));
    }
    if (t->has_gap) {
        zh_decimal size = t->gap;
        size.scaled = size.scaled < 0 ? -size.scaled : size.scaled;
        number_fact(v, t->gap.scaled < 0 ? ZH_T_TARGETS_SHORT : ZH_T_TARGETS_OVER, size,
                    ZH_STR(""));
    }
    indicator_link(v);
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static zh_str chart_title(const view *v)
{
    zh_ui *ui = v->ui;
    const zh_target *t = &v->target;
    const zh_figure *f = &t->figure;
    zh_str value =
        zh_str_fmt(ui->arena, "%.*s%.*s", ZH_FMT(zh_ui_decimal(ui, f->shown)),
                   ZH_FMT(zh_str_is(f->indicator->unit, "%") ? f->indicator->unit : ZH_STR("")));
    zh_str period = zh_ui_period(ui, f->first, f->last);
    zh_str verdict = zh_ui_text(ui, zh_target_status_name(t->status));
    return t->has_path ? ZH_SAY(ui, ZH_T_TARGET_CHART_PATH, period, value,
                                zh_target_number(ui, t, t->required), verdict)
                       : ZH_SAY(ui, ZH_T_TARGET_CHART_PLAIN, period, value, verdict);
}

/* *list NULL: this kind of target has no chart, or no value yet. */
static zh_rc draw_chart(view *v, zh_draw **list)
{
    zh_target_picture picture;
    *list = NULL;
    return zh_target_picture_of(v->ui, &v->target, &picture)
               ? zh_target_path(v->ui->arena, &picture, CHART_WIDTH, list, v->ui->err)
               : ZH_OK;
}

static zh_rc chart(view *v)
{
    zh_ui *ui = v->ui;
    zh_draw *list = NULL;
    zh_download files[FILES];
    const zh_figure *f = &v->target.figure;
    zh_rc rc = draw_chart(v, &list);
    if (rc != ZH_OK || list == NULL) {
        return rc;
    }
    zh_str url = zh_str_fmt(ui->arena, "%.*s/path", ZH_FMT(zh_target_url(ui->arena, v->item)));
    zh_part_figure_open(ui, &(zh_fig_head){.title = chart_title(v),
                                           .what = zh_ui_label(ui, f->indicator->label),
                                           .id = "path"});
    zh_part_drawing(ui, list, ZH_STR("path"));
    zh_part_figure_close(
        ui, &(zh_fig_foot){.read = zh_ui_text(ui, ZH_T_TARGET_CHART_READ),
                           .source = zh_ui_label(ui, (zh_label){f->sources, f->sources_en}),
                           .n = ZH_SAY(ui, ZH_T_TARGET_N, zh_ui_count(ui, f->n)),
                           .table_url = ZH_STR("#values"),
                           .downloads = files,
                           .ndownloads =
                               zh_keep_downloads(ui, url, ui->request->query, true, true, files)});
    return ZH_OK;
}

static zh_rc keep_values(view *v, zh_keep_form form)
{
    static const char *const names[] = {"period", "value", "unit", "low",
                                        "high",   "num",   "den",  "n"};
    enum { COLUMNS = ZH_COUNTOF(names) };
    zh_ui *ui = v->ui;
    const zh_target *t = &v->target;
    zh_keep_column columns[COLUMNS];
    zh_str *cells = ZH_NEW_N(ui->arena, zh_str, t->nyears * COLUMNS + 1);
    for (size_t k = 0; k < COLUMNS; k++) {
        columns[k] = (zh_keep_column){.name = zh_str_of(names[k]), .number = k != 0 && k != 2};
    }
    for (size_t i = 0; i < t->nyears; i++) {
        const zh_figure *f = &t->years[i];
        const zh_str row[COLUMNS] = {
            zh_period_format(ui->arena, f->first, f->last),
            f->shown,
            f->indicator->unit,
            f->has_interval ? zh_str_fmt(ui->arena, "%.10g", f->low) : ZH_STR(""),
            f->has_interval ? zh_str_fmt(ui->arena, "%.10g", f->high) : ZH_STR(""),
            f->num,
            f->den,
            zh_str_fmt(ui->arena, "%" PRId64, f->n)};
        memcpy(cells + i * COLUMNS, row, sizeof row);
    }
    return zh_keep_table_as(
        ui, v->item->id,
        &(zh_keep_table){
            .columns = columns, .ncolumns = COLUMNS, .cells = cells, .nrows = t->nyears},
        form);
}

static void values(view *v)
{
    zh_ui *ui = v->ui;
    const zh_target *t = &v->target;
    bool yearly = zh_target_kind_of(t) == ZH_KIND_PER_YEAR && t->item->has_value &&
                  t->status != ZH_TARGET_OTHER_BASIS;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_TARGET_COL_PERIOD), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_VALUE)},
        {.label = ZH_STR("n"), .number = true},
        {.label = zh_ui_text(ui, ZH_T_TARGET_COL_REACHED)},
    };
    if (t->nyears == 0) {
        return;
    }
    zh_grid g;
    zh_part_section_open(ui, "values", zh_ui_text(ui, ZH_T_TARGET_TABLE), true);
    zh_grid_open(&g, ui, columns, yearly ? 4 : 3, true, ZH_STR(""));
    for (size_t i = 0; i < t->nyears; i++) {
        const zh_figure *f = &t->years[i];
        zh_str period = zh_period_format(ui->arena, f->first, f->last);
        zh_grid_row(&g, NULL);
        zh_grid_text(&g, zh_ui_period(ui, f->first, f->last));
        zh_grid_cell(&g);
        zh_part_figure_value(
            ui, f, zh_url_indicator(ui->arena, f->indicator->id, f->region, period, ZH_STR("")));
        zh_grid_text(&g, zh_ui_count(ui, f->n));
        if (yearly) {
            bool reached = zh_decimal_cmp(f->value, t->item->value) >= 0;
            zh_grid_cell(&g);
            zh_part_lamp(ui, reached ? ZH_LAMP_DONE : ZH_LAMP_WATCH,
                         zh_ui_text(ui, reached ? ZH_T_TARGET_YEAR_OK : ZH_T_TARGET_YEAR_NO));
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* ---- evidence -------------------------------------------------------------------------------- */

/* The register of evidence; NULL when the declarations have none of this shape. */
static const zh_register *evidence_register(const view *v)
{
    const zh_register *reg = zh_model_register(v->ui->ctx.model, ZH_STR("target_evidence"));
    return reg != NULL && zh_register_field(reg, ZH_STR("target")) != NULL ? reg : NULL;
}

static zh_str evidence_where(const view *v)
{
    return zh_str_fmt(v->ui->arena, "target = '%.*s'", ZH_FMT(v->item->id));
}

static zh_rc read_evidence(view *v, const zh_register *reg, zh_page *page)
{
    zh_ui *ui = v->ui;
    zh_program where;
    zh_scope scope = {.model = ui->ctx.model, .reg = reg};
    zh_rc rc = zh_expr_compile(ui->arena, &scope, evidence_where(v), &where, ui->err);
    zh_list_query query = {.reg = reg, .where = &where, .limit = EVIDENCE_SHOWN, .as_of = v->as_of};
    return rc == ZH_OK ? zh_list(&ui->ctx, ui->conn, &query, page) : rc;
}

static void evidence_cell(view *v, zh_grid *g, const zh_record *record, const zh_field *field)
{
    zh_ui *ui = v->ui;
    const zh_value *value = &record->values[field->index];
    const zh_code *code = field->codes != NULL && value->text.n > 0
                              ? zh_code_find(field->codes, value->text, INT32_MIN)
                              : NULL;
    zh_grid_value(g,
                  code != NULL ? zh_ui_label(ui, code->label) : zh_value_display(ui->arena, value));
}

static void evidence_table(view *v, const zh_register *reg, const zh_page *page)
{
    zh_ui *ui = v->ui;
    size_t n = reg->ndefault_columns < 8 ? reg->ndefault_columns : 8;
    zh_column *columns = ZH_NEW_N(ui->arena, zh_column, n + 1);
    for (size_t i = 0; i < n; i++) {
        columns[i] = (zh_column){.label = zh_ui_label(ui, reg->default_columns[i]->label),
                                 .css = i == 0 ? "full" : NULL};
    }
    columns[n] = (zh_column){.label = zh_ui_text(ui, ZH_T_SYSTEMS_COL_STATE)};
    zh_grid g;
    zh_grid_open(&g, ui, columns, n + 1, true, ZH_STR(""));
    for (size_t r = 0; r < page->n; r++) {
        const zh_record *record = page->records[r];
        zh_grid_row(&g, NULL);
        for (size_t i = 0; i < n; i++) {
            evidence_cell(v, &g, record, reg->default_columns[i]);
        }
        zh_grid_link(&g, zh_url_record(ui->arena, reg->id, record->office, record->id),
                     zh_ui_label(ui, reg->states[record->state].label));
    }
    zh_grid_close(&g);
}

static zh_rc evidence(view *v)
{
    zh_ui *ui = v->ui;
    const zh_register *reg = evidence_register(v);
    zh_page page = {0};
    bool needed = zh_target_needs_evidence(&v->target);
    zh_rc rc = reg != NULL ? read_evidence(v, reg, &page) : ZH_OK;
    if (rc != ZH_OK || (page.n == 0 && !needed)) {
        return rc;
    }
    zh_part_section_open(ui, "evidence", zh_ui_text(ui, ZH_T_TARGET_EVIDENCE), page.n > 0);
    if (needed) {
        zh_html_leaf(&ui->html, "p", "sm mu", zh_ui_text(ui, ZH_T_TARGET_EVIDENCE_NEVER));
    }
    if (page.n > 0) {
        evidence_table(v, reg, &page);
    } else {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_TARGET_EVIDENCE_NONE),
                      zh_ui_text(ui, reg != NULL ? ZH_T_TARGET_EVIDENCE_NONE_TEXT
                                                 : ZH_T_TARGET_EVIDENCE_NO_REGISTER),
                      reg != NULL ? zh_url_register(ui->arena, reg->id, evidence_where(v), v->as_of)
                                  : ZH_STR(""),
                      zh_ui_text(ui, ZH_T_TARGET_EVIDENCE_ADD));
    }
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- the same clause ------------------------------------------------------------------------- */

static bool same_clause(const view *v, const zh_outline_item *other)
{
    return zh_str_eq(other->outline, v->item->outline) &&
           (zh_clause_within(v->item->clause, other->clause) ||
            zh_clause_within(other->clause, v->item->clause));
}

static void neighbours(view *v, const char *kind, zh_text_id title)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_model *model = ui->ctx.model;
    size_t shown = 0;
    zh_part_section_open(ui, kind, zh_ui_text(ui, title), false);
    zh_html_open(h, "ul", "links");
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        if (item == v->item || !zh_str_is(item->kind, kind) || !same_clause(v, item)) {
            continue;
        }
        bool task = item->summary.zh.n > 0;
        zh_str url = task
                         ? zh_str_fmt(ui->arena, "%.*s#%.*s",
                                      ZH_FMT(zh_clause_url(ui->arena, item->outline, item->clause)),
                                      ZH_FMT(item->id))
                         : zh_target_url(ui->arena, item);
        shown++;
        zh_html_open(h, "li", NULL);
        zh_html_a_value(h, NULL, url, zh_ui_label(ui, item->name));
        zh_html_leaf_value(h, "span", "why",
                           task ? zh_ui_label(ui, item->summary)
                                : zh_str_fmt(ui->arena, "%.*s%.*s",
                                             ZH_FMT(zh_target_wanted(ui, item)),
                                             ZH_FMT(zh_target_unit(ui, item))));
        zh_html_close(h);
    }
    zh_html_close(h);
    if (shown == 0) {
        zh_html_leaf(h, "p", "mu", zh_ui_text(ui, ZH_T_TARGET_NONE_HERE));
    }
    zh_part_section_close(ui);
}

static bool calls_for(const view *v, const struct zh_mechanism *mechanism)
{
    size_t n = 0;
    const zh_cite *cites = zh_mechanism_cites(v->ui->ctx.model, v->ui->arena, mechanism, &n);
    for (size_t i = 0; i < n; i++) {
        zh_str rest = cites[i].clauses;
        zh_str clause;
        while (cites[i].outline == v->outline && v->outline != NULL &&
               zh_cite_next(&rest, &clause)) {
            if (zh_clause_within(v->item->clause, clause)) {
                return true;
            }
        }
    }
    return false;
}

static zh_rc mechanisms(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    static const zh_lamp lamps[] = {ZH_LAMP_NIL, ZH_LAMP_OK, ZH_LAMP_DONE};
    static const zh_text_id words[] = {ZH_T_SYSTEMS_ABSENT, ZH_T_SYSTEMS_PARTIAL,
                                       ZH_T_SYSTEMS_RUNNING};
    const zh_survey *survey = NULL;
    zh_rc rc = zh_survey_of(&ui->ctx, &survey);
    if (rc != ZH_OK) {
        return rc;
    }
    size_t shown = 0;
    zh_part_section_open(ui, "systems", zh_ui_text(ui, ZH_T_TARGET_SAME_SYSTEMS), false);
    zh_html_open(h, "ul", "links");
    for (size_t i = 0; i < survey->n; i++) {
        const zh_standing *s = &survey->standings[i];
        if (!calls_for(v, s->mechanism)) {
            continue;
        }
        shown++;
        zh_html_open(h, "li", NULL);
        zh_html_a_value(h, NULL, zh_url_path(ui->arena, "/systems", s->mechanism->id, ZH_STR_NONE),
                        zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(s->mechanism->id),
                                   ZH_FMT(zh_ui_label(ui, s->mechanism->label))));
        zh_html_z(h, " ");
        zh_part_lamp(ui, lamps[s->state], zh_ui_text(ui, words[s->state]));
        zh_html_close(h);
    }
    zh_html_close(h);
    if (shown == 0) {
        zh_html_leaf(h, "p", "mu", zh_ui_text(ui, ZH_T_TARGET_NONE_HERE));
    }
    zh_part_section_close(ui);
    return ZH_OK;
}

/* ---- page ------------------------------------------------------------------------------------ */

static void head(view *v)
{
    zh_ui *ui = v->ui;
    const zh_target *t = &v->target;
    zh_str title = zh_str_fmt(
        ui->arena, ui->lang == ZH_LANG_EN ? "%.*s: %.*s%.*s, %.*s" : "%.*s：%.*s%.*s，%.*s",
        ZH_FMT(zh_ui_label(ui, v->item->name)), ZH_FMT(zh_target_wanted(ui, v->item)),
        ZH_FMT(zh_target_unit(ui, v->item)),
        ZH_FMT(zh_ui_text(ui, zh_target_status_name(t->status))));
    zh_ui_head(
        ui, &(zh_ui_head_of){
                .nav = ZH_T_NAV_TARGETS,
                .title = title,
                .above = v->outline != NULL ? zh_ui_label(ui, v->outline->title) : v->item->outline,
                .above_url = zh_url_path(ui->arena, "/targets", v->item->outline, ZH_STR_NONE),
                .css = ZH_STR("targets.css")});
}

static zh_rc read_view(view *v)
{
    zh_ui *ui = v->ui;
    zh_str outline = zh_http_arg(ui->request, "outline");
    zh_str id = zh_http_arg(ui->request, "id");
    zh_question q;
    zh_rc rc = zh_question_read(ui, &q);
    if (rc == ZH_OK) {
        v->as_of = q.as_of;
        rc = zh_target_ask(&ui->ctx, ui->conn, id, 0, q.as_of, &v->target);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    v->item = v->target.item;
    v->outline = zh_model_outline(ui->ctx.model, v->item->outline);
    return zh_str_eq(v->item->outline, outline)
               ? ZH_OK
               : zh_err_set(ui->err, ZH_ENOTFOUND, "target.outline", "纲要“%.*s”里没有目标“%.*s”",
                            ZH_FMT(outline), ZH_FMT(id));
}

static zh_rc show(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_html *h = &ui->html;
    zh_rc rc = read_view(&v);
    if (rc != ZH_OK) {
        return rc;
    }
    head(&v);
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w7 stack");
    if (v.target.status == ZH_TARGET_OTHER_BASIS) {
        two_bases(&v);
    } else {
        stands(&v);
    }
    rc = chart(&v);
    if (rc == ZH_OK) {
        rc = evidence(&v);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    values(&v);
    neighbours(&v, "task", ZH_T_TARGET_SAME_TASKS);
    neighbours(&v, "target", ZH_T_TARGET_SAME_TARGETS);
    zh_html_close(h);
    zh_html_open(h, "div", "w5 stack");
    said(&v);
    return mechanisms(&v);
}

static zh_rc keep(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_keep_form form = ZH_KEEP_CSV;
    zh_str stem = ZH_STR("");
    zh_draw *list = NULL;
    zh_rc rc = zh_keep_form_of(ui, zh_http_arg(ui->request, "file"), &form, &stem);
    if (rc == ZH_OK && !zh_str_is(stem, "path")) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "target.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = read_view(&v);
    }
    if (rc == ZH_OK) {
        rc = draw_chart(&v, &list);
    }
    if (rc != ZH_OK || form == ZH_KEEP_CSV || form == ZH_KEEP_XLSX) {
        return rc == ZH_OK ? keep_values(&v, form) : rc;
    }
    const zh_figure *f = &v.target.figure;
    return zh_keep_figure_as(
        ui, v.item->id,
        &(zh_keep_figure){.title = list != NULL ? chart_title(&v) : ZH_STR(""),
                          .what = list != NULL ? zh_ui_label(ui, f->indicator->label) : ZH_STR(""),
                          .read = zh_ui_text(ui, ZH_T_TARGET_CHART_READ),
                          .source = zh_ui_label(ui, (zh_label){f->sources, f->sources_en}),
                          .n = ZH_SAY(ui, ZH_T_TARGET_N, zh_ui_count(ui, f->n)),
                          .list = list},
        form);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, keep);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_target) = {
    .method = "GET",
    .path = "/targets/{outline}/{id}",
    .slow = true, /* the first one after a change of the declarations runs their examples */
    .en = "One target: clause, standing, path, evidence, and what the same clause calls for",
    .handle = handle,
};

ZH_ROUTE(page_target_file) = {
    .method = "GET",
    .path = "/targets/{outline}/{id}/{file}",
    .slow = true,
    .en = "The course of one target as a picture or a table",
    .handle = handle_file,
};
