/* query: the records of a register as a list, one of them, or its history. */
#include "base/json.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/instance/schema.h"
#include "core/record/record.h"
#include "fmt/yaml.h"
#include <inttypes.h>

enum { LIMIT_DEFAULT = 50, COLUMNS_DEFAULT = 6 };

/* What stands in one column: a field, or any expression over the record. */
typedef struct column {
    zh_str header, id;
    const zh_field *field;
    zh_program program;
} column;

typedef struct listing {
    zh_session *s;
    const zh_register *reg;
    column columns[ZH_TABLE_COLUMNS_MAX];
    size_t ncolumns;
    bool with_tables;
} listing;

/* What the columns that every record has are called; the id itself for an expression. */
static zh_str header_of(zh_str id)
{
    static const struct {
        const char *id, *zh;
    } names[] = {
        {"id", "记录编号"},        {"state", "状态"},
        {"version", "版本"},       {"created_at", "建立于"},
        {"recorded_at", "记录于"}, {"office", "机构"},
        {"actor", "操作者"},       {"handler_office", "承办机构"},
    };
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        if (zh_str_is(id, names[i].id)) {
            return zh_str_of(names[i].zh);
        }
    }
    return id;
}

/* ---- columns
 * ---------------------------------------------------------------------------------------- */

static zh_rc add_column(listing *l, zh_str id)
{
    zh_cli *cli = l->s->cli;
    id = zh_str_trim(id);
    if (l->ncolumns == ZH_TABLE_COLUMNS_MAX) {
        return zh_cli_usage(cli, "cli.columns", "最多 %d 列", ZH_TABLE_COLUMNS_MAX);
    }
    column *c = &l->columns[l->ncolumns++];
    c->id = id;
    c->header = header_of(id);
    c->field = zh_register_field(l->reg, id);
    if (c->field != NULL) {
        c->header = c->field->label.zh;
        l->with_tables |= c->field->type == ZH_TYPE_TABLE || c->field->table != NULL;
        return ZH_OK;
    }
    zh_scope scope = {.model = l->s->ctx.model, .reg = l->reg};
    zh_rc rc = zh_expr_compile(cli->arena, &scope, id, &c->program, &cli->err);
    if (rc != ZH_OK) {
        cli->usage = true;
        zh_err_fix(&cli->err, "列是字段、state version recorded_at 等，或一个表达式");
    }
    l->with_tables = true; /* the expression may fold child rows */
    return rc;
}

/* Commas inside brackets belong to an expression. */
static zh_rc add_columns(listing *l, zh_str list)
{
    size_t depth = 0;
    size_t start = 0;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i <= list.n && rc == ZH_OK; i++) {
        char c = i < list.n ? list.p[i] : ',';
        depth += c == '(';
        depth -= c == ')' && depth > 0;
        if (c == ',' && (depth == 0 || i == list.n)) {
            rc = add_column(l, zh_str_sub(list, start, i - start));
            start = i + 1;
        }
    }
    return rc;
}

/* The columns of the declared view, in its order; of a clock its due time. `clock.next` is for
 * pages, which know who asks. */
static zh_rc view_columns(listing *l, const zh_yaml *columns)
{
    zh_rc rc = ZH_OK;
    bool stated = false;
    for (const zh_yaml *c = columns->first; c != NULL && rc == ZH_OK; c = c->next) {
        stated = stated || zh_str_is(c->text, "state");
        if (zh_str_is(c->text, "clock.next") || zh_str_is(c->text, "id")) {
            continue;
        }
        if (!zh_str_starts(c->text, ZH_STR("clock."))) {
            rc = add_column(l, c->text);
            continue;
        }
        zh_arena *arena = l->s->cli->arena;
        rc = add_column(l, zh_str_fmt(arena, "%.*s.due", ZH_FMT(c->text)));
        zh_str id = zh_str_sub(c->text, 6, c->text.n);
        for (size_t i = 0; i < l->reg->nclocks && rc == ZH_OK; i++) {
            if (zh_str_eq(l->reg->clocks[i].id, id)) {
                l->columns[l->ncolumns - 1].header =
                    zh_str_fmt(arena, "%.*s到期", ZH_FMT(l->reg->clocks[i].label.zh));
            }
        }
    }
    return rc == ZH_OK && l->reg->nstates > 1 && !stated ? add_column(l, ZH_STR("state")) : rc;
}

static zh_rc default_columns(listing *l)
{
    const zh_register *reg = l->reg;
    zh_rc rc = add_column(l, ZH_STR("id"));
    const zh_yaml *columns =
        zh_yaml_get(zh_yaml_get(zh_yaml_get(reg->declared, "views"), "default"), "columns");
    if (columns != NULL && columns->n > 0) {
        return rc == ZH_OK ? view_columns(l, columns) : rc;
    }
    for (size_t i = 0; i < reg->ndefault_columns && rc == ZH_OK; i++) {
        rc = add_column(l, reg->default_columns[i]->id);
    }
    for (size_t i = 0; reg->ndefault_columns == 0 && i < reg->nfields &&
                       l->ncolumns <= COLUMNS_DEFAULT && rc == ZH_OK;
         i++) {
        if (reg->fields[i].type != ZH_TYPE_TABLE) {
            rc = add_column(l, reg->fields[i].id);
        }
    }
    if (rc == ZH_OK && reg->nstates > 1) {
        rc = add_column(l, ZH_STR("state"));
    }
    return rc;
}

static zh_rc choose_columns(listing *l)
{
    const char *given = zh_cli_text(l->s->cli, "columns");
    return given != NULL ? add_columns(l, zh_str_of(given)) : default_columns(l);
}

/* ---- cells
 * ------------------------------------------------------------------------------------------ */

/* All rows of a table's column, or of all its columns, in one cell. */
static zh_str show_rows(listing *l, const zh_field *field, const zh_record *record)
{
    const zh_field *table = field->table != NULL ? field->table : field;
    const zh_rows *rows = &record->tables[table->index];
    zh_arena *arena = l->s->cli->arena;
    zh_str out = ZH_STR("");
    for (size_t i = 0; i < rows->n; i++) {
        zh_str row = ZH_STR("");
        for (size_t c = 0; c < table->ncolumns; c++) {
            const zh_value *v = &rows->values[i * table->ncolumns + c];
            if ((field->table != NULL && c != field->index) || v->kind == ZH_NULL) {
                continue;
            }
            zh_str text = zh_session_show(l->s, &table->columns[c], v);
            row = zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(row), row.n > 0 ? " " : "", ZH_FMT(text));
        }
        out = zh_str_fmt(arena, "%.*s%s%.*s", ZH_FMT(out), i > 0 ? "；" : "", ZH_FMT(row));
    }
    return out;
}

static zh_rc evaluate(listing *l, const column *c, const zh_record *record, zh_value *out)
{
    zh_env env = zh_read_env(&l->s->ctx, l->s->conn, l->s->as_of, record);
    return zh_eval(&c->program, &env, out, &l->s->cli->err);
}

static zh_rc show_cell(listing *l, const column *c, const zh_record *record, zh_str *out)
{
    if (c->field != NULL) {
        bool table = c->field->table != NULL || c->field->type == ZH_TYPE_TABLE;
        *out = table ? show_rows(l, c->field, record)
                     : zh_session_show(l->s, c->field, &record->values[c->field->index]);
        return ZH_OK;
    }
    zh_value v;
    zh_rc rc = evaluate(l, c, record, &v);
    if (rc == ZH_OK) {
        *out = zh_value_display(l->s->cli->arena, &v);
        if (c->program.root->states != NULL) {
            int state = zh_register_state(c->program.root->states, v.text);
            *out = state >= 0 ? c->program.root->states->states[state].label.zh : *out;
        }
    }
    return rc;
}

/* ---- JSON
 * ------------------------------------------------------------------------------------------ */

static void put_value(listing *l, zh_jw *w, const zh_field *field, const zh_value *v)
{
    char type;
    if (v->kind == ZH_NULL) {
        zh_jw_null(w);
    } else if (v->kind == ZH_BOOL) {
        zh_jw_bool(w, v->i != 0);
    } else if (v->kind == ZH_REF) {
        zh_jw_object(w);
        zh_jw_kv(w, "office", zh_str_fmt(l->s->cli->arena, "%" PRId64, v->office));
        zh_jw_kv(w, "id", zh_str_fmt(l->s->cli->arena, "%" PRId64, v->i));
        if (field != NULL) {
            zh_jw_kv(w, "key", zh_session_ref_key(l->s, field, v));
        }
        zh_jw_object_end(w);
    } else {
        zh_jw_str(w, zh_value_canonical(l->s->cli->arena, v, &type));
    }
}

static void put_rows(listing *l, zh_jw *w, const zh_field *table, const zh_rows *rows)
{
    zh_jw_array(w);
    for (size_t i = 0; i < rows->n; i++) {
        zh_jw_object(w);
        for (size_t c = 0; c < table->ncolumns; c++) {
            const zh_field *field = &table->columns[c];
            zh_jw_key_str(w, zh_child_name(field));
            put_value(l, w, field, &rows->values[i * table->ncolumns + c]);
        }
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
}

static void put_field(listing *l, zh_jw *w, const zh_field *field, const zh_record *record)
{
    zh_jw_key_str(w, field->id);
    if (field->type == ZH_TYPE_TABLE) {
        put_rows(l, w, field, &record->tables[field->index]);
    } else if (field->table != NULL) {
        zh_jw_str(w, show_rows(l, field, record));
    } else {
        put_value(l, w, field, &record->values[field->index]);
    }
}

static void put_identity(zh_jw *w, zh_arena *arena, const zh_record *record)
{
    char at[40];
    zh_jw_kv(w, "office", zh_str_fmt(arena, "%" PRId64, record->office));
    zh_jw_kv(w, "id", zh_str_fmt(arena, "%" PRId64, record->id));
    zh_jw_ki(w, "version", record->version);
    zh_jw_kv(w, "state", record->reg->states[record->state].id);
    zh_time_format(record->created_at, at);
    zh_jw_kz(w, "created_at", at);
    zh_time_format(record->recorded_at, at);
    zh_jw_kz(w, "recorded_at", at);
    zh_jw_kv(w, "actor", record->actor);
}

/* The whole record, or the columns asked for. */
static zh_rc put_record(listing *l, zh_jw *w, const zh_record *record)
{
    zh_rc rc = ZH_OK;
    put_identity(w, l->s->cli->arena, record);
    zh_jw_key(w, "fields");
    zh_jw_object(w);
    for (size_t i = 0; l->ncolumns == 0 && i < record->reg->nfields; i++) {
        put_field(l, w, &record->reg->fields[i], record);
    }
    for (size_t i = 0; i < l->ncolumns && rc == ZH_OK; i++) {
        const column *c = &l->columns[i];
        zh_value v;
        if (c->field != NULL) {
            put_field(l, w, c->field, record);
        } else if ((rc = evaluate(l, c, record, &v)) == ZH_OK) {
            zh_jw_key_str(w, c->id);
            put_value(l, w, NULL, &v);
        }
    }
    zh_jw_object_end(w);
    return rc;
}

/* ---- list
 * ------------------------------------------------------------------------------------------ */

static zh_rc list_query(listing *l, zh_list_query *q)
{
    zh_cli *cli = l->s->cli;
    const char *search = zh_cli_text(cli, "search");
    const char *after = zh_cli_text(cli, "after");
    const char *sort = zh_cli_text(cli, "sort");
    *q = (zh_list_query){
        .reg = l->reg,
        .search = zh_str_of(search),
        .after = zh_str_of(after),
        .limit = (size_t)zh_cli_number(cli, "limit", LIMIT_DEFAULT),
        .as_of = l->s->as_of,
        .with_tables = l->with_tables || cli->json,
    };
    if (q->limit < 1 || q->limit > ZH_LIMIT_MAX) {
        return zh_cli_usage(cli, "cli.limit", "--limit 要在 1 到 %zu 之间", ZH_LIMIT_MAX);
    }
    if (sort != NULL) {
        q->descending = sort[0] == '-';
        zh_rc rc = zh_session_field(l->s, l->reg, zh_str_of(sort + q->descending), &q->sort);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return zh_session_where(l->s, l->reg, zh_cli_text(cli, "where"), &q->where);
}

static zh_rc print_list(listing *l, const zh_page *page, zh_buf *out)
{
    const char *headers[ZH_TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < l->ncolumns; i++) {
        const zh_field *field = l->columns[i].field;
        bool number = field != NULL
                          ? field->type == ZH_TYPE_DECIMAL || field->type == ZH_TYPE_QUANTITY
                          : l->columns[i].program.root->kind == ZH_DECIMAL;
        headers[i] =
            zh_str_fmt(l->s->cli->arena, "%.*s%s", ZH_FMT(l->columns[i].header), number ? ">" : "")
                .p;
    }
    zh_text_table table;
    zh_text_table_init(&table, l->s->cli->arena, headers, l->ncolumns);
    for (size_t i = 0; i < page->n; i++) {
        for (size_t c = 0; c < l->ncolumns; c++) {
            zh_str cell = ZH_STR_NONE;
            zh_rc rc = show_cell(l, &l->columns[c], page->records[i], &cell);
            if (rc != ZH_OK) {
                return rc;
            }
            zh_text_table_add(&table, cell);
        }
    }
    zh_text_table_print(&table, out);
    zh_buf_fmt(out, "%zu 条", page->n);
    if (page->next.n > 0) {
        zh_buf_fmt(out, "，下一页：--after %.*s", ZH_FMT(page->next));
    }
    zh_buf_c(out, '\n');
    return ZH_OK;
}

static zh_rc json_list(listing *l, const zh_page *page, zh_buf *out)
{
    zh_rc rc = ZH_OK;
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", l->reg->id);
    if (l->s->as_of != ZH_AS_OF_NOW) {
        zh_jw_ki(&w, "as_of", l->s->as_of);
    }
    zh_jw_key(&w, "records");
    zh_jw_array(&w);
    for (size_t i = 0; i < page->n && rc == ZH_OK; i++) {
        zh_jw_object(&w);
        rc = put_record(l, &w, page->records[i]);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_kz(&w, "next", page->next.n > 0 ? zh_str_c(l->s->cli->arena, page->next) : NULL);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
    return rc;
}

static zh_rc list(listing *l, zh_buf *out)
{
    zh_list_query q;
    zh_page page;
    bool json = l->s->cli->json;
    zh_rc rc = ZH_OK;
    if (!json || zh_cli_given(l->s->cli, "columns")) {
        rc = choose_columns(l);
    }
    if (rc == ZH_OK) {
        rc = list_query(l, &q);
    }
    if (rc == ZH_OK) {
        rc = zh_list(&l->s->ctx, l->s->conn, &q, &page);
        /* what SQL cannot express or a foreign cursor is a wrong call, not refused data */
        l->s->cli->usage = rc == ZH_EINVAL;
    }
    if (rc != ZH_OK) {
        return rc;
    }
    return json ? json_list(l, &page, out) : print_list(l, &page, out);
}

/* ---- one record
 * ------------------------------------------------------------------------------------ */

static zh_rc parse_id(zh_cli *cli, const char *text, int64_t *office, int64_t *id)
{
    zh_str s = zh_str_of(text);
    ptrdiff_t colon = zh_str_chr(s, ':');
    *office = 0;
    if ((colon >= 0 && zh_str_i64(zh_str_sub(s, 0, (size_t)colon), office) != ZH_OK) ||
        zh_str_i64(zh_str_sub(s, (size_t)(colon + 1), s.n), id) != ZH_OK) {
        return zh_cli_usage(cli, "cli.id", "--id 要记录号或 机构:记录号，给出的是“%s”", text);
    }
    return ZH_OK;
}

static zh_rc find_record(listing *l, zh_record **out)
{
    zh_cli *cli = l->s->cli;
    if (zh_cli_given(cli, "key")) {
        const zh_str *key;
        size_t n = zh_cli_values(cli, "key", &key);
        if (l->reg->nbusiness_key == 0 || n != l->reg->nbusiness_key) {
            return zh_cli_usage(cli, "cli.key", "“%.*s”的业务键有 %zu 项，给出了 %zu 项",
                                ZH_FMT(l->reg->id), l->reg->nbusiness_key, n);
        }
        return zh_record_by_key(&l->s->ctx, l->s->conn, l->reg, key, out);
    }
    int64_t office = 0;
    int64_t id = 0;
    zh_rc rc = parse_id(cli, zh_cli_text(cli, "id"), &office, &id);
    return rc == ZH_OK ? zh_record_get(&l->s->ctx, l->s->conn, l->reg, office, id, l->s->as_of, out)
                       : rc;
}

static void print_record(listing *l, const zh_record *record, zh_buf *out)
{
    static const char *const headers[] = {"字段", "名称", "值"};
    zh_arena *arena = l->s->cli->arena;
    zh_text_table table;
    zh_buf_fmt(out, "%.*s %" PRId64 ":%" PRId64 "，第 %d 版，%.*s，%.*s，%.*s\n",
               ZH_FMT(l->reg->label.zh), record->office, record->id, record->version,
               ZH_FMT(l->reg->states[record->state].label.zh),
               ZH_FMT(zh_text_time(arena, record->recorded_at)), ZH_FMT(record->actor));
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < l->reg->nfields; i++) {
        const zh_field *field = &l->reg->fields[i];
        zh_str text = field->type == ZH_TYPE_TABLE
                          ? show_rows(l, field, record)
                          : zh_session_show(l->s, field, &record->values[i]);
        zh_text_table_add(&table, field->id);
        zh_text_table_add(&table, field->label.zh);
        zh_text_table_add(&table, text);
    }
    zh_text_table_print(&table, out);
}

/* "create": 建立; a transition by the name it was declared with. */
static zh_str op_name(const zh_register *reg, zh_str op)
{
    static const struct {
        const char *op, *zh;
    } names[] = {{"create", "建立"},
                 {"amend", "更正"},
                 {"erase", "删除个人信息"},
                 {"transition", "流转"},
                 {"clock", "到期"}};
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        if (zh_str_is(op, names[i].op)) {
            return zh_str_of(names[i].zh);
        }
    }
    for (size_t i = 0; i < reg->ntransitions; i++) {
        if (zh_str_eq(reg->transitions[i].id, op)) {
            return reg->transitions[i].label.zh;
        }
    }
    return op;
}

static zh_rc print_history(listing *l, const zh_version *versions, size_t n, zh_buf *out)
{
    static const char *const headers[] = {"版本>",  "时间", "操作",     "状态",
                                          "操作者", "原因", "账本位置>"};
    zh_arena *arena = l->s->cli->arena;
    zh_text_table table;
    zh_text_table_init(&table, arena, headers, ZH_COUNTOF(headers));
    for (size_t i = 0; i < n; i++) {
        const zh_record *r = versions[i].record;
        zh_str reason = versions[i].reason.n > 0 ? versions[i].reason : versions[i].reason_code;
        zh_text_table_add(&table, zh_str_fmt(arena, "%d", r->version));
        zh_text_table_add(&table, zh_text_time(arena, r->recorded_at));
        zh_text_table_add(&table, op_name(l->reg, versions[i].op));
        zh_text_table_add(&table, r->reg->states[r->state].label.zh);
        zh_text_table_add(&table, r->actor);
        zh_text_table_add(&table, reason);
        zh_text_table_add(&table, versions[i].position < 0
                                      ? ZH_STR("未定序")
                                      : zh_str_fmt(arena, "%" PRId64, versions[i].position));
    }
    zh_text_table_print(&table, out);
    return ZH_OK;
}

static zh_rc json_history(listing *l, const zh_version *versions, size_t n, zh_buf *out)
{
    zh_rc rc = ZH_OK;
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", l->reg->id);
    zh_jw_key(&w, "versions");
    zh_jw_array(&w);
    for (size_t i = 0; i < n && rc == ZH_OK; i++) {
        zh_jw_object(&w);
        zh_jw_kv(&w, "op", versions[i].op);
        zh_jw_kv(&w, "reason", versions[i].reason);
        zh_jw_kv(&w, "reason_code", versions[i].reason_code);
        if (versions[i].position >= 0) {
            zh_jw_ki(&w, "position", versions[i].position);
        }
        rc = put_record(l, &w, versions[i].record);
        zh_jw_object_end(&w);
    }
    zh_jw_array_end(&w);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
    return rc;
}

static zh_rc history(listing *l, const zh_record *record, zh_buf *out)
{
    zh_version *versions = NULL;
    size_t n = 0;
    zh_rc rc = zh_record_history(&l->s->ctx, l->s->conn, l->reg, record->office, record->id,
                                 &versions, &n);
    if (rc != ZH_OK) {
        return rc;
    }
    return l->s->cli->json ? json_history(l, versions, n, out) : print_history(l, versions, n, out);
}

static zh_rc one(listing *l, zh_buf *out)
{
    zh_record *record = NULL;
    zh_rc rc = find_record(l, &record);
    if (rc != ZH_OK) {
        return rc;
    }
    if (zh_cli_flag(l->s->cli, "history")) {
        return history(l, record, out);
    }
    rc = zh_rows_load(&l->s->ctx, l->s->conn, record, l->s->as_of != ZH_AS_OF_NOW);
    if (rc != ZH_OK || !l->s->cli->json) {
        if (rc == ZH_OK) {
            print_record(l, record, out);
        }
        return rc;
    }
    zh_jw w;
    zh_jw_init(&w, out, 2);
    zh_jw_object(&w);
    zh_jw_kv(&w, "register", l->reg->id);
    rc = put_record(l, &w, record);
    zh_jw_object_end(&w);
    zh_buf_c(out, '\n');
    return rc;
}

/* ---- verb
 * ------------------------------------------------------------------------------------------ */

static zh_rc query(zh_session *s, zh_buf *out)
{
    zh_cli *cli = s->cli;
    listing *l = ZH_NEW(cli->arena, listing);
    l->s = s;
    bool single = zh_cli_given(cli, "id") || zh_cli_given(cli, "key");
    if (zh_cli_flag(cli, "history") && !single) {
        return zh_cli_usage(cli, "cli.history", "--history 要和 --id 或 --key 一起用");
    }
    zh_rc rc = zh_session_register(s, zh_cli_argument(cli, 0), &l->reg);
    if (rc == ZH_OK) {
        rc = zh_session_read(s);
    }
    if (rc == ZH_OK) {
        rc = single ? one(l, out) : list(l, out);
    }
    return rc;
}

static int run(zh_cli *cli)
{
    return zh_session_answer(cli, query);
}

static const zh_param arguments[] = {
    {.name = "REGISTER", .kind = ZH_PARAM_REGISTER, .zh = "登记册", .en = "register"},
};

static const zh_param options[] = {
    {.name = "where", .value = "EXPR", .kind = ZH_PARAM_TEXT, .zh = "条件表达式", .en = "filter"},
    {.name = "search",
     .value = "TEXT",
     .kind = ZH_PARAM_TEXT,
     .zh = "全文检索，两个字即可",
     .en = "full-text search"},
    {.name = "sort",
     .value = "[-]FIELD",
     .kind = ZH_PARAM_TEXT,
     .zh = "排序字段，前加 - 为降序",
     .en = "sort field"},
    {.name = "limit",
     .value = "N",
     .kind = ZH_PARAM_NUMBER,
     .otherwise = "50",
     .zh = "最多几条，不超过 1000",
     .en = "page size"},
    {.name = "after",
     .value = "CURSOR",
     .kind = ZH_PARAM_TEXT,
     .zh = "上一页给出的游标",
     .en = "cursor of the previous page"},
    {.name = "columns",
     .value = "A,B",
     .kind = ZH_PARAM_TEXT,
     .zh = "显示的列：字段、state 等，或表达式",
     .en = "columns"},
    {.name = "id",
     .value = "ID",
     .kind = ZH_PARAM_TEXT,
     .zh = "只看一条：记录号，或 机构:记录号",
     .en = "one record"},
    {.name = "key",
     .value = "TEXT",
     .kind = ZH_PARAM_TEXT,
     .many = true,
     .zh = "只看一条：业务键，每项一个",
     .en = "one record by business key"},
    {.name = "history", .kind = ZH_PARAM_FLAG, .zh = "这条记录的各个版本", .en = "its versions"},
};

ZH_VERB(query) = {
    .name = "query",
    .zh = "查登记册：列表、一条记录、它的历史",
    .en = "list records, show one, or its history",
    .example =
        "zhiheng query food_class_sampling --where \"place = '420000'\" --sort -period --limit 20\n"
        "zhiheng query complaint --search 水壶 --columns no,state,clock.mediate.due\n"
        "zhiheng query complaint --key TS-420102-2026-000001 --history",
    .uses = ZH_KEEPS_MODEL | ZH_USES_DATA | ZH_USES_PACKS | ZH_USES_JSON | ZH_USES_AS_OF,
    .arguments = arguments,
    .narguments = ZH_COUNTOF(arguments),
    .options = options,
    .noptions = ZH_COUNTOF(options),
    .run = run,
};
