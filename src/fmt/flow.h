/* A state diagram: where something is, has been and may go.
 *
 * States stand in rows by their distance from the first one; an arrow to the next row runs in the
 * gap between, any other one by a rail at the side, so that no arrow crosses a state. Thread-safe.
 */
#ifndef ZH_FMT_FLOW_H
#define ZH_FMT_FLOW_H

#include "base/err.h"
#include "base/str.h"

#define ZH_FLOW_STATES_MAX 64
#define ZH_FLOW_EDGES_MAX  256

typedef struct zh_flow_state {
    zh_str label, title; /* title: read out and shown on hovering */
    bool initial, terminal, now, been;
} zh_flow_state;

typedef struct zh_flow_edge {
    uint16_t from, to; /* different states */
    zh_str title;
    bool taken;
} zh_flow_edge;

typedef struct zh_flow {
    zh_str title; /* accessible name */
    const zh_flow_state *states;
    size_t nstates;
    const zh_flow_edge *edges; /* each pair of states once */
    size_t nedges;
} zh_flow;

/* Appends the drawing for a page to out; id as in zh_svg_options. ZH_ELIMIT above the caps or
 * without a state; the errors of zh_svg_write. */
zh_rc zh_flow_svg(zh_arena *arena, const zh_flow *flow, zh_str id, zh_buf *out,
                  zh_err *err) ZH_MUST;

#endif
