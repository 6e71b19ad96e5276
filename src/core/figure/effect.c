/* Indicators before and after: the same question twice, the second time with the changes laid over
 * the cells. */
#include "core/figure/effect.h"
#include "core/read/read.h"

enum { REST_DEPTH_MAX = 10 };

/* Whether the indicator, or what it is made of, counts records of the register. */
static bool rests_on(const zh_model *model, const zh_indicator *ind, const zh_register *reg,
                     unsigned depth)
{
    if (ind == NULL || depth > REST_DEPTH_MAX) {
        return false;
    }
    if (ind->reg != NULL) {
        return ind->reg == reg;
    }
    if (ind->kind == ZH_I_GROWTH) {
        return rests_on(model, zh_model_indicator(model, ind->growth_of), reg, depth + 1);
    }
    bool any = false;
    for (size_t i = 0; i < ind->ncomponents && !any; i++) {
        any = rests_on(model, zh_model_indicator(model, ind->components[i].indicator), reg,
                       depth + 1);
    }
    return any;
}

/* A question that cannot be asked of all time (a growth) has no effect to show: *asked false. */
static zh_rc ask_both(zh_ctx *ctx, zh_conn *conn, const zh_deltas *changes, zh_effect *e,
                      bool *asked)
{
    zh_ctx after = *ctx;
    zh_err err = {0};
    zh_date today = zh_time_date(zh_now());
    bool stock = e->indicator->kind == ZH_I_STOCK;
    zh_figure_query q = {.indicator = e->indicator,
                         .first = stock ? today : 0,
                         .last = stock ? today : 0,
                         .as_of = ZH_AS_OF_NOW};
    zh_ctx before = *ctx;
    before.err = after.err = &err;
    after.overlay = changes;
    zh_rc rc = zh_figure_ask(&before, conn, &q, &e->before);
    if (rc == ZH_OK) {
        rc = zh_figure_ask(&after, conn, &q, &e->after);
    }
    *asked = rc == ZH_OK;
    if (rc == ZH_EINVAL || rc == ZH_ELIMIT) {
        return ZH_OK;
    }
    if (rc != ZH_OK) {
        *ctx->err = err;
    }
    return rc;
}

static bool differ(const zh_figure *a, const zh_figure *b)
{
    return a->status != b->status || a->has_value != b->has_value || a->n != b->n ||
           !zh_str_eq(a->shown, b->shown) || !zh_str_eq(a->num, b->num) ||
           !zh_str_eq(a->den, b->den);
}

zh_rc zh_effects(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, const zh_deltas *changes,
                 zh_effect **out, size_t *n)
{
    zh_effect *list = ZH_NEW_N(ctx->arena, zh_effect, ZH_EFFECTS_MAX);
    zh_effect *sorted = ZH_NEW_N(ctx->arena, zh_effect, ZH_EFFECTS_MAX);
    size_t found = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ctx->model->nindicators && found < ZH_EFFECTS_MAX && rc == ZH_OK; i++) {
        zh_effect *e = &list[found];
        bool asked = false;
        *e = (zh_effect){.indicator = &ctx->model->indicators[i]};
        if (rests_on(ctx->model, e->indicator, reg, 0)) {
            rc = ask_both(ctx, conn, changes, e, &asked);
        }
        if (asked) {
            e->known = e->before.cube.n > 0 && e->after.cube.n > 0;
            e->changed = e->known && differ(&e->before, &e->after);
            found++;
        }
    }
    size_t at = 0;
    for (int changed = 1; changed >= 0; changed--) {
        for (size_t i = 0; i < found; i++) {
            if (list[i].changed == (changed == 1)) {
                sorted[at++] = list[i];
            }
        }
    }
    *out = sorted;
    *n = found;
    return rc;
}
