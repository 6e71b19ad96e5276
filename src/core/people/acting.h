/* Who a job acts for. A job runs in the background, but what it may read and write is what the post
 * of whoever ordered it may: the post is kept as JSON with the job and taken again when it runs. An
 * emergency right reads only and is not kept. */
#ifndef ZH_CORE_PEOPLE_ACTING_H
#define ZH_CORE_PEOPLE_ACTING_H

#include "base/json.h"
#include "core/read/permission.h"

/* Writes the context's actor and post as a value; null for the local operator. */
void zh_acting_write(const zh_ctx *ctx, zh_jw *w);
/* Makes the context act as kept: actor, role, office and post; nothing to do for NULL and null.
 * The post lives in ctx->arena. ZH_EDENIED (acting.gone): the record that the post speaks for is no
 * longer there; ZH_EINVAL: not what zh_acting_write wrote. */
zh_rc zh_acting_take(zh_ctx *ctx, const zh_json *kept) ZH_MUST;

#endif
