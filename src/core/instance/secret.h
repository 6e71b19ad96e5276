/* Secrets that the installation must be able to use again, and so cannot keep as digests: those of
 * one-time codes, of the identity provider, of webhooks. In the database they stand sealed by
 * AES-256-GCM under a key that is a file of its own, so that a copy of the database alone does not
 * give them:
 *
 *   sealed1.KEY.BASE64    KEY: id of the key, 8 hexadecimal digits; nonce, ciphertext, tag
 *   DATA/keys/KEY.secret  the key in hexadecimal, mode 0600, made on first use
 *   setting secrets.key   id of the key in use
 *
 * What a text is for and whose it is are bound to it: it opens nowhere else. The folder belongs
 * into the backup, apart from the database. Any number of threads. */
#ifndef ZH_CORE_INSTANCE_SECRET_H
#define ZH_CORE_INSTANCE_SECRET_H

#include "core/instance/core.h"

#define ZH_SECRET_BYTES_MAX ((size_t)16 << 10)
#define ZH_SET_SECRET_KEY   "secrets.key"

/* What a secret is for. */
#define ZH_SECRET_TOTP "totp" /* whose: the login */
#define ZH_SECRET_OIDC "oidc" /* whose: empty */
#define ZH_SECRET_HOOK "hook" /* whose: the id of the webhook */

/* Empty stays empty. ZH_EINVAL secret.where: there is no data directory; ZH_ENOTFOUND
 * secret.key.lost; ZH_EDENIED key.file.mode; ZH_ELIMIT. Not while this thread holds the writer. */
zh_rc zh_secret_seal(zh_core *core, zh_arena *arena, const char *what, zh_str whose, zh_str plain,
                     zh_str *out, zh_err *err) ZH_MUST;
/* The errors of zh_secret_seal, and ZH_ECORRUPT secret.changed: not what was sealed for this. */
zh_rc zh_secret_open(zh_core *core, zh_arena *arena, const char *what, zh_str whose, zh_str sealed,
                     zh_str *out, zh_err *err) ZH_MUST;

/* Seals what still stands in the clear, from before there were keys. Nothing without a data
 * directory. Called by zh_core_open. */
zh_rc zh_secrets_adopt(zh_core *core, zh_err *err) ZH_MUST;
/* Seals everything anew under a new key and removes the old ones. give_up: what no key opens any
 * more is taken away (its owners set it up again); otherwise it is an error and nothing changes. */
zh_rc zh_secrets_rekey(zh_core *core, bool give_up, size_t *sealed, size_t *given_up,
                       zh_err *err) ZH_MUST;

#endif
