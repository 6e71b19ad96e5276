"""Random clocks and histories through the program and through rules.py; both must end alike.

    compare.py REPLAY CALENDAR FOLDER CASES SEED

Writes FOLDER/packs with random declarations, runs REPLAY on random histories, prints the first
differences and "N passed, N failed". A case is one clock in one history.
"""

import random
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import rules

CLOCKS = 50
ZONE = timezone(timedelta(hours=8))
UNITS = {"hour": 400, "day": 400, "working_day": 120, "month": 40, "year": 4}
MODES = ["a", "b", "c"]


def seconds(at):
    return int(at.replace(tzinfo=ZONE).timestamp())


def random_date(rng):
    return date(2019, 11, 1) + timedelta(days=rng.randrange(2700))


def random_version(rng, last):
    v = {"from": None, "to": None, "when": None}
    if not last:
        v["from"], v["to"] = sorted((random_date(rng), random_date(rng)))
        if rng.random() < 0.3:
            v["to"] = None
        if rng.random() < 0.5:
            v["when"] = rng.choice(MODES)
    kind = rng.random()
    if kind < 0.12:
        month = rng.randrange(1, 13)
        v["fixed"] = (month, rng.randrange(1, [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] + 1))
        return v
    v["unit"] = rng.choice(list(UNITS))
    if kind < 0.4:
        v["field"] = True
    else:
        v["amount"] = rng.choice([0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90])
        v["amount"] = min(v["amount"], UNITS[v["unit"]])
    return v


def random_clock(rng, index):
    versions = [random_version(rng, i == 2) for i in range(rng.choice([1, 3]))]
    versions[-1] = random_version(rng, rng.random() < 0.9)
    clock = {"id": f"c{index}", "start": rng.choice(["since", "open"]), "versions": versions}
    if rng.random() < 0.25:
        unit = rng.choice(["hour", "day", "working_day", "month", "year"])
        clock["every"] = (rng.randrange(1, 7) if unit != "year" else 1, unit)
    if rng.random() < 0.4:
        unit = rng.choice(["day", "working_day", "month"])
        clock["extend"] = (rng.choice([1, 5, 10, 15, 30]), unit)
        clock["limit"] = rng.choice([1, 2])
    if any("fixed" in v for v in versions) and clock.get("every"):
        clock["every"] = (1, "year")
    return clock


def version_yaml(v):
    parts = []
    if v["from"]:
        parts.append(f"from: {v['from']}")
    if v["to"]:
        parts.append(f"to: {v['to']}")
    if v["when"]:
        parts.append(f"when: \"mode = '{v['when']}'\"")
    if "fixed" in v:
        parts.append("date: --%02d-%02d" % v["fixed"])
    else:
        parts.append("amount_field: amount" if v.get("field") else f"amount: {v['amount']}")
        parts.append(f"unit: {v['unit']}")
    return "{" + ", ".join(parts) + "}"


def clock_yaml(clock):
    lines = [f"      - id: {clock['id']}", f"        start: {clock['start']}", "        suspend: [halted]"]
    if "every" in clock:
        lines.append("        every: %d %s" % clock["every"])
    if "extend" in clock:
        n, unit = clock["extend"]
        lines.append(f"        extend: {{by: prolong, approve: head, limit: {clock['limit']}, amount: {n} {unit}}}")
    lines.append("        versions:")
    lines += ["          - " + version_yaml(v) for v in clock["versions"]]
    return "\n".join(lines)


PACK = """calendar: calendar.txt
registers:
  - id: matter
    version: 1.0.0
    effective: 2019-01-01
    label: 时限核对
    owner: 测试
    basis: [规则事实表]
    key: {business: [no]}
    event_time: since
    fields:
      - {id: no, label: 编号, type: string}
      - {id: since, label: 起算时间, type: datetime}
      - {id: mode, label: 情形, type: code, codes: {a: 甲, b: 乙, c: 丙}}
      - {id: amount, label: 期限, type: decimal, digits: 0}
    states:
      - {id: open, label: 在办, initial: true}
      - {id: halted, label: 停表}
    transitions:
      - {id: halt, label: 停表, from: open, to: halted, roles: [head]}
      - {id: resume, label: 恢复, from: halted, to: open, roles: [head]}
      - {id: prolong, label: 延期, from: "*", roles: [head]}
    clocks:
"""


def random_history(rng):
    since = datetime.combine(random_date(rng), datetime.min.time())
    since += timedelta(minutes=rng.choice([0, 0, rng.randrange(1440), 1439]))
    created = since + timedelta(minutes=rng.choice([0, rng.randrange(0, 5000)]))
    h = {"since": since, "created": created, "mode": rng.choice(MODES + [None]),
         "amount": rng.choice([None, 0, 1, rng.randrange(1, 41), rng.randrange(1, 5)]),
         "spans": [], "extensions": 0, "passed": rng.choice([0, 0, 1, 2, 5])}
    at, events = created, [("c", created)]
    for _ in range(rng.choice([0, 0, 1, 1, 2, 5])):
        at += timedelta(minutes=rng.choice([0, rng.randrange(0, 3000), rng.randrange(0, 60000)]))
        if rng.random() < 0.15:
            events.append(("x", at))
            h["extensions"] += 1
        begin = at
        at += timedelta(minutes=rng.choice([0, rng.randrange(0, 2000), rng.randrange(0, 40000)]))
        events += [("h", begin), ("r", at)]
        h["spans"].append((begin, at))
    if rng.random() < 0.2:
        events.append(("x", at))
        h["extensions"] += 1
    events += [("b", at)] * h["passed"]
    if rng.random() < 0.1:
        at += timedelta(minutes=rng.randrange(0, 5000))
        events.append(("h", at))
        h["spans"].append((at, None))
    h["line"] = " ".join([str(seconds(since)), h["mode"] or "-",
                          "-" if h["amount"] is None else str(h["amount"])]
                         + [f"{kind}@{seconds(when)}" for kind, when in events])
    return h


def expected(calendar, clock, h):
    trigger = h["since"] if clock["start"] == "since" else h["created"]
    extensions = min(h["extensions"], clock.get("limit", 0))
    due = rules.due(calendar, clock, trigger, h, h["spans"], extensions, h["passed"])
    return "-" if due is None else str(seconds(due))


def main():
    replay, table, folder, cases, seed = sys.argv[1:]
    rng = random.Random(int(seed))
    text = Path(table).read_text(encoding="utf-8")
    packs = Path(folder) / "packs"
    packs.mkdir(parents=True, exist_ok=True)
    clocks = [random_clock(rng, i) for i in range(CLOCKS)]
    (packs / "calendar.txt").write_text(text, encoding="utf-8")
    (packs / "matter.yaml").write_text(PACK + "\n".join(map(clock_yaml, clocks)) + "\n", encoding="utf-8")
    histories = [random_history(rng) for _ in range(-(-int(cases) // CLOCKS))]
    ran = subprocess.run([replay, str(packs)], input="\n".join(h["line"] for h in histories) + "\n",
                         capture_output=True, text=True, check=False)
    answers = ran.stdout.splitlines()
    calendar = rules.Calendar(text)
    passed, failed, unlike = 0, 0, 0
    if ran.returncode or len(answers) != len(histories):
        print(f"replay ended with {ran.returncode} after {len(answers)} lines: {ran.stdout[-300:]}{ran.stderr[-300:]}")
        print(f"0 passed, {len(histories) * CLOCKS} failed")
        return 1
    none = 0
    for h, line in zip(histories, answers):
        for clock, got in zip(clocks, line.split(" ")):
            want = expected(calendar, clock, h)
            none += want == "-"
            if got == want:
                passed += 1
                continue
            failed += 1
            if failed <= 10:
                show = lambda s: s if s == "-" else str(datetime.fromtimestamp(int(s), ZONE))[:16]
                print(f"{clock}\n  {h}\n  program {show(got)}, rules {show(want)}")
    print(f"seed {seed}: {len(clocks)} clocks, {len(histories)} histories, {none} without an end")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
