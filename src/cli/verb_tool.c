/* tool: one tool of the bench on a file or a sample: its finding and tables, or a picture, a PDF, a
 * workbook of it. */
#include "app/tool/tool.h"
#include "base/os.h"
#include "cli/print.h"
#include "fmt/svg.h"

enum { PNG_SCALE = 2, ROWS_ON_PAPER = 500 };

static int list(void)
{
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    for (size_t i = 0; i < zh_tools_n; i++) {
        zh_buf_fmt(&out, "%-20s %s\n", zh_tools[i]->id, zh_tools[i]->name.zh);
        for (size_t k = 0; k < zh_tools[i]->nsamples; k++) {
            zh_buf_fmt(&out, "    --sample %-14s %s\n", zh_tools[i]->samples[k].id,
                       zh_tools[i]->samples[k].label.zh);
        }
    }
    int code = zh_cli_print(zh_buf_view(&out));
    zh_buf_free(&out);
    return code;
}

static void text_of(const zh_bench *b, zh_buf *out)
{
    zh_buf_fmt(out, "%.*s\n", ZH_FMT(b->finding));
    for (size_t i = 0; i < b->blocks.n; i++) {
        const zh_doc_block *block = &b->blocks.p[i].doc;
        if (block->kind == ZH_DOC_NOTE) {
            zh_buf_fmt(out, "\n%.*s\n", ZH_FMT(block->text.text));
        } else if (block->kind == ZH_DOC_TABLE) {
            zh_buf_fmt(out, "\n%.*s\n", ZH_FMT(block->text.text));
            for (size_t c = 0; c < block->table.ncolumns; c++) {
                zh_buf_fmt(out, "%s%.*s", c > 0 ? "\t" : "", ZH_FMT(block->table.columns[c].label));
            }
            zh_buf_c(out, '\n');
            for (size_t r = 0; r < block->table.nrows; r++) {
                for (size_t c = 0; c < block->table.ncolumns; c++) {
                    zh_buf_fmt(out, "%s%.*s", c > 0 ? "\t" : "",
                               ZH_FMT(block->table.cells[r * block->table.ncolumns + c].text));
                }
                zh_buf_c(out, '\n');
            }
        }
    }
}

static zh_rc write_as(zh_cli *cli, zh_bench *b, const char *path, zh_buf *out)
{
    zh_str name = zh_str_of(path);
    uint64_t figure = 1;
    const char *number = zh_cli_text(cli, "figure");
    if (number != NULL && (zh_str_u64(zh_str_of(number), &figure) != ZH_OK || figure < 1)) {
        return zh_err_set(&cli->err, ZH_EINVAL, "tool.figure", "图从 1 数起");
    }
    if (zh_str_ends(name, ZH_STR(".xlsx"))) {
        return zh_bench_xlsx(b, ZH_STR(""), out, &cli->err);
    }
    if (zh_str_ends(name, ZH_STR(".pdf"))) {
        zh_doc doc = zh_bench_doc(b, ZH_STR(""), ZH_STR(""), 0, ROWS_ON_PAPER);
        size_t pages;
        return zh_doc_pdf(cli->arena, &doc, out, &pages, &cli->err);
    }
    const zh_draw *plate = zh_bench_plate(b, (size_t)figure - 1);
    if (plate == NULL) {
        return zh_err_set(&cli->err, ZH_ENOTFOUND, "tool.figure", "没有这张图");
    }
    if (zh_str_ends(name, ZH_STR(".svg"))) {
        return zh_svg_write(plate, &(zh_svg_options){.standalone = true}, out, &cli->err);
    }
    if (zh_str_ends(name, ZH_STR(".png"))) {
        return zh_png_write(plate, PNG_SCALE, out, &cli->err);
    }
    return zh_err_set(&cli->err, ZH_EINVAL, "tool.out", "文件名以 .svg、.png、.pdf 或 .xlsx 结尾");
}

static zh_rc answer(zh_cli *cli, const zh_tool *tool, zh_buf *out)
{
    const char *file = zh_cli_text(cli, "input");
    const char *sample = zh_cli_text(cli, "sample");
    const char *asked = zh_cli_text(cli, "ask");
    const char *path = zh_cli_text(cli, "out");
    zh_pairs pairs[2] = {{NULL, 0}, {NULL, 0}};
    zh_sheet sheet;
    zh_bench b = {.arena = cli->arena,
                  .err = &cli->err,
                  .tool = tool,
                  .asked = pairs,
                  .nasked = 2,
                  .english = zh_cli_flag(cli, "english"),
                  .width = ZH_TOOL_WIDTH_PAPER};
    zh_rc rc = ZH_OK;
    if (file != NULL) {
        rc = zh_sheet_open(cli->arena, file, &sheet, &cli->err);
        b.sheet = &sheet;
    } else {
        b.sample =
            sample != NULL ? zh_tool_sample_find(tool, zh_str_of(sample)) : &tool->samples[0];
        rc = b.sample != NULL
                 ? zh_tool_sample_sheet(cli->arena, b.sample, &b.sheet, &cli->err)
                 : zh_err_set(&cli->err, ZH_ENOTFOUND, "tool.sample", "没有样例「%s」", sample);
    }
    if (rc == ZH_OK && asked != NULL) {
        rc = zh_form_parse(cli->arena, zh_str_of(asked), &pairs[0], &cli->err);
    }
    if (rc == ZH_OK && b.sample != NULL) {
        rc = zh_form_parse(cli->arena, zh_str_of(b.sample->asked), &pairs[1], &cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_bench_run(&b);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (path == NULL) {
        text_of(&b, out);
        return ZH_OK;
    }
    rc = write_as(cli, &b, path, out);
    return rc == ZH_OK ? zh_file_replace(path, zh_buf_view(out), &cli->err) : rc;
}

static int run(zh_cli *cli)
{
    zh_str id = zh_cli_argument(cli, 0);
    if (id.n == 0) {
        return list();
    }
    const zh_tool *tool = zh_tool_find(id);
    if (tool == NULL) {
        zh_err_set(&cli->err, ZH_ENOTFOUND, "tool.unknown", "没有工具「%.*s」", ZH_FMT(id));
        zh_err_fix(&cli->err, "zhiheng tool 列出全部");
        cli->usage = true;
        return zh_cli_fail(cli);
    }
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_rc rc = answer(cli, tool, &out);
    bool print = zh_cli_text(cli, "out") == NULL;
    int code = rc != ZH_OK ? zh_cli_fail(cli)
               : print     ? zh_cli_print(zh_buf_view(&out))
                           : ZH_EXIT_OK;
    zh_buf_free(&out);
    return code;
}

static const zh_param arguments[] = {
    {.name = "TOOL",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .zh = "工具的名字；省略则列出全部与样例",
     .en = "name of the tool"},
};

static const zh_param options[] = {
    {.name = "input",
     .value = "FILE",
     .kind = ZH_PARAM_FILE,
     .zh = "数据：CSV、XLSX；省略则用样例",
     .en = "data"},
    {.name = "sample",
     .value = "NAME",
     .kind = ZH_PARAM_TEXT,
     .zh = "样例的名字；省略则第一个",
     .en = "sample"},
    {.name = "ask",
     .value = "QUERY",
     .kind = ZH_PARAM_TEXT,
     .zh = "参数，写法同页面地址：chart=p&baseline=14",
     .en = "parameters as in the page's address"},
    {.name = "out",
     .value = "FILE",
     .kind = ZH_PARAM_FILE,
     .zh = "写成文件：.svg .png .pdf .xlsx",
     .en = "file to write"},
    {.name = "figure",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .zh = "第几张图，从 1 数起",
     .en = "which figure"},
    {.name = "english", .kind = ZH_PARAM_FLAG, .zh = "用英语", .en = "in English"},
};

ZH_VERB(tool) = {
    .name = "tool",
    .zh = "质量工具箱：控制图、能力、抽样方案等",
    .en = "the tool bench: control charts, capability, sampling plans and others",
    .example = "zhiheng tool control-chart --sample chicago --out chart.svg",
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
