/* Carrying out what changed between two models in the tables of a database. */
#ifndef ZH_CORE_ADOPTION_MIGRATE_H
#define ZH_CORE_ADOPTION_MIGRATE_H

#include "core/instance/core_private.h"

/* Brings the tables from what `before` needs (NULL: unknown or nothing) to what the snapshot's
 * model needs, inside the caller's transaction. ZH_ECONFLICT: a destructive change that is neither
 * declared nor allowed; ZH_EINVAL: stored values do not fit the narrower declaration. *recounted:
 * cells were counted anew, so the roll-ups must be rebuilt after the commit. */
zh_rc zh_migrate(zh_core *core, zh_conn *conn, struct zh_snapshot *next, const zh_model *before,
                 bool destructive, bool *recounted, zh_err *err) ZH_MUST;

#endif
