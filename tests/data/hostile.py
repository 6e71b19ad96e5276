#!/usr/bin/env python3
"""Files made to do harm are refused within limits: hostile.py PROGRAM WORK

Every file is given to `import --commit clean`. The program must end by itself with exit code 1 or 2
and a message that names a rule, within SECONDS and MEGABYTES of memory, and nothing may be written.
"""
import gzip
import io
import os
import resource
import struct
import sys
import time
import zipfile
import zlib

sys.dont_write_bytecode = True
from program import Program, Tally  # noqa: E402
import workbook as wb  # noqa: E402

PACK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixture", "dirty")
SECONDS, MEGABYTES = 20, 400
HEADER = "编号,被抽样单位,统一社会信用代码,抽样日期,项目,检验结果,合格率,批次数\n"
ROW = "1,甲,,2026-01-05,铅,1,,1\n"
GIB = 1 << 30


def block(piece):
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeezer.compress(piece) + squeezer.flush(zlib.Z_FULL_FLUSH)


def inflating(piece, times):
    """A raw deflate stream of the header and piece repeated, made from one compressed block."""
    return block(HEADER.encode()) + block(piece) * times + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def gzip_bomb(path, size=10 * GIB):
    piece = b"\n" * (4 << 20)
    with open(path, "wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + inflating(piece, size // len(piece)) + struct.pack("<II", 0, 0))


def stored_zip(path, name, raw, size, crc=0, flags=0):
    """A zip of one member whose deflated bytes, size and check sum are given."""
    head = struct.pack("<HHHHHIIIHH", 20, flags, 8, 0, 33, crc, len(raw), size & 0xffffffff, len(name), 0)
    with open(path, "wb") as file:
        file.write(b"PK\3\4" + head + name + raw)
        at = file.tell()
        file.write(b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name)
        file.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, file.tell() - at, at, 0))


def zip_bomb(path):
    piece = b"\n" * (4 << 20)
    times = 3 * GIB // len(piece)
    stored_zip(path, b"rows.csv", inflating(piece, times), times * len(piece) + len(HEADER.encode()))


def book(path, part, xml):
    """A workbook with one part put in place of the good one."""
    wb.write(path + ".good", [("抽检", wb.sheet_xml([HEADER.strip().split(","), ROW.strip().split(",")]), False)])
    with zipfile.ZipFile(path + ".good") as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            if name == part and not isinstance(xml, (bytes, str)):
                with bad.open(name, "w", force_zip64=True) as out:
                    for piece in xml:
                        out.write(piece)
            else:
                bad.writestr(name, xml if name == part else good.read(name))
    os.remove(path + ".good")


SHEET = "xl/worksheets/sheet1.xml"
OPEN = '%s<worksheet xmlns="%s"><sheetData>' % (wb.HEAD, wb.MAIN)
CLOSE = "</sheetData></worksheet>"


def long_sheet():
    head = "".join('<c t="inlineStr"><is><t>%s</t></is></c>' % name for name in HEADER.strip().split(","))
    yield (OPEN + "<row>" + head + "</row>").encode()
    for _ in range(200):
        yield b"<row/>" * 500000
    yield CLOSE.encode()


def laughs():
    levels = "".join('<!ENTITY l%d "%s">' % (i + 1, "&l%d;" % i * 10) for i in range(9))
    return ('<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "%s">%s]><worksheet xmlns="%s"><sheetData><row r="1">'
            '<c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>%s' % ("ha" * 50, levels, wb.MAIN, CLOSE))


def quadratic():
    return ('<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "%s">]><worksheet xmlns="%s"><sheetData><row r="1">'
            '<c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>%s' % ("x" * 100000, wb.MAIN, "&a;" * 100000, CLOSE))


def outside():
    return ('<?xml version="1.0"?><!DOCTYPE w [<!ENTITY f SYSTEM "file:///etc/passwd">]><worksheet xmlns="%s">'
            '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&f;</t></is></c></row>%s' % (wb.MAIN, CLOSE))


def wide_sheet():
    return OPEN + "<row r=\"1\">" + '<c t="inlineStr"><is><t>a</t></is></c>' * 1000000 + "</row>" + CLOSE


def merged_sheet():
    text = "<c r=\"A1\" t=\"inlineStr\"><is><t>%s</t></is></c>" % ("编号" * 10000)
    merges = "".join('<mergeCell ref="%s1:%s1048576"/>' % (wb.letters(i), wb.letters(i)) for i in range(16000))
    return (OPEN + "<row r=\"1\">" + text + "</row></sheetData><mergeCells>" + merges + "</mergeCells></worksheet>")


def deep_sheet():
    return OPEN + "<a>" * 1000000 + "</a>" * 1000000 + CLOSE


def text_file(path, *pieces):
    with open(path, "wb") as file:
        for piece in pieces:
            file.write(piece.encode() if isinstance(piece, str) else piece)


def huge_cell(path):
    with open(path, "wb") as file:
        file.write((HEADER + '1,"').encode())
        for _ in range(1000):
            file.write(b"a" * 1000000)
        file.write(b'",,2026-01-05\n')


def many_members(path):
    with zipfile.ZipFile(path, "w") as file:
        for i in range(20000):
            file.writestr("%d.csv" % i, HEADER + ROW)


def packed(data, name="rows.csv"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return out.getvalue()


def names(n):
    return ",".join("c%d" % i for i in range(n))


CASES = {
    "gzip-bomb.csv.gz": gzip_bomb,
    "zip-bomb.zip": zip_bomb,
    "zip-in-zip.zip": lambda p: text_file(p, packed(packed(HEADER + ROW), "inner.zip")),
    "gzip-in-gzip.gz": lambda p: text_file(p, gzip.compress(gzip.compress((HEADER + ROW).encode()))),
    "many-members.zip": many_members,
    "encrypted.zip": lambda p: stored_zip(p, b"rows.csv", zlib.compress(b"x" * 100)[2:-4], 100, 0, 1),
    "sheet-bomb.xlsx": lambda p: book(p, SHEET, long_sheet()),
    "billion-laughs.xlsx": lambda p: book(p, SHEET, laughs()),
    "quadratic.xlsx": lambda p: book(p, SHEET, quadratic()),
    "entity-outside.xlsx": lambda p: book(p, SHEET, outside()),
    "laughs-in-workbook.xlsx": lambda p: book(p, "xl/workbook.xml", laughs()),
    "million-columns.xlsx": lambda p: book(p, SHEET, wide_sheet()),
    "merged.xlsx": lambda p: book(p, SHEET, merged_sheet()),
    "deep.xlsx": lambda p: book(p, SHEET, deep_sheet()),
    "million-columns.csv": lambda p: text_file(p, names(1000000), "\n", names(1000000), "\n"),
    "million-columns.tsv": lambda p: text_file(p, HEADER.replace(",", "\t"), "x\t" * 1000000, "\n"),
    "million-fields.json": lambda p: text_file(p, "[{", ",".join('"c%d":1' % i for i in range(1000000)), "}]"),
    "huge-cell.csv": huge_cell,
    "huge-text.json": lambda p: text_file(p, '[{"编号":"', b"a" * 100000000, '"}]'),
    "deep.json": lambda p: text_file(p, "[" * 1000000, "]" * 1000000),
    "open-quote.csv": lambda p: text_file(p, HEADER, '1,"甲', (",x\n" * 20) * 100000),
    "cut.csv.gz": lambda p: text_file(p, gzip.compress((HEADER + ROW * 50000).encode())[:-2000]),
    "bad-sum.csv.gz": lambda p: text_file(p, gzip.compress((HEADER + ROW).encode())[:-8], b"\0" * 8),
    "cut.xlsx": lambda p: text_file(p, packed("x")[:40]),
    "broken-utf-8.csv": lambda p: text_file(p, HEADER, b"1,\xe7\x94,\xff\xfe\xfd,2026-01-05,\xc0\xaf,1,,1\n"),
    "binary.csv": lambda p: text_file(p, bytes(range(256)) * 4096),
    "empty.csv": lambda p: text_file(p, ""),
    "only-header.json": lambda p: text_file(p, "{}"),
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tally = Tally()
    work = sys.argv[2]
    for name, make in CASES.items():
        path = os.path.join(work, name)
        make(path)
        program = Program(sys.argv[1], os.path.join(work, name + ".data"), None, PACK)
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            with open(os.path.join(work, "said"), "wb") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os.execv(program.path, [program.path, "import", "lot", path, "--recipe", "quarterly", "--commit", "clean",
                                    *program.where])
        _, status, used = os.wait4(pid, 0)
        seconds, memory = time.monotonic() - begun, used.ru_maxrss / 1024
        with open(os.path.join(work, "said"), encoding="utf-8", errors="replace") as said:
            text = said.read()
        os.remove(path)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        tally.check(code in (1, 2) and "错误：" in text and "规则：" in text, name, "exit %d: %s" % (code, text[-400:]))
        tally.check(used.ru_utime + used.ru_stime < SECONDS and memory < MEGABYTES, name + " within limits",
                    "%.1f s, %.0f MB" % (seconds, memory))
        tally.equal(program.total("lot"), 0, name + " leaves nothing behind")
        if os.environ.get("ZH_SHOW"):
            print("%-24s exit %d %5.1f s %4.0f MB  %s" % (name, code, seconds, memory, text.strip()[:300].replace("\n", " ")))
    tally.finish()


if __name__ == "__main__":
    main()
