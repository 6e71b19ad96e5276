/* The question of a tool's URL; see tool_view.h. */
#include "web/tool/tool_view.h"

#include "base/os.h"
#include "proof/hash.h"

enum { DIGEST_HEX = 2 * ZH_DIGEST_BYTES, WIDE = 1220, NARROW = 330 };

static const char *directory(const zh_ui *ui)
{
    const char *data = zh_core_data_dir(ui->web->core);
    return data != NULL ? zh_str_fmt(ui->arena, "%s/tools", data).p : NULL;
}

static bool is_digest(zh_str name)
{
    uint8_t bytes[ZH_DIGEST_BYTES];
    return name.n == DIGEST_HEX && zh_unhex(name, bytes, sizeof bytes);
}

static zh_str digest_of(zh_arena *arena, zh_str data)
{
    zh_digest digest;
    char *hex = ZH_NEW_N(arena, char, DIGEST_HEX + 1);
    zh_hash_of(ZH_HASH_SHA256, data, &digest);
    zh_hex(digest.b, sizeof digest.b, hex);
    return (zh_str){hex, DIGEST_HEX};
}

zh_rc zh_tool_keep(zh_ui *ui, zh_str data, zh_str *digest)
{
    const char *dir = directory(ui);
    zh_str *names;
    size_t n = 0;
    *digest = digest_of(ui->arena, data);
    if (dir == NULL) {
        return zh_err_set(ui->err, ZH_ELIMIT, "tool.large",
                          "数据太大，放不进地址，这台服务器也没有数据目录");
    }
    const char *path = zh_str_fmt(ui->arena, "%s/%.*s.tsv", dir, ZH_FMT(*digest)).p;
    if (zh_path_exists(path)) {
        return ZH_OK;
    }
    zh_rc rc = zh_dir_make(dir, ui->err);
    if (rc == ZH_OK) {
        rc = zh_dir_list(ui->arena, dir, &names, &n, ui->err);
    }
    if (rc == ZH_OK && n >= ZH_TOOL_FILES_MAX) {
        zh_err_set(ui->err, ZH_ELIMIT, "tool.files", "数据目录的 tools 里已有 %zu 份数据", n);
        zh_err_fix(ui->err, "请管理员删去不再要的；或少贴一些，小的数据放在地址里");
        return ZH_ELIMIT;
    }
    return rc == ZH_OK ? zh_file_replace(path, data, ui->err) : rc;
}

static zh_rc kept_sheet(zh_ui *ui, zh_str digest, zh_sheet *out)
{
    const char *dir = directory(ui);
    zh_str text;
    zh_rc rc = ZH_ENOTFOUND;
    if (dir != NULL && is_digest(digest)) {
        const char *path = zh_str_fmt(ui->arena, "%s/%.*s.tsv", dir, ZH_FMT(digest)).p;
        rc = zh_file_read(ui->arena, path, ZH_SHEET_BYTES_MAX, &text, NULL);
    }
    if (rc != ZH_OK) {
        zh_err_set(ui->err, ZH_EINVAL, "tool.kept", "没有这份数据：它存在别的机器上，或已被删去");
        zh_err_fix(ui->err, "重新粘贴或上传");
        return ZH_EINVAL;
    }
    return zh_sheet_parse(ui->arena, text, out, ui->err);
}

static zh_rc sheet_of(zh_tool_view *v)
{
    zh_ui *ui = v->ui;
    zh_str file = zh_http_param(ui->request, "file");
    zh_str sample = zh_http_param(ui->request, "sample");
    zh_sheet *sheet = ZH_NEW(ui->arena, zh_sheet);
    v->data = zh_http_param(ui->request, "data");
    if (file.n > 0) {
        v->kept = true;
        v->bench.sheet = sheet;
        return kept_sheet(ui, file, sheet);
    }
    if (zh_str_trim(v->data).n > 0) {
        v->bench.sheet = sheet;
        return zh_sheet_parse(ui->arena, v->data, sheet, ui->err);
    }
    const zh_tool_sample *first = v->tool->nsamples > 0 ? &v->tool->samples[0] : NULL;
    v->bench.sample = sample.n > 0 ? zh_tool_sample_find(v->tool, sample) : first;
    if (v->bench.sample == NULL) {
        return zh_err_set(ui->err, ZH_EINVAL, "tool.sample", "没有这个样例");
    }
    zh_rc rc = zh_form_parse(ui->arena, zh_str_of(v->bench.sample->asked), &v->asked[1], ui->err);
    return rc == ZH_OK ? zh_tool_sample_sheet(ui->arena, v->bench.sample, &v->bench.sheet, ui->err)
                       : rc;
}

zh_rc zh_tool_view_of(zh_ui *ui, zh_tool_view *v)
{
    bool file = zh_http_arg(ui->request, "file").n > 0;
    zh_str id = zh_http_arg(ui->request, "id");
    *v = (zh_tool_view){.ui = ui, .tool = zh_tool_find(id)};
    if (v->tool == NULL) {
        zh_err_set(ui->err, ZH_ENOTFOUND, "tool.unknown", "没有工具「%.*s」", ZH_FMT(id));
        zh_err_fix(ui->err, "全部工具见 /tools");
        return ZH_ENOTFOUND;
    }
    v->asked[0] = ui->request->params;
    v->bench = (zh_bench){.arena = ui->arena,
                          .err = ui->err,
                          .tool = v->tool,
                          .english = ui->lang == ZH_LANG_EN,
                          .width = file ? ZH_TOOL_WIDTH_PAPER : WIDE,
                          .narrow = file ? 0 : NARROW,
                          .asked = v->asked,
                          .nasked = 2};
    v->rc = sheet_of(v);
    if (v->rc == ZH_OK) {
        v->rc = zh_bench_run(&v->bench);
    }
    if (v->rc != ZH_OK) {
        v->refused = *ui->err;
        zh_err_again(ui->err);
        ui->err->phrase = v->refused.phrase;
    }
    /* What the machine lacks is an error of the page, not an answer. */
    return v->rc == ZH_OK || v->rc == ZH_EINVAL || v->rc == ZH_ELIMIT || v->rc == ZH_ENOTFOUND ||
                   v->rc == ZH_ENOMEM
               ? ZH_OK
               : zh_err_set(ui->err, v->rc, v->refused.rule, "%s", v->refused.message);
}

zh_str zh_tool_view_url(const zh_tool_view *v, const char *file)
{
    zh_ui *ui = v->ui;
    static const char *const kept[] = {"sample", "file"};
    zh_str url = zh_url_path(ui->arena, "/tools", zh_str_of(v->tool->id),
                             file != NULL ? zh_str_of(file) : ZH_STR_NONE);
    for (size_t i = 0; i < v->tool->nasks; i++) {
        const char *name = v->tool->asks[i].name;
        zh_str value = zh_http_param(ui->request, name);
        url = value.p != NULL ? zh_url_add(ui->arena, url, name, value) : url;
    }
    for (size_t i = 0; i < ZH_COUNTOF(kept); i++) {
        url = zh_url_add(ui->arena, url, kept[i], zh_http_param(ui->request, kept[i]));
    }
    return zh_url_add(ui->arena, url, "data", v->data);
}
