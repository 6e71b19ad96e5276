/* The witness protocol as text and decision. The order of the checks is that of the answers in
 * C2SP tlog-witness, "add-checkpoint". */
#include "proof/witness.h"
#include <string.h>

void zh_witness_request_write(uint64_t old, const zh_digest *path, size_t path_n, zh_str note,
                              zh_buf *out)
{
    zh_buf_fmt(out, "old %llu\n", (unsigned long long)old);
    for (size_t i = 0; i < path_n; i++) {
        zh_base64_write((zh_str){(const char *)path[i].b, ZH_DIGEST_BYTES}, out);
        zh_buf_c(out, '\n');
    }
    zh_buf_c(out, '\n');
    zh_buf_str(out, note);
}

static zh_rc malformed(const char *why, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "witness.request", "不是有效的见证请求：%s", why);
    zh_err_clause(err, "C2SP tlog-witness, add-checkpoint");
    return ZH_EINVAL;
}

zh_rc zh_witness_request_parse(zh_str body, zh_witness_request *out, zh_err *err)
{
    zh_str rest = body;
    zh_str line;
    *out = (zh_witness_request){.old = 0};
    if (body.n > ZH_WITNESS_BODY_BYTES) {
        return malformed("过长", err);
    }
    if (!zh_str_split(&rest, '\n', &line) || !zh_str_starts(line, ZH_STR("old ")) ||
        !zh_note_number(zh_str_sub(line, 4, line.n), &out->old)) {
        return malformed("首行应为 old 和无前导零的十进制数", err);
    }
    while (zh_str_split(&rest, '\n', &line) && line.n > 0) {
        size_t n;
        if (out->path_n == ZH_WITNESS_PROOF_MAX ||
            !zh_base64_read(line, out->path[out->path_n].b, ZH_DIGEST_BYTES, &n) ||
            n != ZH_DIGEST_BYTES) {
            return malformed("一致性证明行应为 32 字节散列的 Base64，至多 63 行，其后一个空行",
                             err);
        }
        out->path_n++;
    }
    if (!rest.p) {
        return malformed("缺少检查点", err);
    }
    out->note = rest;
    return ZH_OK;
}

/* 200 when a known key signed; else 403 or 404. */
static int check_log(const zh_policy *policy, const zh_note *note, zh_str origin,
                     const zh_verifier **log, zh_err *err)
{
    bool known = false;
    *log = NULL;
    for (size_t i = 0; i < policy->nlogs && !*log; i++) {
        if (zh_str_is(origin, policy->logs[i].key.name)) {
            known = true;
            zh_rc rc = zh_note_check(note, &policy->logs[i].key, NULL, NULL);
            *log = rc == ZH_OK ? &policy->logs[i].key : NULL;
        }
    }
    if (*log) {
        return 200;
    }
    zh_err_set(err, ZH_EDENIED, known ? "witness.signature" : "witness.origin",
               known ? "检查点没有该日志已登记公钥的有效签名" : "未登记的日志");
    zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(origin, 0, 160)));
    return known ? 403 : 404;
}

/* Whether the checkpoint continues what is kept. */
static int check_growth(const zh_witness_request *request, const zh_checkpoint *checkpoint,
                        const zh_witness_state *kept, const zh_verifier *log, zh_err *err)
{
    if (request->old != kept->size) {
        zh_err_set(err, ZH_ECONFLICT, "witness.stale",
                   "请求从大小 %llu 起，但上次见证的大小是 %llu", (unsigned long long)request->old,
                   (unsigned long long)kept->size);
        return 409;
    }
    if (kept->size == checkpoint->size && kept->size > 0 &&
        !zh_digest_eq(&kept->root, &checkpoint->root)) {
        zh_err_set(err, ZH_ECONFLICT, "witness.fork",
                   "大小 %llu 已见证过另一个树根：日志给出了两个不同的历史",
                   (unsigned long long)kept->size);
        return 409;
    }
    zh_rc rc;
    if (request->old == 0) {
        rc = request->path_n == 0
                 ? ZH_OK
                 : zh_err_set(err, ZH_EINVAL, "witness.proof", "从空日志起的一致性证明应为空");
    } else {
        zh_hash hash;
        zh_hash_begin(&hash, zh_key_tree_alg(log->type));
        rc = zh_tree_check_consistency(&hash, kept->size, &kept->root, checkpoint->size,
                                       &checkpoint->root, request->path, request->path_n, err);
        zh_hash_release(&hash);
    }
    return rc == ZH_OK ? 200 : 422;
}

zh_rc zh_witness_decide(zh_str body, const zh_policy *policy, zh_witness_known known, void *context,
                        zh_witness_answer *out, zh_err *err)
{
    zh_witness_request request;
    zh_note note;
    *out = (zh_witness_answer){.status = 400};
    if (zh_witness_request_parse(body, &request, err) != ZH_OK ||
        zh_note_parse(request.note, &note, err) != ZH_OK ||
        zh_checkpoint_parse(note.text, &out->checkpoint, err) != ZH_OK) {
        return ZH_OK;
    }
    const zh_verifier *log;
    out->text = note.text;
    out->status = check_log(policy, &note, out->checkpoint.origin, &log, err);
    if (out->status != 200) {
        return ZH_OK;
    }
    if (request.old > out->checkpoint.size) {
        out->status = 400;
        (void)malformed("old 大于检查点的大小", err);
        return ZH_OK;
    }
    zh_witness_state kept = {.size = 0};
    zh_rc rc = known(context, out->checkpoint.origin, &kept, err);
    if (rc != ZH_OK) {
        return rc;
    }
    out->kept = kept.size;
    out->status = check_growth(&request, &out->checkpoint, &kept, log, err);
    out->next = (zh_witness_state){out->checkpoint.size, out->checkpoint.root};
    return ZH_OK;
}

zh_rc zh_witness_accept(zh_str note, zh_str answer, const zh_verifier *witness, zh_buf *out,
                        zh_err *err)
{
    zh_note own;
    zh_note theirs;
    zh_buf joined;
    zh_rc rc = zh_note_parse(note, &own, err);
    if (rc != ZH_OK) {
        return rc;
    }
    /* Their lines under our text: what they sent is never taken for more than signatures. */
    zh_buf_init(&joined, ZH_NOTE_BYTES_MAX);
    zh_buf_str(&joined, own.text);
    zh_buf_c(&joined, '\n');
    zh_buf_str(&joined, answer);
    bool found = !joined.failed && zh_note_parse(zh_buf_view(&joined), &theirs, NULL) == ZH_OK &&
                 zh_str_eq(theirs.text, own.text) &&
                 zh_note_check(&theirs, witness, NULL, NULL) == ZH_OK;
    for (size_t i = 0; found && i < theirs.n; i++) {
        if (theirs.signatures[i].id == witness->id &&
            zh_str_is(theirs.signatures[i].name, witness->name)) {
            zh_buf_str(out, theirs.signatures[i].line);
            break;
        }
    }
    zh_buf_free(&joined);
    if (!found) {
        zh_err_set(err, ZH_EINVAL, "witness.answer", "见证方的应答中没有其有效签名");
        zh_err_where(err, "%s", witness->name);
        return ZH_EINVAL;
    }
    return ZH_OK;
}
