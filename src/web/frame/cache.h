/* Pages that were written already, kept as long as nothing was written to the ledger. */
#ifndef ZH_WEB_FRAME_CACHE_H
#define ZH_WEB_FRAME_CACHE_H

#include "base/str.h"

#define ZH_CACHE_PAGES_MAX 64
#define ZH_CACHE_BYTES_MAX ((size_t)1 << 18) /* of one page; larger ones are not kept */

typedef struct zh_cache zh_cache;

/* Thread-safe: every call locks. */
zh_cache *zh_cache_new(void);
void zh_cache_free(zh_cache *cache);
/* Appends the page kept under key if it was made at this state of the data; false otherwise. */
bool zh_cache_get(zh_cache *cache, zh_str key, zh_str state, zh_buf *out);
/* Keeps a copy in place of the page that was not asked for longest. */
void zh_cache_put(zh_cache *cache, zh_str key, zh_str state, zh_str page);

#endif
