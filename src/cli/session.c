/* Opening the data for a verb, and resolving what people call things. */
#include "cli/session.h"
#include "app/paper.h"
#include "base/os.h"
#include "cli/print.h"
#include "core/adoption/open.h"
#include "core/ledger/ledger.h"
#include "core/record/record.h"
#include <inttypes.h>

/* ---- opening
 * --------------------------------------------------------------------------------------- */

static zh_rc open_core(zh_cli *cli, zh_core **out)
{
    zh_core_options options = {
        .db_url = zh_cli_text(cli, "db"),
        .office = (int64_t)zh_cli_number(cli, "office", 0),
        .packs = (cli->verb->uses & ZH_USES_PACKS) != 0 ? zh_cli_text(cli, "packs") : NULL,
        .keep_model = (cli->verb->uses & ZH_KEEPS_MODEL) != 0,
    };
    if (options.db_url == NULL || zh_cli_given(cli, "data")) {
        options.data_dir = zh_cli_text(cli, "data");
        bool missing = options.db_url == NULL && !zh_path_exists(options.data_dir);
        if (missing && (cli->verb->uses & ZH_MAKES_DATA) == 0) {
            zh_err_set(&cli->err, ZH_ENOTFOUND, "cli.data", "没有数据目录 %s", options.data_dir);
            zh_err_fix(&cli->err, "用 --data 指明数据目录；新的数据目录由 import 或 serve 建立");
            return ZH_ENOTFOUND;
        }
        if (missing) {
            zh_cli_note("注意：数据目录 %s 原来没有，现在新建", options.data_dir);
        }
    }
    zh_rc rc = zh_core_open(&options, out, &cli->err);
    if (rc == ZH_OK) {
        zh_core_papers(*out, zh_paper_make);
    }
    return rc;
}

zh_rc zh_session_open(zh_cli *cli, zh_session *out)
{
    *out = (zh_session){.cli = cli, .as_of = ZH_AS_OF_NOW};
    zh_rc rc = open_core(cli, &out->core);
    if (rc != ZH_OK) {
        cli->usage = true;
        return rc;
    }
    out->ctx = zh_ctx_local(out->core, cli->arena, &cli->err);
    return ZH_OK;
}

zh_rc zh_session_may_write(zh_session *session)
{
    const char *dir = zh_ledger_dir(session->core);
    zh_rc rc = dir != NULL ? zh_treelog_original(dir, &session->cli->err) : ZH_OK;
    session->cli->usage = session->cli->usage || rc != ZH_OK;
    return rc;
}

/* A size, an instant, or a date, which means its end. */
static zh_rc resolve_as_of(zh_session *session, const char *text)
{
    zh_cli *cli = session->cli;
    zh_str s = zh_str_of(text);
    int64_t size = 0;
    zh_date date;
    zh_time at;
    zh_rc rc = zh_log_size(session->conn, &size, &cli->err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_str_i64(s, &session->as_of) == ZH_OK) {
        return session->as_of >= 0 && session->as_of <= size
                   ? ZH_OK
                   : zh_cli_usage(cli, "cli.as_of", "账本现有 %" PRId64 " 条，不能按 %s 条回答",
                                  size, text);
    }
    if (zh_date_parse(s, &date) == ZH_OK) {
        at = zh_date_start(date + 1) - 1;
    } else if (zh_time_parse(s, &at) != ZH_OK) {
        return zh_cli_usage(cli, "cli.as_of",
                            "--as-of 要账本条数、日期（2026-05-09）或时刻（2026-05-09T08:30:00），"
                            "给出的是“%s”",
                            text);
    }
    return zh_log_size_at(session->conn, at, &session->as_of, &cli->err);
}

zh_rc zh_session_read(zh_session *session)
{
    zh_err *err = &session->cli->err;
    zh_rc rc = zh_store_reader(zh_core_store(session->core), &session->conn, err);
    if (rc == ZH_OK) {
        rc = zh_read_begin(session->conn, err);
    }
    if (rc == ZH_OK && (session->cli->verb->uses & ZH_USES_AS_OF) != 0 &&
        zh_cli_given(session->cli, "as-of")) {
        rc = resolve_as_of(session, zh_cli_text(session->cli, "as-of"));
    }
    return rc;
}

void zh_session_close(zh_session *session)
{
    if (session->conn != NULL) {
        zh_read_end(session->conn);
        zh_store_release(session->conn);
    }
    if (session->core != NULL) {
        zh_ctx_end(&session->ctx);
        zh_core_close(session->core);
    }
}

/* ---- names
 * ----------------------------------------------------------------------------------------- */

zh_rc zh_session_register(zh_session *session, zh_str id, const zh_register **out)
{
    const zh_model *model = session->ctx.model;
    *out = zh_model_register(model, id);
    if (*out != NULL) {
        return ZH_OK;
    }
    zh_str *known = ZH_NEW_N(session->cli->arena, zh_str, model->nregisters + 1);
    for (size_t i = 0; i < model->nregisters; i++) {
        known[i] = model->registers[i].id;
        if (zh_str_eq(model->registers[i].label.zh, id)) {
            *out = &model->registers[i];
            return ZH_OK;
        }
    }
    zh_str near = zh_cli_nearest(id, known, model->nregisters);
    if (near.n > 0) {
        return zh_cli_usage(session->cli, "cli.register", "没有登记册“%.*s”，是不是 %.*s？",
                            ZH_FMT(id), ZH_FMT(near));
    }
    zh_rc rc = zh_cli_usage(session->cli, "cli.register", "没有登记册“%.*s”", ZH_FMT(id));
    zh_err_fix(&session->cli->err, "全部登记册见 zhiheng model docs");
    return rc;
}

zh_rc zh_session_field(zh_session *session, const zh_register *reg, zh_str id, const zh_field **out)
{
    *out = zh_register_field(reg, id);
    if (*out != NULL) {
        return ZH_OK;
    }
    zh_str *known = ZH_NEW_N(session->cli->arena, zh_str, reg->nfields + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        known[i] = reg->fields[i].id;
        if (zh_str_eq(reg->fields[i].label.zh, id)) {
            *out = &reg->fields[i];
            return ZH_OK;
        }
    }
    zh_str near = zh_cli_nearest(id, known, reg->nfields);
    if (near.n > 0) {
        return zh_cli_usage(session->cli, "cli.field", "“%.*s”没有字段“%.*s”，是不是 %.*s？",
                            ZH_FMT(reg->id), ZH_FMT(id), ZH_FMT(near));
    }
    zh_rc rc = zh_cli_usage(session->cli, "cli.field", "“%.*s”没有字段“%.*s”", ZH_FMT(reg->id),
                            ZH_FMT(id));
    zh_err_fix(&session->cli->err, "全部字段见 zhiheng model docs %.*s", ZH_FMT(reg->id));
    return rc;
}

zh_rc zh_session_where(zh_session *session, const zh_register *reg, const char *text,
                       const zh_program **out)
{
    *out = NULL;
    if (text == NULL) {
        return ZH_OK;
    }
    zh_scope scope = {.model = session->ctx.model, .reg = reg};
    zh_program *program = ZH_NEW(session->cli->arena, zh_program);
    zh_rc rc =
        zh_expr_compile(session->cli->arena, &scope, zh_str_of(text), program, &session->cli->err);
    if (rc == ZH_OK && program->root->kind != ZH_BOOL) {
        return zh_cli_usage(session->cli, "cli.where", "“%s”不是一个条件", text);
    }
    session->cli->usage = rc != ZH_OK;
    *out = program;
    return rc;
}

zh_rc zh_session_region(zh_session *session, const char *text, zh_str *code)
{
    *code = ZH_STR("");
    if (text == NULL || text[0] == '\0') {
        return ZH_OK;
    }
    const zh_codes *regions = zh_model_codes(session->ctx.model, ZH_STR("region"));
    if (regions == NULL) {
        return zh_cli_usage(session->cli, "cli.region", "声明里没有代码集 region，不能按地区回答");
    }
    const zh_code *found = NULL;
    char how;
    zh_rc rc = zh_code_match(regions, session->cli->arena, zh_str_of(text), INT32_MIN, &found, &how,
                             &session->cli->err);
    if (rc != ZH_OK) {
        session->cli->usage = true;
        zh_err_set(&session->cli->err, rc, "cli.region", "没有地区“%s”", text);
        return rc;
    }
    *code = found->code;
    return ZH_OK;
}

/* ---- values
 * ---------------------------------------------------------------------------------------- */

zh_str zh_session_key(zh_session *session, const zh_record *record)
{
    const zh_register *reg = record->reg;
    zh_arena *arena = session->cli->arena;
    zh_str key = ZH_STR_NONE;
    for (size_t i = 0; i < reg->nbusiness_key; i++) {
        char type;
        zh_str part =
            zh_value_canonical(arena, &record->values[reg->business_key[i]->index], &type);
        key = i == 0 ? part : zh_str_fmt(arena, "%.*s/%.*s", ZH_FMT(key), ZH_FMT(part));
    }
    return key.n > 0 ? key : zh_str_fmt(arena, "%" PRId64, record->id);
}

zh_str zh_session_ref_key(zh_session *session, const zh_field *field, const zh_value *ref)
{
    if (ref->text.n > 0 || field->target == NULL) {
        return ref->text;
    }
    zh_ctx ctx = session->ctx;
    zh_err ignored = {0};
    ctx.err = &ignored;
    zh_record *target = NULL;
    zh_rc rc = zh_record_get(&ctx, session->conn, field->target, ref->office, ref->i,
                             session->as_of, &target);
    return rc == ZH_OK ? zh_session_key(session, target) : ZH_STR_NONE;
}

zh_str zh_session_show(zh_session *session, const zh_field *field, const zh_value *value)
{
    if (field != NULL && value->kind == ZH_TEXT && field->codes != NULL) {
        const zh_code *code = zh_code_find(field->codes, value->text, INT32_MIN);
        return code != NULL ? code->label.zh : value->text;
    }
    if (field != NULL && value->kind == ZH_REF) {
        zh_str key = zh_session_ref_key(session, field, value);
        if (key.n > 0) {
            return key;
        }
    }
    return zh_value_display(session->cli->arena, value);
}

int zh_session_answer(zh_cli *cli, zh_rc (*answer)(zh_session *session, zh_buf *out))
{
    zh_session s;
    zh_buf out;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = answer(&s, &out);
    }
    int code = rc == ZH_OK ? zh_cli_print(zh_buf_view(&out)) : zh_cli_fail(cli);
    zh_buf_free(&out);
    zh_session_close(&s);
    return code;
}

int zh_session_act(zh_cli *cli, zh_session_action act)
{
    zh_session s;
    zh_buf out;
    int code = ZH_EXIT_OK;
    zh_buf_init(&out, ZH_OUTPUT_BYTES_MAX);
    zh_rc rc = zh_session_open(cli, &s);
    if (rc == ZH_OK) {
        rc = act(&s, &out, &code);
    }
    if (out.n > 0 && zh_cli_print(zh_buf_view(&out)) != ZH_EXIT_OK) {
        code = ZH_EXIT_USAGE;
    }
    if (rc != ZH_OK) {
        code = zh_cli_fail(cli);
    }
    zh_buf_free(&out);
    zh_session_close(&s);
    return code;
}
