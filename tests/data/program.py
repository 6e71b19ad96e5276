"""The program as the tests of this folder call it, and the counting of what they find."""
import json
import os
import subprocess
import sys


class Tally:
    """Counts; the closing line is the one that ./test sums."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, what, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED: %s%s" % (what, ": %s" % (detail,) if detail != "" else ""))
        return bool(good)

    def equal(self, given, wanted, what):
        return self.check(given == wanted, what, "%r, wanted %r" % (given, wanted))

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        sys.exit(self.failed != 0)


class Program:
    """One installation: a data directory, with its own database or a given one."""

    def __init__(self, path, data, db=None, packs=None):
        self.path = os.path.abspath(path)
        self.where = ["--data", data] + (["--db", db] if db else []) + (["--packs", packs] if packs else [])

    def run(self, *args, limits=None, timeout=300):
        """(exit code, standard output, standard error)"""
        done = subprocess.run([self.path, *args, *self.where], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, preexec_fn=limits)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def json(self, *args):
        """(exit code, parsed answer); {} when it is not JSON."""
        code, out, err = self.run(*args, "--json")
        try:
            return code, json.loads(out)
        except ValueError:
            return code, {"not_json": out[:400], "stderr": err[:400]}

    def take(self, register, path, recipe="", *more):
        return self.json("import", register, path, *(["--recipe", recipe] if recipe else []), *more)

    def total(self, register, where=None):
        _, answer = self.json("count", register, *(["--where", where] if where else []))
        return answer.get("total", answer)
