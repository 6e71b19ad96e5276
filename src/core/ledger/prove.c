/* Proofs of stored versions for outsiders. */
#include "core/ledger/prove.h"
#include "core/instance/core_private.h"
#include "core/ledger/gm.h"
#include "core/read/read.h"
#include <inttypes.h>
#include <string.h>

enum { PROOF_BYTES = 1 << 20 };

typedef struct showing {
    zh_ctx *ctx;
    const zh_shape *shape;
    const zh_record_field *fields;
    size_t n;
    zh_digest *salts;   /* of fields whose value stands; of others their commitment */
    zh_digest *leaves;  /* H(0x00 || commitment) */
    const bool *hidden; /* erased */
    bool *chosen;
} showing;

/* ---- which fields ---------------------------------------------------------------------------- */

static bool personal(void *user, const zh_field *field)
{
    (void)user;
    return field->pipl != ZH_PIPL_NONE ||
           (field->table != NULL && field->table->pipl != ZH_PIPL_NONE);
}

static zh_rc no_field(const showing *s, zh_str name, bool erased)
{
    zh_rc rc = erased ? ZH_EDENIED : ZH_ENOTFOUND;
    zh_err_set(s->ctx->err, rc, erased ? "prove.erased" : "prove.field",
               erased ? "字段“%.*s”的内容已删除，不能出示" : "这一版没有字段“%.*s”", ZH_FMT(name));
    zh_err_fix(s->ctx->err, erased ? "可以出示其余字段；这一条在日志里的证明不受影响"
                                   : "用字段的 id；子表的格写作 items[0].value，整张子表写 items");
    return rc;
}

/* A whole table by its id. */
static bool of_table(zh_str name, zh_str table)
{
    return name.n > table.n && zh_str_starts(name, table) && name.p[table.n] == '[';
}

static zh_rc choose(showing *s, const zh_record *record, zh_prove_fields show)
{
    bool *is_personal = ZH_NEW_N(s->ctx->arena, bool, s->n + 1);
    zh_evidence_choose(s->shape, record, personal, NULL, is_personal);
    for (size_t k = 0; k < show.n; k++) {
        bool all = zh_str_is(show.names[k], "*");
        bool everything = zh_str_is(show.names[k], "**");
        bool found = all || everything;
        bool erased = false;
        for (size_t i = 0; i < s->n; i++) {
            bool named = zh_str_eq(s->fields[i].name, show.names[k]);
            bool within = of_table(s->fields[i].name, show.names[k]);
            bool wanted = everything || (all && !is_personal[i]) || named || within;
            s->chosen[i] = s->chosen[i] || (wanted && !s->hidden[i]);
            found = found || named || within;
            erased = erased || (named && s->hidden[i]);
        }
        if (!found || erased) {
            return no_field(s, show.names[k], erased);
        }
    }
    return ZH_OK;
}

/* ---- salts and commitments ------------------------------------------------------------------- */

static zh_rc open_salts(showing *s, const zh_stored_version *v, zh_hash_alg alg, bool gm)
{
    zh_arena *arena = s->ctx->arena;
    bool *hidden = ZH_NEW_N(arena, bool, s->n + 1);
    s->hidden = hidden;
    if (v->salt.p == NULL) {
        zh_str sealed = gm ? zh_sealed_gm(arena, v->sealed, s->n) : v->sealed;
        return zh_sealed_read(sealed, s->n, s->salts, hidden, s->ctx->err);
    }
    zh_digest salt;
    if (v->salt.n != sizeof salt.b) {
        return zh_err_set(s->ctx->err, ZH_ECORRUPT, "evidence.salt", "版本的盐不是 32 字节");
    }
    memcpy(salt.b, v->salt.p, sizeof salt.b);
    for (size_t i = 0; i < s->n; i++) {
        zh_record_salt(alg, &salt, (uint32_t)i, &s->salts[i]);
    }
    return ZH_OK;
}

static zh_rc make_leaves(showing *s, zh_hash_alg alg)
{
    zh_hash hash;
    zh_rc rc = ZH_OK;
    zh_hash_begin(&hash, alg);
    for (size_t i = 0; i < s->n && rc == ZH_OK; i++) {
        zh_digest commit = s->salts[i];
        if (!s->hidden[i]) {
            rc = zh_record_commit(alg, &s->salts[i], &s->fields[i], &commit, s->ctx->err);
        }
        zh_tree_leaf(&hash, commit.b, sizeof commit.b, &s->leaves[i]);
    }
    zh_hash_release(&hash);
    return rc;
}

static void disclose(const showing *s, zh_hash_alg alg, zh_disclosure_file *out)
{
    zh_arena *arena = s->ctx->arena;
    zh_digest *work = ZH_NEW_N(arena, zh_digest, s->n + 1);
    zh_hash hash;
    out->fields = ZH_NEW_N(arena, zh_disclosure, s->n + 1);
    out->n = 0;
    zh_hash_begin(&hash, alg);
    for (size_t i = 0; i < s->n; i++) {
        if (s->chosen[i]) {
            zh_disclosure *d = &out->fields[out->n++];
            zh_digest path[ZH_TREE_PATH_MAX];
            *d = (zh_disclosure){.field = s->fields[i],
                                 .salt = s->salts[i],
                                 .index = (uint32_t)i,
                                 .n = (uint32_t)s->n};
            memcpy(work, s->leaves, s->n * sizeof *work);
            d->path_n = zh_tree_path(&hash, work, s->n, i, path);
            zh_assert(d->path_n <= ZH_COUNTOF(d->path));
            memcpy(d->path, path, d->path_n * sizeof *path);
        }
    }
    zh_hash_release(&hash);
}

/* ---- the log --------------------------------------------------------------------------------- */

static zh_rc add_proof(zh_ctx *ctx, zh_proved *p, bool gm)
{
    zh_treelog_view view;
    zh_buf text;
    zh_err found = {0};
    zh_rc rc = p->position < 0 ? ZH_ENOTFOUND
               : gm            ? zh_ledger_gm_view(ctx->core, ctx->arena, &view, &found)
                               : zh_ledger_view(ctx->core, ctx->arena, &view, &found);
    zh_buf_init(&text, PROOF_BYTES);
    if (rc == ZH_OK) {
        rc = zh_treelog_prove(ctx->arena, &view, (uint64_t)p->position, &text, &found);
    }
    if (rc == ZH_OK) {
        p->file.proof = zh_str_dup(ctx->arena, zh_buf_view(&text));
    } else if (rc != ZH_ENOTFOUND) {
        *ctx->err = found;
    }
    zh_buf_free(&text);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- a version ------------------------------------------------------------------------------- */

static zh_rc show_fields(zh_ctx *ctx, zh_conn *conn, const zh_stored_version *v,
                         zh_prove_fields show, zh_proved *out)
{
    zh_arena *arena = ctx->arena;
    zh_shape shape;
    zh_record_field *fields = NULL;
    showing s = {.ctx = ctx, .shape = &shape};
    zh_hash_alg alg = out->file.entry.alg;
    zh_rc rc = zh_shape_of(ctx, conn, out->reg, v->declaration, &shape);
    if (rc == ZH_OK) {
        rc = zh_evidence_fields(arena, &shape, v->record, v->declaration, &fields, &s.n, ctx->err);
    }
    s.fields = fields;
    s.salts = rc == ZH_OK ? ZH_TRY_N(arena, zh_digest, s.n + 1) : NULL;
    s.leaves = rc == ZH_OK ? ZH_TRY_N(arena, zh_digest, s.n + 1) : NULL;
    s.chosen = ZH_NEW_N(arena, bool, s.n + 1);
    if (rc == ZH_OK && (s.salts == NULL || s.leaves == NULL)) {
        rc = zh_err_set(ctx->err, ZH_ENOMEM, "record.memory", "内存不足");
    }
    if (rc == ZH_OK) {
        rc = open_salts(&s, v, alg, show.gm);
    }
    if (rc == ZH_OK) {
        rc = choose(&s, v->record, show);
    }
    if (rc == ZH_OK) {
        rc = make_leaves(&s, alg);
    }
    if (rc == ZH_OK) {
        disclose(&s, alg, &out->file);
    }
    return rc;
}

/* The entry of the second log: what the outbox has, and what the version gives. */
static zh_rc gm_entry(zh_ctx *ctx, zh_conn *conn, const zh_stored_version *v,
                      zh_version_proof *proof)
{
    zh_sql_value key[] = {ZH_SQL_INT(v->record->office), ZH_SQL_INT(v->batch)};
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(conn, ZH_STR("SELECT entries_gm FROM zh_outbox WHERE office = ? AND batch = ?"),
                 key, 2, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    zh_str entries = rc == ZH_OK ? zh_col_str(stmt, 0) : ZH_STR_NONE;
    if (v->ord >= 0 && (size_t)v->ord < entries.n / ZH_RECORD_ENTRY_BYTES) {
        memcpy(proof->stored, entries.p + (size_t)v->ord * ZH_RECORD_ENTRY_BYTES,
               ZH_RECORD_ENTRY_BYTES);
    } else if (rc == ZH_OK || rc == ZH_ENOTFOUND) {
        zh_treelog_view view; /* says that there is no second log */
        zh_err none = {0};
        rc = zh_ledger_gm_view(ctx->core, ctx->arena, &view, &none);
        rc = rc == ZH_OK
                 ? zh_err_set(ctx->err, ZH_ECORRUPT, "evidence.outbox",
                              "版本 %" PRId32 " 的批次里没有它的国密凭证", v->record->version)
                 : zh_err_set(ctx->err, rc, none.rule, "%s", none.message);
    }
    zh_finish(stmt);
    return rc == ZH_OK ? zh_gm_entry(ctx, conn, v, proof->computed) : rc;
}

static zh_rc differs(zh_ctx *ctx, const zh_proved *p)
{
    zh_err_set(ctx->err, ZH_ECORRUPT, "prove.differs",
               "%.*s/%" PRId64 "/%" PRId64 " 第 %d 版的内容与它的凭证不符，不能出证明",
               ZH_FMT(p->reg->id), p->office, p->id, (int)p->version);
    zh_err_fix(ctx->err, "运行 zhiheng verify 查出所有不符之处");
    return ZH_ECORRUPT;
}

zh_rc zh_prove_version(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                       int64_t id, int32_t version, zh_prove_fields show, zh_proved *out)
{
    zh_version_proof proof;
    zh_stored_version v;
    *out = (zh_proved){.reg = reg, .office = office, .id = id, .version = version};
    zh_rc rc = zh_version_prove(ctx, conn, reg, office, id, version, &proof);
    if (rc == ZH_OK) {
        rc = zh_version_load(ctx, conn, reg, office, id, version, &v);
    }
    if (rc == ZH_OK && show.gm) {
        rc = gm_entry(ctx, conn, &v, &proof);
    }
    if (rc == ZH_OK && memcmp(proof.stored, proof.computed, sizeof proof.stored) != 0) {
        rc = differs(ctx, out);
    }
    if (rc == ZH_OK) {
        out->position = proof.position;
        memcpy(out->file.entry_bytes, proof.stored, sizeof proof.stored);
        rc = zh_record_entry_read((zh_str){(const char *)proof.stored, sizeof proof.stored},
                                  &out->file.entry, ctx->err);
    }
    if (rc == ZH_OK) {
        zh_record_entry_leaf(proof.stored, out->file.entry.alg, &out->leaf);
        rc = show_fields(ctx, conn, &v, show, out);
    }
    return rc == ZH_OK ? add_proof(ctx, out, show.gm) : rc;
}

zh_rc zh_prove_find(zh_ctx *ctx, zh_conn *conn, int64_t position, zh_proved *out)
{
    zh_sql_value bind = ZH_SQL_INT(position);
    zh_stmt *stmt = NULL;
    int64_t place[4] = {0};
    int64_t found[2] = {0};
    *out = (zh_proved){.position = position};
    zh_rc rc = zh_query(conn,
                        ZH_STR("SELECT office, batch, pos, n, register FROM zh_outbox WHERE pos <= "
                               "? ORDER BY pos DESC LIMIT 1"),
                        &bind, 1, &stmt, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, ctx->err);
    }
    if (rc == ZH_OK) {
        for (size_t i = 0; i < 4; i++) {
            place[i] = zh_col_i64(stmt, i);
        }
        out->reg = zh_model_register(ctx->model, zh_col_str(stmt, 4));
        rc = position < place[2] + place[3] && out->reg != NULL ? ZH_OK : ZH_ENOTFOUND;
    }
    zh_finish(stmt);
    if (rc == ZH_OK) {
        zh_sql_value key[] = {ZH_SQL_INT(place[0]), ZH_SQL_INT(place[1]),
                              ZH_SQL_INT(position - place[2])};
        zh_str sql = zh_str_fmt(ctx->arena,
                                "SELECT id, version FROM %.*s_h WHERE office = ? AND batch = ? "
                                "AND ord = ?",
                                ZH_FMT(out->reg->table));
        rc = zh_query(conn, sql, key, 3, &stmt, ctx->err);
        rc = rc == ZH_OK ? zh_step(stmt, ctx->err) : rc;
        if (rc == ZH_OK) {
            found[0] = zh_col_i64(stmt, 0);
            found[1] = zh_col_i64(stmt, 1);
        }
        zh_finish(stmt);
    }
    out->office = place[0];
    out->id = found[0];
    out->version = (int32_t)found[1];
    if (rc == ZH_ENOTFOUND) {
        zh_err_set(ctx->err, rc, "prove.position", "账本第 %" PRId64 " 条没有对应的记录版本",
                   position);
    }
    return rc;
}

zh_rc zh_prove_position(zh_ctx *ctx, zh_conn *conn, int64_t position, zh_prove_fields show,
                        zh_proved *out)
{
    zh_proved at;
    zh_rc rc = zh_prove_find(ctx, conn, position, &at);
    return rc == ZH_OK
               ? zh_prove_version(ctx, conn, at.reg, at.office, at.id, at.version, show, out)
               : rc;
}
