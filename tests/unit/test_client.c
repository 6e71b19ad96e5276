/* The HTTP client against a peer that answers with given bytes (RFC 9112 sections 4, 6, 7.1), cut
 * into pieces, or not at all. */
#include "net/client.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct peer {
    int listener;
    uint16_t port;
    zh_str answer;
    size_t piece;    /* bytes a send; 0: all at once */
    bool hang;       /* keeps the connection open without a word */
    char said[4096]; /* what the client sent */
    size_t said_n;
    pthread_t thread;
};

static void *serve(void *context)
{
    struct peer *peer = context;
    int fd = accept(peer->listener, NULL, NULL);
    while (fd >= 0 && peer->said_n < sizeof(peer->said) - 1) {
        ssize_t n = recv(fd, peer->said + peer->said_n, sizeof(peer->said) - 1 - peer->said_n, 0);
        if (n <= 0) {
            break;
        }
        peer->said_n += (size_t)n;
        peer->said[peer->said_n] = '\0';
        if (strstr(peer->said, "\r\n\r\nbody")) {
            break;
        }
    }
    if (peer->hang) {
        char byte;
        (void)recv(fd, &byte, 1, 0); /* until the client gives up */
    }
    for (size_t at = 0; at < peer->answer.n && !peer->hang;) {
        size_t n = peer->piece > 0 ? peer->piece : peer->answer.n;
        n = n < peer->answer.n - at ? n : peer->answer.n - at;
        if (send(fd, peer->answer.p + at, n, MSG_NOSIGNAL) < 0) {
            break;
        }
        at += n;
    }
    (void)close(fd);
    return NULL;
}

static void start(struct peer *peer, zh_str answer, size_t piece)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    *peer = (struct peer){.answer = answer, .piece = piece};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listener, 1), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
}

static zh_rc ask(struct peer *peer, zh_arena *arena, unsigned timeout_ms, zh_client_answer *out,
                 zh_err *err)
{
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
    zh_str url = zh_str_fmt(arena, "http://127.0.0.1:%u/a/b?c", peer->port);
    zh_rc rc = zh_client_post(arena, url, "text/plain", ZH_STR("body"), timeout_ms, out, err);
    assert_int_equal(pthread_join(peer->thread, NULL), 0);
    (void)close(peer->listener);
    return rc;
}

static void answers_of_every_framing(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.0 409 x\r\nContent-Type:text/x.tlog.size\r\n\r\nhello",
        "HTTP/1.1 409 x\r\ncontent-type: text/x.tlog.size \r\ntransfer-encoding: chunked\r\n\r\n"
        "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 409\r\nContent-Type: text/x.tlog.size\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        "HTTP/1.1 409 x\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 5\r\n\r\nhello, more",
    };
    for (size_t i = 0; i < ZH_COUNTOF(answers); i++) {
        for (size_t piece = 0; piece < 3; piece++) {
            struct peer peer;
            zh_client_answer answer;
            zh_err err = {0};
            zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
            start(&peer, zh_str_of(answers[i]), piece);
            zh_rc rc = ask(&peer, arena, 5000, &answer, &err);
            if (rc != ZH_OK) {
                fail_msg("case %zu: %s", i, err.message);
            }
            assert_int_equal(answer.status, 409);
            assert_true(zh_str_is(answer.type, "text/x.tlog.size"));
            assert_true(zh_str_is(answer.body, "hello"));
            assert_non_null(strstr(peer.said, "POST /a/b?c HTTP/1.1\r\n"));
            assert_non_null(strstr(peer.said, "Content-Length: 4\r\n"));
            zh_arena_free(arena);
        }
    }
}

static void broken_answers(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "",
        "HTTP/1.1 200 OK\r\n",
        "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\nhello",
    };
    for (size_t i = 0; i < ZH_COUNTOF(answers); i++) {
        struct peer peer;
        zh_client_answer answer;
        zh_err err = {0};
        zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
        start(&peer, zh_str_of(answers[i]), 0);
        if (ask(&peer, arena, 5000, &answer, &err) != ZH_EIO) {
            fail_msg("case %zu was taken", i);
        }
        assert_string_equal(err.rule, "client.answer");
        zh_arena_free(arena);
    }
}

static void caps_and_time(void **state)
{
    (void)state;
    struct peer peer;
    zh_client_answer answer;
    zh_err err = {0};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    start(&peer, ZH_STR_NONE, 0);
    peer.hang = true;
    assert_int_equal(ask(&peer, arena, 200, &answer, &err), ZH_EIO);
    assert_string_equal(err.rule, "client.timeout");

    size_t large = ZH_CLIENT_BODY_BYTES_MAX + 2 * ZH_CLIENT_HEADER_BYTES_MAX;
    char *bytes = zh_alloc(large);
    memset(bytes, 'x', large);
    memcpy(bytes, "HTTP/1.1 200 OK\r\n\r\n", 19);
    zh_err_clear(&err);
    start(&peer, (zh_str){bytes, large}, 0);
    assert_int_equal(ask(&peer, arena, 5000, &answer, &err), ZH_ELIMIT);
    assert_string_equal(err.rule, "client.size");
    zh_err_clear(&err);
    start(&peer, (zh_str){bytes, ZH_CLIENT_BODY_BYTES_MAX}, 0);
    assert_int_equal(ask(&peer, arena, 5000, &answer, &err), ZH_OK);
    memset(bytes, 'x', large); /* a head without end */
    zh_err_clear(&err);
    start(&peer, (zh_str){bytes, 2 * ZH_CLIENT_HEADER_BYTES_MAX}, 0);
    assert_int_equal(ask(&peer, arena, 5000, &answer, &err), ZH_EIO);
    zh_dealloc(bytes);

    /* Nobody listens: the port was just closed. */
    zh_err_clear(&err);
    start(&peer, ZH_STR_NONE, 0);
    (void)close(peer.listener);
    zh_str url = zh_str_fmt(arena, "http://127.0.0.1:%u/", peer.port);
    assert_int_equal(zh_client_post(arena, url, "x", ZH_STR_NONE, 2000, &answer, &err), ZH_EIO);
    assert_string_equal(err.rule, "client.connect");
    zh_arena_free(arena);
}

static void bad_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "https://x/",
                                      "http://",
                                      "http:///a",
                                      "http://x:0/",
                                      "http://x:/",
                                      "http://x:65536/",
                                      "http://x:y/",
                                      "http://a b/",
                                      "http://x/\r\nEvil: 1",
                                      "http://u@x/",
                                      "http://[::1/",
                                      "http://[::1]x/",
                                      "ftp://x/"};
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_client_answer answer;
        zh_err err = {0};
        assert_int_equal(
            zh_client_post(arena, zh_str_of(bad[i]), "x", ZH_STR_NONE, 100, &answer, &err),
            ZH_EINVAL);
        assert_string_equal(err.rule, "client.url");
    }
    zh_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_every_framing),
        cmocka_unit_test(broken_answers),
        cmocka_unit_test(caps_and_time),
        cmocka_unit_test(bad_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
