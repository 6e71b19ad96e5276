/* Reading SOURCE.json; see origin.h. */
#include "app/demo/origin.h"
#include "app/demo/demo.h"
#include "base/embedded.h"
#include "base/json.h"

static zh_str member(const zh_json *object, const char *name)
{
    return zh_json_str(zh_json_get(object, name), ZH_STR(""));
}

static zh_str in_english(const zh_json *english, const char *name, zh_str otherwise)
{
    return english != NULL ? zh_json_str(zh_json_get(english, name), otherwise) : otherwise;
}

static zh_rc read_origin(zh_arena *arena, const char *set, zh_demo_origin **out, zh_err *err)
{
    const char *path = zh_str_fmt(arena, "packs/demo/data/%s/SOURCE.json", set).p;
    const zh_embedded *file = zh_embedded_find(path);
    zh_json *document = NULL;
    if (file == NULL) {
        return zh_err_set(err, ZH_ENOTFOUND, "demo.origin", "没有 %s", path);
    }
    zh_rc rc = zh_json_parse(arena, zh_embedded_text(file), &document, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_json *licence = zh_json_get(document, "licence");
    const zh_json *english = zh_json_get(document, "english");
    zh_demo_origin *origin = ZH_NEW(arena, zh_demo_origin);
    *origin = (zh_demo_origin){
        .set = member(document, "set"),
        .title = member(zh_json_get(document, "title"), "zh"),
        .title_en = member(zh_json_get(document, "title"), "en"),
        .publisher = member(document, "publisher"),
        .via = member(document, "via"),
        .commit = member(document, "commit"),
        .letter = member(licence, "letter"),
        .terms = member(licence, "terms"),
        .period = member(document, "period"),
        .retrieved = member(document, "retrieved"),
        .note = member(document, "note"),
    };
    origin->publisher_en = in_english(english, "publisher", origin->publisher);
    origin->period_en = in_english(english, "period", origin->period);
    origin->note_en = in_english(english, "note", origin->note);
    *out = origin;
    return ZH_OK;
}

zh_rc zh_demo_origin_find(zh_arena *arena, zh_str reg, zh_demo_origin **out, zh_err *err)
{
    *out = NULL;
    for (size_t i = 0; i < zh_demo_steps_n; i++) {
        const zh_demo_step *step = &zh_demo_steps[i];
        if (step->reg != NULL && zh_str_is(reg, step->reg)) {
            return read_origin(arena, step->set, out, err);
        }
    }
    return ZH_OK;
}
