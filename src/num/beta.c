/* Incomplete beta function. The smaller of the two tails is computed and the other is its
 * complement, so a small tail probability keeps its relative accuracy. */
#include "num/beta.h"
#include <float.h>
#include <math.h>

#define FRACTION_TERMS_MAX 200000 /* O(sqrt(max(a, b))) are needed */
#define SOLVER_STEPS_MAX   300

#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define TWO_PI       6.283185307179586476925286766559

/* log(z!) minus Stirling's formula, z > 0: Loader (2000). Series of DLMF 5.11.1. */
static double stirling_error(double z)
{
    if (z < 16.0) {
        return lgamma(z + 1.0) - (z + 0.5) * log(z) + z - LOG_SQRT_2PI;
    }
    double s = 1.0 / (z * z);
    double sum = 43867.0 / 244188.0;
    sum = -3617.0 / 122400.0 + s * sum;
    sum = 1.0 / 156.0 + s * sum;
    sum = -691.0 / 360360.0 + s * sum;
    sum = 1.0 / 1188.0 + s * sum;
    sum = -1.0 / 1680.0 + s * sum;
    sum = 1.0 / 1260.0 + s * sum;
    sum = -1.0 / 360.0 + s * sum;
    sum = 1.0 / 12.0 + s * sum;
    return sum / z;
}

/* x log(x/m) + m - x, without cancellation near x = m: Loader (2000). */
static double deviance(double x, double m)
{
    double difference = x - m;
    if (fabs(difference) >= 0.1 * (x + m)) {
        return x * log(x / m) + m - x;
    }
    double v = difference / (x + m);
    double sum = difference * v;
    double term = 2.0 * x * v;
    for (int j = 1; j < 1000; j++) {
        term *= v * v;
        double next = sum + term / (2.0 * j + 1.0);
        if (next == sum) {
            break;
        }
        sum = next;
    }
    return sum;
}

/* x^a y^b / B(a, b) with y = 1 - x: a b / (a + b) times the binomial density of a among a + b. */
static double factor(double x, double y, double a, double b)
{
    double n = a + b;
    double exponent = stirling_error(n) - stirling_error(a) - stirling_error(b) -
                      deviance(a, n * x) - deviance(b, n * y);
    return sqrt(a * b / (n * TWO_PI)) * exp(exponent);
}

/* I_x(a, b) divided by its factor, for x below about the mean: the even part of the continued
 * fraction DLMF 8.17.22, in the form of A. R. DiDonato, A. H. Morris, Significant digit computation
 * of the incomplete beta function ratios, ACM TOMS 18 (1992) 360-373, which takes y = 1 - x as it
 * is and so loses nothing when one of x, y is tiny. Evaluated by the modified Lentz method. */
static double fraction(double x, double y, double a, double b)
{
    const double tiny = DBL_MIN / DBL_EPSILON;
    double skew = a * y - b * x + 1.0;
    double f = a * skew / (a + 1.0);
    f = fabs(f) < tiny ? tiny : f;
    double c = f;
    double d = 0.0;
    for (int i = 1; i <= FRACTION_TERMS_MAX; i++) {
        double m = i;
        double width = a + 2.0 * m - 1.0;
        double over = m * (a + m - 1.0) / width * ((a + b + m - 1.0) / width) * (b - m) * x * x;
        double under =
            m + m * (b - m) * x / width + (a + m) * (skew + m * (1.0 + y)) / (width + 2.0);
        d = under + over * d;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = under + over / c;
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        if (fabs(c * d - 1.0) <= DBL_EPSILON) {
            break;
        }
    }
    return 1.0 / f;
}

struct tails {
    double lower, upper;
};

/* Both tails at x, y = 1 - x. */
static struct tails tails_at(double x, double y, double a, double b)
{
    if (x <= 0.0) {
        return (struct tails){0.0, 1.0};
    }
    if (y <= 0.0) {
        return (struct tails){1.0, 0.0};
    }
    double front = factor(x, y, a, b);
    struct tails t;
    if (x < (a + 1.0) / (a + b + 2.0)) {
        t.lower = fmin(front * fraction(x, y, a, b), 1.0);
        t.upper = 1.0 - t.lower;
    } else {
        t.upper = fmin(front * fraction(y, x, b, a), 1.0);
        t.lower = 1.0 - t.upper;
    }
    return t;
}

double zh_beta_cdf(double x, double a, double b)
{
    zh_assert(x >= 0.0 && x <= 1.0 && a > 0.0 && b > 0.0);
    return tails_at(x, 1.0 - x, a, b).lower;
}

double zh_beta_cdf_upper(double x, double a, double b)
{
    zh_assert(x >= 0.0 && x <= 1.0 && a > 0.0 && b > 0.0);
    return tails_at(x, 1.0 - x, a, b).upper;
}

/* Newton's method on the logarithm of the tail, which is concave for the beta distribution's lower
 * tail, kept inside a shrinking bracket. The middle of a wide bracket is the geometric mean, so
 * that solutions near 0 are reached in few steps. */
static double solve(double p, double a, double b, bool upper)
{
    double low = 0.0;
    double high = 1.0;
    double x = a / (a + b);
    for (int step = 0; step < SOLVER_STEPS_MAX; step++) {
        struct tails t = tails_at(x, 1.0 - x, a, b);
        double got = upper ? t.upper : t.lower;
        if (got == p) {
            break;
        }
        bool too_far = upper ? got < p : got > p;
        *(too_far ? &high : &low) = x;
        double slope = factor(x, 1.0 - x, a, b) / (x * (1.0 - x));
        double next = -1.0;
        if (got > 0.0 && slope > 0.0) {
            next = x + (upper ? 1.0 : -1.0) * got / slope * log(got / p);
        }
        if (!(next > low && next < high)) {
            double from = low > 0.0 ? low : high * 1e-8;
            next = high / from > 4.0 ? sqrt(from * high) : 0.5 * (low + high);
        }
        if (fabs(next - x) <= DBL_EPSILON * x || high - low <= DBL_EPSILON * low) {
            return next;
        }
        x = next;
    }
    return x;
}

double zh_beta_quantile(double p, double a, double b)
{
    zh_assert(p >= 0.0 && p <= 1.0 && a > 0.0 && b > 0.0);
    return p == 0.0 || p == 1.0 ? p : solve(p, a, b, false);
}

double zh_beta_quantile_upper(double p, double a, double b)
{
    zh_assert(p >= 0.0 && p <= 1.0 && a > 0.0 && b > 0.0);
    return p == 0.0 || p == 1.0 ? 1.0 - p : solve(p, a, b, true);
}
