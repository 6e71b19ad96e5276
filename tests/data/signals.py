#!/usr/bin/env python3
"""Signals against an independent computation: signals.py PROGRAM SETS WORK

SETS has cn-food-noncompliance, eu-rasff and us-fda-caers-2012. The tables of all pairs are counted here from the files;
the program must give the same signals, each with the same a, b, c, d, PRR, chi-square, shown values
and exactly the same records as evidence. Then on altered copies: rows taken away, cells exchanged,
rows that come again changed (signals get a new version, lapse, are revived), and once more unchanged.
The altered copies have a printed seed (ZH_SEED repeats it).
"""
import collections
import csv
import gzip
import math
import os
import random
import re
import sys
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

sys.dont_write_bytecode = True
from program import Program, Tally  # noqa: E402

FOOD, RASFF, CAERS = "cn-food-noncompliance", "eu-rasff", "us-fda-caers-2012"
ITEM, FLOW, ORIGIN = "food_item_by_maker", "food_offsite_supply", "rasff_hazard_by_origin"
REPORT = "caers_event_by_product"
SEED = int(os.environ.get("ZH_SEED") or random.SystemRandom().randrange(2**32))
STATED = {  # the design document, with one decimal
    ("湖北省", "氰化物"): (10, "10.6", "49.9"), ("湖南省", "安赛蜜"): (8, "6.5", None),
    ("安徽省", "色值"): (7, "10.7", None), ("安徽省", "草甘膦"): (6, "9.2", None),
}


def food_rows(folder):
    here = os.path.join(folder, FOOD)
    name = [f for f in os.listdir(here) if f.endswith(".csv")][0]
    with open(os.path.join(here, name), encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def rasff_rows(folder):
    here = os.path.join(folder, RASFF)
    name = [f for f in os.listdir(here) if f.endswith(".csv.gz")][0]
    with gzip.open(os.path.join(here, name), "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def food_lot(row):
    return row["id"], [row["production_location"]], {x.strip() for x in row["adulterant"].split(";") if x.strip()}


def rasff_lot(row):
    hazards = {piece.replace(" - {", "  {").split("  ")[0].strip()
               for piece in re.split(r",(?!(?<=\d,)\d)", row["hazards"]) if piece.strip()}
    return row["reference"], {x.strip() for x in row["origin"].split(",") if x.strip()}, hazards


def shown(value):
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal("0.1"), ROUND_HALF_EVEN))


def expected(lots, only=None):
    """(row, column): table, PRR as a fraction or None, corrected chi-square, keys of the evidence."""
    rows, columns, both = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    for key, these, those in lots:
        rows.update(these)
        columns.update(those)
        for r in these:
            for c in those:
                both[r, c].append(key)
    found, total = {}, len(lots)
    for (row, column), keys in both.items():
        a, b, c = len(keys), rows[row] - len(keys), columns[column] - len(keys)
        d = total - a - b - c
        margins = (a + b) * (c + d) * (a + c) * (b + d)
        if a < 5 or margins == 0 or (only and row != only):
            continue
        prr = Fraction(a * (c + d), c * (a + b)) if c else None
        yates = Fraction(total, margins) * max(Fraction(0), abs(a * d - b * c) - Fraction(total, 2)) ** 2
        if (prr is None or prr >= 2) and yates >= 4:
            found[row, column] = (a, b, c, d), prr, yates, sorted(keys)
    return found


def close(given, wanted):
    return given is not None and math.isclose(given, float(wanted), rel_tol=1e-12)


def compare(tally, program, detector, wanted, what, options=(), keyed=True):
    _, answer = program.json("signals", "--detector", detector, *options)
    if not tally.check(isinstance(answer, list), what, answer):
        return {}
    given = {(s["row_zh"], s["item"]): s for s in answer}
    tally.equal(len(given), len(answer), what + ", each pair once")
    tally.equal(sorted(given), sorted(wanted), what + ", pairs")
    for pair in sorted(set(given) & set(wanted)):
        s, (table, prr, yates, keys) = given[pair], wanted[pair]
        name = "%s, %s" % (what, pair)
        tally.equal((s["a"], s["b"], s["c"], s["d"], s["n"]), table + (table[0],), name)
        tally.equal(s["prr_infinite"], prr is None, name + ", infinite")
        good = s["prr"] is None and s["shown"]["prr"] == "∞" if prr is None else \
            close(s["prr"], prr) and s["shown"]["prr"] == shown(prr)
        tally.check(good, name + ", PRR", (s["prr"], s["shown"]))
        tally.check(close(s["chi2_yates"], yates) and s["shown"]["chi2_yates"] == "%.1f" % yates,
                    name + ", chi-square", (s["chi2_yates"], s["shown"]))
        if keyed:
            tally.equal(sorted(r["key"] for r in s["evidence"]["records"]), keys, name + ", evidence")
        else:
            tally.equal(len(s["evidence"]["records"]), table[0], name + ", evidence")
        tally.check(s["task"] and s["task"]["state"] == "open" and s["task"]["due_at"], name + ", task", s["task"])
    return given


def run(tally, program, *more):
    code, _, said = program.run("signals", "--run", *more)
    tally.check(code == 0, "signals --run", said)
    return {line.split("：")[0]: dict((k, int(n)) for k, n in re.findall(r"(新|改|再次成立|不再成立|未变|开任务|撤任务) (\d+)", line))
            for line in said.splitlines() if "个信号" in line}


def food(rows):
    return expected([food_lot(row) for row in rows])


def flows(rows):
    n = collections.Counter((r["production_location"], r["sale_location"]) for r in rows
                            if r["production_location"] != r["sale_location"])
    return {pair: k for pair, k in n.items() if k >= 5}


def check_flows(tally, program, rows, what):
    _, answer = program.json("signals", "--detector", FLOW)
    tally.equal({(s["row_zh"], s["item"]): s["n"] for s in answer}, flows(rows), what + ", flows")
    for s in answer:
        tally.equal((s["prr"], s["task"]["kind"], s["task"]["place_zh"]), (None, "assist", s["row_zh"]),
                    what + ", assistance asked of the maker's province")


def evidence_again(tally, program, signals):
    """The stored condition, asked as a person would, gives exactly the records."""
    for s in list(signals.values())[:3]:
        e = s["evidence"]
        _, answer = program.json("query", e["register"], "--where", e["where"], "--as-of", str(e["as_of"]),
                                 "--limit", "1000")
        tally.equal(sorted(r["id"] for r in answer.get("records", [])), sorted(r["id"] for r in e["records"]),
                    "evidence of %s by its stored query" % s["subject"])


def stated(tally, given):
    for pair, (n, prr, yates) in STATED.items():
        s = given.get(pair, {"n": None, "shown": {}})
        tally.check(s["n"] == n and s["shown"].get("prr") == prr and yates in (None, s["shown"].get("chi2_yates")),
                    "stated value of %s %s" % pair, (s["n"], s["shown"]))
    tally.equal([(c["label"], c["n"]) for c in given["湖北省", "氰化物"]["classes"]], [("酒类", 10)], "classes of Hubei's")
    tally.equal((len(given), sum(s["prr_infinite"] for s in given.values())), (70, 2), "pairs, infinite ones")


def public(tally, program, folder, work, full):
    rows = food_rows(folder)
    program.take("food_failure", write(os.path.join(work, "food.csv"), rows), FOOD)
    rasff = [f for f in os.listdir(os.path.join(folder, RASFF)) if f.endswith(".csv.gz")][0]
    program.take("rasff_notification", os.path.join(folder, RASFF, rasff), RASFF)
    said = run(tally, program)
    given = compare(tally, program, ITEM, food(rows), "as published")
    check_flows(tally, program, rows, "as published")
    origins = expected([rasff_lot(row) for row in rasff_rows(folder)], "China")
    alerts = compare(tally, program, ORIGIN, origins, "alerts", keyed=False)
    tally.equal((said[ITEM]["新"], said[ITEM]["开任务"]), (len(given),) * 2, "new signals and tasks")
    evidence_again(tally, program, given)
    evidence_again(tally, program, alerts)
    if full:
        stated(tally, given)
        tally.equal([alerts["China", h]["n"] for h in ("primary aromatic amines", "formaldehyde", "melamine")],
                    [31, 9, 8], "stated values of the alerts")
        tally.check(round(alerts["China", "primary aromatic amines"]["prr"]) == 41, "stated PRR of the amines")
        tally.equal(flows(rows)["湖南省", "湖北省"], 6, "stated flow")
    return rows, given


def unchanged(tally, program):
    before = [program.total(r) for r in ("risk_signal", "risk_task")]
    first = program.json("signals", "--all")[1]
    for counts in run(tally, program).values():
        tally.equal([counts[k] for k in ("新", "改", "再次成立", "不再成立", "开任务", "撤任务")], [0] * 6, "a second run writes nothing")
    tally.equal([program.total(r) for r in ("risk_signal", "risk_task")], before, "records after a second run")
    tally.equal(program.json("signals", "--all")[1], first, "signals after a second run")


def come_again_changed(tally, program, rows, given, work, rng):
    """Every third failing lot of the strongest pairs is now of another province."""
    altered = [dict(row) for row in rows]
    strongest = sorted(given, key=lambda p: -given[p]["chi2_yates"])[:12]
    for row, lot in zip(altered, map(food_lot, rows)):
        if any(p in lot[1] and i in lot[2] for p, i in strongest) and rng.random() < 0.4:
            other = rng.choice([r for r in rows if r["production_location"] != row["production_location"]])
            for name in ("production_location", "production_location2"):
                row[name] = other[name]
            row["types_of_sampling"] = "Off-site"
    _, r = program.take("food_failure", write(os.path.join(work, "changed.csv"), altered), FOOD)
    tally.check(r.get("changed", 0) > 0 and r.get("refused") == 0, "changed rows", r)
    wanted = food(altered)
    said = run(tally, program)[ITEM]
    after = compare(tally, program, ITEM, wanted, "changed rows")
    check_flows(tally, program, altered, "changed rows")
    gone = set(given) - set(after)
    _, everything = program.json("signals", "--detector", ITEM, "--all")
    lapsed = {(s["row_zh"], s["item"]): s for s in everything if s["state"] == "lapsed"}
    tally.equal((set(lapsed), said["不再成立"], said["撤任务"]), (gone, len(gone), len(gone)), "lapsed")
    tally.check(all(s["task"]["state"] == "withdrawn" for s in lapsed.values()), "tasks of lapsed signals")
    tally.equal(said["新"], len(set(after) - set(given)), "new after the change")
    for pair in sorted(set(after) & set(given)):
        same = food(rows)[pair][0] == wanted[pair][0] and food(rows)[pair][3] == wanted[pair][3]
        tally.check(same or after[pair]["version"] > given[pair]["version"], "a new version of %s %s" % pair)
    changed = next(s for s in after.values() if s["version"] > 1)
    _, answer = program.json("query", "risk_signal", "--id", changed["id"], "--history")
    tally.check(any("复测" in v["reason"] for v in answer["versions"] if v["op"] == "amend"), "reason of a new version",
                answer)
    return gone


def come_back(tally, program, rows, given, gone, work):
    program.take("food_failure", write(os.path.join(work, "restored.csv"), rows), FOOD)
    said = run(tally, program)[ITEM]
    after = compare(tally, program, ITEM, food(rows), "restored rows")
    tally.equal((said["再次成立"], set(after)), (len(gone), set(given)), "revived")
    unchanged(tally, program)


def altered_copy(tally, path, rows, work, rng):
    copy = [dict(row) for row in rows if rng.random() > 0.2]
    items = [row["adulterant"] for row in copy]
    for row in copy:
        if rng.random() < 0.1:
            row["adulterant"] = rng.choice(items) + ";" + row["adulterant"]
    program = Program(path, os.path.join(work, "altered"))
    _, r = program.take("food_failure", write(os.path.join(work, "altered.csv"), copy), FOOD)
    tally.equal(r.get("refused"), 0, "altered copy taken in")
    run(tally, program, "--detector", ITEM)
    compare(tally, program, ITEM, food(copy), "altered copy")


def questions(tally, program, given):
    _, hubei = program.json("signals", "--detector", ITEM, "--region", "湖北")
    tally.equal({(s["row_zh"], s["item"]) for s in hubei}, {p for p in given if p[0] == "湖北省"}, "signals of a region")
    tally.equal(program.run("signals", "--detector", "nothing")[0], 2, "an unknown detector is a usage error")
    tally.equal(program.run("signals", "--region", "nowhere")[0], 2, "an unknown region is a usage error")
    code, said, _ = program.run("signals", "--detector", ITEM)
    tally.check(code == 0 and "不是不合格率" in said, "the list says what it does not mean")
    code, _, said = program.run("verify")
    tally.check(code == 0, "verify", said)


def reports(tally, program, folder):
    """The unit is the report: several rows of one count once, as in the published results."""
    here = os.path.join(folder, CAERS)
    path = os.path.join(here, [f for f in os.listdir(here) if f.endswith(".csv.gz")][0])
    lots = collections.defaultdict(lambda: (set(), set(), set()))
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            products, events, both = lots[row["id"]]
            products.add(row["var1"])
            events.add(row["var2"])
            both.add((row["var1"], row["var2"]))
    rows, columns, pairs = (collections.Counter(x for lot in lots.values() for x in lot[i]) for i in range(3))
    wanted = {}
    for pair, a in pairs.items():
        b, c = rows[pair[0]] - a, columns[pair[1]] - a
        d = len(lots) - a - b - c
        margins = (a + b) * (c + d) * (a + c) * (b + d)
        yates = max(Fraction(0), abs(a * d - b * c) - Fraction(len(lots), 2)) ** 2 * len(lots)
        if a >= 5 and margins and a * (c + d) >= 2 * c * (a + b) and yates >= 4 * margins:
            wanted[pair] = (a, b, c, d)
    program.take("caers_report", path, CAERS)
    run(tally, program, "--detector", REPORT)
    _, answer = program.json("signals", "--detector", REPORT)
    tally.equal({(s["row"], s["item"]): (s["a"], s["b"], s["c"], s["d"]) for s in answer}, wanted, "reports")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    tally, rng, work = Tally(), random.Random(SEED), sys.argv[3]
    os.makedirs(work, exist_ok=True)
    print("seed %d" % SEED)
    program = Program(sys.argv[1], os.path.join(work, "signals"), os.environ.get("ZH_DB"))
    full = len(food_rows(sys.argv[2])) == 4032
    rows, given = public(tally, program, sys.argv[2], work, full)
    unchanged(tally, program)
    questions(tally, program, given)
    if full:
        gone = come_again_changed(tally, program, rows, given, work, rng)
        come_back(tally, program, rows, given, gone, work)
    altered_copy(tally, sys.argv[1], rows, work, rng)
    reports(tally, Program(sys.argv[1], os.path.join(work, "reports")), sys.argv[2])
    tally.finish()


if __name__ == "__main__":
    main()
