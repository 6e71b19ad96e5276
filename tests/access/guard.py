"""What guards identity and evidence, from outside: references to what is out of sight, secrets in a
stolen database, the chain of readings, years of the calendar by two persons, administrators who must
have one-time codes.

usage: guard.py URL WORK PROGRAM DATA PACKS   see client.py. Prints what failed, then counts.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from client import ask, check, data, ids, login, packs, passphrase, program, run, run_parts, text_of, totp, work

TAKEN = {"verdict": "take"}


# ---- imports by a post of one city -----------------------------------------------------------------

def check_import(cookie, rows, header="no,place,product,note"):
    """Sends rows to be checked; the job and its state when it is over."""
    answer = ask("POST", "/import", cookie, {"register": "scoped", "cells": header + "\n" + rows})
    check(answer.status == 303, f"an import is taken: {answer.status}")
    return wait_for(cookie, re.search(r"/import/(\d+)", answer.headers["Location"]).group(1))


def wait_for(cookie, job):
    for _ in range(200):
        state = json.loads(ask("GET", f"/api/v1/jobs/{job}", cookie, html=False).text)
        if state["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    return job


def imports_within_scope():
    cookie = login("kcity")[1]  # 武汉 and below, product 01, may create and amend; sees SC-1 and SC-3
    page = ask("GET", "/import?register=scoped", cookie)
    check(page.status == 200 and 'value="scoped"' in page.text and 'value="complaint"' not in page.text, f"its registers are offered: {page.status}")
    job = check_import(cookie, "NW-1,420102,010201,新的\nNW-2,420502,010201,别市\nNW-3,420102,020101,别的产品\nSC-1,420102,010201,改过\n")
    errors = ask("GET", f"/import/{job}/errors.csv", cookie)
    lines = [line for line in errors.text.splitlines() if "permission.scope" in line]
    check(len(lines) == 2 and all("数据范围" in line and "同事" in line for line in lines), f"each row outside is named: {errors.text[-600:]}")
    check(lines and ",3,2,place," in lines[0] and ",4," in lines[1], f"and where: {lines}")
    report = ask("GET", f"/import/{job}", cookie)
    check(report.status == 200 and "按全部数据计算" in report.text, "effects on figures over everything are not told")
    # a record out of sight is answered like one that is not there
    for row in ("{},420502,010101,一", "{},420102,010201,二"):
        one, two = (check_import(cookie, row.format(key) + "\n") for key in ("SC-5", "SC-6"))
        said = [ask("GET", f"/import/{j}/errors.csv", cookie).text.replace("SC-5", "K").replace("SC-6", "K") for j in (one, two)]
        check(said[0] == said[1], f"existence of a row: {said}")
        pages = [re.sub(r"sha256[^<]*|用时 [\d.]+ 秒|[\d:-]{6,}|\s+", " ", ask("GET", f"/import/{j}", cookie).text.replace("SC-5", "K").replace("SC-6", "K")) for j in (one, two)]
        check(pages[0] == pages[1], "nor by the page: " + next((f"{a} / {b}" for a, b in zip(pages[0].split("<"), pages[1].split("<")) if a != b), "longer"))
    one, two = (check_import(cookie, f"NW-9,420102,010201,{key}\n", "no,place,product,after") for key in (HIDDEN, NOWHERE))
    said = [ask("GET", f"/import/{j}/errors.csv", cookie).text.replace(HIDDEN, "K").replace(NOWHERE, "K") for j in (one, two)]
    check(said[0] == said[1] and "登记册里没有" in said[0], f"nor by a reference: {said}")
    known = check_import(cookie, "NW-9,420102,010201,SC-1\n", "no,place,product,after")
    check("登记册里没有" not in ask("GET", f"/import/{known}/errors.csv", cookie).text, "what is seen is referred to")
    # only what lies inside is written, by the name of who imports
    done = ask("POST", f"/import/{job}/commit", cookie, {"mode": "clean"})
    check(done.status == 303, f"the rest is committed: {done.status} {text_of(done)[-300:]}")
    if done.status == 303:
        wait_for(cookie, re.search(r"/import/(\d+)", done.headers["Location"]).group(1))
    record = json.loads(ask("GET", "/api/v1/registers/scoped/NW-1", cookie, html=False).text)
    check(record.get("id") is not None, f"NW-1 is there: {record}")
    history = ask("GET", f"/registers/scoped/{record.get('id')}", cookie)
    check("kcity" in history.text, "written by its own name")
    whole = login("kall2")[1]
    check(ask("GET", "/api/v1/registers/scoped/NW-2", whole, html=False).status == 404, "what lies outside is not")
    changed = json.loads(ask("GET", "/api/v1/registers/scoped/SC-1", whole, html=False).text)
    check("改过" in json.dumps(changed, ensure_ascii=False), "what it sees is amended")
    # nobody else of the same kind sees the job; who may not create is told so
    other = login("kyichang")[1]
    for path in (f"/import/{job}", f"/import/{job}/errors.csv", f"/import/{job}/file", f"/api/v1/jobs/{job}"):
        check(ask("GET", path, other).status == 404, f"another's job: {path}")
    check(str(job) not in ask("GET", "/jobs", other).text, "nor in the list")
    closed = ask("GET", "/import?register=scoped", other)
    check(closed.status == 200 and "不能导入" in closed.text and "检验机构" in closed.text, f"why not and who can: {text_of(closed)[-300:]}")
    check(ask("POST", "/import", other, {"register": "scoped", "cells": "no,place\nX,420500\n"}).status == 403, "and the form is refused")


# ---- erasing what is personal takes two ------------------------------------------------------------

def erasing_by_two():
    officer, first, second = (login(name)[1] for name in ("kwuhan", "kprivate", "kprivate2"))
    name = "金丝雀戊"  # received yesterday: no time limit of it passes meanwhile, which would be another version
    taken = ask("POST", "/import", officer, {"register": "complaint", "cells": "source,source_no,received_at,consumer.name,consumer.phone,claim,facts,place\n"
                f"12315,E-1,{time.strftime('%Y-%m-%d', time.localtime(time.time() - 86400))} 10:00,{name},13612345678,refund,{name}说电饭锅漏电并且拒绝退货,420102\n"})
    job = wait_for(officer, re.search(r"/import/(\d+)", taken.headers["Location"]).group(1))
    done = ask("POST", f"/import/{job}/commit", officer, {"mode": "all"})
    check(done.status == 303, f"an officer of the city imports a complaint: {done.status} {text_of(done)[-300:]}")
    wait_for(officer, re.search(r"/import/(\d+)", done.headers["Location"]).group(1))
    found = json.loads(run("query", "complaint", "--where", "source_no = 'E-1'", "--json").stdout)
    record = (found["records"] if isinstance(found, dict) else found)[0]
    at = f"/registers/complaint/{record['office']}-{record['id']}" if "-" not in str(record["id"]) else f"/registers/complaint/{record['id']}"
    check(name in ask("GET", at, first).text, "a privacy officer sees whom it is about")
    check("/erase" not in ask("GET", at, officer).text and ask("GET", at + "/erase", officer).status == 403, "an officer erases nothing")
    form = {"version": "1", "reason": "本人要求，个人信息保护法第47条", "erase": "*"}
    page = ask("GET", at + "/erase", first)
    check(page.status == 200 and "提请复核" in page.text and "须两人" in page.text, "the form says that it takes two")
    check(ask("POST", at + "/erase", first, {**form, "reason": ""}, html=False).status == 422, "a reason is wanted at once")
    asked = ask("POST", at + "/erase", first, form)
    check(asked.status == 303 and name in ask("GET", at, first).text, f"asked for, nothing is gone: {asked.status}")
    check(ask("POST", at + "/erase", first, form, html=False).status == 409, "nor asked for twice")
    # a step makes another version: the request stands, for nothing that is to be erased has changed
    moved = ask("POST", at + "/transitions/accept", officer, {"version": "1"})
    check(moved.status == 303, f"meanwhile it is accepted: {moved.status} {text_of(moved)[-300:]}")
    told = ""
    for _ in range(100):
        told = ask("GET", "/notices", second).text
        if "等待第二人复核" in told:
            break
        time.sleep(0.2)
    check("等待第二人复核" in told and at in told, "the other one is told")
    check("等待第二人复核" not in ask("GET", "/notices", officer).text, "and nobody who may not confirm it")
    waits = ask("GET", at + "/erase", second)
    number = re.search(r'name="asked" value="(\d+)"', waits.text)
    check(number is not None and "kprivate" in waits.text and "第47条" in waits.text, "another reads who asks, for what and why")
    number = number.group(1) if number else "0"
    own = ask("POST", at + "/erase", first, {"asked": number, "verdict": "take"}, html=False)
    check(own.status == 403 and "pending.self" in own.text, f"not by oneself: {own.status}")
    check(ask("POST", at + "/erase", officer, {"asked": number, "verdict": "take"}, html=False).status == 403, "nor by whoever has not the right")
    both = ask("POST", at + "/erase", second, {"asked": number, "verdict": "take"})
    check(both.status == 303, f"confirmed: {both.status} {text_of(both)[-300:]}")
    after = ask("GET", at, second)
    check(name not in after.text and "13612345678" not in after.text, "it is gone")
    check("kprivate" in after.text and "kprivate2" in after.text, "and both stand in the history")
    check(ask("POST", at + "/erase", second, {"asked": number, "verdict": "take"}, html=False).status in (404, 409), "it is done once")


# ---- references ------------------------------------------------------------------------------------

SEEN, HIDDEN, NOWHERE = "SC-1", "SC-2", "SC-9"  # kproduct sees the first; the last does not exist


def same(name, a, b):
    """Two answers that differ in nothing but what was asked."""
    one, two = (text_of(answer).replace(HIDDEN, "KEY").replace(NOWHERE, "KEY") for answer in (a, b))
    check(a.status == b.status and one == two, f"{name}: {a.status} and {b.status} differ")


def existence_of_references():
    cookie = login("kproduct")[1]
    fields = {"f.no": "SC-8", "f.place": "420102", "f.product": "010201"}

    def form(key, **more):
        return ask("POST", "/registers/scoped/new", cookie, {**fields, "f.after": key, **more}, html=False)

    def api(reference):
        sent = {"fields": {"no": "SC-8", "place": "420102", "product": "010201", "after": reference}}
        return ask("POST", "/api/v1/registers/scoped", cookie, body=json.dumps(sent).encode(), kind="application/json", html=False)

    same("a form", form(HIDDEN), form(NOWHERE))
    check(form(HIDDEN).status == 422, "what is out of sight is not referred to by a form")
    page = [ask("POST", "/registers/scoped/new", cookie, {**fields, "f.after": key}) for key in (HIDDEN, NOWHERE)]
    same("a form as a page", *page)
    same("the API by key", api({"key": HIDDEN}), api({"key": NOWHERE}))
    check(api({"key": HIDDEN}).status == 422, "nor by the API")
    same("the API by text", api(HIDDEN), api(NOWHERE))
    there, none = ids["SC-2"], str(int(ids["SC-2"]) + 1)
    home = "420500"
    hidden, nowhere = (api({"office": home, "id": number}) for number in (there, none))
    check(hidden.status == nowhere.status == 422 and hidden.text.replace(there, "N") == nowhere.text.replace(none, "N"),
          f"by id it shows: {hidden.text[:200]} {nowhere.text[:200]}")
    made = api({"key": SEEN})
    check(made.status in (200, 201), f"what is seen is referred to: {made.status} {made.text[:200]}")
    record = json.loads(ask("GET", "/api/v1/registers/scoped/SC-8", cookie, html=False).text)
    path = f"/registers/scoped/{record['id']}/amend"
    change = lambda key: ask("POST", path, cookie, {"version": str(record["version"]), "reason": "改前一条", "f.after": key}, html=False)
    same("an amendment", change(HIDDEN), change(NOWHERE))
    check(change(HIDDEN).status == 422, "nor by an amendment")
    # another who sees both refers to the hidden one; the first then keeps what it cannot see
    whole = login("kall2")[1]
    changed = ask("POST", path, whole, {"version": str(record["version"]), "reason": "改前一条", "f.after": HIDDEN}, html=False)
    check(changed.status == 200, f"who sees it refers to it: {changed.status} {changed.text[:200]}")
    after = json.loads(ask("GET", "/api/v1/registers/scoped/SC-8", cookie, html=False).text)
    kept = ask("POST", path, cookie, {"version": str(after["version"]), "reason": "补说明", "f.note": "新的说明"}, html=False)
    check(kept.status == 200, f"what one cannot see stays when something else is amended: {kept.status} {kept.text[:200]}")
    # an import, whose rows are checked by the program itself
    def imported(key):
        answer = ask("POST", "/import", cookie, {"register": "scoped", "cells": f"no,place,product,after\nSC-7,420102,010201,{key}\n"})
        check(answer.status == 303, f"an import is taken: {answer.status}")
        where = answer.headers["Location"]
        job = re.search(r"/import/(\d+)", where).group(1)
        for _ in range(200):
            state = json.loads(ask("GET", f"/api/v1/jobs/{job}", cookie, html=False).text)
            if state["state"] not in ("queued", "running"):
                break
            time.sleep(0.05)
        return ask("GET", f"/import/{job}/errors.csv", cookie)
    one, two = imported(HIDDEN), imported(NOWHERE)
    check(one.status == 200 and KEYLESS(one) == KEYLESS(two) and "登记册里没有" in one.text, f"an import: {one.status} {two.status} {text_of(one)[-300:]}")
    # the palette, choices and filters
    for name, path in (("the palette", "/go/list?q={}"), ("the door of the palette", "/go?q={}"),
                       ("choices", "/registers/scoped/choices/after?q={}"), ("the search", "/api/v1/registers/scoped?search={}"),
                       ("a filter by key", "/api/v1/registers/scoped?where=no+%3D+'{}'"), ("its address", "/registers/scoped/{}"),
                       ("a filter through the reference", "/api/v1/registers/scoped?where=after.no+%3D+'{}'"),
                       ("a filter that asks others", "/api/v1/registers/scoped?where=any(scoped+where+no+%3D+'{}')"),
                       ("a count that asks others", "/registers/scoped?where=count(scoped+where+no+%3D+'{}')+%3E+0"),
                       ("a filter by the reference", "/registers/scoped?where=after+%3D+'{}'"),
                       ("a facet", "/registers/scoped?search={}&by=place"), ("a form filled in", "/registers/scoped/new?f.after={}")):
        same(name, ask("GET", path.format(HIDDEN), cookie), ask("GET", path.format(NOWHERE), cookie))

    def median(key, n=25):
        times = []
        for _ in range(n):
            begun = time.perf_counter()
            form(key)
            times.append(time.perf_counter() - begun)
        return statistics.median(times)

    a, b = median(HIDDEN), median(NOWHERE)
    check(abs(a - b) < max(0.02, 0.5 * max(a, b)), f"times of a reference: {a:.4f} s and {b:.4f} s")


def KEYLESS(answer):
    return answer.text.replace(HIDDEN, "KEY").replace(NOWHERE, "KEY")


# ---- copies of the data ----------------------------------------------------------------------------

def copied(name, *left_out):
    """The data directory while the server goes on: the log first, then the database as of one instant."""
    folder = f"{data}.{name}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(data, folder, ignore=shutil.ignore_patterns("zhiheng.db*", "uploads", *left_out))
    source, target = sqlite3.connect(data + "/zhiheng.db"), sqlite3.connect(folder + "/zhiheng.db")
    source.backup(target)
    source.close()
    target.close()
    return folder


def console(folder, *arguments):
    return subprocess.run([program, *arguments, "--data", folder, "--packs", packs], capture_output=True, text=True)


# ---- secrets in a stolen database ------------------------------------------------------------------

def stored(folder=data):
    """Every byte of the database and what stands beside it."""
    return b"".join(open(name, "rb").read() for name in glob.glob(folder + "/zhiheng.db*"))


def begin_codes(name):
    cookie = login(name)[1]
    ask("POST", "/account/totp/begin", cookie, {})
    secret = re.search(r'class="mono">([A-Z2-7]{32})<', ask("GET", "/account", cookie).text).group(1)
    done = ask("POST", "/account/totp/confirm", cookie, {"code": totp(secret)})
    return cookie, secret, re.findall(r">((?:[a-z0-9]{4}-){5}[a-z0-9]{4})<", done.text)


def key_files(folder=data):
    return sorted(glob.glob(folder + "/keys/*.secret"))


def secrets_at_rest():
    begun, secret, recovery = begin_codes("kseal")
    check(len(recovery) == 10, "codes are in use")
    check(secret.encode() not in stored(), "the secret of the codes does not stand in the database")
    hook = run("notify", "hook", "kseal", "https://example.org/hook").stdout.strip()
    check(re.fullmatch("[0-9a-f]{64}", hook) and hook.encode() not in stored(), f"nor that of a webhook: {hook[:20]}")
    made = run("account", "oidc", "https://idp.example", "client", "https://q.example", stdin="Geheimnis-des-Anbieters\n")
    check(made.returncode == 0 and b"Geheimnis-des-Anbieters" not in stored(), f"nor that of the provider {made.stderr}")
    check("https://idp.example client" in run("account", "oidc").stdout, "the provider's settings are read again")
    files = key_files()
    check(len(files) == 1 and os.stat(files[0]).st_mode & 0o777 == 0o600, f"one key file, of its owner alone: {files}")
    key = open(files[0], "rb").read().strip()
    check(key not in stored() and bytes.fromhex(key.decode()) not in stored(), "the key does not stand in the database")
    check(login("kseal", code=totp(secret, 1))[0] == 303, "a code opens the door")
    # a key that others can read is refused, recovery codes go on
    os.chmod(files[0], 0o644)
    check(login("kseal", code=totp(secret, 2))[0] == 403, "not under a key file that others can read")
    check(login("kseal", code=recovery[0])[0] == 303, "a recovery code still does")
    refused = run("account", "oidc")
    check(refused.returncode != 0 and "chmod 600" in refused.stderr, f"what to do is said: {refused.stderr}")
    os.chmod(files[0], 0o600)
    # a text moved to another account opens nothing
    work_copy = copied("moved")
    base = sqlite3.connect(work_copy + "/zhiheng.db")
    kept = base.execute("select totp from zh_account where login = 'kseal'").fetchone()[0]
    check(kept.startswith("sealed1."), "it stands sealed")
    base.execute("update zh_setting set value = ? where name = 'identity.oidc'", (kept,))
    base.commit()
    base.close()
    moved = console(work_copy, "account", "oidc")
    check(moved.returncode != 0 and "改动过" in moved.stderr, f"a sealed text opens nowhere else: {moved.stderr}")
    shutil.rmtree(work_copy)
    # another key; the old one is gone and nothing is lost
    turned = run("account", "rekey")
    check(turned.returncode == 0 and len(key_files()) == 1 and key_files() != files, f"another key: {turned.stdout}{turned.stderr}")
    time.sleep(31)
    check(login("kseal", code=totp(secret, 1))[0] == 303, "the codes go on under the new key")
    # a lost key: said, and how to go on
    away = key_files()[0]
    os.rename(away, data + "/away")
    lost = run("account", "oidc")
    check(lost.returncode != 0 and "account rekey lost" in lost.stderr, f"a lost key is named: {lost.stderr}")
    check(run("account", "rekey").returncode != 0, "without its key nothing is sealed anew")
    given = run("account", "rekey", "lost")
    check(given.returncode == 0 and login("kseal")[0] == 303, f"given up, the password alone opens: {given.stdout}{given.stderr}")
    check(run("account", "oidc").returncode != 0, "the provider has to be set again")
    check(len(key_files()) == 1, "a new key is in use")


def secrets_from_before():
    """A database from before there were keys: what stands in the clear is sealed at the next opening."""
    old = copied("old", "keys")
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    base = sqlite3.connect(old + "/zhiheng.db")
    base.execute("update zh_account set totp = ?, totp_new = ? where login = 'kflood'", (secret, secret[::-1].replace("P", "Q")))
    base.execute("insert into zh_hook (office, id, login, url, secret, created_at, ended_at) values (0, 7, 'kflood', 'https://example.org/', ?, 1, 0)", ("ab" * 32,))
    base.execute("delete from zh_setting where name = 'secrets.key'")
    base.execute("insert or replace into zh_setting (office, name, value) values (0, 'identity.oidc', ?)",
                 ('{"issuer": "https://idp.example", "client_id": "c", "secret": "altes-Geheimnis", "claim": "sub", "base": "https://q.example"}',))
    base.commit()
    base.close()
    check(secret.encode() in stored(old), "it stands in the clear")
    opened = console(old, "account", "oidc")
    check("https://idp.example c" in opened.stdout, f"the settings are read: {opened.stderr}")
    for name, clear in (("codes", secret), ("webhooks", "ab" * 32), ("the provider", "altes-Geheimnis")):
        check(clear.encode() not in stored(old), f"the secret of {name} is sealed and gone")
    shutil.rmtree(old)


# ---- the chain of readings -------------------------------------------------------------------------

ROW = ("seq", "at", "records", "emergency", "login", "post", "register", "how", "purpose", "question", "digest", "record")


def link(before, row):
    """As src/core/people/reading.c says: every value with its length before it."""
    hashed = hashlib.sha256(before.encode())
    for value in row:
        if isinstance(value, int):
            hashed.update(b"\n%d" % value)
        else:
            hashed.update(b"\n%d:" % len(value.encode()) + value.encode())
    return hashed.hexdigest()


def chain_of_readings():
    reader = login("kreader")[1]
    for n in range(205):
        ask("GET", f"/api/v1/registers/complaint?columns=consumer.name&limit=1&x={n}", reader, html=False)
    time.sleep(1.5)  # until the anchors have their places in the log

    def attacked(change=None):
        folder = copied("attacked")
        if change:
            base = sqlite3.connect(folder + "/zhiheng.db")
            change(base)
            base.commit()
            base.close()
        done = console(folder, "verify", "--json")
        shutil.rmtree(folder)
        if not done.stdout.startswith("{"):
            check(False, f"verify says {done.stderr[:300]}")
            return done.returncode, {"lines": [], "readings": 0, "differences": -1}
        return done.returncode, json.loads(done.stdout)

    code, report = attacked()
    total = report["readings"]
    check(code == 0 and report["differences"] == 0 and total > 200, f"untouched, the chain holds: {code} {report}")

    def rebuild(base, first=1):
        """What somebody does who knows how the chain is made."""
        before = ""
        for row in base.execute(f"select {', '.join(ROW)}, chain from zh_reading where office = 0 order by seq").fetchall():
            before = link(before, row[:-1])
            base.execute("update zh_reading set chain = ? where office = 0 and seq = ?", (before, row[0]))

    def swap(base):
        for a, b in ((50, -1), (51, 50), (-1, 51)):
            base.execute("update zh_reading set seq = ? where seq = ?", (b, a))
            base.execute("update zh_reading_of set seq = ? where seq = ?", (b, a))

    def cut(base, to, counter):
        base.execute("delete from zh_reading where seq > ?", (to,))
        base.execute("delete from zh_reading_of where seq > ?", (to,))
        if counter:
            base.execute("update zh_counter set next = ? where name = 'reading'", (to,))

    def edit_and_rebuild(base):
        base.execute("update zh_reading set login = 'somebody' where seq = 40")
        rebuild(base)

    attacks = (
        ("an edited reading", lambda base: base.execute("update zh_reading set login = 'somebody' where seq = 40"), "第 40 条与链不符"),
        ("an edited purpose", lambda base: base.execute("update zh_reading set purpose = '办案' where seq = 41"), "第 41 条与链不符"),
        ("an edited chain", lambda base: base.execute("update zh_reading set chain = ? where seq = 42", ("0" * 64,)), "第 42 条与链不符"),
        ("a deleted reading", lambda base: base.execute("delete from zh_reading where seq = 43"), "第 43 条没有了"),
        ("reordered readings", swap, "第 50 条与链不符"),
        ("a truncated chain", lambda base: cut(base, total - 3, False), f"第 {total - 2} 条没有了"),
        ("truncated with its counter", lambda base: cut(base, 150, True), "第 200 条账本里记着"),
        ("an inserted reading", lambda base: base.execute(
            f"insert into zh_reading (office, {', '.join(ROW)}, chain) select 0, (select max(seq) + 1 from zh_reading), at, records, emergency, "
            "'planted', post, register, how, purpose, question, digest, record, chain from zh_reading where seq = 44"), f"第 {total + 1} 条"),
        ("a chain made anew", edit_and_rebuild, "第 200 条与账本里记的链尾不同"),
        ("a value of another kind", lambda base: base.execute("update zh_reading set at = 'x' where seq = 47"), "第 47 条与链不符"),
        ("a noted record of another kind", lambda base: base.execute("update zh_reading_of set record = 'x' where seq = 48"), "第 48 条所记的"),
        ("other records noted", lambda base: base.execute("update zh_reading_of set record = record + 1 where seq = 45"), "第 45 条所记的看过哪些记录被改动过"),
        ("no records noted", lambda base: base.execute("delete from zh_reading_of where seq = 46"), "第 46 条所记的看过哪些记录被改动过"),
    )
    for name, change, told in attacks:
        code, report = attacked(change)
        lines = [line for line in report["lines"] if "阅读记录" in line]
        check(code == 1 and any(told in line for line in lines), f"{name} is named: {code} {lines[:3]}")


# ---- a year of the calendar by two persons ---------------------------------------------------------

def calendar_of_two():
    off = ["2031-01-01"] + [f"2031-10-0{n}" for n in range(1, 8)]
    first = json.dumps({"holidays": {day: "Holiday,假日,1" for day in off}, "workdays": {}})
    second = json.dumps({"year": 2031, "region": "CN", "dates": [{"date": day, "name_cn": "假日", "type": "public_holiday"} for day in off]})
    form = {"year": "2031", "first": first, "second": second}
    system, security = login("ksystem")[1], login("ksecure")[1]
    check(ask("POST", "/calendar", login("kwuhan")[1], form).status == 403, "not everybody imports a year")
    covered = lambda: "2031" in run("calendar").stdout
    asked = ask("POST", "/calendar", system, form)
    check(asked.status == 303, f"one asks: {asked.status} {asked.text[:300]}")
    path = urllib.parse.urlparse(asked.headers["Location"] or "").path
    time.sleep(2)
    check(not covered(), "nothing is in force yet")
    own = ask("POST", path + "/transitions/apply/second", system, TAKEN, html=False)
    check(own.status == 403, f"nobody confirms themselves: {own.status}")
    check("2031-10-01 off" in ask("GET", path, security).text, "the second sees the days")
    for field in ("days", "code"):
        step = ask("POST", path + "/transitions/apply", security, {"version": "1", f"f.{field}": "2031-05-05 off 假日"}, html=False)
        check(step.status in (403, 409, 422), f"nobody changes the {field} on the way: {step.status}")
    made = ask("POST", "/registers/calendar_year/new", system, {"f.code": "2032-01", "f.days": "2032-01-01 off x"}, html=False)
    check(made.status == 403, f"nobody writes days by hand: {made.status}")
    taken = ask("POST", path + "/transitions/apply/second", security, TAKEN, html=False)
    check(taken.status == 200, f"another confirms: {taken.status} {taken.text[:300]}")
    for _ in range(100):
        if covered():
            break
        time.sleep(0.1)
    check(covered(), "now it is in force")


# ---- administrators and one-time codes -------------------------------------------------------------

def behind_a_proxy():
    """Reached from beyond this machine, administrators need codes without any setting."""
    server = subprocess.Popen([program, "serve", "--data", data, "--packs", packs, "--listen", "127.0.0.1:0", "--proxy", "quality.example"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = re.search(r"http://[\d.:]+", server.stdout.readline()).group(0)

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *arguments):
                return None

        opener = urllib.request.build_opener(Stay)

        def through(path, cookie="", form=None):
            request = urllib.request.Request(url + path, data=urllib.parse.urlencode(form).encode() if form is not None else None)
            request.add_header("Host", "quality.example")
            request.add_header("Accept", "text/html")
            request.add_header("Cookie", "__Host-zh_session=" + cookie)
            try:
                with opener.open(request, timeout=30) as answer:
                    return answer.status, answer.headers, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.headers, error.read().decode()

        def enter(name):
            status, headers, _ = through("/login", form={"login": name, "password": passphrase})
            return re.search(r"zh_session=([0-9a-f]{64})", headers.get("Set-Cookie") or "").group(1)

        system, wuhan = enter("ksystem"), enter("kwuhan")
        status, headers, _ = through("/desk", system)
        check(status == 303 and headers["Location"] == "/account", f"an administrator is sent to enrol: {status} {headers['Location']}")
        check(through("/registers/setting", system)[0] == 303 and through("/readings", system)[0] == 303, "from everywhere")
        check(through("/account/keys", system, {"label": "x", "scope": "*:read", "days": "1"})[0] == 403, "and makes no key")
        status, _, page = through("/account", system)
        check(status == 200 and "/account/totp/begin" in page and "/account/keys" not in page, "there is enrolment and little else")
        check(through("/desk", wuhan)[0] == 200, "others work on")
    finally:
        server.terminate()
        server.wait(20)


def administrators_need_codes():
    security, system = login("ksecure")[1], login("ksystem")[1]
    check(ask("GET", "/registers/setting", system).status == 200, "on this machine alone nobody is asked")
    number = run("account", "key", "ksystem", "夜间", "*:read", "1").stdout.strip()
    check(ask("GET", "/api/v1/registers/setting", key=number, html=False).status == 200, "a key of an administrator reads")
    path = f"/registers/setting/{ids['codes']}"
    first = ask("POST", path + "/transitions/apply", security, {"version": "1", "f.value": "1", "f.why": "管理员都要有第二因子"}, html=False)
    check(first.status == 200, f"one asks: {first.status} {first.text[:200]}")
    second = ask("POST", path + "/transitions/apply/second", system, TAKEN, html=False)
    check(second.status == 200, f"another confirms: {second.status} {second.text[:200]}")
    for cookie in (security, system):
        there = ask("GET", "/registers/setting", cookie)
        check(there.status == 303 and there.headers["Location"] == "/account", f"in mid-session they are sent to enrol: {there.status}")
        refused = ask("GET", "/api/v1/registers/setting", cookie, html=False)
        check(refused.status == 403 and "login.enrol" in refused.text, f"the API says so: {refused.status}")
    check(ask("GET", "/api/v1/registers/setting", key=number, html=False).status == 403, "their keys wait as well")
    for method, at in (("POST", path + "/transitions/change"), ("POST", "/account/sessions/end"), ("POST", "/account/keys"),
                       ("POST", "/calendar"), ("GET", "/account/readings"), ("GET", "/go?q=x"), ("GET", "/")):
        got = ask(method, at, system, {} if method == "POST" else None, html=False)
        check(got.status == 403, f"{method} {at} waits: {got.status}")
    check(ask("GET", "/health", system).status == 200, "what is open stays open")
    cookie, secret, recovery = begin_codes("ksystem")
    check(len(recovery) == 10 and ask("GET", "/registers/setting", cookie).status == 200, "enrolled, everything is there again")
    check(ask("GET", "/registers/setting", system).status == 200, "for other sessions too")
    check(ask("GET", "/registers/setting", security).status == 303, "each for themselves")
    stopped = ask("POST", "/account/totp/stop", cookie, {"old": passphrase, "code": recovery[0]})
    check(stopped.status == 303 and ask("GET", "/registers/setting", cookie).status == 303, "who stops is sent to enrol again")
    check(ask("GET", "/registers/complaint", login("kwuhan")[1]).status == 200, "others are not asked")


run_parts((imports_within_scope, existence_of_references, secrets_at_rest, secrets_from_before, chain_of_readings, calendar_of_two, behind_a_proxy,
           administrators_need_codes, erasing_by_two))
