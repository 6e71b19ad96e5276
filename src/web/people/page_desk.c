/* GET /desk: 工作台. What is due, by clock; what came back; what one began. Every count is a link
 * to the list it counts. */
#include "core/people/desk.h"
#include "core/people/identity.h"
#include "core/read/clock_check.h"
#include "model/title.h"
#include "web/frame/part.h"
#include "web/frame/show.h"
#include "web/frame/words.h"
#include "web/people/desk_week.h"
#include "web/people/notice_part.h"
#include "web/record/act.h"
#include <inttypes.h>

enum { SHOWN = 50, HANDS = 10, DAYS_MAX = 366, FACTS = 4, ACTIONS = 4, TOLD = 8, TICKS_MAX = 20 };

static const struct {
    const char *see;
    zh_text_id text;
} stretches[] = {
    [ZH_DESK_OVERDUE] = {"overdue", ZH_T_DESK_OVERDUE},
    [ZH_DESK_TODAY] = {"today", ZH_T_DESK_TODAY},
    [ZH_DESK_WEEK] = {"week", ZH_T_DESK_WEEK},
    [ZH_DESK_LATER] = {"later", ZH_T_DESK_LATER},
    [ZH_DESK_ANY] = {"", ZH_T_DESK_ALL},
};

typedef enum hands { HANDS_BOTH, HANDS_RETURNED, HANDS_BEGUN, HANDS_VOTES } hands;

typedef struct desk {
    zh_ui *ui;
    zh_time now;
    zh_desk_when when;
    hands only;  /* one of the lists that are not by time, whole */
    bool by_day; /* only what ends on `day` */
    zh_date day;
    const zh_register *reg; /* with clock: the kind asked for; NULL: all */
    const zh_clock *clock;
    bool by_place;
    zh_desk_counts counts;
    zh_desk_list due, returned, begun, votes;
    zh_notice_list told;
    zh_str *matters; /* of told.groups */
} desk;

/* ---- the question ---------------------------------------------------------------------------- */

static zh_rc read_when(desk *d)
{
    zh_str see = zh_http_param(d->ui->request, "see");
    d->when = ZH_DESK_ANY;
    d->only = zh_str_is(see, "returned") ? HANDS_RETURNED
              : zh_str_is(see, "begun")  ? HANDS_BEGUN
              : zh_str_is(see, "votes")  ? HANDS_VOTES
                                         : HANDS_BOTH;
    if (d->only != HANDS_BOTH) {
        return ZH_OK;
    }
    for (size_t i = 0; i < ZH_DESK_WHENS && see.n > 0; i++) {
        if (zh_str_is(see, stretches[i].see)) {
            d->when = (zh_desk_when)i;
            return ZH_OK;
        }
    }
    return see.n == 0
               ? ZH_OK
               : zh_err_set(
                     d->ui->err, ZH_EINVAL, "desk.see",
                     "没有叫“%.*s”的一段时间，可用 overdue today week later returned begun votes",
                     ZH_FMT(see));
}

/* day=2026-11-26 */
static zh_rc read_day(desk *d)
{
    zh_str day = zh_http_param(d->ui->request, "day");
    d->by_day = day.n > 0;
    return !d->by_day || zh_date_parse(day, &d->day) == ZH_OK
               ? ZH_OK
               : zh_err_set(d->ui->err, ZH_EINVAL, "desk.day", "“%.*s”不是日期，要像 2026-11-26",
                            ZH_FMT(day));
}

/* kind=register.clock */
static zh_rc read_kind(desk *d)
{
    zh_str kind = zh_http_param(d->ui->request, "kind");
    ptrdiff_t dot = zh_str_chr(kind, '.');
    if (kind.n == 0) {
        return ZH_OK;
    }
    const zh_register *reg =
        dot > 0 ? zh_model_register(d->ui->ctx.model, zh_str_sub(kind, 0, (size_t)dot)) : NULL;
    for (size_t i = 0; reg != NULL && i < reg->nclocks && d->clock == NULL; i++) {
        if (zh_str_eq(reg->clocks[i].id, zh_str_sub(kind, (size_t)dot + 1, kind.n))) {
            d->reg = reg;
            d->clock = &reg->clocks[i];
        }
    }
    return d->clock != NULL
               ? ZH_OK
               : zh_err_set(d->ui->err, ZH_EINVAL, "desk.kind", "没有时限“%.*s”", ZH_FMT(kind));
}

static zh_rc ask(desk *d)
{
    zh_ui *ui = d->ui;
    zh_rc rc = read_when(d);
    d->by_place = zh_str_is(zh_http_param(ui->request, "by"), "place");
    if (rc == ZH_OK) {
        rc = read_day(d);
    }
    if (rc == ZH_OK) {
        rc = read_kind(d);
    }
    if (rc == ZH_OK) {
        rc = zh_desk_count(&ui->ctx, ui->conn, d->now, &d->counts);
    }
    if (rc == ZH_OK) {
        rc = d->by_day
                 ? zh_desk_due_on(&ui->ctx, ui->conn, d->day, d->reg, d->clock, SHOWN, &d->due)
                 : zh_desk_due(&ui->ctx, ui->conn, d->now, d->when, d->reg, d->clock, SHOWN,
                               &d->due);
    }
    size_t limit = d->only == HANDS_BOTH ? (size_t)HANDS : ZH_DESK_ITEMS_MAX;
    if (rc == ZH_OK && (d->only == HANDS_BOTH || d->only == HANDS_VOTES)) {
        rc = zh_desk_votes(&ui->ctx, ui->conn, limit, &d->votes);
    }
    if (rc == ZH_OK && (d->only == HANDS_BOTH || d->only == HANDS_RETURNED)) {
        rc = zh_desk_returned(&ui->ctx, ui->conn, limit, &d->returned);
    }
    if (rc == ZH_OK && (d->only == HANDS_BOTH || d->only == HANDS_BEGUN)) {
        rc = zh_desk_begun(&ui->ctx, ui->conn, limit, &d->begun);
    }
    if (rc == ZH_OK && ui->session != NULL && ui->session->post != NULL) {
        rc = zh_notice_groups(&ui->ctx, ui->conn, false, TOLD, ui->session->current.code, &d->told);
    }
    return rc == ZH_OK ? zh_notice_by_matter(ui, d->told.groups, d->told.n, &d->matters) : rc;
}

/* ---- time in words --------------------------------------------------------------------------- */

/* Working days after `from` up to `to`, or days where the calendar does not reach. */
static int64_t days_between(const desk *d, zh_date from, zh_date to, bool *working)
{
    const zh_calendar *calendar = d->ui->ctx.model->calendar;
    int64_t n = 0;
    *working = calendar != NULL && to - from <= DAYS_MAX;
    for (zh_date day = from + 1; day <= to && *working; day++) {
        bool is = false;
        *working = zh_calendar_is_working(calendar, day, &is) == ZH_OK;
        n += is;
    }
    return *working ? n : to - from;
}

static zh_str time_words(const desk *d, zh_time due)
{
    zh_ui *ui = d->ui;
    zh_date today = zh_time_date(d->now);
    zh_date last = zh_time_date(due - 1);
    bool working = false;
    if (due <= d->now) {
        int64_t late = days_between(d, last, today, &working);
        return late == 0 ? zh_ui_text(ui, ZH_T_DESK_LATE_TODAY)
                         : ZH_SAY(ui, working ? ZH_T_DESK_LATE_DAYS : ZH_T_DESK_LATE_PLAIN,
                                  zh_ui_count(ui, late));
    }
    if (last == today) {
        zh_civil civil = zh_time_civil(due - 1);
        return ZH_SAY(ui, ZH_T_DESK_UNTIL,
                      zh_str_fmt(ui->arena, "%02d:%02d", civil.hour, civil.minute));
    }
    int64_t left = days_between(d, today, last, &working);
    return ZH_SAY(ui, working ? ZH_T_DESK_LEFT : ZH_T_DESK_LEFT_DAYS, zh_ui_count(ui, left));
}

/* The last day with its weekday; the instant where it is not the end of a day. */
static zh_str last_words(const desk *d, zh_time due)
{
    static const zh_text_id weekdays[] = {ZH_T_DESK_MON, ZH_T_DESK_TUE, ZH_T_DESK_WED,
                                          ZH_T_DESK_THU, ZH_T_DESK_FRI, ZH_T_DESK_SAT,
                                          ZH_T_DESK_SUN};
    zh_ui *ui = d->ui;
    char text[16];
    zh_date day = zh_time_date(due - 1);
    if (due != zh_date_start(day + 1)) {
        return ZH_SAY(ui, ZH_T_DESK_LAST, zh_ui_time(ui, due - 1));
    }
    (void)zh_date_format(day, text);
    return ZH_SAY(ui, ZH_T_DESK_LAST_DAY, zh_str_of(text),
                  zh_ui_text(ui, weekdays[zh_date_weekday(day) - 1]));
}

/* A tick a working day from the beginning to the end; those that are gone are dark. */
static void ticks(desk *d, const zh_clock_state *state)
{
    zh_html *h = &d->ui->html;
    zh_date from = zh_time_date(state->started_at);
    zh_date today = zh_time_date(d->now);
    bool working = false;
    bool now_working = false;
    int64_t total = days_between(d, from, zh_time_date(state->due_at - 1), &working);
    int64_t gone = days_between(d, from, today, &now_working);
    if (!working || !now_working || total < 1 || total > TICKS_MAX) {
        return;
    }
    zh_html_open(h, "span", "days");
    zh_html_attr_z(h, "aria-hidden", "true"); /* said in words above */
    for (int64_t i = 0; i < total; i++) {
        bool over = state->due_at <= d->now && i == total - 1;
        zh_html_leaf_z(h, "i", over ? "o" : i < gone ? "u" : NULL, "");
    }
    zh_html_close(h);
}

static const char *clock_css(const desk *d, zh_time due)
{
    switch (zh_desk_when_of(d->now, due)) {
    case ZH_DESK_OVERDUE:
    case ZH_DESK_TODAY: return "clock act";
    case ZH_DESK_WEEK: return "clock watch";
    case ZH_DESK_LATER:
    case ZH_DESK_WHENS: break;
    }
    return "clock";
}

/* ---- due items ------------------------------------------------------------------------------- */

static zh_str record_url(const desk *d, const zh_record *record)
{
    return zh_url_record(d->ui->arena, record->reg->id, record->office, record->id);
}

/* The columns of the register's list, but those that name the record already. */
static void facts(desk *d, zh_show *show, const zh_record *record, zh_str named)
{
    zh_html *h = &d->ui->html;
    const zh_register *reg = record->reg;
    size_t n = 0;
    for (size_t i = 0; i < reg->ndefault_columns && n < FACTS; i++) {
        const zh_field *field = reg->default_columns[i];
        if (field == NULL || field->type == ZH_TYPE_TABLE || zh_title_names(&reg->title, field)) {
            continue;
        }
        zh_str text = zh_show_field_text(show, record, field);
        if (text.n > 0 && !zh_str_eq(text, named)) {
            if (n++ == 0) {
                zh_html_open(h, "p", NULL);
            } else {
                zh_html_z(h, "　");
            }
            zh_html_value(h, text);
        }
    }
    if (n > 0) {
        zh_html_close(h);
    }
}

static zh_rc clause_of(desk *d, const zh_desk_item *item)
{
    zh_ui *ui = d->ui;
    zh_html *h = &ui->html;
    zh_date from = zh_time_date(item->state.started_at);
    for (size_t i = 0; i < item->clock->nversions; i++) {
        const zh_clock_version *v = &item->clock->versions[i];
        bool open = false;
        if (from < v->from || from > v->to || v->has_when) {
            continue;
        }
        zh_rc rc = zh_clock_unverified(&ui->ctx, ui->conn, item->reg, item->clock, v, &open);
        zh_html_z(h, "　");
        zh_html_value(h, zh_ui_label(ui, v->clause));
        if (open) {
            zh_html_z(h, " ");
            zh_part_tag(ui, ZH_TAG_PLAIN, zh_ui_text(ui, ZH_T_RECORD_UNVERIFIED));
        }
        return rc;
    }
    return ZH_OK;
}

/* Why the reader cannot take the step now; empty: they can. */
static zh_rc obstacle(desk *d, const zh_desk_item *item, const zh_transition *t, zh_str *out)
{
    zh_ui *ui = d->ui;
    bool holds = true;
    *out = ZH_STR("");
    if (!zh_may_take(&ui->ctx, item->reg, t)) {
        zh_str roles = ZH_STR("");
        for (size_t i = 0; i < t->nroles; i++) {
            roles = zh_ui_list(ui, roles, zh_ui_role(ui, t->roles[i]));
        }
        *out = ZH_SAY(ui, ZH_T_ACT_ROLE, zh_ui_role(ui, ui->ctx.role), roles);
        return ZH_OK;
    }
    zh_env env = zh_read_env(&ui->ctx, ui->conn, ZH_AS_OF_NOW, item->record);
    zh_rc rc = t->has_guard ? zh_eval_true(&t->guard, &env, &holds, ui->err) : ZH_OK;
    if (rc == ZH_OK && !holds) {
        *out = ZH_SAY(ui, ZH_T_ACT_GUARD, zh_words(ui, t->guard.root));
    }
    return rc;
}

static bool open_here(const zh_transition *t, const zh_record *record)
{
    bool from = t->from_any;
    for (size_t k = 0; k < t->nfrom; k++) {
        from = from || t->from[k] == record->state;
    }
    return from && t->kind != ZH_TR_AUTO;
}

static void grey(desk *d, const zh_transition *t, zh_str why)
{
    zh_html *h = &d->ui->html;
    zh_html_open(h, "span", "btn");
    zh_html_attr_z(h, "aria-disabled", "true");
    zh_html_attr(h, "title", why);
    zh_html_value(h, zh_ui_label(d->ui, t->label));
    zh_html_close(h);
    zh_html_leaf_value(h, "span", "why", why);
}

/* How much a step is what one would do next: it goes forward and stops the clock; forward; stops
 * it.
 */
static int urge(const zh_desk_item *item, const zh_transition *t)
{
    bool forward = t->kind == ZH_TR_HANDLE || t->kind == ZH_TR_COUNTERSIGN;
    bool stops = zh_str_among(t->id, item->clock->stop, item->clock->nstop);
    return 2 * forward + stops + 1;
}

/* What can be done leads to its form, the next action marked; the rest is grey and says why. */
static zh_rc actions(desk *d, const zh_desk_item *item)
{
    zh_ui *ui = d->ui;
    zh_html *h = &ui->html;
    const zh_transition *steps[ACTIONS];
    zh_str why[ACTIONS];
    size_t n = 0;
    size_t next = ACTIONS;
    int most = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < item->reg->ntransitions && n < ACTIONS && rc == ZH_OK; i++) {
        const zh_transition *t = &item->reg->transitions[i];
        if (!open_here(t, item->record)) {
            continue;
        }
        rc = obstacle(d, item, t, &why[n]);
        if (rc == ZH_OK && why[n].n == 0 && urge(item, t) > most) {
            next = n;
            most = urge(item, t);
        }
        steps[n++] = t;
    }
    zh_html_open(h, "div", "bar");
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (why[i].n > 0) {
            grey(d, steps[i], why[i]);
        } else {
            zh_html_a_value(h, i == next ? "btn pri" : "btn",
                            zh_act_url(ui, item->record, steps[i]),
                            zh_ui_label(ui, steps[i]->label));
        }
    }
    zh_html_close(h);
    return rc;
}

/* The register, and the number that a title does not say. */
static void called(zh_ui *ui, const zh_record *record, zh_str title)
{
    zh_str key = zh_show_key(ui, record);
    zh_html_value(&ui->html, zh_ui_label(ui, record->reg->label));
    if (!zh_str_eq(key, title)) {
        zh_html_z(&ui->html, " ");
        zh_html_leaf_value(&ui->html, "span", "mono", key);
    }
}

static zh_rc due_item(desk *d, zh_show *show, const zh_desk_item *item)
{
    zh_ui *ui = d->ui;
    zh_html *h = &ui->html;
    zh_str key = zh_show_key(ui, item->record);
    zh_str title = zh_show_title(show, item->record);
    zh_html_open(h, "article", "task");
    zh_html_flag(h, "data-row");
    zh_html_open(h, "div", clock_css(d, item->state.due_at));
    zh_html_leaf(h, "b", NULL, time_words(d, item->state.due_at));
    zh_html_leaf(h, "small", NULL, last_words(d, item->state.due_at));
    ticks(d, &item->state);
    zh_html_close(h);
    zh_html_open(h, "div", NULL);
    zh_html_open(h, "h3", NULL);
    zh_part_tag(ui, ZH_TAG_PLAIN, zh_ui_label(ui, item->clock->label));
    zh_html_z(h, " ");
    zh_html_a_value(h, NULL, record_url(d, item->record), title);
    zh_html_close(h);
    facts(d, show, item->record, key);
    zh_html_open(h, "p", "mu");
    called(ui, item->record, title);
    zh_html_z(h, "　");
    zh_html_text(h, zh_show_state(ui, item->reg, item->record->state));
    zh_html_z(h, "　");
    zh_html_leaf(h, "time", NULL,
                 ZH_SAY(ui, ZH_T_DESK_SINCE, zh_ui_time(ui, item->state.started_at)));
    zh_rc rc = clause_of(d, item);
    zh_html_close(h);
    zh_html_close(h);
    rc = rc == ZH_OK ? actions(d, item) : rc;
    zh_html_close(h);
    return rc;
}

/* The same question for another stretch of time. */
static zh_str tab_url(const desk *d, const char *see)
{
    zh_arena *arena = d->ui->arena;
    zh_str url = ZH_STR("/desk");
    zh_str kind = zh_http_param(d->ui->request, "kind");
    url = d->by_place ? zh_url_add(arena, url, "by", ZH_STR("place")) : url;
    url = kind.n > 0 ? zh_url_add(arena, url, "kind", kind) : url;
    return see[0] != '\0' ? zh_url_add(arena, url, "see", zh_str_of(see)) : url;
}

static void tabs(desk *d)
{
    zh_ui *ui = d->ui;
    zh_tab list[ZH_DESK_WHENS + 1];
    int64_t all = 0;
    for (size_t i = 0; i < ZH_DESK_WHENS; i++) {
        all += d->counts.n[i];
    }
    for (size_t i = 0; i <= ZH_DESK_WHENS; i++) {
        size_t which = i == 0 ? ZH_DESK_ANY : i - 1;
        list[i] = (zh_tab){.label = zh_ui_text(ui, stretches[which].text),
                           .url = tab_url(d, stretches[which].see),
                           .count = i == 0 ? all : d->counts.n[which],
                           .current = !d->by_day && d->when == (zh_desk_when)which};
    }
    zh_part_tabs(ui, list, ZH_COUNTOF(list), zh_ui_text(ui, ZH_T_DESK_TABS));
}

/* Where it is, as people call it: the place the record says, else the office it belongs to. */
static zh_str place_of(const desk *d, const zh_record *record)
{
    zh_ui *ui = d->ui;
    const zh_codes *regions = zh_model_codes(ui->ctx.model, ZH_STR("region"));
    const zh_field *field = zh_register_field(record->reg, ZH_STR("place"));
    bool said = field != NULL && field->codes == regions && field->table == NULL &&
                record->values[field->index].kind == ZH_TEXT;
    zh_str text = said ? record->values[field->index].text
                       : zh_str_fmt(ui->arena, "%" PRId64, record->office);
    const zh_code *code = regions != NULL ? zh_code_find(regions, text, INT32_MIN) : NULL;
    return code != NULL ? zh_ui_label(ui, code->label) : zh_ui_text(ui, ZH_T_DESK_NO_PLACE);
}

/* One way of the inspector: what is late, then today's, then later; in each by place, the place of
 * the earliest end first. Items come by their end. */
static zh_rc due_by_place(desk *d, zh_show *show)
{
    zh_ui *ui = d->ui;
    zh_str *places = ZH_NEW_N(ui->arena, zh_str, d->due.n + 1);
    bool *done = ZH_NEW_N(ui->arena, bool, d->due.n + 1);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < d->due.n; i++) {
        places[i] = place_of(d, d->due.items[i].record);
    }
    for (size_t i = 0; i < d->due.n && rc == ZH_OK; i++) {
        zh_desk_when when = zh_desk_when_of(d->now, d->due.items[i].state.due_at);
        int64_t n = 0;
        for (size_t k = i; k < d->due.n && !done[i]; k++) {
            n += zh_str_eq(places[k], places[i]) &&
                 zh_desk_when_of(d->now, d->due.items[k].state.due_at) == when;
        }
        if (n > 0) {
            zh_html_leaf(&ui->html, "h3", "place",
                         ZH_SAY(ui, ZH_T_DESK_AT, zh_ui_text(ui, stretches[when].text), places[i],
                                zh_ui_count(ui, n)));
        }
        for (size_t k = i; k < d->due.n && n > 0 && rc == ZH_OK; k++) {
            if (!done[k] && zh_str_eq(places[k], places[i]) &&
                zh_desk_when_of(d->now, d->due.items[k].state.due_at) == when) {
                rc = due_item(d, show, &d->due.items[k]);
                done[k] = true;
            }
        }
    }
    return rc;
}

static void put_order(desk *d)
{
    zh_ui *ui = d->ui;
    zh_html_open(&ui->html, "p", "bar sm");
    zh_html_a(&ui->html, "btn quiet",
              zh_url_with(ui->request, "by", d->by_place ? ZH_STR("") : ZH_STR("place")),
              zh_ui_text(ui, d->by_place ? ZH_T_DESK_BY_CLOCK : ZH_T_DESK_BY_PLACE));
    zh_html_close(&ui->html);
}

static zh_rc due_list(desk *d, zh_show *show)
{
    zh_ui *ui = d->ui;
    zh_rc rc = ZH_OK;
    char text[16];
    (void)zh_date_format(d->day, text);
    zh_part_section_open(
        ui, "due",
        d->by_day ? ZH_SAY(ui, ZH_T_DESK_DAY, zh_str_of(text), zh_ui_count(ui, (int64_t)d->due.n))
                  : ZH_STR(""),
        true);
    if (d->due.n == 0) {
        zh_part_empty(ui,
                      d->when == ZH_DESK_ANY && d->clock == NULL && !d->by_day ? ZH_EMPTY_DATA
                                                                               : ZH_EMPTY_FILTER,
                      zh_ui_text(ui, ZH_T_DESK_EMPTY), zh_ui_text(ui, ZH_T_DESK_EMPTY_TEXT),
                      ZH_STR(""), ZH_STR(""));
    }
    if (d->due.n > 1) {
        put_order(d);
    }
    if (d->by_place) {
        rc = due_by_place(d, show);
    }
    for (size_t i = 0; i < d->due.n && !d->by_place && rc == ZH_OK; i++) {
        rc = due_item(d, show, &d->due.items[i]);
    }
    zh_part_section_close(ui);
    if (d->due.more) {
        zh_part_note(ui, ZH_NOTE_PLAIN, ZH_SAY(ui, ZH_T_DESK_MORE, zh_ui_count(ui, SHOWN)));
    }
    return rc;
}

/* ---- by kind --------------------------------------------------------------------------------- */

static void kind_count(zh_grid *g, zh_str url, zh_desk_when when, int64_t n)
{
    zh_ui *ui = g->ui;
    zh_grid_cell(g);
    zh_part_number(ui, zh_ui_count(ui, n), ZH_STR(""),
                   n > 0 ? zh_url_add(ui->arena, url, "see", zh_str_of(stretches[when].see))
                         : ZH_STR(""));
}

static void kinds(desk *d)
{
    zh_ui *ui = d->ui;
    zh_html *h = &ui->html;
    zh_column columns[1 + ZH_DESK_WHENS] = {
        {.label = zh_ui_text(ui, ZH_T_DESK_KIND), .css = "full"}};
    zh_grid g;
    for (size_t i = 0; i < ZH_DESK_WHENS; i++) {
        columns[i + 1] = (zh_column){.label = zh_ui_text(ui, stretches[i].text), .number = true};
    }
    zh_html_open(h, "section", "plain");
    zh_html_leaf(h, "h2", NULL, zh_ui_text(ui, ZH_T_DESK_KINDS));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), false, ZH_STR(""));
    for (size_t i = 0; i < d->counts.nkinds; i++) {
        const zh_desk_kind *kind = &d->counts.kinds[i];
        zh_str name =
            zh_str_fmt(ui->arena, "%.*s.%.*s", ZH_FMT(kind->reg->id), ZH_FMT(kind->clock->id));
        zh_str url = zh_url_add(ui->arena, ZH_STR("/desk"), "kind", name);
        zh_grid_row(&g, kind->clock == d->clock ? "cur" : NULL);
        zh_grid_cell(&g);
        zh_html_a_value(h, NULL, url, zh_ui_label(ui, kind->clock->label));
        zh_html_leaf_value(h, "span", "why", zh_ui_label(ui, kind->reg->label));
        for (size_t w = 0; w < ZH_DESK_WHENS; w++) {
            kind_count(&g, url, (zh_desk_when)w, kind->n[w]);
        }
    }
    zh_grid_close(&g);
    zh_html_close(h);
}

/* ---- in other hands -------------------------------------------------------------------------- */

static zh_str transition_label(const desk *d, const zh_desk_item *item)
{
    const zh_transition *t = zh_register_transition(item->reg, item->transition);
    return t != NULL ? zh_ui_label(d->ui, t->label) : item->transition;
}

static void record_cell(desk *d, zh_show *show, const zh_record *record)
{
    zh_html *h = &d->ui->html;
    zh_str title = zh_show_title(show, record);
    zh_html_a_value(h, NULL, record_url(d, record), title);
    zh_html_open(h, "span", "why");
    called(d->ui, record, title);
    zh_html_close(h);
}

static void hand_list(desk *d, zh_show *show, zh_text_id title, const char *id,
                      const zh_desk_list *list, bool came_back)
{
    zh_ui *ui = d->ui;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_DESK_RECORD), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_DESK_STATE), .css = "lab"},
        {.label = zh_ui_text(ui, came_back ? ZH_T_DESK_BY : ZH_T_DESK_WHEN), .css = "lab"},
    };
    zh_grid g;
    zh_part_section_open(ui, id,
                         zh_str_fmt(ui->arena, "%.*s　%.*s", ZH_FMT(zh_ui_text(ui, title)),
                                    ZH_FMT(ZH_SAY(ui, list->more ? ZH_T_DESK_N_MORE : ZH_T_DESK_N,
                                                  zh_ui_count(ui, (int64_t)list->n)))),
                         true);
    if (list->more && d->only == HANDS_BOTH) {
        zh_html_open(&ui->html, "p", "bar");
        zh_html_a(&ui->html, "btn quiet",
                  came_back ? ZH_STR("/desk?see=returned") : ZH_STR("/desk?see=begun"),
                  zh_ui_text(ui, ZH_T_DESK_ALL));
        zh_html_close(&ui->html);
    }
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < list->n; i++) {
        const zh_desk_item *item = &list->items[i];
        zh_grid_row(&g, NULL);
        zh_grid_cell(&g);
        record_cell(d, show, item->record);
        zh_grid_text(&g, zh_show_state(ui, item->reg, item->record->state));
        int64_t days = zh_time_date(d->now) - zh_time_date(item->record->recorded_at);
        zh_grid_text(&g, came_back ? transition_label(d, item)
                                   : ZH_SAY(ui, ZH_T_DESK_WAITS, zh_ui_count(ui, days)));
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* Votes that are asked of the reader: how many there are, until when. */
static void vote_list(desk *d, zh_show *show)
{
    zh_ui *ui = d->ui;
    const zh_desk_list *list = &d->votes;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_DESK_RECORD), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_DESK_VOTED), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_DESK_VOTE_UNTIL), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_ACT_VOTE), .css = "lab"},
    };
    zh_grid g;
    zh_part_section_open(ui, "votes",
                         ZH_SAY(ui, list->more ? ZH_T_DESK_VOTES_MORE : ZH_T_DESK_VOTES,
                                zh_ui_count(ui, (int64_t)list->n)),
                         true);
    if (list->more && d->only == HANDS_BOTH) {
        zh_html_open(&ui->html, "p", "bar");
        zh_html_a(&ui->html, "btn quiet", ZH_STR("/desk?see=votes"), zh_ui_text(ui, ZH_T_DESK_ALL));
        zh_html_close(&ui->html);
    }
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < list->n; i++) {
        const zh_desk_item *item = &list->items[i];
        const zh_transition *t = zh_register_transition(item->reg, item->transition);
        zh_grid_row(&g, NULL);
        zh_grid_cell(&g);
        record_cell(d, show, item->record);
        zh_grid_text(&g, ZH_SAY(ui, ZH_T_ACT_VOTES, zh_ui_count(ui, (int64_t)item->yes),
                                zh_ui_count(ui, (int64_t)item->no), zh_ui_count(ui, t->vote.k),
                                zh_ui_count(ui, t->vote.of)));
        zh_grid_text(&g, item->state.has_due ? time_words(d, item->state.due_at) : ZH_STR(""));
        zh_grid_cell(&g);
        zh_html_a_value(&ui->html, "btn", zh_act_url(ui, item->record, t),
                        zh_ui_label(ui, t->label));
    }
    zh_grid_close(&g);
    zh_part_section_close(ui);
}

/* What is new, by matter; the rest is a page of its own. */
static void told(desk *d, zh_show *show)
{
    zh_ui *ui = d->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "section", "plain");
    zh_html_leaf(h, "h2", NULL, ZH_SAY(ui, ZH_T_NOTICE_TITLE, zh_ui_count(ui, ui->unread)));
    for (size_t i = 0; i < d->told.n; i++) {
        const zh_notice_group *g = &d->told.groups[i];
        if (i == 0 || !zh_str_eq(d->matters[i], d->matters[i - 1])) {
            zh_html_leaf(h, "h3", NULL, d->matters[i]);
        }
        zh_html_open(h, "p", "sm");
        zh_html_a_value(h, NULL, zh_url_record(ui->arena, g->reg->id, g->office, g->id),
                        zh_show_title(show, g->record));
        zh_html_z(h, "　");
        zh_html_text(h, zh_notice_text(ui, g));
        zh_html_z(h, " ");
        zh_html_leaf(h, "span", "mu", zh_ui_time(ui, g->at));
        zh_html_close(h);
    }
    zh_html_open(h, "p", "bar");
    zh_html_a(h, "btn quiet", ZH_STR("/notices"), zh_ui_text(ui, ZH_T_NOTICE_SEE_ALL));
    zh_html_close(h);
    zh_html_close(h);
}

/* ---- the page -------------------------------------------------------------------------------- */

static zh_str title(const desk *d)
{
    zh_ui *ui = d->ui;
    const int64_t *n = d->counts.n;
    return n[ZH_DESK_OVERDUE] + n[ZH_DESK_TODAY] + n[ZH_DESK_WEEK] + n[ZH_DESK_LATER] == 0
               ? zh_ui_text(ui, ZH_T_DESK_TITLE_NONE)
               : ZH_SAY(ui, ZH_T_DESK_TITLE, zh_ui_count(ui, n[ZH_DESK_TODAY]),
                        zh_ui_count(ui, n[ZH_DESK_WEEK]), zh_ui_count(ui, n[ZH_DESK_OVERDUE]));
}

static void weeks(desk *d, const char *css)
{
    if (d->counts.nkinds > 0) {
        zh_html_open(&d->ui->html, "div", css);
        zh_desk_week(d->ui, &d->counts, d->now, d->by_day ? &d->day : NULL);
        zh_html_close(&d->ui->html);
    }
}

static zh_rc item_titles(zh_show *show, const zh_desk_list *list)
{
    const zh_record **records = ZH_NEW_N(show->ui->arena, const zh_record *, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        records[i] = list->items[i].record;
    }
    return zh_show_titles(show, records, list->n);
}

static zh_rc titles(const desk *d, zh_show *show)
{
    zh_rc rc = item_titles(show, &d->due);
    rc = rc == ZH_OK ? item_titles(show, &d->returned) : rc;
    rc = rc == ZH_OK ? item_titles(show, &d->begun) : rc;
    rc = rc == ZH_OK ? item_titles(show, &d->votes) : rc;
    return rc == ZH_OK ? zh_notice_titles(show, d->told.groups, d->told.n) : rc;
}

static zh_rc show(zh_ui *ui)
{
    desk d = {.ui = ui, .now = zh_now()};
    zh_show names;
    zh_show_init(&names, ui, ZH_AS_OF_NOW);
    zh_rc rc = ask(&d);
    for (size_t i = 0; i < d.due.n && rc == ZH_OK; i++) {
        zh_show_want(&names, d.due.items[i].record);
    }
    if (rc == ZH_OK) {
        rc = zh_show_load(&names);
    }
    if (rc == ZH_OK) {
        rc = titles(&d, &names);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_DESK, .title = title(&d)});
    zh_html *h = &ui->html;
    tabs(&d);
    zh_notice_elsewhere_note(ui);
    if (d.counts.at_least) {
        zh_part_note(ui, ZH_NOTE_WATCH,
                     ZH_SAY(ui, ZH_T_DESK_AT_LEAST, zh_ui_count(ui, (int64_t)ZH_DESK_EXAMINE_MAX)));
    }
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w8 stack");
    weeks(&d, "only-s"); /* on a phone before the list, which is long */
    if (d.votes.n > 0) {
        vote_list(&d, &names);
    }
    rc = d.only == HANDS_BOTH ? due_list(&d, &names) : ZH_OK;
    if (d.returned.n > 0) {
        hand_list(&d, &names, ZH_T_DESK_RETURNED, "returned", &d.returned, true);
    }
    if (d.begun.n > 0) {
        hand_list(&d, &names, ZH_T_DESK_BEGUN, "begun", &d.begun, false);
    }
    zh_html_close(h);
    zh_html_open(h, "aside", "w4 stack");
    weeks(&d, "hide-s");
    if (d.told.n > 0) {
        told(&d, &names);
    }
    if (d.counts.nkinds > 0) {
        kinds(&d);
    }
    zh_html_leaf(h, "p", "sm mu hide-s", zh_ui_text(ui, ZH_T_DESK_KEYS));
    zh_html_close(h);
    zh_html_close(h);
    return rc;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_desk) = {.method = "GET",
                       .path = "/desk",
                       .en = "What is due, came back or was begun by the reader, as a page",
                       .handle = handle};
