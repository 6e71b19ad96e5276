/* Maps as drawing lists: classes and their legend, tile grid, choropleth. */
#include "fmt/map.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "fmt/chart_private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEGEND_ROW      20.0
#define LEGEND_GAP      14.0
#define TILE_GAP        3.0
#define TILE_MAX        60.0
#define COLUMN_READABLE 40.0
#define GROUP_HEAD      22.0 /* room for a group's name above its first row */
#define GROUP_BREAK     14.0 /* more of it where a group begins further down */
#define GROUPS_MAX      64
#define NOTE_HEIGHT     24.0
#define AREA_PAD        4.0
#define PARALLEL_1      25.0 /* the usual ones for China */
#define PARALLEL_2      47.0
#define LABEL_TRIES     9    /* odd, so that the middle itself is one */
#define LABEL_RISE      13.0 /* half the height of the two lines */
#define LABEL_STEP      7.0
#define FLATNESS        0.5 /* of the drawing, in its units */

/* ---- tiles ---- */

static zh_rc tile_refuse(zh_err *err, zh_rc rc, size_t line, const char *problem)
{
    zh_err_set(err, rc, "tiles.line", "%s", problem);
    zh_err_where(err, "第 %zu 行", line);
    return rc;
}

static bool cell_number(zh_str text, int *out)
{
    int64_t v = -1;
    bool good = zh_str_i64(zh_str_trim(text), &v) == ZH_OK && v >= 0 && v <= ZH_TILE_CELL_MAX;
    *out = (int)v;
    return good;
}

static zh_rc tile_line(zh_arena *arena, zh_str line, size_t number, zh_tile *tile, zh_err *err)
{
    zh_str fields[5] = {0};
    size_t n = 0;
    zh_str piece;
    zh_str rest = line;
    while (zh_str_split(&rest, ',', &piece)) {
        if (n == ZH_COUNTOF(fields)) {
            return tile_refuse(err, ZH_EINVAL, number, "一行须有五项：组、代码、名称、列、行");
        }
        fields[n++] = zh_str_trim(piece);
    }
    if (n < ZH_COUNTOF(fields) || fields[1].n == 0 || fields[2].n == 0 ||
        !cell_number(fields[3], &tile->column) || !cell_number(fields[4], &tile->row)) {
        return tile_refuse(err, ZH_EINVAL, number, "一行须有五项：组、代码、名称、列、行");
    }
    if (!zh_str_try_dup(arena, fields[0], &tile->group) ||
        !zh_str_try_dup(arena, fields[1], &tile->code) ||
        !zh_str_try_dup(arena, fields[2], &tile->name)) {
        return tile_refuse(err, ZH_ENOMEM, number, "读格网的内存预算用完");
    }
    return ZH_OK;
}

static zh_rc tile_add(zh_tiles *tiles, zh_tile tile, size_t number, zh_err *err)
{
    for (size_t i = 0; i < tiles->n; i++) {
        const zh_tile *t = &tiles->tiles[i];
        if ((t->column == tile.column && t->row == tile.row) || zh_str_eq(t->code, tile.code)) {
            return tile_refuse(err, ZH_EINVAL, number, "格子或代码与前面一行重复");
        }
    }
    if (tiles->n == ZH_TILES_MAX) {
        return tile_refuse(err, ZH_ELIMIT, number, "格网的格子过多");
    }
    tiles->tiles[tiles->n++] = tile;
    tiles->columns = tile.column + 1 > tiles->columns ? tile.column + 1 : tiles->columns;
    tiles->rows = tile.row + 1 > tiles->rows ? tile.row + 1 : tiles->rows;
    return ZH_OK;
}

zh_rc zh_tiles_parse(zh_arena *arena, zh_str text, zh_tiles **out, zh_err *err)
{
    zh_tiles *tiles = ZH_NEW(arena, zh_tiles);
    zh_str line;
    size_t number = 0;
    bool head = false;
    tiles->tiles = ZH_NEW_N(arena, zh_tile, ZH_TILES_MAX);
    while (zh_str_split(&text, '\n', &line)) {
        zh_tile tile = {0};
        number++;
        line = zh_str_trim(line);
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        if (!zh_utf8_clean(line)) {
            return tile_refuse(err, ZH_EINVAL, number, "不是干净的 UTF-8");
        }
        if (!head) {
            if (!zh_str_is(line, "group,code,name,column,row")) {
                return tile_refuse(err, ZH_EINVAL, number, "表头须是 group,code,name,column,row");
            }
            head = true;
            continue;
        }
        zh_rc rc = tile_line(arena, line, number, &tile, err);
        rc = rc == ZH_OK ? tile_add(tiles, tile, number, err) : rc;
        if (rc != ZH_OK) {
            return rc;
        }
    }
    if (tiles->n == 0) {
        return tile_refuse(err, ZH_EINVAL, number, "格网没有格子");
    }
    *out = tiles;
    return ZH_OK;
}

/* ---- classes ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

zh_rc zh_classes_quantile(const double *values, size_t n, unsigned classes, zh_classes *out,
                          zh_err *err)
{
    if (classes < 2 || classes > ZH_MAP_CLASSES || n > ZH_CHART_MARKS_MAX) {
        return zh_err_set(err, ZH_EINVAL, "map.classes", "分级须在 2 到 %d 级", ZH_MAP_CLASSES);
    }
    zh_arena *scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    double *sorted = ZH_NEW_N(scratch, double, n + 1);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            sorted[m++] = values[i];
        }
    }
    zh_sort(sorted, m, sizeof(*sorted), by_value);
    zh_classes found = {.n = 0};
    for (unsigned i = 1; m > 0 && i < classes; i++) {
        double h = (double)(m - 1) * i / classes; /* type 7: position from 0 */
        size_t k = (size_t)floor(h);
        double next = k + 1 < m ? sorted[k + 1] : sorted[k];
        double at = sorted[k] + (h - (double)k) * (next - sorted[k]);
        bool fresh = found.n == 0 ? at > sorted[0] : at > found.breaks[found.n - 1];
        if (fresh) {
            found.breaks[found.n++] = at;
        }
    }
    zh_arena_free(scratch);
    if (m == 0) {
        return zh_err_set(err, ZH_EINVAL, "map.classes", "没有可分级的数值");
    }
    *out = found;
    return ZH_OK;
}

/* Multiples of step * 10^exponent; the power is divided by where it is a fraction, so that 0.6 is
 * the number nearest to 0.6. */
static bool rounded_apart(const zh_classes *classes, double step, int exponent, double lowest,
                          zh_classes *out)
{
    double up = exponent > 0 ? pow(10, exponent) : 1;
    double down = exponent < 0 ? pow(10, -exponent) : 1;
    *out = *classes;
    for (size_t i = 0; i < out->n; i++) {
        double n = floor(classes->breaks[i] * down / (step * up) + 0.5);
        out->breaks[i] = n * step * up / down;
        if (out->breaks[i] <= (i > 0 ? out->breaks[i - 1] : lowest)) {
            return false;
        }
    }
    return true;
}

void zh_classes_round(zh_classes *classes, double lowest)
{
    static const double steps[] = {5, 2, 1};
    enum { POWERS = 5 };
    double most = 0;
    double gap = (double)INFINITY; /* the narrowest: no step may be wider */
    for (size_t i = 0; i < classes->n; i++) {
        most = fmax(most, fabs(classes->breaks[i]));
        gap = fmin(gap, classes->breaks[i] - (i > 0 ? classes->breaks[i - 1] : lowest));
    }
    int power = most > 0 ? (int)floor(log10(most)) : 0;
    for (int down = 0; most > 0 && down < POWERS; down++) {
        for (size_t i = 0; i < ZH_COUNTOF(steps); i++) {
            zh_classes found;
            if (steps[i] * pow(10, power - down) <= gap &&
                rounded_apart(classes, steps[i], power - down, lowest, &found)) {
                *classes = found;
                return;
            }
        }
    }
}

size_t zh_classes_of(const zh_classes *classes, double value)
{
    size_t i = 0;
    while (i < classes->n && value >= classes->breaks[i]) {
        i++;
    }
    return i;
}

zh_role zh_classes_role(const zh_classes *classes, size_t index, bool diverging)
{
    size_t last = classes->n;
    if (last == 0) {
        return diverging ? ZH_ROLE_D4 : ZH_ROLE_Q4;
    }
    index = index < last ? index : last;
    double part = (double)index / (double)last;
    if (diverging) {
        return (zh_role)((int)ZH_ROLE_D1 + (int)lround(part * 6));
    }
    int lightest = last >= 6 ? 0 : 1; /* q1 hardly shows on paper: only when seven are needed */
    return (zh_role)((int)ZH_ROLE_Q1 + lightest + (int)lround(part * (6 - lightest)));
}

static zh_rc check_map(const zh_map_in *in, zh_err *err)
{
    if (in->n > ZH_CHART_MARKS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "chart.marks", "地图的数据超过 %d 个",
                          ZH_CHART_MARKS_MAX);
    }
    if (in->classes.n > ZH_MAP_CLASSES - 1) {
        return zh_err_set(err, ZH_ELIMIT, "map.classes", "分级最多 %d 级", ZH_MAP_CLASSES);
    }
    for (size_t i = 0; i < in->classes.n; i++) {
        double b = in->classes.breaks[i];
        if (!isfinite(b) || (i > 0 && b <= in->classes.breaks[i - 1])) {
            return zh_err_set(err, ZH_EINVAL, "map.classes", "分级的界须从小到大");
        }
    }
    for (size_t i = 0; i < in->n; i++) {
        zh_rc rc = zh_chart_check_reading(&in->values[i].reading, false, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

/* ---- what a unit looks like ---- */

typedef struct shown {
    const zh_reading *reading; /* NULL: nothing was reported */
    zh_reading_state state;
    zh_paint paint;
    zh_role text;
} shown;

/* The readings by code; in the list's arena. */
static void index_values(zh_map *map, zh_arena *arena, const zh_map_in *in)
{
    zh_map_init(map, arena);
    for (size_t i = 0; i < in->n; i++) {
        zh_map_put(map, in->values[i].code, (void *)(uintptr_t)&in->values[i]);
    }
}

static shown look_of(const zh_map_in *in, const zh_map *by_code, zh_str code)
{
    const zh_map_value *value = zh_map_get(by_code, code);
    shown s = {.state = ZH_READING_MISSING,
               .paint = {.fill = ZH_ROLE_MISSING, .stroke = ZH_ROLE_HATCH},
               .text = ZH_ROLE_INK_3};
    if (value == NULL) {
        return s;
    }
    s.reading = &value->reading;
    s.state = zh_reading_shown(s.reading);
    if (s.state == ZH_READING_FEW) {
        s.paint.fill = ZH_ROLE_FEW;
    } else if (s.state == ZH_READING_NA || s.state == ZH_READING_ND) {
        s.paint =
            (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_RULE_2, .dash = ZH_DASH_GUIDE};
    } else if (s.state == ZH_READING_OK) {
        double v = s.reading->value.v;
        bool zero = in->zero_apart && fabs(v) <= 0;
        zh_role role = zh_classes_role(&in->classes, zh_classes_of(&in->classes, v), in->diverging);
        s.paint = zero ? (zh_paint){.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_RULE_2}
                       : (zh_paint){.fill = role};
        s.text = zero ? ZH_ROLE_INK : zh_role_on(role);
    }
    return s;
}

static zh_str state_word(const zh_map_in *in, zh_reading_state state)
{
    return in->english ? zh_reading_word_en(state) : zh_reading_word(state);
}

static void open_unit(zh_draw *d, const zh_map_in *in, const shown *s, zh_str code, zh_str name)
{
    if (s->reading != NULL) {
        zh_reading r = *s->reading;
        r.label = r.label.n > 0 ? r.label : name;
        zh_chart_open(d, &r);
        return;
    }
    zh_str word = state_word(in, ZH_READING_MISSING);
    zh_str href = in->unit_href.n > 0
                      ? zh_str_fmt(d->arena, "%.*s%.*s", ZH_FMT(in->unit_href), ZH_FMT(code))
                      : ZH_STR_NONE;
    zh_chart_open_as(d, zh_str_fmt(d->arena, "%.*s %.*s", ZH_FMT(name), ZH_FMT(word)), href);
}

/* What stands under the name: the value, or the word of a state that is not plain 未报. */
static zh_str second_line(zh_arena *arena, const zh_map_in *in, const shown *s)
{
    char number[ZH_AXIS_LABEL_MAX];
    if (s->state == ZH_READING_MISSING) {
        return ZH_STR_NONE;
    }
    if (s->state != ZH_READING_OK) {
        return s->reading->word.n > 0 ? s->reading->word : state_word(in, s->state);
    }
    if (s->reading->text.n > 0) {
        return s->reading->text;
    }
    return zh_str_dup(arena, zh_str_of(zh_chart_number(s->reading->value.v, in->decimals, number)));
}

/* ---- legend ---- */

typedef struct legend {
    zh_draw *d;
    double x, y;
} legend;

static void legend_entry(legend *l, zh_paint paint, zh_str text)
{
    double w = 20 + zh_chart_text_width(text);
    if (l->x > 0 && l->x + w > l->d->width) {
        l->x = 0;
        l->y += LEGEND_ROW;
    }
    if (paint.stroke == ZH_ROLE_NONE) {
        paint.stroke = ZH_ROLE_RULE;
    }
    zh_draw_rect(l->d, l->x + 0.5, l->y + 4.5, 13, 9, paint);
    zh_draw_text(l->d, l->x + 19, l->y + 13, text, zh_chart_label(ZH_ROLE_INK_2, ZH_ANCHOR_START));
    l->x += w + LEGEND_GAP;
}

/* Counts have gaps between classes ("5–9"), measured values do not ("50–55"). */
static zh_str class_text(zh_arena *arena, const zh_map_in *in, size_t i)
{
    char a[ZH_AXIS_LABEL_MAX];
    char b[ZH_AXIS_LABEL_MAX];
    const zh_classes *c = &in->classes;
    bool counts = in->zero_apart && in->decimals == 0;
    if (c->n == 0) {
        return in->english ? ZH_STR("has data") : ZH_STR("有数");
    }
    if (i == c->n) {
        return zh_str_fmt(arena, "≥ %s", zh_chart_number(c->breaks[i - 1], in->decimals, a));
    }
    double low = i > 0 ? c->breaks[i - 1] : 1;
    double high = counts ? c->breaks[i] - 1 : c->breaks[i];
    if (i == 0 && !counts) {
        return zh_str_fmt(arena, "＜ %s", zh_chart_number(high, in->decimals, a));
    }
    if (counts && high <= low) {
        return zh_str_fmt(arena, "%s", zh_chart_number(low, 0, a));
    }
    return zh_str_fmt(arena, "%s–%s", zh_chart_number(low, in->decimals, a),
                      zh_chart_number(high, in->decimals, b));
}

typedef struct tally {
    size_t of[ZH_READING_ND + 1]; /* units by state */
    bool zero;
} tally;

static void tally_unit(tally *t, const shown *s)
{
    t->of[s->state]++;
    t->zero = t->zero || (s->state == ZH_READING_OK && fabs(s->reading->value.v) <= 0);
}

/* Draws the legend and returns where it ends. */
static double draw_legend(zh_draw *d, const zh_map_in *in, const tally *t)
{
    legend l = {.d = d};
    zh_paint white = {.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_RULE_2};
    zh_paint dashed = {.fill = ZH_ROLE_PAPER, .stroke = ZH_ROLE_RULE_2, .dash = ZH_DASH_GUIDE};
    if (in->zero_apart && t->zero) {
        legend_entry(&l, white, ZH_STR("0"));
    }
    for (size_t i = 0; i <= in->classes.n && t->of[ZH_READING_OK] > 0; i++) {
        legend_entry(&l, (zh_paint){.fill = zh_classes_role(&in->classes, i, in->diverging)},
                     class_text(d->arena, in, i));
    }
    static const zh_reading_state rest[] = {ZH_READING_ND, ZH_READING_NA, ZH_READING_FEW,
                                            ZH_READING_MISSING};
    for (size_t i = 0; i < ZH_COUNTOF(rest); i++) {
        if (t->of[rest[i]] > 0) {
            zh_paint paint = dashed;
            if (rest[i] == ZH_READING_FEW || rest[i] == ZH_READING_MISSING) {
                paint =
                    (zh_paint){.fill = rest[i] == ZH_READING_FEW ? ZH_ROLE_FEW : ZH_ROLE_MISSING,
                               .stroke = ZH_ROLE_HATCH};
            }
            legend_entry(
                &l, paint,
                zh_str_fmt(d->arena, "%.*s %zu", ZH_FMT(state_word(in, rest[i])), t->of[rest[i]]));
        }
    }
    return l.y + LEGEND_ROW;
}

/* ---- tile grid ---- */

typedef struct group {
    zh_str name;
    int column, row; /* its leftmost and topmost cell */
    double shift;    /* down, for the names of this and the groups above */
} group;

typedef struct grid {
    group groups[GROUPS_MAX];
    size_t groups_n;
    double size, step, top;
} grid;

static group *group_of(grid *g, zh_str name)
{
    for (size_t i = 0; i < g->groups_n; i++) {
        if (zh_str_eq(g->groups[i].name, name)) {
            return &g->groups[i];
        }
    }
    return NULL;
}

/* How far down the rows of a group stand. */
static double shift_of(grid *g, zh_str name)
{
    const group *found = group_of(g, name);
    return found != NULL ? found->shift : 0;
}

static zh_rc find_groups(grid *g, const zh_tiles *tiles, zh_err *err)
{
    for (size_t i = 0; i < tiles->n; i++) {
        const zh_tile *t = &tiles->tiles[i];
        group *have = group_of(g, t->group);
        if (have == NULL && g->groups_n == GROUPS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "tiles.groups", "格网的组超过 %d 个", GROUPS_MAX);
        }
        if (have == NULL) {
            g->groups[g->groups_n++] = (group){t->group, t->column, t->row, 0};
        } else {
            have->column = t->column < have->column ? t->column : have->column;
            have->row = t->row < have->row ? t->row : have->row;
        }
    }
    for (size_t i = 0; i < g->groups_n; i++) { /* one break for each row where groups above begin */
        g->groups[i].shift = GROUP_HEAD;
        for (size_t k = 0; k < g->groups_n; k++) {
            bool first = true;
            for (size_t j = 0; j < k; j++) {
                first = first && g->groups[j].row != g->groups[k].row;
            }
            if (first && g->groups[k].row < g->groups[i].row) {
                g->groups[i].shift += GROUP_BREAK;
            }
        }
    }
    return ZH_OK;
}

static void draw_tile(zh_draw *d, const zh_map_in *in, const zh_map *by_code, grid *g,
                      const zh_tile *t)
{
    shown s = look_of(in, by_code, t->code);
    double x = g->step * t->column;
    double y = g->top + shift_of(g, t->group) + g->step * t->row;
    double middle = x + g->size / 2;
    double size = zh_chart_clamp((g->size - 3) / 3, 8, 12);
    bool textured = s.paint.fill == ZH_ROLE_MISSING || s.paint.fill == ZH_ROLE_FEW;
    zh_str second = second_line(d->arena, in, &s);
    zh_str name = s.reading != NULL && s.reading->label.n > 0 ? s.reading->label : t->name;
    name = zh_draw_text_fit(d->arena, name, size, g->size);
    double line = size * 1.35;
    double baseline = y + g->size / 2 + size * 0.38 - (second.n > 0 ? line / 2 : 0);
    zh_text_at at = {.font = {.size = size, .role = s.text}, .anchor = ZH_ANCHOR_MIDDLE};
    open_unit(d, in, &s, t->code, t->name);
    zh_draw_rect(d, x + 0.5, y + 0.5, g->size - 1, g->size - 1, s.paint);
    if (textured) {
        double w = zh_chart_max(zh_draw_text_width(name, size), zh_draw_text_width(second, size));
        w = zh_chart_clamp(w + 6, 0, g->size - 4);
        zh_draw_rect(d, middle - w / 2, baseline - size - 1, w,
                     size + 5 + (second.n > 0 ? line : 0), zh_chart_fill(ZH_ROLE_PAPER));
    }
    zh_draw_text(d, middle, baseline, name, at);
    at.font.weight = s.state == ZH_READING_OK ? 600 : 400;
    if (s.reading != NULL && s.reading->act && s.state == ZH_READING_OK) {
        zh_draw_rect(d, x + 2, y + 2, g->size - 4, g->size - 4,
                     zh_chart_stroke(ZH_ROLE_ACT, 2.5, ZH_DASH_SOLID));
    }
    zh_draw_text(d, middle, baseline + line, zh_draw_text_fit(d->arena, second, size, g->size + 2),
                 at);
    zh_draw_close(d);
}

/* The same groups one below the other, each from the left edge. */
static const zh_tiles *stacked(zh_arena *arena, const zh_tiles *tiles)
{
    zh_tiles *out = ZH_NEW(arena, zh_tiles);
    out->tiles = ZH_NEW_N(arena, zh_tile, tiles->n);
    for (size_t i = 0; i < tiles->n; i++) {
        zh_str name = tiles->tiles[i].group;
        const zh_tile *top = &tiles->tiles[i];
        int left = top->column;
        int row = top->row;
        int below = row;
        bool done = false;
        for (size_t k = 0; k < out->n && !done; k++) {
            done = zh_str_eq(out->tiles[k].group, name);
        }
        for (size_t k = i; k < tiles->n && !done; k++) {
            const zh_tile *t = &tiles->tiles[k];
            if (zh_str_eq(t->group, name)) {
                left = t->column < left ? t->column : left;
                row = t->row < row ? t->row : row;
                below = t->row > below ? t->row : below;
            }
        }
        for (size_t k = i; k < tiles->n && !done; k++) {
            if (zh_str_eq(tiles->tiles[k].group, name)) {
                zh_tile *t = &out->tiles[out->n++];
                *t = tiles->tiles[k];
                t->column -= left;
                t->row += out->rows - row;
                out->columns = t->column + 1 > out->columns ? t->column + 1 : out->columns;
            }
        }
        out->rows += done ? 0 : below - row + 1;
    }
    return out;
}

zh_rc zh_map_tiles(zh_arena *arena, const zh_map_in *in, const zh_tiles *tiles, double width,
                   zh_draw **out, zh_err *err)
{
    grid g = {0};
    zh_map by_code;
    tally t = {0};
    if (tiles->columns > 0 && width / tiles->columns < COLUMN_READABLE) {
        tiles = stacked(arena, tiles);
    }
    zh_rc rc = zh_chart_check(width, tiles->n, err);
    rc = rc == ZH_OK ? check_map(in, err) : rc;
    rc = rc == ZH_OK ? find_groups(&g, tiles, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_draw *d = zh_draw_new(arena, width, 1, in->title);
    index_values(&by_code, arena, in);
    for (size_t i = 0; i < tiles->n; i++) {
        shown s = look_of(in, &by_code, tiles->tiles[i].code);
        tally_unit(&t, &s);
    }
    g.top = draw_legend(d, in, &t) + 2;
    g.step = zh_chart_clamp((width + TILE_GAP) / tiles->columns, 10, TILE_MAX + TILE_GAP);
    g.size = g.step - TILE_GAP;
    for (size_t i = 0; i < g.groups_n; i++) {
        zh_draw_text(d, g.step * g.groups[i].column,
                     g.top + g.groups[i].shift + g.step * g.groups[i].row - 7, g.groups[i].name,
                     zh_chart_strong(ZH_ROLE_INK, ZH_ANCHOR_START));
    }
    double bottom = 0;
    for (size_t i = 0; i < tiles->n; i++) {
        const zh_tile *tile = &tiles->tiles[i];
        draw_tile(d, in, &by_code, &g, tile);
        bottom = zh_chart_max(bottom, g.top + shift_of(&g, tile->group) + g.step * (tile->row + 1));
    }
    zh_draw_resize(d, width, bottom);
    return zh_chart_end(d, out, err);
}

/* ---- choropleth ---- */

typedef struct sheet {
    zh_albers projection;
    double scale, left, top; /* from the sphere of radius 1 to the drawing */
    double west, north;      /* in the projection: left and upper edge */
    double height;
} sheet;

static zh_point on_sheet(const sheet *s, zh_point degrees)
{
    zh_point p = zh_albers_at(&s->projection, degrees.x, degrees.y);
    return (zh_point){s->left + (p.x - s->west) * s->scale, s->top + (s->north - p.y) * s->scale};
}

static void fit_sheet(sheet *s, const zh_geo *geo, double width)
{
    double east = -HUGE_VAL;
    double south = HUGE_VAL;
    s->projection = zh_albers_of(PARALLEL_1, PARALLEL_2, (geo->south + geo->north) / 2,
                                 (geo->west + geo->east) / 2);
    s->west = HUGE_VAL;
    s->north = -HUGE_VAL;
    for (size_t i = 0; i < geo->n; i++) {
        for (size_t k = 0; k < geo->units[i].points_n; k++) {
            zh_point p =
                zh_albers_at(&s->projection, geo->units[i].points[k].x, geo->units[i].points[k].y);
            s->west = p.x < s->west ? p.x : s->west;
            east = p.x > east ? p.x : east;
            south = p.y < south ? p.y : south;
            s->north = p.y > s->north ? p.y : s->north;
        }
    }
    double across = zh_chart_max(east - s->west, 1e-6);
    double down = zh_chart_max(s->north - south, 1e-6);
    s->scale = (width - 2 * AREA_PAD) / across;
    double most = width * 1.4 / down; /* no taller than that */
    s->scale = s->scale < most ? s->scale : most;
    s->left = (width - across * s->scale) / 2;
    s->height = down * s->scale + 2 * AREA_PAD;
}

/* The points of a unit in the drawing, NULL at the arena's budget. */
static zh_point *project(zh_arena *arena, const sheet *s, const zh_geo_unit *unit)
{
    zh_point *points = ZH_TRY_N(arena, zh_point, unit->points_n);
    for (size_t i = 0; points != NULL && i < unit->points_n; i++) {
        points[i] = on_sheet(s, unit->points[i]);
    }
    return points;
}

/* By the even-odd rule. */
static bool inside(const zh_geo_unit *unit, const zh_point *points, double x, double y)
{
    bool in = false;
    size_t from = 0;
    for (size_t r = 0; r < unit->rings_n; r++) {
        size_t before = unit->ends[r] - 1;
        for (size_t i = from; i < unit->ends[r]; before = i++) {
            zh_point a = points[i];
            zh_point b = points[before];
            if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) {
                in = !in;
            }
        }
        from = unit->ends[r];
    }
    return in;
}

static bool fits(const zh_geo_unit *unit, const zh_point *points, zh_point at, double half,
                 double rise)
{
    for (int i = 0; i < 6; i++) {
        double x = at.x + half * (i % 3 - 1);
        double y = at.y + (i < 3 ? -rise : rise);
        if (!inside(unit, points, x, y)) {
            return false;
        }
    }
    return true;
}

/* The place for a label nearest to the middle, over a grid of LABEL_TRIES by LABEL_TRIES. */
static bool label_place(const zh_geo_unit *unit, const zh_point *points, zh_point middle,
                        double half, double rise, zh_point *out)
{
    double best = HUGE_VAL;
    for (int i = 0; i < LABEL_TRIES * LABEL_TRIES; i++) {
        zh_point at = {middle.x + (i % LABEL_TRIES - LABEL_TRIES / 2) * LABEL_STEP,
                       middle.y + (i / LABEL_TRIES - LABEL_TRIES / 2) * LABEL_STEP};
        double off = hypot(at.x - middle.x, at.y - middle.y);
        if (off < best && fits(unit, points, at, half, rise)) {
            best = off;
            *out = at;
        }
    }
    return best < HUGE_VAL;
}

/* Name and value, when there is room for both inside the unit. */
static void area_label(zh_draw *d, const zh_geo_unit *unit, const zh_point *points, zh_point middle,
                       zh_str name, zh_str value, zh_role role)
{
    double w = zh_chart_max(zh_draw_text_width(name, ZH_CHART_SMALL),
                            zh_draw_text_width(value, ZH_CHART_SMALL) * 1.05);
    zh_point at = middle;
    bool clear = label_place(unit, points, middle, w / 2 + 6, LABEL_RISE + 5, &at);
    if (!clear && !label_place(unit, points, middle, w / 2, LABEL_RISE, &at)) {
        return;
    }
    zh_text_at bold = zh_chart_note(role, ZH_ANCHOR_MIDDLE);
    bold.font.weight = 600;
    zh_draw_text(d, at.x, at.y - 2, name, zh_chart_note(role, ZH_ANCHOR_MIDDLE));
    zh_draw_text(d, at.x, at.y + 11, value, bold);
}

static void draw_area(zh_draw *d, const zh_map_in *in, const shown *s, const sheet *sheet_of,
                      const zh_geo_unit *unit)
{
    zh_point *points = project(d->arena, sheet_of, unit);
    if (points == NULL) {
        d->rc = ZH_ENOMEM;
        d->rule = "draw.memory";
        d->problem = "画图的内存预算用完";
        return;
    }
    zh_paint paint = s->paint;
    if (s->state == ZH_READING_OK && paint.stroke == ZH_ROLE_NONE) {
        paint.stroke = s->reading->act ? ZH_ROLE_ACT : ZH_ROLE_PAPER;
        paint.width = s->reading->act ? 2.5 : 1;
    }
    open_unit(d, in, s, unit->code, unit->name);
    zh_draw_polygon(d, points, unit->ends, unit->rings_n, paint);
    zh_draw_close(d);
}

static void draw_name(zh_draw *d, const zh_map_in *in, const shown *s, const sheet *sheet_of,
                      const zh_geo_unit *unit)
{
    const zh_point *points = project(d->arena, sheet_of, unit);
    if (points == NULL) {
        return; /* no room for the names: the titles of the areas say the same */
    }
    zh_str name = s->reading->label.n > 0 ? s->reading->label : unit->name;
    area_label(d, unit, points, on_sheet(sheet_of, unit->label), name, second_line(d->arena, in, s),
               s->text);
}

/* Areas with values over the others, so that their edges show; names over all. */
static void draw_areas(zh_draw *d, const zh_map_in *in, const zh_map *by_code, const sheet *s,
                       const zh_geo *geo)
{
    zh_mark names = {.kind = "names"};
    for (int layer = 0; layer < 3; layer++) {
        if (layer == 2) {
            zh_draw_open(d, &names);
        }
        for (size_t i = 0; i < geo->n; i++) {
            shown look = look_of(in, by_code, geo->units[i].code);
            bool valued = look.state == ZH_READING_OK;
            if (layer == 2 && valued) {
                draw_name(d, in, &look, s, &geo->units[i]);
            } else if (layer < 2 && valued == (layer == 1)) {
                draw_area(d, in, &look, s, &geo->units[i]);
            }
        }
    }
    zh_draw_close(d);
}

static void draw_approval(zh_draw *d, const zh_map_in *in, double y)
{
    zh_str text = in->approval.n > 0
                      ? zh_str_fmt(d->arena, in->english ? "Approval number %.*s" : "审图号：%.*s",
                                   ZH_FMT(in->approval))
                  : in->english
                      ? ZH_STR("A sketch: borders without approval number, not for publication")
                      : ZH_STR("示意图。边界没有审图号，不得对外发布");
    zh_text_at at = zh_chart_note(ZH_ROLE_INK_2, ZH_ANCHOR_START);
    zh_mark mark = {.kind = "approval"};
    zh_draw_open(d, &mark);
    zh_draw_text(d, 0, y + 16, zh_draw_text_fit(d->arena, text, ZH_CHART_SMALL, d->width), at);
    zh_draw_close(d);
}

zh_rc zh_map_areas(zh_arena *arena, const zh_map_in *in, const zh_geo *geo, double width,
                   zh_draw **out, zh_err *err)
{
    sheet s = {0};
    zh_map by_code;
    tally t = {0};
    zh_geo *simple = NULL;
    zh_rc rc = zh_chart_check(width, geo->n, err);
    rc = rc == ZH_OK ? check_map(in, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    fit_sheet(&s, geo, width);
    rc = zh_geo_simplify(arena, geo, FLATNESS / s.scale * 180 / 3.14159265358979323846, &simple,
                         err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_draw *d = zh_draw_new(arena, width, 1, in->title);
    index_values(&by_code, arena, in);
    for (size_t i = 0; i < simple->n; i++) {
        shown look = look_of(in, &by_code, simple->units[i].code);
        tally_unit(&t, &look);
    }
    s.top = draw_legend(d, in, &t) + AREA_PAD;
    draw_areas(d, in, &by_code, &s, simple);
    draw_approval(d, in, s.top + s.height - AREA_PAD);
    zh_draw_resize(d, width, s.top + s.height - AREA_PAD + NOTE_HEIGHT);
    return zh_chart_end(d, out, err);
}
