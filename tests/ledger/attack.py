#!/usr/bin/env python3
"""Attacks on the ledger, each detected: attack.py PROGRAM WORK

Somebody with full access to the files changes rows, versions, the log or a whole side. `verify` must name the record,
and what signs (`ledger checkpoint`, `serve`) must refuse where going on would contradict what was signed. Every attack
begins with a sound copy. Files are changed in place, as somebody on the machine would.
"""
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "data"))
from program import Program, Tally  # noqa: E402

PACK = os.path.join(HERE, "..", "fixture", "kill")
ROWS, ENTRY, TILE = 700, 56, 256
HEAD = "编号,地点,日期,金额,备注,标记\n"


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD)
        for number, amount in rows:
            file.write("N-%04d,east,2026-01-02,%d.00,备注,m\n" % (number, amount))


class World:
    """A data directory, its database, its log; and what they held at some moment."""

    def __init__(self, program, folder):
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(self.data, "log")
        self.program = Program(program, self.data, None, PACK)

    def take(self, path):
        return self.program.take("entry", path, "book", "--commit", "clean")

    def sql(self, text, *values):
        base = sqlite3.connect(os.path.join(self.data, "zhiheng.db"))
        rows = base.execute(text, values).fetchall()
        base.commit()
        base.close()
        return rows

    def keep(self, *parts):
        """Bytes of every file of a part: "zhiheng.db" (with its WAL) or "log"."""
        kept = {}
        for part in parts:
            top = os.path.join(self.data, part)
            paths = [os.path.join(at, name) for at, _, names in os.walk(top) for name in names]
            for path in paths or [top + end for end in ("", "-wal", "-shm")]:
                if os.path.exists(path):
                    with open(path, "rb") as file:
                        kept[path] = file.read()
        return kept

    def put_back(self, kept, *parts):
        """In place: the files keep their inodes; what was not there goes."""
        for path in self.keep(*parts):
            if path not in kept:
                os.unlink(path)
        for path, content in kept.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "r+b" if os.path.exists(path) else "w+b") as file:
                file.truncate(0)
                file.write(content)

    def tile(self, name):
        """A tile or bundle, full or the newest partial one."""
        path = os.path.join(self.log, "pub", "tile", name)
        if os.path.exists(path):
            return path
        widths = sorted(int(width) for width in os.listdir(path + ".p"))
        return os.path.join(path + ".p", str(widths[-1]))

    def change(self, path, at, content):
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(content)


class Attacks:
    def __init__(self, tally, program, work):
        self.tally, self.path, self.work, self.count = tally, program, work, 0

    def world(self):
        self.count += 1
        folder = os.path.join(self.work, "w%d" % self.count)
        os.mkdir(folder)
        w = World(self.path, folder)
        rows = os.path.join(folder, "rows.csv")
        write_rows(rows, [(i, i) for i in range(ROWS)])
        w.take(rows)
        write_rows(rows, [(i, i + 1) for i in range(5)])
        w.take(rows)
        w.program.run("ledger", "checkpoint")
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "a sound ledger", out + said)
        return w

    def sequel(self, w, first):
        rows = os.path.join(w.data, "..", "more.csv")
        write_rows(rows, [(i, 7) for i in range(first, first + 20)])
        code, answer = w.take(rows)
        self.tally.equal((code, answer.get("written")), (0, 20), "further rows")
        w.program.run("ledger", "checkpoint")

    def found(self, w, what, *names):
        code, out, said = w.program.run("verify")
        self.tally.check(code == 1 and all(name in out for name in names), "verify: " + what,
                         "exit %d, wanted %r in: %s" % (code, names, (out + said)[:1500]))
        return out

    def refused(self, w, what, rule, write=True):
        """Nothing is signed and the server does not start."""
        if write:
            code, out, said = w.program.run("ledger", "checkpoint")
            self.tally.check(code != 0 and rule in said, "ledger checkpoint refuses: " + what, (code, out, said))
        serve = subprocess.run([w.program.path, "serve", "--listen", "127.0.0.1:0", *w.program.where],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        said = serve.stdout.decode("utf-8", "replace")
        self.tally.check(serve.returncode != 0 and rule in said and "备份" in said, "serve refuses: " + what,
                         (serve.returncode, said[-600:]))

    def ident(self, w, number):
        return w.sql("SELECT office, id FROM r_entry WHERE no = ?", "N-%04d" % number)[0]

    def name(self, w, number):
        return "entry/%d/%d" % self.ident(w, number)

    # ---- the database ----

    def edited_row(self):
        w = self.world()
        name = self.name(w, 12)
        w.sql("UPDATE r_entry SET note = 'x' WHERE no = 'N-0012'")
        self.found(w, "edited row", name)

    def edited_version(self):
        w = self.world()
        name = self.name(w, 2)
        w.sql("UPDATE r_entry_h SET note = 'x' WHERE no = 'N-0002' AND version = 1")
        self.found(w, "edited version", name, "第 1 版")

    def edited_everywhere(self):
        """Row, version, salt kept, entry in the outbox made anew: only the log still knows."""
        w = self.world()
        name = self.name(w, 2)
        (office, batch, entries), = w.sql("SELECT office, batch, entries FROM zh_outbox ORDER BY pos LIMIT 1")
        changed = bytearray(entries)
        changed[2 * ENTRY + 30] ^= 1
        w.sql("UPDATE zh_outbox SET entries = ? WHERE office = ? AND batch = ?", bytes(changed), office, batch)
        self.found(w, "edited outbox", "存证日志", name)
        self.refused(w, "edited outbox", "ledger.root", write=False)

    def waiting_rows(self, w):
        """Rows that were accepted while nobody could sign: they wait in the outbox."""
        keys = os.path.join(w.log, "keys")
        key, = [name for name in os.listdir(keys) if name.endswith(".key")]
        os.chmod(os.path.join(keys, key), 0o640)
        rows = os.path.join(w.data, "..", "waiting.csv")
        write_rows(rows, [(i, 7) for i in range(3000, 3020)])
        w.take(rows)
        os.chmod(os.path.join(keys, key), 0o600)
        (waiting,), = w.sql("SELECT COALESCE(SUM(n), 0) FROM zh_outbox WHERE pos IS NULL")
        self.tally.equal(waiting, 20, "rows that wait to be sealed")

    def large(self):
        """A log that is recomputed while the server answers already: it seals what waits when it is sound; when an entry in
        the middle was changed the server ends as if it had not started, and nothing has been sealed on top of the change."""
        w = self.world()
        w.sql("INSERT INTO zh_setting (office, name, value) VALUES (0, 'ledger.start_entries', '10')")
        self.waiting_rows(w)
        serve, url = self.serving(w)
        until, size = time.time() + 60, 0
        while size < ROWS + 25 and time.time() < until:
            with urllib.request.urlopen(url + "/health") as answer:
                size = json.load(answer)["log_size"]
            time.sleep(0.05)
        serve.terminate()
        self.tally.equal((serve.wait(60), size), (0, ROWS + 25), "a sound large log is sealed on")
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "verify after it", out + said)
        w = self.world()
        w.sql("INSERT INTO zh_setting (office, name, value) VALUES (0, 'ledger.start_entries', '10')")
        self.waiting_rows(w)
        (office, batch, entries), = w.sql("SELECT office, batch, entries FROM zh_outbox WHERE pos <= 300 "
                                          "ORDER BY pos DESC LIMIT 1")
        changed = bytearray(entries)
        changed[30] ^= 1
        w.sql("UPDATE zh_outbox SET entries = ? WHERE office = ? AND batch = ?", bytes(changed), office, batch)
        before = w.keep(os.path.join("log", "pub"))
        self.refused(w, "large log changed in the middle", "ledger.root", write=False)
        self.tally.check(w.keep(os.path.join("log", "pub")) == before, "nothing was sealed after the change")
        (waiting,), = w.sql("SELECT COALESCE(SUM(n), 0) FROM zh_outbox WHERE pos IS NULL")
        self.tally.equal(waiting, 20, "what waited still waits")

    def deleted_row(self):
        w = self.world()
        name = self.name(w, 33)
        office, record = self.ident(w, 33)
        for table in ("r_entry", "r_entry_h", "r_entry_g"):
            w.sql("DELETE FROM %s WHERE office = ? AND id = ?" % table, office, record)
        for table in ("r_entry__marks", "r_entry__marks_h"):
            w.sql("DELETE FROM %s WHERE office = ? AND parent = ?" % table, office, record)
        self.found(w, "deleted row", name, "没有对应的版本")

    def deleted_outbox(self):
        w = self.world()
        w.sql("DELETE FROM zh_outbox WHERE pos = (SELECT MAX(pos) FROM zh_outbox)")
        self.found(w, "deleted batch", "发件箱里没有日志的这一条", "entry/")
        self.refused(w, "deleted batch", "ledger.", write=False)

    # ---- the log ----

    def reordered_log(self):
        w = self.world()
        bundle = w.tile("entries/000")
        with open(bundle, "rb") as file:
            content = file.read()
        one, two = content[:2 + ENTRY], content[2 + ENTRY:2 * (2 + ENTRY)]
        w.change(bundle, 0, two + one)
        order = [struct.unpack(">Q", entry[2 + 14:2 + 22])[0] for entry in (one, two)]
        self.found(w, "reordered log", *("/%d" % record for record in order), "第 0 条", "第 1 条", "重算的根")

    def swapped_tile(self):
        w = self.world()
        with open(w.tile("0/000"), "rb") as file:
            first = file.read()
        path = w.tile("0/001")
        w.change(path, 0, first)
        self.found(w, "swapped tile", "tile/0/001", "第 256 条", "entry/")

    def removed_tile(self):
        w = self.world()
        shutil.rmtree(os.path.join(w.log, "pub", "tile", "entries"))
        self.found(w, "removed bundles", "tile/entries/000", "entry/")

    def replayed_checkpoint(self):
        w = self.world()
        path = os.path.join(w.log, "pub", "checkpoint")
        with open(path, "rb") as file:
            old = file.read()
        self.sequel(w, 1000)
        w.change(path, 0, old)
        os.truncate(path, len(old))
        self.found(w, "replayed checkpoint", "检查点被换成了旧的", "entry/")
        self.refused(w, "replayed checkpoint", "ledger.rollback", write=False)

    def forged_checkpoint(self):
        w = self.world()
        path = os.path.join(w.log, "pub", "checkpoint")
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
        lines[1] = b"%d" % (int(lines[1]) - 1)
        with open(path, "r+b") as file:
            file.truncate(0)
            file.write(b"\n".join(lines))
        self.found(w, "forged checkpoint", "存证日志")

    def torn_wal(self):
        w = self.world()
        before = w.keep("log")
        wal = os.path.join(w.log, "wal")
        with open(wal, "ab") as file:
            file.write(os.urandom(77))
        code, out, said = w.program.run("ledger", "checkpoint")
        self.sequel(w, 1000)
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "a torn tail of the WAL is cut off", out + said)
        w.put_back(before, "log")
        self.found(w, "log older than the database", "entry/")
        self.refused(w, "log older than the database", "ledger.rollback", write=False)
        w = self.world()
        size = os.path.getsize(os.path.join(w.log, "wal"))
        os.truncate(os.path.join(w.log, "wal"), size - 10)
        self.sequel_refused(w, "signed entries cut off the WAL")

    def sequel_refused(self, w, what):
        rows = os.path.join(w.data, "..", "more.csv")
        write_rows(rows, [(i, 7) for i in range(1000, 1020)])
        w.take(rows)
        self.refused(w, what, "ledger.rollback")

    # ---- whole sides ----

    def old_database(self):
        w = self.world()
        before = w.keep("zhiheng.db")
        self.sequel(w, 1000)
        w.put_back(before, "zhiheng.db")
        self.found(w, "old database, new log", "数据库是旧的")
        self.refused(w, "old database, new log", "ledger.rollback", write=False)
        rows = os.path.join(w.data, "..", "other.csv")
        write_rows(rows, [(i, 9) for i in range(2000, 2020)])
        w.take(rows)
        self.refused(w, "old database with other rows, new log", "ledger.rollback")

    def old_log(self):
        w = self.world()
        before = w.keep("log")
        self.sequel(w, 1000)
        w.put_back(before, "log")
        self.found(w, "new database, old log", "日志只签到", "entry/")
        self.refused(w, "new database, old log", "ledger.rollback", write=False)
        code, out, said = w.program.run("ledger", "adopt")
        self.tally.check(code == 0 and "/e2" in out, "adopt begins another epoch", (out, said))
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "verify after adopt", out + said)

    def lost_log(self):
        w = self.world()
        shutil.rmtree(w.log)
        self.found(w, "the log is gone", "存证日志")
        self.refused(w, "the log is gone", "ledger.lost", write=False)

    def foreign_log(self):
        one, two = self.world(), self.world()
        shutil.rmtree(one.log)
        shutil.move(two.log, one.log)
        self.found(one, "the log of another database", "纪元")
        self.refused(one, "the log of another database", "ledger.foreign", write=False)

    def copied(self):
        w = self.world()
        folder = os.path.join(self.work, "copy")
        shutil.copytree(w.data, os.path.join(folder, "data"))
        copy = World(self.path, folder)
        code, out, said = copy.program.run("verify")
        self.tally.check(code == 0, "a copy can be verified", out + said)
        rows = os.path.join(folder, "more.csv")
        write_rows(rows, [(i, 7) for i in range(1000, 1020)])
        before = copy.sql("SELECT COUNT(*) FROM zh_outbox")
        code, out, said = copy.program.run("import", "entry", rows, "--recipe", "book", "--commit", "clean")
        self.tally.check(code == 2 and "ledger.copied" in said and "ledger adopt" in said, "a copy takes nothing in, and says what to do", (code, out, said))
        self.tally.equal(copy.sql("SELECT COUNT(*) FROM zh_outbox"), before, "rows of a copy")
        code, out, said = copy.program.run("ledger", "checkpoint")
        self.tally.check(code != 0 and "ledger.copied" in said, "a copy signs nothing", (out, said))
        code, out, said = copy.program.run("ledger", "adopt")
        self.tally.check(code == 0 and "/e2" in out, "a copy is another log", (out, said))
        copy.take(rows)
        code, first, _ = w.program.run("ledger", "checkpoint")
        code, second, _ = copy.program.run("ledger", "checkpoint")
        self.tally.check(first.split("\n")[0] + "/e2" == second.split("\n")[0], "its origin differs", (first, second))

    def loose_key(self):
        w = self.world()
        keys = os.path.join(w.log, "keys")
        key, = [name for name in os.listdir(keys) if name.endswith(".key")]
        self.tally.equal(os.stat(os.path.join(keys, key)).st_mode & 0o777, 0o600, "mode of the key")
        os.chmod(os.path.join(keys, key), 0o640)
        code, out, said = w.program.run("ledger", "checkpoint")
        rows = os.path.join(w.data, "..", "more.csv")
        write_rows(rows, [(i, 7) for i in range(1000, 1020)])
        w.take(rows)
        code, out, said = w.program.run("ledger", "checkpoint")
        self.tally.check(code != 0 and "key.file.mode" in said, "a key that others can read is refused", (out, said))

    def figure(self):
        """A published number outlives corrections; its file is refuted by any change."""
        w = self.world()
        verifier = os.path.join(os.path.dirname(w.program.path), "zhiheng-verify")
        code, published = w.program.json("figure", "publish", "entry_total", "--period", "2026")
        self.tally.equal((code, published.get("value"), published.get("details")),
                         (0, "%d.00" % (sum(range(ROWS)) + 5), ROWS), "publish")
        code, again = w.program.json("figure", "publish", "entry_total", "--period", "2026")
        self.tally.equal(again.get("id"), published.get("id"), "publishing again without new records")
        code, board = w.program.json("figure", "publish", "--period", "2026", "--publication", "board")
        self.tally.check(code == 0 and board.get("indicator") == "entry_total", "the board", board)
        self.sequel(w, 1000)
        code, opened = w.program.json("figure", "open", published["id"])
        self.tally.check(code == 0 and opened.get("same") and opened.get("now") != opened.get("value"),
                         "opened after further records", opened)
        path, keys = os.path.join(w.data, "..", "n.figure.json"), os.path.join(w.log, "pub", "keys")
        code, out, said = w.program.run("figure", "export", published["id"], "--records", "3", "--field", "amount",
                                        "--out", path)
        self.tally.check(code == 0, "export", said)
        with open(path, encoding="utf-8") as file:
            text = file.read()

        def outside(content):
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
            return subprocess.run([verifier, "--policy", keys, path], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT).returncode
        self.tally.equal(outside(text), 0, "an outsider's verdict")
        for what, old, new in (("value", '"%d.00"' % (sum(range(ROWS)) + 5), '"1.00"'), ("a line", "\\n6 6 -", "\\n6 7 -"),
                               ("a record", '"amount"', '"amounT"'), ("an index", '"index": 1,', '"index": 3,')):
            self.tally.check(old in text and outside(text.replace(old, new, 1)) == 1, "refuted: " + what)

    def second_log(self):
        w = self.world()
        code, out, said = w.program.run("ledger", "init", "--gm")
        self.tally.check(code == 0 and "705 条" in out, "second log over what there is", out + said)
        self.sequel(w, 1000)
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "verify with two logs", out + said)
        self.second_proof(w)
        name = self.name(w, 2)
        (office, batch, entries), = w.sql("SELECT office, batch, entries_gm FROM zh_outbox ORDER BY pos LIMIT 1")
        changed = bytearray(entries)
        changed[2 * ENTRY + 30] ^= 1
        w.sql("UPDATE zh_outbox SET entries_gm = ? WHERE office = ? AND batch = ?", bytes(changed), office, batch)
        self.found(w, "edited entry of the second log", "国密日志", name)
        shutil.rmtree(os.path.join(w.data, "log-gm"))
        self.found(w, "the second log is gone", "国密日志", "却没有")

    def second_proof(self, w):
        """A disclosure out of the second log, checked by zhiheng-verify and by the browser's program."""
        stem = os.path.join(w.data, "..", "gm")
        code, out, said = w.program.run("ledger", "prove", "2", "--gm", "--field", "*", "--out", stem)
        self.tally.check(code == 0, "a proof of the second log", out + said)
        keys = os.path.join(w.data, "log-gm", "pub", "keys")
        files = [stem + ".disclosure.json"]
        verifier = os.path.join(os.path.dirname(os.path.abspath(self.path)), "zhiheng-verify")
        with open(files[0], encoding="utf-8") as file:
            text = file.read()
        self.tally.check('"entry": "7a686c3102' in text, "its entry is one of SM3", text[:120])
        browser = ("const fs = require('fs'), vm = require('vm'); const [script, keys, ...files] = process.argv.slice(1);"
                   "vm.runInThisContext(fs.readFileSync(script, 'utf8'));"
                   "const r = zhVerify.check(files.map((f) => fs.readFileSync(f, 'utf8')), fs.readFileSync(keys, 'utf8'), 0);"
                   "if (!r.ok) console.log(JSON.stringify(r.steps)); process.exit(r.ok ? 0 : 1)")
        script = os.path.join(HERE, "..", "..", "ui", "verify.js")

        def verdicts():
            outside = subprocess.run([verifier, "--policy", keys, *files], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            page = subprocess.run(["node", "-e", browser, script, keys, *files], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            return (outside.returncode, page.returncode), (outside.stdout + page.stdout).decode("utf-8")[:600]
        given, why = verdicts()
        self.tally.equal(given, (0, 0), "proven by both" + why)
        code, out, said = w.program.run("ledger", "verify", files[0], "--gm")
        self.tally.check(code == 0, "and by the program itself", out + said)
        for what, old, new in (("a value", '"value": "2.00"', '"value": "4.00"'), ("a name", '"name": "amount"', '"name": "amounT"'),
                               ("the entry", '"entry": "7a686c3102', '"entry": "7a686c3101')):
            changed = text.replace(old, new, 1)
            with open(files[0], "w", encoding="utf-8") as file:
                file.write(changed)
            self.tally.check(changed != text and 0 not in verdicts()[0], "refuted by both: " + what)
        with open(files[0], "w", encoding="utf-8") as file:
            file.write(text)

    def serving(self, w):
        """`serve` on a free port: the process and its address."""
        serve = subprocess.Popen([w.program.path, "serve", "--listen", "127.0.0.1:0", *w.program.where],
                                 stdout=subprocess.PIPE, stderr=open(os.path.join(w.data, "..", "serve.err"), "ab"))
        line = serve.stdout.readline().decode("utf-8")
        return serve, line[line.index("http"):].split()[0].rstrip("/")

    def rotated(self):
        """A second key beside the first, then the first retired: what either signed is proven by the published keys."""
        w = self.world()
        verifier = os.path.join(os.path.dirname(w.program.path), "zhiheng-verify")
        keys = os.path.join(w.log, "pub", "keys")

        def prove(name):
            stem = os.path.join(w.data, "..", name)
            code, out, said = w.program.run("ledger", "prove", "2", "--field", "*", "--out", stem)
            self.tally.check(code == 0, "a proof: " + name, out + said)
            return stem + ".disclosure.json"

        def accepted(path, policy, what):
            done = subprocess.run([verifier, "--policy", policy, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.tally.check(done.returncode == 0, what, done.stdout.decode("utf-8")[:400])

        def signatures():
            with open(os.path.join(w.log, "pub", "checkpoint"), encoding="utf-8") as file:
                return sum(line.startswith("\u2014 ") for line in file)

        before = prove("before")
        old = os.path.join(w.data, "..", "keys.old")
        shutil.copy(keys, old)
        code, listed, _ = w.program.run("ledger", "keys")
        first = listed.split()[0]
        code, out, said = w.program.run("ledger", "keys", "--rotate")
        self.tally.check(code == 0 and len(out.strip().split("\n")) == 2, "a second key", out + said)
        self.sequel(w, 1000)
        self.tally.equal(signatures(), 2, "both sign while they overlap")
        accepted(prove("both"), old, "during the overlap the old key suffices")
        code, out, said = w.program.run("ledger", "keys", "--retire", first)
        self.tally.check(code == 0, "the first key is retired", out + said)
        self.sequel(w, 2000)
        self.tally.equal(signatures(), 1, "only the second signs")
        accepted(prove("after"), keys, "what the second key signed")
        accepted(before, keys, "what the first key signed, with the keys that are published now")
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "verify after the rotation", out + said)

    def witnessed(self):
        """Two of three witnesses must have signed; when log and database are both put back, theirs is the only memory."""
        w = self.world()
        folder = os.path.join(w.data, "..")
        program = os.path.join(os.path.dirname(w.program.path), "zhiheng-witness")
        with open(os.path.join(w.log, "pub", "keys"), encoding="utf-8") as file:
            log = next(line for line in file if line.startswith("log "))
        running, policy = [], [log.strip()]
        for i in range(3):
            state = os.path.join(folder, "witness%d" % i)
            key = subprocess.run([program, "init", state, "--name", "w%d.example/audit" % i], stdout=subprocess.PIPE,
                                 check=True).stdout.decode("utf-8").strip()
            with open(os.path.join(state, "logs"), "w", encoding="utf-8") as file:
                file.write(log + "quorum none\n")
            url = "http://127.0.0.1:9"
            if i < 2:
                process = subprocess.Popen([program, "serve", state, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL)
                line = process.stdout.readline().decode("utf-8")
                url = line[line.index("http"):].split()[0].rstrip("/")
                running.append(process)
            code, out, said = w.program.run("ledger", "witness", "add", "w%d" % i, key, url, "--quorum", "2")
            self.tally.check(code == 0, "ledger witness add", out + said)
            policy.append("witness w%d %s" % (i, key))
        before = w.keep("zhiheng.db", "log")
        seen = os.path.join(w.log, "pub", "checkpoint.witnessed")

        def size(path):
            if not os.path.exists(path):
                return -1
            with open(path, encoding="utf-8") as file:
                return int(file.read().split("\n")[1])

        def wait(wanted):
            for _ in range(150):
                if size(seen) >= wanted:
                    return True
                time.sleep(0.1)
            return False
        serve, _ = self.serving(w)
        self.sequel(w, 1000)
        self.tally.check(wait(size(os.path.join(w.log, "pub", "checkpoint"))), "two of three witnesses signed", size(seen))
        stem = os.path.join(folder, "witnessed")
        code, out, said = w.program.run("ledger", "prove", "2", "--field", "*", "--out", stem)
        verifier = os.path.join(os.path.dirname(w.program.path), "zhiheng-verify")
        for quorum, wanted in ((2, 0), (3, 1)):
            path = os.path.join(folder, "policy%d" % quorum)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(policy + ["group all %d w0 w1 w2" % quorum, "quorum all"]) + "\n")
            done = subprocess.run([verifier, "--policy", path, stem + ".disclosure.json"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            self.tally.check(done.returncode == wanted, "an outsider who wants %d witnesses" % quorum,
                             done.stdout.decode("utf-8")[:600])
        serve.terminate()
        serve.wait(60)
        w.put_back(before, "zhiheng.db", "log")
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0, "both sides put back look sound from inside", out + said)
        serve, _ = self.serving(w)
        time.sleep(3)
        serve.terminate()
        serve.wait(60)
        with open(os.path.join(folder, "serve.err"), encoding="utf-8") as file:
            said = file.read()
        self.tally.check(size(seen) < 0 and "可能被回退过" in said, "the witnesses refuse, the service says so",
                         (size(seen), said[-600:]))
        for process in running:
            process.terminate()
            process.wait(60)

    def clock_back(self, shim):
        w = self.world()
        rows = os.path.join(w.data, "..", "more.csv")
        write_rows(rows, [(1000, 7)])
        os.environ["LD_PRELOAD"], os.environ["SHIFT_SECONDS"] = shim, "-7200"
        code, answer = w.take(rows)
        del os.environ["LD_PRELOAD"]
        self.tally.equal((code, answer.get("written")), (0, 1), "a row while the clock is back")
        w.program.run("ledger", "checkpoint")
        code, out, said = w.program.run("verify")
        self.tally.check(code == 0 and "时钟" in out and self.name(w, 1000) in out,
                         "verify tells that the clock went back", out + said)


def main():
    tally = Tally()
    attacks = Attacks(tally, sys.argv[1], sys.argv[2])
    for attack in ("edited_row", "edited_version", "edited_everywhere", "large", "deleted_row", "deleted_outbox",
                   "reordered_log", "swapped_tile", "removed_tile", "replayed_checkpoint", "forged_checkpoint",
                   "torn_wal", "old_database", "old_log", "lost_log", "foreign_log", "copied", "loose_key",
                   "second_log", "figure", "rotated", "witnessed"):
        getattr(attacks, attack)()
    attacks.clock_back(sys.argv[3])
    tally.finish()


main()
