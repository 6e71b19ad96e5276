/* Incomplete beta function. The smaller of the two tails is computed and the other is its
 * complement, so a small tail probability keeps its relative accuracy. */
#include "num/beta.h"
#include "num/special.h"
#include "num/tail.h"
#include <float.h>
#include <math.h>

#define FRACTION_TERMS_MAX 200000 /* O(sqrt(max(a, b))) are needed */

#define TWO_PI 6.283185307179586476925286766559

/* a b / (a + b) times the binomial density of a among a + b. */
double zh_beta_log_factor(double x, double y, double a, double b)
{
    double n = a + b;
    return 0.5 * log(a / n * b / TWO_PI) + zh_stirling_error(n) - zh_stirling_error(a) -
           zh_stirling_error(b) - zh_deviance(a, n * x) - zh_deviance(b, n * y);
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

double zh_beta_tail(double x, double y, double a, double b, unsigned tail)
{
    if (x <= 0.0 || y <= 0.0) {
        return zh_tail_end(x > 0.0, tail);
    }
    bool upper = x >= (a + 1.0) / (a + b + 2.0);
    double share = upper ? fraction(y, x, b, a) : fraction(x, y, a, b);
    double log_front = zh_beta_log_factor(x, y, a, b);
    double log_small = (tail & ZH_TAIL_LOG) != 0 ? log_front + log(share) : 0.0;
    return zh_tail_finish(exp(log_front) * share, log_small, upper, tail);
}

double zh_beta_cdf(double x, double a, double b)
{
    zh_assert(x >= 0.0 && x <= 1.0 && a > 0.0 && b > 0.0);
    return zh_beta_tail(x, 1.0 - x, a, b, ZH_TAIL_LOWER);
}

double zh_beta_cdf_upper(double x, double a, double b)
{
    zh_assert(x >= 0.0 && x <= 1.0 && a > 0.0 && b > 0.0);
    return zh_beta_tail(x, 1.0 - x, a, b, ZH_TAIL_UPPER);
}

struct shape {
    double a, b;
};

static void tail_at(const void *context, double u, bool upper, double *log_tail, double *slope)
{
    const struct shape *s = context;
    double x = 1.0 / (1.0 + exp(-u));
    double y = 1.0 / (1.0 + exp(u));
    *log_tail =
        zh_beta_tail(x, y, s->a, s->b, ZH_TAIL_LOG | (upper ? ZH_TAIL_UPPER : ZH_TAIL_LOWER));
    double rise = x > 0.0 && y > 0.0 ? exp(zh_beta_log_factor(x, y, s->a, s->b) - *log_tail) : 0.0;
    *slope = upper ? -rise : rise;
}

double zh_beta_logit_quantile(double log_p, double a, double b, bool upper)
{
    struct shape s = {a, b};
    /* Where x or y leaves the range of binary64 the leading power x^a/(a B(a, b)) is all of it. */
    double power = upper ? b : a;
    double far = (log_p + zh_lgamma1p(power) + zh_lgamma(upper ? a : b) - zh_lgamma(a + b)) / power;
    if (far < -690.0) {
        return upper ? -far : far;
    }
    double spread = sqrt(1.0 / a + 1.0 / b);
    return zh_tail_solve(tail_at, &s, (zh_tail_target){log_p, upper, true}, log(a / b), spread,
                         1.0);
}

static double quantile(double p, double a, double b, unsigned tail)
{
    zh_assert(p >= 0.0 && p <= 1.0 && a > 0.0 && b > 0.0);
    zh_tail_target t = zh_tail_of(p, tail);
    if (isinf(t.log_p)) {
        return t.upper ? 1.0 : 0.0;
    }
    return 1.0 / (1.0 + exp(-zh_beta_logit_quantile(t.log_p, a, b, t.upper)));
}

double zh_beta_quantile(double p, double a, double b)
{
    return quantile(p, a, b, ZH_TAIL_LOWER);
}

double zh_beta_quantile_upper(double p, double a, double b)
{
    return quantile(p, a, b, ZH_TAIL_UPPER);
}
