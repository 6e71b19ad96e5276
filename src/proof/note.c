/* Signed notes and checkpoints. Strict readers: one text has one reading. */
#include "proof/note.h"
#include "base/utf8.h"
#include <string.h>

#define DASH             "\xe2\x80\x94 " /* U+2014 and a space */
#define KEPT_BYTES       (4 + 8 + ZH_SIGNATURE_BYTES)
#define HEADER_BYTES_MAX 64 /* of a cosignature */

/* ---- Base 64 ---- */

void zh_base64_write(zh_str bytes, zh_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t three = (uint32_t)(uint8_t)bytes.p[i] << 16;
        three |= left > 1 ? (uint32_t)(uint8_t)bytes.p[i + 1] << 8 : 0;
        three |= left > 2 ? (uint8_t)bytes.p[i + 2] : 0;
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=',
                        left > 2 ? digits[three & 63] : '='};
        zh_buf_add(out, four, sizeof(four));
    }
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : -1;
}

/* Bytes that a text of this length and padding stands for; false when no text has them. */
static bool decoded_bytes(zh_str text, size_t *n)
{
    if (text.n % 4 != 0) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=') {
        padding++;
    }
    *n = text.n / 4 * 3 - padding;
    return true;
}

/* Reads every digit; keeps the first `max` bytes. */
static bool decode(zh_str text, uint8_t *out, size_t max, size_t *n)
{
    if (!decoded_bytes(text, n)) {
        return false;
    }
    size_t digits = *n / 3 * 4 + (*n % 3 > 0 ? *n % 3 + 1 : 0);
    uint32_t bits = 0;
    size_t put = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = sextet(text.p[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 > 0) {
            unsigned unused = (unsigned)(6 - 2 * (i % 4));
            if (put < max) {
                out[put] = (uint8_t)(bits >> unused);
            }
            put++;
            bits &= (1u << unused) - 1;
        }
    }
    return bits == 0; /* else two texts would stand for the same bytes */
}

bool zh_base64_read(zh_str text, void *out, size_t max, size_t *n)
{
    return decoded_bytes(text, n) && *n <= max && decode(text, out, max, n);
}

bool zh_note_number(zh_str text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.n == 0 || text.n > 20 || (text.n > 1 && text.p[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text.p[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* ---- notes ---- */

static zh_rc not_a_note(const char *why, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "note.format", "不是有效的签名文本：%s", why);
    zh_err_clause(err, "C2SP signed-note, Format");
    return ZH_EINVAL;
}

static bool has_controls(zh_str bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        if ((unsigned char)bytes.p[i] < ' ' && bytes.p[i] != '\n') {
            return true;
        }
    }
    return false;
}

/* Where the signatures begin: after the last empty line. 0: there is none. */
static size_t signatures_at(zh_str bytes)
{
    for (size_t i = bytes.n; i >= 2; i--) {
        if (bytes.p[i - 1] == '\n' && bytes.p[i - 2] == '\n') {
            return i;
        }
    }
    return 0;
}

/* "— NAME BASE64\n" */
static bool read_signature(zh_str line, zh_note_signature *out)
{
    uint8_t kept[KEPT_BYTES];
    size_t n;
    out->line = line;
    if (!zh_str_starts(line, ZH_STR(DASH)) || !zh_str_ends(line, ZH_STR("\n"))) {
        return false;
    }
    zh_str rest = zh_str_sub(line, sizeof(DASH) - 1, line.n - sizeof(DASH));
    if (!zh_str_split(&rest, ' ', &out->name) || !rest.p || !zh_key_name_valid(out->name)) {
        return false;
    }
    out->base64 = rest;
    if (!decode(rest, kept, sizeof(kept), &n) || n < 5) {
        return false;
    }
    out->id = (uint32_t)kept[0] << 24 | (uint32_t)kept[1] << 16 | (uint32_t)kept[2] << 8 | kept[3];
    return true;
}

zh_rc zh_note_parse(zh_str bytes, zh_note *out, zh_err *err)
{
    if (bytes.n > ZH_NOTE_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "note.size", "签名文本有 %zu 字节，超过 %zu 字节",
                          bytes.n, ZH_NOTE_BYTES_MAX);
    }
    out->n = 0;
    if (!zh_utf8_valid(bytes) || has_controls(bytes)) {
        return not_a_note("含控制字符或不是 UTF-8", err);
    }
    size_t at = signatures_at(bytes);
    if (at < 2 || at == bytes.n) {
        return not_a_note("正文与签名之间没有空行，或没有签名", err);
    }
    out->text = zh_str_sub(bytes, 0, at - 1);
    zh_str rest = zh_str_sub(bytes, at, bytes.n);
    while (rest.n > 0) {
        ptrdiff_t end = zh_str_chr(rest, '\n');
        zh_str line = zh_str_sub(rest, 0, end < 0 ? rest.n : (size_t)end + 1);
        if (out->n == ZH_NOTE_SIGNATURES_MAX) {
            return zh_err_set(err, ZH_ELIMIT, "note.signatures", "签名文本的签名超过 %d 个",
                              ZH_NOTE_SIGNATURES_MAX);
        }
        if (!read_signature(line, &out->signatures[out->n])) {
            return not_a_note("签名行应为“— 名称 Base64”", err);
        }
        out->n++;
        rest = zh_str_sub(rest, line.n, rest.n);
    }
    return ZH_OK;
}

bool zh_note_split(zh_str *rest, zh_str *note)
{
    if (rest->n == 0) {
        return false;
    }
    ptrdiff_t at = zh_str_find(*rest, ZH_STR("\n\n" DASH));
    size_t end = at < 0 ? rest->n : (size_t)at + 2;
    while (zh_str_starts(zh_str_sub(*rest, end, rest->n), ZH_STR(DASH))) {
        ptrdiff_t line = zh_str_chr(zh_str_sub(*rest, end, rest->n), '\n');
        end = line < 0 ? rest->n : end + (size_t)line + 1;
    }
    *note = zh_str_sub(*rest, 0, end);
    *rest = zh_str_sub(*rest, end, rest->n);
    return true;
}

/* What a cosignature signs: a header, and the note's text. The buffer is freed by the caller. */
static void cosigned_message(zh_str text, uint64_t time_s, zh_buf *out)
{
    zh_buf_init(out, ZH_NOTE_BYTES_MAX + HEADER_BYTES_MAX);
    zh_buf_fmt(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
    zh_buf_str(out, text);
}

void zh_note_sign(zh_str text, const zh_signer *signer, uint64_t time_s, zh_buf *out)
{
    const zh_verifier *key = &signer->verifier;
    uint8_t bytes[KEPT_BYTES];
    uint8_t *end = bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        *end++ = (uint8_t)(key->id >> shift);
    }
    if (key->type == ZH_KEY_COSIGNATURE) {
        zh_buf message;
        cosigned_message(text, time_s, &message);
        zh_assert(!message.failed);
        for (int shift = 56; shift >= 0; shift -= 8) {
            *end++ = (uint8_t)(time_s >> shift);
        }
        zh_signer_sign(signer, zh_buf_view(&message), end);
        zh_buf_free(&message);
    } else {
        zh_signer_sign(signer, text, end);
    }
    end += ZH_SIGNATURE_BYTES;
    zh_buf_fmt(out, DASH "%s ", key->name);
    zh_base64_write((zh_str){(const char *)bytes, (size_t)(end - bytes)}, out);
    zh_buf_c(out, '\n');
}

static bool check_signature(zh_str text, const zh_note_signature *signature, const zh_verifier *key,
                            uint64_t *time_s)
{
    uint8_t bytes[KEPT_BYTES];
    size_t n;
    bool timed = key->type == ZH_KEY_COSIGNATURE;
    if (!zh_base64_read(signature->base64, bytes, sizeof(bytes), &n) ||
        n != (timed ? KEPT_BYTES : KEPT_BYTES - 8)) {
        return false;
    }
    *time_s = 0;
    if (!timed) {
        return zh_verifier_check(key, text, bytes + 4);
    }
    for (size_t i = 0; i < 8; i++) {
        *time_s = *time_s << 8 | bytes[4 + i];
    }
    if (*time_s > INT64_MAX) {
        return false;
    }
    zh_buf message;
    cosigned_message(text, *time_s, &message);
    bool good = !message.failed && zh_verifier_check(key, zh_buf_view(&message), bytes + 12);
    zh_buf_free(&message);
    return good;
}

zh_rc zh_note_check(const zh_note *note, const zh_verifier *verifier, uint64_t *time_s, zh_err *err)
{
    for (size_t i = 0; i < note->n; i++) {
        const zh_note_signature *signature = &note->signatures[i];
        uint64_t time;
        if (signature->id != verifier->id || !zh_str_is(signature->name, verifier->name)) {
            continue;
        }
        if (!check_signature(note->text, signature, verifier, &time)) {
            zh_err_set(err, ZH_EINVAL, "note.signature", "签名不成立：正文或“%s”的签名被改动过",
                       verifier->name);
            zh_err_clause(err, "C2SP signed-note, Signatures");
            return ZH_EINVAL;
        }
        if (time_s) {
            *time_s = time;
        }
        return ZH_OK;
    }
    return ZH_ENOTFOUND;
}

/* ---- checkpoints ---- */

void zh_checkpoint_write(const zh_checkpoint *checkpoint, zh_buf *out)
{
    zh_buf_str(out, checkpoint->origin);
    zh_buf_fmt(out, "\n%llu\n", (unsigned long long)checkpoint->size);
    zh_base64_write((zh_str){(const char *)checkpoint->root.b, ZH_DIGEST_BYTES}, out);
    zh_buf_c(out, '\n');
    zh_buf_str(out, checkpoint->extensions);
}

/* A non-empty line off the front of *rest, without its newline. */
static bool take_line(zh_str *rest, zh_str *line)
{
    ptrdiff_t end = zh_str_chr(*rest, '\n');
    if (end <= 0) {
        return false;
    }
    *line = zh_str_sub(*rest, 0, (size_t)end);
    *rest = zh_str_sub(*rest, (size_t)end + 1, rest->n);
    return true;
}

zh_rc zh_checkpoint_parse(zh_str text, zh_checkpoint *out, zh_err *err)
{
    zh_str rest = text;
    zh_str size;
    zh_str root;
    size_t n = 0;
    bool good = take_line(&rest, &out->origin) && take_line(&rest, &size) &&
                zh_note_number(size, &out->size) && take_line(&rest, &root) &&
                zh_base64_read(root, out->root.b, ZH_DIGEST_BYTES, &n) && n == ZH_DIGEST_BYTES;
    if (good) {
        out->extensions = rest;
        zh_str line;
        for (n = 0; n < ZH_CHECKPOINT_LINES_MAX && take_line(&rest, &line); n++) {
        }
        good = rest.n == 0;
    }
    if (!good) {
        zh_err_set(err, ZH_EINVAL, "checkpoint.format",
                   "不是有效的检查点：应为日志名称、大小(无前导零)、32 字节树根的 Base64 各一行");
        zh_err_clause(err, "C2SP tlog-checkpoint, Note text");
        return ZH_EINVAL;
    }
    return ZH_OK;
}

void zh_checkpoint_sign(const zh_checkpoint *checkpoint, const zh_signer *signers, size_t n,
                        uint64_t time_s, zh_buf *out)
{
    size_t from = out->n;
    zh_checkpoint_write(checkpoint, out);
    size_t text_n = out->n - from;
    zh_buf_c(out, '\n');
    for (size_t i = 0; i < n && !out->failed; i++) {
        zh_buf line; /* apart: appending may move what is being signed */
        zh_buf_init(&line, ZH_NOTE_BYTES_MAX);
        zh_note_sign((zh_str){out->p + from, text_n}, &signers[i], time_s, &line);
        zh_buf_str(out, zh_buf_view(&line));
        zh_buf_free(&line);
    }
}
