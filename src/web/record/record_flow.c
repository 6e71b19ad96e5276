/* Where a record is in the states its register declares: the diagram, what may follow, and its time
 * limits. */
#include "core/clock/clock.h"
#include "core/read/clock_check.h"
#include "core/read/permission.h"
#include "core/record/pending.h"
#include "core/record/step.h"
#include "fmt/flow.h"
#include "web/frame/part.h"
#include "web/frame/words.h"
#include "web/record/act.h"
#include "web/record/record.h"

enum { SVG_BYTES_MAX = 1 << 20 };

/* ---- the diagram ----------------------------------------------------------------------------- */

static void read_states(zh_shown_record *r, zh_flow_state *states)
{
    zh_ui *ui = r->ui;
    for (size_t s = 0; s < r->reg->nstates; s++) {
        const zh_state *state = &r->reg->states[s];
        states[s] = (zh_flow_state){.label = zh_ui_label(ui, state->label),
                                    .initial = state->initial,
                                    .terminal = state->terminal,
                                    .now = zh_shown(r)->state == (int)s};
        states[s].title =
            states[s].now ? ZH_SAY(ui, ZH_T_RECORD_STATE_NOW, states[s].label) : states[s].label;
    }
    for (size_t v = 0; v <= r->at; v++) {
        zh_flow_state *state = &states[r->versions[v].record->state];
        if (!state->now && !state->been) {
            state->title = ZH_SAY(ui, ZH_T_RECORD_STATE_BEEN, state->label);
        }
        state->been = true;
    }
}

static bool taken(const zh_shown_record *r, uint16_t from, uint16_t to)
{
    bool was = false;
    for (size_t v = 1; v <= r->at; v++) {
        was =
            was || (r->versions[v - 1].record->state == from && r->versions[v].record->state == to);
    }
    return was;
}

/* Transitions between the same two states are one arrow. */
static size_t read_edges(zh_shown_record *r, zh_flow_edge *edges)
{
    zh_ui *ui = r->ui;
    size_t n = 0;
    for (size_t t = 0; t < r->reg->ntransitions; t++) {
        const zh_transition *tr = &r->reg->transitions[t];
        for (size_t i = 0; i < tr->nfrom && tr->to >= 0 && n < ZH_FLOW_EDGES_MAX; i++) {
            zh_str label = zh_ui_label(ui, tr->label);
            size_t k = 0;
            while (k < n && (edges[k].from != tr->from[i] || edges[k].to != (uint16_t)tr->to)) {
                k++;
            }
            if (tr->from[i] == (uint16_t)tr->to) {
                continue;
            }
            n += k == n;
            edges[k] = (zh_flow_edge){.from = tr->from[i],
                                      .to = (uint16_t)tr->to,
                                      .taken = taken(r, tr->from[i], (uint16_t)tr->to),
                                      .title = ZH_SAY(ui, ZH_T_RECORD_EDGE,
                                                      edges[k].title.n > 0 ? edges[k].title : label,
                                                      zh_show_state(ui, r->reg, tr->from[i]),
                                                      zh_show_state(ui, r->reg, tr->to))};
        }
    }
    return n;
}

static zh_rc picture(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_flow_state *states = ZH_NEW_N(ui->arena, zh_flow_state, r->reg->nstates + 1);
    zh_flow_edge *edges = ZH_NEW_N(ui->arena, zh_flow_edge, ZH_FLOW_EDGES_MAX + 1);
    for (size_t i = 0; i <= ZH_FLOW_EDGES_MAX; i++) {
        edges[i] = (zh_flow_edge){0};
    }
    read_states(r, states);
    zh_flow flow = {.title = ZH_SAY(ui, ZH_T_RECORD_FLOW_TITLE, zh_ui_label(ui, r->reg->label),
                                    zh_show_state(ui, r->reg, zh_shown(r)->state)),
                    .states = states,
                    .nstates = r->reg->nstates,
                    .edges = edges,
                    .nedges = read_edges(r, edges)};
    zh_buf svg;
    zh_buf_init(&svg, SVG_BYTES_MAX);
    zh_rc rc = zh_flow_svg(ui->arena, &flow, ZH_STR("flow"), &svg, ui->err);
    if (rc == ZH_OK) {
        zh_html_open(&ui->html, "div", "flowpic");
        zh_html_svg(&ui->html, zh_buf_view(&svg));
        zh_html_close(&ui->html);
    }
    zh_buf_free(&svg);
    return rc;
}

/* ---- what may follow ------------------------------------------------------------------------- */

static bool leaves(const zh_transition *t, int state)
{
    bool from = t->from_any;
    for (size_t i = 0; i < t->nfrom; i++) {
        from = from || t->from[i] == state;
    }
    return from;
}

/* What the past has against the step. */
static zh_str past_obstacle(zh_ui *ui, const zh_transition *t, const zh_step_past *s)
{
    switch (s->obstacle) {
    case ZH_OBSTACLE_NONE: break;
    case ZH_OBSTACLE_LIMIT:
        return ZH_SAY(ui, ZH_T_ACT_LIMIT, zh_ui_count(ui, t->limit), zh_ui_count(ui, s->taken));
    case ZH_OBSTACLE_VOTED: return zh_ui_text(ui, ZH_T_ACT_VOTED);
    case ZH_OBSTACLE_LOST: return zh_ui_text(ui, ZH_T_ACT_VOTE_LOST);
    case ZH_OBSTACLE_OTHER: return ZH_SAY(ui, ZH_T_ACT_SUBMITTER, zh_show_actor(ui, s->who));
    case ZH_OBSTACLE_TOUCHED: return ZH_SAY(ui, ZH_T_ACT_TOUCHED, zh_show_actor(ui, s->who));
    case ZH_OBSTACLE_NOWHERE: return zh_ui_text(ui, ZH_T_ACT_NOWHERE);
    }
    return ZH_STR_NONE;
}

/* Why the reader cannot take the step now; empty: they can. */
static zh_rc obstacle(zh_shown_record *r, const zh_transition *t, zh_str roles, zh_str *out)
{
    zh_ui *ui = r->ui;
    zh_step_past step;
    *out = ZH_STR_NONE;
    if (t->kind == ZH_TR_AUTO) {
        *out = zh_ui_text(ui, ZH_T_ACT_AUTO);
        return ZH_OK;
    }
    if (!zh_may_take(&ui->ctx, r->reg, t)) {
        *out = ZH_SAY(ui, ZH_T_ACT_ROLE, zh_ui_role(ui, ui->ctx.role), roles);
        return ZH_OK;
    }
    zh_rc rc = zh_step_look(&ui->ctx, ui->conn, zh_shown(r), t, &step);
    if (rc == ZH_OK) {
        *out = past_obstacle(ui, t, &step);
    }
    if (rc == ZH_OK && out->n == 0 && t->has_guard) {
        bool holds = false;
        zh_env env = zh_read_env(&ui->ctx, ui->conn, ZH_AS_OF_NOW, zh_shown(r));
        rc = zh_eval_true(&t->guard, &env, &holds, ui->err);
        *out = holds ? ZH_STR_NONE : ZH_SAY(ui, ZH_T_ACT_GUARD, zh_words(ui, t->guard.root));
    }
    return rc;
}

/* The votes so far: who, how, when. */
/* Until when one may vote, and what decides then. */
static zh_rc vote_term(zh_shown_record *r, const zh_transition *t)
{
    zh_ui *ui = r->ui;
    zh_clock_state *clocks = ZH_NEW_N(ui->arena, zh_clock_state, r->reg->nclocks + 1);
    if (t->vote.until < 0) {
        return ZH_OK;
    }
    zh_rc rc = zh_clock_load(&ui->ctx, ui->conn, zh_shown(r), clocks);
    const zh_clock_state *clock = &clocks[t->vote.until];
    if (rc == ZH_OK && clock->has_due) {
        zh_str until = zh_ui_time(ui, clock->due_at - 1);
        zh_html_leaf(&ui->html, "span", "why",
                     t->vote.quorum > 0
                         ? ZH_SAY(ui, ZH_T_ACT_VOTE_QUORUM, until, zh_ui_count(ui, t->vote.quorum))
                         : ZH_SAY(ui, ZH_T_ACT_VOTE_UNTIL, until));
    }
    return rc;
}

static zh_rc ballots(zh_shown_record *r, const zh_transition *t)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_step_past s;
    zh_rc rc = zh_step_look(&ui->ctx, ui->conn, zh_shown(r), t, &s);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_html_leaf(h, "span", "why",
                 ZH_SAY(ui, ZH_T_ACT_VOTES, zh_ui_count(ui, (int64_t)s.yes),
                        zh_ui_count(ui, (int64_t)s.no), zh_ui_count(ui, t->vote.k),
                        zh_ui_count(ui, t->vote.of)));
    rc = vote_term(r, t);
    for (size_t i = s.nballots; i > 0; i--) {
        const zh_ballot *b = &s.ballots[i - 1];
        zh_text_id how = b->yes ? ZH_T_ACT_VOTE_YES : ZH_T_ACT_VOTE_NO;
        zh_html_leaf_value(h, "span", "why",
                           ZH_SAY(ui, ZH_T_ACT_BALLOT, zh_show_actor(ui, b->actor),
                                  zh_ui_text(ui, how), zh_ui_time(ui, b->at), b->reason));
    }
    return rc;
}

/* A step that is open is a link to its form; another is grey and says why. */
static zh_rc step_button(zh_shown_record *r, const zh_transition *t, zh_str roles)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_str why = ZH_STR_NONE;
    if (!zh_shown_is_live(r)) {
        zh_html_value(h, zh_ui_label(ui, t->label));
        return ZH_OK;
    }
    zh_rc rc = obstacle(r, t, roles, &why);
    if (rc != ZH_OK) {
        return rc;
    }
    if (why.n == 0) {
        zh_html_a_value(h, "btn", zh_act_url(ui, zh_shown(r), t), zh_ui_label(ui, t->label));
        return ZH_OK;
    }
    zh_html_open(h, "span", "btn");
    zh_html_attr_z(h, "aria-disabled", "true");
    zh_html_value(h, zh_ui_label(ui, t->label));
    zh_html_close(h);
    zh_html_leaf_value(h, "span", "why", why);
    return ZH_OK;
}

static zh_rc next_step(zh_shown_record *r, zh_grid *g, const zh_transition *t)
{
    zh_ui *ui = r->ui;
    zh_str roles = ZH_STR("");
    zh_str needs = ZH_STR("");
    for (size_t i = 0; i < t->nroles; i++) {
        roles = zh_ui_list(ui, roles, zh_ui_role(ui, t->roles[i]));
    }
    for (size_t i = 0; i < t->nneed; i++) {
        needs = zh_ui_list(ui, needs, zh_ui_label(ui, t->need[i]->label));
    }
    for (size_t i = 0; i < t->noptional; i++) {
        needs = zh_ui_list(ui, needs,
                           ZH_SAY(ui, ZH_T_ACT_OPTIONAL, zh_ui_label(ui, t->optional[i]->label)));
    }
    if (t->has_guard) {
        needs = zh_ui_list(ui, needs, zh_words(ui, t->guard.root));
    }
    if (t->two_person) {
        needs = zh_ui_list(ui, needs, zh_ui_text(ui, ZH_T_ACT_NEEDS_TWO));
    }
    if (t->nsign > 0) {
        needs = zh_ui_list(ui, needs, zh_ui_text(ui, ZH_T_ACT_SIGNS));
    }
    if (t->document.n > 0) {
        needs =
            zh_ui_list(ui, needs,
                       ZH_SAY(ui, ZH_T_ACT_MAKES,
                              t->paper != NULL ? zh_ui_label(ui, t->paper->label) : t->document));
    }
    for (size_t i = 0; i < t->nmakes; i++) {
        needs = zh_ui_list(ui, needs,
                           ZH_SAY(ui, ZH_T_ACT_MAKES, zh_ui_label(ui, t->makes[i].reg->label)));
    }
    zh_grid_row(g, NULL);
    zh_grid_cell(g);
    zh_rc rc = step_button(r, t, roles);
    if (rc == ZH_OK && t->vote.k > 0 && zh_shown_is_live(r)) {
        rc = ballots(r, t);
    }
    zh_grid_text(g, t->to_any    ? zh_ui_text(ui, ZH_T_ACT_TO_ANY)
                    : t->to >= 0 ? zh_show_state(ui, r->reg, t->to)
                                 : zh_ui_text(ui, ZH_T_RECORD_STAYS));
    zh_grid_text(g, roles);
    zh_grid_value(g, needs);
    return rc;
}

/* ---- requests that wait for a second person -------------------------------------------------- */

static void verdict(zh_ui *ui, zh_str url, const char *value, zh_text_id text)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "form", NULL);
    zh_html_attr_z(h, "method", "post");
    zh_html_link(h, "action", zh_str_fmt(ui->arena, "%.*s/second", ZH_FMT(url)));
    zh_html_open(h, "button", "btn");
    zh_html_attr_z(h, "type", "submit");
    zh_html_attr_z(h, "name", "verdict");
    zh_html_attr_z(h, "value", value);
    zh_html_text(h, zh_ui_text(ui, text));
    zh_html_close(h);
    zh_html_close(h);
}

/* What the first person wants written, for the second to read before confirming. Gives whether one
 * of the fields may not be seen by this reader, who then cannot be the second. */
static zh_rc asked_values(zh_shown_record *r, zh_str form, bool *hidden)
{
    zh_ui *ui = r->ui;
    zh_pairs pairs;
    zh_rc rc = zh_form_parse(ui->arena, form, &pairs, ui->err);
    *hidden = false;
    zh_html_open(&ui->html, "ul", NULL);
    for (size_t i = 0; rc == ZH_OK && i < pairs.n; i++) {
        zh_str name = pairs.p[i].name;
        const zh_field *field = zh_str_starts(name, ZH_STR("f."))
                                    ? zh_register_field(r->reg, zh_str_sub(name, 2, name.n))
                                    : NULL;
        bool reason = zh_str_is(name, "reason") && pairs.p[i].value.n > 0;
        if (field == NULL && !reason) {
            continue;
        }
        bool masked = field != NULL && zh_field_masked(&ui->ctx, field);
        *hidden = *hidden || masked;
        zh_str label =
            field != NULL ? zh_ui_label(ui, field->label) : zh_ui_text(ui, ZH_T_ACT_REASON);
        zh_html_leaf(&ui->html, "li", NULL,
                     ZH_SAY(ui, ZH_T_ACT_ASKED, label,
                            masked ? zh_ui_text(ui, ZH_T_ACT_ASKED_MASKED) : pairs.p[i].value));
    }
    zh_html_close(&ui->html);
    return rc;
}

static zh_rc waiting(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_pending *list = NULL;
    size_t n = 0;
    zh_rc rc =
        zh_shown_is_live(r) ? zh_pending_list(&ui->ctx, ui->conn, zh_shown(r), &list, &n) : ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        const zh_transition *t = zh_register_transition(r->reg, list[i].transition);
        if (t == NULL) {
            continue;
        }
        zh_str url = zh_act_url(ui, zh_shown(r), t);
        bool own = zh_str_eq(list[i].actor, ui->ctx.actor);
        zh_part_note_open(ui, ZH_NOTE_WATCH);
        zh_html_leaf_value(&ui->html, "p", NULL,
                           ZH_SAY(ui, ZH_T_ACT_PENDING, zh_show_actor(ui, list[i].actor),
                                  zh_ui_time(ui, list[i].at), zh_ui_label(ui, t->label)));
        bool hidden = false;
        rc = asked_values(r, list[i].form, &hidden);
        if (own) {
            zh_html_leaf(&ui->html, "p", "mu", zh_ui_text(ui, ZH_T_ACT_OWN));
        } else if (hidden) {
            zh_html_leaf(&ui->html, "p", "mu", zh_ui_text(ui, ZH_T_ACT_ASKED_HIDDEN));
        } else if (zh_may_take(&ui->ctx, r->reg, t)) {
            verdict(ui, url, "take", ZH_T_ACT_CONFIRM);
        }
        if (own || zh_may_take(&ui->ctx, r->reg, t)) {
            verdict(ui, url, "return", ZH_T_ACT_REJECT);
        }
        zh_part_note_close(ui);
    }
    return rc;
}

/* A correction, and erasing what is personal. */
static void other_acts(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    const zh_state *state = &r->reg->states[zh_shown(r)->state];
    bool frozen = state->frozen && state->nfrozen_allow == 0;
    bool amend = zh_shown_is_live(r);
    bool erase = zh_erasing_possible(r);
    if (!amend && !erase) {
        return;
    }
    zh_str why = zh_part_who_can(ui, r->reg, ZH_RIGHT_AMEND);
    if (why.n == 0 && frozen) {
        why = ZH_SAY(ui, ZH_T_ACT_FROZEN, zh_ui_label(ui, state->label));
    }
    zh_html_open(&ui->html, "p", "bar");
    if (amend && why.n > 0) {
        zh_part_greyed(ui, zh_ui_text(ui, ZH_T_ACT_AMEND), why);
    } else if (amend) {
        zh_html_a(&ui->html, "btn quiet", zh_act_url(ui, zh_shown(r), NULL),
                  zh_ui_text(ui, ZH_T_ACT_AMEND));
    }
    if (erase) {
        zh_html_a(&ui->html, "btn quiet", zh_erasing_url(ui, zh_shown(r)),
                  zh_ui_text(ui, ZH_T_ERASE_LINK));
    }
    zh_html_close(&ui->html);
}

static zh_rc next_steps(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    int state = zh_shown(r)->state;
    size_t n = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < r->reg->ntransitions; i++) {
        n += leaves(&r->reg->transitions[i], state);
    }
    if (n == 0) {
        zh_html_leaf(&ui->html, "p", "mu", zh_ui_text(ui, ZH_T_RECORD_END));
        return ZH_OK;
    }
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_RECORD_NEXT_STEP), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_RECORD_NEXT_TO), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_RECORD_NEXT_WHO), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_RECORD_NEXT_NEED), .css = "lab"},
    };
    zh_grid g;
    zh_html_open(&ui->html, "div", "sub");
    zh_html_leaf(&ui->html, "h3", NULL, zh_ui_text(ui, ZH_T_RECORD_NEXT));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < r->reg->ntransitions && rc == ZH_OK; i++) {
        if (leaves(&r->reg->transitions[i], state)) {
            rc = next_step(r, &g, &r->reg->transitions[i]);
        }
    }
    zh_grid_close(&g);
    zh_html_close(&ui->html);
    return rc;
}

/* ---- time limits ----------------------------------------------------------------------------- */

/* Working days where the calendar covers them, else days. */
static zh_str time_left(zh_ui *ui, zh_time now, zh_time due)
{
    zh_date today = zh_time_date(now);
    zh_date last = zh_time_date(due - 1);
    int64_t working = 0;
    bool known = ui->ctx.model->calendar != NULL && last - today < 3660;
    for (zh_date d = today + 1; d <= last && known; d++) {
        bool is = false;
        known = zh_calendar_is_working(ui->ctx.model->calendar, d, &is) == ZH_OK;
        working += is;
    }
    return known ? ZH_SAY(ui, ZH_T_RECORD_CLOCK_LEFT, zh_ui_count(ui, working))
                 : ZH_SAY(ui, ZH_T_RECORD_CLOCK_LEFT_DAYS, zh_ui_count(ui, last - today));
}

/* over: nothing more is to be done with the record. */
static void clock_state(zh_ui *ui, zh_time now, const zh_clock_state *c, bool over)
{
    if (!c->started) {
        zh_part_lamp(ui, ZH_LAMP_NIL, zh_ui_text(ui, ZH_T_RECORD_CLOCK_IDLE));
    } else if (c->ended) {
        bool late = c->breached || (c->has_due && c->ended_at >= c->due_at);
        zh_part_lamp(ui, late ? ZH_LAMP_WATCH : ZH_LAMP_DONE,
                     zh_ui_text(ui, late ? ZH_T_RECORD_CLOCK_WAS_LATE : ZH_T_RECORD_CLOCK_MET));
    } else if (c->suspended) {
        zh_part_lamp(ui, ZH_LAMP_NIL, zh_ui_text(ui, ZH_T_RECORD_CLOCK_PAUSED));
    } else if (!c->has_due) {
        zh_part_lamp(ui, ZH_LAMP_NIL, zh_ui_text(ui, ZH_T_RECORD_CLOCK_NO_DUE));
    } else if (c->breached || now >= c->due_at) {
        zh_part_lamp(ui, over ? ZH_LAMP_WATCH : ZH_LAMP_ACT,
                     zh_ui_text(ui, over ? ZH_T_RECORD_CLOCK_EXPIRED : ZH_T_RECORD_CLOCK_LATE));
    } else {
        zh_part_lamp(ui, ZH_LAMP_OK, time_left(ui, now, c->due_at));
    }
}

/* The clauses of the versions; whether one of them is not verified. */
static zh_rc clauses(zh_ui *ui, const zh_register *reg, const zh_clock *clock, zh_str *out,
                     bool *unverified)
{
    zh_rc rc = ZH_OK;
    *out = ZH_STR("");
    *unverified = false;
    for (size_t i = 0; i < clock->nversions && rc == ZH_OK; i++) {
        bool open = false;
        *out = zh_ui_list(ui, *out, zh_ui_label(ui, clock->versions[i].clause));
        rc = zh_clock_unverified(&ui->ctx, ui->conn, reg, clock, &clock->versions[i], &open);
        *unverified = *unverified || open;
    }
    return rc;
}

/* The mark of a period that nobody has checked yet leads to where it can be. */
static void unverified_mark(zh_ui *ui)
{
    zh_html_z(&ui->html, " ");
    zh_html_open(&ui->html, "a", NULL);
    zh_html_link(&ui->html, "href", ZH_STR("/clocks"));
    zh_part_tag(ui, ZH_TAG_WATCH, zh_ui_text(ui, ZH_T_RECORD_UNVERIFIED));
    zh_html_close(&ui->html);
}

static zh_rc one_clock(zh_shown_record *r, zh_grid *g, const zh_clock *clock,
                       const zh_clock_state *state)
{
    zh_ui *ui = r->ui;
    bool unverified = false;
    zh_str clause = ZH_STR("");
    zh_rc rc = clauses(ui, r->reg, clock, &clause, &unverified);
    zh_grid_row(g, NULL);
    zh_grid_cell(g);
    zh_html_value(&ui->html, zh_ui_label(ui, clock->label));
    if (unverified) {
        unverified_mark(ui);
    }
    zh_html_leaf_value(&ui->html, "span", "why", clause);
    zh_grid_text(g, state->started ? zh_ui_time(ui, state->started_at) : ZH_STR("—"));
    /* due_at is the first instant after the period */
    zh_grid_text(g, state->has_due ? zh_ui_time(ui, state->due_at - 1) : ZH_STR("—"));
    zh_grid_cell(g);
    clock_state(ui, r->instant, state, r->reg->states[zh_shown(r)->state].terminal);
    return rc;
}

/* The arithmetic of one clock, below the table. */
static zh_rc arithmetic(zh_shown_record *r, const zh_clock *clock, const zh_clock_state *state)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_clock_line *lines = NULL;
    size_t n = 0;
    zh_env env = zh_read_env(&ui->ctx, ui->conn, r->as_of, zh_shown(r));
    zh_clock_sum sum = {0};
    bool open = false;
    zh_rc rc = zh_clock_explain(&env, zh_shown(r), clock, state, &lines, &n, ui->err);
    if (rc == ZH_OK && n > 0) {
        rc = zh_clock_add_up(&env, zh_shown(r), clock, state, &sum, ui->err);
    }
    if (rc == ZH_OK && sum.version != NULL) {
        rc = zh_clock_unverified(&ui->ctx, ui->conn, r->reg, clock, sum.version, &open);
    }
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    zh_html_open(h, "details", "sum");
    zh_html_leaf_value(h, "summary", NULL,
                       ZH_SAY(ui, ZH_T_RECORD_CLOCK_HOW, zh_ui_label(ui, clock->label)));
    zh_html_open(h, "ol", NULL);
    for (size_t i = 0; i < n; i++) {
        zh_html_open(h, "li", NULL);
        zh_html_value(h, lines[i].text);
        if (lines[i].clause.n > 0) {
            zh_html_leaf_value(h, "span", "why", lines[i].clause);
        }
        if (lines[i].unverified && open) {
            unverified_mark(ui);
        }
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc clocks(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    const zh_register *reg = r->reg;
    if (reg->nclocks == 0) {
        return ZH_OK;
    }
    zh_clock_state *states = ZH_NEW_N(ui->arena, zh_clock_state, reg->nclocks);
    zh_rc rc = zh_shown_is_live(r) ? zh_clock_load(&ui->ctx, ui->conn, zh_shown(r), states)
                                   : zh_clock_load_version(&ui->ctx, ui->conn, zh_shown(r), states);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_RECORD_CLOCK), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_RECORD_CLOCK_FROM), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_RECORD_CLOCK_DUE), .css = "lab"},
        {.label = zh_ui_text(ui, ZH_T_RECORD_CLOCK_STATE), .css = "lab"},
    };
    zh_grid g;
    zh_html_open(&ui->html, "div", "sub");
    zh_html_leaf(&ui->html, "h3", NULL, zh_ui_text(ui, ZH_T_RECORD_CLOCKS));
    zh_grid_open(&g, ui, columns, ZH_COUNTOF(columns), true, ZH_STR(""));
    for (size_t i = 0; i < reg->nclocks && rc == ZH_OK; i++) {
        rc = one_clock(r, &g, &reg->clocks[i], &states[i]);
    }
    zh_grid_close(&g);
    for (size_t i = 0; i < reg->nclocks && rc == ZH_OK; i++) {
        rc = arithmetic(r, &reg->clocks[i], &states[i]);
    }
    zh_html_close(&ui->html);
    return rc;
}

zh_rc zh_record_flow(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_rc rc = ZH_OK;
    zh_part_section_open(ui, "flow", zh_ui_text(ui, ZH_T_RECORD_FLOW), false);
    if (r->reg->nstates <= 1) {
        zh_html_leaf(&ui->html, "p", "mu", zh_ui_text(ui, ZH_T_RECORD_NO_FLOW));
    } else {
        rc = r->reg->nstates <= ZH_FLOW_STATES_MAX ? picture(r) : ZH_OK;
        rc = rc == ZH_OK ? waiting(r) : rc;
        rc = rc == ZH_OK ? next_steps(r) : rc;
    }
    other_acts(r);
    if (rc == ZH_OK) {
        rc = clocks(r);
    }
    zh_part_section_close(ui);
    return rc;
}
