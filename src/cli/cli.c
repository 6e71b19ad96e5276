/* The program as one call: finds the verb, reads what was given, runs it, says what went wrong. */
#include "base/json.h"
#include "cli/help.h"
#include "cli/print.h"
#include "cli/verb.h"
#include "web/frame/problem.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROBLEM_BYTES = 64 << 10 };

int zh_cli_print(zh_str text)
{
    bool ok = (text.n == 0 || fwrite(text.p, 1, text.n, stdout) == text.n) && fflush(stdout) == 0;
    return ok ? ZH_EXIT_OK : ZH_EXIT_USAGE;
}

void zh_cli_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
}

static int exit_code(zh_rc rc)
{
    switch (rc) {
    case ZH_OK: return ZH_EXIT_OK;
    case ZH_EINVAL:
    case ZH_ENOTFOUND:
    case ZH_ECONFLICT:
    case ZH_ELIMIT:
    case ZH_EDENIED:
    case ZH_ECANCEL:
    case ZH_ECORRUPT: return ZH_EXIT_NO;
    case ZH_EIO:
    case ZH_EDB:
    case ZH_EBUSY:
    case ZH_ENOMEM: break;
    }
    return ZH_EXIT_USAGE;
}

static void print_problem(const zh_cli *cli, int status)
{
    zh_buf out;
    zh_buf_init(&out, PROBLEM_BYTES);
    zh_jw w;
    zh_jw_init(&w, &out, 2);
    zh_problem_write(&w, status, &cli->err);
    zh_buf_c(&out, '\n');
    (void)zh_cli_print(zh_buf_view(&out)); /* the exit code says that it failed already */
    zh_buf_free(&out);
}

static void print_error(const zh_err *err)
{
    zh_cli_note("错误：%s", err->message[0] != '\0' ? err->message : "没有说明的错误");
    if (err->where[0] != '\0') {
        zh_cli_note("  位置：%s", err->where);
    }
    zh_cli_note("  规则：%s%s%s", err->rule, err->clause[0] != '\0' ? "，" : "", err->clause);
    if (err->fix[0] != '\0') {
        zh_cli_note("  处理：%s", err->fix);
    }
}

int zh_cli_fail(zh_cli *cli)
{
    bool misused = cli->usage && cli->verb != NULL && strncmp(cli->err.rule, "cli.", 4) == 0;
    if (misused) { /* unless something better was said */
        zh_err_fix(&cli->err, "用法见 zhiheng help %s", cli->verb->name);
    }
    if (cli->json) {
        print_problem(cli, cli->usage ? 400 : zh_problem_status(cli->err.rc));
    }
    print_error(&cli->err);
    return cli->usage ? ZH_EXIT_USAGE : exit_code(cli->err.rc);
}

int zh_cli_unknown_verb(zh_cli *cli, zh_str name)
{
    zh_str *known = ZH_NEW_N(cli->arena, zh_str, zh_verbs_n + 1);
    for (size_t i = 0; i < zh_verbs_n; i++) {
        known[i] = zh_str_of(zh_verbs[i]->name);
    }
    zh_str near = zh_cli_nearest(name, known, zh_verbs_n);
    cli->usage = true;
    zh_err_set(&cli->err, ZH_EINVAL, "cli.verb", "没有命令“%.*s”", ZH_FMT(name));
    if (near.n > 0) {
        zh_err_fix(&cli->err, "是不是 %.*s？全部命令见 zhiheng help", ZH_FMT(near));
    } else {
        zh_err_fix(&cli->err, "全部命令见 zhiheng help");
    }
    return zh_cli_fail(cli);
}

static int run(zh_cli *cli, int argc, char **argv)
{
    zh_rc rc = zh_cli_parse(cli, argc, argv);
    if (zh_cli_flag(cli, "help")) {
        return zh_help_verb(cli->arena, cli->verb);
    }
    return rc == ZH_OK ? cli->verb->run(cli) : zh_cli_fail(cli);
}

int zh_cli_main(int argc, char **argv)
{
    zh_cli cli = {.arena = zh_arena_new(ZH_ARENA_JOB_BYTES)};
    int code;
    zh_str name = argc > 1 ? zh_str_of(argv[1]) : ZH_STR("");
    if (zh_str_is(name, "--help") || zh_str_is(name, "-h")) {
        name = ZH_STR("help");
    } else if (zh_str_is(name, "--version")) {
        name = ZH_STR("version");
    }
    cli.verb = zh_verb_find(name);
    if (argc < 2) {
        zh_help_overview(stderr);
        code = ZH_EXIT_USAGE;
    } else if (cli.verb == NULL) {
        code = zh_cli_unknown_verb(&cli, name);
    } else {
        code = run(&cli, argc - 2, argv + 2);
    }
    zh_arena_free(cli.arena);
    return code;
}
