/* Finding and compiling declarations for the verbs. */
#include "cli/packs.h"
#include "app/signal/detect.h"
#include "base/os.h"
#include "core/judgement/engine_names.h"
#include "model/pack.h"
#include <string.h>

enum { FILE_BYTES_MAX = 16 << 20 };

static zh_str base_name(zh_str path)
{
    size_t from = path.n;
    while (from > 0 && path.p[from - 1] != '/') {
        from--;
    }
    return zh_str_sub(path, from, path.n);
}

/* The built-in files with one more, or one replaced. */
static zh_rc load_beside(zh_cli *cli, const char *path, zh_pack_file **files, size_t *n)
{
    zh_pack_file *builtin = NULL;
    size_t count = 0;
    zh_str text;
    zh_str name = base_name(zh_str_of(path));
    zh_rc rc = zh_file_read(cli->arena, path, FILE_BYTES_MAX, &text, &cli->err);
    if (rc == ZH_OK) {
        rc = zh_pack_load_embedded(cli->arena, "packs/", &builtin, &count, &cli->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_pack_file *all = ZH_NEW_N(cli->arena, zh_pack_file, count + 1);
    size_t used = 0;
    bool replaced = false;
    for (size_t i = 0; i < count; i++) {
        bool same = zh_str_eq(base_name(builtin[i].path), name);
        all[used++] = same ? (zh_pack_file){builtin[i].path, text} : builtin[i];
        replaced |= same;
    }
    if (!replaced) {
        all[used++] = (zh_pack_file){name, text};
    }
    *files = all;
    *n = used;
    return ZH_OK;
}

/* What judgements and detectors calculate with: the model does not know the engines. */
static zh_rc check_engines(zh_cli *cli, const zh_model *model, zh_buf *report)
{
    zh_rc rc = zh_engine_names_check(model, report, &cli->err);
    for (size_t i = 0; i < model->ndetectors; i++) {
        zh_err refused = {0};
        if (zh_detector_check(&model->detectors[i], &refused) == ZH_OK) {
            continue;
        }
        if (report != NULL) {
            zh_buf_fmt(report, "%s [%s] %s\n", refused.message, refused.rule, refused.fix);
        }
        if (rc == ZH_OK) {
            cli->err = refused;
            rc = refused.rc;
        }
    }
    return rc;
}

zh_rc zh_packs_compile(zh_cli *cli, const char *path, zh_buf *report, zh_model **out)
{
    zh_pack_file *files = NULL;
    size_t n = 0;
    zh_rc rc;
    if (path == NULL || strcmp(path, "embedded") == 0) {
        rc = zh_pack_load_embedded(cli->arena, "packs/", &files, &n, &cli->err);
    } else if (!zh_path_exists(path)) {
        rc = zh_cli_usage(cli, "cli.packs", "没有声明目录或文件 %s", path);
    } else if (zh_path_is_dir(path)) {
        rc = zh_pack_load_dir(cli->arena, path, &files, &n, &cli->err);
    } else {
        rc = load_beside(cli, path, &files, &n);
    }
    if (rc != ZH_OK) {
        cli->usage = true;
        return rc;
    }
    rc = zh_model_compile(files, n, out, report, &cli->err);
    if (rc == ZH_OK && (rc = check_engines(cli, *out, report)) != ZH_OK) {
        zh_model_release(*out);
        *out = NULL;
    }
    return rc;
}
