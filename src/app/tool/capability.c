/* 过程能力: capability and performance indices with their intervals, the histogram between the
 * limits of the specification. */
#include "app/tool/histogram.h"
#include "app/tool/subgroup.h"
#include "app/tool/tools.h"
#include "fmt/chart_xy.h"
#include <math.h>

static const zh_tool_ask asks[] = {
    {"lsl", {"下规格限", "lower limit"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"usl", {"上规格限", "upper limit"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"target", {"目标值", "target"}, ZH_TOOL_NUMBER, NULL, "", NULL},
    {"required", {"要求的 Cpk", "Cpk required"}, ZH_TOOL_NUMBER, NULL, "1.33", NULL},
    {"value", {"数值列", "values"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"group", {"子组列", "subgroups"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"size",
     {"子组大小（1 = 单值）", "subgroup size (1: individuals)"},
     ZH_TOOL_NUMBER,
     NULL,
     "1",
     NULL},
};

static const zh_tool_sample samples[] = {
    {"flow",
     {"流量，规格 44–56", "Flow rate, limits 44–56"},
     "packs/tools/data/nist_flow.csv",
     "lsl=44&usl=56",
     {"NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.2；规格为示意",
      "NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2.2; the limits are illustrative"}},
};

typedef struct asked {
    zh_specification spec;
    double required;
    zh_grouped data;
} asked;

static zh_rc ask(zh_bench *b, asked *a)
{
    double size = 1;
    const zh_sheet_column *group;
    a->spec = (zh_specification){.confidence = 0.95, .nsigmas = 3};
    zh_rc rc = zh_bench_number(b, "lsl", &a->spec.lsl);
    if (rc == ZH_OK) {
        rc = zh_bench_number(b, "usl", &a->spec.usl);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_number(b, "target", &a->spec.target);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "required", 0.1, 10, &a->required);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_between(b, "size", 1, 1000, &size);
    }
    if (rc == ZH_OK && isnan(a->spec.lsl) && isnan(a->spec.usl)) {
        rc =
            zh_bench_refuse(b, "tool.limits", "填下规格限、上规格限中的一个或两个", "还没有规格限");
    }
    if (rc == ZH_OK) {
        rc = zh_bench_column(b, "group", NULL, &group);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    return size > 1 || group != NULL ? zh_bench_subgroups(b, &a->data)
                                     : zh_bench_series(b, &a->data);
}

enum { LIMITS = 3 };

static void limits(zh_bench *b, const asked *a, zh_xy_line out[LIMITS])
{
    const zh_xy_line lines[LIMITS] = {
        {.vertical = true,
         .at = a->spec.lsl,
         .dash = ZH_DASH_TARGET,
         .label =
             zh_bench_say(b, "下限 %.*s", "LSL %.*s", ZH_FMT(zh_bench_digits(b, a->spec.lsl, 6)))},
        {.vertical = true,
         .at = a->spec.usl,
         .dash = ZH_DASH_TARGET,
         .label =
             zh_bench_say(b, "上限 %.*s", "USL %.*s", ZH_FMT(zh_bench_digits(b, a->spec.usl, 6)))},
        {.vertical = true,
         .at = a->spec.target,
         .dash = ZH_DASH_GUIDE,
         .label = zh_bench_say(b, "目标", "target")},
    };
    for (size_t i = 0; i < LIMITS; i++) {
        out[i] = lines[i];
    }
}

static zh_rc histogram(zh_bench *b, const asked *a, const zh_capability *c)
{
    size_t n = a->data.data.start[a->data.data.n];
    zh_histogram h;
    zh_rc rc = zh_histogram_of(b->arena, a->data.data.v, n, &h, b->err);
    if (rc != ZH_OK) {
        return rc;
    }
    enum { CURVE = 160 };
    double *x = ZH_NEW_N(b->arena, double, CURVE);
    double *within = ZH_NEW_N(b->arena, double, CURVE);
    double *overall = ZH_NEW_N(b->arena, double, CURVE);
    double low = fmin(h.low, c->center - 4 * c->overall.sd);
    double high = fmax(h.high, c->center + 4 * c->overall.sd);
    for (size_t i = 0; i < CURVE; i++) {
        x[i] = low + (high - low) * (double)i / (CURVE - 1);
        within[i] = zh_histogram_normal(&h, (double)n, x[i], c->center, c->within.sd);
        overall[i] = zh_histogram_normal(&h, (double)n, x[i], c->center, c->overall.sd);
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_COLUMNS,
         .x = h.middle,
         .y = h.count,
         .n = h.n,
         .width = h.width,
         .role = ZH_ROLE_Q3,
         .titles = h.titles,
         .label = zh_bench_say(b, "件数", "count")},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = within,
         .n = CURVE,
         .role = ZH_ROLE_C1,
         .label = zh_bench_say(b, "组内 σ", "within sigma")},
        {.kind = ZH_XY_LINE,
         .x = x,
         .y = overall,
         .n = CURVE,
         .role = ZH_ROLE_C2,
         .dash = ZH_DASH_SERIES,
         .label = zh_bench_say(b, "总体 s", "overall s")},
    };
    zh_xy_line lines[LIMITS];
    limits(b, a, lines);
    zh_xy in = {.title = b->finding,
                .series = series,
                .nseries = ZH_COUNTOF(series),
                .lines = lines,
                .nlines = ZH_COUNTOF(lines),
                .x = {.unit = a->data.unit}};
    rc = zh_bench_xy(
        b, &in, b->finding,
        zh_bench_say(b, "%.*s，%zu 个值", "%.*s, %zu values", ZH_FMT(a->data.name), n),
        zh_bench_say(b,
                     "组内曲线是过程只有偶然波动时的样子，总体曲线含子组之间的变动；两条相差大，过"
                     "程不稳定。",
                     "The within curve is what chance alone gives, the overall one includes "
                     "drift; where they differ the process is not stable."));
    return rc;
}

static void line(zh_bench_table *t, zh_str name, const zh_capability_index *w,
                 const zh_capability_index *o)
{
    zh_bench *b = t->b;
    zh_bench_line(t, ZH_ROW_PLAIN);
    zh_bench_cell(t, name);
    const zh_capability_index *both[] = {w, o};
    for (size_t i = 0; i < 2; i++) {
        zh_bench_value(t, both[i]->value, 4);
        zh_bench_cell(t, isfinite(both[i]->lower)
                             ? zh_str_fmt(b->arena, "%.*s–%.*s",
                                          ZH_FMT(zh_bench_fixed(b, both[i]->lower, 2)),
                                          ZH_FMT(zh_bench_fixed(b, both[i]->upper, 2)))
                             : ZH_STR("—"));
    }
}

static void indices(zh_bench *b, const zh_capability *c)
{
    zh_bench_table t = zh_bench_table_of(
        b, zh_bench_say(b, "能力指数（95%% 区间）", "Indices with 95 %% intervals"), ZH_STR(""),
        false);
    zh_bench_head(&t, zh_bench_say(b, "指数", "Index"), false);
    zh_bench_head(&t, zh_bench_say(b, "组内", "Within"), true);
    zh_bench_head(&t, zh_bench_say(b, "区间", "Interval"), true);
    zh_bench_head(&t, zh_bench_say(b, "总体", "Overall"), true);
    zh_bench_head(&t, zh_bench_say(b, "区间", "Interval"), true);
    line(&t, ZH_STR("Cp / Pp"), &c->within.cp, &c->overall.cp);
    line(&t, ZH_STR("Cpk / Ppk"), &c->within.cpk, &c->overall.cpk);
    line(&t, zh_bench_say(b, "下侧 Cpl / Ppl", "lower Cpl / Ppl"), &c->within.cpl, &c->overall.cpl);
    line(&t, zh_bench_say(b, "上侧 Cpu / Ppu", "upper Cpu / Ppu"), &c->within.cpu, &c->overall.cpu);
    line(&t, ZH_STR("Cpm / Ppm"), &c->within.cpm, &c->overall.cpm);
    zh_bench_end(&t);
    zh_bench_table s = zh_bench_table_of(
        b, zh_bench_say(b, "数据与预期不合格", "Data and expectation"), ZH_STR(""), true);
    zh_bench_head(&s, zh_bench_say(b, "量", "Quantity"), false);
    zh_bench_head(&s, zh_bench_say(b, "组内", "Within"), true);
    zh_bench_head(&s, zh_bench_say(b, "总体", "Overall"), true);
    const struct {
        const char *zh, *en;
        double within, overall;
    } rows[] = {
        {"值的个数 n", "Values n", (double)c->n, (double)c->n},
        {"平均", "Mean", c->center, c->center},
        {"标准差", "Standard deviation", c->within.sd, c->overall.sd},
        {"预期低于下限（ppm）", "Expected below (ppm)", c->within.ppm_below, c->overall.ppm_below},
        {"预期高于上限（ppm）", "Expected above (ppm)", c->within.ppm_above, c->overall.ppm_above},
        {"实际低于下限（ppm）", "Observed below (ppm)", c->ppm_observed_below,
         c->ppm_observed_below},
        {"实际高于上限（ppm）", "Observed above (ppm)", c->ppm_observed_above,
         c->ppm_observed_above},
    };
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++) {
        zh_bench_line(&s, ZH_ROW_PLAIN);
        zh_bench_cell(&s, zh_str_of(b->english ? rows[i].en : rows[i].zh));
        zh_bench_value(&s, rows[i].within, 6);
        zh_bench_value(&s, rows[i].overall, 6);
    }
    zh_bench_end(&s);
}

static zh_rc run(zh_bench *b)
{
    asked a = {0};
    zh_capability c;
    zh_rc rc = ask(b, &a);
    zh_chart_options options = zh_chart_options_of(
        a.data.data.n == (a.data.data.start != NULL ? a.data.data.start[a.data.data.n] : 0)
            ? ZH_CHART_XBAR_ONE
            : ZH_CHART_XBAR);
    if (rc == ZH_OK) {
        rc = zh_spc_capability(b->arena, &a.data.data, &options, &a.spec, &c, b->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_capability_index *k = &c.within.cpk;
    zh_str value = zh_bench_fixed(b, k->value, 2);
    zh_str lower = zh_bench_fixed(b, k->lower, 2);
    zh_str upper = zh_bench_fixed(b, k->upper, 2);
    zh_str wanted = zh_bench_digits(b, a.required, 3);
    b->finding =
        k->lower >= a.required
            ? zh_bench_say(
                  b, "Cpk %.*s（%.*s–%.*s），区间下限达到要求的 %.*s：能力足够",
                  "Cpk %.*s (%.*s–%.*s): the lower end reaches %.*s, the process is capable",
                  ZH_FMT(value), ZH_FMT(lower), ZH_FMT(upper), ZH_FMT(wanted))
        : k->upper < a.required
            ? zh_bench_say(
                  b, "Cpk %.*s（%.*s–%.*s），区间上限不到要求的 %.*s：能力不足",
                  "Cpk %.*s (%.*s–%.*s): the upper end is below %.*s, the process is not capable",
                  ZH_FMT(value), ZH_FMT(lower), ZH_FMT(upper), ZH_FMT(wanted))
            : zh_bench_say(b,
                           "Cpk %.*s（%.*s–%.*s），区间跨过要求的 %.*s：数据还说明不了能力够不够",
                           "Cpk %.*s (%.*s–%.*s): the interval contains %.*s, the data cannot tell",
                           ZH_FMT(value), ZH_FMT(lower), ZH_FMT(upper), ZH_FMT(wanted));
    rc = histogram(b, &a, &c);
    indices(b, &c);
    return rc;
}

const zh_tool zh_tool_capability = {
    .id = "capability",
    .name = {"过程能力", "Process capability"},
    .answers = {"稳定的过程能不能满足规格，有多大把握",
                "Can a stable process meet its limits, and how surely?"},
    .data = {"一列测量值，或每行一个子组", "One column of measurements, or a subgroup a row"},
    .method = {"ISO 22514-2:2017、ISO 22514-4:2016；区间：A. F. Bissell, Applied Statistics 39 "
               "(1990) 331；R. A. "
               "Boyles, J. Quality Technology 23 (1991) 17",
               "ISO 22514-2:2017, ISO 22514-4:2016; intervals: A. F. Bissell, Applied Statistics "
               "39 (1990) "
               "331; R. A. Boyles, J. Quality Technology 23 (1991) 17"},
    .limits = {"过程不稳定时不要谈能力：先看控制图。值远离正态时 Cpk 与 ppm 没有意义。",
               "Look at the control chart first: an unstable process has no capability. Far from "
               "the normal "
               "distribution Cpk and ppm mean nothing."},
    .sheet = "spc",
    .engines = "spc.capability",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
