/* Acceptance sampling. Sources stand at each test. */
#include "base/os.h"
#include "engine/acceptance.h"
#include "engine/engine.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void close_to(double got, double expected, double slack)
{
    if (!(fabs(got - expected) <= slack)) {
        fail_msg("got %.17g, expected %.17g", got, expected);
    }
}

static const char *const names[] = {"normal", "tightened", "reduced"};
static const char letters[] = "ABCDEFGHJKLMNPQR";

/* ---- tables ---- */

/* GB/T 2828.1-2012, table 1: the last lot of each range, and one more. */
static void test_code_letters(void **state)
{
    (void)state;
    static const struct {
        int64_t lot;
        const char *code; /* S-1 S-2 S-3 S-4 I II III */
    } ranges[] = {{8, "AAAAAAB"},      {15, "AAAAABC"},     {25, "AABBBCD"},    {50, "ABBCCDE"},
                  {90, "BBCCCEF"},     {150, "BBCDDFG"},    {280, "BCDEEGH"},   {500, "BCDEFHJ"},
                  {1200, "CCEFGJK"},   {3200, "CDEGHKL"},   {10000, "CDFGJLM"}, {35000, "CDFHKMN"},
                  {150000, "DEGJLNP"}, {500000, "DEGJMPQ"}, {500001, "DEHKNQR"}};
    char letter;
    for (size_t i = 0; i < ZH_COUNTOF(ranges); i++) {
        for (unsigned level = 0; level <= ZH_LEVEL_III; level++) {
            zh_inspection_level l = (zh_inspection_level)level;
            assert_int_equal(zh_code_letter(ranges[i].lot, l, &letter, NULL), ZH_OK);
            assert_int_equal(letter, ranges[i].code[level]);
            if (i + 1 < ZH_COUNTOF(ranges)) {
                assert_int_equal(zh_code_letter(ranges[i].lot + 1, l, &letter, NULL), ZH_OK);
                assert_int_equal(letter, ranges[i + 1].code[level]);
            }
        }
    }
    assert_int_equal(zh_code_letter(2, ZH_LEVEL_II, &letter, NULL), ZH_OK);
    assert_int_equal(zh_code_letter(1, ZH_LEVEL_II, &letter, NULL), ZH_EINVAL);
    assert_int_equal(zh_code_letter(INT64_MAX, ZH_LEVEL_III, &letter, NULL), ZH_OK);
}

/* A lot and level that have this code letter. */
static int64_t lot_with(char wanted, zh_inspection_level *level)
{
    static const int64_t lots[] = {8,    15,   25,    50,    90,     150,    280,   500,
                                   1200, 3200, 10000, 35000, 150000, 500000, 500001};
    for (unsigned l = 0; l <= ZH_LEVEL_III; l++) {
        for (size_t i = 0; i < ZH_COUNTOF(lots); i++) {
            char letter;
            *level = (zh_inspection_level)l;
            assert_int_equal(zh_code_letter(lots[i], *level, &letter, NULL), ZH_OK);
            if (letter == wanted) {
                return lots[i];
            }
        }
    }
    fail_msg("no lot has letter %c", wanted);
    return 0;
}

static void check_row(char *line, size_t *cells)
{
    static const int size[3][17] = {
        {2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 0},
        {2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150},
        {2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 0}};
    char *rest = NULL;
    const char *table = strtok_r(line, " ", &rest);
    const char *letter = strtok_r(NULL, " ", &rest);
    unsigned which = 0;
    while (strcmp(names[which], table) != 0) {
        which++;
    }
    zh_inspection_level level;
    int64_t lot = lot_with(letter[0], &level);
    for (size_t j = 0; j < ZH_AQL_N; j++) {
        const char *cell = strtok_r(NULL, " ", &rest);
        zh_single_plan plan;
        assert_non_null(cell);
        assert_int_equal(
            zh_single_plan_of(lot, level, zh_aql[j], (zh_inspection)which, &plan, NULL), ZH_OK);
        const char *at = strchr("ABCDEFGHJKLMNPQRS", cell[0]);
        int64_t n = size[which][at - "ABCDEFGHJKLMNPQRS"];
        int64_t ac = strtol(cell + 1, NULL, 10);
        if (plan.letter != cell[0] || plan.ac != ac || plan.n != n || plan.re != ac + 1) {
            fail_msg("%s %s AQL %g: %c %lld, expected %s", table, letter, zh_aql[j], plan.letter,
                     (long long)plan.ac, cell);
        }
        assert_int_equal(plan.inspect_all, plan.n >= lot);
        ++*cells;
    }
}

/* Every cell of tables 2-A, 2-B and 2-C; provenance in the fixture. */
static void test_single_plans(void **state)
{
    (void)state;
    zh_arena *arena = zh_arena_new((size_t)1 << 20);
    zh_str text;
    size_t cells = 0;
    assert_int_equal(
        zh_file_read(arena, "tests/fixture/gbt2828-1-single.txt", (size_t)1 << 19, &text, NULL),
        ZH_OK);
    char *copy = zh_arena_alloc(arena, text.n + 1);
    memcpy(copy, text.p, text.n);
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] != '#') {
            check_row(line, &cells);
        }
    }
    assert_int_equal(cells, 3 * 16 * 26);
    zh_single_plan plan;
    assert_int_equal(zh_single_plan_of(1000, ZH_LEVEL_II, 1.2, ZH_INSPECTION_NORMAL, &plan, NULL),
                     ZH_EINVAL);
    assert_int_equal(
        zh_single_plan_of(1000, ZH_LEVEL_II, 1.0, ZH_INSPECTION_DISCONTINUED, &plan, NULL),
        ZH_EINVAL);
    zh_arena_free(arena);
}

static zh_staged_plan staged(char letter, double aql, zh_inspection inspection,
                             zh_plan_edition edition, bool multiple)
{
    zh_inspection_level level;
    int64_t lot = lot_with(letter, &level);
    zh_staged_plan out;
    zh_err err = {0};
    zh_rc rc = multiple ? zh_multiple_plan_of(lot, level, aql, inspection, &out, &err)
                        : zh_double_plan_of(lot, level, aql, inspection, edition, &out, &err);
    if (rc != ZH_OK) {
        fail_msg("%c %g: %s", letter, aql, err.message);
    }
    return out;
}

/* Cells as printed: MIL-STD-105E tables III-A and III-B, column AQL 0.65, as the R package
 * AQLSchemes 1.7-2 transcribes them (AAZ14Double.R); tables 3-A of ISO 2859-1:1999 (IS 2500 part 1,
 * 2000), column AQL 2.5, as a program of Indian Railways' inspection uses them. */
static void test_double_plans(void **state)
{
    (void)state;
    static const struct {
        zh_plan_edition edition;
        zh_inspection inspection;
        double aql;
        char letter;
        int n, ac1, re1, ac2;
    } cells[] = {
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'H', 50, 0, 2, 1},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'J', 50, 0, 2, 1},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'K', 80, 0, 3, 3},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'L', 125, 1, 4, 4},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'M', 200, 2, 5, 6},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'N', 315, 3, 7, 8},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'P', 500, 5, 9, 12},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'Q', 800, 7, 11, 18},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 0.65, 'R', 1250, 11, 16, 26},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 150, 'E', 8, 17, 22, 37},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_NORMAL, 250, 'E', 8, 25, 31, 56},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'H', 80, 0, 2, 1},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'K', 80, 0, 2, 1},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'L', 125, 0, 3, 3},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'M', 200, 1, 4, 4},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'N', 315, 2, 5, 6},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'P', 500, 3, 7, 11},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'Q', 800, 6, 10, 15},
        {ZH_EDITION_MIL_105E, ZH_INSPECTION_TIGHTENED, 0.65, 'R', 1250, 9, 14, 23},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'G', 20, 0, 3, 3},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'H', 32, 1, 3, 4},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'J', 50, 2, 5, 6},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'K', 80, 3, 6, 9},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'L', 125, 5, 9, 12},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'M', 200, 7, 11, 18},
        {ZH_EDITION_ISO_1999, ZH_INSPECTION_NORMAL, 2.5, 'N', 315, 11, 16, 26},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cells); i++) {
        zh_staged_plan got =
            staged(cells[i].letter, cells[i].aql, cells[i].inspection, cells[i].edition, false);
        const zh_attribute_plan *p = &got.plan;
        if (p->stages != 2 || p->n[0] != cells[i].n || p->n[1] != cells[i].n ||
            p->ac[0] != cells[i].ac1 || p->re[0] != cells[i].re1 || p->ac[1] != cells[i].ac2 ||
            p->re[1] != cells[i].ac2 + 1) {
            fail_msg("cell %zu: %c AQL %g: %lld, %lld %lld, %lld %lld", i, cells[i].letter,
                     cells[i].aql, (long long)p->n[0], (long long)p->ac[0], (long long)p->re[0],
                     (long long)p->ac[1], (long long)p->re[1]);
        }
    }
}

/* MIL-STD-105E tables IV-A and IV-B, letter R, from the same package (AAZ14Multiple.R). */
static void test_multiple_plans(void **state)
{
    (void)state;
    static const struct {
        zh_inspection inspection;
        double aql;
        int ac[7], re[7];
    } cells[] = {
        {ZH_INSPECTION_NORMAL, 0.065, {-1, 0, 1, 2, 3, 4, 6}, {3, 3, 4, 5, 6, 6, 7}},
        {ZH_INSPECTION_NORMAL, 0.10, {-1, 1, 2, 3, 5, 7, 9}, {4, 5, 6, 7, 8, 9, 10}},
        {ZH_INSPECTION_NORMAL, 0.65, {2, 7, 13, 19, 25, 31, 37}, {9, 14, 19, 25, 29, 33, 38}},
        {ZH_INSPECTION_TIGHTENED, 0.25, {0, 2, 4, 6, 9, 12, 14}, {4, 7, 9, 11, 12, 14, 15}},
        {ZH_INSPECTION_TIGHTENED, 0.65, {1, 6, 11, 16, 22, 27, 32}, {8, 12, 17, 22, 25, 29, 33}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cells); i++) {
        zh_staged_plan got =
            staged('R', cells[i].aql, cells[i].inspection, ZH_EDITION_MIL_105E, true);
        assert_int_equal(got.plan.stages, 7);
        for (size_t k = 0; k < 7; k++) {
            assert_int_equal(got.plan.n[k], 500);
            assert_int_equal(got.plan.ac[k], cells[i].ac[k]);
            assert_int_equal(got.plan.re[k], cells[i].re[k]);
        }
    }
}

/* The rate at which a plan accepts with this probability. */
static double rate_at(const zh_attribute_plan *plan, double accepted)
{
    double low = 0.0;
    double high = 100.0;
    for (int i = 0; i < 80; i++) {
        zh_plan_result r;
        double middle = (low + high) / 2.0;
        assert_int_equal(zh_plan_evaluate(plan, ZH_COUNT_POISSON, 0, middle, &r, NULL), ZH_OK);
        *(r.p_accept > accepted ? &low : &high) = middle;
    }
    return low;
}

/* How far the curves of a staged plan and its single plan are apart where the single accepts 95, 50
 * and 10 times of 100; staged plans inspect hardly ever more on average, mostly less. */
static double apart(const zh_staged_plan *s)
{
    static const double accepted[] = {0.95, 0.5, 0.1};
    const zh_attribute_plan single = {
        .stages = 1, .n = {s->single.n}, .ac = {s->single.ac}, .re = {s->single.re}};
    double most = 0.0;
    assert_int_equal(zh_plan_check(&s->plan, 0, NULL), ZH_OK);
    for (size_t i = 0; i < ZH_COUNTOF(accepted); i++) {
        zh_plan_result r;
        double rate = rate_at(&single, accepted[i]);
        assert_int_equal(zh_plan_evaluate(&s->plan, ZH_COUNT_POISSON, 0, rate, &r, NULL), ZH_OK);
        most = fmax(most, fabs(r.p_accept - accepted[i]));
        assert_true(r.asn <= 1.12 * (double)s->single.n);
    }
    return most;
}

/* GB/T 2828.1, clause 12: the plans of a cell are matched, their curves hardly differ. With the few
 * units of the first letters they cannot be matched closely. Every cell that there is. */
static void test_staged_match_single(void **state)
{
    (void)state;
    size_t cells = 0;
    for (size_t l = 0; l < sizeof letters - 1; l++) {
        for (size_t j = 0; j < ZH_AQL_N; j++) {
            for (unsigned w = 0; w < 2; w++) {
                zh_inspection which = (zh_inspection)w;
                zh_staged_plan two =
                    staged(letters[l], zh_aql[j], which, ZH_EDITION_MIL_105E, false);
                zh_staged_plan seven =
                    staged(letters[l], zh_aql[j], which, ZH_EDITION_MIL_105E, true);
                bool early = two.letter < 'D';
                if (two.plan.stages == 1) {
                    assert_true(two.single.ac == 0 || two.letter == 'A');
                    assert_int_equal(seven.plan.stages, 1);
                    continue;
                }
                assert_true(apart(&two) < (early ? 0.15 : 0.10));
                assert_int_equal(seven.plan.stages, early ? 2 : 7);
                assert_true(early || apart(&seven) < (two.letter == 'E' ? 0.22 : 0.07));
                cells++;
            }
        }
    }
    assert_true(cells > 500);
}

/* ISO 2859-1:1999, foreword: its changes to double plans inspect less on average; matched as well
 * as before. What is not confirmed is refused. */
static void test_double_editions(void **state)
{
    (void)state;
    static const double aql[] = {1.0, 2.5}; /* letter K: Ac 3 and 7 */
    for (size_t i = 0; i < ZH_COUNTOF(aql); i++) {
        zh_plan_result now, before;
        zh_staged_plan iso = staged('K', aql[i], ZH_INSPECTION_NORMAL, ZH_EDITION_ISO_1999, false);
        zh_staged_plan mil = staged('K', aql[i], ZH_INSPECTION_NORMAL, ZH_EDITION_MIL_105E, false);
        double rate = rate_at(&mil.plan, 0.5);
        assert_int_equal(zh_plan_evaluate(&iso.plan, ZH_COUNT_POISSON, 0, rate, &now, NULL), ZH_OK);
        assert_int_equal(zh_plan_evaluate(&mil.plan, ZH_COUNT_POISSON, 0, rate, &before, NULL),
                         ZH_OK);
        assert_true(now.asn < before.asn && apart(&iso) < 0.07);
    }
    zh_staged_plan out;
    zh_err err = {0};
    assert_int_equal(zh_double_plan_of(3000, ZH_LEVEL_II, 4.0, ZH_INSPECTION_TIGHTENED,
                                       ZH_EDITION_ISO_1999, &out, &err),
                     ZH_EINVAL);
    assert_string_equal(err.rule, "acceptance.unconfirmed");
    zh_err_clear(&err);
    assert_int_equal(zh_double_plan_of(3000, ZH_LEVEL_II, 4.0, ZH_INSPECTION_REDUCED,
                                       ZH_EDITION_MIL_105E, &out, &err),
                     ZH_EINVAL);
    assert_string_equal(err.rule, "acceptance.reduced");
    zh_err_clear(&err);
    assert_int_equal(zh_multiple_plan_of(3000, ZH_LEVEL_II, 1.2, ZH_INSPECTION_NORMAL, &out, &err),
                     ZH_EINVAL);
    assert_int_equal(zh_double_plan_of(90, ZH_LEVEL_II, 10, ZH_INSPECTION_NORMAL,
                                       ZH_EDITION_ISO_1999, &out, &err),
                     ZH_OK);
    assert_false(out.inspect_all);
}

/* A plan by variables like a single plan meets its two points, one unit less does not, and it needs
 * fewer units; with sigma known fewer still. */
static void test_variables_like(void **state)
{
    (void)state;
    static const struct {
        int64_t n, ac;
    } plans[] = {{20, 0}, {32, 1}, {80, 2}, {125, 7}, {200, 21}, {2000, 14}};
    for (size_t i = 0; i < ZH_COUNTOF(plans); i++) {
        zh_risk_points p;
        int64_t n[2];
        double k[2];
        for (size_t known = 0; known < 2; known++) {
            double at95, at10;
            assert_int_equal(zh_variables_like(plans[i].n, plans[i].ac, known == 1, &p, &n[known],
                                               &k[known], NULL),
                             ZH_OK);
            assert_int_equal(
                zh_variables_accept(n[known], k[known], known == 1, p.prp_quality, &at95, NULL),
                ZH_OK);
            assert_int_equal(
                zh_variables_accept(n[known], k[known], known == 1, p.crp_quality, &at10, NULL),
                ZH_OK);
            assert_true(at95 > 0.95 - 1e-6 && at10 <= 0.10 + 1e-6);
        }
        assert_true(n[1] <= n[0] && n[0] < plans[i].n);
        const zh_attribute_plan single = {
            .stages = 1, .n = {plans[i].n}, .ac = {plans[i].ac}, .re = {plans[i].ac + 1}};
        zh_plan_result r;
        assert_int_equal(zh_plan_evaluate(&single, ZH_COUNT_BINOMIAL, 0, p.crp_quality, &r, NULL),
                         ZH_OK);
        close_to(r.p_accept, 0.10, 1e-9);
    }
    zh_risk_points p;
    int64_t n;
    double k;
    assert_int_equal(zh_variables_like(2, 2, false, &p, &n, &k, NULL), ZH_EINVAL);
}

/* A plan of tightened inspection accepts less, one of reduced inspection more, wherever the three
 * have a plan of the same row; and lots at the AQL are accepted with high probability (GB/T
 * 2828.1, 5.1). */
static void test_tables_make_sense(void **state)
{
    (void)state;
    for (size_t i = 0; i < strlen(letters); i++) {
        zh_inspection_level level;
        int64_t lot = lot_with(letters[i], &level);
        for (size_t j = 0; j < 16; j++) {
            double p[2];
            char row[2];
            for (unsigned k = 0; k < 2; k++) {
                zh_single_plan s;
                zh_plan_result r;
                assert_int_equal(
                    zh_single_plan_of(lot, level, zh_aql[j], (zh_inspection)k, &s, NULL), ZH_OK);
                zh_attribute_plan a = {1, {s.n}, {s.ac}, {s.re}};
                assert_int_equal(
                    zh_plan_evaluate(&a, ZH_COUNT_BINOMIAL, 0, zh_aql[j] / 100, &r, NULL), ZH_OK);
                p[k] = r.p_accept;
                row[k] = s.letter;
            }
            assert_true(p[0] > 0.85);
            assert_true(row[0] != row[1] || p[1] <= p[0] + 1e-12);
        }
    }
}

/* ---- switching, GB/T 2828.1-2012, 9.3 and 9.4 ---- */

static zh_switching lots(zh_switching s, int n, bool accepted, int64_t gain)
{
    zh_lot_result lot = {accepted, gain, true, true};
    for (int i = 0; i < n; i++) {
        s = zh_switching_next(s, &lot);
    }
    return s;
}

static void test_switching(void **state)
{
    (void)state;
    zh_switching s = zh_switching_start();
    /* Refused, four accepted, refused: two of six do not switch. */
    s = lots(lots(lots(s, 1, false, 0), 4, true, 2), 1, false, 0);
    assert_int_equal(s.inspection, ZH_INSPECTION_NORMAL);
    assert_int_equal(s.score, 0);
    /* The second in five does. */
    s = lots(lots(s, 3, true, 2), 1, false, 0);
    assert_int_equal(s.inspection, ZH_INSPECTION_TIGHTENED);
    s = lots(lots(s, 4, true, 0), 1, false, 0);
    assert_int_equal(s.inspection, ZH_INSPECTION_TIGHTENED);
    s = lots(s, 5, true, 0);
    assert_int_equal(s.inspection, ZH_INSPECTION_NORMAL);
    /* Score 30: ten lots at 3, or fifteen at 2. */
    assert_int_equal(lots(s, 9, true, 3).inspection, ZH_INSPECTION_NORMAL);
    zh_switching reduced = lots(s, 10, true, 3);
    assert_int_equal(reduced.inspection, ZH_INSPECTION_REDUCED);
    assert_int_equal(lots(s, 14, true, 2).inspection, ZH_INSPECTION_NORMAL);
    assert_int_equal(lots(s, 15, true, 2).inspection, ZH_INSPECTION_REDUCED);
    /* Accepted, but not by the next lower AQL: the score begins anew. */
    assert_int_equal(lots(lots(s, 9, true, 3), 1, true, 0).score, 0);
    assert_int_equal(lots(reduced, 100, true, 0).inspection, ZH_INSPECTION_REDUCED);
    assert_int_equal(lots(reduced, 1, false, 0).inspection, ZH_INSPECTION_NORMAL);
    zh_lot_result unsteady = {true, 3, false, true};
    assert_int_equal(zh_switching_next(reduced, &unsteady).inspection, ZH_INSPECTION_NORMAL);
    zh_lot_result not_wanted = {true, 3, true, false};
    zh_switching waiting = zh_switching_next(lots(s, 9, true, 3), &not_wanted);
    assert_int_equal(waiting.inspection, ZH_INSPECTION_NORMAL);
    assert_int_equal(lots(waiting, 1, true, 3).inspection, ZH_INSPECTION_REDUCED);
    /* Five refused on tightened inspection, in whatever order. */
    s = lots(zh_switching_start(), 2, false, 0);
    for (int i = 0; i < 4; i++) {
        s = lots(lots(s, 1, false, 0), 4, true, 0);
    }
    assert_int_equal(s.inspection, ZH_INSPECTION_TIGHTENED);
    s = lots(s, 1, false, 0);
    assert_int_equal(s.inspection, ZH_INSPECTION_DISCONTINUED);
    s = lots(s, 10, true, 3);
    assert_int_equal(s.inspection, ZH_INSPECTION_DISCONTINUED);
    s = zh_switching_resume(s);
    assert_int_equal(s.inspection, ZH_INSPECTION_TIGHTENED);
    assert_int_equal(s.refused, 0);
}

/* ---- operating characteristics ---- */

static zh_plan_result evaluate(const zh_attribute_plan *plan, zh_count_model model, int64_t lot,
                               double quality)
{
    zh_plan_result r = {0};
    assert_int_equal(zh_plan_check(plan, lot, NULL), ZH_OK);
    assert_int_equal(zh_plan_evaluate(plan, model, lot, quality, &r, NULL), ZH_OK);
    return r;
}

/* Montgomery, Introduction to Statistical Quality Control, chapter 15: n = 89, c = 2 at p = 0.01
 * Pa 0.9397; in lots of 10,000 AOQ 0.0093, ATI 687; double plan 50/1/4, 100/3/4 at p = 0.05:
 * accepted by the first sample 0.279, by both 0.289. */
static void test_textbook(void **state)
{
    (void)state;
    zh_attribute_plan single = {1, {89}, {2}, {3}};
    zh_plan_result r = evaluate(&single, ZH_COUNT_BINOMIAL, 10000, 0.01);
    close_to(r.p_accept, 0.9397, 5e-5);
    close_to(r.aoq, 0.0093, 5e-5);
    close_to(r.ati, 687, 0.5);
    close_to(r.asn, 89, 0);
    zh_attribute_plan twice = {2, {50, 100}, {1, 3}, {4, 4}};
    r = evaluate(&twice, ZH_COUNT_BINOMIAL, 0, 0.05);
    close_to(r.p_accept, 0.289, 2e-3); /* the book rounds each term */
    assert_true(isnan(r.aoq) && isnan(r.ati));
    zh_attribute_plan first = {1, {50}, {1}, {2}};
    close_to(evaluate(&first, ZH_COUNT_BINOMIAL, 0, 0.05).p_accept, 0.279, 5e-4);
}

/* Closed forms: none found in a sample; certain and impossible qualities; far tails. */
static void test_closed_forms(void **state)
{
    (void)state;
    zh_attribute_plan none = {1, {500}, {0}, {1}};
    static const double p[] = {0, 1e-7, 0.003, 0.2, 0.5};
    for (size_t i = 0; i < ZH_COUNTOF(p); i++) {
        close_to(evaluate(&none, ZH_COUNT_BINOMIAL, 0, p[i]).p_accept, exp(500 * log1p(-p[i])),
                 1e-13 * exp(500 * log1p(-p[i])));
        close_to(evaluate(&none, ZH_COUNT_POISSON, 0, p[i]).p_accept, exp(-500 * p[i]),
                 1e-13 * exp(-500 * p[i]));
    }
    assert_true(evaluate(&none, ZH_COUNT_BINOMIAL, 0, 1).p_accept == 0);
    /* 4 marked of 10, 3 drawn: C(6,3)/C(10,3), and one of them C(4,1) C(6,2)/C(10,3). */
    zh_attribute_plan three = {1, {3}, {0}, {1}};
    close_to(evaluate(&three, ZH_COUNT_HYPERGEOMETRIC, 10, 4).p_accept, 20.0 / 120, 1e-15);
    three = (zh_attribute_plan){1, {3}, {1}, {2}};
    close_to(evaluate(&three, ZH_COUNT_HYPERGEOMETRIC, 10, 4).p_accept, 80.0 / 120, 1e-15);
    /* All drawn: found for certain. */
    zh_attribute_plan all = {1, {10}, {3}, {4}};
    assert_true(evaluate(&all, ZH_COUNT_HYPERGEOMETRIC, 10, 4).p_accept == 0);
    assert_true(evaluate(&all, ZH_COUNT_HYPERGEOMETRIC, 10, 3).p_accept == 1);
    /* Symmetry: 500 of 1001 or fewer at p = 1/2 has probability 1/2; it starts in the middle. */
    zh_attribute_plan half = {1, {1001}, {500}, {501}};
    close_to(evaluate(&half, ZH_COUNT_BINOMIAL, 0, 0.5).p_accept, 0.5, 1e-12);
    zh_attribute_plan large = {1, {20001}, {10000}, {10001}};
    close_to(evaluate(&large, ZH_COUNT_BINOMIAL, 0, 0.5).p_accept, 0.5, 1e-11);
}

/* Two samples that together decide as one would: a first sample that never decides. A large lot is
 * nearly binomial, a small share nearly Poisson. */
static void test_identities(void **state)
{
    (void)state;
    static const zh_count_model models[] = {ZH_COUNT_BINOMIAL, ZH_COUNT_HYPERGEOMETRIC,
                                            ZH_COUNT_POISSON};
    static const double quality[] = {0.06, 60, 0.06};
    zh_attribute_plan one = {1, {90}, {4}, {5}};
    zh_attribute_plan two = {2, {40, 50}, {-1, 4}, {5, 5}};
    zh_attribute_plan three = {3, {20, 20, 50}, {-1, -1, 4}, {5, 5, 5}};
    for (size_t i = 0; i < ZH_COUNTOF(models); i++) {
        int64_t lot = models[i] == ZH_COUNT_HYPERGEOMETRIC ? 1000 : 0;
        double p = evaluate(&one, models[i], lot, quality[i]).p_accept;
        close_to(evaluate(&two, models[i], lot, quality[i]).p_accept, p, 1e-13);
        close_to(evaluate(&three, models[i], lot, quality[i]).p_accept, p, 1e-13);
    }
    zh_attribute_plan plan = {2, {32, 32}, {1, 4}, {4, 5}};
    double binomial = evaluate(&plan, ZH_COUNT_BINOMIAL, 0, 0.05).p_accept;
    close_to(evaluate(&plan, ZH_COUNT_HYPERGEOMETRIC, 100000000, 5000000).p_accept, binomial, 1e-6);
    close_to(evaluate(&plan, ZH_COUNT_POISSON, 0, 0.05).p_accept, binomial, 0.02);
    double before = 1;
    for (double q = 0; q <= 1.0; q += 1.0 / 64) {
        zh_plan_result r = evaluate(&plan, ZH_COUNT_BINOMIAL, 1000, q);
        assert_true(r.p_accept <= before + 1e-15 && r.asn >= 32 && r.asn <= 64);
        assert_true(r.ati >= 32 && r.ati <= 1000 && r.aoq <= q);
        before = r.p_accept;
    }
}

static void test_refused_plans(void **state)
{
    (void)state;
    zh_plan_result r;
    zh_attribute_plan plan = {1, {80}, {2}, {3}};
    static const zh_attribute_plan wrong[] = {
        {0, {0}, {0}, {0}},          {1, {0}, {0}, {1}},
        {1, {5}, {-1}, {0}},         {1, {5}, {2}, {2}},
        {1, {5}, {2}, {4}},          {2, {5, 5}, {2, 1}, {4, 2}},
        {2, {5, 5}, {0, 1}, {3, 2}}, {1, {5}, {ZH_PLAN_AC_MAX}, {ZH_PLAN_AC_MAX + 1}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(wrong); i++) {
        assert_int_not_equal(zh_plan_check(&wrong[i], 0, NULL), ZH_OK);
    }
    assert_int_equal(zh_plan_check(&plan, 80, NULL), ZH_OK);
    assert_int_equal(zh_plan_check(&plan, 79, NULL), ZH_EINVAL);
    plan.ac[0] = ZH_PLAN_AC_MAX - 1;
    plan.re[0] = ZH_PLAN_AC_MAX;
    assert_int_equal(zh_plan_check(&plan, 0, NULL), ZH_OK);
    plan = (zh_attribute_plan){1, {80}, {2}, {3}};
    static const double impossible[] = {-0.1, 1.1, (double)NAN};
    for (size_t i = 0; i < ZH_COUNTOF(impossible); i++) {
        assert_int_equal(zh_plan_evaluate(&plan, ZH_COUNT_BINOMIAL, 0, impossible[i], &r, NULL),
                         ZH_EINVAL);
    }
    assert_int_equal(zh_plan_evaluate(&plan, ZH_COUNT_HYPERGEOMETRIC, 0, 1, &r, NULL), ZH_EINVAL);
    assert_int_equal(zh_plan_evaluate(&plan, ZH_COUNT_HYPERGEOMETRIC, 100, 101, &r, NULL),
                     ZH_EINVAL);
}

/* ---- plans from two points ---- */

/* The classical plan for 1 % at 0.95 and 5 % at 0.10, n = 132, c = 3 (Schilling & Neubauer, chapter
 * 5); and a search through every smaller n finds no plan that meets both points. */
static void test_find(void **state)
{
    (void)state;
    zh_attribute_plan plan;
    zh_risk_points points = {0.01, 0.95, 0.05, 0.10};
    assert_int_equal(zh_plan_find(&points, ZH_COUNT_BINOMIAL, 0, &plan, NULL), ZH_OK);
    assert_int_equal(plan.n[0], 132);
    assert_int_equal(plan.ac[0], 3);
    static const struct {
        zh_count_model model;
        int64_t lot;
        zh_risk_points points;
    } cases[] = {{ZH_COUNT_BINOMIAL, 0, {0.02, 0.95, 0.10, 0.10}},
                 {ZH_COUNT_BINOMIAL, 0, {0.05, 0.90, 0.15, 0.05}},
                 {ZH_COUNT_POISSON, 0, {0.03, 0.95, 0.11, 0.10}},
                 {ZH_COUNT_HYPERGEOMETRIC, 300, {0.02, 0.95, 0.09, 0.10}},
                 {ZH_COUNT_HYPERGEOMETRIC, 40, {0.05, 0.99, 0.1, 0.01}}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        const zh_risk_points *p = &cases[i].points;
        double scale = cases[i].lot > 0 ? (double)cases[i].lot : 1.0;
        assert_int_equal(zh_plan_find(p, cases[i].model, cases[i].lot, &plan, NULL), ZH_OK);
        for (int64_t n = 1; n <= plan.n[0]; n++) {
            for (int64_t ac = 0; ac < n && ac <= 30; ac++) {
                zh_attribute_plan other = {1, {n}, {ac}, {ac + 1}};
                bool meets = evaluate(&other, cases[i].model, cases[i].lot, p->prp_quality * scale)
                                     .p_accept >= p->prp_accept &&
                             evaluate(&other, cases[i].model, cases[i].lot, p->crp_quality * scale)
                                     .p_accept <= p->crp_accept;
                bool found = n == plan.n[0] && ac == plan.ac[0];
                assert_true(!meets || n == plan.n[0]);
                assert_true(meets || !found);
            }
        }
    }
    static const zh_risk_points wrong[] = {{0.05, 0.95, 0.05, 0.1},
                                           {0.01, 0.1, 0.05, 0.95},
                                           {0.01, 1.0, 0.05, 0.1},
                                           {-0.01, 0.95, 0.05, 0.1},
                                           {0.01, 0.95, 1.5, 0.1}};
    for (size_t i = 0; i < ZH_COUNTOF(wrong); i++) {
        assert_int_equal(zh_plan_find(&wrong[i], ZH_COUNT_BINOMIAL, 0, &plan, NULL), ZH_EINVAL);
    }
    zh_risk_points close = {0.01, 0.999, 0.01001, 0.001};
    assert_int_equal(zh_plan_find(&close, ZH_COUNT_BINOMIAL, 0, &plan, NULL), ZH_ELIMIT);
    assert_int_equal(zh_plan_find(&points, ZH_COUNT_HYPERGEOMETRIC, 0, &plan, NULL), ZH_EINVAL);
}

/* Sigma known: k and n in closed form. Sigma unknown: against a simulation-free identity for n = 2,
 * where s = |x1 - x2|/sqrt 2 and the mean are independent normals: P(mean/|d| <= x) has an integral
 * by angle. */
static void test_variables(void **state)
{
    (void)state;
    double p;
    int64_t n;
    double k;
    assert_int_equal(zh_variables_accept(10, 2, true, 0.02, &p, NULL), ZH_OK);
    /* 1 - Phi((2 - 2.0537489106318225) sqrt 10) */
    close_to(p, 0.567482733733215, 1e-12);
    assert_int_equal(zh_variables_accept(20, 1.5, false, 0.5, &p, NULL), ZH_OK);
    /* Central t with 19 degrees: P(T > 1.5 sqrt 20), by the midpoint rule on its density in Python.
     */
    close_to(p, 1.0313045891e-06, 1e-14);
    assert_int_equal(zh_variables_accept(2, 1.0, false, 0.5, &p, NULL), ZH_OK);
    close_to(p, 0.5 - atan(sqrt(2.0)) / 3.14159265358979323846, 1e-13);
    static const bool known[] = {true, false};
    zh_risk_points points = {0.01, 0.95, 0.06, 0.10};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(zh_variables_find(&points, known[i], &n, &k, NULL), ZH_OK);
        assert_int_equal(zh_variables_accept(n, k, known[i], 0.01, &p, NULL), ZH_OK);
        close_to(p, 0.95, 1e-9);
        assert_int_equal(zh_variables_accept(n, k, known[i], 0.06, &p, NULL), ZH_OK);
        assert_true(p <= 0.10 && p > 0.08);
        /* Lieberman & Resnikoff 1955, and Montgomery, figure 16.2: n about 40 (sigma unknown),
         * k 1.9. */
        close_to(k, 1.9, 0.05);
        assert_true(known[i] ? n < 20 : n > 34 && n < 44);
    }
    assert_int_equal(zh_variables_accept(1, 2, false, 0.1, &p, NULL), ZH_EINVAL);
    assert_int_equal(zh_variables_accept(5, 2, false, 1.1, &p, NULL), ZH_EINVAL);
    assert_int_equal(zh_variables_accept(5, (double)NAN, true, 0.1, &p, NULL), ZH_EINVAL);
    assert_int_equal(zh_variables_accept(5, 2, false, 0, &p, NULL), ZH_OK);
    assert_true(p == 1);
    points.prp_quality = 0;
    assert_int_equal(zh_variables_find(&points, true, &n, &k, NULL), ZH_EINVAL);
    points = (zh_risk_points){0.0100, 0.999, 0.0101, 0.001};
    assert_int_equal(zh_variables_find(&points, true, &n, &k, NULL), ZH_ELIMIT);
}

/* ---- GB/T 2828.4 ---- */

/* Largest n with P(d <= L at the DQL) >= 0.95, calculated independently (project facts, 02, G). */
static void test_audit(void **state)
{
    (void)state;
    static const struct {
        double dql;
        int64_t n[3];
    } cases[] = {{1.0, {35, 82, 137}},
                 {2.5, {14, 33, 55}},
                 {4.0, {9, 21, 34}},
                 {6.5, {5, 13, 21}},
                 {10, {3, 8, 14}}};
    zh_audit_plan plan;
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        for (int level = 1; level <= 3; level++) {
            assert_int_equal(zh_audit_plan_of(cases[i].dql, level, &plan, NULL), ZH_OK);
            assert_int_equal(plan.n, cases[i].n[level - 1]);
            assert_int_equal(plan.limit, level);
            assert_true(plan.risk <= 0.05 && plan.n_preferred <= plan.n);
            zh_attribute_plan a = {1, {plan.n}, {level}, {level + 1}};
            close_to(evaluate(&a, ZH_COUNT_BINOMIAL, 0, plan.lqr * cases[i].dql / 100).p_accept,
                     0.10, 1e-9);
        }
    }
    assert_int_equal(zh_audit_plan_of(1.0, 0, &plan, NULL), ZH_EINVAL);
    assert_int_equal(zh_audit_plan_of(0, 1, &plan, NULL), ZH_EINVAL);
    assert_int_equal(zh_audit_plan_of(20, 1, &plan, NULL), ZH_OK);
    assert_int_equal(zh_audit_plan_of(20.5, 1, &plan, NULL), ZH_EINVAL);
}

/* ---- the JSON door ---- */

static zh_rc calculate(const char *name, const char *input, zh_err *err)
{
    zh_arena *arena = zh_arena_new((size_t)64 << 20);
    zh_json *json;
    zh_buf out;
    zh_jw writer;
    zh_rc rc = ZH_ENOTFOUND;
    zh_buf_init(&out, (size_t)1 << 20);
    zh_jw_init(&writer, &out, 0);
    assert_int_equal(zh_json_parse(arena, zh_str_of(input), &json, err), ZH_OK);
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (strcmp(zh_engines[i]->name, name) == 0) {
            rc = zh_engines[i]->run(arena, json, &writer, err);
        }
    }
    zh_buf_free(&out);
    zh_arena_free(arena);
    return rc;
}

/* Every engine calculates its own example; what cannot be is refused by name. */
static void test_door(void **state)
{
    (void)state;
    static const struct {
        const char *name, *input, *where;
    } refused[] = {
        {"acceptance.iso2859_code_letter", "{\"lot_size\":1}", "lot_size"},
        {"acceptance.iso2859_single_plan", "{\"lot_size\":100,\"level\":\"IV\",\"aql\":1}",
         "level"},
        {"acceptance.iso2859_single_plan", "{\"lot_size\":100,\"aql\":1,\"inspection\":\"none\"}",
         "inspection"},
        {"acceptance.oc_curve", "{\"n\":[80,80],\"ac\":[1,4],\"p\":[0.1]}", "n"},
        {"acceptance.oc_curve", "{\"n\":[0],\"ac\":[0],\"p\":[0.1]}", "n"},
        {"acceptance.oc_curve", "{\"n\":[5],\"ac\":[0]}", "p"},
        {"acceptance.switching", "{\"aql\":1,\"lot_size\":[100,200],\"nonconforming\":[0,0,0]}",
         "lot_size"},
        {"acceptance.switching", "{\"aql\":1,\"lot_size\":100,\"nonconforming\":[-1]}",
         "nonconforming"},
        {"acceptance.find_plan", "{\"prp_quality\":0.01,\"prp_accept\":0.95,\"crp_quality\":0.05}",
         "crp_accept"},
        {"acceptance.oc_variables", "{\"n\":20,\"k\":2,\"sigma\":\"maybe\",\"p\":[0.1]}", "sigma"},
        {"acceptance.audit_plan", "{\"level\":\"II\"}", "dql"},
    };
    size_t engines = 0;
    for (size_t i = 0; i < zh_engines_n; i++) {
        zh_err err = {0};
        if (strncmp(zh_engines[i]->name, "acceptance.", 11) == 0) {
            engines++;
            assert_int_equal(calculate(zh_engines[i]->name, zh_engines[i]->input, &err), ZH_OK);
        }
    }
    assert_true(engines >= 8);
    for (size_t i = 0; i < ZH_COUNTOF(refused); i++) {
        zh_err err = {0};
        if (calculate(refused[i].name, refused[i].input, &err) != ZH_EINVAL ||
            strcmp(err.where, refused[i].where) != 0) {
            fail_msg("%s %s: %s %s", refused[i].name, refused[i].input, err.where, err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_letters),
        cmocka_unit_test(test_single_plans),
        cmocka_unit_test(test_double_plans),
        cmocka_unit_test(test_multiple_plans),
        cmocka_unit_test(test_staged_match_single),
        cmocka_unit_test(test_double_editions),
        cmocka_unit_test(test_variables_like),
        cmocka_unit_test(test_tables_make_sense),
        cmocka_unit_test(test_switching),
        cmocka_unit_test(test_textbook),
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_refused_plans),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
