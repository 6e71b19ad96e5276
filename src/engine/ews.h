/* Early warning on a series of counts: is the count of a time point above what its own past lets
 * expect? EARS C1-C3, Bayes, Farrington and its flexible improvement, CUSUM and the generalised
 * likelihood ratio.
 *
 * Counts are whole numbers from 0 to ZH_EWS_COUNT_MAX held as binary64; time points are numbered
 * from 0, one per equal period, none missing. Conventions (which points form the baseline, when a
 * trend is kept, when an answer is withheld) are those of the R package surveillance 1.20.3, so
 * that answers can be compared; where that package departs from the paper the contract says so.
 * Pure; any number of threads; memory from the caller's arena, given back before return. */
#ifndef ZH_ENGINE_EWS_H
#define ZH_ENGINE_EWS_H

#include "base/arena.h"
#include "base/err.h"

#define ZH_EWS_POINTS_MAX      ((size_t)1000000) /* of a series */
#define ZH_EWS_COUNT_MAX       1e12              /* of a time point */
#define ZH_EWS_FREQUENCY_MAX   3660              /* time points of a year */
#define ZH_EWS_BASELINE_MAX    10000             /* points of an EARS baseline */
#define ZH_EWS_HARMONICS_MAX   10
#define ZH_FARRINGTON_WORK_MAX 2e8 /* time points judged times their reference points */
#define ZH_EWS_WORK_MAX        4e9 /* terms that a generalised likelihood ratio may sum */

typedef enum zh_alarm {
    ZH_ALARM_NO,
    ZH_ALARM_YES,
    ZH_ALARM_UNKNOWN, /* no bound could be computed */
} zh_alarm;

/* ---- EARS: L. Hutwagner, W. Thompson, G. M. Seeman, T. Treadwell, The bioterrorism preparedness
 * and response Early Aberration Reporting System (EARS), Journal of Urban Health 80 (2003) i89-i96.
 */
typedef enum zh_ears_method { ZH_EARS_C1, ZH_EARS_C2, ZH_EARS_C3 } zh_ears_method;

typedef struct zh_ears {
    zh_ears_method method;
    size_t baseline;  /* points, 3 … ZH_EWS_BASELINE_MAX; usual 7 */
    double alpha;     /* one-sided; usual 0.001 for C1 and C2, 0.025 for C3 */
    double min_sigma; /* the standard deviation of a baseline is taken to be at least this */
} zh_ears;

/* The first time point that has a bound: baseline for C1, baseline + 2 for C2, + 4 for C3. */
size_t zh_ears_first(const zh_ears *ears);
/* Upper bounds of n time points. C1, C2: mean + z(1 - alpha) max(sd, min_sigma) of the baseline
 * that ends 1 or 3 points before. C3: count + sd (z - sum over the two points before of max(0, C2 -
 * 1)), never below 0, C2 being (count - mean)/sd. The alarm is count > bound. NAN where a C3
 * baseline does not vary and min_sigma is 0. Points from zh_ears_first on, settings in their ranges
 * (asserted). */
void zh_ears_run(const double *counts, const size_t *range, size_t n, const zh_ears *ears,
                 double *upper);

/* ---- Bayes: A. Riebler, Empirischer Vergleich von statistischen Methoden zur Ausbruchserkennung
 * bei Surveillance Daten, LMU München 2004; M. Höhle, Computational Statistics 22 (2007) 571-582.
 */
typedef struct zh_ews_bayes {
    size_t frequency;  /* time points of a year */
    size_t b;          /* years of the past */
    size_t w;          /* half width of the window in each of them */
    bool current_year; /* the w points before too */
    double alpha;
} zh_ews_bayes;

/* The time points before `first` have too short a past. */
size_t zh_ews_bayes_first(const zh_ews_bayes *bayes);
/* 1 - alpha quantile of the predictive distribution NB(sum + 1/2, n/(n + 1)) of a Poisson count
 * under Jeffreys' prior, sum and n being those of the reference points; at >= first and at least
 * one reference point (asserted). The alarm is count > bound. */
double zh_ews_bayes_upper(const double *counts, size_t at, const zh_ews_bayes *bayes);

/* ---- Farrington: C. P. Farrington, N. J. Andrews, A. D. Beale, M. A. Catchpole, A statistical
 * algorithm for the early detection of outbreaks of infectious disease, JRSS A 159 (1996) 547-563;
 * flexible: A. Noufaily, D. G. Enki, P. Farrington, P. Garthwaite, N. Andrews, A. Charlett, An
 * improved algorithm for outbreak detection in multiple surveillance systems, Statistics in
 * Medicine 32 (2013) 1206-1222; muan: M. Salmon, D. Schumacher, M. Höhle, Journal of Statistical
 * Software 70 (2016) no. 10, section 3. */
typedef enum zh_farrington_power {
    ZH_FARRINGTON_NONE,
    ZH_FARRINGTON_HALF,
    ZH_FARRINGTON_TWO_THIRDS
} zh_farrington_power;

typedef enum zh_farrington_threshold {
    ZH_FARRINGTON_DELTA,     /* normal on the transformed scale, error of the mean included */
    ZH_FARRINGTON_NB_PLUGIN, /* negative binomial about the estimated mean */
    ZH_FARRINGTON_MUAN,      /* about the upper 1 - alpha limit of that mean */
} zh_farrington_threshold;

typedef struct zh_farrington {
    bool flexible;
    size_t frequency; /* time points of a year */
    size_t b;         /* years of the past, >= 1 */
    size_t w;         /* half width of the window in each of them; 2w + 1 <= frequency */
    double alpha;     /* the original method takes z(1 - alpha/2), the flexible z(1 - alpha) */
    bool reweight;    /* past outbreaks weigh less */
    bool trend;       /* a log-linear trend is tried */
    zh_farrington_power power;
    double limit_cases;       /* no alarm when the limit_points up to now */
    size_t limit_points;      /* hold fewer cases; >= 1 */
    const double *population; /* NULL, or an offset log(population) of each point */
    /* the flexible method only */
    size_t no_periods;    /* levels of the seasonal factor; 1: only the windows, as originally */
    size_t past_excluded; /* points before now left out of the baseline */
    double weights_threshold; /* residuals above it are weighted down; originally 1 */
    double p_trend;           /* a trend is kept when its p-value is below; originally 0.05 */
    zh_farrington_threshold threshold;
} zh_farrington;

typedef struct zh_farrington_point {
    double upper;    /* NAN: withheld (limit_cases) or not computed; original: 0 when withheld */
    double expected; /* NAN likewise; of the original method always the estimate */
    double phi;      /* dispersion, at least 1 */
    double p_value;  /* P(count or more) under the model; normal on the transformed scale: delta */
    bool trend;      /* kept */
    zh_alarm alarm;
} zh_farrington_point;

/* The defaults of surveillance: b 5, w 3, alpha 0.05, one period, delta, 2/3, limit 5 in 4. */
zh_farrington zh_farrington_defaults(bool flexible, size_t frequency);
/* The first time point that is judged unless a range is given: the flexible method begins where all
 * its reference points exist, the original frequency b - w - 1 points from the start. */
size_t zh_farrington_first(const zh_farrington *settings);

/* Quasi-Poisson regression with a log link on the reference points (baseline), fitted by
 * iteratively reweighted least squares until the deviance changes by less than 1e-8 (at most 25
 * steps, the criteria of R's glm); Anscombe residuals s = 3/2 (y^(2/3) mu^(-1/6) -
 * mu^(1/2))/sqrt(phi (1 - h)) weight those above the threshold by s^-2 (Farrington 3.5); the trend
 * is kept when it is significant, b >= 3 and the forecast does not pass the largest baseline count
 * (3.4); threshold by 3.7 or its successors. Reference points before the start of the series are
 * left out; the flexible method asks for the middle of every window. As in surveillance the
 * flexible method takes the variance of the mean, and that of the trend, from sum omega (y/mu -
 * 1)^2/df after reweighting. range: n_range time points, each < n, and >= b * frequency (0-based)
 * for the flexible method. ZH_EINVAL: settings or range out of bounds (rule ews.*), ZH_ELIMIT,
 * ZH_ENOMEM. */
zh_rc zh_farrington_run(zh_arena *arena, const double *counts, size_t n, const size_t *range,
                        size_t n_range, const zh_farrington *settings, zh_farrington_point *out,
                        zh_err *err) ZH_MUST;

/* ---- CUSUM: G. Rossi, L. Lampugnani, M. Marchi, An approximate CUSUM procedure for surveillance
 * of health events, Statistics in Medicine 18 (1999) 2111-2122; D. A. Pierce, D. W. Schafer,
 * Residuals in generalized linear models, JASA 81 (1986) 977-986 (anscombe_2nd). */
typedef enum zh_count_transform {
    ZH_COUNT_STANDARD,     /* (x - m)/sqrt m */
    ZH_COUNT_ROSSI,        /* (x - 3m + 2 sqrt(xm))/(2 sqrt m) */
    ZH_COUNT_ANSCOMBE,     /* 3/2 (x^(2/3) - m^(2/3))/m^(1/6) */
    ZH_COUNT_ANSCOMBE_2ND, /* (x^(2/3) - (m^(2/3) - m^(-1/3)/9))/(2/3 m^(1/6)) */
    ZH_COUNT_PEARSON_NB,   /* (x - m)/sqrt(m + alpha m^2) */
    ZH_COUNT_ANSCOMBE_NB,  /* integral from m to x of (t + alpha t^2)^(-1/3), over (m + alpha
                              m^2)^(1/6) */
    ZH_COUNT_NONE,         /* x */
} zh_count_transform;

/* Standardised count; mean > 0 (asserted unless none). alpha: of the two for negative binomial. */
double zh_count_standardise(zh_count_transform transform, double count, double mean, double alpha);
/* C = max(0, C + z - k) over the n counts, starting from 0; alarm where C >= h. No reset. */
void zh_count_cusum(zh_count_transform transform, const double *counts, const double *mean,
                    size_t n, double alpha, double k, double h, double *cusum, bool *alarm);
/* The count that would make C reach h at a point, given C before it; NAN: none (rossi of a bound
 * below its range), never below 0. */
double zh_count_cusum_upper(zh_count_transform transform, double before, double mean, double alpha,
                            double k, double h);

/* Means of the points `range` from a Poisson regression with log link of the first n_train counts
 * on 1, cos and sin of 2 pi j t/frequency (j = 1 … harmonics) and, if asked, t; t counts from 1.
 * ZH_EINVAL: too few or only zero counts, or it does not converge. */
zh_rc zh_count_season(zh_arena *arena, const double *counts, size_t n_train, size_t frequency,
                      size_t harmonics, bool trend, const size_t *range, size_t n_range,
                      double *mean, zh_err *err) ZH_MUST;

/* ---- Generalised likelihood ratio: M. Höhle, M. Paul, Count data regression charts for the
 * monitoring of surveillance time series, Computational Statistics & Data Analysis 52 (2008)
 * 4357-4368. */
typedef struct zh_count_glr {
    double alpha;     /* variance mu + alpha mu^2; 0: Poisson */
    double threshold; /* alarm where the statistic reaches it (passes it: known shift, epidemic) */
    bool known;       /* the shift theta is known: CUSUM of log-likelihood ratios */
    double theta;     /* log of the factor of the mean, not 0 */
    bool epidemic;    /* mean mu0 + lambda x(t-1), lambda > 0, instead of mu0 exp(kappa) */
    bool decrease;    /* kappa < 0 is looked for instead of kappa > 0 */
    int64_t window;   /* change points at most this far back; -1: since the last alarm */
    size_t at_least;  /* points needed to estimate a change, >= 1 */
} zh_count_glr;

/* Statistic and alarm of each of n points against the in-control means mean[]; after an alarm it
 * starts afresh. Statistics below 0 are given as 0. Poisson intercept: kappa = log(sum x/sum mu);
 * otherwise by Newton's method. A window of counts that are all 0 has the supremum of its
 * likelihood ratio (surveillance skips it when a decrease is looked for), and an epidemic negative
 * binomial chart maximises its own likelihood (surveillance solves the score of the intercept
 * chart). ZH_EINVAL: a setting or mean out of range; ZH_ELIMIT: n and window ask for more than
 * ZH_EWS_WORK_MAX terms. */
zh_rc zh_count_glr_run(const double *counts, const double *mean, size_t n, const zh_count_glr *glr,
                       double *value, bool *alarm, zh_err *err) ZH_MUST;

#endif
