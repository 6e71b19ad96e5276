/* State diagrams: layout and drawing. */
#include "fmt/flow.h"
#include "fmt/svg.h"

enum {
    ROW_MAX = 4, /* states beside each other */
    WIDTH = 520,
    RAIL = 56, /* room for the rails at each side */
    NODE_WIDTH = 112,
    NODE_HEIGHT = 32,
    GAP = 26,
    TRACK = 7,
};

typedef struct layout {
    zh_arena *arena;
    const zh_flow *in;
    size_t row[ZH_FLOW_STATES_MAX], place[ZH_FLOW_STATES_MAX]; /* place within the row */
    size_t in_row[ZH_FLOW_STATES_MAX + 1];
    size_t rows;
    size_t tracks[ZH_FLOW_STATES_MAX + 2]; /* horizontal runs in the gap above a row */
    size_t used[ZH_FLOW_STATES_MAX + 2];
    size_t left, right; /* rails used */
    size_t outs[ZH_FLOW_STATES_MAX], ins[ZH_FLOW_STATES_MAX], out_at[ZH_FLOW_STATES_MAX],
        in_at[ZH_FLOW_STATES_MAX];
    double top[ZH_FLOW_STATES_MAX + 2]; /* y of a row */
    zh_draw *draw;
} layout;

/* ---- layout ---------------------------------------------------------------------------------- */

/* Rows by distance from the initial state; what only `any state` reaches stands last. */
static void rank(layout *f)
{
    const zh_flow *in = f->in;
    size_t far = in->nstates;
    for (size_t s = 0; s < in->nstates; s++) {
        f->row[s] = in->states[s].initial ? 0 : far;
    }
    for (size_t round = 0; round < in->nstates; round++) {
        for (size_t i = 0; i < in->nedges; i++) {
            size_t next = f->row[in->edges[i].from] + 1;
            bool nearer = f->row[in->edges[i].from] < far && next < f->row[in->edges[i].to];
            f->row[in->edges[i].to] = nearer ? next : f->row[in->edges[i].to];
        }
    }
}

/* Ends stand below everything else. */
static void sink_ends(layout *f)
{
    for (size_t s = 0; s < f->in->nstates; s++) {
        if (f->in->states[s].terminal && !f->in->states[s].initial) {
            f->row[s] = f->in->nstates + 1;
        }
    }
}

/* Numbers the rows without holes, at most ROW_MAX states in each. */
static void place(layout *f)
{
    const zh_flow *in = f->in;
    size_t placed[ZH_FLOW_STATES_MAX];
    for (size_t rank_now = 0; rank_now <= in->nstates + 1; rank_now++) {
        bool any = false;
        for (size_t s = 0; s < in->nstates; s++) {
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
    for (size_t s = 0; s < in->nstates; s++) {
        f->row[s] = placed[s];
    }
}

static bool is_down(const layout *f, const zh_flow_edge *e)
{
    return f->row[e->to] == f->row[e->from] + 1;
}

static void measure(layout *f)
{
    const zh_flow *in = f->in;
    for (size_t i = 0; i < in->nedges; i++) {
        const zh_flow_edge *e = &in->edges[i];
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

static double centre(const layout *f, size_t state)
{
    double inner = WIDTH - 2.0 * RAIL;
    return RAIL + inner * ((double)f->place[state] + 0.5) / (double)f->in_row[f->row[state]];
}

static double node_width(const layout *f, size_t state)
{
    double room = (WIDTH - 2.0 * RAIL) / (double)f->in_row[f->row[state]] - 10;
    return room < NODE_WIDTH ? room : NODE_WIDTH;
}

/* The n-th of `of` ends of arrows along a side of a state. */
static double port(const layout *f, size_t state, size_t n, size_t of)
{
    double step = of > 1 ? (node_width(f, state) - 24) / (double)(of - 1) : 0;
    step = step > 16 ? 16 : step;
    return centre(f, state) + ((double)n - ((double)of - 1) / 2) * step;
}

static double track(layout *f, size_t gap)
{
    double bottom = f->top[gap] - 12;
    return bottom - TRACK * (double)f->used[gap]++;
}

static void arrow(layout *f, const zh_point *line, size_t n, zh_role role, double width)
{
    zh_point end = line[n - 1];
    zh_point head[3] = {{end.x - 4, end.y - 7}, {end.x + 4, end.y - 7}, end};
    size_t ends = 3;
    zh_draw_polyline(f->draw, line, n, (zh_paint){.stroke = role, .width = width});
    zh_draw_polygon(f->draw, head, &ends, 1, (zh_paint){.fill = role});
}

static void draw_edge(layout *f, const zh_flow_edge *e)
{
    bool next = f->in->states[e->from].now;
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
    zh_draw_open(f->draw, &(zh_mark){.title = e->title, .kind = "edge"});
    arrow(f, line, n, role, e->taken ? 2 : 1);
    zh_draw_close(f->draw);
}

static void draw_state(layout *f, size_t s)
{
    const zh_flow_state *state = &f->in->states[s];
    double w = node_width(f, s);
    double x = centre(f, s) - w / 2;
    double y = f->top[f->row[s]];
    zh_paint paint = state->now    ? (zh_paint){.fill = ZH_ROLE_INK, .stroke = ZH_ROLE_INK}
                     : state->been ? (zh_paint){.fill = ZH_ROLE_QING_T, .stroke = ZH_ROLE_QING}
                                   : (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_RULE_2};
    zh_draw_open(f->draw, &(zh_mark){.title = state->title, .kind = state->now ? "now" : "state"});
    zh_draw_rect(f->draw, x, y, w, NODE_HEIGHT, paint);
    if (state->terminal) { /* a second line inside: the end */
        zh_draw_rect(f->draw, x + 3, y + 3, w - 6, NODE_HEIGHT - 6,
                     (zh_paint){.stroke = state->now ? ZH_ROLE_PAPER : paint.stroke});
    }
    zh_draw_text(f->draw, centre(f, s), y + 21,
                 zh_draw_text_fit(f->arena, state->label, 13, w - 10),
                 (zh_text_at){.font = {.size = 13,
                                       .weight = state->now ? 600 : 400,
                                       .role = state->now ? ZH_ROLE_PAPER : ZH_ROLE_INK},
                              .anchor = ZH_ANCHOR_MIDDLE});
    zh_draw_close(f->draw);
}

zh_rc zh_flow_svg(zh_arena *arena, const zh_flow *in, zh_str id, zh_buf *out, zh_err *err)
{
    if (in->nstates == 0 || in->nstates > ZH_FLOW_STATES_MAX || in->nedges > ZH_FLOW_EDGES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "flow.size", "流程图最多画 %d 个状态、%d 条流转",
                          ZH_FLOW_STATES_MAX, ZH_FLOW_EDGES_MAX);
    }
    layout *f = ZH_NEW(arena, layout);
    *f = (layout){.arena = arena, .in = in};
    rank(f);
    sink_ends(f);
    place(f);
    measure(f);
    f->draw = zh_draw_new(arena, WIDTH, f->top[f->rows] + 2, in->title);
    for (int pass = 0; pass < 2; pass++) { /* taken ones above the others */
        for (size_t i = 0; i < in->nedges; i++) {
            if (in->edges[i].taken == (pass == 1)) {
                draw_edge(f, &in->edges[i]);
            }
        }
    }
    for (size_t s = 0; s < in->nstates; s++) {
        draw_state(f, s);
    }
    return zh_svg_write(f->draw, &(zh_svg_options){.id = id}, out, err);
}
