/* Tokens and key sets of an identity provider: a line with the token, then the JWK Set. Whatever
 * they say, a token is believed or refused with a rule; what is believed has three parts and an
 * object of claims, and one changed character of its signature is not believed. */
// covers: src/proof/jwt.c
#include "proof/jwt.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 32 << 20 };

static void check_base64url(zh_arena *arena, zh_str text)
{
    zh_str bytes;
    if (zh_base64url_read(arena, text, &bytes) == ZH_OK) {
        zh_assert(zh_str_eq(zh_base64url(arena, bytes), text));
    }
}

/* The first character of the signature holds six bits of it. */
static void check_forged(zh_arena *arena, zh_str token, const zh_json *jwks)
{
    const zh_json *claims = NULL;
    char *copy = zh_arena_alloc(arena, token.n);
    memcpy(copy, token.p, token.n);
    size_t at = token.n;
    while (copy[at - 1] != '.') {
        at--;
    }
    copy[at] = copy[at] == 'A' ? 'B' : 'A';
    zh_assert(zh_jwt_verify(arena, (zh_str){copy, token.n}, jwks, &claims, NULL) != ZH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zh_str rest = {size == 0 ? "" : (const char *)data, size};
    zh_str token;
    zh_json *jwks = NULL;
    const zh_json *claims = NULL;
    zh_err err = {0};
    if (size > 2 * ZH_JWT_BYTES_MAX || !zh_str_split(&rest, '\n', &token)) {
        return 0;
    }
    zh_arena *arena = zh_arena_new(ARENA_BYTES);
    check_base64url(arena, token);
    if (zh_json_parse(arena, rest, &jwks, NULL) == ZH_OK) {
        zh_rc rc = zh_jwt_verify(arena, token, jwks, &claims, &err);
        zh_assert(rc == ZH_OK ? claims != NULL : err.rc == rc && err.rule[0] != '\0');
        if (rc == ZH_OK) {
            check_forged(arena, token, jwks);
        }
    }
    zh_arena_free(arena);
    return 0;
}
