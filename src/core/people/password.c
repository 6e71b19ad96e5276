/* Stored passwords and one-time codes. */
#include "core/people/password.h"
#include "base/os.h"
#include "base/utf8.h"
#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    SALT_BYTES = 16,
    HASH_BYTES = 32,
    ARGON2_KIB = 19456,
    ARGON2_PASSES = 2,
    PBKDF2_ROUNDS = 310000,
    PBKDF2_ROUNDS_MAX = 10000000,
    STORED_PREFIX = 14, /* of "$pbkdf2-sm3$i=" */
};

/* The most used passwords that are long enough, folded: SecLists' and Chinese lists of leaks agree
 * on their kinds (runs of digits and keys, names of years). */
static const char *const common[] = {
    "123456789012", "1234567890123", "qwertyuiop12",  "1qaz2wsx3edc", "password1234",
    "passw0rd1234", "admin1234567",  "administrator", "woaini520131", "woaini1314520",
    "123456123456", "123123123123",  "111111111111",  "000000000000", "123qweasdzxc",
    "qwer12345678", "abcd12345678",  "a12345678901",  "aa1234567890", "iloveyou1234",
};

zh_rc zh_password_scheme_parse(zh_str name, zh_password_scheme *out)
{
    bool sm3 = zh_str_is(name, "pbkdf2-sm3");
    *out = sm3 ? ZH_PASSWORD_PBKDF2_SM3 : ZH_PASSWORD_ARGON2ID;
    return sm3 || zh_str_is(name, "argon2id") ? ZH_OK : ZH_ENOTFOUND;
}

static bool is_common(zh_str password)
{
    bool same = true;
    for (size_t i = 1; i < password.n && same; i++) {
        same = password.p[i] == password.p[0];
    }
    for (size_t i = 0; i < ZH_COUNTOF(common) && !same; i++) {
        same =
            password.n == strlen(common[i]) && strncasecmp(password.p, common[i], password.n) == 0;
    }
    return same;
}

zh_rc zh_password_check(zh_str password, zh_err *err)
{
    if (password.n < ZH_PASSWORD_BYTES_MIN || password.n > ZH_PASSWORD_BYTES_MAX ||
        !zh_utf8_valid(password)) {
        zh_err_set(err, ZH_EINVAL, "password.length", "口令要 %d 到 %d 个字节（一个汉字三个字节）",
                   ZH_PASSWORD_BYTES_MIN, ZH_PASSWORD_BYTES_MAX);
        zh_err_fix(err, "一句自己记得住的话就很好，不必混用符号");
        return ZH_EINVAL;
    }
    if (is_common(password)) {
        zh_err_set(err, ZH_EINVAL, "password.common", "这个口令在泄露的口令表里很常见");
        zh_err_fix(err, "换一句只有自己会想到的话");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

static bool pbkdf2_sm3(zh_str password, const uint8_t salt[SALT_BYTES], int rounds,
                       uint8_t out[HASH_BYTES])
{
    return PKCS5_PBKDF2_HMAC(password.p, (int)password.n, salt, SALT_BYTES, rounds, EVP_sm3(),
                             HASH_BYTES, out) == 1;
}

/* Base64 without padding; n bytes are n * 4 / 3 rounded up characters. */
static void base64(const uint8_t *bytes, size_t n, char *out)
{
    size_t length = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)n);
    while (length > 0 && out[length - 1] == '=') {
        length--;
    }
    out[length] = '\0';
}

static bool base64_read(zh_str text, uint8_t *out, size_t n)
{
    char padded[68];
    uint8_t bytes[51];
    size_t whole = (text.n + 3) / 4 * 4;
    if (whole >= sizeof padded || text.n != (n * 4 + 2) / 3) {
        return false;
    }
    memset(padded, '=', sizeof padded);
    memcpy(padded, text.p, text.n);
    if (EVP_DecodeBlock(bytes, (const unsigned char *)padded, (int)whole) < (int)n) {
        return false;
    }
    memcpy(out, bytes, n);
    return true;
}

zh_rc zh_password_store(zh_password_scheme scheme, zh_str password,
                        char out[ZH_PASSWORD_STORED_MAX], zh_err *err)
{
    uint8_t salt[SALT_BYTES];
    uint8_t hash[HASH_BYTES];
    char salt64[32];
    char hash64[48];
    bool ok;
    zh_random(salt, sizeof salt);
    if (scheme == ZH_PASSWORD_ARGON2ID) {
        ok = argon2id_hash_encoded(ARGON2_PASSES, ARGON2_KIB, 1, password.p, password.n, salt,
                                   sizeof salt, HASH_BYTES, out,
                                   ZH_PASSWORD_STORED_MAX) == ARGON2_OK;
    } else {
        ok = pbkdf2_sm3(password, salt, PBKDF2_ROUNDS, hash);
        base64(salt, sizeof salt, salt64);
        base64(hash, sizeof hash, hash64);
        (void)snprintf(out, ZH_PASSWORD_STORED_MAX, "$pbkdf2-sm3$i=%d$%s$%s", PBKDF2_ROUNDS, salt64,
                       hash64);
    }
    OPENSSL_cleanse(hash, sizeof hash);
    return ok ? ZH_OK
              : zh_err_set(err, ZH_ENOMEM, "password.memory", "内存不够，口令没有存下，请再试");
}

static bool verify_pbkdf2(zh_str stored, zh_str password)
{
    zh_str rest = zh_str_sub(stored, STORED_PREFIX, stored.n);
    zh_str rounds_text;
    zh_str salt_text;
    uint8_t salt[SALT_BYTES];
    uint8_t wanted[HASH_BYTES];
    uint8_t got[HASH_BYTES];
    uint64_t rounds = 0;
    return zh_str_split(&rest, '$', &rounds_text) && zh_str_split(&rest, '$', &salt_text) &&
           zh_str_u64(rounds_text, &rounds) == ZH_OK && rounds > 0 && rounds <= PBKDF2_ROUNDS_MAX &&
           base64_read(salt_text, salt, sizeof salt) && base64_read(rest, wanted, sizeof wanted) &&
           pbkdf2_sm3(password, salt, (int)rounds, got) &&
           CRYPTO_memcmp(got, wanted, sizeof got) == 0;
}

bool zh_password_verify(zh_str stored, zh_str password)
{
    char text[ZH_PASSWORD_STORED_MAX];
    if (stored.n >= sizeof text || password.n > ZH_PASSWORD_BYTES_MAX) {
        return false;
    }
    memcpy(text, stored.p, stored.n);
    text[stored.n] = '\0';
    if (strncmp(text, "$pbkdf2-sm3$i=", STORED_PREFIX) == 0) {
        return verify_pbkdf2(stored, password);
    }
    return strncmp(text, "$argon2id$", 10) == 0 &&
           argon2id_verify(text, password.p, password.n) == ARGON2_OK;
}

void zh_password_waste(zh_password_scheme scheme, zh_str password)
{
    char out[ZH_PASSWORD_STORED_MAX];
    zh_str bounded = zh_str_sub(password, 0, ZH_PASSWORD_BYTES_MAX);
    (void)!zh_password_store(scheme, bounded, out, NULL);
}

/* ---- one-time codes ---- */

void zh_totp_code(const uint8_t secret[ZH_TOTP_SECRET_BYTES], uint64_t counter, char out[7])
{
    uint8_t message[8];
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    for (int i = 7; i >= 0; i--, counter >>= 8) {
        message[i] = (uint8_t)counter;
    }
    zh_assert(HMAC(EVP_sha1(), secret, ZH_TOTP_SECRET_BYTES, message, sizeof message, mac, &n) !=
                  NULL &&
              n == 20);
    const uint8_t *at = mac + (mac[19] & 0x0f); /* RFC 4226 5.3, dynamic truncation */
    uint32_t number =
        ((uint32_t)(at[0] & 0x7f) << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
    (void)snprintf(out, 7, "%06u", number % 1000000u);
}

bool zh_totp_verify(const uint8_t secret[ZH_TOTP_SECRET_BYTES], zh_str code, uint64_t seconds,
                    uint64_t *last)
{
    uint64_t now = seconds / ZH_TOTP_STEP_S;
    for (uint64_t step = now > 0 ? now - 1 : 0; step <= now + 1 && code.n == 6; step++) {
        char wanted[7];
        zh_totp_code(secret, step, wanted);
        if (step > *last && CRYPTO_memcmp(wanted, code.p, 6) == 0) {
            *last = step;
            return true;
        }
    }
    return false;
}

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void zh_totp_secret_text(const uint8_t secret[ZH_TOTP_SECRET_BYTES], char out[33])
{
    for (size_t i = 0; i < 32; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)secret[bit / 8] << 8;
        pair |= bit / 8 + 1 < ZH_TOTP_SECRET_BYTES ? secret[bit / 8 + 1] : 0u;
        out[i] = base32[(pair >> (11 - bit % 8)) & 31];
    }
    out[32] = '\0';
}

zh_rc zh_totp_secret_parse(zh_str text, uint8_t out[ZH_TOTP_SECRET_BYTES])
{
    memset(out, 0, ZH_TOTP_SECRET_BYTES);
    if (text.n != 32) {
        return ZH_EINVAL;
    }
    for (size_t i = 0; i < 32; i++) {
        const char *at = text.p[i] != '\0' ? strchr(base32, text.p[i]) : NULL;
        if (at == NULL) {
            return ZH_EINVAL;
        }
        for (size_t b = 0; b < 5; b++) {
            size_t bit = i * 5 + b;
            unsigned value = ((unsigned)(at - base32) >> (4 - b)) & 1u;
            out[bit / 8] = (uint8_t)(out[bit / 8] | value << (7 - bit % 8));
        }
    }
    return ZH_OK;
}
