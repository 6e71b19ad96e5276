/* systems: the mechanisms that the policy documents call for, and how far each has come here.
 *
 * A mechanism is 已声明 when a register or an indicator names it. It is 已运行 only when a register
 * with a workflow, an indicator, and a life-cycle example that passes now name it. */
#include "base/json.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/example.h"

enum { FAILURE_BYTES = 4 << 20 };

typedef enum mechanism_state { NOT_DECLARED, DECLARED, RUNNING } mechanism_state;

typedef struct standing {
    const struct zh_mechanism *mechanism;
    size_t registers, indicators, workflows, lives; /* lives: life-cycle examples that passed */
} standing;

typedef struct survey {
    zh_session *s;
    standing *list;
    size_t n;
} survey;

static bool names(const zh_str *systems, size_t n, zh_str id)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(systems[i], id)) {
            return true;
        }
    }
    return false;
}

static mechanism_state state_of(const standing *s)
{
    if (s->workflows > 0 && s->indicators > 0 && s->lives > 0) {
        return RUNNING;
    }
    return s->registers > 0 || s->indicators > 0 ? DECLARED : NOT_DECLARED;
}

static const char *state_zh(mechanism_state state)
{
    return state == RUNNING ? "已运行" : state == DECLARED ? "已声明" : "未声明";
}

static void count_declared(survey *v, standing *s)
{
    const zh_model *model = v->s->ctx.model;
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        bool named = names(reg->systems, reg->nsystems, s->mechanism->id);
        s->registers += named;
        s->workflows += named && reg->ntransitions > 0;
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        s->indicators +=
            names(model->indicators[i].systems, model->indicators[i].nsystems, s->mechanism->id);
    }
}

static void count_life(void *user, const zh_example *example)
{
    survey *v = user;
    for (size_t i = 0; i < v->n; i++) {
        const zh_register *reg = example->reg;
        v->list[i].lives += reg != NULL && example->life && example->passed &&
                            reg->ntransitions > 0 &&
                            names(reg->systems, reg->nsystems, v->list[i].mechanism->id);
    }
}

static zh_rc look(survey *v)
{
    zh_model *model = v->s->ctx.model;
    zh_example_report report;
    zh_buf failures;
    bool candidates = false;
    for (size_t i = 0; i < v->n; i++) {
        count_declared(v, &v->list[i]);
        candidates |= v->list[i].workflows > 0 && v->list[i].indicators > 0;
    }
    if (!candidates) {
        return ZH_OK;
    }
    zh_buf_init(&failures, FAILURE_BYTES);
    zh_rc rc = zh_examples_run(model, NULL, &failures, &report, count_life, v, &v->s->cli->err);
    zh_buf_free(&failures);
    return rc;
}

/* ---- answers
 * ---------------------------------------------------------------------------------------- */

static void print_all(const survey *v, zh_buf *out)
{
    static const char *const headers[] = {"编号",    "机制",  "领域",  "状态",
                                          "登记册>", "指标>", "流程>", "示例>"};
    zh_arena *arena = v->s->cli->arena;
    size_t counts[3] = {0};
    zh_text_table table;
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < v->n; i++) {
        const standing *s = &v->list[i];
        counts[state_of(s)]++;
        zh_text_table_add(&table, s->mechanism->id);
        zh_text_table_add(&table, s->mechanism->label.zh);
        zh_text_table_add(&table, s->mechanism->area);
        zh_text_table_add(&table, zh_str_of(state_zh(state_of(s))));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->registers));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->indicators));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->workflows));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->lives));
    }
    zh_text_table_print(&table, out);
    zh_buf_fmt(out, "%zu 个机制：已运行 %zu，已声明 %zu，未声明 %zu\n", v->n, counts[RUNNING],
               counts[DECLARED], counts[NOT_DECLARED]);
}

static void print_one(const survey *v, zh_buf *out)
{
    const standing *s = &v->list[0];
    const struct zh_mechanism *m = s->mechanism;
    const zh_model *model = v->s->ctx.model;
    zh_buf_fmt(out, "%.*s %.*s（%.*s）  %s\n", ZH_FMT(m->id), ZH_FMT(m->label.zh),
               ZH_FMT(m->label.en), state_zh(state_of(s)));
    zh_buf_fmt(out, "  领域：%.*s\n  内容：%.*s\n  使用者：%.*s\n  条款：%.*s\n  深度：%.*s\n",
               ZH_FMT(m->area), ZH_FMT(m->does), ZH_FMT(m->users), ZH_FMT(m->clauses),
               ZH_FMT(m->depth));
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (names(reg->systems, reg->nsystems, m->id)) {
            zh_buf_fmt(out, "  登记册：%.*s %.*s（%zu 个状态，%zu 个流转）\n", ZH_FMT(reg->id),
                       ZH_FMT(reg->label.zh), reg->nstates, reg->ntransitions);
        }
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *indicator = &model->indicators[i];
        if (names(indicator->systems, indicator->nsystems, m->id)) {
            zh_buf_fmt(out, "  指标：%.*s %.*s\n", ZH_FMT(indicator->id),
                       ZH_FMT(indicator->label.zh));
        }
    }
    zh_buf_fmt(out, "  通过的全程示例：%zu\n", s->lives);
}

static void json(const survey *v, zh_buf *out)
{
    static const char *const ids[] = {"not_declared", "declared", "running"};
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < v->n; i++) {
        const standing *s = &v->list[i];
        const struct zh_mechanism *m = s->mechanism;
        zh_jw_object(&w);
        zh_jw_kv(&w, "id", m->id);
        zh_jw_kv(&w, "zh", m->label.zh);
        zh_jw_kv(&w, "en", m->label.en);
        zh_jw_kv(&w, "area", m->area);
        zh_jw_kv(&w, "does", m->does);
        zh_jw_kv(&w, "clauses", m->clauses);
        zh_jw_kv(&w, "depth", m->depth);
        zh_jw_kz(&w, "state", ids[state_of(s)]);
        zh_jw_ki(&w, "registers", (int64_t)s->registers);
        zh_jw_ki(&w, "indicators", (int64_t)s->indicators);
        zh_jw_ki(&w, "workflows", (int64_t)s->workflows);
        zh_jw_ki(&w, "examples", (int64_t)s->lives);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc choose(survey *v, zh_str id)
{
    const zh_model *model = v->s->ctx.model;
    zh_str *known = ZH_NEW_N(v->s->cli->arena, zh_str, model->nmechanisms + 1);
    v->list = ZH_NEW_N(v->s->cli->arena, standing, model->nmechanisms + 1);
    for (size_t i = 0; i < model->nmechanisms; i++) {
        const struct zh_mechanism *m = &model->mechanisms[i];
        known[i] = m->id;
        if (id.n == 0 || zh_str_eq(m->id, id) || zh_str_eq(m->label.zh, id)) {
            v->list[v->n++].mechanism = m;
        }
    }
    if (v->n == 0 && id.n > 0) {
        zh_str near = zh_cli_nearest(id, known, model->nmechanisms);
        return zh_cli_usage(v->s->cli, "cli.system", "没有机制“%.*s”%s%.*s", ZH_FMT(id),
                            near.n > 0 ? "，是不是 " : "", ZH_FMT(near));
    }
    return ZH_OK;
}

static zh_rc answer(zh_session *s, zh_buf *out)
{
    survey v = {.s = s};
    zh_str id = zh_cli_argument(s->cli, 0);
    zh_rc rc = choose(&v, id);
    if (rc == ZH_OK) {
        rc = look(&v);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (s->cli->json) {
        json(&v, out);
    } else if (id.n > 0) {
        print_one(&v, out);
    } else {
        print_all(&v, out);
    }
    return ZH_OK;
}

static int run(zh_cli *cli)
{
    zh_session s;
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = answer(&s, &out);
    }
    int code = rc == ZH_OK ? zh_cli_print(zh_buf_view(&out)) : zh_cli_fail(cli);
    zh_buf_free(&out);
    zh_session_close(&s);
    return code;
}

static const zh_param arguments[] = {
    {.name = "ID",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "机制编号（S22）；省略则列出全部",
     .en = "mechanism"},
};

ZH_VERB(systems) = {
    .name = "systems",
    .zh = "纲要要求的机制，以及各自做到哪一步",
    .en = "mechanisms of the policy documents and their state",
    .text = "已声明：有登记册或指标写明服务于它。已运行：写明服务于它的有带流程的登记册、有指标、"
            "有当场跑通的全程示例，三者缺一不可。",
    .example = "zhiheng systems\nzhiheng systems S22",
    .uses = ZH_MAKES_DATA | ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
