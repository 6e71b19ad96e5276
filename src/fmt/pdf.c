/* Drawing lists as PDF pages and PNG pictures by cairo, text by pango. */
#include "fmt/pdf.h"

#include "base/utf8.h"
#include "base/vec.h"
#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#define OUTLINE_LEVELS 6
#define HATCH_STEP     6.0 /* as the pattern in fmt/svg.c */
#define DOT_STEP       4.0
#define DOT_RADIUS     0.8
#define TEXTURE_MARKS  200000 /* lines or dots in one texture */

static const char sans[] = "Noto Sans CJK SC";
static const char song[] = "Noto Serif CJK SC";

/* Fonts and the context in which text is laid out: 72 dots to the inch, no hinting, so that
 * positions scale. */
struct zh_ruler {
    PangoFontMap *map;
    PangoContext *context;
    PangoLayout *layout;
};

/* ---- fonts ---- */

static bool has_family(PangoFontMap *map, const char *name)
{
    PangoFontFamily **families = NULL;
    int n = 0;
    bool found = false;
    pango_font_map_list_families(map, &families, &n);
    for (int i = 0; i < n && !found; i++) {
        found = strcmp(pango_font_family_get_name(families[i]), name) == 0;
    }
    g_free(families);
    return found;
}

static void release_ruler(void *object)
{
    zh_ruler *ruler = object;
    g_object_unref(ruler->layout);
    g_object_unref(ruler->context);
    g_object_unref(ruler->map);
}

static zh_rc open_ruler(zh_ruler *ruler, zh_err *err)
{
    ruler->map = pango_cairo_font_map_new();
    const char *missing = !has_family(ruler->map, sans)   ? sans
                          : !has_family(ruler->map, song) ? song
                                                          : NULL;
    if (missing != NULL) {
        g_object_unref(ruler->map);
        zh_err_set(err, ZH_EIO, "pdf.font", "本机没有字体「%s」，不能排版", missing);
        zh_err_fix(err, "请安装软件包 fonts-noto-cjk（Debian、Ubuntu）后重试");
        return ZH_EIO;
    }
    ruler->context = pango_font_map_create_context(ruler->map);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(ruler->context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(ruler->context, 72);
    pango_context_set_round_glyph_positions(ruler->context, FALSE);
    pango_context_set_language(ruler->context, pango_language_from_string("zh-Hans-CN"));
    pango_context_set_base_dir(ruler->context, PANGO_DIRECTION_LTR);
    ruler->layout = pango_layout_new(ruler->context);
    return ZH_OK;
}

zh_rc zh_ruler_open(zh_arena *arena, zh_ruler **out, zh_err *err)
{
    zh_ruler *ruler = ZH_NEW(arena, zh_ruler);
    zh_rc rc = open_ruler(ruler, err);
    if (rc == ZH_OK) {
        zh_arena_defer(arena, release_ruler, ruler);
        *out = ruler;
    }
    return rc;
}

static void set_font(PangoLayout *layout, zh_font font)
{
    PangoFontDescription *description = pango_font_description_new();
    double size = font.size > 0 ? font.size : 12;
    pango_font_description_set_family_static(description,
                                             font.family == ZH_FAMILY_SONG ? song : sans);
    pango_font_description_set_weight(description, font.weight >= 600 ? PANGO_WEIGHT_SEMIBOLD
                                                                      : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(description, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
}

static bool is_ascii_word(char c)
{
    return c > ' ' && c < 0x7f;
}

/* Text into the layout. Quotation marks and apostrophes at a word of ASCII are as wide as there: in
 * these fonts they are the Chinese ones, a full em each. */
static void lay_text(PangoLayout *layout, zh_str text)
{
    PangoAttrList *narrow = pango_attr_list_new();
    for (size_t i = 0; i + 3 <= text.n; i++) {
        if (memcmp(text.p + i, "\xe2\x80", 2) != 0) {
            continue;
        }
        unsigned char mark = (unsigned char)text.p[i + 2]; /* U+2018, 2019, 201C, 201D */
        bool opens =
            (mark == 0x98 || mark == 0x9c) && i + 3 < text.n && is_ascii_word(text.p[i + 3]);
        bool closes = (mark == 0x99 || mark == 0x9d) && i > 0 && is_ascii_word(text.p[i - 1]);
        if (opens || closes) {
            PangoAttribute *attribute = pango_attr_font_features_new("pwid");
            attribute->start_index = (guint)i;
            attribute->end_index = (guint)i + 3;
            pango_attr_list_insert(narrow, attribute);
        }
    }
    pango_layout_set_attributes(layout, narrow);
    pango_attr_list_unref(narrow);
    pango_layout_set_text(layout, text.n > 0 ? text.p : "", (int)text.n);
}

static zh_rc set_text(zh_ruler *ruler, zh_str text, zh_font font, zh_err *err)
{
    if (text.n > ZH_TEXT_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pdf.text", "一段文字超过 %zu 字节的上限",
                          ZH_TEXT_BYTES_MAX);
    }
    if (!zh_utf8_clean(text)) {
        return zh_err_set(err, ZH_EINVAL, "pdf.text", "一段文字不是干净的 UTF-8");
    }
    set_font(ruler->layout, font);
    lay_text(ruler->layout, text);
    return ZH_OK;
}

zh_rc zh_text_measure(zh_ruler *ruler, zh_str text, zh_font font, zh_text_size *out, zh_err *err)
{
    zh_rc rc = set_text(ruler, text, font, err);
    if (rc != ZH_OK) {
        return rc;
    }
    PangoRectangle box;
    pango_layout_set_width(ruler->layout, -1);
    pango_layout_set_indent(ruler->layout, 0);
    pango_layout_set_single_paragraph_mode(ruler->layout, TRUE);
    pango_layout_get_extents(ruler->layout, NULL, &box);
    double baseline = pango_units_to_double(pango_layout_get_baseline(ruler->layout));
    *out = (zh_text_size){.width = pango_units_to_double(box.width),
                          .ascent = baseline,
                          .descent = pango_units_to_double(box.height) - baseline};
    return ZH_OK;
}

static zh_text_line line_of(PangoLayoutLine *line, zh_str text)
{
    zh_text_line found = {.from = (size_t)line->start_index, .n = (size_t)line->length};
    while (found.n > 0 &&
           (text.p[found.from + found.n - 1] == ' ' || text.p[found.from + found.n - 1] == '\n')) {
        found.n--;
    }
    PangoRectangle box;
    pango_layout_line_get_extents(line, NULL, &box);
    found.width = pango_units_to_double(box.width);
    if (found.n < (size_t)line->length) {
        int x = 0;
        pango_layout_line_index_to_x(line, (int)(found.from + found.n), FALSE, &x);
        found.width = pango_units_to_double(x);
    }
    return found;
}

zh_rc zh_text_break(zh_ruler *ruler, zh_arena *arena, zh_str text, zh_font font, double width,
                    double indent, zh_text_line **lines, size_t *n, zh_err *err)
{
    if (!(width > 0) || width > ZH_DRAW_EXTENT_MAX || !(indent >= 0) || indent >= width) {
        return zh_err_set(err, ZH_EINVAL, "pdf.width", "行宽须为正，缩进须小于行宽");
    }
    zh_rc rc = set_text(ruler, text, font, err);
    if (rc != ZH_OK) {
        return rc;
    }
    pango_layout_set_single_paragraph_mode(ruler->layout, FALSE);
    pango_layout_set_width(ruler->layout, pango_units_from_double(width));
    pango_layout_set_indent(ruler->layout, pango_units_from_double(indent));
    pango_layout_set_wrap(ruler->layout, PANGO_WRAP_WORD_CHAR);
    size_t count = (size_t)pango_layout_get_line_count(ruler->layout);
    if (count > ZH_TEXT_LINES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pdf.lines", "一段文字超过 %d 行", ZH_TEXT_LINES_MAX);
    }
    zh_text_line *found = ZH_TRY_N(arena, zh_text_line, count > 0 ? count : 1);
    if (found == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "pdf.memory", "排版的内存预算用完");
    }
    size_t i = 0;
    for (const GSList *l = pango_layout_get_lines_readonly(ruler->layout); l != NULL && i < count;
         l = l->next) {
        found[i++] = line_of(l->data, text);
    }
    *lines = found;
    *n = i;
    return ZH_OK;
}

/* ---- names and links ---- */

typedef struct names {
    zh_arena *arena;
    zh_map defined;
    size_t n;
    zh_str twice;
    zh_str absent;
} names;

/* Recursion here and below is bounded by ZH_DRAW_DEPTH_MAX. */
static void collect_names(names *all, const zh_draw *list)
{
    for (const zh_draw_item *item = list->first; item != NULL; item = item->next) {
        if (item->kind == ZH_DRAW_PLACE) {
            collect_names(all, item->placed);
        } else if (item->kind == ZH_DRAW_OPEN && item->mark.name.n > 0 &&
                   all->n++ < ZH_PDF_NAMES_MAX &&
                   zh_map_put(&all->defined, item->mark.name, all) != NULL) {
            all->twice = item->mark.name;
        }
    }
}

static void check_links(names *all, const zh_draw *list)
{
    for (const zh_draw_item *item = list->first; item != NULL; item = item->next) {
        if (item->kind == ZH_DRAW_PLACE) {
            check_links(all, item->placed);
        } else if (item->kind == ZH_DRAW_OPEN && item->mark.href.n > 0 &&
                   item->mark.href.p[0] == '#') {
            zh_str name = zh_str_sub(item->mark.href, 1, item->mark.href.n);
            if (zh_map_get(&all->defined, name) == NULL) {
                all->absent = item->mark.href;
            }
        }
    }
}

static zh_rc check_names(const zh_pdf_in *in, zh_err *err)
{
    names all = {.arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES)};
    zh_map_init(&all.defined, all.arena);
    for (size_t i = 0; i < in->pages_n; i++) {
        collect_names(&all, in->pages[i]);
    }
    for (size_t i = 0; i < in->pages_n; i++) {
        check_links(&all, in->pages[i]);
    }
    zh_rc rc = ZH_OK;
    if (all.n > ZH_PDF_NAMES_MAX) {
        rc = zh_err_set(err, ZH_ELIMIT, "pdf.names", "文件的锚点超过 %d 个", ZH_PDF_NAMES_MAX);
    } else if (all.twice.n > 0) {
        rc = zh_err_set(err, ZH_EINVAL, "pdf.name", "锚点「%.*s」出现了两次", ZH_FMT(all.twice));
    } else if (all.absent.n > 0) {
        rc = zh_err_set(err, ZH_EINVAL, "pdf.link", "文内链接「%.*s」没有去处",
                        ZH_FMT(zh_str_sub(all.absent, 0, 80)));
    }
    zh_arena_free(all.arena);
    return rc;
}

static zh_rc check_outline(const zh_pdf_in *in, zh_err *err)
{
    size_t level = 0;
    if (in->outline_n > ZH_PDF_OUTLINE_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pdf.outline", "书签超过 %d 条", ZH_PDF_OUTLINE_MAX);
    }
    for (size_t i = 0; i < in->outline_n; i++) {
        const zh_pdf_outline *o = &in->outline[i];
        bool skips = o->level > (i == 0 ? 0 : level + 1) || o->level >= OUTLINE_LEVELS;
        if (skips || o->page == 0 || o->page > in->pages_n || !isfinite(o->y) || o->title.n == 0 ||
            o->title.n > ZH_DRAW_TEXT_MAX || !zh_utf8_clean(o->title)) {
            zh_err_set(err, ZH_EINVAL, "pdf.outline", "第 %zu 条书签的层次、页码或题名不成立",
                       i + 1);
            zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(o->title, 0, 60)));
            return ZH_EINVAL;
        }
        level = o->level;
    }
    return ZH_OK;
}

static zh_rc check_document(const zh_pdf_in *in, zh_err *err)
{
    if (in->pages_n == 0) {
        return zh_err_set(err, ZH_EINVAL, "pdf.pages", "文件没有页");
    }
    if (in->pages_n > ZH_PDF_PAGES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pdf.pages", "文件超过 %d 页", ZH_PDF_PAGES_MAX);
    }
    const zh_str texts[] = {in->title, in->author, in->subject, in->keywords};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        if (texts[i].n > ZH_DRAW_TEXT_MAX || !zh_utf8_clean(texts[i])) {
            return zh_err_set(err, ZH_EINVAL, "pdf.metadata", "文件的题名、作者等过长或不干净");
        }
    }
    for (size_t i = 0; i < in->pages_n; i++) {
        zh_rc rc = zh_draw_check(in->pages[i], err);
        if (rc != ZH_OK) {
            zh_err_where(err, "第 %zu 页", i + 1);
            return rc;
        }
    }
    zh_rc rc = check_names(in, err);
    return rc == ZH_OK ? check_outline(in, err) : rc;
}

/* ---- painting ---- */

typedef struct painter {
    cairo_t *cr;
    zh_ruler *ruler;
    zh_arena *arena; /* of the page */
    size_t unknown;
} painter;

static void set_colour(cairo_t *cr, zh_role role, zh_tint tint)
{
    uint32_t rgb = zh_draw_rgb(role);
    cairo_set_source_rgba(cr, (rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0,
                          (rgb & 0xff) / 255.0, zh_tint_alpha(tint));
}

static void hatch_lines(cairo_t *cr, double x1, double y1, double x2, double y2)
{
    double step = HATCH_STEP * sqrt(2.0);
    double first = floor((x1 + y1) / step) * step;
    if ((x2 + y2 - first) / step > TEXTURE_MARKS) {
        return;
    }
    for (double sum = first; sum <= x2 + y2; sum += step) { /* the lines x + y = sum */
        cairo_move_to(cr, sum - y1, y1);
        cairo_line_to(cr, sum - y2, y2);
    }
    cairo_set_line_width(cr, 0.8);
    cairo_stroke(cr);
}

static void texture_dots(cairo_t *cr, double x1, double y1, double x2, double y2)
{
    if ((x2 - x1) / DOT_STEP * ((y2 - y1) / DOT_STEP) > TEXTURE_MARKS) {
        return;
    }
    for (double y = floor(y1 / DOT_STEP) * DOT_STEP + 2; y < y2; y += DOT_STEP) {
        for (double x = floor(x1 / DOT_STEP) * DOT_STEP + 2; x < x2; x += DOT_STEP) {
            cairo_new_sub_path(cr);
            cairo_arc(cr, x, y, DOT_RADIUS, 0, 2 * G_PI);
        }
    }
    cairo_fill(cr);
}

/* Lines or dots inside the current path, which stays. */
static void fill_texture(cairo_t *cr, zh_role texture)
{
    double x1, y1, x2, y2;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill_preserve(cr);
    cairo_path_extents(cr, &x1, &y1, &x2, &y2);
    cairo_path_t *path = cairo_copy_path(cr);
    cairo_save(cr);
    cairo_clip(cr);
    set_colour(cr, texture, ZH_TINT_FULL);
    if (texture == ZH_ROLE_MISSING) {
        hatch_lines(cr, x1, y1, x2, y2);
    } else {
        texture_dots(cr, x1, y1, x2, y2);
    }
    cairo_restore(cr);
    cairo_new_path(cr);
    cairo_append_path(cr, path);
    cairo_path_destroy(path);
}

static void set_dash(cairo_t *cr, zh_dash dash)
{
    const char *pattern = zh_dash_pattern(dash);
    double lengths[2] = {0};
    if (pattern != NULL) { /* "6 3": two digits */
        lengths[0] = pattern[0] - '0';
        lengths[1] = pattern[2] - '0';
    }
    cairo_set_dash(cr, lengths, pattern != NULL ? 2 : 0, 0);
}

/* Fills and strokes the current path. */
static void paint_path(cairo_t *cr, const zh_paint *paint)
{
    if (paint->fill == ZH_ROLE_MISSING || paint->fill == ZH_ROLE_FEW) {
        set_dash(cr, ZH_DASH_SOLID);
        fill_texture(cr, paint->fill);
    } else if (paint->fill != ZH_ROLE_NONE) {
        set_colour(cr, paint->fill, paint->tint);
        cairo_fill_preserve(cr);
    }
    if (paint->stroke != ZH_ROLE_NONE) {
        set_colour(cr, paint->stroke, paint->tint);
        set_dash(cr, paint->dash);
        cairo_set_line_width(cr, paint->width > 0 ? paint->width : 1);
        cairo_stroke_preserve(cr);
    }
    cairo_new_path(cr);
}

static void path_of(cairo_t *cr, const zh_draw_item *item)
{
    size_t from = 0;
    for (size_t i = 0; item->kind == ZH_DRAW_POLYLINE && i < item->points_n; i++) {
        cairo_line_to(cr, item->points[i].x, item->points[i].y);
    }
    for (size_t r = 0; r < item->rings_n; r++) {
        for (size_t i = from; i < item->ends[r]; i++) {
            if (i == from) {
                cairo_move_to(cr, item->points[i].x, item->points[i].y);
            } else {
                cairo_line_to(cr, item->points[i].x, item->points[i].y);
            }
        }
        cairo_close_path(cr);
        from = item->ends[r];
    }
}

static void paint_shape(const painter *p, const zh_draw_item *item)
{
    cairo_t *cr = p->cr;
    cairo_new_path(cr);
    switch (item->kind) {
    case ZH_DRAW_RECT: cairo_rectangle(cr, item->a, item->b, item->c, item->d); break;
    case ZH_DRAW_LINE:
        cairo_move_to(cr, item->a, item->b);
        cairo_line_to(cr, item->c, item->d);
        break;
    case ZH_DRAW_CIRCLE: cairo_arc(cr, item->a, item->b, item->c, 0, 2 * G_PI); break;
    case ZH_DRAW_POLYLINE:
    case ZH_DRAW_POLYGON: path_of(cr, item); break;
    case ZH_DRAW_OPEN:
    case ZH_DRAW_CLOSE:
    case ZH_DRAW_TEXT:
    case ZH_DRAW_PLACE: break;
    }
    paint_path(cr, &item->paint);
}

static void paint_text(painter *p, const zh_draw_item *item)
{
    PangoLayout *layout = p->ruler->layout;
    PangoRectangle box;
    set_font(layout, item->at.font);
    pango_layout_set_width(layout, -1);
    pango_layout_set_indent(layout, 0);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    lay_text(layout, item->text);
    pango_layout_get_extents(layout, NULL, &box);
    p->unknown += (size_t)pango_layout_get_unknown_glyphs_count(layout);
    double width = pango_units_to_double(box.width);
    double shift = item->at.anchor == ZH_ANCHOR_MIDDLE ? width / 2
                   : item->at.anchor == ZH_ANCHOR_END  ? width
                                                       : 0;
    cairo_save(p->cr);
    cairo_translate(p->cr, item->a, item->b);
    cairo_rotate(p->cr, item->at.turn * G_PI / 180);
    cairo_move_to(p->cr, -shift, -pango_units_to_double(pango_layout_get_baseline(layout)));
    set_colour(p->cr, item->at.font.role, ZH_TINT_FULL);
    pango_cairo_show_layout(p->cr, layout);
    cairo_restore(p->cr);
    cairo_new_path(p->cr);
}

/* A cairo tag attribute, name='value'. cairo 1.16 writes an address into the PDF string as it
 * stands, so what means something in either syntax, and what is not ASCII, is percent-encoded (RFC
 * 3986, 2.1). Names of places hold nothing of the kind. */
static zh_str quoted(zh_arena *arena, const char *name, zh_str value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *text = ZH_NEW_N(arena, char, value.n * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("'\\()<>\"", c) != NULL) {
            text[n++] = '%';
            text[n++] = hex[c >> 4];
            text[n++] = hex[c & 15];
        } else {
            text[n++] = (char)c;
        }
    }
    return zh_str_fmt(arena, "%s='%.*s'", name, (int)n, text);
}

static void open_group(const painter *p, const zh_mark *mark)
{
    zh_arena_mark here = zh_arena_here(p->arena); /* cairo copies the attributes */
    if (mark->name.n > 0) {
        cairo_tag_begin(p->cr, CAIRO_TAG_DEST, quoted(p->arena, "name", mark->name).p);
    }
    if (mark->href.n > 0) {
        zh_str to = mark->href.p[0] == '#'
                        ? quoted(p->arena, "dest", zh_str_sub(mark->href, 1, mark->href.n))
                        : quoted(p->arena, "uri", mark->href);
        cairo_tag_begin(p->cr, CAIRO_TAG_LINK, to.p);
    }
    zh_arena_rewind(p->arena, here);
}

static void close_group(const painter *p, const zh_mark *mark)
{
    if (mark->href.n > 0) {
        cairo_tag_end(p->cr, CAIRO_TAG_LINK);
    }
    if (mark->name.n > 0) {
        cairo_tag_end(p->cr, CAIRO_TAG_DEST);
    }
}

static void paint_list(painter *p, const zh_draw *list)
{
    const zh_mark *open[ZH_DRAW_DEPTH_MAX] = {NULL};
    unsigned depth = 0;
    for (const zh_draw_item *item = list->first; item != NULL; item = item->next) {
        switch (item->kind) {
        case ZH_DRAW_OPEN:
            open[depth++] = &item->mark;
            open_group(p, &item->mark);
            break;
        case ZH_DRAW_CLOSE: close_group(p, open[--depth]); break;
        case ZH_DRAW_RECT:
        case ZH_DRAW_LINE:
        case ZH_DRAW_CIRCLE:
        case ZH_DRAW_POLYLINE:
        case ZH_DRAW_POLYGON: paint_shape(p, item); break;
        case ZH_DRAW_TEXT: paint_text(p, item); break;
        case ZH_DRAW_PLACE:
            cairo_save(p->cr);
            cairo_translate(p->cr, item->a, item->b);
            cairo_scale(p->cr, item->c, item->c);
            paint_list(p, item->placed);
            cairo_restore(p->cr);
            break;
        }
    }
}

/* ---- the document ---- */

static cairo_status_t append_bytes(void *closure, const unsigned char *data, unsigned int length)
{
    zh_buf *out = closure;
    zh_buf_add(out, data, length);
    return out->failed || out->n > ZH_PDF_BYTES_MAX ? CAIRO_STATUS_WRITE_ERROR
                                                    : CAIRO_STATUS_SUCCESS;
}

static void set_metadata(cairo_surface_t *surface, const zh_pdf_in *in, zh_arena *arena)
{
    const zh_str texts[] = {in->title, in->author, in->subject, in->keywords};
    static const cairo_pdf_metadata_t kinds[] = {
        CAIRO_PDF_METADATA_TITLE, CAIRO_PDF_METADATA_AUTHOR, CAIRO_PDF_METADATA_SUBJECT,
        CAIRO_PDF_METADATA_KEYWORDS};
    char created[40];
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        if (texts[i].n > 0) {
            cairo_pdf_surface_set_metadata(surface, kinds[i], zh_str_c(arena, texts[i]));
        }
    }
    (void)zh_time_format(in->created / 1000000 * 1000000, created);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, created);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, created);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "质衡 Zhiheng");
}

static void add_outline(cairo_surface_t *surface, const zh_pdf_in *in, zh_arena *arena)
{
    int parents[OUTLINE_LEVELS + 1] = {CAIRO_PDF_OUTLINE_ROOT};
    for (size_t i = 0; i < in->outline_n; i++) {
        const zh_pdf_outline *o = &in->outline[i];
        char y[32];
        long long tenths = llround(o->y * 10);
        (void)snprintf(y, sizeof(y), "%lld.%lld", tenths / 10, llabs(tenths % 10));
        zh_str to = zh_str_fmt(arena, "page=%zu pos=[0 %s]", o->page, y);
        parents[o->level + 1] =
            cairo_pdf_surface_add_outline(surface, parents[o->level], zh_str_c(arena, o->title),
                                          to.p, o->level == 0 ? CAIRO_PDF_OUTLINE_FLAG_OPEN : 0);
    }
}

/* What pages and pictures have in common. */
static void paint_page(painter *p, const zh_draw *page)
{
    cairo_set_fill_rule(p->cr, CAIRO_FILL_RULE_EVEN_ODD);
    cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
    pango_cairo_update_layout(p->cr, p->ruler->layout);
    paint_list(p, page);
}

static zh_rc write_pages(cairo_surface_t *surface, const zh_pdf_in *in, painter *p)
{
    p->cr = cairo_create(surface);
    for (size_t i = 0; i < in->pages_n; i++) {
        const zh_draw *page = in->pages[i];
        zh_arena_mark mark = zh_arena_here(p->arena);
        cairo_pdf_surface_set_size(surface, page->width, page->height);
        paint_page(p, page);
        cairo_show_page(p->cr);
        zh_arena_rewind(p->arena, mark);
    }
    add_outline(surface, in, p->arena);
    cairo_status_t status = cairo_status(p->cr);
    cairo_destroy(p->cr);
    return status == CAIRO_STATUS_SUCCESS ? ZH_OK : ZH_EIO;
}

zh_rc zh_pdf_write(const zh_pdf_in *in, zh_buf *out, zh_pdf_result *result, zh_err *err)
{
    zh_ruler ruler = {0};
    zh_rc rc = check_document(in, err);
    if (rc == ZH_OK) {
        rc = open_ruler(&ruler, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    painter p = {.ruler = &ruler, .arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES)};
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
        append_bytes, out, in->pages[0]->width, in->pages[0]->height);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5);
    set_metadata(surface, in, p.arena);
    rc = write_pages(surface, in, &p);
    cairo_surface_finish(surface);
    cairo_status_t status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    release_ruler(&ruler);
    zh_arena_free(p.arena);
    if (out->failed || out->n > ZH_PDF_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "pdf.size", "文件超过字节上限");
    }
    if (rc != ZH_OK || status != CAIRO_STATUS_SUCCESS) {
        return zh_err_set(err, ZH_EIO, "pdf.cairo", "排版库没有写成文件：%s",
                          cairo_status_to_string(status));
    }
    if (result != NULL) {
        *result = (zh_pdf_result){.pages = in->pages_n, .unknown_glyphs = p.unknown};
    }
    return ZH_OK;
}

/* ---- a picture ---- */

zh_rc zh_png_write(const zh_draw *list, double scale, zh_buf *out, zh_err *err)
{
    zh_ruler ruler = {0};
    zh_rc rc = zh_draw_check(list, err);
    if (rc == ZH_OK && !(list->width * scale <= ZH_PNG_SIDE_MAX && scale > 0 &&
                         list->height * scale <= ZH_PNG_SIDE_MAX)) {
        rc = zh_err_set(err, ZH_ELIMIT, "png.size", "图片一边超过 %.0f 像素", ZH_PNG_SIDE_MAX);
    }
    if (rc == ZH_OK) {
        rc = open_ruler(&ruler, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    painter p = {.ruler = &ruler, .arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES)};
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)ceil(list->width * scale), (int)ceil(list->height * scale));
    p.cr = cairo_create(surface);
    set_colour(p.cr, ZH_ROLE_PAPER, ZH_TINT_FULL);
    cairo_paint(p.cr);
    cairo_scale(p.cr, scale, scale);
    paint_page(&p, list);
    cairo_status_t status = cairo_status(p.cr);
    cairo_destroy(p.cr);
    if (status == CAIRO_STATUS_SUCCESS) {
        status = cairo_surface_write_to_png_stream(surface, append_bytes, out);
    }
    cairo_surface_destroy(surface);
    release_ruler(&ruler);
    zh_arena_free(p.arena);
    if (out->failed) {
        return zh_err_set(err, ZH_ELIMIT, "png.bytes", "图片超过字节上限");
    }
    return status == CAIRO_STATUS_SUCCESS ? ZH_OK
                                          : zh_err_set(err, ZH_EIO, "png.cairo", "图片没有写成：%s",
                                                       cairo_status_to_string(status));
}
