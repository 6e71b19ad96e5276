/* Names of calculations in declarations: they are no part of the model, which is checked without
 * them, and are looked up here before declarations are adopted. */
#ifndef ZH_CORE_JUDGEMENT_ENGINE_NAMES_H
#define ZH_CORE_JUDGEMENT_ENGINE_NAMES_H

#include "engine/engine.h"
#include "model/model.h"

/* The engine that a declaration calls NAME@VERSION; NULL: there is none. */
const zh_engine *zh_engine_named(zh_str declared);
/* Whether every judgement of a model names an engine that there is. ZH_EINVAL judgement.engine with
 * the place of the first; all are appended to report when it is not NULL. Thread-safe. */
zh_rc zh_engine_names_check(const zh_model *model, zh_buf *report, zh_err *err) ZH_MUST;

#endif
