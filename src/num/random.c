/* Random numbers. The methods are named in the header. */
#include "num/random.h"
#include <math.h>

#define HALF_LOG_2PI 0.918938533204672741780329736406
#define LN2_HIGH     6.93147180369123816490e-01 /* 33 bits: e * LN2_HIGH is exact */
#define LN2_LOW      1.90821492927058770002e-10

#define POISSON_INVERSION_MAX  10.0
#define BINOMIAL_INVERSION_MAX 10.0

__extension__ typedef unsigned __int128 u128;

static uint64_t rotate(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void zh_random_seed(zh_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        random->s[i] = splitmix(&seed);
    }
    random->spare = 0.0;
    random->has_spare = false;
}

void zh_random_seed_task(zh_random *random, uint64_t seed, uint64_t task)
{
    /* Two rounds of mixing: neighbouring seeds and tasks do not share a state. */
    uint64_t mixed = splitmix(&seed) ^ task;
    zh_random_seed(random, splitmix(&mixed));
}

uint64_t zh_random_u64(zh_random *random)
{
    uint64_t *s = random->s;
    uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

void zh_random_fill(zh_random *random, uint64_t *out, size_t n)
{
    uint64_t a = random->s[0];
    uint64_t b = random->s[1];
    uint64_t c = random->s[2];
    uint64_t d = random->s[3];
    for (size_t i = 0; i < n; i++) {
        out[i] = rotate(a + d, 23) + a;
        uint64_t t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = rotate(d, 45);
    }
    random->s[0] = a;
    random->s[1] = b;
    random->s[2] = c;
    random->s[3] = d;
}

double zh_random_uniform(zh_random *random)
{
    return (double)(zh_random_u64(random) >> 11) * 0x1p-53;
}

uint64_t zh_random_below(zh_random *random, uint64_t n)
{
    zh_assert(n > 0);
    u128 product = (u128)zh_random_u64(random) * n;
    if ((uint64_t)product < n) {
        uint64_t threshold = (0 - n) % n;
        while ((uint64_t)product < threshold) {
            product = (u128)zh_random_u64(random) * n;
        }
    }
    return (uint64_t)(product >> 64);
}

/* ---- logarithm and exponential that do not depend on the C library ---- */

/* log(x), x > 0 and normal: x = m 2^e with m within sqrt(2) of 1, log m = 2 artanh((m-1)/(m+1)). */
static double portable_log(double x)
{
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) {
        m *= 2.0;
        e--;
    }
    double s = (m - 1.0) / (m + 1.0);
    double z = s * s;
    double sum = 1.0 / 23.0;
    for (int k = 21; k >= 1; k -= 2) {
        sum = sum * z + 1.0 / k;
    }
    return e * LN2_HIGH + (2.0 * s * sum + e * LN2_LOW);
}

/* exp(x), |x| < 700: x = k log 2 + r, the series of exp(r). */
static double portable_exp(double x)
{
    double k = floor(x * 1.4426950408889634 + 0.5);
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double sum = 1.0;
    for (int i = 14; i >= 1; i--) {
        sum = 1.0 + sum * r / i;
    }
    return ldexp(sum, (int)k);
}

static double portable_log1p(double x)
{
    double u = 1.0 + x;
    return u == 1.0 ? x : portable_log(u) * x / (u - 1.0);
}

/* log(k!) minus the first terms of Stirling's formula, DLMF 5.11.1; exact for small k. */
static double stirling_error(double k)
{
    static const double small[10] = {
        0.0810614667953272582,  0.0413406959554092941, 0.0276779256849983391,
        0.0207906721037650931,  0.0166446911898211922, 0.0138761288230707480,
        0.0118967099458917701,  0.0104112652619720965, 0.00925546218271273292,
        0.00833056343336287126,
    };
    if (k < 10.0) {
        return small[(int)k];
    }
    double s = 1.0 / ((k + 1.0) * (k + 1.0));
    return (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - s / 1680.0) * s) * s) / (k + 1.0);
}

/* ---- continuous variates ---- */

/* Uniform on (0, 1): the logarithm of it is finite. */
static double uniform_open(zh_random *random)
{
    return ((double)(zh_random_u64(random) >> 12) + 0.5) * 0x1p-52;
}

double zh_random_normal(zh_random *random)
{
    if (random->has_spare) {
        random->has_spare = false;
        return random->spare;
    }
    double u;
    double v;
    double s;
    do {
        u = 2.0 * zh_random_uniform(random) - 1.0;
        v = 2.0 * zh_random_uniform(random) - 1.0;
        s = u * u + v * v;
    } while (s >= 1.0 || s < 1e-300);
    double scale = sqrt(-2.0 * portable_log(s) / s);
    random->spare = v * scale;
    random->has_spare = true;
    return u * scale;
}

double zh_random_exponential(zh_random *random)
{
    return -portable_log(uniform_open(random));
}

double zh_random_gamma(zh_random *random, double shape)
{
    zh_assert(shape > 0.0 && shape <= 1e300);
    double boost = 1.0;
    if (shape < 1.0) {
        /* Shapes below 0.002 may need exp of less than -700: such a variate is 0 in binary64. */
        double power = portable_log(uniform_open(random)) / shape;
        boost = power > -700.0 ? portable_exp(power) : 0.0;
        shape += 1.0;
    }
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double z = zh_random_normal(random);
        double v = 1.0 + c * z;
        if (v <= 0.0) {
            continue;
        }
        v = v * v * v;
        double u = uniform_open(random);
        if (u < 1.0 - 0.0331 * (z * z) * (z * z) ||
            portable_log(u) < 0.5 * z * z + d * (1.0 - v + portable_log(v))) {
            return d * v * boost;
        }
    }
}

/* ---- counts ---- */

int64_t zh_random_poisson(zh_random *random, double mean)
{
    zh_assert(mean >= 0.0 && mean <= 1e15);
    if (mean < POISSON_INVERSION_MAX) {
        double u = zh_random_uniform(random);
        double p = portable_exp(-mean);
        int64_t k = 0;
        /* Beyond 200 less than 2^-53 of the probability is left. */
        while (u >= p && k < 200) {
            u -= p;
            k++;
            p *= mean / (double)k;
        }
        return k;
    }
    double root = sqrt(mean);
    double b = 0.931 + 2.53 * root;
    double a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double squeeze = 0.9277 - 3.6224 / (b - 2.0);
    for (;;) {
        double u = zh_random_uniform(random) - 0.5;
        double v = uniform_open(random);
        double us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= squeeze) {
            return (int64_t)k;
        }
        if (us < 1e-12 || k < 0.0 || k > 1e17 || (us < 0.013 && v > us)) {
            continue;
        }
        /* log of the probability of k by Stirling's formula, arranged not to cancel. */
        double mass = k * portable_log1p((mean - k - 1.0) / (k + 1.0)) - mean + (k + 1.0) -
                      0.5 * portable_log(k + 1.0) - HALF_LOG_2PI - stirling_error(k);
        if (portable_log(v * inverse_alpha / (a / (us * us) + b)) <= mass) {
            return (int64_t)k;
        }
    }
}

/* n p < 10, p <= 1/2. */
static int64_t binomial_by_inversion(zh_random *random, int64_t n, double p)
{
    double odds = p / (1.0 - p);
    double u = zh_random_uniform(random);
    double mass = portable_exp((double)n * portable_log1p(-p));
    int64_t k = 0;
    while (u >= mass && k < n && k < 200) {
        u -= mass;
        k++;
        mass *= odds * ((double)(n - k + 1) / (double)k);
    }
    return k;
}

/* log of the probability of k over that of the mode, by Stirling's formula, arranged not to cancel.
 */
static double binomial_log_ratio(double n, double k, double mode, double log_odds)
{
    double from_mode = k - mode;
    return stirling_error(mode) + stirling_error(n - mode) - stirling_error(k) -
           stirling_error(n - k) +
           from_mode * (log_odds + portable_log((n - k + 1.0) / (k + 1.0))) +
           (mode + 0.5) * portable_log1p(-from_mode / (k + 1.0)) +
           (n - mode + 0.5) * portable_log1p(from_mode / (n - k + 1.0));
}

/* n p >= 10, p <= 1/2. */
static int64_t binomial_by_rejection(zh_random *random, double n, double p)
{
    double spread = sqrt(n * p * (1.0 - p));
    double b = 1.15 + 2.53 * spread;
    double a = -0.0873 + 0.0248 * b + 0.01 * p;
    double centre = n * p + 0.5;
    double alpha = (2.83 + 5.1 / b) * spread;
    double squeeze = 0.92 - 4.2 / b;
    double log_odds = portable_log(p / (1.0 - p));
    double mode = floor((n + 1.0) * p);
    for (;;) {
        double u = zh_random_uniform(random) - 0.5;
        double v = uniform_open(random);
        double us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + centre);
        if (us >= 0.07 && v <= squeeze) {
            return (int64_t)k;
        }
        if (us < 1e-12 || k < 0.0 || k > n) {
            continue;
        }
        if (portable_log(v * alpha / (a / (us * us) + b)) <=
            binomial_log_ratio(n, k, mode, log_odds)) {
            return (int64_t)k;
        }
    }
}

int64_t zh_random_binomial(zh_random *random, int64_t n, double p)
{
    zh_assert(n >= 0 && p >= 0.0 && p <= 1.0);
    if (n == 0 || p == 0.0) {
        return 0;
    }
    if (p > 0.5) {
        return n - zh_random_binomial(random, n, 1.0 - p);
    }
    return (double)n * p < BINOMIAL_INVERSION_MAX ? binomial_by_inversion(random, n, p)
                                                  : binomial_by_rejection(random, (double)n, p);
}

void zh_random_multinomial(zh_random *random, int64_t n, const double *weight, size_t k,
                           int64_t *out)
{
    double rest = 0.0;
    size_t last = 0; /* the last box that can receive anything */
    zh_assert(n >= 0);
    for (size_t i = 0; i < k; i++) {
        zh_assert(weight[i] >= 0.0 && isfinite(weight[i]));
        rest += weight[i];
        last = weight[i] > 0.0 ? i : last;
    }
    zh_assert(n == 0 || (rest > 0.0 && isfinite(rest)));
    for (size_t i = 0; i < k; i++) {
        if (i == last || weight[i] >= rest) {
            /* What rounding left in `rest` must not leave balls over. */
            out[i] = i == last || rest > 0.0 ? n : 0;
        } else {
            out[i] = zh_random_binomial(random, n, weight[i] / rest);
        }
        n -= out[i];
        rest -= weight[i];
    }
}

void zh_random_shuffle(zh_random *random, size_t *order, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)zh_random_below(random, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
