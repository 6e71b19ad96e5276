/* Path models, scales and the satisfaction index by name. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/pls.h"
#include <math.h>
#include <string.h>

#define FIRST_ROWS ((size_t)5)

static const char *const schemes[] = {"centroid", "factorial", "path", NULL};

/* A model with its data in the order of the blocks. */
struct question {
    zh_pls_model model;
    zh_matrix data;
    zh_str *latent, *item;
    size_t items;
};

/* ---- reading ---- */

/* The column of the data that an element of a block names: by number from 1, or by name. */
static size_t column_of(zh_door *door, const zh_json *value, const zh_words *columns, size_t n)
{
    int64_t number = 0;
    for (size_t i = 0; value->kind == ZH_JSON_STRING && i < columns->n; i++) {
        if (zh_str_eq(columns->v[i], value->text)) {
            return i;
        }
    }
    if (value->kind == ZH_JSON_NUMBER && zh_json_i64(value, &number) == ZH_OK && number >= 1 &&
        (uint64_t)number <= n) {
        return (size_t)number - 1;
    }
    (void)zh_door_refuse(door, "blocks",
                         "第 %zu 行第 %zu 列不是数据的列：要 1 到 %zu 的列号或 "
                         "data_columns 中的列名",
                         value->line, value->column, n);
    return 0;
}

/* Reads `blocks` and copies their columns of the data. */
static void read_blocks(zh_door *door, struct question *q)
{
    zh_matrix data = zh_door_matrix(door, "data");
    zh_words columns = {0};
    const zh_json *blocks = zh_json_get(door->input, "blocks");
    if (zh_door_has(door, "data_columns")) {
        columns = zh_door_words(door, "data_columns");
    }
    if (door->rc != ZH_OK) {
        return;
    }
    if (blocks == NULL || blocks->kind != ZH_JSON_ARRAY || blocks->n > ZH_PLS_LATENTS_MAX) {
        (void)zh_door_refuse(door, "blocks", "要一列块，每块列出列号或列名，最多 %zu 块",
                             ZH_PLS_LATENTS_MAX);
        return;
    }
    if (columns.n != 0 && columns.n != data.cols) {
        (void)zh_door_refuse(door, "data_columns", "有 %zu 个列名，数据有 %zu 列", columns.n,
                             data.cols);
        return;
    }
    size_t *block = ZH_NEW_N(door->arena, size_t, blocks->n + 1);
    size_t *from = ZH_NEW_N(door->arena, size_t, ZH_PLS_ITEMS_MAX);
    for (const zh_json *list = blocks->first; list != NULL; list = list->next) {
        const zh_json *value = list->kind == ZH_JSON_ARRAY ? list->first : list;
        for (; value != NULL; value = list->kind == ZH_JSON_ARRAY ? value->next : NULL) {
            if (q->items == ZH_PLS_ITEMS_MAX) {
                (void)zh_door_refuse(door, "blocks", "题目最多 %zu 个", ZH_PLS_ITEMS_MAX);
                return;
            }
            from[q->items++] = column_of(door, value, &columns, data.cols);
            block[q->model.latents]++;
        }
        q->model.latents++;
    }
    q->data = (zh_matrix){data.rows, q->items, zh_door_room(door, data.rows * q->items)};
    q->item = columns.n != 0 ? ZH_NEW_N(door->arena, zh_str, q->items + 1) : NULL;
    for (size_t j = 0; j < q->items && door->rc == ZH_OK; j++) {
        for (size_t i = 0; i < data.rows; i++) {
            q->data.v[i * q->items + j] = zh_matrix_at(&data, i, from[j]);
        }
        if (q->item != NULL) {
            q->item[j] = columns.v[from[j]];
        }
    }
    q->model.block = block;
    q->model.item_names = q->item;
}

static void read_names(zh_door *door, const char *name, struct question *q)
{
    zh_words words = zh_door_words(door, name);
    if (door->rc == ZH_OK && words.n != q->model.latents) {
        (void)zh_door_refuse(door, name, "有 %zu 个潜变量名，blocks 有 %zu 块", words.n,
                             q->model.latents);
    }
    q->latent = words.v;
    q->model.latent_names = words.v;
}

static void read_modes(zh_door *door, struct question *q)
{
    zh_pls_mode *mode = ZH_NEW_N(door->arena, zh_pls_mode, ZH_PLS_LATENTS_MAX);
    q->model.mode = mode;
    if (!zh_door_has(door, "modes")) {
        return;
    }
    zh_words words = zh_door_words(door, "modes");
    if (door->rc == ZH_OK && words.n != q->model.latents) {
        (void)zh_door_refuse(door, "modes", "有 %zu 个，blocks 有 %zu 块", words.n,
                             q->model.latents);
    }
    for (size_t j = 0; j < words.n && door->rc == ZH_OK; j++) {
        if (!zh_str_is(words.v[j], "A") && !zh_str_is(words.v[j], "B")) {
            (void)zh_door_refuse(door, "modes", "第 %zu 个不是 A（反映式）或 B（形成式）", j + 1);
            return;
        }
        mode[j] = zh_str_is(words.v[j], "B") ? ZH_PLS_B : ZH_PLS_A;
    }
}

/* path_matrix: row i, column j is 1 when j acts on i. */
static void read_path_matrix(zh_door *door, struct question *q)
{
    size_t n = q->model.latents;
    zh_matrix m = zh_door_matrix(door, "path_matrix");
    bool *path = ZH_NEW_N(door->arena, bool, ZH_PLS_LATENTS_MAX *ZH_PLS_LATENTS_MAX);
    if (door->rc == ZH_OK && (m.rows != n || m.cols != n)) {
        (void)zh_door_refuse(door, "path_matrix", "是 %zu × %zu，blocks 有 %zu 块", m.rows, m.cols,
                             n);
    }
    for (size_t i = 0; door->rc == ZH_OK && i < n * n; i++) {
        if (m.v[i] != 0.0 && m.v[i] != 1.0) {
            (void)zh_door_refuse(door, "path_matrix", "第 %zu 行第 %zu 列要 0 或 1", i / n + 1,
                                 i % n + 1);
        }
        path[i] = m.v[i] != 0.0;
    }
    q->model.path = path;
}

static size_t latent_of(zh_door *door, const struct question *q, const zh_json *value)
{
    for (size_t j = 0; value != NULL && value->kind == ZH_JSON_STRING && j < q->model.latents;
         j++) {
        if (zh_str_eq(q->latent[j], value->text)) {
            return j;
        }
    }
    (void)zh_door_refuse(door, "paths", "每条路径写作 [原因, 结果]，都要是 constructs 中的名称");
    return 0;
}

/* paths: [[cause, effect], …] by name. */
static void read_path_pairs(zh_door *door, struct question *q)
{
    bool *path = ZH_NEW_N(door->arena, bool, ZH_PLS_LATENTS_MAX *ZH_PLS_LATENTS_MAX);
    const zh_json *pairs = zh_json_get(door->input, "paths");
    q->model.path = path;
    if (pairs == NULL || pairs->kind != ZH_JSON_ARRAY) {
        (void)zh_door_refuse(door, "paths", "要一列路径，每条写作 [原因, 结果]");
        return;
    }
    for (const zh_json *pair = pairs->first; pair != NULL && door->rc == ZH_OK; pair = pair->next) {
        bool two = pair->kind == ZH_JSON_ARRAY && pair->n == 2;
        size_t from = latent_of(door, q, two ? pair->first : NULL);
        size_t on = latent_of(door, q, two ? pair->first->next : NULL);
        path[on * q->model.latents + from] = true;
    }
}

/* Reads a model; `names` is the member with the latent variables, `otherwise` the default scheme.
 */
static void read_model(zh_door *door, const char *names, bool pairs, zh_pls_scheme otherwise,
                       double tolerance, struct question *q)
{
    *q = (struct question){0};
    read_blocks(door, q);
    read_names(door, names, q);
    read_modes(door, q);
    if (pairs) {
        read_path_pairs(door, q);
    } else {
        read_path_matrix(door, q);
    }
    q->model.scheme = (zh_pls_scheme)zh_door_choice(door, "scheme", schemes, otherwise);
    q->model.scaled = zh_door_flag(door, "scaled", true);
    q->model.oriented = !pairs;
    q->model.tolerance = zh_door_number_or(door, "tol", tolerance);
    q->model.iterations =
        (size_t)zh_door_integer_or(door, "maxiter", 1, (int64_t)ZH_PLS_ITERATIONS_MAX, 1000);
}

/* ---- a path model ---- */

static void put_table(zh_jw *out, const char *name, const double *v, size_t rows, size_t cols)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t i = 0; i < rows; i++) {
        zh_jw_array(out);
        for (size_t j = 0; j < cols; j++) {
            zh_jw_double(out, v[i * cols + j]);
        }
        zh_jw_array_end(out);
    }
    zh_jw_array_end(out);
}

/* Undefined figures of a formative block are printed as 0, and a negative alpha as 0, as the
 * literature's programs do. */
static void put_quality(zh_jw *out, const struct question *q, const zh_pls_quality *quality)
{
    size_t n = q->model.latents;
    for (size_t j = 0; j < n; j++) {
        bool undefined = q->model.mode[j] == ZH_PLS_B && q->model.block[j] > 1;
        quality->alpha[j] = undefined ? 0.0 : fmax(0.0, quality->alpha[j]);
        quality->dg_rho[j] = undefined ? 0.0 : quality->dg_rho[j];
        quality->ave[j] = q->model.mode[j] == ZH_PLS_B ? 0.0 : quality->ave[j];
    }
    zh_put_numbers(out, "ave", quality->ave, n);
    zh_put_numbers(out, "cronbach_alpha", quality->alpha, n);
    zh_put_numbers(out, "dg_rho", quality->dg_rho, n);
    zh_put_numbers(out, "eig_1st", quality->eigen_first, n);
    zh_put_numbers(out, "eig_2nd", quality->eigen_second, n);
    zh_put_numbers(out, "rho_a", quality->rho_a, n);
    zh_put_numbers(out, "rho_c", quality->rho_c, n);
    put_table(out, "htmt", quality->htmt, n, n);
}

static void put_fit(zh_jw *out, const zh_pls_fit *fit)
{
    size_t n = fit->latents;
    zh_put_count(out, "iterations", (int64_t)fit->iterations);
    zh_put_numbers(out, "weight", fit->weight, fit->items);
    zh_put_numbers(out, "loading", fit->loading, fit->items);
    zh_put_numbers(out, "communality", fit->communality, fit->items);
    zh_put_numbers(out, "redundancy", fit->redundancy, fit->items);
    put_table(out, "crossloading", fit->cross_loading, fit->items, n);
    put_table(out, "path_coefs", fit->path, n, n);
    put_table(out, "total_effects", fit->total_effect, n, n);
    put_table(out, "correlation", fit->correlation, n, n);
    zh_put_numbers(out, "r2", fit->r2, n);
    zh_put_numbers(out, "block_communality", fit->block_communality, n);
    zh_put_numbers(out, "mean_redundancy", fit->mean_redundancy, n);
    zh_put_number(out, "gof", fit->gof);
}

/* Indices where the scale of the answers is given, scores where they are asked for. */
static zh_rc put_scores(zh_door *door, zh_jw *out, const struct question *q, const zh_pls_fit *fit)
{
    size_t n = fit->latents;
    bool all = zh_door_flag(door, "scores", false);
    bool scale = zh_door_has(door, "scale_min") || zh_door_has(door, "scale_max");
    double lower = scale ? zh_door_number(door, "scale_min") : 0.0;
    double upper = scale ? zh_door_number(door, "scale_max") : 1.0;
    size_t rows = all || q->data.rows < FIRST_ROWS ? q->data.rows : FIRST_ROWS;
    double *scores = zh_door_room(door, rows * n + n);
    if (door->rc == ZH_OK && !(lower < upper)) {
        (void)zh_door_refuse(door, "scale_max", "要大于 scale_min");
    }
    if (scores == NULL || door->rc != ZH_OK) {
        return door->rc;
    }
    zh_pls_scores(&q->model, fit, &q->data, rows, scores);
    put_table(out, "scores_first5", scores, rows < FIRST_ROWS ? rows : FIRST_ROWS, n);
    if (all) {
        put_table(out, "scores", scores, rows, n);
    }
    if (scale) {
        zh_pls_indices(&q->model, fit, lower, upper, scores);
        zh_put_numbers(out, "index", scores, n);
    }
    return ZH_OK;
}

static zh_rc pls_path(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct question q;
    zh_pls_fit fit;
    zh_pls_quality quality;
    read_model(&door, "latent", false, ZH_PLS_CENTROID, 1e-6, &q);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_rc rc = zh_pls_estimate(arena, &q.model, &q.data, &fit, err);
    rc = rc == ZH_OK ? zh_pls_quality_of(arena, &q.model, &q.data, &fit, &quality, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    put_fit(out, &fit);
    put_quality(out, &q, &quality);
    rc = put_scores(&door, out, &q, &fit);
    zh_jw_object_end(out);
    return rc;
}

ZH_ENGINE(pls_path) = {
    .name = "pls.pls_path",
    .zh =
        "偏最小二乘路径模型：权重、载荷、路径、R²、共同度、冗余、GoF、α、ρ、AVE、HTMT、得分与指数",
    .input = "{\"data\": [[8,7,6,7,7],[5,6,7,6,5],[5,3,5,4,5],[7,6,8,9,8],[9,9,7,6,7],[6,6,6,7,7],"
             "[4,3,5,5,4],[4,5,3,4,3]], \"data_columns\": [\"q1\",\"q2\",\"q3\",\"q4\",\"q5\"], "
             "\"blocks\": [[1,2],[3,4],[5]], \"latent\": [\"质量\",\"价值\",\"满意\"], "
             "\"path_matrix\": [[0,0,0],[1,0,0],[1,1,0]], \"modes\": [\"A\",\"A\",\"A\"], "
             "\"scheme\": \"path\", \"scaled\": true, \"tol\": 1e-8}",
    .method = "Lohmöller 1989；Tenenhaus 等 2005；Dijkstra 与 Henseler 2015；Henseler 等 2015",
    .run = pls_path,
};

/* ---- bootstrap ---- */

static void put_one(zh_jw *out, const zh_pls_estimates *list, size_t i)
{
    zh_put_number(out, "original", list->original[i]);
    zh_put_number(out, "mean", list->mean[i]);
    zh_put_number(out, "se", list->se[i]);
    zh_put_number(out, "lower", list->lower[i]);
    zh_put_number(out, "upper", list->upper[i]);
    zh_jw_object_end(out);
}

static zh_rc put_pairs(zh_door *door, zh_jw *out, const char *name, const struct question *q,
                       const size_t *pairs, const zh_pls_estimates *list)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t k = 0; k < list->n; k++) {
        zh_str from = q->latent[pairs[2 * k]];
        zh_str on = q->latent[pairs[2 * k + 1]];
        char *label = (char *)zh_door_room(door, (from.n + on.n) / sizeof(double) + 1);
        if (label == NULL) {
            return door->rc;
        }
        memcpy(label, from.p, from.n);
        memcpy(label + from.n, " -> ", 4);
        memcpy(label + from.n + 4, on.p, on.n);
        zh_jw_object(out);
        zh_jw_kv(out, "path", (zh_str){label, from.n + on.n + 4});
        put_one(out, list, k);
    }
    zh_jw_array_end(out);
    return ZH_OK;
}

static void put_items(zh_jw *out, const char *name, const zh_pls_estimates *list)
{
    zh_jw_key(out, name);
    zh_jw_array(out);
    for (size_t k = 0; k < list->n; k++) {
        zh_jw_object(out);
        put_one(out, list, k);
    }
    zh_jw_array_end(out);
}

static zh_rc pls_bootstrap_se(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const choices[] = {"none", "construct", NULL};
    zh_door door = zh_door_open(arena, input, err);
    struct question q;
    zh_pls_bootstrap result;
    read_model(&door, "latent", false, ZH_PLS_CENTROID, 1e-6, &q);
    size_t replicates =
        (size_t)zh_door_integer_or(&door, "replicates", 2, (int64_t)ZH_PLS_REPLICATES_MAX, 1000);
    uint64_t seed = (uint64_t)zh_door_integer_or(&door, "seed", 0, INT64_MAX, 1);
    double confidence = zh_door_between_or(&door, "confidence", 0.0, 1.0, 0.95);
    bool align = zh_door_choice(&door, "sign_change", choices, 0) == 1;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_pls_resample(arena, &q.model, &q.data, replicates, seed, confidence,
                                       align, &result, err)
                     : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_count(out, "replicates", (int64_t)result.replicates);
    zh_put_count(out, "failed", (int64_t)result.failed);
    zh_put_count(out, "sign_changed", (int64_t)result.turned);
    zh_put_count(out, "seed", (int64_t)seed);
    rc = put_pairs(&door, out, "paths", &q, result.path_pairs, &result.path);
    if (rc == ZH_OK) {
        rc = put_pairs(&door, out, "total_effects", &q, result.effect_pairs, &result.total_effect);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_put_numbers(out, "loading_se", result.loading.se, result.loading.n);
    zh_put_numbers(out, "weight_se", result.weight.se, result.weight.n);
    put_items(out, "loadings", &result.loading);
    put_items(out, "weights", &result.weight);
    put_items(out, "r2", &result.r2);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(pls_bootstrap_se) = {
    .name = "pls.pls_bootstrap_se",
    .zh =
        "路径模型的自助法标准误与百分位区间：路径、总效应、载荷、权重、R²；失败的重抽样计数后略去",
    .input = "{\"data\": [[8,7,6,7,7],[5,6,7,6,5],[5,3,5,4,5],[7,6,8,9,8],[9,9,7,6,7],[6,6,6,7,7],"
             "[4,3,5,5,4],[4,5,3,4,3]], \"blocks\": [[1,2],[3,4],[5]], \"latent\": "
             "[\"质量\",\"价值\",\"满意\"], \"path_matrix\": [[0,0,0],[1,0,0],[1,1,0]], "
             "\"scheme\": \"factorial\", \"replicates\": 200, \"seed\": 1}",
    .method = "Efron 与 Tibshirani 1993 第 13 章；随机数 xoshiro256++",
    .run = pls_bootstrap_se,
};

/* ---- reliability and validity ---- */

static void put_loadings(zh_jw *out, const zh_pls_fit *fit, const zh_pls_model *model)
{
    zh_jw_key(out, "loadings");
    zh_jw_array(out);
    for (size_t j = 0, k = 0; j < fit->latents; j++) {
        for (size_t end = k + model->block[j]; k < end; k++) {
            zh_jw_array(out);
            for (size_t i = 0; i < fit->latents; i++) {
                zh_jw_double(out, i == j ? fit->loading[k] : 0.0);
            }
            zh_jw_array_end(out);
        }
    }
    zh_jw_array_end(out);
}

static zh_rc reliability_validity(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct question q;
    zh_pls_fit fit;
    zh_pls_quality quality;
    read_model(&door, "constructs", true, ZH_PLS_PATH, 1e-14, &q);
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_pls_estimate(arena, &q.model, &q.data, &fit, err) : rc;
    rc = rc == ZH_OK ? zh_pls_quality_of(arena, &q.model, &q.data, &fit, &quality, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    size_t n = fit.latents;
    zh_jw_object(out);
    zh_put_numbers(out, "alpha", quality.alpha, n);
    zh_put_numbers(out, "rhoC", quality.rho_c, n);
    zh_put_numbers(out, "AVE", quality.ave, n);
    zh_put_numbers(out, "rhoA", quality.rho_a, n);
    put_loadings(out, &fit, &q.model);
    zh_jw_key(out, "path_coef");
    zh_jw_array(out);
    for (size_t from = 0; from < n; from++) {
        zh_jw_array(out);
        for (size_t on = 0; on < n; on++) {
            zh_jw_double(out, fit.path[on * n + from]);
        }
        zh_jw_array_end(out);
    }
    zh_jw_array_end(out);
    put_table(out, "htmt", quality.htmt, n, n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(pls_reliability_validity) = {
    .name = "pls.reliability_validity",
    .zh = "测量模型的信度与效度：α、ρA、组合信度 ρC、AVE、载荷、HTMT",
    .input = "{\"data\": [[8,7,6,7,7],[5,6,7,6,5],[5,3,5,4,5],[7,6,8,9,8],[9,9,7,6,7],[6,6,6,7,7],"
             "[4,3,5,5,4],[4,5,3,4,3]], \"blocks\": [[1,2],[3,4],[5]], \"constructs\": "
             "[\"质量\",\"价值\",\"满意\"], \"paths\": [[\"质量\",\"价值\"],[\"质量\",\"满意\"],"
             "[\"价值\",\"满意\"]]}",
    .method = "Cronbach 1951；Dijkstra 与 Henseler 2015；Fornell 与 Larcker 1981；Henseler 等 2015",
    .run = reliability_validity,
};

/* ---- scales ---- */

static zh_rc cronbach_alpha(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix items = zh_door_matrix(&door, "items");
    zh_alpha alpha;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_cronbach_alpha(arena, &items, &alpha, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "raw_alpha", alpha.raw);
    zh_put_number(out, "std_alpha", alpha.std);
    zh_put_number(out, "average_r", alpha.average_r);
    zh_put_numbers(out, "alpha_if_dropped", alpha.dropped, items.cols);
    zh_put_numbers(out, "item_total_r_drop", alpha.rest, items.cols);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(pls_cronbach_alpha) = {
    .name = "pls.cronbach_alpha",
    .zh = "一组题目的信度：Cronbach α（原始与标准化）、去掉某题后的 α、题目与其余之和的相关",
    .input = "{\"items\": [[8,7,7],[5,6,6],[5,3,5],[7,6,8],[10,9,7],[6,6,6],[4,3,5]]}",
    .method = "Cronbach 1951",
    .run = cronbach_alpha,
};

static zh_rc satisfaction_index(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix items = zh_door_matrix(&door, "items");
    zh_numbers weight = zh_door_numbers(&door, "weights");
    double lower = zh_door_number(&door, "scale_min");
    double upper = zh_door_number(&door, "scale_max");
    double index = 0.0;
    double se = 0.0;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK
             ? zh_satisfaction_index(&items, weight.v, weight.n, lower, upper, &index, &se, err)
             : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "index", index);
    zh_put_number(out, "se_mean", se);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(pls_satisfaction_index) = {
    .name = "pls.satisfaction_index",
    .zh = "满意度指数（0 至 100）：题目均值按未标准化权重合成，附标准误",
    .input = "{\"items\": [[7,4,6],[6,4,5],[3,5,5],[7,7,7],[9,9,8]], \"weights\": [0.4,0.35,0.3], "
             "\"scale_min\": 1, \"scale_max\": 10}",
    .method = "Fornell 等 1996；GB/T 19039",
    .run = satisfaction_index,
};
