/* Parts of a workbook as XML text, packed by libzip. */
#include "fmt/xlsx_out.h"
#include "base/utf8.h"
#include "fmt/xlsx.h"
#include <string.h>
#include <zip.h>

enum {
    FIXED_TIME = 315532800, /* 1980-01-01, the first a zip can hold */
    EXACT_DIGITS = 15,
    NAME_CHARACTERS = 31,
};

typedef struct sheet {
    zh_buf name, columns, rows, lists;
    bool hidden;
    unsigned frozen;
    size_t ncolumns, nrows, ncells, nlists;
} sheet;

struct zh_xlsx_out {
    size_t max;
    sheet sheets[ZH_XLSX_OUT_SHEETS_MAX];
    size_t n;
    bool too_many;
};

static void escape(zh_buf *out, zh_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        switch (c) {
        case '&': zh_buf_z(out, "&amp;"); break;
        case '<': zh_buf_z(out, "&lt;"); break;
        case '>': zh_buf_z(out, "&gt;"); break;
        case '"': zh_buf_z(out, "&quot;"); break;
        default:
            if (c >= 0x20 || c == '\t' || c == '\n') {
                zh_buf_c(out, (char)c);
            }
        }
    }
}

/* The beginning of a text, at most n characters. */
static zh_str cut(zh_str text, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n && at < text.n; i++) {
        (void)zh_utf8_next(text, &at);
    }
    return zh_str_sub(text, 0, at);
}

zh_xlsx_out *zh_xlsx_out_new(size_t max)
{
    zh_xlsx_out *out = zh_alloc(sizeof *out);
    out->max = max;
    return out;
}

void zh_xlsx_out_free(zh_xlsx_out *out)
{
    for (size_t i = 0; out != NULL && i < out->n; i++) {
        zh_buf_free(&out->sheets[i].name);
        zh_buf_free(&out->sheets[i].columns);
        zh_buf_free(&out->sheets[i].rows);
        zh_buf_free(&out->sheets[i].lists);
    }
    zh_dealloc(out);
}

void zh_xlsx_out_sheet(zh_xlsx_out *out, zh_str name, bool hidden, unsigned frozen_rows)
{
    if (out->n == ZH_XLSX_OUT_SHEETS_MAX) {
        out->too_many = true;
        return;
    }
    sheet *s = &out->sheets[out->n++];
    *s = (sheet){.hidden = hidden, .frozen = frozen_rows};
    zh_buf_init(&s->name, 1024);
    zh_buf_init(&s->columns, 1 << 20);
    zh_buf_init(&s->rows, out->max);
    zh_buf_init(&s->lists, 1 << 20);
    zh_str short_name = cut(name, NAME_CHARACTERS);
    for (size_t i = 0; i < short_name.n; i++) {
        char c = short_name.p[i];
        zh_buf_c(&s->name, c != '\0' && strchr("[]:*?/\\'", c) != NULL ? '-' : c);
    }
}

static sheet *now(zh_xlsx_out *out)
{
    zh_assert(out->n > 0);
    return &out->sheets[out->n - 1];
}

void zh_xlsx_out_column(zh_xlsx_out *out, unsigned width, zh_xlsx_style style)
{
    sheet *s = now(out);
    s->ncolumns++;
    zh_buf_fmt(&s->columns,
               "<col min=\"%zu\" max=\"%zu\" width=\"%u\" style=\"%d\" customWidth=\"1\"/>",
               s->ncolumns, s->ncolumns, width, (int)style);
}

void zh_xlsx_out_row(zh_xlsx_out *out)
{
    sheet *s = now(out);
    zh_buf_z(&s->rows, s->nrows > 0 ? "</row>" : "");
    zh_buf_fmt(&s->rows, "<row r=\"%zu\">", ++s->nrows);
    s->ncells = 0;
}

static void begin_cell(sheet *s, zh_xlsx_style style, const char *type)
{
    char name[32];
    name[zh_xlsx_cell_name(s->nrows, s->ncells++, name)] = '\0';
    zh_buf_fmt(&s->rows, "<c r=\"%s\" s=\"%d\"%s>", name, (int)style, type);
}

void zh_xlsx_out_text(zh_xlsx_out *out, zh_str text, zh_xlsx_style style)
{
    sheet *s = now(out);
    zh_assert(s->nrows > 0);
    begin_cell(s, style, " t=\"inlineStr\"");
    zh_buf_z(&s->rows, "<is><t xml:space=\"preserve\">");
    escape(&s->rows, cut(text, ZH_XLSX_OUT_CELL_MAX));
    zh_buf_z(&s->rows, "</t></is></c>");
}

void zh_xlsx_out_number(zh_xlsx_out *out, zh_str decimal)
{
    size_t digits = 0;
    bool plain = decimal.n > 0;
    for (size_t i = 0; i < decimal.n; i++) {
        char c = decimal.p[i];
        bool digit = c >= '0' && c <= '9';
        digits += digit;
        plain = plain && (digit || (c == '-' && i == 0) || (c == '.' && i > 0));
    }
    if (!plain || digits == 0 || digits > EXACT_DIGITS) {
        zh_xlsx_out_text(out, decimal, ZH_XLSX_TEXT);
        return;
    }
    sheet *s = now(out);
    zh_assert(s->nrows > 0);
    begin_cell(s, ZH_XLSX_PLAIN, "");
    zh_buf_fmt(&s->rows, "<v>%.*s</v></c>", ZH_FMT(decimal));
}

void zh_xlsx_out_list(zh_xlsx_out *out, size_t column, size_t first, size_t last, zh_str formula,
                      zh_str prompt)
{
    sheet *s = now(out);
    char from[32];
    char to[32];
    from[zh_xlsx_cell_name(first, column, from)] = '\0';
    to[zh_xlsx_cell_name(last, column, to)] = '\0';
    zh_buf_fmt(&s->lists, "<dataValidation type=\"list\" errorStyle=\"warning\" allowBlank=\"1\" "
                          "showInputMessage=\"1\" showErrorMessage=\"1\" error=\"");
    escape(&s->lists, cut(prompt, 200));
    zh_buf_fmt(&s->lists, "\" sqref=\"%s:%s\"><formula1>", from, to);
    escape(&s->lists, formula);
    zh_buf_z(&s->lists, "</formula1></dataValidation>");
    s->nlists++;
}

/* ---- parts ----------------------------------------------------------------------------------- */

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN_NS  "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define REL_NS   "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PKG_NS   "http://schemas.openxmlformats.org/package/2006"
#define TYPE     "application/vnd.openxmlformats-officedocument.spreadsheetml."

static const char styles[] = XML_HEAD
    "<styleSheet xmlns=\"" MAIN_NS "\">"
    "<numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts>"
    "<fonts count=\"4\"><font><sz val=\"11\"/><name val=\"Microsoft YaHei\"/></font>"
    "<font><b/><sz val=\"11\"/><name val=\"Microsoft YaHei\"/></font>"
    "<font><b/><sz val=\"11\"/><color rgb=\"FFFFFFFF\"/><name val=\"Microsoft YaHei\"/></font>"
    "<font><b/><sz val=\"15\"/><name val=\"Microsoft YaHei\"/></font></fonts>"
    "<fills count=\"4\"><fill><patternFill patternType=\"none\"/></fill>"
    "<fill><patternFill patternType=\"gray125\"/></fill>"
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE3ECEE\"/></patternFill></fill>"
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FF0F5563\"/></patternFill></fill>"
    "</fills><borders count=\"1\"><border/></borders>"
    "<cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"7\"><xf/>"
    "<xf numFmtId=\"49\" applyNumberFormat=\"1\"/>"
    "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" applyFont=\"1\" applyFill=\"1\"/>"
    "<xf numFmtId=\"49\" fontId=\"2\" fillId=\"3\" applyFont=\"1\" applyFill=\"1\"/>"
    "<xf applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf>"
    "<xf fontId=\"3\" applyFont=\"1\"/>"
    "<xf numFmtId=\"164\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>";

static const char root_relations[] = XML_HEAD
    "<Relationships xmlns=\"" PKG_NS "/relationships\"><Relationship Id=\"rId1\" Type=\"" REL_NS
    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";

static void content_types(const zh_xlsx_out *out, zh_buf *part)
{
    zh_buf_z(part,
             XML_HEAD "<Types xmlns=\"" PKG_NS "/content-types\">"
                      "<Default Extension=\"rels\" "
                      "ContentType=\"application/vnd.openxmlformats-package."
                      "relationships+xml\"/><Default Extension=\"xml\" "
                      "ContentType=\"application/xml\"/><Override "
                      "PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE "sheet.main+xml\"/>"
                      "<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPE "styles+xml\"/>");
    for (size_t i = 1; i <= out->n; i++) {
        zh_buf_fmt(part,
                   "<Override PartName=\"/xl/worksheets/sheet%zu.xml\" ContentType=\"" TYPE
                   "worksheet+xml\"/>",
                   i);
    }
    zh_buf_z(part, "</Types>");
}

static void workbook(const zh_xlsx_out *out, zh_buf *part)
{
    zh_buf_z(part, XML_HEAD "<workbook xmlns=\"" MAIN_NS "\" xmlns:r=\"" REL_NS "\"><sheets>");
    for (size_t i = 0; i < out->n; i++) {
        zh_buf_z(part, "<sheet name=\"");
        escape(part, zh_buf_view(&out->sheets[i].name));
        zh_buf_fmt(part, "\" sheetId=\"%zu\"%s r:id=\"rId%zu\"/>", i + 1,
                   out->sheets[i].hidden ? " state=\"hidden\"" : "", i + 1);
    }
    zh_buf_z(part, "</sheets></workbook>");
}

static void relations(const zh_xlsx_out *out, zh_buf *part)
{
    zh_buf_z(part, XML_HEAD "<Relationships xmlns=\"" PKG_NS "/relationships\">");
    for (size_t i = 1; i <= out->n; i++) {
        zh_buf_fmt(part,
                   "<Relationship Id=\"rId%zu\" Type=\"" REL_NS
                   "/worksheet\" Target=\"worksheets/sheet%zu.xml\"/>",
                   i, i);
    }
    zh_buf_fmt(part,
               "<Relationship Id=\"rId%zu\" Type=\"" REL_NS "/styles\" Target=\"styles.xml\"/>"
               "</Relationships>",
               out->n + 1);
}

static void worksheet(const sheet *s, zh_buf *part)
{
    zh_buf_z(part, XML_HEAD "<worksheet xmlns=\"" MAIN_NS "\">");
    if (s->frozen > 0) {
        zh_buf_fmt(part,
                   "<sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"%u\" "
                   "topLeftCell=\"A%u\" activePane=\"bottomLeft\" state=\"frozen\"/>"
                   "</sheetView></sheetViews>",
                   s->frozen, s->frozen + 1);
    }
    if (s->ncolumns > 0) {
        zh_buf_z(part, "<cols>");
        zh_buf_str(part, zh_buf_view(&s->columns));
        zh_buf_z(part, "</cols>");
    }
    zh_buf_z(part, "<sheetData>");
    zh_buf_str(part, zh_buf_view(&s->rows));
    zh_buf_z(part, s->nrows > 0 ? "</row></sheetData>" : "</sheetData>");
    if (s->nlists > 0) {
        zh_buf_fmt(part, "<dataValidations count=\"%zu\">", s->nlists);
        zh_buf_str(part, zh_buf_view(&s->lists));
        zh_buf_z(part, "</dataValidations>");
    }
    zh_buf_z(part, "</worksheet>");
}

/* ---- packing --------------------------------------------------------------------------------- */

typedef struct packing {
    zip_t *zip;
    bool failed;
} packing;

/* The bytes stay the caller's until the archive is closed. */
static void add(packing *p, const char *name, zh_str bytes)
{
    zip_source_t *source = p->failed ? NULL : zip_source_buffer(p->zip, bytes.p, bytes.n, 0);
    zip_int64_t at = source != NULL ? zip_file_add(p->zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
    if (source != NULL && at < 0) {
        zip_source_free(source);
    }
    p->failed =
        p->failed || at < 0 || zip_file_set_mtime(p->zip, (zip_uint64_t)at, FIXED_TIME, 0) != 0;
}

static bool read_back(zip_source_t *archive, zh_buf *bytes)
{
    char chunk[16384];
    zip_int64_t got = -1;
    if (zip_source_open(archive) != 0) {
        return false;
    }
    while ((got = zip_source_read(archive, chunk, sizeof chunk)) > 0) {
        zh_buf_add(bytes, chunk, (size_t)got);
    }
    (void)zip_source_close(archive);
    return got == 0;
}

static bool pack(const zh_xlsx_out *out, zh_buf *parts, zh_buf *bytes)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *archive = zip_source_buffer_create(NULL, 0, 0, &error);
    packing p = {.zip = archive != NULL
                            ? zip_open_from_source(archive, ZIP_CREATE | ZIP_TRUNCATE, &error)
                            : NULL};
    bool good = p.zip != NULL;
    if (good) {
        zip_source_keep(archive);
        char name[64];
        add(&p, "[Content_Types].xml", zh_buf_view(&parts[0]));
        add(&p, "_rels/.rels", zh_str_of(root_relations));
        add(&p, "xl/workbook.xml", zh_buf_view(&parts[1]));
        add(&p, "xl/_rels/workbook.xml.rels", zh_buf_view(&parts[2]));
        add(&p, "xl/styles.xml", zh_str_of(styles));
        for (size_t i = 0; i < out->n; i++) {
            zh_buf text;
            zh_buf_init(&text, sizeof name - 1);
            zh_buf_fmt(&text, "xl/worksheets/sheet%zu.xml", i + 1);
            memcpy(name, text.p, text.n);
            name[text.n] = '\0';
            zh_buf_free(&text);
            add(&p, name, zh_buf_view(&parts[3 + i]));
        }
        good = !p.failed && zip_close(p.zip) == 0;
        if (!good) {
            zip_discard(p.zip);
        }
        good = good && read_back(archive, bytes);
    }
    if (archive != NULL) {
        zip_source_free(archive);
    }
    zip_error_fini(&error);
    return good;
}

zh_rc zh_xlsx_out_finish(zh_xlsx_out *out, zh_buf *bytes, zh_err *err)
{
    zh_buf parts[3 + ZH_XLSX_OUT_SHEETS_MAX];
    bool over = out->too_many;
    for (size_t i = 0; i < 3 + out->n; i++) {
        zh_buf_init(&parts[i], out->max + (4 << 20));
    }
    content_types(out, &parts[0]);
    workbook(out, &parts[1]);
    relations(out, &parts[2]);
    for (size_t i = 0; i < out->n; i++) {
        const sheet *s = &out->sheets[i];
        over = over || s->rows.failed || s->columns.failed || s->lists.failed;
        worksheet(s, &parts[3 + i]);
    }
    for (size_t i = 0; i < 3 + out->n; i++) {
        over = over || parts[i].failed;
    }
    zh_rc rc = ZH_OK;
    if (over) {
        rc = zh_err_set(err, ZH_ELIMIT, "xlsx.size", "工作簿太大，写不下");
    } else if (!pack(out, parts, bytes)) {
        rc = zh_err_set(err, ZH_EIO, "xlsx.write", "工作簿没有写成");
    } else if (bytes->failed) {
        rc = zh_err_set(err, ZH_ELIMIT, "xlsx.size", "工作簿太大，写不下");
    }
    for (size_t i = 0; i < 3 + out->n; i++) {
        zh_buf_free(&parts[i]);
    }
    return rc;
}
