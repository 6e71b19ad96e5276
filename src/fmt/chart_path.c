/* The path diagram: causes left, effects right; see chart_xy.h. */
#include "fmt/chart_private.h"
#include "fmt/chart_xy.h"
#include <math.h>

#define NODE_HEIGHT 58.0
#define ROW         86.0
#define ARC         34.0
#define WIDEST      8.0 /* stroke of a coefficient of 1 */

typedef struct spot {
    size_t layer, place;
    double x, y;
} spot;

/* Layers by the longest way from a node without causes. */
static zh_rc layers(const zh_path_diagram *in, spot *spots, zh_err *err)
{
    for (size_t round = 0; round <= in->nnodes; round++) {
        bool moved = false;
        for (size_t i = 0; i < in->nedges; i++) {
            const zh_path_edge *e = &in->edges[i];
            if (spots[e->to].layer <= spots[e->from].layer) {
                spots[e->to].layer = spots[e->from].layer + 1;
                moved = true;
            }
        }
        if (!moved) {
            return ZH_OK;
        }
    }
    return zh_err_set(err, ZH_EINVAL, "chart.circle", "路径绕成了圈");
}

static void place(const zh_path_diagram *in, spot *spots, double width, double node, double *height)
{
    size_t deepest = 0;
    size_t most = 0;
    for (size_t i = 0; i < in->nnodes; i++) {
        deepest = spots[i].layer > deepest ? spots[i].layer : deepest;
    }
    for (size_t layer = 0; layer <= deepest; layer++) {
        size_t n = 0;
        for (size_t i = 0; i < in->nnodes; i++) {
            if (spots[i].layer == layer) {
                spots[i].place = n++;
            }
        }
        most = n > most ? n : most;
    }
    /* Nodes that stand alone in their layers alternate between two heights: the ways between them
     * stay visible. */
    *height = (double)(most > 2 ? most : 2) * ROW + ARC * 2 + 60;
    for (size_t i = 0; i < in->nnodes; i++) {
        size_t n = 0;
        for (size_t k = 0; k < in->nnodes; k++) {
            n += spots[k].layer == spots[i].layer;
        }
        double inside = *height - ARC * 2;
        double step = inside / (double)n;
        double alone = spots[i].layer % 2 == 0 ? NODE_HEIGHT / 2 : inside - NODE_HEIGHT / 2;
        spots[i].x = deepest > 0 ? (width - node) * (double)spots[i].layer / (double)deepest
                                 : (width - node) / 2;
        spots[i].y = ARC + (n == 1 && deepest > 1 ? alone : step * ((double)spots[i].place + 0.5));
    }
}

/* A way past other layers bends outwards; others are straight. */
static zh_point point_on(const zh_path_edge *e, const spot *spots, double node, double t)
{
    const spot *from = &spots[e->from];
    const spot *to = &spots[e->to];
    double x1 = from->x + node;
    double x2 = to->x - 10;
    size_t past = to->layer - from->layer;
    double bend = past >= 2 ? ARC * (double)(past < 4 ? past : 4) / 2 : 0;
    bend = from->layer % 2 == 0 ? -bend : bend;
    return (zh_point){x1 + (x2 - x1) * t,
                      from->y + (to->y - from->y) * t + bend * 4 * t * (1 - t) / 2};
}

static void draw_edge(zh_draw *d, const zh_path_edge *e, const spot *spots, double node)
{
    enum { POINTS = 25 };
    zh_point line[POINTS];
    for (size_t i = 0; i < POINTS; i++) {
        line[i] = point_on(e, spots, node, (double)i / (POINTS - 1));
    }
    zh_point end_at = line[POINTS - 1];
    double dx = end_at.x - line[POINTS - 2].x;
    double dy = end_at.y - line[POINTS - 2].y;
    double ux = dx / hypot(dx, dy);
    double uy = dy / hypot(dx, dy);
    double thick = zh_chart_clamp(fabs(e->coefficient), 0.1, 1) * WIDEST;
    double head = 5 + thick / 2;
    size_t end = 3;
    const zh_point tip[] = {{end_at.x + ux * 9, end_at.y + uy * 9},
                            {end_at.x - uy * head, end_at.y + ux * head},
                            {end_at.x + uy * head, end_at.y - ux * head}};
    zh_role role = e->weak ? ZH_ROLE_INK_3 : ZH_ROLE_QING;
    zh_chart_open_as(d, e->text, ZH_STR_NONE);
    zh_draw_polyline(
        d, line, POINTS,
        zh_chart_stroke(role, e->weak ? 1.5 : thick, e->weak ? ZH_DASH_SERIES : ZH_DASH_SOLID));
    zh_draw_polygon(d, tip, &end, 1, zh_chart_fill(role));
    zh_draw_close(d);
}

static void draw_edge_text(zh_draw *d, const zh_path_edge *e, const spot *spots, double node)
{
    size_t past = spots[e->to].layer - spots[e->from].layer;
    zh_point at = point_on(e, spots, node, past > 2 ? 0.3 : past > 1 ? 0.4 : 0.5);
    double w = zh_draw_text_width(e->text, ZH_CHART_SMALL) + 8;
    zh_draw_rect(d, at.x - w / 2, at.y - 9, w, 17, zh_chart_fill(ZH_ROLE_PAPER));
    zh_draw_text(d, at.x, at.y + 4, e->text,
                 zh_chart_note(e->weak ? ZH_ROLE_INK_3 : ZH_ROLE_INK, ZH_ANCHOR_MIDDLE));
}

static void draw_node(zh_draw *d, const zh_path_node *n, const spot *s, double node)
{
    double top = s->y - NODE_HEIGHT / 2;
    zh_str label = zh_draw_text_fit(d->arena, n->label, ZH_CHART_TEXT, node - 12);
    zh_chart_open_as(
        d,
        zh_str_fmt(d->arena, "%.*s %.*s %.*s", ZH_FMT(n->label), ZH_FMT(n->value), ZH_FMT(n->note)),
        ZH_STR_NONE);
    zh_draw_rect(d, s->x, top, node, NODE_HEIGHT,
                 (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_INK, .width = 1.4});
    zh_draw_text(d, s->x + node / 2, top + 18, label,
                 zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_MIDDLE));
    zh_text_at big = zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_MIDDLE);
    big.font.size = 16;
    zh_draw_text(d, s->x + node / 2, top + 37, n->value, big);
    zh_draw_text(d, s->x + node / 2, top + 51, n->note,
                 zh_chart_note(ZH_ROLE_INK_3, ZH_ANCHOR_MIDDLE));
    zh_draw_close(d);
}

zh_rc zh_chart_paths(zh_arena *arena, const zh_path_diagram *in, double width, zh_draw **out,
                     zh_err *err)
{
    zh_rc rc = zh_chart_check(width, in->nnodes, err);
    if (rc == ZH_OK && (in->nnodes > ZH_PATH_NODES || in->nedges > ZH_PATH_EDGES)) {
        rc = zh_err_set(err, ZH_ELIMIT, "chart.paths", "路径图至多 %zu 个变量、%zu 条路径",
                        ZH_PATH_NODES, ZH_PATH_EDGES);
    }
    for (size_t i = 0; i < in->nedges && rc == ZH_OK; i++) {
        const zh_path_edge *e = &in->edges[i];
        if (e->from >= in->nnodes || e->to >= in->nnodes || e->from == e->to) {
            rc = zh_err_set(err, ZH_EINVAL, "chart.paths", "路径的两端不成立");
        }
    }
    spot *spots = ZH_NEW_N(arena, spot, ZH_PATH_NODES);
    if (rc == ZH_OK) {
        rc = layers(in, spots, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double node = zh_chart_clamp(width * 0.15, 84, 128);
    double height;
    place(in, spots, width - 2, node, &height);
    zh_draw *d = zh_draw_new(arena, width, height, in->title);
    for (size_t i = 0; i < in->nedges; i++) {
        draw_edge(d, &in->edges[i], spots, node);
    }
    for (size_t i = 0; i < in->nnodes; i++) {
        draw_node(d, &in->nodes[i], &spots[i], node);
    }
    for (size_t i = 0; i < in->nedges; i++) {
        draw_edge_text(d, &in->edges[i], spots, node);
    }
    return zh_chart_end(d, out, err);
}
