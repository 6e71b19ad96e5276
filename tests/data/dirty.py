#!/usr/bin/env python3
"""Tables as people keep them, with the exact outcome of every row: dirty.py PROGRAM WORK

Title rows above the header, merged cells, totals and subtotals, notes, full-width digits, dates of
every style, units inside cells, words for "no number", numbers that a spreadsheet has ruined, hidden
and empty sheets. The expected values follow from doc/recipes.md and doc/declarations.md; dates of
serial numbers are counted here from 1899-12-30.
"""
import datetime
import gzip
import io
import json
import os
import re
import sys
import unicodedata
import zipfile
from decimal import Decimal

sys.dont_write_bytecode = True
from program import Program, Tally  # noqa: E402
import workbook as wb  # noqa: E402

PACK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixture", "dirty")
HEADER = ["编号", "被抽样 单位", "统一社会\n信用代码", "抽样日期", "项　目", "检验结果", "合格率", "批次数"]
USCC = "91350100M000100Y43"  # GB 32100-2015, example of the standard


def serial(day):
    return str((datetime.date.fromisoformat(day) - datetime.date(1899, 12, 30)).days)


# row of the sheet: cells, and what is kept of them: day, value, rate, batches (None: nothing)
GOOD = {
    4: (["A-1", "江城甲食品有限公司", USCC, wb.number(serial("2026-01-05"), wb.DATE), "铅", wb.number("0.05"),
         wb.number("0.985", wb.PERCENT), wb.number("10")], ("2026-01-05", "0.05", "98.5", "10")),
    5: (["A-2", None, None, wb.number(serial("2026-01-06"), wb.CHINESE_DATE), "镉", "１２．５", "９８％", "１，２００"],
        ("2026-01-06", "12.5", "98", "1200")),
    6: (["A-3", "乙", "９１３５０１００Ｍ０００１００Ｙ４３", "2026年1月7日", "lead", "0.19g/kg", "", "3"],
        ("2026-01-07", "190", None, "3")),
    7: (["A-4", "乙", "", "2026/1/8", "铅", "34 毫克/千克", "", "1"], ("2026-01-08", "34", None, "1")),
    8: (["A-5", "乙", "", "2026.1.9", "铅", "未检出", "", "1"], ("2026-01-09", "ND", None, "1")),
    9: (["A-6", "乙", "", "20260110", "铅", "<0.05", "", "1"], ("2026-01-10", "<0.05", None, "1")),
    10: (["A-7", "乙", "", "2026-01-11", "铅", "—", "", "1"], ("2026-01-11", "NM", None, "1")),
    11: (["A-8", "乙", "", "11-Jan-2026", "铅", "ND(<0.01)", "", "1"], ("2026-01-11", "<0.01", None, "1")),
    12: ([wb.number("9", wb.PADDED), "乙", "", "2026-01-12 08:30", "铅", "0.05L", "", "1"],
         ("2026-01-12", "<0.05", None, "1")),
}
# row: cells and the findings (column, rule)
BAD = {
    13: (["B-1", "丙", "", "2026-02-30", "铅", "1", "", "1"], [("D", "intake.date")]),
    14: (["B-2", "丙", wb.number("9.1350100000100433E+17"), "2026-01-14", "铅", "1", "", "1"], [("C", "intake.lossy")]),
    15: (["B-3", "丙", USCC[:9] + "1" + USCC[10:], "2026-01-14", "铅", "1", "", "1"], [("C", "format.uscc.check")]),
    16: (["B-4", "丙", "", "2026-01-14", "锌", "≤0.05", "", "12.5"],
         [("E", "code.unknown"), ("F", "field.decimal.limit"), ("H", "field.decimal.digits")]),
    17: (["B-5", "丙", "", "2026-01-14", "铅", wb.error("#DIV/0!"), "", "1"], [("F", "intake.formula")]),
    18: (["B-6", "丙", "", "2026-01-14", "铅", "3 mg/L", "", "0"], [("F", "field.quantity.unit")]),
    19: (["B-7", "丙", "", "2026-01-14", "铅", "1", "", "0"], [("H", "batches_positive")]),
    20: (["", "丙", "", "2026-01-14", "铅", "1", "", "1"], [("A", "field.required")]),
    21: (["A-6", "乙", "", "2026-01-10", "铅", "<0.06", "", "1"], [("", "intake.duplicate")]),
}
DOUBTFUL = {
    22: (["C-1", "丙", "", "2026-01-14", "铅", "1001", "", "1"], [("F", "value_plausible")]),
    23: (["C-2", "丙", USCC[:-1] + "4", "2026-01-14", "铅", "1", "", "1"], [("C", "format.uscc.pilot")]),
}
SAME = {24: ["A-6", "乙", "", "2026-01-10", "铅", "<0.05", "", "1"]}
SKIPPED = [["小 计", "", "", "", "", "", "", "99"], [], ["备注", "数据截至三月底", "", "", "", "", "", ""]]


TITLE = [["二〇二六年第一季度食品抽检结果汇总表"], ["填报单位：某市局", "", "", "", "", "", "单位：mg/kg"]]
MERGES = ("A1:H1", "A2:F2", "G2:H2", "B4:B5", "A27:C27")
COLUMNS = "no,firm,uscc,sampled_on,item,value,rate,batches"


def body():
    rows = {**{n: row[0] for some in (GOOD, BAD, DOUBTFUL) for n, row in some.items()}, **SAME}
    return [rows[n] for n in range(4, 25)]


def lots(rows):
    """The sum of the column of lots, as a person with a calculator finds it."""
    cells = [str(row[7]) for row in rows if row and row[7]]
    plain = [re.sub("<[^>]*>|[，,]", "", unicodedata.normalize("NFKC", cell)) for cell in cells]
    return sum(Decimal(text) for text in plain)


def sheet(total):
    rows = TITLE + [HEADER] + body() + [["小 计", "", "", "", "", "", "", "99"], [],
                                        ["合计", "", "", "", "", "", "", total],
                                        ["备注", "数据截至三月底", "", "", "", "", "", ""]]
    return wb.sheet_xml(rows, MERGES)


def findings(result):
    return sorted((e["row"], e["column"], e["rule"], e["severity"]) for e in result.get("errors", []))


def expected_findings(*extra):
    wanted = [(row, column, rule, "refused") for row, (_, found) in BAD.items() for column, rule in found]
    wanted += [(row, column, rule, "doubtful") for row, (_, found) in DOUBTFUL.items() for column, rule in found]
    return sorted(wanted + list(extra))


def counts(result):
    return tuple(result.get(name) for name in ("rows", "new", "same", "changed", "doubtful", "refused", "written"))


def kept(program):
    """What the register holds: number to day, value, rate, lots."""
    _, answer = program.json("query", "lot", "--columns", COLUMNS, "--limit", "1000")
    records = {}
    for record in answer.get("records", []):
        fields = record["fields"]
        value = fields["value"].replace(" mg/kg", "") if fields["value"] else None
        rate = fields["rate"].replace(" %", "") if fields["rate"] else None
        records[fields["no"]] = fields["sampled_on"], value, rate, fields["batches"]
    return records


def wanted_records(some):
    names = {row: cells[0] for row, (cells, _) in some.items()}
    names[12] = "0009"
    return {names[row]: values for row, (_, values) in some.items()}


def test_workbook(tally, program, work):
    path = os.path.join(work, "季度.xlsx")
    hidden = wb.sheet_xml([HEADER, ["H-1", "隐藏", "", "2026-01-01", "铅", "1", "", "1"]])

    def write(total):
        wb.write(path, [("抽检", sheet(total), False), ("底稿", hidden, True), ("空表", wb.sheet_xml([]), False)])

    write(str(lots(body())))
    shape = len(body()), len(GOOD), len(SAME), 0, len(DOUBTFUL), len(BAD)
    code, checked = program.take("lot", path, "quarterly", "--dry-run")
    tally.equal(code, 1, "a dry run that finds something")
    tally.equal(counts(checked), shape + (0,), "dry run of the workbook")
    tally.equal(findings(checked), expected_findings(), "findings of the dry run")
    tally.equal([e["row"] for e in checked["errors"]], sorted(e["row"] for e in checked["errors"]), "order of findings")
    tally.equal(program.total("lot"), 0, "a dry run writes nothing")
    code, refused = program.take("lot", path, "quarterly")
    tally.equal((code, counts(refused), refused.get("committed")), (1, shape + (0,), False), "all or nothing")
    tally.equal(program.total("lot"), 0, "nothing was written")
    code, clean = program.take("lot", path, "quarterly", "--commit", "clean")
    tally.equal((code, counts(clean)), (0, shape + (len(GOOD),)), "only the clean rows")
    tally.equal(findings(clean), expected_findings(), "findings while writing")
    tally.equal(clean["skipped"], 4, "subtotal, total, note and blank are no records")
    tally.equal(kept(program), wanted_records(GOOD), "what is kept")
    _, lists = program.json("query", "lot", "--columns", COLUMNS, "--sort", "sampled_on")
    firms = {r["fields"]["no"]: (r["fields"]["firm"], r["fields"]["uscc"]) for r in lists.get("records", [])}
    tally.equal(firms.get("A-2"), ("江城甲食品有限公司", None), "a merged cell belongs to both rows")
    tally.equal(firms.get("A-3"), ("乙", USCC), "a full-width code")

    code, again = program.take("lot", path, "quarterly", "--commit", "clean")
    tally.equal(counts(again), (len(body()), 0, len(GOOD) + len(SAME), 0, len(DOUBTFUL), len(BAD), 0),
                "the same workbook again")
    write("1000")
    total = str(lots(body()))
    code, wrong = program.take("lot", path, "quarterly", "--commit", "clean")
    tally.equal(findings(wrong), expected_findings((27, "H", "intake.total", "doubtful")), "a total that does not add up")
    said = [e["message"] for e in wrong["errors"] if e["rule"] == "intake.total"]
    tally.check(said and "1000" in said[0] and total in said[0], "both totals are named", said)
    code, taken = program.take("lot", path, "quarterly", "--commit", "clean", "--justify", "电话核实")
    tally.equal(counts(taken), (len(body()), len(DOUBTFUL), len(GOOD) + len(SAME), 0, 0, len(BAD), len(DOUBTFUL)),
                "doubtful rows taken in with a reason")
    code, history = program.json("query", "lot", "--key", "C-1", "--history")
    tally.equal(len(history.get("versions", [])), 1, "history of a justified row")


# The rows that need no workbook, as text tables in every encoding and container.
def plain_rows():
    rows = []
    for n in (5, 6, 7, 8, 9, 10, 11):
        cells = list(GOOD[n][0])
        cells[3] = GOOD[n][1][0].replace("-", "/") if n % 2 else cells[3]
        rows.append([c if not str(c).startswith("<c ") else GOOD[n][1][0] for c in ("" if c is None else c for c in cells)])
    return rows


def encoded(text):
    yield "utf-8.csv", text.encode()
    yield "bom.csv", text.encode("utf-8-sig")
    yield "gb18030.csv", text.encode("gb18030")
    yield "utf-16.csv", text.encode("utf-16")
    yield "utf-16be.csv", b"\xfe\xff" + text.encode("utf-16-be")
    yield "tabs.tsv", text.replace(",", "\t").encode()
    yield "semicolons.csv", text.replace(",", ";").encode("gb18030")
    yield "packed.csv.gz", gzip.compress(text.encode("gb18030"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("季度.csv", text.encode("utf-16"))
    yield "packed.zip", packed.getvalue()


def test_encodings(tally, path_of, work):
    rows = plain_rows()
    header = [re.sub(r"\s", "", name) for name in HEADER]
    lines = [TITLE[0] + [""] * 7] + [header] + rows
    text = "".join(",".join(row) + "\r\n" for row in lines)
    objects = [dict(zip(header, row)) for row in rows]
    forms = list(encoded(text))
    forms.append(("lines.ndjson", "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects).encode()))
    forms.append(("array.json", json.dumps(objects).encode("utf-8-sig")))
    wanted = wanted_records({n: GOOD[n] for n in (5, 6, 7, 8, 9, 10, 11)})
    for name, data in forms:
        path = os.path.join(work, name)
        with open(path, "wb") as file:
            file.write(data)
        program = path_of(name)
        code, result = program.take("lot", path, "quarterly")
        tally.equal((code, result.get("new"), result.get("refused")), (0, len(rows), 0), name)
        tally.equal(kept(program), wanted, "what is kept of " + name)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tally = Tally()
    work = sys.argv[2]
    db = os.environ.get("ZH_DB")
    test_workbook(tally, Program(sys.argv[1], os.path.join(work, "dirty"), db, PACK), work)
    if not db:
        test_encodings(tally, lambda name: Program(sys.argv[1], os.path.join(work, name + ".data"), None, PACK), work)
    tally.finish()


if __name__ == "__main__":
    main()
