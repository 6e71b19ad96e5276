/* Exact arithmetic on totals. Overflow is detected by the compiler's checked operations. */
#include "core/cube/exact.h"
#include <math.h>

__extension__ typedef unsigned __int128 u128;

static bool mul(zh_i128 a, zh_i128 b, zh_i128 *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

static bool power_of_ten(unsigned digits, zh_i128 *out)
{
    zh_i128 p = 1;
    for (unsigned i = 0; i < digits; i++) {
        if (!mul(p, 10, &p)) {
            return false;
        }
    }
    *out = p;
    return true;
}

static bool widen(zh_exact a, uint8_t digits, zh_exact *out)
{
    zh_i128 p = 1;
    zh_assert(digits >= a.digits);
    out->digits = digits;
    return power_of_ten((unsigned)(digits - a.digits), &p) && mul(a.v, p, &out->v);
}

zh_exact zh_exact_of(zh_decimal d)
{
    return (zh_exact){d.scaled, d.digits};
}

zh_rc zh_exact_add(zh_exact a, zh_exact b, int sign, zh_exact *out)
{
    uint8_t digits = a.digits > b.digits ? a.digits : b.digits;
    zh_exact x;
    zh_exact y;
    if (!widen(a, digits, &x) || !widen(b, digits, &y) ||
        (sign < 0 ? __builtin_sub_overflow(x.v, y.v, &x.v)
                  : __builtin_add_overflow(x.v, y.v, &x.v))) {
        return ZH_ELIMIT;
    }
    *out = x;
    return ZH_OK;
}

zh_rc zh_exact_mul(zh_exact a, zh_exact b, zh_exact *out)
{
    zh_exact product = {0, (uint8_t)(a.digits + b.digits)};
    if (a.digits + b.digits > ZH_EXACT_DIGITS_MAX || !mul(a.v, b.v, &product.v)) {
        return ZH_ELIMIT;
    }
    *out = product;
    return ZH_OK;
}

bool zh_exact_integer(zh_exact a, zh_i128 *out)
{
    zh_i128 p = 1;
    if (!power_of_ten(a.digits, &p) || a.v % p != 0) {
        return false;
    }
    *out = a.v / p;
    return true;
}

zh_str zh_exact_text(zh_arena *arena, zh_exact a)
{
    char text[48];
    while (a.digits > 0 && a.v % 10 == 0) {
        a.v /= 10;
        a.digits--;
    }
    size_t n = zh_i128_format(a.v, a.digits, text);
    return zh_str_dup(arena, (zh_str){text, n});
}

double zh_exact_double(zh_exact a)
{
    return (double)a.v / pow(10.0, a.digits);
}

/* ---- fractions ------------------------------------------------------------------------------- */

static u128 magnitude(zh_i128 v)
{
    return v < 0 ? (u128)0 - (u128)v : (u128)v;
}

static u128 gcd(u128 a, u128 b)
{
    if (a <= UINT64_MAX && b <= UINT64_MAX) { /* dividing 128 bits costs ten times as much */
        uint64_t x = (uint64_t)a;
        uint64_t y = (uint64_t)b;
        while (y != 0) {
            uint64_t r = x % y;
            x = y;
            y = r;
        }
        return x;
    }
    while (b != 0) {
        u128 r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static zh_quotient lowest(zh_i128 num, zh_i128 den)
{
    u128 g = gcd(magnitude(num), magnitude(den));
    return g <= 1 ? (zh_quotient){num, den} : (zh_quotient){num / (zh_i128)g, den / (zh_i128)g};
}

zh_rc zh_quotient_of(zh_exact a, zh_exact b, zh_quotient *out)
{
    zh_i128 pa = 1;
    zh_i128 pb = 1;
    if (b.v == 0) {
        return ZH_EINVAL;
    }
    if (!power_of_ten(a.digits, &pa) || !power_of_ten(b.digits, &pb)) {
        return ZH_ELIMIT;
    }
    zh_quotient x = lowest(a.v, pa);
    zh_quotient y = lowest(b.v, pb);
    return zh_quotient_div(x, y, out);
}

zh_rc zh_quotient_mul(zh_quotient a, zh_quotient b, zh_quotient *out)
{
    zh_quotient x = lowest(a.num, b.den); /* cancel across first: the product stays small */
    zh_quotient y = lowest(b.num, a.den);
    zh_i128 num = 0;
    zh_i128 den = 0;
    if (!mul(x.num, y.num, &num) || !mul(x.den, y.den, &den)) {
        return ZH_ELIMIT;
    }
    *out = lowest(num, den);
    return ZH_OK;
}

zh_rc zh_quotient_div(zh_quotient a, zh_quotient b, zh_quotient *out)
{
    if (b.num == 0) {
        return ZH_EINVAL;
    }
    zh_quotient inverse = b.num > 0 ? (zh_quotient){b.den, b.num} : (zh_quotient){-b.den, -b.num};
    return zh_quotient_mul(a, inverse, out);
}

zh_rc zh_quotient_add(zh_quotient a, zh_quotient b, int sign, zh_quotient *out)
{
    zh_quotient common = lowest(a.den, b.den);
    zh_i128 x = 0;
    zh_i128 y = 0;
    zh_i128 den = 0;
    if (!mul(a.num, common.den, &x) || !mul(b.num, common.num, &y) ||
        !mul(a.den, common.den, &den) ||
        (sign < 0 ? __builtin_sub_overflow(x, y, &x) : __builtin_add_overflow(x, y, &x))) {
        return ZH_ELIMIT;
    }
    *out = lowest(x, den);
    return ZH_OK;
}

int zh_quotient_cmp(zh_quotient a, zh_quotient b)
{
    /* compare whole parts, then the inverses of what is left: Euclid's algorithm */
    for (int sign = 1;; sign = -sign) {
        zh_i128 p = a.num / a.den - (a.num % a.den < 0);
        zh_i128 q = b.num / b.den - (b.num % b.den < 0);
        if (p != q) {
            return p < q ? -sign : sign;
        }
        zh_i128 ra = a.num - p * a.den;
        zh_i128 rb = b.num - q * b.den;
        if (ra == 0 || rb == 0) {
            return ra == rb ? 0 : ra == 0 ? -sign : sign;
        }
        a = (zh_quotient){a.den, ra};
        b = (zh_quotient){b.den, rb};
    }
}

zh_rc zh_quotient_round(zh_quotient q, uint8_t digits, zh_exact *out)
{
    zh_i128 p = 1;
    zh_i128 scaled = 0;
    if (!power_of_ten(digits, &p)) {
        return ZH_ELIMIT;
    }
    zh_quotient x = lowest(p, q.den); /* q.num * p / q.den */
    if (!mul(q.num, x.num, &scaled)) {
        return ZH_ELIMIT;
    }
    zh_i128 whole = scaled / x.den;
    u128 rest = magnitude(scaled % x.den);
    u128 half = (u128)x.den - rest; /* rest against what is missing to the next digit */
    if (rest > half || (rest == half && (whole & 1) != 0)) {
        whole += scaled < 0 ? -1 : 1;
    }
    *out = (zh_exact){whole, digits};
    return ZH_OK;
}

double zh_quotient_double(zh_quotient q)
{
    return (double)q.num / (double)q.den;
}
