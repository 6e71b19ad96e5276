/* Control charts, early warning, published results; see series.h. */
#include "app/report/series.h"
#include "app/report/limits.h"
#include "app/words.h"
#include "core/record/record.h"
#include "engine/ews.h"
#include <inttypes.h>
#include <math.h>

enum { BASELINE_USUAL = 7, PUBLISHED_COLUMNS = 7 };

static zh_rc refuse(zh_ctx *ctx, const zh_yaml *node, const char *rule, const char *what,
                    zh_str name)
{
    zh_err_set(ctx->err, ZH_EINVAL, rule, "%s“%.*s”", what, ZH_FMT(name));
    zh_yaml_where(node, ctx->err);
    return ZH_EINVAL;
}

/* The series that another question asked for, period by period; undated rows are left out. */
static zh_rc take_series(zh_ctx *ctx, zh_asks *asks, const char *key, zh_ask *ask)
{
    const zh_ask *of = zh_asks_get(asks, zh_yaml_text(ask->declared, key));
    if (of == NULL || of->kind != ZH_ASK_BY) {
        return refuse(ctx, ask->declared, "report.series", "要一个在前面、按时期分开的提问：",
                      ask->name);
    }
    ask->kind = ZH_ASK_SERIES;
    ask->indicator = of->indicator;
    ask->reg = of->reg;
    ask->title = of->title;
    ask->region = of->region;
    ask->region_code = of->region_code;
    ask->by = of->by;
    ask->origin = of->origin;
    ask->period = of->period;
    ask->rows = ZH_NEW_N(ctx->arena, zh_ask_row, of->nrows + 1);
    for (size_t i = 0; i < of->nrows; i++) {
        if (of->rows[i].figure.first != 0) {
            ask->rows[ask->nrows++] = of->rows[i];
        }
    }
    ask->limits = ZH_NEW_N(ctx->arena, zh_ask_limit, ask->nrows + 1);
    return ZH_OK;
}

static double number_of(zh_str text)
{
    double v = 0;
    return zh_str_double(text, &v) == ZH_OK ? v : 0;
}

static size_t whole(const zh_ask *ask, const char *key, size_t otherwise)
{
    uint64_t n = 0;
    return zh_str_u64(zh_yaml_text(ask->declared, key), &n) == ZH_OK && n <= ask->nrows ? (size_t)n
                                                                                        : otherwise;
}

zh_rc zh_ask_control(zh_ctx *ctx, zh_asks *asks, zh_ask *ask)
{
    zh_rc rc = take_series(ctx, asks, "control", ask);
    zh_str type = zh_yaml_text(ask->declared, "type");
    bool share = zh_str_is(type, "p");
    if (rc == ZH_OK && !share && !zh_str_is(type, "u")) {
        rc = refuse(ctx, ask->declared, "report.control", "控制图只有 p 和 u：", type);
    }
    if (rc != ZH_OK || ask->nrows < 2) {
        return rc;
    }
    double *counts = ZH_NEW_N(ctx->arena, double, ask->nrows);
    double *sizes = ZH_NEW_N(ctx->arena, double, ask->nrows);
    double *lower = ZH_NEW_N(ctx->arena, double, ask->nrows);
    double *upper = ZH_NEW_N(ctx->arena, double, ask->nrows);
    bool *beyond = ZH_NEW_N(ctx->arena, bool, ask->nrows);
    double scale = ask->indicator->percent ? 100 : 1;
    for (size_t i = 0; i < ask->nrows; i++) {
        counts[i] = number_of(ask->rows[i].figure.num);
        sizes[i] = number_of(ask->rows[i].figure.den);
    }
    ask->baseline = whole(ask, "baseline", 0);
    rc = zh_limits_of_counts(ctx->arena, counts, sizes, ask->nrows, share, ask->baseline,
                             &ask->centre, lower, upper, beyond, ctx->err);
    for (size_t i = 0; i < ask->nrows && rc == ZH_OK; i++) {
        ask->limits[i] = (zh_ask_limit){.lower = scale * lower[i],
                                        .upper = scale * upper[i],
                                        .n = sizes[i],
                                        .has_lower = true,
                                        .has_upper = true,
                                        .out = beyond[i]};
        ask->nout += beyond[i];
    }
    ask->centre *= scale;
    return rc;
}

static bool days_follow(const zh_ask *ask)
{
    for (size_t i = 1; i < ask->nrows; i++) {
        if (ask->rows[i].figure.first != ask->rows[i - 1].figure.first + 1) {
            return false;
        }
    }
    return true;
}

static zh_rc read_ears(zh_ctx *ctx, const zh_ask *ask, zh_ears *out)
{
    static const char *const names[] = {"ears_c1", "ears_c2", "ears_c3"};
    zh_str method = zh_yaml_text(ask->declared, "method");
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        if (zh_str_is(method, names[i])) {
            *out = (zh_ears){.method = (zh_ears_method)i,
                             .baseline = whole(ask, "baseline", BASELINE_USUAL),
                             .alpha = i == 2 ? 0.025 : 0.001};
            return out->baseline >= 3
                       ? ZH_OK
                       : refuse(ctx, ask->declared, "report.watch", "基线至少三点：", ask->name);
        }
    }
    return refuse(ctx, ask->declared, "report.watch", "不认识的预警方法：", method);
}

zh_rc zh_ask_watch(zh_ctx *ctx, zh_asks *asks, zh_ask *ask)
{
    zh_ears ears = {0};
    zh_date last = 0;
    zh_rc rc = take_series(ctx, asks, "watch", ask);
    if (rc == ZH_OK) {
        rc = read_ears(ctx, ask, &ears);
    }
    if (rc == ZH_OK && !days_follow(ask)) {
        rc =
            refuse(ctx, ask->declared, "report.watch", "这个系列缺日子，不能逐日预警：", ask->name);
    }
    size_t from = rc == ZH_OK ? zh_ears_first(&ears) : 0;
    if (rc != ZH_OK || ask->nrows <= from) {
        return rc;
    }
    size_t n = ask->nrows - from;
    double *counts = ZH_NEW_N(ctx->arena, double, ask->nrows);
    double *upper = ZH_NEW_N(ctx->arena, double, n);
    size_t *range = ZH_NEW_N(ctx->arena, size_t, n);
    zh_str shock = zh_yaml_text(ask->declared, "shock");
    for (size_t i = 0; i < ask->nrows; i++) {
        counts[i] = zh_decimal_double(ask->rows[i].figure.value);
        ask->centre += counts[i] / (double)ask->nrows;
    }
    for (size_t i = 0; i < n; i++) {
        range[i] = from + i;
    }
    zh_ears_run(counts, range, n, &ears, upper);
    ask->has_shock = zh_period_parse(shock, &ask->shock, &last) == ZH_OK;
    for (size_t i = 0; i < n; i++) {
        size_t at = from + i;
        bool out = !isnan(upper[i]) && counts[at] > upper[i];
        ask->limits[at] =
            (zh_ask_limit){.upper = upper[i], .has_upper = !isnan(upper[i]), .out = out};
        ask->nout += out;
        if (out && ask->has_shock && !ask->has_alarm && ask->rows[at].figure.first >= ask->shock) {
            ask->has_alarm = true;
            ask->alarm = ask->rows[at].figure.first;
        }
    }
    return ZH_OK;
}

/* ---- published results
 * ------------------------------------------------------------------------------ */

/* A value as it was published: so many decimals as it has there. */
static zh_str as_published(zh_arena *arena, zh_str published, double v)
{
    ptrdiff_t dot = zh_str_chr(published, '.');
    int decimals = dot < 0 ? 0 : (int)(published.n - (size_t)dot - 1);
    return isinf(v) ? ZH_STR("∞") : zh_str_fmt(arena, "%.*f", decimals, v);
}

static void compare(zh_arena *arena, const zh_yaml *published, const zh_detected *pair,
                    zh_str *cells, bool *agrees)
{
    const zh_two_by_two *t = &pair->table;
    double a = (double)t->a;
    double total = (double)(t->a + t->b + t->c + t->d);
    double expected = (double)(t->a + t->b) * (double)(t->a + t->c) / total;
    static const char *const keys[] = {"n", "e", "rr", "prr"};
    const double values[] = {a, expected, a / expected, pair->stats.prr.value};
    cells[0] = pair->row;
    cells[1] = pair->column;
    *agrees = true;
    for (size_t k = 0; k < ZH_COUNTOF(keys); k++) {
        zh_str said = zh_yaml_text(published, keys[k]);
        zh_str ours = as_published(arena, said, values[k]);
        bool same = zh_str_eq(said, ours);
        cells[2 + k] = same ? ours : zh_str_fmt(arena, "%.*s ≠ %.*s", ZH_FMT(ours), ZH_FMT(said));
        *agrees = *agrees && same;
    }
    cells[6] = *agrees ? ZH_STR("=") : ZH_STR("≠");
}

zh_rc zh_ask_published(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks, zh_ask *ask)
{
    const zh_str heads[PUBLISHED_COLUMNS] = {zh_asks_words(asks, "产品", "Product"),
                                             zh_asks_words(asks, "事件", "Event"),
                                             ZH_STR("N"),
                                             ZH_STR("E"),
                                             ZH_STR("RR"),
                                             ZH_STR("PRR"),
                                             zh_asks_words(asks, "一致", "Agrees")};
    zh_str id = zh_yaml_text(ask->declared, "published");
    const zh_yaml *results = zh_yaml_get(ask->declared, "results");
    zh_detection found = {0};
    int64_t position = as_of;
    size_t n = 0;
    ask->detector = zh_model_detector(ctx->model, id);
    if (ask->detector == NULL || results == NULL || results->n > ZH_REPORT_RECORDS_MAX) {
        return refuse(ctx, ask->declared, "report.published", "没有这个检测，或没有公布的结果：",
                      id);
    }
    zh_pair_key *keys = ZH_NEW_N(ctx->arena, zh_pair_key, results->n + 1);
    for (const zh_yaml *r = results->first; r != NULL; r = r->next) {
        keys[n++] = (zh_pair_key){zh_yaml_text(r, "row"), zh_yaml_text(r, "column")};
    }
    ask->kind = ZH_ASK_RECORDS;
    ask->reg = ask->detector->reg;
    ask->title = ask->detector->label.zh;
    ask->ncolumns = PUBLISHED_COLUMNS;
    ask->heads = ZH_NEW_N(ctx->arena, zh_str, PUBLISHED_COLUMNS);
    ask->cells = ZH_NEW_N(ctx->arena, zh_str, n * PUBLISHED_COLUMNS + 1);
    for (size_t k = 0; k < PUBLISHED_COLUMNS; k++) {
        ask->heads[k] = heads[k];
    }
    zh_rc rc = position < 0 ? zh_log_size(conn, &position, ctx->err) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_detect(ctx, conn, ask->detector, position, keys, n, &found);
    }
    const zh_yaml *r = results->first;
    for (size_t i = 0; i < n && rc == ZH_OK; i++, r = r->next) {
        for (size_t p = 0; p < found.n; p++) {
            bool agrees = false;
            if (zh_str_eq(found.pairs[p].row, keys[i].row) &&
                zh_str_eq(found.pairs[p].column, keys[i].column)) {
                compare(ctx->arena, r, &found.pairs[p],
                        ask->cells + ask->nrows++ * PUBLISHED_COLUMNS, &agrees);
                ask->nout += !agrees;
            }
        }
    }
    ask->units = found.units;
    return rc;
}
