/* multipart/form-data as it arrives: a state machine over bytes cut anywhere. Parts with a file
 * name go to a file, the others to memory. */
#include "base/utf8.h"
#include "base/vec.h"
#include "net/form.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before a body: "--boundary" and the end of its line. Between the parts: CR LF "--boundary". */
typedef enum state {
    PREAMBLE,      /* nothing but the first delimiter is expected */
    DELIMITER_END, /* after a delimiter: CR LF, or "--" */
    HEAD,
    BODY,
    EPILOGUE, /* after the closing delimiter: ignored */
} state;

struct zh_multipart {
    zh_arena *arena;
    const char *directory;
    char delimiter[ZH_FORM_BOUNDARY_MAX + 5]; /* CR LF -- boundary */
    size_t delimiter_n;
    state state;
    size_t matched; /* bytes of the delimiter seen at the end of what came */
    char head[ZH_FORM_PART_HEAD_MAX];
    size_t head_n;
    zh_str name;     /* of the part that is being read */
    zh_upload *file; /* NULL: a plain field */
    int fd;
    zh_buf value;
    ZH_VEC(zh_pair) fields;
    ZH_VEC(zh_upload *) files;
    zh_rc failed;
    zh_err failure;
};

static void release(void *object)
{
    zh_multipart *m = object;
    if (m->fd >= 0) {
        (void)close(m->fd);
    }
    for (size_t i = 0; i < m->files.n; i++) {
        (void)unlink(m->files.p[i]->path.p); /* gone already when the handler moved it */
    }
    zh_buf_free(&m->value);
}

static bool clean(zh_str text)
{
    return zh_utf8_valid(text) && zh_str_chr(text, '\0') < 0;
}

static zh_rc broken(zh_err *err, const char *what)
{
    zh_err_set(err, ZH_EINVAL, "form.multipart", "上传的表单不完整：%s", what);
    zh_err_fix(err, "重新上传");
    return ZH_EINVAL;
}

/* ---- header values
 * --------------------------------------------------------------------------------- */

/* The value of a parameter, `; name=value` or `; name="value"` with \" and \\ (RFC 2045 section
 * 5.1). Browsers write %22 for a quote, which stays as it is. */
static bool parameter(zh_arena *arena, zh_str header, const char *name, zh_str *out)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < header.n; i++) {
        if (header.p[i] == '"') { /* skip what is quoted */
            for (i++; i < header.n && header.p[i] != '"'; i++) {
                i += header.p[i] == '\\';
            }
            continue;
        }
        if (header.p[i] != ';') {
            continue;
        }
        size_t at = i + 1;
        while (at < header.n && (header.p[at] == ' ' || header.p[at] == '\t')) {
            at++;
        }
        if (at + length >= header.n || strncasecmp(header.p + at, name, length) != 0 ||
            header.p[at + length] != '=') {
            continue;
        }
        at += length + 1;
        char *value = zh_arena_alloc(arena, ZH_FORM_PART_HEAD_MAX + 1);
        size_t n = 0;
        bool quoted = at < header.n && header.p[at] == '"';
        for (at += quoted; at < header.n && n < ZH_FORM_PART_HEAD_MAX; at++) {
            char c = header.p[at];
            if (quoted ? c == '"' : c == ';' || c == ' ' || c == '\t') {
                break;
            }
            if (quoted && c == '\\' && at + 1 < header.n) {
                c = header.p[++at];
            }
            value[n++] = c;
        }
        *out = (zh_str){value, n};
        return !quoted || (at < header.n && header.p[at] == '"');
    }
    return false;
}

static bool boundary_allowed(zh_str boundary)
{
    static const char others[] = "'()+_,-./:=? ";
    for (size_t i = 0; i < boundary.n; i++) {
        char c = boundary.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr(others, c) == NULL)) {
            return false;
        }
    }
    return boundary.n > 0 && boundary.n <= ZH_FORM_BOUNDARY_MAX &&
           boundary.p[boundary.n - 1] != ' ';
}

zh_rc zh_multipart_new(zh_arena *arena, zh_str content_type, const char *directory,
                       zh_multipart **out, zh_err *err)
{
    zh_str boundary = ZH_STR_NONE;
    if (!parameter(arena, content_type, "boundary", &boundary) || !boundary_allowed(boundary)) {
        return zh_err_set(err, ZH_EINVAL, "form.boundary", "上传的表单没有可用的分隔标记 boundary");
    }
    zh_multipart *m = ZH_NEW(arena, zh_multipart);
    m->arena = arena;
    m->directory = directory;
    m->fd = -1;
    m->delimiter_n =
        (size_t)snprintf(m->delimiter, sizeof m->delimiter, "\r\n--%.*s", ZH_FMT(boundary));
    m->matched = 2; /* as if the body began after an end of line */
    zh_buf_init(&m->value, ZH_FORM_VALUE_MAX);
    zh_arena_defer(arena, release, m);
    *out = m;
    return ZH_OK;
}

/* ---- parts
 * ----------------------------------------------------------------------------------------- */

/* The last component, whatever the sender's system separates with. */
static zh_str base_name(zh_str path)
{
    size_t from = 0;
    for (size_t i = 0; i < path.n; i++) {
        from = path.p[i] == '/' || path.p[i] == '\\' ? i + 1 : from;
    }
    return zh_str_sub(path, from, path.n);
}

static zh_rc open_file(zh_multipart *m, zh_str file_name, zh_str type, zh_err *err)
{
    if (m->directory == NULL) {
        return zh_err_set(err, ZH_EINVAL, "form.file", "这个地址不收文件");
    }
    if (m->files.n == ZH_FORM_FILES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "form.files", "一次最多上传 %zu 个文件",
                          ZH_FORM_FILES_MAX);
    }
    if (file_name.n > ZH_FORM_FILE_NAME_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "form.file_name", "文件名超过 %zu 字节",
                          ZH_FORM_FILE_NAME_MAX);
    }
    zh_str pattern = zh_str_fmt(m->arena, "%s/upload-XXXXXX", m->directory);
    char *path = zh_arena_alloc(m->arena, pattern.n + 1);
    memcpy(path, pattern.p, pattern.n + 1);
    m->fd = mkostemp(path, O_CLOEXEC);
    if (m->fd < 0) {
        return zh_err_set(err, ZH_EIO, "form.store", "不能存放上传的文件：%s", strerror(errno));
    }
    m->file = ZH_NEW(m->arena, zh_upload);
    *m->file = (zh_upload){.field = m->name,
                           .file_name = zh_str_dup(m->arena, file_name),
                           .type = zh_str_dup(m->arena, type),
                           .path = {path, pattern.n}};
    zh_vec_push(m->arena, &m->files, m->file);
    return ZH_OK;
}

/* The headers of a part are complete, each line ended by CR LF. */
static zh_rc begin_part(zh_multipart *m, zh_err *err)
{
    zh_str rest = {m->head, m->head_n};
    zh_str line;
    zh_str type = ZH_STR("");
    zh_str file_name = ZH_STR_NONE;
    m->name = ZH_STR_NONE;
    m->file = NULL;
    zh_buf_clear(&m->value);
    while (zh_str_split(&rest, '\n', &line)) {
        line = zh_str_trim(line);
        ptrdiff_t colon = zh_str_chr(line, ':');
        zh_str value =
            colon < 0 ? ZH_STR("") : zh_str_trim(zh_str_sub(line, (size_t)colon + 1, line.n));
        zh_str name =
            zh_str_lower_ascii(m->arena, zh_str_sub(line, 0, colon < 0 ? 0 : (size_t)colon));
        if (zh_str_is(name, "content-disposition")) {
            if (!parameter(m->arena, value, "name", &m->name)) {
                m->name = ZH_STR_NONE;
            }
            (void)parameter(m->arena, value, "filename", &file_name);
        } else if (zh_str_is(name, "content-type")) {
            type = value;
        }
    }
    if (m->name.p == NULL || !clean(m->name) || !clean(file_name)) {
        return broken(err, "有一部分没有名称");
    }
    if (m->fields.n + m->files.n >= ZH_FORM_PAIRS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "form.pairs", "表单的字段超过 %zu 个", ZH_FORM_PAIRS_MAX);
    }
    return file_name.p != NULL ? open_file(m, base_name(file_name), type, err) : ZH_OK;
}

static zh_rc write_out(int fd, zh_str bytes, zh_err *err)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return zh_err_set(err, ZH_EIO, "form.store", "写不下上传的文件：%s", strerror(errno));
        }
        bytes = zh_str_sub(bytes, (size_t)n, bytes.n);
    }
    return ZH_OK;
}

static zh_rc part_bytes(zh_multipart *m, zh_str bytes, zh_err *err)
{
    if (m->file != NULL) {
        m->file->size += bytes.n;
        return m->file->size > ZH_FORM_FILE_BYTES_MAX
                   ? zh_err_set(err, ZH_ELIMIT, "form.file_size", "文件超过 %llu 字节",
                                (unsigned long long)ZH_FORM_FILE_BYTES_MAX)
                   : write_out(m->fd, bytes, err);
    }
    zh_buf_add(&m->value, bytes.p, bytes.n);
    return m->value.failed ? zh_err_set(err, ZH_ELIMIT, "form.value", "表单的一个字段超过 %zu 字节",
                                        ZH_FORM_VALUE_MAX)
                           : ZH_OK;
}

static zh_rc end_part(zh_multipart *m, zh_err *err)
{
    if (m->file != NULL) {
        int failed = close(m->fd);
        m->fd = -1;
        return failed != 0
                   ? zh_err_set(err, ZH_EIO, "form.store", "写不下上传的文件：%s", strerror(errno))
                   : ZH_OK;
    }
    zh_str value;
    if (!zh_str_try_dup(m->arena, zh_buf_view(&m->value), &value)) {
        return zh_err_set(err, ZH_ENOMEM, "form.memory", "表单超过内存预算");
    }
    if (!clean(value)) {
        return broken(err, "有一个字段不是 UTF-8");
    }
    zh_vec_push(m->arena, &m->fields, (zh_pair){m->name, value});
    return ZH_OK;
}

/* ---- the machine
 * ------------------------------------------------------------------------------------ */

/* Body bytes from `from` on: looks for the delimiter, which may have begun in an earlier piece, and
 * gives what cannot belong to it to the part. Returns the position after what it took. CR appears
 * only at the start of the delimiter, so after a mismatch a match can only begin at this byte. */
static zh_rc take_body(zh_multipart *m, zh_str bytes, size_t *at, zh_err *err)
{
    size_t i = *at;
    size_t plain = i; /* from here on nothing has been given yet */
    while (i < bytes.n && m->matched < m->delimiter_n) {
        if (bytes.p[i] == m->delimiter[m->matched]) {
            m->matched++;
            i++;
            continue;
        }
        if (m->matched > 0) {
            /* what matched so far, the part of it that came earlier, is data after all */
            size_t here = i - plain;
            if (m->matched > here) {
                zh_rc rc = part_bytes(m, (zh_str){m->delimiter, m->matched - here}, err);
                if (rc != ZH_OK) {
                    return rc;
                }
            }
            m->matched = 0;
            continue;
        }
        const char *next = memchr(bytes.p + i, '\r', bytes.n - i);
        i = next != NULL ? (size_t)(next - bytes.p) : bytes.n;
    }
    size_t own = i - plain; /* bytes of this piece, the matched ones at its end included */
    size_t held = m->matched < own ? m->matched : own;
    *at = i;
    return own > held ? part_bytes(m, (zh_str){bytes.p + plain, own - held}, err) : ZH_OK;
}

static zh_rc take_preamble(zh_multipart *m, zh_str bytes, size_t *at, zh_err *err)
{
    if (bytes.p[*at] != m->delimiter[m->matched]) {
        return broken(err, "不是以分隔标记开始");
    }
    m->matched++;
    ++*at;
    return ZH_OK;
}

static zh_rc take_delimiter_end(zh_multipart *m, zh_str bytes, size_t *at, zh_err *err)
{
    m->head[m->head_n++] = bytes.p[(*at)++];
    if (m->head_n < 2) {
        return ZH_OK;
    }
    bool next = m->head[0] == '\r' && m->head[1] == '\n';
    bool last = m->head[0] == '-' && m->head[1] == '-';
    m->head_n = 0;
    m->state = next ? HEAD : EPILOGUE;
    return next || last ? ZH_OK : broken(err, "分隔标记后面有别的内容");
}

static zh_rc take_head(zh_multipart *m, zh_str bytes, size_t *at, zh_err *err)
{
    if (m->head_n == sizeof m->head) {
        return zh_err_set(err, ZH_ELIMIT, "form.head", "表单一部分的头超过 %zu 字节",
                          ZH_FORM_PART_HEAD_MAX);
    }
    m->head[m->head_n++] = bytes.p[(*at)++];
    if (!zh_str_ends((zh_str){m->head, m->head_n}, ZH_STR("\r\n\r\n"))) {
        return ZH_OK;
    }
    m->state = BODY;
    m->matched = 0;
    return begin_part(m, err);
}

static zh_rc step(zh_multipart *m, zh_str bytes, size_t *at, zh_err *err)
{
    zh_rc rc = ZH_OK;
    switch (m->state) {
    case PREAMBLE: rc = take_preamble(m, bytes, at, err); break;
    case DELIMITER_END: return take_delimiter_end(m, bytes, at, err);
    case HEAD: return take_head(m, bytes, at, err);
    case BODY: rc = take_body(m, bytes, at, err); break;
    case EPILOGUE: *at = bytes.n; return ZH_OK;
    }
    if (rc == ZH_OK && m->matched == m->delimiter_n) {
        rc = m->state == BODY ? end_part(m, err) : ZH_OK;
        m->state = DELIMITER_END;
        m->matched = 0;
        m->head_n = 0;
    }
    return rc;
}

zh_rc zh_multipart_push(zh_multipart *m, zh_str bytes, zh_err *err)
{
    size_t at = 0;
    while (m->failed == ZH_OK && at < bytes.n) {
        m->failed = step(m, bytes, &at, &m->failure);
    }
    if (m->failed != ZH_OK && err != NULL) {
        *err = m->failure;
    }
    return m->failed;
}

zh_rc zh_multipart_end(zh_multipart *m, zh_pairs *fields, const zh_upload **files, size_t *nfiles,
                       zh_err *err)
{
    *fields = (zh_pairs){0};
    *files = NULL;
    *nfiles = 0;
    if (m->failed == ZH_OK && m->state != EPILOGUE) {
        m->failed = broken(&m->failure, "没有结尾的分隔标记");
    }
    if (m->failed != ZH_OK) {
        *err = m->failure;
        return m->failed;
    }
    zh_upload *list = ZH_NEW_N(m->arena, zh_upload, m->files.n + 1);
    for (size_t i = 0; i < m->files.n; i++) {
        list[i] = *m->files.p[i];
    }
    *fields = (zh_pairs){m->fields.p, m->fields.n};
    *files = list;
    *nfiles = m->files.n;
    return ZH_OK;
}
