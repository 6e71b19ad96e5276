/* The drawing list: building it, its caps, and what roles, dashes and tints mean outside a page. */
#include "fmt/draw.h"

#include "base/utf8.h"
#include <math.h>
#include <string.h>

typedef struct role_entry {
    const char *name; /* as in ui/tokens.css */
    uint32_t rgb;     /* light theme */
} role_entry;

static const role_entry roles[ZH_ROLE_COUNT] = {
    [ZH_ROLE_NONE] = {"none", 0xffffff},       [ZH_ROLE_INK] = {"ink", 0x15212a},
    [ZH_ROLE_INK_2] = {"ink-2", 0x43525b},     [ZH_ROLE_INK_3] = {"ink-3", 0x5f6d76},
    [ZH_ROLE_QING] = {"qing", 0x0b5a6a},       [ZH_ROLE_QING_T] = {"qing-t", 0xe2eef0},
    [ZH_ROLE_ON_QING] = {"on-qing", 0xffffff}, [ZH_ROLE_ACT] = {"act", 0xb3261e},
    [ZH_ROLE_ACT_T] = {"act-t", 0xfbeae8},     [ZH_ROLE_WATCH] = {"watch", 0x835300},
    [ZH_ROLE_WATCH_F] = {"watch-f", 0xd99a1c}, [ZH_ROLE_WATCH_T] = {"watch-t", 0xfbf2dd},
    [ZH_ROLE_RULE] = {"rule", 0xd6dddc},       [ZH_ROLE_RULE_2] = {"rule-2", 0x9aa7aa},
    [ZH_ROLE_PAPER] = {"paper", 0xffffff},     [ZH_ROLE_SUNK] = {"sunk", 0xebefee},
    [ZH_ROLE_HATCH] = {"hatch", 0xaab5b8},     [ZH_ROLE_C1] = {"c1", 0x0b5a6a},
    [ZH_ROLE_C2] = {"c2", 0xc07f1c},           [ZH_ROLE_C3] = {"c3", 0x74478a},
    [ZH_ROLE_C4] = {"c4", 0x3b8abf},           [ZH_ROLE_C5] = {"c5", 0x6a4a2c},
    [ZH_ROLE_C6] = {"c6", 0x8b979d},           [ZH_ROLE_Q1] = {"q1", 0xe7f0f0},
    [ZH_ROLE_Q2] = {"q2", 0xc6dee1},           [ZH_ROLE_Q3] = {"q3", 0x98c4ca},
    [ZH_ROLE_Q4] = {"q4", 0x62a5af},           [ZH_ROLE_Q5] = {"q5", 0x2a7987},
    [ZH_ROLE_Q6] = {"q6", 0x116575},           [ZH_ROLE_Q7] = {"q7", 0x06414e},
    [ZH_ROLE_D1] = {"d1", 0x84470f},           [ZH_ROLE_D2] = {"d2", 0xbd7b3b},
    [ZH_ROLE_D3] = {"d3", 0xe4c29b},           [ZH_ROLE_D4] = {"d4", 0xeceeeb},
    [ZH_ROLE_D5] = {"d5", 0xa3cbd2},           [ZH_ROLE_D6] = {"d6", 0x4b97a5},
    [ZH_ROLE_D7] = {"d7", 0x0b5a6a},           [ZH_ROLE_MISSING] = {"missing", 0xaab5b8},
    [ZH_ROLE_FEW] = {"few", 0xaab5b8},
};

/* Advance widths of U+0020..U+007E in Noto Sans CJK SC, thousandths of an em. */
static const uint16_t ascii_width[] = {
    224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392, 555, 555, 555,
    555, 555, 555, 555, 555, 555, 555, 278, 278, 555, 555, 555, 474, 946, 608, 657, 638, 688, 589,
    552, 689, 728, 293, 535, 646, 543, 812, 723, 742, 633, 742, 635, 596, 599, 721, 575, 878, 573,
    531, 603, 338, 392, 338, 555, 559, 606, 563, 618, 510, 620, 554, 325, 564, 607, 275, 275, 552,
    284, 926, 610, 606, 620, 620, 388, 468, 377, 607, 521, 802, 498, 521, 475, 338, 270, 338, 555,
};

static void fail(zh_draw *d, zh_rc rc, const char *rule, const char *problem)
{
    if (d->rc == ZH_OK) {
        d->rc = rc;
        d->rule = rule;
        d->problem = problem;
    }
}

static bool number_fits(double v)
{
    return isfinite(v) && fabs(v) <= ZH_DRAW_EXTENT_MAX;
}

static zh_str kept(zh_draw *d, zh_str s)
{
    zh_str copy = ZH_STR_NONE;
    if (s.n == 0) {
        return copy;
    }
    if (s.n > ZH_DRAW_TEXT_MAX) {
        fail(d, ZH_ELIMIT, "draw.text.length", "图中一处文字过长");
    } else if (!zh_utf8_clean(s)) {
        fail(d, ZH_EINVAL, "draw.text.clean", "图中一处文字不是干净的 UTF-8");
    } else if (!zh_str_try_dup(d->arena, s, &copy)) {
        fail(d, ZH_ENOMEM, "draw.memory", "画图的内存预算用完");
    }
    return copy;
}

static zh_draw_item *append(zh_draw *d, zh_draw_kind kind, double a, double b, double c, double e)
{
    if (!number_fits(a) || !number_fits(b) || !number_fits(c) || !number_fits(e)) {
        fail(d, ZH_EINVAL, "draw.number", "图中一个坐标不是有限数或超出画布上限");
    } else if (d->items_n >= ZH_DRAW_ITEMS_MAX) {
        fail(d, ZH_ELIMIT, "draw.items", "一幅图的图元过多");
    }
    if (d->rc != ZH_OK) {
        return NULL;
    }
    zh_draw_item *item = zh_arena_try(d->arena, sizeof(*item));
    if (item == NULL) {
        fail(d, ZH_ENOMEM, "draw.memory", "画图的内存预算用完");
        return NULL;
    }
    item->kind = kind;
    item->a = a;
    item->b = b;
    item->c = c;
    item->d = e;
    if (d->last != NULL) {
        d->last->next = item;
    } else {
        d->first = item;
    }
    d->last = item;
    d->items_n++;
    return item;
}

static void paint_item(zh_draw *d, zh_draw_item *item, zh_paint paint)
{
    if (!number_fits(paint.width) || paint.width < 0) {
        fail(d, ZH_EINVAL, "draw.number", "图中一个线宽不是非负有限数");
        return;
    }
    item->paint = paint;
}

zh_draw *zh_draw_new(zh_arena *arena, double width, double height, zh_str title)
{
    zh_draw *d = ZH_NEW(arena, zh_draw);
    d->arena = arena;
    zh_draw_resize(d, width, height);
    d->title = kept(d, title);
    return d;
}

void zh_draw_describe(zh_draw *d, zh_str desc)
{
    d->desc = kept(d, desc);
}

void zh_draw_resize(zh_draw *d, double width, double height)
{
    if (!number_fits(width) || !number_fits(height) || width <= 0 || height <= 0) {
        fail(d, ZH_EINVAL, "draw.size", "图的宽和高须是正的有限数");
        return;
    }
    d->width = width;
    d->height = height;
}

static bool is_name(zh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return true;
}

/* An address without a scheme, or with one that cannot run anything. */
static bool address_allowed(zh_str href)
{
    static const char *const schemes[] = {"http:", "https:", "mailto:"};
    size_t stop = 0;
    while (stop < href.n && strchr("/?#:", href.p[stop]) == NULL) {
        stop++;
    }
    if (stop == href.n || href.p[stop] != ':') {
        return true;
    }
    for (size_t i = 0; i < ZH_COUNTOF(schemes); i++) {
        if (zh_str_starts(href, zh_str_of(schemes[i]))) {
            return true;
        }
    }
    return false;
}

void zh_draw_open(zh_draw *d, const zh_mark *mark)
{
    if (d->open >= ZH_DRAW_DEPTH_MAX) {
        fail(d, ZH_ELIMIT, "draw.depth", "图中分组嵌套过深");
        return;
    }
    zh_draw_item *item = append(d, ZH_DRAW_OPEN, 0, 0, 0, 0);
    if (item == NULL) {
        return;
    }
    d->open++;
    if (mark == NULL) {
        return;
    }
    if (!is_name(mark->name)) {
        fail(d, ZH_EINVAL, "draw.name", "图中一处锚点名含有不许用的字符");
        return;
    }
    if (!address_allowed(mark->href)) {
        fail(d, ZH_EINVAL, "draw.href",
             "图中一个链接的地址不许用：只许站内地址和 http、https、mailto");
        return;
    }
    item->mark.href = kept(d, mark->href);
    item->mark.title = kept(d, mark->title);
    item->mark.desc = kept(d, mark->desc);
    item->mark.name = kept(d, mark->name);
    item->mark.kind = mark->kind;
}

void zh_draw_close(zh_draw *d)
{
    if (d->open == 0) {
        fail(d, ZH_EINVAL, "draw.group", "图中分组的结束多于开始");
        return;
    }
    if (append(d, ZH_DRAW_CLOSE, 0, 0, 0, 0) != NULL) {
        d->open--;
    }
}

void zh_draw_rect(zh_draw *d, double x, double y, double width, double height, zh_paint paint)
{
    if (width < 0 || height < 0) {
        fail(d, ZH_EINVAL, "draw.size", "图中一个矩形的宽或高为负");
        return;
    }
    zh_draw_item *item = append(d, ZH_DRAW_RECT, x, y, width, height);
    if (item != NULL) {
        paint_item(d, item, paint);
    }
}

void zh_draw_line(zh_draw *d, double x1, double y1, double x2, double y2, zh_paint paint)
{
    zh_draw_item *item = append(d, ZH_DRAW_LINE, x1, y1, x2, y2);
    if (item != NULL) {
        paint_item(d, item, paint);
    }
}

static bool keep_points(zh_draw *d, zh_draw_item *item, const zh_point *points, size_t n)
{
    if (n > ZH_DRAW_POINTS_MAX - d->points_n) {
        fail(d, ZH_ELIMIT, "draw.points", "一幅图的线上的点过多");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!number_fits(points[i].x) || !number_fits(points[i].y)) {
            fail(d, ZH_EINVAL, "draw.number", "图中一个坐标不是有限数或超出画布上限");
            return false;
        }
    }
    item->points = ZH_TRY_N(d->arena, zh_point, n > 0 ? n : 1);
    if (item->points == NULL) {
        fail(d, ZH_ENOMEM, "draw.memory", "画图的内存预算用完");
        return false;
    }
    if (n > 0) {
        memcpy(item->points, points, n * sizeof(*points));
    }
    item->points_n = n;
    d->points_n += n;
    return true;
}

void zh_draw_polyline(zh_draw *d, const zh_point *points, size_t n, zh_paint paint)
{
    zh_draw_item *item = n < 2 ? NULL : append(d, ZH_DRAW_POLYLINE, 0, 0, 0, 0);
    if (item != NULL && keep_points(d, item, points, n)) {
        paint_item(d, item, paint);
    }
}

void zh_draw_polygon(zh_draw *d, const zh_point *points, const size_t *ends, size_t rings,
                     zh_paint paint)
{
    for (size_t i = 0; i < rings; i++) {
        if (ends[i] < (i > 0 ? ends[i - 1] : 0)) {
            fail(d, ZH_EINVAL, "draw.rings", "图中一个多边形的环次序不对");
            return;
        }
    }
    zh_draw_item *item = rings == 0 ? NULL : append(d, ZH_DRAW_POLYGON, 0, 0, 0, 0);
    if (item == NULL || !keep_points(d, item, points, ends[rings - 1])) {
        return;
    }
    item->ends = ZH_TRY_N(d->arena, size_t, rings);
    if (item->ends == NULL) {
        fail(d, ZH_ENOMEM, "draw.memory", "画图的内存预算用完");
        return;
    }
    memcpy(item->ends, ends, rings * sizeof(*ends));
    item->rings_n = rings;
    paint_item(d, item, paint);
}

void zh_draw_circle(zh_draw *d, double x, double y, double radius, zh_paint paint)
{
    if (radius < 0) {
        fail(d, ZH_EINVAL, "draw.size", "图中一个圆的半径为负");
        return;
    }
    zh_draw_item *item = append(d, ZH_DRAW_CIRCLE, x, y, radius, 0);
    if (item != NULL) {
        paint_item(d, item, paint);
    }
}

void zh_draw_text(zh_draw *d, double x, double y, zh_str text, zh_text_at at)
{
    if (text.n == 0) {
        return;
    }
    if (!number_fits(at.turn) || !number_fits(at.font.size) || at.font.size < 0) {
        fail(d, ZH_EINVAL, "draw.number", "图中一处文字的字号或转角不是有限数");
        return;
    }
    zh_draw_item *item = append(d, ZH_DRAW_TEXT, x, y, 0, 0);
    if (item == NULL) {
        return;
    }
    item->text = kept(d, text);
    item->at = at;
    if (at.font.size == 0) {
        item->at.font.size = 12;
    }
    if (at.font.role == ZH_ROLE_NONE) {
        item->at.font.role = ZH_ROLE_INK_2;
    }
    item->at.font.weight = at.font.weight >= 600 ? 600 : 400;
}

void zh_draw_place(zh_draw *d, const zh_draw *list, double x, double y, double scale)
{
    if (list == d || list->depth + 1 > ZH_DRAW_DEPTH_MAX) {
        fail(d, ZH_ELIMIT, "draw.depth", "图中套图过深");
        return;
    }
    if (!(scale > 0)) {
        fail(d, ZH_EINVAL, "draw.size", "图中套图的比例须为正");
        return;
    }
    if (zh_draw_check(list, NULL) != ZH_OK) {
        fail(d, list->rc != ZH_OK ? list->rc : ZH_EINVAL,
             list->rc != ZH_OK ? list->rule : "draw.group",
             list->rc != ZH_OK ? list->problem : "套进来的图还有没结束的分组");
        return;
    }
    if (list->items_n > ZH_DRAW_ITEMS_MAX - d->items_n ||
        list->points_n > ZH_DRAW_POINTS_MAX - d->points_n) {
        fail(d, ZH_ELIMIT, "draw.items", "一幅图的图元过多");
        return;
    }
    zh_draw_item *item = append(d, ZH_DRAW_PLACE, x, y, scale, 0);
    if (item != NULL) {
        item->placed = list;
        /* Counted as if drawn here, so that placing a list over and over stays bounded. */
        d->items_n += list->items_n;
        d->points_n += list->points_n;
        d->depth = d->depth > list->depth + 1 ? d->depth : list->depth + 1;
    }
}

zh_rc zh_draw_check(const zh_draw *d, zh_err *err)
{
    if (d->rc != ZH_OK) {
        return zh_err_set(err, d->rc, d->rule, "%s", d->problem);
    }
    if (d->open > 0) {
        return zh_err_set(err, ZH_EINVAL, "draw.group", "图中有 %u 个分组没有结束", d->open);
    }
    return ZH_OK;
}

/* Thousandths of an em. */
static unsigned advance_of(uint32_t c)
{
    if (c >= 0x20 && c < 0x7f) {
        return ascii_width[c - 0x20];
    }
    switch (c) {
    case 0xb0: return 370;
    case 0xb2:
    case 0xb3: return 411;
    case 0x2013: return 536;
    case 0x2014: return 894;
    case 0x2212: return 555;
    case 0xb1:
    case 0xb7:
    case 0xd7:
    case 0xf7: return 1000;
    default: break;
    }
    if (c >= 0x300 && c < 0x370) {
        return 0; /* combining marks */
    }
    return c >= 0x2010 ? 1000 : 600;
}

double zh_draw_text_width(zh_str text, double size)
{
    double sum = 0;
    if (zh_utf8_valid(text)) {
        for (size_t at = 0; at < text.n;) {
            sum += advance_of(zh_utf8_next(text, &at));
        }
    }
    return sum * size / 1000.0;
}

zh_str zh_draw_text_fit(zh_arena *arena, zh_str text, double size, double width)
{
    if (zh_draw_text_width(text, size) <= width || !zh_utf8_valid(text)) {
        return text;
    }
    double left = width - size; /* the dots are one em */
    size_t at = 0;
    while (at < text.n) {
        size_t next = at;
        left -= advance_of(zh_utf8_next(text, &next)) * size / 1000.0;
        if (left < 0) {
            break;
        }
        at = next;
    }
    return zh_str_fmt(arena, "%.*s…", ZH_FMT(zh_str_sub(text, 0, at)));
}

uint32_t zh_draw_rgb(zh_role role)
{
    zh_assert((unsigned)role < ZH_ROLE_COUNT);
    return roles[role].rgb;
}

const char *zh_role_name(zh_role role)
{
    zh_assert((unsigned)role < ZH_ROLE_COUNT);
    return roles[role].name;
}

const char *zh_dash_pattern(zh_dash dash)
{
    switch (dash) {
    case ZH_DASH_SOLID: return NULL;
    case ZH_DASH_TARGET: return "6 3";
    case ZH_DASH_LIMIT: return "4 3";
    case ZH_DASH_GUIDE: return "2 3";
    case ZH_DASH_SERIES: return "7 3";
    case ZH_DASH_FEW: return "1 2";
    }
    return NULL;
}

double zh_tint_alpha(zh_tint tint)
{
    switch (tint) {
    case ZH_TINT_FULL: return 1.0;
    case ZH_TINT_INTERVAL: return 0.38;
    case ZH_TINT_BAND: return 0.15;
    }
    return 1.0;
}

zh_role zh_role_on(zh_role fill)
{
    bool dark = fill == ZH_ROLE_Q5 || fill == ZH_ROLE_Q6 || fill == ZH_ROLE_Q7 ||
                fill == ZH_ROLE_D1 || fill == ZH_ROLE_D7 || fill == ZH_ROLE_C1 ||
                fill == ZH_ROLE_C3 || fill == ZH_ROLE_C5 || fill == ZH_ROLE_QING ||
                fill == ZH_ROLE_ACT || fill == ZH_ROLE_INK || fill == ZH_ROLE_INK_2 ||
                fill == ZH_ROLE_INK_3;
    return dark ? ZH_ROLE_PAPER : ZH_ROLE_INK;
}
