/* Metrology calculations by name. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/metrology.h"
#include "engine/uncertainty.h"
#include <math.h>

enum { DRAWS_DEFAULT = 1000000 };

static double confidence_of(zh_door *door)
{
    return zh_door_between_or(door, "confidence", 0.0, 1.0, 0.95);
}

static void same_length(zh_door *door, const char *name, size_t n, const char *other,
                        size_t expected)
{
    if (door->rc == ZH_OK && n != expected) {
        (void)zh_door_refuse(door, name, "有 %zu 个值，%s 有 %zu 个", n, other, expected);
    }
}

static const zh_formula *read_formula(zh_door *door, const zh_str *names, size_t n)
{
    const zh_formula *formula = NULL;
    zh_str text = zh_door_word(door, "expression");
    if (door->rc == ZH_OK) {
        door->rc = zh_formula_parse(door->arena, text, names, n, &formula, door->err);
    }
    return formula;
}

/* Correlation matrix, NULL where it is absent or null. */
static const zh_matrix *read_correlation(zh_door *door, zh_matrix *room)
{
    if (!zh_door_has(door, "correlation")) {
        return NULL;
    }
    *room = zh_door_matrix(door, "correlation");
    return room;
}

/* ---- GUM ---- */

/* Degrees of freedom: null, here and there or altogether, is infinite. */
static double *read_df(zh_door *door, size_t n)
{
    double *df = zh_door_room(door, n);
    zh_numbers given = {0};
    if (zh_door_has(door, "df")) {
        given = zh_door_numbers_gaps(door, "df");
        same_length(door, "df", given.n, "names", n);
    }
    for (size_t i = 0; df != NULL && door->rc == ZH_OK && i < n; i++) {
        df[i] = i < given.n && !isnan(given.v[i]) ? given.v[i] : (double)INFINITY;
    }
    return df;
}

static void put_gum(zh_jw *out, const zh_gum *g, size_t n)
{
    zh_jw_object(out);
    zh_put_number(out, "y", g->y);
    zh_put_numbers(out, "sensitivity", g->sensitivity, n);
    zh_put_numbers(out, "share", g->share, n);
    zh_put_number(out, "u_c", g->u_c);
    zh_put_number(out, "nu_eff", g->nu_eff);
    zh_put_number(out, "k", g->k);
    zh_put_number(out, "U", g->U);
    zh_put_number(out, "mean_second_order", g->y_second_order);
    zh_put_number(out, "u_second_order", g->u_second_order);
    zh_jw_object_end(out);
}

static zh_rc gum_linear(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_words names = zh_door_words(&door, "names");
    zh_numbers x = zh_door_numbers(&door, "x");
    zh_numbers u = zh_door_numbers(&door, "u");
    same_length(&door, "x", x.n, "names", names.n);
    same_length(&door, "u", u.n, "names", names.n);
    double *df = read_df(&door, names.n);
    zh_matrix room = {0};
    const zh_matrix *correlation = read_correlation(&door, &room);
    double confidence = confidence_of(&door);
    const zh_formula *model = read_formula(&door, names.v, names.n);
    zh_gum g;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_gum_propagate(arena, model, x.v, u.v, df, correlation, confidence, &g, err);
    }
    if (rc == ZH_OK) {
        put_gum(out, &g, names.n);
    }
    return rc;
}

ZH_ENGINE(metrology_gum_linear) = {
    .name = "metrology.gum_linear",
    .zh = "测量不确定度（GUM）：灵敏系数、合成与扩展不确定度、有效自由度",
    .input = "{\"expression\": \"I^2*R\", \"names\": [\"I\", \"R\"], \"x\": [1.52, 10.03], \"u\": "
             "[0.012, 0.05], \"df\": [8, 20], \"correlation\": null, \"confidence\": 0.95}",
    .method = "JCGM 100:2008（JJF 1059.1）式 13、16、G.2b；导数由自动微分",
    .run = gum_linear,
};

/* ---- Monte Carlo ---- */

/* The kinds of input by name, with the members of their parameters; several names for one kind. */
static const struct kind {
    const char *name;
    zh_variate type;
    const char *a, *b, *c;
} kinds[] = {
    {"normal", ZH_VARIATE_NORMAL, "mean", "sd", NULL},
    {"uniform", ZH_VARIATE_UNIFORM, "min", "max", NULL},
    {"rectangular", ZH_VARIATE_UNIFORM, "min", "max", NULL},
    {"triangular", ZH_VARIATE_TRIANGULAR, "min", "max", NULL},
    {"trapezoidal", ZH_VARIATE_TRAPEZOIDAL, "min", "max", "beta"},
    {"curvilinear_trapezoidal", ZH_VARIATE_CURVILINEAR, "min", "max", "d"},
    {"arcsine", ZH_VARIATE_ARCSINE, "min", "max", NULL},
    {"t", ZH_VARIATE_STUDENT, "mean", "scale", "df"},
    {"lognormal", ZH_VARIATE_LOGNORMAL, "meanlog", "sdlog", NULL},
    {"exponential", ZH_VARIATE_EXPONENTIAL, "mean", NULL, NULL},
    {"gamma", ZH_VARIATE_GAMMA, "shape", "rate", NULL},
    {"constant", ZH_VARIATE_CONSTANT, "value", NULL, NULL},
};

static zh_variate_input read_input(zh_door *item)
{
    zh_str type = zh_door_word(item, "type");
    for (size_t i = 0; i < ZH_COUNTOF(kinds) && item->rc == ZH_OK; i++) {
        const struct kind *k = &kinds[i];
        if (zh_str_is(type, k->name)) {
            zh_variate_input in = {.type = k->type, .a = zh_door_number(item, k->a)};
            in.b = k->b != NULL ? zh_door_number(item, k->b) : 0.0;
            in.c = k->c != NULL ? zh_door_number(item, k->c) : 0.0;
            if (k->type == ZH_VARIATE_TRIANGULAR) {
                in.c = zh_door_number_or(item, "mode", (in.a + in.b) / 2.0);
            }
            return in;
        }
    }
    (void)zh_door_refuse(
        item, "type",
        "没有分布“%.*s”，可用 normal、uniform、triangular、trapezoidal、"
        "curvilinear_trapezoidal、arcsine、t、lognormal、exponential、gamma、constant",
        ZH_FMT(type));
    return (zh_variate_input){0};
}

struct inputs {
    size_t n;
    zh_str *names;
    zh_variate_input *list;
};

static struct inputs read_inputs(zh_door *door)
{
    struct inputs in = {0};
    const zh_json *list = zh_json_get(door->input, "inputs");
    if (list == NULL || list->kind != ZH_JSON_ARRAY || list->n > ZH_FORMULA_NAMES_MAX) {
        (void)zh_door_refuse(door, "inputs", "要一列输入量，每个有 name、type 与参数，最多 %zu 个",
                             ZH_FORMULA_NAMES_MAX);
        return in;
    }
    in.names = ZH_NEW_N(door->arena, zh_str, list->n + 1);
    in.list = ZH_NEW_N(door->arena, zh_variate_input, list->n + 1);
    for (const zh_json *item = list->first; item != NULL && door->rc == ZH_OK; item = item->next) {
        if (item->kind != ZH_JSON_OBJECT) {
            (void)zh_door_refuse(door, "inputs", "第 %zu 个不是对象", in.n + 1);
            return in;
        }
        zh_door inner = zh_door_open(door->arena, item, door->err);
        in.names[in.n] = zh_door_word(&inner, "name");
        in.list[in.n] = read_input(&inner);
        door->rc = inner.rc;
        in.n++;
    }
    return in;
}

static zh_rc monte_carlo(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct inputs in = read_inputs(&door);
    zh_matrix room = {0};
    const zh_matrix *correlation = read_correlation(&door, &room);
    int64_t draws =
        zh_door_integer_or(&door, "draws", 100, (int64_t)ZH_UNCERTAINTY_DRAWS_MAX, DRAWS_DEFAULT);
    int64_t seed = zh_door_integer_or(&door, "seed", 0, INT64_MAX, 1);
    double confidence = confidence_of(&door);
    const zh_formula *model = read_formula(&door, in.names, in.n);
    zh_monte_carlo m;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_monte_carlo_propagate(arena, model, in.list, correlation, (size_t)draws,
                                      (uint64_t)seed, confidence, &m, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "mean", m.mean);
        zh_put_number(out, "sd", m.sd);
        zh_put_number(out, "lower", m.symmetric.lower);
        zh_put_number(out, "upper", m.symmetric.upper);
        zh_put_number(out, "shortest_lower", m.shortest.lower);
        zh_put_number(out, "shortest_upper", m.shortest.upper);
        zh_put_count(out, "draws", draws);
        zh_put_count(out, "seed", seed);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(metrology_monte_carlo) = {
    .name = "metrology.monte_carlo",
    .zh = "测量不确定度的蒙特卡洛传播：均值、标准差、对称与最短包含区间",
    .input = "{\"expression\": \"a*b/c\", \"inputs\": [{\"name\": \"a\", \"type\": \"normal\", "
             "\"mean\": 5, \"sd\": 0.1}, {\"name\": \"b\", \"type\": \"uniform\", \"min\": 1.9, "
             "\"max\": 2.1}, {\"name\": \"c\", \"type\": \"normal\", \"mean\": 3, \"sd\": 0.02}], "
             "\"confidence\": 0.95, \"draws\": 1000000, \"seed\": 1}",
    .method = "JCGM 101:2008（JJF 1059.2）",
    .run = monte_carlo,
};

/* ---- robust statistics ---- */

static zh_rc iso13528_algorithm_a(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    double exact[2];
    double printed[2];
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_algorithm_a(arena, x.v, x.n, zh_algorithm_a_factor(), &exact[0], &exact[1], err);
    }
    if (rc == ZH_OK) {
        rc = zh_algorithm_a(arena, x.v, x.n, 1.134, &printed[0], &printed[1], err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "x_star", exact[0]);
        zh_put_number(out, "s_star", exact[1]);
        zh_put_number(out, "x_star_iso", printed[0]);
        zh_put_number(out, "s_star_iso", printed[1]);
        zh_put_number(out, "u_x_pt", 1.25 * printed[1] / sqrt((double)x.n));
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(metrology_iso13528_algorithm_a) = {
    .name = "metrology.iso13528_algorithm_a",
    .zh = "稳健均值与稳健标准差：ISO 13528 算法 A（精确系数与标准印出的 1.134）",
    .input = "{\"x\": [4.9, 5.3, 5.0, 6.1, 4.4, 5.1, 5.2]}",
    .method = "ISO 13528:2022（GB/T 28043）C.3.1；u(x_pt) 为 7.7.3",
    .run = iso13528_algorithm_a,
};

static zh_rc robust_scale(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    zh_robust_scale s;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_robust_scale_of(arena, x.v, x.n, &s, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "median", s.median);
        zh_put_number(out, "mad", s.mad);
        zh_put_number(out, "niqr", s.niqr);
        zh_put_number(out, "qn", s.qn);
        zh_put_number(out, "sn", s.sn);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(metrology_robust_scale) = {
    .name = "metrology.robust_scale",
    .zh = "稳健离散度：中位数、MAD、标准化四分位距、Qn、Sn",
    .input = "{\"x\": [4.9, 5.3, 5.0, 6.1, 4.4, 5.1, 5.2]}",
    .method = "ISO 13528:2022 C.2；Rousseeuw & Croux 1993",
    .run = robust_scale,
};

static zh_rc q_hampel(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    size_t labs = x.n;
    size_t *lab = NULL;
    if (zh_door_has(&door, "lab")) {
        zh_words words = zh_door_words(&door, "lab");
        same_length(&door, "lab", words.n, "x", x.n);
        lab = zh_door_groups(&door, words, &labs);
    } else {
        lab = ZH_TRY_N(arena, size_t, x.n + 1);
        for (size_t i = 0; lab != NULL && i < x.n; i++) {
            lab[i] = i;
        }
    }
    if (lab == NULL && door.rc == ZH_OK) {
        (void)zh_door_room(&door, SIZE_MAX);
    }
    double x_star;
    double s_star;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_q_hampel(arena, x.v, lab, x.n, labs, &x_star, &s_star, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "x_star", x_star);
        zh_put_number(out, "s_star", s_star);
        zh_put_count(out, "labs", (int64_t)labs);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(metrology_q_hampel) = {
    .name = "metrology.q_hampel",
    .zh = "稳健均值与稳健标准差：Q/Hampel 法，每个实验室可有多个结果",
    .input = "{\"x\": [4.9, 5.0, 5.3, 5.2, 6.1, 6.0, 5.1, 5.1], \"lab\": [\"A\", \"A\", \"B\", "
             "\"B\", \"C\", \"C\", \"D\", \"D\"]}",
    .method = "ISO 13528:2022（GB/T 28043）C.5",
    .run = q_hampel,
};

/* ---- proficiency scores ---- */

/* One column of the scores, in the order of the structure. */
static void put_scores(zh_jw *out, const zh_proficiency_score *s, size_t n)
{
    static const struct {
        const char *name;
        size_t offset;
    } columns[] = {{"z", offsetof(zh_proficiency_score, z)},
                   {"z_prime", offsetof(zh_proficiency_score, z_prime)},
                   {"zeta", offsetof(zh_proficiency_score, zeta)},
                   {"En", offsetof(zh_proficiency_score, En)},
                   {"D_percent", offsetof(zh_proficiency_score, D_percent)}};
    zh_jw_object(out);
    for (size_t c = 0; c < ZH_COUNTOF(columns); c++) {
        zh_jw_key(out, columns[c].name);
        zh_jw_array(out);
        for (size_t i = 0; i < n; i++) {
            zh_jw_double(out,
                         *(const double *)(const void *)((const char *)&s[i] + columns[c].offset));
        }
        zh_jw_array_end(out);
    }
    zh_jw_object_end(out);
}

static double not_negative(zh_door *door, const char *name, double otherwise)
{
    double x = zh_door_number_or(door, name, otherwise);
    if (door->rc == ZH_OK && x < 0.0) {
        (void)zh_door_refuse(door, name, "%g 是负数", x);
    }
    return x;
}

static zh_rc proficiency_scores(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers x = zh_door_numbers(&door, "x");
    zh_numbers u = {0};
    if (zh_door_has(&door, "u")) {
        u = zh_door_numbers(&door, "u");
        same_length(&door, "u", u.n, "x", x.n);
    }
    double x_pt = zh_door_number(&door, "x_pt");
    double sigma = not_negative(&door, "sigma_pt", (double)NAN);
    double u_xpt = not_negative(&door, "u_xpt", 0.0);
    double k = not_negative(&door, "k", 2.0);
    zh_proficiency_score *scores = ZH_TRY_N(arena, zh_proficiency_score, x.n + 1);
    if (scores == NULL && door.rc == ZH_OK) {
        (void)zh_door_room(&door, SIZE_MAX);
    }
    for (size_t i = 0; i < x.n && door.rc == ZH_OK; i++) {
        double own = i < u.n ? u.v[i] : (double)NAN;
        if (own < 0.0) {
            return zh_door_refuse(&door, "u", "第 %zu 个是负数", i + 1);
        }
        scores[i] = zh_proficiency_score_of(x.v[i], own, x_pt, sigma, u_xpt, k);
    }
    if (door.rc == ZH_OK) {
        put_scores(out, scores, x.n);
    }
    return door.rc;
}

ZH_ENGINE(metrology_proficiency_scores) = {
    .name = "metrology.proficiency_scores",
    .zh = "能力验证评分：z、z′、ζ、Eₙ、D%",
    .input = "{\"x\": [4.9, 5.3, 6.1], \"u\": [0.1, 0.1, 0.2], \"x_pt\": 5.02, \"sigma_pt\": 0.25, "
             "\"u_xpt\": 0.05}",
    .method = "ISO 13528:2022（GB/T 28043）9.4–9.7",
    .run = proficiency_scores,
};

/* ---- gauge R&R ---- */

static double two_decimals(double x)
{
    return round(x * 100.0) / 100.0;
}

static void put_gauge_table(zh_jw *out, const zh_gauge_rr *g)
{
    zh_put_numbers(out, "anova_df", g->df, 5);
    zh_put_numbers(out, "anova_ss", g->ss, 5);
    zh_put_numbers(out, "anova_ms", g->ms, 5);
    zh_put_numbers(out, "anova_f", g->f, 5);
    zh_put_numbers(out, "anova_p", g->p, 5);
    zh_put_flag(out, "interaction_kept", g->interaction_kept);
}

static void put_gauge(zh_jw *out, const zh_gauge_rr *g, double tolerance)
{
    static const char *const labels[ZH_GAUGE_ROWS] = {
        "Total Gage R&R", "Repeatability", "Reproducibility", "op",
        "part:op",        "Part-To-Part",  "Total Variation"};
    double rows[5][ZH_GAUGE_ROWS];
    size_t n = 0;
    zh_jw_object(out);
    put_gauge_table(out, g);
    zh_jw_key(out, "rows");
    zh_jw_array(out);
    for (size_t i = 0; i < ZH_GAUGE_ROWS; i++) {
        if (i == 4 && !g->interaction_kept) {
            continue;
        }
        double total = g->variance[ZH_GAUGE_ROWS - 1];
        double share = g->variance[i] / total;
        double sd = sqrt(g->variance[i]);
        zh_jw_z(out, labels[i]);
        rows[0][n] = g->variance[i];
        rows[1][n] = two_decimals(100.0 * share);
        rows[2][n] = sd;
        rows[3][n] = two_decimals(100.0 * sqrt(share));
        rows[4][n++] = two_decimals(100.0 * 6.0 * sd / tolerance);
    }
    zh_jw_array_end(out);
    zh_put_numbers(out, "var_comp", rows[0], n);
    zh_put_numbers(out, "pct_contrib", rows[1], n);
    zh_put_numbers(out, "std_dev", rows[2], n);
    zh_put_numbers(out, "pct_study_var", rows[3], n);
    if (!isnan(tolerance)) {
        zh_put_numbers(out, "pct_tolerance", rows[4], n);
    }
    zh_put_count(out, "ndc", g->ndc);
    zh_jw_object_end(out);
}

static zh_rc gauge_rr_anova(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_numbers y = zh_door_numbers(&door, "y");
    zh_words part = zh_door_words(&door, "part");
    zh_words operator_of = zh_door_words(&door, "operator");
    same_length(&door, "part", part.n, "y", y.n);
    same_length(&door, "operator", operator_of.n, "y", y.n);
    double alpha = zh_door_between_or(&door, "alpha_interaction", 0.0, 1.0, 0.05);
    double tolerance =
        zh_door_number_or(&door, "usl", (double)NAN) - zh_door_number_or(&door, "lsl", (double)NAN);
    if (door.rc == ZH_OK && tolerance <= 0.0) {
        return zh_door_refuse(&door, "usl", "上规格限要大于下规格限");
    }
    size_t parts;
    size_t operators;
    size_t *p = zh_door_groups(&door, part, &parts);
    size_t *o = zh_door_groups(&door, operator_of, &operators);
    zh_gauge_rr g;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        rc = zh_gauge_rr_of(arena, y.v, p, parts, o, operators, y.n, alpha, &g, err);
    }
    if (rc == ZH_OK) {
        put_gauge(out, &g, tolerance);
    }
    return rc;
}

ZH_ENGINE(metrology_gauge_rr_anova) = {
    .name = "metrology.gauge_rr_anova",
    .zh = "量具重复性与再现性（GR&R），方差分析法，平衡交叉试验",
    .input = "{\"part\": [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3], \"operator\": [\"A\", \"A\", \"B\", "
             "\"B\", \"A\", \"A\", \"B\", \"B\", \"A\", \"A\", \"B\", \"B\"], \"y\": [9.2, 9.3, "
             "9.0, 9.3, "
             "10.2, 10.4, 10.5, 10.4, 8.4, 8.5, 8.3, 8.6], \"alpha_interaction\": 0.05}",
    .method = "AIAG MSA 第 4 版第三章 B 节；显著性水平以上的交互作用并入重复性",
    .run = gauge_rr_anova,
};

/* ---- net content ---- */

static zh_rc net_content(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const content_kinds[] = {"mass", "length", "area", "count", "volume", NULL};
    zh_door door = zh_door_open(arena, input, err);
    size_t kind = zh_door_choice(&door, "kind", content_kinds, 0);
    double nominal = zh_door_number(&door, "nominal");
    int64_t lot = zh_door_integer(&door, "lot_size", 1, INT64_MAX);
    double tolerance = zh_door_number_or(&door, "tolerance", (double)NAN);
    zh_numbers x = zh_door_numbers(&door, "x");
    zh_net_content v;
    zh_rc rc = door.rc;
    if (rc == ZH_OK) {
        zh_content content = kind == 4 ? ZH_CONTENT_MASS : (zh_content)kind;
        rc = zh_net_content_of(content, nominal, lot, tolerance, x.v, x.n, &v, err);
    }
    if (rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_number(out, "tolerance", v.tolerance);
        zh_put_count(out, "sample_size", v.sample_size);
        zh_put_number(out, "correction_factor", v.lambda);
        zh_put_count(out, "acceptance_number", v.accept);
        zh_put_number(out, "mean", v.mean);
        zh_put_number(out, "sd", v.sd);
        zh_put_number(out, "mean_limit", v.limit);
        zh_put_count(out, "beyond_t1", v.beyond_t1);
        zh_put_count(out, "beyond_t2", v.beyond_t2);
        zh_put_flag(out, "mean_accepted", v.mean_accepted);
        zh_put_flag(out, "items_accepted", v.items_accepted);
        zh_put_flag(out, "accepted", v.accepted);
        zh_jw_object_end(out);
    }
    return rc;
}

ZH_ENGINE(metrology_net_content) = {
    .name = "metrology.net_content",
    .zh = "定量包装商品净含量批的判定（质量、体积以 g、mL 计；长度以 m 计）",
    .input =
        "{\"kind\": \"mass\", \"nominal\": 500, \"lot_size\": 40, \"x\": [501.2, 499.8, 500.4, "
        "498.9, 502.0, 500.1, 499.5, 500.7, 501.1, 499.9]}",
    .method = "JJF 1070-2005 表 3、表 4；定量包装商品计量监督管理办法附表 3、4",
    .run = net_content,
};
