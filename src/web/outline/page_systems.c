/* GET /systems: 机制清单. What the policy documents call for: clause, register, indicator, state.
 * The states come from core/adoption/mechanism.h; no state is typed in anywhere. */
#include "web/outline/page_systems.h"
#include "core/adoption/mechanism.h"
#include "web/outline/target_view.h"
#include <string.h>

enum { AREAS_MAX = 64, OUTLINES_MAX = 12 };

typedef struct view {
    zh_ui *ui;
    const zh_survey *survey;
    zh_str area;               /* empty: all */
    const zh_outline *outline; /* NULL: all */
    int state;                 /* -1: all */
    zh_str areas[AREAS_MAX];
    size_t nareas;
    const zh_cite **cites; /* by mechanism */
    size_t *ncites;
    size_t shown;
} view;

/* ---- states in words ------------------------------------------------------------------------- */

static const struct {
    const char *id;
    zh_text_id name;
    zh_lamp lamp;
} states[] = {
    [ZH_MECHANISM_ABSENT] = {"absent", ZH_T_SYSTEMS_ABSENT, ZH_LAMP_NIL},
    [ZH_MECHANISM_PARTIAL] = {"partial", ZH_T_SYSTEMS_PARTIAL, ZH_LAMP_OK},
    [ZH_MECHANISM_RUNNING] = {"running", ZH_T_SYSTEMS_RUNNING, ZH_LAMP_DONE},
};

void zh_system_lamp(zh_ui *ui, const zh_standing *s)
{
    zh_part_lamp(ui, states[s->state].lamp, zh_ui_text(ui, states[s->state].name));
}

zh_str zh_system_lacks(const zh_ui *ui, const zh_standing *s)
{
    static const struct {
        unsigned bit;
        zh_text_id name;
    } parts[] = {{ZH_LACKS_REGISTER, ZH_T_SYSTEMS_LACKS_REGISTER},
                 {ZH_LACKS_WORKFLOW, ZH_T_SYSTEMS_LACKS_WORKFLOW},
                 {ZH_LACKS_INDICATOR, ZH_T_SYSTEMS_LACKS_INDICATOR},
                 {ZH_LACKS_EXAMPLE, ZH_T_SYSTEMS_LACKS_EXAMPLE},
                 {ZH_LACKS_PASS, ZH_T_SYSTEMS_LACKS_PASS}};
    zh_str list = ZH_STR("");
    for (size_t i = 0; i < ZH_COUNTOF(parts); i++) {
        if ((s->lacks & parts[i].bit) != 0) {
            list = zh_ui_list(ui, list, zh_ui_text(ui, parts[i].name));
        }
    }
    return list.n > 0 ? ZH_SAY(ui, ZH_T_SYSTEMS_LACKS, list) : list;
}

/* ---- the question ---------------------------------------------------------------------------- */

static zh_rc bad_choice(zh_ui *ui, const char *name, zh_str given)
{
    zh_rc rc = zh_err_set(ui->err, ZH_EINVAL, "systems.choice", "%s 没有“%.*s”这个选项", name,
                          ZH_FMT(given));
    zh_err_fix(ui->err, "从页面上的选项里选，或去掉这个条件");
    return rc;
}

zh_str zh_system_area(const zh_ui *ui, zh_str area)
{
    static const zh_label areas[] = {
        {{"战略与统计", 15}, {"Strategy and statistics", 23}},
        {{"监督与质量安全", 21}, {"Supervision and safety", 22}},
        {{"质量信用", 12}, {"Quality credit", 14}},
        {{"质量基础设施", 18}, {"Quality infrastructure", 22}},
        {{"企业质量", 12}, {"Enterprise quality", 18}},
        {{"工程质量", 12}, {"Construction quality", 20}},
        {{"环境质量", 12}, {"Environmental quality", 21}},
        {{"农业、食品与药品", 24}, {"Agriculture, food and drugs", 27}},
        {{"品牌与奖励", 15}, {"Brands and awards", 17}},
        {{"社会与消费者", 18}, {"Society and consumers", 21}},
        {{"信息基础", 12}, {"Information base", 16}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(areas); i++) {
        if (zh_str_eq(areas[i].zh, area)) {
            return zh_ui_label(ui, areas[i]);
        }
    }
    return area;
}

static void collect_areas(view *v)
{
    for (size_t i = 0; i < v->survey->n; i++) {
        zh_str area = v->survey->standings[i].mechanism->area;
        bool known = false;
        for (size_t k = 0; k < v->nareas && !known; k++) {
            known = zh_str_eq(v->areas[k], area);
        }
        if (!known && v->nareas < AREAS_MAX) {
            v->areas[v->nareas++] = area;
        }
    }
}

static zh_rc read_view(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    zh_str outline = zh_http_param(ui->request, "outline");
    zh_str state = zh_http_param(ui->request, "state");
    v->area = zh_http_param(ui->request, "area");
    v->state = -1;
    zh_rc rc = zh_survey_of(&ui->ctx, &v->survey);
    if (rc != ZH_OK) {
        return rc;
    }
    collect_areas(v);
    for (size_t i = 0; i < ZH_COUNTOF(states); i++) {
        v->state = zh_str_is(state, states[i].id) ? (int)i : v->state;
    }
    v->outline = outline.n > 0 ? zh_model_outline(model, outline) : NULL;
    if (state.n > 0 && v->state < 0) {
        return bad_choice(ui, "state", state);
    }
    if (outline.n > 0 && v->outline == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "target.outline", "没有纲要“%.*s”",
                          ZH_FMT(outline));
    }
    v->cites = ZH_NEW_N(ui->arena, const zh_cite *, v->survey->n + 1);
    v->ncites = ZH_NEW_N(ui->arena, size_t, v->survey->n + 1);
    for (size_t i = 0; i < v->survey->n; i++) {
        v->cites[i] =
            zh_mechanism_cites(model, ui->arena, v->survey->standings[i].mechanism, &v->ncites[i]);
    }
    return ZH_OK;
}

static const zh_cite *cite_of(const view *v, size_t i, const zh_outline *outline)
{
    for (size_t k = 0; k < v->ncites[i]; k++) {
        if (v->cites[i][k].outline == outline) {
            return &v->cites[i][k];
        }
    }
    return NULL;
}

static bool selected(const view *v, size_t i)
{
    const zh_standing *s = &v->survey->standings[i];
    return (v->area.n == 0 || zh_str_eq(s->mechanism->area, v->area)) &&
           (v->state < 0 || s->state == (zh_mechanism_state)v->state) &&
           (v->outline == NULL || cite_of(v, i, v->outline) != NULL);
}

static void ask(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    zh_option *o = ZH_NEW_N(ui->arena, zh_option, v->nareas + model->noutlines + 8);
    size_t n = 0;
    zh_part_ask_open(ui, ZH_STR("/systems"));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_SYSTEMS_ASK_SEE));
    o[n++] = (zh_option){ZH_STR(""),
                         ZH_SAY(ui, ZH_T_SYSTEMS_ALL_AREAS, zh_ui_count(ui, (int64_t)v->nareas))};
    for (size_t i = 0; i < v->nareas; i++) {
        o[n++] = (zh_option){v->areas[i], zh_system_area(ui, v->areas[i])};
    }
    zh_part_ask_select(ui, "area", zh_ui_text(ui, ZH_T_SYSTEMS_L_AREA), o, n, v->area);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_SYSTEMS_ASK_AREA));
    n = 0;
    o[n++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_SYSTEMS_ANY_OUTLINE)};
    for (size_t i = 0; i < model->noutlines; i++) {
        o[n++] = (zh_option){model->outlines[i].id, zh_outline_short(ui, &model->outlines[i])};
    }
    zh_part_ask_select(ui, "outline", zh_ui_text(ui, ZH_T_SYSTEMS_L_OUTLINE), o, n,
                       v->outline != NULL ? v->outline->id : ZH_STR(""));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_SYSTEMS_ASK_OUTLINE));
    n = 0;
    o[n++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_SYSTEMS_ANY_STATE)};
    for (size_t i = ZH_COUNTOF(states); i-- > 0;) {
        o[n++] = (zh_option){zh_str_of(states[i].id), zh_ui_text(ui, states[i].name)};
    }
    zh_part_ask_select(ui, "state", zh_ui_text(ui, ZH_T_SYSTEMS_L_STATE), o, n,
                       zh_http_param(ui->request, "state"));
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_SYSTEMS_ASK_STATE));
    zh_part_ask_end(ui, NULL, 0);
}

/* ---- figures --------------------------------------------------------------------------------- */

static void head(view *v)
{
    zh_ui *ui = v->ui;
    const size_t *counts = v->survey->counts;
    zh_str documents = zh_ui_count(ui, (int64_t)ui->ctx.model->noutlines);
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_SYSTEMS,
                       .title = ZH_SAY(ui, ZH_T_SYSTEMS_FINDING, documents,
                                       zh_ui_count(ui, (int64_t)v->survey->n),
                                       zh_ui_count(ui, (int64_t)counts[ZH_MECHANISM_RUNNING]),
                                       zh_ui_count(ui, (int64_t)counts[ZH_MECHANISM_PARTIAL])),
                       .lede = zh_ui_text(ui, ZH_T_SYSTEMS_LEDE),
                       .css = ZH_STR("targets.css")});
}

static void fact(zh_ui *ui, const char *id, zh_str label, size_t n, zh_str url)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", NULL);
    zh_html_attr_f(h, "data-count", "%s", id);
    zh_html_leaf(h, "p", "l", label);
    zh_html_open(h, "p", "big");
    zh_html_a(h, "n", url, zh_ui_count(ui, (int64_t)n));
    zh_html_close(h);
    zh_html_close(h);
}

static void facts(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    const zh_model *model = ui->ctx.model;
    size_t everywhere = 0;
    for (size_t i = 0; i < v->survey->n; i++) {
        size_t k = 0;
        while (k < model->noutlines && cite_of(v, i, &model->outlines[k]) != NULL) {
            k++;
        }
        everywhere += k == model->noutlines && k > 0;
    }
    zh_part_section_open(ui, "counts", ZH_STR(""), false);
    zh_html_open(h, "div", "facts");
    fact(ui, "all", zh_ui_text(ui, ZH_T_SYSTEMS_COL_NAME), v->survey->n, ZH_STR("/systems"));
    for (size_t i = ZH_COUNTOF(states); i-- > 0;) {
        fact(ui, states[i].id, zh_ui_text(ui, states[i].name), v->survey->counts[i],
             zh_url_with(ui->request, "state", zh_str_of(states[i].id)));
    }
    for (size_t k = 0; k < model->noutlines && k < OUTLINES_MAX; k++) {
        size_t n = 0;
        for (size_t i = 0; i < v->survey->n; i++) {
            n += cite_of(v, i, &model->outlines[k]) != NULL;
        }
        fact(ui, model->outlines[k].tag.n > 0 ? model->outlines[k].tag.p : "outline",
             zh_outline_short(ui, &model->outlines[k]), n,
             zh_url_with(ui->request, "outline", model->outlines[k].id));
    }
    zh_html_open(h, "div", NULL);
    zh_html_attr_z(h, "data-count", "everywhere");
    zh_html_leaf(h, "p", "l",
                 ZH_SAY(ui, ZH_T_SYSTEMS_ALL_OUTLINES, zh_ui_count(ui, (int64_t)model->noutlines)));
    zh_html_leaf(h, "p", "big", zh_ui_count(ui, (int64_t)everywhere));
    zh_html_close_to(h, h->depth - 2);
    size_t failed = 0;
    for (size_t i = 0; i < v->survey->nlives; i++) {
        failed += !v->survey->lives[i].passed;
    }
    zh_part_note(ui, failed > 0 ? ZH_NOTE_WATCH : ZH_NOTE_PLAIN,
                 ZH_SAY(ui, ZH_T_SYSTEMS_LOOK, zh_ui_count(ui, (int64_t)v->survey->nlives),
                        zh_ui_count(ui, (int64_t)failed)));
    zh_part_section_close(ui);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void dot(zh_ui *ui)
{
    zh_html_leaf_z(&ui->html, "span", "mu", "·");
}

static void cite_cell(view *v, zh_grid *g, size_t i, const zh_outline *outline)
{
    zh_ui *ui = v->ui;
    const zh_cite *cite = cite_of(v, i, outline);
    zh_grid_cell(g);
    if (cite == NULL) {
        dot(ui);
        return;
    }
    zh_str rest = cite->clauses;
    zh_str clause = ZH_STR("");
    (void)zh_cite_next(&rest, &clause);
    zh_html_open(&ui->html, "a", "dt");
    zh_html_link(&ui->html, "href", zh_clause_url(ui->arena, outline->id, clause));
    zh_html_attr(&ui->html, "title",
                 zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(cite->tag), ZH_FMT(cite->clauses)));
    zh_html_attr(&ui->html, "aria-label",
                 zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(zh_outline_short(ui, outline)),
                            ZH_FMT(cite->clauses)));
    zh_html_z(&ui->html, "■");
    zh_html_close(&ui->html);
}

static void part_cell(zh_ui *ui, zh_grid *g, zh_str url, const char *anchor, size_t n)
{
    zh_grid_cell(g);
    if (n == 0) {
        dot(ui);
        return;
    }
    zh_html_a(&ui->html, "n", zh_str_fmt(ui->arena, "%.*s#%s", ZH_FMT(url), anchor),
              zh_ui_count(ui, (int64_t)n));
}

static void lives_cell(zh_ui *ui, zh_grid *g, zh_str url, const zh_standing *s)
{
    part_cell(ui, g, url, "lives", s->passed + s->failed);
    if (s->failed > 0) {
        zh_html_f(&ui->html, " ✗%zu", s->failed);
    }
}

static void mechanism_row(view *v, zh_grid *g, size_t i, size_t noutlines)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    const zh_standing *s = &v->survey->standings[i];
    zh_str url = zh_url_path(ui->arena, "/systems", s->mechanism->id, ZH_STR_NONE);
    zh_grid_row(g, NULL);
    zh_grid_text(g, s->mechanism->id);
    zh_grid_cell(g);
    zh_html_open(&ui->html, "a", "t");
    zh_html_attr(&ui->html, "id", s->mechanism->id);
    zh_html_link(&ui->html, "href", url);
    zh_html_value(&ui->html, zh_ui_label(ui, s->mechanism->label));
    zh_html_close(&ui->html);
    for (size_t k = 0; k < noutlines; k++) {
        cite_cell(v, g, i, &model->outlines[k]);
    }
    part_cell(ui, g, url, "registers", s->registers);
    part_cell(ui, g, url, "registers", s->workflows);
    part_cell(ui, g, url, "indicators", s->indicators);
    lives_cell(ui, g, url, s);
    zh_grid_cell(g);
    zh_html_open(&ui->html, "a", "st");
    zh_html_link(&ui->html, "href", url);
    zh_system_lamp(ui, s);
    zh_html_close(&ui->html);
    if (s->state == ZH_MECHANISM_PARTIAL) {
        zh_html_leaf(&ui->html, "span", "why", zh_system_lacks(ui, s));
    }
}

static void area_table(view *v, zh_str area)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    size_t noutlines = model->noutlines < OUTLINES_MAX ? model->noutlines : OUTLINES_MAX;
    zh_column columns[OUTLINES_MAX + 7];
    size_t n = 0;
    columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_SYSTEMS_COL_ID), .css = "mono mu"};
    columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_SYSTEMS_COL_NAME), .css = "full nm"};
    for (size_t k = 0; k < noutlines; k++) {
        columns[n++] =
            (zh_column){.label = zh_outline_short(ui, &model->outlines[k]), .css = "c lab"};
    }
    static const zh_text_id parts[] = {ZH_T_SYSTEMS_COL_REGISTERS, ZH_T_SYSTEMS_COL_WORKFLOWS,
                                       ZH_T_SYSTEMS_COL_INDICATORS, ZH_T_SYSTEMS_COL_LIVES};
    for (size_t k = 0; k < ZH_COUNTOF(parts); k++) {
        columns[n++] = (zh_column){.label = zh_ui_text(ui, parts[k]), .css = "c lab"};
    }
    columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_SYSTEMS_COL_STATE), .css = "full sta"};
    zh_grid g;
    size_t rows = 0;
    for (size_t i = 0; i < v->survey->n; i++) {
        bool mine = zh_str_eq(v->survey->standings[i].mechanism->area, area) && selected(v, i);
        if (mine && rows++ == 0) {
            zh_part_section_open(ui, NULL, zh_system_area(ui, area), true);
            zh_grid_open(&g, ui, columns, n, true, ZH_STR(""));
        }
        if (mine) {
            mechanism_row(v, &g, i, noutlines);
        }
    }
    if (rows > 0) {
        zh_grid_close(&g);
        zh_part_section_close(ui);
    }
    v->shown += rows;
}

static zh_rc show(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_rc rc = read_view(&v);
    if (rc != ZH_OK) {
        return rc;
    }
    head(&v);
    if (v.survey->n == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, zh_ui_text(ui, ZH_T_SYSTEMS_NONE),
                      zh_ui_text(ui, ZH_T_SYSTEMS_NONE_TEXT), ZH_STR(""), ZH_STR(""));
        return ZH_OK;
    }
    ask(&v);
    zh_html_open(&ui->html, "div", "stack sys");
    facts(&v);
    for (size_t i = 0; i < v.nareas; i++) {
        area_table(&v, v.areas[i]);
    }
    if (v.shown == 0) {
        zh_part_empty(ui, ZH_EMPTY_FILTER, zh_ui_text(ui, ZH_T_SYSTEMS_REST),
                      ZH_SAY(ui, ZH_T_SYSTEMS_REST_TEXT, zh_ui_count(ui, (int64_t)v.survey->n)),
                      ZH_STR("/systems"), zh_ui_text(ui, ZH_T_SYSTEMS_CLEAR));
    }
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_systems) = {
    .method = "GET",
    .path = "/systems",
    .slow = true, /* the first one after a change of the declarations runs their examples */
    .en = "Mechanisms that the policy documents call for, and how far each has come",
    .handle = handle,
};
