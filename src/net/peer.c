/* Outgoing connections. The socket does not block; poll waits until the deadline. */
#include "net/peer.h"
#include "base/base.h"
#include "base/time.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct zh_peer {
    int fd;
    uint64_t deadline_us;
    char host[ZH_PEER_HOST_BYTES];
    SSL_CTX *context;
    SSL *ssl;
};

static zh_rc broken(const zh_peer *s, zh_err *err, const char *rule, const char *what)
{
    zh_err_set(err, ZH_EIO, rule, "%s", what);
    zh_err_where(err, "%s", s->host);
    return ZH_EIO;
}

/* Waits until the socket is ready, or the deadline. */
static zh_rc wait_for(zh_peer *s, short events, zh_err *err)
{
    for (;;) {
        uint64_t now = zh_monotonic_us();
        if (now >= s->deadline_us) {
            return broken(s, err, "client.timeout", "对方没有按时应答");
        }
        struct pollfd one = {.fd = s->fd, .events = events};
        int n = poll(&one, 1, (int)((s->deadline_us - now + 999) / 1000));
        if (n > 0) {
            return ZH_OK;
        }
        if (n < 0 && errno != EINTR) {
            return broken(s, err, "client.connect", "等待连接时出错");
        }
    }
}

/* ---- addresses ------------------------------------------------------------------------------- */

static bool v4_public(uint32_t a)
{
    static const struct {
        uint32_t base;
        unsigned bits;
    } special[] = {
        {0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10}, {0x7F000000, 8},  {0xA9FE0000, 16},
        {0xAC100000, 12}, {0xC0000000, 24}, {0xC0000200, 24}, {0xC0586300, 24}, {0xC0A80000, 16},
        {0xC6120000, 15}, {0xC6336400, 24}, {0xCB007100, 24}, {0xE0000000, 4},  {0xF0000000, 4},
    };
    for (size_t i = 0; i < ZH_COUNTOF(special); i++) {
        if (((a ^ special[i].base) >> (32 - special[i].bits)) == 0) {
            return false;
        }
    }
    return true;
}

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool v6_public(const uint8_t a[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static const uint8_t nat64[12] = {0, 0x64, 0xFF, 0x9B};
    uint32_t head = word(a);
    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0) {
        return v4_public(word(a + 12));
    }
    if (head >> 16 == 0x2002) { /* 6to4 */
        return v4_public(word(a + 2));
    }
    /* 2001::/23 (Teredo, ORCHID …), 2001:db8::/32, 3fff::/20 */
    return head >> 29 == 1 && head >> 9 != 0x20010000 >> 9 && head != 0x20010DB8 &&
           head >> 12 != 0x3FFF0000 >> 12;
}

bool zh_address_is_public(const char *numeric)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, numeric, &v4) == 1) {
        return v4_public(ntohl(v4.s_addr));
    }
    return inet_pton(AF_INET6, numeric, &v6) == 1 && v6_public(v6.s6_addr);
}

static bool allowed(const struct addrinfo *a)
{
    char text[INET6_ADDRSTRLEN];
    return getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) ==
               0 &&
           zh_address_is_public(text);
}

/* ---- TCP ------------------------------------------------------------------------------------- */

static zh_rc connect_one(zh_peer *s, const struct addrinfo *address, zh_err *err)
{
    s->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        return broken(s, err, "client.connect", "不能新建连接");
    }
    int code = 0;
    socklen_t size = sizeof(code);
    if (connect(s->fd, address->ai_addr, address->ai_addrlen) == 0) {
        return ZH_OK;
    }
    if (errno != EINPROGRESS) {
        return broken(s, err, "client.connect", "连接不上对方");
    }
    zh_rc rc = wait_for(s, POLLOUT, err);
    if (rc == ZH_OK && (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0 || code != 0)) {
        rc = broken(s, err, "client.connect", "连接不上对方");
    }
    return rc;
}

/* The address that was checked is the one that is connected to: the name is not looked up again. */
static zh_rc connect_any(zh_peer *s, const zh_peer_to *to, zh_err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (getaddrinfo(to->host, to->port, &hints, &list) != 0) {
        return broken(s, err, "client.connect", "找不到该主机");
    }
    zh_err last = {0};
    zh_rc rc = ZH_EDENIED;
    zh_err_set(&last, rc, "client.private", "该网址通向本机或内部网络，没有登记为可以访问");
    for (const struct addrinfo *a = list; a != NULL && rc != ZH_OK; a = a->ai_next) {
        if (to->public_only && !allowed(a)) {
            continue;
        }
        if (s->fd >= 0) {
            (void)close(s->fd);
            s->fd = -1;
        }
        zh_err_clear(&last);
        rc = connect_one(s, a, &last);
    }
    freeaddrinfo(list);
    if (rc != ZH_OK) {
        *err = last;
    }
    return rc;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

/* Waits for what OpenSSL wants. ZH_OK: call again. */
static zh_rc retry(zh_peer *s, int result, zh_err *err)
{
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ: return wait_for(s, POLLIN, err);
    case SSL_ERROR_WANT_WRITE: return wait_for(s, POLLOUT, err);
    default: break;
    }
    if (SSL_get_verify_result(s->ssl) != X509_V_OK) {
        return broken(s, err, "client.tls", "对方的证书不可信或与主机名不符");
    }
    return broken(s, err, "client.tls", "TLS 连接出错");
}

zh_rc zh_peer_secure(zh_peer *s, zh_err *err)
{
    zh_rc rc = ZH_OK;
    struct in6_addr numeric;
    s->context = SSL_CTX_new(TLS_client_method());
    s->ssl = s->context != NULL ? SSL_new(s->context) : NULL;
    bool is_address =
        inet_pton(AF_INET, s->host, &numeric) == 1 || inet_pton(AF_INET6, s->host, &numeric) == 1;
    if (s->ssl == NULL || SSL_CTX_set_default_verify_paths(s->context) != 1 ||
        SSL_set_min_proto_version(s->ssl, TLS1_2_VERSION) != 1 || SSL_set_fd(s->ssl, s->fd) != 1 ||
        (is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), s->host) != 1
                    : SSL_set1_host(s->ssl, s->host) != 1 ||
                          SSL_set_tlsext_host_name(s->ssl, s->host) != 1)) {
        return broken(s, err, "client.tls", "不能准备 TLS 连接");
    }
    SSL_set_verify(s->ssl, SSL_VERIFY_PEER, NULL);
    for (int result = 0; rc == ZH_OK && result != 1;) {
        ERR_clear_error(); /* the thread's queue may hold what others left */
        result = SSL_connect(s->ssl);
        rc = result != 1 ? retry(s, result, err) : ZH_OK;
    }
    return rc;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

zh_rc zh_peer_open(const zh_peer_to *to, zh_peer **out, zh_err *err)
{
    zh_peer *s = zh_alloc(sizeof(*s));
    *s = (zh_peer){.fd = -1, .deadline_us = zh_monotonic_us() + (uint64_t)to->timeout_ms * 1000};
    (void)snprintf(s->host, sizeof s->host, "%s", to->host);
    zh_rc rc = connect_any(s, to, err);
    if (rc == ZH_OK && to->tls) {
        rc = zh_peer_secure(s, err);
    }
    if (rc != ZH_OK) {
        zh_peer_close(s);
        s = NULL;
    }
    *out = s;
    return rc;
}

zh_rc zh_peer_send(zh_peer *s, zh_str bytes, zh_err *err)
{
    zh_rc rc = ZH_OK;
    while (bytes.n > 0 && rc == ZH_OK) {
        size_t piece = bytes.n < 16384 ? bytes.n : 16384;
        ERR_clear_error();
        ssize_t n = s->ssl != NULL ? SSL_write(s->ssl, bytes.p, (int)piece)
                                   : send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n > 0) {
            bytes = zh_str_sub(bytes, (size_t)n, bytes.n);
        } else if (s->ssl != NULL) {
            rc = retry(s, (int)n, err);
        } else if (errno != EAGAIN && errno != EINTR) {
            rc = broken(s, err, "client.connect", "发送时连接中断");
        } else {
            rc = wait_for(s, POLLOUT, err);
        }
    }
    return rc;
}

zh_rc zh_peer_receive(zh_peer *s, char *to, size_t max, size_t *n, zh_err *err)
{
    int piece = max < 16384 ? (int)max : 16384;
    zh_rc rc = ZH_OK;
    *n = 0;
    while (rc == ZH_OK) {
        ERR_clear_error();
        ssize_t got = s->ssl != NULL ? SSL_read(s->ssl, to, piece) : recv(s->fd, to, max, 0);
        if (got > 0 || (got == 0 && s->ssl == NULL)) {
            *n = (size_t)got;
            return ZH_OK;
        }
        if (s->ssl != NULL) {
            if (SSL_get_error(s->ssl, (int)got) == SSL_ERROR_ZERO_RETURN) {
                return ZH_OK;
            }
            rc = retry(s, (int)got, err);
        } else if (errno != EAGAIN && errno != EINTR) {
            rc = broken(s, err, "client.connect", "接收时连接中断");
        } else {
            rc = wait_for(s, POLLIN, err);
        }
    }
    return rc;
}

void zh_peer_close(zh_peer *s)
{
    if (s == NULL) {
        return;
    }
    if (s->ssl != NULL) {
        (void)SSL_shutdown(s->ssl); /* says good-bye, waits for nothing */
    }
    SSL_free(s->ssl);
    SSL_CTX_free(s->context);
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    zh_dealloc(s);
}
