"""What the tests of identity share: asking the server as somebody, the console, one-time codes, and
counting. Reads the arguments URL WORK PROGRAM DATA PACKS; WORK: {"password", "ids": {name: record id},
…} as JSON.
"""
import base64
import hashlib
import hmac
import json
import re
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

base, work_file, program, data, packs = sys.argv[1:6]
work = json.load(open(work_file, encoding="utf-8"))
passphrase = work["password"]
ids = work["ids"]
passed = failed = 0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


opener = urllib.request.build_opener(NoRedirect)


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.bytes = status, headers, body
        self.text = body.decode("utf-8", "replace")


def ask(method, path, cookie=None, form=None, key=None, headers=None, html=True, body=None, kind=None):
    sent = body if body is not None else urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(base + path, method=method, data=sent if method == "POST" else None)
    if method == "POST" and sent is None:
        request.data = b""
    request.add_header("Accept", "text/html" if html else "application/json")
    if cookie:
        request.add_header("Cookie", "zh_session=" + cookie)
    if key:
        request.add_header("Authorization", "Bearer " + key)
    if kind:
        request.add_header("Content-Type", kind)
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with opener.open(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def login(name, password=None, code="", cookie=None):
    answer = ask("POST", "/login", cookie=cookie, form={"login": name, "password": password or passphrase, "code": code})
    found = re.search(r"zh_session=([0-9a-f]{64})", answer.headers.get("Set-Cookie") or "")
    return answer.status, found.group(1) if found else None


def run(*arguments, stdin=None):
    return subprocess.run([program, *arguments, "--data", data, "--packs", packs], input=stdin, capture_output=True, text=True)


def totp(secret, step=0):
    raw = base64.b32decode(secret)
    count = int(time.time()) // 30 + step
    digest = hmac.new(raw, struct.pack(">Q", count), hashlib.sha1).digest()
    at = digest[19] & 15
    return "%06d" % ((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) % 1000000)


def text_of(answer):
    """The words of a page without what differs from one request to the next."""
    return re.sub(r"\d{6,}|#[\d,]+|\d\d:\d\d(:\d\d)?", "", answer.text)


def totals():
    print(f"{passed} passed, {failed} failed")
    return failed > 0


def run_parts(parts):
    for part in parts:
        try:
            part()
        except Exception as error:  # a part that breaks must not hide the others
            check(False, f"{part.__name__}: {type(error).__name__}: {error}")
    sys.exit(totals())
