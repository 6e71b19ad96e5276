/* Collecting pack files; see pack.h. */
#include "model/pack.h"
#include "base/embedded.h"
#include "base/os.h"
#include "model/compile.h"
#include <stdlib.h>
#include <string.h>

/* A folder of this name holds data sets, not declarations. */
static const char data_folder[] = "data";

typedef struct walk {
    zh_arena *arena;
    const char *dir;
    zh_err *err;
    ZH_VEC(zh_pack_file) files;
} walk;

static bool wanted(zh_str name)
{
    static const char *const endings[] = {".yaml", ".yml", ".csv", ".json", ".txt"};
    for (size_t i = 0; i < ZH_COUNTOF(endings); i++) {
        if (zh_str_ends(name, zh_str_of(endings[i]))) {
            return true;
        }
    }
    return false;
}

static zh_rc add_file(walk *w, zh_str path, const char *full)
{
    zh_pack_file file = {.path = path};
    if (w->files.n == ZH_MODEL_FILES_MAX) {
        return zh_err_set(w->err, ZH_ELIMIT, "pack.files", "声明文件超过 %zu 个",
                          ZH_MODEL_FILES_MAX);
    }
    zh_rc rc = zh_file_read(w->arena, full, ZH_PACK_FILE_BYTES_MAX, &file.text, w->err);
    if (rc == ZH_OK) {
        zh_vec_push(w->arena, &w->files, file);
    }
    return rc;
}

static zh_rc add_dir(walk *w, zh_str relative, int depth)
{
    zh_str *names;
    size_t n;
    if (depth > ZH_PACK_DEPTH_MAX) {
        return zh_err_set(w->err, ZH_ELIMIT, "pack.depth", "声明文件夹超过 %d 层",
                          ZH_PACK_DEPTH_MAX);
    }
    const char *here = zh_str_fmt(w->arena, "%s/%.*s", w->dir, ZH_FMT(relative)).p;
    zh_rc rc = zh_dir_list(w->arena, here, &names, &n, w->err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (names[i].n == 0 || names[i].p[0] == '.') {
            continue;
        }
        zh_str path = relative.n == 0
                          ? names[i]
                          : zh_str_fmt(w->arena, "%.*s/%.*s", ZH_FMT(relative), ZH_FMT(names[i]));
        const char *full = zh_str_fmt(w->arena, "%s/%.*s", w->dir, ZH_FMT(path)).p;
        if (zh_path_is_dir(full)) {
            if (zh_str_is(names[i], data_folder)) {
                continue;
            }
            rc = add_dir(w, path, depth + 1);
        } else if (wanted(path)) {
            rc = add_file(w, path, full);
        }
    }
    return rc;
}

/* Whether one of the folders of a path is a data folder. */
static bool is_data(zh_str path)
{
    zh_str rest = path;
    zh_str piece;
    while (zh_str_split(&rest, '/', &piece)) {
        if (rest.n > 0 && zh_str_is(piece, data_folder)) {
            return true;
        }
    }
    return false;
}

static int by_path(const void *a, const void *b)
{
    return zh_str_cmp(((const zh_pack_file *)a)->path, ((const zh_pack_file *)b)->path);
}

zh_rc zh_pack_load_dir(zh_arena *arena, const char *dir, zh_pack_file **files, size_t *n,
                       zh_err *err)
{
    walk w = {.arena = arena, .dir = dir, .err = err};
    *files = NULL;
    *n = 0;
    if (!zh_path_is_dir(dir)) {
        return zh_err_set(err, ZH_ENOTFOUND, "pack.dir", "没有声明文件夹「%s」", dir);
    }
    zh_rc rc = add_dir(&w, ZH_STR(""), 1);
    if (rc != ZH_OK) {
        return rc;
    }
    if (w.files.n > 1) {
        zh_sort(w.files.p, w.files.n, sizeof(*w.files.p), by_path);
    }
    *files = w.files.p;
    *n = w.files.n;
    return ZH_OK;
}

zh_rc zh_pack_load_embedded(zh_arena *arena, const char *prefix, zh_pack_file **files, size_t *n,
                            zh_err *err)
{
    const zh_embedded *first;
    size_t count = zh_embedded_range(prefix, &first), skip = strlen(prefix);
    *files = NULL;
    *n = 0;
    if (count == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "pack.embedded", "程序里没有内置的声明文件");
    }
    *files = ZH_NEW_N(arena, zh_pack_file, count);
    for (size_t i = 0; i < count; i++) {
        zh_str path = zh_str_of(first[i].path + skip);
        if (wanted(path) && !is_data(path)) {
            (*files)[(*n)++] = (zh_pack_file){path, zh_embedded_text(&first[i])};
        }
    }
    return ZH_OK;
}
