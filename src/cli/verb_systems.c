/* systems: the mechanisms that the policy documents call for, and how far each has come here. The
 * rule of the states is in core/adoption/mechanism.h. */
#include "base/json.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/adoption/mechanism.h"

typedef struct answering {
    zh_session *s;
    const zh_survey *survey;
    const zh_standing **list; /* those asked for */
    size_t n;
} answering;

/* What is missing, as words: 缺指标、缺流程. */
static zh_str lacking(zh_arena *arena, const zh_standing *s)
{
    static const struct {
        unsigned bit;
        const char *zh;
    } words[] = {{ZH_LACKS_REGISTER, "登记册"},
                 {ZH_LACKS_WORKFLOW, "流程"},
                 {ZH_LACKS_INDICATOR, "指标"},
                 {ZH_LACKS_EXAMPLE, "全程示例"},
                 {ZH_LACKS_PASS, "通过的示例"}};
    zh_str out = ZH_STR("");
    for (size_t i = 0; s->state == ZH_MECHANISM_PARTIAL && i < ZH_COUNTOF(words); i++) {
        if ((s->lacks & words[i].bit) != 0) {
            out = zh_str_fmt(arena, "%.*s%s%s", ZH_FMT(out), out.n > 0 ? "、" : "缺", words[i].zh);
        }
    }
    return out;
}

/* ---- answers
 * ---------------------------------------------------------------------------------------- */

static void print_all(const answering *a, zh_buf *out)
{
    static const char *const headers[] = {"编号",  "机制",  "领域",  "状态", "登记册>",
                                          "指标>", "流程>", "示例>", "还缺"};
    zh_arena *arena = a->s->cli->arena;
    zh_text_table table;
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < a->n; i++) {
        const zh_standing *s = a->list[i];
        zh_text_table_add(&table, s->mechanism->id);
        zh_text_table_add(&table, s->mechanism->label.zh);
        zh_text_table_add(&table, s->mechanism->area);
        zh_text_table_add(&table, zh_mechanism_state_zh(s->state));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->registers));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->indicators));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->workflows));
        zh_text_table_add(&table, zh_str_fmt(arena, "%zu", s->passed));
        zh_text_table_add(&table, lacking(arena, s));
    }
    zh_text_table_print(&table, out);
    const size_t *counts = a->survey->counts;
    zh_buf_fmt(out, "%zu 个机制：已运行 %zu，部分 %zu，未建 %zu\n", a->n,
               counts[ZH_MECHANISM_RUNNING], counts[ZH_MECHANISM_PARTIAL],
               counts[ZH_MECHANISM_ABSENT]);
}

static void print_one(const answering *a, zh_buf *out)
{
    const zh_standing *s = a->list[0];
    const struct zh_mechanism *m = s->mechanism;
    const zh_model *model = a->s->ctx.model;
    zh_str state = zh_mechanism_state_zh(s->state);
    zh_buf_fmt(out, "%.*s %.*s（%.*s）  %.*s  %.*s\n", ZH_FMT(m->id), ZH_FMT(m->label.zh),
               ZH_FMT(m->label.en), ZH_FMT(state), ZH_FMT(lacking(a->s->cli->arena, s)));
    zh_buf_fmt(out, "  领域：%.*s\n  内容：%.*s\n  使用者：%.*s\n  条款：%.*s\n  深度：%.*s\n",
               ZH_FMT(m->area), ZH_FMT(m->does.zh.n > 0 ? m->does.zh : m->does.en),
               ZH_FMT(zh_mechanism_users(a->s->cli->arena, m, false)), ZH_FMT(m->clauses),
               ZH_FMT(m->depth));
    for (size_t i = 0; i < model->nregisters; i++) {
        const zh_register *reg = &model->registers[i];
        if (zh_serves(reg->systems, reg->nsystems, m->id)) {
            zh_buf_fmt(out, "  登记册：%.*s %.*s（%zu 个状态，%zu 个流转）\n", ZH_FMT(reg->id),
                       ZH_FMT(reg->label.zh), reg->nstates, reg->ntransitions);
        }
    }
    for (size_t i = 0; i < model->nindicators; i++) {
        const zh_indicator *indicator = &model->indicators[i];
        if (zh_serves(indicator->systems, indicator->nsystems, m->id)) {
            zh_buf_fmt(out, "  指标：%.*s %.*s\n", ZH_FMT(indicator->id),
                       ZH_FMT(indicator->label.zh));
        }
    }
    zh_buf_fmt(out, "  全程示例：通过 %zu，未通过 %zu\n", s->passed, s->failed);
}

static void json(const answering *a, zh_buf *out)
{
    static const char *const ids[] = {"absent", "partial", "running"};
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < a->n; i++) {
        const zh_standing *s = a->list[i];
        const struct zh_mechanism *m = s->mechanism;
        zh_jw_object(&w);
        zh_jw_kv(&w, "id", m->id);
        zh_jw_kv(&w, "zh", m->label.zh);
        zh_jw_kv(&w, "en", m->label.en);
        zh_jw_kv(&w, "area", m->area);
        zh_jw_kv(&w, "does", m->does.en);
        zh_jw_kv(&w, "does_zh", m->does.zh);
        zh_jw_kv(&w, "users", m->users);
        zh_jw_kv(&w, "clauses", m->clauses);
        zh_jw_kv(&w, "depth", m->depth);
        zh_jw_kz(&w, "state", ids[s->state]);
        zh_jw_ki(&w, "registers", (int64_t)s->registers);
        zh_jw_ki(&w, "indicators", (int64_t)s->indicators);
        zh_jw_ki(&w, "workflows", (int64_t)s->workflows);
        zh_jw_ki(&w, "examples", (int64_t)s->passed);
        zh_jw_ki(&w, "examples_failed", (int64_t)s->failed);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc choose(answering *a, zh_str id)
{
    const zh_model *model = a->s->ctx.model;
    zh_arena *arena = a->s->cli->arena;
    zh_str *known = ZH_NEW_N(arena, zh_str, model->nmechanisms + 1);
    a->list = ZH_NEW_N(arena, const zh_standing *, model->nmechanisms + 1);
    for (size_t i = 0; i < a->survey->n; i++) {
        const zh_standing *s = &a->survey->standings[i];
        known[i] = s->mechanism->id;
        if (id.n == 0 || zh_str_eq(s->mechanism->id, id) || zh_str_eq(s->mechanism->label.zh, id)) {
            a->list[a->n++] = s;
        }
    }
    if (a->n == 0 && id.n > 0) {
        zh_str near = zh_cli_nearest(id, known, model->nmechanisms);
        return zh_cli_usage(a->s->cli, "cli.system", "没有机制“%.*s”%s%.*s", ZH_FMT(id),
                            near.n > 0 ? "，是不是 " : "", ZH_FMT(near));
    }
    return ZH_OK;
}

static zh_rc answer(zh_session *s, zh_buf *out)
{
    answering a = {.s = s};
    zh_str id = zh_cli_argument(s->cli, 0);
    zh_rc rc = zh_survey_of(&s->ctx, &a.survey);
    if (rc == ZH_OK) {
        rc = choose(&a, id);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (s->cli->json) {
        json(&a, out);
    } else if (id.n > 0) {
        print_one(&a, out);
    } else {
        print_all(&a, out);
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
    .text = "部分：有登记册或指标写明服务于它。已运行：写明服务于它的有带流程的登记册、有指标、"
            "有当场跑通的全程示例，三者缺一不可；有一个示例不通过就不算已运行。",
    .example = "zhiheng systems\nzhiheng systems S22",
    .uses = ZH_MAKES_DATA | ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
