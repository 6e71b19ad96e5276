/* Opening published figures: proving them again, counting them again, what happened since, and the
 * file for outsiders. */
#include "base/time.h"
#include "core/figure/publish_private.h"
#include "core/instance/core_private.h"
#include "core/ledger/prove.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PROOF_BYTES = 1 << 20 };

/* ---- lists ----------------------------------------------------------------------------------- */

/* Root over the lines of a text, as entries without their newline. */
static void lines_root(zh_hash_alg alg, zh_str text, zh_digest *out, uint64_t *n)
{
    zh_hash hash;
    zh_tree_edge edge = {.size = 0};
    zh_str line;
    zh_hash_begin(&hash, alg);
    while (text.n > 0 && zh_str_split(&text, '\n', &line)) {
        zh_digest leaf;
        zh_tree_leaf(&hash, line.p, line.n, &leaf);
        zh_tree_edge_add(&hash, &edge, &leaf);
    }
    zh_tree_edge_root(&hash, &edge, out);
    *n = edge.size;
    zh_hash_release(&hash);
}

static bool has_root(zh_hash_alg alg, zh_str text, const zh_digest *root, uint64_t n)
{
    zh_digest found;
    uint64_t lines = 0;
    lines_root(alg, text, &found, &lines);
    return lines == n && zh_digest_eq(&found, root);
}

bool zh_published_holds(const zh_published *p, zh_hash_alg alg, zh_str detail, zh_str frame)
{
    return has_root(alg, detail, &p->detail_root, p->details) &&
           has_root(alg, frame, &p->frame_root, p->frames);
}

/* The log positions that stand first on each line. */
static zh_rc indices_of(zh_ctx *ctx, zh_str text, uint64_t count, uint64_t **out, size_t *n)
{
    zh_str line;
    zh_str word;
    *n = 0;
    *out = ZH_TRY_N(ctx->arena, uint64_t, count + 1);
    if (*out == NULL) {
        return zh_err_set(ctx->err, ZH_ENOMEM, "figure.memory", "逐条清单放不进内存");
    }
    while (text.n > 0 && *n < count && zh_str_split(&text, '\n', &line)) {
        if (!zh_str_split(&line, ' ', &word) || zh_str_u64(word, &(*out)[*n]) != ZH_OK) {
            return zh_err_set(ctx->err, ZH_ECORRUPT, "figure.lines", "逐条清单读不懂");
        }
        (*n)++;
    }
    return ZH_OK;
}

static bool holds(const uint64_t *list, size_t n, uint64_t wanted)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list[middle] < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && list[low] == wanted;
}

/* ---- proving again --------------------------------------------------------------------------- */

static zh_rc outbox_has(zh_ctx *ctx, zh_conn *conn, const zh_published *p, bool *out)
{
    zh_sql_value key[] = {ZH_SQL_INT(p->office), ZH_SQL_INT(p->batch)};
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(conn, ZH_STR("SELECT entries FROM zh_outbox WHERE office = ? AND batch = ?"), key,
                 2, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
        zh_str stored = rc == ZH_OK ? zh_col_str(stmt, 0) : ZH_STR_NONE;
        *out = stored.n == sizeof p->entry && memcmp(stored.p, p->entry, stored.n) == 0;
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc log_has(zh_ctx *ctx, const zh_published *p, bool *out)
{
    zh_treelog_view view;
    zh_err ignored = {0};
    zh_str entry;
    zh_rc rc =
        p->position < 0 ? ZH_ENOTFOUND : zh_ledger_view(ctx->core, ctx->arena, &view, &ignored);
    if (rc == ZH_OK && view.note.p != NULL && (uint64_t)p->position < view.checkpoint.size) {
        rc = zh_tile_entry(&view.store, view.checkpoint.size, (uint64_t)p->position, ctx->arena,
                           &entry, &ignored);
        *out = rc == ZH_OK && entry.n == sizeof p->entry && memcmp(entry.p, p->entry, entry.n) == 0;
    }
    return ZH_OK;
}

/* ---- counting again -------------------------------------------------------------------------- */

static zh_rc count_again(zh_ctx *ctx, zh_conn *conn, const zh_published *p,
                         const zh_figure_query *query, zh_reopened *out)
{
    zh_figure f;
    zh_figure_lists lists;
    zh_rc rc = zh_figure_ask(ctx, conn, query, &f);
    if (rc != ZH_OK) {
        return rc;
    }
    out->formula = zh_str_eq(zh_figure_formula(ctx, &f), p->formula_text);
    if (!out->formula) {
        return ZH_OK;
    }
    rc = zh_figure_count(ctx, conn, query, ctx->core->alg, &lists);
    if (rc == ZH_OK) {
        out->recounted = true;
        out->same = zh_str_eq(f.shown, p->value) &&
                    zh_digest_eq(&lists.detail_root, &p->detail_root) &&
                    zh_digest_eq(&lists.frame_root, &p->frame_root);
    }
    return rc;
}

static zh_rc ask_now(zh_ctx *ctx, zh_conn *conn, zh_figure_query query, zh_reopened *out)
{
    query.as_of = ZH_AS_OF_NOW;
    zh_rc rc = zh_figure_ask(ctx, conn, &query, &out->now);
    out->has_now = rc == ZH_OK;
    return rc;
}

/* Versions written since, of records that the frame names. */
static zh_rc corrections(zh_ctx *ctx, zh_conn *conn, const zh_published *p, const zh_register *reg,
                         zh_str frame, zh_reopened *out)
{
    uint64_t *indices = NULL;
    size_t n = 0;
    zh_stmt *stmt = NULL;
    zh_sql_value since = ZH_SQL_INT(p->size);
    zh_rc rc = indices_of(ctx, frame, p->frames, &indices, &n);
    zh_str sql = zh_str_fmt(
        ctx->arena,
        "SELECT h.office, h.id, h.version, h.op, h.recorded_at, b.pos + g.ord FROM zh_outbox o "
        "JOIN %.*s_h h ON h.office = o.office AND h.batch = o.batch JOIN %.*s_h g ON g.office = "
        "h.office AND g.id = h.id AND g.version = h.version - 1 JOIN zh_outbox b ON b.office = "
        "g.office AND b.batch = g.batch WHERE o.pos >= ? AND h.version > 1 ORDER BY o.pos, h.ord",
        ZH_FMT(reg->table), ZH_FMT(reg->table));
    out->corrections = ZH_NEW_N(ctx->arena, zh_figure_correction, ZH_FIGURE_CORRECTIONS_MAX);
    rc = rc == ZH_OK ? zh_query(conn, sql, &since, 1, &stmt, ctx->err) : rc;
    while (rc == ZH_OK && (rc = zh_step(stmt, ctx->err)) == ZH_OK) {
        int64_t before = zh_col_i64(stmt, 5);
        if (before < 0 || !holds(indices, n, (uint64_t)before)) {
            continue;
        }
        out->corrected++;
        if (out->ncorrections < ZH_FIGURE_CORRECTIONS_MAX) {
            out->corrections[out->ncorrections++] =
                (zh_figure_correction){.office = zh_col_i64(stmt, 0),
                                       .id = zh_col_i64(stmt, 1),
                                       .version = (int32_t)zh_col_i64(stmt, 2),
                                       .op = zh_str_dup(ctx->arena, zh_col_str(stmt, 3)),
                                       .at = zh_col_i64(stmt, 4),
                                       .index = before};
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

zh_rc zh_published_check(zh_ctx *ctx, zh_conn *conn, const zh_published *p, zh_reopened *out)
{
    zh_str detail = ZH_STR_NONE;
    zh_str frame = ZH_STR_NONE;
    zh_figure_query query;
    zh_err found = {0};
    zh_ctx own = *ctx;
    *out = (zh_reopened){.entry = false};
    zh_rc rc = outbox_has(ctx, conn, p, &out->entry);
    if (rc == ZH_OK) {
        rc = log_has(ctx, p, &out->sealed);
    }
    own.err = &found;
    if (rc == ZH_OK) {
        rc = zh_published_lines(&own, conn, p, &detail, &frame);
        out->lists = rc == ZH_OK && zh_published_holds(p, ctx->core->alg, detail, frame);
        rc = rc == ZH_ECORRUPT ? ZH_OK : rc; /* a missing list is what is to be told */
    }
    zh_rc known = rc == ZH_OK ? zh_figure_question_read(ctx, p->filter, &query) : rc;
    if (rc == ZH_OK && known == ZH_OK) {
        rc = count_again(ctx, conn, p, &query, out);
    }
    if (rc == ZH_OK && known == ZH_OK) {
        rc = ask_now(ctx, conn, query, out);
    }
    const zh_register *reg = zh_model_register(ctx->model, p->reg);
    if (rc == ZH_OK && reg != NULL && out->lists) {
        rc = corrections(ctx, conn, p, reg, frame, out);
    }
    return rc;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The fields of the figure itself, all of them: nothing of it is secret. */
static zh_rc show_all(zh_ctx *ctx, const zh_published *p, zh_disclosure_file *out)
{
    zh_digest *work = ZH_NEW_N(ctx->arena, zh_digest, p->nfields + 1);
    zh_rc rc = zh_record_entry_read((zh_str){(const char *)p->entry, sizeof p->entry}, &out->entry,
                                    ctx->err);
    memcpy(out->entry_bytes, p->entry, sizeof p->entry);
    out->fields = ZH_NEW_N(ctx->arena, zh_disclosure, p->nfields + 1);
    out->n = p->nfields;
    for (size_t i = 0; i < p->nfields && rc == ZH_OK; i++) {
        rc = zh_record_disclose(out->entry.alg, &p->salt, p->fields, p->nfields, i, work,
                                &out->fields[i], ctx->err);
    }
    return rc;
}

typedef struct opening {
    zh_ctx *ctx;
    zh_conn *conn;
    zh_hash hash;
    zh_tree_source source;
    uint64_t size; /* of the proof's checkpoint */
    zh_prove_fields show;
} opening;

static zh_rc open_record(opening *o, uint64_t index, zh_opening_record *out)
{
    zh_proved p;
    zh_rc rc = zh_prove_position(o->ctx, o->conn, (int64_t)index, o->show, &p);
    *out = (zh_opening_record){.index = index};
    if (rc == ZH_OK) {
        out->shown = p.file;
        out->shown.proof = ZH_STR_NONE;
        rc = zh_tree_prove_inclusion(&o->hash, &o->source, index, o->size, out->path, &out->path_n,
                                     o->ctx->err);
    }
    return rc;
}

static zh_rc open_records(opening *o, const zh_published *p, size_t records, zh_opening_file *out)
{
    uint64_t *indices = NULL;
    size_t n = 0;
    zh_rc rc = indices_of(o->ctx, out->detail, p->details, &indices, &n);
    n = n < records ? n : records;
    out->records = rc == ZH_OK ? ZH_TRY_N(o->ctx->arena, zh_opening_record, n + 1) : NULL;
    if (rc == ZH_OK && out->records == NULL) {
        rc = zh_err_set(o->ctx->err, ZH_ENOMEM, "figure.memory", "要附的记录太多，放不进内存");
    }
    for (out->n = 0; out->n < n && rc == ZH_OK;) {
        rc = open_record(o, indices[out->n], &out->records[out->n]);
        out->n += rc == ZH_OK;
    }
    return rc;
}

zh_rc zh_published_file(zh_ctx *ctx, zh_conn *conn, const zh_published *p, size_t records,
                        const zh_str *fields, size_t nfields, zh_opening_file *out)
{
    zh_treelog_view view;
    zh_buf proof;
    zh_tlog_proof parsed;
    zh_note note;
    zh_checkpoint checkpoint;
    *out = (zh_opening_file){.n = 0};
    zh_rc rc = zh_ledger_view(ctx->core, ctx->arena, &view, ctx->err);
    if (rc == ZH_OK && p->position < 0) {
        rc = zh_err_set(ctx->err, ZH_ENOTFOUND, "ledger.unsealed", "这个数字还没有签进存证日志");
    }
    zh_buf_init(&proof, PROOF_BYTES);
    if (rc == ZH_OK) {
        rc = zh_treelog_prove(ctx->arena, &view, (uint64_t)p->position, &proof, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = show_all(ctx, p, &out->figure);
        out->figure.proof = zh_str_dup(ctx->arena, zh_buf_view(&proof));
    }
    zh_buf_free(&proof);
    if (rc == ZH_OK) {
        rc = zh_published_lines(ctx, conn, p, &out->detail, &out->frame);
    }
    if (rc == ZH_OK) {
        rc = zh_tlog_proof_parse(out->figure.proof, &parsed, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_note_parse(parsed.note, &note, ctx->err);
    }
    if (rc == ZH_OK) {
        rc = zh_checkpoint_parse(note.text, &checkpoint, ctx->err);
    }
    if (rc == ZH_OK && records > 0) {
        zh_tile_nodes *nodes =
            zh_tile_nodes_new(ctx->arena, view.identity.alg, &view.store, checkpoint.size);
        opening o = {.ctx = ctx,
                     .conn = conn,
                     .source = zh_tile_nodes_source(nodes),
                     .size = checkpoint.size,
                     .show = {.names = fields, .n = nfields}};
        zh_hash_begin(&o.hash, view.identity.alg);
        rc = open_records(&o, p, records, out);
        zh_hash_release(&o.hash);
    }
    return rc;
}
