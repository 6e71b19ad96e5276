/* completion: a bash script made from the verbs' descriptors and the declared names. */
#include "cli/verb.h"
#include "engine/engine.h"
#include "model/model.h"
#include "model/pack.h"
#include "model/recipe.h"

enum { SCRIPT_BYTES = 4 << 20 };

static void put_choices(zh_buf *out, const char *choices)
{
    for (const char *c = choices; *c != '\0'; c++) {
        zh_buf_c(out, *c == '|' ? ' ' : *c);
    }
}

/* The embedded declarations' names; without a model the lists stay empty. */
static void put_model_names(const zh_model *model, zh_param_kind kind, zh_buf *out)
{
    if (kind == ZH_PARAM_REGISTER) {
        for (size_t i = 0; i < model->nregisters; i++) {
            zh_buf_fmt(out, "%.*s ", ZH_FMT(model->registers[i].id));
        }
    } else if (kind == ZH_PARAM_INDICATOR) {
        for (size_t i = 0; i < model->nindicators; i++) {
            zh_buf_fmt(out, "%.*s ", ZH_FMT(model->indicators[i].id));
        }
    } else if (kind == ZH_PARAM_RECIPE) {
        for (size_t i = 0; i < model->nrecipes; i++) {
            zh_buf_fmt(out, "%.*s ", ZH_FMT(model->recipes[i].id));
        }
    } else if (kind == ZH_PARAM_OUTLINE) {
        zh_str last = ZH_STR_NONE;
        for (size_t i = 0; i < model->noutline_items; i++) {
            if (!zh_str_eq(last, model->outline_items[i].outline)) {
                last = model->outline_items[i].outline;
                zh_buf_fmt(out, "%.*s ", ZH_FMT(last));
            }
        }
    }
}

static void put_words(const zh_model *model, const zh_param *param, zh_buf *out)
{
    switch (param->kind) {
    case ZH_PARAM_CHOICE: put_choices(out, param->choices); break;
    case ZH_PARAM_VERB:
        for (size_t i = 0; i < zh_verbs_n; i++) {
            zh_buf_fmt(out, "%s ", zh_verbs[i]->name);
        }
        break;
    case ZH_PARAM_FUNCTION:
        for (size_t i = 0; i < zh_engines_n; i++) {
            zh_buf_fmt(out, "%s ", zh_engines[i]->name);
        }
        break;
    case ZH_PARAM_REGISTER:
    case ZH_PARAM_INDICATOR:
    case ZH_PARAM_RECIPE:
    case ZH_PARAM_OUTLINE:
        if (model != NULL) {
            put_model_names(model, param->kind, out);
        }
        break;
    case ZH_PARAM_FLAG:
    case ZH_PARAM_TEXT:
    case ZH_PARAM_NUMBER:
    case ZH_PARAM_FILE:
    case ZH_PARAM_FOLDER: break;
    }
}

/* How the value of a parameter is completed. */
static void put_reply(const zh_model *model, const zh_param *param, zh_buf *out)
{
    if (param->kind == ZH_PARAM_FILE) {
        zh_buf_z(out, "COMPREPLY=($(compgen -f -- \"$cur\"))");
    } else if (param->kind == ZH_PARAM_FOLDER) {
        zh_buf_z(out, "COMPREPLY=($(compgen -d -- \"$cur\"))");
    } else {
        zh_buf_z(out, "COMPREPLY=($(compgen -W \"");
        put_words(model, param, out);
        zh_buf_z(out, "\" -- \"$cur\"))");
    }
}

static void put_option_case(const zh_model *model, const char *verb, const zh_param *option,
                            zh_buf *out)
{
    if (option->kind != ZH_PARAM_FLAG) {
        zh_buf_fmt(out, "    %s:--%s) ", verb, option->name);
        put_reply(model, option, out);
        zh_buf_z(out, "; return ;;\n");
    }
}

static void put_verb(const zh_model *model, const zh_verb *verb, zh_buf *out)
{
    size_t ncommon;
    const zh_param *common = zh_common_options(&ncommon);
    for (size_t i = 0; i < verb->noptions; i++) {
        put_option_case(model, verb->name, &verb->options[i], out);
    }
    for (size_t i = 0; i < ncommon; i++) {
        if (zh_common_applies(verb, i)) {
            put_option_case(model, verb->name, &common[i], out);
        }
    }
}

static void put_verb_words(const zh_model *model, const zh_verb *verb, zh_buf *out)
{
    size_t ncommon;
    const zh_param *common = zh_common_options(&ncommon);
    zh_buf_fmt(out,
               "    %s)\n        if [[ $cur == -* ]]; then\n"
               "            COMPREPLY=($(compgen -W \"",
               verb->name);
    for (size_t i = 0; i < verb->noptions; i++) {
        zh_buf_fmt(out, "--%s ", verb->options[i].name);
    }
    for (size_t i = 0; i < ncommon; i++) {
        if (zh_common_applies(verb, i)) {
            zh_buf_fmt(out, "--%s ", common[i].name);
        }
    }
    zh_buf_z(out, "\" -- \"$cur\"))\n            return\n        fi\n        case $position in\n");
    for (size_t i = 0; i < verb->narguments; i++) {
        zh_buf_fmt(out, "        %zu) ", i);
        put_reply(model, &verb->arguments[i], out);
        zh_buf_z(out, " ;;\n");
    }
    zh_buf_z(out, "        esac ;;\n");
}

/* --json|--history|…: options that take no value. */
static void put_flags(zh_buf *out)
{
    size_t ncommon;
    const zh_param *common = zh_common_options(&ncommon);
    zh_buf_z(out, "-h");
    for (size_t i = 0; i < ncommon; i++) {
        if (common[i].kind == ZH_PARAM_FLAG) {
            zh_buf_fmt(out, "|--%s", common[i].name);
        }
    }
    for (size_t v = 0; v < zh_verbs_n; v++) {
        for (size_t i = 0; i < zh_verbs[v]->noptions; i++) {
            if (zh_verbs[v]->options[i].kind == ZH_PARAM_FLAG) {
                zh_buf_fmt(out, "|--%s", zh_verbs[v]->options[i].name);
            }
        }
    }
}

/* Positions are counted over words that are neither options nor values of options. */
static void put_script(const zh_model *model, zh_buf *out)
{
    zh_buf_z(out, "# bash completion for zhiheng: source <(zhiheng completion bash)\n"
                  "_zhiheng() {\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    local verb=${COMP_WORDS[1]} position=0 i\n"
                  "    COMPREPLY=()\n"
                  "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                  "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < zh_verbs_n; i++) {
        zh_buf_fmt(out, "%s ", zh_verbs[i]->name);
    }
    zh_buf_z(out, "\" -- \"$cur\"))\n        return\n    fi\n    case $verb:$prev in\n");
    for (size_t i = 0; i < zh_verbs_n; i++) {
        put_verb(model, zh_verbs[i], out);
    }
    zh_buf_z(out, "    esac\n"
                  "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
                  "        case ${COMP_WORDS[i]} in\n        ");
    put_flags(out);
    zh_buf_z(out, ") ;;\n"
                  "        --*) i=$((i + 1)) ;;\n"
                  "        *) position=$((position + 1)) ;;\n"
                  "        esac\n"
                  "    done\n"
                  "    case $verb in\n");
    for (size_t i = 0; i < zh_verbs_n; i++) {
        put_verb_words(model, zh_verbs[i], out);
    }
    zh_buf_z(out, "    esac\n}\ncomplete -o filenames -F _zhiheng zhiheng\n");
}

static int run(zh_cli *cli)
{
    zh_pack_file *files = NULL;
    size_t n = 0;
    zh_model *model = NULL;
    zh_err ignored = {0};
    zh_rc rc = zh_pack_load_embedded(cli->arena, "packs/", &files, &n, &ignored);
    if (rc == ZH_OK) {
        rc = zh_model_compile(files, n, &model, NULL, &ignored);
    }
    zh_buf out;
    zh_buf_init(&out, SCRIPT_BYTES);
    put_script(rc == ZH_OK ? model : NULL, &out);
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    if (rc == ZH_OK) {
        zh_model_release(model);
    }
    return code;
}

static const zh_param arguments[] = {
    {.name = "SHELL",
     .kind = ZH_PARAM_CHOICE,
     .choices = "bash",
     .zh = "为哪个 shell",
     .en = "shell"},
};

ZH_VERB(completion) = {
    .name = "completion",
    .zh = "打印命令行补全脚本",
    .en = "print a shell completion script",
    .example = "source <(zhiheng completion bash)",
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .run = run,
};
