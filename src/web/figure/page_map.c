/* GET /map: 地图. One indicator over the prefectures of Hubei, Hunan and Anhui, as equal squares or
 * as areas; every unit leads to its indicator.
 * GET /map/{file}: the same as a picture (map.svg, map.png) or a table (map.csv, map.xlsx). */
#include "web/figure/map_draw.h"
#include "web/frame/keep.h"
#include "web/frame/part.h"
#include "web/frame/question.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEADERS = 3, INDICATORS_MAX = 300, YEARS_MAX = 100, WIDTH = 640, NARROW = 330, FILES = 4 };

typedef struct unit {
    zh_map_unit drawn;
    const zh_figure *figure; /* NULL: 未报 */
    const zh_figure *before; /* of the year before a year; NULL: none */
} unit;

typedef struct view {
    zh_ui *ui;
    zh_question q;
    const zh_indicator *indicator;
    zh_str field; /* of the region, without a level */
    bool areas;
    zh_option indicators[INDICATORS_MAX];
    size_t nindicators;
    zh_option years[YEARS_MAX + 2];
    size_t nyears;
    unit *units; /* with a value first, the greatest first */
    size_t nunits, with_value;
    bool compared; /* some have a value of the year before */
    int64_t records;
} view;

/* ---- the question
 * ----------------------------------------------------------------------------------- */

/* The field in which an indicator's records say where they are; empty: none of the region's codes.
 */
static zh_str region_field(const zh_indicator *indicator)
{
    zh_str dim = indicator->reg != NULL ? zh_figure_region_dim(indicator->reg) : ZH_STR("");
    ptrdiff_t at = zh_str_chr(dim, '@');
    zh_str id = at >= 0 ? zh_str_sub(dim, 0, (size_t)at) : dim;
    const zh_field *field = id.n > 0 ? zh_register_field(indicator->reg, id) : NULL;
    bool usable = field != NULL && field->codes != NULL && zh_str_is(field->codes->id, "region") &&
                  indicator->kind != ZH_I_STOCK;
    return usable ? id : ZH_STR("");
}

static void list_indicators(view *v)
{
    const zh_model *model = v->ui->ctx.model;
    for (size_t i = 0; i < model->nindicators && v->nindicators < INDICATORS_MAX; i++) {
        const zh_indicator *one = &model->indicators[i];
        if (region_field(one).n > 0) {
            v->indicators[v->nindicators++] = (zh_option){one->id, zh_ui_label(v->ui, one->label)};
        }
    }
}

/* The indicator asked; else the first of those that have prefectures with data, found cheaply by
 * the demo's own: the mean of PM2.5. */
static zh_rc find_indicator(view *v)
{
    static const char favourite[] = "air_pm25_mean";
    zh_ui *ui = v->ui;
    zh_str id = zh_http_param(ui->request, "indicator");
    if (id.n == 0) {
        v->indicator = zh_model_indicator(ui->ctx.model, zh_str_of(favourite));
        if (v->indicator == NULL && v->nindicators > 0) {
            v->indicator = zh_model_indicator(ui->ctx.model, v->indicators[0].value);
        }
    } else {
        v->indicator = zh_model_indicator(ui->ctx.model, id);
    }
    if (v->indicator == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "indicator.unknown", "没有指标“%.*s”", ZH_FMT(id));
    }
    v->field = region_field(v->indicator);
    if (v->field.n == 0) {
        zh_err_set(ui->err, ZH_EINVAL, "map.region", "“%.*s”的记录没有市州，不能画成地图",
                   ZH_FMT(zh_label_for(ui->err, v->indicator->label)));
        zh_err_fix(ui->err, "换一个指标");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

/* Years with data; the newest of them is asked when no period is. */
static zh_rc find_period(view *v)
{
    zh_ui *ui = v->ui;
    zh_figure_query query = {.indicator = v->indicator, .as_of = v->q.as_of};
    zh_str *values = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    zh_rc rc = ZH_OK;
    if (v->indicator->reg->event_time == NULL) {
        v->years[v->nyears++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_MAP_ALL_TIME)};
        return ZH_OK;
    }
    rc = zh_figure_by(&ui->ctx, ui->conn, &query, ZH_STR("year"), &values, &figures, &n);
    bool listed = v->q.period.n == 0;
    for (size_t i = n; rc == ZH_OK && i-- > 0 && v->nyears < YEARS_MAX;) {
        if (!figures[i].has_value || values[i].n != 4) {
            continue;
        }
        if (v->q.period.n == 0) {
            v->q.period = values[i];
            v->q.first = figures[i].first;
            v->q.last = figures[i].last;
        }
        listed = listed || zh_str_eq(values[i], v->q.period);
        v->years[v->nyears++] =
            (zh_option){values[i], zh_ui_period(ui, figures[i].first, figures[i].last)};
    }
    if (!listed) {
        v->years[v->nyears++] = (zh_option){v->q.period, zh_ui_period(ui, v->q.first, v->q.last)};
    }
    return rc;
}

/* ---- answers
 * ---------------------------------------------------------------------------------------- */

/* Values at a level, put to the units whose codes they have. */
static zh_rc ask_level(view *v, zh_str region, const char *level, bool before)
{
    zh_ui *ui = v->ui;
    zh_figure_query query = {.indicator = v->indicator,
                             .region = region,
                             .first = before ? zh_date_add_months(v->q.first, -12) : v->q.first,
                             .last = before ? v->q.first - 1 : v->q.last,
                             .as_of = v->q.as_of};
    zh_str by = zh_str_fmt(ui->arena, "%.*s@%s", ZH_FMT(v->field), level);
    zh_str *keys = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    zh_rc rc = zh_figure_by(&ui->ctx, ui->conn, &query, by, &keys, &figures, &n);
    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        for (size_t u = 0; u < v->nunits && figures[i].has_value; u++) {
            if (zh_str_eq(keys[i], v->units[u].drawn.code) && before) {
                v->units[u].before = &figures[i];
                v->compared = true;
            } else if (zh_str_eq(keys[i], v->units[u].drawn.code)) {
                v->units[u].figure = &figures[i];
                v->units[u].drawn.value = zh_decimal_double(figures[i].value);
            }
        }
    }
    return rc;
}

static int greatest_first(const void *x, const void *y)
{
    const unit *a = x;
    const unit *b = y;
    if ((a->figure != NULL) != (b->figure != NULL)) {
        return a->figure != NULL ? -1 : 1;
    }
    int order = a->figure != NULL ? zh_decimal_cmp(b->figure->value, a->figure->value) : 0;
    if (order != 0) {
        return order;
    }
    return zh_str_cmp(a->drawn.code, b->drawn.code);
}

static zh_rc ask_units(view *v)
{
    zh_ui *ui = v->ui;
    zh_map_unit *units = NULL;
    zh_rc rc = zh_map_units(ui->arena, &units, &v->nunits, ui->err);
    if (rc != ZH_OK) {
        return rc;
    }
    v->units = ZH_NEW_N(ui->arena, unit, v->nunits + 1);
    for (size_t i = 0; i < v->nunits; i++) {
        v->units[i].drawn = units[i];
        if (ui->lang == ZH_LANG_EN) {
            zh_str province =
                zh_str_fmt(ui->arena, "%.*s0000", ZH_FMT(zh_str_sub(units[i].code, 0, 2)));
            v->units[i].drawn.name = zh_ui_region(ui, units[i].code);
            v->units[i].drawn.group = zh_ui_region(ui, province);
        }
    }
    bool years = v->q.period.n == 4;
    for (int before = 0; before <= (years ? 1 : 0) && rc == ZH_OK; before++) {
        rc = ask_level(v, ZH_STR(""), "city", before == 1);
        if (rc == ZH_OK) { /* those directly under Hubei have no prefecture above them */
            rc = ask_level(v, ZH_STR("429000"), "county", before == 1);
        }
    }
    zh_sort(v->units, v->nunits, sizeof *v->units, greatest_first);
    for (size_t i = 0; i < v->nunits && v->units[i].figure != NULL; i++) {
        v->with_value++;
        v->records += v->units[i].figure->n;
    }
    return rc;
}

/* ---- the picture
 * ------------------------------------------------------------------------------------ */

static zh_str value_words(const view *v, const zh_figure *f)
{
    zh_ui *ui = v->ui;
    zh_str mark = zh_ui_unit(ui, v->indicator->unit);
    return zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(zh_ui_decimal(ui, f->shown)),
                      mark.n == 0 || zh_str_is(mark, "%") ? "" : " ", ZH_FMT(mark));
}

static zh_str unit_url(const view *v, zh_str code)
{
    return zh_url_indicator(v->ui->arena, v->indicator->id, code, v->q.period, ZH_STR(""));
}

static zh_rc draw(view *v, double width, zh_draw **out)
{
    zh_ui *ui = v->ui;
    zh_map_unit *units = ZH_NEW_N(ui->arena, zh_map_unit, v->nunits + 1);
    for (size_t i = 0; i < v->nunits; i++) {
        const zh_figure *f = v->units[i].figure;
        units[i] = v->units[i].drawn;
        units[i].has_value = f != NULL;
        if (f != NULL) {
            units[i].few = f->status == ZH_FIG_SMALL_N;
            units[i].text = zh_ui_decimal(ui, f->shown);
            units[i].href = unit_url(v, units[i].code);
            units[i].title = zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(units[i].name),
                                        ZH_FMT(value_words(v, f)));
        }
    }
    return zh_map_picture(ui->arena, zh_ui_label(ui, v->indicator->label), units, v->nunits,
                          v->indicator->digits < 2 ? v->indicator->digits : 1, v->areas,
                          ui->lang == ZH_LANG_EN, width, out, ui->err);
}

/* ---- the page
 * --------------------------------------------------------------------------------------- */

static zh_str title_of(const view *v)
{
    zh_ui *ui = v->ui;
    if (v->with_value == 0) {
        return ZH_SAY(ui, ZH_T_MAP_TITLE_NONE, zh_ui_label(ui, v->indicator->label));
    }
    zh_str n = zh_ui_count(ui, (int64_t)v->with_value);
    zh_str value = value_words(v, v->units[0].figure);
    size_t missing = v->nunits - v->with_value;
    return missing > 0 ? ZH_SAY(ui, ZH_T_MAP_TITLE, n, v->units[0].drawn.name, value,
                                zh_ui_count(ui, (int64_t)missing))
                       : ZH_SAY(ui, ZH_T_MAP_TITLE_ALL, n, v->units[0].drawn.name, value);
}

static void ask_form(view *v)
{
    zh_ui *ui = v->ui;
    const zh_option views[] = {{ZH_STR("tiles"), zh_ui_text(ui, ZH_T_MAP_TILES)},
                               {ZH_STR("areas"), zh_ui_text(ui, ZH_T_MAP_AREAS)}};
    zh_part_ask_open(ui, ui->request->path);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_MAP_ASK_SHOW));
    zh_part_ask_select(ui, "period", zh_ui_text(ui, ZH_T_MAP_L_PERIOD), v->years, v->nyears,
                       v->q.period);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_MAP_ASK_OF));
    zh_part_ask_select(ui, "indicator", zh_ui_text(ui, ZH_T_MAP_L_INDICATOR), v->indicators,
                       v->nindicators, v->indicator->id);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_MAP_ASK_BY));
    zh_part_ask_select(ui, "view", zh_ui_text(ui, ZH_T_MAP_L_VIEW), views, ZH_COUNTOF(views),
                       v->areas ? ZH_STR("areas") : ZH_STR("tiles"));
    zh_download files[FILES];
    zh_part_ask_end(
        ui, files,
        zh_keep_downloads(ui, ZH_STR("/map/map"), ui->request->query, false, true, files));
}

/* The three greatest: the finding of the picture. */
static zh_str leaders(const view *v)
{
    zh_ui *ui = v->ui;
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < v->with_value && i < LEADERS; i++) {
        zh_str value = zh_ui_decimal(ui, v->units[i].figure->shown);
        out = zh_str_fmt(ui->arena, "%.*s%.*s%.*s %.*s", ZH_FMT(out),
                         ZH_FMT(i > 0 ? zh_ui_text(ui, ZH_T_MAP_SEP) : ZH_STR("")),
                         ZH_FMT(v->units[i].drawn.name), ZH_FMT(value));
    }
    zh_str mark = zh_ui_unit(ui, v->indicator->unit);
    return zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(out), mark.n > 0 ? " " : "", ZH_FMT(mark));
}

static zh_str what_of(const view *v)
{
    zh_ui *ui = v->ui;
    zh_str unit_name = zh_ui_unit(ui, v->indicator->unit);
    zh_str suffix = unit_name.n > 0
                        ? zh_str_fmt(ui->arena, "%.*s%.*s", ZH_FMT(zh_ui_text(ui, ZH_T_COMMA)),
                                     ZH_FMT(unit_name))
                        : ZH_STR("");
    zh_str what = ZH_SAY(ui, ZH_T_MAP_WHAT, zh_ui_label(ui, v->indicator->label),
                         zh_ui_period(ui, v->q.first, v->q.last), suffix);
    zh_str how = zh_ui_text(ui, v->areas ? ZH_T_MAP_WHAT_AREAS : ZH_T_MAP_WHAT_TILES);
    return zh_str_fmt(ui->arena, "%.*s%.*s", ZH_FMT(what), ZH_FMT(how));
}

static zh_str read_of(const view *v)
{
    return zh_ui_text(v->ui, v->areas ? ZH_T_MAP_READ_AREAS : ZH_T_MAP_READ_TILES);
}

static zh_str n_of(const view *v)
{
    zh_ui *ui = v->ui;
    return ZH_SAY(ui, ZH_T_MAP_N, zh_ui_count(ui, (int64_t)v->with_value),
                  zh_ui_count(ui, (int64_t)v->nunits), zh_ui_count(ui, v->records));
}

static zh_rc picture(view *v)
{
    zh_ui *ui = v->ui;
    zh_draw *wide = NULL;
    zh_draw *narrow = NULL;
    zh_download files[FILES];
    zh_rc rc = draw(v, WIDTH, &wide);
    if (rc == ZH_OK) {
        rc = draw(v, NARROW, &narrow);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_part_figure_open(ui, &(zh_fig_head){.title = leaders(v), .what = what_of(v), .id = "map"});
    zh_html_open(&ui->html, "div", "map hide-s");
    zh_part_drawing(ui, wide, ZH_STR("m"));
    zh_html_close(&ui->html);
    zh_html_open(&ui->html, "div", "map only-s");
    zh_part_drawing(ui, narrow, ZH_STR("mn"));
    zh_html_close(&ui->html);
    zh_part_figure_close(
        ui, &(zh_fig_foot){.read = read_of(v),
                           .source = zh_ui_label(v->ui, (zh_label){v->units[0].figure->sources,
                                                                   v->units[0].figure->sources_en}),
                           .n = n_of(v),
                           .table_url = ZH_STR("#data"),
                           .downloads = files,
                           .ndownloads = zh_keep_downloads(ui, ZH_STR("/map/map"),
                                                           ui->request->query, true, true, files)});
    return ZH_OK;
}

/* All on one scale from 0. */
static void beam(const view *v, const unit *u, double end)
{
    const zh_figure *f = u->figure;
    if (f->value.scaled < 0 || end <= 0) {
        return;
    }
    zh_part_beam(
        v->ui, 0, end,
        &(zh_reading){.value = ZH_SOME(zh_decimal_double(f->value)),
                      .low = f->has_interval ? ZH_SOME(f->low) : ZH_ABSENT,
                      .high = f->has_interval ? ZH_SOME(f->high) : ZH_ABSENT,
                      .target = ZH_ABSENT,
                      .compare = u->before != NULL ? ZH_SOME(zh_decimal_double(u->before->value))
                                                   : ZH_ABSENT,
                      .state = f->status == ZH_FIG_SMALL_N ? ZH_READING_FEW : ZH_READING_OK});
}

static void table(view *v)
{
    zh_ui *ui = v->ui;
    zh_grid grid;
    const zh_column columns[] = {
        {.label = zh_ui_text(ui, ZH_T_MAP_RANK), .number = true, .css = "hide-s"},
        {.label = zh_ui_text(ui, ZH_T_MAP_PLACE), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_MAP_VALUE), .number = true},
        {.label = zh_ui_text(ui, v->compared ? ZH_T_MAP_BEAM_YEARS : ZH_T_COL_BEAM),
         .css = "beamc full"},
        {.label = zh_ui_text(ui, ZH_T_MAP_RECORDS), .number = true},
        {.label = zh_ui_text(ui, ZH_T_MAP_INTERVAL), .number = true},
    };
    bool intervals = false;
    double end = 0;
    for (size_t i = 0; i < v->with_value; i++) {
        const zh_figure *f = v->units[i].figure;
        intervals = intervals || f->has_interval;
        const zh_figure *old = v->units[i].before;
        end = fmax(end, f->has_interval ? f->high : zh_decimal_double(f->value));
        end = old != NULL ? fmax(end, zh_decimal_double(old->value)) : end;
    }
    end = zh_beam_end(end, v->indicator->percent);
    zh_part_section_open(ui, "data",
                         ZH_SAY(ui, ZH_T_MAP_TABLE, zh_ui_count(ui, (int64_t)v->with_value)), true);
    zh_grid_open(&grid, ui, columns, ZH_COUNTOF(columns) - (intervals ? 0 : 1), true, ZH_STR(""));
    for (size_t i = 0; i < v->with_value; i++) {
        const unit *u = &v->units[i];
        zh_grid_row(&grid, NULL);
        zh_grid_text(&grid, zh_ui_count(ui, (int64_t)i + 1));
        zh_grid_value_link(&grid, unit_url(v, u->drawn.code), zh_ui_region(ui, u->drawn.code));
        zh_grid_cell(&grid);
        zh_part_number(ui, u->figure->shown, zh_ui_unit(ui, v->indicator->unit),
                       unit_url(v, u->drawn.code));
        zh_grid_cell(&grid);
        beam(v, u, end);
        zh_grid_text(&grid, zh_ui_count(ui, u->figure->n));
        if (!intervals) {
            continue;
        }
        zh_grid_cell(&grid);
        if (u->figure->has_interval) {
            zh_part_interval(ui, u->figure->interval_shown);
        } else {
            zh_part_nil(ui, ZH_NIL_SKIP, ZH_STR(""));
        }
    }
    zh_grid_close(&grid);
    zh_part_section_close(ui);
}

static void missing(view *v)
{
    zh_ui *ui = v->ui;
    if (v->with_value == v->nunits) {
        return;
    }
    zh_part_note_open(ui, ZH_NOTE_PLAIN);
    zh_html_text(&ui->html, ZH_SAY(ui, ZH_T_MAP_NOT_REPORTED,
                                   zh_ui_count(ui, (int64_t)(v->nunits - v->with_value))));
    for (size_t i = v->with_value; i < v->nunits; i++) {
        zh_html_text(&ui->html, i > v->with_value ? zh_ui_text(ui, ZH_T_MAP_SEP) : ZH_STR(""));
        zh_html_text(&ui->html, v->units[i].drawn.name);
    }
    zh_part_note_close(ui);
}

static zh_rc content(view *v)
{
    zh_ui *ui = v->ui;
    zh_html *h = &ui->html;
    zh_rc rc = ZH_OK;
    zh_ui_head(
        ui, &(zh_ui_head_of){.nav = ZH_T_NAV_MAP, .title = title_of(v), .css = ZH_STR("map.css")});
    ask_form(v);
    if (v->with_value == 0) {
        zh_part_empty(ui, ZH_EMPTY_DATA, title_of(v), zh_ui_text(ui, ZH_T_MAP_EMPTY), ZH_STR(""),
                      ZH_STR(""));
        return ZH_OK;
    }
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w7");
    rc = picture(v);
    zh_html_close(h);
    zh_html_open(h, "div", "w5 stack");
    table(v);
    zh_part_note(ui, ZH_NOTE_PLAIN, zh_ui_text(ui, ZH_T_MAP_TABLE_READ));
    missing(v);
    zh_html_close(h);
    zh_html_close(h);
    return rc;
}

static zh_rc ask(view *v)
{
    zh_ui *ui = v->ui;
    zh_str asked = zh_http_param(ui->request, "view");
    v->areas = zh_str_is(asked, "areas");
    zh_rc rc = zh_question_read(ui, &v->q);
    if (rc == ZH_OK && asked.n > 0 && !v->areas && !zh_str_is(asked, "tiles")) {
        rc = zh_err_set(ui->err, ZH_EINVAL, "map.view", "view 只能是 tiles 或 areas");
    }
    list_indicators(v);
    if (rc == ZH_OK) {
        rc = find_indicator(v);
    }
    if (rc == ZH_OK) {
        rc = find_period(v);
    }
    return rc == ZH_OK ? ask_units(v) : rc;
}

static zh_rc show(zh_ui *ui)
{
    view *v = ZH_NEW(ui->arena, view);
    v->ui = ui;
    zh_rc rc = ask(v);
    return rc == ZH_OK ? content(v) : rc;
}

/* ---- files
 * ---------------------------------------------------------------------------------------- */

/* All units; those without a value have none. */
static zh_rc keep_table(view *v, zh_keep_form form)
{
    static const char *const names[] = {"code", "name", "value", "unit", "low",
                                        "high", "num",  "den",   "n",    "period"};
    enum { COLUMNS = ZH_COUNTOF(names) };
    zh_ui *ui = v->ui;
    zh_keep_column columns[COLUMNS];
    zh_str *cells = ZH_NEW_N(ui->arena, zh_str, v->nunits * COLUMNS + 1);
    for (size_t k = 0; k < COLUMNS; k++) {
        columns[k] = (zh_keep_column){.name = zh_str_of(names[k]), .number = k != 3 && k != 1};
    }
    for (size_t i = 0; i < v->nunits; i++) {
        const zh_figure *f = v->units[i].figure;
        zh_str *row = cells + i * COLUMNS;
        for (size_t k = 0; k < COLUMNS; k++) {
            row[k] = ZH_STR("");
        }
        row[0] = v->units[i].drawn.code;
        row[1] = v->units[i].drawn.name;
        row[3] = v->indicator->unit;
        row[9] = v->q.period;
        if (f != NULL) {
            row[2] = f->shown;
            row[4] = f->has_interval ? zh_str_fmt(ui->arena, "%.10g", f->low) : row[4];
            row[5] = f->has_interval ? zh_str_fmt(ui->arena, "%.10g", f->high) : row[5];
            row[6] = f->num;
            row[7] = f->den;
            row[8] = zh_str_fmt(ui->arena, "%" PRId64, f->n);
        }
    }
    columns[0].number = false; /* a code is not a quantity */
    const zh_keep_note notes[] = {
        {zh_ui_text(ui, ZH_T_COL_INDICATOR), zh_ui_label(ui, v->indicator->label)},
        {zh_ui_text(ui, ZH_T_IND_IN_WORDS), zh_ui_label(ui, v->indicator->definition)},
        {zh_ui_text(ui, ZH_T_IND_SOURCE),
         v->with_value > 0 ? zh_ui_label(v->ui, (zh_label){v->units[0].figure->sources,
                                                           v->units[0].figure->sources_en})
                           : ZH_STR("")},
        {zh_ui_text(ui, ZH_T_STAMP), ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, ui->log_size))}};
    return zh_keep_table_as(ui, v->indicator->id,
                            &(zh_keep_table){.columns = columns,
                                             .ncolumns = COLUMNS,
                                             .cells = cells,
                                             .nrows = v->nunits,
                                             .notes = notes,
                                             .nnotes = ZH_COUNTOF(notes)},
                            form);
}

static zh_rc keep(zh_ui *ui)
{
    view *v = ZH_NEW(ui->arena, view);
    v->ui = ui;
    zh_keep_form form = ZH_KEEP_CSV;
    zh_str stem = ZH_STR("");
    zh_draw *list = NULL;
    zh_rc rc = zh_keep_form_of(ui, zh_http_arg(ui->request, "file"), &form, &stem);
    if (rc == ZH_OK && !zh_str_is(stem, "map")) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "map.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = ask(v);
    }
    if (rc != ZH_OK || form == ZH_KEEP_CSV || form == ZH_KEEP_XLSX) {
        return rc == ZH_OK ? keep_table(v, form) : rc;
    }
    if (v->with_value > 0) {
        rc = draw(v, WIDTH, &list);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    return zh_keep_figure_as(
        ui, zh_str_fmt(ui->arena, "map-%.*s", ZH_FMT(v->indicator->id)),
        &(zh_keep_figure){.title = v->with_value > 0 ? leaders(v) : ZH_STR(""),
                          .what = what_of(v),
                          .read = read_of(v),
                          .source =
                              v->with_value > 0
                                  ? zh_ui_label(v->ui, (zh_label){v->units[0].figure->sources,
                                                                  v->units[0].figure->sources_en})
                                  : ZH_STR(""),
                          .n = n_of(v),
                          .list = list},
        form);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, keep);
}

ZH_ROUTE(page_map) = {.method = "GET",
                      .path = "/map",
                      .slow = true,
                      .en = "One indicator over the prefectures",
                      .handle = handle};

ZH_ROUTE(page_map_file) = {.method = "GET",
                           .path = "/map/{file}",
                           .slow = true,
                           .en = "One indicator over the prefectures as a picture or a table",
                           .handle = handle_file};
