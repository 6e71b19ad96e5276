/* Official documents on paper. Measures of GB/T 9704-2012, clauses 5.1 (page, 37 mm above, 28 mm at
 * the left, 156 × 225 mm of text), 5.2.3 (22 lines of 28 characters), 7.2 and 7.3 (head, title,
 * body, signature). */
#include "app/paper.h"
#include "app/report/report.h"
#include "base/os.h"
#include "base/vec.h"
#include "fmt/pdf.h"
#include "fmt/qr.h"
#include <stdio.h>

#define MM     (72.0 / 25.4)
#define LEFT   (28 * MM)
#define WIDTH  (156 * MM)
#define TOP    (37 * MM)
#define BOTTOM (TOP + 225 * MM)
#define LINE   (225 * MM / 22)
#define BODY   15.75 /* 28 characters in 156 mm */

enum { QR_SIDE = 62, CELL_SIZE = 12, CELL_LINE = 17 };

static const zh_font body_font = {.family = ZH_FAMILY_SONG, .size = BODY, .role = ZH_ROLE_INK};
static const zh_font title_font = {
    .family = ZH_FAMILY_SONG, .size = 22, .weight = 600, .role = ZH_ROLE_INK};
/* the head of an official document is red by clause 7.2.4 */
static const zh_font office_font = {
    .family = ZH_FAMILY_SONG, .size = 30, .weight = 600, .role = ZH_ROLE_ACT};
static const zh_font cell_font = {.family = ZH_FAMILY_SONG, .size = CELL_SIZE, .role = ZH_ROLE_INK};
static const zh_font small_font = {.family = ZH_FAMILY_SONG, .size = 9, .role = ZH_ROLE_INK_3};
static const zh_font page_font = {.family = ZH_FAMILY_SONG, .size = 14, .role = ZH_ROLE_INK};

typedef struct sheet {
    zh_arena *arena;
    zh_ruler *ruler;
    zh_err *err;
    zh_rc rc; /* the first failure: nothing is set after it */
    ZH_VEC(zh_draw *) pages;
    zh_draw *page;
    double y; /* top of the next line */
} sheet;

static void new_page(sheet *s)
{
    if (s->pages.n == ZH_PAPER_PAGES_MAX) {
        s->rc = zh_err_set(s->err, ZH_ELIMIT, "paper.pages", "文书超过 %zu 页", ZH_PAPER_PAGES_MAX);
        return;
    }
    s->page = zh_draw_new(s->arena, ZH_PDF_A4_WIDTH, ZH_PDF_A4_HEIGHT, ZH_STR("文书"));
    zh_vec_push(s->arena, &s->pages, s->page);
    s->y = TOP;
}

static void need(sheet *s, double room)
{
    if (s->rc == ZH_OK && s->y + room > BOTTOM + 0.5) {
        new_page(s);
    }
}

static void put(sheet *s, double x, zh_str text, zh_font font, zh_anchor anchor, double line)
{
    /* the middle of the font's height on the middle of its line */
    double baseline = s->y + line / 2 + font.size * 0.36;
    zh_draw_text(s->page, x, baseline, text, (zh_text_at){.font = font, .anchor = anchor});
}

static size_t lines_of(sheet *s, zh_str text, zh_font font, double width, double indent,
                       zh_text_line **lines)
{
    size_t n = 0;
    if (s->rc == ZH_OK) {
        s->rc = zh_text_break(s->ruler, s->arena, text, font, width, indent, lines, &n, s->err);
    }
    return s->rc == ZH_OK ? n : 0;
}

static void centred(sheet *s, zh_str text, zh_font font, double line)
{
    zh_text_line *lines = NULL;
    size_t n = text.n > 0 ? lines_of(s, text, font, WIDTH, 0, &lines) : 0;
    for (size_t i = 0; i < n; i++) {
        need(s, line);
        put(s, LEFT + WIDTH / 2, zh_str_sub(text, lines[i].from, lines[i].n), font,
            ZH_ANCHOR_MIDDLE, line);
        s->y += line;
    }
}

static void paragraph(sheet *s, zh_str text, double indent)
{
    zh_text_line *lines = NULL;
    size_t n = lines_of(s, text, body_font, WIDTH, indent, &lines);
    for (size_t i = 0; i < n && s->rc == ZH_OK; i++) {
        need(s, LINE);
        put(s, LEFT + (i == 0 ? indent : 0), zh_str_sub(text, lines[i].from, lines[i].n), body_font,
            ZH_ANCHOR_START, LINE);
        s->y += LINE;
    }
}

/* Office, number, rule. */
static void head(sheet *s, const zh_paper *p)
{
    centred(s, p->office, office_font, 46);
    s->y += 8;
    centred(s, p->number, body_font, LINE);
    s->y += 4;
    zh_draw_line(s->page, LEFT, s->y, LEFT + WIDTH, s->y,
                 (zh_paint){.stroke = ZH_ROLE_ACT, .width = 1.4});
    s->y += LINE;
    centred(s, p->title, title_font, 34);
    s->y += LINE / 2;
    if (p->to.n > 0) {
        paragraph(s, p->to, 0);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

static double row_high(sheet *s, const zh_str *cells, size_t n, double width, zh_text_line **lines,
                       size_t *counts)
{
    size_t most = 1;
    for (size_t c = 0; c < n; c++) {
        counts[c] = cells[c].n > 0 ? lines_of(s, cells[c], cell_font, width - 8, 0, &lines[c]) : 0;
        most = counts[c] > most ? counts[c] : most;
    }
    return (double)most * CELL_LINE + 6;
}

static void row(sheet *s, const zh_str *cells, size_t n)
{
    double width = WIDTH / (double)n;
    zh_text_line **lines = ZH_NEW_N(s->arena, zh_text_line *, n);
    size_t *counts = ZH_NEW_N(s->arena, size_t, n);
    double high = row_high(s, cells, n, width, lines, counts);
    need(s, high);
    if (s->rc != ZH_OK) {
        return;
    }
    double top = s->y;
    for (size_t c = 0; c < n; c++) {
        double x = LEFT + (double)c * width;
        zh_draw_rect(s->page, x, top, width, high, (zh_paint){.stroke = ZH_ROLE_INK, .width = 0.6});
        s->y = top + 3;
        for (size_t i = 0; i < counts[c]; i++) {
            put(s, x + 4, zh_str_sub(cells[c], lines[c][i].from, lines[c][i].n), cell_font,
                ZH_ANCHOR_START, CELL_LINE);
            s->y += CELL_LINE;
        }
    }
    s->y = top + high;
}

static void table(sheet *s, const struct zh_paper_block *b)
{
    if (b->ncolumns == 0) {
        return;
    }
    s->y += LINE / 3;
    row(s, b->heads, b->ncolumns);
    for (size_t i = 0; i < b->nrows && s->rc == ZH_OK; i++) {
        row(s, b->cells + i * b->ncolumns, b->ncolumns);
    }
    s->y += LINE / 3;
}

/* ---- foot ------------------------------------------------------------------------------------ */

/* The office over the date, the date four characters from the right edge (clause 7.3.5.1): the seal
 * goes over both. The QR code stands at the left of it. */
static void foot(sheet *s, const zh_paper *p, zh_str base)
{
    const zh_draw *qr = NULL;
    zh_text_size office = {0};
    zh_text_size date = {0};
    zh_str url = zh_str_fmt(s->arena, "%.*s%.*s", ZH_FMT(base), ZH_FMT(p->link));
    need(s, 4 * LINE + 16);
    if (s->rc == ZH_OK) {
        s->rc = zh_text_measure(s->ruler, p->office, body_font, &office, s->err);
    }
    if (s->rc == ZH_OK) {
        s->rc = zh_text_measure(s->ruler, p->date, body_font, &date, s->err);
    }
    if (s->rc == ZH_OK) {
        s->rc = zh_qr_draw(s->arena, url, QR_SIDE, ZH_STR("记录的二维码"), &qr, s->err);
    }
    if (s->rc != ZH_OK) {
        return;
    }
    double top = s->y + 2 * LINE;
    double middle = LEFT + WIDTH - 4 * BODY - date.width / 2;
    double right = LEFT + WIDTH - office.width / 2;
    s->y = top;
    put(s, middle < right ? middle : right, p->office, body_font, ZH_ANCHOR_MIDDLE, LINE);
    s->y += LINE;
    put(s, middle, p->date, body_font, ZH_ANCHOR_MIDDLE, LINE);
    zh_draw_place(s->page, qr, LEFT, top - 6, 1);
    s->y = top - 6 + QR_SIDE;
    put(s, LEFT + QR_SIDE / 2.0, ZH_STR("扫码核对记录"), small_font, ZH_ANCHOR_MIDDLE, 12);
}

/* Of the paper that begins with page `first`. */
static void number_pages(sheet *s, size_t first)
{
    for (size_t i = first; i < s->pages.n; i++) {
        bool odd = (i - first) % 2 == 0; /* outside: right on odd pages, left on even ones */
        s->page = s->pages.p[i];
        s->y = BOTTOM + 7 * MM;
        put(s, odd ? LEFT + WIDTH - BODY : LEFT + BODY,
            zh_str_fmt(s->arena, "— %zu —", i - first + 1), page_font,
            odd ? ZH_ANCHOR_END : ZH_ANCHOR_START, LINE);
    }
}

static void set_paper(sheet *s, const zh_paper *paper, zh_str base)
{
    size_t first = s->pages.n;
    new_page(s);
    if (s->rc == ZH_OK) {
        head(s, paper);
    }
    for (size_t i = 0; i < paper->nblocks && s->rc == ZH_OK; i++) {
        if (paper->blocks[i].ncolumns > 0) {
            table(s, &paper->blocks[i]);
        } else {
            paragraph(s, paper->blocks[i].text, 2 * BODY);
        }
    }
    if (s->rc == ZH_OK) {
        foot(s, paper, base);
    }
    if (s->rc == ZH_OK) {
        number_pages(s, first);
    }
}

zh_rc zh_papers_pdf(zh_arena *arena, const zh_paper *papers, size_t n, zh_str base, zh_buf *out,
                    zh_err *err)
{
    sheet s = {.arena = arena, .err = err};
    zh_assert(n > 0);
    s.rc = zh_ruler_open(arena, &s.ruler, err);
    for (size_t i = 0; i < n && s.rc == ZH_OK; i++) {
        set_paper(&s, &papers[i], base);
    }
    if (s.rc != ZH_OK) {
        return s.rc;
    }
    zh_pdf_in in = {.title = papers[0].title,
                    .author = papers[0].office,
                    .subject = papers[0].number,
                    .created = papers[0].at,
                    .pages = (const zh_draw *const *)s.pages.p,
                    .pages_n = s.pages.n};
    return zh_pdf_write(&in, out, NULL, err);
}

zh_rc zh_paper_pdf(zh_arena *arena, const zh_paper *paper, zh_str base, zh_buf *out, zh_err *err)
{
    return zh_papers_pdf(arena, paper, 1, base, out, err);
}

zh_rc zh_paper_base(zh_ctx *ctx, zh_str *out)
{
    zh_conn *conn = NULL;
    zh_err ignored = {0};
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    *out = ZH_STR(ZH_REPORT_BASE);
    if (rc == ZH_OK) {
        zh_str set;
        *out = zh_setting_get(conn, ctx->arena, ZH_PAPER_SETTING, &set, &ignored) == ZH_OK ? set
                                                                                           : *out;
    }
    zh_store_release(conn);
    return rc;
}

zh_rc zh_paper_make(zh_ctx *ctx, const zh_paper *paper, const char **path)
{
    zh_str base;
    zh_buf pdf;
    uint8_t random[8];
    char hex[17];
    zh_rc rc = zh_paper_base(ctx, &base);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_random(random, sizeof random);
    zh_hex(random, sizeof random, hex);
    zh_buf_init(&pdf, ZH_PAPER_BYTES_MAX);
    rc = zh_paper_pdf(ctx->arena, paper, base, &pdf, ctx->err);
    if (rc == ZH_OK) {
        *path = zh_str_fmt(ctx->arena, "%s/files/paper-%s", zh_core_data_dir(ctx->core), hex).p;
        rc = zh_file_replace(*path, zh_buf_view(&pdf), ctx->err);
    }
    zh_buf_free(&pdf);
    return rc;
}
