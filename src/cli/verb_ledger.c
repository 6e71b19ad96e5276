/* ledger: checkpoints, proofs, checking, mirroring, witnesses and keys of the signed log. */
#include "base/json.h"
#include "base/os.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/ledger/gm.h"
#include "core/ledger/prove.h"
#include "core/record/record.h"
#include "proof/opening.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FILE_BYTES = 64 << 20, SAID_MAX = 1000 };

static zh_rc need_dir(zh_session *s, const char **dir)
{
    zh_err *err = &s->cli->err;
    *dir = zh_cli_flag(s->cli, "gm") ? zh_ledger_gm_dir(s->core) : zh_ledger_dir(s->core);
    if (*dir != NULL) {
        return ZH_OK;
    }
    zh_err_set(err, ZH_EINVAL, "ledger.none", "存证日志在签名的那个服务的数据目录里");
    zh_err_fix(err, "用 --data 指明数据目录（用 PostgreSQL 时与 --db 一起给）");
    s->cli->usage = true;
    return ZH_EINVAL;
}

/* The log asked for: the first, or with --gm the second. */
static zh_rc view_of(zh_session *s, zh_treelog_view *out)
{
    return zh_cli_flag(s->cli, "gm") ? zh_ledger_gm_view(s->core, s->cli->arena, out, &s->cli->err)
                                     : zh_ledger_view(s->core, s->cli->arena, out, &s->cli->err);
}

/* ---- checkpoint ------------------------------------------------------------------------------ */

static void json_view(const zh_treelog_view *v, zh_buf *out)
{
    char root[2 * ZH_DIGEST_BYTES + 1] = "";
    zh_jw w;
    zh_digest_hex(&v->checkpoint.root, root);
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kz(&w, "origin", v->identity.origin);
    zh_jw_kz(&w, "id", v->identity.id);
    zh_jw_ki(&w, "epoch", (int64_t)v->identity.epoch);
    zh_jw_kz(&w, "hash", zh_hash_alg_name(v->identity.alg));
    zh_jw_ki(&w, "size", v->note.p != NULL ? (int64_t)v->checkpoint.size : 0);
    zh_jw_kz(&w, "root", v->note.p != NULL ? root : NULL);
    zh_jw_kz(&w, "checkpoint", v->note.p);
    zh_jw_kz(&w, "witnessed", v->witnessed.p);
    zh_jw_kz(&w, "directory", v->pub);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
}

static zh_rc do_checkpoint(zh_session *s, zh_buf *out, int *code)
{
    const char *dir = NULL;
    zh_treelog_view view;
    zh_err *err = &s->cli->err;
    int64_t size = 0;
    bool more = true;
    (void)code;
    zh_rc rc = need_dir(s, &dir);
    while (rc == ZH_OK && more) {
        rc = zh_ledger_round(s->core, &size, &more, err);
    }
    if (rc == ZH_OK) {
        rc = view_of(s, &view);
    }
    if (rc == ZH_OK && s->cli->json) {
        json_view(&view, out);
    } else if (rc == ZH_OK && view.note.p == NULL) {
        zh_buf_z(out, "日志还是空的：没有已提交的记录\n");
    } else if (rc == ZH_OK) {
        zh_buf_str(out, view.note);
    }
    return rc;
}

/* ---- prove ----------------------------------------------------------------------------------- */

/* OFFICE-ID or ID; otherwise the business key. */
static zh_rc find_record(zh_session *s, const zh_register *reg, zh_str text, zh_record **out)
{
    ptrdiff_t dash = zh_str_chr(text, '-');
    int64_t office = 0;
    int64_t id = 0;
    zh_err *err = &s->cli->err;
    bool is_id = zh_str_i64(text, &id) == ZH_OK ||
                 (dash > 0 && zh_str_i64(zh_str_sub(text, 0, (size_t)dash), &office) == ZH_OK &&
                  zh_str_i64(zh_str_sub(text, (size_t)dash + 1, text.n), &id) == ZH_OK);
    zh_rc rc =
        is_id ? zh_record_get(&s->ctx, s->conn, reg, office, id, ZH_AS_OF_NOW, out) : ZH_ENOTFOUND;
    if (rc == ZH_ENOTFOUND && reg->nbusiness_key == 1) {
        zh_err_clear(err);
        rc = zh_record_by_key(&s->ctx, s->conn, reg, &text, out);
    }
    if (rc == ZH_ENOTFOUND || rc == ZH_EINVAL) {
        zh_err_clear(err);
        return zh_cli_usage(s->cli, "record.unknown", "“%.*s”里没有记录“%.*s”",
                            ZH_FMT(reg->label.zh), ZH_FMT(text));
    }
    return rc;
}

static zh_rc prove_what(zh_session *s, zh_prove_fields show, zh_proved *out)
{
    zh_cli *cli = s->cli;
    zh_str what = zh_cli_argument(cli, 1);
    int64_t position = 0;
    ptrdiff_t slash = zh_str_chr(what, '/');
    if (zh_str_i64(what, &position) == ZH_OK) {
        return zh_prove_position(&s->ctx, s->conn, position, show, out);
    }
    if (slash <= 0) {
        return zh_cli_usage(
            cli, "cli.missing",
            "ledger prove 要账本位置（1234），或 登记册/机构-记录号（complaint/1-…）");
    }
    const zh_register *reg = NULL;
    zh_record *record = NULL;
    zh_rc rc = zh_session_register(s, zh_str_sub(what, 0, (size_t)slash), &reg);
    if (rc == ZH_OK) {
        rc = find_record(s, reg, zh_str_sub(what, (size_t)slash + 1, what.n), &record);
    }
    int64_t version = rc == ZH_OK ? record->version : 0;
    if (rc == ZH_OK && zh_cli_given(cli, "version")) {
        version = (int64_t)zh_cli_number(cli, "version", 0);
    }
    return rc == ZH_OK ? zh_prove_version(&s->ctx, s->conn, reg, record->office, record->id,
                                          (int32_t)version, show, out)
                       : rc;
}

static void json_disclosure(const zh_disclosure_file *file, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_disclosure_write(file, &w);
    zh_buf_c(out, '\n');
}

static zh_rc write_files(zh_session *s, const char *stem, const zh_proved *p, zh_buf *out)
{
    zh_arena *arena = s->cli->arena;
    zh_buf json;
    const char *proof = zh_str_fmt(arena, "%s.tlog-proof", stem).p;
    const char *shown = zh_str_fmt(arena, "%s.disclosure.json", stem).p;
    zh_buf_init(&json, FILE_BYTES);
    json_disclosure(&p->file, &json);
    zh_rc rc = zh_file_replace(proof, p->file.proof, &s->cli->err);
    if (rc == ZH_OK) {
        rc = zh_file_replace(shown, zh_buf_view(&json), &s->cli->err);
    }
    zh_buf_free(&json);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%s\n%s\n", proof, shown);
    }
    return rc;
}

static zh_rc do_prove(zh_session *s, zh_buf *out, int *code)
{
    zh_cli *cli = s->cli;
    zh_proved p;
    const zh_str *names = NULL;
    size_t n = zh_cli_values(cli, "field", &names);
    (void)code;
    zh_rc rc = zh_session_read(s);
    if (rc == ZH_OK) {
        zh_prove_fields show = {.names = names, .n = n, .gm = zh_cli_flag(cli, "gm")};
        rc = prove_what(s, show, &p);
    }
    if (rc == ZH_OK && p.file.proof.p == NULL) {
        zh_err_set(&cli->err, ZH_ENOTFOUND, "ledger.unsealed", "这一版还没有签进存证日志");
        zh_err_fix(&cli->err, "运行 zhiheng ledger checkpoint，或等服务签好再取");
        return ZH_ENOTFOUND;
    }
    if (rc == ZH_OK && zh_cli_given(cli, "out")) {
        return write_files(s, zh_cli_text(cli, "out"), &p, out);
    }
    if (rc == ZH_OK && (cli->json || n > 0)) {
        json_disclosure(&p.file, out);
    } else if (rc == ZH_OK) {
        zh_buf_str(out, p.file.proof);
    }
    return rc;
}

/* ---- verify ---------------------------------------------------------------------------------- */

typedef struct saying {
    zh_buf *out;
    size_t n;
} saying;

static void say(void *user, uint64_t first, uint64_t n, const char *format, ...) ZH_PRINTF(4, 5);
static void say(void *user, uint64_t first, uint64_t n, const char *format, ...)
{
    saying *said = user;
    va_list arguments;
    zh_arena *arena = zh_arena_new((size_t)64 << 10);
    if (said->n++ < SAID_MAX) {
        va_start(arguments, format);
        zh_buf_str(said->out, zh_str_vfmt(arena, format, arguments));
        va_end(arguments);
        if (n > 0) {
            zh_buf_fmt(said->out, "（第 %" PRIu64 " 条起 %" PRIu64 " 条）", first, n);
        }
        zh_buf_c(said->out, '\n');
    }
    zh_arena_free(arena);
}

static zh_rc check_log(zh_session *s, const zh_treelog_view *view, zh_buf *out, int *code)
{
    saying said = {.out = out};
    zh_rc rc = zh_treelog_check(view, NULL, say, &said, &s->cli->err);
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%s %" PRIu64 " 条：%s\n", view->identity.origin,
                   view->note.p != NULL ? view->checkpoint.size : 0,
                   said.n == 0 ? "分块、根、历次检查点与签名都对得上" : "有不符之处");
        *code = said.n == 0 ? ZH_EXIT_OK : ZH_EXIT_NO;
    }
    return rc;
}

static zh_rc check_proof(const zh_treelog_view *view, zh_str text, const uint8_t *entry,
                         zh_buf *out, zh_err *err)
{
    zh_tlog_proof proof;
    zh_opened opened;
    uint8_t own[ZH_RECORD_ENTRY_BYTES];
    size_t n = 0;
    zh_rc rc = zh_tlog_proof_parse(text, &proof, err);
    if (rc == ZH_OK && entry == NULL &&
        (!zh_base64_read(proof.extra, own, sizeof own, &n) || n != sizeof own)) {
        rc = zh_err_set(err, ZH_EINVAL, "ledger.extra", "证明里没有附条目，要与出示文件一起核对");
    }
    if (rc == ZH_OK) {
        const uint8_t *bytes = entry != NULL ? entry : own;
        rc = zh_tlog_proof_check_entry(&proof, view->policy,
                                       (zh_str){(const char *)bytes, ZH_RECORD_ENTRY_BYTES},
                                       &opened, err);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "✓ 在日志 %.*s 的第 %" PRIu64 " 条（检查点 %" PRIu64 " 条，见证 %u 个）\n",
                   ZH_FMT(opened.checkpoint.origin), proof.index, opened.checkpoint.size,
                   opened.nwitnesses);
    }
    return rc;
}

static zh_rc check_shown(zh_session *s, const zh_treelog_view *view, zh_str text, zh_buf *out)
{
    zh_disclosure_file file;
    zh_err *err = &s->cli->err;
    zh_rc rc = zh_disclosure_read(s->cli->arena, text, &file, err);
    if (rc == ZH_OK) {
        rc = zh_disclosure_file_check(&file, err);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "✓ 出示的 %zu 个字段都属于这个条目\n", file.n);
        rc = file.proof.p == NULL ? ZH_OK
                                  : check_proof(view, file.proof, file.entry_bytes, out, err);
    }
    return rc;
}

static zh_rc check_opening(zh_session *s, const zh_treelog_view *view, zh_str text, zh_buf *out)
{
    zh_opening_file *file = ZH_NEW(s->cli->arena, zh_opening_file);
    zh_opening_result r;
    zh_err *err = &s->cli->err;
    zh_rc rc = zh_opening_read(s->cli->arena, text, file, err);
    if (rc == ZH_OK) {
        rc = zh_opening_check(file, view->policy, &r, err);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out,
                   "✓ 数字 %.*s = %.*s（第 %" PRIu64 " 条；检查点 %" PRIu64 " 条；用到 %" PRIu64
                   " 条，排除 %" PRIu64 " 条%s）\n",
                   ZH_FMT(r.indicator), ZH_FMT(r.value), r.index, r.checkpoint_size, r.details,
                   r.excluded, r.recounted ? "，分子分母已重算" : "");
    }
    return rc;
}

static zh_rc do_verify(zh_session *s, zh_buf *out, int *code)
{
    zh_cli *cli = s->cli;
    zh_treelog_view view;
    zh_str text;
    zh_str path = zh_cli_argument(cli, 1);
    zh_rc rc = view_of(s, &view);
    if (rc == ZH_OK && path.n == 0) {
        return check_log(s, &view, out, code);
    }
    if (rc == ZH_OK) {
        rc = zh_file_read(cli->arena, path.p, ZH_DISCLOSURE_BYTES_MAX, &text, &cli->err);
        cli->usage = rc != ZH_OK;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_str_starts(text, ZH_STR("c2sp.org/tlog-proof@"))) {
        rc = check_proof(&view, text, NULL, out, &cli->err);
    } else if (zh_str_find(zh_str_sub(text, 0, 200), ZH_STR("zhiheng/figure/v1")) >= 0) {
        rc = check_opening(s, &view, text, out);
    } else {
        rc = check_shown(s, &view, text, out);
    }
    return rc;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

typedef struct copying {
    const char *from, *to;
    zh_arena *arena;
    uint64_t copied;
} copying;

/* A full tile that is there is not copied again. */
static zh_rc copy_one(copying *c, const char *name, bool keep, zh_err *err)
{
    zh_str bytes;
    zh_arena_mark mark = zh_arena_here(c->arena);
    const char *from = zh_str_fmt(c->arena, "%s/%s", c->from, name).p;
    const char *to = zh_str_fmt(c->arena, "%s/%s", c->to, name).p;
    zh_rc rc = ZH_OK;
    if (zh_path_exists(from) && !(keep && zh_path_exists(to))) {
        char *folder = zh_str_fmt(c->arena, "%s", to).n > 0 ? ZH_NEW_N(c->arena, char, 4096) : NULL;
        size_t n = (size_t)(strrchr(to, '/') - to);
        zh_assert(n < 4096);
        memcpy(folder, to, n);
        rc = zh_dir_make(folder, err);
        if (rc == ZH_OK) {
            rc = zh_file_read(c->arena, from, FILE_BYTES, &bytes, err);
        }
        if (rc == ZH_OK) {
            rc = zh_file_replace(to, bytes, err);
            c->copied++;
        }
    }
    zh_arena_rewind(c->arena, mark);
    return rc;
}

static zh_rc do_tiles(zh_session *s, zh_buf *out, int *code)
{
    static const char *const last[] = {"checkpoints", "keys", "checkpoint.witnessed", "checkpoint"};
    zh_treelog_view view;
    zh_tile_growth growth;
    zh_tile tile;
    char path[ZH_TILE_PATH_BYTES];
    zh_str to = zh_cli_argument(s->cli, 1);
    (void)code;
    zh_rc rc = view_of(s, &view);
    uint64_t size = rc == ZH_OK && view.note.p != NULL ? view.checkpoint.size : 0;
    if (rc == ZH_OK && to.n == 0) {
        zh_buf_fmt(out, "%s\n", view.pub);
        return ZH_OK;
    }
    copying c = {.from = view.pub, .to = to.p, .arena = zh_arena_new(2 * FILE_BYTES)};
    zh_tile_growth_begin(&growth, 0, size);
    while (rc == ZH_OK && zh_tile_growth_next(&growth, &tile)) {
        (void)zh_tile_path(&tile, path);
        rc = copy_one(&c, path, tile.width == ZH_TILE_WIDTH, &s->cli->err);
    }
    for (size_t i = 0; i < ZH_COUNTOF(last) && rc == ZH_OK; i++) {
        rc = copy_one(&c, last[i], false, &s->cli->err);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "%s：%" PRIu64 " 条，新复制 %" PRIu64 " 个文件\n", to.p, size, c.copied);
    }
    zh_arena_free(c.arena);
    return rc;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void print_keys(const zh_treelog_key *keys, size_t n, bool json, zh_buf *out)
{
    zh_jw w;
    zh_buf text;
    zh_jw_init(&w, out, 2);
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX);
    if (json) {
        zh_jw_array(&w);
    }
    for (size_t i = 0; i < n; i++) {
        zh_buf_clear(&text);
        zh_verifier_write(&keys[i].verifier, &text);
        if (json) {
            zh_jw_object(&w);
            zh_jw_kv(&w, "verifier", zh_buf_view(&text));
            zh_jw_key(&w, "signs");
            zh_jw_bool(&w, keys[i].signs);
            zh_jw_object_end(&w);
        } else {
            zh_buf_fmt(out, "%08" PRIx32 "  %s  %.*s\n", keys[i].verifier.id,
                       keys[i].signs ? "在签" : "停用", ZH_FMT(zh_buf_view(&text)));
        }
    }
    if (json) {
        zh_jw_array_end(&w);
        zh_buf_c(out, '\n');
    }
    zh_buf_free(&text);
}

static zh_rc do_keys(zh_session *s, zh_buf *out, int *code)
{
    zh_treelog_key keys[ZH_TREELOG_KEYS_MAX];
    zh_verifier made;
    zh_cli *cli = s->cli;
    const char *dir = NULL;
    size_t n = 0;
    (void)code;
    zh_rc rc = need_dir(s, &dir);
    if (rc == ZH_OK && zh_cli_flag(cli, "rotate")) {
        rc = zh_treelog_key_add(dir, &made, &cli->err);
    }
    if (rc == ZH_OK && zh_cli_given(cli, "retire")) {
        rc = zh_treelog_key_retire(dir, zh_str_of(zh_cli_text(cli, "retire")), &cli->err);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_keys(dir, keys, &n, &cli->err);
    }
    if (rc == ZH_OK) {
        print_keys(keys, n, cli->json, out);
        if (zh_cli_flag(cli, "rotate")) {
            zh_cli_note(
                "新旧密钥从下一个检查点起并签；重新启动服务后生效，外人换上新的验证密钥后用 "
                "--retire 停用旧的");
        }
    }
    return rc;
}

/* ---- witness --------------------------------------------------------------------------------- */

/* The lines of the policy without its quorum. */
static void keep_lines(zh_str text, zh_buf *out)
{
    zh_str line;
    while (text.n > 0 && zh_str_split(&text, '\n', &line)) {
        if (line.n > 0 && !zh_str_starts(line, ZH_STR("quorum ")) &&
            !zh_str_starts(line, ZH_STR("group 见证 "))) {
            zh_buf_fmt(out, "%.*s\n", ZH_FMT(line));
        }
    }
}

static uint64_t name_witnesses(zh_str text, zh_buf *out)
{
    zh_str line;
    uint64_t n = 0;
    while (text.n > 0 && zh_str_split(&text, '\n', &line)) {
        zh_str rest = zh_str_sub(line, 8, line.n);
        zh_str name;
        if (zh_str_starts(line, ZH_STR("witness ")) && zh_str_split(&rest, ' ', &name)) {
            zh_buf_fmt(out, " %.*s", ZH_FMT(name));
            n++;
        }
    }
    return n;
}

/* NAME VKEY URL: one more; the quorum is --quorum of all of them. */
static zh_rc add_witness(zh_session *s, const char *dir, zh_str before)
{
    zh_cli *cli = s->cli;
    zh_buf text;
    zh_policy *policy = ZH_NEW(cli->arena, zh_policy);
    uint64_t quorum = zh_cli_number(cli, "quorum", 1);
    zh_buf_init(&text, ZH_POLICY_BYTES_MAX);
    keep_lines(before, &text);
    if (cli->narguments == 5) {
        zh_buf_fmt(&text, "witness %.*s %.*s %.*s\n", ZH_FMT(zh_cli_argument(cli, 2)),
                   ZH_FMT(zh_cli_argument(cli, 3)), ZH_FMT(zh_cli_argument(cli, 4)));
    }
    zh_buf names;
    zh_buf_init(&names, ZH_POLICY_BYTES_MAX);
    uint64_t n = name_witnesses(zh_buf_view(&text), &names);
    if (quorum > n) {
        zh_cli_note("现在只有 %" PRIu64 " 个见证，先要求全部签名", n);
        quorum = n;
    }
    zh_buf_fmt(&text, "group 见证 %" PRIu64 "%.*s\nquorum 见证\n", quorum,
               ZH_FMT(zh_buf_view(&names)));
    zh_buf_free(&names);
    zh_rc rc = zh_policy_parse(zh_buf_view(&text), policy, &cli->err);
    cli->usage = rc != ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_file_replace(zh_str_fmt(cli->arena, "%s/policy", dir).p, zh_buf_view(&text),
                             &cli->err);
    }
    zh_buf_free(&text);
    return rc;
}

static zh_rc do_witness(zh_session *s, zh_buf *out, int *code)
{
    zh_cli *cli = s->cli;
    const char *dir = NULL;
    zh_str text = ZH_STR("");
    (void)code;
    zh_rc rc = need_dir(s, &dir);
    const char *path = rc == ZH_OK ? zh_str_fmt(cli->arena, "%s/policy", dir).p : NULL;
    if (rc == ZH_OK && zh_path_exists(path)) {
        rc = zh_file_read(cli->arena, path, ZH_POLICY_BYTES_MAX, &text, &cli->err);
    }
    bool add = zh_str_is(zh_cli_argument(cli, 1), "add");
    if (rc == ZH_OK && cli->narguments > 1 && (!add || cli->narguments != 5)) {
        return zh_cli_usage(cli, "cli.argument", "ledger witness add 要三样：名称 验证密钥 地址");
    }
    if (rc == ZH_OK && (add || zh_cli_given(cli, "quorum"))) {
        rc = add_witness(s, dir, text);
        if (rc == ZH_OK) {
            rc = zh_file_read(cli->arena, path, ZH_POLICY_BYTES_MAX, &text, &cli->err);
        }
    }
    if (rc == ZH_OK) {
        zh_buf_str(out, text.n > 0 ? text : ZH_STR("没有配置见证\n"));
    }
    return rc;
}

/* ---- adopt ----------------------------------------------------------------------------------- */

static zh_rc do_adopt(zh_session *s, zh_buf *out, int *code)
{
    zh_treelog_view view;
    (void)code;
    zh_rc rc = zh_ledger_adopt(s->core, &s->cli->err);
    if (rc == ZH_OK) {
        rc = zh_ledger_view(s->core, s->cli->arena, &view, &s->cli->err);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out,
                   "日志现在叫 %s，第 %" PRIu64 " 纪元，%" PRIu64 " 条；此前公开的在 log/before\n",
                   view.identity.origin, view.identity.epoch,
                   view.note.p != NULL ? view.checkpoint.size : 0);
    }
    return rc;
}

/* ---- init ------------------------------------------------------------------------------------ */

static zh_rc do_init(zh_session *s, zh_buf *out, int *code)
{
    zh_treelog_view view;
    (void)code;
    if (!zh_cli_flag(s->cli, "gm")) {
        return zh_cli_usage(s->cli, "cli.missing",
                            "ledger init --gm 建立国密日志；第一个日志在首次启动时自己建立");
    }
    zh_rc rc = zh_gm_on(s->core, &s->cli->err);
    if (rc == ZH_OK) {
        rc = view_of(s, &view);
    }
    if (rc == ZH_OK) {
        zh_buf_fmt(out, "国密日志 %s：%" PRIu64 " 条，在 %s\n", view.identity.origin,
                   view.note.p != NULL ? view.checkpoint.size : 0, zh_ledger_gm_dir(s->core));
    }
    return rc;
}

/* ---- verb ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    zh_session_action run;
    size_t most; /* arguments with the action itself */
} ledger_actions[] = {
    {"checkpoint", do_checkpoint, 1}, {"prove", do_prove, 2}, {"verify", do_verify, 2},
    {"tiles", do_tiles, 2},           {"keys", do_keys, 1},   {"witness", do_witness, 5},
    {"adopt", do_adopt, 1},           {"init", do_init, 1},
};

static int run(zh_cli *cli)
{
    size_t i = 0;
    while (!zh_str_is(zh_cli_argument(cli, 0), ledger_actions[i].name)) {
        i++; /* the choice has been checked */
        zh_assert(i < ZH_COUNTOF(ledger_actions));
    }
    if (cli->narguments > ledger_actions[i].most) {
        (void)zh_cli_usage(cli, "cli.argument", "多余的参数“%.*s”",
                           ZH_FMT(zh_cli_argument(cli, ledger_actions[i].most)));
        return zh_cli_fail(cli);
    }
    return zh_session_act(cli, ledger_actions[i].run);
}

static const zh_param arguments[] = {
    {.name = "ACTION",
     .kind = ZH_PARAM_CHOICE,
     .choices = "checkpoint|prove|verify|tiles|witness|keys|adopt|init",
     .zh = "签检查点、出证明、核对、镜像、见证、密钥、认领、建国密日志",
     .en = "what to do"},
    {.name = "WHAT",
     .kind = ZH_PARAM_TEXT,
     .optional = true,
     .many = true,
     .zh = "prove：账本位置或 登记册/机构-记录号；verify：证明、出示或数字文件；tiles：镜像目录；"
           "witness：add 名称 验证密钥 地址",
     .en = "position or record, file, folder"},
};

static const zh_param options[] = {
    {.name = "field",
     .value = "FIELD",
     .kind = ZH_PARAM_TEXT,
     .many = true,
     .zh = "prove：出示这个字段，可重复；* 指全部非个人信息字段",
     .en = "disclose this field"},
    {.name = "version",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .zh = "prove：第几版，默认现行",
     .en = "which version"},
    {.name = "out",
     .value = "STEM",
     .kind = ZH_PARAM_FILE,
     .zh = "prove：写成 STEM.tlog-proof 和 STEM.disclosure.json",
     .en = "write two files"},
    {.name = "gm",
     .kind = ZH_PARAM_FLAG,
     .zh = "init：建立国密（SM3、SM2）日志；其余：指国密日志",
     .en = "the second log, by SM3 and SM2"},
    {.name = "rotate",
     .kind = ZH_PARAM_FLAG,
     .zh = "keys：加一把新密钥，与旧的并签",
     .en = "add a signing key"},
    {.name = "retire",
     .value = "ID",
     .kind = ZH_PARAM_TEXT,
     .zh = "keys：停用并销毁一把密钥",
     .en = "stop a key"},
    {.name = "quorum",
     .value = "K",
     .kind = ZH_PARAM_NUMBER,
     .zh = "witness：至少要几个见证",
     .en = "witnesses needed"},
};

ZH_VERB(ledger) = {
    .name = "ledger",
    .zh = "存证日志：检查点、证明、核对、镜像、见证、密钥",
    .en = "the signed log: checkpoints, proofs, mirrors, witnesses, keys",
    .text = "每条已提交的版本在存证日志（数据目录的 log/）里有一条 56 字节的条目；日志是 C2SP "
            "tlog-tiles "
            "格式，检查点是签名的 note，谁都可以镜像和核对。\n"
            "adopt：日志目录搬了家、从备份恢复或确实丢了一段时，从数据库另起一个纪元，日志改名。",
    .example = "zhiheng ledger checkpoint --data ./data\n"
               "zhiheng ledger prove complaint/1-4711 --field received_at --out 证明\n"
               "zhiheng ledger verify 证明.disclosure.json\n"
               "zhiheng ledger tiles /srv/mirror\n"
               "zhiheng ledger keys --rotate",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
