/* GET /indicators/ID: 指标详情. The value and the lists of records behind it, its break-down, how
 * it is counted, what it comes from. */
#include "web/figure/page_indicator.h"
#include "web/figure/figures.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { YEARS_OPTIONS_MAX = 100, MEASURES_MAX = 16 };

/* ---- the question
 * ----------------------------------------------------------------------------------- */

/* Years with data, newest first; the period asked when it is none of them. */
static size_t periods(const zh_indicator_page *page, zh_option *out)
{
    zh_ui *ui = page->ui;
    bool listed = page->q.period.n == 0;
    size_t n = 0;
    out[n++] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_IND_ALL_TIME)};
    for (size_t i = page->nyears; i-- > 0 && n < YEARS_OPTIONS_MAX;) {
        const zh_figure *f = &page->year_figures[i];
        if (f->has_value && page->years[i].n == 4) {
            listed = listed || zh_str_eq(page->years[i], page->q.period);
            out[n++] = (zh_option){page->years[i], zh_ui_period(ui, f->first, f->last)};
        }
    }
    if (!listed) {
        out[n++] = (zh_option){page->q.period, zh_ui_period(ui, page->q.first, page->q.last)};
    }
    return n;
}

static void ask(zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    zh_option *regions;
    size_t nregions;
    zh_option *years = ZH_NEW_N(ui->arena, zh_option, YEARS_OPTIONS_MAX + 2);
    size_t nyears = periods(page, years);
    zh_option dims[ZH_INDICATOR_DIMS_MAX];
    size_t ndims = zh_indicator_dims(page, dims, ZH_INDICATOR_DIMS_MAX);
    const zh_register *reg = page->indicator->reg;
    zh_question_areas(ui, reg, page->q.region, &regions, &nregions);
    zh_part_ask_open(ui, ui->request->path);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_BOARD_ASK_SHOW));
    if (reg != NULL && zh_figure_region_dim(reg).n > 0) {
        zh_part_ask_select(ui, "region", zh_ui_text(ui, ZH_T_REGION), regions, nregions,
                           page->q.region);
    }
    if (reg == NULL || reg->event_time != NULL) {
        zh_part_ask_select(ui, "period", zh_ui_text(ui, ZH_T_PERIOD), years, nyears,
                           page->q.period);
    }
    zh_part_ask_words(ui, ZH_SAY(ui, ZH_T_IND_ASK_OF, zh_ui_label(ui, page->indicator->label)));
    zh_part_ask_select(ui, "by", zh_ui_text(ui, ZH_T_IND_BY), dims, ndims, page->by);
    zh_part_ask_hidden(ui, "as_of", zh_http_param(ui->request, "as_of"));
    const zh_download files[] = {{ZH_STR("XLSX"), zh_indicator_sub(page, "data.xlsx")},
                                 {ZH_STR("CSV"), zh_indicator_sub(page, "data.csv")}};
    zh_part_ask_end(ui, files, ZH_COUNTOF(files));
}

/* ---- the number
 * ------------------------------------------------------------------------------------- */

typedef struct used {
    size_t index[MEASURES_MAX];
    size_t n;
} used;

static void use(void *user, const zh_expr *x)
{
    used *u = user;
    bool known = x->op != ZH_X_PARAMETER || u->n == MEASURES_MAX;
    for (size_t i = 0; i < u->n && !known; i++) {
        known = u->index[i] == x->index;
    }
    if (!known) {
        u->index[u->n++] = x->index;
    }
}

/* 分子 as a number and, below, each measure of it as a list of records. */
static void part_of(zh_indicator_page *page, zh_text_id name, zh_str number, zh_str source,
                    const zh_program *program)
{
    zh_ui *ui = page->ui;
    zh_html *h = &ui->html;
    const zh_register *reg = page->indicator->reg;
    used u = {.n = 0};
    if (number.n == 0 || program->root == NULL || reg == NULL) {
        return;
    }
    zh_expr_walk(program->root, use, &u);
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "p", "l", zh_ui_text(ui, name));
    zh_html_open(h, "p", "mid");
    zh_str only = u.n == 1 && u.index[0] < reg->nmeasures
                      ? zh_indicator_records(page, NULL, &reg->measures[u.index[0]])
                      : ZH_STR("");
    zh_part_number(ui, number, ZH_STR(""), only);
    zh_html_close(h);
    zh_html_open(h, "p", "s");
    zh_html_leaf(h, "span", "mono", source);
    for (size_t i = 0; u.n > 1 && i < u.n && u.index[i] < reg->nmeasures; i++) {
        const zh_measure *m = &reg->measures[u.index[i]];
        zh_html_z(h, " ");
        zh_html_a(h, NULL, zh_indicator_records(page, NULL, m), m->id);
    }
    zh_html_close(h);
    zh_html_close(h);
}

/* What the number is compared with: a region with all of them, else the year with the one before.
 */
typedef struct compared {
    zh_figure figure; /* has_value false: with nothing */
    zh_str what;
} compared;

static zh_rc compare(const zh_indicator_page *page, compared *out)
{
    zh_ui *ui = page->ui;
    *out = (compared){.what = ZH_STR("")};
    if (page->indicator->kind == ZH_I_COUNT || page->indicator->kind == ZH_I_SUM) {
        return ZH_OK;
    }
    if (page->q.region.n > 0) {
        zh_figure_query query = zh_indicator_query(page);
        query.region = ZH_STR("");
        out->what = zh_ui_text(ui, ZH_T_REGION_ALL);
        zh_rc rc = zh_figure_ask(&ui->ctx, ui->conn, &query, &out->figure);
        bool same = out->figure.n == page->figure.n; /* nothing is recorded of other regions */
        out->figure.has_value = out->figure.has_value && !same;
        return rc;
    }
    for (size_t i = 1; i < page->nyears && page->q.period.n == 4; i++) {
        if (page->year_figures[i].first == page->figure.first &&
            page->year_figures[i - 1].last + 1 == page->figure.first) {
            out->figure = page->year_figures[i - 1];
            out->what = zh_indicator_value(page, page->years[i - 1]);
        }
    }
    return ZH_OK;
}

/* Value, interval and comparison on one scale; nothing for a value that stands alone. */
static void gauge(const zh_indicator_page *page, const compared *with)
{
    zh_ui *ui = page->ui;
    zh_html *h = &ui->html;
    const zh_figure *f = &page->figure;
    double value = zh_decimal_double(f->value);
    double other = with->figure.has_value ? zh_decimal_double(with->figure.value) : 0;
    double end = fmax(fmax(value, other), f->has_interval ? f->high : 0);
    if ((!f->has_interval && !with->figure.has_value) || value < 0 || other < 0 || end <= 0) {
        return;
    }
    end = zh_beam_end(end, page->indicator->percent);
    zh_str unit = zh_ui_unit(ui, page->indicator->unit);
    zh_str scale =
        zh_str_fmt(ui->arena, "0–%g%s%.*s", end, zh_str_is(unit, "%") ? "" : " ", ZH_FMT(unit));
    zh_html_open(h, "div", "gauge");
    zh_html_leaf(h, "p", "l",
                 with->figure.has_value ? ZH_SAY(ui, ZH_T_IND_GAUGE_WITH, scale, with->what,
                                                 zh_indicator_shown(page, &with->figure))
                                        : ZH_SAY(ui, ZH_T_IND_GAUGE, scale));
    zh_part_beam(
        ui, 0, end,
        &(zh_reading){.value = ZH_SOME(value),
                      .low = f->has_interval ? ZH_SOME(f->low) : ZH_ABSENT,
                      .high = f->has_interval ? ZH_SOME(f->high) : ZH_ABSENT,
                      .compare = with->figure.has_value ? ZH_SOME(other) : ZH_ABSENT,
                      .target = ZH_ABSENT,
                      .state = f->status == ZH_FIG_SMALL_N ? ZH_READING_FEW : ZH_READING_OK});
    zh_html_close(h);
}

static void number(zh_indicator_page *page, const compared *with)
{
    zh_ui *ui = page->ui;
    zh_html *h = &ui->html;
    const zh_figure *f = &page->figure;
    const zh_indicator *ind = page->indicator;
    zh_part_section_open(ui, "value", zh_ui_text(ui, ZH_T_IND_VALUE), false);
    zh_html_open(h, "div", "facts");
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "p", "l", zh_indicator_scope(page));
    zh_html_open(h, "p", "big");
    zh_part_number(ui, f->shown, ZH_STR(""), zh_indicator_records(page, NULL, NULL));
    zh_html_leaf(h, "small", NULL, zh_ui_unit(ui, ind->unit));
    zh_html_close(h);
    zh_html_open(h, "p", "s");
    if (f->has_interval) {
        zh_html_text(h, zh_ui_text(ui, ZH_T_INTERVAL95));
        zh_html_z(h, " ");
        zh_part_interval(ui, f->interval_shown);
    }
    if (f->status == ZH_FIG_SMALL_N) {
        zh_html_z(h, " ");
        zh_part_nil(ui, ZH_NIL_FEW, ZH_STR(""));
    }
    zh_html_close(h);
    zh_html_close(h);
    gauge(page, with);
    part_of(page, ZH_T_IND_NUM, f->num, ind->num_source, &ind->num);
    part_of(page, ZH_T_IND_DEN, f->den, ind->den_source, &ind->den);
    zh_html_open(h, "div", NULL);
    zh_html_leaf(h, "p", "l", ZH_STR("n"));
    zh_html_open(h, "p", "mid");
    zh_part_number(ui, zh_str_fmt(ui->arena, "%" PRId64, f->n), ZH_STR(""),
                   zh_indicator_records(page, NULL, NULL));
    zh_html_close(h);
    zh_html_leaf(h, "p", "s", zh_ui_text(ui, ZH_T_IND_BEHIND));
    zh_html_close(h);
    zh_html_close(h);
    if (f->note.zh.n > 0) {
        zh_part_note(ui, ZH_NOTE_QING, zh_ui_label(ui, f->note));
    }
    zh_html_open(h, "p", "bar gap");
    zh_html_a(h, "btn", zh_indicator_sub(page, "recount"), zh_ui_text(ui, ZH_T_IND_RECOUNT));
    zh_html_a(h, "btn", zh_indicator_sub(page, "revisions"), zh_ui_text(ui, ZH_T_IND_REVISIONS));
    zh_html_close(h);
    zh_part_section_close(ui);
}

static void fact(zh_ui *ui, zh_text_id name, zh_str text, bool code)
{
    if (text.n > 0) {
        zh_part_kv_item(ui, zh_ui_text(ui, name));
        zh_html_leaf_value(&ui->html, "span", code ? "mono" : NULL, text);
        zh_html_close(&ui->html);
    }
}

zh_str zh_indicator_made(const zh_ui *ui, zh_str text)
{
    static const char *const words[][2] = {
        {"，其中 ", ", where "},
        {"，权数 ", ", weights "},
        {"算术平均", "arithmetic mean"},
        {"，标准误 ", ", standard error "},
        {"同比", "against the year before"},
        {"环比", "against the period before"},
        {"加权合成，各项按上下限归一", "weighted, each part scaled between its bounds"},
        {"加权平均（缺失规则：", "weighted mean (missing values: "},
        {"两期都有的类别", "classes in both periods"},
        {"Hájek（入样概率倒数加权）", "Hájek (weighted by inverse inclusion probability)"},
        {"相对误差不超过 1 %", "relative error within 1 %"},
        {"逐条重算，准确值", "recounted record by record, exact"},
        {"，", ", "},
        {"）", ")"},
    };
    if (ui->lang != ZH_LANG_EN) {
        return text;
    }
    for (size_t i = 0; i < ZH_COUNTOF(words); i++) {
        ptrdiff_t at = zh_str_find(text, zh_str_of(words[i][0]));
        if (at >= 0) {
            size_t after = (size_t)at + strlen(words[i][0]);
            text = zh_str_fmt(ui->arena, "%.*s%s%.*s", ZH_FMT(zh_str_sub(text, 0, (size_t)at)),
                              words[i][1], ZH_FMT(zh_str_sub(text, after, text.n)));
        }
    }
    return text;
}

static void definition(zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    zh_html *h = &ui->html;
    const zh_indicator *ind = page->indicator;
    const zh_figure *f = &page->figure;
    zh_part_section_open(ui, "definition", zh_ui_text(ui, ZH_T_IND_DEFINITION), false);
    zh_part_kv_open(ui);
    fact(ui, ZH_T_IND_IN_WORDS, zh_ui_label(ui, ind->definition), false);
    fact(ui, ZH_T_IND_FORMULA, zh_indicator_made(ui, f->formula), true);
    fact(ui, ZH_T_IND_METHOD, zh_indicator_made(ui, f->method), false);
    fact(ui, ZH_T_IND_LEAST,
         ind->n_min > 0 ? ZH_SAY(ui, ZH_T_IND_LEAST_N, zh_ui_count(ui, ind->n_min)) : ZH_STR(""),
         false);
    fact(ui, ZH_T_IND_SOURCE, zh_ui_label(ui, (zh_label){f->sources, f->sources_en}), false);
    fact(ui, ZH_T_IND_FRESH, f->as_of != 0 ? zh_ui_time(ui, f->as_of) : ZH_STR(""), false);
    fact(ui, ZH_T_IND_CUBE,
         f->cube.n > 0 ? ZH_SAY(ui, ZH_T_IND_FROM_CUBE, f->cube)
                       : zh_ui_text(ui, ZH_T_IND_FROM_RECORDS),
         false);
    fact(ui, ZH_T_IND_MODEL, zh_str_sub(f->model_digest, 0, 16), true);
    if (ind->reg != NULL) {
        zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_COL_REGISTER));
        zh_html_a_value(h, NULL,
                        zh_url_register(ui->arena, ind->reg->id, ZH_STR(""), page->q.as_of),
                        zh_ui_label(ui, ind->reg->label));
        zh_html_close(h);
    }
    if (ind->nsystems > 0) {
        zh_part_kv_item(ui, zh_ui_text(ui, ZH_T_IND_SYSTEMS));
        for (size_t i = 0; i < ind->nsystems; i++) {
            zh_html_z(h, i > 0 ? " " : "");
            zh_html_a(h, NULL, zh_str_fmt(ui->arena, "/systems#%.*s", ZH_FMT(ind->systems[i])),
                      ind->systems[i]);
        }
        zh_html_close(h);
    }
    zh_part_kv_close(ui);
    zh_part_section_close(ui);
}

/* ---- the break-down
 * --------------------------------------------------------------------------------- */

/* Which columns have anything in them. */
typedef struct columns_with {
    bool interval, fraction, few;
} columns_with;

static columns_with columns_of(const zh_indicator_page *page)
{
    columns_with h = {false, false, false};
    for (size_t i = 0; i < page->n; i++) {
        h.interval = h.interval || page->figures[i].interval_shown.n > 0;
        h.fraction = h.fraction || page->figures[i].den.n > 0;
        h.few = h.few || page->figures[i].status == ZH_FIG_SMALL_N;
    }
    return h;
}

static void row(zh_indicator_page *page, zh_grid *g, size_t i, columns_with has)
{
    zh_ui *ui = page->ui;
    const zh_figure *f = &page->figures[i];
    zh_str url = zh_indicator_row_url(page, page->values[i]);
    zh_str records = zh_indicator_records(page, &page->values[i], NULL);
    zh_grid_row(g, NULL);
    zh_grid_link(g, url, zh_indicator_value(page, page->values[i]));
    zh_grid_cell(g);
    if (f->has_value) {
        zh_part_number(ui, f->shown, zh_ui_unit(ui, page->indicator->unit), url);
    } else {
        zh_part_figure_value(ui, f, ZH_STR(""));
    }
    if (has.interval) {
        zh_grid_cell(g);
        zh_part_interval(ui, f->interval_shown);
    }
    if (has.fraction) {
        zh_grid_text(g, zh_ui_decimal(ui, f->num));
        zh_grid_text(g, zh_ui_decimal(ui, f->den));
    }
    zh_grid_cell(g);
    zh_part_number(ui, zh_str_fmt(ui->arena, "%" PRId64, f->n), ZH_STR(""), records);
    if (has.few) {
        zh_grid_cell(g);
    }
    if (f->status == ZH_FIG_SMALL_N) {
        zh_part_nil(ui, ZH_NIL_FEW,
                    ZH_SAY(ui, ZH_T_IND_FEW, zh_ui_count(ui, zh_indicator_least(page->indicator))));
    }
}

/* How many rows are not on the page, and the way to them. */
static void rows_left(const zh_indicator_page *page, size_t shown, bool all)
{
    zh_ui *ui = page->ui;
    zh_html *h = &ui->html;
    zh_html_open(h, "p", "bar sp sm mu rowsleft");
    zh_html_leaf(h, "span", NULL,
                 ZH_SAY(ui, ZH_T_IND_MORE_ROWS, zh_ui_count(ui, (int64_t)shown),
                        zh_ui_count(ui, (int64_t)page->n)));
    if (!all) {
        zh_html_a(h, NULL,
                  zh_str_fmt(ui->arena, "%.*s#data",
                             ZH_FMT(zh_url_with(ui->request, "rows", ZH_STR("all")))),
                  zh_ui_text(ui, ZH_T_IND_ALL_ROWS));
    }
    zh_html_close(h);
}

/* 数据表: what the drawing says, and what it leaves out. */
static void table(zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    columns_with has = columns_of(page);
    bool all = zh_str_is(zh_http_param(ui->request, "rows"), "all");
    size_t most = all ? ZH_INDICATOR_ROWS_ALL : ZH_INDICATOR_ROWS_MAX;
    zh_column columns[7];
    size_t n = 0;
    zh_grid g;
    columns[n++] = (zh_column){.label = zh_indicator_by_words(page)};
    columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_COL_VALUE), .number = true};
    if (has.interval) {
        columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_COL_INTERVAL), .css = "iv full"};
    }
    if (has.fraction) {
        columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_COL_NUM), .number = true};
        columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_COL_DEN), .number = true};
    }
    columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_COL_N), .number = true};
    if (has.few) {
        columns[n++] = (zh_column){.label = zh_ui_text(ui, ZH_T_IND_REMARK), .css = "full"};
    }
    zh_part_section_open(ui, "data", zh_ui_text(ui, ZH_T_FIG_TABLE), true);
    zh_grid_open(&g, ui, columns, n, true, ZH_STR(""));
    for (size_t i = 0; i < page->n && i < most; i++) {
        row(page, &g, i, has);
    }
    zh_grid_close(&g);
    if (page->n > most) {
        rows_left(page, most, all);
    }
    zh_part_section_close(ui);
}

/* A drawing with its furniture; page: the question that its files answer. */
static void figure(const zh_indicator_page *page, const zh_indicator_figure *figure, const char *id,
                   const char *name, const char *table_url)
{
    zh_ui *ui = page->ui;
    zh_str svg = zh_indicator_sub(page, zh_str_fmt(ui->arena, "%s.svg", name).p);
    zh_str png = zh_indicator_sub(page, zh_str_fmt(ui->arena, "%s.png", name).p);
    const zh_download downloads[] = {{ZH_STR("CSV"), zh_indicator_sub(page, "data.csv")},
                                     {ZH_STR("XLSX"), zh_indicator_sub(page, "data.xlsx")},
                                     {ZH_STR("SVG"), svg},
                                     {ZH_STR("PNG"), png}};
    zh_str read = figure->read;
    if (figure->list == NULL) {
        return;
    }
    if (figure->drawn > 0 && figure->drawn < page->n) {
        read = zh_str_fmt(
            ui->arena, "%.*s%.*s%.*s", ZH_FMT(read),
            ZH_FMT(zh_str_of(ui->lang == ZH_LANG_EN ? "; " : "；")),
            ZH_FMT(ZH_SAY(ui, ZH_T_IND_MORE_ROWS, zh_ui_count(ui, (int64_t)figure->drawn),
                          zh_ui_count(ui, (int64_t)page->n))));
    }
    zh_part_figure_open(ui, &(zh_fig_head){.title = figure->title, .what = figure->what, .id = id});
    zh_part_drawing_both(ui, figure->list, figure->narrow, zh_str_of(id));
    zh_part_figure_close(
        ui,
        &(zh_fig_foot){
            .read = read,
            .source = zh_ui_label(ui, (zh_label){page->figure.sources, page->figure.sources_en}),
            .n = zh_str_fmt(ui->arena, "n = %.*s", ZH_FMT(zh_ui_count(ui, page->figure.n))),
            .table_url = zh_str_of(table_url),
            .downloads = downloads,
            .ndownloads = ZH_COUNTOF(downloads)});
}

/* The same question by years, of all time. */
static void years(const zh_indicator_page *page)
{
    zh_indicator_page yearly = *page;
    zh_indicator_figure drawing;
    if (zh_indicator_by_time(page) || page->nyears < 2) {
        return;
    }
    yearly.by = ZH_STR("year");
    yearly.q.period = ZH_STR("");
    yearly.q.first = yearly.q.last = 0;
    yearly.values = page->years;
    yearly.figures = page->year_figures;
    yearly.n = page->nyears;
    yearly.figure.n = 0;
    for (size_t i = 0; i < page->nyears; i++) {
        yearly.figure.n += page->year_figures[i].n;
    }
    zh_indicator_draw(&yearly, true, &drawing);
    figure(&yearly, &drawing, "years", "figure", "");
}

/* ---- the page
 * --------------------------------------------------------------------------------------- */

static zh_str finding(const zh_indicator_page *page)
{
    zh_ui *ui = page->ui;
    const zh_figure *f = &page->figure;
    zh_str label = zh_ui_label(ui, page->indicator->label);
    zh_str scope = zh_indicator_scope(page);
    if (!f->has_value) {
        return ZH_SAY(
            ui, page->figure.status == ZH_FIG_HIDDEN ? ZH_T_IND_TITLE_HIDDEN : ZH_T_IND_TITLE_NONE,
            label, scope);
    }
    zh_str value = zh_indicator_shown(page, f);
    if (f->has_interval) {
        value = ZH_SAY(ui, ZH_T_IN_BRACKETS, value, f->interval_shown);
    }
    return ZH_SAY(ui, ZH_T_IND_TITLE, label, scope, value);
}

static zh_rc show(zh_ui *ui)
{
    zh_indicator_page *page = ZH_NEW(ui->arena, zh_indicator_page);
    zh_indicator_figure drawing;
    zh_indicator_figure slope;
    zh_indicator_figure funnel;
    compared with;
    zh_html *h = &ui->html;
    zh_rc rc = zh_indicator_read(ui, page);
    if (rc == ZH_OK) {
        rc = zh_indicator_ask(page);
    }
    if (rc == ZH_OK) {
        rc = zh_indicator_break(page);
    }
    if (rc == ZH_OK) {
        rc = zh_indicator_years(page);
    }
    if (rc == ZH_OK) {
        rc = zh_indicator_draw_years(page, true, &slope);
    }
    if (rc == ZH_OK) {
        rc = compare(page, &with);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_BOARD,
                                    .title = finding(page),
                                    .lede = zh_ui_label(ui, page->indicator->definition),
                                    .above = zh_ui_text(ui, ZH_T_IND_ABOVE),
                                    .above_url = ZH_STR("/")});
    ask(page);
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w8 stack");
    if (page->figure.has_value) {
        number(page, &with);
    } else {
        bool hidden = page->figure.status == ZH_FIG_HIDDEN;
        zh_part_empty(
            ui, hidden ? ZH_EMPTY_DENIED : ZH_EMPTY_FILTER,
            zh_ui_text(ui, hidden ? ZH_T_NIL_HIDDEN : ZH_T_IND_EMPTY),
            hidden ? zh_ui_label(ui, page->figure.note) : zh_ui_text(ui, ZH_T_IND_EMPTY_TEXT),
            zh_url_indicator(ui->arena, page->indicator->id, ZH_STR(""), ZH_STR(""), ZH_STR("")),
            zh_ui_text(ui, ZH_T_IND_EMPTY_LINK));
    }
    if (page->n > 0) {
        zh_indicator_draw(page, true, &drawing);
        figure(page, &drawing, "figure", "figure", "#data");
        figure(page, &slope, "slope", "slope", "");
        years(page);
        table(page);
    }
    zh_html_close(h);
    zh_html_open(h, "div", "w4 stack");
    if (page->n > 0) { /* beside the intervals it is the evidence of */
        zh_indicator_draw_funnel(page, true, &funnel);
        figure(page, &funnel, "funnel", "funnel", "#data");
    }
    definition(page);
    if (page->figure.has_value && page->q.as_of == ZH_AS_OF_NOW) {
        zh_figures_form(ui, page->indicator->id, page->q.region, page->q.period);
    }
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_indicator) = {
    .method = "GET",
    .path = "/indicators/{id}",
    .en = "one indicator: value, records behind it, break-down, definition",
    .slow = true,
    .handle = handle,
};
