/* The question about one indicator, its answer and the lists of records behind it. */
#include "web/figure/page_indicator.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *id;
    zh_text_id text;
} grains[] = {
    {"year", ZH_T_IND_BY_YEAR},
    {"half", ZH_T_IND_BY_HALF},
    {"quarter", ZH_T_IND_BY_QUARTER},
    {"month", ZH_T_IND_BY_MONTH},
};

static bool is_grain(zh_str by)
{
    for (size_t i = 0; i < ZH_COUNTOF(grains); i++) {
        if (zh_str_is(by, grains[i].id)) {
            return true;
        }
    }
    return zh_str_is(by, "day");
}

bool zh_indicator_by_time(const zh_indicator_page *page)
{
    return is_grain(page->by);
}

static zh_str level_label(const zh_ui *ui, const zh_dim *dim, const char *level)
{
    zh_str label = dim->field != NULL ? zh_ui_label(ui, dim->field->label) : dim->id;
    return ZH_SAY(ui, ZH_T_IN_BRACKETS, label,
                  zh_ui_text(ui, strcmp(level, "city") == 0     ? ZH_T_LEVEL_CITY
                                 : strcmp(level, "county") == 0 ? ZH_T_LEVEL_COUNTY
                                                                : ZH_T_LEVEL_PROVINCE));
}

static bool is_listed(const zh_option *options, size_t n, zh_str value)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(options[i].value, value)) {
            return true;
        }
    }
    return false;
}

static void add_option(zh_option *out, size_t max, size_t *n, zh_str value, zh_str label)
{
    if (*n < max && !is_listed(out, *n, value)) {
        out[(*n)++] = (zh_option){value, label};
    }
}

/* A dimension of regions kept at a level can be added up to those above it. */
static void add_dim(const zh_indicator_page *page, const zh_dim *dim, zh_option *out, size_t max,
                    size_t *n)
{
    zh_ui *ui = page->ui;
    if (dim->grain != ZH_GRAIN_NONE) {
        return;
    }
    if (dim->codes == NULL || !zh_str_is(dim->codes->id, "region")) {
        zh_str label = dim->field != NULL ? zh_ui_label(ui, dim->field->label) : dim->id;
        add_option(out, max, n, dim->id, ZH_SAY(ui, ZH_T_IND_BY_DIM, label));
        return;
    }
    static const char *const levels[] = {"province", "city", "county"};
    for (size_t i = 0; i < ZH_COUNTOF(levels); i++) {
        uint16_t level = zh_question_level(dim->codes, levels[i]);
        if (level > 0 && (dim->level == 0 || dim->level >= level)) {
            add_option(out, max, n, zh_str_fmt(ui->arena, "%.*s@%s", ZH_FMT(dim->id), levels[i]),
                       ZH_SAY(ui, ZH_T_IND_BY_DIM, level_label(ui, dim, levels[i])));
        }
    }
}

size_t zh_indicator_dims(const zh_indicator_page *page, zh_option *out, size_t max)
{
    const zh_register *reg = page->indicator->reg;
    size_t n = 0;
    if (reg == NULL) {
        return 0;
    }
    for (size_t i = 0; reg->event_time != NULL && i < ZH_COUNTOF(grains); i++) {
        add_option(out, max, &n, zh_str_of(grains[i].id), zh_ui_text(page->ui, grains[i].text));
    }
    for (size_t c = 0; c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            add_dim(page, &reg->cubes[c].dims[d], out, max, &n);
        }
    }
    const zh_field *asked = zh_register_field(reg, page->by);
    if (asked != NULL) { /* any field may be asked for: the sentence then says it too */
        zh_str label = zh_ui_label(page->ui, asked->label);
        add_option(out, max, &n, page->by, ZH_SAY(page->ui, ZH_T_IND_BY_DIM, label));
    }
    return n;
}

/* Years, the months of a single year, or the first dimension. */
static zh_str default_by(const zh_indicator_page *page)
{
    zh_option first;
    if (zh_indicator_dims(page, &first, 1) == 0) {
        return ZH_STR("");
    }
    bool months = is_grain(first.value) && page->q.period.n >= 4 && page->q.period.n < 7;
    return months ? ZH_STR("month") : first.value;
}

zh_rc zh_indicator_read(zh_ui *ui, zh_indicator_page *out)
{
    zh_str id = zh_http_arg(ui->request, "id");
    *out = (zh_indicator_page){.ui = ui, .indicator = zh_model_indicator(ui->ctx.model, id)};
    if (out->indicator == NULL) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "indicator.unknown", "没有指标“%.*s”", ZH_FMT(id));
        zh_err_fix(ui->err, "全部指标在指标总览");
        return ZH_ENOTFOUND;
    }
    zh_rc rc = zh_question_read(ui, &out->q);
    out->by = zh_http_param(ui->request, "by");
    if (rc == ZH_OK && out->by.n == 0) {
        out->by = default_by(out);
    }
    return rc;
}

zh_figure_query zh_indicator_query(const zh_indicator_page *page)
{
    return (zh_figure_query){.indicator = page->indicator,
                             .region = page->q.region,
                             .first = page->q.first,
                             .last = page->q.last,
                             .as_of = page->q.as_of};
}

zh_rc zh_indicator_ask(zh_indicator_page *page)
{
    zh_figure_query query = zh_indicator_query(page);
    return zh_figure_ask(&page->ui->ctx, page->ui->conn, &query, &page->figure);
}

/* ---- break-down
 * ------------------------------------------------------------------------------------- */

typedef struct item {
    zh_str value;
    zh_figure figure;
} item;

static int rank_of(const zh_figure *f)
{
    return !f->has_value ? 2 : f->status == ZH_FIG_SMALL_N ? 1 : 0;
}

static int by_value(const void *a, const void *b)
{
    const item *x = a;
    const item *y = b;
    int order = rank_of(&x->figure) - rank_of(&y->figure);
    if (order == 0 && x->figure.has_value) {
        order = zh_decimal_cmp(y->figure.value, x->figure.value);
    }
    return order != 0 ? order : zh_str_cmp(x->value, y->value);
}

zh_rc zh_indicator_break(zh_indicator_page *page)
{
    zh_figure_query query = zh_indicator_query(page);
    if (page->by.n == 0 || page->indicator->reg == NULL) {
        return ZH_OK;
    }
    zh_rc rc = zh_figure_by(&page->ui->ctx, page->ui->conn, &query, page->by, &page->values,
                            &page->figures, &page->n);
    if (rc != ZH_OK || is_grain(page->by)) {
        return rc;
    }
    item *items = ZH_NEW_N(page->ui->arena, item, page->n + 1);
    for (size_t i = 0; i < page->n; i++) {
        items[i] = (item){page->values[i], page->figures[i]};
    }
    zh_sort(items, page->n, sizeof *items, by_value);
    for (size_t i = 0; i < page->n; i++) {
        page->values[i] = items[i].value;
        page->figures[i] = items[i].figure;
    }
    return ZH_OK;
}

zh_rc zh_indicator_years(zh_indicator_page *page)
{
    const zh_register *reg = page->indicator->reg;
    zh_figure_query query = {
        .indicator = page->indicator, .region = page->q.region, .as_of = page->q.as_of};
    if (reg == NULL || reg->event_time == NULL) {
        return ZH_OK;
    }
    return zh_figure_by(&page->ui->ctx, page->ui->conn, &query, ZH_STR("year"), &page->years,
                        &page->year_figures, &page->nyears);
}

static const zh_dim *dim_of(const zh_indicator_page *page)
{
    const zh_register *reg = page->indicator->reg;
    ptrdiff_t at = zh_str_chr(page->by, '@');
    zh_str id = at >= 0 ? zh_str_sub(page->by, 0, (size_t)at) : page->by;
    for (size_t c = 0; reg != NULL && c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            if (zh_str_eq(reg->cubes[c].dims[d].id, id)) {
                return &reg->cubes[c].dims[d];
            }
        }
    }
    return NULL;
}

zh_str zh_indicator_value(const zh_indicator_page *page, zh_str value)
{
    zh_date first;
    zh_date last;
    if (value.n == 0) {
        return zh_ui_text(page->ui, ZH_T_IND_NO_VALUE_KEY);
    }
    if (is_grain(page->by)) {
        return zh_period_parse(value, &first, &last) == ZH_OK ? zh_ui_period(page->ui, first, last)
                                                              : value;
    }
    const zh_dim *dim = dim_of(page);
    const zh_code *code =
        dim != NULL && dim->codes != NULL ? zh_code_find(dim->codes, value, INT32_MIN) : NULL;
    return code != NULL ? zh_ui_label(page->ui, code->label) : value;
}

zh_str zh_indicator_scope(const zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    zh_str region =
        page->q.region.n > 0 ? zh_ui_region(ui, page->q.region) : zh_ui_text(ui, ZH_T_REGION_ALL);
    return zh_str_fmt(ui->arena, "%.*s %.*s", ZH_FMT(region),
                      ZH_FMT(zh_ui_period(ui, page->q.first, page->q.last)));
}

zh_str zh_indicator_by_words(const zh_indicator_page *page)
{
    zh_option dims[ZH_INDICATOR_DIMS_MAX];
    size_t n = zh_indicator_dims(page, dims, ZH_INDICATOR_DIMS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(dims[i].value, page->by)) {
            return dims[i].label;
        }
    }
    return page->by;
}

zh_str zh_indicator_shown(const zh_indicator_page *page, const zh_figure *f)
{
    zh_str unit = zh_ui_unit(page->ui, page->indicator->unit);
    return zh_str_fmt(page->ui->arena, "%.*s%s%.*s", ZH_FMT(zh_ui_decimal(page->ui, f->shown)),
                      unit.n == 0 || zh_str_is(unit, "%") ? "" : " ", ZH_FMT(unit));
}

/* ---- records
 * ---------------------------------------------------------------------------------------- */

zh_str zh_indicator_records(const zh_indicator_page *page, const zh_str *value,
                            const zh_measure *measure)
{
    zh_ui *ui = page->ui;
    const zh_indicator *ind = page->indicator;
    if (ind->reg == NULL) {
        return ZH_STR("");
    }
    zh_condition c = {
        .reg = ind->reg, .region = page->q.region, .first = page->q.first, .last = page->q.last};
    c.programs[0] = ind->has_filter ? &ind->filter : NULL;
    bool by_time = value != NULL && is_grain(page->by);
    if (by_time && zh_period_parse(*value, &c.first, &c.last) != ZH_OK) {
        return ZH_STR("");
    }
    zh_str extra = ZH_STR("");
    if (value != NULL && !by_time) {
        extra = zh_question_dim(ui, ind->reg, page->by, *value);
        if (extra.n == 0) {
            return ZH_STR("");
        }
    }
    /* Conditions over child rows belong to the rows, not to the record. */
    if (measure != NULL && measure->table == NULL) {
        c.programs[1] = measure->has_filter ? &measure->filter : NULL;
        if (measure->kind == ZH_M_SUM && measure->has_value) {
            extra = zh_question_and(
                ui, extra, zh_str_fmt(ui->arena, "(%.*s) > 0", ZH_FMT(measure->value.source)));
        }
    }
    return zh_url_register(ui->arena, ind->reg->id,
                           zh_question_and(ui, zh_question_where(ui, &c), extra), page->q.as_of);
}

zh_str zh_indicator_row_url(const zh_indicator_page *page, zh_str value)
{
    zh_arena *arena = page->ui->arena;
    zh_str dim = zh_figure_region_dim(page->indicator->reg);
    zh_str url = ZH_STR("");
    if (zh_indicator_by_time(page)) {
        url = zh_url_indicator(arena, page->indicator->id, page->q.region, value, ZH_STR(""));
    } else if (dim.n > 0 && value.n > 0 && zh_str_starts(page->by, dim)) {
        url = zh_url_indicator(arena, page->indicator->id, value, page->q.period, ZH_STR(""));
    } else {
        return zh_indicator_records(page, &value, NULL);
    }
    return page->q.as_of >= 0 ? zh_url_add_i(arena, url, "as_of", page->q.as_of) : url;
}

zh_str zh_indicator_sub(const zh_indicator_page *page, const char *below)
{
    zh_arena *arena = page->ui->arena;
    zh_str url = zh_url_path(arena, "/indicators", page->indicator->id,
                             below[0] != '\0' ? zh_str_of(below) : ZH_STR_NONE);
    url = zh_url_add(arena, url, "region", page->q.region);
    url = zh_url_add(arena, url, "period", page->q.period);
    url = zh_url_add(arena, url, "by", page->by);
    return page->q.as_of >= 0 ? zh_url_add_i(arena, url, "as_of", page->q.as_of) : url;
}
