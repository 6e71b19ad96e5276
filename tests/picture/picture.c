/* Pictures of the method sheets whose engines have no tool of their own, computed by the engines
 * and drawn by the chart code: picture NAME > NAME.svg. The rest are drawn from the samples of the
 * tool bench, see tool/pictures.sh. */
#include "engine/engine.h"
#include "engine/numeric.h"
#include "engine/scan.h"
#include "fmt/chart_xy.h"
#include "fmt/svg.h"
#include "num/distribution.h"
#include "num/interval.h"
#include "num/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 720, POINTS = 400, PLACES = 48, PEOPLE = 400, UNITS = 8 };

static zh_rc plot(zh_arena *arena, const zh_xy *in, zh_draw **out, zh_err *err)
{
    zh_xy with_height = *in;
    with_height.height = 300;
    return zh_chart_xy(arena, &with_height, WIDTH, out, err);
}

/* Nonconforming units in a sample of 80 out of lots of two qualities. */
static zh_rc distributions(zh_arena *arena, zh_draw **out, zh_err *err)
{
    enum { MOST = 12 };
    double x[2][MOST + 1];
    double y[2][MOST + 1];
    for (size_t k = 0; k <= MOST; k++) {
        x[0][k] = (double)k - 0.2;
        x[1][k] = (double)k + 0.2;
        y[0][k] = zh_dist_binomial_density((double)k, 80, 0.02, false);
        y[1][k] = zh_dist_binomial_density((double)k, 80, 0.05, false);
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_COLUMNS,
         .label = ZH_STR("批质量 2%：接收概率 0.784"),
         .x = x[0],
         .y = y[0],
         .n = MOST + 1,
         .role = ZH_ROLE_C1,
         .width = 0.36},
        {.kind = ZH_XY_COLUMNS,
         .label = ZH_STR("批质量 5%：接收概率 0.231"),
         .x = x[1],
         .y = y[1],
         .n = MOST + 1,
         .role = ZH_ROLE_C2,
         .width = 0.36},
    };
    const zh_xy_line lines[] = {{.vertical = true,
                                 .at = 2.5,
                                 .label = ZH_STR("Ac = 2"),
                                 .role = ZH_ROLE_INK,
                                 .dash = ZH_DASH_LIMIT}};
    const zh_xy chart = {.title = ZH_STR("抽 80 件，不合格品数的二项分布"),
                         .x = {.low = ZH_SOME(-0.5), .name = ZH_STR("不合格品数")},
                         .y = {.low = ZH_SOME(0), .name = ZH_STR("概率")},
                         .series = series,
                         .nseries = 2,
                         .lines = lines,
                         .nlines = 1};
    return plot(arena, &chart, out, err);
}

/* How often intervals of 95 % hold the proportion, samples of 50: L. D. Brown, T. T. Cai, A.
 * DasGupta, Statistical Science 16 (2001) 101-133. */
static zh_rc survey(zh_arena *arena, zh_draw **out, zh_err *err)
{
    enum { N = 50 };
    double p[POINTS];
    double wald[POINTS] = {0};
    double wilson[POINTS] = {0};
    double exact[POINTS] = {0};
    for (size_t i = 0; i < POINTS; i++) {
        p[i] = ((double)i + 0.5) / (2.0 * POINTS);
    }
    for (uint64_t x = 0; x <= N; x++) {
        zh_proportion_intervals v;
        zh_rc rc = zh_interval_proportion(x, N, 0.95, &v, err);
        if (rc != ZH_OK) {
            return rc;
        }
        for (size_t i = 0; i < POINTS; i++) {
            double mass = zh_dist_binomial_density((double)x, N, p[i], false);
            wald[i] += v.wald.lower <= p[i] && p[i] <= v.wald.upper ? mass : 0.0;
            wilson[i] += v.wilson.lower <= p[i] && p[i] <= v.wilson.upper ? mass : 0.0;
            exact[i] +=
                v.clopper_pearson.lower <= p[i] && p[i] <= v.clopper_pearson.upper ? mass : 0.0;
        }
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_LINE,
         .label = ZH_STR("Wald"),
         .x = p,
         .y = wald,
         .n = POINTS,
         .role = ZH_ROLE_INK_3,
         .dash = ZH_DASH_GUIDE},
        {.kind = ZH_XY_LINE,
         .label = ZH_STR("Wilson"),
         .x = p,
         .y = wilson,
         .n = POINTS,
         .role = ZH_ROLE_C1},
        {.kind = ZH_XY_LINE,
         .label = ZH_STR("Clopper–Pearson"),
         .x = p,
         .y = exact,
         .n = POINTS,
         .role = ZH_ROLE_C2,
         .dash = ZH_DASH_SERIES},
    };
    const zh_xy_line lines[] = {{.at = 0.95, .role = ZH_ROLE_INK, .dash = ZH_DASH_TARGET}};
    const zh_xy chart = {.title = ZH_STR("样本 50，名义 95% 的区间实际覆盖真值的概率"),
                         .x = {.low = ZH_SOME(0), .high = ZH_SOME(0.5), .name = ZH_STR("真实比例")},
                         .y = {.low = ZH_SOME(0.8), .high = ZH_SOME(1), .name = ZH_STR("覆盖率")},
                         .series = series,
                         .nseries = 3,
                         .lines = lines,
                         .nlines = 1};
    return plot(arena, &chart, out, err);
}

/* Places on a jittered grid, cases in excess around one of them, and what the scan finds. */
static zh_rc scan(zh_arena *arena, zh_draw **out, zh_err *err)
{
    zh_matrix at = zh_matrix_new(arena, PLACES, 2);
    zh_matrix cases = zh_matrix_new(arena, 1, PLACES);
    zh_matrix expected = zh_matrix_new(arena, 1, PLACES);
    double people[PLACES];
    zh_random random;
    zh_random_seed(&random, 7);
    for (size_t i = 0; i < PLACES; i++) {
        double *place = zh_matrix_row(&at, i);
        place[0] = (double)(i % 8) + 0.6 * zh_random_uniform(&random);
        place[1] = (double)(i / 8) + 0.6 * zh_random_uniform(&random);
        people[i] = 4000.0 + 4000.0 * zh_random_uniform(&random);
        bool near = hypot(place[0] - 5.2, place[1] - 3.2) < 1.3;
        expected.v[i] = people[i];
        cases.v[i] = (double)zh_random_poisson(&random, people[i] / (near ? 400.0 : 900.0));
    }
    zh_scan_circles circles;
    zh_scan found;
    zh_rc rc = zh_scan_by_population(arena, &at, false, people, 0.5, &circles, err);
    if (rc == ZH_OK) {
        rc = zh_scan_poisson(arena, &cases, &expected, &circles, 1, 999, 1, &found, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    double x[PLACES];
    double y[PLACES];
    bool in[PLACES] = {false};
    for (size_t j = 0; j < found.locations; j++) {
        in[circles.index[circles.start[found.center] + j]] = true;
    }
    for (size_t i = 0; i < PLACES; i++) {
        x[i] = at.v[2 * i];
        y[i] = at.v[2 * i + 1];
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_POINTS,
         .label = zh_str_fmt(arena, "最可能的聚集（方块）：%lld 例，期望 %.1f，LLR %.1f，p = %.3f",
                             (long long)found.observed, found.expected, found.score, found.p_value),
         .x = x,
         .y = y,
         .n = PLACES,
         .role = ZH_ROLE_INK_3,
         .hollow = true,
         .act = in}};
    const zh_xy chart = {.title = ZH_STR("48 个地点的圆形扫描"),
                         .x = {.low = ZH_SOME(0), .high = ZH_SOME(8), .name = ZH_STR("东")},
                         .y = {.low = ZH_SOME(0), .high = ZH_SOME(6), .name = ZH_STR("北")},
                         .series = series,
                         .nseries = 1};
    return plot(arena, &chart, out, err);
}

static int by_score(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (x[0] > y[0]) - (x[0] < y[0]);
}

/* Shares of good and bad enterprises at or below a score, and their largest gap. */
static zh_rc scorecard(zh_arena *arena, zh_draw **out, zh_err *err)
{
    double(*rows)[2] = (double(*)[2])ZH_NEW_N(arena, double, 2 * PEOPLE);
    double score[PEOPLE];
    double good[PEOPLE];
    double bad[PEOPLE];
    double n[2] = {0.0};
    double seen[2] = {0.0};
    double ks = 0.0;
    double at = 0.0;
    zh_random random;
    zh_random_seed(&random, 11);
    for (size_t i = 0; i < PEOPLE; i++) {
        rows[i][1] = zh_random_uniform(&random) < 0.25 ? 1.0 : 0.0;
        rows[i][0] = 600.0 + 45.0 * zh_random_normal(&random) - 60.0 * rows[i][1];
        n[rows[i][1] > 0.5 ? 1 : 0] += 1.0;
    }
    qsort(rows, PEOPLE, sizeof(*rows), by_score);
    for (size_t i = 0; i < PEOPLE; i++) {
        seen[rows[i][1] > 0.5 ? 1 : 0] += 1.0;
        score[i] = rows[i][0];
        good[i] = 100.0 * seen[0] / n[0];
        bad[i] = 100.0 * seen[1] / n[1];
        if (bad[i] - good[i] > ks) {
            ks = bad[i] - good[i];
            at = score[i];
        }
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_STEP,
         .label = ZH_STR("坏（出过不合格）"),
         .x = score,
         .y = bad,
         .n = PEOPLE,
         .role = ZH_ROLE_C1},
        {.kind = ZH_XY_STEP,
         .label = ZH_STR("好"),
         .x = score,
         .y = good,
         .n = PEOPLE,
         .role = ZH_ROLE_C2,
         .dash = ZH_DASH_SERIES},
    };
    const zh_xy_line lines[] = {
        {.vertical = true,
         .at = at,
         .label = zh_str_fmt(arena, "KS = %.2f，在 %.0f 分", ks / 100.0, at),
         .role = ZH_ROLE_INK,
         .dash = ZH_DASH_LIMIT}};
    const zh_xy chart = {.title = ZH_STR("400 家企业的得分：好、坏两类的累积份额"),
                         .x = {.name = ZH_STR("得分")},
                         .y = {.low = ZH_SOME(0),
                               .high = ZH_SOME(100),
                               .unit = ZH_STR("%"),
                               .name = ZH_STR("不高于该分的份额")},
                         .series = series,
                         .nseries = 2,
                         .lines = lines,
                         .nlines = 1};
    return plot(arena, &chart, out, err);
}

static const char rank_input[] =
    "{\"x\": [[82, 6.1, 91], [78, 4.9, 95], [90, 8.8, 70], [64, 5.2, 88], [71, 7.5, 79],"
    " [86, 6.6, 84], [59, 9.1, 66], [75, 5.8, 90]], \"weights\": [0.4, 0.3, 0.3],"
    " \"direction\": [1, -1, 1], \"concentration\": 30, \"draws\": 10000, \"seed\": 1}";

static void read_numbers(const zh_json *answer, const char *name, double *out)
{
    const zh_json *list = zh_json_get(answer, name);
    size_t i = 0;
    for (const zh_json *v = list != NULL ? list->first : NULL; v != NULL && i < UNITS;
         v = v->next) {
        if (zh_json_double(v, &out[i]) != ZH_OK) {
            out[i] = 0.0;
        }
        i++;
    }
}

/* Ranks of eight units when the weights are not known exactly. */
static zh_rc indices(zh_arena *arena, zh_draw **out, zh_err *err)
{
    static const char *const names[UNITS] = {"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛"};
    zh_buf text;
    zh_json *answer = NULL;
    double low[UNITS] = {0};
    double high[UNITS] = {0};
    double rank[UNITS] = {0};
    zh_reading rows[UNITS] = {{.state = ZH_READING_OK}};
    zh_buf_init(&text, (size_t)1 << 20);
    zh_rc rc = zh_engine_run(zh_engine_find(ZH_STR("indices.rank_uncertainty")), arena,
                             zh_str_of(rank_input), 0, &text, err);
    if (rc == ZH_OK) {
        rc = zh_json_parse(arena, zh_str_of(zh_str_c(arena, zh_buf_view(&text))), &answer, err);
    }
    zh_buf_free(&text);
    if (rc != ZH_OK) {
        return rc;
    }
    read_numbers(answer, "rank_lower", low);
    read_numbers(answer, "rank_upper", high);
    read_numbers(answer, "rank", rank);
    for (size_t i = 0; i < UNITS; i++) {
        size_t place = (size_t)lround(rank[i]) - 1;
        rows[place] = (zh_reading){.label = zh_str_of(names[i]),
                                   .note = zh_str_fmt(arena, "%.0f–%.0f", low[i], high[i]),
                                   .text = zh_str_fmt(arena, "第 %.0f", rank[i]),
                                   .value = ZH_SOME(rank[i]),
                                   .low = ZH_SOME(low[i]),
                                   .high = ZH_SOME(high[i])};
    }
    const zh_interval_rows chart = {.title = ZH_STR("权重不确定时八个单位名次的 95% 区间"),
                                    .rows = rows,
                                    .n = UNITS,
                                    .low = ZH_SOME(0),
                                    .high = ZH_SOME(8),
                                    .note_head = ZH_STR("名次区间")};
    return zh_chart_rows(arena, &chart, WIDTH, out, err);
}

/* Digits that survive in the standard deviation of 100 values with steps of 0.1 when they are moved
 * away from zero; the true one is that of the values at zero. */
static zh_rc numeric(zh_arena *arena, zh_draw **out, zh_err *err)
{
    enum { N = 100, SHIFTS = 14 };
    double x[SHIFTS];
    double ours[SHIFTS];
    double textbook[SHIFTS];
    zh_dd v[N];
    double truth = 0.0;
    for (size_t s = 0; s < SHIFTS; s++) {
        double sum = 0.0;
        double squares = 0.0;
        zh_univariate result;
        for (size_t i = 0; i < N; i++) {
            zh_str text = zh_str_fmt(
                arena, "%s.%zu", s == 0 ? "0" : zh_str_fmt(arena, "1%0*d", (int)s, 0).p, i % 10);
            double value = strtod(text.p, NULL);
            zh_rc rc = zh_numeric_of_text(text, &v[i]);
            if (rc != ZH_OK) {
                return rc;
            }
            sum += value;
            squares += value * value;
        }
        zh_rc rc = zh_numeric_univariate(v, N, &result, err);
        if (rc != ZH_OK) {
            return rc;
        }
        truth = s == 0 ? result.sd : truth;
        double naive = sqrt(fmax(0.0, (squares - sum * sum / N) / (N - 1)));
        x[s] = (double)s;
        ours[s] = fmin(15.0, -log10(fmax(fabs(result.sd - truth) / truth, 1e-15)));
        textbook[s] = fmax(0.0, fmin(15.0, -log10(fmax(fabs(naive - truth) / truth, 1e-15))));
    }
    const zh_xy_series series[] = {
        {.kind = ZH_XY_LINE,
         .label = ZH_STR("numeric.univariate：两遍、双倍字长"),
         .x = x,
         .y = ours,
         .n = SHIFTS,
         .role = ZH_ROLE_C1},
        {.kind = ZH_XY_LINE,
         .label = ZH_STR("平方和减和的平方"),
         .x = x,
         .y = textbook,
         .n = SHIFTS,
         .role = ZH_ROLE_C2,
         .dash = ZH_DASH_SERIES},
    };
    const zh_xy chart = {.title = ZH_STR("数据离零越远，标准差还剩几位准确数字"),
                         .x = {.name = ZH_STR("偏移：10 的几次方")},
                         .y = {.low = ZH_SOME(0), .high = ZH_SOME(16), .name = ZH_STR("准确位数")},
                         .series = series,
                         .nseries = 2};
    return plot(arena, &chart, out, err);
}

static const struct {
    const char *name;
    zh_rc (*draw)(zh_arena *arena, zh_draw **out, zh_err *err);
} pictures[] = {
    {"distributions", distributions}, {"survey", survey},   {"scan", scan},
    {"scorecard", scorecard},         {"indices", indices}, {"numeric", numeric},
};

int main(int argc, char **argv)
{
    zh_err err = {0};
    zh_draw *list = NULL;
    zh_buf out;
    zh_rc rc = ZH_ENOTFOUND;
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_buf_init(&out, (size_t)4 << 20);
    for (size_t i = 0; argc == 2 && i < ZH_COUNTOF(pictures); i++) {
        if (strcmp(pictures[i].name, argv[1]) == 0) {
            rc = pictures[i].draw(arena, &list, &err);
        }
    }
    if (rc == ZH_OK) {
        rc = zh_svg_write(list, &(zh_svg_options){.standalone = true}, &out, &err);
    }
    if (rc == ZH_OK && fwrite(out.p, 1, out.n, stdout) != out.n) {
        rc = ZH_EIO;
    }
    if (rc != ZH_OK) {
        fprintf(stderr, "picture: %s %s\n", err.rule, err.message);
    }
    zh_buf_free(&out);
    zh_arena_free(arena);
    return rc == ZH_OK ? 0 : 2;
}
