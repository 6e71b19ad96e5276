/* Composite indices by name. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/indices.h"
#include <math.h>

/* One number for each column of x. */
static zh_numbers per_column(zh_door *door, const char *name, const zh_matrix *x, bool needed)
{
    zh_numbers out = {0};
    if (!needed && !zh_door_has(door, name)) {
        out.v = zh_door_room(door, x->cols);
        for (out.n = 0; out.v != NULL && out.n < x->cols; out.n++) {
            out.v[out.n] = 1.0;
        }
        return out;
    }
    out = zh_door_numbers(door, name);
    if (door->rc == ZH_OK && out.n != x->cols) {
        (void)zh_door_refuse(door, name, "有 %zu 个，x 有 %zu 个指标", out.n, x->cols);
    }
    return out;
}

static zh_rc entropy_weights(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix x = zh_door_matrix(&door, "x");
    zh_numbers direction = per_column(&door, "direction", &x, false);
    zh_entropy result;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_entropy_weights(arena, &x, direction.v, &result, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_matrix(out, "normalised", &result.normalised);
    zh_put_numbers(out, "entropy", result.entropy, x.cols);
    zh_put_numbers(out, "weight", result.weight, x.cols);
    zh_put_numbers(out, "score", result.score, x.rows);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_entropy_weights) = {
    .name = "indices.entropy_weights",
    .zh = "熵权法：按指标在各单位间的差异赋权，并给出综合得分",
    .input = "{\"x\": [[2,1.72,5.36],[1.75,2.92,7.28],[6.57,6.29,2.54],[5.02,3.04,2.29]], "
             "\"direction\": [1,-1,1]}",
    .method = "Shannon 1948；OECD/JRC 手册 2008",
    .run = entropy_weights,
};

static zh_rc topsis(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix x = zh_door_matrix(&door, "x");
    zh_numbers weights = per_column(&door, "weights", &x, false);
    zh_numbers direction = per_column(&door, "direction", &x, false);
    double *score = zh_door_room(&door, 2 * x.rows);
    zh_rc rc = door.rc;
    rc = rc == ZH_OK && score != NULL
             ? zh_topsis(arena, &x, weights.v, direction.v, score, score + x.rows, err)
             : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "score", score, x.rows);
    zh_put_numbers(out, "rank", score + x.rows, x.rows);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_topsis) = {
    .name = "indices.topsis",
    .zh = "TOPSIS：与最优、最劣方案的距离（向量归一化），得分与名次",
    .input = "{\"x\": [[2,1.72,5.36],[1.75,2.92,7.28],[6.57,6.29,2.54],[5.02,3.04,2.29]], "
             "\"weights\": [1,2,3], \"direction\": [1,-1,1]}",
    .method = "Hwang 与 Yoon 1981",
    .run = topsis,
};

static zh_rc ahp(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix matrix = zh_door_matrix(&door, "matrix");
    zh_ahp result;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_ahp_weights(arena, &matrix, &result, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "weights", result.weight, matrix.rows);
    zh_put_number(out, "lambda_max", result.lambda_max);
    zh_put_number(out, "ci", result.ci);
    zh_put_number(out, "ri", result.ri);
    zh_put_number(out, "cr", result.cr);
    zh_put_numbers(out, "weights_geometric", result.geometric, matrix.rows);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_ahp) = {
    .name = "indices.ahp",
    .zh = "层次分析法：权重（主特征向量与几何平均）、λmax、CI、CR（CR < 0.1 视为一致）",
    .input = "{\"matrix\": [[1,3,5],[0.333333333333333,1,2],[0.2,0.5,1]]}",
    .method = "Saaty 1980，随机指标 RI 用该书 1 至 15 阶的表",
    .run = ahp,
};

static zh_rc normalise(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    double reference = zh_door_number_or(&door, "reference", (double)NAN);
    zh_normalised result;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_normalise(arena, x.v, x.n, reference, &result, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "minmax", result.minmax, x.n);
    zh_put_numbers(out, "zscore", result.zscore, x.n);
    zh_put_numbers(out, "rank", result.rank, x.n);
    if (result.percent != NULL) {
        zh_put_numbers(out, "percent_of_reference", result.percent, x.n);
    }
    zh_put_numbers(out, "robust_z", result.robust_z, x.n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_normalise) = {
    .name = "indices.normalise",
    .zh = "指标的标准化：极差、z 分数、名次、占参照值的百分比、稳健 z",
    .input = "{\"x\": [4,8,15,16,23,42], \"reference\": 20}",
    .method = "OECD/JRC 手册 2008，第 5 步",
    .run = normalise,
};

static zh_rc rank_correlation(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    zh_numbers y = zh_door_numbers(&door, "y");
    zh_rank_correlation result;
    if (door.rc == ZH_OK && x.n != y.n) {
        (void)zh_door_refuse(&door, "y", "有 %zu 个数，x 有 %zu 个", y.n, x.n);
    }
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_rank_correlate(arena, x.v, y.v, x.n, &result, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "tau_b", result.tau_b);
    zh_put_number(out, "p_value", result.p_value);
    zh_put_number(out, "p_value_normal", result.p_normal);
    zh_put_flag(out, "exact", result.exact);
    zh_put_number(out, "spearman", result.spearman);
    zh_put_number(out, "pearson", result.pearson);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_rank_correlation) = {
    .name = "indices.rank_correlation",
    .zh = "两列数的相关：Kendall τ-b 及其 p 值（n < 50 且无并列时精确）、Spearman、Pearson",
    .input = "{\"x\": [1,3,2,5,4,7,6,10,8,9], \"y\": [2,1,4,3,6,5,9,8,10,7]}",
    .method = "Kendall 1970；Knight 1966",
    .run = rank_correlation,
};

static zh_rc kendall_w(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix ratings = zh_door_matrix(&door, "ratings");
    zh_concordance result;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_kendall_w(arena, &ratings, &result, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "W", result.w);
    zh_put_number(out, "chisq", result.chi_squared);
    zh_put_number(out, "p_value", result.p_value);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_kendall_w) = {
    .name = "indices.kendall_w",
    .zh = "多位评价者名次的一致性：Kendall W（校正并列）、χ² 与 p 值",
    .input = "{\"ratings\": [[1,1,1],[3,2,3],[2,3,2],[4,4,4],[6,5,5],[5,6,6]]}",
    .method = "Kendall 1970 第 6 章",
    .run = kendall_w,
};

static zh_rc rank_uncertainty(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const choices[] = {"linear", "geometric", NULL};
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix x = zh_door_matrix(&door, "x");
    zh_numbers weights = per_column(&door, "weights", &x, false);
    zh_numbers direction = per_column(&door, "direction", &x, false);
    size_t aggregation = zh_door_choice(&door, "aggregation", choices, ZH_AGGREGATE_LINEAR);
    double concentration = zh_door_number_or(&door, "concentration", 10.0 * (double)x.cols);
    double confidence = zh_door_between_or(&door, "confidence", 0.0, 1.0, 0.9);
    int64_t seed = zh_door_integer_or(&door, "seed", 0, INT64_MAX, 1);
    int64_t draws = zh_door_integer_or(&door, "draws", 1, (int64_t)ZH_INDICES_DRAWS_MAX, 10000);
    zh_rank_spread result;
    zh_rc rc = door.rc;
    rc = rc == ZH_OK ? zh_rank_uncertainty(arena, &x, weights.v, direction.v,
                                           (zh_aggregation)aggregation, concentration,
                                           (size_t)draws, (uint64_t)seed, confidence, &result, err)
                     : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "score", result.score, x.rows);
    zh_put_numbers(out, "rank", result.rank, x.rows);
    zh_put_numbers(out, "rank_mean", result.mean, x.rows);
    zh_put_numbers(out, "rank_median", result.median, x.rows);
    zh_put_numbers(out, "rank_lower", result.lower, x.rows);
    zh_put_numbers(out, "rank_upper", result.upper, x.rows);
    zh_put_numbers(out, "first_share", result.first, x.rows);
    zh_put_number(out, "concentration", concentration);
    zh_put_count(out, "draws", draws);
    zh_put_count(out, "seed", seed);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(indices_rank_uncertainty) = {
    .name = "indices.rank_uncertainty",
    .zh = "名次随权重的摆动：权重按 Dirichlet 分布抽样，给出名次区间与居首的比例",
    .input = "{\"x\": [[2,1.72,5.36],[1.75,2.92,7.28],[6.57,6.29,2.54],[5.02,3.04,2.29]], "
             "\"weights\": [0.4,0.3,0.3], \"direction\": [1,-1,1], \"concentration\": 30, "
             "\"draws\": 1000, \"seed\": 1}",
    .method = "OECD/JRC 手册 2008，第 7 步；随机数 xoshiro256++",
    .run = rank_uncertainty,
};
