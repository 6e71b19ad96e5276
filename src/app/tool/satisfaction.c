/* 满意度模型: a path model of latent variables (PLS), its indices and its path diagram. */
#include "app/tool/tools.h"
#include "base/utf8.h"
#include "engine/pls.h"
#include "fmt/chart_xy.h"
#include <math.h>

static const zh_tool_choice schemes[] = {
    {"path", {"路径", "path"}},
    {"factorial", {"因子", "factorial"}},
    {"centroid", {"重心", "centroid"}},
    {NULL, {NULL, NULL}},
};
static const zh_pls_scheme scheme_of[] = {ZH_PLS_PATH, ZH_PLS_FACTORIAL, ZH_PLS_CENTROID};

static const zh_tool_ask asks[] = {
    {"paths",
     {"路径（原因 > 结果；…）", "paths (cause > effect; …)"},
     ZH_TOOL_TEXT,
     NULL,
     "",
     NULL},
    {"low", {"量表下端", "scale from"}, ZH_TOOL_NUMBER, NULL, "1", NULL},
    {"high", {"量表上端", "to"}, ZH_TOOL_NUMBER, NULL, "10", NULL},
    {"scheme", {"内部加权", "inner weights"}, ZH_TOOL_CHOICE, schemes, "path", NULL},
    {"replicates", {"自助次数", "bootstrap"}, ZH_TOOL_NUMBER, NULL, "300", NULL},
    {"seed", {"随机种子", "seed"}, ZH_TOOL_NUMBER, NULL, "1", NULL},
};

static const zh_tool_sample samples[] = {
    {"survey",
     {"顾客满意度调查，240 份、18 题", "Customer survey, 240 answers, 18 items"},
     "packs/tools/data/satisfaction_survey.csv",
     "paths=%E5%BD%A2%E8%B1%A1%3E%E6%9C%9F%E6%9C%9B%20%E6%BB%A1%E6%84%8F%20%E5%BF%A0%E8%AF%9A;"
     "%E6%9C%9F%E6%9C%9B%3E%E8%B4%A8%E9%87%8F%20%E4%BB%B7%E5%80%BC%20%E6%BB%A1%E6%84%8F;"
     "%E8%B4%A8%E9%87%8F%3E%E4%BB%B7%E5%80%BC%20%E6%BB%A1%E6%84%8F;%E4%BB%B7%E5%80%BC%3E%E6%BB%A1%"
     "E6%84%8F;"
     "%E6%BB%A1%E6%84%8F%3E%E5%BF%A0%E8%AF%9A",
     {"模拟数据（示意），GB/T 19039 的模型结构",
      "Simulated answers with the structure of GB/T 19039"}},
};

typedef struct survey {
    size_t latents, items;
    zh_str latent[ZH_PLS_LATENTS_MAX];
    size_t block[ZH_PLS_LATENTS_MAX];
    zh_pls_mode mode[ZH_PLS_LATENTS_MAX];
    zh_str item[ZH_PLS_ITEMS_MAX];
    size_t column[ZH_PLS_ITEMS_MAX]; /* of the sheet */
    bool path[ZH_PATH_NODES * ZH_PATH_NODES];
    zh_matrix data;
} survey;

/* The name of the latent variable that an item belongs to: its own without the number at the end.
 */
static zh_str stem(zh_str name)
{
    while (name.n > 0 && ((name.p[name.n - 1] >= '0' && name.p[name.n - 1] <= '9') ||
                          name.p[name.n - 1] == '_' || name.p[name.n - 1] == '.')) {
        name.n--;
    }
    return name;
}

static zh_rc read_blocks(zh_bench *b, survey *s)
{
    const zh_sheet *sheet = b->sheet;
    for (size_t c = 0; c < sheet->ncolumns; c++) {
        zh_str name = stem(sheet->columns[c].name);
        if (zh_sheet_is_numeric(&sheet->columns[c]) && name.n > 0 &&
            !zh_str_among(name, s->latent, s->latents)) {
            if (s->latents == ZH_PATH_NODES) {
                return zh_bench_refuse(b, "tool.latents", NULL, "至多 %zu 个潜变量", ZH_PATH_NODES);
            }
            s->latent[s->latents++] = name;
        }
    }
    for (size_t l = 0; l < s->latents; l++) {
        for (size_t c = 0; c < sheet->ncolumns; c++) {
            if (!zh_sheet_is_numeric(&sheet->columns[c]) ||
                !zh_str_eq(stem(sheet->columns[c].name), s->latent[l])) {
                continue;
            }
            if (s->items == ZH_PLS_ITEMS_MAX) {
                return zh_bench_refuse(b, "tool.items", NULL, "至多 %zu 题", ZH_PLS_ITEMS_MAX);
            }
            s->item[s->items] = sheet->columns[c].name;
            s->column[s->items++] = c;
            s->block[l]++;
        }
    }
    return s->latents >= 2
               ? ZH_OK
               : zh_bench_refuse(b, "tool.latents", "表头写题目的归属加序号：质量1、质量2、满意1",
                                 "至少要两个潜变量");
}

/* Rows with a missing answer are left out. */
static zh_rc read_answers(zh_bench *b, survey *s, size_t *dropped)
{
    size_t n = b->sheet->nrows;
    double *v = ZH_TRY_N(b->arena, double, n * s->items + 1);
    size_t rows = 0;
    if (v == NULL) {
        return zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
    }
    for (size_t i = 0; i < n; i++) {
        bool whole = true;
        for (size_t k = 0; k < s->items; k++) {
            double x = b->sheet->columns[s->column[k]].number[i];
            v[rows * s->items + k] = x;
            whole = whole && isfinite(x);
        }
        rows += whole;
    }
    *dropped = n - rows;
    s->data = (zh_matrix){rows, s->items, v};
    return ZH_OK;
}

static bool latent_named(const survey *s, zh_str name, size_t *out)
{
    for (size_t i = 0; i < s->latents; i++) {
        if (zh_str_eq(s->latent[i], name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* The next word of a list separated by blanks and commas; false at its end. */
static bool next_word(zh_str *rest, zh_str *word)
{
    size_t from = 0;
    while (from < rest->n && (rest->p[from] == ' ' || rest->p[from] == ',')) {
        from++;
    }
    size_t to = from;
    while (to < rest->n && rest->p[to] != ' ' && rest->p[to] != ',') {
        to++;
    }
    *word = zh_str_sub(*rest, from, to - from);
    *rest = zh_str_sub(*rest, to, rest->n);
    return word->n > 0;
}

static zh_rc unknown(zh_bench *b, const survey *s, zh_str name)
{
    zh_str list = zh_bench_list(b, s->latent, s->latents, 4 * ZH_TOOL_NAMED_MAX);
    zh_err_set(b->err, ZH_EINVAL, "tool.paths", "路径里的「%.*s」不是潜变量", ZH_FMT(name));
    zh_err_fix(b->err, "表头里的潜变量：%.*s；路径写作 质量 > 满意 忠诚；满意 > 忠诚",
               ZH_FMT(list));
    return ZH_EINVAL;
}

static zh_rc read_paths(zh_bench *b, survey *s)
{
    zh_str text = zh_bench_asked(b, "paths");
    zh_str part;
    if (zh_utf8_halfwidth(b->arena, text, &text) != ZH_OK) {
        return zh_err_set(b->err, ZH_ENOMEM, "tool.paths", "路径太长");
    }
    if (text.n == 0) {
        for (size_t i = 1; i < s->latents; i++) { /* without any: each variable on the last one */
            s->path[(s->latents - 1) * s->latents + i - 1] = true;
        }
        return ZH_OK;
    }
    while (zh_str_split(&text, ';', &part)) {
        zh_str effects = part;
        zh_str cause;
        zh_str effect;
        size_t from;
        size_t to;
        if (zh_str_trim(part).n == 0) {
            continue;
        }
        (void)zh_str_split(&effects, '>', &cause);
        cause = zh_str_trim(cause);
        if (!latent_named(s, cause, &from) || effects.p == NULL) {
            return unknown(b, s, cause);
        }
        while (next_word(&effects, &effect)) {
            if (!latent_named(s, effect, &to)) {
                return unknown(b, s, effect);
            }
            s->path[to * s->latents + from] = true;
        }
    }
    return ZH_OK;
}

static zh_rc diagram(zh_bench *b, const survey *s, const zh_pls_fit *fit, const double *index,
                     const zh_pls_bootstrap *boot)
{
    zh_path_node *nodes = ZH_NEW_N(b->arena, zh_path_node, s->latents);
    zh_path_edge *edges = ZH_NEW_N(b->arena, zh_path_edge, ZH_PATH_EDGES);
    size_t n = 0;
    for (size_t i = 0; i < s->latents; i++) {
        nodes[i] = (zh_path_node){.label = s->latent[i], .value = zh_bench_fixed(b, index[i], 1)};
        if (fit->r2[i] > 0) {
            nodes[i].note = zh_str_fmt(b->arena, "R² %.2f", fit->r2[i]);
        }
    }
    for (size_t k = 0; k < boot->paths && n < ZH_PATH_EDGES; k++) {
        size_t from = boot->path_pairs[2 * k];
        size_t to = boot->path_pairs[2 * k + 1];
        double lower = boot->path.lower[k];
        double upper = boot->path.upper[k];
        edges[n++] =
            (zh_path_edge){.from = from,
                           .to = to,
                           .coefficient = fit->path[to * s->latents + from],
                           .weak = lower <= 0 && upper >= 0,
                           .text = zh_str_fmt(b->arena, "%.2f（%.2f–%.2f）",
                                              fit->path[to * s->latents + from], lower, upper)};
    }
    zh_path_diagram in = {
        .title = b->finding, .nodes = nodes, .nnodes = s->latents, .edges = edges, .nedges = n};
    zh_rc rc = zh_bench_paths(
        b, &in, b->finding,
        zh_bench_say(b, "方框：0–100 的指数与 R²；箭头：路径系数与 95%% 自助区间，%zu 份答卷",
                     "boxes: index from 0 to 100 and R²; arrows: coefficients with 95 %% bootstrap "
                     "intervals, %zu answers",
                     s->data.rows),
        zh_bench_say(b, "虚线的区间含 0。系数是相关结构里的份额，不是因果证明。",
                     "Dashed: the interval contains 0. Coefficients are no proof of cause."));
    return rc;
}

static void tables(zh_bench *b, const survey *s, const zh_pls_fit *fit, const double *index,
                   const zh_pls_quality *q)
{
    zh_bench_table t =
        zh_bench_table_of(b, zh_bench_say(b, "潜变量", "Latent variables"), ZH_STR(""), false);
    const char *const heads[][2] = {{"潜变量", "Latent"}, {"指数", "Index"}, {"R²", "R²"},
                                    {"α", "α"},           {"ρ", "ρ"},        {"AVE", "AVE"}};
    for (size_t i = 0; i < ZH_COUNTOF(heads); i++) {
        zh_bench_head(&t, zh_str_of(heads[i][b->english]), i > 0);
    }
    for (size_t i = 0; i < s->latents; i++) {
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_cell(&t, s->latent[i]);
        zh_bench_cell(&t, zh_bench_fixed(b, index[i], 1));
        zh_bench_cell(&t, fit->r2[i] > 0 ? zh_bench_fixed(b, fit->r2[i], 3) : ZH_STR("—"));
        zh_bench_cell(&t, zh_bench_fixed(b, q->alpha[i], 3));
        zh_bench_cell(&t, zh_bench_fixed(b, q->rho_c[i], 3));
        zh_bench_cell(&t, zh_bench_fixed(b, q->ave[i], 3));
    }
    zh_bench_end(&t);
    zh_bench_table items = zh_bench_table_of(b, zh_bench_say(b, "题目", "Items"), ZH_STR(""), true);
    const char *const columns[][2] = {{"题目", "Item"}, {"潜变量", "Latent"}, {"平均", "Mean"},
                                      {"标准差", "SD"}, {"权重", "Weight"},   {"载荷", "Loading"}};
    for (size_t i = 0; i < ZH_COUNTOF(columns); i++) {
        zh_bench_head(&items, zh_str_of(columns[i][b->english]), i > 1);
    }
    size_t k = 0;
    for (size_t l = 0; l < s->latents; l++) {
        for (size_t i = 0; i < s->block[l]; i++, k++) {
            zh_bench_line(&items, fit->loading[k] < 0.7 ? ZH_ROW_WATCH : ZH_ROW_PLAIN);
            zh_bench_cell(&items, s->item[k]);
            zh_bench_cell(&items, s->latent[l]);
            zh_bench_cell(&items, zh_bench_fixed(b, fit->mean[k], 2));
            zh_bench_cell(&items, zh_bench_fixed(b, fit->sd[k], 2));
            zh_bench_cell(&items, zh_bench_fixed(b, fit->weight[k], 3));
            zh_bench_cell(&items, zh_bench_fixed(b, fit->loading[k], 3));
        }
    }
    zh_bench_end(&items);
}

static zh_rc estimate(zh_bench *b, const survey *s, const zh_pls_model *model, zh_pls_fit *fit,
                      zh_pls_quality *quality, zh_pls_bootstrap *boot)
{
    int64_t replicates = 0;
    int64_t seed = 1;
    zh_rc rc = zh_bench_whole(b, "replicates", 50, 5000, &replicates);
    if (rc == ZH_OK) {
        rc = zh_bench_whole(b, "seed", 0, INT64_C(1000000000), &seed);
    }
    if (rc == ZH_OK) {
        rc = zh_pls_estimate(b->arena, model, &s->data, fit, b->err);
    }
    if (rc == ZH_OK) {
        rc = zh_pls_quality_of(b->arena, model, &s->data, fit, quality, b->err);
    }
    return rc == ZH_OK ? zh_pls_resample(b->arena, model, &s->data, (size_t)replicates,
                                         (uint64_t)seed, 0.95, true, boot, b->err)
                       : rc;
}

static zh_str finding(zh_bench *b, const survey *s, const double *index,
                      const zh_pls_bootstrap *boot)
{
    size_t best = 0;
    for (size_t k = 1; k < boot->paths; k++) {
        best = fabs(boot->path.original[k]) > fabs(boot->path.original[best]) ? k : best;
    }
    size_t last = s->latents - 1;
    for (size_t i = 0; i < s->latents; i++) {
        last = zh_str_find(s->latent[i], ZH_STR("满意")) >= 0 ||
                       zh_str_starts(s->latent[i], ZH_STR("SAT"))
                   ? i
                   : last;
    }
    return zh_bench_say(
        b, "%.*s指数 %.1f；最强的路径是%.*s到%.*s，%.2f",
        "Index of %.*s %.1f; the strongest path is %.*s to "
        "%.*s, %.2f",
        ZH_FMT(s->latent[last]), index[last], ZH_FMT(s->latent[boot->path_pairs[2 * best]]),
        ZH_FMT(s->latent[boot->path_pairs[2 * best + 1]]), boot->path.original[best]);
}

static zh_rc run(zh_bench *b)
{
    survey *s = ZH_NEW(b->arena, survey);
    zh_pls_fit fit;
    zh_pls_quality quality;
    zh_pls_bootstrap boot;
    double low = 1;
    double high = 10;
    size_t scheme = 0;
    size_t dropped = 0;
    zh_rc rc = read_blocks(b, s);
    rc = rc == ZH_OK ? read_answers(b, s, &dropped) : rc;
    rc = rc == ZH_OK ? read_paths(b, s) : rc;
    rc = rc == ZH_OK ? zh_bench_choice(b, "scheme", &scheme) : rc;
    rc = rc == ZH_OK ? zh_bench_between(b, "low", -1e6, 1e6, &low) : rc;
    rc = rc == ZH_OK ? zh_bench_between(b, "high", -1e6, 1e6, &high) : rc;
    if (rc == ZH_OK && !(high > low)) {
        rc = zh_bench_refuse(b, "tool.scale", NULL, "量表上端要大于下端");
    }
    zh_pls_model model = {.latents = s->latents,
                          .block = s->block,
                          .mode = s->mode,
                          .path = s->path,
                          .scheme = scheme_of[scheme],
                          .scaled = true,
                          .oriented = true,
                          .tolerance = 1e-7,
                          .iterations = 500,
                          .latent_names = s->latent,
                          .item_names = s->item};
    if (rc == ZH_OK) {
        rc = estimate(b, s, &model, &fit, &quality, &boot);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double *index = ZH_NEW_N(b->arena, double, s->latents);
    zh_pls_indices(&model, &fit, low, high, index);
    b->finding = finding(b, s, index, &boot);
    rc = diagram(b, s, &fit, index, &boot);
    tables(b, s, &fit, index, &quality);
    if (dropped > 0) {
        zh_bench_note(b, zh_bench_say(b, "%zu 份答卷有缺答，没有用。",
                                      "%zu answers with gaps were left out.", dropped));
    }
    return rc;
}

const zh_tool zh_tool_satisfaction = {
    .id = "satisfaction",
    .name = {"满意度模型", "Satisfaction model"},
    .answers = {"满意度指数是多少，什么最影响它",
                "What is the satisfaction index, and what drives it?"},
    .data = {"每行一份答卷，每列一题；表头写潜变量加序号：质量1、质量2、满意1 …",
             "One answer a row, one item a column, headed by its latent variable and a number: "
             "quality1, quality2 …"},
    .method = {"GB/T 19038、GB/T 19039；J.-B. Lohmöller 1989；M. Tenenhaus et al., CSDA 48 (2005) "
               "159；指数：C. Fornell et "
               "al., J. Marketing 60 (1996) 7",
               "GB/T 19038, GB/T 19039; J.-B. Lohmöller 1989; M. Tenenhaus et al., CSDA 48 (2005) "
               "159; index: C. Fornell "
               "et al., J. Marketing 60 (1996) 7"},
    .limits = {"少于 100 份答卷时区间很宽；载荷低于 0.7 的题目（▲）没有测到那个潜变量。",
               "Below 100 answers intervals are wide; items with loadings below 0.7 (▲) do not "
               "measure their variable."},
    .sheet = "pls",
    .engines = "pls.pls_path pls.pls_bootstrap_se pls.reliability_validity",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
