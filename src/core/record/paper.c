/* Composing documents: by their step, before it, and again afterwards. */
#include "core/record/paper.h"
#include "core/instance/number.h"
#include "core/read/permission.h"
#include "core/record/pending.h"
#include "core/record/step.h"
#include "core/record/write_private.h"
#include <inttypes.h>
#include <unistd.h>

void zh_core_papers(zh_core *core, zh_paper_maker maker)
{
    core->paper = maker;
}

/* ---- words ----------------------------------------------------------------------------------- */

static zh_str chinese_date(zh_arena *arena, zh_date date)
{
    int year;
    int month;
    int day;
    zh_date_civil(date, &year, &month, &day);
    return zh_str_fmt(arena, "%d年%d月%d日", year, month, day);
}

/* A value as a paper says it: codes and states by their names, dates in Chinese. */
static zh_str words_of(zh_arena *arena, const zh_codes *codes, const zh_register *states,
                       const zh_value *v)
{
    const zh_code *code =
        codes != NULL && v->kind == ZH_TEXT ? zh_code_find(codes, v->text, INT32_MIN) : NULL;
    int state = states != NULL && v->kind == ZH_TEXT ? zh_register_state(states, v->text) : -1;
    if (code != NULL) {
        return code->label.zh;
    }
    if (state >= 0) {
        return states->states[state].label.zh;
    }
    if (v->kind == ZH_NULL) {
        return ZH_STR("　　");
    }
    return v->kind == ZH_DATE   ? chinese_date(arena, (zh_date)v->i)
           : v->kind == ZH_TIME ? chinese_date(arena, zh_time_date(v->i))
                                : zh_value_display(arena, v);
}

static zh_rc say(zh_env *env, const zh_document_text *text, zh_str *out, zh_err *err)
{
    zh_buf buf;
    zh_rc rc = ZH_OK;
    zh_buf_init(&buf, 64 << 10);
    for (size_t i = 0; i < text->n && rc == ZH_OK; i++) {
        const zh_document_piece *piece = &text->pieces[i];
        zh_value v = ZH_VALUE_NULL;
        if (!piece->is_value) {
            zh_buf_str(&buf, piece->text);
            continue;
        }
        rc = zh_eval(&piece->value, env, &v, err);
        if (rc == ZH_OK) {
            const zh_expr *root = piece->value.root;
            zh_buf_str(&buf, words_of(env->arena, root->codes, root->states, &v));
        }
    }
    if (rc == ZH_OK && buf.failed) {
        rc = zh_err_set(err, ZH_ELIMIT, "document.length", "文书的一段超过 64 KiB");
    }
    *out = zh_str_dup(env->arena, zh_buf_view(&buf));
    zh_buf_free(&buf);
    return rc;
}

static void say_rows(zh_env *env, const zh_document_block *block, struct zh_paper_block *out)
{
    zh_arena *arena = env->arena;
    const zh_rows *rows = &env->record->tables[block->table->index];
    zh_str *heads = ZH_NEW_N(arena, zh_str, block->ncolumns + 1);
    zh_str *cells = ZH_NEW_N(arena, zh_str, block->ncolumns * rows->n + 1);
    for (size_t c = 0; c < block->ncolumns; c++) {
        const zh_field *column = block->columns[c];
        heads[c] = column->label.zh;
        for (size_t r = 0; r < rows->n; r++) {
            const zh_value *v = &rows->values[r * block->table->ncolumns + column->index];
            cells[r * block->ncolumns + c] = words_of(arena, column->codes, NULL, v);
        }
    }
    *out = (struct zh_paper_block){
        .heads = heads, .cells = cells, .ncolumns = block->ncolumns, .nrows = rows->n};
}

zh_rc zh_paper_compose(zh_env *env, const zh_document *d, zh_paper *out, zh_err *err)
{
    zh_arena *arena = env->arena;
    struct zh_paper_block *blocks = ZH_NEW_N(arena, struct zh_paper_block, d->nbody + 1);
    const zh_record *r = env->record;
    *out = (zh_paper){.blocks = blocks,
                      .nblocks = d->nbody,
                      .at = r->recorded_at,
                      .date = chinese_date(arena, zh_time_date(r->recorded_at)),
                      .link = zh_str_fmt(arena, "/registers/%.*s/%" PRId64 "-%" PRId64,
                                         ZH_FMT(r->reg->id), r->office, r->id)};
    if (d->number_field != NULL) {
        out->number = r->values[d->number_field->index].text;
    }
    zh_rc rc = say(env, &d->office, &out->office, err);
    if (rc == ZH_OK) {
        rc = say(env, &d->title, &out->title, err);
    }
    if (rc == ZH_OK) {
        rc = say(env, &d->to, &out->to, err);
    }
    for (size_t i = 0; i < d->nbody && rc == ZH_OK; i++) {
        if (d->body[i].table != NULL) {
            say_rows(env, &d->body[i], &blocks[i]);
        } else {
            rc = say(env, &d->body[i].text, &blocks[i].text, err);
        }
    }
    return rc;
}

/* ---- the step -------------------------------------------------------------------------------- */

/* The number, then the file: both are fields of the version, so its evidence covers them. */
zh_rc zh_paper_prepare(zh_write *w)
{
    const zh_transition *t = w->op->kind == ZH_OP_TRANSITION ? w->op->transition : NULL;
    const zh_document *d = t != NULL && !w->waits && !w->asked ? t->paper : NULL;
    zh_rc rc = ZH_OK;
    if (d == NULL || w->op->rehearsal) {
        return ZH_OK;
    }
    if (d->number_field != NULL) {
        zh_str number;
        rc = zh_number_next(w->ctx, w->inside ? w->conn : NULL, w->record, d->number_pattern,
                            &number);
        if (rc != ZH_OK) {
            return rc;
        }
        w->record->values[d->number_field->index] = zh_value_text(number);
    }
    zh_paper_maker maker = w->ctx->core->paper;
    if (d->file == NULL || maker == NULL || zh_core_data_dir(w->ctx->core) == NULL) {
        return ZH_OK;
    }
    zh_paper paper;
    const char *path = NULL;
    zh_str digest;
    rc = zh_paper_compose(&w->env, d, &paper, w->ctx->err);
    if (rc == ZH_OK) {
        rc = maker(w->ctx, &paper, &path);
    }
    if (rc == ZH_OK) {
        zh_str name = zh_str_fmt(w->ctx->arena, "%.*s.pdf", ZH_FMT(d->label.zh));
        rc = zh_file_store_in(w->ctx, w->inside ? w->conn : NULL, path, name, &digest);
        (void)unlink(path);
    }
    if (rc == ZH_OK) {
        w->record->values[d->file->index] = zh_value_text(digest);
    }
    return rc;
}

/* ---- before and after ------------------------------------------------------------------------ */

static zh_rc no_document(zh_ctx *ctx, const zh_register *reg)
{
    return zh_err_set(ctx->err, ZH_ENOTFOUND, "document.none", "“%.*s”的这条记录没有您可以看的文书",
                      ZH_FMT(zh_label_for(ctx->err, reg->label)));
}

/* Who may not see the file may not read what is in it. */
static bool may_read(const zh_ctx *ctx, const zh_document *d)
{
    return d->file == NULL || !zh_field_masked(ctx, d->file);
}

/* What a document says does not depend on who reads it. */
static zh_ctx whole_of(const zh_ctx *ctx)
{
    zh_ctx whole = *ctx;
    whole.post = NULL;
    whole.rows = NULL;
    whole.role = ZH_STR("system");
    return whole;
}

zh_rc zh_paper_preview(zh_ctx *ctx, zh_conn *conn, const zh_op *op, zh_findings *findings,
                       zh_paper *out)
{
    const zh_transition *t = op->transition;
    zh_prepared *p = NULL;
    zh_op dry = *op;
    if (t == NULL || t->paper == NULL || !may_read(ctx, t->paper)) {
        return no_document(ctx, op->reg);
    }
    dry.rehearsal = true;
    dry.second_actor = ZH_STR(ZH_PENDING_SOMEBODY);
    dry.proved = ZH_STR(ZH_PENDING_SOMEBODY);
    dry.vote = t->vote.k > 0 && op->vote == ZH_VOTE_NONE ? ZH_VOTE_FOR : op->vote;
    zh_rc rc = zh_record_prepare(ctx, conn, &dry, findings, &p);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_ctx whole = whole_of(ctx);
    zh_env env = zh_read_env(&whole, conn, ZH_AS_OF_NOW, zh_prepared_record(p));
    rc = zh_paper_compose(&env, t->paper, out, ctx->err);
    out->number = ZH_STR_NONE; /* the one of an earlier issue is not this one's */
    return rc;
}

zh_rc zh_paper_issued(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_paper *out)
{
    zh_version *versions = NULL;
    size_t n = 0;
    const zh_register *reg = record->reg;
    zh_ctx whole = whole_of(ctx);
    zh_rc rc = zh_record_history(&whole, conn, reg, record->office, record->id, &versions, &n);
    for (size_t i = n; i > 0 && rc == ZH_OK; i--) {
        const zh_version *v = &versions[i - 1];
        const zh_transition *t = zh_register_transition(reg, v->transition);
        const zh_document *d = t != NULL ? t->paper : NULL;
        bool issued = d != NULL && d->file != NULL && !zh_str_is(v->op, "undo") &&
                      v->record->values[d->file->index].kind == ZH_TEXT;
        if (!issued || !may_read(ctx, d)) {
            continue;
        }
        zh_record *then = ZH_NEW(ctx->arena, zh_record);
        *then = *v->record;
        rc = zh_rows_load(&whole, conn, then, true);
        if (rc == ZH_OK) {
            int64_t as_of = v->position >= 0 ? v->position + 1 : ZH_AS_OF_NOW;
            zh_env env = zh_read_env(&whole, conn, as_of, then);
            rc = zh_paper_compose(&env, d, out, ctx->err);
        }
        return rc;
    }
    return rc == ZH_OK ? no_document(ctx, reg) : rc;
}
