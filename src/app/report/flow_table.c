/* Tables on paper: columns as wide as their content wants, rows that never break, a head on every
 * page. */
#include "app/report/flow.h"
#include <math.h>

enum { LAST_ROWS = 3, SHORT_ROWS = 14, FITTED_ROWS = 500 };

static const zh_font body = {.size = 8.5, .role = ZH_ROLE_INK};
static const zh_font nil = {.size = 8.5, .role = ZH_ROLE_INK_3};
static const zh_font head_font = {.size = 8, .weight = 600, .role = ZH_ROLE_INK_2};

static const double leading = 12.5;
static const double pad = 5;   /* left and right of a cell */
static const double gap = 3.2; /* above and below its lines */
static const double narrow = 34;
static const double widest_word = 110; /* a longer one, an address, may be broken */

typedef struct sheet {
    zh_flow *f;
    const zh_doc_table *t;
    double at[ZH_DOC_COLUMNS_MAX], width[ZH_DOC_COLUMNS_MAX];
    zh_set head[ZH_DOC_COLUMNS_MAX];
    double head_high;
} sheet;

static const zh_doc_cell *cell_of(const zh_doc_table *t, size_t row, size_t column)
{
    return &t->cells[row * t->ncolumns + column];
}

/* What a column asks for: the width that breaks no word and the width that breaks no line. */
typedef struct want {
    double least, most;
} want;

/* Widths of the cells of the rows that are looked at, by which the columns are fitted. */
typedef struct fitting {
    double *wide; /* nrows × ncolumns */
    size_t nrows, ncolumns;
    want wants[ZH_DOC_COLUMNS_MAX];
} fitting;

static bool is_word(char c)
{
    return c > ' ' && c < 0x7f;
}

/* Whether a line may be broken before this byte, for the most part as UAX 14 has it: not within an
 * ASCII word, but after a hyphen or slash that no digit follows. */
static bool breaks_before(zh_str text, size_t at)
{
    char c = text.p[at];
    bool joint = text.p[at - 1] == '/' || text.p[at - 1] == '-';
    return !is_word(c) || (joint && !(c >= '0' && c <= '9'));
}

/* The widest piece that may not be broken; of Chinese a character, which is not asked. */
static double widest_piece(zh_flow *f, zh_str text, zh_font font)
{
    double most = 0;
    for (size_t at = 0; at < text.n && f->rc == ZH_OK;) {
        size_t end = at;
        while (end < text.n && (end == at ? is_word(text.p[end]) : !breaks_before(text, end))) {
            end++;
        }
        double wide = end > at ? zh_flow_width(f, zh_str_sub(text, at, end - at), font) : 0;
        most = wide > most ? wide : most;
        at = end > at ? end : at + 1;
    }
    return most;
}

static want want_of(sheet *s, fitting *fit, size_t column)
{
    zh_flow *f = s->f;
    zh_str label = s->t->columns[column].label;
    bool whole = s->t->columns[column].number;
    want w = {.least = widest_piece(f, label, head_font),
              .most = zh_flow_width(f, label, head_font)};
    for (size_t r = 0; r < fit->nrows && f->rc == ZH_OK; r++) {
        const zh_doc_cell *cell = cell_of(s->t, r, column);
        /* Longer text is broken anyway: it need not be measured. */
        zh_str text = zh_str_sub(cell->text, 0, 600);
        double wide = cell->draw != NULL ? cell->draw->width : zh_flow_width(f, text, body);
        double word = cell->draw != NULL || whole ? wide : widest_piece(f, text, body);
        fit->wide[r * fit->ncolumns + column] = cell->draw != NULL ? 0 : wide;
        w.most = wide > w.most ? wide : w.most;
        w.least = word > w.least ? word : w.least;
    }
    w.least = (w.least < widest_word ? w.least : widest_word) + 2 * pad + 0.5;
    w.most += 2 * pad + 0.5;
    w.least = w.least > narrow ? w.least : narrow;
    w.most = w.most > w.least ? w.most : w.least;
    return w;
}

/* Lines of all rows at these widths, about: a broken line leaves some of its width empty. */
static double lines_of(const fitting *fit, const double *width)
{
    double lines = 0;
    for (size_t r = 0; r < fit->nrows; r++) {
        double most = 1;
        for (size_t c = 0; c < fit->ncolumns; c++) {
            double room = width[c] - 2 * pad;
            double wide = fit->wide[r * fit->ncolumns + c];
            double own = wide <= room ? 1 : ceil(wide * 1.08 / room);
            most = own > most ? own : most;
        }
        lines += most;
    }
    return lines;
}

/* Moves width from one column to another as long as the table becomes shorter. */
static void fit_width(const fitting *fit, double *width)
{
    double best = lines_of(fit, width);
    for (double step = 24; step >= 3; step /= 2) {
        for (bool better = true; better;) {
            better = false;
            for (size_t i = 0; i < fit->ncolumns * fit->ncolumns; i++) {
                size_t from = i / fit->ncolumns;
                size_t to = i % fit->ncolumns;
                if (from == to || width[from] - step < fit->wants[from].least ||
                    width[to] + step > fit->wants[to].most) {
                    continue;
                }
                width[from] -= step;
                width[to] += step;
                double lines = lines_of(fit, width);
                if (lines < best) {
                    best = lines;
                    better = true;
                } else {
                    width[from] += step;
                    width[to] -= step;
                }
            }
        }
    }
}

/* Not even the words have room: the widest are made as wide as one another, the others keep theirs.
 */
static void cut_width(const fitting *fit, double *width)
{
    double left = ZH_FLOW_WIDTH;
    size_t open = fit->ncolumns;
    for (size_t c = 0; c < fit->ncolumns; c++) {
        width[c] = 0;
    }
    for (bool settled = false; !settled && open > 0;) {
        settled = true;
        for (size_t c = 0; c < fit->ncolumns && open > 0; c++) {
            if (width[c] <= 0 && fit->wants[c].least <= left / (double)open) {
                width[c] = fit->wants[c].least;
                left -= width[c];
                open--;
                settled = false;
            }
        }
    }
    for (size_t c = 0; c < fit->ncolumns; c++) {
        width[c] = width[c] > 0 ? width[c] : left / (double)open;
    }
}

/* Columns as wide as their longest line if all have room. Otherwise none is narrower than its
 * longest word, and the rest is shared so that the table is short. */
static void share_width(sheet *s)
{
    size_t n = s->t->ncolumns;
    fitting fit = {.nrows = s->t->nrows < FITTED_ROWS ? s->t->nrows : FITTED_ROWS, .ncolumns = n};
    fit.wide = ZH_NEW_N(s->f->arena, double, fit.nrows *n + 1);
    double most = 0;
    double least = 0;
    for (size_t c = 0; c < n; c++) {
        fit.wants[c] = want_of(s, &fit, c);
        most += fit.wants[c].most;
        least += fit.wants[c].least;
    }
    double part = most > least ? (ZH_FLOW_WIDTH - least) / (most - least) : 0;
    for (size_t c = 0; c < n; c++) {
        const want *w = &fit.wants[c];
        s->width[c] = most > ZH_FLOW_WIDTH ? w->least + part * (w->most - w->least)
                                           : w->most * ZH_FLOW_WIDTH / most;
    }
    if (least >= ZH_FLOW_WIDTH) {
        cut_width(&fit, s->width);
    } else if (most > ZH_FLOW_WIDTH) {
        fit_width(&fit, s->width);
    }
    double x = ZH_FLOW_LEFT;
    for (size_t c = 0; c < n; c++) {
        s->at[c] = x;
        x += s->width[c];
    }
}

static sheet sheet_of(zh_flow *f, const zh_doc_table *t)
{
    sheet s = {.f = f, .t = t};
    share_width(&s);
    size_t most = 1;
    for (size_t c = 0; c < t->ncolumns; c++) {
        s.head[c] = zh_flow_plain(f, t->columns[c].label, head_font, s.width[c] - 2 * pad, 11);
        most = s.head[c].n > most ? s.head[c].n : most;
    }
    s.head_high = (double)most * 11 + 2 * gap + 1;
    return s;
}

static void draw_cell(sheet *s, size_t column, const zh_set *set, double y)
{
    bool number = s->t->columns[column].number;
    for (size_t i = 0; i < set->n; i++) {
        double room = s->width[column] - 2 * pad - set->lines[i].width;
        double x = s->at[column] + pad + (number ? room : 0);
        zh_flow_lines(s->f, set, i, i + 1, x, y + (double)i * set->leading);
    }
}

static void draw_head(sheet *s)
{
    zh_flow *f = s->f;
    zh_draw_open(f->page, &(zh_mark){.kind = "head"});
    for (size_t c = 0; c < s->t->ncolumns; c++) {
        double up = s->head_high - 2 * gap - 1 - zh_flow_high(&s->head[c]);
        draw_cell(s, c, &s->head[c], f->y + gap + up);
    }
    zh_draw_close(f->page);
    f->y += s->head_high;
    zh_draw_line(f->page, ZH_FLOW_LEFT, f->y, ZH_FLOW_LEFT + ZH_FLOW_WIDTH, f->y,
                 (zh_paint){.stroke = ZH_ROLE_INK, .width = 0.9});
}

static zh_set set_cell(sheet *s, const zh_doc_cell *cell, size_t column)
{
    zh_doc_text text = {.text = cell->text};
    if (cell->href.n > 0 && cell->text.n > 0) {
        zh_doc_link *link = ZH_NEW(s->f->arena, zh_doc_link);
        *link = (zh_doc_link){.from = 0, .n = cell->text.n, .href = cell->href};
        text.links = link;
        text.nlinks = 1;
    }
    return zh_flow_set(s->f, text, cell->nil ? nil : body, s->width[column] - 2 * pad, 0, leading);
}

static double draw_scale(const sheet *s, const zh_draw *draw, size_t column)
{
    double room = s->width[column] - 2 * pad;
    return draw->width > room ? room / draw->width : 1;
}

static double row_high(sheet *s, size_t row, zh_set *sets)
{
    double most = leading;
    for (size_t c = 0; c < s->t->ncolumns; c++) {
        const zh_doc_cell *cell = cell_of(s->t, row, c);
        sets[c] = cell->draw == NULL ? set_cell(s, cell, c) : (zh_set){0};
        double high = cell->draw == NULL ? zh_flow_high(&sets[c])
                                         : cell->draw->height * draw_scale(s, cell->draw, c);
        most = high > most ? high : most;
    }
    return most + 2 * gap;
}

static void draw_row(sheet *s, size_t row, const zh_set *sets, double high)
{
    zh_flow *f = s->f;
    zh_mark mark = {.kind = "row"};
    if (s->t->names != NULL) {
        mark.name = s->t->names[row];
    }
    zh_draw_open(f->page, &mark);
    for (size_t c = 0; c < s->t->ncolumns; c++) {
        const zh_doc_cell *cell = cell_of(s->t, row, c);
        if (cell->draw != NULL) {
            double scale = draw_scale(s, cell->draw, c);
            zh_draw_place(f->page, cell->draw, s->at[c] + pad,
                          f->y + (high - cell->draw->height * scale) / 2, scale);
        } else {
            draw_cell(s, c, &sets[c], f->y + gap);
        }
    }
    zh_draw_close(f->page);
    f->y += high;
    zh_draw_line(f->page, ZH_FLOW_LEFT, f->y, ZH_FLOW_LEFT + ZH_FLOW_WIDTH, f->y,
                 (zh_paint){.stroke = ZH_ROLE_RULE, .width = 0.5});
}

static void continued(sheet *s, const zh_doc_block *b)
{
    zh_flow_page(s->f);
    zh_draw_text(s->f->page, ZH_FLOW_LEFT, s->f->y + 8,
                 zh_str_fmt(s->f->arena, s->f->doc->english ? "%.*s (continued)" : "%.*s（续）",
                            ZH_FMT(b->number)),
                 (zh_text_at){.font = head_font});
    s->f->y += 14;
    draw_head(s);
}

/* Height of the rows from `row` to the end with the foot below them, without the space after it. */
static double rest_high(sheet *s, size_t row, zh_set *sets, double foot)
{
    double high = foot - ZH_FLOW_AFTER;
    for (size_t r = row; r < s->t->nrows; r++) {
        high += row_high(s, r, sets);
    }
    return high;
}

/* A short table stands on one page; of a longer one the head and a few rows. */
double zh_flow_table_lead(zh_flow *f, const zh_doc_block *b)
{
    zh_flow_frame frame = zh_flow_frame_of(f, b);
    double lead = zh_flow_head_high(&frame) + 90;
    if (b->table.nrows <= SHORT_ROWS && f->rc == ZH_OK) {
        zh_set *sets = ZH_NEW_N(f->arena, zh_set, b->table.ncolumns);
        sheet s = sheet_of(f, &b->table);
        double whole = zh_flow_head_high(&frame) + s.head_high +
                       rest_high(&s, 0, sets, zh_flow_foot_high(&frame));
        lead = whole < (ZH_FLOW_BOTTOM - ZH_FLOW_TOP) / 2 ? whole : lead;
    }
    return lead;
}

void zh_flow_table(zh_flow *f, const zh_doc_block *b)
{
    zh_flow_frame frame = zh_flow_frame_of(f, b);
    sheet s = sheet_of(f, &b->table);
    zh_set *sets = ZH_NEW_N(f->arena, zh_set, b->table.ncolumns);
    double foot = zh_flow_foot_high(&frame);
    zh_flow_need(f, zh_flow_table_lead(f, b));
    zh_flow_head(f, &frame);
    draw_head(&s);
    bool fresh = true; /* no row stands under this head yet */
    for (size_t r = 0; r < b->table.nrows && f->rc == ZH_OK; r++) {
        size_t left = b->table.nrows - r;
        /* The last rows keep together with the foot: neither a source nor a row stands alone. */
        double high = left <= LAST_ROWS ? rest_high(&s, r, sets, foot) : 0;
        double own = row_high(&s, r, sets);
        bool whole = high > own && high < ZH_FLOW_BOTTOM - ZH_FLOW_TOP - s.head_high - 14;
        if (!fresh && f->y + (whole ? high : own) > ZH_FLOW_BOTTOM) {
            continued(&s, b);
            fresh = true;
        }
        if (fresh && f->y + own > ZH_FLOW_BOTTOM && f->rc == ZH_OK) {
            f->rc = zh_err_set(f->err, ZH_EINVAL, "doc.row", "表格第 %zu 行高于一页", r + 1);
            return;
        }
        draw_row(&s, r, sets, own);
        fresh = false;
    }
    zh_flow_need(f, foot - ZH_FLOW_AFTER);
    zh_flow_foot(f, &frame);
}
