#!/usr/bin/env python3
"""kill -9 of a sealing process: kill.py PROGRAM SEALER WORK KILLS

Every second kill falls on a numbered step of the pipeline (tests/ledger/sealer.c), the others on a random instant;
some are followed by a torn tail of the WAL. After each the next process goes on by itself; every checkpoint that
anybody was told of must be among those ever signed, with the same root, and `verify` must find everything in
agreement. On SQLite, a quarter with the second log, and, with ZH_TEST_PG_URL, on PostgreSQL. The seed is printed; ZH_SEED repeats it.
"""
import os
import random
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "data"))
from program import Program, Tally  # noqa: E402
from notes import signed  # noqa: E402

PACK = os.path.join(HERE, "..", "fixture", "kill")
STEPS = 14
CREATING = range(11, 15)


def told(path):
    """Checkpoints that were told; a torn last line was not."""
    with open(path, encoding="ascii") as file:
        lines = file.read().split("\n")
    return {int(size): root for size, root in (line.split() for line in lines[:-1])}


class Side:
    def __init__(self, tally, program, sealer, work, name, db, gm=False):
        self.gm = gm
        self.tally, self.sealer, self.name, self.db = tally, sealer, name, db
        self.program_path, self.work, self.rounds = program, work, 0
        self.fresh()

    def fresh(self):
        self.rounds += 1
        self.folder = os.path.join(self.work, "%s-%d" % (self.name, self.rounds))
        os.mkdir(self.folder)
        self.url = self.db % self.rounds if self.db else None
        self.told = os.path.join(self.folder, "told")
        self.data = os.path.join(self.folder, "data")
        open(self.told, "w").close()
        self.program = Program(self.program_path, self.data, self.url, PACK)
        self.program.run("import", "entry", os.path.join(self.work, "none.csv"))  # makes the tables
        if self.gm:
            code, out, said = self.program.run("ledger", "init", "--gm")
            self.tally.check(code == 0, self.name + ", second log", out + said)

    def one(self, rng, step, number):
        what = "%s, kill %d, step %d" % (self.name, number, step)
        command = [self.sealer, self.data, self.url or "-", PACK, self.told, str(step),
                   str(1 if step in CREATING else rng.randint(1, 8)), "%s%d" % (self.name, number)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(rng.uniform(0.02, 0.5) if step == 0 else 20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        said = process.stderr.read().decode("utf-8", "replace")
        process.wait()
        self.tally.check(process.returncode == -signal.SIGKILL, what + ": ends by being killed only",
                         "%d %s" % (process.returncode, said[-300:]))
        wal = os.path.join(self.data, "log", "wal")
        if os.path.exists(wal) and rng.random() < 0.2:
            with open(wal, "ab") as file:
                file.write(rng.randbytes(rng.randint(1, 300)))

    def agree(self, what):
        code, out, said = self.program.run("verify")
        self.tally.check(code == 0, "%s, verify after %s" % (self.name, what), (out + said)[-800:])
        history = signed(os.path.join(self.data, "log", "pub", "checkpoints"))
        lost = [size for size, root in told(self.told).items() if history.get(size) != root]
        self.tally.check(not lost, "%s, checkpoints told and kept after %s" % (self.name, what), lost[:5])

    def kills(self, rng, count):
        for number in range(count):
            step = number // 2 % STEPS + 1 if number % 2 == 0 else 0
            step = 0 if self.gm and step in CREATING else step  # init has made them already
            if step in CREATING:
                self.agree("kill %d" % number) if number > 1 else None
                self.fresh()
            self.one(rng, step, number)
            if number % 5 == 4:
                self.agree("kill %d" % number)
        self.agree("all kills")


def main():
    program, sealer, work, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    seed = int(os.environ.get("ZH_SEED", random.SystemRandom().randrange(1 << 32)))
    print("seed %d (ZH_SEED)" % seed)
    rng = random.Random(seed)
    tally = Tally()
    begun = time.monotonic()
    with open(os.path.join(work, "none.csv"), "w", encoding="utf-8") as file:
        file.write("编号,地点,日期,金额,备注,标记\n")
    url = os.environ.get("ZH_TEST_PG_URL")
    quarter = count // 4
    Side(tally, program, sealer, work, "s", None).kills(rng, count - quarter - (quarter if url else 0))
    Side(tally, program, sealer, work, "g", None, True).kills(rng, quarter)
    if url:
        mark = "&" if "?" in url else "?"
        Side(tally, program, sealer, work, "p", url + mark + "schema=zl_%d_%%d" % os.getpid()).kills(rng, quarter)
    else:
        print("skipped on PostgreSQL: ZH_TEST_PG_URL is not set")
    print("%d kills in %.0f s" % (count, time.monotonic() - begun))
    tally.finish()


main()
