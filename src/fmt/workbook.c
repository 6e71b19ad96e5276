/* Workbook parts, read once when the file is opened. */
#include "fmt/workbook.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fmt/container.h"
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum { SMALL_PART_MAX = 64 << 20, FORMAT_IDS = 65536 };
#define ARENA_BYTES     ((size_t)64 << 20)
#define STRING_OVERHEAD ((size_t)16)

typedef struct link {
    zh_str id, type, target;
} link;

typedef ZH_VEC(link) links;

struct zh_workbook {
    zip_t *zip;
    zh_arena *arena;
    ZH_VEC(zh_xlsx_sheet) sheets;
    ZH_VEC(zh_str) parts; /* of the sheets */
    bool date1904;
    zh_numfmt *formats; /* by style */
    size_t formats_n;
    zh_buf shared; /* all strings, end to end */
    size_t *ends;
    size_t ends_n, ends_capacity;
    bool has_shared;
};

static zh_rc damaged(zh_err *err, const char *detail)
{
    zh_rc rc = zh_err_set(err, ZH_EINVAL, "xlsx.damaged", "工作簿损坏或不完整：%s", detail);
    zh_err_fix(err, "重新取得该文件，或用制表软件打开后另存为 .xlsx");
    return rc;
}

static zh_rc limit(zh_err *err, const char *what, size_t max)
{
    zh_rc rc = zh_err_set(err, ZH_ELIMIT, "xlsx.limit", "工作簿的%s超过 %zu", what, max);
    zh_err_fix(err, "拆分工作簿，或另存为 CSV 后导入");
    return rc;
}

static zh_rc open_part(zh_workbook *b, const char *name, zh_part *out, zh_err *err)
{
    *out = (zh_part){0};
    zip_int64_t index = zip_name_locate(b->zip, name, 0);
    if (index < 0) {
        /* Some writers get the case of the names wrong; spreadsheets forgive it. */
        index = zip_name_locate(b->zip, name, ZIP_FL_NOCASE);
    }
    if (index < 0) {
        return ZH_ENOTFOUND;
    }
    zip_stat_t st;
    if (zip_stat_index(b->zip, (zip_uint64_t)index, 0, &st) != 0) {
        return damaged(err, zip_strerror(b->zip));
    }
    out->packed = st.comp_size;
    out->total = st.size;
    out->entry = zip_fopen_index(b->zip, (zip_uint64_t)index, 0);
    return out->entry != NULL ? ZH_OK : damaged(err, zip_strerror(b->zip));
}

zh_rc zh_part_read(void *part, char *buffer, size_t size, size_t *got, zh_err *err)
{
    zh_part *p = part;
    zip_int64_t n = zip_fread(p->entry, buffer, size);
    if (n < 0) {
        return damaged(err, zip_file_strerror(p->entry));
    }
    *got = (size_t)n;
    p->expanded += *got;
    return zh_container_check(p->expanded, p->packed, ZH_CONTAINER_BYTES_MAX, err);
}

void zh_part_close(zh_part *part)
{
    if (part->entry != NULL) {
        zip_fclose(part->entry);
        part->entry = NULL;
    }
}

/* Calls take(b, xml, event, state, err) for every event of a part. ZH_ENOTFOUND without it. */
typedef zh_rc (*take_fn)(zh_workbook *b, zh_xml *xml, zh_xml_event event, void *state, zh_err *err);

static zh_rc each_event(zh_workbook *b, const char *name, take_fn take, void *state, zh_err *err)
{
    zh_part part;
    zh_rc rc = open_part(b, name, &part, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_xml *xml = NULL;
    rc = zh_xml_new(zh_part_read, &part, name, &xml, err);
    zh_xml_event event = ZH_XML_START;
    while (rc == ZH_OK && event != ZH_XML_EOF) {
        rc = zh_xml_next(xml, &event, err);
        if (rc == ZH_OK && event != ZH_XML_EOF) {
            rc = take(b, xml, event, state, err);
        }
    }
    zh_xml_free(xml);
    zh_part_close(&part);
    return rc;
}

static zh_rc keep(zh_workbook *b, zh_str text, zh_str *out, zh_err *err)
{
    if (text.n > ZH_WORKBOOK_NAME_MAX || !zh_str_try_dup(b->arena, text, out)) {
        return limit(err, "名称字节数", ZH_WORKBOOK_NAME_MAX);
    }
    return ZH_OK;
}

static zh_rc take_link(zh_workbook *b, zh_xml *xml, zh_xml_event event, void *state, zh_err *err)
{
    links *list = state;
    if (event != ZH_XML_START || !zh_xml_is(xml, "Relationship") ||
        zh_str_is(zh_xml_attr(xml, "TargetMode"), "External")) {
        return ZH_OK;
    }
    if (list->n == ZH_WORKBOOK_LINKS_MAX) {
        return limit(err, "关系数", ZH_WORKBOOK_LINKS_MAX);
    }
    link one = {0};
    zh_rc rc = keep(b, zh_xml_attr(xml, "Id"), &one.id, err);
    if (rc == ZH_OK) {
        rc = keep(b, zh_xml_attr(xml, "Type"), &one.type, err);
    }
    if (rc == ZH_OK) {
        rc = keep(b, zh_xml_attr(xml, "Target"), &one.target, err);
    }
    if (rc == ZH_OK) {
        zh_vec_push(b->arena, list, one);
    }
    return rc;
}

/* The transitional and the strict form of a relationship type end alike. */
static const link *link_of_type(const links *list, const char *ending)
{
    for (size_t i = 0; i < list->n; i++) {
        if (zh_str_ends(list->p[i].type, zh_str_of(ending))) {
            return &list->p[i];
        }
    }
    return NULL;
}

/* The name in the archive of a target given relative to the part `from`. */
static zh_str resolve(zh_workbook *b, zh_str from, zh_str target)
{
    if (zh_str_starts(target, ZH_STR("/"))) {
        return zh_str_dup(b->arena, zh_str_sub(target, 1, target.n));
    }
    size_t folder = from.n;
    while (folder > 0 && from.p[folder - 1] != '/') {
        folder--;
    }
    while (zh_str_starts(target, ZH_STR("../"))) {
        target = zh_str_sub(target, 3, target.n);
        folder = folder > 0 ? folder - 1 : 0;
        while (folder > 0 && from.p[folder - 1] != '/') {
            folder--;
        }
    }
    return zh_str_fmt(b->arena, "%.*s%.*s", (int)folder, from.p, ZH_FMT(target));
}

typedef struct book_state {
    links links;
    zh_str part; /* name of the workbook part */
} book_state;

static zh_rc take_sheet(zh_workbook *b, zh_xml *xml, const book_state *s, zh_err *err)
{
    zh_xlsx_sheet sheet = {0};
    zh_str state = zh_xml_attr(xml, "state");
    sheet.state = zh_str_is(state, "hidden")       ? ZH_XLSX_HIDDEN
                  : zh_str_is(state, "veryHidden") ? ZH_XLSX_VERY_HIDDEN
                                                   : ZH_XLSX_VISIBLE;
    zh_rc rc = keep(b, zh_xml_attr(xml, "name"), &sheet.name, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_str id = zh_xml_attr(xml, "id");
    const link *found = NULL;
    for (size_t i = 0; i < s->links.n && found == NULL; i++) {
        found = zh_str_eq(s->links.p[i].id, id) ? &s->links.p[i] : NULL;
    }
    if (found == NULL) {
        return damaged(err, "找不到工作表的内容");
    }
    if (!zh_str_ends(found->type, ZH_STR("/worksheet"))) {
        return ZH_OK; /* a chart or macro sheet holds no cells */
    }
    if (b->sheets.n == ZH_XLSX_SHEETS_MAX) {
        return limit(err, "工作表数", ZH_XLSX_SHEETS_MAX);
    }
    zh_vec_push(b->arena, &b->sheets, sheet);
    zh_vec_push(b->arena, &b->parts, resolve(b, s->part, found->target));
    return ZH_OK;
}

static zh_rc take_book(zh_workbook *b, zh_xml *xml, zh_xml_event event, void *state, zh_err *err)
{
    if (event != ZH_XML_START) {
        return ZH_OK;
    }
    if (zh_xml_is(xml, "workbookPr")) {
        zh_str on = zh_xml_attr(xml, "date1904");
        b->date1904 = zh_str_is(on, "1") || zh_str_is(on, "true");
    }
    bool sheet = zh_xml_is(xml, "sheet") && zh_xml_depth(xml) == 2;
    return sheet ? take_sheet(b, xml, state, err) : ZH_OK;
}

typedef struct style_state {
    zh_numfmt custom[FORMAT_IDS];
    bool defined[FORMAT_IDS];
    bool in_styles; /* inside cellXfs */
} style_state;

static void take_format(zh_xml *xml, style_state *s)
{
    uint64_t id = 0;
    if (zh_str_u64(zh_xml_attr(xml, "numFmtId"), &id) == ZH_OK && id < FORMAT_IDS) {
        s->custom[id] = zh_numfmt_parse(zh_xml_attr(xml, "formatCode"));
        s->defined[id] = true;
    }
}

static zh_rc take_style(zh_workbook *b, zh_xml *xml, zh_xml_event event, void *state, zh_err *err)
{
    style_state *s = state;
    if (event == ZH_XML_TEXT) {
        return ZH_OK;
    }
    if (zh_xml_is(xml, "cellXfs")) {
        s->in_styles = event == ZH_XML_START;
        return ZH_OK;
    }
    if (event == ZH_XML_END) {
        return ZH_OK;
    }
    if (zh_xml_is(xml, "numFmt") && zh_xml_depth(xml) == 2) {
        take_format(xml, s);
    } else if (s->in_styles && zh_xml_is(xml, "xf") && zh_xml_depth(xml) == 2) {
        if (b->formats_n == ZH_XLSX_STYLES_MAX) {
            return limit(err, "单元格样式数", ZH_XLSX_STYLES_MAX);
        }
        uint64_t id = 0;
        bool known = zh_str_u64(zh_xml_attr(xml, "numFmtId"), &id) == ZH_OK && id < FORMAT_IDS;
        b->formats[b->formats_n++] = !known           ? (zh_numfmt){ZH_NUMFMT_PLAIN, 0}
                                     : s->defined[id] ? s->custom[id]
                                                      : zh_numfmt_builtin((unsigned)id);
    }
    return ZH_OK;
}

typedef struct string_state {
    bool phonetic; /* inside rPh */
    bool text;     /* inside t */
} string_state;

static zh_rc end_string(zh_workbook *b, zh_err *err)
{
    if (b->shared.failed ||
        b->shared.n + (b->ends_n + 1) * STRING_OVERHEAD > ZH_XLSX_SHARED_BYTES_MAX) {
        return limit(err, "共享文字字节数", ZH_XLSX_SHARED_BYTES_MAX);
    }
    size_t start = b->ends_n > 0 ? b->ends[b->ends_n - 1] : 0;
    if (b->shared.n - start > ZH_CELL_BYTES_MAX) {
        zh_rc rc = limit(err, "单个文字字节数", ZH_CELL_BYTES_MAX);
        zh_err_where(err, "sharedStrings[%zu]", b->ends_n);
        return rc;
    }
    if (b->ends_n == b->ends_capacity) {
        b->ends_capacity = b->ends_capacity > 0 ? b->ends_capacity * 2 : 1024;
        b->ends = zh_realloc(b->ends, b->ends_capacity * sizeof *b->ends);
    }
    b->ends[b->ends_n++] = b->shared.n;
    return ZH_OK;
}

static zh_rc take_string(zh_workbook *b, zh_xml *xml, zh_xml_event event, void *state, zh_err *err)
{
    string_state *s = state;
    if (event == ZH_XML_TEXT) {
        if (s->text && !s->phonetic) {
            zh_workbook_unescape(zh_xml_text(xml), &b->shared);
        }
        return ZH_OK;
    }
    bool start = event == ZH_XML_START;
    if (zh_xml_is(xml, "t")) {
        s->text = start;
    } else if (zh_xml_is(xml, "rPh")) {
        s->phonetic = start;
    } else if (zh_xml_is(xml, "si") && !start) {
        return end_string(b, err);
    }
    return ZH_OK;
}

static bool read_hex4(const char *p, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) {
            return false;
        }
        *out = *out * 16 + digit;
    }
    return true;
}

void zh_workbook_unescape(zh_str text, zh_buf *out)
{
    while (text.n > 0) {
        ptrdiff_t at = zh_str_find(text, ZH_STR("_x"));
        if (at < 0) {
            zh_buf_str(out, text);
            return;
        }
        size_t i = (size_t)at;
        uint32_t scalar = 0;
        zh_buf_add(out, text.p, i);
        bool escape = text.n - i >= 7 && text.p[i + 6] == '_' &&
                      read_hex4(text.p + i + 2, &scalar) && scalar != 0 &&
                      (scalar < 0xD800 || scalar > 0xDFFF);
        if (escape) {
            char bytes[4];
            zh_buf_add(out, bytes, zh_utf8_encode(scalar, bytes));
            text = zh_str_sub(text, i + 7, text.n);
        } else {
            zh_buf_add(out, text.p + i, 2);
            text = zh_str_sub(text, i + 2, text.n);
        }
    }
}

static zh_rc read_styles(zh_workbook *b, const book_state *s, zh_err *err)
{
    const link *found = link_of_type(&s->links, "/styles");
    if (found == NULL) {
        return ZH_OK;
    }
    b->formats = zh_alloc(ZH_XLSX_STYLES_MAX * sizeof *b->formats);
    style_state *state = zh_alloc(sizeof *state);
    zh_rc rc = each_event(b, resolve(b, s->part, found->target).p, take_style, state, err);
    zh_dealloc(state);
    return rc == ZH_ENOTFOUND ? ZH_OK : rc;
}

static zh_rc read_shared(zh_workbook *b, const book_state *s, zh_err *err)
{
    const link *found = link_of_type(&s->links, "/sharedStrings");
    if (found == NULL) {
        return ZH_OK;
    }
    string_state state = {0};
    zh_rc rc = each_event(b, resolve(b, s->part, found->target).p, take_string, &state, err);
    b->has_shared = rc == ZH_OK;
    return rc == ZH_ENOTFOUND ? ZH_OK : rc; /* reported by the first cell that needs it */
}

static zh_rc read_book(zh_workbook *b, zh_err *err)
{
    links top = {0};
    book_state s = {0};
    zh_rc rc = each_event(b, "_rels/.rels", take_link, &top, err);
    if (rc != ZH_OK && rc != ZH_ENOTFOUND) {
        return rc;
    }
    const link *main = link_of_type(&top, "/officeDocument");
    s.part = main != NULL ? resolve(b, ZH_STR(""), main->target) : ZH_STR("xl/workbook.xml");
    zh_str rels = resolve(b, s.part, ZH_STR("_rels/"));
    size_t folder = rels.n - strlen("_rels/");
    rels = zh_str_fmt(b->arena, "%.*s%.*s.rels", ZH_FMT(rels),
                      ZH_FMT(zh_str_sub(s.part, folder, s.part.n)));
    rc = each_event(b, rels.p, take_link, &s.links, err);
    if (rc == ZH_OK) {
        rc = each_event(b, s.part.p, take_book, &s, err);
    }
    if (rc == ZH_ENOTFOUND) {
        return damaged(err, "缺少 workbook.xml 或其关系文件");
    }
    if (rc == ZH_OK && b->sheets.n == 0) {
        return damaged(err, "没有工作表");
    }
    if (rc == ZH_OK) {
        rc = read_styles(b, &s, err);
    }
    return rc == ZH_OK ? read_shared(b, &s, err) : rc;
}

zh_rc zh_workbook_open(const char *path, zh_workbook **out, zh_err *err)
{
    int code = 0;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    if (zip == NULL) {
        zip_error_t reason;
        zip_error_init_with_code(&reason, code);
        zh_rc rc = code == ZIP_ER_NOENT
                       ? zh_err_set(err, ZH_ENOTFOUND, "container.io", "文件不存在")
                       : damaged(err, zip_error_strerror(&reason));
        zip_error_fini(&reason);
        return rc;
    }
    zh_workbook *b = zh_alloc(sizeof *b);
    b->zip = zip;
    b->arena = zh_arena_new(ARENA_BYTES);
    zh_buf_init(&b->shared, ZH_XLSX_SHARED_BYTES_MAX);
    zh_rc rc = zip_get_num_entries(zip, 0) > ZH_CONTAINER_MEMBERS_MAX
                   ? limit(err, "部件数", ZH_CONTAINER_MEMBERS_MAX)
                   : read_book(b, err);
    if (rc != ZH_OK) {
        zh_workbook_close(b);
        return rc;
    }
    *out = b;
    return ZH_OK;
}

void zh_workbook_close(zh_workbook *b)
{
    if (b == NULL) {
        return;
    }
    zip_discard(b->zip);
    zh_arena_free(b->arena);
    zh_buf_free(&b->shared);
    zh_dealloc(b->ends);
    zh_dealloc(b->formats);
    zh_dealloc(b);
}

const zh_xlsx_sheet *zh_workbook_sheets(const zh_workbook *b, size_t *n)
{
    *n = b->sheets.n;
    return b->sheets.p;
}

bool zh_workbook_date1904(const zh_workbook *b)
{
    return b->date1904;
}

zh_numfmt zh_workbook_format(const zh_workbook *b, uint64_t style)
{
    return style < b->formats_n ? b->formats[style] : (zh_numfmt){ZH_NUMFMT_PLAIN, 0};
}

zh_rc zh_workbook_shared(const zh_workbook *b, uint64_t index, zh_str *out, zh_err *err)
{
    if (!b->has_shared) {
        zh_rc rc = zh_err_set(err, ZH_EINVAL, "xlsx.shared", "工作簿缺少共享文字表，文字已丢失");
        zh_err_fix(err, "重新取得该文件，或用制表软件打开后另存为 .xlsx");
        return rc;
    }
    if (index >= b->ends_n) {
        return zh_err_set(err, ZH_EINVAL, "xlsx.shared", "共享文字表里没有第 %llu 项",
                          (unsigned long long)index);
    }
    size_t start = index > 0 ? b->ends[index - 1] : 0;
    size_t n = b->ends[index] - start;
    *out = n > 0 ? (zh_str){b->shared.p + start, n} : ZH_STR("");
    return ZH_OK;
}

zh_rc zh_workbook_sheet_part(zh_workbook *b, size_t sheet, zh_part *out, zh_err *err)
{
    zh_assert(sheet < b->sheets.n);
    zh_rc rc = open_part(b, b->parts.p[sheet].p, out, err);
    return rc == ZH_ENOTFOUND ? damaged(err, "找不到工作表的内容") : rc;
}
