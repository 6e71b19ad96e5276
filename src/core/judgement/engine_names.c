/* Looking up the calculations that declarations name. */
#include "core/judgement/engine_names.h"
#include "model/schema.h"

enum { ENGINE_VERSION = 1, ARENA_BYTES = 1 << 20 }; /* every interface is at its first version */

const zh_engine *zh_engine_named(zh_str declared)
{
    ptrdiff_t at = zh_str_chr(declared, '@');
    uint64_t version = 0;
    bool known = at > 0 &&
                 zh_str_u64(zh_str_sub(declared, (size_t)at + 1, declared.n), &version) == ZH_OK &&
                 version == ENGINE_VERSION;
    return known ? zh_engine_find(zh_str_sub(declared, 0, (size_t)at)) : NULL;
}

static void report_unknown(zh_cx *cx, const zh_yaml *node)
{
    zh_str *known = ZH_NEW_N(cx->arena, zh_str, zh_engines_n + 1);
    for (size_t i = 0; i < zh_engines_n; i++) {
        known[i] = zh_str_fmt(cx->arena, "%s@%d", zh_engines[i]->name, ENGINE_VERSION);
    }
    const char *near = zh_schema_nearest(cx->arena, node->text, known, zh_engines_n);
    zh_cx_error(cx, node, "judgement.engine",
                near[0] != '\0' ? near : "zhiheng calc 列出全部引擎；版本现在都是 @1",
                "没有引擎「%.*s」", ZH_FMT(node->text));
}

zh_rc zh_engine_names_check(const zh_model *model, zh_buf *report, zh_err *err)
{
    zh_cx cx = {.arena = zh_arena_new(ARENA_BYTES), .report = report, .err = err};
    for (size_t i = 0; i < model->nregisters; i++) {
        for (const zh_yaml *j = zh_first(model->registers[i].declared, "judgements"); j != NULL;
             j = zh_next(j)) {
            const zh_yaml *engine = zh_yaml_get(j, "engine");
            if (engine != NULL && zh_engine_named(engine->text) == NULL) {
                report_unknown(&cx, engine);
            }
        }
    }
    zh_arena_free(cx.arena);
    return cx.rc;
}
