/* Series of a detector; see series.h. */
#include "app/signal/series.h"
#include "engine/spc.h"
#include "engine/warning.h"
#include <math.h>
#include <stdlib.h>

typedef struct cell {
    int32_t bucket;
    double counted, others; /* amounts of events, of the rest */
} cell;

typedef struct series {
    zh_str row;
    zh_map cells; /* bucket as text -> cell */
    ZH_VEC(cell *) all;
} series;

/* ---- the declaration ---- */

typedef struct rule {
    bool warning;
    zh_warning_method method;
    zh_chart_type chart;
} rule;

static bool rule_of(const zh_detector *d, rule *out)
{
    static const struct {
        const char *name;
        zh_chart_type type;
    } charts[] = {{"p", ZH_CHART_P}, {"np", ZH_CHART_NP}, {"c", ZH_CHART_C}, {"u", ZH_CHART_U}};
    const zh_str chart = ZH_STR("control_chart.");
    const zh_str warning = ZH_STR("early_warning.");
    if (!zh_str_ends(d->engine, ZH_STR("@1"))) {
        return false;
    }
    zh_str name = zh_str_sub(d->engine, 0, d->engine.n - 2);
    if (zh_str_starts(name, warning)) {
        out->warning = true;
        return zh_warning_find(zh_str_sub(name, warning.n, name.n), &out->method);
    }
    name = zh_str_starts(name, chart) ? zh_str_sub(name, chart.n, name.n) : ZH_STR("");
    out->warning = false;
    for (size_t i = 0; i < ZH_COUNTOF(charts); i++) {
        if (zh_str_is(name, charts[i].name)) {
            out->chart = charts[i].type;
            return true;
        }
    }
    return false;
}

static bool is_parameter(const rule *r, zh_str name)
{
    return zh_str_is(name, "baseline") ||
           (r->warning ? zh_str_is(name, "alpha") || zh_str_is(name, "frequency") ||
                             zh_str_is(name, "years")
                       : zh_str_is(name, "nsigmas"));
}

zh_rc zh_series_check(const zh_detector *d, zh_err *err)
{
    rule r = {0};
    if (!rule_of(d, &r)) {
        zh_err_set(err, ZH_EINVAL, "detector.engine", "探测器“%.*s”的引擎“%.*s”不存在",
                   ZH_FMT(d->id), ZH_FMT(d->engine));
        zh_err_fix(err,
                   "序列可用：control_chart.p、np、c、u，early_warning.c1、c2、c3、farrington、"
                   "farrington_flexible，写作 名称@1");
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < d->ncriteria; i++) {
        if (!zh_str_is(d->criteria[i].name, "n")) {
            zh_err_set(err, ZH_EINVAL, "detector.criterion", "探测器“%.*s”的引擎 %.*s 不给出“%.*s”",
                       ZH_FMT(d->id), ZH_FMT(d->engine), ZH_FMT(d->criteria[i].name));
            zh_err_fix(err, "可用：n");
            return ZH_EINVAL;
        }
    }
    for (size_t i = 0; i < d->series.nparameters; i++) {
        if (!is_parameter(&r, d->series.parameters[i].name)) {
            zh_err_set(err, ZH_EINVAL, "detector.parameter", "引擎 %.*s 没有参数“%.*s”",
                       ZH_FMT(d->engine), ZH_FMT(d->series.parameters[i].name));
            zh_err_fix(err, r.warning ? "可用：baseline、alpha、frequency、years"
                                      : "可用：baseline、nsigmas");
            return ZH_EINVAL;
        }
    }
    return ZH_OK;
}

static double parameter(const zh_detector *d, const char *name, double otherwise)
{
    for (size_t i = 0; i < d->series.nparameters; i++) {
        if (zh_str_is(d->series.parameters[i].name, name)) {
            return zh_decimal_double(d->series.parameters[i].min);
        }
    }
    return otherwise;
}

zh_str zh_series_criteria(zh_arena *arena, const zh_detector *d, bool english)
{
    rule r = {0};
    bool known = rule_of(d, &r);
    zh_str out =
        zh_str_fmt(arena, "%s",
                   known && r.warning ? (english ? "above the warning limit" : "高于预警上限")
                                      : (english ? "outside the control limits" : "越出控制限"));
    for (size_t i = 0; i < d->series.nparameters; i++) {
        const zh_criterion *p = &d->series.parameters[i];
        out = zh_str_fmt(arena, english ? "%.*s, %.*s = %.*s" : "%.*s，%.*s = %.*s", ZH_FMT(out),
                         ZH_FMT(p->name), ZH_FMT(zh_decimal_str(arena, p->min)));
    }
    return out;
}

/* ---- periods ---- */

static int32_t bucket_of(zh_series_grain grain, zh_date day)
{
    int year;
    int month;
    int ignored;
    switch (grain) {
    case ZH_SERIES_WEEK: /* the day number of its Monday */ return day - zh_date_weekday(day) + 1;
    case ZH_SERIES_MONTH: zh_date_civil(day, &year, &month, &ignored); return year * 12 + month - 1;
    case ZH_SERIES_DAY:
    case ZH_SERIES_NONE: break;
    }
    return day;
}

static int32_t step_of(zh_series_grain grain)
{
    return grain == ZH_SERIES_WEEK ? 7 : 1;
}

static void days_of(zh_series_grain grain, int32_t bucket, zh_date *first, zh_date *last)
{
    if (grain == ZH_SERIES_MONTH) {
        *first = zh_date_of(bucket / 12, bucket % 12 + 1, 1);
        *last = zh_date_add_months(*first, 1) - 1;
        return;
    }
    *first = (zh_date)bucket;
    *last = (zh_date)(bucket + step_of(grain) - 1);
}

bool zh_series_bucket(const zh_detector *d, const zh_record *record, int32_t *out)
{
    const zh_field *field = d->reg->event_time;
    const zh_value *v = field == NULL ? NULL : &record->values[field->index];
    if (v == NULL || (v->kind != ZH_DATE && v->kind != ZH_TIME)) {
        return false;
    }
    zh_date day = v->kind == ZH_DATE ? (zh_date)v->i : zh_time_date((zh_time)v->i);
    *out = bucket_of(d->series.grain, day);
    return true;
}

zh_str zh_series_period(zh_arena *arena, const zh_detector *d, int32_t bucket)
{
    zh_date first;
    zh_date last;
    days_of(d->series.grain, bucket, &first, &last);
    return zh_period_format(arena, first, last);
}

zh_str zh_series_where(zh_arena *arena, const zh_detector *d, zh_str row, zh_str period)
{
    const zh_field *time = d->reg->event_time;
    bool instant = time->type == ZH_TYPE_DATETIME;
    zh_date first = 0;
    zh_date last = 0;
    char from[16];
    char to[16];
    zh_rc rc = zh_period_parse(period, &first, &last);
    zh_assert(rc == ZH_OK); /* written by zh_series_period */
    (void)zh_date_format(first, from);
    (void)zh_date_format(instant ? last + 1 : last, to);
    zh_str out = zh_str_fmt(arena, "%.*s >= %s%s and %.*s %s %s%s", ZH_FMT(time->id), from,
                            instant ? "T00:00" : "", ZH_FMT(time->id), instant ? "<" : "<=", to,
                            instant ? "T00:00" : "");
    if (d->has_where) {
        out = zh_str_fmt(arena, "(%.*s) and %.*s", ZH_FMT(d->where.source), ZH_FMT(out));
    }
    if (d->series.has_event) {
        out = zh_str_fmt(arena, "(%.*s) and %.*s", ZH_FMT(d->series.event.source), ZH_FMT(out));
    }
    return row.n > 0 ? zh_str_fmt(arena, "%.*s and %.*s", ZH_FMT(row), ZH_FMT(out)) : out;
}

/* ---- counting ---- */

zh_rc zh_series_add(zh_arena *arena, zh_map *all, zh_str row, const zh_series_entry *entry,
                    zh_err *err)
{
    series *s = zh_map_get(all, row);
    if (s == NULL) {
        if (all->n == ZH_SERIES_ROWS_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "detector.series", "一个探测器至多 %zu 条序列",
                              ZH_SERIES_ROWS_MAX);
        }
        s = ZH_NEW(arena, series);
        s->row = zh_str_dup(arena, row);
        zh_map_init(&s->cells, arena);
        (void)zh_map_put(all, s->row, s);
    }
    zh_str key = {(const char *)&entry->bucket, sizeof entry->bucket};
    cell *c = zh_map_get(&s->cells, key);
    if (c == NULL) {
        c = ZH_NEW(arena, cell);
        c->bucket = entry->bucket;
        (void)zh_map_put(&s->cells, (zh_str){(const char *)&c->bucket, sizeof c->bucket}, c);
        zh_vec_push(arena, &s->all, c);
    }
    *(entry->counted ? &c->counted : &c->others) += entry->amount;
    return ZH_OK;
}

/* ---- judging ---- */

typedef struct judged {
    size_t n;
    int32_t from;
    double *counted, *total;
    double *expected, *bound;
    bool *known, *alarm;
} judged;

static zh_rc lay_out(zh_arena *arena, const zh_detector *d, const series *s, int32_t from, size_t n,
                     judged *out, zh_err *err)
{
    *out = (judged){.n = n,
                    .from = from,
                    .counted = ZH_TRY_N(arena, double, n),
                    .total = ZH_TRY_N(arena, double, n),
                    .expected = ZH_TRY_N(arena, double, n),
                    .bound = ZH_TRY_N(arena, double, n),
                    .known = ZH_TRY_N(arena, bool, n),
                    .alarm = ZH_TRY_N(arena, bool, n)};
    if (out->counted == NULL || out->total == NULL || out->expected == NULL || out->bound == NULL ||
        out->known == NULL || out->alarm == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "detector.series", "序列太长");
    }
    for (size_t i = 0; i < s->all.n; i++) {
        const cell *c = s->all.p[i];
        size_t at = (size_t)((c->bucket - from) / step_of(d->series.grain));
        out->counted[at] = c->counted;
        out->total[at] = c->counted + c->others;
    }
    return ZH_OK;
}

/* Periods without records have no share and stay unjudged. */
static zh_rc by_chart(zh_arena *arena, const zh_detector *d, zh_chart_type type, judged *j,
                      zh_err *err)
{
    bool sized = type != ZH_CHART_C;
    size_t *at = ZH_TRY_N(arena, size_t, j->n);
    double *counts = ZH_TRY_N(arena, double, j->n);
    double *sizes = ZH_TRY_N(arena, double, j->n);
    zh_chart chart;
    size_t n = 0;
    if (at == NULL || counts == NULL || sizes == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "detector.series", "序列太长");
    }
    for (size_t i = 0; i < j->n; i++) {
        if (!sized || j->total[i] > 0) {
            counts[n] = j->counted[i];
            sizes[n] = j->total[i];
            at[n++] = i;
        }
    }
    double baseline = parameter(d, "baseline", 0);
    if (n < 2 || (double)n <= baseline) {
        return ZH_OK; /* too short to be judged */
    }
    zh_chart_options options = zh_chart_options_of(type);
    options.baseline = baseline > 0 ? (size_t)baseline : 0;
    options.nsigmas = parameter(d, "nsigmas", 3);
    zh_rc rc = zh_spc_count_chart(arena, counts, sized ? sizes : NULL, n, &options, &chart, err);
    for (size_t k = options.baseline; k < n && rc == ZH_OK; k++) {
        size_t i = at[k];
        double unit = type == ZH_CHART_P || type == ZH_CHART_U ? sizes[k] : 1;
        double center = chart.centers != NULL ? chart.centers[k] : chart.center;
        bool above = chart.statistics[k] > center;
        j->known[i] = true;
        j->alarm[i] = chart.beyond[k];
        j->expected[i] = center * unit;
        j->bound[i] = (above ? chart.ucl[k] : chart.lcl[k]) * unit;
    }
    return rc;
}

static zh_rc by_warning(zh_arena *arena, const zh_detector *d, zh_warning_method method, judged *j,
                        zh_err *err)
{
    static const double year[] = {365, 365, 52, 12};
    zh_warning w =
        zh_warning_defaults(method, (size_t)parameter(d, "frequency", year[d->series.grain]));
    w.baseline = (size_t)parameter(d, "baseline", (double)w.baseline);
    w.years = (size_t)parameter(d, "years", (double)w.years);
    w.alpha = parameter(d, "alpha", w.alpha);
    zh_warning_point *points = ZH_TRY_N(arena, zh_warning_point, j->n);
    if (points == NULL) {
        return zh_err_set(err, ZH_ENOMEM, "detector.series", "序列太长");
    }
    zh_err own = {0};
    zh_rc rc = zh_warning_run(arena, j->counted, j->n, &w, points, &own);
    if (rc == ZH_EINVAL && zh_str_is(zh_str_of(own.rule), "ews.short")) {
        return ZH_OK; /* no period has past enough yet */
    }
    if (rc != ZH_OK) {
        *err = own;
        return rc;
    }
    for (size_t i = 0; i < j->n; i++) {
        j->known[i] = points[i].alarm != ZH_ALARM_UNKNOWN;
        j->alarm[i] = points[i].alarm == ZH_ALARM_YES;
        j->expected[i] = points[i].expected;
        j->bound[i] = points[i].bound;
    }
    return ZH_OK;
}

static uint64_t whole(double v)
{
    return v > 0 ? (uint64_t)llround(v) : 0;
}

static bool meets(const zh_detector *d, uint64_t a)
{
    bool ok = true;
    for (size_t i = 0; i < d->ncriteria; i++) {
        ok = ok && (double)a >= zh_decimal_double(d->criteria[i].min);
    }
    return ok;
}

static void put_periods(zh_arena *arena, const zh_detector *d, const series *s, const judged *j,
                        zh_detected *out, size_t *n)
{
    double counted = 0;
    double total = 0;
    for (size_t i = 0; i < j->n; i++) {
        counted += j->counted[i];
        total += j->total[i];
    }
    for (size_t i = 0; i < j->n; i++) {
        if (!j->known[i]) {
            continue;
        }
        uint64_t a = whole(j->counted[i]);
        uint64_t b = whole(j->total[i] - j->counted[i]);
        out[(*n)++] = (zh_detected){
            .row = s->row,
            .column = zh_series_period(arena, d, j->from + (int32_t)i * step_of(d->series.grain)),
            .table = {a, b, whole(counted - j->counted[i]),
                      whole(total - counted - j->total[i] + j->counted[i])},
            .expected = j->expected[i],
            .bound = j->bound[i],
            .passes = j->alarm[i] && meets(d, a),
        };
    }
}

static int by_row(const void *a, const void *b)
{
    return zh_str_cmp((*(const series *const *)a)->row, (*(const series *const *)b)->row);
}

zh_rc zh_series_judge(zh_arena *arena, const zh_detector *d, const zh_map *all, zh_detected **out,
                      size_t *n, zh_err *err)
{
    const series **list = ZH_NEW_N(arena, const series *, ZH_SERIES_ROWS_MAX);
    rule r = {0};
    size_t count = 0;
    size_t cursor = 0;
    int32_t from = INT32_MAX;
    int32_t to = INT32_MIN;
    zh_str key;
    void *value;
    while (zh_map_next(all, &cursor, &key, &value)) {
        const series *s = value;
        list[count++] = s;
        for (size_t i = 0; i < s->all.n; i++) {
            from = s->all.p[i]->bucket < from ? s->all.p[i]->bucket : from;
            to = s->all.p[i]->bucket > to ? s->all.p[i]->bucket : to;
        }
    }
    *out = NULL;
    *n = 0;
    if (count == 0) {
        return ZH_OK;
    }
    zh_sort(list, count, sizeof *list, by_row);
    size_t periods = ((size_t)((int64_t)to - from)) / (size_t)step_of(d->series.grain) + 1;
    if (periods > (size_t)ZH_SERIES_PERIODS_MAX || periods * count > ZH_SERIES_CELLS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "detector.series",
                          "%zu 条序列、%zu 期太多，应改用较粗的粒度", count, periods);
    }
    *out = ZH_TRY_N(arena, zh_detected, periods * count);
    if (*out == NULL || !rule_of(d, &r)) {
        return zh_err_set(err, ZH_ENOMEM, "detector.series", "序列太长");
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < count && rc == ZH_OK; i++) {
        judged j;
        rc = lay_out(arena, d, list[i], from, periods, &j, err);
        if (rc == ZH_OK) {
            rc = r.warning ? by_warning(arena, d, r.method, &j, err)
                           : by_chart(arena, d, r.chart, &j, err);
        }
        if (rc == ZH_OK) {
            put_periods(arena, d, list[i], &j, *out, n);
        }
    }
    return rc;
}
