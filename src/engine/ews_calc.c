/* Early warning by name: reads the JSON input, calls the engine, writes bounds and alarms. Time
 * points are 1-based outside and 0-based inside. */
#include "engine/door.h"
#include "engine/engine.h"
#include "engine/ews.h"
#include <math.h>

#define WEEKS 52

/* What every calculation begins with. */
struct series {
    size_t n;
    double *counts;
    size_t n_range;
    size_t *range;
};

static double *read_counts(zh_door *door, size_t *n)
{
    zh_counts read = zh_door_counts(door, "counts", 0, (int64_t)ZH_EWS_COUNT_MAX);
    double *counts = zh_door_room(door, read.n);
    *n = read.n;
    if (read.n > ZH_EWS_POINTS_MAX) {
        (void)zh_door_refuse(door, "counts", "有 %zu 个时点，最多 %zu 个", read.n,
                             ZH_EWS_POINTS_MAX);
    }
    if (read.n == 0) {
        (void)zh_door_refuse(door, "counts", "没有时点");
    }
    for (size_t i = 0; door->rc == ZH_OK && i < read.n; i++) {
        counts[i] = (double)read.v[i];
    }
    return counts;
}

/* Counts and the time points to judge: member range, or all from `first` (0-based) on. */
static struct series read_series(zh_door *door)
{
    struct series s = {0};
    s.counts = read_counts(door, &s.n);
    return s;
}

static void read_range(zh_door *door, struct series *s, size_t first)
{
    if (door->rc != ZH_OK) {
        return;
    }
    zh_counts read = {0};
    if (zh_door_has(door, "range")) {
        read = zh_door_counts(door, "range", 1, (int64_t)s->n);
        s->n_range = read.n;
    } else {
        s->n_range = s->n > first ? s->n - first : 0;
    }
    if (door->rc == ZH_OK && s->n_range == 0) {
        (void)zh_door_refuse(door, "range",
                             "没有要判断的时点：第一个有足够历史的是第 %zu 个，"
                             "序列共 %zu 个",
                             first + 1, s->n);
    }
    s->range = ZH_TRY_N(door->arena, size_t, s->n_range + 1);
    if (s->range == NULL) {
        (void)zh_door_room(door, SIZE_MAX / sizeof(double));
        return;
    }
    for (size_t i = 0; i < s->n_range; i++) {
        s->range[i] =
            read.v != NULL && zh_door_has(door, "range") ? (size_t)read.v[i] - 1 : first + i;
    }
    for (size_t i = 0; door->rc == ZH_OK && i < s->n_range; i++) {
        if (s->range[i] < first) {
            (void)zh_door_refuse(door, "range", "第 %zu 个时点之前的历史不够，最早能判断第 %zu 个",
                                 s->range[i] + 1, first + 1);
        }
    }
}

static void put_alarms(zh_jw *out, const zh_alarm *alarm, size_t n)
{
    zh_jw_key(out, "alarm");
    zh_jw_array(out);
    for (size_t i = 0; i < n; i++) {
        if (alarm[i] == ZH_ALARM_UNKNOWN) {
            zh_jw_null(out);
        } else {
            zh_jw_bool(out, alarm[i] == ZH_ALARM_YES);
        }
    }
    zh_jw_array_end(out);
}

static zh_alarm *alarm_room(zh_door *door, size_t n)
{
    zh_alarm *alarm = ZH_TRY_N(door->arena, zh_alarm, n + 1);
    if (alarm == NULL) {
        (void)zh_door_room(door, SIZE_MAX / sizeof(double));
    }
    return alarm;
}

/* ---- EARS ---- */

static zh_rc ears(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const methods[] = {"C1", "C2", "C3", NULL};
    zh_door door = zh_door_open(arena, input, err);
    struct series s = read_series(&door);
    zh_ears e = {.method = (zh_ears_method)zh_door_choice(&door, "method", methods, 0)};
    e.baseline = (size_t)zh_door_integer_or(&door, "baseline", 3, ZH_EWS_BASELINE_MAX, 7);
    e.alpha = zh_door_between_or(&door, "alpha", 0.0, 1.0, e.method == ZH_EARS_C3 ? 0.025 : 0.001);
    e.min_sigma = zh_door_number_or(&door, "min_sigma", 0.0);
    if (e.min_sigma < 0.0) {
        (void)zh_door_refuse(&door, "min_sigma", "不能小于 0");
    }
    read_range(&door, &s, zh_ears_first(&e));
    double *upper = zh_door_room(&door, s.n_range);
    zh_alarm *alarm = alarm_room(&door, s.n_range);
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_ears_run(s.counts, s.range, s.n_range, &e, upper);
    for (size_t i = 0; i < s.n_range; i++) {
        alarm[i] = isnan(upper[i])                   ? ZH_ALARM_UNKNOWN
                   : s.counts[s.range[i]] > upper[i] ? ZH_ALARM_YES
                                                     : ZH_ALARM_NO;
    }
    zh_jw_object(out);
    zh_put_count(out, "first_index", (int64_t)s.range[0] + 1);
    zh_put_numbers(out, "upperbound", upper, s.n_range);
    put_alarms(out, alarm, s.n_range);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(ews_ears) = {
    .name = "ews.ears",
    .zh = "EARS 预警：由前几个时点的均值与标准差定上限（C1、C2、C3），只要很短的历史",
    .input = "{\"counts\": [9, 1, 4, 11, 12, 9, 12, 6, 6, 26], \"method\": \"C1\"}",
    .method = "Hutwagner 等 2003",
    .run = ears,
};

/* ---- Bayes ---- */

static zh_rc bayes(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct series s = read_series(&door);
    zh_ews_bayes b = {0};
    b.frequency = (size_t)zh_door_integer_or(&door, "frequency", 1, ZH_EWS_FREQUENCY_MAX, WEEKS);
    b.b = (size_t)zh_door_integer_or(&door, "b", 0, 1000, 0);
    b.w = (size_t)zh_door_integer_or(&door, "w", 0, (int64_t)b.frequency, 6);
    b.current_year = zh_door_flag(&door, "current_year", true);
    b.alpha = zh_door_between_or(&door, "alpha", 0.0, 1.0, 0.05);
    if (b.b == 0 && (!b.current_year || b.w == 0)) {
        (void)zh_door_refuse(&door, "b", "没有参照时点：b 为 0 时要 current_year 且 w 大于 0");
    }
    if (b.b > 0 && b.w >= b.frequency) {
        (void)zh_door_refuse(&door, "w", "窗口半宽要小于一年的时点数 frequency");
    }
    read_range(&door, &s, zh_ews_bayes_first(&b));
    double *upper = zh_door_room(&door, s.n_range);
    zh_alarm *alarm = alarm_room(&door, s.n_range);
    double work = (double)s.n_range * (double)(b.b + 1) * (double)(2 * b.w + 1);
    if (door.rc == ZH_OK && work > ZH_EWS_WORK_MAX) {
        (void)zh_door_refuse(&door, "range", "要判断的时点与参照时点太多");
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    for (size_t i = 0; i < s.n_range; i++) {
        upper[i] = zh_ews_bayes_upper(s.counts, s.range[i], &b);
        alarm[i] = s.counts[s.range[i]] > upper[i] ? ZH_ALARM_YES : ZH_ALARM_NO;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "upperbound", upper, s.n_range);
    put_alarms(out, alarm, s.n_range);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(ews_bayes) = {
    .name = "ews.bayes",
    .zh = "Bayes 预警：由参照时点的负二项预测分布定上限",
    .input = "{\"counts\": [3, 5, 4, 6, 2, 4, 5, 12], \"b\": 0, \"w\": 6, \"alpha\": 0.05}",
    .method = "Riebler 2004；Höhle 2007",
    .run = bayes,
};

/* ---- Farrington ---- */

static void read_farrington(zh_door *door, const struct series *s, zh_farrington *f)
{
    static const char *const powers[] = {"none", "1/2", "2/3", NULL};
    f->b = (size_t)zh_door_integer_or(door, "b", 1, 1000, 5);
    f->w = (size_t)zh_door_integer_or(door, "w", 0, ZH_EWS_FREQUENCY_MAX, 3);
    f->alpha = zh_door_between_or(door, "alpha", 0.0, 1.0, 0.05);
    f->reweight = zh_door_flag(door, "reweight", true);
    f->trend = zh_door_flag(door, "trend", true);
    f->power =
        (zh_farrington_power)zh_door_choice(door, "powertrans", powers, ZH_FARRINGTON_TWO_THIRDS);
    if (zh_door_has(door, "limit54")) {
        zh_counts limit = zh_door_counts(door, "limit54", 0, (int64_t)ZH_EWS_COUNT_MAX);
        if (door->rc == ZH_OK && (limit.n != 2 || limit.v[1] < 1)) {
            (void)zh_door_refuse(door, "limit54", "要两个数：病例数和时点数（不小于 1）");
        }
        if (door->rc == ZH_OK) {
            f->limit_cases = (double)limit.v[0];
            f->limit_points = (size_t)limit.v[1];
        }
    }
    if (zh_door_flag(door, "population_offset", false)) {
        zh_numbers population = zh_door_numbers(door, "population");
        f->population = population.v;
        if (door->rc == ZH_OK && population.n != s->n) {
            (void)zh_door_refuse(door, "population", "有 %zu 个值，counts 有 %zu 个", population.n,
                                 s->n);
        }
    }
}

static void read_flexible(zh_door *door, zh_farrington *f)
{
    static const char *const thresholds[] = {"delta", "nbPlugin", "muan", NULL};
    f->no_periods = (size_t)zh_door_integer_or(door, "no_periods", 1, ZH_EWS_FREQUENCY_MAX, 1);
    f->past_excluded = (size_t)zh_door_integer_or(door, "past_weeks_not_included", 0,
                                                  (int64_t)ZH_EWS_POINTS_MAX, (int64_t)f->w);
    f->weights_threshold = zh_door_number_or(door, "weights_threshold", 2.58);
    f->p_trend = zh_door_number_or(door, "p_threshold_trend", 0.05);
    f->threshold = (zh_farrington_threshold)zh_door_choice(door, "threshold_method", thresholds, 0);
}

/* The members that are numbers, one array each. */
static void put_points(zh_jw *out, const zh_farrington_point *points, size_t n, double *column,
                       zh_alarm *alarm)
{
    for (size_t i = 0; i < n; i++) {
        column[i] = points[i].upper;
        alarm[i] = points[i].alarm;
    }
    zh_put_numbers(out, "upperbound", column, n);
    for (size_t i = 0; i < n; i++) {
        column[i] = points[i].expected;
    }
    zh_put_numbers(out, "expected", column, n);
    for (size_t i = 0; i < n; i++) {
        column[i] = points[i].phi;
    }
    zh_put_numbers(out, "phi", column, n);
    for (size_t i = 0; i < n; i++) {
        column[i] = points[i].p_value;
    }
    zh_put_numbers(out, "p_value", column, n);
    for (size_t i = 0; i < n; i++) {
        bool known = points[i].alarm != ZH_ALARM_UNKNOWN;
        column[i] = !known ? (double)NAN : points[i].trend ? 1.0 : 0.0;
    }
    zh_put_numbers(out, "trend_used", column, n);
    put_alarms(out, alarm, n);
}

static zh_rc farrington_of(zh_arena *arena, const zh_json *input, bool flexible, zh_jw *out,
                           zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    struct series s = read_series(&door);
    int64_t frequency = zh_door_integer_or(&door, "frequency", 1, ZH_EWS_FREQUENCY_MAX, WEEKS);
    zh_farrington f = zh_farrington_defaults(flexible, (size_t)frequency);
    read_farrington(&door, &s, &f);
    if (flexible) {
        read_flexible(&door, &f);
    }
    size_t first = zh_farrington_first(&f);
    if (zh_door_has(&door, "range")) {
        first = flexible ? f.frequency * f.b : 1;
    }
    read_range(&door, &s, first);
    zh_farrington_point *points =
        door.rc == ZH_OK ? ZH_TRY_N(arena, zh_farrington_point, s.n_range) : NULL;
    double *column = zh_door_room(&door, s.n_range);
    zh_alarm *alarm = alarm_room(&door, s.n_range);
    if (door.rc == ZH_OK && points == NULL) {
        (void)zh_door_room(&door, SIZE_MAX / sizeof(double));
    }
    if (door.rc != ZH_OK) {
        return door.rc;
    }
    zh_rc rc = zh_farrington_run(arena, s.counts, s.n, s.range, s.n_range, &f, points, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    if (!flexible) {
        zh_put_flags(out, "trend", &f.trend, 1);
    }
    put_points(out, points, s.n_range, column, alarm);
    zh_jw_object_end(out);
    return ZH_OK;
}

static zh_rc farrington(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    return farrington_of(arena, input, false, out, err);
}

static zh_rc farrington_flexible(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    return farrington_of(arena, input, true, out, err);
}

ZH_ENGINE(ews_farrington) = {
    .name = "ews.farrington",
    .zh = "Farrington 预警：往年同期的准泊松回归，按幂变换定上限",
    .input = "{\"counts\": [4, 6, 3, 5, 7, 4, 6, 5, 5, 3, 6, 4, 7, 5, 4, 19], \"frequency\": 4, "
             "\"b\": 3, \"w\": 1, \"range\": [16], \"alpha\": 0.01}",
    .method = "Farrington 等 1996，3.2–3.8",
    .run = farrington,
};

ZH_ENGINE(ews_farrington_flexible) = {
    .name = "ews.farrington_flexible",
    .zh = "改进的 Farrington 预警：季节因子、趋势、重加权，负二项或幂变换上限",
    .input = "{\"counts\": [4, 6, 3, 5, 7, 4, 6, 5, 5, 3, 6, 4, 7, 5, 4, 19], \"frequency\": 4, "
             "\"b\": 3, \"w\": 0, \"no_periods\": 3, \"past_weeks_not_included\": 1, "
             "\"range\": [16], \"alpha\": 0.01, \"threshold_method\": \"nbPlugin\"}",
    .method = "Noufaily 等 2013；Salmon、Schumacher、Höhle 2016",
    .run = farrington_flexible,
};

/* ---- CUSUM ---- */

/* The means that the counts of the range are standardised by: member m. `one`: all are the same. */
static double *read_means(zh_door *door, const struct series *s, bool *one)
{
    double *mean = zh_door_room(door, s->n_range);
    const zh_json *m = zh_json_get(door->input, "m");
    *one = false;
    if (door->rc != ZH_OK) {
        return mean;
    }
    if (m != NULL && m->kind == ZH_JSON_STRING) {
        size_t frequency =
            (size_t)zh_door_integer_or(door, "frequency", 1, ZH_EWS_FREQUENCY_MAX, WEEKS);
        if (!zh_str_is(m->text, "glm")) {
            (void)zh_door_refuse(door, "m", "要数、一列数、null 或 \"glm\"");
        } else if (door->rc == ZH_OK) {
            door->rc = zh_count_season(door->arena, s->counts, s->range[0], frequency, 1, false,
                                       s->range, s->n_range, mean, door->err);
        }
        return mean;
    }
    zh_numbers given = {0};
    double value = 0.0;
    if (zh_door_has(door, "m")) {
        given = zh_door_numbers(door, "m");
        if (door->rc == ZH_OK && given.n != 1 && given.n != s->n_range) {
            (void)zh_door_refuse(door, "m", "有 %zu 个值，要 1 个或与 range 一样 %zu 个", given.n,
                                 s->n_range);
        }
        value = given.n == 1 ? given.v[0] : 0.0;
    } else {
        for (size_t i = 0; i < s->range[0]; i++) {
            value += s->counts[i] / (double)s->range[0];
        }
    }
    *one = given.n <= 1;
    for (size_t i = 0; door->rc == ZH_OK && i < s->n_range; i++) {
        mean[i] = *one ? value : given.v[i];
    }
    return mean;
}

static zh_rc cusum_counts(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    static const char *const transforms[] = {
        "standard",      "rossi",          "anscombe", "anscombe2nd",
        "pearsonNegBin", "anscombeNegBin", "none",     NULL};
    zh_door door = zh_door_open(arena, input, err);
    bool one;
    struct series s = read_series(&door);
    read_range(&door, &s, zh_door_has(&door, "m") && zh_door_has(&door, "range") ? 0 : 1);
    zh_count_transform transform =
        (zh_count_transform)zh_door_choice(&door, "transform", transforms, 0);
    double k = zh_door_number_or(&door, "k", 1.04);
    double h = zh_door_number_or(&door, "h", 2.26);
    double alpha = zh_door_between_or(&door, "alpha", 0.0, 1e6, 0.1);
    double *mean = read_means(&door, &s, &one);
    for (size_t i = 0; door.rc == ZH_OK && i < s.n_range; i++) {
        if (!(mean[i] > 0.0) && transform != ZH_COUNT_NONE) {
            (void)zh_door_refuse(&door, "m", "第 %zu 个均值不大于 0，无法标准化", i + 1);
        }
    }
    double *cusum = zh_door_room(&door, s.n_range);
    double *upper = zh_door_room(&door, s.n_range);
    double *counts = zh_door_room(&door, s.n_range);
    bool *alarm = ZH_TRY_N(arena, bool, s.n_range + 1);
    if (door.rc != ZH_OK || alarm == NULL) {
        return door.rc != ZH_OK ? door.rc : zh_err_set(err, ZH_ENOMEM, "calc.memory", "内存不够");
    }
    for (size_t i = 0; i < s.n_range; i++) {
        counts[i] = s.counts[s.range[i]];
    }
    zh_count_cusum(transform, counts, mean, s.n_range, alpha, k, h, cusum, alarm);
    for (size_t i = 0; i < s.n_range; i++) {
        double before = i > 0 ? cusum[i - 1] : 0.0;
        upper[i] = zh_count_cusum_upper(transform, before, mean[i], alpha, k, h);
    }
    zh_jw_object(out);
    zh_put_numbers(out, "mean", mean, one ? 1 : s.n_range);
    zh_put_numbers(out, "cusum", cusum, s.n_range);
    zh_put_numbers(out, "upperbound", upper, s.n_range);
    zh_put_flags(out, "alarm", alarm, s.n_range);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(ews_cusum_counts) = {
    .name = "ews.cusum_counts",
    .zh = "计数的累积和图：标准化后累积超过参考值 k 的部分，达到 h 报警",
    .input = "{\"counts\": [3, 5, 4, 6, 2, 4, 5, 9, 11, 8], \"range\": [7, 8, 9, 10], "
             "\"k\": 1.04, \"h\": 2.26, \"transform\": \"rossi\"}",
    .method = "Rossi、Lampugnani、Marchi 1999；Pierce & Schafer 1986",
    .run = cusum_counts,
};

/* ---- generalised likelihood ratio ---- */

static void read_glr(zh_door *door, zh_count_glr *g)
{
    static const char *const changes[] = {"intercept", "epi", NULL};
    static const char *const directions[] = {"inc", "dec", NULL};
    g->alpha = zh_door_number_or(door, "alpha", 0.0);
    g->threshold = zh_door_number_or(door, "threshold", 5.0);
    g->epidemic = zh_door_choice(door, "change", changes, 0) == 1;
    g->decrease = zh_door_choice(door, "direction", directions, 0) == 1;
    g->known = zh_door_has(door, "theta") && !g->epidemic;
    g->theta = zh_door_number_or(door, "theta", 0.0);
    g->window = zh_door_integer_or(door, "M", -1, (int64_t)ZH_EWS_POINTS_MAX, -1);
    g->at_least = (size_t)zh_door_integer_or(door, "Mtilde", 1, (int64_t)ZH_EWS_POINTS_MAX, 1);
}

static double *read_in_control(zh_door *door, const struct series *s)
{
    if (zh_door_has(door, "mu0")) {
        zh_numbers mu0 = zh_door_numbers(door, "mu0");
        double *mean = zh_door_room(door, s->n_range);
        if (door->rc == ZH_OK && mu0.n != s->n_range && mu0.n != 1) {
            (void)zh_door_refuse(door, "mu0", "有 %zu 个值，range 有 %zu 个时点", mu0.n,
                                 s->n_range);
        }
        for (size_t i = 0; door->rc == ZH_OK && i < s->n_range; i++) {
            mean[i] = mu0.v[mu0.n == 1 ? 0 : i];
        }
        return mean;
    }
    double *mean = zh_door_room(door, s->n_range);
    size_t frequency =
        (size_t)zh_door_integer_or(door, "frequency", 1, ZH_EWS_FREQUENCY_MAX, WEEKS);
    if (door->rc == ZH_OK) {
        door->rc = zh_count_season(door->arena, s->counts, s->range[0], frequency, 1, false,
                                   s->range, s->n_range, mean, door->err);
    }
    return mean;
}

static zh_rc glr_counts(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err)
{
    zh_door door = zh_door_open(arena, input, err);
    zh_count_glr glr = {0};
    struct series s = read_series(&door);
    read_range(&door, &s, zh_door_has(&door, "mu0") ? 0 : 1);
    read_glr(&door, &glr);
    double *mean = read_in_control(&door, &s);
    double *counts = zh_door_room(&door, s.n_range);
    double *value = zh_door_room(&door, s.n_range);
    bool *alarm = ZH_TRY_N(arena, bool, s.n_range + 1);
    if (door.rc != ZH_OK || alarm == NULL) {
        return door.rc != ZH_OK ? door.rc : zh_err_set(err, ZH_ENOMEM, "calc.memory", "内存不够");
    }
    for (size_t i = 0; i < s.n_range; i++) {
        counts[i] = s.counts[s.range[i]];
    }
    zh_rc rc = zh_count_glr_run(counts, mean, s.n_range, &glr, value, alarm, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_object(out);
    zh_put_numbers(out, "mean", mean, s.n_range);
    zh_put_numbers(out, "value", value, s.n_range);
    zh_put_flags(out, "alarm", alarm, s.n_range);
    zh_jw_object_end(out);
    return ZH_OK;
}

ZH_ENGINE(ews_glr_counts) = {
    .name = "ews.glr_counts",
    .zh = "计数的广义似然比图：何时起均值变了多少，泊松或负二项",
    .input = "{\"counts\": [3, 5, 4, 9, 12, 11], \"range\": [1, 2, 3, 4, 5, 6], "
             "\"mu0\": [4, 4, 4, 4, 4, 4], \"alpha\": 0, \"threshold\": 5}",
    .method = "Höhle & Paul 2008",
    .run = glr_counts,
};
