/* Calculations by name, text to text. */
#include "engine/engine.h"

const zh_engine *zh_engine_find(zh_str name)
{
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (zh_str_is(name, zh_engines[i]->name)) {
            return zh_engines[i];
        }
    }
    return NULL;
}

zh_rc zh_engine_run(const zh_engine *engine, zh_arena *arena, zh_str text, unsigned indent,
                    zh_buf *out, zh_err *err)
{
    zh_json *input = NULL;
    zh_rc rc = zh_json_parse(arena, text, &input, err);
    if (rc == ZH_OK && input->kind != ZH_JSON_OBJECT) {
        rc = zh_err_set(err, ZH_EINVAL, "calc.input", "输入要是一个 JSON 对象");
    }
    if (rc == ZH_OK) {
        zh_jw w;
        zh_jw_init(&w, out, indent);
        rc = engine->run(arena, input, &w, err);
        zh_buf_c(out, '\n');
    }
    if (rc == ZH_OK && out->failed) {
        rc = zh_err_set(err, ZH_ELIMIT, "calc.size", "结果太大");
    }
    if (rc != ZH_OK) {
        zh_err_fix(err, "能用的输入：%s", engine->input);
    }
    return rc;
}
