/* Container detection and expansion: zlib for gzip, libzip for a zip with one member. */
#include "fmt/container.h"
#include "base/utf8.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

enum { IN_BYTES = 64 << 10, SCAN_BYTES_MAX = 64 << 20 };

struct zh_container {
    zh_container_kind kind;
    FILE *file;
    zip_t *zip;
    zip_file_t *entry;
    z_stream inflater;
    bool inflating;          /* inflater is initialised */
    bool end;                /* nothing more comes out */
    uint64_t packed_total;   /* bytes of the file, or of the packed member */
    uint64_t packed_done;    /* bytes of the file read so far */
    uint64_t expanded;       /* bytes that came out */
    uint64_t expanded_total; /* as a zip declares it */
    uint64_t max_bytes;
    zh_buf member;
    size_t head_n, head_at;
    unsigned char in[IN_BYTES];
    char head[ZH_CONTAINER_HEAD];
};

/* First bytes of formats that hold no table this program reads. */
typedef struct magic {
    size_t at;
    const char *bytes;
    size_t n;
    const char *what;
    const char *fix;
    bool packed; /* an archive or compressed file, refused also inside another */
} magic;

#define UNPACK "解压后导入其中的表格文件"

static const magic foreign[] = {
    {0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, "旧式 Office 文件", "另存为 .xlsx 后再导入", true},
    {0, "7z\xBC\xAF\x27\x1C", 6, "7z 压缩包", UNPACK, true},
    {0, "Rar!\x1A\x07", 6, "RAR 压缩包", UNPACK, true},
    {4, "1AY&SY", 6, "bzip2 压缩文件", UNPACK, true},
    {0,
     "\xFD"
     "7zXZ",
     5, "xz 压缩文件", UNPACK, true},
    {0, "\x28\xB5\x2F\xFD", 4, "zstd 压缩文件", UNPACK, true},
    {257, "ustar", 5, "tar 归档", UNPACK, true},
    {0, "%PDF-", 5, "PDF 文件", "请提供原始表格", false},
    {0, "\x89PNG", 4, "图片", "请提供原始表格", false},
    {0, "\xFF\xD8\xFF", 3, "图片", "请提供原始表格", false},
};

static bool has_magic(zh_str head, const magic *m)
{
    return head.n >= m->at + m->n && memcmp(head.p + m->at, m->bytes, m->n) == 0;
}

static bool is_gzip(zh_str head)
{
    return zh_str_starts(head, ZH_STR("\x1f\x8b\x08"));
}

static bool is_zip(zh_str head)
{
    return zh_str_starts(head, ZH_STR("PK\x03\x04")) || zh_str_starts(head, ZH_STR("PK\x05\x06"));
}

static zh_rc damaged(zh_err *err, const char *detail)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "container.damaged", "压缩文件损坏或不完整：%s", detail);
    zh_err_fix(err, "重新取得该文件；可用校验和核对是否传输完整");
    return rc;
}

static zh_rc io_failed(zh_err *err, int code)
{
    return zh_err_set(err, code == ENOENT ? ZH_ENOTFOUND : ZH_EIO, "container.io",
                      "文件无法读取：%s", strerror(code));
}

zh_rc zh_container_check(uint64_t expanded, uint64_t packed, uint64_t max_bytes, zh_err *err)
{
    if (expanded > max_bytes) {
        zh_rc rc = zh_err_set(err, ZH_ELIMIT, "container.size", "内容展开后超过 %llu 字节",
                              (unsigned long long)max_bytes);
        zh_err_fix(err, "把文件拆分后分别导入");
        return rc;
    }
    if (expanded > ZH_CONTAINER_RATIO_FREE && expanded / ZH_CONTAINER_RATIO_MAX > packed) {
        zh_rc rc = zh_err_set(err, ZH_ELIMIT, "container.ratio",
                              "压缩比超过 %llu:1，疑为压缩炸弹，不予读取",
                              (unsigned long long)ZH_CONTAINER_RATIO_MAX);
        zh_err_fix(err, "若确为正常数据，请解压后导入");
        return rc;
    }
    return ZH_OK;
}

static zh_rc read_file(zh_container *c, void *buffer, size_t size, size_t *got, zh_err *err)
{
    *got = fread(buffer, 1, size, c->file);
    c->packed_done += *got;
    return ferror(c->file) ? io_failed(err, errno) : ZH_OK;
}

static zh_rc refill(zh_container *c, zh_err *err)
{
    if (c->inflater.avail_in > 0) {
        return ZH_OK;
    }
    size_t got = 0;
    zh_rc rc = read_file(c, c->in, sizeof c->in, &got, err);
    c->inflater.next_in = c->in;
    c->inflater.avail_in = (uInt)got;
    return rc;
}

/* After one gzip member: another one, zero padding, or the end of the file. */
static zh_rc next_member(zh_container *c, zh_err *err)
{
    zh_rc rc = refill(c, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (c->inflater.avail_in > 0 && *c->inflater.next_in == 0x1f) {
        return inflateReset(&c->inflater) == Z_OK ? ZH_OK : damaged(err, "gzip");
    }
    while (c->inflater.avail_in > 0) {
        for (; c->inflater.avail_in > 0; c->inflater.avail_in--, c->inflater.next_in++) {
            if (*c->inflater.next_in != 0) {
                return damaged(err, "gzip 数据之后还有其他内容");
            }
        }
        rc = refill(c, err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    c->end = true;
    return ZH_OK;
}

static zh_rc read_gzip(zh_container *c, char *buffer, size_t size, size_t *got, zh_err *err)
{
    c->inflater.next_out = (unsigned char *)buffer;
    c->inflater.avail_out = size > UINT32_MAX ? UINT32_MAX : (uInt)size;
    uInt room = c->inflater.avail_out;
    while (!c->end && c->inflater.avail_out == room) {
        zh_rc rc = refill(c, err);
        if (rc != ZH_OK) {
            return rc;
        }
        if (c->inflater.avail_in == 0) {
            return damaged(err, "gzip 数据在中途结束");
        }
        int z = inflate(&c->inflater, Z_NO_FLUSH);
        if (z == Z_STREAM_END) {
            rc = next_member(c, err);
        } else if (z != Z_OK && z != Z_BUF_ERROR) {
            rc = damaged(err, c->inflater.msg != NULL ? c->inflater.msg : "gzip");
        }
        if (rc != ZH_OK) {
            return rc;
        }
    }
    *got = room - c->inflater.avail_out;
    return ZH_OK;
}

static zh_rc read_entry(zh_container *c, char *buffer, size_t size, size_t *got, zh_err *err)
{
    zip_int64_t n = zip_fread(c->entry, buffer, size);
    if (n < 0) {
        return damaged(err, zip_file_strerror(c->entry));
    }
    *got = (size_t)n;
    c->end = n == 0;
    return ZH_OK;
}

/* Expanded bytes, not looking at the head that was read ahead. */
static zh_rc expand(zh_container *c, char *buffer, size_t size, size_t *got, zh_err *err)
{
    *got = 0;
    if (c->end || size == 0) {
        return ZH_OK;
    }
    zh_rc rc = ZH_OK;
    switch (c->kind) {
    case ZH_CONTAINER_PLAIN:
        rc = read_file(c, buffer, size, got, err);
        c->end = *got == 0;
        break;
    case ZH_CONTAINER_GZIP: rc = read_gzip(c, buffer, size, got, err); break;
    case ZH_CONTAINER_ZIP: rc = read_entry(c, buffer, size, got, err); break;
    case ZH_CONTAINER_XLSX: c->end = true; break;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    c->expanded += *got;
    uint64_t packed = c->kind == ZH_CONTAINER_ZIP ? c->packed_total : c->packed_done;
    return zh_container_check(c->expanded, packed, c->max_bytes, err);
}

/* Whether an old Office file holds a stream of that name (names are UTF-16LE in its directory). */
static bool holds_stream(zh_container *c, const char *name)
{
    char wide[64];
    size_t n = 0;
    for (; name[n / 2] != '\0'; n += 2) {
        wide[n] = name[n / 2];
        wide[n + 1] = '\0';
    }
    rewind(c->file);
    size_t kept = 0, total = 0, got;
    bool found = false;
    char *window = (char *)c->in;
    while (!found && total < SCAN_BYTES_MAX &&
           (got = fread(window + kept, 1, sizeof c->in - kept, c->file)) > 0) {
        total += got;
        size_t have = kept + got;
        found = memmem(window, have, wide, n) != NULL;
        kept = have < n ? have : n;
        memmove(window, window + have - kept, kept);
    }
    return found;
}

static zh_rc refuse_old_office(zh_container *c, zh_err *err)
{
    if (holds_stream(c, "EncryptedPackage")) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "container.encrypted", "工作簿设有打开密码");
        zh_err_fix(err, "在制表软件中去掉密码后另存为 .xlsx 再导入");
        return rc;
    }
    bool sheet = holds_stream(c, "Workbook") || holds_stream(c, "Book");
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "container.format",
                          sheet ? "这是旧式 .xls 工作簿" : "这是旧式 Office 文件，不是表格");
    zh_err_fix(err, "用制表软件打开，另存为 .xlsx 后再导入");
    return rc;
}

static zh_rc refuse_foreign(zh_container *c, zh_err *err)
{
    zh_str head = {c->head, c->head_n};
    for (size_t i = 0; i < ZH_COUNTOF(foreign); i++) {
        if (!has_magic(head, &foreign[i])) {
            continue;
        }
        if (i == 0 && c->kind == ZH_CONTAINER_PLAIN) {
            return refuse_old_office(c, err);
        }
        zh_rc rc =
            zh_err_set(err, ZH_EINVAL, "container.format", "这是%s，不能直接导入", foreign[i].what);
        zh_err_fix(err, "%s", foreign[i].fix);
        return rc;
    }
    if (c->kind != ZH_CONTAINER_PLAIN && (is_gzip(head) || is_zip(head))) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "container.nested", "压缩包里还是压缩包");
        zh_err_fix(err, "先解压外层，再导入里面的文件");
        return rc;
    }
    return ZH_OK;
}

/* Reads ahead what zh_container_head shows. */
static zh_rc read_head(zh_container *c, zh_err *err)
{
    while (c->head_n < sizeof c->head && !c->end) {
        size_t got = 0;
        zh_rc rc = expand(c, c->head + c->head_n, sizeof c->head - c->head_n, &got, err);
        if (rc != ZH_OK) {
            return rc;
        }
        c->head_n += got;
    }
    return refuse_foreign(c, err);
}

static bool is_litter(zh_str name)
{
    return name.n == 0 || name.p[name.n - 1] == '/' || zh_str_starts(name, ZH_STR("__MACOSX/")) ||
           zh_str_ends(name, ZH_STR(".DS_Store")) || zh_str_ends(name, ZH_STR("Thumbs.db"));
}

/* Archivers on Chinese Windows write names in GBK without saying so. */
static void keep_name(zh_container *c, zh_str raw)
{
    zh_buf_clear(&c->member);
    if (zh_utf8_valid(raw)) {
        zh_buf_str(&c->member, raw);
        return;
    }
    zh_decoder *decoder = NULL;
    if (zh_decoder_new(ZH_ENC_GB18030, &decoder, NULL) != ZH_OK) {
        return;
    }
    if (zh_decoder_feed(decoder, raw, true, &c->member, NULL) != ZH_OK) {
        zh_buf_clear(&c->member);
    }
    zh_decoder_free(decoder);
}

/* Packages that are zips but no plain archives. Returns ZH_OK with *workbook set, or refuses. */
static zh_rc check_package(zip_t *zip, bool *workbook, zh_err *err)
{
    *workbook = false;
    const char *what = NULL;
    if (zip_name_locate(zip, "[Content_Types].xml", ZIP_FL_NOCASE) >= 0) {
        if (zip_name_locate(zip, "word/document.xml", 0) >= 0) {
            what = "Word 文档";
        } else if (zip_name_locate(zip, "ppt/presentation.xml", 0) >= 0) {
            what = "演示文稿";
        } else if (zip_name_locate(zip, "xl/workbook.bin", 0) >= 0) {
            what = "二进制工作簿 (.xlsb)";
        } else {
            *workbook = true;
            return ZH_OK;
        }
    } else if (zip_name_locate(zip, "mimetype", 0) >= 0 &&
               zip_name_locate(zip, "content.xml", 0) >= 0) {
        what = "OpenDocument 文件";
    }
    if (what == NULL) {
        return ZH_OK;
    }
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "container.format", "这是%s", what);
    zh_err_fix(err, "把表格另存为 .xlsx 或 CSV 后再导入");
    return rc;
}

static zh_rc choose_member(zh_container *c, zip_uint64_t *index, zh_err *err)
{
    zip_int64_t n = zip_get_num_entries(c->zip, 0);
    if (n > ZH_CONTAINER_MEMBERS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "container.members", "压缩包里的文件超过 %d 个",
                          ZH_CONTAINER_MEMBERS_MAX);
    }
    size_t found = 0;
    for (zip_uint64_t i = 0; i < (zip_uint64_t)n; i++) {
        zh_str name = zh_str_of(zip_get_name(c->zip, i, ZIP_FL_ENC_RAW));
        if (is_litter(name)) {
            continue;
        }
        if (++found == 1) {
            *index = i;
            keep_name(c, name);
        }
    }
    if (found == 1) {
        return ZH_OK;
    }
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "container.members",
                          "压缩包里应当只有一个表格文件，现有 %zu 个", found);
    zh_err_fix(err, "解压后逐个导入");
    return rc;
}

static zh_rc open_member(zh_container *c, zh_err *err)
{
    zip_uint64_t index = 0;
    zh_rc rc = choose_member(c, &index, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zip_stat_t st;
    if (zip_stat_index(c->zip, index, 0, &st) != 0) {
        return damaged(err, zip_strerror(c->zip));
    }
    if (st.encryption_method != ZIP_EM_NONE) {
        rc = zh_err_set(err, ZH_EINVAL, "container.encrypted", "压缩包设有密码");
        zh_err_fix(err, "解压后导入，或重新打包且不设密码");
        return rc;
    }
    c->packed_total = st.comp_size;
    c->expanded_total = st.size;
    rc = zh_container_check(st.size, st.comp_size, c->max_bytes, err); /* already by what it says */
    if (rc != ZH_OK) {
        return rc;
    }
    c->entry = zip_fopen_index(c->zip, index, 0);
    return c->entry != NULL ? ZH_OK : damaged(err, zip_strerror(c->zip));
}

static zh_rc open_zip(zh_container *c, const char *path, zh_err *err)
{
    int code = 0;
    c->zip = zip_open(path, ZIP_RDONLY, &code);
    if (c->zip == NULL) {
        zip_error_t reason;
        zip_error_init_with_code(&reason, code);
        zh_rc rc = damaged(err, zip_error_strerror(&reason));
        zip_error_fini(&reason);
        return rc;
    }
    bool workbook = false;
    zh_rc rc = check_package(c->zip, &workbook, err);
    if (rc != ZH_OK) {
        return rc;
    }
    c->kind = workbook ? ZH_CONTAINER_XLSX : ZH_CONTAINER_ZIP;
    return workbook ? ZH_OK : open_member(c, err);
}

static zh_rc open_gzip(zh_container *c, zh_err *err)
{
    c->kind = ZH_CONTAINER_GZIP;
    if (inflateInit2(&c->inflater, 16 + MAX_WBITS) != Z_OK) {
        return zh_err_set(err, ZH_ENOMEM, "container.memory", "内存不足");
    }
    c->inflating = true;
    return ZH_OK;
}

static zh_rc measure(zh_container *c, zh_err *err)
{
    if (fseeko(c->file, 0, SEEK_END) != 0) {
        return io_failed(err, errno);
    }
    off_t size = ftello(c->file);
    rewind(c->file);
    c->packed_total = size > 0 ? (uint64_t)size : 0;
    return ZH_OK;
}

/* Reads the first bytes as they are in the file, decides, and starts the stream over. */
static zh_rc identify(zh_container *c, const char *path, zh_err *err)
{
    c->file = fopen(path, "rbe");
    if (c->file == NULL) {
        return io_failed(err, errno);
    }
    zh_rc rc = measure(c, err);
    size_t got = 0;
    if (rc == ZH_OK) {
        rc = read_file(c, c->head, 4, &got, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str first = {c->head, got};
    bool gzip = is_gzip(first), zip = is_zip(first);
    rewind(c->file);
    c->packed_done = 0;
    if (gzip) {
        return open_gzip(c, err);
    }
    return zip ? open_zip(c, path, err) : ZH_OK;
}

zh_rc zh_container_open(const char *path, uint64_t max_bytes, zh_container **out, zh_err *err)
{
    zh_container *c = zh_alloc(sizeof *c);
    c->max_bytes = max_bytes != 0 ? max_bytes : ZH_CONTAINER_BYTES_MAX;
    zh_buf_init(&c->member, 4096);
    zh_rc rc = identify(c, path, err);
    if (rc == ZH_OK && c->kind != ZH_CONTAINER_XLSX) {
        rc = read_head(c, err);
    }
    if (rc != ZH_OK) {
        zh_container_close(c);
        return rc;
    }
    *out = c;
    return ZH_OK;
}

void zh_container_close(zh_container *c)
{
    if (c == NULL) {
        return;
    }
    if (c->inflating) {
        inflateEnd(&c->inflater);
    }
    if (c->entry != NULL) {
        zip_fclose(c->entry);
    }
    if (c->zip != NULL) {
        zip_discard(c->zip);
    }
    if (c->file != NULL) {
        fclose(c->file);
    }
    zh_buf_free(&c->member);
    zh_dealloc(c);
}

zh_container_kind zh_container_kind_of(const zh_container *c)
{
    return c->kind;
}

const char *zh_container_kind_name(zh_container_kind kind)
{
    switch (kind) {
    case ZH_CONTAINER_PLAIN: return "plain";
    case ZH_CONTAINER_GZIP: return "gzip";
    case ZH_CONTAINER_ZIP: return "zip";
    case ZH_CONTAINER_XLSX: return "xlsx";
    }
    return "";
}

zh_str zh_container_member(const zh_container *c)
{
    return zh_buf_view(&c->member);
}

zh_str zh_container_head(const zh_container *c)
{
    return (zh_str){c->head, c->head_n};
}

zh_rc zh_container_read(void *container, char *buffer, size_t size, size_t *got, zh_err *err)
{
    zh_container *c = container;
    size_t left = c->head_n - c->head_at;
    if (left == 0) {
        return expand(c, buffer, size, got, err);
    }
    *got = left < size ? left : size;
    memcpy(buffer, c->head + c->head_at, *got);
    c->head_at += *got;
    return ZH_OK;
}

void zh_container_progress(const zh_container *c, uint64_t *done, uint64_t *total)
{
    bool zip = c->kind == ZH_CONTAINER_ZIP;
    *done = zip ? c->expanded : c->packed_done;
    *total = zip ? c->expanded_total : c->packed_total;
}
