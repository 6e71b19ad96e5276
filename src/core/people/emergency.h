/* Break-glass: a person who must see now what their post does not show takes an emergency right, in
 * their own session, with a reason and for a short time. It reads beyond the post's data scope, row
 * scopes and masks (never what is dropped), only in registers that the role reads; it writes
 * nothing the post could not. Every one is a record of the register `emergency`: in the ledger,
 * with notice to the security and audit administrators, who can stop and have to review it.
 * Thread-safe. */
#ifndef ZH_CORE_PEOPLE_EMERGENCY_H
#define ZH_CORE_PEOPLE_EMERGENCY_H

#include "core/people/identity.h"

#define ZH_EMERGENCY_MINUTES 60 /* unless the setting emergency_minutes says otherwise */

/* ZH_EINVAL: the rules of the register, such as a reason of ten characters; ZH_EDENIED
 * emergency.post: no active post; ZH_ECONFLICT emergency.held: the session holds one. */
zh_rc zh_emergency_take(zh_core *core, zh_arena *arena, const zh_user_session *session,
                        zh_str reason, zh_err *err) ZH_MUST;
/* Gives back what the session holds; nothing held is ZH_OK. */
zh_rc zh_emergency_give_back(zh_core *core, zh_arena *arena, const zh_user_session *session,
                             zh_err *err) ZH_MUST;
/* Whether the record of the right still says `held`: it may have been stopped. */
bool zh_emergency_holds(zh_ctx *ctx, zh_conn *conn, int64_t id);

#endif
