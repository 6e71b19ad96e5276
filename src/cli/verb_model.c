/* model: check declarations with their tests, compare two sets, document, adopt. */
#include "base/json.h"
#include "cli/packs.h"
#include "cli/print.h"
#include "cli/register_json.h"
#include "core/adoption/adopt.h"
#include "core/adoption/open.h"
#include "core/instance/core.h"
#include "model/diff.h"
#include "model/docs.h"
#include <inttypes.h>
#include <string.h>

enum { REPORT_BYTES = 16 << 20 };

/* What checking a set of declarations gave. */
typedef struct checked {
    zh_model *model; /* NULL: it does not compile */
    zh_buf report;   /* a line an error */
    zh_example_report tests;
    uint64_t took_us;
} checked;

/* ---- check
 * ------------------------------------------------------------------------------------------ */

/* ZH_OK also when errors were found: they are in the report. */
static zh_rc check(zh_cli *cli, const char *path, bool with_tests, checked *out)
{
    uint64_t begun = zh_monotonic_us();
    *out = (checked){0};
    zh_buf_init(&out->report, REPORT_BYTES);
    zh_rc rc = zh_packs_compile(cli, path, &out->report, &out->model);
    if (rc != ZH_OK && !cli->usage && out->report.n > 0) {
        zh_err_clear(&cli->err);
        rc = ZH_OK;
    }
    if (rc == ZH_OK && out->model != NULL && with_tests) {
        rc = zh_examples_run(out->model, NULL, &out->report, &out->tests, NULL, NULL, &cli->err);
        cli->usage = rc != ZH_OK;
    }
    out->took_us = zh_monotonic_us() - begun;
    return rc;
}

static void checked_free(checked *c)
{
    zh_buf_free(&c->report);
    if (c->model != NULL) {
        zh_model_release(c->model);
    }
}

static bool is_good(const checked *c)
{
    return c->model != NULL && c->report.n == 0;
}

static size_t outline_count(const zh_model *model, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < model->noutline_items; i++) {
        n += zh_str_is(model->outline_items[i].kind, kind);
    }
    return n;
}

static void print_check(zh_cli *cli, const checked *c, zh_buf *out)
{
    const zh_model *m = c->model;
    zh_buf_str(out, zh_buf_view(&c->report));
    if (m != NULL) {
        zh_buf_fmt(out,
                   "%zu 个登记册，%zu 个指标，%zu 个代码集，%zu 个配方，%zu 个目标，%zu "
                   "个任务，%zu 个机制\n",
                   m->nregisters, m->nindicators, m->nsystems, m->nrecipes,
                   outline_count(m, "target"), outline_count(m, "task"), m->nmechanisms);
        zh_buf_fmt(out, "检验 %" PRId64 " 个，未通过 %" PRId64 " 个\n", c->tests.tests,
                   c->tests.failed);
    }
    zh_buf_fmt(out, "%s，用时 %.*s\n", is_good(c) ? "声明没有问题" : "声明有问题，不能采用",
               ZH_FMT(zh_text_duration(cli->arena, c->took_us)));
}

static void json_check(const checked *c, zh_buf *out)
{
    const zh_model *m = c->model;
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_key(&w, "ok");
    zh_jw_bool(&w, is_good(c));
    zh_jw_kz(&w, "digest", m != NULL ? m->digest.p : NULL);
    if (m != NULL) {
        zh_jw_ki(&w, "registers", (int64_t)m->nregisters);
        zh_jw_ki(&w, "indicators", (int64_t)m->nindicators);
        zh_jw_ki(&w, "code_systems", (int64_t)m->nsystems);
        zh_jw_ki(&w, "recipes", (int64_t)m->nrecipes);
        zh_jw_ki(&w, "targets", (int64_t)outline_count(m, "target"));
        zh_jw_ki(&w, "tasks", (int64_t)outline_count(m, "task"));
        zh_jw_ki(&w, "facts", (int64_t)outline_count(m, "fact"));
        zh_jw_ki(&w, "mechanisms", (int64_t)m->nmechanisms);
    }
    zh_jw_ki(&w, "tests", c->tests.tests);
    zh_jw_ki(&w, "tests_failed", c->tests.failed);
    zh_jw_ki(&w, "took_us", (int64_t)c->took_us);
    zh_jw_key(&w, "errors");
    zh_jw_array(&w);
    zh_str rest = zh_buf_view(&c->report);
    zh_str line;
    while (rest.n > 0 && zh_str_split(&rest, '\n', &line)) {
        if (line.n > 0) {
            zh_jw_str(&w, line);
        }
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static const char *argument_or_packs(const zh_cli *cli, size_t index)
{
    zh_str path = zh_cli_argument(cli, index);
    return path.n > 0 ? path.p : zh_cli_text(cli, "packs");
}

static zh_rc run_check(zh_cli *cli, zh_buf *out, int *code)
{
    checked c;
    zh_rc rc = check(cli, argument_or_packs(cli, 1), !zh_cli_flag(cli, "no-tests"), &c);
    if (rc == ZH_OK && cli->json) {
        json_check(&c, out);
    } else if (rc == ZH_OK) {
        print_check(cli, &c, out);
    }
    *code = is_good(&c) ? ZH_EXIT_OK : ZH_EXIT_NO;
    checked_free(&c);
    return rc;
}

/* ---- diff
 * ------------------------------------------------------------------------------------------- */

static zh_rc compile_or_report(zh_cli *cli, const char *path, zh_buf *out, zh_model **model)
{
    zh_buf report;
    zh_buf_init(&report, REPORT_BYTES);
    zh_rc rc = zh_packs_compile(cli, path, &report, model);
    if (rc != ZH_OK && !cli->json) {
        zh_buf_str(out, zh_buf_view(&report));
    }
    zh_buf_free(&report);
    return rc;
}

static void json_diff(const zh_diff *diff, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_ki(&w, "changes", (int64_t)diff->n);
    zh_jw_ki(&w, "destructive", (int64_t)diff->destructive);
    zh_jw_ki(&w, "refused", (int64_t)diff->refused);
    zh_jw_key(&w, "plan");
    zh_jw_array(&w);
    for (size_t i = 0; i < diff->n; i++) {
        const zh_model_change *change = &diff->changes[i];
        zh_jw_object(&w);
        zh_jw_kv(&w, "table", change->table);
        zh_jw_kv(&w, "name", change->name);
        zh_jw_kv(&w, "text", change->text);
        zh_jw_key(&w, "destructive");
        zh_jw_bool(&w, change->destructive);
        zh_jw_key(&w, "allowed");
        zh_jw_bool(&w, change->allowed || !change->destructive);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static zh_rc run_diff(zh_cli *cli, zh_buf *out, int *code)
{
    zh_model *before = NULL;
    zh_model *after = NULL;
    zh_diff diff = {0};
    if (cli->narguments != 3) {
        return zh_cli_usage(cli, "cli.missing", "model diff 要两个声明目录：旧的和新的");
    }
    zh_rc rc = compile_or_report(cli, zh_cli_argument(cli, 1).p, out, &before);
    if (rc == ZH_OK) {
        rc = compile_or_report(cli, zh_cli_argument(cli, 2).p, out, &after);
    }
    if (rc == ZH_OK) {
        rc = zh_model_diff(cli->arena, before, after, zh_cli_flag(cli, "destructive"), &diff,
                           &cli->err);
        bool refused = rc == ZH_ECONFLICT;
        rc = refused ? ZH_OK : rc; /* the plan says which steps are refused */
        *code = refused ? ZH_EXIT_NO : ZH_EXIT_OK;
    }
    if (rc == ZH_OK && cli->json) {
        json_diff(&diff, out);
    } else if (rc == ZH_OK) {
        zh_diff_print(&diff, out);
    }
    if (before != NULL) {
        zh_model_release(before);
    }
    if (after != NULL) {
        zh_model_release(after);
    }
    return rc;
}

/* ---- docs
 * ------------------------------------------------------------------------------------------- */

static zh_rc document(zh_cli *cli, const zh_model *model, zh_buf *out)
{
    zh_str id = zh_cli_argument(cli, 1);
    const zh_register *reg = zh_model_register(model, id);
    if (id.n > 0 && reg == NULL) {
        zh_str *known = ZH_NEW_N(cli->arena, zh_str, model->nregisters + 1);
        for (size_t i = 0; i < model->nregisters; i++) {
            known[i] = model->registers[i].id;
        }
        zh_str near = zh_cli_nearest(id, known, model->nregisters);
        return zh_cli_usage(cli, "cli.register", "没有登记册“%.*s”%s%.*s", ZH_FMT(id),
                            near.n > 0 ? "，是不是 " : "", ZH_FMT(near));
    }
    if (!cli->json) {
        if (reg != NULL) {
            zh_docs_register(model, reg, out);
        } else {
            zh_docs_model(model, out);
        }
        return ZH_OK;
    }
    zh_jw w;
    zh_jw_init(&w, out, 2);
    if (reg != NULL) {
        zh_register_json(reg, &w);
    } else {
        zh_jw_array(&w);
        for (size_t i = 0; i < model->nregisters; i++) {
            zh_register_json(&model->registers[i], &w);
        }
        zh_jw_array_end(&w);
    }
    zh_buf_c(out, '\n');
    return ZH_OK;
}

static zh_rc run_docs(zh_cli *cli, zh_buf *out)
{
    zh_model *model = NULL;
    zh_rc rc = compile_or_report(cli, zh_cli_text(cli, "packs"), out, &model);
    if (rc == ZH_OK) {
        rc = document(cli, model, out);
        zh_model_release(model);
    }
    return rc;
}

/* ---- adopt
 * ------------------------------------------------------------------------------------------ */

static zh_rc adopt_into(zh_cli *cli, zh_model *model)
{
    const char *packs = zh_cli_text(cli, "packs");
    bool destructive = zh_cli_flag(cli, "destructive");
    zh_core_options options = {
        .db_url = zh_cli_text(cli, "db"),
        .office = (int64_t)zh_cli_number(cli, "office", 0),
        .packs = packs,
        .migrate_destructive = destructive,
    };
    if (options.db_url == NULL || zh_cli_given(cli, "data")) {
        options.data_dir = zh_cli_text(cli, "data");
    }
    zh_core *core = NULL;
    zh_rc rc = zh_core_open(&options, &core, &cli->err);
    if (rc == ZH_OK && packs == NULL) {
        /* the database may have been given others: back to those of the program */
        rc = zh_core_adopt(core, model, destructive, &cli->err);
    }
    zh_core_close(core);
    return rc;
}

static zh_rc run_adopt(zh_cli *cli, zh_buf *out, int *code)
{
    checked c;
    zh_rc rc = check(cli, zh_cli_text(cli, "packs"), true, &c);
    bool good = rc == ZH_OK && is_good(&c);
    if (good) {
        rc = adopt_into(cli, c.model);
    }
    *code = good ? ZH_EXIT_OK : ZH_EXIT_NO;
    if (rc == ZH_OK && cli->json) {
        json_check(&c, out);
    } else if (rc == ZH_OK) {
        print_check(cli, &c, out);
        if (good) {
            zh_buf_fmt(out, "已采用 %.*s\n", ZH_FMT(c.model->digest));
        }
    }
    checked_free(&c);
    return rc;
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc dispatch(zh_cli *cli, zh_buf *out, int *code)
{
    zh_str action = zh_cli_argument(cli, 0);
    bool diff = zh_str_is(action, "diff");
    bool adopt = zh_str_is(action, "adopt");
    size_t most = diff ? 3 : adopt ? 1 : 2;
    if (cli->narguments > most) {
        return zh_cli_usage(cli, "cli.argument", "多余的参数“%.*s”",
                            ZH_FMT(zh_cli_argument(cli, most)));
    }
    if (diff) {
        return run_diff(cli, out, code);
    }
    if (adopt) {
        return run_adopt(cli, out, code);
    }
    return zh_str_is(action, "docs") ? run_docs(cli, out) : run_check(cli, out, code);
}

static int run(zh_cli *cli)
{
    zh_buf out;
    int code = ZH_EXIT_OK;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_rc rc = dispatch(cli, &out, &code);
    if (out.n > 0 && zh_cli_print(zh_buf_view(&out)) != ZH_EXIT_OK) {
        code = ZH_EXIT_USAGE;
    }
    if (rc != ZH_OK) {
        code = zh_cli_fail(cli);
    }
    zh_buf_free(&out);
    return code;
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "check|diff|docs|adopt",
     .zh = "检查并跑检验、比较两套、出文档、采用",
     .en = "what to do"},
    {.name = "WHAT",
     .kind = ZH_PARAM_FOLDER,
     .optional = true,
     .zh = "check：声明目录或一个 YAML 文件；diff：旧声明目录；docs：登记册",
     .en = "folder, file or register"},
    {.name = "NEW",
     .kind = ZH_PARAM_FOLDER,
     .optional = true,
     .zh = "diff：新声明目录",
     .en = "the newer declarations"},
};

static const zh_param options[] = {
    {.name = "destructive",
     .kind = ZH_PARAM_FLAG,
     .zh = "允许会丢数据的步骤（diff、adopt）",
     .en = "allow destructive steps"},
    {.name = "no-tests",
     .kind = ZH_PARAM_FLAG,
     .zh = "只编译，不跑检验（check）",
     .en = "do not run the tests"},
};

ZH_VERB(model) = {
    .name = "model",
    .zh = "声明：检查、比较、文档、采用",
    .en = "check, compare, document or adopt declarations",
    .text =
        "check 报出全部错误（文件:行:列），并在用后即弃的库里跑每个检验；检验不过的声明不能采用。\n"
        "目录写 embedded 指程序自带的声明；给一个 YAML 文件，则与自带的声明合在一起检查。",
    .example = "zhiheng model check packs\n"
               "zhiheng model check my_mechanism.yaml\n"
               "zhiheng model diff embedded packs\n"
               "zhiheng model docs complaint > complaint.md\n"
               "zhiheng model adopt --packs packs --data ./data",
    .uses = ZH_MAKES_DATA | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
