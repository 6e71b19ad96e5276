/* A drawing list as SVG text. */
#include "fmt/svg.h"

#include <math.h>
#include <string.h>

#define LONG_LINE 40

typedef struct writer {
    zh_buf *out;
    zh_str id;
    bool standalone;
} writer;

/* What a list holds, placed lists included. */
typedef struct contents {
    bool links, missing, few;
} contents;

static void write_escaped(zh_buf *out, zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&': zh_buf_z(out, "&amp;"); break;
        case '<': zh_buf_z(out, "&lt;"); break;
        case '>': zh_buf_z(out, "&gt;"); break;
        case '"': zh_buf_z(out, "&quot;"); break;
        case '\'': zh_buf_z(out, "&#39;"); break;
        default: zh_buf_c(out, s.p[i]); break;
        }
    }
}

/* At most two decimals, without trailing zeros and without -0; no locale in it. */
static void write_number(zh_buf *out, double v)
{
    long long hundredths = llround(v * 100.0);
    if (hundredths < 0) {
        zh_buf_c(out, '-');
        hundredths = -hundredths;
    }
    zh_buf_fmt(out, "%lld", hundredths / 100);
    long long rest = hundredths % 100;
    if (rest != 0) {
        zh_buf_fmt(out, rest % 10 == 0 ? ".%lld" : ".%02lld", rest % 10 == 0 ? rest / 10 : rest);
    }
}

static void write_attribute(zh_buf *out, const char *name, double v)
{
    zh_buf_fmt(out, " %s=\"", name);
    write_number(out, v);
    zh_buf_c(out, '"');
}

static void write_colour(zh_buf *out, const char *name, zh_role role)
{
    zh_buf_fmt(out, " %s=\"#%06x\"", name, (unsigned)zh_draw_rgb(role));
}

static bool is_texture(zh_role role)
{
    return role == ZH_ROLE_MISSING || role == ZH_ROLE_FEW;
}

static void write_texture(const writer *w, zh_role role)
{
    zh_buf_z(w->out, " fill=\"url(#");
    zh_buf_str(w->out, w->id);
    zh_buf_fmt(w->out, "-%s)\"", zh_role_name(role));
}

static void write_paint(const writer *w, const zh_paint *paint)
{
    zh_buf *out = w->out;
    bool stroked = paint->stroke != ZH_ROLE_NONE;
    if (is_texture(paint->fill)) {
        write_texture(w, paint->fill);
    }
    if (w->standalone) {
        if (paint->fill == ZH_ROLE_NONE) {
            zh_buf_z(out, " fill=\"none\"");
        } else if (!is_texture(paint->fill)) {
            write_colour(out, "fill", paint->fill);
        }
        if (stroked) {
            write_colour(out, "stroke", paint->stroke);
        }
    } else {
        zh_buf_z(out, " class=\"");
        if (!is_texture(paint->fill)) {
            zh_buf_fmt(out, "f-%s", zh_role_name(paint->fill));
        }
        if (stroked) {
            zh_buf_fmt(out, "%sk-%s", is_texture(paint->fill) ? "" : " ",
                       zh_role_name(paint->stroke));
        }
        zh_buf_c(out, '"');
    }
    if (stroked && paint->width > 0) {
        write_attribute(out, "stroke-width", paint->width);
    }
    if (stroked && zh_dash_pattern(paint->dash) != NULL) {
        zh_buf_fmt(out, " stroke-dasharray=\"%s\"", zh_dash_pattern(paint->dash));
    }
    if (paint->tint != ZH_TINT_FULL) {
        write_attribute(out, "opacity", zh_tint_alpha(paint->tint));
    }
}

/* A long line is a border or a series: a tenth of a unit is finer than can be seen, and shorter. */
static void write_points(zh_buf *out, const zh_point *points, size_t n, char command)
{
    double grain = n > LONG_LINE ? 10.0 : 100.0;
    for (size_t i = 0; i < n; i++) {
        zh_buf_c(out, i == 0 ? command : i == 1 ? 'L' : ' ');
        write_number(out, round(points[i].x * grain) / grain);
        zh_buf_c(out, ' ');
        write_number(out, round(points[i].y * grain) / grain);
    }
}

static void write_path(const writer *w, const zh_draw_item *item)
{
    zh_buf_z(w->out, "<path d=\"");
    if (item->kind == ZH_DRAW_POLYLINE) {
        write_points(w->out, item->points, item->points_n, 'M');
    }
    size_t from = 0;
    for (size_t r = 0; r < item->rings_n; r++) {
        if (item->ends[r] > from) {
            write_points(w->out, item->points + from, item->ends[r] - from, 'M');
            zh_buf_c(w->out, 'Z');
        }
        from = item->ends[r];
    }
    zh_buf_c(w->out, '"');
    if (item->rings_n > 1) {
        zh_buf_z(w->out, " fill-rule=\"evenodd\"");
    }
    if (item->kind == ZH_DRAW_POLYLINE) {
        zh_buf_z(w->out, " stroke-linejoin=\"round\"");
    }
    write_paint(w, &item->paint);
    zh_buf_z(w->out, "/>");
}

static void write_shape(const writer *w, const zh_draw_item *item)
{
    static const char *const rect[] = {"x", "y", "width", "height"};
    static const char *const line[] = {"x1", "y1", "x2", "y2"};
    static const char *const circle[] = {"cx", "cy", "r", NULL};
    bool is_rect = item->kind == ZH_DRAW_RECT;
    bool is_line = item->kind == ZH_DRAW_LINE;
    const char *const *names = is_rect ? rect : is_line ? line : circle;
    const double values[] = {item->a, item->b, item->c, item->d};
    zh_buf_fmt(w->out, "<%s", is_rect ? "rect" : is_line ? "line" : "circle");
    for (size_t i = 0; i < 4 && names[i] != NULL; i++) {
        write_attribute(w->out, names[i], values[i]);
    }
    write_paint(w, &item->paint);
    zh_buf_z(w->out, "/>");
}

static void write_text(const writer *w, const zh_draw_item *item)
{
    zh_buf *out = w->out;
    const zh_text_at *at = &item->at;
    bool song = at->font.family == ZH_FAMILY_SONG;
    bool bold = at->font.weight >= 600;
    zh_buf_z(out, "<text");
    write_attribute(out, "x", item->a);
    write_attribute(out, "y", item->b);
    write_attribute(out, "font-size", at->font.size);
    if (at->anchor != ZH_ANCHOR_START) {
        zh_buf_fmt(out, " text-anchor=\"%s\"", at->anchor == ZH_ANCHOR_MIDDLE ? "middle" : "end");
    }
    if (at->turn != 0) {
        zh_buf_z(out, " transform=\"rotate(");
        write_number(out, at->turn);
        zh_buf_c(out, ' ');
        write_number(out, item->a);
        zh_buf_c(out, ' ');
        write_number(out, item->b);
        zh_buf_z(out, ")\"");
    }
    if (w->standalone) {
        zh_buf_fmt(out, " font-family=\"%s\"",
                   song ? "Source Han Serif SC, Noto Serif CJK SC, SimSun, serif"
                        : "Source Han Sans SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif");
        if (bold) {
            zh_buf_z(out, " font-weight=\"600\"");
        }
        write_colour(out, "fill", at->font.role);
    } else {
        zh_buf_fmt(out, " class=\"f-%s%s%s\"", zh_role_name(at->font.role), song ? " song" : "",
                   bold ? " b" : "");
    }
    zh_buf_c(out, '>');
    write_escaped(out, item->text);
    zh_buf_z(out, "</text>");
}

/* Only the tag; whether it is a link decides how the group is closed. */
static void write_open(const writer *w, const zh_mark *mark)
{
    zh_buf *out = w->out;
    zh_buf_z(out, mark->href.n > 0 ? "<a" : "<g");
    if (mark->href.n > 0) {
        zh_buf_z(out, w->standalone ? " xlink:href=\"" : " href=\"");
        write_escaped(out, mark->href);
        zh_buf_c(out, '"');
    }
    if (mark->name.n > 0) {
        zh_buf_z(out, " id=\"");
        write_escaped(out, mark->name);
        zh_buf_c(out, '"');
    }
    if (mark->kind != NULL) {
        zh_buf_z(out, " class=\"");
        write_escaped(out, zh_str_of(mark->kind));
        zh_buf_c(out, '"');
    }
    zh_buf_c(out, '>');
    if (mark->title.n > 0) {
        zh_buf_z(out, "<title>");
        write_escaped(out, mark->title);
        zh_buf_z(out, "</title>");
    }
    if (mark->desc.n > 0) {
        zh_buf_z(out, "<desc>");
        write_escaped(out, mark->desc);
        zh_buf_z(out, "</desc>");
    }
}

static void write_items(const writer *w, const zh_draw *list);

static void write_placed(const writer *w, const zh_draw_item *item)
{
    zh_buf_z(w->out, "<g transform=\"translate(");
    write_number(w->out, item->a);
    zh_buf_c(w->out, ' ');
    write_number(w->out, item->b);
    zh_buf_c(w->out, ')');
    if (item->c < 1.0 || item->c > 1.0) {
        zh_buf_fmt(w->out, " scale(%lld.%04lld)", llround(item->c * 10000.0) / 10000,
                   llround(item->c * 10000.0) % 10000);
    }
    zh_buf_z(w->out, "\">");
    write_items(w, item->placed);
    zh_buf_z(w->out, "</g>");
}

/* Recursion is bounded by ZH_DRAW_DEPTH_MAX, which zh_draw_place keeps. */
static void write_items(const writer *w, const zh_draw *list)
{
    bool is_link[ZH_DRAW_DEPTH_MAX] = {false};
    unsigned depth = 0;
    for (const zh_draw_item *item = list->first; item != NULL; item = item->next) {
        switch (item->kind) {
        case ZH_DRAW_OPEN:
            is_link[depth++] = item->mark.href.n > 0;
            write_open(w, &item->mark);
            break;
        case ZH_DRAW_CLOSE: zh_buf_z(w->out, is_link[--depth] ? "</a>" : "</g>"); break;
        case ZH_DRAW_RECT:
        case ZH_DRAW_LINE:
        case ZH_DRAW_CIRCLE: write_shape(w, item); break;
        case ZH_DRAW_POLYLINE:
        case ZH_DRAW_POLYGON: write_path(w, item); break;
        case ZH_DRAW_TEXT: write_text(w, item); break;
        case ZH_DRAW_PLACE: write_placed(w, item); break;
        }
    }
}

/* Recursion is bounded by ZH_DRAW_DEPTH_MAX. */
static void look_through(const zh_draw *list, contents *found)
{
    for (const zh_draw_item *item = list->first; item != NULL; item = item->next) {
        found->missing = found->missing || item->paint.fill == ZH_ROLE_MISSING;
        found->few = found->few || item->paint.fill == ZH_ROLE_FEW;
        if (item->kind == ZH_DRAW_OPEN && item->mark.href.n > 0) {
            found->links = true;
        }
        if (item->kind == ZH_DRAW_PLACE) {
            look_through(item->placed, found);
        }
    }
}

static void write_textures(const writer *w, const contents *found)
{
    zh_buf *out = w->out;
    if (!found->missing && !found->few) {
        return;
    }
    zh_buf_z(out, "<defs>");
    for (int i = 0; i < 2; i++) {
        bool missing = i == 0;
        if (!(missing ? found->missing : found->few)) {
            continue;
        }
        zh_buf_z(out, "<pattern id=\"");
        zh_buf_str(out, w->id);
        zh_buf_fmt(out, "-%s\" width=\"%d\" height=\"%d\" patternUnits=\"userSpaceOnUse\"%s>",
                   missing ? "missing" : "few", missing ? 6 : 4, missing ? 6 : 4,
                   missing ? " patternTransform=\"rotate(45)\"" : "");
        zh_paint ground = {.fill = ZH_ROLE_PAPER};
        zh_paint ink = {.stroke = missing ? ZH_ROLE_HATCH : ZH_ROLE_NONE,
                        .fill = missing ? ZH_ROLE_NONE : ZH_ROLE_HATCH};
        zh_draw_item back = {.kind = ZH_DRAW_RECT, .paint = ground, .c = 6, .d = 6};
        zh_draw_item line = {.kind = ZH_DRAW_LINE, .paint = ink, .a = 0.5, .c = 0.5, .d = 6};
        zh_draw_item dot = {.kind = ZH_DRAW_CIRCLE, .paint = ink, .a = 2, .b = 2, .c = 0.8};
        write_shape(w, &back);
        write_shape(w, missing ? &line : &dot);
        zh_buf_z(out, "</pattern>");
    }
    zh_buf_z(out, "</defs>");
}

static void write_label(const writer *w, const char *element, const char *end, zh_str text)
{
    if (text.n > 0) {
        zh_buf_fmt(w->out, "<%s id=\"", element);
        zh_buf_str(w->out, w->id);
        zh_buf_fmt(w->out, "-%s\">", end);
        write_escaped(w->out, text);
        zh_buf_fmt(w->out, "</%s>", element);
    }
}

static void write_root(const writer *w, const zh_draw *list, const contents *found, bool decorative)
{
    zh_buf *out = w->out;
    if (w->standalone) {
        zh_buf_z(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "
                      "xmlns=\"http://www.w3.org/2000/svg\" "
                      "xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
    } else {
        zh_buf_z(out, "<svg class=\"zh-fig\"");
    }
    write_attribute(out, "width", list->width);
    write_attribute(out, "height", list->height);
    zh_buf_z(out, " viewBox=\"0 0 ");
    write_number(out, list->width);
    zh_buf_c(out, ' ');
    write_number(out, list->height);
    zh_buf_c(out, '"');
    if (decorative) {
        zh_buf_z(out, " aria-hidden=\"true\">");
        return;
    }
    zh_buf_fmt(out, " role=\"%s\"", found->links ? "group" : "img");
    if (list->title.n > 0) {
        zh_buf_z(out, " aria-labelledby=\"");
        zh_buf_str(out, w->id);
        zh_buf_z(out, "-t\"");
    }
    if (list->desc.n > 0) {
        zh_buf_z(out, " aria-describedby=\"");
        zh_buf_str(out, w->id);
        zh_buf_z(out, "-d\"");
    }
    zh_buf_c(out, '>');
    write_label(w, "title", "t", list->title);
    write_label(w, "desc", "d", list->desc);
}

static bool is_id(zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || (!(c >= '0' && c <= '9') && c != '-'))) {
            return false;
        }
    }
    return true;
}

zh_rc zh_svg_write(const zh_draw *list, const zh_svg_options *options, zh_buf *out, zh_err *err)
{
    static const zh_svg_options plain = {{NULL, 0}, false, false};
    const zh_svg_options *o = options != NULL ? options : &plain;
    zh_rc rc = zh_draw_check(list, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!is_id(o->id)) {
        return zh_err_set(err, ZH_EINVAL, "svg.id", "图的编号只许用字母、数字和连字符，以字母开头");
    }
    contents found = {0};
    look_through(list, &found);
    writer w = {out, o->id.n > 0 ? o->id : ZH_STR("f"), o->standalone};
    write_root(&w, list, &found, o->decorative);
    write_textures(&w, &found);
    if (w.standalone) { /* a file has no page behind it */
        zh_draw_item back = {.kind = ZH_DRAW_RECT,
                             .paint = {.fill = ZH_ROLE_PAPER},
                             .c = list->width,
                             .d = list->height};
        write_shape(&w, &back);
    }
    write_items(&w, list);
    zh_buf_z(out, "</svg>");
    if (w.standalone) {
        zh_buf_c(out, '\n');
    }
    if (out->failed) {
        return zh_err_set(err, ZH_ELIMIT, "svg.size", "图的 SVG 超过 %zu 字节的上限", out->max);
    }
    return ZH_OK;
}
