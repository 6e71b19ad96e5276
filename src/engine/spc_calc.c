/* Statistical process control by name: the JSON side of engine/spc.h. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/spc.h"
#include <math.h>

/* ---- reading ---- */

/* A value of a subgroup; null is a unit that was not measured. */
static void add_value(zh_door *door, const zh_json *value, double *v, size_t *n)
{
    double x;
    if (value->kind == ZH_JSON_NULL) {
        return;
    }
    if (zh_json_double(value, &x) != ZH_OK || !isfinite(x)) {
        (void)zh_door_refuse(door, "data", "不是有限的数（第 %zu 行第 %zu 列）", value->line,
                             value->column);
        return;
    }
    v[(*n)++] = x;
}

/* data: subgroups as arrays, null where a unit is missing, of any lengths; or one number each. */
static zh_subgroups read_subgroups(zh_door *door)
{
    const zh_json *data = zh_json_get(door->input, "data");
    if (door->rc != ZH_OK || data == NULL || data->kind != ZH_JSON_ARRAY) {
        (void)zh_door_refuse(door, "data", "要一列数，或每个子组一列数");
        return (zh_subgroups){0};
    }
    size_t values = 0;
    for (const zh_json *row = data->first; row != NULL; row = row->next) {
        values += row->kind == ZH_JSON_ARRAY ? row->n : 1;
    }
    double *v = zh_door_room(door, values);
    size_t *start = ZH_TRY_N(door->arena, size_t, data->n + 1);
    if (v == NULL || start == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return (zh_subgroups){0};
    }
    size_t n = 0;
    size_t at = 0;
    for (const zh_json *row = data->first; row != NULL; row = row->next, at++) {
        start[at] = n;
        if (row->kind != ZH_JSON_ARRAY) {
            add_value(door, row, v, &n);
            continue;
        }
        for (const zh_json *value = row->first; value != NULL; value = value->next) {
            add_value(door, value, v, &n);
        }
    }
    start[at] = n;
    return (zh_subgroups){data->n, start, v};
}

static bool individuals(const zh_subgroups *data)
{
    for (size_t i = 0; i < data->n; i++) {
        if (data->start[i + 1] - data->start[i] != 1) {
            return false;
        }
    }
    return true;
}

static double known(zh_door *door, const char *name)
{
    return zh_door_number_or(door, name, (double)NAN);
}

static zh_chart_options read_options(zh_door *door, zh_chart_type type)
{
    static const char *const methods[] = {"default", "UWAVE-R", "UWAVE-SD", "MVLUE-R", "MVLUE-SD",
                                          "RMSDF",   "MR",      "SD",       NULL};
    zh_chart_options o = zh_chart_options_of(type);
    o.sigma = (zh_sigma_method)zh_door_choice(door, "sd_method", methods, ZH_SIGMA_DEFAULT);
    o.nsigmas = zh_door_between_or(door, "nsigmas", 0.0, 100.0, 3.0);
    o.confidence = zh_door_between_or(door, "confidence", 0.0, 1.0, 0.0);
    o.span = (size_t)zh_door_integer_or(door, "span", 2, (int64_t)ZH_SPC_RANGE_SIZE_MAX, 2);
    o.baseline = (size_t)zh_door_integer_or(door, "baseline", 2, INT32_MAX, 0);
    o.center = known(door, "center");
    o.std_dev = known(door, "std_dev");
    return o;
}

/* ---- Shewhart charts ---- */

static void put_chart(zh_jw *out, const zh_chart *chart)
{
    zh_jw_object(out);
    if (chart->centers != NULL) {
        zh_put_numbers(out, "center", chart->centers, chart->n);
        zh_put_numbers(out, "std_dev", chart->std_devs, chart->n);
    } else {
        zh_put_number(out, "center", chart->center);
        zh_put_number(out, "std_dev", chart->std_dev);
    }
    zh_put_numbers(out, "statistics", chart->statistics, chart->n);
    zh_put_numbers(out, "lcl", chart->lcl, chart->n);
    zh_put_numbers(out, "ucl", chart->ucl, chart->n);
    zh_put_positions(out, "beyond_limits", chart->beyond, chart->n);
    zh_jw_object_end(out);
}

static zh_rc count_chart(zh_door *door, const zh_chart_options *options, zh_jw *out)
{
    zh_chart chart;
    zh_numbers data = zh_door_numbers(door, "data");
    zh_numbers sizes = {0};
    if (zh_door_has(door, "sizes")) {
        sizes = zh_door_numbers(door, "sizes");
        /* One size for all points. */
        if (sizes.n == 1 && data.n > 1) {
            double *all = zh_door_room(door, data.n);
            for (size_t i = 0; all != NULL && i < data.n; i++) {
                all[i] = sizes.v[0];
            }
            sizes = (zh_numbers){data.n, all};
        }
        if (sizes.n != data.n) {
            (void)zh_door_refuse(door, "sizes", "有 %zu 个，data 有 %zu 个", sizes.n, data.n);
        }
    }
    if (door->rc == ZH_OK) {
        door->rc = zh_spc_count_chart(door->arena, data.v, sizes.n > 0 ? sizes.v : NULL, data.n,
                                      options, &chart, door->err);
    }
    if (door->rc == ZH_OK) {
        put_chart(out, &chart);
    }
    return door->rc;
}

static zh_rc control_chart(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const types[] = {"xbar", "xbar.one", "R", "S", "p",
                                        "np",   "c",        "u", "g", NULL};
    zh_door door = zh_door_open(arena, input, err);
    zh_chart_type type = (zh_chart_type)zh_door_choice(&door, "type", types, ZH_CHART_XBAR);
    zh_chart_options options = read_options(&door, type);
    zh_chart chart;
    if (door.rc == ZH_OK && type >= ZH_CHART_P) {
        return count_chart(&door, &options, out);
    }
    zh_subgroups data = read_subgroups(&door);
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_chart(arena, &data, &options, &chart, err);
    }
    if (door.rc == ZH_OK) {
        put_chart(out, &chart);
    }
    return door.rc;
}

ZH_ENGINE(spc_control_chart) = {
    .name = "spc.control_chart",
    .zh = "常规控制图：X̄、单值、R、S、p、np、c、u、g 的中心线与控制限",
    .input = "{\"type\": \"p\", \"data\": [6, 11, 1, 8, 8], \"sizes\": [85, 103, 98, 82, 91], "
             "\"nsigmas\": 3}",
    .method = "GB/T 17989.2（ISO 7870-2:2013）",
    .run = control_chart,
};

static zh_rc moving_range_chart(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers data = zh_door_numbers(&door, "data");
    double nsigmas = zh_door_between_or(&door, "nsigmas", 0.0, 100.0, 3.0);
    zh_moving_range chart;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_moving_range(arena, data.v, data.n, nsigmas, &chart, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "center", chart.center);
    zh_put_number(out, "sigma", chart.sigma);
    zh_put_numbers(out, "mr", chart.mr, chart.n);
    zh_put_number(out, "lcl", chart.lcl);
    zh_put_number(out, "ucl", chart.ucl);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(spc_moving_range_chart) = {
    .name = "spc.moving_range_chart",
    .zh = "移动极差图（单值图的另一半）",
    .input = "{\"data\": [99.66, 103.36, 98.15, 97.8, 102.94, 99.57], \"nsigmas\": 3}",
    .method = "GB/T 17989.2（ISO 7870-2:2013），7.3",
    .run = moving_range_chart,
};

static zh_rc chart_constants(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    size_t n = (size_t)zh_door_integer(&door, "n", 2, (int64_t)ZH_SPC_RANGE_SIZE_MAX);
    zh_spc_constants c;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_constants_of(n, &c, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    const struct {
        const char *name;
        double value;
    } members[] = {{"d2", c.d2}, {"d3", c.d3},      {"d3_exact", zh_spc_d3_exact(n)},
                   {"c4", c.c4}, {"A2", c.a2},      {"A3", c.a3},
                   {"B3", c.b3}, {"B4", c.b4},      {"D3", c.d3_lower},
                   {"E2", c.e2}, {"D4", c.d4_upper}};
    zh_jw_object(out);
    for (size_t i = 0; i < ZH_COUNTOF(members); i++) {
        zh_put_number(out, members[i].name, members[i].value);
    }
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(spc_chart_constants) = {
    .name = "spc.chart_constants",
    .zh = "控制图系数 d2、d3、c4、A2、A3、B3、B4、D3、D4、E2",
    .input = "{\"n\": 5}",
    .method = "GB/T 17989.2（ISO 7870-2:2013）表 2；Tippett 1925",
    .run = chart_constants,
};

/* ---- run rules ---- */

static zh_rc put_rules(zh_door *door, const zh_run_input *in, unsigned set, bool chosen, zh_jw *out)
{
    bool *hits = ZH_TRY_N(door->arena, bool, in->n + 1);
    bool *any = ZH_TRY_N(door->arena, bool, in->n + 1);
    if (hits == NULL || any == NULL) {
        (void)zh_door_room(door, SIZE_MAX);
        return door->rc;
    }
    zh_jw_object(out);
    for (unsigned rule = 0; rule < ZH_RULE_N && door->rc == ZH_OK; rule++) {
        if ((set & (1u << rule)) == 0) {
            continue;
        }
        door->rc = zh_spc_run_rule(in, (zh_run_rule)rule, hits, door->err);
        if (door->rc != ZH_OK) {
            return door->rc;
        }
        for (size_t i = 0; i < in->n; i++) {
            any[i] = any[i] || hits[i];
        }
        zh_put_positions(out, zh_run_rule_name((zh_run_rule)rule), hits, in->n);
    }
    if (chosen) {
        zh_put_positions(out, "signals", any, in->n);
    }
    zh_jw_object_end(out);
    return door->rc;
}

static zh_rc run_rules(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const names[] = {"all", "western_electric", "nelson", "gbt17989", NULL};
    static const unsigned sets[] = {ZH_RULES_WESTERN_ELECTRIC | ZH_RULES_NELSON | ZH_RULES_GB17989,
                                    ZH_RULES_WESTERN_ELECTRIC, ZH_RULES_NELSON, ZH_RULES_GB17989};
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers statistics = zh_door_numbers_gaps(&door, "statistics");
    zh_numbers center = zh_door_numbers(&door, "center");
    zh_numbers sigma = zh_door_numbers(&door, "sigma");
    size_t set = zh_door_choice(&door, "set", names, 0);
    zh_run_input in = {statistics.n, statistics.v, center.v, center.n, sigma.v, sigma.n};
    return door.rc == ZH_OK ? put_rules(&door, &in, sets[set], set > 0, out) : door.rc;
}

ZH_ENGINE(spc_run_rules) = {
    .name = "spc.run_rules",
    .zh = "判异准则：Western Electric 4 条、Nelson 8 条（GB/T 4091）、GB/T 17989.2 的 3 条",
    .input = "{\"statistics\": [0.2, 1.2, 2.1, 2.4, -0.3, 3.4], \"center\": 0, \"sigma\": 1, "
             "\"set\": \"nelson\"}",
    .method = "Western Electric 1956；Nelson 1984；ISO 7870-2:2013，8",
    .run = run_rules,
};

/* ---- average run lengths ---- */

static zh_arl_sides read_sides(zh_door *door)
{
    static const char *const sides[] = {"one", "two", "Crosier", NULL};
    return (zh_arl_sides)zh_door_choice(door, "sided", sides, ZH_ARL_ONE);
}

static size_t read_nodes(zh_door *door, int64_t otherwise)
{
    return (size_t)zh_door_integer_or(door, "r", (int64_t)ZH_SPC_NODES_MIN,
                                      (int64_t)ZH_SPC_NODES_MAX, otherwise);
}

static zh_rc put_one(zh_door *door, zh_jw *out, const char *name, double value)
{
    if (door->rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, name, value);
        zh_jw_object_end(out);
    }
    return door->rc;
}

static zh_rc arl_cusum(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    double k = zh_door_number(&door, "k");
    double h = zh_door_number(&door, "h");
    double mu = zh_door_number_or(&door, "mu", 0.0);
    double hs = zh_door_number_or(&door, "hs", 0.0);
    zh_arl_sides sides = read_sides(&door);
    size_t r = read_nodes(&door, 30);
    double arl = 0.0;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_arl_cusum(k, h, mu, hs, sides, r, &arl, err);
    }
    return put_one(&door, out, "arl", arl);
}

ZH_ENGINE(spc_arl_cusum) = {
    .name = "spc.arl_cusum",
    .zh = "CUSUM 图的平均链长（单侧、双侧、Crosier）",
    .input = "{\"k\": 0.5, \"h\": 5, \"mu\": 0, \"hs\": 0, \"sided\": \"two\", \"r\": 60}",
    .method = "Vance 1986；Lucas & Crosier 1982；Crosier 1986；ISO 7870-4:2021",
    .run = arl_cusum,
};

static zh_ewma_scheme read_scheme(zh_door *door)
{
    static const char *const limits[] = {"fix", "vacl", "fir", "both", "Steiner", "stat", NULL};
    zh_ewma_scheme s = {0};
    s.lambda = zh_door_number(door, "l");
    s.zr = zh_door_number_or(door, "zr", 0.0);
    s.hs = zh_door_number_or(door, "hs", 0.0);
    s.sides = read_sides(door);
    s.limits = (zh_ewma_limits)zh_door_choice(door, "limits", limits, ZH_EWMA_FIX);
    s.r = read_nodes(door, 40);
    return s;
}

static zh_rc arl_ewma(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_ewma_scheme scheme = read_scheme(&door);
    double c = zh_door_number(&door, "c");
    double mu = zh_door_number_or(&door, "mu", 0.0);
    double arl = 0.0;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_arl_ewma(&scheme, c, mu, &arl, err);
    }
    return put_one(&door, out, "arl", arl);
}

ZH_ENGINE(spc_arl_ewma) = {
    .name = "spc.arl_ewma",
    .zh = "EWMA 图的平均链长（固定或变动的界限、快速初始响应）",
    .input = "{\"l\": 0.2, \"c\": 2.86, \"mu\": 0, \"sided\": \"two\", \"limits\": \"fix\", "
             "\"r\": 60}",
    .method = "Crowder 1987；Lucas & Saccucci 1990；Knoth 2003；ISO 7870-6:2016",
    .run = arl_ewma,
};

static zh_rc crit_cusum(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    double k = zh_door_number(&door, "k");
    double arl0 = zh_door_number(&door, "L0");
    double mu0 = zh_door_number_or(&door, "mu0", 0.0);
    double hs = zh_door_number_or(&door, "hs", 0.0);
    zh_arl_sides sides = read_sides(&door);
    size_t r = read_nodes(&door, 30);
    double limit = 0.0;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_crit_cusum(k, arl0, mu0, hs, sides, r, &limit, err);
    }
    return put_one(&door, out, "limit", limit);
}

ZH_ENGINE(spc_crit_cusum) = {
    .name = "spc.crit_cusum",
    .zh = "给定受控平均链长时 CUSUM 图的判定距 h",
    .input = "{\"k\": 0.5, \"L0\": 200, \"sided\": \"one\", \"r\": 60}",
    .method = "Vance 1986；ISO 7870-4:2021",
    .run = crit_cusum,
};

static zh_rc crit_ewma(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_ewma_scheme scheme = read_scheme(&door);
    double arl0 = zh_door_number(&door, "L0");
    double mu0 = zh_door_number_or(&door, "mu0", 0.0);
    double limit = 0.0;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_crit_ewma(&scheme, arl0, mu0, &limit, err);
    }
    return put_one(&door, out, "limit", limit);
}

ZH_ENGINE(spc_crit_ewma) = {
    .name = "spc.crit_ewma",
    .zh = "给定受控平均链长时 EWMA 图的界限倍数 c",
    .input = "{\"l\": 0.2, \"L0\": 500, \"sided\": \"two\", \"limits\": \"fix\", \"r\": 60}",
    .method = "Crowder 1987；ISO 7870-6:2016",
    .run = crit_ewma,
};

/* ---- charts with memory ---- */

static zh_rc cusum_chart(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_subgroups data = read_subgroups(&door);
    zh_chart_options options =
        read_options(&door, individuals(&data) ? ZH_CHART_XBAR_ONE : ZH_CHART_XBAR);
    double interval = zh_door_number_or(&door, "decision_interval", 5.0);
    double shift = zh_door_number_or(&door, "se_shift", 1.0);
    double head_start = zh_door_number_or(&door, "head_start", 0.0);
    zh_cusum_chart chart;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_cusum(arena, &data, &options, interval, shift, head_start, &chart, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "center", chart.center);
    zh_put_number(out, "std_dev", chart.std_dev);
    zh_put_numbers(out, "statistics", chart.statistics, chart.n);
    zh_put_numbers(out, "pos", chart.pos, chart.n);
    zh_put_numbers(out, "neg", chart.neg, chart.n);
    zh_put_positions(out, "violations_upper", chart.above, chart.n);
    zh_put_positions(out, "violations_lower", chart.below, chart.n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(spc_cusum_chart) = {
    .name = "spc.cusum_chart",
    .zh = "累积和（CUSUM）控制图",
    .input = "{\"data\": [[5.2, 5.4, 4.7], [7.7, 5.6, 6.0], [5.5, 5.0, 5.3]], "
             "\"decision_interval\": 5, \"se_shift\": 1, \"head_start\": 0}",
    .method = "ISO 7870-4:2021",
    .run = cusum_chart,
};

static zh_rc ewma_chart(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_subgroups data = read_subgroups(&door);
    zh_chart_options options =
        read_options(&door, individuals(&data) ? ZH_CHART_XBAR_ONE : ZH_CHART_XBAR);
    double lambda = zh_door_number_or(&door, "lambda", 0.2);
    zh_ewma_chart chart;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_ewma(arena, &data, &options, lambda, &chart, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_number(out, "center", chart.center);
    zh_put_number(out, "std_dev", chart.std_dev);
    zh_put_numbers(out, "statistics", chart.statistics, chart.n);
    zh_put_numbers(out, "ewma", chart.ewma, chart.n);
    zh_put_numbers(out, "lcl", chart.lcl, chart.n);
    zh_put_numbers(out, "ucl", chart.ucl, chart.n);
    zh_put_positions(out, "violations", chart.beyond, chart.n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(spc_ewma_chart) = {
    .name = "spc.ewma_chart",
    .zh = "指数加权移动平均（EWMA）控制图",
    .input = "{\"data\": [9.23, 4.261, 9.339, 8.328, 6.359, 6.918], \"lambda\": 0.2, "
             "\"nsigmas\": 3}",
    .method = "ISO 7870-6:2016",
    .run = ewma_chart,
};

/* ---- Hotelling's T2 ---- */

static zh_rc put_t2(zh_jw *out, const zh_t2_chart *chart)
{
    zh_jw_object(out);
    zh_put_numbers(out, "center", chart->center, chart->variables);
    zh_put_matrix(out, "cov", &chart->cov);
    zh_put_numbers(out, "t2", chart->t2, chart->n);
    zh_put_number(out, "ucl_phase1", chart->ucl_phase1);
    zh_put_number(out, "ucl_phase2", chart->ucl_phase2);
    zh_put_positions(out, "beyond_phase1", chart->beyond_phase1, chart->n);
    zh_put_positions(out, "beyond_phase2", chart->beyond_phase2, chart->n);
    zh_jw_object_end(out);
    return ZH_OK;
}

static zh_rc hotelling_t2_individual(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_matrix data = zh_door_matrix(&door, "data");
    double confidence = zh_door_between_or(&door, "confidence", 0.0, 1.0, 0.99);
    zh_t2_chart chart;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_t2_individual(arena, &data, confidence, &chart, err);
    }
    return door.rc == ZH_OK ? put_t2(out, &chart) : door.rc;
}

ZH_ENGINE(spc_hotelling_t2_individual) = {
    .name = "spc.hotelling_t2_individual",
    .zh = "多变量 T² 控制图（单次观测）",
    .input = "{\"data\": [[9.75, 5.64], [11.126, 5.562], [10.875, 7.566], [10.717, 3.773], "
             "[10.354, 6.941], [7.357, 1.061]], \"confidence\": 0.99}",
    .method = "Tracy, Young & Mason 1992；ISO 7870-7:2020",
    .run = hotelling_t2_individual,
};

/* data: for each characteristic a matrix with subgroups as rows. */
static zh_rc hotelling_t2_subgroup(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    const zh_json *data = zh_json_get(input, "data");
    double confidence = zh_door_between_or(&door, "confidence", 0.0, 1.0, 0.99);
    zh_matrix x[ZH_SPC_VARIABLES_MAX];
    zh_t2_chart chart;
    if (data == NULL || data->kind != ZH_JSON_ARRAY || data->n == 0 ||
        data->n > ZH_SPC_VARIABLES_MAX) {
        return zh_door_refuse(&door, "data", "要 1 到 %zu 个特性，每个一张表：行是子组，列是重复",
                              ZH_SPC_VARIABLES_MAX);
    }
    size_t variables = 0;
    for (const zh_json *one = data->first; one != NULL; one = one->next) {
        /* The door reads members of objects: each matrix is shown to it as one. */
        zh_json copy = *one;
        zh_json object = {.kind = ZH_JSON_OBJECT, .first = &copy, .n = 1};
        copy.name = ZH_STR("data");
        copy.next = NULL;
        door.input = &object;
        x[variables++] = zh_door_matrix(&door, "data");
    }
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_t2_subgroup(arena, x, variables, confidence, &chart, err);
    }
    return door.rc == ZH_OK ? put_t2(out, &chart) : door.rc;
}

ZH_ENGINE(spc_hotelling_t2_subgroup) = {
    .name = "spc.hotelling_t2_subgroup",
    .zh = "多变量 T² 控制图（子组）",
    .input = "{\"data\": [[[10.6, 10.1, 10.0], [9.5, 8.5, 11.2], [8.2, 10.7, 8.5]], "
             "[[21.7, 19.6, 20.0], [20.9, 21.3, 17.3], [20.7, 20.3, 17.0]]], "
             "\"confidence\": 0.99}",
    .method = "Montgomery，统计质量控制导论，(11.20)–(11.23)；ISO 7870-7:2020",
    .run = hotelling_t2_subgroup,
};

/* ---- capability ---- */

static void put_index(zh_jw *out, const char *name, const zh_capability_index *index)
{
    zh_jw_key(out, name);
    zh_jw_object(out);
    zh_put_number(out, "value", index->value);
    zh_put_number(out, "lower", index->lower);
    zh_put_number(out, "upper", index->upper);
    zh_jw_object_end(out);
}

static void put_indices(zh_jw *out, const char *name, const char *const names[5],
                        const zh_indices *i)
{
    zh_jw_key(out, name);
    zh_jw_object(out);
    put_index(out, names[0], &i->cp);
    put_index(out, names[1], &i->cpl);
    put_index(out, names[2], &i->cpu);
    put_index(out, names[3], &i->cpk);
    put_index(out, names[4], &i->cpm);
    zh_jw_object_end(out);
}

static zh_rc capability(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const within[] = {"Cp", "Cpl", "Cpu", "Cpk", "Cpm"};
    static const char *const overall[] = {"Pp", "Ppl", "Ppu", "Ppk", "Ppm"};
    zh_door door = zh_door_open(arena, input, err);
    zh_subgroups data = read_subgroups(&door);
    zh_chart_options options =
        read_options(&door, individuals(&data) ? ZH_CHART_XBAR_ONE : ZH_CHART_XBAR);
    zh_specification spec = {
        .lsl = known(&door, "lsl"),
        .usl = known(&door, "usl"),
        .target = known(&door, "target"),
        .confidence = zh_door_between_or(&door, "confidence", 0.0, 1.0, 0.95),
        .nsigmas = options.nsigmas,
    };
    options.confidence = 0.0;
    zh_capability c;
    if (door.rc == ZH_OK) {
        door.rc = zh_spc_capability(arena, &data, &options, &spec, &c, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_count(out, "n", (int64_t)c.n);
    zh_put_number(out, "center", c.center);
    zh_put_number(out, "sd_within", c.within.sd);
    zh_put_number(out, "sd_overall", c.overall.sd);
    put_indices(out, "within", within, &c.within);
    put_indices(out, "overall", overall, &c.overall);
    zh_put_number(out, "ppm_expected_within_below", c.within.ppm_below);
    zh_put_number(out, "ppm_expected_within_above", c.within.ppm_above);
    zh_put_number(out, "ppm_expected_overall_below", c.overall.ppm_below);
    zh_put_number(out, "ppm_expected_overall_above", c.overall.ppm_above);
    zh_put_number(out, "ppm_observed_below", c.ppm_observed_below);
    zh_put_number(out, "ppm_observed_above", c.ppm_observed_above);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(spc_capability) = {
    .name = "spc.capability",
    .zh = "过程能力指数 Cp、Cpk、Cpm 与过程性能指数 Pp、Ppk 及其置信区间",
    .input = "{\"data\": [99.66, 103.36, 98.15, 97.8, 102.94, 99.57, 99.32, 95.65], \"lsl\": 85, "
             "\"usl\": 115, \"target\": 100, \"confidence\": 0.95}",
    .method = "ISO 22514-2:2017；ISO 22514-4:2016；Bissell 1990；Boyles 1991",
    .run = capability,
};
