/* Picks of intake recipes, one by one: where a text begins and what is done to it.
 *
 * Expected texts follow from doc/recipes.md; dates were counted by hand (day k of a year), the
 * codes with a right and a wrong check character are the example of GB 32100-2015. */
#include "core_fixture.h"
#include "model/recipe.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One layout whose field f<n> has the n-th pick of the table below. */
#define PACK_HEAD                                                                                  \
    "registers:\n"                                                                                 \
    "  - id: t\n"                                                                                  \
    "    version: 1.0.0\n"                                                                         \
    "    effective: 2026-01-01\n"                                                                  \
    "    label: T\n"                                                                               \
    "    fields:\n"
#define RECIPE_HEAD                                                                                \
    "recipes:\n"                                                                                   \
    "  - id: r\n"                                                                                  \
    "    label: R\n"                                                                               \
    "    source: here\n"                                                                           \
    "    licence: none\n"                                                                          \
    "    layouts:\n"                                                                               \
    "      - id: l\n"                                                                              \
    "        register: t\n"                                                                        \
    "        headers: [A]\n"                                                                       \
    "        file: {pattern: \"([a-z]+)_([0-9]{4}(H[12])?)\", names: [province, period]}\n"        \
    "        set:\n"

typedef struct column {
    const char *name, *text; /* text NULL: the cell is null */
} column;

typedef struct row {
    const column *columns;
    size_t n;
} row;

static bool cell_of(void *user, zh_str name, zh_str *out)
{
    const row *r = user;
    for (size_t i = 0; i < r->n; i++) {
        if (zh_str_is(name, r->columns[i].name)) {
            *out = r->columns[i].text ? zh_str_of(r->columns[i].text) : ZH_STR_NONE;
            return true;
        }
    }
    return false;
}

static zh_str part_of(void *user, zh_str name)
{
    (void)user;
    return zh_str_is(name, "period") ? ZH_STR("2019H2") : ZH_STR_NONE;
}

typedef struct example {
    const char *pick;
    const char *wanted; /* NULL: nothing; "!rule": refused */
} example;

static const column cells[] = {
    {"a", "  Alpha "},
    {"b", "7"},
    {"c", ""},
    {"d", NULL},
    {"e", "3.5万"},
    {"f", "<b>1 &lt; 2</b>&nbsp;x"},
    {"g", "0.5"},
    {"year", "2014"},
    {"h", "５/6/2024 16:05"},
    {"i", "NA"},
    {"k", "x-->y-->z"},
    {"l", "a; b; c"},
    {"m", "25"},
    {"n", "91350100M000100Y43"},
    {"o", "91350100M000100Y44"},
    {"p", "ＡＢ"},
};

static const example examples[] = {
    /* origins */
    {"A", "Alpha"},
    {"{column: [nowhere, B]}", "7"},
    {"{column: nowhere}", "!intake.column"},
    {"{columns: [A, B], join: \"/\"}", "Alpha/7"},
    {"{columns: [A, C, B]}", "Alpha  7"},
    {"{columns: [C, D]}", NULL},
    {"{value: fixed}", "fixed"},
    {"{file: period}", "2019H2"},
    {"{file: other}", NULL},
    {"{sheet: yes}", "抽检"},
    {"{row: yes}", "12"},
    {"{piece: yes}", "piece"},
    {"{template: \"{year}-{B} {file.period}\"}", "2014-7 2019H2"},
    {"{template: \"{C}{D}-\"}", NULL},
    {"{template: \"{nowhere}\"}", "!intake.column"},
    {"{template: \"open {A\"}", NULL},
    {"{try: [C, nowhere, {column: D, default: last}]}", "last"},
    {"{try: [C, D]}", NULL},
    {"{try: [C, {column: A, map: {x: y}}]}", "!intake.map"},
    {"{try: [{column: A, map: {x: y}}, B]}", "7"},
    /* steps */
    {"{column: F, strip: html}", "1 < 2 x"},
    {"{column: F, match: \"[0-9]\"}", "1"},
    {"{column: F, match: \"b>([0-9]) \"}", "1"},
    {"{column: F, match: \"z+\"}", NULL},
    {"{column: I, \"null\": [NA, \"-\"]}", NULL},
    {"{column: A, \"null\": [NA]}", "Alpha"},
    {"{column: A, map: {alpha: first}}", "first"},
    {"{column: P, map: {ab: wide}}", "wide"},
    {"{column: A, map: {x: y}}", "!intake.map"},
    {"{column: A, map: {x: y}, otherwise: keep}", "Alpha"},
    {"{column: A, map: {x: y}, otherwise: \"null\", default: none}", "none"},
    {"{column: K, cut: {by: \"-->\", take: first}}", "x"},
    {"{column: K, cut: {by: \"-->\", take: last}}", "z"},
    {"{column: K, cut: {by: \"-->\", take: 2}}", "y"},
    {"{column: K, cut: {by: \"-->\", take: 4}}", NULL},
    {"{column: H, dates: dmy}", "2024-06-05T16:05:00+08:00"},
    {"{column: H, dates: mdy}", "2024-05-06T16:05:00+08:00"},
    {"{column: A, dates: ymd}", "!intake.date"},
    {"{column: B, scale: \"0.001\"}", "0.007"},
    {"{column: M, scale: \"1000\"}", "25000"},
    {"{column: I, scale: \"1000\"}", "NA"},
    {"{column: B, scale: \"123456789012345678\"}", "864197523086419746"},
    {"{column: M, scale: \"123456789012345678\"}", "!intake.scale"},
    {"{column: B, unit: mg/kg}", "7 mg/kg"},
    {"{column: I, unit: mg/kg}", "NA"},
    {"{column: B, prefix: \"<\", suffix: \">\"}", "<7>"},
    {"{column: C, prefix: x}", NULL},
    {"{column: A, upper: yes}", "ALPHA"},
    {"{column: A, lower: yes}", "alpha"},
    {"{column: G, day_of_year: {year: Year, of: 2}}", "2014-01-01"},
    {"{column: B, day_of_year: {year: Year, of: 1}}", "!intake.day"},
    {"{column: G, day_of_year: {year: Year, of: 365}}", "!intake.day"},
    {"{column: L, replace: {\"; \": \",\", a: z}}", "z,b,c"},
    {"{column: C, replace: {x: y}}", NULL},
    {"{column: N, check: uscc}", "ok"},
    {"{column: O, check: uscc}", "doubtful"},
    {"{column: A, check: uscc}", "bad"},
    {"{column: O, check: uscc, map: {ok: valid, doubtful: doubtful, bad: invalid}}", "doubtful"},
    {"{column: C, default: \"0\"}", "0"},
    {"{column: B, default: \"0\"}", "7"},
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

static zh_model *compile_examples(void)
{
    zh_buf text;
    zh_model *model = NULL;
    zh_err err = {0};
    zh_buf_init(&text, 1 << 20);
    zh_buf_z(&text, PACK_HEAD);
    for (size_t i = 0; i < EXAMPLES; i++) {
        zh_buf_fmt(&text, "      - {id: f%zu, label: L%zu, type: string}\n", i, i);
    }
    zh_buf_z(&text, RECIPE_HEAD);
    for (size_t i = 0; i < EXAMPLES; i++) {
        zh_buf_fmt(&text, "          f%zu: %s\n", i, examples[i].pick);
    }
    zh_buf_c(&text, '\0');
    zh_rc rc = fx_compile_text(text.p, &model, &err);
    if (rc != ZH_OK) {
        print_error("%s %s\n%s\n", err.message, err.where, err.fix);
    }
    assert_int_equal(rc, ZH_OK);
    zh_buf_free(&text);
    return model;
}

static void every_pick(void **state)
{
    (void)state;
    zh_model *model = compile_examples();
    zh_arena *arena = zh_arena_new(1 << 24);
    const zh_layout *layout = &zh_model_recipe(model, ZH_STR("r"))->layouts[0];
    row r = {cells, ZH_COUNTOF(cells)};
    zh_pick_source source = {&r, cell_of, part_of, ZH_STR("抽检"), 12, ZH_STR("piece")};
    assert_int_equal(layout->nsets, EXAMPLES);
    for (size_t i = 0; i < EXAMPLES; i++) {
        const char *wanted = examples[i].wanted;
        zh_str out = ZH_STR_NONE;
        zh_err err = {0};
        zh_rc rc = zh_pick_run(&layout->sets[i].pick, &source, arena, &out, &err);
        zh_str given = zh_str_trim(out);
        bool good = wanted == NULL     ? rc == ZH_OK && given.n == 0
                    : wanted[0] == '!' ? rc != ZH_OK && strcmp(err.rule, wanted + 1) == 0
                                       : rc == ZH_OK && zh_str_is(given, wanted);
        if (!good) {
            print_error("%s gives rc %d %s «%.*s», wanted %s\n", examples[i].pick, rc, err.rule,
                        ZH_FMT(given), wanted ? wanted : "nothing");
        }
        assert_true(good);
    }
    zh_arena_free(arena);
    zh_model_release(model);
}

static void file_names(void **state)
{
    (void)state;
    zh_model *model = compile_examples();
    zh_arena *arena = zh_arena_new(1 << 20);
    const zh_layout *layout = &zh_model_recipe(model, ZH_STR("r"))->layouts[0];
    zh_str parts[ZH_PICK_COLUMNS_MAX] = {0};
    assert_true(zh_layout_file_match(layout, arena, "hubei_2019H2_gb18030.csv", parts));
    assert_true(zh_str_is(parts[0], "hubei") && zh_str_is(parts[1], "2019H2"));
    assert_true(zh_layout_file_match(layout, arena, "x_2022.csv", parts));
    assert_true(zh_str_is(parts[1], "2022"));
    assert_false(zh_layout_file_match(layout, arena, "hubei.csv", parts));
    zh_arena_free(arena);
    zh_model_release(model);
}

/* Headers are compared without tags, white space, case and width. */
static void headers_fold(void **state)
{
    (void)state;
    static const struct {
        const char *header, *wanted;
    } table[] = {
        {"水温<br/><span class='unit'>(℃)</span>", "水温(°c)"},
        {" 检 验\r\n结果　（ＭＧ／ＫＧ） ", "检验结果(mg/kg)"},
        {"PM2.5", "pm2.5"},
        {"", ""},
    };
    zh_arena *arena = zh_arena_new(1 << 20);
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        zh_str out;
        assert_int_equal(zh_header_fold(arena, zh_str_of(table[i].header), &out), ZH_OK);
        zh_str wanted;
        assert_int_equal(zh_header_fold(arena, zh_str_of(table[i].wanted), &wanted), ZH_OK);
        assert_true(zh_str_eq(out, wanted));
    }
    zh_arena_free(arena);
}

/* A cell at the cap of what is matched and replaced, and one byte above. */
static void long_cells(void **state)
{
    (void)state;
    enum { CAP = 65536 };
    zh_model *model = NULL;
    zh_err err = {0};
    assert_int_equal(fx_compile_text(PACK_HEAD
                                     "      - {id: f, label: F, type: string}\n" RECIPE_HEAD
                                     "          f: {column: A, replace: {x: y}}\n",
                                     &model, &err),
                     ZH_OK);
    zh_arena *arena = zh_arena_new(1 << 24);
    char *text = zh_arena_alloc(arena, CAP + 2);
    memset(text, 'x', CAP + 1);
    for (size_t n = CAP; n <= CAP + 1; n++) {
        text[n] = '\0';
        column one = {"a", text};
        row r = {&one, 1};
        zh_pick_source source = {&r, cell_of, part_of, ZH_STR(""), 1, ZH_STR("")};
        zh_str out;
        const zh_layout *layout = &zh_model_recipe(model, ZH_STR("r"))->layouts[0];
        zh_rc rc = zh_pick_run(&layout->sets[0].pick, &source, arena, &out, &err);
        assert_int_equal(rc, n == CAP ? ZH_OK : ZH_ELIMIT);
        if (n == CAP) {
            assert_true(out.n == CAP && out.p[0] == 'y' && out.p[CAP - 1] == 'y');
            text[CAP] = 'x';
        }
    }
    assert_string_equal(err.rule, "intake.cell");
    zh_arena_free(arena);
    zh_model_release(model);
}

/* What the compiler refuses, by rule. */
static void refused_recipes(void **state)
{
    (void)state;
    static const struct {
        const char *set, *rule;
    } table[] = {
        {"nothing: A", "recipe.field"},
        {"f: {map: {a: b}}", "recipe.take"},
        {"f: {column: A, match: \"([\"}", "recipe.pattern"},
        {"f: {column: A, cut: {take: first}}", "recipe.cut"},
        {"f: {column: A, map_file: nowhere.csv}", "recipe.map_file"},
        {"f: {column: A, frobnicate: yes}", "model.key.unknown"},
        {"f: {try: [{try: [{try: [{try: [{try: [A]}]}]}]}]}", "recipe.depth"},
        {"g: {pick: A, split: \";\", into: nowhere}", "recipe.column"},
        {"g: {pick: A, split: \";\"}", "recipe.table"},
        {"g: A", "recipe.table"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(table); i++) {
        char text[4096];
        zh_model *model = NULL;
        zh_err err = {0};
        int n = snprintf(text, sizeof text,
                         PACK_HEAD "      - {id: f, label: F, type: string}\n"
                                   "      - {id: g, label: G, type: \"string[]\"}\n" RECIPE_HEAD
                                   "          %s\n",
                         table[i].set);
        assert_true(n > 0 && (size_t)n < sizeof text);
        zh_rc rc = fx_compile_text(text, &model, &err);
        if (rc == ZH_OK || strcmp(err.rule, table[i].rule) != 0) {
            print_error("%s: rc %d, rule %s (%s)\n", table[i].set, rc, err.rule, err.message);
        }
        assert_int_not_equal(rc, ZH_OK);
        assert_string_equal(err.rule, table[i].rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pick),      cmocka_unit_test(file_names),
        cmocka_unit_test(headers_fold),    cmocka_unit_test(long_cells),
        cmocka_unit_test(refused_recipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
