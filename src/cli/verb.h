/* A command-line verb: one constant descriptor beside its code.
 *
 *   ZH_VERB(count) = {.name = "count", …};
 *
 * tool/index collects the descriptors into zh_verbs[], sorted by name. Parsing, usage errors, help,
 * man page and shell completion are all made from them; a verb never reads argv. */
#ifndef ZH_CLI_VERB_H
#define ZH_CLI_VERB_H

#include "base/err.h"
#include "base/str.h"

/* Exit codes of every verb. */
enum {
    ZH_EXIT_OK = 0,
    ZH_EXIT_NO = 1,    /* the answer is no, or data were refused */
    ZH_EXIT_USAGE = 2, /* the call is wrong, or the environment does not let it be answered */
};

#define ZH_CLI_ARGUMENTS_MAX 64 /* positional arguments of one call */
#define ZH_CLI_VALUES_MAX    64 /* values given to one option */

typedef enum zh_param_kind {
    ZH_PARAM_FLAG, /* options only: no value */
    ZH_PARAM_TEXT,
    ZH_PARAM_NUMBER, /* whole, not negative */
    ZH_PARAM_CHOICE, /* one of choices */
    ZH_PARAM_FILE,
    ZH_PARAM_FOLDER,
    ZH_PARAM_REGISTER, /* names of the model, offered by completion */
    ZH_PARAM_INDICATOR,
    ZH_PARAM_RECIPE,
    ZH_PARAM_OUTLINE,
    ZH_PARAM_VERB,
    ZH_PARAM_FUNCTION, /* of calc */
} zh_param_kind;

/* An option (--name VALUE) or a positional argument. */
typedef struct zh_param {
    const char *name;  /* option: "where"; argument: "REGISTER" */
    const char *value; /* option: what its value is called in the usage line */
    zh_param_kind kind;
    const char *choices;   /* "all|clean|none" */
    const char *otherwise; /* default, as a person would write it; NULL: none */
    bool optional;         /* arguments */
    bool many;             /* may be repeated; an argument takes all that follow */
    const char *zh, *en;
} zh_param;

/* Common options that a verb understands. */
enum {
    ZH_USES_DATA = 1,  /* --data --db --office */
    ZH_USES_PACKS = 2, /* --packs */
    ZH_USES_JSON = 4,
    ZH_USES_AS_OF = 8,
    ZH_MAKES_DATA = 16,  /* makes a data directory that is not there */
    ZH_KEEPS_MODEL = 32, /* only reads: never migrates to other declarations */
};

typedef struct zh_cli zh_cli;

typedef struct zh_verb {
    const char *name;
    const char *zh, *en; /* one line */
    const char *text;    /* paragraphs of the man page, Chinese; may be NULL */
    const char *example; /* lines "command  # what it does" */
    unsigned uses;
    const zh_param *arguments;
    size_t narguments;
    const zh_param *options;
    size_t noptions;
    int (*run)(zh_cli *cli); /* gives the exit code */
} zh_verb;

#define ZH_VERB(id) const zh_verb zh_verb_##id

extern const zh_verb *const zh_verbs[];
extern const size_t zh_verbs_n;

/* Common options in the order in which help shows them; *n of them. */
const zh_param *zh_common_options(size_t *n);
/* Whether a verb takes the common option of that position. */
bool zh_common_applies(const zh_verb *verb, size_t option);
const zh_verb *zh_verb_find(zh_str name); /* NULL when there is none */

/* One call. Everything lives in the arena until the program ends. */
struct zh_cli {
    const zh_verb *verb;
    zh_arena *arena;
    zh_err err;
    bool json;
    bool usage; /* what went wrong lies in the call or the environment, not in the data */
    zh_str arguments[ZH_CLI_ARGUMENTS_MAX];
    size_t narguments;
    struct zh_cli_option *options; /* private to options.c */
    size_t noptions;
};

/* The whole program: argv to exit code. */
int zh_cli_main(int argc, char **argv);
/* Reads argv (without program and verb) for cli->verb. ZH_EINVAL: a usage error, in cli->err. */
zh_rc zh_cli_parse(zh_cli *cli, int argc, char **argv) ZH_MUST;

/* What was given. The name must be one of the verb's; text is NUL-terminated. */
bool zh_cli_flag(const zh_cli *cli, const char *name);
const char *zh_cli_text(const zh_cli *cli, const char *name); /* default, or NULL */
bool zh_cli_given(const zh_cli *cli, const char *name);
uint64_t zh_cli_number(const zh_cli *cli, const char *name, uint64_t otherwise);
size_t zh_cli_values(const zh_cli *cli, const char *name, const zh_str **out);
zh_str zh_cli_argument(const zh_cli *cli, size_t index); /* n == 0 when absent */

/* Usage error: fills cli->err, sets cli->usage and gives ZH_EINVAL. */
zh_rc zh_cli_usage(zh_cli *cli, const char *rule, const char *format, ...) ZH_PRINTF(3, 4);
/* The known name that was probably meant; p == NULL when none is near. */
zh_str zh_cli_nearest(zh_str wanted, const zh_str *known, size_t n);

/* Prints cli->err (to stderr for people; with --json also as a problem object on stdout) and gives
 * the exit code that belongs to it: ZH_EXIT_USAGE when cli->usage is set. */
int zh_cli_fail(zh_cli *cli);
/* Says that there is no such verb and which was probably meant; gives the exit code. */
int zh_cli_unknown_verb(zh_cli *cli, zh_str name);
/* Writes text to stdout, or to stderr; ZH_EXIT_OK, or ZH_EXIT_USAGE when it cannot be written. */
int zh_cli_print(zh_str text);
void zh_cli_note(const char *format, ...) ZH_PRINTF(1, 2);

#endif
