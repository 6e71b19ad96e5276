/* What the files of accounts, sessions and keys share. Private to src/core. */
#ifndef ZH_CORE_PEOPLE_IDENTITY_PRIVATE_H
#define ZH_CORE_PEOPLE_IDENTITY_PRIVATE_H

#include "core/people/identity.h"
#include "proof/hash.h"

#define ZH_SECOND INT64_C(1000000) /* µs */

/* 256 random bits in hexadecimal, and what is kept of them. */
void zh_token_new(char token[2 * ZH_SESSION_TOKEN_BYTES + 1]);
void zh_token_digest(zh_str token, char out[2 * ZH_DIGEST_BYTES + 1]);

/* Of a record of the register `post`: a text field, empty when it has none; in force today. */
zh_str zh_post_text(const zh_record *record, const char *id);
bool zh_post_active(const zh_record *record);

/* One who is not known by name waits like one who is, or the waiting would tell: whether a name may
 * be tried now, and with `failed` one more failure of it, kept for as long as it can matter.
 * ZH_EBUSY (rule): it must wait. */
zh_rc zh_stranger_try(zh_core *core, const char *rule, zh_str name, bool failed,
                      zh_err *err) ZH_MUST;

/* Whether an account's stored secret is a password: one that only comes by the identity provider
 * has none. */
bool zh_has_password(zh_str secret);

/* A session in the first active post, for a login that has proved who it is. ZH_ENOTFOUND: no such
 * account; ZH_EDENIED login.failed: it is disabled. */
zh_rc zh_user_session_open(zh_core *core, zh_str login, zh_str client,
                           char token[2 * ZH_SESSION_TOKEN_BYTES + 1], zh_err *err) ZH_MUST;
/* Fills out->post and out->current when the post is active and the login's; else leaves them. */
zh_rc zh_user_session_post(zh_ctx *ctx, zh_conn *conn, int64_t office, int64_t id, zh_str login,
                           zh_user_session *out) ZH_MUST;

#endif
