/* Where a server listens: an IP address and a port, written as people write them. */
#ifndef ZH_NET_ADDRESS_H
#define ZH_NET_ADDRESS_H

#include "base/err.h"
#include "base/str.h"

typedef struct zh_address {
    char host[48]; /* numeric, canonical: 127.0.0.1, ::1 */
    uint16_t port; /* 0: any free one */
    bool is_v6;
    bool is_loopback; /* reachable from this machine only */
} zh_address;

/* "127.0.0.1:8086", "[::1]:8086", "localhost:8086", ":8086" (127.0.0.1) or "8086". Names other than
 * localhost are not resolved. ZH_EINVAL. */
zh_rc zh_address_parse(zh_str text, zh_address *out, zh_err *err) ZH_MUST;

#endif
