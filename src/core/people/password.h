/* Stored passwords and one-time codes.
 *
 * A stored password names its scheme and parameters, so that each can be changed alone:
 *   $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH        RFC 9106; parameters of OWASP's cheat sheet
 *   $pbkdf2-sm3$i=310000$SALT$HASH                  RFC 8018 5.2 with HMAC-SM3 (GM/T 0091)
 * SALT and HASH in base64 without padding (RFC 4648 section 4).
 * One-time codes: TOTP of RFC 6238 with HMAC-SHA-1, 30 seconds, six digits; secrets in base32.
 *
 * Pure but for the random salt; any number of threads. A verification costs about 20 MiB and some
 * tens of milliseconds: callers bound how many run at once. */
#ifndef ZH_CORE_PEOPLE_PASSWORD_H
#define ZH_CORE_PEOPLE_PASSWORD_H

#include "base/err.h"

#define ZH_PASSWORD_BYTES_MIN                                                                      \
    12 /* characters are not counted: NIST SP 800-63B 5.1.1 asks for 8                             \
        */
#define ZH_PASSWORD_BYTES_MAX  128
#define ZH_PASSWORD_STORED_MAX 200
#define ZH_TOTP_SECRET_BYTES   20
#define ZH_TOTP_STEP_S         30

typedef enum zh_password_scheme { ZH_PASSWORD_ARGON2ID, ZH_PASSWORD_PBKDF2_SM3 } zh_password_scheme;

/* "argon2id", "pbkdf2-sm3"; ZH_ENOTFOUND. */
zh_rc zh_password_scheme_parse(zh_str name, zh_password_scheme *out) ZH_MUST;
/* ZH_EINVAL password.length, password.common: too short, too long, or one of the most used. */
zh_rc zh_password_check(zh_str password, zh_err *err) ZH_MUST;
/* The text to store, with a new salt. */
zh_rc zh_password_store(zh_password_scheme scheme, zh_str password,
                        char out[ZH_PASSWORD_STORED_MAX], zh_err *err) ZH_MUST;
/* Whether the password is the stored one; takes the same time for any wrong one. A stored text that
 * no scheme knows is never right. */
bool zh_password_verify(zh_str stored, zh_str password);
/* Does the work of one verification and forgets it: for names that do not exist. */
void zh_password_waste(zh_password_scheme scheme, zh_str password);

/* RFC 6238: the code of the step `counter` = seconds / ZH_TOTP_STEP_S, six digits and a NUL. */
void zh_totp_code(const uint8_t secret[ZH_TOTP_SECRET_BYTES], uint64_t counter, char out[7]);
/* Whether `code` is that of the step of `seconds` or one beside it, and later than *last (a code is
 * taken once); *last becomes its step. */
bool zh_totp_verify(const uint8_t secret[ZH_TOTP_SECRET_BYTES], zh_str code, uint64_t seconds,
                    uint64_t *last);
/* Base32 (RFC 4648 section 6) of a secret: 32 characters and a NUL. */
void zh_totp_secret_text(const uint8_t secret[ZH_TOTP_SECRET_BYTES], char out[33]);
zh_rc zh_totp_secret_parse(zh_str text, uint8_t out[ZH_TOTP_SECRET_BYTES]) ZH_MUST;

#endif
