/* Formulas, GUM and Monte Carlo: published examples, identities, refusals. Sources stand at each
 * test. */
#include "engine/uncertainty.h"
#include "engine_call.h"
#include "num/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 20260722 };

static zh_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = zh_arena_new((size_t)512 << 20);
    printf("seed %d\n", SEED);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static const zh_json *call(const char *name, const char *input)
{
    zh_err err = {0};
    const zh_json *answer = engine_call(arena, name, input, &err);
    if (answer == NULL) {
        fail_msg("%s refused: %s %s", name, err.where, err.message);
    }
    return answer;
}

static const zh_str xyz[] = {{"x", 1}, {"y", 1}, {"z_1.a", 5}};

static double value_at(const char *text, const double *x)
{
    const zh_formula *f;
    double v;
    double gradient[3];
    assert_int_equal(zh_formula_parse(arena, zh_str_of(text), xyz, 3, &f, NULL), ZH_OK);
    assert_int_equal(zh_formula_derivatives(arena, f, x, &v, gradient, NULL, NULL), ZH_OK);
    return v;
}

static void test_precedence(void **state)
{
    (void)state;
    const double x[] = {2.0, 3.0, 5.0};
    static const struct {
        const char *text;
        double value;
    } table[] = {{"x+y*z_1.a", 17}, {"-x^2", -4},          {"2^-x", 0.25},   {"2^3^x", 512},
                 {"(x+y)^2", 25},   {"8/y/x*3", 4},        {"10-4-3", 3},    {"+-x", -2},
                 {"2*-y", -6},      {"1.5e+1 + .5", 15.5}, {"sqrt(y+6)", 3}, {"log(exp(x))", 2},
                 {"cos(pi)", -1},   {" x * ( y ) ", 6},    {"--x", 2}};
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        engine_close(value_at(table[i].text, x), table[i].value, 1e-15);
    }
}

static void syntax(const char *text, zh_rc expected)
{
    const zh_formula *f;
    zh_err err = {0};
    if (zh_formula_parse(arena, zh_str_of(text), xyz, 3, &f, &err) != expected) {
        fail_msg("%s: %s", text, err.message);
    }
}

static void test_syntax(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "x+",   "(x",     "x)",    "x y",  "2x",   "sqrt x",
                                      "abs(x)", "x**y", "sqrt()", "1e999", "x,y",  "q",    "2e",
                                      "()",     "x^",   "*x",     ".",     "1..2", "x\xe9"};
    for (size_t i = 0; i < ZH_COUNTOF(bad); i++) {
        syntax(bad[i], ZH_EINVAL);
    }
    char text[ZH_FORMULA_BYTES_MAX + 2];
    /* Parentheses at the depth and one beyond; each level is one factor. */
    for (size_t extra = 0; extra < 2; extra++) {
        size_t depth = ZH_FORMULA_DEPTH_MAX - 1 + extra;
        memset(text, '(', depth);
        text[depth] = 'x';
        memset(text + depth + 1, ')', depth);
        text[2 * depth + 1] = '\0';
        syntax(text, extra == 0 ? ZH_OK : ZH_EINVAL);
    }
    memset(text, ' ', sizeof(text));
    text[0] = 'x';
    text[ZH_FORMULA_BYTES_MAX] = '\0';
    syntax(text, ZH_OK);
    text[ZH_FORMULA_BYTES_MAX] = ' ';
    text[ZH_FORMULA_BYTES_MAX + 1] = '\0';
    syntax(text, ZH_ELIMIT);
    memset(text, '-', ZH_FORMULA_BYTES_MAX);
    text[ZH_FORMULA_BYTES_MAX] = '\0';
    syntax(text, ZH_EINVAL);
    const zh_str names[] = {{"质量", 6}, {"体积", 6}};
    const zh_formula *f;
    assert_int_equal(zh_formula_parse(arena, ZH_STR("质量/体积"), names, 2, &f, NULL), ZH_OK);
    const zh_str twice[] = {{"a", 1}, {"a", 1}};
    const zh_str function[] = {{"sin", 3}};
    const zh_str digit[] = {{"1a", 2}};
    assert_int_equal(zh_formula_parse(arena, ZH_STR("a"), twice, 2, &f, NULL), ZH_EINVAL);
    assert_int_equal(zh_formula_parse(arena, ZH_STR("1"), function, 1, &f, NULL), ZH_EINVAL);
    assert_int_equal(zh_formula_parse(arena, ZH_STR("1"), digit, 1, &f, NULL), ZH_EINVAL);
}

/* Derivatives against symmetric differences of the value (first) and of the gradient (second). */
static void test_derivatives(void **state)
{
    (void)state;
    static const char *const texts[] = {"x*y/z_1.a",
                                        "x^y^0.5",
                                        "sqrt(x*y)+log(z_1.a)*x",
                                        "sin(x)*cos(y)-tan(z_1.a/9)",
                                        "exp(-x*y)/(1+x)",
                                        "x^3-2*x*y+y^-2",
                                        "(x+y*z_1.a)^2.5",
                                        "x/x+y-y*1",
                                        "2^x*y^2",
                                        "log(x+sqrt(y*y+1))"};
    zh_random random;
    zh_random_seed(&random, SEED);
    for (size_t t = 0; t < ZH_COUNTOF(texts); t++) {
        const zh_formula *f;
        assert_int_equal(zh_formula_parse(arena, zh_str_of(texts[t]), xyz, 3, &f, NULL), ZH_OK);
        for (int round = 0; round < 20; round++) {
            double x[3];
            double v[3];
            double gradient[3];
            double hessian[9];
            double low[3];
            double high[3];
            for (size_t i = 0; i < 3; i++) {
                x[i] = 0.5 + 2.0 * zh_random_uniform(&random);
            }
            assert_int_equal(zh_formula_derivatives(arena, f, x, &v[0], gradient, hessian, NULL),
                             ZH_OK);
            for (size_t i = 0; i < 3; i++) {
                double h = 1e-5;
                double at = x[i];
                x[i] = at - h;
                assert_int_equal(zh_formula_derivatives(arena, f, x, &v[1], low, NULL, NULL),
                                 ZH_OK);
                x[i] = at + h;
                assert_int_equal(zh_formula_derivatives(arena, f, x, &v[2], high, NULL, NULL),
                                 ZH_OK);
                x[i] = at;
                assert_true(fabs((v[2] - v[1]) / (2 * h) - gradient[i]) <
                            1e-6 * (1.0 + fabs(gradient[i])));
                for (size_t j = 0; j < 3; j++) {
                    assert_true(fabs((high[j] - low[j]) / (2 * h) - hessian[3 * i + j]) <
                                1e-6 * (1.0 + fabs(hessian[3 * i + j])));
                    assert_true(fabs(hessian[3 * i + j] - hessian[3 * j + i]) <=
                                1e-12 * (1.0 + fabs(hessian[3 * i + j])));
                }
            }
        }
    }
}

/* JCGM 100:2008, H.1, end-gauge calibration: l = 50.000838 mm, u_c = 32 nm, 16 effective degrees of
 * freedom (16.7 before truncation). Lengths here in nm. */
static void test_end_gauge(void **state)
{
    (void)state;
    const zh_json *a =
        call("metrology.gum_linear",
             "{\"expression\":\"ls+d-ls*(da*theta+alpha*dtheta)\",\"names\":[\"ls\",\"d\",\"da\","
             "\"theta\",\"alpha\",\"dtheta\"],\"x\":[50000623,215,0,-0.1,11.5e-6,0],\"u\":[25,9.7,"
             "0.58e-6,0.41,1.2e-6,0.029],\"df\":[18,25.6,50,null,null,2],\"confidence\":0.99}");
    engine_close(engine_number(a, "y"), 50000838.0, 1e-12);
    assert_true(fabs(engine_number(a, "u_c") - 31.7) < 0.1);
    assert_true(floor(engine_number(a, "nu_eff")) == 16.0);
    assert_true(fabs(engine_number(a, "sensitivity.0") - 1.0) < 1e-12);
    assert_true(fabs(engine_number(a, "sensitivity.2") - 5000062.3) < 1e-3);
    /* H.1.7: with the terms of second order 34 nm. */
    assert_true(fabs(engine_number(a, "u_second_order") - 34.0) < 0.5);
}

/* JCGM 100:2008, H.2, resistance and reactance from correlated means: table H.4. */
static void test_correlated(void **state)
{
    (void)state;
    static const struct {
        const char *formula;
        double y, u;
    } table[] = {{"V/I*cos(phi)", 127.732, 0.071},
                 {"V/I*sin(phi)", 219.847, 0.295},
                 {"V/I", 254.260, 0.236}};
    char input[512];
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        (void)snprintf(input, sizeof(input),
                       "{\"expression\":\"%s\",\"names\":[\"V\",\"I\",\"phi\"],\"x\":[4.9990,"
                       "19.6610e-3,1.04446],\"u\":[0.0032,0.0095e-3,0.00075],\"correlation\":"
                       "[[1,-0.36,0.86],[-0.36,1,-0.65],[0.86,-0.65,1]]}",
                       table[i].formula);
        const zh_json *a = call("metrology.gum_linear", input);
        assert_true(fabs(engine_number(a, "y") - table[i].y) < 1.5e-3);
        assert_true(fabs(engine_number(a, "u_c") - table[i].u) < 1.5e-3);
    }
}

/* JCGM 101:2008, 9.2.2 to 9.2.4: sums of four standardised normal and rectangular quantities: u =
 * 2, 95 % intervals -+3.92 and -+3.88, and with one rectangular of standard deviation 10: u = 10.1,
 * -+17.0. 9.4.2, comparison loss at x1 = 0 without correlation: 50e-6, u 50e-6, shortest interval
 * [0, 150]e-6, where the first-order GUM has 0; its terms of second order give 50e-6 too. */
static void test_jcgm101(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        char input[1024] = "{\"expression\":\"a+b+c+d\",\"inputs\":[";
        for (int i = 0; i < 4; i++) {
            size_t used = strlen(input);
            double half = sqrt(3.0) * (kind == 2 && i == 3 ? 10.0 : 1.0);
            char one[200];
            if (kind == 0) {
                (void)snprintf(one, sizeof(one),
                               "{\"name\":\"%c\",\"type\":\"normal\",\"mean\":0,\"sd\":1}",
                               'a' + i);
            } else {
                (void)snprintf(one, sizeof(one),
                               "{\"name\":\"%c\",\"type\":\"uniform\",\"min\":%.17g,"
                               "\"max\":%.17g}",
                               'a' + i, -half, half);
            }
            (void)snprintf(input + used, sizeof(input) - used, "%s%s", i > 0 ? "," : "", one);
        }
        size_t used = strlen(input);
        (void)snprintf(input + used, sizeof(input) - used, "]}");
        const zh_json *a = call("metrology.monte_carlo", input);
        double sd = kind == 2 ? sqrt(103.0) : 2.0;
        double end = kind == 0 ? 3.92 : kind == 1 ? 3.88 : 17.0;
        assert_true(fabs(engine_number(a, "mean")) < 0.002 * sd);
        engine_close(engine_number(a, "sd"), sd, 0.002);
        assert_true(fabs(engine_number(a, "upper") - end) < (kind == 2 ? 0.06 : 0.012));
        assert_true(fabs(engine_number(a, "shortest_lower") + end) < (kind == 2 ? 0.2 : 0.05));
    }
    const zh_json *a = call("metrology.monte_carlo",
                            "{\"expression\":\"x^2+y^2\",\"inputs\":[{\"name\":\"x\",\"type\":"
                            "\"normal\",\"mean\":0,\"sd\":0.005},{\"name\":\"y\",\"type\":"
                            "\"normal\",\"mean\":0,\"sd\":0.005}]}");
    engine_close(engine_number(a, "mean"), 50e-6, 0.005);
    engine_close(engine_number(a, "sd"), 50e-6, 0.005);
    assert_true(engine_number(a, "shortest_lower") < 1e-7);
    engine_close(engine_number(a, "shortest_upper"), 150e-6, 0.01);
    const zh_json *g = call("metrology.gum_linear",
                            "{\"expression\":\"x^2+y^2\",\"names\":[\"x\",\"y\"],\"x\":[0,0],"
                            "\"u\":[0.005,0.005]}");
    assert_true(engine_number(g, "u_c") == 0.0 && engine_number(g, "U") == 0.0);
    engine_close(engine_number(g, "mean_second_order"), 50e-6, 1e-12);
    engine_close(engine_number(g, "u_second_order"), 50e-6, 1e-12);
}

/* Ends of each distribution against its own quantile function: closed forms, t and gamma from the
 * tables (t 0.975 with 5: 2.5706; gamma shape 2 rate 0.5 is chi-squared with 4: 0.4844, 11.1433).
 */
static void test_variates(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        double lower, upper, mean, sd;
    } table[] = {
        {"\"uniform\",\"min\":2,\"max\":6", 2.1, 5.9, 4, 1.1547005383792515},
        {"\"triangular\",\"min\":0,\"max\":4", 0.4472135955, 3.5527864045, 2, 0.8164965809},
        {"\"triangular\",\"min\":0,\"max\":4,\"mode\":1", 0.3162277660, 3.4522774424, 5.0 / 3,
         0.8498365856},
        {"\"trapezoidal\",\"min\":0,\"max\":4,\"beta\":1", 0.1, 3.9, 2, 1.1547005383792515},
        {"\"curvilinear_trapezoidal\",\"min\":0,\"max\":4,\"d\":0", 0.1, 3.9, 2, 1.15470053838},
        {"\"arcsine\",\"min\":-1,\"max\":1", -0.9969173337, 0.9969173337, 0, 0.7071067812},
        {"\"normal\",\"mean\":1,\"sd\":2", -2.9199279691, 4.9199279691, 1, 2},
        {"\"lognormal\",\"meanlog\":0,\"sdlog\":0.5", 0.3753225, 2.6643758, 1.1331484531,
         0.6039004333},
        {"\"exponential\",\"mean\":3", 0.0759534, 11.0666384, 3, 3},
        {"\"t\",\"mean\":0,\"scale\":1,\"df\":5", -2.5705818, 2.5705818, 0, 1.2909944487},
        {"\"gamma\",\"shape\":2,\"rate\":0.5", 0.4844186, 11.1432868, 4, 2.8284271247},
    };
    char input[256];
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        (void)snprintf(
            input, sizeof(input),
            "{\"expression\":\"x\",\"draws\":200000,\"inputs\":[{\"name\":\"x\",\"type\":%s}]}",
            table[i].input);
        const zh_json *a = call("metrology.monte_carlo", input);
        bool independent = i >= 9; /* not from the evenly spread sequence */
        double slack = (independent ? 0.01 : 3e-4) * table[i].sd;
        double far = (independent ? 0.03 : 1e-3) * table[i].sd;
        assert_true(fabs(engine_number(a, "mean") - table[i].mean) < slack);
        engine_close(engine_number(a, "sd"), table[i].sd, independent ? 0.01 : 1e-3);
        assert_true(fabs(engine_number(a, "lower") - table[i].lower) < far);
        assert_true(fabs(engine_number(a, "upper") - table[i].upper) < far);
    }
}

static void correlated_input(char *out, size_t size, double r, int seed)
{
    (void)snprintf(out, size,
                   "{\"expression\":\"a-2*b\",\"inputs\":[{\"name\":\"a\",\"type\":\"normal\","
                   "\"mean\":1,\"sd\":2},{\"name\":\"b\",\"type\":\"normal\",\"mean\":2,\"sd\":1}],"
                   "\"correlation\":[[1,%g],[%g,1]],\"draws\":200000,\"seed\":%d}",
                   r, r, seed);
}

/* Correlated normal inputs: a linear model has the GUM's standard uncertainty, also with perfect
 * correlation. The same seed gives the same numbers, another seed others. */
static void test_correlated_draws(void **state)
{
    (void)state;
    char input[512];
    static const double r[] = {0.7, -0.4, 1.0, -1.0};
    for (size_t i = 0; i < ZH_COUNTOF(r); i++) {
        correlated_input(input, sizeof(input), r[i], 7);
        const zh_json *a = call("metrology.monte_carlo", input);
        double sd = sqrt(8.0 - 8.0 * r[i]);
        assert_true(fabs(engine_number(a, "sd") - sd) < 0.01);
        assert_true(fabs(engine_number(a, "mean") + 3.0) < 0.01);
        double first = engine_number(a, "upper");
        assert_true(engine_number(call("metrology.monte_carlo", input), "upper") == first);
        correlated_input(input, sizeof(input), r[i], 8);
        assert_true(r[i] == 1.0 ||
                    engine_number(call("metrology.monte_carlo", input), "upper") != first);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    const char *gum = "metrology.gum_linear";
    const char *mc = "metrology.monte_carlo";
    engine_refused(gum, "{\"expression\":\"a+\",\"names\":[\"a\"],\"x\":[1],\"u\":[1]}",
                   "formula.syntax");
    engine_refused(gum, "{\"expression\":\"a\",\"names\":[\"a\"],\"x\":[1,2],\"u\":[1]}",
                   "calc.input");
    engine_refused(gum, "{\"expression\":\"a\",\"names\":[\"a\"],\"x\":[1],\"u\":[-1]}",
                   "uncertainty.u");
    engine_refused(gum, "{\"expression\":\"a\",\"names\":[\"a\"],\"x\":[1],\"u\":[1],\"df\":[0]}",
                   "uncertainty.df");
    engine_refused(gum, "{\"expression\":\"1/a\",\"names\":[\"a\"],\"x\":[0],\"u\":[1]}",
                   "uncertainty.model");
    engine_refused(gum, "{\"expression\":\"sqrt(a)\",\"names\":[\"a\"],\"x\":[0],\"u\":[1]}",
                   "uncertainty.model");
    engine_refused(gum,
                   "{\"expression\":\"a\",\"names\":[\"a\"],\"x\":[1],\"u\":[1],"
                   "\"correlation\":[[0.9]]}",
                   "uncertainty.correlation");
    engine_refused(gum,
                   "{\"expression\":\"a+b+c\",\"names\":[\"a\",\"b\",\"c\"],\"x\":[1,1,1],"
                   "\"u\":[1,1,1],\"correlation\":[[1,0.9,-0.9],[0.9,1,0.9],[-0.9,0.9,1]]}",
                   "uncertainty.correlation");
    engine_refused(mc, "{\"expression\":\"a\",\"inputs\":[{\"name\":\"a\",\"type\":\"cauchy\"}]}",
                   "calc.input");
    engine_refused(mc,
                   "{\"expression\":\"a\",\"inputs\":[{\"name\":\"a\",\"type\":\"normal\","
                   "\"mean\":1}]}",
                   "calc.input");
    engine_refused(mc,
                   "{\"expression\":\"a\",\"inputs\":[{\"name\":\"a\",\"type\":\"uniform\","
                   "\"min\":2,\"max\":1}]}",
                   "uncertainty.input");
    engine_refused(mc,
                   "{\"expression\":\"log(a)\",\"inputs\":[{\"name\":\"a\",\"type\":"
                   "\"normal\",\"mean\":0,\"sd\":1}]}",
                   "uncertainty.model");
    engine_refused(mc,
                   "{\"expression\":\"a\",\"inputs\":[{\"name\":\"a\",\"type\":\"uniform\","
                   "\"min\":0,\"max\":1}],\"draws\":100,\"confidence\":0.999}",
                   "uncertainty.draws");
    engine_refused(mc,
                   "{\"expression\":\"a\",\"inputs\":[{\"name\":\"a\",\"type\":\"uniform\","
                   "\"min\":0,\"max\":1}],\"draws\":10000001}",
                   "calc.input");
    engine_refused(mc,
                   "{\"expression\":\"a+b\",\"inputs\":[{\"name\":\"a\",\"type\":\"uniform\","
                   "\"min\":0,\"max\":1},{\"name\":\"b\",\"type\":\"normal\",\"mean\":0,\"sd\":"
                   "1}],\"correlation\":[[1,0.5],[0.5,1]]}",
                   "uncertainty.correlation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),  cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_derivatives), cmocka_unit_test(test_end_gauge),
        cmocka_unit_test(test_correlated),  cmocka_unit_test(test_jcgm101),
        cmocka_unit_test(test_variates),    cmocka_unit_test(test_correlated_draws),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
