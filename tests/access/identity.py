"""Identity from outside: API keys, own sessions, one-time codes, emergency rights, readings, two-person
settings; and the attackers: IDOR on every id, CSRF, session fixation, mass assignment, login flooding,
SQL through filters and sorts, a right that goes in mid-session, existence by status and by time.

usage: identity.py URL WORK PROGRAM DATA PACKS   WORK: {"password", "ids": {name: record id}} as JSON.
Prints what failed, then counts.
"""
import hashlib
import json
import re
import statistics
import time
import urllib.parse

from client import ask, check, ids, login, passphrase, run, run_parts, totp, work

def api_keys():
    wuhan = login("kwuhan")[1]
    made = ask("POST", "/account/keys", wuhan, {"label": "夜间取数", "scope": "complaint:read", "days": "30"})
    key = re.search(r"zhk_[0-9a-f]{64}", made.text)
    check(made.status == 200 and key, f"a key is made: {made.status}")
    key = key.group(0) if key else ""
    check(key not in ask("GET", "/account", wuhan).text, "a key is shown once only")
    stored = run("account", "key").stdout
    check("夜间取数" in stored and key[4:] not in stored, "the list of keys has no key")
    one = ask("GET", "/api/v1/registers/complaint", key=key, html=False)
    check(one.status == 200 and "W-1" in one.text and "Y-1" not in one.text, "a key reads what its post reads")
    check("TS-420502" not in one.text, "and not what it does not")
    other = ask("GET", "/api/v1/registers/enterprise", key=key, html=False)
    check(other.status == 200 and json.loads(other.text)["total"] == 0, "beyond its scope it reads nothing")
    check(ask("GET", "/export/complaint/csv", key=key).status == 403, "it may not export without the verb")
    step = ask("POST", f"/registers/complaint/{ids['W-1']}/transitions/accept", key=key, form={"version": "1"}, html=False)
    check(step.status in (403, 404), f"it may not act without the verb: {step.status}")
    amend = ask("POST", f"/registers/complaint/{ids['W-1']}/amend", key=key, html=False,
                form={"version": "1", "reason": "试", "f.facts": "改成别的内容看看能不能写进去"})
    check(amend.status == 403, f"it may not amend without the verb: {amend.status}")
    check(ask("GET", "/account", key=key).status == 403, "a key is not a person")
    check(ask("POST", "/account/keys", key=key, form={"label": "x", "scope": "*:read", "days": "9"}).status == 403,
          "a key makes no keys")
    check(ask("POST", "/import", key=key, form={"register": "complaint", "cells": "x"}).status in (403, 422), "nor imports")
    check(ask("GET", "/registers/complaint", key="zhk_" + "0" * 64).status in (303, 401), "a made up key")
    check(ask("GET", "/api/v1/registers", key="", headers={"Authorization": "Bearer "}, html=False).status == 401, "an empty key")
    for scope in ("", "complaint", "complaint:fly", "nosuch:read", "complaint:read;drop", "*"):
        bad = ask("POST", "/account/keys", wuhan, {"label": "坏", "scope": scope, "days": "3"})
        check(bad.status == 422, f"scope “{scope}” is refused: {bad.status}")
    for days in ("0", "367", "-1", "x"):
        bad = ask("POST", "/account/keys", wuhan, {"label": "坏", "scope": "complaint:read", "days": days})
        check(bad.status == 422, f"{days} days are refused: {bad.status}")
    number = run("account", "key", "kwuhan").stdout.split("\n")[1:]
    number = [re.match(r"\s*(\d+)", line).group(1) for line in number if re.match(r"\s*\d+", line)][0]
    yichang = login("kyichang")[1]
    check(ask("POST", "/account/keys/end", yichang, {"key": number}).status == 403, "another's key is not ended")
    check(ask("GET", "/api/v1/registers/complaint", key=key, html=False).status == 200, "it lives on")
    check(ask("POST", "/account/keys/end", wuhan, {"key": number}).status == 303, "one's own is")
    check(ask("GET", "/api/v1/registers/complaint", key=key, html=False).status == 401, "and is worth nothing")
    made = run("account", "key", "kwuhan", "批处理", "complaint:read,export", "1")
    key = made.stdout.strip()
    check(made.returncode == 0 and ask("GET", "/export/complaint/csv", key=key).status in (200, 403), "a key from the console")
    run("account", "disable", "kwuhan")
    check(ask("GET", "/api/v1/registers/complaint", key=key, html=False).status == 401, "a disabled owner, a dead key")
    run("account", "enable", "kwuhan")
    return key


def own_sessions():
    first, second = login("kwuhan")[1], login("kwuhan")[1]
    page = ask("GET", "/account", first).text
    digests = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    check(len(digests) >= 1 and second not in page, "sessions are listed by digest, not by token")
    mine = hashlib.sha256(second.encode()).hexdigest()
    check(mine in digests, "the other session is listed")
    stranger = login("kyichang")[1]
    check(ask("POST", "/account/sessions/end", stranger, {"session": mine}).status == 403, "another's session is not ended")
    check(ask("GET", "/account", second).status == 200, "it lives on")
    check(ask("POST", "/account/sessions/end", first, {"session": mine}).status == 303, "one's own is")
    check(ask("GET", "/account", second).status == 303, "and has to log in again")
    third = login("kwuhan")[1]
    ask("POST", "/account/sessions/end", third, {})
    check(ask("GET", "/account", first).status == 303 and ask("GET", "/account", third).status == 200, "all others are ended")
    # fixation: a token that was there before the login is never taken over
    status, fresh = login("kwuhan", cookie="a" * 64)
    check(status == 303 and fresh and fresh != "a" * 64, "a login makes a token of its own")
    check(ask("GET", "/account", "a" * 64).status == 303, "the planted token is worth nothing")


def one_time_codes():
    cookie = login("kcode")[1]
    check(ask("POST", "/account/totp/begin", cookie, {}).status == 303, "a secret is begun")
    page = ask("GET", "/account", cookie).text
    secret = re.search(r'class="mono">([A-Z2-7]{32})<', page)
    check(secret is not None and "<svg" in page, "it is shown with its QR code")
    secret = secret.group(1)
    check(login("kcode")[0] == 303, "not confirmed, not asked for")
    check(ask("POST", "/account/totp/confirm", cookie, {"code": "000000"}).status == 403, "a wrong code does not confirm")
    done = ask("POST", "/account/totp/confirm", cookie, {"code": totp(secret)})
    recovery = re.findall(r">((?:[a-z0-9]{4}-){5}[a-z0-9]{4})<", done.text)
    check(done.status == 200 and len(set(recovery)) == 10, "ten recovery codes")
    check(login("kcode")[0] == 403, "now a login needs a code")
    check(login("kcode", code=totp(secret))[0] == 403, "the code that confirmed is used up")
    check(login("kcode", code=totp(secret, 1))[0] == 303, "the next one fits")
    check(login("kcode", code=recovery[3])[0] == 303, "so does a recovery code")
    check(login("kcode", code=recovery[3])[0] == 403, "once")
    check("9 个没用过" in ask("GET", "/account", cookie).text, "nine are left")
    wrong = ask("POST", "/account/totp/stop", cookie, {"old": "falsch und lang", "code": recovery[0]})
    check(wrong.status in (403, 429), "to stop takes the password")
    reset = run("account", "reset", "kcode").stdout.strip()
    token = reset.split("=")[1]
    check(ask("GET", reset).status == 200, "a link for a new password")
    check(ask("POST", "/reset", form={"token": "0" * 64, "password": "ein neues langes Wort"}).status == 403, "another token")
    check(ask("POST", "/reset", form={"token": token, "password": "kurz"}).status == 422, "a short password")
    check(ask("POST", "/reset", form={"token": token, "password": "ein neues langes Wort"}).status == 303, "a good one")
    check(ask("POST", "/reset", form={"token": token, "password": "noch ein langes Wort"}).status == 403, "once")
    check(ask("GET", "/account", cookie).status == 303, "every session has ended")
    check(login("kcode", "ein neues langes Wort", recovery[5])[0] == 303, "the new password, with a code still")


def emergency_and_readings():
    wuhan = login("kwuhan")[1]
    own = f"/registers/complaint/{ids['W-1']}"
    foreign = f"/registers/complaint/{ids['Y-1']}"
    check(ask("GET", foreign, wuhan).status == 404, "a record of another city is not there")
    check(ask("POST", "/account/emergency", wuhan, {"reason": "急"}).status == 422, "an emergency needs its reason")
    check(ask("GET", foreign, wuhan).status == 404, "and without one opens nothing")
    taken = ask("POST", "/account/emergency", wuhan, {"reason": "宜昌聚餐中毒，立即要找同批次的投诉人"})
    check(taken.status == 303, f"taken: {taken.status}")
    page = ask("GET", foreign, wuhan)
    check(page.status == 200 and "金丝雀乙" in page.text and "你正持有紧急授权" in page.text, "it reads, under a banner")
    write = ask("POST", foreign + "/amend", wuhan, {"version": "1", "reason": "试着改", "f.facts": "紧急授权不能拿来改东西，试一试"}, html=False)
    check(write.status in (403, 404), f"and writes nothing: {write.status}")
    check(ask("POST", "/account/emergency", wuhan, {"reason": "再来一次，看会不会叠加起来"}).status == 409, "one at a time")
    auditor, security = login("kaudit")[1], login("ksecure")[1]
    held = ask("GET", "/registers/emergency", auditor).text
    check("宜昌聚餐中毒" in held and "宜昌聚餐中毒" in ask("GET", "/registers/emergency", security).text, "both administrators see it")
    check("金丝雀乙" not in ask("GET", foreign, auditor).text, "who see the right, not the record")
    number = re.search(r'/registers/emergency/([\d-]+)"', held).group(1)
    record = json.loads(ask("GET", f"/api/v1/registers/emergency/{number}", security, html=False).text)
    stop = ask("POST", f"/registers/emergency/{number}/transitions/stop", security, {"version": str(record["version"])}, html=False)
    check(stop.status == 200, f"the security administrator stops it: {stop.status} {stop.text[:200]}")
    check(ask("GET", foreign, wuhan).status == 404, "in mid-session it is over")
    check("你正持有紧急授权" not in ask("GET", own, wuhan).text, "and the banner is gone")
    check(ask("POST", "/account/emergency", auditor, {"reason": "审计员想看看业务数据行不行"}).status == 422, "not for administrators")
    # the readings
    log = ask("GET", "/readings", auditor)
    check(log.status == 200 and "kwuhan" in log.text and "紧急授权" in log.text, "the auditor reads who read")
    check(ask("GET", "/readings", wuhan).status == 403, "others do not")
    check("金丝雀" not in log.text, "the log names records, not persons")
    check("kwuhan" in ask("GET", "/account/readings", wuhan).text, "one sees one's own readings")
    check("链完整" in ask("GET", "/readings?check=1", auditor).text, "the chain is whole")
    check(run("account", "readings").returncode == 0, "the console says so too")
    before = run("account", "readings").stdout
    ask("GET", "/registers/complaint?columns=no,place", wuhan)
    check(run("account", "readings").stdout == before, "a list without personal columns is no reading")
    ask("GET", "/registers/complaint?columns=consumer.name", wuhan)
    check(run("account", "readings").stdout != before, "a list with them is")
    subject = login("ksubject")[1]
    mine = ask("GET", "/account/readings", subject).text
    check("还没有人看过" in mine, "nobody has read the subject's data yet")
    handler = login("khandler")[1]
    asked = ask("GET", f"/registers/person/{ids['P-1']}", handler)
    check(asked.status == 200 and "13700000001" not in asked.text and "先写明查看目的" in asked.text, "a purpose is asked for first")
    check("13700000001" not in ask("GET", "/api/v1/registers/person", handler, html=False).text, "by the API as well")
    check("13700000001" not in ask("GET", "/registers/person?columns=phone", handler).text, "in lists as well")
    purpose = urllib.parse.quote("核对专家联系方式")
    told = ask("GET", f"/registers/person/{ids['P-1']}?purpose={purpose}", handler)
    check("13700000001" in told.text, "said, it is shown")
    mine = ask("GET", "/account/readings", subject).text
    check("khandler" in mine and "核对专家联系方式" in mine, "and its subject sees who, and what for")


def settings_of_two():
    security, system = login("ksecure")[1], login("ksystem")[1]
    path = f"/registers/setting/{ids['idle']}"
    first = ask("POST", path + "/transitions/apply", security, {"version": "1", "f.value": "5", "f.why": "大厅里的公用电脑"}, html=False)
    check(first.status == 200 and '"pending": true' in first.text, f"one asks: {first.status} {first.text[:200]}")
    check("30 分钟不用" in ask("GET", "/account", security).text, "nothing is in force yet")
    own = ask("POST", path + "/transitions/apply/second", security, {"verdict": "take"}, html=False)
    check(own.status == 403, "nobody confirms themselves")
    shown = ask("GET", path, system).text
    check("大厅里的公用电脑" in shown, "the second sees what is asked for")
    second = ask("POST", path + "/transitions/apply/second", system, {"verdict": "take"}, html=False)
    check(second.status == 200, f"another confirms: {second.status} {second.text[:200]}")
    check("5 分钟不用" in ask("GET", "/account", security).text, "now it is in force")
    bad = ask("POST", path + "/transitions/change", security, {"version": "2", "f.value": "999", "f.why": "太长了不该收"}, html=False)
    check(bad.status == 422, f"a value out of range is refused when asked for: {bad.status}")
    early = ask("POST", path + "/transitions/apply", security, {"version": "2", "f.value": "9", "f.why": "状态不对"}, html=False)
    check(early.status == 422, f"a step from another state is refused when asked for: {early.status}")
    ask("POST", path + "/transitions/change", security, {"version": "2", "f.value": "9", "f.why": "再改一次"}, html=False)
    run("account", "disable", "ksecure")
    gone = ask("POST", path + "/transitions/change/second", system, {"verdict": "take"}, html=False)
    check(gone.status == 403, f"a request of one whose right is gone is not carried out: {gone.status}")
    run("account", "enable", "ksecure")


def attackers():
    wuhan, yichang = login("kwuhan")[1], login("kyichang")[1]
    # IDOR: every id of another reader's record, on every route that takes one
    for target in (ids["Y-1"], "420000-" + ids["Y-1"], "1-" + ids["Y-1"]):
        for tail in ("", "/access", "/amend", "/transitions/accept", "?version=1", "?as_of=1000000"):
            for prefix in ("/registers/complaint/", "/api/v1/registers/complaint/"):
                got = ask("GET", f"{prefix}{target}{tail}", wuhan)
                check(got.status in (404, 405) and "金丝雀乙" not in got.text, f"IDOR {prefix}{target}{tail}: {got.status}")
        for tail in ("/amend", "/transitions/accept", "/transitions/accept/second"):
            got = ask("POST", f"/registers/complaint/{target}{tail}", wuhan, {"version": "1", "reason": "越权试试"}, html=False)
            check(got.status == 404, f"IDOR POST {tail}: {got.status}")
    # existence: a foreign record and none at all are the same answer, in about the same time
    nowhere = str(int(ids["Y-1"]) + 1)
    strip = lambda answer: re.sub(r"\d{6,}|#[\d,]+|\d\d:\d\d", "", answer.text)
    there, none = ask("GET", f"/registers/complaint/{ids['Y-1']}", wuhan), ask("GET", f"/registers/complaint/{nowhere}", wuhan)
    check(there.status == none.status == 404 and strip(there) == strip(none), "a foreign record looks like none")

    def median(path, n=15):
        times = []
        for _ in range(n):
            begun = time.perf_counter()
            ask("GET", path, wuhan)
            times.append(time.perf_counter() - begun)
        return statistics.median(times)

    a, b = median(f"/api/v1/registers/complaint/{ids['Y-1']}"), median(f"/api/v1/registers/complaint/{nowhere}")
    check(abs(a - b) < max(0.02, 0.5 * max(a, b)), f"times of existence: {a:.4f} s and {b:.4f} s")
    # CSRF: a form of another site is refused on every POST that changes something
    for path in ("/account/password", "/account/keys", "/account/emergency", "/account/sessions/end", "/account/post",
                 "/logout", "/import", f"/registers/complaint/{ids['W-1']}/amend"):
        for header in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://example.org"}, {"Origin": "null"}):
            got = ask("POST", path, wuhan, {"x": "1"}, headers=header)
            check(got.status == 403, f"CSRF {path} {header}: {got.status}")
    for path in ("/logout", "/account/keys/end", "/account/emergency/back"):
        check(ask("GET", path, wuhan).status == 405, f"GET {path} changes nothing")
    check(ask("GET", "/account", wuhan).status == 200, "the session is still there")
    # mass assignment: what the form does not offer is not written
    before = json.loads(ask("GET", f"/api/v1/registers/complaint/{ids['W-1']}", wuhan, html=False).text)
    made = {"version": str(before["version"]), "reason": "补正事实", "f.facts": "金丝雀甲说水壶漏电，补充了照片和购买小票",
            "office": "420500", "handler_office": "420500", "state": "closed", "actor": "kyichang", "id": ids["Y-1"],
            "f.no": "TS-000000-2026-000001", "f.id": "1", "f.state": "closed", "second_actor": "kyichang", "role": "operator"}
    got = ask("POST", f"/registers/complaint/{ids['W-1']}/amend", wuhan, made, html=False)
    after = json.loads(ask("GET", f"/api/v1/registers/complaint/{ids['W-1']}", wuhan, html=False).text)
    check(got.status in (200, 403, 422), f"mass assignment: {got.status}")
    for name in ("office", "id", "state"):
        check(before[name] == after[name], f"{name} was assigned")
    check(after["fields"]["no"] == before["fields"]["no"], "a number was assigned")
    check(after["actor"] in (before["actor"], "kwuhan"), "an actor was assigned")
    # SQL through every filter, sort, column and path
    payloads = ["'", "' or '1'='1", "1; drop table zh_account", "place) or (1=1", "no desc; select 1", "no, (select secret from zh_account)",
                "\\", "%00", "x' union select login from zh_account --", "facts' || (select login from zh_account) || '"]
    for payload in payloads:
        for name in ("where", "sort", "columns", "search", "view", "after", "as_of", "limit", "by", "region"):
            got = ask("GET", f"/registers/complaint?{name}={urllib.parse.quote(payload)}", wuhan)
            check(got.status in (200, 400, 403, 404, 422) and "金丝雀乙" not in got.text and "argon2" not in got.text,
                  f"SQL by {name}={payload}: {got.status}")
        for path in ("/registers/{}", "/registers/complaint/{}", "/api/v1/registers/{}", "/indicators/{}", "/figures/{}", "/signals/{}",
                     "/permissions/{}", "/readings?login={}", "/go?q={}"):
            got = ask("GET", path.format(urllib.parse.quote(payload, safe="")), wuhan)
            check(got.status in (200, 303, 400, 403, 404, 422) and "argon2" not in got.text, f"SQL by {path} {payload}: {got.status}")
    check(run("account").stdout.count("可用") >= 5, "every account is still there")
    # uploads: a name that walks, a type that lies, a bomb of a workbook
    for name, content in (("../../../etc/passwd", b"a,b\n1,2\n"), ("x.xlsx", b"MZ\x90\x00" + b"\0" * 4000), ("x.csv", b"\x00\xff" * 2000),
                          ("x.xlsx", b"PK\x03\x04" + b"\0" * 4000), ("<script>alert(1)</script>.csv", b"a,b\n1,2\n")):
        edge = "----e"
        body = (f"--{edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n"
                "Content-Type: text/csv\r\n\r\n").encode() + content + f"\r\n--{edge}--\r\n".encode()
        got = ask("POST", "/import", login("kall")[1], body=body, kind=f"multipart/form-data; boundary={edge}")
        check(got.status < 500 and "<script>alert(1)" not in got.text, f"upload {name}: {got.status}")
    # a right that goes in mid-session
    check(ask("GET", "/registers/complaint", yichang).status == 200, "before")
    post = [line for line in run("query", "post", "--where", "holder = 'kyichang'", "--json").stdout.splitlines()]
    number = json.loads("".join(post))
    number = (number["records"] if isinstance(number, dict) else number)[0]
    ended = ask("POST", f"/registers/post/{number['id']}/transitions/end", login("ksecure")[1],
                {"version": str(number["version"]), "reason": "调离"}, html=False)
    check(ended.status == 200, f"the post is ended: {ended.status} {ended.text[:200]}")
    check("TS-420502" not in ask("GET", "/registers/complaint", yichang).text, "after it, nothing is seen")
    check(ask("GET", f"/registers/complaint/{ids['Y-1']}", yichang).status == 404, "not even by its id")


def flooding():
    for name in ("kflood", "kflood-nobody"):
        answers = [login(name, "falsch und lang genug")[0] for _ in range(7)]
        check(answers == [403] * 5 + [429] * 2, f"flooding {name}: {answers}")
    check(login("kflood")[0] == 429, "the right password waits as well")


def data_scopes():
    """全部, 本机构及下级, 本机构, 本人, 自定义, 行业, 承办人, 本企业: list, count, facet, export, search agree."""
    for name, wanted in work["scopes"].items():
        cookie = login(name)[1]
        listed = json.loads(ask("GET", "/api/v1/registers/scoped?limit=100", cookie, html=False).text)
        seen = sorted(r["fields"]["no"] for r in listed["records"])
        check(seen == wanted, f"{name} lists {seen}, expected {wanted}")
        check(listed["total"] == len(wanted), f"{name} counts {listed['total']}")
        page = ask("GET", "/registers/scoped", cookie).text
        check(sorted(set(re.findall(r"SC-\d", page))) == wanted, f"{name}: the page shows {set(re.findall(r'SC-[0-9]', page))}")
        file = ask("GET", "/export/scoped/csv", cookie).text
        check(sorted(set(re.findall(r"SC-\d", file))) == wanted, f"{name}: the file has {set(re.findall(r'SC-[0-9]', file))}")
        search = json.loads(ask("GET", "/api/v1/registers/scoped?search=" + urllib.parse.quote("样本"), cookie, html=False).text)
        check(search["total"] == len(wanted), f"{name} finds {search['total']}")
        for number in ("SC-1", "SC-2", "SC-3", "SC-4", "SC-5"):
            got = ask("GET", f"/registers/scoped/{number}", cookie).status
            check(got == (200 if number in wanted else 404), f"{name} at {number}: {got}")
            who = ask("GET", f"/registers/scoped/{number}/access", cookie)
            if number in wanted:
                check(f">{name}<" in who.text, f"{name} is not among those who see {number}")


def titles_hide_what_is_masked():
    """A title leaves out what the role may not see, and no kindred question is asked by it."""
    for name, masked in (("kindustry", False), ("khandle", True)):
        page = ask("GET", "/registers/scoped/SC-1", login(name)[1]).text
        title = re.sub(r"<[^>]*>", "", re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S).group(1))
        check((title == "SC-1") == masked and title.startswith("SC-1"), f"{name} reads the title {title}")
        check(("同行业" in page) != masked, f"{name} is asked {'' if masked else 'not '}by the industry")


def matrix_of_rights():
    cookie = login("kall")[1]
    page = ask("GET", "/permissions", cookie)
    check(page.status == 200 and "权限矩阵" in page.text and "投诉" in page.text, "the matrix as a page")
    file = ask("GET", "/permissions/csv", cookie).text
    check(file.count("\r\n") > 40 and "officer" in file and "office_region" not in file.split("\r\n")[0], "as CSV")
    check(ask("GET", "/permissions/xlsx", cookie).bytes[:2] == b"PK", "as a workbook")
    check(ask("GET", "/permissions/exe", cookie).status == 404, "as nothing else")


run_parts((api_keys, own_sessions, one_time_codes, emergency_and_readings, settings_of_two, matrix_of_rights, data_scopes,
           titles_hide_what_is_masked, flooding, attackers))
