"""A small writer of XLSX workbooks for tests, by hand so that anything wrong can be written too."""
import zipfile
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
DATE, CHINESE_DATE, PERCENT, TEXT, PADDED = 1, 2, 3, 4, 5  # styles
STYLES = (HEAD + '<styleSheet xmlns="%s"><numFmts count="2">'
          '<numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
          '<numFmt numFmtId="165" formatCode="0000"/></numFmts><cellXfs count="6"><xf/>'
          '<xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="49"/><xf numFmtId="165"/>'
          '</cellXfs></styleSheet>' % MAIN)


def number(text, style=0):
    return '<c r="%%s" s="%d"><v>%s</v></c>' % (style, text)


def error(text):
    return '<c r="%%s" t="e"><v>%s</v></c>' % text


def letters(index):
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def cell(at, value):
    if value is None or value == "":
        return ""
    if value.startswith("<c "):
        return value % at
    return '<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>' % (at, escape(value))


def sheet_xml(rows, merges=()):
    lines = []
    for i, row in enumerate(rows, 1):
        cells = "".join(cell("%s%d" % (letters(k), i), value) for k, value in enumerate(row))
        lines.append('<row r="%d">%s</row>' % (i, cells))
    merged = "".join('<mergeCell ref="%s"/>' % ref for ref in merges)
    return HEAD + '<worksheet xmlns="%s"><sheetData>%s</sheetData>%s</worksheet>' % (
        MAIN, "".join(lines), '<mergeCells count="%d">%s</mergeCells>' % (len(merges), merged) if merges else "")


def write(path, sheets):
    """sheets: (name, xml, hidden)"""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": HEAD + '<Types xmlns="%scontent-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="%ssheet.main+xml"/>'
        '<Override PartName="/xl/styles.xml" ContentType="%sstyles+xml"/>%s</Types>' % (
            PACKAGE, kind, kind, "".join('<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>'
                                         % (n, kind) for n in numbers)),
        "_rels/.rels": HEAD + '<Relationships xmlns="%srelationships"><Relationship Id="rId1" Type="%s/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>' % (PACKAGE, REL),
        "xl/workbook.xml": HEAD + '<workbook xmlns="%s" xmlns:r="%s"><sheets>%s</sheets></workbook>' % (
            MAIN, REL, "".join('<sheet name="%s" sheetId="%d"%s r:id="rId%d"/>' % (
                escape(name), n, ' state="hidden"' if hidden else "", n)
                for n, (name, _, hidden) in zip(numbers, sheets))),
        "xl/_rels/workbook.xml.rels": HEAD + '<Relationships xmlns="%srelationships">%s<Relationship Id="rId%d" '
        'Type="%s/styles" Target="styles.xml"/></Relationships>' % (PACKAGE, "".join(
            '<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>' % (n, REL, n)
            for n in numbers), len(sheets) + 1, REL),
        "xl/styles.xml": STYLES,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
        for n, (_, xml, _) in zip(numbers, sheets):
            book.writestr("xl/worksheets/sheet%d.xml" % n, xml)
