/* Container bytes through the decoder, a chunk at a time. */
#include "fmt/stream.h"
#include <string.h>

enum { CHUNK = 64 << 10 };

struct zh_stream {
    zh_container *container;
    zh_decoder *decoder;
    zh_encoding encoding;
    bool guessed, ended;
    uint64_t lines; /* line ends in the text decoded before `text` */
    zh_buf text;
    size_t at; /* consumed of it */
    char raw[CHUNK];
};

zh_rc zh_stream_open(const char *path, zh_encoding encoding, uint64_t max_bytes, zh_stream **out,
                     zh_err *err)
{
    zh_container *container = NULL;
    zh_rc rc = zh_container_open(path, max_bytes, &container, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_container_kind_of(container) == ZH_CONTAINER_XLSX) {
        zh_container_close(container);
        return zh_err_set(err, ZH_EINVAL, "stream.format", "这是工作簿，不是文本文件");
    }
    zh_stream *s = zh_alloc(sizeof *s);
    s->container = container;
    s->guessed = encoding == ZH_ENC_UNKNOWN;
    s->encoding = s->guessed ? zh_encoding_guess(zh_container_head(container)) : encoding;
    /* UTF-16 grows by half at most, GB18030 likewise. */
    zh_buf_init(&s->text, (size_t)4 * CHUNK);
    rc = zh_decoder_new(s->encoding, &s->decoder, err);
    if (rc != ZH_OK) {
        zh_stream_close(s);
        return rc;
    }
    *out = s;
    return ZH_OK;
}

void zh_stream_close(zh_stream *s)
{
    if (s != NULL) {
        zh_container_close(s->container);
        zh_decoder_free(s->decoder);
        zh_buf_free(&s->text);
        zh_dealloc(s);
    }
}

zh_encoding zh_stream_encoding(const zh_stream *s)
{
    return s->encoding;
}

const zh_container *zh_stream_container(const zh_stream *s)
{
    return s->container;
}

static uint64_t count_lines(const zh_buf *text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text->n; i++) {
        n += text->p[i] == '\n';
    }
    return n;
}

/* The decoder knows the byte; a person needs the line, and what to try instead. */
static zh_rc explain(zh_stream *s, zh_rc rc, const zh_err *inner, zh_err *err)
{
    if (rc != ZH_EINVAL) {
        return zh_err_set(err, rc, inner->rule, "%s", inner->message);
    }
    uint64_t line = s->lines + count_lines(&s->text) + 1;
    zh_err_set(err, rc, "text.encoding", "第 %llu 行附近有字节不是合法的 %s",
               (unsigned long long)line, zh_encoding_name(s->encoding));
    zh_err_where(err, "第%llu行", (unsigned long long)line);
    zh_err_fix(err, s->guessed && s->encoding == ZH_ENC_UTF8
                        ? "文件开头像 UTF-8；若原为 GBK/GB18030，请指明编码后重新导入"
                        : "请指明文件的实际编码，或另存为 UTF-8 后重新导入");
    return rc;
}

static zh_rc fill(zh_stream *s, zh_err *err)
{
    s->lines += count_lines(&s->text);
    zh_buf_clear(&s->text);
    s->at = 0;
    while (s->text.n == 0 && !s->ended) {
        size_t got = 0;
        zh_rc rc = zh_container_read(s->container, s->raw, sizeof s->raw, &got, err);
        if (rc != ZH_OK) {
            return rc;
        }
        s->ended = got == 0;
        zh_err inner = {0};
        rc = zh_decoder_feed(s->decoder, (zh_str){s->raw, got}, s->ended, &s->text, &inner);
        if (rc != ZH_OK) {
            return explain(s, rc, &inner, err);
        }
    }
    return ZH_OK;
}

zh_rc zh_stream_peek(zh_stream *s, zh_str *out, zh_err *err)
{
    zh_rc rc = s->at == s->text.n ? fill(s, err) : ZH_OK;
    *out = zh_str_sub(zh_buf_view(&s->text), s->at, s->text.n);
    return rc;
}

void zh_stream_skip(zh_stream *s, size_t n)
{
    zh_assert(n <= s->text.n - s->at);
    s->at += n;
}

zh_rc zh_stream_read(void *stream, char *buffer, size_t size, size_t *got, zh_err *err)
{
    zh_str text;
    *got = 0;
    zh_rc rc = zh_stream_peek(stream, &text, err);
    if (rc != ZH_OK) {
        return rc;
    }
    *got = text.n < size ? text.n : size;
    if (*got > 0) {
        memcpy(buffer, text.p, *got);
        zh_stream_skip(stream, *got);
    }
    return ZH_OK;
}
