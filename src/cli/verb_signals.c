/* signals: what the detectors have found, with the numbers each signal rests on; --run looks again.
 */
#include "app/signal/judge.h"
#include "app/signal/signal.h"
#include "base/json.h"
#include "cli/print.h"
#include "cli/session.h"
#include <inttypes.h>
#include <string.h>

enum { FACETS_SHOWN = 3 };

/* ---- the detector and the run
 * ------------------------------------------------------------------- */

static zh_rc find_detector(zh_session *s, const char *text, const zh_detector **out)
{
    const zh_model *model = s->ctx.model;
    zh_str id = zh_str_of(text);
    *out = NULL;
    if (text == NULL) {
        return ZH_OK;
    }
    zh_str *known = ZH_NEW_N(s->cli->arena, zh_str, model->ndetectors + 1);
    for (size_t i = 0; i < model->ndetectors; i++) {
        const zh_detector *d = &model->detectors[i];
        known[i] = d->id;
        if (zh_str_eq(d->id, id) || zh_str_eq(d->label.zh, id)) {
            *out = d;
            return ZH_OK;
        }
    }
    zh_str near = zh_cli_nearest(id, known, model->ndetectors);
    zh_rc rc = zh_cli_usage(s->cli, "cli.detector", "没有探测器“%.*s”%s%.*s%s", ZH_FMT(id),
                            near.n > 0 ? "，是不是 " : "", ZH_FMT(near), near.n > 0 ? "？" : "");
    zh_str all = ZH_STR_NONE;
    for (size_t i = 0; i < model->ndetectors; i++) {
        all = zh_str_fmt(s->cli->arena, "%.*s%s%.*s", ZH_FMT(all), i > 0 ? "、" : "",
                         ZH_FMT(known[i]));
    }
    zh_err_fix(&s->cli->err, "可用：%.*s", ZH_FMT(all));
    return rc;
}

static void say_run(zh_session *s, const zh_signal_run *r)
{
    zh_cli_note("%.*s：%.*s 条记录，%.*s %.*s，%zu 个信号（新 %zu，改 %zu，再次成立 %zu，"
                "不再成立 %zu，未变 %zu），开任务 %zu，撤任务 %zu",
                ZH_FMT(r->detector->id), ZH_FMT(zh_text_count(s->cli->arena, r->records)),
                ZH_FMT(zh_text_count(s->cli->arena, r->units)), ZH_FMT(r->detector->unit.zh),
                r->passing, r->created, r->amended, r->revived, r->lapsed, r->same, r->opened,
                r->withdrawn);
}

static zh_rc run_detectors(zh_session *s, const zh_detector *only)
{
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < s->ctx.model->ndetectors && rc == ZH_OK; i++) {
        const zh_detector *d = &s->ctx.model->detectors[i];
        zh_signal_run r;
        if (only == NULL || only == d) {
            rc = zh_signals_run(&s->ctx, d, &r);
        }
        if (rc == ZH_OK && (only == NULL || only == d)) {
            say_run(s, &r);
        }
    }
    return rc;
}

/* ---- for people
 * --------------------------------------------------------------------------------- */

/* The classes of the evidence: what the first facet of the profile says. */
static zh_str classes_text(zh_arena *arena, const zh_signal *s)
{
    zh_str out = ZH_STR_NONE;
    size_t shown = 0;
    for (size_t i = 0; i < s->nfacets && zh_str_eq(s->facets[i].facet, s->facets[0].facet); i++) {
        if (shown == FACETS_SHOWN) {
            return zh_str_fmt(arena, "%.*s 等", ZH_FMT(out));
        }
        out = zh_str_fmt(arena, "%.*s%s%.*s %" PRId64, ZH_FMT(out), shown > 0 ? "、" : "",
                         ZH_FMT(s->facets[i].label), s->facets[i].n);
        shown++;
    }
    return out;
}

static zh_str task_text(zh_arena *arena, const zh_signal_task *t)
{
    zh_str due = t->has_due ? zh_str_sub(zh_text_time(arena, t->due_at - 1), 0, 10) : ZH_STR("—");
    return zh_str_fmt(arena, "%.*s %.*s%.*s 至 %.*s", ZH_FMT(t->kind_label), ZH_FMT(t->place_label),
                      ZH_FMT(t->state_label), ZH_FMT(due));
}

static void print_signals(zh_session *s, const zh_signal *list, size_t n, zh_buf *out)
{
    static const char *const headers[] = {"信号", "n>",   "PRR>", "95% 区间",
                                          "χ²>",  "构成", "状态", "任务"};
    zh_arena *arena = s->cli->arena;
    for (size_t i = 0; i < n;) {
        const zh_detector *d = list[i].declared;
        size_t end = i;
        zh_text_table table;
        zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
        for (; end < n && list[end].declared == d; end++) {
            const zh_signal *x = &list[end];
            zh_text_table_add(&table, x->subject);
            zh_text_table_add(&table, zh_text_count(arena, (int64_t)x->table.a));
            zh_text_table_add(&table, x->prr_shown);
            zh_text_table_add(&table, x->interval_shown);
            zh_text_table_add(&table, x->chi2_shown);
            zh_text_table_add(&table, classes_text(arena, x));
            zh_text_table_add(&table, x->state_label);
            zh_text_table_add(&table, x->has_task ? task_text(arena, &x->task) : ZH_STR_NONE);
        }
        zh_buf_fmt(out, "%.*s（%.*s，第 %.*s 版；%.*s）\n", ZH_FMT(d->label.zh), ZH_FMT(d->id),
                   ZH_FMT(d->version), ZH_FMT(zh_detector_criteria(arena, d, false)));
        zh_text_table_print(&table, out);
        zh_buf_fmt(out, "%zu 个信号。%.*s\n\n", end - i, ZH_FMT(d->note.zh));
        i = end;
    }
    zh_buf_fmt(out, "共 %zu 个信号\n", n);
}

/* ---- for programs
 * ------------------------------------------------------------------------------- */

static void put_number(zh_jw *w, const char *name, bool known, double value)
{
    zh_jw_key(w, name);
    if (known) {
        zh_jw_double(w, value);
    } else {
        zh_jw_null(w);
    }
}

static void put_shown(zh_arena *arena, zh_jw *w, const char *name, zh_str text)
{
    zh_jw_kz(w, name, text.n > 0 ? zh_str_c(arena, text) : NULL);
}

static void put_numbers(zh_arena *arena, zh_jw *w, const zh_signal *s)
{
    const zh_disproportionality *x = &s->stats;
    zh_jw_ki(w, "n", (int64_t)s->table.a);
    zh_jw_kv(w, "unit", s->unit);
    zh_jw_ki(w, "a", (int64_t)s->table.a);
    zh_jw_ki(w, "b", (int64_t)s->table.b);
    zh_jw_ki(w, "c", (int64_t)s->table.c);
    zh_jw_ki(w, "d", (int64_t)s->table.d);
    put_number(w, "expected", s->has_ratio, x->expected);
    put_number(w, "prr", s->has_ratio && x->prr.state == ZH_RATIO_FINITE, x->prr.value);
    zh_jw_key(w, "prr_infinite");
    zh_jw_bool(w, s->has_ratio && x->prr.state == ZH_RATIO_INFINITE);
    put_number(w, "prr_lower", x->prr.has_interval, x->prr.interval.lower);
    put_number(w, "prr_upper", x->prr.has_interval, x->prr.interval.upper);
    put_number(w, "ror", s->has_ratio && x->ror.state == ZH_RATIO_FINITE, x->ror.value);
    put_number(w, "chi2", x->has_chi2, x->chi2);
    put_number(w, "chi2_yates", x->has_chi2, x->chi2_yates);
    zh_jw_key(w, "shown");
    zh_jw_object(w);
    put_shown(arena, w, "prr", s->prr_shown);
    put_shown(arena, w, "interval", s->interval_shown);
    put_shown(arena, w, "chi2_yates", s->chi2_shown);
    put_shown(arena, w, "expected", s->expected_shown);
    zh_jw_object_end(w);
}

static void put_facet(zh_jw *w, const zh_signal_facet *f)
{
    zh_jw_object(w);
    zh_jw_kv(w, "code", f->value);
    zh_jw_kv(w, "label", f->label);
    zh_jw_ki(w, "n", f->n);
    if (f->nmapped > 0) {
        zh_jw_key(w, "samr");
        zh_jw_array(w);
        for (size_t i = 0; i < f->nmapped; i++) {
            zh_jw_object(w);
            zh_jw_kv(w, "code", f->mapped[i].code);
            zh_jw_kv(w, "label", f->mapped[i].label);
            zh_jw_object_end(w);
        }
        zh_jw_array_end(w);
    }
    zh_jw_object_end(w);
}

/* One list a facet of the profile; that of the classes is always there. */
static void put_facets(zh_jw *w, const zh_signal *s)
{
    bool classes = false;
    for (size_t i = 0; i < s->nfacets;) {
        zh_str facet = s->facets[i].facet;
        bool is_class = zh_str_is(facet, "class");
        classes = classes || is_class;
        zh_jw_key_str(w, is_class ? ZH_STR("classes") : facet);
        zh_jw_array(w);
        for (; i < s->nfacets && zh_str_eq(s->facets[i].facet, facet); i++) {
            put_facet(w, &s->facets[i]);
        }
        zh_jw_array_end(w);
    }
    if (!classes) {
        zh_jw_key(w, "classes");
        zh_jw_array(w);
        zh_jw_array_end(w);
    }
}

static void put_evidence(zh_arena *arena, zh_jw *w, const zh_signal *s)
{
    zh_jw_key(w, "evidence");
    zh_jw_object(w);
    zh_jw_kv(w, "register", s->source);
    zh_jw_kv(w, "where", s->where);
    zh_jw_ki(w, "as_of", s->position);
    zh_jw_kv(w, "digest", s->digest);
    zh_jw_key(w, "complete");
    zh_jw_bool(w, s->nrefs < ZH_DETECT_REFS_MAX);
    zh_jw_key(w, "records");
    zh_jw_array(w);
    for (size_t i = 0; i < s->nrefs; i++) {
        zh_jw_object(w);
        zh_jw_kv(w, "office", zh_str_fmt(arena, "%" PRId64, s->refs[i].office));
        zh_jw_kv(w, "id", zh_str_fmt(arena, "%" PRId64, s->refs[i].id));
        zh_jw_kv(w, "key", s->refs[i].key);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
    zh_jw_object_end(w);
}

static void put_task(zh_arena *arena, zh_jw *w, const zh_signal *s)
{
    char at[40];
    const zh_signal_task *t = &s->task;
    zh_jw_key(w, "task");
    if (!s->has_task) {
        zh_jw_null(w);
        return;
    }
    zh_jw_object(w);
    zh_jw_kv(w, "id", zh_str_fmt(arena, "%" PRId64, t->id));
    zh_jw_kv(w, "no", t->no);
    zh_jw_kv(w, "kind", t->kind);
    zh_jw_kv(w, "kind_zh", t->kind_label);
    zh_jw_kv(w, "state", t->state);
    put_shown(arena, w, "place", t->place);
    put_shown(arena, w, "place_zh", t->place_label);
    zh_time_format(t->opened_at, at);
    zh_jw_kz(w, "opened_at", at);
    if (t->has_due) {
        zh_time_format(t->due_at, at);
    }
    zh_jw_kz(w, "due_at", t->has_due ? at : NULL);
    zh_jw_key(w, "late");
    zh_jw_bool(w, t->late);
    zh_jw_object_end(w);
}

static void put_what(zh_arena *arena, zh_jw *w, const zh_signal *s)
{
    zh_jw_kv(w, "id", zh_str_fmt(arena, "%" PRId64, s->id));
    zh_jw_ki(w, "version", s->version);
    zh_jw_kv(w, "detector", s->detector);
    zh_jw_kv(w, "detector_version", s->detector_version);
    zh_jw_kv(w, "engine", s->engine);
    zh_jw_kv(w, "criteria", s->criteria);
    zh_jw_kv(w, "subject", s->subject);
    put_shown(arena, w, "region", s->region);
    zh_jw_kz(w, "region_zh", s->region.n > 0 ? zh_str_c(arena, s->row_label) : NULL);
    zh_jw_kv(w, "row", s->row);
    zh_jw_kv(w, "row_zh", s->row_label);
    zh_jw_kv(w, "item", s->column_label);
    zh_jw_kv(w, "item_code", s->column);
    zh_jw_kv(w, "state", s->state);
    zh_jw_kv(w, "state_zh", s->state_label);
}

static void json_signal(zh_arena *arena, zh_jw *w, const zh_signal *s)
{
    char at[40];
    zh_jw_object(w);
    put_what(arena, w, s);
    put_numbers(arena, w, s);
    put_facets(w, s);
    zh_jw_key(w, "period");
    if (s->dated) {
        zh_jw_object(w);
        zh_date_format(s->first, at);
        zh_jw_kz(w, "first", at);
        zh_date_format(s->last, at);
        zh_jw_kz(w, "last", at);
        zh_jw_object_end(w);
    } else {
        zh_jw_null(w);
    }
    put_evidence(arena, w, s);
    put_task(arena, w, s);
    zh_time_format(s->recorded_at, at);
    zh_jw_kz(w, "recorded_at", at);
    zh_jw_object_end(w);
}

static void json_signals(zh_session *s, const zh_signal *list, size_t n, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_signal(s->cli->arena, &w, &list[i]);
    }
    zh_jw_array_end(&w);
    zh_buf_c(out, '\n');
}

/* ---- verb
 * --------------------------------------------------------------------------------------- */

static zh_rc ask(zh_session *s, zh_buf *out)
{
    zh_signals_query q = {.with_lapsed = zh_cli_flag(s->cli, "all")};
    zh_signal *list = NULL;
    size_t n = 0;
    zh_rc rc = find_detector(s, zh_cli_text(s->cli, "detector"), &q.detector);
    if (rc == ZH_OK) {
        rc = zh_session_region(s, zh_cli_text(s->cli, "region"), &q.region);
    }
    if (rc == ZH_OK && zh_cli_flag(s->cli, "run")) {
        rc = run_detectors(s, q.detector);
    }
    if (rc == ZH_OK) {
        rc = zh_session_read(s);
    }
    if (rc == ZH_OK) {
        rc = zh_signals_list(&s->ctx, s->conn, &q, &list, &n);
    }
    if (rc == ZH_OK && s->cli->json) {
        json_signals(s, list, n, out);
    } else if (rc == ZH_OK) {
        print_signals(s, list, n, out);
    }
    return rc;
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, ask);
}

static const zh_param options[] = {
    {.name = "detector",
     .value = "DETECTOR",
     .kind = ZH_PARAM_TEXT,
     .zh = "只用这个探测器；省略为全部",
     .en = "only this detector"},
    {.name = "region",
     .value = "REGION",
     .kind = ZH_PARAM_TEXT,
     .zh = "只看这个地区的：代码、名称、简称或拼音首字母",
     .en = "region"},
    {.name = "run",
     .kind = ZH_PARAM_FLAG,
     .zh = "先按现有记录重新探测，写入信号并开任务",
     .en = "detect again first"},
    {.name = "all",
     .kind = ZH_PARAM_FLAG,
     .zh = "也列出已不成立的信号",
     .en = "lapsed signals too"},
};

ZH_VERB(signals) = {
    .name = "signals",
    .zh = "风险信号：四格计数、PRR 与区间、χ²、构成、证据、任务",
    .en = "signals of risk",
    .text = "信号是值得看，不是有问题：占比只在已登记的记录内部比较，不是发生率。"
            "记录没有变化时，再次 --run 不写任何东西；有变化时，信号成为新的一版并写明原因。",
    .example = "zhiheng signals --run\nzhiheng signals --region 湖北 --json\n"
               "zhiheng signals --detector food_offsite_supply",
    .uses = ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
