/* From a declaration to a document; see compose.h. */
#include "app/report/compose.h"
#include "app/report/show.h"
#include "app/words.h"
#include "base/vec.h"
#include "core/record/record.h"
#include <string.h>

enum { COVER_MAX = 20 };

typedef struct maker {
    zh_ctx *ctx;
    const zh_compose_options *o;
    const zh_yaml *declared;
    zh_asks *asks;
    zh_show show;
    ZH_VEC(zh_doc_block) blocks;
    size_t chapters, sections, findings, figures, tables;
    int64_t missing, position;
    zh_doc doc;
} maker;

/* ---- blocks
 * ----------------------------------------------------------------------------------------- */

static void push(maker *m, zh_doc_block block)
{
    zh_vec_push(m->ctx->arena, &m->blocks, block);
}

/* A sentence, or what stands for it when something is missing. */
static zh_rc say(maker *m, const zh_yaml *item, const zh_yaml *sentence, zh_doc_text *out)
{
    zh_said said;
    const zh_yaml *otherwise = zh_asks_key(m->asks, item, "otherwise");
    zh_rc rc = zh_report_say(m->ctx, m->asks, sentence, &said);
    if (rc != ZH_OK || said.missing.n == 0) {
        *out = said.text;
        return rc;
    }
    m->missing++;
    if (otherwise != NULL) {
        rc = zh_report_say(m->ctx, m->asks, otherwise, &said);
        *out = said.text;
        return rc;
    }
    *out = (zh_doc_text){
        .text = zh_str_fmt(m->ctx->arena, m->o->english ? "No data yet: %.*s." : "数据未到：%.*s。",
                           ZH_FMT(said.missing))};
    return ZH_OK;
}

static zh_rc add_heading(maker *m, const zh_yaml *item, const zh_yaml *title)
{
    bool top = zh_str_starts(title->key, ZH_STR("chapter"));
    bool plain = zh_str_is(zh_yaml_text(item, "plain"), "true");
    zh_doc_block block = {.kind = top ? ZH_DOC_CHAPTER : ZH_DOC_SECTION,
                          .text = {.text = title->text}};
    if (top && !plain) {
        m->chapters++;
        m->sections = 0;
        block.number = zh_str_fmt(m->ctx->arena, "%zu", m->chapters);
    } else if (!top && !plain) {
        m->sections++;
        block.number = zh_str_fmt(m->ctx->arena, "%zu.%zu", m->chapters, m->sections);
    }
    block.name = zh_str_fmt(m->ctx->arena, "c-%zu", m->blocks.n + 1);
    push(m, block);
    return ZH_OK;
}

static zh_rc add_sentence(maker *m, const zh_yaml *item, const zh_yaml *sentence)
{
    static const char *const numerals[] = {"一", "二", "三", "四", "五",
                                           "六", "七", "八", "九", "十"};
    zh_doc_block block = {.kind = ZH_DOC_PARAGRAPH};
    if (zh_str_starts(sentence->key, ZH_STR("finding"))) {
        block.kind = ZH_DOC_FINDING;
        block.number = m->findings < ZH_COUNTOF(numerals) && !m->o->english
                           ? zh_str_of(numerals[m->findings])
                           : zh_str_fmt(m->ctx->arena, "%zu", m->findings + 1);
        m->findings++;
    } else if (zh_str_starts(sentence->key, ZH_STR("note"))) {
        block.kind = ZH_DOC_NOTE;
    }
    int64_t missing = m->missing;
    zh_rc rc = say(m, item, sentence, &block.text);
    block.lacking = m->missing > missing;
    push(m, block);
    return rc;
}

static zh_rc add_list(maker *m, const zh_yaml *item, const zh_yaml *list)
{
    zh_doc_text *items = ZH_NEW_N(m->ctx->arena, zh_doc_text, ZH_DOC_ITEMS_MAX + 1);
    zh_doc_block block = {.kind = ZH_DOC_LIST, .items = items};
    zh_rc rc = ZH_OK;
    for (const zh_yaml *one = list->first; one != NULL && rc == ZH_OK; one = one->next) {
        if (block.nitems == ZH_DOC_ITEMS_MAX) {
            return zh_show_refuse(&m->show, one, "report.list", "列表太长：", one->text);
        }
        rc = say(m, item, one, &items[block.nitems++]);
    }
    push(m, block);
    return rc;
}

static zh_rc add_shown(maker *m, const zh_yaml *item, const zh_yaml *kind)
{
    zh_doc_block block = {.kind = ZH_DOC_FIGURE, .id = zh_yaml_text(item, "id")};
    const zh_yaml *title = zh_asks_key(m->asks, item, "title");
    bool figure = zh_str_is(kind->key, "figure");
    size_t *number = figure ? &m->figures : &m->tables;
    zh_doc_text what;
    zh_doc_text read;
    int64_t missing = m->missing;
    zh_rc rc = title != NULL
                   ? say(m, item, title, &block.text)
                   : zh_show_refuse(&m->show, item, "report.title", "图表没有题目：", kind->text);
    if (rc == ZH_OK) {
        rc = zh_report_say_key(m->ctx, m->asks, item, "what", &what);
    }
    if (rc == ZH_OK) {
        rc = zh_report_say_key(m->ctx, m->asks, item, "read", &read);
    }
    if (rc == ZH_OK) {
        rc =
            figure ? zh_show_figure(&m->show, item, &block) : zh_show_table(&m->show, item, &block);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    block.lacking = m->missing > missing;
    block.what = what.text;
    block.read = read.text;
    bool nothing = figure ? block.draw == NULL : block.table.nrows == 0;
    if (nothing) {
        m->missing++;
        zh_str note = zh_str_fmt(m->ctx->arena,
                                 m->o->english ? "No data yet, nothing is drawn: %.*s"
                                               : "数据未到，没有图表：%.*s",
                                 ZH_FMT(what.text));
        push(m, (zh_doc_block){.kind = ZH_DOC_NOTE, .text = {.text = note}});
        return ZH_OK;
    }
    block.number = zh_str_fmt(m->ctx->arena, "%s %zu",
                              figure ? zh_asks_words(m->asks, "图", "Figure").p
                                     : zh_asks_words(m->asks, "表", "Table").p,
                              ++*number);
    push(m, block);
    return ZH_OK;
}

static zh_rc add_mark(maker *m, const zh_yaml *item, const zh_yaml *mark)
{
    (void)item;
    push(m, (zh_doc_block){.kind = zh_str_is(mark->key, "page") ? ZH_DOC_PAGE : ZH_DOC_CONTENTS});
    return ZH_OK;
}

static zh_rc add_item(maker *m, const zh_yaml *item)
{
    static const struct {
        const char *key;
        zh_rc (*add)(maker *m, const zh_yaml *item, const zh_yaml *value);
    } kinds[] = {
        {"chapter", add_heading}, {"section", add_heading},  {"contents", add_mark},
        {"page", add_mark},       {"finding", add_sentence}, {"say", add_sentence},
        {"note", add_sentence},   {"list", add_list},        {"figure", add_shown},
        {"table", add_shown},
    };
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        const zh_yaml *value = zh_asks_key(m->asks, item, kinds[i].key);
        if (value != NULL) {
            return kinds[i].add(m, item, value);
        }
    }
    return zh_show_refuse(&m->show, item, "report.body", "不认识的内容", ZH_STR("body"));
}

/* ---- the document
 * ----------------------------------------------------------------------------------- */

static zh_rc add_cover(maker *m)
{
    const zh_yaml *lines = zh_asks_key(m->asks, m->declared, "cover");
    zh_str *cover = ZH_NEW_N(m->ctx->arena, zh_str, COVER_MAX);
    zh_rc rc = ZH_OK;
    for (const zh_yaml *l = lines != NULL ? lines->first : NULL;
         l != NULL && rc == ZH_OK && m->doc.ncover < COVER_MAX; l = l->next) {
        zh_doc_text text;
        rc = say(m, l, l, &text);
        cover[m->doc.ncover++] = text.text;
    }
    m->doc.cover = cover;
    return rc;
}

static zh_rc compose(maker *m, zh_conn *conn)
{
    zh_time at = 0;
    zh_ctx *ctx = m->ctx;
    m->position = m->o->as_of;
    zh_rc rc = m->position < 0 ? zh_log_size(conn, &m->position, ctx->err) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_log_time(conn, m->position, &at, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_report_ask(ctx, conn, m->declared, m->o->as_of, m->o->english, m->asks);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    m->show = (zh_show){
        .ctx = ctx,
        .asks = m->asks,
        .stamp = zh_str_fmt(
            ctx->arena, m->o->english ? "As of ledger #%.*s, %.*s" : "截至 账本 #%.*s　%.*s",
            ZH_FMT(zh_words_count(ctx->arena, m->position)), ZH_FMT(zh_words_time(ctx->arena, at))),
        .base = m->o->base,
        .base_local = m->o->base_local,
        .served = m->o->served,
        .width = m->o->width > 0 ? m->o->width : ZH_REPORT_CHART_WIDTH,
        .narrow = m->o->narrow,
    };
    m->doc = (zh_doc){.english = m->o->english,
                      .title = zh_asks_text(m->asks, m->declared, "title"),
                      .subtitle = zh_asks_text(m->asks, m->declared, "subtitle"),
                      .author = zh_asks_text(m->asks, m->declared, "author"),
                      .subject = zh_asks_text(m->asks, m->declared, "subject"),
                      .stamp = m->show.stamp,
                      .created = at};
    rc = add_cover(m);
    const zh_yaml *body = zh_yaml_get(m->declared, "body");
    for (const zh_yaml *item = body != NULL ? body->first : NULL; item != NULL && rc == ZH_OK;
         item = item->next) {
        rc = add_item(m, item);
    }
    m->doc.blocks = m->blocks.p;
    m->doc.n = m->blocks.n;
    return rc;
}

zh_rc zh_report_compose(zh_ctx *ctx, zh_conn *conn, const zh_yaml *declared,
                        const zh_compose_options *options, zh_composed *out)
{
    maker m = {.ctx = ctx, .o = options, .declared = declared, .asks = &out->asks};
    *out = (zh_composed){0};
    zh_rc rc = compose(&m, conn);
    out->doc = m.doc;
    out->show = m.show;
    out->missing = m.missing;
    out->position = m.position;
    return rc;
}
