/* The arithmetic of time limits in words, and what the random comparison of tests/clocks cannot
 * say: the very lines, and corrections of the trigger. Dates are counted by hand in the public
 * holiday notice of 2026 (春节 02-15 to 02-23 off, 02-14 and 02-28 working; 劳动节 05-01 to 05-05
 * off, 05-09 working). */
#include "core/clock/clock.h"
#include "core_fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char PACK[] =
    "calendar: calendar.txt\n"
    "registers:\n"
    "  - id: matter\n"
    "    version: 1.0.0\n"
    "    effective: 2019-01-01\n"
    "    label: 事项\n"
    "    owner: 测试\n"
    "    basis: [测试]\n"
    "    key: {business: [no]}\n"
    "    event_time: since\n"
    "    fields:\n"
    "      - {id: no, label: 编号, type: string}\n"
    "      - {id: since, label: 收到时间, type: datetime}\n"
    "    states: [{id: open, label: 在办, initial: true}, {id: halted, label: 鉴定},\n"
    "             {id: done, label: 办结, terminal: true}]\n"
    "    transitions:\n"
    "      - {id: halt, label: 送鉴定, from: open, to: halted, roles: [head]}\n"
    "      - {id: resume, label: 恢复, from: halted, to: open, roles: [head]}\n"
    "      - {id: prolong, label: 延期, from: '*', roles: [head]}\n"
    "      - {id: close, label: 办结, from: open, to: done, roles: [head]}\n"
    "    clocks:\n"
    "      - id: verify\n"
    "        label: 核查\n"
    "        start: since\n"
    "        stop: [close]\n"
    "        suspend: [halted]\n"
    "        extend: {by: prolong, approve: head, limit: 1, amount: 15 working_day}\n"
    "        versions:\n"
    "          - {from: 2020-01-01, to: 2026-04-14, amount: 15, unit: working_day,\n"
    "             clause: 总局令第20号 第31条}\n"
    "          - {from: 2026-04-15, amount: 5, unit: day, clause: 总局令第121号, unverified: "
    "true}\n";

static const char CALENDAR[] =
    "cover 2026-01-01 2026-12-31\n2026-02-14 work a\n2026-02-15 off a\n2026-02-16 off a\n"
    "2026-02-17 off a\n2026-02-18 off a\n2026-02-19 off a\n2026-02-20 off a\n2026-02-21 off a\n"
    "2026-02-22 off a\n2026-02-23 off a\n2026-02-28 work a\n2026-05-01 off b\n2026-05-02 off b\n"
    "2026-05-03 off b\n2026-05-04 off b\n2026-05-05 off b\n2026-05-09 work b\n";

typedef struct world {
    zh_arena *arena;
    zh_model *model;
    const zh_register *reg;
    zh_value values[2], before_values[2];
    zh_rows tables[2];
    zh_record record, before;
    zh_clock_state state;
    zh_err err;
} world;

static void open_world(world *w)
{
    zh_pack_file files[] = {{ZH_STR("calendar.txt"), zh_str_of(CALENDAR)},
                            {ZH_STR("matter.yaml"), zh_str_of(PACK)}};
    *w = (world){.arena = zh_arena_new((size_t)8 << 20)};
    zh_rc rc = zh_model_compile(files, ZH_COUNTOF(files), &w->model, NULL, &w->err);
    if (rc != ZH_OK) {
        fail_msg("%s %s", w->err.message, w->err.where);
    }
    w->reg = zh_model_register(w->model, ZH_STR("matter"));
    w->record = (zh_record){.reg = w->reg, .version = 1, .values = w->values, .tables = w->tables};
}

static void close_world(world *w)
{
    zh_model_release(w->model);
    zh_arena_free(w->arena);
}

static zh_env env_of(world *w)
{
    return (zh_env){.arena = w->arena,
                    .record = &w->record,
                    .recorded_at = w->record.recorded_at,
                    .calendar = w->model->calendar};
}

/* One version: at a time, by a transition ("" none), with another starting date (NULL: as it is).
 */
static void happen(world *w, const char *at, const char *transition, const char *since)
{
    zh_clock_event event = {.old = w->before.reg != NULL ? &w->before : NULL, .record = &w->record};
    zh_clock_state after;
    bool uncovered = false;
    w->record.recorded_at = fx_time(at);
    if (since != NULL) {
        w->values[1] = zh_value_time(fx_time(since));
    }
    event.transition = zh_register_transition(w->reg, zh_str_of(transition));
    if (event.transition != NULL && event.transition->to >= 0) {
        w->record.state = event.transition->to;
    }
    zh_env env = env_of(w);
    assert_int_equal(zh_clock_advance(&env, &event, &w->state, &after, &uncovered, &w->err), ZH_OK);
    w->state = after;
    memcpy(w->before_values, w->values, sizeof w->values);
    w->before = w->record;
    w->before.values = w->before_values;
}

static void expect_lines(world *w, const char *const *expected, size_t n)
{
    zh_clock_line *lines = NULL;
    size_t got = 0;
    zh_env env = env_of(w);
    assert_int_equal(
        zh_clock_explain(&env, &w->record, &w->reg->clocks[0], &w->state, &lines, &got, &w->err),
        ZH_OK);
    for (size_t i = 0; i < got && i < n; i++) {
        assert_string_equal(zh_str_c(w->arena, lines[i].text), expected[i]);
    }
    assert_int_equal(got, n);
}

static void test_lines(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    happen(&w, "2026-02-11 10:00", "", "2026-02-10 09:00");
    /* 11 12 13 | 14 works | 15..23 off | 24 25 26 27 28 works | 2 3 4 5 6 9 March: the 15th */
    static const char *const plain[] = {
        "起算：收到时间在 2026-02-10（周二），当日不计，2026-02-11（周三） 为第 1 日",
        "适用：触发日在用的是2020-01-01（周三）起施行的口径，15 个工作日",
        "计数：其间休息日 12 天不计，周末调休上班 2 天计入，数到 2026-03-09（周一）",
        "届满：2026-03-09（周一） 24 时",
    };
    expect_lines(&w, plain, ZH_COUNTOF(plain));
    assert_true(w.state.due_at == fx_time("2026-03-10"));
    happen(&w, "2026-02-12 15:00", "halt", NULL); /* the 12th counts */
    assert_false(w.state.has_due);
    static const char *const standing[] = {
        "起算：收到时间在 2026-02-10（周二），当日不计，2026-02-11（周三） 为第 1 日",
        "适用：触发日在用的是2020-01-01（周三）起施行的口径，15 个工作日",
        "停表：2026-02-12 15:00 起，尚未恢复",
        "届满：停表中，恢复后再算",
    };
    expect_lines(&w, standing, ZH_COUNTOF(standing));
    happen(&w, "2026-03-02 09:00", "resume", NULL); /* the 2nd does not; 13 more from the 3rd */
    assert_true(w.state.due_at == fx_time("2026-03-20"));
    happen(&w, "2026-03-05 09:00", "prolong", NULL); /* 15 more working days: 清明 is not in here */
    assert_true(w.state.due_at == fx_time("2026-04-10"));
    happen(&w, "2026-03-05 09:00", "prolong", NULL); /* beyond the limit: nothing */
    assert_int_equal(w.state.extended, 1);
    assert_true(w.state.due_at == fx_time("2026-04-10"));
    close_world(&w);
}

/* Five days from 27 April end on 2 May, a holiday: the 6th. The version is that of the trigger. */
static void test_roll_over(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    happen(&w, "2026-04-27 10:00", "", "2026-04-27 09:00");
    static const char *const lines[] = {
        "起算：收到时间在 2026-04-27（周一），当日不计，2026-04-28（周二） 为第 1 日",
        "适用：触发日在用的是2026-04-15（周三）起施行的口径，5 日",
        "计数：最后一日是 2026-05-02（周六）",
        "顺延：2026-05-02（周六） 是休息日或停表日，顺延到 2026-05-06（周三）",
        "届满：2026-05-06（周三） 24 时",
    };
    expect_lines(&w, lines, ZH_COUNTOF(lines));
    close_world(&w);
}

/* A corrected starting date moves the end and forgets nothing; a date after the end begins anew. */
static void test_correction(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    happen(&w, "2026-03-02 10:00", "", "2026-03-02 09:00");
    happen(&w, "2026-03-03 10:00", "halt", NULL);
    happen(&w, "2026-03-05 10:00", "resume", NULL);
    happen(&w, "2026-03-06 10:00", "", "2026-02-27 09:00"); /* 28 2 3 | 4 5 still | 6 9 … 20 23 */
    assert_int_equal(w.state.nspans, 1);
    assert_true(w.state.due_at == fx_time("2026-03-24"));
    happen(&w, "2026-03-10 10:00", "close", NULL);
    happen(&w, "2026-03-11 10:00", "", "2026-02-26 09:00");
    assert_true(w.state.ended && w.state.ended_at == fx_time("2026-03-10 10:00"));
    assert_true(w.state.due_at == fx_time("2026-03-21")); /* a Friday, the 20th, is the last */
    happen(&w, "2026-03-13 10:00", "", "2026-03-12 09:00");
    assert_false(w.state.ended);
    assert_int_equal(w.state.nspans, 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_roll_over),
        cmocka_unit_test(test_correction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
