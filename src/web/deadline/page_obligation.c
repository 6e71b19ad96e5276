/* GET /obligations and /obligations/{id}: 填报义务. By period: owed, in time, late, missing,
 * waived, and the coverage; every count is a link to its expected items. */
#include "base/time.h"
#include "core/judgement/obligation.h"
#include "core/read/read.h"
#include "model/obligation.h"
#include "web/frame/part.h"
#include "web/frame/words.h"
#include <inttypes.h>

enum { PERIODS_SHOWN = 60 };

static const struct {
    const char *id;
    zh_text_id text;
} item_states[] = {{"received", ZH_T_OBLIGATION_RECEIVED},
                   {"late", ZH_T_OBLIGATION_LATE},
                   {"missing", ZH_T_OBLIGATION_MISSING},
                   {"expected", ZH_T_OBLIGATION_EXPECTED},
                   {"waived", ZH_T_OBLIGATION_WAIVED}};

enum { RECEIVED, LATE, MISSING, EXPECTED, WAIVED, STATES };

typedef struct tally {
    zh_str from; /* 2026-01-01 */
    int64_t n[STATES];
    int64_t waiting; /* would be owed, but nothing is made: */
    int lacks;       /* the year that the calendar lacks; 0: it reaches */
} tally;

static int64_t owed(const tally *t)
{
    return t->n[RECEIVED] + t->n[LATE] + t->n[MISSING] + t->n[EXPECTED] + t->waiting;
}

static int64_t reported(const tally *t)
{
    return t->n[RECEIVED] + t->n[LATE];
}

static tally *period_of(tally *list, size_t *n, zh_str from)
{
    for (size_t i = 0; i < *n; i++) {
        if (zh_str_eq(list[i].from, from)) {
            return &list[i];
        }
    }
    list[*n] = (tally){.from = from};
    return &list[(*n)++];
}

/* The periods that have begun and wait for the calendar, newest first, before the others. */
static zh_rc add_waiting(zh_ui *ui, const zh_obligation *o, tally **list, size_t *n)
{
    zh_obligation_wait wait;
    zh_time now = zh_now();
    tally *all = ZH_NEW_N(ui->arena, tally, *n + PERIODS_SHOWN);
    size_t waiting = 0;
    zh_rc rc = zh_obligation_waiting(&ui->ctx, ui->conn, o, now, &wait);
    if (rc != ZH_OK || !wait.waits) {
        return rc;
    }
    zh_date first = wait.first;
    zh_date last = wait.last;
    while (first <= zh_time_date(now) && waiting < PERIODS_SHOWN && rc == ZH_OK) {
        char day[16];
        zh_date_format(first, day);
        tally t = {.from = zh_str_dup(ui->arena, zh_str_of(day)), .lacks = wait.year};
        rc = zh_obligation_parties(&ui->ctx, ui->conn, o, first, &t.waiting);
        all[waiting++] = t;
        zh_every_of(o->every, last + 1, &first, &last);
    }
    for (size_t i = 0; i < waiting / 2; i++) {
        tally moved = all[i];
        all[i] = all[waiting - 1 - i];
        all[waiting - 1 - i] = moved;
    }
    for (size_t i = 0; i < *n; i++) {
        all[waiting + i] = (*list)[i];
    }
    *list = all;
    *n += waiting;
    return rc;
}

static void sort_newest(tally *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        tally moved = list[i];
        size_t at = i;
        for (; at > 0 && zh_str_cmp(list[at - 1].from, moved.from) < 0; at--) {
            list[at] = list[at - 1];
        }
        list[at] = moved;
    }
}

/* Counts of one obligation by period, the newest first. */
static zh_rc count(zh_ui *ui, const zh_register *items, const zh_obligation *o, tally **out,
                   size_t *n)
{
    zh_program where;
    zh_counts counts;
    zh_scope scope = {.model = ui->ctx.model, .reg = items};
    zh_rc rc =
        zh_expr_compile(ui->arena, &scope, zh_str_fmt(ui->arena, "duty = '%.*s'", ZH_FMT(o->name)),
                        &where, ui->err);
    *n = 0;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_list_query query = {.reg = items, .where = &where, .limit = 1, .as_of = ZH_AS_OF_NOW};
    const zh_group groups[] = {
        {.field = zh_register_field(items, ZH_STR("from")), .grain = ZH_GRAIN_DAY},
        {.is_state = true}};
    rc = zh_count(&ui->ctx, ui->conn, &query, groups, 2, &counts);
    if (rc != ZH_OK) {
        return rc;
    }
    *out = ZH_NEW_N(ui->arena, tally, counts.n + 1);
    for (size_t i = 0; i < counts.n; i++) {
        tally *t = period_of(*out, n, counts.rows[i].keys[0]);
        for (size_t s = 0; s < STATES; s++) {
            t->n[s] += zh_str_is(counts.rows[i].keys[1], item_states[s].id) ? counts.rows[i].n : 0;
        }
    }
    sort_newest(*out, *n);
    return add_waiting(ui, o, out, n);
}

static zh_str every_words(zh_ui *ui, const zh_obligation *o)
{
    static const zh_text_id words[] = {ZH_T_OBLIGATION_DAY,   ZH_T_OBLIGATION_WEEK,
                                       ZH_T_OBLIGATION_MONTH, ZH_T_OBLIGATION_QUARTER,
                                       ZH_T_OBLIGATION_HALF,  ZH_T_OBLIGATION_YEAR};
    return zh_ui_text(ui, words[o->every]);
}

static zh_str due_words(zh_ui *ui, const zh_obligation *o)
{
    static const zh_text_id units[] = {[ZH_HOUR] = ZH_T_OBLIGATION_U_HOUR,
                                       [ZH_DAY] = ZH_T_OBLIGATION_U_DAY,
                                       [ZH_WORKING_DAY] = ZH_T_OBLIGATION_U_WORKING,
                                       [ZH_MONTH] = ZH_T_OBLIGATION_U_MONTH,
                                       [ZH_YEAR] = ZH_T_OBLIGATION_U_YEAR};
    return ZH_SAY(ui, ZH_T_OBLIGATION_DUE_AFTER, zh_ui_count(ui, o->due),
                  zh_ui_text(ui, units[o->due_unit]));
}

static zh_str coverage(zh_ui *ui, const tally *t)
{
    int64_t tenths = owed(t) > 0 ? (reported(t) * 2000 + owed(t)) / (2 * owed(t)) : 0;
    return owed(t) > 0 ? zh_str_fmt(ui->arena, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10)
                       : ZH_STR("");
}

/* condition: more of the filter, may be empty. */
static zh_str items_url(zh_ui *ui, zh_str duty, zh_str from, zh_str condition)
{
    return zh_url_register(ui->arena, ZH_STR("expected_item"),
                           zh_str_fmt(ui->arena, "duty = '%.*s' and from = %.*s%s%.*s",
                                      ZH_FMT(duty), ZH_FMT(from), condition.n > 0 ? " and " : "",
                                      ZH_FMT(condition)),
                           -1);
}

static zh_str lacks(zh_ui *ui, const tally *t)
{
    return ZH_SAY(ui, ZH_T_OBLIGATION_LACKS, zh_str_fmt(ui->arena, "%d", t->lacks));
}

/* A period without items: who would owe, and why there are none. */
static void counts_waiting(zh_grid *g, const zh_obligation *o, const tally *t)
{
    zh_ui *ui = g->ui;
    zh_grid_cell(g);
    zh_part_number(ui, zh_ui_count(ui, t->waiting), ZH_STR(""),
                   zh_url_register(ui->arena, o->who->id, o->where_source, -1));
    for (size_t s = 0; s < STATES; s++) {
        zh_grid_text(g, ZH_STR("—"));
    }
    zh_grid_cell(g);
    zh_html_a(&ui->html, "tag watch", ZH_STR("/calendar"), lacks(ui, t));
}

static void counts_of(zh_grid *g, const zh_obligation *o, const tally *t)
{
    zh_ui *ui = g->ui;
    if (t->lacks != 0) {
        counts_waiting(g, o, t);
        return;
    }
    zh_grid_cell(g);
    zh_part_number(ui, zh_ui_count(ui, owed(t)), ZH_STR(""),
                   items_url(ui, o->name, t->from, ZH_STR("state != 'waived'")));
    for (size_t s = 0; s < STATES; s++) {
        zh_str condition = zh_str_fmt(ui->arena, "state = '%s'", item_states[s].id);
        zh_grid_cell(g);
        zh_part_number(ui, zh_ui_count(ui, t->n[s]), ZH_STR(""),
                       t->n[s] > 0 ? items_url(ui, o->name, t->from, condition) : ZH_STR(""));
    }
    zh_grid_cell(g);
    if (owed(t) > 0) {
        zh_part_number(ui, coverage(ui, t), ZH_STR("%"), ZH_STR(""));
    } else {
        zh_part_nil(ui, ZH_NIL_SKIP, ZH_STR(""));
    }
}

enum { COUNT_COLUMNS = STATES + 2 };

static void count_columns(zh_ui *ui, zh_column *out)
{
    out[0] = (zh_column){.label = zh_ui_text(ui, ZH_T_OBLIGATION_OWED), .number = true};
    for (size_t s = 0; s < STATES; s++) {
        out[s + 1] = (zh_column){.label = zh_ui_text(ui, item_states[s].text), .number = true};
    }
    out[STATES + 1] =
        (zh_column){.label = zh_ui_text(ui, ZH_T_OBLIGATION_COVERAGE), .number = true};
}

static zh_str page_url(zh_ui *ui, const zh_obligation *o)
{
    return zh_url_path(ui->arena, "/obligations", o->name, ZH_STR_NONE);
}

/* ---- one obligation -------------------------------------------------------------------------- */

static void rules(zh_ui *ui, const zh_obligation *o)
{
    zh_part_section_open(ui, "rule", zh_ui_text(ui, ZH_T_OBLIGATION_NAME), false);
    zh_part_kv_open(ui);
    zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_OBLIGATION_WHO));
    zh_html_a_value(&ui->html, NULL, zh_url_register(ui->arena, o->who->id, o->where_source, -1),
                    zh_str_fmt(ui->arena, "%.*s　%.*s", ZH_FMT(zh_ui_label(ui, o->who->label)),
                               ZH_FMT(o->has_where ? zh_words(ui, o->where.root)
                                                   : zh_ui_text(ui, ZH_T_OBLIGATION_ALL))));
    zh_html_close(&ui->html);
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_OBLIGATION_EVERY), every_words(ui, o));
    zh_part_kv(ui, zh_ui_text(ui, ZH_T_OBLIGATION_DUE), due_words(ui, o));
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

static void periods(zh_ui *ui, const zh_obligation *o, const tally *list, size_t n)
{
    zh_column columns[1 + COUNT_COLUMNS] = {
        {.label = zh_ui_text(ui, ZH_T_OBLIGATION_PERIOD), .css = "full"}};
    zh_grid g;
    count_columns(ui, columns + 1);
    zh_part_section_open(ui, "periods", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n && i < PERIODS_SHOWN; i++) {
        zh_date day = 0;
        zh_date first = 0;
        zh_date last = 0;
        bool known = zh_date_parse(list[i].from, &day) == ZH_OK;
        if (known) {
            zh_every_of(o->every, day, &first, &last);
        }
        zh_grid_row(&g, NULL);
        zh_grid_text(&g, known ? zh_ui_period(ui, first, last) : list[i].from);
        counts_of(&g, o, &list[i]);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

static zh_rc find(zh_ui *ui, const zh_register **items, zh_obligation **list, size_t *n)
{
    *items = zh_model_register(ui->ctx.model, ZH_STR("expected_item"));
    *n = 0;
    return *items != NULL ? zh_obligations(ui->ctx.model, ui->arena, list, n, ui->err) : ZH_OK;
}

static zh_str finding(zh_ui *ui, const zh_obligation *o, const tally *list, size_t n)
{
    zh_str label = zh_ui_label(ui, o->label);
    if (n == 0) {
        return ZH_SAY(ui, ZH_T_OBLIGATION_NOT_YET, label);
    }
    return list[0].lacks != 0
               ? ZH_SAY(ui, ZH_T_OBLIGATION_FINDING_LACKS, label, zh_ui_count(ui, owed(&list[0])),
                        lacks(ui, &list[0]))
               : ZH_SAY(ui, ZH_T_OBLIGATION_FINDING, label, zh_ui_count(ui, owed(&list[0])),
                        zh_ui_count(ui, reported(&list[0])));
}

static zh_rc show_one(zh_ui *ui)
{
    const zh_register *items = NULL;
    zh_obligation *list = NULL;
    zh_str name = zh_http_arg(ui->request, "id");
    size_t n = 0;
    tally *tallies = NULL;
    size_t ntallies = 0;
    const zh_obligation *o = NULL;
    zh_rc rc = find(ui, &items, &list, &n);
    for (size_t i = 0; i < n && o == NULL; i++) {
        o = zh_str_eq(list[i].name, name) ? &list[i] : NULL;
    }
    if (rc == ZH_OK && o == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "obligation.unknown", "没有填报义务“%.*s”",
                          ZH_FMT(name));
    }
    if (rc == ZH_OK) {
        rc = count(ui, items, o, &tallies, &ntallies);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){
                       .nav = ZH_T_NAV_REGISTERS,
                       .title = finding(ui, o, tallies, ntallies),
                       .lede = zh_ui_text(ui, ntallies == 0 ? ZH_T_OBLIGATION_NOT_YET_TEXT
                                                            : ZH_T_OBLIGATIONS_LEDE),
                       .above = ZH_SAY(ui, ZH_T_OBLIGATIONS_TITLE, zh_ui_count(ui, (int64_t)n)),
                       .above_url = ZH_STR("/obligations")});
    zh_html_open(&ui->html, "div", "stack");
    if (ntallies > 0 && tallies[0].lacks != 0) {
        zh_part_note_open(ui, ZH_NOTE_WATCH);
        zh_html_text(&ui->html, ZH_SAY(ui, ZH_T_OBLIGATION_LACKS_TEXT,
                                       zh_str_fmt(ui->arena, "%d", tallies[0].lacks)));
        zh_html_z(&ui->html, " ");
        zh_html_a(&ui->html, NULL, ZH_STR("/calendar"), zh_ui_text(ui, ZH_T_CALENDAR_NAV));
        zh_part_note_close(ui);
    }
    if (ntallies > 0) {
        periods(ui, o, tallies, ntallies);
    }
    rules(ui, o);
    zh_html_close(&ui->html);
    return ZH_OK;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static zh_rc show_all(zh_ui *ui)
{
    const zh_register *items = NULL;
    zh_obligation *list = NULL;
    size_t n = 0;
    zh_rc rc = find(ui, &items, &list, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_column columns[2 + COUNT_COLUMNS] = {
        {.label = zh_ui_text(ui, ZH_T_OBLIGATION_NAME), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_OBLIGATION_EVERY), .css = "lab"}};
    zh_grid g;
    count_columns(ui, columns + 2);
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_REGISTERS,
                                    .title = n == 0 ? zh_ui_text(ui, ZH_T_OBLIGATIONS_NONE)
                                                    : ZH_SAY(ui, ZH_T_OBLIGATIONS_TITLE,
                                                             zh_ui_count(ui, (int64_t)n)),
                                    .lede = zh_ui_text(ui, n == 0 ? ZH_T_OBLIGATIONS_NONE_TEXT
                                                                  : ZH_T_OBLIGATIONS_LEDE)});
    if (n == 0) {
        return ZH_OK;
    }
    zh_part_section_open(ui, "obligations", ZH_STR(""), true);
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        tally *tallies = NULL;
        size_t ntallies = 0;
        const tally none = {.from = ZH_STR_NONE};
        rc = count(ui, items, &list[i], &tallies, &ntallies);
        zh_grid_row(&g, NULL);
        zh_grid_cell(&g);
        zh_html_a(&ui->html, NULL, page_url(ui, &list[i]), zh_ui_label(ui, list[i].label));
        zh_html_leaf_value(&ui->html, "span", "why", zh_ui_label(ui, list[i].reg->label));
        zh_grid_text(&g, every_words(ui, &list[i]));
        counts_of(&g, &list[i], ntallies > 0 ? &tallies[0] : &none);
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
    return rc;
}

static zh_rc handle_one(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_one);
}

static zh_rc handle_all(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show_all);
}

ZH_ROUTE(page_obligations) = {.method = "GET",
                              .path = "/obligations",
                              .en = "Reporting obligations with their newest period, as a page",
                              .handle = handle_all};
ZH_ROUTE(page_obligation) = {.method = "GET",
                             .path = "/obligations/{id}",
                             .en = "One reporting obligation by period, as a page",
                             .handle = handle_one};
