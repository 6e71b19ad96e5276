/* Statistical process control: control charts, run rules, average run lengths, capability.
 *
 * Arrays in, structs out; results that are as long as the input live in the caller's arena. Pure,
 * deterministic, any number of threads. Refusals are ZH_EINVAL with rule spc.*, ZH_ENOMEM when the
 * arena's budget is exhausted.
 *
 * GB/T 17989.2 (ISO 7870-2) Shewhart charts; ISO 7870-4 CUSUM; ISO 7870-6 EWMA; GB/T 17989.7 and
 * ISO 7870-7 multivariate charts; ISO 22514-2 and -4 capability. */
#ifndef ZH_ENGINE_SPC_H
#define ZH_ENGINE_SPC_H

#include "base/err.h"
#include "num/interval.h"
#include "num/matrix.h"

#define ZH_SPC_SUBGROUP_MAX   ((size_t)10000) /* units of one subgroup */
#define ZH_SPC_RANGE_SIZE_MAX ((size_t)100)   /* units of a subgroup judged by its range */
#define ZH_SPC_VARIABLES_MAX  ((size_t)50)    /* characteristics of a T2 chart */
#define ZH_SPC_NODES_MIN      ((size_t)4)     /* nodes of the ARL equation */
#define ZH_SPC_NODES_MAX      ((size_t)200)
#define ZH_SPC_EXACT_MAX      ((size_t)1000000) /* points of a count chart by probability */

/* ---- constants of normal samples ---- */

/* Mean of the relative range of n >= 2 normal units, by integration of 1 - Phi^n - (1 - Phi)^n:
 * L. H. C. Tippett, Biometrika 17 (1925) 364-387, equation (13). Relative accuracy 1e-14. */
double zh_spc_d2(size_t n);
/* Standard deviation of the relative range, by integration of its distribution (H. O. Hartley,
 * Biometrika 32 (1942) 334-348). n from 2 to ZH_SPC_RANGE_SIZE_MAX (asserted). Relative accuracy
 * 1e-11. */
double zh_spc_d3_exact(size_t n);
/* The same as the tables of quality software print it, seven decimals for n up to 50, whose last
 * two digits are off (0.8640855 for n = 5, exact 0.8640819). Limits of R charts use this one, so
 * that they agree with those of other programs; from n = 51 on the exact one. */
double zh_spc_d3(size_t n);
/* Mean of the relative standard deviation: sqrt(2/(n-1)) Gamma(n/2)/Gamma((n-1)/2). */
double zh_spc_c4(size_t n);

typedef struct zh_spc_constants {
    double d2, d3, c4, a2, a3, b3, b4, d3_lower, d4_upper, e2;
} zh_spc_constants;

/* Factors of GB/T 17989.2 table 2: A2 = 3/(d2 sqrt n), A3 = 3/(c4 sqrt n), B3 and B4 = 1 -+ 3
 * sqrt(1 - c4^2)/c4, D3 and D4 = 1 -+ 3 d3/d2 (d3_lower, d4_upper; not below 0), E2 = 3/d2(2).
 * ZH_EINVAL: n < 2 or above ZH_SPC_RANGE_SIZE_MAX. */
zh_rc zh_spc_constants_of(size_t n, zh_spc_constants *out, zh_err *err) ZH_MUST;

/* ---- Shewhart charts ---- */

typedef enum zh_chart_type {
    ZH_CHART_XBAR,
    ZH_CHART_XBAR_ONE, /* individuals */
    ZH_CHART_R,
    ZH_CHART_S,
    ZH_CHART_P,
    ZH_CHART_NP,
    ZH_CHART_C,
    ZH_CHART_U,
    ZH_CHART_G, /* units between two events, geometric */
} zh_chart_type;

/* How sigma is estimated from the subgroups. Means of R/d2 and s/c4 over the subgroups, their
 * minimum variance linear combinations (weights (d2/d3)^2 and c4^2/(1 - c4^2)), the pooled standard
 * deviation over c4(df + 1); for individuals the mean range of span neighbours over d2(span), or
 * the standard deviation over c4(n). I. W. Burr, Statistical Quality Control Methods (1976);
 * ISO 7870-2:2013, 7.2. */
typedef enum zh_sigma_method {
    ZH_SIGMA_DEFAULT, /* X-bar, R: UWAVE_R, pooled above 25 units; S: UWAVE_SD; individuals: MR */
    ZH_SIGMA_UWAVE_R,
    ZH_SIGMA_UWAVE_SD,
    ZH_SIGMA_MVLUE_R,
    ZH_SIGMA_MVLUE_SD,
    ZH_SIGMA_RMSDF,
    ZH_SIGMA_MR,
    ZH_SIGMA_SD,
} zh_sigma_method;

/* Units of subgroup i: v[start[i]] .. v[start[i + 1] - 1]; start has n + 1 offsets. */
typedef struct zh_subgroups {
    size_t n;
    const size_t *start;
    const double *v;
} zh_subgroups;

typedef struct zh_chart_options {
    zh_chart_type type;
    zh_sigma_method sigma;
    double nsigmas;    /* half width of the limits, > 0 */
    double confidence; /* instead of nsigmas, probability limits; 0: not asked */
    size_t span;       /* individuals: length of the moving range, >= 2 */
    size_t baseline;   /* phase I: only the first so many points estimate; 0: all */
    double center;     /* phase II: known values, NAN: estimated */
    double std_dev;
} zh_chart_options;

/* nsigmas 3, span 2, everything estimated from all points. */
zh_chart_options zh_chart_options_of(zh_chart_type type);

typedef struct zh_chart {
    size_t n;
    double center, std_dev; /* np with unequal sizes: of the mean size, and those below per point */
    double *centers, *std_devs; /* np with unequal sizes, otherwise NULL */
    double *statistics, *lcl, *ucl;
    bool *beyond; /* outside the limits; a point on a limit is not */
} zh_chart;

/* Charts of measured values: X-bar, individuals (subgroups of 1), R, S. A subgroup of one unit
 * is plotted on an X-bar chart but does not estimate sigma; R and S charts refuse it. Centre of
 * X-bar: the mean of all units; of R and S: mean of the statistics weighted by size. */
zh_rc zh_spc_chart(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                   zh_chart *out, zh_err *err) ZH_MUST;

/* Charts of counts: p, np (nonconforming units of sizes[i]), c, u (nonconformities on sizes[i]
 * units of opportunity), g. sizes may be NULL for c and g. Limits outside the possible values are
 * moved to them. */
zh_rc zh_spc_count_chart(zh_arena *arena, const double *counts, const double *sizes, size_t n,
                         const zh_chart_options *options, zh_chart *out, zh_err *err) ZH_MUST;

typedef struct zh_moving_range {
    size_t n; /* points of mr */
    double center, sigma, lcl, ucl;
    double *mr;
} zh_moving_range;

/* Moving range of two neighbours: sigma = mean/d2(2), limits mean -+ nsigmas d3(2) sigma.
 * ISO 7870-2:2013, 7.3. */
zh_rc zh_spc_moving_range(zh_arena *arena, const double *x, size_t n, double nsigmas,
                          zh_moving_range *out, zh_err *err) ZH_MUST;

/* ---- charts with memory ---- */

typedef struct zh_cusum_chart {
    size_t n;
    double center, std_dev;
    double *statistics;
    double *pos, *neg; /* neg is <= 0 */
    bool *above, *below;
} zh_cusum_chart;

/* Tabular CUSUM of the standardised subgroup means z: C+ = max(0, C+ + z - shift/2) and its mirror
 * image, both starting at head_start, signal beyond `interval`. ISO 7870-4:2021, 5. options: type
 * X-bar or individuals, sigma, centre, baseline. */
zh_rc zh_spc_cusum(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                   double interval, double shift, double head_start, zh_cusum_chart *out,
                   zh_err *err) ZH_MUST;

typedef struct zh_ewma_chart {
    size_t n;
    double center, std_dev;
    double *statistics, *ewma, *lcl, *ucl;
    bool *beyond;
} zh_ewma_chart;

/* z_i = lambda x_i + (1 - lambda) z_(i-1) from the centre; limits centre -+ nsigmas sigma/sqrt(n_i)
 * sqrt(lambda/(2 - lambda) (1 - (1 - lambda)^(2i))). ISO 7870-6:2016, 5. */
zh_rc zh_spc_ewma(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                  double lambda, zh_ewma_chart *out, zh_err *err) ZH_MUST;

typedef struct zh_t2_chart {
    size_t n, variables;
    double *center;
    zh_matrix cov;
    double *t2;
    double ucl_phase1, ucl_phase2;
    bool *beyond_phase1, *beyond_phase2;
} zh_t2_chart;

/* Hotelling T2 of individual vectors, rows of x: covariance with n - 1; phase I limit
 * (m-1)^2/m B(p/2, (m-p-1)/2), phase II p (m+1)(m-1)/(m (m-p)) F(p, m-p). N. D. Tracy, J. C. Young,
 * R. L. Mason, J. Quality Technology 24 (1992) 88-95. */
zh_rc zh_spc_t2_individual(zh_arena *arena, const zh_matrix *x, double confidence, zh_t2_chart *out,
                           zh_err *err) ZH_MUST;
/* Of subgroups: x[v] has the m subgroups of characteristic v as rows, their n units as columns;
 * mean covariance within subgroups; p (m-1)(n-1)/(mn-m-p+1) F(p, mn-m-p+1), phase II with m + 1.
 * D. C. Montgomery, Introduction to Statistical Quality Control, 7th ed., (11.20)-(11.23). */
zh_rc zh_spc_t2_subgroup(zh_arena *arena, const zh_matrix *x, size_t variables, double confidence,
                         zh_t2_chart *out, zh_err *err) ZH_MUST;

/* ---- run rules ---- */

typedef enum zh_run_rule {
    ZH_RULE_WE1,     /* Western Electric (1956): 1 beyond 3 sigma */
    ZH_RULE_WE2,     /* 2 of 3 beyond 2 sigma on a side */
    ZH_RULE_WE3,     /* 4 of 5 beyond 1 sigma on a side */
    ZH_RULE_WE4,     /* 8 in a row on a side */
    ZH_RULE_NELSON1, /* L. S. Nelson, J. Quality Technology 16 (1984) 237-239; GB/T 4091-2001 */
    ZH_RULE_NELSON2, /* 9 in a row on a side */
    ZH_RULE_NELSON3, /* 6 in a row rising, or falling */
    ZH_RULE_NELSON4, /* 14 in a row alternating */
    ZH_RULE_NELSON5, /* 2 of 3 beyond 2 sigma on a side */
    ZH_RULE_NELSON6, /* 4 of 5 beyond 1 sigma on a side */
    ZH_RULE_NELSON7, /* 15 in a row within 1 sigma */
    ZH_RULE_NELSON8, /* 8 in a row beyond 1 sigma, on both sides */
    ZH_RULE_GB1,     /* GB/T 17989.2 (ISO 7870-2:2013): 1 beyond 3 sigma */
    ZH_RULE_GB2,     /* 7 in a row on a side */
    ZH_RULE_GB3,     /* 7 in a row rising, or falling */
    ZH_RULE_N,
} zh_run_rule;

/* Bits of a named set of rules. */
#define ZH_RULES_WESTERN_ELECTRIC 0x000fu
#define ZH_RULES_NELSON           0x0ff0u
#define ZH_RULES_GB17989          0x7000u

/* JSON name: we1, nelson1, gb1; its statement in Chinese and in English. rule below ZH_RULE_N
 * (asserted). */
const char *zh_run_rule_name(zh_run_rule rule);
const char *zh_run_rule_zh(zh_run_rule rule);
const char *zh_run_rule_en(zh_run_rule rule);

/* Points that complete a pattern of the rule, and every later point that still completes it. Bounds
 * are strict, except that a point on the 1 sigma bound counts as within it (rule 7). sigma may be
 * one number (sigma_n 1) or one per point; center likewise. A missing point (NAN) interrupts every
 * pattern. hits has n elements. */
typedef struct zh_run_input {
    size_t n;
    const double *statistics;
    const double *center;
    size_t center_n;
    const double *sigma;
    size_t sigma_n;
} zh_run_input;
zh_rc zh_spc_run_rule(const zh_run_input *in, zh_run_rule rule, bool *hits, zh_err *err) ZH_MUST;

/* ---- average run lengths (normal mean, sigma 1) ---- */

typedef enum zh_arl_sides { ZH_ARL_ONE, ZH_ARL_TWO, ZH_ARL_CROSIER } zh_arl_sides;

/* CUSUM with reference value k, interval h, head start hs, true mean mu: the integral equation
 * L(s) = 1 + L(0) Phi(k - s - mu) + int_0^h phi(y + k - s - mu) L(y) dy by Gauss-Legendre
 * quadrature with r nodes (L. C. Vance, J. Quality Technology 18 (1986) 189-193). Two-sided by
 * L = (L+(hs) L-(0) + L-(hs) L+(0) - L+(0) L-(0))/(L+(0) + L-(0)) (J. M. Lucas, R. B. Crosier,
 * Technometrics 24 (1982) 199-205); Crosier's own two-sided scheme (Technometrics 28 (1986)
 * 187-194) by an equation on (-h, h). */
zh_rc zh_spc_arl_cusum(double k, double h, double mu, double hs, zh_arl_sides sides, size_t r,
                       double *out, zh_err *err) ZH_MUST;

typedef enum zh_ewma_limits {
    ZH_EWMA_FIX,     /* asymptotic limits from the first point on */
    ZH_EWMA_VACL,    /* limits that follow the variance of z_i */
    ZH_EWMA_FIR,     /* two one-sided charts with head start +-hs, fixed limits */
    ZH_EWMA_BOTH,    /* fir and vacl */
    ZH_EWMA_STEINER, /* vacl, narrowed at the start: S. H. Steiner, JQT 31 (1999) 75-86 */
    ZH_EWMA_STAT,    /* z_1 = sqrt(lambda/(2 - lambda)) x_1 has the stationary variance */
} zh_ewma_limits;

typedef struct zh_ewma_scheme {
    double lambda;         /* 0 < lambda <= 1 */
    double zr;             /* one-sided: reflecting border, <= c */
    double hs;             /* head start; zr, hs and c in standard deviations of z */
    zh_arl_sides sides;    /* one or two */
    zh_ewma_limits limits; /* one-sided: fix, vacl or stat */
    size_t r;
} zh_ewma_scheme;

/* EWMA with limits -+ c standard deviations of z: L(z) = 1 + 1/lambda int L(y)
 * phi((y - (1 - lambda) z)/lambda - mu) dy by Gauss-Legendre quadrature (S. V. Crowder,
 * Technometrics 29 (1987) 401-407); changing limits by the densities of z_1, z_2, … until the
 * limits stand still (S. Knoth, Sequential Analysis 22 (2003) 241-255). */
zh_rc zh_spc_arl_ewma(const zh_ewma_scheme *scheme, double c, double mu, double *out,
                      zh_err *err) ZH_MUST;

/* Limits whose ARL at mean mu0 is L0 > 1: relative accuracy 1e-10. ZH_EINVAL: none exists. */
zh_rc zh_spc_crit_cusum(double k, double arl0, double mu0, double hs, zh_arl_sides sides, size_t r,
                        double *out, zh_err *err) ZH_MUST;
zh_rc zh_spc_crit_ewma(const zh_ewma_scheme *scheme, double arl0, double mu0, double *out,
                       zh_err *err) ZH_MUST;

/* ---- capability ---- */

typedef struct zh_capability_index {
    double value, lower, upper; /* NAN: the index needs a limit that is not given */
} zh_capability_index;

typedef struct zh_indices {
    double sd;
    zh_capability_index cp, cpl, cpu, cpk, cpm; /* Pp .. for the overall deviation */
    double ppm_below, ppm_above;                /* expected from the normal distribution, 1e6 */
} zh_indices;

typedef struct zh_capability {
    size_t n;
    double center;
    zh_indices within, overall;
    double ppm_observed_below, ppm_observed_above;
} zh_capability;

typedef struct zh_specification {
    double lsl, usl, target; /* NAN: not given; at least one limit; target: their middle */
    double confidence;       /* of the intervals */
    double nsigmas;          /* 3: the indices divide by 3 sigma on a side */
} zh_specification;

/* Capability (sigma within subgroups, by the method of options) and performance (overall standard
 * deviation) indices. ISO 22514-2:2017, 6; ISO 22514-4:2016. Intervals: Cp by chi-squared with n -
 * 1 degrees; Cpl, Cpu, Cpk by the normal approximation of A. F. Bissell, Applied Statistics 39
 * (1990) 331-340, Cpl and Cpu with the one-sided quantile on each side; Cpm by R. A. Boyles, J.
 * Quality Technology 23 (1991) 17-26. */
zh_rc zh_spc_capability(zh_arena *arena, const zh_subgroups *data, const zh_chart_options *options,
                        const zh_specification *spec, zh_capability *out, zh_err *err) ZH_MUST;

#endif
