/* Targets of policy outlines against indicators: what can be compared is compared exactly, what
 * cannot is said to be so. The rules are in indicator.h. */
#include "core/figure/indicator_private.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/read/read_private.h"
#include <inttypes.h>
#include <string.h>

enum {
    YEARS_MAX = 200,
    YEARS_BEFORE = 30 /* looked back for another basis */,
    LAST_YEAR = 9990 /* whole periods stay within the calendar */
};

typedef enum comparator { AT_LEAST, AT_MOST, EQUAL, CUMULATIVE, PER_YEAR } comparator;

typedef struct targeting {
    zh_ctx *ctx;
    zh_conn *conn;
    zh_date at; /* asked; 0 the newest data */
    int64_t as_of;
    zh_date *newest; /* by register: newest event date, INT32_MIN none; */
    bool *asked;
} targeting;

/* One target being judged. */
typedef struct judging {
    targeting *t;
    const zh_outline_item *item;
    const zh_indicator *ind;
    comparator how;
    zh_date newest;   /* data reach to it, and at most to the date asked; INT32_MIN none */
    zh_figure *years; /* figures with a value, by calendar year */
    size_t nyears;
    zh_answer_value now; /* the figure judged */
    zh_quotient goal;
    zh_target *out;
} judging;

const char *zh_target_status_id(zh_target_status status)
{
    switch (status) {
    case ZH_TARGET_MET: return "met";
    case ZH_TARGET_ON_TRACK: return "on_track";
    case ZH_TARGET_BEHIND: return "behind";
    case ZH_TARGET_MISSED: return "missed";
    case ZH_TARGET_UNCERTAIN: return "uncertain";
    case ZH_TARGET_NO_INDICATOR: return "no_indicator";
    case ZH_TARGET_NO_DATA: return "no_data";
    case ZH_TARGET_NO_VALUE: return "no_value";
    case ZH_TARGET_OTHER_BASIS: return "other_basis";
    case ZH_TARGET_NEEDS_EVIDENCE: break;
    }
    return "needs_evidence";
}

static zh_str say(const judging *j, const char *text)
{
    return zh_str_dup(j->t->ctx->arena, zh_str_of(text));
}

static zh_rc verdict(judging *j, zh_target_status status, const char *zh, const char *en)
{
    j->out->status = status;
    j->out->status_zh = say(j, zh);
    j->out->status_en = say(j, en);
    return ZH_OK;
}

/* ---- dates ----------------------------------------------------------------------------------- */

static zh_date year_first(int32_t year)
{
    return zh_date_of(year, 1, 1);
}

static zh_date year_last(int32_t year)
{
    return zh_date_of(year, 12, 31);
}

static int32_t year_of(zh_date date)
{
    int y = 0;
    int m = 0;
    int d = 0;
    zh_date_civil(date, &y, &m, &d);
    return y;
}

static bool complete(const judging *j, int32_t year)
{
    return j->newest != INT32_MIN && j->newest >= zh_date_of(year, 12, 1) &&
           (j->t->at == 0 || j->t->at >= year_last(year));
}

static bool due(const judging *j)
{
    return j->item->deadline != 0 && complete(j, j->item->deadline);
}

/* The offices are stepped through by the primary key and the newest of each is the end of its
 * index, so that the time does not grow with the records. A past state has no such index. */
static zh_rc newest_sql(const targeting *t, const zh_register *reg, zh_buf *sql, zh_binds *binds)
{
    zh_ctx *ctx = t->ctx;
    bool history = t->as_of != ZH_AS_OF_NOW;
    zh_str table = reg->table;
    zh_str column = reg->event_time->column;
    if (history) {
        zh_buf_fmt(sql, "SELECT MAX(a.%.*s) FROM ", ZH_FMT(column));
        zh_from(ctx->arena, sql, binds, reg, t->as_of, "a");
        zh_buf_fmt(sql, " WHERE a.%.*s IS NOT NULL", ZH_FMT(column));
    } else {
        zh_buf_fmt(sql,
                   "WITH RECURSIVE o(office) AS (SELECT MIN(f.office) FROM %.*s f UNION ALL SELECT "
                   "(SELECT MIN(n.office) FROM %.*s n WHERE n.office > o.office) FROM o WHERE "
                   "o.office IS NOT NULL) SELECT MAX((SELECT a.%.*s FROM %.*s a WHERE "
                   "a.office = o.office AND a.%.*s IS NOT NULL",
                   ZH_FMT(table), ZH_FMT(table), ZH_FMT(column), ZH_FMT(table), ZH_FMT(column));
    }
    zh_rc rc = zh_scope_add(ctx, zh_conn_dialect(t->conn), sql, binds, reg, "a", history);
    if (!history) {
        zh_buf_fmt(sql, " ORDER BY a.%.*s DESC LIMIT 1)) FROM o", ZH_FMT(column));
    }
    return rc;
}

/* The newest event date of the records that the reader sees. */
static zh_rc newest_of(targeting *t, const zh_register *reg, zh_date *out)
{
    zh_ctx *ctx = t->ctx;
    *out = t->newest[reg->index];
    if (t->asked[reg->index] || reg->event_time == NULL) {
        return ZH_OK;
    }
    zh_buf sql;
    zh_binds binds = {0};
    zh_buf_init(&sql, 1 << 20);
    zh_rc rc = newest_sql(t, reg, &sql, &binds);
    zh_stmt *stmt = NULL;
    if (rc == ZH_OK) {
        rc = zh_query(t->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK && !zh_col_null(stmt, 0)) {
        int64_t v = zh_col_i64(stmt, 0);
        zh_date date = reg->event_time->type == ZH_TYPE_DATE ? (zh_date)v : zh_time_date(v);
        *out = date < year_last(LAST_YEAR) ? date : year_last(LAST_YEAR);
    }
    zh_finish(stmt);
    zh_buf_free(&sql);
    t->asked[reg->index] = true;
    t->newest[reg->index] = *out;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- figures --------------------------------------------------------------------------------- */

static const zh_register *register_of(const zh_model *model, const zh_indicator *ind)
{
    for (unsigned depth = 0; ind != NULL && ind->reg == NULL && depth <= ZH_ASK_DEPTH_MAX;
         depth++) {
        ind = zh_model_indicator(model, ind->kind == ZH_I_GROWTH ? ind->growth_of
                                        : ind->ncomponents       ? ind->components[0].indicator
                                                                 : ZH_STR_NONE);
    }
    return ind != NULL ? ind->reg : NULL;
}

static zh_figure_query question(const judging *j, zh_date first, zh_date last)
{
    return (zh_figure_query){.indicator = j->ind,
                             .region = j->item->region,
                             .first = first,
                             .last = last,
                             .as_of = j->t->as_of};
}

static zh_rc add_periods(judging *j, const char *dim, zh_date first, zh_date last)
{
    zh_figure_query q = question(j, first, last);
    zh_str *values = NULL;
    zh_figure *figures = NULL;
    size_t n = 0;
    zh_rc rc = zh_figure_by(j->t->ctx, j->t->conn, &q, zh_str_of(dim), &values, &figures, &n);
    for (size_t i = 0; rc == ZH_OK && i < n && j->nyears < YEARS_MAX; i++) {
        if (figures[i].has_value) {
            j->years[j->nyears++] = figures[i];
        }
    }
    return rc;
}

/* Yearly figures from the outline's beginning to the date, at most to the deadline. The year that
 * the date cuts is asked by itself, so that the others can come from cells. */
static zh_rc read_years(judging *j)
{
    const zh_outline_item *item = j->item;
    int32_t last = year_of(j->newest);
    last = item->deadline != 0 && item->deadline < last ? item->deadline : last;
    int32_t from = item->from != 0 ? item->from : last;
    if (last < from) {
        return ZH_OK;
    }
    bool cut = j->t->at != 0 && j->t->at < year_last(last);
    zh_rc rc = cut && last == from
                   ? ZH_OK
                   : add_periods(j, "year", year_first(from), year_last(last - cut));
    return rc == ZH_OK && cut ? add_periods(j, "year", year_first(last), j->t->at) : rc;
}

static zh_rc ask(judging *j, zh_date first, zh_date last)
{
    zh_figure_query q = question(j, first, last);
    zh_rc rc = zh_figure_exact(j->t->ctx, j->t->conn, &q, 0, &j->now);
    if (rc == ZH_OK) {
        j->out->has_figure = true;
        j->out->figure = *j->now.figure;
    }
    return rc;
}

/* The figure that is judged: of the newest year, or of all time without event times. */
static zh_rc read_now(judging *j)
{
    if (j->newest == INT32_MIN) {
        return ask(j, 0, 0);
    }
    if (j->how == CUMULATIVE && j->item->from != 0) {
        zh_date last = year_last(year_of(j->newest));
        last = j->t->at != 0 && j->t->at < last ? j->t->at : last;
        last = j->item->deadline != 0 && last > year_last(j->item->deadline)
                   ? year_last(j->item->deadline)
                   : last;
        if (last < year_first(j->item->from)) {
            return ZH_OK;
        }
        zh_rc rc = read_years(j); /* only shown */
        return rc == ZH_OK ? ask(j, year_first(j->item->from), last) : rc;
    }
    zh_rc rc = read_years(j);
    if (rc == ZH_OK && j->nyears == 0 && j->item->basis_note.zh.n > 0) {
        int32_t last = year_of(j->newest);
        rc = add_periods(j, "quarter", year_first(last - YEARS_BEFORE), year_last(last));
        j->out->outside = rc == ZH_OK && j->nyears > 0;
    }
    if (rc != ZH_OK || j->nyears == 0) {
        return rc;
    }
    const zh_figure *f = &j->years[j->nyears - 1];
    return ask(j, f->first, f->last);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static zh_rc decimal_of(judging *j, zh_quotient q, zh_decimal *out)
{
    for (int guard = 2; guard >= 0; guard--) {
        uint8_t digits = (uint8_t)(j->ind->digits + guard);
        if (digits <= ZH_DECIMAL_DIGITS_MAX &&
            zh_i128_ratio(q.num, q.den, digits, ZH_ROUND_HALF_EVEN, out) == ZH_OK) {
            return ZH_OK;
        }
    }
    return ZH_ELIMIT;
}

static zh_quotient of_decimal(zh_decimal d)
{
    zh_quotient q = {0, 1};
    zh_rc rc = zh_quotient_of(zh_exact_of(d), (zh_exact){1, 0}, &q);
    zh_assert(rc == ZH_OK); /* 18 digits fit */
    return q;
}

static void set_gap(judging *j, zh_quotient value)
{
    zh_quotient gap;
    zh_rc rc = j->how == AT_MOST ? zh_quotient_add(j->goal, value, -1, &gap)
                                 : zh_quotient_add(value, j->goal, -1, &gap);
    j->out->has_gap = rc == ZH_OK && decimal_of(j, gap, &j->out->gap) == ZH_OK;
}

static void set_required(judging *j, zh_quotient required, zh_str note, zh_str note_en)
{
    j->out->has_path = decimal_of(j, required, &j->out->required) == ZH_OK;
    j->out->required_note = note;
    j->out->required_note_en = note_en;
}

static void set_line(judging *j, zh_decimal start, zh_date from, zh_date at, zh_date to)
{
    j->out->has_line = j->out->has_path;
    j->out->line_start = start;
    j->out->line_from = from;
    j->out->line_at = at;
    j->out->line_to = to;
}

static bool meets(const judging *j, zh_quotient value, zh_quotient goal)
{
    int order = zh_quotient_cmp(value, goal);
    return j->how == AT_MOST ? order <= 0 : j->how == EQUAL ? order == 0 : order >= 0;
}

/* An approximate target is within reach of 5 %. */
static bool nearly(const judging *j, zh_quotient value)
{
    zh_quotient factor = j->how == AT_MOST ? (zh_quotient){21, 20} : (zh_quotient){19, 20};
    zh_quotient goal;
    return j->item->approximate && zh_quotient_mul(j->goal, factor, &goal) == ZH_OK &&
           meets(j, value, goal);
}

static bool straddles(const zh_figure *f, zh_quotient goal)
{
    double g = zh_quotient_double(goal);
    return f->has_interval && f->low < g && g < f->high;
}

/* start + (goal - start) * elapsed / whole */
static zh_rc on_line(zh_quotient start, zh_quotient goal, int64_t elapsed, int64_t whole,
                     zh_quotient *out)
{
    zh_quotient share = {elapsed, whole};
    zh_rc rc = zh_quotient_add(goal, start, -1, out);
    if (rc == ZH_OK) {
        rc = zh_quotient_mul(*out, share, out);
    }
    return rc == ZH_OK ? zh_quotient_add(*out, start, 1, out) : rc;
}

static zh_date figure_date(const judging *j, const zh_figure *f)
{
    return j->newest < f->last ? j->newest : f->last;
}

/* Before the deadline: the straight line from the first figure. */
static zh_rc judge_path(judging *j, zh_quotient value)
{
    zh_arena *arena = j->t->ctx->arena;
    if (j->item->deadline == 0) {
        return verdict(j, ZH_TARGET_BEHIND, "尚未达到目标值（原文没有期限）",
                       "not yet at the target (the text sets no date)");
    }
    if (j->nyears < 2) {
        return verdict(j, ZH_TARGET_UNCERTAIN, "尚未达到目标值；只有一期数据，不能判断进度",
                       "not yet at the target; one figure alone shows no progress");
    }
    const zh_figure *start = &j->years[0];
    const zh_figure *now = &j->years[j->nyears - 1];
    zh_date begin = figure_date(j, start);
    zh_date date = figure_date(j, now);
    zh_date end = year_last(j->item->deadline);
    zh_quotient required;
    if (begin >= date || date > end ||
        on_line(of_decimal(start->value), j->goal, date - begin, end - begin, &required) != ZH_OK) {
        return verdict(j, ZH_TARGET_UNCERTAIN, "尚未达到目标值；进度无法计算",
                       "not yet at the target; progress cannot be computed");
    }
    set_required(j, required,
                 zh_str_fmt(arena, "自 %d 年的 %.*s 起按直线到 %d 年底的目标值",
                            year_of(start->first), ZH_FMT(start->shown), (int)j->item->deadline),
                 zh_str_fmt(arena, "straight from %.*s in %d to the target at the end of %d",
                            ZH_FMT(start->shown), year_of(start->first), (int)j->item->deadline));
    set_line(j, start->value, begin, date, end);
    bool ahead = j->how == AT_MOST ? zh_quotient_cmp(value, required) <= 0
                                   : zh_quotient_cmp(value, required) >= 0;
    if (j->how == EQUAL && zh_quotient_cmp(value, j->goal) > 0) {
        return verdict(j, ZH_TARGET_BEHIND, "超过目标值，与“等于”不符",
                       "above the target, which asks for equality");
    }
    return ahead ? verdict(j, ZH_TARGET_ON_TRACK, "未到期，按直线进度正常",
                           "before its date, on the straight line")
                 : verdict(j, ZH_TARGET_BEHIND, "未到期，落后于直线进度",
                           "before its date, behind the straight line");
}

static zh_rc judge_level(judging *j)
{
    zh_quotient value = j->now.exact;
    set_gap(j, value);
    if (straddles(j->now.figure, j->goal)) {
        return verdict(j, ZH_TARGET_UNCERTAIN, "置信区间跨过目标值，不能判断",
                       "the interval straddles the target; no judgement");
    }
    if (meets(j, value, j->goal)) {
        return due(j) ? verdict(j, ZH_TARGET_MET, "已达到", "met")
                      : verdict(j, ZH_TARGET_MET, "已达到目标值，期限未到",
                                "at the target before its date");
    }
    if (nearly(j, value)) {
        return verdict(j, ZH_TARGET_MET, "达到约数目标（差 5 % 以内）",
                       "meets the approximate target (within 5 %)");
    }
    return due(j) ? verdict(j, ZH_TARGET_MISSED, "到期未达到", "missed at its date")
                  : judge_path(j, value);
}

static zh_rc judge_cumulative(judging *j)
{
    zh_quotient value = j->now.exact;
    zh_quotient required;
    set_gap(j, value);
    if (meets(j, value, j->goal)) {
        return verdict(j, ZH_TARGET_MET, "累计已达到", "the sum meets the target");
    }
    if (due(j)) {
        return nearly(j, value) ? verdict(j, ZH_TARGET_MET, "累计达到约数目标（差 5 % 以内）",
                                          "the sum meets the approximate target (within 5 %)")
                                : verdict(j, ZH_TARGET_MISSED, "到期累计未达到",
                                          "the sum missed the target at its date");
    }
    if (j->item->from == 0 || j->item->deadline == 0 || j->newest == INT32_MIN) {
        return verdict(
            j, ZH_TARGET_UNCERTAIN, "累计尚未达到；期限不明，不能判断进度",
            "the sum is short of the target; without a date there is no judging progress");
    }
    zh_date begin = year_first(j->item->from);
    zh_date end = year_last(j->item->deadline);
    zh_date date = figure_date(j, j->now.figure);
    if (on_line((zh_quotient){0, 1}, j->goal, date - begin + 1, end - begin + 1, &required) !=
        ZH_OK) {
        return verdict(j, ZH_TARGET_UNCERTAIN, "累计尚未达到；进度无法计算",
                       "the sum is short of the target; progress cannot be computed");
    }
    set_required(j, required,
                 zh_str_fmt(j->t->ctx->arena, "目标值 × 已过天数 %d / %d", (int)(date - begin + 1),
                            (int)(end - begin + 1)),
                 zh_str_fmt(j->t->ctx->arena, "target × days passed %d / %d",
                            (int)(date - begin + 1), (int)(end - begin + 1)));
    set_line(j, (zh_decimal){0}, begin, date, end);
    return zh_quotient_cmp(value, required) >= 0
               ? verdict(j, ZH_TARGET_ON_TRACK, "未到期，累计不低于时间进度",
                         "before its date, the sum keeps up with time")
               : verdict(j, ZH_TARGET_BEHIND, "未到期，累计低于时间进度",
                         "before its date, the sum lags behind time");
}

static const zh_figure *figure_of_year(const judging *j, int32_t year)
{
    for (size_t i = 0; i < j->nyears; i++) {
        if (year_of(j->years[i].first) == year) {
            return &j->years[i];
        }
    }
    return NULL;
}

static zh_rc judge_per_year(judging *j)
{
    zh_quotient least = j->now.exact;
    int32_t last = year_of(j->newest);
    last = j->item->deadline != 0 && j->item->deadline < last ? j->item->deadline : last;
    size_t years = 0;
    size_t missing = 0;
    bool below = false;
    int32_t from = j->item->from != 0 ? j->item->from : year_of(j->years[0].first);
    for (int32_t year = from; year <= last; year++) {
        const zh_figure *f = figure_of_year(j, year);
        if (!complete(j, year)) {
            continue;
        }
        missing += f == NULL;
        if (f != NULL) {
            zh_quotient value = of_decimal(f->value);
            least = years == 0 || zh_quotient_cmp(value, least) < 0 ? value : least;
            years++;
            below = below || zh_quotient_cmp(value, j->goal) < 0;
        }
    }
    set_required(j, j->goal, ZH_STR("每一个完整年度都不低于目标值"),
                 ZH_STR("no full year below the target"));
    set_gap(j, least);
    if (below) {
        return due(j) ? verdict(j, ZH_TARGET_MISSED, "有年度未达到", "missed in some year")
                      : verdict(j, ZH_TARGET_BEHIND, "有年度未达到", "missed in some year");
    }
    if (years == 0) {
        return zh_quotient_cmp(j->now.exact, j->goal) >= 0
                   ? verdict(j, ZH_TARGET_ON_TRACK, "首个年度未满，已达到年度目标值",
                             "the first year is not over and already at the yearly target")
                   : verdict(j, ZH_TARGET_UNCERTAIN, "首个年度未满，不能判断",
                             "the first year is not over; no judgement");
    }
    if (missing > 0) {
        return verdict(j, ZH_TARGET_NO_DATA, "有数据的年度都达到，但有的年度没有数据",
                       "met in every year with data, but some years have none");
    }
    return due(j) ? verdict(j, ZH_TARGET_MET, "各年度都达到", "met in every year")
                  : verdict(j, ZH_TARGET_ON_TRACK, "已满的年度都达到", "met in every full year");
}

static bool overlap(const zh_figure *a, const zh_figure *b)
{
    return a->has_interval && b->has_interval && a->low <= b->high && b->low <= a->high;
}

static zh_rc judge_trend(judging *j)
{
    const zh_figure *before = NULL;
    size_t pairs = 0;
    bool reversed = false;
    bool unsure = false;
    bool lower = zh_str_is(j->item->comparator, "<=");
    for (size_t i = 0; i < j->nyears; i++) {
        const zh_figure *f = &j->years[i];
        if (!complete(j, year_of(f->first))) {
            continue;
        }
        if (before != NULL) {
            int order = zh_decimal_cmp(f->value, before->value);
            bool good = lower ? order < 0 : order >= 0;
            bool open = overlap(f, before);
            pairs++;
            unsure = unsure || open;
            reversed = reversed || (!good && !open);
            set_required(j, of_decimal(before->value), ZH_STR("上一个完整年度的值"),
                         ZH_STR("the value of the last full year"));
        }
        before = f;
    }
    if (pairs == 0) {
        return verdict(j, ZH_TARGET_NO_DATA, "至少要有两个完整年度的数据才能看变化方向",
                       "a direction needs data of at least two full years");
    }
    if (reversed) {
        return due(j)
                   ? verdict(j, ZH_TARGET_MISSED, "变化方向与目标相反", "moves against the target")
                   : verdict(j, ZH_TARGET_BEHIND, "变化方向与目标相反", "moves against the target");
    }
    if (unsure) {
        return verdict(j, ZH_TARGET_UNCERTAIN, "相邻年度的置信区间重叠，变化方向不能判断",
                       "intervals of neighbouring years overlap; no judgement of direction");
    }
    return due(j) ? verdict(j, ZH_TARGET_MET, "逐年变化方向与目标一致",
                            "moves with the target year by year")
                  : verdict(j, ZH_TARGET_ON_TRACK, "逐年变化方向与目标一致",
                            "moves with the target year by year");
}

/* ---- one target ------------------------------------------------------------------------------ */

static comparator comparator_of(const zh_outline_item *item)
{
    return zh_str_is(item->comparator, "<=")             ? AT_MOST
           : zh_str_is(item->comparator, "=")            ? EQUAL
           : zh_str_is(item->comparator, "cumulative>=") ? CUMULATIVE
           : zh_str_is(item->comparator, "per-year>=")   ? PER_YEAR
                                                         : AT_LEAST;
}

static zh_str form_of(const zh_outline_item *item)
{
    if (zh_str_is(item->unit, "level") || zh_str_is(item->unit, "rank")) {
        return ZH_STR("rank");
    }
    if (zh_str_is(item->unit, "status") || zh_str_is(item->unit, "trend")) {
        return item->unit;
    }
    switch (comparator_of(item)) {
    case CUMULATIVE: return ZH_STR("cumulative");
    case PER_YEAR: return ZH_STR("per_year");
    case AT_LEAST:
    case AT_MOST:
    case EQUAL: break;
    }
    return item->has_value_max ? ZH_STR("range") : ZH_STR("numeric");
}

static bool counts_things(const zh_indicator *ind)
{
    return ind->kind == ZH_I_COUNT || ind->kind == ZH_I_SUM || ind->kind == ZH_I_DISTINCT ||
           ind->kind == ZH_I_STOCK;
}

/* Whether the indicator is measured in the target's unit. */
static bool same_unit(const zh_outline_item *item, const zh_indicator *ind)
{
    if (zh_str_is(item->unit, "trend") || zh_str_eq(item->unit, ind->unit)) {
        return true;
    }
    static const char *const things[] = {"count", "persons", "person-times", "levels"};
    for (size_t i = 0; i < ZH_COUNTOF(things); i++) {
        if (zh_str_is(item->unit, things[i])) {
            return counts_things(ind) && !zh_str_is(ind->unit, "%");
        }
    }
    return zh_str_is(item->unit, "times") && zh_str_is(ind->unit, "ratio");
}

static zh_rc judge(judging *j)
{
    if (!j->out->has_figure || !j->now.figure->has_value) {
        return verdict(j, ZH_TARGET_NO_DATA, "规划期内没有数据", "no data in the planning period");
    }
    if (j->item->basis_note.zh.n > 0) {
        j->out->status = ZH_TARGET_OTHER_BASIS;
        j->out->status_zh = j->item->basis_note.zh;
        j->out->status_en = j->item->basis_note.en.n > 0
                                ? j->item->basis_note.en
                                : ZH_STR("another basis; shown beside each other, no judgement");
        return ZH_OK;
    }
    if (!same_unit(j->item, j->ind)) {
        return verdict(j, ZH_TARGET_OTHER_BASIS, "口径不同、不作达标判断：指标与目标的单位不同",
                       "another basis, no judgement: indicator and target have different units");
    }
    if (zh_str_is(j->out->form, "trend")) {
        return judge_trend(j);
    }
    if (!j->item->has_value) {
        return verdict(j, ZH_TARGET_NO_VALUE, "原文没有数值，须附证据认定",
                       "the text gives no number; to be found on evidence");
    }
    j->goal = of_decimal(j->item->value);
    return j->how == CUMULATIVE ? judge_cumulative(j)
           : j->how == PER_YEAR ? judge_per_year(j)
                                : judge_level(j);
}

static zh_rc judge_tied(judging *j)
{
    zh_ctx *ctx = j->t->ctx;
    const zh_register *reg = register_of(ctx->model, j->ind);
    zh_err before = *ctx->err;
    zh_rc rc = reg != NULL ? newest_of(j->t, reg, &j->newest) : ZH_OK;
    if (j->t->at != 0 && j->newest > j->t->at) {
        j->newest = j->t->at;
    }
    j->years = ZH_NEW_N(ctx->arena, zh_figure, YEARS_MAX);
    if (rc == ZH_OK && j->newest == INT32_MIN && reg != NULL && reg->event_time != NULL) {
        return verdict(j, ZH_TARGET_NO_DATA, "没有数据", "no data");
    }
    if (rc == ZH_OK) {
        rc = read_now(j);
    }
    j->out->years = j->years;
    j->out->nyears = j->nyears;
    if (rc == ZH_EINVAL) { /* the question does not suit the indicator: say so, go on */
        zh_str why = zh_str_dup(ctx->arena, zh_str_of(ctx->err->message));
        *ctx->err = before;
        j->out->has_figure = false;
        j->out->status = ZH_TARGET_NO_DATA;
        j->out->status_zh = zh_str_fmt(ctx->arena, "不能计算：%.*s", ZH_FMT(why));
        j->out->status_en = ZH_STR("cannot be computed");
        return ZH_OK;
    }
    return rc == ZH_OK ? judge(j) : rc;
}

static zh_rc one_target(targeting *t, const zh_outline_item *item, zh_target *out)
{
    judging j = {.t = t, .item = item, .how = comparator_of(item), .out = out};
    *out = (zh_target){.item = item, .form = form_of(item)};
    j.newest = INT32_MIN;
    if (zh_str_is(out->form, "rank") || zh_str_is(out->form, "status")) {
        return verdict(&j, ZH_TARGET_NEEDS_EVIDENCE, "须附证据由人认定，不折算百分比",
                       "to be found by people on evidence, never a percentage");
    }
    if (item->indicator.n > 0) {
        j.ind = zh_model_indicator(t->ctx->model, item->indicator);
    }
    if (j.ind != NULL) {
        return judge_tied(&j);
    }
    if (!item->has_value && !zh_str_is(out->form, "trend")) {
        return verdict(&j, ZH_TARGET_NO_VALUE, "原文没有数值，须附证据认定",
                       "the text gives no number; to be found on evidence");
    }
    return verdict(&j, ZH_TARGET_NO_INDICATOR, "尚未挂接指标", "not tied to an indicator yet");
}

static targeting begin(zh_ctx *ctx, zh_conn *conn, zh_date at, int64_t as_of)
{
    size_t n = ctx->model->nregisters;
    targeting t = {.ctx = ctx, .conn = conn, .at = at, .as_of = as_of};
    t.newest = ZH_NEW_N(ctx->arena, zh_date, n + 1);
    t.asked = ZH_NEW_N(ctx->arena, bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        t.newest[i] = INT32_MIN;
    }
    return t;
}

zh_rc zh_target_ask(zh_ctx *ctx, zh_conn *conn, zh_str id, zh_date at, int64_t as_of,
                    zh_target *out)
{
    const zh_model *model = ctx->model;
    targeting t = begin(ctx, conn, at, as_of);
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        if (zh_str_is(item->kind, "target") && zh_str_eq(item->id, id)) {
            return one_target(&t, item, out);
        }
    }
    return zh_err_set(ctx->err, ZH_ENOTFOUND, "target.unknown", "没有目标“%.*s”", ZH_FMT(id));
}

zh_rc zh_targets(zh_ctx *ctx, zh_conn *conn, zh_str outline, zh_date at, int64_t as_of,
                 zh_target **out, size_t *n)
{
    const zh_model *model = ctx->model;
    targeting t = begin(ctx, conn, at, as_of);
    zh_target *targets = ZH_NEW_N(ctx->arena, zh_target, model->noutline_items + 1);
    zh_rc rc = ZH_OK;
    bool known = outline.n == 0;
    *n = 0;
    for (size_t i = 0; i < model->noutline_items && rc == ZH_OK; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        bool wanted = outline.n == 0 || zh_str_eq(item->outline, outline);
        known = known || wanted;
        if (wanted && zh_str_is(item->kind, "target")) {
            rc = one_target(&t, item, &targets[(*n)++]);
        }
    }
    *out = targets;
    if (rc == ZH_OK && !known) {
        return zh_err_set(ctx->err, ZH_ENOTFOUND, "target.outline", "没有纲要“%.*s”",
                          ZH_FMT(outline));
    }
    return rc;
}
