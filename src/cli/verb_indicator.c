/* indicator: one figure with everything needed to judge it, its break-down, or the list of all. */
#include "base/json.h"
#include "cli/figure.h"
#include "cli/print.h"
#include "cli/session.h"
#include <inttypes.h>

enum { FILTERS_MAX = ZH_CLI_VALUES_MAX };

typedef struct question {
    zh_session *s;
    zh_figure_query query;
    zh_cell_filter filters[FILTERS_MAX];
    zh_str dim; /* broken down by; n == 0: not */
} question;

/* ---- all indicators
 * --------------------------------------------------------------------------------- */

static const char *kind_zh(zh_indicator_kind kind)
{
    switch (kind) {
    case ZH_I_COUNT: return "计数";
    case ZH_I_SUM: return "合计";
    case ZH_I_RATIO: return "比";
    case ZH_I_RATE: return "率";
    case ZH_I_MEAN: return "均值";
    case ZH_I_SHARE: return "占比";
    case ZH_I_GROWTH: return "增幅";
    case ZH_I_WEIGHTED: return "加权";
    case ZH_I_MATCHED: return "同口径";
    case ZH_I_DESIGN: return "抽样设计";
    case ZH_I_QUANTILE: return "分位数";
    case ZH_I_DISTINCT: return "不同个数";
    case ZH_I_STOCK: return "存量";
    case ZH_I_COMPOSITE: break;
    }
    return "综合";
}

static void print_all(zh_session *s, zh_buf *out)
{
    static const char *const headers[] = {"指标", "名称", "算法", "登记册", "单位", "定义"};
    zh_text_table table;
    zh_text_table_init(&table, s->cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < s->ctx.model->nindicators; i++) {
        const zh_indicator *indicator = &s->ctx.model->indicators[i];
        zh_text_table_add(&table, indicator->id);
        zh_text_table_add(&table, indicator->label.zh);
        zh_text_table_add(&table, zh_str_of(kind_zh(indicator->kind)));
        zh_text_table_add(&table, indicator->reg != NULL ? indicator->reg->id : ZH_STR(""));
        zh_text_table_add(&table, indicator->unit);
        zh_text_table_add(&table, indicator->definition.zh);
    }
    zh_text_table_print(&table, out);
    zh_buf_fmt(out, "%zu 个指标\n", s->ctx.model->nindicators);
}

static void json_all(zh_session *s, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < s->ctx.model->nindicators; i++) {
        const zh_indicator *indicator = &s->ctx.model->indicators[i];
        zh_jw_object(&w);
        zh_jw_kv(&w, "id", indicator->id);
        zh_jw_kv(&w, "label", indicator->label.zh);
        zh_jw_kv(&w, "definition", indicator->definition.zh);
        zh_jw_kz(&w, "kind", kind_zh(indicator->kind));
        zh_jw_kv(&w, "register", indicator->reg != NULL ? indicator->reg->id : ZH_STR(""));
        zh_jw_kv(&w, "unit", indicator->unit);
        zh_jw_ki(&w, "digits", indicator->digits);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- the question
 * ----------------------------------------------------------------------------------- */

static zh_rc find_indicator(question *q, zh_str id)
{
    zh_session *s = q->s;
    const zh_model *model = s->ctx.model;
    q->query.indicator = zh_model_indicator(model, id);
    if (q->query.indicator != NULL) {
        return ZH_OK;
    }
    zh_str *known = ZH_NEW_N(s->cli->arena, zh_str, model->nindicators + 1);
    for (size_t i = 0; i < model->nindicators; i++) {
        known[i] = model->indicators[i].id;
        if (zh_str_eq(model->indicators[i].label.zh, id)) {
            q->query.indicator = &model->indicators[i];
            return ZH_OK;
        }
    }
    zh_str near = zh_cli_nearest(id, known, model->nindicators);
    if (near.n > 0) {
        return zh_cli_usage(s->cli, "cli.indicator", "没有指标“%.*s”，是不是 %.*s？", ZH_FMT(id),
                            ZH_FMT(near));
    }
    zh_rc rc = zh_cli_usage(s->cli, "cli.indicator", "没有指标“%.*s”", ZH_FMT(id));
    zh_err_fix(&s->cli->err, "全部指标见 zhiheng indicator");
    return rc;
}

static zh_rc parse_filters(question *q)
{
    const zh_str *given;
    q->query.nfilters = zh_cli_values(q->s->cli, "filter", &given);
    q->query.filters = q->filters;
    for (size_t i = 0; i < q->query.nfilters; i++) {
        ptrdiff_t equals = zh_str_chr(given[i], '=');
        if (equals <= 0) {
            return zh_cli_usage(q->s->cli, "cli.filter", "--filter 要写成 维度=值，给出的是“%.*s”",
                                ZH_FMT(given[i]));
        }
        q->filters[i] = (zh_cell_filter){
            .dim = zh_str_sub(given[i], 0, (size_t)equals),
            .value = zh_str_sub(given[i], (size_t)equals + 1, given[i].n),
            .subtree = true,
        };
    }
    return ZH_OK;
}

static zh_rc parse(question *q)
{
    zh_cli *cli = q->s->cli;
    const char *period = zh_cli_text(cli, "period");
    q->query.as_of = q->s->as_of;
    q->query.recount = zh_cli_flag(cli, "recount");
    q->dim = zh_str_of(zh_cli_text(cli, "by"));
    zh_rc rc = find_indicator(q, zh_cli_argument(cli, 0));
    if (rc == ZH_OK && period != NULL &&
        zh_period_parse(zh_str_of(period), &q->query.first, &q->query.last) != ZH_OK) {
        rc = zh_cli_usage(cli, "cli.period",
                          "“%s”不是期间；可写 2024、2024H1、2024Q2、2024-03、2024-03-05、"
                          "2024-01/2024-10",
                          period);
    }
    if (rc == ZH_OK) {
        rc = zh_session_region(q->s, zh_cli_text(cli, "region"), &q->query.region);
    }
    if (rc == ZH_OK) {
        rc = parse_filters(q);
    }
    if (rc == ZH_OK && q->query.indicator->reg != NULL) {
        rc = zh_session_where(q->s, q->query.indicator->reg, zh_cli_text(cli, "where"),
                              &q->query.where);
    }
    return rc;
}

/* ---- answers
 * ---------------------------------------------------------------------------------------- */

static zh_rc answer_one(question *q, zh_buf *out)
{
    zh_figure figure;
    zh_rc rc = zh_figure_ask(&q->s->ctx, q->s->conn, &q->query, &figure);
    if (rc != ZH_OK) {
        q->s->cli->usage = rc == ZH_EINVAL;
        return rc;
    }
    if (q->s->cli->json) {
        zh_jw w;
        zh_jw_init(&w, out, 2);
        zh_jw_object(&w);
        zh_figure_json(&w, &figure);
        zh_jw_object_end(&w);
        zh_buf_c(out, '\n');
    } else {
        zh_figure_print(q->s, &figure, out);
    }
    return ZH_OK;
}

/* Codes are shown with their names. */
static zh_str named(const question *q, zh_str value)
{
    const zh_register *reg = q->query.indicator->reg;
    ptrdiff_t at = zh_str_chr(q->dim, '@');
    zh_str id = at >= 0 ? zh_str_sub(q->dim, 0, (size_t)at) : q->dim;
    if (value.n == 0) {
        return ZH_STR("（无值）");
    }
    for (size_t c = 0; reg != NULL && c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            const zh_dim *dim = &reg->cubes[c].dims[d];
            const zh_code *code = zh_str_eq(dim->id, id) && dim->codes != NULL
                                      ? zh_code_find(dim->codes, value, INT32_MIN)
                                      : NULL;
            if (code != NULL) {
                return zh_str_fmt(q->s->cli->arena, "%.*s %.*s", ZH_FMT(value),
                                  ZH_FMT(code->label.zh));
            }
        }
    }
    return value;
}

static void print_many(question *q, const zh_str *values, const zh_figure *figures, size_t n,
                       zh_buf *out)
{
    zh_arena *arena = q->s->cli->arena;
    const char *headers[] = {
        zh_str_c(arena, q->dim), "值>", "区间", "分子>", "分母>", "n>", "状态"};
    zh_text_table table;
    if (n == 0) {
        zh_buf_z(out, "没有可分组的数据：这个地区和期间里没有分母，也没有一条记录\n");
        return;
    }
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        const zh_figure *f = &figures[i];
        zh_text_table_add(&table, named(q, values[i]));
        zh_text_table_add(&table, f->has_value ? f->shown : ZH_STR("—"));
        zh_text_table_add(&table, f->interval_shown);
        zh_text_table_add(&table, f->num);
        zh_text_table_add(&table, f->den.n > 0 ? f->den : ZH_STR("—"));
        zh_text_table_add(&table, zh_text_count(arena, f->n));
        zh_text_table_add(&table, zh_str_of(zh_figure_status_zh(f->status)));
    }
    zh_text_table_print(&table, out);
}

static zh_rc answer_many(question *q, zh_buf *out)
{
    zh_str *values = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    zh_rc rc = zh_figure_by(&q->s->ctx, q->s->conn, &q->query, q->dim, &values, &figures, &n);
    if (rc != ZH_OK || !q->s->cli->json) {
        q->s->cli->usage = rc == ZH_EINVAL;
        if (rc == ZH_OK) {
            print_many(q, values, figures, n, out);
        }
        return rc;
    }
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        zh_jw_object(&w);
        zh_jw_kv(&w, "by", q->dim);
        zh_jw_kv(&w, "key", values[i]);
        zh_figure_json(&w, &figures[i]);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
    return ZH_OK;
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc ask(zh_session *s, zh_buf *out)
{
    if (zh_cli_argument(s->cli, 0).n == 0) {
        if (s->cli->json) {
            json_all(s, out);
        } else {
            print_all(s, out);
        }
        return ZH_OK;
    }
    question *q = ZH_NEW(s->cli->arena, question);
    q->s = s;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = parse(q);
    }
    if (rc == ZH_OK) {
        rc = q->dim.n > 0 ? answer_many(q, out) : answer_one(q, out);
    }
    return rc;
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, ask);
}

static const zh_param arguments[] = {
    {.name = "ID",
     .kind = ZH_PARAM_INDICATOR,
     .optional = true,
     .zh = "指标；省略则列出全部指标",
     .en = "indicator"},
};

static const zh_param options[] = {
    {.name = "region",
     .value = "REGION",
     .kind = ZH_PARAM_TEXT,
     .zh = "地区：代码、名称、简称或拼音首字母；省略为全部",
     .en = "region"},
    {.name = "period",
     .value = "PERIOD",
     .kind = ZH_PARAM_TEXT,
     .zh = "期间：2024、2024H1、2024Q2、2024-03、2024-01/2024-10；省略为全部",
     .en = "period"},
    {.name = "by",
     .value = "DIM",
     .kind = ZH_PARAM_TEXT,
     .zh = "分开来看的维度：place@city、month 等",
     .en = "break-down"},
    {.name = "filter",
     .value = "DIM=VALUE",
     .kind = ZH_PARAM_TEXT,
     .many = true,
     .zh = "只看维度取此值的（代码含其下级）",
     .en = "only this value of a dimension"},
    {.name = "where",
     .value = "EXPR",
     .kind = ZH_PARAM_TEXT,
     .zh = "再加一个条件，从记录重新计数",
     .en = "further filter"},
    {.name = "recount",
     .kind = ZH_PARAM_FLAG,
     .zh = "不用单元格，从记录重新计数",
     .en = "count from the records"},
};

ZH_VERB(indicator) = {
    .name = "indicator",
    .zh = "指标的值：分子、分母、n、区间、方法、来源、期间、截至与账本位置",
    .en = "value of an indicator",
    .example = "zhiheng indicator food_nonconforming_rate --region 湖北 --period 2020Q2\n"
               "zhiheng indicator air_pm25_mean --region 武汉 --period 2014 --by month",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON | ZH_USES_AS_OF,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
