/* Numbers of about 32 digits as an unevaluated sum of two binary64. T. J. Dekker, Numerische
 * Mathematik 18 (1971) 224-242; Y. Hida, X. S. Li, D. H. Bailey, Algorithms for quad-double
 * precision floating point arithmetic, ARITH-15 (2001). Products by fma. Not for numbers near the
 * ends of the range of binary64. */
#ifndef ZH_NUM_DOUBLE_DOUBLE_H
#define ZH_NUM_DOUBLE_DOUBLE_H

#include <math.h>

typedef struct zh_dd {
    double high, low; /* |low| <= half a unit in the last place of high */
} zh_dd;

/* a + b exactly, where |a| >= |b| or a = 0. */
static inline zh_dd zh_dd_join(double a, double b)
{
    double sum = a + b;
    return (zh_dd){sum, b - (sum - a)};
}

/* a + b exactly. */
static inline zh_dd zh_dd_sum(double a, double b)
{
    double sum = a + b;
    double part = sum - a;
    return (zh_dd){sum, (a - (sum - part)) + (b - part)};
}

/* a b exactly. */
static inline zh_dd zh_dd_product(double a, double b)
{
    double product = a * b;
    return (zh_dd){product, fma(a, b, -product)};
}

static inline zh_dd zh_dd_of(double a)
{
    return (zh_dd){a, 0.0};
}

static inline double zh_dd_round(zh_dd a)
{
    return a.high + a.low;
}

static inline zh_dd zh_dd_negate(zh_dd a)
{
    return (zh_dd){-a.high, -a.low};
}

static inline zh_dd zh_dd_add(zh_dd a, zh_dd b)
{
    zh_dd s = zh_dd_sum(a.high, b.high);
    zh_dd t = zh_dd_sum(a.low, b.low);
    s = zh_dd_join(s.high, s.low + t.high);
    return zh_dd_join(s.high, s.low + t.low);
}

static inline zh_dd zh_dd_subtract(zh_dd a, zh_dd b)
{
    return zh_dd_add(a, zh_dd_negate(b));
}

static inline zh_dd zh_dd_multiply(zh_dd a, zh_dd b)
{
    zh_dd p = zh_dd_product(a.high, b.high);
    return zh_dd_join(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static inline zh_dd zh_dd_divide(zh_dd a, zh_dd b)
{
    double q = a.high / b.high;
    zh_dd rest = zh_dd_subtract(a, zh_dd_multiply(zh_dd_of(q), b));
    double q2 = rest.high / b.high;
    rest = zh_dd_subtract(rest, zh_dd_multiply(zh_dd_of(q2), b));
    zh_dd sum = zh_dd_join(q, q2);
    return zh_dd_add(sum, zh_dd_of(rest.high / b.high));
}

/* Square root of a >= 0 by one Newton step from the binary64 root (Karp's trick). */
static inline zh_dd zh_dd_sqrt(zh_dd a)
{
    if (!(a.high > 0.0)) {
        return zh_dd_of(0.0);
    }
    double root = sqrt(a.high);
    zh_dd rest = zh_dd_subtract(a, zh_dd_product(root, root));
    return zh_dd_join(root, rest.high / (2.0 * root));
}

#endif
