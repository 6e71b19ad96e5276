/* The arithmetic of a clock in words, line by line, as an official would write it on paper. */
#include "core/clock/clock.h"

enum { LINES_MAX = 16, SPANS_SHOWN = 8 };

typedef struct telling {
    const zh_env *env;
    const zh_clock *clock;
    const zh_clock_state *state;
    const zh_clock_sum *sum;
    const zh_err *err;
    zh_clock_line *lines;
    size_t n;
} telling;

static void say(telling *t, zh_str text, const char *clause)
{
    zh_assert(t->n < LINES_MAX);
    t->lines[t->n++] =
        (zh_clock_line){.text = text, .clause = zh_str_of(zh_err_text(t->err, clause))};
}

static zh_str day_text(const telling *t, zh_date day)
{
    static const char *const names[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
    char text[16];
    size_t n = zh_date_format(day, text);
    return zh_str_fmt(t->env->arena, zh_err_text(t->err, "%.*s（%s）"), (int)n, text,
                      zh_err_text(t->err, names[zh_date_weekday(day) - 1]));
}

static zh_str instant_text(const telling *t, zh_time at)
{
    zh_civil c = zh_time_civil(at);
    return zh_str_fmt(t->env->arena, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour,
                      c.minute);
}

static const char *unit_text(const telling *t, zh_unit_time unit)
{
    switch (unit) {
    case ZH_HOUR: return zh_err_text(t->err, "小时");
    case ZH_DAY: return zh_err_text(t->err, "日");
    case ZH_WORKING_DAY: return zh_err_text(t->err, "个工作日");
    case ZH_MONTH: return zh_err_text(t->err, "个月");
    case ZH_YEAR: break;
    }
    return zh_err_text(t->err, "年");
}

/* ---- lines ----------------------------------------------------------------------------------- */

static zh_str start_label(const telling *t, const zh_register *reg, const zh_clock *clock)
{
    const zh_field *field = zh_register_field(reg, clock->start);
    const zh_transition *transition = zh_register_transition(reg, clock->start);
    int state = zh_register_state(reg, clock->start);
    return transition != NULL ? zh_label_for(t->err, transition->label)
           : state >= 0       ? zh_label_for(t->err, reg->states[state].label)
           : field != NULL    ? zh_label_for(t->err, field->label)
                              : clock->start;
}

static void say_start(telling *t, const zh_register *reg)
{
    zh_arena *arena = t->env->arena;
    zh_date first = zh_time_date(t->state->started_at);
    zh_str what = start_label(t, reg, t->clock);
    const zh_clock_version *v = t->sum->version;
    if (v != NULL && v->fixed_month == 0 && v->unit == ZH_HOUR) {
        say(t,
            zh_str_fmt(arena, zh_err_text(t->err, "起算：%.*s，自 %.*s 起按小时计"), ZH_FMT(what),
                       ZH_FMT(instant_text(t, t->state->started_at))),
            "");
        return;
    }
    say(t,
        zh_str_fmt(arena, zh_err_text(t->err, "起算：%.*s在 %.*s，当日不计，%.*s 为第 1 日"),
                   ZH_FMT(what), ZH_FMT(day_text(t, first)), ZH_FMT(day_text(t, first + 1))),
        "民法典 第二百零一条");
}

static void say_version(telling *t)
{
    zh_arena *arena = t->env->arena;
    const zh_clock_version *v = t->sum->version;
    zh_str since = v->from > INT32_MIN ? zh_str_fmt(arena, zh_err_text(t->err, "%.*s起施行的口径"),
                                                    ZH_FMT(day_text(t, v->from)))
                                       : zh_str_of(zh_err_text(t->err, "唯一的口径"));
    zh_str amount = zh_str_of(zh_err_text(t->err, "期限未填"));
    if (v->fixed_month != 0) {
        amount = zh_str_fmt(arena, zh_err_text(t->err, "每年 %d 月 %d 日"), v->fixed_month,
                            v->fixed_day);
    } else if (v->amount_field != NULL) {
        amount =
            zh_str_fmt(arena, zh_err_text(t->err, "“%.*s”所填的数，单位%s"),
                       ZH_FMT(zh_label_for(t->err, v->amount_field->label)), unit_text(t, v->unit));
    } else {
        amount = zh_str_fmt(arena, "%d %s", v->amount, unit_text(t, v->unit));
    }
    say(t,
        zh_str_fmt(arena, zh_err_text(t->err, "适用：触发日在用的是%.*s，%.*s"), ZH_FMT(since),
                   ZH_FMT(amount)),
        "");
    t->lines[t->n - 1].clause = zh_label_for(t->err, v->clause);
    t->lines[t->n - 1].unverified = v->unverified;
}

static void say_parts(telling *t)
{
    zh_arena *arena = t->env->arena;
    if (t->clock->every > 0) {
        say(t,
            zh_str_fmt(arena, zh_err_text(t->err, "循环：每 %d %s一次，已过 %d 次"),
                       t->clock->every, unit_text(t, t->clock->every_unit), t->state->passed),
            "");
    }
    if (t->state->extended > 0) {
        say(t,
            zh_str_fmt(arena, zh_err_text(t->err, "延期：%d 次，每次 %d %s"), t->state->extended,
                       t->clock->extend_amount, unit_text(t, t->clock->extend_unit)),
            "");
    }
}

static void say_spans(telling *t)
{
    zh_arena *arena = t->env->arena;
    const zh_clock_period *p = &t->sum->period;
    for (size_t i = 0; i < p->nspans && i < SPANS_SHOWN; i++) {
        const zh_clock_span *span = &p->spans[i];
        zh_str from = instant_text(t, span->from);
        if (span->to == ZH_CLOCK_STANDING) {
            say(t, zh_str_fmt(arena, zh_err_text(t->err, "停表：%.*s 起，尚未恢复"), ZH_FMT(from)),
                "");
        } else {
            say(t,
                zh_str_fmt(arena, zh_err_text(t->err, "停表：%.*s 至 %.*s，其间 %d 日不计"),
                           ZH_FMT(from), ZH_FMT(instant_text(t, span->to)),
                           (int)(zh_time_date(span->to) - zh_time_date(span->from))),
                "");
        }
    }
    if (p->nspans > SPANS_SHOWN) {
        say(t, zh_str_fmt(arena, zh_err_text(t->err, "停表：另有 %zu 次"), p->nspans - SPANS_SHOWN),
            "");
    }
}

static void count_off(const telling *t, int *off, int *extra)
{
    *off = *extra = 0;
    for (zh_date d = zh_time_date(t->state->started_at) + 1; d <= t->sum->ending.last; d++) {
        bool working = false;
        if (t->env->calendar == NULL ||
            zh_calendar_is_working(t->env->calendar, d, &working) != ZH_OK) {
            return;
        }
        *off += !working;
        *extra += working && zh_date_weekday(d) > 5;
    }
}

static void say_end(telling *t)
{
    zh_arena *arena = t->env->arena;
    const zh_clock_ending *e = &t->sum->ending;
    const zh_clock_version *v = t->sum->version;
    if (e->by_hour) {
        say(t,
            zh_str_fmt(arena, zh_err_text(t->err, "届满：%.*s"), ZH_FMT(instant_text(t, e->due))),
            "");
        return;
    }
    if (v->fixed_month == 0 && v->unit == ZH_WORKING_DAY) {
        int off;
        int extra;
        count_off(t, &off, &extra);
        say(t,
            zh_str_fmt(arena,
                       zh_err_text(t->err,
                                   "计数：其间休息日 %d 天不计，周末调休上班 %d 天计入，数到 %.*s"),
                       off, extra, ZH_FMT(day_text(t, e->last))),
            "国务院办公厅 放假安排");
    } else {
        say(t,
            zh_str_fmt(arena, zh_err_text(t->err, "计数：最后一日是 %.*s"),
                       ZH_FMT(day_text(t, e->last))),
            v->fixed_month == 0 && v->unit != ZH_DAY ? "民法典 第二百零二条" : "");
    }
    if (e->rolled != e->last) {
        say(t,
            zh_str_fmt(arena, zh_err_text(t->err, "顺延：%.*s 是休息日或停表日，顺延到 %.*s"),
                       ZH_FMT(day_text(t, e->last)), ZH_FMT(day_text(t, e->rolled))),
            "民法典 第二百零三条");
    } else if (e->beyond) {
        say(t, zh_str_of(zh_err_text(t->err, "顺延：工作日历没有覆盖这一天，是否顺延不作推断")),
            "");
    }
    say(t,
        zh_str_fmt(arena, zh_err_text(t->err, "届满：%.*s 24 时"), ZH_FMT(day_text(t, e->rolled))),
        "");
}

static void say_nothing(telling *t)
{
    const char *why = t->sum->rc == ZH_EBUSY       ? "届满：停表中，恢复后再算"
                      : t->sum->rc == ZH_ENOTFOUND ? "届满：工作日历没有覆盖，不作推断"
                      : t->sum->rc == ZH_ELIMIT    ? "届满：期限超出上限，不能计算"
                                                   : "届满：期限尚未填写，不能计算";
    say(t, zh_str_of(zh_err_text(t->err, why)), "");
}

zh_rc zh_clock_explain(const zh_env *env, const zh_record *record, const zh_clock *clock,
                       const zh_clock_state *state, zh_clock_line **lines, size_t *n, zh_err *err)
{
    zh_clock_sum sum;
    *n = 0;
    *lines = NULL;
    if (!state->started) {
        return ZH_OK;
    }
    zh_rc rc = zh_clock_add_up(env, record, clock, state, &sum, err);
    if (rc != ZH_OK) {
        return rc;
    }
    telling t = {.env = env,
                 .clock = clock,
                 .state = state,
                 .sum = &sum,
                 .err = err,
                 .lines = ZH_NEW_N(env->arena, zh_clock_line, LINES_MAX)};
    say_start(&t, record->reg);
    if (sum.version == NULL) {
        say(&t, zh_str_of(zh_err_text(err, "适用：触发日没有在用的口径，不起算")), "");
    } else {
        say_version(&t);
        say_parts(&t);
        say_spans(&t);
        if (sum.rc == ZH_OK) {
            say_end(&t);
        } else {
            say_nothing(&t);
        }
    }
    *lines = t.lines;
    *n = t.n;
    return ZH_OK;
}
