/* Asking the questions of a report; see ask.h. */
#include "app/report/ask.h"
#include "app/report/series.h"
#include "app/words.h"
#include "base/vec.h"
#include "core/record/record.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct asker {
    zh_ctx *ctx;
    zh_conn *conn;
    int64_t as_of;
    zh_asks *asks;
    zh_map origins; /* of sets and registers, so that a set is one object */
} asker;

zh_str zh_yaml_text(const zh_yaml *mapping, const char *key)
{
    const zh_yaml *node = mapping != NULL ? zh_yaml_get(mapping, key) : NULL;
    return node != NULL && node->kind == ZH_YAML_SCALAR ? node->text : ZH_STR("");
}

static zh_rc refuse(const asker *a, const zh_yaml *node, const char *rule, const char *what,
                    zh_str name)
{
    zh_err_set(a->ctx->err, ZH_EINVAL, rule, "%s“%.*s”", what, ZH_FMT(name));
    zh_yaml_where(node, a->ctx->err);
    return ZH_EINVAL;
}

/* ---- names
 * ------------------------------------------------------------------------------------------ */

const zh_yaml *zh_asks_key(const zh_asks *asks, const zh_yaml *mapping, const char *key)
{
    char english[40];
    const zh_yaml *node = NULL;
    if (asks->english && snprintf(english, sizeof english, "%s_en", key) < (int)sizeof english) {
        node = zh_yaml_get(mapping, english);
    }
    return node != NULL ? node : zh_yaml_get(mapping, key);
}

zh_str zh_asks_text(const zh_asks *asks, const zh_yaml *mapping, const char *key)
{
    const zh_yaml *node = zh_asks_key(asks, mapping, key);
    return node != NULL && node->kind == ZH_YAML_SCALAR ? node->text : ZH_STR("");
}

zh_str zh_asks_label(const zh_asks *asks, zh_label label)
{
    return asks->english && label.en.n > 0 ? label.en : label.zh;
}

zh_str zh_asks_period(zh_arena *arena, const zh_asks *asks, zh_date first, zh_date last)
{
    return !asks->english            ? zh_words_period(arena, first, last)
           : first == 0 && last == 0 ? ZH_STR("all time")
                                     : zh_period_format(arena, first, last);
}

zh_str zh_asks_words(const zh_asks *asks, const char *zh, const char *en)
{
    return zh_str_of(asks->english ? en : zh);
}

zh_str zh_report_region(const zh_asks *asks, const zh_model *model, zh_str code)
{
    const zh_codes *regions = zh_model_codes(model, ZH_STR("region"));
    const zh_code *found = regions != NULL ? zh_code_find(regions, code, INT32_MIN) : NULL;
    return found != NULL ? zh_asks_label(asks, found->label) : code;
}

zh_str zh_report_value(zh_arena *arena, const zh_asks *asks, const zh_model *model,
                       const zh_figure *f)
{
    if (!f->has_value) {
        return f->status == ZH_FIG_NO_DENOMINATOR
                   ? zh_asks_words(asks, "没有分母", "no denominator")
                   : zh_asks_words(asks, "数据未到", "no data");
    }
    zh_str unit = zh_words_unit(model, f->indicator->unit);
    return zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(zh_words_decimal(arena, f->shown)),
                      unit.n == 0 || zh_str_is(unit, "%") ? "" : " ", ZH_FMT(unit));
}

/* The name of a value of a dimension: of its code system, or itself. */
static zh_str named(const asker *a, const zh_register *reg, zh_str dim, zh_str value)
{
    ptrdiff_t at = zh_str_chr(dim, '@');
    zh_str id = at >= 0 ? zh_str_sub(dim, 0, (size_t)at) : dim;
    const zh_field *field = zh_register_field(reg, id);
    if (value.n == 0) {
        return zh_asks_words(a->asks, "（无值）", "(none)");
    }
    if (field != NULL && field->codes != NULL) {
        const zh_code *code = zh_code_find(field->codes, value, INT32_MIN);
        return code != NULL ? zh_str_dup(a->ctx->arena, zh_asks_label(a->asks, code->label))
                            : value;
    }
    zh_date first = 0;
    zh_date last = 0;
    if (zh_period_parse(value, &first, &last) == ZH_OK) {
        return zh_asks_period(a->ctx->arena, a->asks, first, last);
    }
    return value;
}

static zh_rc find_origin(asker *a, zh_ask *ask)
{
    zh_demo_origin *origin = NULL;
    zh_rc rc = ZH_OK;
    if (ask->reg != NULL) {
        rc = zh_demo_origin_find(a->ctx->arena, ask->reg->id, &origin, a->ctx->err);
    }
    if (origin != NULL) {
        zh_demo_origin *same = zh_map_get(&a->origins, origin->set);
        origin = same != NULL ? same : origin;
        (void)zh_map_put(&a->origins, origin->set, origin);
    }
    ask->origin = origin;
    return rc;
}

/* ---- parts of questions
 * ----------------------------------------------------------------------------- */

static zh_rc compile(asker *a, zh_ask *ask, const char *key, const zh_program **out)
{
    const zh_yaml *node = zh_yaml_get(ask->declared, key);
    *out = NULL;
    if (node == NULL) {
        return ZH_OK;
    }
    zh_scope scope = {.model = a->ctx->model, .reg = ask->reg};
    zh_program *program = ZH_NEW(a->ctx->arena, zh_program);
    ask->where = zh_yaml_text(ask->declared, key);
    zh_rc rc = zh_expr_compile(a->ctx->arena, &scope, ask->where, program, a->ctx->err);
    if (rc != ZH_OK) {
        zh_yaml_where(node, a->ctx->err);
    }
    *out = program;
    return rc;
}

static zh_rc find_register(asker *a, zh_ask *ask, const char *key)
{
    zh_str id = zh_yaml_text(ask->declared, key);
    ask->reg = zh_model_register(a->ctx->model, id);
    if (ask->reg == NULL) {
        return refuse(a, ask->declared, "report.register", "声明里没有登记册", id);
    }
    ask->title = zh_asks_label(a->asks, ask->reg->label);
    return ZH_OK;
}

static zh_str origin_period(const asker *a, const zh_demo_origin *origin)
{
    return a->asks->english ? origin->period_en : origin->period;
}

static zh_rc read_words(const asker *a, zh_ask *ask)
{
    zh_str standard = zh_yaml_text(ask->declared, "standard");
    zh_str label = zh_asks_text(a->asks, ask->declared, "label");
    ask->standard_label = zh_asks_text(a->asks, ask->declared, "standard_label");
    ask->title = label.n > 0 ? label : ask->title;
    if (standard.n > 0) {
        ask->has_standard = true;
        if (zh_str_double(standard, &ask->standard) != ZH_OK) {
            return refuse(a, ask->declared, "report.standard", "标准不是数", standard);
        }
    }
    return ZH_OK;
}

/* ---- figures
 * ---------------------------------------------------------------------------------------- */

typedef struct ordering {
    zh_ask_row row;
    int sign;
} ordering;

static int in_order(const void *x, const void *y)
{
    const ordering *a = x;
    const ordering *b = y;
    const zh_figure *f = &a->row.figure;
    const zh_figure *g = &b->row.figure;
    if (f->has_value != g->has_value) {
        return f->has_value ? -1 : 1;
    }
    int order = f->has_value ? a->sign * zh_decimal_cmp(f->value, g->value) : 0;
    return order != 0 ? order : zh_str_cmp(a->row.key, b->row.key);
}

static zh_rc sort_rows(const asker *a, zh_ask *ask)
{
    zh_str order = zh_yaml_text(ask->declared, "order");
    if (order.n == 0 || zh_str_is(order, "key")) {
        return ZH_OK;
    }
    if (!zh_str_is(order, "high") && !zh_str_is(order, "low")) {
        return refuse(a, ask->declared, "report.order", "不认识的次序", order);
    }
    ordering *list = ZH_NEW_N(a->ctx->arena, ordering, ask->nrows + 1);
    for (size_t i = 0; i < ask->nrows; i++) {
        list[i] = (ordering){ask->rows[i], zh_str_is(order, "high") ? -1 : 1};
    }
    zh_sort(list, ask->nrows, sizeof *list, in_order);
    for (size_t i = 0; i < ask->nrows; i++) {
        ask->rows[i] = list[i].row;
    }
    return ZH_OK;
}

/* Values of one region, behind those of the regions before it. */
static zh_rc add_by(asker *a, zh_ask *ask, const zh_figure_query *query)
{
    zh_str *keys = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    zh_rc rc = zh_figure_by(a->ctx, a->conn, query, ask->by, &keys, &figures, &n);
    if (rc != ZH_OK) {
        zh_yaml_where(ask->declared, a->ctx->err);
        return rc;
    }
    zh_ask_row *rows = ZH_TRY_N(a->ctx->arena, zh_ask_row, ask->nrows + n + 1);
    if (rows == NULL) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "report.rows", "“%.*s”的答案太大",
                          ZH_FMT(ask->name));
    }
    for (size_t i = 0; i < ask->nrows; i++) {
        rows[i] = ask->rows[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (figures[i].has_value) {
            rows[ask->nrows++] = (zh_ask_row){.key = keys[i],
                                              .label = named(a, ask->reg, ask->by, keys[i]),
                                              .figure = figures[i]};
        }
    }
    ask->rows = rows;
    return ZH_OK;
}

static zh_rc add_figure(asker *a, zh_ask *ask, const zh_figure_query *query)
{
    zh_ask_row *row = ZH_NEW(a->ctx->arena, zh_ask_row);
    zh_rc rc = zh_figure_ask(a->ctx, a->conn, query, &row->figure);
    if (rc != ZH_OK) {
        zh_yaml_where(ask->declared, a->ctx->err);
        return rc;
    }
    row->key = query->region;
    row->label = ask->region;
    ask->rows = row;
    ask->nrows = 1;
    return ZH_OK;
}

static zh_rc read_period(const asker *a, zh_ask *ask, zh_figure_query *query)
{
    ask->period_text = zh_yaml_text(ask->declared, "period");
    if (ask->period_text.n == 0) {
        ask->period = ask->origin != NULL ? origin_period(a, ask->origin)
                                          : zh_asks_words(a->asks, "全部时期", "all time");
        return ZH_OK;
    }
    if (zh_period_parse(ask->period_text, &query->first, &query->last) != ZH_OK) {
        return refuse(a, ask->declared, "report.period", "不是期间", ask->period_text);
    }
    ask->period = zh_asks_period(a->ctx->arena, a->asks, query->first, query->last);
    return ZH_OK;
}

static void read_filter(const zh_ask *ask, zh_figure_query *query, zh_cell_filter *filter)
{
    zh_str text = zh_yaml_text(ask->declared, "filter");
    ptrdiff_t equals = zh_str_chr(text, '=');
    if (equals > 0) {
        *filter = (zh_cell_filter){.dim = zh_str_sub(text, 0, (size_t)equals),
                                   .value = zh_str_sub(text, (size_t)equals + 1, text.n),
                                   .subtree = true};
        query->filters = filter;
        query->nfilters = 1;
    }
}

static zh_rc ask_region(asker *a, zh_ask *ask, zh_figure_query *query, zh_str region)
{
    query->region = region;
    zh_str name = region.n > 0 ? zh_report_region(a->asks, a->ctx->model, region) : ZH_STR("");
    ask->region = ask->region.n > 0
                      ? zh_str_fmt(a->ctx->arena, a->asks->english ? "%.*s, %.*s" : "%.*s、%.*s",
                                   ZH_FMT(ask->region), ZH_FMT(name))
                      : name;
    ask->region_code = region;
    return ask->kind == ZH_ASK_BY ? add_by(a, ask, query) : add_figure(a, ask, query);
}

static zh_rc ask_figure(asker *a, zh_ask *ask)
{
    zh_str id = zh_yaml_text(ask->declared, "figure");
    zh_figure_query *query = ZH_NEW(a->ctx->arena, zh_figure_query);
    zh_cell_filter *filter = ZH_NEW(a->ctx->arena, zh_cell_filter);
    ask->indicator = zh_model_indicator(a->ctx->model, id);
    if (ask->indicator == NULL || ask->indicator->reg == NULL) {
        return refuse(a, ask->declared, "report.indicator", "声明里没有指标", id);
    }
    ask->reg = ask->indicator->reg;
    ask->title = zh_asks_label(a->asks, ask->indicator->label);
    ask->by = zh_yaml_text(ask->declared, "by");
    ask->kind = ask->by.n > 0 ? ZH_ASK_BY : ZH_ASK_FIGURE;
    query->indicator = ask->indicator;
    query->as_of = a->as_of;
    ask->query = ask->kind == ZH_ASK_FIGURE ? query : NULL;
    read_filter(ask, query, filter);
    zh_rc rc = find_origin(a, ask);
    if (rc == ZH_OK) {
        rc = compile(a, ask, "where", &query->where);
    }
    if (rc == ZH_OK) {
        rc = read_period(a, ask, query);
    }
    const zh_yaml *regions = zh_yaml_get(ask->declared, "regions");
    if (rc == ZH_OK && regions == NULL) {
        rc = ask_region(a, ask, query, zh_yaml_text(ask->declared, "region"));
    }
    size_t n = 0;
    for (const zh_yaml *r = regions != NULL ? regions->first : NULL; r != NULL && rc == ZH_OK;
         r = r->next) {
        if (++n > ZH_REPORT_REGIONS_MAX || ask->kind != ZH_ASK_BY) {
            return refuse(a, r, "report.regions", "多个地区要有 by，且不过多", r->text);
        }
        rc = ask_region(a, ask, query, r->text);
        ask->region_code = ZH_STR("");
    }
    return rc == ZH_OK ? sort_rows(a, ask) : rc;
}

/* ---- two answers
 * ------------------------------------------------------------------------------------ */

static zh_rc ask_change(asker *a, zh_ask *ask)
{
    const zh_yaml *pair = zh_yaml_get(ask->declared, "change");
    const zh_yaml *second = pair->first != NULL ? pair->first->next : NULL;
    const zh_ask *from = pair->first != NULL ? zh_asks_get(a->asks, pair->first->text) : NULL;
    const zh_ask *to = second != NULL ? zh_asks_get(a->asks, second->text) : NULL;
    if (from == NULL || to == NULL || from->kind != ZH_ASK_BY || to->kind != ZH_ASK_BY) {
        return refuse(a, pair, "report.change", "change 要两个在前面、有 by 的提问", ask->name);
    }
    ask->indicator = to->indicator;
    ask->reg = to->reg;
    ask->title = to->title;
    ask->region = to->region;
    ask->by = to->by;
    ask->origin = to->origin;
    ask->period =
        zh_str_fmt(a->ctx->arena, "%.*s → %.*s", ZH_FMT(from->period), ZH_FMT(to->period));
    ask->rows = ZH_NEW_N(a->ctx->arena, zh_ask_row, to->nrows + 1);
    ask->nrows = to->nrows;
    for (size_t i = 0; i < to->nrows; i++) {
        ask->rows[i] = to->rows[i];
        for (size_t k = 0; k < from->nrows; k++) {
            if (zh_str_eq(from->rows[k].key, to->rows[i].key)) {
                ask->rows[i].has_before = from->rows[k].figure.has_value;
                ask->rows[i].before = from->rows[k].figure;
            }
        }
    }
    return ZH_OK;
}

/* ---- detectors
 * -------------------------------------------------------------------------------------- */

static int by_n(const void *x, const void *y)
{
    const zh_detected *a = x;
    const zh_detected *b = y;
    if (a->table.a != b->table.a) {
        return a->table.a > b->table.a ? -1 : 1;
    }
    int order = zh_str_cmp(a->row, b->row);
    return order != 0 ? order : zh_str_cmp(a->column, b->column);
}

static int by_ratio(const void *x, const void *y)
{
    const zh_detected *a = x;
    const zh_detected *b = y;
    double p = a->stats.prr.value;
    double q = b->stats.prr.value;
    return p > q ? -1 : (p < q ? 1 : by_n(x, y));
}

/* One run of each detector serves all questions about it. */
static zh_rc detect_once(asker *a, const zh_detector *detector, const zh_detection **out)
{
    const char *key = zh_str_fmt(a->ctx->arena, "detector %.*s", ZH_FMT(detector->id)).p;
    zh_detection *known = zh_map_get(&a->origins, zh_str_of(key));
    if (known == NULL) {
        int64_t position = a->as_of;
        zh_rc rc = position < 0 ? zh_log_size(a->conn, &position, a->ctx->err) : ZH_OK;
        known = ZH_NEW(a->ctx->arena, zh_detection);
        if (rc == ZH_OK) {
            rc = zh_detect(a->ctx, a->conn, detector, position, NULL, 0, known);
        }
        if (rc != ZH_OK) {
            return rc;
        }
        (void)zh_map_put(&a->origins, zh_str_of(key), known);
    }
    *out = known;
    return ZH_OK;
}

static zh_str code_label(const asker *a, const zh_detector_dim *dim, zh_str value, zh_str label)
{
    const zh_code *code = dim->codes != NULL ? zh_code_find(dim->codes, value, INT32_MIN) : NULL;
    return code != NULL ? zh_asks_label(a->asks, code->label) : label;
}

/* A detection names its values in Chinese. */
static void relabel(const asker *a, const zh_detector *detector, zh_detected *pair)
{
    if (!a->asks->english) {
        return;
    }
    pair->row_label = code_label(a, &detector->row, pair->row, pair->row_label);
    pair->column_label = code_label(a, &detector->column, pair->column, pair->column_label);
    zh_facet *facets = ZH_NEW_N(a->ctx->arena, zh_facet, pair->nfacets + 1);
    for (size_t i = 0; i < pair->nfacets; i++) {
        facets[i] = pair->facets[i];
        facets[i].label = facets[i].value.n > 0
                              ? code_label(a, facets[i].dim, facets[i].value, facets[i].label)
                              : ZH_STR("");
    }
    pair->facets = facets;
}

static zh_rc ask_pairs(asker *a, zh_ask *ask)
{
    zh_str id = zh_yaml_text(ask->declared, "detector");
    zh_str row = zh_yaml_text(ask->declared, "row");
    zh_str order = zh_yaml_text(ask->declared, "order");
    const zh_detection *found = NULL;
    ask->detector = zh_model_detector(a->ctx->model, id);
    if (ask->detector == NULL) {
        return refuse(a, ask->declared, "report.detector", "声明里没有检测", id);
    }
    ask->reg = ask->detector->reg;
    ask->title = zh_asks_label(a->asks, ask->detector->label);
    zh_rc rc = find_origin(a, ask);
    if (rc == ZH_OK) {
        rc = detect_once(a, ask->detector, &found);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    ask->period = ask->origin != NULL ? origin_period(a, ask->origin)
                                      : zh_asks_words(a->asks, "全部时期", "all time");
    ask->units = found->units;
    ask->pairs = ZH_NEW_N(a->ctx->arena, zh_detected, found->n + 1);
    for (size_t i = 0; i < found->n; i++) {
        if (found->pairs[i].passes && (row.n == 0 || zh_str_eq(found->pairs[i].row, row))) {
            ask->region = row.n > 0 ? zh_report_region(a->asks, a->ctx->model, row) : ZH_STR("");
            ask->pairs[ask->npairs] = found->pairs[i];
            relabel(a, ask->detector, &ask->pairs[ask->npairs++]);
        }
    }
    if (ask->region.n == 0 && row.n > 0) {
        ask->region = zh_report_region(a->asks, a->ctx->model, row);
    }
    if (zh_str_is(order, "n")) {
        zh_sort(ask->pairs, ask->npairs, sizeof *ask->pairs, by_n);
    } else if (zh_str_is(order, "ratio")) {
        zh_sort(ask->pairs, ask->npairs, sizeof *ask->pairs, by_ratio);
    }
    return ZH_OK;
}

/* ---- records
 * ---------------------------------------------------------------------------------------- */

static zh_rc ask_count(asker *a, zh_ask *ask)
{
    zh_list_query *query = ZH_NEW(a->ctx->arena, zh_list_query);
    zh_rc rc = find_register(a, ask, "count");
    if (rc == ZH_OK) {
        rc = find_origin(a, ask);
    }
    if (rc == ZH_OK) {
        rc = compile(a, ask, "where", &query->where);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str of = zh_yaml_text(ask->declared, "of");
    zh_group group = {.field = zh_register_field(ask->reg, of)};
    if (of.n > 0 && group.field == NULL) {
        return refuse(a, ask->declared, "report.field", "登记册没有字段", of);
    }
    query->reg = ask->reg;
    query->limit = 1;
    query->as_of = a->as_of;
    ask->by = of;
    ask->period = ask->origin != NULL ? origin_period(a, ask->origin)
                                      : zh_asks_words(a->asks, "全部时期", "all time");
    return zh_count(a->ctx, a->conn, query, &group, of.n > 0 ? 1 : 0, &ask->counts);
}

static zh_str show(const asker *a, const zh_field *field, const zh_value *value)
{
    if (value->kind == ZH_TEXT && field->codes != NULL) {
        const zh_code *code = zh_code_find(field->codes, value->text, INT32_MIN);
        return code == NULL ? value->text
                            : zh_str_fmt(a->ctx->arena, "%.*s %.*s", ZH_FMT(value->text),
                                         ZH_FMT(zh_asks_label(a->asks, code->label)));
    }
    return zh_value_display(a->ctx->arena, value);
}

/* A field of a record; of a table, its first column row by row. */
static zh_str show_field(const asker *a, const zh_record *record, const zh_field *field)
{
    if (field->type != ZH_TYPE_TABLE) {
        return show(a, field, &record->values[field->index]);
    }
    const zh_rows *rows = &record->tables[field->index];
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < rows->n; i++) {
        zh_str one = show(a, &field->columns[0], &rows->values[i * field->ncolumns]);
        out = zh_str_fmt(a->ctx->arena, "%.*s%s%.*s", ZH_FMT(out), i > 0 ? "、" : "", ZH_FMT(one));
    }
    return out;
}

static zh_rc ask_records(asker *a, zh_ask *ask)
{
    const zh_field *fields[ZH_REPORT_FIELDS_MAX];
    zh_list_query query = {.limit = ZH_REPORT_RECORDS_MAX, .as_of = a->as_of, .with_tables = true};
    zh_page page = {0};
    zh_rc rc = find_register(a, ask, "records");
    if (rc == ZH_OK) {
        rc = find_origin(a, ask);
    }
    if (rc == ZH_OK) {
        rc = compile(a, ask, "where", &query.where);
    }
    const zh_yaml *list = zh_yaml_get(ask->declared, "fields");
    ask->heads = ZH_NEW_N(a->ctx->arena, zh_str, ZH_REPORT_FIELDS_MAX);
    for (const zh_yaml *f = list != NULL ? list->first : NULL; f != NULL && rc == ZH_OK;
         f = f->next) {
        const zh_field *field = zh_register_field(ask->reg, f->text);
        if (field == NULL || ask->ncolumns == ZH_REPORT_FIELDS_MAX) {
            return refuse(a, f, "report.field", "登记册没有字段，或字段太多：", f->text);
        }
        fields[ask->ncolumns] = field;
        ask->heads[ask->ncolumns++] = zh_asks_label(a->asks, field->label);
    }
    query.reg = ask->reg;
    if (rc == ZH_OK) {
        rc = zh_list(a->ctx, a->conn, &query, &page);
    }
    if (rc == ZH_OK && page.next.n > 0) {
        rc = refuse(a, ask->declared, "report.records", "记录太多，不能列出：", ask->name);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    ask->period = ask->origin != NULL ? origin_period(a, ask->origin)
                                      : zh_asks_words(a->asks, "全部时期", "all time");
    ask->nrows = page.n;
    ask->cells = ZH_NEW_N(a->ctx->arena, zh_str, page.n * ask->ncolumns + 1);
    for (size_t r = 0; r < page.n; r++) {
        for (size_t c = 0; c < ask->ncolumns; c++) {
            ask->cells[r * ask->ncolumns + c] = show_field(a, page.records[r], fields[c]);
        }
    }
    return ZH_OK;
}

static zh_rc ask_target(asker *a, zh_ask *ask)
{
    zh_str id = zh_yaml_text(ask->declared, "target");
    zh_rc rc = zh_target_ask(a->ctx, a->conn, id, 0, a->as_of, &ask->target);
    if (rc == ZH_ENOTFOUND) {
        return refuse(a, ask->declared, "report.target", "没有目标", id);
    }
    if (rc == ZH_OK) {
        ask->title = zh_asks_label(a->asks, ask->target.item->name);
        ask->region = zh_report_region(a->asks, a->ctx->model, ask->target.item->region);
    }
    return rc;
}

/* ---- made from answers
 * --------------------------------------------------------------------------------- */

static zh_rc ask_control(asker *a, zh_ask *ask)
{
    return zh_ask_control(a->ctx, a->asks, ask);
}

static zh_rc ask_watch(asker *a, zh_ask *ask)
{
    return zh_ask_watch(a->ctx, a->asks, ask);
}

static zh_rc ask_published(asker *a, zh_ask *ask)
{
    zh_rc rc = zh_ask_published(a->ctx, a->conn, a->as_of, a->asks, ask);
    return rc == ZH_OK ? find_origin(a, ask) : rc;
}

static zh_rc ask_shrunk(asker *a, zh_ask *ask)
{
    zh_rc rc = zh_ask_shrunk(a->ctx, a->conn, a->as_of, a->asks, ask);
    return rc == ZH_OK ? find_origin(a, ask) : rc;
}

static zh_rc ask_prior(asker *a, zh_ask *ask)
{
    zh_rc rc = zh_ask_prior(a->ctx, a->conn, a->as_of, a->asks, ask);
    return rc == ZH_OK ? find_origin(a, ask) : rc;
}

static zh_rc ask_similar(asker *a, zh_ask *ask)
{
    zh_rc rc = zh_ask_similar(a->ctx, a->conn, a->as_of, a->asks, ask);
    return rc == ZH_OK ? find_origin(a, ask) : rc;
}

/* ---- all
 * -------------------------------------------------------------------------------------------- */

static zh_rc ask_one(asker *a, zh_ask *ask)
{
    static const struct {
        const char *key;
        zh_ask_kind kind;
        zh_rc (*ask)(asker *a, zh_ask *ask);
    } kinds[] = {
        {"figure", ZH_ASK_FIGURE, ask_figure},        {"change", ZH_ASK_CHANGE, ask_change},
        {"detector", ZH_ASK_PAIRS, ask_pairs},        {"count", ZH_ASK_COUNT, ask_count},
        {"records", ZH_ASK_RECORDS, ask_records},     {"target", ZH_ASK_TARGET, ask_target},
        {"control", ZH_ASK_SERIES, ask_control},      {"watch", ZH_ASK_SERIES, ask_watch},
        {"published", ZH_ASK_RECORDS, ask_published}, {"similar", ZH_ASK_RECORDS, ask_similar},
        {"shrunk", ZH_ASK_RECORDS, ask_shrunk},       {"prior", ZH_ASK_RECORDS, ask_prior},
    };
    for (size_t i = 0; i < ZH_COUNTOF(kinds); i++) {
        if (zh_yaml_get(ask->declared, kinds[i].key) != NULL) {
            ask->kind = kinds[i].kind;
            zh_rc rc = kinds[i].ask(a, ask);
            return rc == ZH_OK ? read_words(a, ask) : rc;
        }
    }
    return refuse(a, ask->declared, "report.ask", "不认识的提问", ask->name);
}

static bool has_target(const zh_model *model, zh_str id)
{
    for (size_t i = 0; i < model->noutline_items; i++) {
        if (zh_str_eq(model->outline_items[i].id, id)) {
            return true;
        }
    }
    return false;
}

bool zh_report_fits(const zh_model *model, const zh_yaml *declared)
{
    const zh_yaml *questions = zh_yaml_get(declared, "ask");
    for (const zh_yaml *q = questions != NULL ? questions->first : NULL; q != NULL; q = q->next) {
        zh_str figure = zh_yaml_text(q, "figure");
        zh_str detector = zh_yaml_text(q, "detector");
        zh_str target = zh_yaml_text(q, "target");
        zh_str count = zh_yaml_text(q, "count");
        zh_str records = zh_yaml_text(q, "records");
        zh_str reg = count.n > 0 ? count : records.n > 0 ? records : zh_yaml_text(q, "similar");
        static const char *const beside[] = {"published", "shrunk", "prior"};
        for (size_t i = 0; i < ZH_COUNTOF(beside) && detector.n == 0; i++) {
            const zh_yaml *named = zh_yaml_get(q, beside[i]);
            detector = named != NULL ? named->text : ZH_STR_NONE;
        }
        if ((figure.n > 0 && zh_model_indicator(model, figure) == NULL) ||
            (detector.n > 0 && zh_model_detector(model, detector) == NULL) ||
            (target.n > 0 && !has_target(model, target)) ||
            (reg.n > 0 && zh_model_register(model, reg) == NULL)) {
            return false;
        }
    }
    return true;
}

zh_ask *zh_asks_get(const zh_asks *asks, zh_str name)
{
    for (size_t i = 0; i < asks->n; i++) {
        if (zh_str_eq(asks->list[i].name, name)) {
            asks->list[i].used = true;
            return &asks->list[i];
        }
    }
    return NULL;
}

zh_rc zh_report_ask(zh_ctx *ctx, zh_conn *conn, const zh_yaml *declared, int64_t as_of,
                    bool english, zh_asks *out)
{
    asker a = {.ctx = ctx, .conn = conn, .as_of = as_of, .asks = out};
    const zh_yaml *questions = zh_yaml_get(declared, "ask");
    zh_map_init(&a.origins, ctx->arena);
    *out = (zh_asks){.english = english};
    if (questions == NULL || questions->kind != ZH_YAML_MAPPING) {
        return refuse(&a, declared, "report.ask", "报告没有提问", ZH_STR("ask"));
    }
    if (questions->n > ZH_REPORT_ASKS_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "report.asks", "报告的提问超过 %zu 个",
                          ZH_REPORT_ASKS_MAX);
    }
    out->list = ZH_NEW_N(ctx->arena, zh_ask, questions->n + 1);
    zh_rc rc = ZH_OK;
    for (const zh_yaml *q = questions->first; q != NULL && rc == ZH_OK; q = q->next) {
        zh_ask *ask = &out->list[out->n];
        ask->name = q->key;
        ask->declared = q;
        rc = ask_one(&a, ask);
        out->n += rc == ZH_OK;
    }
    return rc;
}
