/* The annex of a report: its published figures. */
#include "app/report/annex.h"
#include "app/report/ask.h"
#include "app/words.h"
#include "core/figure/publish.h"
#include "fmt/qr.h"
#include <inttypes.h>

typedef struct annex {
    zh_ctx *ctx;
    zh_composed *made;
    size_t chapters, tables; /* numbered ones before it */
    ZH_VEC(zh_doc_block) blocks;
} annex;

static void push(annex *a, zh_doc_block block)
{
    zh_vec_push(a->ctx->arena, &a->blocks, block);
}

enum { ANNEX_COLUMNS = 4, QR_UNITS = 60 };

static zh_rc annex_row(annex *a, const zh_published *p, zh_doc_cell *cells)
{
    zh_arena *arena = a->ctx->arena;
    zh_str url = zh_str_fmt(arena, "%.*s/figures/%" PRId64, ZH_FMT(a->made->show.base), p->id);
    zh_str where = zh_str_fmt(arena, "%.*s%s%.*s",
                              ZH_FMT(zh_report_region(&a->made->asks, a->ctx->model, p->region)),
                              p->region.n > 0 && p->period.n > 0 ? "，" : "", ZH_FMT(p->period));
    zh_str what =
        where.n > 0 ? zh_str_fmt(arena, "%.*s（%.*s）", ZH_FMT(p->title), ZH_FMT(where)) : p->title;
    cells[0] = (zh_doc_cell){.text = what};
    cells[1] = (zh_doc_cell){.text = zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(p->value),
                                                ZH_FMT(zh_words_unit(a->ctx->model, p->unit)))};
    cells[2] = (zh_doc_cell){.text = zh_str_fmt(arena, "%" PRId64, p->id), .href = url};
    return zh_qr_draw(
        arena, url, QR_UNITS,
        zh_str_fmt(arena, a->made->asks.english ? "QR code: %.*s" : "二维码：%.*s", ZH_FMT(url)),
        &cells[3].draw, a->ctx->err);
}

/* What a reader elsewhere must know when no public address was declared. */
static zh_str only_here(const annex *a)
{
    if (!a->made->show.base_local) {
        return ZH_STR("");
    }
    return zh_asks_words(
        &a->made->asks,
        "没有声明对外地址：这里的链接和二维码只在生成报告的这台机器上打得开，"
        "在别处请凭编号向发布方索取开示文件。",
        " No public address was declared: links and codes here open on the machine "
        "that made the report only; elsewhere ask the publisher for the opening "
        "by its number.");
}

static zh_rc add_annex(annex *a, const zh_published *list, size_t n)
{
    zh_arena *arena = a->ctx->arena;
    const zh_asks *asks = &a->made->asks;
    zh_doc_column *columns = ZH_NEW_N(arena, zh_doc_column, ANNEX_COLUMNS);
    columns[0].label = zh_asks_words(asks, "数字", "Figure");
    columns[1] = (zh_doc_column){.label = zh_asks_words(asks, "数值", "Value"), .number = true};
    columns[2].label = zh_asks_words(asks, "编号", "Number");
    columns[3].label = zh_asks_words(asks, "二维码", "QR code");
    zh_doc_cell *cells = ZH_NEW_N(arena, zh_doc_cell, ANNEX_COLUMNS * n + 1);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        rc = annex_row(a, &list[i], &cells[ANNEX_COLUMNS * i]);
    }
    push(a, (zh_doc_block){.kind = ZH_DOC_PAGE});
    push(a,
         (zh_doc_block){.kind = ZH_DOC_CHAPTER,
                        .number = zh_str_fmt(arena, "%zu", a->chapters + 1),
                        .text = {.text = zh_asks_words(asks, "已发布的数字", "Published figures")},
                        .name = ZH_STR("published")});
    push(
        a,
        (zh_doc_block){
            .kind = ZH_DOC_TABLE,
            .number = zh_str_fmt(arena, asks->english ? "Table %zu" : "表 %zu", a->tables + 1),
            .text = {.text = zh_str_fmt(arena,
                                        asks->english
                                            ? "%zu figures of this report stand in the ledger and "
                                              "open down to their records"
                                            : "文中 %zu 个数字已记入存证日志，可以打开到逐条记录",
                                        n)},
            .what = zh_asks_words(asks, "编号是已发布数字的编号，二维码通向它的页面",
                                  "the number of the published figure; the code leads to its page"),
            .read = zh_str_fmt(
                arena, "%.*s%.*s",
                ZH_FMT(zh_asks_words(
                    asks,
                    "打开一个数字：看它由哪些记录得出、没有计入的有哪些和为什么，下载证明，在别的"
                    "机器上用 zhiheng-verify 核对。以后的更正不改变这里的数字。",
                    "Open a figure: see the records it comes from, those left out and why, "
                    "download "
                    "the proof and check it elsewhere with zhiheng-verify. Later corrections do "
                    "not "
                    "change the figures here.")),
                ZH_FMT(only_here(a))),
            .source = a->made->show.stamp,
            .table = {.columns = columns, .ncolumns = ANNEX_COLUMNS, .cells = cells, .nrows = n}});
    return rc;
}

/* The blocks there are, and how many of them are numbered. */
static void take_blocks(annex *a)
{
    for (size_t i = 0; i < a->made->doc.n; i++) {
        const zh_doc_block *block = &a->made->doc.blocks[i];
        a->chapters += block->kind == ZH_DOC_CHAPTER && block->number.n > 0;
        a->tables += block->kind == ZH_DOC_TABLE;
        push(a, *block);
    }
}

zh_rc zh_report_annex(zh_ctx *ctx, zh_composed *made, zh_str publication, size_t *published)
{
    annex a = {.ctx = ctx, .made = made};
    zh_published *list = ZH_NEW_N(ctx->arena, zh_published, made->asks.n + 1);
    size_t n = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < made->asks.n && rc == ZH_OK; i++) {
        const zh_ask *ask = &made->asks.list[i];
        if (!ask->used || ask->query == NULL || ask->nrows == 0 || !ask->rows[0].figure.has_value) {
            continue;
        }
        zh_publish_ask asked = {
            .query = *ask->query, .title = ask->title, .publication = publication};
        asked.query.as_of = made->position;
        rc = zh_publish(ctx, &asked, &list[n]);
        n += rc == ZH_OK;
    }
    *published = n;
    if (rc != ZH_OK || n == 0) {
        return rc;
    }
    take_blocks(&a);
    rc = add_annex(&a, list, n);
    made->doc.blocks = a.blocks.p;
    made->doc.n = a.blocks.n;
    return rc;
}
