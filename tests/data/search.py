#!/usr/bin/env python3
"""Every two-character word of the GB/T 4754 names is found: search.py PROGRAM SEARCH LIST WORK

LIST is gbt4754_2017.csv (code, name, parent). Every pair of neighbouring Chinese characters of every
name is asked for; the answer must be the codes of exactly the names that contain the pair, as Python
finds them. Some of them are asked through the command line as well. ZH_DB: the database.
"""
import collections
import csv
import os
import random
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from program import Program, Tally  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PACKS = os.path.join(HERE, "..", "..", "packs")


def chinese(character):
    return "\u4e00" <= character <= "\u9fff"


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    tally = Tally()
    work, db = sys.argv[4], os.environ.get("ZH_DB")
    data = os.path.join(work, "search")
    program = Program(sys.argv[1], data, db)
    with open(sys.argv[3], encoding="utf-8", newline="") as file:
        names = {row["code"]: row["name"] for row in csv.DictReader(file)}
    code, result = program.take("industry_entry", sys.argv[3], "cn-industry-codes")
    tally.equal((code, result.get("written")), (0, len(names)), "import of the names")
    wanted = collections.defaultdict(set)
    for key, name in names.items():
        for first, second in zip(name, name[1:]):
            if chinese(first) and chinese(second):
                wanted[first + second].add(key)
    words = os.path.join(work, "words")
    with open(words, "w", encoding="utf-8") as file:
        file.write("".join(word + "\n" for word in sorted(wanted)))
    begun = time.monotonic()
    out = subprocess.run([sys.argv[2], db or "-", data, PACKS, "industry_entry", "code", words],
                         stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
    seconds = time.monotonic() - begun
    found = {line.split("\t")[0]: line.split("\t")[1].split() for line in out.splitlines()}
    wrong = [w for w in wanted if sorted(found.get(w, [])) != sorted(wanted[w])]
    tally.check(not wrong, "words that are not found as they stand in the names", len(wrong))
    for word in wrong[:20]:
        print("    %s: %s, wanted %s" % (word, found.get(word), sorted(wanted[word])))
    tally.passed += len(wanted) - len(wrong)
    tally.failed += max(0, len(wrong) - 1)
    rng = random.Random(4754)
    for word in rng.sample(sorted(wanted), 12):
        _, answer = program.json("query", "industry_entry", "--search", word, "--limit", "1000")
        given = sorted(r["fields"]["code"] for r in answer.get("records", []))
        tally.equal(given, sorted(wanted[word]), "query --search " + word)
        tally.equal(program.json("count", "industry_entry", "--search", word)[1].get("total"), len(wanted[word]),
                    "count --search " + word)
    print("%d words of two characters, %.2f ms each" % (len(wanted), 1000 * seconds / len(wanted)))
    tally.finish()


if __name__ == "__main__":
    main()
