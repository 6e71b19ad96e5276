/* Tables and switching rules of GB/T 2828.1-2012 (ISO 2859-1:1999).
 *
 * In tables 2-A to 2-C a cell depends on the sum of the ranks of the letter and of the AQL alone:
 * sample sizes and AQLs both grow by the fifth root of ten, so their product is constant along a
 * diagonal. Acceptance numbers follow that sum; between those of 0 and 1 and beyond the largest lie
 * the arrows. Where an arrow down leaves the table there is none, and the cell points up; likewise
 * the other way round. Tables 2-A to 2-C were compared cell by cell with a published transcription
 * of the standard. The double and multiple plans of a cell belong to its single plan: their numbers
 * follow from its acceptance number, their sizes from the letter. doc/engine/acceptance.md says
 * what was compared with what. */
#include "engine/acceptance.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

#define LETTERS_N 16
#define ROWS_N    17 /* with S, which only table 2-B has and only at one AQL */

static const char letters[] = "ABCDEFGHJKLMNPQRS";

const double zh_aql[ZH_AQL_N] = {0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40,
                                 0.65,  1.0,   1.5,   2.5,   4.0,   6.5,  10,   15,   25,
                                 40,    65,    100,   150,   250,   400,  650,  1000};

/* ---- table 1 ---- */

static const struct {
    int64_t lot_max;
    const char *code; /* S-1 S-2 S-3 S-4 I II III */
} code_letters[] = {
    {8, "AAAAAAB"},      {15, "AAAAABC"},     {25, "AABBBCD"},        {50, "ABBCCDE"},
    {90, "BBCCCEF"},     {150, "BBCDDFG"},    {280, "BCDEEGH"},       {500, "BCDEFHJ"},
    {1200, "CCEFGJK"},   {3200, "CDEGHKL"},   {10000, "CDFGJLM"},     {35000, "CDFHKMN"},
    {150000, "DEGJLNP"}, {500000, "DEGJMPQ"}, {INT64_MAX, "DEHKNQR"},
};

zh_rc zh_code_letter(int64_t lot_size, zh_inspection_level level, char *out, zh_err *err)
{
    if (lot_size < 2) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.lot", "批量是 %lld，至少要 2",
                          (long long)lot_size);
    }
    zh_assert(level <= ZH_LEVEL_III);
    size_t i = 0;
    while (lot_size > code_letters[i].lot_max) {
        i++;
    }
    *out = code_letters[i].code[level];
    return ZH_OK;
}

/* ---- tables 2-A, 2-B, 2-C ---- */

#define DOWN (-1)
#define UP   (-2)

/* Acceptance numbers by the sum of ranks, from the diagonal of Ac 0 on. Above the ones for all
 * letters come those that letters A to E have beyond them. */
struct table {
    int first; /* sum of ranks of Ac 0 */
    int size[ROWS_N];
    int all_n, ac_n;
    int ac[14];
};

static const struct table tables[] = {
    [ZH_INSPECTION_NORMAL] = {14,
                              {2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000},
                              11,
                              13,
                              {0, UP, DOWN, 1, 2, 3, 5, 7, 10, 14, 21, 30, 44}},
    [ZH_INSPECTION_TIGHTENED] = {15,
                                 {2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250,
                                  2000, 3150},
                                 10,
                                 12,
                                 {0, DOWN, DOWN, 1, 2, 3, 5, 8, 12, 18, 27, 41}},
    [ZH_INSPECTION_REDUCED] = {14,
                               {2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800},
                               11,
                               13,
                               {0, UP, DOWN, DOWN, 1, 2, 3, 5, 6, 8, 10, 14, 21}},
};

/* Under reduced inspection letters A and B have the smallest sample, 2, that C has too: their
 * acceptance numbers go by the AQL alone, as those of letter A do under normal inspection. */
static int reduced_small(int row, int column)
{
    static const int ac[] = {1, 2, 3, 5, 7, 10, 14, 21, 30};
    int k = column - 17;
    zh_assert(row < 2);
    return k >= 0 && k < (int)ZH_COUNTOF(ac) ? ac[k] : DOWN;
}

/* Acceptance number of a cell, or where its arrow points. */
static int cell(zh_inspection inspection, int row, int column)
{
    const struct table *t = &tables[inspection];
    int k = row + column - t->first;
    if (inspection == ZH_INSPECTION_REDUCED && row < 2 && k >= 2) {
        return reduced_small(row, column);
    }
    if (k < 0) {
        return DOWN;
    }
    int most = row <= 4 ? t->ac_n : t->all_n;
    return k < most ? t->ac[k] : UP;
}

/* Letter S stands in table 2-B at AQL 0.025 only. */
static bool in_table(zh_inspection inspection, int row, int column)
{
    bool s = inspection == ZH_INSPECTION_TIGHTENED && row == LETTERS_N && column == 2;
    return row >= 0 && (row < LETTERS_N || s);
}

/* The row of the plan that the arrows from `row` lead to. */
static int follow(zh_inspection inspection, int row, int column)
{
    int to = row;
    int way = cell(inspection, row, column);
    while (in_table(inspection, to, column) && cell(inspection, to, column) < 0) {
        to += way == DOWN ? 1 : -1;
    }
    if (in_table(inspection, to, column)) {
        return to;
    }
    for (to = row; cell(inspection, to, column) < 0;) {
        to += way == DOWN ? -1 : 1;
        zh_assert(in_table(inspection, to, column));
    }
    return to;
}

static int rank_of_aql(double aql)
{
    for (int j = 0; j < ZH_AQL_N; j++) {
        if (fabs(aql - zh_aql[j]) <= 1e-9 * zh_aql[j]) {
            return j;
        }
    }
    return -1;
}

zh_rc zh_single_plan_of(int64_t lot_size, zh_inspection_level level, double aql,
                        zh_inspection inspection, zh_single_plan *out, zh_err *err)
{
    char letter;
    zh_rc rc = zh_code_letter(lot_size, level, &letter, err);
    int column = rank_of_aql(aql);
    if (rc != ZH_OK) {
        return rc;
    }
    if (column < 0) {
        zh_err_set(err, ZH_EINVAL, "acceptance.aql", "%g 不是标准的 AQL", aql);
        zh_err_fix(err, "用 0.010 0.015 0.025 0.040 0.065 0.10 0.15 0.25 0.40 0.65 1.0 1.5 2.5 4.0 "
                        "6.5 10 15 25 40 65 100 150 250 400 650 1000 之一");
        return ZH_EINVAL;
    }
    if (inspection > ZH_INSPECTION_REDUCED) {
        return zh_err_set(err, ZH_EINVAL, "acceptance.discontinued", "检验已暂停，没有抽样方案");
    }
    int row = follow(inspection, (int)(strchr(letters, letter) - letters), column);
    int ac = cell(inspection, row, column);
    *out = (zh_single_plan){
        .letter = letters[row], .n = tables[inspection].size[row], .ac = ac, .re = ac + 1};
    out->inspect_all = out->n >= lot_size;
    return ZH_OK;
}

/* ---- double and multiple plans ---- */

#define STAGES_OF_MULTIPLE 7
#define ROWS_BEFORE_DOUBLE 1 /* its samples have the size of the letter before */
#define ROWS_BEFORE_SEVEN  3

/* By the acceptance number of the single plan; the second rejection number is ac2 + 1. */
static const struct double_plan {
    int single, ac1, re1, ac2;
} double_plans[] = {
    {1, 0, 2, 1},     {2, 0, 3, 3},     {3, 1, 4, 4},     {5, 2, 5, 6},     {7, 3, 7, 8},
    {8, 3, 7, 11},    {10, 5, 9, 12},   {12, 6, 10, 15},  {14, 7, 11, 18},  {18, 9, 14, 23},
    {21, 11, 16, 26}, {27, 15, 20, 34}, {30, 17, 22, 37}, {41, 23, 29, 52}, {44, 25, 31, 56},
};

/* Of ISO 2859-1:1999, as far as they are confirmed; doc/engine/acceptance.md says from where. */
static const struct double_plan double_plans_iso[] = {
    {1, 0, 2, 1}, {2, 0, 3, 3},   {3, 1, 3, 4},    {5, 2, 5, 6},
    {7, 3, 6, 9}, {10, 5, 9, 12}, {14, 7, 11, 18}, {21, 11, 16, 26},
};

/* The last rejection number is the last acceptance number + 1. */
static const struct multiple_plan {
    int single, ac[STAGES_OF_MULTIPLE], re[STAGES_OF_MULTIPLE];
} multiple_plans[] = {
    {1, {-1, -1, 0, 0, 1, 1, 2}, {2, 2, 2, 3, 3, 3, 3}},
    {2, {-1, 0, 0, 1, 2, 3, 4}, {2, 3, 3, 4, 4, 5, 5}},
    {3, {-1, 0, 1, 2, 3, 4, 6}, {3, 3, 4, 5, 6, 6, 7}},
    {5, {-1, 1, 2, 3, 5, 7, 9}, {4, 5, 6, 7, 8, 9, 10}},
    {7, {0, 1, 3, 5, 7, 10, 13}, {4, 6, 8, 10, 11, 12, 14}},
    {8, {0, 2, 4, 6, 9, 12, 14}, {4, 7, 9, 11, 12, 14, 15}},
    {10, {0, 3, 6, 8, 11, 14, 18}, {5, 8, 10, 13, 15, 17, 19}},
    {12, {0, 3, 7, 10, 14, 18, 21}, {6, 9, 12, 15, 17, 20, 22}},
    {14, {1, 4, 8, 12, 17, 21, 25}, {7, 10, 13, 17, 20, 23, 26}},
    {18, {1, 6, 11, 16, 22, 27, 32}, {8, 12, 17, 22, 25, 29, 33}},
    {21, {2, 7, 13, 19, 25, 31, 37}, {9, 14, 19, 25, 29, 33, 38}},
    {27, {3, 10, 17, 24, 32, 40, 48}, {10, 17, 24, 31, 37, 43, 49}},
    {30, {4, 11, 19, 27, 36, 45, 53}, {12, 19, 27, 34, 40, 47, 54}},
    {41, {6, 16, 26, 37, 49, 61, 72}, {15, 25, 36, 46, 55, 64, 73}},
    {44, {6, 17, 29, 40, 53, 65, 77}, {16, 27, 39, 49, 58, 68, 78}},
};

static zh_attribute_plan staged_single(const zh_single_plan *single)
{
    return (zh_attribute_plan){
        .stages = 1, .n = {single->n}, .ac = {single->ac}, .re = {single->re}};
}

static int64_t size_before(zh_inspection inspection, char letter, int rows)
{
    ptrdiff_t row = strchr(letters, letter) - letters;
    zh_assert(row >= rows);
    return tables[inspection].size[row - rows];
}

/* The single plan of the cell; refuses reduced inspection. */
static zh_rc begin_staged(int64_t lot_size, zh_inspection_level level, double aql,
                          zh_inspection inspection, zh_staged_plan *out, zh_err *err)
{
    zh_rc rc = zh_single_plan_of(lot_size, level, aql, inspection, &out->single, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (inspection == ZH_INSPECTION_REDUCED) {
        zh_err_set(err, ZH_EINVAL, "acceptance.reduced",
                   "放宽检验的二次、多次方案没有可核对的原文，不内置");
        zh_err_fix(err, "用放宽检验的一次方案，或把标准表里的 n、Ac、Re 输入 acceptance.oc_curve");
        return ZH_EINVAL;
    }
    out->letter = out->single.letter;
    out->plan = staged_single(&out->single);
    return ZH_OK;
}

static zh_rc end_staged(zh_staged_plan *out, int64_t lot_size)
{
    int64_t all = 0;
    for (size_t i = 0; i < out->plan.stages; i++) {
        all += out->plan.n[i];
    }
    out->inspect_all = all >= lot_size;
    return ZH_OK;
}

static zh_rc put_double(zh_inspection inspection, zh_plan_edition edition, zh_staged_plan *out,
                        zh_err *err)
{
    bool iso = edition == ZH_EDITION_ISO_1999;
    const struct double_plan *plans = iso ? double_plans_iso : double_plans;
    size_t n = iso ? ZH_COUNTOF(double_plans_iso) : ZH_COUNTOF(double_plans);
    for (size_t i = 0; i < n; i++) {
        const struct double_plan *p = &plans[i];
        if (p->single == out->single.ac) {
            int64_t size = size_before(inspection, out->letter, ROWS_BEFORE_DOUBLE);
            out->plan = (zh_attribute_plan){
                .stages = 2, .n = {size, size}, .ac = {p->ac1, p->ac2}, .re = {p->re1, p->ac2 + 1}};
            return ZH_OK;
        }
    }
    zh_assert(iso);
    zh_err_set(err, ZH_EINVAL, "acceptance.unconfirmed",
               "GB/T 2828.1 表 3 这一格（一次方案 Ac = %lld）的二次方案没有核对到原文",
               (long long)out->single.ac);
    zh_err_fix(err, "用一次方案；或 edition 取 mil-std-105e；或按标准原文输入 acceptance.oc_curve");
    return ZH_EINVAL;
}

zh_rc zh_double_plan_of(int64_t lot_size, zh_inspection_level level, double aql,
                        zh_inspection inspection, zh_plan_edition edition, zh_staged_plan *out,
                        zh_err *err)
{
    zh_rc rc = begin_staged(lot_size, level, aql, inspection, out, err);
    if (rc == ZH_OK && out->single.ac > 0 && out->letter != 'A') {
        rc = put_double(inspection, edition, out, err);
    }
    return rc == ZH_OK ? end_staged(out, lot_size) : rc;
}

static void put_multiple(zh_inspection inspection, zh_staged_plan *out)
{
    size_t i = 0;
    while (multiple_plans[i].single != out->single.ac) {
        i++;
        zh_assert(i < ZH_COUNTOF(multiple_plans));
    }
    int64_t size = size_before(inspection, out->letter, ROWS_BEFORE_SEVEN);
    out->plan.stages = STAGES_OF_MULTIPLE;
    for (size_t k = 0; k < STAGES_OF_MULTIPLE; k++) {
        out->plan.n[k] = size;
        out->plan.ac[k] = multiple_plans[i].ac[k];
        out->plan.re[k] = multiple_plans[i].re[k];
    }
}

zh_rc zh_multiple_plan_of(int64_t lot_size, zh_inspection_level level, double aql,
                          zh_inspection inspection, zh_staged_plan *out, zh_err *err)
{
    zh_rc rc = begin_staged(lot_size, level, aql, inspection, out, err);
    if (rc == ZH_OK && out->single.ac > 0 && out->letter != 'A') {
        if (out->letter == 'B' || out->letter == 'C') {
            rc = put_double(inspection, ZH_EDITION_MIL_105E, out, err);
        } else {
            put_multiple(inspection, out);
        }
    }
    return rc == ZH_OK ? end_staged(out, lot_size) : rc;
}

/* ---- switching rules ---- */

#define SCORE_FOR_REDUCED  30
#define LOTS_BACK          5 /* of these, refused at most REFUSED_MAX */
#define REFUSED_MAX        1
#define ACCEPTED_TO_NORMAL 5
#define REFUSED_TO_STOP    5

zh_switching zh_switching_start(void)
{
    return (zh_switching){.inspection = ZH_INSPECTION_NORMAL};
}

static zh_switching begin(zh_inspection inspection)
{
    return (zh_switching){.inspection = inspection};
}

static zh_switching after_normal(zh_switching s, const zh_lot_result *lot)
{
    int refused = 0;
    s.outcomes = ((s.outcomes << 1) | (lot->accepted ? 0u : 1u)) & ((1u << LOTS_BACK) - 1u);
    for (unsigned i = 0; i < LOTS_BACK; i++) {
        refused += (s.outcomes >> i) & 1u ? 1 : 0;
    }
    if (refused > REFUSED_MAX) {
        return begin(ZH_INSPECTION_TIGHTENED);
    }
    s.score = lot->accepted && lot->gain > 0 ? s.score + lot->gain : 0;
    bool reduce = s.score >= SCORE_FOR_REDUCED && lot->steady && lot->reduced_allowed;
    return reduce ? begin(ZH_INSPECTION_REDUCED) : s;
}

static zh_switching after_tightened(zh_switching s, const zh_lot_result *lot)
{
    s.accepted_in_row = lot->accepted ? s.accepted_in_row + 1 : 0;
    s.refused += lot->accepted ? 0 : 1;
    if (s.refused >= REFUSED_TO_STOP) {
        s.inspection = ZH_INSPECTION_DISCONTINUED;
    }
    return s.accepted_in_row >= ACCEPTED_TO_NORMAL ? begin(ZH_INSPECTION_NORMAL) : s;
}

zh_switching zh_switching_next(zh_switching state, const zh_lot_result *lot)
{
    switch (state.inspection) {
    case ZH_INSPECTION_NORMAL: return after_normal(state, lot);
    case ZH_INSPECTION_TIGHTENED: return after_tightened(state, lot);
    case ZH_INSPECTION_REDUCED:
        return lot->accepted && lot->steady ? state : begin(ZH_INSPECTION_NORMAL);
    case ZH_INSPECTION_DISCONTINUED: break;
    }
    return state;
}

zh_switching zh_switching_resume(zh_switching state)
{
    return state.inspection == ZH_INSPECTION_DISCONTINUED ? begin(ZH_INSPECTION_TIGHTENED) : state;
}
