/* Numbers that the background remembers between its rounds: what was made last, what was seen. */
#ifndef ZH_CORE_INSTANCE_REMEMBER_H
#define ZH_CORE_INSTANCE_REMEMBER_H

#include "core/instance/core.h"

/* The number kept under a name; 0: never kept. */
zh_rc zh_remembered(zh_ctx *ctx, zh_conn *conn, zh_str name, int64_t *out) ZH_MUST;
/* Keeps it, in a transaction of its own. */
zh_rc zh_remember(zh_ctx *ctx, zh_str name, int64_t value) ZH_MUST;

/* Forgets all of them, inside a transaction. */
zh_rc zh_forget(zh_conn *conn, zh_err *err) ZH_MUST;

#endif
