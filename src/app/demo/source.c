/* Files of the data sets. */
#include "app/demo/source.h"
#include "base/embedded.h"
#include "base/os.h"
#include "proof/hash.h"

static const char built_in[] = "packs/demo/data/";

/* ---- laying out
 * ------------------------------------------------------------------------------------- */

static bool stands_there(const char *path, zh_str bytes)
{
    zh_arena *arena = zh_arena_new(ZH_DEMO_FILE_BYTES_MAX);
    zh_str found;
    bool same = zh_path_exists(path) &&
                zh_file_read(arena, path, ZH_DEMO_FILE_BYTES_MAX / 2, &found, NULL) == ZH_OK &&
                zh_str_eq(found, bytes);
    zh_arena_free(arena);
    return same;
}

zh_rc zh_demo_lay_out(zh_arena *arena, const char *dir, const char *set, zh_err *err)
{
    zh_str prefix = zh_str_fmt(arena, "%s%s/", built_in, set);
    zh_str folder = zh_str_fmt(arena, "%s/%s", dir, set);
    const zh_embedded *first = NULL;
    size_t n = zh_embedded_range(prefix.p, &first);
    if (n == 0) {
        return zh_err_set(err, ZH_ENOTFOUND, "demo.set", "程序里没有内置的数据集 %s", set);
    }
    zh_rc rc = zh_dir_make(folder.p, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        const char *path = zh_str_fmt(arena, "%s/%s", folder.p, first[i].path + prefix.n).p;
        zh_str bytes = zh_embedded_text(&first[i]);
        rc = stands_there(path, bytes) ? ZH_OK : zh_file_replace(path, bytes, err);
    }
    return rc;
}

/* ---- finding
 * ---------------------------------------------------------------------------------------- */

typedef struct search {
    zh_arena *arena;
    zh_err *err;
    zh_demo_file *files;
    size_t n;
    zh_hash hash;
} search;

static zh_rc add(search *s, const char *path, zh_str name)
{
    if (s->n == ZH_DEMO_FILES_MAX) {
        return zh_err_set(s->err, ZH_ELIMIT, "demo.files", "一步最多 %d 个文件", ZH_DEMO_FILES_MAX);
    }
    zh_arena *scratch = zh_arena_new(2 * ZH_DEMO_FILE_BYTES_MAX);
    zh_str bytes;
    zh_rc rc = zh_file_read(scratch, path, ZH_DEMO_FILE_BYTES_MAX, &bytes, s->err);
    if (rc == ZH_OK) {
        zh_hash_add(&s->hash, name.p, name.n + 1); /* with its end, so that names stay apart */
        zh_hash_add(&s->hash, bytes.p, bytes.n);
        s->files[s->n++] = (zh_demo_file){path, bytes.n};
    }
    zh_arena_free(scratch);
    return rc;
}

static zh_rc add_beginning(search *s, const char *folder, const zh_str *names, size_t n,
                           zh_str beginning)
{
    size_t before = s->n;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        if (zh_str_starts(names[i], beginning)) {
            rc = add(s, zh_str_fmt(s->arena, "%s/%s", folder, names[i].p).p, names[i]);
        }
    }
    if (rc == ZH_OK && s->n == before) {
        zh_err_set(s->err, ZH_ENOTFOUND, "demo.file", "%s 里没有以“%.*s”开头的文件", folder,
                   ZH_FMT(beginning));
        zh_err_fix(s->err, "数据目录要与程序内置的 packs/demo/data 同样排列");
        rc = ZH_ENOTFOUND;
    }
    return rc;
}

zh_rc zh_demo_files(zh_arena *arena, const char *root, const zh_demo_step *step,
                    zh_demo_file files[ZH_DEMO_FILES_MAX], size_t *n, zh_str *digest, zh_err *err)
{
    search s = {.arena = arena, .err = err, .files = files};
    const char *folder = zh_str_fmt(arena, "%s/%s", root, step->set).p;
    zh_str *names = NULL;
    size_t nnames = 0;
    zh_str rest = zh_str_of(step->files);
    zh_str beginning;
    zh_digest sum;
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_hash_begin(&s.hash, ZH_HASH_SHA256);
    zh_rc rc = zh_dir_list(arena, folder, &names, &nnames, err);
    while (rc == ZH_OK && zh_str_split(&rest, '|', &beginning)) {
        rc = add_beginning(&s, folder, names, nnames, beginning);
    }
    zh_hash_end(&s.hash, &sum);
    zh_hash_release(&s.hash);
    zh_hex(sum.b, ZH_DIGEST_BYTES, hex);
    *n = s.n;
    *digest = zh_str_fmt(arena, "sha256:%s", hex);
    return rc;
}
