/* GET /systems/{id}: one mechanism: the clauses that call for it, the registers, indicators and
 * examples that serve it, and what it still lacks. */
#include "web/outline/page_systems.h"
#include "web/outline/target_view.h"
#include <inttypes.h>

enum { CLAUSE_TARGETS = 3 /* shown of one clause; the others are one link away */ };

typedef struct view {
    zh_ui *ui;
    const zh_survey *survey;
    const zh_standing *s;
    const struct zh_mechanism *m;
} view;

/* ---- the way from clause to running ---------------------------------------------------------- */

static void steps(view *v, size_t ncites)
{
    zh_ui *ui = v->ui;
    const zh_standing *s = v->s;
    zh_str passed = zh_ui_count(ui, (int64_t)s->passed);
    zh_str failed = zh_ui_count(ui, (int64_t)s->failed);
    const struct {
        zh_text_id label;
        zh_str note;
        bool done;
    } all[] = {
        {ZH_T_SYSTEM_STEP_CLAUSE,
         ZH_SAY(ui, ZH_T_SYSTEM_STEP_CLAUSE_N, zh_ui_count(ui, (int64_t)ncites)), ncites > 0},
        {ZH_T_SYSTEMS_COL_REGISTERS,
         ZH_SAY(ui, ZH_T_SYSTEM_STEP_N, zh_ui_count(ui, (int64_t)s->registers)), s->registers > 0},
        {ZH_T_SYSTEMS_COL_WORKFLOWS,
         ZH_SAY(ui, ZH_T_SYSTEM_STEP_N, zh_ui_count(ui, (int64_t)s->workflows)), s->workflows > 0},
        {ZH_T_SYSTEMS_COL_INDICATORS,
         ZH_SAY(ui, ZH_T_SYSTEM_STEP_N, zh_ui_count(ui, (int64_t)s->indicators)),
         s->indicators > 0},
        {ZH_T_SYSTEMS_COL_LIVES, ZH_SAY(ui, ZH_T_SYSTEM_STEP_LIVES, passed, failed),
         s->passed > 0 && s->failed == 0},
        {ZH_T_SYSTEMS_RUNNING, zh_system_lacks(ui, s), s->state == ZH_MECHANISM_RUNNING},
    };
    zh_stage stages[ZH_COUNTOF(all)];
    for (size_t i = 0; i < ZH_COUNTOF(all); i++) {
        stages[i] = (zh_stage){.label = zh_ui_text(ui, all[i].label),
                               .note = all[i].note,
                               .state = all[i].done ? ZH_STEP_DONE : ZH_STEP_TODO};
    }
    zh_part_section_open(ui, "state", ZH_STR(""), false);
    zh_part_steps(ui, stages, ZH_COUNTOF(all));
    if (s->state != ZH_MECHANISM_RUNNING) {
        zh_part_note(ui, ZH_NOTE_PLAIN, ZH_SAY(ui, ZH_T_SYSTEM_NEXT, v->m->id));
    }
    zh_part_section_close(ui);
}

/* What a mechanism needs to work, in the reader's words where they are known. */
static zh_str depth_words(const view *v)
{
    static const struct {
        const char *id;
        zh_text_id name;
    } known[] = {
        {"register", ZH_T_SYSTEM_D_REGISTER},       {"workflow", ZH_T_SYSTEM_D_WORKFLOW},
        {"calculation", ZH_T_SYSTEM_D_CALCULATION}, {"publication", ZH_T_SYSTEM_D_PUBLICATION},
        {"detection", ZH_T_SYSTEM_D_DETECTION},     {"stream ingest", ZH_T_SYSTEM_D_STREAM},
    };
    zh_ui *ui = v->ui;
    zh_str rest = v->m->depth;
    zh_str piece;
    zh_str words = ZH_STR("");
    while (zh_str_split(&rest, ',', &piece)) {
        zh_str word = zh_str_trim(piece);
        for (size_t i = 0; i < ZH_COUNTOF(known); i++) {
            if (zh_str_is(zh_str_trim(piece), known[i].id)) {
                word = zh_ui_text(ui, known[i].name);
            }
        }
        words = zh_ui_list(ui, words, word);
    }
    return words;
}

static void what(view *v)
{
    zh_ui *ui = v->ui;
    zh_part_section_open(ui, "what", zh_ui_text(ui, ZH_T_SYSTEM_WHAT), false);
    zh_part_kv_open(ui);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SYSTEMS_L_AREA), zh_system_area(ui, v->m->area));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SYSTEM_DEPTH), depth_words(v));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SYSTEM_DOES), zh_ui_label(ui, v->m->does));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_SYSTEM_USERS),
               zh_mechanism_users(ui->arena, v->m, ui->lang == ZH_LANG_EN));
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

/* ---- clauses --------------------------------------------------------------------------------- */

static void item_line(zh_ui *ui, const zh_outline_item *item, bool task)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "span", "it");
    if (task) {
        zh_html_leaf_value(h, "b", "tk", zh_ui_label(ui, item->name));
        zh_html_leaf_value(h, "span", "why", zh_ui_label(ui, item->summary));
    } else {
        zh_html_a_value(h, NULL, zh_target_url(ui->arena, item), zh_ui_label(ui, item->name));
        zh_html_leaf(h, "span", "mu",
                     zh_str_fmt(ui->arena, " %.*s%.*s", ZH_FMT(zh_target_wanted(ui, item)),
                                ZH_FMT(zh_target_unit(ui, item))));
    }
    zh_html_close(h);
}

/* The tasks that stand in a clause, then its first targets, then how many more. */
static void clause_says(view *v, const zh_outline *outline, zh_str clause)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    static const char *const list[] = {"task", "target"};
    size_t targets = 0;
    for (size_t k = 0; k < ZH_COUNTOF(list); k++) {
        for (size_t i = 0; i < model->noutline_items; i++) {
            const zh_outline_item *item = &model->outline_items[i];
            if (zh_str_is(item->kind, list[k]) && zh_str_eq(item->outline, outline->id) &&
                zh_clause_within(item->clause, clause) && (k == 0 || targets++ < CLAUSE_TARGETS)) {
                item_line(ui, item, k == 0);
            }
        }
    }
    if (targets > CLAUSE_TARGETS) {
        zh_html_a(&ui->html, "sm", zh_clause_url(ui->arena, outline->id, clause),
                  ZH_SAY(ui, ZH_T_SYSTEM_MORE_TARGETS,
                         zh_ui_count(ui, (int64_t)(targets - CLAUSE_TARGETS))));
    }
}

static void clauses(view *v, const zh_cite *cites, size_t n)
{
    zh_ui *ui = v->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SYSTEMS_L_OUTLINE), .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_CLAUSE), .css = "nw lab"},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_CLAUSE_SAYS), .css = "full"},
    };
    zh_grid g;
    zh_part_section_open(ui, "clauses", zh_ui_text(ui, ZH_T_SYSTEM_CLAUSES), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n; i++) {
        zh_str rest = cites[i].clauses;
        zh_str clause;
        const zh_outline *outline = cites[i].outline;
        while (zh_cite_next(&rest, &clause)) {
            zh_grid_row(&g, NULL);
            if (outline == NULL) {
                zh_grid_text(&g, cites[i].tag);
                zh_grid_value(&g, clause);
                zh_grid_text(&g, ZH_STR(""));
                continue;
            }
            zh_grid_link(&g, zh_url_path(ui->arena, "/targets", outline->id, ZH_STR_NONE),
                         zh_outline_short(ui, outline));
            zh_grid_value_link(&g, zh_clause_url(ui->arena, outline->id, clause),
                               zh_str_fmt(ui->arena, "§%.*s", ZH_FMT(clause)));
            zh_grid_cell(&g);
            clause_says(v, outline, clause);
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* ---- what serves it -------------------------------------------------------------------------- */

static void nothing(zh_ui *ui, zh_text_id text)
{
    zh_html_open(&ui->html, "p", NULL);
    zh_part_nil(ui, ZH_NIL_NONE, zh_ui_text(ui, text));
    zh_html_close(&ui->html);
}

static void registers(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SYSTEMS_COL_REGISTERS), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_STATES), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_MOVES), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_CLOCKS), .number = true},
    };
    zh_grid g;
    zh_part_section_open(ui, "registers", zh_ui_text(ui, ZH_T_SYSTEM_REGISTERS),
                         v->s->registers > 0);
    if (v->s->registers == 0) {
        nothing(ui, ZH_T_SYSTEM_NO_REGISTER);
        zh_part_section_close(ui);
        return;
    }
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (zh_serves(reg->systems, reg->nsystems, v->m->id)) {
            zh_grid_row(&g, NULL);
            zh_grid_cell(&g);
            zh_html_a_value(&ui->html, NULL, zh_url_register(ui->arena, reg->id, ZH_STR(""), -1),
                            zh_ui_label(ui, reg->label));
            zh_html_leaf_value(&ui->html, "span", "why", zh_ui_label(ui, reg->purpose));
            zh_grid_text(&g, zh_ui_count(ui, (int64_t)reg->nstates));
            zh_grid_text(&g, zh_ui_count(ui, (int64_t)reg->ntransitions));
            zh_grid_text(&g, zh_ui_count(ui, (int64_t)reg->nclocks));
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static void indicators(view *v)
{
    zh_ui *ui = v->ui;
    const zh_model *model = ui->ctx.model;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_INDICATORS), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_DEFINITION), .css = "full mu"},
    };
    zh_grid g;
    zh_part_section_open(ui, "indicators", zh_ui_text(ui, ZH_T_SYSTEM_INDICATORS),
                         v->s->indicators > 0);
    if (v->s->indicators == 0) {
        nothing(ui, ZH_T_SYSTEM_NO_INDICATOR);
        zh_part_section_close(ui);
        return;
    }
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *indicator = &model->indicators[i];
        if (zh_serves(indicator->systems, indicator->nsystems, v->m->id)) {
            zh_grid_row(&g, NULL);
            zh_grid_value_link(
                &g, zh_url_indicator(ui->arena, indicator->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
                zh_ui_label(ui, indicator->label));
            zh_grid_value(&g, zh_ui_label(ui, indicator->definition));
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* ---- examples -------------------------------------------------------------------------------- */

/* The lines of the survey that are about this example: "file:line:column: register.test: …". */
static void failure_lines(view *v, const zh_life *life)
{
    zh_ui *ui = v->ui;
    zh_str mark = zh_str_fmt(ui->arena, " %.*s.%.*s: ", ZH_FMT(life->reg->id), ZH_FMT(life->id));
    zh_str rest = v->survey->failures;
    zh_str line;
    while (zh_str_split(&rest, '\n', &line)) {
        if (zh_str_find(line, mark) >= 0) {
            zh_html_leaf(&ui->html, "span", "why", line);
        }
    }
}

static void lives(view *v)
{
    zh_ui *ui = v->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_SYSTEMS_COL_REGISTERS), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_EXAMPLE), .css = "mono"},
        {.label = zh_ui_text(ui, ZH_T_SYSTEM_RESULT), .css = "full"},
    };
    bool any = v->s->passed + v->s->failed > 0;
    zh_grid g;
    zh_part_section_open(ui, "lives", zh_ui_text(ui, ZH_T_SYSTEM_LIVES), any);
    if (!any) {
        nothing(ui, ZH_T_SYSTEM_NO_LIFE);
        zh_part_section_close(ui);
        return;
    }
    zh_html_leaf(&ui->html, "p", "sm mu", zh_ui_text(ui, ZH_T_SYSTEM_LIVES_WHAT));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < v->survey->nlives; i++) {
        const zh_life *life = &v->survey->lives[i];
        if (zh_serves(life->reg->systems, life->reg->nsystems, v->m->id)) {
            zh_grid_row(&g, NULL);
            zh_grid_value(&g, zh_ui_label(ui, life->reg->label));
            zh_grid_text(&g, life->id);
            zh_grid_cell(&g);
            zh_part_lamp(ui, life->passed ? ZH_LAMP_DONE : ZH_LAMP_ACT,
                         zh_ui_text(ui, life->passed ? ZH_T_SYSTEM_PASSED : ZH_T_SYSTEM_FAILED));
            if (!life->passed) {
                failure_lines(v, life);
            }
        }
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* ---- page ------------------------------------------------------------------------------------ */

static zh_rc read_view(view *v)
{
    zh_ui *ui = v->ui;
    zh_str id = zh_http_arg(ui->request, "id");
    zh_rc rc = zh_survey_of(&ui->ctx, &v->survey);
    for (size_t i = 0; rc == ZH_OK && i < v->survey->n; i++) {
        if (zh_str_eq(v->survey->standings[i].mechanism->id, id)) {
            v->s = &v->survey->standings[i];
            v->m = v->s->mechanism;
            return ZH_OK;
        }
    }
    return rc != ZH_OK
               ? rc
               : zh_err_set(ui->err, ZH_ENOTFOUND, "system.unknown", "没有机制“%.*s”", ZH_FMT(id));
}

static zh_rc show(zh_ui *ui)
{
    view v = {.ui = ui};
    zh_rc rc = read_view(&v);
    if (rc != ZH_OK) {
        return rc;
    }
    static const zh_text_id words[] = {ZH_T_SYSTEMS_ABSENT, ZH_T_SYSTEMS_PARTIAL,
                                       ZH_T_SYSTEMS_RUNNING};
    zh_str lacks = v.s->state == ZH_MECHANISM_PARTIAL ? zh_system_lacks(ui, v.s) : ZH_STR("");
    size_t n = 0;
    const zh_cite *cites = zh_mechanism_cites(ui->ctx.model, ui->arena, v.m, &n);
    zh_ui_head(
        ui, &(zh_ui_head_of){
                .nav = ZH_T_NAV_SYSTEMS,
                .title = zh_str_fmt(
                    ui->arena, "%.*s %.*s%.*s%.*s%.*s%.*s", ZH_FMT(v.m->id),
                    ZH_FMT(zh_ui_label(ui, v.m->label)), ZH_FMT(zh_ui_text(ui, ZH_T_COLON)),
                    ZH_FMT(zh_ui_text(ui, words[v.s->state])),
                    ZH_FMT(lacks.n > 0 ? zh_ui_text(ui, ZH_T_COMMA) : ZH_STR("")), ZH_FMT(lacks)),
                .above = zh_ui_text(ui, ZH_T_NAV_SYSTEMS),
                .above_url = ZH_STR("/systems"),
                .css = ZH_STR("targets.css")});
    zh_html_open(&ui->html, "div", "stack");
    steps(&v, n);
    what(&v);
    clauses(&v, cites, n);
    registers(&v);
    indicators(&v);
    lives(&v);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_system) = {
    .method = "GET",
    .path = "/systems/{id}",
    .slow = true, /* the first one after a change of the declarations runs their examples */
    .en = "One mechanism: clauses, registers, indicators, examples, and what it lacks",
    .handle = handle,
};
