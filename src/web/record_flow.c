/* Where a record is in the states its register declares: the diagram, what may follow, and its time
 * limits.
 *
 * The diagram is drawn from the declaration: states stand in rows by their distance from the first
 * one; an arrow to the next row runs in the gap between, any other one by a rail at the side, so
 * that no arrow crosses a state. */
#include "core/clock.h"
#include "fmt/svg.h"
#include "web/part.h"
#include "web/record.h"

enum {
    STATES_MAX = 64,
    EDGES_MAX = 256,
    ROW_MAX = 4, /* states beside each other */
    WIDTH = 520,
    RAIL = 56, /* room for the rails at each side */
    NODE_WIDTH = 112,
    NODE_HEIGHT = 32,
    GAP = 26,
    TRACK = 7,
    SVG_BYTES_MAX = 1 << 20,
};

typedef struct edge {
    uint16_t from, to;
    zh_str label;
    bool taken; /* by this record */
} edge;

typedef struct flow {
    zh_shown_record *r;
    size_t row[STATES_MAX], place[STATES_MAX]; /* place within the row */
    size_t in_row[STATES_MAX + 1];
    size_t rows;
    bool been[STATES_MAX];
    edge edges[EDGES_MAX];
    size_t nedges;
    size_t tracks[STATES_MAX + 2]; /* horizontal runs in the gap above a row */
    size_t used[STATES_MAX + 2];
    size_t left, right; /* rails used */
    size_t outs[STATES_MAX], ins[STATES_MAX], out_at[STATES_MAX], in_at[STATES_MAX];
    double top[STATES_MAX + 2]; /* y of a row */
    zh_draw *draw;
} flow;

/* ---- layout ---------------------------------------------------------------------------------- */

static void add_edge(flow *f, uint16_t from, uint16_t to, zh_str label)
{
    zh_arena *arena = f->r->ui->arena;
    for (size_t i = 0; i < f->nedges; i++) {
        edge *e = &f->edges[i];
        if (e->from == from && e->to == to) {
            e->label = zh_str_fmt(arena, "%.*s／%.*s", ZH_FMT(e->label), ZH_FMT(label));
            return;
        }
    }
    if (f->nedges < EDGES_MAX) {
        f->edges[f->nedges++] = (edge){.from = from, .to = to, .label = label};
    }
}

static void read_edges(flow *f)
{
    const zh_register *reg = f->r->reg;
    for (size_t t = 0; t < reg->ntransitions; t++) {
        const zh_transition *tr = &reg->transitions[t];
        for (size_t i = 0; i < tr->nfrom && tr->to >= 0; i++) {
            if (tr->from[i] != (uint16_t)tr->to) {
                add_edge(f, tr->from[i], (uint16_t)tr->to, zh_ui_label(f->r->ui, tr->label));
            }
        }
    }
    for (size_t v = 1; v <= f->r->at; v++) {
        int from = f->r->versions[v - 1].record->state;
        int to = f->r->versions[v].record->state;
        for (size_t i = 0; i < f->nedges; i++) {
            f->edges[i].taken |= f->edges[i].from == from && f->edges[i].to == to;
        }
    }
    for (size_t v = 0; v <= f->r->at; v++) {
        f->been[f->r->versions[v].record->state] = true;
    }
}

/* Rows by distance from the initial state; what only `any state` reaches stands last. */
static void rank(flow *f)
{
    const zh_register *reg = f->r->reg;
    size_t far = reg->nstates;
    for (size_t s = 0; s < reg->nstates; s++) {
        f->row[s] = reg->states[s].initial ? 0 : far;
    }
    for (size_t round = 0; round < reg->nstates; round++) {
        for (size_t i = 0; i < f->nedges; i++) {
            size_t next = f->row[f->edges[i].from] + 1;
            bool nearer = f->row[f->edges[i].from] < far && next < f->row[f->edges[i].to];
            f->row[f->edges[i].to] = nearer ? next : f->row[f->edges[i].to];
        }
    }
}

/* Numbers the rows without holes, at most ROW_MAX states in each. */
static void place(flow *f)
{
    const zh_register *reg = f->r->reg;
    size_t placed[STATES_MAX];
    for (size_t rank_now = 0; rank_now <= reg->nstates; rank_now++) {
        bool any = false;
        for (size_t s = 0; s < reg->nstates; s++) {
            if (f->row[s] != rank_now) {
                continue;
            }
            if (any && f->in_row[f->rows] == ROW_MAX) {
                f->rows++;
            }
            placed[s] = f->rows;
            f->place[s] = f->in_row[f->rows]++;
            any = true;
        }
        f->rows += any;
    }
    for (size_t s = 0; s < reg->nstates; s++) {
        f->row[s] = placed[s];
    }
}

static bool is_down(const flow *f, const edge *e)
{
    return f->row[e->to] == f->row[e->from] + 1;
}

static void measure(flow *f)
{
    for (size_t i = 0; i < f->nedges; i++) {
        const edge *e = &f->edges[i];
        f->outs[e->from]++;
        f->ins[e->to]++;
        f->tracks[f->row[e->from] + 1]++;
        if (!is_down(f, e)) {
            f->tracks[f->row[e->to]]++;
        }
    }
    double y = 2;
    for (size_t row = 0; row <= f->rows; row++) {
        bool outer = row == 0 || row == f->rows;
        y += outer && f->tracks[row] == 0 ? 0 : GAP + TRACK * (double)f->tracks[row];
        f->top[row] = y;
        y += row < f->rows ? NODE_HEIGHT : 2;
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

static double centre(const flow *f, size_t state)
{
    double inner = WIDTH - 2.0 * RAIL;
    return RAIL + inner * ((double)f->place[state] + 0.5) / (double)f->in_row[f->row[state]];
}

static double node_width(const flow *f, size_t state)
{
    double room = (WIDTH - 2.0 * RAIL) / (double)f->in_row[f->row[state]] - 10;
    return room < NODE_WIDTH ? room : NODE_WIDTH;
}

/* The n-th of `of` ends of arrows along a side of a state. */
static double port(const flow *f, size_t state, size_t n, size_t of)
{
    double step = of > 1 ? (node_width(f, state) - 24) / (double)(of - 1) : 0;
    step = step > 16 ? 16 : step;
    return centre(f, state) + ((double)n - ((double)of - 1) / 2) * step;
}

static double track(flow *f, size_t gap)
{
    double bottom = f->top[gap] - 12;
    return bottom - TRACK * (double)f->used[gap]++;
}

static void arrow(flow *f, const zh_point *line, size_t n, zh_role role, double width)
{
    zh_point end = line[n - 1];
    zh_point head[3] = {{end.x - 4, end.y - 7}, {end.x + 4, end.y - 7}, end};
    size_t ends = 3;
    zh_draw_polyline(f->draw, line, n, (zh_paint){.stroke = role, .width = width});
    zh_draw_polygon(f->draw, head, &ends, 1, (zh_paint){.fill = role});
}

static void draw_edge(flow *f, const edge *e)
{
    zh_ui *ui = f->r->ui;
    const zh_register *reg = f->r->reg;
    bool next = zh_shown(f->r)->state == e->from;
    zh_role role = e->taken ? ZH_ROLE_QING : next ? ZH_ROLE_INK : ZH_ROLE_RULE_2;
    double from_x = port(f, e->from, f->out_at[e->from]++, f->outs[e->from]);
    double to_x = port(f, e->to, f->in_at[e->to]++, f->ins[e->to]);
    double from_y = f->top[f->row[e->from]] + NODE_HEIGHT;
    double to_y = f->top[f->row[e->to]];
    zh_point line[6] = {{from_x, from_y}};
    size_t n = 1;
    double y = track(f, f->row[e->from] + 1);
    line[n++] = (zh_point){from_x, y};
    if (!is_down(f, e)) {
        bool back = f->row[e->to] <= f->row[e->from];
        double rail = back ? RAIL - 12 - 7.0 * (double)(f->left++ % 6)
                           : WIDTH - RAIL + 12 + 7.0 * (double)(f->right++ % 6);
        line[n++] = (zh_point){rail, y};
        y = track(f, f->row[e->to]);
        line[n++] = (zh_point){rail, y};
    }
    line[n++] = (zh_point){to_x, y};
    line[n++] = (zh_point){to_x, to_y};
    zh_str title = ZH_SAY(ui, ZH_T_RECORD_EDGE, e->label, zh_show_state(ui, reg, e->from),
                          zh_show_state(ui, reg, e->to));
    zh_draw_open(f->draw, &(zh_mark){.title = title, .kind = "edge"});
    arrow(f, line, n, role, e->taken ? 2 : 1);
    zh_draw_close(f->draw);
}

static void draw_state(flow *f, size_t s)
{
    zh_ui *ui = f->r->ui;
    const zh_state *state = &f->r->reg->states[s];
    bool now = zh_shown(f->r)->state == (int)s;
    double w = node_width(f, s);
    double x = centre(f, s) - w / 2;
    double y = f->top[f->row[s]];
    zh_str label = zh_ui_label(ui, state->label);
    zh_str title = now          ? ZH_SAY(ui, ZH_T_RECORD_STATE_NOW, label)
                   : f->been[s] ? ZH_SAY(ui, ZH_T_RECORD_STATE_BEEN, label)
                                : label;
    zh_paint paint = now          ? (zh_paint){.fill = ZH_ROLE_INK, .stroke = ZH_ROLE_INK}
                     : f->been[s] ? (zh_paint){.fill = ZH_ROLE_QING_T, .stroke = ZH_ROLE_QING}
                                  : (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_RULE_2};
    zh_draw_open(f->draw, &(zh_mark){.title = title, .kind = now ? "now" : "state"});
    zh_draw_rect(f->draw, x, y, w, NODE_HEIGHT, paint);
    if (state->terminal) { /* a second line inside: the end */
        zh_draw_rect(f->draw, x + 3, y + 3, w - 6, NODE_HEIGHT - 6,
                     (zh_paint){.stroke = now ? ZH_ROLE_PAPER : paint.stroke});
    }
    zh_draw_text(f->draw, centre(f, s), y + 21, zh_draw_text_fit(ui->arena, label, 13, w - 10),
                 (zh_text_at){.font = {.size = 13,
                                       .weight = now ? 600 : 400,
                                       .role = now ? ZH_ROLE_PAPER : ZH_ROLE_INK},
                              .anchor = ZH_ANCHOR_MIDDLE});
    zh_draw_close(f->draw);
}

static zh_rc picture(flow *f)
{
    zh_ui *ui = f->r->ui;
    const zh_register *reg = f->r->reg;
    zh_buf svg;
    zh_str title = ZH_SAY(ui, ZH_T_RECORD_FLOW_TITLE, zh_ui_label(ui, reg->label),
                          zh_show_state(ui, reg, zh_shown(f->r)->state));
    read_edges(f);
    rank(f);
    place(f);
    measure(f);
    f->draw = zh_draw_new(ui->arena, WIDTH, f->top[f->rows] + 2, title);
    for (int pass = 0; pass < 2; pass++) { /* taken ones above the others */
        for (size_t i = 0; i < f->nedges; i++) {
            if (f->edges[i].taken == (pass == 1)) {
                draw_edge(f, &f->edges[i]);
            }
        }
    }
    for (size_t s = 0; s < reg->nstates; s++) {
        draw_state(f, s);
    }
    zh_buf_init(&svg, SVG_BYTES_MAX);
    zh_rc rc = zh_svg_write(f->draw, &(zh_svg_options){.id = ZH_STR("flow")}, &svg, ui->err);
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

static zh_str joined(zh_ui *ui, zh_str list, zh_str item)
{
    return list.n == 0 ? item
                       : zh_str_fmt(ui->arena, "%.*s%.*s%.*s", ZH_FMT(list),
                                    ZH_FMT(zh_ui_text(ui, ZH_T_SEP)), ZH_FMT(item));
}

static void next_step(zh_shown_record *r, zh_grid *g, const zh_transition *t)
{
    zh_ui *ui = r->ui;
    zh_str roles = ZH_STR("");
    zh_str needs = ZH_STR("");
    for (size_t i = 0; i < t->nroles; i++) {
        roles = joined(ui, roles, t->roles[i]);
    }
    for (size_t i = 0; i < t->nneed; i++) {
        needs = joined(ui, needs, zh_ui_label(ui, t->need[i]->label));
    }
    if (t->has_guard) {
        needs = joined(ui, needs, t->guard.source);
    }
    zh_grid_row(g, NULL);
    zh_grid_text(g, zh_ui_label(ui, t->label));
    zh_grid_text(g,
                 t->to >= 0 ? zh_show_state(ui, r->reg, t->to) : zh_ui_text(ui, ZH_T_RECORD_STAYS));
    zh_grid_text(g, roles);
    zh_grid_text(g, needs);
}

static void next_steps(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    int state = zh_shown(r)->state;
    size_t n = 0;
    for (size_t i = 0; i < r->reg->ntransitions; i++) {
        n += leaves(&r->reg->transitions[i], state);
    }
    if (n == 0) {
        zh_html_leaf(&ui->html, "p", "mu", zh_ui_text(ui, ZH_T_RECORD_END));
        return;
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
    for (size_t i = 0; i < r->reg->ntransitions; i++) {
        if (leaves(&r->reg->transitions[i], state)) {
            next_step(r, &g, &r->reg->transitions[i]);
        }
    }
    zh_grid_close(&g);
    zh_html_close(&ui->html);
}

/* ---- time limits ----------------------------------------------------------------------------- */

/* Working days where the calendar covers them, else days. */
static zh_str time_left(zh_ui *ui, zh_time due)
{
    zh_date today = zh_time_date(zh_now());
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

static void clock_state(zh_ui *ui, const zh_clock_state *c)
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
    } else if (c->breached || zh_now() >= c->due_at) {
        zh_part_lamp(ui, ZH_LAMP_ACT, zh_ui_text(ui, ZH_T_RECORD_CLOCK_LATE));
    } else {
        zh_part_lamp(ui, ZH_LAMP_OK, time_left(ui, c->due_at));
    }
}

/* The clauses of the versions; whether one of them is not verified. */
static zh_str clauses(zh_ui *ui, const zh_clock *clock, bool *unverified)
{
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < clock->nversions; i++) {
        out = joined(ui, out, clock->versions[i].clause);
        *unverified = *unverified || clock->versions[i].unverified;
    }
    return out;
}

static void one_clock(zh_shown_record *r, zh_grid *g, const zh_clock *clock,
                      const zh_clock_state *state)
{
    zh_ui *ui = r->ui;
    bool unverified = false;
    zh_str clause = clauses(ui, clock, &unverified);
    zh_grid_row(g, NULL);
    zh_grid_cell(g);
    zh_html_text(&ui->html, zh_ui_label(ui, clock->label));
    if (unverified) {
        zh_html_z(&ui->html, " ");
        zh_part_tag(ui, ZH_TAG_WATCH, zh_ui_text(ui, ZH_T_RECORD_UNVERIFIED));
    }
    zh_html_leaf(&ui->html, "span", "why", clause);
    zh_grid_text(g, state->started ? zh_ui_time(ui, state->started_at) : ZH_STR("—"));
    /* due_at is the first instant after the period */
    zh_grid_text(g, state->has_due ? zh_ui_time(ui, state->due_at - 1) : ZH_STR("—"));
    zh_grid_cell(g);
    clock_state(ui, state);
}

static zh_rc clocks(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    const zh_register *reg = r->reg;
    if (reg->nclocks == 0 || !zh_shown_is_current(r)) {
        return ZH_OK;
    }
    zh_clock_state *states = ZH_NEW_N(ui->arena, zh_clock_state, reg->nclocks);
    zh_rc rc = zh_clock_load(&ui->ctx, ui->conn, zh_shown(r), states);
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
    for (size_t i = 0; i < reg->nclocks; i++) {
        one_clock(r, &g, &reg->clocks[i], &states[i]);
    }
    zh_grid_close(&g);
    zh_html_close(&ui->html);
    return ZH_OK;
}

zh_rc zh_record_flow(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_rc rc = ZH_OK;
    zh_part_section_open(ui, "flow", zh_ui_text(ui, ZH_T_RECORD_FLOW), false);
    if (r->reg->nstates <= 1 || r->reg->nstates > STATES_MAX) {
        zh_html_leaf(&ui->html, "p", "mu", zh_ui_text(ui, ZH_T_RECORD_NO_FLOW));
    } else {
        flow *f = ZH_NEW(ui->arena, flow);
        *f = (flow){.r = r};
        rc = picture(f);
        next_steps(r);
    }
    if (rc == ZH_OK) {
        rc = clocks(r);
    }
    zh_part_section_close(ui);
    return rc;
}
