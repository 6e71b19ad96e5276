/* What a run of an import found, as the report that its page is made from. */
#ifndef ZH_APP_IMPORT_REPORT_H
#define ZH_APP_IMPORT_REPORT_H

#include "app/import.h"
#include "core/figure/effect.h"

typedef struct zh_import_found {
    const zh_register *reg; /* NULL: none was found */
    zh_str name;            /* of the file */
    uint64_t bytes;
    const zh_intake_result *result; /* NULL: it did not come so far */
    const zh_effect *effects;
    size_t neffects;
    const zh_err *err; /* that ended it; NULL: none */
    int64_t log_from, log_to;
} zh_import_found;

/* Writes jobs/<job>.report.json. */
zh_rc zh_import_report(zh_ctx *ctx, int64_t job, const zh_import_found *found) ZH_MUST;
/* {"error": {rule, message, fix, where}} as the next members of an object. */
void zh_import_error_json(zh_jw *w, const zh_err *err);

#endif
