/* Empirical Bayes scores and their prior beside what was published; see series.h. */
#include "app/report/series.h"
#include "core/record/record.h"
#include "engine/mgps.h"
#include <math.h>

enum { SCORE_COLUMNS = 7, PRIOR_COLUMNS = 4 };

static const char *const PRIOR_NAMES[] = {"alpha1", "beta1", "alpha2", "beta2", "p"};
static const char *const PRIOR_SHOWN[] = {"α₁", "β₁", "α₂", "β₂", "P"};

typedef struct table {
    zh_pair_table *pairs;
    double *n, *e;
    size_t size;
} table;

static zh_rc refuse(zh_ctx *ctx, const zh_yaml *node, const char *what, zh_str name)
{
    zh_err_set(ctx->err, ZH_EINVAL, "report.shrunk", "%s“%.*s”", what, ZH_FMT(name));
    zh_yaml_where(node, ctx->err);
    return ZH_EINVAL;
}

static double number(const zh_yaml *mapping, const char *key)
{
    double out = (double)NAN;
    return zh_str_double(zh_yaml_text(mapping, key), &out) == ZH_OK ? out : (double)NAN;
}

/* N and E of all pairs: E = row total × column total / units (DuMouchel 1999, section 2). */
static zh_rc read_table(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const char *key, zh_ask *ask,
                        table *out)
{
    zh_str id = zh_yaml_text(ask->declared, key);
    const zh_yaml *results = zh_yaml_get(ask->declared, "results");
    int64_t position = as_of;
    ask->detector = zh_model_detector(ctx->model, id);
    if (ask->detector == NULL || results == NULL || results->n > ZH_REPORT_RECORDS_MAX) {
        return refuse(ctx, ask->declared, "没有这个检测，或没有公布的结果：", id);
    }
    ask->reg = ask->detector->reg;
    ask->title = ask->detector->label.zh;
    zh_rc rc = position < 0 ? zh_log_size(conn, &position, ctx->err) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_detect_tables(ctx, conn, ask->detector, position, &out->pairs, &out->size,
                              &ask->units);
    }
    size_t n = rc == ZH_OK ? out->size : 0;
    out->n = ZH_TRY_N(ctx->arena, double, n + 1);
    out->e = ZH_TRY_N(ctx->arena, double, n + 1);
    if (rc == ZH_OK && (out->n == NULL || out->e == NULL)) {
        return zh_err_set(ctx->err, ZH_ENOMEM, "report.shrunk", "配对太多，放不进内存");
    }
    for (size_t i = 0; i < n; i++) {
        const zh_two_by_two *t = &out->pairs[i].table;
        out->n[i] = (double)t->a;
        out->e[i] = (double)(t->a + t->b) * (double)(t->a + t->c) / (double)ask->units;
    }
    ask->total = (int64_t)n;
    return rc;
}

static const zh_pair_table *find(const table *t, zh_str row, zh_str column)
{
    size_t low = 0;
    size_t high = t->size;
    while (low < high) { /* in the order of row, then column */
        size_t at = low + (high - low) / 2;
        int order = zh_str_cmp(t->pairs[at].row, row);
        order = order != 0 ? order : zh_str_cmp(t->pairs[at].column, column);
        if (order == 0) {
            return &t->pairs[at];
        }
        low = order < 0 ? at + 1 : low;
        high = order < 0 ? high : at;
    }
    return NULL;
}

static void set_heads(zh_ctx *ctx, zh_ask *ask, const zh_str *heads, size_t n, size_t rows)
{
    ask->kind = ZH_ASK_RECORDS;
    ask->ncolumns = n;
    ask->heads = ZH_NEW_N(ctx->arena, zh_str, n);
    ask->cells = ZH_NEW_N(ctx->arena, zh_str, rows * n + 1);
    for (size_t k = 0; k < n; k++) {
        ask->heads[k] = heads[k];
    }
}

/* A score to the two decimals published; the published one beside it where they differ. */
static zh_str beside(zh_arena *arena, zh_str said, double ours, double within, bool *agrees)
{
    double published = (double)NAN;
    zh_str text = zh_str_fmt(arena, "%.2f", ours);
    bool read = zh_str_double(said, &published) == ZH_OK;
    *agrees = *agrees && read && fabs(ours - published) <= within;
    return zh_str_eq(text, said) ? text
                                 : zh_str_fmt(arena, "%.*s（%.*s）", ZH_FMT(text), ZH_FMT(said));
}

static void add_scores(zh_ctx *ctx, const table *t, const zh_mgps_score *scores,
                       const zh_yaml *said, double within, zh_ask *ask)
{
    static const char *const keys[] = {"ebgm", "eb05", "eb95"};
    const zh_pair_table *pair = find(t, zh_yaml_text(said, "row"), zh_yaml_text(said, "column"));
    if (pair == NULL) {
        return;
    }
    size_t at = (size_t)(pair - t->pairs);
    const double values[] = {scores[at].ebgm, scores[at].eb05, scores[at].eb95};
    zh_str *cells = ask->cells + ask->nrows++ * SCORE_COLUMNS;
    cells[0] = pair->row;
    cells[1] = pair->column;
    cells[2] = zh_str_fmt(ctx->arena, "%.0f", t->n[at]);
    bool agrees = zh_str_eq(cells[2], zh_yaml_text(said, "n"));
    for (size_t k = 0; k < ZH_COUNTOF(keys); k++) {
        cells[3 + k] = beside(ctx->arena, zh_yaml_text(said, keys[k]), values[k], within, &agrees);
    }
    cells[6] = agrees ? ZH_STR("=") : ZH_STR("≠");
    ask->nout += !agrees;
}

zh_rc zh_ask_shrunk(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks, zh_ask *ask)
{
    const zh_str heads[] = {zh_asks_words(asks, "产品", "Product"),
                            zh_asks_words(asks, "事件", "Event"),
                            ZH_STR("N"),
                            ZH_STR("EBGM"),
                            ZH_STR("EB05"),
                            ZH_STR("EB95"),
                            zh_asks_words(asks, "一致", "Agrees")};
    const zh_yaml *given = zh_yaml_get(ask->declared, "prior");
    const zh_yaml *results = zh_yaml_get(ask->declared, "results");
    table t = {0};
    zh_mgps prior = {number(given, "alpha1"), number(given, "beta1"), number(given, "alpha2"),
                     number(given, "beta2"), number(given, "p")};
    zh_rc rc = read_table(ctx, conn, as_of, "shrunk", ask, &t);
    set_heads(ctx, ask, heads, SCORE_COLUMNS, rc == ZH_OK ? results->n : 0);
    if (rc != ZH_OK || t.size == 0) {
        return rc;
    }
    zh_mgps_score *scores = ZH_TRY_N(ctx->arena, zh_mgps_score, t.size);
    if (scores == NULL) {
        return zh_err_set(ctx->err, ZH_ENOMEM, "report.shrunk", "配对太多，放不进内存");
    }
    rc = zh_mgps_scores(ctx->arena, &prior, t.n, t.e, t.size, scores, ctx->err);
    for (size_t i = 0; i < t.size && rc == ZH_OK; i++) {
        ask->high += scores[i].eb05 >= 2.0;
    }
    for (const zh_yaml *r = results->first; r != NULL && rc == ZH_OK; r = r->next) {
        add_scores(ctx, &t, scores, r, number(ask->declared, "within"), ask);
    }
    return rc;
}

zh_rc zh_ask_prior(zh_ctx *ctx, zh_conn *conn, int64_t as_of, const zh_asks *asks, zh_ask *ask)
{
    const zh_str heads[] = {
        zh_asks_words(asks, "参数", "Parameter"), zh_asks_words(asks, "本程序", "Here"),
        zh_asks_words(asks, "公布", "Published"), zh_asks_words(asks, "相差", "Difference")};
    const zh_yaml *results = zh_yaml_get(ask->declared, "results");
    table t = {0};
    zh_mgps_fit fit = {0};
    zh_rc rc = read_table(ctx, conn, as_of, "prior", ask, &t);
    set_heads(ctx, ask, heads, PRIOR_COLUMNS, rc == ZH_OK ? results->n : 0);
    if (rc != ZH_OK || t.size == 0) {
        return rc;
    }
    rc = zh_mgps_estimate(ctx->arena, t.n, t.e, NULL, t.size, 1, &fit, ctx->err);
    const double values[] = {fit.prior.alpha1, fit.prior.beta1, fit.prior.alpha2, fit.prior.beta2,
                             fit.prior.p};
    for (const zh_yaml *r = results->first; r != NULL && rc == ZH_OK; r = r->next) {
        zh_str name = zh_yaml_text(r, "name");
        double said = number(r, "value");
        for (size_t k = 0; k < ZH_COUNTOF(PRIOR_NAMES); k++) {
            if (zh_str_is(name, PRIOR_NAMES[k])) {
                zh_str *cells = ask->cells + ask->nrows++ * PRIOR_COLUMNS;
                cells[0] = zh_str_of(PRIOR_SHOWN[k]);
                cells[1] = zh_str_fmt(ctx->arena, "%.5f", values[k]);
                cells[2] = zh_str_fmt(ctx->arena, "%.5f", said);
                cells[3] = zh_str_fmt(ctx->arena, "%+.2f%%", 100.0 * (values[k] - said) / said);
            }
        }
    }
    return rc;
}
