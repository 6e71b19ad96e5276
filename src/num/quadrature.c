/* Gauss-Legendre nodes: each zero of P_n is refined from the approximation of Tricomi, the
 * derivative comes from P'_n = n (x P_n - P_{n-1})/(x^2 - 1), the weight is 2/((1 - x^2) P'_n^2). */
#include "num/quadrature.h"
#include <math.h>

#define PI 3.14159265358979323846

/* P_n(x) and its derivative. */
static void legendre(size_t n, double x, double *value, double *slope)
{
    double previous = 0.0;
    double current = 1.0;
    for (size_t k = 1; k <= n; k++) {
        double next = (((double)(2 * k) - 1.0) * x * current - ((double)k - 1.0) * previous) /
                      (double)k;
        previous = current;
        current = next;
    }
    *value = current;
    *slope = (double)n * (x * current - previous) / (x * x - 1.0);
}

void zh_gauss_legendre(size_t n, double lower, double upper, double *x, double *w)
{
    zh_assert(n >= 1);
    double middle = (lower + upper) / 2.0;
    double half = (upper - lower) / 2.0;
    for (size_t i = 0; i < (n + 1) / 2; i++) {
        double z = cos(PI * ((double)i + 0.75) / ((double)n + 0.5));
        double value;
        double slope;
        for (int step = 0; step < 10; step++) {
            legendre(n, z, &value, &slope);
            double change = value / slope;
            z -= change;
            if (fabs(change) < 1e-16) {
                break;
            }
        }
        z = 2 * i + 1 == n ? 0.0 : z;
        legendre(n, z, &value, &slope);
        double weight = half * 2.0 / ((1.0 - z * z) * slope * slope);
        x[i] = middle - half * z;
        x[n - 1 - i] = middle + half * z;
        w[i] = weight;
        w[n - 1 - i] = weight;
    }
}
