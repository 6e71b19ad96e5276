/* Scorecards by name: binning of numbers and categories from JSON, regression, points, measures. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/scorecard.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_BYTES   80
#define BINS_DEFAULT  5
#define ZERO_REPLACED 0.9

/* Cells of a characteristic: labels in their order with the counts of both kinds. */
struct cells {
    size_t n;
    zh_str *label;
    double *neg, *pos;
};

static zh_numbers read_y(zh_door *door, size_t rows)
{
    zh_numbers y = zh_door_numbers(door, "y");
    if (door->rc == ZH_OK && y.n != rows) {
        (void)zh_door_refuse(door, "y", "有 %zu 个，x 有 %zu 行", y.n, rows);
    }
    for (size_t i = 0; i < y.n && door->rc == ZH_OK; i++) {
        if (y.v[i] != 0.0 && y.v[i] != 1.0) {
            (void)zh_door_refuse(door, "y", "第 %zu 个是 %g，要 0 或 1", i + 1, y.v[i]);
        }
    }
    return y;
}

static bool cells_new(zh_door *door, size_t n, struct cells *cells)
{
    cells->n = n;
    cells->neg = zh_door_room(door, 2 * n);
    cells->label = ZH_TRY_N(door->arena, zh_str, n);
    if (cells->neg == NULL || cells->label == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return false;
    }
    cells->pos = cells->neg + n;
    return true;
}

static void count(struct cells *cells, size_t at, double y)
{
    cells->pos[at] += y;
    cells->neg[at] += 1.0 - y;
}

/* ---- numeric characteristics ---- */

static zh_str label_of(zh_arena *arena, const double *cuts, size_t n, size_t bin)
{
    char *text = zh_arena_alloc(arena, LABEL_BYTES);
    char low[32] = "-Inf";
    char high[32] = " Inf";
    if (bin > 0) {
        (void)snprintf(low, sizeof(low), "%.10g", cuts[bin - 1]);
    }
    if (bin < n) {
        (void)snprintf(high, sizeof(high), "%.10g", cuts[bin]);
    }
    int size = snprintf(text, LABEL_BYTES, "[%s,%s)", low, high);
    return (zh_str){text, (size_t)size};
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The finite breaks, ascending and distinct; equal-frequency ones where none are given. */
static zh_numbers read_cuts(zh_door *door, zh_numbers x)
{
    zh_numbers cuts = {0};
    if (!zh_door_has(door, "breaks")) {
        int64_t bins =
            zh_door_integer_or(door, "bins", 1, (int64_t)ZH_SCORECARD_BINS_MAX - 1, BINS_DEFAULT);
        double *known = zh_door_room(door, x.n);
        size_t n = 0;
        cuts.v = zh_door_room(door, (size_t)bins);
        for (size_t i = 0; i < x.n && known != NULL; i++) {
            if (!isnan(x.v[i])) {
                known[n++] = x.v[i];
            }
        }
        cuts.n = door->rc == ZH_OK ? zh_equal_bins(known, n, (size_t)bins, cuts.v) : 0;
        return cuts;
    }
    zh_numbers given = zh_door_numbers_limits(door, "breaks");
    if (given.n >= ZH_SCORECARD_BINS_MAX - 1) {
        (void)zh_door_refuse(door, "breaks", "分割点最多 %zu 个", ZH_SCORECARD_BINS_MAX - 2);
        return cuts;
    }
    cuts.v = given.v;
    if (given.n > 0) {
        zh_sort(given.v, given.n, sizeof(double), by_number);
    }
    for (size_t i = 0; i < given.n; i++) {
        if (isfinite(given.v[i]) && (cuts.n == 0 || given.v[i] > cuts.v[cuts.n - 1])) {
            cuts.v[cuts.n++] = given.v[i];
        }
    }
    return cuts;
}

/* Missing values are a bin of their own, the first. */
static void numeric_cells(zh_door *door, struct cells *cells)
{
    zh_numbers x = zh_door_numbers_gaps(door, "x");
    zh_numbers y = read_y(door, x.n);
    zh_numbers cuts = read_cuts(door, x);
    if (door->rc != ZH_OK || !cells_new(door, cuts.n + 2, cells)) {
        return;
    }
    cells->label[0] = ZH_STR("missing");
    for (size_t b = 0; b <= cuts.n; b++) {
        cells->label[b + 1] = label_of(door->arena, cuts.v, cuts.n, b);
    }
    for (size_t i = 0; i < x.n; i++) {
        count(cells, isnan(x.v[i]) ? 0 : 1 + zh_bin_of(cuts.v, cuts.n, x.v[i]), y.v[i]);
    }
}

/* ---- categories ---- */

struct category {
    zh_str name;
    size_t bin;
};

static int by_name(const void *a, const void *b)
{
    const struct category *x = a;
    const struct category *y = b;
    return zh_str_cmp(x->name, y->name);
}

/* Splits a break at "%,%" and adds its categories. */
static size_t add_break(zh_str text, size_t bin, struct category *list, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i <= text.n; i++) {
        bool joint = i + 3 <= text.n && memcmp(text.p + i, "%,%", 3) == 0;
        if (joint || i == text.n) {
            list[n++] = (struct category){{text.p + from, i - from}, bin};
            from = i + 3;
            i += joint ? 2 : 0;
        }
    }
    return n;
}

/* Null and empty text are missing. The categories of the breaks, or every distinct one of x as a
 * bin of its own; sorted by name. */
static struct category *read_categories(zh_door *door, zh_words x, struct cells *cells, size_t *n)
{
    bool given = zh_door_has(door, "breaks");
    zh_words breaks = given ? zh_door_words(door, "breaks") : x;
    size_t most = breaks.n;
    for (size_t i = 0; i < breaks.n && given; i++) {
        most += breaks.v[i].n / 3;
    }
    struct category *list =
        door->rc == ZH_OK ? ZH_TRY_N(door->arena, struct category, most + 1) : NULL;
    *n = 0;
    if (list == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return NULL;
    }
    for (size_t i = 0; i < breaks.n; i++) {
        if (given) {
            *n = add_break(breaks.v[i], i + 1, list, *n);
        } else if (breaks.v[i].n > 0) {
            list[(*n)++] = (struct category){breaks.v[i], 0};
        }
    }
    zh_sort(list, *n, sizeof(*list), by_name);
    size_t distinct = 0;
    for (size_t i = 0; i < *n; i++) {
        bool again = distinct > 0 && zh_str_eq(list[i].name, list[distinct - 1].name);
        if (again && given) {
            (void)zh_door_refuse(door, "breaks", "类别“%.*s”出现了两次", ZH_FMT(list[i].name));
        }
        if (!again) {
            list[distinct] = list[i];
            list[distinct].bin = given ? list[i].bin : distinct + 1;
            distinct++;
        }
    }
    *n = distinct;
    size_t bins = given ? breaks.n : distinct;
    if (bins >= ZH_SCORECARD_BINS_MAX) {
        (void)zh_door_refuse(door, "x", "类别最多 %zu 个", ZH_SCORECARD_BINS_MAX - 1);
        return NULL;
    }
    if (door->rc != ZH_OK || !cells_new(door, bins + 1, cells)) {
        return NULL;
    }
    for (size_t i = 0; i < bins; i++) {
        cells->label[i + 1] = given ? breaks.v[i] : list[i].name;
    }
    cells->label[0] = ZH_STR("missing");
    return list;
}

static void category_cells(zh_door *door, struct cells *cells)
{
    zh_words x = zh_door_words(door, "x");
    zh_numbers y = read_y(door, x.n);
    size_t n;
    struct category *list = read_categories(door, x, cells, &n);
    for (size_t i = 0; i < x.n && list != NULL && door->rc == ZH_OK; i++) {
        struct category wanted = {x.v[i], 0};
        const struct category *found =
            wanted.name.n > 0 ? bsearch(&wanted, list, n, sizeof(*list), by_name) : &wanted;
        if (found == NULL) {
            (void)zh_door_refuse(door, "breaks", "没有类别“%.*s”，它在 x 的第 %zu 个",
                                 ZH_FMT(x.v[i]), i + 1);
            return;
        }
        count(cells, found->bin, y.v[i]);
    }
}

/* ---- weight of evidence ---- */

static bool has_text(const zh_json *value)
{
    const zh_json *element = value != NULL && value->kind == ZH_JSON_ARRAY ? value->first : value;
    for (; element != NULL; element = element->next) {
        if (element->kind == ZH_JSON_STRING || element->kind == ZH_JSON_BOOL) {
            return true;
        }
    }
    return false;
}

static void put_woe(zh_jw *out, const struct cells *cells, const zh_woe *woe)
{
    zh_jw_object(out);
    zh_jw_key(out, "bin");
    zh_jw_array(out);
    for (size_t i = 0; i < cells->n; i++) {
        zh_jw_str(out, cells->label[i]);
    }
    zh_jw_array_end(out);
    zh_put_numbers(out, "neg", woe->neg, woe->n);
    zh_put_numbers(out, "pos", woe->pos, woe->n);
    zh_put_numbers(out, "woe", woe->woe, woe->n);
    zh_put_numbers(out, "bin_iv", woe->iv, woe->n);
    zh_put_number(out, "total_iv", woe->total_iv);
    for (size_t i = 0; i < woe->n; i++) {
        woe->neg[i] += woe->pos[i];
        woe->pos[i] /= woe->neg[i];
    }
    zh_put_numbers(out, "count", woe->neg, woe->n);
    zh_put_numbers(out, "posprob", woe->pos, woe->n);
    zh_jw_object_end(out);
}

static zh_rc woe_iv(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct cells cells = {0};
    zh_woe woe;
    double zero = zh_door_number_or(&door, "zero", ZERO_REPLACED);
    if (has_text(zh_json_get(input, "x"))) {
        category_cells(&door, &cells);
    } else {
        numeric_cells(&door, &cells);
    }
    if (door.rc == ZH_OK && !(zero >= 0.0)) {
        (void)zh_door_refuse(&door, "zero", "不能是负数");
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    size_t used = 0;
    for (size_t i = 0; i < cells.n; i++) {
        if (cells.neg[i] + cells.pos[i] > 0.0) {
            cells.label[used] = cells.label[i];
            cells.neg[used] = cells.neg[i];
            cells.pos[used++] = cells.pos[i];
        }
    }
    cells.n = used;
    zh_rc rc = zh_woe_of_counts(arena, cells.neg, cells.pos, used, zero, &woe, err);
    if (rc == ZH_OK) {
        put_woe(out, &cells, &woe);
    }
    return rc;
}

ZH_ENGINE(scorecard_woe_iv) = {
    .name = "scorecard.woe_iv",
    .zh = "证据权重 WOE 与信息量 IV：数值分箱 [a,b)、类别（可合并）、缺失单独一箱",
    .input = "{\"x\": [35,45,59,38,null,40,64,49,39,47], \"y\": [0,0,1,0,1,0,1,1,0,1], "
             "\"breaks\": [40,50]}",
    .method = "Siddiqi 2006 第 6 章；为 0 的计数先换成 0.9 再求合计（zero 可改）",
    .run = woe_iv,
};

/* ---- regression ---- */

static zh_rc logistic_regression(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix x = zh_door_matrix(&door, "x");
    zh_numbers y = read_y(&door, x.rows);
    zh_words names = {0};
    zh_logistic fit;
    if (zh_door_has(&door, "names")) {
        names = zh_door_words(&door, "names");
        if (door.rc == ZH_OK && names.n != x.cols) {
            (void)zh_door_refuse(&door, "names", "有 %zu 个名称，x 有 %zu 列", names.n, x.cols);
        }
    }
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_logistic_fit(arena, &x, y.v, y.n, names.v, &fit, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "coef", fit.coef, fit.terms);
    zh_put_numbers(out, "se", fit.se, fit.terms);
    zh_put_numbers(out, "z", fit.z, fit.terms);
    zh_put_numbers(out, "p_value", fit.p, fit.terms);
    zh_put_number(out, "deviance", fit.deviance);
    zh_put_number(out, "null_deviance", fit.null_deviance);
    zh_put_number(out, "aic", fit.aic);
    zh_put_count(out, "iterations", (int64_t)fit.iterations);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(scorecard_logistic_regression) = {
    .name = "scorecard.logistic_regression",
    .zh = "逻辑回归（截距在首位）：系数、标准误、z、p、偏差、AIC；完全或准完全分离时报告并拒绝",
    .input = "{\"x\": [[1.1,0.1],[0.3,0.5],[-1.5,-0.9],[1.3,-0.5],[-1.2,0.8],[-0.1,0.8],[0.9,0.3],"
             "[-0.4,-0.6]], \"names\": [\"a\",\"b\"], \"y\": [1,0,1,1,0,0,0,0]}",
    .method = "McCullagh 与 Nelder 1989；Albert 与 Anderson 1984",
    .run = logistic_regression,
};

/* ---- scores ---- */

static zh_rc points(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    double intercept = zh_door_number(&door, "intercept");
    zh_numbers coef = zh_door_numbers(&door, "coef");
    zh_numbers woe = zh_door_numbers(&door, "woe");
    double points0 = zh_door_number_or(&door, "points0", 600.0);
    double odds0 = zh_door_number_or(&door, "odds0", 1.0 / 19.0);
    double pdo = zh_door_number_or(&door, "pdo", 50.0);
    double *each = zh_door_room(&door, coef.n);
    zh_points result;
    if (door.rc == ZH_OK && coef.n != woe.n) {
        (void)zh_door_refuse(&door, "woe", "有 %zu 个，coef 有 %zu 个", woe.n, coef.n);
    }
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_score_points(intercept, coef.v, woe.v, coef.n, points0, odds0, pdo, each,
                                       &result, err)
                     : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "A", result.a);
    zh_put_number(out, "B", result.b);
    zh_put_number(out, "base_points", result.base);
    zh_put_numbers(out, "points", each, coef.n);
    zh_put_number(out, "total", result.total);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(scorecard_points) = {
    .name = "scorecard.points",
    .zh = "评分刻度：A、B、基础分、各变量得分与总分（odds0 是 points0 处坏与好之比）",
    .input = "{\"intercept\": -1.1, \"coef\": [0.8,1.1], \"woe\": [0.5,-0.25], \"points0\": 500, "
             "\"odds0\": 0.05, \"pdo\": 20}",
    .method = "Siddiqi 2006 第 6 章",
    .run = points,
};

static zh_rc discrimination(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers score = zh_door_numbers(&door, "score");
    zh_numbers y = read_y(&door, score.n);
    zh_discrimination result;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_discriminate(arena, score.v, y.v, score.n, &result, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "auc", result.auc);
    zh_put_number(out, "gini", result.gini);
    zh_put_number(out, "ks", result.ks);
    zh_put_number(out, "log_loss", result.log_loss);
    zh_put_number(out, "brier", result.brier);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(scorecard_discrimination) = {
    .name = "scorecard.discrimination",
    .zh = "区分能力：AUC、Gini、KS（并列各半）；得分是概率时还有对数损失与 Brier 分数",
    .input = "{\"score\": [0.04,0.13,0.47,0.06,0.62,0.2], \"y\": [0,0,1,0,1,1]}",
    .method = "Hanley 与 McNeil 1982；Brier 1950",
    .run = discrimination,
};

static zh_rc psi(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers expected = zh_door_numbers(&door, "expected_counts");
    zh_numbers actual = zh_door_numbers(&door, "actual_counts");
    double zero = zh_door_number_or(&door, "zero", 0.0);
    double *part = zh_door_room(&door, expected.n);
    double total = 0.0;
    if (door.rc == ZH_OK && expected.n != actual.n) {
        (void)zh_door_refuse(&door, "actual_counts", "有 %zu 箱，expected_counts 有 %zu 箱",
                             actual.n, expected.n);
    }
    if (door.rc == ZH_OK && !(zero >= 0.0)) {
        (void)zh_door_refuse(&door, "zero", "不能是负数");
    }
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_stability(expected.v, actual.v, expected.n, zero, part, &total, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "psi", total);
    zh_put_numbers(out, "bin_psi", part, expected.n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(scorecard_psi) = {
    .name = "scorecard.psi",
    .zh = "群体稳定性指标 PSI 及各箱的贡献；一侧为空的箱使它无穷，除非给出 zero",
    .input = "{\"expected_counts\": [100,200,300,400], \"actual_counts\": [120,180,310,390]}",
    .method = "Siddiqi 2006",
    .run = psi,
};
