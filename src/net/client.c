/* HTTP/1.1 client (RFC 9112): one request on one connection that is closed afterwards. */
#include "net/client.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct target {
    char host[ZH_PEER_HOST_BYTES]; /* without brackets */
    char port[ZH_PEER_PORT_BYTES];
    zh_str authority; /* as written: the Host header */
    zh_str path;      /* with its '/'; may be empty: "/" */
    bool tls;
};

struct exchange {
    zh_peer *peer;
    zh_str url;
    zh_err *err;
};

/* ---- the address ---- */

static zh_rc bad_url(zh_str url, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "client.url", "网址不可用");
    zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(url, 0, 200)));
    zh_err_fix(err, "形如 http://主机:端口/路径；https 请用本机反向代理转接");
    return ZH_EINVAL;
}

/* The scheme, which is cut off. */
static bool read_scheme(zh_str *url, bool tls_too, bool *tls)
{
    *tls = tls_too && zh_str_starts(*url, ZH_STR("https://"));
    bool known = *tls || zh_str_starts(*url, ZH_STR("http://"));
    *url = zh_str_sub(*url, *tls ? 8 : 7, url->n);
    return known;
}

static zh_rc read_url(zh_str url, bool tls_too, struct target *out, zh_err *err)
{
    zh_str rest = url;
    if (url.n > ZH_CLIENT_URL_BYTES_MAX || !read_scheme(&rest, tls_too, &out->tls)) {
        return bad_url(url, err);
    }
    for (size_t i = 0; i < url.n; i++) { /* nothing that could end the request line */
        if (url.p[i] <= ' ' || url.p[i] > '~') {
            return bad_url(url, err);
        }
    }
    ptrdiff_t slash = zh_str_chr(rest, '/');
    out->authority = zh_str_sub(rest, 0, slash < 0 ? rest.n : (size_t)slash);
    out->path = zh_str_sub(rest, out->authority.n, rest.n);
    zh_str host = out->authority;
    zh_str port = out->tls ? ZH_STR("443") : ZH_STR("80");
    if (host.n > 0 && host.p[0] == '[') {
        ptrdiff_t end = zh_str_chr(host, ']');
        if (end < 0) {
            return bad_url(url, err);
        }
        rest = zh_str_sub(host, (size_t)end + 1, host.n);
        host = zh_str_sub(host, 1, (size_t)end - 1);
        if (rest.n > 0 && rest.p[0] != ':') {
            return bad_url(url, err);
        }
        port = rest.n > 0 ? zh_str_sub(rest, 1, rest.n) : port;
    } else {
        ptrdiff_t colon = zh_str_chr(host, ':');
        if (colon >= 0) {
            port = zh_str_sub(host, (size_t)colon + 1, host.n);
            host = zh_str_sub(host, 0, (size_t)colon);
        }
    }
    uint64_t number;
    if (host.n == 0 || host.n >= ZH_PEER_HOST_BYTES || zh_str_chr(host, '@') >= 0 ||
        port.n >= ZH_PEER_PORT_BYTES || zh_str_u64(port, &number) != ZH_OK || number == 0 ||
        number > 65535) {
        return bad_url(url, err);
    }
    (void)snprintf(out->host, sizeof(out->host), "%.*s", ZH_FMT(host));
    (void)snprintf(out->port, sizeof(out->port), "%.*s", ZH_FMT(port));
    return ZH_OK;
}

/* ---- the connection ---- */

static zh_rc broken(struct exchange *x, const char *rule, const char *what)
{
    zh_err_set(x->err, ZH_EIO, rule, "%s", what);
    zh_err_where(x->err, "%.*s", ZH_FMT(zh_str_sub(x->url, 0, 200)));
    return ZH_EIO;
}

/* More of the answer; *end: the peer closed. */
static zh_rc receive(struct exchange *x, zh_buf *in, bool *end)
{
    char piece[8192];
    size_t n = 0;
    zh_rc rc = zh_peer_receive(x->peer, piece, sizeof(piece), &n, x->err);
    *end = n == 0;
    zh_buf_add(in, piece, n);
    return rc == ZH_OK && in->failed
               ? zh_err_set(x->err, ZH_ELIMIT, "client.size", "对方的应答过大")
               : rc;
}

/* ---- the answer ---- */

struct head {
    int status;
    size_t bytes; /* with the empty line */
    bool has_length, chunked;
    uint64_t length;
    zh_str type;
};

static bool header_is(zh_str line, const char *name, zh_str *value)
{
    size_t n = strlen(name);
    if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0) {
        return false;
    }
    *value = zh_str_trim(zh_str_sub(line, n + 1, line.n));
    return true;
}

/* The head of the answer; false when it is not one. */
static bool read_head(zh_str text, struct head *out)
{
    zh_str line;
    zh_str value;
    uint64_t status;
    if (!zh_str_split(&text, '\n', &line) || !zh_str_starts(line, ZH_STR("HTTP/1.")) ||
        line.n < 12 || zh_str_u64(zh_str_sub(line, 9, 3), &status) != ZH_OK || status < 100) {
        return false;
    }
    out->status = (int)status;
    while (zh_str_split(&text, '\n', &line)) {
        line = zh_str_trim(line);
        if (header_is(line, "Content-Length", &value)) {
            if (out->has_length || zh_str_u64(value, &out->length) != ZH_OK) {
                return false;
            }
            out->has_length = true;
        } else if (header_is(line, "Transfer-Encoding", &value)) {
            if (value.n != 7 || strncasecmp(value.p, "chunked", 7) != 0) {
                return false;
            }
            out->chunked = true;
        } else if (header_is(line, "Content-Type", &value)) {
            out->type = value;
        }
    }
    return !(out->chunked && out->has_length);
}

/* Size of a chunk: hexadecimal, an extension is passed over. */
static bool chunk_size(zh_str line, size_t *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < line.n && n < 8; n++) {
        char c = line.p[n];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            break;
        }
        *out = *out << 4 | (size_t)digit;
    }
    return n > 0 && (n == line.n || line.p[n] == ';' || line.p[n] == '\r');
}

/* Joins chunks. 1: the last one is there; 0: more must come; -1: not chunks. */
static int join_chunks(zh_str rest, zh_buf *out)
{
    zh_buf_clear(out);
    for (;;) {
        ptrdiff_t end = zh_str_chr(rest, '\n');
        size_t n;
        if (end < 0) {
            return 0;
        }
        if (!chunk_size(zh_str_sub(rest, 0, (size_t)end), &n)) {
            return -1;
        }
        rest = zh_str_sub(rest, (size_t)end + 1, rest.n);
        if (n == 0) {
            return 1; /* trailers are not waited for */
        }
        if (rest.n < n + 2) {
            return 0;
        }
        zh_buf_str(out, zh_str_sub(rest, 0, n));
        rest = zh_str_sub(rest, n + 2, rest.n);
    }
}

/* Whether the body is complete; its bytes go to `body`. */
static zh_rc take_body(struct exchange *x, const struct head *head, zh_str rest, bool end,
                       zh_buf *body, bool *done)
{
    *done = true;
    if (head->chunked) {
        int state = join_chunks(rest, body);
        *done = state == 1;
        return state < 0 || (state == 0 && end)
                   ? broken(x, "client.answer", "对方的应答不完整或不是 HTTP")
                   : ZH_OK;
    }
    if (head->has_length && rest.n < head->length) {
        *done = false;
        return end ? broken(x, "client.answer", "对方的应答不完整") : ZH_OK;
    }
    if (!head->has_length && !end) {
        *done = false;
        return ZH_OK;
    }
    zh_buf_clear(body);
    zh_buf_str(body, zh_str_sub(rest, 0, head->has_length ? (size_t)head->length : rest.n));
    return ZH_OK;
}

static zh_rc read_answer(struct exchange *x, zh_arena *arena, zh_buf *in, zh_buf *body,
                         zh_client_answer *out)
{
    struct head head = {.bytes = 0};
    bool end = false;
    bool done = false;
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && !done) {
        rc = receive(x, in, &end);
        if (rc == ZH_OK && head.bytes == 0) {
            ptrdiff_t at = zh_str_find(zh_buf_view(in), ZH_STR("\r\n\r\n"));
            if (at < 0 && (end || in->n > ZH_CLIENT_HEADER_BYTES_MAX)) {
                return broken(x, "client.answer", "对方的应答不是 HTTP");
            }
            if (at < 0) {
                continue;
            }
            head.bytes = (size_t)at + 4;
            zh_str text = zh_str_dup(arena, zh_str_sub(zh_buf_view(in), 0, head.bytes));
            if (!read_head(text, &head)) {
                return broken(x, "client.answer", "对方的应答不是 HTTP");
            }
        }
        if (rc == ZH_OK) {
            zh_str rest = zh_str_sub(zh_buf_view(in), head.bytes, in->n);
            rc = take_body(x, &head, rest, end, body, &done);
        }
    }
    if (rc != ZH_OK) {
        return rc;
    }
    *out = (zh_client_answer){.status = head.status, .type = head.type};
    return zh_str_try_dup(arena, zh_buf_view(body), &out->body)
               ? ZH_OK
               : zh_err_set(x->err, ZH_ELIMIT, "client.size", "对方的应答过大");
}

static void write_request(const zh_client_request *request, const struct target *target,
                          zh_buf *out)
{
    zh_buf_fmt(out, "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nContent-Length: %zu\r\n", request->method,
               ZH_FMT(target->path.n > 0 ? target->path : ZH_STR("/")), ZH_FMT(target->authority),
               request->body.n);
    if (request->type != NULL) {
        zh_buf_fmt(out, "Content-Type: %s\r\n", request->type);
    }
    zh_buf_str(out, request->headers);
    zh_buf_z(out, "Connection: close\r\n\r\n");
    zh_buf_str(out, request->body);
}

static zh_rc exchange(zh_arena *arena, const zh_client_request *request, bool tls_too,
                      zh_client_answer *out, zh_err *err)
{
    struct target target;
    struct exchange x = {.url = request->url, .err = err};
    zh_buf in;
    zh_buf bytes;
    zh_rc rc = read_url(request->url, tls_too, &target, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_buf_init(&in, ZH_CLIENT_BODY_BYTES_MAX + ZH_CLIENT_HEADER_BYTES_MAX);
    zh_buf_init(&bytes, ZH_CLIENT_BODY_BYTES_MAX + ZH_CLIENT_HEADER_BYTES_MAX);
    write_request(request, &target, &bytes);
    zh_peer_to to = {.host = target.host,
                     .port = target.port,
                     .tls = target.tls,
                     .public_only = request->public_only,
                     .timeout_ms = request->timeout_ms};
    rc = bytes.failed ? zh_err_set(err, ZH_ELIMIT, "client.size", "要发送的内容过大")
                      : zh_peer_open(&to, &x.peer, err);
    if (rc == ZH_OK) {
        rc = zh_peer_send(x.peer, zh_buf_view(&bytes), err);
    }
    if (rc == ZH_OK) {
        rc = read_answer(&x, arena, &in, &bytes, out);
    }
    zh_peer_close(x.peer);
    zh_buf_free(&in);
    zh_buf_free(&bytes);
    return rc;
}

zh_rc zh_client_send(zh_arena *arena, const zh_client_request *request, zh_client_answer *out,
                     zh_err *err)
{
    return exchange(arena, request, true, out, err);
}

zh_rc zh_client_url_check(zh_str url, zh_client_authority *out, zh_err *err)
{
    struct target target;
    zh_rc rc = read_url(url, true, &target, err);
    if (rc == ZH_OK) {
        memcpy(out->host, target.host, sizeof(out->host));
        memcpy(out->port, target.port, sizeof(out->port));
        out->tls = target.tls;
    }
    return rc;
}

zh_rc zh_client_post(zh_arena *arena, zh_str url, const char *type, zh_str body,
                     unsigned timeout_ms, zh_client_answer *out, zh_err *err)
{
    zh_client_request request = {
        .method = "POST", .url = url, .type = type, .body = body, .timeout_ms = timeout_ms};
    return exchange(arena, &request, false, out, err);
}
