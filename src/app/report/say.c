/* Filling sentences; see say.h. */
#include "app/report/say.h"
#include "app/words.h"
#include "base/vec.h"
#include <inttypes.h>
#include <string.h>

enum { LIST_MAX = 12, HUNDRED = 100 };

typedef struct speaker {
    zh_ctx *ctx;
    const zh_asks *asks;
    const zh_yaml *sentence;
    zh_buf out, missing;
    ZH_VEC(zh_doc_link) links;
    zh_rc rc;
} speaker;

/* A place in a template: NAME[ROW].PROP. */
typedef struct path {
    zh_str name, row, prop;
} path;

static void fail(speaker *s, const char *what, zh_str name)
{
    if (s->rc == ZH_OK) {
        s->rc = zh_err_set(s->ctx->err, ZH_EINVAL, "report.say", "%s“%.*s”", what, ZH_FMT(name));
        zh_yaml_where(s->sentence, s->ctx->err);
    }
}

static void lacks(speaker *s, const zh_ask *ask)
{
    if (s->missing.n > 0) {
        zh_buf_z(&s->missing, "；");
    }
    zh_buf_fmt(&s->missing, "%.*s（%.*s%s%.*s）", ZH_FMT(ask->title), ZH_FMT(ask->region),
               ask->region.n > 0 && ask->period.n > 0 ? "，" : "", ZH_FMT(ask->period));
}

static path path_of(zh_str text)
{
    path p = {.name = zh_str_trim(text)};
    ptrdiff_t dot = zh_str_chr(p.name, '.');
    ptrdiff_t open = zh_str_chr(p.name, '[');
    ptrdiff_t shut = zh_str_chr(p.name, ']');
    if (open > 0 && shut > open) {
        p.row = zh_str_sub(p.name, (size_t)open + 1, (size_t)(shut - open - 1));
        zh_str rest = zh_str_sub(p.name, (size_t)shut + 1, p.name.n);
        p.prop = rest.n > 0 && rest.p[0] == '.' ? zh_str_sub(rest, 1, rest.n) : ZH_STR("");
        p.name = zh_str_sub(p.name, 0, (size_t)open);
    } else if (dot > 0) {
        p.prop = zh_str_sub(p.name, (size_t)dot + 1, p.name.n);
        p.name = zh_str_sub(p.name, 0, (size_t)dot);
    }
    return p;
}

/* Index of a row by its number, -1 when there is no such row. */
static int64_t numbered(zh_str row, size_t n)
{
    int64_t at = 0;
    if (zh_str_i64(row, &at) != ZH_OK || at == 0 || at > HUNDRED * HUNDRED ||
        at < -HUNDRED * HUNDRED) {
        return -1;
    }
    int64_t index = at > 0 ? at - 1 : (int64_t)n + at;
    return index >= 0 && index < (int64_t)n ? index : -1;
}

static const zh_ask_row *row_of(const zh_ask *ask, zh_str row)
{
    for (size_t i = 0; i < ask->nrows && row.n > 0; i++) {
        if (zh_str_eq(ask->rows[i].key, row)) {
            return &ask->rows[i];
        }
    }
    int64_t at = row.n == 0 ? 0 : numbered(row, ask->nrows);
    return at >= 0 && (size_t)at < ask->nrows ? &ask->rows[at] : NULL;
}

/* ---- properties
 * ------------------------------------------------------------------------------------- */

/* A known property without a value is empty, not unknown. */
static zh_str or_nothing(zh_str text)
{
    return text.p != NULL ? text : ZH_STR("");
}

/* A figure's property; p == NULL: not a property of figures. */
static zh_str figure_prop(zh_ctx *ctx, const zh_asks *asks, const zh_figure *f, zh_str prop)
{
    if (prop.n == 0) {
        return zh_report_value(ctx->arena, asks, ctx->model, f);
    }
    if (zh_str_is(prop, "value")) {
        return or_nothing(zh_words_decimal(ctx->arena, f->shown));
    }
    if (zh_str_is(prop, "interval")) {
        return f->has_interval ? f->interval_shown : zh_asks_words(asks, "无区间", "no interval");
    }
    if (zh_str_is(prop, "n")) {
        return zh_words_count(ctx->arena, f->n);
    }
    if (zh_str_is(prop, "num") || zh_str_is(prop, "den")) {
        return or_nothing(zh_words_decimal(ctx->arena, zh_str_is(prop, "num") ? f->num : f->den));
    }
    if (zh_str_is(prop, "unit") && f->indicator != NULL) {
        return or_nothing(zh_words_unit(ctx->model, f->indicator->unit));
    }
    return ZH_STR_NONE;
}

static zh_str day(zh_ctx *ctx, zh_date date)
{
    char text[16];
    zh_date_format(date, text);
    return zh_str_dup(ctx->arena, zh_str_of(text));
}

/* Of control charts and early warning, and of compared pairs. */
static zh_str series_prop(zh_ctx *ctx, const zh_ask *ask, zh_str prop)
{
    if (zh_str_is(prop, "out")) {
        return zh_words_count(ctx->arena, (int64_t)ask->nout);
    }
    if (zh_str_is(prop, "same") && ask->kind == ZH_ASK_RECORDS) {
        return zh_words_count(ctx->arena, (int64_t)ask->nrows - (int64_t)ask->nout);
    }
    if (ask->kind != ZH_ASK_SERIES) {
        return ZH_STR_NONE;
    }
    if (zh_str_is(prop, "centre")) {
        bool percent = ask->indicator->percent;
        return zh_str_fmt(ctx->arena, percent ? "%.1f%%" : "%.0f", ask->centre);
    }
    if (zh_str_is(prop, "shock")) {
        return ask->has_shock ? day(ctx, ask->shock) : ZH_STR("—");
    }
    if (zh_str_is(prop, "alarm")) {
        return ask->has_alarm ? day(ctx, ask->alarm) : ZH_STR("—");
    }
    if (zh_str_is(prop, "latency")) {
        return ask->has_alarm ? zh_words_count(ctx->arena, ask->alarm - ask->shock) : ZH_STR("∞");
    }
    return ZH_STR_NONE;
}

/* What can be counted over the rows of an answer. */
static zh_str list_prop(zh_ctx *ctx, const zh_asks *asks, const zh_ask *ask, zh_str prop)
{
    int64_t above = 0;
    int64_t below = 0;
    int64_t fell = 0;
    int64_t rose = 0;
    int64_t both = 0;
    int64_t records = 0;
    for (size_t i = 0; i < ask->nrows && ask->rows != NULL; i++) {
        const zh_ask_row *row = &ask->rows[i];
        double value = row->figure.has_value ? zh_decimal_double(row->figure.value) : 0;
        records += row->figure.n;
        above += row->figure.has_value && ask->has_standard && value > ask->standard;
        below += row->figure.has_value && ask->has_standard && value <= ask->standard;
        if (row->has_before && row->figure.has_value) {
            int order = zh_decimal_cmp(row->figure.value, row->before.value);
            both++;
            fell += order < 0;
            rose += order > 0;
        }
    }
    const struct {
        const char *name;
        int64_t n;
    } counts[] = {{"count", (int64_t)(ask->kind == ZH_ASK_PAIRS ? ask->npairs : ask->nrows)},
                  {"above", above},
                  {"below", below},
                  {"fell", fell},
                  {"rose", rose},
                  {"both", both},
                  {"records", records},
                  {"units", ask->units},
                  {"total", ask->total},
                  {"high", ask->high}};
    for (size_t i = 0; i < ZH_COUNTOF(counts); i++) {
        if (zh_str_is(prop, counts[i].name)) {
            return zh_words_count(ctx->arena, counts[i].n);
        }
    }
    zh_str made = series_prop(ctx, ask, prop);
    if (made.p != NULL) {
        return made;
    }
    if (zh_str_is(prop, "period")) {
        return or_nothing(ask->period);
    }
    if (zh_str_is(prop, "region")) {
        return or_nothing(ask->region);
    }
    if (zh_str_is(prop, "title")) {
        return or_nothing(ask->title);
    }
    if (zh_str_is(prop, "criteria") && ask->detector != NULL) {
        return zh_detector_criteria(ctx->arena, ask->detector, asks->english);
    }
    if (zh_str_is(prop, "standard")) {
        return zh_yaml_text(ask->declared, "standard");
    }
    return ZH_STR_NONE;
}

zh_str zh_report_ratio(zh_arena *arena, const zh_ratio *ratio)
{
    return ratio->state == ZH_RATIO_FINITE     ? zh_str_fmt(arena, "%.1f", ratio->value)
           : ratio->state == ZH_RATIO_INFINITE ? ZH_STR("∞")
                                               : ZH_STR("–");
}

static zh_str facet_prop(zh_ctx *ctx, const zh_asks *asks, const zh_detected *pair, zh_str prop)
{
    for (size_t i = 0; i < pair->nfacets; i++) {
        const zh_facet *facet = &pair->facets[i];
        if (zh_str_eq(facet->dim->id, prop)) {
            zh_str label =
                facet->label.n > 0 ? facet->label : zh_asks_words(asks, "（无值）", "(none)");
            return zh_str_fmt(ctx->arena, "%.*s %" PRId64 "/%" PRIu64, ZH_FMT(label), facet->n,
                              pair->table.a);
        }
    }
    return ZH_STR_NONE;
}

static zh_str pair_prop(zh_ctx *ctx, const zh_asks *asks, const zh_detected *pair, zh_str prop)
{
    zh_arena *arena = ctx->arena;
    const zh_ratio *prr = &pair->stats.prr;
    if (prop.n == 0 || zh_str_is(prop, "n")) {
        return zh_words_count(arena, (int64_t)pair->table.a);
    }
    if (zh_str_is(prop, "row")) {
        return pair->row_label;
    }
    if (zh_str_is(prop, "column")) {
        return pair->column_label;
    }
    if (zh_str_is(prop, "ratio")) {
        return zh_report_ratio(arena, prr);
    }
    if (zh_str_is(prop, "interval")) {
        return prr->has_interval
                   ? zh_str_fmt(arena, "%.1f–%.1f", prr->interval.lower, prr->interval.upper)
                   : zh_asks_words(asks, "无区间", "no interval");
    }
    if (zh_str_is(prop, "chi2")) {
        return zh_str_fmt(arena, "%.1f", pair->stats.chi2_yates);
    }
    return facet_prop(ctx, asks, pair, prop);
}

/* 安赛蜜（8 批，6.5 倍）、… */
static zh_str pairs_list(zh_ctx *ctx, const zh_asks *asks, const zh_ask *ask)
{
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < ask->npairs && i < LIST_MAX; i++) {
        const zh_detected *p = &ask->pairs[i];
        zh_str ratio = zh_detector_has_ratio(ask->detector)
                           ? zh_str_fmt(ctx->arena, asks->english ? ", %.*s times" : "，%.*s 倍",
                                        ZH_FMT(zh_report_ratio(ctx->arena, &p->stats.prr)))
                           : ZH_STR("");
        out =
            zh_str_fmt(ctx->arena,
                       asks->english ? "%.*s%s%.*s (%" PRIu64 "%.*s%.*s)"
                                     : "%.*s%s%.*s（%" PRIu64 " %.*s%.*s）",
                       ZH_FMT(out),
                       i == 0          ? ""
                       : asks->english ? ", "
                                       : "、",
                       ZH_FMT(p->column_label), p->table.a,
                       ZH_FMT(asks->english ? ZH_STR("") : ask->detector->unit.zh), ZH_FMT(ratio));
    }
    if (ask->npairs > LIST_MAX) {
        out =
            zh_str_fmt(ctx->arena, asks->english ? "%.*s and others, %zu in all" : "%.*s等 %zu 项",
                       ZH_FMT(out), ask->npairs);
    }
    return out;
}

static zh_str target_prop(zh_ctx *ctx, const zh_asks *asks, const zh_target *t, zh_str prop)
{
    const zh_outline_item *item = t->item;
    if (zh_str_is(prop, "clause")) {
        return item->clause;
    }
    if (zh_str_is(prop, "quote")) {
        return item->quote;
    }
    if (zh_str_is(prop, "note")) {
        return asks->english               ? t->status_en
               : item->basis_note.zh.n > 0 ? item->basis_note.zh
                                           : t->status_zh;
    }
    if (zh_str_is(prop, "outline")) {
        const zh_outline *outline = zh_model_outline(ctx->model, item->outline);
        return outline != NULL ? zh_asks_label(asks, outline->title) : item->outline;
    }
    if (zh_str_is(prop, "figure")) {
        return t->has_figure ? zh_report_value(ctx->arena, asks, ctx->model, &t->figure)
                             : zh_asks_words(asks, "数据未到", "no data");
    }
    return zh_str_is(prop, "status") ? (asks->english ? t->status_en : t->status_zh) : ZH_STR_NONE;
}

/* ---- places
 * ----------------------------------------------------------------------------------------- */

/* Limits, comparisons and likenesses of records that have not come are missing, not 0. */
static bool made_of_nothing(const zh_ask *ask)
{
    bool listed = zh_yaml_get(ask->declared, "records") != NULL;
    return (ask->kind == ZH_ASK_SERIES && ask->nrows == 0) ||
           (ask->kind == ZH_ASK_RECORDS && !listed && ask->units == 0);
}

/* What stands at a place; p == NULL and *gone when the answer has no such row or value. */
static zh_str resolve(speaker *s, const zh_ask *ask, const path *p, bool *gone)
{
    zh_ctx *ctx = s->ctx;
    zh_str general =
        p->row.n == 0 && p->prop.n > 0 ? list_prop(ctx, s->asks, ask, p->prop) : ZH_STR_NONE;
    *gone = general.p != NULL && made_of_nothing(ask);
    if (general.p != NULL && !(ask->kind == ZH_ASK_COUNT && zh_str_is(p->prop, "count"))) {
        return general;
    }
    if (ask->kind == ZH_ASK_TARGET) {
        return target_prop(ctx, s->asks, &ask->target, p->prop);
    }
    if (ask->kind == ZH_ASK_COUNT) {
        int64_t n = p->row.n == 0 ? ask->counts.total : 0;
        for (size_t i = 0; i < ask->counts.n && p->row.n > 0; i++) {
            n += zh_str_eq(ask->counts.rows[i].keys[0], p->row) ? ask->counts.rows[i].n : 0;
        }
        *gone = ask->counts.total == 0;
        return zh_words_count(ctx->arena, n);
    }
    if (ask->kind == ZH_ASK_PAIRS) {
        int64_t at = p->row.n > 0 ? numbered(p->row, ask->npairs) : 0;
        if (zh_str_is(p->prop, "list") && ask->npairs == 0 && ask->units > 0) {
            return zh_asks_words(s->asks, "没有达到判据的",
                                 "none"); /* looked for and not found is an answer */
        }
        *gone = at < 0 || (size_t)at >= ask->npairs;
        if (zh_str_is(p->prop, "list") && !*gone) {
            return pairs_list(ctx, s->asks, ask);
        }
        return *gone ? ZH_STR("—") : pair_prop(ctx, s->asks, &ask->pairs[at], p->prop);
    }
    static const zh_figure nothing = {.status = ZH_FIG_NO_DATA};
    const zh_ask_row *row = ask->rows != NULL ? row_of(ask, p->row) : NULL;
    *gone = row == NULL || !row->figure.has_value;
    if (zh_str_is(p->prop, "key")) {
        return row != NULL ? row->label : ZH_STR("—");
    }
    if (zh_str_starts(p->prop, ZH_STR("before"))) {
        *gone = *gone || !row->has_before;
        return *gone ? zh_asks_words(s->asks, "数据未到", "no data")
                     : figure_prop(ctx, s->asks, &row->before, ZH_STR(""));
    }
    return figure_prop(ctx, s->asks, row != NULL ? &row->figure : &nothing, p->prop);
}

static void put_linked(speaker *s, const zh_ask *ask, zh_str text)
{
    zh_doc_link link = {
        .from = s->out.n,
        .n = text.n,
        .href = zh_str_fmt(s->ctx->arena, "#n-%.*s", ZH_FMT(ask->name)),
    };
    if (text.n > 0 && s->links.n < ZH_SAY_LINKS_MAX) {
        zh_vec_push(s->ctx->arena, &s->links, link);
    }
    zh_buf_str(&s->out, text);
}

/* Numbers lead to their question; names and periods are only words. */
static bool is_word(zh_str prop)
{
    static const char *const words[] = {
        "period", "region", "title",    "key", "row",  "column",   "list",    "quote",
        "clause", "note",   "standard", "n",   "unit", "interval", "outline", "criteria"};
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        if (zh_str_is(prop, words[i])) {
            return true;
        }
    }
    return false;
}

static void say_value(speaker *s, zh_str inside)
{
    bool may_lack = inside.n > 0 && inside.p[0] == '~';
    path p = path_of(may_lack ? zh_str_sub(inside, 1, inside.n) : inside);
    const zh_ask *ask = zh_asks_get(s->asks, p.name);
    bool gone = false;
    if (ask == NULL) {
        fail(s, "没有这个提问：", p.name);
        return;
    }
    zh_str text = resolve(s, ask, &p, &gone);
    if (text.p == NULL) {
        fail(s, "提问没有这个属性：", inside);
        return;
    }
    if (gone && may_lack) {
        zh_buf_str(&s->out, zh_asks_words(s->asks, "未报", "not reported"));
        return;
    }
    if (gone) {
        lacks(s, ask);
    }
    if (is_word(p.prop)) {
        zh_buf_str(&s->out, text);
    } else {
        put_linked(s, ask, text);
    }
}

static const zh_figure *compared(speaker *s, zh_str inside)
{
    path p = path_of(inside);
    const zh_ask *ask = zh_asks_get(s->asks, p.name);
    if (ask == NULL || ask->rows == NULL) {
        fail(s, "不能比较：", inside);
        return NULL;
    }
    const zh_ask_row *row = row_of(ask, p.row);
    if (row == NULL || !row->figure.has_value) {
        lacks(s, ask);
        return NULL;
    }
    return &row->figure;
}

/* Two intervals that overlap decide nothing. */
static void say_comparison(speaker *s, zh_str inside)
{
    zh_str words[3];
    zh_str rest = inside;
    zh_str both;
    bool whole = zh_str_split(&rest, '|', &both);
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        whole = whole && rest.p != NULL && zh_str_split(&rest, '|', &words[i]);
    }
    ptrdiff_t mark = zh_str_chr(both, '?');
    if (!whole || mark <= 0) {
        fail(s, "比较要写成 {甲?乙|低于|高于|分不出高低}：", inside);
        return;
    }
    const zh_figure *a = compared(s, zh_str_sub(both, 0, (size_t)mark));
    const zh_figure *b = compared(s, zh_str_sub(both, (size_t)mark + 1, both.n));
    if (a == NULL || b == NULL) {
        return;
    }
    int order = zh_decimal_cmp(a->value, b->value);
    bool overlap = a->has_interval && b->has_interval && a->low <= b->high && b->low <= a->high;
    zh_buf_str(&s->out, words[overlap || order == 0 ? 2 : (order < 0 ? 0 : 1)]);
}

static void say_all(speaker *s, zh_str rest)
{
    while (rest.n > 0 && s->rc == ZH_OK) {
        ptrdiff_t open = zh_str_chr(rest, '{');
        if (open < 0) {
            zh_buf_str(&s->out, rest);
            return;
        }
        zh_buf_str(&s->out, zh_str_sub(rest, 0, (size_t)open));
        rest = zh_str_sub(rest, (size_t)open + 1, rest.n);
        ptrdiff_t shut = zh_str_chr(rest, '}');
        if (shut < 0) {
            fail(s, "括号没有合上：", rest);
            return;
        }
        zh_str inside = zh_str_sub(rest, 0, (size_t)shut);
        if (zh_str_chr(inside, '?') >= 0) {
            say_comparison(s, inside);
        } else {
            say_value(s, inside);
        }
        rest = zh_str_sub(rest, (size_t)shut + 1, rest.n);
    }
}

zh_rc zh_report_say(zh_ctx *ctx, const zh_asks *asks, const zh_yaml *sentence, zh_said *out)
{
    speaker s = {.ctx = ctx, .asks = asks, .sentence = sentence};
    zh_buf_init(&s.out, ZH_SAY_BYTES_MAX);
    zh_buf_init(&s.missing, ZH_SAY_BYTES_MAX);
    say_all(&s, sentence->kind == ZH_YAML_SCALAR ? sentence->text : ZH_STR(""));
    if (s.rc == ZH_OK && (s.out.failed || s.missing.failed)) {
        s.rc = zh_err_set(ctx->err, ZH_ELIMIT, "report.say", "一句话太长");
    }
    *out = (zh_said){
        .text = {.text = zh_str_dup(ctx->arena, zh_buf_view(&s.out)),
                 .links = s.links.p,
                 .nlinks = s.links.n},
        .missing = zh_str_dup(ctx->arena, zh_buf_view(&s.missing)),
    };
    zh_buf_free(&s.out);
    zh_buf_free(&s.missing);
    return s.rc;
}

zh_rc zh_report_say_key(zh_ctx *ctx, const zh_asks *asks, const zh_yaml *mapping, const char *key,
                        zh_doc_text *out)
{
    const zh_yaml *node = zh_asks_key(asks, mapping, key);
    zh_said said = {0};
    *out = (zh_doc_text){.text = ZH_STR("")};
    zh_rc rc = node != NULL ? zh_report_say(ctx, asks, node, &said) : ZH_OK;
    if (rc == ZH_OK && node != NULL) {
        *out = said.text;
    }
    return rc;
}
