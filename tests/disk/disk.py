#!/usr/bin/env python3
"""A disk that fills up: disk.py PROGRAM FOLDER, as root in a mount namespace of its own.

While it is full the program says so and what to do, keeps serving, and acknowledges nothing that it has not kept; when
there is room again it goes on by itself, and `verify` finds everything in agreement. Three ways to fill: under an
import, under submissions (one of two waits for the checkpoint), and only under the log. A fourth is PostgreSQL's disk,
with ZH_TEST_PG_URL: its server is made to answer SQLSTATE 53100, as it does when a file cannot be extended.
"""
import http.client
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "data"))
from program import Program, Tally  # noqa: E402

PACK = os.path.join(HERE, "..", "fixture", "kill")
ROWS = 12000
MEGABYTE = 1 << 20


def mount(folder, size):
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % (size >> 10), "none", folder], check=True)


class Filler:
    """A file that takes what is free but for some bytes."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "filler")

    def fill(self, leave):
        at = os.statvfs(os.path.dirname(self.path))
        left = at.f_bavail * at.f_frsize - leave
        with open(self.path, "wb") as file:
            while left > 0:
                file.write(b"x" * min(left, MEGABYTE))
                left -= MEGABYTE

    def free(self):
        os.unlink(self.path)


class Server:
    def __init__(self, program, log):
        self.log = open(log, "ab")
        self.process = subprocess.Popen([program.path, "serve", "--listen", "127.0.0.1:0", *program.where],
                                        stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode("utf-8")
        self.port = int(line.rstrip("/\n").rsplit(":", 1)[1])

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, json.dumps(body).encode() if body is not None else None,
                           {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8")
        connection.close()
        return answer.status, json.loads(text)

    def submit(self, number, wait):
        fields = {"no": number, "place": "east", "day": "2026-03-04", "amount": "1.25", "note": "备注" * 40,
                  "marks": [{"mark": "m%d" % i} for i in range(20)]}
        return self.ask("POST", "/api/v1/registers/entry", {"fields": fields}, {"Prefer": "wait=%d" % wait} if wait else {})

    def stop(self):
        self.process.terminate()
        code = self.process.wait(60)
        self.log.close()
        return code


def said_so(tally, what, text):
    tally.check("磁盘" in text or "空间" in text, what + ": says that the disk is full", text[:400])


def agree(tally, program, what):
    code, out, err = program.run("verify")
    tally.check(code == 0, what + ": verify", (out + err)[-600:])


def imports(tally, path, folder):
    mount(folder, 40 * MEGABYTE)
    program = Program(path, os.path.join(folder, "data"), None, PACK)
    rows = os.path.join(os.path.dirname(folder), "rows.csv")
    with open(rows, "w", encoding="utf-8") as file:
        file.write("编号,地点,日期,金额,备注,标记\n")
        for i in range(ROWS):
            file.write("N-%06d,east,2026-%02d-02,%d.50,%s,a;b;c\n" % (i, i % 12 + 1, i, "备注" * 20))
    code, _ = program.take("entry", rows + ".none")
    program.run("verify")  # makes the tables
    filler = Filler(folder)
    filler.fill(5 * MEGABYTE)
    code, out, err = program.run("import", "entry", rows, "--recipe", "book", "--commit", "clean")
    tally.check(code not in (0, -11, -7, -6), "an import on a full disk ends in order", "%d %s" % (code, err[-400:]))
    said_so(tally, "import", out + err)
    filler.free()  # reading needs some pages too: SQLite makes the index of its WAL
    kept = program.total("entry")
    tally.check(isinstance(kept, int) and 0 <= kept < ROWS, "what was committed is there, no more", kept)
    agree(tally, program, "import, after there is room")
    code, answer = program.take("entry", rows, "book", "--commit", "clean")
    tally.equal((code, program.total("entry")), (0, ROWS), "the same file again brings the rest")
    agree(tally, program, "import, complete")


def submissions(tally, path, folder):
    mount(folder, 24 * MEGABYTE)
    program = Program(path, os.path.join(folder, "data"), None, PACK)
    server = Server(program, os.path.join(os.path.dirname(folder), "serve.err"))
    filler = Filler(folder)
    told, refused, sealed = [], [], []
    for i in range(20):
        told.append("A-%d" % i)
        status, answer = server.submit(told[-1], 20 if i % 2 else 0)
        tally.check(status == 201 and (i % 2 == 0 or answer["sealed"]), "before", (status, answer))
    filler.fill(1 * MEGABYTE)
    for i in range(3000):
        number = "B-%d" % i
        status, answer = server.submit(number, 1 if i % 2 else 0)
        if status == 201:
            told.append(number)
            sealed.append(answer.get("sealed"))
        else:
            refused.append((status, answer))
        if len(refused) > 5:
            break
    if tally.check(len(refused) > 5, "a full disk refuses", len(told)):
        status, answer = refused[0]
        tally.check(status == 507 and answer["code"] and answer["errors"] and answer["errors"][0]["fix"],
                    "with a status, a rule and what to do", (status, answer))
        said_so(tally, "submission", json.dumps(answer, ensure_ascii=False))
    tally.equal(server.ask("GET", "/health")[0], 200, "it still serves")
    tally.equal(server.ask("GET", "/api/v1/registers/entry/" + told[0])[0], 200, "and reads")
    filler.free()
    number, status, answer = "C-0", 0, {}
    for _ in range(50):  # as soon as there is room, without a restart
        status, answer = server.submit(number, 20)
        if status == 201:
            told.append(number)
            break
        time.sleep(0.2)
    tally.check(status == 201 and answer.get("sealed"), "there is room: goes on by itself, sealed", (status, answer))
    lost = [number for number in told if server.ask("GET", "/api/v1/registers/entry/" + number)[0] != 200]
    tally.check(not lost, "nothing acknowledged is lost", lost[:5])
    tally.equal(server.ask("GET", "/api/v1/registers/entry?limit=1")[1]["total"], len(told), "and nothing else is there")
    tally.equal(server.stop(), 0, "ends in order")
    agree(tally, program, "submissions")


def ledger(tally, path, folder):
    mount(folder, 40 * MEGABYTE)
    mount(os.path.join(folder, "data", "log"), 2 * MEGABYTE)
    program = Program(path, os.path.join(folder, "data"), None, PACK)
    errors = os.path.join(os.path.dirname(folder), "ledger.err")
    server = Server(program, errors)
    filler = Filler(os.path.join(folder, "data", "log"))
    told = []
    status, answer = server.submit("L-0", 20)
    tally.check(status == 201 and answer["sealed"], "sealed while there is room", (status, answer))
    told.append("L-0")
    filler.fill(4096)
    unsealed = 0
    for i in range(1, 200):
        status, answer = server.submit("L-%d" % i, 1)
        tally.check(status == 201, "accepted though the log cannot take it", (status, answer))
        told.append("L-%d" % i)
        unsealed += not answer.get("sealed")
        if unsealed == 3:
            break
    tally.check(unsealed == 3, "and the answer says that it is not sealed", unsealed)
    time.sleep(1)
    with open(errors, encoding="utf-8") as file:
        tally.check("ledger.full" in file.read(), "the log of the service names what is full")
    filler.free()
    status, answer = server.submit("L-z", 20)
    told.append("L-z")
    tally.check(status == 201 and answer["sealed"] and answer["position"] == len(told) - 1,
                "there is room: everything is sealed in its order", (status, answer))
    tally.equal(server.ask("GET", "/api/v1/registers/entry?limit=1")[1]["total"], len(told), "all of it is there")
    tally.equal(server.stop(), 0, "ends in order")
    agree(tally, program, "log")


FULL = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON zh_outbox FOR EACH ROW EXECUTE FUNCTION full_disk()"""


def database(tally, path, folder):
    url = os.environ.get("ZH_TEST_PG_URL")
    if not url:
        print("skipped: ZH_TEST_PG_URL is not set: a full disk of PostgreSQL was not tested")
        return
    schema = "disk_%d" % os.getpid()

    def sql(text):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", "SET client_min_messages = error; " + text],
                       check=True, stdout=subprocess.DEVNULL)

    os.makedirs(folder)
    program = Program(path, os.path.join(folder, "data"), url + ("&" if "?" in url else "?") + "schema=" + schema, PACK)
    server = Server(program, os.path.join(os.path.dirname(folder), "database.err"))
    status, answer = server.submit("P-0", 20)
    tally.check(status == 201 and answer["sealed"], "PostgreSQL: sealed while there is room", (status, answer))
    sql("SET search_path TO %s; %s" % (schema, FULL))
    for wait in (0, 1):
        status, answer = server.submit("P-1", wait)
        tally.check(status == 507 and answer["errors"] and answer["errors"][0]["fix"],
                    "PostgreSQL: a full disk refuses", (status, answer))
        said_so(tally, "PostgreSQL", json.dumps(answer, ensure_ascii=False))
    tally.equal(server.ask("GET", "/api/v1/registers/entry/P-0")[0], 200, "PostgreSQL: it still reads")
    sql("SET search_path TO %s; DROP TRIGGER full_disk ON zh_outbox" % schema)
    status, answer = server.submit("P-1", 20)
    tally.check(status == 201 and answer["sealed"], "PostgreSQL: there is room: goes on by itself", (status, answer))
    tally.equal(server.ask("GET", "/api/v1/registers/entry?limit=1")[1]["total"], 2, "PostgreSQL: all of it is there")
    tally.equal(server.stop(), 0, "PostgreSQL: ends in order")
    agree(tally, program, "PostgreSQL")
    sql("DROP SCHEMA %s CASCADE" % schema)


def main():
    program, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    tally = Tally()
    imports(tally, program, os.path.join(folder, "import"))
    submissions(tally, program, os.path.join(folder, "submit"))
    ledger(tally, program, os.path.join(folder, "ledger"))
    database(tally, program, os.path.join(folder, "database"))
    tally.finish()


if __name__ == "__main__":
    main()
