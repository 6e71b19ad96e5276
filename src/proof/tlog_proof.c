/* The tlog-proof text: head line, optional extra, index, path, empty line, checkpoint. */
#include "proof/tlog_proof.h"
#include <string.h>

static const char HEAD[] = "c2sp.org/tlog-proof@v1";

void zh_tlog_proof_write(const zh_tlog_proof *proof, zh_buf *out)
{
    zh_buf_fmt(out, "%s\n", HEAD);
    if (proof->extra.p) {
        zh_buf_fmt(out, "extra %.*s\n", ZH_FMT(proof->extra));
    }
    zh_buf_fmt(out, "index %llu\n", (unsigned long long)proof->index);
    for (size_t i = 0; i < proof->path_n; i++) {
        zh_base64_write((zh_str){(const char *)proof->path[i].b, ZH_DIGEST_BYTES}, out);
        zh_buf_c(out, '\n');
    }
    zh_buf_c(out, '\n');
    zh_buf_str(out, proof->note);
}

static zh_rc malformed(const char *why, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "tlog-proof.format", "不是有效的存证证明文件：%s", why);
    zh_err_clause(err, "C2SP tlog-proof, Format");
    return ZH_EINVAL;
}

static bool extra_valid(zh_str text)
{
    /* Decoded into nothing: only whether it is Base 64 matters. */
    if (text.n == 0 || text.n > ZH_TLOG_EXTRA_BYTES_MAX / 3 * 4) {
        return text.n == 0;
    }
    char piece[48];
    size_t n;
    for (; text.n > 64; text = zh_str_sub(text, 64, text.n)) {
        if (!zh_base64_read(zh_str_sub(text, 0, 64), piece, sizeof(piece), &n) || n != 48) {
            return false;
        }
    }
    return zh_base64_read(text, piece, sizeof(piece), &n);
}

zh_rc zh_tlog_proof_parse(zh_str text, zh_tlog_proof *out, zh_err *err)
{
    zh_str rest = text;
    zh_str line;
    *out = (zh_tlog_proof){.index = 0};
    if (text.n > ZH_TLOG_PROOF_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "tlog-proof.size", "存证证明文件超过 %zu 字节",
                          ZH_TLOG_PROOF_BYTES_MAX);
    }
    if (!zh_str_split(&rest, '\n', &line) || !zh_str_is(line, HEAD)) {
        return malformed("首行应为 c2sp.org/tlog-proof@v1", err);
    }
    bool more = zh_str_split(&rest, '\n', &line);
    if (more && zh_str_starts(line, ZH_STR("extra "))) {
        out->extra = zh_str_sub(line, 6, line.n);
        if (!extra_valid(out->extra)) {
            return malformed("extra 行不是 Base64 或过长", err);
        }
        more = zh_str_split(&rest, '\n', &line);
    }
    if (!more || !zh_str_starts(line, ZH_STR("index ")) ||
        !zh_note_number(zh_str_sub(line, 6, line.n), &out->index)) {
        return malformed("index 行缺失或不是无前导零的十进制数", err);
    }
    while (zh_str_split(&rest, '\n', &line) && line.n > 0) {
        size_t n;
        if (out->path_n == ZH_TREE_PATH_MAX ||
            !zh_base64_read(line, out->path[out->path_n].b, ZH_DIGEST_BYTES, &n) ||
            n != ZH_DIGEST_BYTES) {
            return malformed("路径行应为 32 字节散列的 Base64，至多 64 行，其后一个空行", err);
        }
        out->path_n++;
    }
    if (!rest.p) {
        return malformed("缺少检查点", err);
    }
    out->note = rest;
    return ZH_OK;
}

zh_rc zh_tlog_proof_check(const zh_tlog_proof *proof, const zh_policy *policy,
                          const zh_digest *leaf, zh_opened *opened, zh_err *err)
{
    zh_rc rc = zh_policy_open(policy, proof->note, opened, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_hash hash;
    zh_hash_begin(&hash, zh_key_tree_alg(opened->log->type));
    rc = zh_tree_check_inclusion(&hash, leaf, proof->index, opened->checkpoint.size, proof->path,
                                 proof->path_n, &opened->checkpoint.root, err);
    zh_hash_release(&hash);
    return rc;
}

zh_rc zh_tlog_proof_check_entry(const zh_tlog_proof *proof, const zh_policy *policy, zh_str entry,
                                zh_opened *opened, zh_err *err)
{
    zh_rc rc = zh_policy_open(policy, proof->note, opened, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_hash hash;
    zh_digest leaf;
    zh_hash_begin(&hash, zh_key_tree_alg(opened->log->type));
    zh_tree_leaf(&hash, entry.p, entry.n, &leaf);
    rc = zh_tree_check_inclusion(&hash, &leaf, proof->index, opened->checkpoint.size, proof->path,
                                 proof->path_n, &opened->checkpoint.root, err);
    zh_hash_release(&hash);
    return rc;
}
