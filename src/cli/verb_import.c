/* import: a foreign file into a register. */
#include "base/os.h"
#include "cli/import.h"
#include "model/recipe.h"

typedef struct settings {
    zh_str names[ZH_CLI_VALUES_MAX], values[ZH_CLI_VALUES_MAX];
} settings;

static zh_rc parse_commit(zh_cli *cli, zh_commit_mode *out)
{
    zh_str commit = zh_str_of(zh_cli_text(cli, "commit"));
    if (zh_cli_flag(cli, "dry-run")) {
        if (zh_cli_given(cli, "commit") && !zh_str_is(commit, "none")) {
            return zh_cli_usage(cli, "cli.commit", "--dry-run 与 --commit %.*s 矛盾",
                                ZH_FMT(commit));
        }
        *out = ZH_COMMIT_NONE;
        return ZH_OK;
    }
    *out = zh_str_is(commit, "all")     ? ZH_COMMIT_ALL
           : zh_str_is(commit, "clean") ? ZH_COMMIT_CLEAN
                                        : ZH_COMMIT_NONE;
    return ZH_OK;
}

static zh_rc parse_set(zh_session *s, settings *set, zh_intake_options *o)
{
    const zh_str *given;
    o->nset = zh_cli_values(s->cli, "set", &given);
    o->set_names = set->names;
    o->set_values = set->values;
    for (size_t i = 0; i < o->nset; i++) {
        ptrdiff_t equals = zh_str_chr(given[i], '=');
        const zh_field *field = NULL;
        if (equals <= 0) {
            return zh_cli_usage(s->cli, "cli.set", "--set 要写成 字段=值，给出的是“%.*s”",
                                ZH_FMT(given[i]));
        }
        zh_rc rc = zh_session_field(s, o->reg, zh_str_sub(given[i], 0, (size_t)equals), &field);
        if (rc != ZH_OK) {
            return rc;
        }
        set->names[i] = field->id;
        set->values[i] = zh_str_sub(given[i], (size_t)equals + 1, given[i].n);
    }
    return ZH_OK;
}

/* The error names the nearest recipe and all that the register has. */
static zh_rc check_recipe(zh_session *s, const zh_register *reg, zh_str id)
{
    const zh_model *model = s->ctx.model;
    if (id.n == 0 || zh_model_recipe(model, id) != NULL) {
        return ZH_OK;
    }
    zh_str *known = ZH_NEW_N(s->cli->arena, zh_str, model->nrecipes + 1);
    for (size_t i = 0; i < model->nrecipes; i++) {
        known[i] = model->recipes[i].id;
    }
    zh_str near = zh_cli_nearest(id, known, model->nrecipes);
    zh_rc rc = near.n > 0 ? zh_cli_usage(s->cli, "cli.recipe", "没有配方“%.*s”，是不是 %.*s？",
                                         ZH_FMT(id), ZH_FMT(near))
                          : zh_cli_usage(s->cli, "cli.recipe", "没有配方“%.*s”", ZH_FMT(id));
    zh_buf fit;
    zh_buf_init(&fit, 4096);
    for (size_t i = 0; i < model->nrecipes; i++) {
        for (size_t k = 0; k < model->recipes[i].nlayouts; k++) {
            if (model->recipes[i].layouts[k].reg == reg) {
                zh_buf_fmt(&fit, "%s%.*s", fit.n > 0 ? "、" : "", ZH_FMT(known[i]));
                break;
            }
        }
    }
    zh_err_fix(&s->cli->err,
               fit.n > 0 ? "“%.*s”的配方：%.*s" : "“%.*s”没有配方，按它自己的表头导入",
               ZH_FMT(reg->label.zh), ZH_FMT(zh_buf_view(&fit)));
    zh_buf_free(&fit);
    return rc;
}

static zh_rc take_in(zh_session *s, int *code)
{
    zh_cli *cli = s->cli;
    settings set = {0};
    zh_intake_options o = {
        .path = zh_cli_argument(cli, 1).p,
        .recipe = zh_str_of(zh_cli_text(cli, "recipe")),
        .justification = zh_str_of(zh_cli_text(cli, "justify")),
        .errors_path = zh_cli_text(cli, "errors"),
        .threads = (unsigned)zh_cli_number(cli, "threads", 0),
    };
    zh_rc rc = zh_session_register(s, zh_cli_argument(cli, 0), &o.reg);
    if (rc == ZH_OK) {
        rc = parse_commit(cli, &o.commit);
    }
    if (rc == ZH_OK) {
        rc = check_recipe(s, o.reg, o.recipe);
    }
    if (rc == ZH_OK) {
        rc = parse_set(s, &set, &o);
    }
    if (rc == ZH_OK && (!zh_path_exists(o.path) || zh_path_is_dir(o.path))) {
        rc = zh_cli_usage(cli, "cli.file", "没有文件 %s", o.path);
    }
    return rc == ZH_OK ? zh_import(s, &o, zh_cli_flag(cli, "progress"), code) : rc;
}

static int run(zh_cli *cli)
{
    zh_session s;
    int code = ZH_EXIT_OK;
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = take_in(&s, &code);
    }
    if (rc != ZH_OK) {
        code = zh_cli_fail(cli);
    }
    zh_session_close(&s);
    return code;
}

static const zh_param arguments[] = {
    {.name = "REGISTER", .kind = ZH_PARAM_REGISTER, .zh = "登记册", .en = "register"},
    {.name = "FILE",
     .kind = ZH_PARAM_FILE,
     .zh = "CSV、TSV、NDJSON、JSON、XLSX，可为 gzip 或 zip",
     .en = "file to take in"},
};

static const zh_param options[] = {
    {.name = "recipe",
     .value = "RECIPE",
     .kind = ZH_PARAM_RECIPE,
     .zh = "按哪个配方读；省略则按登记册自己的表头，再找合适的配方",
     .en = "recipe of a foreign layout"},
    {.name = "dry-run", .kind = ZH_PARAM_FLAG, .zh = "只预检，不写入", .en = "check only"},
    {.name = "commit",
     .value = "MODE",
     .kind = ZH_PARAM_CHOICE,
     .choices = "all|clean|none",
     .otherwise = "all",
     .zh = "提交哪些行：全有或全无、只收没有问题的、只预检",
     .en = "what is written"},
    {.name = "justify",
     .value = "TEXT",
     .kind = ZH_PARAM_TEXT,
     .zh = "收下存疑的行，理由是",
     .en = "accept doubtful rows for this reason"},
    {.name = "set",
     .value = "FIELD=VALUE",
     .kind = ZH_PARAM_TEXT,
     .many = true,
     .zh = "所有行的这个字段都是此值",
     .en = "constant field"},
    {.name = "errors",
     .value = "FILE",
     .kind = ZH_PARAM_FILE,
     .zh = "全部问题写到这个 CSV",
     .en = "write every problem to this CSV"},
    {.name = "threads",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .zh = "并行数；省略为处理器个数",
     .en = "threads"},
    {.name = "progress",
     .kind = ZH_PARAM_FLAG,
     .zh = "不在终端上也显示进度",
     .en = "show progress also when stderr is no terminal"},
};

ZH_VERB(import) = {
    .name = "import",
    .zh = "导入文件：先预检，再提交",
    .en = "take a file into a register",
    .text = "每一行是新增、相同、变更、存疑或拒绝；每个问题说明表、行、列、规则和处理办法。\n"
            "中断后用同样的命令再来一次，会接着做完，不会重复。\n"
            "数据目录是复制出来的，在 zhiheng ledger adopt 认领以前不写入，退出码为 2。\n"
            "退出码：已提交为 0（clean 方式下有行被留下也是 "
            "0）；预检发现问题，或全有或全无而没有提交，为 1。",
    .example = "zhiheng import food_class_sampling 2016-01.csv --dry-run\n"
               "zhiheng import water_reading data.zip --recipe us-water --commit clean",
    .uses = ZH_MAKES_DATA | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
