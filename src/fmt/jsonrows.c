/* JSON rows: find the array, take its elements, flatten each into cells.
 *
 * The document may be read up to three times from its beginning: to see what it is, to collect the
 * columns, and to give the rows. That keeps memory bounded by one record. */
#include "fmt/jsonrows.h"
#include "base/vec.h"
#include "fmt/jsonscan.h"
#include <string.h>

enum { SUGGESTIONS = 8 };

#define RECORD_ARENA ((size_t)256 << 20)
#define ROWS_OF_RECORD_MAX ((size_t)1 << 20)
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
    bool lines;
    json_path rows, header_path;
    zh_arena *kept; /* paths, column names */
    zh_stream *stream;
    zh_jsonscan scan;
    bool in_rows, ended;
    ZH_VEC(zh_str) columns;
    zh_map by_name; /* column name -> index + 1 */
    bool by_position; /* the rows are arrays */
    bool header_due;
    zh_arena *record_arena;
    const zh_json **pending; /* rows of the current record */
    size_t pending_n, pending_at;
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

static zh_rc not_found(const zh_jsonrows *j, zh_str name, zh_err *err)
{
    (void)j;
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
            return not_found(j, name, err);
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
        zh_rc rc = name.p != NULL ? enter_member(j, name, err)
                                  : zh_jsonscan_expect(&j->scan, '[', err);
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

/* Follows the steps behind the streamed array; every place they lead to is a row. */
static zh_rc collect(zh_jsonrows *j, const zh_json *node, size_t at, zh_err *err)
{
    if (at == j->rows.n) {
        if (j->pending_n == ROWS_OF_RECORD_MAX) {
            return zh_jsonscan_refuse(&j->scan, ZH_ELIMIT, "json.record", "一条记录里的行过多",
                                      err);
        }
        j->pending[j->pending_n++] = node;
        return ZH_OK;
    }
    zh_str name = j->rows.steps[at].name;
    if (name.p == NULL) {
        zh_rc rc = ZH_OK;
        const zh_json *child = node->kind == ZH_JSON_ARRAY ? node->first : NULL;
        for (; child != NULL && rc == ZH_OK; child = child->next) {
            rc = collect(j, child, at + 1, err);
        }
        return rc;
    }
    const zh_json *member = zh_json_get(node, name.p);
    /* Kept as a row of its own, so that it is reported and not lost. */
    return member != NULL ? collect(j, member, at + 1, err) : collect(j, NULL, j->rows.n, err);
}

static zh_rc count_rows(const zh_jsonrows *j, const zh_json *node, size_t at, size_t *n)
{
    if (at == j->rows.n || node == NULL) {
        return ++*n > ROWS_OF_RECORD_MAX ? ZH_ELIMIT : ZH_OK;
    }
    zh_str name = j->rows.steps[at].name;
    if (name.p != NULL) {
        return count_rows(j, zh_json_get(node, name.p), at + 1, n);
    }
    zh_rc rc = ZH_OK;
    const zh_json *child = node->kind == ZH_JSON_ARRAY ? node->first : NULL;
    for (; child != NULL && rc == ZH_OK; child = child->next) {
        rc = count_rows(j, child, at + 1, n);
    }
    return rc;
}

