/* figure: publishing numbers, listing them, opening them down to their records, handing them out.
 */
#include "base/json.h"
#include "base/os.h"
#include "cli/figure.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/figure/publish.h"
#include <inttypes.h>

enum { FILE_MAX_BYTES = 256 << 20, SHOWN = 20 };

/* ---- publish --------------------------------------------------------------------------------- */

static zh_rc read_filters(zh_cli *cli, zh_figure_query *query)
{
    const zh_str *given = NULL;
    size_t n = zh_cli_values(cli, "filter", &given);
    zh_cell_filter *filters = ZH_NEW_N(cli->arena, zh_cell_filter, n + 1);
    for (size_t i = 0; i < n; i++) {
        ptrdiff_t equals = zh_str_chr(given[i], '=');
        if (equals <= 0) {
            return zh_cli_usage(cli, "cli.filter", "--filter 要 维度=取值，给出的是“%.*s”",
                                ZH_FMT(given[i]));
        }
        filters[i] = (zh_cell_filter){.dim = zh_str_sub(given[i], 0, (size_t)equals),
                                      .value = zh_str_sub(given[i], (size_t)equals + 1, given[i].n),
                                      .subtree = true};
    }
    query->filters = filters;
    query->nfilters = n;
    return ZH_OK;
}

/* board: of no single indicator. */
static zh_rc read_ask(zh_session *s, zh_publish_ask *out, bool board)
{
    zh_cli *cli = s->cli;
    zh_str id = zh_cli_argument(cli, 1);
    const char *period = zh_cli_text(cli, "period");
    zh_figure_query *q = &out->query;
    q->indicator = zh_model_indicator(s->ctx.model, id);
    q->as_of = s->as_of;
    if (board && (zh_cli_given(cli, "where") || zh_cli_given(cli, "title"))) {
        return zh_cli_usage(cli, "cli.missing", "--where 和 --title 要与一个指标一起给");
    }
    if (q->indicator == NULL && !board) {
        return zh_cli_usage(cli, "cli.indicator", "没有指标“%.*s”，全部指标见 zhiheng indicator",
                            ZH_FMT(id));
    }
    if (period != NULL && zh_period_parse(zh_str_of(period), &q->first, &q->last) != ZH_OK) {
        return zh_cli_usage(cli, "cli.period", "“%s”不是期间：2024、2024H1、2024Q2、2024-03",
                            period);
    }
    zh_rc rc = zh_session_region(s, zh_cli_text(cli, "region"), &q->region);
    if (rc == ZH_OK && !board && q->indicator->reg != NULL) {
        rc = zh_session_where(s, q->indicator->reg, zh_cli_text(cli, "where"), &q->where);
    }
    out->title = zh_str_of(zh_cli_text(cli, "title"));
    out->publication = zh_str_of(zh_cli_text(cli, "publication"));
    return rc == ZH_OK ? read_filters(cli, q) : rc;
}

static void print_line(const zh_published *p, zh_buf *out)
{
    zh_buf_fmt(out, "%" PRId64 "  %.*s = %.*s%s%.*s", p->id, ZH_FMT(p->title), ZH_FMT(p->value),
               p->unit.n > 0 ? " " : "", ZH_FMT(p->unit));
    zh_buf_fmt(out, "  （%.*s%s%.*s）", ZH_FMT(p->region),
               p->region.n > 0 && p->period.n > 0 ? "，" : "", ZH_FMT(p->period));
    zh_buf_fmt(out, "  账本 #%" PRId64 "，第 %" PRId64 " 条\n", p->size, p->position);
}

static void json_members(zh_arena *arena, zh_jw *w, const zh_published *p)
{
    char at[40];
    zh_time_format(p->at, at);
    zh_jw_kv(w, "id", zh_str_fmt(arena, "%" PRId64, p->id)); /* beyond what a double holds */
    zh_jw_kv(w, "title", p->title);
    zh_jw_kv(w, "indicator", p->indicator);
    zh_jw_kv(w, "region", p->region);
    zh_jw_kv(w, "period", p->period);
    zh_jw_kv(w, "value", p->value);
    zh_jw_kv(w, "unit", p->unit);
    zh_jw_kv(w, "numerator", p->num);
    zh_jw_kv(w, "denominator", p->den);
    zh_jw_kv(w, "fold", p->fold);
    zh_jw_kv(w, "formula", p->formula);
    zh_jw_kv(w, "publication", p->publication);
    zh_jw_kv(w, "actor", p->actor);
    zh_jw_kz(w, "published_at", at);
    zh_jw_ki(w, "checkpoint_size", p->size);
    zh_jw_ki(w, "position", p->position);
    zh_jw_ki(w, "details", (int64_t)p->details);
    zh_jw_ki(w, "candidates", (int64_t)p->frames);
}

/* `many`: JSON is a list, else the one figure. */
static void put_published(zh_session *s, const zh_published *list, size_t n, bool many, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    if (s->cli->json && many) {
        zh_jw_array(&w);
    }
    for (size_t i = 0; i < n; i++) {
        if (s->cli->json) {
            zh_jw_object(&w);
            json_members(s->cli->arena, &w, &list[i]);
            zh_jw_object_end(&w);
        } else {
            print_line(&list[i], out);
        }
    }
    if (s->cli->json && many) {
        zh_jw_array_end(&w);
    }
    if (s->cli->json) {
        zh_buf_c(out, '\n');
    }
}

static zh_rc do_publish(zh_session *s, zh_buf *out, int *code)
{
    zh_publish_ask ask = {.query.as_of = ZH_AS_OF_NOW};
    zh_published *list = ZH_NEW_N(s->cli->arena, zh_published, s->ctx.model->nindicators + 1);
    size_t n = 0;
    bool board = zh_cli_argument(s->cli, 1).n == 0;
    (void)code;
    zh_rc rc = zh_session_read(s); /* says what --as-of means; publishing reads for itself */
    if (rc == ZH_OK) {
        rc = read_ask(s, &ask, board);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_read_end(s->conn);
    zh_store_release(s->conn);
    s->conn = NULL;
    if (board) {
        rc = zh_publish_board(&s->ctx, &ask, list, &n);
    } else {
        rc = zh_publish(&s->ctx, &ask, &list[0]);
        n = 1;
    }
    if (rc == ZH_OK) {
        put_published(s, list, n, n != 1, out);
    }
    return rc;
}

/* ---- list ------------------------------------------------------------------------------------ */

static zh_rc do_list(zh_session *s, zh_buf *out, int *code)
{
    zh_published *list = NULL;
    size_t n = 0;
    (void)code;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = zh_published_list(&s->ctx, s->conn, zh_str_of(zh_cli_text(s->cli, "publication")),
                               ZH_FIGURE_LIST_MAX, &list, &n);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    put_published(s, list, n, true, out);
    if (!s->cli->json && n == 0) {
        zh_buf_z(out, "没有已发布的数字\n");
    }
    return ZH_OK;
}

/* ---- open ------------------------------------------------------------------------------------ */

static zh_rc find(zh_session *s, zh_published *out)
{
    int64_t id = 0;
    zh_str text = zh_cli_argument(s->cli, 1);
    if (zh_str_i64(text, &id) != ZH_OK) {
        return zh_cli_usage(s->cli, "cli.missing", "要已发布数字的编号，见 zhiheng figure list");
    }
    return zh_published_get(&s->ctx, s->conn, id, out);
}

static void mark(zh_buf *out, bool good, const char *what)
{
    zh_buf_fmt(out, "%s %s\n", good ? "✓" : "✗", what);
}

static void print_open(zh_session *s, const zh_published *p, const zh_reopened *r, zh_buf *out)
{
    zh_arena *a = s->cli->arena;
    print_line(p, out);
    zh_buf_fmt(out, "发布：%.*s，%.*s%s%.*s\n", ZH_FMT(zh_text_time(a, p->at)), ZH_FMT(p->actor),
               p->publication.n > 0 ? "，" : "", ZH_FMT(p->publication));
    zh_buf_fmt(out, "分子 %.*s，分母 %.*s；用到 %" PRIu64 " 条记录，候选 %" PRIu64 " 条\n",
               ZH_FMT(p->num), ZH_FMT(p->den.n > 0 ? p->den : ZH_STR("无")), p->details, p->frames);
    zh_buf_fmt(out, "口径 %.*s：%.*s", ZH_FMT(zh_str_sub(p->formula, 0, 16)),
               ZH_FMT(p->formula_text));
    mark(out, r->entry, "字段与发件箱里的凭证一致");
    mark(out, r->sealed, "凭证在签名的存证日志里");
    mark(out, r->lists, "逐条清单与凭证里的根一致");
    if (r->recounted) {
        mark(out, r->same, "按发布时的账本重新计数，数值和逐条清单一致");
    } else {
        zh_buf_z(out, "－ 口径已经改变，不能按现在的声明重数；上面的清单仍可逐条核对\n");
    }
    if (r->has_now) {
        zh_buf_fmt(out, "同一个问题现在的答案：%.*s\n",
                   ZH_FMT(r->now.has_value ? r->now.shown : ZH_STR("没有值")));
    }
    zh_buf_fmt(out, "发布以后，候选记录有 %" PRId64 " 次更正、流转或删除\n", r->corrected);
    for (size_t i = 0; i < r->ncorrections && i < SHOWN; i++) {
        const zh_figure_correction *c = &r->corrections[i];
        zh_buf_fmt(
            out, "  %.*s/%" PRId64 "/%" PRId64 " 第 %d 版 %.*s %.*s（发布时用第 %" PRId64 " 条）\n",
            ZH_FMT(p->reg), c->office, c->id, (int)c->version, ZH_FMT(c->op),
            ZH_FMT(zh_text_time(a, c->at)), c->index);
    }
}

static void json_open(zh_arena *arena, const zh_published *p, const zh_reopened *r, zh_buf *out)
{
    zh_jw w;
    const struct {
        const char *name;
        bool value;
    } flags[] = {{"entry", r->entry},     {"sealed", r->sealed},       {"lists", r->lists},
                 {"formula", r->formula}, {"recounted", r->recounted}, {"same", r->same}};
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    json_members(arena, &w, p);
    for (size_t i = 0; i < ZH_COUNTOF(flags); i++) {
        if (zh_str_is(zh_str_of(flags[i].name), "formula")) {
            zh_jw_key(&w, "same_formula");
        } else {
            zh_jw_key(&w, flags[i].name);
        }
        zh_jw_bool(&w, flags[i].value);
    }
    zh_jw_kv(&w, "now", r->has_now && r->now.has_value ? r->now.shown : ZH_STR(""));
    zh_jw_ki(&w, "corrected", r->corrected);
    zh_jw_key(&w, "corrections");
    zh_jw_array(&w);
    for (size_t i = 0; i < r->ncorrections; i++) {
        const zh_figure_correction *c = &r->corrections[i];
        zh_jw_object(&w);
        zh_jw_ki(&w, "office", c->office);
        zh_jw_ki(&w, "version", c->version);
        zh_jw_kv(&w, "op", c->op);
        zh_jw_ki(&w, "index", c->index);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static zh_rc do_open(zh_session *s, zh_buf *out, int *code)
{
    zh_published p;
    zh_reopened r;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = find(s, &p);
    }
    if (rc == ZH_OK) {
        rc = zh_published_check(&s->ctx, s->conn, &p, &r);
    }
    if (rc == ZH_OK && s->cli->json) {
        json_open(s->cli->arena, &p, &r, out);
    } else if (rc == ZH_OK) {
        print_open(s, &p, &r, out);
    }
    bool good = rc == ZH_OK && r.entry && r.sealed && r.lists && (!r.recounted || r.same);
    *code = good ? ZH_EXIT_OK : ZH_EXIT_NO;
    return rc;
}

/* ---- export ---------------------------------------------------------------------------------- */

static zh_rc do_export(zh_session *s, zh_buf *out, int *code)
{
    zh_cli *cli = s->cli;
    zh_published p;
    zh_opening_file file;
    const zh_str *fields = NULL;
    size_t n = zh_cli_values(cli, "field", &fields);
    zh_jw w;
    (void)code;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        rc = find(s, &p);
    }
    if (rc == ZH_OK) {
        uint64_t records = zh_cli_number(cli, "records", 0);
        rc = zh_published_file(&s->ctx, s->conn, &p,
                               records < ZH_OPENING_RECORDS_MAX ? (size_t)records
                                                                : ZH_OPENING_RECORDS_MAX,
                               fields, n, &file);
    }
    if (rc != ZH_OK || !zh_cli_given(cli, "out")) {
        if (rc == ZH_OK) {
            zh_jw_init(&w, out, 2);
            zh_opening_write(&file, &w);
            zh_buf_c(out, '\n');
        }
        return rc;
    }
    zh_buf text;
    zh_buf_init(&text, FILE_MAX_BYTES);
    zh_jw_init(&w, &text, 2);
    zh_opening_write(&file, &w);
    zh_buf_c(&text, '\n');
    rc = text.failed ? zh_err_set(&cli->err, ZH_ELIMIT, "figure.file", "文件超过 %d MB",
                                  FILE_MAX_BYTES >> 20)
                     : zh_file_replace(zh_cli_text(cli, "out"), zh_buf_view(&text), &cli->err);
    zh_buf_free(&text);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%s\n", zh_cli_text(cli, "out"));
    }
    return rc;
}

/* ---- verb ------------------------------------------------------------------------------------ */

static int run(zh_cli *cli)
{
    static const struct {
        const char *name;
        zh_session_action run;
    } actions[] = {
        {"list", do_list}, {"publish", do_publish}, {"open", do_open}, {"export", do_export}};
    size_t i = 0;
    while (!zh_str_is(zh_cli_argument(cli, 0), actions[i].name)) {
        i++; /* the choice has been checked */
        zh_assert(i < ZH_COUNTOF(actions));
    }
    return zh_session_act(cli, actions[i].run);
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "list|publish|open|export",
     .zh = "列出、发布、打开、导出",
     .en = "what to do"},
    {.name = "WHAT",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "publish：指标，省略则发布看板上全部有值的指标；open、export：已发布数字的编号",
     .en = "indicator or figure"},
};

static const zh_param options[] = {
    {.name = "region",
     .value = "REGION",
     .kind = ZH_PARAM_TEXT,
     .zh = "publish：地区",
     .en = "region"},
    {.name = "period",
     .value = "PERIOD",
     .kind = ZH_PARAM_TEXT,
     .zh = "publish：期间",
     .en = "period"},
    {.name = "filter",
     .value = "DIM=VALUE",
     .kind = ZH_PARAM_TEXT,
     .many = true,
     .zh = "publish：只看维度取此值的",
     .en = "only this value of a dimension"},
    {.name = "where",
     .value = "EXPR",
     .kind = ZH_PARAM_TEXT,
     .zh = "publish：再加一个条件",
     .en = "further condition"},
    {.name = "title",
     .value = "TEXT",
     .kind = ZH_PARAM_TEXT,
     .zh = "publish：发布时的名称",
     .en = "title"},
    {.name = "publication",
     .value = "ID",
     .kind = ZH_PARAM_TEXT,
     .zh = "publish、list：发布在哪份报告里",
     .en = "publication"},
    {.name = "records",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .zh = "export：附上用到的前 N 条记录",
     .en = "records to add"},
    {.name = "field",
     .value = "FIELD",
     .kind = ZH_PARAM_TEXT,
     .many = true,
     .zh = "export：所附记录出示这个字段，* 指全部非个人信息字段",
     .en = "fields to disclose"},
    {.name = "out", .value = "FILE", .kind = ZH_PARAM_FILE, .zh = "export：写到文件", .en = "file"},
};

ZH_VERB(figure) = {
    .name = "figure",
    .zh = "已发布的数字：发布、列出、打开到记录、导出给别人核对",
    .en = "published figures: publish, list, open, export",
    .text = "发布一个数字，就在存证日志里记下它的口径、分子、分母、数值、当时的账本位置，以及逐条记"
            "录清单"
            "和候选清单的根。\n"
            "open 重新证明并按当时的账本重数；有一处对不上，退出码为 1。export 的文件用 "
            "zhiheng-verify 在别的机器上核对，不需要本系统的数据库。",
    .example = "zhiheng figure publish food_nonconforming_rate --region 湖北 --period 2020\n"
               "zhiheng figure publish --region 湖北 --period 2020  # 整个看板\n"
               "zhiheng figure list\n"
               "zhiheng figure open 912290137612750848\n"
               "zhiheng figure export 912290137612750848 --records 100 --out 数字.figure.json",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON | ZH_USES_AS_OF,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
