/* Exact decimals: a 64-bit scaled integer with its number of fraction digits, and 128-bit sums.
 *
 * A stored decimal is two things: the scaled value (order, compare, sum) and the text as written
 * (0.050 and 0.05 are the same value with another stated precision). Nothing here rounds unless a
 * rounding rule is named. */
#ifndef ZH_BASE_DECIMAL_H
#define ZH_BASE_DECIMAL_H

#include "base/str.h"

#define ZH_DECIMAL_DIGITS_MAX                                                                      \
    18 /* fraction digits, and total significant digits of a scaled value */

__extension__ typedef __int128 zh_i128;

/* value = scaled / 10^digits */
typedef struct zh_decimal {
    int64_t scaled;
    uint8_t digits;
} zh_decimal;

typedef enum zh_rounding {
    ZH_ROUND_REFUSE,    /* more digits than wanted is an error */
    ZH_ROUND_HALF_EVEN, /* GB/T 8170 修约: to the nearest, a tie to the even digit */
    ZH_ROUND_HALF_UP,   /* to the nearest, a tie away from zero */
    ZH_ROUND_UP,        /* away from zero (AQI) */
    ZH_ROUND_DOWN,      /* towards zero */
} zh_rounding;

/* Parses [+-]digits[.digits] or .5 or 5. (no exponent unless allow_exponent, no separators, ASCII).
 * *out keeps the digits as written. ZH_EINVAL: not a number; ZH_ELIMIT: does not fit 18 digits. */
zh_rc zh_decimal_parse(zh_str text, bool allow_exponent, zh_decimal *out) ZH_MUST;
/* Changes the number of fraction digits. ZH_EINVAL when rounding refuses, ZH_ELIMIT on overflow. */
zh_rc zh_decimal_rescale(zh_decimal in, uint8_t digits, zh_rounding rounding,
                         zh_decimal *out) ZH_MUST;
int zh_decimal_cmp(zh_decimal a, zh_decimal b);                            /* exact, any digits */
zh_rc zh_decimal_add(zh_decimal a, zh_decimal b, zh_decimal *out) ZH_MUST; /* digits = max */
zh_rc zh_decimal_sub(zh_decimal a, zh_decimal b, zh_decimal *out) ZH_MUST;
zh_rc zh_decimal_mul(zh_decimal a, zh_decimal b, uint8_t digits, zh_rounding rounding,
                     zh_decimal *out) ZH_MUST;
/* ZH_EINVAL when b is zero. */
zh_rc zh_decimal_div(zh_decimal a, zh_decimal b, uint8_t digits, zh_rounding rounding,
                     zh_decimal *out) ZH_MUST;
/* Writes every stated digit: {50,3} gives 0.050. Returns the length; out needs 24 bytes. */
size_t zh_decimal_format(zh_decimal v, char out[24]);
zh_str zh_decimal_str(zh_arena *arena, zh_decimal v);
/* What printf writes for "%.*f", mostly without it. Returns the length; out holds ZH_FIXED_MAX. */
#define ZH_FIXED_MAX 400
size_t zh_double_fixed(double v, unsigned digits, char *out);
double zh_decimal_double(zh_decimal v); /* nearest binary64, engines only */

/* 128-bit: num/den rounded to `digits` fraction digits. Used for means, rates and shares of exact
 * sums. ZH_EINVAL den == 0, ZH_ELIMIT when the result does not fit. */
zh_rc zh_i128_ratio(zh_i128 num, zh_i128 den, uint8_t digits, zh_rounding rounding,
                    zh_decimal *out) ZH_MUST;
bool zh_i128_add(zh_i128 a, zh_i128 b, zh_i128 *out) ZH_MUST; /* false on overflow */
/* Decimal text of an integer scaled by digits; out needs 48 bytes. Returns the length. */
size_t zh_i128_format(zh_i128 v, uint8_t digits, char out[48]);
zh_rc zh_i128_parse(zh_str text, zh_i128 *out) ZH_MUST;

#endif
