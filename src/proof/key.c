/* Keys through OpenSSL's EVP: an EVP_PKEY is made for each use, so that a key stays a plain value
 * (about a microsecond against the tens that a signature takes). */
#include "proof/key.h"
#include "base/os.h"
#include "base/utf8.h"
#include "proof/note.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <string.h>

#define ED25519_BYTES 32
#define SM2_USER_ID   "1234567812345678" /* GM/T 0009-2012 clause 10, the default */
#define SM2_DER_BYTES 80                 /* a SEQUENCE of two INTEGERs of 33 bytes takes 72 */

/* What 0xff is followed by, so that this type is not taken for another private one. */
static const char SM2_LABEL[] = "\xffzhiheng/sm2-sm3/v1";
static const char PRIVATE[] = "PRIVATE+KEY+";

/* ---- types, names, ids ---- */

static zh_str label_of(zh_key_type type)
{
    static const char ed25519 = ZH_KEY_ED25519;
    static const char cosignature = ZH_KEY_COSIGNATURE;
    switch (type) {
    case ZH_KEY_ED25519: return (zh_str){&ed25519, 1};
    case ZH_KEY_COSIGNATURE: return (zh_str){&cosignature, 1};
    case ZH_KEY_SM2: return (zh_str){SM2_LABEL, sizeof(SM2_LABEL) - 1};
    }
    zh_panic(__FILE__, __LINE__, "key type");
}

static size_t point_bytes(zh_key_type type)
{
    return type == ZH_KEY_SM2 ? ZH_KEY_POINT_BYTES : ED25519_BYTES;
}

zh_hash_alg zh_key_tree_alg(zh_key_type type)
{
    return type == ZH_KEY_SM2 ? ZH_HASH_SM3 : ZH_HASH_SHA256;
}

/* Unicode White_Space above ASCII. */
static bool is_wide_space(uint32_t c)
{
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool zh_key_name_valid(zh_str name)
{
    if (name.n == 0 || name.n > ZH_KEY_NAME_BYTES_MAX || !zh_utf8_valid(name)) {
        return false;
    }
    for (size_t at = 0; at < name.n;) {
        uint32_t c = zh_utf8_next(name, &at);
        if (c <= ' ' || c == 0x7f || c == '+' || is_wide_space(c)) {
            return false;
        }
    }
    return true;
}

static uint32_t id_of(const zh_verifier *key)
{
    zh_hash hash;
    zh_digest digest;
    zh_str label = label_of(key->type);
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    zh_hash_add(&hash, key->name, strlen(key->name));
    zh_hash_add(&hash, "\n", 1);
    zh_hash_add(&hash, label.p, label.n);
    zh_hash_add(&hash, key->point, point_bytes(key->type));
    zh_hash_end(&hash, &digest);
    zh_hash_release(&hash);
    return (uint32_t)digest.b[0] << 24 | (uint32_t)digest.b[1] << 16 | (uint32_t)digest.b[2] << 8 |
           digest.b[3];
}

static void set_name(zh_verifier *key, zh_str name)
{
    memset(key->name, 0, sizeof(key->name));
    memcpy(key->name, name.p, name.n);
}

/* ---- OpenSSL keys ---- */

/* x, y on the curve; NULL otherwise. Freed by the caller. */
static EC_POINT *sm2_point(const EC_GROUP *group, const uint8_t *bytes)
{
    EC_POINT *point = EC_POINT_new(group);
    if (point && EC_POINT_oct2point(group, point, bytes, ZH_KEY_POINT_BYTES, NULL) == 1 &&
        !EC_POINT_is_at_infinity(group, point)) {
        return point;
    }
    EC_POINT_free(point);
    return NULL;
}

static bool sm2_point_valid(const uint8_t *bytes)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    zh_assert(group != NULL);
    EC_POINT *point = bytes[0] == 0x04 ? sm2_point(group, bytes) : NULL;
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return point != NULL;
}

/* The public point of a scalar; false when the scalar is not in 1 .. n-2 (GB/T 32918.1). */
static bool sm2_derive(const uint8_t secret[ZH_KEY_SECRET_BYTES], uint8_t point[ZH_KEY_POINT_BYTES])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
    BIGNUM *scalar = BN_secure_new();
    BIGNUM *top = BN_new();
    zh_assert(group && scalar && top && BN_bin2bn(secret, ZH_KEY_SECRET_BYTES, scalar) &&
              BN_copy(top, EC_GROUP_get0_order(group)) && BN_sub_word(top, 1));
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    bool good = !BN_is_zero(scalar) && BN_cmp(scalar, top) < 0;
    if (good) {
        EC_POINT *public = EC_POINT_new(group);
        zh_assert(public && EC_POINT_mul(group, public, scalar, NULL, NULL, NULL) == 1 &&
                  EC_POINT_point2oct(group, public, POINT_CONVERSION_UNCOMPRESSED, point,
                                     ZH_KEY_POINT_BYTES, NULL) == ZH_KEY_POINT_BYTES);
        EC_POINT_free(public);
    }
    BN_free(top);
    BN_clear_free(scalar);
    EC_GROUP_free(group);
    return good;
}

/* secret NULL: the public key only. NULL when OpenSSL does not take the point. */
static EVP_PKEY *sm2_key(const uint8_t point[ZH_KEY_POINT_BYTES], const uint8_t *secret)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    BIGNUM *scalar = secret ? BN_secure_new() : NULL;
    zh_assert(build && context && EVP_PKEY_fromdata_init(context) == 1);
    zh_assert(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                               ZH_KEY_POINT_BYTES) == 1);
    if (secret) {
        zh_assert(scalar && BN_bin2bn(secret, ZH_KEY_SECRET_BYTES, scalar) &&
                  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1);
    }
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    zh_assert(params != NULL);
    if (EVP_PKEY_fromdata(context, &key, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) !=
        1) {
        key = NULL;
    }
    OSSL_PARAM_free(params);
    BN_clear_free(scalar);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* A context begun with the key; the parameters of SM2 are set. */
static EVP_MD_CTX *begin(EVP_PKEY *key, zh_key_type type, bool sign)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    const EVP_MD *digest = type == ZH_KEY_SM2 ? EVP_sm3() : NULL;
    zh_assert(context != NULL);
    int good = sign ? EVP_DigestSignInit(context, &parameters, digest, NULL, key)
                    : EVP_DigestVerifyInit(context, &parameters, digest, NULL, key);
    zh_assert(good == 1);
    if (type == ZH_KEY_SM2) {
        zh_assert(EVP_PKEY_CTX_set1_id(parameters, SM2_USER_ID, sizeof(SM2_USER_ID) - 1) == 1);
    }
    return context;
}

/* r, s of 32 bytes each as the DER that OpenSSL wants. Returns the length. */
static size_t sm2_to_der(const uint8_t in[ZH_SIGNATURE_BYTES], uint8_t out[SM2_DER_BYTES])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(in, 32, NULL);
    BIGNUM *s = BN_bin2bn(in + 32, 32, NULL);
    zh_assert(pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1);
    uint8_t *end = out;
    int n = i2d_ECDSA_SIG(pair, &end);
    zh_assert(n > 0 && n <= SM2_DER_BYTES);
    ECDSA_SIG_free(pair);
    return (size_t)n;
}

static void sm2_from_der(const uint8_t *der, size_t n, uint8_t out[ZH_SIGNATURE_BYTES])
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);
    zh_assert(pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32) == 32);
    ECDSA_SIG_free(pair);
}

/* ---- verifier keys ---- */

static zh_rc not_a_key(zh_str text, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "key.verifier", "不是有效的验证公钥：格式、类型或公钥标识不对");
    zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(text, 0, 160)));
    zh_err_fix(err, "形如 名称+8位十六进制标识+Base64(C2SP signed-note)，应从可信渠道原样抄来");
    return ZH_EINVAL;
}

/* Type label off the front of *data. */
static bool take_type(zh_str *data, zh_key_type *out)
{
    static const zh_key_type types[] = {ZH_KEY_ED25519, ZH_KEY_COSIGNATURE, ZH_KEY_SM2};
    for (size_t i = 0; i < ZH_COUNTOF(types); i++) {
        zh_str label = label_of(types[i]);
        if (zh_str_starts(*data, label)) {
            *out = types[i];
            *data = zh_str_sub(*data, label.n, data->n);
            return true;
        }
    }
    return false;
}

/* NAME+id+base64: name into out, the decoded bytes into data. */
static bool read_parts(zh_str text, zh_verifier *out, uint8_t data[ZH_KEY_TEXT_BYTES_MAX],
                       size_t *n)
{
    zh_str rest = text;
    zh_str name;
    zh_str id;
    uint8_t bytes[4];
    if (text.n > ZH_KEY_TEXT_BYTES_MAX || !zh_str_split(&rest, '+', &name) || !rest.p ||
        !zh_str_split(&rest, '+', &id) || !rest.p || !zh_key_name_valid(name) ||
        !zh_unhex(id, bytes, sizeof(bytes)) ||
        !zh_base64_read(rest, data, ZH_KEY_TEXT_BYTES_MAX, n)) {
        return false;
    }
    set_name(out, name);
    out->id =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

zh_rc zh_verifier_parse(zh_str text, zh_verifier *out, zh_err *err)
{
    uint8_t data[ZH_KEY_TEXT_BYTES_MAX];
    size_t n;
    memset(out, 0, sizeof(*out));
    if (!read_parts(text, out, data, &n)) {
        return not_a_key(text, err);
    }
    zh_str rest = {(const char *)data, n};
    if (!take_type(&rest, &out->type) || rest.n != point_bytes(out->type)) {
        return not_a_key(text, err);
    }
    memcpy(out->point, rest.p, rest.n);
    if (id_of(out) != out->id || (out->type == ZH_KEY_SM2 && !sm2_point_valid(out->point))) {
        return not_a_key(text, err);
    }
    return ZH_OK;
}

static void write_parts(const zh_verifier *key, const uint8_t *bytes, size_t n, zh_buf *out)
{
    uint8_t data[1 + sizeof(SM2_LABEL) + ZH_KEY_POINT_BYTES];
    zh_str label = label_of(key->type);
    memcpy(data, label.p, label.n);
    memcpy(data + label.n, bytes, n);
    zh_buf_fmt(out, "%s+%08x+", key->name, key->id);
    zh_base64_write((zh_str){(const char *)data, label.n + n}, out);
    explicit_bzero(data, sizeof(data));
}

void zh_verifier_write(const zh_verifier *verifier, zh_buf *out)
{
    write_parts(verifier, verifier->point, point_bytes(verifier->type), out);
}

bool zh_verifier_eq(const zh_verifier *a, const zh_verifier *b)
{
    return a->type == b->type && strcmp(a->name, b->name) == 0 &&
           memcmp(a->point, b->point, point_bytes(a->type)) == 0;
}

bool zh_verifier_check(const zh_verifier *verifier, zh_str message,
                       const uint8_t signature[ZH_SIGNATURE_BYTES])
{
    uint8_t der[SM2_DER_BYTES];
    size_t n = ZH_SIGNATURE_BYTES;
    EVP_PKEY *key = NULL;
    if (verifier->type == ZH_KEY_SM2) {
        key = sm2_key(verifier->point, NULL);
        n = sm2_to_der(signature, der);
        signature = der;
    } else {
        key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, verifier->point, ED25519_BYTES);
    }
    if (!key) {
        return false;
    }
    EVP_MD_CTX *context = begin(key, verifier->type, false);
    bool good = EVP_DigestVerify(context, signature, n, (const uint8_t *)message.p, message.n) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* ---- signer keys ---- */

zh_rc zh_signer_of(zh_str name, zh_key_type type, const uint8_t secret[ZH_KEY_SECRET_BYTES],
                   zh_signer *out, zh_err *err)
{
    memset(out, 0, sizeof(*out));
    if (!zh_key_name_valid(name)) {
        zh_err_set(err, ZH_EINVAL, "key.name", "密钥名称不可用");
        zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(name, 0, 160)));
        zh_err_fix(err,
                   "名称 1–%d 字节，不含空白、控制字符和加号，通常形如 ledger.example.cn/zhiheng",
                   ZH_KEY_NAME_BYTES_MAX);
        return ZH_EINVAL;
    }
    set_name(&out->verifier, name);
    out->verifier.type = type;
    memcpy(out->secret, secret, ZH_KEY_SECRET_BYTES);
    if (type == ZH_KEY_SM2) {
        if (!sm2_derive(secret, out->verifier.point)) {
            zh_signer_wipe(out);
            return zh_err_set(err, ZH_EINVAL, "key.secret", "SM2 私钥不在 1 到 n-2 之间");
        }
    } else {
        size_t n = ED25519_BYTES;
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, n);
        zh_assert(key && EVP_PKEY_get_raw_public_key(key, out->verifier.point, &n) == 1 &&
                  n == ED25519_BYTES);
        EVP_PKEY_free(key);
    }
    out->verifier.id = id_of(&out->verifier);
    return ZH_OK;
}

zh_rc zh_signer_generate(zh_str name, zh_key_type type, zh_signer *out, zh_err *err)
{
    uint8_t secret[ZH_KEY_SECRET_BYTES];
    zh_rc rc;
    do { /* an SM2 scalar is out of range with probability 2^-32 */
        zh_random(secret, sizeof(secret));
        rc = zh_signer_of(name, type, secret, out, NULL);
    } while (rc != ZH_OK && zh_key_name_valid(name));
    if (rc != ZH_OK) {
        rc = zh_signer_of(name, type, secret, out, err);
    }
    explicit_bzero(secret, sizeof(secret));
    return rc;
}

zh_rc zh_signer_parse(zh_str text, zh_signer *out, zh_err *err)
{
    uint8_t data[ZH_KEY_TEXT_BYTES_MAX];
    size_t n = 0;
    zh_verifier named = {.id = 0};
    zh_str prefix = {PRIVATE, sizeof(PRIVATE) - 1};
    bool good = zh_str_starts(text, prefix) &&
                read_parts(zh_str_sub(text, prefix.n, text.n), &named, data, &n);
    zh_str rest = {(const char *)data, good ? n : 0};
    good = good && take_type(&rest, &named.type) && rest.n == ZH_KEY_SECRET_BYTES &&
           zh_signer_of(zh_str_of(named.name), named.type, (const uint8_t *)rest.p, out, NULL) ==
               ZH_OK &&
           out->verifier.id == named.id;
    explicit_bzero(data, sizeof(data));
    if (!good) {
        zh_signer_wipe(out);
        zh_err_set(err, ZH_EINVAL, "key.signer", "不是有效的签名私钥，或私钥与其标识不符");
        zh_err_fix(err, "私钥文件应只有一行，以 PRIVATE+KEY+ 开头；从备份取回，不要手工改动");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

void zh_signer_write(const zh_signer *signer, zh_buf *out)
{
    zh_buf_z(out, PRIVATE);
    write_parts(&signer->verifier, signer->secret, ZH_KEY_SECRET_BYTES, out);
}

void zh_signer_wipe(zh_signer *signer)
{
    explicit_bzero(signer, sizeof(*signer));
}

void zh_signer_sign(const zh_signer *signer, zh_str message, uint8_t out[ZH_SIGNATURE_BYTES])
{
    zh_key_type type = signer->verifier.type;
    uint8_t raw[SM2_DER_BYTES];
    size_t n = sizeof(raw);
    EVP_PKEY *key = type == ZH_KEY_SM2
                        ? sm2_key(signer->verifier.point, signer->secret)
                        : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, signer->secret,
                                                       ZH_KEY_SECRET_BYTES);
    zh_assert(key != NULL);
    EVP_MD_CTX *context = begin(key, type, true);
    zh_assert(EVP_DigestSign(context, raw, &n, (const uint8_t *)message.p, message.n) == 1);
    if (type == ZH_KEY_SM2) {
        sm2_from_der(raw, n, out);
    } else {
        zh_assert(n == ZH_SIGNATURE_BYTES);
        memcpy(out, raw, n);
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}
