/* The HTTP adapter from a client's socket: routing, bodies at and above their cap, responses at and
 * above theirs, failing handlers, many clients at once, stop while requests are in progress; and
 * listening addresses. Expected statuses are those of RFC 9110. */
#include "net/http.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { BODY_MAX = 100000, CLIENTS = 8, REQUESTS = 25, ANSWER_BYTES = 1 << 20 };

typedef struct app {
    atomic_int slow_begun;
    atomic_int slow_ended;
} app;

static zh_rc echo(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)err;
    zh_buf_str(&response->body, request->body);
    response->type = "application/octet-stream";
    zh_http_header_add(response, "X-Length", zh_str_fmt(request->arena, "%zu", request->body.n).p);
    return ZH_OK;
}

static zh_rc broken(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)request;
    zh_buf_z(&response->body, "half an answer");
    zh_http_header_add(response, "X-Half", "1");
    return zh_err_set(err, ZH_ECONFLICT, "test.broken", "不行");
}

static zh_rc endless(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)request;
    (void)err;
    char chunk[4096];
    memset(chunk, 'x', sizeof chunk);
    while (!response->body.failed) {
        zh_buf_add(&response->body, chunk, sizeof chunk);
    }
    return ZH_OK;
}

static zh_rc slow(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)err;
    app *a = request->app;
    atomic_fetch_add(&a->slow_begun, 1);
    struct timespec pause = {.tv_nsec = 200 * 1000000L};
    (void)nanosleep(&pause, NULL);
    zh_buf_z(&response->body, "slow");
    atomic_fetch_add(&a->slow_ended, 1);
    return ZH_OK;
}

/* What the adapter understood of the request, one item a line. */
static zh_rc tell(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)err;
    zh_str id = zh_http_arg(request, "id");
    zh_buf_fmt(&response->body, "id=%.*s\nquery=%.*s\nx=%.*s\n", ZH_FMT(id), ZH_FMT(request->query),
               ZH_FMT(zh_http_param(request, "x")));
    for (size_t i = 0; i < request->form.n; i++) {
        zh_buf_fmt(&response->body, "form %.*s=%.*s\n", ZH_FMT(request->form.p[i].name),
                   ZH_FMT(request->form.p[i].value));
    }
    for (size_t i = 0; i < request->nfiles; i++) {
        zh_buf_fmt(&response->body, "file %.*s %.*s %zu %s\n", ZH_FMT(request->files[i].field),
                   ZH_FMT(request->files[i].file_name), (size_t)request->files[i].size,
                   access(request->files[i].path.p, R_OK) == 0 ? "stands" : "is gone");
    }
    zh_buf_fmt(&response->body, "cookie=%.*s\n", ZH_FMT(request->cookie));
    response->type = "text/plain";
    response->etag = "\"v1\"";
    return ZH_OK;
}

static zh_rc leave(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    (void)err;
    return zh_http_see_other(request, response, ZH_STR("/tell/done?x=1"));
}

static const zh_route routes[] = {
    {.method = "POST", .path = "/echo", .body_max = BODY_MAX, .handle = echo},
    {.method = "GET", .path = "/echo", .handle = echo},
    {.method = "GET", .path = "/broken", .handle = broken},
    {.method = "GET", .path = "/endless", .handle = endless},
    {.method = "GET", .path = "/slow", .handle = slow},
    {.method = "GET", .path = "/parked", .slow = true, .handle = slow},
    {.method = "GET", .path = "/tell/{id}", .handle = tell},
    {.method = "POST",
     .path = "/tell/{id}",
     .body_max = BODY_MAX,
     .upload_max = 4 * BODY_MAX,
     .slow = true,
     .handle = tell},
    {.method = "POST", .path = "/leave", .handle = leave},
    {.method = "GET", .path = "/parked/broken", .slow = true, .handle = broken},
};

static void answer_failure(const zh_http_request *request, int status, const zh_err *err,
                           zh_http_response *response)
{
    response->status = status != 0 ? status : err->rc == ZH_ELIMIT ? 413 : 409;
    zh_buf_fmt(&response->body, "problem %.*s %s", ZH_FMT(request->method), err->rule);
    response->type = "text/plain";
}

typedef struct fixture {
    app app;
    zh_http *http;
    uint16_t port;
    const zh_route *table[ZH_COUNTOF(routes)];
} fixture;

static zh_rc start(fixture *f, zh_err *err)
{
    const zh_route *table[ZH_COUNTOF(routes)];
    for (size_t i = 0; i < ZH_COUNTOF(routes); i++) {
        table[i] = &routes[i];
    }
    memcpy(f->table, table, sizeof table);
    zh_http_options options = {.routes = f->table,
                               .nroutes = ZH_COUNTOF(routes),
                               .app = &f->app,
                               .fail = answer_failure,
                               .uploads = "/tmp",
                               .workers = 2,
                               .threads = 2};
    zh_rc rc = zh_address_parse(ZH_STR("127.0.0.1:0"), &options.address, err);
    options.address.port = f->port;
    return rc == ZH_OK ? zh_http_start(&options, &f->http, err) : rc;
}

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    zh_err err = {0};
    if (f == NULL || start(f, &err) != ZH_OK) {
        free(f);
        return -1;
    }
    f->port = zh_http_port(f->http);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    zh_http_stop(f->http, 1000);
    free(f);
    return 0;
}

/* ---- a client
 * --------------------------------------------------------------------------------------- */

static int dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval limit = {.tv_sec = 20};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* refused before it was all sent: the answer says so */
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

/* Reads until the peer closes. */
static size_t read_all(int fd, char *out, size_t size)
{
    size_t n = 0;
    ssize_t got;
    while (n + 1 < size && (got = recv(fd, out + n, size - 1 - n, 0)) > 0) {
        n += (size_t)got;
    }
    out[n] = '\0';
    return n;
}

/* One request on a connection of its own; gives the status, 0 when there was no answer. */
static int ask(uint16_t port, const char *head, const char *body, size_t n, char *answer,
               size_t size)
{
    char line[512];
    int fd = dial(port);
    int status = 0;
    if (fd < 0) {
        return 0;
    }
    int length =
        snprintf(line, sizeof line, "%s\r\nHost: localhost\r\nConnection: close\r\n\r\n", head);
    send_all(fd, line, (size_t)length);
    send_all(fd, body, n);
    size_t got = read_all(fd, answer, size);
    (void)close(fd);
    if (got > 12 && strncmp(answer, "HTTP/1.1 ", 9) == 0) {
        status = (int)strtol(answer + 9, NULL, 10);
    }
    return status;
}

/* ---- tests
 * ------------------------------------------------------------------------------------------ */

static void test_body_cap(void **state)
{
    fixture *f = *state;
    char *body = malloc(BODY_MAX + 1);
    char *answer = malloc(ANSWER_BYTES);
    char head[128];
    assert_non_null(body);
    assert_non_null(answer);
    memset(body, 'b', BODY_MAX + 1);
    (void)snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nContent-Length: %d", BODY_MAX);
    assert_int_equal(ask(f->port, head, body, BODY_MAX, answer, ANSWER_BYTES), 200);
    assert_non_null(strstr(answer, "X-Length: 100000\r\n"));
    const char *payload = strstr(answer, "\r\n\r\n");
    assert_non_null(payload);
    assert_int_equal(strlen(payload + 4), BODY_MAX);
    (void)snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nContent-Length: %d", BODY_MAX + 1);
    assert_int_equal(ask(f->port, head, body, BODY_MAX + 1, answer, ANSWER_BYTES), 413);
    assert_int_equal(
        ask(f->port, "POST /echo HTTP/1.1\r\nContent-Length: 0", "", 0, answer, ANSWER_BYTES), 200);
    assert_non_null(strstr(answer, "X-Length: 0\r\n"));
    free(body);
    free(answer);
}

/* In chunks of 1000 bytes, `chunks` of them and `extra` bytes more. */
static int ask_chunked(uint16_t port, size_t chunks, size_t extra, char *answer)
{
    size_t room = (chunks + 1) * 1008 + 64;
    char *stream = malloc(room);
    char bytes[1000];
    size_t n = 0;
    assert_non_null(stream);
    memset(bytes, 'c', sizeof bytes);
    for (size_t i = 0; i < chunks + (extra > 0); i++) {
        size_t size = i < chunks ? sizeof bytes : extra;
        n += (size_t)snprintf(stream + n, room - n, "%zx\r\n", size);
        memcpy(stream + n, bytes, size);
        n += size;
        memcpy(stream + n, "\r\n", 2);
        n += 2;
    }
    memcpy(stream + n, "0\r\n\r\n", 5);
    int status = ask(port, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked", stream, n + 5,
                     answer, ANSWER_BYTES);
    free(stream);
    return status;
}

static void test_chunked_cap(void **state)
{
    fixture *f = *state;
    char *answer = malloc(ANSWER_BYTES);
    assert_non_null(answer);
    assert_int_equal(ask_chunked(f->port, BODY_MAX / 1000, 0, answer), 200);
    assert_non_null(strstr(answer, "X-Length: 100000\r\n"));
    assert_int_equal(ask_chunked(f->port, BODY_MAX / 1000, 1, answer), 413);
    free(answer);
}

static void test_methods(void **state)
{
    fixture *f = *state;
    char answer[4096];
    assert_int_equal(ask(f->port, "GET /echo HTTP/1.1", "", 0, answer, sizeof answer), 200);
    assert_int_equal(ask(f->port, "HEAD /echo HTTP/1.1", "", 0, answer, sizeof answer), 200);
    assert_int_equal(ask(f->port, "PUT /echo HTTP/1.1", "", 0, answer, sizeof answer), 405);
    assert_non_null(strstr(answer, "Allow: POST, GET, HEAD\r\n"));
    assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff\r\n"));
    assert_int_equal(ask(f->port, "GET /none HTTP/1.1", "", 0, answer, sizeof answer), 404);
    /* a body for nobody is read away, not kept */
    assert_int_equal(
        ask(f->port, "POST /none HTTP/1.1\r\nContent-Length: 5", "hello", 5, answer, sizeof answer),
        404);
}

static void test_failures(void **state)
{
    fixture *f = *state;
    char answer[4096];
    assert_int_equal(ask(f->port, "GET /broken HTTP/1.1", "", 0, answer, sizeof answer), 409);
    assert_non_null(strstr(answer, "problem GET test.broken"));
    assert_null(strstr(answer, "half")); /* nothing of what the handler had begun */
    assert_null(strstr(answer, "X-Half"));
    assert_int_equal(ask(f->port, "GET /endless HTTP/1.1", "", 0, answer, sizeof answer), 413);
    assert_non_null(strstr(answer, "http.response"));
}

static void *client(void *user)
{
    const fixture *f = user;
    char answer[2048];
    size_t good = 0;
    for (size_t i = 0; i < REQUESTS; i++) {
        good += ask(f->port, "POST /echo HTTP/1.1\r\nContent-Length: 4", "ping", 4, answer,
                    sizeof answer) == 200 &&
                strstr(answer, "\r\n\r\nping") != NULL;
    }
    return good == REQUESTS ? NULL : user;
}

static void test_many_clients(void **state)
{
    pthread_t threads[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, client, *state), 0);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        void *result = *state;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

static void *slow_client(void *user)
{
    fixture *f = user;
    char answer[2048];
    bool ok = ask(f->port, "GET /slow HTTP/1.1", "", 0, answer, sizeof answer) == 200;
    return ok ? NULL : user;
}

/* A request in progress is answered before the server is gone. */
static void test_stop_waits(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    void *result = f;
    struct timespec pause = {.tv_nsec = 1000000};
    assert_int_equal(pthread_create(&thread, NULL, slow_client, f), 0);
    while (atomic_load(&f->app.slow_begun) == 0) {
        (void)nanosleep(&pause, NULL);
    }
    zh_http_stop(f->http, 5000);
    f->http = NULL;
    assert_int_equal(atomic_load(&f->app.slow_ended), 1);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_null(result);
    assert_true(dial(f->port) < 0);
}

/* ---- what a browser sends
 * --------------------------------------------------------------------------- */

static int get(const fixture *f, const char *head, char *answer, size_t size)
{
    return ask(f->port, head, "", 0, answer, size);
}

static void test_question(void **state)
{
    fixture *f = *state;
    char answer[4096];
    assert_int_equal(get(f, "GET /tell/%E6%B9%96?x=a%20b%26&y=1+1 HTTP/1.1\r\nCookie: lang=en",
                         answer, sizeof answer),
                     200);
    assert_non_null(strstr(answer, "id=湖\nquery=x=a%20b%26&y=1+1\nx=a b&\ncookie=lang=en\n"));
    assert_int_equal(get(f, "GET /tell/1?x=%zz HTTP/1.1", answer, sizeof answer), 400);
    assert_non_null(strstr(answer, "form.encoding"));
    assert_int_equal(get(f, "GET /tell/1?x=%00 HTTP/1.1", answer, sizeof answer), 400);
    assert_int_equal(get(f, "GET /tell/%ff HTTP/1.1", answer, sizeof answer), 404);
    assert_int_equal(get(f, "GET /tell/a/b HTTP/1.1", answer, sizeof answer), 404);
    for (size_t more = 0; more < 2; more++) {
        char head[ZH_HTTP_QUERY_BYTES_MAX + 64];
        int n = snprintf(head, sizeof head, "GET /tell/1?x=");
        memset(head + n, 'q', ZH_HTTP_QUERY_BYTES_MAX - 2 + more);
        (void)snprintf(head + n + ZH_HTTP_QUERY_BYTES_MAX - 2 + more, 32, " HTTP/1.1");
        char *large = malloc(ANSWER_BYTES);
        char *line = malloc(sizeof head + 64);
        assert_non_null(large);
        assert_non_null(line);
        int fd = dial(f->port);
        n = snprintf(line, sizeof head + 64, "%s\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                     head);
        send_all(fd, line, (size_t)n);
        (void)read_all(fd, large, ANSWER_BYTES);
        (void)close(fd);
        assert_int_equal(strtol(large + 9, NULL, 10), more == 0 ? 200 : 414);
        free(large);
        free(line);
    }
}

static void test_etag(void **state)
{
    fixture *f = *state;
    char answer[4096];
    assert_int_equal(get(f, "GET /tell/1 HTTP/1.1", answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "ETag: \"v1\"\r\n"));
    static const char *const same[] = {"\"v1\"", "W/\"v1\"", "\"x\", \"v1\"", "*"};
    for (size_t i = 0; i < ZH_COUNTOF(same); i++) {
        char head[128];
        (void)snprintf(head, sizeof head, "GET /tell/1 HTTP/1.1\r\nIf-None-Match: %s", same[i]);
        assert_int_equal(get(f, head, answer, sizeof answer), 304);
        assert_null(strstr(answer, "id="));
    }
    assert_int_equal(get(f, "GET /tell/1 HTTP/1.1\r\nIf-None-Match: \"v2\"", answer, sizeof answer),
                     200);
}

static int post(const fixture *f, const char *headers, const char *body, char *answer, size_t size)
{
    char head[512];
    (void)snprintf(head, sizeof head, "POST /tell/1 HTTP/1.1\r\nContent-Length: %zu\r\n%s",
                   strlen(body), headers);
    return ask(f->port, head, body, strlen(body), answer, size);
}

static void test_forms(void **state)
{
    fixture *f = *state;
    char answer[4096];
    assert_int_equal(post(f, "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
                          "a=1&b=%E6%B9%96", answer, sizeof answer),
                     200);
    assert_non_null(strstr(answer, "form a=1\nform b=湖\n"));
    assert_int_equal(
        post(f, "Content-Type: application/x-www-form-urlencoded", "a=%ff", answer, sizeof answer),
        400);
    assert_int_equal(post(f, "Content-Type: multipart/form-data; boundary=b",
                          "--b\r\nContent-Disposition: form-data; "
                          "name=\"a\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; "
                          "name=\"f\"; filename=\"x.csv\"\r\n\r\nhello\r\n--b--\r\n",
                          answer, sizeof answer),
                     200);
    assert_non_null(strstr(answer, "form a=1\nfile f x.csv 5 stands\n"));
    assert_int_equal(post(f, "Content-Type: multipart/form-data; boundary=b",
                          "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", answer,
                          sizeof answer),
                     400);
    assert_int_equal(post(f, "Content-Type: multipart/form-data", "x", answer, sizeof answer), 400);
    char *large = malloc(4 * BODY_MAX + 2);
    assert_non_null(large);
    int n = snprintf(large, 4 * BODY_MAX + 2,
                     "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n");
    memset(large + n, 'x', 4 * BODY_MAX + 1 - (size_t)n);
    large[4 * BODY_MAX + 1] = '\0';
    assert_int_equal(
        post(f, "Content-Type: multipart/form-data; boundary=b", large, answer, sizeof answer),
        413);
    memcpy(large + 4 * BODY_MAX - 7, "\r\n--b--", 8);
    assert_int_equal(strlen(large), 4 * BODY_MAX);
    assert_int_equal(
        post(f, "Content-Type: multipart/form-data; boundary=b", large, answer, sizeof answer),
        200);
    assert_non_null(strstr(answer, "stands"));
    free(large);
}

static void test_other_sites(void **state)
{
    fixture *f = *state;
    char answer[4096];
    int fd = dial(f->port);
    static const char foreign[] =
        "GET /tell/1 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    send_all(fd, foreign, sizeof foreign - 1);
    (void)read_all(fd, answer, sizeof answer);
    (void)close(fd);
    assert_non_null(strstr(answer, "HTTP/1.1 421 "));
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Sec-Fetch-Site: cross-site", 403},    {"Sec-Fetch-Site: same-site", 403},
        {"Sec-Fetch-Site: same-origin", 200},   {"Sec-Fetch-Site: none", 200},
        {"Origin: http://evil.example", 403},   {"Origin: null", 403},
        {"Origin: https://localhost", 403},     {"Origin: http://localhost", 200},
        {"Origin: http://localhost.evil", 403}, {"X: y", 200},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        assert_int_equal(post(f, cases[i].headers, "x", answer, sizeof answer), cases[i].status);
    }
    assert_int_equal(
        get(f, "GET /tell/1 HTTP/1.1\r\nSec-Fetch-Site: cross-site", answer, sizeof answer), 200);
    assert_int_equal(get(f, "POST /leave HTTP/1.1\r\nContent-Length: 0", answer, sizeof answer),
                     303);
    assert_non_null(strstr(answer, "Location: /tell/done?x=1\r\n"));
    assert_non_null(
        strstr(answer, "Content-Security-Policy: default-src 'none'; script-src 'self';"));
}

/* Parked requests leave the network threads free, and are answered by the workers. */
static void *parked_client(void *user)
{
    fixture *f = user;
    char answer[2048];
    bool ok = ask(f->port, "GET /parked HTTP/1.1", "", 0, answer, sizeof answer) == 200 &&
              strstr(answer, "\r\n\r\nslow") != NULL;
    return ok ? NULL : user;
}

static void test_parked(void **state)
{
    fixture *f = *state;
    pthread_t threads[CLIENTS];
    char answer[2048];
    struct timespec pause = {.tv_nsec = 1000000};
    assert_int_equal(get(f, "GET /parked/broken HTTP/1.1", answer, sizeof answer), 409);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, parked_client, f), 0);
    }
    while (atomic_load(&f->app.slow_begun) < 2) {
        (void)nanosleep(&pause, NULL);
    }
    for (int i = 0; i < 20; i++) { /* while both workers sleep */
        assert_int_equal(get(f, "GET /tell/1 HTTP/1.1", answer, sizeof answer), 200);
    }
    assert_true(atomic_load(&f->app.slow_ended) < CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        void *result = f;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

/* What is parked when the server stops is still answered. */
static void test_stop_parked(void **state)
{
    fixture *f = *state;
    pthread_t threads[4];
    struct timespec pause = {.tv_nsec = 1000000};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, parked_client, f), 0);
    }
    while (atomic_load(&f->app.slow_begun) < 2) {
        (void)nanosleep(&pause, NULL);
    }
    pause.tv_nsec = 50 * 1000000L; /* the other two are parked by now */
    (void)nanosleep(&pause, NULL);
    zh_http_stop(f->http, 5000);
    f->http = NULL;
    for (size_t i = 0; i < 4; i++) {
        void *result = f;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

/* A client that goes away in the middle of its request line, headers or body. */
static void test_half_requests(void **state)
{
    fixture *f = *state;
    static const char *const halves[] = {
        "GET /te", "GET /tell/1 HTTP/1.1\r\nHost: loc",
        "POST /tell/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc",
        "POST /tell/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
        "boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\nContent-Disposition: form-data; name=a; "
        "filename=f\r\n\r\nabc",
        "GET /parked HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    char answer[2048];
    for (size_t i = 0; i < ZH_COUNTOF(halves); i++) {
        int fd = dial(f->port);
        send_all(fd, halves[i], strlen(halves[i]));
        (void)close(fd);
        assert_int_equal(get(f, "GET /tell/1 HTTP/1.1", answer, sizeof answer), 200);
    }
}

static void test_port_in_use(void **state)
{
    fixture *f = *state;
    fixture other = {.port = f->port};
    zh_err err = {0};
    assert_int_equal(start(&other, &err), ZH_EIO);
    assert_string_equal(err.rule, "net.listen");
    assert_true(err.fix[0] != '\0');
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool loopback;
    } good[] = {
        {"127.0.0.1:8086", "127.0.0.1", 8086, true},
        {"localhost:1", "127.0.0.1", 1, true},
        {":80", "127.0.0.1", 80, true},
        {"8086", "127.0.0.1", 8086, true},
        {"127.9.9.9:0", "127.9.9.9", 0, true},
        {"0.0.0.0:8086", "0.0.0.0", 8086, false},
        {"192.0.2.1:65535", "192.0.2.1", 65535, false},
        {"[::1]:8086", "::1", 8086, true},
        {"[::]:8086", "::", 8086, false},
        {"[0:0::1]:5", "::1", 5, true},
    };
    static const char *const bad[] = {"",
                                      ":",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "1.2.3:80",
                                      "::1:80",
                                      "[::1]",
                                      "[::1]8086",
                                      "x:80",
                                      "127.0.0.1:-1",
                                      "[::1]:",
                                      "127.0.0.1:8x",
                                      "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:80"};
    zh_address address;
    zh_err err = {0};
    for (size_t i = 0; i < ZH_COUNTOF(good); i++) {
        assert_int_equal(zh_address_parse(zh_str_of(good[i].text), &address, &err), ZH_OK);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
        assert_int_equal(address.is_loopback, good[i].loopback);
    }
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_err_clear(&err);
        assert_int_equal(zh_address_parse(zh_str_of(bad[i]), &address, &err), ZH_EINVAL);
        assert_string_equal(err.rule, "net.address");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_body_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_chunked_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_clients, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_question, setup, teardown),
        cmocka_unit_test_setup_teardown(test_etag, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_sites, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_parked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_port_in_use, setup, teardown),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
