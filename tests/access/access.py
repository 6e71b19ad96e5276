"""The leak matrix: every GET route of the program x readers x canary records.

usage: access.py URL ROUTES READERS   ROUTES: a file of "METHOD REACH PATH" lines made from the
route table; READERS: JSON {"name": {"cookie": ..., "secret": [texts that must never be seen],
"seen": [texts that the list of complaints must show]}}. Prints what leaked, then counts.
"""
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

base, routes_file, readers_file, record_id = sys.argv[1:5]
readers = json.load(open(readers_file, encoding="utf-8"))
passed = failed = 0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


opener = urllib.request.build_opener(NoRedirect)


def ask(method, path, cookie, data=None):
    request = urllib.request.Request(base + path, method=method, data=data)
    request.add_header("Accept", "text/html")
    if cookie:
        request.add_header("Cookie", "zh_session=" + cookie)
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", what)


# Every way to put a question to a route with parameters.
VALUES = {
    "reg": ["complaint", "post"],
    "id": [record_id, "sampling_pass_rate"],
    "format": ["csv", "xlsx"],
    "outline": ["hubei-2023"],
    "file": ["complaint.csv", "signals.csv", "map.csv"],
    "job": ["1"],
    "field": ["consumer.name", "place", "respondent"],
    "transition": ["accept"],
    "name": ["base.css", "survey.proportion_ci"],
}
QUESTIONS = [
    "",
    "?search=" + urllib.parse.quote("金丝雀"),
    "?where=" + urllib.parse.quote("consumer.name = '金丝雀甲'"),
    "?where=" + urllib.parse.quote("facts is not null") + "&sort=facts",
    "?columns=consumer.name,consumer.phone,facts,no,place",
    "?view=all&as_of=1000000",
    "?q=" + urllib.parse.quote("金丝雀"),
    "?transition=accept&id=" + record_id,
    "?by=place@city&region=420000",
]


def paths(pattern):
    out = [pattern]
    for name in re.findall(r"\{(\w+)\}", pattern):
        out = [p.replace("{%s}" % name, v) for p in out for v in VALUES.get(name, ["1"])]
    return out


for line in open(routes_file, encoding="utf-8"):
    method, reach, pattern = line.split()
    for path in paths(pattern):
        status, text = ask(method, path, None, b"" if method == "POST" else None)
        if reach == "OPEN":
            check(status not in (401, 500), f"{method} {path} is open but answers {status}")
        else:
            check(status in (303, 401), f"{method} {path} without a session answers {status}")
        if method != "GET":
            continue
        for name, reader in readers.items():
            for question in QUESTIONS if "{reg}" in pattern or "search" in pattern else QUESTIONS[:1]:
                status, text = ask("GET", path + question, reader["cookie"])
                check(status < 500, f"{name}: {path}{question} answers {status}")
                # what was asked may be repeated; what is stored may not be told
                told = re.sub(r'(value|href|action)="[^"]*"', "", text)
                asked = urllib.parse.unquote(question)
                for secret in reader["secret"]:
                    leaked = secret in told and secret not in asked
                    check(not leaked, f"{name} sees {secret} at {path}{question}")
                if reach == "WHOLE" and not reader.get("whole"):
                    check(status == 403, f"{name}: {path} is for readers of everything, answers {status}")
for name, reader in readers.items():
    status, text = ask("GET", "/registers/complaint", reader["cookie"])
    for text_seen in reader["seen"]:
        check(text_seen in text, f"{name} does not see {text_seen} in the list")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
