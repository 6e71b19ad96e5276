/* AES-256-GCM; see aead.h. */
#include "proof/aead.h"
#include <openssl/evp.h>
#include <string.h>

static int length(zh_str text)
{
    zh_assert(text.n <= ZH_AEAD_BYTES_MAX + ZH_AEAD_TAG_BYTES);
    return (int)text.n;
}

static const unsigned char *bytes_of(zh_str text)
{
    return (const unsigned char *)text.p;
}

void zh_aead_seal(const uint8_t key[ZH_AEAD_KEY_BYTES], const uint8_t nonce[ZH_AEAD_NONCE_BYTES],
                  zh_str bound, zh_str plain, uint8_t *out)
{
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    int n = 0;
    bool good = gcm != NULL && EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, nonce) == 1;
    if (good && bound.n > 0) {
        good = EVP_EncryptUpdate(gcm, NULL, &n, bytes_of(bound), length(bound)) == 1;
    }
    if (good && plain.n > 0) {
        good = EVP_EncryptUpdate(gcm, out, &n, bytes_of(plain), length(plain)) == 1;
    }
    good = good && EVP_EncryptFinal_ex(gcm, out + plain.n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_GET_TAG, ZH_AEAD_TAG_BYTES, out + plain.n) == 1;
    EVP_CIPHER_CTX_free(gcm);
    zh_assert(good);
}

zh_rc zh_aead_open(const uint8_t key[ZH_AEAD_KEY_BYTES], const uint8_t nonce[ZH_AEAD_NONCE_BYTES],
                   zh_str bound, zh_str sealed, uint8_t *out)
{
    uint8_t tag[ZH_AEAD_TAG_BYTES];
    int n = 0;
    if (sealed.n < ZH_AEAD_TAG_BYTES || sealed.n > ZH_AEAD_BYTES_MAX + ZH_AEAD_TAG_BYTES) {
        return ZH_ECORRUPT;
    }
    zh_str text = {sealed.p, sealed.n - ZH_AEAD_TAG_BYTES};
    memcpy(tag, sealed.p + text.n, sizeof tag);
    EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
    bool good = gcm != NULL && EVP_DecryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, nonce) == 1;
    zh_assert(good);
    if (bound.n > 0) {
        good = EVP_DecryptUpdate(gcm, NULL, &n, bytes_of(bound), length(bound)) == 1;
    }
    if (good && text.n > 0) {
        good = EVP_DecryptUpdate(gcm, out, &n, bytes_of(text), length(text)) == 1;
    }
    good = good && EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_GCM_SET_TAG, ZH_AEAD_TAG_BYTES, tag) == 1 &&
           EVP_DecryptFinal_ex(gcm, out + text.n, &n) == 1;
    EVP_CIPHER_CTX_free(gcm);
    if (!good && text.n > 0) {
        memset(out, 0, text.n); /* what was decrypted is not what was sealed */
    }
    return good ? ZH_OK : ZH_ECORRUPT;
}
