/* Trust policies: the text, and the verdict on a checkpoint. */
#include "proof/policy.h"
#include <string.h>

#define GROUP_SHIFT 32 /* bits of groups in a member set stand above those of witnesses */

static bool same_point(const zh_verifier *a, const zh_verifier *b)
{
    return (a->type == ZH_KEY_SM2) == (b->type == ZH_KEY_SM2) &&
           memcmp(a->point, b->point, sizeof(a->point)) == 0;
}

static zh_rc duplicate(const zh_verifier *key, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "policy.duplicate", "信任策略中同一把公钥出现两次");
    zh_err_where(err, "%s", key->name);
    return ZH_EINVAL;
}

static zh_rc too_many(const char *what, int max, zh_err *err)
{
    return zh_err_set(err, ZH_ELIMIT, "policy.size", "信任策略的%s超过 %d 个", what, max);
}

zh_rc zh_policy_add_log(zh_policy *policy, const zh_verifier *log, zh_err *err)
{
    if (policy->nlogs == ZH_POLICY_LOGS_MAX) {
        return too_many("日志", ZH_POLICY_LOGS_MAX, err);
    }
    for (size_t i = 0; i < policy->nlogs; i++) {
        if (same_point(&policy->logs[i].key, log)) {
            return duplicate(log, err);
        }
    }
    policy->logs[policy->nlogs++] = (zh_policy_log){.key = *log};
    return ZH_OK;
}

void zh_policy_of_log(const zh_verifier *log, zh_policy *out)
{
    memset(out, 0, sizeof(*out));
    out->logs[out->nlogs++] = (zh_policy_log){.key = *log};
}

/* The bit of a name; 0 when it is not defined. */
static uint64_t bit_of(const zh_policy *policy, zh_str name)
{
    for (size_t i = 0; i < policy->nwitnesses; i++) {
        if (zh_str_eq(policy->witnesses[i].name, name)) {
            return (uint64_t)1 << i;
        }
    }
    for (size_t i = 0; i < policy->ngroups; i++) {
        if (zh_str_eq(policy->groups[i].name, name)) {
            return (uint64_t)1 << (GROUP_SHIFT + i);
        }
    }
    return 0;
}

static bool name_free(const zh_policy *policy, zh_str name)
{
    return name.n > 0 && !zh_str_is(name, "none") && bit_of(policy, name) == 0;
}

zh_rc zh_policy_add_witness(zh_policy *policy, zh_str name, const zh_verifier *key, zh_str url,
                            zh_err *err)
{
    if (policy->nwitnesses == ZH_POLICY_WITNESSES_MAX) {
        return too_many("见证方", ZH_POLICY_WITNESSES_MAX, err);
    }
    for (size_t i = 0; i < policy->nwitnesses; i++) {
        if (same_point(&policy->witnesses[i].key, key)) {
            return duplicate(key, err);
        }
    }
    if (key->type != ZH_KEY_COSIGNATURE || !name_free(policy, name)) {
        zh_err_set(err, ZH_EINVAL, "policy.witness",
                   "见证方的公钥类型不是见证签名(0x04)，或名称重复");
        zh_err_where(err, "%s", key->name);
        return ZH_EINVAL;
    }
    policy->witnesses[policy->nwitnesses++] =
        (zh_policy_witness){.name = name, .key = *key, .url = url};
    return ZH_OK;
}

zh_rc zh_policy_require(zh_policy *policy, unsigned k, zh_err *err)
{
    if (k > policy->nwitnesses) {
        return zh_err_set(err, ZH_EINVAL, "policy.quorum",
                          "要求 %u 个见证方签名，但策略只列出 %zu 个", k, policy->nwitnesses);
    }
    if (k == 0) {
        policy->quorum = 0;
        return ZH_OK;
    }
    if (policy->ngroups == ZH_POLICY_GROUPS_MAX) {
        return too_many("组", ZH_POLICY_GROUPS_MAX, err);
    }
    policy->groups[policy->ngroups] =
        (zh_policy_group){.name = ZH_STR("+quorum"), /* no key name has a plus */
                          .k = k,
                          .members = ((uint64_t)1 << policy->nwitnesses) - 1};
    policy->quorum = (uint64_t)1 << (GROUP_SHIFT + policy->ngroups++);
    return ZH_OK;
}

bool zh_policy_satisfied(const zh_policy *policy, uint32_t witnesses)
{
    uint64_t have = witnesses;
    for (size_t i = 0; i < policy->ngroups; i++) { /* members stand before their group */
        const zh_policy_group *group = &policy->groups[i];
        if ((unsigned)__builtin_popcountll(group->members & have) >= group->k) {
            have |= (uint64_t)1 << (GROUP_SHIFT + i);
        }
    }
    return policy->quorum == 0 || (have & policy->quorum) != 0;
}

/* ---- the text ---- */

struct reader {
    zh_policy *policy;
    uint64_t used; /* members of some group */
    bool quorum;   /* the line has been read */
    size_t line;
    zh_err *err;
};

static zh_rc bad_line(struct reader *reader, const char *why)
{
    zh_err_set(reader->err, ZH_EINVAL, "policy.line", "信任策略第 %zu 行：%s", reader->line, why);
    zh_err_clause(reader->err, "C2SP tlog-policy");
    return ZH_EINVAL;
}

/* Next word off *rest; an empty one at the end. */
static zh_str take_word(zh_str *rest)
{
    size_t from = 0;
    while (from < rest->n && (rest->p[from] == ' ' || rest->p[from] == '\t')) {
        from++;
    }
    size_t to = from;
    while (to < rest->n && rest->p[to] != ' ' && rest->p[to] != '\t') {
        to++;
    }
    zh_str word = zh_str_sub(*rest, from, to - from);
    *rest = zh_str_sub(*rest, to, rest->n);
    return word;
}

static zh_rc read_log(struct reader *reader, zh_str rest)
{
    zh_verifier key;
    zh_rc rc = zh_verifier_parse(take_word(&rest), &key, reader->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str url = take_word(&rest);
    if (take_word(&rest).n > 0 || key.type == ZH_KEY_COSIGNATURE) {
        return bad_line(reader, "应为“log 公钥 [网址]”,且公钥是日志的");
    }
    rc = zh_policy_add_log(reader->policy, &key, reader->err);
    if (rc == ZH_OK) {
        reader->policy->logs[reader->policy->nlogs - 1].url = url;
    }
    return rc;
}

static zh_rc read_witness(struct reader *reader, zh_str rest)
{
    zh_verifier key;
    zh_str name = take_word(&rest);
    zh_rc rc = zh_verifier_parse(take_word(&rest), &key, reader->err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str url = take_word(&rest);
    if (take_word(&rest).n > 0) {
        return bad_line(reader, "应为“witness 名称 公钥 [网址]”");
    }
    return zh_policy_add_witness(reader->policy, name, &key, url, reader->err);
}

static zh_rc read_group(struct reader *reader, zh_str rest)
{
    zh_policy *policy = reader->policy;
    zh_policy_group group = {.name = take_word(&rest)};
    zh_str threshold = take_word(&rest);
    uint64_t k = 0;
    if (policy->ngroups == ZH_POLICY_GROUPS_MAX) {
        return too_many("组", ZH_POLICY_GROUPS_MAX, reader->err);
    }
    if (!name_free(policy, group.name)) {
        return bad_line(reader, "组名缺失、重复或为 none");
    }
    for (zh_str word = take_word(&rest); word.n > 0; word = take_word(&rest)) {
        uint64_t bit = bit_of(policy, word);
        if (bit == 0 || (reader->used & bit)) {
            return bad_line(reader, "组的成员应在前面定义过，且只属于一个组");
        }
        reader->used |= bit;
        group.members |= bit;
    }
    unsigned n = (unsigned)__builtin_popcountll(group.members);
    if (zh_str_is(threshold, "all")) {
        k = n;
    } else if (zh_str_is(threshold, "any")) {
        k = 1;
    } else if (!zh_note_number(threshold, &k)) {
        k = 0;
    }
    if (k < 1 || k > n) {
        return bad_line(reader, "组的人数要求应为 all、any 或 1 到成员数");
    }
    group.k = (unsigned)k;
    policy->groups[policy->ngroups++] = group;
    return ZH_OK;
}

static zh_rc read_quorum(struct reader *reader, zh_str rest)
{
    zh_str name = take_word(&rest);
    uint64_t bit = bit_of(reader->policy, name);
    if (reader->quorum || take_word(&rest).n > 0 || (bit == 0 && !zh_str_is(name, "none"))) {
        return bad_line(reader, "quorum 只能有一行，后跟已定义的名称或 none");
    }
    reader->policy->quorum = bit;
    reader->quorum = true;
    return ZH_OK;
}

static zh_rc read_line(struct reader *reader, zh_str line)
{
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return bad_line(reader, "含控制字符");
        }
    }
    zh_str rest = line;
    zh_str word = take_word(&rest);
    if (word.n == 0 || word.p[0] == '#') {
        return ZH_OK;
    }
    if (zh_str_is(word, "log")) {
        return read_log(reader, rest);
    }
    if (zh_str_is(word, "witness")) {
        return read_witness(reader, rest);
    }
    if (zh_str_is(word, "group")) {
        return read_group(reader, rest);
    }
    if (zh_str_is(word, "quorum")) {
        return read_quorum(reader, rest);
    }
    return bad_line(reader, "应以 log、witness、group 或 quorum 开头");
}

zh_rc zh_policy_parse(zh_str text, zh_policy *out, zh_err *err)
{
    memset(out, 0, sizeof(*out));
    if (text.n > ZH_POLICY_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "policy.size", "信任策略超过 %zu 字节",
                          ZH_POLICY_BYTES_MAX);
    }
    struct reader reader = {.policy = out, .err = err};
    zh_str line;
    zh_rc rc = ZH_OK;
    while (rc == ZH_OK && zh_str_split(&text, '\n', &line)) {
        reader.line++;
        rc = read_line(&reader, line);
    }
    if (rc == ZH_OK && !reader.quorum) {
        rc = bad_line(&reader, "缺少 quorum 行(不要求见证时写 quorum none)");
    }
    if (rc != ZH_OK) {
        zh_err_where(err, "第 %zu 行", reader.line);
    }
    return rc;
}

/* ---- the verdict ---- */

static zh_rc find_log(const zh_policy *policy, const zh_note *note, zh_opened *out, zh_err *err)
{
    for (size_t i = 0; i < policy->nlogs; i++) {
        const zh_verifier *key = &policy->logs[i].key;
        if (!zh_str_is(out->checkpoint.origin, key->name)) {
            continue;
        }
        zh_rc rc = zh_note_check(note, key, NULL, err);
        if (rc == ZH_EINVAL) {
            return rc;
        }
        if (rc == ZH_OK && !out->log) {
            out->log = key;
        }
    }
    if (!out->log) {
        zh_err_set(err, ZH_EDENIED, "policy.log", "检查点没有受信任日志的签名");
        zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(out->checkpoint.origin, 0, 160)));
        zh_err_fix(err, "核对验证公钥是否为该日志的；公钥应从可信渠道取得，而不是随证明一起");
        return ZH_EDENIED;
    }
    return ZH_OK;
}

/* Earliest time by which witnesses enough had seen it; 0 when none are asked for. */
static uint64_t quorum_time(const zh_policy *policy, uint32_t witnesses,
                            const uint64_t times[ZH_POLICY_WITNESSES_MAX])
{
    uint64_t best = 0;
    for (size_t i = 0; i < policy->nwitnesses && policy->quorum != 0; i++) {
        uint32_t seen = 0;
        for (size_t j = 0; j < policy->nwitnesses; j++) {
            if ((witnesses >> j & 1) && times[j] <= times[i]) {
                seen |= (uint32_t)1 << j;
            }
        }
        if ((witnesses >> i & 1) && (best == 0 || times[i] < best) &&
            zh_policy_satisfied(policy, seen)) {
            best = times[i];
        }
    }
    return best;
}

zh_rc zh_policy_open(const zh_policy *policy, zh_str bytes, zh_opened *out, zh_err *err)
{
    zh_note note;
    uint64_t times[ZH_POLICY_WITNESSES_MAX] = {0};
    memset(out, 0, sizeof(*out));
    zh_rc rc = zh_note_parse(bytes, &note, err);
    if (rc == ZH_OK) {
        rc = zh_checkpoint_parse(note.text, &out->checkpoint, err);
    }
    if (rc == ZH_OK) {
        rc = find_log(policy, &note, out, err);
    }
    for (size_t i = 0; i < policy->nwitnesses && rc == ZH_OK; i++) {
        zh_rc found = zh_note_check(&note, &policy->witnesses[i].key, &times[i], err);
        if (found == ZH_OK) {
            out->witnesses |= (uint32_t)1 << i;
            out->nwitnesses++;
        } else if (found != ZH_ENOTFOUND) {
            rc = found;
        }
    }
    if (rc == ZH_OK && !zh_policy_satisfied(policy, out->witnesses)) {
        zh_err_set(err, ZH_EDENIED, "policy.quorum", "见证签名不足：只有 %u 个受信任的见证方签名",
                   out->nwitnesses);
        zh_err_where(err, "%.*s", ZH_FMT(zh_str_sub(out->checkpoint.origin, 0, 160)));
        zh_err_fix(err, "向日志方索取带足见证签名的检查点");
        rc = ZH_EDENIED;
    }
    if (rc == ZH_OK) {
        out->time_s = quorum_time(policy, out->witnesses, times);
    }
    return rc;
}
