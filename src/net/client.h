/* One outgoing HTTP request, for what the program asks or tells others. No redirect is followed.
 * One thread a call; no state is kept. */
#ifndef ZH_NET_CLIENT_H
#define ZH_NET_CLIENT_H

#include "net/peer.h"

#define ZH_CLIENT_URL_BYTES_MAX    2048
#define ZH_CLIENT_HEADER_BYTES_MAX ((size_t)16 << 10)
#define ZH_CLIENT_BODY_BYTES_MAX   ((size_t)1 << 20)

typedef struct zh_client_answer {
    int status;
    zh_str type; /* Content-Type; may be empty */
    zh_str body;
} zh_client_answer;

typedef struct zh_client_request {
    const char *method;
    zh_str url;       /* http:// or https:// */
    const char *type; /* of the body; NULL: none */
    zh_str headers;   /* more of them, each ended by CR LF; may be empty */
    zh_str body;
    bool public_only; /* see zh_peer_to */
    unsigned timeout_ms;
} zh_client_request;

/* Sends it and reads the whole answer, into the arena. Errors: as zh_client_post, and those of
 * zh_peer_open. */
zh_rc zh_client_send(zh_arena *arena, const zh_client_request *request, zh_client_answer *out,
                     zh_err *err) ZH_MUST;

typedef struct zh_client_authority {
    char host[ZH_PEER_HOST_BYTES]; /* without brackets */
    char port[ZH_PEER_PORT_BYTES];
    bool tls;
} zh_client_authority;
/* Whether a URL can be asked, and where it leads. ZH_EINVAL client.url. */
zh_rc zh_client_url_check(zh_str url, zh_client_authority *out, zh_err *err) ZH_MUST;

/* POSTs body to http://HOST[:PORT]/PATH and reads the whole answer, into the arena: for signed
 * texts (witnesses), which a connection need not protect. timeout_ms is
 * for all of it but the look-up of the name. ZH_EINVAL (client.url),
 * ZH_EIO (client.connect, client.timeout, client.answer), ZH_ELIMIT (client.size). */
zh_rc zh_client_post(zh_arena *arena, zh_str url, const char *type, zh_str body,
                     unsigned timeout_ms, zh_client_answer *out, zh_err *err) ZH_MUST;

#endif
