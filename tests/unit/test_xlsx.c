/* XLSX. The workbooks are written here as XML by hand after ISO/IEC 29500-1 (SpreadsheetML, part
 * 18) and zipped by zip_writer.h; expected values follow from that text and from fmt/xlsx.h. */
#include "fmt/workbook.h"
#include "fmt/xlsx.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "zip_writer.h"

#define NS  " xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELS_HEAD                                                                                  \
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"

static const char types[] = "<Types/>";
static const char top_rels[] = RELS_HEAD "<Relationship Id=\"rId1\" Type=\"" REL
                                         "/officeDocument\" Target=\"xl/workbook.xml\"/>"
                                         "</Relationships>";
static const char book_rels[] = RELS_HEAD
    "<Relationship Id=\"rId1\" Type=\"" REL "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
    "<Relationship Id=\"rId2\" Type=\"" REL "/worksheet\" Target=\"/xl/worksheets/sheet2.xml\"/>"
    "<Relationship Id=\"rId3\" Type=\"" REL "/worksheet\" Target=\"../xl/worksheets/sheet3.xml\"/>"
    "<Relationship Id=\"rId4\" Type=\"" REL "/chartsheet\" Target=\"chartsheets/sheet1.xml\"/>"
    "<Relationship Id=\"rId5\" Type=\"" REL "/styles\" Target=\"styles.xml\"/>"
    "<Relationship Id=\"rId6\" Type=\"" REL "/sharedStrings\" Target=\"sharedStrings.xml\"/>"
    "<Relationship Id=\"rId7\" Type=\"" REL "/hyperlink\" Target=\"https://example.org/\" "
    "TargetMode=\"External\"/>"
    "</Relationships>";
static const char book[] =
    "<workbook" NS " xmlns:r=\"" REL "\"><workbookPr/><sheets>"
    "<sheet name=\"抽检\" sheetId=\"1\" r:id=\"rId1\"/>"
    "<sheet name=\"图\" sheetId=\"4\" r:id=\"rId4\"/>"
    "<sheet name=\"底稿 &amp; 草稿\" sheetId=\"2\" state=\"hidden\" r:id=\"rId2\"/>"
    "<sheet name=\"代码\" sheetId=\"3\" state=\"veryHidden\" r:id=\"rId3\"/>"
    "</sheets></workbook>";
/* Styles 0..7: General, date 14, custom date, percent, 000000, elapsed 46, time 20, 1904-safe text
 */
static const char styles[] =
    "<styleSheet" NS "><numFmts count=\"2\">"
    "<numFmt numFmtId=\"176\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot; "
    "h:mm\"/>"
    "<numFmt numFmtId=\"177\" formatCode=\"000000\"/></numFmts>"
    "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"
    "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"176\"/><xf numFmtId=\"10\"/>"
    "<xf numFmtId=\"177\"/><xf numFmtId=\"46\"/><xf numFmtId=\"20\"/></cellXfs>"
    "<dxfs><dxf><numFmt numFmtId=\"0\" formatCode=\"yyyy\"/></dxf></dxfs></styleSheet>";
static const char strings[] =
    "<sst" NS "><si><t>项目</t></si>"
    "<si><r><t>合</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\"> 格</t></r>"
    "<rPh sb=\"0\" eb=\"1\"><t>HEGE</t></rPh><phoneticPr fontId=\"1\"/></si>"
    "<si><t>a_x000D_b_x005F_x_xD800__x1_</t></si><si/>"
    "<si><t><![CDATA[<2&3>]]></t></si></sst>";

typedef struct parts {
    const char *sheet, *sheet2, *sheet3, *strings, *styles, *book, *rels;
    zh_str sheet_data; /* instead of sheet, when long */
    bool deflate, wrong_crc;
} parts;

static zh_str text_or(const char *text, const char *otherwise)
{
    return zh_str_of(text != NULL ? text : otherwise);
}

/* Writes the workbook; a part given as "" is left out. */
static zh_rc open_parts(const parts *p, zh_xlsx **out, zh_err *err)
{
    static const char empty[] = "<worksheet" NS "><sheetData/></worksheet>";
    zip_member all[] = {
        {.name = "[Content_Types].xml", .data = zh_str_of(types)},
        {.name = "_rels/.rels", .data = zh_str_of(top_rels)},
        {.name = "xl/workbook.xml", .data = text_or(p->book, book)},
        {.name = "xl/_rels/workbook.xml.rels", .data = text_or(p->rels, book_rels)},
        {.name = "xl/styles.xml", .data = text_or(p->styles, styles)},
        {.name = "xl/SharedStrings.xml", .data = text_or(p->strings, strings)},
        {.name = "xl/worksheets/sheet1.xml",
         .data = p->sheet_data.p != NULL ? p->sheet_data : text_or(p->sheet, empty),
         .deflate = p->deflate,
         .wrong_crc = p->wrong_crc},
        {.name = "xl/worksheets/sheet2.xml", .data = text_or(p->sheet2, empty)},
        {.name = "xl/worksheets/sheet3.xml", .data = text_or(p->sheet3, empty)},
    };
    zip_member kept[ZH_COUNTOF(all)];
    size_t n = 0;
    for (size_t i = 0; i < ZH_COUNTOF(all); i++) {
        if (all[i].data.n > 0) {
            kept[n++] = all[i];
        }
    }
    zh_buf bytes;
    char path[64];
    zh_buf_init(&bytes, (size_t)1 << 30);
    zip_write(&bytes, kept, n);
    temp_file(path, zh_buf_view(&bytes));
    zh_buf_free(&bytes);
    zh_rc rc = zh_xlsx_open(path, out, err);
    unlink(path);
    return rc;
}

static zh_xlsx *opened(const parts *p)
{
    zh_err err = {0};
    zh_xlsx *x = NULL;
    if (open_parts(p, &x, &err) != ZH_OK) {
        fail_msg("%s: %s", err.rule, err.message);
    }
    return x;
}

/* All rows of a sheet as text: "3!h:a|b|<flags>" would be long; flags are written behind as hex. */
static void dump(zh_xlsx *x, size_t sheet, zh_buf *out)
{
    zh_err err = {0};
    zh_xlsx_row row;
    zh_rc rc = zh_xlsx_begin(x, sheet, &err);
    while (rc == ZH_OK && (rc = zh_xlsx_next(x, &row, &err)) == ZH_OK) {
        zh_buf_fmt(out, "%zu%s:", row.number, row.hidden ? "h" : "");
        for (size_t c = 0; c < row.n; c++) {
            zh_buf_fmt(out, "[%.*s|%x]", ZH_FMT(row.cells[c].text), row.cells[c].flags);
        }
        zh_buf_c(out, '\n');
    }
    zh_buf_c(out, '\0');
    if (rc != ZH_ENOTFOUND) {
        fail_msg("%s: %s (%s)", err.rule, err.message, err.where);
    }
    assert_int_equal(zh_xlsx_next(x, &row, &err), ZH_ENOTFOUND);
}

static void gives(const parts *p, const char *want)
{
    zh_buf out;
    zh_buf_init(&out, 1 << 20);
    zh_xlsx *x = opened(p);
    dump(x, 0, &out);
    assert_string_equal(out.p, want);
    /* a second time from the beginning, and the other way through the file */
    zh_buf_clear(&out);
    dump(x, 0, &out);
    assert_string_equal(out.p, want);
    uint64_t done, total;
    zh_xlsx_progress(x, &done, &total);
    assert_int_equal(done, total);
    zh_buf_free(&out);
    zh_xlsx_close(x);
}

static void sheet_gives(const char *sheet_data, const char *behind, const char *want)
{
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_fmt(&text, "<worksheet" NS "><sheetData>%s</sheetData>%s</worksheet>", sheet_data,
               behind);
    const parts p = {.sheet_data = zh_buf_view(&text)};
    gives(&p, want);
    zh_buf_free(&text);
}

static void refused(const parts *p, zh_rc want, const char *rule, const char *where)
{
    zh_err err = {0};
    zh_xlsx *x = NULL;
    zh_rc rc = open_parts(p, &x, &err);
    rc = rc == ZH_OK ? zh_xlsx_begin(x, 0, &err) : rc;
    zh_xlsx_row row;
    while (rc == ZH_OK) {
        rc = zh_xlsx_next(x, &row, &err);
    }
    assert_string_equal(err.rule, rule);
    assert_int_equal(rc, want);
    assert_true(err.message[0] != '\0');
    if (where != NULL) {
        assert_string_equal(err.where, where);
    }
    zh_xlsx_close(x);
}

static void sheet_refused(const char *sheet_data, const char *behind, zh_rc want, const char *rule,
                          const char *where)
{
    zh_buf text;
    zh_buf_init(&text, 1 << 20);
    zh_buf_fmt(&text, "<worksheet" NS "><sheetData>%s</sheetData>%s</worksheet>", sheet_data,
               behind);
    const parts p = {.sheet_data = zh_buf_view(&text)};
    refused(&p, want, rule, where);
    zh_buf_free(&text);
}

static void test_sheets(void **state)
{
    (void)state;
    const parts p = {.sheet2 = "<worksheet" NS "><sheetData><row><c t=\"str\"><v>二</v></c></row>"
                               "</sheetData></worksheet>"};
    zh_xlsx *x = opened(&p);
    size_t n = 0;
    const zh_xlsx_sheet *sheets = zh_xlsx_sheets(x, &n);
    assert_int_equal(n, 3); /* the chart sheet has no cells */
    assert_true(zh_str_is(sheets[0].name, "抽检"));
    assert_true(zh_str_is(sheets[1].name, "底稿 & 草稿"));
    assert_true(zh_str_is(sheets[2].name, "代码"));
    assert_int_equal(sheets[0].state, ZH_XLSX_VISIBLE);
    assert_int_equal(sheets[1].state, ZH_XLSX_HIDDEN);
    assert_int_equal(sheets[2].state, ZH_XLSX_VERY_HIDDEN);
    zh_buf out;
    zh_buf_init(&out, 1 << 20);
    dump(x, 1, &out);
    assert_string_equal(out.p, "1:[二|1]\n");
    zh_buf_clear(&out);
    dump(x, 2, &out);
    assert_string_equal(out.p, "");
    zh_buf_free(&out);
    zh_xlsx_close(x);
}

/* Flags in hex: 1 text, 2 number, 4 date, 8 bool, 10 percent, 20 merged, 40 lossy, 80 error, 100
 * null */
static void test_texts(void **state)
{
    (void)state;
    sheet_gives("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>"
                "<c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c>"
                "<c r=\"E1\" t=\"s\"><v>4</v></c></row>"
                "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>甲</t></is></c>"
                "<c r=\"B2\" t=\"inlineStr\"><is><r><t>乙</t></r><r><t>丙</t></r>"
                "<rPh><t>x</t></rPh></is></c><c r=\"C2\" t=\"str\"><f>A1</f><v>丁_x000A_</v></c>"
                "<c r=\"D2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">  </t></is></c></row>",
                "",
                "1:[项目|1][合 格|1][a\rb_x_xD800__x1_|1][|1][<2&3>|1]\n"
                "2:[甲|1][乙丙|1][丁\n|1][  |1]\n");
}

static void test_values(void **state)
{
    (void)state;
    sheet_gives(
        "<row r=\"1\"><c r=\"A1\" t=\"b\"><v>1</v></c><c r=\"B1\" t=\"b\"><v>0</v></c>"
        "<c r=\"C1\" t=\"e\"><v>#N/A</v></c><c r=\"D1\" t=\"d\"><v>2026-05-09</v></c>"
        "<c r=\"E1\"><f>1+1</f><v>2</v></c><c r=\"F1\"><f>1+1</f></c></row>"
        "<row r=\"2\"><c r=\"A2\"><v>0.059999999999999998</v></c>"
        "<c r=\"B2\" t=\"n\"><v>420106199001011234</v></c><c r=\"C2\" s=\"3\"><v>0.0223</v></c>"
        "<c r=\"D2\" s=\"4\"><v>42</v></c><c r=\"E2\" s=\"99\"><v> 7 </v></c></row>"
        "<row r=\"3\"><c r=\"A3\" s=\"1\"><v>45658</v></c><c r=\"B3\" s=\"2\">"
        "<v>45658.687881944446</v></c><c r=\"C3\" s=\"5\"><v>1.5</v></c>"
        "<c r=\"D3\" s=\"6\"><v>0.75</v></c><c r=\"E3\" s=\"1\"><v>60</v></c>"
        "<c r=\"F3\" s=\"1\"><v>-3</v></c></row>",
        "",
        "1:[TRUE|8][FALSE|8][#N/A|80][2026-05-09|4][2|2][|180]\n"
        "2:[0.06|2][420106199001011234|42][0.0223|12][000042|2][7|2]\n"
        "3:[2025-01-01|4][2025-01-01T16:30:33|4][36:00:00|4][18:00:00|4][60|2][-3|2]\n");
}

static void test_1904(void **state)
{
    (void)state;
    const parts p = {.book =
                         "<workbook" NS " xmlns:r=\"" REL "\"><workbookPr date1904=\"1\"/><sheets>"
                         "<sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
                     .sheet = "<worksheet" NS "><sheetData><row><c s=\"1\"><v>44196</v></c>"
                              "<c s=\"1\"><v>0</v></c></row></sheetData></worksheet>"};
    gives(&p, "1:[2025-01-01|4][1904-01-01|4]\n");
}

/* Gaps, styled blanks, cells out of order, without references, rows without numbers, hidden rows,
 * a row of the drawing layer outside sheetData, prefixed names, comments. */
static void test_shapes(void **state)
{
    (void)state;
    sheet_gives("<row r=\"2\"><c r=\"C2\"><v>3</v></c><c r=\"A2\"><v>1</v></c>"
                "<c><v>2</v></c><c r=\"F2\" s=\"1\"/></row>"
                "<!-- a comment --><?target x?>"
                "<row hidden=\"1\"><c><v>1</v></c><c r=\"D3\"><v>4</v></c><c><v>5</v></c></row>"
                "<row r=\"9\" spans=\"1:3\"/><row><c s=\"1\"/></row>",
                "<controls><row r=\"1\"><c><v>no</v></c></row></controls>",
                "2:[1|2][2|2][3|2]\n"
                "3h:[1|2][|100][|100][4|2][5|2]\n"
                "9:\n10:\n");
    const parts prefixed = {
        .sheet =
            "<x:worksheet xmlns:x=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">"
            "<x:sheetData><x:row x:r=\"1\"><x:c r=\"A1\"><x:v>1</x:v></x:c></x:row>"
            "</x:sheetData></x:worksheet>"};
    gives(&prefixed, "1:[1|2]\n");
    /* no styles part, and a style number that means nothing then */
    const parts bare = {.styles = "",
                        .sheet =
                            "<worksheet" NS "><sheetData><row><c s=\"1\"><v>45658</v></c></row>"
                            "</sheetData></worksheet>"};
    gives(&bare, "1:[45658|2]\n");
}

static void test_merged(void **state)
{
    (void)state;
    sheet_gives("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"/>"
                "<c r=\"C1\"><v>9</v></c></row>"
                "<row r=\"2\"><c r=\"B2\" t=\"inlineStr\"><is><t>省</t></is></c>"
                "<c r=\"C2\"><v>1</v></c></row>"
                "<row r=\"3\"><c r=\"B3\"><v>5</v></c><c r=\"C3\"><v>2</v></c></row>"
                "<row r=\"5\"/><row r=\"6\"><c r=\"C6\"><v>3</v></c></row>",
                "<mergeCells count=\"5\"><mergeCell ref=\"B2:B5\"/><mergeCell ref=\"A1:B1\"/>"
                "<mergeCell ref=\"D2:E3\"/><mergeCell ref=\"C1\"/><mergeCell ref=\"A4:A6\"/>"
                "</mergeCells>",
                "1:[项目|21][项目|21][9|22]\n"
                "2:[|100][省|21][1|2]\n"
                "3:[|100][省|21][2|2]\n"
                "5:[|100][省|21]\n"
                "6:[|100][|100][3|2]\n");
    /* a range wider than the row, and one that goes on after another has ended in its column */
    sheet_gives(
        "<row r=\"1\"><c r=\"A1\"><v>7</v></c></row><row r=\"2\"><c r=\"B2\"><v>8</v></c></row>"
        "<row r=\"3\"/>",
        "<mergeCells><mergeCell ref=\"A1:D1\"/><mergeCell ref=\"B2:C3\"/></mergeCells>",
        "1:[7|22][7|22][7|22][7|22]\n2:[|100][8|22][8|22]\n3:[|100][8|22][8|22]\n");
}

/* The same sheet as UTF-16LE with a byte order mark, as some exporters write it. */
static void test_utf16(void **state)
{
    (void)state;
    static const char narrow[] =
        "<worksheet" NS
        "><sheetData><row><c t=\"inlineStr\"><is><t>a</t></is></c></row></sheetData>"
        "<mergeCells><mergeCell ref=\"A1:B1\"/></mergeCells></worksheet>";
    zh_buf wide;
    zh_buf_init(&wide, 1 << 16);
    zh_buf_add(&wide, "\xff\xfe", 2);
    for (size_t i = 0; i < sizeof narrow - 1; i++) {
        zh_buf_c(&wide, narrow[i]);
        zh_buf_c(&wide, '\0');
    }
    const parts p = {.sheet_data = zh_buf_view(&wide)};
    gives(&p, "1:[a|21][a|21]\n");
    zh_buf_free(&wide);
}

static void test_refused_cells(void **state)
{
    (void)state;
#define ROW(cells) "<row r=\"1\">" cells "</row>"
    sheet_refused(ROW("<c r=\"B1\"><v>x</v></c>"), "", ZH_EINVAL, "xlsx.cell.number", "抽检!B1");
    sheet_refused(ROW("<c r=\"B1\" t=\"q\"><v>1</v></c>"), "", ZH_EINVAL, "xlsx.cell.type",
                  "抽检!B1");
    sheet_refused(ROW("<c r=\"B1\" s=\"-1\"><v>1</v></c>"), "", ZH_EINVAL, "xlsx.cell.style",
                  "抽检!B1");
    sheet_refused(ROW("<c r=\"B1\" t=\"s\"><v>5</v></c>"), "", ZH_EINVAL, "xlsx.shared", "抽检!B1");
    sheet_refused(ROW("<c r=\"B1\" t=\"s\"><v>a</v></c>"), "", ZH_EINVAL, "xlsx.shared", "抽检!B1");
    sheet_refused(ROW("<c r=\"B2\"/>"), "", ZH_EINVAL, "xlsx.cell.reference", "抽检");
    sheet_refused(ROW("<c r=\"1\"/>"), "", ZH_EINVAL, "xlsx.cell.reference", "抽检");
    sheet_refused(ROW("<c r=\"A\"/>"), "", ZH_EINVAL, "xlsx.cell.reference", "抽检");
    sheet_refused(ROW("<c r=\"\"/>"), "", ZH_EINVAL, "xlsx.cell.reference", "抽检");
    sheet_refused(ROW("<c r=\"A1\"/><c r=\"A1\"/>"), "", ZH_EINVAL, "xlsx.cell.duplicate",
                  "抽检!A1");
    sheet_refused(ROW("<c r=\"XFD1\"/><c/>"), "", ZH_ELIMIT, "xlsx.columns", "抽检!XFE1");
    sheet_refused(ROW("<c r=\"XFE1\"/>"), "", ZH_ELIMIT, "xlsx.columns", "抽检!XFE1");
    sheet_refused("<row r=\"2\"/><row r=\"2\"/>", "", ZH_EINVAL, "xlsx.row.order", "抽检");
    sheet_refused("<row r=\"2\"/><row r=\"1\"/>", "", ZH_EINVAL, "xlsx.row.order", "抽检");
    sheet_refused("<row r=\"0\"/>", "", ZH_EINVAL, "xlsx.row.order", "抽检");
    sheet_refused("<row r=\"x\"/>", "", ZH_EINVAL, "xlsx.row.order", "抽检");
    sheet_refused("<row r=\"1048577\"/>", "", ZH_ELIMIT, "xlsx.rows", "抽检");
    sheet_refused("<row r=\"1048576\"/><row/>", "", ZH_ELIMIT, "xlsx.rows", "抽检");
    sheet_gives("<row r=\"1048576\"><c r=\"XFD1048576\"/></row>", "", "1048576:\n");
}

static void test_refused_merges(void **state)
{
    (void)state;
#define MERGE(ref) "<mergeCells><mergeCell ref=\"" ref "\"/></mergeCells>"
    sheet_refused("", MERGE("A1:"), ZH_EINVAL, "xlsx.merge", "抽检");
    sheet_refused("", MERGE("B2:A1"), ZH_EINVAL, "xlsx.merge", "抽检");
    sheet_refused("", MERGE("A1:XFE1"), ZH_EINVAL, "xlsx.merge", "抽检");
    sheet_refused("", MERGE("A1:A1048577"), ZH_EINVAL, "xlsx.merge", "抽检");
    sheet_refused("", "<mergeCells><mergeCell/></mergeCells>", ZH_EINVAL, "xlsx.merge", "抽检");
    sheet_gives("", MERGE("A1:P1048576"), ""); /* 16 Mi cells, the cap */
    sheet_refused("", MERGE("A1:Q1048576"), ZH_ELIMIT, "xlsx.merge", "抽检");
    sheet_refused("<row r=\"1\"/><row r=\"2\"/>",
                  "<mergeCells><mergeCell ref=\"A1:B2\"/><mergeCell ref=\"B2:C3\"/></mergeCells>",
                  ZH_EINVAL, "xlsx.merge", "抽检!B2");
}

static void test_refused_parts(void **state)
{
    (void)state;
    static const char one_shared[] =
        "<worksheet" NS "><sheetData><row><c t=\"s\"><v>0</v></c></row>"
        "</sheetData></worksheet>";
    parts p = {.strings = "", .sheet = one_shared};
    refused(&p, ZH_EINVAL, "xlsx.shared", "抽检!A1");
    p = (parts){.book = ""};
    refused(&p, ZH_EINVAL, "xlsx.damaged", NULL);
    p = (parts){.rels = ""};
    refused(&p, ZH_EINVAL, "xlsx.damaged", NULL);
    p = (parts){.sheet = ""};
    refused(&p, ZH_EINVAL, "xlsx.damaged", "抽检");
    p = (parts){.book = "<workbook" NS "><sheets/></workbook>"};
    refused(&p, ZH_EINVAL, "xlsx.damaged", NULL);
    p = (parts){.book = "<workbook" NS "><sheets><sheet name=\"a\"/></sheets></workbook>"};
    refused(&p, ZH_EINVAL, "xlsx.damaged", NULL);
    p = (parts){.book = "<workbook"};
    refused(&p, ZH_EINVAL, "xml.syntax", NULL);
    p = (parts){.styles = "<styleSheet><a></b></styleSheet>"};
    refused(&p, ZH_EINVAL, "xml.syntax", NULL);
    p = (parts){.sheet = "<worksheet" NS "><sheetData><row><c><v>1</v></c></row>"};
    refused(&p, ZH_EINVAL, "xml.syntax", "抽检");
    p = (parts){.sheet = "<worksheet" NS "><sheetData><row><c><v>1</v>"};
    refused(&p, ZH_EINVAL, "xml.syntax", "抽检!A1");
    p = (parts){.sheet = "<worksheet" NS "><sheetData><row><c t=\"str\"><v>\xff</v></c></row>"
                         "</sheetData></worksheet>"};
    refused(&p, ZH_EINVAL, "xml.syntax", NULL);
    p = (parts){.sheet = one_shared, .wrong_crc = true};
    refused(&p, ZH_EINVAL, "xlsx.damaged", "抽检");
    zh_err err = {0};
    zh_xlsx *x = NULL;
    assert_int_equal(zh_xlsx_open("no/such/file.xlsx", &x, &err), ZH_ENOTFOUND);
    zh_xlsx_close(NULL);
}

/* Entities: nothing is ever declared, so nothing can grow. */
static void test_doctype(void **state)
{
    (void)state;
    static const char body[] = "<worksheet" NS "><sheetData><row><c t=\"str\"><v>&z;</v></c></row>"
                               "</sheetData></worksheet>";
    zh_buf text;
    zh_buf_init(&text, 1 << 16);
    zh_buf_z(&text, "<?xml version=\"1.0\"?><!DOCTYPE z [<!ENTITY a \"lollollol\">");
    for (char c = 'b'; c <= 'z'; c++) {
        zh_buf_fmt(&text, "<!ENTITY %c \"", c);
        for (int i = 0; i < 10; i++) {
            zh_buf_fmt(&text, "&%c;", c - 1);
        }
        zh_buf_z(&text, "\">");
    }
    zh_buf_z(&text, "]>");
    zh_buf_z(&text, body);
    parts p = {.sheet_data = zh_buf_view(&text)};
    refused(&p, ZH_EINVAL, "xml.doctype", "抽检");
    p = (parts){.strings = "<!DOCTYPE sst SYSTEM \"file:///etc/hostname\"><sst" NS "/>"};
    refused(&p, ZH_EINVAL, "xml.doctype", NULL);
    p = (parts){.sheet = body}; /* used and not declared */
    refused(&p, ZH_EINVAL, "xml.syntax", NULL);
    /* in UTF-16BE, where the bytes look different */
    static const char narrow[] = "<!DOCTYPE a [<!ENTITY b \"c\">]><worksheet/>";
    zh_buf_clear(&text);
    zh_buf_add(&text, "\xfe\xff", 2);
    for (size_t i = 0; i < sizeof narrow - 1; i++) {
        zh_buf_c(&text, '\0');
        zh_buf_c(&text, narrow[i]);
    }
    p = (parts){.sheet_data = zh_buf_view(&text)};
    refused(&p, ZH_EINVAL, "xml.doctype", "抽检");
    /* pushed away from the beginning by a long comment, so that it crosses reads */
    for (size_t pad = 3990; pad < 4010; pad++) {
        zh_buf_clear(&text);
        zh_buf_z(&text, "<!--");
        for (size_t i = 0; i < pad; i++) {
            zh_buf_c(&text, 'x');
        }
        zh_buf_z(&text, "--><!DOCTYPE a [<!ENTITY b \"c\">]><worksheet/>");
        p = (parts){.sheet_data = zh_buf_view(&text)};
        refused(&p, ZH_EINVAL, "xml.doctype", "抽检");
    }
    zh_buf_free(&text);
}

/* One cell of n letters written by `kind`. */
static void cell_of(size_t n, bool shared, parts *p, zh_buf *text)
{
    zh_buf_clear(text);
    zh_buf_z(text, shared ? "<sst" NS "><si><t>"
                          : "<worksheet" NS "><sheetData><row><c t=\"inlineStr\"><is><t>");
    for (size_t i = 0; i < n; i++) {
        zh_buf_c(text, 'a');
    }
    zh_buf_z(text, shared ? "</t></si></sst>" : "</t></is></c></row></sheetData></worksheet>");
    zh_buf_c(text, '\0');
    *p = (parts){.deflate = true};
    if (shared) {
        p->strings = text->p;
        p->sheet = "<worksheet" NS "><sheetData><row><c t=\"s\"><v>0</v></c></row></sheetData>"
                   "</worksheet>";
    } else {
        p->sheet = text->p;
    }
}

static void test_cell_cap(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, (size_t)64 << 20);
    for (int shared = 0; shared < 2; shared++) {
        parts p;
        cell_of(ZH_CELL_BYTES_MAX, shared != 0, &p, &text);
        zh_xlsx *x = opened(&p);
        zh_xlsx_row row;
        assert_int_equal(zh_xlsx_begin(x, 0, NULL), ZH_OK);
        assert_int_equal(zh_xlsx_next(x, &row, NULL), ZH_OK);
        assert_int_equal(row.cells[0].text.n, ZH_CELL_BYTES_MAX);
        zh_xlsx_close(x);
        cell_of(ZH_CELL_BYTES_MAX + 1, shared != 0, &p, &text);
        refused(&p, ZH_ELIMIT, shared ? "xlsx.limit" : "xlsx.cell.size",
                shared ? "sharedStrings[0]" : "抽检!A1");
    }
    /* far beyond: stopped while it comes in, before libxml2 holds it */
    parts p;
    cell_of((size_t)15 << 20, false, &p, &text);
    refused(&p, ZH_ELIMIT, "xml.run", "抽检!A1");
    zh_buf_free(&text);
}

/* A sheet may be dull: numbered rows of one and the same value must pass. 64 MiB of blanks, which
 * pack to 64 KiB, must not. */
static void test_bomb(void **state)
{
    (void)state;
    const size_t size = (size_t)64 << 20;
    zh_buf text;
    zh_buf_init(&text, size + 1000);
    zh_buf_z(&text, "<worksheet" NS "><sheetData>");
    for (size_t row = 1; text.n < size / 2; row++) {
        zh_buf_fmt(&text, "<row r=\"%zu\"><c r=\"A%zu\"><v>0</v></c></row>", row, row);
    }
    zh_buf_z(&text, "</sheetData></worksheet>");
    const parts dull = {.sheet_data = zh_buf_view(&text), .deflate = true};
    zh_err err = {0};
    zh_xlsx *x = opened(&dull);
    assert_int_equal(zh_xlsx_begin(x, 0, &err), ZH_OK);
    zh_xlsx_close(x);
    zh_buf_clear(&text);
    zh_buf_z(&text, "<worksheet" NS "><sheetData>");
    char blanks[1000];
    memset(blanks, ' ', sizeof blanks);
    while (text.n < size) {
        zh_buf_add(&text, blanks, sizeof blanks);
    }
    const parts bomb = {.sheet_data = zh_buf_view(&text), .deflate = true};
    refused(&bomb, ZH_ELIMIT, "container.ratio", "抽检");
    zh_buf_free(&text);
}

/* One long shared string in many cells of a row: small in the file, large in memory. */
static void test_row_cap(void **state)
{
    (void)state;
    zh_buf string, sheet;
    zh_buf_init(&string, (size_t)4 << 20);
    zh_buf_init(&sheet, (size_t)4 << 20);
    parts p;
    cell_of(ZH_CELL_BYTES_MAX, true, &p, &string);
    const size_t most = ZH_XLSX_ROW_BYTES_MAX / ZH_CELL_BYTES_MAX;
    for (size_t n = most; n <= most + 1; n++) {
        zh_buf_clear(&sheet);
        zh_buf_z(&sheet, "<worksheet" NS "><sheetData><row>");
        for (size_t i = 0; i < n; i++) {
            zh_buf_z(&sheet, "<c t=\"s\"><v>0</v></c>");
        }
        zh_buf_z(&sheet, "</row></sheetData></worksheet>");
        p.sheet_data = zh_buf_view(&sheet);
        if (n > most) {
            refused(&p, ZH_ELIMIT, "xlsx.row.size", "抽检");
            continue;
        }
        zh_xlsx *x = opened(&p);
        zh_xlsx_row row;
        assert_int_equal(zh_xlsx_begin(x, 0, NULL), ZH_OK);
        assert_int_equal(zh_xlsx_next(x, &row, NULL), ZH_OK);
        assert_int_equal(row.n, most);
        zh_xlsx_close(x);
    }
    zh_buf_free(&string);
    zh_buf_free(&sheet);
}

static void test_depth_cap(void **state)
{
    (void)state;
    zh_buf text;
    zh_buf_init(&text, 1 << 16);
    for (int n = ZH_XML_DEPTH_MAX; n <= ZH_XML_DEPTH_MAX + 1; n++) {
        zh_buf_clear(&text);
        zh_buf_z(&text, "<worksheet" NS ">");
        for (int i = 1; i < n; i++) {
            zh_buf_z(&text, "<a>");
        }
        for (int i = 1; i < n; i++) {
            zh_buf_z(&text, "</a>");
        }
        zh_buf_z(&text, "</worksheet>");
        const parts p = {.sheet_data = zh_buf_view(&text)};
        if (n == ZH_XML_DEPTH_MAX) {
            gives(&p, "");
        } else {
            refused(&p, ZH_ELIMIT, "xml.depth", "抽检");
        }
    }
    zh_buf_free(&text);
}

static void test_cell_names(void **state)
{
    (void)state;
    static const struct {
        size_t row, column;
        const char *name;
    } cases[] = {{1, 0, "A1"},
                 {12, 2, "C12"},
                 {7, 25, "Z7"},
                 {7, 26, "AA7"},
                 {1, 701, "ZZ1"},
                 {1, 702, "AAA1"},
                 {1048576, 16383, "XFD1048576"},
                 {0, 27, "AB"}};
    for (size_t i = 0; i < ZH_COUNTOF(cases); i++) {
        char out[32];
        assert_int_equal(zh_xlsx_cell_name(cases[i].row, cases[i].column, out),
                         strlen(cases[i].name));
        assert_string_equal(out, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sheets),         cmocka_unit_test(test_texts),
        cmocka_unit_test(test_values),         cmocka_unit_test(test_1904),
        cmocka_unit_test(test_shapes),         cmocka_unit_test(test_merged),
        cmocka_unit_test(test_utf16),          cmocka_unit_test(test_refused_cells),
        cmocka_unit_test(test_refused_merges), cmocka_unit_test(test_refused_parts),
        cmocka_unit_test(test_doctype),        cmocka_unit_test(test_cell_cap),
        cmocka_unit_test(test_bomb),           cmocka_unit_test(test_row_cap),
        cmocka_unit_test(test_depth_cap),      cmocka_unit_test(test_cell_names),
    };
    return cmocka_run_group_tests_name("xlsx", tests, NULL, NULL);
}
