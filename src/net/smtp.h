/* Sending one mail to one mailbox: SMTP (RFC 5321) with STARTTLS (RFC 3207) or TLS from the start
 * (RFC 8314) and AUTH PLAIN (RFC 4954); the message by RFC 5322, 2045 and 2047, plain text only. */
#ifndef ZH_NET_SMTP_H
#define ZH_NET_SMTP_H

#include "base/time.h"
#include "net/peer.h"

#define ZH_MAIL_TEXT_BYTES_MAX    ((size_t)256 << 10)
#define ZH_MAIL_MESSAGE_BYTES_MAX ((size_t)512 << 10)
#define ZH_MAIL_SUBJECT_BYTES_MAX 400
#define ZH_SMTP_REPLY_BYTES_MAX   ((size_t)16 << 10)

typedef struct zh_mail {
    zh_str from, from_name; /* address; name as shown, may be empty */
    zh_str to;
    zh_str subject; /* UTF-8; control characters become blanks */
    zh_str id;      /* of the Message-ID, without domain: letters, digits, '-', '.' */
    zh_time date;
    zh_str text; /* UTF-8, lines end with \n */
} zh_mail;

/* The whole message with CR LF, not yet dot-stuffed. ZH_ELIMIT: too long. ZH_EINVAL: an address or
 * id with characters that a header cannot hold. */
zh_rc zh_mail_write(const zh_mail *mail, zh_buf *out, zh_err *err) ZH_MUST;

typedef enum zh_smtp_security { ZH_SMTP_PLAIN, ZH_SMTP_STARTTLS, ZH_SMTP_TLS } zh_smtp_security;

typedef struct zh_smtp_server {
    const char *host, *port;
    zh_smtp_security security;
    const char *user, *password; /* empty: no AUTH; never sent without TLS */
    unsigned timeout_ms;
} zh_smtp_server;

/* ZH_OK: the server has taken responsibility for it. ZH_EINVAL smtp.refused: it said that it never
 * will (5yz). ZH_EIO: try again later (4yz, no connection, no STARTTLS where it is asked for …). */
zh_rc zh_smtp_send(const zh_smtp_server *server, zh_str from, zh_str to, zh_str message,
                   zh_err *err) ZH_MUST;

#endif
