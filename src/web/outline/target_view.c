/* Targets in words and small drawings. The chart of one target is in target_chart.c. */
#include "web/outline/target_view.h"
#include <inttypes.h>
#include <math.h>

enum { CELLS_MAX = 40, SVG_BYTES = 1 << 20 };

/* ---- words ----------------------------------------------------------------------------------- */

static const struct {
    const char *id;
    zh_text_id name, help;
} kinds[ZH_KIND_N] = {
    [ZH_KIND_NUMERIC] = {"numeric", ZH_T_TARGET_K_NUMERIC, ZH_T_TARGET_H_NUMERIC},
    [ZH_KIND_RANGE] = {"range", ZH_T_TARGET_K_RANGE, ZH_T_TARGET_H_RANGE},
    [ZH_KIND_CUMULATIVE] = {"cumulative", ZH_T_TARGET_K_CUMULATIVE, ZH_T_TARGET_H_CUMULATIVE},
    [ZH_KIND_PER_YEAR] = {"per_year", ZH_T_TARGET_K_PER_YEAR, ZH_T_TARGET_H_PER_YEAR},
    [ZH_KIND_RANK] = {"rank", ZH_T_TARGET_K_RANK, ZH_T_TARGET_H_RANK},
    [ZH_KIND_LEVEL] = {"level", ZH_T_TARGET_K_LEVEL, ZH_T_TARGET_H_LEVEL},
    [ZH_KIND_TREND] = {"trend", ZH_T_TARGET_K_TREND, ZH_T_TARGET_H_TREND},
    [ZH_KIND_STATUS] = {"status", ZH_T_TARGET_K_STATUS, ZH_T_TARGET_H_STATUS},
};

zh_target_kind zh_target_kind_of(const zh_target *target)
{
    if (zh_str_is(target->item->unit, "level")) {
        return ZH_KIND_LEVEL;
    }
    for (size_t i = 0; i < ZH_KIND_N; i++) {
        if (zh_str_is(target->form, kinds[i].id)) {
            return (zh_target_kind)i;
        }
    }
    return ZH_KIND_NUMERIC;
}

const char *zh_target_kind_id(zh_target_kind kind)
{
    return kinds[kind].id;
}

zh_text_id zh_target_kind_name(zh_target_kind kind)
{
    return kinds[kind].name;
}

zh_text_id zh_target_kind_help(zh_target_kind kind)
{
    return kinds[kind].help;
}

static const struct {
    zh_text_id name;
    zh_lamp lamp;
} statuses[ZH_TARGET_STATUS_N] = {
    [ZH_TARGET_MET] = {ZH_T_TARGET_S_MET, ZH_LAMP_DONE},
    [ZH_TARGET_ON_TRACK] = {ZH_T_TARGET_S_ON_TRACK, ZH_LAMP_OK},
    [ZH_TARGET_BEHIND] = {ZH_T_TARGET_S_BEHIND, ZH_LAMP_WATCH},
    [ZH_TARGET_MISSED] = {ZH_T_TARGET_S_MISSED, ZH_LAMP_ACT},
    [ZH_TARGET_NO_INDICATOR] = {ZH_T_TARGET_S_NO_INDICATOR, ZH_LAMP_NIL},
    [ZH_TARGET_NO_DATA] = {ZH_T_TARGET_S_NO_DATA, ZH_LAMP_NIL},
    [ZH_TARGET_NO_VALUE] = {ZH_T_TARGET_S_NO_VALUE, ZH_LAMP_NIL},
    [ZH_TARGET_OTHER_BASIS] = {ZH_T_TARGET_S_OTHER_BASIS, ZH_LAMP_NIL},
    [ZH_TARGET_NEEDS_EVIDENCE] = {ZH_T_TARGET_S_NEEDS_EVIDENCE, ZH_LAMP_NIL},
    [ZH_TARGET_UNCERTAIN] = {ZH_T_TARGET_S_UNCERTAIN, ZH_LAMP_NIL},
};

zh_text_id zh_target_status_name(zh_target_status status)
{
    return statuses[status].name;
}

bool zh_target_decided(zh_target_status status)
{
    return status == ZH_TARGET_MET || status == ZH_TARGET_ON_TRACK || status == ZH_TARGET_BEHIND ||
           status == ZH_TARGET_MISSED;
}

void zh_target_lamp(zh_ui *ui, const zh_target *target)
{
    zh_part_lamp(ui, statuses[target->status].lamp, zh_ui_text(ui, statuses[target->status].name));
}

zh_str zh_target_area(const zh_ui *ui, zh_str dimension)
{
    static const struct {
        const char *id;
        zh_text_id name;
    } areas[] = {
        {"engineering", ZH_T_TARGET_D_ENGINEERING},
        {"infrastructure", ZH_T_TARGET_D_INFRASTRUCTURE},
        {"governance", ZH_T_TARGET_D_GOVERNANCE},
        {"industry", ZH_T_TARGET_D_INDUSTRY},
        {"service", ZH_T_TARGET_D_SERVICE},
        {"enterprise", ZH_T_TARGET_D_ENTERPRISE},
        {"innovation", ZH_T_TARGET_D_INNOVATION},
        {"product", ZH_T_TARGET_D_PRODUCT},
        {"agriculture", ZH_T_TARGET_D_AGRICULTURE},
        {"brand", ZH_T_TARGET_D_BRAND},
        {"food-drug", ZH_T_TARGET_D_FOOD_DRUG},
        {"environment", ZH_T_TARGET_D_ENVIRONMENT},
        {"talent", ZH_T_TARGET_D_TALENT},
        {"economy", ZH_T_TARGET_D_ECONOMY},
        {"consumer", ZH_T_TARGET_D_CONSUMER},
    };
    for (size_t i = 0; i < ZH_COUNTOF(areas); i++) {
        if (zh_str_is(dimension, areas[i].id)) {
            return zh_ui_text(ui, areas[i].name);
        }
    }
    return dimension;
}

zh_str zh_outline_short(const zh_ui *ui, const zh_outline *outline)
{
    zh_str year = zh_str_sub(outline->issued, 0, 4);
    if (outline->region.n == 0 || year.n < 4) {
        return outline->title.zh.n > 0 ? zh_ui_label(ui, outline->title) : outline->id;
    }
    static const zh_str province = {"省", sizeof "省" - 1};
    zh_str place = zh_ui_region(ui, outline->region);
    if (zh_str_ends(place, province)) {
        place.n -= province.n;
    }
    return zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(place), ZH_FMT(year));
}

zh_str zh_target_url(zh_arena *arena, const zh_outline_item *item)
{
    return zh_url_path(arena, "/targets", item->outline, item->id);
}

zh_str zh_clause_url(zh_arena *arena, zh_str outline, zh_str clause)
{
    zh_str url = zh_url_path(arena, "/targets", outline, ZH_STR_NONE);
    return zh_url_add(arena, url, "clause", clause);
}

/* A value of a document without the zeros that only its storage has, with separators. */
static zh_str plain(const zh_ui *ui, zh_decimal value)
{
    return zh_ui_decimal(ui, zh_decimal_str(ui->arena, value));
}

static zh_str words_wanted(const zh_ui *ui, const zh_outline_item *item)
{
    if (item->reference.zh.n > 0) {
        return zh_ui_label(ui, item->reference);
    }
    if (zh_str_is(item->unit, "trend")) {
        return zh_ui_text(ui, zh_str_is(item->comparator, "<=") ? ZH_T_TARGETS_LOWER
                                                                : ZH_T_TARGETS_HIGHER);
    }
    return zh_ui_text(ui, ZH_T_TARGETS_NO_NUMBER);
}

zh_str zh_target_wanted(const zh_ui *ui, const zh_outline_item *item)
{
    if (!item->has_value) {
        return words_wanted(ui, item);
    }
    zh_str lead =
        zh_str_is(item->comparator, "cumulative>=") ? zh_ui_text(ui, ZH_T_TARGETS_CUMULATIVE)
        : zh_str_is(item->comparator, "per-year>=") ? zh_ui_text(ui, ZH_T_TARGETS_PER_YEAR)
                                                    : ZH_STR("");
    const char *sign = zh_str_is(item->comparator, "<=")  ? "≤ "
                       : zh_str_is(item->comparator, "=") ? "= "
                                                          : "≥ ";
    zh_str about = item->approximate ? zh_ui_text(ui, ZH_T_TARGETS_APPROX) : ZH_STR("");
    if (item->has_value_max) {
        return zh_str_fmt(ui->arena, "%.*s%.*s%.*s–%.*s", ZH_FMT(lead), ZH_FMT(about),
                          ZH_FMT(plain(ui, item->value)), ZH_FMT(plain(ui, item->value_max)));
    }
    return zh_str_fmt(ui->arena, "%.*s%s%.*s%.*s", ZH_FMT(lead), sign, ZH_FMT(about),
                      ZH_FMT(plain(ui, item->value)));
}

zh_str zh_target_unit(const zh_ui *ui, const zh_outline_item *item)
{
    static const struct {
        const char *id;
        zh_text_id name;
    } units[] = {
        {"count", ZH_T_TARGET_U_COUNT}, {"score", ZH_T_TARGET_U_SCORE},
        {"m2", ZH_T_TARGET_U_M2},       {"persons", ZH_T_TARGET_U_PERSONS},
        {"years", ZH_T_TARGET_U_YEARS}, {"person-times", ZH_T_TARGET_U_PERSON_TIMES},
        {"times", ZH_T_TARGET_U_TIMES}, {"levels", ZH_T_TARGET_U_LEVELS},
    };
    if (!item->has_value) {
        return ZH_STR("");
    }
    for (size_t i = 0; i < ZH_COUNTOF(units); i++) {
        if (zh_str_is(item->unit, units[i].id)) {
            return zh_ui_text(ui, units[i].name);
        }
    }
    return zh_str_is(item->unit, "%") ? item->unit : ZH_STR("");
}

bool zh_target_needs_evidence(const zh_target *t)
{
    return t->status == ZH_TARGET_NEEDS_EVIDENCE || t->status == ZH_TARGET_NO_VALUE;
}

/* A difference that is there is never rounded to nothing. */
zh_str zh_target_number(const zh_ui *ui, const zh_target *t, zh_decimal value)
{
    zh_decimal shown = value;
    if (t->has_figure &&
        zh_decimal_rescale(value, t->figure.indicator->digits, ZH_ROUND_HALF_EVEN, &shown) ==
            ZH_OK &&
        (shown.scaled == 0) == (value.scaled == 0)) {
        return zh_ui_decimal(ui, zh_decimal_str(ui->arena, shown));
    }
    return zh_ui_decimal(ui, zh_decimal_str(ui->arena, value));
}

static zh_str figure_url(const zh_ui *ui, const zh_figure *f)
{
    bool dated = f->first != 0 || f->last != 0;
    return zh_url_indicator(ui->arena, f->indicator->id, f->region,
                            dated ? zh_period_format(ui->arena, f->first, f->last) : ZH_STR(""),
                            ZH_STR(""));
}

void zh_target_value(zh_ui *ui, const zh_target *t)
{
    zh_html *h = &ui->html;
    if (t->has_figure && t->figure.has_value) {
        zh_part_figure_value(ui, &t->figure, figure_url(ui, &t->figure));
        zh_html_leaf(h, "span", "why", zh_ui_period(ui, t->figure.first, t->figure.last));
        return;
    }
    if (zh_target_needs_evidence(t)) {
        zh_part_nil(ui, ZH_NIL_SKIP, zh_ui_text(ui, ZH_T_TARGET_NIL_EVIDENCE));
        return;
    }
    zh_part_nil(ui, ZH_NIL_NONE,
                zh_ui_text(ui, t->item->indicator.n > 0 ? ZH_T_TARGET_NIL_NO_DATA
                                                        : ZH_T_TARGET_NIL_NO_INDICATOR));
}

/* ---- small drawings -------------------------------------------------------------------------- */

static void widen(double v, double *min, double *max)
{
    *min = v < *min ? v : *min;
    *max = v > *max ? v : *max;
}

/* Value, interval, target, and as a ring what is required by now. */
static void beam(zh_ui *ui, const zh_target *t)
{
    const zh_figure *f = &t->figure;
    zh_reading r = {.value = ZH_SOME(zh_decimal_double(f->value)),
                    .low = f->has_interval ? ZH_SOME(f->low) : ZH_ABSENT,
                    .high = f->has_interval ? ZH_SOME(f->high) : ZH_ABSENT,
                    .target = ZH_SOME(zh_decimal_double(t->item->value)),
                    .compare = t->has_path ? ZH_SOME(zh_decimal_double(t->required)) : ZH_ABSENT,
                    .state = f->status == ZH_FIG_SMALL_N ? ZH_READING_FEW : ZH_READING_OK};
    double min = r.value.v;
    double max = r.value.v;
    widen(r.target.v, &min, &max);
    if (r.low.is) {
        widen(r.low.v, &min, &max);
        widen(r.high.v, &min, &max);
    }
    if (r.compare.is) {
        widen(r.compare.v, &min, &max);
    }
    double room = max > min ? (max - min) * 0.15 : fabs(max) * 0.1 + 1e-9;
    zh_part_beam(ui, min >= 0 && min - room < 0 ? 0 : min - room,
                 f->indicator->percent && max <= 100 && max + room > 100 ? 100 : max + room, &r);
}

/* Each year with a mark: reached or not. */
static void year_cells(zh_ui *ui, const zh_target *t)
{
    zh_html *h = &ui->html;
    size_t from = t->nyears > CELLS_MAX ? t->nyears - CELLS_MAX : 0;
    zh_html_open(h, "span", "years");
    for (size_t i = from; i < t->nyears; i++) {
        const zh_figure *f = &t->years[i];
        bool reached = zh_decimal_cmp(f->value, t->item->value) >= 0;
        zh_html_open(h, "a", reached ? "yc ok" : "yc no");
        zh_html_link(h, "href", figure_url(ui, f));
        zh_html_attr(h, "title",
                     zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(zh_ui_period(ui, f->first, f->last)),
                                ZH_FMT(zh_ui_decimal(ui, f->shown))));
        zh_html_text(h, zh_period_format(ui->arena, f->first, f->last));
        zh_html_z(h, reached ? " ✓" : " ✗");
        zh_html_close(h);
    }
    zh_html_close(h);
}

static zh_target_period period_of(zh_ui *ui, const zh_figure *f)
{
    return (zh_target_period){
        .first = f->first,
        .last = f->last,
        .value = zh_decimal_double(f->value),
        .low = f->low,
        .high = f->high,
        .has_interval = f->has_interval,
        .few = f->status == ZH_FIG_SMALL_N,
        .text = zh_ui_decimal(ui, f->shown),
        .href = figure_url(ui, f),
        .title =
            zh_str_fmt(ui->arena, "%.*s %.*s %.*s", ZH_FMT(zh_ui_period(ui, f->first, f->last)),
                       ZH_FMT(f->shown), ZH_FMT(f->interval_shown)),
    };
}

bool zh_target_picture_of(zh_ui *ui, const zh_target *t, zh_target_picture *out)
{
    const zh_outline_item *item = t->item;
    zh_target_kind kind = zh_target_kind_of(t);
    if (kind == ZH_KIND_RANK || kind == ZH_KIND_LEVEL || kind == ZH_KIND_STATUS || !t->has_figure ||
        !t->figure.has_value || t->nyears == 0 || t->outside ||
        t->status == ZH_TARGET_OTHER_BASIS || t->years[0].first == 0) {
        return false;
    }
    zh_target_period *periods = ZH_NEW_N(ui->arena, zh_target_period, t->nyears);
    for (size_t i = 0; i < t->nyears; i++) {
        periods[i] = period_of(ui, &t->years[i]);
    }
    zh_str required = t->has_path ? zh_target_number(ui, t, t->required) : ZH_STR("");
    *out = (zh_target_picture){
        .title = zh_ui_label(ui, item->name),
        .periods = periods,
        .n = t->nyears,
        .from = item->from,
        .to = item->deadline,
        .running = kind == ZH_KIND_CUMULATIVE,
        .total = zh_decimal_double(t->figure.value),
        .total_text = zh_ui_decimal(ui, t->figure.shown),
        .has_goal = item->has_value,
        .goal = item->has_value ? zh_decimal_double(item->value) : 0,
        .has_goal_max = item->has_value_max,
        .goal_max = item->has_value_max ? zh_decimal_double(item->value_max) : 0,
        .goal_text = zh_str_fmt(ui->arena, "%.*s%.*s", ZH_FMT(zh_target_wanted(ui, item)),
                                ZH_FMT(zh_target_unit(ui, item))),
        .has_line = t->has_line,
        .line_from = t->line_from,
        .line_at = t->line_at,
        .line_to = t->line_to,
        .line_start = t->has_line ? zh_decimal_double(t->line_start) : 0,
        .required = t->has_path ? zh_decimal_double(t->required) : 0,
        .required_text =
            zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(zh_ui_text(ui, ZH_T_TARGETS_REQUIRED)),
                       ZH_FMT(required)),
        .missing = zh_ui_text(ui, ZH_T_NIL_NONE),
    };
    return true;
}

/* A small drawing; false when it cannot be drawn. */
static bool small(zh_ui *ui, const zh_target *t, const char *css,
                  zh_rc (*draw)(zh_arena *, const zh_target_picture *, zh_str, zh_buf *, zh_err *))
{
    zh_target_picture picture;
    zh_buf svg;
    zh_err ignored = {0};
    zh_buf_init(&svg, SVG_BYTES);
    bool drawn = zh_target_picture_of(ui, t, &picture) &&
                 draw(ui->arena, &picture, t->item->id, &svg, &ignored) == ZH_OK;
    if (drawn) {
        zh_html_open(&ui->html, "span", css);
        zh_html_svg(&ui->html, zh_buf_view(&svg));
        zh_html_close(&ui->html);
    }
    zh_buf_free(&svg);
    return drawn;
}

void zh_target_course(zh_ui *ui, const zh_target *t)
{
    if (zh_target_needs_evidence(t)) {
        zh_html_a(&ui->html, "sm",
                  zh_str_fmt(ui->arena, "%.*s#evidence", ZH_FMT(zh_target_url(ui->arena, t->item))),
                  zh_ui_text(ui, ZH_T_TARGETS_EVIDENCE_LINK));
        return;
    }
    bool comparable = t->has_figure && t->figure.has_value && t->item->has_value &&
                      t->status != ZH_TARGET_OTHER_BASIS;
    switch (zh_target_kind_of(t)) {
    case ZH_KIND_NUMERIC:
    case ZH_KIND_RANGE:
        if (comparable) {
            beam(ui, t);
        }
        return;
    case ZH_KIND_CUMULATIVE:
        if (comparable && !small(ui, t, "spk wide", zh_target_running_svg)) {
            beam(ui, t);
        }
        return;
    case ZH_KIND_PER_YEAR:
        if (comparable) {
            year_cells(ui, t);
        }
        return;
    case ZH_KIND_TREND:
        if (t->status != ZH_TARGET_OTHER_BASIS) {
            (void)small(ui, t, "spk", zh_target_spark_svg);
        }
        return;
    case ZH_KIND_RANK:
    case ZH_KIND_LEVEL:
    case ZH_KIND_STATUS:
    case ZH_KIND_N: return;
    }
}
