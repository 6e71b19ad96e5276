/* Gauss-Legendre nodes: each zero of P_n is refined from Tricomi's approximation by Halley's
 * method, whose second derivative comes from Legendre's equation; the weight is
 * 2/((1 - x^2) P'_n(x)^2). The factors of the recurrence are divided once for all zeros. */
#include "num/quadrature.h"
#include <math.h>

#define PI 3.14159265358979323846

/* P_n(x) and its derivative n (x P_n - P_{n-1})/(x^2 - 1). */
static void legendre(size_t n, const double *a, const double *b, double x, double *value,
                     double *slope)
{
    double previous = 0.0;
    double current = 1.0;
    for (size_t k = 0; k < n; k++) {
        double next = a[k] * x * current - b[k] * previous;
        previous = current;
        current = next;
    }
    *value = current;
    *slope = (double)n * (x * current - previous) / (x * x - 1.0);
}

void zh_gauss_legendre(size_t n, double lower, double upper, double *x, double *w)
{
    double a[ZH_GAUSS_NODES_MAX];
    double b[ZH_GAUSS_NODES_MAX];
    zh_assert(n >= 1 && n <= ZH_GAUSS_NODES_MAX);
    double m = (double)n;
    for (size_t k = 0; k < n; k++) {
        a[k] = (2.0 * (double)k + 1.0) / ((double)k + 1.0);
        b[k] = (double)k / ((double)k + 1.0);
    }
    double middle = (lower + upper) / 2.0;
    double half = (upper - lower) / 2.0;
    double shrink = 1.0 - 1.0 / (8.0 * m * m) + 1.0 / (8.0 * m * m * m);
    for (size_t i = 0; i < (n + 1) / 2; i++) {
        double z = shrink * cos(PI * ((double)i + 0.75) / (m + 0.5));
        double value;
        double slope;
        double change = 1.0;
        /* The error after a step is of the order of its cube. */
        for (int step = 0; step < 10 && fabs(change) > 1e-6 / m; step++) {
            legendre(n, a, b, z, &value, &slope);
            double second = (2.0 * z * slope - m * (m + 1.0) * value) / (1.0 - z * z);
            change = value / (slope - value * second / (2.0 * slope));
            z -= change;
        }
        z = 2 * i + 1 == n ? 0.0 : z;
        legendre(n, a, b, z, &value, &slope);
        double weight = half * 2.0 / ((1.0 - z * z) * slope * slope);
        x[i] = middle - half * z;
        x[n - 1 - i] = middle + half * z;
        w[i] = weight;
        w[n - 1 - i] = weight;
    }
}
