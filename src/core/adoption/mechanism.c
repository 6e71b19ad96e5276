/* The standing of each mechanism, computed once for a model snapshot. The rule is in mechanism.h.
 */
#include "core/adoption/mechanism.h"
#include "core/adoption/example.h"
#include "core/instance/core_private.h"

bool zh_serves(const zh_str *systems, size_t n, zh_str mechanism)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(systems[i], mechanism)) {
            return true;
        }
    }
    return false;
}

zh_str zh_mechanism_state_zh(zh_mechanism_state state)
{
    switch (state) {
    case ZH_MECHANISM_RUNNING: return ZH_STR("已运行");
    case ZH_MECHANISM_PARTIAL: return ZH_STR("部分");
    case ZH_MECHANISM_ABSENT: break;
    }
    return ZH_STR("未建");
}

/* ---- examples -------------------------------------------------------------------------------- */

typedef struct collecting {
    zh_arena *arena;
    ZH_VEC(zh_life) lives;
} collecting;

static void collect(void *user, const zh_example *example)
{
    collecting *c = user;
    if (example->reg != NULL && example->life && example->reg->ntransitions > 0) {
        zh_life life = {example->reg, zh_str_dup(c->arena, example->id), example->passed};
        zh_vec_push(c->arena, &c->lives, life);
    }
}

static bool examples_matter(const zh_model *model)
{
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (reg->ntransitions > 0 && reg->ntests > 0 && reg->nsystems > 0) {
            return true;
        }
    }
    return false;
}

static zh_rc run_examples(zh_model *model, zh_arena *arena, zh_survey *out, zh_err *err)
{
    collecting c = {.arena = arena};
    zh_example_report report;
    zh_buf failures;
    zh_buf_init(&failures, ZH_MECHANISM_FAILURE_BYTES);
    zh_rc rc = zh_examples_run(model, NULL, &failures, &report, collect, &c, err);
    if (rc == ZH_OK) {
        out->failures = zh_str_dup(arena, zh_buf_view(&failures));
        out->lives = c.lives.p;
        out->nlives = c.lives.n;
    }
    zh_buf_free(&failures);
    return rc;
}

/* ---- standings ------------------------------------------------------------------------------- */

static void count_declared(const zh_model *model, zh_standing *s)
{
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        bool named = zh_serves(reg->systems, reg->nsystems, s->mechanism->id);
        s->registers += named;
        s->workflows += named && reg->ntransitions > 0;
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *indicator = &model->indicators[i];
        s->indicators += zh_serves(indicator->systems, indicator->nsystems, s->mechanism->id);
    }
}

static void count_lives(const zh_survey *survey, zh_standing *s)
{
    for (size_t i = 0; i < survey->nlives; i++) {
        const zh_life *life = &survey->lives[i];
        if (zh_serves(life->reg->systems, life->reg->nsystems, s->mechanism->id)) {
            s->passed += life->passed;
            s->failed += !life->passed;
        }
    }
}

static void settle(zh_standing *s)
{
    s->lacks = (s->registers == 0 ? ZH_LACKS_REGISTER : 0) |
               (s->registers > 0 && s->workflows == 0 ? ZH_LACKS_WORKFLOW : 0) |
               (s->indicators == 0 ? ZH_LACKS_INDICATOR : 0) |
               (s->workflows > 0 && s->passed + s->failed == 0 ? ZH_LACKS_EXAMPLE : 0) |
               (s->failed > 0 ? ZH_LACKS_PASS : 0);
    s->state = s->lacks == 0                           ? ZH_MECHANISM_RUNNING
               : s->registers > 0 || s->indicators > 0 ? ZH_MECHANISM_PARTIAL
                                                       : ZH_MECHANISM_ABSENT;
}

static zh_rc survey_model(zh_model *model, zh_arena *arena, zh_survey *out, zh_err *err)
{
    zh_standing *list = ZH_NEW_N(arena, zh_standing, model->nmechanisms + 1);
    zh_rc rc = examples_matter(model) ? run_examples(model, arena, out, err) : ZH_OK;
    for (size_t i = 0; rc == ZH_OK && i < model->nmechanisms; i++) {
        list[i].mechanism = &model->mechanisms[i];
        count_declared(model, &list[i]);
        count_lives(out, &list[i]);
        settle(&list[i]);
        out->counts[list[i].state]++;
    }
    out->standings = list;
    out->n = model->nmechanisms;
    return rc;
}

zh_rc zh_survey_of(zh_ctx *ctx, const zh_survey **out)
{
    struct zh_snapshot *snapshot = ctx->snapshot;
    zh_rc rc = ZH_OK;
    *out = NULL;
    pthread_mutex_lock(&snapshot->surveying);
    if (snapshot->survey == NULL) {
        zh_arena_mark start = zh_arena_here(snapshot->arena);
        zh_survey *survey = ZH_NEW(snapshot->arena, zh_survey);
        rc = survey_model(snapshot->model, snapshot->arena, survey, ctx->err);
        if (rc == ZH_OK) {
            snapshot->survey = survey;
        } else {
            zh_arena_rewind(snapshot->arena, start);
        }
    }
    *out = snapshot->survey;
    pthread_mutex_unlock(&snapshot->surveying);
    return rc;
}

/* ---- clauses --------------------------------------------------------------------------------- */

zh_cite *zh_mechanism_cites(const zh_model *model, zh_arena *arena,
                            const struct zh_mechanism *mechanism, size_t *n)
{
    zh_cite *list = ZH_NEW_N(arena, zh_cite, ZH_MECHANISM_CITES_MAX);
    zh_str rest = mechanism->clauses;
    zh_str piece;
    *n = 0;
    while (*n < ZH_MECHANISM_CITES_MAX && zh_str_split(&rest, ';', &piece)) {
        zh_str tail = zh_str_trim(piece);
        zh_str tag;
        if (zh_str_split(&tail, ' ', &tag) && tag.n > 0) {
            list[(*n)++] = (zh_cite){tag, zh_model_outline_by_tag(model, tag), zh_str_trim(tail)};
        }
    }
    return list;
}

bool zh_cite_next(zh_str *rest, zh_str *clause)
{
    static const zh_str mark = {"§", sizeof "§" - 1};
    zh_str piece;
    while (zh_str_split(rest, ',', &piece)) {
        *clause = zh_str_trim(piece);
        if (zh_str_starts(*clause, mark)) {
            *clause = zh_str_trim(zh_str_sub(*clause, mark.n, clause->n));
        }
        if (clause->n > 0) {
            return true;
        }
    }
    return false;
}

/* §3 is not the beginning of §39; 二(三) is that of 二(三)1, 二 that of 二(三). */
bool zh_clause_within(zh_str clause, zh_str cited)
{
    if (zh_str_eq(clause, cited)) {
        return true;
    }
    if (cited.n == 0 || clause.n <= cited.n || !zh_str_starts(clause, cited)) {
        return false;
    }
    return cited.p[cited.n - 1] == ')' || clause.p[cited.n] == '(';
}

zh_str zh_mechanism_users(zh_arena *arena, const struct zh_mechanism *mechanism, bool english)
{
    static const struct {
        const char *code, *zh, *en;
    } known[] = {
        {"PQO", "质量强省工作机构", "provincial quality office"},
        {"REG", "监管部门", "regulators"},
        {"LAB", "检验检测和技术机构", "laboratories and technical bodies"},
        {"ENT", "企业", "enterprises"},
        {"CIT", "公众", "citizens"},
        {"OPEN", "开放数据使用者", "users of open data"},
    };
    zh_str rest = mechanism->users;
    zh_str piece;
    zh_str out = ZH_STR("");
    while (zh_str_split(&rest, ',', &piece)) {
        zh_str word = zh_str_trim(piece);
        for (size_t i = 0; i < ZH_COUNTOF(known); i++) {
            if (zh_str_is(zh_str_trim(piece), known[i].code)) {
                word = zh_str_of(english ? known[i].en : known[i].zh);
            }
        }
        out = zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(out),
                         out.n == 0 ? ""
                         : english  ? ", "
                                    : "、",
                         ZH_FMT(word));
    }
    return out;
}
