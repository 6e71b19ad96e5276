/* Tiles as files below a directory, as any web server can hand them out. */
#include "base/os.h"
#include "proof/tile.h"
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

/* ROOT/tile/…; false when the whole path is too long. */
static bool path_of(const char *root, const zh_tile *tile, char out[PATH_BYTES])
{
    char name[ZH_TILE_PATH_BYTES];
    zh_tile_path(tile, name);
    int n = snprintf(out, PATH_BYTES, "%s/%s", root, name);
    return n > 0 && n < PATH_BYTES;
}

static zh_rc too_long(const char *root, zh_err *err)
{
    zh_err_set(err, ZH_EIO, "file.io", "存证日志目录的路径过长");
    zh_err_where(err, "%s", root);
    return ZH_EIO;
}

static zh_rc read_tile(const char *root, const zh_tile *tile, zh_arena *arena, zh_str *bytes,
                       zh_err *err)
{
    char path[PATH_BYTES];
    if (!path_of(root, tile, path)) {
        return too_long(root, err);
    }
    return zh_file_read(arena, path, tile->entries ? ZH_BUNDLE_BYTES_MAX : ZH_TILE_BYTES, bytes,
                        err);
}

static zh_rc get(void *context, const zh_tile *tile, zh_arena *arena, zh_str *bytes, zh_err *err)
{
    if (tile->width == ZH_TILE_WIDTH) {
        return read_tile(context, tile, arena, bytes, err);
    }
    /* A log may delete a partial tile once the full one is there (tlog-tiles, "Partial Tiles"). */
    zh_tile full = *tile;
    full.width = ZH_TILE_WIDTH;
    zh_err first = {0};
    zh_rc rc = read_tile(context, tile, arena, bytes, &first);
    if (rc == ZH_ENOTFOUND && read_tile(context, &full, arena, bytes, NULL) == ZH_OK) {
        return ZH_OK;
    }
    if (rc != ZH_OK && err && err->rc == ZH_OK) {
        *err = first;
    }
    return rc;
}

zh_tile_store zh_tile_directory(const char *path)
{
    return (zh_tile_store){get, (void *)(uintptr_t)path};
}

/* ZH_OK: the file may be written; *same: it is there with these bytes already. */
static zh_rc compare(const char *path, zh_str bytes, bool *same, zh_err *err)
{
    *same = false;
    if (!zh_path_exists(path)) {
        return ZH_OK;
    }
    zh_arena *arena = zh_arena_new(2 * ZH_BUNDLE_BYTES_MAX);
    zh_str there;
    zh_rc rc = zh_file_read(arena, path, ZH_BUNDLE_BYTES_MAX, &there, err);
    if (rc == ZH_OK && !zh_str_eq(there, bytes)) {
        zh_err_set(err, ZH_ECORRUPT, "tile.changed",
                   "已写满的存证瓦片与将要写入的内容不同：日志被改动过，或数据与日志不是同一套");
        zh_err_where(err, "%s", path);
        zh_err_fix(err, "不要删除任何文件；保留现场，运行 zhiheng ledger verify 查明");
        rc = ZH_ECORRUPT;
    }
    *same = rc == ZH_OK;
    zh_arena_free(arena);
    return rc;
}

static zh_rc put(void *context, const zh_tile *tile, zh_str bytes, zh_err *err)
{
    char path[PATH_BYTES];
    if (!path_of(context, tile, path)) {
        return too_long(context, err);
    }
    bool same = false;
    if (tile->width == ZH_TILE_WIDTH) {
        zh_rc rc = compare(path, bytes, &same, err);
        if (rc != ZH_OK || same) {
            return rc;
        }
    }
    char *slash = strrchr(path, '/');
    *slash = '\0';
    zh_rc rc = zh_path_is_dir(path) ? ZH_OK : zh_dir_make(path, err);
    *slash = '/';
    return rc == ZH_OK ? zh_file_replace(path, bytes, err) : rc;
}

zh_tile_sink zh_tile_directory_sink(const char *path)
{
    return (zh_tile_sink){put, (void *)(uintptr_t)path};
}
