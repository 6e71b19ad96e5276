/* One drawing list for page and paper: marks with roles instead of colours, written as SVG by
 * zh_svg_write (fmt/svg.h) and as PDF by zh_pdf_write (fmt/pdf.h), so that a figure is the same in
 * both.
 *
 * Coordinates are user units from the top left corner, y downwards; one unit is a CSS pixel on a
 * page and whatever scale it is placed at on paper. Lists live in an arena, which must outlive
 * them; every text handed in is copied. Not thread-safe while being built; any number of readers
 * afterwards.
 *
 * Adding never fails visibly: the first failure (a cap, the arena's budget, a number that is not
 * finite) is kept in the list, later additions are ignored, and zh_draw_check, which both writers
 * call, reports it. */
#ifndef ZH_FMT_DRAW_H
#define ZH_FMT_DRAW_H

#include "base/err.h"
#include "base/str.h"

#define ZH_DRAW_ITEMS_MAX  50000     /* items of one list */
#define ZH_DRAW_POINTS_MAX 500000    /* points of all polylines and polygons of one list */
#define ZH_DRAW_DEPTH_MAX  16        /* open groups, and lists placed in lists */
#define ZH_DRAW_TEXT_MAX   4096      /* bytes of one text, title, description or address */
#define ZH_DRAW_EXTENT_MAX 1000000.0 /* absolute value of any coordinate or size */

/* What a colour means; the literals are in ui/tokens.css and, for paper, in zh_draw_rgb. */
typedef enum zh_role {
    ZH_ROLE_NONE, /* not filled, not stroked */
    ZH_ROLE_INK,
    ZH_ROLE_INK_2,
    ZH_ROLE_INK_3,
    ZH_ROLE_QING,
    ZH_ROLE_QING_T, /* tint */
    ZH_ROLE_ON_QING,
    ZH_ROLE_ACT, /* somebody must act, nothing else */
    ZH_ROLE_ACT_T,
    ZH_ROLE_WATCH, /* text */
    ZH_ROLE_WATCH_F,
    ZH_ROLE_WATCH_T,
    ZH_ROLE_RULE,
    ZH_ROLE_RULE_2,
    ZH_ROLE_PAPER,
    ZH_ROLE_SUNK,
    ZH_ROLE_HATCH, /* the lines and dots of the two textures */
    ZH_ROLE_C1,    /* categorical: 湖北 c1, 湖南 c2, 安徽 c3 */
    ZH_ROLE_C2,
    ZH_ROLE_C3,
    ZH_ROLE_C4,
    ZH_ROLE_C5,
    ZH_ROLE_C6,
    ZH_ROLE_Q1, /* sequential, few to many */
    ZH_ROLE_Q2,
    ZH_ROLE_Q3,
    ZH_ROLE_Q4,
    ZH_ROLE_Q5,
    ZH_ROLE_Q6,
    ZH_ROLE_Q7,
    ZH_ROLE_D1, /* diverging, worse to better */
    ZH_ROLE_D2,
    ZH_ROLE_D3,
    ZH_ROLE_D4,
    ZH_ROLE_D5,
    ZH_ROLE_D6,
    ZH_ROLE_D7,
    ZH_ROLE_MISSING, /* fill only: 45 degree lines on paper, 未报 */
    ZH_ROLE_FEW,     /* fill only: dots on paper, 样本不足 */
    ZH_ROLE_COUNT,
} zh_role;

typedef enum zh_dash {
    ZH_DASH_SOLID,
    ZH_DASH_TARGET, /* 6 3: a standard, a target */
    ZH_DASH_LIMIT,  /* 4 3: control limits */
    ZH_DASH_GUIDE,  /* 2 3: guide lines, and category c3 */
    ZH_DASH_SERIES, /* 7 3: category c2 */
    ZH_DASH_FEW,    /* 1 2: an interval from too few */
} zh_dash;

typedef enum zh_tint {
    ZH_TINT_FULL,
    ZH_TINT_INTERVAL, /* 0.38: the bar of an interval */
    ZH_TINT_BAND,     /* 0.15: a band behind marks */
} zh_tint;

/* How a shape is painted. Everything zero paints nothing. */
typedef struct zh_paint {
    zh_role fill;
    zh_role stroke; /* no texture */
    double width;   /* of the stroke; 0 means 1 */
    zh_dash dash;
    zh_tint tint; /* of fill and stroke */
} zh_paint;

typedef enum zh_family { ZH_FAMILY_SANS, ZH_FAMILY_SONG } zh_family;
typedef enum zh_anchor { ZH_ANCHOR_START, ZH_ANCHOR_MIDDLE, ZH_ANCHOR_END } zh_anchor;

/* How text is set. weight: 400 or 600; 0 means 400. size: 0 means 12. role: NONE means ink-2. */
typedef struct zh_font {
    zh_family family;
    double size;
    int weight;
    zh_role role;
} zh_font;

typedef struct zh_text_at {
    zh_font font;
    zh_anchor anchor;
    double turn; /* degrees, clockwise, about the anchor point */
} zh_text_at;

typedef struct zh_point {
    double x, y;
} zh_point;

/* What a group of marks is. All may be empty. */
typedef struct zh_mark {
    zh_str href;  /* address of the records behind it; "#name" is a place in the same document */
    zh_str title; /* read out and shown on hovering: 武汉 69.0 μg/m³ */
    zh_str desc;
    zh_str name; /* makes the group a place that "#name" leads to: ASCII letters, digits, "-_." */
    const char
        *kind; /* class of the group, for tests and the page: "mark", "axis"; ASCII letters */
} zh_mark;

typedef enum zh_draw_kind {
    ZH_DRAW_OPEN, /* begins a group */
    ZH_DRAW_CLOSE,
    ZH_DRAW_RECT,
    ZH_DRAW_LINE,
    ZH_DRAW_POLYLINE,
    ZH_DRAW_POLYGON, /* rings, filled by the even-odd rule */
    ZH_DRAW_CIRCLE,
    ZH_DRAW_TEXT,
    ZH_DRAW_PLACE, /* another list */
} zh_draw_kind;

typedef struct zh_draw zh_draw;

/* One item as the writers read it. */
typedef struct zh_draw_item {
    struct zh_draw_item *next;
    zh_draw_kind kind;
    zh_paint paint;
    double a, b, c, d; /* rect x y width height; line x1 y1 x2 y2; circle x y radius; text x y;
                          placed list x y scale */
    zh_point *points;
    size_t points_n;
    size_t *ends; /* polygon: one past the last point of each ring */
    size_t rings_n;
    zh_text_at at;
    zh_str text;
    zh_mark mark;
    const zh_draw *placed;
} zh_draw_item;

struct zh_draw {
    zh_arena *arena;
    double width, height;
    zh_str title, desc;
    zh_draw_item *first, *last;
    size_t items_n, points_n;
    unsigned open;  /* groups open now */
    unsigned depth; /* of lists placed in this one */
    zh_rc rc;       /* first failure */
    const char *rule;
    const char *problem;
};

/* An empty list. title names the picture for those who cannot see it. Never NULL: when the arena is
 * exhausted for the list itself it aborts as zh_arena_alloc does. */
zh_draw *zh_draw_new(zh_arena *arena, double width, double height, zh_str title);
void zh_draw_describe(zh_draw *d, zh_str desc);
void zh_draw_resize(zh_draw *d, double width, double height);

/* Groups: everything until the matching close is one mark, with one link and one title. An address
 * with a scheme other than http, https and mailto is a failure, as is a name with other characters
 * than zh_mark allows. */
void zh_draw_open(zh_draw *d, const zh_mark *mark);
void zh_draw_close(zh_draw *d);

void zh_draw_rect(zh_draw *d, double x, double y, double width, double height, zh_paint paint);
void zh_draw_line(zh_draw *d, double x1, double y1, double x2, double y2, zh_paint paint);
void zh_draw_polyline(zh_draw *d, const zh_point *points, size_t n, zh_paint paint);
/* Rings one after the other; ends[i] is one past the last point of ring i, ends[rings - 1] is the
 * number of points. Rings need not repeat their first point. */
void zh_draw_polygon(zh_draw *d, const zh_point *points, const size_t *ends, size_t rings,
                     zh_paint paint);
void zh_draw_circle(zh_draw *d, double x, double y, double radius, zh_paint paint);
/* y is the baseline. Empty text is left out. Control characters and invalid UTF-8 are a failure. */
void zh_draw_text(zh_draw *d, double x, double y, zh_str text, zh_text_at at);
/* Another list of the same or a longer-lived arena, complete and not changed any more, with its
 * corner at x, y. */
void zh_draw_place(zh_draw *d, const zh_draw *list, double x, double y, double scale);

/* The first failure of the list (its rule and reason in err), or ZH_EINVAL for a group that is
 * still open; ZH_OK when it can be written. */
zh_rc zh_draw_check(const zh_draw *d, zh_err *err) ZH_MUST;

/* Width of text as the sans family sets it, estimated from character classes without a font:
 * full-width 1 em, digits 0.555 em and so on (advance widths of Noto Sans CJK SC), within 4 %.
 * For laying out labels; paper measures with fmt/pdf.h. */
double zh_draw_text_width(zh_str text, double size);
/* The text, or its longest beginning that fits the width with "…"; borrowed or in the arena. */
zh_str zh_draw_text_fit(zh_arena *arena, zh_str text, double size, double width);

/* The light token of a role as 0xRRGGBB (for paper and for pictures outside a page); the textures
 * give the colour of their lines, NONE gives paper. */
uint32_t zh_draw_rgb(zh_role role);
/* The role's name in class names and tokens: "ink-2", "c1", "missing"; NONE gives "none". */
const char *zh_role_name(zh_role role);
/* Dash pattern as SVG writes it ("6 3"), NULL when solid. */
const char *zh_dash_pattern(zh_dash dash);
/* 1, 0.38 or 0.15. */
double zh_tint_alpha(zh_tint tint);
/* The role of text that can be read on a fill: paper on q5 to q7, d1, d7, c1 and the like, else
 * ink. */
zh_role zh_role_on(zh_role fill);

#endif
