/* Tokens: the examples of RFC 7515 (A.2 RS256, A.3 ES256) and RFC 7636 (appendix B), and what has
 * to be refused. */
#include "proof/jwt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PAYLOAD                                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RS256_HEAD "eyJhbGciOiJSUzI1NiJ9"
#define RS256_SIGNATURE                                                                            \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" \
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RSA_KEY                                                                                    \
    "{\"kty\":\"RSA\",\"n\":"                                                                      \
    "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B" \
    "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5" \
    "rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhy" \
    "xXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}"
#define ES256_HEAD "eyJhbGciOiJFUzI1NiJ9"
#define ES256_SIGNATURE                                                                            \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define EC_KEY                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

static zh_rc verify(zh_arena *arena, const char *token, const char *keys, zh_err *err)
{
    zh_json *jwks = NULL;
    const zh_json *claims = NULL;
    assert_int_equal(zh_json_parse(arena, zh_str_of(keys), &jwks, err), ZH_OK);
    zh_rc rc = zh_jwt_verify(arena, zh_str_of(token), jwks, &claims, err);
    if (rc == ZH_OK) {
        assert_true(zh_str_is(zh_json_str(zh_json_get(claims, "iss"), ZH_STR("")), "joe"));
    }
    return rc;
}

static void examples_of_the_standards(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_err err = {0};
    assert_int_equal(verify(arena, RS256_HEAD "." PAYLOAD "." RS256_SIGNATURE,
                            "{\"keys\":[" RSA_KEY "," EC_KEY "]}", &err),
                     ZH_OK);
    assert_int_equal(verify(arena, ES256_HEAD "." PAYLOAD "." ES256_SIGNATURE,
                            "{\"keys\":[" RSA_KEY "," EC_KEY "]}", &err),
                     ZH_OK);
    zh_str challenge =
        zh_pkce_challenge(arena, ZH_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    assert_true(zh_str_is(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    zh_arena_free(arena);
}

static void refused(const char *token, const char *keys, const char *rule)
{
    zh_arena *arena = zh_arena_new(1 << 20);
    zh_err err = {0};
    assert_int_not_equal(verify(arena, token, keys, &err), ZH_OK);
    assert_string_equal(err.rule, rule);
    zh_arena_free(arena);
}

static void what_is_not_signed_is_refused(void **state)
{
    static const char keys[] = "{\"keys\":[" RSA_KEY "," EC_KEY "]}";
    (void)state;
    /* {"alg":"none"}, {"alg":"HS256"} (the public key as a secret), {"alg":"RS256","crit":["x"]} */
    refused("eyJhbGciOiJub25lIn0." PAYLOAD ".", keys, "jwt.form");
    refused("eyJhbGciOiJub25lIn0." PAYLOAD ".AA", keys, "jwt.alg");
    refused("eyJhbGciOiJIUzI1NiJ9." PAYLOAD ".AAAA", keys, "jwt.alg");
    refused("eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ." PAYLOAD "." RS256_SIGNATURE, keys, "jwt.alg");
    /* another payload, the signature of the other algorithm, one byte changed */
    refused(RS256_HEAD ".eyJpc3MiOiJqb2UifQ." RS256_SIGNATURE, keys, "jwt.signature");
    refused(RS256_HEAD "." PAYLOAD "." ES256_SIGNATURE, keys, "jwt.signature");
    refused(ES256_HEAD "." PAYLOAD "." RS256_SIGNATURE, keys, "jwt.signature");
    refused(ES256_HEAD "." PAYLOAD "."
                       "AtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJ"
                       "qPP3-Kg6NU1Q",
            keys, "jwt.signature");
    /* keys: none, of another kid, two that fit, one for encryption, not on the curve, too short */
    refused(ES256_HEAD "." PAYLOAD "." ES256_SIGNATURE, "{\"keys\":[]}", "jwt.key");
    refused(ES256_HEAD "." PAYLOAD "." ES256_SIGNATURE, "{\"keys\":[" EC_KEY "," EC_KEY "]}",
            "jwt.key");
    refused(ES256_HEAD "." PAYLOAD "." ES256_SIGNATURE, "{\"keys\":[" RSA_KEY "]}", "jwt.key");
    refused(
        ES256_HEAD "." PAYLOAD "." ES256_SIGNATURE,
        "{\"keys\":[{\"kty\":\"EC\",\"use\":\"enc\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"
        "]}",
        "jwt.key");
    refused(ES256_HEAD "." PAYLOAD "." ES256_SIGNATURE,
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
            "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
            "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}]}",
            "jwt.signature");
    refused(RS256_HEAD "." PAYLOAD "." RS256_SIGNATURE,
            "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", "jwt.signature");
    /* forms */
    refused("", keys, "jwt.form");
    refused("a.b", keys, "jwt.form");
    refused("a.b.c.d", keys, "jwt.form");
    refused("..", keys, "jwt.form");
    refused(RS256_HEAD "=." PAYLOAD "." RS256_SIGNATURE, keys, "jwt.form");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_standards),
        cmocka_unit_test(what_is_not_signed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
