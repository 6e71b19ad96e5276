/* The signed log for programs and mirrors: /api/v1/ledger/…, and its public files as they are below
 * /log/ORIGIN/ (C2SP tlog-tiles). */
#include "base/json.h"
#include "base/os.h"
#include "core/ledger/prove.h"
#include "web/frame/page.h"
#include "web/frame/url.h"
#include <inttypes.h>
#include <string.h>

enum { FIELDS_MAX = 64, FILE_BYTES = 32 << 20 };

static const char TEXT[] = "text/plain; charset=utf-8";

static void attachment(zh_ui *ui, zh_str name)
{
    zh_http_header_add(ui->response, "Content-Disposition",
                       zh_str_fmt(ui->arena, "attachment; filename=\"%.*s\"", ZH_FMT(name)).p);
}

static zh_rc view_of(zh_ui *ui, zh_treelog_view *out)
{
    return zh_ledger_view(ui->web->core, ui->arena, out, ui->err);
}

/* ---- what there is --------------------------------------------------------------------------- */

static void put_keys(const zh_treelog_view *v, zh_arena *arena, zh_jw *w)
{
    zh_buf text;
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX);
    zh_jw_key(w, "keys");
    zh_jw_array(w);
    for (size_t i = 0; i < v->policy->nlogs; i++) {
        zh_buf_clear(&text);
        zh_verifier_write(&v->policy->logs[i].key, &text);
        zh_jw_str(w, zh_str_dup(arena, zh_buf_view(&text)));
    }
    zh_jw_array_end(w);
    zh_buf_free(&text);
}

static zh_rc status(zh_ui *ui)
{
    zh_treelog_view v;
    zh_jw w;
    char root[2 * ZH_DIGEST_BYTES + 1];
    zh_rc rc = view_of(ui, &v);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_digest_hex(&v.checkpoint.root, root);
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_kz(&w, "origin", v.identity.origin);
    zh_jw_ki(&w, "epoch", (int64_t)v.identity.epoch);
    zh_jw_kz(&w, "hash", zh_hash_alg_name(v.identity.alg));
    zh_jw_ki(&w, "positions", ui->log_size);
    zh_jw_ki(&w, "size", v.note.p != NULL ? (int64_t)v.checkpoint.size : 0);
    zh_jw_kz(&w, "root", v.note.p != NULL ? root : NULL);
    zh_jw_ki(&w, "witnessed", v.witnessed.p != NULL ? (int64_t)v.witnessed_checkpoint.size : 0);
    uint64_t done = 0;
    uint64_t all = 0;
    bool checking = zh_ledger_checking(ui->web->core, &done, &all);
    zh_jw_kz(&w, "state", checking ? "checking" : "sealing");
    if (checking) {
        zh_jw_ki(&w, "checked", (int64_t)done);
        zh_jw_ki(&w, "to_check", (int64_t)all);
    }
    zh_jw_kv(&w, "files", zh_str_fmt(ui->arena, "/log/%s/", v.identity.origin));
    put_keys(&v, ui->arena, &w);
    zh_jw_object_end(&w);
    zh_buf_c(&ui->response->body, '\n');
    ui->response->type = "application/json; charset=utf-8";
    return ZH_OK;
}

static zh_rc checkpoint(zh_ui *ui)
{
    zh_treelog_view v;
    zh_rc rc = view_of(ui, &v);
    if (rc == ZH_OK && v.note.p == NULL) {
        rc = zh_err_set(ui->err, ZH_ENOTFOUND, "ledger.unsealed", "日志还是空的，没有检查点");
    }
    if (rc == ZH_OK) {
        zh_buf_str(&ui->response->body, v.note);
        ui->response->type = TEXT;
    }
    return rc;
}

/* ---- proofs ---------------------------------------------------------------------------------- */

static zh_rc position_of(zh_ui *ui, int64_t *out)
{
    zh_str text = zh_http_arg(ui->request, "position");
    if (zh_str_i64(text, out) == ZH_OK && *out >= 0) {
        return ZH_OK;
    }
    return zh_err_set(ui->err, ZH_ENOTFOUND, "prove.position",
                      "账本位置应是从 0 起的整数，不是“%.*s”", ZH_FMT(text));
}

/* ?log=gm: of the second log. */
static bool wants_gm(const zh_ui *ui)
{
    return zh_str_is(zh_http_param(ui->request, "log"), "gm");
}

static zh_rc proof(zh_ui *ui)
{
    zh_treelog_view v;
    int64_t position = 0;
    zh_rc rc = position_of(ui, &position);
    if (rc == ZH_OK) {
        rc = wants_gm(ui) ? zh_ledger_gm_view(ui->web->core, ui->arena, &v, ui->err)
                          : view_of(ui, &v);
    }
    if (rc == ZH_OK) {
        rc = zh_treelog_prove(ui->arena, &v, (uint64_t)position, &ui->response->body, ui->err);
    }
    if (rc == ZH_OK) {
        ui->response->type = TEXT;
        attachment(ui, zh_str_fmt(ui->arena, "%" PRId64 "%s.tlog-proof", position,
                                  wants_gm(ui) ? ".gm" : ""));
    }
    return rc;
}

/* The entry at a position with the fields asked for (?field=, may be repeated). */
static zh_rc entry(zh_ui *ui)
{
    zh_str *names = ZH_NEW_N(ui->arena, zh_str, FIELDS_MAX);
    zh_prove_fields show = {.names = names, .gm = wants_gm(ui)};
    zh_proved p;
    zh_jw w;
    int64_t position = 0;
    zh_rc rc = position_of(ui, &position);
    for (size_t i = 0; i < ui->request->params.n && rc == ZH_OK; i++) {
        const zh_pair *pair = &ui->request->params.p[i];
        if (!zh_str_is(pair->name, "field")) {
            continue;
        }
        if (show.n == FIELDS_MAX) {
            rc = zh_err_set(ui->err, ZH_ELIMIT, "prove.fields", "一次最多出示 %d 个字段",
                            FIELDS_MAX);
        } else {
            names[show.n++] = pair->value;
        }
    }
    if (rc == ZH_OK) {
        rc = zh_prove_position(&ui->ctx, ui->conn, position, show, &p);
    }
    if (rc == ZH_OK) {
        zh_jw_init(&w, &ui->response->body, 2);
        zh_disclosure_write(&p.file, &w);
        zh_buf_c(&ui->response->body, '\n');
        ui->response->type = "application/json; charset=utf-8";
        attachment(ui, zh_str_fmt(ui->arena, "%" PRId64 "%s.disclosure.json", position,
                                  wants_gm(ui) ? ".gm" : ""));
    }
    return rc;
}

/* ?from=&to= (to: the newest). */
static zh_rc consistency(zh_ui *ui)
{
    zh_treelog_view v;
    uint64_t from = 0;
    uint64_t to = 0;
    zh_digest path[ZH_TREE_CONSISTENCY_MAX];
    size_t n = 0;
    zh_str asked = zh_http_param(ui->request, "to");
    zh_rc rc = view_of(ui, &v);
    if (rc == ZH_OK) {
        to = v.note.p != NULL ? v.checkpoint.size : 0;
        bool good = zh_str_u64(zh_http_param(ui->request, "from"), &from) == ZH_OK &&
                    (asked.p == NULL || zh_str_u64(asked, &to) == ZH_OK);
        if (!good || from > to || v.note.p == NULL || to > v.checkpoint.size) {
            rc = zh_err_set(ui->err, ZH_EINVAL, "ledger.sizes",
                            "from 和 to 应是日志的条数，from 不大于 to，to 不超过检查点");
        }
    }
    if (rc == ZH_OK) {
        zh_hash hash;
        zh_tile_nodes *nodes = zh_tile_nodes_new(ui->arena, v.identity.alg, &v.store, to);
        zh_tree_source source = zh_tile_nodes_source(nodes);
        zh_hash_begin(&hash, v.identity.alg);
        rc = zh_tree_prove_consistency(&hash, &source, from, to, path, &n, ui->err);
        zh_hash_release(&hash);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw w;
    zh_jw_init(&w, &ui->response->body, 2);
    zh_jw_object(&w);
    zh_jw_ki(&w, "from", (int64_t)from);
    zh_jw_ki(&w, "to", (int64_t)to);
    zh_jw_key(&w, "path");
    zh_jw_array(&w);
    for (size_t i = 0; i < n; i++) {
        char hex[2 * ZH_DIGEST_BYTES + 1];
        zh_digest_hex(&path[i], hex);
        zh_jw_str(&w, zh_str_of(hex));
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(&ui->response->body, '\n');
    ui->response->type = "application/json; charset=utf-8";
    return ZH_OK;
}

/* ---- public files ---------------------------------------------------------------------------- */

static zh_rc no_file(const zh_http_request *request, zh_err *err)
{
    return zh_err_set(err, ZH_ENOTFOUND, "http.path", "日志里没有 %.*s", ZH_FMT(request->path));
}

/* Only names that the log writes: no path of anybody's making reaches the file system. */
static zh_rc file_name(const zh_http_request *request, const zh_treelog_view *v, zh_str *name,
                       bool *fixed, zh_err *err)
{
    static const char *const texts[] = {"checkpoint", "checkpoint.witnessed", "checkpoints",
                                        "keys"};
    zh_str rest = zh_http_arg(request, "*");
    zh_str origin = zh_str_of(v->identity.origin);
    zh_tile tile;
    zh_err ignored = {0};
    if (!zh_str_starts(rest, origin) || rest.n <= origin.n || rest.p[origin.n] != '/') {
        return no_file(request, err);
    }
    *name = zh_str_sub(rest, origin.n + 1, rest.n);
    *fixed = zh_tile_parse(*name, &tile, &ignored) == ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(texts); i++) {
        if (*fixed || zh_str_is(*name, texts[i])) {
            return ZH_OK;
        }
    }
    return no_file(request, err);
}

static zh_rc handle_file(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    zh_treelog_view v;
    zh_str name;
    zh_str bytes;
    bool fixed = false;
    zh_core *core = zh_web_of(request)->core;
    zh_err other = zh_err_beside(err);
    zh_rc rc = zh_ledger_view(core, request->arena, &v, err);
    if (rc == ZH_OK) {
        rc = file_name(request, &v, &name, &fixed, err);
    }
    /* the second log is published below a name of its own */
    if (rc == ZH_ENOTFOUND && zh_ledger_gm_view(core, request->arena, &v, &other) == ZH_OK) {
        zh_err_again(err);
        rc = file_name(request, &v, &name, &fixed, err);
    }
    if (rc == ZH_OK) {
        zh_err found = zh_err_beside(err);
        const char *path = zh_str_fmt(request->arena, "%s/%.*s", v.pub, ZH_FMT(name)).p;
        rc = zh_file_read(request->arena, path, FILE_BYTES, &bytes, &found);
        if (rc == ZH_ENOTFOUND) {
            rc = no_file(request, err);
        } else if (rc != ZH_OK) {
            *err = found;
        }
    }
    if (rc == ZH_OK) {
        zh_buf_str(&response->body, bytes);
        response->type = fixed ? "application/octet-stream" : TEXT;
        zh_http_header_add(response, "Cache-Control",
                           fixed ? "public, max-age=31536000, immutable" : "no-cache");
    }
    return rc;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static zh_rc handle_status(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, status);
}

static zh_rc handle_checkpoint(const zh_http_request *request, zh_http_response *response,
                               zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, checkpoint);
}

static zh_rc handle_proof(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, proof);
}

static zh_rc handle_entry(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, entry);
}

static zh_rc handle_consistency(const zh_http_request *request, zh_http_response *response,
                                zh_err *err)
{
    return zh_ui_answer_bare(request, response, err, consistency);
}

ZH_ROUTE(api_ledger) = {.method = "GET",
                        .reach = ZH_REACH_OPEN,
                        .path = "/api/v1/ledger",
                        .en = "The signed log: origin, size, root, keys",
                        .handle = handle_status};
ZH_ROUTE(api_ledger_checkpoint) = {.method = "GET",
                                   .reach = ZH_REACH_OPEN,
                                   .path = "/api/v1/ledger/checkpoint",
                                   .en = "The newest signed checkpoint (C2SP tlog-checkpoint)",
                                   .handle = handle_checkpoint};
ZH_ROUTE(api_ledger_proof) = {.method = "GET",
                              .path = "/api/v1/ledger/proofs/{position}",
                              .slow = true,
                              .en = "Inclusion proof of an entry (C2SP tlog-proof)",
                              .handle = handle_proof};
ZH_ROUTE(api_ledger_entry) = {.method = "GET",
                              .path = "/api/v1/ledger/entries/{position}",
                              .slow = true,
                              .en = "An entry with chosen fields of its record and its proof",
                              .handle = handle_entry};
ZH_ROUTE(api_ledger_consistency) = {.method = "GET",
                                    .reach = ZH_REACH_OPEN,
                                    .path = "/api/v1/ledger/consistency",
                                    .slow = true,
                                    .en = "Consistency proof between two sizes",
                                    .handle = handle_consistency};
ZH_ROUTE(ledger_files) = {.method = "GET",
                          .reach = ZH_REACH_OPEN,
                          .path = "/log/*",
                          .slow = true,
                          .en = "Public files of the log (C2SP tlog-tiles)",
                          .handle = handle_file};
