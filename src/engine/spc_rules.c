/* Run rules. Each is one of four patterns with its own length and bound: k of the last m points
 * beyond a bound on one side, a run on one side, a run in one direction, a run within or outside
 * the one sigma bound. */
#include "engine/spc.h"
#include <math.h>

enum pattern {
    BEYOND,      /* `needed` of the last `length` points beyond `bound` on a side, this one too */
    RUN_SIDE,    /* `length` points in a row on a side of the centre */
    TREND,       /* `length` points in a row rising, or falling */
    ALTERNATING, /* `length` points in a row going up and down in turn */
    WITHIN,      /* `length` points in a row within `bound` */
    MIXTURE,     /* `length` points in a row beyond `bound`, some on each side */
};

static const struct rule {
    const char *name, *zh, *en;
    enum pattern pattern;
    size_t length, needed;
    double bound;
} rules[ZH_RULE_N] = {
    [ZH_RULE_WE1] = {"we1", "1 点超出 3σ", "1 point beyond 3σ", BEYOND, 1, 1, 3.0},
    [ZH_RULE_WE2] = {"we2", "连续 3 点中有 2 点在同侧 2σ 之外",
                     "2 of 3 points in a row beyond 2σ on one side", BEYOND, 3, 2, 2.0},
    [ZH_RULE_WE3] = {"we3", "连续 5 点中有 4 点在同侧 1σ 之外",
                     "4 of 5 points in a row beyond 1σ on one side", BEYOND, 5, 4, 1.0},
    [ZH_RULE_WE4] = {"we4", "连续 8 点在中心线同侧",
                     "8 points in a row on one side of the centre line", RUN_SIDE, 8, 8, 0.0},
    [ZH_RULE_NELSON1] = {"nelson1", "1 点超出 3σ", "1 point beyond 3σ", BEYOND, 1, 1, 3.0},
    [ZH_RULE_NELSON2] = {"nelson2", "连续 9 点在中心线同侧",
                         "9 points in a row on one side of the centre line", RUN_SIDE, 9, 9, 0.0},
    [ZH_RULE_NELSON3] = {"nelson3", "连续 6 点递增或递减", "6 points in a row rising or falling",
                         TREND, 6, 6, 0.0},
    [ZH_RULE_NELSON4] = {"nelson4", "连续 14 点上下交替",
                         "14 points in a row alternating up and down", ALTERNATING, 14, 14, 0.0},
    [ZH_RULE_NELSON5] = {"nelson5", "连续 3 点中有 2 点在同侧 2σ 之外",
                         "2 of 3 points in a row beyond 2σ on one side", BEYOND, 3, 2, 2.0},
    [ZH_RULE_NELSON6] = {"nelson6", "连续 5 点中有 4 点在同侧 1σ 之外",
                         "4 of 5 points in a row beyond 1σ on one side", BEYOND, 5, 4, 1.0},
    [ZH_RULE_NELSON7] = {"nelson7", "连续 15 点在 1σ 之内", "15 points in a row within 1σ", WITHIN,
                         15, 15, 1.0},
    [ZH_RULE_NELSON8] = {"nelson8", "连续 8 点都在 1σ 之外，且两侧都有",
                         "8 points in a row beyond 1σ, on both sides", MIXTURE, 8, 8, 1.0},
    [ZH_RULE_GB1] = {"gb1", "1 点超出 3σ", "1 point beyond 3σ", BEYOND, 1, 1, 3.0},
    [ZH_RULE_GB2] = {"gb2", "连续 7 点在中心线同侧",
                     "7 points in a row on one side of the centre line", RUN_SIDE, 7, 7, 0.0},
    [ZH_RULE_GB3] = {"gb3", "连续 7 点递增或递减", "7 points in a row rising or falling", TREND, 7,
                     7, 0.0},
};

const char *zh_run_rule_name(zh_run_rule rule)
{
    zh_assert(rule < ZH_RULE_N);
    return rules[rule].name;
}

const char *zh_run_rule_zh(zh_run_rule rule)
{
    zh_assert(rule < ZH_RULE_N);
    return rules[rule].zh;
}

const char *zh_run_rule_en(zh_run_rule rule)
{
    zh_assert(rule < ZH_RULE_N);
    return rules[rule].en;
}

/* 1 above centre + bound sigma, -1 below its mirror image, 0 between; on the centre 0. */
static int side(const zh_run_input *in, size_t i, double bound)
{
    double center = in->center[in->center_n == 1 ? 0 : i];
    double distance = bound * in->sigma[in->sigma_n == 1 ? 0 : i];
    double x = in->statistics[i];
    return (x > center + distance) - (x < center - distance);
}

/* 1 rising, -1 falling, 0 level or missing. */
static int direction(const zh_run_input *in, size_t i)
{
    double change = i > 0 ? in->statistics[i] - in->statistics[i - 1] : 0.0;
    return (change > 0.0) - (change < 0.0);
}

static void beyond(const zh_run_input *in, const struct rule *rule, bool *hits)
{
    for (size_t i = 0; i < in->n; i++) {
        int here = side(in, i, rule->bound);
        size_t same = 0;
        hits[i] = false;
        if (here == 0 || i + 1 < rule->length) {
            continue;
        }
        bool gap = false;
        for (size_t j = i + 1 - rule->length; j <= i; j++) {
            gap = gap || isnan(in->statistics[j]);
            same += side(in, j, rule->bound) == here;
        }
        hits[i] = !gap && same >= rule->needed;
    }
}

static void run_side(const zh_run_input *in, const struct rule *rule, bool *hits)
{
    size_t run = 0;
    int before = 0;
    for (size_t i = 0; i < in->n; i++) {
        int here = side(in, i, 0.0);
        run = here == 0 ? 0 : here == before ? run + 1 : 1;
        before = here;
        hits[i] = run >= rule->length;
    }
}

static void trend(const zh_run_input *in, const struct rule *rule, bool *hits)
{
    size_t run = 0; /* steps in the same direction */
    int before = 0;
    for (size_t i = 0; i < in->n; i++) {
        int here = direction(in, i);
        run = here == 0 ? 0 : here == before ? run + 1 : 1;
        before = here;
        hits[i] = run + 1 >= rule->length;
    }
}

static void alternating(const zh_run_input *in, const struct rule *rule, bool *hits)
{
    size_t turns = 0;
    int before = 0;
    for (size_t i = 0; i < in->n; i++) {
        int here = direction(in, i);
        turns = here * before < 0 ? turns + 1 : 0;
        before = here;
        hits[i] = turns + 2 >= rule->length;
    }
}

static void within(const zh_run_input *in, const struct rule *rule, bool *hits)
{
    size_t run = 0;
    for (size_t i = 0; i < in->n; i++) {
        bool inside = !isnan(in->statistics[i]) && side(in, i, rule->bound) == 0;
        run = inside ? run + 1 : 0;
        hits[i] = run >= rule->length;
    }
}

static void mixture(const zh_run_input *in, const struct rule *rule, bool *hits)
{
    size_t run = 0;
    size_t one_side = 0; /* points since the side last changed */
    int before = 0;
    for (size_t i = 0; i < in->n; i++) {
        int here = side(in, i, rule->bound);
        run = here == 0 ? 0 : run + 1;
        one_side = here == 0 ? 0 : here == before ? one_side + 1 : 1;
        before = here;
        hits[i] = run >= rule->length && one_side < rule->length;
    }
}

static zh_rc check(const zh_run_input *in, zh_err *err)
{
    bool fits =
        (in->center_n == 1 || in->center_n == in->n) && (in->sigma_n == 1 || in->sigma_n == in->n);
    if (!fits) {
        return zh_err_set(err, ZH_EINVAL, "spc.rules", "中心线和 σ 要是一个数，或与点一样多");
    }
    for (size_t i = 0; i < in->sigma_n; i++) {
        if (!(in->sigma[i] > 0.0) || isinf(in->sigma[i])) {
            return zh_err_set(err, ZH_EINVAL, "spc.rules", "第 %zu 个 σ 是 %g，要大于 0", i + 1,
                              in->sigma[i]);
        }
    }
    return ZH_OK;
}

zh_rc zh_spc_run_rule(const zh_run_input *in, zh_run_rule rule, bool *hits, zh_err *err)
{
    static void (*const apply[])(const zh_run_input *, const struct rule *, bool *) = {
        [BEYOND] = beyond,           [RUN_SIDE] = run_side, [TREND] = trend,
        [ALTERNATING] = alternating, [WITHIN] = within,     [MIXTURE] = mixture,
    };
    zh_assert(rule < ZH_RULE_N);
    zh_rc rc = check(in, err);
    if (rc == ZH_OK) {
        apply[rules[rule].pattern](in, &rules[rule], hits);
    }
    return rc;
}
