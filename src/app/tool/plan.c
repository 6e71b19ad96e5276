/* 抽样方案: the plan of GB/T 2828.1, a plan of one's own, or one found from two risk points, with
 * its operating characteristic. */
#include "app/tool/tools.h"
#include "engine/acceptance.h"
#include "fmt/chart_xy.h"
#include <inttypes.h>
#include <math.h>

enum { CURVE = 161 };

static const zh_tool_choice ways[] = {
    {"gb2828", {"按 GB/T 2828.1 查", "of GB/T 2828.1"}},
    {"find", {"按两个风险点求", "from two risk points"}},
    {"own", {"自己给出 n 与 Ac", "n and Ac of one's own"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_choice levels[] = {
    {"S-1", {"S-1", NULL}}, {"S-2", {"S-2", NULL}}, {"S-3", {"S-3", NULL}}, {"S-4", {"S-4", NULL}},
    {"I", {"Ⅰ", NULL}},     {"II", {"Ⅱ", NULL}},    {"III", {"Ⅲ", NULL}},   {NULL, {NULL, NULL}},
};
static const zh_tool_choice severities[] = {
    {"normal", {"正常", "normal"}},
    {"tightened", {"加严", "tightened"}},
    {"reduced", {"放宽", "reduced"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_choice stagings[] = {
    {"single", {"一次", "single"}},
    {"double", {"二次", "double"}},
    {"double105", {"二次（MIL-STD-105E）", "double (MIL-STD-105E)"}},
    {"multiple105", {"七次（MIL-STD-105E）", "seven samples (MIL-STD-105E)"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_choice models[] = {
    {"binomial", {"二项（长期供货）", "binomial (series of lots)"}},
    {"hypergeometric", {"超几何（一批）", "hypergeometric (one lot)"}},
    {"poisson", {"泊松（缺陷数）", "Poisson (nonconformities)"}},
    {NULL, {NULL, NULL}},
};

static const zh_tool_ask asks[] = {
    {"way", {"方案", "plan"}, ZH_TOOL_CHOICE, ways, "gb2828", NULL},
    {"lot", {"批量 N", "lot size N"}, ZH_TOOL_NUMBER, NULL, "1000", NULL},
    {"level", {"检验水平", "level"}, ZH_TOOL_CHOICE, levels, "II", "way=gb2828"},
    {"aql", {"AQL（%）", "AQL (%)"}, ZH_TOOL_NUMBER, NULL, "1.0", "way=gb2828"},
    {"severity", {"严格度", "severity"}, ZH_TOOL_CHOICE, severities, "normal", "way=gb2828"},
    {"staging", {"抽样次数", "samples"}, ZH_TOOL_CHOICE, stagings, "single", "way=gb2828"},
    {"n", {"样本量 n", "sample n"}, ZH_TOOL_NUMBER, NULL, "80", "way=own"},
    {"ac", {"接收数 Ac", "Ac"}, ZH_TOOL_NUMBER, NULL, "2", "way=own"},
    {"prq", {"生产方质量（%）", "producer's quality (%)"}, ZH_TOOL_NUMBER, NULL, "1", "way=find"},
    {"pra", {"至少接收（%）", "accept at least (%)"}, ZH_TOOL_NUMBER, NULL, "95", "way=find"},
    {"crq", {"使用方质量（%）", "consumer's quality (%)"}, ZH_TOOL_NUMBER, NULL, "5", "way=find"},
    {"cra", {"至多接收（%）", "accept at most (%)"}, ZH_TOOL_NUMBER, NULL, "10", "way=find"},
    {"model", {"计数模型", "model"}, ZH_TOOL_CHOICE, models, "binomial", "way=own|find"},
};

static const zh_tool_sample samples[] = {
    {"gb2828",
     {"N = 1,000、水平Ⅱ、AQL 1.0", "N = 1,000, level II, AQL 1.0"},
     NULL,
     "way=gb2828&lot=1000&level=II&aql=1.0",
     {"GB/T 2828.1-2012 表 1、表 2-A", "ISO 2859-1:1999, tables 1, 2-A"}},
    {"double",
     {"同一批的二次方案", "The double plan of the same lot"},
     NULL,
     "way=gb2828&lot=1000&level=II&aql=1.0&staging=double",
     {"GB/T 2828.1-2012 表 1、表 3-A", "ISO 2859-1:1999, tables 1, 3-A"}},
    {"find",
     {"1% 收 95%，5% 收 10%", "Accept 1 % at 95, 5 % at 10"},
     NULL,
     "way=find&prq=1&pra=95&crq=5&cra=10",
     {"W. C. Guenther, J. Quality Technology 1 (1969) 105",
      "W. C. Guenther, J. Quality Technology 1 (1969) 105"}},
};

typedef struct planned {
    zh_attribute_plan plan;
    zh_count_model model;
    int64_t lot;
    int64_t single;   /* size of the single plan of the same cell */
    double marked[2]; /* qualities of the table and the risk points, shares */
    zh_str name;
} planned;

enum { SINGLE, DOUBLE, DOUBLE_105E, SEVEN_105E };

typedef struct looked_up {
    zh_inspection_level level;
    zh_inspection severity;
    double aql;
    size_t staging;
} looked_up;

static zh_rc read_looked_up(zh_bench *b, looked_up *q)
{
    size_t level = 0;
    size_t severity = 0;
    zh_rc rc = zh_bench_choice(b, "level", &level);
    if (rc == ZH_OK) {
        rc = zh_bench_choice(b, "severity", &severity);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_choice(b, "staging", &q->staging);
    }
    q->level = (zh_inspection_level)level;
    q->severity = (zh_inspection)severity;
    return rc != ZH_OK ? rc : zh_bench_between(b, "aql", zh_aql[0], zh_aql[ZH_AQL_N - 1], &q->aql);
}

static zh_rc plan_of(zh_bench *b, const looked_up *q, int64_t lot, zh_staged_plan *out)
{
    switch (q->staging) {
    case DOUBLE:
    case DOUBLE_105E:
        return zh_double_plan_of(lot, q->level, q->aql, q->severity,
                                 q->staging == DOUBLE ? ZH_EDITION_ISO_1999 : ZH_EDITION_MIL_105E,
                                 out, b->err);
    case SEVEN_105E: return zh_multiple_plan_of(lot, q->level, q->aql, q->severity, out, b->err);
    default: break;
    }
    zh_rc rc = zh_single_plan_of(lot, q->level, q->aql, q->severity, &out->single, b->err);
    if (rc == ZH_OK) {
        const zh_single_plan *s = &out->single;
        out->letter = s->letter;
        out->inspect_all = s->inspect_all;
        out->plan = (zh_attribute_plan){
            .stages = 1, .n = {s->n < lot ? s->n : lot}, .ac = {s->ac}, .re = {s->re}};
    }
    return rc;
}

static zh_rc gb2828(zh_bench *b, planned *p)
{
    looked_up q;
    zh_staged_plan found;
    zh_rc rc = read_looked_up(b, &q);
    if (rc == ZH_OK) {
        rc = plan_of(b, &q, p->lot, &found);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    p->plan = found.plan;
    p->single = found.single.n;
    p->model = q.aql > 10 ? ZH_COUNT_POISSON : ZH_COUNT_BINOMIAL;
    p->marked[0] = q.aql / 100;
    p->marked[1] = (double)NAN;
    const zh_attribute_plan *plan = &p->plan;
    p->name = plan->stages == 1
                  ? zh_bench_say(b, "字码 %c：抽 %" PRId64 " 件，Ac = %" PRId64 "，Re = %" PRId64,
                                 "Code %c: sample %" PRId64 ", Ac = %" PRId64 ", Re = %" PRId64,
                                 found.letter, plan->n[0], plan->ac[0], plan->re[0])
                  : zh_bench_say(b, "字码 %c：先抽 %" PRId64 " 件，分不清再抽，至多 %zu 次",
                                 "Code %c: sample %" PRId64
                                 " first, more only while undecided, up to %zu times",
                                 found.letter, plan->n[0], plan->stages);
    if (plan->stages == 1 && q.staging != SINGLE) {
        zh_bench_note(b, zh_bench_say(b, "标准在这一格用一次方案。",
                                      "The standard has the single plan in this cell."));
    }
    if (found.inspect_all) {
        zh_bench_note(b, zh_bench_say(b, "样本量不小于批量：全检。",
                                      "The sample is the whole lot: inspect all."));
    }
    return ZH_OK;
}

/* The samples of a staged plan, with what they inspect on average at the AQL. */
static zh_rc stages_table(zh_bench *b, const planned *p)
{
    zh_plan_result r;
    zh_rc rc = zh_plan_evaluate(&p->plan, p->model, p->lot, p->marked[0], &r, b->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_bench_note(b, zh_bench_say(b, "批质量等于 AQL 时平均抽 %.*s 件；一次方案抽 %" PRId64 " 件。",
                                  "At the AQL %.*s are inspected on average; the single plan takes "
                                  "%" PRId64 ".",
                                  ZH_FMT(zh_bench_digits(b, r.asn, 4)), p->single));
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "各次抽样", "Samples"), ZH_STR(""), false);
    zh_bench_head(&t, zh_bench_say(b, "第几次", "Sample"), true);
    zh_bench_head(&t, ZH_STR("n"), true);
    zh_bench_head(&t, zh_bench_say(b, "累计", "Total"), true);
    zh_bench_head(&t, ZH_STR("Ac"), true);
    zh_bench_head(&t, ZH_STR("Re"), true);
    int64_t total = 0;
    for (size_t i = 0; i < p->plan.stages; i++) {
        total += p->plan.n[i];
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_count(&t, (int64_t)i + 1);
        zh_bench_count(&t, p->plan.n[i]);
        zh_bench_count(&t, total);
        if (p->plan.ac[i] < 0) { /* printed so in the tables: this sample cannot accept */
            zh_bench_cell(&t, ZH_STR("#"));
        } else {
            zh_bench_count(&t, p->plan.ac[i]);
        }
        zh_bench_count(&t, p->plan.re[i]);
    }
    zh_bench_end(&t);
    return ZH_OK;
}

static zh_rc find(zh_bench *b, planned *p)
{
    zh_risk_points points;
    size_t model = 0;
    zh_rc rc = zh_bench_choice(b, "model", &model);
    p->model = (zh_count_model)model;
    const struct {
        const char *name;
        double *to;
    } all[] = {{"prq", &points.prp_quality},
               {"pra", &points.prp_accept},
               {"crq", &points.crp_quality},
               {"cra", &points.crp_accept}};
    for (size_t i = 0; i < ZH_COUNTOF(all) && rc == ZH_OK; i++) {
        rc = zh_bench_between(b, all[i].name, 0, 1e4, all[i].to);
        *all[i].to /= 100;
    }
    if (rc == ZH_OK) {
        rc = zh_plan_find(&points, p->model, p->model == ZH_COUNT_HYPERGEOMETRIC ? p->lot : 0,
                          &p->plan, b->err);
    }
    if (rc == ZH_OK) {
        p->marked[0] = points.prp_quality;
        p->marked[1] = points.crp_quality;
        p->name =
            zh_bench_say(b, "抽 %" PRId64 " 件，不合格至多 %" PRId64 " 件接收",
                         "Sample %" PRId64 ", accept up to %" PRId64, p->plan.n[0], p->plan.ac[0]);
    }
    return rc;
}

static zh_rc own(zh_bench *b, planned *p)
{
    int64_t n = 1;
    int64_t ac = 0;
    size_t model = 0;
    zh_rc rc = zh_bench_whole(b, "n", 1, ZH_PLAN_N_MAX, &n);
    if (rc == ZH_OK) {
        rc = zh_bench_whole(b, "ac", 0, ZH_PLAN_AC_MAX - 1, &ac);
    }
    if (rc == ZH_OK && ac >= n) {
        rc = zh_bench_refuse(b, "tool.plan", NULL, "接收数要小于样本量，不然每批都接收");
    }
    if (rc == ZH_OK) {
        rc = zh_bench_choice(b, "model", &model);
    }
    p->model = (zh_count_model)model;
    p->plan = (zh_attribute_plan){.stages = 1, .n = {n}, .ac = {ac}, .re = {ac + 1}};
    p->marked[0] = p->marked[1] = (double)NAN;
    p->name = zh_bench_say(b, "抽 %" PRId64 " 件，不合格至多 %" PRId64 " 件接收",
                           "Sample %" PRId64 ", accept up to %" PRId64, n, ac);
    return rc;
}

/* At a share nonconforming (a rate, Poisson); the hypergeometric model counts whole units. */
static zh_rc at(zh_bench *b, const planned *p, double share, zh_plan_result *out)
{
    double quality = p->model == ZH_COUNT_HYPERGEOMETRIC ? round(share * (double)p->lot) : share;
    return zh_plan_evaluate(&p->plan, p->model, p->lot, quality, out, b->err);
}

/* The share at which the plan accepts with probability pa; between 0 and `high` by bisection. */
static zh_rc share_at(zh_bench *b, const planned *p, double pa, double high, double *out)
{
    double low = 0;
    zh_rc rc = ZH_OK;
    for (int i = 0; i < 60 && rc == ZH_OK; i++) {
        zh_plan_result r;
        double middle = (low + high) / 2;
        rc = at(b, p, middle, &r);
        if (rc == ZH_OK && r.p_accept > pa) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *out = (low + high) / 2;
    return rc;
}

static zh_rc outgoing(zh_bench *b, const double *x, const double *aoq, double worst,
                      const zh_xy_axis *axis)
{
    const zh_xy_series out = {.kind = ZH_XY_LINE, .x = x, .y = aoq, .n = CURVE, .role = ZH_ROLE_C2};
    const zh_xy_line limit = {
        .at = worst,
        .dash = ZH_DASH_LIMIT,
        .label = zh_str_fmt(b->arena, "AOQL %.*s%%", ZH_FMT(zh_bench_digits(b, worst, 3)))};
    zh_xy second = {.title = ZH_STR("AOQ"),
                    .series = &out,
                    .nseries = 1,
                    .lines = &limit,
                    .nlines = 1,
                    .x = *axis,
                    .y = {.low = ZH_SOME(0), .unit = ZH_STR("%")},
                    .height = 150};
    return zh_bench_xy(
        b, &second,
        zh_bench_say(b, "拒收批全检剔除后，平均出厂质量最差 %.*s%%",
                     "With rectification the average outgoing quality is at worst %.*s%%",
                     ZH_FMT(zh_bench_digits(b, worst, 3))),
        zh_bench_say(b, "平均检出质量（AOQ）", "average outgoing quality"), ZH_STR(""));
}

static zh_rc curves(zh_bench *b, const planned *p, double pa95, double pa10)
{
    double *x = ZH_NEW_N(b->arena, double, CURVE);
    double *pa = ZH_NEW_N(b->arena, double, CURVE);
    double *aoq = ZH_NEW_N(b->arena, double, CURVE);
    double end = fmin(p->model == ZH_COUNT_POISSON ? 1e9 : 1, pa10 * 1.9);
    double worst = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < CURVE && rc == ZH_OK; i++) {
        zh_plan_result r;
        double share = end * (double)i / (CURVE - 1);
        rc = at(b, p, share, &r);
        x[i] = share * 100;
        pa[i] = rc == ZH_OK ? r.p_accept * 100 : 0;
        aoq[i] = rc == ZH_OK ? r.aoq * 100 : 0;
        worst = isfinite(aoq[i]) ? fmax(worst, aoq[i]) : worst;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_xy_series oc = {.kind = ZH_XY_LINE, .x = x, .y = pa, .n = CURVE, .role = ZH_ROLE_C1};
    const double px[] = {pa95 * 100, pa10 * 100};
    const double py[] = {95, 10};
    const zh_xy_series points = {
        .kind = ZH_XY_POINTS, .x = px, .y = py, .n = 2, .role = ZH_ROLE_INK};
    const zh_xy_series both[] = {oc, points};
    const zh_xy_line lines[] = {
        {.vertical = true,
         .at = p->marked[0] * 100,
         .dash = ZH_DASH_TARGET,
         .label = isnan(p->marked[1]) ? ZH_STR("AQL") : zh_bench_say(b, "生产方", "producer")},
        {.vertical = true,
         .at = p->marked[1] * 100,
         .dash = ZH_DASH_TARGET,
         .label = zh_bench_say(b, "使用方", "consumer")},
        {.at = 95, .dash = ZH_DASH_GUIDE, .label = ZH_STR("95%"), .role = ZH_ROLE_INK_3},
        {.at = 10, .dash = ZH_DASH_GUIDE, .label = ZH_STR("10%"), .role = ZH_ROLE_INK_3},
    };
    zh_xy in = {.title = b->finding,
                .series = both,
                .nseries = 2,
                .lines = lines,
                .nlines = 4,
                .x = {.unit = ZH_STR("%"),
                      .name = zh_bench_say(b, "批的不合格品率", "share nonconforming")},
                .y = {.low = ZH_SOME(0),
                      .high = ZH_SOME(100),
                      .unit = ZH_STR("%"),
                      .name = zh_bench_say(b, "接收概率", "P(accept)")}};
    rc = zh_bench_xy(
        b, &in, b->finding, zh_bench_say(b, "抽检特性（OC）曲线", "operating characteristic"),
        zh_bench_say(b, "曲线越陡，好批坏批分得越清；样本量决定陡峭，批量几乎无关。",
                     "The steeper the curve the better it tells lots apart; that takes sample "
                     "size, lot size hardly matters."));
    if (rc != ZH_OK || !(worst > 0)) {
        return rc;
    }
    return outgoing(b, x, aoq, worst, &in.x);
}

static zh_rc table(zh_bench *b, const planned *p, double pa10)
{
    static const double probabilities[] = {0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.01};
    zh_bench_table t = zh_bench_table_of(
        b, zh_bench_say(b, "接收概率与质量", "Quality by P(accept)"), ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "接收概率 %%", "P(accept) %%"), true);
    zh_bench_head(&t, zh_bench_say(b, "不合格品率 %%", "Nonconforming %%"), true);
    zh_bench_head(&t, ZH_STR("AOQ %"), true);
    zh_bench_head(&t, zh_bench_say(b, "平均检验总数", "Average total inspected"), true);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(probabilities) && rc == ZH_OK; i++) {
        double share;
        zh_plan_result r;
        rc = share_at(b, p, probabilities[i],
                      fmin(p->model == ZH_COUNT_POISSON ? 1e9 : 1, pa10 * 20), &share);
        if (rc == ZH_OK) {
            rc = at(b, p, share, &r);
        }
        if (rc == ZH_OK) {
            zh_bench_line(&t, ZH_ROW_PLAIN);
            zh_bench_value(&t, probabilities[i] * 100, 3);
            zh_bench_value(&t, share * 100, 4);
            zh_bench_value(&t, r.aoq * 100, 4);
            zh_bench_value(&t, r.ati, 5);
        }
    }
    zh_bench_end(&t);
    return rc;
}

/* The three severities of the same lot. */
static zh_rc severities_table(zh_bench *b, const planned *p)
{
    size_t level = 0;
    double aql = 0;
    zh_rc rc = zh_bench_choice(b, "level", &level);
    if (rc == ZH_OK) {
        rc = zh_bench_number(b, "aql", &aql);
    }
    zh_bench_table t = zh_bench_table_of(
        b,
        zh_bench_say(b, "一次方案：正常、加严、放宽", "Single plans: normal, tightened, reduced"),
        ZH_STR(""), false);
    zh_bench_head(&t, zh_bench_say(b, "严格度", "Severity"), false);
    zh_bench_head(&t, zh_bench_say(b, "字码", "Code"), false);
    zh_bench_head(&t, ZH_STR("n"), true);
    zh_bench_head(&t, ZH_STR("Ac"), true);
    zh_bench_head(&t, ZH_STR("Re"), true);
    for (size_t i = 0; i < 3 && rc == ZH_OK; i++) {
        zh_single_plan single;
        rc = zh_single_plan_of(p->lot, (zh_inspection_level)level, aql, (zh_inspection)i, &single,
                               b->err);
        if (rc == ZH_OK) {
            zh_bench_line(&t, ZH_ROW_PLAIN);
            zh_bench_cell(&t, zh_bench_of(b, severities[i].label));
            zh_bench_cell(&t, zh_str_fmt(b->arena, "%c", single.letter));
            zh_bench_count(&t, single.n);
            zh_bench_count(&t, single.ac);
            zh_bench_count(&t, single.re);
        }
    }
    zh_bench_end(&t);
    return rc;
}

static zh_rc run(zh_bench *b)
{
    planned p = {0};
    size_t way = 0;
    double pa95 = 0;
    double pa10 = 0;
    zh_rc rc = zh_bench_choice(b, "way", &way);
    if (rc == ZH_OK) {
        rc = zh_bench_whole(b, "lot", 2, ZH_PLAN_N_MAX, &p.lot);
    }
    if (rc == ZH_OK) {
        rc = way == 0 ? gb2828(b, &p) : way == 1 ? find(b, &p) : own(b, &p);
    }
    if (rc == ZH_OK) {
        rc = zh_plan_check(&p.plan, p.lot, b->err);
    }
    double high = p.model == ZH_COUNT_POISSON ? 100 : 1;
    if (rc == ZH_OK) {
        rc = share_at(b, &p, 0.95, high, &pa95);
    }
    if (rc == ZH_OK) {
        rc = share_at(b, &p, 0.10, high, &pa10);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    b->finding = zh_bench_say(b, "%.*s；不合格 %.*s%% 的批有一成机会被接收",
                              "%.*s; a lot with %.*s%% nonconforming is accepted one time in ten",
                              ZH_FMT(p.name), ZH_FMT(zh_bench_digits(b, pa10 * 100, 3)));
    rc = curves(b, &p, pa95, pa10);
    if (rc == ZH_OK && p.plan.stages > 1) {
        rc = stages_table(b, &p);
    }
    if (rc == ZH_OK && way == 0) {
        rc = severities_table(b, &p);
    }
    return rc == ZH_OK ? table(b, &p, pa10) : rc;
}

const zh_tool zh_tool_plan = {
    .id = "sampling-plan",
    .name = {"抽样方案", "Sampling plans"},
    .answers = {"抽多少、几个不合格就拒收，这样抽分不分得出好批坏批",
                "How many to sample, when to reject, and what does that tell?"},
    .method = {"GB/T 2828.1-2012（ISO 2859-1:1999）表 1、表 2-A 至 2-C、表 3-A 与 3-B "
               "已核对的格，MIL-STD-105E 表 III、IV；OC 曲线：E. G. Schilling, "
               "D. V. Neubauer, "
               "Acceptance Sampling in Quality Control",
               "ISO 2859-1:1999 (GB/T 2828.1-2012), tables 1, 2-A to 2-C, confirmed cells of 3-A "
               "and 3-B, MIL-STD-105E tables III, IV; E. G. Schilling, D. V. "
               "Neubauer, "
               "Acceptance Sampling in Quality Control"},
    .limits = {"方案判定批，不估计不合格率；监督抽查核查用 GB/T 2828.4。",
               "A plan judges lots, it does not estimate quality; audits use GB/T 2828.4."},
    .sheet = "acceptance",
    .engines = "acceptance.iso2859_single_plan acceptance.iso2859_double_plan "
               "acceptance.mil105e_multiple_plan acceptance.oc_curve acceptance.find_plan",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
