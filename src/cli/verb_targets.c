/* targets: what the outlines promised, what was reached, and where no verdict is possible. */
#include "cli/figure.h"
#include "cli/print.h"
#include "cli/session.h"
#include <inttypes.h>

static const char STATUSES[] = "met|on_track|behind|missed|uncertain|no_indicator|no_data|no_value|"
                               "other_basis|needs_evidence";

/* ≥ 95 %, about 90–95 %, 逐年下降 … as in the document. */
static zh_str wanted(zh_arena *arena, const zh_outline_item *item)
{
    if (!item->has_value) {
        return item->comparator;
    }
    zh_str low = zh_decimal_str(arena, item->value);
    zh_str high = item->has_value_max ? zh_decimal_str(arena, item->value_max) : ZH_STR_NONE;
    return zh_str_fmt(arena, "%.*s %s%.*s%s%.*s %.*s", ZH_FMT(item->comparator),
                      item->approximate ? "约 " : "", ZH_FMT(low), high.n > 0 ? "–" : "",
                      ZH_FMT(high), ZH_FMT(item->unit));
}

static bool selected(const char *status, const zh_target *t)
{
    return status == NULL || zh_str_is(zh_str_of(status), zh_target_status_id(t->status));
}

static void print_targets(zh_session *s, const char *status, const zh_target *targets, size_t n,
                          zh_buf *out)
{
    static const char *const headers[] = {"目标",  "名称",  "要求",  "期限",
                                          "现值>", "应达>", "差距>", "状态"};
    zh_arena *arena = s->cli->arena;
    zh_text_table table;
    size_t shown = 0;
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        const zh_target *t = &targets[i];
        if (!selected(status, t)) {
            continue;
        }
        shown++;
        zh_text_table_add(&table, t->item->id);
        zh_text_table_add(&table, t->item->name.zh);
        zh_text_table_add(&table, wanted(arena, t->item));
        zh_text_table_add(&table, t->item->deadline != 0
                                      ? zh_str_fmt(arena, "%" PRId32, t->item->deadline)
                                      : ZH_STR(""));
        zh_text_table_add(&table,
                          t->has_figure && t->figure.has_value ? t->figure.shown : ZH_STR("—"));
        zh_text_table_add(&table, t->has_path ? zh_decimal_str(arena, t->required) : ZH_STR(""));
        zh_text_table_add(&table, t->has_gap ? zh_decimal_str(arena, t->gap) : ZH_STR(""));
        zh_text_table_add(&table, t->status_zh);
    }
    zh_text_table_print(&table, out);
    zh_buf_fmt(out, "%zu 个目标\n", shown);
}

static void json_target(zh_arena *arena, zh_jw *w, const zh_target *t)
{
    const zh_outline_item *item = t->item;
    zh_jw_object(w);
    zh_jw_kv(w, "id", item->id);
    zh_jw_kv(w, "outline", item->outline);
    zh_jw_kv(w, "name", item->name.zh);
    zh_jw_kv(w, "clause", item->clause);
    zh_jw_kv(w, "quote", item->quote);
    zh_jw_kv(w, "comparator", item->comparator);
    zh_jw_kv(w, "unit", item->unit);
    zh_jw_kz(w, "value", item->has_value ? zh_decimal_str(arena, item->value).p : NULL);
    zh_jw_kz(w, "value_max", item->has_value_max ? zh_decimal_str(arena, item->value_max).p : NULL);
    zh_jw_key(w, "deadline");
    if (item->deadline != 0) {
        zh_jw_i64(w, item->deadline);
    } else {
        zh_jw_null(w);
    }
    zh_jw_kv(w, "region", item->region);
    zh_jw_kv(w, "form", t->form);
    zh_jw_kz(w, "status", zh_target_status_id(t->status));
    zh_jw_kv(w, "status_zh", t->status_zh);
    zh_jw_kz(w, "gap", t->has_gap ? zh_decimal_str(arena, t->gap).p : NULL);
    zh_jw_kz(w, "required", t->has_path ? zh_decimal_str(arena, t->required).p : NULL);
    zh_jw_kv(w, "required_note", t->required_note);
    zh_jw_kv(w, "basis_note", item->basis_note.zh);
    zh_jw_key(w, "outside");
    zh_jw_bool(w, t->outside);
    zh_jw_key(w, "figure");
    if (t->has_figure) {
        zh_jw_object(w);
        zh_figure_json(w, &t->figure);
        zh_jw_object_end(w);
    } else {
        zh_jw_null(w);
    }
    zh_jw_object_end(w);
}

static void json_targets(zh_session *s, const char *status, const zh_target *targets, size_t n,
                         zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        if (selected(status, &targets[i])) {
            json_target(s->cli->arena, &w, &targets[i]);
        }
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
}

static zh_rc check_outline(zh_session *s, zh_str outline)
{
    const zh_model *model = s->ctx.model;
    zh_str *known = ZH_NEW_N(s->cli->arena, zh_str, model->noutline_items + 1);
    for (size_t i = 0; i < model->noutline_items; i++) {
        known[i] = model->outline_items[i].outline;
        if (outline.n == 0 || zh_str_eq(known[i], outline)) {
            return ZH_OK;
        }
    }
    if (outline.n == 0) {
        return ZH_OK;
    }
    zh_str near = zh_cli_nearest(outline, known, model->noutline_items);
    zh_rc rc = near.n > 0 ? zh_cli_usage(s->cli, "cli.outline", "没有纲要“%.*s”，是不是 %.*s？",
                                         ZH_FMT(outline), ZH_FMT(near))
                          : zh_cli_usage(s->cli, "cli.outline", "没有纲要“%.*s”", ZH_FMT(outline));
    zh_buf all;
    zh_buf_init(&all, 4096);
    for (size_t i = 0; i < model->noutline_items; i++) {
        if (i == 0 || !zh_str_eq(known[i], known[i - 1])) { /* items stand outline by outline */
            zh_buf_fmt(&all, "%s%.*s", i > 0 ? "、" : "", ZH_FMT(known[i]));
        }
    }
    zh_err_fix(&s->cli->err, "有这些纲要：%.*s", ZH_FMT(zh_buf_view(&all)));
    zh_buf_free(&all);
    return rc;
}

static zh_rc ask(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    const char *at = zh_cli_text(cli, "at");
    const char *status = zh_cli_text(cli, "status");
    zh_str outline = zh_cli_argument(cli, 0);
    zh_date date = 0;
    zh_target *targets = NULL;
    size_t n = 0;
    zh_rc rc = check_outline(s, outline);
    if (rc == ZH_OK && at != NULL && zh_date_parse(zh_str_of(at), &date) != ZH_OK) {
        rc = zh_cli_usage(cli, "cli.date", "--at 要日期（2026-05-09），给出的是“%s”", at);
    }
    if (rc == ZH_OK) {
        rc = zh_session_read(s);
    }
    if (rc == ZH_OK) {
        rc = zh_targets(&s->ctx, s->conn, outline, date, s->as_of, &targets, &n);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (cli->json) {
        json_targets(s, status, targets, n, out);
    } else {
        print_targets(s, status, targets, n, out);
    }
    return ZH_OK;
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, ask);
}

static const zh_param arguments[] = {
    {.name = "OUTLINE",
     .kind = ZH_PARAM_OUTLINE,
     .optional = true,
     .zh = "纲要；省略为全部",
     .en = "policy document"},
};

static const zh_param options[] = {
    {.name = "at",
     .value = "DATE",
     .kind = ZH_PARAM_TEXT,
     .zh = "在哪一天看；省略为数据最新的一天",
     .en = "date"},
    {.name = "status",
     .value = "STATUS",
     .kind = ZH_PARAM_CHOICE,
     .choices = STATUSES,
     .zh = "只看这种状态的",
     .en = "only this status"},
};

ZH_VERB(targets) = {
    .name = "targets",
    .zh = "纲要目标：要求、现值、路径上的应达值、差距、状态",
    .en = "targets of the policy documents",
    .text = "没有挂接指标、没有数据、没有数值、口径不同的目标各有自己的状态，不作达标判断。",
    .example = "zhiheng targets hubei-2023\nzhiheng targets --status missed --json",
    .uses = ZH_MAKES_DATA | ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON |
            ZH_USES_AS_OF,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
