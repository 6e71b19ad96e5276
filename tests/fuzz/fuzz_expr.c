/* Expressions: any text is refused with a message and a place, or compiles to a tree whose printed
 * form compiles to the same print and the same value; conditions also go through the SQL filter. */
// covers: src/model/expr.c src/model/expr_lex.c src/model/expr_parse.c src/model/expr_types.c
// covers: src/model/expr_names.c src/model/expr_call.c src/model/expr_query.c src/model/expr_eval.c
#include "../unit/expr_world.h"
#include "base/utf8.h"
#include "core/read/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 64 << 20, SQL_BYTES = 4 << 20, STEPS = 50000 };

static zh_rc evaluate(world *w, zh_arena *arena, const zh_record *record, const zh_program *p,
                      zh_value *out)
{
    zh_env env = world_env(w, record);
    zh_err err = {0};
    env.arena = arena;
    env.steps_left = STEPS;
    zh_rc rc = zh_eval(p, &env, out, &err);
    zh_assert(rc == ZH_OK || (err.rule[0] && err.message[0]));
    return rc;
}

static void filter(zh_arena *arena, const zh_register *reg, const zh_program *p)
{
    zh_buf sql;
    zh_err err = {0};
    for (int dialect = ZH_SQLITE; dialect <= ZH_POSTGRES; dialect++) {
        zh_binds binds = {0};
        zh_buf_init(&sql, SQL_BYTES);
        zh_err_clear(&err);
        zh_rc rc =
            zh_filter_sql(arena, p->root, reg, "a", (zh_dialect)dialect, false, &sql, &binds, &err);
        size_t marks = 0;
        for (size_t i = 0; i < sql.n; i++) {
            marks += sql.p[i] == '?';
            zh_assert(sql.p[i] != ';'); /* nothing of the text gets into the statement */
        }
        zh_assert(rc != ZH_OK || marks == binds.n);
        zh_buf_free(&sql);
    }
}

static void one(world *w, zh_arena *arena, const zh_record *record, zh_str text)
{
    const zh_scope scope = {.model = &w->model, .reg = record->reg};
    zh_program p, again;
    zh_value a, b;
    zh_err err = {0};
    if (zh_expr_compile(arena, &scope, text, &p, &err) != ZH_OK) {
        zh_assert(err.rule[0] && err.message[0] && err.where[0]);
        return;
    }
    zh_str once = zh_expr_print(arena, p.root);
    zh_rc rc = evaluate(w, arena, record, &p, &a);
    if (zh_expr_compile(arena, &scope, once, &again, &err) == ZH_OK) {
        zh_assert(zh_str_eq(once, zh_expr_print(arena, again.root)));
        zh_rc second = evaluate(w, arena, record, &again, &b);
        zh_assert(second == rc && (rc != ZH_OK || zh_value_same(&a, &b)));
    } else { /* the print is longer than the text and may be above a cap */
        zh_assert(zh_str_starts(zh_str_of(err.rule), ZH_STR("expr.limit.")));
    }
    if (p.root->kind == ZH_BOOL) {
        filter(arena, record->reg, &p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world *w;
    zh_str text = {(const char *)data, size};
    if (w == NULL) {
        w = world_new();
    }
    if (!zh_utf8_valid(text)) { /* checked where text enters the program */
        return 0;
    }
    zh_arena *arena = zh_arena_new(ARENA_BYTES);
    one(w, arena, w->report, text);
    for (size_t i = 0; i < w->nrecords; i++) {
        if (w->records[i].reg == &w->regs[INSTRUMENT]) {
            one(w, arena, &w->records[i], text);
        }
    }
    zh_arena_free(arena);
    return 0;
}
