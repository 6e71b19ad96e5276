/* The physical tables: plans made from registers, DDL for both databases, additive migration.
 *
 * Wide tables (rows, versions) are ordinary tables with a key index; narrow ones are clustered by
 * their key where the database can do it. A unique index ends with office, so that it also serves a
 * look-up that does not know the office; an index for queries has the declared fields alone. */
#include "core/instance/schema.h"
#include <stdlib.h>
#include <string.h>

enum { IDENT_MAX = 63, INDEX_COLUMNS_MAX = 32, HASH_DIGITS = 8 };

static const char *const FIXED[ZH_COL_FIELDS] = {
    "office",     "id",          "version",     "state", "handler_office",
    "created_at", "recorded_at", "declaration", "actor",
};

static const zh_sql_type FIXED_TYPES[ZH_COL_FIELDS] = {
    ZH_SQL_I64, ZH_SQL_I64, ZH_SQL_I64,  ZH_SQL_TEXT, ZH_SQL_I64,
    ZH_SQL_I64, ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_TEXT,
};

static const char *const HISTORY[ZH_HIST_COLUMNS] = {
    "op",          "transition",    "batch",        "ord",  "reason",
    "reason_code", "justification", "second_actor", "salt", "sealed",
};

static const zh_sql_type HISTORY_TYPES[ZH_HIST_COLUMNS] = {
    ZH_SQL_TEXT, ZH_SQL_TEXT, ZH_SQL_I64,  ZH_SQL_I64,  ZH_SQL_TEXT,
    ZH_SQL_TEXT, ZH_SQL_TEXT, ZH_SQL_TEXT, ZH_SQL_BLOB, ZH_SQL_BLOB,
};

static const char *const CHILD[ZH_CHILD_FIELDS] = {"office", "parent", "ord", "row_id"};

/* ---- columns of fields ----------------------------------------------------------------------- */

size_t zh_field_columns(const zh_field *field, const char *suffixes[3])
{
    switch (field->type) {
    case ZH_TYPE_DECIMAL:
        suffixes[0] = "";
        suffixes[1] = "__t";
        return 2;
    case ZH_TYPE_QUANTITY:
        suffixes[0] = "";
        suffixes[1] = "__t";
        suffixes[2] = "__u";
        return field->unit.n ? 2 : 3;
    case ZH_TYPE_REF:
        suffixes[0] = "";
        suffixes[1] = "__o";
        return 2;
    case ZH_TYPE_PERIOD:
        suffixes[0] = "__a";
        suffixes[1] = "__b";
        return 2;
    case ZH_TYPE_TABLE: return 0;
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_BOOL:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE: suffixes[0] = ""; return 1;
    }
    return 0;
}

/* The text a decimal's mark is stored as. */
static zh_str mark_text(const zh_value *value)
{
    switch (value->mark) {
    case ZH_MARK_NOT_DETECTED: return ZH_STR("ND");
    case ZH_MARK_NOT_MEASURED: return ZH_STR("NM");
    case ZH_MARK_NOT_APPLICABLE: return ZH_STR("NA");
    case ZH_MARK_NOT_REPORTED: return ZH_STR("NR");
    case ZH_MARK_EXACT:
    case ZH_MARK_BELOW:
    case ZH_MARK_ABOVE: break;
    }
    return value->text;
}

size_t zh_value_columns(const zh_field *field, const zh_value *value, zh_sql_value out[3])
{
    const char *suffixes[3];
    size_t n = zh_field_columns(field, suffixes);
    for (size_t i = 0; i < n; i++) {
        out[i] = ZH_SQL_NONE;
    }
    if (value->kind == ZH_NULL) {
        return n;
    }
    switch (field->type) {
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY:
        if (value->mark == ZH_MARK_EXACT) {
            out[0] = ZH_SQL_INT(value->decimal.scaled);
        }
        out[1] = ZH_SQL_STR(mark_text(value));
        if (n == 3) {
            out[2] = ZH_SQL_STR(value->unit);
        }
        break;
    case ZH_TYPE_REF:
        out[0] = ZH_SQL_INT(value->i);
        out[1] = ZH_SQL_INT(value->office);
        break;
    case ZH_TYPE_PERIOD:
        out[0] = ZH_SQL_INT(value->i);
        if (value->to != ZH_OPEN_END) {
            out[1] = ZH_SQL_INT(value->to);
        }
        break;
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_BOOL: out[0] = ZH_SQL_INT(value->i); break;
    case ZH_TYPE_TABLE: break;
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE: out[0] = ZH_SQL_STR(value->text); break;
    }
    return n;
}

/* ---- plans ---------------------------------------------------------------------------------- */

typedef struct planner {
    zh_arena *arena;
    const zh_register *reg;
    zh_err *err;
    zh_rc rc;
    ZH_VEC(const char *) columns;
    ZH_VEC(zh_sql_type) types;
} planner;

void zh_field_types(const zh_field *field, zh_sql_type types[3])
{
    types[0] = types[1] = types[2] = ZH_SQL_I64;
    switch (field->type) {
    case ZH_TYPE_DECIMAL:
    case ZH_TYPE_QUANTITY: types[1] = types[2] = ZH_SQL_TEXT; break;
    case ZH_TYPE_STRING:
    case ZH_TYPE_TEXT:
    case ZH_TYPE_CODE:
    case ZH_TYPE_FILE:
    case ZH_TYPE_GEO:
    case ZH_TYPE_RANGE: types[0] = ZH_SQL_TEXT; break;
    case ZH_TYPE_DATE:
    case ZH_TYPE_DATETIME:
    case ZH_TYPE_BOOL:
    case ZH_TYPE_REF:
    case ZH_TYPE_PERIOD:
    case ZH_TYPE_TABLE: break;
    }
}

/* Identifiers come from the declarations: what the databases cannot hold is refused here. */
static const char *identifier(planner *p, zh_str name)
{
    bool good = name.n >= 1 && name.n <= IDENT_MAX;
    for (size_t i = 0; good && i < name.n; i++) {
        char c = name.p[i];
        good = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
    }
    if (!good && p->rc == ZH_OK) {
        p->rc = zh_err_set(p->err, ZH_EINVAL, "model.table_name",
                           "登记册“%.*s”生成的表名或列名“%.*s”超过 %d 个字符或含有其他字符",
                           ZH_FMT(zh_label_for(p->err, p->reg->label)), ZH_FMT(name), IDENT_MAX);
        zh_err_where(p->err, "%.*s", ZH_FMT(p->reg->file));
        zh_err_fix(p->err, "请缩短登记册、字段或子表的标识");
    }
    return good ? zh_str_c(p->arena, name) : "x";
}

static void add_column(planner *p, zh_str name, zh_sql_type type)
{
    const char *column = identifier(p, name);
    for (size_t i = 0; i < p->columns.n && p->rc == ZH_OK; i++) {
        if (strcmp(p->columns.p[i], column) == 0) {
            p->rc = zh_err_set(p->err, ZH_EINVAL, "model.column_twice",
                               "登记册“%.*s”的列“%s”重复，或与系统列同名",
                               ZH_FMT(zh_label_for(p->err, p->reg->label)), column);
            zh_err_fix(p->err, "请给字段换一个标识");
        }
    }
    zh_vec_push(p->arena, &p->columns, column);
    zh_vec_push(p->arena, &p->types, type);
}

static void add_fixed(planner *p, const char *const *names, const zh_sql_type *types, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add_column(p, zh_str_of(names[i]), types != NULL ? types[i] : ZH_SQL_I64);
    }
}

static void add_field(planner *p, const zh_field *field)
{
    const char *suffixes[3];
    zh_sql_type types[3];
    size_t n = zh_field_columns(field, suffixes);
    zh_field_types(field, types);
    for (size_t i = 0; i < n; i++) {
        add_column(p, zh_str_fmt(p->arena, "%.*s%s", ZH_FMT(field->column), suffixes[i]), types[i]);
    }
}

/* The columns collected so far as a table; collecting goes on. */
static zh_table_plan table_of(planner *p, zh_str name)
{
    const char **columns = ZH_NEW_N(p->arena, const char *, p->columns.n);
    zh_sql_type *types = ZH_NEW_N(p->arena, zh_sql_type, p->types.n);
    memcpy(columns, p->columns.p, p->columns.n * sizeof *columns);
    memcpy(types, p->types.p, p->types.n * sizeof *types);
    if (p->columns.n > ZH_STORE_COLUMNS_MAX && p->rc == ZH_OK) {
        p->rc = zh_err_set(p->err, ZH_ELIMIT, "model.columns", "登记册“%.*s”的列超过 %d 个",
                           ZH_FMT(zh_label_for(p->err, p->reg->label)), ZH_STORE_COLUMNS_MAX);
    }
    return (zh_table_plan){identifier(p, name), columns, types, p->columns.n};
}

static const char *sql_text(zh_arena *arena, zh_buf *buf)
{
    const char *text = zh_str_c(arena, zh_buf_view(buf));
    zh_assert(!buf->failed);
    zh_buf_free(buf);
    return text;
}

static const char *update_sql(planner *p, const zh_table_plan *table)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(&sql, "UPDATE ");
    zh_sql_ident(&sql, zh_str_of(table->name));
    const char *separator = " SET ";
    for (size_t i = ZH_COL_VERSION; i < table->n; i++) {
        if (i != ZH_COL_CREATED) {
            zh_buf_z(&sql, separator);
            zh_sql_ident(&sql, zh_str_of(table->columns[i]));
            zh_buf_z(&sql, " = ?");
            separator = ", ";
        }
    }
    zh_buf_z(&sql, " WHERE office = ? AND id = ? AND version = ?");
    return sql_text(p->arena, &sql);
}

static const char *named_sql(planner *p, const char *head, const char *table, const char *tail)
{
    return zh_str_fmt(p->arena, "%s\"%s\"%s", head, table, tail).p;
}

static void plan_child(planner *p, const zh_field *table, zh_child_plan *out)
{
    p->columns.n = p->types.n = 0;
    add_fixed(p, CHILD, NULL, ZH_CHILD_FIELDS);
    for (size_t i = 0; i < table->ncolumns; i++) {
        add_field(p, &table->columns[i]);
    }
    zh_str name = zh_str_fmt(p->arena, "%.*s__%.*s", ZH_FMT(p->reg->table), ZH_FMT(table->column));
    out->table = table;
    out->current = table_of(p, name);
    add_column(p, ZH_STR("version"), ZH_SQL_I64);
    out->history = table_of(p, zh_str_fmt(p->arena, "%.*s_h", ZH_FMT(name)));
    out->delete_sql =
        named_sql(p, "DELETE FROM ", out->current.name, " WHERE office = ? AND parent = ?");
    out->last_row_sql = named_sql(p, "SELECT COALESCE(MAX(row_id), 0) FROM ", out->history.name,
                                  " WHERE office = ? AND parent = ?");
}

static void plan_children(planner *p, zh_plan *plan)
{
    const zh_register *reg = p->reg;
    uint16_t *child_of = ZH_NEW_N(p->arena, uint16_t, reg->nfields + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        plan->nchildren += reg->fields[i].type == ZH_TYPE_TABLE;
    }
    plan->children = ZH_NEW_N(p->arena, zh_child_plan, plan->nchildren + 1);
    size_t n = 0;
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        plan->searchable |= field->searchable && field->type != ZH_TYPE_TABLE;
        plan->has_files |= field->type == ZH_TYPE_FILE;
        if (field->type == ZH_TYPE_TABLE) {
            child_of[i] = (uint16_t)n;
            plan_child(p, field, &plan->children[n++]);
            for (size_t c = 0; c < field->ncolumns; c++) {
                plan->searchable |= field->columns[c].searchable;
                plan->has_files |= field->columns[c].type == ZH_TYPE_FILE;
            }
        }
    }
    plan->child_of = child_of;
}

/* ---- canonical order ------------------------------------------------------------------------ */

static int slot_order(const void *a, const void *b)
{
    const zh_slot *x = a;
    const zh_slot *y = b;
    return zh_str_cmp(x->name, y->name);
}

/* The id of a child column without the id of its table. */
zh_str zh_child_name(const zh_field *column)
{
    ptrdiff_t dot = -1;
    for (size_t i = 0; i < column->id.n; i++) {
        dot = column->id.p[i] == '.' ? (ptrdiff_t)i : dot;
    }
    return zh_str_sub(column->id, (size_t)(dot + 1), column->id.n);
}

static void order_columns(const zh_field *table, uint16_t *order)
{
    for (size_t i = 0; i < table->ncolumns; i++) { /* insertion: few columns, once a model */
        size_t at = i;
        zh_str name = zh_child_name(&table->columns[i]);
        while (at > 0 && zh_str_cmp(name, zh_child_name(&table->columns[order[at - 1]])) < 0) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = (uint16_t)i;
    }
}

static zh_shape shape_of(zh_arena *arena, const zh_register *reg)
{
    static const struct {
        const char *name;
        zh_slot_meta meta;
    } metas[] = {{"_actor", ZH_SLOT_ACTOR},
                 {"_declaration", ZH_SLOT_DECLARATION},
                 {"_register", ZH_SLOT_REGISTER},
                 {"_version", ZH_SLOT_VERSION}};
    size_t n = 0;
    zh_slot *slots = ZH_NEW_N(arena, zh_slot, reg->nfields + ZH_COUNTOF(metas));
    for (size_t i = 0; i < ZH_COUNTOF(metas); i++) {
        slots[n++] =
            (zh_slot){zh_str_of(metas[i].name), ZH_SLOT_META, (uint16_t)metas[i].meta, NULL, 0};
    }
    for (size_t i = 0; i < reg->nfields; i++) {
        const zh_field *field = &reg->fields[i];
        zh_slot slot = {field->id, ZH_SLOT_FIELD, (uint16_t)i, NULL, 0};
        if (field->type == ZH_TYPE_TABLE) {
            uint16_t *order = ZH_NEW_N(arena, uint16_t, field->ncolumns + 1);
            order_columns(field, order);
            /* every row's name begins with "items[": that is where the rows stand */
            slot.name = zh_str_fmt(arena, "%.*s[", ZH_FMT(field->id));
            slot.kind = ZH_SLOT_TABLE;
            slot.columns = order;
            slot.ncolumns = field->ncolumns;
        }
        slots[n++] = slot;
    }
    zh_sort(slots, n, sizeof *slots, slot_order);
    return (zh_shape){slots, n};
}

static void plan_register(planner *p, zh_plan *plan)
{
    static const char *const grams[] = {"office", "gram", "id"};
    static const zh_sql_type gram_types[] = {ZH_SQL_I64, ZH_SQL_TEXT, ZH_SQL_I64};
    const zh_register *reg = p->reg;
    plan->reg = reg;
    p->columns.n = p->types.n = 0;
    add_fixed(p, FIXED, FIXED_TYPES, ZH_COL_FIELDS);
    uint16_t *first = ZH_NEW_N(p->arena, uint16_t, reg->nfields + 1);
    for (size_t i = 0; i < reg->nfields; i++) {
        first[i] = (uint16_t)p->columns.n;
        add_field(p, &reg->fields[i]);
    }
    first[reg->nfields] = (uint16_t)p->columns.n;
    plan->first_column = first;
    for (size_t i = 0; i < reg->nderived; i++) {
        add_column(p, reg->derived[i]->column, ZH_SQL_TEXT);
    }
    plan->current = table_of(p, reg->table);
    add_fixed(p, HISTORY, HISTORY_TYPES, ZH_HIST_COLUMNS);
    plan->history = table_of(p, zh_str_fmt(p->arena, "%.*s_h", ZH_FMT(reg->table)));
    zh_str gram_table = zh_str_fmt(p->arena, "%.*s_g", ZH_FMT(reg->table));
    plan->grams = (zh_table_plan){identifier(p, gram_table), grams, gram_types, 3};
    plan->update_sql = update_sql(p, &plan->current);
    plan->remove_sql = named_sql(p, "DELETE FROM ", plan->current.name,
                                 " WHERE office = ? AND id = ? AND version = ?");
    plan->gram_delete_sql =
        named_sql(p, "DELETE FROM ", plan->grams.name, " WHERE office = ? AND gram = ? AND id = ?");
    plan->batch_sql = named_sql(p, "SELECT batch FROM ", plan->history.name,
                                " WHERE office = ? AND id = ? AND version = ?");
    plan->erased_sql = named_sql(p, "SELECT 1 FROM ", plan->history.name,
                                 " WHERE office = ? AND id = ? AND op = 'erase' LIMIT 1");
    plan->exists_sql =
        named_sql(p, "SELECT 1 FROM ", plan->current.name, " WHERE office = ? AND id = ?");
    plan->shape = shape_of(p->arena, reg);
    plan_children(p, plan);
}

zh_rc zh_plan_make(zh_arena *arena, const zh_model *model, const zh_plan **out, zh_err *err)
{
    zh_plan *plans = ZH_NEW_N(arena, zh_plan, model->nregisters + 1);
    for (size_t i = 0; i < model->nregisters; i++) {
        planner p = {.arena = arena, .reg = &model->registers[i], .err = err};
        plan_register(&p, &plans[i]);
        if (p.rc != ZH_OK) {
            return p.rc;
        }
    }
    *out = plans;
    return ZH_OK;
}

/* ---- DDL ------------------------------------------------------------------------------------ */

static void create_table(zh_buf *sql, zh_dialect dialect, const zh_table_plan *table,
                         const char *key, bool clustered)
{
    zh_buf_z(sql, "CREATE TABLE ");
    zh_sql_ident(sql, zh_str_of(table->name));
    zh_buf_z(sql, " (");
    for (size_t i = 0; i < table->n; i++) {
        zh_sql_ident(sql, zh_str_of(table->columns[i]));
        zh_buf_fmt(sql, " %s, ", zh_sql_type_name(dialect, table->types[i]));
    }
    zh_buf_fmt(sql, "PRIMARY KEY (office, %s))%s;\n", key,
               clustered && dialect == ZH_SQLITE ? " WITHOUT ROWID" : "");
}

static void add_column_ddl(zh_buf *sql, zh_dialect dialect, const zh_table_plan *table, size_t i)
{
    zh_buf_z(sql, "ALTER TABLE ");
    zh_sql_ident(sql, zh_str_of(table->name));
    zh_buf_z(sql, " ADD COLUMN ");
    zh_sql_ident(sql, zh_str_of(table->columns[i]));
    zh_buf_fmt(sql, " %s;\n", zh_sql_type_name(dialect, table->types[i]));
}

/* Appends what is needed for the table to exist with at least these columns. */
static zh_rc ensure_table(zh_conn *conn, zh_arena *arena, const zh_table_plan *table,
                          const char *key, bool clustered, zh_buf *sql, zh_err *err)
{
    zh_dialect dialect = zh_conn_dialect(conn);
    bool exists = false;
    zh_rc rc = zh_table_exists(conn, table->name, &exists, err);
    if (rc != ZH_OK || !exists) {
        create_table(sql, dialect, table, key, clustered);
        return rc;
    }
    zh_str *names = NULL;
    size_t n = 0;
    rc = zh_table_columns(conn, arena, table->name, &names, &n, err);
    for (size_t i = 0; i < table->n && rc == ZH_OK; i++) {
        bool found = false;
        for (size_t k = 0; k < n && !found; k++) {
            found = zh_str_is(names[k], table->columns[i]);
        }
        if (!found) {
            add_column_ddl(sql, dialect, table, i);
        }
    }
    return rc;
}

/* i_<table>_<id>, shortened with a hash of the whole where it would be too long. */
static zh_str index_name(zh_arena *arena, zh_str table, zh_str id)
{
    zh_str name = zh_str_fmt(arena, "i_%.*s_%.*s", ZH_FMT(table), ZH_FMT(id));
    if (name.n > IDENT_MAX) {
        uint32_t hash = (uint32_t)zh_str_hash(name);
        name = zh_str_fmt(arena, "%.*s_%08x",
                          ZH_FMT(zh_str_sub(name, 0, IDENT_MAX - HASH_DIGITS - 1)), (unsigned)hash);
    }
    return name;
}

static void add_index(zh_arena *arena, zh_index_plans *out, const zh_register *reg, zh_str id,
                      const zh_field *const *fields, size_t n, bool unique)
{
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_str name = index_name(arena, reg->table, id);
    zh_buf_fmt(&sql, "CREATE %sINDEX IF NOT EXISTS ", unique ? "UNIQUE " : "");
    zh_sql_ident(&sql, name);
    zh_buf_z(&sql, " ON ");
    zh_sql_ident(&sql, reg->table);
    zh_buf_z(&sql, " (");
    for (size_t i = 0; i < n; i++) {
        const char *suffixes[3];
        size_t width = zh_field_columns(fields[i], suffixes);
        zh_assert(width > 0);
        zh_buf_z(&sql, i > 0 ? ", " : "");
        zh_sql_ident(&sql, zh_str_fmt(arena, "%.*s%s", ZH_FMT(fields[i]->column), suffixes[0]));
        if (fields[i]->type == ZH_TYPE_PERIOD) { /* 2023H1 and 2023 begin on the same day */
            zh_buf_z(&sql, ", ");
            zh_sql_ident(&sql, zh_str_fmt(arena, "%.*s%s", ZH_FMT(fields[i]->column), suffixes[1]));
        }
    }
    zh_buf_z(&sql, unique ? ", office)" : ")");
    zh_index_plan index = {name.p, sql_text(arena, &sql)};
    zh_vec_push(arena, out, index);
}

/* Up to the columns. */
static void open_index(zh_buf *sql, zh_str name, zh_str table)
{
    zh_buf_init(sql, ZH_STORE_SQL_BYTES_MAX);
    zh_buf_z(sql, "CREATE INDEX IF NOT EXISTS ");
    zh_sql_ident(sql, name);
    zh_buf_z(sql, " ON ");
    zh_sql_ident(sql, table);
}

/* An office's records in the order of a field: its default list, its newest event. */
static void add_order_index(zh_arena *arena, zh_index_plans *out, const zh_register *reg,
                            const char *id, const zh_field *field)
{
    const char *suffixes[3];
    zh_buf sql;
    zh_str name = index_name(arena, reg->table, zh_str_of(id));
    (void)zh_field_columns(field, suffixes);
    open_index(&sql, name, reg->table);
    zh_buf_z(&sql, " (office, ");
    zh_sql_ident(&sql, zh_str_fmt(arena, "%.*s%s", ZH_FMT(field->column), suffixes[0]));
    zh_buf_z(&sql, ", id)");
    zh_index_plan index = {name.p, sql_text(arena, &sql)};
    zh_vec_push(arena, out, index);
}

/* What one office handles for another: few rows, which are found without looking at the others. */
static void add_handed_index(zh_arena *arena, zh_index_plans *out, const zh_register *reg)
{
    zh_str name = index_name(arena, reg->table, ZH_STR("handed"));
    zh_buf sql;
    open_index(&sql, name, reg->table);
    zh_buf_z(&sql, " (handler_office, office, id) WHERE handler_office <> office");
    zh_index_plan index = {name.p, sql_text(arena, &sql)};
    zh_vec_push(arena, out, index);
}

/* Versions of records that go through states, by a column of the history: partial, so that bulk
 * imports by the operator leave it alone. */
static void add_version_index(zh_arena *arena, zh_index_plans *out, const zh_register *reg,
                              const char *id, const char *column, const char *where)
{
    zh_str name = index_name(arena, reg->table, zh_str_of(id));
    zh_buf sql;
    open_index(&sql, name, zh_str_fmt(arena, "%.*s_h", ZH_FMT(reg->table)));
    zh_buf_fmt(&sql, " (%s) WHERE %s", column, where);
    zh_index_plan index = {name.p, sql_text(arena, &sql)};
    zh_vec_push(arena, out, index);
}

bool zh_has_own_index(const zh_register *reg)
{
    bool own = false;
    for (size_t i = 0; i < reg->naccess && !own; i++) {
        const zh_access *a = &reg->access[i];
        own = zh_str_among(ZH_STR("read"), a->can, a->ncan) &&
              zh_str_among(ZH_STR("create"), a->can, a->ncan);
    }
    return own;
}

/* What a person wrote in an office, in the order of its default list: partial, so that bulk imports
 * by the operator leave it alone. */
static void add_own_index(zh_arena *arena, zh_index_plans *out, const zh_register *reg)
{
    const char *suffixes[3];
    const zh_field *sort = reg->default_sort; /* without one lists go by id */
    zh_str name = index_name(arena, reg->table, ZH_STR("own"));
    zh_buf sql;
    open_index(&sql, name, reg->table);
    zh_buf_z(&sql, " (actor, office, ");
    if (sort != NULL) {
        (void)zh_field_columns(sort, suffixes);
        zh_sql_ident(&sql, zh_str_fmt(arena, "%.*s%s", ZH_FMT(sort->column), suffixes[0]));
        zh_buf_z(&sql, ", ");
    }
    zh_buf_z(&sql, "id) WHERE actor <> 'operator'");
    zh_index_plan index = {name.p, sql_text(arena, &sql)};
    zh_vec_push(arena, out, index);
}

void zh_index_plan_make(zh_arena *arena, const zh_register *reg, zh_index_plans *out)
{
    *out = (zh_index_plans){0};
    for (size_t i = 0; i < reg->nindexes; i++) {
        const zh_index *index = &reg->indexes[i];
        zh_str id = zh_str_fmt(arena, "x_%.*s", ZH_FMT(index->id));
        add_index(arena, out, reg, id, index->fields, index->nfields, index->unique);
    }
    if (reg->default_sort != NULL) {
        add_order_index(arena, out, reg, "sort", reg->default_sort);
    }
    if (reg->event_time != NULL && reg->event_time != reg->default_sort) {
        add_order_index(arena, out, reg, "event", reg->event_time);
    }
    add_handed_index(arena, out, reg);
    if (zh_has_own_index(reg)) {
        add_own_index(arena, out, reg);
    }
    if (reg->ntransitions > 0) {
        add_version_index(arena, out, reg, "took", "transition", "transition IS NOT NULL");
        add_version_index(arena, out, reg, "begun", "actor", "version = 1 AND actor <> 'operator'");
    }
}

static zh_rc register_apply(zh_conn *conn, zh_arena *arena, const zh_plan *plan, zh_err *err)
{
    zh_buf sql;
    zh_buf_init(&sql, (size_t)16 << 20);
    zh_rc rc = ensure_table(conn, arena, &plan->current, "id", true, &sql, err);
    if (rc == ZH_OK) {
        rc = ensure_table(conn, arena, &plan->history, "id, version", true, &sql, err);
    }
    if (rc == ZH_OK) {
        rc = ensure_table(conn, arena, &plan->grams, "gram, id", true, &sql, err);
    }
    for (size_t i = 0; i < plan->nchildren && rc == ZH_OK; i++) {
        const zh_child_plan *child = &plan->children[i];
        rc = ensure_table(conn, arena, &child->current, "parent, ord", true, &sql, err);
        if (rc == ZH_OK) {
            rc =
                ensure_table(conn, arena, &child->history, "parent, version, ord", true, &sql, err);
        }
    }
    zh_index_plans indexes;
    zh_index_plan_make(arena, plan->reg, &indexes);
    for (size_t i = 0; i < indexes.n; i++) {
        zh_buf_z(&sql, indexes.p[i].sql);
        zh_buf_z(&sql, ";\n");
    }
    zh_buf_c(&sql, '\0');
    if (rc == ZH_OK && sql.failed) {
        rc = zh_err_set(err, ZH_ELIMIT, "model.ddl", "登记册“%.*s”的建表语句过长",
                        ZH_FMT(zh_label_for(err, plan->reg->label)));
    }
    if (rc == ZH_OK) {
        rc = zh_exec(conn, sql.p, err);
    }
    zh_buf_free(&sql);
    return rc;
}

zh_rc zh_schema_apply(zh_conn *conn, zh_arena *arena, const zh_model *model, const zh_plan *plans,
                      zh_err *err)
{
    for (size_t i = 0; i < model->nregisters; i++) {
        zh_arena_mark mark = zh_arena_here(arena);
        zh_rc rc = register_apply(conn, arena, &plans[i], err);
        zh_arena_rewind(arena, mark);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

/* ---- system tables -------------------------------------------------------------------------- */

typedef struct system_table {
    const char *name, *integers, *texts, *blobs, *key;
} system_table;

static const system_table SYSTEM[] = {
    {"zh_setting", "office", "name,value", "", "name"},
    {"zh_model", "office,adopted_at", "digest,origin", "", "digest"},
    {"zh_model_file", "office", "digest,path,content", "", "digest, path"},
    {"zh_shape", "office", "register,declaration,fields", "", "register, declaration"},
    {"zh_outbox", "office,batch,n,at,pos,until,job", "register", "entries,entries_gm,deltas",
     "batch"},
    {"zh_clock", "office,record,started_at,due_at,ended_at,suspended_at,breached,passed,extended",
     "register,clock,spans", "", "register, record, clock"},
    {"zh_clock_h",
     "office,record,version,started_at,due_at,ended_at,suspended_at,breached,passed,extended",
     "register,clock,spans", "", "register, record, clock, version"},
    {"zh_due", "office,record,due_at,fired_at", "register,kind,name,error", "",
     "register, record, kind, name"},
    {"zh_counter", "office,next", "name", "", "name"},
    {"zh_job", "office,id,progress,total,cursor,cancel,lease_until,created_at,updated_at",
     "kind,args,state,result,actor,owner", "", "id"},
    {"zh_figure", "office,id,batch,size,at", "indicator,publication,ask,detail,frame",
     "salt,record", "id"},
    {"zh_figure_list", "office", "digest", "lines", "digest"},
    {"zh_file", "office,bytes,at,erased_at", "digest,name", "", "digest"},
    {"zh_account",
     "office,id,totp_last,failed,locked_until,created_at,password_at,disabled_at,last_at,"
     "last_failed,last_before,reset_until",
     "login,name,secret,totp,totp_new,recovery,reset,subject", "", "id"},
    {"zh_session",
     "office,account,post,post_office,created_at,seen_at,ended_at,idle_s,absolute_s,emergency,"
     "emergency_until",
     "token,client", "", "token"},
    {"zh_stranger", "office,failed,locked_until,at", "login", "", "login"},
    {"zh_key", "office,id,account,post,post_office,created_at,expires_at,used_at,ended_at",
     "label,scope,digest", "", "id"},
    {"zh_oidc", "office,at", "state,nonce,verifier,next", "", "state"},
    {"zh_reading", "office,seq,at,records,emergency,record",
     "login,post,register,how,purpose,question,digest,chain", "", "seq"},
    {"zh_reading_of", "office,record,seq", "register", "", "register, record, seq"},
    {"zh_bulk", "office,id,at,undone_at", "register,transition,actor", "", "id"},
    {"zh_bulk_item", "office,bulk,ord,record_office,record,version,undone", "said", "",
     "bulk, ord"},
    {"zh_pending", "office,id,record,version,at,decided_at,taken",
     "register,transition,actor,form,decided_by", "", "id"},
    {"zh_file_use", "office,record", "digest,register", "", "digest, register, record"},
    {"zh_notice", "office,id,record,version,at,done_at", "register,cause,name,actor", "", "id"},
    {"zh_inbox", "office,event,record_office,record,at,read_at", "login,post,register,cause,name",
     "", "login, event"},
    {"zh_mute", "office,record_office,record", "login,register", "",
     "login, register, record_office, record"},
    {"zh_channel", "office,mailed", "login,email", "", "login"},
    {"zh_hook", "office,id,created_at,ended_at", "login,url,secret", "", "id"},
    {"zh_delivery", "office,id,event,hook,tries,next_at,created_at,sent_at",
     "once,channel,login,target,subject,body,state,error", "", "id"},
};

static const char SYSTEM_INDEXES[] =
    "CREATE INDEX IF NOT EXISTS i_zh_outbox_new ON zh_outbox (batch) WHERE pos IS NULL;\n"
    "CREATE INDEX IF NOT EXISTS i_zh_outbox_pos ON zh_outbox (pos);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_outbox_until ON zh_outbox (until, pos);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_outbox_job ON zh_outbox (job, batch) WHERE job IS NOT NULL;\n"
    "CREATE UNIQUE INDEX IF NOT EXISTS i_zh_account_login ON zh_account (office, login);\n"
    "CREATE UNIQUE INDEX IF NOT EXISTS i_zh_key_digest ON zh_key (office, digest);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_reading_of_seq ON zh_reading_of (office, seq);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_reading_login ON zh_reading (office, login, seq);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_outbox_register ON zh_outbox (register, at);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_figure_at ON zh_figure (at);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_due_at ON zh_due (due_at);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_clock_open ON zh_clock (register, due_at) WHERE ended_at IS "
    "NULL;\n"
    "CREATE INDEX IF NOT EXISTS i_zh_pending_record ON zh_pending (office, register, record) WHERE "
    "decided_at IS NULL;\n"
    "CREATE INDEX IF NOT EXISTS i_zh_file_use_record ON zh_file_use (office, record);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_notice_new ON zh_notice (id) WHERE done_at IS NULL;\n"
    "CREATE INDEX IF NOT EXISTS i_zh_inbox_new ON zh_inbox (login, post) WHERE read_at IS NULL;\n"
    "CREATE INDEX IF NOT EXISTS i_zh_inbox_at ON zh_inbox (login, at);\n"
    "CREATE UNIQUE INDEX IF NOT EXISTS i_zh_delivery_once ON zh_delivery (office, once);\n"
    "CREATE INDEX IF NOT EXISTS i_zh_delivery_next ON zh_delivery (next_at) WHERE state = "
    "'waiting';\n"
    "CREATE INDEX IF NOT EXISTS i_zh_file_erased ON zh_file (erased_at) WHERE erased_at IS NOT "
    "NULL;\n";

static void add_system_columns(planner *p, const char *names, zh_sql_type type)
{
    zh_str rest = zh_str_of(names);
    zh_str name;
    while (rest.n > 0 && zh_str_split(&rest, ',', &name)) {
        add_column(p, name, type);
    }
}

zh_rc zh_schema_system(zh_conn *conn, zh_err *err)
{
    zh_arena *arena = zh_arena_new((size_t)4 << 20);
    zh_register none = {.id = ZH_STR("system"), .label.zh = ZH_STR("系统表")};
    zh_buf sql;
    zh_buf_init(&sql, ZH_STORE_SQL_BYTES_MAX);
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < ZH_COUNTOF(SYSTEM) && rc == ZH_OK; i++) {
        planner p = {.arena = arena, .reg = &none, .err = err};
        add_system_columns(&p, SYSTEM[i].integers, ZH_SQL_I64);
        add_system_columns(&p, SYSTEM[i].texts, ZH_SQL_TEXT);
        add_system_columns(&p, SYSTEM[i].blobs, ZH_SQL_BLOB);
        zh_table_plan table = table_of(&p, zh_str_of(SYSTEM[i].name));
        bool narrow = SYSTEM[i].blobs[0] == 0 && strcmp(SYSTEM[i].name, "zh_model_file") != 0;
        rc = p.rc != ZH_OK ? p.rc
                           : ensure_table(conn, arena, &table, SYSTEM[i].key, narrow, &sql, err);
    }
    zh_buf_z(&sql, SYSTEM_INDEXES);
    zh_buf_c(&sql, '\0');
    if (rc == ZH_OK) {
        zh_assert(!sql.failed);
        rc = zh_exec(conn, sql.p, err);
    }
    zh_buf_free(&sql);
    zh_arena_free(arena);
    return rc;
}
