#!/usr/bin/env python3
"""A file that comes again changed: change.py PROGRAM SETS WORK

The inspections of SETS are taken in, then a copy in which some results and counts differ: exactly
those rows are changes, each is a second version with the file as its reason, the old value stays in
the history, and the figures answer as of then and as of now. The expected figures are counted here.
"""
import csv
import gzip
import io
import os
import random
import sys

sys.dont_write_bytecode = True
from program import Program, Tally  # noqa: E402

SET, REGISTER, SEED = "us-chicago-inspections", "chicago_inspection", 20261122
FILE = "inspections_2011_2013.csv.gz"


def failing(rows):
    return str(sum(row["Results"] == "Fail" for row in rows)), str(len(rows))


def figure(program, *more):
    _, answer = program.json("indicator", "chicago_fail_rate", *more)
    return answer.get("num"), answer.get("den")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    tally = Tally()
    work = sys.argv[3]
    program = Program(sys.argv[1], os.path.join(work, "change"), os.environ.get("ZH_DB"))
    source = os.path.join(sys.argv[2], SET, FILE)
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    before = failing(rows)
    _, r = program.take(REGISTER, source, SET)
    tally.equal((r.get("new"), r.get("written")), (len(rows), len(rows)), "first import")
    tally.equal(figure(program), before, "figure after the first import")
    _, answer = program.json("indicator", "chicago_fail_rate")
    size = answer.get("log_size")

    rng = random.Random(SEED)
    chosen = sorted(rng.sample(range(len(rows)), len(rows) // 4))
    old = {rows[i]["Inspection_ID"]: (rows[i]["Results"], rows[i]["minorCount"]) for i in chosen}
    for i in chosen:
        rows[i]["Results"] = {"Pass": "Fail", "Fail": "Pass"}.get(rows[i]["Results"], "Fail")
        if rng.random() < 0.5:
            rows[i]["minorCount"] = str(int(rows[i]["minorCount"]) + 1)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0])[::-1], lineterminator="\n")  # columns in another order
    writer.writeheader()
    writer.writerows(rows)
    path = os.path.join(work, "changed.csv")
    with open(path, "wb") as file:
        file.write(out.getvalue().encode("utf-16"))

    shape = 0, len(chosen), len(rows) - len(chosen)
    _, r = program.take(REGISTER, path, SET, "--dry-run")
    tally.equal((r.get("new"), r.get("changed"), r.get("same")), shape, "dry run of the changed file")
    tally.equal(figure(program), before, "a dry run changes no figure")
    _, r = program.take(REGISTER, path, SET)
    tally.equal((r.get("new"), r.get("changed"), r.get("same"), r.get("written")), shape + (len(chosen),),
                "import of the changed file")
    tally.equal(program.total(REGISTER), len(rows), "records after it")
    tally.equal(figure(program), failing(rows), "figure of now")
    tally.equal(figure(program, "--as-of", str(size)), before, "figure as of then")
    tally.equal(figure(program, "--recount"), failing(rows), "figure recounted")

    codes = {"Pass": "pass", "Fail": "fail", "Pass w/ Conditions": "conditions"}
    for i in chosen[:8]:
        key = rows[i]["Inspection_ID"]
        _, answer = program.json("query", REGISTER, "--key", key, "--history")
        versions = answer.get("versions", [])
        given = [(v["fields"]["result"], v["fields"]["minor"]) for v in versions]
        tally.equal(sorted(given), sorted([(codes[old[key][0]], old[key][1]),
                                           (codes[rows[i]["Results"]], rows[i]["minorCount"])]), "history of " + key)
        amended = [v for v in versions if v["op"] == "amend"]
        tally.check(len(amended) == 1 and "changed.csv" in amended[0]["reason"], "reason of " + key, versions)
    for i in [n for n in range(len(rows)) if n not in chosen][:4]:
        _, answer = program.json("query", REGISTER, "--key", rows[i]["Inspection_ID"], "--history")
        tally.equal(len(answer.get("versions", [])), 1, "an unchanged row has one version")
    _, r = program.take(REGISTER, path, SET)
    tally.equal((r.get("same"), r.get("written")), (len(rows), 0), "the changed file again")
    code, _, said = program.run("verify")
    tally.check(code == 0, "verify", said)
    tally.finish()


if __name__ == "__main__":
    main()
