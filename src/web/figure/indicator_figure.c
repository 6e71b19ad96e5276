/* The drawings of an indicator: its break-down in the form that suits it, and two years of many
 * places. */
#include "base/time.h"
#include "web/figure/page_indicator.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    WIDE = 800,
    NARROW = 330,        /* on a phone */
    ROWS_DRAWN = 60,     /* interval rows */
    BARS_DRAWN = 24,     /* of a Pareto; the others are its rest */
    COLUMNS_DRAWN = 120, /* the newest */
    SEGMENTS_DRAWN = ZH_CHART_SEGMENTS_MAX / 2,
    PLACES_DRAWN = 60, /* of a slope: more lines cannot be told apart */
    NAMED_AT_EACH_END = 3,
};

/* Beside a tick stands % only; a longer unit is in the words above the drawing. */
static zh_str tick_unit(const zh_indicator_page *page)
{
    zh_str unit = zh_ui_unit(page->ui, page->indicator->unit);
    return zh_str_is(unit, "%") ? unit : ZH_STR("");
}

/* ---- readings
 * ------------------------------------------------------------------------------------------- */

static bool is_count(const zh_indicator *ind)
{
    return ind->kind == ZH_I_COUNT || ind->kind == ZH_I_SUM || ind->kind == ZH_I_DISTINCT ||
           ind->kind == ZH_I_STOCK;
}

/* Parts of a whole: shares of their sum mean something. */
static bool adds_up(const zh_indicator *ind)
{
    return ind->kind == ZH_I_COUNT || ind->kind == ZH_I_SUM;
}

static bool negative(const zh_indicator_page *page)
{
    for (size_t i = 0; i < page->n; i++) {
        if (page->figures[i].has_value && page->figures[i].value.scaled < 0) {
            return true;
        }
    }
    return false;
}

static zh_str word_of(zh_ui *ui, const zh_figure *f)
{
    switch (f->status) {
    case ZH_FIG_SMALL_N: return zh_ui_text(ui, ZH_T_NIL_FEW);
    case ZH_FIG_NO_DENOMINATOR: return zh_ui_text(ui, ZH_T_NIL_SKIP);
    case ZH_FIG_HIDDEN: return zh_ui_text(ui, ZH_T_NIL_HIDDEN);
    case ZH_FIG_OK: return ZH_STR("");
    case ZH_FIG_MIXED_BASIS:
    case ZH_FIG_NO_DATA: break;
    }
    return zh_ui_text(ui, ZH_T_NIL_NONE);
}

static zh_reading_state state_of(const zh_figure *f)
{
    return f->status == ZH_FIG_SMALL_N          ? ZH_READING_FEW
           : f->status == ZH_FIG_NO_DENOMINATOR ? ZH_READING_NA
           : f->has_value                       ? ZH_READING_OK
                                                : ZH_READING_MISSING;
}

/* What stands beside a row: how many of how many, or the value where parts say nothing. */
static zh_str row_note(zh_ui *ui, const zh_figure *f)
{
    if (f->indicator->kind == ZH_I_MEAN) {
        return f->has_value ? zh_ui_decimal(ui, f->shown) : ZH_STR("");
    }
    return f->den.n > 0 ? zh_str_fmt(ui->arena, "%.*s/%.*s", ZH_FMT(zh_ui_decimal(ui, f->num)),
                                     ZH_FMT(zh_ui_decimal(ui, f->den)))
                        : zh_str_fmt(ui->arena, "n = %.*s", ZH_FMT(zh_ui_count(ui, f->n)));
}

/* label stands at the mark, name in its title. */
static zh_reading reading_of(const zh_indicator_page *page, size_t i, zh_str label, bool linked)
{
    zh_ui *ui = page->ui;
    const zh_figure *f = &page->figures[i];
    zh_str shown = f->has_value ? zh_indicator_shown(page, f) : ZH_STR("");
    zh_str interval = f->has_value && f->interval_shown.n > 0
                          ? zh_str_fmt(ui->arena, ui->lang == ZH_LANG_EN ? " (%.*s)" : "（%.*s）",
                                       ZH_FMT(f->interval_shown))
                          : ZH_STR("");
    zh_str word = word_of(ui, f);
    return (zh_reading){
        .label = label,
        .note = row_note(ui, f),
        .text = f->has_value ? zh_ui_decimal(ui, f->shown) : ZH_STR(""),
        .href = linked ? zh_indicator_row_url(page, page->values[i]) : ZH_STR(""),
        .title = zh_str_fmt(ui->arena, "%.*s %.*s%.*s%s%.*s%.*s",
                            ZH_FMT(zh_indicator_value(page, page->values[i])), ZH_FMT(shown),
                            ZH_FMT(interval), word.n > 0 ? " " : "", ZH_FMT(word),
                            ZH_FMT(ZH_SAY(ui, ZH_T_IND_OF_N, zh_ui_count(ui, f->n)))),
        .word = word,
        .value = f->has_value ? ZH_SOME(zh_decimal_double(f->value)) : ZH_ABSENT,
        .low = f->has_value && f->has_interval ? ZH_SOME(f->low) : ZH_ABSENT,
        .high = f->has_value && f->has_interval ? ZH_SOME(f->high) : ZH_ABSENT,
        .state = state_of(f),
    };
}

static zh_reading gap_of(zh_ui *ui, zh_date first, zh_date last)
{
    zh_str word = zh_ui_text(ui, ZH_T_NIL_NONE);
    return (zh_reading){.label = zh_period_format(ui->arena, first, last),
                        .title = zh_str_fmt(ui->arena, "%.*s %.*s",
                                            ZH_FMT(zh_ui_period(ui, first, last)), ZH_FMT(word)),
                        .word = word};
}

/* ---- over time
 * ------------------------------------------------------------------------------------------ */

/* The beginning of the k-th period after the one that begins on first. */
static zh_date stepped(zh_str by, zh_date first, int k)
{
    int months = zh_str_is(by, "year")      ? 12
                 : zh_str_is(by, "half")    ? 6
                 : zh_str_is(by, "quarter") ? 3
                 : zh_str_is(by, "month")   ? 1
                                            : 0;
    return months > 0 ? zh_date_add_months(first, k * months) : first + k;
}

/* Periods sorted by time; records without a date, which stand first, are in the table only. */
static size_t first_dated(const zh_indicator_page *page)
{
    zh_date first;
    zh_date last;
    size_t i = 0;
    while (i < page->n && zh_period_parse(page->values[i], &first, &last) != ZH_OK) {
        i++;
    }
    return i;
}

static void finding_in_time(const zh_indicator_page *page, size_t from, zh_str *title)
{
    zh_ui *ui = page->ui;
    const zh_figure *newest = NULL;
    const zh_figure *most = NULL;
    size_t at_newest = 0;
    size_t at_most = 0;
    for (size_t i = from; i < page->n; i++) {
        const zh_figure *f = &page->figures[i];
        if (!f->has_value) {
            continue;
        }
        newest = f;
        at_newest = i;
        if (f->status == ZH_FIG_OK &&
            (most == NULL || zh_decimal_cmp(f->value, most->value) >= 0)) {
            most = f;
            at_most = i;
        }
    }
    if (newest == NULL) {
        return;
    }
    zh_str when = zh_indicator_value(page, page->values[at_newest]);
    *title = most == NULL || most == newest
                 ? ZH_SAY(ui, most == NULL ? ZH_T_IND_NEWEST : ZH_T_IND_NEWEST_MOST, when,
                          zh_indicator_shown(page, newest))
                 : ZH_SAY(ui, ZH_T_IND_NEWEST_AND_MOST, when, zh_indicator_shown(page, newest),
                          zh_indicator_value(page, page->values[at_most]),
                          zh_indicator_shown(page, most));
}

static zh_rc columns(const zh_indicator_page *page, size_t from, bool linked,
                     zh_indicator_figure *out, zh_err *err)
{
    zh_ui *ui = page->ui;
    zh_reading *all = ZH_NEW_N(ui->arena, zh_reading, COLUMNS_DRAWN);
    size_t n = COLUMNS_DRAWN; /* filled from the end, as many as fit */
    zh_date later = 0;
    for (size_t i = page->n; i-- > from && n > 0;) {
        zh_date first = 0;
        zh_date last = 0;
        if (zh_period_parse(page->values[i], &first, &last) != ZH_OK) {
            continue;
        }
        for (int k = 1; later != 0 && n > 0 && stepped(page->by, later, -k) > first; k++) {
            all[--n] =
                gap_of(ui, stepped(page->by, later, -k), stepped(page->by, later, 1 - k) - 1);
        }
        if (n > 0) {
            all[--n] = reading_of(page, i, page->values[i], linked);
        }
        later = first;
    }
    zh_count_columns in = {
        .title = out->title, .columns = all + n, .n = COLUMNS_DRAWN - n, .unit = tick_unit(page)};
    out->read = zh_ui_text(ui, ZH_T_IND_READ_COLUMNS);
    zh_rc rc = zh_chart_columns(ui->arena, &in, WIDE, &out->list, err);
    return rc == ZH_OK && linked ? zh_chart_columns(ui->arena, &in, NARROW, &out->narrow, err) : rc;
}

static zh_rc segments(const zh_indicator_page *page, size_t from, bool linked,
                      zh_indicator_figure *out, zh_err *err)
{
    zh_ui *ui = page->ui;
    zh_segment *all = ZH_NEW_N(ui->arena, zh_segment, ZH_CHART_SEGMENTS_MAX);
    size_t n = 0;
    size_t least = 0;
    size_t most = 0;
    from = page->n - from > SEGMENTS_DRAWN ? page->n - SEGMENTS_DRAWN : from;
    for (size_t i = from; i < page->n; i++) {
        const zh_figure *f = &page->figures[i];
        zh_date first = 0;
        zh_date last = 0;
        if (zh_period_parse(page->values[i], &first, &last) != ZH_OK) {
            continue;
        }
        if (n > 0 && first > all[n - 1].last + 1) {
            zh_date gap = all[n - 1].last + 1;
            all[n++] = (zh_segment){
                .first = gap, .last = first - 1, .reading = gap_of(ui, gap, first - 1)};
        }
        all[n] = (zh_segment){
            .first = first, .last = last, .reading = reading_of(page, i, page->values[i], linked)};
        bool ranks = f->has_value && f->status == ZH_FIG_OK;
        bool first_ranked = ranks && !all[most].reading.value.is;
        most = first_ranked || (ranks && all[n].reading.value.v > all[most].reading.value.v) ? n
                                                                                             : most;
        least = first_ranked || (ranks && all[n].reading.value.v < all[least].reading.value.v)
                    ? n
                    : least;
        n++;
    }
    if (n > 0) {
        all[n - 1].show_label = all[most].show_label = all[least].show_label = true;
    }
    zh_segment_series series = {.segments = all, .n = n};
    zh_periods in = {.title = out->title,
                     .series = &series,
                     .n = 1,
                     .unit = tick_unit(page),
                     .from_zero = page->indicator->percent || is_count(page->indicator)};
    out->read = zh_ui_text(ui, ZH_T_IND_READ_TIME);
    zh_rc rc = zh_chart_periods(ui->arena, &in, WIDE, &out->list, err);
    return rc == ZH_OK && linked ? zh_chart_periods(ui->arena, &in, NARROW, &out->narrow, err) : rc;
}

/* ---- by a dimension
 * ------------------------------------------------------------------------------------- */

/* What the break-down shows: its extremes among the values that may be ranked. */
static zh_str spread(const zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    const zh_figure *low = NULL;
    const zh_figure *high = NULL;
    size_t at_low = 0;
    size_t at_high = 0;
    for (size_t i = 0; i < page->n; i++) {
        const zh_figure *f = &page->figures[i];
        if (!f->has_value || f->status != ZH_FIG_OK || page->values[i].n == 0) {
            continue;
        }
        if (low == NULL || zh_decimal_cmp(f->value, low->value) < 0) {
            low = f;
            at_low = i;
        }
        if (high == NULL || zh_decimal_cmp(f->value, high->value) > 0) {
            high = f;
            at_high = i;
        }
    }
    zh_str by = zh_indicator_by_words(page);
    if (low == NULL || low == high) {
        return ZH_SAY(ui, ZH_T_IND_BREAKDOWN, by, zh_ui_count(ui, (int64_t)page->n));
    }
    return ZH_SAY(ui, ZH_T_IND_SPREAD, by, zh_indicator_value(page, page->values[at_low]),
                  zh_indicator_shown(page, low), zh_indicator_value(page, page->values[at_high]),
                  zh_indicator_shown(page, high));
}

static zh_reading *readings(const zh_indicator_page *page, size_t n, bool linked)
{
    zh_reading *out = ZH_NEW_N(page->ui->arena, zh_reading, n + 1);
    for (size_t i = 0; i < n; i++) {
        out[i] = reading_of(page, i, zh_indicator_value(page, page->values[i]), linked);
    }
    return out;
}

int64_t zh_indicator_least(const zh_indicator *indicator)
{
    return indicator->n_min > 2 ? indicator->n_min : 2;
}

/* How the rows are read: only of what is drawn. */
static zh_str rows_read(const zh_indicator_page *page, size_t n, bool compared)
{
    zh_ui *ui = page->ui;
    zh_str interval = ZH_STR("");
    zh_str few = ZH_STR("");
    for (size_t i = 0; i < n; i++) {
        if (page->figures[i].has_value && page->figures[i].has_interval) {
            interval = zh_ui_text(ui, ZH_T_IND_READ_INTERVAL);
        }
        if (page->figures[i].status == ZH_FIG_SMALL_N) {
            few =
                ZH_SAY(ui, ZH_T_IND_READ_FEW, zh_ui_count(ui, zh_indicator_least(page->indicator)));
        }
    }
    return zh_str_fmt(ui->arena, "%.*s%.*s%.*s%.*s", ZH_FMT(zh_ui_text(ui, ZH_T_IND_READ)),
                      ZH_FMT(compared ? zh_ui_text(ui, ZH_T_IND_READ_ALL) : ZH_STR("")),
                      ZH_FMT(interval), ZH_FMT(few));
}

static zh_rc rows(const zh_indicator_page *page, bool linked, zh_indicator_figure *out, zh_err *err)
{
    zh_ui *ui = page->ui;
    const zh_figure *all = &page->figure;
    size_t n = page->n < ROWS_DRAWN ? page->n : ROWS_DRAWN;
    bool mean = page->indicator->kind == ZH_I_MEAN;
    bool fraction = n > 0 && page->figures[0].den.n > 0;
    bool compared = all->has_value && !is_count(page->indicator) &&
                    page->indicator->kind != ZH_I_SHARE && all->status == ZH_FIG_OK;
    zh_interval_rows in = {
        .title = out->title,
        .rows = readings(page, n, linked),
        .n = n,
        .reference = compared ? ZH_SOME(zh_decimal_double(all->value)) : ZH_ABSENT,
        .reference_label =
            compared ? ZH_SAY(ui, ZH_T_IND_TOGETHER, zh_indicator_shown(page, all)) : ZH_STR(""),
        .note_head = mean       ? zh_ui_text(ui, ZH_T_COL_VALUE)
                     : fraction ? zh_ui_text(ui, ZH_T_IND_NUM_DEN)
                                : ZH_STR(""),
        .unit = tick_unit(page)};
    out->read = rows_read(page, n, compared);
    out->drawn = n;
    zh_rc rc = zh_chart_rows(ui->arena, &in, WIDE, &out->list, err);
    return rc == ZH_OK && linked ? zh_chart_rows(ui->arena, &in, NARROW, &out->narrow, err) : rc;
}

static zh_rc pareto(const zh_indicator_page *page, bool linked, zh_indicator_figure *out,
                    zh_err *err)
{
    zh_ui *ui = page->ui;
    size_t n = page->n < BARS_DRAWN ? page->n : BARS_DRAWN;
    double rest = 0;
    size_t left_out = page->n - n;
    for (size_t i = n; i < page->n; i++) {
        rest += page->figures[i].has_value ? zh_decimal_double(page->figures[i].value) : 0;
    }
    zh_pareto in = {.title = out->title,
                    .rows = readings(page, n, linked),
                    .n = n,
                    .rest = left_out > 0 ? ZH_SOME(rest) : ZH_ABSENT,
                    .rest_label = ZH_SAY(ui, ZH_T_IND_REST, zh_ui_count(ui, (int64_t)left_out)),
                    .cumulative_head = zh_ui_text(ui, ZH_T_IND_CUMULATIVE)};
    out->read = zh_ui_text(ui, ZH_T_IND_READ_PARETO);
    zh_rc rc = zh_chart_pareto(ui->arena, &in, WIDE, &out->list, err);
    return rc == ZH_OK && linked ? zh_chart_pareto(ui->arena, &in, NARROW, &out->narrow, err) : rc;
}

/* ---- what is drawn
 * -------------------------------------------------------------------------------------- */

static zh_str what(const zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    zh_str unit = zh_ui_unit(ui, page->indicator->unit);
    zh_str comma = zh_ui_text(ui, ZH_T_COMMA);
    return zh_str_fmt(ui->arena, "%.*s%.*s%.*s%.*s%.*s",
                      ZH_FMT(zh_ui_label(ui, page->indicator->label)), ZH_FMT(comma),
                      ZH_FMT(zh_indicator_scope(page)), ZH_FMT(unit.n > 0 ? comma : ZH_STR("")),
                      ZH_FMT(unit));
}

void zh_indicator_draw(const zh_indicator_page *page, bool linked, zh_indicator_figure *out)
{
    zh_err ignored = {0};
    *out = (zh_indicator_figure){.what = what(page), .title = spread(page)};
    if (page->n == 0) {
        return;
    }
    zh_rc rc = ZH_OK;
    bool bars = is_count(page->indicator) && !negative(page);
    if (zh_indicator_by_time(page)) {
        size_t from = first_dated(page);
        if (from == page->n) {
            return;
        }
        finding_in_time(page, from, &out->title);
        rc = bars ? columns(page, from, linked, out, &ignored)
                  : segments(page, from, linked, out, &ignored);
    } else {
        rc = bars && adds_up(page->indicator) ? pareto(page, linked, out, &ignored)
                                              : rows(page, linked, out, &ignored);
    }
    out->list = rc == ZH_OK ? out->list : NULL; /* the table says it all */
}

/* ---- two years
 * ------------------------------------------------------------------------------------------ */

typedef struct place {
    zh_str code;
    const zh_figure *left, *right;
} place;

static int by_right(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;
    if (x->right == NULL || y->right == NULL) {
        return (x->right == NULL) - (y->right == NULL);
    }
    int order = zh_decimal_cmp(y->right->value, x->right->value);
    return order != 0 ? order : zh_str_cmp(x->code, y->code);
}

/* The places of either year, those with both or the later one by its value. */
static zh_rc places(const zh_indicator_page *page, const zh_figure *const year[2], place **out,
                    size_t *n)
{
    zh_ui *ui = page->ui;
    zh_str *codes[2] = {NULL, NULL};
    zh_figure *figures[2] = {NULL, NULL};
    size_t count[2] = {0, 0};
    for (size_t k = 0; k < 2; k++) {
        zh_figure_query query = zh_indicator_query(page);
        query.first = year[k]->first;
        query.last = year[k]->last;
        zh_rc rc =
            zh_figure_by(&ui->ctx, ui->conn, &query, page->by, &codes[k], &figures[k], &count[k]);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    place *all = ZH_NEW_N(ui->arena, place, count[0] + count[1] + 1);
    *n = 0;
    for (size_t i = 0, k = 0; i < count[0] || k < count[1];) { /* both are sorted by code */
        int order = i == count[0] ? 1 : k == count[1] ? -1 : zh_str_cmp(codes[0][i], codes[1][k]);
        const zh_figure *left = order <= 0 ? &figures[0][i] : NULL;
        const zh_figure *right = order >= 0 ? &figures[1][k] : NULL;
        left = left != NULL && left->has_value && left->status == ZH_FIG_OK ? left : NULL;
        right = right != NULL && right->has_value && right->status == ZH_FIG_OK ? right : NULL;
        zh_str code = order <= 0 ? codes[0][i] : codes[1][k];
        if (code.n > 0 && (left != NULL || right != NULL)) {
            all[(*n)++] = (place){code, left, right};
        }
        i += order <= 0;
        k += order >= 0;
    }
    zh_sort(all, *n, sizeof *all, by_right);
    *out = all;
    return ZH_OK;
}

static zh_slope_line line_of(const zh_indicator_page *page, const place *p, bool linked)
{
    return (zh_slope_line){
        .label = zh_indicator_value(page, p->code),
        .left = p->left != NULL ? ZH_SOME(zh_decimal_double(p->left->value)) : ZH_ABSENT,
        .right = p->right != NULL ? ZH_SOME(zh_decimal_double(p->right->value)) : ZH_ABSENT,
        .left_text = p->left != NULL ? p->left->shown : ZH_STR(""),
        .right_text = p->right != NULL ? p->right->shown : ZH_STR(""),
        .href = linked ? zh_indicator_row_url(page, p->code) : ZH_STR("")};
}

/* The year asked, else the newest, and the one before it. */
static bool two_years(const zh_indicator_page *page, const zh_figure *year[2])
{
    size_t right = page->nyears;
    for (size_t i = page->nyears; i-- > 0 && right == page->nyears;) {
        const zh_figure *f = &page->year_figures[i];
        bool asked = page->q.period.n == 0 || f->first == page->q.first;
        right = f->has_value && f->first != 0 && asked ? i : right;
    }
    if (right == page->nyears || right == 0 || (page->q.period.n != 0 && page->q.period.n != 4)) {
        return false;
    }
    year[1] = &page->year_figures[right];
    year[0] = &page->year_figures[right - 1];
    return year[0]->has_value && year[0]->last + 1 == year[1]->first;
}

zh_rc zh_indicator_draw_years(const zh_indicator_page *page, bool linked, zh_indicator_figure *out)
{
    zh_ui *ui = page->ui;
    const zh_figure *year[2] = {NULL, NULL};
    place *all = NULL;
    size_t n = 0;
    zh_err ignored = {0};
    *out = (zh_indicator_figure){.what = what(page)};
    if (page->indicator->kind != ZH_I_MEAN || zh_str_chr(page->by, '@') < 0 ||
        page->n > PLACES_DRAWN || !two_years(page, year)) {
        return ZH_OK;
    }
    zh_rc rc = places(page, year, &all, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_slope_line *lines = ZH_NEW_N(ui->arena, zh_slope_line, n + 1);
    size_t both = 0;
    size_t lower = 0;
    size_t higher = 0;
    for (size_t i = 0; i < n; i++) {
        lines[i] = line_of(page, &all[i], linked);
        if (lines[i].left.is && lines[i].right.is) {
            int order = zh_decimal_cmp(all[i].right->value, all[i].left->value);
            both++;
            lower += order < 0;
            higher += order > 0;
        }
    }
    if (both < 2 || n > PLACES_DRAWN) {
        return ZH_OK;
    }
    size_t ranked = 0; /* those with a value in the later year stand first */
    while (ranked < n && lines[ranked].right.is) {
        ranked++;
    }
    for (size_t i = 0; i < ranked; i++) {
        lines[i].named = i < NAMED_AT_EACH_END || i + NAMED_AT_EACH_END >= ranked;
    }
    out->title = ZH_SAY(ui, ZH_T_IND_TWO_YEARS, zh_ui_count(ui, (int64_t)both),
                        zh_ui_period(ui, year[0]->first, year[0]->last),
                        zh_ui_count(ui, (int64_t)lower), zh_ui_count(ui, (int64_t)higher));
    out->read = zh_ui_text(ui, ZH_T_IND_READ_SLOPE);
    zh_slope in = {.title = out->title,
                   .left_head = zh_period_format(ui->arena, year[0]->first, year[0]->last),
                   .right_head = zh_period_format(ui->arena, year[1]->first, year[1]->last),
                   .lines = lines,
                   .n = n};
    if (zh_chart_slope(ui->arena, &in, WIDE, &out->list, &ignored) != ZH_OK ||
        (linked && zh_chart_slope(ui->arena, &in, NARROW, &out->narrow, &ignored) != ZH_OK)) {
        out->list = NULL;
    }
    return ZH_OK;
}
