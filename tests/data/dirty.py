#!/usr/bin/env python3
"""Tables as people keep them, with the exact outcome of every row: dirty.py PROGRAM WORK

Title rows above the header, merged cells, totals and subtotals, notes, full-width digits, dates of
every style, units inside cells, words for "no number", numbers that a spreadsheet has ruined, hidden
and empty sheets. The expected values follow from doc/recipes.md and doc/declarations.md; dates of
serial numbers are counted here from 1899-12-30.
"""
import datetime
import gzip
import os
import sys
import zipfile

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
    12: ([wb.number("9", wb.PADDED), "乙", "", "二〇二六年一月十二日", "铅", "0.05L", "", "1"], None),
}
# row: cells and the findings (column, rule)
BAD = {
    13: (["B-1", "丙", "", "2026-02-30", "铅", "1", "", "1"], [("D", "intake.date")]),
    14: (["B-2", "丙", wb.number("9.1350100000100433E+17"), "2026-01-14", "铅", "1", "", "1"], [("C", "intake.lossy")]),
    15: (["B-3", "丙", USCC[:-1] + "4", "2026-01-14", "铅", "1", "", "1"], [("C", "format.uscc.check")]),
    16: (["B-4", "丙", "", "2026-01-14", "锌", "≤0.05", "", "12.5"],
         [("E", "code.unknown"), ("F", "field.decimal.limit"), ("H", "field.decimal.digits")]),
    17: (["B-5", "丙", "", "2026-01-14", "铅", wb.error("#DIV/0!"), "", "1"], [("F", "intake.formula")]),
    18: (["B-6", "丙", "", "2026-01-14", "铅", "3 mg/L", "", "0"], [("F", "field.quantity.unit")]),
    19: (["B-7", "丙", "", "2026-01-14", "铅", "1", "", "0"], [("", "batches_positive")]),
    20: (["", "丙", "", "2026-01-14", "铅", "1", "", "1"], [("", "record.required")]),
    21: (["A-6", "乙", "", "2026-01-10", "铅", "<0.06", "", "1"], [("", "intake.duplicate")]),
}
DOUBTFUL = {22: (["C-1", "丙", "", "2026-01-14", "铅", "1001", "", "1"], [("", "value_plausible")])}
SAME = {23: ["A-6", "乙", "", "2026-01-10", "铅", "<0.05", "", "1"]}
SKIPPED = [["小 计", "", "", "", "", "", "", "99"], [], ["备注", "数据截至三月底", "", "", "", "", "", ""]]


def rows_of(total):
    title = ["二〇二六年第一季度食品抽检结果汇总表"]
    rows = {**{k: v[0] for k, v in GOOD.items()}, **{k: v[0] for k, v in BAD.items()},
            **{k: v[0] for k, v in DOUBTFUL.items()}, **SAME}
    body = [rows[n] for n in range(4, 24)]
    return [title, ["填报单位：某市局", "", "", "", "", "", "单位：mg/kg"], HEADER] + body + SKIPPED[:2] + [
        ["合计", "", "", "", "", "", "", total]] + SKIPPED[2:]


def stored(record):
    """What is kept, in the words of the table above."""
    def shown(value):
        if isinstance(value, dict):
            value = value.get("value", value.get("text"))
        return None if value in (None, "") else str(value)
    return [shown(record.get(name)) for name in ("sampled_on", "value", "rate", "batches")]


def findings(result):
    return sorted((e["row"], e["column"], e["rule"], e["severity"]) for e in result.get("errors", []))


def expected_findings(extra=()):
    wanted = [(row, column, rule, "refused") for row, (_, found) in BAD.items() for column, rule in found]
    wanted += [(row, column, rule, "doubtful") for row, (_, found) in DOUBTFUL.items() for column, rule in found]
    return sorted(wanted + list(extra))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tally = Tally()
    work = sys.argv[2]
    program = Program(sys.argv[1], os.path.join(work, "dirty"), os.environ.get("ZH_DB"), PACK)
    path = os.path.join(work, "季度.xlsx")
    hidden = wb.sheet_xml([HEADER, ["H-1", "隐藏", "", "2026-01-01", "铅", "1", "", "1"]])
    merges = ("A1:H1", "A2:F2", "G2:H2", "B4:B5", "A26:C26")

    def write(total):
        wb.write(path, [("抽检", wb.sheet_xml(rows_of(total), merges), False), ("底稿", hidden, True),
                        ("空表", wb.sheet_xml([]), False)])
    print(program, write, findings, expected_findings)


if __name__ == "__main__":
    main()
