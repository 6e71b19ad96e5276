/* Finding one's own matter by number and lookup code. */
#include "core/people/lookup.h"
#include "base/log.h"
#include "core/people/identity_private.h"
#include "core/read/permission.h"
#include "core/read/read_private.h"
#include "core/record/step.h"
#include "core/record/write_private.h"
#include "model/contact.h"
#include <inttypes.h>

static const char wait_rule[] = "lookup.wait";

/* The field whose value is the number; NULL: records go by their id. */
static const zh_field *number_field(const zh_register *reg)
{
    const zh_field *key = reg->nbusiness_key == 1 ? reg->business_key[0] : NULL;
    bool plain = key != NULL && key->pipl == ZH_PIPL_NONE && !key->sealed &&
                 (key->type == ZH_TYPE_STRING || key->type == ZH_TYPE_CODE);
    return plain ? key : NULL;
}

zh_str zh_lookup_number(zh_arena *arena, const zh_record *record)
{
    const zh_field *key = number_field(record->reg);
    return key != NULL && record->values[key->index].kind == ZH_TEXT
               ? record->values[key->index].text
               : zh_str_fmt(arena, "%" PRId64 "-%" PRId64, record->office, record->id);
}

/* As it was made: capitals and digits only. */
static zh_str plain_code(zh_arena *arena, zh_str code)
{
    char *out = zh_arena_alloc(arena, code.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < code.n; i++) {
        char c = code.p[i];
        if (c != ' ' && c != '-') {
            out[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        }
    }
    return (zh_str){out, n};
}

/* ---- the record ------------------------------------------------------------------------------ */

static zh_rc by_number(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, zh_str number,
                       zh_record **out)
{
    int64_t office = 0;
    int64_t id = 0;
    zh_str rest = number;
    zh_str first;
    if (number_field(reg) != NULL) {
        return zh_record_by_key(ctx, conn, reg, &number, out);
    }
    if (!zh_str_split(&rest, '-', &first) || zh_str_i64(first, &office) != ZH_OK ||
        zh_str_i64(rest, &id) != ZH_OK) {
        return ZH_ENOTFOUND;
    }
    return zh_record_get(ctx, conn, reg, office, id, ZH_AS_OF_NOW, out);
}

/* Takes as long wherever the first difference is. */
static bool is_code_of(const zh_record *record, const zh_field *field, zh_str code)
{
    const zh_value *kept = &record->values[field->index];
    unsigned differs = 0;
    if (kept->kind != ZH_TEXT || kept->text.n == 0 || kept->text.n != code.n) {
        return false;
    }
    for (size_t i = 0; i < code.n; i++) {
        differs |= (unsigned)((unsigned char)kept->text.p[i] ^ (unsigned char)code.p[i]);
    }
    return differs == 0;
}

/* ZH_ENOTFOUND: no register has such a number with this code. */
static zh_rc find(zh_ctx *ctx, zh_conn *conn, zh_str number, zh_str code, zh_record **out)
{
    for (size_t i = 0; i < ctx->model->nregisters; i++) {
        const zh_register *reg = &ctx->model->registers[i];
        zh_contact contact;
        zh_err missing = {0};
        zh_ctx quiet = *ctx;
        quiet.err = &missing;
        if (!zh_contact_of(reg, &contact)) {
            continue;
        }
        zh_rc rc = by_number(&quiet, conn, reg, number, out);
        if (rc == ZH_OK && is_code_of(*out, contact.code, code)) {
            return ZH_OK;
        }
        if (rc != ZH_OK && rc != ZH_ENOTFOUND && rc != ZH_EINVAL && rc != ZH_ELIMIT) {
            *ctx->err = missing;
            return rc;
        }
    }
    return ZH_ENOTFOUND;
}

/* ---- what is public of it -------------------------------------------------------------------- */

static zh_rc read_steps(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_lookup *out)
{
    zh_version *versions;
    size_t n;
    zh_rc rc = zh_record_history(ctx, conn, record->reg, record->office, record->id, &versions, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_lookup_step *steps = ZH_NEW_N(ctx->arena, zh_lookup_step, n + 1);
    size_t kept = 0;
    int before = -1;
    for (size_t i = 0; i < n; i++) {
        const zh_record *r = versions[i].record;
        if (r->state >= 0 && r->state != before && r->reg->states[r->state].public_name.zh.n > 0) {
            steps[kept++] = (zh_lookup_step){.state = &r->reg->states[r->state],
                                             .at = r->recorded_at,
                                             .position = versions[i].position};
        }
        before = r->state;
    }
    size_t skipped = kept > ZH_LOOKUP_STEPS_MAX ? kept - ZH_LOOKUP_STEPS_MAX : 0;
    out->steps = steps + skipped;
    out->nsteps = kept - skipped;
    return ZH_OK;
}

static zh_rc read_clocks(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_lookup *out)
{
    const zh_register *reg = record->reg;
    zh_clock_state *states = ZH_NEW_N(ctx->arena, zh_clock_state, reg->nclocks + 1);
    zh_rc rc = zh_clock_load(ctx, conn, record, states);
    out->clocks = ZH_NEW_N(ctx->arena, zh_lookup_clock, reg->nclocks + 1);
    for (size_t i = 0; i < reg->nclocks && rc == ZH_OK; i++) {
        if (reg->clocks[i].is_public && states[i].started) {
            out->clocks[out->nclocks++] = (zh_lookup_clock){&reg->clocks[i], states[i]};
        }
    }
    return rc;
}

/* ---- what the party may do ------------------------------------------------------------------ */

/* The party: its role and nothing of a post. What it may write is checked by role and step. */
static zh_ctx as_party(const zh_ctx *ctx, const zh_register *reg)
{
    zh_ctx party = *ctx;
    zh_contact contact;
    party.role = zh_contact_of(reg, &contact) ? contact.audience : ZH_STR("");
    party.actor = ZH_STR(ZH_LOOKUP_ACTOR);
    party.post = NULL;
    party.rows = NULL;
    return party;
}

static zh_rc is_open(zh_ctx *party, zh_conn *conn, const zh_record *record, const zh_transition *t,
                     bool *open)
{
    zh_step_past past = {0};
    zh_rc rc = ZH_OK;
    *open = zh_contact_takes(record->reg, t) && zh_leaves_from(t, record->state) &&
            zh_may_take(party, record->reg, t);
    if (*open && t->has_guard) {
        zh_env env = zh_read_env(party, conn, ZH_AS_OF_NOW, record);
        rc = zh_eval_true(&t->guard, &env, open, party->err);
    }
    if (rc == ZH_OK && *open) {
        rc = zh_step_look(party, conn, record, t, &past);
        *open = past.obstacle == ZH_OBSTACLE_NONE;
    }
    return rc;
}

static zh_rc find_open(zh_ctx *ctx, zh_conn *conn, const zh_record *record, zh_lookup *out)
{
    const zh_register *reg = record->reg;
    zh_ctx party = as_party(ctx, reg);
    zh_rc rc = ZH_OK;
    out->may = ZH_NEW_N(ctx->arena, const zh_transition *, reg->ntransitions + 1);
    for (size_t i = 0; i < reg->ntransitions && rc == ZH_OK; i++) {
        bool open = false;
        rc = is_open(&party, conn, record, &reg->transitions[i], &open);
        if (open) {
            out->may[out->nmay++] = &reg->transitions[i];
        }
    }
    return rc;
}

zh_rc zh_lookup_act(zh_ctx *ctx, const zh_lookup *found, const zh_transition *transition,
                    const zh_op *op, zh_findings *findings, zh_applied *out)
{
    zh_ctx party = as_party(ctx, found->reg);
    zh_op own = {.kind = ZH_OP_TRANSITION,
                 .reg = found->reg,
                 .office = found->office,
                 .id = found->id,
                 .version_expected = found->version,
                 .transition = transition,
                 .changes = op->changes,
                 .nchanges = op->nchanges,
                 .reason = op->reason,
                 .reason_code = op->reason_code};
    bool offered = false;
    for (size_t i = 0; i < found->nmay; i++) {
        offered = offered || found->may[i] == transition;
    }
    for (size_t i = 0; i < op->nchanges && offered; i++) {
        const zh_field *field = op->changes[i].field;
        offered = zh_step_asks(transition, field) && zh_contact_asks(field);
    }
    return offered ? zh_record_apply(&party, &own, findings, out)
                   : zh_err_set(ctx->err, ZH_EDENIED, "lookup.step", "这一步现在不能凭查询码办理");
}

/* ---- trying ---------------------------------------------------------------------------------- */

static zh_rc refused(zh_err *err)
{
    zh_err_set(err, ZH_EDENIED, "lookup.none", "编号或查询码不对");
    zh_err_fix(err, "照通知或回执上的编号和查询码填写；连错 %d 次要等一会儿", ZH_LOGIN_FAILED_MAX);
    return ZH_EDENIED;
}

/* A flood of wrong numbers is not written down one by one: it would fill the table. */
static zh_rc is_flood(zh_conn *conn, bool *out, zh_err *err)
{
    int64_t n = 0;
    zh_sql_value since = ZH_SQL_INT(zh_now() - 60 * ZH_SECOND);
    zh_rc rc = zh_query_i64(conn, "SELECT COUNT(*) FROM zh_stranger WHERE office = 0 AND at > ?",
                            &since, 1, &n, err);
    *out = n >= ZH_LOOKUP_FAILURES_MAX;
    return rc;
}

static zh_rc note_failure(zh_ctx *ctx, zh_conn *conn, zh_str name)
{
    bool flood = false;
    zh_rc rc = is_flood(conn, &flood, ctx->err);
    if (rc == ZH_OK && flood) {
        zh_log(ZH_WARN, "lookup.failed", "一分钟内错的编号太多");
        return zh_err_set(ctx->err, ZH_EBUSY, wait_rule, "查询的人太多，请过几分钟再试");
    }
    rc = rc == ZH_OK ? zh_stranger_try(ctx->core, wait_rule, name, true, ctx->err) : rc;
    return rc == ZH_OK ? refused(ctx->err) : rc;
}

zh_rc zh_lookup_find(zh_ctx *ctx, zh_conn *conn, zh_str number, zh_str code, zh_lookup *out)
{
    zh_ctx whole = *ctx;
    zh_record *record = NULL;
    *out = (zh_lookup){0};
    whole.post = NULL;
    whole.rows = NULL;
    number = zh_str_trim(number);
    if (number.n == 0 || number.n > ZH_LOOKUP_NUMBER_MAX || code.n > ZH_LOOKUP_NUMBER_MAX) {
        return refused(ctx->err);
    }
    zh_str name = zh_str_fmt(ctx->arena, "lookup %.*s", ZH_FMT(number)); /* no login has a blank */
    zh_rc rc = zh_stranger_try(ctx->core, wait_rule, name, false, ctx->err);
    if (rc != ZH_OK) {
        return rc;
    }
    rc = find(&whole, conn, number, plain_code(ctx->arena, code), &record);
    if (rc == ZH_ENOTFOUND) {
        return note_failure(ctx, conn, name);
    }
    if (rc == ZH_OK) {
        *out =
            (zh_lookup){.reg = record->reg,
                        .number = zh_lookup_number(ctx->arena, record),
                        .handler_office = record->handler_office,
                        .ended = record->state >= 0 && record->reg->states[record->state].terminal};
        out->office = record->office;
        out->id = record->id;
        out->version = record->version;
        rc = read_steps(&whole, conn, record, out);
    }
    if (rc == ZH_OK) {
        rc = find_open(&whole, conn, record, out);
    }
    return rc == ZH_OK ? read_clocks(&whole, conn, record, out) : rc;
}

zh_rc zh_lookup_given(zh_ctx *ctx, zh_conn *conn, const zh_register *reg, int64_t office,
                      int64_t id, zh_str *number, zh_str *code)
{
    zh_ctx whole = *ctx;
    zh_contact contact;
    zh_record *record = NULL;
    whole.post = NULL;
    whole.rows = NULL;
    if (!zh_contact_of(reg, &contact)) {
        return ZH_ENOTFOUND;
    }
    zh_rc rc = zh_record_get(&whole, conn, reg, office, id, ZH_AS_OF_NOW, &record);
    if (rc == ZH_OK && record->values[contact.code->index].kind == ZH_TEXT) {
        *number = zh_lookup_number(ctx->arena, record);
        *code = record->values[contact.code->index].text;
        return ZH_OK;
    }
    return rc == ZH_OK ? ZH_ENOTFOUND : rc;
}
