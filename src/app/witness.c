/* The log's side of the witness protocol, over HTTP. */
#include "app/witness.h"
#include "net/client.h"

struct gather {
    zh_arena *arena;
    zh_str note;
    zh_checkpoint checkpoint;
    zh_hash hash; /* of the tree */
    const zh_tree_source *source;
    unsigned timeout_ms;
};

/* One request from size `old`. */
static zh_rc ask(struct gather *g, const zh_policy_witness *witness, uint64_t old,
                 zh_client_answer *out, zh_err *err)
{
    zh_digest path[ZH_TREE_CONSISTENCY_MAX];
    size_t n;
    zh_buf body;
    zh_rc rc =
        zh_tree_prove_consistency(&g->hash, g->source, old, g->checkpoint.size, path, &n, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str base = witness->url;
    while (zh_str_ends(base, ZH_STR("/"))) {
        base.n--;
    }
    zh_str url = zh_str_fmt(g->arena, "%.*s/add-checkpoint", ZH_FMT(base));
    zh_buf_init(&body, ZH_WITNESS_BODY_BYTES);
    zh_witness_request_write(old, path, n, g->note, &body);
    rc = zh_client_post(g->arena, url, "text/plain; charset=utf-8", zh_buf_view(&body),
                        g->timeout_ms, out, err);
    zh_buf_free(&body);
    return rc;
}

/* The size in a 409 that says the witness is elsewhere. */
static bool stale_size(const zh_client_answer *answer, uint64_t *size)
{
    return answer->status == 409 && zh_str_starts(answer->type, ZH_STR("text/x.tlog.size")) &&
           zh_note_number(zh_str_trim(answer->body), size);
}

static zh_rc ask_witness(struct gather *g, const zh_policy_witness *witness, uint64_t *size,
                         zh_buf *lines, zh_err *err)
{
    zh_client_answer answer;
    uint64_t old = *size <= g->checkpoint.size ? *size : 0;
    uint64_t theirs;
    zh_rc rc = ask(g, witness, old, &answer, err);
    if (rc == ZH_OK && stale_size(&answer, &theirs) && theirs != old) {
        *size = theirs;
        if (theirs > g->checkpoint.size) {
            return zh_err_set(err, ZH_ECONFLICT, "witness.ahead",
                              "见证方已见证过大小 %llu，大于本检查点：本机日志可能被回退过",
                              (unsigned long long)theirs);
        }
        rc = ask(g, witness, theirs, &answer, err);
    }
    if (rc == ZH_OK && answer.status != 200) {
        zh_str said = zh_str_sub(zh_str_trim(answer.body), 0, 120);
        rc = zh_err_set(err, ZH_EDENIED, "witness.refused", "见证方拒绝签名(HTTP %d):%.*s",
                        answer.status, ZH_FMT(said));
    }
    if (rc == ZH_OK) {
        rc = zh_witness_accept(g->note, answer.body, &witness->key, lines, err);
    }
    if (rc == ZH_OK) {
        *size = g->checkpoint.size;
    }
    return rc;
}

zh_rc zh_witness_gather(zh_arena *arena, const zh_policy *policy, zh_str note,
                        const zh_tree_source *source, unsigned timeout_ms, zh_witness_sizes *sizes,
                        zh_buf *lines, uint32_t *cosigned, zh_err *err)
{
    struct gather g = {.arena = arena, .note = note, .source = source, .timeout_ms = timeout_ms};
    zh_note parsed;
    zh_err said = {0};
    *cosigned = 0;
    zh_rc rc = zh_note_parse(note, &parsed, err);
    if (rc == ZH_OK) {
        rc = zh_checkpoint_parse(parsed.text, &g.checkpoint, err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_hash_begin(&g.hash,
                  policy->nlogs > 0 ? zh_key_tree_alg(policy->logs[0].key.type) : ZH_HASH_SHA256);
    zh_buf silent;
    zh_buf_init(&silent, sizeof(err->message));
    for (size_t i = 0; i < policy->nwitnesses; i++) {
        const zh_policy_witness *witness = &policy->witnesses[i];
        if (witness->url.n == 0) {
            continue;
        }
        zh_err_again(&said);
        if (ask_witness(&g, witness, &sizes->size[i], lines, &said) == ZH_OK) {
            *cosigned |= (uint32_t)1 << i;
        } else if (silent.n < 400) {
            zh_buf_fmt(&silent, " %s:%s;", witness->key.name, said.message);
        }
    }
    zh_hash_release(&g.hash);
    if (!zh_policy_satisfied(policy, *cosigned)) {
        rc = zh_err_set(err, ZH_EDENIED, "policy.quorum", "见证签名不足。%.*s",
                        ZH_FMT(zh_buf_view(&silent)));
        zh_err_fix(err, "检查见证服务是否在运行、网址与公钥是否正确；稍后会再请求");
    }
    zh_buf_free(&silent);
    return rc;
}
