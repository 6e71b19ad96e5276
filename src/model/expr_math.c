/* Arithmetic of the expression language.
 *
 * Sums and products are exact decimals; digits are given up only when 18 do not suffice. Roots,
 * powers, exponentials and logarithms are computed in fixed point with 352 fraction bits (some 105
 * decimal digits), more than five times what a result can show, and rounded once, half to even: the
 * same result on every machine. A value within 2^-200 of a tie counts as the tie, so that exact
 * cases (a square root of a square, an integer power) round as the exact number does.
 *
 * Series: ln m = 2 artanh((m-1)/(m+1)) for 1 <= m < 2 (Abramowitz & Stegun 4.1.27), exp by its
 * Taylor series (4.2.1) after halving the argument 16 times. */
#include "model/expr_private.h"
#include <string.h>

enum {
    FRACTION = 11, /* limbs of 32 bits below the point */
    LIMBS = 16,
    LIMB_BITS = 32,
    HALVINGS = 16,
    TIE_BITS = 200,
    EXP_MAX = 44,  /* e^44 > 10^18 */
    EXP_MIN = -50, /* e^-50 < 10^-21 rounds to 0 at 18 digits */
};

__extension__ typedef unsigned __int128 u128;

typedef struct fixed { /* magnitude, least limb first; the sign is kept beside it */
    uint32_t limb[LIMBS];
} fixed;

zh_rc zh_num_mul(zh_decimal a, zh_decimal b, zh_decimal *out)
{
    unsigned exact = (unsigned)a.digits + b.digits;
    unsigned digits = exact < ZH_DECIMAL_DIGITS_MAX ? exact : ZH_DECIMAL_DIGITS_MAX;
    unsigned least = a.digits > b.digits ? a.digits : b.digits;
    zh_rc rc;
    do {
        rc = zh_decimal_mul(a, b, (uint8_t)digits, ZH_ROUND_HALF_EVEN, out);
    } while (rc == ZH_ELIMIT && digits-- > least);
    return rc;
}

zh_rc zh_num_div(zh_decimal a, zh_decimal b, zh_decimal *out, bool *known)
{
    unsigned digits = a.digits > b.digits ? a.digits : b.digits;
    digits = digits > ZH_EXPR_DIGITS_DEFAULT ? digits : ZH_EXPR_DIGITS_DEFAULT;
    zh_rc rc;
    *known = b.scaled != 0;
    if (!*known) {
        return ZH_OK;
    }
    do {
        rc = zh_decimal_div(a, b, (uint8_t)digits, ZH_ROUND_HALF_EVEN, out);
    } while (rc == ZH_ELIMIT && digits-- > 0);
    return rc;
}

/* ---- fixed point ---------------------------------------------------------------------------- */

static fixed from_u128(u128 v)
{
    fixed out = {{0}};
    for (size_t i = FRACTION; i < LIMBS && v; i++) {
        out.limb[i] = (uint32_t)v;
        v >>= LIMB_BITS;
    }
    return out;
}

static bool is_zero(const fixed *a)
{
    for (size_t i = 0; i < LIMBS; i++) {
        if (a->limb[i]) {
            return false;
        }
    }
    return true;
}

static int cmp(const fixed *a, const fixed *b)
{
    for (size_t i = LIMBS; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

static fixed add(const fixed *a, const fixed *b)
{
    fixed out;
    uint64_t carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a->limb[i] + b->limb[i];
        out.limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    return out;
}

/* a - b, a >= b */
static fixed sub(const fixed *a, const fixed *b)
{
    fixed out;
    uint32_t borrow = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t take = (uint64_t)b->limb[i] + borrow;
        borrow = a->limb[i] < take;
        out.limb[i] = (uint32_t)(((uint64_t)borrow << LIMB_BITS) + a->limb[i] - take);
    }
    return out;
}

static fixed mul_small(const fixed *a, uint32_t b)
{
    fixed out;
    uint64_t carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a->limb[i] * b;
        out.limb[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    return out;
}

static fixed div_small(const fixed *a, uint32_t b)
{
    fixed out;
    uint64_t rest = 0;
    for (size_t i = LIMBS; i-- > 0;) {
        rest = rest << LIMB_BITS | a->limb[i];
        out.limb[i] = (uint32_t)(rest / b);
        rest %= b;
    }
    return out;
}

/* a · b, cut below the last limb; the product must fit. */
static fixed mul(const fixed *a, const fixed *b)
{
    uint32_t wide[2 * LIMBS] = {0};
    fixed out;
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (size_t k = 0; k < LIMBS; k++) {
            carry += (uint64_t)a->limb[i] * b->limb[k] + wide[i + k];
            wide[i + k] = (uint32_t)carry;
            carry >>= LIMB_BITS;
        }
        wide[i + LIMBS] = (uint32_t)carry;
    }
    memcpy(out.limb, wide + FRACTION, sizeof out.limb);
    return out;
}

static fixed shift_left(const fixed *a, unsigned bits)
{
    fixed out = {{0}};
    size_t limbs = bits / LIMB_BITS;
    unsigned rest = bits % LIMB_BITS;
    for (size_t i = limbs; i < LIMBS; i++) {
        uint64_t v = (uint64_t)a->limb[i - limbs] << rest;
        if (rest && i > limbs) {
            v |= a->limb[i - limbs - 1] >> (LIMB_BITS - rest);
        }
        out.limb[i] = (uint32_t)v;
    }
    return out;
}

static fixed shift_right(const fixed *a, unsigned bits)
{
    fixed out = {{0}};
    size_t limbs = bits / LIMB_BITS;
    unsigned rest = bits % LIMB_BITS;
    for (size_t i = 0; i + limbs < LIMBS; i++) {
        uint64_t v = a->limb[i + limbs];
        if (i + limbs + 1 < LIMBS) {
            v |= (uint64_t)a->limb[i + limbs + 1] << LIMB_BITS;
        }
        out.limb[i] = (uint32_t)(v >> rest);
    }
    return out;
}

static int top_bit(const fixed *a)
{
    for (int i = LIMBS * LIMB_BITS; i-- > 0;) {
        if (a->limb[i / LIMB_BITS] >> (i % LIMB_BITS) & 1) {
            return i;
        }
    }
    return -1;
}

/* a / b by long division, bit by bit; the quotient must fit, b > 0. */
static fixed divide(const fixed *a, const fixed *b)
{
    fixed out = {{0}};
    fixed rest = {{0}};
    for (int i = (LIMBS + FRACTION) * LIMB_BITS; i-- > 0;) {
        int source = i - FRACTION * LIMB_BITS;
        rest = shift_left(&rest, 1);
        if (source >= 0) {
            rest.limb[0] |= a->limb[source / LIMB_BITS] >> (source % LIMB_BITS) & 1;
        }
        if (cmp(&rest, b) >= 0) {
            rest = sub(&rest, b);
            if (i < LIMBS * LIMB_BITS) {
                out.limb[i / LIMB_BITS] |= UINT32_C(1) << (i % LIMB_BITS);
            }
        }
    }
    return out;
}

static fixed from_decimal(zh_decimal d)
{
    enum { STEP = 9 };
    static const uint32_t powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    fixed out = from_u128(d.scaled < 0 ? (u128)0 - (u128)d.scaled : (u128)d.scaled);
    unsigned digits = d.digits;
    for (; digits > STEP; digits -= STEP) {
        out = div_small(&out, powers[STEP]);
    }
    return div_small(&out, powers[digits]);
}

/* Rounded half to even at `digits`; ZH_ELIMIT above 18 digits in all. */
static zh_rc to_decimal(const fixed *a, bool minus, uint8_t digits, zh_decimal *out)
{
    const int64_t scaled_max = INT64_C(999999999999999999);
    fixed scaled = *a;
    for (uint8_t i = 0; i < digits; i++) {
        scaled = mul_small(&scaled, 10);
    }
    fixed half = {{0}};
    fixed fraction = {{0}};
    u128 whole = 0;
    half.limb[FRACTION - 1] = UINT32_C(1) << (LIMB_BITS - 1);
    memcpy(fraction.limb, scaled.limb, FRACTION * sizeof fraction.limb[0]);
    for (size_t i = LIMBS; i-- > FRACTION;) {
        if (whole >> (128 - LIMB_BITS)) {
            return ZH_ELIMIT;
        }
        whole = whole << LIMB_BITS | scaled.limb[i];
    }
    bool above = cmp(&fraction, &half) >= 0;
    fixed distance = above ? sub(&fraction, &half) : sub(&half, &fraction);
    bool tie = top_bit(&distance) < FRACTION * LIMB_BITS - TIE_BITS;
    whole += tie ? (whole & 1) : above;
    if (whole > (u128)scaled_max) {
        return ZH_ELIMIT;
    }
    *out = (zh_decimal){minus ? -(int64_t)whole : (int64_t)whole, digits};
    return ZH_OK;
}

/* ---- functions ------------------------------------------------------------------------------ */

/* 2 artanh(num/den) for num/den <= 1/3. */
static fixed artanh2(const fixed *z)
{
    fixed square = mul(z, z);
    fixed power = *z;
    fixed sum = *z;
    for (uint32_t n = 3; !is_zero(&power); n += 2) {
        power = mul(&power, &square);
        fixed term = div_small(&power, n);
        sum = add(&sum, &term);
    }
    return shift_left(&sum, 1);
}

static fixed ln2(void)
{
    fixed one = from_u128(1);
    fixed third = div_small(&one, 3);
    return artanh2(&third);
}

/* |ln x| and its sign, x > 0. */
static fixed ln_fixed(const fixed *x, bool *minus)
{
    int shift = top_bit(x) - FRACTION * LIMB_BITS; /* x = m · 2^shift, 1 <= m < 2 */
    fixed m = shift >= 0 ? shift_right(x, (unsigned)shift) : shift_left(x, (unsigned)-shift);
    fixed one = from_u128(1);
    fixed above = sub(&m, &one);
    fixed below = add(&m, &one);
    fixed z = divide(&above, &below);
    fixed part = artanh2(&z);
    fixed two = ln2();
    fixed whole = mul_small(&two, (uint32_t)(shift < 0 ? -shift : shift));
    *minus = shift < 0;
    if (shift >= 0) {
        return add(&whole, &part);
    }
    return sub(&whole, &part); /* |shift| ln 2 >= ln 2 > part */
}

/* e^(±y), y below EXP_MAX. */
static fixed exp_fixed(const fixed *y, bool minus)
{
    fixed two = ln2();
    fixed ratio = divide(y, &two);
    uint32_t k = ratio.limb[FRACTION];
    fixed whole = mul_small(&two, k);
    fixed r = sub(y, &whole);    /* 0 <= r < ln 2, up to the last bits */
    if (minus && !is_zero(&r)) { /* -y = -(k+1) ln 2 + (ln 2 - r) */
        r = sub(&two, &r);
        k++;
    }
    r = shift_right(&r, HALVINGS);
    fixed sum = from_u128(1);
    fixed term = sum;
    for (uint32_t n = 1; !is_zero(&term); n++) {
        term = mul(&term, &r);
        term = div_small(&term, n);
        sum = add(&sum, &term);
    }
    for (int i = 0; i < HALVINGS; i++) {
        sum = mul(&sum, &sum);
    }
    return minus ? shift_right(&sum, k) : shift_left(&sum, k);
}

/* e^(±y) rounded, result sign `negative`. */
static zh_rc exp_round(const fixed *y, bool minus, bool negative, uint8_t digits, zh_decimal *out)
{
    fixed limit = from_u128(minus ? (u128)-EXP_MIN : (u128)EXP_MAX);
    if (cmp(y, &limit) >= 0) {
        *out = (zh_decimal){0, digits};
        return minus ? ZH_OK : ZH_ELIMIT;
    }
    fixed result = exp_fixed(y, minus);
    return to_decimal(&result, negative, digits, out);
}

zh_rc zh_num_exp(zh_decimal x, uint8_t digits, zh_decimal *out)
{
    fixed y = from_decimal(x);
    return exp_round(&y, x.scaled < 0, false, digits, out);
}

zh_rc zh_num_ln(zh_decimal x, uint8_t digits, zh_decimal *out, bool *known)
{
    *known = x.scaled > 0;
    if (!*known) {
        return ZH_OK;
    }
    bool minus = false;
    fixed y = from_decimal(x);
    fixed result = ln_fixed(&y, &minus);
    return to_decimal(&result, minus, digits, out);
}

zh_rc zh_num_log10(zh_decimal x, uint8_t digits, zh_decimal *out, bool *known)
{
    *known = x.scaled > 0;
    if (!*known) {
        return ZH_OK;
    }
    bool minus = false;
    bool ignored = false;
    fixed y = from_decimal(x);
    fixed ten = from_u128(10);
    fixed natural = ln_fixed(&y, &minus);
    fixed base = ln_fixed(&ten, &ignored);
    fixed result = divide(&natural, &base);
    return to_decimal(&result, minus, digits, out);
}

static bool is_integer(zh_decimal y, bool *odd)
{
    int64_t v = y.scaled;
    for (uint8_t i = 0; i < y.digits; i++) {
        if (v % 10) {
            return false;
        }
        v /= 10;
    }
    *odd = v % 2 != 0;
    return true;
}

zh_rc zh_num_pow(zh_decimal x, zh_decimal y, uint8_t digits, zh_decimal *out, bool *known)
{
    bool odd = false;
    bool whole = is_integer(y, &odd);
    *known = x.scaled > 0 || (x.scaled == 0 && y.scaled >= 0) || (x.scaled < 0 && whole);
    if (!*known) {
        return ZH_OK;
    }
    if (x.scaled == 0 || y.scaled == 0) {
        return zh_decimal_rescale((zh_decimal){y.scaled == 0, 0}, digits, ZH_ROUND_REFUSE, out);
    }
    bool minus = false;
    fixed base = from_decimal(x);
    fixed exponent = from_decimal(y);
    fixed natural = ln_fixed(&base, &minus);
    fixed product = mul(&natural, &exponent);
    return exp_round(&product, minus != (y.scaled < 0), x.scaled < 0 && odd, digits, out);
}

zh_rc zh_num_sqrt(zh_decimal x, uint8_t digits, zh_decimal *out, bool *known)
{
    const zh_decimal half = {5, 1};
    return zh_num_pow(x, half, digits, out, known);
}

zh_rc zh_num_half(zh_i128 num, zh_i128 den, uint8_t digits, zh_decimal *out)
{
    bool minus = num > 0; /* 2^(-q) */
    fixed above = from_u128(num < 0 ? (u128)0 - (u128)num : (u128)num);
    fixed below = from_u128((u128)den);
    fixed q = divide(&above, &below);
    fixed two = ln2();
    fixed limit = from_u128(1000);
    if (cmp(&q, &limit) >= 0) { /* keeps the product below within its limbs */
        q = limit;
    }
    fixed product = mul(&q, &two);
    return exp_round(&product, minus, false, digits, out);
}
