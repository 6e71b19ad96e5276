/* 能力验证: the scores of the laboratories of one round. */
#include "app/tool/subgroup.h"
#include "app/tool/tools.h"
#include "engine/metrology.h"
#include "fmt/chart_xy.h"
#include <math.h>
#include <stdlib.h>

static const zh_tool_choice ways[] = {
    {"consensus", {"参加者公议（算法 A）", "consensus (algorithm A)"}},
    {"given", {"给定", "given"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_choice scores[] = {
    {"z", {"z", NULL}},   {"zprime", {"z′", NULL}}, {"zeta", {"ζ", NULL}},
    {"En", {"Eₙ", NULL}}, {NULL, {NULL, NULL}},
};
static const zh_tool_ask asks[] = {
    {"score", {"分数", "score"}, ZH_TOOL_CHOICE, scores, "z", NULL},
    {"way", {"指定值", "assigned value"}, ZH_TOOL_CHOICE, ways, "consensus", NULL},
    {"xpt", {"x_pt", "x_pt"}, ZH_TOOL_NUMBER, NULL, "", "way=given"},
    {"sigma",
     {"σ_pt（空：稳健标准差）", "sigma_pt (empty: robust)"},
     ZH_TOOL_NUMBER,
     NULL,
     "",
     NULL},
    {"upt", {"u(x_pt)", "u(x_pt)"}, ZH_TOOL_NUMBER, NULL, "", "way=given"},
    {"value", {"结果列", "results"}, ZH_TOOL_COLUMN, NULL, "", NULL},
    {"u", {"标准不确定度列", "standard uncertainty"}, ZH_TOOL_COLUMN, NULL, "", "score=zeta|En"},
};

static const zh_tool_sample samples[] = {
    {"round",
     {"25 家实验室，含 3 个离群", "25 laboratories, 3 of them outliers"},
     "packs/tools/data/proficiency_round.csv",
     "score=z",
     {"模拟数据（示意），GB/T 28043 的形式", "Simulated data in the form of ISO 13528"}},
};

typedef struct round_of {
    size_t n;
    zh_str *lab;
    double *x, *u, *score;
    zh_proficiency_score *all;
    double x_pt, sigma, u_pt;
} round_of;

static zh_rc read_round(zh_bench *b, round_of *r)
{
    const zh_sheet_column *x;
    const zh_sheet_column *u = NULL;
    const zh_sheet_column *labs = zh_bench_labels(b);
    size_t n = b->sheet->nrows;
    bool wants_u = !zh_str_is(zh_bench_asked(b, "score"), "z") &&
                   !zh_str_is(zh_bench_asked(b, "score"), "zprime");
    zh_rc rc = zh_bench_numbers(b, "value", zh_bench_measured(b, 0), true, &x);
    if (rc == ZH_OK && wants_u) {
        rc = zh_bench_numbers(b, "u", zh_bench_measured(b, 1), false, &u);
    }
    *r = (round_of){.lab = ZH_TRY_N(b->arena, zh_str, n),
                    .x = ZH_TRY_N(b->arena, double, n),
                    .u = ZH_TRY_N(b->arena, double, n),
                    .score = ZH_TRY_N(b->arena, double, n),
                    .all = ZH_TRY_N(b->arena, zh_proficiency_score, n)};
    if (r->lab == NULL || r->x == NULL || r->u == NULL || r->score == NULL || r->all == NULL) {
        return zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (isfinite(x->number[i])) {
            r->lab[r->n] = zh_bench_row_label(b, labs, i);
            r->x[r->n] = x->number[i];
            r->u[r->n++] = u != NULL ? u->number[i] : (double)NAN;
        }
    }
    return rc;
}

/* The uncertainty of a consensus of p results is 1.25 robust deviations over the root of p: ISO
 * 13528:2022, 7.7.3. */
static zh_rc assign(zh_bench *b, round_of *r)
{
    size_t way = 0;
    double sigma = (double)NAN;
    double s_star = (double)NAN;
    zh_rc rc = zh_bench_choice(b, "way", &way);
    if (rc == ZH_OK) {
        rc = zh_bench_number(b, "sigma", &sigma);
    }
    if (rc == ZH_OK && (way == 0 || isnan(sigma))) {
        rc = zh_algorithm_a(b->arena, r->x, r->n, zh_algorithm_a_factor(), &r->x_pt, &s_star,
                            b->err);
        r->u_pt = 1.25 * s_star / sqrt((double)r->n);
    }
    if (rc == ZH_OK && way == 1) {
        rc = zh_bench_between(b, "xpt", -1e300, 1e300, &r->x_pt);
        if (rc == ZH_OK) {
            rc = zh_bench_number(b, "upt", &r->u_pt);
        }
        r->u_pt = isnan(r->u_pt) ? 0 : r->u_pt;
    }
    r->sigma = isnan(sigma) ? s_star : sigma;
    if (rc == ZH_OK && !(r->sigma > 0)) {
        rc = zh_bench_refuse(b, "tool.sigma", NULL, "σ_pt 要大于 0");
    }
    return rc;
}

typedef struct ranked {
    double score;
    size_t at;
} ranked;

static int by_score(const void *a, const void *b)
{
    const ranked *x = a;
    const ranked *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static zh_rc draw_scores(zh_bench *b, const round_of *r, zh_str name, double watch, double act)
{
    size_t n = r->n < ZH_TOOL_MARKS_MAX ? r->n : ZH_TOOL_MARKS_MAX;
    ranked *order = ZH_NEW_N(b->arena, ranked, r->n + 1);
    double *x = ZH_NEW_N(b->arena, double, n + 1);
    double *y = ZH_NEW_N(b->arena, double, n + 1);
    bool *red = ZH_NEW_N(b->arena, bool, n + 1);
    zh_str *titles = ZH_NEW_N(b->arena, zh_str, n + 1);
    zh_xy_tick *ticks = ZH_NEW_N(b->arena, zh_xy_tick, n + 1);
    double reach = act + 1;
    for (size_t i = 0; i < r->n; i++) {
        order[i] = (ranked){isfinite(r->score[i]) ? r->score[i] : 0, i};
        reach = fmax(reach, fmin(fabs(order[i].score), 3 * act) + 0.5);
    }
    zh_sort(order, r->n, sizeof *order, by_score);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i + 1;
        y[i] = order[i].score;
        red[i] = fabs(y[i]) > act;
        titles[i] = zh_str_fmt(b->arena, "%.*s %.2f", ZH_FMT(r->lab[order[i].at]), y[i]);
        ticks[i] = (zh_xy_tick){x[i], r->lab[order[i].at]};
    }
    const zh_xy_series series = {.kind = ZH_XY_COLUMNS,
                                 .x = x,
                                 .y = y,
                                 .n = n,
                                 .width = 0.62,
                                 .role = ZH_ROLE_Q5,
                                 .act = red,
                                 .titles = titles};
    const zh_xy_line lines[] = {{.at = watch, .dash = ZH_DASH_GUIDE, .role = ZH_ROLE_INK_3},
                                {.at = -watch, .dash = ZH_DASH_GUIDE, .role = ZH_ROLE_INK_3},
                                {.at = act, .dash = ZH_DASH_LIMIT},
                                {.at = -act, .dash = ZH_DASH_LIMIT}};
    zh_xy in = {
        .title = b->finding,
        .series = &series,
        .nseries = 1,
        .lines = lines,
        .nlines = 4,
        .x = {.ticks = ticks, .nticks = n, .low = ZH_SOME(0.4), .high = ZH_SOME((double)n + 0.6)},
        .y = {.low = ZH_SOME(-reach), .high = ZH_SOME(reach), .name = name},
        .height = 280};
    zh_rc rc = zh_bench_xy(
        b, &in, b->finding,
        zh_bench_say(b, "%.*s 分数，从低到高；x_pt = %.*s，σ_pt = %.*s，u(x_pt) = %.*s",
                     "%.*s scores, ascending; x_pt = %.*s, sigma_pt = %.*s, u(x_pt) = %.*s",
                     ZH_FMT(name), ZH_FMT(zh_bench_digits(b, r->x_pt, 6)),
                     ZH_FMT(zh_bench_digits(b, r->sigma, 4)),
                     ZH_FMT(zh_bench_digits(b, r->u_pt, 3))),
        zh_bench_say(b, "超出图的分数画到边上，数在表里。一次不满意先查抄录和单位。",
                     "Scores beyond the plot end at its edge, see the table. Check transcription "
                     "and units first."));
    return rc;
}

static void assigned(zh_bench *b, const round_of *r)
{
    zh_bench_table a =
        zh_bench_table_of(b, zh_bench_say(b, "指定值", "Assigned value"), ZH_STR(""), false);
    zh_bench_head(&a, zh_bench_say(b, "量", "Quantity"), false);
    zh_bench_head(&a, zh_bench_say(b, "值", "Value"), true);
    const struct {
        const char *name;
        double v;
    } rows[] = {{"x_pt", r->x_pt}, {"σ_pt", r->sigma}, {"u(x_pt)", r->u_pt}};
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++) {
        zh_bench_line(&a, ZH_ROW_PLAIN);
        zh_bench_cell(&a, zh_str_of(rows[i].name));
        zh_bench_value(&a, rows[i].v, 6);
    }
    zh_bench_end(&a);
}

static zh_str finding(zh_bench *b, size_t n, const zh_str *names, size_t bad, size_t doubtful)
{
    zh_str list = zh_bench_list(b, names, bad, ZH_TOOL_NAMED_MAX);
    return bad > 0 ? zh_bench_say(b, "%zu 家中 %zu 家不满意（%.*s），%zu 家有问题",
                                  "Of %zu laboratories %zu unsatisfactory (%.*s), %zu questionable",
                                  n, bad, ZH_FMT(list), doubtful)
                   : zh_bench_say(b, "%zu 家都不是不满意，%zu 家有问题",
                                  "None of %zu laboratories is unsatisfactory, %zu questionable", n,
                                  doubtful);
}

static zh_rc run(zh_bench *b)
{
    round_of r;
    size_t which = 0;
    zh_rc rc = zh_bench_choice(b, "score", &which);
    if (rc == ZH_OK) {
        rc = read_round(b, &r);
    }
    if (rc == ZH_OK) {
        rc = assign(b, &r);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool en = which == 3;
    double watch = en ? 1 : 2;
    double act = en ? 1 : 3;
    size_t bad = 0;
    size_t doubtful = 0;
    zh_str *names = ZH_NEW_N(b->arena, zh_str, r.n + 1);
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "各实验室", "Laboratories"), ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "实验室", "Laboratory"), false);
    zh_bench_head(&t, ZH_STR("x"), true);
    zh_bench_head(&t, ZH_STR("z"), true);
    zh_bench_head(&t, ZH_STR("z′"), true);
    if (which >= 2) {
        zh_bench_head(&t, ZH_STR("ζ"), true);
        zh_bench_head(&t, ZH_STR("Eₙ"), true);
    }
    zh_bench_head(&t, ZH_STR("D%"), true);
    zh_bench_head(&t, zh_bench_say(b, "评定", "Verdict"), false);
    for (size_t i = 0; i < r.n; i++) {
        zh_proficiency_score s =
            zh_proficiency_score_of(r.x[i], r.u[i], r.x_pt, r.sigma, r.u_pt, 2);
        const double each[] = {s.z, s.z_prime, s.zeta, s.En};
        r.score[i] = each[which];
        bool out = fabs(r.score[i]) > act || (!en && fabs(r.score[i]) >= act);
        bool odd = !out && fabs(r.score[i]) >= watch && !en;
        if (out) {
            names[bad] = r.lab[i];
        }
        bad += out;
        doubtful += odd;
        zh_bench_line(&t, out ? ZH_ROW_ACT : odd ? ZH_ROW_WATCH : ZH_ROW_PLAIN);
        zh_bench_cell(&t, r.lab[i]);
        zh_bench_value(&t, r.x[i], 6);
        zh_bench_cell(&t, zh_bench_fixed(b, s.z, 2));
        zh_bench_cell(&t, zh_bench_fixed(b, s.z_prime, 2));
        if (which >= 2) {
            zh_bench_cell(&t, zh_bench_fixed(b, s.zeta, 2));
            zh_bench_cell(&t, zh_bench_fixed(b, s.En, 2));
        }
        zh_bench_cell(&t, zh_bench_fixed(b, s.D_percent, 2));
        zh_bench_cell(&t, out   ? zh_bench_say(b, "不满意", "unsatisfactory")
                          : odd ? zh_bench_say(b, "有问题", "questionable")
                                : zh_bench_say(b, "满意", "satisfactory"));
    }
    b->finding = finding(b, r.n, names, bad, doubtful);
    rc = draw_scores(b, &r, zh_str_of(scores[which].label.zh), watch, act);
    assigned(b, &r);
    zh_bench_end(&t);
    if (r.u_pt > 0.3 * r.sigma && which == 0) {
        zh_bench_note(
            b, zh_bench_say(
                   b, "u(x_pt) 大于 0.3 σ_pt：指定值本身不准，应看 z′（ISO 13528，9.2.1）。",
                   "u(x_pt) exceeds 0.3 sigma_pt: the assigned value is uncertain, look at z′ "
                   "(ISO 13528, 9.2.1)."));
    }
    return rc;
}

const zh_tool zh_tool_proficiency = {
    .id = "proficiency",
    .name = {"能力验证", "Proficiency test"},
    .answers = {"一轮比对里哪些实验室的结果不可信",
                "Which laboratories of a round cannot be trusted?"},
    .data =
        {"两列：实验室、结果；算 ζ、Eₙ 时再加一列标准不确定度",
         "Two columns: laboratory, result; a third with standard uncertainties for zeta and En"},
    .method = {"ISO 13528:2022（GB/T 28043）9.4 至 9.7；算法 A：C.3.1",
               "ISO 13528:2022 (GB/T 28043), 9.4 to 9.7; "
               "algorithm A: C.3.1"},
    .limits = {"少于 10 家时公议值不可靠；半数以上结果相同时算法 A 不成立。",
               "With fewer than 10 laboratories a consensus is unreliable."},
    .sheet = "metrology",
    .engines = "metrology.iso13528_algorithm_a metrology.proficiency_scores",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
