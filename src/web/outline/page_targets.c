/* GET /targets and /targets/{outline}: 目标进度. Every target of the policy documents with its
 * clause, what is wanted, what is there, and a verdict only where one is possible; beside them the
 * tasks and facts of the documents.
 * GET /files/targets/{file}: the targets selected (targets.csv, .xlsx), the deadlines as a picture
 * (deadlines.svg, .png). */
#include "core/adoption/mechanism.h"
#include "web/frame/keep.h"
#include "web/frame/question.h"
#include "web/outline/target_view.h"
#include <inttypes.h>
#include <string.h>

enum {
    AREAS_MAX = 64,
    YEARS_MAX = 64,
    CELL_SHADES = 5,
    DUE_WIDE = 480,
    DUE_NARROW = 320,
    FILES = 4
};

typedef struct view {
    zh_ui *ui;
    const zh_outline *outline; /* NULL: all */
    int kind, status;          /* -1: all */
    int32_t year;              /* 0: all */
    zh_str area, clause;       /* empty: all */
    zh_target *targets;        /* of all documents */
    size_t n, shown;
    size_t due, decided; /* of the document, or of all */
    size_t in_scope, tasks, facts;
    int64_t as_of;
} view;

static bool in_outline(const view *v, zh_str outline)
{
    return v->outline == NULL || zh_str_eq(v->outline->id, outline);
}

static bool selected(const view *v, const zh_target *t)
{
    const zh_outline_item *item = t->item;
    return in_outline(v, item->outline) &&
           (v->kind < 0 || zh_target_kind_of(t) == (zh_target_kind)v->kind) &&
           (v->status < 0 || t->status == (zh_target_status)v->status) &&
           (v->year == 0 || item->deadline == v->year) &&
           (v->area.n == 0 || zh_str_eq(item->dimension, v->area)) &&
           (v->clause.n == 0 || zh_clause_within(item->clause, v->clause));
}

/* ---- the question ---------------------------------------------------------------------------- */

static zh_rc bad_choice(zh_ui *ui, const char *name, zh_str given)
{
    zh_rc rc = zh_err_set(ui->err, ZH_EINVAL, "targets.choice", "%s 没有“%.*s”这个选项", name,
                          ZH_FMT(given));
    zh_err_fix(ui->err, "从页面上的选项里选，或去掉这个条件");
    return rc;
}

static zh_rc read_choices(view *v)
{
    zh_ui *ui = v->ui;
    zh_str kind = zh_http_param(ui->request, "kind");
    zh_str status = zh_http_param(ui->request, "status");
    zh_str year = zh_http_param(ui->request, "year");
    v->kind = v->status = -1;
    for (int i = 0; i < ZH_KIND_N; i++) {
        v->kind = zh_str_is(kind, zh_target_kind_id((zh_target_kind)i)) ? i : v->kind;
    }
    for (int i = 0; i < ZH_TARGET_STATUS_N; i++) {
        v->status = zh_str_is(status, zh_target_status_id((zh_target_status)i)) ? i : v->status;
    }
    if (kind.n > 0 && v->kind < 0) {
        return bad_choice(ui, "kind", kind);
    }
    if (status.n > 0 && v->status < 0) {
        return bad_choice(ui, "status", status);
    }
    int64_t number = 0;
    if (year.n > 0 && (zh_str_i64(year, &number) != ZH_OK || number < 1900 || number > 2999)) {
        return bad_choice(ui, "year", year);
    }
    v->year = (int32_t)number;
    v->area = zh_http_param(ui->request, "area");
    v->clause = zh_http_param(ui->request, "clause");
    return ZH_OK;
}

static zh_rc read_view(view *v)
{
    zh_ui *ui = v->ui;
    zh_str id = zh_http_arg(ui->request, "outline");
    id = id.n > 0 ? id : zh_http_param(ui->request, "outline");
    v->outline = id.n > 0 ? zh_model_outline(ui->ctx.model, id) : NULL;
    if (id.n > 0 && v->outline == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "target.outline", "没有纲要“%.*s”", ZH_FMT(id));
    }
    zh_question q;
    zh_rc rc = zh_question_read(ui, &q);
    v->as_of = q.as_of;
    return rc == ZH_OK ? read_choices(v) : rc;
}

static int this_year(void)
{
    return (int)zh_time_civil(zh_now()).year;
}

static zh_rc read_targets(view *v)
{
    const zh_model *model = v->ui->ctx.model;
    zh_rc rc = zh_targets(&v->ui->ctx, v->ui->conn, ZH_STR(""), 0, v->as_of, &v->targets, &v->n);
    int now = this_year();
    for (size_t i = 0; rc == ZH_OK && i < v->n; i++) {
        const zh_target *t = &v->targets[i];
        if (in_outline(v, t->item->outline)) {
            v->in_scope++;
            v->due += t->item->deadline != 0 && t->item->deadline < now;
            v->decided += zh_target_decided(t->status);
        }
        v->shown += selected(v, t);
    }
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        bool mine = in_outline(v, item->outline);
        v->tasks += mine && zh_str_is(item->kind, "task");
        v->facts += mine && zh_str_is(item->kind, "fact");
    }
    return rc;
}

/* ---- head and question ----------------------------------------------------------------------- */

static void head(view *v)
{
    zh_ui *ui = v->ui;
    zh_str all = zh_ui_count(ui, (int64_t)v->in_scope);
    zh_str due = zh_ui_count(ui, (int64_t)v->due);
    zh_str decided = zh_ui_count(ui, (int64_t)v->decided);
    zh_str documents = zh_ui_count(ui, (int64_t)ui->ctx.model->noutlines);
    zh_str title = v->outline != NULL ? ZH_SAY(ui, ZH_T_TARGETS_FINDING_OUTLINE,
                                               zh_outline_short(ui, v->outline), all, due, decided)
                   : v->decided == 0
                       ? ZH_SAY(ui, ZH_T_TARGETS_FINDING_NONE, documents, all, due)
                       : ZH_SAY(ui, ZH_T_TARGETS_FINDING, documents, all, due, decided);
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_TARGETS,
                                    .title = title,
                                    .lede = ZH_SAY(ui, ZH_T_TARGETS_LEDE,
                                                   zh_ui_count(ui, (int64_t)v->tasks),
                                                   zh_ui_count(ui, (int64_t)v->facts)),
                                    .css = ZH_STR("targets.css")});
}

typedef struct choices {
    zh_option *p;
    size_t n;
} choices;

static choices choices_new(zh_ui *ui, size_t n, zh_text_id all)
{
    choices c = {ZH_NEW_N(ui->arena, zh_option, n + 1), 0};
    c.p[c.n++] = (zh_option){ZH_STR(""), zh_ui_text(ui, all)};
    return c;
}

/* The distinct areas of the documents in order of appearance. */
static size_t areas_of(const view *v, zh_str out[AREAS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++) {
            known = zh_str_eq(out[k], v->targets[i].item->dimension);
        }
        if (!known && n < AREAS_MAX) {
            out[n++] = v->targets[i].item->dimension;
        }
    }
    return n;
}

/* The deadlines in ascending order with the targets of each in scope. */
static size_t years_of(const view *v, int32_t years[YEARS_MAX], size_t counts[YEARS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++) {
        int32_t year = v->targets[i].item->deadline;
        size_t at = 0;
        if (year == 0 || !in_outline(v, v->targets[i].item->outline)) {
            continue;
        }
        while (at < n && years[at] < year) {
            at++;
        }
        if (at == n || years[at] != year) {
            if (n == YEARS_MAX) {
                continue;
            }
            for (size_t k = n++; k > at; k--) {
                years[k] = years[k - 1];
                counts[k] = counts[k - 1];
            }
            years[at] = year;
            counts[at] = 0;
        }
        counts[at]++;
    }
    return n;
}

static void ask_choices(view *v)
{
    zh_ui *ui = v->ui;
    choices c = choices_new(ui, ZH_KIND_N, ZH_T_TARGETS_ALL_KINDS);
    for (int i = 0; i < ZH_KIND_N; i++) {
        c.p[c.n++] = (zh_option){zh_str_of(zh_target_kind_id((zh_target_kind)i)),
                                 zh_ui_text(ui, zh_target_kind_name((zh_target_kind)i))};
    }
    zh_part_ask_select(ui, "kind", zh_ui_text(ui, ZH_T_TARGETS_L_KIND), c.p, c.n,
                       zh_http_param(ui->request, "kind"));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_TARGETS_ASK_KIND));
    c = choices_new(ui, ZH_TARGET_STATUS_N, ZH_T_TARGETS_ALL_STATUSES);
    for (int i = 0; i < ZH_TARGET_STATUS_N; i++) {
        c.p[c.n++] = (zh_option){zh_str_of(zh_target_status_id((zh_target_status)i)),
                                 zh_ui_text(ui, zh_target_status_name((zh_target_status)i))};
    }
    zh_part_ask_select(ui, "status", zh_ui_text(ui, ZH_T_TARGETS_L_STATUS), c.p, c.n,
                       zh_http_param(ui->request, "status"));
}

static void ask_year_and_area(view *v)
{
    zh_ui *ui = v->ui;
    int32_t years[YEARS_MAX];
    size_t counts[YEARS_MAX];
    zh_str areas[AREAS_MAX];
    size_t nyears = years_of(v, years, counts);
    size_t nareas = areas_of(v, areas);
    choices c = choices_new(ui, nyears, ZH_T_TARGETS_ALL_YEARS);
    for (size_t i = 0; i < nyears; i++) {
        zh_str year = zh_str_fmt(ui->arena, "%" PRId32, years[i]);
        c.p[c.n++] = (zh_option){year, year};
    }
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_TARGETS_ASK_STATUS));
    zh_part_ask_select(ui, "year", zh_ui_text(ui, ZH_T_TARGETS_L_YEAR), c.p, c.n,
                       zh_http_param(ui->request, "year"));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_TARGETS_ASK_YEAR));
    c = choices_new(ui, nareas, ZH_T_TARGETS_ALL_AREAS);
    for (size_t i = 0; i < nareas; i++) {
        c.p[c.n++] = (zh_option){areas[i], zh_target_area(ui, areas[i])};
    }
    zh_part_ask_select(ui, "area", zh_ui_text(ui, ZH_T_TARGETS_L_AREA), c.p, c.n, v->area);
}

/* The selection as the query of a file: also when the document stands in the path. */
static zh_str file_query(const view *v)
{
    zh_str query = v->ui->request->query;
    if (v->outline == NULL || zh_http_arg(v->ui->request, "outline").n == 0) {
        return query;
    }
    return zh_str_fmt(v->ui->arena, "outline=%.*s%s%.*s", ZH_FMT(v->outline->id),
                      query.n > 0 ? "&" : "", ZH_FMT(query));
}

static void ask(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    choices c = choices_new(ui, model->noutlines, ZH_T_TARGETS_ALL_OUTLINES);
    for (size_t i = 0; i < model->noutlines; i++) {
        c.p[c.n++] = (zh_option){model->outlines[i].id, zh_outline_short(ui, &model->outlines[i])};
    }
    zh_part_ask_open(ui, ZH_STR("/targets"));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_TARGETS_ASK_SEE));
    zh_part_ask_select(ui, "outline", zh_ui_text(ui, ZH_T_TARGETS_L_OUTLINE), c.p, c.n,
                       v->outline != NULL ? v->outline->id : ZH_STR(""));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_TARGETS_ASK_OF));
    ask_choices(v);
    ask_year_and_area(v);
    if (v->as_of >= 0) {
        zh_part_ask_hidden(ui, "as_of", zh_http_param(ui->request, "as_of"));
    }
    zh_download files[FILES];
    zh_part_ask_end(
        ui, files,
        zh_keep_downloads(ui, ZH_STR("/files/targets/targets"), file_query(v), false, true, files));
}

/* The address of this view with one condition changed (empty value: taken away). */
static zh_str with(const view *v, const char *name, zh_str value)
{
    static const char *const conditions[] = {"kind", "status", "year", "area", "clause", "as_of"};
    zh_arena *arena = v->ui->arena;
    bool other = strcmp(name, "outline") == 0;
    zh_str outline = other ? value : v->outline != NULL ? v->outline->id : ZH_STR("");
    zh_str url =
        outline.n > 0 ? zh_url_path(arena, "/targets", outline, ZH_STR_NONE) : ZH_STR("/targets");
    for (size_t i = 0; i < ZH_COUNTOF(conditions); i++) {
        bool clause_of_other = other && strcmp(conditions[i], "clause") == 0;
        zh_str stands = clause_of_other ? ZH_STR("") : zh_http_param(v->ui->request, conditions[i]);
        bool changed = strcmp(name, conditions[i]) == 0;
        url = zh_url_add(arena, url, conditions[i], changed ? value : stands);
    }
    return url;
}

/* ---- overview -------------------------------------------------------------------------------- */

static size_t count_cell(const view *v, const zh_outline *outline, zh_str area)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++) {
        const zh_outline_item *item = v->targets[i].item;
        n += (outline == NULL || zh_str_eq(item->outline, outline->id)) &&
             (area.n == 0 || zh_str_eq(item->dimension, area));
    }
    return n;
}

static void matrix_cell(view *v, zh_grid *g, const zh_outline *outline, zh_str area, size_t most)
{
    static const char *const shades[CELL_SHADES] = {"q1", "q2", "q3", "q4", "q5"};
    zh_ui *ui = v->ui;
    size_t n = count_cell(v, outline, area);
    zh_grid_cell(g);
    if (n == 0) {
        zh_html_leaf_z(&ui->html, "span", "mu", "·");
        return;
    }
    zh_str url = outline != NULL ? zh_url_path(ui->arena, "/targets", outline->id, ZH_STR_NONE)
                                 : ZH_STR("/targets");
    const char *css =
        area.n == 0 || outline == NULL ? "n" : shades[(n - 1) * CELL_SHADES / (most + 1)];
    zh_html_a(&ui->html, css, zh_url_add(ui->arena, url, "area", area),
              zh_ui_count(ui, (int64_t)n));
}

static void most_first(view *v, zh_str *areas, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i;
             k > 0 && count_cell(v, NULL, areas[k]) > count_cell(v, NULL, areas[k - 1]); k--) {
            zh_str swapped = areas[k];
            areas[k] = areas[k - 1];
            areas[k - 1] = swapped;
        }
    }
}

static void matrix(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    zh_str areas[AREAS_MAX];
    size_t nareas = areas_of(v, areas);
    size_t nout =
        model->noutlines < ZH_GRID_COLUMNS_MAX - 2 ? model->noutlines : ZH_GRID_COLUMNS_MAX - 2;
    zh_column *columns = ZH_NEW_N(ui->arena, zh_column, nout + 2);
    size_t most = 0;
    columns[0] = (zh_column){.label = zh_ui_text(ui, ZH_T_TARGETS_L_AREA), .css = "full"};
    for (size_t k = 0; k < nout; k++) {
        columns[k + 1] = (zh_column){
            .label = zh_outline_short(ui, &model->outlines[k]), .number = true, .css = "mx"};
        for (size_t i = 0; i < nareas; i++) {
            size_t n = count_cell(v, &model->outlines[k], areas[i]);
            most = n > most ? n : most;
        }
    }
    columns[nout + 1] = (zh_column){.label = zh_ui_text(ui, ZH_T_TARGETS_SUM), .number = true};
    most_first(v, areas, nareas);
    zh_grid g;
    zh_part_section_open(ui, "areas", zh_ui_text(ui, ZH_T_TARGETS_AREAS), true);
    zh_grid_open(&g, ui, columns, nout + 2, false, ZH_STR(""));
    for (size_t i = 0; i <= nareas; i++) {
        bool sum = i == nareas;
        zh_str area = sum ? ZH_STR("") : areas[i];
        zh_grid_row(&g, sum ? "sum" : NULL);
        zh_grid_text(&g, sum ? zh_ui_text(ui, ZH_T_TARGETS_SUM) : zh_target_area(ui, area));
        for (size_t k = 0; k < nout; k++) {
            matrix_cell(v, &g, &model->outlines[k], area, most);
        }
        matrix_cell(v, &g, NULL, area, most);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_str due_title(const view *v, const int32_t *years, const size_t *counts, size_t n)
{
    zh_ui *ui = v->ui;
    size_t first = 0;
    size_t second = n;
    if (n < 2) {
        return zh_ui_text(ui, ZH_T_TARGETS_DUE_TITLE_ONE);
    }
    for (size_t i = 1; i < n; i++) {
        if (counts[i] > counts[first]) {
            second = first;
            first = i;
        } else if (second == n || counts[i] > counts[second]) {
            second = i;
        }
    }
    size_t early = years[first] < years[second] ? first : second;
    size_t late = early == first ? second : first;
    return ZH_SAY(ui, ZH_T_TARGETS_DUE_TITLE, zh_str_fmt(ui->arena, "%" PRId32, years[early]),
                  zh_str_fmt(ui->arena, "%" PRId32, years[late]));
}

/* The targets by year of their deadline; list NULL: none has one. */
static zh_rc draw_deadlines(view *v, double width, zh_str *title, zh_draw **list)
{
    zh_ui *ui = v->ui;
    int32_t years[YEARS_MAX];
    size_t counts[YEARS_MAX];
    size_t n = years_of(v, years, counts);
    zh_target_bar *bars = ZH_NEW_N(ui->arena, zh_target_bar, n + 1);
    int now = this_year();
    size_t today = 0;
    for (size_t i = 0; i < n; i++) {
        zh_str year = zh_str_fmt(ui->arena, "%" PRId32, years[i]);
        bars[i] = (zh_target_bar){.label = year,
                                  .text = zh_ui_count(ui, (int64_t)counts[i]),
                                  .href = with(v, "year", year),
                                  .value = (double)counts[i]};
        today = today == 0 && years[i] >= now ? i + 1 : today;
    }
    *list = NULL;
    if (n == 0) {
        return ZH_OK;
    }
    *title = due_title(v, years, counts, n);
    return zh_target_columns(ui->arena, zh_ui_text(ui, ZH_T_TARGETS_DUE_TITLE_ONE), bars, n, today,
                             zh_ui_text(ui, ZH_T_TARGETS_TODAY), width, list, ui->err);
}

static zh_str due_n(const view *v)
{
    return ZH_SAY(v->ui, ZH_T_TARGET_N, zh_ui_count(v->ui, (int64_t)v->in_scope));
}

static zh_rc deadlines(view *v)
{
    zh_ui *ui = v->ui;
    zh_str title = ZH_STR("");
    zh_draw *list = NULL;
    zh_draw *narrow = NULL;
    zh_download files[FILES];
    zh_rc rc = draw_deadlines(v, DUE_NARROW, &title, &narrow);
    rc = rc == ZH_OK ? draw_deadlines(v, DUE_WIDE, &title, &list) : rc;
    if (rc != ZH_OK || list == NULL) {
        return rc;
    }
    zh_part_figure_open(
        ui, &(zh_fig_head){.title = title, .what = zh_ui_text(ui, ZH_T_TARGETS_DUE_WHAT)});
    zh_part_drawing_both(ui, list, narrow, ZH_STR("due"));
    zh_part_figure_close(
        ui, &(zh_fig_foot){.source = zh_ui_text(ui, ZH_T_TARGETS_DUE_SOURCE),
                           .n = due_n(v),
                           .table_url = ZH_STR("#list"),
                           .downloads = files,
                           .ndownloads = zh_keep_downloads(ui, ZH_STR("/files/targets/deadlines"),
                                                           file_query(v), true, false, files)});
    return ZH_OK;
}

static void kv_count(view *v, const char *name, zh_str value, zh_str label, size_t n, zh_str help)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "dt", NULL);
    zh_html_text(h, label);
    zh_html_z(h, " ");
    zh_html_a(h, "n", with(v, name, value), zh_ui_count(ui, (int64_t)n));
    zh_html_close(h);
    zh_html_leaf(h, "dd", "mu", help);
}

static void kinds(view *v)
{
    zh_ui *ui = v->ui;
    size_t counts[ZH_KIND_N] = {0};
    for (size_t i = 0; i < v->n; i++) {
        counts[zh_target_kind_of(&v->targets[i])] += in_outline(v, v->targets[i].item->outline);
    }
    int64_t nkinds = 0;
    for (size_t i = 0; i < ZH_KIND_N; i++) {
        nkinds += counts[i] > 0;
    }
    zh_part_section_open(ui, "kinds", ZH_SAY(ui, ZH_T_TARGETS_KINDS, zh_ui_count(ui, nkinds)),
                         false);
    zh_part_kv_open(ui);
    for (int i = 0; i < ZH_KIND_N; i++) {
        zh_target_kind kind = (zh_target_kind)i;
        if (counts[i] == 0) {
            continue;
        }
        kv_count(v, "kind", zh_str_of(zh_target_kind_id(kind)),
                 zh_ui_text(ui, zh_target_kind_name(kind)), counts[i],
                 zh_ui_text(ui, zh_target_kind_help(kind)));
    }
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

/* Counts of each verdict, as a row of figures; each opens its targets. */
static void statuses(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    size_t counts[ZH_TARGET_STATUS_N] = {0};
    for (size_t i = 0; i < v->n; i++) {
        counts[v->targets[i].status] += in_outline(v, v->targets[i].item->outline);
    }
    zh_part_section_open(ui, "statuses", zh_ui_text(ui, ZH_T_TARGETS_STATUSES), false);
    zh_html_open(h, "div", "facts");
    for (int i = 0; i < ZH_TARGET_STATUS_N; i++) {
        const char *id = zh_target_status_id((zh_target_status)i);
        zh_html_open(h, "div", NULL);
        zh_html_attr_f(h, "data-status", "%s", id);
        zh_html_leaf(h, "p", "l", zh_ui_text(ui, zh_target_status_name((zh_target_status)i)));
        zh_html_open(h, "p", counts[i] > 0 ? "big" : "big mu");
        if (counts[i] > 0) {
            zh_html_a(h, "n", with(v, "status", zh_str_of(id)),
                      zh_ui_count(ui, (int64_t)counts[i]));
        } else {
            zh_html_z(h, "0");
        }
        zh_html_close(h);
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_text(ui, ZH_T_TARGETS_NOT_ZERO));
    zh_part_section_close(ui);
}

static zh_rc overview(view *v)
{
    zh_html *h = &v->ui->html;
    size_t depth = h->depth;
    zh_html_open(h, "div", "cols even");
    if (v->outline == NULL) {
        zh_html_open(h, "div", "w7");
        matrix(v);
        zh_html_close(h);
    }
    zh_html_open(h, "div", v->outline == NULL ? "w5 stack" : "w6");
    zh_rc rc = deadlines(v);
    if (rc != ZH_OK) {
        return rc;
    }
    if (v->outline != NULL) {
        zh_html_close(h);
        zh_html_open(h, "div", "w6");
    }
    kinds(v);
    zh_html_close_to(h, depth);
    statuses(v);
    return ZH_OK;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void tabs(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    zh_tab *list = ZH_NEW_N(ui->arena, zh_tab, model->noutlines + 1);
    size_t all = 0;
    for (size_t k = 0; k < model->noutlines; k++) {
        view one = *v;
        size_t n = 0;
        one.outline = &model->outlines[k];
        for (size_t i = 0; i < v->n; i++) {
            n += selected(&one, &v->targets[i]);
        }
        all += n;
        list[k + 1] = (zh_tab){.label = zh_outline_short(ui, &model->outlines[k]),
                               .url = zh_str_fmt(ui->arena, "%.*s#list",
                                                 ZH_FMT(with(v, "outline", model->outlines[k].id))),
                               .count = (int64_t)n,
                               .current = v->outline == &model->outlines[k]};
    }
    list[0] =
        (zh_tab){.label = zh_ui_text(ui, ZH_T_TARGETS_ALL_OUTLINES),
                 .url = zh_str_fmt(ui->arena, "%.*s#list", ZH_FMT(with(v, "outline", ZH_STR("")))),
                 .count = (int64_t)all,
                 .current = v->outline == NULL};
    zh_part_tabs(ui, list, model->noutlines + 1, zh_ui_text(ui, ZH_T_TARGETS_L_OUTLINE));
}

static void about(zh_ui *ui, const zh_outline *outline)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "p", "sm mu");
    zh_html_value(h, zh_ui_label(ui, outline->title));
    const zh_str parts[] = {outline->number, zh_ui_label(ui, outline->issuer), outline->issued};
    for (size_t i = 0; i < ZH_COUNTOF(parts); i++) {
        if (parts[i].n > 0) {
            zh_html_text(h, zh_ui_text(ui, ZH_T_SEP));
            zh_html_value(h, parts[i]);
        }
    }
    zh_html_close(h);
}

static void name_cell(view *v, zh_grid *g, const zh_target *t)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_grid_cell(g);
    zh_html_open(h, "a", "t");
    zh_html_attr(h, "id", t->item->id);
    zh_html_link(h, "href", zh_target_url(ui->arena, t->item));
    zh_html_value(h, zh_ui_label(ui, t->item->name));
    zh_html_close(h);
    if (t->item->quote.n > 0) {
        zh_html_open(h, "span", "why");
        zh_html_attr_z(h, "lang", "zh");
        zh_html_z(h, "「");
        zh_html_text(h, t->item->quote);
        zh_html_z(h, "」");
        zh_html_close(h);
    }
    if (t->status == ZH_TARGET_OTHER_BASIS) {
        zh_html_open(h, "span", "why");
        zh_html_text(h, zh_ui_text(ui, ZH_T_TARGETS_BESIDE));
        zh_html_value(h, zh_ui_label(ui, t->figure.indicator->label));
        zh_html_close(h);
    }
}

static void gap_words(zh_ui *ui, const zh_target *t)
{
    zh_html *h = &ui->html;
    if (t->has_path && t->status != ZH_TARGET_MET) {
        zh_html_open(h, "span", "why");
        zh_html_text(h, zh_ui_text(ui, ZH_T_TARGETS_REQUIRED));
        zh_html_z(h, " ");
        zh_html_text(h, zh_target_number(ui, t, t->required));
        zh_html_close(h);
    }
    if (t->has_gap) {
        bool under = t->gap.scaled < 0;
        zh_decimal size = t->gap;
        size.scaled = under ? -size.scaled : size.scaled;
        zh_html_open(h, "span", "why");
        zh_html_text(h, zh_ui_text(ui, under ? ZH_T_TARGETS_SHORT : ZH_T_TARGETS_OVER));
        zh_html_z(h, " ");
        zh_html_text(h, zh_target_number(ui, t, size));
        zh_html_close(h);
    }
}

static void target_row(view *v, zh_grid *g, const zh_target *t)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_outline_item *item = t->item;
    zh_grid_row(g, NULL);
    name_cell(v, g, t);
    zh_grid_value_link(g, zh_clause_url(ui->arena, item->outline, item->clause), item->clause);
    zh_grid_text(g, zh_ui_text(ui, zh_target_kind_name(zh_target_kind_of(t))));
    zh_grid_cell(g);
    zh_html_value(h, zh_target_wanted(ui, item));
    zh_html_leaf(h, "span", "u", zh_target_unit(ui, item));
    zh_grid_cell(g);
    if (item->deadline != 0) {
        zh_html_f(h, "%" PRId32, item->deadline);
    }
    zh_grid_cell(g);
    zh_target_value(ui, t);
    zh_grid_cell(g);
    zh_target_course(ui, t);
    zh_grid_cell(g);
    zh_target_lamp(ui, t);
    gap_words(ui, t);
}

static void list(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_TARGET), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_CLAUSE), .css = "nw lab"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_L_KIND), .css = "nw mu"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_WANTED), .number = true},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_L_YEAR), .number = true},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_VALUE), .css = "val"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_BEAM), .css = "crs full"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_L_STATUS), .css = "full"},
    };
    zh_part_section_open(ui, "list", ZH_STR(""), true);
    tabs(v);
    if (v->outline != NULL) {
        about(ui, v->outline);
    }
    if (v->shown == 0) {
        zh_part_empty(ui, ZH_EMPTY_FILTER, zh_ui_text(ui, ZH_T_TARGETS_REST),
                      ZH_SAY(ui, ZH_T_TARGETS_REST_TEXT, zh_ui_count(ui, (int64_t)v->n)),
                      ZH_STR("/targets"), zh_ui_text(ui, ZH_T_TARGETS_CLEAR));
        zh_part_section_close(ui);
        return;
    }
    zh_grid g;
    zh_str group = ZH_STR("");
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < v->n; i++) {
        const zh_outline_item *item = v->targets[i].item;
        if (!selected(v, &v->targets[i])) {
            continue;
        }
        zh_str here = v->outline == NULL ? item->outline : item->clause;
        if (!zh_str_eq(here, group)) {
            const zh_outline *outline = zh_model_outline(model, item->outline);
            zh_grid_value_group(&g, v->outline != NULL ? ZH_SAY(ui, ZH_T_TARGETS_CLAUSE_GROUP, here)
                                    : outline != NULL  ? zh_ui_label(ui, outline->title)
                                                       : here);
            group = here;
        }
        target_row(v, &g, &v->targets[i]);
    }
    zh_grid_close(&g);
    zh_download files[FILES];
    zh_part_furniture(
        ui, &(zh_fig_foot){.source = zh_ui_text(ui, ZH_T_TARGETS_DUE_SOURCE),
                           .n = ZH_SAY(ui, ZH_T_TARGET_N, zh_ui_count(ui, (int64_t)v->shown)),
                           .downloads = files,
                           .ndownloads = zh_keep_downloads(ui, ZH_STR("/files/targets/targets"),
                                                           file_query(v), false, true, files)});
    zh_part_section_close(ui);
}

/* ---- tasks and facts ------------------------------------------------------------------------- */

static bool item_shown(const view *v, const zh_outline_item *item, const char *kind)
{
    return zh_str_is(item->kind, kind) && in_outline(v, item->outline) &&
           (v->clause.n == 0 || zh_clause_within(item->clause, v->clause) ||
            zh_clause_within(v->clause, item->clause));
}

static size_t count_items(const view *v, const char *kind)
{
    const zh_model *model = v->ui->ctx.model;
    size_t n = 0;
    for (size_t i = 0; i < model->noutline_items; i++) {
        n += item_shown(v, &model->outline_items[i], kind);
    }
    return n;
}

static void tasks(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_CLAUSE), .css = "nw lab"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_TASK), .css = "full"},
    };
    size_t n = count_items(v, "task");
    if (n == 0) {
        return;
    }
    zh_grid g;
    zh_part_section_open(
        ui, "tasks",
        zh_str_fmt(ui->arena, "%.*s %zu", ZH_FMT(zh_ui_text(ui, ZH_T_TARGETS_TASKS)), n), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        if (item_shown(v, item, "task")) {
            zh_grid_row(&g, NULL);
            zh_grid_value_link(&g, zh_clause_url(ui->arena, item->outline, item->clause),
                               item->clause);
            zh_grid_cell(&g);
            zh_html_open(&ui->html, "b", "tk");
            zh_html_attr(&ui->html, "id", item->id);
            zh_html_value(&ui->html, zh_ui_label(ui, item->name));
            zh_html_close(&ui->html);
            zh_html_leaf_value(&ui->html, "span", "why", zh_ui_label(ui, item->summary));
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static void facts(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_TARGETS_COL_CLAUSE), .css = "nw lab"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_FACT), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_TARGETS_FACT_VALUE), .number = true},
    };
    size_t n = count_items(v, "fact");
    if (n == 0) {
        return;
    }
    zh_grid g;
    zh_part_section_open(
        ui, "facts",
        zh_str_fmt(ui->arena, "%.*s %zu", ZH_FMT(zh_ui_text(ui, ZH_T_TARGETS_FACTS)), n), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        if (item_shown(v, item, "fact")) {
            zh_grid_row(&g, NULL);
            zh_grid_value(&g, item->clause);
            zh_grid_cell(&g);
            zh_html_leaf_value(&ui->html, "b", "tk", zh_ui_label(ui, item->name));
            zh_html_leaf_value(&ui->html, "span", "why", item->quote);
            zh_grid_cell(&g);
            if (item->has_value) {
                zh_part_number(ui, zh_decimal_str(ui->arena, item->value), zh_target_unit(ui, item),
                               ZH_STR(""));
            }
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* ---- page ------------------------------------------------------------------------------------ */

static zh_rc show(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_rc rc = read_view(&v);
    if (rc == ZH_OK) {
        rc = read_targets(&v);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    head(&v);
    if (v.n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_TARGETS_NO_OUTLINE),
                      zh_ui_text(ui, ZH_T_TARGETS_NO_OUTLINE_TEXT), ZH_STR(""), ZH_STR(""));
        return ZH_OK;
    }
    ask(&v);
    zh_html_open(&ui->html, "div", "stack");
    rc = overview(&v);
    if (rc == ZH_OK) {
        list(&v);
        if (v.outline != NULL) {
            tasks(&v);
            facts(&v);
        }
    }
    return rc;
}

/* ---- files ----------------------------------------------------------------------------------- */

static zh_rc keep_table(view *v, zh_keep_form form)
{
    static const zh_text_id names[] = {
        ZH_T_TARGETS_L_OUTLINE, ZH_T_TARGETS_COL_CLAUSE, ZH_T_TARGETS_COL_TARGET,
        ZH_T_TARGETS_L_KIND,    ZH_T_TARGETS_COL_WANTED, ZH_T_TARGET_COL_UNIT,
        ZH_T_TARGETS_L_YEAR,    ZH_T_TARGETS_COL_VALUE,  ZH_T_TARGET_COL_PERIOD,
        ZH_T_TARGETS_L_STATUS,  ZH_T_TARGET_COL_REASON,  ZH_T_TARGET_COL_QUOTE};
    enum { COLUMNS = ZH_COUNTOF(names) };
    zh_ui *ui = v->ui;
    zh_keep_column columns[COLUMNS];
    zh_str *cells = ZH_NEW_N(ui->arena, zh_str, v->n * COLUMNS + 1);
    size_t n = 0;
    for (size_t k = 0; k < COLUMNS; k++) {
        columns[k] = (zh_keep_column){.name = zh_ui_text(ui, names[k]),
                                      .number = k == 6 || k == 7,
                                      .width = k == 2 || k >= 10 ? 40 : 0};
    }
    for (size_t i = 0; i < v->n; i++) {
        const zh_target *t = &v->targets[i];
        const zh_outline_item *item = t->item;
        if (!selected(v, t)) {
            continue;
        }
        bool has = t->has_figure && t->figure.has_value;
        const zh_str row[COLUMNS] = {
            item->outline,
            item->clause,
            zh_ui_label(ui, item->name),
            zh_ui_text(ui, zh_target_kind_name(zh_target_kind_of(t))),
            zh_target_wanted(ui, item),
            zh_target_unit(ui, item),
            item->deadline != 0 ? zh_str_fmt(ui->arena, "%" PRId32, item->deadline) : ZH_STR(""),
            has ? t->figure.shown : ZH_STR(""),
            has ? zh_period_format(ui->arena, t->figure.first, t->figure.last) : ZH_STR(""),
            zh_ui_text(ui, zh_target_status_name(t->status)),
            zh_ui_label(ui, (zh_label){t->status_zh, t->status_en}),
            item->quote};
        memcpy(cells + n++ * COLUMNS, row, sizeof row);
    }
    return zh_keep_table_as(
        ui, ZH_STR("targets"),
        &(zh_keep_table){.columns = columns, .ncolumns = COLUMNS, .cells = cells, .nrows = n},
        form);
}

static zh_rc keep(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_keep_form form = ZH_KEEP_CSV;
    zh_str stem = ZH_STR("");
    zh_str title = ZH_STR("");
    zh_draw *list = NULL;
    zh_rc rc = zh_keep_form_of(ui, zh_http_arg(ui->request, "file"), &form, &stem);
    bool table = form == ZH_KEEP_CSV || form == ZH_KEEP_XLSX;
    if (rc == ZH_OK && !zh_str_is(stem, table ? "targets" : "deadlines")) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "targets.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = read_view(&v);
    }
    if (rc == ZH_OK) {
        rc = read_targets(&v);
    }
    if (rc == ZH_OK && !table) {
        rc = draw_deadlines(&v, DUE_WIDE, &title, &list);
    }
    if (rc != ZH_OK || table) {
        return rc == ZH_OK ? keep_table(&v, form) : rc;
    }
    return zh_keep_figure_as(ui, ZH_STR("deadlines"),
                             &(zh_keep_figure){.title = title,
                                               .what = zh_ui_text(ui, ZH_T_TARGETS_DUE_WHAT),
                                               .read = ZH_STR(""),
                                               .source = zh_ui_text(ui, ZH_T_TARGETS_DUE_SOURCE),
                                               .n = due_n(&v),
                                               .list = list},
                             form);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, keep);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_targets) = {
    .method = "GET",
    .path = "/targets",
    .en = "Targets of the policy documents: all, or filtered by document, kind, verdict, deadline",
    .handle = handle,
};

ZH_ROUTE(page_targets_outline) = {
    .method = "GET",
    .path = "/targets/{outline}",
    .en = "Targets, tasks and facts of one policy document",
    .handle = handle,
};

ZH_ROUTE(page_targets_file) = {
    .method = "GET",
    .path = "/files/targets/{file}",
    .en = "The targets selected as a table, their deadlines as a picture",
    .slow = true,
    .handle = handle_file,
};
