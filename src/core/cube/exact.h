/* Exact arithmetic on totals: decimals and fractions of 128-bit integers. An operation that would
 * leave 128 bits says so; nothing wraps and nothing is rounded but where digits are named. Pure. */
#ifndef ZH_CORE_CUBE_EXACT_H
#define ZH_CORE_CUBE_EXACT_H

#include "base/decimal.h"

#define ZH_EXACT_DIGITS_MAX 36

typedef struct zh_exact { /* v / 10^digits */
    zh_i128 v;
    uint8_t digits;
} zh_exact;

typedef struct zh_quotient { /* in lowest terms, den > 0 */
    zh_i128 num, den;
} zh_quotient;

zh_exact zh_exact_of(zh_decimal d);
/* ZH_ELIMIT: more than 128 bits, or than ZH_EXACT_DIGITS_MAX digits. */
zh_rc zh_exact_add(zh_exact a, zh_exact b, int sign, zh_exact *out) ZH_MUST; /* a + sign * b */
zh_rc zh_exact_mul(zh_exact a, zh_exact b, zh_exact *out) ZH_MUST;
/* Whole value as an integer; false when it has a fraction. */
bool zh_exact_integer(zh_exact a, zh_i128 *out);
/* Decimal text without superfluous zeros behind the point. */
zh_str zh_exact_text(zh_arena *arena, zh_exact a);
double zh_exact_double(zh_exact a);

/* a / b; ZH_EINVAL: b is zero; ZH_ELIMIT as above. */
zh_rc zh_quotient_of(zh_exact a, zh_exact b, zh_quotient *out) ZH_MUST;
zh_rc zh_quotient_add(zh_quotient a, zh_quotient b, int sign, zh_quotient *out) ZH_MUST;
zh_rc zh_quotient_mul(zh_quotient a, zh_quotient b, zh_quotient *out) ZH_MUST;
zh_rc zh_quotient_div(zh_quotient a, zh_quotient b, zh_quotient *out) ZH_MUST; /* ZH_EINVAL: 0 */
int zh_quotient_cmp(zh_quotient a, zh_quotient b);                             /* exact */
/* Rounded to digits, a tie to the even digit (GB/T 8170). ZH_ELIMIT. */
zh_rc zh_quotient_round(zh_quotient q, uint8_t digits, zh_exact *out) ZH_MUST;
double zh_quotient_double(zh_quotient q);

#endif
