/* report: the report of the data as HTML and PDF. */
#include "app/report/report.h"
#include "base/json.h"
#include "base/os.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/read/read.h"
#include <inttypes.h>

static zh_rc answer(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    const char *dir = zh_cli_text(cli, "out");
    const char *data = zh_core_data_dir(s->core);
    zh_report report;
    if (dir == NULL && data == NULL) {
        return zh_err_set(&cli->err, ZH_EINVAL, "cli.out", "用 --db 时要用 --out 指明写到哪里");
    }
    zh_rc rc = zh_session_read(s); /* says what --as-of means; the report reads for itself */
    if (rc != ZH_OK) {
        return rc;
    }
    zh_read_end(s->conn);
    zh_store_release(s->conn);
    s->conn = NULL;
    zh_report_options options = {
        .document = zh_cli_text(cli, "document"),
        .out = dir != NULL ? dir : zh_str_fmt(cli->arena, "%s/report", data).p,
        .base = zh_cli_text(cli, "base"),
        .as_of = s->as_of,
        .english = zh_str_is(zh_str_of(zh_cli_text(cli, "lang")), "en"),
        .publish = zh_cli_flag(cli, "publish"),
    };
    rc = zh_report_build(&s->ctx, &options, &report);
    if (rc != ZH_OK) {
        return rc;
    }
    if (cli->json) {
        zh_jw w;
        zh_jw_init(&w, out, 2);
        zh_jw_object(&w);
        zh_jw_kv(&w, "id", report.id);
        zh_jw_kv(&w, "title", report.title);
        zh_jw_kv(&w, "html", zh_str_fmt(cli->arena, "%s/%.*s", options.out, ZH_FMT(report.html)));
        zh_jw_kv(&w, "pdf", zh_str_fmt(cli->arena, "%s/%.*s", options.out, ZH_FMT(report.pdf)));
        zh_jw_ki(&w, "pages", report.pages);
        zh_jw_ki(&w, "position", report.position);
        zh_jw_ki(&w, "missing", report.missing);
        zh_jw_ki(&w, "published", report.published);
        zh_jw_kv(&w, "base", report.base);
        zh_jw_key(&w, "base_local");
        zh_jw_bool(&w, report.base_local);
        zh_jw_object_end(&w);
        zh_buf_c(out, '\n');
        return ZH_OK;
    }
    zh_buf_fmt(out, "%.*s  %.*s\n  %s/%.*s\n  %s/%.*s（%" PRId64 " 页）\n", ZH_FMT(report.title),
               ZH_FMT(report.stamp), options.out, ZH_FMT(report.html), options.out,
               ZH_FMT(report.pdf), report.pages);
    if (report.published > 0) {
        zh_buf_fmt(out, "  %" PRId64 " 个数字已发布，编号和二维码在附表里\n", report.published);
    }
    if (report.published > 0 && report.base_local) {
        zh_buf_fmt(out,
                   "  没有声明对外地址：链接和二维码（%.*s/…）只在本机打得开；用 zhiheng serve "
                   "--public https://… 声明，或用 --base 指定\n",
                   ZH_FMT(report.base));
    }
    if (report.missing > 0) {
        zh_buf_fmt(out, "  %" PRId64 " 处数据未到，文中已写明\n", report.missing);
    }
    return ZH_OK;
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, answer);
}

static const zh_param options[] = {
    {.name = "out",
     .value = "DIR",
     .kind = ZH_PARAM_FOLDER,
     .zh = "写到这个目录；省略则为数据目录里的 report",
     .en = "directory for the files"},
    {.name = "document",
     .value = "FILE",
     .kind = ZH_PARAM_FILE,
     .zh = "报告的声明；省略则为程序自带的「鄂湘皖食品与环境质量报告」",
     .en = "declaration of the report"},
    {.name = "lang",
     .value = "LANG",
     .kind = ZH_PARAM_CHOICE,
     .choices = "zh|en",
     .otherwise = "zh",
     .zh = "报告的语言；英文的文件名带 .en",
     .en = "language of the report"},
    {.name = "publish",
     .kind = ZH_PARAM_FLAG,
     .zh = "发布文中的数字：记入存证日志，附上编号和二维码",
     .en = "publish its figures"},
    {.name = "base",
     .value = "URL",
     .kind = ZH_PARAM_TEXT,
     .zh = "链接和二维码通向这个地址的服务；省略则用声明过的对外地址（serve --public），没有声明就"
           "是本机，报告里会写明",
     .en = "address that links lead to"},
};

ZH_VERB(report) = {
    .name = "report",
    .zh = "由库里的记录生成报告：HTML 与 PDF",
    .en = "build the report as HTML and PDF",
    .text = "报告的每个数字都由声明里的提问算出；没有数据的地方写明未报。\n"
            "同样的记录和声明生成同样的文件。",
    .example = "zhiheng report --data ./data\n"
               "zhiheng report --data ./data --lang en\n"
               "zhiheng report --data ./data --as-of 100000 --out /tmp/earlier",
    .uses = ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON | ZH_USES_AS_OF | ZH_KEEPS_MODEL,
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
