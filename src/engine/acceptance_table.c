/* Tables and switching rules of GB/T 2828.1-2012 (ISO 2859-1:1999).
 *
 * In tables 2-A to 2-C a cell depends on the sum of the ranks of the letter and of the AQL alone:
 * sample sizes and AQLs both grow by the fifth root of ten, so their product is constant along a
 * diagonal. Acceptance numbers follow that sum; between those of 0 and 1 and beyond the largest lie
 * the arrows. Where an arrow down leaves the table there is none, and the cell points up; likewise
 * the other way round. Tables 2-A to 2-C were compared cell by cell with a published transcription
 * of the standard, see doc/engine/acceptance.md. */
#include "engine/acceptance.h"
#include <math.h>
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
