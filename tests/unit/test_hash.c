/* Hash functions and HMAC against published values. */
#include "proof/hash.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect_digest(const zh_digest *got, const char *hex)
{
    char text[65];
    zh_digest_hex(got, text);
    assert_string_equal(text, hex);
}

/* SHA-256: FIPS 180-4 examples (NIST CSRC). SM3: GB/T 32905-2016 appendix A. */
static void test_published_messages(void **state)
{
    (void)state;
    zh_digest d;
    zh_hash_of(ZH_HASH_SHA256, ZH_STR("abc"), &d);
    expect_digest(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    zh_hash_of(ZH_HASH_SHA256, ZH_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
               &d);
    expect_digest(&d, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    zh_hash_of(ZH_HASH_SHA256, ZH_STR_NONE, &d);
    expect_digest(&d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    zh_hash_of(ZH_HASH_SM3, ZH_STR("abc"), &d);
    expect_digest(&d, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    zh_hash_of(ZH_HASH_SM3,
               ZH_STR("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd"), &d);
    expect_digest(&d, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

/* RFC 4231 section 4.3 (test case 2) and 4.2 (test case 1). */
static void test_hmac_sha256(void **state)
{
    (void)state;
    zh_hmac hmac;
    zh_digest d;
    zh_hmac_begin(&hmac, ZH_HASH_SHA256, "Jefe", 4);
    for (int again = 0; again < 2; again++) {
        zh_hmac_of(&hmac, "what do ya want for nothing?", 28, &d);
        expect_digest(&d, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
    zh_hmac_release(&hmac);
    uint8_t key[20];
    memset(key, 0x0b, sizeof(key));
    zh_hmac_begin(&hmac, ZH_HASH_SHA256, key, sizeof(key));
    zh_hmac_of(&hmac, "Hi There", 8, &d);
    expect_digest(&d, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    zh_hmac_release(&hmac);
}

/* The definition of RFC 2104 written out with one-shot hashes. */
static void test_hmac_sm3_is_the_definition(void **state)
{
    (void)state;
    char block[ZH_HASH_BLOCK + 5];
    char outer[ZH_HASH_BLOCK + ZH_DIGEST_BYTES];
    memset(block, 0x36, ZH_HASH_BLOCK);
    memset(outer, 0x5c, ZH_HASH_BLOCK);
    for (int i = 0; i < 32; i++) {
        block[i] = (char)(block[i] ^ i);
        outer[i] = (char)(outer[i] ^ i);
    }
    memcpy(block + ZH_HASH_BLOCK, "hello", 5);
    zh_digest inner;
    zh_digest expected;
    zh_hash_of(ZH_HASH_SM3, (zh_str){block, sizeof(block)}, &inner);
    memcpy(outer + ZH_HASH_BLOCK, inner.b, sizeof(inner.b));
    zh_hash_of(ZH_HASH_SM3, (zh_str){outer, sizeof(outer)}, &expected);

    uint8_t key[32];
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
    }
    zh_hmac hmac;
    zh_hmac_begin(&hmac, ZH_HASH_SM3, key, sizeof(key));
    zh_digest got;
    zh_hmac_of(&hmac, "hello", 5, &got);
    assert_true(zh_digest_eq(&got, &expected));
    zh_hmac_of(&hmac, "hello", 5, &got);
    assert_true(zh_digest_eq(&got, &expected));
    zh_hmac_release(&hmac);
}

static void test_pieces_equal_whole(void **state)
{
    (void)state;
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        zh_hash hash;
        zh_digest whole;
        zh_digest pieces;
        zh_hash_of((zh_hash_alg)alg, ZH_STR("质量强国"), &whole);
        zh_hash_begin(&hash, (zh_hash_alg)alg);
        for (int again = 0; again < 2; again++) {
            zh_hash_add(&hash, "质", 3);
            zh_hash_add(&hash, NULL, 0);
            zh_hash_add(&hash, "量强国", 9);
            zh_hash_end(&hash, &pieces);
            assert_true(zh_digest_eq(&whole, &pieces));
        }
        zh_hash_release(&hash);
    }
}

static void test_text_forms(void **state)
{
    (void)state;
    zh_digest d;
    zh_str good = ZH_STR("00ff102030405060708090a0b0c0d0e0f00112233445566778899AABBCCDDEEF");
    assert_int_equal(zh_digest_parse(good, &d), ZH_OK);
    expect_digest(&d, "00ff102030405060708090a0b0c0d0e0f00112233445566778899aabbccddeef");
    assert_int_equal(zh_digest_parse(zh_str_sub(good, 0, 63), &d), ZH_EINVAL);
    assert_int_equal(zh_digest_parse(ZH_STR_NONE, &d), ZH_EINVAL);
    char bad[64];
    memcpy(bad, good.p, sizeof(bad));
    bad[63] = 'g';
    assert_int_equal(zh_digest_parse((zh_str){bad, sizeof(bad)}, &d), ZH_EINVAL);

    zh_hash_alg alg;
    assert_int_equal(zh_hash_alg_parse(ZH_STR("sm3"), &alg), ZH_OK);
    assert_int_equal(alg, ZH_HASH_SM3);
    assert_int_equal(zh_hash_alg_parse(ZH_STR("sha256"), &alg), ZH_OK);
    assert_int_equal(alg, ZH_HASH_SHA256);
    assert_int_equal(zh_hash_alg_parse(ZH_STR("md5"), &alg), ZH_ENOTFOUND);
    assert_string_equal(zh_hash_alg_name(ZH_HASH_SM3), "sm3");
    assert_string_equal(zh_hash_alg_name(ZH_HASH_SHA256), "sha256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_messages),
        cmocka_unit_test(test_hmac_sha256),
        cmocka_unit_test(test_hmac_sm3_is_the_definition),
        cmocka_unit_test(test_pieces_equal_whole),
        cmocka_unit_test(test_text_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
