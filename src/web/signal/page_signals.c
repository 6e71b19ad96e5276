/* GET /signals: 占比异常. The signals of one detector: how strong, what they are made of, their
 * tasks, and what they do not mean.
 * GET /files/signals/{file}: the same as a table (signals.csv, .xlsx), the forest as a picture
 * (signals.svg, .png). */
#include "web/signal/page_signals.h"
#include "web/frame/keep.h"
#include <inttypes.h>
#include <string.h>

enum {
    FOREST_ROWS = 12,
    FACETS_SHOWN = 2,
    REGIONS_MAX = 400,
    PHONE_WIDTH = 330,
    WIDE_WIDTH = 1140,
    FILES = 4,
};

/* ---- shared with the page of one signal
 * --------------------------------------------------------------------- */

zh_str zh_signal_url(zh_arena *arena, const zh_signal *signal)
{
    return zh_url_path(arena, "/signals", zh_str_fmt(arena, "%" PRId64, signal->id), ZH_STR_NONE);
}

zh_str zh_signal_value(const zh_ui *ui, const zh_detector_dim *dim, zh_str value)
{
    const zh_code *code = dim->codes == NULL ? NULL : zh_code_find(dim->codes, value, INT32_MIN);
    return code == NULL ? value : zh_ui_label(ui, code->label);
}

zh_str zh_signal_subject(const zh_ui *ui, const zh_signal *signal)
{
    const zh_detector *d = signal->declared;
    if (d == NULL || ui->lang == ZH_LANG_ZH) {
        return signal->subject;
    }
    if (signal->is_period) {
        return d->row.id.n > 0 ? zh_str_fmt(ui->arena, "%.*s %.*s",
                                            ZH_FMT(zh_signal_value(ui, &d->row, signal->row)),
                                            ZH_FMT(signal->column))
                               : signal->column;
    }
    bool flow = d->row.codes != NULL && d->row.codes == d->column.codes;
    return zh_str_fmt(ui->arena, "%.*s %s %.*s", ZH_FMT(zh_signal_value(ui, &d->row, signal->row)),
                      flow ? "→" : "×", ZH_FMT(zh_signal_value(ui, &d->column, signal->column)));
}

zh_str zh_signal_facet_text(const zh_ui *ui, const zh_signal *signal, const zh_signal_facet *facet)
{
    zh_str text = facet->value.n == 0 ? zh_ui_text(ui, ZH_T_SIGNALS_NO_VALUE) : facet->label;
    for (size_t i = 0; signal->declared != NULL && i < signal->declared->nprofile; i++) {
        const zh_detector_dim *dim = &signal->declared->profile[i];
        if (zh_str_eq(dim->id, facet->facet) && facet->value.n > 0) {
            text = zh_signal_value(ui, dim, facet->value);
        }
    }
    zh_str mapped = ZH_STR_NONE;
    if (facet->nmapped == 1 && zh_str_eq(facet->mapped[0].label, facet->label)) {
        return text;
    }
    for (size_t i = 0; i < facet->nmapped; i++) {
        mapped = zh_str_fmt(ui->arena, "%.*s%.*s%.*s %.*s", ZH_FMT(mapped),
                            ZH_FMT(i > 0 ? zh_ui_text(ui, ZH_T_SEP) : ZH_STR("")),
                            ZH_FMT(facet->mapped[i].code), ZH_FMT(facet->mapped[i].label));
    }
    return mapped.n > 0 ? ZH_SAY(ui, ZH_T_IN_BRACKETS, text, mapped) : text;
}

zh_str zh_signal_unit(const zh_ui *ui, const zh_signal *signal)
{
    bool same = signal->declared != NULL && zh_str_eq(signal->declared->unit.zh, signal->unit);
    return same ? zh_ui_label(ui, signal->declared->unit) : signal->unit;
}

void zh_signal_lamp(zh_ui *ui, const zh_signal *signal)
{
    zh_lamp lamp = zh_str_is(signal->state, "new")         ? ZH_LAMP_WATCH
                   : zh_str_is(signal->state, "confirmed") ? ZH_LAMP_ACT
                   : zh_str_is(signal->state, "verifying") ? ZH_LAMP_NIL
                                                           : ZH_LAMP_DONE;
    zh_part_lamp(ui, lamp, zh_ui_label(ui, signal->state_name));
}

void zh_signal_due(zh_ui *ui, const zh_signal_task *task)
{
    zh_html *h = &ui->html;
    char day[16];
    if (!task->has_due) {
        zh_part_nil(ui, ZH_NIL_SKIP, zh_ui_label(ui, task->state_name));
        return;
    }
    zh_date_format(zh_time_date(task->due_at - 1), day);
    zh_html_open(h, "span", task->late ? "clock act" : "clock");
    zh_html_leaf_z(h, "b", NULL, day);
    zh_html_leaf(h, "small", NULL,
                 zh_str_fmt(ui->arena, "%.*s · %.*s", ZH_FMT(zh_ui_label(ui, task->kind_name)),
                            ZH_FMT(zh_ui_label(ui, task->state_name))));
    zh_html_close(h);
}

static double threshold_of(const zh_detector *d)
{
    for (size_t i = 0; d != NULL && i < d->ncriteria; i++) {
        if (zh_str_is(d->criteria[i].name, "prr")) {
            return zh_decimal_double(d->criteria[i].min);
        }
    }
    return 0.0;
}

zh_rc zh_signal_draw(zh_ui *ui, const zh_signal *signals, size_t n, double width, zh_draw **out)
{
    zh_reading *rows = ZH_NEW_N(ui->arena, zh_reading, n + 1);
    size_t count = 0;
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        const zh_signal *s = &signals[i];
        const zh_ratio *prr = &s->stats.prr;
        if (!s->has_ratio || prr->state == ZH_RATIO_UNDEFINED || prr->value <= 0.0) {
            continue;
        }
        rows[count++] = (zh_reading){
            .label = zh_signal_subject(ui, s),
            .note = zh_str_fmt(ui->arena, "n = %" PRIu64, s->table.a),
            .text = s->prr_shown,
            .href = zh_signal_url(ui->arena, s),
            .value = ZH_SOME(prr->value),
            .low = prr->has_interval ? ZH_SOME(prr->interval.lower) : ZH_ABSENT,
            .high = prr->has_interval ? ZH_SOME(prr->interval.upper) : ZH_ABSENT,
        };
    }
    if (count == 0) {
        return ZH_OK;
    }
    double threshold = threshold_of(signals[0].declared);
    zh_forest in = {.title = zh_ui_text(ui, ZH_T_SIGNALS_FOREST_WHAT),
                    .rows = rows,
                    .n = count,
                    .threshold = threshold > 0 ? ZH_SOME(threshold) : ZH_ABSENT};
    return zh_chart_forest(ui->arena, &in, width, out, ui->err);
}

zh_rc zh_signal_forest(zh_ui *ui, const zh_signal *signals, size_t n, double width)
{
    zh_draw *wide = NULL;
    zh_draw *narrow = NULL;
    zh_rc rc = zh_signal_draw(ui, signals, n, width, &wide);
    rc = rc == ZH_OK ? zh_signal_draw(ui, signals, n, PHONE_WIDTH, &narrow) : rc;
    if (rc == ZH_OK && wide != NULL) {
        zh_part_drawing_both(ui, wide, narrow, ZH_STR("forest"));
    }
    return rc;
}

/* ---- the list
 * ---------------------------------------------------------------------------------------------- */

typedef struct page {
    zh_ui *ui;
    const zh_detector *detector;
    zh_str region;
    zh_signal *all; /* of the detector */
    size_t nall;
    zh_signal *list; /* of the region */
    size_t n;
} page;

static void ask(const page *p)
{
    zh_ui *ui = p->ui;
    const zh_model *model = ui->ctx.model;
    zh_option *detectors = ZH_NEW_N(ui->arena, zh_option, model->ndetectors + 1);
    zh_option *regions = ZH_NEW_N(ui->arena, zh_option, REGIONS_MAX + 1);
    size_t n = 1;
    regions[0] = (zh_option){ZH_STR(""), zh_ui_text(ui, ZH_T_SIGNALS_EVERYWHERE)};
    for (size_t i = 0; i < model->ndetectors; i++) {
        const zh_detector *d = &model->detectors[i];
        detectors[i] = (zh_option){d->id, zh_ui_label(ui, d->label)};
    }
    for (size_t i = 0; i < p->nall; i++) {
        bool known = p->all[i].region.n == 0;
        for (size_t k = 0; k < n && !known; k++) {
            known = zh_str_eq(regions[k].value, p->all[i].region);
        }
        if (!known && n < REGIONS_MAX) {
            regions[n++] = (zh_option){p->all[i].region, zh_ui_region(ui, p->all[i].region)};
        }
    }
    zh_part_ask_open(ui, ui->request->path);
    zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_SIGNALS_SEE));
    zh_part_ask_select(ui, "detector", zh_ui_text(ui, ZH_T_SIGNALS_DETECTOR), detectors,
                       model->ndetectors, p->detector->id);
    if (n > 1) {
        zh_part_ask_words(ui, zh_ui_text(ui, ZH_T_SIGNALS_IN));
        zh_part_ask_select(ui, "region", zh_ui_text(ui, ZH_T_SIGNALS_REGION), regions, n,
                           p->region);
    }
    zh_download files[FILES];
    zh_part_ask_end(ui, files,
                    zh_keep_downloads(ui, ZH_STR("/files/signals/signals"), ui->request->query,
                                      false, true, files));
}

static zh_str made_of(const zh_ui *ui, const zh_signal *s)
{
    zh_str out = ZH_STR_NONE;
    size_t shown = 0;
    for (size_t i = 0; i < s->nfacets && zh_str_eq(s->facets[i].facet, s->facets[0].facet); i++) {
        if (shown++ == FACETS_SHOWN) {
            return zh_str_fmt(ui->arena, "%.*s …", ZH_FMT(out));
        }
        out = zh_str_fmt(ui->arena, "%.*s%.*s%.*s %" PRId64, ZH_FMT(out),
                         ZH_FMT(i > 0 ? zh_ui_text(ui, ZH_T_SEP) : ZH_STR("")),
                         ZH_FMT(zh_signal_facet_text(ui, s, &s->facets[i])), s->facets[i].n);
    }
    return out;
}

static void one_row(const page *p, zh_grid *g, const zh_signal *s, bool ratio)
{
    zh_ui *ui = p->ui;
    zh_grid_row(g, NULL);
    zh_grid_value_link(g, zh_signal_url(ui->arena, s), zh_signal_subject(ui, s));
    zh_grid_cell(g);
    zh_part_number(ui, zh_ui_count(ui, (int64_t)s->table.a), zh_signal_unit(ui, s),
                   zh_url_register(ui->arena, s->source, s->where, s->position));
    if (s->is_period) {
        zh_grid_text(g, zh_ui_decimal(ui, s->expected_shown));
        zh_grid_text(g, zh_ui_decimal(ui, s->bound_shown));
    }
    if (ratio) {
        zh_grid_text(g, s->prr_shown);
        zh_grid_cell(g);
        if (s->interval_shown.n > 0) {
            zh_part_interval(ui, s->interval_shown);
        } else {
            zh_part_nil(ui, ZH_NIL_SKIP, ZH_STR(""));
        }
        zh_grid_text(g, s->chi2_shown);
    }
    if (!s->is_period) {
        zh_grid_value(g, made_of(ui, s));
    }
    zh_grid_cell(g);
    zh_signal_lamp(ui, s);
    zh_grid_cell(g);
    if (s->has_task) {
        zh_signal_due(ui, &s->task);
    }
}

static void table(const page *p)
{
    zh_ui *ui = p->ui;
    zh_grid g;
    bool ratio = zh_detector_has_ratio(p->detector);
    const zh_column with[] = {
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_SIGNAL), .css = "full"},
        {.label = ZH_STR("n"), .number = true, .css = "nw"},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_PRR), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_INTERVAL), .css = "iv nw"},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_CHI2), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_MADE_OF), .css = "full"},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_STATE)},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_COL_TASK)},
    };
    const zh_column without[] = {with[0], with[1], with[5], with[6], with[7]};
    const zh_column periods[] = {
        with[0],
        with[1],
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_EXPECTED), .number = true},
        {.label = zh_ui_text(ui, ZH_T_SIGNALS_BOUND), .number = true},
        with[6],
        with[7],
    };
    bool period = p->detector->series.grain != ZH_SERIES_NONE;
    zh_part_section_open(ui, "data", zh_ui_text(ui, ZH_T_SIGNALS_LIST), true);
    zh_grid_open(&g, ui,
                 ratio    ? with
                 : period ? periods
                          : without,
                 ratio    ? ZH_COUNTOF(with)
                 : period ? ZH_COUNTOF(periods)
                          : ZH_COUNTOF(without),
                 true, ZH_STR(""));
    for (size_t i = 0; i < p->n; i++) {
        one_row(p, &g, &p->list[i], ratio);
    }
    zh_grid_close(&g);
    zh_download files[FILES];
    zh_part_furniture(ui, &(zh_fig_foot){.source = zh_ui_label(ui, p->detector->reg->label),
                                         .n = zh_str_fmt(ui->arena, "n = %zu", p->n),
                                         .downloads = files,
                                         .ndownloads = zh_keep_downloads(
                                             ui, ZH_STR("/files/signals/signals"),
                                             ui->request->query, false, true, files)});
    zh_part_section_close(ui);
}

static size_t forest_rows(const page *p)
{
    return p->n < FOREST_ROWS ? p->n : FOREST_ROWS;
}

static zh_str forest_title(const page *p)
{
    return ZH_SAY(p->ui, ZH_T_SIGNALS_FOREST, zh_ui_count(p->ui, (int64_t)forest_rows(p)));
}

static zh_rc forest(const page *p)
{
    zh_ui *ui = p->ui;
    size_t n = forest_rows(p);
    zh_download files[FILES];
    if (!zh_detector_has_ratio(p->detector) || n == 0) {
        return ZH_OK;
    }
    zh_part_figure_open(ui, &(zh_fig_head){.title = forest_title(p),
                                           .what = zh_ui_text(ui, ZH_T_SIGNALS_FOREST_WHAT)});
    zh_rc rc = zh_signal_forest(ui, p->list, n, WIDE_WIDTH);
    zh_part_figure_close(ui,
                         &(zh_fig_foot){
                             .read = zh_ui_text(ui, ZH_T_SIGNALS_FOREST_READ),
                             .source = zh_ui_label(ui, p->detector->reg->label),
                             .n = zh_str_fmt(ui->arena, "n = %zu", p->n),
                             .table_url = ZH_STR("#data"),
                             .downloads = files,
                             .ndownloads = zh_keep_downloads(ui, ZH_STR("/files/signals/signals"),
                                                             ui->request->query, true, true, files),
                         });
    return rc;
}

static zh_rc read_list(page *p)
{
    zh_ui *ui = p->ui;
    const zh_model *model = ui->ctx.model;
    zh_str wanted = zh_http_param(ui->request, "detector");
    zh_str region = zh_http_param(ui->request, "region");
    const zh_codes *regions = zh_model_codes(model, ZH_STR("region"));
    p->detector = wanted.n > 0 ? zh_model_detector(model, wanted) : &model->detectors[0];
    if (model->ndetectors == 0 || p->detector == NULL) {
        return zh_err_set(ui->err, ZH_ENOTFOUND, "signals.detector", "没有探测器“%.*s”",
                          ZH_FMT(wanted));
    }
    if (region.n > 0 && (regions == NULL || zh_code_find(regions, region, INT32_MIN) == NULL)) {
        return zh_err_set(ui->err, ZH_EINVAL, "signals.region", "没有地区“%.*s”", ZH_FMT(region));
    }
    p->region = region.n > 0 ? region : ZH_STR("");
    zh_signals_query q = {.detector = p->detector};
    zh_rc rc = zh_signals_list(&ui->ctx, ui->conn, &q, &p->all, &p->nall);
    q.region = p->region;
    p->list = p->all;
    p->n = p->nall;
    return rc == ZH_OK && p->region.n > 0 ? zh_signals_list(&ui->ctx, ui->conn, &q, &p->list, &p->n)
                                          : rc;
}

static zh_rc show(zh_ui *ui)
{
    page p = {.ui = ui};
    zh_rc rc = read_list(&p);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_text_id said = zh_detector_has_ratio(p.detector)            ? ZH_T_SIGNALS_TITLE
                      : p.detector->series.grain != ZH_SERIES_NONE ? ZH_T_SIGNALS_TITLE_PERIOD
                                                                   : ZH_T_SIGNALS_TITLE_FLOW;
    zh_ui_head(
        ui, &(zh_ui_head_of){
                .nav = ZH_T_NAV_SIGNALS,
                .title = p.n == 0 ? zh_ui_text(ui, ZH_T_SIGNALS_TITLE_NONE)
                                  : ZH_SAY(ui, said, zh_ui_label(ui, p.detector->label),
                                           zh_ui_count(ui, (int64_t)p.n),
                                           zh_signal_subject(ui, &p.list[0])),
                .lede = ZH_SAY(ui, ZH_T_SIGNALS_LEDE,
                               zh_detector_criteria(ui->arena, p.detector, ui->lang == ZH_LANG_EN)),
            });
    ask(&p);
    if (p.n == 0) {
        bool filtered = p.nall > 0;
        zh_part_empty(ui, filtered ? ZH_EMPTY_FILTER : ZH_EMPTY_DATA,
                      zh_ui_text(ui, ZH_T_SIGNALS_TITLE_NONE),
                      zh_ui_text(ui, filtered ? ZH_T_SIGNALS_EMPTY_FILTER : ZH_T_SIGNALS_EMPTY),
                      filtered ? zh_url_with(ui->request, "region", ZH_STR("")) : ZH_STR(""),
                      filtered ? zh_ui_text(ui, ZH_T_SIGNALS_ALL) : ZH_STR(""));
        return ZH_OK;
    }
    zh_html_open(&ui->html, "div", "stack");
    zh_part_note(ui, ZH_NOTE_WATCH, zh_ui_label(ui, p.detector->note));
    rc = zh_signal_past(ui, p.detector);
    if (rc == ZH_OK) {
        rc = zh_signal_series(ui, p.detector);
    }
    if (rc == ZH_OK) {
        rc = forest(&p);
    }
    table(&p);
    zh_html_close(&ui->html);
    return rc;
}

/* ---- files
 * ---------------------------------------------------------------------------------------- */

static zh_rc keep_table(const page *p, zh_keep_form form)
{
    static const char *const names[] = {"signal", "detector",     "version",  "row",   "row_label",
                                        "column", "column_label", "a",        "b",     "c",
                                        "d",      "prr",          "low",      "high",  "chi2_yates",
                                        "state",  "due",          "position", "where", "url"};
    enum { COLUMNS = ZH_COUNTOF(names) };
    zh_ui *ui = p->ui;
    zh_keep_column columns[COLUMNS];
    zh_str *cells = ZH_TRY_N(ui->arena, zh_str, p->n * COLUMNS + 1);
    if (cells == NULL) {
        return zh_err_set(ui->err, ZH_ELIMIT, "signals.file", "信号太多，不能成文件");
    }
    for (size_t k = 0; k < COLUMNS; k++) {
        columns[k] =
            (zh_keep_column){.name = zh_str_of(names[k]), .number = (k >= 7 && k <= 14) || k == 17};
    }
    for (size_t i = 0; i < p->n; i++) {
        const zh_signal *s = &p->list[i];
        const zh_ratio *prr = &s->stats.prr;
        char due[16] = "";
        if (s->has_task && s->task.has_due) {
            zh_date_format(zh_time_date(s->task.due_at - 1), due);
        }
        bool finite = s->has_ratio && prr->state == ZH_RATIO_FINITE;
        const zh_str row[COLUMNS] = {
            zh_str_fmt(ui->arena, "%" PRId64, s->id),
            s->detector,
            s->detector_version,
            s->row,
            s->row_label,
            s->column,
            s->column_label,
            zh_str_fmt(ui->arena, "%" PRIu64, s->table.a),
            zh_str_fmt(ui->arena, "%" PRIu64, s->table.b),
            zh_str_fmt(ui->arena, "%" PRIu64, s->table.c),
            zh_str_fmt(ui->arena, "%" PRIu64, s->table.d),
            finite ? zh_str_fmt(ui->arena, "%.10g", prr->value) : s->prr_shown,
            finite && prr->has_interval ? zh_str_fmt(ui->arena, "%.10g", prr->interval.lower)
                                        : ZH_STR(""),
            finite && prr->has_interval ? zh_str_fmt(ui->arena, "%.10g", prr->interval.upper)
                                        : ZH_STR(""),
            s->has_ratio ? zh_str_fmt(ui->arena, "%.10g", s->stats.chi2_yates) : ZH_STR(""),
            zh_ui_label(ui, s->state_name),
            zh_str_dup(ui->arena, zh_str_of(due)),
            zh_str_fmt(ui->arena, "%" PRId64, s->position),
            s->where,
            zh_signal_url(ui->arena, s)};
        memcpy(cells + i * COLUMNS, row, sizeof row);
    }
    const zh_keep_note notes[] = {
        {zh_ui_text(ui, ZH_T_SIGNALS_DETECTOR), zh_ui_label(ui, p->detector->label)},
        {zh_ui_text(ui, ZH_T_SIGNALS_CRITERIA),
         zh_detector_criteria(ui->arena, p->detector, ui->lang == ZH_LANG_EN)},
        {zh_ui_text(ui, ZH_T_SIGNALS_NOT), zh_ui_label(ui, p->detector->note)},
        {zh_ui_text(ui, ZH_T_STAMP), ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, ui->log_size))}};
    return zh_keep_table_as(ui, p->detector->id,
                            &(zh_keep_table){.columns = columns,
                                             .ncolumns = COLUMNS,
                                             .cells = cells,
                                             .nrows = p->n,
                                             .notes = notes,
                                             .nnotes = ZH_COUNTOF(notes)},
                            form);
}

static zh_rc keep(zh_ui *ui)
{
    page p = {.ui = ui};
    zh_keep_form form = ZH_KEEP_CSV;
    zh_str stem = ZH_STR("");
    zh_draw *list = NULL;
    zh_rc rc = zh_keep_form_of(ui, zh_http_arg(ui->request, "file"), &form, &stem);
    if (rc == ZH_OK && !zh_str_is(stem, "signals")) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "signals.file", "没有这个文件");
    }
    if (rc == ZH_OK) {
        rc = read_list(&p);
    }
    if (rc != ZH_OK || form == ZH_KEEP_CSV || form == ZH_KEEP_XLSX) {
        return rc == ZH_OK ? keep_table(&p, form) : rc;
    }
    rc = zh_signal_draw(ui, p.list, forest_rows(&p), WIDE_WIDTH, &list);
    return rc != ZH_OK ? rc
                       : zh_keep_figure_as(
                             ui, p.detector->id,
                             &(zh_keep_figure){.title = forest_title(&p),
                                               .what = zh_ui_text(ui, ZH_T_SIGNALS_FOREST_WHAT),
                                               .read = zh_ui_text(ui, ZH_T_SIGNALS_FOREST_READ),
                                               .source = zh_ui_label(ui, p.detector->reg->label),
                                               .n = zh_str_fmt(ui->arena, "n = %zu", p.n),
                                               .list = list},
                             form);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, keep);
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_kept(request, response, err, show);
}

ZH_ROUTE(page_signals) = {.method = "GET",
                          .path = "/signals",
                          .en = "Signals of risk",
                          .slow = true, /* a clock is read for every task */
                          .handle = handle};

ZH_ROUTE(page_signals_file) = {.method = "GET",
                               .path = "/files/signals/{file}",
                               .en = "The signals of a detector as a table or a picture",
                               .slow = true,
                               .handle = handle_file};
