/* Blocks onto pages; see doc.h. */
#include "app/report/flow.h"
#include <string.h>

enum { CONTENTS_LEADER = 3 };

static const double graduation = 3.2; /* of the rule over figures, tables and the cover */

static const zh_font prose = {.size = 10.5, .role = ZH_ROLE_INK};
static const zh_font small = {.size = 8, .role = ZH_ROLE_INK_3};
static const zh_font chapter = {
    .family = ZH_FAMILY_SONG, .size = 17, .weight = 600, .role = ZH_ROLE_INK};
static const zh_font section = {
    .family = ZH_FAMILY_SONG, .size = 13, .weight = 600, .role = ZH_ROLE_INK};
static const zh_font finding_title = {
    .family = ZH_FAMILY_SONG, .size = 11.5, .weight = 600, .role = ZH_ROLE_INK};

/* ---- pages and text
 * --------------------------------------------------------------------------------- */

void zh_flow_page(zh_flow *f)
{
    zh_str title = zh_str_fmt(f->arena, f->doc->english ? "Page %zu" : "第 %zu 页", f->pages.n + 1);
    f->page = zh_draw_new(f->arena, ZH_PDF_A4_WIDTH, ZH_PDF_A4_HEIGHT, title);
    zh_vec_push(f->arena, &f->pages, f->page);
    f->y = ZH_FLOW_TOP;
}

void zh_flow_need(zh_flow *f, double room)
{
    if (f->y > ZH_FLOW_TOP && f->y + room > ZH_FLOW_BOTTOM) {
        zh_flow_page(f);
    }
}

zh_set zh_flow_set(zh_flow *f, zh_doc_text text, zh_font font, double width, double indent,
                   double leading)
{
    zh_set set = {.text = text, .font = font, .indent = indent, .leading = leading};
    if (f->rc == ZH_OK && text.text.n > 0) {
        f->rc = zh_text_break(f->ruler, f->arena, text.text, font, width, indent, &set.lines,
                              &set.n, f->err);
    }
    set.n = f->rc == ZH_OK ? set.n : 0;
    return set;
}

zh_set zh_flow_plain(zh_flow *f, zh_str text, zh_font font, double width, double leading)
{
    return zh_flow_set(f, (zh_doc_text){.text = text}, font, width, 0, leading);
}

double zh_flow_high(const zh_set *set)
{
    return (double)set->n * set->leading;
}

double zh_flow_width(zh_flow *f, zh_str text, zh_font font)
{
    zh_text_size size = {0};
    if (f->rc == ZH_OK && text.n > 0) {
        f->rc = zh_text_measure(f->ruler, text, font, &size, f->err);
    }
    return size.width;
}

/* One piece of a line; *x moves behind it. */
static void draw_piece(zh_flow *f, const zh_set *set, size_t from, size_t to, zh_str href,
                       double *x, double y)
{
    zh_str piece = zh_str_sub(set->text.text, from, to - from);
    if (piece.n == 0) {
        return;
    }
    zh_text_at at = {.font = set->font};
    if (href.n > 0) {
        at.font.role = ZH_ROLE_QING;
        zh_draw_open(f->page, &(zh_mark){.href = href});
    }
    zh_draw_text(f->page, *x, y, piece, at);
    if (href.n > 0) {
        zh_draw_close(f->page);
    }
    *x += zh_flow_width(f, piece, set->font);
}

static void draw_line(zh_flow *f, const zh_set *set, size_t index, double x, double y)
{
    const zh_text_line *line = &set->lines[index];
    size_t at = line->from;
    size_t end = line->from + line->n;
    for (size_t i = 0; i < set->text.nlinks; i++) {
        const zh_doc_link *link = &set->text.links[i];
        size_t from = link->from > at ? link->from : at;
        size_t to = link->from + link->n < end ? link->from + link->n : end;
        if (from < to) {
            draw_piece(f, set, at, from, ZH_STR(""), &x, y);
            draw_piece(f, set, from, to, link->href, &x, y);
            at = to;
        }
    }
    draw_piece(f, set, at, end, ZH_STR(""), &x, y);
}

void zh_flow_lines(zh_flow *f, const zh_set *set, size_t from, size_t to, double x, double y)
{
    for (size_t i = from; i < to && f->rc == ZH_OK; i++) {
        double baseline = y + (set->leading + set->font.size * 0.72) / 2;
        draw_line(f, set, i, x + (i == 0 ? set->indent : 0), baseline);
        y += set->leading;
    }
}

/* Lines over as many pages as they take, never one line alone. */
static void flow_lines(zh_flow *f, const zh_set *set, double x)
{
    size_t at = 0;
    while (at < set->n && f->rc == ZH_OK) {
        size_t left = set->n - at;
        double room = ZH_FLOW_BOTTOM - f->y;
        size_t fit = room > 0 ? (size_t)(room / set->leading) : 0;
        if (fit < left && left - fit == 1 && fit > 0) {
            fit--;
        }
        if (fit < left && fit < 2) {
            zh_flow_page(f);
            continue;
        }
        fit = fit < left ? fit : left;
        zh_flow_lines(f, set, at, at + fit, x, f->y);
        f->y += (double)fit * set->leading;
        at += fit;
        if (at < set->n) {
            zh_flow_page(f);
        }
    }
}

/* The rule with its graduations: the mark of the house over everything that was measured. */
static void draw_rule(zh_draw *d, double x, double y, double width)
{
    const zh_paint ink = {.stroke = ZH_ROLE_INK, .width = 1};
    zh_draw_line(d, x, y, x + width, y, ink);
    for (int i = 0; i <= 6; i++) {
        double at = x + 4 + i * 4.5;
        zh_draw_line(d, at, y, at, y + (i % 3 == 0 ? 1.6 : 1) * graduation,
                     (zh_paint){.stroke = ZH_ROLE_INK, .width = 0.7});
    }
}

/* ---- figures
 * ---------------------------------------------------------------------------------------- */

zh_flow_frame zh_flow_frame_of(zh_flow *f, const zh_doc_block *b)
{
    zh_doc_text title = b->text;
    zh_doc_link *links = ZH_NEW_N(f->arena, zh_doc_link, title.nlinks + 1);
    if (b->number.n > 0) { /* the number comes first, and moves the links behind it */
        title.text = zh_str_fmt(f->arena, "%.*s　%.*s", ZH_FMT(b->number), ZH_FMT(b->text.text));
        for (size_t i = 0; i < title.nlinks; i++) {
            links[i] = b->text.links[i];
            links[i].from += title.text.n - b->text.text.n;
        }
        title.links = links;
    }
    zh_flow_frame frame = {
        .title = zh_flow_set(f, title, finding_title, ZH_FLOW_WIDTH, 0, 16),
        .what = zh_flow_plain(f, b->what, small, ZH_FLOW_WIDTH, 12),
        .read = zh_flow_plain(f, b->read, (zh_font){.size = 8, .role = ZH_ROLE_INK_2},
                              ZH_FLOW_WIDTH, 12),
        .source = zh_flow_plain(f, b->source, small, ZH_FLOW_WIDTH, 12),
    };
    return frame;
}

double zh_flow_head_high(const zh_flow_frame *frame)
{
    return 7 + zh_flow_high(&frame->title) + zh_flow_high(&frame->what) + 5;
}

double zh_flow_foot_high(const zh_flow_frame *frame)
{
    return 7 + zh_flow_high(&frame->read) + zh_flow_high(&frame->source) + ZH_FLOW_AFTER;
}

void zh_flow_head(zh_flow *f, const zh_flow_frame *frame)
{
    draw_rule(f->page, ZH_FLOW_LEFT, f->y, ZH_FLOW_WIDTH);
    double y = f->y + 7;
    zh_flow_lines(f, &frame->title, 0, frame->title.n, ZH_FLOW_LEFT, y);
    y += zh_flow_high(&frame->title);
    zh_flow_lines(f, &frame->what, 0, frame->what.n, ZH_FLOW_LEFT, y);
    f->y += zh_flow_head_high(frame);
}

void zh_flow_foot(zh_flow *f, const zh_flow_frame *frame)
{
    double y = f->y + 4;
    zh_draw_line(f->page, ZH_FLOW_LEFT, y, ZH_FLOW_LEFT + ZH_FLOW_WIDTH, y,
                 (zh_paint){.stroke = ZH_ROLE_RULE, .width = 0.6});
    y += 3;
    zh_flow_lines(f, &frame->read, 0, frame->read.n, ZH_FLOW_LEFT, y);
    y += zh_flow_high(&frame->read);
    zh_flow_lines(f, &frame->source, 0, frame->source.n, ZH_FLOW_LEFT, y);
    f->y += zh_flow_foot_high(frame);
}

/* The scale at which a drawing stands on paper: as wide as the text, and no higher than a page. */
static double figure_scale(const zh_doc_block *b, const zh_flow_frame *frame)
{
    double room =
        ZH_FLOW_BOTTOM - ZH_FLOW_TOP - zh_flow_head_high(frame) - zh_flow_foot_high(frame);
    double width = ZH_FLOW_WIDTH * (b->part > 0 && b->part < 1 ? b->part : 1);
    double scale = b->draw->width > 0 ? width / b->draw->width : 1;
    scale = scale > 1 ? 1 : scale;
    return b->draw->height * scale > room ? room / b->draw->height : scale;
}

static double figure_high(zh_flow *f, const zh_doc_block *b)
{
    zh_flow_frame frame = zh_flow_frame_of(f, b);
    return zh_flow_head_high(&frame) + b->draw->height * figure_scale(b, &frame) +
           zh_flow_foot_high(&frame) - ZH_FLOW_AFTER;
}

static void flow_figure(zh_flow *f, const zh_doc_block *b)
{
    zh_flow_frame frame = zh_flow_frame_of(f, b);
    double scale = figure_scale(b, &frame);
    zh_flow_need(f, figure_high(f, b));
    zh_flow_head(f, &frame);
    zh_draw_place(f->page, b->draw, ZH_FLOW_LEFT + (ZH_FLOW_WIDTH - b->draw->width * scale) / 2,
                  f->y, scale);
    f->y += b->draw->height * scale;
    zh_flow_foot(f, &frame);
}

/* ---- text blocks
 * ------------------------------------------------------------------------------------ */

/* What of a block must stand on the page where it begins. */
static double lead_of(zh_flow *f, const zh_doc_block *b)
{
    switch (b->kind) {
    case ZH_DOC_FIGURE: return figure_high(f, b);
    case ZH_DOC_TABLE: return zh_flow_table_lead(f, b);
    case ZH_DOC_SECTION: return 90;
    case ZH_DOC_PARAGRAPH:
    case ZH_DOC_FINDING:
    case ZH_DOC_NOTE:
    case ZH_DOC_LIST: return 40;
    case ZH_DOC_CHAPTER:
    case ZH_DOC_CONTENTS:
    case ZH_DOC_PAGE: break;
    }
    return 0;
}

static void flow_heading(zh_flow *f, size_t index)
{
    const zh_doc_block *b = &f->doc->blocks[index];
    bool top = b->kind == ZH_DOC_CHAPTER;
    zh_str text = b->number.n > 0
                      ? zh_str_fmt(f->arena, "%.*s　%.*s", ZH_FMT(b->number), ZH_FMT(b->text.text))
                      : b->text.text;
    zh_set set = zh_flow_plain(f, text, top ? chapter : section, ZH_FLOW_WIDTH, top ? 25 : 20);
    double lead = index + 1 < f->doc->n ? lead_of(f, &f->doc->blocks[index + 1]) : 0;
    double before = f->y > ZH_FLOW_TOP ? (top ? 18 : 10) : 0;
    double most = ZH_FLOW_BOTTOM - ZH_FLOW_TOP;
    double whole = before + zh_flow_high(&set) + 8 + lead;
    zh_flow_need(f, whole < most ? whole : most);
    f->y += f->y > ZH_FLOW_TOP ? before : 0;
    zh_pdf_outline entry = {.title = text, .page = f->pages.n, .y = f->y, .level = top ? 0 : 1};
    bool nested = top || f->outline.n > 0;
    if (nested) {
        zh_vec_push(f->arena, &f->outline, entry);
    }
    zh_flow_lines(f, &set, 0, set.n, ZH_FLOW_LEFT, f->y);
    f->y += zh_flow_high(&set) + 8;
}

static void flow_paragraph(zh_flow *f, const zh_doc_block *b)
{
    zh_set set = zh_flow_set(f, b->text, prose, ZH_FLOW_WIDTH, 2 * prose.size, 18);
    flow_lines(f, &set, ZH_FLOW_LEFT);
    f->y += 8;
}

static void flow_finding(zh_flow *f, const zh_doc_block *b)
{
    const double hang = 30;
    zh_set set = zh_flow_set(f, b->text, (zh_font){.size = 11, .role = ZH_ROLE_INK},
                             ZH_FLOW_WIDTH - hang, 0, 19);
    zh_flow_need(f, zh_flow_high(&set) < 200 ? zh_flow_high(&set) : 200);
    zh_draw_text(
        f->page, ZH_FLOW_LEFT, f->y + 14, b->number,
        (zh_text_at){
            .font = {.family = ZH_FAMILY_SONG, .size = 14, .weight = 600, .role = ZH_ROLE_QING}});
    flow_lines(f, &set, ZH_FLOW_LEFT + hang);
    f->y += 10;
}

/* A bar at the left as high as the text on this page. */
static void flow_note(zh_flow *f, const zh_doc_block *b)
{
    zh_set set = zh_flow_set(f, b->text, (zh_font){.size = 9.5, .role = ZH_ROLE_INK_2},
                             ZH_FLOW_WIDTH - 14, 0, 15.5);
    double high = zh_flow_high(&set);
    zh_flow_need(f, high < 200 ? high : 200);
    double end = f->y + high < ZH_FLOW_BOTTOM ? f->y + high : ZH_FLOW_BOTTOM;
    zh_draw_rect(f->page, ZH_FLOW_LEFT, f->y, 2.5, end - f->y, (zh_paint){.fill = ZH_ROLE_QING});
    flow_lines(f, &set, ZH_FLOW_LEFT + 14);
    f->y += 12;
}

static void flow_list(zh_flow *f, const zh_doc_block *b)
{
    for (size_t i = 0; i < b->nitems; i++) {
        zh_set set = zh_flow_set(f, b->items[i], (zh_font){.size = 9.5, .role = ZH_ROLE_INK},
                                 ZH_FLOW_WIDTH - 16, 0, 15.5);
        zh_flow_need(f, zh_flow_high(&set) < 62 ? zh_flow_high(&set) : 62);
        zh_draw_rect(f->page, ZH_FLOW_LEFT + 4, f->y + 6.5, 3, 3, (zh_paint){.fill = ZH_ROLE_QING});
        flow_lines(f, &set, ZH_FLOW_LEFT + 16);
        f->y += 3;
    }
    f->y += 8;
}

/* One line a heading: name, leader, page. */
static void contents_line(zh_flow *f, size_t index)
{
    const zh_doc_block *b = &f->doc->blocks[index];
    bool top = b->kind == ZH_DOC_CHAPTER;
    zh_font font = {.size = top ? 11 : 10, .weight = top ? 600 : 400, .role = ZH_ROLE_INK};
    double x = ZH_FLOW_LEFT + (top ? 0 : 18);
    zh_str number =
        b->number.n > 0 ? zh_str_fmt(f->arena, "%.*s　", ZH_FMT(b->number)) : ZH_STR("");
    zh_str text = zh_str_fmt(f->arena, "%.*s%.*s", ZH_FMT(number), ZH_FMT(b->text.text));
    zh_flow_need(f, 22);
    double y = f->y + 15;
    double right = ZH_FLOW_LEFT + ZH_FLOW_WIDTH;
    zh_str page = zh_str_fmt(f->arena, "%zu", f->earlier != NULL ? f->earlier[index] : 0);
    zh_str fitted = zh_draw_text_fit(f->arena, text, font.size, ZH_FLOW_WIDTH - 60);
    if (b->name.n > 0) {
        zh_draw_open(f->page, &(zh_mark){.href = zh_str_fmt(f->arena, "#%.*s", ZH_FMT(b->name))});
    }
    zh_draw_text(f->page, x, y, fitted, (zh_text_at){.font = font});
    zh_draw_text(f->page, right, y, page, (zh_text_at){.font = font, .anchor = ZH_ANCHOR_END});
    if (b->name.n > 0) {
        zh_draw_close(f->page);
    }
    double from = x + zh_flow_width(f, fitted, font) + 2 * CONTENTS_LEADER;
    double to = right - zh_flow_width(f, page, font) - 2 * CONTENTS_LEADER;
    if (from < to) {
        zh_draw_line(f->page, from, y - 3, to, y - 3,
                     (zh_paint){.stroke = ZH_ROLE_RULE_2, .width = 0.6, .dash = ZH_DASH_FEW});
    }
    f->y += top ? 24 : 20;
}

static void flow_contents(zh_flow *f)
{
    zh_set set = zh_flow_plain(f, f->doc->english ? ZH_STR("Contents") : ZH_STR("目录"), chapter,
                               ZH_FLOW_WIDTH, 25);
    zh_flow_lines(f, &set, 0, set.n, ZH_FLOW_LEFT, f->y);
    f->y += zh_flow_high(&set) + 12;
    for (size_t i = 0; i < f->doc->n && f->rc == ZH_OK; i++) {
        zh_doc_kind kind = f->doc->blocks[i].kind;
        if (kind == ZH_DOC_CHAPTER || kind == ZH_DOC_SECTION) {
            contents_line(f, i);
        }
    }
    f->y += 10;
}

/* ---- the document
 * ----------------------------------------------------------------------------------- */

static void flow_cover(zh_flow *f)
{
    const zh_doc *doc = f->doc;
    const double wide = ZH_FLOW_WIDTH;
    zh_flow_page(f);
    f->y = 190;
    draw_rule(f->page, ZH_FLOW_LEFT, f->y, wide);
    f->y += 34;
    zh_set title = zh_flow_plain(
        f, doc->title,
        (zh_font){.family = ZH_FAMILY_SONG, .size = 30, .weight = 600, .role = ZH_ROLE_INK}, wide,
        44);
    zh_flow_lines(f, &title, 0, title.n, ZH_FLOW_LEFT, f->y);
    f->y += zh_flow_high(&title) + 6;
    zh_set subtitle = zh_flow_plain(
        f, doc->subtitle,
        (zh_font){.family = ZH_FAMILY_SONG, .size = 15, .weight = 400, .role = ZH_ROLE_INK_2}, wide,
        24);
    zh_flow_lines(f, &subtitle, 0, subtitle.n, ZH_FLOW_LEFT, f->y);
    f->y = 560;
    for (size_t i = 0; i < doc->ncover && f->rc == ZH_OK; i++) {
        zh_set line =
            zh_flow_plain(f, doc->cover[i], (zh_font){.size = 10, .role = ZH_ROLE_INK_2}, wide, 17);
        zh_flow_lines(f, &line, 0, line.n, ZH_FLOW_LEFT, f->y);
        f->y += zh_flow_high(&line) + 3;
    }
    zh_draw_line(f->page, ZH_FLOW_LEFT, 742, ZH_FLOW_LEFT + wide, 742,
                 (zh_paint){.stroke = ZH_ROLE_INK, .width = 1});
    zh_set stamp = zh_flow_plain(f, doc->stamp, small, wide, 14);
    zh_flow_lines(f, &stamp, 0, stamp.n, ZH_FLOW_LEFT, 748);
}

static void flow_block(zh_flow *f, size_t index)
{
    const zh_doc_block *b = &f->doc->blocks[index];
    switch (b->kind) {
    case ZH_DOC_CHAPTER:
    case ZH_DOC_SECTION: flow_heading(f, index); break;
    case ZH_DOC_PARAGRAPH: flow_paragraph(f, b); break;
    case ZH_DOC_FINDING: flow_finding(f, b); break;
    case ZH_DOC_NOTE: flow_note(f, b); break;
    case ZH_DOC_LIST: flow_list(f, b); break;
    case ZH_DOC_FIGURE: flow_figure(f, b); break;
    case ZH_DOC_TABLE: zh_flow_table(f, b); break;
    case ZH_DOC_CONTENTS: flow_contents(f); break;
    case ZH_DOC_PAGE: break;
    }
}

/* The place that links lead to: at the block's top, on the page where it begins. */
static void mark_place(zh_flow *f, const zh_doc_block *b, size_t page, double y)
{
    if (b->name.n == 0) {
        return;
    }
    zh_draw *d = f->pages.p[page - 1];
    zh_draw_open(d, &(zh_mark){.name = b->name});
    zh_draw_line(d, ZH_FLOW_LEFT, y, ZH_FLOW_LEFT + 0.1, y,
                 (zh_paint){.stroke = ZH_ROLE_PAPER, .width = 0.1});
    zh_draw_close(d);
}

static void flow_all(zh_flow *f)
{
    flow_cover(f);
    zh_flow_page(f);
    for (size_t i = 0; i < f->doc->n && f->rc == ZH_OK; i++) {
        const zh_doc_block *b = &f->doc->blocks[i];
        if (b->kind == ZH_DOC_PAGE) {
            if (f->y > ZH_FLOW_TOP) {
                zh_flow_page(f);
            }
            continue;
        }
        size_t pages = f->pages.n;
        double y = f->y;
        flow_block(f, i);
        /* A block that did not fit began the next page. */
        bool heading = b->kind == ZH_DOC_CHAPTER || b->kind == ZH_DOC_SECTION;
        if (heading && f->outline.n > 0) {
            pages = f->outline.p[f->outline.n - 1].page;
            y = f->outline.p[f->outline.n - 1].y;
        } else if (f->pages.n > pages && b->kind == ZH_DOC_FIGURE) {
            pages = f->pages.n;
            y = ZH_FLOW_TOP;
        }
        f->page_of[i] = pages;
        mark_place(f, b, pages, y);
    }
}

static void draw_furniture(zh_flow *f)
{
    double right = ZH_FLOW_LEFT + ZH_FLOW_WIDTH;
    zh_str title = zh_draw_text_fit(f->arena, f->doc->title, small.size, ZH_FLOW_WIDTH * 0.45);
    zh_str stamp = zh_draw_text_fit(f->arena, f->doc->stamp, small.size, ZH_FLOW_WIDTH * 0.5);
    for (size_t i = 1; i < f->pages.n; i++) {
        zh_draw *d = f->pages.p[i];
        zh_draw_text(d, ZH_FLOW_LEFT, 54, title, (zh_text_at){.font = small});
        zh_draw_text(d, right, 54, stamp, (zh_text_at){.font = small, .anchor = ZH_ANCHOR_END});
        zh_draw_line(d, ZH_FLOW_LEFT, 61, right, 61,
                     (zh_paint){.stroke = ZH_ROLE_RULE, .width = 0.6});
        zh_draw_text(d, ZH_PDF_A4_WIDTH / 2, 804,
                     zh_str_fmt(f->arena, "%zu / %zu", i + 1, f->pages.n),
                     (zh_text_at){.font = small, .anchor = ZH_ANCHOR_MIDDLE});
    }
}

zh_rc zh_doc_check(const zh_doc *doc, zh_err *err)
{
    if (doc->n > ZH_DOC_BLOCKS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "doc.blocks", "文档超过 %zu 块", ZH_DOC_BLOCKS_MAX);
    }
    for (size_t i = 0; i < doc->n; i++) {
        const zh_doc_table *t = &doc->blocks[i].table;
        if (t->nrows > ZH_DOC_ROWS_MAX || t->ncolumns > ZH_DOC_COLUMNS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "doc.table", "表格超过 %zu 行或 %zu 列",
                              ZH_DOC_ROWS_MAX, ZH_DOC_COLUMNS_MAX);
        }
        if (doc->blocks[i].nitems > ZH_DOC_ITEMS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "doc.items", "列表超过 %zu 项", ZH_DOC_ITEMS_MAX);
        }
        if (doc->blocks[i].kind == ZH_DOC_TABLE && t->ncolumns == 0) {
            return zh_err_set(err, ZH_EINVAL, "doc.columns", "表格没有列");
        }
        if (doc->blocks[i].kind == ZH_DOC_FIGURE && doc->blocks[i].draw == NULL) {
            return zh_err_set(err, ZH_EINVAL, "doc.figure", "图没有内容");
        }
    }
    return ZH_OK;
}

static zh_flow pass(zh_arena *arena, zh_ruler *ruler, const zh_doc *doc, const size_t *earlier,
                    zh_err *err)
{
    zh_flow f = {.arena = arena,
                 .ruler = ruler,
                 .doc = doc,
                 .err = err,
                 .page_of = ZH_NEW_N(arena, size_t, doc->n + 1),
                 .earlier = earlier};
    flow_all(&f);
    return f;
}

zh_rc zh_doc_flow(zh_arena *arena, zh_ruler *ruler, const zh_doc *doc, zh_doc_pages *out,
                  zh_err *err)
{
    zh_rc rc = zh_doc_check(doc, err);
    if (rc != ZH_OK) {
        return rc;
    }
    /* The contents need the pages that only a layout gives; their own height does not change. */
    zh_flow first = pass(arena, ruler, doc, NULL, err);
    if (first.rc != ZH_OK) {
        return first.rc;
    }
    zh_flow f = pass(arena, ruler, doc, first.page_of, err);
    if (f.rc == ZH_OK) {
        draw_furniture(&f);
        *out = (zh_doc_pages){.pages = (const zh_draw *const *)f.pages.p,
                              .n = f.pages.n,
                              .outline = f.outline.p,
                              .noutline = f.outline.n};
    }
    return f.rc;
}

zh_rc zh_doc_pdf(zh_arena *arena, const zh_doc *doc, zh_buf *out, size_t *pages, zh_err *err)
{
    zh_ruler *ruler = NULL;
    zh_doc_pages flow;
    zh_rc rc = zh_ruler_open(arena, &ruler, err);
    if (rc == ZH_OK) {
        rc = zh_doc_flow(arena, ruler, doc, &flow, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_pdf_in in = {.title = doc->title,
                    .author = doc->author,
                    .subject = doc->subject,
                    .created = doc->created,
                    .pages = flow.pages,
                    .pages_n = flow.n,
                    .outline = flow.outline,
                    .outline_n = flow.noutline};
    *pages = flow.n;
    return zh_pdf_write(&in, out, NULL, err);
}
