/* JSON rows: find the array, take its elements, flatten each into cells.
 *
 * The document may be read up to three times from its beginning: to see what it is, to collect the
 * columns, and to give the rows. That keeps memory bounded by one record. */
#include "fmt/jsonrows.h"
#include "base/vec.h"
#include "fmt/jsonscan.h"
#include <stdio.h>
#include <string.h>

enum { SUGGESTIONS = 8 };

#define RECORD_ARENA  ((size_t)256 << 20)
#define ROW_BYTES_MAX ((size_t)64 << 20)

typedef struct step {
    zh_str name; /* p == NULL: go through an array */
} step;

typedef struct json_path {
    step steps[ZH_JSONROWS_STEPS_MAX];
    size_t n;
    size_t streamed; /* steps up to and with the first array: walked in the stream */
} json_path;

/* One piece of a cell of the row being flattened. */
typedef struct value_slot {
    size_t at, n;
    unsigned flags;
    uint64_t row; /* the row it was filled for */
} value_slot;

struct zh_jsonrows {
    char *path;
    zh_encoding encoding;
    uint64_t max_bytes;
    bool lines;   /* the file is values one after another, not one document */
    bool several; /* and more than one of them */
    json_path rows, header_path;
    zh_arena *kept; /* paths, column names */
    zh_stream *stream;
    zh_jsonscan scan;
    bool in_rows, ended;
    ZH_VEC(zh_str) columns;
    zh_map by_name; /* column name -> index + 1 */
    size_t names_bytes;
    bool by_position; /* the rows are arrays */
    bool header_due;
    zh_arena *record_arena;
    const zh_json **pending; /* rows of the current record; NULL: the path broke off */
    size_t pending_n, pending_at, pending_capacity;
    uint64_t record, rows_given;
    size_t record_line;
    zh_buf text;
    value_slot *slots;
    zh_cell *cells;
    zh_err row_err;
};

/* ---- paths ---- */

static zh_rc bad_path(zh_str text, zh_err *err)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "json.path", "路径「%.*s」写法不对",
                          ZH_FMT(zh_cell_clip(text, 80)));
    zh_err_fix(err, "写成 data.list、tbody 或 features[].properties 的样子");
    return rc;
}

static zh_rc parse_path(zh_jsonrows *j, zh_str text, json_path *out, zh_err *err)
{
    *out = (json_path){0};
    zh_str rest = text, piece;
    if (text.n > ZH_JSONROWS_NAME_MAX) {
        return bad_path(text, err);
    }
    while (rest.p != NULL && text.n > 0 && zh_str_split(&rest, '.', &piece)) {
        size_t arrays = 0;
        while (zh_str_ends(piece, ZH_STR("[]"))) {
            piece.n -= 2;
            arrays++;
        }
        bool leading = piece.n == 0 && arrays > 0 && out->n == 0;
        if ((piece.n == 0 && !leading) || zh_str_chr(piece, '[') >= 0 ||
            out->n + arrays + 1 > ZH_JSONROWS_STEPS_MAX) {
            return bad_path(text, err);
        }
        if (!leading) {
            out->steps[out->n++] = (step){zh_str_dup(j->kept, piece)};
        }
        for (; arrays > 0; arrays--) {
            out->steps[out->n++] = (step){ZH_STR_NONE};
        }
    }
    return ZH_OK;
}

/* Rows need an array to stream; the one at the end may be left unwritten. */
static zh_rc complete_rows_path(json_path *path, zh_str text, zh_err *err)
{
    while (path->streamed < path->n && path->steps[path->streamed].name.p != NULL) {
        path->streamed++;
    }
    if (path->streamed == path->n) {
        if (path->n == ZH_JSONROWS_STEPS_MAX) {
            return bad_path(text, err);
        }
        path->steps[path->n++] = (step){ZH_STR_NONE};
    }
    path->streamed++;
    return ZH_OK;
}

/* ---- the stream ---- */

static void stop(zh_jsonrows *j)
{
    zh_jsonscan_free(&j->scan);
    j->scan = (zh_jsonscan){0};
    zh_stream_close(j->stream);
    j->stream = NULL;
}

static zh_rc restart(zh_jsonrows *j, zh_err *err)
{
    stop(j);
    j->in_rows = j->ended = false;
    j->record = 0;
    j->pending_n = j->pending_at = 0;
    zh_rc rc = zh_stream_open(j->path, j->encoding, j->max_bytes, &j->stream, err);
    if (rc == ZH_OK) {
        zh_jsonscan_init(&j->scan, j->stream, ZH_JSONROWS_RECORD_MAX);
    }
    return rc;
}

static zh_rc not_found(zh_str name, zh_err *err)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "json.path", "文件里找不到路径中的「%.*s」",
                          ZH_FMT(zh_cell_clip(name, 80)));
    zh_err_fix(err, "对照文件检查路径的拼写与层次");
    return rc;
}

/* Goes into the member `name` of the object that comes next. */
static zh_rc enter_member(zh_jsonrows *j, zh_str name, zh_err *err)
{
    zh_rc rc = zh_jsonscan_expect(&j->scan, '{', err);
    for (bool first = true; rc == ZH_OK; first = false) {
        bool more = false;
        rc = zh_jsonscan_step(&j->scan, '}', first, &more, err);
        if (rc == ZH_OK && !more) {
            return not_found(name, err);
        }
        if (rc == ZH_OK) {
            rc = zh_jsonscan_name(&j->scan, err);
        }
        if (rc == ZH_OK && zh_str_eq(zh_buf_view(&j->scan.name), name)) {
            return ZH_OK;
        }
        if (rc == ZH_OK) {
            rc = zh_jsonscan_value(&j->scan, false, err);
        }
    }
    return rc;
}

static zh_rc enter_rows(zh_jsonrows *j, zh_err *err)
{
    j->in_rows = true;
    for (size_t i = 0; !j->lines && i < j->rows.streamed; i++) {
        zh_str name = j->rows.steps[i].name;
        zh_rc rc =
            name.p != NULL ? enter_member(j, name, err) : zh_jsonscan_expect(&j->scan, '[', err);
        if (rc != ZH_OK) {
            return rc;
        }
    }
    return ZH_OK;
}

/* Behind the rows the document must be whole, and must not name the same path again. */
static zh_rc leave_rows(zh_jsonrows *j, zh_err *err)
{
    for (size_t i = j->rows.streamed - 1; i > 0; i--) {
        for (bool more = true; more;) {
            zh_rc rc = zh_jsonscan_step(&j->scan, '}', false, &more, err);
            if (rc == ZH_OK && more) {
                rc = zh_jsonscan_name(&j->scan, err);
            }
            if (rc == ZH_OK && more) {
                bool again = zh_str_eq(zh_buf_view(&j->scan.name), j->rows.steps[i - 1].name);
                rc = again ? zh_jsonscan_refuse(&j->scan, ZH_EINVAL, "json.duplicate",
                                                "行所在的字段出现了两次", err)
                           : zh_jsonscan_value(&j->scan, false, err);
            }
            if (rc != ZH_OK) {
                return rc;
            }
        }
    }
    int c = 0;
    zh_rc rc = zh_jsonscan_peek(&j->scan, &c, err);
    if (rc == ZH_OK && c >= 0) {
        rc = zh_jsonscan_refuse(&j->scan, ZH_EINVAL, "json.syntax", "文档结束后还有内容", err);
    }
    return rc;
}

/* Parses the value last taken; its lines count from where it began in the file. */
static zh_rc parse_taken(zh_jsonrows *j, zh_arena *arena, size_t line, zh_json **out, zh_err *err)
{
    zh_err inner = {0};
    zh_rc rc = zh_json_parse(arena, zh_buf_view(&j->scan.value), out, &inner);
    if (rc != ZH_OK) {
        zh_err_set(err, rc, inner.rule, "从第 %zu 行开始的记录：%s", line, inner.message);
        zh_err_where(err, "第%zu行", line);
    }
    return rc;
}

/* ---- records ---- */

static void add_pending(zh_jsonrows *j, const zh_json *row)
{
    if (j->pending_n == j->pending_capacity) {
        j->pending_capacity = j->pending_capacity > 0 ? j->pending_capacity * 2 : 16;
        j->pending = zh_realloc(j->pending, j->pending_capacity * sizeof(zh_json *));
    }
    j->pending[j->pending_n++] = row;
}

/* Follows the steps behind the streamed array; every place they lead to is a row. There are at
 * most ZH_JSONROWS_STEPS_MAX steps, and no more rows than the record has values. */
static void collect(zh_jsonrows *j, const zh_json *node, size_t at)
{
    if (at == j->rows.n) {
        add_pending(j, node);
        return;
    }
    zh_str name = j->rows.steps[at].name;
    if (name.p != NULL) {
        const zh_json *member = zh_json_get(node, name.p);
        if (member == NULL) {
            add_pending(j, NULL); /* reported as a row, not lost */
        } else {
            collect(j, member, at + 1);
        }
    } else if (node->kind != ZH_JSON_ARRAY) {
        add_pending(j, NULL);
    } else {
        for (const zh_json *child = node->first; child != NULL; child = child->next) {
            collect(j, child, at + 1);
        }
    }
}

/* Whether another record follows; consumes the comma or the end of the array. */
static zh_rc step_record(zh_jsonrows *j, bool *more, zh_err *err)
{
    if (!j->lines) {
        return zh_jsonscan_step(&j->scan, ']', j->record == 0, more, err);
    }
    int c = 0;
    zh_rc rc = zh_jsonscan_peek(&j->scan, &c, err);
    *more = c >= 0;
    return rc;
}

/* Takes records until one gives a row. ZH_ENOTFOUND after the last. */
static zh_rc next_record(zh_jsonrows *j, zh_err *err)
{
    zh_rc rc = j->in_rows ? ZH_OK : enter_rows(j, err);
    while (rc == ZH_OK && j->pending_at == j->pending_n) {
        bool more = false;
        rc = j->ended ? ZH_ENOTFOUND : step_record(j, &more, err);
        if (rc == ZH_OK && !more) {
            j->ended = true;
            rc = j->lines ? ZH_OK : leave_rows(j, err);
            continue;
        }
        int c;
        rc = rc == ZH_OK ? zh_jsonscan_peek(&j->scan, &c, err) : rc;
        j->record_line = j->scan.line;
        rc = rc == ZH_OK ? zh_jsonscan_value(&j->scan, true, err) : rc;
        zh_json *root = NULL;
        zh_arena_reset(j->record_arena);
        rc = rc == ZH_OK ? parse_taken(j, j->record_arena, j->record_line, &root, err) : rc;
        if (rc == ZH_OK) {
            j->record++;
            j->pending_n = j->pending_at = 0;
            collect(j, root, j->rows.streamed);
        }
    }
    return rc;
}

/* ---- columns ---- */

static zh_rc add_column(zh_jsonrows *j, zh_str name, zh_err *err)
{
    if (zh_map_get(&j->by_name, name) != NULL) {
        return ZH_OK;
    }
    j->names_bytes += name.n + 1;
    if (j->columns.n == ZH_CELL_COLUMNS_MAX || j->names_bytes > ZH_JSONROWS_HEADER_BYTES) {
        zh_rc rc =
            zh_err_set(err, ZH_ELIMIT, "json.columns", "字段超过 %zu 个", ZH_CELL_COLUMNS_MAX);
        zh_err_where(err, "第%zu行", j->record_line);
        return rc;
    }
    zh_str copy = zh_str_dup(j->kept, name);
    zh_vec_push(j->kept, &j->columns, copy);
    (void)zh_map_put(&j->by_name, copy, (void *)(uintptr_t)j->columns.n);
    return ZH_OK;
}

typedef zh_rc (*visit_fn)(zh_jsonrows *j, zh_str name, const zh_json *value, zh_err *err);

static zh_rc too_large(zh_jsonrows *j, zh_err *err)
{
    return zh_jsonscan_refuse(&j->scan, ZH_ELIMIT, "json.record", "一条记录过大", err);
}

/* Visits every plain value and array of an object, nested names joined by a point. The depth is
 * limited by ZH_JSON_DEPTH_MAX. */
static zh_rc flatten(zh_jsonrows *j, const zh_json *object, zh_str prefix, visit_fn visit,
                     zh_err *err)
{
    zh_rc rc = ZH_OK;
    for (const zh_json *m = object->first; m != NULL && rc == ZH_OK; m = m->next) {
        zh_str name = m->name;
        if (prefix.p != NULL) {
            size_t n = prefix.n + 1 + m->name.n;
            char *joined = n <= ZH_JSONROWS_NAME_MAX ? zh_arena_try(j->record_arena, n) : NULL;
            if (joined == NULL) {
                return too_large(j, err);
            }
            memcpy(joined, prefix.p, prefix.n);
            joined[prefix.n] = '.';
            if (m->name.n > 0) {
                memcpy(joined + prefix.n + 1, m->name.p, m->name.n);
            }
            name = (zh_str){joined, n};
        }
        if (name.n > ZH_JSONROWS_NAME_MAX) {
            return too_large(j, err);
        }
        name.p = name.p != NULL ? name.p : "";
        rc = m->kind == ZH_JSON_OBJECT && m->n > 0 ? flatten(j, m, name, visit, err)
                                                   : visit(j, name, m, err);
    }
    return rc;
}

static zh_rc visit_column(zh_jsonrows *j, zh_str name, const zh_json *value, zh_err *err)
{
    (void)value;
    return add_column(j, name, err);
}

/* The field names of the first rows, in the order in which they appear. */
static zh_rc sample_columns(zh_jsonrows *j, zh_err *err)
{
    zh_rc rc = restart(j, err);
    for (size_t seen = 0; rc == ZH_OK && seen < ZH_JSONROWS_SAMPLE; seen++) {
        rc = next_record(j, err);
        if (rc != ZH_OK) {
            break;
        }
        const zh_json *row = j->pending[j->pending_at++];
        if (seen == 0) {
            j->by_position = row != NULL && row->kind != ZH_JSON_OBJECT;
        }
        if (row != NULL && row->kind == ZH_JSON_OBJECT && !j->by_position) {
            rc = flatten(j, row, ZH_STR_NONE, visit_column, err);
        }
        if (j->by_position) {
            break;
        }
    }
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

/* The header of rows that are arrays: an array of texts somewhere else in the document. */
static zh_rc read_header(zh_jsonrows *j, zh_err *err)
{
    zh_rc rc = restart(j, err);
    for (size_t i = 0; i < j->header_path.n && rc == ZH_OK; i++) {
        rc = enter_member(j, j->header_path.steps[i].name, err);
    }
    int c;
    rc = rc == ZH_OK ? zh_jsonscan_peek(&j->scan, &c, err) : rc;
    size_t line = j->scan.line;
    rc = rc == ZH_OK ? zh_jsonscan_value(&j->scan, true, err) : rc;
    zh_json *root = NULL;
    zh_arena_reset(j->record_arena);
    rc = rc == ZH_OK ? parse_taken(j, j->record_arena, line, &root, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    bool good = root->kind == ZH_JSON_ARRAY && root->n <= ZH_CELL_COLUMNS_MAX;
    size_t bytes = 0;
    for (const zh_json *name = root->first; name != NULL && good; name = name->next) {
        bytes += name->text.n + 1;
        good = name->kind == ZH_JSON_STRING && bytes <= ZH_JSONROWS_HEADER_BYTES;
        if (good) {
            zh_vec_push(j->kept, &j->columns, zh_str_dup(j->kept, name->text));
        }
    }
    if (!good) {
        rc = zh_err_set(err, ZH_EINVAL, "json.header", "表头路径上不是一组文字");
        zh_err_where(err, "第%zu行", line);
    }
    return rc;
}

/* ---- cells ---- */

static void write_json(zh_jw *w, const zh_json *value)
{
    switch (value->kind) {
    case ZH_JSON_NULL: zh_jw_null(w); break;
    case ZH_JSON_BOOL: zh_jw_bool(w, value->boolean); break;
    case ZH_JSON_NUMBER: zh_jw_raw_number(w, value->text); break;
    case ZH_JSON_STRING: zh_jw_str(w, value->text); break;
    case ZH_JSON_ARRAY:
        zh_jw_array(w);
        for (const zh_json *child = value->first; child != NULL; child = child->next) {
            write_json(w, child);
        }
        zh_jw_array_end(w);
        break;
    case ZH_JSON_OBJECT:
        zh_jw_object(w);
        for (const zh_json *child = value->first; child != NULL; child = child->next) {
            zh_jw_key_str(w, child->name);
            write_json(w, child);
        }
        zh_jw_object_end(w);
        break;
    }
}

static zh_str scalar_text(const zh_json *value)
{
    if (value->kind == ZH_JSON_BOOL) {
        return value->boolean ? ZH_STR("true") : ZH_STR("false");
    }
    return value->kind == ZH_JSON_NULL ? ZH_STR("") : value->text;
}

static bool is_scalar(const zh_json *value)
{
    return value->kind != ZH_JSON_ARRAY && value->kind != ZH_JSON_OBJECT;
}

static void put_array(zh_jsonrows *j, const zh_json *array)
{
    bool plain = true;
    for (const zh_json *child = array->first; child != NULL && plain; child = child->next) {
        plain = is_scalar(child);
    }
    if (!plain) {
        zh_jw w;
        zh_jw_init(&w, &j->text, 0);
        write_json(&w, array);
        return;
    }
    for (const zh_json *child = array->first; child != NULL; child = child->next) {
        zh_buf_str(&j->text, scalar_text(child));
        if (child->next != NULL) {
            zh_buf_z(&j->text, "; ");
        }
    }
}

static unsigned flags_of(const zh_json *value)
{
    switch (value->kind) {
    case ZH_JSON_NULL: return ZH_CELL_NULL;
    case ZH_JSON_BOOL: return ZH_CELL_BOOL;
    case ZH_JSON_NUMBER: return ZH_CELL_NUMBER;
    case ZH_JSON_STRING: return ZH_CELL_QUOTED;
    case ZH_JSON_ARRAY:
    case ZH_JSON_OBJECT: return value->n == 0 ? ZH_CELL_NULL : ZH_CELL_QUOTED;
    }
    return 0;
}

static zh_rc put_value(zh_jsonrows *j, size_t column, const zh_json *value, zh_err *err)
{
    size_t at = j->text.n;
    if (value->kind == ZH_JSON_ARRAY) {
        put_array(j, value);
    } else if (value->kind == ZH_JSON_OBJECT && value->n > 0) {
        zh_jw w;
        zh_jw_init(&w, &j->text, 0);
        write_json(&w, value);
    } else if (value->kind != ZH_JSON_OBJECT) {
        zh_buf_str(&j->text, scalar_text(value));
    }
    size_t n = j->text.n - at;
    if (j->text.failed || n > ZH_CELL_BYTES_MAX) {
        return zh_jsonscan_refuse(&j->scan, ZH_ELIMIT, "json.cell", "单元格超过 1 MiB 的上限", err);
    }
    j->slots[column] = (value_slot){at, n, flags_of(value), j->rows_given};
    return ZH_OK;
}

/* Records what is wrong with this row alone. */
static void blame(zh_jsonrows *j, const char *rule, zh_str field, const char *what)
{
    field = zh_cell_clip(field, 80);
    (void)zh_err_set(&j->row_err, ZH_EINVAL, rule, "%s%.*s%s", field.p != NULL ? "字段「" : "",
                     ZH_FMT(field), what);
    zh_err_where(&j->row_err, "第%llu条（第%zu行）", (unsigned long long)j->record, j->record_line);
}

static zh_rc visit_cell(zh_jsonrows *j, zh_str name, const zh_json *value, zh_err *err)
{
    uintptr_t found = (uintptr_t)zh_map_get(&j->by_name, name);
    if (found == 0) {
        /* {} and [] say nothing, so nothing is lost with them */
        if (is_scalar(value) || value->n > 0) {
            blame(j, "json.field", name, "」不在表头里（表头取自前 1000 行）");
        }
        return ZH_OK;
    }
    size_t column = (size_t)found - 1;
    if (j->slots[column].row == j->rows_given) {
        blame(j, "json.field", name, "」展开后重名");
        return ZH_OK;
    }
    return put_value(j, column, value, err);
}

static zh_rc fill_by_position(zh_jsonrows *j, const zh_json *row, size_t *n, zh_err *err)
{
    if (is_scalar(row)) {
        *n = 1;
        return put_value(j, 0, row, err);
    }
    zh_rc rc = ZH_OK;
    for (const zh_json *v = row->first; v != NULL && rc == ZH_OK; v = v->next) {
        if (*n == ZH_CELL_COLUMNS_MAX) {
            return zh_jsonscan_refuse(&j->scan, ZH_ELIMIT, "json.columns", "超过 16384 列的上限",
                                      err);
        }
        rc = put_value(j, (*n)++, v, err);
    }
    return rc;
}

static zh_rc fill_row(zh_jsonrows *j, const zh_json *row, size_t *n, zh_err *err)
{
    zh_buf_clear(&j->text);
    zh_err_clear(&j->row_err);
    *n = 0;
    bool object = row != NULL && row->kind == ZH_JSON_OBJECT;
    if (row == NULL) {
        blame(j, "json.path", ZH_STR_NONE, "这条记录里没有行路径指到的内容");
    } else if (object == j->by_position) {
        blame(j, "json.shape", ZH_STR_NONE, "这一行与第一行的形状不同（对象与数组混用）");
    } else if (object) {
        *n = j->columns.n;
        return flatten(j, row, ZH_STR_NONE, visit_cell, err);
    } else {
        return fill_by_position(j, row, n, err);
    }
    return ZH_OK;
}

static void give(zh_jsonrows *j, size_t n, zh_jsonrow *out)
{
    for (size_t i = 0; i < n; i++) {
        const value_slot *s = &j->slots[i];
        bool filled = s->row == j->rows_given;
        zh_str text = {filled && s->n > 0 ? j->text.p + s->at : "", filled ? s->n : 0};
        j->cells[i] = (zh_cell){text, filled ? s->flags : ZH_CELL_NULL};
    }
    *out = (zh_jsonrow){.cells = j->cells,
                        .n = n,
                        .record = j->record,
                        .line = j->record_line,
                        .error = j->row_err.rc != ZH_OK ? &j->row_err : NULL};
}

zh_rc zh_jsonrows_next(zh_jsonrows *j, zh_jsonrow *out, zh_err *err)
{
    if (j->header_due) {
        j->header_due = false;
        for (size_t i = 0; i < j->columns.n; i++) {
            j->cells[i] = (zh_cell){j->columns.p[i], ZH_CELL_QUOTED};
        }
        *out = (zh_jsonrow){.cells = j->cells, .n = j->columns.n, .line = 1, .header = true};
        return ZH_OK;
    }
    zh_rc rc = next_record(j, err);
    if (rc != ZH_OK) {
        return rc;
    }
    j->rows_given++;
    size_t n = 0;
    rc = fill_row(j, j->pending[j->pending_at++], &n, err);
    if (rc == ZH_OK) {
        give(j, n, out);
    }
    return rc;
}

/* ---- opening ---- */

/* A file that begins with an object and has no path: NDJSON, or a document whose rows have to be
 * pointed at. */
static zh_rc probe_object(zh_jsonrows *j, zh_err *err)
{
    char names[400] = "";
    size_t found = 0, n = 0;
    bool more = false;
    zh_rc rc = zh_jsonscan_expect(&j->scan, '{', err);
    for (bool first = true; rc == ZH_OK; first = false) {
        rc = zh_jsonscan_step(&j->scan, '}', first, &more, err);
        if (rc != ZH_OK || !more) {
            break;
        }
        rc = zh_jsonscan_name(&j->scan, err);
        int c = 0;
        rc = rc == ZH_OK ? zh_jsonscan_peek(&j->scan, &c, err) : rc;
        if (rc == ZH_OK && c == '[' && found < SUGGESTIONS) {
            zh_str name = zh_cell_clip(zh_buf_view(&j->scan.name), 40);
            found++;
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%.*s", n > 0 ? "、" : "",
                                  ZH_FMT(name));
        }
        rc = rc == ZH_OK ? zh_jsonscan_value(&j->scan, false, err) : rc;
    }
    int c = -1;
    rc = rc == ZH_OK ? zh_jsonscan_peek(&j->scan, &c, err) : rc;
    j->several = c >= 0;
    if (rc == ZH_OK && c < 0 && found > 0) {
        rc = zh_err_set(err, ZH_EINVAL, "json.path", "请指明 JSON 里哪个数组是数据行");
        zh_err_fix(err, "可选的行路径：%s", names);
    }
    return rc;
}

static zh_rc recognise(zh_jsonrows *j, zh_err *err)
{
    zh_rc rc = restart(j, err);
    int c = 0;
    rc = rc == ZH_OK ? zh_jsonscan_peek(&j->scan, &c, err) : rc;
    if (rc != ZH_OK) {
        return rc;
    }
    if (c != '{' && c != '[') {
        return zh_jsonscan_refuse(&j->scan, ZH_EINVAL, "json.syntax", "不是 JSON 的数组或对象",
                                  err);
    }
    j->lines = c == '{' && j->rows.n == 0;
    return j->lines ? probe_object(j, err) : ZH_OK;
}

static zh_rc prepare(zh_jsonrows *j, zh_str rows, zh_str header, zh_err *err)
{
    zh_rc rc = parse_path(j, rows, &j->rows, err);
    rc = rc == ZH_OK ? parse_path(j, header, &j->header_path, err) : rc;
    for (size_t i = 0; i < j->header_path.n && rc == ZH_OK; i++) {
        rc = j->header_path.steps[i].name.p == NULL ? bad_path(header, err) : ZH_OK;
    }
    rc = rc == ZH_OK ? recognise(j, err) : rc;
    if (rc == ZH_OK && !j->lines) {
        rc = complete_rows_path(&j->rows, rows, err);
    }
    rc = rc == ZH_OK ? sample_columns(j, err) : rc;
    if (rc == ZH_OK && j->by_position && j->header_path.n > 0) {
        rc = read_header(j, err);
    }
    j->header_due = j->columns.n > 0;
    return rc == ZH_OK ? restart(j, err) : rc;
}

zh_rc zh_jsonrows_open(const char *path, zh_encoding encoding, uint64_t max_bytes, zh_str rows,
                       zh_str header, zh_jsonrows **out, zh_err *err)
{
    zh_jsonrows *j = zh_alloc(sizeof *j);
    j->encoding = encoding;
    j->max_bytes = max_bytes;
    j->kept = zh_arena_new(ZH_JSONROWS_HEADER_BYTES * 8);
    j->record_arena = zh_arena_new(RECORD_ARENA);
    j->path = zh_alloc(strlen(path) + 1);
    memcpy(j->path, path, strlen(path) + 1);
    zh_map_init(&j->by_name, NULL);
    zh_buf_init(&j->text, ROW_BYTES_MAX);
    j->slots = zh_alloc(ZH_CELL_COLUMNS_MAX * sizeof *j->slots);
    j->cells = zh_alloc(ZH_CELL_COLUMNS_MAX * sizeof *j->cells);
    zh_rc rc = prepare(j, rows, header, err);
    if (rc != ZH_OK) {
        zh_jsonrows_close(j);
        return rc;
    }
    *out = j;
    return ZH_OK;
}

void zh_jsonrows_close(zh_jsonrows *j)
{
    if (j == NULL) {
        return;
    }
    stop(j);
    zh_map_free(&j->by_name);
    zh_arena_free(j->kept);
    zh_arena_free(j->record_arena);
    zh_buf_free(&j->text);
    zh_dealloc(j->pending);
    zh_dealloc(j->slots);
    zh_dealloc(j->cells);
    zh_dealloc(j->path);
    zh_dealloc(j);
}

bool zh_jsonrows_is_lines(const zh_jsonrows *j)
{
    return j->several;
}

const zh_stream *zh_jsonrows_stream(const zh_jsonrows *j)
{
    return j->stream;
}
