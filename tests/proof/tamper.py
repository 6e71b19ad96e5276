"""Changes what a log hands out, one place at a time, and sees that zhiheng-verify finds it.

   tamper.py VERIFY SAMPLE WORK LONG

Prints the seed, what was accepted, and "N passed, N failed"."""
import json
import os
import random
import re
import shutil
import subprocess
import sys

VERIFY, SAMPLE, WORK, LONG = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "1"
POLICY = f"{SAMPLE}/policy"
passed = failed = 0
seed = random.randrange(2**32)
print("seed", seed)
random.seed(seed)


def refused(what, *paths, rule=None, args=("--policy", POLICY), code=1):
    """Exit 1, a Chinese message with its rule, nothing about sanitizers or crashes."""
    global passed, failed
    run = subprocess.run([VERIFY, *args, *paths], capture_output=True, text=True)
    if run.returncode == code and "REFUTED" in run.stdout and (rule is None or f"[{rule}]" in run.stdout):
        passed += 1
    else:
        failed += 1
        print(f"FAILED: {what}: exit {run.returncode}, wanted rule {rule}")
        print("    " + (run.stdout + run.stderr).replace("\n", "\n    "))


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)


def flip(data, at):
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1:]


def other_digit(text, at, digits):
    return text[:at] + random.choice([d for d in digits if d != text[at]]) + text[at + 1:]


# ---- proofs and disclosures ----
proof = open(f"{SAMPLE}/0.tlog-proof", encoding="utf-8").read()
lines = proof.split("\n")
B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
for number, line in enumerate(lines):
    if not line:
        continue
    at = random.randrange(len(line) - 2)
    changed = other_digit(line, at, "0123456789" if line.isdigit() else B64)
    write(f"{WORK}/p", "\n".join(lines[:number] + [changed] + lines[number + 1:]).encode())
    # The first line makes it another kind of file, the first byte of a name another key.
    refused(f"proof line {number}: {changed[:40]}", f"{SAMPLE}/0.json", f"{WORK}/p") \
        if number > 0 else None
for number in range(len(lines) - 1):
    write(f"{WORK}/p", "\n".join(lines[:number] + lines[number + 1:]).encode())
    if number > 0:
        refused(f"proof without line {number}", f"{SAMPLE}/0.json", f"{WORK}/p")

text = open(f"{SAMPLE}/both.json", encoding="utf-8").read()
places = [(m.start(1), m.end(1), "0123456789abcdef") for m in re.finditer(r'"([0-9a-f]{64,})"', text)]
places += [(m.start(1), m.end(1), "0123456789") for m in re.finditer(r'"index": ?(\d+)', text)]
places += [(m.start(1), m.end(1), "abcxyz") for m in re.finditer(r'"(?:name|type)": ?"(\w+)"', text)]
places += [(m.start(1), m.end(1), "0123456789") for m in re.finditer(r'"value": ?"([0-9.]+)"', text)]
for start, end, digits in places:
    at = random.randrange(start, end)
    write(f"{WORK}/d.json", other_digit(text, at, digits).encode())
    refused(f"disclosure at {at}: {text[max(0, at - 20):at + 20]!r}", f"{WORK}/d.json")
write(f"{WORK}/d.json", text.replace("合格", "不合格", 1).encode())
refused("another verdict", f"{WORK}/d.json", rule="record.disclosure.mismatch")

# ---- figures ----
figure = json.load(open(f"{SAMPLE}/sample.figure.json", encoding="utf-8"))


def changed_figure(what, rule, change):
    copy = json.loads(json.dumps(figure))
    change(copy)
    write(f"{WORK}/f.json", json.dumps(copy, ensure_ascii=False).encode())
    refused(f"figure: {what}", f"{WORK}/f.json", rule=rule)


def field(copy, name):
    return next(f for f in copy["fields"] if f["name"] == name)


def set_field(name, value):
    return lambda c: field(c, name).__setitem__("value", value)


def lines_of(name, edit):
    def change(copy):
        rows = copy[name].split("\n")[:-1]
        edit(rows)
        copy[name] = "".join(row + "\n" for row in rows)
    return change


changed_figure("value", "record.disclosure.mismatch", set_field("value", "99.99"))
changed_figure("numerator", "record.disclosure.mismatch", set_field("numerator", "1"))
changed_figure("checkpoint", "record.disclosure.mismatch", set_field("checkpoint_size", "1"))
changed_figure("a field left out", "opening.fields", lambda c: c["fields"].remove(field(c, "detail_root")))
changed_figure("a line less", "opening.root", lines_of("detail", lambda r: r.pop(10)))
changed_figure("a line twice", "opening.line", lines_of("detail", lambda r: r.insert(10, r[10])))
changed_figure("a contribution", "opening.root",
               lines_of("detail", lambda r: r.__setitem__(5, r[5].replace(" 1 1", " 0 1").replace(" 0 1", " 1 1") if " 0 1" in r[5] else r[5].replace(" 1 1", " 0 1"))))
changed_figure("order", "opening.line", lines_of("detail", lambda r: r.reverse()))
changed_figure("an index beyond", "opening.line", lines_of("detail", lambda r: r.append("999 1 1")))
changed_figure("not a number", "opening.line", lines_of("detail", lambda r: r.__setitem__(0, "0 x 1")))
changed_figure("a bad sample left out", "opening.root", lines_of("frame", lambda r: r.pop(4)))
changed_figure("an exclusion without reason", "opening.line",
               lines_of("frame", lambda r: r.__setitem__(4, "4 -")))
changed_figure("another reason", "opening.root", lines_of("frame", lambda r: r.__setitem__(4, "4 - 其他")))
changed_figure("included in the frame only", "opening.root",
               lines_of("frame", lambda r: r.__setitem__(4, "4 +")))
changed_figure("no newline at the end", "opening.line", lambda c: c.__setitem__("detail", c["detail"][:-1]))
changed_figure("another record's entry", "tree.inclusion.mismatch",
               lambda c: c["records"][0].__setitem__("entry", c["records"][1]["entry"]))
changed_figure("a record's field", "record.disclosure.mismatch",
               lambda c: c["records"][2]["fields"][0].__setitem__("value", "9"))
changed_figure("a record's path", "tree.inclusion.mismatch", lambda c: c["records"][0]["path"].pop())
changed_figure("records out of order", "opening.records", lambda c: c["records"].reverse())
changed_figure("no proof", "opening.format", lambda c: c.pop("proof"))
changed_figure("the entry of a record for the figure's", None,
               lambda c: c.__setitem__("entry", c["records"][0]["entry"]))

# ---- logs ----
pub = f"{SAMPLE}/pub"


def changed_log(what, rule, change, **more):
    shutil.rmtree(f"{WORK}/log", ignore_errors=True)
    shutil.copytree(pub, f"{WORK}/log")
    change(f"{WORK}/log")
    refused(f"log: {what}", f"{WORK}/log", rule=rule, **more)


def edit_file(name, edit):
    def change(folder):
        data = open(f"{folder}/{name}", "rb").read()
        write(f"{folder}/{name}", edit(data))
    return change


def swap_entries(data):
    return data[58:116] + data[:58] + data[116:]


def without_entry(data):
    return data[58:]


bundle = "tile/entries/000"
for kind in ("tile/0/000", "tile/0/001", "tile/0/002.p/189", "tile/1/000.p/2"):
    size = os.path.getsize(f"{pub}/{kind}")
    for _ in range(20 if LONG else 4):
        at = random.randrange(size)
        changed_log(f"{kind} byte {at}", "log.tile", edit_file(kind, lambda d: flip(d, at)))
for _ in range(200 if LONG else 20):
    at = random.randrange(58 * 256)
    changed_log(f"{bundle} byte {at}", None, edit_file(bundle, lambda d: flip(d, at)))
changed_log("an edited entry", "log.root", edit_file(bundle, lambda d: flip(d, 40)))
changed_log("reordered entries", "log.root", edit_file(bundle, swap_entries))
changed_log("a deleted entry", "tile.bytes", edit_file(bundle, without_entry))
changed_log("a torn bundle", "tile.bytes", edit_file(bundle, lambda d: d[:-7]))
changed_log("swapped tiles", "log.tile", lambda f: (os.rename(f"{f}/tile/0/000", f"{f}/x"),
                                                    os.rename(f"{f}/tile/0/001", f"{f}/tile/0/000"),
                                                    os.rename(f"{f}/x", f"{f}/tile/0/001")))
changed_log("swapped bundles", None, lambda f: (os.rename(f"{f}/tile/entries/000", f"{f}/x"),
                                               os.rename(f"{f}/tile/entries/001", f"{f}/tile/entries/000"),
                                               os.rename(f"{f}/x", f"{f}/tile/entries/001")))


def notes(data):
    return [n for n in re.split("(?<=\n)(?=ledger)", data.decode()) if n]


key = ("--key", "@" + f"{SAMPLE}/log.key")
changed_log("history out of order", "log.history",
            edit_file("checkpoints", lambda d: "".join(reversed(notes(d))).encode()), args=key)
# An older checkpoint in the place of the newest: the history knows better.
changed_log("replayed checkpoint", "log.history",
            lambda f: write(f"{f}/checkpoint", notes(open(f"{f}/checkpoints", "rb").read())[3].encode()),
            args=key)
changed_log("a checkpoint of another log in the history", "policy.log",
            edit_file("checkpoints", lambda d: d + open(f"{SAMPLE}/gm/checkpoint", "rb").read()), args=key)
changed_log("a changed size in the history", "note.signature",
            edit_file("checkpoints", lambda d: d.replace(b"\n62\n", b"\n63\n", 1)))
changed_log("a cosignature less", "policy.quorum",
            edit_file("checkpoint", lambda d: re.sub("— witness.*\n", "", d.decode()).encode()))
gm = f"{SAMPLE}/gm"
shutil.copytree(gm, f"{WORK}/gm")
write(f"{WORK}/gm/{bundle}", swap_entries(open(f"{gm}/{bundle}", "rb").read()))
refused("twin: reordered", pub, "--twin", f"{WORK}/gm", rule="log.root",
        args=(*key, "--key", f"@{SAMPLE}/gm.key"))
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
