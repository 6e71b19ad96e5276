/* Help for people, and the verb `help`. */
#include "cli/help.h"
#include "base/version.h"
#include "cli/print.h"
#include <stdio.h>

enum { HELP_BYTES = 1 << 20, INDENT = 2 };

static zh_str option_words(zh_arena *arena, const zh_param *option)
{
    return option->kind == ZH_PARAM_FLAG
               ? zh_str_fmt(arena, "--%s", option->name)
               : zh_str_fmt(arena, "--%s %s", option->name, option->value);
}

static zh_str argument_words(zh_arena *arena, const zh_param *argument)
{
    zh_str word = zh_str_fmt(arena, "%s%s",
                             argument->kind == ZH_PARAM_CHOICE ? argument->choices : argument->name,
                             argument->many ? "…" : "");
    return argument->optional ? zh_str_fmt(arena, "[%.*s]", ZH_FMT(word)) : word;
}

zh_str zh_help_usage(zh_arena *arena, const zh_verb *verb)
{
    zh_buf out;
    zh_buf_init(&out, HELP_BYTES);
    zh_buf_fmt(&out, "zhiheng %s", verb->name);
    for (size_t i = 0; i < verb->narguments; i++) {
        zh_buf_fmt(&out, " %.*s", ZH_FMT(argument_words(arena, &verb->arguments[i])));
    }
    for (size_t i = 0; i < verb->noptions; i++) {
        zh_buf_fmt(&out, " [%.*s]%s", ZH_FMT(option_words(arena, &verb->options[i])),
                   verb->options[i].many ? "…" : "");
    }
    zh_str usage = zh_str_dup(arena, zh_buf_view(&out));
    zh_buf_free(&out);
    return usage;
}

/* ---- one verb
 * -------------------------------------------------------------------------------------- */

static zh_str explain(zh_arena *arena, const zh_param *param)
{
    zh_str text = zh_str_of(param->zh);
    if (param->kind == ZH_PARAM_CHOICE && param->value != NULL) {
        text = zh_str_fmt(arena, "%.*s：%s", ZH_FMT(text), param->choices);
    }
    if (param->otherwise != NULL) {
        text = zh_str_fmt(arena, "%.*s（默认 %s）", ZH_FMT(text), param->otherwise);
    }
    return param->many ? zh_str_fmt(arena, "%.*s（可多次）", ZH_FMT(text)) : text;
}

static void put_line(zh_buf *out, zh_str word, size_t width, zh_str text)
{
    zh_buf_fmt(out, "%*s%.*s", INDENT, "", ZH_FMT(word));
    for (size_t i = zh_text_width(word); i < width + INDENT; i++) {
        zh_buf_c(out, ' ');
    }
    zh_buf_fmt(out, "%.*s\n", ZH_FMT(text));
}

typedef struct entries {
    zh_str words[ZH_TABLE_COLUMNS_MAX], texts[ZH_TABLE_COLUMNS_MAX];
    size_t n, width;
} entries;

static void add(entries *e, zh_str word, zh_str text)
{
    zh_assert(e->n < ZH_TABLE_COLUMNS_MAX);
    size_t width = zh_text_width(word);
    e->width = width > e->width ? width : e->width;
    e->words[e->n] = word;
    e->texts[e->n++] = text;
}

static void put_entries(zh_buf *out, const char *title, const entries *e)
{
    if (e->n > 0) {
        zh_buf_fmt(out, "\n%s\n", title);
    }
    for (size_t i = 0; i < e->n; i++) {
        put_line(out, e->words[i], e->width, e->texts[i]);
    }
}

static void put_verb(zh_arena *arena, const zh_verb *verb, zh_buf *out)
{
    zh_buf_fmt(out, "%s — %s\n\n用法：%.*s\n", verb->name, verb->zh,
               ZH_FMT(zh_help_usage(arena, verb)));
    if (verb->text != NULL) {
        zh_buf_fmt(out, "\n%s\n", verb->text);
    }
    entries arguments = {0};
    entries options = {0};
    entries common = {0};
    for (size_t i = 0; i < verb->narguments; i++) {
        add(&arguments, zh_str_of(verb->arguments[i].name), explain(arena, &verb->arguments[i]));
    }
    for (size_t i = 0; i < verb->noptions; i++) {
        add(&options, option_words(arena, &verb->options[i]), explain(arena, &verb->options[i]));
    }
    size_t n;
    const zh_param *shared = zh_common_options(&n);
    for (size_t i = 0; i < n; i++) {
        if (zh_common_applies(verb, i)) {
            add(&common, option_words(arena, &shared[i]), explain(arena, &shared[i]));
        }
    }
    put_entries(out, "参数", &arguments);
    put_entries(out, "选项", &options);
    put_entries(out, "通用选项", &common);
    if (verb->example != NULL) {
        zh_buf_z(out, "\n例\n");
        zh_str rest = zh_str_of(verb->example);
        zh_str line;
        while (zh_str_split(&rest, '\n', &line)) {
            zh_buf_fmt(out, "%*s%.*s\n", INDENT, "", ZH_FMT(line));
        }
    }
}

int zh_help_verb(zh_arena *arena, const zh_verb *verb)
{
    zh_buf out;
    zh_buf_init(&out, HELP_BYTES);
    put_verb(arena, verb, &out);
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    return code;
}

/* ---- all verbs
 * -------------------------------------------------------------------------------------- */

static void put_overview(zh_buf *out)
{
    zh_buf_fmt(out, "质衡 zhiheng %s — 质量治理系统\n\n用法：zhiheng 命令 [参数] [选项]\n",
               ZH_VERSION);
    entries verbs = {0};
    for (size_t i = 0; i < zh_verbs_n; i++) {
        add(&verbs, zh_str_of(zh_verbs[i]->name), zh_str_of(zh_verbs[i]->zh));
    }
    put_entries(out, "命令", &verbs);
    zh_buf_z(out, "\n退出码：0 成功；1 答案是否，或数据被拒绝；2 用法或环境有误。\n"
                  "一个命令的用法：zhiheng help 命令\n");
}

void zh_help_overview(FILE *out)
{
    zh_buf text;
    zh_buf_init(&text, HELP_BYTES);
    put_overview(&text);
    (void)fwrite(text.p, 1, text.n, out);
    zh_buf_free(&text);
}

static int run(zh_cli *cli)
{
    zh_str name = zh_cli_argument(cli, 0);
    if (name.n == 0) {
        zh_help_overview(stdout);
        return fflush(stdout) == 0 ? ZH_EXIT_OK : ZH_EXIT_USAGE;
    }
    const zh_verb *verb = zh_verb_find(name);
    return verb != NULL ? zh_help_verb(cli->arena, verb) : zh_cli_unknown_verb(cli, name);
}

static const zh_param arguments[] = {
    {.name = "VERB",
     .kind = ZH_PARAM_VERB,
     .optional = true,
     .zh = "命令；省略则列出全部命令",
     .en = "verb"},
};

ZH_VERB(help) = {
    .name = "help",
    .zh = "命令的用法",
    .en = "how to use a verb",
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
