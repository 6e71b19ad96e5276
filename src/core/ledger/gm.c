/* The second log's entries; see gm.h. */
#include "core/ledger/gm.h"
#include "base/log.h"
#include "core/instance/core_private.h"
#include "core/ledger/figure_entry.h"
#include "core/ledger/ledger.h"
#include "core/ledger/sequence.h"
#include <inttypes.h>
#include <string.h>

enum { ROWS = 500 };

#define FILL_BYTES ((size_t)2 << 30)

static zh_entry_kind kind_of(zh_str op)
{
    return zh_str_is(op, "create")  ? ZH_ENTRY_EVIDENCE
           : zh_str_is(op, "erase") ? ZH_ENTRY_ERASURE
                                    : ZH_ENTRY_CORRECTION;
}

zh_rc zh_gm_entry_of(zh_arena *arena, zh_str salt, zh_str sealed, const zh_record_field *fields,
                     size_t n, const zh_record *record, zh_str op,
                     uint8_t out[ZH_RECORD_ENTRY_BYTES], zh_err *err)
{
    zh_digest root;
    if (salt.n == sizeof root.b) {
        memcpy(root.b, salt.p, salt.n);
        return zh_evidence_entry(arena, ZH_HASH_SM3, &root, fields, n, record, kind_of(op), out,
                                 err);
    }
    zh_rc rc = zh_sealed_root(arena, zh_sealed_gm(arena, sealed, n), fields, n, &root, err);
    zh_record_entry entry = {.alg = ZH_HASH_SM3,
                             .kind = kind_of(op),
                             .time_ms = (uint64_t)(record->recorded_at / 1000),
                             .subject = (uint64_t)record->id,
                             .n = (uint16_t)n,
                             .root = root};
    if (rc == ZH_OK) {
        zh_record_entry_write(&entry, out);
    }
    return rc;
}

zh_rc zh_gm_entry(zh_ctx *ctx, zh_conn *conn, const zh_stored_version *v,
                  uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    zh_shape shape;
    zh_record_field *fields = NULL;
    size_t n = 0;
    zh_rc rc = zh_shape_of(ctx, conn, v->record->reg, v->declaration, &shape);
    if (rc == ZH_OK) {
        rc = zh_evidence_fields(ctx->arena, &shape, v->record, v->declaration, &fields, &n,
                                ctx->err);
    }
    return rc == ZH_OK ? zh_gm_entry_of(ctx->arena, v->salt, v->sealed, fields, n, v->record, v->op,
                                        out, ctx->err)
                       : rc;
}

zh_rc zh_gm_kept(zh_core *core, zh_conn *conn, zh_err *err)
{
    zh_arena *arena = zh_arena_new(4096);
    zh_str value = ZH_STR_NONE;
    zh_rc rc = zh_setting_get(conn, arena, ZH_GM_SET, &value, err);
    core->gm = rc == ZH_OK && zh_str_is(value, "on");
    zh_arena_free(arena);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* ---- filling in ------------------------------------------------------------------------------ */

typedef struct missing { /* a row of the outbox without entries_gm */
    int64_t office, batch;
    int64_t n, found;
    uint8_t *entries;
} missing;

typedef struct filling {
    zh_core *core;
    zh_ctx ctx; /* its arena is rewound version by version */
    zh_conn *conn;
    zh_arena *arena;
    zh_map by_batch;
    ZH_VEC(missing *) rows;
    size_t written;
} filling;

static zh_str batch_key(const int64_t key[2])
{
    return (zh_str){(const char *)key, 2 * sizeof *key};
}

static zh_rc read_missing(filling *f)
{
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(f->conn, ZH_STR("SELECT office, batch, n FROM zh_outbox WHERE entries_gm IS NULL"),
                 NULL, 0, &stmt, f->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, f->ctx.err)) == ZH_OK) {
        int64_t n = zh_col_i64(stmt, 2);
        if (n < 0 || n > ZH_WAL_BATCH_MAX ||
            zh_arena_left(f->arena) < ((size_t)n + 1024) * ZH_RECORD_ENTRY_BYTES) {
            rc = zh_err_set(f->ctx.err, ZH_ELIMIT, "ledger.gm", "要补的国密条目太多，放不进内存");
            break;
        }
        missing *m = ZH_NEW(f->arena, missing);
        int64_t *key = ZH_NEW_N(f->arena, int64_t, 2);
        *m = (missing){.office = zh_col_i64(stmt, 0), .batch = zh_col_i64(stmt, 1), .n = n};
        m->entries = ZH_NEW_N(f->arena, uint8_t, (size_t)n * ZH_RECORD_ENTRY_BYTES + 1);
        key[0] = m->office;
        key[1] = m->batch;
        zh_map_put(&f->by_batch, batch_key(key), m);
        zh_vec_push(f->arena, &f->rows, m);
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static void put(missing *m, int64_t ord, const uint8_t *entry)
{
    if (ord >= 0 && ord < m->n) {
        memcpy(m->entries + (size_t)ord * ZH_RECORD_ENTRY_BYTES, entry, ZH_RECORD_ENTRY_BYTES);
        m->found++;
    }
}

static zh_rc fill_register(filling *f, const zh_register *reg)
{
    zh_stmt *stmt = NULL;
    zh_str sql = zh_str_fmt(f->arena, "SELECT office, batch, ord, id, version FROM %.*s_h",
                            ZH_FMT(reg->table));
    zh_rc rc = zh_query(f->conn, sql, NULL, 0, &stmt, f->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, f->ctx.err)) == ZH_OK) {
        int64_t key[2] = {zh_col_i64(stmt, 0), zh_col_i64(stmt, 1)};
        missing *m = zh_map_get(&f->by_batch, batch_key(key));
        zh_stored_version v;
        uint8_t entry[ZH_RECORD_ENTRY_BYTES];
        if (m == NULL) {
            continue;
        }
        zh_arena_reset(f->ctx.arena);
        rc = zh_version_load(&f->ctx, f->conn, reg, key[0], zh_col_i64(stmt, 3),
                             (int32_t)zh_col_i64(stmt, 4), &v);
        if (rc == ZH_OK) {
            rc = zh_gm_entry(&f->ctx, f->conn, &v, entry);
        }
        if (rc == ZH_OK) {
            put(m, zh_col_i64(stmt, 2), entry);
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc figure_entry(filling *f, const zh_stmt *stmt, uint8_t out[ZH_RECORD_ENTRY_BYTES])
{
    zh_str salt = zh_col_str(stmt, 4);
    zh_figure_evidence figure = {.id = zh_col_i64(stmt, 2), .at = zh_col_i64(stmt, 3)};
    if (salt.n != sizeof figure.salt.b || !zh_figure_fields_read(f->ctx.arena, zh_col_str(stmt, 5),
                                                                 &figure.fields, &figure.nfields)) {
        return zh_err_set(f->ctx.err, ZH_ECORRUPT, "figure.stored", "已发布数字 %" PRId64 " 存坏了",
                          figure.id);
    }
    memcpy(figure.salt.b, salt.p, salt.n);
    return zh_figure_entry(f->ctx.arena, &figure, ZH_HASH_SM3, out, f->ctx.err);
}

static zh_rc fill_figures(filling *f)
{
    zh_stmt *stmt = NULL;
    zh_rc rc =
        zh_query(f->conn, ZH_STR("SELECT office, batch, id, at, salt, record FROM zh_figure"), NULL,
                 0, &stmt, f->ctx.err);
    while (rc == ZH_OK && (rc = zh_step(stmt, f->ctx.err)) == ZH_OK) {
        int64_t key[2] = {zh_col_i64(stmt, 0), zh_col_i64(stmt, 1)};
        missing *m = zh_map_get(&f->by_batch, batch_key(key));
        uint8_t entry[ZH_RECORD_ENTRY_BYTES];
        if (m == NULL) {
            continue;
        }
        zh_arena_reset(f->ctx.arena);
        rc = figure_entry(f, stmt, entry);
        if (rc == ZH_OK) {
            put(m, 0, entry);
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc write_rows(void *user, zh_conn *conn, zh_err *err)
{
    filling *f = user;
    zh_rc rc = ZH_OK;
    for (size_t i = f->written; i < f->rows.n && i < f->written + ROWS && rc == ZH_OK; i++) {
        const missing *m = f->rows.p[i];
        zh_str bytes = {(const char *)m->entries, (size_t)m->n * ZH_RECORD_ENTRY_BYTES};
        zh_sql_value row[] = {ZH_SQL_BYTES(bytes), ZH_SQL_INT(m->office), ZH_SQL_INT(m->batch)};
        if (m->found != m->n) {
            return zh_err_set(err, ZH_ECORRUPT, "ledger.gm",
                              "批次 %" PRId64 "/%" PRId64 " 的版本不全，补不出国密条目；先运行 "
                              "zhiheng verify",
                              m->office, m->batch);
        }
        rc = zh_run(conn,
                    "UPDATE zh_outbox SET entries_gm = ? WHERE office = ? AND batch = ? AND "
                    "entries_gm IS NULL",
                    row, 3, NULL, err);
    }
    return rc;
}

static zh_rc read_all(filling *f)
{
    zh_rc rc = zh_store_reader(f->core->store, &f->conn, f->ctx.err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(f->conn, f->ctx.err);
    }
    if (rc == ZH_OK) {
        rc = read_missing(f);
        for (size_t i = 0; i < f->ctx.model->nregisters && rc == ZH_OK && f->rows.n > 0; i++) {
            rc = fill_register(f, &f->ctx.model->registers[i]);
        }
        if (rc == ZH_OK && f->rows.n > 0) {
            rc = fill_figures(f);
        }
        zh_read_end(f->conn);
    }
    zh_store_release(f->conn);
    return rc;
}

zh_rc zh_gm_fill(zh_core *core, zh_err *err)
{
    filling f = {.core = core, .arena = zh_arena_new(FILL_BYTES)};
    zh_arena *scratch = zh_arena_new(ZH_ARENA_REQUEST_BYTES);
    f.ctx = zh_ctx_local(core, scratch, err);
    zh_map_init(&f.by_batch, f.arena);
    zh_rc rc = read_all(&f);
    for (f.written = 0; f.written < f.rows.n && rc == ZH_OK; f.written += ROWS) {
        rc = zh_core_write(core, write_rows, &f, err);
    }
    if (rc == ZH_OK && f.rows.n > 0) {
        zh_log(ZH_INFO, "ledger.gm", "补上 %zu 个批次的国密条目", f.rows.n);
    }
    zh_ctx_end(&f.ctx);
    zh_arena_free(scratch);
    zh_arena_free(f.arena);
    return rc;
}

static zh_rc switch_on(void *user, zh_conn *conn, zh_err *err)
{
    (void)user;
    return zh_setting_set(conn, ZH_GM_SET, ZH_STR("on"), err);
}

zh_rc zh_gm_on(zh_core *core, zh_err *err)
{
    int64_t size = 0;
    bool more = true;
    if (core->alg == ZH_HASH_SM3 || zh_ledger_dir(core) == NULL) {
        return zh_err_set(err, ZH_EINVAL, "ledger.gm",
                          core->alg == ZH_HASH_SM3 ? "此库的存证日志本来就用 SM3"
                                                   : "没有数据目录，日志放在数据目录里");
    }
    zh_rc rc = zh_core_write(core, switch_on, NULL, err);
    if (rc == ZH_OK) {
        core->gm = true;
        rc = zh_gm_fill(core, err);
    }
    while (rc == ZH_OK && more) {
        rc = zh_ledger_round(core, &size, &more, err);
    }
    return rc;
}
