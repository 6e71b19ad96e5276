/* Figures from answers; see show.h. */
#include "app/report/show.h"
#include "app/report/atlas.h"
#include "app/words.h"
#include "fmt/map.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { INVOLVED_MAX = 16, CLASSES = 6, NAMED_LINES = 6, ROWS_SHOWN = 40, SLOPE_WIDTH = 520 };

/* What a chart is drawn from. */
typedef struct drawing {
    zh_show *show;
    const zh_yaml *item;
    zh_ask *asks[INVOLVED_MAX]; /* named under `of` */
    size_t nasks;
    zh_str title; /* accessible name: the finding */
    double width;
    zh_draw *out;
} drawing;

zh_rc zh_show_refuse(zh_show *s, const zh_yaml *node, const char *rule, const char *what,
                     zh_str name)
{
    zh_err_set(s->ctx->err, ZH_EINVAL, rule, "%s“%.*s”", what, ZH_FMT(name));
    zh_yaml_where(node, s->ctx->err);
    return ZH_EINVAL;
}

size_t zh_show_number(const zh_yaml *item, const char *key, size_t otherwise)
{
    uint64_t n = 0;
    return zh_str_u64(zh_yaml_text(item, key), &n) == ZH_OK && n <= ZH_DOC_ROWS_MAX ? (size_t)n
                                                                                    : otherwise;
}

size_t zh_show_origin(zh_show *s, const zh_demo_origin *origin)
{
    for (size_t i = 0; i < s->norigins; i++) {
        if (s->origins[i] == origin) {
            return i + 1;
        }
    }
    if (origin == NULL || s->norigins == ZH_REPORT_ORIGINS_MAX) {
        return 0;
    }
    s->origins[s->norigins++] = origin;
    return s->norigins;
}

static zh_str origin_title(const zh_show *s, const zh_demo_origin *origin)
{
    return s->asks->english && origin->title_en.n > 0 ? origin->title_en : origin->title;
}

zh_str zh_show_sources(zh_show *s, const zh_yaml *item, zh_ask *const *asks, size_t n,
                       zh_doc_block *block)
{
    zh_str out = ZH_STR("");
    block->origin = block->counted = ZH_STR("");
    for (size_t i = 0; i < n; i++) {
        size_t number = zh_show_origin(s, asks[i]->origin);
        zh_str one =
            number > 0
                ? zh_str_fmt(s->ctx->arena,
                             s->asks->english ? "[%zu] %.*s, %.*s" : "[%zu] %.*s，%.*s", number,
                             ZH_FMT(origin_title(s, asks[i]->origin)),
                             ZH_FMT(s->asks->english ? asks[i]->origin->publisher_en
                                                     : asks[i]->origin->publisher))
                : (asks[i]->reg != NULL ? zh_asks_label(s->asks, asks[i]->reg->label) : ZH_STR(""));
        if (one.n > 0 && zh_str_find(out, one) < 0) {
            out = zh_str_fmt(s->ctx->arena, "%.*s%s%.*s", ZH_FMT(out),
                             out.n > 0          ? zh_asks_words(s->asks, "；", "; ").p
                             : s->asks->english ? "Source "
                                                : "来源 ",
                             ZH_FMT(one));
        }
        zh_str plain = number > 0 ? origin_title(s, asks[i]->origin) : one;
        if (plain.n > 0 && zh_str_find(block->origin, plain) < 0) {
            block->origin = zh_str_fmt(
                s->ctx->arena, "%.*s%s%.*s", ZH_FMT(block->origin),
                block->origin.n > 0 ? zh_asks_words(s->asks, "、", ", ").p : "", ZH_FMT(plain));
        }
    }
    zh_doc_text counted;
    if (zh_report_say_key(s->ctx, s->asks, item, "n", &counted) == ZH_OK && counted.text.n > 0) {
        block->counted = counted.text;
        out = zh_str_fmt(s->ctx->arena, "%.*s　n = %.*s", ZH_FMT(out), ZH_FMT(counted.text));
    }
    return zh_str_fmt(s->ctx->arena, "%.*s　%.*s", ZH_FMT(out), ZH_FMT(s->stamp));
}

zh_rc zh_show_ask(zh_show *s, const zh_yaml *name, zh_ask **out)
{
    *out = name != NULL ? zh_asks_get(s->asks, name->text) : NULL;
    return *out != NULL ? ZH_OK
                        : zh_show_refuse(s, name, "report.of", "没有这个提问：",
                                         name != NULL ? name->text : ZH_STR(""));
}

zh_str zh_show_digits(zh_show *s, const zh_figure *f, zh_str digits)
{
    uint64_t wanted = 0;
    zh_decimal rounded;
    if (digits.n == 0 || zh_str_u64(digits, &wanted) != ZH_OK ||
        wanted >= (uint64_t)f->indicator->digits ||
        zh_decimal_rescale(f->value, (uint8_t)wanted, ZH_ROUND_HALF_EVEN, &rounded) != ZH_OK) {
        return zh_words_decimal(s->ctx->arena, f->shown);
    }
    return zh_words_decimal(s->ctx->arena, zh_decimal_str(s->ctx->arena, rounded));
}

/* What one row of a break-down is asked by: a period or a region in place of the question's own. */
static void narrowed(const zh_ask *ask, const zh_ask_row *row, zh_str *region, zh_str *period)
{
    zh_date first;
    zh_date last;
    if (row == NULL || ask->by.n == 0) {
        return;
    }
    if (zh_period_parse(row->key, &first, &last) == ZH_OK) {
        *period = row->key;
    } else if (zh_str_chr(ask->by, '@') > 0 || zh_str_is(ask->by, "place")) {
        *region = row->key;
    }
}

zh_str zh_show_page(const zh_show *s, const zh_ask *ask, const zh_ask_row *row)
{
    zh_arena *arena = s->ctx->arena;
    if (ask->indicator != NULL) {
        zh_str region = ask->region_code;
        zh_str period = ask->period_text;
        narrowed(ask, row, &region, &period);
        zh_str url =
            zh_str_fmt(arena, "%.*s/indicators/%.*s", ZH_FMT(s->base), ZH_FMT(ask->indicator->id));
        url =
            region.n > 0 ? zh_str_fmt(arena, "%.*s?region=%.*s", ZH_FMT(url), ZH_FMT(region)) : url;
        return period.n > 0 ? zh_str_fmt(arena, "%.*s%speriod=%.*s", ZH_FMT(url),
                                         region.n > 0 ? "&" : "?", ZH_FMT(period))
                            : url;
    }
    if (ask->detector != NULL) {
        return zh_str_fmt(arena, "%.*s/signals?detector=%.*s", ZH_FMT(s->base),
                          ZH_FMT(ask->detector->id));
    }
    return ask->reg != NULL
               ? zh_str_fmt(arena, "%.*s/registers/%.*s", ZH_FMT(s->base), ZH_FMT(ask->reg->id))
               : zh_str_fmt(arena, "%.*s/targets", ZH_FMT(s->base));
}

zh_str zh_show_href(const zh_show *s, const zh_ask *ask, const zh_ask_row *row)
{
    return s->served ? zh_show_page(s, ask, row)
                     : zh_str_fmt(s->ctx->arena, "#n-%.*s", ZH_FMT(ask->name));
}

zh_reading zh_show_reading(zh_show *s, const zh_ask *ask, const zh_ask_row *row)
{
    zh_arena *arena = s->ctx->arena;
    const zh_figure *f = &row->figure;
    zh_reading r = {
        .label = row->label,
        .href = zh_show_href(s, ask, row),
        .state = !f->has_value                 ? ZH_READING_MISSING
                 : f->status == ZH_FIG_SMALL_N ? ZH_READING_FEW
                                               : ZH_READING_OK,
    };
    if (s->asks->english) {
        r.word = zh_reading_word_en(r.state);
    }
    if (!f->has_value) {
        return r;
    }
    bool percent = zh_str_is(f->indicator->unit, "%");
    r.value = ZH_SOME(zh_decimal_double(f->value));
    r.text =
        zh_str_fmt(arena, "%.*s%s", ZH_FMT(zh_words_decimal(arena, f->shown)), percent ? "%" : "");
    if (f->has_interval) {
        r.low = ZH_SOME(f->low);
        r.high = ZH_SOME(f->high);
    }
    r.note = f->den.n > 0 ? zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(zh_words_decimal(arena, f->num)),
                                       ZH_FMT(zh_words_decimal(arena, f->den)))
                          : zh_words_count(arena, f->n);
    r.title =
        zh_str_fmt(arena, s->asks->english ? "%.*s %.*s%s%.*s%s, %.*s" : "%.*s %.*s%s%.*s%s，%.*s",
                   ZH_FMT(row->label), ZH_FMT(zh_report_value(arena, s->asks, s->ctx->model, f)),
                   !f->has_interval   ? ""
                   : s->asks->english ? " ("
                                      : "（",
                   ZH_FMT(f->has_interval ? f->interval_shown : ZH_STR("")),
                   !f->has_interval   ? ""
                   : s->asks->english ? ")"
                                      : "）",
                   ZH_FMT(r.note));
    return r;
}

/* ---- charts
 * ----------------------------------------------------------------------------------------- */

/* Of each series the newest and the greatest segment carry their words. */
static void name_segments(zh_segment *segments, size_t n, zh_str series, zh_arena *arena,
                          const zh_asks *asks)
{
    size_t newest = 0;
    size_t greatest = 0;
    for (size_t i = 1; i < n; i++) {
        newest = segments[i].last > segments[newest].last ? i : newest;
        greatest = segments[i].reading.value.v > segments[greatest].reading.value.v ? i : greatest;
    }
    for (size_t i = 0; i < n; i++) {
        zh_str period = zh_asks_period(arena, asks, segments[i].first, segments[i].last);
        segments[i].show_label = i == newest || i == greatest;
        segments[i].reading.label = zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(series), ZH_FMT(period));
    }
}

static int by_first(const void *x, const void *y)
{
    const zh_segment *a = x;
    const zh_segment *b = y;
    return (a->first > b->first) - (a->first < b->first);
}

static zh_rc one_series(drawing *d, const zh_yaml *node, zh_segment_series *out)
{
    zh_show *s = d->show;
    zh_segment *segments = ZH_NEW_N(s->ctx->arena, zh_segment, ZH_CHART_SEGMENTS_MAX);
    const zh_yaml *list = zh_yaml_get(node, "asks");
    size_t n = 0;
    zh_rc rc = ZH_OK;
    for (const zh_yaml *a = list != NULL ? list->first : NULL; a != NULL && rc == ZH_OK;
         a = a->next) {
        zh_ask *ask = NULL;
        rc = zh_show_ask(s, a, &ask);
        if (rc == ZH_OK && d->nasks < INVOLVED_MAX) {
            d->asks[d->nasks++] = ask;
        }
        for (size_t i = 0; rc == ZH_OK && i < ask->nrows && n < ZH_CHART_SEGMENTS_MAX; i++) {
            const zh_figure *f = &ask->rows[i].figure;
            zh_reading reading = zh_show_reading(s, ask, &ask->rows[i]);
            segments[n++] = (zh_segment){.first = f->first, .last = f->last, .reading = reading};
        }
    }
    zh_sort(segments, n, sizeof *segments, by_first);
    out->label = zh_asks_text(s->asks, node, "label");
    out->segments = segments;
    out->n = n;
    if (n > 0) {
        name_segments(segments, n, out->label, s->ctx->arena, s->asks);
    }
    return rc;
}

static zh_rc draw_periods(drawing *d)
{
    zh_show *s = d->show;
    zh_segment_series *series = ZH_NEW_N(s->ctx->arena, zh_segment_series, ZH_CHART_SERIES_MAX);
    const zh_yaml *of = zh_yaml_get(d->item, "of");
    size_t n = 0;
    zh_rc rc = ZH_OK;
    for (const zh_yaml *one = of != NULL ? of->first : NULL; one != NULL && rc == ZH_OK;
         one = one->next) {
        if (n == ZH_CHART_SERIES_MAX) {
            return zh_show_refuse(s, one, "report.series", "系列太多：", ZH_STR("of"));
        }
        rc = one_series(d, one, &series[n]);
        n += rc == ZH_OK && series[n].n > 0;
    }
    zh_periods in = {.title = d->title,
                     .series = series,
                     .n = n,
                     .unit = zh_yaml_text(d->item, "unit"),
                     .from_zero = true};
    return rc == ZH_OK && n > 0
               ? zh_chart_periods(s->ctx->arena, &in, d->width, &d->out, s->ctx->err)
               : rc;
}

static zh_rc draw_rows(drawing *d)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    size_t most = zh_show_number(d->item, "limit", ROWS_SHOWN);
    size_t n = ask->nrows < most ? ask->nrows : most;
    zh_reading *rows = ZH_NEW_N(s->ctx->arena, zh_reading, n + 1);
    for (size_t i = 0; i < n; i++) {
        rows[i] = zh_show_reading(s, ask, &ask->rows[i]);
    }
    zh_interval_rows in = {.title = ask->title,
                           .rows = rows,
                           .n = n,
                           .note_head = zh_asks_text(d->show->asks, d->item, "note_head"),
                           .unit = zh_yaml_text(d->item, "unit")};
    const zh_yaml *total = zh_yaml_get(d->item, "reference");
    if (total != NULL) {
        zh_ask *reference = NULL;
        zh_rc rc = zh_show_ask(s, total, &reference);
        if (rc != ZH_OK) {
            return rc;
        }
        if (reference->nrows > 0 && reference->rows[0].figure.has_value) {
            in.reference = ZH_SOME(zh_decimal_double(reference->rows[0].figure.value));
            in.reference_label =
                zh_str_fmt(s->ctx->arena, s->asks->english ? "all %.*s" : "合计 %.*s",
                           ZH_FMT(zh_report_value(s->ctx->arena, s->asks, s->ctx->model,
                                                  &reference->rows[0].figure)));
        }
    }
    return n > 0 ? zh_chart_rows(s->ctx->arena, &in, d->width, &d->out, s->ctx->err) : ZH_OK;
}

static zh_str short_name(zh_str name)
{
    static const char *const endings[] = {"市", "州", "省"};
    for (size_t i = 0; i < ZH_COUNTOF(endings); i++) {
        if (zh_str_ends(name, zh_str_of(endings[i])) && name.n > 6) {
            return zh_str_sub(name, 0, name.n - 3);
        }
    }
    return name;
}

static zh_rc draw_slope(drawing *d)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    zh_str digits = zh_yaml_text(d->item, "digits");
    size_t named = zh_show_number(d->item, "named", NAMED_LINES);
    zh_slope_line *lines = ZH_NEW_N(s->ctx->arena, zh_slope_line, ask->nrows + 1);
    for (size_t i = 0; i < ask->nrows; i++) {
        const zh_ask_row *row = &ask->rows[i];
        zh_reading r = zh_show_reading(s, ask, row);
        lines[i] = (zh_slope_line){
            .label = short_name(row->label),
            .right = r.value,
            .right_text =
                row->figure.has_value ? zh_show_digits(s, &row->figure, digits) : ZH_STR(""),
            .href = r.href,
            .named = i < (named + 1) / 2 || i + named / 2 >= ask->nrows,
        };
        if (row->has_before) {
            lines[i].left = ZH_SOME(zh_decimal_double(row->before.value));
            lines[i].left_text = zh_show_digits(s, &row->before, digits);
        }
        lines[i].title = zh_str_fmt(s->ctx->arena, "%.*s %.*s → %.*s", ZH_FMT(row->label),
                                    ZH_FMT(lines[i].left_text), ZH_FMT(lines[i].right_text));
    }
    zh_slope in = {.title = ask->title,
                   .left_head = zh_asks_text(d->show->asks, d->item, "left"),
                   .right_head = zh_asks_text(d->show->asks, d->item, "right"),
                   .lines = lines,
                   .n = ask->nrows,
                   .standard = {.v = ask->standard, .is = ask->has_standard},
                   .standard_label = ask->standard_label};
    return ask->nrows > 0 ? zh_chart_slope(s->ctx->arena, &in, fmin(d->width, SLOPE_WIDTH), &d->out,
                                           s->ctx->err)
                          : ZH_OK;
}

static zh_rc read_classes(drawing *d, const zh_map_value *values, size_t n, zh_classes *out)
{
    zh_show *s = d->show;
    const zh_yaml *breaks = zh_yaml_get(d->item, "breaks");
    if (breaks == NULL) {
        double *list = ZH_NEW_N(s->ctx->arena, double, n + 1);
        size_t known = 0;
        for (size_t i = 0; i < n; i++) {
            if (values[i].reading.value.is && values[i].reading.value.v != 0) {
                list[known++] = values[i].reading.value.v;
            }
        }
        return zh_classes_quantile(list, known, CLASSES, out, s->ctx->err);
    }
    for (const zh_yaml *b = breaks->first; b != NULL; b = b->next) {
        double at = 0;
        if (out->n == ZH_MAP_CLASSES - 1 || zh_str_double(b->text, &at) != ZH_OK) {
            return zh_show_refuse(s, b, "report.breaks", "分级界限不对：", b->text);
        }
        out->breaks[out->n++] = at;
    }
    return ZH_OK;
}

static const zh_ask_row *row_with(const zh_ask *ask, zh_str key)
{
    for (size_t i = 0; i < ask->nrows && ask->rows != NULL; i++) {
        if (zh_str_eq(ask->rows[i].key, key)) {
            return &ask->rows[i];
        }
    }
    return NULL;
}

/* Values of the units of the tile grid; a unit without one is 0 where the declaration says that the
 * register is complete (`absent: zero`), else 未报. */
static zh_map_value *map_values(drawing *d, const zh_tiles *tiles, size_t *n)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    bool zero = zh_str_is(zh_yaml_text(d->item, "absent"), "zero") && ask->nrows > 0;
    zh_str digits = zh_yaml_text(d->item, "digits");
    zh_map_value *values = ZH_NEW_N(s->ctx->arena, zh_map_value, tiles->n + 1);
    *n = 0;
    for (size_t t = 0; t < tiles->n; t++) {
        const zh_tile *tile = &tiles->tiles[t];
        zh_map_value *value = &values[*n];
        *value = (zh_map_value){.code = tile->code};
        for (size_t a = 0; a < d->nasks; a++) {
            const zh_ask_row *row = row_with(d->asks[a], tile->code);
            if (row != NULL) {
                value->reading = zh_show_reading(s, d->asks[a], row);
                value->reading.text = zh_show_digits(s, &row->figure, digits);
            }
        }
        if (!value->reading.value.is && zero) {
            value->reading = (zh_reading){.value = ZH_SOME(0), .text = ZH_STR("0")};
        }
        value->reading.label =
            s->asks->english ? zh_report_region(s->asks, s->ctx->model, tile->code) : tile->name;
        *n += value->reading.value.is;
    }
    return values;
}

static zh_rc draw_map(drawing *d, bool areas)
{
    zh_show *s = d->show;
    zh_tiles *tiles = NULL;
    size_t n = 0;
    zh_rc rc = zh_atlas_tiles(s->ctx->arena, &tiles, s->ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_map_value *values = map_values(d, tiles, &n);
    for (size_t t = 0; t < tiles->n && s->asks->english; t++) {
        zh_tile *tile = &tiles->tiles[t];
        zh_str province =
            zh_str_fmt(s->ctx->arena, "%.*s0000", ZH_FMT(zh_str_sub(tile->code, 0, 2)));
        tile->name = zh_report_region(s->asks, s->ctx->model, tile->code);
        tile->group = zh_report_region(s->asks, s->ctx->model, province);
    }
    zh_map_in in = {.title = d->title,
                    .english = s->asks->english,
                    .values = values,
                    .n = n,
                    .zero_apart = zh_str_is(zh_yaml_text(d->item, "absent"), "zero"),
                    .decimals = 0};
    if (n == 0) {
        return ZH_OK;
    }
    rc = read_classes(d, values, n, &in.classes);
    if (rc == ZH_OK && !areas) {
        return zh_map_tiles(s->ctx->arena, &in, tiles, d->width, &d->out, s->ctx->err);
    }
    zh_geo *geo = NULL;
    if (rc == ZH_OK) {
        rc = zh_atlas_areas(s->ctx->arena, &geo, s->ctx->err);
    }
    return rc == ZH_OK ? zh_map_areas(s->ctx->arena, &in, geo, d->width, &d->out, s->ctx->err) : rc;
}

static zh_rc draw_tiles(drawing *d)
{
    return draw_map(d, false);
}

static zh_rc draw_areas(drawing *d)
{
    return draw_map(d, true);
}

static zh_role role_of(zh_str name)
{
    for (int r = 0; r < ZH_ROLE_COUNT; r++) {
        if (zh_str_is(name, zh_role_name((zh_role)r))) {
            return (zh_role)r;
        }
    }
    return ZH_ROLE_Q5;
}

/* All codes of the field's system in their order, with how many records have each. */
static zh_rc draw_status(drawing *d)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    const zh_field *field = zh_register_field(ask->reg, ask->by);
    if (ask->kind != ZH_ASK_COUNT || field == NULL || field->codes == NULL) {
        return zh_show_refuse(s, d->item, "report.status", "status 要一个按代码字段计数的提问：",
                              ask->name);
    }
    const zh_yaml *role = zh_yaml_get(d->item, "roles");
    role = role != NULL ? role->first : NULL;
    zh_status_row *rows = ZH_NEW_N(s->ctx->arena, zh_status_row, field->codes->n + 1);
    zh_str divide = zh_yaml_text(d->item, "divide");
    zh_status in = {.title = ask->title, .rows = rows, .n = field->codes->n};
    for (size_t i = 0; i < in.n; i++) {
        const zh_code *code = &field->codes->codes[i];
        rows[i] = (zh_status_row){.label = zh_asks_label(s->asks, code->label),
                                  .role = role != NULL ? role_of(role->text) : ZH_ROLE_Q5};
        rows[i].href = zh_show_href(s, ask, NULL);
        for (size_t k = 0; k < ask->counts.n; k++) {
            if (zh_str_eq(ask->counts.rows[k].keys[0], code->code)) {
                rows[i].count = (size_t)ask->counts.rows[k].n;
            }
        }
        in.divide_after = zh_str_eq(code->code, divide) ? i + 1 : in.divide_after;
        role = role != NULL ? role->next : NULL;
    }
    in.divide_label = zh_asks_text(d->show->asks, d->item, "divide_label");
    return ask->counts.total > 0
               ? zh_chart_status(s->ctx->arena, &in, d->width, &d->out, s->ctx->err)
               : ZH_OK;
}

static zh_reading pair_reading(zh_show *s, const zh_ask *ask, const zh_detected *p, bool with_row)
{
    zh_arena *arena = s->ctx->arena;
    const zh_ratio *prr = &p->stats.prr;
    zh_reading r = {
        .label = with_row ? zh_str_fmt(arena, "%.*s %.*s", ZH_FMT(short_name(p->row_label)),
                                       ZH_FMT(p->column_label))
                          : p->column_label,
        .note = zh_str_fmt(arena, "n = %" PRIu64, p->table.a),
        .text = zh_report_ratio(arena, prr),
        .href = zh_show_href(s, ask, NULL),
        .value = ZH_SOME(prr->value),
    };
    if (prr->has_interval) {
        r.low = ZH_SOME(prr->interval.lower);
        r.high = ZH_SOME(prr->interval.upper);
    }
    return r;
}

static zh_rc draw_forest(drawing *d)
{
    zh_show *s = d->show;
    size_t most = zh_show_number(d->item, "limit", ROWS_SHOWN);
    zh_reading *rows = ZH_NEW_N(s->ctx->arena, zh_reading, most * d->nasks + 1);
    size_t n = 0;
    for (size_t a = 0; a < d->nasks; a++) {
        const zh_ask *ask = d->asks[a];
        if (ask->kind != ZH_ASK_PAIRS || !zh_detector_has_ratio(ask->detector)) {
            return zh_show_refuse(s, d->item, "report.forest", "forest 要有比值的检测：",
                                  ask->name);
        }
        for (size_t i = 0; i < ask->npairs && i < most; i++) {
            rows[n++] = pair_reading(s, ask, &ask->pairs[i],
                                     d->nasks > 1 || zh_yaml_get(d->item, "both") != NULL);
        }
    }
    zh_forest in = {.title = d->title, .rows = rows, .n = n, .threshold = ZH_SOME(2)};
    double threshold = 0;
    if (zh_str_double(zh_yaml_text(d->item, "threshold"), &threshold) == ZH_OK) {
        in.threshold = ZH_SOME(threshold);
    }
    return n > 0 ? zh_chart_forest(s->ctx->arena, &in, d->width, &d->out, s->ctx->err) : ZH_OK;
}

static zh_rc draw_pareto(drawing *d)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    size_t most = zh_show_number(d->item, "limit", ROWS_SHOWN);
    size_t n = ask->nrows < most ? ask->nrows : most;
    zh_reading *rows = ZH_NEW_N(s->ctx->arena, zh_reading, n + 1);
    double rest = 0;
    for (size_t i = 0; i < ask->nrows; i++) {
        zh_reading r = zh_show_reading(s, ask, &ask->rows[i]);
        r.note = ZH_STR("");
        if (i < n) {
            rows[i] = r;
        } else {
            rest += r.value.v;
        }
    }
    zh_pareto in = {.title = ask->title,
                    .rows = rows,
                    .n = n,
                    .rest = {.v = rest, .is = rest > 0},
                    .rest_label = zh_asks_words(s->asks, "其余", "others"),
                    .cumulative_head = zh_asks_words(s->asks, "累计", "cumulative")};
    return n > 0 ? zh_chart_pareto(s->ctx->arena, &in, d->width, &d->out, s->ctx->err) : ZH_OK;
}

static zh_str short_label(const drawing *d, const zh_ask_row *row)
{
    int y = 0;
    int m = 0;
    int day = 0;
    const zh_figure *f = &row->figure;
    zh_date_civil(f->first, &y, &m, &day);
    zh_arena *arena = d->show->ctx->arena;
    return f->last == f->first        ? zh_str_fmt(arena, "%d-%d", m, day)
           : f->last - f->first > 300 ? zh_str_fmt(arena, "%d", y)
                                      : zh_str_fmt(arena, "%d-%02d", y, m);
}

/* The rows to draw: all, or `points` of them from `before` the shock on. */
static void window(const drawing *d, size_t *from, size_t *n)
{
    const zh_ask *ask = d->asks[0];
    size_t before = zh_show_number(d->item, "before", 7);
    *n = zh_show_number(d->item, "points", ask->nrows);
    *from = 0;
    for (size_t i = 0; ask->kind == ZH_ASK_SERIES && ask->has_shock && i < ask->nrows; i++) {
        if (ask->rows[i].figure.first == ask->shock) {
            *from = i > before ? i - before : 0;
        }
    }
    *n = *n < ask->nrows - *from ? *n : ask->nrows - *from;
}

static zh_rc draw_control(drawing *d)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    size_t from = 0;
    size_t n = 0;
    window(d, &from, &n);
    zh_control_point *points = ZH_NEW_N(s->ctx->arena, zh_control_point, n + 1);
    for (size_t i = 0; i < n; i++) {
        const zh_ask_limit *limit = &ask->limits[from + i];
        zh_reading reading = zh_show_reading(s, ask, &ask->rows[from + i]);
        reading.label = short_label(d, &ask->rows[from + i]);
        points[i] =
            (zh_control_point){.reading = reading,
                               .n = limit->n,
                               .lower = limit->has_lower ? ZH_SOME(limit->lower) : ZH_ABSENT,
                               .upper = limit->has_upper ? ZH_SOME(limit->upper) : ZH_ABSENT,
                               .flag = limit->out ? ZH_CONTROL_OUT : ZH_CONTROL_PLAIN};
    }
    zh_control in = {.title = d->title,
                     .points = points,
                     .n = n,
                     .centre = ask->centre,
                     .centre_label = zh_asks_text(s->asks, d->item, "centre"),
                     .upper_label = zh_asks_text(s->asks, d->item, "upper"),
                     .lower_label = zh_asks_text(s->asks, d->item, "lower"),
                     .unit = zh_yaml_text(d->item, "unit"),
                     .baseline = from == 0 ? ask->baseline : 0,
                     .baseline_label = zh_asks_text(s->asks, d->item, "baseline_label"),
                     .after_label = zh_asks_text(s->asks, d->item, "after_label")};
    return n > 1 ? zh_chart_control(s->ctx->arena, &in, d->width, &d->out, s->ctx->err) : ZH_OK;
}

static zh_rc draw_columns(drawing *d)
{
    zh_show *s = d->show;
    const zh_ask *ask = d->asks[0];
    size_t every = zh_show_number(d->item, "text_from", 0);
    zh_reading *columns = ZH_NEW_N(s->ctx->arena, zh_reading, ask->nrows + 1);
    size_t n = 0;
    for (size_t i = 0; i < ask->nrows; i++) {
        if (ask->rows[i].figure.first == 0) {
            continue;
        }
        columns[n] = zh_show_reading(s, ask, &ask->rows[i]);
        columns[n].label = short_label(d, &ask->rows[i]);
        if (columns[n].value.v < (double)every) {
            columns[n].text = ZH_STR("");
        }
        n++;
    }
    zh_count_columns in = {
        .title = d->title, .columns = columns, .n = n, .unit = zh_yaml_text(d->item, "unit")};
    return n > 0 ? zh_chart_columns(s->ctx->arena, &in, d->width, &d->out, s->ctx->err) : ZH_OK;
}

static zh_rc read_of(drawing *d)
{
    const zh_yaml *of = zh_yaml_get(d->item, "of");
    zh_rc rc =
        of != NULL ? ZH_OK : zh_show_refuse(d->show, d->item, "report.of", "图缺少", ZH_STR("of"));
    bool many = of != NULL && of->kind == ZH_YAML_SEQUENCE;
    for (const zh_yaml *one = many ? of->first : of; one != NULL && rc == ZH_OK;
         one = many ? one->next : NULL) {
        if (d->nasks == INVOLVED_MAX) {
            return zh_show_refuse(d->show, one, "report.of", "of 太多：", one->text);
        }
        rc = zh_show_ask(d->show, one, &d->asks[d->nasks]);
        d->nasks += rc == ZH_OK;
    }
    return rc;
}

zh_rc zh_show_figure(zh_show *s, const zh_yaml *item, zh_doc_block *block)
{
    static const struct {
        const char *kind;
        bool series; /* reads `of` itself */
        zh_ask_kind needs;
        zh_rc (*draw)(drawing *d);
    } kinds[] = {
        {"periods", true, ZH_ASK_BY, draw_periods},
        {"rows", false, ZH_ASK_BY, draw_rows},
        {"slope", false, ZH_ASK_CHANGE, draw_slope},
        {"tiles", false, ZH_ASK_BY, draw_tiles},
        {"areas", false, ZH_ASK_BY, draw_areas},
        {"status", false, ZH_ASK_COUNT, draw_status},
        {"forest", false, ZH_ASK_PAIRS, draw_forest},
        {"pareto", false, ZH_ASK_BY, draw_pareto},
        {"control", false, ZH_ASK_SERIES, draw_control},
        {"columns", false, ZH_ASK_BY, draw_columns},
    };
    zh_str kind = zh_yaml_text(item, "figure");
    drawing d = {.show = s,
                 .item = item,
                 .title = block->text.text,
                 .width = (double)zh_show_number(item, "width", 0)};
    d.width = d.width > 0 ? d.width : s->width;
    size_t at = 0;
    while (at < ZH_COUNTOF(kinds) && !zh_str_is(kind, kinds[at].kind)) {
        at++;
    }
    if (at == ZH_COUNTOF(kinds)) {
        return zh_show_refuse(s, item, "report.figure", "不认识的图", kind);
    }
    zh_rc rc = kinds[at].series ? ZH_OK : read_of(&d);
    if (rc == ZH_OK && !kinds[at].series && (d.nasks == 0 || d.asks[0]->kind != kinds[at].needs)) {
        rc = zh_show_refuse(s, item, "report.figure", "这种图不能画这样的提问：", kind);
    }
    rc = rc == ZH_OK ? kinds[at].draw(&d) : rc;
    if (rc == ZH_OK && d.out != NULL && s->narrow > 0) {
        drawing narrow = d;
        narrow.width = s->narrow;
        rc = kinds[at].draw(&narrow);
        block->narrow = narrow.out;
    }
    block->kind = ZH_DOC_FIGURE;
    block->draw = d.out; /* NULL: nothing to draw */
    block->part = (double)zh_show_number(item, "part", 100) / 100;
    zh_str *names = ZH_NEW_N(s->ctx->arena, zh_str, INVOLVED_MAX);
    for (size_t i = 0; i < d.nasks; i++) {
        names[block->nasks++] = d.asks[i]->name;
    }
    block->asks = names;
    if (rc == ZH_OK) {
        block->source = zh_show_sources(s, item, d.asks, d.nasks, block);
    }
    return rc;
}
