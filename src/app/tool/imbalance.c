/* 失衡分析: which pairs are reported more often than their rows and columns let expect? One
 * two-by-two table, or a database screened with empirical Bayes shrinkage. */
#include "app/tool/tools.h"
#include "engine/disproportionality.h"
#include "engine/mgps.h"
#include "fmt/chart.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { FOREST = 15, LISTED = 300 };

static const zh_tool_choice ways[] = {
    {"screen", {"筛查一张表", "screen a table"}},
    {"table", {"一个四格表", "one two-by-two table"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_choice orders[] = {
    {"eb05", {"EB05（收缩后下限）", "EB05"}},
    {"chi2", {"χ²（Yates）", "chi-square (Yates)"}},
    {"n", {"件数", "count"}},
    {NULL, {NULL, NULL}},
};
static const zh_tool_ask asks[] = {
    {"way", {"分析", "analysis"}, ZH_TOOL_CHOICE, ways, "screen", NULL},
    {"row", {"行（产品）", "rows (product)"}, ZH_TOOL_COLUMN, NULL, "", "way=screen"},
    {"column", {"列（事件）", "columns (event)"}, ZH_TOOL_COLUMN, NULL, "", "way=screen"},
    {"report", {"报告编号", "report"}, ZH_TOOL_COLUMN, NULL, "", "way=screen"},
    {"count", {"件数列", "count"}, ZH_TOOL_COLUMN, NULL, "", "way=screen"},
    {"order", {"按", "by"}, ZH_TOOL_CHOICE, orders, "eb05", "way=screen"},
    {"a", {"a 该行该列", "a row and column"}, ZH_TOOL_NUMBER, NULL, "25", "way=table"},
    {"b", {"b 该行他列", "b row, other columns"}, ZH_TOOL_NUMBER, NULL, "75", "way=table"},
    {"c", {"c 他行该列", "c other rows, column"}, ZH_TOOL_NUMBER, NULL, "120", "way=table"},
    {"d", {"d 他行他列", "d other"}, ZH_TOOL_NUMBER, NULL, "2780", "way=table"},
};

static const zh_tool_sample samples[] = {
    {"caers",
     {"膳食补充剂不良事件（CAERS 2012）", "Adverse events of supplements (CAERS 2012)"},
     "packs/demo/data/us-fda-caers-2012/caers_2012.csv.gz",
     "way=screen&report=id&row=var1&column=var2",
     {"US FDA CFSAN CAERS 2012，R 包 openEBGM 的 caers",
      "US FDA CFSAN CAERS 2012, caers of R package openEBGM"}},
    {"table",
     {"一个四格表", "One table"},
     NULL,
     "way=table&a=25&b=75&c=120&d=2780",
     {"示意的数", "illustrative numbers"}},
};

/* ---- one table ---- */

static zh_rc cell(zh_bench *b, const char *name, uint64_t *out)
{
    int64_t n = 0;
    zh_rc rc = zh_bench_whole(b, name, 0, INT64_C(1000000000), &n);
    *out = (uint64_t)n;
    return rc;
}

static zh_reading ratio_row(zh_bench *b, const char *name, const zh_ratio *r)
{
    zh_reading out = {.label = zh_str_of(name)};
    if (r->state == ZH_RATIO_FINITE) {
        out.value = ZH_SOME(r->value);
        out.text = zh_bench_fixed(b, r->value, 2);
    } else if (r->state == ZH_RATIO_INFINITE) {
        out.value = ZH_SOME((double)INFINITY);
        out.text = ZH_STR("∞");
    }
    if (r->has_interval) {
        out.low = ZH_SOME(r->interval.lower);
        out.high = ZH_SOME(r->interval.upper);
    }
    return out;
}

static zh_rc one_table(zh_bench *b)
{
    zh_two_by_two t = {0};
    zh_disproportionality r;
    zh_information ic;
    zh_rc rc = cell(b, "a", &t.a);
    rc = rc == ZH_OK ? cell(b, "b", &t.b) : rc;
    rc = rc == ZH_OK ? cell(b, "c", &t.c) : rc;
    rc = rc == ZH_OK ? cell(b, "d", &t.d) : rc;
    rc = rc == ZH_OK ? zh_disproportionality_of(&t, 0.95, &r, b->err) : rc;
    rc = rc == ZH_OK ? zh_information_of(&t, 0.95, &ic, b->err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str prr = r.prr.state == ZH_RATIO_FINITE     ? zh_bench_fixed(b, r.prr.value, 2)
                 : r.prr.state == ZH_RATIO_INFINITE ? ZH_STR("∞")
                                                    : ZH_STR("—");
    bool signal = t.a >= 3 && r.prr.value >= 2 && r.has_chi2 && r.chi2_yates >= 4;
    b->finding = zh_bench_say(b, "看到 %" PRIu64 "，预期 %.1f，占比是别处的 %.*s 倍：%s",
                              "Observed %" PRIu64
                              ", expected %.1f, the share is %.*s times that elsewhere: %s",
                              t.a, r.expected, ZH_FMT(prr),
                              signal ? (b->english ? "a signal" : "达到判据")
                                     : (b->english ? "no signal" : "没有达到判据"));
    const zh_reading rows[] = {ratio_row(b, "PRR", &r.prr), ratio_row(b, "ROR", &r.ror)};
    if (rows[0].value.is && rows[0].value.v > 0) {
        zh_forest in = {.title = b->finding, .rows = rows, .n = 2, .threshold = ZH_SOME(2)};
        rc = zh_bench_forest(
            b, &in, b->finding, zh_bench_say(b, "比值与 95%% 区间", "ratios with 95 %% intervals"),
            zh_bench_say(
                b, "判据：n ≥ 3，PRR ≥ 2，χ² ≥ 4（Evans 等 2001）。占比不是发生率。",
                "Criteria: n >= 3, PRR >= 2, chi-square >= 4 (Evans et al. 2001). Shares are "
                "not incidences."));
    }
    zh_bench_table out = zh_bench_table_of(b, zh_bench_say(b, "结果", "Result"), ZH_STR(""), true);
    zh_bench_head(&out, zh_bench_say(b, "量", "Quantity"), false);
    zh_bench_head(&out, zh_bench_say(b, "值", "Value"), true);
    const struct {
        const char *name;
        double v;
    } lines[] = {{"E", r.expected},
                 {"PRR", r.prr.value},
                 {"ROR", r.ror.value},
                 {"χ²", r.has_chi2 ? r.chi2 : (double)NAN},
                 {"χ² (Yates)", r.has_chi2 ? r.chi2_yates : (double)NAN},
                 {"IC", ic.shrinkage},
                 {"IC025", ic.lower},
                 {"IC975", ic.upper}};
    for (size_t i = 0; i < ZH_COUNTOF(lines); i++) {
        zh_bench_line(&out, ZH_ROW_PLAIN);
        zh_bench_cell(&out, zh_str_of(lines[i].name));
        zh_bench_value(&out, lines[i].v, ZH_TOOL_DIGITS);
    }
    zh_bench_end(&out);
    return rc;
}

/* ---- a database ---- */

typedef struct pair {
    zh_two_by_two table;
    zh_str row, column;
    zh_disproportionality stats;
    zh_mgps_score score;
    double key;
} pair;

typedef struct database {
    size_t n; /* pairs */
    pair *pairs;
    bool fitted;
    zh_mgps prior;
} database;

typedef struct tally {
    uint64_t n;
    size_t row, column;
} tally;

static zh_rc no_room(zh_bench *b)
{
    return zh_err_set(b->err, ZH_ENOMEM, "tool.data", "数据太大");
}

static zh_rc add_once(zh_bench *b, zh_map *map, zh_str key, tally **out, bool *fresh)
{
    *out = zh_map_get(map, key);
    *fresh = *out == NULL;
    if (*fresh) {
        *out = ZH_TRY_N(b->arena, tally, 1);
        if (*out == NULL) {
            return no_room(b);
        }
        (void)zh_map_put(map, key, *out);
    }
    return ZH_OK;
}

/* Every report counts once in its rows, columns and pairs, however often a line repeats it. */
static zh_rc by_report(zh_bench *b, const size_t *of[3], const zh_str *names[2], database *db)
{
    size_t n = b->sheet->nrows;
    zh_map seen;
    zh_map pairs;
    uint64_t *margin[2];
    uint64_t reports = 0;
    for (size_t k = 0; k < 2; k++) {
        margin[k] = ZH_TRY_N(b->arena, uint64_t, n + 1);
    }
    tally **all = ZH_TRY_N(b->arena, tally *, n + 1);
    if (margin[0] == NULL || margin[1] == NULL || all == NULL) {
        return no_room(b);
    }
    zh_map_init(&seen, b->arena);
    zh_map_init(&pairs, b->arena);
    for (size_t i = 0; i < n; i++) {
        tally *t;
        bool fresh;
        zh_rc rc = ZH_OK;
        const size_t r = of[0][i];
        const size_t c = of[1][i];
        const size_t id = of[2][i];
        rc = add_once(b, &seen, zh_str_fmt(b->arena, "u%zu", id), &t, &fresh);
        reports += fresh;
        if (rc == ZH_OK) {
            rc = add_once(b, &seen, zh_str_fmt(b->arena, "r%zu/%zu", id, r), &t, &fresh);
            margin[0][r] += fresh;
        }
        if (rc == ZH_OK) {
            rc = add_once(b, &seen, zh_str_fmt(b->arena, "c%zu/%zu", id, c), &t, &fresh);
            margin[1][c] += fresh;
        }
        if (rc == ZH_OK) {
            rc = add_once(b, &seen, zh_str_fmt(b->arena, "p%zu/%zu/%zu", id, r, c), &t, &fresh);
        }
        if (rc == ZH_OK && fresh) {
            rc = add_once(b, &pairs, zh_str_fmt(b->arena, "%zu/%zu", r, c), &t, &fresh);
            if (rc == ZH_OK && fresh) {
                *t = (tally){.row = r, .column = c};
                all[db->n++] = t;
            }
            t->n += rc == ZH_OK;
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    db->pairs = ZH_TRY_N(b->arena, pair, db->n + 1);
    if (db->pairs == NULL) {
        return no_room(b);
    }
    for (size_t i = 0; i < db->n; i++) {
        uint64_t a = all[i]->n;
        uint64_t r = margin[0][all[i]->row];
        uint64_t c = margin[1][all[i]->column];
        db->pairs[i] = (pair){.table = {a, r - a, c - a, reports + a - r - c},
                              .row = names[0][all[i]->row],
                              .column = names[1][all[i]->column]};
    }
    return ZH_OK;
}

/* Lines with a count: the margins are sums of counts. */
static zh_rc by_count(zh_bench *b, const size_t *of[2], const zh_str *names[2],
                      const size_t size[2], const zh_sheet_column *count, database *db)
{
    size_t n = b->sheet->nrows;
    zh_counted_pair *pairs = ZH_TRY_N(b->arena, zh_counted_pair, n + 1);
    zh_two_by_two *tables;
    size_t kept = 0;
    if (pairs == NULL) {
        return no_room(b);
    }
    for (size_t i = 0; i < n; i++) {
        double v = count != NULL ? count->number[i] : 1;
        if (v < 0 || floor(v) < v || v > 1e9) {
            return zh_bench_refuse(b, "tool.count", NULL, "第 %zu 行的件数不是从 0 起的整数",
                                   i + 1);
        }
        if (v > 0) {
            pairs[kept++] = (zh_counted_pair){of[0][i], of[1][i], (uint64_t)v};
        }
    }
    zh_rc rc = zh_pair_tables(b->arena, pairs, &kept, size[0], size[1], &tables, b->err);
    if (rc != ZH_OK) {
        return rc;
    }
    db->n = kept;
    db->pairs = ZH_TRY_N(b->arena, pair, kept + 1);
    if (db->pairs == NULL) {
        return no_room(b);
    }
    for (size_t i = 0; i < kept; i++) {
        db->pairs[i] = (pair){
            .table = tables[i], .row = names[0][pairs[i].row], .column = names[1][pairs[i].column]};
    }
    return ZH_OK;
}

static zh_rc read_database(zh_bench *b, database *db)
{
    const zh_sheet *s = b->sheet;
    const zh_sheet_column *column[2] = {NULL, NULL};
    const zh_sheet_column *report = NULL;
    const zh_sheet_column *count = NULL;
    size_t *of[3];
    zh_str *names[3];
    size_t size[3];
    zh_rc rc = s->ncolumns < 2
                   ? zh_bench_refuse(b, "tool.column", "每行：产品、事件，可加件数或报告编号",
                                     "至少要两列")
                   : ZH_OK;
    rc = rc == ZH_OK ? zh_bench_column(b, "row", &s->columns[0], &column[0]) : rc;
    rc = rc == ZH_OK ? zh_bench_column(b, "column", &s->columns[1], &column[1]) : rc;
    rc = rc == ZH_OK ? zh_bench_column(b, "report", NULL, &report) : rc;
    if (rc == ZH_OK && report == NULL) {
        const zh_sheet_column *third = zh_bench_nth(b, 0, true);
        third = third == column[0] || third == column[1] ? NULL : third;
        rc = third != NULL || zh_bench_asked(b, "count").n > 0
                 ? zh_bench_numbers(b, "count", third, false, &count)
                 : ZH_OK;
    }
    for (size_t k = 0; k < 2 && rc == ZH_OK; k++) {
        rc = zh_bench_groups(b, column[k], &of[k], &names[k], &size[k]);
    }
    if (rc == ZH_OK && report != NULL) {
        rc = zh_bench_groups(b, report, &of[2], &names[2], &size[2]);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    const size_t *which[] = {of[0], of[1], report != NULL ? of[2] : NULL};
    const zh_str *called[] = {names[0], names[1]};
    return report != NULL ? by_report(b, which, called, db)
                          : by_count(b, which, called, size, count, db);
}

static int by_key(const void *a, const void *b)
{
    const pair *x = a;
    const pair *y = b;
    int order = (x->key < y->key) - (x->key > y->key);
    order = order != 0 ? order : (x->table.a < y->table.a) - (x->table.a > y->table.a);
    order = order != 0 ? order : zh_str_cmp(x->row, y->row);
    return order != 0 ? order : zh_str_cmp(x->column, y->column);
}

static zh_rc score(zh_bench *b, database *db, size_t order)
{
    double *n = ZH_TRY_N(b->arena, double, db->n + 1);
    double *e = ZH_TRY_N(b->arena, double, db->n + 1);
    zh_mgps_score *scores = ZH_TRY_N(b->arena, zh_mgps_score, db->n + 1);
    if (n == NULL || e == NULL || scores == NULL) {
        return no_room(b);
    }
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < db->n && rc == ZH_OK; i++) {
        rc = zh_disproportionality_of(&db->pairs[i].table, 0.95, &db->pairs[i].stats, b->err);
        n[i] = (double)db->pairs[i].table.a;
        e[i] = db->pairs[i].stats.expected;
    }
    /* A few pairs cannot carry five parameters: then there is no shrinkage, and that is said. */
    if (rc == ZH_OK && db->n >= 50) {
        zh_mgps_fit fit;
        zh_err ignored = {0};
        db->fitted = zh_mgps_estimate(b->arena, n, e, NULL, db->n, 1, &fit, &ignored) == ZH_OK;
        db->prior = fit.prior;
        rc = db->fitted ? zh_mgps_scores(b->arena, &fit.prior, n, e, db->n, scores, b->err) : ZH_OK;
    }
    for (size_t i = 0; i < db->n && rc == ZH_OK; i++) {
        pair *p = &db->pairs[i];
        p->score = scores[i];
        p->key = order == 2                 ? n[i]
                 : order == 0 && db->fitted ? scores[i].eb05
                 : p->stats.has_chi2        ? p->stats.chi2_yates
                                            : 0;
        p->key = order == 1 && p->stats.relative < 1 ? -p->key : p->key;
    }
    if (rc == ZH_OK) {
        zh_sort(db->pairs, db->n, sizeof *db->pairs, by_key);
    }
    return rc;
}

static zh_rc forest(zh_bench *b, const database *db)
{
    zh_reading *rows = ZH_NEW_N(b->arena, zh_reading, FOREST);
    size_t n = 0;
    for (size_t i = 0; i < db->n && n < FOREST; i++) {
        const pair *p = &db->pairs[i];
        const zh_ratio *r = &p->stats.prr;
        bool usable =
            db->fitted || (r->state == ZH_RATIO_FINITE && r->has_interval && r->value > 0);
        if (!usable) {
            continue;
        }
        double value = db->fitted ? p->score.ebgm : r->value;
        zh_reading *row = &rows[n++];
        row->label = zh_str_fmt(b->arena, "%.*s × %.*s", ZH_FMT(p->row), ZH_FMT(p->column));
        row->note = zh_str_fmt(b->arena, "n = %" PRIu64, p->table.a);
        row->value = ZH_SOME(value);
        row->text = zh_bench_digits(b, value, 3);
        row->low = ZH_SOME(db->fitted ? p->score.eb05 : r->interval.lower);
        row->high = ZH_SOME(db->fitted ? p->score.eb95 : r->interval.upper);
        row->title =
            zh_str_fmt(b->arena, "%.*s：%.*s（%.2f–%.2f），n = %" PRIu64, ZH_FMT(row->label),
                       ZH_FMT(row->text), row->low.v, row->high.v, p->table.a);
    }
    if (n == 0) {
        return ZH_OK;
    }
    zh_forest in = {.title = b->finding, .rows = rows, .n = n, .threshold = ZH_SOME(2)};
    zh_rc rc = zh_bench_forest(
        b, &in, b->finding,
        db->fitted ? zh_bench_say(b, "最前的 %zu 对：EBGM 与 90%% 区间（EB05–EB95）",
                                  "the first %zu pairs: EBGM with its 90 %% interval", n)
                   : zh_bench_say(b, "最前的 %zu 对：PRR 与 95%% 区间",
                                  "the first %zu pairs: PRR with its 95 %% interval", n),
        zh_bench_say(b, "比的是占比，不是发生率；报告自愿、重复、受宣传影响。",
                     "Shares are compared, not incidences; reports are voluntary and biased."));
    return rc;
}

static void listing(zh_bench *b, const database *db)
{
    zh_bench_table t = zh_bench_table_of(b,
                                         zh_bench_say(b, "前 %d 对", "The first %d pairs",
                                                      LISTED < (int)db->n ? LISTED : (int)db->n),
                                         ZH_STR(""), true);
    zh_bench_head(&t, zh_bench_say(b, "行", "Row"), false);
    zh_bench_head(&t, zh_bench_say(b, "列", "Column"), false);
    zh_bench_head(&t, ZH_STR("n"), true);
    zh_bench_head(&t, ZH_STR("E"), true);
    zh_bench_head(&t, ZH_STR("PRR"), true);
    zh_bench_head(&t, ZH_STR("χ²"), true);
    if (db->fitted) {
        zh_bench_head(&t, ZH_STR("EBGM"), true);
        zh_bench_head(&t, ZH_STR("EB05"), true);
    }
    for (size_t i = 0; i < db->n && i < LISTED; i++) {
        const pair *p = &db->pairs[i];
        zh_bench_line(&t, ZH_ROW_PLAIN);
        zh_bench_cell(&t, p->row);
        zh_bench_cell(&t, p->column);
        zh_bench_count(&t, (int64_t)p->table.a);
        zh_bench_value(&t, p->stats.expected, 4);
        zh_bench_value(&t, p->stats.prr.value, 4);
        zh_bench_value(&t, p->stats.has_chi2 ? p->stats.chi2_yates : (double)NAN, 4);
        if (db->fitted) {
            zh_bench_value(&t, p->score.ebgm, 4);
            zh_bench_value(&t, p->score.eb05, 4);
        }
    }
    zh_bench_end(&t);
    if (!db->fitted) {
        zh_bench_note(
            b,
            zh_bench_say(
                b, "对数太少或拟合不收敛：没有经验贝叶斯收缩，小件数的比值不可信。",
                "Too few pairs, or no convergence: there is no shrinkage, ratios of small counts "
                "cannot be trusted."));
        return;
    }
    zh_bench_table h =
        zh_bench_table_of(b, zh_bench_say(b, "收缩的先验", "Fitted prior"), ZH_STR(""), false);
    zh_bench_head(&h, zh_bench_say(b, "参数", "Parameter"), false);
    zh_bench_head(&h, zh_bench_say(b, "值", "Value"), true);
    const struct {
        const char *name;
        double v;
    } rows[] = {{"α₁", db->prior.alpha1},
                {"β₁", db->prior.beta1},
                {"α₂", db->prior.alpha2},
                {"β₂", db->prior.beta2},
                {"P", db->prior.p}};
    for (size_t i = 0; i < ZH_COUNTOF(rows); i++) {
        zh_bench_line(&h, ZH_ROW_PLAIN);
        zh_bench_cell(&h, zh_str_of(rows[i].name));
        zh_bench_value(&h, rows[i].v, ZH_TOOL_DIGITS);
    }
    zh_bench_end(&h);
}

static zh_rc screen(zh_bench *b)
{
    database db = {0};
    size_t order = 0;
    size_t signals = 0;
    zh_rc rc = b->sheet == NULL
                   ? zh_bench_refuse(b, "tool.data", "贴两列：产品、事件，可加件数或报告编号",
                                     "还没有数据")
                   : zh_bench_choice(b, "order", &order);
    if (rc == ZH_OK) {
        rc = read_database(b, &db);
    }
    if (rc == ZH_OK) {
        rc = score(b, &db, order);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    for (size_t i = 0; i < db.n; i++) {
        const pair *p = &db.pairs[i];
        signals += db.fitted ? p->score.eb05 >= 2
                             : p->table.a >= 3 && p->stats.prr.value >= 2 && p->stats.has_chi2 &&
                                   p->stats.chi2_yates >= 4;
    }
    const pair *p = &db.pairs[0];
    zh_str row = zh_draw_text_fit(b->arena, p->row, 12, 220);
    b->finding = zh_bench_say(b, "%.*s 对中 %zu 对的占比明显偏高（%s），最前的是 %.*s × %.*s",
                              "Of %.*s pairs %zu stand out (%s), first %.*s × %.*s",
                              ZH_FMT(zh_bench_n(b, db.n)), signals,
                              db.fitted ? "EB05 ≥ 2" : "PRR ≥ 2", ZH_FMT(row), ZH_FMT(p->column));
    rc = forest(b, &db);
    listing(b, &db);
    return rc;
}

static zh_rc run(zh_bench *b)
{
    size_t way = 0;
    zh_rc rc = zh_bench_choice(b, "way", &way);
    return rc != ZH_OK ? rc : way == 0 ? screen(b) : one_table(b);
}

const zh_tool zh_tool_imbalance = {
    .id = "disproportionality",
    .name = {"失衡分析", "Disproportionality"},
    .answers = {"哪一对（产品 × 事件）被报告得比行与列的份额多",
                "Which pairs are reported more than their rows and columns "
                "let expect?"},
    .data = {"每行一对：产品、事件，可加件数；或加一列报告编号，一份报告只算一次",
             "One pair a row: product, event, perhaps a count; or a column of report ids, each "
             "counted once"},
    .may_lack = true,
    .method = {"S. J. W. Evans et al. 2001（PRR、判据）；W. DuMouchel, The American Statistician "
               "53 (1999) 177，"
               "W. DuMouchel, D. Pregibon, KDD 2001（EBGM）；G. N. Norén et al. 2013（IC）",
               "S. J. W. Evans et al. 2001 (PRR, criteria); W. DuMouchel, The American "
               "Statistician 53 (1999) 177, W. "
               "DuMouchel, D. Pregibon, KDD 2001 (EBGM); G. N. Norén et al. 2013 (IC)"},
    .limits =
        {"没有被检查或被暴露的总数，不能说发生率；高低只在这些报告里比较。",
         "Without denominators nothing is said about incidence; only these reports are compared."},
    .sheet = "disproportionality",
    .engines = "disproportionality.two_by_two disproportionality.database_screen "
               "disproportionality.mgps_fit",
    .asks = asks,
    .nasks = ZH_COUNTOF(asks),
    .samples = samples,
    .nsamples = ZH_COUNTOF(samples),
    .run = run,
};
