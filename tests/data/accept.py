#!/usr/bin/env python3
"""The public data sets through the program: accept.py PROGRAM FOLDER WORK [SECOND]

FOLDER holds sets as compute.py and alter.py of tests/fixture/expected know them. Every file is taken
in by the recipe named like its folder, no row may be refused, and every question of compute.py must
get the same answer from the program. With SECOND, every file is taken in once more: everything is
the same and nothing is written. Two databases: WORK/data, and one for a file that is asked alone.
"""
import concurrent.futures
import os
import random
import re
import shlex
import subprocess
import sys
from decimal import Decimal, InvalidOperation

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixture", "expected"))
from agree import agrees  # noqa: E402
from program import Program, Tally  # noqa: E402
import json  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = os.path.join(HERE, "..", "fixture", "expected")
LAYOUTS = (  # set, files, register
    ("cn-uscc", r"^uscc.*\.txt", "org_code"),
    ("cn-samr-food-summary", r"^(samr|hubei)_", "food_class_sampling"),
    ("cn-samr-food-summary", r"^published_totals", "food_total_sampling"),
    ("cn-food-noncompliance", r"\.csv", "food_failure"),
    ("cn-food-failures-foodmate", r"\.csv", "food_failure_measured"),
    ("cn-pm25-city-daily", r"\.csv", "air_city_day"),
    ("cn-air-beijing-hourly", r"\.csv", "air_hour"),
    ("cn-air-national-snapshot", r"\.json", "air_station_obs"),
    ("cn-air-city-gb18030", r"\.csv", "air_city_aqi"),
    ("cn-surface-water-cnemc", r"\.json", "water_station_obs"),
    ("eu-rasff", r"\.csv", "rasff_notification"),
    ("us-chicago-inspections", r"\.csv", "chicago_inspection"),
    ("us-nyc-311", r"\.csv", "nyc311_request"),
    ("us-nyc-sandy-311-daily", r"\.csv", "sandy_daily"),
    ("us-fda-caers-2012", r"\.csv", "caers_report"),
    ("us-neiss-fireworks", r"\.csv", "neiss_injury"),
    ("us-recalls", r"\.(csv|json)", "recall_notice"),
    ("cn-admin-divisions", r"\.csv", "division_entry"),
    ("cn-geo-hubei-hunan-anhui", r"\.geojson", "map_unit"),
    ("cn-industry-codes", r"\.(csv|xlsx)", "industry_entry"),
)
# Files asked alone: their rows overlap with those of another file of the set.
ALONE = (("eu-rasff", r"^RASFF.*\.xlsx$", "rasff_notification"),)
# Rows of the public files that the sources themselves repeat word for word.
REPEATS = {"us-fda-caers-2012": None}


def files_of(folder, layouts):
    for name, pattern, register in layouts:
        here = os.path.join(folder, name)
        for file in sorted(os.listdir(here)) if os.path.isdir(here) else []:
            if re.search(pattern, file):
                yield name, os.path.join(here, file), register


def take(tally, program, name, path, register):
    code, r = program.take(register, path, name)
    what = "import of %s/%s" % (name, os.path.basename(path))
    if not tally.check(code == 0 and r.get("committed"), what, r.get("message", r)):
        return
    tally.equal((r["refused"], r["doubtful"], r["changed"]), (0, 0, 0), what + ", refused, doubtful, changed")
    tally.equal(r["written"], r["new"], what + ", written")
    if name not in REPEATS:
        tally.equal(r["same"], 0, what + ", same")


def take_again(tally, program, name, path, register):
    _, before = program.json("count", register)
    code, r = program.take(register, path, name)
    what = "second import of %s/%s" % (name, os.path.basename(path))
    if tally.check(code == 0 and "rows" in r, what, r):
        tally.equal((r["same"], r["new"], r["changed"], r["written"], r["refused"]), (r["rows"], 0, 0, 0, 0), what)
        _, after = program.json("count", register)
        tally.equal(after.get("total"), before.get("total"), what + ", records")


def same_number(given, wanted, slack="0"):
    try:
        return abs(Decimal(str(given)) - Decimal(str(wanted))) <= Decimal(slack)
    except InvalidOperation:
        return False


def answered(program, question):
    words = shlex.split(question)
    if "--class" in words:
        at = words.index("--class")
        words[at:at + 2] = ["--filter", "class=" + words[at + 1]]
    code, answer = program.json(*words)
    if code != 0:
        return {"failed": answer}
    interval = answer.get("interval") or {}
    return {"n": answer.get("total"), "value": answer.get("value"), "num": answer.get("num"),
            "den": answer.get("den"), "low": interval.get("low"), "high": interval.get("high")}


def differences(given, wanted):
    """What of the wanted answer the program says otherwise."""
    wrong = []
    for name, value in wanted.items():
        if name == "set":
            continue
        other = given.get(name)
        if value is None:
            good = other is None
        elif name in ("low", "high"):  # two decimals from a short formula in binary arithmetic
            good = same_number(other, value, "0.0051")
        else:
            good = same_number(other, value)
        if not good:
            wrong.append("%s %s, wanted %s" % (name, other, value))
    return wrong


def main():
    if len(sys.argv) not in (4, 5) or not os.path.isdir(sys.argv[2]):
        sys.exit(__doc__)
    tally = Tally()
    folder, work = sys.argv[2:4]
    db = os.environ.get("ZH_DB")
    program = Program(sys.argv[1], os.path.join(work, "data"), db)
    alone = Program(sys.argv[1], os.path.join(work, "alone"))
    for name, path, register in files_of(folder, LAYOUTS):
        take(tally, program, name, path, register)
    for name, path, register in () if db else files_of(folder, ALONE):
        take(tally, alone, name, path, register)
    computed = json.loads(subprocess.run([sys.executable, "-B", os.path.join(EXPECTED, "compute.py"), folder],
                                         stdout=subprocess.PIPE, check=True).stdout)
    asked = {}
    for question in computed:
        words = question.split(" [")[0]
        if words.split()[0] in ("indicator", "count") and not (db and " [" in question):
            asked[question] = alone if " [" in question else program, words
    # The stated values and the long run ask every question; else half of them, others every time.
    if not os.environ.get("ZH_PUBLISHED") and os.environ.get("ZH_LONG") != "1":
        seed = int(os.environ.get("ZH_SEED") or random.randrange(1 << 30))
        print("seed", seed)
        picked = set(random.Random(seed).sample(sorted(asked), (len(asked) + 1) // 2))
        asked = {question: one for question, one in asked.items() if question in picked}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = dict(zip(asked, pool.map(lambda one: answered(*one), asked.values())))
    for question, answer in answers.items():
        wrong = differences(answer, computed[question])
        tally.check(not wrong, question, answer.get("failed") or "; ".join(wrong))
    if os.environ.get("ZH_PUBLISHED"):
        with open(os.path.join(EXPECTED, "published.json"), encoding="utf-8") as file:
            for question, wanted in json.load(file).items():
                answer = answers.get(question)
                tally.check(answer is None or all(agrees(v, str(answer[n])) for n, v in wanted.items()),
                            "stated value of " + question, "%s, wanted %s" % (answer, wanted))
    for name, path, register in files_of(folder, LAYOUTS) if len(sys.argv) == 5 else ():
        take_again(tally, program, name, path, register)
    tally.finish()


if __name__ == "__main__":
    main()
