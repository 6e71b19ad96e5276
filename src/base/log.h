/* Log: one JSON object a line on stderr. Event ids are declared in base/log_events.h. */
#ifndef ZH_BASE_LOG_H
#define ZH_BASE_LOG_H

#include "base/err.h"

typedef enum zh_level { ZH_DEBUG, ZH_INFO, ZH_WARN, ZH_ERROR } zh_level;

/* The lowest level written; process-wide, set by main before threads start. Default ZH_WARN. */
void zh_log_level(zh_level level);
/* event: an id from log_events.h; format gives the detail, never personal data. Thread-safe: one
 * write(2) a line. */
void zh_log(zh_level level, const char *event, const char *format, ...) ZH_PRINTF(3, 4);
/* Logs an error record under the event. */
void zh_log_err(zh_level level, const char *event, const zh_err *err);

#endif
