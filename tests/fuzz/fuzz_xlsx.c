/* XLSX: the first byte says which part the rest is (sheet, shared strings, styles, workbook,
 * relationships); the other parts are good and the archive is stored, so that the input reaches the
 * readers of XML. Any other first byte: the rest is the whole archive. */
// covers: src/fmt/xlsx.c src/fmt/workbook.c src/fmt/xml.c src/fmt/numfmt.c
#include "base/utf8.h"
#include "fmt/xlsx.h"

#include "../unit/zip_writer.h"
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char types[] = "<Types/>";
static const char rels[] = "<Relationships>"
                           "<Relationship Id=\"a\" Type=\"/worksheet\" Target=\"a.xml\"/>"
                           "<Relationship Id=\"s\" Type=\"/sharedStrings\" Target=\"s.xml\"/>"
                           "<Relationship Id=\"t\" Type=\"/styles\" Target=\"t.xml\"/>"
                           "</Relationships>";
static const char book[] = "<workbook><sheets><sheet name=\"a\" id=\"a\"/></sheets></workbook>";
static const char sheet[] =
    "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c><c s=\"1\"><v>4</v></c>"
    "<c s=\"2\"><v>4.5</v></c></row></sheetData></worksheet>";
static const char strings[] = "<sst><si><t>a</t></si><si><t>b</t></si></sst>";
static const char styles[] = "<styleSheet><numFmts><numFmt numFmtId=\"200\" formatCode=\"0000\"/>"
                             "</numFmts><cellXfs><xf/><xf numFmtId=\"14\"/><xf numFmtId=\"200\"/>"
                             "<xf numFmtId=\"46\"/><xf numFmtId=\"10\"/></cellXfs></styleSheet>";

static void read_all(const char *path)
{
    zh_xlsx *x = NULL;
    zh_err err = {0};
    zh_rc rc = zh_xlsx_open(path, &x, &err);
    size_t n = 0;
    const zh_xlsx_sheet *sheets = rc == ZH_OK ? zh_xlsx_sheets(x, &n) : NULL;
    for (size_t i = 0; i < n && i < 4; i++) {
        zh_assert(zh_utf8_valid(sheets[i].name));
        zh_err_clear(&err);
        zh_xlsx_row row;
        rc = zh_xlsx_begin(x, i, &err);
        while (rc == ZH_OK && (rc = zh_xlsx_next(x, &row, &err)) == ZH_OK) {
            for (size_t c = 0; c < row.n; c++) {
                zh_assert(zh_utf8_valid(row.cells[c].text));
            }
        }
    }
    zh_assert(rc == ZH_ENOTFOUND || err.rc == rc);
    zh_assert(zh_utf8_valid(zh_str_of(err.message)) && zh_utf8_valid(zh_str_of(err.where)));
    zh_xlsx_close(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    zh_str input = {(const char *)data + 1, size - 1};
    zip_member members[] = {{.name = "xl/a.xml", .data = zh_str_of(sheet)},
                            {.name = "xl/s.xml", .data = zh_str_of(strings)},
                            {.name = "xl/t.xml", .data = zh_str_of(styles)},
                            {.name = "xl/workbook.xml", .data = zh_str_of(book)},
                            {.name = "xl/_rels/workbook.xml.rels", .data = zh_str_of(rels)},
                            {.name = "[Content_Types].xml", .data = zh_str_of(types)}};
    char path[64];
    zh_buf zip;
    zh_buf_init(&zip, (size_t)64 << 20);
    if (data[0] >= '0' && data[0] <= '4') {
        members[data[0] - '0'].data = input;
        zip_write(&zip, members, ZH_COUNTOF(members));
        input = zh_buf_view(&zip);
    }
    int fd = memory_file(input, path);
    read_all(path);
    close(fd);
    zh_buf_free(&zip);
    return 0;
}
