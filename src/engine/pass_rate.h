/* 制造业产品质量合格率: the pass rate of manufactured products, weighted by output.
 *
 * Samples are drawn per region r and industry i (GB/T 4754-2017, divisions 13 to 41); in each cell
 * p_ri = passed/samples. With the industrial output V_ri as weight
 *   region    P_r = sum_i V_ri p_ri / sum_i V_ri
 *   industry  P_i = sum_r V_ri p_ri / sum_r V_ri
 *   all       P   = sum_ri V_ri p_ri / sum_ri V_ri
 * as 国家市场监督管理总局 describes the indicator in words; the rule for cells with output but no
 * samples is not published. Here such a cell takes the rate of its industry over the regions that
 * have samples, and the share of output filled in this way is reported.
 *
 * Variance: cells are independent simple random samples, so a sum of a_c p_c has the variance
 * sum a_c^2 p_c (1 - p_c)/(n_c - 1) (Cochran, Sampling Techniques, 3.2 and 5.3); a filled cell adds
 * its weight to the cells it borrows from. Interval: log odds with t of sum n_c - cells degrees of
 * freedom; where every sample passed, or none, Clopper-Pearson for the effective number of samples
 * (sum a)^2 / sum (a^2/n_c). Pure apart from the arena; any number of threads. */
#ifndef ZH_ENGINE_PASS_RATE_H
#define ZH_ENGINE_PASS_RATE_H

#include "base/arena.h"
#include "base/err.h"
#include "num/interval.h"

#define ZH_PASS_RATE_CELLS_MAX  ((size_t)1000000)
#define ZH_PASS_RATE_OUTPUT_MAX 1e18 /* of one cell */

typedef struct zh_pass_rate_cell {
    size_t region, industry; /* 0 … regions - 1, 0 … industries - 1 */
    double output;           /* V_ri >= 0 */
    int64_t samples, passed; /* samples 0: to be filled */
} zh_pass_rate_cell;

typedef struct zh_pass_rate {
    double estimate, se, df;
    zh_interval interval;
    double output;        /* sum of V */
    double filled_output; /* of the cells without samples */
    int64_t samples, passed;
} zh_pass_rate;

/* by_region and by_industry have room for `regions` and `industries`. A region or industry without
 * output has estimate NAN. ZH_EINVAL: passed > samples, negative numbers, a cell given twice,
 * output but no sample anywhere in an industry, a cell with exactly one sample (its variance cannot
 * be estimated: merge it with a neighbour), no output at all. ZH_ELIMIT: too many cells. */
zh_rc zh_pass_rate_of(zh_arena *arena, const zh_pass_rate_cell *cells, size_t n, size_t regions,
                      size_t industries, double confidence, zh_pass_rate *all,
                      zh_pass_rate *by_region, zh_pass_rate *by_industry, zh_err *err) ZH_MUST;

#endif
