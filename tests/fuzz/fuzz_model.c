/* Declarations: any text, as one or two files beside a valid base, compiles or is refused with an
 * error that has a rule and a place; what compiles can be documented and does not differ from
 * itself. A line "%%" separates the YAML from a side file side.csv. */
// covers: src/model/schema.c src/model/codes_build.c src/model/parse_fields.c
// covers: src/model/parse_workflow.c src/model/parse_indicator.c src/model/parse_declared.c
#include "model/diff.h"
#include "model/docs.h"
#include "model/model.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] =
    "units:\n"
    "  - {code: mg/kg, dimension: mass_fraction, label: u, factor: \"0.000001\"}\n"
    "codes:\n"
    "  - {id: region, label: R, levels: [province, city], values: {a: A, b: {zh: B, parent: a}}}\n"
    "registers:\n"
    "  - id: enterprise\n"
    "    version: 1.0.0\n"
    "    effective: 2026-01-01\n"
    "    label: E\n"
    "    fields:\n"
    "      - {id: uscc, label: U, type: string, format: uscc}\n"
    "      - {id: place, label: P, type: code, system: region}\n";

static void check_itself(zh_model *model)
{
    zh_arena *arena = zh_arena_new((size_t)1 << 28);
    zh_diff diff;
    zh_buf text;
    zh_buf_init(&text, (size_t)1 << 24);
    zh_docs_model(model, &text);
    zh_buf_free(&text);
    if (zh_model_diff(arena, model, model, false, &diff, NULL) != ZH_OK || diff.n != 0) {
        abort();
    }
    if (zh_model_diff(arena, NULL, model, false, &diff, NULL) != ZH_OK) {
        abort();
    }
    zh_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str all = {size == 0 ? "" : (const char *)data, size};
    ptrdiff_t cut = zh_str_find(all, ZH_STR("\n%%\n"));
    zh_pack_file files[3] = {
        {ZH_STR("base.yaml"), zh_str_of(base)},
        {ZH_STR("case.yaml"), cut < 0 ? all : zh_str_sub(all, 0, (size_t)cut + 1)},
        {ZH_STR("side.csv"), cut < 0 ? ZH_STR("") : zh_str_sub(all, (size_t)cut + 4, size)}};
    zh_model *model = NULL;
    zh_buf report;
    zh_err err;
    if (size > (size_t)1 << 16) {
        return 0;
    }
    zh_err_clear(&err);
    zh_buf_init(&report, (size_t)1 << 20);
    zh_rc rc = zh_model_compile(files, ZH_COUNTOF(files), &model, &report, &err);
    if (rc == ZH_OK) {
        check_itself(model);
    } else if (model != NULL || err.rule[0] == '\0' || err.where[0] == '\0' || report.n == 0) {
        abort();
    }
    zh_buf_free(&report);
    zh_model_release(model);
    return 0;
}
