/* State diagrams: what must hold of any of them, on random graphs (seed printed; ZH_SEED repeats
 * it): nothing is lost, states do not touch, no arrow runs through a state, every arrow begins
 * below its state and ends on top of the one it leads to. */
#include "fmt/flow.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { POINTS_MAX = 8, EDGES_MAX = ZH_FLOW_EDGES_MAX, STATES_MAX = ZH_FLOW_STATES_MAX };

typedef struct box {
    double x, y, w, h;
} box;

typedef struct line {
    double x[POINTS_MAX], y[POINTS_MAX];
    size_t n;
} line;

typedef struct picture {
    box states[STATES_MAX];
    line edges[EDGES_MAX];
    size_t nstates, nedges;
} picture;

static double number(const char **p)
{
    char *end = NULL;
    double v = strtod(*p, &end);
    assert_true(end != *p);
    *p = end;
    return v;
}

static double attribute(const char *element, const char *name)
{
    const char *p = strstr(element, name);
    assert_non_null(p);
    p += strlen(name);
    return number(&p);
}

/* The first path of an edge is its line: M, then points after L or a space. */
static line read_line(const char *p)
{
    line l = {0};
    p = strstr(p, " d=\"M");
    assert_non_null(p);
    p += 5;
    while (*p != '"') {
        assert_true(l.n < POINTS_MAX);
        l.x[l.n] = number(&p);
        l.y[l.n++] = number(&p);
        p += *p == 'L' || *p == ' ';
    }
    return l;
}

static picture read_picture(const char *svg)
{
    picture out = {0};
    for (const char *p = svg; (p = strstr(p, "<g class=\"")) != NULL; p++) {
        if (strncmp(p + 10, "edge", 4) == 0) {
            out.edges[out.nedges++] = read_line(p);
        } else {
            const char *rect = strstr(p, "<rect");
            out.states[out.nstates++] =
                (box){attribute(rect, " x=\""), attribute(rect, " y=\""),
                      attribute(rect, " width=\""), attribute(rect, " height=\"")};
        }
    }
    return out;
}

/* Whether a horizontal or vertical piece of a line goes through the inside of a box. */
static bool crosses(const line *l, size_t i, const box *b)
{
    const double slack = 0.6; /* coordinates are written rounded */
    double left = fmin(l->x[i], l->x[i + 1]);
    double right = fmax(l->x[i], l->x[i + 1]);
    double top = fmin(l->y[i], l->y[i + 1]);
    double bottom = fmax(l->y[i], l->y[i + 1]);
    return right > b->x + slack && left < b->x + b->w - slack && bottom > b->y + slack &&
           top < b->y + b->h - slack;
}

static void check(const zh_flow *flow, const picture *p)
{
    assert_int_equal(p->nstates, flow->nstates);
    assert_int_equal(p->nedges, flow->nedges);
    for (size_t a = 0; a < p->nstates; a++) {
        for (size_t b = 0; b < a; b++) {
            const box *s = &p->states[a];
            const box *t = &p->states[b];
            assert_true(s->x + s->w < t->x || t->x + t->w < s->x || s->y + s->h < t->y ||
                        t->y + t->h < s->y);
        }
    }
    for (size_t e = 0; e < p->nedges; e++) {
        const line *l = &p->edges[e];
        for (size_t i = 0; i + 1 < l->n; i++) {
            assert_true(fabs(l->x[i] - l->x[i + 1]) < 0.01 || fabs(l->y[i] - l->y[i + 1]) < 0.01);
            for (size_t s = 0; s < p->nstates; s++) {
                assert_false(crosses(l, i, &p->states[s]));
            }
        }
    }
}

/* Lines are drawn untaken first; here none is taken, so their order is that of the edges. */
static void check_ends(const zh_flow *flow, const picture *p)
{
    for (size_t e = 0; e < p->nedges; e++) {
        const box *from = &p->states[flow->edges[e].from];
        const box *to = &p->states[flow->edges[e].to];
        const line *l = &p->edges[e];
        assert_true(fabs(l->y[0] - (from->y + from->h)) < 0.6);
        assert_true(l->x[0] > from->x && l->x[0] < from->x + from->w);
        assert_true(fabs(l->y[l->n - 1] - to->y) < 0.6);
        assert_true(l->x[l->n - 1] > to->x && l->x[l->n - 1] < to->x + to->w);
    }
}

static void one_random(zh_arena *arena, unsigned *seed)
{
    zh_flow_state states[16] = {0};
    zh_flow_edge edges[64] = {0};
    zh_err err = {0};
    zh_buf svg;
    zh_flow flow = {.title = ZH_STR("流程"), .states = states, .edges = edges};
    flow.nstates = 2 + (size_t)rand_r(seed) % 14;
    for (size_t s = 0; s < flow.nstates; s++) {
        states[s] = (zh_flow_state){.label = ZH_STR("等待补充材料"),
                                    .title = ZH_STR("等待"),
                                    .initial = s == 0,
                                    .terminal = rand_r(seed) % 5 == 0};
    }
    for (size_t i = 0; i < 3 * flow.nstates && flow.nedges < 64; i++) {
        zh_flow_edge e = {.from = (uint16_t)((size_t)rand_r(seed) % flow.nstates),
                          .to = (uint16_t)((size_t)rand_r(seed) % flow.nstates),
                          .title = ZH_STR("走")};
        bool known = e.from == e.to;
        for (size_t k = 0; k < flow.nedges; k++) {
            known = known || (edges[k].from == e.from && edges[k].to == e.to);
        }
        if (!known) {
            edges[flow.nedges++] = e;
        }
    }
    zh_buf_init(&svg, (size_t)4 << 20);
    assert_int_equal(zh_flow_svg(arena, &flow, ZH_STR("f"), &svg, &err), ZH_OK);
    zh_buf_c(&svg, '\0');
    picture p = read_picture(svg.p);
    check(&flow, &p);
    check_ends(&flow, &p);
    zh_buf_free(&svg);
}

static void holds_on_random_graphs(void **state)
{
    const char *given = getenv("ZH_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    (void)state;
    (void)printf("seed %u\n", seed);
    for (int i = 0; i < 300; i++) {
        one_random(arena, &seed);
        zh_arena_reset(arena);
    }
    zh_arena_free(arena);
}

static void says_where_it_is(void **state)
{
    const zh_flow_state states[] = {
        {.label = ZH_STR("甲"), .title = ZH_STR("甲（经过）"), .initial = true, .been = true},
        {.label = ZH_STR("乙<b>"), .title = ZH_STR("乙（现在）"), .now = true},
    };
    const zh_flow_edge edges[] = {{.from = 0, .to = 1, .title = ZH_STR("走"), .taken = true}};
    const zh_flow flow = {ZH_STR("流程"), states, 2, edges, 1};
    zh_arena *arena = zh_arena_new((size_t)16 << 20);
    zh_err err = {0};
    zh_buf svg;
    (void)state;
    zh_buf_init(&svg, 1 << 20);
    assert_int_equal(zh_flow_svg(arena, &flow, ZH_STR("f"), &svg, &err), ZH_OK);
    zh_buf_c(&svg, '\0');
    assert_non_null(strstr(svg.p, "<g class=\"now\"><title>乙（现在）</title>"));
    assert_non_null(strstr(svg.p, "乙&lt;b&gt;"));
    assert_non_null(strstr(svg.p, "k-qing")); /* the step that was taken */
    zh_buf_free(&svg);
    zh_arena_free(arena);
}

static void caps(void **state)
{
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_flow_state *states = ZH_NEW_N(arena, zh_flow_state, STATES_MAX + 1);
    zh_flow_edge *edges = ZH_NEW_N(arena, zh_flow_edge, EDGES_MAX + 1);
    zh_flow flow = {.title = ZH_STR("流程"), .states = states, .edges = edges};
    zh_err err = {0};
    zh_buf svg;
    (void)state;
    for (size_t i = 0; i <= STATES_MAX; i++) {
        states[i] = (zh_flow_state){.label = ZH_STR("态"), .initial = i == 0};
    }
    for (size_t i = 0; i <= EDGES_MAX; i++) {
        edges[i] = (zh_flow_edge){.from = (uint16_t)(i % STATES_MAX),
                                  .to = (uint16_t)((i + 1 + i / STATES_MAX) % STATES_MAX)};
    }
    zh_buf_init(&svg, (size_t)8 << 20);
    assert_int_equal(zh_flow_svg(arena, &flow, ZH_STR("f"), &svg, &err), ZH_ELIMIT);
    flow.nstates = STATES_MAX;
    flow.nedges = EDGES_MAX;
    zh_err_clear(&err);
    assert_int_equal(zh_flow_svg(arena, &flow, ZH_STR("f"), &svg, &err), ZH_OK);
    flow.nstates = STATES_MAX + 1;
    assert_int_equal(zh_flow_svg(arena, &flow, ZH_STR("f"), &svg, &err), ZH_ELIMIT);
    flow.nstates = STATES_MAX;
    flow.nedges = EDGES_MAX + 1;
    zh_err_clear(&err);
    assert_int_equal(zh_flow_svg(arena, &flow, ZH_STR("f"), &svg, &err), ZH_ELIMIT);
    zh_buf_free(&svg);
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_it_is),
        cmocka_unit_test(caps),
        cmocka_unit_test(holds_on_random_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
