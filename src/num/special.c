/* Special functions. Formulas are named in the header. */
#include "num/special.h"
#include <float.h>
#include <math.h>

#define PI           3.141592653589793238462643383280
#define LOG_SQRT_2PI 0.918938533204672741780329736406
#define LN2          0.693147180559945309417232121458

double zh_lgamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

double zh_lgamma1p(double a)
{
    /* zeta(k) - 1, k = 2, 3, … */
    static const double zeta[] = {
        0.64493406684822643647,    0.2020569031595942854,     0.082323233711138191516,
        0.036927755143369926331,   0.017343061984449139715,   0.0083492773819228268398,
        0.0040773561979443393787,  0.0020083928260822144179,  0.00099457512781808533715,
        0.0004941886041194645587,  0.00024608655330804829864, 0.00012271334757848914675,
        6.1248135058704829259e-05, 3.0588236307020493552e-05, 1.5282259408651871733e-05,
        7.6371976378997622736e-06, 3.8172932649998398565e-06, 1.9082127165539389257e-06,
        9.5396203387279611315e-07, 4.7693298678780646312e-07, 2.3845050272773299e-07,
        1.1921992596531107307e-07, 5.9608189051259479612e-08, 2.9803503514652280186e-08,
        1.4901554828365041235e-08, 7.450711789835429492e-09,  3.7253340247884570548e-09,
    };
    if (fabs(a) > 0.5) {
        return zh_lgamma(1.0 + a);
    }
    double sum = 0.0;
    for (size_t i = ZH_COUNTOF(zeta); i-- > 0;) {
        double k = (double)(i + 2);
        sum = zeta[i] / k - a * sum;
    }
    /* DLMF 5.7.3 with log(1 + a) split off; 1 - Euler's constant = 0.4227… */
    return a * (0.42278433509846713939 + a * sum) - log1p(a);
}

double zh_digamma(double x)
{
    double add = 0.0;
    if (isnan(x) || (x <= 0.0 && floor(x) == x)) {
        return (double)NAN;
    }
    if (x < 0.0) {
        /* psi(x) = psi(1 - x) - pi cot(pi x) */
        double part = x - floor(x);
        add = -PI / tan(PI * part);
        x = 1.0 - x;
    }
    double down = 0.0;
    for (; x < 16.0; x += 1.0) {
        down += 1.0 / x;
    }
    double s = 1.0 / (x * x);
    double sum = 1.0 / 12.0;
    sum = 691.0 / 32760.0 - s * sum;
    sum = 1.0 / 132.0 - s * sum;
    sum = 1.0 / 240.0 - s * sum;
    sum = 1.0 / 252.0 - s * sum;
    sum = 1.0 / 120.0 - s * sum;
    sum = 1.0 / 12.0 - s * sum;
    return log(x) - 0.5 / x - s * sum - down + add;
}

double zh_trigamma(double x)
{
    if (isnan(x) || (x <= 0.0 && floor(x) == x)) {
        return (double)NAN;
    }
    if (x < 0.0) {
        /* psi'(x) = (pi / sin(pi x))^2 - psi'(1 - x) */
        double ratio = PI / sin(PI * (x - floor(x)));
        return ratio * ratio - zh_trigamma(1.0 - x);
    }
    double up = 0.0;
    for (; x < 16.0; x += 1.0) {
        up += 1.0 / (x * x);
    }
    double s = 1.0 / (x * x);
    double sum = 7.0 / 6.0;
    sum = 691.0 / 2730.0 - s * sum;
    sum = 5.0 / 66.0 - s * sum;
    sum = 1.0 / 30.0 - s * sum;
    sum = 1.0 / 42.0 - s * sum;
    sum = 1.0 / 30.0 - s * sum;
    sum = 1.0 / 6.0 - s * sum;
    return up + 1.0 / x + 0.5 * s + s * sum / x;
}

double zh_log1pmx(double x)
{
    if (x < -0.4 || x > 0.6) {
        return log1p(x) - x;
    }
    /* With r = x/(2 + x): log(1 + x) = 2 artanh r and x - 2 r = r x. */
    double r = x / (2.0 + x);
    double z = r * r;
    double sum = 0.0;
    for (int k = 33; k >= 3; k -= 2) {
        sum = 1.0 / k + z * sum;
    }
    return r * (2.0 * z * sum - x);
}

double zh_log1mexp(double x)
{
    return x > -LN2 ? log(-expm1(x)) : log1p(-exp(x));
}

double zh_stirling_error(double z)
{
    if (z < 16.0) {
        return zh_lgamma1p(z) - (z + 0.5) * log(z) + z - LOG_SQRT_2PI;
    }
    /* DLMF 5.11.1 */
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

double zh_deviance(double x, double m)
{
    double difference = x - m;
    if (x == 0.0) {
        return m;
    }
    if (fabs(difference) >= 0.1 * (x + m)) {
        /* The ratio may leave the range of binary64 where its logarithm does not. */
        double ratio = x / m;
        double log_ratio = ratio > DBL_MIN && ratio < DBL_MAX ? log(ratio) : log(x) - log(m);
        return x * log_ratio + m - x;
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
