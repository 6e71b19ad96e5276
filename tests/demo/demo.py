#!/usr/bin/env python3
"""The demo as a newcomer runs it: demo.py PART PROGRAM WORK

PART whole: the data built in, by a program that was copied away from its tree; the summary against
  answers recomputed from packs/demo/data and against the values stated for these data; a second run.
PART altered: an altered copy (ZH_SEED) gives the altered answers, also when the run was killed.
PART refused: directories and databases that hold something else; other data; other addresses.
PART served: the finished demo of PART whole is served, and ends when asked.
PART postgres: the first tour in the database ZH_DB, with fewer cities.
PART provenance: every data file with its digest, licence and mention.
"""
import base64
import gzip
import hashlib
import html
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXPECTED = os.path.join(ROOT, "tests", "fixture", "expected")
DATA = os.path.join(ROOT, "packs", "demo", "data")
DOCUMENTS = ("board", "study")  # what the board and the studies say, not data
sys.path[:0] = [HERE, EXPECTED, os.path.join(ROOT, "tests", "data")]
from agree import agrees  # noqa: E402
from answers import abolished, answers, division_names, exact, question  # noqa: E402
from program import Program, Tally  # noqa: E402

TOURS = ("report", "bench")
SECONDS_FIRST, SECONDS_AGAIN = 50, 10
# Values stated for the public data that published.json of tests/fixture/expected has not.
STATED = {
    ("food_nonconforming_rate_national", "餐饮食品"): "5.9",
    ("food_nonconforming_rate_national", "蔬菜制品"): "4.5",
    ("chicago_fail_rate", "2012-08"): "25.8",
    ("chicago_fail_rate", "2013-11"): "14.3",
}


def demo(program, tour, *more):
    begun = time.monotonic()
    code, out, err = program.run("demo", "--no-serve", "--tour", tour, "--json", *more)
    try:
        document = json.loads(out)
    except ValueError:
        document = {}
    return code, document, err, time.monotonic() - begun


def asked(item):
    period = item["period"] if item["first"] else None
    return question(item["indicator"], item["region"], period, item["filter"] or None, item["where"] or None,
                    item["by"] or None)


def same_figure(tally, item, wanted, what):
    """wanted None: there is nothing to count, and the summary says so instead of 0."""
    if wanted is None or wanted.get("value") is None:
        tally.check(item["value"] is None and item["status"] in ("no_data", "no_denominator"), what, item["value"])
        return
    wrong = [name for name in ("value", "num", "den")
             if name in wanted and (item[name] is None or float(item[name]) != float(wanted[name]))]
    interval = item.get("interval") or {}
    wrong += [name for name in ("low", "high")
              if name in wanted and abs(interval.get(name, -1) - float(wanted[name])) > 0.0051]
    tally.check(not wrong, what, "%s, wanted %s" % ({n: item.get(n) for n in ("value", "num", "den")}, wanted))


def same_top(tally, items, wanted, what):
    """The largest, or the smallest when the list of questions asks for one of them only."""
    by_label = {item["key"]: item for item in items}
    order = sorted((exact(a) for a in wanted.values()), reverse=True)
    given = []
    for item in items:
        answer = wanted.get(item["key"]) or wanted.get(item["key_label"])
        if tally.check(answer is not None, "%s: %s" % (what, item["key"]), "not in the data"):
            same_figure(tally, item, answer, "%s: %s" % (what, item["key"]))
            given.append(exact(answer))
    tally.check(given in (order[:len(given)], order[::-1][:len(given)]) and len(by_label) == len(items), what, given)


def same_list(tally, item, folder):
    """Abolished codes: those of the map that the list of divisions has not, each with a successor
    that it has."""
    names = division_names(os.path.join(DATA, "cn-admin-divisions"))
    gone = abolished(os.path.join(folder, "cn-geo-hubei-hunan-anhui"), os.path.join(DATA, "cn-admin-divisions"))
    given = {}
    for line in item["lines"]:
        code, name, arrow, rest = line.split(" ", 3)
        given[code] = name
        for successor in rest.split("、"):
            new, label = successor.split(" ", 1)
            tally.check(arrow == "→" and names.get(new) == label, "successor of %s %s" % (code, name), successor)
    tally.equal(list(given), sorted(gone), "abolished codes")
    for code, name in gone.items():
        if code != "340203":  # the map gave 弋江区 a code that was 三山区's neighbour, and no other name
            tally.equal(given.get(code), name, "name of %s" % code)


def compare(tally, document, expected, folder):
    """Every line of the summary has an independent answer."""
    tops = {}
    for item in document["summary"]:
        tally.check(item["source"]["licence"] and item["source"]["publisher"] and item["period"],
                    "source and period of " + item["title"], item["source"])
        if "lines" in item:
            same_list(tally, item, folder)
        elif item["key"]:
            tops.setdefault((item["title"], asked(item)), []).append(item)
        else:
            same_figure(tally, item, expected.get(asked(item)), "%s: %s" % (item["title"], asked(item)))
    for (title, text), items in tops.items():
        if tally.check(text in expected, title + ": " + text, "no independent answer"):
            same_top(tally, items, expected[text], title)


def stated(tally, document):
    with open(os.path.join(EXPECTED, "published.json"), encoding="utf-8") as file:
        published = {q.replace("--class H13", "--filter class=H13"): a for q, a in json.load(file).items()}
    seen = 0
    for item in document["summary"]:
        if "lines" in item:
            continue
        wanted = STATED.get((item["indicator"], item["key_label"]))
        if wanted:
            seen += 1
            tally.check(agrees(wanted, item["value"]), "stated value of " + item["key_label"], item["value"])
        for name, value in published.get(asked(item), {}).items():
            seen += 1
            given = item["interval"][name] if name in ("low", "high") else item[name]
            tally.check(agrees(value, "%.2f" % given if isinstance(given, float) else str(given)),
                        "stated %s of %s" % (name, asked(item)), given)
    return seen


# What the report states of the summary's figures; everything else of it is questions of its own.
REPORTED = {"food_rate_quarter", "food_nonconforming_rate_national", "food_nonconforming_rate", "food_rate_national_half",
            "food_failure_offsite_share", "air_pm25_over75", "water_good_share", "rasff_from_china", "food_failure_lots"}


def texts_of_report(data, folder="report", lang=""):
    """The report as text, from both of its files."""
    base = os.path.join(data, folder, "food-environment" + lang)
    with open(base + ".html", encoding="utf-8") as file:
        texts = {"html": html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<style>.*?</style>", "", file.read(), flags=re.S)))}
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-layout", base + ".pdf", "-"], stdout=subprocess.PIPE, check=False)
        texts["pdf"] = done.stdout.decode("utf-8")
    else:
        print("skipped: pdftotext is not installed")
    return texts


def in_english(tally, data, document):
    """The same figures in the English report, and no word of ours left in Chinese."""
    for kind, text in texts_of_report(data, lang=".en").items():
        for item in document["summary"]:
            if "lines" in item or item["indicator"] not in REPORTED or item["where"] or item["value"] is None:
                continue
            whole_part, _, rest = str(item["value"]).partition(".")
            wanted = "{:,}".format(int(whole_part)) + ("." + rest if rest else "")
            tally.check(wanted in text, "%s of %s in the English %s" % (wanted, asked(item), kind))
        left = [w for w in ("来源", "截至", "期间", "未报", "样本不足", "区间", "目录", "累计", "示意图", "提问", "批次") if w in text]
        tally.check("Uncommon shares" in text and "Another basis" in text and not left, "words of the English " + kind, left)


def reported(tally, data, document):
    """The figures of the summary, which have independent answers, stand in both files of the report."""
    if not tally.check(os.path.exists(os.path.join(data, "report", "food-environment.pdf")), "the report is there"):
        return
    texts = texts_of_report(data)
    seen = 0
    for item in document["summary"]:
        if "lines" in item or item["indicator"] not in REPORTED or item["where"]:
            continue
        if item["value"] is None:
            wanted = "未报"
        else:
            whole_part, _, rest = str(item["value"]).partition(".")
            wanted = "{:,}".format(int(whole_part)) + ("." + rest if rest else "")
        for kind, text in texts.items():
            seen += 1
            tally.check(wanted in text, "%s of %s in the report's %s" % (wanted, asked(item), kind))
    tally.check(seen >= 20, "figures looked for in the report", seen)
    in_english(tally, data, document)
    for kind, text in texts.items():
        tally.check("占比异常" in text and "风险升高" not in text and "口径不同" in text and "示意图" in text,
                    "words of the report's " + kind)


def twice(tally, program, data):
    """The same records give the same bytes."""
    other = os.path.join(os.path.dirname(data), "again")
    code, _, err = program.run("report", "--out", other)
    tally.equal(code, 0, "the report again: " + err)
    code, _, err = program.run("report", "--lang", "en", "--out", other)
    tally.equal(code, 0, "the English report again: " + err)
    names = ["food-environment%s.%s" % (lang, kind) for lang in ("", ".en") for kind in ("html", "pdf", "json")]
    for name in names:
        with open(os.path.join(data, "report", name), "rb") as one, open(os.path.join(other, name), "rb") as two:
            tally.check(one.read() == two.read(), name + " is the same again")
    code, _, err = program.run("report", "--as-of", "1", "--out", other)
    tally.equal(code, 0, "the report of an empty ledger: " + err)
    tally.check("数据未到" in texts_of_report(other, "")["html"], "it says that no data have come")
    begin = "id: x\ntitle: x\nask: {q: {figure: org_code_valid_rate}}\nbody:\n  - say: '%s'\n"
    for rule, text in (("report.say", begin % "{q.colour}"), ("report.say", begin % "{nobody}"), ("report.say", begin % "{q"),
                       ("report.id", "id: ../x\nask: {}\n"), ("report.indicator", "id: x\nask: {q: {figure: nothing}}\n"),
                       ("report.ask", "id: x\nask: {q: {}}\n"), ("report.body", begin % "a" + "  - shout: b\n"),
                       ("report.figure", begin % "a" + "  - {figure: pie, title: t, of: q}\n"),
                       ("report.table", begin % "a" + "  - {table: heap, title: t}\n")):
        bad = os.path.join(other, "bad.yaml")
        with open(bad, "w", encoding="utf-8") as file:
            file.write(text)
        code, _, err = program.run("report", "--document", bad, "--out", other)
        tally.check(code == 1 and rule in err and "bad.yaml:" in err, "a declaration that breaks " + rule, err)


def position(program):
    _, answer = program.json("indicator", "org_code_valid_rate")
    return answer.get("log_size")


def whole(tally, program, work):
    """A program by itself in an empty folder, with no tree around it."""
    alone = os.path.join(work, "alone")
    os.makedirs(alone, exist_ok=True)
    shutil.copy(program, alone)
    here = Program(os.path.join(alone, "zhiheng"), os.path.join(alone, "data"))
    expected = answers(DATA)
    seen = 0
    for tour in TOURS:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, document, err, seconds = demo(here, tour)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        print("%s: %.1f s, %.1f s of processor" % (tour, seconds, cpu))
        if not tally.check(code == 0 and document, "demo of tour " + tour, err):
            continue
        tally.check(cpu < SECONDS_FIRST, "processor time of tour " + tour, cpu)
        lines = [line for line in err.splitlines() if line.startswith("[")]
        tally.check(lines and all(re.search(r"100%", line) for line in lines), "a line of progress a step", lines)
        compare(tally, document, expected, DATA)
        seen += stated(tally, document)
        if tour == "report":
            reported(tally, os.path.join(alone, "data"), document)
            twice(tally, here, os.path.join(alone, "data"))
        at = position(here)
        code, again, err, seconds = demo(here, tour)
        print("%s again: %.1f s" % (tour, seconds))
        tally.check(seconds < SECONDS_AGAIN, "second run of tour " + tour, seconds)
        tally.equal((code, position(here)), (0, at), "second run of tour %s writes nothing" % tour)
        tally.equal([(i.get("value"), i.get("lines")) for i in again.get("summary", [])],
                    [(i.get("value"), i.get("lines")) for i in document["summary"]], "second summary of " + tour)
    tally.check(seen >= 40, "stated values in the summaries", seen)
    laid_out = {os.path.relpath(os.path.join(d, f), os.path.join(alone, "data", "demo"))
                for d, _, names in os.walk(os.path.join(alone, "data", "demo")) for f in names}
    there = {os.path.relpath(os.path.join(d, f), DATA) for d, _, names in os.walk(DATA) for f in names}
    declared = {name for name in there if name.split(os.sep)[0] in DOCUMENTS}
    tally.equal(laid_out, there - {"summary.csv", "report.yaml"} - declared, "files laid out")


def killed(program, tour, source, rng):
    """Starts the demo and kills it; False when it had ended by itself."""
    args = [program.path, "demo", "--no-serve", "--tour", tour, "--source", source, *program.where]
    process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=rng.uniform(0.3, 4.0))
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def linked(folder):
    """The data sets without what stands beside them."""
    for name in sorted(os.listdir(DATA)):
        if os.path.isdir(os.path.join(DATA, name)):
            os.makedirs(os.path.join(folder, name))
            for file in sorted(os.listdir(os.path.join(DATA, name))):
                if file not in ("SOURCE.json", "LICENSE"):
                    os.symlink(os.path.join(DATA, name, file), os.path.join(folder, name, file))
    return folder


def altered(tally, program, work):
    seed = os.environ.get("ZH_SEED") or str(random.SystemRandom().randrange(1 << 30))
    print("seed %s" % seed)
    rng = random.Random(seed)
    copy = os.path.join(work, "copy")
    raw = linked(os.path.join(work, "raw"))
    subprocess.run([sys.executable, "-B", os.path.join(EXPECTED, "alter.py"), raw, copy, seed],
                   stdout=subprocess.DEVNULL, check=True)
    shutil.copytree(os.path.join(DATA, "food-class-map"), os.path.join(copy, "food-class-map"), dirs_exist_ok=True)
    here = Program(program, os.path.join(work, "altered"))
    expected = answers(copy)
    kills = 0
    for tour in TOURS:
        for _ in range(3 if tour == "report" else 1):
            kills += killed(here, tour, copy, rng)
        code, document, err, _ = demo(here, tour, "--source", copy)
        if tally.check(code == 0 and document, "altered copy, tour " + tour, err):
            compare(tally, document, expected, copy)
            if tour == "report":
                reported(tally, os.path.join(work, "altered"), document)
    tally.check(kills > 0, "runs killed", kills)
    print("%d runs killed" % kills)
    for register in ("air_city_day", "rasff_notification", "food_failure", "division_entry", "map_unit"):
        tally.equal(here.total(register), expected["count " + register]["n"], "records of %s after kills" % register)
    code, _, err, _ = demo(here, "report")
    tally.check(code == 2 and "demo.other_data" in err, "other data for the same directory", err)


def refused(tally, program, work):
    foreign = os.path.join(work, "foreign")
    os.makedirs(foreign)
    with open(os.path.join(foreign, "thesis.doc"), "w", encoding="utf-8") as file:
        file.write("x")
    code, _, err, _ = demo(Program(program, foreign), "report")
    tally.check(code == 2 and "thesis.doc" in err, "a directory with something else", err)
    tally.equal(os.listdir(foreign), ["thesis.doc"], "it is left alone")
    used = Program(program, os.path.join(work, "used"))
    used.take("org_code", os.path.join(DATA, "cn-uscc", "uscc_real.txt"), "cn-uscc")
    code, _, err, _ = demo(used, "report")
    tally.check(code == 2 and "demo.records" in err and "org_code" in err, "a database with records", err)
    tally.equal(used.total("org_code"), 1016, "its records stay")
    empty = Program(program, os.path.join(work, "empty"))
    code, _, err, _ = demo(empty, "report", "--source", os.path.join(work, "nowhere"))
    tally.check(code == 2 and "cli.source" in err, "a source that is not there", err)
    code, _, err, _ = demo(empty, "report", "--source", foreign)
    tally.check(code == 1 and "cn-admin-divisions" in err, "a source without the sets", err)
    code, _, err, _ = demo(empty, "grand")
    tally.check(code == 2 and "report|bench" in err, "an unknown tour", err)
    fresh = os.path.join(work, "fresh")
    code, _, err = Program(program, fresh).run("demo", "--listen", "0.0.0.0:8086")
    tally.check(code == 2 and "serve.loopback" in err, "an address that is not of this machine", err)
    tally.check(not os.path.exists(fresh), "nothing was made for it")


def fetch(address, path, **more):
    """Status, headers and body; a redirect is not followed."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args):
            return None
    request = urllib.request.Request(address.rstrip("/") + path, **more)
    request.add_header("Accept", "text/html")
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


def pages(tally, address):
    """Reports and maps as a browser asks for them."""
    status, _, body = fetch(address, "/report")
    text = body.decode("utf-8")
    tally.check(status == 200 and "/reports/food-environment.pdf" in text, "list of reports", status)
    status, headers, body = fetch(address, "/reports/food-environment.html")
    style = re.search(rb"<style>(.*?)</style>", body, re.S)
    digest = base64.b64encode(hashlib.sha256(style.group(1)).digest()).decode("ascii") if style else ""
    policy = headers.get("Content-Security-Policy", "")
    tally.check(status == 200 and digest and "'sha256-%s'" % digest in policy and "script" not in policy, "a report as HTML", policy)
    status, headers, body = fetch(address, "/reports/food-environment.pdf")
    tally.check(status == 200 and headers["Content-Type"] == "application/pdf" and body.startswith(b"%PDF"), "a report as PDF", status)
    for path in ("/reports/..%2Fzhiheng.db", "/reports/none.html", "/reports/food-environment.json"):
        tally.equal(fetch(address, path)[0], 404, path)
    status, headers, _ = fetch(address, "/reports", data=b"", method="POST")
    tally.check(status == 303 and headers["Location"] == "/report", "building it again", status)
    status, _, _ = fetch(address, "/reports", data=b"", method="POST", headers={"Sec-Fetch-Site": "cross-site"})
    tally.equal(status, 403, "building it from another site")
    for view in ("tiles", "areas"):
        status, _, body = fetch(address, "/map?indicator=air_pm25_mean&period=2015&view=" + view)
        text = body.decode("utf-8")
        tally.check(status == 200 and "70.21" in text and "/indicators/air_pm25_mean?region=421000&amp;period=2015" in text
                    and "35 个未报" in text, "map of " + view, status)
    tally.check("示意图" in text, "the map says that it is a sketch")
    status, _, body = fetch(address, "/map?indicator=%3Cscript%3E")
    tally.check(status == 404 and b"<script>" not in body, "a hostile name", status)
    tally.equal(fetch(address, "/map?view=globe")[0], 422, "an unknown view")


def served(tally, program, work):
    where = ["--data", os.path.join(work, "alone", "data"), "--listen", "127.0.0.1:0"]
    with subprocess.Popen([program, "demo", *where], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        address = None
        for line in process.stdout:
            found = re.search(r"http://[0-9.]+:[0-9]+/", line.decode("utf-8"))
            if found:
                address = found.group()
                break
        if tally.check(address, "the address is printed"):
            with urllib.request.urlopen(address + "health", timeout=10) as answer:
                tally.equal(answer.status, 200, "the demo is served")
            pages(tally, address)
        process.send_signal(signal.SIGTERM)
        tally.equal(process.wait(timeout=20), 0, "it ends when asked")


def postgres(tally, program, work):
    source = linked(os.path.join(work, "source"))
    days = os.path.join(source, "cn-pm25-city-daily", "pm25_daily_2014_2015.csv.gz")
    with gzip.open(days, "rt", encoding="utf-8", newline="") as file:
        lines = file.readlines()
    os.unlink(days)
    with open(days[:-3], "w", encoding="utf-8", newline="") as file:
        file.writelines(lines[:1] + [line for line in lines if re.search("Wuhan|Hefei|Changsha", line)])
    here = Program(program, os.path.join(work, "data"), os.environ["ZH_DB"])
    expected = answers(source)
    for _ in range(2):
        code, document, err, seconds = demo(here, "report", "--source", source)
        print("postgres: %.1f s" % seconds)
        if tally.check(code == 0 and document, "demo on PostgreSQL", err):
            compare(tally, document, expected, source)


def provenance(tally, program, work):
    del program, work
    with open(os.path.join(ROOT, "packs", "NOTICE.md"), encoding="utf-8") as file:
        notice = file.read()
    with open(os.path.join(ROOT, "NOTICE"), encoding="utf-8") as file:
        short = file.read()
    shared = os.path.join(os.environ.get("ZH_SHARED", os.path.join(ROOT, "..", "shared")), "data")
    total = 0
    for name in sorted(os.listdir(DATA)):
        folder = os.path.join(DATA, name)
        if not os.path.isdir(folder) or name in DOCUMENTS:
            continue
        with open(os.path.join(folder, "SOURCE.json"), encoding="utf-8") as file:
            origin = json.load(file)
        tally.equal(origin["set"], name, "name of " + name)
        tally.check("`%s`" % name in notice and name in short, name + " in NOTICE and packs/NOTICE.md")
        letter = origin["licence"]["letter"]
        tally.check(re.fullmatch("[AGF](/[AGF])?", letter) and "| %s |" % letter in notice
                    and origin["licence"]["terms"], "licence of " + name, origin["licence"])
        tally.check(re.fullmatch(r"\d{4}-\d{2}-\d{2}", origin["retrieved"]), "retrieval date of " + name)
        listed = {file["name"]: file for file in origin["files"]}
        tally.equal(set(os.listdir(folder)) - {"SOURCE.json", "LICENSE"}, set(listed), "files of " + name)
        for file, facts in listed.items():
            with open(os.path.join(folder, file), "rb") as handle:
                content = handle.read()
            total += len(content)
            tally.equal((len(content), hashlib.sha256(content).hexdigest()), (facts["bytes"], facts["sha256"]),
                        "%s/%s" % (name, file))
            original = os.path.join(shared, name, file)
            if os.path.exists(original):
                with open(original, "rb") as handle:
                    tally.check(handle.read() == content, "%s/%s is the original" % (name, file))
    tally.check(total < 12 << 20, "size of the data", total)


def main():
    parts = {part.__name__: part for part in (whole, altered, refused, served, postgres, provenance)}
    if len(sys.argv) != 4 or sys.argv[1] not in parts:
        sys.exit(__doc__)
    tally = Tally()
    os.makedirs(sys.argv[3], exist_ok=True)
    parts[sys.argv[1]](tally, os.path.abspath(sys.argv[2]), sys.argv[3])
    tally.finish()


if __name__ == "__main__":
    main()
