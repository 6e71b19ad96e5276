/* Exact decimals. Every operation works on magnitudes in unsigned 128 bits and rounds once, from
 * the exact quotient and remainder. */
#include "base/decimal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

#define U128_MAX    (~(u128)0)
#define SCALED_MAX  UINT64_C(999999999999999999) /* 18 significant digits */
#define I128_DIGITS 40                           /* fraction digits that zh_i128_format can write */

static const uint64_t pow10_64[ZH_DECIMAL_DIGITS_MAX + 1] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

/* 10^n for n <= 36. */
static u128 pow10_128(unsigned n)
{
    unsigned low = n > ZH_DECIMAL_DIGITS_MAX ? ZH_DECIMAL_DIGITS_MAX : n;
    return (u128)pow10_64[low] * pow10_64[n - low];
}

static u128 magnitude(zh_i128 v)
{
    return v < 0 ? ~(u128)v + 1 : (u128)v;
}

/* Signs and caps a result. */
static zh_rc finish(bool minus, u128 v, uint8_t digits, zh_decimal *out)
{
    if (v > SCALED_MAX) {
        return ZH_ELIMIT;
    }
    *out = (zh_decimal){minus ? -(int64_t)v : (int64_t)v, digits};
    return ZH_OK;
}

/* Rounds quotient + rest / divisor (rest < divisor) to an integer, by magnitude. The quotient must
 * be below its type's maximum. */
static zh_rc round_off(u128 *quotient, u128 rest, u128 divisor, zh_rounding rounding)
{
    if (rest == 0) {
        return ZH_OK;
    }
    u128 to_next = divisor - rest;
    bool up = false;
    switch (rounding) {
    case ZH_ROUND_REFUSE: return ZH_EINVAL;
    case ZH_ROUND_HALF_EVEN: up = rest > to_next || (rest == to_next && (*quotient & 1)); break;
    case ZH_ROUND_HALF_UP: up = rest >= to_next; break;
    case ZH_ROUND_UP: up = true; break;
    case ZH_ROUND_DOWN: break;
    }
    *quotient += up;
    return ZH_OK;
}

/* The unscaled digits of a number's text and where its point stood. */
typedef struct digit_run {
    bool minus;
    bool too_long; /* more than 18 significant digits */
    uint64_t value;
    size_t fraction; /* digits after the point */
} digit_run;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads [+-]digits[.digits] from the front of *text; false when no digit is there. */
static bool read_digits(zh_str *text, digit_run *run)
{
    size_t i = 0;
    size_t seen = 0;
    bool point = false;
    *run = (digit_run){0};
    if (text->n && (text->p[0] == '-' || text->p[0] == '+')) {
        run->minus = text->p[0] == '-';
        i = 1;
    }
    for (; i < text->n; i++) {
        char c = text->p[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c)) {
            break;
        }
        seen++;
        run->fraction += point;
        if (run->value > SCALED_MAX / 10) {
            run->too_long = true;
        } else {
            run->value = run->value * 10 + (uint64_t)(c - '0');
        }
    }
    *text = zh_str_sub(*text, i, text->n);
    return seen > 0;
}

/* Reads e[+-]digits to the end of text, held within +-1000: beyond it only zero is representable.
 */
static bool read_exponent(zh_str text, int *out)
{
    enum { EXPONENT_MAX = 1000 };
    size_t i = 1;
    bool minus = false;
    if (text.n > 1 && (text.p[1] == '-' || text.p[1] == '+')) {
        minus = text.p[1] == '-';
        i = 2;
    }
    if (i >= text.n) {
        return false;
    }
    int v = 0;
    for (; i < text.n; i++) {
        if (!is_digit(text.p[i])) {
            return false;
        }
        v = v * 10 + (text.p[i] - '0');
        v = v > EXPONENT_MAX ? EXPONENT_MAX : v;
    }
    *out = minus ? -v : v;
    return true;
}

zh_rc zh_decimal_parse(zh_str text, bool allow_exponent, zh_decimal *out)
{
    digit_run run;
    int exponent = 0;
    if (!read_digits(&text, &run)) {
        return ZH_EINVAL;
    }
    if (text.n != 0) {
        if (!allow_exponent || (text.p[0] != 'e' && text.p[0] != 'E') ||
            !read_exponent(text, &exponent)) {
            return ZH_EINVAL;
        }
    }
    if (run.too_long || run.fraction > SIZE_MAX / 2) {
        return ZH_ELIMIT;
    }
    int64_t digits = (int64_t)run.fraction - exponent;
    u128 v = run.value;
    if (digits < 0) {
        if (v != 0 && digits < -ZH_DECIMAL_DIGITS_MAX) {
            return ZH_ELIMIT;
        }
        v = v == 0 ? 0 : v * pow10_64[-digits];
        digits = 0;
    }
    if (digits > ZH_DECIMAL_DIGITS_MAX) {
        return ZH_ELIMIT;
    }
    return finish(run.minus, v, (uint8_t)digits, out);
}

zh_rc zh_decimal_rescale(zh_decimal in, uint8_t digits, zh_rounding rounding, zh_decimal *out)
{
    zh_assert(in.digits <= ZH_DECIMAL_DIGITS_MAX);
    if (digits > ZH_DECIMAL_DIGITS_MAX) {
        return ZH_ELIMIT;
    }
    u128 v = magnitude(in.scaled);
    if (digits >= in.digits) {
        return finish(in.scaled < 0, v * pow10_64[digits - in.digits], digits, out);
    }
    u128 divisor = pow10_64[in.digits - digits];
    u128 quotient = v / divisor;
    zh_rc rc = round_off(&quotient, v % divisor, divisor, rounding);
    return rc == ZH_OK ? finish(in.scaled < 0, quotient, digits, out) : rc;
}

/* v.scaled at `digits` >= v.digits. */
static zh_i128 widen(zh_decimal v, uint8_t digits)
{
    zh_assert(digits <= ZH_DECIMAL_DIGITS_MAX && v.digits <= digits);
    return (zh_i128)v.scaled * (int64_t)pow10_64[digits - v.digits];
}

int zh_decimal_cmp(zh_decimal a, zh_decimal b)
{
    uint8_t digits = a.digits > b.digits ? a.digits : b.digits;
    zh_i128 x = widen(a, digits);
    zh_i128 y = widen(b, digits);
    return (x > y) - (x < y);
}

zh_rc zh_decimal_add(zh_decimal a, zh_decimal b, zh_decimal *out)
{
    uint8_t digits = a.digits > b.digits ? a.digits : b.digits;
    zh_i128 sum = widen(a, digits) + widen(b, digits);
    return finish(sum < 0, magnitude(sum), digits, out);
}

zh_rc zh_decimal_sub(zh_decimal a, zh_decimal b, zh_decimal *out)
{
    uint8_t digits = a.digits > b.digits ? a.digits : b.digits;
    zh_i128 difference = widen(a, digits) - widen(b, digits);
    return finish(difference < 0, magnitude(difference), digits, out);
}

zh_rc zh_decimal_mul(zh_decimal a, zh_decimal b, uint8_t digits, zh_rounding rounding,
                     zh_decimal *out)
{
    zh_assert(a.digits <= ZH_DECIMAL_DIGITS_MAX && b.digits <= ZH_DECIMAL_DIGITS_MAX);
    if (digits > ZH_DECIMAL_DIGITS_MAX) {
        return ZH_ELIMIT;
    }
    unsigned have = (unsigned)a.digits + b.digits;
    u128 product = magnitude(a.scaled) * magnitude(b.scaled);
    bool minus = (a.scaled < 0) != (b.scaled < 0);
    if (digits >= have) {
        if (product > SCALED_MAX) {
            return ZH_ELIMIT;
        }
        return finish(minus, product * pow10_64[digits - have], digits, out);
    }
    u128 divisor = pow10_128(have - digits);
    u128 quotient = product / divisor;
    zh_rc rc = round_off(&quotient, product % divisor, divisor, rounding);
    return rc == ZH_OK ? finish(minus, quotient, digits, out) : rc;
}

zh_rc zh_decimal_div(zh_decimal a, zh_decimal b, uint8_t digits, zh_rounding rounding,
                     zh_decimal *out)
{
    return zh_i128_ratio(widen(a, ZH_DECIMAL_DIGITS_MAX), widen(b, ZH_DECIMAL_DIGITS_MAX), digits,
                         rounding, out);
}

size_t zh_decimal_format(zh_decimal v, char out[24])
{
    char text[48];
    zh_assert(v.digits <= ZH_DECIMAL_DIGITS_MAX);
    size_t n = zh_i128_format(v.scaled, v.digits, text);
    memcpy(out, text, n + 1);
    return n;
}

zh_str zh_decimal_str(zh_arena *arena, zh_decimal v)
{
    char text[24];
    size_t n = zh_decimal_format(v, text);
    return zh_str_dup(arena, (zh_str){text, n});
}

size_t zh_double_fixed(double v, unsigned digits, char *out)
{
    const double most = 1e9; /* below it the product is off by far less than the margin */
    const double margin = 1e-6;
    double scaled = digits <= 6 ? v * (double)pow10_64[digits] : most;
    double whole = scaled >= 0 && scaled < most ? (double)(uint64_t)scaled : 0;
    double rest = scaled - whole;
    if (!(scaled > 0 && scaled < most) || (rest > 0.5 - margin && rest < 0.5 + margin)) {
        int n = snprintf(out, ZH_FIXED_MAX, "%.*f", (int)digits, v);
        return n < 0 ? 0 : (size_t)n;
    }
    return zh_i128_format((zh_i128)whole + (rest > 0.5), (uint8_t)digits, out);
}

double zh_decimal_double(zh_decimal v)
{
    const int64_t exact = INT64_C(1) << 53;
    zh_assert(v.digits <= ZH_DECIMAL_DIGITS_MAX);
    if (v.scaled >= -exact && v.scaled <= exact) {
        return (double)v.scaled / (double)pow10_64[v.digits]; /* both exact: one rounding */
    }
    char text[24];
    zh_decimal_format(v, text);
    return strtod(text, NULL);
}

/* The next decimal digit of rest / divisor: (10 * rest) / divisor, leaving the new rest. Adds ten
 * times, because ten times the rest need not fit. divisor <= 2^127. */
static unsigned next_digit(u128 *rest, u128 divisor)
{
    if (*rest <= U128_MAX / 10) {
        u128 ten = *rest * 10;
        *rest = ten % divisor;
        return (unsigned)(ten / divisor);
    }
    unsigned digit = 0;
    u128 sum = 0;
    for (int i = 0; i < 10; i++) {
        sum += *rest;
        if (sum >= divisor) {
            sum -= divisor;
            digit++;
        }
    }
    *rest = sum;
    return digit;
}

zh_rc zh_i128_ratio(zh_i128 num, zh_i128 den, uint8_t digits, zh_rounding rounding, zh_decimal *out)
{
    if (den == 0) {
        return ZH_EINVAL;
    }
    if (digits > ZH_DECIMAL_DIGITS_MAX) {
        return ZH_ELIMIT;
    }
    u128 divisor = magnitude(den);
    u128 quotient = magnitude(num) / divisor;
    u128 rest = magnitude(num) % divisor;
    if (quotient > SCALED_MAX / pow10_64[digits]) {
        return ZH_ELIMIT;
    }
    if (rest <= U128_MAX / pow10_64[digits]) {
        u128 scaled = rest * pow10_64[digits];
        quotient = quotient * pow10_64[digits] + scaled / divisor;
        rest = scaled % divisor;
    } else {
        for (uint8_t i = 0; i < digits; i++) {
            quotient = quotient * 10 + next_digit(&rest, divisor);
        }
    }
    zh_rc rc = round_off(&quotient, rest, divisor, rounding);
    return rc == ZH_OK ? finish((num < 0) != (den < 0), quotient, digits, out) : rc;
}

bool zh_i128_add(zh_i128 a, zh_i128 b, zh_i128 *out)
{
    return !__builtin_add_overflow(a, b, out);
}

size_t zh_i128_format(zh_i128 v, uint8_t digits, char out[48])
{
    char reversed[48];
    size_t n = 0;
    unsigned made = 0;
    u128 high = magnitude(v);
    zh_assert(digits <= I128_DIGITS);
    for (; high > UINT64_MAX; high /= 10, made++) { /* slow division only while it is needed */
        if (made == digits && digits > 0) {
            reversed[n++] = '.';
        }
        reversed[n++] = (char)('0' + (int)(high % 10));
    }
    for (uint64_t low = (uint64_t)high; low != 0 || made <= digits; low /= 10, made++) {
        if (made == digits && digits > 0) {
            reversed[n++] = '.';
        }
        reversed[n++] = (char)('0' + (int)(low % 10));
    }
    if (v < 0) {
        reversed[n++] = '-';
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = reversed[n - 1 - i];
    }
    out[n] = '\0';
    return n;
}

zh_rc zh_i128_parse(zh_str text, zh_i128 *out)
{
    bool minus = text.n && text.p[0] == '-';
    size_t i = text.n && (text.p[0] == '-' || text.p[0] == '+') ? 1 : 0;
    u128 limit = (U128_MAX >> 1) + (minus ? 1 : 0);
    u128 v = 0;
    bool fits = true;
    if (i == text.n) {
        return ZH_EINVAL;
    }
    for (; i < text.n; i++) {
        if (!is_digit(text.p[i])) {
            return ZH_EINVAL;
        }
        u128 digit = (u128)(text.p[i] - '0');
        fits = fits && v <= (limit - digit) / 10;
        v = fits ? v * 10 + digit : v;
    }
    if (!fits) {
        return ZH_ELIMIT;
    }
    *out = minus ? (zh_i128)(~v + 1) : (zh_i128)v;
    return ZH_OK;
}
