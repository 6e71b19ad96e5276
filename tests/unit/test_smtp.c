/* Messages by RFC 5322, 2045 and 2047; the client's half of RFC 5321 against a server that plays a
 * script; which addresses are public (RFC 6890). Encoded texts were worked out with Python's base64
 * and email modules. */
#include "net/smtp.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- messages -------------------------------------------------------------------------------- */

static zh_str written(zh_arena *arena, const char *subject, const char *text)
{
    zh_buf out;
    zh_err err = {0};
    zh_mail mail = {.from = ZH_STR("zhiheng@example.org"),
                    .from_name = ZH_STR("质衡"),
                    .to = ZH_STR("wang@example.org"),
                    .subject = zh_str_of(subject),
                    .id = ZH_STR("digest-2026-11-23-0011"),
                    .text = zh_str_of(text)};
    assert_int_equal(zh_time_parse(ZH_STR("2026-11-23 08:00"), &mail.date), ZH_OK);
    zh_buf_init(&out, ZH_MAIL_MESSAGE_BYTES_MAX);
    assert_int_equal(zh_mail_write(&mail, &out, &err), ZH_OK);
    zh_str result = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return result;
}

static void test_message(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    zh_str message = written(arena, "今天到期 3 件", "第一行\n.\n第三行\n");
    assert_string_equal(message.p, "Date: Mon, 23 Nov 2026 08:00:00 +0800\r\n"
                                   "From: =?UTF-8?B?6LSo6KGh?=\r\n <zhiheng@example.org>\r\n"
                                   "To: <wang@example.org>\r\n"
                                   "Subject: =?UTF-8?B?5LuK5aSp5Yiw5pyfIDMg5Lu2?=\r\n"
                                   "Message-ID: <digest-2026-11-23-0011@example.org>\r\n"
                                   "MIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=utf-8\r\n"
                                   "Content-Transfer-Encoding: base64\r\n"
                                   "Auto-Submitted: auto-generated\r\n"
                                   "\r\n"
                                   "56ys5LiA6KGMDQouDQrnrKzkuInooYwNCg==\r\n");
    zh_arena_free(arena);
}

/* No line above 76 letters in the body or 75 in an encoded word, no character cut in two, and no
 * header that text could add. */
static void test_lines(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    for (int i = 0; i < 3000; i++) {
        zh_buf_fmt(&text, "第 %d 行\n", i);
    }
    zh_buf_c(&text, '\0');
    zh_str rest =
        written(arena,
                "题目里有换行\r\nBcc: x@example.org\r\n还有很长很长很长很长很长很长很长很长很长"
                "很长很长很长很长的一串字",
                text.p);
    zh_buf_free(&text);
    zh_str line;
    bool body = false;
    while (rest.n > 0 && zh_str_split(&rest, '\n', &line)) {
        assert_true(line.n == 0 || line.p[line.n - 1] == '\r');
        assert_true(line.n <= 77); /* with its CR */
        assert_false(zh_str_starts(line, ZH_STR("Bcc")));
        body = body || line.n == 1;
        ptrdiff_t word = zh_str_find(line, ZH_STR("=?UTF-8?B?"));
        if (!body && word >= 0) {
            ptrdiff_t end = zh_str_find(zh_str_sub(line, (size_t)word + 10, line.n), ZH_STR("?="));
            assert_true(end > 0 && end % 4 == 0 && 10 + end + 2 <= 75);
        }
    }
    zh_arena_free(arena);
}

static void test_unfit(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a@b\r\nBcc: c@d", "a b@c", "a@b>", "王@例"};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        zh_buf out;
        zh_err err = {0};
        zh_mail mail = {.from = ZH_STR("a@b"),
                        .to = zh_str_of(bad[i]),
                        .subject = ZH_STR(""),
                        .id = ZH_STR("x"),
                        .text = ZH_STR("")};
        zh_buf_init(&out, 4096);
        assert_int_equal(zh_mail_write(&mail, &out, &err), ZH_EINVAL);
        zh_buf_free(&out);
    }
}

/* ---- the dialogue ---------------------------------------------------------------------------- */

typedef struct server {
    int listener;
    char port[8];
    const char *const *replies; /* the greeting, then one for each command and for the message */
    char said[8192];
    size_t n;
    pthread_t thread;
} server;

/* Reads up to the end of a line, or of a message after DATA. */
static bool hear(server *s, int fd, const char *end)
{
    size_t from = s->n;
    while (strstr(s->said + from, end) == NULL && s->n < sizeof s->said - 1) {
        ssize_t n = recv(fd, s->said + s->n, 1, 0);
        if (n <= 0) {
            return false;
        }
        s->n += (size_t)n;
        s->said[s->n] = '\0';
    }
    return true;
}

static void *serve(void *user)
{
    server *s = user;
    int fd = accept(s->listener, NULL, NULL);
    const char *end = "\r\n";
    for (size_t i = 0; fd >= 0 && s->replies[i] != NULL; i++) {
        if (i > 0 && !hear(s, fd, end)) {
            break;
        }
        (void)send(fd, s->replies[i], strlen(s->replies[i]), MSG_NOSIGNAL);
        end = strncmp(s->replies[i], "354", 3) == 0 ? "\r\n.\r\n" : "\r\n";
    }
    /* What the client still says is read, so that it sees the end and no reset. */
    char rest[256];
    (void)shutdown(fd, SHUT_WR);
    while (fd >= 0 && recv(fd, rest, sizeof rest, 0) > 0) {
    }
    (void)close(fd);
    return NULL;
}

static zh_rc converse(server *s, const char *const *replies, zh_smtp_security security,
                      const char *user, zh_err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    *s = (server){.replies = replies};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(s->port, sizeof s->port, "%u", (unsigned)ntohs(address.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    zh_smtp_server to = {.host = "127.0.0.1",
                         .port = s->port,
                         .security = security,
                         .user = user,
                         .password = "secret",
                         .timeout_ms = 5000};
    zh_rc rc = zh_smtp_send(&to, ZH_STR("a@example.org"), ZH_STR("b@example.org"),
                            ZH_STR("X: y\r\n\r\n.dot\r\n"), err);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->listener);
    return rc;
}

static void test_taken(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "220-a\r\n220 b\r\n", "250-x\r\n250-AUTH PLAIN\r\n250 SIZE\r\n",
        "250 ok\r\n",         "251 ok\r\n",
        "354 go\r\n",         "250 taken\r\n",
        "221 bye\r\n",        NULL};
    server s;
    zh_err err = {0};
    zh_rc rc = converse(&s, replies, ZH_SMTP_PLAIN, "", &err);
    if (rc != ZH_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(rc, ZH_OK);
    assert_string_equal(s.said, "EHLO localhost\r\nMAIL FROM:<a@example.org>\r\nRCPT "
                                "TO:<b@example.org>\r\nDATA\r\nX: y\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *replies[8];
        zh_smtp_security security;
        const char *user;
        zh_rc rc;
        const char *rule;
    } cases[] = {
        {{"554 no\r\n", NULL}, ZH_SMTP_PLAIN, "", ZH_EIO, "smtp.refused"},
        {{"HTTP/1.1 400\r\n", NULL}, ZH_SMTP_PLAIN, "", ZH_EIO, "smtp.reply"},
        {{"220 a\r\n", "250 x\r\n", "250 ok\r\n", "550 none\r\n", NULL},
         ZH_SMTP_PLAIN,
         "",
         ZH_EINVAL,
         "smtp.refused"},
        {{"220 a\r\n", "250 x\r\n", "250 ok\r\n", "450 later\r\n", NULL},
         ZH_SMTP_PLAIN,
         "",
         ZH_EIO,
         "smtp.later"},
        {{"220 a\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "552 big\r\n", NULL},
         ZH_SMTP_PLAIN,
         "",
         ZH_EINVAL,
         "smtp.refused"},
        /* no TLS is offered: nothing goes in the clear */
        {{"220 a\r\n", "250 x\r\n", NULL}, ZH_SMTP_STARTTLS, "", ZH_EIO, "smtp.starttls"},
        {{"220 a\r\n", "250-x\r\n250 AUTH PLAIN\r\n", NULL},
         ZH_SMTP_PLAIN,
         "u",
         ZH_EIO,
         "smtp.auth"},
        {{"220 a\r\n", NULL}, ZH_SMTP_PLAIN, "", ZH_EIO, "smtp.reply"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        server s;
        zh_err err = {0};
        zh_rc rc = converse(&s, cases[i].replies, cases[i].security, cases[i].user, &err);
        if (rc != cases[i].rc || strcmp(err.rule, cases[i].rule) != 0) {
            fail_msg("case %zu: %d %s %s", i, rc, err.rule, err.message);
        }
        assert_null(strstr(s.said, "secret"));
        assert_null(strstr(s.said, "AUTH"));
    }
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void test_public(void **state)
{
    (void)state;
    static const char *const inside[] = {
        "127.0.0.1",
        "127.255.255.255",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.1",
        "192.168.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:a00:1::",
        "2001::1",
        "2001:db8::1",
        "not an address",
        "127.1",
        "0x7f.1",
        "3fff::1",
        "",
    };
    static const char *const outside[] = {
        "1.1.1.1",    "8.8.8.8",   "172.32.0.1",   "100.128.0.1",    "192.0.1.1",
        "198.20.0.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1", "2002:101:101::"};
    for (size_t i = 0; i < ZH_COUNTOF(inside); i++) {
        if (zh_address_is_public(inside[i])) {
            fail_msg("%s is taken for public", inside[i]);
        }
    }
    for (size_t i = 0; i < ZH_COUNTOF(outside); i++) {
        if (!zh_address_is_public(outside[i])) {
            fail_msg("%s is not taken for public", outside[i]);
        }
    }
    static const char *const hosts[] = {"127.0.0.1", "localhost", "::1", "0.0.0.0"};
    for (size_t i = 0; i < ZH_COUNTOF(hosts); i++) {
        zh_peer *peer = NULL;
        zh_err err = {0};
        zh_peer_to to = {.host = hosts[i], .port = "9", .public_only = true, .timeout_ms = 1000};
        assert_int_equal(zh_peer_open(&to, &peer, &err), ZH_EDENIED);
        assert_string_equal(err.rule, "client.private");
        assert_null(peer);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message),  cmocka_unit_test(test_lines),
        cmocka_unit_test(test_unfit),    cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
