/* Who holds posts: everybody who may be told something, with what they may see. */
#ifndef ZH_CORE_PEOPLE_HOLDER_H
#define ZH_CORE_PEOPLE_HOLDER_H

#include "core/read/permission.h"

#define ZH_HOLDERS_MAX ((size_t)50000)

/* A person in an active post of an account that is not disabled. */
typedef struct zh_holder {
    zh_str login, name, code;
    zh_post post;
} zh_holder;

/* Everybody, in the order of posts. ctx sees everything; the result lives in its arena. ZH_ELIMIT
 * post.holders. */
zh_rc zh_holders(zh_ctx *ctx, zh_conn *conn, zh_holder **out, size_t *n) ZH_MUST;
/* ctx, but acting as the holder: valid as long as ctx and the holder. */
zh_ctx zh_ctx_as(const zh_ctx *ctx, const zh_holder *holder);

#endif
