/* Asking the questions of the summary; see summary.h. */
#include "app/demo/summary.h"
#include "app/demo/demo.h"
#include "base/csv.h"
#include "base/embedded.h"
#include "core/read/read.h"
#include <stdlib.h>
#include <string.h>

/* Columns of summary.csv. `ask`: figure, top (the largest values of the break-down `by`, as many as
 * `top` says; the smallest when it is negative), obsolete (the codes in field `by` of register `of`
 * that are not valid today, with their successors). region and period may hold several, separated
 * by ';': every combination is asked. */
enum { TOUR, GROUP, TITLE, ASK, OF, REGION, PERIOD, FILTER, WHERE, BY, TOP, COLUMNS };

enum { OBSOLETE_MAX = 500 };

static const char questions[] = "packs/demo/data/summary.csv";

typedef struct asking {
    zh_ctx *ctx;
    zh_conn *conn;
    zh_str cells[COLUMNS];
    ZH_VEC(zh_demo_answer) answers;
    zh_map origins; /* of sets, by name */
} asking;

/* ---- where data come from
 * --------------------------------------------------------------------------- */

/* The data set that a register of the demo is filled from: one object a set, however many registers
 * it fills. Names of registers and of sets never meet: those have underscores, these hyphens. */
static zh_rc origin_of(asking *a, const zh_register *reg, const zh_demo_origin **out)
{
    zh_demo_origin *origin = reg != NULL ? zh_map_get(&a->origins, reg->id) : NULL;
    zh_rc rc = ZH_OK;
    if (reg != NULL && origin == NULL) {
        rc = zh_demo_origin_find(a->ctx->arena, reg->id, &origin, a->ctx->err);
        if (rc == ZH_OK && origin != NULL) {
            zh_demo_origin *same = zh_map_get(&a->origins, origin->set);
            origin = same != NULL ? same : origin;
            (void)zh_map_put(&a->origins, origin->set, origin);
            (void)zh_map_put(&a->origins, reg->id, origin);
        }
    }
    *out = origin;
    return rc;
}

/* ---- names
 * ------------------------------------------------------------------------------------------ */

static zh_str region_name(const asking *a, zh_str code)
{
    const zh_codes *regions = zh_model_codes(a->ctx->model, ZH_STR("region"));
    const zh_code *found = regions != NULL ? zh_code_find(regions, code, INT32_MIN) : NULL;
    return found != NULL ? found->label.zh : code;
}

/* Codes of a dimension by their names. */
static zh_str named(const asking *a, const zh_register *reg, zh_str dim, zh_str value)
{
    ptrdiff_t at = zh_str_chr(dim, '@');
    zh_str id = at >= 0 ? zh_str_sub(dim, 0, (size_t)at) : dim;
    if (value.n == 0) {
        return ZH_STR("（无值）");
    }
    for (size_t c = 0; reg != NULL && c < reg->ncubes; c++) {
        for (size_t d = 0; d < reg->cubes[c].ndims; d++) {
            const zh_dim *one = &reg->cubes[c].dims[d];
            const zh_code *code = zh_str_eq(one->id, id) && one->codes != NULL
                                      ? zh_code_find(one->codes, value, INT32_MIN)
                                      : NULL;
            if (code != NULL) {
                return zh_str_dup(a->ctx->arena, code->label.zh);
            }
        }
    }
    return value;
}

static zh_rc compile_where(asking *a, const zh_register *reg, const zh_program **out)
{
    zh_scope scope = {.model = a->ctx->model, .reg = reg};
    *out = NULL;
    if (a->cells[WHERE].n == 0) {
        return ZH_OK;
    }
    zh_program *program = ZH_NEW(a->ctx->arena, zh_program);
    *out = program;
    return zh_expr_compile(a->ctx->arena, &scope, a->cells[WHERE], program, a->ctx->err);
}

/* ---- figures
 * ---------------------------------------------------------------------------------------- */

typedef struct question {
    zh_figure_query query;
    zh_cell_filter filter;
    zh_str region, period;
} question;

static zh_demo_answer answer_of(const asking *a, const question *q, const zh_demo_origin *origin)
{
    zh_str undated = origin != NULL ? origin->period : ZH_STR("");
    return (zh_demo_answer){
        .group = a->cells[GROUP],
        .title = a->cells[TITLE],
        .region = q->region.n > 0 ? region_name(a, q->region) : ZH_STR(""),
        .period = q->period.n > 0 ? q->period : undated,
        .where = a->cells[WHERE],
        .filter = a->cells[FILTER],
        .origin = origin,
    };
}

typedef struct ranked {
    zh_figure figure;
    zh_str key;
} ranked;

static int largest_first(const void *x, const void *y)
{
    const ranked *a = x;
    const ranked *b = y;
    int order = zh_decimal_cmp(b->figure.value, a->figure.value);
    return order != 0 ? order : zh_str_cmp(a->key, b->key);
}

static zh_rc ask_top(asking *a, question *q, const zh_demo_origin *origin)
{
    zh_str *keys = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    int64_t top = 0;
    if (zh_str_i64(a->cells[TOP], &top) != ZH_OK || top == 0) {
        return zh_err_set(a->ctx->err, ZH_EINVAL, "demo.top", "top 要一个不为 0 的整数");
    }
    zh_rc rc = zh_figure_by(a->ctx, a->conn, &q->query, a->cells[BY], &keys, &figures, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    ranked *order = ZH_NEW_N(a->ctx->arena, ranked, n + 1);
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        if (figures[i].has_value) {
            order[known++] = (ranked){figures[i], keys[i]};
        }
    }
    zh_sort(order, known, sizeof *order, largest_first);
    size_t wanted = (size_t)(top < 0 ? -top : top);
    for (size_t i = 0; i < wanted && i < known; i++) {
        const ranked *one = top > 0 ? &order[i] : &order[known - 1 - i];
        zh_demo_answer answer = answer_of(a, q, origin);
        answer.figure = one->figure;
        answer.by = a->cells[BY];
        answer.key_code = one->key;
        answer.key = named(a, q->query.indicator->reg, a->cells[BY], one->key);
        zh_vec_push(a->ctx->arena, &a->answers, answer);
    }
    return ZH_OK;
}

static zh_rc ask_figure(asking *a, question *q, const zh_demo_origin *origin)
{
    zh_demo_answer answer = answer_of(a, q, origin);
    zh_rc rc = zh_figure_ask(a->ctx, a->conn, &q->query, &answer.figure);
    if (rc == ZH_OK) {
        zh_vec_push(a->ctx->arena, &a->answers, answer);
    }
    return rc;
}

static zh_rc begin_question(asking *a, question *q)
{
    zh_str id = a->cells[OF];
    zh_str filter = a->cells[FILTER];
    ptrdiff_t equals = zh_str_chr(filter, '=');
    q->query.indicator = zh_model_indicator(a->ctx->model, id);
    q->query.as_of = ZH_AS_OF_NOW;
    if (q->query.indicator == NULL) {
        return zh_err_set(a->ctx->err, ZH_ENOTFOUND, "demo.indicator", "声明里没有指标 %.*s",
                          ZH_FMT(id));
    }
    if (equals > 0) {
        q->filter = (zh_cell_filter){
            .dim = zh_str_sub(filter, 0, (size_t)equals),
            .value = zh_str_sub(filter, (size_t)equals + 1, filter.n),
            .subtree = true,
        };
        q->query.filters = &q->filter;
        q->query.nfilters = 1;
    }
    return compile_where(a, q->query.indicator->reg, &q->query.where);
}

/* Every region with every period. */
static zh_rc ask_figures(asking *a, bool top)
{
    question *q = ZH_NEW(a->ctx->arena, question);
    const zh_demo_origin *origin = NULL;
    zh_rc rc = begin_question(a, q);
    if (rc == ZH_OK) {
        rc = origin_of(a, q->query.indicator->reg, &origin);
    }
    zh_str regions = a->cells[REGION];
    while (rc == ZH_OK && zh_str_split(&regions, ';', &q->region)) {
        zh_str periods = a->cells[PERIOD];
        q->query.region = q->region;
        while (rc == ZH_OK && zh_str_split(&periods, ';', &q->period)) {
            q->query.first = 0;
            q->query.last = 0;
            if (q->period.n > 0 &&
                zh_period_parse(q->period, &q->query.first, &q->query.last) != ZH_OK) {
                rc = zh_err_set(a->ctx->err, ZH_EINVAL, "demo.period", "“%.*s”不是期间",
                                ZH_FMT(q->period));
            } else {
                rc = top ? ask_top(a, q, origin) : ask_figure(a, q, origin);
            }
        }
    }
    return rc;
}

/* ---- codes that are no longer valid
 * --------------------------------------------------------------------------- */

typedef struct obsolete {
    const zh_field *field;
    zh_date today;
    const zh_code *codes[OBSOLETE_MAX]; /* each once */
    size_t n;
} obsolete;

/* Whether a code is valid, and what came after it, is asked of the code system, never of the
 * record.
 */
static zh_rc note_obsolete(void *user, zh_ctx *ctx, const zh_record *record)
{
    obsolete *o = user;
    const zh_value *value = &record->values[o->field->index];
    if (value->kind != ZH_TEXT || zh_code_find(o->field->codes, value->text, o->today) != NULL) {
        return ZH_OK;
    }
    const zh_code *code = zh_code_find(o->field->codes, value->text, INT32_MIN);
    for (size_t i = 0; i < o->n; i++) {
        if (o->codes[i] == code) {
            return ZH_OK;
        }
    }
    if (o->n == OBSOLETE_MAX) {
        return zh_err_set(ctx->err, ZH_ELIMIT, "demo.obsolete", "失效代码超过 %d 个", OBSOLETE_MAX);
    }
    if (code != NULL) {
        o->codes[o->n++] = code;
    }
    return ZH_OK;
}

static int by_code(const void *x, const void *y)
{
    const zh_code *const *a = x;
    const zh_code *const *b = y;
    return zh_str_cmp((*a)->code, (*b)->code);
}

/* 340824 潜山县 → 340882 潜山市 */
static zh_str line_of(const asking *a, const zh_code *code)
{
    zh_str line =
        zh_str_fmt(a->ctx->arena, "%.*s %.*s", ZH_FMT(code->code), ZH_FMT(code->label.zh));
    for (size_t i = 0; i < code->nsuccessors; i++) {
        const zh_code *next = code->successors[i];
        line = zh_str_fmt(a->ctx->arena, "%.*s%s%.*s %.*s", ZH_FMT(line), i == 0 ? " → " : "、",
                          ZH_FMT(next->code), ZH_FMT(next->label.zh));
    }
    return line;
}

static zh_rc ask_obsolete(asking *a)
{
    zh_ctx *ctx = a->ctx;
    const zh_register *reg = zh_model_register(ctx->model, a->cells[OF]);
    obsolete *o = ZH_NEW(ctx->arena, obsolete);
    o->today = zh_time_date(zh_now());
    o->field = reg != NULL ? zh_register_field(reg, a->cells[BY]) : NULL;
    if (o->field == NULL || o->field->codes == NULL || o->field->table != NULL) {
        return zh_err_set(ctx->err, ZH_EINVAL, "demo.field", "%.*s 没有代码字段 %.*s",
                          ZH_FMT(a->cells[OF]), ZH_FMT(a->cells[BY]));
    }
    zh_list_query query = {.reg = reg, .limit = ZH_LIMIT_MAX, .as_of = ZH_AS_OF_NOW};
    zh_demo_answer answer = {.group = a->cells[GROUP], .title = a->cells[TITLE], .is_list = true};
    zh_rc rc = origin_of(a, reg, &answer.origin);
    if (rc == ZH_OK) {
        rc = zh_scan(ctx, a->conn, &query, note_obsolete, o);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_sort(o->codes, o->n, sizeof o->codes[0], by_code);
    answer.period = answer.origin != NULL ? answer.origin->period : ZH_STR("");
    answer.lines = ZH_NEW_N(ctx->arena, zh_str, o->n + 1);
    for (size_t i = 0; i < o->n; i++) {
        answer.lines[answer.nlines++] = line_of(a, o->codes[i]);
    }
    zh_vec_push(ctx->arena, &a->answers, answer);
    return ZH_OK;
}

/* ---- the questions
 * ---------------------------------------------------------------------------------- */

static zh_rc ask(asking *a)
{
    zh_str kind = a->cells[ASK];
    if (a->answers.n >= ZH_DEMO_ANSWERS_MAX) {
        return zh_err_set(a->ctx->err, ZH_ELIMIT, "demo.answers", "概览最多 %zu 项",
                          ZH_DEMO_ANSWERS_MAX);
    }
    if (zh_str_is(kind, "figure") || zh_str_is(kind, "top")) {
        return ask_figures(a, zh_str_is(kind, "top"));
    }
    if (zh_str_is(kind, "obsolete")) {
        return ask_obsolete(a);
    }
    return zh_err_set(a->ctx->err, ZH_EINVAL, "demo.ask", "不认识的问法“%.*s”", ZH_FMT(kind));
}

static zh_rc read_text(void *user, char *buffer, size_t size, size_t *got, zh_err *err)
{
    zh_str *rest = user;
    (void)err;
    *got = rest->n < size ? rest->n : size;
    if (*got > 0) {
        memcpy(buffer, rest->p, *got);
    }
    *rest = zh_str_sub(*rest, *got, rest->n);
    return ZH_OK;
}

static zh_rc ask_all(asking *a, zh_csv *csv, zh_str tour)
{
    const zh_str *cells = NULL;
    size_t n = 0;
    size_t line = 0;
    zh_rc rc = zh_csv_next(csv, &cells, &n, &line, a->ctx->err); /* the names of the columns */
    while (rc == ZH_OK) {
        rc = zh_csv_next(csv, &cells, &n, &line, a->ctx->err);
        if (rc != ZH_OK || n < COLUMNS || !zh_str_eq(cells[TOUR], tour)) {
            continue;
        }
        for (size_t i = 0; i < COLUMNS; i++) {
            a->cells[i] = zh_str_dup(a->ctx->arena, cells[i]);
        }
        rc = ask(a);
        if (rc != ZH_OK) {
            zh_err_where(a->ctx->err, "%s:%zu", questions, line);
            rc = rc == ZH_ENOTFOUND ? ZH_EINVAL : rc; /* not the end of the questions */
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_demo_summary(zh_ctx *ctx, zh_conn *conn, zh_str tour, zh_demo_answer **out, size_t *n)
{
    asking a = {.ctx = ctx, .conn = conn};
    const zh_embedded *file = zh_embedded_find(questions);
    zh_assert(file != NULL);
    zh_str text = zh_embedded_text(file);
    zh_map_init(&a.origins, ctx->arena);
    zh_csv *csv = zh_csv_new(read_text, &text, ',');
    zh_rc rc = ask_all(&a, csv, tour);
    zh_csv_free(csv);
    *out = a.answers.p;
    *n = a.answers.n;
    return rc;
}
