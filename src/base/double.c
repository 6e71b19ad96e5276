/* Decimal text of doubles: fewest of 15, 16 or 17 digits by arithmetic with a bounded error; where
 * the bound does not decide, the C library does. */
#include "base/double.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17
#define POWER_MAX  27    /* 10^27 is the largest power of ten that 64 bits of mantissa hold */
#define UNSURE     0.05L /* units of the 17th digit: three roundings at 2^57 stay far below it */

_Static_assert(LDBL_MANT_DIG >= 64, "the bound of the error counts on 64 bits");

enum verdict { DECIDED, ASK_17, ASK_ALL };

/* The decimal digits of a value: number, 10^16 <= number < 10^17, times 10^(exponent - 16); the
 * last 17 - digits of them are to be rounded away. */
struct decimal {
    uint64_t number;
    int digits;
    int exponent;
};

static long double scaled(long double x, int power)
{
    static const long double tens[POWER_MAX + 1] = {
        1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
        1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
        1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
    if (power < 0) {
        return x / tens[-power];
    }
    return power > POWER_MAX ? x * tens[POWER_MAX] * tens[power - POWER_MAX] : x * tens[power];
}

/* Whether the value rounded to so many units of the 17th digit reads back: it must be nearer than
 * half the distance of neighbouring doubles. Sets *rounded; *sure false where the bound of the
 * error does not tell. */
static inline bool reads_back(long double x, uint64_t unit, long double half, uint64_t *rounded,
                              bool *sure)
{
    uint64_t whole = (uint64_t)x;
    long double rest = (long double)(whole % unit) + (x - (long double)whole);
    bool up = rest * 2.0L > (long double)unit;
    long double distance = up ? (long double)unit - rest : rest;
    *rounded = (whole / unit + (up ? 1 : 0)) * unit;
    bool reads = distance < half;
    bool tie = distance > (long double)unit / 2.0L - UNSURE;
    *sure = fabsl(distance - half) > UNSURE && !(reads && tie);
    return reads;
}

static enum verdict decide(double value, struct decimal *out)
{
    const long double least = 1e16L;
    const long double most = 1e17L;
    int binary;
    double fraction = frexp(value, &binary);
    out->exponent = (int)floor((binary - 1) * 0.30102999566398120);
    if (out->exponent < -36 || out->exponent > 42 || fraction <= 0.5) {
        return ASK_ALL; /* at a power of two the neighbour below is nearer */
    }
    long double x = scaled((long double)value, DIGITS_MAX - 1 - out->exponent);
    if (x >= most - 1.0L) {
        out->exponent++;
        x = scaled((long double)value, DIGITS_MAX - 1 - out->exponent);
    }
    if (!(x > least + 1.0L && x < most - 1000.0L)) {
        return ASK_ALL;
    }
    long double half = x / (long double)(fraction * 0x1p54);
    bool sure;
    out->digits = 15;
    bool reads = reads_back(x, 100, half, &out->number, &sure);
    if (sure && !reads) {
        out->digits = 16;
        reads = reads_back(x, 10, half, &out->number, &sure);
    }
    if (reads || !sure) {
        return sure ? DECIDED : ASK_ALL;
    }
    out->digits = 17;
    long double rest = x - floorl(x);
    out->number = (uint64_t)x + (rest > 0.5L ? 1 : 0);
    return fabsl(rest - 0.5L) > UNSURE ? DECIDED : ASK_17;
}

/* As %.*g writes them: without trailing zeros, with an exponent below -4 and from `digits` on. */
static size_t write_decimal(const struct decimal *d, bool negative, char *text)
{
    char digits[24];
    size_t n = DIGITS_MAX;
    char *p = text;
    uint64_t number = d->number;
    for (size_t i = n; i-- > 0; number /= 10) {
        digits[i] = (char)('0' + number % 10);
    }
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    if (negative) {
        *p++ = '-';
    }
    if (d->exponent < -4 || d->exponent >= d->digits) {
        *p++ = digits[0];
        if (n > 1) {
            *p++ = '.';
            memcpy(p, digits + 1, n - 1);
            p += n - 1;
        }
        int most = d->exponent < 0 ? -d->exponent : d->exponent;
        *p++ = 'e';
        *p++ = d->exponent < 0 ? '-' : '+';
        *p++ = (char)('0' + most / 10);
        *p++ = (char)('0' + most % 10);
    } else if (d->exponent < 0) {
        memcpy(p, "0.000", 5);
        p += 1 - d->exponent;
        memcpy(p, digits, n);
        p += n;
    } else {
        size_t whole = (size_t)d->exponent + 1;
        for (size_t i = 0; i < whole; i++) {
            *p++ = i < n ? digits[i] : '0';
        }
        if (n > whole) {
            *p++ = '.';
            memcpy(p, digits + whole, n - whole);
            p += n - whole;
        }
    }
    *p = '\0';
    return (size_t)(p - text);
}

static size_t by_library(double value, int digits, char *text)
{
    size_t n = 0;
    for (; digits <= DIGITS_MAX; digits++) {
        n = (size_t)snprintf(text, ZH_DOUBLE_TEXT_MAX, "%.*g", digits, value);
        double back = digits < DIGITS_MAX ? strtod(text, NULL) : value;
        if (memcmp(&back, &value, sizeof back) == 0) {
            break;
        }
    }
    return n;
}

size_t zh_double_text(double value, char text[static ZH_DOUBLE_TEXT_MAX])
{
    struct decimal d;
    if (fpclassify(value) == FP_SUBNORMAL) {
        return by_library(value, 1, text);
    }
    if (!(fabs(value) > 0.0)) {
        return by_library(value, 15, text);
    }
    switch (decide(fabs(value), &d)) {
    case DECIDED: return write_decimal(&d, value < 0.0, text);
    case ASK_17: return by_library(value, DIGITS_MAX, text);
    case ASK_ALL: break;
    }
    return by_library(value, 15, text);
}
