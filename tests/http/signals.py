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
            records = re.search(r'id="evidence".*?</ul>', markup, re.S).group()
            assert records.count("<a ") == min(a, 20), (records.count("<a "), a)
            named = [plain(r) for r in re.findall(r"<li>.*?</li>", records, re.S)]
            assert all("%s不合格，" % item in n or "、%s" % item in n or "%s、" % item in n for n in named), named
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


# "Empirical Bayes Metrics with openEBGM" (openEBGM 0.9.1, 2023-09-14): theta_hat, and N and ebgm of head(suspicious, 5).
PRIOR = (3.25379356, 0.39988854, 2.02612692, 1.90807970, 0.06534557)
EBGM = {("REUMOFAN PLUS", "WEIGHT INCREASED"): (16, "23.26"),
        ("HYDROXYCUT REGULAR RAPID RELEASE CAPLETS", "EMOTIONAL DISTRESS"): (19, "16.78"),
        ("REUMOFAN PLUS", "IMMOBILE"): (6, "18.28"),
        ("HYDROXYCUT HARDCORE CAPSULES", "CARDIO-RESPIRATORY DISTRESS"): (8, "15.25"),
        ("HYDROXYCUT REGULAR RAPID RELEASE CAPLETS", "INJURY"): (11, "14.28")}


def digamma(x):
    """Abramowitz and Stegun 6.3.5 and 6.3.18."""
    lift = 0.0
    while x < 20:
        lift -= 1 / x
        x += 1
    return lift + math.log(x) - 1 / (2 * x) - 1 / (12 * x ** 2) + 1 / (120 * x ** 4) - 1 / (252 * x ** 6)


def ebgm(n, e):
    """Equations 7 and 11 of DuMouchel 1999."""
    a1, b1, a2, b2, p = PRIOR
    log = [math.lgamma(a + n) - math.lgamma(a) + a * math.log(b / (b + e)) - n * math.log(b + e) for a, b in ((a1, b1), (a2, b2))]
    q = 1 / (1 + (1 - p) / p * math.exp(log[1] - log[0]))
    return math.exp(q * (digamma(a1 + n) - math.log(b1 + e)) + (1 - q) * (digamma(a2 + n) - math.log(b2 + e)))


def scores(answer, path, altered=""):
    """The scores of the pairs, from N and E counted here; "=" where they are the published ones."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8-sig", newline="") as f:
        rows = {(r["id"], r["var1"], r["var2"]) for r in csv.DictReader(f)}
    reports = len({i for i, _, _ in rows})
    by_row = collections.Counter(x for _, x in {(i, a) for i, a, _ in rows})
    by_column = collections.Counter(x for _, x in {(i, b) for i, _, b in rows})
    pairs = collections.Counter((a, b) for _, a, b in rows)
    differ = 0
    shown = {(r[0], r[1]): r[2:] for r in list(csv.reader(io.StringIO(text_of(answer))))[1:]}
    for pair, (n, said) in EBGM.items():
        ours = "%.2f" % ebgm(pairs[pair], by_row[pair[0]] * by_column[pair[1]] / reports)
        got = shown.get(pair)
        if got is None:
            differ += pairs[pair] != n
            continue
        assert (int(got[0]), got[1].split("（")[0]) == (pairs[pair], ours), (pair, got, ours)
        same = pairs[pair] == n and abs(float(ours) - float(said)) <= 0.01
        assert same or got[4] == "≠", (pair, got)
        differ += not same
    assert bool(altered) == bool(differ) and len(pairs) == (17189 if not altered else len(pairs)), (differ, len(pairs))


def lines(answer, n):
    rows = list(csv.reader(io.StringIO(text_of(answer))))
    assert len(rows) == int(n), len(rows)


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1], *sys.argv[3:])
