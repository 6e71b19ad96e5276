/* Time passing, as records: what becomes due is written as a version by actor `clock`. */
#ifndef ZH_CORE_RECORD_DUE_H
#define ZH_CORE_RECORD_DUE_H

#include "core/instance/core.h"

/* Writes the due events of one record up to an instant, before a person changes it: the record they
 * see has then gone through everything that time did to it. office 0: any. */
zh_rc zh_due_catch_up(zh_ctx *ctx, const zh_register *reg, int64_t office, int64_t id,
                      zh_time until) ZH_MUST;

#endif
