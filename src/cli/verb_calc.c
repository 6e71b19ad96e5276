/* calc: one calculation of an engine, JSON from stdin or a file, JSON to stdout. */
#include "base/os.h"
#include "cli/print.h"
#include "engine/engine.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_BYTES_MAX = 64 << 20, READ_BYTES = 64 << 10 };

static int list(zh_cli *cli)
{
    static const char *const headers[] = {"函数", "内容", "方法", "输入示例"};
    zh_buf out;
    zh_text_table table;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_text_table_init(&table, cli->arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < zh_engines_n; i++) {
        zh_text_table_add(&table, zh_str_of(zh_engines[i]->name));
        zh_text_table_add(&table, zh_str_of(zh_engines[i]->zh));
        zh_text_table_add(&table, zh_str_of(zh_engines[i]->method));
        zh_text_table_add(&table, zh_str_of(zh_engines[i]->input));
    }
    zh_text_table_print(&table, &out);
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    return code;
}

static int unknown(zh_cli *cli, zh_str name)
{
    zh_str *known = ZH_NEW_N(cli->arena, zh_str, zh_engines_n + 1);
    zh_str all = ZH_STR_NONE;
    for (size_t i = 0; i < zh_engines_n; i++) {
        known[i] = zh_str_of(zh_engines[i]->name);
        all =
            zh_str_fmt(cli->arena, "%.*s%s%s", ZH_FMT(all), i > 0 ? "、" : "", zh_engines[i]->name);
    }
    zh_str near = zh_cli_nearest(name, known, zh_engines_n);
    cli->usage = true;
    zh_err_set(&cli->err, ZH_ENOTFOUND, "calc.function", "没有计算“%.*s”%s%.*s%s", ZH_FMT(name),
               near.n > 0 ? "，是不是 " : "", ZH_FMT(near), near.n > 0 ? "？" : "");
    zh_err_fix(&cli->err, "可用：%.*s", ZH_FMT(all));
    return zh_cli_fail(cli);
}

static zh_rc read_stdin(zh_cli *cli, zh_buf *in)
{
    char *chunk = ZH_NEW_N(cli->arena, char, READ_BYTES);
    ssize_t got;
    while ((got = read(STDIN_FILENO, chunk, READ_BYTES)) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return zh_err_set(&cli->err, ZH_EIO, "calc.read", "标准输入读不了：%s",
                              strerror(errno));
        }
        zh_buf_add(in, chunk, (size_t)got);
    }
    return in->failed
               ? zh_err_set(&cli->err, ZH_ELIMIT, "calc.size", "输入超过 %d 字节", INPUT_BYTES_MAX)
               : ZH_OK;
}

static zh_rc calculate(zh_cli *cli, const zh_engine *engine, zh_buf *in, zh_buf *out)
{
    const char *file = zh_cli_text(cli, "input");
    zh_str text;
    zh_rc rc;
    if (file != NULL) {
        rc = zh_file_read(cli->arena, file, INPUT_BYTES_MAX, &text, &cli->err);
        cli->usage = rc != ZH_OK;
    } else {
        rc = read_stdin(cli, in);
        text = zh_buf_view(in);
    }
    return rc == ZH_OK ? zh_engine_run(engine, cli->arena, text, 2, out, &cli->err) : rc;
}

static int run(zh_cli *cli)
{
    zh_str name = zh_cli_argument(cli, 0);
    if (name.n == 0) {
        return list(cli);
    }
    const zh_engine *engine = zh_engine_find(name);
    if (engine == NULL) {
        return unknown(cli, name);
    }
    zh_buf in;
    zh_buf out;
    zh_buf_init(&in, INPUT_BYTES_MAX);
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_rc rc = calculate(cli, engine, &in, &out);
    int code = rc == ZH_OK ? zh_cli_print(zh_buf_view(&out)) : zh_cli_fail(cli);
    zh_buf_free(&in);
    zh_buf_free(&out);
    return code;
}

static const zh_param arguments[] = {
    {.name = "FUNCTION",
     .kind = ZH_PARAM_FUNCTION,
     .optional = true,
     .zh = "计算的名字；省略则列出全部",
     .en = "name of the calculation"},
};

static const zh_param options[] = {
    {.name = "input",
     .value = "FILE",
     .kind = ZH_PARAM_FILE,
     .zh = "输入文件；省略则读标准输入",
     .en = "input file"},
};

ZH_VERB(calc) = {
    .name = "calc",
    .zh = "做一次计算：JSON 进，JSON 出",
    .en = "run one calculation",
    .example = "echo '{\"x\": 18, \"n\": 20, \"confidence\": 0.95}' | zhiheng calc "
               "survey.proportion_ci",
    .uses = ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
