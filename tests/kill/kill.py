#!/usr/bin/env python3
"""kill -9 at random instants: kill.py PROGRAM WRITES WORK KILLS

Half of the kills fall on an import that is started again until it is done, half on form-like single
writes (tests/load/writes.c). After every kill of an import the records that exist are whole batches;
at its end count, sum and figure equal those of an import nobody disturbed, every record has one
version, and the same file again finds everything the same. The checker of the writes replays the
client's log. `verify` recounts everything. On SQLite and, with ZH_TEST_PG_URL, on PostgreSQL. The
seed is printed; ZH_SEED repeats it.
"""
import os
import random
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "data"))
from program import Program, Tally  # noqa: E402

PACK = os.path.join(HERE, "..", "fixture", "kill")
ROWS, THREADS = 16000, 2
with open(os.path.join(HERE, "..", "..", "src", "core", "intake", "intake.h"), encoding="utf-8") as header:
    BATCH = int(re.search(r"ZH_INTAKE_BATCH +\(\(size_t\)(\d+)\)", header.read()).group(1))


def write_file(path, rng):
    """Rows of which some come twice and some are refused; what is right is counted beside."""
    total, kept, marks = 0, 0, 0
    with open(path, "w", encoding="utf-8") as file:
        file.write("编号,地点,日期,金额,备注,标记\n")
        for i in range(ROWS):
            cents = rng.randrange(10000000)
            place = rng.choice(["东", "south", "西", "north"])
            good = rng.random() >= 0.01
            mark = ";".join("m%d" % k for k in range(rng.randrange(3)))
            line = "N-%06d,%s,2026-%02d-%02d,%d.%02d,%s,%s\n" % (
                i, place if good else "中", rng.randint(1, 12), rng.randint(1, 28), cents // 100, cents % 100,
                "备注" * rng.randrange(5), mark)
            file.write(line)
            if good:
                kept, total, marks = kept + 1, total + cents, marks + mark.count("m")
                if rng.random() < 0.01:
                    file.write(line)
    return {"records": kept, "total": "%d.%02d" % (total // 100, total % 100), "marks": marks}


def killed(command, seconds):
    """Runs and kills; True when it was still at work."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    said = process.stderr.read().decode("utf-8", "replace")
    process.wait()
    return process.returncode == -signal.SIGKILL, process.returncode, said


class Side:
    """One database: where it is, and what was found there."""

    def __init__(self, tally, paths, name, url):
        self.tally, self.name, self.url = tally, name, url
        self.program_path, self.writes, self.work = paths
        self.rounds = 0

    def fresh(self):
        self.rounds += 1
        folder = os.path.join(self.work, "%s-%d" % (self.name, self.rounds))
        os.mkdir(folder)
        db = self.url % self.rounds if "%d" in self.url else "sqlite:%s/x.db" % folder
        return Program(self.program_path, folder, db, PACK), db, folder

    def figures(self, program):
        _, answer = program.json("indicator", "entry_total")
        return {"records": program.total("entry"), "total": answer.get("value"), "log": answer.get("log_size")}

    def verify(self, program, what):
        code, out, said = program.run("verify")
        self.tally.check(code == 0, "verify " + what, (out + said)[-600:])

    def undisturbed(self, path, wanted):
        program, _, _ = self.fresh()
        begun = time.monotonic()
        code, result = program.take("entry", path, "book", "--commit", "clean")
        seconds = time.monotonic() - begun
        figures = self.figures(program)
        self.tally.equal((code, result.get("written"), figures["records"], figures["total"]),
                         (0, wanted["records"], wanted["records"], wanted["total"]), self.name + ", undisturbed")
        self.verify(program, self.name + ", undisturbed")
        return figures, seconds

    def imports(self, rng, path, wanted, figures, seconds, kills):
        done = 0
        while done < kills:
            program, db, folder = self.fresh()
            command = [program.path, "import", "entry", path, "--recipe", "book", "--commit", "clean", *program.where]
            finished, before = False, 0
            while not finished and done < kills + 20:
                hit, code, said = killed(command, rng.uniform(0.02, max(0.3, seconds)))
                what = "%s, import, kill %d" % (self.name, done)
                if not hit:
                    finished = self.tally.check(code == 0, what + ", a run that was let go", said[-400:])
                    if not finished:
                        break
                    continue
                done += 1
                count = program.total("entry")
                _, jobs = program.json("job")
                jobs = jobs if isinstance(jobs, list) else []  # a kill behind the end of one begins another
                written = sum((job["result"] or {"written": 0})["written"] for job in jobs)
                # the last batch is what is left; the job is done one transaction later
                whole = count == wanted["records"] or all(
                    job["cursor"] % BATCH == 0 or job["state"] == "done" for job in jobs)
                self.tally.check(before <= count == written and whole, what + ": before, records, written, whole batches",
                                 (before, count, written, whole))
                before = count
                if rng.random() < 0.2:
                    self.verify(program, what)
            code, result = program.take("entry", path, "book", "--commit", "clean")
            self.tally.equal((code, result.get("new"), result.get("changed"), result.get("written")), (0, 0, 0, 0),
                             self.name + ", the file again")
            self.tally.equal(self.figures(program), figures, self.name + ", figures of a killed import")
            self.verify(program, self.name + ", killed import")

    def singles(self, rng, kills):
        program, db, folder = self.fresh()
        log = os.path.join(folder, "log")
        program.run("verify")  # makes the tables: a kill there is not what is tried here
        for i in range(kills):
            command = [self.writes, "write", db, PACK, log, "%s%d" % (self.name[0], i)]
            hit, code, said = killed(command, rng.uniform(0.05, 0.6))
            self.tally.check(hit, "%s, single writes end by being killed only" % self.name, "%d %s" % (code, said[-300:]))
            if i % 5 == 4:
                self.verify(program, "%s, single writes, kill %d" % (self.name, i))
        checked = subprocess.run([self.writes, "check", db, PACK, log, str(kills * THREADS)], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT).stdout.decode("utf-8", "replace").strip().split("\n")
        words = checked[-1].split()
        if self.tally.check(len(words) == 4 and words[1] == "passed,", self.name + ", checker", checked[-5:]):
            # Thousands of versions count as one pass, each that is wrong as a failure.
            self.tally.check(int(words[0]) > kills, self.name + ", acknowledged writes", words)
            self.tally.failed += int(words[2])
            print("\n".join(checked[:-1][:20]) if words[2] != "0" else "%s: %s acknowledged versions present after %d kills"
                  % (self.name, words[0], kills))
        self.verify(program, self.name + ", single writes")


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    tally = Tally()
    paths, kills = sys.argv[1:4], int(sys.argv[4])
    seed = int(os.environ.get("ZH_SEED") or time.time_ns() % 1000000007)
    print("seed %d" % seed)
    rng = random.Random(seed)
    path = os.path.join(sys.argv[3], "book.csv")
    wanted = write_file(path, rng)
    sides = [Side(tally, paths, "sqlite", "sqlite:")]
    url = os.environ.get("ZH_TEST_PG_URL")
    if url:
        mark = "&" if "?" in url else "?"
        sides.append(Side(tally, paths, "postgres", "%s%sschema=zt_kill_%d_%%d" % (url.replace("%", "%%"), mark, os.getpid())))
    else:
        print("skipped: PostgreSQL, no ZH_TEST_PG_URL")
    for side in sides:
        figures, seconds = side.undisturbed(path, wanted)
        side.imports(rng, path, wanted, figures, seconds, kills // (2 * len(sides)))
        side.singles(rng, kills // (2 * len(sides)))
    tally.finish()


if __name__ == "__main__":
    main()
