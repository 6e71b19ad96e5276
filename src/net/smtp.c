/* Mail messages, and the client's half of SMTP. */
#include "net/smtp.h"
#include "base/utf8.h"
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    WORD_BYTES = 39, /* 52 letters: with "Subject: =?UTF-8?B?" and "?=" a line of 73 <= 76 */
    LINE_BYTES = 57, /* 76 letters */
    ENCODED_MAX = 4 * 256,
    REPLY_LINE_MAX = 2000,
};

/* ---- messages -------------------------------------------------------------------------------- */

static void put_base64(zh_buf *out, const char *bytes, size_t n)
{
    unsigned char text[ENCODED_MAX];
    int length = EVP_EncodeBlock(text, (const unsigned char *)bytes, (int)n);
    zh_buf_add(out, text, (size_t)length);
}

/* Encoded words of at most 75 characters, each of whole characters (RFC 2047 sections 2 and 5). */
static void put_words(zh_buf *out, zh_str text)
{
    char piece[WORD_BYTES];
    size_t n = 0;
    const char *separator = "";
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        uint32_t c = zh_utf8_next(text, &i);
        bool control = c < ' ' || c == 0x7F;
        if (n + (i - from) > WORD_BYTES) {
            zh_buf_fmt(out, "%s=?UTF-8?B?", separator);
            put_base64(out, piece, n);
            zh_buf_z(out, "?=");
            separator = "\r\n ";
            n = 0;
        }
        memcpy(piece + n, control ? " " : text.p + from, i - from);
        n += i - from;
    }
    zh_buf_fmt(out, "%s=?UTF-8?B?", separator);
    put_base64(out, piece, n);
    zh_buf_z(out, "?=");
}

static void put_date(zh_buf *out, zh_time t)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    zh_civil c = zh_time_civil(t);
    zh_buf_fmt(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0800\r\n",
               days[zh_date_weekday(zh_time_date(t)) - 1], c.day, months[c.month - 1], c.year,
               c.hour, c.minute, c.second);
}

static bool header_safe(zh_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~' || text.p[i] == '<' || text.p[i] == '>') {
            return false;
        }
    }
    return text.n > 0;
}

static zh_str domain_of(zh_str address)
{
    ptrdiff_t at = zh_str_chr(address, '@');
    return zh_str_sub(address, (size_t)(at + 1), address.n);
}

/* The text in base64, so that no line of it can be anything but text. */
static void put_text(zh_buf *out, zh_str text)
{
    char line[LINE_BYTES + 1];
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\r') {
            continue;
        }
        if (text.p[i] == '\n') {
            line[n++] = '\r';
        }
        if (n == LINE_BYTES) {
            put_base64(out, line, n);
            zh_buf_z(out, "\r\n");
            n = 0;
        }
        line[n++] = text.p[i];
        if (n == LINE_BYTES) {
            put_base64(out, line, n);
            zh_buf_z(out, "\r\n");
            n = 0;
        }
    }
    if (n > 0) {
        put_base64(out, line, n);
        zh_buf_z(out, "\r\n");
    }
}

zh_rc zh_mail_write(const zh_mail *mail, zh_buf *out, zh_err *err)
{
    if (!header_safe(mail->from) || !header_safe(mail->to) || !header_safe(mail->id)) {
        return zh_err_set(err, ZH_EINVAL, "mail.header", "邮件的地址或编号含有不能写进信头的字符");
    }
    if (mail->text.n > ZH_MAIL_TEXT_BYTES_MAX || mail->subject.n > ZH_MAIL_SUBJECT_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "mail.size", "邮件太长");
    }
    put_date(out, mail->date);
    zh_buf_z(out, "From: ");
    if (mail->from_name.n > 0) {
        put_words(out, mail->from_name);
        zh_buf_z(out, "\r\n ");
    }
    zh_buf_fmt(out, "<%.*s>\r\nTo: <%.*s>\r\nSubject: ", ZH_FMT(mail->from), ZH_FMT(mail->to));
    put_words(out, mail->subject);
    zh_buf_fmt(out,
               "\r\nMessage-ID: <%.*s@%.*s>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
               "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nAuto-Submitted: "
               "auto-generated\r\n\r\n",
               ZH_FMT(mail->id), ZH_FMT(domain_of(mail->from)));
    put_text(out, mail->text);
    return out->failed ? zh_err_set(err, ZH_ELIMIT, "mail.size", "邮件太长") : ZH_OK;
}

/* ---- the dialogue ---------------------------------------------------------------------------- */

typedef struct dialogue {
    zh_peer *peer;
    zh_err *err;
    char in[ZH_SMTP_REPLY_BYTES_MAX];
    size_t n; /* bytes received and not yet read */
    bool starttls, plain;
} dialogue;

static zh_rc answered(dialogue *d, const char *step, int code, zh_str line)
{
    zh_rc rc = code >= 500 ? ZH_EINVAL : ZH_EIO;
    zh_err_set(d->err, rc, code >= 500 ? "smtp.refused" : "smtp.later",
               "邮件服务器在 %s 时回答 %.*s", step, ZH_FMT(zh_str_sub(line, 0, 200)));
    return rc;
}

static zh_rc read_line(dialogue *d, char line[REPLY_LINE_MAX], size_t *length)
{
    zh_rc rc = ZH_OK;
    for (;;) {
        const char *end = memchr(d->in, '\n', d->n);
        if (end != NULL) {
            size_t n = (size_t)(end - d->in) + 1;
            *length = n < REPLY_LINE_MAX ? n : REPLY_LINE_MAX - 1;
            memcpy(line, d->in, *length);
            memmove(d->in, d->in + n, d->n - n);
            d->n -= n;
            while (*length > 0 && (line[*length - 1] == '\n' || line[*length - 1] == '\r')) {
                (*length)--;
            }
            return ZH_OK;
        }
        size_t got = 0;
        if (d->n == sizeof d->in) {
            return zh_err_set(d->err, ZH_EIO, "smtp.reply", "邮件服务器的回答过长");
        }
        rc = zh_peer_receive(d->peer, d->in + d->n, sizeof d->in - d->n, &got, d->err);
        if (rc == ZH_OK && got == 0) {
            rc = zh_err_set(d->err, ZH_EIO, "smtp.reply", "邮件服务器中断了连接");
        }
        if (rc != ZH_OK) {
            return rc;
        }
        d->n += got;
    }
}

static void note_capability(dialogue *d, zh_str word)
{
    if (word.n == 8 && strncasecmp(word.p, "STARTTLS", 8) == 0) {
        d->starttls = true;
    }
    zh_str mechanism;
    if (word.n > 5 && strncasecmp(word.p, "AUTH ", 5) == 0) {
        zh_str rest = zh_str_sub(word, 5, word.n);
        while (rest.n > 0 && zh_str_split(&rest, ' ', &mechanism)) {
            d->plain = d->plain || (mechanism.n == 5 && strncasecmp(mechanism.p, "PLAIN", 5) == 0);
        }
    }
}

/* A reply, which may have many lines; its code must begin with the digit `wanted`. */
static zh_rc expect(dialogue *d, const char *step, char wanted)
{
    char text[REPLY_LINE_MAX];
    size_t n = 0;
    for (int lines = 0; lines < 100; lines++) {
        uint64_t code = 0;
        zh_rc rc = read_line(d, text, &n);
        if (rc != ZH_OK) {
            return rc;
        }
        zh_str line = {text, n};
        if (n < 3 || zh_str_u64(zh_str_sub(line, 0, 3), &code) != ZH_OK) {
            return zh_err_set(d->err, ZH_EIO, "smtp.reply", "对方不是邮件服务器");
        }
        if (text[0] != wanted) {
            return answered(d, step, (int)code, line);
        }
        note_capability(d, zh_str_sub(line, 4, n));
        if (n == 3 || text[3] == ' ') {
            return ZH_OK;
        }
    }
    return zh_err_set(d->err, ZH_EIO, "smtp.reply", "邮件服务器的回答过长");
}

static zh_rc say(dialogue *d, const char *step, zh_str line, char wanted)
{
    zh_rc rc = zh_peer_send(d->peer, line, d->err);
    return rc == ZH_OK ? expect(d, step, wanted) : rc;
}

static zh_rc say_path(dialogue *d, const char *step, const char *verb, zh_str path, char wanted)
{
    char line[400];
    int n = snprintf(line, sizeof line, "%s:<%.*s>\r\n", verb, ZH_FMT(path));
    return n > 0 && (size_t)n < sizeof line && header_safe(path)
               ? say(d, step, (zh_str){line, (size_t)n}, wanted)
               : zh_err_set(d->err, ZH_EINVAL, "smtp.refused", "邮件地址不可用");
}

static zh_rc hello(dialogue *d)
{
    d->starttls = d->plain = false;
    return say(d, "EHLO", ZH_STR("EHLO localhost\r\n"), '2');
}

/* What was received before TLS is forgotten: it could be anybody's. */
static zh_rc secure(dialogue *d)
{
    if (!d->starttls) {
        return zh_err_set(d->err, ZH_EIO, "smtp.starttls", "邮件服务器不提供 STARTTLS，没有发送");
    }
    zh_rc rc = say(d, "STARTTLS", ZH_STR("STARTTLS\r\n"), '2');
    d->n = 0;
    rc = rc == ZH_OK ? zh_peer_secure(d->peer, d->err) : rc;
    return rc == ZH_OK ? hello(d) : rc;
}

static zh_rc authenticate(dialogue *d, const zh_smtp_server *server)
{
    char plain[512];
    int n = snprintf(plain, sizeof plain, "%c%s%c%s", 0, server->user, 0, server->password);
    zh_buf line;
    if (server->security == ZH_SMTP_PLAIN || !d->plain) {
        return zh_err_set(d->err, ZH_EIO, "smtp.auth",
                          server->security == ZH_SMTP_PLAIN ? "没有 TLS 的连接不发送邮件口令"
                                                            : "邮件服务器不接受 AUTH PLAIN");
    }
    if (n <= 0 || (size_t)n >= sizeof plain) {
        return zh_err_set(d->err, ZH_EINVAL, "smtp.auth", "邮件账户或口令太长");
    }
    zh_buf_init(&line, 4096);
    zh_buf_z(&line, "AUTH PLAIN ");
    put_base64(&line, plain, (size_t)n);
    zh_buf_z(&line, "\r\n");
    zh_rc rc = say(d, "AUTH", zh_buf_view(&line), '2');
    zh_buf_free(&line);
    return rc;
}

/* RFC 5321 4.5.2: a line that begins with a dot gets another. */
static zh_rc send_message(dialogue *d, zh_str message)
{
    zh_buf out;
    zh_buf_init(&out, 2 * ZH_MAIL_MESSAGE_BYTES_MAX);
    bool begins = true;
    for (size_t i = 0; i < message.n; i++) {
        if (begins && message.p[i] == '.') {
            zh_buf_c(&out, '.');
        }
        zh_buf_c(&out, message.p[i]);
        begins = message.p[i] == '\n';
    }
    zh_buf_z(&out, begins ? ".\r\n" : "\r\n.\r\n");
    zh_rc rc = out.failed ? zh_err_set(d->err, ZH_ELIMIT, "mail.size", "邮件太长")
                          : say(d, "DATA", zh_buf_view(&out), '2');
    zh_buf_free(&out);
    return rc;
}

static zh_rc transact(dialogue *d, const zh_smtp_server *server, zh_str from, zh_str to,
                      zh_str message)
{
    zh_rc rc = expect(d, "连接", '2');
    if (rc == ZH_OK) {
        rc = hello(d);
    }
    if (rc == ZH_OK && server->security == ZH_SMTP_STARTTLS) {
        rc = secure(d);
    }
    if (rc == ZH_OK && server->user[0] != '\0') {
        rc = authenticate(d, server);
    }
    if (rc == ZH_OK) {
        rc = say_path(d, "MAIL", "MAIL FROM", from, '2');
    }
    /* so far a refusal was about the installation, not about this mail */
    rc = rc == ZH_EINVAL ? ZH_EIO : rc;
    if (rc == ZH_OK) {
        rc = say_path(d, "RCPT", "RCPT TO", to, '2');
    }
    if (rc == ZH_OK) {
        rc = say(d, "DATA", ZH_STR("DATA\r\n"), '3');
    }
    return rc == ZH_OK ? send_message(d, message) : rc;
}

zh_rc zh_smtp_send(const zh_smtp_server *server, zh_str from, zh_str to, zh_str message,
                   zh_err *err)
{
    zh_peer_to target = {.host = server->host,
                         .port = server->port,
                         .tls = server->security == ZH_SMTP_TLS,
                         .timeout_ms = server->timeout_ms};
    dialogue *d = zh_alloc(sizeof *d);
    memset(d, 0, sizeof *d);
    d->err = err;
    zh_rc rc = zh_peer_open(&target, &d->peer, err);
    if (rc == ZH_OK) {
        rc = transact(d, server, from, to, message);
    }
    if (rc == ZH_OK) { /* it has been taken: what the good-bye is answered does not matter */
        zh_err ignored = {0};
        (void)!zh_peer_send(d->peer, ZH_STR("QUIT\r\n"), &ignored);
    }
    zh_peer_close(d->peer);
    zh_dealloc(d);
    return rc;
}
