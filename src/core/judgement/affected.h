/* Which judged records an event concerns: those that a written record names, before or after the
 * write, where an input's bounded query says `… = self`. Reads only; any number of threads. */
#ifndef ZH_CORE_JUDGEMENT_AFFECTED_H
#define ZH_CORE_JUDGEMENT_AFFECTED_H

#include "core/instance/core.h"
#include "model/judgement.h"

#define ZH_AFFECTED_MAX ((size_t)20000) /* more of them: the whole rule is run */

typedef struct zh_affected {
    const int64_t *pairs; /* office, id, office, id …; ascending, each once */
    size_t n;             /* of records */
    bool all; /* an input does not say by what its records belong to the judged one, or too many */
} zh_affected;

/* Of what was written to the log from position `from` and before `to`, none of it before `since`:
 * to the registers that the inputs named under `when` range over, and to the judged records
 * themselves by anybody but the rule (actor `clock`). The result lives in ctx->arena. */
zh_rc zh_affected_by(zh_ctx *ctx, zh_conn *conn, const zh_judgement *judgement, int64_t from,
                     int64_t to, zh_time since, zh_affected *out) ZH_MUST;
/* When the newest of such writes before `to` was made; 0: there is none. */
zh_rc zh_affected_newest(zh_ctx *ctx, zh_conn *conn, const zh_judgement *judgement, int64_t to,
                         zh_time *out) ZH_MUST;

#endif
