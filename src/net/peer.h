/* One outgoing connection: TCP, and TLS over it (OpenSSL, the system's roots, the peer's name
 * checked), with one deadline for all of it but the look-up of the name. One thread a peer. */
#ifndef ZH_NET_PEER_H
#define ZH_NET_PEER_H

#include "base/err.h"
#include "base/str.h"

#define ZH_PEER_HOST_BYTES 256
#define ZH_PEER_PORT_BYTES 6

typedef struct zh_peer zh_peer;

typedef struct zh_peer_to {
    const char *host, *port;
    bool tls;         /* from the first byte */
    bool public_only; /* addresses of this machine, of private networks and the like are refused,
                         also when a public name leads there */
    unsigned timeout_ms;
} zh_peer_to;

/* The texts are borrowed until the stream is closed. ZH_EIO: client.connect, client.timeout,
 * client.tls. ZH_EDENIED client.private: public_only, and there is no other address. */
zh_rc zh_peer_open(const zh_peer_to *to, zh_peer **out, zh_err *err) ZH_MUST;
/* Goes on under TLS (STARTTLS). ZH_EIO client.tls. */
zh_rc zh_peer_secure(zh_peer *peer, zh_err *err) ZH_MUST;
zh_rc zh_peer_send(zh_peer *peer, zh_str bytes, zh_err *err) ZH_MUST;
/* At least one byte; *n 0: the peer has closed. */
zh_rc zh_peer_receive(zh_peer *peer, char *to, size_t max, size_t *n, zh_err *err) ZH_MUST;
void zh_peer_close(zh_peer *peer); /* NULL is allowed */

/* Whether a numeric IP address may be anybody's on the Internet: not of this machine, a private
 * network, a link, multicast, or reserved (RFC 6890; of IPv6 only 2000::/3 without its special
 * blocks, and what embeds an IPv4 address is judged by it). Anything else: false. */
bool zh_address_is_public(const char *numeric);

#endif
