/* Acceptance sampling by name: the JSON side of engine/acceptance.h. */
#include "engine/acceptance.h"
#include "engine/door.h"
#include "engine/engine.h"
#include <math.h>

static const char *const models[] = {"binomial", "hypergeom", "poisson", NULL};
static const char *const levels[] = {"S-1", "S-2", "S-3", "S-4", "I", "II", "III", NULL};
static const char *const inspections[] = {"normal", "tightened", "reduced", NULL};

/* ---- tables ---- */

static int64_t read_lot(zh_door *door)
{
    return zh_door_integer(door, "lot_size", 2, INT64_MAX);
}

static zh_inspection_level read_level(zh_door *door)
{
    return (zh_inspection_level)zh_door_choice(door, "level", levels, ZH_LEVEL_II);
}

static zh_rc iso2859_code_letter(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    int64_t lot = read_lot(&door);
    zh_inspection_level level = read_level(&door);
    char letter[2] = "";
    if (door.rc == ZH_OK) {
        door.rc = zh_code_letter(lot, level, letter, err);
    }
    if (door.rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_text(out, "code", letter);
        zh_jw_object_end(out);
    }
    return door.rc;
}

ZH_ENGINE(acceptance_iso2859_code_letter) = {
    .name = "acceptance.iso2859_code_letter",
    .zh = "样本量字码：批量与检验水平",
    .input = "{\"lot_size\": 1000, \"level\": \"II\"}",
    .method = "GB/T 2828.1-2012（ISO 2859-1:1999）表 1",
    .run = iso2859_code_letter,
};

static void put_plan(zh_jw *out, const zh_single_plan *plan)
{
    const char letter[] = {plan->letter, '\0'};
    zh_put_text(out, "code", letter);
    zh_put_count(out, "n", plan->n);
    zh_put_count(out, "ac", plan->ac);
    zh_put_count(out, "re", plan->re);
    zh_put_flag(out, "inspect_all", plan->inspect_all);
}

static zh_rc iso2859_single_plan(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    int64_t lot = read_lot(&door);
    zh_inspection_level level = read_level(&door);
    double aql = zh_door_number(&door, "aql");
    zh_inspection inspection = (zh_inspection)zh_door_choice(&door, "inspection", inspections, 0);
    zh_single_plan plan;
    if (door.rc == ZH_OK) {
        door.rc = zh_single_plan_of(lot, level, aql, inspection, &plan, err);
    }
    if (door.rc == ZH_OK) {
        zh_jw_object(out);
        put_plan(out, &plan);
        zh_jw_object_end(out);
    }
    return door.rc;
}

ZH_ENGINE(acceptance_iso2859_single_plan) = {
    .name = "acceptance.iso2859_single_plan",
    .zh = "一次抽样方案：正常、加严、放宽检验（n ≥ 批量时全检）",
    .input = "{\"lot_size\": 1000, \"level\": \"II\", \"aql\": 1, \"inspection\": \"normal\"}",
    .method = "GB/T 2828.1-2012（ISO 2859-1:1999）表 1、表 2-A、2-B、2-C",
    .run = iso2859_single_plan,
};

/* ---- double and multiple plans ---- */

static void put_staged(zh_arena *arena, zh_jw *out, const zh_staged_plan *staged)
{
    const char letter[] = {staged->letter, '\0'};
    const zh_attribute_plan *plan = &staged->plan;
    int64_t *total = ZH_NEW_N(arena, int64_t, plan->stages);
    for (size_t i = 0; i < plan->stages; i++) {
        total[i] = plan->n[i] + (i > 0 ? total[i - 1] : 0);
    }
    zh_jw_object(out);
    zh_put_text(out, "code", letter);
    zh_put_counts(out, "n", plan->n, plan->stages);
    zh_put_counts(out, "n_total", total, plan->stages);
    zh_put_counts(out, "ac", plan->ac, plan->stages);
    zh_put_counts(out, "re", plan->re, plan->stages);
    zh_put_flag(out, "inspect_all", staged->inspect_all);
    zh_put_count(out, "single_n", staged->single.n);
    zh_put_count(out, "single_ac", staged->single.ac);
    zh_jw_object_end(out);
}

static zh_rc staged_plan(zh_arena *arena, const zh_json *input, bool multiple, zh_jw *out,
                         zh_err *err)
{
    static const char *const editions[] = {"iso2859-1", "mil-std-105e", NULL};
    zh_door door = zh_door_open(arena, input, err);
    int64_t lot = read_lot(&door);
    zh_inspection_level level = read_level(&door);
    double aql = zh_door_number(&door, "aql");
    zh_inspection inspection = (zh_inspection)zh_door_choice(&door, "inspection", inspections, 0);
    zh_plan_edition edition =
        multiple ? ZH_EDITION_MIL_105E
                 : (zh_plan_edition)zh_door_choice(&door, "edition", editions, ZH_EDITION_ISO_1999);
    zh_staged_plan staged;
    if (door.rc == ZH_OK) {
        door.rc = multiple ? zh_multiple_plan_of(lot, level, aql, inspection, &staged, err)
                           : zh_double_plan_of(lot, level, aql, inspection, edition, &staged, err);
    }
    if (door.rc == ZH_OK) {
        put_staged(arena, out, &staged);
    }
    return door.rc;
}

static zh_rc iso2859_double_plan(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    return staged_plan(arena, input, false, out, err);
}

ZH_ENGINE(acceptance_iso2859_double_plan) = {
    .name = "acceptance.iso2859_double_plan",
    .zh = "二次抽样方案：正常、加严检验（Ac = 0 与字码 A 用一次方案）",
    .input = "{\"lot_size\": 1000, \"level\": \"II\", \"aql\": 1, \"inspection\": \"normal\"}",
    .method =
        "GB/T 2828.1-2012（ISO 2859-1:1999）表 3-A、3-B 已核对的格；MIL-STD-105E 表 III-A、III-B",
    .run = iso2859_double_plan,
};

static zh_rc mil105e_multiple_plan(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    return staged_plan(arena, input, true, out, err);
}

ZH_ENGINE(acceptance_mil105e_multiple_plan) = {
    .name = "acceptance.mil105e_multiple_plan",
    .zh = "七次抽样方案：正常、加严检验（ac 为 −1 的那次不能接收）",
    .input = "{\"lot_size\": 1000, \"level\": \"II\", \"aql\": 1, \"inspection\": \"normal\"}",
    .method = "MIL-STD-105E 表 IV-A、IV-B（GB/T 2828.1 的是五次，没有核对到原文）",
    .run = mil105e_multiple_plan,
};

/* ---- switching ---- */

static const char *inspection_name(zh_inspection inspection)
{
    return inspection == ZH_INSPECTION_DISCONTINUED ? "discontinued" : inspections[inspection];
}

/* What the switching score gains by this lot under single sampling, normal inspection. */
static zh_rc gain_of(int64_t lot_size, zh_inspection_level level, double aql, int64_t found,
                     const zh_single_plan *plan, int64_t *gain, zh_err *err)
{
    *gain = found <= plan->ac ? 2 : 0;
    if (plan->ac < 2) {
        return ZH_OK;
    }
    size_t at = 0;
    while (at + 1 < ZH_AQL_N && zh_aql[at + 1] <= aql * (1.0 + 1e-9)) {
        at++;
    }
    /* Two AQLs at least lie below one with ac >= 2, and the letter is the same there. */
    zh_assert(at > 0);
    zh_single_plan stricter;
    zh_rc rc =
        zh_single_plan_of(lot_size, level, zh_aql[at - 1], ZH_INSPECTION_NORMAL, &stricter, err);
    *gain = rc == ZH_OK && found <= stricter.ac ? 3 : 0;
    return rc;
}

struct lots {
    zh_inspection_level level;
    double aql;
    bool steady, allowed;
    zh_counts lot_size, found;
};

static zh_rc put_lot(const struct lots *lots, size_t i, zh_switching *state, zh_jw *out,
                     zh_err *err)
{
    int64_t size = lots->lot_size.v[lots->lot_size.n == 1 ? 0 : i];
    int64_t found = lots->found.v[i];
    zh_single_plan plan;
    zh_rc rc = zh_single_plan_of(size, lots->level, lots->aql, state->inspection, &plan, err);
    zh_lot_result lot = {.steady = lots->steady, .reduced_allowed = lots->allowed};
    if (rc == ZH_OK) {
        lot.accepted = found <= plan.ac;
        rc = gain_of(size, lots->level, lots->aql, found, &plan, &lot.gain, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_text(out, "inspection", inspection_name(state->inspection));
    put_plan(out, &plan);
    zh_put_count(out, "nonconforming", found);
    zh_put_flag(out, "accepted", lot.accepted);
    *state = zh_switching_next(*state, &lot);
    zh_put_count(out, "score", state->score);
    zh_put_text(out, "next", inspection_name(state->inspection));
    zh_jw_object_end(out);
    return ZH_OK;
}

static zh_rc switching(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct lots lots = {
        .level = read_level(&door),
        .aql = zh_door_number(&door, "aql"),
        .steady = zh_door_flag(&door, "steady", true),
        .allowed = zh_door_flag(&door, "reduced_allowed", true),
        .lot_size = zh_door_counts(&door, "lot_size", 2, INT64_MAX),
        .found = zh_door_counts(&door, "nonconforming", 0, INT64_MAX),
    };
    zh_switching state = zh_switching_start();
    if (door.rc == ZH_OK && lots.lot_size.n != 1 && lots.lot_size.n != lots.found.n) {
        return zh_door_refuse(&door, "lot_size", "有 %zu 个，nonconforming 有 %zu 个",
                              lots.lot_size.n, lots.found.n);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_jw_key(out, "lots");
    zh_jw_array(out);
    size_t used = 0;
    for (;
         used < lots.found.n && door.rc == ZH_OK && state.inspection != ZH_INSPECTION_DISCONTINUED;
         used++) {
        door.rc = put_lot(&lots, used, &state, out, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_array_end(out);
    zh_put_text(out, "next", inspection_name(state.inspection));
    zh_put_count(out, "score", state.score);
    zh_put_count(out, "lots_inspected", (int64_t)used);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(acceptance_switching) = {
    .name = "acceptance.switching",
    .zh = "转移规则：逐批的检验严格度、方案、判定与转移得分（一次抽样）",
    .input = "{\"lot_size\": 1000, \"level\": \"II\", \"aql\": 1, \"nonconforming\": "
             "[0, 1, 3, 0, 4, 0, 1, 0, 0, 0]}",
    .method = "GB/T 2828.1-2012（ISO 2859-1:1999）9.3、9.4",
    .run = switching,
};

/* ---- operating characteristics ---- */

/* n, ac and, but for single plans, re: one number for each sample. */
static zh_attribute_plan read_plan(zh_door *door, int64_t lot_size)
{
    zh_attribute_plan plan = {0};
    zh_counts n = zh_door_counts(door, "n", 1, ZH_PLAN_N_MAX);
    zh_counts ac = zh_door_counts(door, "ac", -1, ZH_PLAN_AC_MAX);
    zh_counts re = {0};
    if (zh_door_has(door, "re")) {
        re = zh_door_counts(door, "re", 0, ZH_PLAN_AC_MAX);
    }
    bool given = zh_door_has(door, "re") || n.n != 1;
    if (door->rc == ZH_OK &&
        (n.n == 0 || n.n > ZH_PLAN_STAGES_MAX || ac.n != n.n || (given && re.n != n.n))) {
        (void)zh_door_refuse(door, "n",
                             "n、ac、re 要一样多，1 到 %zu 次抽样；只有一次时可以没有 re",
                             ZH_PLAN_STAGES_MAX);
    }
    if (door->rc != ZH_OK) {
        return plan;
    }
    plan.stages = n.n;
    for (size_t i = 0; i < n.n; i++) {
        plan.n[i] = n.v[i];
        plan.ac[i] = ac.v[i];
        plan.re[i] = given ? re.v[i] : ac.v[i] + 1;
    }
    door->rc = zh_plan_check(&plan, lot_size, door->err);
    return plan;
}

/* Qualities as the model wants them: shares p, or units of the lot. */
static zh_numbers read_qualities(zh_door *door, zh_count_model model, int64_t lot_size)
{
    bool units = model == ZH_COUNT_HYPERGEOMETRIC;
    bool counted = units && zh_door_has(door, "defectives");
    zh_numbers q = zh_door_numbers(door, counted ? "defectives" : "p");
    for (size_t i = 0; units && !counted && i < q.n; i++) {
        q.v[i] *= (double)lot_size;
    }
    return q;
}

/* Roughly the operations for all qualities; about a second. */
#define OC_WORK_MAX 1e9

/* What a stage of the walk costs for one quality; single plans cost their acceptance number. */
static double work_of(const zh_attribute_plan *plan, zh_count_model model)
{
    double work = 0.0;
    for (size_t i = 0; i < plan->stages; i++) {
        double width = i == 0 ? 1.0 : (double)(plan->re[i - 1] - plan->ac[i - 1]);
        work += (double)plan->re[i] * width * (model == ZH_COUNT_HYPERGEOMETRIC ? 4.0 : 1.0);
    }
    return work + 50.0;
}

struct curve {
    zh_count_model model;
    int64_t lot_size;
    zh_attribute_plan plan;
    zh_numbers quality;
    double *p_accept, *asn, *aoq, *ati;
};

static zh_rc read_curve(zh_door *door, struct curve *c)
{
    *c = (struct curve){0};
    c->model = (zh_count_model)zh_door_choice(door, "distribution", models, ZH_COUNT_BINOMIAL);
    c->lot_size = zh_door_integer_or(door, "lot_size", 1, ZH_PLAN_N_MAX, 0);
    c->plan = read_plan(door, c->lot_size);
    c->quality = read_qualities(door, c->model, c->lot_size);
    c->p_accept = zh_door_room(door, c->quality.n);
    c->asn = zh_door_room(door, c->quality.n);
    c->aoq = zh_door_room(door, c->quality.n);
    c->ati = zh_door_room(door, c->quality.n);
    if (door->rc == ZH_OK && work_of(&c->plan, c->model) * (double)c->quality.n > OC_WORK_MAX) {
        door->rc = zh_err_set(door->err, ZH_ELIMIT, "acceptance.work",
                              "%zu 个质量水平乘以这样大的判定数，计算量超过上限", c->quality.n);
    }
    for (size_t i = 0; i < c->quality.n && door->rc == ZH_OK; i++) {
        zh_plan_result r;
        door->rc =
            zh_plan_evaluate(&c->plan, c->model, c->lot_size, c->quality.v[i], &r, door->err);
        if (door->rc == ZH_OK) {
            c->p_accept[i] = r.p_accept;
            c->asn[i] = r.asn;
            c->aoq[i] = r.aoq;
            c->ati[i] = r.ati;
        }
    }
    return door->rc;
}

static zh_rc oc_curve(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct curve c;
    if (read_curve(&door, &c) == ZH_OK) {
        zh_jw_object(out);
        zh_put_numbers(out, "p_accept", c.p_accept, c.quality.n);
        zh_jw_object_end(out);
    }
    return door.rc;
}

ZH_ENGINE(acceptance_oc_curve) = {
    .name = "acceptance.oc_curve",
    .zh = "抽检特性（OC）曲线：一次、二次、多次抽样的接收概率",
    .input = "{\"n\": [80, 80], \"ac\": [1, 4], \"re\": [4, 5], \"distribution\": \"binomial\", "
             "\"p\": [0.005, 0.01, 0.02, 0.05]}",
    .method = "GB/T 2828.1-2012 第 12 章；Schilling & Neubauer，第 5、6 章",
    .run = oc_curve,
};

static zh_rc double_plan_asn_aoq(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct curve c;
    if (read_curve(&door, &c) != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "p_accept", c.p_accept, c.quality.n);
    zh_put_numbers(out, "asn", c.asn, c.quality.n);
    zh_put_numbers(out, "aoq", c.aoq, c.quality.n);
    zh_put_numbers(out, "ati", c.ati, c.quality.n);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(acceptance_double_plan_asn_aoq) = {
    .name = "acceptance.double_plan_asn_aoq",
    .zh = "平均样本量 ASN、平均检出质量 AOQ、平均检验总数 ATI（一次、二次、多次抽样）",
    .input = "{\"n\": [50, 100], \"ac\": [1, 3], \"re\": [4, 4], \"p\": [0.01, 0.02, 0.04], "
             "\"lot_size\": 2000}",
    .method = "Schilling & Neubauer，第 6 章；Dodge & Romig 1941",
    .run = double_plan_asn_aoq,
};

static bool read_known(zh_door *door)
{
    static const char *const kinds[] = {"known", "unknown", NULL};
    return zh_door_choice(door, "sigma", kinds, 1) == 0;
}

static zh_rc oc_variables(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    int64_t n = zh_door_integer(&door, "n", 1, ZH_PLAN_VARIABLES_N);
    double k = zh_door_number(&door, "k");
    bool sigma_known = read_known(&door);
    zh_numbers p = zh_door_numbers(&door, "p");
    double *accept = zh_door_room(&door, p.n);
    /* A noncentral t is an integral. */
    if (door.rc == ZH_OK && p.n > 1000000) {
        door.rc =
            zh_err_set(err, ZH_ELIMIT, "acceptance.work", "质量水平 %zu 个，最多 1000000 个", p.n);
    }
    for (size_t i = 0; i < p.n && door.rc == ZH_OK; i++) {
        door.rc = zh_variables_accept(n, k, sigma_known, p.v[i], &accept[i], err);
    }
    if (door.rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_numbers(out, "p_accept", accept, p.n);
        zh_jw_object_end(out);
    }
    return door.rc;
}

ZH_ENGINE(acceptance_oc_variables) = {
    .name = "acceptance.oc_variables",
    .zh = "计量抽样方案的抽检特性曲线（单侧规格限，σ 已知或未知）",
    .input = "{\"n\": 20, \"k\": 1.9, \"sigma\": \"unknown\", \"p\": [0.005, 0.01, 0.02, 0.05]}",
    .method = "Owen 1967；GB/T 6378.1（ISO 3951-1）",
    .run = oc_variables,
};

/* ---- plans from two points ---- */

static zh_rc find_variables(zh_door *door, const zh_risk_points *points, zh_jw *out)
{
    int64_t n = 0;
    double k = 0.0;
    bool sigma_known = read_known(door);
    if (door->rc == ZH_OK) {
        door->rc = zh_variables_find(points, sigma_known, &n, &k, door->err);
    }
    if (door->rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_count(out, "n", n);
        zh_put_number(out, "k", k);
        zh_jw_object_end(out);
    }
    return door->rc;
}

static zh_rc find_plan(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const kinds[] = {"binomial", "hypergeom", "poisson", "normal", NULL};
    zh_door door = zh_door_open(arena, input, err);
    zh_risk_points points = {
        .prp_quality = zh_door_number(&door, "prp_quality"),
        .prp_accept = zh_door_number(&door, "prp_accept"),
        .crp_quality = zh_door_number(&door, "crp_quality"),
        .crp_accept = zh_door_number(&door, "crp_accept"),
    };
    size_t kind = zh_door_choice(&door, "distribution", kinds, 0);
    if (kind == 3) {
        return find_variables(&door, &points, out);
    }
    int64_t lot_size = zh_door_integer_or(&door, "lot_size", 1, ZH_PLAN_N_MAX, 0);
    zh_attribute_plan plan;
    if (door.rc == ZH_OK) {
        door.rc = zh_plan_find(&points, (zh_count_model)kind, lot_size, &plan, err);
    }
    if (door.rc == ZH_OK) {
        zh_jw_object(out);
        zh_put_count(out, "n", plan.n[0]);
        zh_put_count(out, "ac", plan.ac[0]);
        zh_put_count(out, "re", plan.re[0]);
        zh_jw_object_end(out);
    }
    return door.rc;
}

ZH_ENGINE(acceptance_find_plan) = {
    .name = "acceptance.find_plan",
    .zh = "满足生产方与使用方两个风险点的最小抽样方案（计数或计量）",
    .input = "{\"prp_quality\": 0.01, \"prp_accept\": 0.95, \"crp_quality\": 0.08, "
             "\"crp_accept\": 0.1, \"distribution\": \"binomial\"}",
    .method = "Guenther 1969；计量：Owen 1967",
    .run = find_plan,
};

/* By lot size, level and AQL, or by n and ac. */
static zh_rc variables_like(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    bool given = zh_door_has(&door, "n");
    zh_single_plan plan = {0};
    zh_risk_points points;
    int64_t n = 0;
    double k = 0.0;
    if (given) {
        plan.n = zh_door_integer(&door, "n", 1, ZH_PLAN_N_MAX);
        plan.ac = zh_door_integer(&door, "ac", 0, ZH_PLAN_AC_MAX - 1);
    } else {
        int64_t lot = read_lot(&door);
        zh_inspection_level level = read_level(&door);
        double aql = zh_door_number(&door, "aql");
        zh_inspection which = (zh_inspection)zh_door_choice(&door, "inspection", inspections, 0);
        door.rc =
            door.rc == ZH_OK ? zh_single_plan_of(lot, level, aql, which, &plan, err) : door.rc;
    }
    bool sigma_known = read_known(&door);
    if (door.rc == ZH_OK) {
        door.rc = zh_variables_like(plan.n, plan.ac, sigma_known, &points, &n, &k, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_count(out, "n", n);
    zh_put_number(out, "k", k);
    zh_put_count(out, "attributes_n", plan.n);
    zh_put_count(out, "attributes_ac", plan.ac);
    zh_put_number(out, "p95", points.prp_quality);
    zh_put_number(out, "p10", points.crp_quality);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(acceptance_variables_like) = {
    .name = "acceptance.variables_like",
    .zh = "与一次计数方案鉴别力相当的计量方案：样本小得多，要求正态",
    .input = "{\"lot_size\": 1000, \"level\": \"II\", \"aql\": 1, \"sigma\": \"unknown\"}",
    .method = "按 GB/T 2828.1 一次方案的 95% 与 10% 点配对（GB/T 6378.1 的原则，不是它印的 "
              "n、k）；Owen 1967",
    .run = variables_like,
};

/* ---- GB/T 2828.4 ---- */

static zh_rc audit_plan(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const lqr[] = {"0", "I", "II", "III", NULL};
    zh_door door = zh_door_open(arena, input, err);
    double dql = zh_door_number(&door, "dql");
    size_t level = zh_door_choice(&door, "level", lqr, 1);
    zh_audit_plan plan;
    if (door.rc == ZH_OK) {
        door.rc = zh_audit_plan_of(dql, (int)level, &plan, err);
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_jw_object(out);
    zh_put_count(out, "limit", plan.limit);
    zh_put_count(out, "n", plan.n);
    zh_put_count(out, "n_preferred", plan.n_preferred);
    zh_put_number(out, "risk", plan.risk);
    zh_put_number(out, "lqr", plan.lqr);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(acceptance_audit_plan) = {
    .name = "acceptance.audit_plan",
    .zh = "声称质量水平的评定：误判风险不超过 5% 的最大样本量（按性质计算，不是标准的表）",
    .input = "{\"dql\": 2.5, \"level\": \"II\"}",
    .method = "GB/T 2828.4-2008（ISO 2859-4:2002）LQR 水平 I–III 的性质",
    .run = audit_plan,
};
