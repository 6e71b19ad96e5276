/* Replays histories of one record through the program's clocks and prints where every clock ends.
 *
 *   replay PACKS   PACKS holds the register `matter` with the fields since, mode, amount and the
 *                  transitions halt, resume and prolong; a history a line on standard input:
 *     SINCE MODE AMOUNT EVENT...   SINCE is an instant in seconds, MODE and AMOUNT may be "-"
 *     EVENT: c@S created, h@S halted, r@S resumed, x@S prolonged, b@S every recurring clock due;
 *            the first is c
 *   Answers a line a history: the due instant of every clock in seconds, "-" where it has none. */
#include "base/os.h"
#include "core/clock/clock.h"
#include "model/pack.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1 << 16, FIELDS = 16, CLOCKS = 128 };
#define SECOND INT64_C(1000000)

typedef struct replay {
    zh_arena *arena;
    zh_model *model;
    const zh_register *reg;
    zh_clock_state states[CLOCKS];
    zh_value values[FIELDS], values_before[FIELDS];
    zh_rows tables[FIELDS];
    zh_record record, before;
    zh_err err;
} replay;

static int16_t state_named(const replay *r, const char *id)
{
    return (int16_t)zh_register_state(r->reg, zh_str_of(id));
}

static void step(replay *r, const char *transition, const zh_clock *breached, bool created)
{
    zh_clock_event event = {
        .old = created ? NULL : &r->before,
        .record = &r->record,
        .transition = zh_register_transition(r->reg, zh_str_of(transition)),
        .breached = breached,
    };
    zh_env env = {.arena = r->arena,
                  .record = &r->record,
                  .recorded_at = r->record.recorded_at,
                  .calendar = r->model->calendar};
    zh_clock_state after[CLOCKS];
    bool uncovered = false;
    if (zh_clock_advance(&env, &event, r->states, after, &uncovered, &r->err) != ZH_OK) {
        printf("refused: %s\n", r->err.message);
        exit(2);
    }
    memcpy(r->states, after, sizeof after);
    r->before = r->record;
    memcpy(r->values_before, r->values, sizeof r->values);
    r->before.values = r->values_before;
}

static void recurring(replay *r)
{
    for (size_t i = 0; i < r->reg->nclocks; i++) {
        if (r->reg->clocks[i].every > 0) {
            step(r, "", &r->reg->clocks[i], false);
        }
    }
}

static void event(replay *r, zh_str word)
{
    int64_t at = 0;
    if (word.n < 3 || zh_str_i64(zh_str_sub(word, 2, word.n), &at) != ZH_OK) {
        puts("bad event");
        exit(2);
    }
    r->record.recorded_at = at * SECOND;
    switch (word.p[0]) {
    case 'c': step(r, "", NULL, true); break;
    case 'h':
        r->record.state = state_named(r, "halted");
        step(r, "halt", NULL, false);
        break;
    case 'r':
        r->record.state = state_named(r, "open");
        step(r, "resume", NULL, false);
        break;
    case 'x': step(r, "prolong", NULL, false); break;
    default: recurring(r); break;
    }
}

static zh_value *value(replay *r, const char *field)
{
    return &r->values[zh_register_field(r->reg, zh_str_of(field))->index];
}

static void begin(replay *r, zh_str since, zh_str mode, zh_str amount)
{
    int64_t n = 0;
    memset(r->states, 0, sizeof r->states);
    memset(r->values, 0, sizeof r->values);
    memset(r->tables, 0, sizeof r->tables);
    r->record = (zh_record){.reg = r->reg,
                            .version = 1,
                            .state = state_named(r, "open"),
                            .values = r->values,
                            .tables = r->tables};
    (void)!zh_str_i64(since, &n);
    *value(r, "since") = zh_value_time(n * SECOND);
    if (zh_str_i64(amount, &n) == ZH_OK) {
        *value(r, "amount") = zh_value_int(n);
    }
    if (!zh_str_is(mode, "-")) {
        *value(r, "mode") = zh_value_text(mode);
    }
}

static void history(replay *r, zh_str line)
{
    zh_str words[3];
    zh_str word;
    for (size_t i = 0; i < 3; i++) {
        if (!zh_str_split(&line, ' ', &words[i])) {
            puts("bad line");
            exit(2);
        }
    }
    begin(r, words[0], words[1], words[2]);
    while (line.n > 0 && zh_str_split(&line, ' ', &word)) {
        event(r, word);
    }
    for (size_t i = 0; i < r->reg->nclocks; i++) {
        const zh_clock_state *s = &r->states[i];
        if (s->started && s->has_due) {
            printf("%s%" PRId64, i > 0 ? " " : "", s->due_at / SECOND);
        } else {
            printf("%s-", i > 0 ? " " : "");
        }
    }
    puts("");
}

int main(int argc, char **argv)
{
    static char line[LINE_BYTES];
    replay r = {.arena = zh_arena_new((size_t)64 << 20)};
    zh_pack_file *files = NULL;
    size_t n = 0;
    if (argc != 2 || zh_pack_load_dir(r.arena, argv[1], &files, &n, &r.err) != ZH_OK ||
        zh_model_compile(files, n, &r.model, NULL, &r.err) != ZH_OK) {
        printf("no model: %s %s\n", r.err.message, r.err.where);
        return 2;
    }
    r.reg = zh_model_register(r.model, ZH_STR("matter"));
    if (r.reg == NULL || r.reg->nclocks > CLOCKS || r.reg->nfields > FIELDS) {
        puts("no register");
        return 2;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        zh_arena_mark mark = zh_arena_here(r.arena);
        history(&r, zh_str_trim(zh_str_of(line)));
        zh_arena_rewind(r.arena, mark);
    }
    zh_model_release(r.model);
    zh_arena_free(r.arena);
    return 0;
}
