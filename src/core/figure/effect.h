/* What changes that are not written yet would do to the indicators of a register. */
#ifndef ZH_CORE_FIGURE_EFFECT_H
#define ZH_CORE_FIGURE_EFFECT_H

#include "core/figure/indicator.h"

#define ZH_EFFECTS_MAX ((size_t)64) /* indicators of one register that are looked at */

typedef struct zh_effect {
    const zh_indicator *indicator;
    bool known;   /* false: it is counted from records, so only writing will tell */
    bool changed; /* value, interval or n */
    zh_figure before, after;
} zh_effect;

/* The indicators that rest on the register, each now and with the changes, over all regions and all
 * time (a stock: today); changed ones first, then as declared. Nothing is written. conn should be
 * inside zh_read_begin. Everything returned lives in ctx->arena. */
zh_rc zh_effects(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_deltas *changes,
                 zh_effect **out, size_t *n) ZH_MUST;

#endif
