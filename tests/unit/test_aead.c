/* AES-256-GCM against the published vectors: test cases 13, 14 and 16 of McGrew and Viega, "The
 * Galois/Counter Mode of Operation", appendix B (the submission to NIST), which are those of
 * NIST's CAVP for 256-bit keys. */
#include "base/os.h"
#include "proof/aead.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct vector {
    const char *key, *nonce, *bound, *plain, *sealed;
} vector;

static const vector vectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

enum { ROOM = 128 };

static zh_str bytes_of(const char *hex, char out[ROOM])
{
    size_t n = strlen(hex) / 2;
    assert_true(n <= ROOM && zh_unhex(zh_str_of(hex), out, n));
    return (zh_str){out, n};
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZH_COUNTOF(vectors); i++) {
        char key[ROOM];
        char nonce[ROOM];
        char bound[ROOM];
        char plain[ROOM];
        char sealed[ROOM];
        uint8_t out[ROOM];
        (void)bytes_of(vectors[i].key, key);
        (void)bytes_of(vectors[i].nonce, nonce);
        zh_str aad = bytes_of(vectors[i].bound, bound);
        zh_str text = bytes_of(vectors[i].plain, plain);
        zh_str wanted = bytes_of(vectors[i].sealed, sealed);
        zh_aead_seal((const uint8_t *)key, (const uint8_t *)nonce, aad, text, out);
        assert_int_equal(wanted.n, text.n + ZH_AEAD_TAG_BYTES);
        assert_memory_equal(out, wanted.p, wanted.n);
        assert_int_equal(
            zh_aead_open((const uint8_t *)key, (const uint8_t *)nonce, aad, wanted, out), ZH_OK);
        assert_memory_equal(out, text.p, text.n);
    }
}

/* Every single bit of what is sealed, bound, of key and nonce matters; refused, nothing is told. */
static void test_every_bit(void **state)
{
    (void)state;
    char parts[4][ROOM];
    zh_str key = bytes_of(vectors[2].key, parts[0]);
    zh_str nonce = bytes_of(vectors[2].nonce, parts[1]);
    zh_str bound = bytes_of(vectors[2].bound, parts[2]);
    zh_str sealed = bytes_of(vectors[2].sealed, parts[3]);
    const zh_str all[] = {key, nonce, bound, sealed};
    uint8_t out[ROOM];
    for (size_t p = 0; p < ZH_COUNTOF(all); p++) {
        for (size_t bit = 0; bit < 8 * all[p].n; bit++) {
            parts[p][bit / 8] ^= (char)(1 << bit % 8);
            memset(out, 0xaa, sizeof out);
            assert_int_equal(
                zh_aead_open((const uint8_t *)key.p, (const uint8_t *)nonce.p, bound, sealed, out),
                ZH_ECORRUPT);
            for (size_t i = 0; i < sealed.n - ZH_AEAD_TAG_BYTES; i++) {
                assert_int_equal(out[i], 0);
            }
            parts[p][bit / 8] ^= (char)(1 << bit % 8);
        }
    }
    for (size_t n = 0; n < sealed.n; n++) { /* cut off */
        assert_int_equal(zh_aead_open((const uint8_t *)key.p, (const uint8_t *)nonce.p, bound,
                                      zh_str_sub(sealed, 0, n), out),
                         ZH_ECORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
