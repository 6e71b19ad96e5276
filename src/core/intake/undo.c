/* Undoing an import: which versions it wrote, what has become of them, what is written instead.
 *
 * The import's batches are taken newest first, so that records which refer to earlier rows of the
 * same file go before these. A batch is prepared on a snapshot and applied with the versions it was
 * prepared for: when somebody was quicker it is prepared again. */
#include "core/intake/undo.h"
#include "base/json.h"
#include "core/instance/core_private.h"
#include "core/ledger/evidence.h"
#include "core/read/permission.h"
#include "core/read/read.h"
#include "core/record/record.h"
#include "proof/record.h"
#include <inttypes.h>
#include <string.h>

enum {
    BATCH_BYTES = 512 << 20,
    ANOTHER_TRY_MAX = 8, /* a batch of which somebody keeps changing records */
    REFERS_CHUNK = 400,  /* ids in one question */
    RESULT_BYTES = 1 << 20,
};

/* ---- the job --------------------------------------------------------------------------------- */

static zh_str args_of(zh_arena *arena, int64_t import)
{
    return zh_str_fmt(arena, "{\"import\":\"%" PRId64 "\"}", import);
}

static zh_rc import_of(zh_ctx *ctx, const zh_job *job, int64_t *out)
{
    zh_json *args = NULL;
    zh_rc rc = zh_json_parse(ctx->arena, job->args, &args, ctx->err);
    return rc == ZH_OK ? zh_str_i64(zh_json_str(zh_json_get(args, "import"), ZH_STR("")), out) : rc;
}

static const zh_register *register_of(zh_ctx *ctx, const zh_job *import)
{
    zh_json *args = NULL;
    zh_err ignored = {0};
    if (zh_json_parse(ctx->arena, import->args, &args, &ignored) != ZH_OK) {
        return NULL;
    }
    zh_str id = zh_json_str(zh_json_get(args, "register"), ZH_STR(""));
    return id.n > 0 ? zh_model_register(ctx->model, id) : NULL;
}

static zh_rc ask_i64(zh_ctx *ctx, const char *sql, const zh_sql_value *binds, size_t n,
                     int64_t *out)
{
    zh_conn *conn = NULL;
    zh_rc rc = zh_store_reader(zh_core_store(ctx->core), &conn, ctx->err);
    if (rc == ZH_OK) {
        rc = zh_query_i64(conn, sql, binds, n, out, ctx->err);
    }
    zh_store_release(conn);
    return rc;
}

zh_rc zh_undo_find(zh_ctx *ctx, int64_t import, zh_job *out)
{
    int64_t id = 0;
    zh_sql_value key[] = {ZH_SQL_STR(ZH_STR(ZH_JOB_UNDO)), ZH_SQL_STR(args_of(ctx->arena, import))};
    zh_rc rc =
        ask_i64(ctx, "SELECT id FROM zh_job WHERE kind = ? AND args = ? ORDER BY id DESC LIMIT 1",
                key, 2, &id);
    return rc == ZH_OK ? zh_job_get(ctx, id, out) : rc;
}

static bool open_or_done(const zh_job *job)
{
    return zh_str_is(job->state, "queued") || zh_str_is(job->state, "running") ||
           zh_str_is(job->state, "done");
}

static zh_rc may_begin(zh_ctx *ctx, const zh_job *import)
{
    int64_t batches = 0;
    zh_sql_value key = ZH_SQL_INT(import->id);
    bool ended = zh_str_is(import->state, "done") || zh_str_is(import->state, "cancelled");
    const zh_register *reg = register_of(ctx, import);
    if (!zh_str_is(import->kind, "import") || !ended || reg == NULL) {
        zh_err_set(ctx->err, ZH_ECONFLICT, "undo.kind",
                   "任务 %" PRId64 " 不是一次做完了的导入，不能撤销", import->id);
        zh_err_fix(ctx->err, "zhiheng job list 列出导入任务");
        return ZH_ECONFLICT;
    }
    if (!zh_str_eq(import->actor, ctx->actor)) {
        zh_err_set(ctx->err, ZH_EDENIED, "undo.actor", "这次导入是“%.*s”做的，只有本人可以撤销",
                   ZH_FMT(import->actor));
        return ZH_EDENIED;
    }
    if (zh_time_date(import->updated_at) != zh_time_date(zh_now())) {
        zh_err_set(ctx->err, ZH_ECONFLICT, "undo.day", "导入只能在当天撤销，这次导入不是今天做的");
        zh_err_fix(ctx->err, "逐条更正，或导入一份更正后的文件");
        return ZH_ECONFLICT;
    }
    zh_rc rc = zh_right_need(ctx, reg, ZH_RIGHT_CREATE);
    if (rc == ZH_OK) {
        rc = ask_i64(ctx, "SELECT COUNT(*) FROM zh_outbox WHERE job = ?", &key, 1, &batches);
    }
    if (rc == ZH_OK && batches == 0) {
        return zh_err_set(ctx->err, ZH_ECONFLICT, "undo.nothing", "这次导入没有写入可撤销的记录");
    }
    return rc;
}

zh_rc zh_undo_may(zh_ctx *ctx, const zh_job *import)
{
    zh_job begun;
    zh_rc rc = zh_undo_find(ctx, import->id, &begun);
    if (rc == ZH_OK && open_or_done(&begun) && zh_str_eq(begun.actor, ctx->actor)) {
        return ZH_OK;
    }
    return rc == ZH_OK || rc == ZH_ENOTFOUND ? may_begin(ctx, import) : rc;
}

zh_rc zh_undo_order(zh_ctx *ctx, const zh_job *import, zh_job *out)
{
    zh_rc rc = zh_undo_may(ctx, import);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str args = args_of(ctx->arena, import->id);
    rc = zh_job_open(ctx, ZH_STR(ZH_JOB_UNDO), args, true, out);
    if (rc == ZH_OK && !open_or_done(out)) {
        rc = zh_job_open(ctx, ZH_STR(ZH_JOB_UNDO), args, false, out);
    }
    return rc;
}

/* ---- one run --------------------------------------------------------------------------------- */

typedef struct undoing {
    zh_ctx *ctx;
    zh_ctx whole; /* what is read does not depend on the writer; arena: of the batch */
    zh_conn *conn;
    zh_job *job;
    const zh_register *reg;
    zh_str args, reason;
    zh_undo_result found; /* of the batches done */
    ZH_VEC(zh_undo_left) left;
} undoing;

typedef struct source { /* a batch of the import */
    int64_t office, batch;
    zh_str entries;
} source;

/* What becomes of one record of a batch. */
typedef struct fate {
    int64_t id;
    int32_t version, newest; /* that the import wrote; of the record now */
    bool created, gone;      /* gone: withdrawn already, or put back */
    zh_str why;              /* it is left */
    zh_prepared *prepared;
} fate;

typedef struct plan {
    const source *from;
    fate *fates;
    size_t n;
    zh_prepared **list;
    size_t nlist;
} plan;

static zh_rc count_sources(undoing *u, int64_t import, int64_t *out)
{
    zh_sql_value key = ZH_SQL_INT(import);
    return zh_query_i64(u->conn, "SELECT COUNT(*) FROM zh_outbox WHERE job = ?", &key, 1, out,
                        u->ctx->err);
}

static zh_rc source_at(undoing *u, int64_t import, int64_t index, source *out)
{
    zh_stmt *stmt = NULL;
    zh_sql_value key[] = {ZH_SQL_INT(import), ZH_SQL_INT(index)};
    zh_rc rc = zh_query(u->conn,
                        ZH_STR("SELECT office, batch, entries FROM zh_outbox WHERE job = ? ORDER "
                               "BY batch DESC, office DESC LIMIT 1 OFFSET ?"),
                        key, 2, &stmt, u->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_step(stmt, u->ctx->err);
    }
    if (rc == ZH_OK) {
        *out = (source){zh_col_i64(stmt, 0), zh_col_i64(stmt, 1),
                        zh_str_dup(u->whole.arena, zh_col_str(stmt, 2))};
    }
    zh_finish(stmt);
    return rc;
}

/* ---- what has become of the records ---------------------------------------------------------- */

/* The version of this batch, and whether anybody but the clock and this undo wrote a later one. */
static zh_rc trace(undoing *u, const source *from, fate *f)
{
    zh_stmt *stmt = NULL;
    zh_str sql = zh_str_fmt(
        u->whole.arena,
        "SELECT h.version, h.batch, h.op, h.actor, CASE WHEN j.id IS NULL THEN 0 ELSE 1 END FROM "
        "%.*s_h h JOIN zh_outbox b ON b.office = h.office AND b.batch = h.batch LEFT JOIN zh_job j "
        "ON j.id = b.job AND j.kind = 'undo' AND j.args = ? WHERE h.office = ? AND h.id = ? ORDER "
        "BY h.version",
        ZH_FMT(u->reg->table));
    zh_sql_value key[] = {ZH_SQL_STR(u->args), ZH_SQL_INT(from->office), ZH_SQL_INT(f->id)};
    zh_rc rc = zh_query(u->conn, sql, key, 3, &stmt, u->ctx->err);
    while (rc == ZH_OK && (rc = zh_step(stmt, u->ctx->err)) == ZH_OK) {
        zh_str op = zh_col_str(stmt, 2);
        zh_str actor = zh_col_str(stmt, 3);
        f->newest = (int32_t)zh_col_i64(stmt, 0);
        if (zh_col_i64(stmt, 1) == from->batch) {
            f->version = f->newest;
            f->created = zh_str_is(op, "create");
        } else if (f->version > 0) {
            bool system = zh_str_is(actor, "clock") || zh_str_is(actor, "system");
            f->gone = f->gone || zh_col_i64(stmt, 4) != 0 || zh_str_is(op, "withdraw");
            f->why = system || f->gone ? f->why
                                       : zh_str_fmt(u->whole.arena, "此后由“%.*s”改过（第 %d 版）",
                                                    ZH_FMT(actor), (int)f->newest);
        }
    }
    zh_finish(stmt);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static fate *fate_of(plan *p, int64_t id)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->fates[i].id == id) {
            return &p->fates[i];
        }
    }
    return NULL;
}

static bool to_withdraw(const fate *f)
{
    return f->created && !f->gone && f->why.n == 0;
}

/* Records that refer, through one field, to what is to be withdrawn. A referring record of the same
 * batch that goes too is no obstacle. */
static zh_rc refused_by(undoing *u, plan *p, const zh_register *reg, const zh_field *field,
                        bool *more)
{
    zh_arena *arena = u->whole.arena;
    zh_str table = field->table == NULL ? reg->table
                                        : zh_str_fmt(arena, "%.*s__%.*s", ZH_FMT(reg->table),
                                                     ZH_FMT(field->table->column));
    const char *id = field->table == NULL ? "id" : "parent";
    zh_rc rc = ZH_OK;
    for (size_t at = 0; at < p->n && rc == ZH_OK;) {
        zh_buf sql;
        zh_binds binds = {0};
        zh_stmt *stmt = NULL;
        zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
        zh_buf_fmt(
            &sql, "SELECT a.office, a.%s, a.%.*s FROM %.*s a WHERE a.%.*s__o = ? AND a.%.*s IN (",
            id, ZH_FMT(field->column), ZH_FMT(table), ZH_FMT(field->column), ZH_FMT(field->column));
        zh_vec_push(arena, &binds, ZH_SQL_INT(p->from->office));
        for (; at < p->n && binds.n <= REFERS_CHUNK; at++) {
            if (to_withdraw(&p->fates[at])) {
                zh_buf_z(&sql, binds.n > 1 ? ",?" : "?");
                zh_vec_push(arena, &binds, ZH_SQL_INT(p->fates[at].id));
            }
        }
        zh_buf_c(&sql, ')');
        if (binds.n > 1) {
            rc = zh_query(u->conn, zh_buf_view(&sql), binds.p, binds.n, &stmt, u->ctx->err);
        }
        while (rc == ZH_OK && stmt != NULL && (rc = zh_step(stmt, u->ctx->err)) == ZH_OK) {
            bool inside = reg == u->reg && zh_col_i64(stmt, 0) == p->from->office;
            const fate *by = inside ? fate_of(p, zh_col_i64(stmt, 1)) : NULL;
            fate *f = fate_of(p, zh_col_i64(stmt, 2));
            if (f != NULL && to_withdraw(f) && (by == NULL || !to_withdraw(by))) {
                f->why = zh_str_fmt(arena, "已被“%.*s”的记录 %" PRId64 " 引用",
                                    ZH_FMT(reg->label.zh), zh_col_i64(stmt, 1));
                *more = true;
            }
        }
        rc = rc == ZH_ENOTFOUND ? ZH_OK : rc;
        zh_finish(stmt);
        zh_buf_free(&sql);
    }
    return rc;
}

/* Leaves what others refer to; what is left may itself refer to others, hence until it settles. */
static zh_rc keep_referred(undoing *u, plan *p)
{
    const zh_model *model = u->ctx->model;
    zh_rc rc = ZH_OK;
    for (bool more = true; more && rc == ZH_OK;) {
        more = false;
        for (size_t i = 0; i < model->nregisters && rc == ZH_OK; i++) {
            const zh_register *reg = &model->registers[i];
            for (size_t f = 0; f < reg->nfields && rc == ZH_OK; f++) {
                const zh_field *field = &reg->fields[f];
                if (field->type == ZH_TYPE_REF && field->target == u->reg) {
                    rc = refused_by(u, p, reg, field, &more);
                }
                for (size_t c = 0; c < field->ncolumns && rc == ZH_OK; c++) {
                    if (field->columns[c].type == ZH_TYPE_REF &&
                        field->columns[c].target == u->reg) {
                        rc = refused_by(u, p, reg, &field->columns[c], &more);
                    }
                }
            }
        }
    }
    return rc;
}

/* A step that waits for a second person is a change somebody has begun. */
static zh_rc keep_pending(undoing *u, const source *from, fate *f)
{
    int64_t waiting = 0;
    zh_sql_value key[] = {ZH_SQL_INT(from->office), ZH_SQL_STR(u->reg->id), ZH_SQL_INT(f->id),
                          ZH_SQL_INT(f->newest)};
    zh_rc rc = zh_query_i64(u->conn,
                            "SELECT COUNT(*) FROM zh_pending WHERE office = ? AND register = ? AND "
                            "record = ? AND version = ? AND decided_at IS NULL",
                            key, 4, &waiting, u->ctx->err);
    if (rc == ZH_OK && waiting > 0) {
        f->why = ZH_STR("有一步正等第二人复核");
    }
    return rc;
}

/* ---- what is written instead ----------------------------------------------------------------- */

static bool rows_same(const zh_rows *a, const zh_rows *b)
{
    bool same = a->n == b->n;
    size_t cells = a->table != NULL ? a->n * a->table->ncolumns : 0;
    for (size_t i = 0; i < cells && same; i++) {
        same = zh_value_same(&a->values[i], &b->values[i]);
    }
    return same;
}

/* Child rows as they were; a row that the import took away comes back under a new row id. */
static const zh_rows *rows_back(zh_arena *arena, const zh_rows *before, const zh_rows *now)
{
    zh_rows *rows = ZH_NEW(arena, zh_rows);
    *rows = *before;
    rows->ids = ZH_NEW_N(arena, int64_t, before->n + 1);
    for (size_t i = 0; i < before->n; i++) {
        for (size_t k = 0; k < now->n && rows->ids[i] == 0; k++) {
            rows->ids[i] = now->ids[k] == before->ids[i] ? before->ids[i] : 0;
        }
    }
    return rows;
}

/* The fields that the import changed, with their values of before. */
static zh_rc changes_back(undoing *u, const source *from, const fate *f, zh_op *op)
{
    zh_arena *arena = u->whole.arena;
    zh_stored_version before;
    zh_stored_version then;
    zh_stored_version now;
    zh_rc rc =
        zh_version_load(&u->whole, u->conn, u->reg, from->office, f->id, f->version - 1, &before);
    if (rc == ZH_OK) {
        rc = zh_version_load(&u->whole, u->conn, u->reg, from->office, f->id, f->version, &then);
    }
    if (rc == ZH_OK) {
        rc = zh_version_load(&u->whole, u->conn, u->reg, from->office, f->id, f->newest, &now);
    }
    zh_change *changes = ZH_NEW_N(arena, zh_change, u->reg->nfields + 1);
    for (size_t i = 0; i < u->reg->nfields && rc == ZH_OK; i++) {
        const zh_field *field = &u->reg->fields[i];
        if (field->computed) {
            continue;
        }
        if (field->type == ZH_TYPE_TABLE) {
            const zh_rows *rows = &before.record->tables[i];
            if (!rows_same(rows, &then.record->tables[i])) {
                changes[op->nchanges++] = (zh_change){
                    field, ZH_VALUE_NULL, rows_back(arena, rows, &now.record->tables[i])};
            }
        } else if (!zh_value_same(&before.record->values[i], &then.record->values[i])) {
            changes[op->nchanges++] = (zh_change){field, before.record->values[i], NULL};
        }
    }
    op->changes = changes;
    return rc;
}

/* Prepares the write of one record, or says why it is left. */
static zh_rc prepare_one(undoing *u, const source *from, fate *f)
{
    zh_ctx ctx = *u->ctx;
    zh_err found = {0};
    zh_findings findings = {0};
    zh_op op = {.kind = f->created ? ZH_OP_WITHDRAW : ZH_OP_AMEND,
                .reg = u->reg,
                .office = from->office,
                .id = f->id,
                .version_expected = f->newest,
                .reason = u->reason,
                .justification = u->reason};
    zh_rc rc = f->created ? ZH_OK : changes_back(u, from, f, &op);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!f->created && op.nchanges == 0) {
        f->gone = true; /* only what is computed had changed */
        return ZH_OK;
    }
    ctx.arena = u->whole.arena;
    ctx.err = &found;
    rc = zh_record_prepare(&ctx, u->conn, &op, &findings, &f->prepared);
    if (rc == ZH_EINVAL && findings.rejected && findings.list.n > 0 &&
        zh_str_is(findings.list.p[0].rule, "record.unchanged")) {
        f->gone = true;
        return ZH_OK;
    }
    if (rc == ZH_EINVAL || rc == ZH_EDENIED) {
        zh_str what = findings.list.n > 0 ? findings.list.p[0].message : zh_str_of(found.message);
        f->why = zh_str_fmt(ctx.arena, "不能退回：%.*s", ZH_FMT(what));
        return ZH_OK;
    }
    if (rc != ZH_OK) {
        *u->ctx->err = found;
    }
    return rc;
}

static zh_rc make_plan(undoing *u, const source *from, plan *p)
{
    zh_arena *arena = u->whole.arena;
    size_t n = from->entries.n / ZH_RECORD_ENTRY_BYTES;
    *p = (plan){.from = from, .fates = ZH_NEW_N(arena, fate, n + 1)};
    p->list = ZH_NEW_N(arena, zh_prepared *, n + 1);
    zh_rc rc = ZH_OK;
    for (size_t i = n; i > 0 && rc == ZH_OK; i--) { /* later rows may refer to earlier ones */
        zh_record_entry entry;
        zh_str bytes =
            zh_str_sub(from->entries, (i - 1) * ZH_RECORD_ENTRY_BYTES, ZH_RECORD_ENTRY_BYTES);
        rc = zh_record_entry_read(bytes, &entry, u->ctx->err);
        fate *f = &p->fates[p->n];
        *f = (fate){.id = rc == ZH_OK ? (int64_t)entry.subject : 0};
        rc = rc == ZH_OK ? trace(u, from, f) : rc;
        if (rc == ZH_OK && f->why.n == 0 && !f->gone) {
            rc = keep_pending(u, from, f);
        }
        p->n += f->version > 0;
    }
    rc = rc == ZH_OK ? keep_referred(u, p) : rc;
    for (size_t i = 0; i < p->n && rc == ZH_OK; i++) {
        fate *f = &p->fates[i];
        rc = f->gone || f->why.n > 0 ? ZH_OK : prepare_one(u, from, f);
        if (rc == ZH_OK && f->prepared != NULL) {
            p->list[p->nlist++] = f->prepared;
        }
    }
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_result(const undoing *u, const zh_undo_result *r, zh_buf *out)
{
    zh_jw w;
    zh_jw_init(&w, out, 0);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", u->reg->id);
    zh_jw_ki(&w, "withdrawn", r->withdrawn);
    zh_jw_ki(&w, "restored", r->restored);
    zh_jw_ki(&w, "left", r->left);
    zh_jw_key(&w, "list");
    zh_jw_array(&w);
    for (size_t i = 0; i < r->nlist; i++) {
        zh_jw_object(&w);
        zh_jw_kv(
            &w, "record",
            zh_str_fmt(u->whole.arena, "%" PRId64 "-%" PRId64, r->list[i].office, r->list[i].id));
        zh_jw_kv(&w, "why", r->list[i].why);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
}

/* The tallies with this batch; texts of the list live in the job's arena. */
static void tally(undoing *u, const plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const fate *f = &p->fates[i];
        if (f->why.n > 0) {
            u->found.left++;
            if (u->left.n < ZH_UNDO_LISTED) {
                zh_undo_left left = {p->from->office, f->id, zh_str_dup(u->ctx->arena, f->why)};
                zh_vec_push(u->ctx->arena, &u->left, left);
            }
        } else if (f->created) {
            u->found.withdrawn++;
        } else {
            u->found.restored++;
        }
    }
    u->found.list = u->left.p;
    u->found.nlist = u->left.n;
}

typedef struct writing {
    undoing *u;
    const plan *p;
    zh_str partial;
    int64_t all;
} writing;

static zh_rc write_plan(void *user, zh_conn *conn, zh_err *err)
{
    const writing *w = user;
    zh_ctx ctx = *w->u->ctx;
    zh_job job = *w->u->job; /* advanced for good only when it is committed */
    ctx.err = err;
    ctx.arena = w->u->whole.arena;
    ctx.job = job.id;
    zh_rc rc =
        w->p->nlist > 0 ? zh_record_apply_batch(&ctx, conn, w->p->list, w->p->nlist, NULL) : ZH_OK;
    if (rc == ZH_OK) {
        rc = zh_job_advance(&ctx, conn, &job, job.cursor + 1, job.cursor + 1, w->all, w->partial);
    }
    if (rc == ZH_OK) {
        *w->u->job = job;
    }
    return rc;
}

/* One batch of the import, with what it takes when others write meanwhile. */
static zh_rc undo_batch(undoing *u, int64_t import, int64_t all)
{
    zh_rc rc = ZH_ECONFLICT;
    zh_undo_result before = u->found;
    size_t listed = u->left.n;
    for (int try = 0; rc == ZH_ECONFLICT && try < ANOTHER_TRY_MAX; try++) {
        source from = {0};
        plan p = {0};
        zh_buf partial;
        zh_err_again(u->ctx->err);
        zh_arena_reset(u->whole.arena);
        u->found = before;
        u->left.n = listed;
        rc = zh_store_reader(zh_core_store(u->ctx->core), &u->conn, u->ctx->err);
        if (rc == ZH_OK) {
            rc = source_at(u, import, u->job->cursor, &from);
        }
        if (rc == ZH_OK) {
            rc = make_plan(u, &from, &p);
        }
        zh_store_release(u->conn);
        u->conn = NULL;
        if (rc != ZH_OK) {
            break;
        }
        tally(u, &p);
        zh_buf_init(&partial, RESULT_BYTES);
        write_result(u, &u->found, &partial);
        writing w = {u, &p, zh_buf_view(&partial), all};
        rc = zh_core_write(u->ctx->core, write_plan, &w, u->ctx->err);
        zh_buf_free(&partial);
    }
    return rc;
}

void zh_undo_read(zh_ctx *ctx, const zh_job *job, zh_undo_result *out)
{
    zh_json *r = NULL;
    zh_err ignored = {0};
    *out = (zh_undo_result){.job = job->id, .done = zh_str_is(job->state, "done")};
    if (job->result.n == 0 || zh_json_parse(ctx->arena, job->result, &r, &ignored) != ZH_OK) {
        return;
    }
    struct {
        const char *name;
        int64_t *into;
    } members[] = {
        {"withdrawn", &out->withdrawn}, {"restored", &out->restored}, {"left", &out->left}};
    for (size_t i = 0; i < ZH_COUNTOF(members); i++) {
        const zh_json *v = zh_json_get(r, members[i].name);
        if (v == NULL || zh_json_i64(v, members[i].into) != ZH_OK) {
            *members[i].into = 0;
        }
    }
    out->reg = zh_model_register(ctx->model, zh_json_str(zh_json_get(r, "register"), ZH_STR("")));
    const zh_json *list = zh_json_get(r, "list");
    ZH_VEC(zh_undo_left) left = {0};
    for (const zh_json *one = list != NULL ? list->first : NULL; one != NULL; one = one->next) {
        zh_undo_left item = {.why = zh_json_str(zh_json_get(one, "why"), ZH_STR(""))};
        zh_str id = zh_json_str(zh_json_get(one, "record"), ZH_STR(""));
        zh_str office;
        if (zh_str_split(&id, '-', &office) && zh_str_i64(office, &item.office) == ZH_OK &&
            zh_str_i64(id, &item.id) == ZH_OK) {
            zh_vec_push(ctx->arena, &left, item);
        }
    }
    out->list = left.p;
    out->nlist = left.n;
}

/* The import is called undone before the undo is called done: killed between the two it ends again.
 */
static zh_rc mark_undone(void *user, zh_conn *conn, zh_err *err)
{
    const zh_job *import = user;
    zh_sql_value key[] = {ZH_SQL_STR(ZH_STR(ZH_JOB_STATE_UNDONE)), ZH_SQL_INT(import->office),
                          ZH_SQL_INT(import->id)};
    return zh_run(conn, "UPDATE zh_job SET state = ? WHERE office = ? AND id = ?", key, 3, NULL,
                  err);
}

static zh_rc finish(undoing *u, zh_job *import)
{
    zh_buf result;
    zh_buf_init(&result, RESULT_BYTES);
    write_result(u, &u->found, &result);
    zh_rc rc = zh_core_write(u->ctx->core, mark_undone, import, u->ctx->err);
    if (rc == ZH_OK) {
        rc = zh_job_finish(u->ctx, u->job, "done", zh_str_dup(u->ctx->arena, zh_buf_view(&result)));
    }
    u->found.done = rc == ZH_OK;
    zh_buf_free(&result);
    return rc;
}

static zh_rc all_batches(undoing *u, zh_job *import,
                         bool (*progress)(void *user, int64_t done, int64_t all), void *user)
{
    int64_t all = 0;
    zh_rc rc = zh_store_reader(zh_core_store(u->ctx->core), &u->conn, u->ctx->err);
    if (rc == ZH_OK) {
        rc = count_sources(u, import->id, &all);
    }
    zh_store_release(u->conn);
    while (rc == ZH_OK && u->job->cursor < all) {
        rc = undo_batch(u, import->id, all);
        if (rc == ZH_OK && progress != NULL && !progress(user, u->job->cursor, all)) {
            rc = zh_err_set(u->ctx->err, ZH_ECANCEL, "undo.interrupted", "撤销被打断，可以接着做");
        }
    }
    return rc == ZH_OK ? finish(u, import) : rc;
}

zh_rc zh_undo_run(zh_ctx *ctx, zh_job *job, bool (*progress)(void *user, int64_t done, int64_t all),
                  void *user, zh_undo_result *out)
{
    zh_job import;
    int64_t id = 0;
    zh_undo_read(ctx, job, out);
    if (zh_str_is(job->state, "done")) {
        out->already = true;
        return ZH_OK;
    }
    zh_rc rc = import_of(ctx, job, &id);
    rc = rc == ZH_OK ? zh_job_get(ctx, id, &import) : rc;
    rc = rc == ZH_OK ? zh_job_take(ctx, job) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    undoing u = {.ctx = ctx, .whole = *ctx, .job = job, .reg = register_of(ctx, &import)};
    if (u.reg == NULL) {
        return zh_err_set(ctx->err, ZH_ECONFLICT, "undo.kind", "导入的登记册已不在声明里");
    }
    u.whole.post = NULL;
    u.whole.rows = NULL;
    u.whole.arena = zh_arena_new(BATCH_BYTES);
    u.args = args_of(ctx->arena, id);
    u.reason = zh_str_fmt(ctx->arena, "撤销导入 %" PRId64, id);
    zh_undo_read(ctx, job, &u.found); /* what an interrupted run had done */
    for (size_t i = 0; i < u.found.nlist; i++) {
        zh_vec_push(ctx->arena, &u.left, u.found.list[i]);
    }
    rc = all_batches(&u, &import, progress, user);
    zh_arena_free(u.whole.arena);
    *out = u.found;
    out->job = job->id;
    out->reg = u.reg;
    return rc;
}
