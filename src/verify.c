/* zhiheng-verify: checks proofs, figures and whole logs without the operator's software: no
 * database, no network, no server. It trusts only the keys it is given.
 *
 *   zhiheng-verify (--key VKEY | --policy FILE) FILE|DIR...
 *
 * What an argument is, is seen from its contents: a .tlog-proof (the entry comes from --entry or
 * from a disclosure file named before it), a disclosure file, a figure file, or the directory of a
 * log. Exit 0: everything is proven; 1: something is not; 2: wrong use, or a file cannot be read.
 */
#include "base/os.h"
#include "base/time.h"
#include "base/version.h"
#include "proof/log_check.h"
#include "proof/opening.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROVEN = 0, REFUTED = 1, MISUSED = 2 };

static const char USAGE[] =
    "用法 usage: zhiheng-verify (--key 公钥|--policy 策略文件) [选项] 文件或目录...\n"
    "\n"
    "  不连数据库、不连网络，只凭给定的公钥核验。Verifies offline, trusting only the keys given.\n"
    "\n"
    "  文件 FILE    .tlog-proof 存证证明、披露文件、.figure.json 数字开示文件\n"
    "  目录 DIR     整个日志(checkpoint、checkpoints、tile/…)，全部从零重算\n"
    "\n"
    "  --key VKEY     日志或见证方的公钥(可多次);VKEY 以 @ 开头时从文件逐行读\n"
    "  --policy FILE  C2SP tlog-policy 信任策略;--key 不能与它同用\n"
    "  --witnesses K  至少 K 个见证方的签名(与 --key 同用，默认 0)\n"
    "  --entry HEX    .tlog-proof 所证明的条目(十六进制)；也可在其前给出披露文件\n"
    "  --twin DIR     国密日志的目录：与前一个日志目录逐条对照\n"
    "  --show         显示披露的字段与开示的记录\n"
    "  --version, --help\n"
    "\n"
    "退出码 exit: 0 全部成立 proven, 1 有不成立 refuted, 2 用法或读取错误 usage or I/O\n";

struct verify {
    zh_arena *arena;
    zh_policy policy;
    bool has_policy;
    bool from_file; /* --policy gave it */
    bool show;
    unsigned witnesses;
    const uint8_t *entry; /* of the next .tlog-proof; NULL: none given */
    size_t entry_n;
    bool unproven;    /* the last disclosure waits for its .tlog-proof */
    bool passed_over; /* one waited in vain: another came before its proof */
    const char *log;  /* the last directory that was proven, for --twin */
    uint64_t log_size;
    zh_err err;
};

/* ---- what is said ---- */

static void say(const char *format, ...) ZH_PRINTF(1, 2);

static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}

/* A step that holds. */
static void good(const char *format, ...) ZH_PRINTF(1, 2);

static void good(const char *format, ...)
{
    va_list arguments;
    (void)fputs("  ✓ ", stdout);
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}

/* The verdict on an argument that does not hold, or cannot be read; clears the error. */
static int bad(struct verify *v, const char *path)
{
    bool unreadable = v->err.rc == ZH_EIO || v->err.rc == ZH_ENOTFOUND || v->err.rc == ZH_ENOMEM ||
                      v->err.rc == ZH_ELIMIT;
    say("  ✗ %s", v->err.message);
    if (v->err.where[0] != '\0') {
        say("    在 at: %s", v->err.where);
    }
    if (v->err.clause[0] != '\0') {
        say("    依据 rule: %s", v->err.clause);
    }
    if (v->err.fix[0] != '\0') {
        say("    办法 what to do: %s", v->err.fix);
    }
    say("%s: %s [%s]", unreadable ? "无法核验 CANNOT CHECK" : "不成立 REFUTED", path, v->err.rule);
    zh_err_clear(&v->err);
    return unreadable ? MISUSED : REFUTED;
}

static int proven(const char *path)
{
    say("成立 PROVEN: %s", path);
    return PROVEN;
}

static void say_time(const char *label, uint64_t ms)
{
    char text[40];
    if (ms <= (uint64_t)253402300799999) { /* 9999-12-31, what zh_time writes */
        zh_time_format((zh_time)ms * 1000, text);
        good("%s: %s", label, text);
    }
}

static void say_checkpoint(const zh_opened *opened)
{
    good("检查点签名 checkpoint signature: %.*s, 大小 size %llu", ZH_FMT(opened->checkpoint.origin),
         (unsigned long long)opened->checkpoint.size);
    if (opened->nwitnesses > 0) {
        good("见证签名 cosignatures: %u", opened->nwitnesses);
    }
    if (opened->time_s > 0) {
        say_time("最迟已存在于 existed by", opened->time_s * 1000);
    }
}

static const char *kind_name(zh_entry_kind kind)
{
    switch (kind) {
    case ZH_ENTRY_EVIDENCE: return "存证 evidence";
    case ZH_ENTRY_CORRECTION: return "更正 correction";
    case ZH_ENTRY_ERASURE: return "删除公告 erasure notice";
    case ZH_ENTRY_FIGURE: return "公布的数字 published figure";
    case ZH_ENTRY_DRAW_COMMIT: return "抽取承诺 draw commitment";
    case ZH_ENTRY_DRAW_RESULT: return "抽取结果 draw result";
    }
    return "?";
}

/* ---- files ---- */

static void show_field(const zh_record_field *field)
{
    char number[24];
    zh_str value = field->value;
    if (field->type == ZH_FIELD_U64) {
        uint64_t n = 0;
        for (size_t i = 0; i < value.n; i++) {
            n = n << 8 | (uint8_t)value.p[i];
        }
        (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)n);
        value = zh_str_of(number);
    } else if (field->type == ZH_FIELD_BYTES) {
        say("      %.*s = (%zu 字节 bytes)", ZH_FMT(field->name), value.n);
        return;
    } else if (field->type == ZH_FIELD_NULL) {
        value = ZH_STR("(空 null)");
    }
    say("      %.*s = %.*s", ZH_FMT(field->name), ZH_FMT(value));
}

static void say_disclosure(const struct verify *v, const zh_disclosure_file *file)
{
    good("条目 entry: %s, 主体 subject %llu", kind_name(file->entry.kind),
         (unsigned long long)file->entry.subject);
    say_time("登记时间 recorded", file->entry.time_ms);
    good("字段 fields: %zu / %u 个与记录根一致 match the record root", file->n, file->entry.n);
    for (size_t i = 0; i < file->n && v->show; i++) {
        show_field(&file->fields[i].field);
    }
}

static zh_rc check_proof(struct verify *v, zh_str text, zh_str entry)
{
    zh_tlog_proof proof;
    zh_opened opened;
    zh_rc rc = zh_tlog_proof_parse(text, &proof, &v->err);
    if (rc == ZH_OK) {
        rc = zh_tlog_proof_check_entry(&proof, &v->policy, entry, &opened, &v->err);
    }
    if (rc == ZH_OK) {
        say_checkpoint(&opened);
        good("包含证明 inclusion: 位置 index %llu, 路径 path %zu", (unsigned long long)proof.index,
             proof.path_n);
    }
    return rc;
}

static int verify_proof(struct verify *v, const char *path, zh_str text)
{
    if (!v->entry) {
        (void)fprintf(stderr,
                      "%s: 证明需要条目：用 --entry HEX，或在它前面给出披露文件\n"
                      "the proof needs its entry: --entry HEX, or a disclosure file before it\n",
                      path);
        return MISUSED;
    }
    zh_str entry = {(const char *)v->entry, v->entry_n};
    v->entry = NULL;
    v->unproven = false;
    return check_proof(v, text, entry) == ZH_OK ? proven(path) : bad(v, path);
}

static int verify_disclosure(struct verify *v, const char *path, zh_str text)
{
    zh_disclosure_file file;
    if (zh_disclosure_read(v->arena, text, &file, &v->err) != ZH_OK ||
        zh_disclosure_file_check(&file, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    say_disclosure(v, &file);
    uint8_t *kept = zh_arena_alloc(v->arena, ZH_RECORD_ENTRY_BYTES);
    memcpy(kept, file.entry_bytes, ZH_RECORD_ENTRY_BYTES);
    zh_str entry = {(const char *)kept, ZH_RECORD_ENTRY_BYTES};
    v->entry = kept;
    v->entry_n = entry.n;
    v->passed_over |= v->unproven;
    v->unproven = !file.proof.p;
    if (v->unproven) {
        say("  … 还需其后的 .tlog-proof its .tlog-proof must follow");
        return PROVEN;
    }
    return check_proof(v, file.proof, entry) == ZH_OK ? proven(path) : bad(v, path);
}

static int verify_figure(struct verify *v, const char *path, zh_str text)
{
    zh_opening_file file;
    zh_opening_result r;
    if (zh_opening_read(v->arena, text, &file, &v->err) != ZH_OK ||
        zh_opening_check(&file, &v->policy, &r, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    say_checkpoint(&r.opened);
    good("数字 figure: %.*s = %.*s (%.*s / %.*s), 位置 index %llu", ZH_FMT(r.indicator),
         ZH_FMT(r.value), ZH_FMT(r.numerator),
         ZH_FMT(r.denominator.n > 0 ? r.denominator : ZH_STR("-")), (unsigned long long)r.index);
    say_time("公布时间 published", file.figure.entry.time_ms);
    good("计算时的检查点 computed at size %llu", (unsigned long long)r.checkpoint_size);
    good("明细 detail: %llu 行与存证根一致 rows match detail_root", (unsigned long long)r.details);
    good("候选 frame: 计入 %llu, 排除 %llu(各有理由) included, excluded",
         (unsigned long long)r.included, (unsigned long long)r.excluded);
    if (r.recounted) {
        good("重算 recount: 各行合计等于分子、分母 sums equal numerator and denominator");
    }
    if (r.revalued) {
        good("数值由分子、分母得出 value follows from them");
    }
    if (r.records > 0) {
        good("逐条打开 records opened: %zu", r.records);
    }
    for (size_t i = 0; i < file.n && v->show; i++) {
        say("    位置 index %llu", (unsigned long long)file.records[i].index);
        for (size_t j = 0; j < file.records[i].shown.n; j++) {
            show_field(&file.records[i].shown.fields[j].field);
        }
    }
    return proven(path);
}

/* ---- directories ---- */

static zh_rc read_below(struct verify *v, const char *directory, const char *name, size_t max,
                        zh_str *out, zh_err *err)
{
    const char *path = zh_str_c(v->arena, zh_str_fmt(v->arena, "%s/%s", directory, name));
    return zh_file_read(v->arena, path, max, out, err);
}

static int verify_log(struct verify *v, const char *path)
{
    zh_tile_store store = zh_tile_directory(path);
    zh_log_report report;
    zh_str newest;
    zh_str history = ZH_STR_NONE;
    uint64_t since = zh_monotonic_us();
    if (read_below(v, path, "checkpoint", ZH_NOTE_BYTES_MAX, &newest, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    zh_rc rc = read_below(v, path, "checkpoints", ZH_ARENA_JOB_BYTES / 2, &history, NULL);
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        (void)read_below(v, path, "checkpoints", ZH_ARENA_JOB_BYTES / 2, &history, &v->err);
        return bad(v, path);
    }
    if (zh_log_check(&store, &v->policy, newest, history, &report, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    uint64_t entries = report.newest.checkpoint.size;
    uint64_t us = zh_monotonic_us() - since;
    say_checkpoint(&report.newest);
    good("条目 entries: %llu, 从零重算树根一致 root recomputed from zero",
         (unsigned long long)entries);
    for (int kind = ZH_ENTRY_EVIDENCE; kind <= ZH_ENTRY_DRAW_RESULT; kind++) {
        if (report.kinds[kind] > 0) {
            say("      %s: %llu", kind_name((zh_entry_kind)kind),
                (unsigned long long)report.kinds[kind]);
        }
    }
    good("瓦片与条目包 tiles and bundles: %llu", (unsigned long long)report.tiles);
    good("历史检查点 earlier checkpoints: %llu, 每个都延续前一个 each continues the one before",
         (unsigned long long)report.checkpoints);
    good("用时 time: %.2f s, %.0f 条/秒 entries/s", (double)us / 1e6,
         us > 0 ? (double)entries * 1e6 / (double)us : 0.0);
    v->log = path;
    v->log_size = entries;
    return proven(path);
}

static int verify_twin(struct verify *v, const char *path)
{
    const char *first = v->log;
    uint64_t size = v->log_size;
    if (!first) {
        (void)fputs("--twin 前应有已核验成立的主日志目录 needs a proven log before it\n", stderr);
        return MISUSED;
    }
    int verdict = verify_log(v, path);
    if (verdict != PROVEN) {
        return verdict;
    }
    zh_tile_store sha256 = zh_tile_directory(first);
    zh_tile_store sm3 = zh_tile_directory(path);
    if (v->log_size != size) {
        (void)zh_err_set(&v->err, ZH_ECORRUPT, "log.twin",
                         "两个日志的大小不同：主日志 %llu，国密日志 %llu", (unsigned long long)size,
                         (unsigned long long)v->log_size);
        return bad(v, path);
    }
    if (zh_log_check_twin(&sha256, &sm3, size, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    good("与主日志逐条对照一致 same events as %s", first);
    return proven(path);
}

/* ---- arguments ---- */

static int verify_path(struct verify *v, const char *path)
{
    zh_str text;
    say("%s", path);
    if (zh_path_is_dir(path)) {
        return verify_log(v, path);
    }
    if (zh_file_read(v->arena, path, ZH_ARENA_JOB_BYTES / 4, &text, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    if (zh_str_starts(text, ZH_STR("c2sp.org/tlog-proof@"))) {
        return verify_proof(v, path, text);
    }
    zh_json *object;
    zh_arena_mark mark = zh_arena_here(v->arena);
    if (zh_json_parse(v->arena, text, &object, &v->err) != ZH_OK) {
        return bad(v, path);
    }
    zh_str format = zh_json_str(zh_json_get(object, "format"), ZH_STR_NONE);
    bool figure = zh_str_is(format, "zhiheng/figure/v1");
    zh_arena_rewind(v->arena, mark); /* a large figure is not held twice */
    return figure ? verify_figure(v, path, text) : verify_disclosure(v, path, text);
}

static zh_rc both_given(struct verify *v)
{
    return zh_err_set(&v->err, ZH_EINVAL, "verify.policy", "--key 与 --policy 只能用一个");
}

static zh_rc add_key(struct verify *v, zh_str text)
{
    zh_verifier key;
    zh_rc rc = v->from_file ? both_given(v) : zh_verifier_parse(text, &key, &v->err);
    if (rc != ZH_OK) {
        return rc;
    }
    v->has_policy = true;
    return key.type == ZH_KEY_COSIGNATURE
               ? zh_policy_add_witness(&v->policy, zh_str_dup(v->arena, zh_str_of(key.name)), &key,
                                       ZH_STR_NONE, &v->err)
               : zh_policy_add_log(&v->policy, &key, &v->err);
}

/* A key, or @FILE with one on each line. */
static zh_rc add_keys(struct verify *v, const char *argument)
{
    zh_str text = zh_str_of(argument);
    zh_str line;
    zh_rc rc = ZH_OK;
    if (argument[0] != '@') {
        return add_key(v, text);
    }
    rc = zh_file_read(v->arena, argument + 1, ZH_POLICY_BYTES_MAX, &text, &v->err);
    while (rc == ZH_OK && zh_str_split(&text, '\n', &line)) {
        line = zh_str_trim(line);
        rc = line.n > 0 && line.p[0] != '#' ? add_key(v, line) : ZH_OK;
    }
    return rc;
}

static zh_rc read_policy(struct verify *v, const char *path)
{
    zh_str text;
    zh_rc rc = v->has_policy ? both_given(v)
                             : zh_file_read(v->arena, path, ZH_POLICY_BYTES_MAX, &text, &v->err);
    if (rc == ZH_OK) {
        rc = zh_policy_parse(text, &v->policy, &v->err);
    }
    v->has_policy = v->from_file = true;
    return rc;
}

static zh_rc read_entry(struct verify *v, const char *hex)
{
    zh_str text = zh_str_of(hex);
    v->entry_n = text.n / 2;
    uint8_t *bytes = zh_arena_alloc(v->arena, v->entry_n + 1);
    v->entry = zh_unhex(text, bytes, v->entry_n) ? bytes : NULL;
    return v->entry ? ZH_OK
                    : zh_err_set(&v->err, ZH_EINVAL, "verify.entry", "--entry 不是十六进制");
}

/* --key, --policy or --witnesses. */
static zh_rc take_option(struct verify *v, const char *name, const char *value)
{
    if (strcmp(name, "--key") == 0) {
        return add_keys(v, value);
    }
    if (strcmp(name, "--policy") == 0) {
        return read_policy(v, value);
    }
    uint64_t k;
    if (!zh_note_number(zh_str_of(value), &k) || k > ZH_POLICY_WITNESSES_MAX) {
        return zh_err_set(&v->err, ZH_EINVAL, "verify.witnesses", "--witnesses 应为 0–%d",
                          ZH_POLICY_WITNESSES_MAX);
    }
    v->witnesses = (unsigned)k;
    return ZH_OK;
}

static int misuse(struct verify *v)
{
    if (v->err.rc != ZH_OK) {
        (void)fprintf(stderr, "%s%s%s\n%s%s", v->err.message, v->err.where[0] ? ": " : "",
                      v->err.where, v->err.fix, v->err.fix[0] ? "\n" : "");
    } else {
        (void)fputs(USAGE, stderr);
    }
    return MISUSED;
}

/* Whether an argument of this name is followed by its value. */
static bool has_value(const char *name)
{
    static const char *const names[] = {"--key", "--policy", "--entry", "--witnesses", "--twin"};
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Options that hold for all come first, wherever they stand; --entry and --twin keep their place
 * among the files. */
static zh_rc read_options(struct verify *v, int argc, char **argv)
{
    zh_rc rc = ZH_OK;
    for (int i = 1; i < argc && rc == ZH_OK; i++) {
        const char *name = argv[i];
        bool valued = has_value(name);
        if (valued && i + 1 == argc) {
            return ZH_EINVAL;
        }
        if (strcmp(name, "--show") == 0) {
            v->show = true;
        } else if (strncmp(name, "--", 2) == 0 && !valued) {
            return ZH_EINVAL;
        } else if (valued && strcmp(name, "--entry") != 0 && strcmp(name, "--twin") != 0) {
            rc = take_option(v, name, argv[i + 1]);
        }
        i += valued ? 1 : 0;
    }
    if (rc == ZH_OK && v->witnesses > 0) {
        rc = zh_policy_require(&v->policy, v->witnesses, &v->err);
    }
    return rc == ZH_OK && !v->has_policy ? ZH_EINVAL : rc;
}

static int run(struct verify *v, int argc, char **argv)
{
    int worst = PROVEN;
    int files = 0;
    if (read_options(v, argc, argv) != ZH_OK) {
        return misuse(v);
    }
    for (int i = 1; i < argc; i++) {
        int verdict = PROVEN;
        if (strcmp(argv[i], "--entry") == 0) {
            if (read_entry(v, argv[++i]) != ZH_OK) {
                return misuse(v);
            }
        } else if (strcmp(argv[i], "--twin") == 0) {
            say("%s", argv[i + 1]);
            verdict = verify_twin(v, argv[++i]);
            files++;
        } else if (has_value(argv[i])) {
            i++;
        } else if (strncmp(argv[i], "--", 2) != 0) {
            verdict = verify_path(v, argv[i]);
            files++;
        }
        if (verdict != PROVEN && worst != REFUTED) { /* what is refuted outweighs what is unread */
            worst = verdict;
        }
    }
    if (files == 0) {
        return misuse(v);
    }
    if (v->unproven || v->passed_over) {
        say("✗ 有披露文件没有存证证明 a disclosure has no proof");
        return REFUTED;
    }
    return worst;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(USAGE, stdout);
            return PROVEN;
        }
        if (strcmp(argv[i], "--version") == 0) {
            say("zhiheng-verify %s", ZH_VERSION);
            return PROVEN;
        }
    }
    zh_arena *arena = zh_arena_new(4 * ZH_ARENA_JOB_BYTES);
    struct verify *v = ZH_NEW(arena, struct verify);
    v->arena = arena;
    int verdict = run(v, argc, argv);
    zh_arena_free(arena);
    return verdict;
}
