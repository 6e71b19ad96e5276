/* Path models, bootstrap, reliability, satisfaction index.
 *
 * Expected values: tests/fixture/engine/pls.R, an independent calculation on the scores with base R
 * 4.2.2 (what is computed here works on covariances); otherwise identities. */
#include "engine/engine.h"
#include "engine/pls.h"
#include "num/random.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ROWS    ((size_t)20)
#define ITEMS   ((size_t)7)
#define LATENTS ((size_t)3)

static const double answers[] = {
    7, 6, 8, 5, 6, 7, 8, 4, 5, 4, 6, 5, 4, 5, 9, 8, 9, 7, 8, 9, 9, 5, 5, 6, 4, 3, 5, 4,
    6, 7, 6, 8, 7, 6, 7, 3, 2, 4, 5, 4, 3, 2, 8, 8, 7, 6, 7, 8, 7, 2, 3, 2, 3, 2, 2, 3,
    7, 7, 7, 4, 5, 6, 8, 6, 5, 5, 7, 8, 6, 5, 5, 6, 4, 5, 5, 5, 6, 9, 9, 8, 8, 9, 8, 9,
    4, 4, 5, 3, 4, 4, 3, 7, 8, 7, 6, 6, 8, 7, 6, 6, 5, 7, 6, 6, 6, 3, 4, 3, 2, 3, 3, 2,
    8, 7, 8, 9, 8, 7, 8, 5, 4, 5, 6, 5, 4, 5, 7, 6, 6, 5, 7, 7, 6, 6, 7, 7, 8, 6, 6, 7};
static const size_t block[] = {3, 2, 2};
static const bool path[] = {false, false, false, true, false, false, true, true, false};

struct world {
    zh_arena *own, *arena;
    zh_err err;
    zh_matrix data;
    zh_pls_mode mode[3];
    zh_pls_model model;
};

static int setup(void **state)
{
    zh_arena *own = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    struct world *w = ZH_NEW(own, struct world);
    w->own = own;
    w->arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    w->data = (zh_matrix){ROWS, ITEMS, ZH_NEW_N(w->arena, double, ROWS *ITEMS)};
    memcpy(w->data.v, answers, sizeof(answers));
    w->model = (zh_pls_model){.latents = LATENTS,
                              .block = block,
                              .mode = w->mode,
                              .path = path,
                              .scheme = ZH_PLS_CENTROID,
                              .scaled = true,
                              .oriented = true,
                              .tolerance = 1e-20,
                              .iterations = 5000};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    zh_arena_free(w->arena);
    zh_arena_free(w->own);
    return 0;
}

static void near(double given, double wanted, double relative)
{
    if (!(fabs(given - wanted) <= relative * fabs(wanted) + 1e-12)) {
        fail_msg("%.17g, wanted %.17g", given, wanted);
    }
}

static void near_all(const double *given, const double *wanted, size_t n, double relative)
{
    for (size_t i = 0; i < n; i++) {
        near(given[i], wanted[i], relative);
    }
}

static zh_pls_fit estimate(struct world *w)
{
    zh_pls_fit fit;
    zh_err_clear(&w->err);
    if (zh_pls_estimate(w->arena, &w->model, &w->data, &fit, &w->err) != ZH_OK) {
        fail_msg("%s: %s", w->err.rule, w->err.message);
    }
    return fit;
}

static void test_reference(void **state)
{
    struct world *w = *state;
    const struct {
        const char *modes;
        zh_pls_scheme scheme;
        bool scaled;
        double weight[7], loading[7], path[3], r2[2];
    } cases[] = {
        {"BAA",
         ZH_PLS_CENTROID,
         true,
         {0.998115834798722, 0.133314917738087, -0.131758496769452, 0.453398149602294,
          0.59282732023397, 0.522533864075627, 0.509091520363625},
         {0.996616671065781, 0.926878462996552, 0.897897361942001, 0.94191567741973,
          0.966448669319732, 0.970145221873047, 0.968521864493033},
         {0.812195591408043, 0.964913752735651, 0.0158146334425305},
         {0.659661678702661, 0.956096468064503}},
        {"BBA",
         ZH_PLS_FACTORIAL,
         true,
         {1.19106643596603, 0.0324498939352331, -0.243567826254929, -0.203856605250554,
          1.16129614821326, 0.533545815292597, 0.498045944833914},
         {0.995338669847272, 0.909683985283414, 0.88284907829378, 0.753105909846003,
          0.993308740367495, 0.971445510524951, 0.967158387837619},
         {0.894001226091216, 1.07672439033106, -0.119312102394817},
         {0.799238192252598, 0.943872819219185}},
        {"AAA",
         ZH_PLS_PATH,
         false,
         {0.207247169571871, 0.180526485864427, 0.175509784670124, 0.249216783785791,
          0.317435219728342, 0.2443270567234, 0.269512796383273},
         {0.985278949290723, 0.941067302393737, 0.948453387767572, 0.943249604971669,
          0.965415017520388, 0.961959379802689, 0.975934322132214},
         {0.777873238783166, 0.908978919163675, 0.0910724867340819},
         {0.605086775615012, 0.963326188170569}},
        {"BAB",
         ZH_PLS_PATH,
         true,
         {0.997425914359912, 0.12274799622308, -0.120111063111033, 0.449525395782646,
          0.596599100751225, 0.703707529972788, 0.323409041034157},
         {0.997157619915525, 0.925097283077045, 0.900372420435138, 0.941151047721339,
          0.967029118976808, 0.988060252795323, 0.942133711125705},
         {0.812917801672707, 0.984890590811036, -0.00386730238953298},
         {0.660835352276387, 0.963831835871773}},
    };
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        for (size_t j = 0; j < LATENTS; j++) {
            w->mode[j] = cases[i].modes[j] == 'B' ? ZH_PLS_B : ZH_PLS_A;
        }
        w->model.scheme = cases[i].scheme;
        w->model.scaled = cases[i].scaled;
        zh_pls_fit fit = estimate(w);
        double paths[] = {fit.path[3], fit.path[6], fit.path[7]};
        near_all(fit.weight, cases[i].weight, ITEMS, 1e-8);
        near_all(fit.loading, cases[i].loading, ITEMS, 1e-8);
        near_all(paths, cases[i].path, 3, 1e-6);
        near_all(fit.r2 + 1, cases[i].r2, 2, 1e-8);
        near(fit.total_effect[6], paths[1] + paths[0] * paths[2], 1e-12);
    }
}

/* Scores have mean 0 and variance 1, their correlations are those of the fit. */
static void test_scores(void **state)
{
    struct world *w = *state;
    double scores[60];
    double twice[60];
    zh_pls_fit fit = estimate(w);
    zh_pls_scores(&w->model, &fit, &w->data, ROWS, scores);
    for (size_t a = 0; a < LATENTS; a++) {
        double mean = 0.0;
        for (size_t i = 0; i < ROWS; i++) {
            mean += scores[i * LATENTS + a] / (double)ROWS;
        }
        near(mean, 0.0, 0.0);
        for (size_t b = 0; b < LATENTS; b++) {
            double product = 0.0;
            for (size_t i = 0; i < ROWS; i++) {
                product += scores[i * LATENTS + a] * scores[i * LATENTS + b] / (double)ROWS;
            }
            near(product, fit.correlation[a * LATENTS + b], 1e-10);
        }
    }
    /* Standardised items: units and origins do not matter. */
    for (size_t i = 0; i < ROWS * ITEMS; i++) {
        w->data.v[i] = 1e6 + 37.0 * w->data.v[i];
    }
    zh_pls_fit other = estimate(w);
    zh_pls_scores(&w->model, &other, &w->data, ROWS, twice);
    near_all(other.weight, fit.weight, ITEMS, 1e-7);
    near_all(twice, scores, ROWS * LATENTS, 1e-7);
    near(other.gof, fit.gof, 1e-9);
}

/* A block that is reversed as a whole is turned so that its items load positively; a half reversed
 * one is turned too, and its weights keep the sign of the iteration. */
static void test_orientation(void **state)
{
    struct world *w = *state;
    zh_pls_fit fit = estimate(w);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < 3; j++) {
            w->data.v[i * ITEMS + j] = 10.0 - w->data.v[i * ITEMS + j];
        }
    }
    zh_pls_fit other = estimate(w);
    near_all(other.loading, fit.loading, 3, 1e-9);
    near(other.path[3], -fit.path[3], 1e-9);
    near(other.r2[1], fit.r2[1], 1e-9);
    for (size_t i = 0; i < ROWS; i++) {
        w->data.v[i * ITEMS + 3] = -w->data.v[i * ITEMS + 3];
    }
    other = estimate(w);
    assert_true(other.turn[1] * other.weight[3] * other.loading[3] > 0.0);
    w->model.oriented = false;
    other = estimate(w);
    assert_true(other.turn[1] == 1.0);
}

static void test_index(void **state)
{
    struct world *w = *state;
    double index[3];
    double scale[] = {1, 1, 1};
    double one = 0.0;
    double se = 0.0;
    zh_pls_fit fit = estimate(w);
    zh_pls_indices(&w->model, &fit, 1.0, 10.0, index);
    /* The index of a latent variable is that of its items under the unstandardised weights. */
    for (size_t k = 0; k < 3; k++) {
        scale[k] = fit.weight[k] / fit.sd[k];
    }
    zh_matrix items = {ROWS, 3, ZH_NEW_N(w->arena, double, ROWS * 3)};
    for (size_t i = 0; i < ROWS * 3; i++) {
        items.v[i] = w->data.v[i / 3 * ITEMS + i % 3];
    }
    assert_int_equal(zh_satisfaction_index(&items, scale, 3, 1.0, 10.0, &one, &se, &w->err), ZH_OK);
    near(one, index[0], 1e-12);
    /* Nobody answers below the scale's end: 100 when all do the best, 0 the worst. */
    for (size_t i = 0; i < ROWS * 3; i++) {
        items.v[i] = 10.0;
    }
    assert_int_equal(zh_satisfaction_index(&items, scale, 3, 1.0, 10.0, &one, &se, &w->err), ZH_OK);
    near(one, 100.0, 1e-12);
    near(se, 0.0, 0.0);
    items.v[4] = 11.0;
    assert_int_equal(zh_satisfaction_index(&items, scale, 3, 1.0, 10.0, &one, &se, &w->err),
                     ZH_EINVAL);
    assert_string_equal(w->err.rule, "satisfaction.scale");
}

/* Resampling by covariances gives what fitting the drawn rows one by one gives. */
static void test_resample(void **state)
{
    struct world *w = *state;
    zh_pls_bootstrap a;
    zh_matrix whole = w->data;
    double path_mean[3] = {0};
    double loading_squares = 0.0;
    w->model.tolerance = 1e-10;
    w->model.scheme = ZH_PLS_PATH;
    w->mode[1] = ZH_PLS_B;
    assert_int_equal(
        zh_pls_resample(w->arena, &w->model, &w->data, 50, 7, 0.95, false, &a, &w->err), ZH_OK);
    assert_int_equal(a.paths, 3);
    assert_int_equal(a.effects, 3);
    assert_int_equal(a.failed, 0);
    zh_pls_fit fit = estimate(w);
    near(a.path.original[0], fit.path[3], 1e-12);
    near(a.total_effect.original[1], fit.total_effect[6], 1e-12);
    w->data.v = ZH_NEW_N(w->arena, double, ROWS *ITEMS);
    for (uint64_t replicate = 0; replicate < 50; replicate++) {
        zh_random random;
        zh_random_seed_task(&random, 7, replicate);
        for (size_t i = 0; i < ROWS; i++) {
            memcpy(w->data.v + i * ITEMS, whole.v + zh_random_below(&random, ROWS) * ITEMS,
                   ITEMS * sizeof(double));
        }
        zh_pls_fit one = estimate(w);
        path_mean[0] += one.path[3] / 50.0;
        path_mean[1] += one.path[6] / 50.0;
        path_mean[2] += one.path[7] / 50.0;
        loading_squares +=
            (one.loading[2] - a.loading.mean[2]) * (one.loading[2] - a.loading.mean[2]);
    }
    near_all(a.path.mean, path_mean, 3, 1e-6);
    near(a.loading.se[2], sqrt(loading_squares / 49.0), 1e-6);
}

/* Eight rows with an item of two values: some resamples have it constant; they are counted. */
static void test_failures_counted(void **state)
{
    struct world *w = *state;
    zh_pls_bootstrap result;
    w->data.rows = 8;
    w->model.tolerance = 1e-10;
    for (size_t i = 0; i < 8; i++) {
        w->data.v[i * ITEMS + 6] = i == 2 ? 9.0 : 5.0;
    }
    assert_int_equal(
        zh_pls_resample(w->arena, &w->model, &w->data, 1000, 1, 0.9, true, &result, &w->err),
        ZH_OK);
    /* P(row 3 is never drawn) = (7/8)^8 = 0.3436, or drawn eight times. */
    assert_in_range(result.failed, 290, 420);
}

static void refused(struct world *w, const char *rule)
{
    zh_pls_fit fit;
    zh_err_clear(&w->err);
    assert_true(zh_pls_estimate(w->arena, &w->model, &w->data, &fit, &w->err) != ZH_OK);
    assert_string_equal(w->err.rule, rule);
}

static void test_refusals(void **state)
{
    struct world *w = *state;
    const bool circle[] = {false, false, true, true, false, false, false, true, false};
    const bool alone[] = {false, false, false, true, false, false, false, false, false};
    w->model.path = circle;
    refused(w, "pls.circle");
    w->model.path = alone;
    refused(w, "pls.alone");
    w->model.path = path;
    w->data.rows = 2;
    refused(w, "pls.rows");
    w->data.rows = ROWS;
    w->data.cols = 6;
    refused(w, "pls.items");
    w->data.cols = ITEMS;
    w->model.tolerance = 0.1;
    refused(w, "pls.tolerance");
    w->model.tolerance = 1e-20;
    w->model.iterations = 1;
    refused(w, "pls.convergence");
    w->model.iterations = 5000;
    w->data.v[17] = (double)NAN;
    refused(w, "pls.data");
    w->data.v[17] = 5.0;
    for (size_t i = 0; i < ROWS; i++) {
        w->data.v[i * ITEMS + 4] = 1e9;
    }
    refused(w, "pls.constant");
    for (size_t i = 0; i < ROWS; i++) {
        w->data.v[i * ITEMS + 4] = 3.0 * w->data.v[i * ITEMS + 3] - 1.0;
    }
    w->mode[1] = ZH_PLS_B;
    refused(w, "pls.singular");
    w->mode[1] = ZH_PLS_A;
    (void)estimate(w);
}

static void test_caps(void **state)
{
    struct world *w = *state;
    zh_pls_bootstrap result;
    size_t *blocks = ZH_NEW_N(w->arena, size_t, ZH_PLS_LATENTS_MAX + 1);
    for (size_t j = 0; j <= ZH_PLS_LATENTS_MAX; j++) {
        blocks[j] = 1;
    }
    w->model.block = blocks;
    w->model.latents = ZH_PLS_LATENTS_MAX + 1;
    refused(w, "pls.latents");
    w->model.latents = 2;
    blocks[0] = ZH_PLS_ITEMS_MAX;
    refused(w, "pls.items");
    w->model.block = block;
    w->model.latents = LATENTS;
    assert_int_equal(zh_pls_resample(w->arena, &w->model, &w->data, ZH_PLS_REPLICATES_MAX + 1, 1,
                                     0.95, false, &result, &w->err),
                     ZH_ELIMIT);
}

static void test_quality(void **state)
{
    struct world *w = *state;
    zh_pls_quality q;
    zh_pls_fit fit = estimate(w);
    assert_int_equal(zh_pls_quality_of(w->arena, &w->model, &w->data, &fit, &q, &w->err), ZH_OK);
    for (size_t j = 0, first = 0; j < LATENTS; first += block[j++]) {
        zh_alpha alpha;
        zh_matrix items = {ROWS, block[j], ZH_NEW_N(w->arena, double, ROWS *block[j])};
        for (size_t i = 0; i < ROWS * block[j]; i++) {
            items.v[i] = w->data.v[i / block[j] * ITEMS + first + i % block[j]];
        }
        assert_int_equal(zh_cronbach_alpha(w->arena, &items, &alpha, &w->err), ZH_OK);
        near(q.alpha[j], alpha.std, 1e-12);
        near(q.ave[j], fit.block_communality[j], 1e-12);
        if (block[j] == 2) {
            /* Eigenvalues of a 2 by 2 correlation matrix are 1 ± r; Dillon and Goldstein's rho then
             * has loadings sqrt((1 + r)/2) twice. */
            double r = alpha.average_r;
            double l = sqrt((1.0 + r) / 2.0);
            near(q.eigen_first[j], 1.0 + r, 1e-12);
            near(q.eigen_second[j], 1.0 - r, 1e-11);
            near(q.dg_rho[j], 4.0 * l * l / (4.0 * l * l + 2.0 - 2.0 * l * l), 1e-12);
            assert_true(isnan(alpha.dropped[0]));
        }
    }
    assert_true(isnan(q.htmt[0]) && isnan(q.htmt[1]) && q.htmt[3] > 0.0);
}

/* Items that are equal are perfectly reliable; independent ones are not at all. */
static void test_alpha(void **state)
{
    struct world *w = *state;
    zh_alpha alpha;
    double same[] = {1, 1, 1, 2, 2, 2, 5, 5, 5, 3, 3, 3};
    double crossed[] = {1, 1, 1, -1, -1, 1, -1, -1};
    zh_matrix items = {4, 3, same};
    assert_int_equal(zh_cronbach_alpha(w->arena, &items, &alpha, &w->err), ZH_OK);
    near(alpha.raw, 1.0, 1e-14);
    near(alpha.std, 1.0, 1e-14);
    near(alpha.rest[2], 1.0, 1e-14);
    near(alpha.dropped[1], 1.0, 1e-14);
    items = (zh_matrix){4, 2, crossed};
    assert_int_equal(zh_cronbach_alpha(w->arena, &items, &alpha, &w->err), ZH_OK);
    near(alpha.raw, 0.0, 0.0);
    items.rows = 1;
    assert_int_equal(zh_cronbach_alpha(w->arena, &items, &alpha, &w->err), ZH_EINVAL);
}

static const zh_engine *engine(const char *name)
{
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (strcmp(zh_engines[i]->name, name) == 0) {
            return zh_engines[i];
        }
    }
    fail_msg("%s is not there", name);
    return NULL;
}

static zh_rc calc(struct world *w, const char *name, const char *input)
{
    zh_json *json = NULL;
    zh_buf buf;
    zh_jw out;
    zh_buf_init(&buf, 1 << 20);
    zh_err_clear(&w->err);
    assert_int_equal(zh_json_parse(w->arena, zh_str_of(input), &json, &w->err), ZH_OK);
    zh_jw_init(&out, &buf, 0);
    zh_rc rc = engine(name)->run(w->arena, json, &out, &w->err);
    zh_buf_free(&buf);
    return rc;
}

/* The examples work; members of another shape are refused by name. */
static void test_door(void **state)
{
    struct world *w = *state;
    const char *const names[] = {"pls.pls_path", "pls.pls_bootstrap_se", "pls.reliability_validity",
                                 "pls.cronbach_alpha", "pls.satisfaction_index"};
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        if (calc(w, names[i], engine(names[i])->input) != ZH_OK) {
            fail_msg("%s: %s", names[i], w->err.message);
        }
    }
#define DATA "\"data\":[[1,2,3],[2,1,4],[3,5,1],[4,4,6]],\"latent\":[\"a\",\"b\"]"
    const struct {
        const char *input, *where;
    } refusals[] = {
        {"{}", "data"},
        {"{" DATA "}", "blocks"},
        {"{" DATA ",\"blocks\":[[1,4],[3]]}", "blocks"},
        {"{" DATA ",\"blocks\":[[1,\"q\"],[3]]}", "blocks"},
        {"{" DATA ",\"blocks\":[[1,2],[3]]}", "path_matrix"},
        {"{" DATA ",\"blocks\":[[1],[2],[3]],\"path_matrix\":[[0]]}", "latent"},
        {"{" DATA ",\"blocks\":[[1,2],[3]],\"path_matrix\":[[0,0],[2,0]]}", "path_matrix"},
        {"{" DATA ",\"blocks\":[[1,2],[3]],\"path_matrix\":[[0,0],[1,0]],\"modes\":[\"A\",\"C\"]}",
         "modes"},
        {"{" DATA ",\"blocks\":[[1,2],[3]],\"path_matrix\":[[0,0],[1,0]],\"scheme\":\"x\"}",
         "scheme"},
        {"{" DATA ",\"blocks\":[[1,2],[3]],\"path_matrix\":[[0,0],[1,0]],\"scale_min\":5,"
         "\"scale_max\":5}",
         "scale_max"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(refusals); i++) {
        assert_int_equal(calc(w, "pls.pls_path", refusals[i].input), ZH_EINVAL);
        assert_string_equal(w->err.where, refusals[i].where);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scores, setup, teardown),
        cmocka_unit_test_setup_teardown(test_orientation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resample, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_caps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quality, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alpha, setup, teardown),
        cmocka_unit_test_setup_teardown(test_door, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
