/* SQL text: placeholders, identifiers, type names, and the clauses that bulk loads are made of. */
#include "store/driver.h"
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* The offset just after the literal, quoted identifier or comment that begins at `at`; `at` itself
 * when none begins there; SIZE_MAX when it does not end. A doubled quote is two literals side by
 * side. */
static size_t skip_opaque(zh_str sql, size_t at)
{
    zh_str rest = zh_str_sub(sql, at, sql.n);
    zh_str closing;
    size_t opening = 1;
    if (rest.p[0] == '\'') {
        closing = ZH_STR("'");
    } else if (rest.p[0] == '"') {
        closing = ZH_STR("\"");
    } else if (zh_str_starts(rest, ZH_STR("--"))) {
        ptrdiff_t end = zh_str_chr(rest, '\n');
        return end < 0 ? sql.n : at + (size_t)end + 1;
    } else if (zh_str_starts(rest, ZH_STR("/*"))) {
        closing = ZH_STR("*/");
        opening = 2;
    } else {
        return at;
    }
    ptrdiff_t end = zh_str_find(zh_str_sub(rest, opening, rest.n), closing);
    return end < 0 ? SIZE_MAX : at + opening + (size_t)end + closing.n;
}

zh_str zh_sql_cut(zh_str sql)
{
    enum { SHOWN_BYTES = 200 };
    size_t n = sql.n < SHOWN_BYTES ? sql.n : SHOWN_BYTES;
    while (n > 0 && n < sql.n && ((unsigned char)sql.p[n] & 0xc0) == 0x80) {
        n--;
    }
    return zh_str_sub(sql, 0, n);
}

static zh_rc outside_subset(zh_err *err, zh_str sql, const char *what)
{
    zh_rc rc =
        zh_err_set(err, ZH_EDB, "store.sql.subset", "SQL 文本超出两种数据库共有的子集：%s", what);
    zh_err_where(err, "SQL: %.*s", ZH_FMT(zh_sql_cut(sql)));
    return rc;
}

zh_rc zh_sql_translate(zh_str sql, zh_buf *out, size_t *placeholders, zh_err *err)
{
    size_t n = 0;
    if (sql.n > ZH_STORE_SQL_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "store.sql.bytes", "SQL 文本超过 %zu 字节",
                          ZH_STORE_SQL_BYTES_MAX);
    }
    if (zh_str_chr(sql, '\0') >= 0) {
        return outside_subset(err, sql, "含有 NUL 字节");
    }
    for (size_t at = 0; at < sql.n;) {
        size_t end = skip_opaque(sql, at);
        if (end == SIZE_MAX) {
            return outside_subset(err, sql, "字面量、带引号的标识符或注释没有结束");
        }
        if (end == at) {
            end = at + 1;
            bool number_follows = end < sql.n && is_digit(sql.p[end]);
            bool inside_word = at > 0 && is_word(sql.p[at - 1]);
            if ((sql.p[at] == '?' || (sql.p[at] == '$' && !inside_word)) && number_follows) {
                return outside_subset(err, sql, "带编号的参数（只用 ?）");
            }
            if (sql.p[at] == '?') {
                n++;
                if (out != NULL) {
                    zh_buf_fmt(out, "$%zu", n);
                }
                at = end;
                continue;
            }
        }
        if (out != NULL) {
            zh_buf_str(out, zh_str_sub(sql, at, end - at));
        }
        at = end;
    }
    if (n > ZH_STORE_PARAMETERS_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "store.sql.parameters", "语句的参数超过 %d 个",
                          ZH_STORE_PARAMETERS_MAX);
    }
    *placeholders = n;
    return ZH_OK;
}

void zh_sql_ident(zh_buf *out, zh_str name)
{
    zh_assert(name.n >= 1 && name.n <= 63 && !is_digit(name.p[0]));
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        zh_assert((c >= 'a' && c <= 'z') || c == '_' || is_digit(c));
    }
    zh_buf_c(out, '"');
    zh_buf_str(out, name);
    zh_buf_c(out, '"');
}

const char *zh_sql_type_name(zh_dialect dialect, zh_sql_type type)
{
    switch (type) {
    case ZH_SQL_I64: return "BIGINT";
    case ZH_SQL_TEXT: return dialect == ZH_POSTGRES ? "TEXT COLLATE \"C\"" : "TEXT";
    case ZH_SQL_BLOB: return dialect == ZH_POSTGRES ? "BYTEA" : "BLOB";
    case ZH_SQL_NULL: break;
    }
    zh_panic(__FILE__, __LINE__, "a column needs a type");
}

static void columns(zh_buf *out, const char *const *names, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (i > from) {
            zh_buf_c(out, ',');
        }
        zh_sql_ident(out, zh_str_of(names[i]));
    }
}

void zh_sql_columns(zh_buf *out, const zh_bulk *plan)
{
    columns(out, plan->columns, 0, plan->ncolumns);
}

void zh_sql_on_conflict(zh_buf *out, const zh_bulk *plan, bool add_by_function)
{
    if (plan->mode == ZH_BULK_INSERT) {
        return;
    }
    zh_buf_z(out, " ON CONFLICT (");
    columns(out, plan->columns, 0, plan->nkeys);
    if (plan->mode == ZH_BULK_IGNORE || plan->nkeys == plan->ncolumns) {
        zh_buf_z(out, ") DO NOTHING");
        return;
    }
    zh_buf_z(out, ") DO UPDATE SET ");
    for (size_t i = plan->nkeys; i < plan->ncolumns; i++) {
        zh_str name = zh_str_of(plan->columns[i]);
        if (i > plan->nkeys) {
            zh_buf_c(out, ',');
        }
        zh_sql_ident(out, name);
        zh_buf_z(out, "=");
        bool adds = plan->mode == ZH_BULK_ADD;
        if (adds) {
            zh_buf_z(out, add_by_function ? "zh_add(" : "");
            zh_sql_ident(out, zh_str_of(plan->table));
            zh_buf_c(out, '.');
            zh_sql_ident(out, name);
            zh_buf_c(out, add_by_function ? ',' : '+');
        }
        zh_buf_z(out, "excluded.");
        zh_sql_ident(out, name);
        zh_buf_z(out, adds && add_by_function ? ")" : "");
    }
}
