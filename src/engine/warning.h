/* One face over the early-warning methods of engine/ews.h, for whoever watches a series without
 * choosing among their settings: tools and detectors. */
#ifndef ZH_ENGINE_WARNING_H
#define ZH_ENGINE_WARNING_H

#include "base/str.h"
#include "engine/ews.h"

typedef enum zh_warning_method {
    ZH_WARNING_C1,
    ZH_WARNING_C2,
    ZH_WARNING_C3,
    ZH_WARNING_FARRINGTON,
    ZH_WARNING_FLEXIBLE, /* Farrington, improved 2013 */
    ZH_WARNING_N,
} zh_warning_method;

typedef struct zh_warning {
    zh_warning_method method;
    size_t baseline;  /* EARS: points before */
    size_t frequency; /* Farrington: time points of a year */
    size_t years;     /* Farrington: years back */
    double alpha;
} zh_warning;

typedef struct zh_warning_point {
    double expected, bound; /* NAN: not computed */
    zh_alarm alarm;
} zh_warning_point;

/* "c1", "c2", "c3", "farrington", "farrington_flexible". */
const char *zh_warning_name(zh_warning_method method);
bool zh_warning_find(zh_str name, zh_warning_method *out);
/* Usual settings: EARS seven points and alpha 0.001 (C3 0.025), Farrington five years and 0.05. */
zh_warning zh_warning_defaults(zh_warning_method method, size_t frequency);
/* Judges every point whose past is long enough; the others have alarm ZH_ALARM_UNKNOWN. counts
 * whole, from 0 to ZH_EWS_COUNT_MAX. ZH_EINVAL (ews.*): a count or setting out of range, a series
 * too short for any point; ZH_ELIMIT, ZH_ENOMEM as in engine/ews.h. */
zh_rc zh_warning_run(zh_arena *arena, const double *counts, size_t n, const zh_warning *warning,
                     zh_warning_point *out, zh_err *err) ZH_MUST;

#endif
