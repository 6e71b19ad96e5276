/* The funnel of a proportion: whose share lies outside what chance lets expect of its size. */
#include "fmt/chart_xy.h"
#include "num/distribution.h"
#include "web/figure/page_indicator.h"
#include <math.h>

enum {
    WIDE = 800,
    BESIDE = 400, /* in the narrow column of the page */
    NARROW = 330,
    PLOT = 240,       /* height of the plot */
    PARTS_MIN = 5,    /* fewer are told by their intervals */
    PARTS_MAX = 400,  /* drawn and judged */
    LIMIT_STEPS = 80, /* of a limit's curve */
    NAMED = 3,        /* in the title */
    SCALE_FROM = 30,  /* limits of fewer may leave the scale */
};

typedef struct part {
    size_t at; /* in the break-down */
    double of, share;
    bool out, worse; /* beyond the 99.8 % limits; on the side where somebody must act */
} part;

typedef struct funnel {
    const zh_indicator_page *page;
    part *parts;
    size_t n, out;
    double share, scale; /* of all; 100 for per cent */
    double least, most;  /* sizes */
    double high;         /* end of the scale: no limit of the smallest makes the others flat */
} funnel;

/* A whole number that a figure was counted as. */
static bool whole(zh_str text, double *out)
{
    uint64_t n = 0;
    bool is = zh_str_u64(text, &n) == ZH_OK;
    *out = (double)n;
    return is;
}

/* Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24
 * (2005) 1185-1202, appendix A.1.1: the exact binomial limit, interpolated between whole counts. */
static double limit_at(double p, double of, double share)
{
    double r = zh_dist_binomial_quantile(p, of, share, ZH_TAIL_LOWER);
    double reached = zh_dist_binomial_cdf(r, of, share, ZH_TAIL_LOWER);
    double mass = zh_dist_binomial_density(r, of, share, false);
    double over = mass > 0 ? (reached - p) / mass : 0;
    return fmin(fmax((r - over) / of, 0), 1);
}

/* Only counts out of counts that were drawn: what has an interval of a proportion. */
static bool collect(funnel *f)
{
    const zh_indicator_page *page = f->page;
    double num = 0;
    double den = 0;
    bool proportion = page->indicator->kind == ZH_I_RATIO || page->indicator->kind == ZH_I_RATE;
    if (zh_indicator_by_time(page) || !proportion || !page->figure.has_interval ||
        !whole(page->figure.num, &num) || !whole(page->figure.den, &den) || num <= 0 ||
        num >= den) {
        return false;
    }
    f->share = num / den;
    f->scale = page->indicator->percent ? 100 : 1;
    f->parts = ZH_NEW_N(page->ui->arena, part, PARTS_MAX);
    for (size_t i = 0; i < page->n; i++) {
        const zh_figure *one = &page->figures[i];
        if (!one->has_value || one->status != ZH_FIG_OK || page->values[i].n == 0 ||
            !whole(one->num, &num) || !whole(one->den, &den) || den <= 0 || num > den) {
            continue;
        }
        if (f->n == PARTS_MAX) {
            return false;
        }
        part *p = &f->parts[f->n++];
        *p = (part){.at = i, .of = den, .share = num / den};
        bool above = p->share > limit_at(0.999, den, f->share);
        bool below = p->share < limit_at(0.001, den, f->share);
        p->out = above || below;
        p->worse = page->indicator->lower_is_better ? above : below;
        f->out += p->out;
        f->least = f->n == 1 ? den : fmin(f->least, den);
        f->most = fmax(f->most, den);
        f->high = fmax(f->high, p->share);
    }
    f->high = fmin(1.25 * fmax(f->high, limit_at(0.999, fmax(f->least, SCALE_FROM), f->share)), 1);
    return f->n >= PARTS_MIN && f->least < f->most;
}

static zh_str finding(const funnel *f)
{
    zh_ui *ui = f->page->ui;
    zh_str names = ZH_STR("");
    size_t named = 0;
    for (size_t i = 0; i < f->n && named < NAMED; i++) {
        if (f->parts[i].out) {
            names =
                zh_ui_list(ui, names, zh_indicator_value(f->page, f->page->values[f->parts[i].at]));
            named++;
        }
    }
    return f->out == 0 ? zh_ui_text(ui, ZH_T_IND_FUNNEL_NONE)
           : f->out <= NAMED
               ? ZH_SAY(ui, ZH_T_IND_FUNNEL_OUT, names)
               : ZH_SAY(ui, ZH_T_IND_FUNNEL_MANY, names, zh_ui_count(ui, (int64_t)f->out));
}

static zh_xy_series limit(const funnel *f, double p, zh_dash dash, zh_str label)
{
    zh_arena *arena = f->page->ui->arena;
    double *x = ZH_NEW_N(arena, double, LIMIT_STEPS);
    double *y = ZH_NEW_N(arena, double, LIMIT_STEPS);
    for (size_t i = 0; i < LIMIT_STEPS; i++) {
        double along = (double)i / (LIMIT_STEPS - 1);
        x[i] = floor(exp(log(f->least) + along * (log(f->most) - log(f->least))) + 0.5);
        double at = limit_at(p, x[i], f->share);
        y[i] = at <= f->high ? f->scale * at : (double)NAN;
    }
    return (zh_xy_series){.kind = ZH_XY_LINE,
                          .label = label,
                          .x = x,
                          .y = y,
                          .n = LIMIT_STEPS,
                          .role = ZH_ROLE_INK_2,
                          .dash = dash};
}

static zh_xy_series points(const funnel *f)
{
    zh_arena *arena = f->page->ui->arena;
    double *x = ZH_NEW_N(arena, double, f->n);
    double *y = ZH_NEW_N(arena, double, f->n);
    bool *act = ZH_NEW_N(arena, bool, f->n);
    zh_str *titles = ZH_NEW_N(arena, zh_str, f->n);
    zh_str *labels = ZH_NEW_N(arena, zh_str, f->n);
    for (size_t i = 0; i < f->n; i++) {
        const zh_figure *one = &f->page->figures[f->parts[i].at];
        zh_str name = zh_indicator_value(f->page, f->page->values[f->parts[i].at]);
        zh_str shown = zh_indicator_shown(f->page, one);
        x[i] = f->parts[i].of;
        y[i] = f->scale * f->parts[i].share;
        act[i] = f->parts[i].out && f->parts[i].worse;
        titles[i] = zh_str_fmt(arena, "%.*s %.*s (%.*s/%.*s)", ZH_FMT(name), ZH_FMT(shown),
                               ZH_FMT(one->num), ZH_FMT(one->den));
        labels[i] = f->parts[i].out ? zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(name), ZH_FMT(shown))
                                    : ZH_STR("");
    }
    return (zh_xy_series){.kind = ZH_XY_POINTS,
                          .x = x,
                          .y = y,
                          .n = f->n,
                          .role = ZH_ROLE_INK,
                          .act = act,
                          .titles = titles,
                          .labels = labels};
}

void zh_indicator_draw_funnel(const zh_indicator_page *page, bool linked, zh_indicator_figure *out)
{
    zh_ui *ui = page->ui;
    funnel f = {.page = page};
    zh_err ignored = {0};
    *out = (zh_indicator_figure){.what = ZH_STR("")};
    if (page->n < PARTS_MIN || !collect(&f)) {
        return;
    }
    zh_str unit = zh_ui_unit(ui, page->indicator->unit);
    const zh_xy_series series[] = {
        limit(&f, 0.999, ZH_DASH_SOLID, ZH_STR("99.8%")),
        limit(&f, 0.001, ZH_DASH_SOLID, ZH_STR("")),
        limit(&f, 0.975, ZH_DASH_LIMIT, ZH_STR("95%")),
        limit(&f, 0.025, ZH_DASH_LIMIT, ZH_STR("")),
        points(&f),
    };
    const zh_xy_line all = {
        .at = f.scale * f.share,
        .label = ZH_SAY(ui, ZH_T_IND_TOGETHER, zh_indicator_shown(page, &page->figure)),
        .role = ZH_ROLE_INK_2};
    out->title = finding(&f);
    out->what = zh_ui_text(ui, ZH_T_IND_FUNNEL_WHAT);
    out->read = zh_ui_text(ui, ZH_T_IND_READ_FUNNEL);
    const zh_xy in = {.title = out->title,
                      .x = {.log = true, .name = ZH_STR("n")},
                      .y = {.low = ZH_SOME(0), .unit = zh_str_is(unit, "%") ? unit : ZH_STR("")},
                      .height = PLOT,
                      .series = series,
                      .nseries = ZH_COUNTOF(series),
                      .lines = &all,
                      .nlines = 1};
    if (zh_chart_xy(ui->arena, &in, linked ? BESIDE : WIDE, &out->list, &ignored) != ZH_OK ||
        (linked && zh_chart_xy(ui->arena, &in, NARROW, &out->narrow, &ignored) != ZH_OK)) {
        out->list = NULL; /* the table says it all */
    }
}
