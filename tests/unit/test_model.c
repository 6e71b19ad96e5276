/* The model compiler. Expected values follow from the text of the declarations here and in
 * tests/fixture/model, and from doc/declarations.md. */
#include "base/embedded.h"
#include "base/os.h"
#include "model/compile.h"
#include "model/docs.h"
#include "model/grammar.h"
#include "model/model.h"
#include "model/pack.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIXTURE "tests/fixture/model/"

static zh_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = zh_arena_new((size_t)1 << 30);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zh_arena_free(arena);
    return 0;
}

static zh_str read_fixture(const char *name)
{
    zh_str text;
    zh_err err;
    zh_err_clear(&err);
    if (zh_file_read(arena, name, (size_t)16 << 20, &text, &err) != ZH_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    return text;
}

static zh_model *compile_all(const zh_pack_file *files, size_t n)
{
    zh_model *model;
    zh_buf report;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&report, (size_t)1 << 20);
    if (zh_model_compile(files, n, &model, &report, &err) != ZH_OK) {
        fail_msg("%.*s", ZH_FMT(zh_buf_view(&report)));
    }
    assert_int_equal(report.n, 0);
    zh_buf_free(&report);
    return model;
}

static zh_model *compile_one(const char *text)
{
    zh_pack_file files[2] = {{ZH_STR("base.yaml"), read_fixture(FIXTURE "base.yaml")},
                             {ZH_STR("case.yaml"), zh_str_of(text)}};
    return compile_all(files, 2);
}

/* ---- errors ------------------------------------------------------------------------------------
 */

static const char *const head_r0 = "registers:\n";
static const char *const head_r1 = "registers:\n"
                                   "  - id: r\n"
                                   "    effective: 2026-01-01\n"
                                   "    label: R\n";
static const char *const head_r = "registers:\n"
                                  "  - id: r\n"
                                  "    version: 1.0.0\n"
                                  "    effective: 2026-01-01\n"
                                  "    label: R\n";
static const char *const some_fields =
    "    fields:\n"
    "      - {id: a, label: A, type: string}\n"
    "      - {id: d, label: D, type: date}\n"
    "      - {id: v, label: V, type: decimal}\n"
    "      - {id: p, label: P, type: period}\n"
    "      - {id: e, label: E, type: ref, to: enterprise}\n"
    "      - {id: k, label: K, type: code, codes: {x: X, y: Y}}\n"
    "      - {id: t, label: T, type: table, fields: [{id: c, label: C, type: decimal}]}\n";

typedef struct error_case {
    zh_str rule;
    zh_buf text[3];
    zh_str names[3];
    size_t nfiles;
    size_t line, column, marked; /* where the mark stood, and in which file */
    bool has_mark;
} error_case;

/* One line of the case; the mark ¶ is taken out and remembered. */
static void add_line(error_case *c, zh_str line)
{
    zh_buf *text = &c->text[c->nfiles - 1];
    ptrdiff_t mark = zh_str_find(line, ZH_STR("¶"));
    if (mark >= 0) {
        size_t n = 1, columns = 1;
        for (size_t i = 0; i < text->n; i++) {
            n += text->p[i] == '\n';
        }
        for (ptrdiff_t i = 0; i < mark; i++) {
            columns += ((unsigned char)line.p[i] & 0xC0u) != 0x80u;
        }
        c->line = n;
        c->column = columns;
        c->marked = c->nfiles - 1;
        c->has_mark = true;
        zh_buf_str(text, zh_str_sub(line, 0, (size_t)mark));
        line = zh_str_sub(line, (size_t)mark + 2, line.n);
    }
    zh_buf_str(text, line);
    zh_buf_c(text, '\n');
}

static void add_file(error_case *c, zh_str name)
{
    assert_true(c->nfiles < ZH_COUNTOF(c->text));
    c->names[c->nfiles] = name;
    zh_buf_init(&c->text[c->nfiles++], (size_t)1 << 20);
}

static void run_case(error_case *c, zh_str base)
{
    zh_pack_file files[4] = {{ZH_STR("base.yaml"), base}};
    zh_model *model = NULL;
    zh_buf report;
    zh_err err;
    zh_err_clear(&err);
    zh_buf_init(&report, (size_t)1 << 20);
    assert_true(c->has_mark);
    for (size_t i = 0; i < c->nfiles; i++) {
        files[i + 1] = (zh_pack_file){c->names[i], zh_buf_view(&c->text[i])};
    }
    zh_rc rc = zh_model_compile(files, c->nfiles + 1, &model, &report, &err);
    if (rc != ZH_EINVAL || !zh_str_is(c->rule, err.rule)) {
        fail_msg("expected %.*s, got %d %s %s\n%.*s\n%.*s", ZH_FMT(c->rule), rc, err.rule,
                 err.message, ZH_FMT(zh_buf_view(&c->text[0])), ZH_FMT(zh_buf_view(&report)));
    }
    zh_str where = zh_str_fmt(arena, "%.*s:%zu:%zu", ZH_FMT(c->names[c->marked]), c->line,
                              zh_str_ends(c->names[c->marked], ZH_STR(".yaml")) ? c->column : 1);
    if (!zh_str_is(where, err.where)) {
        fail_msg("%.*s: expected at %.*s, reported at %s", ZH_FMT(c->rule), ZH_FMT(where),
                 err.where);
    }
    assert_true(strlen(err.message) > 0);
    for (size_t i = 0; i < c->nfiles; i++) {
        zh_buf_free(&c->text[i]);
    }
    zh_buf_free(&report);
    *c = (error_case){0};
}

static void every_error_once(void **state)
{
    (void)state;
    zh_str text = read_fixture(FIXTURE "errors.txt"), line;
    zh_str base = read_fixture(FIXTURE "base.yaml");
    error_case c = {0};
    size_t cases = 0;
    while (zh_str_split(&text, '\n', &line)) {
        if (zh_str_starts(line, ZH_STR("%% "))) {
            if (c.nfiles > 0) {
                run_case(&c, base);
            }
            c.rule = zh_str_sub(line, 3, line.n);
            add_file(&c, ZH_STR("case.yaml"));
            cases++;
        } else if (c.nfiles == 0) {
            continue; /* the preface */
        } else if (zh_str_starts(line, ZH_STR(">> "))) {
            add_file(&c, zh_str_sub(line, 3, line.n));
        } else if (line.n > 0 && line.p[0] == '@') {
            const char *text_of = zh_str_is(line, "@F")    ? some_fields
                                  : zh_str_is(line, "@R0") ? head_r0
                                  : zh_str_is(line, "@R1") ? head_r1
                                                           : head_r;
            zh_buf_z(&c.text[c.nfiles - 1], text_of);
        } else if (line.n > 0) {
            add_line(&c, line);
        }
    }
    run_case(&c, base);
    assert_true(cases > 140);
}

static void all_errors_are_collected(void **state)
{
    (void)state;
    zh_buf text, report;
    zh_err err;
    zh_model *model = NULL;
    zh_err_clear(&err);
    zh_buf_init(&text, (size_t)1 << 20);
    zh_buf_init(&report, (size_t)1 << 20);
    for (int i = 0; i < 120; i++) {
        zh_buf_fmt(&text, "wrong_%d: 1\n", i);
    }
    zh_pack_file file = {ZH_STR("x.yaml"), zh_buf_view(&text)};
    assert_int_equal(zh_model_compile(&file, 1, &model, &report, &err), ZH_EINVAL);
    assert_null(model);
    assert_string_equal(err.where, "x.yaml:1:1");
    size_t lines = 0;
    for (size_t i = 0; i < report.n; i++) {
        lines += report.p[i] == '\n';
    }
    assert_int_equal(lines, ZH_MODEL_ERRORS_MAX + 1); /* and the line that says so */
    assert_true(zh_str_find(zh_buf_view(&report), ZH_STR("x.yaml:100:1")) > 0);
    assert_true(zh_str_find(zh_buf_view(&report), ZH_STR("x.yaml:101:1")) < 0);
    zh_buf_free(&text);
    zh_buf_free(&report);
}

static void nearest_name_is_suggested(void **state)
{
    (void)state;
    zh_model *model = NULL;
    zh_err err;
    zh_err_clear(&err);
    zh_pack_file file = {ZH_STR("x.yaml"), ZH_STR("registres: []\n")};
    assert_int_equal(zh_model_compile(&file, 1, &model, NULL, &err), ZH_EINVAL);
    assert_string_equal(err.fix, "是不是「registers」?");
}

/* A file may bring the roles that it needs; two files may bring the same one. What nobody declared
 * is refused with the nearest and with all that there are. */
static void roles_of_a_file(void **state)
{
    (void)state;
    static const char one[] = "roles: [{id: inspector, label: {zh: 检查员, en: Inspector}}]\n"
                              "registers:\n"
                              "  - id: r\n"
                              "    version: 1.0.0\n"
                              "    effective: 2026-01-01\n"
                              "    label: R\n"
                              "    key: {business: [a]}\n"
                              "    fields: [{id: a, label: A, type: string}]\n"
                              "    access: [{role: %s, can: [read]}]\n";
    zh_pack_file files[] = {
        {ZH_STR("a.yaml"), ZH_STR("codes: [{id: role, label: R, values: {zeta: Z, alpha: A}}]\n")},
        {ZH_STR("b.yaml"),
         ZH_STR("roles: [{id: inspector, label: {zh: 检查员, en: Inspector}}]\n")},
        {ZH_STR("c.yaml"), zh_str_fmt(arena, one, "inspector")},
    };
    zh_model *model = compile_all(files, ZH_COUNTOF(files));
    const zh_codes *roles = zh_model_codes(model, ZH_STR("role"));
    assert_int_equal(roles->n, 3);
    const zh_code *added = zh_code_find(roles, ZH_STR("inspector"), INT32_MIN);
    assert_non_null(added);
    assert_true(zh_str_is(added->label.zh, "检查员") && zh_str_is(added->label.en, "Inspector"));
    assert_int_equal(added->position, 2); /* after those of the system, in its own order */
    assert_int_equal(zh_code_find(roles, ZH_STR("zeta"), INT32_MIN)->position, 0);
    zh_model_release(model);
    zh_err err;
    zh_err_clear(&err);
    files[2].text = zh_str_fmt(arena, one, "inspektor");
    assert_int_equal(zh_model_compile(files, 3, &model, NULL, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "role.unknown");
    assert_string_equal(err.where, "c.yaml:9:21");
    assert_string_equal(err.fix, "是不是「inspector」?要新的角色，在本文件写 roles: [{id: "
                                 "inspektor, label: 名称}]；已有：zeta alpha inspector");
}

static void positions_inside_expressions(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "    count_when: v > nothing\n",     /* plain */
        "    count_when: \"v > nothing\"\n", /* quoted: one more */
        "    count_when: |\n      v >\n      nothing\n",
    };
    static const char *const places[] = {"case.yaml:14:21", "case.yaml:14:22", "case.yaml:16:1"};
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        zh_err err;
        zh_model *model = NULL;
        zh_err_clear(&err);
        zh_str text = zh_str_fmt(arena, "%s%s%s", head_r, some_fields, texts[i]);
        zh_pack_file files[2] = {{ZH_STR("base.yaml"), read_fixture(FIXTURE "base.yaml")},
                                 {ZH_STR("case.yaml"), text}};
        assert_int_equal(zh_model_compile(files, 2, &model, NULL, &err), ZH_EINVAL);
        assert_string_equal(err.where, places[i]);
    }
}

/* ---- a whole register --------------------------------------------------------------------------
 */

static const zh_register *reg_of(const zh_model *model, const char *id)
{
    const zh_register *reg = zh_model_register(model, zh_str_of(id));
    assert_non_null(reg);
    return reg;
}

static const zh_field *field_of(const zh_register *reg, const char *id)
{
    const zh_field *f = zh_register_field(reg, zh_str_of(id));
    if (f == NULL) {
        fail_msg("no field %s", id);
    }
    return f;
}

static zh_model *sampling(void)
{
    zh_pack_file files[] = {{ZH_STR("a/base.yaml"), read_fixture(FIXTURE "base.yaml")},
                            {ZH_STR("a/sampling.yaml"), read_fixture(FIXTURE "sampling.yaml")},
                            {ZH_STR("a/cn.txt"), ZH_STR("cover 2026-01-01 2026-12-31\n")}};
    return compile_all(files, ZH_COUNTOF(files));
}

static void fields_and_flattening(void **state)
{
    (void)state;
    zh_model *model = sampling();
    const zh_register *reg = reg_of(model, "sampling_result");
    assert_string_equal(zh_str_c(arena, reg->table), "r_sampling_result");
    assert_string_equal(zh_str_c(arena, reg->file), "a/sampling.yaml");
    assert_int_equal(reg->nsystems, 2);
    const zh_field *class = field_of(reg, "product.class");
    assert_true(zh_str_is(class->column, "product__class"));
    assert_null(class->table);
    assert_int_equal(class->index, class - reg->fields);
    assert_int_equal(class->level, 2);
    const zh_field *items = field_of(reg, "items");
    assert_int_equal(items->type, ZH_TYPE_TABLE);
    assert_int_equal(items->rows_min, 1);
    assert_int_equal(items->rows_max, 200);
    assert_ptr_equal(field_of(reg, "items.value"), &items->columns[1]);
    assert_ptr_equal(items->columns[1].table, items);
    assert_true(zh_str_is(items->columns[2].column, "limit_")); /* reserved in SQL */
    const zh_field *samplers = field_of(reg, "samplers");
    assert_true(samplers->many_inline);
    assert_int_equal(samplers->ncolumns, 1);
    assert_int_equal(samplers->rows_min, 2);
    assert_true(zh_str_is(samplers->columns[0].id, "value"));
    assert_ptr_equal(samplers->columns[0].target, reg_of(model, "enterprise"));
    assert_int_equal(samplers->pipl, ZH_PIPL_PERSONAL);
    const zh_field *hazard = field_of(reg, "hazard");
    assert_ptr_equal(hazard->codes, zh_model_codes(model, ZH_STR("sampling_result.hazard")));
    assert_true(hazard->has_required_when);
    const zh_field *pm = field_of(reg, "pm25");
    assert_int_equal(pm->digits, 1);
    assert_int_equal(pm->rounding, ZH_ROUND_HALF_EVEN);
    assert_true(zh_str_is(pm->unit, "mg/kg")); /* declared by its alias */
    assert_true(field_of(reg, "verdict")->computed);
    assert_int_equal(field_of(reg, "consumer.name")->pipl, ZH_PIPL_SENSITIVE); /* from the table */
    assert_null(zh_register_field(reg, ZH_STR("items.nothing")));
    assert_null(zh_register_field(reg, ZH_STR("product")));
    zh_model_release(model);
}

static void keys_workflow_and_clocks(void **state)
{
    (void)state;
    zh_model *model = sampling();
    const zh_register *reg = reg_of(model, "sampling_result");
    assert_int_equal(reg->nindexes, 2);
    assert_true(zh_str_is(reg->indexes[0].id, "key") && reg->indexes[0].unique);
    assert_ptr_equal(reg->event_time, field_of(reg, "sampled_at"));
    assert_ptr_equal(reg->home_field, field_of(reg, "place"));
    assert_ptr_equal(reg->basis_field, field_of(reg, "basis_kind"));
    assert_true(zh_str_is(reg->number_pattern, "JC-{place}-{year}-{000000}"));
    assert_int_equal(zh_register_state(reg, ZH_STR("closed")), 3);
    assert_int_equal(zh_register_state(reg, ZH_STR("nowhere")), -1);
    const zh_transition *close = zh_register_transition(reg, ZH_STR("close"));
    assert_int_equal(close->nfrom, 2);
    assert_int_equal(close->to, 3);
    assert_true(close->has_guard && close->two_person);
    assert_int_equal(close->limit, 1);
    assert_int_equal(close->nset, 1);
    assert_non_null(close->reasons);
    assert_int_equal(zh_register_transition(reg, ZH_STR("confirm"))->kind, ZH_TR_AUTO);
    assert_true(zh_register_transition(reg, ZH_STR("void"))->from_any);
    assert_int_equal(reg->nclocks, 1);
    const zh_clock *clock = &reg->clocks[0];
    assert_int_equal(clock->nversions, 2);
    assert_int_equal(clock->versions[0].unit, ZH_WORKING_DAY);
    assert_int_equal(clock->versions[0].amount, 7);
    assert_true(clock->versions[1].unverified);
    assert_int_equal(clock->nstop, 2);
    assert_true(zh_str_is(clock->on_breach, "confirm"));
    assert_int_equal(reg->nrules, 2);
    assert_int_equal(reg->rules[0].severity, ZH_REJECT);
    assert_ptr_equal(reg->rules[1].table, field_of(reg, "items"));
    assert_int_equal(reg->ndues, 1);
    assert_int_equal(reg->naccess, 2);
    assert_ptr_equal(reg->access[1].self, reg_of(model, "enterprise"));
    assert_ptr_equal(reg->default_sort, reg->event_time);
    assert_true(reg->default_sort_descending);
    assert_int_equal(reg->ndefault_columns, 3); /* the state is no field */
    zh_model_release(model);
}

static void measures_cubes_and_tests(void **state)
{
    (void)state;
    zh_model *model = sampling();
    const zh_register *reg = reg_of(model, "sampling_result");
    assert_int_equal(reg->nmeasures, 8);
    assert_int_equal(reg->measures[1].kind, ZH_M_COUNT);
    assert_true(reg->measures[1].has_filter);
    assert_ptr_equal(reg->measures[2].table, field_of(reg, "items"));
    assert_int_equal(reg->measures[6].kind, ZH_M_QUANTILE);
    assert_int_equal(reg->measures[6].digits, 1); /* the field's */
    assert_int_equal(reg->ncubes, 2);
    const zh_cube *cube = &reg->cubes[0];
    assert_int_equal(cube->ndims, 4);
    assert_true(zh_str_is(cube->dims[0].id, "place"));
    assert_int_equal(cube->dims[0].level, 2);
    assert_true(cube->dims[0].derived);
    assert_int_equal(cube->dims[1].grain, ZH_GRAIN_MONTH);
    assert_false(cube->dims[2].derived); /* stands at that level anyway */
    assert_true(zh_str_is(cube->dims[2].column, "product__class"));
    assert_true(zh_str_is(cube->dims[3].id, "basis_kind"));
    const zh_dim *size = &reg->cubes[1].dims[0];
    assert_true(size->derived);
    assert_ptr_equal(size->codes, zh_model_codes(model, ZH_STR("enterprise.size")));
    assert_int_equal(reg->nderived, 2); /* place@city once, size */
    assert_int_equal(reg->ntests, 2);
    assert_int_equal(reg->tests[0].given_from, -1);
    assert_int_equal(reg->tests[1].given_from, 0);
    assert_non_null(reg->tests[1].expect_error);
    assert_true(zh_str_is(zh_get_text(reg->declared, "owner"), "质量监督处"));
    zh_model_release(model);
}

static void indicators_of_the_register(void **state)
{
    (void)state;
    zh_model *model = sampling();
    const zh_indicator *rate = zh_model_indicator(model, ZH_STR("pass_rate_random"));
    assert_non_null(rate);
    assert_int_equal(rate->kind, ZH_I_RATE);
    assert_true(rate->percent && rate->has_num && rate->has_den && rate->has_filter);
    assert_int_equal(rate->basis, ZH_BASIS_RANDOM);
    assert_int_equal(rate->note.zh.n, 0);
    assert_int_equal(rate->n_min, 30);
    const zh_indicator *found = zh_model_indicator(model, ZH_STR("find_rate_targeted"));
    assert_true(zh_str_is(found->note.zh, "专项;该批抽检结果，不代表总体"));
    assert_true(zh_str_is(zh_model_indicator(model, ZH_STR("found_rate"))->note.zh,
                          "该批抽检结果，不代表总体"));
    const zh_indicator *index = zh_model_indicator(model, ZH_STR("index"));
    assert_int_equal(index->ncomponents, 2);
    assert_true(index->components[1].descending);
    assert_true(zh_str_is(zh_model_indicator(model, ZH_STR("growth"))->growth_against, "year"));
    zh_model_release(model);
}

static void design_uses_the_registers_weight(void **state)
{
    (void)state;
    zh_model *model = compile_one(
        "indicators:\n"
        "  - {id: i, label: I, definition: d, kind: design, register: drawn, num: bad, den: n}\n");
    const zh_indicator *i = zh_model_indicator(model, ZH_STR("i"));
    assert_true(i->has_weight);
    assert_true(zh_str_is(i->weight_expr, "w"));
    assert_int_equal(i->basis, ZH_BASIS_RANDOM);
    zh_model_release(model);
}

/* What is computed from personal data is erased with it; other computed fields stay. */
static void computed_from_personal_is_personal(void **state)
{
    (void)state;
    zh_model *model = compile_one(
        "registers:\n"
        "  - id: visit\n"
        "    version: 1.0.0\n"
        "    effective: 2026-01-01\n"
        "    label: 来访\n"
        "    owner: 处\n"
        "    purpose: 记录\n"
        "    key: {business: [no], row: [no]}\n"
        "    fields:\n"
        "      - {id: no, label: 编号, type: string, required: true}\n"
        "      - {id: name, label: 姓名, type: string, pipl: personal}\n"
        "      - {id: length, label: 字数, type: decimal, digits: 0, computed: len(name)}\n"
        "      - {id: long_name, label: 长名, type: bool, computed: length > 3}\n"
        "      - {id: long_no, label: 长号, type: bool, computed: len(no) > 3}\n");
    const zh_register *reg = reg_of(model, "visit");
    assert_int_equal(field_of(reg, "length")->pipl, ZH_PIPL_PERSONAL);
    assert_int_equal(field_of(reg, "long_name")->pipl, ZH_PIPL_PERSONAL);
    assert_int_equal(field_of(reg, "long_no")->pipl, ZH_PIPL_NONE);
    zh_model_release(model);
}

/* The estimate of a cube's cells: 1,000 records on 60 months of five years fill all of them, 6 %.
 */
static void cube_estimate(void **state)
{
    (void)state;
    zh_str text = zh_str_fmt(arena,
                             "%s    event_time: d\n    expected_records: 1000\n%s"
                             "    measures: {n: {kind: count}}\n"
                             "    cubes:\n"
                             "      - {id: months, dims: [month], measures: [n]}\n"
                             "      - {id: days, dims: [day], measures: [n], dense: yes}\n"
                             "      - {id: few, dims: [{field: a, values: 90}], measures: [n]}\n",
                             head_r, some_fields);
    zh_model_release(compile_one(text.p));
}

/* ---- limits and texts --------------------------------------------------------------------------
 */

static zh_rc compile_fields(size_t n, zh_err *err)
{
    zh_buf text;
    zh_model *model = NULL;
    zh_buf_init(&text, (size_t)1 << 20);
    zh_buf_fmt(&text, "%s    fields:\n", head_r);
    for (size_t i = 0; i < n; i++) {
        zh_buf_fmt(&text, "      - {id: f%zu, label: F, type: bool}\n", i);
    }
    zh_pack_file file = {ZH_STR("x.yaml"), zh_buf_view(&text)};
    zh_err_clear(err);
    zh_rc rc = zh_model_compile(&file, 1, &model, NULL, err);
    zh_buf_free(&text);
    zh_model_release(model);
    return rc;
}

static void field_cap(void **state)
{
    (void)state;
    zh_err err;
    assert_int_equal(compile_fields(ZH_FIELDS_MAX, &err), ZH_OK);
    assert_int_equal(compile_fields(ZH_FIELDS_MAX + 1, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "register.fields.limit");
}

static void file_caps(void **state)
{
    (void)state;
    zh_err err;
    zh_model *model = NULL;
    zh_pack_file *files = ZH_NEW_N(arena, zh_pack_file, ZH_MODEL_FILES_MAX + 1);
    for (size_t i = 0; i <= ZH_MODEL_FILES_MAX; i++) {
        files[i] = (zh_pack_file){zh_str_fmt(arena, "%zu.txt", i), ZH_STR("x")};
    }
    model = compile_all(files, ZH_MODEL_FILES_MAX);
    zh_model_release(model);
    zh_err_clear(&err);
    assert_int_equal(zh_model_compile(files, ZH_MODEL_FILES_MAX + 1, &model, NULL, &err),
                     ZH_ELIMIT);
    assert_string_equal(err.rule, "model.limit");
    zh_pack_file big = {ZH_STR("big.txt"),
                        {zh_arena_alloc(arena, ZH_MODEL_BYTES_MAX + 1), ZH_MODEL_BYTES_MAX + 1}};
    zh_err_clear(&err);
    assert_int_equal(zh_model_compile(&big, 1, &model, NULL, &err), ZH_ELIMIT);
}

static void text_is_utf8_and_nfc(void **state)
{
    (void)state;
    zh_err err;
    zh_model *model = NULL;
    zh_err_clear(&err);
    zh_pack_file bad = {ZH_STR("x.yaml"), ZH_STR("systems: [\xFF]\n")};
    assert_int_equal(zh_model_compile(&bad, 1, &model, NULL, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "model.encoding");
    zh_pack_file twice[2] = {{ZH_STR("x.yaml"), ZH_STR("systems: [S1]\n")},
                             {ZH_STR("x.yaml"), ZH_STR("systems: [S1]\n")}};
    zh_err_clear(&err);
    assert_int_equal(zh_model_compile(twice, 2, &model, NULL, &err), ZH_EINVAL);
    assert_string_equal(err.rule, "model.file.duplicate");
    /* e + combining acute becomes é (U+00E9); a byte order mark is no text */
    zh_pack_file accent = {ZH_STR("x.yaml"),
                           ZH_STR("\xEF\xBB\xBF"
                                  "codes: [{id: c, label: e\xCC\x81, values: {a: A}}]\n")};
    model = compile_all(&accent, 1);
    assert_true(zh_str_is(zh_model_codes(model, ZH_STR("c"))->label.zh, "\xC3\xA9"));
    zh_model_release(model);
}

static void digest_follows_the_sources(void **state)
{
    (void)state;
    zh_model *a = compile_one("systems: [S1]\n"), *b = compile_one("systems: [S1]\n");
    zh_model *c = compile_one("systems: [S2]\n");
    assert_int_equal(a->digest.n, 64);
    assert_true(zh_str_eq(a->digest, b->digest));
    assert_false(zh_str_eq(a->digest, c->digest));
    assert_int_equal(a->nsources, 2);
    zh_model_release(a);
    zh_model_release(b);
    zh_model_release(c);
}

/* ---- snapshot under threads ---------------------------------------------------------------------
 */

typedef struct shared {
    pthread_mutex_t lock;
    zh_model *current;
    bool stop;
} shared;

static zh_model *take(shared *s)
{
    pthread_mutex_lock(&s->lock);
    zh_model *model = s->stop ? NULL : zh_model_retain(s->current);
    pthread_mutex_unlock(&s->lock);
    return model;
}

static void *read_snapshots(void *user)
{
    size_t *reads = calloc(1, sizeof(*reads));
    for (zh_model *model; (model = take(user)) != NULL; (*reads)++) {
        const zh_register *reg = zh_model_register(model, ZH_STR("enterprise"));
        if (reg == NULL || zh_register_field(reg, ZH_STR("uscc")) == NULL) {
            abort();
        }
        zh_model_release(model);
    }
    return reads;
}

static void hot_reload(void **state)
{
    (void)state;
    shared s = {.current = compile_one("systems: [S0]\n")};
    pthread_t threads[3];
    pthread_mutex_init(&s.lock, NULL);
    for (size_t i = 0; i < ZH_COUNTOF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_snapshots, &s), 0);
    }
    for (int i = 0; i < 20; i++) {
        zh_model *next = compile_one("systems: [S1]\n");
        pthread_mutex_lock(&s.lock);
        zh_model *old = s.current;
        s.current = next;
        pthread_mutex_unlock(&s.lock);
        zh_model_release(old);
    }
    pthread_mutex_lock(&s.lock);
    s.stop = true;
    pthread_mutex_unlock(&s.lock);
    for (size_t i = 0; i < ZH_COUNTOF(threads); i++) {
        void *reads;
        pthread_join(threads[i], &reads);
        free(reads);
    }
    zh_model_release(s.current);
    pthread_mutex_destroy(&s.lock);
    zh_model_release(NULL);
}

/* ---- the reference describes every key
 * ----------------------------------------------------------- */

static void key_is_described(void *user, const zh_schema *schema)
{
    const zh_str *doc = user;
    for (size_t i = 0; i < schema->n; i++) {
        zh_str quoted = zh_str_fmt(arena, "`%s`", schema->keys[i].name);
        zh_str inside = zh_str_fmt(arena, "%s:", schema->keys[i].name);
        zh_str listed = zh_str_fmt(arena, "%s,", schema->keys[i].name);
        zh_str last = zh_str_fmt(arena, "%s}", schema->keys[i].name);
        if (zh_str_find(*doc, quoted) < 0 && zh_str_find(*doc, inside) < 0 &&
            zh_str_find(*doc, listed) < 0 && zh_str_find(*doc, last) < 0) {
            fail_msg("doc/declarations.md says nothing of %s in %s", schema->keys[i].name,
                     schema->what);
        }
    }
}

static void reference_is_complete(void **state)
{
    (void)state;
    zh_str doc = read_fixture("doc/declarations.md");
    zh_grammar_walk(key_is_described, &doc);
}

/* The example that a newcomer starts from is what it says it is. */
static void first_example_compiles(void **state)
{
    (void)state;
    zh_str doc = read_fixture("doc/declarations.md");
    ptrdiff_t begin = zh_str_find(doc, ZH_STR("```yaml\n"));
    assert_true(begin > 0);
    zh_str text = zh_str_sub(doc, (size_t)begin + 8, doc.n);
    ptrdiff_t end = zh_str_find(text, ZH_STR("```"));
    assert_true(end > 0);
    zh_pack_file file = {ZH_STR("lift_fault.yaml"), zh_str_sub(text, 0, (size_t)end)};
    zh_model *model = compile_all(&file, 1);
    assert_int_equal(reg_of(model, "lift_fault")->ncubes, 1);
    assert_int_equal(model->nindicators, 1);
    zh_model_release(model);
}

/* Whatever people read may be {zh, en} or Chinese alone; the English of an outline stands in a file
 * of its own. */
static void both_languages(void **state)
{
    (void)state;
    static const char yaml[] =
        "codes:\n"
        "  - {id: target_unit, label: U, values: {\"%\": percent}}\n"
        "  - {id: target_comparator, label: C, values: {\">=\": least}}\n"
        "registers:\n"
        "  - id: r\n"
        "    version: 1.0.0\n"
        "    effective: 2026-01-01\n"
        "    label: {zh: 册, en: Book}\n"
        "    owner: 办公室\n"
        "    purpose: {zh: 用途, en: Purpose}\n"
        "    basis: [甲法, {zh: 乙法, en: Law B}]\n"
        "    bias: {zh: 自愿, en: Voluntary}\n"
        "    key: {business: [no]}\n"
        "    fields:\n"
        "      - {id: no, label: 编号, type: string, help: {zh: 写全, en: In full}}\n"
        "    measures: {n: {kind: count}}\n"
        "indicators:\n"
        "  - {id: i, label: 数, definition: {zh: 件数, en: Number}, register: r, kind: count, num: "
        "n}\n"
        "outlines: o.json\n"
        "outlines_en: en.json\n";
    zh_pack_file files[] = {
        {ZH_STR("a.yaml"), zh_str_of(yaml)},
        {ZH_STR("en.json"),
         ZH_STR("{\"outlines\": {\"o\": {\"title\": \"Plan\", \"issuer\": \"Gov\"}}, "
                "\"tasks\": {\"t\": {\"title\": \"Task\", \"summary\": \"Do it\"}}, "
                "\"phrases\": {\"全省\": \"the province\"}}")},
        {ZH_STR("o.json"),
         ZH_STR("{\"id\": \"o\", \"title\": \"纲要\", \"issuer\": \"政府\", \"targets\": [{\"id\": "
                "\"g\", "
                "\"name\": \"目标\", \"name_en\": \"Target\", \"scope\": \"全省\", \"reference\": "
                "\"别处\"}], \"tasks\": [{\"id\": \"t\", \"title\": \"任务\", \"summary\": "
                "\"做\"}]}")},
    };
    zh_model *model = compile_all(files, ZH_COUNTOF(files));
    const zh_register *reg = reg_of(model, "r");
    assert_true(zh_str_is(reg->owner.zh, "办公室") && reg->owner.en.n == 0);
    assert_true(zh_str_is(reg->purpose.zh, "用途") && zh_str_is(reg->purpose.en, "Purpose"));
    assert_int_equal(reg->nbasis, 2);
    assert_true(zh_str_is(reg->basis[0].zh, "甲法") && zh_str_is(reg->basis[1].en, "Law B"));
    assert_true(zh_str_is(zh_register_field(reg, ZH_STR("no"))->help.en, "In full"));
    const zh_indicator *ind = zh_model_indicator(model, ZH_STR("i"));
    assert_true(zh_str_is(ind->definition.en, "Number") && zh_str_is(ind->bias.en, "Voluntary"));
    const zh_outline *outline = zh_model_outline(model, ZH_STR("o"));
    assert_true(zh_str_is(outline->title.en, "Plan") && zh_str_is(outline->issuer.en, "Gov"));
    const zh_outline_item *target = &model->outline_items[0];
    assert_true(zh_str_is(target->name.en, "Target") &&
                zh_str_is(target->scope.en, "the province"));
    assert_true(zh_str_is(target->reference.zh, "别处") && target->reference.en.n == 0);
    const zh_outline_item *task = &model->outline_items[1];
    assert_true(zh_str_is(task->name.en, "Task") && zh_str_is(task->summary.en, "Do it"));
    zh_buf docs;
    zh_buf_init(&docs, (size_t)1 << 20);
    zh_docs_model(model, &docs);
    assert_true(zh_str_find(zh_buf_view(&docs), ZH_STR("- 用途:用途\n- 用途（英）:Purpose\n")) > 0);
    assert_true(zh_str_find(zh_buf_view(&docs), ZH_STR("- 依据:乙法\n")) > 0);
    zh_buf_free(&docs);
    zh_model_release(model);
}

/* ---- the packs ----------------------------------------------------------------------------------
 */

/* 205 targets, 165 tasks and 10 facts of five outlines, 156 mechanisms: counted in the documents.
 */
static void packs_compile(void **state)
{
    (void)state;
    zh_pack_file *files;
    size_t n;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_pack_load_dir(arena, "packs", &files, &n, &err), ZH_OK);
    zh_model *model = compile_all(files, n);
    size_t targets = 0, tasks = 0, facts = 0;
    for (size_t i = 0; i < model->noutline_items; i++) {
        const zh_outline_item *item = &model->outline_items[i];
        targets += zh_str_is(item->kind, "target");
        tasks += zh_str_is(item->kind, "task");
        facts += zh_str_is(item->kind, "fact");
    }
    assert_int_equal(targets, 205);
    assert_int_equal(tasks, 165);
    assert_int_equal(facts, 10);
    assert_int_equal(model->nmechanisms, 156);
    assert_non_null(model->calendar);
    zh_buf text;
    zh_buf_init(&text, (size_t)64 << 20);
    zh_docs_model(model, &text);
    assert_false(text.failed);
    assert_true(zh_str_find(zh_buf_view(&text), ZH_STR("监督抽查结果")) > 0);
    zh_buf_free(&text);
    zh_model_release(model);
}

/* The data sets of the demo lie below the packs and are no declarations, neither on disk nor built
 * in. */
static void data_folders_are_left_out(void **state)
{
    (void)state;
    zh_pack_file *files;
    zh_pack_file *embedded;
    size_t n;
    size_t embedded_n;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_pack_load_dir(arena, "packs", &files, &n, &err), ZH_OK);
    assert_int_equal(zh_pack_load_embedded(arena, "packs/", &embedded, &embedded_n, &err), ZH_OK);
    assert_int_equal(n, embedded_n);
    for (size_t i = 0; i < n; i++) {
        assert_true(zh_str_eq(files[i].path, embedded[i].path));
        assert_int_equal(zh_str_find(files[i].path, ZH_STR("/data/")), -1);
    }
    assert_non_null(zh_embedded_find("packs/demo/data/cn-uscc/uscc_real.txt"));
}

static void pack_loading_errors(void **state)
{
    (void)state;
    zh_pack_file *files;
    size_t n;
    zh_err err;
    zh_err_clear(&err);
    assert_int_equal(zh_pack_load_dir(arena, "tests/fixture/nowhere", &files, &n, &err),
                     ZH_ENOTFOUND);
    zh_err_clear(&err);
    assert_int_equal(zh_pack_load_embedded(arena, "nowhere/", &files, &n, &err), ZH_ENOTFOUND);
    assert_int_equal(zh_pack_load_dir(arena, "tests/fixture/model", &files, &n, NULL), ZH_OK);
    for (size_t i = 1; i < n; i++) {
        assert_true(zh_str_cmp(files[i - 1].path, files[i].path) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_error_once, setup, teardown),
        cmocka_unit_test_setup_teardown(all_errors_are_collected, setup, teardown),
        cmocka_unit_test_setup_teardown(nearest_name_is_suggested, setup, teardown),
        cmocka_unit_test_setup_teardown(roles_of_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(positions_inside_expressions, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_and_flattening, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_workflow_and_clocks, setup, teardown),
        cmocka_unit_test_setup_teardown(measures_cubes_and_tests, setup, teardown),
        cmocka_unit_test_setup_teardown(indicators_of_the_register, setup, teardown),
        cmocka_unit_test_setup_teardown(design_uses_the_registers_weight, setup, teardown),
        cmocka_unit_test_setup_teardown(computed_from_personal_is_personal, setup, teardown),
        cmocka_unit_test_setup_teardown(cube_estimate, setup, teardown),
        cmocka_unit_test_setup_teardown(field_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(file_caps, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_utf8_and_nfc, setup, teardown),
        cmocka_unit_test_setup_teardown(digest_follows_the_sources, setup, teardown),
        cmocka_unit_test_setup_teardown(hot_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(reference_is_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(first_example_compiles, setup, teardown),
        cmocka_unit_test_setup_teardown(both_languages, setup, teardown),
        cmocka_unit_test_setup_teardown(packs_compile, setup, teardown),
        cmocka_unit_test_setup_teardown(data_folders_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(pack_loading_errors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
