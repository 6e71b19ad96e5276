/* A file as UTF-8 text, whatever its container and encoding, streamed. */
#ifndef ZH_FMT_STREAM_H
#define ZH_FMT_STREAM_H

#include "base/utf8.h"
#include "fmt/container.h"

typedef struct zh_stream zh_stream; /* one thread at a time */

/* encoding ZH_ENC_UNKNOWN guesses from the first 64 KiB. max_bytes as for zh_container_open, whose
 * errors it gives; ZH_EINVAL also when the encoding cannot be told. Close with zh_stream_close. */
zh_rc zh_stream_open(const char *path, zh_encoding encoding, uint64_t max_bytes, zh_stream **out,
                     zh_err *err) ZH_MUST;
void zh_stream_close(zh_stream *stream); /* NULL is allowed */

zh_encoding zh_stream_encoding(const zh_stream *stream);
const zh_container *zh_stream_container(const zh_stream *stream);

/* The text that is decoded and not consumed, decoding more when there is none: empty only at the
 * end. ZH_EINVAL names the line where bytes are not of the encoding. Valid until the next call. */
zh_rc zh_stream_peek(zh_stream *stream, zh_str *out, zh_err *err) ZH_MUST;
void zh_stream_skip(zh_stream *stream, size_t n); /* n: at most what was peeked */
/* A zh_read_fn over the same text; user is the zh_stream *. */
zh_rc zh_stream_read(void *stream, char *buffer, size_t size, size_t *got, zh_err *err) ZH_MUST;

#endif
