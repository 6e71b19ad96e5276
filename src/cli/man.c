/* The manual page in roff, made from the verbs' descriptors: zhiheng man | man -l - */
#include "base/utf8.h"
#include "base/version.h"
#include "cli/help.h"

enum { MAN_BYTES = 1 << 20 };

/* Marks that may not begin a line. */
static bool sticks(uint32_t c)
{
    static const uint32_t marks[] = {0x3001, 0x3002, 0xff0c, 0xff1a, 0xff1b,
                                     0xff01, 0xff1f, 0xff09, 0x201d, 0x300d};
    for (size_t i = 0; i < ZH_COUNTOF(marks); i++) {
        if (marks[i] == c) {
            return true;
        }
    }
    return false;
}

/* Text that means nothing to roff but itself; a line may be broken between two Chinese characters.
 */
static void put_text(zh_buf *out, zh_str s)
{
    bool line_start = true;
    bool breakable = false; /* after the character before */
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        uint32_t c = zh_utf8_next(s, &at);
        bool wide = c >= 0x2e80;
        if (wide && breakable && !sticks(c)) {
            zh_buf_z(out, "\\:");
        }
        if (line_start && (c == '.' || c == '\'')) {
            zh_buf_z(out, "\\&");
        }
        if (c == '\\') {
            zh_buf_z(out, "\\e");
        } else if (c == '-') {
            zh_buf_z(out, "\\-");
        } else {
            zh_buf_str(out, zh_str_sub(s, from, at - from));
        }
        line_start = c == '\n';
        breakable = wide && c != 0xff08 && c != 0x201c && c != 0x300c;
    }
}

static void put_z(zh_buf *out, const char *text)
{
    put_text(out, zh_str_of(text));
}

static void put_param(zh_buf *out, const zh_param *param, bool is_option)
{
    zh_buf_z(out, ".TP\n\\fB");
    if (is_option) {
        zh_buf_z(out, "\\-\\-");
    }
    put_z(out, param->name);
    zh_buf_z(out, "\\fR");
    if (is_option && param->kind != ZH_PARAM_FLAG) {
        zh_buf_z(out, " \\fI");
        put_z(out, param->value);
        zh_buf_z(out, "\\fR");
    }
    zh_buf_c(out, '\n');
    put_z(out, param->zh);
    if (param->choices != NULL) {
        zh_buf_z(out, "：");
        put_z(out, param->choices);
    }
    if (param->otherwise != NULL) {
        zh_buf_z(out, "（默认 ");
        put_z(out, param->otherwise);
        zh_buf_z(out, "）");
    }
    zh_buf_z(out, param->many ? "（可多次）\n" : "\n");
}

static void put_paragraphs(zh_buf *out, const char *text)
{
    zh_str rest = zh_str_of(text);
    zh_str line;
    while (zh_str_split(&rest, '\n', &line)) {
        zh_buf_z(out, ".PP\n");
        put_text(out, line);
        zh_buf_c(out, '\n');
    }
}

static void put_verb(zh_arena *arena, const zh_verb *verb, zh_buf *out)
{
    zh_buf_z(out, ".SS ");
    put_z(out, verb->name);
    zh_buf_z(out, "\n.B ");
    put_text(out, zh_help_usage(arena, verb));
    zh_buf_z(out, "\n.PP\n");
    put_z(out, verb->zh);
    zh_buf_z(out, "（");
    put_z(out, verb->en);
    zh_buf_z(out, "）\n");
    if (verb->text != NULL) {
        put_paragraphs(out, verb->text);
    }
    for (size_t i = 0; i < verb->narguments; i++) {
        put_param(out, &verb->arguments[i], false);
    }
    for (size_t i = 0; i < verb->noptions; i++) {
        put_param(out, &verb->options[i], true);
    }
    if (verb->example != NULL) {
        zh_buf_z(out, ".PP\n.nf\n");
        put_z(out, verb->example);
        zh_buf_z(out, "\n.fi\n");
    }
}

static int run(zh_cli *cli)
{
    zh_buf out;
    zh_buf_init(&out, MAN_BYTES);
    zh_buf_fmt(&out, ".TH ZHIHENG 1 \"\" \"zhiheng %s\" \"质衡\"\n.ad l\n.nh\n", ZH_VERSION);
    zh_buf_z(&out, ".SH 名称\nzhiheng \\- 质衡，质量治理系统（quality governance）\n");
    zh_buf_z(&out, ".SH 用法\n.B zhiheng\n.I 命令\n[参数] [选项]\n");
    zh_buf_z(&out, ".SH 命令\n");
    for (size_t i = 0; i < zh_verbs_n; i++) {
        put_verb(cli->arena, zh_verbs[i], &out);
    }
    zh_buf_z(&out, ".SH 通用选项\n各命令只接受对它有意义的那些，见 zhiheng help 命令。\n");
    size_t n;
    const zh_param *common = zh_common_options(&n);
    for (size_t i = 0; i < n; i++) {
        put_param(&out, &common[i], true);
    }
    zh_buf_z(&out, ".SH 退出码\n.TP\n0\n成功\n.TP\n1\n答案是否，或数据被拒绝\n.TP\n2\n"
                   "用法或环境有误\n");
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    return code;
}

ZH_VERB(man) = {
    .name = "man",
    .zh = "打印手册页（roff）",
    .en = "print the manual page",
    .example = "zhiheng man | man -l -",
    .run = run,
};
