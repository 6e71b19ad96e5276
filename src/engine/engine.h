/* A calculation that can be called by name with JSON in and JSON out: `zhiheng calc`, later the API
 * and judgements. One constant descriptor beside the code, ZH_ENGINE(name) = {…}, collected by
 * tool/index into zh_engines[], sorted by name. */
#ifndef ZH_ENGINE_ENGINE_H
#define ZH_ENGINE_ENGINE_H

#include "base/json.h"

typedef struct zh_engine {
    const char *name;   /* survey.proportion_ci */
    const char *zh;     /* what it calculates */
    const char *input;  /* an input that works, JSON */
    const char *method; /* reference of the formulas */
    /* Writes one JSON value. ZH_EINVAL with rule and what is expected: the input is refused. */
    zh_rc (*run)(zh_arena *arena, const zh_json *input, zh_jw *out, zh_err *err);
} zh_engine;

#define ZH_ENGINE(id) const zh_engine zh_engine_##id

extern const zh_engine *const zh_engines[];
extern const size_t zh_engines_n;

/* NULL: nothing by that name. */
const zh_engine *zh_engine_find(zh_str name);
/* Parses the input, calculates, writes one JSON value and a line feed to out. What was written
 * before a failure is of no use. Errors of the parser, "calc.input" when it is not an object, those
 * of the calculation with an input that works as the fix, "calc.size" when out is full. */
zh_rc zh_engine_run(const zh_engine *engine, zh_arena *arena, zh_str text, unsigned indent,
                    zh_buf *out, zh_err *err) ZH_MUST;

#endif
