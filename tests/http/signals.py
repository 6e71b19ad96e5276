"""Looks at an answer of the pages of signals and studies: signals.py ANSWER WHAT FILE…

Everything expected is counted here from the file: PRR and its 95 % interval after Evans, Waller and
Davis 2001; p-chart limits after GB/T 17989.2; EARS C1 after Hutwagner and others 2003 (normal quantile
0.999 = 3.0902). Nothing is taken from the program."""

import csv
import collections
import gzip
import html
import io
import math
import re
import statistics
import sys
from fractions import Fraction


def text_of(path):
    with open(path, encoding="utf-8-sig") as f:
        return f.read()


def plain(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def cells(markup):
    body = re.search(r'id="data".*?<tbody>(.*?)</tbody>', markup, re.S).group(1)
    return [[plain(c) for c in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)] for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)]


def tables(path):
    """Four-fold tables of the pairs that meet the criteria, by maker's province and item."""
    lots = []
    with open(path, encoding="utf-8-sig", newline="") as f:
        for row in csv.DictReader(f):
            items = {x for x in re.split(r"[、，,;；]", row["adulterant"]) if x.strip()}
            lots.append((row["production_location"].strip(), {x.strip() for x in items}))
    makers = collections.Counter(m for m, _ in lots if m)
    found = {}
    pairs = collections.Counter((m, i) for m, items in lots if m for i in items)
    columns = collections.Counter(i for _, items in lots for i in items)
    for (maker, item), a in pairs.items():
        b, c = makers[maker] - a, columns[item] - a
        d = len(lots) - a - b - c
        margins = (a + b) * (c + d) * (a + c) * (b + d)
        yates = max(Fraction(0), abs(a * d - b * c) - Fraction(len(lots), 2)) ** 2 * len(lots)
        if a >= 5 and margins and a * (c + d) >= 2 * c * (a + b) and yates >= 4 * margins:
            found[maker, item] = (a, b, c, d)
    return found


def shown(table):
    a, b, c, d = table
    return "∞" if c == 0 else "%.1f" % (a / (a + b) / (c / (c + d)))


def signals(answer, path, region):
    wanted = {k: v for k, v in tables(path).items() if region in ("", k[0])}
    got = {tuple(r[0].split(" × ", 1)): (int(re.match(r"\d+", r[1]).group()), r[2]) for r in cells(text_of(answer))}
    assert got == {k: (v[0], shown(v)) for k, v in wanted.items()}, (len(got), len(wanted), set(got) ^ set(wanted))
    assert wanted


def table(answer, path, region):
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    got = {(r["row_label"], r["column_label"].lstrip("'")): tuple(int(r[k]) for k in "abcd") for r in rows}
    assert got == tables(path), set(got) ^ set(tables(path))


def one(answer, path, region):
    markup = text_of(answer)
    said = plain(markup)
    for (maker, item), (a, b, c, d) in tables(path).items():
        if maker == region and "%s × %s" % (maker, item) in said:
            records = re.search(r'id="evidence".*?</p>', markup, re.S).group()
            assert records.count("<a ") == min(a, 60), (records.count("<a "), a)
            for n in (a, b, c, d):
                assert format(n, ",") in said, n
            return
    raise AssertionError("no signal of " + region)


def inspections(path):
    months = collections.defaultdict(lambda: [0, 0])
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as f:
        for row in csv.DictReader(f):
            month = months[row["Inspection_Date"][:7]]
            month[0] += row["Results"] == "Fail"
            month[1] += 1
    return months


def chicago(answer, path):
    months = inspections(path)
    p = sum(x for x, _ in months.values()) / sum(n for _, n in months.values())
    beyond = sum(abs(x / n - p) > 3 * math.sqrt(p * (1 - p) / n) for x, n in months.values())
    title = plain(re.search(r"<h1>.*?</h1>", text_of(answer), re.S).group())
    assert title == "%d 个月里 %d 个月的不合格率出了 p 图界限，平均 %.1f%%" % (len(months), beyond, 100 * p), title


def months(answer, path):
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    got = {r["key"]: (int(r["num"]), int(r["den"])) for r in rows}
    assert got == {k: tuple(v) for k, v in inspections(path).items()}


def sandy(answer, path):
    with open(path, encoding="utf-8-sig", newline="") as f:
        rows = [(r["date"], int(r["total"])) for r in csv.DictReader(f)]
    dates = ["20%s-%02d-%02d" % (y, int(m), int(d)) for m, d, y in (r[0].split("/") for r in rows)]
    counts = [n for _, n in rows]
    shock = dates.index("2012-10-29")
    alarms = [i for i in range(7, len(counts))
              if counts[i] > statistics.mean(counts[i - 7:i]) + 3.090232306167813 * statistics.stdev(counts[i - 7:i])]
    first = next(i for i in alarms if i >= shock)
    title = plain(re.search(r"<h1>.*?</h1>", text_of(answer), re.S).group())
    assert title == "飓风 2012-10-29 登陆，EARS C1 在 %s 报警，迟 %d 天；五年里 %d 天报警" % (dates[first], first - shock, len(alarms)), title


def lines(answer, n):
    rows = list(csv.reader(io.StringIO(text_of(answer))))
    assert len(rows) == int(n), len(rows)


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1], *sys.argv[3:])
