/* Arguments and options of a call, read against the verb's descriptor. */
#include "cli/verb.h"
#include <stdarg.h>
#include <string.h>

/* Edit distance that still counts as a slip of the finger: at most NEAR_MAX, and not more than one
 * letter in NEAR_PART. */
enum { NEAR_MAX = 3, NEAR_PART = 2 };

static const zh_param common[] = {
    {.name = "data",
     .value = "DIR",
     .kind = ZH_PARAM_FOLDER,
     .otherwise = "./data",
     .zh = "数据目录：数据库、附件、任务",
     .en = "data directory"},
    {.name = "db",
     .value = "URL",
     .kind = ZH_PARAM_TEXT,
     .zh = "数据库：sqlite:文件 或 postgresql://…；省略则用数据目录里的",
     .en = "database"},
    {.name = "office",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .zh = "本机机构号；省略则用库里记下的，新库为 1",
     .en = "home office"},
    {.name = "packs",
     .value = "DIR",
     .kind = ZH_PARAM_FOLDER,
     .zh = "声明目录；省略则用程序自带的",
     .en = "declarations"},
    {.name = "as-of",
     .value = "SIZE|TIME",
     .kind = ZH_PARAM_TEXT,
     .zh = "按当时的账面回答：账本条数，或时刻（只写日期则到当日结束）",
     .en = "answer as of a log size or an instant"},
    {.name = "json", .kind = ZH_PARAM_FLAG, .zh = "输出 JSON", .en = "print JSON"},
    {.name = "help", .kind = ZH_PARAM_FLAG, .zh = "显示这个命令的用法", .en = "show help"},
};

static const unsigned common_uses[] = {
    ZH_USES_DATA, ZH_USES_DATA, ZH_USES_DATA, ZH_USES_PACKS, ZH_USES_AS_OF, ZH_USES_JSON, 0};

struct zh_cli_option {
    const zh_param *param;
    zh_str values[ZH_CLI_VALUES_MAX];
    size_t n;
};

const zh_param *zh_common_options(size_t *n)
{
    *n = ZH_COUNTOF(common);
    return common;
}

bool zh_common_applies(const zh_verb *verb, size_t option)
{
    return common_uses[option] == 0 || (verb->uses & common_uses[option]) != 0;
}

const zh_verb *zh_verb_find(zh_str name)
{
    for (size_t i = 0; i < zh_verbs_n; i++) {
        if (zh_str_is(name, zh_verbs[i]->name)) {
            return zh_verbs[i];
        }
    }
    return NULL;
}

zh_rc zh_cli_usage(zh_cli *cli, const char *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    zh_str message = zh_str_vfmt(cli->arena, format, arguments);
    va_end(arguments);
    cli->usage = true;
    zh_err_set(&cli->err, ZH_EINVAL, rule, "%.*s", ZH_FMT(message));
    return ZH_EINVAL;
}

zh_str zh_cli_nearest(zh_str wanted, const zh_str *known, size_t n)
{
    size_t best = NEAR_MAX + 1;
    zh_str nearest = ZH_STR_NONE;
    for (size_t i = 0; i < n; i++) {
        size_t distance = zh_str_distance(wanted, known[i], NEAR_MAX);
        if (wanted.n >= 2 && zh_str_starts(known[i], wanted)) {
            distance = 1; /* begun, not finished */
        }
        if (distance < best && distance * NEAR_PART <= wanted.n) {
            best = distance;
            nearest = known[i];
        }
    }
    return nearest;
}

/* ---- reading
 * --------------------------------------------------------------------------------------- */

static void allow(zh_cli *cli)
{
    size_t most = cli->verb->noptions + ZH_COUNTOF(common);
    cli->options = ZH_NEW_N(cli->arena, struct zh_cli_option, most);
    for (size_t i = 0; i < cli->verb->noptions; i++) {
        cli->options[cli->noptions++].param = &cli->verb->options[i];
    }
    for (size_t i = 0; i < ZH_COUNTOF(common); i++) {
        if (zh_common_applies(cli->verb, i)) {
            cli->options[cli->noptions++].param = &common[i];
        }
    }
}

static struct zh_cli_option *find(const zh_cli *cli, zh_str name)
{
    for (size_t i = 0; i < cli->noptions; i++) {
        if (zh_str_is(name, cli->options[i].param->name)) {
            return &cli->options[i];
        }
    }
    return NULL;
}

static zh_rc unknown_option(zh_cli *cli, zh_str name)
{
    zh_str *known = ZH_NEW_N(cli->arena, zh_str, cli->noptions);
    for (size_t i = 0; i < cli->noptions; i++) {
        known[i] = zh_str_of(cli->options[i].param->name);
    }
    zh_str near = zh_cli_nearest(name, known, cli->noptions);
    if (near.n > 0) {
        return zh_cli_usage(cli, "cli.option", "%s 没有选项 --%.*s，是不是 --%.*s？",
                            cli->verb->name, ZH_FMT(name), ZH_FMT(near));
    }
    return zh_cli_usage(cli, "cli.option", "%s 没有选项 --%.*s", cli->verb->name, ZH_FMT(name));
}

static bool is_choice(const char *choices, zh_str value)
{
    zh_str rest = zh_str_of(choices);
    zh_str piece;
    while (zh_str_split(&rest, '|', &piece)) {
        if (zh_str_eq(piece, value)) {
            return true;
        }
    }
    return false;
}

/* `name` as it is to be shown: --limit, REGISTER. */
static zh_rc check_value(zh_cli *cli, const zh_param *param, zh_str name, zh_str value)
{
    if (param->kind == ZH_PARAM_NUMBER) {
        uint64_t number;
        if (zh_str_u64(value, &number) != ZH_OK || number > INT64_MAX) {
            return zh_cli_usage(cli, "cli.number", "%.*s 要一个不小于 0 的整数，给出的是“%.*s”",
                                ZH_FMT(name), ZH_FMT(value));
        }
    } else if (param->kind == ZH_PARAM_CHOICE && !is_choice(param->choices, value)) {
        return zh_cli_usage(cli, "cli.choice", "%.*s 只能是 %s 之一，给出的是“%.*s”", ZH_FMT(name),
                            param->choices, ZH_FMT(value));
    } else if (value.n == 0) {
        return zh_cli_usage(cli, "cli.empty", "%.*s 的值是空的", ZH_FMT(name));
    }
    return ZH_OK;
}

static zh_rc take_option(zh_cli *cli, const char *text, int argc, char **argv, int *at)
{
    zh_str word = zh_str_of(text + 2);
    ptrdiff_t equals = zh_str_chr(word, '=');
    zh_str name = equals < 0 ? word : zh_str_sub(word, 0, (size_t)equals);
    struct zh_cli_option *option = find(cli, name);
    if (option == NULL) {
        return unknown_option(cli, name);
    }
    zh_str shown = zh_str_fmt(cli->arena, "--%.*s", ZH_FMT(name));
    if (option->n > 0 && !option->param->many) {
        return zh_cli_usage(cli, "cli.twice", "%.*s 写了两次", ZH_FMT(shown));
    }
    if (option->n == ZH_CLI_VALUES_MAX) {
        return zh_cli_usage(cli, "cli.many", "%.*s 最多 %d 个", ZH_FMT(shown), ZH_CLI_VALUES_MAX);
    }
    zh_str value = ZH_STR("");
    if (option->param->kind == ZH_PARAM_FLAG) {
        if (equals >= 0) {
            return zh_cli_usage(cli, "cli.flag", "%.*s 不带值", ZH_FMT(shown));
        }
    } else if (equals >= 0) {
        value = zh_str_of(text + 2 + equals + 1);
    } else if (*at + 1 >= argc) {
        return zh_cli_usage(cli, "cli.value", "%.*s 后面要有 %s", ZH_FMT(shown),
                            option->param->value);
    } else {
        value = zh_str_of(argv[++*at]);
    }
    option->values[option->n++] = value;
    return option->param->kind == ZH_PARAM_FLAG ? ZH_OK
                                                : check_value(cli, option->param, shown, value);
}

static zh_rc take_argument(zh_cli *cli, zh_str value)
{
    size_t i = cli->narguments;
    const zh_verb *verb = cli->verb;
    const zh_param *param = i < verb->narguments ? &verb->arguments[i] : NULL;
    if (param == NULL && verb->narguments > 0 && verb->arguments[verb->narguments - 1].many) {
        param = &verb->arguments[verb->narguments - 1];
    }
    if (param == NULL || i == ZH_CLI_ARGUMENTS_MAX) {
        return zh_cli_usage(cli, "cli.argument", "多余的参数“%.*s”", ZH_FMT(value));
    }
    cli->arguments[cli->narguments++] = value;
    return check_value(cli, param, zh_str_of(param->name), value);
}

static zh_rc check_complete(zh_cli *cli)
{
    for (size_t i = cli->narguments; i < cli->verb->narguments; i++) {
        if (!cli->verb->arguments[i].optional) {
            return zh_cli_usage(cli, "cli.missing", "%s 缺少参数 %s（%s）", cli->verb->name,
                                cli->verb->arguments[i].name, cli->verb->arguments[i].zh);
        }
    }
    return ZH_OK;
}

zh_rc zh_cli_parse(zh_cli *cli, int argc, char **argv)
{
    allow(cli);
    zh_rc rc = ZH_OK;
    bool only_arguments = false;
    for (int i = 0; i < argc && rc == ZH_OK; i++) {
        const char *text = argv[i];
        if (only_arguments || text[0] != '-' || text[1] == '\0') {
            rc = take_argument(cli, zh_str_of(text));
        } else if (strcmp(text, "--") == 0) {
            only_arguments = true;
        } else if (strcmp(text, "-h") == 0) {
            rc = take_option(cli, "--help", argc, argv, &i);
        } else if (text[1] == '-') {
            rc = take_option(cli, text, argc, argv, &i);
        } else {
            rc = unknown_option(cli, zh_str_of(text + 1));
        }
    }
    /* asked for while the rest may be wrong or missing */
    const struct zh_cli_option *json = find(cli, ZH_STR("json"));
    cli->json = json != NULL && json->n > 0;
    if (zh_cli_flag(cli, "help")) {
        return ZH_OK;
    }
    return rc == ZH_OK ? check_complete(cli) : rc;
}

/* ---- what was given
 * -------------------------------------------------------------------------------- */

static const struct zh_cli_option *known(const zh_cli *cli, const char *name)
{
    const struct zh_cli_option *option = find(cli, zh_str_of(name));
    zh_assert(option != NULL);
    return option;
}

bool zh_cli_flag(const zh_cli *cli, const char *name)
{
    return known(cli, name)->n > 0;
}

bool zh_cli_given(const zh_cli *cli, const char *name)
{
    return known(cli, name)->n > 0;
}

const char *zh_cli_text(const zh_cli *cli, const char *name)
{
    const struct zh_cli_option *option = known(cli, name);
    return option->n > 0 ? option->values[0].p : option->param->otherwise;
}

uint64_t zh_cli_number(const zh_cli *cli, const char *name, uint64_t otherwise)
{
    const struct zh_cli_option *option = known(cli, name);
    uint64_t number = otherwise;
    if (option->n > 0) {
        zh_rc rc = zh_str_u64(option->values[0], &number);
        zh_assert(rc == ZH_OK); /* checked when it was read */
    }
    return number;
}

size_t zh_cli_values(const zh_cli *cli, const char *name, const zh_str **out)
{
    const struct zh_cli_option *option = known(cli, name);
    *out = option->values;
    return option->n;
}

zh_str zh_cli_argument(const zh_cli *cli, size_t index)
{
    return index < cli->narguments ? cli->arguments[index] : ZH_STR("");
}
