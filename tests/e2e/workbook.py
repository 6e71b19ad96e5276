#!/usr/bin/env python3
"""The workbook of tests/e2e/messy.json as people send them: titles above the header, merged cells, a
blank row, full-width digits and separators, a total, a remark. workbook.py FOLDER"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "data"))
import workbook as wb  # noqa: E402

with open(os.path.join(os.path.dirname(__file__), "messy.json"), encoding="utf-8") as f:
    messy = json.load(f)


def plain(text):
    return int(text.replace("，", ""))


rows = [["湖北省食品安全监督抽检信息汇总（2016 年 2 月）"], ["单位：批次", "", "", "", "制表：抽检处"], messy["head"]]
body = messy["good"] + messy["bad"]
for at, (name, sampled, failed) in enumerate(body, 1):
    rows.append([wb.number(str(at)), name, sampled, failed, ""])
    if at == 2:
        rows.append([])
rows.append(["", "合计", str(sum(plain(row[1]) for row in body)), str(sum(plain(row[2]) for row in body)), ""])
rows.append(["注：本表数据截至二月底"])
wb.write(os.path.join(sys.argv[1], messy["file"]),
         [("汇总", wb.sheet_xml(rows, ("A1:E1", "A2:D2")), False), ("Sheet2", wb.sheet_xml([]), False)])
