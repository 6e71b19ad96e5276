/* Indicators of every kind against numbers worked out by hand or published.
 *
 * Sources: sampling rates and their Wilson intervals as in the province's data notes (81,935 of
 * 3,673,579; 43 of 5,226; 556 of 30,154; 8 of 61), confirmed with R's binom::binom.wilson;
 * Clopper-Pearson of 10 in 100 is 0.04900-0.17622 (R binom.test); mean and standard error of
 * 2 4 4 4 5 5 7 9 (mean 5, s = 2.138, s/sqrt(8) = 0.7559); the others by the arithmetic beside
 * them. */
#include "core/cube/exact.h"
#include "lot_fixture.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char REGISTERS[] =
    "systems: [S22]\n"
    "registers:\n"
    "  - id: notice\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 公告\n"
    "    owner: 食品处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    event_time: on_day\n"
    "    basis_kind: targeted\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string, required: true}\n"
    "      - {id: place, label: 地区, type: code, system: region}\n"
    "      - {id: on_day, label: 日期, type: date}\n"
    "      - {id: tier, label: 层级, type: code, codes: {nation: 全国, province: 省}}\n"
    "      - {id: sampled, label: 抽检, type: decimal, digits: 0}\n"
    "      - {id: failed, label: 不合格, type: decimal, digits: 0}\n"
    "    measures:\n"
    "      batches: {kind: sum, of: sampled}\n"
    "      bad: {kind: sum, of: failed}\n"
    "    cubes:\n"
    "      - {id: all, dims: [place, half, tier], measures: [batches, bad], dense: true}\n"
    "    views: {default: {columns: [no]}}\n"
    "  - id: plain\n"
    "    version: 1.0.0\n"
    "    effective: 2020-01-01\n"
    "    label: 无日期\n"
    "    owner: 处\n"
    "    purpose: 测试\n"
    "    key: {business: [no], row: [no]}\n"
    "    fields: [{id: no, label: 编号, type: string, required: true}]\n"
    "    measures: {n: {kind: count}}\n"
    "    cubes: [{id: all, dims: [{field: no, values: 3}], measures: [n], dense: true}]\n"
    "    views: {default: {columns: [no]}}\n";

static const char INDICATORS[] =
    "indicators:\n"
    "  - {id: rate, label: 不合格率, definition: d, kind: rate, register: notice, num: bad,\n"
    "     den: batches, where: \"tier = 'province'\", unit: \"%\", interval: wilson95, n_min: 30}\n"
    "  - {id: rate_nation, label: 全国不合格率, definition: d, kind: rate, register: notice,\n"
    "     num: bad, den: batches, where: \"tier = 'nation'\", unit: \"%\", interval: wilson95}\n"
    "  - {id: rate_exact, label: 精确, definition: d, kind: rate, register: notice, num: bad,\n"
    "     den: batches, unit: \"%\", interval: clopper95, digits: 3}\n"
    "  - {id: plain_n, label: 无日期数, definition: d, kind: count, register: plain, num: n,\n"
    "     digits: 0}\n"
    "  - {id: lots, label: 批次数, definition: d, kind: count, register: lot, num: batches,\n"
    "     digits: 0}\n"
    "  - {id: lots_ytd, label: 累计, definition: d, kind: count, register: lot, num: batches,\n"
    "     digits: 0, ytd: true}\n"
    "  - {id: lots_kind, label: 两种条件, definition: d, kind: count, register: lot, num: "
    "batches,\n"
    "     digits: 0, where: \"kind = 'targeted' and flag = true\"}\n"
    "  - {id: money, label: 金额, definition: d, kind: sum, register: lot, num: total, digits: 6}\n"
    "  - {id: diff, label: 差, definition: d, kind: ratio, register: lot,\n"
    "     num: \"batches - failed\", den: \"batches + rows * 0\", unit: \"%\", digits: 1}\n"
    "  - {id: halves, label: 修约, definition: d, kind: ratio, register: lot, num: total,\n"
    "     den: batches, digits: 0}\n"
    "  - {id: avg, label: 均值, definition: d, kind: mean, register: lot, num: size_sum,\n"
    "     den: batches, basis: mixed, digits: 2}\n"
    "  - {id: row_rate, label: 项次率, definition: d, kind: ratio, register: lot, num: row_fail,\n"
    "     den: rows, unit: \"%\"}\n"
    "  - {id: part, label: 构成, definition: d, kind: share, register: lot, num: batches,\n"
    "     den: batches, basis: mixed, unit: \"%\", digits: 1}\n"
    "  - {id: up, label: 同比, definition: d, kind: growth, of: lots, unit: \"%\", digits: 1}\n"
    "  - {id: up_before, label: 环比, definition: d, kind: growth, of: lots, against: previous,\n"
    "     unit: \"%\", digits: 1}\n"
    "  - {id: up_ytd, label: 累计同比, definition: d, kind: growth, of: lots_ytd, unit: \"%\",\n"
    "     digits: 1}\n"
    "  - id: fair\n"
    "    label: 加权\n"
    "    definition: d\n"
    "    kind: weighted\n"
    "    register: lot\n"
    "    num: failed\n"
    "    den: batches\n"
    "    basis: mixed\n"
    "    unit: \"%\"\n"
    "    weights: {register: lot_weight, field: share, key: class, missing: refuse}\n"
    "  - id: fair_drop\n"
    "    label: 加权\n"
    "    definition: d\n"
    "    kind: weighted\n"
    "    register: lot\n"
    "    num: failed\n"
    "    den: batches\n"
    "    basis: mixed\n"
    "    unit: \"%\"\n"
    "    weights: {register: lot_weight, field: share, key: class, missing: drop}\n"
    "  - id: fair_norm\n"
    "    label: 加权\n"
    "    definition: d\n"
    "    kind: weighted\n"
    "    register: lot\n"
    "    num: failed\n"
    "    den: batches\n"
    "    basis: mixed\n"
    "    unit: \"%\"\n"
    "    weights: {register: lot_weight, field: share, key: class, missing: renormalise}\n"
    "  - {id: alike, label: 可比, definition: d, kind: matched, register: lot, num: passed,\n"
    "     den: batches, basis: mixed, match: class, unit: \"%\"}\n"
    "  - {id: drawn, label: 随机合格率, definition: d, kind: design, register: lot, num: passed,\n"
    "     den: batches, where: \"kind = 'random'\", basis: random, unit: \"%\"}\n"
    "  - {id: middle, label: 中位, definition: d, kind: quantile, register: lot, num: sizes,\n"
    "     q: \"0.5\"}\n"
    "  - {id: firms, label: 厂家, definition: d, kind: distinct, register: lot, num: makers,\n"
    "     digits: 0}\n"
    "  - {id: held, label: 有效, definition: d, kind: stock, register: lot, num: in_force,\n"
    "     digits: 0}\n"
    "  - id: score\n"
    "    label: 综合\n"
    "    definition: d\n"
    "    kind: composite\n"
    "    unit: score\n"
    "    digits: 1\n"
    "    components:\n"
    "      - {indicator: lots, weight: \"3\", low: \"0\", high: \"10\"}\n"
    "      - {indicator: row_rate, weight: \"1\", low: \"0\", high: \"100\", descending: true}\n"
    "  - id: tree\n"
    "    label: 总分\n"
    "    definition: d\n"
    "    kind: composite\n"
    "    unit: score\n"
    "    digits: 1\n"
    "    components:\n"
    "      - {indicator: score, weight: \"1\", low: \"0\", high: \"100\"}\n"
    "      - {indicator: firms, weight: \"1\", low: \"0\", high: \"4\"}\n";

static const char *extra(void)
{
    static char both[sizeof REGISTERS + sizeof INDICATORS];
    snprintf(both, sizeof both, "%s%s", REGISTERS, INDICATORS);
    return both;
}

static const zh_indicator *ind(const lots *l, const char *id)
{
    const zh_indicator *found = zh_model_indicator(l->f.ctx.model, zh_str_of(id));
    assert_non_null(found);
    return found;
}

static zh_figure_query ask(const lots *l, const char *id, const char *region, const char *period)
{
    zh_figure_query q = {
        .indicator = ind(l, id), .region = zh_str_of(region), .as_of = ZH_AS_OF_NOW};
    if (period != NULL) {
        assert_int_equal(zh_period_parse(zh_str_of(period), &q.first, &q.last), ZH_OK);
    }
    return q;
}

static zh_figure figure(lots *l, const zh_figure_query *q)
{
    zh_conn *conn = lots_read(l);
    zh_figure f;
    lots_ok(l, zh_figure_ask(&l->f.ctx, conn, q, &f));
    lots_done(conn);
    return f;
}

static zh_figure get(lots *l, const char *id, const char *region, const char *period)
{
    zh_figure_query q = ask(l, id, region, period);
    zh_figure f = figure(l, &q);
    q.recount = true; /* cells never change what is said, quantiles excepted */
    zh_figure again = figure(l, &q);
    if (f.indicator->kind != ZH_I_QUANTILE) {
        assert_true(zh_str_eq(f.shown, again.shown));
        assert_true(zh_str_eq(f.interval_shown, again.interval_shown));
        assert_int_equal(f.n, again.n);
    }
    assert_int_equal(again.cube.n, 0);
    return f;
}

static void text_is(zh_str got, const char *wanted)
{
    if (!zh_str_is(got, wanted)) {
        print_error("got %.*s, wanted %s\n", ZH_FMT(got), wanted);
    }
    assert_true(zh_str_is(got, wanted));
}

static void says(zh_str note, const char *part)
{
    if (zh_str_find(note, zh_str_of(part)) < 0) {
        print_error("note: %.*s\nlacks: %s\n", ZH_FMT(note), part);
    }
    assert_true(zh_str_find(note, zh_str_of(part)) >= 0);
}

static void notice(lots *l, const char *no, const char *tier, const char *day, const char *sampled,
                   const char *failed)
{
    zh_applied at;
    lots_ok(l, fx_create(&l->f, "notice", &at, "no", no, "place", "420000", "tier", tier, "on_day",
                         day, "sampled", sampled, "failed", failed, NULL));
}

/* ---- rates ----------------------------------------------------------------------------------- */

static void test_published_rates(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(extra(), NULL, 1);
        notice(l, "1", "全国", "2019-12-31", "3673579", "81935");
        notice(l, "2", "省", "2016-01-31", "5226", "43");
        notice(l, "3", "省", "2020-06-30", "30154", "556");
        notice(l, "4", "省", "2021-06-30", "61", "8");
        notice(l, "5", "省", "2022-06-30", "100", "10");
        static const struct {
            const char *id, *period, *shown, *interval;
        } cases[] = {
            {"rate_nation", "2019H2", "2.23", "2.22–2.25"},
            {"rate", "2016H1", "0.82", "0.61–1.11"},
            {"rate", "2020H1", "1.84", "1.70–2.00"},
            {"rate", "2021", "13.11", "6.80–23.80"},
            {"rate_exact", "2022", "10.000", "4.900–17.622"},
        };
        for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
            zh_figure f = get(l, cases[i].id, "", cases[i].period);
            assert_int_equal(f.status, ZH_FIG_OK);
            text_is(f.shown, cases[i].shown);
            text_is(f.interval_shown, cases[i].interval);
            says(f.note.zh, "该批抽检结果，不代表总体");
        }
        zh_figure f = get(l, "rate", "420000", "2016H1");
        text_is(f.num, "43");
        text_is(f.den, "5226");
        assert_int_equal(f.n, 5226);
        text_is(f.method, "Wilson 95 %");
        text_is(f.cube, "all");
        says(f.sources, "公告（notice@1.0.0，食品处）");
        says(f.formula, "(bad) / (batches) × 100，其中 tier = 'province'");
        assert_true(zh_str_eq(f.model_digest, l->f.ctx.model->digest));
        assert_int_equal(f.log_size, 0); /* nothing has a position yet … */
        assert_true(f.as_of > 0);        /* … but it counts */
        assert_int_equal(f.value.scaled, 8228);
        assert_int_equal(f.value.digits, 4);
        (void)lots_sequence(l);
        f = get(l, "rate", "420000", "2016H1");
        assert_int_equal(f.log_size, 5);
        lots_close(l);
    }
}

static void test_nothing_is_not_zero(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    zh_figure f = get(l, "lots", "", "2025");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    assert_false(f.has_value);
    assert_int_equal(f.shown.n, 0);
    lots_create(l, NULL, "place", "420100", "on_day", "2025-03-01", NULL);
    f = get(l, "lots", "430000", "2025");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    f = get(l, "lots", "420000", "2025");
    text_is(f.shown, "1");
    f = get(l, "row_rate", "", "2025"); /* a batch without any row tested */
    assert_int_equal(f.status, ZH_FIG_NO_DENOMINATOR);
    text_is(f.den, "0");
    f = get(l, "money", "", "2025"); /* a batch whose amount is not known */
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    notice(l, "1", "省", "2025-01-31", "29", "0");
    f = get(l, "rate", "", "2025");
    assert_int_equal(f.status, ZH_FIG_SMALL_N);
    text_is(f.shown, "0.00");
    text_is(f.interval_shown, "0.00–11.70"); /* 1.96^2 / (29 + 1.96^2) */
    zh_applied at;
    lots_ok(l, fx_create(&l->f, "notice", &at, "no", "2", "tier", "省", "on_day", "2026-01-31",
                         "sampled", "10", "failed", "11", NULL));
    f = get(l, "rate", "", "2026");
    assert_false(f.has_interval);
    says(f.note.zh, "没有置信区间");
    lots_close(l);
}

/* ---- rounding and range ---------------------------------------------------------------------- */

static void test_rounded_once_to_even(void **state)
{
    (void)state;
    static const struct {
        const char *amount, *shown;
    } cases[] = {{"2.5", "2"},      {"3.5", "4"},    {"-2.5", "-2"},
                 {"2.500001", "3"}, {"3.4951", "3"}, {"-3.4951", "-3"},
                 {"0.5", "0"},      {"0.4999", "0"}, {"999999999999.999999", "1000000000000"}};
    fx_use("sqlite");
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        lots *l = lots_open(extra(), NULL, 1);
        lots_create(l, NULL, "place", "420100", "amount", cases[i].amount, NULL);
        text_is(get(l, "halves", "", NULL).shown, cases[i].shown);
        lots_close(l);
    }
}

static void test_totals_beyond_64_bits(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    for (int i = 0; i < 20; i++) {
        lots_create(l, NULL, "place", "420100", "amount", "999999999999.999999", NULL);
    }
    zh_figure f = get(l, "money", "", NULL);
    text_is(f.num, "19999999999999.99998");
    text_is(f.shown, "19999999999999.999980");
    assert_true(f.has_value);
    lots_close(l);
}

static void test_exact_fractions(void **state)
{
    (void)state;
    zh_quotient a;
    zh_quotient b;
    zh_exact out;
    assert_int_equal(zh_quotient_of((zh_exact){1, 0}, (zh_exact){3, 0}, &a), ZH_OK);
    assert_int_equal(zh_quotient_of((zh_exact){2, 1}, (zh_exact){-6, 1}, &b), ZH_OK);
    assert_int_equal(zh_quotient_cmp(a, b), 1);
    assert_int_equal(zh_quotient_add(a, b, 1, &b), ZH_OK);
    assert_true(b.num == 0 && b.den == 1);
    assert_int_equal(zh_quotient_of((zh_exact){1, 0}, (zh_exact){0, 3}, &b), ZH_EINVAL);
    static const struct {
        int num, den, digits, want;
    } rounds[] = {{1, 8, 2, 12},  {3, 8, 2, 38},  {-1, 8, 2, -12}, {5, 10, 0, 0},
                  {15, 10, 0, 2}, {25, 10, 0, 2}, {2, 3, 4, 6667}, {-2, 3, 4, -6667}};
    for (size_t i = 0; i < ZH_COUNTOF(rounds); i++) {
        zh_quotient q = {rounds[i].num, rounds[i].den};
        assert_int_equal(zh_quotient_round(q, (uint8_t)rounds[i].digits, &out), ZH_OK);
        assert_true(out.v == rounds[i].want);
    }
    /* 128 bits and not one more */
    __extension__ typedef unsigned __int128 u128;
    zh_i128 most = (zh_i128)(((u128)1 << 127) - 1);
    assert_int_equal(zh_exact_add((zh_exact){most, 0}, (zh_exact){0, 0}, 1, &out), ZH_OK);
    assert_int_equal(zh_exact_add((zh_exact){most, 0}, (zh_exact){1, 0}, 1, &out), ZH_ELIMIT);
    assert_int_equal(zh_exact_mul((zh_exact){most, 0}, (zh_exact){2, 0}, &out), ZH_ELIMIT);
    zh_quotient big = {most, 1};
    zh_quotient bigger = {most, 2};
    assert_int_equal(zh_quotient_cmp(big, bigger), 1);
    assert_int_equal(zh_quotient_cmp((zh_quotient){-most, 3}, (zh_quotient){-most, 2}), 1);
    assert_int_equal(zh_quotient_mul(big, (zh_quotient){1, most}, &a), ZH_OK);
    assert_true(a.num == 1 && a.den == 1);
}

/* ---- means ----------------------------------------------------------------------------------- */

static void test_mean_and_its_error(void **state)
{
    (void)state;
    static const char *const sizes[] = {"2", "4", "4", "4", "5", "5", "7", "9"};
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(extra(), NULL, 1);
        for (size_t i = 0; i < ZH_COUNTOF(sizes); i++) {
            lots_create(l, NULL, "place", "420100", "on_day", "2025-03-01", "size", sizes[i], NULL);
        }
        zh_figure f = get(l, "avg", "", "2025");
        text_is(f.shown, "5.00");
        assert_int_equal(f.n, 8);
        assert_true(fabs(f.se - 0.755929) < 1e-6); /* sqrt(32 / 7 / 8) */
        assert_int_equal(f.status, ZH_FIG_MIXED_BASIS);
        says(f.note.zh, "该批抽检结果，不代表总体");
        lots_close(l);
    }
}

/* ---- questions ------------------------------------------------------------------------------- */

static void three_years(lots *l)
{
    static const char *const days[] = {"2024-02-10", "2024-08-11", "2025-02-12",
                                       "2025-02-13", "2025-05-14", "2026-02-15",
                                       "2026-02-16", "2026-02-17", "2026-03-18"};
    for (size_t i = 0; i < ZH_COUNTOF(days); i++) {
        lots_create(l, NULL, "place", i % 3 ? "420100" : "430100", "on_day", days[i], "kind",
                    i % 2 ? "random" : "targeted", "flag", i % 2 ? "false" : "true", NULL);
    }
}

static void test_where_becomes_filters(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    three_years(l);
    zh_figure f = get(l, "lots_kind", "", NULL);
    text_is(f.shown, "5");
    assert_int_equal(f.cube.n, 0); /* no cube has both */
    zh_cell_filter filters[] = {{ZH_STR("kind"), ZH_STR("targeted"), false}};
    zh_figure_query q = ask(l, "lots", "420000", "2025");
    q.filters = filters;
    q.nfilters = 1;
    f = figure(l, &q);
    text_is(f.shown, "2");
    text_is(f.cube, "by_place");
    zh_program where;
    zh_scope in = {.model = l->f.ctx.model, .reg = fx_reg(&l->f, "lot")};
    lots_ok(l,
            zh_expr_compile(l->f.arena, &in, ZH_STR("'targeted' = kind and place within '420000'"),
                            &where, &l->f.err));
    q = ask(l, "lots", "", "2025");
    q.where = &where;
    f = figure(l, &q);
    text_is(f.shown, "2");
    text_is(f.cube, "by_place");
    lots_ok(l, zh_expr_compile(l->f.arena, &in, ZH_STR("kind = 'random' and size is null"), &where,
                               &l->f.err));
    f = figure(l, &q);
    text_is(f.shown, "1");
    assert_int_equal(f.cube.n, 0);
    lots_close(l);
}

static void refused(lots *l, const zh_figure_query *q, zh_rc rc, const char *rule)
{
    zh_conn *conn = lots_read(l);
    zh_figure f;
    zh_err_clear(&l->f.err);
    assert_int_equal(zh_figure_ask(&l->f.ctx, conn, q, &f), rc);
    assert_string_equal(l->f.err.rule, rule);
    zh_err_clear(&l->f.err);
    lots_done(conn);
}

static void test_questions_that_cannot_be_asked(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    zh_figure_query q = ask(l, "lots", "999999", "2025");
    refused(l, &q, ZH_EINVAL, "indicator.region.code");
    q = ask(l, "plain_n", "420000", NULL);
    refused(l, &q, ZH_EINVAL, "indicator.region");
    q = ask(l, "lots", "", "2025");
    q.last = q.first - 1;
    refused(l, &q, ZH_EINVAL, "indicator.period");
    q = ask(l, "held", "", NULL);
    refused(l, &q, ZH_EINVAL, "indicator.period.stock");
    q = ask(l, "up", "", NULL);
    refused(l, &q, ZH_EINVAL, "indicator.period.growth");
    q = ask(l, "alike", "", NULL);
    refused(l, &q, ZH_EINVAL, "indicator.period.matched");
    zh_cell_filter filter = {ZH_STR("colour"), ZH_STR("red"), false};
    q = ask(l, "lots", "", "2025");
    q.filters = &filter;
    q.nfilters = 1;
    refused(l, &q, ZH_EINVAL, "cube.dim");
    zh_applied at;
    lots_ok(l, fx_create(&l->f, "plain", &at, "no", "1", NULL));
    zh_figure f = get(l, "plain_n", "", "2025");
    text_is(f.shown, "1");
    says(f.note.zh, "不分期间");
    lots_close(l);
}

static void test_growth(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    three_years(l);
    text_is(get(l, "lots", "", "2025").shown, "3");
    zh_figure f = get(l, "up", "", "2025"); /* 3 after 2 */
    text_is(f.shown, "50.0");
    text_is(f.num, "3");
    text_is(f.den, "2");
    says(f.note.zh, "基期 2024：2");
    text_is(get(l, "up_before", "", "2025Q2").shown, "-50.0"); /* 1 after 2 in the quarter before */
    text_is(get(l, "up", "", "2026-02").shown, "50.0");        /* 3 after 2 */
    f = get(l, "up_ytd", "", "2026-03");                       /* January to March: 4 after 2 */
    text_is(f.shown, "100.0");
    f = get(l, "up", "", "2024");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    says(f.note.zh, "没有数据");
    text_is(get(l, "lots_ytd", "", "2026-03").shown, "4");
    lots_close(l);
}

static void test_broken_down(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    three_years(l);
    static const struct {
        const char *id, *period, *dim, *wanted;
    } cases[] = {
        {"lots", NULL, "year", "2024=2 2025=3 2026=4 "},
        {"lots", "2024/2025", "half", "2024H1=1 2024H2=1 2025H1=3 "},
        {"lots", "2026", "place@province", "420000=3 430000=1 "},
        {"lots", "2026", "place@city", "420100=3 430100=1 "},
        {"lots", "2026", "place", "420100=3 430100=1 "},
        {"part", "2026", "place@province", "420000=75.0 430000=25.0 "},
        {"up", "2025/2026", "year", "2025=50.0 2026=33.3 "},
        {"lots_ytd", "2026", "month", "2026-02=3 2026-03=4 "},
        {"score", "2026", "place@province", "420000= 430000= "},
        {"lots", "2026", "kind", "random=2 targeted=2 "},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        zh_figure_query q = ask(l, cases[i].id, "", cases[i].period);
        zh_str *values;
        zh_figure *figures;
        size_t n;
        zh_conn *conn = lots_read(l);
        lots_ok(l,
                zh_figure_by(&l->f.ctx, conn, &q, zh_str_of(cases[i].dim), &values, &figures, &n));
        zh_buf text;
        zh_buf_init(&text, 4096);
        for (size_t k = 0; k < n; k++) {
            zh_buf_fmt(&text, "%.*s=%.*s ", ZH_FMT(values[k]), ZH_FMT(figures[k].shown));
        }
        text_is(zh_buf_view(&text), cases[i].wanted);
        zh_buf_free(&text);
        lots_done(conn);
    }
    zh_figure_query q = ask(l, "lots", "", NULL);
    zh_str *values;
    zh_figure *figures;
    size_t n;
    zh_conn *conn = lots_read(l);
    assert_int_equal(zh_figure_by(&l->f.ctx, conn, &q, ZH_STR("place@moon"), &values, &figures, &n),
                     ZH_EINVAL);
    lots_done(conn);
    lots_close(l);
}

/* One figure as text, with where it stands. */
static void put_figure(zh_buf *out, zh_str value, const zh_figure *f)
{
    zh_buf_fmt(out, "%.*s %d–%d %.*s %.*s/%.*s %.*s n=%lld;", ZH_FMT(value), (int)f->first,
               (int)f->last, ZH_FMT(f->shown), ZH_FMT(f->num), ZH_FMT(f->den),
               ZH_FMT(f->interval_shown), (long long)f->n);
}

static int by_text(const void *a, const void *b)
{
    return zh_str_cmp(*(const zh_str *)a, *(const zh_str *)b);
}

/* The pieces of such a text in order: a table may be sorted by period first. */
static void sort_pieces(lots *l, zh_buf *text)
{
    enum { PIECES_MAX = 200 };
    zh_str pieces[PIECES_MAX];
    size_t n = 0;
    zh_str rest = zh_str_dup(l->f.arena, zh_buf_view(text));
    while (rest.n > 0 && n < PIECES_MAX && zh_str_split(&rest, ';', &pieces[n])) {
        n++;
    }
    qsort(pieces, n, sizeof *pieces, by_text);
    zh_buf_clear(text);
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(text, "%.*s\n", ZH_FMT(pieces[i]));
    }
}

/* A table of cities and months holds what a question for each month gives. */
static void test_table(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    three_years(l);
    static const char *const ids[] = {"lots", "part", "up", "lots_ytd", "score"};
    for (size_t i = 0; i < ZH_COUNTOF(ids); i++) {
        zh_figure_query q = ask(l, ids[i], "", "2025/2026");
        zh_buf table;
        zh_buf months;
        zh_str *values;
        zh_figure *figures;
        size_t n;
        zh_conn *conn = lots_read(l);
        zh_buf_init(&table, 1 << 16);
        zh_buf_init(&months, 1 << 16);
        lots_ok(l, zh_figure_table(&l->f.ctx, conn, &q, ZH_STR("place@city"), ZH_GRAIN_MONTH,
                                   &values, &figures, &n));
        for (size_t k = 0; k < n; k++) {
            put_figure(&table, values[k], &figures[k]);
        }
        for (int m = 0; m < 24; m++) {
            zh_figure_query month = q;
            month.first = zh_date_add_months(q.first, m);
            month.last = zh_date_add_months(q.first, m + 1) - 1;
            lots_ok(l, zh_figure_by(&l->f.ctx, conn, &month, ZH_STR("place@city"), &values,
                                    &figures, &n));
            for (size_t k = 0; k < n; k++) {
                put_figure(&months, values[k], &figures[k]);
            }
        }
        sort_pieces(l, &table);
        sort_pieces(l, &months);
        assert_true(table.n > 0);
        text_is(zh_buf_view(&table), zh_str_c(l->f.arena, zh_buf_view(&months)));
        zh_buf_free(&table);
        zh_buf_free(&months);
        lots_done(conn);
    }
    zh_figure_query q = ask(l, "lots", "", NULL);
    zh_str *values;
    zh_figure *figures;
    size_t n;
    zh_conn *conn = lots_read(l);
    q.first = 1;
    assert_int_equal(zh_figure_table(&l->f.ctx, conn, &q, ZH_STR("place@city"), ZH_GRAIN_MONTH,
                                     &values, &figures, &n),
                     ZH_EINVAL); /* a span that ends before it begins */
    lots_done(conn);
    lots_close(l);
}

/* ---- weighted, matched, design --------------------------------------------------------------- */

static void weight(lots *l, const char *no, const char *class_, const char *share,
                   const char *valid)
{
    zh_applied at;
    lots_ok(l, fx_create(&l->f, "lot_weight", &at, "no", no, "class", class_, "share", share,
                         "valid", valid, NULL));
}

static void tested(lots *l, const char *class_, const char *day, int passed, int failed)
{
    for (int i = 0; i < passed + failed; i++) {
        lots_create(l, NULL, "place", "420100", "class", class_, "on_day", day, "items",
                    i < passed ? "铅,1,pass" : "铅,1,fail", NULL);
    }
}

static void test_weighted(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    weight(l, "1", "F1", "0.9", "2020-01-01/2024-12-31");
    weight(l, "2", "F1", "0.3", "2025-01-01/..");
    weight(l, "3", "T1", "0.7", "2025-01-01/..");
    tested(l, "F1", "2025-03-01", 1, 1);
    tested(l, "T1", "2025-03-01", 3, 1);
    zh_figure f = get(l, "fair", "", "2025"); /* 0.3 * 50 % + 0.7 * 25 % */
    text_is(f.shown, "32.50");
    text_is(f.num, "0.325");
    text_is(f.den, "1");
    assert_int_equal(f.n, 6);
    says(f.method, "缺一不算");
    tested(l, "F2", "2025-04-01", 0, 1); /* no weight */
    f = get(l, "fair", "", "2025");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    says(f.note.zh, "没有权数的类 1 个：F2");
    text_is(get(l, "fair_drop", "", "2025").shown, "32.50");
    weight(l, "4", "F", "0.5", "2025-01-01/.."); /* no data */
    f = get(l, "fair_drop", "", "2025");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    says(f.note.zh, "有权数而没有数据的类 1 个：F");
    f = get(l, "fair_norm", "", "2025");
    text_is(f.shown, "32.50");
    weight(l, "5", "F2", "0.5", "2025-01-01/.."); /* (0.3*0.5 + 0.7*0.25 + 0.5*1) / 1.5 */
    text_is(get(l, "fair_norm", "", "2025").shown, "55.00");
    lots_close(l);
}

static void test_matched(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    tested(l, "F1", "2024-03-01", 1, 1);
    tested(l, "F2", "2024-03-01", 1, 0);
    tested(l, "F1", "2025-03-01", 3, 1);
    tested(l, "T1", "2025-03-01", 0, 4);
    zh_figure f = get(l, "alike", "", "2025"); /* F1 alone: 3 of 4; before 1 of 2 */
    text_is(f.shown, "75.00");
    text_is(f.num, "3");
    text_is(f.den, "4");
    says(f.note.zh, "可比类别 1 个，占本期分母 50 %、基期分母 66.7 %；基期同口径 50");
    f = get(l, "alike", "", "2026");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    lots_close(l);
}

static void drawn(lots *l, const char *inv, const char *verdict)
{
    char items[64];
    snprintf(items, sizeof items, "铅,1,%s", verdict);
    lots_create(l, NULL, "place", "420100", "kind", "random", "inv", inv, "on_day", "2025-03-01",
                "items", items, NULL);
}

static void test_design(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(extra(), NULL, 1);
        assert_int_equal(get(l, "drawn", "", "2025").status, ZH_FIG_NO_DATA);
        drawn(l, "10", "pass");
        zh_figure f = get(l, "drawn", "", "2025");
        assert_int_equal(f.status, ZH_FIG_SMALL_N); /* one unit has no spread */
        assert_false(f.has_interval);
        drawn(l, "10", "fail");
        drawn(l, "20", "pass");
        drawn(l, "", "fail");
        lots_create(l, NULL, "place", "420100", "kind", "targeted", "inv", "5", "on_day",
                    "2025-03-01", "items", "铅,1,fail", NULL);
        f = get(l, "drawn", "420000", "2025"); /* 30 of 40 */
        text_is(f.shown, "75.00");
        text_is(f.num, "30");
        text_is(f.den, "40");
        assert_int_equal(f.n, 3);
        /* 3/2 * (100*0.25^2 + 100*0.75^2 + 400*0.25^2) / 40^2 */
        assert_true(fabs(f.se - 100.0 * sqrt(131.25) / 40.0) < 1e-9);
        assert_true(f.has_interval && f.low > 0 && f.high < 100 && f.low < 75 && f.high > 75);
        says(f.method, "Hájek");
        says(f.note.zh, "1 个单元没有入样概率，未计入");
        drawn(l, "0.5", "pass");
        zh_figure_query q = ask(l, "drawn", "", "2025");
        refused(l, &q, ZH_EINVAL, "indicator.design.weight");
        lots_close(l);
    }
}

/* ---- quantile, distinct, stock, composite ---------------------------------------------------- */

static void test_quantile(void **state)
{
    (void)state;
    const char *const *backends;
    size_t n = fx_backends(&backends);
    for (size_t b = 0; b < n; b++) {
        fx_use(backends[b]);
        lots *l = lots_open(extra(), NULL, 1);
        for (int i = 1; i <= 101; i++) {
            char size[16];
            snprintf(size, sizeof size, "%d.50", i);
            lots_create(l, NULL, "place", "420100", "on_day", "2025-03-01", "size", size, NULL);
        }
        zh_figure_query q = ask(l, "middle", "", "2025");
        zh_figure f = figure(l, &q);
        assert_true(f.cube.n > 0);
        double v = zh_decimal_double(f.value);
        assert_true(fabs(v - 51.5) <= 0.01 * 51.5); /* the 51st of 101 */
        assert_int_equal(f.n, 101);
        says(f.note.zh, "1 %");
        q.recount = true;
        f = figure(l, &q);
        text_is(f.shown, "51.50");
        assert_int_equal(f.n, 101);
        says(f.method, "准确");
        lots_close(l);
    }
}

static void test_distinct_and_stock(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    lots_create(l, NULL, "place", "420100", "class", "F1", "maker", "甲厂", "on_day", "2025-01-05",
                "valid", "2025-01-10/2025-03-31", NULL);
    lots_create(l, NULL, "place", "420500", "class", "F1", "maker", "甲厂", "on_day", "2025-02-05",
                "valid", "2025-02-10/..", NULL);
    lots_create(l, NULL, "place", "430100", "class", "F1", "maker", "乙厂", "on_day", "2025-03-05",
                "valid", "2025-03-31/2025-03-31", NULL);
    text_is(get(l, "firms", "", "2025").shown, "2");
    text_is(get(l, "firms", "420000", "2025").shown, "1");
    static const struct {
        const char *period, *shown;
    } cases[] = {{"2025-01", "1"}, {"2025-01-09", "0"}, {"2025-02", "2"}, {"2025-03-31", "3"},
                 {"2025-03", "3"}, {"2025-04", "1"},    {"2030", "1"},    {"2024", "0"}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        text_is(get(l, "held", "", cases[i].period).shown, cases[i].shown);
    }
    assert_int_equal(get(l, "held", "420500", "2025-01").status, ZH_FIG_OK);
    text_is(get(l, "held", "420500", "2025-01").shown, "0");
    zh_figure_query q = ask(l, "held", "", "2025-01/2025-04");
    zh_str *values;
    zh_figure *figures;
    size_t n;
    zh_conn *conn = lots_read(l);
    lots_ok(l, zh_figure_by(&l->f.ctx, conn, &q, ZH_STR("month"), &values, &figures, &n));
    assert_int_equal(n, 3); /* months in which something happened */
    text_is(figures[0].shown, "1");
    text_is(figures[1].shown, "2");
    text_is(figures[2].shown, "3");
    lots_done(conn);
    lots_close(l);
}

static void test_composite(void **state)
{
    (void)state;
    fx_use("sqlite");
    lots *l = lots_open(extra(), NULL, 1);
    lots_create(l, NULL, "place", "420100", "class", "F1", "maker", "甲厂", "on_day", "2025-01-05",
                NULL);
    zh_figure f = get(l, "score", "", "2025");
    assert_int_equal(f.status, ZH_FIG_NO_DATA);
    says(f.note.zh, "缺“项次率”");
    tested(l, "F1", "2025-02-01", 3, 1);
    f = get(l, "score", "", "2025"); /* 5 of 10, weight 3; 1 - 25 %, weight 1: 2.25 / 4 */
    text_is(f.shown, "56.2");        /* 56.25, a tie to the even digit */
    text_is(f.num, "2.25");
    text_is(f.den, "4");
    says(f.note.zh, "批次数 5 → 0.5");
    says(f.note.zh, "项次率 25.00 → 0.75");
    f = get(l, "tree", "", "2025"); /* (0.5625 + 1/4) / 2 */
    text_is(f.shown, "40.6");       /* 40.625 */
    lots_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_fractions),
        cmocka_unit_test(test_published_rates),
        cmocka_unit_test(test_nothing_is_not_zero),
        cmocka_unit_test(test_rounded_once_to_even),
        cmocka_unit_test(test_totals_beyond_64_bits),
        cmocka_unit_test(test_mean_and_its_error),
        cmocka_unit_test(test_where_becomes_filters),
        cmocka_unit_test(test_questions_that_cannot_be_asked),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_broken_down),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_weighted),
        cmocka_unit_test(test_matched),
        cmocka_unit_test(test_design),
        cmocka_unit_test(test_quantile),
        cmocka_unit_test(test_distinct_and_stock),
        cmocka_unit_test(test_composite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
