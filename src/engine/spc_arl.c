/* Average run lengths by the integral equations of CUSUM and EWMA charts, and the limits of a
 * wanted run length.
 *
 * A chart's next state has a density on an interval and, at a border that reflects (0 for CUSUM, zr
 * for the one-sided EWMA), an atom. Nystroem's method takes the nodes of a quadrature rule as
 * states: the equation becomes (I - Q) L = 1, where column 0 is the atom when there is one. */
#include "base/arena.h"
#include "engine/spc.h"
#include "num/normal.h"
#include "num/quadrature.h"
#include <math.h>

#define INVERSE_ROOT_2PI 0.398942280401432677940
#define STANDSTILL       1e-13 /* limits this close to their end, relative, stand still */
#define WORK_MAX         2e7   /* densities evaluated for changing limits, some 0.2 s */
#define ARL_MAX          1e12  /* beyond it the equation has no digits left */
#define LIMIT_ACCURACY   1e-11

static double phi(double x)
{
    return exp(-x * x / 2.0) * INVERSE_ROOT_2PI;
}

/* row -= f pivot, two rows apart: the compiler may take several elements at once. */
static void subtract(double *restrict row, const double *restrict pivot, double f, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        row[j] -= f * pivot[j];
    }
}

/* Solves a x = b in place by elimination with partial pivoting; false: singular. */
static bool solve(double *a, double *b, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++) {
            best = fabs(a[i * n + k]) > fabs(a[best * n + k]) ? i : best;
        }
        if (!(fabs(a[best * n + k]) > 0.0)) {
            return false;
        }
        double *pivot = a + k * n;
        for (size_t j = k; best != k && j < n; j++) {
            double swap = pivot[j];
            pivot[j] = a[best * n + j];
            a[best * n + j] = swap;
        }
        double swap = b[k];
        b[k] = b[best];
        b[best] = swap;
        double inverse = 1.0 / pivot[k];
        for (size_t i = k + 1; i < n; i++) {
            double f = a[i * n + k] * inverse;
            b[i] -= f * b[k];
            subtract(a + i * n + k + 1, pivot + k + 1, f, n - k - 1);
        }
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++) {
            b[k] -= a[k * n + j] * b[j];
        }
        b[k] /= a[k * n + k];
    }
    return true;
}

static zh_rc endless(zh_err *err)
{
    return zh_err_set(err, ZH_EINVAL, "spc.arl", "平均链长超过 %g，算不准", ARL_MAX);
}

static zh_rc check_nodes(size_t r, zh_err *err)
{
    if (r < ZH_SPC_NODES_MIN || r > ZH_SPC_NODES_MAX) {
        return zh_err_set(err, ZH_EINVAL, "spc.nodes", "节点数 r 是 %zu，要 %zu 到 %zu", r,
                          ZH_SPC_NODES_MIN, ZH_SPC_NODES_MAX);
    }
    return ZH_OK;
}

/* Not so long that the equation has lost its digits; these show as lengths below 1 or none. */
static bool countable(double arl)
{
    return arl >= 1.0 - 1e-9 && arl <= ARL_MAX;
}

static zh_rc accept(double arl, double *out, zh_err *err)
{
    if (!countable(arl)) {
        return endless(err);
    }
    *out = arl;
    return ZH_OK;
}

/* ---- CUSUM ---- */

/* L at 0 and at hs of the one-sided chart. */
static bool cusum_one(double k, double h, double mu, double hs, size_t r, double *at_0,
                      double *at_hs)
{
    size_t n = r + 1;
    double *room = zh_alloc((n * n + n + 2 * r) * sizeof(double));
    double *a = room;
    double *l = a + n * n;
    double *x = l + n;
    double *w = x + r;
    zh_gauss_legendre(r, 0.0, h, x, w);
    for (size_t i = 0; i < n; i++) {
        double from = k - (i == 0 ? 0.0 : x[i - 1]) - mu;
        double *row = a + i * n;
        row[0] = -zh_normal_cdf(from);
        for (size_t j = 0; j < r; j++) {
            row[j + 1] = -w[j] * phi(x[j] + from);
        }
        row[i] += 1.0;
        l[i] = 1.0;
    }
    bool solved = solve(a, l, n);
    double from = k - hs - mu;
    *at_0 = l[0];
    *at_hs = 1.0 + zh_normal_cdf(from) * l[0];
    for (size_t j = 0; j < r; j++) {
        *at_hs += w[j] * phi(x[j] + from) * l[j + 1];
    }
    zh_dealloc(room);
    return solved;
}

/* States: 0, r nodes above it, their mirror images below it. */
static bool cusum_crosier(double k, double h, double mu, double hs, size_t r, double *out)
{
    size_t n = 2 * r + 1;
    double *room = zh_alloc((n * n + n + 2 * r) * sizeof(double));
    double *a = room;
    double *l = a + n * n;
    double *x = l + n;
    double *w = x + r;
    zh_gauss_legendre(r, 0.0, h, x, w);
    for (size_t i = 0; i < n; i++) {
        double s = i == 0 ? 0.0 : i <= r ? x[i - 1] : -x[i - 1 - r];
        double *row = a + i * n;
        row[0] = zh_normal_cdf(-k - s - mu) - zh_normal_cdf(k - s - mu);
        for (size_t j = 0; j < r; j++) {
            row[1 + j] = -w[j] * phi(x[j] + k - s - mu);
            row[1 + r + j] = -w[j] * phi(-x[j] - k - s - mu);
        }
        row[i] += 1.0;
        l[i] = 1.0;
    }
    bool solved = solve(a, l, n);
    *out = 1.0 + (zh_normal_cdf(k - hs - mu) - zh_normal_cdf(-k - hs - mu)) * l[0];
    for (size_t j = 0; j < r; j++) {
        *out +=
            w[j] * (phi(x[j] + k - hs - mu) * l[1 + j] + phi(-x[j] - k - hs - mu) * l[1 + r + j]);
    }
    zh_dealloc(room);
    return solved;
}

zh_rc zh_spc_arl_cusum(double k, double h, double mu, double hs, zh_arl_sides sides, size_t r,
                       double *out, zh_err *err)
{
    bool finite = isfinite(k) && isfinite(h) && isfinite(mu) && isfinite(hs);
    if (!finite || h <= 0.0 || (sides == ZH_ARL_CROSIER ? fabs(hs) > h : hs < 0.0 || hs > h) ||
        (sides != ZH_ARL_ONE && k < 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.arl",
                          "判定距 h 要大于 0，初始值 hs 不超过它，双侧时 k 不能为负");
    }
    zh_rc rc = check_nodes(r, err);
    if (rc != ZH_OK) {
        return rc;
    }
    double up;
    double up_hs;
    double down;
    double down_hs;
    if (sides == ZH_ARL_CROSIER) {
        return cusum_crosier(k, h, mu, hs, r, &up) ? accept(up, out, err) : endless(err);
    }
    bool ends = cusum_one(k, h, mu, hs, r, &up, &up_hs) && countable(up);
    if (sides == ZH_ARL_ONE) {
        return ends ? accept(up_hs, out, err) : endless(err);
    }
    bool other_ends = cusum_one(k, h, -mu, hs, r, &down, &down_hs) && countable(down);
    if (!ends || !other_ends) {
        /* The side that the mean moves away from does not shorten the run. */
        return ends || other_ends ? accept(ends ? up_hs : down_hs, out, err) : endless(err);
    }
    double weight = up / (up + down);
    return accept(up_hs * (1.0 - weight) + weight * (down_hs - down), out, err);
}

/* ---- EWMA ---- */

/* States of an EWMA chart between lower and upper; with an atom at lower when one-sided. */
struct states {
    size_t r, atom;                           /* atom: 1 when there is one */
    double lambda, inverse, mu, lower, upper; /* inverse: 1/lambda */
    double *x, *w;
    double *mass; /* probability, or run length, of the atom and of the nodes */
};

static double state_at(const struct states *s, size_t i)
{
    return i < s->atom ? s->lower : s->x[i - s->atom];
}

/* Probability of the atom, density at the nodes, next after state z. */
static double next_atom(const struct states *s, double z)
{
    return zh_normal_cdf((s->lower - (1.0 - s->lambda) * z) / s->lambda - s->mu);
}

static double next_density(const struct states *s, double z, size_t j)
{
    return phi((s->x[j] - (1.0 - s->lambda) * z) * s->inverse - s->mu) * s->inverse;
}

/* Run lengths from every state between standing limits, into mass. */
static bool run_lengths(struct states *s, double *a)
{
    size_t n = s->r + s->atom;
    for (size_t i = 0; i < n; i++) {
        double z = state_at(s, i);
        double *row = a + i * n;
        if (s->atom) {
            row[0] = -next_atom(s, z);
        }
        for (size_t j = 0; j < s->r; j++) {
            row[j + s->atom] = -s->w[j] * next_density(s, z, j);
        }
        row[i] += 1.0;
        s->mass[i] = 1.0;
    }
    return solve(a, s->mass, n);
}

/* Run length from the known state z, given those from the states. */
static double run_length_from(const struct states *s, double z)
{
    double sum = 1.0 + (s->atom ? next_atom(s, z) * s->mass[0] : 0.0);
    for (size_t j = 0; j < s->r; j++) {
        sum += s->w[j] * next_density(s, z, j) * s->mass[j + s->atom];
    }
    return sum;
}

static double deviation_of_z(double lambda)
{
    return sqrt(lambda / (2.0 - lambda));
}

/* Upper limit of point n, in units of x; *standing when it does not change any more. */
static double limit_at(const zh_ewma_scheme *scheme, double c, double n, bool *standing)
{
    double unit = deviation_of_z(scheme->lambda);
    double decay = pow(1.0 - scheme->lambda, n);
    double vacl = sqrt(1.0 - decay * decay);
    double steiner = 1.0;
    double factor = 1.0;
    double offset = 0.0;
    switch (scheme->limits) {
    case ZH_EWMA_FIX:
    case ZH_EWMA_STAT: break;
    case ZH_EWMA_VACL: factor = vacl; break;
    case ZH_EWMA_FIR: offset = scheme->hs * decay; break;
    case ZH_EWMA_BOTH:
        factor = vacl;
        offset = scheme->hs * decay;
        break;
    case ZH_EWMA_STEINER:
        /* Half way to the limits at the first point, nearly there at the twentieth. */
        steiner = 1.0 - pow(0.5, 1.0 + (-2.0 / log10(0.5) - 1.0) / 19.0 * (n - 1.0));
        factor = vacl * steiner;
        break;
    }
    *standing = 1.0 - factor < STANDSTILL && fabs(offset) < STANDSTILL * fabs(c);
    return unit * (c * factor - offset);
}

static double lower_of(const zh_ewma_scheme *scheme, double upper)
{
    return scheme->sides == ZH_ARL_ONE ? scheme->zr * deviation_of_z(scheme->lambda) : -upper;
}

/* Probabilities of the states after one more point, `to` having its nodes; `from` NULL: the first
 * point. Returns what is left. */
static double advance(const zh_ewma_scheme *scheme, const struct states *from, struct states *to)
{
    size_t n = to->r + to->atom;
    double left = 0.0;
    for (size_t i = 0; i < n; i++) {
        to->mass[i] = 0.0;
    }
    if (from == NULL && scheme->limits == ZH_EWMA_STAT) {
        /* z_1 = sd x_1 has the stationary variance. */
        double sd = deviation_of_z(to->lambda);
        double mean = sd * to->mu;
        for (size_t j = 0; j < to->r; j++) {
            to->mass[j + to->atom] = to->w[j] * phi((to->x[j] - mean) / sd) / sd;
        }
        if (to->atom) {
            to->mass[0] = zh_normal_cdf((to->lower - mean) / sd);
        }
    }
    size_t starts = from != NULL ? from->r + from->atom : scheme->limits == ZH_EWMA_STAT ? 0 : 1;
    /* fir and both have their head start in the limits. */
    bool in_limits = scheme->limits == ZH_EWMA_FIR || scheme->limits == ZH_EWMA_BOTH;
    double head = in_limits ? 0.0 : scheme->hs * deviation_of_z(scheme->lambda);
    for (size_t i = 0; i < starts; i++) {
        double z = from != NULL ? state_at(from, i) : head;
        double mass = from != NULL ? from->mass[i] : 1.0;
        for (size_t j = 0; j < to->r; j++) {
            to->mass[j + to->atom] += mass * to->w[j] * next_density(to, z, j);
        }
        if (to->atom) {
            to->mass[0] += mass * next_atom(to, z);
        }
    }
    for (size_t i = 0; i < n; i++) {
        left += to->mass[i];
    }
    return left;
}

static void place(struct states *s, double lower, double upper)
{
    s->lower = lower;
    s->upper = upper;
    zh_gauss_legendre(s->r, lower, upper, s->x, s->w);
}

/* Points until the slowest part of the limits, (1 - lambda)^n, stands still. */
static double changing_points(const zh_ewma_scheme *scheme)
{
    bool still = scheme->limits == ZH_EWMA_STAT || scheme->lambda >= 1.0;
    return still ? 1.0 : log(STANDSTILL) / log1p(-scheme->lambda);
}

/* Sum of P(run > n) while the limits change, then the run lengths from where the chart stands. */
static zh_rc changing_limits(const zh_ewma_scheme *scheme, double c, struct states *now,
                             struct states *next, double *a, double *out, zh_err *err)
{
    size_t n = now->r + now->atom;
    double total = 1.0;
    bool standing = false;
    if (changing_points(scheme) * (double)(n * n) > WORK_MAX) {
        zh_err_set(err, ZH_ELIMIT, "spc.arl",
                   "λ = %g 太小，变动的界限要算 %.0f 个点才稳定，超过上限", scheme->lambda,
                   changing_points(scheme));
        zh_err_fix(err, "减少节点数 r，或用固定的界限（fix）");
        return ZH_ELIMIT;
    }
    for (double point = 1.0; !standing; point += 1.0) {
        double upper = limit_at(scheme, c, point, &standing);
        double lower = lower_of(scheme, upper);
        if (upper <= lower) {
            return accept(total, out, err);
        }
        place(next, lower, upper);
        double left = advance(scheme, point > 1.0 ? now : NULL, next);
        struct states swap = *now;
        *now = *next;
        *next = swap;
        if (left < 1e-17) {
            return accept(total, out, err);
        }
        total += standing ? 0.0 : left;
    }
    place(next, now->lower, now->upper);
    if (!run_lengths(next, a)) {
        return endless(err);
    }
    for (size_t i = 0; i < n; i++) {
        total += now->mass[i] * next->mass[i];
    }
    return accept(total, out, err);
}

static zh_rc check_scheme(const zh_ewma_scheme *s, double mu, zh_err *err)
{
    if (!(s->lambda > 0.0 && s->lambda <= 1.0) || !isfinite(mu) || !isfinite(s->hs) ||
        !isfinite(s->zr)) {
        return zh_err_set(err, ZH_EINVAL, "spc.arl", "平滑系数 λ 是 %g，要大于 0 且不大于 1",
                          s->lambda);
    }
    if (s->sides == ZH_ARL_CROSIER) {
        return zh_err_set(err, ZH_EINVAL, "spc.arl", "EWMA 图只有单侧（one）和双侧（two）");
    }
    bool one = s->limits == ZH_EWMA_FIX || s->limits == ZH_EWMA_VACL || s->limits == ZH_EWMA_STAT;
    if (s->sides == ZH_ARL_ONE && !one) {
        return zh_err_set(err, ZH_EINVAL, "spc.arl", "单侧 EWMA 图的界限只能是 fix、vacl 或 stat");
    }
    return check_nodes(s->r, err);
}

zh_rc zh_spc_arl_ewma(const zh_ewma_scheme *scheme, double c, double mu, double *out, zh_err *err)
{
    zh_rc rc = check_scheme(scheme, mu, err);
    if (rc != ZH_OK) {
        return rc;
    }
    bool one = scheme->sides == ZH_ARL_ONE;
    if (!isfinite(c) || c <= (one ? scheme->zr : 0.0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.arl", "界限 c 是 %g，要大于%s", c,
                          zh_err_text(err, one ? "反射边界 zr" : " 0"));
    }
    size_t r = scheme->r;
    size_t n = r + 1;
    double *room = zh_alloc((n * n + 2 * (2 * r + n)) * sizeof(double));
    double *v = room + n * n;
    struct states now = {.r = r,
                         .atom = one,
                         .lambda = scheme->lambda,
                         .inverse = 1.0 / scheme->lambda,
                         .mu = mu,
                         .x = v,
                         .w = v + r};
    now.mass = v + 2 * r;
    struct states next = now;
    next.x = now.mass + n;
    next.w = next.x + r;
    next.mass = next.w + r;
    if (scheme->limits == ZH_EWMA_FIX) {
        double unit = deviation_of_z(scheme->lambda);
        place(&now, lower_of(scheme, c * unit), c * unit);
        rc = run_lengths(&now, room) ? accept(run_length_from(&now, scheme->hs * unit), out, err)
                                     : endless(err);
    } else {
        rc = changing_limits(scheme, c, &now, &next, room, out, err);
    }
    zh_dealloc(room);
    return rc;
}

/* ---- limits of a wanted run length ---- */

struct wanted {
    const zh_ewma_scheme *scheme; /* NULL: CUSUM with what follows */
    double k, hs, mu, log_arl;
    zh_arl_sides sides;
    size_t r;
};

/* Logarithm of the ratio of the ARL with limit x to the wanted one. Too long to be calculated
 * counts as long. */
static zh_rc excess(const struct wanted *w, double x, double *out, zh_err *err)
{
    double arl;
    zh_err ignored = {0};
    zh_rc rc = w->scheme != NULL ? zh_spc_arl_ewma(w->scheme, x, w->mu, &arl, &ignored)
                                 : zh_spc_arl_cusum(w->k, x, w->mu, w->hs < x ? w->hs : x, w->sides,
                                                    w->r, &arl, &ignored);
    if (rc == ZH_OK) {
        *out = log(fmax(arl, 1.0)) - w->log_arl;
        return ZH_OK;
    }
    *out = log(ARL_MAX) - w->log_arl;
    return rc == ZH_EINVAL ? ZH_OK : zh_err_set(err, rc, ignored.rule, "%s", ignored.message);
}

static zh_rc unreachable(double arl, zh_err *err)
{
    return zh_err_set(err, ZH_EINVAL, "spc.crit", "没有界限能使平均链长为 %g", arl);
}

/* The ARL grows with the limit: bracket from `low` in steps, then the Illinois form of false
 * position. */
static zh_rc find_limit(const struct wanted *w, double low, double high, double step, double most,
                        double *out, zh_err *err)
{
    double f_low;
    double f_high;
    zh_rc rc = excess(w, low, &f_low, err);
    rc = rc == ZH_OK ? excess(w, high, &f_high, err) : rc;
    while (rc == ZH_OK && f_high < 0.0 && high < most) {
        low = high;
        f_low = f_high;
        high += step;
        rc = excess(w, high, &f_high, err);
    }
    if (rc == ZH_OK && (f_low > 0.0 || f_high < 0.0)) {
        return unreachable(exp(w->log_arl), err);
    }
    int kept = 0;
    for (int i = 0; i < 200 && rc == ZH_OK && high - low > LIMIT_ACCURACY * fabs(high); i++) {
        double x = i % 4 == 3 ? (low + high) / 2.0 : low - f_low * (high - low) / (f_high - f_low);
        double f;
        rc = excess(w, x, &f, err);
        if (rc == ZH_OK && fabs(f) < 1e-13) {
            low = high = x;
        } else if (f < 0.0) {
            low = x;
            f_low = f;
            f_high = kept == 1 ? f_high / 2.0 : f_high;
            kept = 1;
        } else {
            high = x;
            f_high = f;
            f_low = kept == -1 ? f_low / 2.0 : f_low;
            kept = -1;
        }
    }
    *out = (low + high) / 2.0;
    return rc;
}

static zh_rc check_wanted(double arl0, double mu0, zh_err *err)
{
    if (!(arl0 > 1.0) || arl0 > ARL_MAX / 1e3 || !isfinite(mu0)) {
        return zh_err_set(err, ZH_EINVAL, "spc.crit", "想要的平均链长是 %g，要大于 1 且不超过 %g",
                          arl0, ARL_MAX / 1e3);
    }
    return ZH_OK;
}

zh_rc zh_spc_crit_cusum(double k, double arl0, double mu0, double hs, zh_arl_sides sides, size_t r,
                        double *out, zh_err *err)
{
    struct wanted w = {NULL, k, hs, mu0, log(arl0), sides, r};
    double ignored;
    zh_rc rc = check_wanted(arl0, mu0, err);
    /* Members that no limit can repair are refused before the search. */
    rc = rc == ZH_OK ? zh_spc_arl_cusum(k, fmax(1.0, fabs(hs)), mu0, hs, sides, r, &ignored, err)
                     : rc;
    return rc == ZH_OK ? find_limit(&w, fmax(1e-6, fabs(hs)), fmax(1.0, fabs(hs) + 0.5), 1.0, 200.0,
                                    out, err)
                       : rc;
}

zh_rc zh_spc_crit_ewma(const zh_ewma_scheme *scheme, double arl0, double mu0, double *out,
                       zh_err *err)
{
    struct wanted w = {scheme, 0.0, 0.0, mu0, log(arl0), scheme->sides, scheme->r};
    double least = scheme->sides == ZH_ARL_ONE ? scheme->zr : 0.0;
    zh_rc rc = check_wanted(arl0, mu0, err);
    rc = rc == ZH_OK ? check_scheme(scheme, mu0, err) : rc;
    return rc == ZH_OK ? find_limit(&w, least + 1e-6, fmax(least, 0.0) + 1.0, 0.5,
                                    fmax(least, 0.0) + 40.0, out, err)
                       : rc;
}
