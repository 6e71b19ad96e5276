/* One outgoing HTTP request, for what the program asks of others (witnesses). Plain http:// only:
 * answers asked for here are signed texts, which a connection need not protect; TLS is a proxy's.
 * One thread a call; no state is kept. */
#ifndef ZH_NET_CLIENT_H
#define ZH_NET_CLIENT_H

#include "base/err.h"
#include "base/str.h"

#define ZH_CLIENT_URL_BYTES_MAX    2048
#define ZH_CLIENT_HEADER_BYTES_MAX ((size_t)16 << 10)
#define ZH_CLIENT_BODY_BYTES_MAX   ((size_t)1 << 20)

typedef struct zh_client_answer {
    int status;
    zh_str type; /* Content-Type; may be empty */
    zh_str body;
} zh_client_answer;

/* POSTs body to http://HOST[:PORT]/PATH and reads the whole answer, into the arena. timeout_ms is
 * for all of it but the look-up of the name. No redirect is followed. ZH_EINVAL (client.url),
 * ZH_EIO (client.connect, client.timeout, client.answer), ZH_ELIMIT (client.size). */
zh_rc zh_client_post(zh_arena *arena, zh_str url, const char *type, zh_str body,
                     unsigned timeout_ms, zh_client_answer *out, zh_err *err) ZH_MUST;

#endif
