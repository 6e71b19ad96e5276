/* The answer of a tool as a document, a workbook and plates; see tool.h. */
#include "app/tool/tool.h"
#include "fmt/cell.h"
#include "fmt/xlsx_out.h"

enum { BLOCKS_AFTER = 6, MARGIN = 24, LINE = 18, SHEET_BYTES_MAX = 32 << 20 };

/* ---- document ---- */

static zh_doc_block paragraph(zh_str text)
{
    return (zh_doc_block){.kind = ZH_DOC_PARAGRAPH, .text = {.text = text}};
}

static zh_doc_block shortened(const zh_bench *b, const zh_doc_block *block, size_t rows)
{
    zh_doc_block out = *block;
    if (out.table.nrows > rows) {
        out.table.nrows = rows;
        out.read = zh_bench_say(b, "只列前 %zu 行，全部 %zu 行见工作簿",
                                "The first %zu of %zu rows; the workbook has all", rows,
                                block->table.nrows);
    }
    return out;
}

zh_doc zh_bench_doc(const zh_bench *b, zh_str link, zh_str stamp, zh_time created, size_t rows)
{
    zh_doc_block *blocks = ZH_NEW_N(b->arena, zh_doc_block, b->blocks.n + BLOCKS_AFTER);
    size_t n = 0;
    size_t figures = 0;
    size_t tables = 0;
    for (size_t i = 0; i < b->blocks.n; i++) {
        const zh_doc_block *from = &b->blocks.p[i].doc;
        zh_doc_block *to = &blocks[n++];
        *to = shortened(b, from, rows);
        if (from->kind == ZH_DOC_FIGURE) {
            to->number = zh_bench_say(b, "图 %zu", "Figure %zu", ++figures);
        } else if (from->kind == ZH_DOC_TABLE) {
            to->number = zh_bench_say(b, "表 %zu", "Table %zu", ++tables);
        }
    }
    blocks[n++] =
        (zh_doc_block){.kind = ZH_DOC_SECTION, .text = {.text = zh_bench_say(b, "方法", "Method")}};
    blocks[n++] = paragraph(zh_bench_of(b, b->tool->method));
    blocks[n++] = paragraph(zh_bench_of(b, b->tool->limits));
    if (link.n > 0 && link.n <= 600) {
        blocks[n++] =
            paragraph(zh_bench_say(b, "重做：%.*s", "To do it again: %.*s", ZH_FMT(link)));
    }
    zh_str *cover = ZH_NEW_N(b->arena, zh_str, 1);
    cover[0] = b->sample != NULL ? zh_bench_of(b, b->sample->source) : ZH_STR("");
    return (zh_doc){.title = b->finding,
                    .subtitle = zh_bench_of(b, b->tool->name),
                    .subject = zh_bench_of(b, b->tool->answers),
                    .author = zh_bench_say(b, "质衡 质量工具箱", "Zhiheng tool bench"),
                    .stamp = stamp,
                    .cover = cover,
                    .ncover = cover[0].n > 0 ? 1 : 0,
                    .created = created,
                    .blocks = blocks,
                    .n = n};
}

/* ---- workbook ---- */

static void table_sheet(const zh_bench *b, zh_xlsx_out *out, const zh_doc_block *block, size_t at)
{
    const zh_doc_table *t = &block->table;
    zh_xlsx_out_sheet(
        out, zh_str_fmt(b->arena, "%zu %.*s", at, ZH_FMT(zh_cell_clip(block->text.text, 60))),
        false, 1);
    for (size_t c = 0; c < t->ncolumns; c++) {
        zh_xlsx_out_column(out, c == 0 ? 24 : 14, ZH_XLSX_PLAIN);
    }
    zh_xlsx_out_row(out);
    for (size_t c = 0; c < t->ncolumns; c++) {
        zh_xlsx_out_text(out, t->columns[c].label, ZH_XLSX_HEAD);
    }
    for (size_t i = 0; i < t->nrows; i++) {
        zh_xlsx_out_row(out);
        for (size_t c = 0; c < t->ncolumns; c++) {
            zh_str text = t->cells[i * t->ncolumns + c].text;
            double v;
            if (t->columns[c].number && zh_str_double(text, &v) == ZH_OK &&
                zh_str_chr(text, 'e') < 0) {
                zh_xlsx_out_number(out, text);
            } else {
                zh_xlsx_out_text(out, text, ZH_XLSX_PLAIN);
            }
        }
    }
}

static void pair(zh_xlsx_out *out, zh_str name, zh_str text)
{
    if (text.n > 0) {
        zh_xlsx_out_row(out);
        zh_xlsx_out_text(out, name, ZH_XLSX_HEAD);
        zh_xlsx_out_text(out, text, ZH_XLSX_WRAP);
    }
}

zh_rc zh_bench_xlsx(const zh_bench *b, zh_str link, zh_buf *bytes, zh_err *err)
{
    zh_xlsx_out *out = zh_xlsx_out_new(SHEET_BYTES_MAX);
    size_t tables = 0;
    for (size_t i = 0; i < b->blocks.n; i++) {
        if (b->blocks.p[i].doc.kind == ZH_DOC_TABLE && tables + 2 < ZH_XLSX_OUT_SHEETS_MAX) {
            table_sheet(b, out, &b->blocks.p[i].doc, ++tables);
        }
    }
    zh_xlsx_out_sheet(out, zh_bench_say(b, "说明", "About"), false, 0);
    zh_xlsx_out_column(out, 14, ZH_XLSX_PLAIN);
    zh_xlsx_out_column(out, 90, ZH_XLSX_WRAP);
    pair(out, zh_bench_say(b, "工具", "Tool"), zh_bench_of(b, b->tool->name));
    pair(out, zh_bench_say(b, "结论", "Finding"), b->finding);
    pair(out, zh_bench_say(b, "方法", "Method"), zh_bench_of(b, b->tool->method));
    pair(out, zh_bench_say(b, "限制", "Limits"), zh_bench_of(b, b->tool->limits));
    pair(out, zh_bench_say(b, "计算", "Engines"), zh_str_of(b->tool->engines));
    if (b->sample != NULL) {
        pair(out, zh_bench_say(b, "来源", "Source"), zh_bench_of(b, b->sample->source));
    }
    pair(out, zh_bench_say(b, "重做", "Again"), link);
    zh_rc rc = zh_xlsx_out_finish(out, bytes, err);
    zh_xlsx_out_free(out);
    return rc;
}

/* ---- plates ---- */

static void line(zh_draw *d, double y, zh_str text, zh_font font)
{
    zh_draw_text(d, MARGIN, y, zh_draw_text_fit(d->arena, text, font.size, d->width - 2 * MARGIN),
                 (zh_text_at){.font = font});
}

const zh_draw *zh_bench_plate(const zh_bench *b, size_t i)
{
    const zh_doc_block *figure = NULL;
    for (size_t k = 0; k < b->blocks.n && figure == NULL; k++) {
        if (b->blocks.p[k].doc.kind == ZH_DOC_FIGURE && i-- == 0) {
            figure = &b->blocks.p[k].doc;
        }
    }
    if (figure == NULL) {
        return NULL;
    }
    const zh_font small = {.size = 12, .role = ZH_ROLE_INK_3};
    double top = MARGIN + 52;
    double bottom = top + figure->draw->height + 12;
    zh_draw *d = zh_draw_new(b->arena, figure->draw->width + 2 * MARGIN,
                             bottom + 3 * LINE + MARGIN - 6, figure->text.text);
    zh_draw_rect(d, 0, 0, d->width, d->height, (zh_paint){.fill = ZH_ROLE_PAPER});
    zh_draw_line(d, MARGIN, MARGIN - 10, d->width - MARGIN, MARGIN - 10,
                 (zh_paint){.stroke = ZH_ROLE_INK, .width = 2});
    line(d, MARGIN + 14, figure->text.text,
         (zh_font){.family = ZH_FAMILY_SONG, .size = 18, .weight = 600, .role = ZH_ROLE_INK});
    line(d, MARGIN + 35, figure->what, (zh_font){.size = 12, .role = ZH_ROLE_INK_2});
    zh_draw_place(d, figure->draw, MARGIN, top, 1);
    zh_draw_line(d, MARGIN, bottom, d->width - MARGIN, bottom, (zh_paint){.stroke = ZH_ROLE_RULE});
    line(d, bottom + LINE, figure->read, (zh_font){.size = 12, .role = ZH_ROLE_INK_2});
    line(d, bottom + 2 * LINE,
         figure->source.n > 0
             ? zh_bench_say(b, "来源 %.*s", "Source: %.*s", ZH_FMT(figure->source))
             : zh_bench_say(b, "数据为提问者给出", "Data given by the person who asked"),
         small);
    line(d, bottom + 3 * LINE, zh_bench_of(b, b->tool->method), small);
    return d;
}
